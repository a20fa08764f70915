"""Losses that are rounded, stepped, noisy, or computed by a solver to a tolerance."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import gradcheck
from tests.verdicts.cases import (
    ANY,
    NEVER_AGREES,
    NEVER_DISAGREES,
    Case,
    expect,
    judge,
    said,
    table,
    times,
)


def doubled(x):
    return 2 * x


def nothing(x):
    return 0 * x


def rounded_square(digits):
    return lambda x: np.round(x**2, digits)


def in_eight_bits(x):
    return np.round(256 * x) / 256


def over_half(x):
    return float((x > 0.5).sum())


def wraps_around(x):
    return float(np.int64(x * 1000).astype(np.int8)) + x


BITS = np.array([0.3, -0.71])
SCORES = np.array([0.3, 0.9])

STEPPED = [
    Case("12 digits, as meant", rounded_square(12), doubled, 2.0, NEVER_DISAGREES),
    Case("12 digits, 0", rounded_square(12), nothing, 2.0, "disagrees"),
    Case("12 digits, × 1.0005", rounded_square(12), times(doubled, 1.0005), 2.0, "disagrees"),
    Case("4 digits, as meant", rounded_square(4), doubled, 2.0, NEVER_DISAGREES),
    Case("4 digits, 0", rounded_square(4), nothing, 2.0, ANY),
    Case("4 digits, negated", rounded_square(4), times(doubled, -1), 2.0, NEVER_AGREES),
    Case("floor at a step, 0", np.floor, nothing, 4.0, "undecided", ("jump",)),
    Case("floor at a step, 512", np.floor, lambda _: 512.0, 4.0, NEVER_AGREES),
    Case("floor between steps, 0", np.floor, nothing, 1.8, "agrees", ("constant",)),
    Case("floor between steps, 1", np.floor, lambda _: 1.0, 1.8, "disagrees", ("constant",)),
    Case(
        "eight bits, 0",
        lambda x: (in_eight_bits(x) ** 2).sum(),
        nothing,
        BITS,
        NEVER_DISAGREES,
    ),
    Case(
        "eight bits, straight through",
        lambda x: (in_eight_bits(x) ** 2).sum(),
        lambda x: 2 * in_eight_bits(x),
        BITS,
        ANY,
    ),
    Case("a count, 0", over_half, nothing, SCORES, "agrees", ("constant",)),
    Case("a count, slopes of a hinge", over_half, lambda x: -1.0 * (x < 1), SCORES, "disagrees"),
    Case("overflow at a step", wraps_around, lambda _: 1.0, 0.3, NEVER_AGREES),
]


@table(STEPPED)
def test_steps_are_called_what_they_are(case):
    report = judge(case)
    if "constant" in case.says or "jump" in case.says:
        assert "nois" not in report.reason


# --- computed to a tolerance

BALANCED = np.array([0.9, 2.0e4])  # an angle and a count


def fixed_point(p, tolerance):
    """Solve y = cos(p₀ y) + p₁/20000 by going half of the way again and again."""
    y = 0.5
    for _ in range(500):
        before, y = y, (y + np.cos(p[0] * y) + p[1] / 2e4) / 2
        if abs(y - before) < tolerance:
            break
    return y


def solved(tolerance):
    return lambda p: 3 * fixed_point(p, tolerance) ** 2


def implicit_slope(p):
    y = fixed_point(p, 1e-15)
    sine = np.sin(p[0] * y)
    return 6 * y / (1 + p[0] * sine) * np.array([-y * sine, 1 / 2e4])


TOLERANCES = [1e-14, 1e-9, 1e-6, 1e-4]


@pytest.mark.parametrize("tolerance", TOLERANCES)
def test_the_right_gradient_of_a_solver_agrees_or_the_precision_is_named(tolerance):
    report = gradcheck.check(solved(tolerance), implicit_slope, BALANCED)
    if report.verdict != "disagrees":
        return
    named = re.search(r"precision=(\d+(?:\.\d+)?(?:e[-+]?\d+)?)", said(report))
    assert named, str(report)
    assert tolerance < float(named[1]) <= 0.01
    precise = gradcheck.check(
        solved(tolerance), implicit_slope, BALANCED, precision=float(named[1])
    )
    assert precise.verdict == "agrees", str(precise)


def test_the_right_gradient_of_a_solver_that_converged_agrees():
    assert gradcheck.check(solved(1e-14), implicit_slope, BALANCED).verdict == "agrees"


@pytest.mark.parametrize("tolerance", TOLERANCES[1:])
def test_the_right_gradient_of_a_solver_agrees_within_the_precision(tolerance):
    # Cut off there, the derivative is 2e-9, 3e-6 and 3e-4 away from the limit's.
    judge(Case("", solved(tolerance), implicit_slope, BALANCED, "agrees", precision=1e-3))


SOLVER_MISTAKES = [
    ("3 % in the small entry", np.array([1, 1.03]), NEVER_AGREES),
    ("10 % in the large entry", np.array([1.1, 1]), NEVER_AGREES),
    ("the small entry 0", np.array([1, 0]), NEVER_AGREES),
    ("negated", -1, "disagrees"),
]


@pytest.mark.parametrize("precision", [None, 1e-3])
@pytest.mark.parametrize("tolerance", TOLERANCES)
@pytest.mark.parametrize(
    ("factor", "want"),
    [row[1:] for row in SOLVER_MISTAKES],
    ids=[row[0] for row in SOLVER_MISTAKES],
)
def test_a_wrong_gradient_of_a_solver_never_agrees(factor, want, tolerance, precision):
    wrong = times(implicit_slope, factor)
    judge(Case("", solved(tolerance), wrong, BALANCED, want, precision=precision))


# --- noise that repeats itself, of losses that are steep elsewhere

STEEP = {
    "exp(5x)": (
        lambda x: np.exp(5 * x).sum(),
        lambda x: 5 * np.exp(5 * x),
        np.array([0.5, 0.2]),
    ),
    "exp(20x)": (
        lambda x: np.exp(20 * x).sum(),
        lambda x: 20 * np.exp(20 * x),
        np.array([-0.5, -0.6]),
    ),
    "x⁴": (lambda x: (x**4).sum(), lambda x: 4 * x**3, np.array([1.0, 0.8])),
    "Poisson": (
        lambda x: (np.exp(3 * x) - 20 * x).sum(),
        lambda x: 3 * np.exp(3 * x) - 20,
        np.array([0.6, 0.65]),
    ),
    "log cosh": (lambda x: np.log(np.cosh(x)).sum(), np.tanh, np.array([0.3, -0.8])),
}


def roughened(loss, size):
    """Add relative noise that depends on the argument alone."""
    return lambda x: loss(x) * (1 + size * math.sin(1e11 * float(x.sum()) + 3))


@pytest.mark.parametrize(
    ("size", "precision"),
    [(1e-6, 1e-2), (1e-4, None), (1e-4, 1e-2), (1e-4, 1e-1), (1e-3, 1e-2), (1e-3, 1e-1)],
)
@pytest.mark.parametrize("name", STEEP)
def test_noise_excuses_no_gross_mistake(name, size, precision):
    loss, gradient, at = STEEP[name]
    rough = roughened(loss, size)

    def verdict(factor):
        return gradcheck.check(rough, times(gradient, factor), at, precision=precision)

    is_measurable = size == 1e-6
    expect(verdict(1), "agrees" if is_measurable else NEVER_DISAGREES)
    for factor in (1.5, -1, 0):
        expect(verdict(factor), "disagrees" if is_measurable else NEVER_AGREES)
    if precision != 1e-1:
        expect(verdict(1.05), NEVER_AGREES)


def test_the_only_array_of_a_wrong_gradient_is_wrong_though_no_entry_was_found():
    loss, gradient, at = STEEP["log cosh"]
    report = gradcheck.check(roughened(loss, 1e-4), gradient, at, precision=0.1, seed=2)
    assert report.verdict == "disagrees"  # within 1e-12 its slope is that of the noise
    assert [array.verdict for array in report.arrays] == ["disagrees"]
    assert "x (2,): wrong in entries that were not found." in str(report)
