"""The verdict of a check, in words.

It is long since all sentences of a verdict stand here, side by side, to sound like one voice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gradcheck.arrays.long_vectors import FloatArray
from gradcheck.arrays.parameters import Leaf, Parameters
from gradcheck.probing.claims import Probe, Verdict
from gradcheck.probing.examination import Examination
from gradcheck.probing.kinks import Kink
from gradcheck.probing.probes import PIECE, Prober
from gradcheck.report.findings import Entry

__all__ = [
    "Finding",
    "agreement",
    "beside_a_kink",
    "besides_overwriting",
    "brokenness",
    "changed_since",
    "changing_gradient",
    "changing_loss",
    "disagreement",
    "does_not_use_its_argument",
    "each_alone",
    "indecision",
    "is_constant",
    "kinks",
    "nowhere",
    "off_in_single",
    "overwriting",
    "raises_since",
    "stopped",
    "unseen_in_single",
    "within_a_tolerance",
    "wrong_in_single",
]

NAMED = 5
"""So many entries at a kink, or arrays, are named in a sentence."""


class Finding(NamedTuple):
    """The verdict that a report begins with, its reason, an advice and notes."""

    verdict: Verdict
    reason: str
    advice: str = ""
    notes: tuple[str, ...] = ()


# ------------------------------------------------------------------- nothing to compare


def nowhere(value: float) -> Finding:
    """Say that the loss is not finite at the point."""
    return Finding(
        "undecided",
        f"The loss is {value} at the point itself.",
        "choose a point at which the loss is finite, or mend the loss.",
    )


def brokenness(parameters: Parameters, claimed: FloatArray) -> str:
    """Say where a claimed gradient is not finite."""
    broken = ~np.isfinite(claimed)
    first, count = int(np.argmax(broken)), int(broken.sum())
    sentence = f"The claimed gradient is {claimed[first]} at {parameters.where(first)}"
    if count > 1:
        sentence += f", and not finite at {count:,} of {claimed.size:,} entries"
    return f"{sentence}."


def stopped(evaluations: int, stage: str) -> Finding:
    """Say that the check has evaluated the loss as often as it may."""
    return Finding(
        "undecided",
        f"The check stopped after {evaluations:,} evaluation{'' if evaluations == 1 else 's'} of "
        f"the loss, as max_evaluations says, while it was {stage}.",
        "let it go on: a larger max_evaluations, or none.",
    )


def changed_since(value: float, again: float) -> str:
    """Say that a loss is another when a report is read."""
    return (
        f"Entries are not looked at: the loss has changed since, from {value!r} to {again!r} at "
        "the same point."
    )


def raises_since(error: Exception) -> str:
    """Say that a loss can no longer be evaluated when a report is read."""
    said = " ".join(str(error).split())
    return (
        f"Entries are not looked at: the loss now raises {type(error).__name__}: {said}".rstrip(
            ": "
        )
        + "."
    )


def changing_loss(value: float, again: float) -> Finding:
    """Say that the loss has two answers."""
    return Finding(
        "undecided",
        f"The loss changes from call to call: {value!r}, then {again!r} for the same argument.",
        "if it draws random numbers, seed them inside of the function; if it keeps state "
        "between calls, reset that.",
    )


def changing_gradient(parameters: Parameters, claimed: FloatArray, again: FloatArray) -> Finding:
    """Say that the gradient has two answers."""
    index = int(np.argmax(np.abs(claimed - again)))
    return Finding(
        "undecided",
        f"The gradient changes from call to call: at {parameters.where(index)} it is "
        f"{float(claimed[index])!r}, then {float(again[index])!r} for the same argument.",
        "if it draws random numbers, seed them inside of the function; if it keeps state "
        "between calls (an array that is added to, say), reset that.",
    )


def overwriting(names: Sequence[str]) -> Finding:
    """Say that an argument is changed by a gradient that is right otherwise."""
    return Finding(
        "undecided",
        f"The numbers agree, but {_overwritten(names)} would be changed.",
        "let the function work on a copy of its argument: x = x.copy().",
    )


def besides_overwriting(names: Sequence[str]) -> str:
    """Say the same of a gradient that is wrong."""
    return f"Besides, {_overwritten(names)} would be changed."


def _overwritten(names: Sequence[str]) -> str:
    are, s = ("are", "s") if len(names) > 1 else ("is", "")
    return f"{' and '.join(names)} {are} overwritten in the call: the caller's array{s}"


# ---------------------------------------------------------------------------------- agrees


def agreement(examination: Examination, prober: Prober) -> Finding:
    """Say that a claim agrees, its closeness, and the mistakes that could not be seen."""
    probes = [probe for probe in examination.probes if probe.verdict == "agrees"]
    closely = max(probe.numerical.error / probe.span for probe in probes)
    known = f", to {closely / prober.whole:.0e} of its norm" if prober.whole else ""
    directions = f"{len(probes)} random directions"
    reason = f"Along {directions}, the claimed gradient is the derivative of the loss{known}."
    reaches = [probe.numerical.reach for probe in probes if probe.numerical.reach]
    if reaches:  # notes on factors that do not show would only repeat this
        reason += (
            " The loss is piecewise constant: it stands still around the point, and jumps at "
            f"{min(reaches):.1g} of the entries' size."
        )
        return Finding("agrees", reason)
    return Finding("agrees", reason, notes=_hidden(examination, prober))


def each_alone(examination: Examination, prober: Prober) -> Finding:
    """Say that all entries agree alone, whatever a direction through all of them shows."""
    return Finding(
        "agrees",
        f"Each of the {prober.claim.gradient.size} entries is the derivative of the loss by its "
        "own parameter. Along a random direction through all of them that could not be told.",
        notes=_hidden(examination, prober),
    )


def _hidden(examination: Examination, prober: Prober) -> tuple[str, ...]:
    """Name the wrong factors that could not have been seen at this point."""
    parameters = prober.subject.parameters
    is_coarse = prober.claim.epsilon > np.finfo(np.float64).eps
    notes = []
    if examination.unseen:
        names = _listed([parameters.leaves[array].name for array in examination.unseen])
        rounded = ", to float32's rounding of the loss" if is_coarse else ""
        notes.append(
            f"The derivative by {names} is 0 here{rounded}: a wrong factor in it could not be seen."
        )
    starting = [
        f"{leaf.name} is {value:g}{' everywhere' if leaf.size > 1 else ''}"
        for leaf in parameters.leaves
        if leaf.size and (value := _one_value(parameters.vector[leaf.entries])) is not None
    ]
    if starting:
        notes.append(
            f"{_listed(starting)}: a factor that is 1 there, or a term that is 0, could not be "
            "seen."
        )
    return (*notes, "A random point shows more.") if notes else ()


def _one_value(entries: FloatArray) -> float | None:
    """Return the value that all entries have, if a point is not likely to have it by itself."""
    first = float(entries[0])
    if (entries != first).any():
        return None
    return first if entries.size > 1 or first in (0, 1) else None


def off_in_single(off: float) -> str:
    """Say the distance of a float32 claim from the same function's double-precision one."""
    differs = f"differs from that by {off:.0e} of its norm, as its rounding does" if off else ""
    return (
        "Loss and gradient were compared in double precision; the float32 gradient "
        f"{differs or 'is the same'}."
    )


