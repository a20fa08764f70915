"""What agrees would not agree, were an array of the claim, or all of it, grossly wrong."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradcheck
from gradcheck.checking import judgement
from gradcheck.numerical import samples
from gradcheck.probing import examination, probes
from gradcheck.probing.examination import GROSS, is_sharp
from gradcheck.probing.probes import Prober
from tests.functions import _hash_noise
from tests.verdicts.cases import NEVER_AGREES, NEVER_DISAGREES, expect, said, with_array
from tests.verdicts.test_domain_edges import ON_SPHERE, on_sphere_only, tangential


class Problem(NamedTuple):
    """A loss of a dictionary of arrays, and its right gradient."""

    loss: Callable[..., Any]
    gradient: Callable[..., Any]
    at: dict[str, Any]


def softmax(scale):
    rng = np.random.default_rng(1)
    at = {"v": scale * rng.standard_normal(7), "u": scale * rng.standard_normal((20, 7))}

    def loss(p):
        scores = p["u"] @ p["v"]
        top = scores.max()
        return top + np.log(np.exp(scores - top).sum()) - scores[3]

    def gradient(p):
        scores = p["u"] @ p["v"]
        likely = np.exp(scores - scores.max())
        likely /= likely.sum()
        likely[3] -= 1
        return {"v": p["u"].T @ likely, "u": np.outer(likely, p["v"])}

    return Problem(loss, gradient, at)


def network():
    rng = np.random.default_rng(2)
    inputs, targets = rng.standard_normal((9, 10)), rng.standard_normal(9)
    at = {
        "W": rng.standard_normal((10, 12)) / 3,
        "b": 0.1 * rng.standard_normal(12),
        "w": rng.standard_normal(12) / 3,
    }

    def forward(p):
        hidden = np.tanh(inputs.astype(p["W"].dtype) @ p["W"] + p["b"])
        return hidden, hidden @ p["w"] - targets.astype(p["W"].dtype)

    def loss(p):
        return (forward(p)[1] ** 2).sum()

    def gradient(p):
        hidden, error = forward(p)
        into = np.outer(2 * error, p["w"]) * (1 - hidden**2)
        return {
            "W": inputs.astype(p["W"].dtype).T @ into,
            "b": into.sum(axis=0),
            "w": 2 * hidden.T @ error,
        }

    return Problem(loss, gradient, at)


def sines(weights, size=60):
    rng = np.random.default_rng(3)
    at = {name: rng.standard_normal(size) for name in weights}

    def loss(p):
        return sum(p[name].dtype.type(w) * np.sin(p[name]).sum() for name, w in weights.items())

    def gradient(p):
        return {name: p[name].dtype.type(w) * np.cos(p[name]) for name, w in weights.items()}

    return Problem(loss, gradient, at)


def steep():
    rng = np.random.default_rng(4)
    at = {"x": rng.uniform(-1, 1, 50), "y": rng.uniform(-1, 1, 60)}

    def loss(p):
        return np.exp(5 * p["x"]).sum() + np.tanh(30 * p["y"]).sum()

    def gradient(p):
        return {"x": 5 * np.exp(5 * p["x"]), "y": 30 / np.cosh(30 * p["y"]) ** 2}

    return Problem(loss, gradient, at)


def noisy(problem, size):
    """Add relative noise that is the same for the same argument."""

    def loss(p):
        return problem.loss(p) * (
            1 + size * _hash_noise(float(sum(part.sum() for part in p.values())))
        )

    return problem._replace(loss=loss)


def lifted(problem, offset):
    return problem._replace(loss=lambda p: problem.loss(p) + offset)


def single(problem):
    at = {name: part.astype(np.float32) for name, part in problem.at.items()}
    return problem._replace(at=at)


def single_throughout(problem):
    """Let both functions insist on float32."""

    def insisting(function):
        def only(p):
            if any(part.dtype != np.float32 for part in p.values()):
                raise TypeError("expected float32")
            return function(p)

        return only

    return Problem(insisting(problem.loss), insisting(problem.gradient), single(problem).at)


EQUAL = {"a": 1.0, "b": 1.0}
UNEQUAL = {"a": 1.0, "b": 1e-3, "c": 1e-6}
SMOOTH = {
    "softmax": softmax(1.0),
    "network": network(),
    "sines": sines(EQUAL),
    "unequal sines": sines(UNEQUAL),
    "steep": steep(),
}
NOISE = (1e-9, 1e-7, 1e-5, 1e-3)
OFFSETS = (1e4, 1e8, 1e12)
DISTURBED = {
    **{f"{name}, noise of {n:g}": noisy(SMOOTH[name], n) for name in SMOOTH for n in NOISE},
    **{f"{name}, {o:g} more": lifted(SMOOTH[name], o) for name in SMOOTH for o in OFFSETS},
    **{f"softmax at {scale}": softmax(scale) for scale in (3, 5, 10)},
    **{f"{name} in float32": single(SMOOTH[name]) for name in SMOOTH},
    **{f"{name}, float32 alone": single_throughout(SMOOTH[name]) for name in SMOOTH},
}
PROBLEMS = SMOOTH | DISTURBED
everywhere = pytest.mark.parametrize("name", PROBLEMS)


@functools.cache
def checked(name, precision=None):
    return gradcheck.check(*PROBLEMS[name], precision=precision)


def is_nothing(problem, name):
    """Tell whether an array's gradient is 0 to rounding: 4 last places of the loss."""
    part, epsilon = problem.at[name], np.finfo(problem.at[name].dtype).eps
    terms = float(np.abs(problem.gradient(problem.at)[name] * part).sum())
    return terms <= 4 * epsilon * abs(float(problem.loss(problem.at)))


