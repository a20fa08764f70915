"""CBOW with a hidden layer of ReLU and biases, as Coursera's NLP course, 2, week 4, asks for it.

Examples are columns. `back_prop` has the formula that the course taught until about 2024.
"""

import numpy as np


def softmax(z):
    """Return the softmax of each column."""
    powers = np.exp(z - z.max(axis=0))
    return powers / powers.sum(axis=0)


def forward_prop(x, W1, W2, b1, b2):
    """Return the scores z and the hidden layer h."""
    h = np.maximum(0, W1 @ x + b1)
    return W2 @ h + b2, h


def compute_cost(y, yhat, batch_size):
    """Return the mean of -log yhat of the words that were there."""
    return -np.sum(y * np.log(yhat)) / batch_size


def back_prop(x, yhat, y, h, W1, W2, b1, b2, batch_size):
    """Return the gradients with respect to W1, W2, b1 and b2."""
    l1 = np.maximum(0, W2.T @ (yhat - y))  # for the gradient: W2.T @ (yhat - y) * (h > 0)
    grad_W1 = l1 @ x.T / batch_size
    grad_W2 = (yhat - y) @ h.T / batch_size
    grad_b1 = np.sum(l1, axis=1, keepdims=True) / batch_size
    grad_b2 = np.sum(yhat - y, axis=1, keepdims=True) / batch_size
    return grad_W1, grad_W2, grad_b1, grad_b2
