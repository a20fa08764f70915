"""Probes: a claimed gradient against the loss, along one direction at a time."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gradcheck.derivative import Derivative
from gradcheck.derivatives import Line
from gradcheck.ladders import Ladder
from gradcheck.parameters import norm
from gradcheck.stepping import LOSS_ULPS
from gradcheck.subjects import Subject, same

__all__ = ["PIECE", "Claim", "Probe", "Prober", "Verdict", "aligned", "direction"]

FloatArray = NDArray[np.float64]

Verdict = Literal["agrees", "disagrees", "undecided"]

GOAL = 3e-11
"""A bound this small, relative to the gradient, is not worth more evaluations."""

SHARP = 1e-4
"""Nor is a smaller one, relative to the part of the gradient that a direction moves along."""

ULPS = 8.0
"""The rounding error of one entry of a gradient that is computed well, in its last place."""

JITTER = 8.0
"""A claim may be off by so many times what it changes when its point moves by an ulp."""

ANOTHER_DECADE = 0.7136 / 16
"""A disagreement is measured again with steps in another decade: kinks lie at some distance."""

NEARBY = 0.7136
"""A step that is nearly another one, and no power of 2 of it."""

JUMPS = 20.0
"""So many times the slope of a jump further out is added to a tolerance.

With the height J of one jump at a distance H, the rounding that shows in jumps changes the slope
by about J/H; several jumps of a line add up.
"""

RESOLUTION = {float(np.finfo(np.float64).eps): 1e-6, float(np.finfo(np.float32).eps): 2e-2}
"""Where the bound exceeds this part of the gradient, nothing is decided; by precision."""

REPEATED = 24
"""Samples that are taken again before a claim is called wrong."""

PIECE = 1 / 16
"""A loss that stands still this far on both sides, in units of the entries' size, and then jumps,
is taken at its word: its derivative is 0. Where it jumps sooner, a smooth loss may be rounded."""

TINY_PART = 1e-6
"""Entries that are claimed to be 0 are known well enough to this part of the whole gradient."""

SAMPLES_ELSEWHERE = 8
"""Points like the given one at which a loss that stands still is asked how large it can be."""

ENTRIES_ALONE = 8
"""About so many entries are moved one by one where no step along a line stays in the domain,"""

FAR_ENOUGH = 1e-3
"""by this part of their size: more than a tolerance, and within most domains."""

STILL = 4.0
"""A loss that changes by no more than so many units of its last place does not move."""

LEVEL = 3.0
"""A gradient that is next to nothing beside the slopes around it is known well enough sooner."""


@dataclass(frozen=True)
class Claim:
    """The gradient that somebody says is right, and how far it may be off for rounding alone.

    Attributes
    ----------
    gradient : (n,) array
        Finite.
    epsilon
        The spacing at 1 of the floats in which it was computed.
    jitter
        How it changed, (n,) each time, when the point was moved by an ulp.
    floor
        An error that is allowed along any direction, in units of the loss.
    ulps
        The rounding error of an entry, in its last place.
    """

    gradient: FloatArray
    epsilon: float
    jitter: tuple[FloatArray, ...] = ()
    floor: float = 0.0
    ulps: float = ULPS

    def rounding(self, direction: FloatArray) -> float:
        """Return by how much rounding may move the inner product with a direction (n,)."""
        terms = self.ulps * self.epsilon * float(np.abs(self.gradient * direction).sum())
        moved = max((norm(change * direction) for change in self.jitter), default=0.0)
        return terms + JITTER * moved + self.floor


@dataclass(frozen=True)
class Probe:
    """A claimed gradient against the loss, along one direction z.

    Attributes
    ----------
    label
        Which entries the direction moves.
    direction : (n,) array
        z.
    claimed
        The inner product of the claimed gradient and z.
    numerical
        The numerical derivative of the loss along z, with its error bound.
    tolerance
        How far both may be apart where the claimed gradient is right.
    verdict
        "undecided" where the tolerance is too large for agreement to mean anything.
    rounding, allowed
        The parts of the tolerance that are the claim's: its rounding, and what `precision`
        allows for each array (arrays,).
    shares : (arrays,) array
        The claimed derivative's parts, an array each.
    size
        The t at which a typical entry has moved by its own size along z.
    span
        How far entries move for each unit of t: 1 where they are uniform up to their own sizes.
    reason
        Why it is undecided, if not for the size of the tolerance.
    """

    label: str
    direction: FloatArray
    claimed: float
    numerical: Derivative
    tolerance: float
    verdict: Verdict
    rounding: float = 0.0
    allowed: FloatArray | None = None
    shares: FloatArray | None = None
    size: float = 1.0
    span: float = 1.0
    reason: str = ""

    @property
    def discrepancy(self) -> float:
        """The distance between claimed and numerical derivative."""
        return abs(self.claimed - self.numerical.value)

    def refuses(self, factors: FloatArray) -> bool:
        """Tell whether the same numbers refute the claim with its arrays multiplied, (arrays,)."""
        if self.shares is None or self.allowed is None:
            return False
        claimed = self.claimed + float((factors - 1) @ self.shares)
        scale = np.abs(factors)
        tolerance = (
            self.numerical.error
            + self.rounding * max(1.0, float(scale.max()))
            + float(norm(scale * self.allowed))
        )
        return abs(claimed - self.numerical.value) > tolerance


def direction(sizes: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw a direction through all entries, (n,).

    Each entry is uniform on [-s, s], where s is its own size: for a residual
    r = claimed - true, P(abs(r·z) <= τ) <= τ / max(abs(r) s), whatever r is. (Random signs do
    not have this property: two equal and opposite errors cancel half the time.)

    Parameters
    ----------
    sizes : (n,) array
        Of the entries.
    rng
        Where the direction is drawn from.
    """
    return sizes * rng.uniform(-1, 1, sizes.size)


