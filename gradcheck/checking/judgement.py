"""The course of one check: evaluate the claim, probe it, look closer where it does not agree.

It is long since it is one course: each stage begins with what the one before it has found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gradcheck.arrays.long_vectors import is_finite
from gradcheck.arrays.parameters import Leaf
from gradcheck.checking import conclusions
from gradcheck.checking.conclusions import Finding
from gradcheck.diagnosis.reasoning import Diagnosis, Known, diagnosed
from gradcheck.numerical.directions import Direction, single
from gradcheck.probing.arrays import ArrayFinding, WrongEntry
from gradcheck.probing.claims import Claim, Probe, Verdict
from gradcheck.probing.examination import Examination, examine
from gradcheck.probing.kinks import Kink, beside, find
from gradcheck.probing.probes import Prober
from gradcheck.probing.single_precision import Promotion, jittered, promote
from gradcheck.probing.subject import OutOfEvaluations, Subject, same
from gradcheck.report.findings import Details, Entry

__all__ = ["FEW", "Judgement", "judge"]

FEW = 100
"""Up to that many entries are looked at one by one where a probe disagrees."""

ROUNDS = 3
"""So often kinks are looked for again where the entries that are left have one, too."""

WEAK = 1 / 32
"""A disagreement of this part of a kink at the point may come from kinks that do not show."""

CLEAR = 10.0
"""A disagreement of so many times its tolerance is no kink's that does not show."""

SHOWS = 6.0
"""A claim that is so many times its tolerance is not agreed with where it is divided by 1.5."""

CLOSE = 1e-2
"""Where all entries differ by less than this part of the gradient,"""

OWN_PART = 0.1
"""and none of them by more than this part of itself, a precision is named,"""

MOST_NAMED = -1
"""up to this power of ten."""


class Judgement(NamedTuple):
    """A verdict, and a function that finds all that there is to say of it.

    Attributes
    ----------
    verdict
        Of the claim.
    find
        Finds the reason, and whatever else there is to say.
    probes
        That were made.
    measure
        Measures along the direction of a probe in full, where it was accepted for less.
    """

    verdict: Verdict
    find: Callable[[], Details]
    probes: tuple[Probe, ...] = ()
    measure: Callable[[Direction], Probe | None] | None = None


def judge(subject: Subject, precision: float | None, seed: int) -> Judgement:
    """Judge the gradient that a subject claims.

    Parameters
    ----------
    subject
        The loss, the gradient and the point; its evaluations are counted.
    precision, seed
        As `gradcheck.check` takes them.
    """
    course = _Course(subject, precision, seed)
    try:
        judgement = course.judgement()
        return judgement._replace(measure=course.measured) if judgement.probes else judgement
    except OutOfEvaluations:
        return _found(conclusions.stopped(subject.evaluations, course.stage))


def _found(finding: Finding, probes: tuple[Probe, ...] = ()) -> Judgement:
    details = Details(finding.reason, finding.advice, finding.notes)
    return Judgement(finding.verdict, lambda: details, probes)


