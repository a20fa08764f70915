"""The derivative of a scalar function along a line, with an error bound that holds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.extrapolation import LEVELS, Estimate, extrapolate
from gradcheck.ladders import Ladder
from gradcheck.parameters import Parameters

__all__ = ["Derivative", "Line", "as_scalar", "differentiate"]

DEEPEST = 44
"""No step is smaller than 2**-44 of the first: rounding would be all there is to see."""

MOST_EVALUATIONS = 120
"""Where that many evaluations have not settled it, more will not."""

IMPROVEMENT = 1e-11
"""A bound this small relative to the slope is not worth more evaluations."""

ULPS = 4.0
"""The error of a function that is computed well, in units of the last place of its values."""


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
    step
        The largest step that went into the value.
    """

    value: float
    error: float
    evaluations: int
    reason: str = ""
    step: float = math.nan


def differentiate(f: Callable[..., Any], at: Any, direction: Any = None) -> Derivative:
    """Differentiate a scalar function, numerically, with a bound on the error.

    Central differences at steps h, h/2, …, h/32 are extrapolated (Richardson; the scheme of
    Ridders, 1982, of taking the best entry of the table). The bound has two parts. Truncation:
    what leaving out steps changes, in the odd part of the function, and in its even part,
    where the right answer is known. Rounding: the function's noise, as the deviation of
    samples that did not go into the value (in the spirit of Moré and Wild, *Estimating
    Computational Noise*, 2011), never below a few units in the last place, times the
    amplification of the formula. The step is moved until neither part can be improved.

    Parameters
    ----------
    f
        A function that returns a real scalar: of one argument, or, where `at` is a tuple, of
        that many positional arguments.
    at
        Where: a float, an array of float64 or float32, or a tuple, list or dict of them.
    direction
        Of the same structure as `at`: the result is d/dt f(at + t·direction) at t = 0. May
        be left out where `at` is a single number.

    Returns
    -------
    Derivative
        With `value`, `error`, `evaluations`. The error is infinite, and `reason` says why,
        where there is no derivative (a kink) or the function is not finite.

    Raises
    ------
    TypeError, ValueError
        If `at` or `direction` is not as described, or `f` returns anything but a real scalar.

    Notes
    -----
    The bound rests on what the samples show. It cannot hold for a function whose values
    were prepared to deceive at just these points, nor for one whose features are narrower
    than a millionth of the size of `at`.

    Examples
    --------
    >>> import math
    >>> import gradcheck
    >>> d = gradcheck.differentiate(math.sin, 1.0)
    >>> abs(d.value - math.cos(1.0)) <= d.error < 1e-11
    True
    >>> gradcheck.differentiate(abs, 0.0).reason
    'not differentiable here: the slopes on the two sides differ by 2'
    """
    parameters = Parameters(at)
    vector = _direction(parameters, direction)
    line = Line(parameters, vector)

    def along(t: float) -> float:
        point = parameters.build(line.point(t))
        return as_scalar(f(*point) if isinstance(at, tuple) else f(point))

    return line.differentiate(along)


def _direction(parameters: Parameters, direction: Any) -> NDArray[np.float64]:
    if direction is not None:
        vector = parameters.flatten(direction, "direction")
        if not np.isfinite(vector).all():
            raise ValueError("direction holds a number that is not finite")
        if not vector.any():
            raise ValueError("direction is zero everywhere: it points nowhere")
        return vector
    if parameters.size > 1:
        raise ValueError(
            f"direction is missing: at has {parameters.size} entries, and the derivative is "
            "taken along one line"
        )
    return np.ones(1)


def as_scalar(value: Any, name: str = "the function's value") -> float:
    """Return a real scalar as a float.

    Raises
    ------
    TypeError
        If it is no real number, or an array with a shape, even ``(1,)``.
    """
    if isinstance(value, float | int):
        return float(value)
    try:
        array = np.asarray(value)
    except ValueError:
        raise TypeError(f"{name} is a {type(value).__name__}; a real number was expected") from None
    if array.dtype.kind not in "fiub":
        kind = type(value).__name__ if array.dtype.kind == "O" else f"of dtype {array.dtype}"
        raise TypeError(f"{name} is {kind}; a real number was expected")
    if array.shape != ():
        raise TypeError(f"{name} has shape {array.shape}; a scalar, of shape (), was expected")
    return float(array)


