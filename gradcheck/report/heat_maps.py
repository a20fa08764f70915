"""The discrepancy of claimed and numerical gradient, entry by entry, as heat maps."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.parameters import Leaf
from gradcheck.document.blocks import HeatMap, HeatMaps, Shade
from gradcheck.document.spans import Phrase, prose
from gradcheck.report.findings import Entry, Findings

__all__ = ["discrepancy"]

_SHADES = 5
"""Wrong entries are shown in that many shades, each of them a factor of ten in the error."""

_LONGEST_ROW = 12
"""A vector of more entries is folded into rows of ten."""


def discrepancy(report: Findings) -> HeatMaps:
    """Return a map of each array; a report's entries must have been looked at one by one."""
    maps = [_heat_map(leaf, report.scanned[leaf.entries]) for leaf in report.leaves if leaf.size]
    caption = prose("Errors, entry by entry:")
    return HeatMaps(caption, maps, _legend(report.scanned), is_repeated=True)


def _heat_map(leaf: Leaf, entries: tuple[Entry, ...]) -> HeatMap:
    numbers = [abs(entry.numerical) for entry in entries if math.isfinite(entry.numerical)]
    largest = max(numbers, default=0.0)
    name = f"{leaf.name} {leaf.shape}" if leaf.shape else leaf.name
    return HeatMap(
        name,
        [
            (label, [_shade(entries[index], largest) for index in indices])
            for label, indices in _rows(leaf)
        ],
    )


def _rows(leaf: Leaf) -> list[tuple[str, NDArray[np.intp]]]:
    """Cut an array into labelled rows of positions in it."""
    positions = np.arange(leaf.size)
    if len(leaf.shape) > 1:
        return [
            (", ".join(map(str, outer)), positions.reshape(leaf.shape)[outer])
            for outer in np.ndindex(leaf.shape[:-1])
        ]
    if leaf.size <= _LONGEST_ROW:
        return [("", positions)]
    return [
        (f"+{start}" if start else "", positions[start : start + 10])
        for start in range(0, leaf.size, 10)
    ]


def _shade(entry: Entry, largest: float) -> Shade:
    """Return the look of an entry, in an array whose largest derivative is given."""
    title = (
        f"{entry.name}: claimed {entry.claimed:.9g}, numerical {entry.numerical:.9g}, "
        f"tolerance {entry.tolerance:.1e}"
    )
    if entry.verdict == "disagrees":
        is_opposite = entry.claimed * entry.numerical < 0
        error = abs(entry.claimed - entry.numerical)
        return Shade("−" if is_opposite else "×", "bad", _degree(error, largest), title)
    if entry.verdict == "agrees":
        return Shade("·", "good", title=title)
    return Shade("?", "unsure", title=title)


def _degree(error: float, largest: float) -> int:
    """Return `_SHADES` for an error like the largest entry, 1 less for each factor of ten."""
    # Written so that an error that is no number counts as the largest.
    if not error < largest:
        return _SHADES
    return max(1, _SHADES - round(math.log10(largest / error))) if error else 1


def _legend(scanned: tuple[Entry, ...]) -> list[tuple[list[Shade], Phrase]]:
    shades = [Shade("×", "bad", _SHADES - i) for i in range(_SHADES)]
    is_opposite = any(
        entry.verdict == "disagrees" and entry.claimed * entry.numerical < 0 for entry in scanned
    )
    meanings = {
        "agrees": [([Shade("·", "good")], prose("no error seen"))],
        "disagrees": [
            (shades, prose("wrong by the size of the array's largest entry, a tenth of it, …")),
            *([([Shade("−", "bad", _SHADES)], prose("of opposite sign"))] * is_opposite),
        ],
        "undecided": [([Shade("?", "unsure")], prose("undecided"))],
    }
    verdicts = {entry.verdict for entry in scanned}
    return [
        meaning for verdict, group in meanings.items() if verdict in verdicts for meaning in group
    ]
