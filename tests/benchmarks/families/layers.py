"""Layers beyond the fully connected ones: convolution, pooling, normalisation, attention, masks."""

from __future__ import annotations

import functools

import autograd
import autograd.numpy as anp
import numpy as np

from tests.benchmarks.families.family import Family, Problem, log_sum_exp, softmax
from tests.benchmarks.families.nets import class_scores

__all__ = ["FAMILIES", "draw_pool"]


# ------------------------------------------------------------------------ convolution and pooling


def _windows(images):
    """Return all 3 × 3 windows of images (n, channels, h, w)."""
    return np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(2, 3))


def _tiles(images):
    """Return the 2 × 2 tiles of images (…, h, w), each as four numbers."""
    *outer, height, width = images.shape
    tiles = images.reshape(*outer, height // 2, 2, width // 2, 2)
    return np.moveaxis(tiles, -3, -2).reshape(*outer, height // 2, width // 2, 4)


def _untiled(tiles):
    """Put 2 × 2 tiles together again."""
    *outer, height, width, _ = tiles.shape
    images = np.moveaxis(tiles.reshape(*outer, height, width, 2, 2), -2, -3)
    return images.reshape(*outer, 2 * height, 2 * width)


def _to_the_largest(tiles, by_maximum):
    """Hand the derivative by the maximum of a tile to the entry that is the largest."""
    result = np.zeros_like(tiles)
    place = tiles.argmax(axis=-1)[..., None]
    np.put_along_axis(result, place, by_maximum[..., None].astype(tiles.dtype), -1)
    return result


def draw_convolution(rng, *, side=8, channels=(1, 4), images=4, dtype=np.float64):
    """Convolution, relu, max-pool and a layer of classes; all but the images are parameters."""
    before, after = channels
    pooled = after * ((side - 2) // 2) ** 2
    inputs = rng.standard_normal((images, before, side, side)).astype(dtype)
    classes = rng.integers(5, size=images)
    windows = _windows(inputs)
    at = {
        "kernel": 0.5 * rng.standard_normal((after, before, 3, 3)),
        "bias": 0.1 * rng.standard_normal(after),
        "weights": rng.standard_normal((pooled, 5)) / np.sqrt(pooled),
        "offset": 0.1 * rng.standard_normal(5),
    }

    def forward(p):
        maps = np.einsum("nchwij,ocij->nohw", windows, p["kernel"]) + p["bias"][:, None, None]
        tiles = _tiles(np.maximum(maps, 0))
        features = tiles.max(axis=-1).reshape(images, -1)
        return maps, tiles, features, features @ p["weights"] + p["offset"]

    def grad(p):
        maps, tiles, features, scores = forward(p)
        _, error = class_scores(scores, classes)
        by_pooled = (error @ p["weights"].T).reshape(tiles.shape[:-1])
        by_maps = _untiled(_to_the_largest(tiles, by_pooled)) * (maps > 0)
        return {
            "kernel": np.einsum("nohw,nchwij->ocij", by_maps, windows),
            "bias": by_maps.sum(axis=(0, 2, 3)),
            "weights": features.T @ error,
            "offset": error.sum(axis=0),
        }

    start = {name: array.astype(dtype) for name, array in at.items()}
    return Problem(lambda p: class_scores(forward(p)[-1], classes)[0], grad, start)


def draw_pool(rng, *, side=8, ties=0):
    """Weighted maxima of the 2 × 2 tiles of an image; some of the tiles have two largest."""
    image = rng.standard_normal((side, side))
    weights = rng.standard_normal((side // 2, side // 2))
    for tile in rng.choice(weights.size, size=ties, replace=False):
        row, column = np.unravel_index(tile, weights.shape)
        image[2 * row, 2 * column : 2 * column + 2] = 3.0
    return Problem(
        lambda x: (weights * _tiles(x).max(axis=-1)).sum(),
        lambda x: _untiled(_to_the_largest(_tiles(x), weights)),
        image,
    )


# ---------------------------------------------------------------------------------- normalisation


def draw_norm(rng, *, axis, size=1.0, steadier=1e-5, dtype=np.float64):
    """A layer, its outputs normalised along an axis, tanh and squares.

    Along axis 0, over the batch, the derivative by the bias before it is 0.
    """
    inputs = rng.standard_normal((20, 6)).astype(dtype)
    wanted = rng.standard_normal((20, 1)).astype(dtype)
    at = {
        "weights": size * rng.standard_normal((6, 12)),
        "bias": size * 0.1 * rng.standard_normal(12),
        "factor": rng.uniform(0.5, 1.5, 12),
        "shift": 0.1 * rng.standard_normal(12),
        "out": rng.standard_normal((12, 1)) / 3,
    }

    def forward(p):
        z = inputs @ p["weights"] + p["bias"]
        centred = z - z.mean(axis=axis, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=axis, keepdims=True) + steadier)
        normal = centred / spread
        hidden = np.tanh(p["factor"] * normal + p["shift"])
        return normal, spread, hidden, hidden @ p["out"] - wanted

    def grad(p):
        normal, spread, hidden, error = forward(p)
        error = 2 * error / len(error)
        by_scaled = error @ p["out"].T * (1 - hidden**2)
        by_normal = by_scaled * p["factor"]
        along = (by_normal * normal).mean(axis=axis, keepdims=True)
        by_z = (by_normal - by_normal.mean(axis=axis, keepdims=True) - normal * along) / spread
        return {
            "weights": inputs.T @ by_z,
            "bias": by_z.sum(axis=0),
            "factor": (by_scaled * normal).sum(axis=0),
            "shift": by_scaled.sum(axis=0),
            "out": hidden.T @ error,
        }

    start = {name: array.astype(dtype) for name, array in at.items()}
    return Problem(lambda p: (forward(p)[-1] ** 2).mean(), grad, start)


# -------------------------------------------------------------------------------------- attention


def draw_attention(rng, *, tokens=12, width=8, causal=False, dtype=np.float64):
    """One head of attention and squares; what lies ahead is masked by −inf where `causal`."""
    inputs = rng.standard_normal((tokens, width)).astype(dtype)
    wanted = rng.standard_normal((tokens, width)).astype(dtype)
    names = ("query", "key", "value", "out")
    at = {name: rng.standard_normal((width, width)) / np.sqrt(width) for name in names}
    ahead = np.triu(np.ones((tokens, tokens), dtype=bool), 1) & causal
    scale = 1 / int(np.sqrt(width) + 1)

    def forward(p):
        query, key, value = (inputs @ p[name] for name in names[:3])
        shares = softmax(np.where(ahead, -np.inf, scale * (query @ key.T)))
        return query, key, value, shares, shares @ value @ p["out"] - wanted

    def grad(p):
        query, key, value, shares, error = forward(p)
        error = 2 * error / error.size
        by_mixed = error @ p["out"].T
        by_shares = by_mixed @ value.T
        by_scores = scale * shares * (by_shares - (by_shares * shares).sum(axis=1, keepdims=True))
        return {
            "query": inputs.T @ (by_scores @ key),
            "key": inputs.T @ (by_scores.T @ query),
            "value": inputs.T @ (shares.T @ by_mixed),
            "out": (shares @ value).T @ error,
        }

    start = {name: array.astype(dtype) for name, array in at.items()}
    return Problem(lambda p: (forward(p)[-1] ** 2).mean(), grad, start)


def _normal_rows(x):
    centred = x - anp.mean(x, axis=1, keepdims=True)
    return centred / anp.sqrt(anp.mean(centred**2, axis=1, keepdims=True) + 1e-5)


def draw_transformer(rng, *, tokens=8, width=8):
    """A block of a transformer: two residual branches, each behind a normalisation."""
    inputs = rng.standard_normal((tokens, width))
    wanted = rng.standard_normal((tokens, width))
    at = {
        **{name: rng.standard_normal((width, width)) / 3 for name in ("query", "key", "value")},
        "up": rng.standard_normal((width, 4 * width)) / 3,
        "bias": np.zeros(4 * width),
        "down": rng.standard_normal((4 * width, width)) / 6,
    }

    def loss(p):
        x = _normal_rows(inputs)
        scores = x @ p["query"] @ (x @ p["key"]).T / 3
        e = anp.exp(scores - anp.max(scores, axis=1, keepdims=True))
        x = inputs + e / anp.sum(e, axis=1, keepdims=True) @ (x @ p["value"])
        z = _normal_rows(x) @ p["up"] + p["bias"]
        x = x + (z / (1 + anp.exp(-1.702 * z))) @ p["down"]
        return anp.mean((x - wanted) ** 2)

    return Problem(loss, autograd.grad(loss), at)


# ------------------------------------------------------------------------- masks and what is dead


def draw_masked_classes(rng):
    """Softmax losses over words, some of which are ruled out by scores of −inf."""
    allowed = rng.random((6, 30)) < 0.6
    classes = rng.integers(30, size=6)
    rows = np.arange(6)
    allowed[rows, classes] = True

    def masked(scores):
        return np.where(allowed, scores, -np.inf)

    def grad(scores):
        result = softmax(masked(scores))
        result[rows, classes] -= 1
        return result

    return Problem(
        lambda s: (log_sum_exp(masked(s)) - s[rows, classes]).sum(),
        grad,
        3 * rng.standard_normal((6, 30)),
    )


def draw_other_branch(rng):
    """Take log x or 0: of the branch that is not taken, the logarithm is NaN."""
    weights = rng.standard_normal(60)

    def loss(x):
        return (weights * np.where(x > 0, x * np.log(x), x**3)).sum()

    def grad(x):
        return weights * np.where(x > 0, np.log(x) + 1, 3 * x**2)

    return Problem(loss, grad, rng.standard_normal(60))


def draw_dead(rng, *, units=30, dead=20, silent=False):
    """A relu layer most of whose units are off at all inputs; or one that nothing reads yet."""
    inputs = rng.standard_normal((15, 8))
    wanted = rng.standard_normal(15)
    bias = 0.1 * rng.standard_normal(units)
    bias[:dead] -= 50
    out = np.zeros(units) if silent else rng.standard_normal(units) / 4
    at = [rng.standard_normal((8, units)) / 2, bias, out]

    def forward(weights, bias, out):
        z = inputs @ weights + bias
        return z, np.maximum(z, 0), np.maximum(z, 0) @ out - wanted

    def grad(p):
        z, hidden, error = forward(*p)
        by_z = np.outer(2 * error, p[2]) * (z > 0)
        return [inputs.T @ by_z, by_z.sum(axis=0), hidden.T @ (2 * error)]

    return Problem(lambda p: (forward(*p)[-1] ** 2).sum(), grad, at)


def _family(name, draw, **options):
    return Family(name, "layers", functools.partial(draw, **options))


def _single(name, draw, **options):
    draw = functools.partial(draw, dtype=np.float32, **options)
    return Family(name, "layers in float32", draw, kind="float32")


FAMILIES = [
    _family("convolution, relu, max-pool", draw_convolution),
    _family("convolution, 3 to 8 channels", draw_convolution, side=12, channels=(3, 8)),
    _family("max-pool, 64 entries", draw_pool),
    _family("max-pool, 1,024 entries", draw_pool, side=32),
    _family("layer norm", draw_norm, axis=1),
    _family("layer norm, tiny variance", draw_norm, axis=1, size=1e-5, steadier=1e-12),
    _family("batch norm, bias before it", draw_norm, axis=0),
    _family("batch norm, tiny variance", draw_norm, axis=0, size=1e-5, steadier=1e-12),
    _family("attention", draw_attention),
    _family("attention, causal mask of −inf", draw_attention, tokens=20, causal=True),
    _family("attention, 4,000 entries", draw_attention, width=32, causal=True),
    _family("transformer block", draw_transformer),
    _family("softmax with words masked by −inf", draw_masked_classes),
    _family("NaN in the branch not taken", draw_other_branch),
    _family("relu layer, dead units", draw_dead),
    _family("relu layer, next matrix 0", draw_dead, dead=0, silent=True),
    _single("float32 convolution, max-pool", draw_convolution),
    _single("float32 layer norm", draw_norm, axis=1),
    _single("float32 batch norm, bias before it", draw_norm, axis=0),
    _single("float32 attention, causal mask", draw_attention, causal=True),
]
