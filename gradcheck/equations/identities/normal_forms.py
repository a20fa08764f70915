"""One normal form for expressions in index notation, reached by identities alone.

An expression becomes a sum of terms, each a number times powers of **atoms**: entries of arrays,
exp(m) of a monomial m, log, Kronecker deltas, and sums Σ whose terms cannot be split further.
Two expressions with the same normal form are equal wherever both are defined, whatever the sizes
of their sums. What is used, from the inside out:

* exp(a + b) = exp(a) exp(b), and exp(c a) = exp(a)^c for a number c;
* log(a b) = log a + log b where a and b are positive;
* 1/(c + d g) g = (1 - c/(c + d g))/d: no quotient of terms keeps a part that could be split off;
* δ_ab f(a) = δ_ab f(b), δ² = δ, and f(δ) = (1 - δ) f(0) + δ f(1);
* Σ_i δ_iq f(i) = f(q), q being an index of the same axis;
* Σ(a + b) = Σa + Σb, Σ_i a b_i = a Σ_i b_i, Σ_i Σ_j = Σ_j Σ_i, and a summation index may have any
  name;
* Σ_{i=1}^n i = n(n + 1)/2, and so on for small powers of i.

The arithmetic is our own, because SymPy's combines exp(a) exp(b) back, and confuses a summation
index with a free one of the same name (1.14).

It is long since none of these can be applied without the others: each calls the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import permutations
from math import comb
from typing import Any, TypeAlias

from gradcheck.equations.identities.division import divide, split_off_common_factor
from gradcheck.equations.identities.indices import (
    Limit,
    axis,
    bound_index,
    components,
    fresh_index,
    length,
    preference,
)
from gradcheck.equations.identities.polynomials import (
    ONE,
    ZERO,
    Atom,
    Monomial,
    Polynomial,
    added,
    atom,
    index_value,
    key_of,
    merged,
    number,
)
from gradcheck.equations.work_limit import (
    LARGEST_EXPONENT,
    LARGEST_SUMMED_POWER,
    MOST_INDICES,
    MOST_TERMS,
    TooLargeError,
)

__all__ = [
    "cleared",
    "delta",
    "exponential",
    "logarithm",
    "multiply",
    "power",
    "substitute",
    "total",
    "with_fresh_indices",
]

# SymPy has no type information.
Index: TypeAlias = Any


def multiply(left: Polynomial, right: Polynomial) -> Polynomial:
    """Return the product of two polynomials.

    Raises
    ------
    TooLargeError
        If it has too many terms.
    """
    if len(left.terms) * len(right.terms) > MOST_TERMS:
        raise TooLargeError(f"a product of {len(left.terms)} and {len(right.terms)} terms")
    return added(
        _reduced(merged([*m, *n])).times(a * b) if m and n else _term(m or n, a * b)
        for m, a in left.terms.items()
        for n, b in right.terms.items()
    )


def delta(left: Index, right: Index, common_axis: str = "") -> Polynomial:
    """Return the Kronecker delta of two indices.

    Parameters
    ----------
    left, right : sympy.Expr
        Whole numbers.
    common_axis : str
        The range that both are known to lie in, as `axis` names it: a sum of the delta over
        just this range picks a single term.
    """
    if left == right:
        return ONE
    if left.is_Integer and right.is_Integer:
        return ZERO
    return atom("delta", *sorted((left, right), key=preference), common_axis)


def exponential(exponent: Polynomial) -> Polynomial:
    """Return exp of a polynomial: the product of the exponentials of its terms."""
    if (branches := _branches(exponent)) is not None:
        return _choose(branches, exponential)
    powers = [
        (Atom("exp", (Polynomial({monomial: Fraction(1)}),), positive=True), coefficient)
        for monomial, coefficient in exponent.terms.items()
    ]
    return _reduced(merged(powers))


def logarithm(argument: Polynomial) -> Polynomial:
    """Return log of a polynomial; of a product of positive factors, the sum of their logs."""
    if (branches := _branches(argument)) is not None:
        return _choose(branches, logarithm)
    numerator, denominator = _as_fraction(argument)
    if denominator and _term(denominator).is_positive:
        below = [logarithm(group.parts[0]).times(exponent) for group, exponent in denominator]
        return logarithm(numerator) - sum(below, start=ZERO)
    common, coefficient, rest = split_off_common_factor(argument)
    if not (rest.is_positive and _term(common, coefficient).is_positive):
        return atom("log", argument)
    result = ZERO if rest == ONE else atom("log", rest)
    if coefficient != 1:
        result += atom("log", number(coefficient))
    for factor, exponent in common:
        result += _logarithm_of_atom(factor).times(exponent)
    return result


def _logarithm_of_atom(factor: Atom) -> Polynomial:
    if factor.kind == "exp":
        exponent: Polynomial = factor.parts[0]
        return exponent
    if factor.kind == "group":
        return logarithm(factor.parts[0])
    return atom("log", _term(((factor, Fraction(1)),)))


def power(base: Polynomial, exponent: Fraction) -> Polynomial:
    """Return a rational power.

    Raises
    ------
    ZeroDivisionError
        If the base is 0 and the exponent negative.
    TooLargeError
        If it has too many terms, or too large a number.
    """
    is_single = len(base.terms) == 1 and abs(exponent) != 1
    if is_single and exponent.denominator == 1:
        return _power_of_term(base, int(exponent))
    if exponent.denominator == 1 and exponent >= 0:
        _check_size(base, int(exponent))
        result = ONE
        for _ in range(int(exponent)):
            result = multiply(result, base)
        return result
    if (branches := _branches(base)) is not None:
        return _choose(branches, lambda value: power(value, exponent))
    numerator, denominator = _as_fraction(base)
    if denominator and (exponent.denominator == 1 or _term(denominator).is_positive):
        value = power(numerator, exponent)
        for group, e in denominator:
            # The group's terms, not the group: to a positive power it is to be multiplied out.
            value = multiply(value, power(group.parts[0], -exponent * e))
        return value
    if exponent.denominator != 1:
        return _root(base, exponent)
    common, coefficient, rest = split_off_common_factor(base)
    powers = [(factor, e * exponent) for factor, e in common]
    value = _reduced(merged([*powers, *_group(rest, exponent)]))
    return value.times(coefficient ** int(exponent))


def _power_of_term(base: Polynomial, exponent: int) -> Polynomial:
    """Return the whole power of a polynomial of one term, at once."""
    ((monomial, coefficient),) = base.terms.items()
    if abs(coefficient) != 1 and abs(exponent) > LARGEST_EXPONENT:
        raise TooLargeError(f"a number to the power {exponent}")
    deltas = [factor for factor, _ in monomial if factor.kind == "delta"]
    if deltas and exponent < 0:
        raise ZeroDivisionError("a division by a Kronecker delta")
    value = _reduced(merged((factor, e * exponent) for factor, e in monomial))
    return value.times(coefficient**exponent)


def _check_size(base: Polynomial, exponent: int) -> None:
    """Count the terms of a power before they are written out."""
    terms = len(base.terms)
    if terms > 1 and exponent > 1:
        exceeds = exponent > MOST_TERMS or comb(exponent + terms - 1, exponent) > MOST_TERMS
        if exceeds:
            raise TooLargeError(f"{terms} terms to the power {exponent}")


def _root(base: Polynomial, exponent: Fraction) -> Polynomial:
    """Return a power that is no whole one: (a b)^c = a^c b^c holds where a is positive."""
    common, coefficient, rest = split_off_common_factor(base)
    is_single_atom = base == _term(common) and [e for _, e in common] == [1]
    if is_single_atom or (coefficient == 1 and _term(common).is_positive):
        powers = [(factor, e * exponent) for factor, e in common]
        return _reduced(merged([*powers, *_group(rest, exponent)]))
    return _term(tuple(_group(base, exponent)))


def _group(polynomial: Polynomial, exponent: Fraction) -> list[tuple[Atom, Fraction]]:
    if polynomial == ONE:
        return []
    return [(Atom("group", (polynomial,), polynomial.is_positive), exponent)]


def total(limits: tuple[Limit, ...], body: Polynomial) -> Polynomial:
    """Return the sum of the body over all its summation indices.

    Parameters
    ----------
    limits : tuple of Limit
        The indices are all distinct, and occur nowhere else.
    body : Polynomial
        What is added up.
    """
    result = ZERO
    for monomial, coefficient in body.terms.items():
        result += _total_of_product(limits, monomial).times(coefficient)
    return result


def cleared(difference: Polynomial) -> Polynomial:
    """Multiply by every denominator of several terms: 0 if and only if the difference is."""
    return _as_fraction(difference)[0]


def _as_fraction(polynomial: Polynomial) -> tuple[Polynomial, Monomial]:
    """Write a polynomial as the quotient of another one and a product of groups."""
    below: Monomial = ()
    while (found := _denominator(polynomial)) is not None:
        group, exponent = found
        numerator = ZERO
        for monomial, coefficient in polynomial.terms.items():
            powers = dict(monomial)
            here = powers.pop(group, Fraction(0))
            multiplied = power(group.parts[0], here - exponent)
            numerator += multiply(_term(tuple(powers.items()), coefficient), multiplied)
        polynomial, below = numerator, merged([*below, (group, -exponent)])
    return polynomial, below


def _denominator(polynomial: Polynomial) -> tuple[Atom, Fraction] | None:
    powers = (power for monomial in polynomial.terms for power in monomial)
    return next((p for p in powers if p[0].kind == "group" and p[1] <= -1), None)


def _term(monomial: Monomial, coefficient: Fraction | int = 1) -> Polynomial:
    return Polynomial({monomial: Fraction(coefficient)})


def _reduced(monomial: Monomial) -> Polynomial:
    """Apply the rules that a product of atoms may call for."""
    for position, (factor, exponent) in enumerate(monomial):
        rest = monomial[:position] + monomial[position + 1 :]
        rule = _RULES.get(factor.kind)
        value = rule(factor, exponent, rest) if rule else None
        if value is not None:
            return value
    return _term(monomial)


def _reduce_group(group: Atom, exponent: Fraction, rest: Monomial) -> Polynomial | None:
    """Write out a group to a positive power; divide by one as far as it goes."""
    if exponent.denominator != 1:
        return None
    if exponent > 0:
        return multiply(_term(rest), power(group.parts[0], exponent))
    terms = divide(group, exponent, rest)
    if terms is None:
        return None
    result = ZERO
    for monomial, coefficient in terms:
        result += _reduced(monomial).times(coefficient)
    return result


def _reduce_delta(factor: Atom, exponent: Fraction, rest: Monomial) -> Polynomial | None:
    """δ² = δ, and δ_ab f(b) = δ_ab f(a)."""
    single = (factor, Fraction(1))
    if exponent != 1:
        return _reduced(merged([*rest, single]))
    kept, replaced, _ = factor.parts
    if not any(other.mentions(replaced) for other, _ in rest):
        return None
    value = _term((single,))
    for other, e in rest:
        value = multiply(value, power(_substituted(other, {replaced: kept}, {}), e))
    return value


_RULES = {"group": _reduce_group, "delta": _reduce_delta}


def _branches(polynomial: Polynomial) -> tuple[Atom, Polynomial, Polynomial] | None:
    """Return a delta that occurs in a term, and the values where it is 0 and where it is 1."""
    found = next((a for a in polynomial.atoms() if a.kind == "delta"), None)
    if found is None:
        return None
    kept, replaced, _ = found.parts
    where_zero = {m: c for m, c in polynomial.terms.items() if found not in dict(m)}
    return found, Polynomial(where_zero), substitute(polynomial, {replaced: kept})


def _choose(
    branches: tuple[Atom, Polynomial, Polynomial], function: Callable[[Polynomial], Polynomial]
) -> Polynomial:
    found, where_zero, where_one = branches
    chosen = _term(((found, Fraction(1)),))
    return multiply(ONE - chosen, function(where_zero)) + multiply(chosen, function(where_one))


def substitute(
    polynomial: Polynomial,
    names: Mapping[Index, Index],
    values: Mapping[str, Callable[[Atom], Polynomial]] | None = None,
) -> Polynomial:
    """Replace indices, entries and symbols of a polynomial, all at once.

    Parameters
    ----------
    polynomial : Polynomial
        Its summation indices are not touched.
    names : mapping
        From an index to another.
    values : mapping, optional
        From the key of an array or a symbol to a function that gives the value of its atom.
    """
    result = ZERO
    for monomial, coefficient in polynomial.terms.items():
        value = number(coefficient)
        for factor, exponent in monomial:
            value = multiply(value, power(_substituted(factor, names, values or {}), exponent))
        result += value
    return result


def _substituted(
    factor: Atom,
    names: Mapping[Index, Index],
    values: Mapping[str, Callable[[Atom], Polynomial]],
) -> Polynomial:
    """Build an atom anew: its place in the order, and its form, may change."""
    is_renamed = any(index.free_symbols <= factor.indices for index in names)
    if not is_renamed and not any(name in factor.variables for name in values):
        return _term(((factor, Fraction(1)),))
    if factor.kind == "sum":
        limits, body = with_fresh_indices(*factor.parts)
        return total(limits, substitute(body, names, values))
    parts = [_substituted_part(part, names, values) for part in factor.parts]
    if factor.kind in _BUILDERS:
        return _BUILDERS[factor.kind](*parts)
    changed = Atom(factor.kind, tuple(parts), factor.positive)
    if changed.kind in {"entry", "symbol"} and key_of(parts[0]) in values:
        return values[key_of(parts[0])](changed)
    if factor.kind == "symbol":
        return index_value(parts[0])
    return _term(((changed, Fraction(1)),))


def _substituted_part(
    part: Any,
    names: Mapping[Index, Index],
    values: Mapping[str, Callable[[Atom], Polynomial]],
) -> Any:
    if isinstance(part, Polynomial):
        return substitute(part, names, values)
    return part if isinstance(part, str | tuple) else part.xreplace(dict(names))


_BUILDERS: dict[str, Callable[..., Polynomial]] = {
    "delta": delta,
    "exp": exponential,
    "log": logarithm,
    "group": lambda polynomial: polynomial,
}


def with_fresh_indices(
    limits: tuple[Limit, ...], body: Polynomial
) -> tuple[tuple[Limit, ...], Polynomial]:
    """Return a sum's limits and body with summation indices that occur nowhere else."""
    fresh = {index: fresh_index() for index, _, _ in limits}
    renamed = tuple((fresh[index], first, last) for index, first, last in limits)
    return renamed, substitute(body, fresh)


