"""The entries' own sizes: the measure of a large step and of a small one."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.long_vectors import FloatArray, blocks

__all__ = ["TINY", "Sizes"]

TINY = 1e-290
"""Numbers smaller than that have no last places to lose: they might as well be 0."""

FEW = 64
"""Entries that mostly tell whether a direction moves more than zeros."""


@dataclass(frozen=True, eq=False)
class Sizes:
    """The size of each entry of a point, positive; made when asked for, as there may be many.

    That of a 0 is the median of its array's other entries; in an array of zeros, the median of
    the other arrays' medians; at a point that is 0 everywhere, 1.

    Attributes
    ----------
    vector : (n,) array
        The entries.
    leaves : sequence of slice
        Where each array lies among them, one after the other.
    of_zeros
        Multiplies the sizes of entries of 0.
    """

    vector: FloatArray
    leaves: Sequence[slice]
    of_zeros: float = 1.0

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.vector.size

    @overload
    def __getitem__(self, entries: int) -> float: ...

    @overload
    def __getitem__(self, entries: slice | NDArray[Any]) -> FloatArray: ...

    def __getitem__(self, entries: int | slice | NDArray[Any]) -> float | FloatArray:
        if isinstance(entries, int | np.integer):
            return float(self[entries : entries + 1][0])
        sizes = np.abs(self.vector[entries])
        if self._has_zeros:
            is_zero = sizes < TINY
            if isinstance(entries, slice):
                places = np.flatnonzero(is_zero) + entries.indices(self.size)[0]
            else:
                places = np.arange(self.size)[entries][is_zero]
            numbers = np.searchsorted([leaf.stop for leaf in self.leaves], places, side="right")
            sizes[is_zero] = self._typical[numbers]
        return sizes

    @functools.cached_property
    def _has_zeros(self) -> bool:
        return any((np.abs(self.vector[part]) < TINY).any() for part in blocks(self.size))

    @functools.cached_property
    def _typical(self) -> NDArray[np.float64]:
        """The size of an entry of 0, for each array."""
        medians = np.array([self._median(leaf) for leaf in self.leaves])
        elsewhere = float(np.median(medians[medians > 0])) if medians.any() else 1.0
        return self.of_zeros * np.where(medians > 0, medians, elsewhere)

    def _median(self, leaf: slice) -> float:
        """Return the median of an array's entries that are not 0; 0 where all are."""
        sizes = np.abs(self.vector[leaf]).astype(float, copy=False)
        not_zero = sizes[sizes >= TINY]
        return float(np.median(not_zero)) if not_zero.size else 0.0

    def are_zero_along(self, direction: FloatArray) -> bool:
        """Tell whether all entries that a direction (n,) moves are 0."""
        few = slice(min(FEW, self.size))  # mostly they tell
        for entries in (few, *blocks(self.size)):
            moved = self.vector[entries][direction[entries] != 0]
            if (np.abs(moved) > TINY).any():
                return False
        return True
