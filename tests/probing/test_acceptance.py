"""Claims that are accepted early: as seldom wrong ones as promised, and as many right as ever."""

from __future__ import annotations

import math
import types

import numpy as np
import pytest

import gradcheck
from gradcheck.numerical.samples import Samples
from gradcheck.probing import acceptance
from gradcheck.probing.acceptance import Acceptance, Attempt, miss_probability
from gradcheck.probing.probes import Prober
from tests.benchmarks.false_alarms import draw
from tests.checking.test_gradients import MISTAKES, planted, point, softmax_gradient, softmax_loss
from tests.functions import _hash_noise

# --- the theorem, on residuals and truncation that are made up

EPSILON = 2.0**-52
LONGEST = 4 * (EPSILON * acceptance.ROUNDING) ** (1 / 7)
CLOSEST = float(np.abs(acceptance.WEIGHTS) @ 2.0 ** np.arange(3)) / LONGEST * 4 * EPSILON
"""The tolerance at the longest step, of a loss of 1."""

TRUNCATIONS = [0.0, *(sign * 2.0**j for sign in (-1, 1) for j in (-2, 0, 1, 3, 5, 8, 12, 20, 40))]
TRIALS = 300


def tolerances_of_misses(largest, truncation, *, follows, seed=1):
    """Accept a claim of 0 where the derivative is A and B h**6 is added to it, time and again.

    Returns the tolerance with which each was accepted, infinite where it was not. A is uniform
    on [0, largest]; B is `truncation`, in units of what makes up for A (if it `follows`) or for
    the largest A at the longest step.
    """
    rng = np.random.default_rng(seed)
    line = types.SimpleNamespace(span=1.0, first_step=1.0, rounding=0.0)
    claim = types.SimpleNamespace(claimed=0.0, rounding=0.0, along=types.SimpleNamespace(least=1.0))
    found = []
    for _ in range(TRIALS):
        a = largest * rng.random()
        b = 64 * truncation * (a if follows else largest) / LONGEST**6  # × 1/64: see WEIGHTS

        def loss(t, a=a, b=b):
            return 1 + a * t - b * t**7

        attempt = Acceptance(EPSILON, rng).attempt(
            lambda step, loss=loss: Samples(loss, step, 1.0), line, claim, 1.0
        )
        found.append(attempt.accepted.error if attempt.accepted else math.inf)
    return np.array(found)


def excess(frequency, bound):
    """Return by how many standard deviations of the sample a frequency is above its bound."""
    return (frequency - bound) / math.sqrt(max(bound * (1 - bound), 1e-9) / TRIALS)


def worst_excess(ratio):
    largest, worst = CLOSEST / ratio, -math.inf
    for truncation in TRUNCATIONS:
        for follows in (False, True):
            missed = tolerances_of_misses(largest, truncation, follows=follows)
            for tolerance in CLOSEST * 2.0 ** np.arange(12):
                bound = miss_probability(tolerance, largest)
                if bound < 1:
                    worst = max(worst, excess((missed <= tolerance).mean(), bound))
    return worst


def worst_share(ratio):
    missed = [
        np.isfinite(tolerances_of_misses(CLOSEST / ratio, truncation, follows=follows)).mean()
        for truncation in TRUNCATIONS
        for follows in (False, True)
    ]
    return max(missed)


@pytest.mark.parametrize("ratio", [0.05, 1e-2, 1e-3])
def test_errors_are_missed_no_more_often_than_stated(ratio):
    assert worst_excess(ratio) < 4.5


def test_the_tolerance_of_a_miss_is_at_most_that_of_the_shortest_step():
    ratio = 1e-4
    furthest = 2 / acceptance.MOST_SHRINKING * CLOSEST  # half for the random step
    bound = miss_probability(furthest, CLOSEST / ratio)
    assert bound < 0.1
    assert excess(worst_share(ratio), bound) < 4.5


def test_without_the_random_step_they_are_missed_more_often(monkeypatch):
    built = Acceptance.__init__

    def fixed(self, epsilon, _):
        built(self, epsilon, types.SimpleNamespace(random=lambda: 0.5))

    monkeypatch.setattr(Acceptance, "__init__", fixed)
    assert worst_excess(1e-2) > 20


def test_a_step_that_would_have_to_shrink_further_than_the_limit_is_left_to_the_search(monkeypatch):
    steep = 0.5 / 64 / LONGEST / CLOSEST  # truncation is up to half the loss
    assert not np.isfinite(tolerances_of_misses(CLOSEST, steep, follows=False)).all()
    monkeypatch.setattr(acceptance, "MOST_SHRINKING", 0.0)
    assert np.isfinite(tolerances_of_misses(CLOSEST, steep, follows=False)).all()


