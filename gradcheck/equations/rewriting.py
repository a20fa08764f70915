"""Index notation written out in plain SymPy, and made readable.

Proofs have no need of this: it is how a derivative is shown to a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, TypeAlias

import sympy
from sympy import Add, KroneckerDelta, MatrixSymbol, Mul, Sum, Symbol
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Indexed

from gradcheck.equations.notation import At, Partial, distinct_indices, rebuilt

__all__ = ["readable_indices", "with_deltas_summed", "written_out"]

# SymPy has no type information.
Expr: TypeAlias = Any


def written_out(expression: Expr) -> Expr:
    """Return the expression with every abbreviation, derivative and point put in.

    Every summation index gets a name of its own first, so that none is captured.
    """
    return _evaluated(distinct_indices(expression))


def with_deltas_summed(expression: Expr) -> Expr:
    """Write Σ_i δ_iq f(i) as f(q): right wherever q lies in the range of i.

    SymPy's own `doit` also looks for closed forms of every sum, and may take minutes over it.
    """
    if not expression.args:
        return expression
    expression = rebuilt(expression, with_deltas_summed)
    if not isinstance(expression, Sum) or not expression.has(KroneckerDelta):
        return expression
    # Of a factor in brackets, one term alone may have a delta: each is summed by itself.
    terms = Add.make_args(sympy.expand_mul(expression.function))
    return Add(*(_with_delta_summed(Sum(term, *expression.limits)) for term in terms))


def _with_delta_summed(summation: Expr) -> Expr:
    factors = Mul.make_args(summation.function)
    for delta in (factor for factor in factors if isinstance(factor, KroneckerDelta)):
        for limit in summation.limits:
            left, right = delta.args[:2]
            other = right if left == limit[0] else left
            if limit[0] not in {left, right} or other.has(limit[0]):
                continue
            body = Mul(*(factor for factor in factors if factor != delta))
            body = body.xreplace({limit[0]: other})
            rest = [one for one in summation.limits if one != limit]
            return _with_delta_summed(Sum(body, *rest)) if rest else body
    return summation


def readable_indices(expression: Expr) -> Expr:
    """Give summation indices the names that they had before `written_out`, where these are free."""
    if isinstance(expression, Sum):
        body = readable_indices(expression.function)
        bound = {index for summation in body.atoms(Sum) for index in summation.variables}
        taken = {symbol.name for symbol in expression.free_symbols | bound}
        names = {}
        for index in expression.variables:
            name = next(n for n in _candidates(index.name) if n not in taken)
            names[index] = Symbol(name, integer=True, nonnegative=True)
            taken.add(name)
        limits = [tuple(part.xreplace(names) for part in limit) for limit in expression.limits]
        return Sum(body.xreplace(names), *limits)
    return rebuilt(expression, readable_indices) if expression.args else expression


def _evaluated(expression: Expr) -> Expr:
    if not expression.args or isinstance(expression, MatrixElement | Indexed):
        return expression
    if isinstance(expression, Partial):
        value, *by = expression.args
        value = _evaluated(value)
        for entry in by:
            value = sympy.diff(value, entry)
        # Sums in a product of derivatives may have come from one sum.
        return distinct_indices(value)
    if isinstance(expression, At):
        value, *point = map(_evaluated, expression.args)
        return distinct_indices(_put(value, [replacement.args for replacement in point]))
    return rebuilt(expression, _evaluated)


def _put(expression: Expr, point: Sequence[tuple[Expr, Expr]]) -> Expr:
    """Replace symbols and entries by their values, all at once."""
    for variable, value in point:
        if expression == variable:
            return value
        if isinstance(expression, MatrixElement) and expression.parent == variable:
            row, column = (_put(index, point) for index in expression.indices)
            # Fresh summation indices: the place may be within the same sum already.
            return distinct_indices(value.expr).xreplace(
                dict(zip(value.variables, (row, column), strict=True))
            )
    if not expression.args or isinstance(expression, MatrixSymbol):
        return expression
    return rebuilt(expression, lambda part: _put(part, point))


def _candidates(name: str) -> Iterator[str]:
    yield name
    for number in count(1):
        yield f"{name}{number}"
