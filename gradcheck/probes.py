"""Random-direction probes of a claimed gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradcheck.derivatives import Derivative, Line
from gradcheck.parameters import Parameters, norm
from gradcheck.subjects import Subject

__all__ = ["Probe", "Prober", "Verdict", "direction", "small_entries"]

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

RESOLUTION = {float(np.finfo(np.float64).eps): 1e-6, float(np.finfo(np.float32).eps): 2e-2}
"""Where the bound exceeds this part of the gradient, nothing is decided; by precision."""

LEVEL = 3.0
"""A gradient that is next to nothing beside the slopes around it is known well enough sooner."""


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


def direction(parameters: Parameters, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw a direction through all entries, (n,).

    Each entry is uniform on [-w, w], where w <= 1 is the size of its array's entries
    relative to the largest array's: for a residual r = claimed - true,
    P(abs(r·z) <= τ) <= τ / max(abs(r) w), whatever r is. (Random signs do not have this
    property: two equal and opposite errors cancel half the time.)

    Parameters
    ----------
    parameters
        The point.
    rng
        Where the direction is drawn from.
    """
    return _widths(parameters) * rng.uniform(-1, 1, parameters.size)


def small_entries(claimed: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return a mask (n,) of entries whose claimed gradient is small, or 0, beside the largest.

    An error in one of them could hide behind the rounding of the large entries.
    """
    magnitude = np.abs(claimed)
    mask: NDArray[np.bool_] = magnitude < SMALL * magnitude.max()
    return mask


def _widths(parameters: Parameters) -> NDArray[np.float64]:
    """Return the size of each entry's array, relative to the largest one's: (n,)."""
    sizes = np.array(
        [
            norm(parameters.vector[leaf.entries]) / math.sqrt(leaf.size) if leaf.size else 0.0
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
        allowed, and the derivative must be known to 1e-6 (2e-2 in float32).
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
        self.claimed = claimed
        self._allowed = precision or 0.0
        self._epsilon = subject.parameters.epsilon
        self._resolution = precision or RESOLUTION[self._epsilon]
        self._step: float | None = None
        self._steepness = 0.0

    def probe(self, label: str, direction: NDArray[np.float64]) -> Probe:
        """Compare along one direction (n,); a disagreement is measured twice."""
        first = self._measure(label, direction, self._step)
        if math.isfinite(first.numerical.step):
            self._step = first.numerical.step
        self._steepness = max(self._steepness, first.numerical.steepness)
        if first.verdict != "disagrees":
            return first
        second = self._measure(label, direction, first.numerical.step * CONFIRMATION)
        return second if second.verdict != "disagrees" else first

    def _measure(self, label: str, direction: NDArray[np.float64], step: float | None) -> Probe:
        terms = self.claimed * direction
        line = Line(self._subject.parameters, direction)
        everything = norm(self.claimed) / math.sqrt(3)
        numerical = line.differentiate(
            lambda t: self._subject.loss(line.point(t)),
            value=self._value,
            step=step,
            goal=GOAL * everything,
        )
        rounding = ULPS * self._epsilon * float(np.abs(terms).sum())
        tolerance = numerical.error + rounding + self._allowed * norm(terms)
        claimed = float(terms.sum(dtype=np.longdouble))
        steepness = max(numerical.steepness, self._steepness)
        enough = self._resolution * max(everything, LEVEL * steepness)
        is_constant = numerical.value == 0 and numerical.steepness == 0
        verdict: Verdict
        if not math.isfinite(tolerance):
            verdict = "undecided"
        elif not abs(claimed - numerical.value) <= tolerance:
            verdict = "disagrees"
        elif not numerical.error <= enough and not (
            is_constant and everything == 0  # nothing moves, and nothing is claimed to
        ):
            verdict = "undecided"
        else:
            verdict = "agrees"
        return Probe(label, direction, claimed, numerical, tolerance, verdict)
