"""Models of sequences: a recurrent net, LSTMs, a random field."""

from __future__ import annotations

import functools

import numpy as np

from tests.benchmarks.families.family import Problem, log_sum_exp, sigmoid
from tests.benchmarks.families.nets import class_scores
from tests.benchmarks.layers.model import (
    OPPOSITE,
    OTHER_ARRAY,
    PART,
    PER_SLICE,
    REORDERED,
    TRANSPOSED,
    UNTOLD,
    ZERO,
    Model,
    factor,
)

__all__ = ["MODELS"]


# ----------------------------------------------------------------------------------- recurrent net


def draw_recurrent(rng, *, steps=7, examples=5, widths=(6, 8, 3)):
    """A recurrent net that names a class at each step."""
    before, width, classes = widths
    inputs = rng.standard_normal((steps, examples, before))
    labels = rng.integers(classes, size=(steps, examples))
    at = {
        "wx": rng.standard_normal((before, width)) / np.sqrt(before),
        "wh": rng.standard_normal((width, width)) / np.sqrt(width),
        "b": 0.1 * rng.standard_normal(width),
        "out": rng.standard_normal((width, classes)),
    }

    def states(p):
        result = [np.zeros((examples, width))]
        for x in inputs:
            result.append(np.tanh(x @ p["wx"] + result[-1] @ p["wh"] + p["b"]))
        return result

    def loss(p):
        steps_taken = zip(states(p)[1:], labels, strict=True)
        return np.mean([class_scores(h @ p["out"], right)[0] for h, right in steps_taken])

    def grad(p, slip=""):
        h = states(p)
        result = {name: np.zeros_like(part) for name, part in p.items()}
        by_next = np.zeros((examples, width))
        first = 1 if slip == "first step left out" else 0
        for t in reversed(range(first, steps)):
            error = class_scores(h[t + 1] @ p["out"], labels[t])[1] / steps
            by_state = error @ p["out"].T + by_next
            by_z = by_state * (1 - h[t + 1] ** 2)
            if slip == "not accumulated":
                result.update({name: np.zeros_like(result[name]) for name in ("wx", "wh", "b")})
            seen = h[t + 1] if slip == "state after the step" else h[t]
            result["wx"] += inputs[t].T @ by_z
            result["wh"] += by_z.T @ seen if slip == "product transposed" else seen.T @ by_z
            result["b"] += by_z.sum(axis=0)
            result["out"] += h[t + 1].T @ error
            by_next = by_z @ (p["wh"] if slip == "weights not transposed" else p["wh"].T)
            if slip == "state's path missing":
                by_next = np.zeros_like(by_next)
        if slip == "clipped":
            result = {name: np.clip(part, -0.02, 0.02) for name, part in result.items()}
        elif slip == "divided by the steps twice":
            result = {name: part / steps for name, part in result.items()}
        return result

    return Problem(loss, grad, at)


INNER = ("wx", "wh", "b")

RECURRENT = {
    "state's path missing": dict.fromkeys(INNER, UNTOLD),
    # The last step on the way back is the first, whose state is 0.
    "not accumulated": {"wx": UNTOLD, "wh": ZERO, "b": UNTOLD},
    "weights not transposed": dict.fromkeys(INNER, UNTOLD),
    "state after the step": {"wh": UNTOLD},
    "product transposed": {"wh": TRANSPOSED},
    "clipped": dict.fromkeys((*INNER, "out"), UNTOLD),
    "divided by the steps twice": dict.fromkeys((*INNER, "out"), factor(1 / 7)),
}


# -------------------------------------------------------------------------------------------- LSTM


def step(x, h, c, p):
    """Return state and cell after a step, and what the way back needs of it."""
    enter, forget, leave, new = np.split(x @ p["wx"] + h @ p["wh"] + p["b"], 4, axis=1)
    enter, forget, leave, new = sigmoid(enter), sigmoid(forget), sigmoid(leave), np.tanh(new)
    after = forget * c + enter * new
    return leave * np.tanh(after), after, (c, enter, forget, leave, new, np.tanh(after))


