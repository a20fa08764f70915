"""The value of an expression in index notation for given sizes, indices and arrays.

It shares nothing with the rules that it is there to check: sums are added up term by term,
derivatives are central differences in arithmetic of many digits, and an abbreviation is looked up
in its definition.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any, TypeAlias

import mpmath
import sympy
from sympy import Add, KroneckerDelta, Lambda, Mul, Pow, Sum, Symbol
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Indexed

from gradcheck.equations.notation import Abbreviation, At, Partial, formula_of
from gradcheck.equations.work_limit import TooLargeError, Work

__all__ = ["AGREEMENT", "Point", "evaluate"]

# SymPy has no type information.
Expr: TypeAlias = Any
Number: TypeAlias = Any

# The truncation error of a central difference is of the order of the step's square, and its
# rounding error that of the arithmetic over the step: each order takes its digits once more.
_DIGITS = 60
_DIGITS_OF_STEP = 30
# Each order takes two evaluations of the one before.
_HIGHEST_ORDER = 8
# Of an argument of exp and of other functions, in bits before the point.
_LARGEST_MAGNITUDE = 4096
# Two values that differ by less, relative to the larger or to 1, are the same.
AGREEMENT = 1e-15


@dataclass(frozen=True)
class Point:
    """Values for everything that is free in an expression.

    Attributes
    ----------
    symbols : dict
        From a symbol to its value: sizes, free indices, real numbers.
    entries : dict
        From (name of an array, subscripts) to the value of the entry.
    accuracy : int
        How many times the usual number of digits is computed with.
    work : Work
        Counts the steps that it takes.
    known : dict
        The values of sums and abbreviations that were computed with these entries, by what they
        are and by the values of their symbols: each p(x|c) has the same sum below its line.
    """

    symbols: Mapping[Any, Number]
    entries: Mapping[tuple[str, tuple[int, ...]], Number]
    accuracy: int = 1
    work: Work = field(default_factory=Work)
    known: dict[Any, Number] = field(default_factory=dict)


def evaluate(expression: Expr, point: Point) -> Number:
    """Return the value of an expression as an mpmath number of 60 digits or more.

    Raises
    ------
    ValueError
        If it has none here: the logarithm of a number that is not positive, a division by 0, an
        even root of a negative number, a number beyond all bounds.
    TypeError
        If a part is of a kind that index notation does not have.
    TooLargeError
        If it would be too much work.
    """
    order = _order(expression)
    if order > _HIGHEST_ORDER:
        raise TooLargeError(f"a derivative of order {order}")
    with mpmath.workdps(point.accuracy * (_DIGITS + order * _DIGITS_OF_STEP)):
        try:
            return _value(expression, point)
        except (OverflowError, ZeroDivisionError) as error:
            raise ValueError(f"{expression} has no value here: {error}") from error


@lru_cache(maxsize=1024)
def _order(expression: Expr) -> int:
    """Return the order of the derivatives in an expression, nested ones added up."""
    parts = expression.args
    if isinstance(expression, Abbreviation):
        parts = (*parts, formula_of(expression.func, len(parts))[1])
    order = max(map(_order, parts), default=0)
    return order + len(expression.args) - 1 if isinstance(expression, Partial) else order


def _value(expression: Expr, point: Point) -> Number:
    point.work.count()
    kind: Any = type(expression)
    rule = _rule_of(kind)
    if rule in {_sum, _abbreviation}:
        return _known(rule, expression, point)
    if rule is not None:
        return rule(expression, point)
    name = _NAMES.get(type(expression).__name__, type(expression).__name__)
    if expression.is_Function and hasattr(mpmath, name):
        return _function(name, expression, point)
    if expression.is_number and not expression.args:
        return mpmath.mpf(expression.evalf(mpmath.mp.dps))
    raise TypeError(f"expected index notation, got {expression} ({type(expression).__name__})")


@cache
def _rule_of(kind: type) -> Callable[[Expr, Point], Number] | None:
    return next((rule for kinds, rule in _RULES.items() if issubclass(kind, kinds)), None)


def _known(rule: Callable[[Expr, Point], Number], expression: Expr, point: Point) -> Number:
    """Return a value, computed unless it is known."""
    values = tuple(point.symbols.get(symbol) for symbol in _symbols_of(expression))
    key = expression, values, mpmath.mp.dps
    if key not in point.known:
        point.known[key] = rule(expression, point)
    return point.known[key]


@lru_cache(maxsize=65536)
def _symbols_of(expression: Expr) -> tuple[Any, ...]:
    return tuple(sorted(expression.free_symbols, key=str))


def _function(name: str, call: Expr, point: Point) -> Number:
    arguments = [_bounded(_value(part, point)) for part in call.args]
    try:
        value = getattr(mpmath, name)(*arguments)
    except TypeError as error:
        raise TypeError(f"expected a function of real numbers, got {call}: {error}") from error
    return _real(value, call)


def _bounded(argument: Number) -> Number:
    """Refuse an argument that takes more digits than there is memory for."""
    if argument and mpmath.mag(argument) > _LARGEST_MAGNITUDE:
        raise ValueError("an argument is too large")
    return argument


def _symbol(symbol: Expr, point: Point) -> Number:
    return mpmath.mpf(point.symbols[symbol])


def _entry(entry: Expr, point: Point) -> Number:
    name, subscripts = _place(entry, point)
    if (name, subscripts) not in point.entries:
        raise ValueError(f"{entry}: {name} has no entry {list(subscripts)}")
    return mpmath.mpf(point.entries[name, subscripts])


def _place(entry: Expr, point: Point) -> tuple[str, tuple[int, ...]]:
    array = entry.parent if isinstance(entry, MatrixElement) else entry.base
    return _name_of(array), tuple(int(_value(index, point)) for index in entry.indices)


@lru_cache(maxsize=1024)
def _name_of(array: Expr) -> str:
    # SymPy prints slowly.
    return str(array)


def _sum(summation: Expr, point: Point) -> Number:
    # SymPy's last limit is that of the outermost sum; the inner ones may depend on its index.
    *inner, (index, first, last) = summation.limits
    body = Sum(summation.function, *inner) if inner else summation.function
    indices = range(int(_value(first, point)), int(_value(last, point)) + 1)
    if indices.stop < indices.start:
        raise ValueError(f"{summation} runs backwards")
    return mpmath.fsum(_value(body, _with_symbol(point, index, i)) for i in indices)


def _power(power: Expr, point: Point) -> Number:
    base, exponent = _value(power.base, point), _bounded(_value(power.exp, point))
    if base == 0 and exponent < 0:
        raise ValueError(f"{power.base} is 0, and divides")
    return _real(base**exponent, power)


def _logarithm(logarithm: Expr, point: Point) -> Number:
    argument = _value(logarithm.args[0], point)
    if argument <= 0:
        raise ValueError(f"log of {mpmath.nstr(argument, 5)}")
    return mpmath.log(argument)


def _delta(kronecker: Expr, point: Point) -> Number:
    left, right = (_value(index, point) for index in kronecker.args[:2])
    return mpmath.mpf(left == right)


def _abbreviation(abbreviation: Expr, point: Point) -> Number:
    places, formula = formula_of(abbreviation.func, len(abbreviation.args))
    values = {
        place: _value(argument, point)
        for place, argument in zip(places, abbreviation.args, strict=True)
    }
    return _value(formula, replace(point, symbols={**point.symbols, **values}))


def _derivative(derivative: Expr, point: Point) -> Number:
    """Return a central difference, of a central difference, …."""
    *before, by = derivative.args
    function = Partial(*before) if len(before) > 1 else before[0]
    step = mpmath.mpf(10) ** (-_DIGITS_OF_STEP * point.accuracy)
    ahead, behind = (_value(function, _moved(point, by, signed)) for signed in (step, -step))
    return (ahead - behind) / (2 * step)


def _moved(point: Point, by: Expr, step: Number) -> Point:
    if isinstance(by, Symbol):
        return _with_symbol(point, by, _symbol(by, point) + step)
    place = _place(by, point)
    entries = {**point.entries, place: _entry(by, point) + step}
    return replace(point, entries=entries, known={})


def _at(expression: Expr, point: Point) -> Number:
    """Put the values in first, and differentiate around them."""
    value, *replacements = expression.args
    symbols, entries = dict(point.symbols), dict(point.entries)
    for replacement in replacements:
        variable, new = replacement.args
        if isinstance(new, Lambda):
            for name, subscripts in point.entries:
                if name == variable.name:
                    places = dict(zip(new.variables, subscripts, strict=True))
                    within = replace(point, symbols={**point.symbols, **places})
                    entries[name, subscripts] = _value(new.expr, within)
        else:
            symbols[variable] = _value(new, point)
    return _value(value, replace(point, symbols=symbols, entries=entries, known={}))


def _with_symbol(point: Point, symbol: Symbol, value: Number) -> Point:
    return replace(point, symbols={**point.symbols, symbol: value})


def _real(value: Number, expression: Expr) -> Number:
    if not mpmath.isfinite(value) or mpmath.im(value):
        raise ValueError(f"{expression} is not real here")
    return mpmath.re(value)


# What mpmath calls otherwise.
_NAMES = {"Abs": "fabs"}
_RULES: dict[Any, Callable[[Expr, Point], Number]] = {
    Abbreviation: _abbreviation,
    Partial: _derivative,
    At: _at,
    Symbol: _symbol,
    (MatrixElement, Indexed): _entry,
    Sum: _sum,
    Add: lambda addition, point: mpmath.fsum(_value(part, point) for part in addition.args),
    Mul: lambda product, point: mpmath.fprod(_value(part, point) for part in product.args),
    Pow: _power,
    sympy.log: _logarithm,
    KroneckerDelta: _delta,
    sympy.Rational: lambda value, _: mpmath.mpf(int(value.p)) / int(value.q),
}
