"""The letters and abbreviations of the derivations, for the formulas of `losses`."""

from __future__ import annotations

from typing import Any, TypeAlias

from sympy import KroneckerDelta, MatrixSymbol, Sum, Symbol

from gradcheck.equations import abbreviate
from gradcheck.equations.notation import sigmoid
from gradcheck.symbolic.matrix_forms import ONE, Axis, matrix, vector
from gradcheck.word2vec import losses
from gradcheck.word2vec.losses import K, U, W, d, i, n, o, v

__all__ = [
    "DIMENSIONS",
    "GIVEN_MATRICES",
    "NAMES",
    "PAIR",
    "SAMPLES",
    "WORDS",
    "J",
    "J_sampling",
    "a",
    "center_vector",
    "delta",
    "draws",
    "mean",
    "one_hot",
    "outside_matrix",
    "over_dimensions",
    "over_samples",
    "over_words",
    "p",
    "q",
    "score",
    "sigma",
    "slopes",
    "y",
    "y_hat",
]

# SymPy has no type information.
Expr: TypeAlias = Any

# Free indices of a second derivative, beside those of the first in `losses`.
y, q = (Symbol(name, integer=True, nonnegative=True) for name in "yq")
a = MatrixSymbol("a", d, 1)

# The rows of U are the vectors u_w. A name of its own also says that a letter is given: [x = o],
# not [o = x].
NAMES = {W: "|V|", U: "u", v: "v_c", o: "o", losses.w: "w", y: "z"}

PAIR = (
    (
        "$v_c$ is the vector of the center word $c$, the rows $u_w$ of $U$ are the outside "
        "vectors, $o$ is the index of the observed outside word. $Σ_w$ goes over the vocabulary, "
        "$|V|$ words."
    ),
    (
        "$u_w[k]$ is entry $k$ of the vector $u_w$, $k = 1, …, d$. $[a = b]$ is 1 where $a = b$, "
        "and 0 elsewhere."
    ),
)
SAMPLES = (
    (
        "$n_1, …, n_K$ are the indices of the negative samples. They may repeat, and $o$ may be "
        "among them."
    ),
)

sigma = sigmoid
p = abbreviate("p", losses.probability, unicode="p({0}|c)", latex=r"p({0} \mid c)")
J = abbreviate("J", losses.naive_softmax_loss, unicode="J", latex="J")
J_sampling = abbreviate("J_sampling", losses.negative_sampling_loss, unicode="J", latex="J")
draws = abbreviate(
    "draws",
    lambda word: over_samples(KroneckerDelta(word, n[i])),
    unicode="K_{0:sub}",
    latex="K_{{{0}}}",
)
slopes = abbreviate(
    "slopes",
    lambda word: (
        draws(word) * sigma(losses.score(word))
        - KroneckerDelta(word, o) * sigma(-losses.score(word))
    ),
    unicode="g_{0:sub}",
    latex="g_{{{0}}}",
)
mean = abbreviate(
    "mean",
    lambda k: over_words(losses.x, p(losses.x) * U[losses.x, k]),
    unicode="ū[{0}]",
    latex=r"\bar u_{{{0}}}",
)
score = losses.score
delta = KroneckerDelta

WORDS, DIMENSIONS = Axis(W, "|V|"), Axis(d, "d")
outside_matrix = matrix(U, WORDS, DIMENSIONS, "U")
center_vector = matrix(v, DIMENSIONS, ONE, "v_c")
y_hat = vector(p, WORDS, "ŷ", r"\hat y")
one_hot = vector(lambda word: delta(word, o), WORDS, "y")
GIVEN_MATRICES = (
    "Vectors are columns: $v_c$ is $d × 1$. $ŷ$ has the $|V|$ entries $ŷ_x = p(x|c)$, and $y$ the "
    "entries $y_x = [x = o]$."
)


def over_words(index: Expr, body: Expr) -> Expr:
    """Return the sum over the vocabulary."""
    return Sum(body, (index, 0, W - 1))


def over_dimensions(index: Expr, body: Expr) -> Expr:
    """Return the sum over the entries of a vector."""
    return Sum(body, (index, 0, d - 1))


def over_samples(body: Expr) -> Expr:
    """Return the sum over the negative samples n_i."""
    return Sum(body, (i, 1, K))
