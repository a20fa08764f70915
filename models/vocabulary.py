"""The words of a text, their numbers and counts, their subsampling, and the noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from models.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Noise", "Subsampling", "Vocabulary", "from_counts"]

Subsampling: TypeAlias = Literal["word2vec", "fasttext", "paper"]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The words that have vectors, the most frequent first; of equals, in the order of strings.

    Parameters
    ----------
    words : tuple of str
        Word i is row i of the matrices of vectors.
    counts : ndarray of int64, shape (|V|,)
        How often each occurs in the text.
    """

    words: tuple[str, ...]
    counts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def index(self) -> dict[str, int]:
        """The number of each word."""
        return {word: i for i, word in enumerate(self.words)}

    @cached_property
    def total(self) -> int:
        """The words of the text that are in the vocabulary, repeats counted."""
        return int(self.counts.sum())

    def keep_probabilities(
        self, sample: float, rule: Subsampling = "word2vec"
    ) -> NDArray[np.float64]:
        """Return the probability of keeping an occurrence, for each word.

        With f the word's share of the text, t = `sample`:

        - ``"word2vec"``: (√(f/t) + 1)·t/f, as word2vec.c and gensim compute it; t = 1e-3 there;
        - ``"fasttext"``: √(t/f) + t/f, as fastText computes it: the same function; t = 1e-4 there;
        - ``"paper"``: √(t/f), from Mikolov et al., *Distributed representations of words and
          phrases and their compositionality*, 2013, section 2.3; t = 1e-5 there.

        Parameters
        ----------
        sample : float
            t; 0 keeps every word.
        rule : {"word2vec", "fasttext", "paper"}
            Which formula.

        Returns
        -------
        ndarray of float64, shape (|V|,)
            Probabilities, at most 1.

        Raises
        ------
        ValueError
            If t is negative or not finite, or there is no such rule.
        """
        if not 0 <= sample < np.inf:
            raise ValueError(f"sample: expected a finite number >= 0, got {sample}")
        if sample == 0:
            return np.ones(len(self))
        ratio = sample / (self.counts / self.total)
        match rule:
            case "word2vec":
                keep = (np.sqrt(1 / ratio) + 1) * ratio
            case "fasttext":
                keep = np.sqrt(ratio) + ratio
            case "paper":
                keep = np.sqrt(ratio)
            case _:
                raise ValueError(f"rule: expected word2vec, fasttext or paper, got {rule!r}")
        probabilities: NDArray[np.float64] = np.minimum(keep, 1.0)
        return probabilities

    def noise(self, power: float = 0.75) -> Noise:
        """Return the distribution of negatives: P(w) proportional to count(w) to a power.

        Parameters
        ----------
        power : float
            0.75 in word2vec.c and gensim, 0.5 in fastText; 0 draws all words alike.

        Returns
        -------
        Noise

        Raises
        ------
        ValueError
            If the power is not finite.
        """
        if not np.isfinite(power):
            raise ValueError(f"power: expected a finite number, got {power}")
        # Divided by the count that becomes the largest weight, 1: none overflows.
        largest = self.counts.max() if power >= 0 else self.counts.min()
        return Noise((self.counts / largest) ** power)


class Noise:
    """A distribution over 0, …, n - 1; a draw costs the same for any n.

    Walker's alias method as Vose builds it (*A linear algorithm for generating random numbers
    with a given distribution*, 1991): each number has a column of height 1, filled by itself up
    to a threshold and by one other number, its alias, above.

    Parameters
    ----------
    weights : array_like of float, shape (n,)
        Proportional to the probabilities.

    Raises
    ------
    ValueError
        If there are no weights, one is negative or not finite, or all are 0.
    """

    def __init__(self, weights: Sequence[float] | NDArray[np.float64]) -> None:
        w = np.asarray(weights, dtype=np.float64)
        if w.ndim != 1 or not w.size or not np.isfinite(w).all() or w.min() < 0 or not w.any():
            raise ValueError(
                "weights: expected finite numbers >= 0, not all 0, in one dimension, "
                f"got an array of shape {w.shape}"
            )
        self.probabilities: NDArray[np.float64] = w / w.sum()
        self._thresholds, aliases = _alias_table(self.probabilities)
        # The way from a column to its alias, so that `draw` adds in place of choosing.
        self._steps = aliases - np.arange(len(aliases))

    def draw(self, rng: np.random.Generator, shape: int | tuple[int, ...]) -> NDArray[np.int32]:
        """Return independent draws.

        Parameters
        ----------
        rng : Generator
            Where the randomness comes from: one float64 for each draw.
        shape : int or tuple of int
            The shape of what is returned.

        Returns
        -------
        ndarray of int32
        """
        # One number gives both: its integer part the column, its fraction the height in it.
        heights = rng.random(shape)
        heights *= len(self._thresholds)
        columns = heights.astype(np.intp)
        heights -= columns
        # A product where np.where would do: half the time, as no branch is guessed wrong.
        columns += (heights >= self._thresholds[columns]) * self._steps[columns]
        return columns.astype(np.int32)


def _alias_table(
    probabilities: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the threshold and the alias of each column."""
    n = len(probabilities)
    heights = (probabilities * n).tolist()
    aliases = list(range(n))
    thresholds = [1.0] * n
    low = [i for i in range(n) if heights[i] < 1]
    high = [i for i in range(n) if heights[i] >= 1]
    while low and high:
        i, j = low.pop(), high.pop()
        thresholds[i], aliases[i] = heights[i], j
        heights[j] -= 1 - heights[i]
        (low if heights[j] < 1 else high).append(j)
    # What is left in either list is 1 but for rounding.
    return np.array(thresholds), np.array(aliases)


def from_counts(
    words: Sequence[str], counts: NDArray[np.int64], min_count: int, name: str = "the text"
) -> Vocabulary:
    """Return the vocabulary of words with known counts, in any order.

    Parameters
    ----------
    words : sequence of str
        Each once.
    counts : ndarray of int64
        How often each occurs.
    min_count : int
        Rarer words are left out.
    name : str
        What the messages call the text.

    Returns
    -------
    Vocabulary

    Raises
    ------
    InputError
        If there are no words, or fewer than two are frequent enough.
    """
    if not words:
        raise InputError(f"{name} is empty: it has no words")
    frequent = np.flatnonzero(counts >= min_count).tolist()
    if len(frequent) < 2:
        raise _too_few_words(words, counts, min_count, name)
    order = sorted(frequent, key=lambda i: (-counts[i], words[i]))
    return Vocabulary(tuple(words[i] for i in order), counts[order])


def _too_few_words(
    words: Sequence[str], counts: NDArray[np.int64], min_count: int, name: str
) -> InputError:
    most = int(counts.argmax())
    times = "once" if counts[most] == 1 else f"{counts[most]:,} times"
    if len(words) == 1:
        return InputError(
            f"{name} has one word only, {words[0]!r}: training needs at least two different words"
        )
    return InputError(
        f"{name} has fewer than two words that occur {min_count:,} times, the minimum count: "
        f"the most frequent of its {len(words):,} words, {words[most]!r}, "
        f"occurs {times}; lower the minimum count, or take a longer text"
    )
