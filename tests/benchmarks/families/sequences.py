"""What runs along a sequence: recurrent nets, hidden states, filters; gradients by autograd."""

from __future__ import annotations

import functools

import autograd
import autograd.numpy as anp
import numpy as np

from tests.benchmarks.families.family import Family, Problem

__all__ = ["FAMILIES"]


def _differentiated(loss, at):
    return Problem(loss, autograd.grad(loss), at)


def _sigmoid(z):
    return 0.5 * (1 + anp.tanh(0.5 * z))


def _log_sum_exp(scores, axis):
    largest = anp.max(scores, axis=axis, keepdims=True)
    total = anp.sum(anp.exp(scores - largest), axis=axis)
    return anp.log(total) + anp.max(scores, axis=axis)


# --------------------------------------------------------------------------------- recurrent nets


def _vanilla(state, x, p):
    return anp.tanh(x @ p["input"] + state @ p["hidden"] + p["bias"])


def _gru(state, x, p):
    width = p["hidden"].shape[0]
    gates = _sigmoid(x @ p["input"][:, : 2 * width] + state @ p["hidden"][:, : 2 * width])
    keep, reset = gates[:, :width], gates[:, width:]
    new = x @ p["input"][:, 2 * width :] + (reset * state) @ p["hidden"][:, 2 * width :]
    return keep * state + (1 - keep) * anp.tanh(new + p["bias"])


def _lstm(state, x, p):
    hidden, cell = state
    width = p["hidden"].shape[0]
    z = x @ p["input"] + hidden @ p["hidden"] + p["bias"]
    forget, enter, leave = (_sigmoid(z[:, k * width : (k + 1) * width]) for k in range(3))
    cell = forget * cell + enter * anp.tanh(z[:, 3 * width :])
    return leave * anp.tanh(cell), cell


CELLS = {"vanilla": (_vanilla, 1, 1), "gru": (_gru, 3, 1), "lstm": (_lstm, 4, 4)}


def draw_recurrent(rng, *, cell, steps=10, width=8, gain=1.0, dtype=np.float64):
    """Run a cell along four sequences; squares of what is read from the last state."""
    step, gates, biases = CELLS[cell]
    inputs = rng.standard_normal((steps, 4, 3)).astype(dtype)
    wanted = rng.standard_normal(4).astype(dtype)
    drawn = {
        "input": rng.standard_normal((3, gates * width)) / 2,
        "hidden": gain * rng.standard_normal((width, gates * width)) / np.sqrt(width),
        "bias": 0.1 * rng.standard_normal(biases * width),
        "out": rng.standard_normal(width),
    }
    rest = np.zeros((4, width), dtype)

    def loss(p):
        state = (rest, rest) if cell == "lstm" else rest
        for x in inputs:
            state = step(state, x, p)
        last = state[0] if cell == "lstm" else state
        return anp.mean((last @ p["out"] - wanted) ** 2)

    return _differentiated(loss, {name: array.astype(dtype) for name, array in drawn.items()})


# ---------------------------------------------------------------------------------- hidden states


def draw_hidden_markov(rng, *, states=7, symbols=8, steps=15):
    """The likelihood of a sequence of symbols under a hidden Markov model, forward."""
    seen = rng.integers(symbols, size=steps)
    at = {
        "start": rng.standard_normal(states),
        "moves": rng.standard_normal((states, states)),
        "emits": rng.standard_normal((states, symbols)),
    }

    def loss(p):
        moves = p["moves"] - _log_sum_exp(p["moves"], 1)[:, None]
        emits = p["emits"] - _log_sum_exp(p["emits"], 1)[:, None]
        alpha = p["start"] - _log_sum_exp(p["start"], 0) + emits[:, seen[0]]
        for symbol in seen[1:]:
            alpha = _log_sum_exp(alpha[:, None] + moves, 0) + emits[:, symbol]
        return -_log_sum_exp(alpha, 0)

    return _differentiated(loss, at)