def step_back(by_h, by_c, kept, slip):
    """Return the derivatives by what enters the four gates, and by the cell before."""
    c, enter, forget, leave, new, shown = kept
    if slip != "cell's path through the state missing":
        by_c = by_c + by_h * leave * (1 - shown**2)
    slopes = [gate * (1 - gate) for gate in (enter, forget, leave)] + [1 - new**2]
    if slip == "slope of the forget gate missing":
        slopes[1] = 1
    elif slip == "slope of a sigmoid for that of tanh":
        slopes[3] = new * (1 - new)
    elif slip == "2 in the slopes of the sigmoids":
        slopes[:3] = [2 * slope for slope in slopes[:3]]
    by_gates = [by_c * new, by_c * c, by_h * shown, by_c * enter]
    by_z = np.hstack([by_gate * slope for by_gate, slope in zip(by_gates, slopes, strict=True)])
    return by_z, by_c if slip == "forget gate not applied" else by_c * forget


def other_order(z, slip):
    """Exchange the last two of the four gates, where that is the slip."""
    if slip != "gates in another order":
        return z
    enter, forget, leave, new = np.split(z, 4, axis=1)
    return np.hstack([enter, forget, new, leave])


def draw_cell(rng, *, examples=4, widths=(5, 3)):
    """One step of an LSTM; weighted sums of state and cell."""
    before, width = widths
    by_h, by_c = rng.standard_normal((2, examples, width))
    at = {
        "x": rng.standard_normal((examples, before)),
        "h": rng.standard_normal((examples, width)),
        "c": rng.standard_normal((examples, width)),
        "wx": rng.standard_normal((before, 4 * width)) / np.sqrt(before),
        "wh": rng.standard_normal((width, 4 * width)) / np.sqrt(width),
        "b": 0.1 * rng.standard_normal(4 * width),
    }

    def loss(p):
        h, c, _ = step(p["x"], p["h"], p["c"], p)
        return (by_h * h).sum() + (by_c * c).sum()

    def grad(p, slip=""):
        *_, kept = step(p["x"], p["h"], p["c"], p)
        by_z, by_cell = step_back(by_h, by_c, kept, slip)
        by_x, by_state = by_z @ p["wx"].T, by_z @ p["wh"].T
        by_z = other_order(by_z, slip)
        return {
            "x": by_x,
            "h": by_state,
            "c": by_cell,
            "wx": p["x"].T @ by_z,
            "wh": p["h"].T @ by_z,
            "b": by_z.sum(axis=0),
        }

    return Problem(loss, grad, at)


GATE = {**dict.fromkeys(INNER, PART), "x": UNTOLD, "h": UNTOLD}

CELL = {
    "slope of the forget gate missing": GATE,
    "slope of a sigmoid for that of tanh": GATE,
    "2 in the slopes of the sigmoids": GATE | dict.fromkeys(INNER, PER_SLICE + PART),
    "cell's path through the state missing": GATE | {"c": UNTOLD},
    "gates in another order": dict.fromkeys(INNER, REORDERED),
    "forget gate not applied": {"c": UNTOLD},
}


def draw_lstm(rng, *, steps=6, examples=4, widths=(40, 32, 6)):
    """An LSTM that names a class behind the last step."""
    before, width, classes = widths
    inputs = rng.standard_normal((steps, examples, before))
    labels = rng.integers(classes, size=examples)
    rest = np.zeros((examples, width))
    at = {
        "wx": rng.standard_normal((before, 4 * width)) / np.sqrt(before),
        "wh": rng.standard_normal((width, 4 * width)) / np.sqrt(width),
        "b": 0.1 * rng.standard_normal(4 * width),
        "out": rng.standard_normal((width, classes)) / np.sqrt(width),
    }

    def forward(p):
        h, c, states, kept = rest, rest, [rest], []
        for x in inputs:
            h, c, needed = step(x, h, c, p)
            states.append(h)
            kept.append(needed)
        return states, kept, class_scores(h @ p["out"], labels)

    def grad(p, slip=""):
        h, kept, (_, error) = forward(p)
        error = error / (examples if slip == "mean over the batch twice" else 1)
        by_h, by_c = error @ p["out"].T, rest
        result = {name: np.zeros_like(part) for name, part in p.items()}
        result["out"] = h[-1].T @ error
        for t in reversed(range(steps)):
            by_z, by_c = step_back(by_h, by_c, kept[t], slip)
            by_h = by_z @ p["wh"].T
            if slip == "cell's path missing":
                by_c = rest
            elif slip == "state's path missing":
                by_h = rest
            by_z = other_order(by_z, slip)
            result["wx"] += inputs[t].T @ by_z
            result["wh"] += h[t + 1 if slip == "state after the step" else t].T @ by_z
            first_only = slip == "bias of the first example only"
            result["b"] += by_z[0] if first_only else by_z.sum(axis=0)
        if slip == "bias of the forget gate left alone":
            result["b"][width : 2 * width] = 0
        return result

    return Problem(lambda p: forward(p)[-1][0], grad, at)