# --- the invariant


@everywhere
@pytest.mark.parametrize("precision", [None, 1e-2])
def test_the_probes_of_what_agrees_refuse_any_array_that_is_grossly_wrong(name, precision):
    report, problem = checked(name, precision), PROBLEMS[name]
    expect(report, NEVER_DISAGREES)
    if not report:
        return
    live = [i for i, array in enumerate(problem.at) if not is_nothing(problem, array)]
    assert live
    for group in [*([i] for i in live), live, list(range(len(problem.at)))]:
        assert is_sharp(report.probes, group), (group, str(report))


@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_losses_agree(name):
    expect(checked(name), "agrees")


@pytest.mark.parametrize("factor", GROSS)
@everywhere
def test_no_array_that_is_grossly_wrong_agrees(name, factor):
    problem = PROBLEMS[name]
    for array in problem.at:
        if is_nothing(problem, array):
            continue
        wrong = with_array(problem.gradient, array, factor)
        expect(
            gradcheck.check(problem.loss, wrong, problem.at),
            "disagrees" if name in SMOOTH else NEVER_AGREES,
        )


@pytest.mark.parametrize("factor", GROSS)
@everywhere
def test_no_gradient_that_is_grossly_wrong_agrees(name, factor):
    loss, gradient, at = PROBLEMS[name]

    def wrong(p):
        return {key: part * part.dtype.type(factor) for key, part in gradient(p).items()}

    expect(gradcheck.check(loss, wrong, at), "disagrees" if name in SMOOTH else NEVER_AGREES)


# --- what is claimed to be 0

SMALL = [1.0, 1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9]


@pytest.mark.parametrize("offset", [0.0, 1e2, 1e4, 1e6, 1e8])
@pytest.mark.parametrize("small", SMALL)
def test_an_array_that_is_claimed_0_and_is_not_never_agrees(small, offset):
    loss, gradient, at = lifted(sines({"a": 1.0, "b": small}), offset)
    wrong = gradcheck.check(loss, with_array(gradient, "b", 0), at)
    # Along a random direction the terms of 60 entries add up to an eighth of their sum.
    if small * np.abs(np.sin(at["b"])).sum() > 8 * 4 * 2.0**-52 * offset:  # it shows in the loss
        expect(wrong, NEVER_AGREES)


@pytest.mark.parametrize("noise", [1e-11, 1e-10, 1e-9])
@pytest.mark.parametrize("small", SMALL[2:])
def test_noise_is_no_excuse_for_an_array_that_is_claimed_0(small, noise):
    loss, gradient, at = noisy(sines({"a": 1.0, "b": small}), noise)
    expect(gradcheck.check(loss, with_array(gradient, "b", 0), at), NEVER_AGREES)


def dead(p):
    return np.sin(p["a"]).sum() + (np.maximum(p["b"] - 10, 0) ** 2).sum()


def dead_slopes(p):
    return {"a": np.cos(p["a"]), "b": 2 * np.maximum(p["b"] - 10, 0)}


