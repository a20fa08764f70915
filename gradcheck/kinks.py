"""Entries at a kink of the loss, found by halving, and what the gradient is beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gradcheck.derivatives import Line
from gradcheck.ladders import Ladder
from gradcheck.probes import Claim, Probe, Prober, aligned
from gradcheck.stepping import ALIKE, VISIBLE
from gradcheck.subjects import Subject

__all__ = ["NAMED", "Kink", "beside", "find"]

NAMED = 100
"""Up to so many entries are found one by one; beyond, whole arrays."""

STEPS = 0.31, 0.40
"""Powers of the spacing of floats at 1: the steps, in units of the entries' size, at which the
mean of both sides is held against each other. It falls with the step at a kink, with its square
where the function is smooth; the smaller step leaves a kink of 1e-8 of the loss visible."""

OFF = 1e-3
"""A point beside a kink, in units of the entries' size."""


@dataclass(frozen=True)
class Kink:
    """Entries that have a kink at the point when they are moved.

    Attributes
    ----------
    entries : (k,) array
        Their indices in the flat vector.
    slopes
        On the left and on the right, where it is a single entry.
    """

    entries: NDArray[np.intp]
    slopes: tuple[float, float] | None = None


def find(subject: Subject, value: float, drawn: NDArray[np.float64]) -> list[Kink]:
    """Find the entries that a kink along a direction comes from.

    Arrays first, then halves of them, for about four evaluations times the logarithm of their
    size for each entry; beyond `NAMED` entries an array counts as a whole. Entries that have no
    kink alone, but have one together (as x and y in ``abs(x + y) - abs(x - y)``), stay
    together.

    Parameters
    ----------
    subject
        Whose loss is evaluated.
    value
        Its value at the point.
    drawn : (n,) array
        The direction along which a kink was seen.
    """
    return list(_Hunt(subject, value, drawn).kinks())


class _Hunt:
    def __init__(self, subject: Subject, value: float, drawn: NDArray[np.float64]) -> None:
        self.subject, self.value, self.drawn = subject, value, drawn
        self.epsilon = max(subject.parameters.epsilon, subject.loss_epsilon)
        self.size = Line(subject.parameters, drawn).size
        self.found = 0

    def kinks(self) -> Iterator[Kink]:
        whole = [
            np.arange(leaf.start, leaf.start + leaf.size)[self.drawn[leaf.entries] != 0]
            for leaf in self.subject.parameters.leaves
        ]
        arrays = [entries for entries in whole if entries.size and self._jump(entries)]
        if not arrays:  # only together
            yield Kink(np.concatenate(whole))
        for entries in arrays:
            yield from self._within(entries)

    def _within(self, entries: NDArray[np.intp]) -> Iterator[Kink]:
        """Halve entries that have a kink together."""
        if entries.size == 1:
            self.found += 1
            yield Kink(entries, self._slopes(int(entries[0])))
            return
        halves = np.array_split(entries, 2)
        kinked = [half for half in halves if self.found < NAMED and self._jump(half)]
        if not kinked:
            self.found += entries.size
            yield Kink(entries)
        for half in kinked:
            yield from self._within(half)

    def _jump(self, entries: NDArray[np.intp]) -> float:
        """Return half of the jump of the slope along the direction's part in some entries."""
        part = np.zeros_like(self.drawn)
        part[entries] = self.drawn[entries]
        return self._half_jump(part, self.size)[0]

    def _slopes(self, entry: int) -> tuple[float, float] | None:
        """Return the one-sided slopes with respect to an entry."""
        part = np.zeros_like(self.drawn)
        part[entry] = 1.0
        half, slope = self._half_jump(part, float(self.subject.parameters.sizes[entry]))
        return (slope - half, slope + half) if half else None

    def _half_jump(self, part: NDArray[np.float64], size: float) -> tuple[float, float]:
        """Return half of the jump of the slope, 0 if there is none, and the mean of both sides'."""
        line = Line(self.subject.parameters, part)
        steps = [size * self.epsilon**power for power in STEPS]
        ladder = Ladder(lambda t: self.subject.loss(line.point(t)), steps[0], self.value)
        levels = [0.0, math.log2(steps[0] / steps[1])]
        far, near = (ladder.bend(level) / ladder.step(level) for level in levels)
        # What is in proportion to the step is curvature; what is left at 0 is the kink's.
        half = (near * steps[0] - far * steps[1]) / (steps[0] - steps[1])
        visible = VISIBLE * self.epsilon * abs(self.value) / steps[1]
        is_kink = abs(half) > visible and abs(half - near) <= ALIKE * abs(near)
        return (half if is_kink else 0.0), ladder.slope(levels[1])


def beside(
    subject: Subject,
    claim: Claim,
    entries: NDArray[np.intp],
    precision: float | None,
    rng: np.random.Generator,
) -> Probe | None:
    """Return a probe that is wrong at a point moved off a kink, on either side; None if none is.

    Parameters
    ----------
    subject
        Whose loss and gradient are evaluated there.
    claim
        The gradient at the point itself.
    entries : (k,) array
        At the kink: they are moved, and the loss is differentiated along them.
    precision
        As the check was given it.
    rng
        Where the points are drawn from.
    """
    sizes = np.zeros_like(claim.gradient)
    sizes[entries] = subject.parameters.sizes[entries]
    moved = OFF * sizes * rng.uniform(0.5, 1, sizes.size) * rng.choice((-1.0, 1.0), sizes.size)
    for sign in (1, -1):
        other = subject.moved(sign * moved)
        value, gradient = other.value_and_gradient()
        # The same numbers elsewhere, too: they are no function of the point, and right at one.
        is_constant = np.array_equal(gradient, claim.gradient)
        if is_constant or not (np.isfinite(gradient).all() and math.isfinite(value)):
            continue
        there = replace(claim, gradient=gradient)
        prober = Prober(other, value, there, precision)
        probe = prober.probe("entries off the kink", aligned(sizes, gradient, rng), alone=True)
        subject.evaluations += other.evaluations
        if probe.verdict == "disagrees":
            return probe
    return None
