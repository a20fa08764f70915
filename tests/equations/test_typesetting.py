"""Expressions read as people write them, in both notations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import (
    IndexedBase,
    KroneckerDelta,
    MatrixSymbol,
    Rational,
    Sum,
    Symbol,
    exp,
    log,
    symbols,
)

from gradcheck.equations import abbreviate, at, partial
from gradcheck.equations.printing.dialects import latex, unicode

W, d, K = (Symbol(name, integer=True, positive=True) for name in "WdK")
j, k, o, w, x = symbols("j k o w x", integer=True, nonnegative=True)
i = Symbol("i", integer=True, positive=True)
U, v = MatrixSymbol("U", W, d), MatrixSymbol("v", d, 1)
F, f = MatrixSymbol("F", W, d), MatrixSymbol("f", W, d)
n = IndexedBase("n", shape=(K,))
a, b, eta = symbols("a b eta", real=True)
NAMES = {v: "v_c", W: "|V|", o: "o", U: "u"}
named = abbreviate("named", log, unicode="f_{0:sub}", latex="f_{{{0}}}")


def score(word):
    return Sum(U[word, j] * v[j, 0], (j, 0, d - 1))


WRITTEN = {
    "an entry": (U[o, k], "u_o[k]", "(u_{o})_{k}"),
    "an entry of a vector": (v[k, 0], "v_c[k]", "(v_c)_{k}"),
    "a matrix beside its lower case": (
        F[o, k] + f[o, k],
        "F_o[k] + f_o[k]",
        "(F_{o})_{k} + (f_{o})_{k}",
    ),
    "a row by an array": (U[n[i], k], "u_{n_i}[k]", "(u_{n_{i}})_{k}"),
    "a scalar product": (score(w), "u_w·v_c", r"u_{w} \cdot v_c"),
    "a norm": (Sum(v[j, 0] ** 2, (j, 0, d - 1)), "‖v_c‖²", r"\lVert v_c \rVert^2"),
    "a sum from 1": (Sum(a**i, (i, 1, K)), "Σ_{i=1}^K a^(i)", r"\sum_{i=1}^{K} a^{i}"),
    "a sum in a product": (
        b * Sum(U[w, k], (w, 0, W - 1)) * Sum(U[w, j], (w, 0, W - 1)),
        "b (Σ_w u_w[j]) Σ_w u_w[k]",
        None,
    ),
    "a sum after what is subtracted": (
        Sum(U[w, k], (w, 0, W - 1)) - a + b,
        "b − a + Σ_w u_w[k]",
        None,
    ),
    "a bracket within brackets": (
        a * (named(b) - KroneckerDelta(x, o)),
        "a (f_b − [x = o])",
        None,
    ),
    "a sum of a sum": (Sum(a + U[w, k], (w, 0, W - 1)), "Σ_w (a + u_w[k])", None),
    "a logarithm of a sum": (
        log(Sum(exp(score(w)), (w, 0, W - 1))),
        "log Σ_w exp(u_w·v_c)",
        r"\log \sum_{w} \exp(u_{w} \cdot v_c)",
    ),
    "what is added first": (b - a, "b − a", "b - a"),
    "a minus before brackets": (-(a + b), "−a − b", None),
    "a difference of differences": (a * (b - a) - (b - a) ** 2, "a (b − a) − (b − a)²", None),
    "tall brackets": (b * (a / 2 + 1), None, r"b\,\left(1 + \frac{a}{2}\right)"),
    "a fraction in a fraction": (
        partial(named(a), a) / b,
        None,
        r"\frac{1}{b}\,\frac{\partial f_{a}}{\partial a}",
    ),
    "a fraction": (a / (a + b), "a / (a + b)", r"\frac{a}{a + b}"),
    "a number": (Rational(-2, 3) * a, "−2 a / 3", r"-\frac{2\,a}{3}"),
    "a product below": (a / (b * W), "a / (|V| b)", r"\frac{a}{|V|\,b}"),
    "a power": ((a + b) ** 2, "(a + b)²", r"(a + b)^{2}"),
    "a given index last": (KroneckerDelta(x, o), "[x = o]", "[x = o]"),
    "a long index last": (KroneckerDelta(n[i], x), "[x = n_i]", "[x = n_{i}]"),
    "a Greek letter": (eta * a, "a η", r"a\,\eta"),
    "a derivative of what has a name": (
        partial(named(x), v[k, 0], U[x, j]),
        "∂²f_x/∂v_c[k] ∂u_x[j]",
        r"\frac{\partial^{2} f_{x}}{\partial (v_c)_{k}\,\partial (u_{x})_{j}}",
    ),
    "a derivative": (partial(a**2, a, a), "∂²/∂a² (a²)", None),
    "at a point": (
        at(named(a), (U, lambda _w, _j: 0), (a, 2)),
        "f_a at (U = 0, a = 2)",
        r"\left. f_{a} \right|_{U = 0, a = 2}",
    ),
    "a vector put in": (
        at(named(a), (v, lambda row, _: v[row, 0] + a), (b, 2 * b)),
        "f_a at (v_c[j] ← a + v_c[j], b ← 2 b)",
        r"\left. f_{a} \right|_{(v_c)_{j} \gets a + (v_c)_{j}, b \gets 2\,b}",
    ),
    "a long subscript": (named(a + b), "f_{a + b}", "f_{a + b}"),
    "another function": (abs(a), "Abs(a)", r"\mathrm{Abs}(a)"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_how_it_is_written(name):
    expression, in_unicode, in_latex = WRITTEN[name]
    if in_unicode is not None:
        assert unicode(expression, NAMES) == in_unicode
    if in_latex is not None:
        assert latex(expression, NAMES) == in_latex


NAME = st.text("FfNn", min_size=1, max_size=2)
KINDS = {
    "a symbol": lambda name: Symbol(name, real=True),
    "a size": lambda name: Symbol(name, integer=True, positive=True),
    "an entry of a vector": lambda name: MatrixSymbol(name, d, 1)[k, 0],
    "an entry of a matrix": lambda name: MatrixSymbol(name, W, d)[w, k],
    "an entry of a row": lambda name: MatrixSymbol(name, 1, d)[0, k],
    "an entry of an array": lambda name: IndexedBase(name, shape=(K,))[k],
    "a product of vectors": lambda name: Sum(
        MatrixSymbol(name, W, d)[w, j] * v[j, 0], (j, 0, d - 1)
    ),
}


@given(
    st.lists(NAME, min_size=2, max_size=2, unique=True),
    st.lists(st.sampled_from(list(KINDS.values())), min_size=2, max_size=2),
)
def test_different_symbols_never_print_alike(names, kinds):
    first, second = (kind(name) for kind, name in zip(kinds, names, strict=True))
    for write in (unicode, latex):
        assert write(first) != write(second)
