"""Losses of which rounding or noise leaves only some digits, and losses that go in steps."""

from __future__ import annotations

import functools

import numpy as np

from tests.benchmarks.families.family import Family, Problem, softplus
from tests.benchmarks.families.nets import draw_net

__all__ = ["FAMILIES"]


# ---------------------------------------------------------------------------------- digits lost

BLURS = {
    "rounded to 1 digit": lambda value: np.round(value, 1),
    "rounded to 4 digits": lambda value: np.round(value, 4),
    "1e13 + loss": lambda value: 1e13 + value,
    "float32(1e6 + loss)": lambda value: np.float32(1e6 + value),
    "float32(loss)": np.float32,
}


def draw_blurred(rng, *, blur=None, scale=1.0, size=200):
    """Sines of numbers of some size, of whose sum digits are lost."""
    blurred = BLURS[blur] if blur else lambda value: value
    return Problem(
        lambda x: blurred(np.sin(x / scale).sum()),
        lambda x: np.cos(x / scale) / scale,
        scale * rng.standard_normal(size),
    )


def draw_single_answer(rng, *, blurred=True):
    """A net in double precision that hands its loss back in single precision."""
    net = draw_net(rng, widths=(5, 10, 10, 1), activation="tanh", squares=True)
    return Problem(lambda p: np.float32(net.loss(p)), net.grad, net.at) if blurred else net


# ---------------------------------------------------------------------------------------- noise


def _hashed(number):
    """Return a number on [−1, 1] that looks random: always the same, another for each double."""
    bits = int(np.float64(number).view(np.uint64))
    bits = (bits ^ (bits >> 31)) * 0x9E3779B97F4A7C15 % 2**64
    bits = (bits ^ (bits >> 29)) * 0xBF58476D1CE4E5B9 % 2**64
    return (bits >> 11) / 2.0**52 - 1


CURVES = {
    "x⁴": (lambda x: (x**4).sum(), lambda x: 4 * x**3),
    "Σ exp 5x": (lambda x: np.exp(5 * x).sum(), lambda x: 5 * np.exp(5 * x)),
    "log cosh": (lambda x: (softplus(2 * x) - x).sum(), np.tanh),
    "Poisson": (lambda x: (np.exp(3 * x) - 20 * x).sum(), lambda x: 3 * np.exp(3 * x) - 20),
}


def draw_hashed(rng, *, noise, size=6):
    """A curve with noise in proportion to its value, the same at every call."""
    value, slope = CURVES[rng.choice(list(CURVES))]

    def loss(x):
        return value(x) * (1 + noise * _hashed(x.sum())) if noise else value(x)

    return Problem(loss, slope, rng.uniform(0.3, 0.9, size) * rng.choice([-1, 1], size))


def draw_noisy(rng, *, noise, in_gradient=False, size=30):
    """Squares with noise that is another at every call, in the loss or in the gradient."""
    matrix = rng.standard_normal((size, size)) / np.sqrt(size)

    def loss(x):
        value = ((matrix @ x) ** 2).sum() / 2
        return value * (1 + noise * rng.standard_normal()) if noise and not in_gradient else value

    def grad(x):
        value = matrix.T @ (matrix @ x)
        return value * (1 + noise * rng.standard_normal(size)) if noise and in_gradient else value

    return Problem(loss, grad, rng.standard_normal(size))


def draw_any_order(rng, *, size=100, dtype=np.float64):
    """Logistic losses that are added in another order at every call."""
    inputs = rng.standard_normal((size, 5)).astype(dtype)

    def loss(b):
        return softplus(inputs @ b)[rng.permutation(size)].cumsum()[-1]

    def grad(b):
        return inputs.T @ (1 / (1 + np.exp(-(inputs @ b))))

    return Problem(loss, grad, rng.standard_normal(5).astype(dtype))


# ---------------------------------------------------------------------------------------- steps


def draw_floors(rng, *, smooth=False, on_the_step=False):
    """Sums of rounded-down numbers, with squares or alone, between the steps or on one."""
    at = rng.integers(-3, 4, 12) + rng.uniform(0.1, 0.9, 12)
    if on_the_step:
        at[4] = 2.0

    def loss(x):
        return np.floor(x).sum() + (x @ x if smooth else 0)

    return Problem(loss, lambda x: 2.0 * x * smooth, at)


