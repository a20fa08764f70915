"""What may have been done wrong: each hypothesis says what the derivative is, if it is true.

None knows anything of the model. A hypothesis is stated only where it explains the claim at the
point and at others nearby, by the same numbers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradcheck.diagnosis.evidence import Evidence
from gradcheck.parameters import norm

__all__ = ["LOOK_FOR", "Hypothesis", "of_array", "of_part", "stated_number"]

FloatArray = NDArray[np.float64]

NEARLY = 1e-2
"""A factor so near to 1 is an approximation, and no factor that somebody forgot."""

_PART = 1e-6
"""A term counts beside another where it is more than this part of it."""

SMALL = 12
"""A whole number up to this is an exponent or an inner derivative as often as a count."""

LARGEST_NAMED = 1000
"""A factor is named where it, or one over it, is a whole number up to this, or a simple one."""

LOOK_FOR = {
    "opposite-sign": "the minus of a negative log-likelihood, or of an inner derivative.",
    "zero": "a gradient that is made and never filled; an update that goes to a copy.",
    "factor": "a sum where the loss has a mean, or the other way round; an exponent, an inner "
    "derivative; a learning rate.",
    "transposed": ".T, the order of a product or of np.outer.",
    "reordered": "reshape, ravel, an order of axes, [::-1], a kernel that has to be flipped.",
    "other-array": "the order in which the gradients are returned.",
    "parameter-multiple": "the gradient of a penalty.",
    "factor-and-parameter": "a sum where the loss has a mean, and a penalty beside it.",
    "factor-per-slice": "a factor that belongs to each row, column or gate: a gate's derivative, "
    "a count, a scale.",
    "constant-along-axis": "a sum or mean over the wrong axis.",
    "mean-missing": "a term that is missing or too much: a constant's derivative; a mean, whose "
    "path has its gradient, too.",
    "triangle": "a symmetric matrix of which the loss reads one triangle.",
    "float32": "an array, or a product, in float32 inside; a finite difference; a rounded "
    "constant.",
    "elsewhere": "a gradient that was kept from another call, or computed at a point of its own.",
    "part": "an index, a slice or a loop that leaves some out; dW[i] = … where i is there twice.",
}
"""For each pattern, what to look for in the code."""


@dataclass(frozen=True)
class Hypothesis:
    """What may have been done.

    Attributes
    ----------
    pattern
        An identifier.
    cause
        The same in words, for a report.
    derivative
        From evidence at any point, and the claims for the other arrays there, to the derivative
        that follows.
    is_close
        Whether the claim is nearly right: then no slip of the pen is looked for.
    is_fitted
        Whether it has a number that was fitted: at one point alone, some number fits anything.
    hint
        The pattern whose place in the code is meant, if that is another.
    """

    pattern: str
    cause: str
    derivative: Callable[[Evidence, Mapping[str, FloatArray]], FloatArray]
    is_close: bool = False
    is_fitted: bool = False
    hint: str = ""

    @property
    def look_for(self) -> str:
        """Where in the code such a cause is often found."""
        return "" if self.is_close else LOOK_FOR[self.hint or self.pattern]


def of_array(
    name: str, evidence: Evidence, others: Mapping[str, FloatArray]
) -> Iterator[Hypothesis]:
    """Yield the hypotheses on a whole array that explain its claim at one point.

    Parameters
    ----------
    name
        The array's.
    evidence
        At the point.
    others
        The claims for the other arrays, by name.
    """
    claimed = evidence.claimed
    where = _extent(claimed.size - evidence.undecided, evidence.undecided)
    if not claimed.any():
        return  # nothing but zeros can be explained by anything
    if evidence.explains(claimed):
        return  # what is wrong has no part in it, so that anything that changes little would fit
    simple = [*_fitting(evidence, others, _sign(where)), *_factor(name, evidence, where)]
    yield from simple
    yield from _fitting(evidence, others, *_permutations(claimed.shape, where))
    yield from _fitting(evidence, others, *_swaps(name, claimed, others))
    yield from _fitting(evidence, others, *_triangles(name, claimed.shape))
    # A factor alone is a factor and no multiple of the parameter, but for rounding.
    if not simple:
        yield from _multiples(name, evidence, where)


def _fitting(
    evidence: Evidence, others: Mapping[str, FloatArray], *hypotheses: Hypothesis
) -> Iterator[Hypothesis]:
    for each in hypotheses:
        derivative = each.derivative(evidence, others)
        if derivative.shape == evidence.claimed.shape and evidence.explains(derivative):
            yield each


def _extent(decided: int, undecided: int) -> str:
    if undecided:
        return f" in all entries that can be decided, {decided:,}"
    return {1: "", 2: " in both entries"}.get(decided, f" in all {decided:,} entries")


def _sign(where: str) -> Hypothesis:
    return Hypothesis(
        "opposite-sign",
        f"OPPOSITE SIGN. claimed = −derivative{where}.",
        lambda evidence, _: -evidence.claimed,
    )


def _factor(name: str, evidence: Evidence, where: str) -> Iterator[Hypothesis]:
    factors = evidence.fitted(evidence.claimed)
    if factors is None and evidence.claimed.size == 1:
        # A single number has some factor; other points tell whether it is always the same.
        products = evidence.vectors @ evidence.claimed.ravel()
        factors = [float(evidence.products[0] / products[0])]
    if factors is None or not factors[0] or not math.isfinite(1 / factors[0]):
        return
    factor = _simplest(1 / factors[0], lambda one: evidence.explains(evidence.claimed / one))
    if factor in {1.0, -1.0}:
        return
    stated = stated_number(factor)
    origin = _origin(abs(factor), name, evidence.claimed.shape)
    yield Hypothesis(
        "factor",
        f"FACTOR {stated}. claimed = {stated} × derivative{where}.{origin}",
        lambda evidence, _: evidence.claimed / factor,
        is_close=abs(factor - 1) < NEARLY,
        is_fitted=True,
    )


def _origin(factor: float, name: str, shape: tuple[int, ...]) -> str:
    """Say where a factor may come from, if its number stands in the array's shape."""
    for number, what in ((factor, "a sum"), (1 / factor, "a mean")):
        if math.prod(shape) > 1 and number > 2.5 and abs(number - round(number)) < 1e-6 * number:
            axes = [axis for axis, length in enumerate(shape) if length == round(number)]
            nouns = ("rows", "columns") if len(shape) == 2 else ("entries",) * len(shape)
            if axes:
                return f" {name} has {round(number)} {nouns[axes[0]]}: {what} over them?"
            if number > SMALL:
                return f" Is {round(number)} the number of examples?"
    return ""


