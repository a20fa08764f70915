"""Which axis each index of an expression runs over, read from where it is a subscript."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from sympy import Basic, Integer, MatrixSymbol, Sum, Symbol
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Indexed

__all__ = ["Ranges"]

# SymPy has no type information.
Expr: TypeAlias = Any
Range: TypeAlias = tuple[Expr, Expr]


class Ranges:
    """The ranges of the indices of some expressions whose summation indices are all distinct.

    Attributes
    ----------
    of_symbols : dict
        From a symbol that is an index to its first and last value.
    of_arrays : dict
        From the `IndexedBase` of an array of indices to the first and last value of its entries.
    shapes : dict
        From a `MatrixSymbol` or `IndexedBase` to the first and last value of each subscript.

    Raises
    ------
    ValueError
        If an index is a subscript of axes of different lengths, or two arrays or symbols that
        are different share a name.
    """

    def __init__(self, expressions: Iterable[Expr]) -> None:
        self.of_symbols: dict[Any, Range] = {}
        self.of_arrays: dict[Any, Range] = {}
        self.shapes: dict[Any, list[Range]] = {}
        parts = [part for expression in expressions for part in _parts(expression)]
        _refuse_ambiguous_names(parts)
        self._bound: set[Any] = set()
        for part in parts:
            if isinstance(part, Sum):
                self._read_limits(part)
        for part in parts:
            if isinstance(part, MatrixElement):
                self._read_matrix(part)
        for part in parts:
            if isinstance(part, Indexed):
                self._read_array(part)

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

    def _read_limits(self, summation: Sum) -> None:
        for limit in summation.limits:
            if len(limit) != 3 or any(bound.has(*summation.variables) for bound in limit[1:]):
                raise ValueError(f"expected a sum whose limits are sizes, got {summation}")
            index, *range_ = limit
            self.of_symbols[index] = tuple(range_)
            self._bound.add(index)

    def _read_matrix(self, entry: MatrixElement) -> None:
        matrix = entry.parent
        ranges = [(Integer(0), length - 1) for length in matrix.shape]
        self.shapes[matrix] = ranges
        for index, range_ in zip(entry.indices, ranges, strict=True):
            self._restrict(index, range_)

    def _read_array(self, entry: Indexed) -> None:
        """Take the range of a subscript from the sum over it; without one, it starts at 0."""
        ranges: list[Range] = []
        for place, index in enumerate(entry.indices):
            found = self.of(index)
            if found is None:
                if not entry.base.shape:
                    raise ValueError(f"{entry}: expected a sum over {index}, or a shape for it")
                found = (Integer(0), entry.base.shape[place] - 1)
                self._restrict(index, found)
            ranges.append(found)
        self.shapes[entry.base] = ranges

    def _restrict(self, index: Expr, range_: Range) -> None:
        if isinstance(index, Indexed):
            ranges, key = self.of_arrays, index.base
        elif isinstance(index, Symbol):
            ranges, key = self.of_symbols, index
        else:
            return
        if key in self._bound:  # a sum over part of an axis is one all the same
            return
        if ranges.setdefault(key, range_) != range_:
            (first, last), (other_first, other_last) = ranges[key], range_
            raise ValueError(
                f"{key}: expected an index of one axis, got one that runs from {first} to {last} "
                f"and from {other_first} to {other_last}"
            )


def _parts(expression: Expr) -> Iterator[Expr]:
    yield expression
    for argument in expression.args:
        if isinstance(argument, Basic):
            yield from _parts(argument)


def _refuse_ambiguous_names(parts: Iterable[Expr]) -> None:
    names: dict[str, Expr] = {}
    for part in parts:
        if isinstance(part, Symbol | MatrixSymbol) and not part.is_Dummy:
            other = names.setdefault(part.name, part)
            if other != part:
                raise ValueError(f"{part.name}: two different symbols have this name")
