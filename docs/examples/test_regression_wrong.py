"""Two gradients of logistic regression: the first is right, the second is not."""

import gradcheck
import numpy as np
from gradcheck.strategies import parameters
from hypothesis import given, settings

X = np.array([[0.5, 1.0], [-1.0, 0.3], [0.2, -0.7], [1.5, 0.1]])
y = np.array([1.0, 0.0, 0.0, 1.0])


def loss(w, b):
    scores = X @ w + b
    return np.logaddexp(0, scores).sum() - y @ scores


def grad(w, b):
    residual = 1 / (1 + np.exp(-(X @ w + b))) - y
    return X.T @ residual, residual.sum()


def mean_grad(w, b):
    residual = 1 / (1 + np.exp(-(X @ w + b))) - y
    return X.T @ residual, residual.mean()


@settings(deadline=None)  # by default 200 ms a case, too few on a busy machine
@given(parameters((np.zeros(2), 0.0), scale=1))
def test_grad(at):
    gradcheck.assert_gradient(loss, grad, at)


def test_mean_grad():
    gradcheck.assert_gradient(loss, mean_grad, (np.array([0.2, -0.1]), 0.1))
