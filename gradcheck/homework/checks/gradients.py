"""Judges of losses and gradients: `None` where a trial is right, a `Finding` where it is wrong.

Each judge looks at one thing and makes little of the others, so that one mistake in a file
fails one check: values are compared whatever the shape, shapes whatever the values, repeated
negatives only where the same case without repeats is right, and so on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.calling.calls import LOSS_FACTORS, Outcome
from gradcheck.homework.checks.comparison import (
    NO_SAMPLES,
    NOT_THREE,
    Finding,
    Seen,
    Unjudged,
    Verdict,
    agrees,
    as_array,
    describe_difference,
    is_near,
)
from gradcheck.homework.checks.mistakes.mistake_table import mistake
from gradcheck.homework.checks.shapes import exact_shapes, shapes
from gradcheck.homework.checks.trials import (
    PARTS,
    GradientTrial,
    PairTrial,
    WindowTrial,
    is_three,
)
from gradcheck.homework.courses import Role
from gradcheck.word2vec.cases import Case, WindowCase
from gradcheck.word2vec.loss_table import named

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.checks.trials import Trial

Judge = Callable[[Any], Verdict]
RowsOf = Callable[[Any], list[int]]

_SMALL_SCORE = 10.0
_SMALLEST_SHARE = 1e-6
"""Of the scale of its terms: below, a value is made of what cancels."""


# Losses and gradients


def loss_value(trial: GradientTrial) -> Verdict:
    """Compare the loss with the oracle's."""
    return _compare_part(trial, "loss")


def center_gradient(trial: GradientTrial) -> Verdict:
    """Compare the gradient with respect to the center vector, or the rows of it that move."""
    if isinstance(trial, WindowTrial):
        return _compare_part(trial, "center", rows=lambda shown: shown.moved_rows)
    return _compare_part(trial, "center")


def center_rows(trial: WindowTrial) -> Verdict:
    """Ask for zeros in the rows of the words that the loss does not depend on."""

    def other_rows(shown: WindowTrial) -> list[int]:
        return sorted(set(range(len(shown.case.center_vectors))) - set(shown.moved_rows))

    return _compare_part(trial, "center", rows=other_rows)


def outside_gradient(trial: GradientTrial) -> Verdict:
    """Compare the gradient with respect to the outside vectors with the oracle's."""
    return _compare_part(trial, "outside")


def rounding(trial: GradientTrial) -> Verdict:
    """Ask for all the digits that rounding leaves, where the values are right but for that."""
    judged = False
    for part in PARTS:
        seen = _observe(trial, part, rows=None)
        if isinstance(seen, Unjudged):
            continue
        if not is_near(seen.claimed, seen.expected, seen.scale).all():
            return Unjudged("its values are wrong already")
        judged = True
        # Next to nothing, a wrong sign is as near as a lost digit.
        close = agrees(seen.claimed, seen.expected, seen.scale)
        close |= np.abs(seen.expected) < _SMALLEST_SHARE * seen.scale
        if not close.all():
            lead = f"{trial.result_name(part)}: "
            error = float(np.abs(seen.claimed - seen.expected)[~close].max())
            how = f"digits are lost: it is off by {error:.2g}, more than rounding explains"
            observe = partial(_observe, part=part, rows=None)
            return Finding(lead + how, seen.claimed, seen.expected, lead, part, observe)
    return None if judged else NOT_THREE


def finite_and_right(trial: PairTrial) -> Verdict:
    """Ask for the right loss and gradients where the scores are large.

    Asked only of what is right where they are not: this is about overflow alone.
    """
    largest = np.abs(trial.case.outside @ trial.case.center).max()
    if not largest > _SMALL_SCORE:  # the other checks' business
        return None
    small = replace(trial.case, center=trial.case.center * (_SMALL_SCORE / largest))
    verdict = _compare_where_right(trial, trial.on(small))
    if not isinstance(verdict, Finding):
        return verdict
    # Not a mistake in a formula, which would show in small scores too.
    start = f"with scores of up to ±{largest:.0f}, "
    return replace(
        verdict,
        message=start + verdict.message,
        observe=None,
        mistake=_overflow(trial),
        mistakes=(),
    )


