"""Functions near the edge of where they are defined, of extreme size, or that bend abruptly."""

from __future__ import annotations

import functools
import math

import numpy as np

from tests.benchmarks.families.family import Family, Problem, log_sum_exp, sigmoid, softmax

__all__ = ["FAMILIES"]


# ------------------------------------------------------------------------- edges of the domain


def _log_uniform(rng, low, high, size=None):
    return 10.0 ** rng.uniform(low, high, size)


FUNCTIONS = {
    "log": (np.log, lambda x: 1 / x),
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
    "x log x": (lambda x: x * np.log(x), lambda x: np.log(x) + 1),
    "x^1.5": (lambda x: x**1.5, lambda x: 1.5 * np.sqrt(x)),
    "1/x": (lambda x: 1 / x, lambda x: -1 / x**2),
}


def draw_near_zero(rng, *, function, size=None):
    """A function that ends at 0, at numbers between 1e-12 and 1: at one, or summed over many."""
    value, slope = FUNCTIONS[function]
    at = _log_uniform(rng, -12, 0, size)
    return Problem(lambda x: np.sum(value(x)), slope, float(at) if size is None else at)


RAISING = {
    "log": (math.log, lambda x: 1 / x),
    "sqrt": (math.sqrt, lambda x: 0.5 / math.sqrt(x)),
    "log(1 − x)": (lambda x: math.log1p(-x), lambda x: -1 / (1 - x)),
    "atanh": (math.atanh, lambda x: 1 / ((1 - x) * (1 + x))),
    "acos": (math.acos, lambda x: -1 / math.sqrt((1 - x) * (1 + x))),
}

SAME_IN_NUMPY = {
    "log": np.log,
    "sqrt": np.sqrt,
    "log(1 − x)": lambda x: np.log1p(-x),
    "atanh": np.arctanh,
    "acos": np.arccos,
}


def draw_raising(rng, *, raising=True):
    """A function of the module math, which raises outside of its domain, up to 1e-6 from there."""
    name = rng.choice(list(RAISING))
    gap = _log_uniform(rng, -6, -0.1)
    value, slope = RAISING[name]
    at = gap if name in ("log", "sqrt") else 1 - gap
    return Problem(value if raising else SAME_IN_NUMPY[name], slope, float(at))


def draw_near_one(rng, *, function, nearest):
    """arccos or artanh, NaN beyond 1, at numbers within 0.1 and up to 10**nearest from there."""
    at = 1 - _log_uniform(rng, nearest, -1, 20)
    weights = rng.standard_normal(20)
    if function == "arccos":
        return Problem(
            lambda x: (weights * np.arccos(x)).sum(),
            lambda x: -weights / np.sqrt((1 - x) * (1 + x)),
            at,
        )
    return Problem(
        lambda x: (weights * np.arctanh(x)).sum(), lambda x: weights / ((1 - x) * (1 + x)), at
    )


def draw_bounded(rng):
    """A loss that asserts the bounds of its probabilities, one of which is near 1."""
    costs = rng.uniform(0.5, 3, 12)
    at = rng.uniform(0.1, 0.9, 12)
    at[3] = 1 - _log_uniform(rng, -5, -2)

    def loss(x):
        assert (x >= 0).all(), "a probability is negative"
        assert (x <= 1).all(), "a probability exceeds 1"
        return (costs * x**2).sum() + np.prod(1 - x / 2)

    def grad(x):
        return 2 * costs * x - np.prod(1 - x / 2) / (2 - x)

    return Problem(loss, grad, at)


def draw_entropy(rng, *, size=40):
    """The entropy of shares from 1e-12 to 1, and a cross-entropy."""
    others = rng.dirichlet(np.ones(size))
    return Problem(
        lambda p: (p * np.log(p)).sum() - (others * np.log(p)).sum(),
        lambda p: np.log(p) + 1 - others / p,
        _log_uniform(rng, -12, 0, size),
    )


# ------------------------------------------------------------------------------- extreme numbers


