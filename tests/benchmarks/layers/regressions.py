"""Regressions: logistic, of squares, and of counts."""

from __future__ import annotations

import numpy as np

from tests.benchmarks.families.family import Problem, sigmoid, softplus
from tests.benchmarks.layers.model import (
    ELSEWHERE,
    KEPT,
    MEAN_MISSING,
    OPPOSITE,
    PART,
    PENALTIES,
    UNTOLD,
    UPDATE,
    Model,
    both,
    factor,
    penalty,
)

__all__ = ["MODELS"]


def draw_logistic(rng, *, examples=20, width=30, decay=2.0):
    """Logistic regression; the weights are penalised, the bias is not."""
    inputs = rng.standard_normal((examples, width))
    labels = rng.integers(2, size=examples)
    at = {"w": rng.standard_normal(width) / np.sqrt(width), "b": 0.3}

    def loss(p):
        z = inputs @ p["w"] + p["b"]
        return (softplus(z) - labels * z).mean() + decay / (2 * examples) * (p["w"] ** 2).sum()

    def grad(p, slip=""):
        shares = sigmoid(inputs @ p["w"] + p["b"])
        error = (shares - labels) / examples
        if slip == "labels less shares":
            error = -error
        elif slip == "slope of the sigmoid on top":
            error = error * shares * (1 - shares)
        elif slip == "sum for mean":
            error = error * examples
        times = {**PENALTIES, "penalty not divided by the examples": examples}.get(slip, 1)
        if slip == "sum for mean, penalty missing":
            error, times = error * examples, 0
        by_w = inputs.T @ error + times * decay / examples * p["w"]
        if slip == "weights after a step":
            by_w = p["w"] - 0.1 * by_w
        elif slip == "step":
            by_w = -0.1 * by_w
        return {"w": by_w, "b": error.sum()}

    return Problem(loss, grad, at)


def draw_ridge(rng, *, examples=40, width=24, decay=0.5):
    """Squares and a penalty, in one vector; its entry 0 is the intercept, and not penalised."""
    inputs = np.column_stack([np.ones(examples), rng.standard_normal((examples, width))])
    wanted = rng.standard_normal(examples)
    penalised = np.arange(width + 1) > 0

    def loss(theta):
        misses = inputs @ theta - wanted
        return 0.5 * (misses**2).mean() + 0.5 * decay * (theta[penalised] ** 2).sum()

    def grad(theta, slip=""):
        by_penalty = decay * (theta if slip == "intercept penalised" else theta * penalised)
        error = (inputs @ theta - wanted) / examples
        return (inputs.T @ error + PENALTIES.get(slip, 1) * by_penalty,)

    return Problem(loss, grad, (rng.standard_normal(width + 1),))


def draw_counts(rng, *, shape=(12, 9)):
    """Counts in a table, by the effects of its rows and columns, each less their mean."""
    counts = rng.poisson(4.0, size=shape)
    at = (1.2, 0.5 * rng.standard_normal(shape[0]), 0.5 * rng.standard_normal(shape[1]))

    def scores(level, rows, columns):
        return level + (rows - rows.mean())[:, None] + (columns - columns.mean())

    def loss(level, rows, columns):
        z = scores(level, rows, columns)
        return (np.exp(z) - counts * z).sum()

    def grad(level, rows, columns, slip=""):
        error = np.exp(scores(level, rows, columns)) - counts
        if slip == "counts less rates":
            error = -error
        elif slip == "counts missing":
            error = error + counts
        along = np.mean if slip == "mean for sum" else np.sum
        by_rows, by_columns = along(error, axis=1), along(error, axis=0)
        if slip != "row effects not centred":
            by_rows = by_rows - by_rows.mean()
        return error.sum(), by_rows, by_columns - by_columns.mean()

    return Problem(loss, grad, at)


MODELS = [
    Model(
        "logistic regression",
        draw_logistic,
        {
            "labels less shares": {"w": both(-1, 0.2), "b": OPPOSITE},
            "slope of the sigmoid on top": {"w": UNTOLD, "b": UNTOLD},
            "sum for mean": {"w": both(20, -1.9), "b": factor(20)},
            "penalty missing": {"w": penalty(-0.1)},
            "penalty twice": {"w": penalty(0.1)},
            "penalty not divided by the examples": {"w": penalty(1.9)},
            "sum for mean, penalty missing": {"w": both(20, -2), "b": factor(20)},
            "weights after a step": {"w": UPDATE},
            "step": {"w": factor(-0.1)},
        },
    ),
    Model(
        "ridge regression",
        draw_ridge,
        {
            "intercept penalised": {"theta": PART},
            "penalty missing": {"theta": PART + penalty(-0.5)},
            KEPT: {"theta": ELSEWHERE},
        },
    ),
    Model(
        "Poisson table, centred effects",
        draw_counts,
        {
            "row effects not centred": {"rows": MEAN_MISSING},
            "counts less rates": dict.fromkeys(("level", "rows", "columns"), OPPOSITE),
            "counts missing": dict.fromkeys(("level", "rows", "columns"), UNTOLD),
            "mean for sum": {"rows": factor(1 / 9), "columns": factor(1 / 12)},
        },
    ),
]
