"""Probes of one claim: measure along a direction, and look closer where it does not agree."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradcheck.arrays.long_vectors import (
    BLOCK,
    FloatArray,
    norm,
    norm_of_products,
    size_of_products,
)
from gradcheck.numerical.derivative import Derivative
from gradcheck.numerical.differentiation import Line
from gradcheck.numerical.directions import Direction, single
from gradcheck.numerical.samples import Samples
from gradcheck.numerical.search import LOSS_ULPS
from gradcheck.probing.acceptance import Acceptance, Attempt
from gradcheck.probing.claims import CLOSE_BY, Claim, Probe
from gradcheck.probing.confirmation import (
    allow_jumps,
    confirm,
    is_confirmed_by_its_own,
    look_closest,
)
from gradcheck.probing.subject import Subject, same

__all__ = ["PIECE", "Prober"]


GOAL = 3e-11
"""A bound this small, relative to the gradient, is not worth more evaluations."""

SHARP = 1e-4
"""Nor is a smaller one, relative to the part of the gradient that a direction moves along."""

CLOSELY = 1e-4
"""A claim that is the slope far out, as closely as that, is so by no accident."""

RESOLUTION = {float(np.finfo(np.float64).eps): 1e-6, float(np.finfo(np.float32).eps): 2e-2}
"""Where the bound exceeds this part of the gradient, nothing is decided; by precision."""

SHORT = 1e-4
"""The same where kinks close by allow short steps alone: these have more rounding."""

REPEATED = 24
"""Samples that are taken again before a claim is called wrong,"""

FEW_REPEATED = 1
"""or so many where all that was seen is smooth: random answers are not."""


PIECE = 1 / 16
"""A loss that stands still this far on both sides, in units of the entries' size, and then jumps,
is taken at its word: its derivative is 0. Where it jumps sooner, a smooth loss may be rounded."""

SAMPLES_ELSEWHERE = 8
"""Points like the given one that tell the size of a loss that stands still."""

ENTRIES_ALONE = 8
"""About so many entries are moved one by one where no step along a line stays in the domain,"""

FAR_ENOUGH = 1e-3
"""by this part of their size: more than a tolerance, and within most domains."""

STILL = 4.0
"""A loss that changes by no more than so many units of its last place does not move."""

FAR_OFF = 1e-3
"""An entry that is off by this part of itself needs no further digits."""

NO_PART = 1e-3
"""An entry off by at most this part of the claim's own error is none of the reasons for it."""

LEVEL = 3.0
"""A gradient that is next to nothing beside the slopes around it is known well enough sooner."""


