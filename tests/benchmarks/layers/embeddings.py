"""Tables of vectors: embeddings, GloVe, factors of a matrix, pairs told apart, a map."""

from __future__ import annotations

import functools

import numpy as np

from tests.benchmarks.families.family import Problem
from tests.benchmarks.families.nets import class_scores
from tests.benchmarks.layers.model import (
    OPPOSITE,
    OTHER_ARRAY,
    PART,
    PENALTIES,
    PER_SLICE,
    REORDERED,
    UNTOLD,
    ZERO,
    Model,
    both,
    factor,
    penalty,
)

__all__ = ["MODELS"]

PADDING = 0


def added(shape, rows, parts, *, repeats=True):
    """Add vectors to the rows of zeros; without `repeats`, the last one of each row stays."""
    result = np.zeros(shape)
    if repeats:
        np.add.at(result, rows, parts)
    else:
        result[rows] = parts
    return result


# -------------------------------------------------------------------------------------- embeddings


def draw_bags(rng, *, words=60, width=8, bags=6, length=8):
    """Classes of bags of words, by the mean of the words' embeddings; padding counts as 0."""
    used = bags * length
    drawn = rng.permutation(np.arange(1, words))[:used]
    # Where there are fewer words than places, most words repeat; elsewhere, one does.
    drawn = np.resize(drawn, used) if len(drawn) < used else np.append(drawn[:-2], drawn[[0, 0]])
    drawn[rng.choice(np.arange(1, used - 2), bags, replace=False)] = PADDING
    chosen = drawn.reshape(bags, length)
    labels = rng.integers(4, size=bags)
    counts = np.maximum(np.bincount(drawn, minlength=words), 1)
    at = {
        "table": rng.standard_normal((words, width)),
        "weights": rng.standard_normal((width, 4)) / np.sqrt(width),
        "bias": 0.1 * rng.standard_normal(4),
    }
    is_word = (chosen != PADDING)[:, :, None]

    def forward(p):
        means = (p["table"][chosen] * is_word).sum(axis=1) / length
        return means, class_scores(means @ p["weights"] + p["bias"], labels)

    def grad(p, slip=""):
        means, (_, error) = forward(p)
        error = error * (bags if slip == "sum for mean" else 1)
        by_mean = error @ p["weights"].T / (1 if slip == "length of the bags missing" else length)
        by_word = np.repeat(by_mean[:, None], length, axis=1)
        if slip != "padding moved, too":
            by_word = by_word * is_word
        repeats = slip != "repeated words set, not added"
        table = added(p["table"].shape, chosen, by_word, repeats=repeats)
        if slip == "divided by the words' counts":
            table /= counts[:, None]
        elif slip == "words off by one":
            table = np.roll(table, 1, axis=0)
        return {"table": table, "weights": means.T @ error, "bias": error.sum(axis=0)}

    return Problem(lambda p: forward(p)[1][0], grad, at)


def _bags(bags, counts):
    return {
        "repeated words set, not added": {"table": PART},
        "padding moved, too": {"table": PART},
        "length of the bags missing": {"table": factor(8)},
        "divided by the words' counts": {"table": counts},
        "words off by one": {"table": REORDERED},
        "sum for mean": dict.fromkeys(("table", "weights", "bias"), factor(bags)),
    }


