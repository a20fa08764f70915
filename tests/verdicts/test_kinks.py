"""Points at which a loss has two slopes: what is undecided there, and what is wrong even so."""

from __future__ import annotations

import numpy as np
import pytest

import gradcheck
from tests.verdicts.cases import NEVER_AGREES, NEVER_DISAGREES, Case, judge, said, table, times
from tests.verdicts.cases import tells_slopes as tells

RNG = np.random.default_rng(0)
ORIGIN = np.zeros(16)
FOUR = np.array([0.0, 0.5, -0.3, 1.2])
MANY = RNG.standard_normal(400)
MANY[7] = 0
THREE_OF_MANY = MANY.copy()
THREE_OF_MANY[[80, 201]] = 0


def rectified(x):
    return np.maximum(x, 0).sum()


def gate(at_zero, above=1.0):
    """Return the derivative of a ReLU that has the value `at_zero` at 0."""
    return lambda x: np.where(x == 0, at_zero, above * (x > 0))


def last_flipped(x):
    return np.where(np.arange(x.size) == x.size - 1, -1.0, x > 0)


RIGHT = [
    Case("the origin, claimed 0", rectified, gate(0.0), ORIGIN, "undecided"),
    Case("the origin, claimed 1", rectified, gate(1.0), ORIGIN, "undecided"),
    Case("the origin, claimed ½", rectified, gate(0.5), ORIGIN, "undecided"),
    Case("1 of 4 entries", rectified, gate(0.0), FOUR, "undecided", ("x[0]",)),
    Case("1 of 400 entries", rectified, gate(0.0), MANY, "undecided", ("x[7]",)),
    Case(
        "3 of 400 entries",
        rectified,
        gate(0.0),
        THREE_OF_MANY,
        "undecided",
        ("x[7]", "x[80]", "x[201]"),
    ),
]


@table(RIGHT)
def test_a_right_gradient_at_a_kink_is_undecided_and_both_slopes_are_told(case):
    report = judge(case)
    assert tells(report, 0, 1), str(report)
    assert "no slope of the loss" not in said(report)


@pytest.mark.parametrize("claim", [5.0, -1.0])
@pytest.mark.parametrize(
    ("at", "name"),
    [(ORIGIN, "x"), (FOUR, "x[0]"), (MANY, "x[7]")],
    ids=["the origin", "1 of 4", "1 of 400"],
)
def test_a_claim_outside_of_both_slopes_is_called_no_slope_of_the_loss(claim, at, name):
    wanted = ("no slope of the loss", name)
    report = judge(Case("", rectified, gate(claim), at, "undecided", wanted))
    assert tells(report, 0, 1), str(report)


WRONG = [
    Case("origin, doubled off it", rectified, gate(0.0, 2.0), ORIGIN, "disagrees"),
    Case("origin, negative off it", rectified, gate(0.0, -1.0), ORIGIN, "disagrees"),
    Case("1 of 4, others doubled", rectified, gate(0.0, 2.0), FOUR, "disagrees"),
    Case("1 of 4, last flipped", rectified, last_flipped, FOUR, "disagrees"),
    Case("1 of 400, others doubled", rectified, gate(0.0, 2.0), MANY, "disagrees"),
    Case("1 of 400, others zero", rectified, gate(0.0, 0.0), MANY, "disagrees"),
    Case("1 of 400, last flipped", rectified, last_flipped, MANY, "disagrees"),
    Case("3 of 400, others × 1.5", rectified, gate(0.0, 1.5), THREE_OF_MANY, "disagrees"),
]


@table(WRONG)
def test_what_is_wrong_beside_a_kink_disagrees(case):
    judge(case)


def test_the_entries_that_are_wrong_beside_a_kink_are_named():
    report = gradcheck.check(rectified, gate(0.0, 2.0), FOUR)
    names = {entry.name for entry in report.entries}
    assert {"x[1]", "x[3]"} <= names
    assert "x[2]" not in names


