"""Convolutions: of padded images, and with pooling and a layer of classes behind them."""

from __future__ import annotations

import functools

import numpy as np

from tests.benchmarks.families.family import Problem
from tests.benchmarks.families.nets import class_scores
from tests.benchmarks.layers.model import (
    CONSTANT,
    PART,
    REORDERED,
    TRANSPOSED,
    UNTOLD,
    Model,
    factor,
)

__all__ = ["MODELS"]


def windows(images, width):
    """Return all windows of images (n, channels, h, w), zeros around them: one for each place."""
    edge = width // 2
    padded = np.pad(images, ((0, 0), (0, 0), (edge, edge), (edge, edge)))
    return np.lib.stride_tricks.sliding_window_view(padded, (width, width), axis=(2, 3))


def correlate(images, kernel):
    """Return the maps (n, after, h, w) of images, by a kernel (after, before, width, width)."""
    seen = windows(images, kernel.shape[-1])
    return np.moveaxis(np.tensordot(seen, kernel, axes=((1, 4, 5), (1, 2, 3))), -1, 1)


def draw_convolution(rng, *, images=2, channels=(2, 4), side=7, width=3):
    """A convolution that keeps the size of the images, tanh, and a weighted sum."""
    before, after = channels
    weights = rng.standard_normal((images, after, side, side))
    scale = np.sqrt(before * width**2)
    at = {
        "images": rng.standard_normal((images, before, side, side)),
        "kernel": rng.standard_normal((after, before, width, width)) / scale,
        "bias": 0.1 * rng.standard_normal(after),
    }

    def activations(p):
        return np.tanh(correlate(p["images"], p["kernel"]) + p["bias"][:, None, None])

    def grad(p, slip=""):
        by_maps = weights * (1 - activations(p) ** 2)
        flipped = p["kernel"][:, :, ::-1, ::-1]
        back = (p["kernel"] if slip == "kernel not flipped" else flipped).swapaxes(0, 1)
        by_images = correlate(by_maps, back)
        if slip == "border left out":
            by_images[..., [0, -1], :] = by_images[..., [0, -1]] = 0
        elif slip == "last column left out":
            by_images[..., -1] = 0
        by_kernel = np.tensordot(by_maps, windows(p["images"], width), axes=((0, 2, 3), (0, 2, 3)))
        return {
            "images": by_images,
            "kernel": {
                "kernel's gradient flipped": by_kernel[:, :, ::-1, ::-1],
                "channels in reverse": by_kernel[:, ::-1],
                "height and width exchanged": by_kernel.swapaxes(2, 3),
            }.get(slip, by_kernel),
            "bias": {
                "bias of the first image only": by_maps[0].sum(axis=(1, 2)),
                "bias: mean for sum": by_maps.mean(axis=(0, 2, 3)),
                "bias summed over everything": np.full(after, by_maps.sum()),
            }.get(slip, by_maps.sum(axis=(0, 2, 3))),
        }

    return Problem(lambda p: (weights * activations(p)).sum(), grad, at)


CONVOLUTION = {
    "kernel not flipped": {"images": UNTOLD},
    "kernel's gradient flipped": {"kernel": REORDERED},
    "channels in reverse": {"kernel": REORDERED},
    "height and width exchanged": {"kernel": TRANSPOSED + REORDERED},
    "border left out": {"images": PART},
    "last column left out": {"images": PART},
    "bias of the first image only": {"bias": UNTOLD},
    "bias: mean for sum": {"bias": factor(1 / 98)},
    "bias summed over everything": {"bias": CONSTANT},
}


def draw_net(rng, *, examples=4, channels=(1, 3), side=8, classes=5):
    """A convolution, relu, means of 2 × 2 tiles, and a layer of classes."""
    before, after = channels
    inputs = rng.standard_normal((examples, before, side, side))
    labels = rng.integers(classes, size=examples)
    tiled = (examples, after, side // 2, 2, side // 2, 2)
    features = after * (side // 2) ** 2
    at = {
        "kernel": rng.standard_normal((after, before, 3, 3)) / 2,
        "bias": 0.1 * rng.standard_normal(after),
        "dense": rng.standard_normal((features, classes)) / np.sqrt(features),
        "offset": 0.1 * rng.standard_normal(classes),
    }

    def forward(p):
        maps = correlate(inputs, p["kernel"]) + p["bias"][:, None, None]
        pooled = np.maximum(maps, 0).reshape(tiled).mean(axis=(3, 5))
        scores = pooled.reshape(examples, -1) @ p["dense"] + p["offset"]
        return maps, pooled, class_scores(scores, labels)

    def grad(p, slip=""):
        maps, pooled, (_, error) = forward(p)
        share = 1 if slip == "quarter of the means missing" else 1 / 4
        by_pooled = share * (error @ p["dense"].T).reshape(pooled.shape)
        by_tiles = np.broadcast_to(by_pooled[:, :, :, None, :, None], tiled)
        by_maps = by_tiles.reshape(maps.shape)
        if slip != "gate of the relu missing":
            by_maps = by_maps * (maps > 0)
        if slip == "channels flattened last":
            pooled = np.moveaxis(pooled, 1, -1)
        seen = windows(inputs, 3)
        return {
            "kernel": np.tensordot(by_maps, seen, axes=((0, 2, 3), (0, 2, 3))),
            "bias": by_maps.sum(axis=(0, 2, 3)),
            "dense": pooled.reshape(examples, -1).T @ error,
            "offset": error.sum(axis=0),
        }

    return Problem(lambda p: forward(p)[-1][0], grad, at)


MODELS = [
    Model("convolution", draw_convolution, CONVOLUTION),
    Model(
        "convolution, 32 channels",
        functools.partial(draw_convolution, images=1, channels=(32, 32), side=6, width=5),
        {
            slip: CONVOLUTION[slip]
            for slip in ("kernel's gradient flipped", "channels in reverse", "border left out")
        },
    ),
    Model(
        "convolution, relu, mean-pool",
        draw_net,
        {
            "quarter of the means missing": dict.fromkeys(("kernel", "bias"), factor(4)),
            "gate of the relu missing": dict.fromkeys(("kernel", "bias"), UNTOLD),
            "channels flattened last": {"dense": REORDERED},
        },
    ),
]
