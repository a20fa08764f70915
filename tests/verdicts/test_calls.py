"""Losses and gradients that depend on more than their argument, or on less."""

from __future__ import annotations

import re

import numpy as np
import pytest

import gradcheck
from tests.verdicts.cases import NEVER_AGREES, NEVER_DISAGREES, Case, expect, judge, said, times

AT = np.random.default_rng(0).standard_normal(6)
RANDOM = "changes from call to call"


def tanh_slope(x):
    return 1 / np.cosh(x) ** 2


class Dropout:
    """Σ tanh x, of which a part is left out; new every so many calls."""

    def __init__(self, seed, rate, every=1):
        self.rng, self.rate, self.every = np.random.default_rng(seed), rate, every
        self.calls, self.masks = 0, []

    def __call__(self, x):
        if self.calls % self.every == 0:
            self.masks.append(self.rng.random(x.size) >= self.rate)
        self.calls += 1
        return (np.tanh(x) * self.masks[-1]).sum() / (1 - self.rate)


@pytest.mark.parametrize("seed", range(5))
def test_dropout_with_a_new_mask_at_every_call_is_undecided(seed):
    right = gradcheck.check(Dropout(seed, 0.5), tanh_slope, AT)
    expect(right, "undecided", RANDOM)
    expect(gradcheck.check(Dropout(seed, 0.5), times(tanh_slope, -1), AT), NEVER_AGREES)


def test_dropout_that_seldom_drops_never_agrees_when_the_last_answer_is_another():
    agreed = []
    for seed in range(60):
        loss = Dropout(seed, 0.01)
        report = gradcheck.check(loss, times(tanh_slope, 1 / 0.99), AT)  # of all entries kept
        # The point is asked about once more after the probes; what they meet is taken for noise.
        if report and not np.array_equal(loss.masks[0], loss.masks[-1]):
            agreed.append(seed)
    assert agreed == []


def test_dropout_that_seldom_drops_never_agrees_with_the_expectation():
    # Either masks changed, or one is all that was seen: then 1 % is missing, or more.
    agreed = [
        seed
        for seed in range(20)
        if gradcheck.check(Dropout(seed, 0.01), tanh_slope, AT).verdict == "agrees"
    ]
    assert agreed == []


def test_a_mask_that_lasts_for_some_calls_is_undecided():
    first = Dropout(0, 0.3, every=10)
    first(AT)
    mask = first.masks[0] / 0.7
    report = gradcheck.check(Dropout(0, 0.3, every=10), times(tanh_slope, mask), AT)
    expect(report, "undecided", RANDOM)


def test_dropout_that_is_seeded_inside_is_decided():
    mask = 2 * (np.random.default_rng(7).random(6) >= 0.5)

    def loss(x):
        return Dropout(7, 0.5)(x)

    judge(Case("", loss, times(tanh_slope, mask), AT, "agrees"))
    judge(Case("", loss, times(tanh_slope, 2.0), AT, "disagrees"))


# --- answers that differ in their last digits


def shaky(function, size, seed=3):
    """Add relative noise, another at every call."""
    rng = np.random.default_rng(seed)
    return lambda x: function(x) * (1 + size * rng.standard_normal(np.shape(function(x))))


def squares(x):
    return x @ x


def doubled(x):
    return 2 * x


SHAKY = [
    ("1e-13", 1e-13, None, 1.0, NEVER_DISAGREES),
    ("1e-13, × 1.0005", 1e-13, None, 1.0005, "disagrees"),
    ("1e-9", 1e-9, None, 1.0, NEVER_DISAGREES),
    ("1e-9, negated", 1e-9, None, -1.0, NEVER_AGREES),
    ("1e-9, within the precision", 1e-9, 1e-4, 1.0, "agrees"),
    ("1e-9, within the precision, negated", 1e-9, 1e-4, -1.0, "disagrees"),
    ("1e-9, within the precision, × 1.01", 1e-9, 1e-4, 1.01, "disagrees"),
]


@pytest.mark.parametrize(("name", "size", "precision", "factor", "want"), SHAKY)
def test_a_loss_with_noise_between_calls(name, size, precision, factor, want):
    loss = shaky(squares, size)
    judge(Case(name, loss, times(doubled, factor), AT, want, precision=precision))