def smallest_sizes(trial: GradientTrial) -> Verdict:
    """Ask for the right shapes and values where vectors have one entry, or there is one word.

    Asked only of what is right in larger sizes.
    """
    exact = [exact_shapes] if isinstance(trial, PairTrial) else []
    judges: list[Judge] = [shapes, *exact, loss_value, center_gradient, outside_gradient]
    larger = trial.on(_with_more_entries(trial.case))
    if larger.outcome.status != "returned" or any(judge(larger) for judge in judges):
        return Unjudged("it is wrong in larger sizes already")
    for judge in judges:
        verdict = judge(trial)
        if isinstance(verdict, Finding):
            one_word = isinstance(trial, PairTrial) and len(trial.case.outside) == 1
            lead = "with one word, " if one_word else "with vectors of one entry, "
            return replace(verdict, message=lead + verdict.message, observe=None, recognise=None)
    return None


def _with_more_entries(case: Case | WindowCase) -> Any:
    if isinstance(case, Case):
        outside = np.concatenate([case.outside, case.outside / 2], axis=1)
        if len(outside) == 1:
            outside = np.concatenate([outside, outside / 2])
        center = np.concatenate([case.center, case.center / 2])
        return replace(case, center=center, outside=outside)
    both = (case.center_vectors, case.outside_vectors)
    center, outside = (np.concatenate([vectors, vectors / 2], axis=1) for vectors in both)
    return replace(case, center_vectors=center, outside_vectors=outside)


def _overflow(trial: PairTrial) -> str | None:
    """Return the mistake behind results that are not finite."""
    parts = {part: as_array(trial.claimed(part)) for part in PARTS}
    broken = {
        part for part, value in parts.items() if value is not None and not np.isfinite(value).all()
    }
    if not broken:
        return None
    is_naive = not named(trial.role).has_negatives
    return "exp-overflows" if is_naive and broken - {"loss"} else "log-of-zero"


def repeated_negatives(trial: PairTrial) -> Verdict:
    """Ask that a negative drawn m times counts m times."""
    case = trial.case
    negatives = _without_repeats(case.negatives, len(case.outside), but={case.target})
    return _compare_where_right(trial, trial.on(replace(case, negatives=negatives)))


def repeated_words(trial: WindowTrial) -> Verdict:
    """Ask that a word that is m times in the window counts m times."""
    context = _without_repeats(trial.case.context, len(trial.case.center_vectors), but=set())
    return _compare_where_right(trial, trial.on(replace(trial.case, context=context)))


# Windows


def passed_loss_called(trial: WindowTrial) -> Verdict:
    """Ask that the loss function that is passed in is the one that is called."""
    for passed in trial.target.course.losses:
        is_first = passed == trial.first_call().passed_loss
        outcome = trial.outcome if is_first else trial.call(passed_loss=passed)
        if outcome.status != "returned":
            return Unjudged("it does not return")
        if not outcome.losses_called and len(trial.case.context) == 1:
            return Unjudged("it leaves out the only word")
        lead = f"given {trial.target.course.functions[passed].name}, "
        if misuse := _misuse(trial, outcome, passed):
            identifier, message = misuse
            return Finding(lead + message, mistake=identifier)
    return None


def _misuse(trial: WindowTrial, outcome: Outcome, passed: Role) -> tuple[str, str] | None:
    """Return the misuse of the loss function that a window function is given, and its words."""
    calls = outcome.losses_called.count(passed)
    # CBOW makes one pair of the whole window.
    words = len(trial.case.context)
    pairs = 1 if trial.role == "cbow" else words
    misuse = None
    if not calls:
        losses = trial.target.course.functions
        called = ", ".join(sorted({losses[role].name for role in outcome.losses_called}))
        misuse = (
            "passed-loss-ignored",
            "it does not call it" + (f", but {called}" if called else ""),
        )
    elif not outcome.dataset_passed:
        misuse = "dataset-not-passed", mistake("dataset-not-passed").title
    elif calls == words > pairs:
        misuse = "cbow-word-by-word", mistake("cbow-word-by-word").title
    elif calls > pairs:
        them = "1 pair" if pairs == 1 else f"{pairs} pairs"
        how = f"it calls it {calls} times for {them} of words: each call may draw other negatives"
        misuse = "loss-called-too-often", how
    # The first outcome is that of the loss with factor 1.
    elif LOSS_FACTORS[passed] != 1.0 and trial.returns_three and is_three(outcome.result):
        for part, one, other in zip(PARTS, outcome.result, trial.outcome.result, strict=True):
            # What is wrong anyway is another check's business.
            seen = trial.seen(part)
            if seen and seen.is_like(seen.expected) and _stays(one, other):
                how = f"it calls it, but {trial.result_name(part)} comes from elsewhere"
                return "results-from-elsewhere", how
    return misuse


