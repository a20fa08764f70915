"""Embeddings and factorisations: many rows, each of which a few terms of the loss read."""

from __future__ import annotations

import functools

import numpy as np

from tests.benchmarks.families.family import (
    Family,
    Problem,
    log_sum_exp,
    sigmoid,
    softmax,
    softplus,
)
from tests.benchmarks.families.nets import class_scores

__all__ = ["FAMILIES"]


def _add_rows(like, rows, values):
    """Return an array of zeros with values added at its rows, as often as a row occurs."""
    result = np.zeros_like(like)
    np.add.at(result, rows, values)
    return result


def draw_matrix(rng, *, shape=(40, 30), rank=5, seen=400, penalty=0.02, dtype=np.float64):
    """Squares over the known entries of a matrix, approximated by a product of two."""
    rows, columns = (rng.integers(n, size=seen) for n in shape)
    wanted = rng.standard_normal(seen).astype(dtype)
    at = tuple(rng.standard_normal((n, rank)).astype(dtype) / dtype(np.sqrt(rank)) for n in shape)

    def errors(left, right):
        return (left[rows] * right[columns]).sum(axis=1) - wanted

    def loss(left, right):
        fit = 0.5 * (errors(left, right) ** 2).sum()
        return fit + penalty / 2 * ((left**2).sum() + (right**2).sum())

    def grad(left, right):
        error = errors(left, right)[:, None]
        return (
            _add_rows(left, rows, error * right[columns]) + penalty * left,
            _add_rows(right, columns, error * left[rows]) + penalty * right,
        )

    return Problem(loss, grad, at)


def draw_glove(rng, *, words=30, width=8, seen=200):
    """Weighted squares of scores and biases against logarithms of counts."""
    rows, columns = rng.integers(words, size=(2, seen))
    counts = np.ceil(np.exp(3 * rng.random(seen) ** 2 * 2))
    weights, logs = np.minimum(1, (counts / 100) ** 0.75), np.log(counts)
    at = {
        "words": rng.uniform(-0.5, 0.5, (words, width)) / width,
        "contexts": rng.uniform(-0.5, 0.5, (words, width)) / width,
        "word biases": rng.uniform(-0.5, 0.5, words) / width,
        "context biases": rng.uniform(-0.5, 0.5, words) / width,
    }

    def errors(p):
        scores = (p["words"][rows] * p["contexts"][columns]).sum(axis=1)
        return scores + p["word biases"][rows] + p["context biases"][columns] - logs

    def grad(p):
        error = weights * errors(p)
        return {
            "words": _add_rows(p["words"], rows, error[:, None] * p["contexts"][columns]),
            "contexts": _add_rows(p["contexts"], columns, error[:, None] * p["words"][rows]),
            "word biases": _add_rows(p["word biases"], rows, error),
            "context biases": _add_rows(p["context biases"], columns, error),
        }

    return Problem(lambda p: 0.5 * (weights * errors(p) ** 2).sum(), grad, at)


def draw_embedding(rng, *, words=200, width=10, dtype=np.float64):
    """Classify bags of words by the mean of their embeddings; most words are in no bag."""
    bags = rng.integers(words, size=(6, 8))
    classes = rng.integers(4, size=6)
    at = {
        "embedding": rng.standard_normal((words, width)).astype(dtype),
        "weights": rng.standard_normal((width, 4)).astype(dtype) / dtype(3),
        "bias": np.zeros(4, dtype),
    }

    def forward(p):
        bag = p["embedding"][bags].mean(axis=1)
        return bag, bag @ p["weights"] + p["bias"]

    def grad(p):
        bag, scores = forward(p)
        _, error = class_scores(scores, classes)
        by_word = np.repeat((error @ p["weights"].T / 8)[:, None], 8, axis=1)
        return {
            "embedding": _add_rows(p["embedding"], bags, by_word),
            "weights": bag.T @ error,
            "bias": error.sum(axis=0),
        }

    return Problem(lambda p: class_scores(forward(p)[1], classes)[0], grad, at)


def draw_skip_gram(rng, *, words=500, width=50, negatives=10, dtype=np.float64):
    """Negative sampling for one center word; few of the outside vectors are used."""
    rows = rng.integers(words, size=negatives + 1)
    signs = np.where(np.arange(negatives + 1) == 0, -1, 1).astype(dtype)
    at = (
        (rng.standard_normal(width) / np.sqrt(width)).astype(dtype),
        rng.standard_normal((words, width)).astype(dtype),
    )

    def loss(center, outside):
        return softplus(signs * (outside[rows] @ center)).sum()

    def grad(center, outside):
        by_score = signs * sigmoid(signs * (outside[rows] @ center))
        return outside[rows].T @ by_score, _add_rows(outside, rows, np.outer(by_score, center))

    return Problem(loss, grad, at)


