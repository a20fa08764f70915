"""Word vectors, their nearest words, and analogies."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from functools import cached_property
from typing import BinaryIO, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.vectors import files

__all__ = ["Embeddings", "Neighbour", "UnknownWordError", "scale_rows"]

_Vectors = NDArray[np.float32]

_BLOCK = 8_192
"""Rows of a block, so that the copy in double precision stays small."""

_ROUNDING = 1e-6
"""The sum of three directions is no longer than this only where they cancel."""


class Neighbour(NamedTuple):
    """A word and its cosine similarity to the direction that was asked for.

    Attributes
    ----------
    word : str
    similarity : float
        From -1 to 1.
    """

    word: str
    similarity: float


class UnknownWordError(InputError):
    """A word that has no vector; the message names those of a close spelling."""


class Embeddings:
    """Words and their vectors.

    Parameters
    ----------
    words : sequence of str
        n distinct words; by custom, those that are more frequent come first.
    vectors : ndarray of float32, shape (n, d)
        The vector of each word, as a row; other floats are rounded to float32.

    Attributes
    ----------
    words : tuple of str
    vectors : ndarray of float32, shape (n, d)
    index : dict of str to int
        The row of each word.

    Raises
    ------
    InputError
        If the numbers of words and rows differ, a word appears twice, or a number is not finite.

    Examples
    --------
    >>> embeddings = Embeddings(["up", "down", "left"], [[0.0, 2.0], [0.1, -2.0], [-1.0, 0.1]])
    >>> [neighbour.word for neighbour in embeddings.nearest("up", 2)]
    ['left', 'down']
    """

    def __init__(self, words: Sequence[str], vectors: _Vectors | Sequence[Sequence[float]]) -> None:
        self.words = tuple(words)
        self.vectors: _Vectors = np.asarray(vectors, dtype=np.float32)
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.words):
            raise InputError(
                f"vectors: expected an array of shape ({len(self.words)}, d), a row for each "
                f"word; got {self.vectors.shape}"
            )
        self.index = {word: row for row, word in enumerate(self.words)}
        if len(self.index) < len(self.words):
            row, word = next(
                (row, word) for row, word in enumerate(self.words) if self.index[word] != row
            )
            raise InputError(
                f"words: expected distinct ones; {word!r} is in rows {row} and {self.index[word]}"
            )
        for first in range(0, len(self.vectors), _BLOCK):
            finite = np.isfinite(self.vectors[first : first + _BLOCK]).all(axis=1)
            if not finite.all():
                row = first + int(np.argmin(finite))
                raise InputError(
                    f"vectors: expected finite numbers; row {row}, {self.words[row]!r}, has others"
                )

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, binary: bool | None = None) -> Self:
        """Read a file in word2vec's text or binary format.

        Parameters
        ----------
        path : path-like
            The file, as written by `save`, word2vec.c, gensim or fastText (``.vec``).
        binary : bool, optional
            The format; by default it is told from the first row.

        Raises
        ------
        InputError
            If the file cannot be read or is not one of vectors; the message says where.
        """
        words, vectors = files.read(path, binary=binary)
        try:
            return cls(words, vectors)
        except InputError as error:
            raise InputError(f"{path}: {error}") from None

    def save(self, file: BinaryIO, *, binary: bool = False) -> None:
        """Write word2vec's text or binary format; both give back the same vectors.

        Parameters
        ----------
        file : binary file
            Open for writing.
        binary : bool
            The binary format, a third of the size.

        Raises
        ------
        InputError
            If a word has white space in it; nothing is written.
        """
        files.write(file, self.words, self.vectors, binary=binary)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.index

    def __getitem__(self, word: str) -> _Vectors:
        vector: _Vectors = self.vectors[self._row(word)]
        return vector

    def __repr__(self) -> str:
        return f"<Embeddings of {len(self):,} words, {self.size} numbers each>"

    @property
    def size(self) -> int:
        """d, the length of a vector."""
        return int(self.vectors.shape[1])

    @cached_property
    def directions(self) -> _Vectors:
        """The vectors scaled to length 1, shape (n, d); a vector of zeros stays as it is."""
        return scale_rows(self.vectors)

    def first(self, number: int) -> Embeddings:
        """Return the embeddings of the first words alone."""
        return Embeddings(self.words[:number], self.vectors[:number])

    def nearest(self, word: str, number: int = 10) -> list[Neighbour]:
        """Return the words whose vectors have the largest cosine with a word's.

        Parameters
        ----------
        word : str
            It is not among the answers.
        number : int
            How many to return, at most.

        Returns
        -------
        list of Neighbour
            The nearest first; of equally near ones, the one whose row comes first.

        Raises
        ------
        UnknownWordError
            If the word has no vector.
        InputError
            If its vector is zero, which has no direction, or `number` is below 1.
        """
        direction = self.direction(word)
        return self._nearest(direction, {self._row(word)}, number)

    def analogy(self, a: str, b: str, c: str, number: int = 10) -> list[Neighbour]:
        """Return the words that are to `c` as `b` is to `a`, the likeliest first.

        The measure is 3CosAdd: the cosine with b - a + c, the directions of the three (Mikolov,
        Yih and Zweig, *Linguistic regularities in continuous space word representations*, 2013).

        Parameters
        ----------
        a, b, c : str
            As in man, king, woman; they are not among the answers.
        number : int
            How many to return, at most.

        Returns
        -------
        list of Neighbour

        Raises
        ------
        UnknownWordError
            If a word has no vector.
        InputError
            If a vector is zero, or the three cancel, or `number` is below 1.
        """
        offset = self.direction(b) - self.direction(a) + self.direction(c)
        length = np.linalg.norm(offset)
        if not length > _ROUNDING:
            raise InputError(f"{b!r} - {a!r} + {c!r} is zero, which has no direction")
        return self._nearest(offset / length, {self._row(word) for word in (a, b, c)}, number)

    def _nearest(self, direction: _Vectors, excluded: set[int], number: int) -> list[Neighbour]:
        if number < 1:
            raise InputError(f"number: expected 1 or more; got {number}")
        similarities = self.directions @ direction
        # As many more as may have to be left out again.
        order = np.argsort(-similarities, kind="stable")[: number + len(excluded)]
        rows = [row for row in order.tolist() if row not in excluded]
        return [Neighbour(self.words[row], float(similarities[row])) for row in rows[:number]]

    def direction(self, word: str) -> _Vectors:
        """Return a word's vector scaled to length 1.

        Raises
        ------
        UnknownWordError
            If the word has no vector.
        InputError
            If its vector is zero, which has no direction.
        """
        direction: _Vectors = self.directions[self._row(word)]
        if not direction.any():
            raise InputError(f"the vector of {word!r} is zero, which has no direction")
        return direction

    def _row(self, word: str) -> int:
        try:
            return self.index[word]
        except KeyError:
            close = " or ".join(map(repr, _close_spellings(word, self.words)))
            few = ", ".join(map(repr, self.words[:3]))
            hint = f"; did you mean {close}?" if close else f"; words that have one: {few}, …"
            raise UnknownWordError(f"{word!r} has no vector{hint}") from None


def scale_rows(vectors: _Vectors) -> _Vectors:
    """Return the rows scaled to length 1; a row of zeros stays as it is.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, d)

    Returns
    -------
    ndarray of float32, shape (n, d)
    """
    scaled = np.empty_like(vectors)
    for first in range(0, len(vectors), _BLOCK):
        # The square of a float32 may be more than a float32 can hold; a double holds it.
        block = vectors[first : first + _BLOCK].astype(np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block))
        scaled[first : first + _BLOCK] = block / np.where(lengths > 0, lengths, 1.0)[:, None]
    return scaled


def _close_spellings(word: str, words: Sequence[str]) -> list[str]:
    """Return up to three words that are spelt like it, capitals and small letters alike."""
    folded = word.casefold()
    alike = [other for other in words if other.casefold() == folded]
    # The most frequent ones alone: difflib compares with each, one after the other.
    return alike[:3] or difflib.get_close_matches(word, words[:50_000], n=3)
