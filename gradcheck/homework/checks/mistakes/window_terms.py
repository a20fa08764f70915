"""The terms of skip-gram and CBOW: one for each pair of vector and word that is predicted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradcheck.homework.checks.mistakes.mistake import Terms
from gradcheck.stable_functions import scatter_add
from gradcheck.word2vec import oracle
from gradcheck.word2vec.cases import Case

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.courses import Role
    from gradcheck.word2vec.cases import WindowCase
    from gradcheck.word2vec.oracle import Answer

__all__ = ["Prediction", "WindowTerms", "window_terms"]


class Prediction(NamedTuple):
    """A vector predicts a word.

    Attributes
    ----------
    vector : ndarray
        The vector.
    target : int
        The word.
    rows : tuple of int
        The rows of the center vectors that its gradient goes to.
    weight : float
        How often the loss counts.
    row_weight : float
        How often its gradient counts in those rows.
    outside : ndarray or None
        The outside vectors, where they are not the case's.
    """

    vector: Any
    target: int
    rows: tuple[int, ...]
    weight: float = 1.0
    row_weight: float = 1.0
    outside: Any = None


@dataclass(frozen=True, eq=False)
class WindowTerms(Terms):
    """The sum over the predictions of a window."""

    case: Any = None
    role: Any = None
    predictions: tuple[Prediction, ...] = ()

    def summed(self, name: str) -> Any:
        """Return the loss or a gradient."""
        case: WindowCase = self.case
        total: Any = 0.0 if name == "loss" else np.zeros(case.center_vectors.shape)
        for one, answer in zip(self.predictions, self._answers(), strict=True):
            value = one.weight * getattr(answer, name)
            if name == "center":
                count = len(case.center_vectors)
                value = one.row_weight * scatter_add(
                    list(one.rows), np.tile(value, (len(one.rows), 1)), count
                )
            total = total + value
        return total

    def _answers(self) -> list[Answer]:
        outside = self.case.outside_vectors
        return [
            oracle.naive_softmax(
                Case(one.vector, outside if one.outside is None else one.outside, one.target)
            )
            for one in self.predictions
        ]

    def predicting(self, *predictions: Prediction) -> WindowTerms:
        """Return the terms of other predictions."""
        return replace(self, predictions=predictions)

    def each(self, **changes: Any) -> WindowTerms:
        """Return the terms with the same change to each prediction."""
        return self.predicting(*(one._replace(**changes) for one in self.predictions))

    def parameter(self, name: str) -> NDArray[Any]:
        """Return the array that a part is the derivative by; of the loss, half its square."""
        center, outside = self.case.center_vectors, self.case.outside_vectors
        if name == "loss":
            return np.asarray((np.sum(center**2) + np.sum(outside**2)) / 2)
        return np.asarray(center if name == "center" else outside)


def window_terms(role: Role, case: WindowCase) -> WindowTerms:
    """Return the terms of a window."""
    if role == "cbow":
        vector = case.center_vectors[list(case.context)].sum(axis=0)
        return WindowTerms((), case, role, (Prediction(vector, case.center, case.context),))
    vector = case.center_vectors[case.center]
    predictions = tuple(Prediction(vector, word, (case.center,)) for word in case.context)
    return WindowTerms((), case, role, predictions)
