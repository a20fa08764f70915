"""A SymPy loss over sums of any size as a NumPy loss and gradient."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import IndexedBase, MatrixSymbol, Product, Sum, Symbol, exp, log, symbols

import gradcheck
from gradcheck.symbolic import loss_and_gradient
from gradcheck.word2vec import losses
from gradcheck.word2vec.losses import U, v
from models import losses as by_hand

n, d = symbols("n d", integer=True, positive=True)
K = Symbol("K", integer=True, positive=True)
i, j, m = symbols("i j m", integer=True, nonnegative=True)
X, w = MatrixSymbol("X", n, d), MatrixSymbol("w", d, 1)
t = IndexedBase("t", shape=(n,))
b, strength = symbols("b strength", real=True)


def score(row):
    return Sum(X[row, j] * w[j, 0], (j, 0, d - 1)) + b


PENALTY = strength / 2 * Sum(w[j, 0] ** 2, (j, 0, d - 1))
LOGISTIC = Sum(log(1 + exp(score(i))) - t[i] * score(i), (i, 0, n - 1)) / n + PENALTY


@pytest.fixture(scope="module")
def logistic():
    return loss_and_gradient(LOGISTIC, (w, b))


def data(size, dimension, seed=1):
    generator = np.random.default_rng(seed)
    return {
        "X": generator.standard_normal((size, dimension)),
        "t": generator.integers(0, 2, size),
        "strength": 0.3,
    }


@given(st.integers(1, 6), st.integers(1, 4))
def test_logistic_regression_of_any_size(logistic, size, dimension):
    given_data = data(size, dimension, 10 * size + dimension)
    weights = np.linspace(-1, 1, dimension)
    value, (by_weights, by_bias) = logistic(weights, 0.4, **given_data)
    scores = given_data["X"] @ weights + 0.4
    expected = np.mean(np.logaddexp(0, scores) - given_data["t"] * scores)
    np.testing.assert_allclose(value, expected + 0.15 * weights @ weights, rtol=1e-12)
    residual = (1 / (1 + np.exp(-scores)) - given_data["t"]) / size
    np.testing.assert_allclose(by_weights, given_data["X"].T @ residual + 0.3 * weights, atol=1e-12)
    np.testing.assert_allclose(by_bias, residual.sum(), atol=1e-12)


def test_it_passes_the_numerical_check_and_a_wrong_one_does_not(logistic):
    at = (np.array([0.5, -1.0, 2.0]), 0.25)
    bound = partial(logistic, **data(5, 3))
    assert gradcheck.check(bound, at)

    def wrong(weights, bias):
        value, (by_weights, by_bias) = bound(weights, bias)
        return value, (by_weights - 0.3 * weights, by_bias)

    assert not gradcheck.check(wrong, at)


@given(st.integers(2, 5), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_both_losses_of_word2vec(softmax, sampling, words, dimension, seed):
    generator = np.random.default_rng(seed)
    center, outside = (
        generator.standard_normal(dimension),
        generator.standard_normal((words, dimension)),
    )
    o = int(generator.integers(words))
    negatives = generator.integers(0, words, 4)
    for got, expected in (
        (softmax(center, outside, o=o), by_hand.naive_softmax(center, outside, o)),
        (
            sampling(center, outside, o=o, n=negatives),
            by_hand.negative_sampling(center, outside, o, negatives),
        ),
    ):
        value, (by_center, by_outside) = got
        # A loss near 0 is the difference of two scores of the size of 1.
        np.testing.assert_allclose(value, expected[0], rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(by_center, expected[1], atol=1e-12)
        np.testing.assert_allclose(by_outside, expected[2], atol=1e-12)


@pytest.fixture(scope="module")
def softmax():
    return loss_and_gradient(losses.naive_softmax_loss(), (v, U))


@pytest.fixture(scope="module")
def sampling():
    return loss_and_gradient(losses.negative_sampling_loss(), (v, U))


def test_structure_dtype_and_columns_are_kept(logistic):
    function = loss_and_gradient(LOGISTIC, {"weights": w, "rest": [b]})
    given_data = data(4, 2)
    column = np.array([[0.5], [-1.0]], dtype=np.float32)
    _, gradient = function({"weights": column, "rest": [0.0]}, **given_data)
    assert gradient["weights"].shape == (2, 1)
    assert gradient["weights"].dtype == np.float32
    assert type(gradient["rest"][0]) is float
    _, (same, _) = logistic(column[:, 0].astype(float), 0.0, **given_data)
    np.testing.assert_allclose(gradient["weights"][:, 0], same, rtol=1e-6)


def test_names_that_are_those_of_numpy_or_of_the_printed_function():
    np_, t1 = MatrixSymbol("np", d, 1), MatrixSymbol("t1", d, 1)
    product = Sum(np_[j, 0] * exp(t1[j, 0]), (j, 0, d - 1))
    value, gradient = loss_and_gradient(product, np_)(np.array([1.0, 2.0]), t1=[0.0, 1.0])
    np.testing.assert_allclose(value, 1 + 2 * np.e)
    np.testing.assert_allclose(gradient, [1, np.e])


WRONG_CALLS = {
    "a shape that does not fit": (
        (np.ones(3), 0.0),
        data(4, 2),
        "w: expected d = 2 |X: expected d =",
    ),
    "a label too many": ((np.ones(2), 0.0), data(4, 2) | {"t": [0] * 5}, "expected n = "),
    "data missing": (
        (np.ones(2), 0.0),
        {"X": np.ones((1, 2))},
        "expected the data X, strength, t;",
    ),
    "a matrix for a number": ((np.ones(2), 0.0), data(4, 2) | {"strength": [1.0]}, "strength: exp"),
    "an argument missing": ((np.ones(2),), data(4, 2), "expected 2 positional arguments, got 1"),
    "a list for an array": (([1.0, 2.0], 0.0), data(4, 2), "expected the structure"),
}


@pytest.mark.parametrize("name", WRONG_CALLS)
def test_a_wrong_call(logistic, name):
    arguments, given_data, message = WRONG_CALLS[name]
    with pytest.raises(ValueError, match=message):
        logistic(*arguments, **given_data)


WRONG_INDICES = {
    "too large": ({"o": 3, "n": [0]}, "o: expected indices from 0 to 2"),
    "negative": ({"o": 0, "n": [0, -1]}, "n: expected indices from 0 to 2"),
    "no whole number": ({"o": 0, "n": [0.5]}, "n: expected whole numbers"),
}


@pytest.mark.parametrize("name", WRONG_INDICES)
def test_a_wrong_index(sampling, name):
    indices, message = WRONG_INDICES[name]
    with pytest.raises(ValueError, match=message):
        sampling(np.ones(2), np.ones((3, 2)), **indices)


WIDE = MatrixSymbol("B", n, 3)
SQUARES = Sum(w[j, 0] ** 2, (j, 0, d - 1))
REFUSED = {
    "a product": (Product(1 + w[j, 0] ** 2, (j, 0, d - 1)), w, "got Product"),
    "a sum over nothing": (
        K * SQUARES + Sum(SQUARES, (i, 0, K - 1)),
        w,
        "of terms that do not depend on it",
    ),
    "half a sum": (Sum(w[j, 0] ** 2, (j, 0, d - 2)), w, "no closed form of the derivative"),
    "mixed sizes": (Sum(WIDE[i, 0], (i, 0, n - 1)), WIDE, "lengths are symbols, got 3"),
    "no symbol": (SQUARES, (w, 3), r"parameters\[1\]: expected a SymPy Symbol or MatrixSymbol"),
    "a sum of entries": (Sum(w[j, 0], (j, 0, d - 1)), w, "w: the loss does not depend on each"),
    "what does not depend on it": (SQUARES, (w, X), "X"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_computed_is_refused(name):
    loss, parameters, message = REFUSED[name]
    with pytest.raises((TypeError, ValueError), match=message):
        loss_and_gradient(loss, parameters)
