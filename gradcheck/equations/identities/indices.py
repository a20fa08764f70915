"""Summation indices: their names and ranges, and which of them belong together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache
from itertools import count
from typing import Any, TypeAlias

from sympy import Dummy

from gradcheck.equations.identities.polynomials import (
    ONE,
    Atom,
    Monomial,
    Polynomial,
    key_of,
    merged,
)

__all__ = [
    "Limit",
    "axis",
    "bound_index",
    "components",
    "fresh_index",
    "length",
    "preference",
]

# SymPy has no type information.
Index: TypeAlias = Any
# A summation index, and the first and the last value that it takes.
Limit: TypeAlias = tuple[Index, Polynomial, Polynomial]

_NUMBERS = count()


def axis(first: Polynomial, last: Polynomial) -> str:
    """Name the range of an index."""
    return f"{first.key}..{last.key}"


def length(limit: Limit) -> Polynomial:
    """Return the number of values of a summation index."""
    _, first, last = limit
    return last - first + ONE


def fresh_index() -> Index:
    """Return a summation index that occurs nowhere else."""
    return Dummy(f"i{next(_NUMBERS)}", integer=True)


@cache
def bound_index(height: int) -> Index:
    """Return the name of a summation index around so many others."""
    return Dummy(f"b{height}", integer=True)


def preference(index: Index) -> tuple[bool, bool, bool, str]:
    """Return a key that sorts indices: the first may stand for the others.

    First are those that are not bound; among these numbers, then plain symbols.
    """
    is_bound = any(isinstance(symbol, Dummy) for symbol in index.free_symbols)
    return is_bound, not index.is_Integer, not index.is_Symbol, key_of(index)


def components(bound: Iterable[Index], monomial: Monomial) -> Iterator[tuple[set[Index], Monomial]]:
    """Yield the parts of a product that share no summation index."""
    components: list[tuple[set[Index], list[tuple[Atom, Fraction]]]] = [
        ({index}, []) for index in sorted(bound, key=str)
    ]
    for factor, exponent in monomial:
        touched = [c for c in components if c[0] & factor.indices]
        if touched:
            first, *others = touched
            first[1].append((factor, exponent))
            for other in others:
                first[0].update(other[0])
                first[1].extend(other[1])
                components.remove(other)
    for indices, powers in components:
        yield indices, merged(powers)
