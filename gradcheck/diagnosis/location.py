"""The wrong entries of one array, found by halving: rows and columns first, then single entries.

A residual r = claimed - derivative has a product with any vector z for the four evaluations of a
slope. Of the two halves of a set, one is measured; the product of the other is what is left. So k
wrong entries among n take less than about 4 k log2(n / k) evaluations.

They take fewer still where a set has a single wrong entry: weighted by its place in the set, its
residual tells the place, as a centre of mass does. That is measured alone then: only where all of
the set's residual is there, it is believed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.long_vectors import FloatArray
from gradcheck.diagnosis.slopes import BLOCK, Slopes, drawn

__all__ = ["MOST_WRONG", "Located", "located"]

Indices = NDArray[np.intp]

MOST_WRONG = 128
"""More wrong entries, or slices along an axis, are not followed up."""

DENSE, EARLIEST = 0.9, 5
"""Where more than that part of the halves is wrong after so many halvings, nearly all are."""

FOLLOWED = 4
"""Of too many wrong halves, so many are followed up: a report shows some entries."""

FEW_SLICES = 4
"""Wrong slices along one axis, if these are more, are looked into; other axes are not."""

TRIED = 3
"""After so many failures among the halves of one size, the others are not taken for single ones;"""

APART = 8
"""nor is one whose residual is less than so many times its error for each place in it."""

Sum = tuple[float, float]
"""The residual of some entries together, r·z, and its error."""

SAMPLE, FEW, LARGE = 7, 24, 10_000
"""So many entries of a set that is wholly wrong are measured; all of a set of few."""


class Slices(NamedTuple):
    """The slices along an axis that have wrong entries: their indices, and the residual of each."""

    indices: Indices
    sums: list[Sum]


class _Groups(NamedTuple):
    """A stretch of groups of entries, with some wrong ones among them.

    Attributes
    ----------
    start, stop
        The groups.
    residual, error
        Of all of them together.
    are_several
        Whether more than one of them is known to be wrong.
    """

    start: int
    stop: int
    residual: float
    error: float
    are_several: bool = False

    @property
    def is_single(self) -> bool:
        """Whether it is one group."""
        return self.stop - self.start == 1


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
        self._z = np.zeros(slopes.subject.parameters.size)
        self._measured: dict[int, tuple[float, float]] = {}

    def residual(self, chosen: Indices | slice, parts: FloatArray | None = None) -> Sum:
        """Return r·z of some entries, and its error.

        Parameters
        ----------
        chosen
            The entries.
        parts
            The part of its weight that each of them moves by; None: all of it.
        """
        if not isinstance(chosen, slice) and chosen[-1] - chosen[0] + 1 == chosen.size:
            chosen = slice(int(chosen[0]), int(chosen[-1]) + 1)  # far quicker, of millions
        z = self._z[self.entries]
        z[chosen] = self.weights[chosen] if parts is None else self.weights[chosen] * parts
        slope = self.slopes.along(self._z)
        value, size = _inner(self.claimed[chosen], z[chosen])
        z[chosen] = 0
        return value - slope.value, slope.error + 32 * np.finfo(np.float64).eps * size

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

    def are_wrong(self, candidates: Indices) -> tuple[list[int], bool]:
        """Look at some entries: return those that are wrong, and whether all of them are.

        All if they are few; else a few that are drawn, up to the first that is right.
        """
        if len(candidates) <= FEW:
            wrong = [index for index in map(int, candidates) if self.is_wrong(index)]
            return wrong, len(wrong) == len(candidates)
        wrong = []
        # Drawn without replacement, a few of millions would take a permutation of all.
        drawn = self.rng.choice(candidates, SAMPLE, replace=len(candidates) > LARGE)
        for index in dict.fromkeys(map(int, drawn)):
            if not self.is_wrong(index):
                return wrong, False
            wrong.append(index)
        return sorted(wrong), True

    def located(
        self, slices: tuple[Indices | None, ...], wrong: list[int], *, is_whole: bool
    ) -> Located:
        """Return wrong entries with the derivatives by them."""
        measured = np.array([self.derivative(index) for index in wrong]).reshape(-1, 2)
        return Located(
            slices, np.array(wrong, dtype=np.intp), measured[:, 0], measured[:, 1], is_whole
        )


def _inner(first: FloatArray, second: FloatArray) -> tuple[float, float]:
    """Return an inner product, and the sum of its terms' absolute values."""
    product = size = 0.0
    for start in range(0, first.size, BLOCK):
        terms = first[start : start + BLOCK] * second[start : start + BLOCK]
        product += float(terms.sum())
        size += float(np.abs(terms, out=terms).sum())
    return product, size


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
    wrong, is_whole = array.are_wrong(positions.ravel())
    if is_whole or positions.size <= FEW:
        return array.located((None,) * positions.ndim, wrong, is_whole=is_whole)
    total = array.residual(slice(None))
    slices: list[Slices | None] = [None] * positions.ndim
    skipped = []
    for axis in range(positions.ndim):
        # Many slices of one axis hold single entries: along another axis they would be as many.
        if any(found is not None and len(found.indices) > FEW_SLICES for found in slices):
            skipped.append(axis)
        else:
            slices[axis] = _wrong_slices(array, positions, axis, total)
    found = _within(array, positions, slices, total)
    if not found.is_all and skipped:
        # Single entries would have been found: they fill a part of each slice.
        for axis in skipped:
            slices[axis] = _wrong_slices(array, positions, axis, total)
        found = _within(array, positions, slices, total)
    return found