def unseen_in_single(leaves: Sequence[Leaf]) -> str:
    """Name the arrays that float32 is too coarse for, to compare them with the promoted ones."""
    return (
        f"In float32, a wrong factor in {_listed([leaf.name for leaf in leaves])} could not be "
        "seen; in double precision it is right."
    )


def wrong_in_single(leaf: Leaf, off: float) -> Finding:
    """Say that a gradient is right in double precision alone."""
    return Finding(
        "disagrees",
        "In double precision the gradient is right. In float32 the same function gives another: "
        f"at {leaf.name} it differs by {off:.0e} of the gradient's norm, far more than when the "
        "point moves by a last place.",
    )


# ------------------------------------------------------------------------------- disagrees


def disagreement(probe: Probe, scanned: Sequence[Entry], size: int) -> str:
    """Name the entries that are wrong, or count them, as far as they are known."""
    verdicts = [entry.verdict for entry in scanned]
    wrong, open_ones = verdicts.count("disagrees"), verdicts.count("undecided")
    if probe.numerical.reach >= PIECE:
        return (
            "The loss is piecewise constant: it stands still around the point, where its "
            f"derivative is 0, and jumps at {probe.numerical.reach:.1g} of the entries' size."
        )
    if wrong == size == 1:
        return "The derivative of the loss is another number."
    if wrong:
        besides = f", and {open_ones} cannot be decided" if open_ones else ""
        return f"{wrong} of {size} entries {'is' if wrong == 1 else 'are'} wrong{besides}."
    sentence = (
        f"Along a random direction z through {probe.label}, the claimed gradient gives "
        f"{probe.claimed:.9g}, and the loss {probe.numerical.value:.9g} "
        f"± {probe.numerical.error:.1e}."
    )
    if scanned:
        return f"{sentence} No single entry is known to be wrong."
    return sentence


