"""The oracle and the hand-coded losses against balls that contain the exact answer.

The unit is eps = 2**-52 times the scale that `oracle.Answer` states for each entry: the sum of the
absolute values of its terms, times 1 + max_w Σ_j |u_wj v_j|. It is the natural one because no
float64 evaluation can do better than to round each score once, by up to eps/2 of the terms it is
the sum of, and an exponential turns that absolute error into a relative one; an entry whose terms
cancel keeps the rounding of what cancelled. A dot product of d terms adds at most d of these
roundings, and in practice a few.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from gradcheck.word2vec import cases, oracle
from gradcheck.word2vec.cases import Case
from models import losses
from tests.word2vec import balls

# Measured over 10,000 drawn cases of each kind and the sizes below: at most 3 units (oracle) and
# 6 (by hand, against the oracle).
ORACLE_UNITS = 8
HAND_UNITS = 16


def by_oracle(case):
    answer = oracle.negative_sampling(case) if case.negatives else oracle.naive_softmax(case)
    return answer.loss, answer.center, answer.outside


def by_hand(case):
    if case.negatives:
        return losses.negative_sampling(case.center, case.outside, case.target, case.negatives)
    return losses.naive_softmax(case.center, case.outside, case.target)


def units(case, got):
    """The largest distance from the enclosure, in units, of each of the three parts."""
    answer = oracle.negative_sampling(case) if case.negatives else oracle.naive_softmax(case)
    exact = balls.negative_sampling(case) if case.negatives else balls.naive_softmax(case)
    return {
        "loss": balls.worst_units(got[0], exact.loss, answer.loss_scale),
        "center": balls.worst_units(got[1], exact.center, answer.center_scale),
        "outside": balls.worst_units(got[2], exact.outside, answer.outside_scale),
    }


def assert_within(bound, worst):
    assert all(value <= bound for value in worst.values()), worst


def assert_enclosed(case):
    assert_within(ORACLE_UNITS, units(case, by_oracle(case)))
    assert_within(HAND_UNITS, units(case, by_hand(case)))


@settings(max_examples=50)
@given(cases.softmax_cases())
def test_naive_softmax(case):
    assert_enclosed(case)


@settings(max_examples=50)
@given(cases.negative_sampling_cases(exclude_target=False))
def test_negative_sampling(case):
    assert_enclosed(case)


@settings(max_examples=50)
@given(cases.large_score_softmax_cases())
def test_naive_softmax_of_large_scores(case):
    assert_enclosed(case)


@settings(max_examples=50)
@given(cases.large_score_negative_sampling_cases())
def test_negative_sampling_of_large_scores(case):
    assert_enclosed(case)


def big_case(words, dimension, largest_score, negatives=0):
    generator = np.random.default_rng([words, dimension, int(largest_score)])
    center = generator.standard_normal(dimension)
    outside = generator.standard_normal((words, dimension))
    center *= largest_score / np.abs(outside @ center).max()
    drawn = tuple(int(word) for word in generator.integers(1, words, negatives))
    return Case(center, outside, 0, drawn)


@pytest.mark.parametrize("largest_score", [1.0, 15.0, 1000.0, 1e5])
@pytest.mark.parametrize(("words", "dimension"), [(50, 10), (200, 30), (1000, 50)])
def test_every_size(words, dimension, largest_score):
    assert_enclosed(big_case(words, dimension, largest_score))
    assert_enclosed(big_case(words, dimension, largest_score, negatives=20))


@pytest.mark.parametrize("part", ["loss", "center", "outside"])
@pytest.mark.parametrize("negatives", [0, 5])
def test_a_mistake_in_the_last_digits_is_seen(part, negatives):
    case = big_case(20, 5, 3.0, negatives)
    got = dict(zip(["loss", "center", "outside"], by_oracle(case), strict=True))
    got[part] = got[part] * (1 + 1e-12)
    assert units(case, tuple(got.values()))[part] > HAND_UNITS


def test_the_balls_are_far_smaller_than_a_unit():
    case = big_case(50, 10, 1000.0)
    exact = balls.naive_softmax(case)
    assert max(float(ball.rad()) for row in exact.outside for ball in row) < 1e-36