def _total_of_product(limits: tuple[Limit, ...], monomial: Monomial) -> Polynomial:
    bound = {index for index, _, _ in limits}
    for factor, exponent in monomial:
        rest = tuple(power for power in monomial if power[0] != factor)
        if factor.kind == "delta":
            found = _picked(limits, factor)
            if found is not None:
                limit, value = found
                others = tuple(other for other in limits if other is not limit)
                return total(others, substitute(_term(rest), {limit[0]: value}))
        if factor.kind == "sum" and exponent == int(exponent) > 0 and factor.indices & bound:
            return _flattened(limits, factor, exponent, rest)
    result = _term(tuple(power for power in monomial if not power[0].indices & bound))
    for indices, powers in components(bound, monomial):
        own = tuple(limit for limit in limits if limit[0] in indices)
        result = multiply(result, _total_of_component(own, powers))
    return result


def _total_of_component(limits: tuple[Limit, ...], powers: Monomial) -> Polynomial:
    if not powers:
        return length(*limits)
    ((factor, exponent), *others) = powers
    is_power_of_index = not others and factor.kind == "symbol" and exponent.denominator == 1
    if len(limits) == 1 and is_power_of_index and 0 < exponent <= LARGEST_SUMMED_POWER:
        return _total_of_powers(limits[0], int(exponent))
    return _canonical_total(limits, powers)


