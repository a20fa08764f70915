"""`differentiate`: the bound holds, and where there is no derivative it says so."""

from __future__ import annotations

import math
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gradcheck
from gradcheck.arrays.parameters import Parameters
from gradcheck.numerical import differentiation, extrapolation, search
from gradcheck.numerical.samples import Edge, Samples
from tests.functions import PROBLEMS

DRAWS = 12  # of each; `tests/benchmarks/error_bounds.py` takes hundreds


def differentiate(problem, seed):
    f, at, direction, exact = problem.draw(np.random.default_rng(seed))
    point = (at,)  # one argument, be it a tree
    return gradcheck.differentiate(f, point, None if direction is None else (direction,)), exact


def violations(problem, draws=DRAWS):
    count = 0
    for i in range(draws):
        derivative, exact = differentiate(problem, [i, *problem.name.encode()])
        count += not abs(derivative.value - exact) <= derivative.error
    return count


@pytest.mark.parametrize(
    "problem", [p for p in PROBLEMS if not p.undecided], ids=lambda problem: problem.name
)
def test_the_bound_holds_and_a_derivative_is_found(problem):
    for i in range(DRAWS):
        derivative, exact = differentiate(problem, [i, *problem.name.encode()])
        assert abs(derivative.value - exact) <= derivative.error
        assert derivative.error < math.inf
        assert derivative.reason == ""


@pytest.mark.parametrize(
    "problem", [p for p in PROBLEMS if p.undecided], ids=lambda problem: problem.name
)
def test_a_kink_is_no_derivative(problem):
    for i in range(DRAWS):
        derivative, _ = differentiate(problem, [i, *problem.name.encode()])
        assert math.isnan(derivative.value)
        assert derivative.error == math.inf
        assert derivative.reason.startswith("not differentiable here")


def test_there_are_at_least_thirty_functions_of_every_kind():
    assert len(PROBLEMS) >= 30
    assert {problem.group for problem in PROBLEMS} >= {
        "smooth", "steep", "oscillating", "saturated", "flat", "singular", "noisy", "float32",
        "cancelling",
    }  # fmt: skip


# --- the test above can fail: take a part of the method away, and the bound breaks


def by_name(name):
    return next(problem for problem in PROBLEMS if problem.name == name)


def test_without_the_safety_factor_the_bound_breaks(monkeypatch):
    monkeypatch.setattr(extrapolation, "SAFETY", 0.0)
    monkeypatch.setattr(extrapolation._Window, "_contradiction", lambda *_: 0.0)
    assert violations(by_name("exp x + 1e-7 noise")) > DRAWS / 2


def test_without_samples_far_below_the_window_a_narrow_feature_is_missed(monkeypatch):
    monkeypatch.setattr(search.Search, "_fine_levels", lambda _, top: [top, top + 1])
    assert violations(by_name("sin x + t exp -(1000 t)^2")) > 0


def test_without_the_edge_of_the_plateau_a_staircase_looks_flat(monkeypatch):
    monkeypatch.setattr(search.Samples, "edge", lambda *_: Edge(0.0, 0.0, is_stepped=False))
    assert violations(by_name("((1e14 + sin x) - 1e14)"), 40) > 0


def test_without_hidden_scores_a_constant_looks_exact(monkeypatch):
    saturated = by_name("log(1+exp -x), naive")
    assert violations(saturated, 40) == 0
    monkeypatch.setattr(search, "LOSS_ULPS", 0.0)
    monkeypatch.setattr(differentiation, "LOSS_ULPS", 0.0)
    monkeypatch.setattr(search.Samples, "edge", lambda *_: Edge(0.0, 0.0, is_stepped=False))
    assert violations(saturated, 40) > 0


# --- what was found on the way


def test_argument_rounding_limits_small_steps():
    # x + h is rounded: at x = 1 and a slope of 1000, by 1e-13, which five samples can miss.
    for i in range(100):
        x = np.random.default_rng(i).uniform(-1, 1)
        derivative = gradcheck.differentiate(lambda x: np.sin(1000 * x), float(x))
        assert abs(derivative.value - 1000 * np.cos(1000 * x)) <= derivative.error + 1e-12


