"""Points nearby: what is true of a gradient is true there, too, by the same numbers.

At one point alone, many a number fits by accident: at 2, x² is twice x.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gradcheck.diagnosis.causes import Hypothesis
from gradcheck.diagnosis.evidence import MOST, Evidence, gathered
from gradcheck.diagnosis.grids import Grid, measured_at
from gradcheck.diagnosis.inquiry import Inquiry, Source
from gradcheck.diagnosis.slopes import Slopes
from gradcheck.numerical.directions import Direction
from gradcheck.probing.subject import Subject

__all__ = ["Nearby"]

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]

DISTANCES = (2.0**-10, 2.0**-16)
"""Points nearby lie this part of the entries' size away: far enough for a number that holds at one
point alone, and next to no kink further. The nearer one serves where the other is outside of the
loss's domain."""

FAR = 0.5
"""One so far away tells a claim that is the same everywhere from one that is only nearby."""

POINTS = 2
"""So many points nearby test what explains the claim at the point."""

LOOSE = 1e-6
"""There, a hypothesis may be off by this part: a factor is known as well as that."""


@dataclass(frozen=True)
class Point:
    """A point nearby: its subject, the loss there, and the claimed gradient (n,)."""

    subject: Subject
    value: float
    claimed: FloatArray


class Nearby:
    """Points near that of an inquiry, and what was measured at them: once for all hypotheses."""

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry
        self._evidence: dict[tuple[int, int, bool], Evidence] = {}

    @functools.cached_property
    def points(self) -> list[Point]:
        """The points, none where the loss or the gradient has no answer around."""
        return list(self._found())

    def _found(self) -> Iterator[Point]:
        for number in range(POINTS):
            for distance in DISTANCES:
                point = self._point(distance, number)
                if point:
                    yield point
                    break

    def _point(self, distance: float, number: int) -> Point | None:
        """Return a point at a distance, in units of the entries' size, in a direction by number."""
        inquiry = self._inquiry
        change = Direction("", inquiry.sizes, (inquiry.seed, 23, number)).vector()
        change *= distance
        self._keep_symmetric(change)
        subject = inquiry.prober.subject.moved(change)
        try:
            value, claimed = subject.value_and_gradient()
        except Exception:  # noqa: BLE001  outside of the domain, or of the gradient's
            return None
        is_finite = math.isfinite(value) and np.isfinite(claimed).all()
        return Point(subject, value, claimed.copy()) if is_finite else None

    def _keep_symmetric(self, change: FloatArray) -> None:
        """Let a symmetric matrix stay one: a formula for these may hold nowhere else."""
        parameters = self._inquiry.prober.subject.parameters
        for leaf in parameters.leaves:
            if len(leaf.shape) == 2 and leaf.shape[0] == leaf.shape[1]:
                square, part = (
                    vector[leaf.entries].reshape(leaf.shape)
                    for vector in (parameters.vector, change)
                )
                if np.array_equal(square, square.T):
                    part[:] = (part + part.T) / 2

    def holds(self, hypothesis: Hypothesis, source: Source, wrong: Mask | None = None) -> bool:
        """Tell whether a hypothesis explains the claim at the points, too.

        Parameters
        ----------
        hypothesis
            It explains the claim at the inquiry's own point.
        source
            Of the array that it is about.
        wrong
            The entries that it is about, in the array's shape; None: all.
        """
        if not self.points:
            return not hypothesis.is_fitted
        return all(
            self._explains(hypothesis, source, place, wrong) for place in range(len(self.points))
        )

    def _explains(
        self, hypothesis: Hypothesis, source: Source, place: int, wrong: Mask | None
    ) -> bool:
        evidence = self._measured(source, place, wrong)
        others = self._inquiry.others(source.leaf, self.points[place].claimed)
        derivative = hypothesis.derivative(evidence, others)
        terms = evidence.vectors * derivative.ravel()[evidence.moved]
        loose = 4 * evidence.tolerances + LOOSE * np.sqrt((terms**2).sum(axis=1))
        return replace(evidence, tolerances=loose).explains(derivative)

    def _measured(self, source: Source, place: int, wrong: Mask | None = None) -> Evidence:
        """Return products of the derivative at a point: with the same vectors at all of them."""
        is_part = wrong is not None and source.leaf.size > MOST
        if wrong is not None and not is_part:
            return self._measured(source, place).of(wrong)
        key = (source.number, place, is_part)
        if key not in self._evidence:
            inquiry = self._inquiry
            among = np.flatnonzero(wrong) if wrong is not None else None
            seed = (inquiry.seed, 17, source.number)
            point = self.points[place]
            self._evidence[key] = gathered(
                self.slopes(source, place), point.claimed, inquiry.moving, source.leaf, seed, among
            )
        return self._evidence[key]

    def slopes(self, source: Source, place: int) -> Slopes:
        """Return slopes at a point, by the step that serves at the inquiry's own."""
        point, own = self.points[place], source.slopes
        return Slopes(point.subject, point.value, own.step, own.error)

    def grid(self, source: Source, grid: Grid) -> Grid:
        """Measure the entries of a grid at one of the points."""
        leaf, slopes, claimed = source.leaf, self.slopes(source, 0), self.points[0].claimed
        return measured_at(
            grid.indices,
            claimed[leaf.entries].reshape(leaf.shape),
            lambda place: slopes.by(leaf.start + place),
        )

    def is_kept(self, source: Source) -> bool:
        """Tell whether the claim is the same everywhere, and the derivative is not."""
        entries = source.leaf.entries
        claims = [point.claimed[entries] for point in self.points]
        own = self._inquiry.claimed[entries]
        if len(claims) < POINTS or not all(np.array_equal(own, claim) for claim in claims):
            return False
        # The slope of a hinge is the same nearby, too; so is that of a linear loss everywhere.
        far = self._point(FAR, POINTS)
        if far is None or not np.array_equal(own, far.claimed[entries]):
            return False
        first, second = (self._measured(source, place) for place in range(POINTS))
        change = np.abs(first.products - second.products)
        return bool(np.any(change > 4 * (first.tolerances + second.tolerances)))
