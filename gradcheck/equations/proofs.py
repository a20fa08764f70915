"""Prove equations between SymPy expressions with sums of symbolic size.

Both sides are brought to one normal form by identities alone, and every verdict is held against
numbers: both sides are evaluated, independently of those identities, for small explicit sizes, with
indices that coincide among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import sympy
from sympy import MatrixSymbol

from gradcheck.equations.identities.translation import Translation
from gradcheck.equations.numbers.evaluation import AGREEMENT, Point, evaluate
from gradcheck.equations.numbers.points import random_points, readable
from gradcheck.equations.ranges import Ranges
from gradcheck.equations.work_limit import TooLargeError

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
    """Values that make the two sides of an equation differ.

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
    """The verdict on an equation.

    Attributes
    ----------
    verdict : {"proved", "refuted", "not proved"}
        "not proved": the values agree where they were compared, but the two normal forms differ,
        or were too large to find. It may hold, and does not count as proved.
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


def prove(left: Expr, right: Expr, *about: Expr, names: Mapping[Any, str] | None = None) -> Proof:
    """Prove that two expressions are equal for all sizes, indices and values, or refute it.

    Parameters
    ----------
    left, right : sympy.Expr
        Made of numbers, symbols, entries of a `MatrixSymbol` or an `IndexedBase`, `Sum`,
        `KroneckerDelta`, arithmetic, exp, log and other functions, and of what
        `gradcheck.equations.notation` adds: abbreviations, `partial` derivatives, values `at` a
        point. An index lies within the axis whose subscript it is; sizes are positive, and a sum
        never runs backwards. A summation index may have any value in its range, whatever its
        symbol was declared to be. Numbers are exact.
    *about : sympy.Expr
        Entries, such as ``U[o, k]``, that say of which axis an index is where neither side does.
    names : mapping, optional
        What symbols, and vectors, are called in a counterexample; else by their own names.

    Returns
    -------
    Proof
        True in an ``if`` where it is proved.

    Raises
    ------
    ValueError, TypeError
        If an expression has a part of another kind, or is ambiguous: an index of axes of
        different lengths, two symbols of the same name, a derivative by a size, a sum that may
        run backwards.
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
    sides = [_expression("left", left), _expression("right", right)]
    ranges = Ranges([*sides, *map(sympy.sympify, about)])
    obstacle = _obstacle_to_one_form(sides, ranges)
    is_one_form = not obstacle
    points = _POINTS_OF_A_PROOF if is_one_form else _POINTS_OF_A_SEARCH
    counterexample, compared = _compare(sides, ranges, points)
    if counterexample is not None:
        counterexample = _renamed(counterexample, names or {})
    if is_one_form and counterexample is not None:
        raise UnsoundProofError(f"{left} = {right} has one normal form, but {counterexample}")
    if counterexample is not None:
        return Proof("refuted", counterexample, f"it is false {counterexample}")
    if compared == 0:
        obstacle = obstacle or "both sides have the same normal form"
        return Proof("not proved", reason=f"{obstacle}, but no values could be compared")
    if is_one_form:
        return Proof("proved", reason="both sides have the same normal form")
    return Proof("not proved", reason=f"{obstacle}, but the values agree at {compared} points")


def _renamed(counterexample: Counterexample, names: Mapping[Any, str]) -> Counterexample:
    # The name of a matrix is that of its rows: u_w of U. Its values are the matrix.
    whole = {
        str(symbol): name
        for symbol, name in names.items()
        if not isinstance(symbol, MatrixSymbol) or symbol.shape[1] == 1
    }
    values = {whole.get(name, name): value for name, value in counterexample.values.items()}
    return replace(counterexample, values=values)


def _expression(side: str, value: Any) -> Expr:
    if isinstance(value, str):
        raise TypeError(f"{side}: expected a SymPy expression, got the text {value!r}")
    expression = sympy.sympify(value)
    if not isinstance(expression, sympy.Expr):
        raise TypeError(
            f"{side}: expected a SymPy expression, got {value} ({type(value).__name__})"
        )
    return expression


def _obstacle_to_one_form(sides: Sequence[Expr], ranges: Ranges) -> str:
    """Return why two expressions are not known to be equal; nothing where they are."""
    try:
        form = Translation(ranges).difference(*sides)
    except ZeroDivisionError:
        return "somewhere in it is a division by 0, or the logarithm of 0"
    except TooLargeError as error:
        return f"it is too large ({error})"
    return "" if form.is_zero else "the normal forms differ"


def _compare(
    sides: Sequence[Expr], ranges: Ranges, points: int
) -> tuple[Counterexample | None, int]:
    """Return the first point that tells the sides apart, and the number of points compared."""
    compared = 0
    # Three times as many as wanted: some draws are no points, and at some a side has no value.
    for point in random_points(ranges, 3 * points):
        try:
            values = _values_that_differ(sides, point)
        except ValueError:
            continue
        # The bound is on the work of all points together: later ones would exceed it, too.
        except TooLargeError:
            break
        compared += 1
        if values is not None:
            return Counterexample(readable(point), *map(float, values)), compared
        if compared == points:
            break
    return None, compared


def _values_that_differ(sides: Sequence[Expr], point: Point) -> tuple[Any, Any] | None:
    """Return the values of both sides, or None where they agree.

    Raises
    ------
    ValueError
        If there is no value, or none that is known well enough: with more digits it is another.
    """
    left, right = (evaluate(side, point) for side in sides)
    if _agree(left, right):
        return None
    # Rounding goes away with more digits; a difference stays.
    accurate = replace(point, accuracy=2)
    left_again, right_again = (evaluate(side, accurate) for side in sides)
    if _agree(left_again, right_again):
        return None
    if not (_agree(left, left_again) and _agree(right, right_again)):
        raise ValueError("too few digits to tell")
    return left_again, right_again


def _agree(left: Any, right: Any) -> bool:
    return bool(abs(left - right) <= AGREEMENT * max(1, abs(left), abs(right)))


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return f"{value:g}"
