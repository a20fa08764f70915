"""Loss and gradient of many pairs at once.

Each pair of a batch has input words, rows of V, and a target, a row of U; or, with hierarchical
softmax, a path of inner nodes, each a row of U. The mean of the input
vectors, h, stands where `models.losses` has v_c: skip-gram has one input word, so h = v_c; CBOW
has the words of the window (Mikolov et al., *Efficient estimation of word representations in
vector space*, 2013, whose projection layer averages). Loss and gradient of a batch are the *sums*
over its pairs of those in `models.losses`. What word2vec.c, gensim and fastText apply for CBOW is
no gradient, and stands apart, in `whole`.

All of it works in the precision of V and U: float32 to train, float64 to be checked. No
exponential of a positive number is taken, so nothing overflows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from models.scatter import subtract_products

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.pairs import Batch, PathBatch

    # float32 or float64; V, U and all that is computed from them have the same.
    Floats = NDArray[np.floating]

__all__ = [
    "Gradient",
    "RowGradient",
    "check_rows",
    "hierarchical_softmax",
    "naive_softmax",
    "negative_sampling",
    "whole",
]

# As many scores of naive softmax are held at a time: 16 MB in float32, for any |V|.
_SCORES_AT_A_TIME = 1 << 22


class RowGradient(NamedTuple):
    """The gradient with respect to a matrix, few rows of which are used: a sum of outer products.

    The matrix's gradient is Σ_bt weights[b, t] · e_{rows[b, t]} · vectors[b]ᵀ, where e_r is the
    one-hot vector of r: row rows[b, t] receives weights[b, t] · vectors[b]. A row that is named
    several times receives the sum.

    Attributes
    ----------
    rows : ndarray of int, shape (B, T)
        The rows that each of B vectors is added to; -1 where there is none.
    weights : ndarray, shape (B, T)
        The factors.
    vectors : ndarray, shape (B, d)
        The vectors.
    """

    rows: NDArray[np.integer]
    weights: Floats
    vectors: Floats

    def subtract_from(self, matrix: Floats, rate: float) -> None:
        """Subtract `rate` times the gradient from a matrix, in place.

        Parameters
        ----------
        matrix : ndarray, shape (|V|, d)
            What the gradient is with respect to.
        rate : float
            The learning rate.

        Raises
        ------
        IndexError
            If it names a row that the matrix does not have.
        """
        # For each b and t: matrix[rows[b, t]] -= steps[b, t] * vectors[b]. Not `matrix[rows] -= …`,
        # which would keep one term of a row that is named twice.
        steps = self.weights * matrix.dtype.type(rate)
        subtract_products(matrix, self.rows, steps, self.vectors)

    def dense(self, shape: tuple[int, int]) -> Floats:
        """Return the gradient as a matrix.

        Parameters
        ----------
        shape : tuple of int
            (|V|, d).

        Returns
        -------
        ndarray, shape (|V|, d)
            The gradient; rows that nothing was added to are 0.
        """
        gradient: Floats = np.zeros(shape, dtype=self.vectors.dtype)
        self.subtract_from(gradient, -1.0)
        return gradient


class Gradient(NamedTuple):
    """Loss and gradient of a batch.

    Attributes
    ----------
    loss : float
        The sum of the losses of the pairs.
    center : RowGradient
        Its gradient with respect to V.
    outside : RowGradient
        Its gradient with respect to U.
    """

    loss: float
    center: RowGradient
    outside: RowGradient


def naive_softmax(V: Floats, U: Floats, batch: Batch) -> Gradient:
    """Return the naive-softmax loss of a batch and its gradient.

    For each pair J = -log ŷ_o, where ŷ = softmax(U h). With y the one-hot vector of o,
    ∂J/∂h = Uᵀ(ŷ - y) and ∂J/∂U = (ŷ - y) hᵀ. Each of the C input words has ∂J/∂h / C in its row
    of V.

    Parameters
    ----------
    V : ndarray of float32 or float64, shape (|V|, d)
        The center (input) vectors.
    U : ndarray of the same, shape (|V|, d)
        The outside (output) vectors.
    batch : Batch
        B pairs; the negatives are not looked at.

    Returns
    -------
    Gradient
        The loss and its gradient; that of U has every row.

    Raises
    ------
    IndexError
        If the batch names a row that V or U does not have.
    """
    shares = _shares(batch.inputs, V.dtype)
    h = _mean_vectors(V, batch.inputs, shares)
    check_rows("targets", batch.targets, U)
    loss = 0.0
    grad_h = np.empty_like(h)
    grad_U = np.zeros_like(U)
    size = max(1, _SCORES_AT_A_TIME // len(U))
    for start in range(0, len(h), size):
        part = slice(start, start + size)
        part_loss, residuals = _softmax_residuals(h[part] @ U.T, batch.targets[part])
        loss += part_loss
        grad_h[part] = residuals @ U
        grad_U += residuals.T @ h[part]
    every_row = np.arange(len(U))[:, np.newaxis]
    return Gradient(
        loss,
        RowGradient(batch.inputs, shares, grad_h),
        RowGradient(every_row, np.ones_like(U, shape=every_row.shape), grad_U),
    )


def negative_sampling(V: Floats, U: Floats, batch: Batch) -> Gradient:
    """Return the negative-sampling loss of a batch and its gradient.

    For each pair J = -log σ(u_o·h) - Σ_k log σ(-u_{n_k}·h). With δ the derivatives of J by the
    scores, -σ(-u_o·h) for the target and σ(u_{n_k}·h) for a negative, ∂J/∂h = Σ δ u over the
    target and the negatives, and each of their rows of U receives δ h, as often as it occurs.
    Each of the C input words has ∂J/∂h / C in its row of V.

    Parameters
    ----------
    V : ndarray of float32 or float64, shape (|V|, d)
        The center (input) vectors.
    U : ndarray of the same, shape (|V|, d)
        The outside (output) vectors.
    batch : Batch
        B pairs with K negatives each. A negative may repeat, or be the target; -1 is none.

    Returns
    -------
    Gradient
        The loss and its gradient.

    Raises
    ------
    IndexError
        If the batch names a row that V or U does not have.
    """
    words = batch.rows
    # -log σ(x) falls with the target's score and -log σ(-x) rises with a negative's.
    signs = np.ones(words.shape, dtype=V.dtype)
    signs[:, 0] = -1.0
    signs[words < 0] = 0.0
    check_rows("targets and negatives", words, U)
    return _logistic(V, U, batch.inputs, words, signs)


def hierarchical_softmax(V: Floats, U: Floats, batch: PathBatch) -> Gradient:
    """Return the loss of hierarchical softmax of a batch and its gradient.

    For each pair J = -Σ_l log σ(s_l u_{n_l}·h) over the nodes n_l on the path to its target, s_l
    being 1 where it goes left and -1 where it goes right. With δ_l = -s_l σ(-s_l u_{n_l}·h) the
    derivatives of J by the scores, ∂J/∂h = Σ_l δ_l u_{n_l}, and row n_l of U receives δ_l h. Each
    of the C input words has ∂J/∂h / C in its row of V.

    Parameters
    ----------
    V : ndarray of float32 or float64, shape (|V|, d)
        The center (input) vectors.
    U : ndarray of the same, shape (|V| - 1, d)
        The vectors of the inner nodes.
    batch : PathBatch
        B pairs.

    Returns
    -------
    Gradient
        The loss and its gradient.

    Raises
    ------
    IndexError
        If the batch names a row that V or U does not have.
    """
    check_rows("nodes", batch.nodes, U)
    # -log σ(s x) falls with the score x where s is 1, and rises where it is -1.
    return _logistic(V, U, batch.inputs, batch.nodes, -batch.signs.astype(V.dtype))


def whole(gradient: Gradient) -> Gradient:
    """Return the step of word2vec.c, gensim and fastText for CBOW, in place of the gradient.

    The input vectors are averaged on the way in, h = Σ v / C, and on the way back each of the C
    words receives all of ∂J/∂h, where the gradient has ∂J/∂h / C. That is no multiple of the
    gradient of a batch either, as C differs from pair to pair.

    Parameters
    ----------
    gradient : Gradient
        Of a batch.

    Returns
    -------
    Gradient
        The same, but for the weights of the input words: 1 where they were 1/C.
    """
    center = gradient.center
    return gradient._replace(center=center._replace(weights=np.sign(center.weights)))


def _logistic(
    V: Floats,
    U: Floats,
    inputs: NDArray[np.integer],
    words: NDArray[np.integer],
    signs: Floats,
) -> Gradient:
    """Return Σ log(1 + exp(sign · u·h)) over some rows u of U for each pair, and its gradient.

    The sign is -1 for what was observed and 1 for what was not; 0 counts for nothing.
    """
    shares = _shares(inputs, V.dtype)
    h = _mean_vectors(V, inputs, shares)
    u = U.take(words, axis=0, mode="wrap")
    signed_scores = signs * np.einsum("bkd,bd->bk", u, h)
    losses, sigmoids = _softplus_and_sigmoid(signed_scores)
    deltas = signs * sigmoids

    grad_h = np.einsum("bk,bkd->bd", deltas, u)
    return Gradient(
        float((np.abs(signs) * losses).sum(dtype=np.float64)),
        RowGradient(inputs, shares, grad_h),
        RowGradient(words, deltas, h),
    )


def check_rows(name: str, rows: NDArray[np.integer], matrix: Floats) -> None:
    """Raise IndexError unless each of the rows is one of the matrix, or -1, which is none."""
    if rows.size and not -1 <= rows.min() <= rows.max() < len(matrix):
        raise IndexError(
            f"{name}: expected rows 0 to {len(matrix) - 1}, or -1 for none; "
            f"got {rows.min()} to {rows.max()}"
        )


def _shares(inputs: NDArray[np.integer], dtype: np.dtype[np.floating]) -> Floats:
    """Return the share of each input word in its pair's mean: 1/C, or 0 where there is no word."""
    present = inputs >= 0
    shares: Floats = (present / present.sum(axis=1, keepdims=True)).astype(dtype)
    return shares


