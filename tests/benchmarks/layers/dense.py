"""Fully connected layers: of classes, two of them, deep nets, normalised weights, a code."""

from __future__ import annotations

import functools
import itertools

import numpy as np

from tests.benchmarks.families.family import Problem, softmax
from tests.benchmarks.families.nets import class_scores
from tests.benchmarks.layers.model import (
    CONSTANT,
    ELSEWHERE,
    FLOAT32,
    IN_FLOAT32,
    KEPT,
    OPPOSITE,
    OTHER_ARRAY,
    PART,
    PENALTIES,
    REORDERED,
    TRANSPOSED,
    UNTOLD,
    ZERO,
    Model,
    both,
    factor,
    penalty,
)

__all__ = ["MODELS"]


# ------------------------------------------------------------------------------------ softmax layer


def draw_softmax(rng, *, width=40, classes=10, examples=25):
    """A layer of classes."""
    inputs = rng.standard_normal((examples, width))
    labels = rng.integers(classes, size=examples)
    labels[0] = 0
    at = {
        "w": rng.standard_normal((width, classes)) / np.sqrt(width),
        "b": 0.1 * rng.standard_normal(classes),
    }

    def loss(p):
        return class_scores(inputs @ p["w"] + p["b"], labels)[0]

    def grad(p, slip=""):
        scores = inputs @ p["w"] + p["b"]
        _, error = class_scores(scores, labels)
        if slip == "one-hot missing":
            error = softmax(scores) / examples
        elif slip == "one-hot of class 0 missing":
            error[labels == 0, 0] += 1 / examples
        elif slip == "mean over the classes, too":
            error /= classes
        by_w = inputs.T @ error
        if slip == "product in the other order, reshaped":
            by_w = (error.T @ inputs).reshape(by_w.shape)
        elif slip == "transposed":
            by_w = by_w.T
        first_only = slip == "bias of the first example only"
        return {"w": by_w, "b": error[0] if first_only else error.sum(axis=0)}

    return Problem(loss, grad, at)


def _softmax_slips(classes):
    return {
        "one-hot missing": {"w": UNTOLD, "b": UNTOLD},
        "one-hot of class 0 missing": {"w": PART, "b": PART},
        "mean over the classes, too": {"w": factor(1 / classes), "b": factor(1 / classes)},
        "product in the other order, reshaped": {"w": REORDERED},
        "bias of the first example only": {"b": UNTOLD},
    }


# --------------------------------------------------------------------------------------------- nets


def draw_two_layers(rng, *, widths, examples=25, decay=0.1):
    """Two layers, tanh between them, squares, and a penalty on both matrices."""
    before, hidden, after = widths
    inputs = rng.standard_normal((examples, before))
    wanted = rng.standard_normal((examples, after))
    at = {
        "w1": rng.standard_normal((before, hidden)) / np.sqrt(before),
        "b1": 0.1 * rng.standard_normal(hidden),
        "w2": rng.standard_normal((hidden, after)) / np.sqrt(hidden),
        "b2": 0.1 * rng.standard_normal(after),
    }

    def forward(p):
        hidden = np.tanh(inputs @ p["w1"] + p["b1"])
        return hidden, hidden @ p["w2"] + p["b2"] - wanted

    def loss(p):
        _, misses = forward(p)
        squares = (p["w1"] ** 2).sum() + (p["w2"] ** 2).sum()
        return 0.5 * (misses**2).sum() / examples + 0.5 * decay * squares

    def grad(p, slip=""):
        hidden, misses = forward(p)
        error = misses / (1 if slip == "sum for mean" else examples)
        if slip == "wanted less given":
            error = -error
        slope = {
            "slope of tanh missing": 1,
            "slope of tanh at its own value": 1 - np.tanh(hidden) ** 2,
        }.get(slip, 1 - hidden**2)
        by_z = error @ p["w2"].T * slope
        by_b1 = by_z.sum(axis=0)
        if slip == "bias summed over everything":
            by_b1 = np.full_like(by_b1, by_z.sum())
        times = PENALTIES.get(slip, 1)
        last_times = 0 if slip == "penalty missing in the last layer" else times
        return {
            "w1": inputs.T @ by_z + times * decay * p["w1"],
            "b1": by_b1,
            "w2": hidden.T @ error + last_times * decay * p["w2"],
            "b2": {
                "bias of the first example only": error[0],
                "last bias forgotten": np.zeros(after),
            }.get(slip, error.sum(axis=0)),
        }

    return Problem(loss, grad, at)