def test_overflow_far_out_is_no_reason_to_give_up():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        derivative = gradcheck.differentiate(lambda x: np.exp(x) ** 2, 300.0)
    assert derivative.value == pytest.approx(2 * math.exp(600), rel=1e-9)


def test_a_domain_error_next_to_the_point_is_survived():
    derivative = gradcheck.differentiate(math.log, 1e-9)
    assert abs(derivative.value - 1e9) <= derivative.error < 1


def test_enormous_values_do_not_overflow_the_bound():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        derivative = gradcheck.differentiate(lambda x: 1e300 * x**5, 1.5)
    assert abs(derivative.value - 5e300 * 1.5**4) <= derivative.error


def test_noise_next_to_overflow_has_an_infinite_bound_and_no_traceback():
    for k in range(60):
        scale = 10.0 ** np.random.default_rng(k).uniform(300, 308.2)

        def f(x, scale=scale):
            return scale * float(np.random.default_rng(abs(hash(x))).random())

        assert gradcheck.differentiate(f, float(k) + 0.3).error > scale


def test_a_function_that_is_zero_everywhere():
    derivative = gradcheck.differentiate(lambda _: 0.0, 1.0)
    assert derivative.value == 0
    assert derivative.error < 1e-13


def test_a_slope_too_small_for_a_double():
    derivative = gradcheck.differentiate(lambda x: 5e-324 * x, 1.0)
    assert abs(derivative.value) <= derivative.error < 1e-13


def test_a_pole_at_the_point_is_undecided():
    with np.errstate(divide="ignore"):
        derivative = gradcheck.differentiate(lambda x: np.float64(1) / x, 0.0)
    assert derivative.error == math.inf
    assert derivative.reason == "the value at the point is inf"


def test_a_function_defined_at_one_point_only():
    derivative = gradcheck.differentiate(lambda x: 0.0 if x == 1 else math.nan, 1.0)
    assert derivative.error == math.inf
    assert "not finite" in derivative.reason


def test_a_jump_at_the_point_leaves_a_useless_bound_or_none():
    derivative = gradcheck.differentiate(lambda x: float(x >= 0.3), 0.3)
    assert derivative.error > 1


@pytest.mark.parametrize("distance", [1e-3, 1e-5, 1e-6])
def test_a_kink_beside_the_point_is_not_at_the_point(distance):
    derivative = gradcheck.differentiate(lambda x: abs(x - 1), 1 + distance)
    assert abs(derivative.value - 1) <= derivative.error < 1e-6


@pytest.mark.parametrize("x", [0.0, 0.5, -3.0])
def test_one_sided_slopes_are_compared(x):
    derivative = gradcheck.differentiate(lambda t: max(0.0, 3 * (t - x)) + math.sin(t), x)
    assert derivative.reason == ("not differentiable here: the slopes on the two sides differ by 3")


def test_a_jump_of_the_second_derivative_is_bounded():
    # Each halving takes half of the error away, which leaving out large steps does not show.
    def huber(x):
        return x * x / 2 if abs(x) < 1 else abs(x) - 0.5

    for offset in (0.0, 1e-12, -1e-12, 1e-9, -1e-9, 3e-8):
        derivative = gradcheck.differentiate(huber, 1.0 + offset)
        assert abs(derivative.value - min(1.0 + offset, 1.0)) <= derivative.error < 1e-5


@pytest.mark.parametrize("nodes", [1_001, 10_001, 100_001])
def test_a_table_that_is_interpolated_has_the_slope_of_its_segment(nodes):
    grid = np.linspace(0, 1, nodes)
    table = np.sin(3 * grid)
    for x in np.random.default_rng(0).uniform(0.05, 0.95, 20):
        i = int(np.searchsorted(grid, x))
        slope = (table[i] - table[i - 1]) / (grid[i] - grid[i - 1])
        derivative = gradcheck.differentiate(lambda t: np.interp(t, grid, table), float(x))
        assert abs(derivative.value - slope) <= derivative.error


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: (1 - np.cos(x)) / x**2, 1e-5),
        (lambda x: (1 - np.cos(x)) / x**2, 1e-6),
        (lambda x: (np.exp(x) - 1) / x, 1e-9),
        (lambda x: np.log(1 + x) / x, 1e-9),
    ],
)
def test_cancellation_that_looks_smooth_from_close_by_is_undecided(f, x):
    derivative = gradcheck.differentiate(f, x)
    assert derivative.error == math.inf
    assert "jumps close to the point" in derivative.reason