def _total_of_powers(limit: Limit, exponent: int) -> Polynomial:
    """Return Σ i^e by telescoping: Σ_i ((i + 1)^(e+1) − i^(e+1)) leaves two terms."""
    _, first, last = limit
    whole = power(last + ONE, Fraction(exponent + 1)) - power(first, Fraction(exponent + 1))
    for lower in range(exponent):
        below = _total_of_powers(limit, lower) if lower else length(limit)
        whole -= below.times(Fraction(comb(exponent + 1, lower)))
    return whole.times(Fraction(1, exponent + 1))


def _picked(limits: tuple[Limit, ...], factor: Atom) -> tuple[Limit, Index] | None:
    """Return the summation index that a delta makes equal to another index, and that index.

    Σ_i δ_iq f(i) = f(q) holds where q lies in the range of i.
    """
    left, right, common_axis = factor.parts
    for limit in limits:
        index, first, last = limit
        for here, other in ((left, right), (right, left)):
            is_other = here == index and index not in other.free_symbols
            if is_other and common_axis == axis(first, last):
                return limit, other
    return None


def _flattened(
    limits: tuple[Limit, ...], factor: Atom, exponent: Fraction, rest: Monomial
) -> Polynomial:
    """Write a sum of products with sums as one sum over all their indices."""
    value = _term(rest)
    for _ in range(int(exponent)):
        inner, body = with_fresh_indices(*factor.parts)
        limits += inner
        value = multiply(value, body)
    return total(limits, value)


def _canonical_total(limits: tuple[Limit, ...], powers: Monomial) -> Polynomial:
    """Return a sum as an atom: the same one for all names and orders of its indices."""
    if len(limits) > MOST_INDICES:
        raise TooLargeError(f"a sum over {len(limits)} indices that cannot be split")
    height = max(factor.height for factor, _ in powers)
    body = _term(powers)
    candidates = []
    for order in permutations(limits):
        names = {index: bound_index(height + place) for place, (index, _, _) in enumerate(order)}
        renamed = tuple((names[index], first, last) for index, first, last in order)
        candidates.append((renamed, substitute(body, names)))
    renamed, body = min(candidates, key=key_of)
    is_positive = body.is_positive and all(length(limit).is_positive for limit in renamed)
    return atom("sum", renamed, body, positive=is_positive)
