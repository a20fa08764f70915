"""Random-direction probes of a claimed gradient."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradcheck.complex_steps import complex_step
from gradcheck.derivatives import Derivative, Line
from gradcheck.parameters import Parameters, norm
from gradcheck.subjects import Subject

__all__ = ["Probe", "Prober", "Verdict", "direction", "strata"]

Verdict = Literal["agrees", "disagrees", "undecided"]

STRATA = (1e-3, 1e-6, 1e-9, 1e-12)
"""Entries below the first of these parts of the largest are probed without the large ones."""

UNRESOLVED = 1 / 512
"""What a complex step must resolve, of what central differences do: it has no cancellation
between two values, but what cancels inside of the loss and of the gradient remains."""

CONDITION = 1e-9
"""Relative error that is granted to sums of claimed entries: scores are rounded inside."""

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


def strata(claimed: NDArray[np.float64]) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return the sets of entries, (n,) masks with a label, whose claimed gradient is small.

    An error in one of them could hide behind the rounding of the large entries.
    """
    magnitude = np.abs(claimed) / (np.abs(claimed).max() or 1.0)
    parts = [
        (f"entries < {upper:.0e} of largest", (lower <= magnitude) & (magnitude < upper))
        for upper, lower in itertools.pairwise((*STRATA, 0.0))
    ]
    zero = magnitude == 0
    parts = [(label, mask & ~zero) for label, mask in parts] + [("entries of 0", zero)]
    return [(label, mask) for label, mask in parts if mask.any() and not mask.all()]


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
        self._claimed = claimed
        self._allowed = precision or 0.0
        self._epsilon = subject.parameters.epsilon
        self._resolution = precision or RESOLUTION[self._epsilon]
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

    def probe_strata(self, passed: list[Probe], direction: NDArray[np.float64]) -> Iterator[Probe]:
        """Compare along parts of a direction (n,), one for each stratum of small entries.

        Where the loss is seen to be analytic code, by the probes that have passed, each costs
        one evaluation, a complex step. Otherwise all small entries are moved together, and
        differences taken.
        """
        parts = strata(self._claimed)
        if not parts:
            return
        if self._is_analytic(passed):
            for label, mask in parts:
                yield self._complex_probe(label, np.where(mask, direction, 0.0), passed)
        else:
            mask = np.logical_or.reduce([mask for _, mask in parts])
            label = f"entries < {STRATA[0]:.0e} of largest"
            yield self.probe(label, np.where(mask, direction, 0.0))

    def _is_analytic(self, passed: list[Probe]) -> bool:
        """Tell whether the complex step agrees with the differences taken so far."""
        if self._epsilon > np.finfo(np.float64).eps:
            return False
        for probe in passed:
            derivative = complex_step(self._subject, probe.direction)
            if derivative is None or not (
                abs(derivative - probe.numerical.value) <= probe.numerical.error
            ):
                return False
        return True

    def _complex_probe(
        self, label: str, direction: NDArray[np.float64], passed: list[Probe]
    ) -> Probe:
        """Compare by a complex step; where it objects, let differences decide if they can."""
        derivative = complex_step(self._subject, direction)
        if derivative is None:
            return self.probe(label, direction)
        terms = self._claimed * direction
        claimed = float(terms.sum(dtype=np.longdouble))
        resolved = max(probe.numerical.error / norm(probe.direction) for probe in passed)
        error = UNRESOLVED * resolved * norm(direction) + CONDITION * float(np.abs(terms).sum())
        tolerance = error + self._allowed * norm(terms)
        if abs(claimed - derivative) <= tolerance:
            numerical = Derivative(derivative, error, 1)
            return Probe(label, direction, claimed, numerical, tolerance, "agrees")
        confirmed = self.probe(label, direction)
        if confirmed.verdict == "disagrees":
            return confirmed
        reason = (
            f"among the {label}, the complex step gives {derivative:.3g} where the gradient "
            f"gives {claimed:.3g}, too small a difference for differences of the loss to confirm"
        )
        numerical = Derivative(derivative, error, 1, reason)
        return Probe(label, direction, claimed, numerical, tolerance, "undecided")

    def _measure(self, label: str, direction: NDArray[np.float64], step: float | None) -> Probe:
        terms = self._claimed * direction
        line = Line(self._subject.parameters, direction)
        everything = norm(self._claimed) / math.sqrt(3)
        numerical = line.differentiate(
            lambda t: self._subject.loss(line.point(t)),
            value=self._value,
            step=step,
            goal=GOAL * everything,
        )
        rounding = ULPS * self._epsilon * float(np.abs(terms).sum())
        tolerance = numerical.error + rounding + self._allowed * norm(terms)
        claimed = float(terms.sum(dtype=np.longdouble))
        scale = max(everything, numerical.steepness)
        verdict: Verdict
        if not math.isfinite(tolerance):
            verdict = "undecided"
        elif not abs(claimed - numerical.value) <= tolerance:
            verdict = "disagrees"
        elif not numerical.error <= self._resolution * scale:
            verdict = "undecided"
        else:
            verdict = "agrees"
        return Probe(label, direction, claimed, numerical, tolerance, verdict)
