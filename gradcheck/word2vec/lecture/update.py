"""One update, as plain data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from gradcheck.probing.claims import Verdict
from gradcheck.word2vec.lecture.arithmetic import Matrix, Vector, total
from gradcheck.word2vec.lecture.predictions import Prediction
from gradcheck.word2vec.paths import Path

__all__ = ["Confirmation", "Update"]


class Confirmation(NamedTuple):
    """The finite differences that the computed gradient is compared with.

    Attributes
    ----------
    word : int
        Whose vector the one entry belongs to that is shown.
    of_center : bool
        Whether it is an entry of v_c or of the word's row of U.
    component : int
        Which entry of the vector, from 1.
    claimed : float
        The gradient's entry.
    numerical, error : float
        The numerical derivative and the bound on its error.
    verdict : {"agrees", "disagrees", "undecided"}
        Of `gradcheck.check` on all entries of v_c and U.
    reason : str
        Why, in a sentence or two.
    entries : int
        How many entries they are.
    """

    word: int
    of_center: bool
    component: int
    claimed: float
    numerical: float
    error: float
    verdict: Verdict
    reason: str
    entries: int


@dataclass(frozen=True, repr=False)
class Update:
    """One update of skip-gram on one (center, outside) pair: every number on the way.

    A `Number` is an exact `Fraction` where there is one, a float otherwise. The rows of U and V
    are the lecture's columns.

    Attributes
    ----------
    words : tuple of str
        The vocabulary, in order of first appearance.
    positions : tuple of int
        The sentence, as indices of words.
    pairs : tuple of (int, int)
        Its (center, outside) pairs.
    pair_number : int
        Which of them is the one of this step, from 0.
    window : int
        How many words a window reaches to either side.
    loss : str
        The name of the loss.
    center, target : int
        The indices c and o.
    negatives : tuple of int
        The indices n_1, …, n_K; empty where none are drawn.
    rate : Fraction
        The learning rate η.
    U, V, U_after, V_after : tuple of |V| rows of d Numbers
        The vectors before and after the step; with a tree, U has a row for each inner node.
    predictions : tuple of Prediction
        For each word (naive softmax), for the target and each negative, or for each node of the
        path to the target (hierarchical softmax).
    grad_center : tuple of d Numbers
        ∂J/∂v_c.
    grad_outside : tuple of rows of d Numbers
        ∂J/∂U.
    scores, scores_after : tuple of Numbers
        u_w·v_c of each row of U before and after.
    loss_after : float
        J after the step.
    confirmation : Confirmation
        What finite differences say.
    paths : tuple of Path
        The path to each word; empty for a loss without a tree.
    """

    words: tuple[str, ...]
    positions: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    pair_number: int
    window: int
    loss: str
    center: int
    target: int
    negatives: tuple[int, ...]
    rate: Fraction
    U: Matrix
    V: Matrix
    predictions: tuple[Prediction, ...]
    grad_center: Vector
    grad_outside: Matrix
    U_after: Matrix
    V_after: Matrix
    scores: Vector
    scores_after: Vector
    loss_after: float
    confirmation: Confirmation
    paths: tuple[Path, ...] = ()

    @property
    def rows(self) -> tuple[str, ...]:
        """The names of the rows of U: the words, or the numbers of a tree's inner nodes."""
        return tuple(str(node) for node in range(1, len(self.words))) if self.paths else self.words

    def asked(self, target: int, negatives: Sequence[int]) -> tuple[Any, Any]:
        """Return what a loss asks of a pair: target and negatives, or the path to the target."""
        return self.paths[target] if self.paths else (target, negatives)

    @property
    def loss_before(self) -> float:
        """J before the step."""
        return math.fsum(each.loss for each in self.predictions if each.loss is not None)

    @property
    def changes(self) -> Vector:
        """The growth of each u_w·v_c: above 0 pulled together, below 0 pushed apart."""
        return tuple(
            total((new, -old)) for new, old in zip(self.scores_after, self.scores, strict=True)
        )

    @property
    def moved_outside(self) -> tuple[int, ...]:
        """The words with a row of U that changes."""
        return tuple(word for word, row in enumerate(self.grad_outside) if any(row))

    @property
    def moved_center(self) -> bool:
        """Whether row c of V, the only one that can, changes."""
        return any(self.grad_center)
