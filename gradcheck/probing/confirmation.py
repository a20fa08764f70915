"""Before a claim is called wrong: the same at other steps, the same again, and no jump near."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from gradcheck.numerical.differentiation import Line
from gradcheck.numerical.samples import Samples
from gradcheck.numerical.search import ORDINARY
from gradcheck.probing.claims import Probe

__all__ = ["allow_jumps", "confirm", "is_confirmed_by_its_own", "look_closest"]

ANOTHER_DECADE = 0.7136 / 16
"""A disagreement is measured again with steps in another decade: kinks lie at some distance."""

NEARBY = 0.7136
"""A step that is nearly another one, and no power of 2 of it."""

FAR_BELOW = 1 / 200
"""A sample that near, in units of the steps of a derivative, is one in another decade."""

CLOSER = 4.0
"""So many times closer to the derivative than to the claim, it confirms the one."""

SMALLEST = 2.0**-44
"""The smallest step that is looked at, in units of the first: entries move by some floats then."""

NOISE = 32.0
"""What a difference of slopes moves the loss by shows where it is so many times its noise."""

BISECTIONS = 6
"""Halvings, of the ratio of two steps, with which the largest that supports a claim is sought."""

FAR_OFF = 10.0
"""Steps that reach over kinks were seen to exceed their bound, by a factor of up to 2."""

OUT_TO = 4.0
"""Jumps are looked for up to so many times the entries' size."""

RELEVANT = 8.0
"""A jump counts if its slope is the discrepancy over this, or more: lower steps of a staircase do
not make up for a wrong slope of its flats."""

JUMPS = 20.0
"""So many times the slope of a jump further out is added to a tolerance.

With the height J of one jump at a distance H, the rounding that shows in jumps changes the slope
by about J/H; several jumps of a line add up.
"""


def is_confirmed_by_its_own(probe: Probe) -> bool:
    """Tell whether samples that are there already, in another decade, confirm a disagreement.

    They do where all that was seen is smooth, and the slope far below the steps that count is
    close to what these say.
    """
    numerical = probe.numerical
    if not numerical.is_plain:
        return False
    below = [slope for step, slope in numerical.sweep if step < FAR_BELOW * numerical.step]
    return bool(below) and CLOSER * abs(below[-1] - numerical.value) < abs(
        below[-1] - probe.claimed
    )


def confirm(first: Probe, measure: Callable[[float], Probe]) -> Probe:
    """Measure a disagreement again with much smaller steps, and decide.

    ==========================  ==========================================================
    the smaller steps say       then
    ==========================  ==========================================================
    another slope               kinks lie between: their word counts, "disagrees" apart,
                                unless the claim is far off either slope
    the same, and disagree      it is wrong
    the same, and cannot tell   it is wrong if the first samples lie on polynomials (so
                                there are no kinks) and steps close to the first agree
                                with them; undecided otherwise
    ==========================  ==========================================================

    Parameters
    ----------
    first
        It disagrees.
    measure
        Measures along the same direction, from a step on.
    """
    second = measure(first.numerical.step * ANOTHER_DECADE)
    near, far = second.numerical, first.numerical
    apart = abs(near.value - far.value)
    if apart > near.error + far.error:
        if second.verdict == "disagrees" and _is_far_off(first) and _is_far_off(second):
            return first
        reason = "" if second.verdict == "agrees" else _two_slopes(first, second)
        verdict = "undecided" if second.verdict == "disagrees" else second.verdict
        return replace(second, reason=reason, verdict=verdict)
    if second.verdict == "disagrees":
        return first
    # Or what is rounded hides all: the first steps have less noise, that is all.
    if far.is_smooth or near.is_saturated:
        third = measure(first.numerical.step * NEARBY)
        return first if third.verdict == "disagrees" else third
    return replace(second, verdict="undecided", reason=_unconfirmed(first))


def look_closest(
    first: Probe,
    line: Line,
    samples: Samples,
    rounding: float,
    measure: Callable[[float], Probe],
) -> Probe:
    """Look at a disagreement again, with the smallest steps that can show it.

    A feature may be narrower than any step that a search looks at, and what is left of the loss
    further out smooth down to rounding: ``x[0] * exp(-(x[0] ** 2)) + x[1]`` at (0, 1e9).

    Parameters
    ----------
    first
        It disagrees.
    line, samples
        Along which it was made, and samples there.
    rounding
        Of the loss close to the point, for that of its value and of the point.
    measure
        Measures along the same direction, from a step on.
    """
    far = first.numerical
    below = max(ORDINARY * rounding / first.discrepancy, SMALLEST * line.first_step)
    above = FAR_BELOW * far.step

    def level(step: float) -> float:
        return math.log(samples.step(0) / step, samples.ratio)

    def is_right_at(step: float) -> bool:
        slope = samples.slope(level(step))
        return CLOSER * abs(slope - first.claimed) < abs(slope - far.value)

    if not (below < above and is_right_at(below)) or samples.is_flat(level(below)):
        return first
    # Noise that is larger than a well computed function's may have supported it.
    below = max(below, NOISE * samples.roughness(level(below)) / first.discrepancy)
    if not (below < above and is_right_at(below)):
        return first
    for _ in range(BISECTIONS):
        middle = math.sqrt(below * above)
        below, above = (middle, above) if is_right_at(middle) else (below, middle)
    second = measure(below)
    if second.verdict == "agrees":
        return second
    reason = (
        f"the slope of the loss is {far.value:.4g} at steps of {far.step / first.size:.0e} of the "
        f"entries' size, and another at {below / first.size:.0e}, where {first.claimed:.4g} may be "
        "right"
    )
    return replace(second, verdict="undecided", reason=reason)


def allow_jumps(probe: Probe, line: Line, samples: Samples) -> Probe:
    """Allow a disagreement the rounding that shows only as jumps further out.

    Parameters
    ----------
    probe
        It disagrees.
    line, samples
        Along which it was made, and the samples there.
    """
    height, distance = samples.jump_further_out(
        max(OUT_TO * line.size, probe.numerical.step),
        probe.numerical.value,
        probe.numerical.step,
        probe.discrepancy / RELEVANT,
        probe.numerical.noise,
    )
    tolerance = probe.tolerance + JUMPS * height / distance
    if probe.discrepancy > tolerance:
        return probe
    reason = (
        f"the loss jumps by {height:.1e} at {distance / line.size:.0e} of the entries' size: "
        "something inside is rounded, and its slope here need not be that of what is meant"
    )
    return replace(probe, tolerance=tolerance, verdict="undecided", reason=reason)


def _is_far_off(probe: Probe) -> bool:
    """Tell whether a claim is no slope that a bound which is too small might have excluded."""
    return probe.discrepancy > FAR_OFF * probe.tolerance


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
        f"{first.numerical.step / first.size:.0e} of the entries' size, and smaller steps neither "
        "confirm it nor rule it out: there is too much noise, or there are kinks close by"
    )
