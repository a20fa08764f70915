"""The special functions: right to the last digits, finite for any finite argument."""

from __future__ import annotations

import numpy as np
import pytest
from flint import arb, ctx

from gradcheck.stable_functions import logsumexp, scatter_add, sigmoid, softmax, softplus

ARGUMENTS = [0.0, 1e-300, 1e-17, 0.5, 1.0, 15.0, 36.5, 40.0, 700.0, 745.2, 1e3, 1e308]
ARGUMENTS += [-x for x in ARGUMENTS]


def exact_sigmoid(x):
    return 1 / (1 + (-arb(x)).exp())


def exact_softplus(x):
    return (1 + arb(x).exp()).log()


@pytest.mark.parametrize("x", [x for x in ARGUMENTS if abs(x) <= 1e3])
@pytest.mark.parametrize(
    ("function", "exact"), [(sigmoid, exact_sigmoid), (softplus, exact_softplus)]
)
def test_within_two_ulps_of_the_exact_value(function, exact, x):
    ctx.prec = 3000
    value = float(function(x))
    expected = exact(x)
    error = (arb(value) - expected).abs_upper()
    assert float(error) <= 2 * np.spacing(float(expected))


@pytest.mark.parametrize("function", [sigmoid, softplus])
def test_finite_everywhere_and_of_the_argument_s_shape(function):
    assert np.isfinite(function(np.array(ARGUMENTS))).all()
    assert np.shape(function(1.0)) == ()
    assert function(np.ones((2, 3))).shape == (2, 3)


def test_the_plain_sigmoid_would_not_do():
    with np.errstate(over="ignore"):
        assert 1 - 1 / (1 + np.exp(-np.float64(40.0))) == 0.0
    np.testing.assert_allclose(sigmoid(-40.0), np.exp(-40.0), rtol=1e-15)


@pytest.mark.parametrize("shift", [0.0, 1e3, -1e3, 1e15])
def test_softmax_and_logsumexp_under_a_shift(shift):
    x = np.array([[0.0, 1.0, 2.0], [3.0, 3.0, 3.0]])
    total = np.exp(x).sum(axis=1)
    np.testing.assert_allclose(softmax(x + shift), np.exp(x) / total[:, None], rtol=1e-14)
    np.testing.assert_allclose(logsumexp(x + shift), shift + np.log(total), rtol=1e-14)
    np.testing.assert_allclose(softmax((x + shift).T, axis=0), softmax(x).T, rtol=1e-14)
    np.testing.assert_allclose(logsumexp((x + shift).T, axis=0), logsumexp(x + shift))


def test_scatter_add_keeps_repeats():
    values = np.array([[1.0, 2.0], [10.0, 20.0], [100.0, 200.0]])
    expected = [[0.0, 0.0], [101.0, 202.0], [10.0, 20.0]]
    np.testing.assert_array_equal(scatter_add([1, 2, 1], values, 3), expected)


def test_scatter_add_of_a_single_index_and_of_none():
    np.testing.assert_array_equal(scatter_add(1, np.array([5.0]), 2), [[0.0], [5.0]])
    np.testing.assert_array_equal(scatter_add([], np.empty((0, 2)), 1), [[0.0, 0.0]])
