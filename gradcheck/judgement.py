"""The course of one check: evaluate the claim, probe it, look closer where it does not agree."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck import conclusions
from gradcheck.conclusions import Finding
from gradcheck.examination import Examination, examine
from gradcheck.kinks import Kink, beside, find
from gradcheck.probes import Claim, Probe, Prober
from gradcheck.reports import Entry
from gradcheck.single_precision import Promotion, jittered, promote
from gradcheck.subjects import Subject, same

__all__ = ["FEW", "Judgement", "judge"]

FEW = 100
"""Up to that many entries are looked at one by one where a probe disagrees."""

ROUNDS = 3
"""So often kinks are looked for again where the entries that are left have one, too."""

CLOSE = 1e-3
"""Where all entries differ by less than this part of the gradient, a precision is named,"""

MOST_NAMED = -2
"""up to this power of ten."""


class Judgement(NamedTuple):
    """A finding, and what it rests on."""

    finding: Finding
    probes: tuple[Probe, ...] = ()
    scanned: tuple[Entry, ...] = ()


def judge(subject: Subject, precision: float | None, seed: int) -> Judgement:
    """Judge the gradient that a subject claims.

    Parameters
    ----------
    subject
        The loss, the gradient and the point; its evaluations are counted.
    precision, seed
        As `gradcheck.check` takes them.
    """
    value, claimed = subject.value_and_gradient()
    if not math.isfinite(value):
        return Judgement(conclusions.nowhere(value))
    return _Course(subject, value, claimed, precision, seed).judgement()


class _Course:
    def __init__(
        self,
        subject: Subject,
        value: float,
        claimed: NDArray[np.float64],
        precision: float | None,
        seed: int,
    ) -> None:
        self.subject = subject
        self.value = value
        self.claimed = claimed
        self.precision = precision
        self.rng = np.random.default_rng(seed)
        # All but the directions through all entries, which are the same whatever else is drawn.
        self.aside = np.random.default_rng([seed, 1])

    def judgement(self) -> Judgement:
        """Judge the claim, in double precision where it can be."""
        if not np.isfinite(self.claimed).all():
            self.prober = self._plain_prober()
            changed = self._changed()
            reason = conclusions.brokenness(self.subject.parameters, self.claimed)
            broken = Judgement(Finding("disagrees", reason), scanned=self._scan())
            return Judgement(changed) if changed else broken
        promotion = promote(self.subject, self.claimed, self.aside)
        if promotion is None:
            self.prober = self._plain_prober()
            return self._watched(self._judged())
        double = promotion.subject
        self.prober = Prober(double, promotion.value, promotion.claim, self.precision)
        found = self._judged()
        self.subject.evaluations += double.evaluations
        return self._watched(self._held_against_double(found, promotion))

    def _plain_prober(self) -> Prober:
        """Return a prober of the claim at the point as it is."""
        subject = self.subject
        epsilon = min(subject.gradient_epsilon, subject.parameters.epsilon)
        claim = Claim(np.where(np.isfinite(self.claimed), self.claimed, 0.0), epsilon)
        if epsilon > np.finfo(np.float64).eps:
            claim = replace(claim, jitter=jittered(subject, claim.gradient, self.aside))
        return Prober(subject, self.value, claim, self.precision)

    def _judged(self) -> Judgement:
        """Examine the claim, and make one finding of all that was seen."""
        examination = examine(self.prober, self.rng)
        changed = self._changed()
        if changed:
            return Judgement(changed, examination.probes)
        if examination.probes[-1].numerical.obstacle == "kink":
            return self._at_a_kink(examination)
        last = examination.probes[-1]
        if last.verdict == "disagrees" and conclusions.is_constant(examination, self.prober):
            return Judgement(conclusions.does_not_use_its_argument(), examination.probes)
        scanned: tuple[Entry, ...] = ()
        if last.verdict == "disagrees" or last.numerical.obstacle:
            scanned = self._scan()
            if scanned and self._agrees_alone(last, scanned):
                examination = Examination("agrees", examination.probes)
        if examination.verdict == "agrees":
            finding = conclusions.agreement(examination, self.prober)
        elif last.verdict == "disagrees" or _any_wrong(scanned):
            finding = self._disagreement(examination, scanned)
        else:
            finding = conclusions.indecision(examination, self.prober, scanned)
        return Judgement(finding, examination.probes, scanned)

    def _changed(self) -> Finding | None:
        """Ask once more at the point: what keeps state between calls, or is random, shows."""
        subject = self.subject
        value, claimed = subject.value_and_gradient()
        if not same(self.value, value, subject.loss_epsilon, self.precision):
            return conclusions.changing_loss(self.value, value)
        if not same(self.claimed, claimed, subject.gradient_epsilon, self.precision):
            return conclusions.changing_gradient(subject.parameters, self.claimed, claimed)
        return None

    # ------------------------------------------------------------------- entry by entry

    def _scan(self) -> tuple[Entry, ...]:
        """Compare entry by entry, where there are few.

        Each with a prober of its own: a step that served at one entry says nothing of another,
        whose size may be any.
        """
        claimed, prober = self.claimed, self.prober
        if claimed.size > FEW:
            return ()
        entries = []
        for index, unit in enumerate(np.eye(claimed.size)):
            alone = Prober(prober.subject, prober.value, prober.claim, self.precision)
            probe = alone.probe(prober.subject.parameters.where(index), unit)
            entries.append(_entry(probe, float(claimed[index])))
        return tuple(entries)

    def _agrees_alone(self, last: Probe, scanned: tuple[Entry, ...]) -> bool:
        """Tell whether each entry agrees alone, and sharply, with no obstacle along all of them."""
        sizes, enough = self.prober.subject.parameters.sizes, self.prober.resolution
        return not last.numerical.obstacle and all(
            entry.verdict == "agrees" and entry.error * size <= enough * self.prober.whole
            for entry, size in zip(scanned, sizes, strict=True)
        )

    def _disagreement(self, examination: Examination, scanned: tuple[Entry, ...]) -> Finding:
        last = examination.probes[-1]
        reason = conclusions.disagreement(last, scanned, self.claimed.size, FEW)
        return Finding("disagrees", reason, notes=self._tolerated(last, scanned))

    def _tolerated(self, last: Probe, scanned: tuple[Entry, ...]) -> tuple[str, ...]:
        """Name the precision that accepts a small disagreement, in a note."""
        largest = self._largest_difference(last, scanned)
        is_all_over = 2 * sum(entry.verdict == "disagrees" for entry in scanned) >= len(scanned)
        if self.precision or not is_all_over or not 0 < largest < CLOSE:
            return ()
        first = math.ceil(math.log10(largest))
        for exponent in range(first, MOST_NAMED + 1):
            prober = Prober(
                self.prober.subject, self.prober.value, self.prober.claim, 10.0**exponent
            )
            if examine(prober, np.random.default_rng(-exponent)).verdict == "agrees":
                return (conclusions.within_a_tolerance(largest, 10.0**exponent),)
        return ()

    def _largest_difference(self, last: Probe, scanned: tuple[Entry, ...]) -> float:
        """Return how far claimed and numerical are apart, relative to the whole gradient."""
        if not self.prober.whole:
            return math.inf
        sizes = self.prober.subject.parameters.sizes
        if scanned:
            apart = [abs(entry.claimed - entry.numerical) for entry in scanned]
            return float(np.max(np.array(apart) * sizes)) / self.prober.whole
        return last.discrepancy / last.span / self.prober.whole

    # --------------------------------------------------------------------------- kinks

    def _at_a_kink(self, examination: Examination) -> Judgement:
        """Find the entries at a kink, decide the others, and ask at points beside it."""
        prober, parameters = self.prober, self.prober.subject.parameters
        moving = np.ones(parameters.size, dtype=bool)
        found: list[Kink] = []
        rest: Examination | None = examination
        probes = examination.probes
        for _ in range(ROUNDS):
            new = find(prober.subject, prober.value, probes[-1].direction)
            found += new
            moving[np.concatenate([kink.entries for kink in new])] = False
            if not moving.any():
                rest = None
                break
            alone = Prober(prober.subject, prober.value, prober.claim, self.precision)
            rest = examine(alone, self.aside, moving)
            probes += rest.probes
            if rest.probes[-1].numerical.obstacle != "kink":
                break
        scanned = self._scan()
        if (rest and rest.verdict == "disagrees") or _any_wrong(scanned):
            assert rest is not None or scanned
            reason = conclusions.disagreement(probes[-1], scanned, self.claimed.size, FEW)
            return Judgement(Finding("disagrees", reason), probes, scanned)
        entries = np.flatnonzero(~moving)
        wrong = beside(prober.subject, prober.claim, entries, self.precision, self.aside)
        if wrong:
            reason = conclusions.beside_a_kink(wrong, found, parameters)
            return Judgement(Finding("disagrees", reason), (*probes, wrong), scanned)
        return Judgement(conclusions.kinks(found, rest, prober), probes, scanned)

    # ---------------------------------------------------------------- single precision

    def _held_against_double(self, found: Judgement, promotion: Promotion) -> Judgement:
        """Hold a float32 claim against what the same function says in double precision."""
        if promotion.off is None or found.finding.verdict != "agrees":
            return found
        leaves = self.subject.parameters.leaves
        worst = int(np.argmax(promotion.excess))
        off = float(promotion.off.max())
        if promotion.excess[worst] > 1:
            finding = conclusions.wrong_in_single(leaves[worst], float(promotion.off[worst]))
            return found._replace(finding=finding)
        notes = (*found.finding.notes, conclusions.off_in_single(off))
        return found._replace(finding=found.finding._replace(notes=notes))

    # ------------------------------------------------------------------------ overwriting

    def _watched(self, found: Judgement) -> Judgement:
        """Say that a function overwrites its argument, which no agreement makes good."""
        subject, finding = self.subject, found.finding
        overwritten = [*subject.overwritten, *self.prober.subject.overwritten]
        names = list(dict.fromkeys(overwritten))
        if not names or finding.verdict == "undecided":
            return found
        if finding.verdict == "agrees":
            return found._replace(finding=conclusions.overwriting(names))
        note = conclusions.besides_overwriting(names)
        return found._replace(finding=finding._replace(notes=(*finding.notes, note)))


def _entry(probe: Probe, claimed: float) -> Entry:
    return Entry(
        name=probe.label,
        claimed=claimed,
        numerical=probe.numerical.value,
        error=probe.numerical.error,
        tolerance=probe.tolerance,
        verdict=probe.verdict if math.isfinite(claimed) else "disagrees",
        reason=probe.reason,
    )


def _any_wrong(scanned: tuple[Entry, ...]) -> bool:
    return any(entry.verdict == "disagrees" for entry in scanned)