def test_an_array_along_which_nothing_moves_is_named():
    at = sines(EQUAL).at
    report = gradcheck.check(dead, dead_slopes, at)
    expect(report, "agrees", "p['b'] is 0 here", "could not be seen")
    assert "p['a']" not in " ".join(report.notes)
    # What is there does show.
    at = at | {"b": at["b"] + 11}
    report = gradcheck.check(dead, dead_slopes, at)
    expect(report, "agrees")
    assert "could not be seen" not in said(report)
    expect(gradcheck.check(dead, with_array(dead_slopes, "b", 1.5), at), "disagrees")


def test_an_array_along_which_nothing_moves_has_no_other_derivative():
    at = sines(EQUAL).at

    def wrong(p):
        return dead_slopes(p) | {"b": np.full(60, 1e-6)}

    expect(gradcheck.check(dead, wrong, at), "disagrees")


def test_an_array_that_is_claimed_0_and_moves_evenly_is_decided():
    at = sines(EQUAL).at
    bottom = at["b"].copy()

    def loss(p):
        return np.sin(p["a"]).sum() + ((p["b"] - bottom) ** 2).sum()

    def slopes(p):
        return {"a": np.cos(p["a"]), "b": 2 * (p["b"] - bottom)}

    expect(gradcheck.check(loss, slopes, at), "agrees")
    wrong = gradcheck.check(loss, lambda p: slopes(p) | {"b": np.full(60, 1e-3)}, at)
    expect(wrong, "disagrees")


STARTING = {
    "0": (np.zeros(60), "p['b'] is 0 everywhere"),
    "1": (np.ones(60), "p['b'] is 1 everywhere"),
    "equal": (np.full(60, 0.3), "p['b'] is 0.3 everywhere"),
}


@pytest.mark.parametrize("name", STARTING)
def test_a_starting_point_is_named(name):
    part, says = STARTING[name]
    loss, gradient, at = sines(EQUAL)
    report = gradcheck.check(loss, gradient, at | {"b": part})
    expect(report, "agrees", says, "A random point shows more")
    assert "p['a']" not in " ".join(report.notes)
    assert gradcheck.check(loss, gradient, at).notes == ()


def test_a_factor_that_hides_at_a_starting_point_is_what_the_note_is_for():
    def loss(p):
        return (p["x"] ** 3).sum()

    def wrong(p):
        return {"x": 3 * p["x"] ** 3}

    expect(gradcheck.check(loss, wrong, {"x": np.ones(5)}), "agrees", "p['x'] is 1 everywhere")
    expect(gradcheck.check(loss, wrong, {"x": np.linspace(0.5, 2, 5)}), "disagrees")


# --- nothing to see at all


@pytest.mark.parametrize("scale", [20.0, 40.0])
def test_a_saturated_loss_is_undecided_and_that_is_said(scale):
    rng = np.random.default_rng(0)
    at = {"s": np.append(scale + rng.random(), rng.standard_normal(9))}

    def loss(p):
        return np.log(np.exp(p["s"] - p["s"].max()).sum()) + p["s"].max() - p["s"][0]

    def gradient(p):
        likely = np.exp(p["s"] - p["s"].max())
        return {"s": likely / likely.sum() - (np.arange(10) == 0)}

    report = gradcheck.check(loss, gradient, at)
    expect(report, NEVER_DISAGREES)
    if scale == 40:
        expect(report, "undecided", "The loss has saturated")
        for factor in GROSS[1:]:  # a loss of exactly 0 may well have a gradient of exactly 0
            wrong = gradcheck.check(loss, with_array(gradient, "s", factor), at)
            expect(wrong, NEVER_AGREES)


def test_an_optimum_is_undecided_and_that_is_said():
    rng = np.random.default_rng(0)
    inputs, targets = rng.standard_normal((80, 30)), rng.standard_normal(80)
    at = {"w": np.linalg.lstsq(inputs, targets, rcond=None)[0]}

    def loss(p):
        return ((inputs @ p["w"] - targets) ** 2).sum()

    def gradient(p):
        return {"w": 2 * inputs.T @ (inputs @ p["w"] - targets)}

    expect(gradcheck.check(loss, gradient, at), "undecided", "The point is an optimum")
    wrong = gradcheck.check(loss, lambda p: {"w": gradient(p)["w"] + 1e-3}, at)
    expect(wrong, "disagrees")