def within_a_tolerance(largest: float, precision: float) -> str:
    """Say that a disagreement is as small as that of something computed to a tolerance."""
    return (
        f"All entries differ by {largest:.0e} of the gradient or less. Is the loss, or the "
        "gradient, computed to a tolerance (a solver, a rounded constant, float32)? "
        f"precision={precision:g} accepts that."
    )


# ----------------------------------------------------------------------------------- kinks


def kinks(found: Sequence[Kink], rest: Examination | None, prober: Prober) -> Finding:
    """Name the entries at a kink of the loss, and say whether the others agree."""
    parameters, claimed = prober.subject.parameters, prober.claim.gradient
    count, size = sum(kink.entries.size for kink in found), parameters.size
    single = [kink for kink in found if kink.slopes]
    sentences = [f"{_at_a_kink(found, parameters)}: the loss is not differentiable here."]
    alike: dict[str, list[str]] = {}
    for kink in single[:NAMED]:
        entry = int(kink.entries[0])
        left, right = _without_dust(kink.slopes or (math.nan, math.nan))
        seen = (
            f"the slopes on the two sides are {left:.4g} and {right:.4g}, and "
            f"{claimed[entry]:.6g} is claimed"
            f"{'' if _is_between(claimed[entry], left, right) else ': no slope of the loss'}."
        )
        alike.setdefault(seen, []).append(parameters.where(entry))
    sentences += [f"By {_listed(names)}, {seen}" for seen, names in alike.items()]
    beyond = [
        parameters.where(int(kink.entries[0]))
        for kink in single[NAMED:]
        if not _is_between(float(claimed[kink.entries[0]]), *(kink.slopes or (0, 0)))
    ]
    if beyond:
        sentences.append(f"The claim is no slope of the loss at {_listed(beyond)} either.")
    if rest is not None:
        others = f"The other {size - count:,} entries agree."
        if size - count == 1:
            others = "The other entry agrees."
        sentences.append(others if rest.verdict == "agrees" else "The rest cannot be decided.")
    advice = "move the point off the kink, and check the gradient there."
    return Finding("undecided", " ".join(sentences), advice)


