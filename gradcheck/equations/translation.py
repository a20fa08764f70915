"""From SymPy's expressions in index notation to their normal form."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from typing import Any, NoReturn, TypeAlias

import sympy
from sympy import (
    Add,
    Function,
    KroneckerDelta,
    Mul,
    NumberSymbol,
    Piecewise,
    Pow,
    Rational,
    Sum,
    Symbol,
    exp,
    log,
)
from sympy.core.function import AppliedUndef
from sympy.functions.elementary.hyperbolic import HyperbolicFunction
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Indexed

from gradcheck.equations.normal_forms import (
    axis,
    delta,
    exponential,
    logarithm,
    multiply,
    power,
    total,
)
from gradcheck.equations.polynomials import ONE, ZERO, Polynomial, atom, number
from gradcheck.equations.ranges import Ranges

__all__ = ["Translation"]

# SymPy has no type information.
Expr: TypeAlias = Any


class Translation:
    """Write SymPy's expressions in normal form."""

    def __init__(self, ranges: Ranges) -> None:
        self._ranges = ranges
        self._known: dict[Expr, Polynomial] = {}

        self._rules: list[tuple[Any, Callable[[Expr], Polynomial]]] = [
            (Rational, lambda number_: number(Fraction(int(number_.p), int(number_.q)))),
            (Symbol, lambda symbol: atom("symbol", symbol, positive=bool(symbol.is_positive))),
            (MatrixElement, lambda entry: atom("entry", str(entry.parent), *entry.indices)),
            (Indexed, lambda entry: atom("entry", str(entry.base), *entry.indices)),
            (Add, lambda addition: sum(map(self.translate, addition.args), start=ZERO)),
            (Mul, lambda product: reduce(multiply, map(self.translate, product.args))),
            (exp, lambda call: exponential(self.translate(call.args[0]))),
            (log, lambda call: logarithm(self.translate(call.args[0]))),
            (type(sympy.S.Exp1), lambda _: exponential(ONE)),
            (NumberSymbol, lambda constant: atom("symbol", constant, positive=True)),
            (Pow, self._power),
            (KroneckerDelta, self._delta),
            (Sum, self._sum),
            (HyperbolicFunction, lambda call: self.translate(call.rewrite(exp))),
            (Function, self._function),
        ]

    def translate(self, expression: Expr) -> Polynomial:
        """Return the normal form of an expression.

        Raises
        ------
        ValueError, TypeError
            If a part is of a kind that index notation does not have.
        """
        if expression not in self._known:
            rules = (rule for kind, rule in self._rules if isinstance(expression, kind))
            self._known[expression] = next(rules, _refuse)(expression)
        return self._known[expression]

    def _power(self, expression: Expr) -> Polynomial:
        base, exponent = map(self.translate, expression.args)
        if expression.exp.is_Rational:
            return power(base, Fraction(int(expression.exp.p), int(expression.exp.q)))
        if expression.base.is_positive:
            return exponential(multiply(logarithm(base), exponent))
        return atom("power", base, exponent)

    def _delta(self, expression: Expr) -> Polynomial:
        left, right = expression.args[:2]
        range_ = self._ranges.of(left)
        if range_ is None or range_ != self._ranges.of(right):
            return delta(left, right)
        return delta(left, right, axis(*map(self.translate, range_)))

    def _sum(self, expression: Expr) -> Polynomial:
        limits = [
            (index, self.translate(first), self.translate(last))
            for index, first, last in expression.limits
        ]
        return total(tuple(limits), self.translate(expression.function))

    def _function(self, call: Expr) -> Polynomial:
        """Of any other function nothing is known but that equal arguments give equal values."""
        if isinstance(call, AppliedUndef | Piecewise):
            _refuse(call)
        return atom(type(call).__name__, *map(self.translate, call.args))


def _refuse(expression: Expr) -> NoReturn:
    raise TypeError(
        f"expected an expression in index notation, got {expression} ({type(expression).__name__})"
    )
