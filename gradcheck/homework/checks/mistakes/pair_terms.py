"""The terms of naive softmax and of negative sampling: one for each word that takes part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.checks.mistakes.mistake import Terms
from gradcheck.stable_functions import logsumexp, scatter_add, sigmoid, softmax, softplus

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from gradcheck.word2vec.cases import Case

    ResidualMap = Callable[[Any, NDArray[np.float64]], NDArray[np.float64]]

__all__ = ["PairTerms", "sampling_terms", "softmax_terms"]


@dataclass(frozen=True, eq=False)
class PairTerms(Terms):
    """One term for each word that takes part: all of them, or the target and its negatives.

    The loss is Σ weight · loss. With residual = weight · (prediction - label), the center gradient
    is Σ residual · vector, and Σ residual · center is the row of the outside gradient.

    Attributes
    ----------
    case : Case
        The input, with the negatives that were drawn.
    words : ndarray of int, shape (n,)
        The row of the outside gradient that each term goes to.
    is_target : ndarray of bool, shape (n,)
        Whether a term is the target's.
    labels, predictions, losses, weights, scores : ndarray, shape (n,)
        See above; a score is u_w·v_c.
    vectors, centers : ndarray, shape (n, d)
        The vectors that the residuals are multiplied by.
    adds : bool
        Whether terms of the same word are added up; the last one stays otherwise.
    residual_maps : tuple of callable
        Changes to the residuals.
    batches : tuple of tuple of int
        The negatives of each time that some were drawn.
    """

    case: Any = None
    words: Any = None
    is_target: Any = None
    labels: Any = None
    predictions: Any = None
    losses: Any = None
    weights: Any = None
    scores: Any = None
    vectors: Any = None
    centers: Any = None
    adds: bool = True
    residual_maps: tuple[ResidualMap, ...] = ()
    batches: tuple[tuple[int, ...], ...] = ()

    @property
    def residuals(self) -> NDArray[np.float64]:
        """The derivative of each term by its score."""
        residuals = self.weights * (self.predictions - self.labels)
        for change in self.residual_maps:
            residuals = change(self, residuals)
        return np.asarray(residuals)

    def summed(self, name: str) -> Any:
        """Return the loss or a gradient."""
        if name == "loss":
            counted = self.weights != 0.0  # a loss may be infinite
            return np.sum(self.weights[counted] * self.losses[counted])
        if name == "center":
            return self.residuals @ self.vectors
        terms = self.residuals[:, None] * self.centers
        if self.adds:
            return scatter_add(self.words, terms, len(self.case.outside))
        gradient = np.zeros_like(self.case.outside)
        gradient[self.words] = terms
        return gradient

    def parameter(self, name: str) -> NDArray[Any]:
        """Return the array that a part is the derivative by; of the loss, half its square."""
        if name == "loss":
            return np.asarray((np.sum(self.case.center**2) + np.sum(self.case.outside**2)) / 2)
        return np.asarray(self.case.center if name == "center" else self.case.outside)

    def taking(self, kept: Any) -> PairTerms:
        """Return some of the terms, by their positions."""
        names = (
            *("words", "is_target", "labels", "predictions", "losses", "weights", "scores"),
            *("vectors", "centers"),
        )
        chosen = {name: getattr(self, name)[kept] for name in names}
        return replace(self, **chosen)

    def on_target(self, **values: Any) -> PairTerms:
        """Return the terms with other values in the target's."""
        return replace(
            self,
            **{
                name: np.where(self.is_target, value, getattr(self, name))
                for name, value in values.items()
            },
        )

    def on_others(self, **values: Any) -> PairTerms:
        """Return the terms with other values in all but the target's."""
        return replace(
            self,
            **{
                name: np.where(self.is_target, getattr(self, name), value)
                for name, value in values.items()
            },
        )

    def mapped(self, change: ResidualMap) -> PairTerms:
        """Return the terms with one more change to the residuals."""
        return replace(self, residual_maps=(*self.residual_maps, change))


def softmax_terms(case: Case) -> PairTerms:
    """Return the terms of naive softmax: one for each word of the vocabulary."""
    words = np.arange(len(case.outside))
    scores = case.outside @ case.center
    labels = (words == case.target).astype(np.float64)
    return PairTerms(
        case=case,
        words=words,
        is_target=labels == 1.0,
        labels=labels,
        predictions=softmax(scores),
        losses=np.where(labels == 1.0, logsumexp(scores) - scores, 0.0),
        weights=np.ones(len(words)),
        scores=scores,
        vectors=case.outside,
        centers=np.tile(case.center, (len(words), 1)),
    )


def sampling_terms(case: Case, batches: tuple[tuple[int, ...], ...] = ()) -> PairTerms:
    """Return the terms of negative sampling: the target's, then one for each negative."""
    words = np.array([case.target, *case.negatives], dtype=np.intp)
    vectors = case.outside[words]
    scores = vectors @ case.center
    signs = np.where(np.arange(len(words)) == 0, 1.0, -1.0)
    return PairTerms(
        case=case,
        words=words,
        is_target=signs > 0,
        labels=(signs > 0).astype(np.float64),
        predictions=sigmoid(scores),
        losses=softplus(-signs * scores),
        weights=np.ones(len(words)),
        scores=scores,
        vectors=vectors,
        centers=np.tile(case.center, (len(words), 1)),
        batches=batches,
    )