def _at_a_kink(found: Sequence[Kink], parameters: Parameters) -> str:
    """Name the entries at a kink, or count them by array."""
    indices = np.sort(np.concatenate([kink.entries for kink in found]))
    if indices.size == 1:
        return f"{parameters.where(int(indices[0]))} is at a kink"
    if indices.size <= NAMED:
        return f"{_listed([parameters.where(int(i)) for i in indices])} are at a kink"
    counts = [
        f"{number:,} of {leaf.size:,} entries of {leaf.name}"
        for leaf in parameters.leaves
        if (number := int(((indices >= leaf.start) & (indices < leaf.start + leaf.size)).sum()))
    ]
    names = ""
    if indices.size <= 100:
        names = f" ({', '.join(parameters.where(int(i)) for i in indices)})"
    return f"{_listed(counts)} are at a kink{names}"


def _without_dust(slopes: tuple[float, float]) -> tuple[float, float]:
    """Take a slope that is next to nothing beside the other one for 0."""
    largest = max(map(abs, slopes))
    left, right = (slope if abs(slope) > 1e-9 * largest else 0.0 for slope in slopes)
    return left, right


def _is_between(claimed: float, left: float, right: float) -> bool:
    margin = 1e-5 * abs(right - left)  # both slopes are numerical
    return min(left, right) - margin <= claimed <= max(left, right) + margin


def beside_a_kink(probe: Probe, found: Sequence[Kink], parameters: Parameters) -> str:
    """Say that a gradient is wrong next to a kink, too."""
    return (
        f"{_at_a_kink(found, parameters)}. At a point moved off it the gradient is wrong: along a "
        f"random direction z it gives {probe.claimed:.9g}, and the loss "
        f"{probe.numerical.value:.9g} ± {probe.numerical.error:.1e}."
    )


# ------------------------------------------------------------------------------- undecided


def indecision(examination: Examination, prober: Prober, scanned: Sequence[Entry]) -> Finding:
    """Say why nothing can be said, and name the entry that is in the way, if it is known."""
    probe, parameters = examination.probes[-1], prober.subject.parameters
    if all(_is_flat(each) for each in examination.probes):
        return _flat(examination)
    if probe.numerical.obstacle:
        where, reason = _obstacle(probe, scanned)
        return Finding("undecided", f"{where}: {reason}.", _OBSTACLES[probe.numerical.obstacle])
    if probe.reason and not examination.blurred:
        return Finding("undecided", f"Along a random direction, {probe.reason}.", _ADVICE)
    return _blurred(examination, prober, parameters)


_ADVICE = "choose another point, a little away; or compute what cancels in the loss otherwise."

_OBSTACLES = {
    "kink": "move the point off the kink, and check the gradient there.",
    "jump": "choose a point at which the loss does not jump.",
    "rounding": "rewrite what cancels in the loss: log1p, expm1, a softmax without its maximum.",
    "edge": "move the point away from the edge of where the loss is defined and smooth.",
    "set": "if the loss is defined on a set only (a sphere, a simplex, symmetric matrices), check "
    "it in coordinates of that set, t ↦ loss(point_of_the_set(t)), for a simplex those of a "
    "softmax; otherwise mend what keeps it from being evaluated at other points.",
    "rough": "move the point, or make the loss smooth.",
}


def _is_flat(probe: Probe) -> bool:
    """Tell whether the derivative is 0 beside the changes of the loss, and not for noise alone."""
    numerical = probe.numerical
    return abs(numerical.value) <= numerical.error and (
        numerical.is_plateau or numerical.error * probe.size < numerical.movement / 10
    )


def _flat(examination: Examination) -> Finding:
    reach = examination.probes[-1].numerical.reach
    if reach:
        return Finding(
            "undecided",
            f"The loss moves in steps: it stands still up to {reach:.0e} of the entries' size, and "
            "jumps there. Something inside is rounded, or counted.",
            "check the loss without the rounding; a count has no slope to check.",
        )
    if examination.unseen or any(probe.numerical.is_plateau for probe in examination.probes):
        what = "The loss has saturated: around the point it moves by no more than its rounding"
    else:
        what = "The point is an optimum, or flat: the gradient is 0 to within the loss's rounding"
    return Finding(
        "undecided",
        f"{what}, and a wrong factor in the gradient could not be seen.",
        "choose a point at which the loss moves: smaller scores, a random start.",
    )