def test_any_error_at_a_displaced_point_leaves_the_domain():
    def f(x):
        assert x > 0.99
        return math.log(x)

    derivative = gradcheck.differentiate(f, 1.0)
    assert abs(derivative.value - 1) <= derivative.error < 1e-9
    power = gradcheck.differentiate(lambda a: (a - 1) ** 0.5, 1.01)  # complex below 1
    assert abs(power.value - 5) <= power.error < 1e-8


@pytest.mark.parametrize("x", [0.0, 1.0])
@pytest.mark.parametrize("times", [20, 1000])
def test_a_first_step_far_beyond_the_size_of_the_point_may_be_the_one_that_counts(x, times):
    # No longer ones are looked for from there, and what it shows is not put aside as too far out.
    line = differentiation.Line(Parameters(x), np.ones(1))
    samples = line.sampled(lambda t: (x + t) ** 3, None, step=times * line.size)
    derivative = line.differentiate(samples, value_epsilon=np.finfo(float).eps)
    assert abs(derivative.value - 3 * x**2) <= derivative.error < 1e-8
    assert max(abs(t) for t, _ in samples.taken) == times * line.size


# --- directions and trees


def test_the_direction_sets_the_line():
    def f(v, u):
        return float(u @ v)

    v, u = np.array([1.0, 2.0]), np.array([3.0, -1.0])
    derivative = gradcheck.differentiate(f, (v, u), (np.array([1.0, 0.0]), np.zeros(2)))
    assert abs(derivative.value - 3) <= derivative.error < 1e-12


@given(st.floats(-3, 3), st.floats(1e-6, 1e6))
def test_the_result_is_linear_in_the_length_of_the_direction(x, length):
    derivative = gradcheck.differentiate(np.sin, x, length)
    assert abs(derivative.value - length * math.cos(x)) <= derivative.error + 1e-15 * length


def test_evaluations_are_counted():
    calls = []

    def f(x):
        calls.append(x)
        return x**3

    derivative = gradcheck.differentiate(f, 2.0)
    assert derivative.evaluations == len(calls) < 40


def test_no_more_evaluations_than_a_limit():
    def f(x):
        return float(np.random.default_rng(abs(hash(x))).normal())

    # The edge of a plateau may be looked for once more.
    assert gradcheck.differentiate(f, 2.0).evaluations < search.MOST_EVALUATIONS + 60


def test_where_truncation_exceeds_rounding_a_little_the_step_is_halved_a_few_times_at_most():
    # Each level is two evaluations; all the way down a window took 303 instead of 271.
    places = [(100, 0.1), (100, 1.0), (100, 1.5), (300, 0.5), (1e3, 0.1), (1e3, 0.25), (1e4, 0.5)]
    evaluations = 0
    for width, x in places:

        def f(t, width=width, x=x):
            return (t - x) * math.exp(-((width * (t - x)) ** 2))

        derivative = gradcheck.differentiate(f, x)
        assert abs(derivative.value - 1) <= derivative.error < 1e-8
        evaluations += derivative.evaluations
    assert evaluations < 290


@pytest.mark.parametrize("x", [0.3, 1.0, 2.0, 2.5])
@pytest.mark.parametrize(("offset", "height"), [(10.0, 1e-11), (1000.0, 1e-9)])
def test_no_edge_of_a_smooth_piece_is_sought_without_end(offset, height, x):
    # Where an offset hides how the function bends, its cubic is never seen to leave it.
    derivative = gradcheck.differentiate(lambda x: offset + height * math.sin(x), x)
    assert abs(derivative.value - height * math.cos(x)) <= derivative.error < height
    assert derivative.evaluations < search.MOST_EVALUATIONS