# --- the tests above can fail


def verdict(loss, gradient, at):
    return gradcheck.check(loss, gradient, at).verdict


def test_without_it_what_is_undecided_agrees(monkeypatch):
    problem = PROBLEMS["unequal sines, float32 alone"]
    assert verdict(*problem) == "undecided"
    monkeypatch.setattr(examination, "GROSS", ())
    assert verdict(*problem) == "agrees"


def test_without_asking_whether_a_0_is_known_it_passes(monkeypatch):
    loss, gradient, at = lifted(sines({"a": 1.0, "b": 1e-7}), 1e8)
    wrong = with_array(gradient, "b", 0)
    assert verdict(loss, wrong, at) == "undecided"
    monkeypatch.setattr(Prober, "is_known", lambda *_: True)
    assert verdict(loss, wrong, at) == "agrees"


def test_without_steps_in_another_decade_what_is_beyond_kinks_is_called_wrong(monkeypatch):
    rng = np.random.default_rng(7)
    at, height, offset = rng.standard_normal(3), 2.2e-8, 0.3
    weights = rng.standard_normal(3)

    def wave(x):  # of slopes ±1, and of a period of twice its height
        return (weights @ x / height + offset) % 2 - 1

    def loss(x):
        return np.sin(weights @ x) + height * abs(wave(x))

    def gradient(x):
        return weights * (np.cos(weights @ x) + np.sign(wave(x)))

    def wrong():
        reports = [gradcheck.check(loss, gradient, at, seed=seed) for seed in range(20)]
        return [seed for seed, report in enumerate(reports) if report.verdict == "disagrees"]

    assert wrong() == []
    monkeypatch.setattr(probes, "confirm", lambda first, _measure: first)
    monkeypatch.setattr(probes, "look_closest", lambda first, *_: first)
    assert wrong()


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def cancelling(seed):
    """Return x (σ(ax²) − σ(−ax²)) at a point that is nearly 0, and its derivative."""
    rng = np.random.default_rng(seed)
    x, a = 10 ** rng.uniform(-9, -7), 10 ** rng.uniform(-3, 3)
    return lambda x: x * (sigmoid(a * x * x) - sigmoid(-a * x * x)), lambda x: 1.5 * a * x * x, x


def test_rounding_that_shows_only_further_out_is_no_mistake():
    called_wrong = [seed for seed in range(60) if verdict(*cancelling(seed)) == "disagrees"]
    assert called_wrong == []


def test_without_the_hunt_for_jumps_it_is_called_wrong(monkeypatch):
    seeds = [seed for seed in range(20) if verdict(*cancelling(seed)) != "disagrees"]
    monkeypatch.setattr(probes, "allow_jumps", lambda probe, _line, _samples: probe)
    assert any(verdict(*cancelling(seed)) == "disagrees" for seed in seeds)


def rectified(x):
    return np.maximum(x, 0).sum()


def doubled_off_the_kink(x):
    return 2.0 * (x > 0)


def test_without_asking_beside_a_kink_a_factor_there_is_not_seen(monkeypatch):
    assert verdict(rectified, doubled_off_the_kink, np.zeros(16)) == "disagrees"
    monkeypatch.setattr(judgement, "beside", lambda *_: None)
    assert verdict(rectified, doubled_off_the_kink, np.zeros(16)) == "undecided"


class Forgetful:
    """The sum of squares; a point that is asked about for the first time is 1 ‰ too high."""

    def __init__(self, at):
        self.seen = {at.tobytes()}

    def __call__(self, x):
        is_new = x.tobytes() not in self.seen
        self.seen.add(x.tobytes())
        return (x**2).sum() + 1e-3 * is_new * (x.sum() - 1)


def test_without_taking_samples_again_a_loss_that_changes_is_taken_at_its_word(monkeypatch):
    at = np.array([1.0, 2.0, -2.0])
    assert verdict(Forgetful(at), lambda x: 2 * x, at) == "undecided"
    monkeypatch.setattr(Prober, "_repeats", lambda _self, _samples, _most: True)
    assert verdict(Forgetful(at), lambda x: 2 * x, at) == "disagrees"


