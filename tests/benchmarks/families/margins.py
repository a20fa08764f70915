"""Losses with many corners none of which lies at the point: hinges, maxima, sorting, norms."""

from __future__ import annotations

import functools

import numpy as np

from tests.benchmarks.families.family import Family, Problem, norm

__all__ = ["FAMILIES"]


def draw_hinges(rng, *, rows, columns=10, squared=False, penalty=0.01, dtype=np.float64):
    """A support vector machine: a mean of hinges, or of their squares, and a penalty."""
    inputs = rng.standard_normal((rows, columns)).astype(dtype)
    signs = np.where(rng.random(rows) < 0.5, -1, 1).astype(dtype)
    at = (rng.standard_normal(columns).astype(dtype) / dtype(3), dtype(0.1))

    def gaps(weights, bias):
        return np.maximum(1 - signs * (inputs @ weights + bias), 0)

    def loss(weights, bias):
        gap = gaps(weights, bias)
        return (gap**2 if squared else gap).mean() + penalty / 2 * (weights @ weights)

    def grad(weights, bias):
        gap = gaps(weights, bias)
        by_score = -signs * (2 * gap if squared else (gap > 0).astype(gap.dtype)) / rows
        return inputs.T @ by_score + penalty * weights, by_score.sum()

    return Problem(loss, grad, at)


def draw_multiclass_hinges(rng, *, rows=50, columns=20, classes=10, scale=1e-2):
    """A hinge for each wrong class: the distance of its score from that of the right one."""
    inputs = rng.standard_normal((rows, columns))
    labels = rng.integers(classes, size=rows)
    right = np.arange(rows), labels

    def gaps(weights):
        scores = inputs @ weights
        result = np.maximum(scores - scores[right][:, None] + 1, 0)
        result[right] = 0
        return result

    def grad(weights):
        over = (gaps(weights) > 0).astype(weights.dtype)
        over[right] = -over.sum(axis=1)
        return inputs.T @ over / rows + 0.1 * weights

    def loss(weights):
        return gaps(weights).sum() / rows + 0.05 * (weights**2).sum()

    return Problem(loss, grad, scale * rng.standard_normal((columns, classes)))


def draw_triplets(rng, *, points=30, width=4, triplets=90):
    """Hinges of distances: what belongs together has to be nearer than what does not."""
    first, near, far = rng.integers(points, size=(3, triplets))
    near, far = (
        (first + 1 + near % (points - 1)) % points,
        (first + 1 + far % (points - 1)) % points,
    )

    def gaps(x):
        closer, farther = x[first] - x[near], x[first] - x[far]
        return closer, farther, (closer**2).sum(axis=1) - (farther**2).sum(axis=1) + 0.5

    def grad(x):
        closer, farther, gap = gaps(x)
        on = 2 * (gap > 0)[:, None]
        result = np.zeros_like(x)
        np.add.at(result, first, on * (closer - farther))
        np.add.at(result, near, -on * closer)
        np.add.at(result, far, on * farther)
        return result

    return Problem(
        lambda x: np.maximum(gaps(x)[2], 0).sum(), grad, rng.standard_normal((points, width))
    )