def aligned(sizes: FloatArray, claimed: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw a direction with the signs of the claimed gradient, (n,).

    Each entry is uniform on [0, s] or [-s, 0]. All terms of the claimed derivative add up, so
    that a wrong factor shows far sooner; the probability of a miss is at most twice as large.
    """
    signs = np.where(claimed == 0, rng.choice((-1.0, 1.0), sizes.size), np.sign(claimed))
    return sizes * signs * rng.uniform(0, 1, sizes.size)


class Prober:
    """Probes of one claim.

    Parameters
    ----------
    subject
        Whose loss is evaluated.
    value
        Its value at the point.
    claim
        The claimed gradient.
    precision
        The relative error that is allowed to the gradient on top of what the numerical
        derivative leaves open, and up to which that must be known. None: no error is
        allowed, and the derivative must be known to 1e-6 (2e-2 in float32).
    """

    def __init__(
        self, subject: Subject, value: float, claim: Claim, precision: float | None
    ) -> None:
        self.subject = subject
        self.value = value
        self.claim = claim
        self.precision = precision
        self.coarseness = max(subject.parameters.epsilon, subject.loss_epsilon)
        self.resolution = precision or RESOLUTION.get(self.coarseness, max(RESOLUTION.values()))
        self.nothing = STILL * max(self.coarseness, claim.epsilon) * abs(value)
        self.whole = norm(claim.gradient * subject.parameters.sizes) / math.sqrt(3)
        self._step: float | None = None
        self._steepness = 0.0

    def probe(self, label: str, direction: FloatArray, *, alone: bool = False) -> Probe:
        """Compare along one direction (n,); a disagreement is looked at more closely.

        Parameters
        ----------
        label
            What the direction moves.
        direction
            Not zero.
        alone
            Whether what is known from other probes, of other entries, is no guide here.
        """
        line = Line(self.subject.parameters, direction)
        known = None if alone or self._step is None else self._step * line.size
        first, ladder = self._measure(label, direction, line, known)
        if not alone and math.isfinite(first.numerical.step):
            self._step = first.numerical.step / line.size
        if not alone:
            self._steepness = max(self._steepness, first.numerical.steepness / line.span)
        if first.verdict != "disagrees":
            return first
        if not self._repeats(ladder):
            return replace(first, verdict="undecided", reason="the loss changes from call to call")
        if first.numerical.reach >= PIECE:
            return first
        step = first.numerical.step
        second, _ = self._measure(label, direction, line, step * ANOTHER_DECADE)
        confirmed = _confirmed(
            first, second, lambda: self._measure(label, direction, line, step * NEARBY)[0]
        )
        return self._beyond_jumps(confirmed, line, ladder)

    def _measure(
        self, label: str, direction: FloatArray, line: Line, step: float | None
    ) -> tuple[Probe, Ladder]:
        parameters, claim = self.subject.parameters, self.claim
        terms = claim.gradient * direction
        part = norm((claim.gradient * parameters.sizes)[direction != 0]) / math.sqrt(3)
        ladder = line.ladder(self._along(line), self.value, step)
        numerical = line.differentiate(
            ladder,
            value_epsilon=self.coarseness,
            may_grow=step is None,
            goal=min(GOAL * self.whole, SHARP * part or math.inf) * line.span,
        )
        if numerical.is_plateau:
            numerical = self._standing_still(numerical)
        if numerical.is_tight and self._is_on_a_set(direction):
            numerical = replace(
                numerical,
                value=math.nan,
                error=math.inf,
                obstacle="set",
                reason=f"{numerical.domain}, on either side",
            )
        parts = [terms[leaf.entries] for leaf in parameters.leaves]
        allowed = (self.precision or 0.0) * np.array([norm(part) for part in parts])
        rounding = claim.rounding(direction)
        probe = Probe(
            label,
            direction,
            claimed=float(terms.sum(dtype=np.longdouble)),
            numerical=numerical,
            tolerance=numerical.error + rounding + norm(allowed),
            verdict="undecided",
            rounding=rounding,
            allowed=allowed,
            shares=np.array([part.sum(dtype=np.longdouble) for part in parts], dtype=np.float64),
            size=line.size,
            span=line.span,
            reason=numerical.reason,
        )
        if not math.isfinite(probe.tolerance):
            return probe, ladder
        if not probe.discrepancy <= probe.tolerance:
            return replace(probe, verdict="disagrees"), ladder
        is_known = numerical.error / line.span <= self._enough(numerical, part, line.span)
        if part * math.sqrt(3) <= self.nothing:  # and nothing there is
            is_stepped = 0 < numerical.reach < PIECE
            is_still = numerical.is_plateau and not (numerical.is_saturated or is_stepped)
            is_known = is_known or is_still or numerical.movement <= self.nothing
        if not self.whole and numerical.is_saturated:  # all of it claimed to be 0
            is_known = False
        return replace(probe, verdict="agrees" if is_known else "undecided"), ladder

    def _along(self, line: Line) -> Callable[[float], float]:
        return lambda t: self.subject.loss(line.point(t))

    def _is_on_a_set(self, direction: FloatArray) -> bool:
        """Tell whether the loss is defined on a set that a step leaves, whichever way it goes.

        Near the edge of a domain some of the entries can be moved one way at least, alone.
        """
        moving = np.flatnonzero(direction)
        sizes = self.subject.parameters.sizes
        for entry in moving[:: max(1, moving.size // ENTRIES_ALONE)]:
            unit = np.zeros_like(direction)
            unit[entry] = FAR_ENOUGH * sizes[entry]
            line = Line(self.subject.parameters, unit)
            pair = line.ladder(self._along(line), self.value, 1.0).pair(0)
            if not any(map(math.isfinite, pair)):
                return True
        return False

    def _standing_still(self, numerical: Derivative) -> Derivative:
        """Bound what a loss that stands still may hide.

        A wide plateau between jumps is a piecewise constant function's. Any other may be that of
        a saturated loss: inside, there are numbers as large as the loss is elsewhere, and they
        are rounded.
        """
        largest = max(self.elsewhere.largest(1.0), numerical.largest)
        rounding = LOSS_ULPS * self.coarseness * largest / numerical.step
        if numerical.reach >= PIECE:
            return replace(numerical, error=rounding)
        return replace(numerical, error=max(numerical.error, rounding))

    @functools.cached_property
    def elsewhere(self) -> Ladder:
        """The loss at some points like the given one: entries of that size, at random."""
        rng = np.random.default_rng(0)
        sizes = self.subject.parameters.sizes
        ladder = Ladder(lambda _: self.subject.loss(direction(sizes, rng)), 1.0, self.value)
        for _ in range(SAMPLES_ELSEWHERE):
            ladder.sample(1.0)
        return ladder

    def _enough(self, numerical: Derivative, part: float, span: float) -> float:
        """Return the error, in units of the loss, that is small enough for a verdict."""
        if self.precision and part:
            return self.precision * part * math.sqrt(3)
        steepness = max(numerical.steepness / span, self._steepness)
        # Where 0 is claimed, the loss's own change is what an error is large or small against:
        # it is all even if the claim is right.
        change = 0.0 if part else numerical.movement
        return self.resolution * max(self.whole, LEVEL * steepness, change)

    def is_known(self, probe: Probe) -> bool:
        """Tell whether arrays that are claimed to be 0, and moved alone, are known to be."""
        numerical = probe.numerical
        return numerical.movement <= self.nothing or numerical.error / probe.span <= max(
            self.resolution * numerical.movement, TINY_PART * self.whole
        )

    def _repeats(self, ladder: Ladder) -> bool:
        """Tell whether the loss gives its answers again at the points of some samples."""
        return all(
            same(value, ladder.resample(t), self.coarseness, self.precision)
            for t, value in ladder.samples[:REPEATED]
        )

    def _beyond_jumps(self, probe: Probe, line: Line, ladder: Ladder) -> Probe:
        """Allow a disagreement what jumps further out say of rounding that does not show."""
        if probe.verdict != "disagrees":
            return probe
        height, distance = ladder.jump_further_out(
            max(line.first_step, probe.numerical.step),
            probe.discrepancy / JUMPS,
            probe.numerical.noise,
            self.coarseness,
        )
        tolerance = probe.tolerance + JUMPS * height / distance
        if probe.discrepancy > tolerance:
            return probe
        reason = (
            f"the loss jumps by {height:.1e} at {distance / line.size:.0e} of the entries' size: "
            "something inside is rounded, and its slope here need not be that of what is meant"
        )
        return replace(probe, tolerance=tolerance, verdict="undecided", reason=reason)


def _confirmed(first: Probe, second: Probe, third: Callable[[], Probe]) -> Probe:
    """Decide on a disagreement that was measured again with much smaller steps.

    Parameters
    ----------
    first
        It disagrees.
    second
        The same with steps in another decade: fewer kinks lie within, and there is more noise.
    third
        Measures once more, with about the first steps.
    """
    near, far = second.numerical, first.numerical
    apart = abs(near.value - far.value)
    if apart > near.error + far.error:
        if (
            second.verdict == "disagrees"
            and min(first.discrepancy, second.discrepancy) > 10 * apart
        ):
            return first  # far from either slope
        reason = "" if second.verdict == "agrees" else _two_slopes(first, second)
        return replace(second, reason=reason, verdict=_unless_wrong(second.verdict))
    if second.verdict == "disagrees":
        return first
    # Kinks would show, or what is rounded hides them: the first steps have less noise, that is all.
    if far.is_smooth or near.is_saturated:
        again = third()
        return first if again.verdict == "disagrees" else again
    return replace(second, verdict="undecided", reason=_unconfirmed(first))


def _unless_wrong(verdict: Verdict) -> Verdict:
    return "undecided" if verdict == "disagrees" else verdict


def _two_slopes(first: Probe, second: Probe) -> str:
    near, far = second.numerical, first.numerical
    return (
        f"there are kinks close by: the slope is {near.value:.4g} at steps of "
        f"{near.step / second.size:.0e} of the entries' size, and {far.value:.4g} at "
        f"{far.step / first.size:.0e}"
    )


def _unconfirmed(first: Probe) -> str:
    return (
        f"claimed and numerical derivative differ by {first.discrepancy:.1e}, at steps of "
        f"{first.numerical.step / first.size:.0e} of the entries' size that reach over kinks, and "
        "smaller steps neither confirm it nor rule it out"
    )
