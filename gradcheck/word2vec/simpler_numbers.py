"""Make a failing case one that can be followed on paper.

Hypothesis shrinks the structure of a case; its seeded values stay what they were. Here the
values become 0, 1, -1 or short decimals, as long as the case goes on failing.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

__all__ = ["simplify"]

AnyCase = TypeVar("AnyCase", bound=Any)
Part = tuple[int, ...]

_LEVELS = 3  # whole arrays, then rows, then entries


def simplify(case: AnyCase, still_fails: Callable[[AnyCase], bool], budget: int = 60) -> AnyCase:
    """Return a case like this one, with simpler numbers, on which the failure lasts.

    Whole arrays are tried first, then their rows, then their entries: each as 0, 1, -1, then
    rounded to 0, 1 or 2 decimals; the first that still fails is kept.

    Parameters
    ----------
    case : Case or WindowCase
        A case for which `still_fails` holds. It is not changed.
    still_fails : callable
        Takes a case, says whether the failure is still there. An exception counts as a no: it
        is not the failure that is being explained.
    budget : int
        The most calls of `still_fails`.
    """
    calls_left = budget
    for depth in range(_LEVELS):
        # Of the case as it is now: what is replaced on the way keeps its shapes, and so its parts.
        for name, part in _parts(case, depth):
            for candidate in _candidates(getattr(case, name), part):
                if calls_left == 0:
                    return case
                calls_left -= 1
                simpler = replace(case, **{name: candidate})
                if _holds(still_fails, simpler):
                    case = simpler
                    break
    return case


def _parts(case: Any, depth: int) -> Iterator[tuple[str, Part]]:
    """Yield (name of the array, index of one of its parts), for every array of the case."""
    for field in fields(case):
        array = getattr(case, field.name)
        if isinstance(array, np.ndarray) and array.ndim >= depth:
            for part in np.ndindex(array.shape[:depth]):
                yield field.name, part


def _candidates(array: NDArray[np.float64], part: Part) -> Iterator[NDArray[np.float64]]:
    """Yield copies of the array in which the part is simpler than it is, simplest first."""
    current = array[part]
    seen = [current]
    replacements = [np.full_like(current, value) for value in (0.0, 1.0, -1.0)]
    replacements += [np.round(current, decimals) for decimals in (0, 1, 2)]
    if any(np.array_equal(current, constant) for constant in replacements[:3]):
        return  # nothing is simpler than 0, 1 or -1 throughout
    for replacement in replacements:
        if any(np.array_equal(replacement, known) for known in seen):
            continue
        seen.append(replacement)
        candidate = array.copy()
        candidate[part] = replacement
        yield candidate


def _holds(still_fails: Callable[[AnyCase], bool], case: AnyCase) -> bool:
    try:
        return bool(still_fails(case))
    except Exception:  # noqa: BLE001 - it runs somebody's code, which may raise anything
        return False
