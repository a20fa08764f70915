"""Judges of shapes and types, by the handout's word on each result."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.checks.comparison import (
    NOT_THREE,
    Finding,
    Unjudged,
    Verdict,
    as_array,
    conform,
    imprecision,
    kind_of,
)
from gradcheck.homework.checks.trials import PARTS, PairTrial

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.checks.trials import GradientTrial

__all__ = ["dtypes", "exact_shapes", "scalar_loss", "shapes"]


def shapes(trial: GradientTrial) -> Verdict:
    """Ask for a scalar loss, and gradients in the shapes of their vectors."""
    if not trial.returns_three:
        names = ", ".join(trial.interface.results)
        return Finding(f"expected three values, ({names}); got {kind_of(trial.outcome.result)}")
    for part in PARTS:
        expected, _ = trial.expected_part(part)
        raw = trial.claimed(part)
        claimed = as_array(raw)
        if claimed is None:
            name = trial.result_name(part)
            return Finding(f"{name}: expected float64 numbers, got {kind_of(raw)}", part=part)
        # A loss of one number adds up as a number does: see `scalar_loss`.
        if claimed.shape == expected.shape or (part == "loss" and claimed.size == 1):
            continue
        if not _is_absorbed(trial, claimed, expected.shape):
            return _wrong_shape(trial, part, claimed, expected)
    return None


def exact_shapes(trial: PairTrial) -> Verdict:
    """Ask for gradients in the very shapes of their vectors, where others do no harm."""
    if not trial.returns_three:
        return NOT_THREE
    for part in PARTS[1:]:
        expected, _ = trial.expected_part(part)
        claimed = as_array(trial.claimed(part))
        if claimed is None or claimed.shape == expected.shape:
            continue
        if not _is_absorbed(trial, claimed, expected.shape):
            return Unjudged("its shapes are wrong already")
        return _wrong_shape(trial, part, claimed, expected)
    return None


def _is_absorbed(trial: GradientTrial, claimed: NDArray[Any], shape: tuple[int, ...]) -> bool:
    """Say whether the file's own skip-gram makes up for axes of length 1 in a gradient.

    Where the handout states the shape, there is nothing to make up for.
    """
    if not isinstance(trial, PairTrial) or trial.target.states_shapes(trial.role):
        return False
    long_axes = [size for size in shape if size != 1]
    if [size for size in claimed.shape if size != 1] != long_axes:
        return False
    return trial.is_usable


def scalar_loss(trial: GradientTrial) -> Verdict:
    """Ask for a number as the loss, where it is an array of one."""
    if not trial.returns_three:
        return NOT_THREE
    claimed = as_array(trial.claimed("loss"))
    if claimed is None or claimed.size != 1:
        return Unjudged("it is no single number")
    if claimed.shape == ():
        return None
    return _wrong_shape(trial, "loss", claimed, trial.expected_part("loss")[0])


def _wrong_shape(
    trial: GradientTrial, part: str, claimed: NDArray[Any], expected: NDArray[Any]
) -> Finding:
    wanted = "a scalar" if part == "loss" else f"shape {expected.shape}"
    # The courses' docstrings give no shape of the loss.
    is_stated = part != "loss" and trial.target.states_shapes(trial.role)
    stated = "; its docstring states it" if is_stated else ""
    return Finding(
        f"{trial.result_name(part)}: expected {wanted}, got shape {claimed.shape}{stated}",
        claimed,
        expected,
        part=part,
        recognise=partial(_shape_mistakes, part=part),
    )


def _shape_mistakes(trial: GradientTrial, part: str) -> set[str] | None:
    """Return the mistakes by which a part may have the shape that it has, right ones included."""
    claimed = as_array(trial.claimed(part)) if trial.returns_three else None
    if claimed is None:
        return None
    got, shape = claimed.shape, np.shape(trial.expected_part(part)[0])
    if part == "loss":
        # Of one word, or one sample, either may be.
        single = isinstance(trial, PairTrial) and len(trial.case.outside) == 1
        named_by = {
            "loss-array": claimed.size == 1 and got != (),
            "loss-not-summed": claimed.ndim == 1 and (claimed.size > 1 or single),
        }
        return {identifier for identifier, applies in named_by.items() if applies}
    others = "outside" if part == "center" else "center"
    other = as_array(trial.claimed(others))
    due = np.shape(trial.expected_part(others)[0])
    is_matrix = len(shape) == 2
    fits = conform(claimed, shape) is not None and not (is_matrix and got == shape[::-1])
    named_by = {
        "results-swapped": got == due and other is not None and other.shape == shape,
        "transposed": is_matrix and got == shape[::-1],
        "extra-axis": fits and len(got) > len(shape),
        "axis-lost": (fits and len(got) < len(shape)) or (got == shape and 1 not in shape),
        "summed-to-a-number": got == (),
        "axis-wrong": not is_matrix and got == due[:1],
        "rows-of-samples-only": _has_row_of_each_sample(trial, got, shape),
    }
    return {identifier for identifier, applies in named_by.items() if applies}


def _has_row_of_each_sample(
    trial: GradientTrial, got: tuple[int, ...], shape: tuple[int, ...]
) -> bool:
    if not isinstance(trial, PairTrial) or len(got) != 2 or len(shape) != 2:
        return False
    count = len(trial.negatives)
    return count > 0 and got[1] == shape[1] and got[0] in {count, count + 1}


def dtypes(trial: GradientTrial) -> Verdict:
    """Ask for floating-point numbers of full precision."""
    if not trial.returns_three:
        return NOT_THREE
    for part in PARTS:
        raw = trial.claimed(part)
        claimed = as_array(raw)
        name = trial.result_name(part)
        if claimed is None:
            return Unjudged("it holds no numbers")
        if problem := imprecision(claimed):
            identifier = "single-precision" if claimed.dtype == np.float32 else None
            return Finding(f"{name}: {problem}", raw, part=part, mistake=identifier)
    return None
