"""Functions that LAPACK and SciPy have in double precision only, in more as well.

The losses call these instead; in double and single precision they are NumPy's and SciPy's own.
What is computed beyond is for the test of the right gradients, on small matrices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
from scipy import special

__all__ = [
    "cholesky",
    "determinant",
    "eigenvalues",
    "log_gamma",
    "log_normal_cdf",
    "singular_values",
    "solve",
]

mp = mpmath.mp.clone()
mp.dps = 30


def _is_extended(x: Any) -> bool:
    return np.asarray(x).dtype == np.longdouble and np.longdouble is not np.float64


def _by_digits(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Apply a function of mpmath's to every entry of an array."""

    def digits(x: Any) -> Any:
        high = np.float64(x)
        return function(mp.mpf(high) + mp.mpf(np.float64(x - high)))

    def rounded(x: Any) -> Any:
        value = digits(x)
        return np.longdouble(float(value)) + np.longdouble(float(value - mp.mpf(float(value))))

    return np.vectorize(rounded, otypes=[np.longdouble])


_log_gamma = _by_digits(mp.loggamma)
_log_normal_cdf = _by_digits(lambda z: mp.log(mp.ncdf(z)))


def log_gamma(x: Any) -> Any:
    """Return log Γ(x), x > 0."""
    return _log_gamma(x)[()] if _is_extended(x) else special.gammaln(x)


def log_normal_cdf(x: Any) -> Any:
    """Return the logarithm of the normal distribution function."""
    return _log_normal_cdf(x) if _is_extended(x) else special.log_ndtr(x)


# ------------------------------------------------------------------------------------ matrices


def cholesky(matrix: Any) -> Any:
    """Return the lower triangular factor of a positive definite matrix."""
    if not _is_extended(matrix):
        return np.linalg.cholesky(matrix)
    lower = np.zeros_like(matrix)
    for k in range(len(matrix)):
        column = matrix[k:, k] - lower[k:, :k] @ lower[k, :k]
        lower[k:, k] = column / np.sqrt(column[0])
    return lower


def _eliminated(matrix: Any, right: Any) -> tuple[Any, Any, int]:
    """Return an upper triangular matrix, the right-hand side that goes with it, and a sign."""
    matrix, right, sign = matrix.copy(), right.astype(matrix.dtype), 1
    for k in range(len(matrix)):
        pivot = k + int(np.abs(matrix[k:, k]).argmax())
        if pivot != k:
            matrix[[k, pivot]], right[[k, pivot]] = matrix[[pivot, k]], right[[pivot, k]]
            sign = -sign
        factors = matrix[k + 1 :, k] / matrix[k, k]
        matrix[k + 1 :] -= np.outer(factors, matrix[k])
        right[k + 1 :] -= np.outer(factors, right[k])
    return matrix, right, sign


def solve(matrix: Any, right: Any) -> Any:
    """Return the solution of a system of linear equations, for one right-hand side or more."""
    if not (_is_extended(matrix) or _is_extended(right)):
        return np.linalg.solve(matrix, right)
    matrix = matrix.astype(np.longdouble)
    columns = right[:, None] if right.ndim == 1 else right
    upper, columns, _ = _eliminated(matrix, columns)
    for k in range(len(upper) - 1, -1, -1):
        columns[k] = (columns[k] - upper[k, k + 1 :] @ columns[k + 1 :]) / upper[k, k]
    return columns.reshape(right.shape)


def determinant(matrix: Any) -> Any:
    """Return the determinant."""
    if not _is_extended(matrix):
        return np.linalg.det(matrix)
    upper, _, sign = _eliminated(matrix, np.zeros((len(matrix), 1)))
    return sign * np.prod(np.diag(upper))


SWEEPS = 8


def _turn(matrix: Any, i: int, j: int, angle: Any) -> None:
    """Rotate two rows of a matrix into each other, in place."""
    c, s = np.cos(angle), np.sin(angle)
    matrix[[i, j]] = c * matrix[i] + s * matrix[j], c * matrix[j] - s * matrix[i]


def eigenvalues(matrix: Any) -> Any:
    """Return the eigenvalues of a symmetric matrix, the lowest first."""
    if not _is_extended(matrix):
        return np.linalg.eigvalsh(matrix)
    matrix = matrix.copy()
    for _ in range(SWEEPS):  # Jacobi's rotations: one entry after the other becomes 0
        for i in range(len(matrix)):
            for j in range(i):
                turn = np.arctan2(2 * matrix[i, j], matrix[i, i] - matrix[j, j]) / 2
                _turn(matrix, i, j, turn)
                _turn(matrix.T, i, j, turn)
    return np.sort(np.diag(matrix))


def singular_values(matrix: Any) -> Any:
    """Return the singular values, the largest first."""
    if not _is_extended(matrix):
        return np.linalg.svd(matrix, compute_uv=False)
    columns = matrix.copy()
    for _ in range(SWEEPS):  # the same, on columns that become orthogonal
        for i in range(columns.shape[1]):
            for j in range(i):
                a, b = columns[:, i], columns[:, j]
                _turn(columns.T, i, j, np.arctan2(2 * (a @ b), a @ a - b @ b) / 2)
    return np.sort(np.sqrt((columns**2).sum(axis=0)))[::-1]
