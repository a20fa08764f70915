"""Index notation that SymPy lacks: a named formula, ∂ by an entry, and "where x = 0".

Each is an expression that stands as it is written, so that it can be printed, until a proof, or
`gradcheck.equations.rewriting`, asks for what it means.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
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
    "rebuilt",
    "sigmoid",
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
    """Return a function that stands for a formula until its meaning is asked for.

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


sigmoid = abbreviate(
    "sigma",
    lambda score: 1 / (1 + sympy.exp(-score)),
    unicode="σ({0})",
    latex=r"\sigma({0})",
)
"""σ(x) = 1/(1 + exp(−x))."""


class Partial(sympy.Expr):  # type: ignore[misc]  # SymPy ships no types
    """A partial derivative by one or several entries, not yet taken; made by `partial`."""


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
        of a sum by a whole vector, without a word, and by a size or an index there is none.
    """
    for entry in by:
        if isinstance(entry, Symbol) and entry.is_integer:
            raise TypeError(f"by: expected a real symbol or an entry, got {entry}, a whole number")
        if not isinstance(entry, MatrixElement | Indexed | Symbol):
            raise TypeError(
                f"by: expected a symbol or an entry, such as v[k, 0], got {entry} "
                f"({type(entry).__name__}); SymPy differentiates by a whole vector wrongly"
            )
    return Partial(sympy.sympify(expression), *by)


class At(sympy.Expr):  # type: ignore[misc]  # SymPy ships no types
    """An expression at a point; made by `at`."""


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
    ValueError
        If a symbol was declared to have a sign that the value is not known to have: what SymPy
        and the proof have made of the expression may rest on it.
    """
    replacements = []
    for variable, value in point:
        if isinstance(variable, MatrixSymbol):
            row, column = Dummy("row", integer=True), Dummy("column", integer=True)
            replacements.append(Tuple(variable, Lambda((row, column), value(row, column))))
        elif isinstance(variable, Symbol) and not variable.is_integer:
            _check_sign(variable, sympy.sympify(value))
            replacements.append(Tuple(variable, sympy.sympify(value)))
        else:
            raise TypeError(f"point: expected a real symbol or a MatrixSymbol, got {variable}")
    return At(sympy.sympify(expression), *replacements)


def _check_sign(variable: Symbol, value: Expr) -> None:
    for sign in ("positive", "negative", "nonnegative", "nonpositive", "nonzero"):
        if getattr(variable, f"is_{sign}") and not getattr(value, f"is_{sign}"):
            raise ValueError(
                f"point: {variable} was declared {sign}, and {value} is not known to be"
            )


def defined(abbreviation: Expr) -> Expr:
    """Return the formula of an abbreviation; no sum in it captures an argument."""
    places, formula = formula_of(abbreviation.func, len(abbreviation.args))
    return formula.xreplace(dict(zip(places, abbreviation.args, strict=True)))


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
    return rebuilt(expression, distinct_indices)


def rebuilt(expression: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Return an expression with its arguments changed."""
    arguments = [change(argument) for argument in expression.args]
    if all(new is old for new, old in zip(arguments, expression.args, strict=True)):
        return expression
    return expression.func(*arguments)


@cache
def formula_of(abbreviation: Any, arguments: int) -> tuple[tuple[Expr, ...], Expr]:
    """Return symbols that stand for an abbreviation's arguments, and its formula in them."""
    # Called once: each call would give the sums of the definition other indices.
    places = tuple(Dummy(f"place{position}") for position in range(arguments))
    return places, distinct_indices(sympy.sympify(abbreviation.definition(*places)))
