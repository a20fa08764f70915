"""Derivations of one's own, and what their documentation shows."""

from __future__ import annotations

import doctest
import importlib

import pytest
from sympy import Abs, IndexedBase, MatrixSymbol, Sum, Symbol, exp, log, symbols

from gradcheck.equations import prove
from gradcheck.equations.printing.dialects import unicode
from gradcheck.symbolic.steps import derive, prove_derivative

n, d = symbols("n d", integer=True, positive=True)
i, j, m = symbols("i j m", integer=True, nonnegative=True)
X, w = MatrixSymbol("X", n, d), MatrixSymbol("w", d, 1)
t = IndexedBase("t", shape=(n,))
a, b = symbols("a b", real=True)


def score(row):
    return Sum(X[row, j] * w[j, 0], (j, 0, d - 1))


LOGISTIC = Sum(log(1 + exp(score(i))) - t[i] * score(i), (i, 0, n - 1))
RIGHT = Sum((1 / (1 + exp(-score(i))) - t[i]) * X[i, m], (i, 0, n - 1))


def test_a_right_gradient_of_any_size_is_proved():
    assert prove_derivative(LOGISTIC, w[m, 0], RIGHT)


SLIPS = {
    "the labels forgotten": Sum(1 / (1 + exp(-score(i))) * X[i, m], (i, 0, n - 1)),
    "divided by n": RIGHT / n,
    "a sign": -RIGHT,
    "the sigmoid's sign": Sum((1 / (1 + exp(score(i))) - t[i]) * X[i, m], (i, 0, n - 1)),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_wrong_one_is_refuted(name):
    proof = prove_derivative(LOGISTIC, w[m, 0], SLIPS[name])
    assert proof.verdict == "refuted"
    assert {"n", "d", "m", "X", "t", "w"} == set(proof.counterexample.values)


def test_explicit_symbols():
    loss = (a - b) ** 2 + log(1 + exp(a))
    assert prove_derivative(loss, a, 2 * (a - b) + 1 / (1 + exp(-a)))
    assert prove_derivative(loss, b, 2 * (a - b)).verdict == "refuted"


def test_what_is_derived_is_proved_and_readable():
    derived = derive(LOGISTIC, w[m, 0])
    assert prove(derived, RIGHT)
    assert unicode(derived) == "Σ_i (σ(X_i·w) − t_i) X_i[m]"
    names = {symbol.name for symbol in derived.free_symbols | derived.atoms(Symbol)}
    assert names <= {"n", "d", "i", "j", "m", "X", "t", "t[i]", "w"}


def test_what_is_common_to_the_terms_of_a_sum_is_written_once():
    offset = MatrixSymbol("b", n, 1)
    squares = Sum(t[i] * (score(i) - offset[i, 0]) ** 2, (i, 0, n - 1))
    assert unicode(derive(squares, w[m, 0])) == "2 Σ_i (X_i·w − b[i]) X_i[m] t_i"


def test_a_free_index_that_is_called_as_a_summation_index():
    squares = Sum(w[j, 0] ** 2, (j, 0, d - 1))
    assert derive(squares, w[j, 0]) == 2 * w[j, 0]
    weighted = Sum(X[i, j] * w[j, 0] ** 2, (j, 0, d - 1), (i, 0, n - 1))
    derived = derive(weighted, w[j, 0])
    assert prove(derived, 2 * w[j, 0] * Sum(X[i, j], (i, 0, n - 1)))


def test_what_has_no_closed_form_is_refused():
    with pytest.raises(ValueError, match="no closed form of the derivative by z"):
        derive(Abs(Symbol("z")), Symbol("z"))


@pytest.mark.parametrize("name", ["gradcheck.symbolic.steps", "gradcheck.equations.proofs"])
def test_the_examples_in_the_documentation(name):
    tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert tried.attempted > 0
    assert tried.failed == 0
