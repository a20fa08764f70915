"""The entries that a kink along a direction comes from, and what finding them costs."""

from __future__ import annotations

import math

import numpy as np
import pytest

import gradcheck
from gradcheck.numerical.directions import Direction
from gradcheck.probing import kinks
from gradcheck.probing.claims import Claim
from gradcheck.probing.subject import Subject

MANY = 10_000


def rectified(x):
    return np.maximum(x, 0).sum()


def found(loss, at, seed=0):
    """Look for the kinks of a loss; return them, and the number of evaluations."""
    subject = Subject(loss, lambda tree: tree, at)
    value, _ = subject.value_and_gradient()
    before = subject.evaluations
    drawn = Direction("", subject.parameters.sizes, (seed,)).vector()
    return kinks.find(subject, value, drawn), subject.evaluations - before


def entries(hunted):
    return sorted(int(entry) for kink in hunted for entry in kink.entries)


def with_zeros(size, zeros, seed=0):
    rng = np.random.default_rng(seed)
    at = rng.standard_normal(size)
    where = np.sort(rng.choice(size, zeros, replace=False))
    at[where] = 0
    return at, where.tolist()


# --- found one by one, and at which cost


@pytest.mark.parametrize("count", [1, 3, 10])
@pytest.mark.parametrize("seed", range(3))
def test_a_few_among_many_are_found_by_halving(count, seed):
    at, zeros = with_zeros(MANY, count, seed)
    hunted, evaluations = found(rectified, at, seed)
    assert entries(hunted) == zeros
    assert all(kink.entries.size == 1 for kink in hunted)
    # Of two halves at each level, the mean of both sides at two steps, and where there is a kink
    # at the smallest that shows it: ten evaluations.
    assert evaluations <= 10 * count * math.log2(MANY / count) + 24 * count + 24


@pytest.mark.parametrize("arrays", [1, 4, 16])
def test_arrays_without_a_kink_cost_four_evaluations_each(arrays):
    at = [np.random.default_rng(i).standard_normal(64) for i in range(arrays)]
    at[-1][5] = 0

    def loss(parts):
        return sum(rectified(part) for part in parts)

    hunted, evaluations = found(loss, at)
    assert entries(hunted) == [64 * (arrays - 1) + 5]
    _, alone = found(rectified, at[-1])
    assert evaluations == alone + 4 * (arrays - 1)


def test_all_entries_of_a_small_array_are_named():
    hunted, _ = found(rectified, np.zeros(16))
    assert entries(hunted) == list(range(16))
    assert [kink.entries.size for kink in hunted] == [1] * 16


def test_both_slopes_of_an_entry_are_told():
    at = np.array([1.0, 0.0, -2.0, 0.0, 3.0])

    def loss(x):
        return rectified(x) + 2 * abs(x[1]) - abs(x[3]) + (x**2).sum()

    hunted, _ = found(loss, at)
    slopes = {int(kink.entries[0]): kink.slopes for kink in hunted}
    assert slopes[1] == pytest.approx((-2, 3), abs=1e-4)
    assert slopes[3] == pytest.approx((1, 0), abs=1e-4)
    assert len(slopes) == 2


@pytest.mark.parametrize("unit", [2.0**-40, 1e-6, 1e6, 2.0**40])
def test_the_unit_of_the_entries_changes_nothing(unit):
    at, zeros = with_zeros(300, 3)
    plain, evaluations = found(rectified, at)
    scaled, same = found(lambda x: rectified(x / unit), unit * at)
    assert entries(scaled) == entries(plain) == zeros
    assert same == evaluations


# --- up to a hundred one by one, whole arrays beyond


def test_a_hundred_are_named():
    at, zeros = with_zeros(5000, kinks.NAMED)
    hunted, _ = found(rectified, at)
    assert entries(hunted) == zeros
    assert all(kink.entries.size == 1 for kink in hunted)


