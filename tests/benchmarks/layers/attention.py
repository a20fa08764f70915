"""Attention with one head and with several."""

from __future__ import annotations

import functools

import numpy as np

from tests.benchmarks.families.family import Problem, softmax
from tests.benchmarks.layers.model import (
    OTHER_ARRAY,
    REORDERED,
    TRANSPOSED,
    UNTOLD,
    Model,
    factor,
)

__all__ = ["MODELS"]

NAMES = ("query", "key", "value", "out")


def split(x, heads):
    """Return the share of each head in the numbers of tokens: (heads, tokens, width of a head)."""
    return x.reshape(len(x), heads, -1).swapaxes(0, 1)


def merged(x):
    """Put the shares of the heads side by side again."""
    return x.swapaxes(0, 1).reshape(x.shape[1], -1)


def draw_attention(rng, *, tokens=12, width=16, heads=1):
    """Attention between the tokens of one sequence, and squares."""
    inputs = rng.standard_normal((tokens, width))
    wanted = rng.standard_normal((tokens, width))
    at = {name: rng.standard_normal((width, width)) / np.sqrt(width) for name in NAMES}
    scale = 1 / np.sqrt(width / heads)

    def forward(p):
        query, key, value = (split(inputs @ p[name], heads) for name in NAMES[:3])
        shares = softmax(scale * (query @ key.swapaxes(1, 2)))
        mixed = shares @ value
        return query, key, value, shares, mixed, merged(mixed) @ p["out"] - wanted

    def grad(p, slip=""):
        query, key, value, shares, mixed, error = forward(p)
        error = error / tokens / (tokens if slip == "mean over the tokens twice" else 1)
        by_mixed = split(error @ p["out"].T, heads)
        by_shares = by_mixed @ value.swapaxes(1, 2)
        weighted = by_shares * shares
        along = {
            "softmax's Jacobian: diagonal only": weighted,
            "softmax's Jacobian: other axis": weighted.sum(axis=-2, keepdims=True),
        }.get(slip, weighted.sum(axis=-1, keepdims=True))
        by_scores = shares * (by_shares - along) * (1 if slip == "scale missing" else scale)
        back = by_scores if slip == "scores not transposed" else by_scores.swapaxes(1, 2)
        shared = shares if slip == "shares not transposed" else shares.swapaxes(1, 2)
        seen = merged(mixed)
        if slip == "heads interleaved":
            seen = np.moveaxis(mixed, 0, -1).reshape(tokens, width)
        result = {
            "query": inputs.T @ merged(by_scores @ key),
            "key": inputs.T @ merged(back @ query),
            "value": inputs.T @ merged(shared @ by_mixed),
            "out": seen.T @ error,
        }
        if slip == "query and key exchanged":
            result["query"], result["key"] = result["key"], result["query"]
        elif slip == "products transposed":
            result = {name: part.T for name, part in result.items()}
        return result

    def loss(p):
        return 0.5 * (forward(p)[-1] ** 2).sum() / tokens

    return Problem(loss, grad, at)


def _slips(tokens, scale):
    return {
        "scale missing": dict.fromkeys(("query", "key"), factor(scale)),
        "softmax's Jacobian: diagonal only": dict.fromkeys(("query", "key"), UNTOLD),
        "softmax's Jacobian: other axis": dict.fromkeys(("query", "key"), UNTOLD),
        "scores not transposed": {"key": UNTOLD},
        "shares not transposed": {"value": UNTOLD},
        "query and key exchanged": dict.fromkeys(("query", "key"), OTHER_ARRAY),
        "products transposed": dict.fromkeys(NAMES, TRANSPOSED),
        "mean over the tokens twice": dict.fromkeys(NAMES, factor(1 / tokens)),
    }


MODELS = [
    Model("attention", draw_attention, _slips(12, 4)),
    Model(
        "attention, 4 heads",
        functools.partial(draw_attention, width=32, heads=4),
        {
            "heads interleaved": {"out": REORDERED},
            "scale missing": dict.fromkeys(("query", "key"), factor(np.sqrt(8))),
        },
    ),
    Model(
        "attention, wide",
        functools.partial(draw_attention, width=100),
        {
            slip: _slips(12, 10)[slip]
            for slip in ("scale missing", "query and key exchanged", "products transposed")
        },
    ),
]
