"""The search for the steps that give a numerical derivative best.

It is long since it is one class: each rule of its table reads and moves the same few windows.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import Any

from gradcheck.numerical.derivative import Derivative, Obstacle, Scales
from gradcheck.numerical.extrapolation import LEVELS, SAFETY, Estimate, extrapolate
from gradcheck.numerical.samples import Samples

__all__ = ["ALIKE", "LOSS_ULPS", "VISIBLE", "Search"]

SUBNORMAL = 1e-306
"""Below the normal numbers the last place no longer shrinks with the value."""

DEEPEST = 44
"""No step is smaller than 2**-44 of the first or so: rounding would be all there is to see."""

FLOATS = 16.0
"""The narrowest feature that is looked for, in floats of the point: below, rounding is a tenth."""

MOST_EVALUATIONS = 120
"""Where that many evaluations have not settled it, more will not."""

IMPROVEMENT = 1e-11
"""A bound this small relative to the slope is not worth more evaluations."""

FLAT = 1e-6
"""A function is flat where its slope is below this part of those further out."""

EDGE_DOUBLINGS = 24
EDGE_BISECTIONS = 20
"""Doublings of a step until it leaves a smooth piece, at most, and bisections back to its edge."""

ORDINARY = 64.0
"""Deviations up to this many times the expected rounding come from sums inside."""

VISIBLE = 32.0
"""A kink is seen where it is so many times the rounding of the mean of both sides."""

ALIKE = 0.2
"""Far below the window, curvature and noise are no more than this part of a kink's jump."""

PLAIN = 8
"""A function may be steeper than its entries' size suggests, down to this level. What is smooth at
far smaller steps alone may be noise, seen from close by."""

STEEPEST = 1e3
"""The largest slope that excuses a saturated loss, in units of the function and the first step. Its
value is small beside its slopes elsewhere, which are those of its scores."""

STEPPED = 2.0**-10
"""A loss that jumps by this part of its values, and more, is a stepped one; lower steps are the
last places of a smooth loss that is saturated."""

LAST_PLACES = 16.0
"""Nor is a step one that is no more than so many last places of 1: losses that are next to nothing
at the point often hold a 1 inside, as ``sqrt(1 + x**2) - 1`` does at 1e-8. It is the one bound here
that is absolute, since that 1 is."""

STRIDE = 4
"""Levels from one sample to the next, where a function that stands still is sought to move."""

TIGHT = 1e-4
"""A function that has no value on either side farther out than this part of the entries' size
may be defined on a set that the line leaves: inside, a tolerance of its own lets it pass."""

LOSS_ULPS = 4.0
"""The error of a function that is computed well, in units of the last place of its values."""


