"""The tools that we are measured against, each behind one small function.

They are imported when they are called: a missing one raises ImportError there, and nothing
but these benchmarks needs any of them.
"""

from __future__ import annotations

import importlib.util
import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["DIFFERENTIATORS", "installed"]

Function = Callable[[Any], Any]
Differentiator = Callable[[Function, float], tuple[float, float]]


def installed(peers: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the names of the peers that can be imported, and a line for each other one."""
    missing = [name for name in peers if importlib.util.find_spec(name) is None]
    lines = [f"{name} is not installed: pip install 'gradcheck[peers]'" for name in missing]
    return [name for name in peers if name not in missing], lines


# ------------------------------------------- derivatives: the value and its stated error, or NaN


def numdifftools(f: Function, x: float) -> tuple[float, float]:
    """Return numdifftools' derivative and its error estimate."""
    from numdifftools import Derivative

    result = Derivative(_tolerant(f), full_output=True)(x)
    return float(result.estimate), float(result.error_estimate)


def jacobi(f: Function, x: float) -> tuple[float, float]:
    """Return jacobi's derivative and its error estimate."""
    from jacobi import jacobi

    value, error = jacobi(_tolerant(f), x)
    return float(value), float(error)


def scipy(f: Function, x: float) -> tuple[float, float]:
    """Return SciPy's derivative and its error estimate, NaN where it says that it failed."""
    from scipy.differentiate import derivative

    result = derivative(np.vectorize(_tolerant(f), otypes=[float]), x)
    return (float(result.df), float(result.error)) if result.success else (math.nan, math.nan)


def _tolerant(f: Function) -> Function:
    """Give NaN where a function cannot be evaluated, and no warnings."""

    def tolerant(x: Any) -> float:
        try:
            return float(f(float(x)))
        except (ArithmeticError, ValueError):
            return math.nan

    return tolerant


def _quietly(peer: Differentiator) -> Differentiator:
    """Silence the warnings of a peer: what is asked here is what it states."""

    def quiet(f: Function, x: float) -> tuple[float, float]:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return peer(f, x)

    return quiet


DIFFERENTIATORS: dict[str, Differentiator] = {
    peer.__name__: _quietly(peer) for peer in (numdifftools, jacobi, scipy)
}
