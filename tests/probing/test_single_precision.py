"""float32: judged in double precision where the functions can be, and held against that."""

from __future__ import annotations

import re

import numpy as np
import pytest

import gradcheck
from gradcheck.probing import single_precision
from gradcheck.probing.subject import Subject
from tests.verdicts.cases import NEVER_AGREES, NEVER_DISAGREES, expect, said

SINGLE = np.finfo(np.float32).eps
DOUBLE = np.finfo(np.float64).eps
RNG = np.random.default_rng(0)
AT = {
    "W": RNG.standard_normal((20, 6)).astype(np.float32),
    "b": RNG.standard_normal(6).astype(np.float32),
}
INPUTS = RNG.standard_normal((8, 20)) / 4


def scores(p):
    return INPUTS.astype(p["W"].dtype) @ p["W"] + p["b"]


def loss(p):
    return np.log(np.cosh(scores(p))).sum()


def gradient(p):
    slopes = np.tanh(scores(p))
    return {"W": INPUTS.astype(p["W"].dtype).T @ slopes, "b": slopes.sum(axis=0)}


def insisting(function):
    """Return the function for single precision alone."""

    def only(p):
        if any(part.dtype != np.float32 for part in p.values()):
            raise TypeError("expected float32")
        return function(p)

    return only


def in_single(p):
    return {name: part.astype(np.float32) for name, part in p.items()}


def casting_loss(p):
    return loss(in_single(p))


def wide_loss_that_casts(p):
    return float(loss(in_single(p)))


def single_gradient(p):
    return in_single(gradient(p))


def with_b(claim, factor):
    def changed(p):
        return (parts := claim(p)) | {"b": parts["b"] * parts["b"].dtype.type(factor)}

    return changed


def promotion(loss, gradient, at=AT):
    subject = Subject(loss, gradient, at)
    _, claimed = subject.value_and_gradient()
    return single_precision.promote(subject, claimed, np.random.default_rng(0))


# --- what is promoted


def test_functions_that_take_copies_are_judged_in_double_precision():
    promoted = promotion(loss, gradient)
    assert promoted.subject.parameters.epsilon == DOUBLE
    assert promoted.claim.epsilon == DOUBLE
    assert promoted.claim.jitter == ()
    double = {name: part.astype(float) for name, part in AT.items()}
    assert promoted.value == loss(double)
    exact = np.concatenate([part.ravel() for part in gradient(double).values()])
    assert np.array_equal(promoted.claim.gradient, exact)
    assert 0 < promoted.off.max() < 1e-5
    assert promoted.excess.max() < 1


def test_a_gradient_that_is_float32_whatever_it_gets_is_held_against_the_promoted_loss():
    promoted = promotion(loss, single_gradient)
    assert promoted.subject.parameters.epsilon == DOUBLE
    assert promoted.off is None
    assert promoted.claim.epsilon == SINGLE
    assert len(promoted.claim.jitter) == single_precision.MOVES
    assert any(change.any() for change in promoted.claim.jitter)


@pytest.mark.parametrize(
    ("loss", "gradient"),
    [
        (insisting(loss), insisting(gradient)),
        (insisting(loss), gradient),
        (loss, insisting(gradient)),
        (casting_loss, gradient),
        (wide_loss_that_casts, gradient),
    ],
    ids=["insist", "loss insists", "gradient insists", "loss casts", "loss casts there and back"],
)
def test_what_is_no_quieter_in_double_precision_is_not_promoted(loss, gradient):
    assert promotion(loss, gradient) is None


def test_double_precision_is_not_promoted():
    at = {name: part.astype(float) for name, part in AT.items()}
    assert promotion(loss, gradient, at) is None


def test_a_large_point_is_not_promoted(monkeypatch):
    monkeypatch.setattr(single_precision, "MOST_PROMOTED", 125)
    assert promotion(loss, gradient) is None


def test_evaluations_in_double_precision_count():
    calls = []

    def counted(p):
        calls.append(p["W"].dtype)
        return loss(p)

    assert gradcheck.check(counted, gradient, AT).evaluations == len(calls)
    assert {np.dtype(np.float32), np.dtype(np.float64)} == set(calls)


# --- and the verdicts

PAIRS = {
    "both take copies": (loss, gradient),
    "both insist on float32": (insisting(loss), insisting(gradient)),
    "the gradient insists": (loss, insisting(gradient)),
    "the loss casts": (casting_loss, gradient),
    "the loss casts there and back": (wide_loss_that_casts, gradient),
    "the gradient is float32": (loss, single_gradient),
    "both are float32": (casting_loss, single_gradient),
}
pairs = pytest.mark.parametrize("name", PAIRS)


