"""Claimed against expected values: do they agree, and if not, how do they differ, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Finding",
    "Unjudged",
    "Verdict",
    "agrees",
    "as_array",
    "conform",
    "describe_difference",
    "imprecision",
    "kind_of",
]

# How many units of rounding an implementation may be off: see `oracle.Answer` for the scale that
# one unit has. Loops, einsum and plain formulas stay below 10; a float32 inside is 1e7 off.
TOLERANCE_ULPS = 256.0


@dataclass(frozen=True)
class Finding:
    """What is wrong, on one case.

    Attributes
    ----------
    message : str
        What is wrong, in words.
    claimed, expected : Any
        The two values, where there are values to show.
    """

    message: str
    claimed: Any = None
    expected: Any = None


@dataclass(frozen=True)
class Unjudged:
    """Nothing to say about the case: another check has, or nothing can be told."""

    reason: str


Verdict = Finding | Unjudged | None

NO_SAMPLES = Unjudged("its negatives come from elsewhere than the dataset, so they are not known")


def as_array(claimed: Any) -> NDArray[Any] | None:
    """Return what a function claims as a numerical array, None if it is no such thing."""
    try:
        array = np.asarray(claimed)
    except (TypeError, ValueError):  # rows of unequal length
        return None
    return array if array.dtype.kind in "fiub" else None


def agrees(claimed: NDArray[Any], expected: NDArray[Any], scale: NDArray[Any]) -> NDArray[np.bool_]:
    """Say for each entry whether it is right to within rounding; NaN never is.

    A claim in float32 is held to the precision of float32: that it is no float64 is for the
    check of dtypes to say.
    """
    coarse = np.finfo(claimed.dtype if claimed.dtype.kind == "f" else np.float64)
    eps = max(coarse.eps, np.finfo(np.float64).eps)
    # What is below the smallest normal number has lost its precision, or is gone.
    error = np.abs(claimed - expected) - coarse.tiny
    return np.asarray(error <= TOLERANCE_ULPS * eps * scale)


def imprecision(claimed: NDArray[Any]) -> str:
    """Return what is wrong with the dtype of what is to be float64, nothing if it is right."""
    if claimed.dtype.kind != "f":
        return f"expected float64 numbers, got dtype {claimed.dtype}"
    if np.finfo(claimed.dtype).eps > np.finfo(np.float64).eps:
        return f"expected float64, got {claimed.dtype}, which keeps fewer digits"
    return ""


def conform(claimed: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any] | None:
    """Return the same values in another shape, where it is clear which one goes where.

    Axes of length 1 may be too many or too few, and a matrix may be transposed: a wrong shape
    then does not make the values wrong as well.
    """
    if claimed.shape == shape:
        return claimed
    if len(shape) == 2 and claimed.shape == shape[::-1]:
        return claimed.T
    long_axes = [size for size in claimed.shape if size != 1]
    if long_axes == [size for size in shape if size != 1]:
        return claimed.reshape(shape)
    return None


def describe_difference(
    claimed: NDArray[Any],
    expected: NDArray[Any],
    close: NDArray[np.bool_],
    row_label: Callable[[int], str] = lambda _row: "",
) -> str:
    """Return in words how an array differs from what it should be."""
    if not np.isfinite(claimed).all():
        verb = "holds" if claimed.ndim else "is"
        return f"it {verb} {_first_not_finite(claimed)}"
    if expected.ndim == 2 and not close.all():
        wrong = np.flatnonzero(~close.all(axis=1))
        if len(wrong) < len(expected):
            rows = ", ".join(_row(int(row), row_label) for row in wrong[:3])
            rows += ", …" if len(wrong) > 3 else ""
            how = _relation(claimed[wrong], expected[wrong])
            plural = len(wrong) > 1
            noun = f"rows {rows} are wrong" if plural else f"row {rows} is wrong"
            return f"{noun}{f': {how}' if how else ''}; every other row is right"
    return _relation(claimed, expected) or _largest(claimed, expected)


def _first_not_finite(array: NDArray[Any]) -> str:
    value = array[~np.isfinite(array)].flat[0]
    return "NaN" if np.isnan(value) else str(value)


def _row(row: int, label: Callable[[int], str]) -> str:
    text = label(row)
    return f"{row} ({text})" if text else str(row)


def _relation(claimed: NDArray[Any], expected: NDArray[Any]) -> str:
    """Name a simple relation between the two, if there is one."""
    size = np.abs(expected).max(initial=0.0)
    if size == 0.0:
        return "it should be zero"
    if not np.abs(claimed).max() > 0.0:
        return "it is zero"
    significant = np.abs(expected) > 1e-6 * size
    ratio = float(np.median(claimed[significant] / expected[significant]))
    if not np.abs(claimed - ratio * expected).max() <= 1e-8 * size * max(1.0, abs(ratio)):
        return ""
    if abs(ratio + 1.0) < 1e-8:
        return "the sign is flipped" if expected.size == 1 else "every sign is flipped"
    if expected.size == 1 and expected.ndim <= 1:
        return ""  # any two numbers have a ratio
    return f"it is {_number(ratio)} times what it should be"


def _number(value: float) -> str:
    fraction = Fraction(value).limit_denominator(24)
    if fraction.denominator > 1 and abs(float(fraction) - value) < 1e-9:
        return str(fraction)
    return f"{value:.6g}"


def _largest(claimed: NDArray[Any], expected: NDArray[Any]) -> str:
    difference = np.abs(claimed - expected)
    if difference.ndim == 0 or difference.size == 1:
        return f"it is off by {float(difference.max()):.3g}"
    where = np.unravel_index(int(difference.argmax()), difference.shape)
    place = ", ".join(str(int(index)) for index in where)
    return f"it is off by up to {float(difference.max()):.3g}, at [{place}]"


def kind_of(value: Any) -> str:
    """Return what a value is, for a message about what was expected in its place."""
    if value is None:
        return "None"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return f"a {type(value).__name__}"