def test_two_times_pairs_is_the_power_that_extrapolation_leaves():
    steps = 2.0 ** -np.arange(acceptance.PAIRS)
    for power in range(0, acceptance.ORDER, 2):
        assert acceptance.WEIGHTS @ steps**power == pytest.approx(float(power == 0), abs=1e-13)
    assert acceptance.WEIGHTS @ steps**acceptance.ORDER == pytest.approx(1 / 64)


@pytest.mark.parametrize(
    ("tolerance", "largest"), [(1.0, 1.0), (2.0, 1.0), (1.0, 0.0), (math.inf, 1.0), (1.0, math.nan)]
)
def test_what_is_no_larger_than_the_tolerance_is_missed_for_sure(tolerance, largest):
    assert miss_probability(tolerance, largest) == 1


def test_larger_errors_are_missed_more_seldom():
    missed = [miss_probability(1.0, largest) for largest in 10.0 ** np.arange(0, 12)]
    assert missed == sorted(missed, reverse=True)
    assert missed[-1] < 1e-9


# --- right claims


def early(report):
    return [probe.is_early for probe in report.probes]


SMOOTH = {
    "cubes": (lambda x: (x**3).sum(), lambda x: 3 * x**2),
    "exp of a mean": (
        lambda x: np.exp(x.mean()),
        lambda x: np.full(x.shape, np.exp(x.mean()) / x.size),
    ),
}
BENT = {
    "sines": (lambda x: np.sin(x).sum(), np.cos),
    "tanh": (lambda x: np.tanh(x).sum(), lambda x: 1 / np.cosh(x) ** 2),
    "log cosh": (lambda x: np.log(np.cosh(x)).sum(), np.tanh),
}


@pytest.mark.parametrize("size", [2, 50, 3_000, 100_000])
@pytest.mark.parametrize("kind", SMOOTH)
def test_a_right_claim_of_a_smooth_loss_costs_14_evaluations(kind, size):
    loss, gradient = SMOOTH[kind]
    calls = []

    def counted(x):
        calls.append(1)
        return loss(x)

    report = gradcheck.check(counted, gradient, np.random.default_rng(size).standard_normal(size))
    assert report.verdict == "agrees"
    assert early(report) == [True, True]
    assert len(calls) == report.evaluations == 14


@pytest.mark.parametrize("size", [50, 3_000])
@pytest.mark.parametrize("kind", [*SMOOTH, *BENT])
def test_one_of_a_loss_that_bends_costs_a_second_attempt_at_most(kind, size):
    loss, gradient = {**SMOOTH, **BENT}[kind]
    for seed in range(25):
        at = np.random.default_rng(seed).standard_normal(size)
        report = gradcheck.check(loss, gradient, at, seed=seed)
        assert early(report) == [True, True]
        assert report.evaluations in (14, 20)


@pytest.mark.parametrize(("words", "d"), [(5, 3), (60, 10), (2000, 50)])
def test_so_does_one_of_word2vec(words, d):
    report = gradcheck.check(softmax_loss(1), softmax_gradient(1), point(words, d, scale=0.3))
    assert report.verdict == "agrees"
    assert report.evaluations == 14


# --- wrong claims


@pytest.mark.parametrize("words", [6, 60])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_claim_is_not_accepted(mistake, words):
    at = point(words)
    for seed in range(25):
        report = gradcheck.check(softmax_loss(1), planted(MISTAKES[mistake]), at, seed=seed)
        assert report.verdict == "disagrees"
        assert not all(early(report)) or not report.probes


def test_what_is_accepted_holds_within_its_tolerance():
    at = point(12)
    flat = np.concatenate([part.ravel() for part in softmax_gradient(1)(*at)])
    for seed in range(50):
        for probe in gradcheck.check(softmax_loss(1), softmax_gradient(1), at, seed=seed).probes:
            assert probe.is_early
            assert abs(probe.numerical.value - flat @ probe.direction) <= probe.tolerance
            assert probe.tolerance <= 1e-8 * np.linalg.norm(flat)


# --- what only the search may decide

AT = np.array([0.8, -1.3, 0.4, 2.1])


@pytest.mark.parametrize("height", [1.0, 1e-3, 1e-6, 1e-7, 1e-8])
@pytest.mark.parametrize("lean", [-1, 0, 1], ids=["left", "between", "right"])
def test_a_kink_at_the_point_is_not_accepted_early(height, lean):
    def loss(x):
        return np.sin(x).sum() + height * np.abs(x - AT).sum()

    def gradient(x):
        return np.cos(x) + height * np.where(x == AT, lean, np.sign(x - AT))

    for seed in range(10):
        report = gradcheck.check(loss, gradient, AT, seed=seed)
        assert not any(early(report)), str(report)
        # A lower one is within what an agreement leaves open.
        assert height < 1e-7 or report.verdict == "undecided", str(report)


