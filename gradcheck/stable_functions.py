"""The few functions that word vectors and classifiers rest on, finite for any finite argument.

Each is written so that no exponential of a positive number is ever taken: nothing overflows,
and what underflows was negligible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["logsumexp", "scatter_add", "sigmoid", "softmax", "softplus"]


def sigmoid(x: ArrayLike) -> Any:
    """Return σ(x) = 1 / (1 + exp(-x)), entry by entry.

    Parameters
    ----------
    x : array_like of float
        Any shape; a scalar gives a scalar.

    Notes
    -----
    For x < 0 it is exp(x) / (1 + exp(x)), which is the same number without the overflow, and
    accurate to the last digits where 1 - σ(-x) is not.
    """
    x = np.asarray(x, dtype=np.float64)
    decayed = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, decayed)[()] / (1.0 + decayed)


def softplus(x: ArrayLike) -> Any:
    """Return log(1 + exp(x)), entry by entry; log σ(x) is -softplus(-x).

    Parameters
    ----------
    x : array_like of float
        Any shape; a scalar gives a scalar.
    """
    x = np.asarray(x, dtype=np.float64)
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def logsumexp(x: NDArray[np.float64], axis: int = -1) -> Any:
    """Return log Σ exp(x) along an axis, as max x + log Σ exp(x - max x).

    Parameters
    ----------
    x : ndarray of float64
        Not empty along `axis`.
    axis : int
        The axis that is summed over; the result lacks it.
    """
    largest = x.max(axis=axis, keepdims=True)
    return largest.squeeze(axis) + np.log(np.exp(x - largest).sum(axis=axis))


def softmax(x: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    """Return exp(x) / Σ exp(x), the sum taken along an axis.

    Parameters
    ----------
    x : ndarray of float64
        Not empty along `axis`.
    axis : int
        The axis along which the result sums to 1.
    """
    decayed = np.exp(x - x.max(axis=axis, keepdims=True))
    normalized: NDArray[np.float64] = decayed / decayed.sum(axis=axis, keepdims=True)
    return normalized


def scatter_add(index: ArrayLike, values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Return Σ_k δ(w, index[k]) values[k]: an index that repeats gets every one of its values.

    ``out[index] += values`` would keep only one of them.

    Parameters
    ----------
    index : int or array_like of int, shape s
        Where each value goes, from 0 to size - 1.
    values : ndarray of float64, shape s + t
        The numbers that are added there.
    size : int
        The length of the first axis of the result, of shape (size,) + t.
    """
    positions = np.asarray(index, dtype=np.intp)
    out = np.zeros((size, *values.shape[positions.ndim :]))
    np.add.at(out, positions, values)
    return out