def is_constant(examination: Examination, prober: Prober) -> bool:
    """Tell whether the loss was the same everywhere, also at points that have nothing in common."""
    seen = [probe.numerical for probe in examination.probes]
    is_the_same = all(numerical.is_constant and not numerical.obstacle for numerical in seen)
    return is_the_same and prober.elsewhere.is_constant


def does_not_use_its_argument() -> Finding:
    """Say that the loss has the same bits everywhere."""
    return Finding(
        "undecided",
        "The loss has the same value at every point: it does not use its argument, or what it "
        "makes of it is lost in its rounding.",
        "let the loss compute with what it is given. For a model that keeps its parameters, put "
        "them there first: def loss(w): model.w = w; return model.loss()",
    )


def _obstacle(probe: Probe, scanned: Sequence[Entry]) -> tuple[str, str]:
    """Say where there is no derivative, as closely as it is known, and why."""
    obstacles = [entry for entry in scanned if entry.reason]
    if not obstacles:
        return "Along a random direction", probe.numerical.reason
    more = f" (and {len(obstacles) - 1} more)" if len(obstacles) > 1 else ""
    return f"With respect to {obstacles[0].name}{more}", obstacles[0].reason


def _blurred(examination: Examination, prober: Prober, parameters: Parameters) -> Finding:
    """Say that the derivative is not known closely enough, and why it is not."""
    probe = examination.probes[-1]
    numerical = probe.numerical
    where = ""
    if examination.blurred:
        names = [parameters.leaves[array].name for array in examination.blurred]
        where = f" of {_listed(names)}" if len(names) < len(parameters.leaves) else ""
    known = f"{numerical.value:.3g} ± {numerical.error:.1e}"
    departure = probe.departure
    if departure:
        step, slope = departure
        return Finding(
            "undecided",
            f"There are kinks close to the point: along a random direction the derivative{where} "
            f"is {known}, and no closer. The slope is {numerical.value:.4g} at steps of "
            f"{numerical.step / probe.size:.0e} of the entries' size, and {slope:.4g} at "
            f"{step / probe.size:.0e}.",
            "move the point a little: another seed of the start, say; or use precision= to say "
            "how closely the gradient needs to be known.",
        )
    is_rounding = numerical.is_quiet or prober.value == 0
    what = "The rounding of the loss hides its slope" if is_rounding else "The loss is too noisy"
    return Finding(
        "undecided",
        f"{what}: along a random direction its derivative{where} is {known}, and no closer.",
        _noise_advice(prober, probe, is_rounding=is_rounding, is_blurred=bool(examination.blurred)),
    )


def _noise_advice(prober: Prober, probe: Probe, *, is_rounding: bool, is_blurred: bool) -> str:
    """Name the precision that the noise leaves within reach, and the noise's likely source."""
    scale = prober.whole * math.sqrt(3)
    noise = 1.5 * probe.numerical.error / probe.span / scale if scale else math.inf
    if prober.coarseness > np.finfo(np.float64).eps:
        source = "compute the loss in double precision throughout"
    elif is_rounding:
        source = "leave out what is large and constant in the loss, or choose a point at which it "
        source += "is steeper"
    else:
        source = "take out of the loss what makes it noisy: random numbers, rounding, float32, the "
        source += "tolerance of a solver"
    if not noise < 0.1:
        return f"{source}; nothing is known of its derivative here."
    # A precision counts for each array's own part: where one is hidden beside another, it would
    # not help; nor would one that is closer than what is asked for without it.
    if is_blurred or noise < prober.resolution:
        return f"{source}."
    return (
        f"with precision={10.0 ** math.ceil(math.log10(noise)):g} the check decides to within "
        f"that part of the gradient; or {source}."
    )


def _listed(items: Sequence[str]) -> str:
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last
