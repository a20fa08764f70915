"""A verdict does not depend on units: powers of 2 of the point, its arrays or the loss."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import gradcheck

# A loss of one flat vector, its gradient, and a point, made by a generator.


def softmax(rng, size):
    target = int(rng.integers(size))

    def likely(x):
        weights = np.exp(x - x.max())
        return weights / weights.sum()

    def loss(x):
        return x.max() + np.log(np.exp(x - x.max()).sum()) - x[target]

    def gradient(x):
        return likely(x) - (np.arange(size) == target)

    return loss, gradient, rng.standard_normal(size)


def tanh_net(rng, size):
    inner, outer = rng.standard_normal((4, size)) / np.sqrt(size), rng.standard_normal(4)

    def loss(x):
        return 0.5 * (outer @ np.tanh(inner @ x) - 0.7) ** 2

    def gradient(x):
        hidden = np.tanh(inner @ x)
        return (outer @ hidden - 0.7) * (inner.T @ (outer * (1 - hidden**2)))

    return loss, gradient, rng.standard_normal(size)


def quadratic(rng, size):
    weights, target = rng.standard_normal((size, size)), rng.standard_normal(size)

    def loss(x):
        return 0.5 * ((weights @ x - target) ** 2).sum()

    def gradient(x):
        return weights.T @ (weights @ x - target)

    return loss, gradient, rng.standard_normal(size)


def cosines(rng, size):
    rates = rng.uniform(0.5, 3, size)
    at = rng.standard_normal(size)
    return lambda x: np.cos(rates * x).sum(), lambda x: -rates * np.sin(rates * x), at


def of_any_size(rng, size):
    sizes = 10 ** rng.uniform(-6, 6, size)
    weights = rng.standard_normal((size, size)) / np.sqrt(size)

    def loss(x):
        return np.tanh(weights @ (x / sizes)).sum()

    def gradient(x):
        return weights.T @ (1 - np.tanh(weights @ (x / sizes)) ** 2) / sizes

    return loss, gradient, sizes * rng.standard_normal(size)


def hinges(rng, size):
    weights = rng.standard_normal((5, size))

    def loss(x):
        return np.maximum(weights @ x + 0.3, 0).sum()

    def gradient(x):
        return weights.T @ (weights @ x + 0.3 > 0)

    return loss, gradient, rng.standard_normal(size)


def with_zeros(rng, size):
    loss, gradient, at = cosines(rng, size)
    at[1::3] = 0
    return loss, gradient, at


LOSSES = [softmax, tanh_net, quadratic, cosines, of_any_size, hinges, with_zeros]


def negated_entry(gradient, entry):
    changed = gradient.copy()
    changed[entry] *= -1
    return changed


CLAIMS = {
    "right": lambda gradient, _: gradient,
    "an entry negated": negated_entry,
    "× 1.5": lambda gradient, _: 1.5 * gradient,
    "× (1 + 1e-9)": lambda gradient, _: gradient * (1 + 1e-9),
    "0": lambda gradient, _: 0 * gradient,
}


@st.composite
def problems(draw, claims=tuple(CLAIMS)):
    """Draw structure, seed values: arrays that one loss takes, and a claim about its gradient."""
    make = draw(st.sampled_from(LOSSES))
    lengths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    claim = CLAIMS[draw(st.sampled_from(claims))]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    loss, gradient, at = make(rng, sum(lengths))
    ends = np.cumsum(lengths)
    entry = int(rng.integers(at.size))
    arrays = np.split(at, ends[:-1])
    arrays = [array if array.any() else array + 0.5 for array in arrays]

    def of(parts):
        return loss(np.concatenate(parts))

    def claimed(parts):
        return np.split(claim(gradient(np.concatenate(parts)), entry), ends[:-1])

    return of, claimed, arrays


def in_units(loss, gradient, at, units, unit=1.0):
    """Return the same problem with each array in a unit of its own, and the loss in another."""

    def plain(parts):
        return [part / own for part, own in zip(parts, units, strict=True)]

    def scaled_loss(parts):
        return unit * loss(plain(parts))

    def scaled_gradient(parts):
        slopes = gradient(plain(parts))
        return [unit * slope / own for slope, own in zip(slopes, units, strict=True)]

    return scaled_loss, scaled_gradient, [part * own for part, own in zip(at, units, strict=True)]


def numbers(report):
    return [
        (
            probe.claimed,
            probe.numerical.value,
            probe.numerical.error,
            probe.tolerance,
            probe.rounding,
            *probe.shares,
        )
        for probe in report.probes
    ]


def scanned(report):
    return [
        (entry.claimed, entry.numerical, entry.error, entry.tolerance) for entry in report.scanned
    ]


def assert_scaled(ours, theirs, factor):
    """Compare two rows to the last bit; what is no normal number counts as 0."""
    ours, theirs = np.array(ours) * factor, np.array(theirs)
    tiny = (abs(ours) < 1e-290) & (abs(theirs) < 1e-290)
    np.testing.assert_array_equal(np.where(tiny, 0, ours), np.where(tiny, 0, theirs))


def assert_the_same(problem, units, unit=1.0):
    plain = gradcheck.check(*problem)
    scaled = gradcheck.check(*in_units(*problem, units, unit))
    assert scaled.verdict == plain.verdict, f"{plain}\n{scaled}"
    assert scaled.evaluations == plain.evaluations, f"{plain}\n{scaled}"
    assert len(scaled.probes) == len(plain.probes)
    for ours, theirs in zip(numbers(plain), numbers(scaled), strict=True):
        assert_scaled(ours, theirs, unit)
    assert len(scaled.scanned) == len(plain.scanned)
    if plain.scanned:
        by_entry = np.repeat(units, [part.size for part in problem[2]])
        for own, ours, theirs in zip(by_entry, scanned(plain), scanned(scaled), strict=True):
            assert_scaled(ours, theirs, unit / own)
    for ours, theirs in zip(plain.scanned, scaled.scanned, strict=True):
        assert ours.verdict == theirs.verdict


powers = st.integers(-60, 60)
modest = settings(max_examples=20)


@modest
@given(problems(), powers)
def test_the_unit_of_the_point_changes_nothing(problem, power):
    assert_the_same(problem, [2.0**power] * len(problem[2]))


@modest
@given(problems(), powers)
def test_the_unit_of_the_loss_changes_nothing(problem, power):
    assert_the_same(problem, [1.0] * len(problem[2]), 2.0**power)


@modest
@given(problems(), st.data())
def test_a_unit_of_its_own_for_each_array_changes_nothing(problem, data):
    units = [2.0 ** data.draw(powers) for _ in problem[2]]
    assert_the_same(problem, units, 2.0 ** data.draw(powers))


@modest
@given(problems(("right", "× 1.5", "0")), st.randoms(use_true_random=False))
def test_the_order_of_the_arrays_does_not_change_the_verdict(problem, random):
    loss, gradient, at = problem
    # Where all hinges are off, it is a direction's luck whether it reaches one that is on, and
    # other directions are drawn.
    assume(loss(at) != 0)
    order = random.sample(range(len(at)), len(at))

    def back(parts):
        return [parts[order.index(i)] for i in range(len(parts))]

    def shuffled_gradient(parts):
        slopes = gradient(back(parts))
        return [slopes[i] for i in order]

    plain = gradcheck.check(loss, gradient, at)
    shuffled = gradcheck.check(
        lambda parts: loss(back(parts)), shuffled_gradient, [at[i] for i in order]
    )
    assert shuffled.verdict == plain.verdict, f"{plain}\n{shuffled}"
