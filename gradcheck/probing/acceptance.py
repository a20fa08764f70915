"""Accept a claim early: where it is right, it predicts the numerical derivative."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck.numerical.derivative import Derivative
from gradcheck.numerical.differentiation import Line
from gradcheck.numerical.samples import Samples
from gradcheck.numerical.search import LOSS_ULPS
from gradcheck.probing.claims import Probe

__all__ = ["Acceptance", "Attempt", "miss_probability"]

PAIRS = 3
"""Symmetric pairs at h, h/2, h/4: the extrapolated difference is off by a term in h**6."""

ORDER = 2 * PAIRS

ATTEMPTS = 2

ROUNDING = 2.0**14
"""With rounding so many ulps, a function that varies on the scale of the entries' size has its
truncation meet it at the first step: the seventh root of it."""

MUCH = 10.0
"""A claim off by so many times the change from leaving out a pair is wrong, or noise is large."""

HALVINGS, MOST_HALVINGS = 8, 56
"""From one step to the next, and at most, where one at which the loss is smooth is looked for."""

MEANINGFUL = 1e-3
"""Where rounding may be a larger part of a slope, nothing is seen of it."""

MOST_SHRINKING = 1 / 64
"""A second step is at most so much smaller. A step that may shrink at will would find one at
which truncation makes up for any error: the larger that is, the further."""


def miss_probability(tolerance: float, largest: float) -> float:
    """Return the largest probability that an early acceptance misses an error.

    With A = abs(r·z) for the residual r, the extrapolated difference is off by B h**6, and h is
    h₀ 2**-U, U uniform on [0, 1]. Whatever B is, P(abs(A + B h**6) <= τ) is at most
    2 τ / (6 ln 2 (A - τ)); and P(A <= a) is at most a / R for R = max abs(r) s. Together that is
    (τ/R) (2 + 2/(6 ln 2) ln(R/τ)). It takes for granted that one power of h dominates.

    Parameters
    ----------
    tolerance
        τ.
    largest
        R.
    """
    if not largest > tolerance:
        return 1.0
    ratio = tolerance / largest
    return min(1.0, ratio * (2 - 2 / (ORDER * math.log(2)) * math.log(ratio)))


class Attempt(NamedTuple):
    """The outcome of an attempt to accept a claim.

    Attributes
    ----------
    accepted
        The derivative that samples agree on with the claim; None if they do not.
    samples
        Those that accept the claim, or show it far off with nothing else to blame: a search need
        not start anew. None if neither.
    refuting
        The derivative that they show, its error with the change from leaving out a pair; None if
        there may be a kink between them.
    """

    accepted: Derivative | None
    samples: Samples | None = None
    refuting: Derivative | None = None


class Acceptance:
    """Acceptances of one claim, along one direction after the other.

    A right claim says what the numerical derivative is. So few samples that agree with it down
    to rounding are enough, and no bound on their truncation is needed: truncation would have to
    be just the error of the claim, at a step that is drawn at random. The even part of the
    samples must vanish in the same way, for there the right answer is known: that is what shows
    a kink, or a constant offset. What is not accepted is not rejected: the search decides.

    Parameters
    ----------
    epsilon
        The spacing at 1 of the floats that hold values of the loss.
    rng
        Where steps are drawn from.
    """

    def __init__(self, epsilon: float, rng: np.random.Generator) -> None:
        self._epsilon = epsilon
        self._rng = rng
        # A loss steeper than its entries' size suggests is so along the next direction, too.
        self._shrunk = 1.0

    def attempt(
        self, sampled: Callable[[float], Samples], line: Line, probe: Probe, whole: float
    ) -> Attempt:
        """Take few samples along a line, and hold the claim against them.

        Parameters
        ----------
        sampled
            Gives samples along the line, to be taken from a step on.
        line
            Where the loss is evaluated.
        probe
            The claim's part of a probe along it.
        whole
            The size of the claimed derivative along any line through all entries.
        """
        h = self._first_step(line) * self._shrunk * 2 ** -self._rng.random()
        for _ in range(ATTEMPTS):
            samples = sampled(h)
            seen = self._seen(samples, line, probe, whole)
            # The edge of a domain, or a plateau: both are left to the search.
            if seen is None:
                break
            found, offset = seen
            off = max(abs(found.value - probe.claimed), abs(offset) / 2)
            allowed = found.error + probe.rounding
            if off <= allowed:
                return Attempt(found, samples)
            if not allowed:  # the loss underflows
                break
            miss = off / allowed
            truncation = self._truncation(found)
            if abs(found.value - probe.claimed) > MUCH * (truncation + found.error):
                # Truncation is no reason: smaller steps are a waste.
                refuting = replace(found, error=found.error + truncation)
                is_smooth = abs(offset) <= refuting.error and self._converges(found)
                return Attempt(None, samples, refuting if is_smooth else None)
            shrink = miss ** (-1 / (ORDER + 1)) / 2
            if shrink < MOST_SHRINKING:
                break
            h *= shrink
            self._shrunk *= shrink
        return Attempt(None)

    def smooth_part(
        self, sampled: Callable[[float], Samples], line: Line, probe: Probe, whole: float
    ) -> float:
        """Return the largest part of the entries' size within which the loss is smooth.

        Where the claim is its slope, too, if there is such a part. 1 where there is none.

        Parameters
        ----------
        sampled, line, probe, whole
            As `attempt` takes them.
        """
        smooth = 1.0
        for halvings in range(0, MOST_HALVINGS + 1, HALVINGS):
            part = math.ldexp(1.0, -halvings)
            seen = self._seen(sampled(self._first_step(line) * part), line, probe, whole)
            if seen is None:
                continue
            found, offset = seen
            allowed = found.error + probe.rounding
            slope = abs(probe.claimed) or found.movement / found.step
            if not (abs(offset) / 2 <= allowed <= MEANINGFUL * slope):
                continue
            if abs(found.value - probe.claimed) <= allowed:
                return part
            if smooth == 1 and self._truncation(found) <= allowed:
                smooth = part
        return smooth

    def _first_step(self, line: Line) -> float:
        """Return a step for which truncation may be as small as rounding."""
        return float(4 * line.first_step * (self._epsilon * ROUNDING) ** (1 / (ORDER + 1)))

    def _seen(
        self, samples: Samples, line: Line, probe: Probe, whole: float
    ) -> tuple[Derivative, float] | None:
        """Return the derivative by few samples, and their even part at 0.

        None where the loss is not finite, or does not move.
        """
        steps = np.array([samples.step(level) for level in range(PAIRS)])
        pairs = np.array([samples.pair(level) for level in range(PAIRS)])
        if not np.isfinite(pairs).all() or (pairs == samples.value).all():
            return None
        noise = line.rounding * probe.along.least * whole * line.span
        with np.errstate(over="ignore", invalid="ignore"):  # a bound may be infinite
            offset = float(WEIGHTS @ (pairs - samples.value).sum(axis=1)) / 2 / steps[0]
            return self._derivative(samples, steps, pairs, noise), offset

    @staticmethod
    def _converges(found: Derivative) -> bool:
        """Tell whether slopes get closer with smaller steps, as those over a kink do not.

        There they change by k/h with the step h, where k is the kink's distance. Nor does the even
        part vanish; but by chance each of the two looks smooth at some k.
        """
        near, middle, far = (slope for _, slope in found.sweep)
        return abs(middle - near) <= abs(far - middle) / 2 + found.error

    @staticmethod
    def _truncation(found: Derivative) -> float:
        """Return the change from leaving out the largest step: more than truncation, mostly."""
        slopes = np.array([slope for _, slope in found.sweep[::-1]])
        return abs(found.value - float(FEWER_WEIGHTS @ slopes[1:]))

    def _derivative(
        self,
        samples: Samples,
        steps: NDArray[np.float64],
        pairs: NDArray[np.float64],
        noise: float,
    ) -> Derivative:
        """Return the extrapolated derivative, its rounding as its error."""
        changes, odd = pairs - samples.value, (pairs[:, 0] - pairs[:, 1]) / (2 * steps)
        largest = max(abs(samples.value), float(np.abs(pairs).max()))
        floor = LOSS_ULPS * self._epsilon * largest + noise
        return Derivative(
            float(WEIGHTS @ odd),
            float(np.abs(WEIGHTS) @ (1 / steps)) * floor,
            len(samples.taken),
            step=float(steps[0]),
            steepness=float(np.abs(odd).max()),
            movement=float(np.abs(changes).max()),
            largest=largest,
            noise=floor,
            is_quiet=True,
            is_smooth=True,
            sweep=tuple(zip(steps[::-1].tolist(), odd[::-1].tolist(), strict=True)),
        )


def _weights(pairs: int) -> NDArray[np.float64]:
    """Return the weights that extrapolate samples at h, h/2, … to 0 (Richardson)."""
    nodes = [4.0**-i for i in range(pairs)]
    return np.array(
        [math.prod(other / (other - node) for other in nodes if other != node) for node in nodes]
    )


WEIGHTS, FEWER_WEIGHTS = _weights(PAIRS), _weights(PAIRS - 1)
