"""Batches of pairs with vectors to go with them, and what loss and gradient they should have."""

from __future__ import annotations

import dataclasses
import inspect
from types import ModuleType
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from gradcheck.stable_functions import softmax
from gradcheck.strategies import generators, matrix_shapes, scales
from gradcheck.word2vec import oracle
from gradcheck.word2vec.cases import Case
from models import losses
from models.pairs import Batch

LOSSES = ("naive_softmax", "negative_sampling")

# A sum over pairs rounds like its terms: as for one pair, see `gradcheck.word2vec.oracle.Answer`.
UNITS = 64


class Sample(NamedTuple):
    """What a function of a minibatch is called with."""

    V: np.ndarray
    U: np.ndarray
    batch: Batch

    def astype(self, dtype):
        return Sample(self.V.astype(dtype), self.U.astype(dtype), self.batch)


class Pair(NamedTuple):
    """The words of one pair, without the places where there is none."""

    inputs: list
    target: int
    negatives: tuple


def batch(inputs, targets, negatives=None):
    """Make a batch of lists."""
    if negatives is None:
        negatives = np.empty((len(targets), 0))
    return Batch(*(np.array(part, dtype=np.int32) for part in (inputs, targets, negatives)))


def pairs(of):
    return [
        Pair(
            [int(word) for word in inputs if word >= 0],
            int(target),
            tuple(int(word) for word in negatives if word >= 0),
        )
        for inputs, target, negatives in zip(*of, strict=True)
    ]


def one_by_one(of):
    """Split a batch into batches of one pair."""
    return [Batch(*(part[b : b + 1] for part in of)) for b in range(len(of.targets))]


@st.composite
def samples(draw, *, largest_score=None):
    """Draw a sample: pairs share rows, words repeat within a pair, and -1 is among them.

    Scores are at most 15 in magnitude, or at most `largest_score`, which one of them reaches.
    """
    words, dimension = draw(matrix_shapes(min_rows=2, max_rows=40, max_columns=12))
    size, contexts, drawn = draw(st.tuples(st.integers(1, 6), st.integers(1, 5), st.integers(0, 5)))
    inputs = np.full((size, contexts), -1, dtype=np.int32)
    for row in inputs:
        present = draw(st.integers(1, contexts))
        row[:present] = draw(
            st.lists(st.integers(0, words - 1), min_size=present, max_size=present)
        )
    rng = draw(generators())
    targets = rng.integers(0, words, size=size, dtype=np.int32)
    negatives = rng.integers(-1, words, size=(size, drawn), dtype=np.int32)
    V, U = (draw(scales()) * rng.standard_normal((words, dimension)) for _ in "VU")
    of = Batch(inputs, targets, negatives)
    highest = max(np.abs(U @ V[pair.inputs].mean(axis=0)).max() for pair in pairs(of))
    if largest_score is not None and highest > 0:
        V *= largest_score / highest
    elif highest > 15:
        V *= 15 / highest
    return Sample(V, U, of)


# Small enough to follow on paper: a context word twice, beside padding; a negative twice; the
# target among the negatives; the last row, which -1 would be, named as often as -1; all alike.
EXAMPLES = tuple(
    Sample(
        np.array([[1.0, 0.5], [-0.5, 2.0], [0.25, -1.0], [0.75, 0.125]]),
        np.array([[0.5, -1.0], [1.5, 0.25], [-0.75, 1.0], [2.0, 0.5]]),
        of,
    )
    for of in (
        batch([[0, 0, 1], [2, -1, -1]], [1, 1], [[2, 2], [3, 0]]),
        batch([[0]], [1], [[1, 2, 2, -1, 1]]),
        batch([[3, -1], [3, 1], [0, -1]], [3, 2, 2], [[-1, 3], [0, 0], [0, -1]]),
        batch([[2], [2], [2]], [0, 0, 1], [[-1], [-1], [-1]]),
    )
)


def expected(loss, sample):
    """Return the sum over the pairs of the oracle's answers."""
    return _sum_over_pairs(loss, sample, _by_oracle)


def by_losses(loss, sample):
    """Return the sum over the pairs of what `models.losses` returns."""
    return _sum_over_pairs(loss, sample, _by_losses)


def _by_oracle(loss, h, U, pair):
    answer = getattr(oracle, loss)(Case(h, U, pair.target, pair.negatives))
    return answer.loss, answer.center, answer.outside


def _by_losses(loss, h, U, pair):
    if loss == "naive_softmax":
        return losses.naive_softmax(h, U, pair.target)
    return losses.negative_sampling(h, U, pair.target, pair.negatives)


def _sum_over_pairs(loss, sample, of_pair):
    V, U, of = sample
    total = oracle.Answer(
        0.0, np.zeros_like(V), np.zeros_like(U), 0.0, np.zeros_like(V), np.zeros_like(U)
    )
    for pair in pairs(of):
        h = V[pair.inputs].mean(axis=0)
        J, by_h, by_U = of_pair(loss, h, U, pair)
        J_scale, h_scale, U_scale = _rounding(loss, sample, pair, J)
        total.outside[:] += by_U
        total.outside_scale[:] += U_scale
        for word in pair.inputs:
            total.center[word] += by_h / len(pair.inputs)
            total.center_scale[word] += h_scale / len(pair.inputs)
        total = dataclasses.replace(
            total, loss=total.loss + J, loss_scale=total.loss_scale + J_scale
        )
    return total


def _rounding(loss, sample, pair, J):
    """The scales of the terms, see `Answer`; a mean's is the mean of the magnitudes."""
    U, size = np.abs(sample.U), np.abs(sample.V[pair.inputs]).mean(axis=0)
    if loss == "naive_softmax":
        weights = softmax(sample.U @ sample.V[pair.inputs].mean(axis=0))
        weights[pair.target] += 1
        rounding = np.full(len(U), 1 + (U @ size).max())
    else:
        weights = np.bincount([pair.target, *pair.negatives], minlength=len(U)).astype(float)
        rounding = 1 + U @ size
    weights *= rounding
    return abs(J) + weights.sum() + rounding.max(), weights @ U, np.outer(weights, size)


def assert_agrees(got, answer):
    """Fail unless loss, gradient of V and gradient of U are the answer but for their rounding.

    Rounding is that of their type, float32 or float64, which below its smallest normal number has
    no relative precision to speak of.
    """
    precision = np.finfo(got[1].dtype)
    floor = precision.tiny / precision.eps
    for name, value, exact, scale in zip(
        ("loss", "center", "outside"),
        got,
        (answer.loss, answer.center, answer.outside),
        (answer.loss_scale, answer.center_scale, answer.outside_scale),
        strict=True,
    ):
        assert np.shape(value) == np.shape(exact), name
        worst = np.max(np.abs(value - exact) / (precision.eps * (scale + floor)))
        # Not `worst > units`: NaN must fail.
        assert worst <= UNITS, f"{name}: {worst:.3g} units"


def mutated(module, replacements):
    """Return a copy of a module in whose source some things are other things."""
    source = inspect.getsource(module)
    for right, wrong in replacements.items():
        assert right in source, right
        source = source.replace(right, wrong)
    copy = ModuleType(module.__name__)
    exec(source, copy.__dict__)  # noqa: S102 - our own source
    return copy