TWO_LAYERS = {
    "slope of tanh missing": {"w1": UNTOLD, "b1": UNTOLD},
    "slope of tanh at its own value": {"w1": UNTOLD, "b1": UNTOLD},
    "sum for mean": {
        **dict.fromkeys(("w1", "w2"), both(25, -2.4)),
        **dict.fromkeys(("b1", "b2"), factor(25)),
    },
    "wanted less given": {
        **dict.fromkeys(("w1", "w2"), both(-1, 0.2)),
        **dict.fromkeys(("b1", "b2"), OPPOSITE),
    },
    "penalty missing in the last layer": {"w2": penalty(-0.1)},
    "penalty twice": dict.fromkeys(("w1", "w2"), penalty(0.1)),
    "bias summed over everything": {"b1": CONSTANT},
    "bias of the first example only": {"b2": UNTOLD},
    "last bias forgotten": {"b2": ZERO},
    IN_FLOAT32: dict.fromkeys(("w1", "b1", "w2", "b2"), FLOAT32),
    KEPT: dict.fromkeys(("w1", "b1", "w2", "b2"), ELSEWHERE),
}


def draw_dropout(rng, *, widths, examples=25, kept=0.8):
    """Relu layers and dropout with fixed masks behind each of them; a softmax loss."""
    inputs = rng.standard_normal((examples, widths[0]))
    labels = rng.integers(widths[-1], size=examples)
    masks = [(rng.random((examples, width)) < kept) / kept for width in widths[1:-1]]
    layers = range(len(widths) - 1)
    at = {}
    for k, (before, after) in enumerate(itertools.pairwise(widths)):
        at[f"w{k}"] = rng.standard_normal((before, after)) * np.sqrt(2 / before)
        at[f"b{k}"] = 0.1 * rng.standard_normal(after)

    def forward(p):
        entering, leaving = [inputs], []
        for k in layers:
            leaving.append(entering[k] @ p[f"w{k}"] + p[f"b{k}"])
            if k < layers[-1]:
                entering.append(np.maximum(leaving[k], 0) * masks[k])
        return entering, leaving

    def grad(p, slip=""):
        entering, leaving = forward(p)
        _, error = class_scores(leaving[-1], labels)
        result = {}
        for k in reversed(layers):
            w = p[f"w{k}"]
            is_square = w.shape[0] == w.shape[1]
            by_w = entering[k].T @ error
            result[f"w{k}"] = by_w.T if is_square and slip == "products transposed" else by_w
            result[f"b{k}"] = error.sum(axis=0)
            if k:
                error = error @ (w if is_square and slip == "weights not transposed" else w.T)
                mask = {
                    "mask not applied": 1,
                    "mask not divided by its share": masks[k - 1] * kept,
                }.get(slip, masks[k - 1])
                error = error * (leaving[k - 1] > 0) * mask
        if slip == "last hidden layer's used again":
            result["w2"], result["b2"] = result["w3"], result["b3"]
        elif slip == "first layer forgotten":
            result["w0"], result["b0"] = np.zeros_like(p["w0"]), np.zeros_like(p["b0"])
        return {name: result[name] for name in p}

    return Problem(lambda p: class_scores(forward(p)[1][-1], labels)[0], grad, at)


DROPOUT = {
    "mask not applied": {f"{name}{k}": UNTOLD for name in "wb" for k in range(4)},
    "mask not divided by its share": {
        f"{name}{k}": factor(0.8 ** (4 - k)) for name in "wb" for k in range(4)
    },
    "weights not transposed": {f"{name}{k}": UNTOLD for name in "wb" for k in range(3)},
    "products transposed": {f"w{k}": TRANSPOSED for k in (1, 2, 3)},
    "last hidden layer's used again": dict.fromkeys(("w2", "b2"), OTHER_ARRAY),
    "first layer forgotten": dict.fromkeys(("w0", "b0"), ZERO),
}


