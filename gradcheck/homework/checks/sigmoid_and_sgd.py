"""Judges of the sigmoid and of gradient descent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.checks.comparison import (
    Finding,
    Seen,
    Unjudged,
    Verdict,
    agrees,
    as_array,
    describe_difference,
    imprecision,
    is_near,
    kind_of,
)
from gradcheck.homework.checks.mistakes.descent_mistakes import DescentTerms
from gradcheck.homework.checks.mistakes.mistake_table import found

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.calling.calls import Outcome
    from gradcheck.homework.checks.trials import SgdTrial, SigmoidTrial

__all__ = [
    "sgd_current_point",
    "sgd_iterations",
    "sgd_postprocessing",
    "sgd_step",
    "sigmoid_dtype",
    "sigmoid_of_large",
    "sigmoid_rounding",
    "sigmoid_shape",
    "sigmoid_value",
]


_SMALL = 10.0


def sigmoid_value(trial: SigmoidTrial) -> Verdict:
    """Compare with 1 / (1 + exp(-x))."""
    claimed = as_array(trial.outcome.result)
    if claimed is None:
        return Finding(f"expected numbers, got {kind_of(trial.outcome.result)}")
    expected = trial.expected
    if claimed.size != expected.size:
        return Unjudged("its shape is another")
    values = claimed.reshape(expected.shape)
    close = is_near(values, expected, _scale(trial))
    if close.all():
        return None
    lead = f"{trial.interface.name}: "
    how = describe_difference(values, expected, close)
    return Finding(lead + how, values, expected, lead, "value", _sigmoid_seen)


def sigmoid_rounding(trial: SigmoidTrial) -> Verdict:
    """Ask for all the digits that rounding leaves, where the value is right but for that."""
    seen = _sigmoid_seen(trial)
    if isinstance(seen, Unjudged):
        return seen
    if not is_near(seen.claimed, seen.expected, _scale(trial)).all():
        return Unjudged("its values are wrong already")
    close = agrees(seen.claimed, seen.expected, _scale(trial))
    if close.all():
        return None
    error = float(np.abs(seen.claimed - seen.expected)[~close].max())
    how = f"digits are lost: it is off by {error:.2g}, more than rounding explains"
    return Finding(f"{trial.interface.name}: {how}", seen.claimed, seen.expected)


def _scale(trial: SigmoidTrial) -> NDArray[np.float64]:
    # exp(x) turns the rounding of x, relative to x, into a relative error of the value.
    # Below the smallest normal number there is no relative precision to speak of.
    floor = np.finfo(np.float64).tiny / np.finfo(np.float64).eps
    scale: NDArray[np.float64] = floor + trial.expected * (1.0 + np.abs(trial.case.x))
    return scale


def _sigmoid_seen(trial: SigmoidTrial) -> Seen | Unjudged:
    claimed, expected = as_array(trial.outcome.result), trial.expected
    if claimed is None or claimed.size != expected.size:
        return Unjudged("its shape is another")
    scale = 1.0 + np.abs(trial.case.x)
    return Seen(
        claimed.reshape(expected.shape), expected, scale, np.ones(expected.shape, dtype=bool)
    )


def sigmoid_of_large(trial: SigmoidTrial) -> Verdict:
    """Ask for the right value of large arguments, where that of small ones is right."""
    x = trial.case.x
    largest = float(np.abs(x).max())
    small = trial.on(replace(trial.case, x=np.asarray(x * min(1.0, _SMALL / (largest or 1.0)))))
    if small.outcome.status != "returned" or sigmoid_value(small) is not None:
        return Unjudged("it is wrong for small arguments already")
    verdict = sigmoid_value(trial)
    if not isinstance(verdict, Finding):
        return verdict
    return replace(verdict, observe=None, mistake="sigmoid-overflows", mistakes=())


def sigmoid_shape(trial: SigmoidTrial) -> Verdict:
    """Ask for the shape of the argument."""
    claimed = as_array(trial.outcome.result)
    if claimed is None or claimed.shape == trial.expected.shape:
        return None
    wanted = f"shape {trial.expected.shape}" if trial.case.x.ndim else "a scalar"
    return Finding(f"expected {wanted}, as x has, got shape {claimed.shape}")


def sigmoid_dtype(trial: SigmoidTrial) -> Verdict:
    """Ask for floating-point numbers of full precision."""
    raw = trial.outcome.result
    claimed = as_array(raw)
    problem = None if claimed is None else imprecision(claimed)
    if claimed is None or not problem:
        return None
    identifier = "single-precision" if claimed.dtype == np.float32 else None
    return Finding(f"{trial.interface.name}: {problem}", mistake=identifier)


def sgd_step(trial: SgdTrial) -> Verdict:
    """Ask that one iteration is x - step * gradient."""
    case = trial.case
    outcome = trial.one_step
    claimed = _point(outcome)
    if claimed is None or claimed.shape != case.x0.shape:
        return Finding(f"expected x of shape {case.x0.shape}, got {kind_of(outcome.result)}")
    if not trial.outcome.points and np.array_equal(claimed, case.x0):
        return Finding("not implemented yet: it returns x0 and never calls f")
    expected = case.x0 - case.step * case.gradient
    close = agrees(claimed, expected, np.abs(case.x0) + np.abs(case.step * case.gradient))
    if close.all():
        return None
    lead = "after one iteration, x: "
    how = describe_difference(claimed, expected, close)
    observe = _observer(lambda other: (other.one_step, DescentTerms(case=other.case)))
    return Finding(lead + how, claimed, expected, lead, "run", observe)


def _observer(
    run: Callable[[SgdTrial], tuple[Outcome, DescentTerms]],
) -> Callable[[SgdTrial], Seen | Unjudged]:
    """Return the function that looks at the x of a run."""

    def observe(trial: SgdTrial) -> Seen | Unjudged:
        outcome, terms = run(trial)
        x = _point(outcome)
        if x is None or x.shape != trial.case.x0.shape:
            return Unjudged("it does not return x")
        # As many steps of another size may end in the same point.
        claimed, expected = np.append(x, float(len(outcome.points))), terms.part("run")
        largest = np.abs(trial.case.x0).max() + np.abs(trial.case.gradient).max() * terms.iterations
        scale = np.full(expected.shape, 1.0 + largest)
        return Seen(claimed, expected, scale, np.ones(expected.shape, dtype=bool), terms)

    return observe


def sgd_iterations(trial: SgdTrial) -> Verdict:
    """Ask for as many steps as iterations."""
    case = trial.case
    one, many = _point(trial.one_step), _point(trial.outcome)
    if one is None or many is None or one.shape != case.x0.shape or many.shape != case.x0.shape:
        return Unjudged("it does not return x")
    moved = _steps_made(trial)
    if moved is None:
        return Unjudged("it does not move")
    if abs(moved - case.iterations) < 1e-6:
        return None
    how = f"expected {case.iterations} iterations, it moves as far as in {moved:.6g}"
    observe = _observer(
        lambda other: (
            other.outcome,
            DescentTerms(case=other.case, iterations=other.case.iterations),
        )
    )
    return Finding(how, many, None, f"{how}: ", "run", observe)


def sgd_current_point(trial: SgdTrial) -> Verdict:
    """Ask that f is asked at the point that has been reached."""
    # If f is asked only once, that is at x0, and rightly so.
    asked = trial.outcome.points
    if len({point.tobytes() for point in asked}) < min(2, len(asked)):
        return found("gradient-of-the-start")
    made = _steps_made(trial)
    same_steps = made is not None and abs(made - round(made)) < 1e-6
    if asked and made is not None and same_steps and len(asked) < round(made):
        return Finding(
            f"it asks f for the gradient {len(asked)} times in {round(made)} steps: each step "
            "needs the gradient at the current x",
            mistake="gradient-not-renewed",
        )
    return None


def sgd_postprocessing(trial: SgdTrial) -> Verdict:
    """Ask that the postprocessing is applied to x in each iteration."""
    case = trial.case
    if not trial.outcome.points:
        return Unjudged("it never calls f")
    outcome = trial.postprocessed
    if outcome.status != "returned":
        return Finding(f"with a postprocessing, {outcome.message}")
    one, claimed, made = _point(trial.one_step), _point(outcome), _steps_made(trial)
    if one is None or claimed is None or claimed.shape != case.x0.shape or made is None:
        return Unjudged("it does not return x")
    # A step that grows makes as many of the first one as it likes.
    steps = round(made) if 0.0 <= made <= 10.0 * case.iterations else 0
    if len(trial.one_step.points) != 1 or abs(made - steps) > 1e-6:
        return Unjudged("its steps are not of one size, or too many, already")
    # Both as the file makes them: a wrong step or number of steps is for other checks to find.
    after, before, step = case.x0, case.x0, one - case.x0
    for _ in range(steps):
        after = trial.postprocess(after + step)
        before = trial.postprocess(before) + step
    if _is_near(claimed, after):
        return None
    lead = f"it is applied {outcome.postprocessed} times in {steps} iterations"
    if outcome.postprocessed == steps:
        is_before = _is_near(claimed, before)
        finding = found(
            "postprocessed-too-early" if is_before else "postprocessing-lost", f"{lead}: "
        )
    else:
        once = outcome.postprocessed == 1
        finding = Finding(lead, mistake="postprocessed-once" if once else "postprocessing-lost")
    return replace(finding, claimed=claimed, expected=after)


def _steps_made(trial: SgdTrial) -> float | None:
    """Return the number of its own steps that it makes: the gradient is the same everywhere."""
    one, many = _point(trial.one_step), _point(trial.outcome)
    x0 = trial.case.x0
    if one is None or many is None or one.shape != x0.shape or many.shape != x0.shape:
        return None
    step = one - x0
    # The median: an entry with a tiny step gives an imprecise number.
    return float(np.median((many - x0) / step)) if np.abs(step).min() > 0.0 else None


def _is_near(claimed: NDArray[Any], expected: NDArray[Any]) -> bool:
    return bool(np.abs(claimed - expected).max() <= 1e-9 * (1.0 + np.abs(expected).max()))


def _point(outcome: Outcome) -> NDArray[Any] | None:
    return as_array(outcome.result) if outcome.status == "returned" else None