def test_off_the_kink_the_same_claims_are_decided():
    off = MANY.copy()
    off[7] = 0.25
    assert gradcheck.check(rectified, gate(5.0), off).verdict == "agrees"
    assert gradcheck.check(rectified, gate(0.0, 2.0), off).verdict == "disagrees"


# --- a maximum that is reached twice


def largest(x):
    return x.max() ** 2


def to_the_first(x):
    return 2 * x.max() * (np.arange(x.size) == x.argmax())


def to_all(x):
    return 2 * x.max() * (x == x.max())


def shared(x):
    return to_all(x) / (x == x.max()).sum()


def to_the_second_and_last(x):
    return 2 * x.max() * np.array([0, 1, 0, 0.5])


TIED = np.array([1.0, 3.0, 3.0, 2.0])
TIES = [
    Case("all to the first", largest, to_the_first, TIED, "undecided", ("x[1]", "x[2]")),
    Case("shared", largest, shared, TIED, "undecided", ("x[1]", "x[2]")),
    Case("counted twice", largest, to_all, TIED, NEVER_AGREES),
    Case("a share to the last", largest, to_the_second_and_last, TIED, "disagrees"),
    Case("no tie, right", largest, to_the_first, np.array([1.0, 3.0, 2.9, 2.0]), "agrees"),
    Case("no tie, × 1.5", largest, times(shared, 1.5), np.array([1.0, 3.0, 2.9]), "disagrees"),
]


@table(TIES)
def test_a_tied_maximum(case):
    report = judge(case)
    if report.verdict == "undecided":
        assert tells(report, 0, 6), str(report)


class Pooling:
    """The maxima of windows of 2 × 2, weighted and added up."""

    def __init__(self, side):
        rng = np.random.default_rng(side)
        self.half = side // 2
        self.weights = rng.standard_normal((self.half, self.half))
        self.weights[0, 0] = 0.75
        self.image = rng.standard_normal((side, side))
        self.image[0, :2] = 3.0  # a tie

    def windows(self, image):
        blocks = image.reshape(self.half, 2, self.half, 2)
        return blocks.swapaxes(1, 2).reshape(self.half, self.half, 4)

    def loss(self, image):
        return (self.weights * self.windows(image).max(axis=2)).sum()

    def gradient(self, image):
        windows = self.windows(image)
        first = np.arange(4) == windows.argmax(axis=2)[..., None]
        blocks = (first * self.weights[..., None]).reshape(self.half, self.half, 2, 2)
        return blocks.swapaxes(1, 2).reshape(image.shape)

    def without_last_rows(self, image):
        gradient = self.gradient(image)
        gradient[-2:] = 0
        return gradient


@pytest.mark.parametrize("side", [8, 16])
def test_a_tied_window_among_many(side):
    pooling = Pooling(side)
    names = ("image[0, 0]", "image[0, 1]")
    right = Case("", pooling.loss, pooling.gradient, pooling.image, "undecided", names)
    assert tells(judge(right), 0, 0.75)
    for wrong in (pooling.without_last_rows, times(pooling.gradient, 2.0)):
        judge(right._replace(gradient=wrong, want="disagrees", says=()))
    untied = pooling.image.copy()
    untied[0, 0] = 4.0
    judge(right._replace(at=untied, want="agrees", says=()))


# --- a kink in one of several terms, and one close by


def squares_and_a_modulus(p):
    return (p**2).sum() + abs(p[0])


def with_sign(p):
    return 2 * p + np.sign(p) * (np.arange(p.size) == 0)


@pytest.mark.parametrize("size", [10, 50, 100, 300])
def test_one_modulus_among_squares(size):
    at_kink, off_kink = np.arange(0.0, size), np.arange(1.0, size + 1)
    right = Case("", squares_and_a_modulus, with_sign, at_kink, "undecided", ("p[0]",))
    assert tells(judge(right), -1, 1)
    judge(right._replace(at=off_kink, want="agrees", says=()))
    for at in (at_kink, off_kink):  # at the kink 0 is within the slopes, and wrong beside it
        forgotten = Case("", squares_and_a_modulus, lambda p: 2 * p, at, "disagrees")
        judge(forgotten)