def test_beyond_a_hundred_entries_stay_together_and_cost_little():
    hunted, evaluations = found(rectified, np.zeros(MANY))
    assert entries(hunted) == list(range(MANY))
    single = [kink for kink in hunted if kink.entries.size == 1]
    assert len(single) >= kinks.NAMED
    assert len(hunted) < 2 * kinks.NAMED
    assert evaluations < 2000


def test_beyond_a_hundred_the_next_array_is_one_kink():
    at = [np.zeros(kinks.NAMED), np.zeros(500), np.ones(30)]
    hunted, _ = found(lambda parts: sum(rectified(part) for part in parts), at)
    assert entries(hunted) == list(range(kinks.NAMED + 500))
    assert [kink.entries.size for kink in hunted] == [1] * kinks.NAMED + [500]


# --- together only


def crossed(x):
    return abs(x[0] + x[1]) - abs(x[0] - x[1])


def test_entries_that_have_a_kink_together_stay_together():
    at = np.zeros(2)
    hunted, _ = found(crossed, at)
    assert [kink.entries.tolist() for kink in hunted] == [[0, 1]]
    assert hunted[0].slopes is None


def test_entries_that_have_a_kink_together_are_found_among_others():
    at = np.random.default_rng(0).standard_normal(200)
    at[[0, 1]] = 0
    hunted, _ = found(lambda x: crossed(x) + np.sin(x).sum(), at)
    assert {0, 1} <= set(entries(hunted))
    assert len(entries(hunted)) <= 4  # what halving ends with holds both


def test_arrays_that_have_a_kink_together_stay_together():
    at = [np.zeros(1), np.zeros(1), np.ones(3)]

    def loss(parts):
        return crossed(np.concatenate(parts[:2])) + np.sin(parts[2]).sum()

    hunted, _ = found(loss, at)
    assert {0, 1} <= set(entries(hunted))


def test_tied_entries_are_all_found():
    at = np.array([1.0, 3.0, 3.0, 2.0, 3.0])
    hunted, _ = found(np.max, at)
    assert {1, 2, 4} == set(entries(hunted))


# --- what is no kink at the point


@pytest.mark.parametrize("curvature", [1, 30, 300])
def test_curvature_does_not_hide_a_kink(curvature):
    for seed in range(3):
        at = np.random.default_rng(seed).standard_normal(200)
        at[17] = 0
        hunted, _ = found(lambda x: abs(x[17]) + curvature * (x**2).sum(), at, seed)
        assert entries(hunted) == [17], seed
        assert hunted[0].slopes == pytest.approx((-1, 1), rel=1e-2)


def test_curvature_is_no_kink():
    at = np.random.default_rng(0).standard_normal(200)
    at[17] = 0
    hunted, _ = found(lambda x: abs(x[17]) + 10 * np.cosh(x[100:]).sum(), at)
    assert entries(hunted) == [17]


@pytest.mark.parametrize("distance", [1e-3, 1e-4, 1e-6, 1e-8])
def test_a_kink_near_the_point_is_not_at_it(distance):
    for seed in range(3):
        at = np.random.default_rng(seed).standard_normal(200)
        at[[17, 90]] = 0, 1
        hunted, _ = found(lambda x: abs(x[17]) + abs(x[90] - 1 + distance), at, seed)
        assert entries(hunted) == [17], seed


def test_an_entry_that_does_not_move_along_the_direction_is_left_alone():
    subject = Subject(rectified, np.sign, np.zeros(4))
    value, _ = subject.value_and_gradient()
    hunted = kinks.find(subject, value, np.array([0.7, 0.0, -0.3, 0.0]))
    assert entries(hunted) == [0, 2]


# --- beside it


def beside(loss, gradient, at, seed=0):
    subject = Subject(loss, gradient, at)
    _, claimed = subject.value_and_gradient()
    where = np.flatnonzero(subject.parameters.vector == 0)
    claim = Claim(claimed, 2.0**-52)
    before = subject.evaluations
    probe = kinks.beside(subject, claim, where, None, np.random.default_rng(seed))
    assert subject.evaluations >= before
    return probe


