"""Networks in single precision, and networks whose weights are small."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

import gradcheck
from tests.verdicts.cases import NEVER_AGREES, NEVER_DISAGREES, expect, said, with_array

ACTIVATIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda h: (h > 0).astype(h.dtype)),
    "tanh": (np.tanh, lambda h: 1 - h * h),
}
SHAPES = {"36 parameters": (4, 5, 3), "170 parameters": (10, 20, 5), "3600": (50, 100, 20)}
HARD = [  # seeds at which something is next to invisible in single precision
    ("relu", "36 parameters", (7,)),
    ("relu", "170 parameters", (1, 6)),
    ("relu", "3600", (2, 4)),
    ("tanh", "170 parameters", (0,)),
    ("tanh", "3600", (0,)),
]


def regression(activation, shape, seed, dtype):
    """Return two hidden layers and a squared error: the loss, its gradient, a point."""
    hidden, examples, features = shape
    act, slope = ACTIVATIONS[activation]
    rng = np.random.default_rng(seed)

    def drawn(*dimensions, scale=1.0):
        return (rng.standard_normal(dimensions) * scale).astype(dtype)

    inputs, targets = drawn(examples, features), drawn(examples)
    at = {
        "W1": drawn(features, hidden, scale=features**-0.5),
        "b1": drawn(hidden, scale=0.1),
        "W2": drawn(hidden, hidden, scale=hidden**-0.5),
        "w": drawn(hidden, scale=hidden**-0.5),
    }

    def forward(p):
        first = act(inputs @ p["W1"] + p["b1"])
        second = act(first @ p["W2"])
        return first, second, second @ p["w"] - targets

    def loss(p):
        return (forward(p)[2] ** 2).mean()

    def gradient(p):
        first, second, error = forward(p)
        error = error * (2 / examples)
        into_second = np.outer(error, p["w"]) * slope(second)
        into_first = into_second @ p["W2"].T * slope(first)
        return {
            "W1": inputs.T @ into_first,
            "b1": into_first.sum(axis=0),
            "W2": first.T @ into_second,
            "w": second.T @ error,
        }

    return loss, gradient, at


LOST = [("b1", 0), ("b1", -1), ("W1", 1.5), ("w", -1)]


@pytest.mark.parametrize(("name", "factor"), LOST)
@pytest.mark.parametrize(("activation", "shape", "seeds"), HARD)
def test_an_array_that_is_wrong_never_agrees_in_single_precision(
    activation, shape, seeds, name, factor
):
    passed = []
    for seed in seeds:
        loss, gradient, at = regression(activation, SHAPES[shape], seed, np.float32)
        if gradcheck.check(loss, with_array(gradient, name, factor), at):
            passed.append(seed)
    assert passed == []


def test_a_right_network_in_single_precision_never_disagrees_and_seldom_is_undecided():
    verdicts = Counter()
    for activation in ACTIVATIONS:
        for shape in SHAPES.values():
            for seed in range(4):
                report = gradcheck.check(*regression(activation, shape, seed, np.float32))
                expect(report, NEVER_DISAGREES)
                verdicts[report.verdict] += 1
    assert verdicts["undecided"] <= 0.15 * verdicts.total()


@pytest.mark.parametrize(("activation", "shape", "seeds"), HARD[1:])
def test_in_double_precision_the_same_networks_are_decided(activation, shape, seeds):
    for seed in seeds:
        loss, gradient, at = regression(activation, SHAPES[shape], seed, np.float64)
        expect(gradcheck.check(loss, gradient, at), "agrees")
        for name, factor in LOST:
            expect(gradcheck.check(loss, with_array(gradient, name, factor), at), "disagrees")


# --- many entries


def test_ten_percent_of_three_hundred_thousand_entries_never_agree():
    at = np.random.default_rng(1).standard_normal(300_000).astype(np.float32)

    def loss(x):
        return np.log1p(x * x).sum()

    def gradient(x, factor=1.0):
        return np.asarray(factor, x.dtype) * 2 * x / (1 + x * x)

    expect(gradcheck.check(loss, gradient, at), "agrees")
    for factor in (1.1, -1.0):
        wrong = gradcheck.check(loss, lambda x, factor=factor: gradient(x, factor), at)
        expect(wrong, NEVER_AGREES)


# --- small weights and no biases, as courses start


def classifier(layers, scale, seed, dtype):
    """Return ReLU layers of 20 and a cross entropy over 10 classes, with gradient, and a point."""
    rng = np.random.default_rng(seed)
    at = {}
    for i, (fan_in, fan_out) in enumerate(pairwise([15, *[20] * layers, 10]), 1):
        at[f"W{i}"] = (scale * rng.standard_normal((fan_in, fan_out))).astype(dtype)
        at[f"b{i}"] = np.zeros(fan_out, dtype)
    inputs = rng.standard_normal((2, 15)).astype(dtype)
    labels = np.eye(10, dtype=dtype)[rng.integers(0, 10, 2)]
    last = layers + 1

    def both(p):
        outputs = [inputs]
        for i in range(1, last):
            outputs.append(np.maximum(outputs[-1] @ p[f"W{i}"] + p[f"b{i}"], 0))
        scores = outputs[-1] @ p[f"W{last}"] + p[f"b{last}"]
        scores = scores - scores.max(axis=1, keepdims=True)
        likely = np.exp(scores)
        likely = likely / likely.sum(axis=1, keepdims=True)
        loss = -np.log((likely * labels).sum(axis=1)).mean()
        upstream = (likely - labels) / 2
        gradient = {}
        for i in range(last, 0, -1):
            if i < last:
                upstream = (upstream @ p[f"W{i + 1}"].T) * (outputs[i] > 0)
            gradient[f"W{i}"], gradient[f"b{i}"] = outputs[i - 1].T @ upstream, upstream.sum(axis=0)
        return loss, gradient

    return both, at


def planted(both, names, factor=1.5):
    def changed(p):
        loss, gradient = both(p)
        for name in names:
            gradient[name] = gradient[name] * gradient[name].dtype.type(factor)
        return loss, gradient

    return changed


SMALL = [
    (6, 1e-3, 19, np.float64),
    (3, 1e-2, 18, np.float32),
    (4, 1e-2, 10, np.float32),
    (6, 5e-2, 1, np.float32),
]
small = pytest.mark.parametrize(
    ("layers", "scale", "seed", "dtype"),
    SMALL,
    ids=[f"{row[0]} layers of {row[1]:g} in {np.dtype(row[3])}" for row in SMALL],
)


@small
def test_a_right_network_of_small_weights_is_not_called_wrong(layers, scale, seed, dtype):
    both, at = classifier(layers, scale, seed, dtype)
    expect(gradcheck.check(both, at), NEVER_DISAGREES)


@small
def test_a_network_of_small_weights_hides_no_layer(layers, scale, seed, dtype):
    both, at = classifier(layers, scale, seed, dtype)
    last = layers + 1
    expect(gradcheck.check(planted(both, at), at), NEVER_AGREES)
    expect(gradcheck.check(planted(both, [f"W{last}", f"b{last}"]), at), NEVER_AGREES)
    expect(gradcheck.check(planted(both, [f"b{last}"], 0), at), NEVER_AGREES)
    for i in (1, layers):  # these may be 0 to within the rounding of the loss, if that is said
        report = gradcheck.check(planted(both, [f"W{i}", f"b{i}"]), at)
        assert not report or ("could not be seen" in said(report) and f"W{i}" in said(report))
