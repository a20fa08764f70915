"""Fully connected nets, with back-propagation written by hand.

Loss and gradient compute in the precision of the parameters, so that single-precision nets may
be looked at in double precision, too.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tests.benchmarks.families.family import (
    Family,
    Problem,
    log_sum_exp,
    sigmoid,
    softmax,
    softplus,
)

__all__ = ["ACTIVATIONS", "FAMILIES", "Activation", "class_scores", "draw_net"]


class Activation(NamedTuple):
    """A function of one number, and its derivative."""

    value: Callable[[Any], Any]
    slope: Callable[[Any], Any]


def _relu(z):
    return np.maximum(z, 0)


def _relu_slope(z):
    return (z > 0).astype(z.dtype)


def _leaky(z):
    return np.where(z > 0, z, 0.1 * z)


def _leaky_slope(z):
    return np.where(z > 0, np.ones_like(z), 0.1 * np.ones_like(z))


def _tanh_slope(z):
    return 1 - np.tanh(z) ** 2


def _sigmoid_slope(z):
    return sigmoid(z) * sigmoid(-z)


GELU_SCALE, GELU_CUBE = 0.7978845608028654, 0.044715


def _gelu(z):
    return 0.5 * z * (1 + np.tanh(GELU_SCALE * (z + GELU_CUBE * z**3)))


def _gelu_slope(z):
    t = np.tanh(GELU_SCALE * (z + GELU_CUBE * z**3))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * GELU_SCALE * (1 + 3 * GELU_CUBE * z**2)


ACTIVATIONS = {
    "relu": Activation(_relu, _relu_slope),
    "leaky": Activation(_leaky, _leaky_slope),
    "tanh": Activation(np.tanh, _tanh_slope),
    "sigmoid": Activation(sigmoid, _sigmoid_slope),
    "softplus": Activation(softplus, sigmoid),
    "gelu": Activation(_gelu, _gelu_slope),
}


def class_scores(scores, classes):
    """Return the mean softmax loss of a batch, and its gradient by the scores."""
    rows = np.arange(len(scores))
    loss = (log_sum_exp(scores) - scores[rows, classes]).mean()
    by_scores = softmax(scores)
    by_scores[rows, classes] -= 1
    return loss, by_scores / len(scores)


def _squares(scores, wanted):
    errors = scores - wanted
    return (errors**2).mean(), 2 * errors / errors.size


class Net:
    """A net and its batch: `loss` and `grad` take a dict of w1, b1, w2, b2 …

    Parameters
    ----------
    activation
        Of the hidden layers.
    inputs, wanted
        The batch: classes (integers) for a softmax loss, numbers for squares.
    penalty
        Of half the squared entries of the matrices.
    """

    def __init__(self, activation: Activation, inputs: Any, wanted: Any, penalty: float) -> None:
        self._activation = activation
        self._inputs, self._wanted = inputs, wanted
        self._penalty = penalty
        self._criterion = class_scores if wanted.dtype.kind == "i" else _squares

    def _forward(self, at):
        """Return what goes into each layer, what comes out, and the number of layers."""
        layers = len(at) // 2
        entering, leaving = [self._inputs], []
        for layer in range(1, layers + 1):
            leaving.append(entering[-1] @ at[f"w{layer}"] + at[f"b{layer}"])
            entering.append(self._activation.value(leaving[-1]))
        return entering, leaving, layers

    def loss(self, at):
        """Return the loss."""
        _, leaving, layers = self._forward(at)
        fit, _ = self._criterion(leaving[-1], self._wanted)
        if not self._penalty:
            return fit
        return fit + self._penalty / 2 * sum((at[f"w{k}"] ** 2).sum() for k in range(1, layers + 1))

    def grad(self, at):
        """Return the gradient, by back-propagation."""
        entering, leaving, layers = self._forward(at)
        _, error = self._criterion(leaving[-1], self._wanted)
        result = {}
        for layer in range(layers, 0, -1):
            weights = at[f"w{layer}"]
            result[f"w{layer}"] = entering[layer - 1].T @ error + self._penalty * weights
            result[f"b{layer}"] = error.sum(axis=0)
            if layer > 1:
                error = error @ weights.T * self._activation.slope(leaving[layer - 2])
        return result


def _start(rng, widths, init, dtype):
    """Draw parameters: "usual", "zero biases", or a number, the scale of all weights."""
    at = {}
    for layer, (before, after) in enumerate(itertools.pairwise(widths), 1):
        scale = init if isinstance(init, float) else np.sqrt(2 / before)
        at[f"w{layer}"] = (scale * rng.standard_normal((before, after))).astype(dtype)
        drawn = 0.1 * rng.standard_normal(after) if init == "usual" else np.zeros(after)
        at[f"b{layer}"] = drawn.astype(dtype)
    return at


def draw_net(
    rng,
    *,
    widths,
    activation="relu",
    init="usual",
    batch=10,
    squares=False,
    penalty=0.0,
    dtype=np.float64,
    cast=False,
):
    """Draw a net, a batch and parameters.

    `widths` are those of inputs, hidden layers and outputs; the hidden ones are varied. With
    `cast`, loss and gradient compute in single precision whatever they are given.
    """
    inner = [int(rng.integers((2 * width + 2) // 3, width + 1)) for width in widths[1:-1]]
    widths = [widths[0], *inner, widths[-1]]
    inputs = rng.standard_normal((batch, widths[0])).astype(dtype)
    if squares:
        wanted = rng.standard_normal((batch, widths[-1])).astype(dtype)
    else:
        wanted = rng.integers(widths[-1], size=batch)
    net = Net(ACTIVATIONS[activation], inputs, wanted, penalty)
    at = _start(rng, widths, init, dtype)
    if not cast:
        return Problem(net.loss, net.grad, at)
    return Problem(lambda p: net.loss(_single(p)), lambda p: net.grad(_single(p)), at)


def _single(at):
    return {name: array.astype(np.float32) for name, array in at.items()}


def _net(name, **options):
    return Family(name, "nets", functools.partial(draw_net, **options))


def _net32(name, *, cast=False, **options):
    draw = functools.partial(draw_net, dtype=np.float32, **options)
    if not cast:
        return Family(name, "nets in float32", draw, kind="float32")
    return Family(
        name,
        "nets in float32",
        functools.partial(draw, cast=True),
        kind="float32",
        exact=draw,
    )


SMALL = (15, 20, 20, 20, 10)
DEEP = (15, 20, 20, 20, 20, 20, 20, 10)
DEEPER = (15, *[20] * 7, 10)

FAMILIES = [
    _net("relu, 1 hidden layer", widths=(8, 15, 5)),
    _net("relu, 1 hidden layer, 50,000 entries", widths=(100, 400, 10)),
    _net("relu, 1 hidden layer, weights of 1e-3", widths=(20, 50, 10), init=1e-3),
    _net("relu, 1 hidden layer, zero biases", widths=(20, 50, 10), init="zero biases"),
    _net("relu, 3 hidden layers", widths=SMALL),
    _net("relu, 3 hidden layers, zero biases, L2", widths=SMALL, init="zero biases", penalty=0.1),
    _net("relu, 3 hidden layers, weights of 1e-2", widths=SMALL, init=1e-2, batch=2),
    _net("relu, 6 hidden layers", widths=DEEP),
    _net("relu, 3 layers, squares, batch of 200", widths=(10, 30, 30, 1), batch=200, squares=True),
    _net("leaky relu, 3 hidden layers, squares", widths=SMALL, activation="leaky", squares=True),
    _net("leaky relu, weights of 1e-2", widths=(15, 40, 10), activation="leaky", init=1e-2),
    _net("tanh, 30 entries, squares", widths=(3, 6, 1), activation="tanh", squares=True),
    _net("tanh, 3 hidden layers", widths=SMALL, activation="tanh", init="zero biases"),
    _net("tanh, 3 hidden layers, weights of 1e-2", widths=SMALL, activation="tanh", init=1e-2),
    _net("tanh, 6 hidden layers, L2", widths=DEEP, activation="tanh", penalty=1e-3),
    _net("tanh, 50,000 entries", widths=(60, 180, 180, 10), activation="tanh"),
    _net("gelu, 3 hidden layers", widths=SMALL, activation="gelu"),
    _net("gelu, weights of 1e-3", widths=(15, 40, 10), activation="gelu", init=1e-3),
    _net("sigmoid, 3 hidden layers, squares", widths=SMALL, activation="sigmoid", squares=True),
    _net("softplus, 3 hidden layers", widths=SMALL, activation="softplus"),
    Family(
        "relu, 7 hidden layers, weights of 1e-3",
        "nets",
        functools.partial(draw_net, widths=DEEPER, init=1e-3, batch=2),
        kind="open",
        why="the first kinks are nearer than rounding lets one look",
    ),
    _net32("float32 relu, 60 entries", widths=(3, 6, 4), batch=5),
    _net32("float32 relu, 1 hidden layer", widths=(5, 10, 10, 1), squares=True, batch=20),
    _net32("float32 relu, 3,600 entries", widths=(20, 50, 50, 1), squares=True, batch=100),
    _net32("float32 relu, batch of 1,000", widths=(10, 20, 20, 3), batch=1000),
    _net32("float32 relu, 50,000 entries", widths=(100, 400, 10)),
    _net32("float32 relu, 3 hidden, weights of 1e-2", widths=SMALL, init=1e-2, batch=2),
    _net32("float32 relu, 6 hidden, weights of 5e-2", widths=DEEP, init=5e-2, batch=2),
    _net32("float32 relu, zero biases, L2", widths=SMALL, init="zero biases", penalty=0.1),
    _net32("float32 leaky relu", widths=SMALL, activation="leaky", squares=True),
    _net32("float32 tanh, 1 hidden layer", widths=(5, 10, 4), activation="tanh"),
    _net32("float32 tanh, weights of 1e-2", widths=SMALL, activation="tanh", init=1e-2),
    _net32("float32 gelu, 3 hidden layers", widths=SMALL, activation="gelu"),
    _net32("float32 sigmoid", widths=(10, 30, 5), activation="sigmoid", squares=True),
    _net32("float32 inside, relu", widths=(5, 10, 10, 1), squares=True, batch=20, cast=True),
    _net32("float32 inside, relu, 3,600 entries", widths=(20, 50, 50, 1), squares=True, cast=True),
    _net32("float32 inside, tanh", widths=SMALL, activation="tanh", cast=True),
]
