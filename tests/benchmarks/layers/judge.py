"""Which causes are true of a wrong gradient: it is held against the right one, which is known.

The judge shares nothing with the diagnosis that it judges: that has to make do with differences of
the loss.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from tests.benchmarks.families.family import Problem, call
from tests.benchmarks.layers.model import KEPT, arrays, claim

__all__ = ["PATTERNS", "Wrong", "fitted", "wrong_arrays"]

CLOSE = 1e-9
"""Entries differ where they are further apart than so much of the array's largest."""

SINGLE = 1e-5
"""What is computed in single precision is off by less than so much of the array's largest."""

FEW = 3
"""As many entries may be named one by one, and fewer do not determine two numbers."""

Numbers = tuple[float, ...] | None


class Wrong(NamedTuple):
    """An array of a gradient that is wrong somewhere.

    Attributes
    ----------
    claimed, right, parameter
        Of the same shape.
    others
        The right gradients by the other arrays.
    kept
        Whether it was taken at another point.
    """

    claimed: Any
    right: Any
    parameter: Any
    others: list[Any]
    kept: bool

    @property
    def least(self) -> float:
        """The least difference that counts."""
        return CLOSE * max(np.abs(self.claimed).max(), np.abs(self.right).max())

    @property
    def bad(self) -> Any:
        """True where it is wrong."""
        return np.abs(self.claimed - self.right) > self.least

    @property
    def good(self) -> Any:
        """True where it is right, and not just 0."""
        return (np.abs(self.right) > self.least) & ~self.bad

    def is_zero(self, values: Any) -> bool:
        """Tell whether differences are none."""
        return bool((np.abs(values) <= self.least).all())


def wrong_arrays(problem: Problem, slip: str) -> dict[str, Wrong]:
    """Return the arrays that a slip makes wrong, by the names that `slips` has for them."""
    claimed = arrays(problem, call(claim(problem, slip), problem.at))
    right = arrays(problem, call(problem.grad, problem.at))
    result = {
        name: Wrong(
            claimed[name],
            right[name],
            parameter,
            [part for other, part in right.items() if other != name],
            slip == KEPT,
        )
        for name, parameter in arrays(problem, problem.at).items()
    }
    return {name: wrong for name, wrong in result.items() if wrong.bad.any()}


def fitted(pattern: str, wrong: Wrong) -> Numbers:
    """Return the numbers of a pattern, if it is true of an array wherever that is wrong."""
    return PATTERNS[pattern](wrong)


# ------------------------------------------------------------------------- multiples, at wrong ones


def _zero(wrong: Wrong) -> Numbers:
    return () if wrong.is_zero(wrong.claimed[wrong.bad]) else None


def _opposite(wrong: Wrong) -> Numbers:
    return () if wrong.is_zero((wrong.claimed + wrong.right)[wrong.bad]) else None


def _factor(wrong: Wrong) -> Numbers:
    """A single entry has a factor always: only a plain one is worth a word."""
    found = _combined(wrong, wrong.right)
    if found is None or abs(found[0]) < CLOSE or abs(found[0] + 1) < CLOSE:
        return None
    plain = min(abs(x - round(x)) for x in (found[0], 1 / found[0])) < CLOSE
    return found if plain or wrong.bad.sum() > 1 else None


def _multiple(wrong: Wrong) -> Numbers:
    found = _combined(wrong, wrong.parameter, wrong.right)
    return found if wrong.bad.sum() > 1 else None


def _both(wrong: Wrong) -> Numbers:
    claimed, right, parameter = (
        part[wrong.bad] for part in (wrong.claimed, wrong.right, wrong.parameter)
    )
    if len(claimed) <= FEW:
        return None
    basis = np.column_stack([right, parameter])
    numbers = np.linalg.lstsq(basis, claimed)[0]
    if np.abs(numbers).min() < CLOSE or not wrong.is_zero(claimed - basis @ numbers):
        return None
    return tuple(map(float, numbers))


def _update(wrong: Wrong) -> Numbers:
    """What is claimed is the parameter, less a number times the derivative."""
    found = _combined(wrong, -wrong.right, wrong.parameter)
    return found if wrong.bad.sum() > FEW and found and found[0] > CLOSE else None


def _combined(wrong: Wrong, basis: Any, less: Any = 0.0) -> Numbers:
    """Fit a multiple of `basis` to what is claimed `less` something."""
    wanted, basis = (wrong.claimed - less)[wrong.bad], basis[wrong.bad]
    square = basis @ basis
    number = float(wanted @ basis / square) if square else 0.0
    return (number,) if wrong.is_zero(wanted - number * basis) else None


