"""Arithmetic as on paper: a fraction as long as there is one, and a float from there on.

A `Number` is an exact `Fraction` or, once an exponential or a logarithm came into it, a float.
Python's own arithmetic keeps the two apart: a Fraction with a Fraction gives a Fraction, with a
float a float.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from gradcheck import stable_functions
from gradcheck.document.numerals import Number, Vector

__all__ = [
    "Matrix",
    "Number",
    "Vector",
    "dot",
    "exponential",
    "log_odds_against",
    "product",
    "scaled",
    "sigmoid",
    "softmax",
    "softplus",
    "total",
]

Matrix = tuple[Vector, ...]

# A sum of floats this much smaller than its terms is made of their rounding errors.
_NOISE = 8 * sys.float_info.epsilon


def product(a: Number, b: Number) -> Number:
    """Return a·b; an exact zero makes it an exact zero, whatever the other factor is."""
    if _is_exact_zero(a) or _is_exact_zero(b):
        return Fraction(0)
    return a * b


def _is_exact_zero(number: Number) -> bool:
    return isinstance(number, Fraction) and number == 0


def total(terms: Iterable[Number]) -> Number:
    """Return the sum: exact where every term is; 0.0 where the terms cancel but for rounding."""
    terms = [term for term in terms if not _is_exact_zero(term)]
    exact = sum((term for term in terms if isinstance(term, Fraction)), Fraction(0))
    if all(isinstance(term, Fraction) for term in terms):
        return exact
    rounded = math.fsum(map(float, terms))
    noise = _NOISE * math.fsum(abs(float(term)) for term in terms)
    return rounded if abs(rounded) > noise else 0.0


def dot(a: Sequence[Number], b: Sequence[Number]) -> Number:
    """Return a·b of two vectors of the same length."""
    return total(product(x, y) for x, y in zip(a, b, strict=True))


def scaled(factor: Number, vector: Sequence[Number]) -> Vector:
    """Return factor·vector."""
    return tuple(product(factor, entry) for entry in vector)


def exponential(x: Number) -> Number:
    """Return exp(x); exp(0) is exact."""
    return Fraction(1) if _is_exact_zero(x) else math.exp(x)


def sigmoid(x: Number) -> Number:
    """Return σ(x) = 1 / (1 + exp(-x)); σ(0) is exact."""
    return Fraction(1, 2) if _is_exact_zero(x) else float(stable_functions.sigmoid(float(x)))


def softplus(x: Number) -> float:
    """Return log(1 + exp(x)) = -log σ(-x)."""
    return float(stable_functions.softplus(float(x)))


def softmax(scores: Sequence[Number]) -> Vector:
    """Return exp(score) / Σ exp(score) of each; exact where the scores are exactly equal."""
    if all(isinstance(score, Fraction) and score == scores[0] for score in scores):
        return (Fraction(1, len(scores)),) * len(scores)
    shares = stable_functions.softmax(np.array(scores, dtype=np.float64))
    return tuple(float(share) for share in shares)


def log_odds_against(scores: Sequence[Number], target: int) -> Number:
    """Return log((1 - p) / p), where p is the softmax probability of the target.

    With it, p = σ(-x), 1 - p = σ(x) and -log p = softplus(x), all of them accurate even where
    p is so near to 1 that 1 - p, computed so, would be rounding error.

    Parameters
    ----------
    scores : sequence of Number
        At least two.
    target : int
        Which one.
    """
    differences = [float(score - scores[target]) for score in scores]
    del differences[target]
    return float(stable_functions.logsumexp(np.array(differences)))
