"""Factors of a gradient, and multiples of the parameter in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.long_vectors import norm
from gradcheck.diagnosis.causes import Hypothesis
from gradcheck.diagnosis.evidence import Evidence

__all__ = ["fitted_factor", "fitted_multiple", "of_factor", "of_parameter", "stated_number"]

FloatArray = NDArray[np.float64]

NEARLY = 1e-2
"""A factor so near to 1 is an approximation, and no factor that somebody forgot."""

_PART = 1e-6
"""A term counts beside another where it is more than this part of it."""

KNOWN = 1e-4
"""A factor is looked for where the derivative is known to this part of itself."""

SMALL = 12
"""A whole number up to this is an exponent or an inner derivative as often as a count."""

LARGEST_NAMED = 1000
"""A factor is named where it, or one over it, is a whole number up to this, or a simple one."""


def of_factor(name: str, evidence: Evidence, where: str) -> Iterator[Hypothesis]:
    """Yield a factor of a whole array."""
    factor = fitted_factor(evidence)
    if factor is None:
        return
    stated = stated_number(factor)
    origin = _origin(factor, name, evidence.claimed.shape)
    yield Hypothesis(
        "factor",
        f"FACTOR {stated}. claimed = {stated} × derivative{where}.{origin}",
        lambda evidence, _: evidence.claimed / factor,
        is_close=abs(factor - 1) < NEARLY,
        is_fitted=True,
    )


def fitted_factor(evidence: Evidence) -> float | None:
    """Return claimed / derivative, if that is a number, and neither 1 nor -1."""
    if norm(evidence.tolerances) > KNOWN * norm(evidence.products):
        return None  # some number would fit, at other points as well
    factors = evidence.fitted(evidence.claimed)
    if factors is None and evidence.claimed.size == 1:
        # A single number has some factor; other points tell whether it is always the same.
        products = evidence.vectors @ evidence.claimed.ravel()
        factors = [float(evidence.products[0] / products[0])]
    if factors is None or not factors[0] or not math.isfinite(1 / factors[0]):
        return None
    factor = _simplest(1 / factors[0], lambda one: evidence.explains(evidence.claimed / one))
    return None if factor in {1.0, -1.0} else factor


def _origin(factor: float, name: str, shape: tuple[int, ...]) -> str:
    """Say where a factor may come from, if its number stands in the array's shape."""
    if -1 < factor < 0:
        return f" Is that the step of an update, at a learning rate of {stated_number(-factor)}?"
    factor = abs(factor)
    for number, what in ((factor, "a sum"), (1 / factor, "a mean")):
        if math.prod(shape) > 1 and number > 2.5 and abs(number - round(number)) < 1e-6 * number:
            axes = [axis for axis, length in enumerate(shape) if length == round(number)]
            nouns = ("rows", "columns") if len(shape) == 2 else ("entries",) * len(shape)
            if axes:
                return f" {name} has {round(number)} {nouns[axes[0]]}: {what} over them?"
            if number > SMALL:
                return f" Is {round(number)} the number of examples?"
    return ""


def of_parameter(name: str, evidence: Evidence, where: str) -> Iterator[Hypothesis]:
    """Yield a multiple of the parameter that is missing or too much, and a factor beside it."""
    if not evidence.parameter.any() or evidence.claimed.size < 2:
        return
    multiple = fitted_multiple(evidence)
    if multiple is not None:
        stated = stated_number(abs(multiple))
        said = (
            f"A TERM IS MISSING. derivative − claimed = {stated} × {name}"
            if multiple > 0
            else f"A TERM TOO MUCH. claimed − derivative = {stated} × {name}"
        )
        yield Hypothesis(
            "parameter-multiple",
            f"{said}{where}.",
            lambda e, _: e.claimed + multiple * e.parameter,
            is_fitted=True,
        )
        return
    both = _fitted_both(evidence)
    if both is None:
        return
    factor, of_parameter = both
    is_update = of_parameter == 1 and factor < 0
    title = "AN UPDATED PARAMETER. " if is_update else ""
    sign = "−" if of_parameter < 0 else "+"
    terms = f"{_times(factor)}derivative {sign} {_times(abs(of_parameter))}{name}"
    if is_update:
        terms = f"{name} − {_times(-factor)}derivative"
    readings = "" if is_update else _penalties(factor, of_parameter)
    yield Hypothesis(
        "update" if is_update else "factor-and-parameter",
        f"{title}claimed = {terms}{where}.{readings}",
        lambda e, _: (e.claimed - of_parameter * e.parameter) / factor,
        is_fitted=True,
        hint="" if is_update else "factor",
    )


