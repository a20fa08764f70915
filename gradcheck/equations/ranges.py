"""Which axis each index of an expression runs over, read from where it is a subscript."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from sympy import Integer, Lambda, MatrixSymbol, Sum, Symbol
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Indexed

from gradcheck.equations.notation import Abbreviation, At, formula_of

__all__ = ["Ranges"]

# SymPy has no type information.
Expr: TypeAlias = Any
Range: TypeAlias = tuple[Expr, Expr]
# What a symbol stands for in a place: the range of a summation index, or an argument.
Scope: TypeAlias = Mapping[Expr, Any]


class Ranges:
    """The ranges of the indices and the shapes of the arrays in some expressions.

    Attributes
    ----------
    of_symbols : dict
        From a free symbol that is an index to its first and last value.
    of_arrays : dict
        From the `IndexedBase` of an array of indices to the first and last value of its entries.
    shapes : dict
        From a `MatrixSymbol` or `IndexedBase` to the first and last value of each subscript.
    free : set of sympy.Symbol
        The symbols that need a value.

    Raises
    ------
    ValueError
        If an index is a subscript of axes of different lengths, a limit of a sum is no size, or
        two arrays or symbols that are different share a name.
    """

    def __init__(self, expressions: Iterable[Expr]) -> None:
        self.of_symbols: dict[Any, Range] = {}
        self.of_arrays: dict[Any, Range] = {}
        self.shapes: dict[Any, list[Range]] = {}
        self.free: set[Any] = set()
        self._named: dict[str, Any] = {}
        known = list(expressions)
        for read in (self._read_matrix, self._read_array):
            for expression in known:
                self._walk(expression, {}, read)

    def of(self, index: Expr) -> Range | None:
        """Return the first and last value of an index, or None where nothing is known."""
        if isinstance(index, Indexed):
            return self.of_arrays.get(index.base)
        return self.of_symbols.get(index)

    @property
    def sizes(self) -> set[Any]:
        """The symbols in the first and last values: lengths of axes."""
        known = [*self.of_symbols.values(), *self.of_arrays.values()]
        known += [range_ for ranges in self.shapes.values() for range_ in ranges]
        return {symbol for range_ in known for bound in range_ for symbol in bound.free_symbols}

    def _walk(self, expression: Expr, scope: Scope, read: Callable[[Expr, Scope], None]) -> None:
        if isinstance(expression, Symbol):
            self._read_symbol(expression, scope)
        elif isinstance(expression, MatrixElement | Indexed):
            read(expression, scope)
            for part in (*expression.indices, *_shape(expression)):
                self._walk(part, scope, read)
        elif isinstance(expression, Sum):
            self._walk_sum(expression, scope, read)
        elif isinstance(expression, Abbreviation):
            places, formula = formula_of(expression.func, len(expression.args))
            arguments = [_resolved(argument, scope) for argument in expression.args]
            for argument in expression.args:
                self._walk(argument, scope, read)
            self._walk(formula, {**scope, **dict(zip(places, arguments, strict=True))}, read)
        elif isinstance(expression, At):
            inside, *point = expression.args
            self._walk(inside, scope, read)
            for variable, value in (replacement.args for replacement in point):
                self._walk_value(variable, value, scope, read)
        else:
            for argument in expression.args:
                self._walk(argument, scope, read)

    def _walk_sum(self, summation: Sum, scope: Scope, read: Callable[[Expr, Scope], None]) -> None:
        inner = dict(scope)
        for limit in summation.limits:
            if len(limit) != 3 or any(bound.has(*summation.variables) for bound in limit[1:]):
                raise ValueError(f"expected a sum whose limits are sizes, got {summation}")
            index, first, last = limit
            inner[index] = (first, last)
            self._walk(first, scope, read)
            self._walk(last, scope, read)
        self._walk(summation.function, inner, read)

    def _walk_value(
        self, variable: Expr, value: Expr, scope: Scope, read: Callable[[Expr, Scope], None]
    ) -> None:
        if not isinstance(value, Lambda):
            self._walk(value, scope, read)
            return
        ranges = _ranges_of(variable)
        row_and_column = dict(zip(value.variables, ranges, strict=True))
        self._walk(value.expr, {**scope, **row_and_column}, read)

    def _read_symbol(self, symbol: Symbol, scope: Scope) -> None:
        if symbol not in scope:
            self._keep_name(symbol.name, symbol)
            self.free.add(symbol)

    def _read_matrix(self, entry: Expr, scope: Scope) -> None:
        if not isinstance(entry, MatrixElement):
            return
        matrix = entry.parent
        self._keep_name(matrix.name, matrix)
        self.shapes[matrix] = _ranges_of(matrix)
        for index, range_ in zip(entry.indices, self.shapes[matrix], strict=True):
            self._restrict(_resolved(index, scope), range_, scope)

    def _read_array(self, entry: Expr, scope: Scope) -> None:
        """Take the range of a subscript from the sum over it; without one, it starts at 0."""
        if not isinstance(entry, Indexed):
            return
        self._keep_name(str(entry.base), entry.base)
        ranges: list[Range] = []
        for place, index in enumerate(entry.indices):
            resolved = _resolved(index, scope)
            found = scope.get(resolved) or self.of(resolved)
            if found is None:
                if not entry.base.shape:
                    raise ValueError(f"{entry}: expected a sum over {index}, or a shape for it")
                found = (Integer(0), entry.base.shape[place] - 1)
                self._restrict(resolved, found, scope)
            ranges.append(found)
        known = self.shapes.setdefault(entry.base, ranges)
        if known != ranges:
            raise ValueError(f"{entry.base}: its subscripts run over {known} and over {ranges}")

    def _restrict(self, index: Expr, range_: Range, scope: Scope) -> None:
        if index in scope:  # a sum over part of an axis is one all the same
            return
        if isinstance(index, Indexed):
            ranges, key = self.of_arrays, index.base
        elif isinstance(index, Symbol):
            ranges, key = self.of_symbols, index
        else:
            return
        if ranges.setdefault(key, range_) != range_:
            (first, last), (other_first, other_last) = ranges[key], range_
            raise ValueError(
                f"{key}: expected an index of one axis, got one that runs from {first} to {last} "
                f"and from {other_first} to {other_last}"
            )

    def _keep_name(self, name: str, owner: Expr) -> None:
        if self._named.setdefault(name, owner) != owner:
            raise ValueError(f"{name}: two different symbols have this name")


def _resolved(index: Expr, scope: Scope) -> Expr:
    """Put the argument of an abbreviation in its place."""
    arguments = {symbol: value for symbol, value in scope.items() if not isinstance(value, tuple)}
    return index.xreplace(arguments) if arguments else index


def _ranges_of(matrix: MatrixSymbol) -> list[Range]:
    return [(Integer(0), length - 1) for length in matrix.shape]


def _shape(entry: Expr) -> tuple[Expr, ...]:
    array = entry.parent if isinstance(entry, MatrixElement) else entry.base
    return tuple(array.shape or ())