def draw_tensor(rng, *, shape=(8, 9, 10), rank=4):
    """Squares of a tensor of three axes less a sum of outer products."""
    wanted = rng.standard_normal(shape)
    at = [rng.standard_normal((n, rank)) for n in shape]

    def errors(p):
        return np.einsum("ir,jr,kr->ijk", *p) - wanted

    def grad(p):
        error, (a, b, c) = errors(p), p
        return [
            np.einsum("ijk,jr,kr->ir", error, b, c),
            np.einsum("ijk,ir,kr->jr", error, a, c),
            np.einsum("ijk,ir,jr->kr", error, a, b),
        ]

    return Problem(lambda p: 0.5 * (errors(p) ** 2).sum(), grad, at)


def draw_contrastive(rng, *, pairs=12, width=6, temperature=0.1):
    """Tell pairs of embeddings of length 1 from all other pairs, at a low temperature."""
    pictures = rng.standard_normal((pairs, width))
    texts = pictures + 0.5 * rng.standard_normal((pairs, width))
    targets = np.arange(pairs)

    def units(x):
        lengths = np.sqrt((x**2).sum(axis=1, keepdims=True))
        return x / lengths, lengths

    def loss(pictures, texts):
        return class_scores(units(pictures)[0] @ units(texts)[0].T / temperature, targets)[0]

    def grad(pictures, texts):
        (u, u_lengths), (v, v_lengths) = units(pictures), units(texts)
        _, error = class_scores(u @ v.T / temperature, targets)
        by_u, by_v = error @ v / temperature, error.T @ u / temperature
        return (
            (by_u - u * (by_u * u).sum(axis=1, keepdims=True)) / u_lengths,
            (by_v - v * (by_v * v).sum(axis=1, keepdims=True)) / v_lengths,
        )

    return Problem(loss, grad, (pictures, texts))


def draw_neighbours(rng, *, points=20):
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
        shares = np.where(itself, 1, near / near.sum())
        return -(given * np.log(shares)).sum()

    def grad(y):
        apart, near = closeness(y)
        force = given * near - near**2 / near.sum()
        return 4 * (force[:, :, None] * apart).sum(axis=1)

    return Problem(loss, grad, rng.standard_normal((points, 2)))


def draw_autoencoder(rng, *, width=20, code=4):
    """Squares of what a code and its transposed matrix restore."""
    inputs = rng.standard_normal((25, width))
    at = [rng.standard_normal((width, code)) / np.sqrt(width), np.zeros(code), np.zeros(width)]

    def forward(weights, bias, back):
        hidden = np.tanh(inputs @ weights + bias)
        return hidden, hidden @ weights.T + back - inputs

    def grad(p):
        hidden, error = forward(*p)
        error = 2 * error / len(inputs)
        by_z = error @ p[0] * (1 - hidden**2)
        return [inputs.T @ by_z + error.T @ hidden, by_z.sum(axis=0), error.sum(axis=0)]

    return Problem(lambda p: (forward(*p)[1] ** 2).sum() / len(inputs), grad, at)


def draw_contests(rng, *, players=25, games=150):
    """Strengths of players by who won against whom, with a weak prior."""
    winners = rng.integers(players, size=games)
    losers = (winners + rng.integers(1, players, size=games)) % players

    def grad(strengths):
        by_gap = -sigmoid(strengths[losers] - strengths[winners])
        result = _add_rows(strengths, winners, by_gap) - _add_rows(strengths, losers, by_gap)
        return result + 0.01 * strengths

    def loss(strengths):
        gaps = strengths[winners] - strengths[losers]
        return softplus(-gaps).sum() + 0.005 * (strengths**2).sum()

    return Problem(loss, grad, rng.standard_normal(players))


def draw_rankings(rng, *, items=10, lists=5):
    """Scores of items by orders in which people put them, the best first."""
    orders = np.array([rng.permutation(items) for _ in range(lists)])

    def loss(scores):
        return sum(
            log_sum_exp(scores[order[place:]]) - scores[order[place]]
            for order in orders
            for place in range(items - 1)
        )

    def grad(scores):
        result = np.zeros_like(scores)
        for order in orders:
            for place in range(items - 1):
                result[order[place:]] += softmax(scores[order[place:]])
                result[order[place]] -= 1
        return result

    return Problem(loss, grad, rng.standard_normal(items))


def _family(name, draw, **options):
    return Family(name, "factors", functools.partial(draw, **options))


def _single(name, draw, **options):
    draw = functools.partial(draw, dtype=np.float32, **options)
    return Family(name, "factors in float32", draw, kind="float32")


FAMILIES = [
    _family("matrix factorisation", draw_matrix),
    _family("matrix factorisation, 20,000", draw_matrix, shape=(1200, 800), rank=10, seen=4000),
    _family("GloVe", draw_glove),
    _family("embeddings, most rows unused", draw_embedding),
    _family("skip-gram, 25,000 entries", draw_skip_gram),
    _family("tensor of rank 4", draw_tensor),
    _family("contrastive, normalised", draw_contrastive),
    _family("t-SNE", draw_neighbours),
    _family("autoencoder, tied weights", draw_autoencoder),
    _family("Bradley-Terry", draw_contests),
    _family("Plackett-Luce", draw_rankings),
    _single("float32 matrix factorisation", draw_matrix),
    _single("float32 embeddings", draw_embedding),
    _single("float32 skip-gram", draw_skip_gram),
]
