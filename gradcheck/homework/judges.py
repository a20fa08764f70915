"""Judges of losses and gradients: `None` where a trial is right, a `Finding` where it is wrong.

Each judge looks at one thing and makes little of the others, so that one mistake in a file
fails one check: values are compared whatever the shape, shapes whatever the values, repeated
negatives only where the same case without repeats is right, and so on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.comparison import (
    NO_SAMPLES,
    Finding,
    Unjudged,
    Verdict,
    agrees,
    as_array,
    conform,
    describe_difference,
    imprecision,
    kind_of,
)
from gradcheck.homework.hints import hint
from gradcheck.homework.trials import (
    PARTS,
    GradientTrial,
    PairTrial,
    WindowTrial,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.trials import Trial

Judge = Callable[[Any], Verdict]

_SMALL_SCORE = 10.0

_NOT_THREE = Unjudged("it does not return a loss and two gradients")


# Losses and gradients


def loss_value(trial: GradientTrial) -> Verdict:
    """Compare the loss with the oracle's."""
    return _compare_part(trial, "loss")


def center_gradient(trial: GradientTrial) -> Verdict:
    """Compare the gradient with respect to the center vector, or the rows of it that move."""
    if isinstance(trial, WindowTrial):
        return _compare_part(trial, "center", rows=trial.moved_rows)
    return _compare_part(trial, "center")


def center_rows(trial: WindowTrial) -> Verdict:
    """Ask for zeros in the rows of the words that the loss does not depend on."""
    others = sorted(set(range(len(trial.case.center_vectors))) - set(trial.moved_rows))
    if not others:
        return Unjudged("every word is in the window")
    return _compare_part(trial, "center", rows=others)


def outside_gradient(trial: GradientTrial) -> Verdict:
    """Compare the gradient with respect to the outside vectors with the oracle's."""
    return _compare_part(trial, "outside")


def shapes(trial: GradientTrial) -> Verdict:
    """Ask for a scalar loss, and gradients of the shapes of what they belong to."""
    if not trial.returns_three:
        names = ", ".join(trial.interface.results)
        return Finding(f"expected three values, ({names}); got {kind_of(trial.outcome.result)}")
    for part in PARTS:
        expected, _ = trial.expected_part(part)
        claimed = as_array(trial.claimed(part))
        if claimed is None or claimed.shape == expected.shape:
            continue
        name = trial.result_name(part)
        wanted = "a scalar" if part == "loss" else f"shape {expected.shape}"
        return Finding(
            f"{name}: expected {wanted}, got shape {claimed.shape}"
            f"{_shape_remark(claimed, expected)}",
            claimed,
            expected,
        )
    return None


def dtypes(trial: GradientTrial) -> Verdict:
    """Ask for floating-point numbers of full precision."""
    if not trial.returns_three:
        return _NOT_THREE
    for part in PARTS:
        raw = trial.claimed(part)
        claimed = as_array(raw)
        name = trial.result_name(part)
        if claimed is None:
            return Finding(f"{name}: expected float64 numbers, got {kind_of(raw)}")
        if problem := imprecision(claimed):
            return Finding(f"{name}: {problem}", raw)
    return None


def finite_and_right(trial: PairTrial) -> Verdict:
    """Ask for the right loss and gradients where the scores are large.

    Asked only of what is right where they are not: this is about overflow alone.
    """
    largest = np.abs(trial.case.outside @ trial.case.center).max()
    if not largest > _SMALL_SCORE:
        return None
    small = replace(trial.case, center=trial.case.center * (_SMALL_SCORE / largest))
    verdict = _compare_where_right(trial, trial.on(small))
    if not isinstance(verdict, Finding):
        return verdict
    return replace(verdict, message=f"with scores of up to ±{largest:.0f}, {verdict.message}")


def repeated_negatives(trial: PairTrial) -> Verdict:
    """Ask that a negative drawn m times counts m times."""
    case = trial.case
    negatives = _without_repeats(case.negatives, len(case.outside), but={case.target})
    return _compare_where_right(trial, trial.on(replace(case, negatives=negatives)))


def repeated_words(trial: WindowTrial) -> Verdict:
    """Ask that a word that is m times in the window counts m times."""
    context = _without_repeats(trial.case.context, len(trial.case.center_vectors), but=set())
    return _compare_where_right(trial, trial.on(replace(trial.case, context=context)))


# What holds for any function


def inputs_unchanged(trial: Trial) -> Verdict:
    """Ask that the caller's arrays come back as they were."""
    changed = trial.outcome.overwritten
    if not changed:
        return None
    return Finding(f"it overwrites its argument {' and '.join(changed)}")


