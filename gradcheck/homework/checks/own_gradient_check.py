"""Checks of a student's own `gradcheck_naive`, which is to tell right gradients from wrong ones."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from gradcheck.homework.calling.calls import Call, Outcome
from gradcheck.homework.checks.check import Check
from gradcheck.homework.checks.comparison import Finding, Unjudged, Verdict
from gradcheck.homework.checks.trials import Trial

if TYPE_CHECKING:
    from gradcheck.homework.checks.cases import GradientCheckCase

__all__ = ["OWN_GRADIENT_CHECKS", "GradientCheckTrial"]

_ROUNDING = 1e-9


class GradientCheckTrial(Trial):
    """A student's gradient check, of f(x) = Σ c x²."""

    case: GradientCheckCase

    def first_call(self) -> Call:
        """Return the call that the case stands for: of a right gradient."""
        return self._call(0.0)

    def _call(self, error: float, *, draws: bool = False) -> Call:
        case = self.case
        offset = np.zeros_like(case.x)
        offset.flat[case.entry] = error
        inputs = {"x": case.x, "curvature": case.curvature, "offset": offset, "draws": draws}
        return Call(self.role, inputs)

    @cached_property
    def of_wrong(self) -> Outcome:
        """The outcome for a gradient with one wrong entry."""
        return self.target.call(self._call(self.case.error))

    @cached_property
    def of_random(self) -> Outcome:
        """The outcome for the right gradient of a function that draws a number."""
        return self.target.call(self._call(0.0, draws=True))


def _says_right(outcome: Outcome) -> bool | None:
    """Say whether a check called the gradient right; None where it said neither."""
    said = str(outcome.result).lower()
    if "fail" in said or "not pass" in said:
        return False
    return True if "pass" in said else None


def _passes_right(trial: GradientCheckTrial) -> Verdict:
    said = _says_right(trial.outcome)
    if said is None:
        return Finding("it says neither that the gradient passed nor that it failed")
    if said:
        return None
    return Finding("it calls the right gradient 2 c x of f(x) = Σ c x² wrong")


def _catches_wrong(trial: GradientCheckTrial) -> Verdict:
    if trial.of_wrong.status != "returned":
        return Finding(f"given a wrong gradient, {trial.of_wrong.message}")
    if _says_right(trial.of_wrong) is False:
        return None
    case = trial.case
    return Finding(
        f"it lets a wrong gradient pass: entry {case.entry} of 2 c x is off by {case.error:g}"
    )


def _random_state(trial: GradientCheckTrial) -> Verdict:
    if _says_right(trial.outcome) is not True:
        return Unjudged("it calls a right gradient wrong already")
    if trial.of_random.status == "returned" and _says_right(trial.of_random):
        return None
    return Finding(
        "where f draws a number from `random`, it calls the right gradient wrong: "
        "random.setstate(rndstate) belongs before each call of f"
    )


def _x_restored(trial: GradientCheckTrial) -> Verdict:
    # What it leaves of x comes last.
    left = trial.outcome.points[-1] if trial.outcome.points else trial.case.x
    if left.shape == trial.case.x.shape and np.allclose(left, trial.case.x, 0.0, _ROUNDING):
        return None
    return Finding("it leaves x changed: each entry that was moved is to be moved back")


OWN_GRADIENT_CHECKS: tuple[Check, ...] = (
    Check(
        "gradient-check",
        "right-gradient",
        "gradient-check",
        _passes_right,
        "It lets a right gradient pass, of a number, a vector and a matrix.",
    ),
    Check(
        "gradient-check",
        "wrong-gradient",
        "gradient-check",
        _catches_wrong,
        "It catches a gradient that is wrong in one entry, whichever it is.",
    ),
    Check(
        "gradient-check",
        "random-state",
        "gradient-check",
        _random_state,
        "It calls f with the same state of `random` each time.",
    ),
    Check("gradient-check", "x-restored", "gradient-check", _x_restored, "It leaves x as it was."),
)
