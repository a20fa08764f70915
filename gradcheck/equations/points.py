"""Points at which an equation is compared: small sizes, short numbers, indices that coincide."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count, product
from typing import Any, TypeAlias

from gradcheck.equations.evaluation import Point
from gradcheck.equations.ranges import Ranges

__all__ = ["random_points", "readable"]

# SymPy has no type information.
Expr: TypeAlias = Any

_SMALLEST_SIZES = (2, 2, 1)
_LARGEST_SIZES = (2, 3, 4)


def random_points(ranges: Ranges) -> Iterator[Point]:
    """Yield points of growing size, without end, always the same ones.

    Parameters
    ----------
    ranges : Ranges
        Of all that is to be evaluated. A size is at most 4: among few words, indices often
        coincide.
    """
    generator = random.Random(1)  # noqa: S311 - nothing secret
    symbols = sorted(ranges.free, key=str)
    for attempt in count():
        place = attempt // 2 % len(_LARGEST_SIZES)
        values: dict[Any, Any] = {
            size: generator.randint(_SMALLEST_SIZES[place], _LARGEST_SIZES[place])
            for size in symbols
            if size in ranges.sizes
        }
        # In every other point, all indices of an axis coincide.
        indices: dict[Any, int] = {}
        for symbol in symbols:
            range_ = ranges.of(symbol)
            if symbol in ranges.sizes:
                continue
            if range_ is None:
                values[symbol] = _number_like(symbol, generator)
                continue
            drawn = generator.randint(*_bounds(range_, values))
            values[symbol] = indices.setdefault(range_, drawn) if attempt % 2 else drawn
        yield Point(values, dict(_entries(ranges, values, generator)))


def readable(point: Point) -> dict[str, Any]:
    """Return what was drawn for a person: arrays as nested lists, no summation index."""
    arrays: dict[str, dict[tuple[int, ...], Any]] = {}
    for (name, subscripts), value in point.entries.items():
        arrays.setdefault(name, {})[subscripts] = value
    shown = {
        symbol.name: _plain(value)
        for symbol, value in point.symbols.items()
        if not symbol.is_Dummy and symbol.name not in arrays
    }
    return shown | {name: _nested(entries) for name, entries in arrays.items()}


def _bounds(range_: tuple[Expr, Expr], values: dict[Any, Any]) -> tuple[int, int]:
    first, last = (int(bound.xreplace(values)) for bound in range_)
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
    if symbol.is_integer:
        return generator.randint(1 if symbol.is_positive else 0 if symbol.is_nonnegative else -3, 3)
    value = _short(generator)
    return abs(value) if symbol.is_nonnegative else value


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