class Line:
    """A line through a point, and what is known of the scales along it.

    Parameters
    ----------
    parameters
        The point.
    direction : (n,) array
        Where the line goes; not zero.
    """

    def __init__(self, parameters: Parameters, direction: NDArray[np.float64]) -> None:
        self._origin = parameters.vector
        self._direction = direction
        self._epsilon = parameters.epsilon
        moved = self._origin[direction != 0]
        speed = float(np.abs(direction).max())
        self._size = math.sqrt(float(moved @ moved) / moved.size) / speed or 1 / speed
        self._square = float(moved @ moved)
        # A full-length binary fraction: a step of few bits would make products exact that
        # are not exact anywhere else, and hide the rounding that is to be seen.
        self.first_step = 0.9177041 / 4 * self._size
        self._longest_step = max(8 * self.first_step, 1 / speed)

    def point(self, t: float) -> NDArray[np.float64]:
        """Return the point at t, (n,)."""
        return self._origin + t * self._direction

    def differentiate(
        self,
        along: Callable[[float], float],
        *,
        value: float | None = None,
        step: float | None = None,
        goal: float = 0.0,
    ) -> Derivative:
        """Differentiate ``along(t)`` at t = 0.

        Parameters
        ----------
        along
            A function of the position on this line.
        value
            ``along(0.0)`` where it is known already.
        step
            The first step to try; a step that served on a similar line saves evaluations.
        goal
            A bound this small is good enough.
        """
        ladder = Ladder(along, step or self.first_step, value)
        search = _Search(
            ladder,
            epsilon=self._epsilon,
            wobble=self._epsilon * self._size,
            hidden=self._square,
            highest=min(0, -math.floor(math.log2(self._longest_step / ladder.step(0)))),
            goal=goal,
        )
        return search.run()


