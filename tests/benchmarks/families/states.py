"""Losses that keep something from call to call, or draw something, or do not read what they get."""

from __future__ import annotations

import functools

import numpy as np

from tests.benchmarks.families.family import Family, Problem
from tests.benchmarks.families.nets import ACTIVATIONS, Net

__all__ = ["FAMILIES"]

SIZE = 40


def _tanh_slope(x):
    return 1 - np.tanh(x) ** 2


def draw_dropout(rng, *, seeded=True):
    """Dropout whose mask is seeded inside of the function, or drawn once and kept."""
    seed = int(rng.integers(1000))
    kept = []

    def mask():
        if seeded:
            return np.random.default_rng(seed).random(SIZE) < 0.5
        if not kept:
            kept.append(rng.random(SIZE) < 0.5)
        return kept[0]

    return Problem(
        lambda x: (2 * mask() * np.tanh(x)).sum() + (x @ x) / 20,
        lambda x: 2 * mask() * _tanh_slope(x) + x / 10,
        rng.standard_normal(SIZE),
    )


def draw_redrawn(rng, *, period, share=0.3, off=False):
    """Dropout with another mask at every call, or every few calls; the gradient of none.

    With `off`, there is no dropout.
    """
    calls, mask = [0], np.ones(SIZE)

    def loss(x):
        if not off and calls[0] % period == 0:
            mask[:] = (rng.random(SIZE) >= share) / (1 - share)
        calls[0] += 1
        return (mask * np.tanh(x)).sum()

    return Problem(loss, _tanh_slope, rng.standard_normal(SIZE))


def draw_batches(rng, *, rows=200, batch=20, whole=False):
    """Squares over a batch that is drawn at every call, and the gradient over all rows."""
    inputs, seen = rng.standard_normal((rows, 6)), rng.standard_normal(rows)

    def loss(b):
        chosen = slice(None) if whole else rng.choice(rows, batch, replace=False)
        return ((inputs[chosen] @ b - seen[chosen]) ** 2).mean()

    return Problem(
        loss, lambda b: 2 * inputs.T @ (inputs @ b - seen) / rows, rng.standard_normal(6)
    )


class Layer:
    """A layer that keeps what it read, and hands its gradients back in one array of its own.

    Parameters
    ----------
    inputs
        What the weights are multiplied with.
    reads
        Whether `backward` looks at its argument, or only at what `forward` has kept.
    """

    def __init__(self, inputs, *, reads):
        self._inputs, self._reads = inputs, reads
        self._kept = None
        self._buffer = np.zeros(inputs.shape[1])
        self.average = 0.0

    def forward(self, weights):
        """Return the loss; keep the activations and a running average of them."""
        self._kept = np.tanh(self._inputs @ weights)
        self.average = 0.9 * self.average + 0.1 * self._kept.mean()
        return (self._kept**2).sum()

    def backward(self, weights):
        """Return the gradient."""
        if self._reads or self._kept is None:
            self._kept = np.tanh(self._inputs @ weights)
        self._buffer[:] = self._inputs.T @ (2 * self._kept * (1 - self._kept**2))
        return self._buffer


def draw_layer(rng, *, reads):
    """A `Layer`."""
    layer = Layer(rng.standard_normal((30, 7)), reads=reads)
    return Problem(layer.forward, layer.backward, rng.standard_normal(7))


def draw_deaf(rng, *, deaf=True):
    """A model that computes with parameters of its own, whatever it is given."""
    inputs, wanted = rng.standard_normal((10, 4)), rng.standard_normal((10, 2))
    net = Net(ACTIVATIONS["tanh"], inputs, wanted, 0.0)
    own = {
        "w1": rng.standard_normal((4, 5)),
        "b1": np.zeros(5),
        "w2": rng.standard_normal((5, 2)),
        "b2": np.zeros(2),
    }
    if not deaf:
        return Problem(net.loss, net.grad, own)
    return Problem(lambda _: net.loss(own), lambda _: net.grad(own), own)


def draw_overwriting(rng):
    """A loss that subtracts the largest score from its own argument."""
    target = int(rng.integers(12))

    def loss(s):
        s -= s.max()
        return np.log(np.exp(s).sum()) - s[target]

    def grad(s):
        e = np.exp(s - s.max())
        result = e / e.sum()
        result[target] -= 1
        return result

    return Problem(loss, grad, 2 * rng.standard_normal(12))


def _family(name, draw, *, why="", exact=None, **options):
    return Family(
        name,
        "states",
        functools.partial(draw, **options),
        kind="open" if why else "smooth",
        why=why,
        exact=exact,
    )


RANDOM = "the loss is another at every call"

FAMILIES = [
    _family("dropout, seeded inside", draw_dropout),
    _family("dropout, one mask kept", draw_dropout, seeded=False),
    _family("layer that keeps a buffer", draw_layer, reads=True),
    _family(
        "backward of the last forward",
        draw_layer,
        reads=False,
        why="the gradient is that of the point at which the loss was last called",
        exact=functools.partial(draw_layer, reads=True),
    ),
    _family(
        "dropout, redrawn at every call",
        draw_redrawn,
        period=1,
        why=RANDOM,
        exact=functools.partial(draw_redrawn, period=1, off=True),
    ),
    _family(
        "dropout, redrawn at every 10th call",
        draw_redrawn,
        period=10,
        why=RANDOM,
        exact=functools.partial(draw_redrawn, period=10, off=True),
    ),
    _family(
        "dropout of 1 %, redrawn at every call",
        draw_redrawn,
        period=1,
        share=0.01,
        why=RANDOM,
        exact=functools.partial(draw_redrawn, period=1, off=True),
    ),
    _family(
        "batches, drawn at every call",
        draw_batches,
        why=RANDOM,
        exact=functools.partial(draw_batches, whole=True),
    ),
    _family(
        "loss that ignores its argument",
        draw_deaf,
        why="nothing that is done to the argument reaches the loss",
        exact=functools.partial(draw_deaf, deaf=False),
    ),
    _family(
        "loss that overwrites its argument",
        draw_overwriting,
        why="the caller's array would be changed",
    ),
]
