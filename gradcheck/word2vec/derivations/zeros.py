"""Vectors that start at zero: a strict saddle, and the ways out of it."""

from __future__ import annotations

from typing import Any, TypeAlias

from sympy import MatrixSymbol, Sum, Symbol

from gradcheck.equations import abbreviate, at, partial
from gradcheck.symbolic import Derivation, Step
from gradcheck.word2vec.derivations.inner_nodes import PATH, TREE_NAMES, J_tree, over_path, turns
from gradcheck.word2vec.derivations.letters import (
    NAMES,
    PAIR,
    SAMPLES,
    J,
    J_sampling,
    a,
    delta,
    draws,
    over_dimensions,
    over_samples,
    over_words,
    p,
    q,
    y,
)
from gradcheck.word2vec.losses import (
    N,
    U,
    W,
    d,
    i,
    inner,
    j,
    k,
    m,
    n,
    nodes,
    o,
    place,
    signs,
    v,
    x,
)

__all__ = [
    "equal_rows",
    "half_zeros",
    "zeros_hierarchical_softmax",
    "zeros_naive_softmax",
    "zeros_negative_sampling",
]

# SymPy has no type information.
Expr: TypeAlias = Any

time = Symbol("t", real=True)
_ZERO_U = (U, lambda _word, _index: 0)
_ZERO_V = (v, lambda _index, _column: 0)
_LENGTH = over_dimensions(j, a[j, 0] ** 2)


def _at_zero(expression: Expr, zero: Any = _ZERO_U) -> Expr:
    return at(expression, zero, _ZERO_V)


def zeros_naive_softmax() -> Derivation:
    """Derive that U = 0, v_c = 0 is a strict saddle of the naive-softmax loss."""

    def block(word: Expr) -> Expr:
        return 1 / W - delta(word, o)

    curve = _curve(J(), block)
    return Derivation(
        name="zeros-naive-softmax",
        title="Naive softmax at zero: stationary, a strict saddle if $|V| > 1$",
        given=(*PAIR, _DIRECTION.format("1/|V| − [x = o]")),
        steps=(
            Step(_at_zero(p(x)), 1 / W, "Every score is 0, so every word is as probable."),
            *_stationary(J(), block(x)),
            Step(
                over_words(x, over_dimensions(m, block(x) ** 2 * delta(k, m) * delta(q, m))),
                (1 - 1 / W) * delta(k, q),
                "Write $M$ for the mixed block. $MᵀM$ is $1 − 1/|V|$ times the unit matrix: the "
                "Hessian has the eigenvalues $±√(1 − 1/|V|)$, each $d$ times, and otherwise 0.",
                about=(U[o, k], U[x, q]),
            ),
            Step(
                at(partial(curve(time), time, time), (time, 0)),
                -2 * (W - 1) * _LENGTH / W,
                "Along that direction the loss bends down wherever there are two words or more: "
                "the point is no minimum.",
            ),
        ),
        names=NAMES,
    )


def zeros_negative_sampling() -> Derivation:
    """Derive that U = 0, v_c = 0 is a strict saddle of the negative-sampling loss."""

    def block(word: Expr) -> Expr:
        return (draws(word) - delta(word, o)) / 2

    curve = _curve(J_sampling(), block)
    squares = over_words(x, (draws(x) - delta(x, o)) ** 2)
    return Derivation(
        name="zeros-negative-sampling",
        title="Negative sampling at zero: stationary, mostly a strict saddle",
        given=(
            *PAIR,
            *SAMPLES,
            "$K_x = Σ_i [x = n_i]$ is the number of times that $x$ was drawn.",
            "It is a strict saddle unless $K = 1$ and $n_1 = o$, where every $K_x − [x = o]$ is 0.",
            _DIRECTION.format("(K_x − [x = o])/2"),
        ),
        steps=(
            *_stationary(J_sampling(), block(x)),
            Step(
                over_words(x, over_dimensions(m, block(x) ** 2 * delta(k, m) * delta(q, m))),
                squares * delta(k, q) / 4,
                "Write $M$ for the mixed block. $MᵀM$ is a multiple of the unit matrix: unless "
                "$M$ is 0, the Hessian has one positive and one negative eigenvalue of the same "
                "size, each $d$ times.",
                about=(U[o, k], over_samples(U[n[i], q])),
            ),
            Step(
                at(partial(curve(time), time, time), (time, 0)),
                -squares * _LENGTH / 2,
                "Along that direction the loss bends down, unless the only sample is the target "
                "itself ($K = 1$, $n_1 = o$), whose two terms then cancel.",
            ),
        ),
        names=NAMES,
    )


def zeros_hierarchical_softmax() -> Derivation:
    """Derive that U = 0, v_c = 0 is a strict saddle of hierarchical softmax."""

    def block(node: Expr) -> Expr:
        return -turns(node) / 2

    curve = _curve(J_tree(), block, inner)
    squares = Sum(turns(x) ** 2, (x, 0, N - 1))
    return Derivation(
        name="zeros-hierarchical-softmax",
        title="Hierarchical softmax at zero: stationary, a strict saddle",
        given=(
            "$v_c$ is the vector of the center word $c$, and $o$ the observed outside word.",
            *PATH,
            PAIR[1],
            (
                "$r_x = Σ_l s_l [x = n_l]$ is $±1$ where $x$ is on the path, and 0 elsewhere: the "
                "nodes of a path differ, and $Σ_x r_x²$ is $L$."
            ),
            _DIRECTION.format("−r_x/2"),
        ),
        steps=(
            *_stationary(J_tree(), block(x), inner),
            Step(
                Sum(over_dimensions(m, block(x) ** 2 * delta(k, m) * delta(q, m)), (x, 0, N - 1)),
                squares * delta(k, q) / 4,
                "Write $M$ for the mixed block. $MᵀM$ is $L/4$ times the unit matrix: the Hessian "
                "has the eigenvalues $±√L/2$, each $d$ times, and otherwise 0.",
                about=(over_path(signs[place] * inner[nodes[place], k]), inner[x, q]),
            ),
            Step(
                at(partial(curve(time), time, time), (time, 0)),
                -squares * _LENGTH / 2,
                "Along that direction the loss bends down: the point is no minimum.",
            ),
        ),
        names=TREE_NAMES,
    )