class _Course:
    def __init__(self, subject: Subject, precision: float | None, seed: int) -> None:
        self.subject = subject
        self.precision = precision
        self.seed = seed
        self.aside = np.random.default_rng([seed, 1])  # for all but directions of probes
        self.stage = "evaluating loss and gradient at the point"
        self.precision_is_sought = True

    def judgement(self) -> Judgement:
        """Judge the claim, in double precision where it can be."""
        self.value, self.claimed = self.subject.value_and_gradient()
        if not math.isfinite(self.value):
            return _found(conclusions.nowhere(self.value))
        self.stage = "comparing along random directions"
        if not is_finite(self.claimed):
            self.prober = self._plain_prober()
            return self._broken()
        promotion = promote(self.subject, self.claimed, self.aside)
        if promotion is None:
            self.prober = self._plain_prober()
            return self._watched(self._judged())
        self.prober = Prober(
            promotion.subject, promotion.value, promotion.claim, self.precision, self.seed
        )
        return self._watched(self._held_against_double(self._judged(), promotion))

    def measured(self, along: Direction) -> Probe | None:
        """Measure along a direction in full; None where no evaluations are left for it."""
        try:
            return self.prober.measured(along)
        except OutOfEvaluations:
            return None

    def _plain_prober(self) -> Prober:
        """Return a prober of the claim at the point as it is."""
        subject = self.subject
        epsilon = min(subject.gradient_epsilon, subject.parameters.epsilon)
        claimed = self.claimed
        if not is_finite(claimed):
            # Probes need finite numbers; `_entry` calls the others wrong in any case.
            claimed = np.where(np.isfinite(claimed), claimed, 0.0)
        claim = Claim(claimed, epsilon)
        if epsilon > np.finfo(np.float64).eps:
            claim = replace(claim, jitter=tuple(jittered(subject, claim.gradient, self.aside)))
        return Prober(subject, self.value, claim, self.precision, self.seed)

    def _broken(self) -> Judgement:
        """Judge a gradient that is not finite."""
        changed = self._changed()
        if changed:
            return _found(changed)
        reason = conclusions.brokenness(self.subject.parameters, self.claimed)
        return Judgement("disagrees", lambda: self._details(lambda _: Finding("disagrees", reason)))

    def _judged(self) -> Judgement:
        """Examine the claim, and make one verdict of all that was seen."""
        examination = examine(self.prober, self.seed)
        if examination.verdict == "undecided":
            examination = self._with_smaller_zeros(examination)
        # After the probes: state that builds up from call to call takes some calls to show.
        changed = self._changed()
        if changed:
            return _found(changed, examination.probes)
        last = examination.probes[-1]
        # Before "agrees": if a loss ignores its argument, a claim of 0 is right but proves nothing.
        if conclusions.is_constant(examination, self.prober):
            return _found(conclusions.does_not_use_its_argument(), examination.probes)
        if examination.verdict == "agrees":
            return _found(conclusions.agreement(examination, self.prober), examination.probes)
        if last.numerical.obstacle == "kink":
            return self._at_a_kink(examination)
        if last.verdict == "disagrees":
            return self._disagreeing(examination)
        return self._undecided(examination)

    def _with_smaller_zeros(self, examination: Examination) -> Examination:
        """Examine again, with smaller steps for entries of 0, where the loss asks for them.

        What is typical of their array may be no step for them. Where kinks were seen there may be
        others, whose trace is below the rounding: then a slight disagreement says nothing.
        """
        prober = self.prober
        part = prober.smooth_part_of_zeros()
        if part == 1:
            return examination
        subject = prober.subject.with_smaller_zeros(part)
        again = Prober(subject, prober.value, prober.claim, self.precision, self.seed)
        examined = examine(again, self.seed)
        last = examined.probes[-1]
        is_clear = examined.verdict == "agrees" or last.discrepancy > CLEAR * last.tolerance
        if examination.probes[-1].numerical.obstacle == "kink" and not is_clear:
            return examination
        self.prober = again
        return examined

    def _disagreeing(self, examination: Examination) -> Judgement:
        """Believe a direction that disagrees, unless each entry agrees alone.

        A slope that is smooth down to rounding is not to be argued with: there, entries that
        agree would only say that the loss has no gradient.
        """
        last = examination.probes[-1]
        is_doubtful = 1 < self.claimed.size <= FEW and not last.numerical.is_plain
        off = last.discrepancy / last.span
        if is_doubtful and self._agrees_alone(last, self._entries(off)):
            return _found(conclusions.each_alone(examination, self.prober), examination.probes)
        return self._wrong(examination.probes)

    def _undecided(self, examination: Examination) -> Judgement:
        """Look at the entries where there are few: each alone may be decided."""
        last = examination.probes[-1]
        scanned = self._scan() if last.numerical.obstacle else ()
        if any(entry.verdict == "disagrees" for entry in scanned):
            return self._wrong(examination.probes)
        finding = conclusions.indecision(examination, self.prober, scanned)
        if scanned and self._agrees_alone(last, scanned):
            finding = conclusions.each_alone(examination, self.prober)
        details = Details(finding.reason, finding.advice, finding.notes, scanned)
        return Judgement(finding.verdict, lambda: details, examination.probes)

    def _wrong(self, probes: tuple[Probe, ...]) -> Judgement:
        """Say that the claim is wrong; where, is found when somebody asks."""

        def finding(scanned: tuple[Entry, ...]) -> Finding:
            reason = conclusions.disagreement(probes[-1], scanned, self.claimed.size)
            return Finding("disagrees", reason, notes=self._tolerated(probes[-1], scanned))

        off = probes[-1].discrepancy / probes[-1].span
        return Judgement("disagrees", lambda: self._details(finding, off), probes)

    def _details(
        self, finding: Callable[[tuple[Entry, ...]], Finding], off: float = 0.0
    ) -> Details:
        """Look at the entries, if the loss is still the same, and say all that was found."""
        scanned: tuple[Entry, ...] = ()
        besides = ""
        try:
            value = self.subject.loss(self.subject.parameters.vector)
            if same(self.value, value, self.subject.loss_epsilon, self.precision):
                scanned = self._scan(off)
                besides, diagnosis = self._diagnosed(scanned)
                worst = [entry for array in diagnosis.arrays for entry in array.entries]
                self.precision_is_sought = not any(map(_is_gross, worst))
                if besides:
                    self.precision_is_sought = False
                found = finding(scanned)
                notes = (*found.notes, *([besides] if besides else []))
                arrays = diagnosis.arrays
                if found.verdict == "disagrees":
                    arrays = _of_a_wrong_gradient(arrays)
                return Details(found.reason, found.advice, notes, scanned, arrays, diagnosis.rest)
            besides = conclusions.changed_since(self.value, value)
        except OutOfEvaluations:
            besides = self._stopped()
        except Exception as error:  # noqa: BLE001  a report can be read, whatever its loss does
            besides = conclusions.raises_since(error)
        # No further evaluation: not for entries, nor for a precision.
        self.precision_is_sought = False
        found = finding(())
        return Details(f"{found.reason} {besides}", found.advice, found.notes)

    def _diagnosed(self, scanned: tuple[Entry, ...]) -> tuple[str, Diagnosis]:
        """Diagnose the claim, and tell of anything that came in between."""
        # The promoted one, if that was refuted: entries in float32 are off by their rounding, too.
        claimed = self.prober.claim.gradient if is_finite(self.claimed) else self.claimed
        try:
            found = diagnosed(self.prober, claimed, self.seed, _known(scanned))
        except Exception as error:  # noqa: BLE001  what was seen of entries is kept
            ended = f"The search for wrong entries ended with {type(error).__name__}: {error}."
            return ended, Diagnosis(())
        return self._stopped() if found.was_stopped else "", found

    def _stopped(self) -> str:
        stage = "looking for wrong entries"
        return conclusions.stopped(self.subject.evaluations, stage).reason

    def _changed(self) -> Finding | None:
        """Ask once more at the point: state that is kept between calls shows, and randomness."""
        subject = self.subject
        is_alike = self.prober.buffer.dtype == self.claimed.dtype
        out = self.prober.buffer if is_alike else None
        value, claimed = subject.value_and_gradient(out=out)
        if not same(self.value, value, subject.loss_epsilon, self.precision):
            return conclusions.changing_loss(self.value, value)
        if not same(self.claimed, claimed, subject.gradient_epsilon, self.precision):
            return conclusions.changing_gradient(subject.parameters, self.claimed, claimed)
        return None

    # ------------------------------------------------------------------- entry by entry

    def _scan(self, off: float | None = None) -> tuple[Entry, ...]:
        """Compare entry by entry, where there are few.

        Each with a prober of its own: a step that served at one entry says nothing of another,
        whose size may be any.

        Parameters
        ----------
        off
            The error of the claim, if it is known to be wrong; None where it is not.
        """
        return () if self.claimed.size > FEW else tuple(self._entries(off))

    def _entries(self, off: float | None) -> Iterator[Entry]:
        claimed, prober = self.claimed, self.prober
        for index in range(claimed.size):
            alone = Prober(
                prober.subject,
                prober.value,
                prober.claim,
                self.precision,
                None if off is None else self.seed,
                off=off,
            )
            name = prober.subject.parameters.where(index)
            probe = alone.probe(single(name, prober.subject.parameters.sizes, index))
            yield _entry(probe, float(claimed[index]))

    def _agrees_alone(self, last: Probe, scanned: Iterable[Entry]) -> bool:
        """Tell whether each entry agrees alone, and sharply, with no obstacle along all of them.

        The first that does not ends it. As in an examination, what agrees must not agree with an
        array that is grossly wrong: the largest entry of each has to show it.
        """
        parameters, enough = self.prober.subject.parameters, self.prober.resolution
        if last.numerical.obstacle in ("kink", "jump", "set"):
            return False
        entries: list[Entry] = []
        for entry, size in zip(scanned, parameters.sizes[:], strict=True):
            if entry.verdict != "agrees" or entry.error * size > enough * self.prober.whole:
                return False
            entries.append(entry)
        return all(self._shows(entries[leaf.entries], leaf) for leaf in parameters.leaves)

    def _shows(self, entries: Sequence[Entry], leaf: Leaf) -> bool:
        """Tell whether entries that agree would not, were all of an array grossly wrong."""
        if any(abs(entry.claimed) > SHOWS * entry.tolerance for entry in entries):
            return True
        sizes = self.prober.subject.parameters.sizes[leaf.entries]
        largest = [
            max(abs(entry.claimed), entry.tolerance) * size
            for entry, size in zip(entries, sizes, strict=True)
        ]
        return float(np.sum(largest)) <= self.prober.nothing  # as little as rounding

    def _tolerated(self, last: Probe, scanned: tuple[Entry, ...]) -> tuple[str, ...]:
        """Name the precision that accepts a small disagreement, in a note."""
        largest = self._largest_difference(last, scanned)
        is_known = self.precision or not self.precision_is_sought
        if is_known or not 0 < largest < CLOSE:
            return ()
        first = math.ceil(math.log10(largest))
        for exponent in range(first, MOST_NAMED + 1):
            # Other directions than before: the precision that is advised has to hold along any.
            prober = Prober(
                self.prober.subject, self.prober.value, self.prober.claim, 10.0**exponent
            )
            if examine(prober, self.seed, stream=2).verdict == "agrees":
                return (conclusions.within_a_tolerance(largest, 10.0**exponent),)
        return ()

    def _largest_difference(self, last: Probe, scanned: tuple[Entry, ...]) -> float:
        """Return the distance of claimed and numerical, relative to the gradient's norm."""
        if not self.prober.whole:
            return math.inf
        sizes = self.prober.subject.parameters.sizes
        if scanned:
            apart = [abs(entry.claimed - entry.numerical) for entry in scanned]
            return float(np.max(np.array(apart) * sizes[:])) / self.prober.whole / math.sqrt(3)
        return last.discrepancy / last.span / self.prober.whole

    # --------------------------------------------------------------------------- kinks

    def _at_a_kink(self, examination: Examination) -> Judgement:
        """Find the entries at a kink, decide the others, and ask at points beside it."""
        self.stage = "looking for the entries at a kink"
        prober, parameters = self.prober, self.prober.subject.parameters
        moving = np.ones(parameters.size, dtype=bool)
        found: list[Kink] = []
        rest: Examination | None = examination
        probes = examination.probes
        for stream in range(1, ROUNDS + 1):
            new = find(prober.subject, prober.value, probes[-1].direction)
            if not new:  # it is close by, and not at the point
                break
            found += new
            moving[np.concatenate([kink.entries for kink in new])] = False
            if not moving.any():
                rest = None
                break
            alone = Prober(
                prober.subject, prober.value, prober.claim, self.precision, self.seed + stream
            )
            rest = examine(alone, self.seed, moving, stream=2 + stream)
            probes += rest.probes
            if rest.probes[-1].numerical.obstacle != "kink":
                break
        if rest and rest.verdict == "disagrees":
            if not found or not _is_weak(rest.probes[-1], probes):
                return self._wrong(probes)
            rest = replace(rest, verdict="undecided")
            moving[:] = False  # a point moved off all kinks, by all entries, tells
        if not found:
            return self._undecided(examination)
        entries = np.flatnonzero(~moving)
        wrong = beside(prober.subject, prober.claim, entries, self.precision, self.aside)
        if wrong:
            finding = Finding("disagrees", conclusions.beside_a_kink(wrong, found, parameters))
            probes += (wrong,)
        else:
            finding = conclusions.kinks(found, rest, prober)
        return Judgement(finding.verdict, lambda: self._details(lambda _: finding), probes)

    # ---------------------------------------------------------------- single precision

    def _held_against_double(self, found: Judgement, promotion: Promotion) -> Judgement:
        """Hold a float32 claim against the same function's gradient in double precision."""
        if promotion.off is None or found.verdict != "agrees":
            return found
        worst = int(np.argmax(promotion.excess))
        if promotion.excess[worst] > 1:
            leaf = self.subject.parameters.leaves[worst]
            finding = conclusions.wrong_in_single(leaf, float(promotion.off[worst]))
            return _found(finding, found.probes)
        found = _noted(found, conclusions.off_in_single(float(promotion.off.max())))
        if promotion.unseen:
            leaves = [self.subject.parameters.leaves[array] for array in promotion.unseen]
            found = _noted(found, conclusions.unseen_in_single(leaves))
        return found

    # ------------------------------------------------------------------------ overwriting

    def _watched(self, found: Judgement) -> Judgement:
        """Say that a function overwrites its argument: no agreement makes that good."""
        names = list(dict.fromkeys(self.subject.overwritten))
        if not names or found.verdict == "undecided":
            return found
        if found.verdict == "agrees":
            return _found(conclusions.overwriting(names), found.probes)
        return _noted(found, conclusions.besides_overwriting(names))


