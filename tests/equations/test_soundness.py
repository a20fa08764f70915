"""What would be proved wrongly if the prover were careless, and what would bring it down."""

from __future__ import annotations

from itertools import pairwise

import pytest
from sympy import (
    Dummy,
    Float,
    IndexedBase,
    Integer,
    KroneckerDelta,
    MatrixSymbol,
    Mul,
    Rational,
    Sum,
    Symbol,
    cos,
    exp,
    log,
    sin,
    sqrt,
    symbols,
)

from gradcheck.equations import abbreviate, at, partial, prove
from gradcheck.equations.identities import translation
from gradcheck.equations.identities.polynomials import ONE
from gradcheck.equations.proofs import UnsoundProofError

n = Symbol("n", integer=True, positive=True)
i, j, k, q = symbols("i j k q", integer=True, nonnegative=True)
x, y, z = symbols("x y z", real=True)
a, b, c = symbols("a b c", positive=True)
X, Y, W = MatrixSymbol("X", n, 1), MatrixSymbol("Y", n, 1), MatrixSymbol("W", n, n)
# 0 at the sizes that are mostly compared: what stands beside it is compared nowhere else.
ONLY_AT_9 = KroneckerDelta(n, 9)

row = abbreviate("row", lambda s, k: X[k, 0] * s)
FALSE = {
    "an argument that is a compound index": (row(x, q + 1), row(x, q + 2)),
    "a compound index in a product with a delta": (
        KroneckerDelta(k, 4) * X[k, 0] * row(x, q + 1),
        KroneckerDelta(k, 4) * X[k, 0] * row(x, q + 2),
    ),
    "a symbol that is called like a summation index": (
        Sum(exp(X[i, 0] * X[Symbol("_b0", integer=True), 0]), (i, 0, n - 1)),
        Sum(exp(X[i, 0] ** 2), (i, 0, n - 1)),
    ),
    "a power of 0": (Integer(0) ** k * X[k, 0], 0),
    "only for large sizes": (n * (n - 1) * (n - 2) * (n - 3) * (n - 4), 0),
    "only for one size": (ONLY_AT_9 * x, 0),
    "only for one index": (KroneckerDelta(k, 6) * X[k, 0], 0),
}


@pytest.mark.parametrize("name", FALSE)
def test_what_is_false_is_refuted(name):
    left, right = FALSE[name]
    assert prove(left, right).verdict == "refuted"
    assert prove(ONLY_AT_9 * left, ONLY_AT_9 * right).verdict == "refuted"


def test_symbols_that_are_printed_alike_are_not_equal():
    with pytest.raises(ValueError, match="_x: two different symbols have this name"):
        prove(Symbol("_x", real=True), Dummy("x", real=True))


