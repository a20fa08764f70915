"""The discrepancy of claimed and numerical gradient, entry by entry, as heat maps."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gradcheck.document.blocks import HeatMap, HeatMaps, Shade
from gradcheck.document.spans import Phrase, prose
from gradcheck.parameters import Leaf
from gradcheck.report.findings import Entry, Findings

__all__ = ["discrepancy"]

_SHADES = 5
"""Wrong entries are shown in that many shades, each of them a factor of ten in the excess."""

_LONGEST_ROW = 12
"""A vector of more entries is folded into rows of ten."""


def discrepancy(report: Findings) -> HeatMaps:
    """Return a map of each array; a report's entries must have been looked at one by one."""
    excesses = [entry.excess for entry in report.entries if math.isfinite(entry.excess)]
    largest = max(excesses, default=1.0)
    maps = [
        _heat_map(leaf, report.scanned[leaf.entries], largest)
        for leaf in report.leaves
        if leaf.size
    ]
    caption = prose("Discrepancy, entry by entry:")
    return HeatMaps(caption, maps, _legend(largest, report.scanned), is_repeated=True)


def _heat_map(leaf: Leaf, entries: tuple[Entry, ...], largest: float) -> HeatMap:
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
    title = (
        f"{entry.name}: claimed {entry.claimed:.9g}, numerical {entry.numerical:.9g}, "
        f"tolerance {entry.tolerance:.1e}"
    )
    if entry.verdict == "disagrees":
        return Shade("×", "bad", _degree(entry.excess, largest), title)
    if entry.verdict == "agrees":
        return Shade("·", "good", title=title)
    return Shade("?", "unsure", title=title)


def _degree(excess: float, largest: float) -> int:
    """Return `_SHADES` for an excess near the largest, 1 less for each factor of ten."""
    # Written so that an excess that is no number counts as the largest.
    if not excess < largest:
        return _SHADES
    return max(1, _SHADES - round(math.log10(largest / excess)))


def _legend(largest: float, scanned: tuple[Entry, ...]) -> list[tuple[list[Shade], Phrase]]:
    meanings = {
        "agrees": ([Shade("·", "good")], prose("no error seen")),
        "disagrees": (
            [Shade("×", "bad", _SHADES - i) for i in range(_SHADES)],
            prose(f"wrong by {largest:.0e} times the tolerance, by a tenth of that, and so on"),
        ),
        "undecided": ([Shade("?", "unsure")], prose("undecided")),
    }
    verdicts = {entry.verdict for entry in scanned}
    return [meaning for verdict, meaning in meanings.items() if verdict in verdicts]