def draw_sorted(rng, *, size=50, kept=None):
    """A weighted sum of sorted numbers; or the mean of squares of those in the middle."""
    weights = rng.standard_normal(size)
    if kept:
        weights = np.zeros(size)
        weights[(size - kept) // 2 : (size + kept) // 2] = 1 / kept

    def places(x):
        return np.argsort(np.argsort(x))

    return Problem(
        lambda x: (weights * np.sort(x) ** 2).sum(),
        lambda x: 2 * weights[places(x)] * x,
        rng.standard_normal(size),
    )


def draw_quantile(rng, *, rows=80, columns=5):
    """Regression of quantiles: the slope of the loss is 0.9 above, −0.1 below."""
    inputs = rng.standard_normal((rows, columns))
    seen = inputs.sum(axis=1) + rng.standard_normal(rows)

    def loss(b):
        rest = seen - inputs @ b
        return np.maximum(0.9 * rest, -0.1 * rest).mean()

    def grad(b):
        return -inputs.T @ np.where(seen - inputs @ b > 0, 0.9, -0.1) / rows

    return Problem(loss, grad, rng.standard_normal(columns))


def draw_transport(rng, *, points=30):
    """The distance of two samples of a line: their sorted differences."""
    others = np.sort(rng.standard_normal(points))

    def grad(x):
        result = np.empty_like(x)
        result[np.argsort(x)] = np.sign(np.sort(x) - others) / points
        return result

    return Problem(lambda x: np.abs(np.sort(x) - others).mean(), grad, rng.standard_normal(points))


def draw_largest(rng, *, size=60, count=5):
    """The sum of the largest few."""

    def grad(x):
        result = np.zeros_like(x)
        result[np.argsort(x)[-count:]] = 1
        return result

    return Problem(lambda x: np.sort(x)[-count:].sum(), grad, rng.standard_normal(size))


def draw_lasso(rng, *, rows=40, columns=60, scale=1.0):
    """Squares and a penalty of absolute values, none of which is 0."""
    inputs = rng.standard_normal((rows, columns))
    seen = rng.standard_normal(rows)
    at = scale * (rng.standard_normal(columns))

    def loss(b):
        return ((inputs @ b - seen) ** 2).sum() / (2 * rows) + 0.1 * np.abs(b).sum()

    return Problem(loss, lambda b: inputs.T @ (inputs @ b - seen) / rows + 0.1 * np.sign(b), at)


def draw_norms(rng, *, rows=10):
    """Norms of rows: of the orders 2, 3 and ∞."""

    def loss(x):
        cubes = (np.abs(x) ** 3).sum(axis=1) ** (1 / 3)
        return np.sqrt((x**2).sum(axis=1)).sum() + cubes.sum() + np.abs(x).max(axis=1).sum()

    def grad(x):
        lengths = np.array([[norm(row)] for row in x])
        cubes = (np.abs(x) ** 3).sum(axis=1, keepdims=True)
        largest = np.abs(x) == np.abs(x).max(axis=1, keepdims=True)
        return x / lengths + np.sign(x) * (x**2 * cubes ** (1 / 3 - 1) + largest)

    return Problem(loss, grad, rng.standard_normal((rows, 6)))


def draw_variation(rng, *, side=16):
    """Restore a picture: squares, and absolute differences of neighbours."""
    seen = rng.standard_normal((side, side))

    def loss(x):
        rough = np.abs(np.diff(x, axis=0)).sum() + np.abs(np.diff(x, axis=1)).sum()
        return ((x - seen) ** 2).sum() / 2 + 0.3 * rough

    def grad(x):
        result = x - seen
        down, right = 0.3 * np.sign(np.diff(x, axis=0)), 0.3 * np.sign(np.diff(x, axis=1))
        result[1:] += down
        result[:-1] -= down
        result[:, 1:] += right
        result[:, :-1] -= right
        return result

    return Problem(loss, grad, rng.standard_normal((side, side)))


def draw_huber(rng, *, rows=60, columns=6, dtype=np.float64):
    """Squares near 0, lines beyond 1."""
    inputs = rng.standard_normal((rows, columns)).astype(dtype)
    seen = (3 * rng.standard_normal(rows)).astype(dtype)

    def loss(b):
        rest = np.abs(inputs @ b - seen)
        return np.where(rest < 1, rest**2 / 2, rest - dtype(0.5)).sum()

    return Problem(
        loss,
        lambda b: inputs.T @ np.clip(inputs @ b - seen, -1, 1),
        rng.standard_normal(columns).astype(dtype),
    )


def draw_clipped(rng, *, size=60):
    """Ratios of probabilities, clipped as in proximal policy optimisation."""
    gains = rng.standard_normal(size)

    def grad(x):
        ratio = np.exp(x)
        taken = ratio * gains <= np.clip(ratio, 0.8, 1.2) * gains
        return -np.where(taken, ratio, 0) * gains

    return Problem(
        lambda x: -np.minimum(np.exp(x) * gains, np.clip(np.exp(x), 0.8, 1.2) * gains).sum(),
        grad,
        0.3 * rng.standard_normal(size),
    )


def draw_tropical(rng, *, steps=12, states=6):
    """The best path through a table of scores: maxima of sums of maxima."""
    shape = (steps, states)

    def best(x, moves):
        value = x[0]
        chosen = []
        for row in x[1:]:
            ways = value[:, None] + moves
            chosen.append(ways.argmax(axis=0))
            value = ways.max(axis=0) + row
        return value, chosen

    def grad(x, moves):
        value, chosen = best(x, moves)
        by_x, by_moves = np.zeros_like(x), np.zeros_like(moves)
        place = int(value.argmax())
        by_x[-1, place] = 1
        for step in range(steps - 2, -1, -1):
            before = int(chosen[step][place])
            by_moves[before, place] += 1
            by_x[step, before] = 1
            place = before
        return by_x, by_moves

    at = (rng.standard_normal(shape), rng.standard_normal((states, states)))
    return Problem(lambda x, moves: best(x, moves)[0].max(), grad, at)


def _family(name, draw, **options):
    return Family(name, "corners", functools.partial(draw, **options))


FAMILIES = [
    _family("10 hinges", draw_hinges, rows=10, columns=4),
    _family("1,000 hinges", draw_hinges, rows=1000),
    _family("20,000 hinges", draw_hinges, rows=20_000, columns=5),
    _family("1,000 squared hinges", draw_hinges, rows=1000, squared=True),
    _family("hinges of 10 classes", draw_multiclass_hinges),
    _family("hinges of 10 classes, larger", draw_multiclass_hinges, scale=1.0),
    _family("triplets", draw_triplets),
    _family("sorted and weighted", draw_sorted),
    _family("trimmed mean of squares", draw_sorted, kept=30),
    _family("quantile regression", draw_quantile),
    _family("transport on a line", draw_transport),
    _family("sum of the largest", draw_largest),
    _family("lasso", draw_lasso),
    _family("lasso, coefficients of 1e-3", draw_lasso, scale=1e-3),
    _family("norms of order 2, 3, ∞", draw_norms),
    _family("total variation", draw_variation),
    _family("Huber's loss", draw_huber),
    _family("clipped ratios", draw_clipped),
    _family("best path", draw_tropical),
    Family(
        "float32 hinges",
        "corners",
        functools.partial(draw_hinges, rows=100, dtype=np.float32),
        kind="float32",
    ),
    Family(
        "float32 Huber's loss",
        "corners",
        functools.partial(draw_huber, dtype=np.float32),
        kind="float32",
    ),
]