def clipped(x):
    return (np.clip(x, -1, 1) ** 2).sum()


def cut(x):
    return 2 * x * (abs(x) < 1)


CLOSE_BY = np.append(np.random.default_rng(0).standard_normal(59), 1 - 1e-9)
LIMITS = [
    Case("1e-9 off a limit, right", clipped, cut, CLOSE_BY, NEVER_DISAGREES),
    Case("1e-9 off a limit, not cut", clipped, lambda x: 2 * x, CLOSE_BY, "disagrees"),
    Case("off the limits, right", clipped, cut, CLOSE_BY[:-1], "agrees"),
]


@table(LIMITS)
def test_a_kink_close_by(case):
    judge(case)


# --- kinks whose trace is below the rounding, and kinks so near that steps are short

STRENGTHS = 10.0 ** np.arange(-8.5, -4.5, 0.5)
MIXED = np.random.default_rng(7).standard_normal(9)
BESIDE = np.r_[np.zeros(10), np.random.default_rng(2).standard_normal(5)]


def weak_kinks(strength):
    slopes = np.r_[1.0, strength * MIXED]

    def loss(x):
        kinked = 1e-3 * (slopes * np.maximum(x[:10], 0)).sum()
        return 3.0 + kinked + 1e-3 * np.sin(x[10:]).sum()

    return loss, lambda x: 1e-3 * np.r_[slopes * (x[:10] > 0), np.cos(x[10:])]


@pytest.mark.parametrize("strength", STRENGTHS)
def test_kinks_too_weak_to_show_beside_one_that_does_make_no_false_alarm(strength):
    loss, gradient = weak_kinks(strength)
    for seed in range(8):
        assert gradcheck.check(loss, gradient, BESIDE, seed=seed).verdict == "undecided"


@pytest.mark.parametrize("strength", STRENGTHS)
def test_what_is_wrong_besides_a_kink_still_disagrees(strength):
    loss, gradient = weak_kinks(strength)
    factors = np.r_[np.ones(14), 1.1]
    for seed in range(8):
        report = gradcheck.check(loss, lambda x: factors * gradient(x), BESIDE, seed=seed)
        assert report.verdict == "disagrees", str(report)


def test_next_to_nothing_beside_a_kink_is_judged_at_a_point_off_it():
    # Along some directions, what is wrong is no more than what weak kinks might be.
    at = np.array([0.0, 0.2, -0.5, -0.4, -2.4, 1.8])

    def loss(x):
        return 3.0 + 1e-3 * np.maximum(x[:1], 0).sum() + 1e-3 * np.sin(x[1:]).sum()

    def gradient(x):
        return 1e-3 * np.r_[(x[:1] > 0) * 1.0, np.cos(x[1:]) * [1, 1, 1, 1, 1.02]]

    for seed in range(30):
        report = gradcheck.check(loss, gradient, at, seed=seed)
        assert report.verdict == "disagrees", str(report)


NEAR = np.array([0.7, -1.2, 0.4])


def nearly_kinked(distance):
    def loss(x):
        return 3.0 + 1e-3 * (np.sin(x).sum() + np.abs(x - NEAR - distance).sum())

    return loss, lambda x: 1e-3 * (np.cos(x) + np.sign(x - NEAR - distance))


@pytest.mark.parametrize("distance", [3e-6, 1e-5, 1e-4])
def test_short_of_a_kink_close_by_a_gradient_agrees_as_closely_as_short_steps_tell(distance):
    loss, gradient = nearly_kinked(distance)
    for seed in range(8):
        report = gradcheck.check(loss, gradient, NEAR, seed=seed)
        assert report.verdict == "agrees", str(report)
        wrong = gradcheck.check(loss, lambda x: gradient(x) * [1, 1, 0.99], NEAR, seed=seed)
        assert wrong.verdict == "disagrees", str(wrong)
