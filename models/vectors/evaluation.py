"""The agreement of vectors with people: similarities of words, and analogies.

The rules are gensim's (``KeyedVectors.evaluate_word_pairs`` and ``evaluate_word_analogies``), so
that the numbers can be compared: only the first `restrict` words count; capitals and small letters
are alike, unless said otherwise, and of words that differ in them alone the first, the most
frequent, is taken; what has a word without a vector is left out, and counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.errors import InputError
from models.vectors.benchmarks import Analogies, Question, Similarities
from models.vectors.embeddings import Embeddings, scale_rows

__all__ = [
    "RESTRICT",
    "AnalogyScore",
    "SectionScore",
    "SimilarityScore",
    "average_ranks",
    "evaluate_analogies",
    "evaluate_similarities",
    "spearman",
]

RESTRICT = 300_000
"""Words that count, from the first: gensim's default; word2vec's own script takes 30,000."""

_BATCH = 128
"""Questions answered at once: rows of a matrix that has a column for each word."""


class SimilarityScore(NamedTuple):
    """The correlation of the cosines of pairs of words with people's ratings.

    Attributes
    ----------
    rho : float
        Spearman's ρ over the known pairs; NaN where it is undefined.
    known : int
        The pairs both of whose words have vectors.
    pairs : int
        All pairs.
    """

    rho: float
    known: int
    pairs: int


class SectionScore(NamedTuple):
    """The number of analogies of a section that come out right.

    Attributes
    ----------
    name : str
    correct : int
        Questions whose expected word is the likeliest.
    known : int
        Questions all of whose words have vectors.
    questions : int
        All questions.
    """

    name: str
    correct: int
    known: int
    questions: int

    @property
    def accuracy(self) -> float:
        """The fraction of the known questions that is correct; NaN where none is known."""
        return self.correct / self.known if self.known else math.nan


class AnalogyScore(NamedTuple):
    """The numbers of analogies that come out right, section by section.

    Attributes
    ----------
    sections : tuple of SectionScore
    """

    sections: tuple[SectionScore, ...]

    @property
    def total(self) -> SectionScore:
        """All sections together."""
        return SectionScore(
            "total",
            sum(section.correct for section in self.sections),
            sum(section.known for section in self.sections),
            sum(section.questions for section in self.sections),
        )


def evaluate_similarities(
    embeddings: Embeddings,
    test_set: Similarities,
    *,
    restrict: int = RESTRICT,
    match_case: bool = False,
) -> SimilarityScore:
    """Correlate the cosines of pairs of words with people's ratings.

    Parameters
    ----------
    embeddings : Embeddings
        The vectors.
    test_set : Similarities
        The rated pairs.
    restrict : int
        Only the first so many words count.
    match_case : bool
        Whether capitals and small letters differ.

    Returns
    -------
    SimilarityScore

    Raises
    ------
    InputError
        If `restrict` is below 1.
    """
    lookup = _Lookup(embeddings, restrict, match_case=match_case)
    known = [pair for pair in test_set.pairs if lookup.knows(pair.first, pair.second)]
    firsts = lookup.directions([pair.first for pair in known])
    seconds = lookup.directions([pair.second for pair in known])
    cosines = np.einsum("ij,ij->i", firsts, seconds)
    rho = spearman([pair.rating for pair in known], cosines)
    return SimilarityScore(rho, len(known), len(test_set.pairs))


def evaluate_analogies(
    embeddings: Embeddings,
    test_set: Analogies,
    *,
    restrict: int = RESTRICT,
    match_case: bool = False,
) -> AnalogyScore:
    """Count the analogies that come out right: the expected word is the likeliest by 3CosAdd.

    The three given words are never the answer, in capitals or not. A question that expects one
    of them is known, and wrong.

    Parameters
    ----------
    embeddings : Embeddings
        The vectors.
    test_set : Analogies
        The questions.
    restrict : int
        Only the first so many words count.
    match_case : bool
        Whether capitals and small letters differ.

    Returns
    -------
    AnalogyScore

    Raises
    ------
    InputError
        If `restrict` is below 1.
    """
    lookup = _Lookup(embeddings, restrict, match_case=match_case)
    return AnalogyScore(
        tuple(
            _score_section(name, questions, lookup) for name, questions in test_set.sections.items()
        )
    )


def _score_section(name: str, questions: Sequence[Question], lookup: _Lookup) -> SectionScore:
    known = [question for question in questions if lookup.knows(*question)]
    batches = (known[first : first + _BATCH] for first in range(0, len(known), _BATCH))
    correct = sum(_count_correct(batch, lookup) for batch in batches)
    return SectionScore(name, correct, len(known), len(questions))


def _count_correct(questions: Sequence[Question], lookup: _Lookup) -> int:
    from_a, from_b, from_c, _ = map(lookup.directions, zip(*questions, strict=True))
    similarities = scale_rows(from_b - from_a + from_c) @ lookup.embeddings.directions.T
    # As everybody has it: the three words of a question, in whatever capitals, are no answer.
    for row, question in enumerate(questions):
        similarities[row, lookup.rows(question.a, question.b, question.c)] = -np.inf
    likeliest = similarities.argmax(axis=1).tolist()
    return sum(
        # Where a vocabulary has no other words than the three, one of them comes out.
        answer in set(lookup.rows(expected)) - set(lookup.rows(a, b, c))
        for answer, (a, b, c, expected) in zip(likeliest, questions, strict=True)
    )


class _Lookup:
    """Finds words as a test set spells them among those that count."""

    def __init__(self, embeddings: Embeddings, restrict: int, *, match_case: bool) -> None:
        if restrict < 1:
            raise InputError(f"restrict: expected 1 word or more; got {restrict}")
        self.embeddings = embeddings.first(restrict)
        self._match_case = match_case
        self._rows: dict[str, list[int]] = {}
        for row, word in enumerate(self.embeddings.words):
            self._rows.setdefault(self._fold(word), []).append(row)

    def _fold(self, word: str) -> str:
        # Capitals, as in gensim: the small letters of more than one word can be the same.
        return word if self._match_case else word.upper()

    def knows(self, *words: str) -> bool:
        """Say whether all of the words have vectors."""
        return all(self._fold(word) in self._rows for word in words)

    def rows(self, *words: str) -> list[int]:
        """Return all rows of the words, in whatever capitals."""
        return [row for word in words for row in self._rows[self._fold(word)]]

    def directions(self, words: Sequence[str]) -> NDArray[np.float32]:
        """Return the direction of each word, as rows; the first of those that are alike."""
        rows = [self._rows[self._fold(word)][0] for word in words]
        # An empty list would be an index of floats.
        chosen: NDArray[np.float32] = self.embeddings.directions[np.array(rows, dtype=np.intp)]
        return chosen


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Return Spearman's ρ: Pearson's correlation of the ranks.

    Parameters
    ----------
    x, y : array_like of float, shape (n,)
        Equal values have the average of the ranks that they take up.

    Returns
    -------
    float
        NaN if n is below 2, or all of `x` or all of `y` are equal: ρ is undefined there.

    Notes
    -----
    C. Spearman, *The proof and measurement of association between two things*, 1904.
    """
    x_ranks, y_ranks = average_ranks(x), average_ranks(y)
    # Ranks have the mean (n + 1)/2, ties or not; twice a rank is whole, so nothing is rounded
    # before the square root.
    x_deviations = 2 * x_ranks - (len(x_ranks) + 1)
    y_deviations = 2 * y_ranks - (len(y_ranks) + 1)
    scale = math.sqrt((x_deviations @ x_deviations) * (y_deviations @ y_deviations))
    return float(x_deviations @ y_deviations) / scale if scale > 0 else math.nan


def average_ranks(values: ArrayLike) -> NDArray[np.float64]:
    """Return the ranks of values from 1 up, equal ones having the average of theirs.

    Parameters
    ----------
    values : array_like of float, shape (n,)

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    _, group, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    averages: NDArray[np.float64] = (2 * last - counts + 1) / 2
    ranks: NDArray[np.float64] = averages[group]
    return ranks
