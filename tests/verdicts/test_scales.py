"""Parameters of very different size, and one loss in several units."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import gradcheck
from tests.verdicts.cases import NEVER_AGREES, expect


def mixed(size, decades, seed):
    """Return a loss of entries whose own sizes spread over so many decades, and its gradient."""
    rng = np.random.default_rng(seed)
    sizes = 10 ** rng.uniform(-decades / 2, decades / 2, size)
    at = sizes * rng.standard_normal(size)
    weights = rng.standard_normal((size, size)) / np.sqrt(size)

    def loss(x):
        return np.tanh(weights @ (x / sizes)).sum()

    def gradient(x):
        return weights.T @ (1 - np.tanh(weights @ (x / sizes)) ** 2) / sizes

    return loss, gradient, at, sizes


@pytest.mark.parametrize("decades", [10, 16])
@pytest.mark.parametrize("size", [5, 50, 200])
def test_entries_over_many_decades(size, decades):
    verdicts = Counter()
    for seed in range(10):
        loss, gradient, at, sizes = mixed(size, decades, seed)
        verdicts[gradcheck.check(loss, gradient, at).verdict] += 1
        if seed >= 2:
            continue
        # The largest entry has the smallest derivative.
        flip = np.where(sizes == sizes.max(), -1, 1)
        expect(gradcheck.check(loss, lambda x: flip * gradient(x), at), NEVER_AGREES)  # noqa: B023
    assert verdicts["disagrees"] == 0
    assert verdicts["agrees"] >= 9, verdicts


def arrays(decades, seed, length=40):
    """Return the same with five arrays, each of one size."""
    rng = np.random.default_rng(seed)
    sizes = np.repeat(np.geomspace(10 ** (-decades / 2), 10 ** (decades / 2), 5), length)
    weights = rng.standard_normal((30, 5 * length)) / np.sqrt(5 * length)
    at = np.split(sizes * rng.standard_normal(5 * length), 5)

    def values(parts):
        return np.tanh(weights @ (np.concatenate(parts) / sizes))

    def loss(parts):
        return values(parts).sum()

    def gradient(parts):
        return np.split(weights.T @ (1 - values(parts) ** 2) / sizes, 5)

    return loss, gradient, at


@pytest.mark.parametrize("decades", [12, 16])
def test_arrays_over_many_decades(decades):
    verdicts = Counter(gradcheck.check(*arrays(decades, seed)).verdict for seed in range(10))
    assert verdicts["disagrees"] == 0
    assert verdicts["agrees"] >= 9, verdicts


@pytest.mark.parametrize("decades", [8, 12, 16])
@pytest.mark.parametrize("factor", [0, -1, 1.5])
def test_no_array_of_arrays_over_many_decades_hides_a_gross_mistake(decades, factor):
    loss, gradient, at = arrays(decades, 0)
    for wrong in range(5):

        def claim(parts, wrong=wrong):
            return [factor ** (i == wrong) * part for i, part in enumerate(gradient(parts))]

        expect(gradcheck.check(loss, claim, at), NEVER_AGREES)


# --- a rate near 1e-9, a count near 1e9, a time near 1


def remaining(rate, count, time):
    return (1e-9 * count * np.exp(-rate * count * time) - 0.3) ** 2


def remaining_slopes(rate, count, time):
    left = np.exp(-rate * count * time)
    outer = 2e-9 * (1e-9 * count * left - 0.3) * left
    return (
        -outer * count**2 * time,
        outer * (1 - rate * count * time),
        -outer * count**2 * rate,
    )


def rates(seed):
    rng = np.random.default_rng(seed)
    return 1e-9 * rng.uniform(0.5, 2), 1e9 * rng.uniform(0.5, 2), rng.uniform(0.5, 2)


def test_a_rate_beside_a_count_agrees():
    verdicts = Counter(
        gradcheck.check(remaining, remaining_slopes, rates(seed), seed=seed).verdict
        for seed in range(30)
    )
    assert verdicts["disagrees"] == 0
    assert verdicts["agrees"] >= 27, verdicts


@pytest.mark.parametrize("factor", [0.0, 1.01, 2.0, -1.0])
@pytest.mark.parametrize("argument", [0, 1, 2], ids=["rate", "count", "time"])
def test_a_rate_beside_a_count_hides_no_mistake(argument, factor):
    def claim(*point):
        slopes = list(remaining_slopes(*point))
        slopes[argument] *= factor
        return tuple(slopes)

    for seed in (0, 1, 6, 7, 26):
        expect(gradcheck.check(remaining, claim, rates(seed), seed=seed), NEVER_AGREES)


# --- entries of 0 beside large ones: what is typical of their array is no step for them


def falls_off(t):
    return t * np.exp(-(t**2))


def slope_of_falls_off(t):
    return np.exp(-(t**2)) * (1 - 2 * t**2)


AT_ZERO = {
    "tanh": (np.tanh, lambda t: 1 - np.tanh(t) ** 2),
    "a hyperbola": (lambda t: np.sqrt(1 + t**2), lambda t: t / np.sqrt(1 + t**2)),
    "softplus": (lambda t: np.logaddexp(0, t), lambda t: 1 / (1 + np.exp(-t))),
    "no trace further out": (falls_off, slope_of_falls_off),
    "a power": (lambda t: t**5 - t, lambda t: 5 * t**4 - 1),
}
LARGE = [1e6, 1e8, 1e9, 1e10]


def beside(name, large, unit=1.0, wrong=(1.0, 1.0)):
    function, derivative = AT_ZERO[name]

    def loss(x):
        small, big = x / unit
        return unit * (function(small) + np.log(big))

    def gradient(x):
        small, big = x / unit
        return np.array([wrong[0] * derivative(small), wrong[1] / big])

    return loss, gradient, unit * np.array([0.0, large])


@pytest.mark.parametrize("large", LARGE)
@pytest.mark.parametrize("name", AT_ZERO)
def test_a_zero_beside_a_large_entry_agrees(name, large):
    expect(gradcheck.check(*beside(name, large)), "agrees")


@pytest.mark.parametrize("large", LARGE)
@pytest.mark.parametrize("name", AT_ZERO)
@pytest.mark.parametrize("factor", [0.0, -1.0, 1.5, 1 / 1.5])
def test_a_zero_beside_a_large_entry_hides_no_gross_mistake(name, large, factor):
    expect(gradcheck.check(*beside(name, large, wrong=(factor, factor))), "disagrees")


@pytest.mark.parametrize("large", LARGE)
@pytest.mark.parametrize("factor", [1.0, -1.0])
@pytest.mark.parametrize("name", AT_ZERO)
def test_nor_does_the_verdict_on_it_change_with_the_unit(name, factor, large):
    reports = [
        gradcheck.check(*beside(name, large, unit, (factor, factor))) for unit in (1.0, 2.0**20)
    ]
    assert len({(report.verdict, report.evaluations) for report in reports}) == 1


@pytest.mark.parametrize("large", LARGE)
def test_what_has_no_trace_further_out_is_no_reason_to_disagree(large):
    def loss(x):
        return falls_off(x[0]) + x[1]

    def gradient(x):
        return np.array([slope_of_falls_off(x[0]), 1.0])

    expect(gradcheck.check(loss, gradient, np.array([0.0, large])), "agrees")


@pytest.mark.parametrize("place", [1e6, 1e8])
def test_the_same_far_narrower_than_an_entry_that_is_not_0(place):
    def loss(x):
        return falls_off(x[0] - place) + x[1]

    def gradient(x):
        return np.array([slope_of_falls_off(x[0] - place), 1.0])

    expect(gradcheck.check(loss, gradient, np.array([place + 0.25, 2.0])), {"agrees", "undecided"})


# --- one loss in several units

NOISE = {
    "no noise": lambda value: value,
    "one digit": lambda value: np.round(value, 1),
    "1e13 more": lambda value: 1e13 + value,
    "1e14 more": lambda value: 1e14 + value,
    "1e6 more in float32": lambda value: np.float32(1e6 + value),
}
UNITS = [2.0**k for k in (0, 7, 13, 30)]


def waves(unit, noise, seed):
    at = unit * np.random.default_rng(seed).standard_normal(200)

    def loss(x):
        return noise(np.sin(x / unit).sum())

    return loss, at


@pytest.mark.parametrize("factor", [1, 1.5, -1, 0])
@pytest.mark.parametrize("name", NOISE)
def test_a_verdict_does_not_change_with_the_unit(name, factor):
    for seed in range(2):
        reports = []
        for unit in UNITS:
            loss, at = waves(unit, NOISE[name], seed)

            def claim(x, unit=unit):
                return factor * np.cos(x / unit) / unit

            reports.append(gradcheck.check(loss, claim, at, seed=seed))
        if name == "no noise":
            expect(reports[0], "agrees" if factor == 1 else "disagrees")
        for report in reports:
            assert report.verdict != ("disagrees" if factor == 1 else "agrees"), str(report)
        assert len({(report.verdict, report.evaluations) for report in reports}) == 1


# --- a small array beside large ones


@pytest.mark.parametrize("size", [100, 101, 5000])
def test_a_small_array_hides_behind_none_of_thousands(size):
    rng = np.random.default_rng(0)
    at = {name: rng.standard_normal(n) for name, n in (("W1", size), ("b1", 7), ("W2", size))}

    def loss(parameters):
        return sum(np.sin(part).sum() for part in parameters.values())

    def gradient(parameters, factor=1.0):
        parts = {name: np.cos(part) for name, part in parameters.items()}
        return parts | {"b1": factor * parts["b1"]}

    expect(gradcheck.check(loss, gradient, at), "agrees")
    for factor in (0, -1, 1.5, 2):
        wrong = gradcheck.check(loss, lambda p, factor=factor: gradient(p, factor), at)
        expect(wrong, "disagrees")