def _times(number: float) -> str:
    return {1.0: "", -1.0: "−"}.get(number, f"{stated_number(number)} × ")


def _penalties(factor: float, of_parameter: float) -> str:
    """State the penalties that a factor and a multiple of the parameter may come from."""
    right, missing = of_parameter / (1 - factor), -of_parameter / factor
    right, missing = (float(f"{multiple:.6g}") for multiple in (right, missing))
    if right > 0 and missing > 0:
        return (
            f" Fits a penalty of {_times(right)}parameter, or a missing one of "
            f"{stated_number(missing)}."
        )
    if missing > 0:
        return f" Fits a missing penalty of {_times(missing)}parameter."
    return f" Fits a penalty of {_times(right)}parameter." if right > 0 else ""


def fitted_multiple(evidence: Evidence) -> float | None:
    """Return a multiple of the parameter that makes up for the claim's error, if there is one."""
    parameter = evidence.parameter
    difference = replace(
        evidence,
        claimed=parameter,
        products=evidence.products - evidence.vectors @ evidence.claimed.ravel()[evidence.moved],
    )
    found = difference.fitted(parameter)
    if found is None or not found[0]:
        return None
    return _simplest(found[0], lambda one: difference.explains(one * parameter))


def _fitted_both(evidence: Evidence) -> tuple[float, float] | None:
    """Return a and b of claimed = a · derivative + b · parameter, if there are such numbers."""
    claimed, parameter = evidence.claimed, evidence.parameter
    found = evidence.fitted(claimed, parameter)
    if found is None or not all(found) or abs(found[0] - 1) <= _PART:
        return None
    # A derivative that is a multiple of the parameter leaves any claim out of it.
    if evidence.fitted(parameter) is not None:
        return None
    factor, of_parameter = 1 / found[0], -found[1] / found[0]
    factor = _simplest(
        factor, lambda one: evidence.explains((claimed - of_parameter * parameter) / one)
    )
    return factor, _simplest(
        of_parameter, lambda one: evidence.explains((claimed - one * parameter) / factor)
    )


def stated_number(number: float) -> str:
    """Write a number as people do: a third is 1/3, the logarithm of 2 ln 2."""
    sign, size = "−" * (number < 0), abs(number)
    for name, value in (("ln 2", math.log(2)), ("1/ln 2", 1 / math.log(2))):
        if abs(size - value) < 1e-8 * value:
            return sign + name
    short = f"{size:.9g}"
    inverse = round(1 / size) if size else 0
    if len(short) > len("0.0625"):
        if 2 < inverse <= LARGEST_NAMED and 1 / inverse == size:
            return f"{sign}1/{inverse}"
        if float(fraction := _fraction(size)) == size:
            return f"{sign}{fraction}"
    return sign + short


def _fraction(size: float) -> Fraction:
    """Return the fraction next to a number that people would write, not larger than a dozenth."""
    return Fraction(size).limit_denominator(12)


def _simplest(number: float, fits: Callable[[float], bool]) -> float:
    """Return the simple number next to one, if it fits as well; a measurement is never exact."""
    candidates = [float(f"{number:.{digits}g}") for digits in range(1, 7)]
    if number and 1 < abs(1 / number) <= LARGEST_NAMED:
        candidates.append(1 / round(1 / number))
    simple = (math.log(2), 1 / math.log(2), float(_fraction(abs(number))))
    candidates += [math.copysign(size, number) for size in simple]
    for candidate in candidates:
        if candidate and abs(candidate - number) <= 1e-2 * abs(number) and fits(candidate):
            return candidate
    return number
