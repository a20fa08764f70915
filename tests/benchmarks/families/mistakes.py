"""Mistakes that are put into right gradients: gross ones, and those of one per cent."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from tests.benchmarks.families.family import Family, Problem, call, leaves, norm, rebuilt, sizes

__all__ = ["GROSS", "SMALL", "Mistake", "mistaken", "mistakes"]

GROSS = "gross"
SMALL = ("entry", "row", "factor")

ARRAYS = 3
"""Whose part of the gradient is made wrong alone, of each problem."""

LEAST = {np.dtype(np.float64): 1e-10, np.dtype(np.float32): 1e-4}
"""The least part of a gradient that a mistake is made in, relative to all of it."""

ROUNDINGS = 4
"""Of the loss: what all entries of an array together move it by has to be more than so many."""

FACTORS = {"zero": 0.0, "negated": -1.0, "× 1.5": 1.5}

Change = Callable[[list[Any]], list[Any]]


class Mistake(NamedTuple):
    """A way to change the arrays of a gradient.

    Attributes
    ----------
    label
        What is wrong.
    size
        `GROSS`, or one of `SMALL`: what is 1 % too large.
    change
        Returns the arrays with the mistake in them.
    """

    label: str
    size: str
    change: Change


def mistaken(grad: Callable[..., Any], mistake: Mistake) -> Callable[..., Any]:
    """Return a gradient function with a mistake in it, wherever it is asked."""

    @functools.wraps(grad)
    def wrong(*at: Any) -> Any:
        right = grad(*at)
        return rebuilt(right, iter(mistake.change(leaves(right))))

    return wrong


def mistakes(family: Family, problem: Problem, rng: np.random.Generator) -> list[Mistake]:
    """Draw the mistakes for one problem; of those that are none, or cannot be seen, nothing.

    An array is passed over where its part of the gradient, each entry multiplied by its own size,
    is less than `LEAST` of the whole, or where moving all of its entries by their own size would
    not move the loss by more than its rounding. A gradient of 0 throughout has one mistake: 1.
    """
    gradient = leaves(call(problem.grad, _copy(problem.at)))
    moved = [np.abs(g * s) for g, s in zip(gradient, sizes(problem.at), strict=True)]
    if not any(part.any() for part in moved):
        return [Mistake("1 instead of 0", GROSS, lambda parts: [part + 1 for part in parts])]
    seen = _visible(problem, moved)
    if not seen:
        return []
    found = list(_gross(family, problem.at, seen, rng))
    return found + (list(_small(moved, seen, rng)) if family.precision is None else [])


def _copy(at: Any) -> Any:
    return rebuilt(at, iter([np.array(leaf)[()] for leaf in leaves(at)]))


def _visible(problem: Problem, moved: list[Any]) -> list[int]:
    """Tell which arrays have a part of the gradient that is worth a mistake."""
    dtypes = [np.asarray(leaf).dtype for leaf in leaves(problem.at)]
    coarsest = max(dtypes, key=lambda dtype: np.finfo(dtype).eps)
    loss = abs(float(call(problem.loss, _copy(problem.at))))
    rounding = ROUNDINGS * float(np.finfo(coarsest).eps) * loss
    parts = [norm(part) for part in moved]
    return [
        index
        for index, part in enumerate(parts)
        if part >= LEAST[coarsest] * norm(parts) and moved[index].sum() > rounding
    ]


# ------------------------------------------------------------------------------------- gross ones


def _gross(family: Family, at: Any, seen: list[int], rng: np.random.Generator) -> Iterator[Mistake]:
    factors = {name: factor for name, factor in FACTORS.items() if factor or not family.flat}
    paths = list(_paths(at))
    several = len(paths) > 1
    for index in rng.permutation(seen)[:ARRAYS] if several else ():
        for name, factor in factors.items():
            yield Mistake(f"{paths[index]} {name}", GROSS, _scaled_array(int(index), factor))
    for name, factor in factors.items():
        yield Mistake(f"everything {name}", GROSS, _scaled(factor))


def _paths(tree: Any, name: str = "at") -> Iterator[str]:
    """Name the arrays of a tree, in the order of `leaves`."""
    if isinstance(tree, dict):
        for key in sorted(tree):
            yield from _paths(tree[key], f"{name}[{key!r}]")
    elif isinstance(tree, tuple | list):
        for index, child in enumerate(tree):
            yield from _paths(child, f"{name}[{index}]")
    else:
        yield name


def _times(part: Any, factor: float) -> Any:
    """Multiply in the precision of the array."""
    return part * np.asarray(part).dtype.type(factor)


def _scaled(factor: float) -> Change:
    return lambda parts: [_times(part, factor) for part in parts]


def _scaled_array(chosen: int, factor: float) -> Change:
    return lambda parts: [
        _times(part, factor) if index == chosen else part for index, part in enumerate(parts)
    ]


# --------------------------------------------------------------------------------- of one per cent


def _small(moved: list[Any], seen: list[int], rng: np.random.Generator) -> Iterator[Mistake]:
    sized = [(index, place) for index in seen for place in _large(moved[index].ravel())]
    index, place = sized[int(rng.integers(len(sized)))]
    yield Mistake("one entry × 1.01", "entry", _scaled_place(index, place, rows=False))
    tables = [index for index in seen if moved[index].ndim > 1]
    if tables:
        index = int(rng.choice(tables))
        row = int(rng.choice(_large(np.array([norm(row) for row in moved[index]]))))
        yield Mistake("one row × 1.01", "row", _scaled_place(index, row, rows=True))
    yield Mistake("everything × 1.01", "factor", _scaled(1.01))


def _large(values: Any) -> list[int]:
    """Return the places of the larger half of the values that are not 0."""
    return [int(i) for i in np.flatnonzero(values >= np.median(values[values > 0]))]


def _scaled_place(chosen: int, place: int, *, rows: bool) -> Change:
    def change(parts: list[Any]) -> list[Any]:
        parts = list(parts)
        part = np.array(parts[chosen])
        view = part if rows else part.reshape(-1)
        view[place] = _times(view[place], 1.01)
        parts[chosen] = part[()]
        return parts

    return change
