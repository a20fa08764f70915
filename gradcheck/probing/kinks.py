"""Entries at a kink of the loss, found by halving, and the gradient beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.long_vectors import FloatArray
from gradcheck.numerical.differentiation import Line
from gradcheck.numerical.directions import Direction
from gradcheck.numerical.samples import Samples
from gradcheck.numerical.search import ALIKE, VISIBLE
from gradcheck.probing.claims import Claim, Probe
from gradcheck.probing.probes import Prober
from gradcheck.probing.subject import Subject

__all__ = ["NAMED", "Kink", "beside", "find"]


NAMED = 100
"""Up to so many entries are found one by one; beyond, whole arrays."""

FIRST = 2.0**-8
"""The first step, in units of the entries' size."""

DOWN, DEEPEST = 5, 40
"""Levels from one step to the next, and where there is nothing but rounding left."""

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


def find(subject: Subject, value: float, drawn: FloatArray) -> list[Kink]:
    """Find the entries that a kink along a direction comes from.

    Arrays first, then halves of them, for about ten evaluations times the logarithm of their
    size for each entry; beyond `NAMED` entries an array counts as a whole. Entries that have no
    kink alone, but have one together (as x and y in ``abs(x + y) - abs(x - y)``), stay
    together.

    Parameters
    ----------
    subject
        The loss and the point.
    value
        Its value at the point.
    drawn : (n,) array
        The direction along which a kink was seen.
    """
    return list(_Hunt(subject, value, drawn).kinks())


class _Hunt:
    def __init__(self, subject: Subject, value: float, drawn: FloatArray) -> None:
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
        # |x + y| - |x - y| has a kink in x and y together, and in neither alone.
        together = np.concatenate(whole)
        if not arrays and self._jump(together):
            yield Kink(together)
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
        if not kinked:  # they have it only together, or enough have been named
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
        half, slope = self._half_jump(part, self.subject.parameters.sizes[entry])
        return (slope - half, slope + half) if half else None

    def _half_jump(self, part: FloatArray, size: float) -> tuple[float, float]:
        """Return half of the jump of the slope, 0 if there is none, and the mean of both sides'.

        The steps are made smaller until what is in proportion to them, which is curvature, is
        small beside the rest, which is a kink's, or until rounding hides both. Then the smallest
        step at which it would show has to show it: a kink close by does not reach as far.
        """
        first = FIRST * size
        samples = Samples(self.subject.along(part), first, self.value)
        for level in range(0, DEEPEST, DOWN):
            steps = samples.step(level), samples.step(level + DOWN)
            far, near = (samples.bend(each) / samples.step(each) for each in (level, level + DOWN))
            if not math.isfinite(far):  # outside of the domain: smaller steps may be inside
                continue
            half = _at_zero(steps, (far, near))
            secant = samples.secant(level + DOWN)
            rounding = self.epsilon * (2 * abs(self.value) + secant * size)
            if not abs(near) > VISIBLE * rounding / steps[1]:
                break
            if abs(half - near) > ALIKE * abs(near):
                continue
            smallest = max(float(level + DOWN), samples.level(2 * VISIBLE * rounding / abs(half)))
            mean = samples.bend(smallest) / samples.step(smallest)
            if abs(mean - half) <= ALIKE * abs(half):
                slopes = samples.slope(level), samples.slope(level + DOWN)
                return half, _at_zero(steps, slopes)
        return 0.0, math.nan


def _at_zero(steps: tuple[float, float], values: tuple[float, float]) -> float:
    """Extrapolate, to a step of 0, values that are linear in it."""
    (h, smaller), (far, near) = steps, values
    return (near * h - far * smaller) / (h - smaller)


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
        The loss, the gradient and the point.
    claim
        The gradient at the point itself.
    entries : (k,) array
        At the kink: they are moved, and the loss is differentiated along them.
    precision
        As the check was given it.
    rng
        The generator of the points.
    """
    moved = np.zeros_like(claim.gradient)
    moved[entries] = 1
    distances = OFF * subject.parameters.sizes[:] * moved * rng.uniform(0.5, 1, moved.size)
    distances *= rng.choice((-1.0, 1.0), moved.size)
    sides = [subject.moved(sign * distances) for sign in (1, -1)]
    answers = [side.value_and_gradient() for side in sides]
    if all(np.array_equal(gradient, claim.gradient) for _, gradient in answers):
        return None  # the same numbers everywhere: no function of the point, and right at one
    for side, (value, gradient) in zip(sides, answers, strict=True):
        if not (np.isfinite(gradient).all() and math.isfinite(value)):
            continue  # a side outside of the domain refutes nothing
        prober = Prober(side, value, replace(claim, gradient=gradient), precision)
        seed = tuple(rng.integers(2**32, size=2).tolist())

        def weigh(z: FloatArray, block: slice) -> None:
            z *= moved[block]

        along = Direction("entries off the kink", side.parameters.sizes, seed, weigh, gradient)
        probe = prober.probe(along, alone=True)
        if probe.verdict == "disagrees":
            return probe
    return None