def test_a_gradient_with_noise_between_calls_within_the_precision():
    right = Case("", squares, shaky(doubled, 1e-9), AT, "agrees", precision=1e-4)
    judge(right)
    judge(right._replace(gradient=shaky(times(doubled, -1), 1e-9), want="disagrees"))
    judge(right._replace(gradient=shaky(doubled, 1e-2), want="undecided", says=(RANDOM,)))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("precision", [None, 0.1])
def test_two_answers_are_one_within_a_few_roundings_of_float32(seed, precision):
    at = np.array([0.2, 1.0, 2.0], dtype=np.float32)
    for factor, want in ((1, "agrees"), (-1, "disagrees"), (1.5, "disagrees"), (0, "disagrees")):
        rng = np.random.default_rng(seed)

        def loss(x, rng=rng):
            return np.float32(squares(x) * (1 + 2e-7 * rng.standard_normal()))

        claim = times(doubled, np.float32(factor))
        judge(Case("", loss, claim, at, want, precision=precision))


# --- state

X = np.array([0.2, 1.0, 2.0])


class Layer:
    """A sum of sines whose gradient is taken of what the loss was last asked."""

    def __init__(self, *, adds=False, factor=1.0):
        self.adds, self.factor, self.buffer, self.seen = adds, factor, np.zeros(3), None

    def loss(self, x):
        self.seen = x
        return float(np.sin(x).sum())

    def gradient(self, _):
        if not self.adds:
            self.buffer[:] = 0
        self.buffer += self.factor * np.cos(self.seen)
        return self.buffer


def test_a_layer_that_keeps_its_input_and_gives_away_its_buffer_is_decided():
    right, wrong = Layer(), Layer(factor=1.01)
    assert gradcheck.check(right.loss, right.gradient, X).verdict == "agrees"
    assert gradcheck.check(wrong.loss, wrong.gradient, X).verdict == "disagrees"


def test_a_layer_whose_gradients_add_up_never_agrees():
    layer = Layer(adds=True)
    expect(gradcheck.check(layer.loss, layer.gradient, X), NEVER_AGREES)


def shifts_in_place(x):
    x -= x.max()
    return np.exp(x).sum()


def shifted_slope(x):
    weights = np.exp(x - x.max())
    return weights - weights.sum() * (np.arange(3) == x.argmax())


def doubles_in_place(x):
    x *= 2
    return x


def test_what_overwrites_its_argument_is_not_called_wrong():
    judge(Case("", shifts_in_place, shifted_slope, X, NEVER_DISAGREES))
    judge(Case("", shifts_in_place, times(shifted_slope, 1.5), X, NEVER_AGREES))
    judge(Case("", squares, doubles_in_place, X, "undecided", ("overwritten",)))


# --- a loss that reads the parameters elsewhere


class Model:
    """One layer that holds its own weights."""

    def __init__(self):
        self.weights = np.random.default_rng(0).standard_normal((4, 3))
        self.inputs = np.random.default_rng(1).standard_normal((5, 4))

    def loss(self):
        return np.tanh(self.inputs @ self.weights).sum()

    def gradient(self):
        return self.inputs.T @ tanh_slope(self.inputs @ self.weights)

    def at(self, weights):
        self.weights = weights
        return self


@pytest.mark.parametrize("factor", [1.0, -1.0])
def test_a_loss_that_ignores_its_argument_is_undecided_with_a_recipe(factor):
    model = Model()
    report = gradcheck.check(
        lambda _: model.loss(), lambda _: factor * model.gradient(), model.weights
    )
    expect(report, "undecided", "does not use its argument")
    assert "same value at every point" in said(report)
    assert re.search(r"def |lambda|model\.|self\.", report.advice), report.advice


def test_the_same_model_with_the_argument_put_in_is_decided():
    model = Model()
    right = Case(
        "",
        lambda weights: model.at(weights).loss(),
        lambda weights: model.at(weights).gradient(),
        model.weights,
        "agrees",
    )
    judge(right)
    judge(right._replace(gradient=times(right.gradient, 1.01), want="disagrees"))
