"""What is true is proved, what is false is refuted, and no rule may prove a falsehood."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import IndexedBase, KroneckerDelta, MatrixSymbol, Sum, Symbol, exp, log, sqrt, symbols
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Indexed

from gradcheck.equations import UnsoundProofError, abbreviate, at, partial, prove
from gradcheck.equations.identities import normal_forms, translation
from gradcheck.equations.identities.polynomials import ONE

M, N, K = (Symbol(name, integer=True, positive=True) for name in "MNK")
i, j, p, q, r, s = symbols("i j p q r s", integer=True, nonnegative=True)
k = Symbol("k", integer=True, positive=True)
A, B = MatrixSymbol("A", M, N), MatrixSymbol("B", M, N)
x, y = MatrixSymbol("x", N, 1), MatrixSymbol("y", M, 1)
h = IndexedBase("h", shape=(K,))
a, b, c = symbols("a b c", real=True)
t, u = symbols("t u", positive=True)


def over(index, length, body):
    return Sum(body, (index, 0, length - 1))


def score(row):
    return over(j, N, A[row, j] * x[j, 0])


def weight(row):
    return exp(score(row)) / over(i, M, exp(score(i)))


def drawn(body):
    return Sum(body, (k, 1, K))


TRUE = {
    "a fraction": (1 / (1 + exp(-a)), exp(a) / (1 + exp(a))),
    "a difference of fractions": (1 / (a + b) - 1 / (a - b), -2 * b / (a**2 - b**2)),
    "log of a quotient": (log(t / u), log(t) - log(u)),
    "log of a product with a sum": (log(exp(a) / (1 + exp(a))), a - log(1 + exp(a))),
    "log of a quotient of sigmoids": (log(1 / (1 + exp(-a)) / (1 - 1 / (1 + exp(-a)))), a),
    "log of a root": (log(sqrt(t)), log(t) / 2),
    "a root squared": (sqrt(1 + a**2) ** 2, 1 + a**2),
    "a square of a sum of roots": (
        (a * sqrt(1 + a**2) + b * sqrt(1 + b**2)) ** 2,
        a**2 + a**4 + b**2 + b**4 + 2 * a * b * sqrt(1 + a**2) * sqrt(1 + b**2),
    ),
    "tanh": (sympy.tanh(a), 1 - 2 / (1 + exp(2 * a))),
    "a derivative of a cosine": (partial(sympy.cos(a * b), a), -b * sympy.sin(a * b)),
    "a sum of sums": (
        over(p, M, y[p, 0] + score(p)),
        over(q, M, y[q, 0]) + over(p, M, score(p)),
    ),
    "sums exchanged": (
        over(p, M, y[p, 0] * over(q, N, A[p, q] * x[q, 0])),
        over(q, N, x[q, 0] * over(p, M, A[p, q] * y[p, 0])),
    ),
    "a square of a sum": (
        score(p) ** 2,
        over(i, N, over(j, N, A[p, i] * A[p, j] * x[i, 0] * x[j, 0])),
    ),
    "a sum of whole numbers": (Sum(k, (k, 1, K)), K * (K + 1) / 2),
    "a sum of squares": (Sum(k**2, (k, 1, K)), K * (K + 1) * (2 * K + 1) / 6),
    "a sum of indices from 0": (over(p, M, p**3 + p), (M * (M - 1) / 2) ** 2 + M * (M - 1) / 2),
    "a constant sum": (over(p, M, a), M * a),
    "weights sum to 1": (over(p, M, weight(p)), 1),
    "weights in a sum": (over(p, M, 1 - weight(p)), M - 1),
    "fractions in a sum": (
        over(p, M, 1 / (1 + exp(score(p)))),
        M - over(q, M, exp(score(q)) / (1 + exp(score(q)))),
    ),
    "a delta picks": (over(p, M, KroneckerDelta(p, q) * A[p, r]), A[q, r]),
    "a delta picks by an array": (
        over(p, M, y[p, 0] * drawn(KroneckerDelta(p, h[k]))),
        drawn(y[h[k], 0]),
    ),
    "a delta renames": (
        KroneckerDelta(p, q) * weight(p) * y[q, 0],
        KroneckerDelta(q, p) * weight(q) * y[p, 0],
    ),
    "a delta in an exponent": (
        exp(a * KroneckerDelta(p, q)) * y[p, 0] * y[q, 0],
        (1 + KroneckerDelta(p, q) * (exp(a) - 1)) * y[p, 0] * y[q, 0],
    ),
    "squares of a one-hot": (
        over(p, M, (1 / M - KroneckerDelta(p, q)) ** 2) * y[q, 0],
        (1 - 1 / M) * y[q, 0],
    ),
    "squares of a multiplicity": (
        over(p, M, drawn(KroneckerDelta(p, h[k])) ** 2) + 0 * y[h[1], 0] + drawn(y[h[k], 0]),
        drawn(Sum(KroneckerDelta(h[i], h[k]), (i, 1, K))) + drawn(y[h[k], 0]),
    ),
    "a log of a sum, by an entry": (
        partial(log(over(i, M, exp(score(i)))), A[p, q]),
        weight(p) * x[q, 0],
    ),
    "twice": (
        partial(over(j, N, x[j, 0] ** 3), x[p, 0], x[q, 0]),
        6 * x[p, 0] * KroneckerDelta(p, q),
    ),
    "at a point": (at(weight(p) + 0 * A[p, q], (x, lambda _row, _column: 0)), 1 / M),
    "at a point, after the derivative": (at(partial(a**3, a), (a, 2)), 12),
}


@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_is_proved(name):
    proof = prove(*TRUE[name])
    assert proof, proof.reason
    assert prove(*reversed(TRUE[name]))


def twisted(expression):
    """An expression like it with one thing changed: what a slip of the pen does."""
    for part in sympy.preorder_traversal(expression):
        if not (part.is_Add or part.is_Mul) or part in limits_in(expression):
            continue
        first, *others = part.args
        yield part, part.func(-first, *others)
        yield part, part.func(2 * first, *others)
        yield part, part.func(*others)
    yield expression, -expression
    yield expression, expression + sympy.Rational(1, 1000)


def limits_in(expression):
    return {bound for sum_ in expression.atoms(Sum) for limit in sum_.limits for bound in limit}


@settings(max_examples=60)
@given(st.data())
def test_what_was_twisted_is_refused(data):
    left, right = TRUE[data.draw(st.sampled_from(sorted(TRUE)), label="equation")]
    right = sympy.sympify(right)
    changes = list(twisted(right))
    part, change = changes[data.draw(st.integers(0, len(changes) - 1), label="change")]
    wrong = right.xreplace({part: change})
    differs = any(abs(explicit(right, n) - explicit(wrong, n)) > 1e-9 for n in range(4))
    proof = prove(left, wrong)
    assert (proof.verdict == "refuted") == differs
    if differs:
        assert proof.counterexample.left != proof.counterexample.right


def explicit(expression, seed):
    """The value for sizes of 3 and drawn numbers, by SymPy alone, every sum written out."""
    generator = np.random.default_rng(seed)
    expression = written_out_sums(expression.xreplace(dict.fromkeys((M, N, K), sympy.Integer(3))))
    values = {}
    values |= {index: sympy.Integer(int(generator.integers(3))) for index in (p, q, r)}
    values |= {number: float(generator.uniform(-1, 1)) for number in (a, b, c)}
    values |= {number: float(generator.uniform(0.5, 2)) for number in (t, u)}
    expression = sympy.sympify(expression.xreplace(values))
    places = sorted(expression.atoms(Indexed), key=str)
    drawn_indices = {place: sympy.Integer(int(generator.integers(3))) for place in places}
    expression = sympy.sympify(expression).xreplace(drawn_indices)
    entries = sorted(expression.atoms(MatrixElement), key=str)
    numbers = {entry: float(generator.uniform(-1, 1)) for entry in entries}
    return complex(expression.xreplace(numbers))


def written_out_sums(expression):
    if not expression.args or isinstance(expression, Indexed | MatrixElement):
        return expression
    if isinstance(expression, Sum):
        *inner, (index, first, last) = expression.limits
        body = Sum(expression.function, *inner) if inner else expression.function
        terms = [body.xreplace({index: sympy.Integer(n)}) for n in range(first, last + 1)]
        return sympy.Add(*map(written_out_sums, terms))
    return expression.func(*map(written_out_sums, expression.args))


FALSE = {
    "a sign": (log(1 / t), log(t)),
    "a transpose": (A[p, q] * over(r, M, A[r, q]), A[p, q] * over(r, N, A[p, r])),
    "one of several": (drawn(KroneckerDelta(p, h[k])) * y[p, 0], y[p, 0]),
    "a product of sums": (over(p, M, y[p, 0]) ** 2, over(p, M, y[p, 0] ** 2)),
    "a root of a square": (sqrt(a**2), a),
    "log of a product of negatives": (log(a * b) + log(c**2), log(a) + log(b) + log(c**2) + 1),
    "a captured index": (
        over(p, M, y[p, 0] * over(q, N, A[p, q])),
        over(p, M, y[p, 0]) * over(p, M, over(q, N, A[p, q])),
    ),
}


@pytest.mark.parametrize("name", FALSE)
def test_what_is_false_is_refuted(name):
    proof = prove(*FALSE[name])
    assert proof.verdict == "refuted"
    assert not proof
    assert proof.reason == f"it is false {proof.counterexample}"


def test_a_counterexample_names_all_that_it_takes():
    proof = prove(drawn(KroneckerDelta(p, h[k])) * y[p, 0], y[p, 0])
    values = proof.counterexample.values
    assert values.keys() == {"M", "K", "p", "h", "y"}
    assert len(values["h"]) == values["K"]
    assert len(values["y"]) == values["M"]
    multiplicity = values["h"].count(values["p"])
    entry = values["y"][values["p"]][0]
    assert proof.counterexample.left == multiplicity * entry
    assert proof.counterexample.right == entry


def test_what_is_true_but_beyond_the_rules_is_not_proved():
    proof = prove(sympy.sin(a) ** 2 + sympy.cos(a) ** 2, 1)
    assert proof.verdict == "not proved"
    assert not proof
    assert "agree at 100 points" in proof.reason


def test_what_has_no_value_anywhere_is_not_proved():
    assert prove(log(-(a**2)), log(-(a**2))).verdict == "not proved"


def test_a_summation_index_captures_nothing():
    squares = over(j, N, x[j, 0] ** 2)
    assert prove(partial(squares, x[j, 0]), 2 * x[j, 0])
    # SymPy takes the free j for the summation index, and says nothing.
    assert sympy.diff(squares, x[j, 0]) != 2 * x[j, 0]
    assert prove(partial(squares, x[j, 0]), sympy.diff(squares, x[j, 0])).verdict == "refuted"


def test_an_argument_of_an_abbreviation_is_not_captured():
    row = abbreviate("row", lambda row: over(j, N, A[row, j]))
    assert prove(row(j) * y[j, 0], over(q, N, A[j, q]) * y[j, 0])


def test_an_abbreviation_depends_on_more_than_its_arguments():
    named = abbreviate("named", score)
    assert prove(partial(named(p), x[q, 0]), A[p, q])
    assert prove(partial(named(p) ** 2, A[r, q]), 2 * named(p) * KroneckerDelta(p, r) * x[q, 0])
    assert sympy.diff(named(p), x[q, 0]) != 0


def test_the_wrong_derivative_by_a_whole_vector_is_refused():
    with pytest.raises(TypeError, match="expected a symbol or an entry, such as"):
        partial(log(sum(exp((A * x)[0, 0]) for _ in range(2))), x)
    # What SymPy says is 0; at any size it is not.
    explicit_loss = log(over(i, M, exp(score(i))))
    assert prove(partial(explicit_loss, x[q, 0]), 0).verdict == "refuted"


REFUSED = {
    "an index of two axes": (A[p, q] * A[q, q], "q: expected an index of one axis"),
    "a name twice": (t * Symbol("t", real=True), "t: two different symbols"),
    "a sum over half a triangle": (
        Sum(A[p, q], (q, 0, p), (p, 0, M - 1)),
        "expected a sum whose limits are sizes",
    ),
    "a product": (sympy.Product(y[p, 0], (p, 0, M - 1)), "index notation, got Product"),
    "an unknown function": (sympy.Function("f")(a), "expected"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_understood_is_refused(name):
    expression, message = REFUSED[name]
    with pytest.raises((TypeError, ValueError), match=message):
        prove(expression, expression)


BROKEN_RULES = {
    "a sum of any delta is one term": ("axis", lambda _first, _last: ""),
    "exp of anything is 1": ("exponential", lambda _exponent: ONE),
    "a power is its base": ("power", lambda base, _exponent: base),
}


@pytest.mark.parametrize("name", BROKEN_RULES)
def test_a_wrong_rule_is_found_out_by_the_numbers(name, monkeypatch):
    rule, wrong = BROKEN_RULES[name]
    false = {
        "axis": (Sum(KroneckerDelta(p, q) * y[p, 0], (p, 0, M - 2)) + y[q, 0], 2 * y[q, 0]),
        "exponential": (exp(a), 1),
        "power": (a**2, a),
    }[rule]
    assert prove(*false).verdict == "refuted"
    monkeypatch.setattr(normal_forms, rule, wrong)
    monkeypatch.setattr(translation, rule, wrong)
    with pytest.raises(UnsoundProofError, match="has one normal form, but for"):
        prove(*false)
