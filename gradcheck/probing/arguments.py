"""Arguments that make no sense: a clear error instead of whatever they would lead to."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["refuse_all_but_whole"]


def refuse_all_but_whole(name: str, value: Any, least: int) -> None:
    """Raise an error that names an argument, unless it is a whole number that is large enough.

    Raises
    ------
    TypeError, ValueError
        With the argument's name, what was expected, and what came.
    """
    # True is an int to Python, but nobody means it as a number.
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        kind = type(value).__name__
        raise TypeError(f"{name} is of type {kind}; a whole number was expected")
    if value < least:
        raise ValueError(f"{name} is {value}; a number from {least} on was expected")
