"""The triangle: hand-coded = symbolic = numerical, over random cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, target
from hypothesis import strategies as st

import gradcheck
from gradcheck.word2vec import cases, oracle
from gradcheck.word2vec.cases import Case
from models import losses
from tests.word2vec.explicit import assert_agrees

# Both round; measured over 10,000 cases: at most 6 units between them.
UNITS = 32

REPEATED = Case([1.0], [[1.0], [2.0], [3.0]], 0, (1, 1))
TARGET_AMONG_NEGATIVES = Case([1.0], [[1.0], [2.0]], 0, (0, 1, 0))
# -log σ(s) - log σ(-s) is stationary at s = 0: the gradient is next to nothing here.
NEARLY_STATIONARY = Case([1.23e-6], [[0.2987], [-0.2741]], 0, (0,))
TINY_AND_CANCELLING = Case(
    np.array([0.0001257302210933933]),
    np.array([[-0.00013210486329130188], [0.0006404226504432821]]),
    1,
    (1,),
)
UNDERFLOWS = Case(
    [-442.08207115, 1930.18569032, 6816.95690141],
    [[0.71731071, -1.026625, 0.22802227], [0.66531225, -0.12181147, 1.54456622]],
    1,
    (0,),
)
# The slope shows best at steps far beyond the entries' size, along the second direction, too.
TINY = Case([0.0001257302210933933], [[-0.00013210486329130188], [0.0006404226504432821]], 0)


def by_hand(case):
    if case.negatives:
        return losses.negative_sampling(case.center, case.outside, case.target, case.negatives)
    return losses.naive_softmax(case.center, case.outside, case.target)


@given(cases.softmax_cases())
def test_naive_softmax_by_hand_is_the_symbolic_one(case):
    assert_agrees(oracle.naive_softmax(case), by_hand(case), UNITS)


@given(cases.negative_sampling_cases(exclude_target=False))
@example(REPEATED)
@example(TARGET_AMONG_NEGATIVES)
def test_negative_sampling_by_hand_is_the_symbolic_one(case):
    assert_agrees(oracle.negative_sampling(case), by_hand(case), UNITS)


@given(cases.large_score_softmax_cases())
def test_naive_softmax_agrees_where_scores_are_large(case):
    target(float(np.abs(case.outside @ case.center).max()))
    assert_agrees(oracle.naive_softmax(case), by_hand(case), UNITS)


@given(cases.large_score_negative_sampling_cases())
def test_negative_sampling_agrees_where_scores_are_large(case):
    target(float(np.abs(case.outside @ case.center).max()))
    assert_agrees(oracle.negative_sampling(case), by_hand(case), UNITS)


def check(case, answer):
    """Hold a loss and gradient of the vectors of a case against finite differences."""

    def loss_and_gradient(center, outside):
        return answer(Case(center, outside, case.target, case.negatives))

    return gradcheck.check(loss_and_gradient, (case.center, case.outside))


# Where terms cancel, the even part limits the steps, and these the rounding: five hundred ulps.
HIDDEN = 1e-13
ORDINARY = 5.0  # scores up to this saturate no loss


def may_stay_open(case):
    """Whether a loss is saturated, or terms cancel and leave less than its rounding to be seen."""
    loss, by_center, by_outside = by_symbols(case)
    moved = np.abs(case.center * by_center).sum() + np.abs(case.outside * by_outside).sum()
    return np.abs(case.outside @ case.center).max() > ORDINARY or moved <= HIDDEN * loss


def by_symbols(case):
    answer = oracle.negative_sampling(case) if case.negatives else oracle.naive_softmax(case)
    return answer.loss, answer.center, answer.outside


ANY_CASE = st.one_of(
    cases.softmax_cases(),
    cases.negative_sampling_cases(exclude_target=False),
    cases.large_score_softmax_cases(),
    cases.large_score_negative_sampling_cases(),
)


@given(ANY_CASE)
@example(REPEATED)
@example(TARGET_AMONG_NEGATIVES)
@example(NEARLY_STATIONARY)
@example(TINY)
@example(TINY_AND_CANCELLING)
@example(UNDERFLOWS)
def test_by_hand_is_the_numerical_one(case):
    report = check(case, by_hand)
    assert report.verdict != "disagrees", str(report)
    assert report or may_stay_open(case), str(report)


@given(ANY_CASE)
@example(REPEATED)
@example(TARGET_AMONG_NEGATIVES)
@example(NEARLY_STATIONARY)
@example(TINY)
@example(TINY_AND_CANCELLING)
@example(UNDERFLOWS)
def test_the_symbolic_one_is_the_numerical_one(case):
    report = check(case, by_symbols)
    assert report.verdict != "disagrees", str(report)
    assert report or may_stay_open(case), str(report)


def scaled_by(factor):
    return lambda got: (got[0], got[1] * factor, got[2])


def without_the_target_row(got):
    outside = got[2].copy()
    outside[0] = 0.0
    return got[0], got[1], outside


MISTAKES = {
    "center gradient × (1 + 1e-12)": scaled_by(1 + 1e-12),
    "sign of the center gradient": scaled_by(-1),
    "a row of the outside gradient lost": without_the_target_row,
    "one entry of the center gradient + 1e-6": lambda got: (
        got[0],
        got[1] + 1e-6 * (np.arange(got[1].size) == 0),
        got[2],
    ),
    "loss in bits": lambda got: (got[0] / np.log(2), *got[1:]),
    "a NaN": lambda got: (np.nan, *got[1:]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("negatives", [(), (1, 1)])
def test_a_mistake_by_hand_is_seen(mistake, negatives):
    case = Case([1.0, 0.5], [[1.0, 0.3], [2.0, -0.7], [3.0, 0.2]], 0, negatives)
    expected = oracle.negative_sampling(case) if negatives else oracle.naive_softmax(case)
    assert_agrees(expected, by_hand(case), UNITS)
    with pytest.raises(AssertionError, match="units"):
        assert_agrees(expected, MISTAKES[mistake](by_hand(case)), UNITS)


VISIBLE_TO_DIFFERENCES = sorted(set(MISTAKES) - {"center gradient × (1 + 1e-12)"})


@pytest.mark.parametrize("mistake", VISIBLE_TO_DIFFERENCES)
@pytest.mark.parametrize("negatives", [(), (1, 1)])
def test_a_mistake_by_hand_is_seen_by_differences(mistake, negatives):
    case = Case([1.0, 0.5], [[1.0, 0.3], [2.0, -0.7], [3.0, 0.2]], 0, negatives)
    assert check(case, by_hand)
    assert not check(case, lambda case: MISTAKES[mistake](by_hand(case)))


def test_a_lost_repeat_is_seen_by_differences():
    def lossy(case):
        loss, grad_center, _ = by_hand(case)
        once = by_hand(Case(case.center, case.outside, case.target, tuple(set(case.negatives))))
        return loss, grad_center, once[2]

    assert not check(REPEATED, lossy)
