"""The search for the steps at which a numerical derivative is known best."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from gradcheck.extrapolation import LEVELS, SAFETY, Estimate, extrapolate
from gradcheck.ladders import Ladder

__all__ = ["Derivative", "Search"]

SUBNORMAL = 1e-306
"""Below the normal numbers the last place no longer shrinks with the value."""

DEEPEST = 44
"""No step is smaller than 2**-44 of the first or so: rounding would be all there is to see."""

MOST_EVALUATIONS = 120
"""Where that many evaluations have not settled it, more will not."""

IMPROVEMENT = 1e-11
"""A bound this small relative to the slope is not worth more evaluations."""

FLAT = 1e-6
"""A function is flat where its slope is below this part of what is seen further out."""

EDGE_DOUBLINGS = 24
EDGE_BISECTIONS = 20
"""How far the edge of a smooth piece is looked for, and how closely."""

ORDINARY = 64.0
"""Deviations up to this many times the expected rounding come from sums inside."""

SATURATED = 1e-3
"""A loss below this part of the scores that may be inside is taken to be saturated."""

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
    steepness
        The slope of the steepest secant that was sampled, as far as the function's own size
        explains it: what a difference in the derivative is large or small against, where
        the derivative itself is next to 0.
    sweep
        What was seen on the way: (h, central difference quotient at h), smallest h first.
    """

    value: float
    error: float
    evaluations: int
    reason: str = ""
    step: float = math.nan
    steepness: float = 0.0
    sweep: tuple[tuple[float, float], ...] = field(default=(), repr=False)