by_argument = abbreviate("by_argument", lambda s: partial(s**2, s))
real_size = Symbol("N")
of_real_size = MatrixSymbol("Z", real_size, 1)
positive_index = Symbol("i", integer=True, positive=True)
REFUSED = {
    "a derivative by a size": (
        lambda: prove(ONLY_AT_9 * partial(Sum(X[i, 0], (i, 0, n - 1)), n), 0),
        TypeError,
        "by: expected a real symbol or an entry, got n",
    ),
    "a derivative by an index": (
        lambda: prove(partial(X[k, 0], k), 0),
        TypeError,
        "by: expected a real symbol or an entry, got k",
    ),
    "a derivative by a size of no declared kind": (
        lambda: prove(partial(Sum(of_real_size[i, 0], (i, 0, real_size - 1)), real_size), 0),
        TypeError,
        "N: expected a symbol that is a real number",
    ),
    "a size of no declared kind at a point": (
        lambda: prove(at(Sum(of_real_size[i, 0], (i, 0, real_size - 1)), (real_size, 1)), x),
        TypeError,
        "N: expected a symbol that is a real number",
    ),
    "a derivative by an argument": (
        lambda: prove(by_argument(Integer(3)), 6),
        TypeError,
        "the argument of an abbreviation",
    ),
    "a negative value of a positive symbol": (
        lambda: prove(ONLY_AT_9 * at(sqrt(a**2 * b + a**2 * c), (a, -2)), x),
        ValueError,
        "point: a was declared positive, and -2 is not",
    ),
    "a value of unknown sign of a positive symbol": (
        lambda: at(sqrt(a**2 * b + a**2 * c), (a, -(y**2))),
        ValueError,
        "point: a was declared positive",
    ),
    "a positive index over negative numbers": (
        lambda: prove(sqrt(Sum(positive_index, (positive_index, 4 - n, 4)) ** 2), x),
        ValueError,
        "i: was declared",
    ),
    "a sum that runs backwards": (
        lambda: prove(Sum(x, (i, 5, 3)), -x),
        ValueError,
        "expected sums that never run backwards, got one over i from 5 to 3",
    ),
    "a sum that runs backwards for large sizes": (
        lambda: prove(Sum(x, (i, n, 6)), (7 - n) * x),
        ValueError,
        "never run backwards",
    ),
    "a sum that runs backwards for small sizes": (
        lambda: prove(Sum(1, (i, 3, n)), n - 2),
        ValueError,
        "never run backwards",
    ),
    "an index twice": (
        lambda: prove(Sum(x, (i, 0, n - 1), (i, 0, n - 1)), n**2 * x),
        ValueError,
        "summation indices that differ",
    ),
    "half an index": (
        lambda: prove(IndexedBase("h", shape=(n,))[k / 2], x),
        TypeError,
        "expected an index made of symbols",
    ),
    "nothing": (
        lambda: prove(None, None),
        TypeError,
        "left: expected a SymPy expression, got None",
    ),
    "text": (lambda: prove(x, "x+"), TypeError, "right: expected a SymPy expression, got the text"),
    "a rounded number": (lambda: prove(Float(0.5) * x, x / 2), TypeError, r"Rational\(1, 2\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_ambiguous_is_refused(name):
    attempt, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        attempt()


shorter = MatrixSymbol("Z", n - 1, 1)
negative = Symbol("negative", negative=True)
TRUE = {
    "a high derivative": (partial(exp(x), x, x, x, x), exp(x)),
    "a high derivative of a polynomial": (partial(x**6, x, x, x, x, x), 720 * x),
    "a fast sine": (partial(sin(10**9 * x), x), 10**9 * cos(10**9 * x)),
    "a steep exponential": (partial(exp(10**7 * x), x), 10**7 * exp(10**7 * x)),
    "an axis that may be empty": (shorter[k, 0] * 2, shorter[k, 0] + shorter[k, 0]),
    "a negative symbol": (sqrt(negative**2), -negative),
    "an index in a delta": (KroneckerDelta(k, 7) * k * X[k, 0], 7 * KroneckerDelta(k, 7) * X[7, 0]),
    "a positive index": (
        sqrt(Sum(positive_index, (positive_index, 1, n)) ** 2),
        Sum(positive_index, (positive_index, 1, n)),
    ),
}


@pytest.mark.parametrize("name", TRUE)
def test_what_is_true_is_proved(name):
    proof = prove(*TRUE[name])
    assert proof, proof.reason


chain = symbols("e0:7", integer=True, nonnegative=True)
product = Mul(*(W[here, there] for here, there in pairwise(chain)))
turned = Mul(*(W[there, here] for here, there in pairwise(chain)))
over_all = [(index, 0, n - 1) for index in chain]
total = Sum(X[i, 0], (i, 0, n - 1)) - Sum(X[j, 0], (j, 0, n - 1))
towering = exp(exp(exp(exp(exp(100 * a)))))
NOT_PROVED = {
    "1 / δ": (X[k, 0] / KroneckerDelta(k, q) * X[q, 0], X[k, 0] * X[q, 0], "a division by 0"),
    "1 / 0": (1 / total, x, "a division by 0"),
    "a tower of exponentials": (towering, a, "no values could be compared"),
    "a power of many terms": ((x + y + z) ** 60, (x + y + z) ** 60 + 0 * a, "too large"),
    "a high power": ((1 + x) ** 5000, (1 + x) ** 5000, "too large"),
    "a sum over many indices": (Sum(product, *over_all), Sum(turned, *over_all), "too large"),
    "a derivative of high order": (partial(exp(x), *[x] * 10), exp(x), "no values"),
    "too few digits": (
        partial(sin(10**60 * x), x),
        10**60 * sin(10**60 * x + Rational(1, 2)),
        "no values",
    ),
}


@pytest.mark.parametrize("name", NOT_PROVED)
def test_what_has_no_value_or_is_too_large_is_not_proved(name):
    left, right, reason = NOT_PROVED[name]
    proof = prove(left, right)
    assert proof.verdict == "not proved"
    assert reason in proof.reason


def test_the_power_of_a_single_term_is_taken_at_once():
    assert prove(x ** (10**9) * x, x ** (10**9 + 1))
    assert prove(x ** (10**9), x).verdict == "refuted"


def test_the_logarithm_of_a_delta_is_refuted_where_it_has_a_value():
    left = log(KroneckerDelta(k, q)) * X[k, 0] * X[q, 0]
    assert prove(left, X[k, 0] * X[q, 0]).verdict == "refuted"


def test_a_wrong_rule_is_found_out_beside_a_delta_that_is_mostly_0(monkeypatch):
    left, right = ONLY_AT_9 * exp(a), ONLY_AT_9
    assert prove(left, right).verdict == "refuted"
    monkeypatch.setattr(translation, "exponential", lambda _exponent: ONE)
    with pytest.raises(UnsoundProofError):
        prove(left, right)
