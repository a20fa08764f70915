"""The two losses in ball arithmetic: enclosures of the exact loss and gradient of a case.

Inputs are taken exactly, as the binary fractions that they are. Every operation returns a ball
that contains the exact result, so the enclosures are proofs; their radii, at this precision, are
far below one unit in the last place of anything in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from flint import arb, ctx

if TYPE_CHECKING:
    from gradcheck.word2vec.cases import Case

_BITS = 192
_EPSILON = 2.0**-52


@dataclass(frozen=True)
class Enclosure:
    """Balls around the loss (one), its center gradient (d) and outside gradient (|V| × d)."""

    loss: arb
    center: list[arb]
    outside: list[list[arb]]


def naive_softmax(case: Case) -> Enclosure:
    ctx.prec = _BITS
    center, outside = _balls(case.center), [_balls(row) for row in case.outside]
    scores = [_dot(row, center) for row in outside]
    exponentials = [score.exp() for score in scores]
    total = sum(exponentials, arb(0))
    residual = [exponential / total for exponential in exponentials]
    residual[case.target] -= 1
    return Enclosure(
        loss=total.log() - scores[case.target],
        center=[_dot(residual, column) for column in zip(*outside, strict=True)],
        outside=[[weight * entry for entry in center] for weight in residual],
    )


def negative_sampling(case: Case) -> Enclosure:
    ctx.prec = _BITS
    center, outside = _balls(case.center), [_balls(row) for row in case.outside]
    words = [case.target, *case.negatives]
    signs = [-1, *(1 for _ in case.negatives)]
    scores = [sign * _dot(outside[word], center) for word, sign in zip(words, signs, strict=True)]
    # -log σ(-x) = log(1 + exp(x)), whose derivative is exp(x) / (1 + exp(x))
    loss = sum(((1 + score.exp()).log() for score in scores), arb(0))
    weights = [arb(0)] * len(outside)
    for word, sign, score in zip(words, signs, scores, strict=True):
        weights[word] = weights[word] + sign / (1 + (-score).exp())
    return Enclosure(
        loss=loss,
        center=[_dot(weights, column) for column in zip(*outside, strict=True)],
        outside=[[weight * entry for entry in center] for weight in weights],
    )


def worst_units(values: np.ndarray, balls: object, scale: np.ndarray) -> float:
    """Return a bound on max |value - exact| / (eps * scale), eps being 2**-52."""
    flat = np.ravel(np.array(balls, dtype=object))
    triples = zip(np.ravel(values).tolist(), flat, np.ravel(scale).tolist(), strict=True)
    ctx.prec = _BITS
    return max(
        float((arb(value) - ball).abs_upper() / (_EPSILON * arb(unit)))
        for value, ball, unit in triples
    )


def _balls(values: np.ndarray) -> list[arb]:
    return [arb(value) for value in values.tolist()]


def _dot(left: object, right: object) -> arb:
    return sum((a * b for a, b in zip(left, right, strict=True)), arb(0))