def test_without_asking_again_at_the_point_what_is_added_up_agrees(monkeypatch):
    at = np.array([1.0, 2.0, -2.0])

    def adding():
        total = np.zeros(3)

        def gradient(x):
            total[:] += 2 * x
            return total.copy()

        return gradient

    assert verdict(lambda x: (x**2).sum(), adding(), at) == "undecided"
    monkeypatch.setattr(judgement._Course, "_changed", lambda _self: None)
    assert verdict(lambda x: (x**2).sum(), adding(), at) == "agrees"


def test_without_the_comparison_of_precisions_what_is_wrong_in_float32_agrees(monkeypatch):
    loss, gradient, at = single(network())

    def wrong(p):
        return with_array(gradient, "b", 1.5 if p["b"].dtype == np.float32 else 1)(p)

    assert verdict(loss, wrong, at) == "disagrees"
    monkeypatch.setattr(judgement._Course, "_held_against_double", lambda _self, found, _: found)
    assert verdict(loss, wrong, at) == "agrees"


def beside_a_jagged_product(factor):
    """Return the check of a slope of 1e-8 of another array's, in a product that hides both."""
    a, b, constant, slight = 1.6886369460953314, 0.6828979474531609, 2034944.37866857, 1.042e-8

    def loss(x, y):
        jagged = 1.573e-3 * np.exp(-abs(1.147e12 * ((x[0] - a) * (y[0] - b))))
        return constant + np.sin(3 * x[0]) + slight * np.cos(2 * y[0]) + jagged

    def gradient(x, y):
        return 3 * np.cos(3 * x), factor * -2 * slight * np.sin(2 * y)

    return gradcheck.check(loss, gradient, (np.array([a]), np.array([b])), seed=0).verdict


def test_without_asking_whether_each_array_shows_entries_agree_that_are_grossly_wrong(monkeypatch):
    wrong = (0, -1, 1.5)
    assert {beside_a_jagged_product(factor) for factor in wrong} <= set(NEVER_AGREES)
    monkeypatch.setattr(judgement._Course, "_shows", lambda *_: True)
    assert "agrees" in {beside_a_jagged_product(factor) for factor in wrong}


def quotients(x):
    return np.sum((1 - np.cos(x)) / x**2)


def slope_of_quotients(x):
    return -x / 12 + x**3 / 180


def test_without_halving_down_to_the_floats_what_is_rounded_further_out_is_called_wrong(
    monkeypatch,
):
    at = np.array([3.6121730764383976e-06, 0.0009772390090365239])
    assert verdict(quotients, slope_of_quotients, at) == "undecided"
    for factor in (0, -1, 1.5):
        assert verdict(quotients, lambda x, f=factor: f * x / -12, at) in NEVER_AGREES
    monkeypatch.setattr(samples, "MOST_HALVINGS", 40)
    assert verdict(quotients, slope_of_quotients, at) == "disagrees"


def test_without_a_look_at_what_is_not_zero_a_claim_of_zero_agrees(monkeypatch):
    def loss(x):
        return x[0] ** 5 + 1 / (1 + x[1] ** 2) + np.arctan(x[2] / 1e5)

    def verdicts():
        at = np.array([0.0, 0.0, 1e5])
        return {gradcheck.check(loss, np.zeros_like, at, seed=seed).verdict for seed in range(5)}

    assert "agrees" not in verdicts()
    monkeypatch.setattr(examination._Run, "_not_zero_beside_zeros", lambda *_: None)
    assert "agrees" in verdicts()


def test_without_a_look_for_sets_what_is_right_on_one_is_called_wrong(monkeypatch):
    assert verdict(on_sphere_only, tangential, ON_SPHERE) == "undecided"
    monkeypatch.setattr(Prober, "_is_on_a_set", lambda _self, _direction: False)
    assert verdict(on_sphere_only, tangential, ON_SPHERE) == "disagrees"


@pytest.mark.parametrize(
    ("tilt", "want"), [(0.0, {"agrees"}), (1e-9, {"disagrees"}), (1e-12, set(NEVER_AGREES))]
)
def test_where_all_words_are_alike_a_gradient_of_0_is_known(tilt, want):
    center, outside = np.zeros(2), np.tile([1.0, 2.0], (4, 1))

    def loss(v, u):
        scores = u @ v
        return np.log(np.exp(scores).sum()) - scores[1] + tilt * u.sum()

    def zeros(v, u):
        return 0 * v, 0 * u

    found = {
        gradcheck.check(loss, zeros, (center, outside), seed=seed).verdict for seed in range(5)
    }
    assert found <= want
