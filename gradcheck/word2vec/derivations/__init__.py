"""The gradients of word2vec, derived step by step for every vocabulary, dimension and window."""

from __future__ import annotations

from functools import cache

from gradcheck.symbolic import Derivation
from gradcheck.word2vec.derivations import inner_nodes, lemmas, pairs, windows, zeros

__all__ = ["NAMES", "derivation"]

_MAKERS = {
    "sigmoid": lemmas.sigmoid_lemma,
    "softmax": lemmas.softmax_lemma,
    "naive-softmax": pairs.naive_softmax,
    "negative-sampling": pairs.negative_sampling,
    "hierarchical-softmax": inner_nodes.hierarchical_softmax,
    "skipgram-naive-softmax": windows.skipgram_naive_softmax,
    "skipgram-negative-sampling": windows.skipgram_negative_sampling,
    "cbow-naive-softmax": windows.cbow_naive_softmax,
    "cbow-negative-sampling": windows.cbow_negative_sampling,
    "cbow-hierarchical-softmax": windows.cbow_hierarchical_softmax,
    "zeros-naive-softmax": zeros.zeros_naive_softmax,
    "zeros-negative-sampling": zeros.zeros_negative_sampling,
    "zeros-hierarchical-softmax": zeros.zeros_hierarchical_softmax,
    "half-zeros": zeros.half_zeros,
    "equal-rows": zeros.equal_rows,
}
NAMES = tuple(_MAKERS)
"""The names of all derivations."""


@cache
def derivation(name: str) -> Derivation:
    """Return a derivation by its name.

    Raises
    ------
    KeyError
        If there is none of that name; `NAMES` has them all.
    """
    return _MAKERS[name]()