def draw_sized(rng, *, size):
    """A quadratic form and sines, as large or as small as a double may be."""
    matrix = rng.standard_normal((15, 15))
    matrix = matrix @ matrix.T / 15

    def loss(x):
        return size * (x @ matrix @ x / 2 + np.sin(3 * x).sum())

    return Problem(loss, lambda x: size * (matrix @ x + 3 * np.cos(3 * x)), rng.standard_normal(15))


def draw_scores(rng, *, scale, words=30):
    """log Σ exp of scores of some size, less one score."""
    at = scale * rng.standard_normal(words)
    target = int(np.argsort(at)[words // 2])

    def grad(s):
        result = softmax(s)
        result[target] -= 1
        return result

    return Problem(lambda s: log_sum_exp(s) - s[target], grad, at)


def draw_won(rng, *, gap, words=20, exactly=False):
    """log Σ exp less the score that wins: the others' shares are nearly nothing."""
    at = rng.standard_normal(words)
    at[0] = at[1:].max() + gap

    def loss(s):
        if exactly:
            return np.log1p(np.exp(s[1:] - s[0]).sum())
        return log_sum_exp(s) - s[0]

    def grad(s):
        rest = np.exp(s[1:] - s[0])
        shares = rest / (1 + rest.sum())
        return np.concatenate([[-shares.sum()], shares])

    return Problem(loss, grad, at)


def draw_steep(rng, *, power):
    """A power of a sum, or the exponential of one: large numbers and larger slopes."""
    weights = rng.uniform(0.5, 2, 10)
    at = rng.uniform(0.5, 2, 10)
    if power:
        return Problem(
            lambda x: (weights @ x) ** power,
            lambda x: power * (weights @ x) ** (power - 1) * weights,
            at,
        )
    return Problem(
        lambda x: np.exp(10 * (weights @ x)),
        lambda x: 10 * np.exp(10 * (weights @ x)) * weights,
        at,
    )


# ----------------------------------------------------------------------------- abrupt but smooth


def draw_spline(rng, *, degree):
    """Splines whose knots are the points at which they are looked at."""
    knots = np.sort(rng.uniform(0, 3, 8))
    weights = rng.standard_normal((20, 8))
    lines = rng.standard_normal(20)
    at = rng.choice(knots, size=20)

    def loss(x):
        beyond = np.maximum(x[:, None] - knots, 0)
        return (weights * beyond**degree).sum() + (lines * x).sum()

    def grad(x):
        beyond = np.maximum(x[:, None] - knots, 0)
        return (weights * degree * beyond ** (degree - 1)).sum(axis=1) + lines

    return Problem(loss, grad, at)


def draw_waves(rng, *, frequency):
    """Sines of high frequency."""
    phases = rng.uniform(0, 6, 12)
    return Problem(
        lambda x: np.sin(frequency * x + phases).sum(),
        lambda x: frequency * np.cos(frequency * x + phases),
        rng.uniform(-1, 1, 12),
    )


def draw_flat(rng):
    """exp(−1/x²), all of whose derivatives are 0 at 0."""
    weights = rng.uniform(0.5, 2, 8)

    def value(x):
        return np.exp(-1 / (x * x))

    return Problem(
        lambda x: (weights * value(x)).sum(),
        lambda x: weights * value(x) * 2 / x**3,
        rng.uniform(0.15, 1, 8) * rng.choice([-1, 1], 8),
    )


def draw_switch(rng, *, steepness=1e3):
    """Steep sigmoids, some of which are just turning."""
    places = rng.uniform(-1, 1, 15)
    at = places + rng.uniform(-5, 5, 15) / steepness

    def grad(x):
        z = steepness * (x - places)
        return steepness * sigmoid(z) * sigmoid(-z)

    return Problem(lambda x: sigmoid(steepness * (x - places)).sum(), grad, at)


def draw_banana(rng, *, size=20):
    """Rosenbrock's function."""

    def loss(x):
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    def grad(x):
        result = np.zeros_like(x)
        result[1:] = 200 * (x[1:] - x[:-1] ** 2)
        result[:-1] += -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
        return result

    return Problem(loss, grad, rng.uniform(-2, 2, size))


# ------------------------------------------------------------------------------- cancelling at 0


def draw_cancelling(rng, *, low, high, exactly=False):
    """b·x·(σ(ax²) − σ(−ax²)) near 0, where both sigmoids are nearly a half."""
    a, b = _log_uniform(rng, -3, 3, 2)
    at = _log_uniform(rng, low, high) * rng.choice([-1, 1])

    def loss(x):
        if exactly:
            return b * x * np.tanh(a * x * x / 2)
        return b * x * (1 / (1 + np.exp(-a * x * x)) - 1 / (1 + np.exp(a * x * x)))

    def grad(x):
        half = a * x * x / 2
        return b * (np.tanh(half) + 2 * half / np.cosh(half) ** 2)

    return Problem(loss, grad, float(at))


def _family(name, draw, **options):
    return Family(name, "edges and extremes", functools.partial(draw, **options))


def _cancelling(low, high):
    return Family(
        f"b·x·(σ(ax²) − σ(−ax²)), 1e{low}…1e{high}",
        "near zero",
        functools.partial(draw_cancelling, low=low, high=high),
        kind="apart",
        flat=True,
        exact=functools.partial(draw_cancelling, low=low, high=high, exactly=True),
        times=8,
    )


FAMILIES = [
    *(_family(f"{name}, 1e-12…1", draw_near_zero, function=name) for name in FUNCTIONS),
    _family("log, 40 of 1e-12…1", draw_near_zero, function="log", size=40),
    _family("sqrt, 200 of 1e-12…1", draw_near_zero, function="sqrt", size=200),
    _family("x log x, 40 of 1e-12…1", draw_near_zero, function="x log x", size=40),
    Family(
        "math.log, atanh, …: they raise",
        "edges and extremes",
        draw_raising,
        exact=functools.partial(draw_raising, raising=False),
    ),
    *(
        _family(f"{name}, up to 1e-6 from 1", draw_near_one, function=name, nearest=-6)
        for name in ("arccos", "artanh")
    ),
    *(
        Family(
            f"{name}, up to 1e-10 from 1",
            "edges and extremes",
            functools.partial(draw_near_one, function=name, nearest=-10),
            kind="open",
            why="so near to the edge, steps are as small as the rounding of the point",
        )
        for name in ("arccos", "artanh")
    ),
    _family("bounds that the loss asserts", draw_bounded),
    _family("entropy of shares of 1e-12…1", draw_entropy),
    _family("a loss of 1e-300", draw_sized, size=1e-300),
    _family("a loss of 1e300", draw_sized, size=1e300),
    _family("log Σ exp of scores of 100", draw_scores, scale=100.0),
    _family("log Σ exp of scores of 1e8", draw_scores, scale=1e8),
    _family("softmax loss won by 10", draw_won, gap=10.0),
    Family(
        "softmax loss won by 34",
        "edges and extremes",
        functools.partial(draw_won, gap=34.0),
        kind="open",
        why="the loss has saturated: what it changes by is its rounding",
        exact=functools.partial(draw_won, gap=34.0, exactly=True),
    ),
    _family("(Σ wx)^9", draw_steep, power=9),
    _family("exp(10 Σ wx)", draw_steep, power=0),
    _family("cubic splines at their knots", draw_spline, degree=3),
    _family("squared hinges at their knots", draw_spline, degree=2),
    _family("sin 1e3 x", draw_waves, frequency=1e3),
    _family("sin 1e6 x", draw_waves, frequency=1e6),
    _family("exp(−1/x²)", draw_flat),
    _family("sigmoids of steepness 1e3", draw_switch),
    _family("Rosenbrock", draw_banana),
    _cancelling(-9, -8),
    _cancelling(-8, -7),
]
