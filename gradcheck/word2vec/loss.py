"""What a loss of word2vec is, besides its mathematics: the columns of the table of losses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gradcheck.document.spans import Phrase
from gradcheck.word2vec.cases import Case

__all__ = ["Loss", "Telling"]


@dataclass(frozen=True)
class Telling:
    """How a walkthrough tells one update by a loss.

    Attributes
    ----------
    predict
        From the scores of all rows of U and what is asked (see `Loss.numpy`) to the
        `gradcheck.word2vec.lecture.predictions.Prediction` objects of the loss.
    value
        From the same to the loss alone, however large the scores.
    forward
        From the update to the blocks that tell what is predicted, and what follows for v_c.
    outside
        The formula of ∂J/∂u_w.
    prediction, predicted
        What is predicted of a row of U, and from all scores to that of each.
    moves_all_rows
        Whether a step may move every row of U, or only those that have a prediction.
    """

    predict: Callable[..., Any]
    value: Callable[..., float]
    forward: Callable[[Any], Any]
    outside: Phrase
    prediction: Phrase
    predicted: Callable[..., Any]
    moves_all_rows: bool


@dataclass(frozen=True)
class Loss:
    """A row of the table of losses, `gradcheck.word2vec.loss_table.LOSSES`.

    Attributes
    ----------
    name
        As one asks for it.
    has_negatives
        Whether negatives are drawn.
    formula
        Returns J, a SymPy expression.
    derivation
        The name of its derivation, in `gradcheck.word2vec.derivations`.
    numpy
        From v, U and what is asked to J, ∂J/∂v and ∂J/∂U. Asked is (o, array of negatives), or of
        a loss with a tree (array of nodes, array of signs), the path to o.
    evaluate
        From a case to the oracle's `Answer`.
    telling
        How a walkthrough tells it.
    has_tree
        Whether the words are leaves of a tree, and the rows of U belong to its |V| - 1 inner nodes.
    case
        The class of its cases, made of v, U and what is asked.
    """

    name: str
    has_negatives: bool
    formula: Callable[[], Any]
    derivation: str
    numpy: Callable[..., tuple[Any, Any, Any]]
    evaluate: Callable[[Any], Any]
    telling: Telling
    has_tree: bool = False
    case: Callable[..., Any] = Case

    @property
    def title(self) -> str:
        """The name in words."""
        return self.name.replace("-", " ")
