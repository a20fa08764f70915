"""Judges of shapes and types: of whether what comes back is what the handout says that it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from gradcheck.homework.checks.comparison import (
    NOT_THREE,
    Finding,
    Verdict,
    as_array,
    conform,
    imprecision,
    kind_of,
)
from gradcheck.homework.checks.trials import PARTS, PairTrial

if TYPE_CHECKING:
    from gradcheck.homework.checks.trials import GradientTrial

__all__ = ["dtypes", "shapes"]


def shapes(trial: GradientTrial) -> Verdict:
    """Ask for a scalar loss, and gradients in the shapes of their vectors."""
    if not trial.returns_three:
        names = ", ".join(trial.interface.results)
        return Finding(f"expected three values, ({names}); got {kind_of(trial.outcome.result)}")
    for part in PARTS:
        expected, _ = trial.expected_part(part)
        claimed = as_array(trial.claimed(part))
        # A result without numbers fails the check of dtypes.
        if claimed is None or claimed.shape == expected.shape:
            continue
        wanted = "a scalar" if part == "loss" else f"shape {expected.shape}"
        stated = "; the handout states it" if trial.target.course.states_shapes else ""
        return Finding(
            f"{trial.result_name(part)}: expected {wanted}, got shape {claimed.shape}{stated}",
            claimed,
            expected,
            part=part,
            recognise=partial(_shape_mistakes, part=part),
        )
    return None


def _shape_mistakes(trial: GradientTrial, part: str) -> set[str]:
    """Return the mistakes that give a part the shape that it has."""
    if not trial.returns_three:
        return set()
    claimed, others = as_array(trial.claimed(part)), {"center": "outside", "outside": "center"}
    shape = np.shape(trial.expected_part(part)[0])
    if claimed is None or claimed.shape == shape:
        return set()
    got = claimed.shape
    fits = conform(claimed, shape) is not None and not (len(shape) == 2 and got == shape[::-1])
    if part == "loss":
        # Of one word, or one sample, either may be.
        single = isinstance(trial, PairTrial) and len(trial.case.outside) == 1
        named_by = {
            "loss-array": claimed.size == 1,
            "loss-not-summed": claimed.ndim == 1 and (claimed.size > 1 or single),
        }
    else:
        other = as_array(trial.claimed(others[part]))
        due = np.shape(trial.expected_part(others[part])[0])
        swapped = got == due and other is not None and other.shape == shape
        named_by = {
            "results-swapped": swapped,
            "transposed": len(shape) == 2 and got == shape[::-1],
            "extra-axis": fits and len(got) > len(shape),
            "axis-lost": fits and len(got) < len(shape),
            "summed-to-a-number": got == (),
            "axis-wrong": len(shape) == 1 and claimed.ndim == 1 and got == due[:1],
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
            return Finding(f"{name}: expected float64 numbers, got {kind_of(raw)}", part=part)
        if problem := imprecision(claimed):
            identifier = "single-precision" if claimed.dtype == np.float32 else None
            return Finding(f"{name}: {problem}", raw, part=part, mistake=identifier)
    return None