def _per_slice(wrong: Wrong) -> Numbers:
    """Each row, each column, or each block of a vector has a factor of its own."""
    claimed, right = wrong.claimed, wrong.right
    if claimed.ndim == 1:
        blocks = [(k, -1) for k in range(2, claimed.size // 2 + 1) if claimed.size % k == 0]
        pairs = [(claimed.reshape(shape), right.reshape(shape)) for shape in blocks]
    else:
        pairs = [
            (np.moveaxis(claimed, i, 0), np.moveaxis(right, i, 0)) for i in range(claimed.ndim)
        ]
    return () if any(_has_factors(wrong, *pair) for pair in pairs) else None


def _has_factors(wrong: Wrong, claimed: Any, right: Any) -> bool:
    claimed, right = (part.reshape(len(part), -1) for part in (claimed, right))
    squares = (right**2).sum(axis=1)
    factors = (claimed * right).sum(axis=1) / np.where(squares > 0, squares, 1)
    telling = (np.abs(right) > wrong.least).sum(axis=1) > 1
    return (
        telling.sum() > 1
        and np.ptp(factors[telling]) > CLOSE
        and wrong.is_zero(claimed - factors[:, None] * right)
    )


# ------------------------------------------------------------------------------- orders and places


def _transposed(wrong: Wrong) -> Numbers:
    orders = itertools.permutations(range(wrong.right.ndim))  # the first leaves all in place
    turned = (wrong.right.transpose(order) for order in itertools.islice(orders, 1, None))
    return () if any(_same(wrong, other) for other in turned) else None


def _reordered(wrong: Wrong) -> Numbers:
    ordered = np.sort(wrong.claimed, axis=None) - np.sort(wrong.right, axis=None)
    return () if wrong.claimed.size > 2 and wrong.is_zero(ordered) else None


def _other_array(wrong: Wrong) -> Numbers:
    return () if any(_same(wrong, other) for other in wrong.others) else None


def _same(wrong: Wrong, other: Any) -> bool:
    return other.shape == wrong.claimed.shape and wrong.is_zero(wrong.claimed - other)


def _part(wrong: Wrong) -> Numbers:
    """Single entries, rows, columns, a border, the diagonal, a triangle: the rest is right."""
    bad, good = wrong.bad, wrong.good
    if not good.any():
        return None
    return () if bad.ndim < 2 or bad.sum() <= FEW or any(_splits(bad, good)) else None


def _splits(bad: Any, good: Any) -> Iterator[bool]:
    """Tell of each way to take an array apart whether it parts the wrong from the right."""
    for axis in range(bad.ndim):
        others = tuple(i for i in range(bad.ndim) if i != axis)
        yield not (bad.any(axis=others) & good.any(axis=others)).any()
    shape = bad.shape[-2:]
    rows, columns = np.indices(shape)
    edge = (rows % max(1, shape[0] - 1) == 0) | (columns % max(1, shape[1] - 1) == 0)
    for place in (edge, rows == columns, rows != columns, rows < columns, rows > columns):
        yield not (bad & ~place).any() and not (good & place).any()


def _triangle(wrong: Wrong) -> Numbers:
    """Pairs of a symmetric matrix are counted otherwise: by one entry of each, or by both."""
    claimed, right = wrong.claimed, wrong.right
    if right.ndim != 2 or right.shape[0] != right.shape[1] or len(right) < 2:
        return None
    is_read_once, is_claimed_once = (
        wrong.is_zero(np.tril(part, -1)) or wrong.is_zero(np.triu(part, 1))
        for part in (right, claimed)
    )
    own = np.diag(np.diag(claimed))
    if is_claimed_once:
        true = (2 * claimed - own, (claimed + claimed.T) / 2)
    else:
        true = (right if is_read_once else (claimed + own) / 2,)
    is_symmetric = is_claimed_once or wrong.is_zero(claimed - claimed.T)
    return () if is_symmetric and any(wrong.is_zero(right - each) for each in true) else None


# ------------------------------------------------------------------------------------ what is added


def _constant(wrong: Wrong) -> Numbers:
    if wrong.is_zero(wrong.claimed):
        return None
    axes = range(wrong.claimed.ndim)
    return () if any(_is_flat(wrong, wrong.claimed, axis) for axis in axes) else None


def _mean_missing(wrong: Wrong) -> Numbers:
    difference = wrong.claimed - wrong.right
    return () if any(_is_flat(wrong, difference, axis) for axis in range(difference.ndim)) else None


def _is_flat(wrong: Wrong, values: Any, axis: int) -> bool:
    return values.shape[axis] > 2 and wrong.is_zero(np.ptp(values, axis=axis))


def _float32(wrong: Wrong) -> Numbers:
    off = np.abs(wrong.claimed - wrong.right).max()
    return () if off <= SINGLE * np.abs(wrong.right).max() else None


PATTERNS: dict[str, Callable[[Wrong], Numbers]] = {
    "opposite-sign": _opposite,
    "factor": _factor,
    "transposed": _transposed,
    "reordered": _reordered,
    "parameter-multiple": _multiple,
    "factor-and-parameter": _both,
    "update": _update,
    "factor-per-slice": _per_slice,
    "constant-along-axis": _constant,
    "mean-missing": _mean_missing,
    "part": _part,
    "zero": _zero,
    "other-array": _other_array,
    "float32": _float32,
    "elsewhere": lambda wrong: () if wrong.kept else None,
    "triangle": _triangle,
}
"""Each pattern that a report may state, and who knows whether it is true."""
