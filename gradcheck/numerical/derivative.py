"""A numerical derivative with the traces of its search, and the scales of a line."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Derivative", "Obstacle", "Scales"]

Obstacle = Literal["", "kink", "jump", "rounding", "edge", "set", "rough"]


@dataclass(frozen=True)
class Derivative:
    """A numerical derivative and a bound on its error.

    Attributes
    ----------
    value
        The derivative; NaN where there is none to give.
    error
        A bound: ``abs(value - exact) <= error``. Infinite where nothing can be said.
    evaluations
        The number of calls of the function.
    reason
        Why nothing can be said, in one sentence; empty otherwise.
    obstacle
        The same in one word: "kink", "jump" (at the point), "rounding" (jumps close by), "edge"
        (no value on a side), "set" (none off a set), "rough" (at no step a smooth function);
        empty otherwise.
    slopes
        Those on the left and on the right of a kink at the point.
    step
        The largest step that went into the value.
    steepness
        The steepest slope that was sampled, as far as the function's own size explains it: the
        measure of a difference in the derivative where that itself is next to 0.
    movement, change
        The largest change of the function up to the entries' own size, as far as it was sampled,
        and up to the largest step that went into the value.
    largest
        The largest absolute value of the function up to a few times that.
    reach
        The distance of jumps on both sides, if the function stands still up to there, in units of
        the entries' own size; 0 for any other function.
    noise
        The distance of samples from smooth, or as much as rounding explains, in the function's
        units.
    is_quiet
        Whether rounding explains the noise at the steps of the value.
    is_smooth
        Whether the samples of the value lie on polynomials, to within rounding or to within
        noise that is the same at far smaller steps: no kink can be the reason for that value.
    is_plain
        Whether the steps of the value, and some far below, lie on polynomials to within rounding:
        within these nothing jumps or bends.
    is_plateau
        Whether the function stands still to the last bit, at the steps of the value.
    is_saturated
        Whether it leaves that plateau in steps of a last place: it hides its slope.
    domain
        Where the function has no value and why, in words; empty if it has one everywhere.
    is_tight
        Whether it has values within a tiny distance alone, on either side.
    is_constant
        Whether it had the same value everywhere that it was sampled.
    far
        A derivative and its bound from steps far beyond the entries' own size: these refute
        nothing. (NaN, infinity) where there is none.
    sweep
        The samples of the search: (h, central difference quotient at h), smallest h first.
    """

    value: float
    error: float
    evaluations: int
    reason: str = ""
    obstacle: Obstacle = ""
    slopes: tuple[float, float] | None = None
    step: float = math.nan
    steepness: float = 0.0
    movement: float = 0.0
    change: float = 0.0
    largest: float = 0.0
    reach: float = 0.0
    noise: float = 0.0
    is_quiet: bool = False
    is_smooth: bool = False
    is_plain: bool = False
    is_plateau: bool = False
    is_saturated: bool = False
    domain: str = ""
    is_tight: bool = False
    is_constant: bool = False
    far: tuple[float, float] = (math.nan, math.inf)
    sweep: tuple[tuple[float, float], ...] = field(default=(), repr=False)

    def departure(self, within: float) -> tuple[float, float] | None:
        """Return the next longer step with another slope, up to a limit, and that slope.

        None where there is none, or where noise is the reason.
        """
        if not self.is_quiet:
            return None
        for step, slope in self.sweep:
            if self.step < step < within and abs(slope - self.value) > 3 * self.error:
                return step, slope
        return None


@dataclass(frozen=True)
class Scales:
    """Sizes along a line, known before the function is evaluated, in units of its parameter t.

    Attributes
    ----------
    value_epsilon, point_epsilon
        The spacing at 1 of the floats of the function's values and of its parameters.
    point_rounding
        Rounding of x + t z itself, in units of t.
    steepest
        Rounding of the point counts with no slope steeper than this.
    size
        The t that moves a typical entry by its own size.
    is_zero
        Whether all that moves along the line is 0 at the point.
    length
        The distance in the space of the parameters for each unit of t.
    brim
        The level of the step that moves entries by their own size.
    rim
        That of the longest step that is near: so far the function is asked for its size.
    outermost
        The level of the longest step that is worth trying, at most 0.
    goal
        A bound this small is good enough.
    """

    value_epsilon: float
    point_epsilon: float
    point_rounding: float
    steepest: float
    size: float
    is_zero: bool
    length: float
    brim: int
    rim: int
    outermost: int
    goal: float
