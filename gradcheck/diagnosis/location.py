"""The wrong entries of one array, found by halving: rows and columns first, then single entries.

A residual r = claimed - derivative has a product with any vector z for the four evaluations of a
slope. Of the two halves of a set, one is measured; the product of the other is what is left. So k
wrong entries among n take about 4 k log2(n / k) evaluations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gradcheck.diagnosis.slopes import Slopes, drawn

__all__ = ["MOST_WRONG", "Located", "located"]

FloatArray = NDArray[np.float64]
Indices = NDArray[np.intp]

MOST_WRONG = 128
"""More wrong entries, or slices along an axis, are not followed up."""

DENSE, EARLIEST = 0.9, 5
"""Where more than that part of the halves is wrong after so many halvings, nearly all are."""

FOLLOWED = 4
"""Of too many wrong halves, so many are followed up: a report shows some entries."""

FEW_SLICES = 4
"""Wrong slices along one axis, if these are more, are looked into; other axes are not."""

SAMPLE, FEW, LARGE = 7, 24, 10_000
"""So many entries of a set that is wholly wrong are measured; all of a set of few."""


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
    is_all
        Whether no others are wrong: where they are too many to be found, these are a few.
    """

    slices: tuple[Indices | None, ...]
    entries: Indices
    derivatives: FloatArray
    errors: FloatArray
    is_whole: bool
    is_all: bool = True

    def wrong(self, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Return which entries of an array of that shape are taken to be wrong."""
        wrong = np.zeros(shape or (1,), dtype=bool)
        if self.is_whole:
            wrong[_at(self.slices, wrong.shape)] = True
        else:
            wrong.ravel()[self.entries] = True
        return wrong.reshape(shape)


class _Array:
    """One array under measurement."""

    def __init__(
        self, slopes: Slopes, claimed: FloatArray, entries: slice, rng: np.random.Generator
    ) -> None:
        self.slopes = slopes
        self.claimed = claimed[entries]
        sizes = slopes.subject.parameters.sizes[entries]
        self.entries = entries
        self.weights = drawn(sizes, rng)
        self.rng = rng
        self._measured: dict[int, tuple[float, float]] = {}

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
        if index not in self._measured:
            self.note(index, *self.residual(np.array([index])))
        return self._measured[index]

    def note(self, index: int, residual: float, error: float) -> None:
        """Take note of the residual of one entry."""
        weight = float(self.weights[index])
        derivative = float(self.claimed[index]) - residual / weight
        self._measured.setdefault(index, (derivative, error / abs(weight)))

    def is_wrong(self, index: int) -> bool:
        """Tell whether an entry is wrong."""
        derivative, error = self.derivative(index)
        return bool(abs(self.claimed[index] - derivative) > error)

    def sampled(self, candidates: Indices) -> list[int]:
        """Draw a few of the entries; all if they are few."""
        if len(candidates) <= FEW:
            return list(map(int, candidates))
        # Drawn without replacement, a few of millions would take a permutation of all.
        is_large = len(candidates) > LARGE
        return sorted(set(map(int, self.rng.choice(candidates, SAMPLE, replace=is_large))))

    def located(
        self, slices: tuple[Indices | None, ...], wrong: list[int], *, is_whole: bool
    ) -> Located:
        """Return wrong entries with the derivatives by them."""
        measured = np.array([self.derivative(index) for index in wrong]).reshape(-1, 2)
        return Located(
            slices, np.array(wrong, dtype=np.intp), measured[:, 0], measured[:, 1], is_whole
        )


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
    positions = np.arange(array.weights.size).reshape(shape or (1,))
    sample = array.sampled(positions.ravel())
    wrong = [index for index in sample if array.is_wrong(index)]
    if len(wrong) == len(sample) or len(sample) == positions.size:
        anywhere = (None,) * positions.ndim
        return array.located(anywhere, wrong, is_whole=len(wrong) == len(sample))
    total = array.residual(slice(None))
    slices: list[Indices | None] = [None] * positions.ndim
    skipped = []
    for axis in range(positions.ndim):
        # Many slices of one axis hold single entries: along another axis they would be as many.
        if any(found is not None and len(found) > FEW_SLICES for found in slices):
            skipped.append(axis)
        else:
            slices[axis] = _wrong_slices(array, positions, axis, total)
    found = _within(array, positions, tuple(slices))
    if not found.is_all and skipped:
        # Single entries would have been found: they fill a part of each slice.
        for axis in skipped:
            slices[axis] = _wrong_slices(array, positions, axis, total)
        found = _within(array, positions, tuple(slices))
    return found


def _within(array: _Array, positions: Indices, slices: tuple[Indices | None, ...]) -> Located:
    """Find the wrong entries among those at some indices along each axis."""
    candidates = positions[_at(slices, positions.shape)].ravel()
    sample = array.sampled(candidates)
    wrong = [index for index in sample if array.is_wrong(index)]
    if len(sample) == len(candidates):
        return array.located(slices, wrong, is_whole=len(wrong) == len(sample))
    if len(wrong) < len(sample):
        found, is_all = _halved(array, candidates[:, np.newaxis], array.residual(candidates), 1.0)
        for place, residual, error in found:
            array.note(int(candidates[place]), residual, error)
        wrong = [int(candidates[place]) for place, _, _ in found]
        return replace(array.located(slices, wrong, is_whole=False), is_all=is_all)
    return array.located(slices, wrong, is_whole=True)


def _at(slices: tuple[Indices | None, ...], shape: tuple[int, ...]) -> tuple[Indices, ...]:
    """Return an index of the entries at some indices along each axis; None stands for all."""
    return np.ix_(
        *(
            np.arange(length) if indices is None else indices
            for indices, length in zip(slices, shape, strict=True)
        )
    )


def _wrong_slices(
    array: _Array, positions: Indices, axis: int, total: tuple[float, float]
) -> Indices | None:
    """Return the indices along an axis that have wrong entries; None where that may be any."""
    length = positions.shape[axis]
    if length == 1:
        return None
    groups = np.moveaxis(positions, axis, 0).reshape(length, -1)
    found, is_all = _halved(array, groups, total, DENSE)
    if not is_all or len(found) == length:
        return None
    return np.array([index for index, _, _ in found], dtype=np.intp)


def _halved(
    array: _Array, groups: Indices, total: tuple[float, float], dense: float
) -> tuple[list[tuple[int, float, float]], bool]:
    """Return the rows of an array of entries that are wrong, and whether they are all.

    Each with its residual and the error of that. Where too many are wrong, a few are returned.

    Parameters
    ----------
    array
        Measures.
    groups : (m, k) array of int
        The entries, a group a row.
    total
        The residual of all of them, and its error.
    dense
        After a few halvings, that part of the halves may be wrong at most.
    """
    pending = [(0, len(groups), *total)]
    is_all = True
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
            right, right_error = residual - left, math.hypot(error, left_error)
            if right_error < abs(right) <= 2 * right_error:
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
        is_dense = depth >= EARLIEST and len(pending) > dense * 2 ** (depth + 1)
        if len(pending) > MOST_WRONG or (is_dense and is_all):
            if dense < 1:
                return [], False  # nobody asks for a few rows
            is_all = False
            pending = sorted(pending, key=lambda half: -abs(half[2]))[:FOLLOWED]
    return sorted((start, residual, error) for start, _, residual, error in pending), is_all
