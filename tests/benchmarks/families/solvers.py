"""Losses computed to a tolerance, and gradients that are right to within one.

The gradients are those of the exact solutions: a check without `precision` may say that they
are not those of the loss as it is computed, if it says how little is missing.
"""

from __future__ import annotations

import functools

import numpy as np

from tests.benchmarks.families.extended import solve
from tests.benchmarks.families.family import Family, Problem
from tests.benchmarks.families.nets import draw_net

__all__ = ["FAMILIES", "to_a_tolerance"]

MOST = 500


def _iterated(step, start, tolerance):
    """Apply a step until nothing moves by more than a tolerance."""
    value = start
    for _ in range(MOST):
        value, before = step(value), value
        if np.abs(value - before).max() <= tolerance:
            break
    return value


# ------------------------------------------------------------------------------------- iterations


def draw_fixed_point(rng, *, tolerance):
    """The square of a number that is a damped cosine of itself; parameters of 1 and 2e4."""
    at = np.array([rng.uniform(0.7, 1.1), 2e4 * rng.uniform(0.5, 2)])

    def solved(p, tolerance):
        return _iterated(
            lambda y: (y + np.cos(p[0] * y) + p[1] / 2e4) / 2, np.asarray(0 * p[0] + 0.5), tolerance
        )

    def grad(p):
        y = solved(p, 1e-16)
        sine = np.sin(p[0] * y)
        return 6 * y * np.array([-y * sine, 1 / 2e4]) / (1 + p[0] * sine)

    return Problem(lambda p: 3 * solved(p, tolerance) ** 2, grad, at)


def draw_equilibrium(rng, *, tolerance, width=8):
    """A layer that is applied until its output stays."""
    inputs, wanted = rng.standard_normal((5, 4)), rng.standard_normal((5, width))
    mix = rng.standard_normal((width, width))
    at = {
        "again": 0.6 * mix / np.linalg.norm(mix, 2),
        "input": rng.standard_normal((4, width)) / 2,
        "bias": 0.1 * rng.standard_normal(width),
    }

    def solved(p, tolerance):
        read = inputs @ p["input"] + p["bias"]
        return _iterated(lambda z: np.tanh(z @ p["again"] + read), 0 * read, tolerance)

    def grad(p):
        z = solved(p, 1e-16)
        error, slope = 2 * (z - wanted), 1 - z**2
        by_read = _iterated(lambda v: (error + v @ p["again"].T) * slope, error * slope, 1e-16)
        return {
            "again": z.T @ by_read,
            "input": inputs.T @ by_read,
            "bias": by_read.sum(axis=0),
        }

    return Problem(lambda p: ((solved(p, tolerance) - wanted) ** 2).sum(), grad, at)


def _conjugate_gradients(matrix, right, tolerance):
    """Solve a positive definite system until the residual is below a tolerance."""
    answer = 0 * (matrix @ right)
    residual = right - matrix @ answer
    direction = residual
    for _ in range(3 * len(right)):
        squares = residual @ residual
        if squares <= tolerance**2 * (right @ right):
            break
        moved = matrix @ direction
        length = squares / (direction @ moved)
        answer = answer + length * direction
        residual = residual - length * moved
        direction = residual + (residual @ residual) / squares * direction
    return answer


def draw_conjugate_gradients(rng, *, tolerance, size=20, parts=5):
    """What a force does to a structure, by the stiffness of its parts."""
    factors = rng.standard_normal((parts, size, size)) / np.sqrt(size)
    stiffnesses = factors @ factors.transpose(0, 2, 1)
    force = rng.standard_normal(size)

    def matrix(p):
        return np.eye(size) + (p[:, None, None] * stiffnesses).sum(axis=0)

    def loss(p):
        if tolerance:
            return force @ _conjugate_gradients(matrix(p), force, tolerance)
        return force @ solve(matrix(p), force)

    def grad(p):
        answer = np.linalg.solve(matrix(p), force)
        return -(stiffnesses @ answer) @ answer

    return Problem(loss, grad, rng.uniform(0.5, 2, parts))