def _mean_vectors(V: Floats, inputs: NDArray[np.integer], shares: Floats) -> Floats:
    """Return the mean h of the input vectors of each pair, (B, d); -1 reads a row, times 0."""
    check_rows("inputs", inputs, V)
    # V[inputs], at twice its speed; -1 reads the last row.
    means: Floats = np.einsum("bc,bcd->bd", shares, V.take(inputs, axis=0, mode="wrap"))
    return means


def _softmax_residuals(scores: Floats, targets: NDArray[np.integer]) -> tuple[float, Floats]:
    """Σ_b -log ŷ_o, and the rows ŷ - y, which overwrite the scores."""
    pairs = np.arange(len(scores))
    # ŷ does not change when all scores move together; the largest is moved to 0.
    scores -= scores.max(axis=1, keepdims=True)
    loss = -scores[pairs, targets].sum(dtype=np.float64)
    residuals = np.exp(scores, out=scores)
    normalizers = residuals.sum(axis=1, keepdims=True)
    loss += np.log(normalizers).sum(dtype=np.float64)
    residuals /= normalizers
    residuals[pairs, targets] -= 1.0
    return float(loss), residuals


def _softplus_and_sigmoid(x: Floats) -> tuple[Floats, Floats]:
    """log(1 + exp(x)) = -log σ(-x), and its derivative σ(x), from an exponential ≤ 1."""
    e = np.exp(-np.abs(x))
    softplus: Floats = np.maximum(x, 0.0) + np.log1p(e)
    sigmoid: Floats = np.where(x >= 0, np.ones_like(e), e) / (1.0 + e)
    return softplus, sigmoid
