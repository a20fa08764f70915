"""A numerical derivative and what was seen on the way to it; the scales of a line."""

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
        How often the function was called.
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
        The steepest slope that was sampled, as far as the function's own size explains it: what
        a difference in the derivative is large or small against, where the derivative itself is
        next to 0.
    movement, change
        The largest change of the function up to the entries' own size, as far as it was sampled,
        and up to the largest step that went into the value.
    largest
        The largest absolute value of the function up to a few times that.
    reach
        How far the function stands still on both sides, to jump there, in units of the entries'
        own size; 0 for any other function.
    noise
        How far samples lie from smooth, or as much as rounding explains, in the function's units.
    is_quiet
        Whether the noise at the steps of the value is what rounding explains.
    is_smooth
        Whether what the value rests on lies on polynomials, to within rounding or to within
        noise that is the same at far smaller steps: no kink can be the reason for what it shows.
    is_plain
        Whether the steps of the value, and some far below, lie on polynomials to within rounding:
        within these nothing jumps or bends.
    is_plateau
        Whether the function stands still to the last bit, at the steps of the value.
    is_saturated
        Whether it leaves that plateau in steps of a last place: it hides how it moves.
    domain
        Where the function has no value and why, in words; empty if it has one everywhere.
    is_tight
        Whether it has values within a tiny distance alone, on either side.
    is_constant
        Whether it had the same value everywhere that it was sampled.
    far
        A derivative and its bound from steps far beyond the entries' own size, which refute
        nothing; (NaN, infinity) where there is none.
    sweep
        What was seen on the way: (h, central difference quotient at h), smallest h first.
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
        """Return the first step beyond, up to some other, at which the slope is another, and it.

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
    """What is known of a line before the function is evaluated, in units of its parameter t.

    Attributes
    ----------
    value_epsilon, point_epsilon
        The spacing at 1 of the floats of the function's values and of its parameters.
    point_rounding
        Rounding of x + t z itself.
    steepest
        Rounding of the point counts with no slope steeper than this.
    size
        Where a typical entry has moved by its own size.
    is_zero
        Whether all that moves along the line is 0 at the point.
    length
        The distance in the space of the parameters for each unit of t.
    brim
        The level of a step in which entries move by their own size.
    rim
        The same of the longest step within which a function's size is asked for.
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
