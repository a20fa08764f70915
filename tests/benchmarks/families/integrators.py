"""Differential equations and integrals in steps, and gradients of their exact solutions."""

from __future__ import annotations

import autograd
import autograd.numpy as anp
import numpy as np

from tests.benchmarks.families.family import Family, Problem
from tests.benchmarks.families.solvers import to_a_tolerance

__all__ = ["FAMILIES"]


def _stepped(slope, start, step, count):
    """Return a state after so many steps of Runge and Kutta's method."""
    state = start
    for _ in range(count):
        a = slope(state)
        b = slope(state + step / 2 * a)
        c = slope(state + step / 2 * b)
        state = state + step / 6 * (a + 2 * b + 2 * c + slope(state + step * c))
    return state


def draw_growth(rng, *, steps=None):
    """Logistic growth in steps, against the gradient of the formula for it."""
    at = (rng.uniform(0.5, 1.5), rng.uniform(5, 20), rng.uniform(0.5, 2))
    seen = 0.7 * at[1]

    def grown(rate, room, start):
        if steps is None:
            return room / (1 + (room / start - 1) * np.exp(-4 * rate))
        return _stepped(lambda x: rate * x * (1 - x / room), start, 4 / steps, steps)

    def grad(rate, room, start):
        left = np.exp(-4 * rate)
        below = 1 + (room / start - 1) * left
        error = 2 * (room / below - seen)
        return (
            error * room * 4 * (room / start - 1) * left / below**2,
            error * (1 / below - room * left / start / below**2),
            error * room**2 * left / start**2 / below**2,
        )

    return Problem(lambda *p: (grown(*p) - seen) ** 2, grad, at)


def _hunted(p):
    """Return the slopes of prey and predators, and how these change with state and parameters."""

    def slope(state):
        prey, hunters = state[..., 0], state[..., 1]
        met = prey * hunters
        return np.stack([p[0] * prey - p[1] * met, p[2] * met - p[3] * hunters], axis=-1)

    def by_state(state):
        prey, hunters = state
        return np.array(
            [[p[0] - p[1] * hunters, -p[1] * prey], [p[2] * hunters, p[2] * prey - p[3]]]
        )

    def by_parameters(state):
        prey, hunters = state
        met = prey * hunters
        return np.array([[prey, -met, 0, 0], [0, 0, met, -hunters]])

    return slope, by_state, by_parameters


def draw_hunt(rng, *, steps, fine=200):
    """Prey and predators in steps, against the sensitivities in far smaller ones."""
    at = np.array([1.1, 0.4, 0.1, 0.4]) * rng.uniform(0.8, 1.2, 4)
    start, seen = np.array([10.0, 5.0]), rng.uniform(3, 12, 2)

    def loss(p):
        begin = start + 0 * p[0]
        return ((_stepped(_hunted(p)[0], begin, 3 / steps, steps) - seen) ** 2).sum()

    def grad(p):
        slope, by_state, by_parameters = _hunted(p)

        def both(packed):
            state, sensitivity = packed[:, 0], packed[:, 1:]
            change = by_state(state) @ sensitivity + by_parameters(state)
            return np.column_stack([slope(state), change])

        packed = _stepped(both, np.column_stack([start, np.zeros((2, 4))]), 3 / fine, fine)
        return 2 * (packed[:, 0] - seen) @ packed[:, 1:]

    return Problem(loss, grad, at)


def draw_unrolled(rng, *, steps=10):
    """A swinging pendulum in steps, and the gradient of these steps themselves."""
    at = {"length": rng.uniform(0.5, 2), "friction": 0.1, "start": rng.uniform(0.5, 1.5, 2)}

    def loss(p):
        def slope(state):
            angle, speed = state[0], state[1]
            pull = -9.81 / p["length"] * anp.sin(angle) - p["friction"] * speed
            return anp.stack([speed, pull])

        return anp.sum(_stepped(slope, p["start"], 1 / steps, steps) ** 2)

    return Problem(loss, autograd.grad(loss), at)


def draw_integral(rng, *, panels=None):
    """The integral of a damped wave by trapezoids, against the gradient of the formula for it."""
    at = (rng.uniform(0.3, 1), rng.uniform(1, 3))
    end = 5.0

    def exactly(damping, pulse):
        wave = np.exp((1j * pulse - damping) * end)
        return ((wave - 1) / (1j * pulse - damping)).real

    def loss(damping, pulse):
        if panels is None:
            return exactly(damping, pulse)
        times = np.linspace(0, end, panels + 1)
        values = np.exp(-damping * times) * np.cos(pulse * times)
        return (values.sum() - (values[0] + values[-1]) / 2) * end / panels

    def grad(damping, pulse):
        s = 1j * pulse - damping
        by_s = np.exp(s * end) * (end * s - 1) / s**2 + 1 / s**2
        return -by_s.real, -by_s.imag

    return Problem(loss, grad, at)


FAMILIES = [
    to_a_tolerance("growth in 20 steps", draw_growth, "steps", 20, None),
    to_a_tolerance("growth in 100 steps", draw_growth, "steps", 100, None),
    to_a_tolerance("prey and predators in 30 steps", draw_hunt, "steps", 30, 200),
    to_a_tolerance("integral by 500 trapezoids", draw_integral, "panels", 500, None),
    Family("pendulum, gradient of its steps", "solvers", draw_unrolled),
]
