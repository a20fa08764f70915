"""The axis of each index of an expression, read from the places where it is a subscript."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import sympy
from sympy import Add, Dummy, Integer, KroneckerDelta, Lambda, MatrixSymbol, Mul, Sum, Symbol
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Indexed

from gradcheck.equations.notation import Abbreviation, At, Partial, formula_of

__all__ = ["Range", "Ranges", "check_index"]

# SymPy has no type information.
Expr: TypeAlias = Any
Range: TypeAlias = tuple[Expr, Expr]
# What a symbol stands for in a place: the range of a summation index, or an argument.
Scope: TypeAlias = Mapping[Expr, Any]
Read: TypeAlias = Callable[[Expr, Scope], None]


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
    deltas : set of sympy.KroneckerDelta
        Those of free indices and numbers.
    free : set of sympy.Symbol
        The symbols that need a value.

    Raises
    ------
    ValueError
        If an index is a subscript of axes of different lengths, a limit of a sum is no size, a
        sum may have fewer than no terms, or two arrays or symbols that are different share a
        name.
    TypeError
        If something is differentiated by, or given a value for, a size, an index, or the argument
        of an abbreviation.
    """

    def __init__(self, expressions: Iterable[Expr]) -> None:
        self.of_symbols: dict[Any, Range] = {}
        self.of_arrays: dict[Any, Range] = {}
        self.shapes: dict[Any, list[Range]] = {}
        self.free: set[Any] = set()
        self.deltas: set[Any] = set()
        self._named: dict[str, Any] = {}
        self._whole: set[Any] = set()
        self._varied: set[Any] = set()
        self._limits: set[tuple[Any, Expr, Expr]] = set()
        self._rules: list[tuple[Any, Callable[[Expr, Scope, Read], None]]] = [
            (Symbol, self._walk_symbol),
            (MatrixElement | Indexed, self._walk_entry),
            (Sum, self._walk_sum),
            (Abbreviation, self._walk_abbreviation),
            (At, self._walk_at),
            (Partial, self._walk_derivative),
            (KroneckerDelta, self._walk_delta),
        ]
        known = list(expressions)
        # Matrices first, wherever they stand: indices are of their axes. A subscript of an array of
        # indices has its range from them, or from a sum; without either, from a shape.
        for read in (self._read_matrix, self._read_array):
            for expression in known:
                self._walk(expression, {}, read)

        self._check_varied()
        for index, first, last in sorted(self._limits, key=str):
            self._check_limits(index, self._as_known(first), self._as_known(last))

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
        named = {symbol for range_ in known for bound in range_ for symbol in bound.free_symbols}
        limits = {
            symbol
            for _, *range_ in self._limits
            for bound in range_
            for symbol in bound.free_symbols
        }
        return named | (limits & self.free - self.of_symbols.keys())

    def _walk(self, expression: Expr, scope: Scope, read: Read) -> None:
        rules = (rule for kind, rule in self._rules if isinstance(expression, kind))
        next(rules, self._walk_parts)(expression, scope, read)

    def _walk_parts(self, expression: Expr, scope: Scope, read: Read) -> None:
        for argument in expression.args:
            self._walk(argument, scope, read)

    def _walk_symbol(self, symbol: Symbol, scope: Scope, _read: Read) -> None:
        if symbol not in scope:
            self._keep_name(str(symbol), symbol)
            self.free.add(symbol)

    def _walk_entry(self, entry: Expr, scope: Scope, read: Read) -> None:
        read(entry, scope)
        self._keep_whole(entry.indices, scope)
        array = entry.parent if isinstance(entry, MatrixElement) else entry.base
        for part in (*entry.indices, *(array.shape or ())):
            self._walk(part, scope, read)

    def _walk_abbreviation(self, call: Expr, scope: Scope, read: Read) -> None:
        places, formula = formula_of(call.func, len(call.args))
        arguments = [_resolved(argument, scope) for argument in call.args]
        self._walk_parts(call, scope, read)
        self._walk(formula, {**scope, **dict(zip(places, arguments, strict=True))}, read)

    def _walk_at(self, value: Expr, scope: Scope, read: Read) -> None:
        inside, *point = value.args
        self._keep_varied((replacement.args[0] for replacement in point), scope)
        self._walk(inside, scope, read)
        for variable, new in (replacement.args for replacement in point):
            if isinstance(new, Lambda):
                row_and_column = dict(zip(new.variables, _ranges_of(variable), strict=True))
                self._walk(new.expr, {**scope, **row_and_column}, read)
            else:
                self._walk(new, scope, read)

    def _walk_derivative(self, derivative: Expr, scope: Scope, read: Read) -> None:
        self._keep_varied(derivative.args[1:], scope)
        self._walk_parts(derivative, scope, read)

    def _walk_delta(self, kronecker: Expr, scope: Scope, read: Read) -> None:
        self._keep_whole(kronecker.args[:2], scope)
        resolved = _resolved(kronecker, scope)
        if not resolved.has(Indexed) and scope.keys().isdisjoint(resolved.free_symbols):
            self.deltas.add(resolved)
        self._walk_parts(kronecker, scope, read)

    def _walk_sum(self, summation: Sum, scope: Scope, read: Read) -> None:
        inner = dict(scope)
        if len(set(summation.variables)) < len(summation.variables):
            raise ValueError(f"expected summation indices that differ, got {summation}")
        self._whole |= set(summation.variables)
        for limit in summation.limits:
            if len(limit) != 3 or any(bound.has(*summation.variables) for bound in limit[1:]):
                raise ValueError(f"expected a sum whose limits are sizes, got {summation}")
            index = limit[0]
            self._keep_whole(limit[1:], scope)
            first, last = (_resolved(bound, scope) for bound in limit[1:])
            self._limits.add((index, first, last))
            inner[index] = (first, last)
            self._walk(first, scope, read)
            self._walk(last, scope, read)
        self._walk(summation.function, inner, read)

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

    def _keep_whole(self, indices: Iterable[Expr], scope: Scope) -> None:
        """Remember the symbols and arrays of indices that stand for whole numbers."""
        for index in indices:
            for part in (index, _resolved(index, scope)):
                check_index(part)
                self._whole |= part.free_symbols | {entry.base for entry in part.atoms(Indexed)}

    def _keep_varied(self, variables: Iterable[Expr], scope: Scope) -> None:
        for variable in variables:
            if variable in scope:
                raise TypeError(
                    f"{variable}: expected a symbol or an entry that occurs in the expression, got "
                    "a summation index or the argument of an abbreviation"
                )
            self._varied.add(variable.base if isinstance(variable, Indexed) else variable)

    def _check_varied(self) -> None:
        for variable in sorted(self._varied & (self._whole | self.sizes), key=str):
            raise TypeError(
                f"{variable}: expected a symbol that is a real number, got a size or an index"
            )

    def _check_limits(self, index: Expr, first: Expr, last: Expr) -> None:
        """Refuse sums from more than one past their end: there are two conventions for them.

        An index of which SymPy knows more than its range says is refused as well: SymPy has used
        it already, and writes i for sqrt(i**2).
        """
        if not sympy.expand(last - first + 1).is_nonnegative:
            raise ValueError(
                f"expected sums that never run backwards, got one over {index} from {first} to "
                f"{last}: write its length as a size of its own"
            )
        within = Dummy(
            integer=True,
            nonnegative=first.is_nonnegative or None,
            nonpositive=last.is_nonpositive or None,
            nonzero=first.is_positive or last.is_negative or None,
        )
        for name, known in index.assumptions0.items():
            is_plain = not name.startswith("extended_")
            if is_plain and known and getattr(within, f"is_{name}") is None:
                raise ValueError(
                    f"{index}: was declared {name}, and its sum runs from {first} to {last}"
                )

    def _as_known(self, bound: Expr) -> Expr:
        """Return a limit with its symbols declared as their ranges allow."""
        return bound.xreplace({symbol: self._known(symbol) for symbol in bound.free_symbols})

    def _known(self, symbol: Expr) -> Expr:
        if symbol not in self.of_symbols:
            return Symbol(symbol.name, integer=True, positive=True)
        is_nonnegative = self.of_symbols[symbol][0].is_nonnegative or None
        return Symbol(symbol.name, integer=True, nonnegative=is_nonnegative)

    def _keep_name(self, name: str, owner: Expr) -> None:
        if self._named.setdefault(name, owner) != owner:
            raise ValueError(f"{name}: two different symbols have this name")


def check_index(index: Expr) -> None:
    """Raise TypeError if an index is not made of symbols, whole numbers and array entries."""
    if isinstance(index, Indexed):
        parts = index.indices
    elif isinstance(index, Add | Mul):
        parts = index.args
    elif isinstance(index, Symbol | Integer):
        return
    else:
        raise TypeError(
            f"expected an index made of symbols, whole numbers and entries of arrays of indices, "
            f"got {index} ({type(index).__name__})"
        )
    for part in parts:
        check_index(part)


def _resolved(index: Expr, scope: Scope) -> Expr:
    """Put the argument of an abbreviation in its place."""
    arguments = {symbol: value for symbol, value in scope.items() if not isinstance(value, tuple)}
    return index.xreplace(arguments) if arguments else index


def _ranges_of(matrix: MatrixSymbol) -> list[Range]:
    return [(Integer(0), length - 1) for length in matrix.shape]
