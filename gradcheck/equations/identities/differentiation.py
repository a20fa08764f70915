"""The derivative of a normal form by an entry of an array or by a symbol."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

from gradcheck.equations.identities.normal_forms import (
    delta,
    logarithm,
    multiply,
    power,
    total,
    with_fresh_indices,
)
from gradcheck.equations.identities.polynomials import ONE, ZERO, Atom, Polynomial, key_of

__all__ = ["differentiate"]

# The derivative of a function by one of its arguments, at these arguments.
Outer: TypeAlias = Callable[[Atom, int], Polynomial]


def differentiate(polynomial: Polynomial, by: Atom, outer: Outer) -> Polynomial:
    """Return the derivative of a polynomial.

    Parameters
    ----------
    polynomial : Polynomial
        What is differentiated.
    by : Atom
        An entry, whose subscripts are free indices, or a symbol.
    outer : callable
        Takes an atom that is a function, and the position of an argument of it, and returns the
        derivative by this argument.
    """
    result = ZERO
    for monomial, coefficient in polynomial.terms.items():
        for position, (factor, exponent) in enumerate(monomial):
            inner = _of_atom(factor, by, outer)
            if inner.is_zero:
                continue
            rest = monomial[:position] + monomial[position + 1 :]
            lowered = power(_single(factor), exponent - 1).times(coefficient * exponent)
            others = Polynomial({rest: Fraction(1)})
            result += multiply(multiply(lowered, others), inner)
    return result


def _of_atom(factor: Atom, by: Atom, outer: Outer) -> Polynomial:
    if key_of(by.parts[0]) not in factor.variables:
        return ZERO
    if factor.kind in {"symbol", "entry"}:
        return _of_variable(factor, by)
    if factor.kind == "sum":
        limits, body = with_fresh_indices(*factor.parts)
        return total(limits, differentiate(body, by, outer))
    result = ZERO
    for position, argument in enumerate(factor.parts):
        inner = differentiate(argument, by, outer)
        if inner.terms:
            result += multiply(_of_function(factor, position, outer), inner)
    return result


def _of_variable(factor: Atom, by: Atom) -> Polynomial:
    """Return 1, or where both are entries of one array, the deltas of their subscripts."""
    if factor.kind == "symbol":
        return ONE if factor == by else ZERO
    _, axes, *subscripts = factor.parts
    result = ONE
    for axis, here, there in zip(axes, subscripts, by.parts[2:], strict=True):
        result = multiply(result, delta(here, there, axis))
    return result


def _of_function(factor: Atom, position: int, outer: Outer) -> Polynomial:
    """Return the derivative of a function by one of its arguments."""
    if factor.kind == "group":
        return ONE
    if factor.kind == "exp":
        return _single(factor)
    if factor.kind == "log":
        return power(factor.parts[0], Fraction(-1))
    if factor.kind == "power":
        base, exponent = factor.parts
        if position == 0:
            return multiply(multiply(_single(factor), exponent), power(base, Fraction(-1)))
        return multiply(_single(factor), logarithm(base))
    return outer(factor, position)


def _single(factor: Atom) -> Polynomial:
    return Polynomial({((factor, Fraction(1)),): Fraction(1)})