def _permutations(shape: tuple[int, ...], where: str) -> Iterator[Hypothesis]:
    """Yield the same numbers in another order, of orders that a slip makes."""
    axes = range(len(shape))
    for order in itertools.permutations(axes):
        if order != tuple(axes) and tuple(shape[axis] for axis in order) == shape:
            said = "TRANSPOSED. claimed[i, j] is the derivative by entry [j, i]"
            if len(shape) > 2:
                said = f"TRANSPOSED. claimed has the derivative's axes in the order {order}"
            yield Hypothesis(
                "transposed",
                f"{said},{where}.",
                lambda e, _, o=order: e.claimed.transpose(o),  # type: ignore[misc]
            )
    for axis in axes:
        if shape[axis] > 1:
            noun = f"axis {axis}" if len(shape) > 1 else "the array"
            yield Hypothesis(
                "reordered",
                f"REVERSED. claimed has the derivative's numbers in reverse order along "
                f"{noun},{where}.",
                lambda e, _, a=axis: np.flip(e.claimed, a),  # type: ignore[misc]
            )
            for shift in (1, -1):
                if shape[axis] > 2:
                    yield Hypothesis(
                        "reordered",
                        f"SHIFTED. claimed has the derivative's numbers shifted by one along "
                        f"{noun},{where}.",
                        lambda e, _, a=axis, s=shift: np.roll(e.claimed, s, a),  # type: ignore[misc]
                    )
    if len(shape) > 1 and min(shape) > 1:
        is_square = len(shape) == 2 and shape[0] == shape[1]  # there, it is the transpose
        yield Hypothesis(
            "reordered",
            f"REVERSED. claimed has the derivative's numbers in reverse order along the last two "
            f"axes,{where}.",
            lambda e, _: np.flip(e.claimed, (-2, -1)),
        )
        for there, back in () if is_square else (("C", "F"), ("F", "C")):
            yield Hypothesis(
                "reordered",
                f"ANOTHER ORDER. claimed has the derivative's numbers as reshaped from rows to "
                f"columns,{where}.",
                lambda e, _, o=there, b=back: e.claimed.ravel(o).reshape(e.claimed.shape, order=b),  # type: ignore[misc]
            )


def _swaps(
    name: str, claimed: FloatArray, others: Mapping[str, FloatArray]
) -> Iterator[Hypothesis]:
    """Yield the gradients of other arrays that are of the same shape, or of that transposed."""
    for other, gradient in others.items():
        if np.array_equal(gradient, claimed):
            continue  # a copy, and no exchange
        if gradient.shape == claimed.shape:
            yield Hypothesis(
                "other-array",
                f"SWAPPED. The derivative by {name} is claimed for {other}.",
                lambda _, claims, o=other: claims[o],  # type: ignore[misc]
            )
        elif gradient.ndim == claimed.ndim == 2 and gradient.T.shape == claimed.shape:
            yield Hypothesis(
                "other-array",
                f"SWAPPED. The derivative by {name}, transposed, is claimed for {other}.",
                lambda _, claims, o=other: claims[o].T,  # type: ignore[misc]
            )