def draw_weight_norm(rng, *, examples=30, width=40):
    """A layer of one output whose weights are g · v / ‖v‖; squares."""
    inputs = rng.standard_normal((examples, width))
    wanted = rng.standard_normal(examples)
    at = {"v": rng.standard_normal(width), "g": 1.25, "b": 0.2}

    def forward(p):
        length = np.sqrt((p["v"] ** 2).sum())
        unit = p["v"] / length
        return length, unit, p["g"] * (inputs @ unit) + p["b"] - wanted

    def grad(p, slip=""):
        length, unit, misses = forward(p)
        error = misses / examples
        by_w = inputs.T @ error
        by_unit = by_w * (1 if slip == "length g missing" else p["g"])
        along = 0 if slip == "projection missing" else by_unit @ unit
        divisor = 1 if slip == "not divided by the norm" else length
        return {"v": (by_unit - along * unit) / divisor, "g": by_w @ unit, "b": error.sum()}

    return Problem(lambda p: 0.5 * (forward(p)[-1] ** 2).mean(), grad, at)


WEIGHT_NORM = {
    "projection missing": {"v": penalty()},
    "length g missing": {"v": factor(0.8)},
    "not divided by the norm": {"v": factor()},
}


def draw_autoencoder(rng, *, examples=25, width=20, code=6):
    """Squares of what a code and its transposed matrix restore."""
    inputs = rng.standard_normal((examples, width))
    at = (
        rng.standard_normal((width, code)) / np.sqrt(width),
        0.1 * rng.standard_normal(code),
        0.1 * rng.standard_normal(width),
    )

    def forward(weights, bias, back):
        hidden = np.tanh(inputs @ weights + bias)
        return hidden, hidden @ weights.T + back - inputs

    def loss(weights, bias, back):
        return (forward(weights, bias, back)[1] ** 2).sum() / examples

    def grad(weights, bias, back, slip=""):
        hidden, misses = forward(weights, bias, back)
        error = (1 if slip == "2 of the squares missing" else 2) * misses / examples
        by_z = error @ weights * (1 - hidden**2)
        by_weights = {
            "encoder's share only": inputs.T @ by_z,
            "decoder's share only": error.T @ hidden,
        }.get(slip, inputs.T @ by_z + error.T @ hidden)
        by_back = error.sum(axis=0)
        if slip == "bias summed over everything":
            by_back = np.full_like(by_back, error.sum())
        return by_weights, by_z.sum(axis=0), by_back

    return Problem(loss, grad, at)


AUTOENCODER = {
    "encoder's share only": {"weights": UNTOLD},
    "decoder's share only": {"weights": UNTOLD},
    "2 of the squares missing": dict.fromkeys(("weights", "bias", "back"), factor(0.5)),
    "bias summed over everything": {"back": CONSTANT},
}


def _two_layers(name, widths, *slips):
    draw = functools.partial(draw_two_layers, widths=widths)
    return Model(name, draw, {slip: TWO_LAYERS[slip] for slip in slips or TWO_LAYERS})


MODELS = [
    Model(
        "softmax layer, square",
        functools.partial(draw_softmax, width=4, classes=4),
        {
            "transposed": {"w": TRANSPOSED},
            "one-hot missing": {"w": UNTOLD, "b": UNTOLD},
            "bias of the first example only": {"b": UNTOLD},
        },
    ),
    Model("softmax layer", draw_softmax, _softmax_slips(10)),
    Model(
        "softmax layer, 100 classes",
        functools.partial(draw_softmax, width=499, classes=100),
        _softmax_slips(100),
    ),
    _two_layers("two layers, small", (3, 4, 1), "sum for mean", "bias of the first example only"),
    _two_layers("two layers", (15, 20, 10)),
    _two_layers(
        "two layers, wide",
        (100, 400, 20),
        "slope of tanh missing",
        "sum for mean",
        "penalty missing in the last layer",
        "last bias forgotten",
        KEPT,
    ),
    Model(
        "deep net, dropout",
        functools.partial(draw_dropout, widths=(15, 20, 20, 20, 20, 10)),
        DROPOUT,
    ),
    Model(
        "deep net, dropout, wide",
        functools.partial(draw_dropout, widths=(50, 80, 80, 80, 80, 10)),
        DROPOUT,
    ),
    Model("normalised weights", draw_weight_norm, WEIGHT_NORM),
    Model("autoencoder, tied weights", draw_autoencoder, AUTOENCODER),
]