def draw_random_field(rng, *, tags=5, steps=12, width=20):
    """A linear chain of tags: its partition function less the score of the tags that are right."""
    inputs = rng.standard_normal((steps, width))
    right = rng.integers(tags, size=steps)
    at = [rng.standard_normal((width, tags)) / 3, rng.standard_normal((tags, tags))]

    def loss(p):
        scores = inputs @ p[0]
        alpha = scores[0]
        for row in scores[1:]:
            alpha = _log_sum_exp(alpha[:, None] + p[1], 0) + row
        of_right = anp.sum(scores[np.arange(steps), right]) + anp.sum(p[1][right[:-1], right[1:]])
        return _log_sum_exp(alpha, 0) - of_right

    return _differentiated(loss, at)


# --------------------------------------------------------------------------------- filtered series


def draw_kalman(rng, *, steps=25):
    """The likelihood of a noisy position that drifts, by a filter of two states."""
    series = np.cumsum(0.3 * rng.standard_normal(steps)) + 0.2 * rng.standard_normal(steps)
    at = {
        "noises": np.log(rng.uniform(0.05, 0.5, 3)),
        "damping": float(rng.uniform(0.3, 0.9)),
        "start": 0.1 * rng.standard_normal(2),
    }

    def loss(p):
        q1, q2, r = anp.exp(p["noises"][0]), anp.exp(p["noises"][1]), anp.exp(p["noises"][2])
        d = p["damping"]
        place, speed = p["start"][0], p["start"][1]
        a, b, c = 1.0, 0.0, 1.0
        total = 0.0
        for y in series:
            place, speed = place + speed, d * speed
            a, b, c = a + 2 * b + c + q1, d * (b + c), d * d * c + q2
            surprise, variance = y - place, a + r
            total = total + anp.log(variance) + surprise**2 / variance
            place, speed = place + a / variance * surprise, speed + b / variance * surprise
            a, b, c = a * r / variance, b * r / variance, c - b * b / variance
        return 0.5 * total

    return _differentiated(loss, at)


def draw_garch(rng, *, steps=80):
    """The likelihood of returns whose variance follows that of the day before."""
    returns = 0.01 * rng.standard_normal(steps) * np.exp(0.3 * rng.standard_normal(steps))
    at = (float(2e-5 * rng.uniform(0.5, 2)), float(rng.uniform(0.05, 0.2)), 0.7)

    def loss(base, news, memory):
        variance = 1e-4
        total = 0.0
        for r in returns:
            total = total + anp.log(variance) + r * r / variance
            variance = base + news * r * r + memory * variance
        return 0.5 * total

    return Problem(loss, autograd.grad(loss, (0, 1, 2)), at)


def draw_autoregression(rng, *, order=5, steps=60):
    """Squares of what an autoregression with a moving average leaves over."""
    series = np.cumsum(rng.standard_normal(steps)) / 5
    at = {"past": 0.2 * rng.standard_normal(order), "shocks": 0.3 * rng.standard_normal(1)}

    def loss(p):
        shock, total = 0.0, 0.0
        for t in range(order, steps):
            before = series[t - order : t]
            shock = series[t] - anp.sum(p["past"] * before) - p["shocks"][0] * shock
            total = total + shock**2
        return total / steps

    return _differentiated(loss, at)


def _family(name, draw, **options):
    return Family(name, "sequences", functools.partial(draw, **options))


FAMILIES = [
    _family("recurrent net, tanh", draw_recurrent, cell="vanilla"),
    _family("recurrent net, 30 steps, growing", draw_recurrent, cell="vanilla", steps=30, gain=2.0),
    _family("GRU", draw_recurrent, cell="gru"),
    _family("LSTM", draw_recurrent, cell="lstm"),
    _family("LSTM, 4,000 entries", draw_recurrent, cell="lstm", steps=5, width=30),
    Family(
        "float32 recurrent net",
        "sequences",
        functools.partial(draw_recurrent, cell="vanilla", dtype=np.float32),
        kind="float32",
    ),
    Family(
        "float32 LSTM",
        "sequences",
        functools.partial(draw_recurrent, cell="lstm", dtype=np.float32),
        kind="float32",
    ),
    _family("hidden Markov model", draw_hidden_markov),
    _family("conditional random field", draw_random_field),
    _family("Kalman filter", draw_kalman),
    _family("GARCH, one parameter of 1e-5", draw_garch),
    _family("ARMA residuals", draw_autoregression),
]
