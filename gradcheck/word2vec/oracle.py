"""The trusted loss and gradient of a case: the symbolic gradient, evaluated by NumPy.

The formulas in `gradcheck.word2vec.formulas` were derived and printed by SymPy from
`gradcheck.word2vec.losses`; nothing here differentiates by hand, and SymPy is not imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gradcheck.stable_functions import logsumexp, scatter_add, sigmoid, softmax
from gradcheck.word2vec import formulas
from gradcheck.word2vec.cases import Case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gradcheck.word2vec.cases import WindowCase
    from gradcheck.word2vec.loss import Loss
    from gradcheck.word2vec.paths import PathCase

__all__ = [
    "Answer",
    "cbow",
    "hierarchical_softmax",
    "naive_softmax",
    "negative_sampling",
    "sigmoid",
    "skipgram",
]

# Below the smallest normal number, float64 has no relative precision to speak of: this much is
# added to each scale, so that one unit of rounding is never less than that number.
_FLOOR = np.finfo(np.float64).tiny / np.finfo(np.float64).eps
# log(1 - σ(x)) written that way rounds like exp(x): a fair judge grants it where x <= 15.
_PLAIN_SCORE = 15.0


@dataclass(frozen=True, eq=False)
class Answer:
    """A loss, its gradient, and the scale on which each of their entries rounds.

    Attributes
    ----------
    loss : float
        The loss.
    center : ndarray of float64
        Its gradient with respect to the center vector, (d,), or all of them, (|V|, d).
    outside : ndarray of float64, shape (|V|, d)
        Its gradient with respect to the outside vectors.
    loss_scale : float
        The scale of the loss; see Notes.
    center_scale, outside_scale : ndarray of float64
        The scale of each entry of the two gradients, of the same shapes.

    Notes
    -----
    A float64 implementation agrees with the answer where
    ``abs(got - expected) <= c * eps * scale``, eps being 2**-52. The scale of an entry is the
    sum of the absolute values of the terms that it is made of, σ and σ - 1 counting as 1, each
    times 1 + Σ_j |u_wj v_j|: a score is rounded to a few ulps of its own terms, and the
    exponential turns that absolute error into a relative one. (In naive softmax every term
    depends on every score, and the largest such sum counts.) Entries that cancel thus keep the
    scale of what cancelled. In the loss of negative sampling, a negative of positive score x
    also counts exp(min(x, 15)), which is how log(1 - σ(x)) rounds when it is written that way;
    so does a node of hierarchical softmax at which the path goes right.

    Where no score exceeds 15, plain implementations (exp over its sum, log of that, loops,
    einsum, 1 - σ(x)) need c = 7 at most in 10,000 drawn cases of each loss; so do stable ones,
    however large the scores. c = 64 leaves room for orders of summation not thought of, and sees
    a relative error of 1e-12. The formulas themselves are within 3 units of the exact values.
    """

    loss: float
    center: NDArray[np.float64]
    outside: NDArray[np.float64]
    loss_scale: float
    center_scale: NDArray[np.float64]
    outside_scale: NDArray[np.float64]


def naive_softmax(case: Case) -> Answer:
    """Return the naive-softmax loss of a case and its gradient.

    J = -u_o·v_c + log Σ_w exp(u_w·v_c); see `gradcheck.word2vec.losses`.
    """
    center, outside, target = case.center, case.outside, case.target
    loss, center_gradient, outside_gradient = formulas.naive_softmax(center, outside, target)
    scores = outside @ center
    probabilities = softmax(scores)
    rounding = 1.0 + float((np.abs(outside) @ np.abs(center)).max())
    center_scale = np.abs(outside[target]) + probabilities @ np.abs(outside)
    outside_scale = np.outer(probabilities, np.abs(center))
    outside_scale[target] += np.abs(center)
    return Answer(
        loss=float(loss),
        center=center_gradient,
        outside=outside_gradient,
        loss_scale=float(abs(scores[target]) + abs(logsumexp(scores)) + rounding),
        center_scale=_FLOOR + rounding * center_scale,
        outside_scale=_FLOOR + rounding * outside_scale,
    )


def negative_sampling(case: Case) -> Answer:
    """Return the negative-sampling loss of a case and its gradient.

    J = -log σ(u_o·v_c) - Σ_k log σ(-u_{n_k}·v_c), the sum over the case's negatives, each as
    often as it was drawn; see `gradcheck.word2vec.losses`.
    """
    center, outside, target, negatives = case.center, case.outside, case.target, case.negatives
    drawn = np.array(negatives, dtype=np.intp)
    loss, center_gradient, outside_gradient = formulas.negative_sampling(
        center, outside, target, drawn
    )
    words = np.array([target, *negatives], dtype=np.intp)
    # The drawn words are the ones that the scores should say no to.
    return _of_decisions(case, words, drawn, (loss, center_gradient, outside_gradient))


def hierarchical_softmax(case: PathCase) -> Answer:
    """Return the loss of hierarchical softmax of a case and its gradient.

    J = -Σ_l log σ(s_l u_{n_l}·v_c) over the nodes of the path; see `gradcheck.word2vec.losses`.
    """
    center, outside = case.center, case.outside
    nodes, signs = np.array(case.nodes, dtype=np.intp), np.array(case.signs, dtype=np.float64)
    loss, center_gradient, outside_gradient = formulas.hierarchical_softmax(
        center, outside, nodes, signs
    )
    refused = nodes[signs < 0]
    return _of_decisions(case, nodes, refused, (loss, center_gradient, outside_gradient))


def _of_decisions(
    case: Case | PathCase,
    rows: NDArray[np.intp],
    refused: NDArray[np.intp],
    found: tuple[float, NDArray[np.float64], NDArray[np.float64]],
) -> Answer:
    """Return the answer of a loss that is a sum of -log σ(±u·v_c), with its scales.

    Parameters
    ----------
    case
        The vectors.
    rows : (K,) array
        The rows of U with a term each, repeats included.
    refused
        Those of them with -u·v_c.
    found
        The loss and its gradients.
    """
    center, outside = case.center, case.outside
    loss, center_gradient, outside_gradient = found
    rounding = 1.0 + np.abs(outside[rows]) @ np.abs(center)
    scores = outside[refused] @ center
    plain = np.exp(np.clip(scores, None, _PLAIN_SCORE))[scores > 0].sum()
    return Answer(
        loss=float(loss),
        center=center_gradient,
        outside=outside_gradient,
        loss_scale=float(abs(loss) + rounding.sum() + plain),
        center_scale=_FLOOR + rounding @ np.abs(outside[rows]),
        outside_scale=_FLOOR + scatter_add(rows, np.outer(rounding, np.abs(center)), len(outside)),
    )


def skipgram(case: WindowCase, loss: Loss) -> Answer:
    """Return the skip-gram loss of a window and its gradient: a sum over the context words.

    The center word predicts each context word in turn. Only its row of the gradient with
    respect to the center vectors is not zero.

    Raises
    ------
    ValueError
        If the case's negatives are not those that the loss needs, or it needs paths.
    """
    negatives = _negatives_of_each(case, loss, len(case.context))
    vector = case.center_vectors[case.center]
    total = _zero_answer(case.center_vectors.shape)
    for target, drawn in zip(case.context, negatives, strict=True):
        pair = loss.evaluate(Case(vector, case.outside_vectors, target, drawn))
        total = _plus(total, pair, [case.center])
    return total


def cbow(case: WindowCase, loss: Loss) -> Answer:
    """Return the CBOW loss of a window and its gradient.

    The sum (not the mean) of the context words' center vectors predicts the center word. A word
    that occurs m times in the context has m times the gradient in its row.

    Raises
    ------
    ValueError
        If the case's negatives are not those that the loss needs, or it needs paths.
    """
    (drawn,) = _negatives_of_each(case, loss, 1)
    vector = case.center_vectors[list(case.context)].sum(axis=0)
    pair = loss.evaluate(Case(vector, case.outside_vectors, case.center, drawn))
    return _plus(_zero_answer(case.center_vectors.shape), pair, case.context)


def _negatives_of_each(case: WindowCase, loss: Loss, pairs: int) -> tuple[tuple[int, ...], ...]:
    if loss.has_tree:
        raise ValueError(f"loss: {loss.title} predicts paths, and a window of words has none")
    if not loss.has_negatives:
        return ((),) * pairs
    if len(case.negatives) != pairs:
        raise ValueError(
            f"negatives: expected {pairs}, one tuple for each prediction; got {len(case.negatives)}"
        )
    return case.negatives


def _zero_answer(shape: tuple[int, ...]) -> Answer:
    return Answer(
        loss=0.0,
        center=np.zeros(shape),
        outside=np.zeros(shape),
        loss_scale=0.0,
        center_scale=np.full(shape, _FLOOR),
        outside_scale=np.full(shape, _FLOOR),
    )


def _plus(total: Answer, pair: Answer, rows: Sequence[int]) -> Answer:
    """Add the answer of a pair, its center gradient going to each of these rows."""
    words = len(total.center)
    return Answer(
        loss=total.loss + pair.loss,
        center=total.center + _in_rows(rows, pair.center, words),
        outside=total.outside + pair.outside,
        loss_scale=total.loss_scale + pair.loss_scale,
        center_scale=total.center_scale + _in_rows(rows, pair.center_scale, words),
        outside_scale=total.outside_scale + pair.outside_scale,
    )


def _in_rows(rows: Sequence[int], vector: NDArray[np.float64], words: int) -> NDArray[np.float64]:
    # Not `result[rows] += …`: a word that is in a context twice has the gradient twice.
    return scatter_add(list(rows), np.tile(vector, (len(rows), 1)), words)
