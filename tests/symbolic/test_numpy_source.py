"""Printed functions: the same values as the expression, for every kind of part."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import (
    IndexedBase,
    KroneckerDelta,
    MatrixSymbol,
    Product,
    Rational,
    Sum,
    Symbol,
    exp,
    log,
    symbols,
)

from gradcheck import stable_functions
from gradcheck.symbolic.numpy_source import Output, print_function

M, N, K = (Symbol(name, integer=True, positive=True) for name in "MNK")
p, q, r, s, e = symbols("p q r s e", integer=True, nonnegative=True)
i = Symbol("i", integer=True, positive=True)
A, B = MatrixSymbol("A", M, N), MatrixSymbol("B", M, N)
x, y = MatrixSymbol("x", N, 1), MatrixSymbol("y", M, 1)
h = IndexedBase("h", shape=(K,))
c = Symbol("c", real=True)

SIGNATURE = "(A, B, x, y, h, e, c)"
GENERATOR = np.random.default_rng(3)
VALUES = {
    "A": GENERATOR.standard_normal((4, 3)),
    "B": GENERATOR.standard_normal((4, 3)),
    "x": GENERATOR.standard_normal(3),
    "y": GENERATOR.standard_normal(4),
    "h": np.array([2, 0, 2, 3, 2]),
    "e": 1,
    "c": 0.75,
}


def evaluate(value, axes=()):
    source = print_function("f", SIGNATURE, "Return it.", [Output("result", value, axes)])
    namespace = {"np": np, **vars(stable_functions)}
    exec(source, namespace)  # noqa: S102 - our own source
    return namespace["f"](**VALUES), source


def row_sum(row):
    return Sum(A[row, q] * x[q, 0], (q, 0, N - 1))


NP = VALUES
ROWS, COLUMNS = ((p, M),), ((s, N),)
ENTRIES = ((p, M), (s, N))
PRINTED = {
    "an entry": (A[p, s], ENTRIES, NP["A"]),
    "a transpose": (A[p, s], ((s, N), (p, M)), NP["A"].T),
    "a row by its index": (A[e, s], COLUMNS, NP["A"][1]),
    "a row by a number": (A[2, s], COLUMNS, NP["A"][2]),
    "a column by a number": (A[p, 2], ROWS, NP["A"][:, 2]),
    "rows by their indices": (A[h[i], s], ((i, K), (s, N)), NP["A"][NP["h"]]),
    "a matrix times a vector": (row_sum(p), ROWS, NP["A"] @ NP["x"]),
    "a double sum": (
        Sum(y[p, 0] * A[p, q] * x[q, 0], (q, 0, N - 1), (p, 0, M - 1)),
        (),
        NP["y"] @ NP["A"] @ NP["x"],
    ),
    "a sum without a product": (Sum(A[p, q], (q, 0, N - 1)), ROWS, NP["A"].sum(axis=1)),
    "an outer product": (y[p, 0] * x[s, 0], ENTRIES, np.outer(NP["y"], NP["x"])),
    "a Gram matrix": (
        Sum(A[p, q] * B[r, q], (q, 0, N - 1)),
        ((p, M), (r, M)),
        NP["A"] @ NP["B"].T,
    ),
    "its transpose": (
        Sum(A[p, q] * B[r, q], (q, 0, N - 1)),
        ((r, M), (p, M)),
        NP["B"] @ NP["A"].T,
    ),
    "a scalar times": (c * A[p, s] * Rational(-2, 3), ENTRIES, -0.75 * 2 / 3 * NP["A"]),
    "a sum of terms that lack an axis": (
        A[p, s] - y[p, 0] + x[s, 0] - 2,
        ENTRIES,
        NP["A"] - NP["y"][:, None] + NP["x"] - 2,
    ),
    "a product of sums": (
        row_sum(p) * Sum(y[r, 0], (r, 0, M - 1)),
        ROWS,
        NP["A"] @ NP["x"] * NP["y"].sum(),
    ),
    "a power": ((c - A[p, s]) ** 2, ENTRIES, (0.75 - NP["A"]) ** 2),
    "a power of a negative": ((-y[p, 0]) ** 3, ROWS, -(NP["y"] ** 3)),
    "a quotient": (x[s, 0] / (1 + c), COLUMNS, NP["x"] / 1.75),
    "a sum of powers": (Sum(A[p, q] ** 2, (q, 0, N - 1)), ROWS, (NP["A"] ** 2).sum(axis=1)),
    "a power, transposed": (A[p, s] ** 2, ((s, N), (p, M)), (NP["A"] ** 2).T),
    "a power beside a larger array": (
        y[p, 0] ** 2 - A[p, s],
        ENTRIES,
        NP["y"][:, None] ** 2 - NP["A"],
    ),
    "a product of two, transposed": (A[p, s] * B[p, s], ((s, N), (p, M)), (NP["A"] * NP["B"]).T),
    "exp": (exp(-A[p, s]), ENTRIES, np.exp(-NP["A"])),
    "log": (log(2 + c**2), (), np.log(2 + 0.75**2)),
    "a negative": (-row_sum(p), ROWS, -NP["A"] @ NP["x"]),
    "a one-hot row": (
        A[p, s] - KroneckerDelta(p, e) * x[s, 0],
        ENTRIES,
        NP["A"] - np.outer([0, 1, 0, 0], NP["x"]),
    ),
    "a delta whose factor depends on the row": (
        KroneckerDelta(p, e) * y[p, 0],
        ROWS,
        np.array([0, NP["y"][1], 0, 0]),
    ),
    "repeated rows": (
        -Sum(KroneckerDelta(p, h[i]) * exp(A[h[i], s]), (i, 1, K)),
        ENTRIES,
        -sum(np.outer(np.arange(4) == k, np.exp(NP["A"][k])) for k in NP["h"]),
    ),
    "a softmax over columns": (
        exp(A[p, s]) / Sum(exp(A[p, q]), (q, 0, N - 1)),
        ENTRIES,
        np.exp(NP["A"]) / np.exp(NP["A"]).sum(axis=1, keepdims=True),
    ),
    "a softmax over rows": (
        exp(A[p, s]) / Sum(exp(A[r, s]), (r, 0, M - 1)),
        ENTRIES,
        np.exp(NP["A"]) / np.exp(NP["A"]).sum(axis=0),
    ),
    "a logsumexp over rows": (
        log(Sum(exp(A[r, s]), (r, 0, M - 1))),
        COLUMNS,
        np.log(np.exp(NP["A"]).sum(axis=0)),
    ),
}


@pytest.mark.parametrize("name", PRINTED)
def test_every_kind_of_part(name):
    value, axes, expected = PRINTED[name]
    result, source = evaluate(value, axes)
    assert np.shape(result) == np.shape(expected), source
    np.testing.assert_allclose(result, expected, rtol=1e-13, err_msg=source)


def test_what_is_common_is_computed_once_and_named():
    source = print_function(
        "f",
        "(A, x)",
        "Return both.",
        [Output("first", exp(row_sum(p)), ROWS), Output("second", log(row_sum(r)), ((r, M),))],
        [Output("scores", row_sum(s), ((s, M),))],
    )
    assert source == (
        "def f(A, x):\n"
        '    """Return both."""\n'
        '    scores = np.einsum("mn,n->m", A, x)\n'
        "    first = np.exp(scores)\n"
        "    second = np.log(scores)\n"
        "    return first, second\n"
    )


REFUSED = {
    "a product": (Product(A[p, q], (q, 0, N - 1)), ROWS, "cannot print Product"),
    "half a sum": (Sum(A[p, q], (q, 0, N - 2)), ROWS, "q: runs over N - 1"),
    "an index as a number": (p * y[p, 0], ROWS, "p: an index has no value of its own"),
    "an index that is not listed": (A[p, s], ROWS, "s: neither an index nor a parameter"),
    "a matrix that is not listed": (MatrixSymbol("Z", M, N)[p, s], ENTRIES, "Z: neither"),
    "an axis too many": (y[p, 0], ENTRIES, r"result: has the axes \(p,\), expected \(p, s\)"),
    "an unknown length": (KroneckerDelta(p, e) * c, ((p, M),), "no matrix is M long"),
    "another length": (A[p, s], ((p, N), (s, N)), "p: runs over N, the axis is M long"),
    "a constant sum": (Sum(c, (q, 0, N - 1)), (), "do not depend on it"),
    "a constant in repeated rows": (
        Sum(KroneckerDelta(p, h[i]) * x[s, 0], (i, 1, K)) + A[p, s],
        ENTRIES,
        r"cannot print KroneckerDelta\(p, h\[i\]\)\*x",
    ),
    "a delta alone": (KroneckerDelta(p, e), ROWS, "cannot print KroneckerDelta"),
    "a delta of given indices": (KroneckerDelta(e, 2) * c, (), "cannot print KroneckerDelta"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_printed_is_refused(name):
    value, axes, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        evaluate(value, axes)


def test_a_name_must_be_something_computed():
    with pytest.raises(ValueError, match="is no sum or function of its own"):
        print_function(
            "f", "(A)", "Fail.", [Output("out", A[p, s], ENTRIES)], [Output("a", A[p, s], ENTRIES)]
        )
