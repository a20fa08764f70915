"""Claimed against expected values: agreement to within rounding, and differences in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Finding",
    "Seen",
    "Unjudged",
    "Verdict",
    "agrees",
    "as_array",
    "conform",
    "describe_difference",
    "imprecision",
    "is_near",
    "kind_of",
]

# How many units of rounding an implementation may be off: see `oracle.Answer` for the scale that
# one unit has. Loops, einsum and plain formulas stay below 10; a float32 inside is 1e7 off.
TOLERANCE_ULPS = 256.0
REQUIRED_PRECISION = 1e-8
"""Of the same scale: a file fails by more, and is advised where it is off by less than that."""


@dataclass(frozen=True)
class Finding:
    """A mistake, as one case shows it.

    Attributes
    ----------
    message : str
        The mistake in words.
    claimed, expected : Any
        The two values, where there are values to show.
    lead : str
        The beginning of the message; the rest of it says what was seen.
    part : str
        The part of the result that is wrong, where `observe` is given.
    observe : callable, optional
        Returns the values that the check looks at in another trial: see `mistakes.explain`.
    mistake : str, optional
        The identifier of the mistake, where it is one that has a name.
    mistakes : tuple of str
        All that it may be: that one first, then those that are made with it or fit as well.
    recognise : callable, optional
        Returns the mistakes that may be behind what a trial shows; None where it tells nothing.
    """

    message: str
    claimed: Any = None
    expected: Any = None
    lead: str = ""
    part: str = ""
    observe: Callable[[Any], Seen | Unjudged] | None = None
    mistake: str | None = None
    mistakes: tuple[str, ...] = ()
    recognise: Callable[[Any], set[str] | None] | None = None

    def __post_init__(self) -> None:
        if self.mistake and not self.mistakes:
            object.__setattr__(self, "mistakes", (self.mistake,))


@dataclass(frozen=True)
class Seen:
    """The values that a check looks at in one trial; they are compared where `judged`.

    Attributes
    ----------
    claimed, expected, scale, judged : ndarray
        See `agrees`.
    terms : Any
        The terms of the right answer, where they are not those of the trial's first call.
    """

    claimed: NDArray[Any]
    expected: NDArray[Any]
    scale: NDArray[Any]
    judged: NDArray[np.bool_]
    terms: Any = None

    def is_like(self, predicted: NDArray[Any], slack: float = 1.0) -> bool:
        """Say whether the claim is as predicted, to within rounding, where it is judged."""
        return _is_like(self.claimed, predicted, slack * self.scale, self.judged)

    def is_right(self, predicted: NDArray[Any], slack: float = 1.0) -> bool:
        """Say whether the prediction is the expected value."""
        return _is_like(self.expected, predicted, slack * self.scale, self.judged)


def _is_like(
    claimed: NDArray[Any],
    predicted: NDArray[Any],
    scale: NDArray[Any],
    judged: NDArray[np.bool_],
) -> bool:
    if claimed.shape != predicted.shape or claimed.shape != judged.shape:
        return False
    # Infinite and missing numbers are alike where they are the same.
    same = (claimed == predicted) | (np.isnan(claimed) & np.isnan(predicted))
    finite = np.isfinite(predicted) & judged
    # A wrong formula may cancel where the right one does not, so the largest terms count.
    largest = np.max(scale[judged], initial=0.0) + np.max(np.abs(predicted[finite]), initial=0.0)
    return bool((same | (finite & agrees(claimed, predicted, largest)))[judged].all())


@dataclass(frozen=True)
class Unjudged:
    """Nothing to say about the case: another check has, or nothing can be told."""

    reason: str


Verdict = Finding | Unjudged | None

NOT_THREE = Unjudged("it does not return a loss and two gradients")
NO_SAMPLES = Unjudged("its negatives come from elsewhere than the dataset, so they are not known")


def as_array(claimed: Any) -> NDArray[Any] | None:
    """Return a claim as a numerical array, None if it is no such thing."""
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
    # A longdouble is held to no more digits than float64 has.
    eps = max(coarse.eps, np.finfo(np.float64).eps)
    return _within(claimed, expected, TOLERANCE_ULPS * eps * scale)


def is_near(
    claimed: NDArray[Any], expected: NDArray[Any], scale: NDArray[Any]
) -> NDArray[np.bool_]:
    """Say for each entry whether it is as right as a course asks for; NaN never is."""
    close = _within(claimed, expected, REQUIRED_PRECISION * scale)
    return close | agrees(claimed, expected, scale)


def _within(
    claimed: NDArray[Any], expected: NDArray[Any], bound: NDArray[Any]
) -> NDArray[np.bool_]:
    # What is below the smallest normal number has lost its precision, or is gone.
    coarse = np.finfo(claimed.dtype if claimed.dtype.kind == "f" else np.float64)
    return np.asarray(np.abs(claimed - expected) - coarse.tiny <= bound)


def imprecision(claimed: NDArray[Any]) -> str:
    """Return the fault of a dtype that is to be float64, nothing if it has none."""
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
    """Return the difference of an array from the expected one, in words."""
    if not np.isfinite(claimed).all():  # first: a distance from NaN is no number
        verb = "holds" if claimed.ndim else "is"
        value = claimed[~np.isfinite(claimed)].flat[0]
        return f"it {verb} {'NaN' if np.isnan(value) else value}"
    if expected.ndim == 2 and not close.all():
        wrong = np.flatnonzero(~close.all(axis=1))
        if len(wrong) < len(expected):
            labels = ((row, row_label(int(row))) for row in wrong[:3])
            rows = ", ".join(f"{row} ({label})" if label else str(row) for row, label in labels)
            rows += ", …" if len(wrong) > 3 else ""
            noun = f"rows {rows} are wrong" if len(wrong) > 1 else f"row {rows} is wrong"
            return f"{noun}; every other row is right"
    return _largest(claimed, expected)


def _largest(claimed: NDArray[Any], expected: NDArray[Any]) -> str:
    difference = np.abs(claimed - expected)
    if difference.ndim == 0 or difference.size == 1:
        return f"it is off by {float(difference.max()):.3g}"
    where = np.unravel_index(int(difference.argmax()), difference.shape)
    place = ", ".join(str(int(index)) for index in where)
    return f"it is off by up to {float(difference.max()):.3g}, at [{place}]"


def kind_of(value: Any) -> str:
    """Return the kind of a value, for a message about another that was expected in its place."""
    if value is None:
        return "None"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return f"a {type(value).__name__}"
