"""The discrepancy of claimed and numerical gradient, entry by entry, as heat maps."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.parameters import Leaf
from gradcheck.document.blocks import HeatMap, HeatMaps, Shade
from gradcheck.document.spans import Phrase, prose
from gradcheck.probing.arrays import ArrayFinding, Tile
from gradcheck.report.findings import Entry, Findings

__all__ = ["discrepancy"]

_SHADES = 5
"""Wrong entries are shown in that many shades, each of them a factor of ten in the error."""

_UNMEASURED = 3
"""The shade of wrong entries that were not measured."""

_LONGEST_ROW = 12
"""A vector of more entries is folded into rows of ten."""


def discrepancy(report: Findings) -> HeatMaps | None:
    """Return a map of each array, of large ones of those that are wrong, by tiles.

    None where nothing is known of single entries.
    """
    if report.scanned:
        maps = [
            _heat_map(leaf, report.scanned[leaf.entries]) for leaf in report.leaves if leaf.size
        ]
        caption = prose("Errors, entry by entry:")
        return HeatMaps(caption, maps, _legend(report.scanned), is_repeated=True)
    found = [(array, tiles) for array in report.arrays if (tiles := array.tiles())]
    if not found:
        return None
    shades = [Shade("×", "bad", _SHADES - i) for i in range(_SHADES)]
    legend = [
        (shades, prose("the worst entry is wrong by the size of the array's largest, a tenth, …")),
        ([Shade("−", "bad", _SHADES)], prose("of opposite sign")),
        ([Shade("×", "bad", _UNMEASURED)], prose("wrong, and not measured")),
        ([Shade("·", "good")], prose("no error seen")),
        ([Shade("?", "unsure")], prose("not looked at")),
    ]
    seen = {(one.sign, one.mark) for _, tiles in found for row in _tiled(tiles) for one in row[1]}
    kept = [one for one in legend if (one[0][0].sign, one[0][0].mark) in seen]
    caption = prose("Errors by blocks of entries, each with its worst:")
    return HeatMaps(caption, [_tile_map(*each) for each in found], kept, is_repeated=True)


def _tile_map(array: ArrayFinding, tiles: Sequence[Sequence[Tile]]) -> HeatMap:
    (first, last), (left, right) = tiles[0][0].rows, tiles[0][0].columns
    # A label at each tenth column, or they would overlap.
    columns = [f"{tile.columns[0]}" if i % 10 == 0 else "" for i, tile in enumerate(tiles[0])]
    size = f"a block is {last - first} × {right - left} entries"
    folded = f", folded into rows of {tiles[0][-1].columns[1]}" if len(array.shape) == 1 else ""
    return HeatMap(
        f"{array.name} {array.shape}{folded}: {size}", _tiled(tiles), columns, is_dense=True
    )


def _tiled(tiles: Sequence[Sequence[Tile]]) -> list[tuple[str, list[Shade]]]:
    return [(_row_label(row), [_tile_shade(tile) for tile in row]) for row in tiles]


def _row_label(row: Sequence[Tile]) -> str:
    """Return the numbers of the rows, and in words how many of their entries are wrong."""
    (start, stop), wrong = row[0].rows, sum(tile.wrong for tile in row)
    named = str(start) if stop - start == 1 else f"{start}–{stop - 1}"
    if not wrong:
        return named
    is_whole = wrong == sum(tile.size for tile in row)
    return f"{named}: {'all' if is_whole else f'{wrong:,}'} wrong"


def _tile_shade(tile: Tile) -> Shade:
    place = f"rows {tile.rows[0]} to {tile.rows[1] - 1}, columns {tile.columns[0]} to "
    place += f"{tile.columns[1] - 1}"
    if not tile.wrong:
        said = "no error seen" if tile.is_right else "not looked at"
        return Shade(
            "·" if tile.is_right else "?",
            "good" if tile.is_right else "unsure",
            title=f"{place}: {said}",
        )
    title = f"{place}: {tile.wrong:,} of {tile.size:,} wrong"
    worst = tile.worst
    if worst:
        title += f"; {worst.name}: claimed {worst.claimed:.9g}, numerical {worst.numerical:.9g}"
    is_opposite = worst is not None and worst.claimed * worst.numerical < 0
    degree = _UNMEASURED if math.isnan(tile.error) else _degree(tile.error, 1.0)
    return Shade("−" if is_opposite else "×", "bad", degree, title)


def _heat_map(leaf: Leaf, entries: tuple[Entry, ...]) -> HeatMap:
    numbers = [abs(entry.numerical) for entry in entries if math.isfinite(entry.numerical)]
    largest = max(numbers, default=0.0)
    name = f"{leaf.name} {leaf.shape}" if leaf.shape else leaf.name
    return HeatMap(
        name,
        [
            (
                _with_wrong(label, [entries[index] for index in indices]),
                [_shade(entries[index], largest) for index in indices],
            )
            for label, indices in _rows(leaf)
        ],
    )


def _with_wrong(label: str, entries: Sequence[Entry]) -> str:
    """Say in words of a row that it is wrong."""
    wrong = sum(entry.verdict == "disagrees" for entry in entries)
    if not wrong or not label:
        return label
    return f"{label}: {'all' if wrong == len(entries) > 1 else wrong} wrong"


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
    """Return the look of an entry beside the array's largest derivative."""
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