@dataclass
class Search:
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
    is_zero
        Whether all that moves along the line is 0 at the point.
    hidden
        The size of what may be inside of a function that shows a constant: scores u·v are
        at most half the squared norm of (u, v).
    outermost
        The level of the longest step that makes sense, at most 0.
    may_grow
        Whether steps longer than the first may be used for the derivative.
    goal
        A bound this small is good enough.
    """

    ladder: Ladder
    epsilon: float
    wobble: float
    is_zero: bool
    hidden: float
    outermost: int
    may_grow: bool
    goal: float

    def __post_init__(self) -> None:
        bits = -math.log2(self.epsilon)
        self._offsets = (round(0.2 * bits), round(0.38 * bits))
        # Points that are close to each other differ in few entries then, and their noise is
        # one: a level in the midst of the window is a better sample of it.
        self._has_few_bits = bits < 30
        self._seen: dict[int, Estimate] = {}
        self._step_height = 0.0
        self._outcome: Derivative | None = None
        self._is_settled = False
        self._noisy: dict[int, Estimate] = {}
        self._grainy: Estimate | None = None
        self._has_grain = False

    def run(self) -> Derivative:
        """Return the derivative."""
        return replace(self._find(), sweep=self.ladder.sweep())

    def _find(self) -> Derivative:
        if not math.isfinite(self.ladder.value):
            return self._undecided(f"the value at the point is {self.ladder.value}")
        top: int | None = 0
        while top is not None and self._is_worth_trying(top):
            top = self._examine(top)
        if self._outcome is not None:
            return self._outcome
        if not self._seen:
            return self._undecided("the values near the point are not finite")
        if not self._is_settled and self._grainy is None:
            return self._undecided("the function is not smooth at any step size that was tried")
        best = self._best()
        if best is None:
            return self._undecided(
                "the function jumps close to the point: something inside is rounded"
            )
        return Derivative(
            best.value,
            best.error,
            self.ladder.evaluations,
            step=self.ladder.step(best.top),
            steepness=self._steepness(best),
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
        checks = [*fine, top + 2.5] if self._has_few_bits else fine
        broken = [level for level in [*window, *checks] if not ladder.is_finite(level)]
        if broken:
            return math.ceil(max(broken)) + 1
        if all(ladder.is_flat(level) for level in [*window, *checks]):
            self._has_grain = self._grainy is not None  # it is 0 now and then, by chance
            return None if self._has_grain else self._examine_plateau(top)
        slope = ladder.secant(window[-1])
        roundings = [self._rounding(level) for level in window]
        estimate = self._extrapolate(top, checks, roundings)
        should_move = slope * ladder.step(fine[-1]) > roundings[-1]
        may_stand = should_move or ladder.touches_plateau(window[-1])
        if may_stand and not estimate.is_grainy and self._follow_plateau(fine[-1]):
            estimate = self._extrapolate(top, checks, roundings)
        self._seen[top] = estimate
        if self._is_grain(estimate):
            return None
        if estimate.is_grainy:
            return round(fine[0]) - 2
        if not estimate.is_clean:
            return self._after_deviation(estimate, top, window, fine)
        return self._after_success(estimate, top, max(self.goal, IMPROVEMENT * slope))

    def _extrapolate(self, top: int, checks: list[float], roundings: list[float]) -> Estimate:
        return extrapolate(
            self.ladder, top, checks, roundings, self._step_height, is_zero=self.is_zero
        )

    def _fine_levels(self, top: int) -> list[float]:
        """Return two levels far below the window, taken from what is sampled if possible."""
        wanted = [top + offset for offset in self._offsets]
        known = [self.ladder.known_near(level, 5) for level in wanted]
        return [
            level if near is None or near < top + LEVELS else near
            for level, near in zip(wanted, known, strict=True)
        ]

    def _rounding(self, level: int) -> float:
        """Return the rounding error, at one level, of a function that is computed well."""
        ladder = self.ladder
        values = [*ladder.pair(level), ladder.value]
        largest = max(SUBNORMAL, *(abs(value) for value in values))
        return ULPS * self.epsilon * largest + self.wobble * ladder.secant(level)

    def _follow_plateau(self, level: float) -> bool:
        """Find out how high the steps are, where the function stands still but should not.

        Tells whether they are higher than was known.
        """
        known = self._step_height
        if self.ladder.touches_plateau(level):
            self._step_height = max(known, 2 * self.ladder.jump(level))
        return self._step_height > known

    # ------------------------------------------------------------- constant to the last bit

    def _examine_plateau(self, top: int) -> int | None:
        """Decide on a window in which the function does not move at all."""
        ladder = self.ladder
        inner = range(top + LEVELS, DEEPEST, LEVELS)
        moving = [level for level in inner if not ladder.is_flat(level)]
        if moving:  # narrower than the window, and odd: its coarse samples are all equal
            return moving[0] - 2
        outer = [
            level
            for level in range(min(self.outermost, top - 2), top, 2)
            if ladder.is_finite(level)
        ]
        largest = max(abs(value) for value in [*ladder.values(outer), ladder.value, self.hidden])
        step = ladder.step(top)
        self._outcome = Derivative(
            0.0,
            (ULPS * self.epsilon * largest + 2 * ladder.jump(top)) / step,
            ladder.evaluations,
            step=step,
            steepness=max(self.hidden / step, ladder.steepest(top)),
        )
        return None

    # ----------------------------------------------------------- off the polynomial: noise?

    def _after_deviation(
        self, estimate: Estimate, top: int, window: list[int], fine: list[float]
    ) -> int | None:
        difference = self._kink(estimate, [window[-1], *fine])
        if difference:
            self._outcome = self._undecided(
                "not differentiable here: the slopes on the two sides differ by "
                f"{abs(difference):.3g}"
            )
            return None
        if self._persists(estimate, fine[-1]):
            coarser = [seen.error for level, seen in self._noisy.items() if level < top]
            self._noisy[top] = estimate
            if min(coarser, default=math.inf) < estimate.error:
                self._is_settled = True
                return None
        return self._resolving_level(top, window, fine)

    def _kink(self, estimate: Estimate, levels: list[float]) -> float:
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

    def _persists(self, estimate: Estimate, finest: float) -> bool:
        """Tell whether the deviation is noise: the function as rough at far smaller steps."""
        slight = estimate.residual <= ORDINARY * estimate.floor
        if slight or self.ladder.touches_plateau(finest):
            return True
        return self.ladder.roughness(finest) > estimate.residual / 10

    def _resolving_level(self, top: int, window: list[int], fine: list[float]) -> int:
        """Return the largest step at which the slope is near what the finest steps show."""
        ladder = self.ladder
        slopes = [ladder.slope(level) for level in fine]
        scale = max(ladder.secant(level) for level in fine)
        if abs(slopes[0] - slopes[1]) > 0.1 * scale:
            return round(fine[0]) - 2
        near = [level for level in window if abs(ladder.slope(level) - slopes[0]) < 0.1 * scale]
        return max(top + 1, near[0]) if near else window[-1]

    # ------------------------------------------------- rounding in proportion to the step?

    def _is_grain(self, estimate: Estimate) -> bool:
        """Tell whether a suspicion is confirmed: far smaller steps do no better.

        They do where a function varies within the window, and only there: rounding in
        proportion to the step leaves the slope as uncertain at all steps. What one window
        shows of it is chance; of two, the larger bound counts. Where the smaller steps are
        noisy, too, the chance is theirs as well.
        """
        known = self._grainy
        chance = SAFETY if estimate.is_clean else SAFETY * SAFETY
        if known is None or chance * estimate.error < known.error:
            self._grainy = estimate if estimate.is_grainy else known
            return False
        if estimate.top < known.top + LEVELS:
            return False
        if estimate.is_grainy:
            self._grainy = max(known, estimate, key=lambda seen: seen.error)
        self._is_settled = self._has_grain = True
        return True

    # ------------------------------------------------------------------- on the polynomial

    def _after_success(self, estimate: Estimate, top: int, goal: float) -> int | None:
        self._is_settled = True
        if estimate.error <= goal or goal == 0 or math.isinf(estimate.error):
            return None
        if estimate.truncation > 4 * estimate.noise:
            return top + self._levels_down(estimate)
        if estimate.top > top:  # the larger steps of this window do harm
            return estimate.top
        return self._larger_steps(estimate, top, goal)

    @staticmethod
    def _levels_down(estimate: Estimate) -> int:
        """Return by how many halvings truncation would meet noise."""
        ratio = estimate.truncation / estimate.noise
        return min(LEVELS - 1, 1 + math.ceil(math.log2(ratio) / (2 * estimate.count + 1)))

    def _larger_steps(self, estimate: Estimate, top: int, goal: float) -> int | None:
        """Return where noise would be small enough, if that is worth a try."""
        if not self.may_grow or top <= self.outermost:
            return None
        return max(self.outermost, top - math.ceil(math.log2(estimate.error / goal)))

    def _best(self) -> Estimate | None:
        """Return the smallest bound among the windows that resolve the function.

        A window that deviates from its polynomial by more than noise does not. None where
        one that does is a piece of a function that jumps.
        """
        if self._grainy is not None and (self._has_grain or not self._is_settled):
            return self._grainy
        resolved = [seen for top, seen in self._seen.items() if seen.is_clean or top in self._noisy]
        best = min(resolved, key=lambda estimate: estimate.error)
        for other in sorted(resolved, key=lambda estimate: estimate.top):
            if other.top > best.top and other.is_clean and other.contradicts(best):
                best = other
        coarser = [seen.top for seen in self._seen.values() if seen.contradicts(best)]
        if best.is_clean and min(coarser, default=best.top) < best.top:
            return None if self._jumps(best) else best
        return best

    def _jumps(self, piece: Estimate) -> bool:
        """Tell whether the function leaves a smooth piece of it, seen from close by, in a jump.

        If so, something inside is rounded, and the slope of the piece is none of the
        function that is meant: (1 - cos x)/x² near 0 is an example.
        """
        inside = self.ladder.step(piece.top)
        if self._departure(piece, inside) > 1:
            return False
        for _ in range(EDGE_DOUBLINGS):
            outside = 2 * inside
            if self._departure(piece, outside) > 1:
                break
            inside = outside
        else:
            return False
        for _ in range(EDGE_BISECTIONS):
            middle = (inside + outside) / 2
            if self._departure(piece, middle) > 1:
                outside = middle
            else:
                inside = middle
        return self._departure(piece, outside) > 64

    def _departure(self, piece: Estimate, t: float) -> float:
        """Return the distance from a piece's cubic, in units of what rounding explains."""
        ladder = self.ladder
        h = ladder.step(piece.top)
        quadratic = ladder.bend(piece.top) / h**2
        cubic = (ladder.slope(piece.top) - piece.value) / h**2
        expected = ladder.value + t * (piece.value + t * (quadratic + t * cubic))
        visible = 64 * piece.floor * (1 + (t / h) ** 3)
        return abs(ladder.sample(t) - expected) / visible

    def _steepness(self, best: Estimate) -> float:
        """Return the steepest secant down to the steps of the best window.

        Where the function is flat here, larger steps show whether it is steep elsewhere: a
        loss that is saturated is, one that hides its derivative behind a large offset is not.
        """
        steepest = self.ladder.steepest(best.top + best.count)
        if best.error > FLAT * steepest:
            self.ladder.values(list(range(self.outermost, 0, 2)))
            steepest = self.ladder.steepest(best.top + best.count)
        if abs(self.ladder.value) < SATURATED * self.hidden:
            steepest = max(steepest, self.hidden / self.ladder.step(self.outermost))
        # An exponential is steep somewhere, and that excuses nothing here.
        return min(steepest, max(abs(self.ladder.value), self.hidden) / self.ladder.step(0))

    def _undecided(self, reason: str) -> Derivative:
        return Derivative(math.nan, math.inf, self.ladder.evaluations, reason)
