"""Points to compare an equation at: small sizes, short numbers, indices that coincide."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import product
from operator import le
from typing import Any, TypeAlias

import sympy

from gradcheck.equations.numbers.evaluation import Point
from gradcheck.equations.ranges import Range, Ranges
from gradcheck.equations.work_limit import Work

__all__ = ["random_points", "readable"]

# SymPy has no type information.
Expr: TypeAlias = Any

_SMALLEST_SIZES = (2, 2, 1)
_LARGEST_SIZES = (2, 3, 4)
# Among every so many points, one is of such sizes, and one meets the deltas as far as it can.
_PERIOD = 6
_LARGE_SIZES = (5, 6)
# Beyond this, an explicit index of a delta is not met: arrays would be too large.
_LARGEST_MET = 16
_DRAWS = 60
_SHARE_MET = 0.7


def random_points(ranges: Ranges, attempts: int) -> Iterator[Point]:
    """Yield points of growing size, always the same ones.

    Parameters
    ----------
    ranges : Ranges
        Of all that is to be evaluated. Sizes are mostly 4 at most: among few words, indices often
        coincide. One point in six has larger ones, and one makes as many deltas 1 as it can.
    attempts : int
        How often one is drawn. A draw that leaves an axis without an index, or for which the
        symbols were not declared, is no point.
    """
    # The same points in every run, so that a verdict, and its counterexample, can be had again.
    generator = random.Random(1)  # noqa: S311 - nothing secret
    work = Work()
    for attempt in range(attempts):
        whole = _whole_numbers(ranges, attempt, generator)
        if whole is None:
            continue
        numbers = {
            symbol: _number_like(symbol, generator)
            for symbol in sorted(ranges.free - whole.keys(), key=str)
        }
        values = whole | numbers
        if all(_is_allowed(symbol, value) for symbol, value in values.items()):
            yield Point(values, dict(_entries(ranges, values, generator)), work=work)


def _whole_numbers(ranges: Ranges, attempt: int, generator: random.Random) -> dict[Any, int] | None:
    """Return sizes and indices, or None where an axis would have no index."""
    kind = attempt % _PERIOD
    if kind == _PERIOD - 2:
        return _drawn(ranges, _LARGE_SIZES, generator, coincide=False)
    if kind == _PERIOD - 1 and ranges.deltas:
        return _with_most_deltas(ranges, generator)
    # Of two attempts with sizes from one range, the second has indices that coincide.
    place = attempt // 2 % len(_LARGEST_SIZES)
    sizes = (_SMALLEST_SIZES[place], _LARGEST_SIZES[place])
    return _drawn(ranges, sizes, generator, coincide=bool(attempt % 2))


def _with_most_deltas(ranges: Ranges, generator: random.Random) -> dict[Any, int] | None:
    """Draw near the numbers in deltas, and keep the draw that makes most deltas 1."""
    integers = {abs(int(n)) for delta in ranges.deltas for n in delta.atoms(sympy.Integer)}
    met = sorted(n for n in integers if 0 < n <= _LARGEST_MET)
    pool = sorted({max(1, n + near) for n in met for near in (-1, 0, 1)} | {2, 3})
    draws = (_drawn(ranges, pool, generator, coincide=bool(n % 2)) for n in range(_DRAWS))
    possible = [
        draw
        for draw in draws
        if draw is not None and all(_is_allowed(symbol, n) for symbol, n in draw.items())
    ]
    return max(possible, key=lambda draw: _deltas_met(ranges, draw), default=None)


def _deltas_met(ranges: Ranges, values: dict[Any, int]) -> int:
    exact = {symbol: sympy.Integer(value) for symbol, value in values.items()}
    return sum(delta.xreplace(exact) == 1 for delta in ranges.deltas)


def _drawn(
    ranges: Ranges, sizes: Sequence[int], generator: random.Random, *, coincide: bool
) -> dict[Any, int] | None:
    """Draw sizes, between the two given or among them, and indices; those of an axis may coincide.

    What else is whole is drawn as if it were an index of an axis of such a size.
    """
    is_range = len(sizes) == 2
    values = {
        size: generator.randint(*sizes) if is_range else generator.choice(sizes)
        for size in sorted(ranges.free & ranges.sizes, key=str)
    }
    for symbol in sorted(ranges.free - ranges.sizes - ranges.of_symbols.keys(), key=str):
        if symbol.is_integer:
            low = 0 if symbol.is_nonnegative else -sizes[-1]
            values[symbol] = _index(low, sizes[-1], sizes, generator)
    indices: dict[Any, int] = {}
    for symbol in sorted(ranges.of_symbols.keys() & ranges.free - values.keys(), key=str):
        range_ = ranges.of_symbols[symbol]
        first, last = _bounds(range_, values)
        if last < first:
            return None
        drawn = _index(first, last, sizes, generator)
        values[symbol] = indices.setdefault(range_, drawn) if coincide else drawn
    axes = [range_ for shape in ranges.shapes.values() for range_ in shape]
    axes += ranges.of_arrays.values()
    return values if all(le(*_bounds(range_, values)) for range_ in axes) else None


def _index(first: int, last: int, sizes: Sequence[int], generator: random.Random) -> int:
    wanted = [size for size in sizes if first <= size <= last]
    if len(sizes) > 2 and wanted and generator.random() < _SHARE_MET:
        return generator.choice(wanted)
    return generator.randint(first, last)


def _is_allowed(symbol: Any, value: Any) -> bool:
    """Say whether the declaration of a symbol allows a value."""
    exact = sympy.Rational(value)
    declared = symbol.assumptions0
    return all(
        getattr(exact, f"is_{name}", None) in {None, known} for name, known in declared.items()
    )


def readable(point: Point) -> dict[str, Any]:
    """Return a point as a person reads it: arrays as nested lists, no summation index."""
    arrays: dict[str, dict[tuple[int, ...], Any]] = {}
    for (name, subscripts), value in point.entries.items():
        arrays.setdefault(name, {})[subscripts] = value
    shown = {
        symbol.name: _plain(value)
        for symbol, value in point.symbols.items()
        if not symbol.is_Dummy and symbol.name not in arrays
    }
    return shown | {name: _nested(entries) for name, entries in arrays.items()}


def _bounds(range_: Range, values: dict[Any, Any]) -> tuple[int, int]:
    exact = {symbol: sympy.sympify(value) for symbol, value in values.items()}
    first, last = (int(bound.xreplace(exact)) for bound in range_)
    return first, last


def _entries(
    ranges: Ranges, values: dict[Any, Any], generator: random.Random
) -> Iterator[tuple[tuple[str, tuple[int, ...]], Any]]:
    for array, subscripts in sorted(ranges.shapes.items(), key=lambda item: str(item[0])):
        bounds = [_bounds(range_, values) for range_ in subscripts]
        positions = product(*(range(first, last + 1) for first, last in bounds))
        of_indices = ranges.of_arrays.get(array)
        for position in positions:
            yield (
                (str(array), position),
                generator.randint(*_bounds(of_indices, values))
                if of_indices
                else _short(generator),
            )


def _number_like(symbol: Any, generator: random.Random) -> Any:
    value = _short(generator)
    if symbol.is_nonnegative:
        return abs(value)
    return -abs(value) if symbol.is_nonpositive else value


def _short(generator: random.Random) -> float:
    """Return a number other than 0 that is short in decimals, and exact in binary."""
    return generator.choice([-1, 1]) * generator.randint(1, 7) / 4


def _plain(value: Any) -> Any:
    return int(value) if value == int(value) else float(value)


def _nested(entries: dict[tuple[int, ...], Any]) -> Any:
    if () in entries:
        return _plain(entries[()])
    rows: dict[int, dict[tuple[int, ...], Any]] = {}
    for (first, *rest), value in entries.items():
        rows.setdefault(first, {})[tuple(rest)] = value
    return [_nested(row) for _, row in sorted(rows.items())]
