"""A function's value as a float, and the rounding of its dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradcheck.arrays.frameworks import as_numpy, dtype_of

__all__ = ["NotRealError", "as_scalar", "epsilon"]


DOUBLE = float(np.finfo(np.float64).eps)


class NotRealError(TypeError):
    """A complex number where a real one was expected: a root of a negative one, perhaps."""


def as_scalar(value: Any, name: str = "the function's value") -> float:
    """Return a real scalar as a float; of an array, NumPy's or another's, its only entry.

    Raises
    ------
    NotRealError
        If it is complex; a TypeError, as all others here.
    TypeError
        If it is no number, or an array of more entries than one, or of none.
    """
    if isinstance(value, float | int):
        return float(value)
    try:
        array = as_numpy(value)
    except ValueError:  # a list of lists of unequal lengths
        raise TypeError(f"{name} is a {type(value).__name__}; a real number was expected") from None
    if array.dtype.kind not in "fiub":
        kind = type(value).__name__ if array.dtype.kind == "O" else f"of dtype {array.dtype}"
        error = NotRealError if array.dtype.kind == "c" else TypeError
        raise error(f"{name} is {kind}; a real number was expected")
    if array.size != 1:
        raise TypeError(
            f"{name} has shape {array.shape}; a scalar, of shape (), was expected. To check the "
            "derivative of a function of many values, weigh them with fixed random numbers c: the "
            "loss is (c * f(x)).sum(), and its gradient c times the Jacobian"
        )
    return float(array.reshape(()))


def epsilon(value: Any) -> float:
    """Return the spacing, at 1, of the floats that a number or an array is held in.

    What is not held in float16 or float32 counts as double precision.
    """
    if type(value) is float or type(value) is np.float64:
        return DOUBLE
    dtype = dtype_of(value)
    if dtype is not None and dtype.kind == "f":
        # The further digits of a longdouble are lost in `as_scalar`.
        return max(float(np.finfo(dtype).eps), DOUBLE)
    return DOUBLE
