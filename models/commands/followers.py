"""Who follows a person's own loss from pair to pair: a descent, a sum; and doubles for a pair."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from gradcheck.homework.calling.doubles import ScriptedSampler
from gradcheck.homework.calling.scripted_dataset import ScriptedDataset
from models.pairs import Batch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

__all__ = ["Dataset", "Descent", "Follower", "Pair", "Sampler", "Total", "pairs_of"]

Pair: TypeAlias = tuple[int, int, tuple[int, ...]]
"""The words of a pair: the center, the target and its negatives."""

# Numbers that are subtracted faster than it is found out which of them are 0.
_SMALL = 20_000


class Follower(Protocol):
    """Whoever does something with the losses and gradients of pairs."""

    outside: Floats

    def center(self, pair: Pair) -> Floats:
        """Return the center vector of a pair."""

    def take(self, pair: Pair, loss: float, by_center: Floats, by_outside: Floats) -> None:
        """Take loss and gradients of a pair."""


class Descent:
    """Moves the vectors after each pair: V in its own precision, U in double to the batch's end."""

    def __init__(self, V: Floats, outside: Floats, rate: float, product: Floats) -> None:
        self.loss = 0.0
        self.outside = outside
        self._V = V
        self._rate = rate
        self._product = product
        self._is_sparse = outside.size > _SMALL

    def center(self, pair: Pair) -> Floats:
        """Return the center vector of a pair."""
        vector: Floats = self._V[pair[0]].astype(np.float64)
        return vector

    def take(self, pair: Pair, loss: float, by_center: Floats, by_outside: Floats) -> None:
        """Take a step."""
        center, target, negatives = pair
        self.loss += loss
        self._V[center] -= self._rate * by_center
        if self._is_sparse:
            # Most of negative sampling's gradient is 0: to look at it takes less than to subtract.
            rows = sorted({target, *negatives})
            self._is_sparse = is_zero_elsewhere(by_outside, rows)
            if self._is_sparse:
                self.outside[rows] -= self._rate * by_outside[rows]
                return
        np.multiply(by_outside, self._rate, out=self._product)
        np.subtract(self.outside, self._product, out=self.outside)


def is_zero_elsewhere(matrix: Floats, rows: list[int]) -> bool:
    """Say whether all entries are 0 but for those of some rows, in ascending order."""
    if matrix.dtype != np.float64:
        return False
    # Bits are or-ed ten times as fast as floats are compared. A zero with a sign has one.
    bits = matrix.view(np.int64)
    start = 0
    for row in [*rows, len(bits)]:
        if np.bitwise_or.reduce(bits[start:row], axis=None):
            return False
        start = row + 1
    return True


class Total:
    """Adds up losses and gradients."""

    def __init__(self, V: Floats, outside: Floats) -> None:
        self.loss = 0.0
        self.outside = outside
        self._V = V
        self.by_center, self.by_outside = np.zeros_like(V), np.zeros_like(outside)

    def center(self, pair: Pair) -> Floats:
        """Return the center vector of a pair."""
        vector: Floats = self._V[pair[0]].astype(np.float64)
        return vector

    def take(self, pair: Pair, loss: float, by_center: Floats, by_outside: Floats) -> None:
        """Add."""
        self.loss += loss
        self.by_center[pair[0]] += by_center
        self.by_outside += by_outside


class Dataset(ScriptedDataset):
    """One dataset for many pairs."""

    def restart(self, negatives: tuple[int, ...]) -> None:
        """Hand out the negatives of another pair."""
        self.drawn.clear()
        self._next = cycle(negatives or range(self._words))


class Sampler(ScriptedSampler):
    """One sampler for many pairs."""

    def restart(self, negatives: tuple[int, ...]) -> None:
        """Hand out the negatives of another pair."""
        self.returned.clear()
        self._next = cycle(negatives)


def pairs_of(batch: Batch) -> Iterator[Pair]:
    """Yield the words of each pair of a batch."""
    for (center,), target, drawn in zip(*(part.tolist() for part in batch), strict=True):
        yield center, target, tuple(word for word in drawn if word >= 0)
