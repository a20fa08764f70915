"""What index notation says and SymPy lacks: a named formula, ∂ by an entry, and "where x = 0".

Each is an expression that stands as it is written, so that it can be printed, and that
`written_out` replaces by what it means. Nothing is evaluated before that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import count
from typing import Any, ClassVar, TypeAlias

import sympy
from sympy import Dummy, Function, Lambda, MatrixSymbol, Sum, Symbol, Tuple
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Indexed

__all__ = [
    "Abbreviation",
    "At",
    "Partial",
    "abbreviate",
    "at",
    "defined",
    "distinct_indices",
    "formula_of",
    "partial",
    "written_out",
]

# SymPy has no type information.
Expr: TypeAlias = Any


class Abbreviation(Function):  # type: ignore[misc]  # SymPy ships no types
    """A named formula, such as p(x|c); made by `abbreviate`."""

    definition: ClassVar[Callable[..., Expr]]
    unicode: ClassVar[str]
    latex: ClassVar[str]

    @classmethod
    def eval(cls, *_arguments: Expr) -> None:
        """Stay as it is."""

    @property
    def free_symbols(self) -> set[Expr]:
        """Those of the formula: p(x|c) depends on U and v, whatever its arguments are."""
        symbols: set[Expr] = defined(self).free_symbols
        return symbols

    def _eval_derivative(self, symbol: Expr) -> Expr:
        return sympy.diff(defined(self), symbol)


def abbreviate(
    name: str, definition: Callable[..., Expr], *, unicode: str = "", latex: str = ""
) -> Any:
    """Return a function that stands for a formula until `written_out` puts the formula there.

    Parameters
    ----------
    name : str
        What the function is called.
    definition : callable
        Takes the arguments and returns the formula.
    unicode, latex : str
        How it is printed, with ``{0}``, ``{1}``, … for its arguments, ``{0:sub}`` for one that is
        a subscript; ``name(…)`` by default.
    """
    members = {
        "definition": staticmethod(definition),
        "unicode": unicode,
        "latex": latex or unicode,
    }
    return type(name, (Abbreviation,), members)


class Partial(sympy.Expr):  # type: ignore[misc]  # SymPy ships no types
    """A partial derivative by one or several entries, not yet taken; made by `partial`."""

    def _eval_derivative(self, symbol: Expr) -> Expr:
        return sympy.diff(written_out(self), symbol)


def partial(expression: Expr, *by: Expr) -> Expr:
    """Return ∂ⁿ expression / ∂ by, as it is written.

    Parameters
    ----------
    expression : sympy.Expr
        What is differentiated.
    *by : sympy.Symbol, or an entry of a MatrixSymbol or an IndexedBase
        By what, one after the other. The indices of an entry are free: they are never confused
        with summation indices of the same name.

    Raises
    ------
    TypeError
        If it is to be differentiated by anything else: SymPy 1.14 returns 0 for the derivative
        of a sum by a whole vector, without a word.
    """
    for entry in by:
        if not isinstance(entry, MatrixElement | Indexed | Symbol):
            raise TypeError(
                f"by: expected a symbol or an entry, such as v[k, 0], got {entry} "
                f"({type(entry).__name__}); SymPy differentiates by a whole vector wrongly"
            )
    return Partial(sympy.sympify(expression), *by)


class At(sympy.Expr):  # type: ignore[misc]  # SymPy ships no types
    """An expression at a point; made by `at`."""

    def _eval_derivative(self, symbol: Expr) -> Expr:
        return sympy.diff(written_out(self), symbol)


def at(expression: Expr, *point: tuple[Expr, Any]) -> Expr:
    """Return the value of an expression at a point, as it is written.

    Parameters
    ----------
    expression : sympy.Expr
        Derivatives in it are taken before the point is put in.
    *point : (sympy.Symbol, value) or (MatrixSymbol, callable)
        A symbol and its value; a matrix and the function of two indices that gives its entries.

    Raises
    ------
    TypeError
        If anything else is to be given a value: an index or a size has none at a point.
    """
    replacements = []
    for variable, value in point:
        if isinstance(variable, MatrixSymbol):
            row, column = Dummy("row", integer=True), Dummy("column", integer=True)
            replacements.append(Tuple(variable, Lambda((row, column), value(row, column))))
        elif isinstance(variable, Symbol) and not variable.is_integer:
            replacements.append(Tuple(variable, sympy.sympify(value)))
        else:
            raise TypeError(f"point: expected a real symbol or a MatrixSymbol, got {variable}")
    return At(sympy.sympify(expression), *replacements)


def written_out(expression: Expr) -> Expr:
    """Return the expression with every abbreviation, derivative and point put in.

    Every summation index gets a name of its own first, so that none is captured.
    """
    return _evaluated(distinct_indices(expression))


def distinct_indices(expression: Expr) -> Expr:
    """Return the expression with abbreviations put in, and no summation index twice."""
    if isinstance(expression, Abbreviation):
        return distinct_indices(defined(expression))
    if not expression.args:
        return expression
    if isinstance(expression, Sum):
        body = distinct_indices(expression.function)
        fresh = {limit[0]: Dummy(limit[0].name, integer=True) for limit in expression.limits}
        limits = [tuple(part.xreplace(fresh) for part in limit) for limit in expression.limits]
        return Sum(body.xreplace(fresh), *limits)
    if isinstance(expression, At):
        inside, *point = expression.args
        return At(distinct_indices(inside), *(_distinct_in(one) for one in point))
    return _rebuilt(expression, distinct_indices)


def _distinct_in(replacement: Expr) -> Expr:
    variable, value = replacement.args
    if isinstance(value, Lambda):
        return Tuple(variable, Lambda(value.variables, distinct_indices(value.expr)))
    return Tuple(variable, distinct_indices(value))


def _rebuilt(expression: Expr, change: Callable[[Expr], Expr]) -> Expr:
    arguments = [change(argument) for argument in expression.args]
    if all(new is old for new, old in zip(arguments, expression.args, strict=True)):
        return expression
    return expression.func(*arguments)


def defined(abbreviation: Expr) -> Expr:
    """Return what an abbreviation stands for; an argument is never captured by a sum in it."""
    places, formula = formula_of(abbreviation.func, len(abbreviation.args))
    return formula.xreplace(dict(zip(places, abbreviation.args, strict=True)))


@cache
def formula_of(abbreviation: Any, arguments: int) -> tuple[tuple[Expr, ...], Expr]:
    """Return symbols that stand for an abbreviation's arguments, and its formula in them."""
    places = tuple(Dummy(f"place{position}") for position in range(arguments))
    return places, distinct_indices(sympy.sympify(abbreviation.definition(*places)))


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
        value, *point = expression.args
        value = _evaluated(value)
        replacements = [
            (variable, _evaluated_inside(new))
            for variable, new in (replacement.args for replacement in point)
        ]
        return distinct_indices(_put(value, replacements))
    return _rebuilt(expression, _evaluated)


def _evaluated_inside(value: Expr) -> Expr:
    if isinstance(value, Lambda):
        return Lambda(value.variables, _evaluated(value.expr))
    return _evaluated(value)


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
    return _rebuilt(expression, lambda part: _put(part, point))


def readable_indices(expression: Expr) -> Expr:
    """Give summation indices the names that they had before `written_out`, where these are free."""
    if isinstance(expression, Sum):
        body = readable_indices(expression.function)
        taken = {symbol.name for symbol in expression.free_symbols | _bound_in(body)}
        names = {}
        for index in expression.variables:
            name = next(n for n in _candidates(index.name) if n not in taken)
            names[index] = Symbol(name, integer=True, nonnegative=True)
            taken.add(name)
        limits = [tuple(part.xreplace(names) for part in limit) for limit in expression.limits]
        return Sum(body.xreplace(names), *limits)
    return _rebuilt(expression, readable_indices) if expression.args else expression


def _bound_in(expression: Expr) -> set[Expr]:
    return {index for summation in expression.atoms(Sum) for index in summation.variables}


def _candidates(name: str) -> Iterator[str]:
    yield name
    for number in count(1):
        yield f"{name}{number}"
