"""A function of one real variable sampled at ±h, ±h/r, ±h/r², … around 0, where r is about 2."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from gradcheck.numerical.scalars import NotRealError

__all__ = ["HALVING", "ODD_RATIO", "Samples"]

HALVING = 2.0
"""The ratio of one step to the next."""

ODD_RATIO = 1.93
"""The same at a point that is 0: near 2, and no power of it.

There a displaced point is the step times the direction, and steps that differ by a power of 2
are rounded alike, to the last bit: the rounded product of t and w is the same multiple of t at
all of them. The rounding error is a straight line then, and no sample lies off it.
"""

PROGRAMMING_ERRORS = (
    NameError,
    AttributeError,
    TypeError,
    ImportError,
    MemoryError,
    RecursionError,
)
"""Errors of a program, not of a point outside of its domain: the caller wants to see these."""

MOST_BISECTIONS = 44
"""Most halvings of the interval around the edge of a plateau. They end sooner where the first
change falls no more, or just as fast as the distance."""

LASTING = 8
"""Halvings over which a jump keeps its height, as does the step at the edge of a plateau."""

ABOVE_NOISE = 32
"""A jump is higher than the noise near the point by this factor."""

BEYOND = 2.0**-8
"""Distance of one more sample behind a plateau's edge, in units of the edge's own."""

NEARER = 0.05
"""The nearer half of an interval is kept unless it departs by less than this part of the other's:
of many jumps the nearest tells most, and far from the point a cubic departs, too, by 1 to 7."""

MOST_HALVINGS = 64
"""Halvings of the interval around a jump further out,"""

NARROWEST = 2.0**-40
"""until it is enclosed by this part of its distance: a few thousand floats."""

IN_SIGHT = 4.0
"""Nothing is looked for further out than so many times the distance at which the third derivative
makes the function depart as much as a jump that matters would: it hides all that does, there."""

ROUGHNESS_SAMPLES = 2
"""Further pairs of samples for the noise at a step."""


class Edge(NamedTuple):
    """The edge of a plateau.

    Attributes
    ----------
    reach
        Its distance; infinite where none was found.
    height
        Of the step there, 0 where the function leaves the plateau continuously.
    is_stepped
        Whether it stands still beyond, too.
    """

    reach: float
    height: float
    is_stepped: bool


class Samples:
    """Samples of a function at the steps ``step / ratio**level``, taken when they are asked for.

    Levels may be negative: those steps are larger than `step`. They may lie between the
    whole numbers. A displaced point at which
    the function cannot be evaluated counts as NaN, as it would be in IEEE arithmetic.

    Parameters
    ----------
    function
        A real function of one real variable.
    step
        The step of level 0, positive.
    value
        ``function(0.0)`` where it is known already.
    ratio
        Of one step to the next.

    Attributes
    ----------
    taken
        All that was evaluated at displaced points: t and the value there.
    raised
        Exceptions in place of a value: t and the exception in words.
    """

    def __init__(
        self,
        function: Callable[[float], float],
        step: float,
        value: float | None = None,
        ratio: float = HALVING,
    ) -> None:
        self._function = function
        self._step = step
        self.ratio = ratio
        self._pairs: dict[float, tuple[float, float]] = {}
        self._roughness: dict[float, float] = {}
        self.taken: list[tuple[float, float]] = []
        self.raised: list[tuple[float, str]] = []
        self.evaluations = 0
        if value is None:
            self.evaluations += 1
            value = function(0.0)
        self.value = value

    def step(self, level: float) -> float:
        """Return the step of a level."""
        return self._step * math.pow(self.ratio, -level)

    def level(self, step: float) -> float:
        """Return the level of a step, rounded up to a quarter."""
        return math.ceil(4 * math.log(self._step / step, self.ratio)) / 4 if step else math.inf

    def sample(self, t: float) -> float:
        """Evaluate the function at a displaced point; NaN where that is outside of its domain.

        A domain is left in many ways, by a caller's code: any exception counts as one but
        those of programming errors, which are let through.
        """
        self.evaluations += 1
        value = math.nan
        try:
            # Far out, values overflow: other steps are tried, and no warning is due.
            with np.errstate(all="ignore"):
                value = self._function(t)
        except NotRealError:
            self.raised.append((t, "the loss is complex"))
        except PROGRAMMING_ERRORS:
            raise
        except Exception as error:  # noqa: BLE001  see above
            said = " ".join(str(error).split())
            self.raised.append((t, f"the loss raised {type(error).__name__}: {said}".rstrip(": ")))
        self.taken.append((t, value))
        return value

    def resample(self, t: float) -> float:
        """Evaluate the function again at a point, and keep the sample that there is."""
        known, raised = len(self.taken), len(self.raised)
        value = self.sample(t)
        # A point counts once in what is said about the domain.
        del self.taken[known:], self.raised[raised:]
        return value

    def pair(self, level: float) -> tuple[float, float]:
        """Return the function's values at plus and at minus the step of a level."""
        if level not in self._pairs:
            h = self.step(level)
            self._pairs[level] = (self.sample(h), self.sample(-h))
        return self._pairs[level]

    def values(self, levels: Sequence[float]) -> list[float]:
        """Return all values at the steps of these levels."""
        return [value for level in levels for value in self.pair(level)]

    def known_near(self, level: float, distance: float) -> float | None:
        """Return the sampled level nearest to `level`, at most `distance` away, if there is one."""
        candidates = [known for known in self._pairs if abs(known - level) <= distance]
        return min(candidates, key=lambda known: abs(known - level), default=None)

    def is_finite(self, level: float) -> bool:
        """Tell whether both values of a level are finite."""
        return all(math.isfinite(value) for value in self.pair(level))

    def slope(self, level: float) -> float:
        """Return the symmetric difference quotient: f′ + f‴h²/6 + … for a smooth function."""
        plus, minus = self.pair(level)
        return (plus - minus) / (2 * self.step(level))

    def sweep(self) -> tuple[tuple[float, float], ...]:
        """Return (step, symmetric difference quotient) of the finite levels, smallest first."""
        levels = sorted((level for level in self._pairs if self.is_finite(level)), reverse=True)
        return tuple((self.step(level), self.slope(level)) for level in levels)

    def bend(self, level: float) -> float:
        """Return the mean of both values less the centre's: f″h²/2 + … for a smooth function."""
        plus, minus = self.pair(level)
        return ((plus - self.value) + (minus - self.value)) / 2

    def roughness(self, level: float) -> float:
        """Return the distance of values from a straight line, at a step that leaves only noise.

        A few smaller steps are looked at as well: values that are multiples of the last place
        of something larger inside lie on a line by accident at every other step.
        """
        if level not in self._roughness:
            deviations = [abs(self.bend(level))]
            for i in range(1, ROUGHNESS_SAMPLES + 1):
                h = self.step(level + i / 2)
                plus, minus = self.sample(h) - self.value, self.sample(-h) - self.value
                rise = self.slope(level) * h
                deviations += [abs(plus + minus) / 2, abs((plus - minus) / 2 - rise)]
            self._roughness[level] = max(deviations)
        return self._roughness[level]

    def secant(self, level: float) -> float:
        """Return the larger of the two one-sided slopes in absolute value."""
        return max(abs(value - self.value) for value in self.pair(level)) / self.step(level)

    def steepest(self, end: float) -> float:
        """Return the largest symmetric slope among the levels sampled so far, up to `end`.

        Not the steepest secant: in many dimensions those show how the function bends, however
        small its slope is.
        """
        known = [level for level in self._pairs if level < end and self.is_finite(level)]
        return max((abs(self.slope(level)) for level in known), default=0.0)

    def movement(self, distance: float) -> float:
        """Return the largest change of the function that was seen up to a distance."""
        changes = [abs(value - self.value) for t, value in self.taken if abs(t) <= distance]
        return max(filter(math.isfinite, changes), default=0.0)

    def largest(self, distance: float) -> float:
        """Return the largest absolute value that was seen up to a distance."""
        values = [abs(value) for t, value in self.taken if abs(t) <= distance]
        return max(filter(math.isfinite, [*values, abs(self.value)]), default=math.nan)

    def is_flat(self, level: float) -> bool:
        """Tell whether both values equal the centre's to the last bit."""
        return all(value == self.value for value in self.pair(level))

    def touches_plateau(self, level: float) -> bool:
        """Tell whether either value equals the centre's to the last bit."""
        return any(value == self.value for value in self.pair(level))

    def edge(self, level: float) -> Edge:
        """Return the edge of the plateau that a level lies on.

        A function that is constant around 0 either is flat there (a hinge) or moves in
        steps, because something inside it is rounded. The edge tells: where the function
        leaves the plateau continuously, the first change shrinks with the distance to the
        edge, and the height of the step is 0.
        """
        sides = [self._edge(side, level) for side in (0, 1) if self.pair(level)[side] == self.value]
        return Edge(
            min((edge.reach for edge in sides), default=0.0),
            max((edge.height for edge in sides), default=0.0),
            is_stepped=all(edge.is_stepped for edge in sides),
        )

    def _edge(self, side: int, level: float) -> Edge:
        moved = [
            known
            for known, pair in self._pairs.items()
            if known < level and pair[side] != self.value and math.isfinite(pair[side])
        ]
        if not moved:  # the other side alone decides
            return Edge(math.inf, 0.0, is_stepped=True)
        outside = self.step(max(moved))
        inside = max(
            self.step(known)
            for known, pair in self._pairs.items()
            if known > max(moved) and pair[side] == self.value
        )
        sign = -1 if side else 1
        changed = self.pair(max(moved))[side]
        changes, widths = [abs(changed - self.value)], [outside - inside]
        for _ in range(MOST_BISECTIONS):
            # The edge may be decades away from either end: these are halved first.
            wide = outside > 4 * inside
            middle = math.sqrt(inside * outside) if wide else (inside + outside) / 2
            value = self.sample(sign * middle)
            if value == self.value:
                inside = middle
            else:
                outside, changed = middle, value
            changes.append(abs(changed - self.value))
            widths.append(outside - inside)
            if len(changes) > LASTING and not wide:
                fallen, narrowed = changes[-1] / changes[-LASTING], widths[-1] / widths[-LASTING]
                if fallen > 0.5:  # it stays: a step
                    break
                if abs(fallen - narrowed) < 0.1 * narrowed:  # it falls with the width: a hinge
                    return Edge(inside, 0.0, is_stepped=False)
        else:  # it fell all the way: there is no step
            return Edge(inside, 0.0, is_stepped=False)
        # On the next tread a staircase stands still again; a saturated loss has moved on.
        is_stepped = self.sample(sign * (1 + BEYOND) * outside) == changed
        return Edge(inside, changes[-1], is_stepped=is_stepped)

    @property
    def is_constant(self) -> bool:
        """Whether the function was everywhere the same number, to the last bit."""
        return all(value == self.value for _, value in self.taken)

    def jump_further_out(
        self, distance: float, slope: float, step: float, relevant: float, noise: float
    ) -> tuple[float, float]:
        """Return a jump of the function and its distance, (0, ∞) where none is found.

        What is rounded inside of a function may stand still near the point, and show as jumps
        further out. Of an interval that is halved, the half is kept over which the function
        departs more from the parabola near the point: across a jump the departure stays,
        anywhere else it falls with the width at least.

        Parameters
        ----------
        distance
            The end of the search, on either side.
        slope, step
            The slope near the point, and a step that it was found with.
        relevant
            Jumps lower than this, times their distance, do not matter.
        noise
            Of the function, near the point: a change about as large is no jump.
        """
        level = self.level(step)
        h = self.step(level)
        curvature = self.bend(level) / h**2
        third = abs(self.slope(level) - slope) / h**2
        if third * h**3 > ABOVE_NOISE * noise:
            distance = min(distance, max(h, IN_SIGHT * math.sqrt(relevant / third)))

        def departure(left: tuple[float, float], right: tuple[float, float]) -> float:
            (t, value), (u, other) = left, right
            return abs(other - value - (slope + curvature * (t + u)) * (u - t))

        found = [
            self._jump_between(side * distance, departure, relevant, noise) for side in (1, -1)
        ]
        # A jump J at a distance H changes the slope by about J/H.
        return max(found, key=lambda jump: jump[0] / jump[1])

    def _jump_between(
        self,
        end: float,
        departure: Callable[[tuple[float, float], tuple[float, float]], float],
        relevant: float,
        noise: float,
    ) -> tuple[float, float]:
        near, far = (0.0, self.value), (end, self.sample(end))
        departures: list[float] = []
        for _ in range(MOST_HALVINGS):
            t = (near[0] + far[0]) / 2
            middle = (t, self.sample(t))
            is_near = departure(near, middle) >= NEARER * departure(middle, far)
            near, far = (near, middle) if is_near else (middle, far)
            departures.append(departure(near, far))
            smallest = max(relevant * abs(far[0]), ABOVE_NOISE * noise)
            # Nor is there a jump where a value is not finite.
            if not departures[-1] > smallest:
                return 0.0, math.inf
            if abs(far[0] - near[0]) <= NARROWEST * abs(far[0]):
                break
        if departures[-1] < 0.5 * departures[-LASTING]:  # it falls with the width
            return 0.0, math.inf
        return departures[-1], abs(far[0])
