"""Losses that are not defined everywhere: edges, underflow, sets one must not leave, exceptions."""

from __future__ import annotations

import math
import re

import mpmath
import numpy as np
import pytest

import gradcheck
from tests.verdicts.cases import (
    NEVER_AGREES,
    NEVER_DISAGREES,
    Case,
    distances,
    judge,
    said,
    table,
    times,
)


def arccos_slope(x):
    return -1 / np.sqrt((1 - x) * (1 + x))


def log_beta(p):
    """The log density of a beta distribution; insists on its support."""
    a, b, z = (float(value) for value in p)
    if not (min(a, b) > 0 and 0 < z < 1):
        raise ValueError("outside of the support")
    constant = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return constant + (a - 1) * math.log(z) + (b - 1) * math.log1p(-z)


def log_beta_slope(p):
    a, b, z = (float(value) for value in p)
    both = float(mpmath.digamma(a + b))
    by_a = math.log(z) + both - float(mpmath.digamma(a))
    by_b = math.log1p(-z) + both - float(mpmath.digamma(b))
    return np.array([by_a, by_b, (a - 1) / z - (b - 1) / (1 - z)])


def bounded(x):
    assert x.min() >= 0
    assert x.max() <= 1
    return ((1 + x) * x * [1, 4, 9]).sum()


def bounded_slope(x):
    return (1 + 2 * x) * [1, 4, 9]


EDGES = [
    ("arccos", np.arccos, arccos_slope, 0.99),
    ("arccos, 1e-6 off", np.arccos, arccos_slope, 1 - 1e-6),
    ("acos that raises, far off", math.acos, arccos_slope, 0.5),
    ("acos that raises", math.acos, arccos_slope, 0.99),
    ("log that raises", math.log, lambda x: 1 / x, 0.1),
    ("sqrt that raises", math.sqrt, lambda x: 0.5 / math.sqrt(x), 1e-8),
    ("log(1 − x) that raises", lambda x: math.log(1 - x), lambda x: 1 / (x - 1), 0.9),
    ("atanh that raises", math.atanh, lambda x: 1 / ((1 - x) * (1 + x)), 0.97),
    *(
        (f"beta density at {z}", log_beta, log_beta_slope, np.array([0.7, 2.0, z]))
        for z in (0.5, 0.9, 0.99, 1e-3, 1 - 1e-6)
    ),
    ("asserted bounds, inside", bounded, bounded_slope, np.array([0.4, 0.5, 0.6])),
    ("asserted bounds, 1e-3 off", bounded, bounded_slope, np.array([0.4, 0.5, 0.999])),
]


@table(Case(*edge, "agrees") for edge in EDGES)
def test_beside_an_edge_the_verdict_is_sharp(case):
    judge(case)
    judge(case._replace(gradient=times(case.gradient, 1.001), want="disagrees"))


def power(x):
    return np.power(x, 1.5)  # NaN below 0, where Python's own power is complex


def variance_at_its_bound(p):
    return np.sqrt(p[0]) ** 2 + np.sin(p[1])


def by_both(p, factor=1.0):
    return np.array([1.0, factor * np.cos(p[1])])


AT_THE_EDGE = [
    Case("1e-10 off, right", np.arccos, arccos_slope, 1 - 1e-10, NEVER_DISAGREES),
    Case("1e-10 off, × 1.001", np.arccos, times(arccos_slope, 1.001), 1 - 1e-10, "disagrees"),
    Case("one side, right", power, lambda x: 1.5 * np.sqrt(x), 0.0, NEVER_DISAGREES),
    Case("one side, 1 for 0", power, lambda _: 1.0, 0.0, NEVER_AGREES),
    Case(
        "one entry, right",
        variance_at_its_bound,
        by_both,
        np.array([0.0, 1.0]),
        NEVER_DISAGREES,
    ),
    Case(
        "one entry, the other × 1.001",
        variance_at_its_bound,
        lambda p: by_both(p, 1.001),
        np.array([0.0, 1.0]),
        "disagrees",
    ),
]