def _stays(one: Any, other: Any) -> bool:
    """Tell whether a result stays with a multiple of the loss function."""
    first, second = as_array(one), as_array(other)
    if first is None or second is None or first.shape != second.shape:
        return False
    due = float(np.abs(second).max())
    return bool(due > 1e-6 and np.abs(first - second).max() < 1e-3 * due)


# Shared


def _compare_part(trial: GradientTrial, part: str, rows: RowsOf | None = None) -> Verdict:
    observe = partial(_observe, part=part, rows=rows)
    seen = observe(trial)
    if isinstance(seen, Unjudged):
        return seen
    close = is_near(seen.claimed, seen.expected, seen.scale) | ~seen.judged
    if close.all():
        return None
    if _is_transposed_square(seen.claimed, seen.expected, seen.scale):
        return _transposed(trial, part, seen.claimed, seen.expected)
    lead = f"{trial.result_name(part)}: "
    how = describe_difference(seen.claimed, seen.expected, close, trial.row_label)
    return Finding(lead + how, seen.claimed, seen.expected, lead, part, observe)


def _observe(trial: GradientTrial, part: str, rows: RowsOf | None) -> Seen | Unjudged:
    """Return a part of the claimed result beside the expected one."""
    if not trial.returns_three:
        return NOT_THREE
    if isinstance(trial, PairTrial) and named(trial.role).has_negatives and not trial.negatives:
        return NO_SAMPLES
    if as_array(trial.claimed(part)) is None:
        return Unjudged("it holds no numbers")
    seen = trial.seen(part)
    if seen is None:
        return Unjudged(f"{trial.result_name(part)} has another shape")
    return seen if rows is None else _in_rows(seen, rows(trial))


def _in_rows(seen: Seen, chosen: list[int]) -> Seen | Unjudged:
    """Judge some rows alone."""
    if not chosen:
        return Unjudged("every word is in the window")
    judged = np.zeros(seen.expected.shape, dtype=bool)
    judged[chosen] = True
    return replace(seen, judged=judged)


def _is_transposed_square(
    values: NDArray[Any], expected: NDArray[Any], scale: NDArray[Any]
) -> bool:
    """Say whether a square matrix is transposed, and its values are right."""
    if expected.ndim != 2 or expected.shape[0] != expected.shape[1]:
        return False
    return bool(agrees(values.T, expected, scale).all())


def _transposed(
    trial: GradientTrial, part: str, values: NDArray[Any], expected: NDArray[Any]
) -> Verdict:
    """Judge a transposed square: one that is transposed in other shapes too fails by its shape."""
    oblong = trial.on(_without_last_column(trial.case))
    if oblong.outcome.status != "returned" or not oblong.returns_three:
        return Unjudged("it is transposed, and fails in other shapes")
    claimed = as_array(oblong.claimed(part))
    if claimed is None or claimed.shape != oblong.expected_part(part)[0].shape:
        return Unjudged("it is transposed, as its shape shows elsewhere")
    name = trial.result_name(part)
    return Finding(
        f"{name}: it is transposed where there are as many words as dimensions",
        values,
        expected,
        part=part,
        mistake="transposed",
    )


def _without_last_column(case: Case | WindowCase) -> Any:
    if isinstance(case, Case):
        return replace(case, center=case.center[:-1], outside=case.outside[:, :-1])
    return replace(
        case,
        center_vectors=case.center_vectors[:, :-1],
        outside_vectors=case.outside_vectors[:, :-1],
    )


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
    """Say whether zero is right: many a wrong formula gives that."""
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
