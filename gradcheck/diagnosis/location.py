"""The wrong entries of one array, found by halving: rows and columns first, then single entries.

A residual r = claimed - derivative has a product with any vector z for the four evaluations of a
slope. Of the two halves of a set, one is measured; the product of the other is what is left. So k
wrong entries among n take about 4 k log2(n / k) evaluations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradcheck.diagnosis.slopes import Slopes

__all__ = ["Located", "located"]

FloatArray = NDArray[np.float64]
Indices = NDArray[np.intp]

MOST_WRONG = 128
"""More wrong entries, or slices along an axis, are not followed up."""

DENSE = 6
"""After so many halvings of which nearly all have two wrong halves, most of a set is wrong."""

SAMPLE = 12
"""So many entries of a set that is mostly wrong are measured."""


@dataclass(frozen=True)
class Located:
    """The wrong part of an array.

    Attributes
    ----------
    slices : tuple of (array of int, or None)
        For each axis the indices that are wrong; None where that may be any.
    entries : (k,) array of int
        The wrong entries that were measured, in the flattened array.
    derivatives : (k,) array
        The derivative by each.
    errors : (k,) array
        How far these may be off.
    is_whole
        Whether all of the slices' entries are taken to be wrong, from a sample of them.
    """

    slices: tuple[Indices | None, ...]
    entries: Indices
    derivatives: FloatArray
    errors: FloatArray
    is_whole: bool


class _Array:
    """One array under measurement."""

    def __init__(
        self, slopes: Slopes, claimed: FloatArray, entries: slice, rng: np.random.Generator
    ) -> None:
        self.slopes = slopes
        self.claimed = claimed[entries]
        self.sizes = slopes.subject.parameters.sizes[entries]
        self.entries = entries
        signs = rng.choice((-1.0, 1.0), self.sizes.size)
        self.weights = self.sizes * rng.uniform(0.5, 1.0, self.sizes.size) * signs
        self.rng = rng

    def residual(self, chosen: Indices | slice) -> tuple[float, float]:
        """Return r·z of some entries, and its error."""
        if not isinstance(chosen, slice) and chosen[-1] - chosen[0] + 1 == chosen.size:
            chosen = slice(int(chosen[0]), int(chosen[-1]) + 1)  # far quicker, of millions
        z = np.zeros(self.slopes.subject.parameters.size)
        z[self.entries][chosen] = self.weights[chosen]
        slope = self.slopes.along(z)
        products = self.claimed[chosen] * self.weights[chosen]
        rounding = 32 * np.finfo(np.float64).eps * float(np.abs(products).sum())
        return float(products.sum()) - slope.value, slope.error + rounding

    def derivative(self, index: int) -> tuple[float, float]:
        """Return the derivative by one entry, and its error."""
        residual, error = self.residual(np.array([index]))
        size = abs(self.weights[index])
        return float(self.claimed[index] - residual / self.weights[index]), error / size


def located(
    slopes: Slopes,
    claimed: FloatArray,
    entries: slice,
    shape: tuple[int, ...],
    rng: np.random.Generator,
) -> Located:
    """Find the wrong entries of an array.

    Parameters
    ----------
    slopes
        Measures.
    claimed : (n,) array
        The claimed gradient, of all arrays.
    entries, shape
        The array's place in it, and its shape.
    rng
        Draws weights and samples.
    """
    array = _Array(slopes, claimed, entries, rng)
    positions = np.arange(array.sizes.size).reshape(shape or (1,))
    slices: list[Indices | None] = []
    total = array.residual(slice(None))
    for axis in range(positions.ndim):
        groups = np.moveaxis(positions, axis, 0).reshape(positions.shape[axis], -1)
        found = _halved(array, groups, total) if len(groups) > 1 else None
        is_any = found is None or len(found) == len(groups)
        slices.append(None if is_any or found is None else np.array(found, dtype=np.intp))
    chosen = [
        np.arange(length) if indices is None else indices
        for indices, length in zip(slices, positions.shape, strict=True)
    ]
    return _entries(array, tuple(slices), positions[np.ix_(*chosen)].ravel())


def _entries(array: _Array, slices: tuple[Indices | None, ...], candidates: Indices) -> Located:
    """Measure a sample of the entries that may be wrong, and find them all if few are."""
    sample = candidates
    if len(candidates) > SAMPLE:
        sample = np.sort(array.rng.choice(candidates, SAMPLE, replace=False))
    measured = {int(index): array.derivative(int(index)) for index in sample}
    wrong = [index for index, found in measured.items() if _is_wrong(array, index, found)]
    is_whole = len(wrong) > len(sample) / 2
    if not is_whole and len(candidates) > len(sample):
        found = _halved(array, candidates[:, np.newaxis], array.residual(candidates))
        if found is None:
            is_whole = True
        else:
            wrong = [int(candidates[place]) for place in found]
            measured = {index: array.derivative(index) for index in wrong}
    return Located(
        slices,
        np.array(wrong, dtype=np.intp),
        np.array([measured[index][0] for index in wrong]),
        np.array([measured[index][1] for index in wrong]),
        is_whole,
    )


def _is_wrong(array: _Array, index: int, found: tuple[float, float]) -> bool:
    derivative, error = found
    return bool(abs(array.claimed[index] - derivative) > error)


def _halved(array: _Array, groups: Indices, total: tuple[float, float]) -> list[int] | None:
    """Return which rows of an array of entries are wrong; None where nearly all, or many are."""
    pending = [(0, len(groups), *total)]
    for depth in range(64):
        if all(stop - start == 1 for start, stop, _, _ in pending):
            break
        following: list[tuple[int, int, float, float]] = []
        for start, stop, residual, error in pending:
            if stop - start == 1:
                following.append((start, stop, residual, error))
                continue
            middle = (start + stop) // 2
            left, left_error = array.residual(groups[start:middle].ravel())
            right, right_error = residual - left, error + left_error
            if right_error < abs(right) <= 4 * right_error:
                # Errors add up from halving to halving; so near to them, it is measured itself.
                right, right_error = array.residual(groups[middle:stop].ravel())
            following += [
                (low, high, product, off)
                for low, high, product, off in (
                    (start, middle, left, left_error),
                    (middle, stop, right, right_error),
                )
                if abs(product) > off
            ]
        pending = following
        is_dense = depth + 1 >= DENSE and len(pending) > 0.9 * 2 ** (depth + 1)
        if len(pending) > MOST_WRONG or is_dense:
            return None
    return sorted(start for start, _, _, _ in pending)
