"""The problem that checkers are compared on: naive softmax of one (center, outside) pair."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.losses import naive_softmax

__all__ = ["Gradient", "Pair", "draw_pair"]

Gradient = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass
class Pair:
    """One pair, whose loss counts how often it is evaluated.

    Attributes
    ----------
    center : (d,) array
        v_c.
    outside : (|V|, d) array
        The outside vectors as rows.
    target
        The index of the observed outside word.
    evaluations
        Of the loss, so far.
    """

    center: NDArray[np.float64]
    outside: NDArray[np.float64]
    target: int
    evaluations: int = 0

    @property
    def size(self) -> int:
        """The number of parameters."""
        return self.center.size + self.outside.size

    @property
    def vector(self) -> NDArray[np.float64]:
        """All parameters, (n,), the center vector first: a copy."""
        return np.concatenate([self.center, self.outside.ravel()])

    def loss(self, center: NDArray[np.float64], outside: NDArray[np.float64]) -> float:
        """Return the loss, without its gradient: what a finite difference needs."""
        self.evaluations += 1
        scores = outside @ center
        largest = scores.max()
        return float(largest + math.log(np.exp(scores - largest).sum()) - scores[self.target])

    def loss_of(self, vector: NDArray[np.float64]) -> float:
        """Return the loss as a function of one flat vector, (n,)."""
        center, outside = np.split(vector, [self.center.size])
        return self.loss(center, outside.reshape(self.outside.shape))

    def gradient(self) -> Gradient:
        """Return the right gradient, hand-coded."""
        _, grad_center, grad_outside = naive_softmax(self.center, self.outside, self.target)
        return grad_center, grad_outside


def draw_pair(rng: np.random.Generator, words: int, dimensions: int, spread: float) -> Pair:
    """Draw normally distributed vectors whose scores have a standard deviation of `spread`.

    At entries of standard deviation 1 and d = 50 the scores would spread by 7, and most rows
    of the gradient would be 1e-6 of the largest, or less; trained vectors are not like that.
    """
    scale = math.sqrt(spread / math.sqrt(dimensions))
    return Pair(
        scale * rng.standard_normal(dimensions),
        scale * rng.standard_normal((words, dimensions)),
        int(rng.integers(words)),
    )