@pytest.mark.parametrize("slopes", [(0, 1), (-1, 0), (0.5, 2), (-2, -1)])
@pytest.mark.parametrize("share", [0, 0.3, 0.5, 1])
def test_no_slope_of_a_kink_is_accepted_early(slopes, share):
    left, right = slopes
    small = 1e-5

    def loss(x):
        return np.cos(x) + small * (right * max(x - 1.0, 0) + left * min(x - 1.0, 0))

    slope = -math.sin(1.0) + small * (left + share * (right - left))
    for seed in range(10):
        assert not any(early(gradcheck.check(loss, lambda _: slope, 1.0, seed=seed)))


@pytest.mark.parametrize("offset", [1.0, -1e-3, 1e-6, -1e-9, 1e-11])
def test_a_constant_offset_beside_the_point_is_not_accepted_early(offset):
    def loss(x):
        return np.sin(x).sum() + offset * (not np.array_equal(x, AT))

    for seed in range(10):
        report = gradcheck.check(loss, np.cos, AT, seed=seed)
        assert not early(report)[0]


@pytest.mark.parametrize("size", [1e-2, 1e-5, 1e-8, 1e-11])
def test_noise_is_not_accepted_early(size):
    def loss(x):
        return np.sin(x).sum() + size * _hash_noise(float(x @ [1.0, 0.7, 0.3, 0.1]))

    accepted = sum(early(gradcheck.check(loss, np.cos, AT, seed=seed))[0] for seed in range(40))
    assert accepted <= 1  # it takes luck


@pytest.mark.parametrize("offset", [0.0, 3.0])
@pytest.mark.parametrize("scale", [40.0, 1000.0])
def test_a_saturated_loss_is_not_accepted_early(scale, offset):
    at = np.array([scale]), np.array([[1.0], [-1.0], [0.5]])
    wrong = planted(lambda grad_v, grad_u: (grad_v + 1e-3, grad_u), 0)

    def loss(v, u):
        return offset + softmax_loss(0)(v, u)

    for seed in range(10):
        report = gradcheck.check(loss, softmax_gradient(0), at, seed=seed)
        assert not any(early(report)), str(report)
        report = gradcheck.check(loss, wrong, at, seed=seed)
        assert not any(early(report)), str(report)
        assert report.verdict != "agrees"


# --- the same verdicts as with the search alone


def verdicts(cases, seed=None):
    with np.errstate(all="ignore"):
        return [
            gradcheck.check(*case, seed=index if seed is None else seed).verdict
            for index, case in enumerate(cases)
        ]


def search_alone(monkeypatch, cases):
    with monkeypatch.context() as patched:
        patched.setattr(Prober, "_attempt", lambda *_: Attempt(None))
        return verdicts(cases)


def test_right_claims_get_the_verdicts_of_the_search_alone(monkeypatch):
    drawn = [draw(7, index) for index in range(320)]
    cases = [(case.loss_and_grad, case.at) for case in drawn]
    found, alone = verdicts(cases), search_alone(monkeypatch, cases)
    assert [i for i, pair in enumerate(zip(found, alone, strict=True)) if len(set(pair)) > 1] == []
    assert found.count("agrees") > 200


def spoiled(case, index):
    """Plant a mistake in one entry of the center's gradient, or a factor in all of it."""

    def changed(center, outside):
        loss, grad_center, grad_outside = case.loss_and_grad(center, outside)
        grad_center = np.array(grad_center)
        if index % 2:
            grad_center *= 1.01
        else:
            grad_center[index % grad_center.size] += 1e-3
        return loss, grad_center, grad_outside

    return changed


def test_wrong_claims_get_the_verdicts_of_the_search_alone(monkeypatch):
    drawn = [draw(8, index) for index in range(80)]
    cases = [(spoiled(case, index), case.at) for index, case in enumerate(drawn)]
    found, alone = verdicts(cases), search_alone(monkeypatch, cases)
    assert [i for i, pair in enumerate(zip(found, alone, strict=True)) if len(set(pair)) > 1] == []
    assert found.count("disagrees") > 40


def test_planted_mistakes_get_the_verdicts_of_the_search_alone(monkeypatch):
    cases = [
        (softmax_loss(1), planted(change), point(words, scale=scale))
        for change in MISTAKES.values()
        for words in (6, 60)
        for scale in (0.1, 1.0, 5.0)
    ]
    assert verdicts(cases) == search_alone(monkeypatch, cases)
