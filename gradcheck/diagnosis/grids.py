"""Patterns along the axes of an array, seen in a grid of some of its entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.long_vectors import FloatArray
from gradcheck.diagnosis.causes import Pattern
from gradcheck.diagnosis.factors import stated_number

__all__ = ["Grid", "copied", "kept", "measured", "measured_at", "patterns", "zero"]


Derivative = Callable[[int], tuple[float, float]]

LARGEST = 24
"""So many entries are measured."""

LIKE_FLOAT32 = (3e-9, 3e-6)
"""A gradient that is off by between these parts of its largest entry may have been float32."""

SIGNIFICANT = 1e3
"""A ratio tells something where its denominator is so many times its error."""


@dataclass(frozen=True)
class Grid:
    """Some entries of an array: those at some indices along each axis.

    Attributes
    ----------
    whole : array
        The claimed gradient, in the array's shape.
    indices : tuple of array of int
        Along each axis.
    claimed, derivative, errors : array
        At these entries.
    """

    whole: FloatArray
    indices: tuple[NDArray[np.intp], ...]
    claimed: FloatArray
    derivative: FloatArray
    errors: FloatArray


def zero(*, is_single: bool) -> Pattern:
    """Say that nothing but zeros is claimed."""
    said = "ALL ZERO. claimed is 0 in every entry; the derivative is not."
    return Pattern("zero", "ZERO. claimed is 0; the derivative is not." if is_single else said)


def kept() -> Pattern:
    """Say that a claim does not depend on the point."""
    return Pattern(
        "elsewhere",
        "THE SAME AT OTHER POINTS. claimed does not depend on the point; the derivative does.",
    )


def copied(name: str) -> Pattern:
    """Say that a claim is that for another array, where it is right."""
    return Pattern(
        "other-array",
        f"A COPY. {name} is claimed to have the same gradient, to the last bit.",
    )


def measured(claimed: FloatArray, derivative: Derivative, rng: np.random.Generator) -> Grid:
    """Measure a grid of entries.

    Parameters
    ----------
    claimed : array
        In the array's shape.
    derivative
        From the place of an entry in the flattened array to the derivative and its error.
    rng
        Draws the indices.
    """
    counts = [min(length, 5) for length in claimed.shape]
    while np.prod(counts) > LARGEST:
        counts[int(np.argmax(counts))] -= 1
    indices = tuple(
        np.sort(rng.choice(length, count, replace=False))
        for length, count in zip(claimed.shape, counts, strict=True)
    )
    return measured_at(indices, claimed, derivative)


def measured_at(
    indices: tuple[NDArray[np.intp], ...], claimed: FloatArray, derivative: Derivative
) -> Grid:
    """Measure a grid of given indices along each axis, perhaps at another point."""
    places = np.arange(claimed.size).reshape(claimed.shape)[np.ix_(*indices)]
    found = np.array([derivative(int(place)) for place in places.ravel()])
    return Grid(
        claimed,
        indices,
        claimed.ravel()[places],
        found[:, 0].reshape(places.shape),
        found[:, 1].reshape(places.shape),
    )


def patterns(name: str, grid: Grid) -> Iterator[Pattern]:
    """Yield the patterns that a grid shows.

    Parameters
    ----------
    name
        The array's.
    grid
        Some of its entries; those that are known to no digit are no evidence.
    """
    if not np.isfinite(grid.derivative).all():
        return
    if nearly := list(_single_precision(grid)):
        yield from nearly
        return  # any other pattern would be one of rounding errors
    for axis in range(grid.claimed.ndim):
        noun = _noun(grid.claimed.ndim, axis)
        yield from _constant_claim(grid, axis, noun)
        yield from _constant_difference(grid, axis, noun)
        yield from _factors(grid, axis, noun)
    yield from _another_order(name, grid)


def _noun(ndim: int, axis: int) -> str:
    if ndim == 1:
        return "entry"
    return ("row", "column")[axis] if ndim == 2 else f"slice along axis {axis}"


def _lines(array: FloatArray, axis: int) -> FloatArray:
    """Return the lines along an axis, one a row."""
    return np.moveaxis(array, axis, -1).reshape(-1, array.shape[axis])


def _constant_claim(grid: Grid, axis: int, noun: str) -> Iterator[Pattern]:
    if grid.claimed.shape[axis] < 2:
        return
    largest = float(np.abs(grid.whole).max())
    spread = np.ptp(grid.whole, axis=axis)
    differs = np.ptp(_lines(grid.derivative, axis), axis=1) > 4 * _lines(grid.errors, axis).max(1)
    if largest and np.all(spread <= 1e-12 * largest) and differs.any():
        yield Pattern(
            "constant-along-axis",
            f"THE SAME IN EACH {noun.upper()}. claimed does not change from {noun} to {noun}; the "
            "derivative does.",
        )


def _constant_difference(grid: Grid, axis: int, noun: str) -> Iterator[Pattern]:
    differences = _lines(grid.claimed - grid.derivative, axis)
    errors = _lines(grid.errors, axis)
    if differences.shape[1] < 3 or differences.size < 4:
        return
    allowed = 2 * errors.max(axis=1)
    is_large = np.abs(differences).min(axis=1) > 16 * allowed
    if not np.all(np.ptp(differences, axis=1) <= allowed) or not is_large.any():
        return
    # Where the derivative does not change either, everything does.
    if np.all(np.ptp(_lines(grid.derivative, axis), axis=1) <= allowed):
        return
    if np.ptp(differences) <= allowed.max():
        number = stated_number(float(f"{np.median(differences):.6g}"))
        yield Pattern(
            "mean-missing", f"AN OFFSET. claimed − derivative is {number} in all entries measured."
        )
    else:
        yield Pattern(
            "mean-missing",
            f"THE SAME DIFFERENCE IN EACH {noun.upper()}. claimed − derivative does not change "
            f"from {noun} to {noun}: is a mean missing, or too much?",
        )


def _factors(grid: Grid, axis: int, noun: str) -> Iterator[Pattern]:
    """See whether each slice along an axis has a factor of its own."""
    if grid.claimed.ndim < 2 or grid.claimed.shape[axis] < 2:
        return
    claimed, derivative, errors = (
        np.moveaxis(part, axis, 0).reshape(part.shape[axis], -1)
        for part in (grid.claimed, grid.derivative, grid.errors)
    )
    tells = np.abs(derivative) > SIGNIFICANT * errors
    factors = []
    for row in range(len(claimed)):
        if tells[row].sum() < 2:
            continue
        ratios = claimed[row][tells[row]] / derivative[row][tells[row]]
        allowed = 4 * np.max(errors[row][tells[row]] / np.abs(derivative[row][tells[row]]))
        if np.ptp(ratios) > max(allowed, 1e-9) * max(1.0, float(np.abs(ratios).max())):
            return
        factors.append((int(grid.indices[axis][row]), float(np.median(ratios))))
    values = [value for _, value in factors]
    if len(values) < 2 or np.ptp(values) <= 1e-6 * max(map(abs, values)):
        return
    some = "; ".join(
        f"{stated_number(float(f'{value:.6g}'))} in {noun} {row}" for row, value in factors[:3]
    )
    yield Pattern(
        "factor-per-slice",
        f"EACH {noun.upper()} HAS A FACTOR OF ITS OWN. claimed / derivative is {some}.",
    )


def _another_order(name: str, grid: Grid) -> Iterator[Pattern]:
    """See whether the derivative's numbers are claimed for other entries."""
    derivative, errors = grid.derivative.ravel(), grid.errors.ravel()
    numbers = np.sort(grid.whole.ravel())
    scale = float(np.abs(numbers).max(initial=0.0))
    # So near to one another, numbers would match by chance.
    tells = (np.abs(derivative) > SIGNIFICANT * errors) & (numbers.size * errors < 1e-2 * scale)
    if tells.sum() < 4 or len(np.unique(np.round(derivative[tells] / scale, 6))) < 4:
        return
    places = np.clip(np.searchsorted(numbers, derivative), 1, max(1, numbers.size - 1))
    nearest = np.minimum(
        np.abs(numbers[places - 1] - derivative),
        np.abs(numbers[places % numbers.size] - derivative),
    )
    is_elsewhere = nearest <= errors + 1e-12 * scale
    stays = np.abs(grid.claimed.ravel() - derivative) <= errors
    if is_elsewhere[tells].all() and not stays[tells].all():
        yield Pattern(
            "reordered",
            f"ANOTHER ORDER. Each number of the derivative by {name} that was measured is claimed, "
            "but for another entry.",
        )


def _single_precision(grid: Grid) -> Iterator[Pattern]:
    whole = grid.whole
    is_coarse = np.array_equal(whole, whole.astype(np.float32))
    off = np.abs(grid.claimed - grid.derivative)
    # Zeros, ones and halves are what they are in any precision.
    is_fine = not np.array_equal(whole, np.round(whole, 3))
    largest = float(np.abs(whole).max())
    if is_coarse and is_fine and np.all(off <= 1e-5 * largest + grid.errors):
        yield Pattern(
            "float32", "FLOAT32. claimed has no more digits than float32 has, in all entries."
        )
    elif largest * LIKE_FLOAT32[0] < off.max() < largest * LIKE_FLOAT32[1]:
        yield Pattern(
            "float32",
            f"AS IN FLOAT32. claimed is off by {off.max() / largest:.0e} of the largest entry at "
            "most, as if something inside were computed in float32.",
        )
