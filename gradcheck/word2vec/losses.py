r"""The losses of word2vec, defined once, for every vocabulary, dimension, sample size and tree.

The definitions are those of the lecture: v is the vector v_c of the center word, the rows of U
are the outside vectors u_w, o is the index of the observed outside word, and n_1, …, n_K are the
indices of the negative samples, which may repeat and may equal o. Hierarchical softmax has no
outside vectors: the words are the leaves of a binary tree, and the rows of U are vectors of its
N = \|V\| - 1 inner nodes. n_1, …, n_L are the nodes on the path from the root to the observed word,
and s_l is 1 where the path goes left from n_l, and -1 where it goes right.

.. math::

    J_{naive softmax} &= -u_o \cdot v_c + \log \sum_w \exp(u_w \cdot v_c) \\
    J_{negative sampling} &= -\log \sigma(u_o \cdot v_c)
        - \sum_k \log \sigma(-u_{n_k} \cdot v_c) \\
    J_{hierarchical softmax} &= -\sum_l \log \sigma(s_l\, u_{n_l} \cdot v_c)

(Mikolov et al., *Distributed representations of words and phrases*, 2013, eq. 2, 4 and 3.)

SymPy differentiates them here for symbolic W = \|V\|, d and K: always by an entry of v or U, never
by a whole vector, which SymPy 1.14 gets wrong without saying so. Run as a program, this module
writes `gradcheck.word2vec.formulas`, the same gradients as NumPy: deriving them takes longer than
most of what they are used for.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import sympy
from sympy import IndexedBase, MatrixSymbol, Sum, Symbol, exp, log

from gradcheck.symbolic.numpy_source import Output, print_function

__all__ = [
    "Loss",
    "hierarchical_softmax",
    "hierarchical_softmax_loss",
    "naive_softmax",
    "naive_softmax_loss",
    "negative_sampling",
    "negative_sampling_loss",
    "print_formulas",
    "probability",
    "score",
    "sigmoid",
]

# W is |V|: V itself is the matrix of the center vectors. N is |V| - 1, L the length of a path.
W, d, K, N, L = (Symbol(name, integer=True, positive=True) for name in ("W", "d", "K", "N", "L"))
# The free indices of a gradient: an entry k of v, an entry (x, m) of U.
k, x, m = (Symbol(name, integer=True, nonnegative=True) for name in ("k", "x", "m"))
o, w, j = (Symbol(name, integer=True, nonnegative=True) for name in ("o", "w", "j"))
i = Symbol("i", integer=True, positive=True)
U = MatrixSymbol("U", W, d)
v = MatrixSymbol("v", d, 1)
n = IndexedBase("n", shape=(K,))
# Of a tree: the vectors of its inner nodes, and a path to a word.
inner = MatrixSymbol("U", N, d)
nodes, signs = IndexedBase("n", shape=(L,)), IndexedBase("s", shape=(L,))
place = Symbol("l", integer=True, positive=True)


class Loss(NamedTuple):
    """A loss J and its partial derivatives, as SymPy expressions.

    Attributes
    ----------
    value : sympy.Expr
        J(v, U).
    center : sympy.Expr
        ∂J/∂v_k, k being a free index.
    outside : sympy.Expr
        ∂J/∂U_xm, x and m being free indices.
    """

    value: Any
    center: Any
    outside: Any


def score(row: Any, matrix: Any = U) -> Any:
    """Return u_row·v_c, as a sum."""
    return Sum(matrix[row, j] * v[j, 0], (j, 0, d - 1))


def sigmoid(score: Any) -> Any:
    """Return σ(score) = 1 / (1 + exp(-score))."""
    return 1 / (1 + exp(-score))


def probability(word: Any) -> Any:
    """Return p(word|c), the softmax of the scores."""
    return exp(score(word)) / _normalizer()


def naive_softmax_loss() -> Any:
    """Return the naive-softmax loss."""
    return -score(o) + log(_normalizer())


def negative_sampling_loss() -> Any:
    """Return the negative-sampling loss."""
    return -log(sigmoid(score(o))) - Sum(log(sigmoid(-score(n[i]))), (i, 1, K))


def hierarchical_softmax_loss() -> Any:
    """Return the loss of hierarchical softmax."""
    return -Sum(log(sigmoid(signs[place] * score(nodes[place], inner))), (place, 1, L))


@cache
def naive_softmax() -> Loss:
    """Return the naive-softmax loss and its derivatives."""
    return _with_derivatives(naive_softmax_loss())


@cache
def negative_sampling() -> Loss:
    """Return the negative-sampling loss and its derivatives."""
    return _with_derivatives(negative_sampling_loss())


@cache
def hierarchical_softmax() -> Loss:
    """Return the loss of hierarchical softmax and its derivatives."""
    return _with_derivatives(hierarchical_softmax_loss(), inner)


def print_formulas() -> str:
    """Return the source of `gradcheck.word2vec.formulas`."""
    of_softmax = print_function(
        "naive_softmax",
        "(v: Floats, U: Floats, o: int) -> tuple[Any, Floats, Floats]",
        "Return J = -u_o·v + log Σ_w exp(u_w·v), ∂J/∂v (d,) and ∂J/∂U (|V|, d).",
        _outputs(naive_softmax()),
        [
            Output("target_score", score(o)),
            Output("scores", score(x), ((x, W),)),
            Output("probabilities", probability(x), ((x, W),)),
        ],
    )
    of_sampling = print_function(
        "negative_sampling",
        "(v: Floats, U: Floats, o: int, n: Indices) -> tuple[Any, Floats, Floats]",
        "Return J = -log σ(u_o·v) - Σ_k log σ(-u_{n_k}·v), ∂J/∂v (d,) and ∂J/∂U (|V|, d).",
        _outputs(negative_sampling()),
        [
            Output("target_score", score(o)),
            Output("negative_scores", score(n[i]), ((i, K),)),
            Output("target_weight", sigmoid(-score(o))),
            Output("negative_weights", sigmoid(score(n[i])), ((i, K),)),
        ],
    )
    of_tree = print_function(
        "hierarchical_softmax",
        "(v: Floats, U: Floats, n: Indices, s: Floats) -> tuple[Any, Floats, Floats]",
        "Return J = -Σ_l log σ(s_l u_{n_l}·v), ∂J/∂v (d,) and ∂J/∂U (|V| - 1, d).",
        _outputs(hierarchical_softmax(), N),
        [
            Output("scores", score(nodes[place], inner), ((place, L),)),
            Output("weights", sigmoid(-signs[place] * score(nodes[place], inner)), ((place, L),)),
        ],
    )
    return f"{_HEADER}\n\n{of_softmax}\n\n{of_sampling}\n\n{of_tree}"


def _with_derivatives(value: Any, matrix: Any = U) -> Loss:
    # The indices k, x and m occur in no loss: differentiating by an entry whose index is also a
    # summation index captures it, and SymPy does not say so.
    return Loss(value, sympy.diff(value, v[k, 0]).doit(), sympy.diff(value, matrix[x, m]).doit())


_HEADER = f'''\
"""The losses of word2vec and their gradients, derived by SymPy. Generated: do not edit.

From `gradcheck.word2vec.losses`, with SymPy {sympy.__version__}, by

    python -m gradcheck.word2vec.losses

v is the center vector (d,), the rows of U (|V|, d) are the outside vectors, o is the index of the
target, n holds those of the negatives. Of hierarchical softmax, the rows of U (|V| - 1, d) are the
vectors of inner nodes, n holds the nodes of a path, s is 1 where it goes left and -1 where it goes
right. Every axis is called after its length: w for |V|, d, k for the number of
negatives, and l for the length of the path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.stable_functions import logsumexp, scatter_add, sigmoid, softmax, softplus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.intp]
'''


def _normalizer() -> Any:
    return Sum(exp(score(w)), (w, 0, W - 1))


def _outputs(loss: Loss, rows: Any = W) -> list[Output]:
    return [
        Output("loss", loss.value),
        Output("center", loss.center, ((k, d),)),
        Output("outside", loss.outside, ((x, rows), (m, d))),
    ]


def main() -> int:
    """Write `gradcheck.word2vec.formulas` anew, beside this file."""
    path = Path(__file__).with_name("formulas.py")
    path.write_text(print_formulas(), encoding="utf-8")
    sys.stdout.write(f"wrote {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
