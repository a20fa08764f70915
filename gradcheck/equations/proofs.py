"""Prove equations between SymPy expressions with sums of symbolic size.

Both sides are brought to one normal form by identities alone, and every verdict is held against
numbers: both sides are evaluated, independently of those identities, for small explicit sizes, with
indices that coincide among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, TypeAlias

import sympy

from gradcheck.equations.evaluation import AGREEMENT, evaluate
from gradcheck.equations.points import random_points, readable
from gradcheck.equations.ranges import Ranges
from gradcheck.equations.translation import Translation

__all__ = ["Counterexample", "Proof", "UnsoundProofError", "prove"]

# SymPy has no type information.
Expr: TypeAlias = Any
Verdict: TypeAlias = Literal["proved", "refuted", "not proved"]

# An equation that has one normal form is compared at so many points; one that has not, until it is
# false at one, at so many.
_POINTS_OF_A_PROOF = 6
_POINTS_OF_A_SEARCH = 100


class UnsoundProofError(AssertionError):
    """Two expressions have the same normal form and different values: a mistake of this module."""


@dataclass(frozen=True)
class Counterexample:
    """Values for which the two sides of an equation differ.

    Attributes
    ----------
    values : dict of str to float, int or nested list
        Sizes, indices, numbers and arrays, by name.
    left, right : float
        The values of the two sides.
    """

    values: dict[str, Any]
    left: float
    right: float

    def __str__(self) -> str:
        given = ", ".join(f"{name} = {_shown(value)}" for name, value in self.values.items())
        return f"for {given}: left {self.left:.6g}, right {self.right:.6g}"


@dataclass(frozen=True)
class Proof:
    """What became of an equation.

    Attributes
    ----------
    verdict : {"proved", "refuted", "not proved"}
        "not proved": the values agree where they were compared, but the two normal forms differ.
        It may hold, and does not count as proved.
    counterexample : Counterexample or None
        Where it is refuted, values for which it is false.
    reason : str
        The verdict in words.
    """

    verdict: Verdict
    counterexample: Counterexample | None = None
    reason: str = ""

    def __bool__(self) -> bool:
        return self.verdict == "proved"


def prove(left: Expr, right: Expr, *about: Expr) -> Proof:
    """Prove that two expressions are equal for all sizes, indices and values, or refute it.

    Parameters
    ----------
    left, right : sympy.Expr
        Made of numbers, symbols, entries of a `MatrixSymbol` or an `IndexedBase`, `Sum`,
        `KroneckerDelta`, arithmetic, exp, log and other functions, and of what
        `gradcheck.equations.notation` adds: abbreviations, `partial` derivatives, values `at` a
        point. An index lies within the axis whose subscript it is; sizes are positive.
    *about : sympy.Expr
        Entries, such as ``U[o, k]``, that say of which axis an index is where neither side does.

    Returns
    -------
    Proof
        True in an ``if`` where it is proved.

    Raises
    ------
    ValueError, TypeError
        If an expression has a part of another kind, or is ambiguous: an index of axes of
        different lengths, two symbols of the same name.
    UnsoundProofError
        If the normal forms agree and the values do not.

    Examples
    --------
    >>> from sympy import Symbol, exp
    >>> x = Symbol("x", real=True)
    >>> prove(1 / (1 + exp(-x)), exp(x) / (1 + exp(x))).verdict
    'proved'
    >>> str(prove(1 / (1 + exp(-x)), exp(-x) / (1 + exp(-x))).counterexample)
    'for x = -1.25: left 0.2227, right 0.7773'
    """
    sides = [sympy.sympify(side) for side in (left, right)]
    ranges = Ranges([*sides, *map(sympy.sympify, about)])
    form = Translation(ranges).difference(*sides)
    points = _POINTS_OF_A_PROOF if form.is_zero else _POINTS_OF_A_SEARCH
    counterexample, compared = _compare(sides, ranges, points)
    if form.is_zero:
        if counterexample is not None:
            raise UnsoundProofError(f"{left} = {right} has one normal form, but {counterexample}")
        if compared == 0:
            return Proof("not proved", reason="neither side has a value at any point tried")
        return Proof("proved", reason="both sides have the same normal form")
    if counterexample is not None:
        return Proof("refuted", counterexample, f"it is false {counterexample}")
    return Proof(
        "not proved",
        reason=f"the normal forms differ, but the values agree at {compared} points",
    )


def _compare(
    sides: Sequence[Expr], ranges: Ranges, points: int
) -> tuple[Counterexample | None, int]:
    """Return the first point at which the sides differ, and at how many they were compared."""
    compared = 0
    for point in islice(random_points(ranges), 3 * points):
        try:
            left, right = (evaluate(side, point) for side in sides)
        except ValueError:
            continue
        compared += 1
        scale = max(1, abs(left), abs(right))
        if not abs(left - right) <= AGREEMENT * scale:
            return Counterexample(readable(point), float(left), float(right)), compared
        if compared == points:
            break
    return None, compared


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return f"{value:g}"
