"""Functions with known derivatives, and points that make a numerical derivative hard.

Each `Problem` draws a point and gives a function of one real variable t, to be
differentiated at t = 0, with its exact derivative from mpmath (40 digits) or, for
functions of many variables, from extended-precision arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

mp = mpmath.mp.clone()
mp.dps = 40

Draw = Callable[[np.random.Generator], tuple[Callable[[Any], Any], Any, Any, float]]


@dataclass(frozen=True)
class Problem:
    """A family of functions: `draw` gives (f, at, direction, exact directional derivative)."""

    name: str
    group: str
    draw: Draw
    undecided: str = ""  # why "undecided" is a fair answer, where it is


def _scalar(f, exact, low, high, *, log=False, sign=True):
    """Points on [low, high], uniform or log-uniform (then of either sign if `sign`)."""

    def draw(rng):
        if log:
            x = float(np.exp(rng.uniform(np.log(low), np.log(high))))
            x *= rng.choice([-1, 1]) if sign else 1
        else:
            x = float(rng.uniform(low, high))
        return f, x, None, float(exact(mp.mpf(x)))

    return draw


def _relative(f, exact, low, high):
    return _scalar(f, exact, low, high, log=True, sign=False)


def _flat(x):
    return np.exp(-1 / (x * x))


def _softplus_naive(x):
    return np.log(1 + np.exp(-x))


def _softplus(x):
    return np.logaddexp(0.0, -x)


def _logsumexp(s):
    m = s.max()
    return m + np.log(np.exp(s - m).sum())


def _softmax_problem(scale, *, size=None, single=None):
    """Naive softmax of a random case; `scale` multiplies all vectors."""

    def draw(rng):
        n, d = size or (int(rng.integers(2, 40)), int(rng.integers(1, 20)))
        v, u = scale * rng.standard_normal(d), scale * rng.standard_normal((n, d))
        o = int(rng.integers(n))
        zv, zu = rng.uniform(-1, 1, d), rng.uniform(-1, 1, (n, d))
        if single == "row":
            zv, keep = np.zeros(d), zu[0].copy()
            zu = np.zeros((n, d))
            zu[rng.integers(n)] = keep

        def loss(p):
            s = p[1] @ p[0]
            return _logsumexp(s) - s[o]

        lv, lu = v.astype(np.longdouble), u.astype(np.longdouble)
        s = (lu * lv).sum(axis=1)
        e = np.exp(s - s.max())
        delta = e / e.sum()
        # 1 - p without cancellation
        others = np.delete(e, o).sum() / e.sum()
        delta[o] = -others
        ds = (lu * zv).sum(axis=1) + (zu * lv).sum(axis=1)
        return loss, (v, u), (zv, zu), float((delta * (ds - ds[o])).sum())

    return draw


def _negative_problem(scale):
    def draw(rng):
        n, d, k = int(rng.integers(2, 20)), int(rng.integers(1, 20)), int(rng.integers(1, 10))
        v, u = scale * rng.standard_normal(d), scale * rng.standard_normal((n, d))
        rows = rng.integers(n, size=k + 1)
        signs = np.array([1.0] + [-1.0] * k)
        zv, zu = rng.uniform(-1, 1, d), rng.uniform(-1, 1, (n, d))

        def loss(p):
            return _softplus(signs * (p[1][rows] @ p[0])).sum()

        lv, lu = v.astype(np.longdouble), u.astype(np.longdouble)
        s = signs * (lu[rows] * lv).sum(axis=1)
        ds = signs * ((lu[rows] * zv).sum(axis=1) + (zu[rows] * lv).sum(axis=1))
        sigma = np.where(s > 0, np.exp(-abs(s)), 1) / (1 + np.exp(-abs(s)))
        return loss, (v, u), (zv, zu), float(-(sigma * ds).sum())

    return draw


def _rosenbrock(rng):
    n = int(rng.integers(2, 30))
    x, z = rng.uniform(-2, 2, n), rng.uniform(-1, 1, n)

    def f(x):
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    p = x.astype(np.longdouble)
    g = np.zeros(n, dtype=np.longdouble)
    r = p[1:] - p[:-1] ** 2
    g[1:] += 200 * r
    g[:-1] += -400 * r * p[:-1] - 2 * (1 - p[:-1])
    return f, x, z, float((g * z).sum())


def _quadratic(rng):
    n = int(rng.integers(2, 30))
    a = rng.standard_normal((n, n)) * 10.0 ** rng.uniform(-3, 3, n)
    x, z = rng.standard_normal(n), rng.uniform(-1, 1, n)
    la = a.astype(np.longdouble)
    return (
        (lambda x: 0.5 * ((a @ x) ** 2).sum()),
        x,
        z,
        float(((la * x).sum(axis=1) * (la * z).sum(axis=1)).sum()),
    )


def _network(rng):
    """A small relu network with squared loss: kinks all around."""
    d, h = int(rng.integers(2, 10)), int(rng.integers(2, 50))
    w1, b, w2 = rng.standard_normal((h, d)), rng.standard_normal(h), rng.standard_normal(h)
    x, z = rng.standard_normal(d), rng.uniform(-1, 1, d)

    def f(x):
        return 0.5 * (w2 @ np.maximum(w1 @ x + b, 0)) ** 2

    a = (w1.astype(np.longdouble) * x).sum(axis=1) + b
    out = (w2 * np.maximum(a, 0)).sum()
    da = (w1.astype(np.longdouble) * z).sum(axis=1)
    return f, x, z, float(out * (w2 * da * (a > 0)).sum())


def _float32(rng):
    """Float32 parameters and a loss that computes in float32."""
    n, d = int(rng.integers(2, 20)), int(rng.integers(1, 10))
    v = rng.standard_normal(d).astype(np.float32)
    u = rng.standard_normal((n, d)).astype(np.float32)
    zv, zu = rng.uniform(-1, 1, d), rng.uniform(-1, 1, (n, d))

    def loss(p):
        s = p[1] @ p[0]
        return _logsumexp(s) - s[0]

    lv, lu = v.astype(np.longdouble), u.astype(np.longdouble)
    s = (lu * lv).sum(axis=1)
    p = np.exp(s - s.max())
    p /= p.sum()
    p[0] -= 1
    ds = (lu * zv).sum(axis=1) + (zu * lv).sum(axis=1)
    return loss, (v, u), (zv, zu), float((p * ds).sum())


def _hash_noise(x):
    """A deterministic pseudo-random number on [-1, 1], another for each float."""
    bits = np.float64(x).view(np.uint64)
    with np.errstate(over="ignore"):
        bits = (bits ^ (bits >> np.uint64(31))) * np.uint64(0x9E3779B97F4A7C15)
        bits = (bits ^ (bits >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return float(bits >> np.uint64(11)) / 2.0**52 - 1


def _bump(rng, k):
    a = float(rng.uniform(-1, 1))
    x = a + float(rng.uniform(-2, 2)) / k
    u = (mp.mpf(x) - mp.mpf(a)) * k
    return (
        (lambda x: np.exp(-((k * (x - a)) ** 2))),
        x,
        None,
        float(-2 * k * u * mp.exp(-u * u)),
    )


def _odd_bump(rng):
    """At its centre, where every coarse difference is exactly 0 and the derivative is 1."""
    c = float(rng.uniform(-1, 1))
    return (lambda x: (x - c) * np.exp(-((1000 * (x - c)) ** 2))), c, None, 1.0


def _saturated(rng, gap):
    n = int(rng.integers(2, 10))
    s = rng.uniform(-1000, 0, n)
    o = int(rng.integers(n))
    s[o] = float(np.delete(s, o).max()) + gap * rng.uniform(0.9, 1.1)
    s += 1000 * rng.uniform(-1, 1)
    z = rng.uniform(-1, 1, n)
    ls = s.astype(np.longdouble)
    e = np.exp(ls - ls.max())
    p = e / e.sum()
    return (
        (lambda s: _logsumexp(s) - s[o]),
        s,
        z,
        float((np.delete(p, o) * (np.delete(z, o) - np.longdouble(z[o]))).sum()),
    )


def _hidden_bump(rng):
    """The same on top of a smooth function: coarse differences agree, on a wrong value."""
    f, c, _, _ = _odd_bump(rng)
    return (lambda x: np.sin(x) + f(x)), c, None, float(mp.cos(mp.mpf(c)) + 1)


def _hinge(rng):
    margin = float(rng.uniform(-2, 2))
    x = float(rng.uniform(-2, 2))
    return (lambda x: max(0.0, margin - 3 * x)), x, None, (-3.0 if margin - 3 * x > 0 else 0.0)


def _near_one(rng):
    x = 1 + float(np.exp(rng.uniform(np.log(1e-6), 0)))
    return (lambda x: np.log(x - 1)), x, None, float(1 / (mp.mpf(x) - 1))


def _at_zero(difference):
    """At 0, x times a difference of terms that is 0 there, all rounded in proportion to x."""

    def draw(rng):
        a, b = 10.0 ** rng.uniform(-3, 3, 2)
        return (lambda x: b * x * difference(a * x * x)), 0.0, None, 0.0

    return draw


def _kink(_rng):
    return abs, 0.0, None, float("nan")


def _tied(rng):
    n = int(rng.integers(2, 10))
    x = np.full(n, float(rng.uniform(-2, 2)))
    return np.max, x, rng.uniform(-1, 1, n), float("nan")


KINK = "a kink at the point: there is no derivative"

PROBLEMS = [
    # --- smooth
    Problem("sin x", "smooth", _scalar(np.sin, mp.cos, -10, 10)),
    Problem("cos x, small x", "smooth", _relative(np.cos, lambda x: -mp.sin(x), 1e-6, 1)),
    Problem("exp x", "smooth", _scalar(np.exp, mp.exp, -10, 10)),
    Problem(
        "x^3 - 2x", "smooth", _scalar(lambda x: x**3 - 2 * x, lambda x: 3 * x * x - 2, -10, 10)
    ),
    Problem(
        "degree 9",
        "smooth",
        _scalar(
            lambda x: ((x * x - 4) * x * x + 3) * x**5,
            lambda x: 9 * x**8 - 28 * x**6 + 15 * x**4,
            -3,
            3,
        ),
    ),
    Problem(
        "1/(1+x^2)",
        "smooth",
        _scalar(lambda x: 1 / (1 + x * x), lambda x: -2 * x / (1 + x * x) ** 2, -5, 5),
    ),
    Problem("log x", "smooth", _relative(np.log, lambda x: 1 / x, 1e-3, 1e3)),
    Problem("sqrt x", "smooth", _relative(np.sqrt, lambda x: 1 / (2 * mp.sqrt(x)), 1e-3, 1e3)),
    Problem("Rosenbrock", "smooth", _rosenbrock),
    Problem("quadratic, condition 1e6", "smooth", _quadratic),
    Problem("softmax, scale 1", "smooth", _softmax_problem(1.0)),
    Problem("softmax, scale 0.001", "smooth", _softmax_problem(1e-3)),
    Problem("softmax, (500, 50)", "smooth", _softmax_problem(1.0, size=(500, 50))),
    Problem("negative sampling", "smooth", _negative_problem(1.0)),
    # --- steep
    Problem(
        "exp 30x", "steep", _scalar(lambda x: np.exp(30 * x), lambda x: 30 * mp.exp(30 * x), -1, 1)
    ),
    Problem(
        "tanh 1000x",
        "steep",
        _relative(lambda x: np.tanh(1000 * x), lambda x: 1000 / mp.cosh(1000 * x) ** 2, 1e-6, 1e-1),
    ),
    Problem(
        "arctan 1e4 x",
        "steep",
        _relative(lambda x: np.arctan(1e4 * x), lambda x: 1e4 / (1 + (10**4 * x) ** 2), 1e-7, 10),
    ),
    Problem("x^-6", "steep", _relative(lambda x: x**-6, lambda x: -6 * x**-7, 1e-3, 10)),
    Problem("softmax, scale 30", "steep", _softmax_problem(30.0)),
    Problem("negative sampling, scale 5", "steep", _negative_problem(5.0)),
    # --- oscillating or dying out within a small fraction of the point's size
    Problem(
        "sin 1000x",
        "oscillating",
        _scalar(lambda x: np.sin(1000 * x), lambda x: 1000 * mp.cos(1000 * x), -1, 1),
    ),
    Problem(
        "sin 1e5 x",
        "oscillating",
        _scalar(lambda x: np.sin(1e5 * x), lambda x: 10**5 * mp.cos(10**5 * x), -1, 1),
    ),
    Problem(
        "cos x^2",
        "oscillating",
        _scalar(lambda x: np.cos(x * x), lambda x: -2 * x * mp.sin(x * x), -30, 30),
    ),
    Problem(
        "x + sin(300x)/1000",
        "oscillating",
        _scalar(
            lambda x: x + np.sin(300 * x) / 1000, lambda x: 1 + 3 * mp.cos(300 * x) / 10, -1, 1
        ),
    ),
    Problem("exp -(1000(x-a))^2", "oscillating", lambda rng: _bump(rng, 1000.0)),
    Problem("t exp -(1000 t)^2", "oscillating", _odd_bump),
    Problem("sin x + t exp -(1000 t)^2", "oscillating", _hidden_bump),
    # --- saturated
    Problem("softmax, one word wins by 1000", "saturated", lambda rng: _saturated(rng, 1000.0)),
    Problem("softmax, one word wins by 33", "saturated", lambda rng: _saturated(rng, 33.0)),
    Problem(
        "log(1+exp -x), naive",
        "saturated",
        _scalar(_softplus_naive, lambda x: -1 / (1 + mp.exp(x)), 20, 60),
    ),
    Problem(
        "-log sigmoid, |x| to 1000",
        "saturated",
        _scalar(_softplus, lambda x: -1 / (1 + mp.exp(x)), -1000, 1000),
    ),
    Problem("negative sampling, scale 30", "saturated", _negative_problem(30.0)),
    Problem("softmax, one row moves", "saturated", _softmax_problem(3.0, single="row")),
    # --- nearly flat
    Problem("x^9, small x", "flat", _relative(lambda x: x**9, lambda x: 9 * x**8, 1e-4, 1)),
    Problem(
        "1 + 1e-9 sin x",
        "flat",
        _scalar(lambda x: 1 + 1e-9 * np.sin(x), lambda x: mp.mpf(1e-9) * mp.cos(x), -3, 3),
    ),
    Problem(
        "exp(-1/x^2)", "flat", _relative(_flat, lambda x: 2 / x**3 * mp.exp(-1 / x**2), 0.05, 2)
    ),
    Problem("hinge, off its kink", "flat", _hinge),
    # --- nearly singular
    Problem("1/x", "singular", _relative(lambda x: 1 / x, lambda x: -1 / x**2, 1e-9, 1)),
    Problem("log(x-1), near 1", "singular", _near_one),
    Problem(
        "sqrt(x^2 + 1e-12)",
        "singular",
        _relative(
            lambda x: np.sqrt(x * x + 1e-12),
            lambda x: x / mp.sqrt(x * x + mp.mpf(1e-12)),
            1e-7,
            1e-1,
        ),
    ),
    Problem("|x|, off 0", "singular", _relative(abs, lambda _: mp.mpf(1), 1e-3, 1)),
    Problem("relu network", "singular", _network),
    # --- rounding noise far above the function's own size
    Problem(
        "(1e6 + sin x) - 1e6", "noisy", _scalar(lambda x: (1e6 + np.sin(x)) - 1e6, mp.cos, -3, 3)
    ),
    Problem(
        "0.123 ((1e10 + sin x) - 1e10)",
        "noisy",
        _scalar(
            lambda x: 0.123 * ((1e10 + np.sin(x)) - 1e10),
            lambda x: mp.mpf(0.123) * mp.cos(x),
            -3,
            3,
        ),
    ),
    Problem(
        "((1e14 + sin x) - 1e14)",
        "noisy",
        _scalar(lambda x: (1e14 + np.sin(x)) - 1e14, mp.cos, -3, 3),
    ),
    Problem(
        "sin x to 6 decimals", "noisy", _scalar(lambda x: np.round(np.sin(x), 6), mp.cos, -3, 3)
    ),
    Problem(
        "exp x + 1e-7 noise",
        "noisy",
        _scalar(lambda x: np.exp(x) + 1e-7 * _hash_noise(x), mp.exp, -3, 3),
    ),
    Problem(
        "sin x in float32",
        "noisy",
        _scalar(lambda x: float(np.sin(np.float32(x)) * np.float32(1)), mp.cos, -3, 3),
    ),
    Problem("softmax, float32", "float32", _float32),
    # --- what cancels at 0, where the terms are rounded in proportion to the step
    Problem(
        "x (sigmoid(x^2) - sigmoid(-x^2)) at 0",
        "cancelling",
        _at_zero(lambda y: 1 / (1 + np.exp(-y)) - np.exp(-y) / (1 + np.exp(-y))),
    ),
    Problem("x (sqrt(1 + x^2) - 1) at 0", "cancelling", _at_zero(lambda y: np.sqrt(1 + y) - 1)),
    Problem(
        "x (cos x^2 - cos 2x^2) at 0", "cancelling", _at_zero(lambda y: np.cos(y) - np.cos(2 * y))
    ),
    # --- no derivative
    Problem("|x| at 0", "kink", _kink, KINK),
    Problem("tied maximum", "kink", _tied, KINK),
]