def draw_glove(rng, *, words=15, width=4):
    """GloVe: weighted squares of the logarithms of counts less w·u and two biases."""
    counts = rng.poisson(3.0, size=(words, words))
    logs = np.log(np.maximum(counts, 1))
    weights = np.minimum(counts / 6, 1) ** 0.75
    at = (
        *(rng.standard_normal((2, words, width)) / np.sqrt(width)),
        *(0.3 * rng.standard_normal((2, words))),
    )

    def misses(w, u, b, c):
        return w @ u.T + b[:, None] + c - logs

    def loss(w, u, b, c):
        return 0.5 * (weights * misses(w, u, b, c) ** 2).sum()

    def grad(w, u, b, c, slip=""):
        error = misses(w, u, b, c) + (logs - counts if slip == "logarithm missing" else 0)
        error = error * (1 if slip == "weights missing" else weights)
        error = error * (2 if slip == "2 of the squares, no ½" else 1)
        by_w, by_u = error @ u, error.T @ w
        by_b, by_c = error.sum(axis=1), error.sum(axis=0)
        if slip == "own vectors for the others'":
            by_w, by_u = by_b[:, None] * w, by_c[:, None] * u
        elif slip == "biases exchanged":
            by_b, by_c = by_c, by_b
        elif slip == "second bias forgotten":
            by_c = np.zeros_like(c)
        return by_w, by_u, by_b, by_c

    return Problem(loss, grad, at)


GLOVE = {
    "2 of the squares, no ½": dict.fromkeys("wubc", factor(2)),
    "weights missing": dict.fromkeys("wubc", UNTOLD),
    "logarithm missing": dict.fromkeys("wubc", UNTOLD),
    "own vectors for the others'": dict.fromkeys("wu", UNTOLD),
    "biases exchanged": dict.fromkeys("bc", OTHER_ARRAY),
    "second bias forgotten": {"c": ZERO},
}


# ------------------------------------------------------------------------------ factors of a matrix


def draw_factors(rng, *, shape=(30, 30), rank=4, seen=240, decay=0.1):
    """Ratings by users' and items' factors and biases; the factors are penalised."""
    pairs = rng.choice(shape[0] * shape[1], size=seen, replace=False)
    users, items = np.unravel_index(pairs, shape)
    ratings = rng.standard_normal(seen)
    at = {
        "users": rng.standard_normal((shape[0], rank)),
        "items": rng.standard_normal((shape[1], rank)),
        "offset": 0.3 * rng.standard_normal(shape[1]),
    }

    def misses(p):
        return (p["users"][users] * p["items"][items]).sum(axis=1) + p["offset"][items] - ratings

    def loss(p):
        squares = (p["users"] ** 2).sum() + (p["items"] ** 2).sum()
        return 0.5 * (misses(p) ** 2).sum() + 0.5 * decay * squares

    def grad(p, slip=""):
        error = misses(p) * (-1 if slip == "ratings less scores" else 1)
        error = error / (seen if slip == "mean for sum" else 1)
        by_rating = error[:, None]
        repeats = slip != "repeated users set, not added"
        times = 0 if slip == "items' penalty missing" else PENALTIES.get(slip, 1)
        by_users = added(p["users"].shape, users, by_rating * p["items"][items], repeats=repeats)
        by_items = added(p["items"].shape, items, by_rating * p["users"][users])
        by_users += PENALTIES.get(slip, 1) * decay * p["users"]
        by_items += times * decay * p["items"]
        if slip == "users and items exchanged":
            by_users, by_items = by_items, by_users
        return {"users": by_users, "items": by_items, "offset": added(shape[1], items, error)}

    return Problem(loss, grad, at)


def _factors(seen, *chosen):
    tables = ("users", "items")
    slips = {
        "ratings less scores": {**dict.fromkeys(tables, both(-1, 0.2)), "offset": OPPOSITE},
        "mean for sum": {
            **dict.fromkeys(tables, both(1 / seen, 0.1 - 0.1 / seen)),
            "offset": factor(1 / seen),
        },
        "items' penalty missing": {"items": penalty(-0.1)},
        "penalty twice": dict.fromkeys(tables, penalty(0.1)),
        "repeated users set, not added": {"users": UNTOLD},
        "users and items exchanged": dict.fromkeys(tables, OTHER_ARRAY),
    }
    return {slip: slips[slip] for slip in chosen or slips}


# ------------------------------------------------------------------------------------- pairs, a map


