"""What a family of losses is, and the few functions that many of them are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

__all__ = [
    "Family",
    "Kind",
    "Problem",
    "call",
    "leaves",
    "log_sum_exp",
    "norm",
    "rebuilt",
    "sigmoid",
    "sizes",
    "softmax",
    "softplus",
]

Kind = Literal["smooth", "float32", "apart", "open"]


class Problem(NamedTuple):
    """What a check takes.

    Attributes
    ----------
    loss
        Returns the loss. It works in the precision of its argument wherever it can: in the test
        of the right gradients that is more than double precision.
    grad
        Returns the right gradient, wherever it is asked for it.
    at
        Where: a float, an array, or a dict, list or tuple of them.
    """

    loss: Callable[..., Any]
    grad: Callable[..., Any]
    at: Any


Draw = Callable[[np.random.Generator], Problem]


@dataclass(frozen=True)
class Family:
    """Losses of one form, each with its right gradient.

    Attributes
    ----------
    name, group
        What the family is called, and which ones it is printed with.
    draw
        Draws one problem.
    kind
        "smooth": differentiable around the point, in double precision. "float32": parameters in
        single precision. "apart": what cancels near zero, and solvers; counted apart. "open":
        "undecided" is a fair answer, too.
    why
        What makes it fair, of a family that is open.
    precision
        What the check is told, where it has to be told.
    names_precision
        The loss and its right gradient belong together only to within a tolerance: a check that
        "disagrees" has to name a `precision` that accepts the gradient.
    flat
        The loss, as it is computed, stands still around the point: a gradient of 0 is no mistake.
    exact
        Draws the same problem with a loss that is not rounded, noisy or cut off, where that of
        `draw` is: what the gradient is the gradient of.
    times
        How many times as many problems as of other families are drawn.
    """

    name: str
    group: str
    draw: Draw
    kind: Kind = "smooth"
    why: str = ""
    precision: float | None = None
    names_precision: bool = False
    flat: bool = False
    exact: Draw | None = None
    times: int = 1


# -------------------------------------------------------------------------------- trees of arrays


def call(function: Callable[..., Any], at: Any) -> Any:
    """Call a function at a point: the elements of a tuple are positional arguments."""
    return function(*at) if isinstance(at, tuple) else function(at)


def leaves(tree: Any) -> list[Any]:
    """List the arrays of a tree; those of a dict in the order of its keys."""
    if isinstance(tree, dict):
        return [leaf for key in sorted(tree) for leaf in leaves(tree[key])]
    if isinstance(tree, tuple | list):
        return [leaf for child in tree for leaf in leaves(child)]
    return [tree]


def rebuilt(tree: Any, replacements: Iterator[Any]) -> Any:
    """Return a tree of the same structure with other arrays, in the order of `leaves`."""
    if isinstance(tree, dict):
        return {key: rebuilt(tree[key], replacements) for key in sorted(tree)}
    if isinstance(tree, tuple | list):
        return type(tree)(rebuilt(child, replacements) for child in tree)
    return next(replacements)


def sizes(at: Any) -> list[Any]:
    """Say for every entry by how much it is natural to move it.

    That is its own size; of a zero the median size in its array, of an array of zeros the
    median over all the others, and 1 where everything is 0.
    """
    own = [np.abs(np.asarray(leaf, dtype=np.float64)) for leaf in leaves(at)]
    every = np.concatenate([size.ravel() for size in own])
    common = float(np.median(every[every > 0])) if every.any() else 1.0
    return [
        np.where(size > 0, size, np.median(size[size > 0]) if size.any() else common)
        for size in own
    ]


def norm(values: Any) -> float:
    """Return the Euclidean norm, without overflow or underflow on the way."""
    values = np.asarray(values)
    largest = np.abs(values).max(initial=0)
    return largest * np.sqrt(((values / largest) ** 2).sum()) if largest > 0 else largest


# ----------------------------------------------------------- functions that do not overflow


def sigmoid(z: Any) -> Any:
    """Return 1/(1 + exp(−z))."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def softplus(z: Any) -> Any:
    """Return log(1 + exp(z))."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def log_sum_exp(scores: Any, axis: int = -1) -> Any:
    """Return the logarithm of the sum of exponentials along an axis."""
    largest = scores.max(axis=axis, keepdims=True)
    return (largest + np.log(np.exp(scores - largest).sum(axis=axis, keepdims=True))).squeeze(axis)


def softmax(scores: Any, axis: int = -1) -> Any:
    """Return exponentials along an axis, divided by their sum."""
    e = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
