"""The predictions of the model about a pair, and the loss and gradient that follow.

All losses say the same of every vector that they look at: ∂J/∂score = predicted - observed.
Naive softmax looks at each word once, negative sampling at the observed word and at each draw,
hierarchical softmax at each inner node on the path to the observed word.
The formulas are those of the lecture; `gradcheck.word2vec.losses` has them as mathematics.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gradcheck.word2vec.lecture.arithmetic import (
    Matrix,
    Number,
    Vector,
    exponential,
    log_odds_against,
    product,
    scaled,
    sigmoid,
    softmax,
    softplus,
    total,
)

__all__ = [
    "Prediction",
    "by_scores",
    "gradient",
    "hierarchical_softmax_loss",
    "hierarchical_softmax_predictions",
    "negative_sampling_loss",
    "negative_sampling_predictions",
    "softmax_loss",
    "softmax_predictions",
]


@dataclass(frozen=True)
class Prediction:
    """One number that the model predicts, and its part in the loss.

    Attributes
    ----------
    word : int
        Whose outside vector it is about: a word, or an inner node, a row of U.
    score : Number
        u_w·v_c.
    exponential : Number
        exp(u_w·v_c) for naive softmax, else exp(-u_w·v_c).
    predicted : Number
        p(w|c), or σ(u_w·v_c).
    observed : int
        1 for the observed outside word, 0 for a word that is not, or for a negative; 1 for a node
        where the path goes left, 0 where it goes right.
    residual : Number
        predicted - observed, which is ∂J/∂score.
    loss : float or None
        Its term of J; None for a term that naive softmax does not have.
    """

    word: int
    score: Number
    exponential: Number
    predicted: Number
    observed: int
    residual: Number
    loss: float | None


def softmax_predictions(scores: Vector, target: int) -> tuple[Prediction, ...]:
    """Return the predictions of naive softmax: one p(w|c) for each word.

    Parameters
    ----------
    scores : tuple of Number
        u_w·v_c of each word w.
    target : int
        The index o of the observed word.
    """
    probabilities = softmax(scores)
    return tuple(
        Prediction(
            word=word,
            score=score,
            exponential=exponential(score),
            predicted=probability,
            observed=int(word == target),
            residual=_softmax_residual(probabilities, scores, target, word),
            loss=softmax_loss(scores, target) if word == target else None,
        )
        for word, (score, probability) in enumerate(zip(scores, probabilities, strict=True))
    )


def _softmax_residual(probabilities: Vector, scores: Vector, target: int, word: int) -> Number:
    # Where p is rounded and near to 1, p - 1 is rounding error; of an exact p it is exact.
    if word != target or not isinstance(probabilities[target], float):
        return probabilities[word] - int(word == target)
    return product(-1, sigmoid(log_odds_against(scores, target)))


def softmax_loss(scores: Vector, target: int) -> float:
    """Return J = -log p(o|c)."""
    return softplus(log_odds_against(scores, target))


def negative_sampling_predictions(
    scores: Vector, target: int, negatives: Sequence[int]
) -> tuple[Prediction, ...]:
    """Return the predictions of negative sampling: one σ for the target and for each draw.

    Parameters
    ----------
    scores : tuple of Number
        u_w·v_c of each word w.
    target : int
        The index o of the observed word.
    negatives : sequence of int
        n_1, …, n_K, repeats allowed, the target allowed.
    """
    return _sigmoid_predictions(scores, [(target, 1), *((word, 0) for word in negatives)])


def negative_sampling_loss(scores: Vector, target: int, negatives: Sequence[int]) -> float:
    """Return J = -log σ(u_o·v_c) - Σ_k log σ(-u_{n_k}·v_c)."""
    terms = [_sigmoid_loss(scores[word], 0) for word in negatives]
    return math.fsum([_sigmoid_loss(scores[target], 1), *terms])


def hierarchical_softmax_predictions(
    scores: Vector, nodes: Sequence[int], signs: Sequence[int]
) -> tuple[Prediction, ...]:
    """Return the predictions of hierarchical softmax: one σ for each node of a path.

    Parameters
    ----------
    scores : tuple of Number
        u_n·v_c of each inner node n.
    nodes, signs : sequence of int
        The path to the observed word; see `gradcheck.word2vec.paths.Path`.
    """
    return _sigmoid_predictions(scores, _turns(nodes, signs))


def hierarchical_softmax_loss(scores: Vector, nodes: Sequence[int], signs: Sequence[int]) -> float:
    """Return J = -Σ_l log σ(s_l u_{n_l}·v_c)."""
    return math.fsum(_sigmoid_loss(scores[node], y) for node, y in _turns(nodes, signs))


def _turns(nodes: Sequence[int], signs: Sequence[int]) -> list[tuple[int, int]]:
    """Return each node of a path with 1 where it goes left, and 0 where it goes right."""
    return [(node, int(sign > 0)) for node, sign in zip(nodes, signs, strict=True)]


def _sigmoid_predictions(
    scores: Vector, observed: Sequence[tuple[int, int]]
) -> tuple[Prediction, ...]:
    return tuple(
        Prediction(
            word=row,
            score=scores[row],
            exponential=exponential(-scores[row]),
            predicted=sigmoid(scores[row]),
            observed=y,
            # Not σ - 1, which is rounding error where σ is near to 1.
            residual=-sigmoid(-scores[row]) if y else sigmoid(scores[row]),
            loss=_sigmoid_loss(scores[row], y),
        )
        for row, y in observed
    )


def _sigmoid_loss(score: Number, observed: int) -> float:
    return softplus(-score if observed else score)


def by_scores(predictions: Sequence[Prediction], words: int) -> Vector:
    """Return ∂J/∂(u_w·v_c) of each of so many words w."""
    return tuple(
        total(each.residual for each in predictions if each.word == word) for word in range(words)
    )


def gradient(
    predictions: Sequence[Prediction], center: Vector, outside: Matrix
) -> tuple[Vector, Matrix]:
    """Return ∂J/∂v_c and ∂J/∂U (a row for each word) from ∂J/∂score of each prediction."""
    grad_center = tuple(
        total(product(each.residual, outside[each.word][k]) for each in predictions)
        for k in range(len(center))
    )
    weights = by_scores(predictions, len(outside))
    return grad_center, tuple(scaled(weight, center) for weight in weights)