def gate(at_zero, above=1.0):
    return lambda x: np.where(x == 0, at_zero, above * (x > 0))


@pytest.mark.parametrize("at_zero", [0.0, 0.5, 1.0, 5.0])
def test_what_is_right_beside_a_kink_is_no_mistake_whatever_it_is_at_it(at_zero):
    at, _ = with_zeros(50, 5)
    for seed in range(3):
        assert beside(rectified, gate(at_zero), at, seed) is None


@pytest.mark.parametrize("above", [-1.0, 2.0, 1.001])
def test_what_is_wrong_beside_a_kink_is_returned(above):
    at, _ = with_zeros(50, 5)
    for seed in range(3):
        probe = beside(rectified, gate(0.0, above), at, seed)
        assert probe is not None
        assert probe.verdict == "disagrees"


def test_what_is_wrong_on_one_side_alone_is_found_on_either():
    at = np.array([0.0, 1.0])
    for side in (-1, 1):

        def claim(x, side=side):
            return np.where(x * side > 0, 2.0, 1.0) * gate(0.0)(x) + (side < 0) * (x < 0)

        probe = beside(rectified, claim, at)
        assert probe is not None, side


def test_evaluations_beside_a_kink_count():
    for claim in (gate(0.0), gate(0.0, 2.0), lambda x: 0 * x):
        calls = []

        def counted(x, calls=calls):
            calls.append(x)
            return rectified(x)

        report = gradcheck.check(counted, claim, np.array([0.0, 1.0, -2.0]))
        assert report.evaluations == len(calls)
    stored, calls = gate(0.0)(np.array([0.0, 1.0])), []

    def counted(x):
        calls.append(x)
        return rectified(x)

    report = gradcheck.check(counted, lambda _: stored, np.array([0.0, 1.0]))
    assert report.evaluations == len(calls)


def test_numbers_that_are_the_same_everywhere_are_not_asked_elsewhere():
    stored = gate(0.5)(np.array([0.0, 1.0]))
    assert beside(rectified, lambda _: stored, np.array([0.0, 1.0])) is None


def test_the_signs_of_a_claim_of_zero_are_drawn():
    drawn = Direction("", np.ones(50), signs_of=np.zeros(50)).vector()
    assert (drawn > 0).any()
    assert (drawn < 0).any()


@pytest.mark.parametrize("at", [0.0, np.array([0.0, 1.0]), np.array([0.0, 2.0, 3.0])], ids=repr)
def test_a_slope_that_is_forgotten_on_one_side_disagrees(at):
    # The slope of a ReLU for that of a modulus: at the kink 0, and beside it on the left, too.
    report = gradcheck.check(lambda x: np.abs(x).sum(), lambda x: 1.0 * (np.asarray(x) > 0), at)
    assert report.verdict == "disagrees", str(report)


@pytest.mark.parametrize("seed", range(4))
def test_rounding_is_no_kink_where_the_loss_is_next_to_0(seed):
    at = np.random.default_rng(seed).standard_normal(50)
    at[17] = 0
    constant = np.sin(at).sum()
    hunted, _ = found(lambda x: abs(x[17]) + (np.sin(x).sum() - constant), at, seed)
    assert entries(hunted) == [17]


@pytest.mark.parametrize("size", [1.0, 1e-3, 50.0])
@pytest.mark.parametrize("steep", [1.0, -1e4])
def test_no_right_entry_is_called_wrong_for_a_kink_nearby(size, steep):
    """Six samples that reach over one look smooth, at some distance, to their odd or even part."""
    at = size * np.array([0.7, 1.0])

    def wrong(kink):
        report = gradcheck.check(
            lambda x: (x**2).sum() + steep * max(x[1] - at[1] - kink, 0.0),
            lambda x: 2 * x + [size, 0.0],
            at,
        )
        return [entry.name for entry in report.entries]

    distances = size * np.concatenate([np.geomspace(1e-5, 0.05, 40), np.linspace(4e-3, 1e-2, 60)])
    assert [kink for kink in distances if wrong(kink) != ["x[0]"]] == []
