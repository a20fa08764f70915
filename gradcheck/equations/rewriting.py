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

from gradcheck.equations.notation import At, Partial, distinct_indices, rebuilt, sigmoid

__all__ = ["factored", "readable_indices", "with_deltas_summed", "with_sigmoids", "written_out"]

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


def factored(expression: Expr) -> Expr:
    """Write sums as people do: one for a common range, with common factors outside.

    Σ_i 2 f_i a_i − Σ_i 2 f_i b_i becomes 2 Σ_i f_i (a_i − b_i). No summation index may occur twice.
    """
    if not expression.args or isinstance(expression, MatrixElement | Indexed):
        return expression
    expression = rebuilt(expression, factored)
    if isinstance(expression, Add):
        return sympy.factor_terms(_with_common_sums(expression))
    if isinstance(expression, Sum):
        return _without_constants(Sum(sympy.factor_terms(expression.function), *expression.limits))
    return expression


def _with_common_sums(addition: Expr) -> Expr:
    """Add sums over the same range as one sum."""
    bodies: dict[tuple[Any, ...], Expr] = {}
    indices: dict[tuple[Any, ...], Sequence[Expr]] = {}
    others = []
    for term in addition.args:
        factors = Mul.make_args(term)
        summations = [factor for factor in factors if isinstance(factor, Sum)]
        if len(summations) != 1:
            others.append(term)
            continue
        (summation,) = summations
        ranges = tuple(limit[1:] for limit in summation.limits)
        names = dict(
            zip(summation.variables, indices.setdefault(ranges, summation.variables), strict=True)
        )
        rest = Mul(*(factor for factor in factors if factor is not summation))
        body = rest * summation.function.xreplace(names)
        bodies[ranges] = bodies.get(ranges, 0) + body
    sums = (
        factored(Sum(body, *((i, *r) for i, r in zip(indices[ranges], ranges, strict=True))))
        for ranges, body in bodies.items()
    )
    return Add(*others, *sums)


def _without_constants(summation: Expr) -> Expr:
    """Take the factors out of a sum that have none of its indices."""
    inside = [
        factor
        for factor in Mul.make_args(summation.function)
        if factor.free_symbols & set(summation.variables)
    ]
    if not inside:
        return summation
    outside = [factor for factor in Mul.make_args(summation.function) if factor not in inside]
    return Mul(*outside) * Sum(Mul(*inside), *summation.limits)


def with_sigmoids(expression: Expr) -> Expr:
    """Write 1/(1 + exp(a)) as σ(−a), and exp(a)/(1 + exp(a)) as σ(a)."""
    if isinstance(expression, Mul | sympy.Pow):
        expression = _with_sigmoids(list(Mul.make_args(expression)))
    if not expression.args or isinstance(expression, MatrixElement | Indexed):
        return expression
    return rebuilt(expression, with_sigmoids)


def _with_sigmoids(factors: list[Expr]) -> Expr:
    for factor in list(factors):
        score = _score_of_sigmoid(factor)
        if score is None:
            continue
        factors.remove(factor)
        if sympy.exp(score) in factors:
            factors.remove(sympy.exp(score))
            factors.append(sigmoid(score))
        else:
            factors.append(sigmoid(-score))
    return Mul(*factors)


def _score_of_sigmoid(factor: Expr) -> Expr | None:
    """Return a of 1/(1 + exp(a))."""
    if not (factor.is_Pow and factor.exp == -1 and factor.base.is_Add):
        return None
    others = [term for term in factor.base.args if term != 1]
    is_sum_with_one = len(others) == 1 == len(factor.base.args) - 1
    return others[0].args[0] if is_sum_with_one and isinstance(others[0], sympy.exp) else None


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