def _triangles(name: str, shape: tuple[int, ...]) -> Iterator[Hypothesis]:
    """Yield the gradients of a loss that reads one triangle of a square matrix."""
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] < 2:
        return
    for noun, part in (("lower", np.tril), ("upper", np.triu)):
        yield Hypothesis(
            "triangle",
            f"ONE TRIANGLE. The loss reads the {noun} triangle of {name}; claimed is as if it read "
            "both.",
            lambda e, _, p=part: p(e.claimed),  # type: ignore[misc]
        )
        yield Hypothesis(
            "triangle",
            f"ONE TRIANGLE. The loss reads the {noun} triangle of {name}; claimed shares its "
            "derivative out to both.",
            lambda e, _, p=part: p(e.claimed + e.claimed.T - np.diag(np.diag(e.claimed))),  # type: ignore[misc]
        )


def _multiples(name: str, evidence: Evidence, where: str) -> Iterator[Hypothesis]:
    """Yield a multiple of the parameter that is missing or too much, and a factor beside it."""
    parameter = evidence.parameter
    if not parameter.any() or evidence.claimed.size < 2:
        return
    rest = Evidence(
        parameter,
        parameter,
        evidence.moved,
        evidence.vectors,
        evidence.products - evidence.vectors @ evidence.claimed.ravel()[evidence.moved],
        evidence.tolerances,
    )
    multiple = rest.fitted(parameter)
    if multiple is not None and multiple[0]:
        exact = _simplest(multiple[0], lambda one: rest.explains(one * parameter))
        stated = stated_number(abs(exact))
        said = (
            f"A TERM IS MISSING. derivative − claimed = {stated} × {name}"
            if exact > 0
            else f"A TERM TOO MUCH. claimed − derivative = {stated} × {name}"
        )
        yield Hypothesis(
            "parameter-multiple",
            f"{said}{where}.",
            lambda e, _: e.claimed + exact * e.parameter,
            is_fitted=True,
        )
        return
    both = evidence.fitted(evidence.claimed, parameter)
    if both is None or not all(both) or abs(both[0] - 1) <= _PART:
        return
    # A derivative that is a multiple of the parameter leaves any claim out of it.
    of_claim = abs(both[0]) * norm(evidence.claimed.ravel())
    if of_claim > _PART * abs(both[1]) * norm(parameter.ravel()):
        factor, of_parameter = 1 / both[0], -both[1] / both[0]
        sign = "−" if of_parameter < 0 else "+"
        yield Hypothesis(
            "factor-and-parameter",
            f"claimed = {stated_number(factor)} × derivative {sign} "
            f"{stated_number(abs(of_parameter))} × {name}{where}.",
            lambda e, _: both[0] * e.claimed + both[1] * e.parameter,
            is_fitted=True,
        )


def of_part(evidence: Evidence, wrong: NDArray[np.bool_], said: str) -> Iterator[Hypothesis]:
    """Yield the hypotheses on the wrong part of an array that explain its claim at one point.

    Parameters
    ----------
    evidence
        At the point, of the whole array.
    wrong
        The entries that are wrong, in the array's shape.
    said
        The part in words: "row 3 of U".
    """
    part = np.where(wrong, evidence.claimed, 0)
    if not part.any():
        return
    rest = np.where(wrong, 0, evidence.claimed)
    negative = Hypothesis(
        "part",
        f"{said}: OPPOSITE SIGN there.",
        lambda e, _: np.where(wrong, -e.claimed, e.claimed),
        hint="opposite-sign",
    )
    if evidence.explains(negative.derivative(evidence, {})):
        yield negative
        return
    products = evidence.products - evidence.vectors @ rest.ravel()[evidence.moved]
    alone = Evidence(part, part, evidence.moved, evidence.vectors, products, evidence.tolerances)
    factors = alone.fitted(part)
    if factors is not None and factors[0]:
        factor = _simplest(1 / factors[0], lambda one: alone.explains(part / one))
        yield Hypothesis(
            "part",
            f"{said}: claimed = {stated_number(factor)} × derivative there.",
            lambda e, _: np.where(wrong, e.claimed / factor, e.claimed),
            is_fitted=True,
            hint="factor",
        )


def stated_number(number: float) -> str:
    """Write a number as people do: a third is 1/3, the logarithm of 2 ln 2."""
    sign, size = "−" * (number < 0), abs(number)
    for name, value in (("ln 2", math.log(2)), ("1/ln 2", 1 / math.log(2))):
        if abs(size - value) < 1e-8 * value:
            return sign + name
    short = f"{size:.9g}"
    inverse = round(1 / size) if size else 0
    if len(short) > len("0.0625") and 2 < inverse <= LARGEST_NAMED and 1 / inverse == size:
        return f"{sign}1/{inverse}"
    return sign + short


def _simplest(number: float, fits: Callable[[float], bool]) -> float:
    """Return the simple number next to one, if it fits as well; a measurement is never exact."""
    candidates = [float(f"{number:.{digits}g}") for digits in range(1, 7)]
    if number and 1 < abs(1 / number) <= LARGEST_NAMED:
        candidates.append(1 / round(1 / number))
    candidates += [math.copysign(math.log(2) ** power, number) for power in (1, -1)]
    for candidate in candidates:
        if candidate and abs(candidate - number) <= 1e-2 * abs(number) and fits(candidate):
            return candidate
    return number
