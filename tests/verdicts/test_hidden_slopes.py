"""Slopes that a constant hides, or saturation: nothing wrong passes, and little is spent on it."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gradcheck
from gradcheck.numerical import search
from models.losses import naive_softmax
from tests.verdicts.cases import NEVER_AGREES, NEVER_DISAGREES, expect

POINT = (np.array([1.0, -0.5]), np.array([[0.5, 0.1], [0.2, -0.7], [-0.3, 0.4]]))
SEEDS = range(5)


def behind(constant, factor):
    """Naive softmax and a constant, and its gradient times a factor."""

    def loss_and_gradient(center, outside):
        loss, by_center, by_outside = naive_softmax(center, outside, 1)
        return constant + loss, factor * by_center, factor * by_outside

    return loss_and_gradient


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("constant", [1e9, 1e12, 1e15])
def test_behind_a_constant_no_gross_mistake_agrees(constant, seed):
    for factor in (0, -1, 1.5, 1 / 1.5):
        report = gradcheck.check(behind(constant, factor), POINT, seed=seed)
        assert report.verdict != "agrees", str(report)
    assert gradcheck.check(behind(constant, 1), POINT, seed=seed).verdict != "disagrees"


@pytest.mark.parametrize("seed", SEEDS)
def test_steps_grow_along_each_direction(seed):
    """The second one was measured at the step of the first, which noise hid."""
    at = np.array([0.3, -1.2])
    assert gradcheck.check(lambda x: (1e12 + x @ x, 2 * x), at, seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scores", [(40.0, 60.0), (50.0, 45.0), (60.0,)])
def test_a_loss_that_stands_still_at_zero_has_the_derivative_zero(scores, seed):
    def sigmoid(s):
        return 1 / (1 + np.exp(-s))

    def loss(s):
        return -np.log(sigmoid(s)).sum()

    report = gradcheck.check(loss, lambda s: sigmoid(s) - 1, np.array(scores), seed=seed)
    assert report.verdict == "agrees", str(report)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_saturated_loss_hides_is_not_probed_again(seed):
    """An array of terms that no plateau shows would take two searches more."""

    def loss_and_gradient(s):
        return np.logaddexp(*s) - s[0], np.exp(s - np.logaddexp(*s)) - [1, 0]

    report = gradcheck.check(loss_and_gradient, np.array([60.0, 20.0]), seed=seed)
    assert report.verdict == "undecided"
    assert "saturated" in report.reason
    assert len(report.probes) <= 2


def test_the_origin_of_a_small_softmax_is_decided_whatever_the_seed():
    # Within the steps of one seed the loss moves hardly at all.
    origin = np.zeros(1), np.zeros((3, 1))

    def loss(v, u):
        return np.log(np.exp(u @ v).sum()) - u[0] @ v

    for seed in range(40):
        report = gradcheck.check(loss, lambda v, u: (0 * v, 0 * u), origin, seed=seed)
        assert report.verdict == "agrees", str(report)


@pytest.mark.parametrize(
    ("loss", "slope", "at"),
    [
        (lambda x: 1 + math.exp(-x * x), lambda x: -2 * x * math.exp(-x * x), 7.0),
        (lambda x: math.tanh(x * x), lambda x: 8 * x * math.exp(-2 * x * x), 5.0),
    ],
    ids=["a bump", "a dip"],
)
def test_a_plateau_on_the_other_side_of_a_bump_refutes_nothing(loss, slope, at):
    # Steps far beyond the size of the point find the same number there, and all would be flat.
    for seed in range(21):
        assert gradcheck.check(loss, slope, at, seed=seed).verdict == "undecided"


def hyperbola(x):
    return np.sqrt(1 + x**2) - 1


def slope_of_hyperbola(x):
    return x / np.sqrt(1 + x**2)


@pytest.mark.parametrize("size", [3e-9, 8e-9, 1e-8, 3e-8, 1e-7])
def test_last_places_of_a_sum_are_no_steps_of_a_staircase(size):
    expect(gradcheck.check(hyperbola, slope_of_hyperbola, size), NEVER_DISAGREES)
    wrong = gradcheck.check(hyperbola, lambda x: 1.5 * slope_of_hyperbola(x), size)
    expect(wrong, NEVER_AGREES)


def test_without_regard_to_last_places_it_is_taken_for_a_staircase(monkeypatch):
    monkeypatch.setattr(search, "LAST_PLACES", 0.0)
    assert gradcheck.check(hyperbola, slope_of_hyperbola, 8e-9).verdict == "disagrees"