@dataclass
class _Search:
    """The search for the window of steps with the smallest bound.

    A window whose samples deviate from its polynomial by more than rounding shows either a
    function that varies within a fraction of the step, or one that is noisy. Smaller steps
    tell them apart: there the first becomes smooth, and the second does not.

    Attributes
    ----------
    ladder
        The samples.
    epsilon
        Of the floats in which the parameters are held.
    wobble
        By how much rounding moves a point along the line.
    hidden
        The size of what may be inside of a function that shows a constant: scores u·v are
        at most half the squared norm of (u, v).
    highest
        The level of the longest step that makes sense, at most 0.
    goal
        A bound this small is good enough.
    """

    ladder: Ladder
    epsilon: float
    wobble: float
    hidden: float
    highest: int
    goal: float

    def __post_init__(self) -> None:
        bits = -math.log2(self.epsilon)
        self._offsets = (round(0.2 * bits), round(0.38 * bits))
        self._seen: dict[int, Estimate] = {}
        self._step_height = 0.0
        self._outcome: Derivative | None = None

    def run(self) -> Derivative:
        """Return the derivative."""
        if not math.isfinite(self.ladder.value):
            return self._undecided(f"the value at the point is {self.ladder.value}")
        top: int | None = 0
        while top is not None and self._is_worth_trying(top):
            top = self._examine(top)
        if self._outcome is not None:
            return self._outcome
        if not self._seen:
            return self._undecided("the values near the point are not finite")
        best = self._best()
        return Derivative(
            best.value, best.error, self.ladder.evaluations, step=self.ladder.step(best.top)
        )

    def _is_worth_trying(self, top: int) -> bool:
        return (
            top not in self._seen and top <= DEEPEST and self.ladder.evaluations < MOST_EVALUATIONS
        )

    def _examine(self, top: int) -> int | None:
        """Look at one window; return the top of the one to look at next, None at the end."""
        ladder = self.ladder
        window = list(range(top, top + LEVELS))
        fine = self._fine_levels(top)
        broken = [level for level in window + fine if not ladder.is_finite(level)]
        if broken:
            return max(broken) + 1
        if all(ladder.is_flat(level) for level in window + fine):
            return self._examine_plateau(top)
        if ladder.touches_plateau(fine[-1]):
            self._step_height = max(self._step_height, 2 * ladder.jump(fine[-1]))
        slope = max(ladder.secant(level) for level in window)
        rounding = self._rounding([*ladder.values(window + fine), ladder.value], slope)
        floor = max(rounding, self._step_height)
        estimate = extrapolate(ladder, top, fine, floor, rounding)
        self._seen[top] = estimate
        if not estimate.is_clean:
            return self._after_deviation(estimate, top, window, fine)
        if estimate.truncation > 4 * estimate.noise:
            return top + self._levels_down(estimate)
        return self._after_success(estimate, top, slope)

    def _fine_levels(self, top: int) -> list[int]:
        """Return two levels far below the window, taken from what is sampled if possible."""
        wanted = [top + offset for offset in self._offsets]
        known = [self.ladder.known_near(level, 3) for level in wanted]
        return [
            level if near is None or near < top + LEVELS else near
            for level, near in zip(wanted, known, strict=True)
        ]

    def _rounding(self, values: list[float], slope: float) -> float:
        largest = max(abs(value) for value in values)
        return ULPS * self.epsilon * largest + self.wobble * slope

    # ------------------------------------------------------------- constant to the last bit

    def _examine_plateau(self, top: int) -> int | None:
        """Decide on a window in which the function does not move at all."""
        ladder = self.ladder
        inner = range(top + LEVELS, DEEPEST, LEVELS)
        moving = [level for level in inner if not ladder.is_flat(level)]
        if moving:  # narrower than the window, and odd: its coarse samples are all equal
            return moving[0] - 2
        outer = [
            level for level in range(min(self.highest, top - 2), top, 2) if ladder.is_finite(level)
        ]
        largest = max(abs(value) for value in [*ladder.values(outer), ladder.value, self.hidden])
        error = (ULPS * self.epsilon * largest + 2 * ladder.jump(top)) / ladder.step(top)
        self._outcome = Derivative(0.0, error, ladder.evaluations, step=ladder.step(top))
        return None

    # ----------------------------------------------------------- off the polynomial: noise?

    def _after_deviation(
        self, estimate: Estimate, top: int, window: list[int], fine: list[int]
    ) -> int | None:
        difference = self._kink(estimate, [window[-1], *fine])
        if difference:
            self._outcome = self._undecided(
                "not differentiable here: the slopes on the two sides differ by "
                f"{abs(difference):.3g}"
            )
            return None
        if self._is_noise(estimate, top, fine[-1]):
            return None
        return self._resolving_level(top, window, fine)

    def _kink(self, estimate: Estimate, levels: list[int]) -> float:
        """Return the jump of the slope at the point itself, 0 if it has none.

        The mean of both sides falls with h² where the function is smooth, with h at a kink;
        noise does neither over a range of steps this wide.
        """
        halves = [self.ladder.bend(level) / self.ladder.step(level) for level in levels]
        smallest, largest = min(map(abs, halves)), max(map(abs, halves))
        visible = 32 * estimate.floor / self.ladder.step(levels[-1])
        one_sign = len({math.copysign(1, half) for half in halves}) == 1
        if one_sign and smallest > 0.8 * largest and smallest > visible:
            return 2 * halves[-1]
        return 0.0

    def _is_noise(self, estimate: Estimate, top: int, finest: int) -> bool:
        """Tell whether the deviation is as large at far smaller steps, and those no better."""
        ladder = self.ladder
        deviation = max(
            abs(ladder.bend(finest)),
            abs(ladder.slope(finest) - estimate.value) * ladder.step(finest),
        )
        persists = ladder.touches_plateau(finest) or deviation > estimate.residual / 30
        coarser = [
            seen.error for level, seen in self._seen.items() if level < top and not seen.is_clean
        ]
        return persists and min(coarser, default=math.inf) < estimate.error

    def _resolving_level(self, top: int, window: list[int], fine: list[int]) -> int:
        """Return the largest step at which the slope is near what the finest steps show."""
        ladder = self.ladder
        slopes = [ladder.slope(level) for level in fine]
        scale = max(ladder.secant(level) for level in fine)
        if abs(slopes[0] - slopes[1]) > 0.1 * scale:
            return fine[0] - 2
        near = [level for level in window if abs(ladder.slope(level) - slopes[0]) < 0.1 * scale]
        return max(top + 1, near[0]) if near else window[-1]

    # ------------------------------------------------------------------- on the polynomial

    @staticmethod
    def _levels_down(estimate: Estimate) -> int:
        """Return by how many halvings truncation would meet noise."""
        ratio = estimate.truncation / estimate.noise
        return min(LEVELS - 1, max(1, math.ceil(math.log2(ratio) / (2 * estimate.count + 1))))

    def _after_success(self, estimate: Estimate, top: int, slope: float) -> int | None:
        goal = max(self.goal, IMPROVEMENT * slope)
        largest_step_is_best = estimate.top == top
        if estimate.error <= goal or not largest_step_is_best or top <= self.highest:
            return None
        return max(self.highest, top - math.ceil(math.log2(estimate.error / goal)))

    def _best(self) -> Estimate:
        """Return the smallest bound, unless a clean window of smaller steps contradicts it."""
        best = min(self._seen.values(), key=lambda estimate: estimate.error)
        for top in sorted(self._seen):
            other = self._seen[top]
            if other.top > best.top and other.is_clean and other.contradicts(best):
                best = other
        return best

    def _undecided(self, reason: str) -> Derivative:
        return Derivative(math.nan, math.inf, self.ladder.evaluations, reason)
