"""Slopes of a loss for four evaluations each, at a step that was seen to serve.

A search for a derivative takes 13 evaluations and more, because it knows nothing of the loss.
Where the loss has been searched along one direction, steps can be tried on that: the one whose
slope comes nearest to the known one serves for all directions of the same entries.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck.arrays.long_vectors import FloatArray
from gradcheck.numerical.samples import Samples
from gradcheck.probing.subject import Subject

__all__ = ["BLOCK", "Slope", "Slopes", "calibrated", "drawn"]


STEPS = tuple(2.0**-k for k in (2, 5, 8, 12, 17))
"""Steps that are tried, in units of the entries' own size."""

BLOCK = 2**16
"""So many entries are gone through at a time: millions do not fit the cache."""

CAUTION = 16.0
"""A slope's error is at most so many times that of the direction that the step was chosen by."""

KINKED, SHORTER = 100.0, 64.0
"""A slope whose error is so many times that of others is taken again, at steps so much shorter."""


@dataclass(frozen=True)
class Slope:
    """A slope along a direction and an estimate of its error; NaN where there is none."""

    value: float
    error: float


@dataclass
class Slopes:
    """Slopes at one step.

    Attributes
    ----------
    subject
        Its loss is evaluated.
    value
        The loss at the point.
    step
        In units of the entries' own size.
    error
        Of a slope along entries that move by their own size.
    """

    subject: Subject
    value: float
    step: float
    error: float

    def along(self, z: FloatArray) -> Slope:
        """Return the slope along z (n,), whose entries are of the entries' own size."""
        slope = self._at(z, self.step, CAUTION * self.error)
        if slope.error <= KINKED * CAUTION * self.error:
            return slope
        # A kink within the steps shows as a large correction, and may be out of reach of others;
        # the rounding of these is larger.
        shorter = self._at(z, self.step / SHORTER, SHORTER * CAUTION * self.error)
        return min(slope, shorter, key=lambda each: each.error)

    def by(self, index: int) -> tuple[float, float]:
        """Return the derivative by one entry of the flat vector, and its error."""
        sizes = self.subject.parameters.sizes
        z = np.zeros(sizes.size)
        z[index] = size = float(sizes[index])
        slope = self.along(z)
        return slope.value / size, slope.error / size

    def _at(self, z: FloatArray, step: float, error: float) -> Slope:
        value, correction = _extrapolated(self.subject, self.value, z, step)
        # The next term of the series is smaller than this one by about the square of the step.
        return Slope(value, error + abs(correction) * min(1.0, (16 * step) ** 2))


def calibrated(subject: Subject, value: float, z: FloatArray, known: float, error: float) -> Slopes:
    """Choose a step by a direction z (n,) along which the slope is known.

    Parameters
    ----------
    subject, value
        The loss, and its value at the point.
    z, known, error
        The direction, its slope, and a bound on the error of that.
    """
    best, smallest = STEPS[0], math.inf
    for step in STEPS:
        slope, correction = _extrapolated(subject, value, z, step)
        # Of a polynomial of degree four, the longest step is exact; along other directions too, but
        # nobody knows that: it counts as `Slopes.along` would count it.
        off = max(abs(slope - known), abs(correction) * min(1.0, (16 * step) ** 2) / CAUTION)
        if off < smallest:
            best, smallest = step, off
        elif off > 8 * smallest and smallest <= 4 * error:
            break  # rounding takes over
    # A slope that happens to be right to the last bit is no measure of the others.
    rounding = 4 * subject.loss_epsilon * max(abs(value), abs(known) * best) / best
    return Slopes(subject, value, best, max(smallest, error / CAUTION, rounding / CAUTION))


def drawn(sizes: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw a direction (n,) that moves no entry by next to nothing, so that none is left out."""
    z = np.empty(sizes.size)
    for start in range(0, z.size, BLOCK):
        part = z[start : start + BLOCK]
        rng.random(out=part)
        part -= 0.5
        part += np.copysign(0.5, part)  # uniform on [-1, -1/2] and [1/2, 1]
        part *= sizes[start : start + BLOCK]
    return z


def _extrapolated(
    subject: Subject, value: float, z: FloatArray, step: float
) -> tuple[float, float]:
    """Return Richardson's value of the slope along z, and his correction of the nearer one."""
    samples = Samples(subject.along(z), step, value)
    slopes: Sequence[float] = [
        (right - left) / (2 * samples.step(level))
        for level in (0, 1)
        for right, left in [samples.pair(level)]
    ]
    correction = (slopes[1] - slopes[0]) / 3
    return slopes[1] + correction, correction