def draw_accuracy(rng, *, rows=40):
    """The share of inputs that a linear classifier gets wrong."""
    inputs = rng.standard_normal((rows, 5))
    labels = rng.random(rows) < 0.5
    return Problem(
        lambda b: ((inputs @ b > 0) != labels).mean(), np.zeros_like, rng.standard_normal(5)
    )


def draw_quantised(rng, *, size=30):
    """Squares of weights of 8 bits, with the gradient that this has: 0."""
    places = rng.integers(-200, 200, size) + rng.uniform(-0.4, 0.4, size)
    return Problem(lambda x: (np.round(256 * x) ** 2).sum() / 256**2, np.zeros_like, places / 256)


def _open(name, draw, why, *, exact=None, precision=None, flat=False):
    return Family(
        name,
        "noise and steps",
        draw,
        kind="open",
        why=why,
        precision=precision,
        flat=flat,
        exact=exact,
    )


def _blurred(name, blur, *, scale=1.0):
    return _open(
        name,
        functools.partial(draw_blurred, blur=blur, scale=scale),
        "too few digits of the loss are left",
        flat=blur.startswith("rounded"),
        exact=functools.partial(draw_blurred, scale=scale),
    )


def _noisy(name, draw, *, noise, precision=None, **options):
    return _open(
        name,
        functools.partial(draw, noise=noise, **options),
        "the noise hides the derivative",
        precision=precision,
        exact=functools.partial(draw, noise=0, **options),
    )


STEPS = "the loss goes in steps"

FAMILIES = [
    _blurred("rounded to 1 digit, x of 1", "rounded to 1 digit"),
    _blurred("rounded to 1 digit, x of 1e4", "rounded to 1 digit", scale=1e4),
    _blurred("rounded to 4 digits", "rounded to 4 digits"),
    _blurred("1e13 + loss, x of 1", "1e13 + loss"),
    _blurred("1e13 + loss, x of 1e4", "1e13 + loss", scale=1e4),
    _blurred("float32(1e6 + loss), x of 1", "float32(1e6 + loss)"),
    _blurred("float32(1e6 + loss), x of 1e4", "float32(1e6 + loss)", scale=1e4),
    _blurred("float32(loss)", "float32(loss)"),
    _open(
        "net whose loss comes in float32",
        draw_single_answer,
        "the loss has seven digits",
        exact=functools.partial(draw_single_answer, blurred=False),
    ),
    _noisy("fixed noise of 1e-9", draw_hashed, noise=1e-9),
    _noisy("fixed noise of 1e-9, precision 1e-2", draw_hashed, noise=1e-9, precision=1e-2),
    _noisy("fixed noise of 1e-9, precision 1e-4", draw_hashed, noise=1e-9, precision=1e-4),
    _noisy("fixed noise of 1e-6, precision 1e-2", draw_hashed, noise=1e-6, precision=1e-2),
    _noisy("random noise of 1e-9", draw_noisy, noise=1e-9),
    _noisy("random noise of 1e-9, precision 1e-2", draw_noisy, noise=1e-9, precision=1e-2),
    _noisy("random noise of 1e-9, precision 1e-4", draw_noisy, noise=1e-9, precision=1e-4),
    _noisy(
        "noise of 1e-9 in the gradient, 1e-4",
        draw_noisy,
        noise=1e-9,
        precision=1e-4,
        in_gradient=True,
    ),
    Family("added in any order", "noise and steps", draw_any_order),
    Family(
        "float32 added in any order",
        "noise and steps",
        functools.partial(draw_any_order, dtype=np.float32),
        kind="float32",
    ),
    _open("rounded down, between steps", draw_floors, STEPS),
    _open(
        "squares and steps", functools.partial(draw_floors, smooth=True), "steps lie near the point"
    ),
    _open(
        "squares, on a step",
        functools.partial(draw_floors, smooth=True, on_the_step=True),
        "the loss jumps at the point",
    ),
    _open("share of errors", draw_accuracy, STEPS),
    _open("weights of 8 bits", draw_quantised, STEPS),
]