@pytest.mark.parametrize(
    ("f", "slope"), [(math.sin, math.cos), (math.log, lambda x: 1 / x)], ids=["sin", "log"]
)
def test_in_float32_the_bound_is_no_larger_than_it_has_to_be(f, slope):
    # A sample in the midst of the window shows more of its noise than those far below.
    errors = []
    for x in np.linspace(0.3, 3, 40, dtype=np.float32):
        derivative = gradcheck.differentiate(lambda x: np.float32(f(x)), x)
        assert abs(derivative.value - slope(x)) <= derivative.error
        errors.append(derivative.error)
    assert np.median(errors) < 1.2e-4


@pytest.mark.parametrize("flat", [1, -1])
def test_a_staircase_that_is_flat_on_one_side_of_the_point_alone_touches_a_plateau(flat):
    # The point is at a step's edge: on the other side the function is lower at once.
    samples = Samples(lambda t: 0.25 * math.floor(flat * t / 0.25), 1.0)
    levels = range(3, 40)
    assert all(samples.touches_plateau(level) for level in levels)
    assert not any(samples.is_flat(level) for level in levels)
    assert not samples.touches_plateau(0)
    assert samples.edge(39) == Edge(pytest.approx(0.25, rel=1e-2), 0.25, is_stepped=True)
    assert not any(map(Samples(lambda t: t, 1.0).touches_plateau, levels))


BAD = [
    (lambda: gradcheck.differentiate(np.sin, 2), TypeError, "at holds int64 numbers; floats"),
    (lambda: gradcheck.differentiate(np.sum, np.array([])), ValueError, "at is empty"),
    (lambda: gradcheck.differentiate(np.sum, ()), ValueError, "at is empty"),
    (
        lambda: gradcheck.differentiate(np.sum, np.array([1.0, math.nan])),
        ValueError,
        r"at\[1\] is nan; finite numbers were expected",
    ),
    (
        lambda: gradcheck.differentiate(np.sum, np.ones(2)),
        ValueError,
        "direction is missing: at has 2 entries",
    ),
    (
        lambda: gradcheck.differentiate(np.sum, np.ones(3), np.ones(2)),
        ValueError,
        r"direction has shape \(2,\); at has shape \(3,\)",
    ),
    (
        lambda: gradcheck.differentiate(np.sum, np.ones(3), np.zeros(3)),
        ValueError,
        "direction is zero everywhere",
    ),
    (
        lambda: gradcheck.differentiate(np.sum, np.ones(2), np.array([1.0, math.inf])),
        ValueError,
        "direction holds a number that is not finite",
    ),
    (
        lambda: gradcheck.differentiate(lambda x: np.array([x, x]), 1.0),
        TypeError,
        r"the function's value has shape \(2,\); a scalar",
    ),
    (
        lambda: gradcheck.differentiate(lambda x: 1j * x, 1.0),
        TypeError,
        "of dtype complex128; a real number was expected",
    ),
    (
        lambda: gradcheck.differentiate(lambda _: None, 1.0),
        TypeError,
        "the function's value is NoneType; a real number was expected",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_caller_s_error_is_let_through():
    def f(_):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        gradcheck.differentiate(f, 1.0)


@pytest.mark.skipif(sys.flags.optimize > 1, reason="docstrings are stripped")
def test_the_docstrings_show_what_happens():
    import doctest

    from gradcheck.checking import gradients
    from gradcheck.numerical import differentiation

    for module in (differentiation, gradients):
        result = doctest.testmod(module)
        assert result.attempted > 0
        assert result.failed == 0


def test_the_largest_floats_are_no_size_too_large():
    derivative = gradcheck.differentiate(lambda x: 2 * x, 8e307)
    assert abs(derivative.value - 2) <= derivative.error < 1e-9


def test_what_is_no_function_is_said():
    with pytest.raises(TypeError, match=r"^f is of type int; a function was expected"):
        gradcheck.differentiate(3, 1.0)