class Search:
    """The search for the window of steps with the smallest bound.

    A window is six steps, h to h/32, and two far below, which do not go into the value. The search
    begins at a step that is small beside the size of what moves, and looks at one window after
    the other; each says which is next, or that it is the last. What a window's samples show:

    ============================  ===========================  =================================
    a window shows                it means                     next comes
    ============================  ===========================  =================================
    a value that is not finite    the edge of a domain         the step below it
    all values the same, to the   a plateau: flat, or steps    how far it reaches, and how high
    last bit                      of a staircase               the step is at its edge; where it
                                                               reaches far, the first step at
                                                               which the function moves at all
    a mean of both sides that     a kink at the point          the end: there is no derivative
    falls with h, far below too
    two sides that stay apart     a jump at the point          the end
    slopes that are off by the    rounding in proportion to    a window far below: it is as
    same at all steps             the step (at a point of 0)   far off, or that was an accident
    samples off the polynomial,   noise                        the step at which it is least;
    and far below as far                                       the end, when it grows
    samples off the polynomial,   a function that varies       the step at which its slope is
    and far below less            within the steps             that of the steps far below
    samples on it, truncation     steps that are too long      the step at which both meet
    above rounding
    samples on it, rounding       steps that are too short     longer ones, as long as they may
    above truncation                                           grow
    samples on it, and a bound    what was looked for          the end
    as small as is asked for
    ============================  ===========================  =================================

    In the end the smallest bound counts among the windows that resolve the function, on the
    condition that none with smaller steps contradicts it. Windows far beyond the size of what
    moves are kept apart: they can confirm a claim, and refute none (see `_far`).

    Parameters
    ----------
    samples
        The samples.
    scales
        Of the line along which they are taken.
    """

    def __init__(self, samples: Samples, scales: Scales) -> None:
        self.samples = samples
        self.scales = scales
        bits = -math.log2(scales.point_epsilon)
        # Far below a window, in proportion to the bits that the point has.
        self._offsets = (round(0.2 * bits), round(0.38 * bits))
        # Points that are close to each other differ in few entries then, and their noise is
        # one: a level in the midst of the window is a better sample of it.
        self._has_few_bits = bits < 30
        self._windows: dict[int, Estimate] = {}
        self._noisy_windows: dict[int, Estimate] = {}
        self._plateau: Derivative | None = None
        # The height of the steps in which the function was seen to move, where it should not.
        self._step_height = 0.0
        # A window that shows rounding in proportion to the step, and whether another confirms it.
        self._proportional: Estimate | None = None
        self._is_proportional = False
        # Whether a window resolves the function, or is known to be noise.
        self._is_settled = False
        # Why there is no derivative, and the slopes on both sides of a kink.
        self._end: tuple[Obstacle, str] | None = None
        self._slopes: tuple[float, float] | None = None

    def run(self) -> Derivative:
        """Return the derivative."""
        if not math.isfinite(self.samples.value):
            return self._undecided("edge", f"the value at the point is {self.samples.value}")
        top: int | None = 0
        while top is not None and self._is_worth_trying(top):
            top = self._examine(top)
        if self._end:
            return self._undecided(*self._end)
        smooth = self._smooth()
        if smooth is None and self._plateau is None:
            # Missing values are the obstacle only if no window could be evaluated in full.
            domain = self._domain() if not self._windows else ""
            rough: tuple[Obstacle, str] = (
                ("edge", domain) if domain else ("rough", self._roughness())
            )
            return self._undecided(*(self._end or rough))
        found = min(filter(None, [smooth, self._plateau]), key=lambda found: found.error)
        samples = self.samples
        evaluations, is_constant = samples.evaluations, samples.is_constant
        return replace(found, far=self._far(), evaluations=evaluations, is_constant=is_constant)

    def _smooth(self) -> Derivative | None:
        """Return the best window's derivative, None where no window resolves the function."""
        if not self._is_settled and self._proportional is None:
            return None
        best = self._best()
        if best is None:
            return None
        window = range(best.top, best.top + best.count)
        return self._derivative(
            best.value,
            best.error,
            step=self.samples.step(best.top),
            change=self.samples.movement(self.samples.step(best.top)),
            steepness=self._steepness(best),
            noise=max(best.residual, best.floor),
            is_quiet=best.residual <= ORDINARY * best.floor,
            is_plain=best.is_clean and not best.is_grainy and best.top <= PLAIN,
            is_smooth=best.is_clean or best.is_grainy or best.residual > ORDINARY * best.floor,
            is_plateau=all(self.samples.is_flat(level) for level in window),
        )

    def _far(self) -> tuple[float, float]:
        """Return the derivative and its bound from steps far beyond the entries' own size.

        Entries may be tiny beside what the function varies with: 1 + x at x = 1e-17. But noise
        may hide close by what an asymptote does not show, too. So these steps can confirm a claim
        that is just their number, and refute none.
        """
        far = [
            seen
            for seen in self._windows.values()
            if seen.top < self.scales.rim and seen.is_clean and self._shows_something(seen)
        ]
        best = min(far, key=lambda seen: seen.error, default=None)
        return (best.value, best.error) if best else (math.nan, math.inf)

    def _derivative(self, value: float, error: float, **known: Any) -> Derivative:
        samples, scales = self.samples, self.scales
        return Derivative(
            value,
            error,
            samples.evaluations,
            movement=samples.movement(scales.size),
            largest=samples.largest(samples.step(scales.rim)),
            domain=self._domain(),
            is_tight=self._is_tight(),
            sweep=samples.sweep(),
            **known,
        )

    def _undecided(self, obstacle: Obstacle, reason: str) -> Derivative:
        return self._derivative(
            math.nan, math.inf, reason=reason, obstacle=obstacle, slopes=self._slopes
        )

    def _domain(self) -> str:
        """Say where the function has no value; empty where it has one everywhere."""
        samples = self.samples
        failed = [abs(t) for t, value in samples.taken if not math.isfinite(value)]
        if not failed:
            return ""
        what = "the values are not finite"
        if samples.raised:
            what = min(samples.raised, key=lambda raised: abs(raised[0]))[1]
        return (
            f"{what}, at {len(failed)} of {len(samples.taken)} points, those farther than "
            f"{min(failed) * self.scales.length:.1g} from the point on a line through it"
        )

    def _is_tight(self) -> bool:
        """Tell whether the function has values within a tiny distance alone, on either side."""
        taken = self.samples.taken
        failed = Counter(abs(t) for t, value in taken if not math.isfinite(value))
        nearest = min((step for step, count in failed.items() if count > 1), default=math.inf)
        return nearest <= TIGHT * self.scales.size and all(
            abs(t) < nearest for t, value in taken if math.isfinite(value)
        )

    def _roughness(self) -> str:
        """Describe the slopes that were seen, where no step is small enough."""
        sweep = self.samples.sweep()
        if len(sweep) < 2:
            return "the function is not smooth at any step size that was tried"
        (fine, slope), (coarse, other) = sweep[0], sweep[len(sweep) // 2]
        return (
            "the function is not smooth at any step size that was tried: its slope is "
            f"{slope:.4g} at a step of {fine * self.scales.length:.0e} and {other:.4g} at "
            f"{coarse * self.scales.length:.0e}"
        )

    def _is_worth_trying(self, top: int) -> bool:
        return (
            # A window seen before would send the search round in circles.
            top not in self._windows
            and top <= DEEPEST
            and self.samples.evaluations < MOST_EVALUATIONS
        )

    def _examine(self, top: int) -> int | None:
        """Look at one window; return the top of the one to look at next, None at the end."""
        samples = self.samples
        window = list(range(top, top + LEVELS))
        fine = self._fine_levels(top)
        checks = [*fine, top + 2.5] if self._has_few_bits else fine
        broken = [level for level in [*window, *checks] if not samples.is_finite(level)]
        if broken:  # the largest level is the smallest step out of the domain
            return math.ceil(max(broken)) + 1
        if all(samples.is_flat(level) for level in [*window, *checks]):
            # By chance, rounding in proportion to the step may be 0 in this window.
            self._is_proportional = self._proportional is not None
            return None if self._is_proportional else self._examine_plateau(top)
        slope = samples.secant(window[-1])
        roundings = [self._rounding(level) for level in window]
        estimate = self._extrapolate(top, checks, roundings)
        # If the slope should move the function at the finest steps, or the window itself touches a
        # plateau, values that stand still there mean that something inside is rounded.
        should_move = slope * samples.step(fine[-1]) > roundings[-1]
        may_stand = should_move or samples.touches_plateau(window[-1])
        if may_stand and not estimate.is_grainy and self._follow_plateau(fine[-1]):
            estimate = self._extrapolate(top, checks, roundings)
        self._windows[top] = estimate
        if self._is_confirmed_proportional(estimate):
            return None
        if estimate.is_grainy:
            return round(fine[0]) - 2
        if not estimate.is_clean:
            return self._after_deviation(estimate, top, window, fine)
        return self._after_success(estimate, top, max(self.scales.goal, IMPROVEMENT * slope))

    def _extrapolate(self, top: int, checks: list[float], roundings: list[float]) -> Estimate:
        return extrapolate(
            self.samples, top, checks, roundings, self._step_height, is_zero=self.scales.is_zero
        )

    def _fine_levels(self, top: int) -> list[float]:
        """Return two levels far below the window, of those that are sampled if possible."""
        wanted = [top + offset for offset in self._offsets]
        known = [self.samples.known_near(level, 5) for level in wanted]
        return [
            level if near is None or near < top + LEVELS else near
            for level, near in zip(wanted, known, strict=True)
        ]

    def _rounding(self, level: int) -> float:
        """Return the rounding error, at one level, of a function that is computed well."""
        samples = self.samples
        values = [*samples.pair(level), samples.value]
        largest = max(SUBNORMAL, *(abs(value) for value in values))
        scales = self.scales
        slope = min(samples.secant(level), scales.steepest)
        return LOSS_ULPS * scales.value_epsilon * largest + scales.point_rounding * slope

    def _follow_plateau(self, level: float) -> bool:
        """Find the height of the steps, where the function stands still but should not.

        Tells whether they are higher than was known.
        """
        known = self._step_height
        if self.samples.touches_plateau(level):
            self._step_height = max(known, 2 * self.samples.edge(level).height)
        return self._step_height > known

    # ------------------------------------------------------------- constant to the last bit

    def _examine_plateau(self, top: int) -> int | None:
        """Decide on a window that does not move the function at all."""
        samples = self.samples
        moving = [level for level in self._gaps(top) if not samples.is_flat(level)]
        if moving:  # narrower than the window, and odd: its coarse samples are all equal
            return moving[0] - 2
        rim = self.scales.rim
        outer = [level for level in range(min(rim, top - 2), top, 2) if samples.is_finite(level)]
        largest = max(abs(value) for value in [*samples.values(outer), samples.value])
        # Farther out than the entries' own size it may be another plateau, with a bump between.
        step = samples.step(max(top, self.scales.brim))
        edge = samples.edge(top)
        lowest = max(STEPPED * largest, LAST_PLACES * self.scales.value_epsilon)
        is_stepped = edge.is_stepped and edge.height > lowest
        rounding = LOSS_ULPS * self.scales.value_epsilon * largest / step
        self._plateau = self._derivative(
            0.0,
            rounding + 2 * edge.height / step,
            step=step,
            steepness=samples.steepest(top),
            reach=edge.reach / self.scales.size if is_stepped else 0.0,
            is_plateau=True,
            is_saturated=edge.height > 0 and not is_stepped,
        )
        return self._first_to_move(rim) if self._plateau.error > self.scales.goal else None

    def _gaps(self, top: int) -> list[int]:
        """Return levels below a window, so that no gap between samples is wider than the window."""
        levels: list[int] = []
        above = float(top + LEVELS - 1)
        for below in [*self._fine_levels(top), DEEPEST]:
            count = math.ceil((below - above) / LEVELS)
            levels += [round(above + (below - above) * i / count) for i in range(1, count)]
            above = below
        return levels

    def _first_to_move(self, rim: int) -> int | None:
        """Return a level further out than the function's own size that moves it at last.

        Entries may be tiny beside what the function varies with: 1 + x at x = 1e-17.
        """
        if self._windows:  # it moves nearer by, and that counts
            return None
        samples = self.samples
        if any(not samples.is_flat(level) for level in (rim, 0)):
            return None
        levels = range(rim - STRIDE, self.scales.outermost - 1, -STRIDE)
        return next((level for level in levels if not samples.is_flat(level)), None)

    # ----------------------------------------------------------- off the polynomial: noise?

    def _after_deviation(
        self, estimate: Estimate, top: int, window: list[int], fine: list[float]
    ) -> int | None:
        levels = [min(window[-1], fine[0] - 3), *fine]
        # Seen from far out, anything is at the point.
        difference = self._kink(estimate, levels) if top >= self.scales.rim else 0.0
        if difference:
            slope = self.samples.slope(levels[-1])
            self._slopes = slope - difference / 2, slope + difference / 2
            self._end = (
                "kink",
                (
                    "not differentiable here: the slopes on the two sides differ by "
                    f"{abs(difference):.3g}"
                ),
            )
            return None
        height = self._jump_at_the_point(estimate, levels) if top >= self.scales.rim else 0.0
        if height:
            self._end = "jump", f"the function jumps at the point, by {height:.3g}"
            return None
        if self._persists(estimate, fine[-1]):
            # The same noise weighs more at shorter steps: once the bound grows, the best is behind.
            coarser = [seen.error for level, seen in self._noisy_windows.items() if level < top]
            self._noisy_windows[top] = estimate
            if min(coarser, default=math.inf) < estimate.error:
                self._is_settled = True
                return None
        return self._resolving_level(top, window, fine)

    def _kink(self, estimate: Estimate, levels: list[float]) -> float:
        """Return the jump of the slope at the point itself, 0 if it has none.

        The mean of both sides falls with h² where the function is smooth, with h at a kink;
        noise does neither over a range of steps this wide.

        Parameters
        ----------
        estimate
            The window's.
        levels
            One of the window's smaller steps, and two far below.
        """
        samples = self.samples
        inner, fine, finest = levels
        near, far = (samples.bend(level) / samples.step(level) for level in (fine, inner))
        # What is in proportion to the step is curvature; what is left at 0 is the kink's.
        curvature = (far - near) / (samples.step(inner) - samples.step(fine))
        half = near - curvature * samples.step(fine)
        visible = VISIBLE * estimate.floor
        if not abs(half) > visible / samples.step(fine) or abs(half - near) > ALIKE * abs(near):
            return 0.0
        # It is as large at all steps, down to the smallest at which it would be seen.
        smallest = samples.level(2 * visible / abs(half))
        for level in (inner - 2, (inner + fine) / 2, min(finest, smallest)):
            mean = samples.bend(level) / samples.step(level)
            if not abs(mean - half - curvature * samples.step(level)) <= ALIKE * abs(half):
                return 0.0
        return 2 * half

    def _jump_at_the_point(self, estimate: Estimate, levels: list[float]) -> float:
        """Return the height of the function's jump at the point itself, 0 if there is none.

        What separates the two sides is the same at all steps then, whatever their size.
        """
        samples = self.samples
        heights = [2 * abs(samples.slope(level)) * samples.step(level) for level in levels]
        if min(heights) > 64 * estimate.floor and max(heights) - min(heights) < 1e-2 * min(heights):
            return heights[-1]
        return 0.0

    def _persists(self, estimate: Estimate, finest: float) -> bool:
        """Tell whether the deviation is noise: the function as rough at far smaller steps."""
        # Not where steps grow: a feature that is hidden in noise may be averaged out there.
        slight = estimate.residual <= ORDINARY * estimate.floor and estimate.top >= 0
        if slight or self.samples.touches_plateau(finest):
            return True
        roughness = self.samples.roughness(finest)
        if roughness <= estimate.residual / 10:
            return False
        return not self._is_smooth_at_last(max(roughness, estimate.residual))

    def _is_smooth_at_last(self, noise: float) -> bool:
        """Tell whether apparent noise is a function that varies within all those steps.

        So does a sine at 1e12: its waves are far narrower than any step that is worth a try
        elsewhere, and still as wide as thousands of floats. Noise that is small beside what the
        function moves by is noise, however smooth it is at last.
        """
        samples, scales = self.samples, self.scales
        last = samples.level(FLOATS * scales.point_epsilon * scales.size)
        return (
            noise > samples.movement(scales.size) / 8
            and samples.is_finite(last)
            and not samples.touches_plateau(last)
            and samples.roughness(last) <= noise / 10
        )

    def _resolving_level(self, top: int, window: list[int], fine: list[float]) -> int:
        """Return the level of the largest step with a slope near that of the finest steps."""
        samples = self.samples
        slopes = [samples.slope(level) for level in fine]
        scale = max(samples.secant(level) for level in fine)
        if abs(slopes[0] - slopes[1]) > 0.1 * scale:  # it varies within the finest steps, too
            return round(fine[0]) - 2
        near = [level for level in window if abs(samples.slope(level) - slopes[0]) < 0.1 * scale]
        return max(top + 1, near[0]) if near else window[-1]

    # ------------------------------------------------- rounding in proportion to the step?

    def _is_confirmed_proportional(self, estimate: Estimate) -> bool:
        """Tell whether a suspicion is confirmed: far smaller steps do no better.

        They do where a function varies within the window, and only there: rounding in
        proportion to the step leaves the slope as uncertain at all steps. What one window
        shows of it is chance; of two, the larger bound counts. Where the smaller steps are
        noisy, too, the chance is theirs as well.
        """
        known = self._proportional
        chance = SAFETY if estimate.is_clean else SAFETY * SAFETY
        if known is None or chance * estimate.error < known.error:
            self._proportional = estimate if estimate.is_grainy else known
            return False
        if estimate.top < known.top + LEVELS:
            return False
        if estimate.is_grainy:
            self._proportional = max(known, estimate, key=lambda seen: seen.error)
        self._is_settled = self._is_proportional = True
        return True

    # ------------------------------------------------------------------- on the polynomial

    def _after_success(self, estimate: Estimate, top: int, goal: float) -> int | None:
        self._is_settled = True
        if estimate.error <= goal or goal == 0 or math.isinf(estimate.error):
            return None
        if estimate.truncation > 4 * estimate.noise:
            # A halving makes truncation smaller by 2**(2 count), and noise twice as large.
            ratio = estimate.truncation / estimate.noise
            halvings = math.ceil(math.log2(ratio) / (2 * estimate.count + 1))
            return top + min(LEVELS - 1, 1 + halvings)
        if estimate.top > top:  # the larger steps of this window do harm
            return estimate.top
        outermost = self.scales.outermost
        if top <= outermost:
            return None
        # A doubling makes noise half as large.
        return max(outermost, top - math.ceil(math.log2(estimate.error / goal)))

    def _best(self) -> Estimate | None:
        """Return the smallest bound among the windows that resolve the function.

        A window that deviates from its polynomial by more than noise does not. None where
        there is none, or where one that does is a piece of a function that jumps.
        """
        if self._proportional is not None and (self._is_proportional or not self._is_settled):
            return self._proportional
        resolved = [
            seen
            for top, seen in self._windows.items()
            if (seen.is_clean or top in self._noisy_windows) and top >= self.scales.rim
        ]
        if not resolved:
            return None
        best = min(resolved, key=lambda estimate: estimate.error)
        # In order of shrinking steps: the shortest have the last word.
        for other in sorted(resolved, key=lambda estimate: estimate.top):
            if other.top > best.top and other.is_clean and other.contradicts(best):
                best = other
        coarser = [seen.top for seen in self._windows.values() if seen.contradicts(best)]
        if best.is_clean and min(coarser, default=best.top) < best.top and self._jumps(best):
            self._end = (
                "rounding",
                "the function jumps close to the point: something inside is rounded",
            )
            return None
        return best

    def _shows_something(self, estimate: Estimate) -> bool:
        """Tell whether the function moves by far more than its noise within a window."""
        samples = self.samples
        change = samples.secant(estimate.top) * samples.step(estimate.top)
        return change > ORDINARY * max(estimate.residual, estimate.floor)

    def _jumps(self, piece: Estimate) -> bool:
        """Tell whether the function leaves a smooth piece of it, seen from close by, in a jump.

        If so, something inside is rounded, and the slope of the piece is none of the
        function that is meant: (1 - cos x)/x² near 0 is an example.
        """
        inside = self.samples.step(piece.top)
        if self._departure(piece, inside) > 1:  # the cubic fails even there
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
        """Return the distance from a piece's cubic, in units of visible rounding."""
        samples = self.samples
        h = samples.step(piece.top)
        quadratic = samples.bend(piece.top) / h**2
        cubic = (samples.slope(piece.top) - piece.value) / h**2
        expected = samples.value + t * (piece.value + t * (quadratic + t * cubic))
        visible = 64 * piece.floor * (1 + (t / h) ** 3)
        return abs(samples.sample(t) - expected) / visible

    def _steepness(self, best: Estimate) -> float:
        """Return the steepest slope down to the steps of the best window.

        Where the function is flat here, larger steps show whether it is steep elsewhere: a
        loss that is saturated is, one that hides its derivative behind a large offset is not.
        """
        end = best.top + best.count
        steepest = self.samples.steepest(end)
        if best.error > FLAT * steepest:
            self.samples.values(list(range(self.scales.brim, 0, 2)))
            steepest = self.samples.steepest(end)
        # An exponential is steep somewhere, and that excuses nothing here.
        return min(steepest, STEEPEST * abs(self.samples.value) / self.samples.step(0))