def same_answer_twice(trial: Trial) -> Verdict:
    """Ask that the same call gives the same answer later, under another random seed."""
    first, second = trial.outcome, trial.again
    if second.status != "returned":
        return Finding(f"the second call with the same arguments fails: {second.message}")
    if _same(first.result, second.result):
        return None
    return Finding(
        "a second call with the same arguments gives another answer: something is kept between "
        "calls, or drawn at random",
        second.result,
        first.result,
    )


# Windows


def passed_loss_called(trial: WindowTrial) -> Verdict:
    """Ask that the loss function that is passed in is the one that is called."""
    losses = trial.target.course.functions
    for passed in ("naive-softmax", "negative-sampling"):
        outcome = trial.call(passed_loss=passed)
        if outcome.status != "returned":
            return Unjudged("it does not return")
        if passed in outcome.losses_called:
            continue
        called = ", ".join(sorted({losses[role].name for role in outcome.losses_called}))
        return Finding(
            f"given {losses[passed].name}, it does not call it"
            + (f", but {called}" if called else "")
        )
    return None


# Shared


def _compare_part(trial: GradientTrial, part: str, rows: list[int] | None = None) -> Verdict:
    values = _comparable(trial, part)
    if isinstance(values, Unjudged):
        return values
    expected, scale = trial.expected_part(part)
    judged: Any = ... if rows is None else rows
    close = np.ones(expected.shape, dtype=bool)
    close[judged] = agrees(values, expected, scale)[judged]
    if close.all():
        return None
    if _is_transposed_square(values, expected, scale):
        return Unjudged("it is transposed")
    seen = np.where(close, expected, values)
    remark = hint(trial, part, seen, expected, agrees)
    how = remark or describe_difference(seen, expected, close, trial.row_label)
    return Finding(f"{trial.result_name(part)}: {how}", values, expected)


def _comparable(trial: GradientTrial, part: str) -> NDArray[Any] | Unjudged:
    """Return the claimed values in the shape of the expected ones, or why there are none."""
    if not trial.returns_three:
        return _NOT_THREE
    if isinstance(trial, PairTrial) and trial.role == "negative-sampling" and not trial.negatives:
        return NO_SAMPLES
    claimed = as_array(trial.claimed(part))
    if claimed is None:
        return Unjudged("it holds no numbers")
    values = conform(claimed, trial.expected_part(part)[0].shape)
    if values is None:
        return Unjudged(f"{trial.result_name(part)} has another shape")
    return values


def _is_transposed_square(
    values: NDArray[Any], expected: NDArray[Any], scale: NDArray[Any]
) -> bool:
    """Say whether only the shape is wrong, which in a square matrix does not show.

    Then it does in the other cases, where the check of shapes finds it.
    """
    if expected.ndim != 2 or expected.shape[0] != expected.shape[1]:
        return False
    return bool(agrees(values.T, expected, scale).all())


def _compare_where_right(trial: GradientTrial, plain: Trial) -> Verdict:
    """Compare each part that is right in the plain trial."""
    assert isinstance(plain, GradientTrial)
    if plain.outcome.status != "returned":
        return Unjudged("it fails on a plainer case already")
    judged = 0
    judges = zip(PARTS, (loss_value, center_gradient, outside_gradient), strict=True)
    for part, judge in judges:
        if _is_zero(plain, part) or judge(plain) is not None:
            continue
        judged += 1
        verdict = judge(trial)
        if isinstance(verdict, Finding):
            return verdict
    return None if judged else Unjudged("it is wrong on a plainer case already")


def _is_zero(trial: GradientTrial, part: str) -> bool:
    """Say whether zero is right, which many a wrong formula gives."""
    expected, scale = trial.expected_part(part)
    return bool(agrees(np.zeros_like(expected), expected, scale).all())


def _without_repeats(indices: tuple[int, ...], words: int, *, but: set[int]) -> tuple[int, ...]:
    """Put another word in the place of each that came before, as long as there are others."""
    unused = [word for word in range(words) if word not in but and word not in indices]
    distinct: list[int] = []
    for index in indices:
        if index not in distinct:
            distinct.append(index)
        elif unused:
            distinct.append(unused.pop())
    return tuple(distinct)


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, tuple | list) and isinstance(second, tuple | list):
        return len(first) == len(second) and all(map(_same, first, second))
    one, other = as_array(first), as_array(second)
    if one is None or other is None:
        return one is None and other is None
    return np.array_equal(one, other, equal_nan=True)


def _shape_remark(claimed: NDArray[Any], expected: NDArray[Any]) -> str:
    if expected.ndim == 2 and claimed.shape == expected.shape[::-1]:
        return " (transposed)"
    if conform(claimed, expected.shape) is not None:
        return " (the values fit, the axes do not)"
    return ""
