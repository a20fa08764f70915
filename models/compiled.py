"""Stochastic gradient descent one pair at a time, compiled by numba.

The sister of `models.minibatch`: `pair_gradient` is its `negative_sampling` and, with the nodes of
a path in place of words, its `hierarchical_softmax`; `subtract_from` is its
`RowGradient.subtract_from`, for one pair. Only the order differs: here the gradient of each pair
is taken at the vectors that the pair before it left behind, as in word2vec.c and gensim, there all
gradients of a batch at the same vectors. Unlike theirs, the gradient is exact: it is complete
before any vector moves, and σ is no table.

Importing this module needs numba (the extra `fast`). The machine code is kept in `__pycache__`
beside this file, or, where that cannot be written, in the user's own cache folder, or wherever the
environment variable NUMBA_CACHE_DIR says; where none can be written it is compiled in each process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from models.errors import how_to_install

try:
    import numba
except ImportError as error:
    message = f"the compiled trainer needs numba: {how_to_install('fast')}"
    raise ImportError(message, name="numba") from error

from models.minibatch import check_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from models.pairs import Batch, PathBatch

    Floats = NDArray[np.floating]
    Rows = NDArray[np.integer]

__all__ = [
    "PairGradient",
    "hierarchical_softmax_sgd",
    "negative_sampling_sgd",
    "pair_gradient",
    "subtract_from",
]

_Function = TypeVar("_Function", bound="Callable[..., Any]")


def _compile(function: _Function) -> _Function:
    """Compile a function when it is first called.

    Sums may be reordered (reassoc) and products joined to them (contract), which vectorises the
    scores; NaN and infinity keep their meaning. Without the lock of the interpreter (nogil),
    threads run side by side.
    """
    options: dict[str, Any] = {
        "nogil": True,
        "error_model": "numpy",
        "fastmath": {"reassoc", "contract"},
        "forceinline": True,
    }
    try:
        compiled: _Function = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # no folder to keep the machine code in
        compiled = numba.njit(**options)(function)
    return compiled


def negative_sampling_sgd(
    V: Floats, U: Floats, batch: Batch, rate: float, *, whole: bool = False
) -> float:
    """Take one step of SGD with negative sampling for each pair of a batch, in order.

    Threads may do so with the same V and U at the same time, without a lock (Recht et al.,
    *Hogwild!*, 2011): a few of the updates that collide are lost.

    Parameters
    ----------
    V : ndarray of float32 or float64, shape (|V|, d)
        The center (input) vectors; updated in place.
    U : ndarray of the same, shape (|V|, d)
        The outside (output) vectors; updated in place.
    batch : Batch
        B pairs with K negatives each, as for `models.minibatch.negative_sampling`.
    rate : float
        The learning rate.
    whole : bool
        Whether each input word receives all of ∂J/∂h, as in `models.minibatch.whole`.

    Returns
    -------
    float
        The sum of the losses, each taken before the step of its pair.

    Raises
    ------
    IndexError
        If the batch names a row that V or U does not have.
    """
    # Compiled code would read and write outside the matrices.
    words = batch.rows
    check_rows("inputs", batch.inputs, V)
    check_rows("targets and negatives", words, U)
    signs = np.ones(words.shape, dtype=np.int8)
    signs[:, 0] = -1
    return float(_sgd(V, U, batch.inputs, words, signs, rate, whole))


def hierarchical_softmax_sgd(
    V: Floats, U: Floats, batch: PathBatch, rate: float, *, whole: bool = False
) -> float:
    """Take one step of SGD with hierarchical softmax for each pair of a batch, in order.

    Parameters
    ----------
    V : ndarray of float32 or float64, shape (|V|, d)
        The center (input) vectors; updated in place.
    U : ndarray of the same, shape (|V| - 1, d)
        The vectors of the inner nodes; updated in place.
    batch : PathBatch
        B pairs, as for `models.minibatch.hierarchical_softmax`.
    rate, whole
        As for `negative_sampling_sgd`.

    Returns
    -------
    float
        The sum of the losses, each taken before the step of its pair.

    Raises
    ------
    IndexError
        If the batch names a row that V or U does not have.
    """
    check_rows("inputs", batch.inputs, V)
    check_rows("nodes", batch.nodes, U)
    nodes = np.ascontiguousarray(batch.nodes)
    return float(_sgd(V, U, batch.inputs, nodes, -batch.signs, rate, whole))


@_compile
def _softplus_and_sigmoid(x: float) -> tuple[float, float]:
    """Return log(1 + exp(x)) = -log σ(-x), and its derivative σ(x), from an exponential ≤ 1.

    The plain log is quicker than log1p, and its error is below 1e-16 all the same.
    """
    e = np.exp(-abs(x))
    softplus = max(x, 0.0) + np.log(1.0 + e)
    sigmoid = (1.0 if x >= 0.0 else e) / (1.0 + e)
    return softplus, sigmoid


class PairGradient(NamedTuple):
    """The gradient of one pair: of V, shares · grad_h in the rows of the inputs; of U, deltas · h.

    Attributes
    ----------
    h : ndarray, shape (d,)
        The mean of the input vectors.
    shares : ndarray, shape (C,)
        The share of each input word in that mean, 1/C; 0 where there is none.
    deltas : ndarray, shape (K + 1,) or (L,)
        The derivatives by the scores of the target and the negatives, or of the nodes of a path; 0
        where there is none.
    grad_h : ndarray, shape (d,)
        The derivative by h.
    """

    h: Floats
    shares: Floats
    deltas: Floats
    grad_h: Floats


@_compile
def pair_gradient(  # noqa: PLR0917 - compiled code takes arguments by their place
    V: Floats, U: Floats, inputs: Rows, words: Rows, signs: Rows, gradient: PairGradient
) -> float:
    """Compute the loss of one pair and its gradient.

    J = -Σ_t log σ(-s_t u_t·h), where h is the mean of the C input vectors and s_t is -1 for what
    was observed and 1 for what was not: negative sampling has the target with -1 and the negatives
    with 1, hierarchical softmax the nodes of a path, with -1 where it goes left. With
    δ_t = s_t σ(s_t u_t·h) the derivatives of J by the scores, ∂J/∂h = Σ δ u, and each row u_t of U
    has δ_t h. Each input word has ∂J/∂h / C in its row of V.

    Parameters
    ----------
    V, U : ndarray of float32 or float64, shape (|V|, d)
        The center (input) and outside (output) vectors.
    inputs : ndarray of int, shape (C,)
        The input words; -1 is none.
    words : ndarray of int, shape (K + 1,) or (L,)
        The rows of U: the target o, then the negatives; or the nodes of a path. -1 is none.
    signs : ndarray of int8, of the same shape
        s.
    gradient : PairGradient
        Overwritten with the gradient; its arrays are of the type of V.

    Returns
    -------
    float
        J.
    """
    h, shares, deltas, grad_h = gradient
    _fill_shares(inputs, shares)
    _add_rows(V, inputs, shares, h)
    # The scores first, the exponentials then: a third faster than word by word, as the processor
    # fetches one row of U while it works on another.
    _multiply(U, words, h, deltas)
    loss = 0.0
    for k in range(len(words)):
        if words[k] >= 0:
            # -log σ(x) falls with the score of what was observed, -log σ(-x) rises with the others.
            word_loss, sigmoid = _softplus_and_sigmoid(signs[k] * float(deltas[k]))
            loss += word_loss
            deltas[k] = signs[k] * sigmoid
    _add_rows(U, words, deltas, grad_h)
    return loss


@_compile
def _fill_shares(inputs: Rows, shares: Floats) -> None:
    """Set shares[c] = 1/C; 0 where there is no word."""
    count = 0
    for row in inputs:
        if row >= 0:
            count += 1
    for c in range(len(inputs)):
        shares[c] = 1.0 / count if inputs[c] >= 0 else 0.0


@_compile
def _add_rows(matrix: Floats, rows: Rows, weights: Floats, total: Floats) -> None:
    """Set total = Σ_t weights[t] · matrix[rows[t]]."""
    total[:] = 0
    for t in range(len(rows)):
        row, weight = rows[t], weights[t]
        if row >= 0:
            for j in range(len(total)):
                total[j] += weight * matrix[row, j]


@_compile
def _multiply(matrix: Floats, rows: Rows, vector: Floats, scores: Floats) -> None:
    """Set scores[t] = matrix[rows[t]] · vector; 0 where there is no row."""
    for t in range(len(rows)):
        row, score = rows[t], vector.dtype.type(0)
        if row >= 0:
            for j in range(len(vector)):
                score += matrix[row, j] * vector[j]
        scores[t] = score


@_compile
def subtract_from(matrix: Floats, rows: Rows, weights: Floats, vector: Floats, rate: float) -> None:
    """Subtract `rate` · weights[t] · vector from row rows[t] of a matrix, for each t, in place.

    Parameters
    ----------
    matrix : ndarray, shape (|V|, d)
        V or U.
    rows : ndarray of int, shape (T,)
        Its rows, one after the other, so that a row named twice has both terms; -1 is none.
    weights : ndarray, shape (T,)
        The factors.
    vector : ndarray, shape (d,)
        The vector.
    rate : float
        The learning rate.
    """
    for t in range(len(rows)):
        row, step = rows[t], vector.dtype.type(rate * weights[t])
        if row >= 0:
            for j in range(len(vector)):
                matrix[row, j] -= step * vector[j]


@_compile
def _sgd(  # noqa: PLR0917 - compiled code takes arguments by their place
    V: Floats,
    U: Floats,
    inputs: Rows,
    words: Rows,
    signs: Rows,
    rate: float,
    whole: bool,  # noqa: FBT001 - the same
) -> float:
    """Take the gradient of a pair and the step, then those of the next pair."""
    gradient = PairGradient(
        np.empty(V.shape[1], dtype=V.dtype),
        np.empty(inputs.shape[1], dtype=V.dtype),
        np.empty(words.shape[1], dtype=V.dtype),
        np.empty(V.shape[1], dtype=V.dtype),
    )
    loss = 0.0
    for b in range(len(words)):
        loss += pair_gradient(V, U, inputs[b], words[b], signs[b], gradient)
        if whole:
            gradient.shares[:] = np.sign(gradient.shares)
        subtract_from(U, words[b], gradient.deltas, gradient.h, rate)
        subtract_from(V, inputs[b], gradient.shares, gradient.grad_h, rate)
    return loss