_DIRECTION = (
    "$f(t)$ is the loss at $v_c = t a$ and $u_x = −t ({}) a$, for any vector $a$: along a line "
    "through zero."
)


def _curve(loss: Expr, block: Any, matrix: Any = U) -> Any:
    """Return the loss along the line v_c = t a, U = -t M a."""
    return abbreviate(
        "f",
        lambda t: at(
            loss,
            (matrix, lambda row, index: -t * block(row) * a[index, 0]),
            (v, lambda index, _: t * a[index, 0]),
        ),
        unicode="f({0})",
        latex="f({0})",
    )


def _stationary(loss: Expr, block: Expr, matrix: Any = U) -> tuple[Step, ...]:
    """Return the derivatives at zero that all losses have in common."""
    zero = (matrix, lambda _row, _index: 0)
    return (
        Step(
            _at_zero(partial(loss, v[k, 0]), zero),
            0,
            "Each term of $∂J/∂v_c$ has an outside vector as its factor, and all are 0.",
        ),
        Step(
            _at_zero(partial(loss, matrix[x, m]), zero),
            0,
            "Each $∂J/∂u_x$ has $v_c$ as its factor, and that is 0. So nothing ever moves.",
        ),
        Step(
            _at_zero(partial(loss, v[k, 0], v[q, 0]), zero),
            0,
            "Of the second derivatives, the block of $v_c$ with itself is 0 too …",
        ),
        Step(
            _at_zero(partial(loss, matrix[x, m], matrix[y, k]), zero),
            0,
            "… and so is that of $U$ with itself.",
        ),
        Step(
            _at_zero(partial(loss, v[k, 0], matrix[x, m]), zero),
            block * delta(k, m),
            "The mixed block. Where it is not 0, moving both at once changes the loss.",
        ),
    )


def half_zeros() -> Derivation:
    """Derive that it is enough to start one of the two matrices at random."""
    eta = Symbol("eta", positive=True)
    stepped = abbreviate(
        "stepped",
        lambda word, index: at(U[word, index] - eta * partial(J(), U[word, index]), _ZERO_U),
        unicode="u′_{0:sub}[{1}]",
        latex="(u'_{{{0}}})_{{{1}}}",
    )
    after_step = (U, stepped)
    return Derivation(
        name="half-zeros",
        title="One of the two matrices at zero: the first steps",
        given=(*PAIR, "$η$ is the learning rate of gradient descent. The loss is naive softmax."),
        steps=(
            Step(
                at(partial(J(), v[k, 0]), _ZERO_U),
                0,
                "$U = 0$, $v_c$ any: $v_c$ does not move in the first step.",
            ),
            Step(
                at(partial(J(), U[x, m]), _ZERO_U),
                (1 / W - delta(x, o)) * v[m, 0],
                "$U$ does, wherever $v_c$ is not 0: $u_o$ towards $v_c$, every other row away "
                "from it.",
            ),
            Step(
                stepped(x, m),
                -eta * (1 / W - delta(x, o)) * v[m, 0],
                "So this is $U$ after one step of gradient descent from $U = 0$.",
            ),
            Step(
                at(partial(J(), v[k, 0]), after_step),
                -eta * (1 - at(p(o), after_step)) * v[k, 0],
                "In the second step $v_c$ moves too: minus the gradient is a multiple of $v_c$, "
                "which grows.",
            ),
            Step(
                at(partial(J(), v[k, 0]), _ZERO_V),
                over_words(x, U[x, k]) / W - U[o, k],
                "$v_c = 0$, $U$ any: $v_c$ moves, away from the mean of the outside vectors and "
                "towards $u_o$, unless the two are equal.",
            ),
            Step(
                at(partial(J(), U[x, m]), _ZERO_V),
                0,
                "$U$ does not move in the first step. It does in the second, if $v_c$ has moved.",
            ),
        ),
        names=NAMES,
    )


def equal_rows() -> Derivation:
    """Derive that equal outside vectors and v_c = 0 are stuck under naive softmax."""
    r = MatrixSymbol("r", d, 1)
    equal = ((U, lambda _word, index: r[index, 0]), _ZERO_V)
    return Derivation(
        name="equal-rows",
        title="All outside vectors equal, and $v_c = 0$: stuck as well",
        given=(*PAIR, "$r$ is any vector; every row of $U$ is $r$. The loss is naive softmax."),
        steps=(
            Step(at(p(x), *equal), 1 / W, "Every score is the same."),
            Step(
                at(partial(J(), v[k, 0]), *equal),
                0,
                "The mean of the outside vectors is $r$, and so is $u_o$.",
            ),
            Step(at(partial(J(), U[x, m]), *equal), 0, "$v_c$ is its factor."),
        ),
        names=NAMES,
    )