def _noted(found: Judgement, note: str) -> Judgement:
    """Add a note to a judgement's details."""

    def find() -> Details:
        details = found.find()
        return replace(details, notes=(*details.notes, note))

    return found._replace(find=find)


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


def _known(scanned: tuple[Entry, ...]) -> Known | None:
    """Return entries that were looked at one by one, as a diagnosis takes them."""
    if not scanned:
        return None
    verdicts = np.array([entry.verdict for entry in scanned])
    return Known(
        np.array([entry.numerical for entry in scanned]),
        np.array([entry.error for entry in scanned]),
        verdicts == "disagrees",
        verdicts == "agrees",
    )


def _of_a_wrong_gradient(arrays: tuple[ArrayFinding, ...]) -> tuple[ArrayFinding, ...]:
    """Call the only array of a wrong gradient wrong, also where no entry of it was found to be.

    An error that hardly shows along a direction through millions may escape the next one.
    """
    nonempty = [array for array in arrays if math.prod(array.shape)]
    if len(nonempty) != 1 or nonempty[0].verdict == "disagrees":
        return arrays
    extent = "entries that were not found"
    return tuple(
        replace(array, verdict="disagrees", extent=extent) if array is nonempty[0] else array
        for array in arrays
    )


def _is_gross(entry: WrongEntry) -> bool:
    """Tell whether an entry is off by more than something computed to a tolerance would be."""
    return abs(entry.claimed - entry.numerical) > OWN_PART * max(
        abs(entry.claimed), abs(entry.numerical)
    )


def _is_weak(last: Probe, probes: tuple[Probe, ...]) -> bool:
    """Tell whether a disagreement is next to nothing beside kinks that were found at the point.

    Where there are some, as in the deep layers of a net with tiny weights, there are others whose
    trace is below the rounding, and steps reach over them.
    """
    half_jumps = [
        abs(right - left) / 2 / probe.span
        for probe in probes
        if probe.numerical.slopes
        for left, right in [probe.numerical.slopes]
    ]
    return last.discrepancy / last.span <= WEAK * max(half_jumps, default=0.0)