@pairs
def test_a_right_gradient_agrees_and_how_closely_it_is_known_is_said(name):
    for seed in range(5):
        report = gradcheck.check(*PAIRS[name], AT, seed=seed)
        expect(report, NEVER_DISAGREES)
        if report:
            known = re.search(r"to (\S+) of its norm", report.reason)
            assert known, report.reason
            is_sharp = name in ("both take copies", "the gradient is float32")
            assert float(known[1]) < (1e-9 if is_sharp else 2e-2)
    expect(gradcheck.check(*PAIRS[name], AT), "agrees")


@pairs
@pytest.mark.parametrize("factor", [0, -1, 1.5, 1 / 1.5])
def test_a_gross_mistake_disagrees(name, factor):
    evaluate, claim = PAIRS[name]
    expect(gradcheck.check(evaluate, with_b(claim, factor), AT), "disagrees")


@pytest.mark.parametrize("name", ["both take copies", "the gradient is float32"])
def test_against_the_promoted_loss_small_mistakes_show(name):
    evaluate, claim = PAIRS[name]
    expect(gradcheck.check(evaluate, with_b(claim, 1.001), AT), "disagrees")


def test_the_difference_of_a_promoted_gradient_is_reported():
    report = gradcheck.check(loss, gradient, AT)
    found = re.search(r"float32 gradient differs from that by (\S+) of its norm", said(report))
    assert found, str(report)
    assert 1e-9 < float(found[1]) < 1e-5


# --- right in double precision, wrong in float32


def wrong_in(dtype, factor):
    def claim(p):
        return with_b(gradient, factor if p["W"].dtype == dtype else 1)(p)

    return claim


@pytest.mark.parametrize("factor", [0, -1, 1.5, 1 / 1.5, 1.001])
def test_a_gradient_that_is_wrong_in_float32_alone_disagrees_and_that_is_said(factor):
    report = gradcheck.check(loss, wrong_in(np.float32, factor), AT)
    expect(report, "disagrees", "In double precision the gradient is right", "float32")
    assert "at p['b']" in report.reason


@pytest.mark.parametrize("factor", [0, -1, 1.5])
def test_a_gradient_that_is_wrong_in_double_precision_alone_never_agrees(factor):
    # It is not what was asked; but nothing says that the other one is right.
    expect(gradcheck.check(loss, wrong_in(np.float64, factor), AT), NEVER_AGREES)


@pytest.mark.parametrize("small", [1e-3, 1e-4, 1e-5, 1e-6, 1e-7])
@pytest.mark.parametrize("factor", [0, -1, 1.5, 1 / 1.5])
def test_an_array_of_little_weight_that_is_wrong_in_float32_alone_is_not_passed_over(small, factor):
    def weighted(p):
        return np.sin(p["W"]).sum() + p["b"].dtype.type(small) * np.sin(p["b"]).sum()

    def slopes(p):
        wrong = factor if p["b"].dtype == np.float32 else 1
        unit = p["b"].dtype.type(small * wrong)
        return {"W": np.cos(p["W"]), "b": unit * np.cos(p["b"])}

    report = gradcheck.check(weighted, slopes, AT)
    if report:  # its rounding may be larger than that, if this is said
        expect(report, "agrees", "p['b']", "could not be seen")
    else:
        expect(report, "disagrees", "In double precision the gradient is right", "p['b']")


# --- claims that are the same numbers anywhere


def test_a_constant_claim_of_a_linear_loss_agrees_and_a_factor_does_not():
    slopes = RNG.standard_normal(120).astype(np.float32)
    at = RNG.standard_normal(120).astype(np.float32)
    expect(gradcheck.check(lambda x: (slopes * x).sum(), lambda _: slopes, at), "agrees")
    for factor in (0, -1, 1.5, 1 / 1.5, 1.1):
        wrong = np.float32(factor) * slopes
        report = gradcheck.check(lambda x: (slopes * x).sum(), lambda _, g=wrong: g, at)
        expect(report, "disagrees")


def test_stored_numbers_are_claims_too():
    stored = gradient(AT)
    promoted = promotion(loss, lambda _: stored)
    assert promoted.off is None
    assert promoted.claim.ulps == single_precision.UNKNOWN
    expect(gradcheck.check(loss, lambda _: stored, AT), "agrees")
    for factor in (0, -1, 1.5, 1 / 1.5):
        wrong = with_b(lambda _: stored, factor)(AT)
        expect(gradcheck.check(loss, lambda _, g=wrong: g, AT), "disagrees")


