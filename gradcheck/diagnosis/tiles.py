"""A large array in tiles, each with the worst of its entries: for a map that fits a page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.long_vectors import FloatArray
from gradcheck.probing.arrays import Tile, WrongEntry

__all__ = ["tiled"]

Mask = NDArray[np.bool_]

ROWS, COLUMNS = 40, 40
"""A map has so many tiles at most, of at least one entry each."""


def tiled(
    wrong: Mask,
    right: Mask,
    off: FloatArray | None,
    entries: Sequence[WrongEntry],
) -> list[list[Tile]]:
    """Cut an array into tiles, rows of them from top to bottom.

    Parameters
    ----------
    wrong, right : array of bool
        The entries that are known to be wrong, and to be right, in the array's shape.
    off : array, optional
        By how much each entry is wrong, in parts of the largest derivative; None: not known but of
        `entries`.
    entries
        Those that were measured, worst first.
    """
    width = wrong.shape[-1] if wrong.ndim > 1 else math.ceil(wrong.size / ROWS)
    height = math.ceil(wrong.size / width)
    down, along = math.ceil(height / ROWS), math.ceil(width / COLUMNS)

    def reduced(numbers: NDArray[Any], reduce: np.ufunc) -> NDArray[Any]:
        """Reduce each tile to one number; a vector is folded, and filled up by zeros."""
        filled = np.zeros(height * width, dtype=numbers.dtype)
        filled[: wrong.size] = numbers.ravel()
        rows = reduce.reduceat(filled.reshape(height, width), range(0, height, down), axis=0)
        found: NDArray[Any] = reduce.reduceat(rows, range(0, width, along), axis=1)
        return found

    counts = reduced(wrong.astype(np.intp), np.add)
    sizes = reduced(np.ones(wrong.size, dtype=np.intp), np.add)
    open_ones = reduced(~right, np.logical_or)
    largest = max((abs(entry.numerical) for entry in entries), default=0.0) or 1.0
    errors = np.full(counts.shape, np.nan) if off is None else reduced(off, np.maximum)
    worst: dict[tuple[int, int], WrongEntry] = {}
    for entry in entries:
        place = int(np.ravel_multi_index(entry.index, wrong.shape))
        tile = place // width // down, place % width // along
        worst.setdefault(tile, entry)
        errors[tile] = np.fmax(errors[tile], abs(entry.claimed - entry.numerical) / largest)
    return [
        [
            Tile(
                (row * down, min((row + 1) * down, height)),
                (column * along, min((column + 1) * along, width)),
                int(counts[row, column]),
                int(sizes[row, column]),
                not open_ones[row, column],
                float(errors[row, column]),
                worst.get((row, column)),
            )
            for column in range(counts.shape[1])
        ]
        for row in range(counts.shape[0])
    ]
