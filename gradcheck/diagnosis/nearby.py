"""Points nearby: what is true of a gradient is true there, too, by the same numbers.

At one point alone, many a number fits by accident: at 2, x² is twice x.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.long_vectors import FloatArray
from gradcheck.diagnosis.causes import Hypothesis
from gradcheck.diagnosis.evidence import MOST, Evidence, gathered
from gradcheck.diagnosis.grids import Grid, measured_at
from gradcheck.diagnosis.inquiry import Inquiry, Source
from gradcheck.diagnosis.slopes import Slopes
from gradcheck.numerical.directions import Direction
from gradcheck.probing.subject import Subject

__all__ = ["Nearby"]

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
    """A point nearby: its number, the loss there, and the claimed gradient (n,)."""

    number: int
    subject: Subject
    value: float
    claimed: FloatArray

    def slopes(self, source: Source) -> Slopes:
        """Return slopes through an array, by the step that serves at the inquiry's own point."""
        return Slopes(self.subject, self.value, source.slopes.step, source.slopes.error)


class Nearby:
    """Points near that of an inquiry, with measurements made once for all hypotheses."""

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry
        self._evidence: dict[tuple[int, int, bool], Evidence] = {}
        self._points: dict[int, Point | None] = {}

    def points(self) -> Iterator[Point]:
        """Yield the points, each made when it is asked for: none where nothing answers around."""
        for number in range(POINTS):
            if number not in self._points:
                made = (self._point(distance, number) for distance in DISTANCES)
                self._points[number] = next(filter(None, made), None)
            if point := self._points[number]:
                yield point

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
        return Point(number, subject, value, claimed.copy()) if is_finite else None

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
        is_tested = False
        for point in self.points():
            if not self._explains(hypothesis, source, point, wrong):
                return False
            is_tested = True
        return is_tested or not hypothesis.is_fitted

    def _explains(
        self, hypothesis: Hypothesis, source: Source, point: Point, wrong: Mask | None
    ) -> bool:
        evidence = self._measured(source, point, wrong)
        others = self._inquiry.others(source.leaf, point.claimed)
        derivative = hypothesis.derivative(evidence, others)
        terms = evidence.vectors * derivative.ravel()[evidence.moved]
        loose = 4 * evidence.tolerances + LOOSE * np.sqrt((terms**2).sum(axis=1))
        return replace(evidence, tolerances=loose).explains(derivative)

    def _measured(self, source: Source, point: Point, wrong: Mask | None = None) -> Evidence:
        """Return products of the derivative at a point: with the same vectors at all of them."""
        is_part = wrong is not None and source.leaf.size > MOST
        if wrong is not None and not is_part:
            return self._measured(source, point).of(wrong)
        key = (source.number, point.number, is_part)
        if key not in self._evidence:
            inquiry = self._inquiry
            among = np.flatnonzero(wrong) if wrong is not None else None
            seed = (inquiry.seed, 17, source.number)
            self._evidence[key] = gathered(
                point.slopes(source), point.claimed, inquiry.moving, source.leaf, seed, among
            )
        return self._evidence[key]

    def grid(self, source: Source, grid: Grid) -> Grid | None:
        """Measure the entries of a grid at a point; None where there is no point."""
        point = next(self.points(), None)
        if point is None:
            return None
        leaf, slopes = source.leaf, point.slopes(source)
        return measured_at(
            grid.indices,
            point.claimed[leaf.entries].reshape(leaf.shape),
            lambda place: slopes.by(leaf.start + place),
        )

    def is_kept(self, source: Source) -> bool:
        """Tell whether the claim is the same everywhere, and the derivative is not."""
        entries = source.leaf.entries
        own = self._inquiry.claimed[entries]
        seen = []
        for point in self.points():
            if not np.array_equal(own, point.claimed[entries]):
                return False
            seen.append(point)
        if len(seen) < POINTS:
            return False
        # The slope of a hinge is the same nearby, too; so is that of a linear loss everywhere.
        far = self._point(FAR, POINTS)
        if far is None or not np.array_equal(own, far.claimed[entries]):
            return False
        first, second = (self._measured(source, point) for point in seen)
        change = np.abs(first.products - second.products)
        return bool(np.any(change > 4 * (first.tolerances + second.tolerances)))