class Prober:
    """Probes of one claim.

    Parameters
    ----------
    subject
        The loss and the point.
    value
        Its value at the point.
    claim
        The claimed gradient.
    precision
        The relative error that is allowed to the gradient on top of the numerical derivative's
        bound, and to that bound itself. None: no error is allowed to the gradient, and 1e-6
        (2e-2 in float32) to the bound.
    seed
        Of the steps that may accept a claim early; None: it never is.
    off
        The error of a claim that is known to be wrong, in units of the loss for a move of the
        entries' own size: only its place is asked. None where it is not known to be.

    Attributes
    ----------
    whole
        The norm of the claimed gradient, each entry times its own size, over the square root of 3:
        of the size of a claimed derivative.
    nothing
        A change of the loss that is none, but for rounding.
    buffer : (n,) array
        Every probe draws its direction into it.
    """

    def __init__(
        self,
        subject: Subject,
        value: float,
        claim: Claim,
        precision: float | None,
        seed: int | None = None,
        *,
        off: float | None = None,
    ) -> None:
        self.subject = subject
        self._off = off
        self.value = value
        self.claim = claim
        self.precision = precision
        self.coarseness = max(subject.parameters.epsilon, subject.loss_epsilon)
        self._finest = RESOLUTION.get(self.coarseness, max(RESOLUTION.values()))
        self.resolution = precision or self._finest
        self.nothing = STILL * max(self.coarseness, claim.epsilon) * abs(value)
        self.buffer = np.empty_like(subject.parameters.vector)
        self.whole = norm_of_products(claim.gradient, subject.parameters.sizes) / math.sqrt(3)
        self._acceptance: Acceptance | None = None
        if seed is not None and self.whole:
            steps = np.random.Generator(np.random.SFC64((seed, 3)))
            self._acceptance = Acceptance(self.coarseness, steps)
        self._step: float | None = None
        self._steepness = 0.0

    def probe(self, along: Direction, *, alone: bool = False, in_full: bool = False) -> Probe:
        """Compare along one direction; a disagreement is looked at more closely.

        Parameters
        ----------
        along
            The direction.
        alone
            Whether other probes, of other entries, are no guide here.
        in_full
            Whether to measure even a claim that could be accepted for less: the movement of the
            loss at the entries' own size counts.
        """
        line, claimed = self._claimed(along)
        attempt = Attempt(None) if in_full else self._attempt(line, claimed)
        early = self._early(claimed, attempt)
        if early:
            return early
        # An entry gets steps at which all of its digits show.
        known = None if self._off is not None else attempt.samples
        first, samples = self._first(line, claimed, known, alone=alone, in_full=in_full)
        is_confirmed = is_confirmed_by_its_own(first)
        is_located = is_confirmed and self._off is not None and not line.is_zero
        if first.verdict != "disagrees" or is_located:
            return first
        # Random answers disagree with any claim, at other steps too.
        if not self._repeats(samples, FEW_REPEATED if is_confirmed else REPEATED):
            return replace(first, verdict="undecided", reason="the loss changes from call to call")
        if first.numerical.reach >= PIECE:  # shorter steps would say the same
            return first

        def measure(step: float) -> Probe:
            return self._measure(line, claimed, self._sampled(line, step))

        if not is_confirmed:
            first = confirm(first, measure)
        if first.verdict == "disagrees":
            first = look_closest(first, line, samples, self._rounding(), measure)
        return allow_jumps(first, line, samples) if first.verdict == "disagrees" else first

    def _early(self, claimed: Probe, attempt: Attempt) -> Probe | None:
        """Return the probe that a few samples decide; None if it takes more of them.

        Where it is asked which entries of a wrong one are wrong, digits count that these do not
        show, unless the entry is far off itself, or could have next to no part in it.
        """
        found = attempt.accepted or (None if self._off is None else attempt.refuting)
        if found is None:
            return None
        tolerance = found.error + claimed.tolerance
        probe = replace(claimed, numerical=found, tolerance=tolerance)
        if attempt.accepted:
            has_no_part = self._off is None or tolerance / claimed.span <= NO_PART * self._off
            return replace(probe, verdict="agrees", is_early=True) if has_no_part else None
        largest = max(abs(found.value), abs(claimed.claimed))
        is_wrong = probe.discrepancy > max(tolerance, FAR_OFF * largest)
        return replace(probe, verdict="disagrees") if is_wrong else None

    def _first(
        self,
        line: Line,
        claimed: Probe,
        known: Samples | None,
        *,
        alone: bool,
        in_full: bool,
    ) -> tuple[Probe, Samples]:
        """Search for the derivative along a line, with the samples that there are if they do."""
        if known:
            probe = self._measure(line, claimed, known)
            if probe.verdict == "disagrees" and is_confirmed_by_its_own(probe):
                return probe, known
        alone = alone or claimed.along.weigh is not None
        samples = self._sampled(line)
        if not alone and self._step is not None:
            samples = self._sampled(line, self._step * line.size)
        if in_full:
            for t in (line.size, -line.size):
                samples.sample(t)
        first = self._measure(line, claimed, samples)
        if not alone and math.isfinite(first.numerical.step):
            self._step = first.numerical.step / line.size
        if not alone:
            self._steepness = max(self._steepness, first.numerical.steepness / line.span)
        return first, samples

    def measured(self, along: Direction) -> Probe:
        """Measure along a direction in full, also where the claim is accepted for less."""
        line, claimed = self._claimed(along)
        return self._measure(line, claimed, self._sampled(line))

    def _attempt(self, line: Line, claimed: Probe) -> Attempt:
        """Take a few samples, and see whether they agree with the claim."""
        if self._acceptance is None or line.is_zero:
            # At 0, what is rounded in proportion to the step is not seen by so few.
            return Attempt(None)
        attempt = self._acceptance.attempt(
            lambda step: self._sampled(line, step), line, claimed, self.whole
        )
        found = attempt.accepted
        # So wide an agreement means little; the search may bound it more tightly.
        if found and found.error / line.span > self.resolution * self.whole:
            return Attempt(None)
        return attempt

    def _claimed(self, along: Direction) -> tuple[Line, Probe]:
        """Draw a direction, and return the line along it and the claim's part of a probe.

        That is its derivative there, and its rounding.
        """
        z, parameters, gradient = self.buffer, self.subject.parameters, self.claim.gradient
        terms = np.empty(min(BLOCK, z.size))
        shares = np.zeros(len(parameters.leaves))
        sizes, norms = [], []
        for entries in along.blocks(z):
            products = terms[: entries.stop - entries.start]
            np.multiply(gradient[entries], z[entries], out=products, dtype=np.float64)
            for number, part in parameters.within(entries):
                shares[number] += products[part].sum()
            norms.append(norm(products))
            sizes.append(float(np.abs(products, out=products).sum()))
        precision = self.precision or 0.0
        allowed = tuple(
            precision and precision * norm_of_products(gradient[leaf.entries], z[leaf.entries])
            for leaf in parameters.leaves
        )
        rounding = self.claim.rounding(math.fsum(sizes), z)
        claimed = Probe(
            along,
            claimed=float(shares.sum()),
            numerical=Derivative(math.nan, math.inf, 0),
            tolerance=rounding + math.hypot(*allowed),
            verdict="undecided",
            rounding=rounding,
            allowed=allowed,
            shares=tuple(shares.tolist()),
            part=norm(np.array(norms)) / along.span,
        )
        return Line(parameters, z, along), claimed

    def _measure(self, line: Line, claimed: Probe, samples: Samples) -> Probe:
        """Search for the derivative along a line, and hold the claim against it."""
        along = claimed.along
        part = claimed.part
        numerical = line.differentiate(
            samples,
            value_epsilon=self.coarseness,
            goal=min(GOAL * self.whole, SHARP * part or math.inf) * line.span,
            # Along a line on which entries of large gradient hardly move, their rounding is as
            # large.
            steepest=math.inf if along.least in (0, 1) else along.least * self.whole,
        )
        if numerical.is_plateau:
            numerical = self._standing_still(numerical)
        if numerical.is_tight and self._is_on_a_set(along):
            numerical = replace(
                numerical,
                value=math.nan,
                error=math.inf,
                obstacle="set",
                reason=f"{numerical.domain}, on either side",
            )
        probe = replace(
            claimed,
            numerical=numerical,
            tolerance=numerical.error + claimed.tolerance,
            reason=numerical.reason,
        )
        if not math.isfinite(probe.tolerance):
            return probe
        if not probe.discrepancy <= probe.tolerance:  # NaN never agrees
            return replace(probe, verdict="disagrees")
        value, error = numerical.far
        if abs(probe.claimed - value) <= error + probe.rounding <= CLOSELY * abs(probe.claimed):
            numerical = replace(numerical, value=value, error=error)
            tolerance = error + probe.rounding + math.hypot(*probe.allowed)
            probe = replace(probe, numerical=numerical, tolerance=tolerance)
        is_known = self._is_known(numerical, part, along)
        return replace(probe, verdict="agrees" if is_known else "undecided")

    def _rounding(self) -> float:
        """Return the rounding of the loss close to the point, if the claim is right."""
        parameters = self.subject.parameters
        moved = size_of_products(self.claim.gradient, parameters.vector)
        return LOSS_ULPS * self.coarseness * abs(self.value) + parameters.epsilon * moved

    def _sampled(self, line: Line, step: float | None = None) -> Samples:
        along = self.subject.along(line.direction)
        return line.sampled(along, self.value, step)

    def _is_known(self, numerical: Derivative, part: float, along: Direction) -> bool:
        """Tell whether agreement along a direction means something."""
        if not self.whole and numerical.is_saturated and self.value:  # all of it claimed to be 0
            return False
        if part * math.sqrt(3) <= self.nothing:  # and nothing there is
            is_stepped = 0 < numerical.reach < PIECE
            is_still = numerical.is_plateau and not (numerical.is_saturated or is_stepped)
            if is_still or numerical.movement <= self.nothing:
                return True
        return numerical.error / along.span <= self._enough(numerical, part, along)

    def _standing_still(self, numerical: Derivative) -> Derivative:
        """Bound the slope that a loss may hide while it stands still.

        A wide plateau between jumps is a piecewise constant function's. Any other may be that of
        a saturated loss: inside, there are numbers as large as the loss is elsewhere, and they
        are rounded.
        """
        largest = max(self.elsewhere.largest(1.0), numerical.largest)
        if not any(math.isfinite(value) for _, value in self.elsewhere.taken):
            # They overflow, perhaps: scores u·v are at most half the squared norm of (u, v).
            largest = max(largest, norm(self.subject.parameters.vector) ** 2)
        rounding = LOSS_ULPS * self.coarseness * largest / numerical.step
        if numerical.reach >= PIECE:
            return replace(numerical, error=rounding)
        return replace(numerical, error=max(numerical.error, rounding))

    def smooth_part_of_zeros(self) -> float:
        """Return the part of their sizes within which the loss is smooth along entries of 0.

        They have no size of their own, and what is typical of their array may be far too large.
        1 where all are 0, or none is.
        """
        is_zero = self.subject.parameters.is_zero
        if is_zero.all() or not is_zero.any():
            return 1.0

        def weigh(z: FloatArray, entries: slice) -> None:
            z *= is_zero[entries]

        along = Direction(
            "entries of 0", self.subject.parameters.sizes, (0,), weigh, self.claim.gradient, 0.0
        )
        line, claimed = self._claimed(along)
        loss = self.subject.along(line.direction)
        return Acceptance(self.coarseness, np.random.default_rng(0)).smooth_part(
            lambda step: Samples(loss, step, self.value), line, claimed, self.whole
        )

    @functools.cached_property
    def elsewhere(self) -> Samples:
        """The loss at some points like the given one: entries of that size, at random."""
        sizes = self.subject.parameters.sizes
        # Each sample takes the next point; its t is not used.
        drawn = (Direction("", sizes, (i,)).vector() for i in range(SAMPLES_ELSEWHERE))
        samples = Samples(lambda _: self.subject.loss(next(drawn)), 1.0, self.value)
        for _ in range(SAMPLES_ELSEWHERE):
            samples.sample(1.0)
        return samples

    def _enough(self, numerical: Derivative, part: float, along: Direction) -> float:
        """Return the error, in units of the loss, that is small enough for a verdict."""
        if self.precision and part:
            return self.precision * part * math.sqrt(3)
        # Where 0 is claimed, the slopes around are what an error is large or small against, also
        # where the loss is all even; but those within the steps alone: how it moves further out
        # says nothing of that.
        around = 0.0 if part else numerical.change / numerical.step
        steepness = max(max(numerical.steepness, around) / along.span, self._steepness)
        is_short = numerical.departure(CLOSE_BY * along.size) is not None
        resolution = max(self.resolution, SHORT) if is_short else self.resolution
        return resolution * max(self.whole, LEVEL * steepness)

    def is_motionless(self, probe: Probe) -> bool:
        """Tell whether the loss does not move along arrays that are claimed to be 0.

        Where all is, it must stand still at other points, too, to the last place but one: a
        constant may hide how it moves.
        """
        movement = probe.numerical.movement
        if self.whole or movement > self.nothing:
            return movement <= self.nothing
        return max(movement, self.elsewhere.movement(1.0)) <= self.nothing / STILL

    def is_known(self, probe: Probe, around: Sequence[Probe] = ()) -> bool:
        """Tell whether arrays that are claimed to be 0, and moved alone, are known to be.

        Parameters
        ----------
        probe
            Along them.
        around
            Other probes; the steepest of all tells what is small.
        """
        numerical = probe.numerical
        if numerical.is_plateau and (self.value == 0 or numerical.reach >= PIECE):
            return True  # what stands still at 0 hides next to nothing; a wide piece is one
        # A precision is relative to the gradient, and that is 0.
        slope = max(each.numerical.change / each.numerical.step for each in (probe, *around))
        return numerical.error <= min(self.resolution, self._finest) * LEVEL * slope

    def _repeats(self, samples: Samples, most: int) -> bool:
        """Tell whether the loss gives its answers again at the points of some samples."""
        return all(
            same(value, samples.resample(t), self.coarseness, self.precision)
            for t, value in samples.taken[:most]
        )

    def _is_on_a_set(self, along: Direction) -> bool:
        """Tell whether the loss is defined on a set that a step leaves, whichever way it goes.

        Near the edge of a domain some of the entries can be moved one way at least, alone.
        """
        parameters = self.subject.parameters
        moving = np.flatnonzero(along.vector())
        for entry in moving[:: max(1, moving.size // ENTRIES_ALONE)]:
            alone = single("", parameters.sizes, int(entry))
            line = Line(parameters, alone.vector(), alone)
            pair = self._sampled(line, FAR_ENOUGH * alone.size).pair(0)
            if not any(map(math.isfinite, pair)):
                return True
        return False
