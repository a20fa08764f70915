"""Normalised layers: over a batch, over a layer, and within a net."""

from __future__ import annotations

import functools

import numpy as np

from tests.benchmarks.families.family import Problem
from tests.benchmarks.families.nets import class_scores
from tests.benchmarks.layers.model import (
    CONSTANT,
    MEAN_MISSING,
    PER_SLICE,
    UNTOLD,
    Model,
    factor,
)

__all__ = ["MODELS"]


def normalise(x, axis):
    """Return x less its mean and divided by its spread, and that spread."""
    centred = x - x.mean(axis=axis, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=axis, keepdims=True) + 1e-5)
    return centred / spread, spread


def by_input(by_normal, normal, spread, axis, slip):
    """Carry the derivative by normalised numbers back to what they were before."""
    result = by_normal
    if slip not in ("mean path missing", "statistics held constant"):
        result = result - by_normal.mean(axis=axis, keepdims=True)
    if slip not in ("variance path missing", "statistics held constant"):
        result = result - normal * (by_normal * normal).mean(axis=axis, keepdims=True)
    return result if slip == "not divided by the spread" else result / spread


def draw_norm(rng, *, shape, axis):
    """A normalised layer with a gain and a shift, tanh, and a weighted sum."""
    weights = rng.standard_normal(shape)
    at = {
        "x": rng.standard_normal(shape) * rng.uniform(0.5, 2, shape[1]) + 0.5,
        "gain": rng.uniform(0.5, 1.5, shape[1]),
        "shift": 0.1 * rng.standard_normal(shape[1]),
    }

    def loss(p):
        return (weights * np.tanh(p["gain"] * normalise(p["x"], axis)[0] + p["shift"])).sum()

    def grad(p, slip=""):
        normal, spread = normalise(p["x"], axis)
        given = p["gain"] * normal + p["shift"]
        by_given = weights * (1 - np.tanh(given) ** 2)
        by_normal = by_given * (1 if slip == "gain missing" else p["gain"])
        seen = {"gain by the input": p["x"], "gain by what is given": given}.get(slip, normal)
        by_gain = (by_given * seen).sum(axis=0)
        if slip == "gain summed over everything":
            by_gain = np.full_like(by_gain, by_gain.sum())
        return {
            "x": by_input(by_normal, normal, spread, axis, slip),
            "gain": by_gain,
            "shift": {
                "shift of the first example only": by_given[0],
                "shift: mean for sum": by_given.mean(axis=0),
            }.get(slip, by_given.sum(axis=0)),
        }

    return Problem(loss, grad, at)


COMMON = {
    "mean path missing": {"x": MEAN_MISSING},
    "variance path missing": {"x": UNTOLD},
    "not divided by the spread": {"x": PER_SLICE},
    "gain summed over everything": {"gain": CONSTANT},
}


def draw_net(rng, *, widths=(30, 25, 5), examples=20):
    """A layer normalised over the batch, tanh, and a layer of classes."""
    before, hidden, after = widths
    inputs = rng.standard_normal((examples, before))
    labels = rng.integers(after, size=examples)
    at = {
        "w": rng.standard_normal((before, hidden)) / np.sqrt(before),
        "gain": rng.uniform(0.5, 1.5, hidden),
        "shift": 0.1 * rng.standard_normal(hidden),
        "out": rng.standard_normal((hidden, after)) / np.sqrt(hidden),
    }

    def forward(p):
        normal, spread = normalise(inputs @ p["w"], 0)
        hidden = np.tanh(p["gain"] * normal + p["shift"])
        return normal, spread, hidden, class_scores(hidden @ p["out"], labels)

    def grad(p, slip=""):
        normal, spread, hidden, (_, error) = forward(p)
        error = error * (examples if slip == "sum for mean" else 1)
        by_given = error @ p["out"].T * (1 - hidden**2)
        by_normal = by_given * (1 if slip == "gain missing" else p["gain"])
        return {
            "w": inputs.T @ by_input(by_normal, normal, spread, 0, slip),
            "gain": (by_given * normal).sum(axis=0),
            "shift": by_given.sum(axis=0),
            "out": hidden.T @ error,
        }

    return Problem(lambda p: forward(p)[-1][0], grad, at)


MODELS = [
    Model(
        "batch norm",
        functools.partial(draw_norm, shape=(12, 5), axis=0),
        {
            **COMMON,
            "statistics held constant": {"x": UNTOLD},
            "gain missing": {"x": PER_SLICE},
            "gain by the input": {"gain": UNTOLD},
            "shift of the first example only": {"shift": UNTOLD},
        },
    ),
    Model("batch norm, large", functools.partial(draw_norm, shape=(128, 64), axis=0), COMMON),
    Model(
        "layer norm",
        functools.partial(draw_norm, shape=(10, 16), axis=1),
        {
            **COMMON,
            "gain missing": {"x": UNTOLD},
            "gain by what is given": {"gain": UNTOLD},
            "shift: mean for sum": {"shift": factor(0.1)},
        },
    ),
    Model(
        "net with batch norm",
        draw_net,
        {
            "statistics held constant": {"w": UNTOLD},
            "gain missing": {"w": PER_SLICE},
            "sum for mean": dict.fromkeys(("w", "gain", "shift", "out"), factor(20)),
        },
    ),
]
