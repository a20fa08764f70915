"""`check`: three verdicts, for any gradient, and nothing that escapes."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import gradcheck
from gradcheck.arrays.parameters import Parameters
from gradcheck.checking import judgement
from gradcheck.checking.gradients import FEW
from gradcheck.numerical.directions import Direction
from gradcheck.probing import examination


def softmax_loss(target):
    def loss(v, u):
        scores = u @ v
        top = scores.max()
        return top + np.log(np.exp(scores - top).sum()) - scores[target]

    return loss


def softmax_gradient(target):
    def gradient(v, u):
        scores = u @ v
        residual = np.exp(scores - scores.max())
        residual /= residual.sum()
        residual[target] -= 1
        return u.T @ residual, np.outer(residual, v)

    return gradient


def point(words=6, d=4, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    return scale * rng.standard_normal(d), scale * rng.standard_normal((words, d))


def planted(change, target=1):
    def gradient(v, u):
        grad_v, grad_u = (part.copy() for part in softmax_gradient(target)(v, u))
        return change(grad_v, grad_u)

    return gradient


def negated_entry(grad_v, grad_u):
    grad_u[2, 1] *= -1
    return grad_v, grad_u


def lost_row(grad_v, grad_u):
    grad_u[4] = 0
    return grad_v, grad_u


def zero_sum(grad_v, grad_u):
    grad_u[0] += 0.05
    grad_u[1] -= 0.05
    return grad_v, grad_u


def a_nan(grad_v, grad_u):
    grad_v[3] = math.nan
    return grad_v, grad_u


MISTAKES = {
    "one entry negated": negated_entry,
    "one row lost": lost_row,
    "± 0.05 that sums to zero": zero_sum,
    "× (1 + 1e-8)": lambda grad_v, grad_u: (grad_v * (1 + 1e-8), grad_u * (1 + 1e-8)),
    "negated": lambda grad_v, grad_u: (-grad_v, -grad_u),
    "zero": lambda grad_v, grad_u: (0 * grad_v, 0 * grad_u),
    "rows reversed": lambda grad_v, grad_u: (grad_v, grad_u[::-1]),
    "a NaN": a_nan,
}


@pytest.mark.parametrize("words", [6, 60], ids=["scanned", "probed"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_gradient_disagrees(mistake, words):
    at = point(words)
    report = gradcheck.check(softmax_loss(1), planted(MISTAKES[mistake]), at)
    assert report.verdict == "disagrees"
    assert not report
    right = gradcheck.check(softmax_loss(1), softmax_gradient(1), at)
    assert right.verdict == "agrees"
    assert right


def test_the_wrong_entries_are_named_and_only_they():
    report = gradcheck.check(softmax_loss(1), planted(lost_row), point())
    assert [entry.name for entry in report.entries] == [f"u[4, {j}]" for j in range(4)]
    gradient = softmax_gradient(1)(*point())[1]
    for entry, true in zip(report.entries, gradient[4], strict=True):
        assert entry.claimed == 0
        assert abs(entry.numerical - true) <= entry.error


@given(st.integers(0, 2**32), st.integers(2, 40), st.integers(1, 20))
@example(2867555, 2, 1)  # a loss of 6e-4 between scores of 4, once undecided
@example(3626468966, 2, 13)  # the like, once passed
def test_a_single_wrong_entry_anywhere_is_found(seed, words, d):
    rng = np.random.default_rng(seed)
    at = point(words, d, seed)
    entry = int(rng.integers(d + words * d))

    def gradient(v, u):
        parts = softmax_gradient(0)(v, u)
        flat = np.concatenate([part.ravel() for part in parts])
        flat[entry] += 1e-6
        return flat[:d], flat[d:].reshape(words, d)

    assert gradcheck.check(softmax_loss(0), gradient, at).verdict == "disagrees"


@given(st.integers(0, 2**32))
@example(804418955)
def test_a_wrong_entry_of_a_saturated_loss_is_found(seed):
    # The values are multiples of the last place of the scores: next to the point many are equal,
    # which was taken for a smooth function, and the search went on to steps far too small.
    rng = np.random.default_rng(seed)
    words, d = rng.integers(2, 6), rng.integers(1, 16)
    v, u = point(words, d, seed, 1.5)
    largest = int((u @ v).argmax())

    def gradient(v, u):
        grad_v, grad_u = softmax_gradient(largest)(v, u)
        grad_v[seed % d] += 1e-6
        return grad_v, grad_u

    report = gradcheck.check(softmax_loss(largest), gradient, (v, u))
    assert report.verdict == "disagrees"


@given(st.integers(0, 2**32), st.sampled_from([0.0, 1e-3, 1.0, 5.0, 30.0]))
def test_a_right_gradient_is_never_called_wrong(seed, scale):
    at = point(*np.random.default_rng(seed).integers(1, 12, size=2), seed, scale)
    report = gradcheck.check(softmax_loss(0), softmax_gradient(0), at)
    # Now and then one is undecided: `tests/benchmarks/false_alarms.py` counts how often.
    assert report.verdict != "disagrees", str(report)


@pytest.mark.parametrize(("words", "d"), [(5, 3), (50, 10), (500, 50)])
def test_the_cost_does_not_grow_with_the_parameters(words, d):
    calls = []

    def loss(v, u):
        calls.append(1)
        return softmax_loss(0)(v, u)

    report = gradcheck.check(loss, softmax_gradient(0), point(words, d))
    assert report.evaluations == len(calls) <= 20


def test_one_function_that_returns_both():
    at = point()

    def both(v, u):
        return softmax_loss(1)(v, u), softmax_gradient(1)(v, u)

    def flat(v, u):
        return softmax_loss(1)(v, u), *softmax_gradient(1)(v, u)

    assert gradcheck.check(both, at)
    assert gradcheck.check(flat, at)
    assert not gradcheck.check(lambda v, u: (flat(v, u)[0] * 1.001, *flat(v, u)[1:]), at)


@pytest.mark.parametrize(
    "at",
    [
        2.0,
        np.float32(2.0),
        np.array([1.0, 2.0]),
        [np.array([1.0]), 2.0],
        {"a": np.ones((2, 2)), "b": (1.5, np.ones(1, dtype=np.float32))},
        np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4),
    ],
    ids=repr,
)
def test_any_tree(at):
    def squares(tree):
        if isinstance(tree, dict):
            return sum(squares(child) for child in tree.values())
        if isinstance(tree, tuple | list):
            return sum(squares(child) for child in tree)
        return (tree**2).sum() if isinstance(tree, np.ndarray) else tree**2

    def doubled(tree, factor=2.0):
        if isinstance(tree, dict):
            return {key: doubled(child, factor) for key, child in tree.items()}
        if isinstance(tree, tuple | list):
            return type(tree)(doubled(child, factor) for child in tree)
        return tree * factor

    assert gradcheck.check(squares, doubled, at)
    assert not gradcheck.check(squares, lambda tree: doubled(tree, 2.02), at)


# --- undecided


@pytest.mark.parametrize(
    ("loss", "gradient", "at", "entry"),
    [
        (lambda x: np.abs(x).sum(), np.sign, np.array([1.0, 0.0, -2.0]), "x[1]"),
        (lambda x: np.maximum(x, 0).sum(), lambda x: (x > 0) * 1.0, np.array([0.0, 3.0]), "x[0]"),
        (np.max, lambda x: (x == x.max()) / (x == x.max()).sum(), np.array([2.0, 1, 2]), "a[0]"),
    ],
    ids=["abs", "relu", "tied maximum"],
)
def test_a_kink_is_undecided(loss, gradient, at, entry):
    report = gradcheck.check(loss, gradient, at)
    assert report.verdict == "undecided"
    assert not report
    assert "not differentiable here" in report.reason
    assert entry in report.reason


def test_beside_a_kink_a_wrong_entry_is_still_wrong():
    report = gradcheck.check(
        lambda x: np.abs(x).sum(), lambda x: 2 * np.sign(x), np.array([1.0, 0.0])
    )
    assert report.verdict == "disagrees"
    assert [entry.name for entry in report.entries] == ["x[0]"]


def test_noise_above_the_gradient_is_undecided():
    report = gradcheck.check(lambda x: 1e10 + 1e-5 * np.sin(x), lambda _: 2e-5, 1.0)
    assert report.verdict == "undecided"
    assert "rounding of the loss hides its slope" in report.reason


def test_noise_that_larger_steps_leave_behind_is_decided():
    assert gradcheck.check(lambda x: 1e10 + 1e-9 * x, lambda _: 1e-9, 1.0)
    wrong = gradcheck.check(lambda x: 1e10 + 1e-9 * x, lambda _: 2e-9, 1.0)
    assert wrong.verdict == "undecided"  # close by, it could be right: nothing is seen there


def test_an_answer_that_changes_is_undecided():
    report = gradcheck.check(lambda x: x**2 + 1e-3 * random.random(), lambda x: 2 * x, 1.0)  # noqa: S311
    assert report.verdict == "undecided"
    assert "loss changes from call to call" in report.reason


def test_a_gradient_that_accumulates_is_undecided():
    total = np.zeros(2)

    def gradient(x):
        total[:] += 2 * x
        return total

    report = gradcheck.check(lambda x: (x**2).sum(), gradient, np.array([1.0, 2.0]))
    assert report.verdict == "undecided"
    assert "gradient changes from call to call: at x[" in report.reason


def test_an_overwritten_argument_is_undecided_and_the_caller_s_is_untouched():
    at = point()
    before = [part.copy() for part in at]

    def gradient(v, u):
        parts = softmax_gradient(1)(v, u)
        u -= u.max()
        return parts

    report = gradcheck.check(softmax_loss(1), gradient, at)
    assert report.verdict == "undecided"
    assert "u is overwritten" in report.reason
    for part, copy in zip(at, before, strict=True):
        assert np.array_equal(part, copy)


def test_two_overwritten_arguments_are_named():
    def loss(a, b):
        value = a @ b**2
        a *= 2
        b *= 2
        return value

    at = np.array([0.5, -1.2]), np.array([0.7, 0.3])
    report = gradcheck.check(loss, lambda a, b: (b**2, 2 * a * b), at)
    assert report.verdict == "undecided"
    assert "a and b are overwritten in the call: the caller's arrays" in report.reason


@pytest.mark.parametrize("claimed", [0.0, 1e-3])
def test_a_loss_that_ignores_its_argument_is_undecided(claimed):
    report = gradcheck.check(lambda _: 3.0, lambda _: claimed, 0.0)
    assert report.verdict == "undecided"
    assert "does not use its argument" in report.reason


def test_scales_too_different_for_one_direction_make_no_false_alarm():
    s = np.array([1e4, 1e-6, 1.0]) * 10**0.5
    at = s * [0.7, 0.3, 0.4]
    report = gradcheck.check(lambda x: np.sin(x / s).sum(), lambda x: np.cos(x / s) / s, at)
    assert report.verdict != "disagrees"


def test_a_loss_that_overwrites_does_not_spoil_the_comparison():
    def loss(x):
        x *= 2
        return (x**2).sum() / 4

    assert "x is overwritten" in gradcheck.check(loss, lambda x: 2 * x, np.ones(3)).reason
    wrong = gradcheck.check(loss, lambda x: 3 * x, np.ones(3))
    assert wrong.verdict == "disagrees"
    assert any("overwritten" in note for note in wrong.notes)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_undecided(value):
    report = gradcheck.check(lambda _: value, lambda _: 0.0, 1.0)
    assert report.verdict == "undecided"
    assert str(value) in report.reason


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_never_agrees(value):
    report = gradcheck.check(
        lambda x: (x**2).sum(), lambda x: np.array([2 * x[0], value]), np.ones(2)
    )
    assert report.verdict == "disagrees"
    assert f"{value} at x[1]" in report.reason


# --- precision


def test_precision_allows_an_error_of_that_size():
    def close(x):
        return 3 * x**2 * (1 + 1e-7)

    def loss(x):
        return (x**3).sum()

    assert not gradcheck.check(loss, close, np.array([1.0, 2.0]))
    assert gradcheck.check(loss, close, np.array([1.0, 2.0]), precision=1e-6)
    assert not gradcheck.check(loss, close, np.array([1.0, 2.0]), precision=1e-8)


def test_precision_that_noise_does_not_permit_is_undecided():
    def loss(x):
        return np.round((x**2).sum(), 6)

    assert gradcheck.check(loss, lambda x: 2 * x, np.ones(3), precision=0.05)
    assert gradcheck.check(loss, lambda x: 2 * x, np.ones(3)).verdict == "undecided"


def test_the_seed_repeats_the_directions():
    def run(seed):
        report = gradcheck.check(softmax_loss(0), softmax_gradient(0), point(), seed=seed)
        return [probe.claimed for probe in report.probes]

    assert run(3) == run(3) != run(4)


# --- stationary and saturated points


def test_at_zero_the_gradient_is_zero():
    zeros = np.zeros(3), np.zeros((4, 3))
    assert gradcheck.check(softmax_loss(0), softmax_gradient(0), zeros)
    lifted = planted(lambda grad_v, grad_u: (grad_v + 1e-9, grad_u), 0)
    assert not gradcheck.check(softmax_loss(0), lifted, zeros)


def test_a_saturated_loss_shows_no_factor_of_a_gradient_but_an_error():
    at = np.array([1000.0]), np.array([[1.0], [-1.0], [0.5]])
    right = gradcheck.check(softmax_loss(0), softmax_gradient(0), at)
    assert right.verdict == "undecided"  # its zero would pass as it does
    assert "The loss has saturated" in right.reason
    wrong = planted(lambda grad_v, grad_u: (grad_v + 1e-3, grad_u), 0)
    assert not gradcheck.check(softmax_loss(0), wrong, at)


def test_arrays_of_very_different_sizes():
    # A vector of 1e6 beside rows of 1e-6: one step for both misses the smaller array's scale.
    at = np.array([1e6, -3e5]), 1e-6 * np.array([[1.0, 0.3], [-1.0, 0.2], [0.5, 1.0]])
    assert gradcheck.check(softmax_loss(0), softmax_gradient(0), at)


# --- directions


@given(st.integers(0, 2**32), st.floats(1e-4, 1))
def test_a_residual_escapes_a_probe_as_seldom_as_promised(seed, threshold):
    residual = np.zeros(20)
    residual[0], residual[1] = 1, -1  # random signs would cancel it half the time
    sizes = Parameters(np.ones(20)).sizes

    def hits(signs_of):
        drawn = (Direction("", sizes, (seed, i), None, signs_of).vector() for i in range(400))
        return sum(abs(z @ residual) <= threshold for z in drawn)

    expected = 400 * threshold
    assert hits(None) <= expected + 6 * math.sqrt(expected) + 3
    # With the signs of a claim that happen to make both terms cancel, twice as often.
    assert hits(np.ones(20)) <= 2 * expected + 6 * math.sqrt(2 * expected) + 3


def test_a_direction_is_drawn_again_the_same():
    def halve(z, _entries):
        z *= 0.5

    sizes = Parameters(np.arange(1.0, 9)).sizes
    along = Direction("", sizes, (3, 1), halve, -np.ones(8))
    z = along.vector()
    assert (z < 0).all()
    assert (z >= -0.5 * np.arange(1, 9)).all()
    assert np.array_equal(z, along.vector(np.empty(8)))
    assert not np.array_equal(z, Direction("", along.sizes, (3, 2)).vector())


def test_a_direction_moves_each_entry_by_its_own_size():
    at = (np.array([1e4, -1.0, 0.0]), np.full(2, 1e-9), np.zeros(2))
    sizes = Parameters(at).sizes
    typical = np.median([1.0, 1e4])
    assert sizes[:].tolist() == [1e4, 1.0, typical, 1e-9, 1e-9, *[np.median([typical, 1e-9])] * 2]
    assert Parameters(np.zeros(3)).sizes[:].tolist() == [1.0] * 3
    drawn = [Direction("", sizes, (seed,)).vector() for seed in range(200)]
    assert np.abs(drawn).max(axis=0) == pytest.approx(sizes[:], rel=0.1)


def test_a_small_entry_is_not_hidden_behind_large_ones():
    def loss(x):
        return (np.array([1.0, 1e-9]) * x**3).sum()

    def gradient(x, factor=1.0):
        return 3 * np.array([1.0, factor * 1e-9]) * x**2

    at = np.array([1.3, 0.7])
    assert gradcheck.check(loss, gradient, at)
    assert gradcheck.check(loss, lambda x: gradient(x, 1.5), at).verdict == "disagrees"


def test_the_loss_is_never_called_with_complex_numbers():
    # A loss that iterates until nothing changes would never return.
    def loss(x):
        assert isinstance(x, np.ndarray)
        assert x.dtype == np.float64
        return (x**2).sum() + 1e-6 * np.abs(x).sum()

    at = np.array([1.0, 1e-5])
    assert gradcheck.check(loss, lambda x: 2 * x + 1e-6 * np.sign(x), at)


# --- sizes of numbers


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_a_loss_of_extreme_size(scale):
    at = np.array([1.5, -0.4, 2.0])
    assert gradcheck.check(lambda x: scale * (x**3).sum(), lambda x: 3 * scale * x**2, at)
    wrong = gradcheck.check(lambda x: scale * (x**3).sum(), lambda x: 3.1 * scale * x**2, at)
    assert wrong.verdict == "disagrees"


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_parameters_of_extreme_size(scale):
    at = scale * np.array([1.5, -0.4])

    def gradient(x, factor=1.0):
        return factor / scale / np.cosh((x / scale).sum()) ** 2 * np.ones(2)

    assert gradcheck.check(lambda x: np.tanh((x / scale).sum()), gradient, at)
    wrong = gradcheck.check(lambda x: np.tanh((x / scale).sum()), lambda x: gradient(x, 1.1), at)
    assert wrong.verdict == "disagrees"


def test_a_derivative_without_a_limit_is_not_called_wrong():
    # x² sin(1/x) has the derivative 0 at 0, which no difference quotient settles on.
    report = gradcheck.check(lambda x: x**2 * math.sin(1 / x) if x else 0.0, lambda _: 0.0, 0.0)
    assert report.verdict != "disagrees"


def test_float32_is_decided_at_its_own_precision():
    at = tuple(part.astype(np.float32) for part in point(20, 5))
    report = gradcheck.check(softmax_loss(1), softmax_gradient(1), at)
    assert report.verdict == "agrees"
    wrong = planted(lambda grad_v, grad_u: (1.2 * grad_v, 1.2 * grad_u))
    assert gradcheck.check(softmax_loss(1), wrong, at).verdict == "disagrees"


# --- assert_gradient and bad input


def test_assert_gradient_raises_with_the_report():
    gradcheck.assert_gradient(softmax_loss(1), softmax_gradient(1), point())
    with pytest.raises(gradcheck.GradientMismatch, match="DISAGREES") as caught:
        gradcheck.assert_gradient(softmax_loss(1), planted(lost_row), point())
    assert isinstance(caught.value, AssertionError)
    assert caught.value.report.verdict == "disagrees"
    assert str(caught.value) == str(caught.value.report)


def test_assert_gradient_does_not_pass_what_is_undecided():
    with pytest.raises(gradcheck.GradientMismatch, match="UNDECIDED"):
        gradcheck.assert_gradient(abs, lambda _: 0.0, 0.0)


BAD = [
    (lambda: gradcheck.check(np.sum, np.ones_like), TypeError, "at is missing"),
    (lambda: gradcheck.check(np.sum), TypeError, "at is missing"),
    (lambda: gradcheck.check(3, np.ones_like, 1.0), TypeError, "loss is of type int; a function"),
    (
        lambda: gradcheck.check(np.sum, np.ones(2), np.ones(2)),
        TypeError,
        "grad is of type ndarray; a function was expected",
    ),
    (lambda: gradcheck.check(np.sum, np.ones_like, np.array([])), ValueError, "is empty"),
    (lambda: gradcheck.check(np.sum, np.ones_like, np.arange(3)), TypeError, "floats were"),
    (
        lambda: gradcheck.check(lambda w: w.sum(), np.ones_like, np.array([np.nan])),
        ValueError,
        r"w\[0\] is nan",
    ),
    (
        lambda: gradcheck.check(lambda w: w.sum(), lambda _: np.ones(2), np.ones(3)),
        ValueError,
        r"the gradient has shape \(2,\); w has shape \(3,\)",
    ),
    (
        lambda: gradcheck.check(lambda w: w, np.ones_like, np.ones(3)),
        TypeError,
        r"the loss has shape \(3,\); a scalar, of shape \(\), was expected",
    ),
    (
        lambda: gradcheck.check(lambda w: w.sum(), np.ones(3)),
        TypeError,
        r"a tuple \(loss, gradient\) was expected",
    ),
    (
        lambda: gradcheck.check(np.sum, np.ones_like, np.ones(2), precision=0),
        ValueError,
        "precision is 0; a number between 0 and 1",
    ),
]


@pytest.mark.parametrize("precision", [-1e-3, 0.0, 1.0, 1.5, math.inf, math.nan])
def test_a_precision_that_is_no_part_of_the_gradient_is_refused(precision):
    # From 1 on a gradient of zeros would be as good as any.
    with pytest.raises(ValueError, match=f"^precision is {precision}; a number between 0 and 1"):
        gradcheck.check(np.sum, np.ones_like, np.ones(2), precision=precision)


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_entries_are_looked_at_one_by_one_only_where_they_are_few():
    at = point(words=FEW, d=2)
    report = gradcheck.check(softmax_loss(1), planted(lost_row), at)
    assert report.verdict == "disagrees"
    assert report.evaluations < 60
    assert report.entries == ()
    assert [found.verdict for found in report.arrays] == ["agrees", "disagrees"]
    assert report.evaluations < 500


@pytest.mark.parametrize(
    ("is_plain", "mistake", "verdict"),
    [(False, 1.0, "agrees"), (True, 1.0, "disagrees"), (False, 1.01, "disagrees")],
)
def test_entries_that_all_agree_alone_outweigh_a_direction_that_is_not_smooth(
    monkeypatch, is_plain, mistake, verdict
):
    def examined(*arguments, **options):
        found = examination.examine(*arguments, **options)
        *others, last = found.probes
        numerical = replace(last.numerical, value=1.1 * last.claimed, is_plain=is_plain)
        wrong = replace(last, numerical=numerical, verdict="disagrees")
        return examination.Examination("disagrees", (*others, wrong))

    monkeypatch.setattr(judgement, "examine", examined)
    factors = np.array([1, 1, mistake])
    at = np.array([0.4, -1.2, 0.7])
    report = gradcheck.check(lambda x: np.sin(x).sum(), lambda x: np.cos(x) * factors, at)
    assert report.verdict == verdict, str(report)
    assert ("Each of the 3 entries is the derivative" in report.reason) == (verdict == "agrees")


@pytest.mark.parametrize(
    ("argument", "value", "error"),
    [
        ("precision", "1e-3", TypeError),
        ("seed", None, TypeError),
        ("seed", 1.5, TypeError),
        ("seed", -1, ValueError),
        ("max_evaluations", True, TypeError),
        ("max_evaluations", 0, ValueError),
    ],
)
def test_an_argument_of_another_kind_is_named(argument, value, error):
    with pytest.raises(error, match=rf"^{argument} is "):
        gradcheck.check(lambda x: x * x, lambda x: 2 * x, 1.0, **{argument: value})


@pytest.mark.parametrize("place", [1e8, 1e9, 1e10, 1e11, 1e12])
def test_waves_far_narrower_than_a_large_argument_are_no_noise(place):
    rng = np.random.default_rng(int(np.log10(place)))
    for x in place * rng.uniform(1, 9, 20):
        assert gradcheck.check(math.sin, math.cos, float(x)).verdict != "disagrees"
        derivative = gradcheck.differentiate(math.sin, float(x))
        assert abs(derivative.value - math.cos(x)) <= derivative.error


def test_a_location_far_from_0_is_fitted():
    times = 1e9 + np.array([0.0, 2.0, 3.0])

    def loss(m):
        return np.log1p((times - m) ** 2).sum()

    def slope(m):
        return (-2 * (times - m) / (1 + (times - m) ** 2)).sum()

    for seed in range(10):
        assert gradcheck.check(loss, slope, 1e9 + 0.5, seed=seed)
        assert not gradcheck.check(loss, lambda m: 1.5 * slope(m), 1e9 + 0.5, seed=seed)


def test_no_precision_is_named_that_would_not_decide():
    def loss(a, b):
        return math.exp(a) * math.sin(b + 1)

    def grad(a, b):
        return math.exp(a) * math.sin(b + 1), math.exp(a) * math.cos(b + 1)

    for seed in range(20):
        report = gradcheck.check(loss, grad, (1.257e-13, -0.1321), seed=seed)
        if "precision=" in report.advice:
            named = float(report.advice.split("precision=")[1].split()[0])
            assert gradcheck.check(loss, grad, (1.257e-13, -0.1321), seed=seed, precision=named), (
                str(report)
            )


def test_what_float32_hides_of_an_array_is_said_to_be_float32s():
    at = np.array([0.3, -1.2], dtype=np.float32), np.array([0.7, 0.2], dtype=np.float32)

    def loss(w, v):
        return np.exp(w).sum() + 1e-8 * np.sin(v).sum()

    def grad(w, v):
        return np.exp(w).astype(np.float32), (1e-8 * np.cos(v)).astype(np.float32)

    (note, *_) = gradcheck.check(loss, grad, at).notes
    assert note.startswith("The derivative by v is 0 here, to float32's rounding of the loss:")