def test_float32_numbers_stored_in_double_precision_are_accepted_within_a_precision_that_is_named():
    stored = {name: part.astype(float) for name, part in gradient(AT).items()}
    report = gradcheck.check(loss, lambda _: stored, AT)
    if not report:
        named = re.search(r"float32\)\? precision=(\S+) accepts that", said(report))
        assert named, str(report)
        assert float(named[1]) <= 1e-4
        expect(gradcheck.check(loss, lambda _: stored, AT, precision=float(named[1])), "agrees")
    wrong = stored | {"b": 1.5 * stored["b"]}
    for precision in (None, 1e-4):
        expect(gradcheck.check(loss, lambda _: wrong, AT, precision=precision), "disagrees")


# --- gates that flip between the precisions


def gated(seed):
    """Return a ReLU layer, some gates of which are open in one precision alone."""
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((500, 20)).astype(np.float32)
    weights = rng.standard_normal((20, 6)).astype(np.float32)
    # The first example lies within a rounding of all six kinks.
    at = {"W": weights, "b": -(inputs @ weights)[0]}

    def before(p):
        return inputs.astype(p["W"].dtype) @ p["W"] + p["b"]

    def loss(p):
        return np.maximum(before(p), 0).sum()

    def gradient(p):
        gates = (before(p) > 0).astype(p["W"].dtype)
        return {"W": inputs.astype(p["W"].dtype).T @ gates, "b": gates.sum(axis=0)}

    return loss, gradient, at


@pytest.mark.parametrize("seed", range(5))
def test_a_gate_that_flips_between_the_precisions_is_no_mistake(seed):
    loss, gradient, at = gated(seed)
    single = gradient(at)["b"]
    double = gradient({name: part.astype(float) for name, part in at.items()})["b"]
    assert (single != double).any()
    expect(gradcheck.check(loss, gradient, at), NEVER_DISAGREES)
    wrong = gradcheck.check(loss, with_b(gradient, 1.5), at)
    expect(wrong, NEVER_AGREES)


def test_a_bias_before_a_normalization_is_no_mistake():
    # Its gradient is 0, and rounding all that is claimed.
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((50, 4)).astype(np.float32)
    at = {
        "W": rng.standard_normal((4, 6)).astype(np.float32),
        "b": (10 * rng.standard_normal(6)).astype(np.float32),
        "w": rng.standard_normal(6).astype(np.float32),
    }

    def forward(p):
        linear = inputs.astype(p["W"].dtype) @ p["W"] + p["b"]
        spread = linear.std(axis=0)
        normal = (linear - linear.mean(axis=0)) / spread
        return normal, spread, np.tanh(normal @ p["w"])

    def loss(p):
        return (forward(p)[2] ** 2).sum()

    def gradient(p):
        normal, spread, out = forward(p)
        into = 2 * out * (1 - out**2)
        upstream = np.outer(into, p["w"])
        down = upstream - upstream.mean(axis=0) - normal * (upstream * normal).mean(axis=0)
        down = down / spread
        return {
            "W": inputs.astype(p["W"].dtype).T @ down,
            "b": down.sum(axis=0),
            "w": normal.T @ into,
        }

    assert np.abs(gradient(at)["b"]).max() > 0
    for seed in range(5):
        report = gradcheck.check(loss, gradient, at, seed=seed)
        expect(report, NEVER_DISAGREES)
        if report:
            expect(report, "agrees", "p['b']", "could not be seen")


# --- what moves a claim


def test_the_noise_of_a_claim_is_what_it_changes_when_its_point_moves_by_a_last_place():
    subject = Subject(loss, gradient, AT)
    _, claimed = subject.value_and_gradient()
    evaluations = subject.evaluations
    changes = tuple(single_precision.jittered(subject, claimed, np.random.default_rng(0)))
    assert len(changes) == single_precision.MOVES
    largest = max(np.abs(change).max() for change in changes)
    assert 0 < largest < 100 * SINGLE * np.abs(claimed).max()
    assert subject.evaluations == evaluations + single_precision.MOVES


def test_rounding_of_single_precision_is_not_listed_as_wrong():
    point = RNG.standard_normal(500).astype(np.float32)

    def wrong_at_the_end(x):
        claimed = 3 * x**2
        claimed[-1] += 1
        return claimed

    report = gradcheck.check(lambda x: (x**3).sum(), wrong_at_the_end, point)
    assert [entry.name for array in report.arrays for entry in array.entries] == ["x[499]"]
