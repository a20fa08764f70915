"""The losses of word2vec and their gradients, derived by SymPy. Generated: do not edit.

From `gradcheck.word2vec.losses`, with SymPy 1.14.0, by

    python -m gradcheck.word2vec.losses

v is the center vector (d,), the rows of U (|V|, d) are the outside vectors, o is the index of the
target, n holds those of the negatives. Of hierarchical softmax, the rows of U (|V| - 1, d) are the
vectors of inner nodes, n holds the nodes of a path, s is 1 where it goes left and -1 where it goes
right. Every axis is called after its length: w for |V|, d, k for the number of
negatives, and l for the length of the path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.stable_functions import logsumexp, scatter_add, sigmoid, softmax, softplus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]


def naive_softmax(v: Floats, U: Floats, o: int) -> tuple[Any, Floats, Floats]:
    """Return J = -u_o·v + log Σ_w exp(u_w·v), ∂J/∂v (d,) and ∂J/∂U (|V|, d)."""
    target_score = np.einsum("d,d->", U[o], v)
    scores = np.einsum("wd,d->w", U, v)
    probabilities = softmax(scores)
    loss = logsumexp(scores) - target_score
    center = np.einsum("wd,w->d", U, probabilities) - U[o]
    outside = np.einsum("d,w->wd", v, probabilities) - scatter_add(o, v, len(U))
    return loss, center, outside


def negative_sampling(v: Floats, U: Floats, o: int, n: Indices) -> tuple[Any, Floats, Floats]:
    """Return J = -log σ(u_o·v) - Σ_k log σ(-u_{n_k}·v), ∂J/∂v (d,) and ∂J/∂U (|V|, d)."""
    target_score = np.einsum("d,d->", U[o], v)
    negative_scores = np.einsum("kd,d->k", U[n], v)
    target_weight = sigmoid(-target_score)
    negative_weights = sigmoid(negative_scores)
    loss = softplus(negative_scores).sum() + softplus(-target_score)
    center = np.einsum("kd,k->d", U[n], negative_weights) - U[o] * target_weight
    t1 = scatter_add(o, v * target_weight, len(U))
    outside = scatter_add(n, np.einsum("d,k->kd", v, negative_weights), len(U)) - t1
    return loss, center, outside


def hierarchical_softmax(v: Floats, U: Floats, n: Indices, s: Floats) -> tuple[Any, Floats, Floats]:
    """Return J = -Σ_l log σ(s_l u_{n_l}·v), ∂J/∂v (d,) and ∂J/∂U (|V| - 1, d)."""
    scores = np.einsum("ld,d->l", U[n], v)
    weights = sigmoid(-s * scores)
    loss = softplus(-s * scores).sum()
    center = -np.einsum("l,ld,l->d", s, U[n], weights)
    outside = -scatter_add(n, np.einsum("l,d,l->ld", s, v, weights), len(U))
    return loss, center, outside
