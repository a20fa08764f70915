"""Judges of what holds for any function: arguments stay as they are, and answers the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.checks.comparison import Finding, Verdict, agrees, as_array
from gradcheck.homework.checks.mistakes.mistake_table import found
from gradcheck.homework.checks.trials import PARTS, GradientTrial, is_three

if TYPE_CHECKING:
    from gradcheck.homework.checks.trials import Trial

__all__ = ["inputs_unchanged", "same_answer_twice"]


def inputs_unchanged(trial: Trial) -> Verdict:
    """Ask that the caller's arrays come back as they were."""
    changed = trial.outcome.overwritten
    if not changed:
        return None
    message = f"it overwrites its argument {' and '.join(changed)}"
    return Finding(message, mistake="argument-overwritten")


def same_answer_twice(trial: Trial) -> Verdict:
    """Ask that the same call gives the same answer later, under another random seed."""
    first, second = trial.outcome, trial.again
    if second.status != "returned":
        return Finding(f"the second call with the same arguments fails: {second.message}")
    if second.earlier_overwritten:
        return found("answer-shared")
    if not (isinstance(trial, GradientTrial) and trial.returns_three and is_three(second.result)):
        return None if _same(first.result, second.result) else found(_why_another(trial))
    for part, one, other in zip(PARTS, first.result, second.result, strict=True):
        # What is summed in another order may differ by as much as from the right value.
        if not _same(one, other, trial.expected_part(part)[1]):
            lead = f"{trial.result_name(part)}: "
            return found(_why_another(trial), lead, claimed=as_array(other), expected=as_array(one))
    return None


def _why_another(trial: Trial) -> str:
    """Return why a second call gives another answer: it is the seed, or something kept."""
    # What the seed decides is the same under the same one, however often it is called.
    one, other = (trial.call(seed=3).result for _ in range(2))
    return "drawn-at-random" if _same(one, other) else "state-kept"


def _same(first: Any, second: Any, scale: Any = 0.0) -> bool:
    """Say whether two answers are the same to within the rounding that `scale` allows."""
    if isinstance(first, tuple | list) and isinstance(second, tuple | list):
        return len(first) == len(second) and all(map(_same, first, second))
    one, other = as_array(first), as_array(second)
    if one is None or other is None:
        return one is None and other is None
    if one.shape != other.shape or np.array_equal(one, other, equal_nan=True):
        return one.shape == other.shape
    # In another shape, entries cannot be matched with their scales.
    fitting = scale if np.shape(scale) == one.shape else np.max(scale)
    missing = np.isnan(one) & np.isnan(other)
    return bool((missing | (one == other) | agrees(other, one, fitting)).all())