@table(AT_THE_EDGE)
def test_at_an_edge_nothing_untrue_is_said(case):
    judge(case)


# --- underflow


def root_of_exp(x):
    return math.sqrt(math.exp(-x))


def root_of_exp_slope(x):
    return -0.5 * math.exp(-x / 2)


FACTORS = [1.1, 2.0, -1.0, 10.0, 1e3]


@pytest.mark.parametrize("x", [700.0, 705.0, 710.0, 720.0])
def test_small_numbers_are_decided(x):
    right = Case("", root_of_exp, root_of_exp_slope, x, "agrees")
    judge(right)
    for factor in (1.001, *FACTORS):
        judge(right._replace(gradient=times(root_of_exp_slope, factor), want="disagrees"))


@pytest.mark.parametrize("x", [730.0, 735.0, 740.0, 744.0])
def test_numbers_that_lose_their_digits_excuse_no_factor(x):
    # exp(-735) has 4 digits left, exp(-740) two, exp(-744) is twice the smallest number.
    right = Case("", root_of_exp, root_of_exp_slope, x, NEVER_DISAGREES)
    judge(right)
    for factor in (1.001, *FACTORS):
        judge(right._replace(gradient=times(root_of_exp_slope, factor), want=NEVER_AGREES))


# --- sets that one must not leave

SPREAD = np.array([1.0, 2.0, 4.0])
ON_SPHERE = np.array([1.0, 2.0, 2.0]) / 3
ON_SIMPLEX = np.array([0.2, 0.3, 0.5])
COUNTS = np.array([1.0, 2.0, 3.0])


def energy(x):
    return (SPREAD * x**2).sum() / 2


def on_sphere_only(x):
    if abs((x**2).sum() - 1) > 1e-8:
        raise ValueError("not on the sphere")
    return energy(x)


def tangential(x):
    """Return the gradient on the sphere: without its part along x."""
    return SPREAD * x - 2 * energy(x) * x


def on_simplex_only(p):
    if abs(p.sum() - 1) > 1e-8:
        raise ValueError("not a distribution")
    return -(COUNTS * np.log(p)).sum()


def on_simplex_slope(p):
    return -COUNTS / p


BOUND_TO_A_SET = [
    ("sphere, right", on_sphere_only, tangential, ON_SPHERE),
    ("sphere, not projected", on_sphere_only, lambda x: SPREAD * x, ON_SPHERE),
    ("sphere, negated", on_sphere_only, times(tangential, -1), ON_SPHERE),
    ("simplex, right", on_simplex_only, on_simplex_slope, ON_SIMPLEX),
    ("simplex, × 1.001", on_simplex_only, times(on_simplex_slope, 1.001), ON_SIMPLEX),
    ("simplex, negated", on_simplex_only, times(on_simplex_slope, -1), ON_SIMPLEX),
]


@table(Case(*row, "undecided") for row in BOUND_TO_A_SET)
def test_a_loss_that_insists_on_a_set_is_undecided_with_a_recipe(case):
    report = judge(case)
    assert "ValueError" in report.reason
    assert re.search(r"not (on the sphere|a distribution)", report.reason)
    assert any(1e-12 < distance < 1e-3 for distance in distances(report)), report.reason
    assert re.search("coordinate|parametri|project|retract|softmax", report.advice, re.IGNORECASE)


FRAME = np.linalg.svd(ON_SPHERE[None])[2][1:]


def retracted(t):
    y = ON_SPHERE + t @ FRAME
    return y / np.linalg.norm(y)


def softmax(s):
    weights = np.exp(s - s.max())
    return weights / weights.sum()


def through_softmax(counted):
    return lambda s: counted * softmax(s) - COUNTS


