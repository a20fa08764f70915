"""At a point that is 0, what cancels is rounded in proportion to the step: the bound holds."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import gradcheck
from gradcheck.numerical import differentiation, extrapolation
from models.losses import negative_sampling

Scalar = Callable[[float], float]
Draw = Callable[[np.random.Generator], Scalar]


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1 + e)


def scale(rng, low=-3):
    """Draw a number between 10**low and 1000, log-uniform, of either sign."""
    return float(10.0 ** rng.uniform(low, 3) * rng.choice([-1, 1]))


# --- the families: x times a difference that is 0 at 0, of terms from 1 to 1000


def difference_of_sigmoids(rng):
    a, b = scale(rng), scale(rng)
    return lambda x: float(b * x * (sigmoid(a * x * x) - sigmoid(-a * x * x)))


def gradient_of_negative_sampling(rng):
    a, b = scale(rng), scale(rng)
    return lambda t: float(negative_sampling(np.array([t * a]), np.array([[t * b]]), 0, [0])[1][0])


def difference_of_cosines(rng):
    a, b = scale(rng), scale(rng, 0)
    return lambda x: b * x * (math.cos(a * x) - math.cos(1.1 * a * x))


def difference_of_logarithms(rng):
    c = abs(scale(rng, 0))
    return lambda x: x * (math.log(c + x * x) - math.log(c))


def square_root_less_one(rng):
    a, b = scale(rng), scale(rng)
    return lambda x: b * x * (math.sqrt(1 + a * a * x * x) - 1)


def large_term_taken_away_again(rng):
    c = abs(scale(rng, 0))
    return lambda x: (c * x + x**3) - c * x


def tanh_less_its_limit(rng):
    b, c = scale(rng), rng.uniform(0, 5)
    return lambda x: b * x * (math.tanh(c + x * x) - math.tanh(c))


FAMILIES: list[Draw] = [
    difference_of_sigmoids,
    gradient_of_negative_sampling,
    difference_of_cosines,
    difference_of_logarithms,
    square_root_less_one,
    large_term_taken_away_again,
    tanh_less_its_limit,
]

families = st.sampled_from(FAMILIES)
seeds = st.integers(0, 2**32 - 1)
deterministic = settings(derandomize=True, max_examples=300)


def violations(family, draws=60):
    """Count derivatives at 0, where they are 0, off by more than their bound."""
    stated = (
        gradcheck.differentiate(family(np.random.default_rng([7, i])), 0.0) for i in range(draws)
    )
    return sum(not abs(derivative.value) <= derivative.error for derivative in stated)


@deterministic
@given(families, seeds)
@example(gradient_of_negative_sampling, 1)
@example(difference_of_sigmoids, 1)
def test_the_bound_holds_at_zero(family, seed):
    derivative = gradcheck.differentiate(family(np.random.default_rng(seed)), 0.0)
    assert abs(derivative.value) <= derivative.error
    # Terms to 1000 times others to 1000, rounded: no bound needs to be wider.
    assert derivative.error < 1e-9


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_without_samples_at_the_steps_that_count_the_bound_breaks(family, monkeypatch):
    assert violations(family) == 0
    monkeypatch.setattr(extrapolation, "NEAR", ())
    assert violations(family) > 0


def sum_of_lines(rng):
    """Return x·w₀ + x·w₁ - x·(w₀ + w₁), for w₀ + w₁ that is no rounded sum: 0 everywhere."""
    w = np.round(rng.standard_normal(2) * 10 ** rng.uniform(0, 3, 2), 3)
    first, second = (math.ldexp(round(math.ldexp(float(entry), 30)), -30) for entry in w)
    return lambda x: x * first + x * second - x * (first + second)


def test_without_an_odd_ratio_of_the_steps_rounding_is_a_straight_line(monkeypatch):
    assert violations(sum_of_lines) == 0
    monkeypatch.setattr(differentiation, "ODD_RATIO", 2.0)
    assert violations(sum_of_lines) > 0


# --- vectors, and check


def sum_of_products(rng, size) -> tuple[Callable[[NDArray[np.float64]], float], float]:
    """Return Σ bᵢ xᵢ (σ(aᵢ xᵢ²) - σ(-aᵢ xᵢ²)), whose gradient at 0 is 0, and the largest bᵢ."""
    a = np.array([scale(rng) for _ in range(size)])
    b = np.array([scale(rng) for _ in range(size)])

    def loss(x):
        return float((b * x * (sigmoid(a * x * x) - sigmoid(-a * x * x))).sum())

    return loss, float(np.abs(b).max())


def product_of_sums(rng, size) -> tuple[Callable[[NDArray[np.float64]], float], float]:
    """Return b·x times a difference of cosines, and the largest bᵢ."""
    a = np.array([scale(rng) for _ in range(size)])
    b = np.array([scale(rng) for _ in range(size)])

    def loss(x):
        return float((b @ x) * (np.cos(a @ (x * x)) - np.cos(1.1 * (a @ (x * x)))))

    return loss, float(np.abs(b).max())


losses = st.sampled_from([sum_of_products, product_of_sums])


@settings(derandomize=True, max_examples=150)
@given(losses, st.integers(1, 20), seeds)
def test_a_right_gradient_at_zero_is_not_called_wrong(family, size, seed):
    loss, _ = family(np.random.default_rng(seed), size)
    assert gradcheck.check(loss, np.zeros_like, np.zeros(size)).verdict != "disagrees"


@settings(derandomize=True, max_examples=150)
@given(losses, st.integers(1, 20), seeds)
def test_a_wrong_gradient_at_zero_is_caught(family, size, seed):
    loss, largest = family(np.random.default_rng(seed), size)

    def wrong(x):
        return np.full_like(x, 1e-9 * largest)

    assert gradcheck.check(loss, wrong, np.zeros(size)).verdict == "disagrees"


def test_the_second_derivative_of_negative_sampling_at_zero_is_not_called_wrong():
    for seed in range(60):
        loss = gradient_of_negative_sampling(np.random.default_rng(seed))
        assert gradcheck.check(loss, lambda _: 0.0, 0.0).verdict != "disagrees"


# --- what has nothing to cancel is differentiated as well as before


@settings(derandomize=True, max_examples=100)
@given(seeds)
def test_a_plain_function_at_zero_keeps_its_bound_and_its_evaluations(seed):
    rng = np.random.default_rng(seed)
    a, b, c = scale(rng, 0), scale(rng), scale(rng)
    derivative = gradcheck.differentiate(lambda x: a + b * x + c * x * x * x, 0.0)
    assert abs(derivative.value - b) <= derivative.error < 1e-11 * (abs(a) + abs(b) + abs(c))
    assert derivative.evaluations < 40


@pytest.mark.parametrize("k", [10.0, 1e3, 1e5])
def test_a_steep_function_at_zero_is_not_taken_for_noise(k):
    derivative = gradcheck.differentiate(lambda x: math.sin(k * x) + x, 0.0)
    assert abs(derivative.value - (k + 1)) <= derivative.error < 1e-12 * k


def test_parameters_in_single_precision():
    for seed in range(20):
        a, b = np.random.default_rng(seed).uniform(0.5, 100, 2)

        def loss(x, a=a, b=b):
            return float(b * x[0] * (sigmoid(a * x[0] * x[0]) - sigmoid(-a * x[0] * x[0])))

        at = np.zeros(1, dtype=np.float32)
        derivative = gradcheck.differentiate(loss, at, np.ones(1))
        assert abs(derivative.value) <= derivative.error
