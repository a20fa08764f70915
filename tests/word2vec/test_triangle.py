"""The triangle: hand-coded = symbolic, over random vocabularies, dimensions and embeddings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, target

from gradcheck.word2vec import cases, oracle
from gradcheck.word2vec.cases import Case
from models import losses
from tests.word2vec.explicit import assert_agrees

# Both round; measured over 10,000 cases: at most 6 units between them.
UNITS = 32

REPEATED = Case([1.0], [[1.0], [2.0], [3.0]], 0, (1, 1))
TARGET_AMONG_NEGATIVES = Case([1.0], [[1.0], [2.0]], 0, (0, 1, 0))


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