REMEDIES = [
    Case(
        "tangent coordinates, right",
        lambda t: on_sphere_only(retracted(t)),
        lambda t: FRAME @ tangential(retracted(t)),
        np.zeros(2),
        "agrees",
    ),
    Case(
        "tangent coordinates, × 1.01",
        lambda t: on_sphere_only(retracted(t)),
        lambda t: 1.01 * FRAME @ tangential(retracted(t)),
        np.zeros(2),
        "disagrees",
    ),
    Case(
        "softmax coordinates, right",
        lambda s: on_simplex_only(softmax(s)),
        through_softmax(6),
        np.log(ON_SIMPLEX),
        "agrees",
    ),
    Case(
        "softmax coordinates, wrong sum",
        lambda s: on_simplex_only(softmax(s)),
        through_softmax(5),
        np.log(ON_SIMPLEX),
        "disagrees",
    ),
    Case("off the sphere, tangential", energy, tangential, ON_SPHERE, NEVER_AGREES),
    Case("off the sphere, right", energy, lambda x: SPREAD * x, ON_SPHERE, "agrees"),
]


@table(REMEDIES)
def test_what_stays_on_the_set_or_leaves_it_freely_is_decided(case):
    judge(case)


# --- exceptions that come only where the point is moved

HERE = np.array([0.3, 0.8, -0.4])


class OutOfLicencesError(Exception):
    """Nothing that Python knows."""


class Raising:
    """The sum of squares, which raises further than `reach` from the point."""

    def __init__(self, error, reach=0.0):
        self.error, self.reach, self.calls, self.raised = error, reach, 0, 0

    def __call__(self, x):
        self.calls += 1
        if abs(x - HERE).max() > self.reach:
            self.raised += 1
            raise self.error
        return float((x**2).sum())


def doubled(x):
    return 2 * x


LET_THROUGH = [
    NameError("name 'foo' is not defined"),
    TypeError("unsupported operand"),
    MemoryError("no memory"),
    AttributeError("no attribute"),
    ImportError("no module"),
    RecursionError("too deep"),
    KeyboardInterrupt("stop"),
    SystemExit(3),
]


@pytest.mark.parametrize("error", LET_THROUGH, ids=lambda error: type(error).__name__)
def test_a_programming_error_at_a_moved_point_is_let_through(error):
    with pytest.raises(type(error)) as caught:
        gradcheck.check(Raising(error), doubled, HERE)
    assert caught.value is error


COUNTED = [
    ValueError("bad input"),
    RuntimeError("CUDA out of memory"),
    AssertionError("shapes differ"),
    OutOfLicencesError("come back tomorrow"),
    ZeroDivisionError("division by zero"),
]


@pytest.mark.parametrize("error", COUNTED, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("factor", [1.0, 1.5], ids=["right", "× 1.5"])
def test_other_errors_at_moved_points_are_counted_and_the_first_is_named(error, factor):
    loss = Raising(error)
    report = gradcheck.check(loss, times(doubled, factor), HERE)
    assert report.verdict == "undecided", str(report)
    assert type(error).__name__ in report.reason
    assert str(error) in report.reason
    counts = re.search(r"(\d[\d,]*) of (?:the |its )?(\d[\d,]*)", report.reason)
    assert counts, report.reason
    raised, asked = (int(count.replace(",", "")) for count in counts.groups())
    assert 1 <= raised <= loss.raised
    assert raised <= asked <= loss.calls


def test_errors_further_out_do_not_hide_the_verdict():
    error = RuntimeError("too far")
    assert gradcheck.check(Raising(error, 1e-3), doubled, HERE).verdict == "agrees"
    wrong = gradcheck.check(Raising(error, 1e-3), times(doubled, 1.001), HERE)
    assert wrong.verdict == "disagrees"


def test_a_cache_that_knows_one_point_only_is_named_by_its_error():
    known = {}

    def cached(x):
        key = tuple(x)
        if known and key not in known:
            raise KeyError(key)
        return known.setdefault(key, float((x**2).sum()))

    report = gradcheck.check(cached, doubled, HERE)
    assert report.verdict == "undecided"
    assert "KeyError" in said(report)
