"""Who follows a person's own loss from pair to pair: a descent, a sum; and doubles for a pair."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from gradcheck.homework.calling.doubles import ScriptedSampler
from gradcheck.homework.calling.scripted_dataset import ScriptedDataset
from gradcheck.homework.courses import Course
from models.pairs import Batch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

__all__ = ["Dataset", "Descent", "Follower", "Pair", "Sampler", "Total", "pairs_of"]

Pair: TypeAlias = tuple[int, int, tuple[int, ...]]
"""The words of a pair: the center, the target and its negatives."""

# Numbers that are subtracted faster than it is found out which of them are 0.
_SMALL = 20_000

# To read a large gradient may take as long as to compute it, where most of it is memory that nobody
# has written to: that all but a few rows are 0 is seen of the first pair of a batch, and of one in
# so many.
_LOOKED_AT = 16


class Follower(Protocol):
    """Whoever does something with the losses and gradients of pairs."""

    outside: Floats

    def center(self, pair: Pair) -> Floats:
        """Return the center vector of a pair."""

    def take(self, pair: Pair, loss: float, by_center: Floats, by_outside: Floats) -> None:
        """Take loss and gradients of a pair."""


class Descent:
    """Moves the vectors after each pair, in double precision.

    Parameters
    ----------
    V, outside : ndarray of float64, shape (|V|, d)
        What moves.
    rate : float
        The learning rate.
    product : ndarray of float64, shape (|V|, d)
        Room for the steps, as fresh memory costs more.
    """

    def __init__(self, V: Floats, outside: Floats, rate: float, product: Floats) -> None:
        self.loss = 0.0
        self.outside = outside
        self._V = V
        self._rate = rate
        self._product = product
        self._is_sparse = outside.size > _SMALL
        self._pairs = 0

    def center(self, pair: Pair) -> Floats:
        """Return the center vector of a pair, a copy: the function may keep it, or write to it."""
        vector: Floats = self._V[pair[0]].copy()
        return vector

    def take(self, pair: Pair, loss: float, by_center: Floats, by_outside: Floats) -> None:
        """Take a step."""
        center, target, negatives = pair
        self.loss += loss
        row = self._V[center]
        row -= self._rate * by_center
        if self._is_sparse and self._is_sparse_of(target, negatives, by_outside):
            rows = [*{target, *negatives}]
            self.outside[rows] -= self._rate * by_outside[rows]
            return
        # By position: names of arguments take a part of what a small one takes.
        np.multiply(by_outside, self._rate, self._product)
        np.subtract(self.outside, self._product, self.outside)

    def _is_sparse_of(self, target: int, negatives: tuple[int, ...], by_outside: Floats) -> bool:
        """Say whether most of a gradient is 0, as in negative sampling; it is seldom looked at."""
        self._pairs += 1
        if self._pairs % _LOOKED_AT != 1:
            return True
        self._is_sparse = is_zero_elsewhere(by_outside, sorted({target, *negatives}))
        return self._is_sparse


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

    def __init__(self, course: Course, *arguments: Any) -> None:
        super().__init__(course, *arguments)
        names = list(self._signature.parameters)
        self._ends_with_count = len(names) if names[-1] == course.count else None

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Return K words of the script."""
        # To bind a signature takes longer than many a loss: what most do is done without.
        is_usual = not keywords and len(arguments) == self._ends_with_count
        if not is_usual or type(self._example) is not list:
            return super().__call__(*arguments, **keywords)
        samples = list(islice(self._next, arguments[-1]))
        self.returned.append(tuple(samples))
        return samples

    def restart(self, negatives: tuple[int, ...]) -> None:
        """Hand out the negatives of another pair."""
        self.returned.clear()
        self._next = cycle(negatives)


def pairs_of(batch: Batch) -> Iterator[Pair]:
    """Yield the words of each pair of a batch."""
    drawn = batch.negatives.tolist()
    if batch.negatives.size and batch.negatives.min() < 0:
        drawn = [[word for word in of_pair if word >= 0] for of_pair in drawn]
    return zip(batch.inputs[:, 0].tolist(), batch.targets.tolist(), map(tuple, drawn), strict=True)
