"""Every step of every derivation again, by SymPy alone, for explicit sizes.

The proofs for every size rest on a normal form of our own. This is the other judge: with each size
2 (|V|, d, K, C, N and L) each sum is written out, each entry is a symbol, and SymPy's own algebra
has to reduce the difference of the two sides to zero.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy
from sympy import Integer, Sum, Symbol
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Indexed

from gradcheck.equations.rewriting import written_out
from gradcheck.word2vec.derivations import NAMES, derivation
from gradcheck.word2vec.derivations.windows import C
from gradcheck.word2vec.losses import K, L, N, W, d

SIZES = {W: 2, d: 2, K: 2, C: 2, N: 2, L: 2}
# The indices of words, in arrays: a repeat, and the target among the negatives.
WORDS = {"n": {(1,): 1, (2,): 1}, "o": {(1,): 1, (2,): 0}, "w": {(1,): 0, (2,): 0}}
WINDOW_NEGATIVES = {(1, 1): 0, (1, 2): 1, (2, 1): 1, (2, 2): 1}
STEPS = [(name, number) for name in NAMES for number in range(len(derivation(name).steps))]


def written_in_full(expression, indices):
    """The expression with its sizes and indices put in, no sum left, each entry a symbol."""
    if isinstance(expression, Sum):
        return sum_in_full(expression, indices)
    if isinstance(expression, MatrixElement):
        row, column = (written_in_full(index, indices) for index in expression.indices)
        return Symbol(f"{expression.parent.name}_{row}_{column}", real=True)
    if isinstance(expression, Indexed):
        place = tuple(int(written_in_full(index, indices)) for index in expression.indices)
        return entry_of(str(expression.base), place)
    if isinstance(expression, Symbol):
        return SIZES.get(expression, indices.get(expression, expression)) * Integer(1)
    if not expression.args:
        return expression
    return expression.func(*(written_in_full(part, indices) for part in expression.args))


def sum_in_full(expression, indices):
    (index, *limits), *rest = expression.limits
    first, last = (int(written_in_full(limit, indices)) for limit in limits)
    body = Sum(expression.function, *rest) if rest else expression.function
    terms = [
        written_in_full(body, {**indices, index: Integer(value)})
        for value in range(first, last + 1)
    ]
    return sympy.Add(*terms)


def entry_of(array, place):
    if len(place) == 2:
        return Integer(WINDOW_NEGATIVES[place])
    if array in WORDS:
        return Integer(WORDS[array][place])
    return Symbol(f"{array}_{'_'.join(map(str, place))}", real=True)


def is_zero(expression):
    """SymPy's own algebra: a quotient of polynomials in the entries and in their exponentials."""
    expression = sympy.expand_log(sympy.expand(expression, power_exp=True), force=True)
    expression = sympy.cancel(sympy.together(expression))
    return expression == 0 or sympy.simplify(expression) == 0


def difference(step, values):
    left, right = (written_out(sympy.sympify(side)) for side in (step.left, step.right))
    free = {symbol for symbol in left.free_symbols | right.free_symbols if symbol.is_Symbol}
    indices = sorted((s for s in free - set(SIZES) if s.is_integer), key=str)
    chosen = {index: Integer(values[place % len(values)]) for place, index in enumerate(indices)}
    return written_in_full(left, chosen) - written_in_full(right, chosen)


@pytest.mark.parametrize(("name", "number"), STEPS)
def test_sympy_agrees_with_every_step(name, number):
    assert is_zero(difference(derivation(name).steps[number], (0, 1, 1)))


@pytest.mark.parametrize(("name", "number"), [s for s in STEPS if s[0] in NAMES[:4]])
def test_sympy_agrees_where_all_indices_are_the_same(name, number):
    """Every δ is 1."""
    assert is_zero(difference(derivation(name).steps[number], (1,)))


@pytest.mark.parametrize("name", NAMES)
def test_sympy_agrees_with_no_step_whose_right_side_is_off(name):
    """Else the test above would say nothing."""
    step = derivation(name).steps[-1]
    off = replace(step, right=step.right + step.left + 1)
    assert not is_zero(difference(off, (1,)))