def _within(
    array: _Array, positions: Indices, slices: Sequence[Slices | None], total: Sum
) -> Located:
    """Find the wrong entries among those at some indices along each axis."""
    chosen = tuple(None if found is None else found.indices for found in slices)
    candidates = positions[_at(chosen, positions.shape)]
    wrong, is_whole = array.are_wrong(candidates.ravel())
    if is_whole or candidates.size <= FEW:
        return array.located(chosen, wrong, is_whole=is_whole)
    # No other slice has wrong entries: the residual of a slice is that of its candidates.
    sums, axis = [total], 0
    for number, found in enumerate(slices):
        if found is not None and len(found.sums) > len(sums):
            sums, axis = found.sums, number
    ordered = np.moveaxis(candidates, axis, 0).ravel()
    found_in, is_all = _halved(array, ordered[:, np.newaxis], sums, 1.0)
    for place, residual, error in found_in:
        array.note(int(ordered[place]), residual, error)
    wrong = [int(ordered[place]) for place, _, _ in found_in]
    return replace(array.located(chosen, wrong, is_whole=False), is_all=is_all)


def _at(slices: tuple[Indices | None, ...], shape: tuple[int, ...]) -> tuple[Indices, ...]:
    """Return an index of the entries at some indices along each axis; None stands for all."""
    return np.ix_(
        *(
            np.arange(length) if indices is None else indices
            for indices, length in zip(slices, shape, strict=True)
        )
    )


def _wrong_slices(array: _Array, positions: Indices, axis: int, total: Sum) -> Slices | None:
    """Return the slices along an axis that have wrong entries; None where that may be any."""
    length = positions.shape[axis]
    if length == 1:
        return None
    groups = np.moveaxis(positions, axis, 0).reshape(length, -1)
    found, is_all = _halved(array, groups, [total], DENSE)
    if not is_all or len(found) == length:
        return None
    return Slices(
        np.array([index for index, _, _ in found], dtype=np.intp),
        [(residual, error) for _, residual, error in found],
    )


def _halved(
    array: _Array, groups: Indices, sums: Sequence[Sum], dense: float
) -> tuple[list[tuple[int, float, float]], bool]:
    """Return the rows of an array of entries that are wrong, and whether they are all.

    Each with its residual and the error of that. Where too many are wrong, a few are returned.

    Parameters
    ----------
    array
        Measures.
    groups : (m, k) array of int
        The entries, a group a row.
    sums
        The residuals of equal parts of them, from the first group to the last.
    dense
        After a few halvings, that part of the halves may be wrong at most.
    """
    size = len(groups) // len(sums)
    pending = [_Groups(i * size, (i + 1) * size, *sums[i]) for i in range(len(sums))]
    is_all = True
    for depth in range(64):
        if all(stretch.is_single for stretch in pending):
            break
        # While all halves are wrong, few of them hold a single group; nor do others where those
        # tried so far did not.
        luck = TRIED if depth == 0 or len(pending) < len(sums) * 2**depth else 0
        following: list[_Groups] = []
        for stretch in pending:
            is_tried = bool(luck) and not stretch.is_single and _may_be_single(stretch)
            alone = _single(array, groups, stretch) if is_tried else None
            if alone or stretch.is_single:
                following.append(alone or stretch)
                continue
            luck -= is_tried
            are_several = stretch.are_several or is_tried
            following += _halves(array, groups, stretch._replace(are_several=are_several))
        pending = following
        is_dense = depth >= EARLIEST and len(pending) > dense * len(sums) * 2 ** (depth + 1)
        if len(pending) > MOST_WRONG or (is_dense and is_all):
            if dense < 1:
                return [], False  # nobody asks for a few rows
            is_all = False
            pending = sorted(pending, key=lambda half: -abs(half.residual))[:FOLLOWED]
    return sorted((start, residual, error) for start, _, residual, error, _ in pending), is_all


def _halves(array: _Array, groups: Indices, stretch: _Groups) -> Iterator[_Groups]:
    """Yield the halves of a stretch that are wrong."""
    start, stop, residual, error, _ = stretch
    middle = (start + stop) // 2
    left, left_error = array.residual(groups[start:middle].ravel())
    right, right_error = residual - left, math.hypot(error, left_error)
    if right_error < abs(right) <= 2 * right_error:
        # Errors add up from halving to halving; so near to them, it is measured itself.
        right, right_error = array.residual(groups[middle:stop].ravel())
    halves = [
        _Groups(low, high, product, off)
        for low, high, product, off in (
            (start, middle, left, left_error),
            (middle, stop, right, right_error),
        )
        if abs(product) > off
    ]
    # A half that has it all has all of the wrong groups, too.
    yield from (
        half._replace(are_several=stretch.are_several and len(halves) == 1) for half in halves
    )


def _may_be_single(stretch: _Groups) -> bool:
    """Tell whether a residual may be that of one group, and tells the groups' places apart."""
    count = stretch.stop - stretch.start
    return not stretch.are_several and abs(stretch.residual) > APART * count * stretch.error


def _single(array: _Array, groups: Indices, stretch: _Groups) -> _Groups | None:
    """Return the only wrong group of a stretch; None where there are several."""
    start, stop, residual, error, _ = stretch
    count = stop - start
    parts = np.repeat((np.arange(count) + 1.0) / count, groups.shape[1])
    moment, off = array.residual(groups[start:stop].ravel(), parts)
    place = count * moment / residual - 1
    number = round(place) if math.isfinite(place) else -1
    if not 0 <= number < count or abs(place - number) > count * (off + error) / abs(residual):
        return None
    number += start
    alone, alone_error = array.residual(groups[number])
    if abs(residual - alone) > math.hypot(error, alone_error):
        return None
    return _Groups(number, number + 1, alone, alone_error)
