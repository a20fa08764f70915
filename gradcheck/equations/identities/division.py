"""Denominators of several terms: their common factors, and division by them."""

from __future__ import annotations

from fractions import Fraction

from gradcheck.equations.identities.polynomials import (
    Atom,
    Monomial,
    Polynomial,
    key_of_monomial,
    merged,
)

__all__ = ["divide", "split_off_common_factor"]


def split_off_common_factor(
    polynomial: Polynomial,
) -> tuple[Monomial, Fraction, Polynomial]:
    """Split a polynomial into a monomial, a number and a polynomial without common factor.

    Raises
    ------
    ZeroDivisionError
        If the polynomial is 0: whoever asks is about to divide by it.
    """
    if polynomial.is_zero:
        raise ZeroDivisionError("a division by 0, or its logarithm")
    powers = [dict(monomial) for monomial in polynomial.terms]
    common = merged(
        (factor, min(exponents.get(factor, Fraction(0)) for exponents in powers))
        for factor in set(polynomial.atoms())
    )
    inverse = [(factor, -exponent) for factor, exponent in common]
    rest = {merged([*monomial, *inverse]): c for monomial, c in polynomial.terms.items()}
    coefficient = rest[min(rest, key=key_of_monomial)]
    return common, coefficient, Polynomial(rest).times(1 / coefficient)


def divide(
    group: Atom, exponent: Fraction, rest: Monomial
) -> list[tuple[Monomial, Fraction]] | None:
    """Return the terms of a product with a negative power of a group, divided by one step.

    With D = t + …, t being the only term with the highest power of an atom g: where the other
    factors have that power, m / D = m/t - (m/t) (D - t) / D, whose last power of g is lower.
    Where they have a negative power of g, the same with its lowest power, g^0. None is returned
    where neither is so: this is what a quotient looks like when it is done.
    """
    denominator: Polynomial = group.parts[0]
    # Always the same atom, so that the division ends; an exponential first, as softmax and σ have.
    main = max(denominator.atoms(), key=lambda factor: (factor.kind == "exp", factor.key))
    powers = {m: dict(m).get(main, Fraction(0)) for m in denominator.terms}
    here = dict(rest).get(main, Fraction(0))
    highest, lowest = max(powers.values()), min(powers.values())
    wanted = highest if here >= highest else lowest if here < lowest else None
    leading = [monomial for monomial, power in powers.items() if power == wanted]
    if len(leading) != 1:
        return None
    (term,) = leading
    quotient = merged([*rest, *((factor, -e) for factor, e in term)])
    coefficient = denominator.terms[term]
    others = [(m, c) for m, c in denominator.terms.items() if m != term]
    return [
        (merged([*quotient, (group, exponent + 1)]), 1 / coefficient),
        *(
            (merged([*quotient, *other, (group, exponent)]), -c / coefficient)
            for other, c in others
        ),
    ]
