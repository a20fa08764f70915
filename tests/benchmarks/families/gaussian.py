"""Losses of matrices: Gaussian processes, covariances, spectra, systems of equations."""

from __future__ import annotations

import functools

import numpy as np

from tests.benchmarks.families.extended import (
    cholesky,
    determinant,
    eigenvalues,
    singular_values,
    solve,
)
from tests.benchmarks.families.family import Family, Problem

__all__ = ["FAMILIES"]


def _gaussian(covariance, residual):
    """Return the negative log density of a normal vector without its constant, and a solution."""
    lower = cholesky(covariance)
    whitened = solve(lower, residual)
    return np.log(np.diag(lower)).sum() + whitened @ whitened / 2


def _by_covariance(covariance, residual):
    """Return the derivative of `_gaussian` by the covariance, and by the residual."""
    inverse = np.linalg.inv(covariance)
    weights = inverse @ residual
    return (inverse - np.outer(weights, weights)) / 2, weights


def draw_process(rng, *, points=20, inputs=3):
    """The marginal likelihood of a Gaussian process: logs of length scales, variance, noise."""
    x = rng.standard_normal((points, inputs))
    y = np.sin(x.sum(axis=1)) + 0.1 * rng.standard_normal(points)
    apart = (x[:, None] - x[None]) ** 2
    at = {
        "lengths": 0.3 * rng.standard_normal(inputs),
        "variance": float(0.3 * rng.standard_normal()),
        "noise": float(rng.uniform(-4, -1)),
        "mean": 0.1,
    }

    def kernel(p):
        smooth = np.exp(p["variance"] - (apart * np.exp(-2 * p["lengths"])).sum(axis=-1) / 2)
        return smooth, smooth + np.exp(p["noise"]) * np.eye(points)

    def grad(p):
        smooth, covariance = kernel(p)
        by_covariance, weights = _by_covariance(covariance, y - p["mean"])
        by_lengths = (by_covariance * smooth)[:, :, None] * apart * np.exp(-2 * p["lengths"])
        return {
            "lengths": by_lengths.sum(axis=(0, 1)),
            "variance": (by_covariance * smooth).sum(),
            "noise": np.exp(p["noise"]) * np.trace(by_covariance),
            "mean": -weights.sum(),
        }

    return Problem(lambda p: _gaussian(kernel(p)[1], y - p["mean"]), grad, at)


def draw_normal(rng, *, size=6, rows=30):
    """A multivariate normal distribution by its mean and a factor of its covariance."""
    seen = rng.standard_normal((rows, size)) @ rng.standard_normal((size, size))
    at = (rng.standard_normal(size), np.eye(size) + 0.3 * rng.standard_normal((size, size)))

    def loss(mean, factor):
        lower = cholesky(factor @ factor.T + 0.1 * np.eye(size))
        whitened = solve(lower, (seen - mean).T)
        return rows * np.log(np.diag(lower)).sum() + (whitened**2).sum() / 2

    def grad(mean, factor):
        inverse = np.linalg.inv(factor @ factor.T + 0.1 * np.eye(size))
        weights = inverse @ (seen - mean).T
        by_covariance = (rows * inverse - weights @ weights.T) / 2
        return -weights.sum(axis=1), 2 * by_covariance @ factor

    return Problem(loss, grad, at)


def draw_precision(rng, *, size=5):
    """Fit a matrix of precisions to sample covariances: its log determinant and a trace."""
    rows = rng.standard_normal((40, size))
    sample = rows.T @ rows / 40
    factor = np.eye(size) + 0.2 * rng.standard_normal((size, size))

    def loss(matrix):
        return (sample * matrix).sum() - 2 * np.log(np.diag(cholesky(_halved(matrix)))).sum()

    return Problem(loss, lambda matrix: sample - np.linalg.inv(_halved(matrix)), factor @ factor.T)


def _halved(matrix):
    """Return the symmetric part of a matrix."""
    return (matrix + matrix.T) / 2


def draw_determinant(rng, *, size=6):
    """Return the determinant of a matrix as it is."""

    def grad(matrix):
        return np.linalg.det(matrix) * np.linalg.inv(matrix).T

    return Problem(determinant, grad, rng.standard_normal((size, size)))