def draw_contrastive(rng, *, pairs=12, width=6, temperature=0.5):
    """Tell pairs of vectors of length 1 from all others, both ways."""
    pictures = rng.standard_normal((pairs, width))
    texts = pictures + 0.5 * rng.standard_normal((pairs, width))
    targets = np.arange(pairs)

    def units(x):
        lengths = np.sqrt((x**2).sum(axis=1, keepdims=True))
        return x / lengths, lengths

    def both_ways(pictures, texts):
        scores = units(pictures)[0] @ units(texts)[0].T / temperature
        (first, by_first), (second, by_second) = (
            class_scores(one, targets) for one in (scores, scores.T)
        )
        return 0.5 * (first + second), 0.5 * by_first, 0.5 * by_second.T

    def grad(pictures, texts, slip=""):
        (u, u_lengths), (v, v_lengths) = units(pictures), units(texts)
        _, by_first, by_second = both_ways(pictures, texts)
        error = by_first + (0 if slip == "one way only" else by_second)
        error = error / (1 if slip == "temperature missing" else temperature)
        by_u, by_v = error @ v, error.T @ u
        if slip != "projection missing":
            by_u = by_u - u * (by_u * u).sum(axis=1, keepdims=True)
            by_v = by_v - v * (by_v * v).sum(axis=1, keepdims=True)
        if slip == "pictures not divided by their lengths":
            u_lengths = 1
        return by_u / u_lengths, by_v / v_lengths

    return Problem(lambda pictures, texts: both_ways(pictures, texts)[0], grad, (pictures, texts))


CONTRASTIVE = {
    "one way only": dict.fromkeys(("pictures", "texts"), UNTOLD),
    "temperature missing": dict.fromkeys(("pictures", "texts"), factor(0.5)),
    "projection missing": dict.fromkeys(("pictures", "texts"), UNTOLD),
    "pictures not divided by their lengths": {"pictures": PER_SLICE},
}


def draw_map(rng, *, points=30):
    """The divergence of a map's neighbourhoods from given ones, as t-SNE has it."""
    given = np.exp(rng.standard_normal((points, points)))
    given = (given + given.T) * (1 - np.eye(points))
    given /= given.sum()
    itself = np.eye(points, dtype=bool)

    def closeness(y):
        apart = y[:, None] - y[None]
        return apart, np.where(itself, 0, 1 / (1 + (apart**2).sum(axis=-1)))

    def loss(y):
        _, near = closeness(y)
        return -(given * np.log(np.where(itself, 1, near / near.sum()))).sum()

    def grad(y, slip=""):
        apart, near = closeness(y)
        force = given - near / near.sum()
        if slip != "nearness of the pairs missing":
            force = force * near
        times = {"2 for 4": 2, "map less data": -4}.get(slip, 4)
        return (times * (force[:, :, None] * apart).sum(axis=1),)

    return Problem(loss, grad, (rng.standard_normal((points, 2)),))


MAP = {
    "2 for 4": {"y": factor(0.5)},
    "map less data": {"y": OPPOSITE},
    "nearness of the pairs missing": {"y": UNTOLD},
}


MODELS = [
    Model("bags of embeddings", draw_bags, _bags(6, PART + PER_SLICE)),
    Model(
        "bags of embeddings, 1,000 words",
        functools.partial(draw_bags, words=1000, width=20, bags=150),
        _bags(150, PER_SLICE + PART),
    ),
    Model("GloVe", draw_glove, GLOVE),
    Model("GloVe, 240 words", functools.partial(draw_glove, words=240, width=100), GLOVE),
    Model("matrix factorisation", draw_factors, _factors(240)),
    Model(
        "matrix factorisation, 20,800",
        functools.partial(draw_factors, shape=(1200, 800), rank=10, seen=4000),
        _factors(4000, "ratings less scores", "items' penalty missing", "mean for sum"),
    ),
    Model("contrastive loss", draw_contrastive, CONTRASTIVE),
    Model("t-SNE", draw_map, MAP),
]
