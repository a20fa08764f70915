"""From SymPy's expressions in index notation to their normal form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from typing import Any, NoReturn, TypeAlias

import sympy
from sympy.core.function import AppliedUndef
from sympy.functions.elementary.hyperbolic import HyperbolicFunction
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Indexed

from gradcheck.equations.identities.differentiation import differentiate
from gradcheck.equations.identities.indices import axis, fresh_index
from gradcheck.equations.identities.normal_forms import (
    cleared,
    delta,
    exponential,
    logarithm,
    multiply,
    power,
    substitute,
    total,
)
from gradcheck.equations.identities.polynomials import (
    ONE,
    ZERO,
    Atom,
    Polynomial,
    atom,
    index_value,
    key_of,
    number,
)
from gradcheck.equations.notation import Abbreviation, At, Partial, formula_of
from gradcheck.equations.ranges import Range, Ranges, check_index

__all__ = ["Translation"]

# SymPy has no type information.
Expr: TypeAlias = Any


@dataclass(frozen=True)
class _Scope:
    """The meaning of symbols in a part of an expression.

    Attributes
    ----------
    indices : dict
        From a summation index to a fresh one, from an argument's place to an index.
    values : dict
        From an argument's place to its value.
    """

    indices: Mapping[Expr, Expr] = field(default_factory=dict)
    values: Mapping[Expr, Polynomial] = field(default_factory=dict)

    def index(self, index: Expr) -> Expr:
        """Return the index that an index stands for.

        Raises
        ------
        TypeError
            If it is made of anything but symbols, whole numbers and entries of arrays of indices.
        """
        check_index(index)
        return index.xreplace(dict(self.indices)) if self.indices else index

    def with_indices(self, indices: Mapping[Expr, Expr]) -> _Scope:
        """Return the scope with more indices."""
        return _Scope({**self.indices, **indices}, self.values)


class Translation:
    """Writes expressions in normal form.

    Parameters
    ----------
    ranges : Ranges
        Those of the indices in all the expressions.
    """

    def __init__(self, ranges: Ranges) -> None:
        self._ranges = ranges
        self._ranges_within: dict[Expr, Range] = {}
        self._rules: list[tuple[Any, Callable[[Expr, _Scope], Polynomial]]] = [
            (Abbreviation, self._abbreviation),
            (Partial, self._derivative),
            (At, self._at),
            (sympy.Rational, lambda value, _: number(Fraction(int(value.p), int(value.q)))),
            (sympy.Symbol, _symbol),
            (MatrixElement | Indexed, self._entry),
            (sympy.Add, lambda part, scope: sum(self._all(part, scope), start=ZERO)),
            (sympy.Mul, lambda part, scope: reduce(multiply, self._all(part, scope), ONE)),
            (sympy.exp, lambda call, scope: exponential(*self._all(call, scope))),
            (sympy.log, lambda call, scope: logarithm(*self._all(call, scope))),
            (type(sympy.S.Exp1), lambda _, __: exponential(ONE)),
            (sympy.NumberSymbol, lambda pi, _: atom("constant", str(pi), positive=True)),
            (sympy.Pow, self._power),
            (sympy.KroneckerDelta, self._delta),
            (sympy.Sum, self._sum),
            (HyperbolicFunction, lambda f, scope: self._translate(f.rewrite(sympy.exp), scope)),
            (sympy.Function, self._function),
        ]

    def difference(self, left: Expr, right: Expr) -> Polynomial:
        """Return a polynomial that is 0 where two expressions have one normal form.

        Raises
        ------
        ValueError, TypeError
            If a part is of a kind that index notation does not have.
        """
        scope = _Scope()
        return cleared(self._translate(left, scope) - self._translate(right, scope))

    def _translate(self, expression: Expr, scope: _Scope) -> Polynomial:
        # The first that fits: abbreviations, exp and log are functions of SymPy's, too.
        rules = (rule for kind, rule in self._rules if isinstance(expression, kind))
        return next(rules, _refuse)(expression, scope)

    def _all(self, expression: Expr, scope: _Scope) -> list[Polynomial]:
        return [self._translate(argument, scope) for argument in expression.args]

    def _abbreviation(self, call: Expr, scope: _Scope) -> Polynomial:
        places, formula = formula_of(call.func, len(call.args))
        indices, values = {}, {}
        for place, argument in zip(places, call.args, strict=True):
            values[place] = self._translate(argument, scope)
            indices[place] = argument.xreplace(dict(scope.indices))
        inner = _Scope({**scope.indices, **indices}, {**scope.values, **values})
        return self._translate(formula, inner)

    def _derivative(self, derivative: Expr, scope: _Scope) -> Polynomial:
        inside, *by = derivative.args
        result = self._translate(inside, scope)
        for entry in by:
            variable = next(self._translate(entry, scope).atoms())
            result = differentiate(result, variable, self._outer)
        return result

    def _outer(self, function: Atom, position: int) -> Polynomial:
        """Differentiate a function of SymPy's by an argument."""
        places = [sympy.Dummy(f"argument{i}") for i, _ in enumerate(function.parts)]
        derivative = getattr(sympy, function.kind)(*places).diff(places[position])
        values = dict(zip(places, function.parts, strict=True))
        return self._translate(derivative, _Scope(values=values))

    def _at(self, value: Expr, scope: _Scope) -> Polynomial:
        inside, *point = value.args
        values = {}
        for variable, new in (replacement.args for replacement in point):
            # As the atoms of entries and symbols name them.
            label = variable if isinstance(variable, sympy.Symbol) else variable.name
            values[key_of(label)] = self._replacement(variable, new, scope)
        # In this order: derivatives inside are taken before the point is put in.
        return substitute(self._translate(inside, scope), {}, values)

    def _replacement(
        self, variable: Expr, new: Expr, scope: _Scope
    ) -> Callable[[Atom], Polynomial]:
        """Return the function that gives the value of a symbol, or of an entry of a matrix."""
        if not isinstance(new, sympy.Lambda):
            value = self._translate(new, scope)
            return lambda _: value

        def entry_value(entry: Atom) -> Polynomial:
            subscripts = entry.parts[2:]
            ranges = self._ranges.shapes[variable]
            self._ranges_within.update(zip(subscripts, ranges, strict=True))
            indices = dict(zip(new.variables, subscripts, strict=True))
            return self._translate(new.expr, scope.with_indices(indices))

        return entry_value

    def _entry(self, entry: Expr, scope: _Scope) -> Polynomial:
        array = entry.parent if isinstance(entry, MatrixElement) else entry.base
        axes = tuple(self._axis(range_) for range_ in self._ranges.shapes[array])
        return atom("entry", str(array), axes, *map(scope.index, entry.indices))

    def _axis(self, range_: Range) -> str:
        return axis(*(self._translate(bound, _Scope()) for bound in range_))

    def _power(self, expression: Expr, scope: _Scope) -> Polynomial:
        base, exponent = self._all(expression, scope)
        if expression.exp.is_Rational:
            return power(base, Fraction(int(expression.exp.p), int(expression.exp.q)))
        # What SymPy knows of a summation index need not be so: its range says where it runs.
        is_free = scope.indices.keys().isdisjoint(expression.base.free_symbols)
        if base.is_positive or (is_free and expression.base.is_positive):
            return exponential(multiply(logarithm(base), exponent))
        return atom("power", base, exponent)

    def _delta(self, expression: Expr, scope: _Scope) -> Polynomial:
        left, right = map(scope.index, expression.args[:2])
        range_ = self._range_of(left)
        if range_ is None or range_ != self._range_of(right):
            return delta(left, right)
        return delta(left, right, self._axis(range_))

    def _range_of(self, index: Expr) -> Range | None:
        return self._ranges_within.get(index) or self._ranges.of(index)

    def _sum(self, expression: Expr, scope: _Scope) -> Polynomial:
        fresh = {index: fresh_index() for index in expression.variables}
        limits = []
        for index, first, last in expression.limits:
            self._ranges_within[fresh[index]] = scope.index(first), scope.index(last)
            bounds = (self._translate(first, scope), self._translate(last, scope))
            limits.append((fresh[index], *bounds))
        body = self._translate(expression.function, scope.with_indices(fresh))
        return total(tuple(limits), body)

    def _function(self, call: Expr, scope: _Scope) -> Polynomial:
        """Of any other function nothing is known but that equal arguments give equal values."""
        if isinstance(call, AppliedUndef | sympy.Piecewise):
            _refuse(call, scope)
        return atom(type(call).__name__, *self._all(call, scope))


def _symbol(symbol: Expr, scope: _Scope) -> Polynomial:
    if symbol in scope.values:
        return scope.values[symbol]
    return index_value(scope.index(symbol))


def _refuse(expression: Expr, _scope: _Scope) -> NoReturn:
    if isinstance(expression, sympy.Float):
        raise TypeError(f"expected exact numbers, such as Rational(1, 2), got {expression:.6g}")
    raise TypeError(
        f"expected an expression in index notation, got {expression} ({type(expression).__name__})"
    )
