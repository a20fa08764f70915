"""Random-direction probes of a claimed gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradcheck.derivatives import Derivative, Line
from gradcheck.parameters import Parameters
from gradcheck.subjects import Subject

__all__ = ["Probe", "Prober", "Verdict", "directions"]

Verdict = Literal["agrees", "disagrees", "undecided"]

SMALL = 1e-3
"""Entries below this part of the largest are probed once more, without the large ones."""

NARROWEST = 1e-3
"""An array of small entries is moved by no less than this part of what the others are."""

GOAL = 3e-11
"""A bound this small, relative to the gradient, is not worth more evaluations."""

ULPS = 8.0
"""The rounding error of one entry of a gradient that is computed well, in its last place."""

CONFIRMATION = 0.7136
"""A disagreement is measured again with steps changed by this factor."""

RESOLUTION = 0.38
"""Nothing is decided where the bound exceeds epsilon to this power, relatively: 1e-6, or
2e-3 in float32."""


@dataclass(frozen=True)
class Probe:
    """A claimed gradient against the loss, along one direction z.

    Attributes
    ----------
    label
        Which entries the direction moves.
    direction : (n,) array
        z.
    claimed
        The inner product of the claimed gradient and z.
    numerical
        The numerical derivative of the loss along z, with its error bound.
    tolerance
        How far both may be apart where the claimed gradient is right.
    verdict
        "undecided" where the tolerance is too large for agreement to mean anything.
    """

    label: str
    direction: NDArray[np.float64]
    claimed: float
    numerical: Derivative
    tolerance: float
    verdict: Verdict

    @property
    def discrepancy(self) -> float:
        """The distance between claimed and numerical derivative."""
        return abs(self.claimed - self.numerical.value)


def directions(
    parameters: Parameters, claimed: NDArray[np.float64], rng: np.random.Generator
) -> list[tuple[str, NDArray[np.float64]]]:
    """Draw the directions to probe, each with a label.

    Two through all entries, each entry uniform on [-w, w], where w <= 1 is the size of its
    array's entries relative to the largest array's: for a residual r = claimed - true,
    P(abs(r·z) <= τ) <= τ / max(abs(r) w), whatever r is. (Random signs do not have this
    property: two equal and opposite errors cancel half the time.) One more through the
    entries whose claimed gradient is small or zero, where an error could hide behind the
    rounding of the large ones.

    Parameters
    ----------
    parameters
        The point.
    claimed : (n,) array
        The claimed gradient, finite.
    rng
        Where the directions are drawn from.
    """
    widths = _widths(parameters)
    drawn = [("all entries", widths * rng.uniform(-1, 1, claimed.size)) for _ in range(2)]
    magnitude = np.abs(claimed)
    small = magnitude < SMALL * magnitude.max()
    if small.any():
        direction = np.where(small, widths * rng.uniform(-1, 1, claimed.size), 0.0)
        drawn.append((f"entries below {SMALL:g} of the largest", direction))
    return drawn


def _widths(parameters: Parameters) -> NDArray[np.float64]:
    """Return the size of each entry's array, relative to the largest one's: (n,)."""
    sizes = np.array(
        [
            np.sqrt(np.mean(parameters.vector[leaf.entries] ** 2)) if leaf.size else 0.0
            for leaf in parameters.leaves
        ]
    )
    largest = sizes.max() or 1.0
    # Zeros say nothing of the size that an array is meant to have.
    relative = np.where(sizes > 0, np.clip(sizes / largest, NARROWEST, 1), 1.0)
    return np.repeat(relative, [leaf.size for leaf in parameters.leaves])


class Prober:
    """Probes of one subject.

    Parameters
    ----------
    subject
        Whose loss is evaluated.
    value
        Its value at the point.
    claimed : (n,) array
        The claimed gradient, finite.
    precision
        The relative error that is allowed to the gradient on top of what the numerical
        derivative leaves open, and up to which that must be known. None: no error is
        allowed, and the derivative must be known to 1e-6 (2e-3 in float32).
    """

    def __init__(
        self,
        subject: Subject,
        value: float,
        claimed: NDArray[np.float64],
        precision: float | None,
    ) -> None:
        self._subject = subject
        self._value = value
        self._claimed = claimed
        self._allowed = precision or 0.0
        self._epsilon = subject.parameters.epsilon
        self._resolution = precision or self._epsilon**RESOLUTION
        self._step: float | None = None

    def probe(self, label: str, direction: NDArray[np.float64]) -> Probe:
        """Compare along one direction (n,); a disagreement is measured twice."""
        first = self._measure(label, direction, self._step)
        if math.isfinite(first.numerical.step):
            self._step = first.numerical.step
        if first.verdict != "disagrees":
            return first
        second = self._measure(label, direction, first.numerical.step * CONFIRMATION)
        return second if second.verdict != "disagrees" else first

    def _measure(self, label: str, direction: NDArray[np.float64], step: float | None) -> Probe:
        terms = self._claimed * direction
        size = math.sqrt(float(terms @ terms))
        everything = math.sqrt(float(self._claimed @ self._claimed) / 3)
        line = Line(self._subject.parameters, direction)
        numerical = line.differentiate(
            lambda t: self._subject.loss(line.point(t)),
            value=self._value,
            step=step,
            goal=GOAL * everything,
        )
        rounding = ULPS * self._epsilon * float(np.abs(terms).sum())
        tolerance = numerical.error + rounding + self._allowed * size
        claimed = float(terms.sum(dtype=np.longdouble))
        scale = max(everything, numerical.steepness)
        verdict: Verdict
        if not abs(claimed - numerical.value) <= tolerance and math.isfinite(numerical.error):
            verdict = "disagrees"
        elif not numerical.error <= self._resolution * scale:
            verdict = "undecided"
        else:
            verdict = "agrees"
        return Probe(label, direction, claimed, numerical, tolerance, verdict)
