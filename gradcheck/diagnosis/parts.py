"""The wrong part of an array, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["NAMED", "described", "exceptions", "listed", "rows_beside"]

LISTED_ROWS = 10
"""Of a matrix of more rows than that, the right ones are not told from those that are 0."""

NAMED = 3
"""More rows or entries than that are not listed in a sentence."""


def described(name: str, wrong: NDArray[np.bool_], right: NDArray[np.bool_]) -> str:
    """Describe the entries that are wrong, if a few words can; empty otherwise.

    Parameters
    ----------
    name
        The array's.
    wrong, right
        The entries that are known to be wrong, and to be right; in the array's shape.
    """
    if wrong.all() or not wrong.any():
        return ""
    certain = bool(np.all(wrong | right))
    for axis in range(wrong.ndim):
        if said := _slices(name, wrong, axis, certain=certain):
            return said
    for said, part in _shapes(wrong.shape):
        if np.array_equal(wrong, part) and (certain or said.startswith("only")):
            return said
    return _block(wrong) or _stretch(name, wrong) or _entries(name, wrong)


def exceptions(name: str, wrong: NDArray[np.bool_], right: NDArray[np.bool_]) -> str:
    """Name the few entries that are not wrong; empty where these are many, or not known.

    That scattered ones are right says little by itself: it may be by chance.
    """
    if not 0 < (~wrong).sum() <= NAMED or not np.all(wrong | right):
        return ""
    return f"all but {listed(_entry(name, index) for index in np.argwhere(~wrong))}"


def rows_beside(wrong: NDArray[np.bool_], idle: NDArray[np.bool_]) -> str:
    """Say of a few rows which are right, and which are 0 in both; empty if there are no such ones.

    Parameters
    ----------
    wrong, idle
        The entries that are wrong, and those that are 0 in both, in the array's shape; all others
        are right.
    """
    if wrong.ndim != 2 or not 1 < len(wrong) <= LISTED_ROWS:
        return ""
    whole, unused = wrong.all(axis=1), idle.all(axis=1)
    right = ~wrong.any(axis=1) & ~unused
    if not unused.any() or not right.any() or not (whole | unused | right).all():
        return ""
    first, second = (_rows(np.flatnonzero(rows)) for rows in (right, unused))
    return f"{first[0].upper()}{first[1:]} right; {second} 0 in both."


def _rows(indices: NDArray[np.intp]) -> str:
    if len(indices) == 1:
        return f"row {indices[0]} is"
    return f"rows {listed(map(str, indices))} are"


def _stretch(name: str, wrong: NDArray[np.bool_]) -> str:
    """Describe the wrong entries as a stretch of a vector; empty if they are none."""
    indices = np.flatnonzero(wrong)
    if wrong.ndim != 1 or len(indices) <= NAMED or indices[-1] - indices[0] >= len(indices):
        return ""
    return f"only {name}[{indices[0]}:{indices[-1] + 1}]"


def _block(wrong: NDArray[np.bool_]) -> str:
    """Describe the wrong entries as those in some rows and some columns; empty if they are none."""
    if wrong.ndim != 2:
        return ""
    rows, columns = np.asarray(wrong.any(axis=1)), np.asarray(wrong.any(axis=0))
    if wrong.sum() <= NAMED or not np.array_equal(wrong, np.outer(rows, columns)):
        return ""
    return f"only the entries in {_run('row', rows)} and {_run('column', columns)}"


def _run(noun: str, chosen: NDArray[np.bool_]) -> str:
    indices = np.flatnonzero(chosen)
    if len(indices) == 1:
        return f"{noun} {indices[0]}"
    if indices[-1] - indices[0] + 1 == len(indices):
        return f"{noun}s {indices[0]} to {indices[-1]}"
    return (
        f"{len(indices)} {noun}s"
        if len(indices) > NAMED
        else f"{noun}s {listed(map(str, indices))}"
    )


def _shapes(shape: tuple[int, ...]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield parts of an array that have a name."""
    if len(shape) < 2 or min(shape[-2:]) < 3:
        return
    border = np.ones(shape, dtype=bool)
    border[..., 1:-1, 1:-1] = False
    yield "only the border", border
    if len(shape) == 2 and shape[0] == shape[1]:
        diagonal = np.eye(*shape) == 1
        yield "only the diagonal", diagonal
        yield "all but the diagonal", ~diagonal
        yield "only the entries below the diagonal", np.tril(~diagonal)
        yield "only the entries above the diagonal", np.triu(~diagonal)


def _slices(name: str, wrong: NDArray[np.bool_], axis: int, *, certain: bool) -> str:
    """Describe the wrong entries as whole rows, columns, …; empty where they are none."""
    if wrong.ndim < 2 or wrong.shape[axis] < 2:
        return ""
    others = tuple(i for i in range(wrong.ndim) if i != axis)
    whole = np.asarray(wrong.all(axis=others))
    if not np.array_equal(whole, wrong.any(axis=others)):
        return ""
    bad, good = np.flatnonzero(whole), np.flatnonzero(~whole)
    if len(good) <= NAMED and len(good) < len(bad) and certain:
        return f"all but {_named(name, wrong.ndim, axis, good)}"
    if len(bad) <= NAMED:
        return f"only {_named(name, wrong.ndim, axis, bad)}"
    run = f", {bad[0]} to {bad[-1]}" if bad[-1] - bad[0] + 1 == len(bad) else ""
    return f"{len(bad)} of {len(whole)} {_noun(wrong.ndim, axis)}s{run}"


def _named(name: str, ndim: int, axis: int, indices: NDArray[np.intp]) -> str:
    if ndim == 2:
        plural = "s" if len(indices) > 1 else ""
        return f"{_noun(ndim, axis)}{plural} {listed(map(str, indices))}"
    before, after = [":"] * axis, [":"] * (ndim - axis - 1)
    return listed(f"{name}[{', '.join([*before, str(index), *after])}]" for index in indices)


def _noun(ndim: int, axis: int) -> str:
    return ("row", "column")[axis] if ndim == 2 else "slice"


def _entries(name: str, wrong: NDArray[np.bool_]) -> str:
    """Name the few entries that are wrong."""
    if wrong.sum() > NAMED:
        return ""
    return f"only {listed(_entry(name, index) for index in np.argwhere(wrong))}"


def _entry(name: str, index: NDArray[np.intp]) -> str:
    return f"{name}[{', '.join(map(str, index))}]"


def listed(items: Iterable[str]) -> str:
    """Return "a, b and c"."""
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last