def draw_nuclear(rng, *, shape=(9, 6)):
    """Return the sum of singular values, and squares."""
    wanted = rng.standard_normal(shape)

    def loss(matrix):
        return singular_values(matrix).sum() + ((matrix - wanted) ** 2).sum() / 2

    def grad(matrix):
        left, _, right = np.linalg.svd(matrix, full_matrices=False)
        return left @ right + matrix - wanted

    return Problem(loss, grad, rng.standard_normal(shape))


def draw_spectral(rng, *, shape=(8, 6)):
    """Return the largest singular value: the norm of a matrix."""

    def grad(matrix):
        left, _, right = np.linalg.svd(matrix)
        return np.outer(left[:, 0], right[0])

    return Problem(lambda m: singular_values(m)[0], grad, rng.standard_normal(shape))


def draw_spectrum(rng, *, size=6):
    """Functions of all eigenvalues of the symmetric part of a matrix."""
    weights = rng.standard_normal(size)

    def loss(matrix):
        return (weights * np.tanh(eigenvalues(_halved(matrix)) / 2)).sum()

    def grad(matrix):
        values, vectors = np.linalg.eigh(_halved(matrix))
        slopes = weights * (1 - np.tanh(values / 2) ** 2) / 2
        return vectors * slopes @ vectors.T

    return Problem(loss, grad, rng.standard_normal((size, size)))


def draw_lowest(rng, *, size=8):
    """Return the lowest eigenvalue of a chain of masses, by the stiffnesses of its springs."""
    masses = rng.uniform(0.5, 2, size)

    def matrix(springs):
        spread = np.diff(np.eye(size + 2), axis=0)[:, 1:-1] / np.sqrt(masses)
        return spread, spread.T @ (springs[:, None] * spread)

    def grad(springs):
        spread, stiffness = matrix(springs)
        return (spread @ np.linalg.eigh(stiffness)[1][:, 0]) ** 2

    return Problem(
        lambda springs: eigenvalues(matrix(springs)[1])[0], grad, rng.uniform(0.5, 2, size + 1)
    )


def draw_ridge(rng, *, size=8, rows=20):
    """The error on new data of a ridge regression, by its inputs' weights and its penalty."""
    inputs, fresh = rng.standard_normal((rows, size)), rng.standard_normal((rows, size))
    wanted, new = inputs.sum(axis=1), fresh.sum(axis=1) + 0.3 * rng.standard_normal(rows)

    def solved(logs):
        gram = inputs.T @ inputs + np.exp(logs) * np.eye(size)
        return gram, solve(gram, inputs.T @ wanted)

    def loss(logs):
        return ((fresh @ solved(logs)[1] - new) ** 2).mean()

    def grad(logs):
        gram, answer = solved(logs)
        by_answer = 2 * fresh.T @ (fresh @ answer - new) / rows
        return -np.linalg.solve(gram, by_answer) * answer * np.exp(logs)

    return Problem(loss, grad, rng.standard_normal(size))


def draw_chain(rng, *, states=6):
    """The mean time until a Markov chain is absorbed, by the logits of its moves."""
    out = rng.uniform(0.5, 1.5, states)

    def moves(logits):
        e = np.exp(logits)
        shares = e / (e.sum(axis=1) + out)[:, None]
        return shares, solve(np.eye(states) - shares, np.ones(states))

    def grad(logits):
        shares, times = moves(logits)
        visits = np.linalg.solve((np.eye(states) - shares).T, np.full(states, 1 / states))
        return visits[:, None] * shares * (times - (shares @ times)[:, None])

    return Problem(lambda x: moves(x)[1].mean(), grad, rng.standard_normal((states, states)))


def _family(name, draw, **options):
    return Family(name, "matrices", functools.partial(draw, **options))


FAMILIES = [
    _family("Gaussian process", draw_process),
    _family("Gaussian process, 50 points", draw_process, points=50),
    _family("multivariate normal", draw_normal),
    _family("precision matrix", draw_precision),
    _family("determinant", draw_determinant),
    _family("nuclear norm", draw_nuclear),
    _family("spectral norm", draw_spectral),
    _family("eigenvalues, all", draw_spectrum),
    _family("eigenvalue, the lowest", draw_lowest),
    _family("ridge regression, solved inside", draw_ridge),
    _family("Markov chain, solved inside", draw_chain),
]
