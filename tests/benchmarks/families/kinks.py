"""Losses with a kink at the point itself, where the gradient is what frameworks return."""

from __future__ import annotations

import functools

import numpy as np

from tests.benchmarks.families.family import Family, Problem
from tests.benchmarks.families.layers import draw_pool
from tests.benchmarks.families.nets import class_scores

__all__ = ["FAMILIES"]


def draw_relus(rng, *, size=400, zeros=1, leak=0.0):
    """A weighted sum of relus, some of whose arguments are exactly 0."""
    weights = rng.uniform(0.5, 2, size)
    at = rng.standard_normal(size)
    at[rng.choice(size, zeros, replace=False)] = 0
    return Problem(
        lambda x: (weights * np.where(x > 0, x, leak * x)).sum(),
        lambda x: weights * np.where(x > 0, 1.0, leak),
        at,
    )


def draw_absolutes(rng, *, size=60, zeros=5):
    """Squares and absolute values, some of numbers that are 0: a lasso that has set them so."""
    inputs = rng.standard_normal((40, size))
    seen = rng.standard_normal(40)
    at = rng.standard_normal(size)
    at[rng.choice(size, zeros, replace=False)] = 0
    return Problem(
        lambda b: ((inputs @ b - seen) ** 2).sum() / 80 + 0.5 * np.abs(b).sum(),
        lambda b: inputs.T @ (inputs @ b - seen) / 40 + 0.5 * np.sign(b),
        at,
    )


def draw_tied(rng, *, size):
    """The square of the largest of some numbers, two of which are the largest; and their sines."""
    at = rng.uniform(-2, 2, size)
    at[rng.choice(size, 2, replace=False)] = 3.0

    def grad(x):
        result = np.cos(x)
        result[x.argmax()] += 2 * x.max()
        return result

    return Problem(lambda x: x.max() ** 2 + np.sin(x).sum(), grad, at)


def draw_zero_layer(rng, *, units=10, zero_weights=True):
    """A relu layer that is 0 at the start: its matrix, or an input and the biases."""
    inputs = rng.standard_normal((12, 5))
    inputs[3] = 0
    classes = rng.integers(3, size=12)
    start = np.zeros((5, units)) if zero_weights else rng.standard_normal((5, units))
    at = [start, np.zeros(units), rng.standard_normal((units, 3)), np.zeros(3)]

    def forward(p):
        z = inputs @ p[0] + p[1]
        return z, np.maximum(z, 0) @ p[2] + p[3]

    def grad(p):
        z, scores = forward(p)
        _, error = class_scores(scores, classes)
        by_z = error @ p[2].T * (z > 0)
        return [inputs.T @ by_z, by_z.sum(axis=0), np.maximum(z, 0).T @ error, error.sum(axis=0)]

    return Problem(lambda p: class_scores(forward(p)[1], classes)[0], grad, at)


def draw_limit(rng, *, size=60):
    """Squares of numbers clipped to [−1, 1], one of which is 1."""
    at = rng.standard_normal(size)
    at[7] = 1.0
    return Problem(lambda x: (np.clip(x, -1, 1) ** 2).sum(), lambda x: 2 * x * (np.abs(x) < 1), at)


def draw_median(rng, *, size=25):
    """The distance of a number from samples, at one of these; and a parameter beside it."""
    samples = rng.standard_normal(size)
    at = (float(samples[3]), rng.standard_normal(4))

    def loss(center, others):
        return np.abs(samples - center).sum() + np.exp(others).sum()

    def grad(center, others):
        return np.sign(center - samples).sum(), np.exp(others)

    return Problem(loss, grad, at)


def draw_zero_row(rng, *, rows=8):
    """Lengths of rows, one of which is 0."""
    at = rng.standard_normal((rows, 5))
    at[2] = 0

    def grad(x):
        lengths = np.sqrt((x**2).sum(axis=1, keepdims=True))
        return np.where(lengths > 0, x / np.where(lengths > 0, lengths, 1), 0)

    return Problem(lambda x: np.sqrt((x**2).sum(axis=1)).sum(), grad, at)


def draw_difference(rng):
    """|x| − |y| at 0, with x and y mixed with smooth parameters."""
    weights = rng.uniform(0.5, 2, 20)
    at = rng.standard_normal(20)
    at[:2] = 0

    def loss(x):
        return np.abs(x[0]) - np.abs(x[1]) + (weights * np.sin(x))[2:].sum()

    def grad(x):
        result = weights * np.cos(x)
        result[0], result[1] = np.sign(x[0]), -np.sign(x[1])
        return result

    return Problem(loss, grad, at)


def draw_patches(rng, *, side=8):
    """Total variation of a picture of a few even patches, beside a smooth term."""
    at = np.kron(rng.standard_normal((2, 2)), np.ones((side // 2, side // 2)))
    seen = rng.standard_normal((side, side))

    def loss(x):
        return np.abs(np.diff(x, axis=1)).sum() + ((x - seen) ** 2).sum()

    def grad(x):
        jumps = np.sign(np.diff(x, axis=1))
        result = 2 * (x - seen)
        result[:, 1:] += jumps
        result[:, :-1] -= jumps
        return result

    return Problem(loss, grad, at)


def _kink(name, draw, **options):
    return Family(
        name,
        "kinks at the point",
        functools.partial(draw, **options),
        kind="open",
        why="the loss has a kink at the point",
    )


FAMILIES = [
    _kink("relu, 1 of 400 at 0", draw_relus),
    _kink("relu, 16 of 16 at 0", draw_relus, size=16, zeros=16),
    _kink("leaky relu, 3 of 50 at 0", draw_relus, size=50, zeros=3, leak=0.1),
    _kink("lasso, 5 of 60 at 0", draw_absolutes),
    _kink("maximum of 4, tied", draw_tied, size=4),
    _kink("maximum of 150, tied", draw_tied, size=150),
    _kink("max-pool, 1 of 16 tied", draw_pool, ties=1),
    _kink("max-pool, 5 of 256 tied", draw_pool, side=32, ties=5),
    _kink("relu layer of zeros", draw_zero_layer),
    _kink("relu layer, zero input and biases", draw_zero_layer, zero_weights=False),
    _kink("clipped, 1 of 60 at the limit", draw_limit),
    _kink("absolute distances, at a sample", draw_median),
    _kink("lengths of rows, one of 0", draw_zero_row),
    _kink("|x| − |y| at 0 of 20", draw_difference),
    _kink("total variation of patches", draw_patches),
]