LSTM = {
    "cell's path missing": dict.fromkeys(INNER, UNTOLD),
    "state's path missing": dict.fromkeys(INNER, UNTOLD),
    "state after the step": {"wh": UNTOLD},
    "gates in another order": dict.fromkeys(INNER, REORDERED),
    "mean over the batch twice": dict.fromkeys((*INNER, "out"), factor(0.25)),
    "bias of the first example only": {"b": UNTOLD},
    "bias of the forget gate left alone": {"b": PART},
}


# ------------------------------------------------------------------------------------ random field


def draw_random_field(rng, *, tags=5, steps=9, width=8):
    """A linear chain of tags: its partition function less the score of the right tags."""
    inputs = rng.standard_normal((steps, width))
    right = rng.integers(tags, size=steps)
    at = {
        "weights": rng.standard_normal((width, tags)) / np.sqrt(width),
        "moves": rng.standard_normal((tags, tags)),
        "start": rng.standard_normal(tags),
        "end": rng.standard_normal(tags),
    }
    of_right = np.eye(tags)[right]
    moves_of_right = of_right[:-1].T @ of_right[1:]

    def forward(p):
        scores = inputs @ p["weights"]
        alpha = [p["start"] + scores[0]]
        for row in scores[1:]:
            alpha.append(log_sum_exp(alpha[-1][:, None] + p["moves"], 0) + row)
        return scores, alpha, log_sum_exp(alpha[-1] + p["end"], 0)

    def loss(p):
        scores, _, total = forward(p)
        ends = p["start"][right[0]] + p["end"][right[-1]]
        return total - (of_right * scores).sum() - (moves_of_right * p["moves"]).sum() - ends

    def grad(p, slip=""):
        scores, alpha, total = forward(p)
        beta = [p["end"]]
        seen = 0 if slip == "scores left out on the way back" else 1
        for row in scores[:0:-1]:
            beta.insert(0, log_sum_exp(p["moves"] + seen * row + beta[0], 1))
        shares = np.exp(np.array(alpha) + np.array(beta) - total) - of_right
        last = steps - (2 if slip == "last move left out" else 1)
        by_moves = sum(
            np.exp(alpha[t][:, None] + p["moves"] + scores[t + 1] + beta[t + 1] - total)
            for t in range(last)
        )
        if slip != "moves of the right tags missing":
            by_moves = by_moves - moves_of_right
        by_start, by_end = shares[0], shares[-1]
        if slip == "start and end exchanged":
            by_start, by_end = by_end, by_start
        result = {
            "weights": inputs.T @ shares,
            "moves": by_moves.T if slip == "moves transposed" else by_moves,
            "start": by_start,
            "end": by_end,
        }
        sign = -1 if slip == "gradient of the likelihood" else 1
        return {name: sign * part for name, part in result.items()}

    return Problem(loss, grad, at)


FIELD = {
    "moves transposed": {"moves": TRANSPOSED},
    "moves of the right tags missing": {"moves": UNTOLD},
    "last move left out": {"moves": UNTOLD},
    "start and end exchanged": dict.fromkeys(("start", "end"), OTHER_ARRAY),
    "scores left out on the way back": dict.fromkeys(("weights", "moves", "start"), UNTOLD),
    "gradient of the likelihood": dict.fromkeys(("weights", "moves", "start", "end"), OPPOSITE),
}

MODELS = [
    Model("recurrent net", draw_recurrent, RECURRENT),
    Model("LSTM, one step", draw_cell, CELL),
    Model("LSTM", draw_lstm, LSTM),
    Model("conditional random field", draw_random_field, FIELD),
    Model(
        "conditional random field, 8,000",
        functools.partial(draw_random_field, tags=20, steps=12, width=380),
        {slip: FIELD[slip] for slip in ("moves transposed", "start and end exchanged")},
    ),
]
