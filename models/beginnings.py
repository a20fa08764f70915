"""The beginning of a training: its vectors, and the size of its batches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.loss_table import named
from models.options import Options
from models.vocabulary import Vocabulary

__all__ = ["fitting_batch_size", "initialize"]

_Vectors = NDArray[np.float32]

# The learning rate times the terms that the busiest row of U has in a batch. With 8 the vectors
# grew without bound on a vocabulary of 40 words, with 2 they did not; a large English text has 3
# in 1,024 pairs.
_LARGEST_STEP = 3.0

# The numbers of all vectors of U that a batch names, repeats counted: 128 MB in float32. The usual
# options have 1 % of that.
_LARGEST_GATHER = 1 << 25

_USUAL_PATH = 32
"""Nodes of the longest path in a batch, of a vocabulary of tens of thousands of words."""


def initialize(vocabulary_size: int, options: Options) -> tuple[_Vectors, _Vectors]:
    """Return V and U as they are before training.

    ======================= ================= =================
    ``init``                V                 U
    ======================= ================= =================
    word2vec, half-zeros    uniform ±0.5/d    0
    gensim                  uniform ±1/d      0
    random                  uniform ±0.5/d    uniform ±0.5/d
    zeros                   0                 0
    ======================= ================= =================

    From zeros nothing ever moves: each gradient is a multiple of a vector that is 0.

    Parameters
    ----------
    vocabulary_size : int
        |V|.
    options : Options
        ``init``, ``size`` and ``seed`` are read.

    Returns
    -------
    V, U : ndarray of float32, shape (|V|, d)
        U of a loss with a tree has a row less, one for each inner node.
    """
    # The randomness of a block has three numbers, and numbers that lack count as 0.
    rng = np.random.default_rng([options.seed, 0, 0, 1])
    outside_rows = named(options.loss).outside_rows(vocabulary_size)

    def uniform(rows: int, bound: float) -> _Vectors:
        vectors: _Vectors = rng.random((rows, options.size), dtype=np.float32)
        vectors -= 0.5
        vectors *= 2 * bound
        return vectors

    def zeros(rows: int) -> _Vectors:
        return np.zeros((rows, options.size), dtype=np.float32)

    half = 0.5 / options.size
    match options.init:
        case "word2vec" | "half-zeros":
            return uniform(vocabulary_size, half), zeros(outside_rows)
        case "gensim":
            return uniform(vocabulary_size, 2 * half), zeros(outside_rows)
        case "random":
            return uniform(vocabulary_size, half), uniform(outside_rows, half)
        case "zeros":
            return zeros(vocabulary_size), zeros(outside_rows)


def fitting_batch_size(vocabulary: Vocabulary, options: Options) -> int:
    """Return the number of pairs that a minibatch may have.

    All gradients of a batch are taken at the same vectors and added up. Where the same rows come
    again and again, as in a small vocabulary, a step would so go many times too far: the batch is
    halved until the busiest row of U moves by no more than is known to be stable; and until its
    vectors take little memory, however many negatives there are.

    Parameters
    ----------
    vocabulary : Vocabulary
        The words and their counts.
    options : Options
        The options; their ``batch_size`` is not looked at.

    Returns
    -------
    int
        A power of 2.
    """
    loss = named(options.loss)
    size = loss.largest_batch
    if options.compiled or options.is_own_loss:  # pair by pair
        return size
    kept = vocabulary.counts * vocabulary.keep_probabilities(options.sample, options.subsampling)
    terms = kept / kept.sum()
    numbers_a_pair = options.size
    if loss.has_tree:
        numbers_a_pair *= _USUAL_PATH
        terms = np.ones(1)  # the root is on every path
    elif loss.has_negatives:
        numbers_a_pair *= 1 + options.negative
        terms = terms + options.negative * vocabulary.noise(options.noise_power).probabilities
    while size > 1 and (
        options.starting_rate * size * terms.max() > _LARGEST_STEP
        or size * numbers_a_pair > _LARGEST_GATHER
    ):
        size //= 2
    return size