def draw_orbit(rng, *, tolerance):
    """Places on an orbit: Kepler's equation, solved by Newton's method."""
    times = np.linspace(0, 5, 12)
    at = (rng.uniform(0.8, 1.2), rng.uniform(0.1, 0.5), rng.uniform(0.8, 1.5))
    seen = rng.standard_normal((2, 12))

    def anomaly(eccentricity, motion, tolerance):
        mean = motion * times

        def step(e):
            return e - (e - eccentricity * np.sin(e) - mean) / (1 - eccentricity * np.cos(e))

        return _iterated(step, mean, tolerance)

    def places(axis, eccentricity, e):
        across = np.sqrt(1 - eccentricity**2) * np.sin(e)
        return axis * np.array([np.cos(e) - eccentricity, across])

    def loss(axis, eccentricity, motion):
        e = anomaly(eccentricity, motion, tolerance)
        return ((places(axis, eccentricity, e) - seen) ** 2).sum()

    def grad(axis, eccentricity, motion):
        e = anomaly(eccentricity, motion, 1e-15)
        place = places(axis, eccentricity, e)
        error = 2 * (place - seen)
        flat = np.sqrt(1 - eccentricity**2)
        by_e = (error * axis * np.array([-np.sin(e), flat * np.cos(e)])).sum(axis=0)
        by_e = by_e / (1 - eccentricity * np.cos(e))
        direct = axis * np.array([-np.ones(12), -eccentricity / flat * np.sin(e)])
        return (
            (error * place).sum() / axis,
            (error * direct).sum() + (by_e * np.sin(e)).sum(),
            (by_e * times).sum(),
        )

    return Problem(loss, grad, at)


def draw_transport(rng, *, tolerance, size=6, blur=0.5):
    """Transport at least cost, blurred; its gradient by the costs is the plan itself."""
    start, end = rng.dirichlet(np.full(size, 5.0)), rng.dirichlet(np.full(size, 5.0))

    def plan(costs, tolerance):
        kernel = np.exp(-costs / blur)
        left = _iterated(
            lambda u: start / (kernel @ (end / (u @ kernel))), start / start, tolerance
        )
        right = end / (left @ kernel)
        return left, right, left[:, None] * kernel * right

    def loss(costs):
        left, right, _ = plan(costs, tolerance)
        return blur * ((start * np.log(left)).sum() + (end * np.log(right)).sum())

    return Problem(loss, lambda c: plan(c, 1e-16)[2], rng.uniform(0, 2, (size, size)))


# ------------------------------------------------------------------------ gradients of few digits


def draw_single_gradient(rng, *, activation="tanh"):
    """A net in double precision whose gradient is handed back in single precision."""
    net = draw_net(rng, widths=(6, 15, 3), activation=activation)

    def grad(p):
        return {name: part.astype(np.float32) for name, part in net.grad(p).items()}

    return Problem(net.loss, grad, net.at)


def draw_few_digits(rng, *, size=12):
    """Common logarithms and bells, whose constants the gradient has to four digits only."""
    weights = rng.uniform(0.5, 2, size)

    def loss(x):
        bells = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
        return (weights * (np.log10(x) + 5 * bells)).sum()

    def grad(x):
        return weights * (0.4343 / x - 5 * 0.3989 * x * np.exp(-(x**2) / 2))

    return Problem(loss, grad, rng.uniform(0.2, 3, size))


def to_a_tolerance(name, draw, key, value, exact):
    """Return a family drawn with `key` at a value; with `key` at another its problems are exact."""
    return Family(
        name,
        "solvers",
        functools.partial(draw, **{key: value}),
        kind="apart",
        names_precision=True,
        exact=functools.partial(draw, **{key: exact}),
    )


TIGHT = 1e-17

FAMILIES = [
    *(
        to_a_tolerance(
            f"fixed point, to {tolerance:g}", draw_fixed_point, "tolerance", tolerance, TIGHT
        )
        for tolerance in (1e-4, 1e-6, 1e-9, 1e-14)
    ),
    *(
        to_a_tolerance(
            f"equilibrium layer, to {tolerance:g}", draw_equilibrium, "tolerance", tolerance, TIGHT
        )
        for tolerance in (1e-5, 1e-8)
    ),
    *(
        to_a_tolerance(
            f"conjugate gradients, to {tolerance:g}",
            draw_conjugate_gradients,
            "tolerance",
            tolerance,
            0,
        )
        for tolerance in (1e-3, 1e-5)
    ),
    to_a_tolerance("orbit by Newton, to 1e-4", draw_orbit, "tolerance", 1e-4, TIGHT),
    to_a_tolerance("orbit by Newton, to 1e-13", draw_orbit, "tolerance", 1e-13, TIGHT),
    to_a_tolerance("blurred transport, to 1e-6", draw_transport, "tolerance", 1e-6, TIGHT),
    Family(
        "float64 net, gradient in float32",
        "solvers",
        draw_single_gradient,
        kind="apart",
        names_precision=True,
    ),
    Family(
        "float64 relu net, float32 gradient",
        "solvers",
        functools.partial(draw_single_gradient, activation="relu"),
        kind="apart",
        names_precision=True,
    ),
    Family(
        "constants of four digits",
        "solvers",
        draw_few_digits,
        kind="apart",
        names_precision=True,
    ),
]
