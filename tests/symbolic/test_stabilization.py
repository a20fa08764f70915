"""Rewritten expressions: the table, quotients that are no softmax, and equal values."""

from __future__ import annotations

import pytest
from sympy import Function, IndexedBase, Sum, Symbol, exp, log, symbols

from gradcheck.symbolic.stabilization import logsumexp, sigmoid, softmax, softplus, stabilize

a, b, c = symbols("a b c", real=True)
n = Symbol("n", integer=True, positive=True)
i, x, y = symbols("i x y", integer=True, nonnegative=True)
s, t = IndexedBase("s"), IndexedBase("t")
total = Sum(exp(s[i]), (i, 0, n - 1))

TABLE = {
    "log of a sum": (log(total), logsumexp(s[i], i)),
    "minus log of a sum": (log(1 / total), -logsumexp(s[i], i)),
    "softmax": (exp(s[x]) / total, softmax(s[x], x)),
    "softmax times something": (3 * t[x] * exp(s[x]) / total, 3 * t[x] * softmax(s[x], x)),
    "expectation": (
        Sum(exp(s[i]) * t[i], (i, 0, n - 1)) / total,
        Sum(softmax(s[i], i) * t[i], (i, 0, n - 1)),
    ),
    "another exponential": (exp(a) / total, exp(a - logsumexp(s[i], i))),
    "no exponential": (a / total, a * exp(-logsumexp(s[i], i))),
    "softplus": (log(1 + exp(a)), softplus(a)),
    "log σ": (log(1 / (1 + exp(-a))), -softplus(-a)),
    "σ": (1 / (1 + exp(-a)), sigmoid(a)),
    "σ, written the other way": (exp(a) / (1 + exp(a)), sigmoid(a)),
    "σ(-a)": (1 / (1 + exp(a)), sigmoid(-a)),
    "σ'": (exp(a) / (1 + exp(a)) / (1 + exp(-a)), sigmoid(a) ** 2),
    "two of them": (1 / (1 + exp(a)) / (1 + exp(b)), sigmoid(-a) * sigmoid(-b)),
    "inside a sum": (Sum(log(1 + exp(s[i])), (i, 0, n - 1)), Sum(softplus(s[i]), (i, 0, n - 1))),
    "inside a power": ((a + log(1 + exp(b))) ** 2, (a + softplus(b)) ** 2),
    "nothing to do": (a * log(b) + exp(c), a * log(b) + exp(c)),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_table(name):
    expression, expected = TABLE[name]
    assert stabilize(expression, frozenset([x])) == expected


def test_the_probability_of_one_word_is_no_softmax_over_an_axis():
    """y is a given index here, not an axis: softmax(s[y], y) would be a vector."""
    assert stabilize(exp(s[y]) / total, frozenset([x])) == exp(s[y] - logsumexp(s[i], i))


def explicit(expression, values):
    """Evaluate at n = len(values), the stable functions spelled out."""
    length = len(values)

    def over(indexed, index):
        return [indexed.subs(index, position) for position in range(length)]

    spelled = expression.replace(
        logsumexp, lambda score, bound: log(sum(exp(term) for term in over(score, bound)))
    )
    spelled = spelled.replace(
        softmax, lambda score, _: exp(score) / sum(exp(term) for term in over(s[i], i))
    )
    spelled = spelled.replace(softplus, lambda score: log(1 + exp(score)))
    spelled = spelled.replace(sigmoid, lambda score: 1 / (1 + exp(-score)))
    spelled = spelled.subs(n, length).doit().subs(x, 1)
    entries = {base[k]: value for k, value in enumerate(values) for base in (s, t)}
    return spelled.subs(entries).subs({a: 0.3, b: 1.2, c: 0.7}).evalf(30)


@pytest.mark.parametrize("name", TABLE)
def test_the_value_is_the_same(name):
    expression, _ = TABLE[name]
    values = [0.5, -1.25, 2.0]
    before = explicit(expression, values)
    after = explicit(stabilize(expression, frozenset([x])), values)
    assert before.is_Float
    assert abs(before - after) < 1e-14


def test_other_functions_are_entered():
    f = Function("f")
    assert stabilize(f(1 / (1 + exp(a)))) == f(sigmoid(-a))
