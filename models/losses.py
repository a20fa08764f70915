"""The losses of word2vec and their gradients, by hand, for one (center, outside) pair.

Written as in the lecture: v_c is the vector of the center word, u_w those of the outside words,
here the *rows* of a (|V|, d) matrix where the lecture has columns; o is the index of the outside
word that was observed. The derivations are the textbook's (Mikolov et al., *Distributed
representations of words and phrases and their compositionality*, 2013).

Hierarchical softmax has no outside words: there, the rows of U are the vectors of the inner nodes
of a tree, whose leaves are the words.

No exponential of a positive number is taken anywhere, so nothing overflows, however large the
scores u_w·v_c are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["hierarchical_softmax", "naive_softmax", "negative_sampling"]


def naive_softmax(
    center: NDArray[np.float64], outside: NDArray[np.float64], target: int
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return the naive-softmax loss of one pair and its gradient.

    J = -log ŷ_o, where ŷ = softmax(U v_c) is the predicted distribution of the outside word.
    With y the one-hot vector of o, ∂J/∂v_c = Uᵀ(ŷ - y) and ∂J/∂U = (ŷ - y) v_cᵀ.

    Parameters
    ----------
    center : ndarray of float64, shape (d,)
        v_c.
    outside : ndarray of float64, shape (|V|, d)
        U, one outside vector per row.
    target : int
        o.

    Returns
    -------
    loss : float
        J.
    grad_center : ndarray of float64, shape (d,)
        ∂J/∂v_c.
    grad_outside : ndarray of float64, shape (|V|, d)
        ∂J/∂U.
    """
    v_c, U, o = center, outside, target  # noqa: N806 - the lecture's name

    # ŷ does not change when all scores move together; the largest is moved to 0.
    scores = U @ v_c
    scores = scores - scores.max()
    log_normalizer = np.log(np.exp(scores).sum())
    loss = log_normalizer - scores[o]

    y_hat = np.exp(scores - log_normalizer)
    y = np.zeros_like(y_hat)
    y[o] = 1.0
    residual = y_hat - y

    grad_center = U.T @ residual
    grad_outside = np.outer(residual, v_c)
    return float(loss), grad_center, grad_outside


def negative_sampling(
    center: NDArray[np.float64],
    outside: NDArray[np.float64],
    target: int,
    negatives: Sequence[int] | NDArray[np.integer],
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return the negative-sampling loss of one pair and its gradient.

    J = -log σ(u_o·v_c) - Σ_k log σ(-u_{n_k}·v_c). As 1 - σ(x) = σ(-x),
    ∂J/∂v_c = -σ(-u_o·v_c) u_o + Σ_k σ(u_{n_k}·v_c) u_{n_k}; row o of ∂J/∂U receives
    -σ(-u_o·v_c) v_c, and row n_k receives σ(u_{n_k}·v_c) v_c each time that n_k was drawn.

    Parameters
    ----------
    center : ndarray of float64, shape (d,)
        v_c.
    outside : ndarray of float64, shape (|V|, d)
        U, one outside vector per row.
    target : int
        o.
    negatives : sequence of int
        n_1, …, n_K; an index may repeat.

    Returns
    -------
    loss : float
        J.
    grad_center : ndarray of float64, shape (d,)
        ∂J/∂v_c.
    grad_outside : ndarray of float64, shape (|V|, d)
        ∂J/∂U; its rows other than the target's and the negatives' are 0.
    """
    v_c, U, o = center, outside, target  # noqa: N806 - the lecture's name
    n = np.asarray(negatives, dtype=np.intp)
    u_o, u_n = U[o], U[n]

    score = u_o @ v_c
    negative_scores = u_n @ v_c
    loss = _minus_log_sigmoid(score) + _minus_log_sigmoid(-negative_scores).sum()

    # ∂J/∂score, and ∂J/∂negative_scores
    delta = -_sigmoid(-score)
    negative_deltas = _sigmoid(negative_scores)

    grad_center = delta * u_o + negative_deltas @ u_n
    grad_outside = np.zeros_like(U)
    grad_outside[o] += delta * v_c
    # Not `grad_outside[n] += …`, which adds only once to a row that n names twice.
    np.add.at(grad_outside, n, np.outer(negative_deltas, v_c))
    return float(loss), grad_center, grad_outside


def hierarchical_softmax(
    center: NDArray[np.float64],
    inner: NDArray[np.float64],
    nodes: Sequence[int] | NDArray[np.integer],
    signs: Sequence[int] | NDArray[np.integer],
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return the loss of hierarchical softmax of one pair and its gradient.

    At an inner node n, σ(u_n·v_c) is the probability to go left and σ(-u_n·v_c) that to go right.
    With s_l = 1 where the path to the observed word goes left from its node n_l, and -1 where it
    goes right, J = -log p(o|c) = -Σ_l log σ(s_l u_{n_l}·v_c). So ∂J/∂v_c = Σ_l δ_l u_{n_l} with
    δ_l = -s_l σ(-s_l u_{n_l}·v_c), and row n_l of ∂J/∂U is δ_l v_c.

    Parameters
    ----------
    center : ndarray of float64, shape (d,)
        v_c.
    inner : ndarray of float64, shape (|V| - 1, d)
        U, the vector of an inner node per row.
    nodes : sequence of int
        n_1, …, n_L, the nodes from the root down; all different.
    signs : sequence of int
        s_1, …, s_L.

    Returns
    -------
    loss : float
        J.
    grad_center : ndarray of float64, shape (d,)
        ∂J/∂v_c.
    grad_inner : ndarray of float64, shape (|V| - 1, d)
        ∂J/∂U; its rows other than those of the path are 0.
    """
    v_c, U = center, inner  # noqa: N806 - the lecture's name
    n, s = np.asarray(nodes, dtype=np.intp), np.asarray(signs, dtype=U.dtype)
    u_n = U[n]

    signed_scores = s * (u_n @ v_c)
    loss = _minus_log_sigmoid(signed_scores).sum()

    # ∂J/∂(u_n·v_c)
    deltas = -s * _sigmoid(-signed_scores)

    grad_center = deltas @ u_n
    grad_inner = np.zeros_like(U)
    # No node is on a path twice.
    grad_inner[n] = np.outer(deltas, v_c)
    return float(loss), grad_center, grad_inner


def _sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """σ(x) = 1 / (1 + exp(-x)) = exp(x) / (1 + exp(x)), whichever does not overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


def _minus_log_sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """-log σ(x) = log(1 + exp(-x)), with exp(-x) taken out where it would overflow."""
    negated: NDArray[np.float64] = np.maximum(-x, 0.0) + np.log1p(np.exp(-np.abs(x)))
    return negated
