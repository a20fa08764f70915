"""Sums of terms, each a rational number times rational powers of atoms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import sympy

__all__ = [
    "ONE",
    "ZERO",
    "Atom",
    "Monomial",
    "Polynomial",
    "added",
    "atom",
    "index_value",
    "key_of",
    "key_of_monomial",
    "merged",
    "number",
]

# SymPy has no type information. An index is a whole number: a symbol, an entry of an array.
Index: TypeAlias = Any
# Sorted by the keys of the atoms; the exponents are not 0.
Monomial: TypeAlias = tuple[tuple["Atom", Fraction], ...]


class _Keyed:
    """An object that is equal to those of its kind with the same key."""

    key: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and bool(self.key == other.key)

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True, eq=False)
class Atom(_Keyed):
    """A factor that is not taken apart: its kind, and the indices and polynomials in it.

    Attributes
    ----------
    kind : str
        "entry", "symbol", "exp", "log", "delta", "group" (a polynomial in brackets), "sum", or
        the name of another function.
    parts : tuple
        For an entry the array's name, the names of its axes, and its subscripts; for a sum its
        limits and its body; for a delta its two indices and their common axis.
    positive : bool
        Whether it is known to be positive.
    """

    kind: str
    parts: tuple[Any, ...]
    positive: bool = False

    @cached_property
    def key(self) -> str:
        """A text that two of them share only if they are equal."""
        return f"{self.kind}({', '.join(map(key_of, self.parts))})"

    @cached_property
    def indices(self) -> frozenset[Index]:
        """The free symbols of its subscripts."""
        if self.kind == "sum":
            limits, body = self.parts
            return frozenset(body.indices - {index for index, _, _ in limits})
        return frozenset().union(*map(_indices, self.parts))

    @cached_property
    def variables(self) -> frozenset[str]:
        """The keys of the arrays and symbols in it."""
        if self.kind in {"entry", "symbol"}:
            return frozenset({key_of(self.parts[0])})
        inner = [part for part in self.parts if isinstance(part, Polynomial)]
        return frozenset().union(*(part.variables for part in inner))

    @cached_property
    def height(self) -> int:
        """The most summation indices that lie one inside the other."""
        if self.kind == "sum":
            limits, body = self.parts
            return len(limits) + int(body.height)
        return max((part.height for part in self.parts if isinstance(part, Polynomial)), default=0)

    def mentions(self, index: Index) -> bool:
        """Say whether an index, not just its symbols, occurs in it."""
        if not index.free_symbols <= self.indices:
            return False
        return any(
            any(atom.mentions(index) for atom in part.atoms())
            if isinstance(part, Polynomial)
            else not isinstance(part, str | tuple) and part.has(index)
            for part in self.parts
        )


@dataclass(frozen=True, eq=False)
class Polynomial(_Keyed):
    """A sum of terms.

    Attributes
    ----------
    terms : dict of Monomial to Fraction
        The coefficients, none of them 0.
    """

    terms: dict[Monomial, Fraction]

    @cached_property
    def key(self) -> str:
        """A text that two of them share only if they are equal."""
        written = sorted((key_of_monomial(m), c) for m, c in self.terms.items())
        return " + ".join(f"{coefficient}*{text}" for text, coefficient in written) or "0"

    @cached_property
    def indices(self) -> frozenset[Index]:
        """The free symbols of all subscripts."""
        return frozenset().union(*(atom.indices for atom in self.atoms()))

    @cached_property
    def variables(self) -> frozenset[str]:
        """The keys of the arrays and symbols in it."""
        return frozenset().union(*(atom.variables for atom in self.atoms()))

    @cached_property
    def height(self) -> int:
        """The most summation indices that lie one inside the other."""
        return max((atom.height for atom in self.atoms()), default=0)

    @property
    def is_zero(self) -> bool:
        """Whether there is no term."""
        return not self.terms

    @property
    def is_positive(self) -> bool:
        """Whether every term is known to be positive."""
        return bool(self.terms) and all(
            coefficient > 0 and all(atom.positive for atom, _ in monomial)
            for monomial, coefficient in self.terms.items()
        )

    def atoms(self) -> Iterator[Atom]:
        """Yield the atoms of every term."""
        for monomial in self.terms:
            for atom, _ in monomial:
                yield atom

    def __add__(self, other: Polynomial) -> Polynomial:
        terms = dict(self.terms)
        for monomial, coefficient in other.terms.items():
            # Taken out, and put back unless they cancel: no coefficient is 0.
            added = terms.pop(monomial, Fraction(0)) + coefficient
            if added:
                terms[monomial] = added
        return Polynomial(terms)

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + other.times(Fraction(-1))

    def times(self, factor: Fraction) -> Polynomial:
        """Multiply by a number."""
        return Polynomial({m: factor * c for m, c in self.terms.items()}) if factor else ZERO


ZERO = Polynomial({})
ONE = Polynomial({(): Fraction(1)})


def number(value: Fraction | int) -> Polynomial:
    """Return a constant."""
    return ONE.times(Fraction(value))


def atom(kind: str, *parts: Any, positive: bool = False) -> Polynomial:
    """Return a single atom."""
    return Polynomial({((Atom(kind, parts, positive), Fraction(1)),): Fraction(1)})


def index_value(index: Index) -> Polynomial:
    """Return the value of an index: positive if the index is known to be."""
    if index.is_Integer:
        return number(int(index))
    return atom("symbol", index, positive=bool(index.is_positive))


def added(polynomials: Iterable[Polynomial]) -> Polynomial:
    """Return the sum of many polynomials."""
    terms: dict[Monomial, Fraction] = {}
    for polynomial in polynomials:
        for monomial, coefficient in polynomial.terms.items():
            terms[monomial] = terms.get(monomial, Fraction(0)) + coefficient
    return Polynomial({monomial: c for monomial, c in terms.items() if c})


def merged(powers: Iterable[tuple[Atom, Fraction]]) -> Monomial:
    """Return a product of powers as a monomial, each atom once."""
    exponents: dict[Atom, Fraction] = {}
    for factor, exponent in powers:
        exponents[factor] = exponents.get(factor, Fraction(0)) + exponent
    together = ((factor, exponent) for factor, exponent in exponents.items() if exponent)
    return tuple(sorted(together, key=lambda power: power[0].key))


def key_of(part: Any) -> str:
    """Return the key of a part of an atom."""
    if isinstance(part, tuple):
        return f"({', '.join(map(key_of, part))})"
    if isinstance(part, Polynomial):
        return part.key
    return repr(part) if isinstance(part, str) else _key_of_index(part)


@lru_cache(maxsize=65536)
def _key_of_index(index: Index) -> str:
    """Tell symbols apart that are printed alike: of other assumptions, or one a `Dummy`."""
    # SymPy prints slowly, and the same few indices come again and again.
    return str(sympy.srepr(index))


def key_of_monomial(monomial: Monomial) -> str:
    """Return the key of a monomial."""
    return "*".join(f"{factor.key}^{exponent}" for factor, exponent in monomial)


def _indices(part: Any) -> frozenset[Index]:
    if isinstance(part, Polynomial):
        return part.indices
    return frozenset() if isinstance(part, str | tuple) else frozenset(part.free_symbols)
