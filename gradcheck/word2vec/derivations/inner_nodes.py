"""Hierarchical softmax: the gradients and second derivatives for every path through a tree."""

from __future__ import annotations

from typing import Any, TypeAlias

from sympy import Integer, Sum, Symbol, log

from gradcheck.equations import abbreviate, at, partial
from gradcheck.symbolic import Derivation, Step
from gradcheck.symbolic.matrix_forms import Axis, gradient, in_matrices, matrix, vector
from gradcheck.word2vec import losses
from gradcheck.word2vec.derivations.letters import (
    DIMENSIONS,
    NAMES,
    PAIR,
    center_vector,
    delta,
    q,
    score,
    sigma,
    y,
)
from gradcheck.word2vec.losses import L, N, inner, k, m, nodes, place, signs, v, x

__all__ = [
    "PATH",
    "TREE_NAMES",
    "J_tree",
    "hierarchical_softmax",
    "inner_matrix",
    "over_path",
    "turns",
]

# SymPy has no type information.
Expr: TypeAlias = Any

PATH = (
    (
        "The words are the leaves of a binary tree. The rows $u_x$ of $U$ are the vectors of its "
        "inner nodes, $N = |V| − 1$ of them."
    ),
    (
        "$n_1, …, n_L$ are the nodes on the path from the root to the observed word, and $s_l$ is "
        "1 where the path goes left from $n_l$, $−1$ where it goes right: $s_l² = 1$."
    ),
)
TREE_NAMES = NAMES | {inner: "u", N: "N"}

signed = abbreviate(
    "signed",
    lambda step: signs[step] * score(nodes[step], inner),
    unicode="a_{0:sub}",
    latex="a_{{{0}}}",
)
J_tree = abbreviate("J_tree", losses.hierarchical_softmax_loss, unicode="J", latex="J")
turns = abbreviate(
    "turns",
    lambda node: over_path(signs[place] * delta(node, nodes[place])),
    unicode="r_{0:sub}",
    latex="r_{{{0}}}",
)

slopes = abbreviate(
    "slopes",
    lambda node: -over_path(signs[place] * sigma(-signed(place)) * delta(node, nodes[place])),
    unicode="g_{0:sub}",
    latex="g_{{{0}}}",
)

NODES = Axis(N, "N")
inner_matrix = matrix(inner, NODES, DIMENSIONS, "U")


def over_path(body: Expr) -> Expr:
    """Return the sum over the nodes of the path."""
    return Sum(body, (place, 1, L))


def hierarchical_softmax() -> Derivation:
    """Derive the gradient of hierarchical softmax, and its second derivatives."""
    by_center, by_node = v[k, 0], inner[x, m]
    sign, node_score = Symbol("s", real=True), Symbol("a", real=True)
    u = inner[nodes[place], k]
    # -∂J/∂(u_{n_l}·v_c), and the derivative of ∂J/∂(u_{n_l}·v_c).
    pull = signs[place] * sigma(-signed(place))
    slope = signs[place] ** 2 * sigma(signed(place)) * sigma(-signed(place))
    is_here = delta(x, nodes[place])
    return Derivation(
        name="hierarchical-softmax",
        title="Hierarchical softmax: gradient and second derivatives",
        given=(
            "$v_c$ is the vector of the center word $c$, and $o$ the observed outside word.",
            *PATH,
            PAIR[1],
            (
                "$a$ is any score $u_x·v_c$. $a_l = s_l u_{n_l}·v_c$ is that of step $l$, its sign "
                "turned where the path goes right."
            ),
        ),
        steps=(
            Step(
                sigma(node_score) + sigma(-node_score),
                1,
                "At each node, $σ(u_x·v_c)$ is the probability to go left and $σ(−u_x·v_c)$ that "
                "to go right. So from the root down, all leaves share 1: no sum over $|V|$.",
            ),
            Step(
                J_tree(),
                -over_path(log(sigma(signed(place)))),
                "$−log p(o|c)$: $p(o|c)$ is the product over the path, its logarithm a sum.",
                is_definition=True,
            ),
            Step(
                partial(-log(sigma(sign * node_score)), node_score),
                -sign * sigma(-sign * node_score),
                "One term. The derivative of $−log σ(t)$ is $−σ(−t)$, that of $t = s a$ is $s$.",
            ),
            Step(
                at(-sign * sigma(-sign * node_score), (sign, 1)),
                sigma(node_score) - 1,
                "To the left it is $σ − 1$ …",
            ),
            Step(
                at(-sign * sigma(-sign * node_score), (sign, -1)),
                sigma(node_score),
                "… and to the right $σ − 0$: predicted minus observed, as in the other losses.",
            ),
            Step(
                partial(J_tree(), by_center),
                -over_path(pull * u),
                "The chain rule, node by node: $∂a_l/∂v_c$ is $s_l u_{n_l}$.",
            ),
            Step(
                partial(J_tree(), by_node),
                -over_path(pull * is_here) * v[m, 0],
                "It is 0 unless $x$ is on the path: at most $L$ rows move, about $log |V|$ of "
                "them, and none belongs to a word.",
            ),
            Step(
                slopes(x),
                -over_path(pull * is_here),
                "The number in front of $v_c$: the derivative of $J$ by the score $u_x·v_c$, "
                "predicted minus observed, and 0 off the path.",
                is_definition=True,
            ),
            in_matrices(
                gradient(J_tree(), center_vector),
                inner_matrix.T @ vector(slopes, NODES, "g"),
                (k, Integer(0)),
                "All entries of step 6 at once.",
            ),
            in_matrices(
                gradient(J_tree(), inner_matrix),
                vector(slopes, NODES, "g") @ center_vector.T,
                (x, m),
                "All rows of step 7 at once. In code, only the rows of the path are touched.",
            ),
            Step(
                partial(J_tree(), v[k, 0], v[q, 0]),
                over_path(slope * u * inner[nodes[place], q]),
                "A sum of squares with positive weights: $J$ is convex in $v_c$ alone.",
            ),
            Step(
                partial(J_tree(), by_center, by_node),
                over_path((slope * u * v[m, 0] - pull * delta(k, m)) * is_here),
                "The mixed block: $v_c[m]$ itself is a factor of $∂J/∂u_x[m]$, and $σ$ depends on"
                " $v_c$.",
            ),
            Step(
                partial(J_tree(), inner[x, m], inner[y, k]),
                over_path(slope * is_here * delta(y, nodes[place])) * v[m, 0] * v[k, 0],
                "Two different nodes never meet in one term.",
            ),
        ),
        names=TREE_NAMES,
    )
