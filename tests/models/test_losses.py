"""The hand-coded losses on their own: worked values, limits, and what they leave alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from gradcheck.word2vec import cases
from models.losses import naive_softmax, negative_sampling

U = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


def test_two_equal_scores():
    """u_0·v = u_1·v, so ŷ = (½, ½): J = log 2, ŷ - y = (-½, ½)."""
    loss, center, outside = naive_softmax(np.array([2.0, 2.0]), U[:2], 0)
    np.testing.assert_allclose(loss, np.log(2), rtol=1e-15)
    np.testing.assert_allclose(center, [-0.5, 0.5], rtol=1e-15)
    np.testing.assert_allclose(outside, [[-1.0, -1.0], [1.0, 1.0]], rtol=1e-15)


def test_scores_of_zero():
    """σ(0) = ½: each term of the loss is log 2, each weight ½, a repeat counts twice."""
    loss, center, outside = negative_sampling(np.array([1.0, 0.0]), U * [0, 1], 0, [1, 1])
    np.testing.assert_allclose(loss, 3 * np.log(2), rtol=1e-15)
    np.testing.assert_allclose(center, [0.0, 1.0], rtol=1e-15)
    np.testing.assert_allclose(outside, [[-0.5, 0.0], [1.0, 0.0], [0.0, 0.0]], rtol=1e-15)


@pytest.mark.parametrize("size", [1e3, 1e5, 1e100])
def test_certain_and_right_costs_nothing(size):
    loss, center, outside = naive_softmax(np.array([size, 0.0]), U[:2], 0)
    assert loss == 0.0
    assert not center.any()
    assert not outside.any()


@pytest.mark.parametrize("size", [1e3, 1e5, 1e100])
def test_certain_and_wrong_costs_the_score(size):
    loss, center, _ = naive_softmax(np.array([size, 0.0]), U[:2], 1)
    assert loss == size
    np.testing.assert_array_equal(center, [1.0, -1.0])
    loss, center, _ = negative_sampling(np.array([-size, 0.0]), U[:2], 0, [])
    assert loss == size
    np.testing.assert_array_equal(center, [-1.0, 0.0])


def test_tiny_losses_keep_their_digits():
    loss, _, _ = negative_sampling(np.array([50.0, 0.0]), U[:2], 0, [])
    np.testing.assert_allclose(loss, np.exp(-50), rtol=1e-15)


@given(cases.softmax_cases())
def test_the_rows_of_naive_softmax_sum_to_zero(case):
    """Σ_w (ŷ - y)_w = 0: moving all outside vectors together changes no probability."""
    _, _, outside = naive_softmax(case.center, case.outside, case.target)
    bound = 1e-14 * len(outside) * np.abs(case.center)
    assert (np.abs(outside.sum(axis=0)) <= bound).all()


@given(cases.negative_sampling_cases(exclude_target=False))
def test_only_the_rows_that_were_drawn_move(case):
    _, _, outside = negative_sampling(case.center, case.outside, case.target, case.negatives)
    others = sorted(set(range(len(outside))) - {case.target, *case.negatives})
    assert not outside[others].any()


@given(cases.negative_sampling_cases())
def test_nothing_is_overwritten_and_types_are_plain(case):
    center, outside = case.center.copy(), case.outside.copy()
    for loss, by_center, by_outside in (
        naive_softmax(center, outside, case.target),
        negative_sampling(center, outside, case.target, np.array(case.negatives)),
    ):
        assert type(loss) is float
        assert by_center.shape == center.shape
        assert by_outside.shape == outside.shape
    np.testing.assert_array_equal(center, case.center)
    np.testing.assert_array_equal(outside, case.outside)
