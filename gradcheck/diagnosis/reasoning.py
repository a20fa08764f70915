"""The course of a diagnosis: which arrays are wrong, where, and why.

Array by array, cheapest first. A hypothesis on the whole array is tested by the array's products
with a few directions, whatever its size. Where none explains the claim, the wrong entries are
found, and hypotheses on that part are tested. Where most entries are wrong, a grid of them is
measured, and patterns along its axes are looked for. All of it is thrown away that does not hold at
points nearby, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.long_vectors import FloatArray
from gradcheck.diagnosis import grids, hypotheses
from gradcheck.diagnosis.causes import Cause, Pattern
from gradcheck.diagnosis.evidence import Evidence
from gradcheck.diagnosis.inquiry import LISTED, Inquiry, Source, WrongPart, largest
from gradcheck.diagnosis.known import Known, KnownArray
from gradcheck.diagnosis.location import MOST_WRONG
from gradcheck.diagnosis.nearby import Nearby
from gradcheck.diagnosis.parts import NAMED, described, exceptions, rows_beside
from gradcheck.diagnosis.searched import SearchedArray
from gradcheck.diagnosis.tiles import tiled
from gradcheck.numerical.directions import Direction
from gradcheck.probing.arrays import ArrayFinding, WrongEntry
from gradcheck.probing.claims import Probe
from gradcheck.probing.probes import Prober
from gradcheck.probing.subject import OutOfEvaluations

__all__ = ["Diagnosis", "Known", "diagnosed"]

Mask = NDArray[np.bool_]

OF_ALL = ("zero", "elsewhere", "other-array")
"""Causes that leave no entry of an array right, but by chance: none belongs to the rest."""

SEEN = 1e-12
"""An entry is off where it differs by this part of the largest."""

RESTS = 2
"""So many directions through all other entries: one that is wrong, too, would need luck twice."""


@dataclass(frozen=True)
class Diagnosis:
    """The findings on a wrong gradient.

    Attributes
    ----------
    arrays
        One for each array of the point, in order.
    rest
        Probes through all entries but those that were found to be wrong; empty where there are
        none, or where each entry was measured.
    was_stopped
        Whether evaluations ran out.
    """

    arrays: tuple[ArrayFinding, ...]
    rest: tuple[Probe, ...] = ()
    was_stopped: bool = False


def diagnosed(prober: Prober, claimed: FloatArray, seed: int, known: Known | None) -> Diagnosis:
    """Diagnose each array of a gradient that is wrong.

    Parameters
    ----------
    prober
        Of the claim; its subject's loss is evaluated.
    claimed : (n,) array
        The claimed gradient.
    seed
        Of all that is drawn.
    known
        The entries, where they were measured one by one.
    """
    parameters = prober.subject.parameters
    moving = parameters.sizes[:]
    if known is not None:
        moving = np.where(known.wrong | known.right, moving, 0.0)
    inquiry = Inquiry(prober, claimed, moving, seed)
    sources: list[Source] = [
        KnownArray(inquiry, number, leaf, known) if known else SearchedArray(inquiry, number, leaf)
        for number, leaf in enumerate(parameters.leaves)
    ]
    course = _Course(inquiry)
    # Numbers that overflow are no news to the caller, whose functions may be anything.
    with np.errstate(all="ignore"):
        for source in sources:
            course.judge(source)
        arrays = tuple(course.finding(source) for source in sources)
        rest = () if known else course.rest()
    return Diagnosis(arrays, rest, course.was_stopped)


class _Course:
    def __init__(self, inquiry: Inquiry) -> None:
        self.inquiry = inquiry
        self.nearby = Nearby(inquiry)
        self.wrong = np.zeros(inquiry.claimed.size, dtype=bool)
        self.was_stopped = False

    def judge(self, source: Source) -> None:
        """Judge an array alone, as far as evaluations allow."""
        leaf, verdicts = source.leaf, self.inquiry.verdicts
        try:
            if not leaf.size:
                verdicts[leaf.name] = "agrees"
            elif not np.isfinite(self.inquiry.claimed[leaf.entries]).all():
                verdicts[leaf.name] = "disagrees"
            else:
                verdicts[leaf.name] = source.verdict()
        except OutOfEvaluations:
            self.was_stopped = True
        if verdicts.get(leaf.name, "undecided") == "undecided":
            self.wrong[leaf.entries] = True  # it is no part of the rest

    def finding(self, source: Source) -> ArrayFinding:
        """Return the finding on an array; less of it where evaluations run out."""
        leaf = source.leaf
        found = ArrayFinding(
            leaf.name, leaf.shape, self.inquiry.verdicts.get(leaf.name, "undecided")
        )
        if found.verdict != "disagrees":
            return found
        is_finite = np.isfinite(self.inquiry.claimed[leaf.entries])
        if not is_finite.all():
            self.wrong[leaf.entries] = ~is_finite
            return self._broken(found, source, is_finite)
        try:
            return self._dug(found, source)
        except OutOfEvaluations:
            self.was_stopped = True
            self.wrong[leaf.entries] = True
            part = source.wrong_part_so_far()
            if part is None:
                extent = "entries that were not found, for want of evaluations"
                return replace(found, extent=extent)
            return replace(found, extent=_counted(part), entries=self._entries(source, part.worst))

    def rest(self) -> tuple[Probe, ...]:
        """Probe all entries that are not known to be wrong."""
        if self.wrong.all():
            return ()

        def weigh(z: FloatArray, entries: slice) -> None:
            z[self.wrong[entries]] = 0

        prober, sizes, seed = self.inquiry.prober, self.inquiry.sizes, self.inquiry.seed
        try:
            return tuple(
                prober.probe(Direction("all others", sizes, (seed, 19, i), weigh), alone=True)
                for i in range(RESTS)
            )
        except OutOfEvaluations:
            self.was_stopped = True
            return ()

    def _broken(self, found: ArrayFinding, source: Source, is_finite: Mask) -> ArrayFinding:
        """Say of an array where it is not finite."""
        count = int((~is_finite).sum())
        extent = f"{count:,} {'entry that is' if count == 1 else 'entries that are'} not finite"
        part = source.wrong_part_so_far()
        if part is None:
            return replace(found, extent=extent)
        if others := int((part.wrong.ravel() & is_finite).sum()):
            extent += f", and in {others:,} {'other' if others == 1 else 'others'}"
        return replace(
            found, extent=extent, entries=self._entries(source, part.worst[: min(count, LISTED)])
        )

    def _entries(self, source: Source, places: Sequence[int]) -> tuple[WrongEntry, ...]:
        return tuple(
            self.inquiry.entry(source.leaf, place, *source.derivative(place)) for place in places
        )

    # -------------------------------------------------------------------------- one array

    def _dug(self, found: ArrayFinding, source: Source) -> ArrayFinding:
        """Find out where an array is wrong, and why."""
        leaf, evidence = source.leaf, source.evidence()
        others = self.inquiry.others(leaf, self.inquiry.claimed)
        whole = [
            each
            for each in hypotheses.of_array(leaf.name, evidence, others)
            if self.nearby.holds(each, source)
        ]
        if not whole:
            return self._partly(found, source, evidence)
        self.wrong[leaf.entries] = True
        off = np.abs(evidence.claimed - whole[0].derivative(evidence, others)).ravel()
        worst = [place for place in largest(off, LISTED) if off[place] and source.is_wrong(place)]
        found = replace(found, entries=self._entries(source, worst))
        if source.wrong_part_so_far() is None:
            largest_one = float(np.abs(evidence.claimed).max()) or 1.0
            parts = off.reshape(leaf.shape) / largest_one
            found = replace(
                found,
                tiles=lambda: tiled(parts > SEEN, parts <= SEEN, parts, found.entries),
            )
        return _caused(found, whole)

    def _partly(self, found: ArrayFinding, source: Source, evidence: Evidence) -> ArrayFinding:
        """Find the wrong entries of an array, and a cause that concerns these."""
        leaf = source.leaf
        part = source.wrong_part()
        # Of too many to be found one by one, none belongs to the rest.
        is_told = part.is_all and part.wrong.any()
        self.wrong[leaf.entries] = part.wrong.ravel() if is_told else True
        said = ""
        if part.is_all and not _is_all_that_counts(part, evidence.claimed):
            said = described(leaf.name, part.wrong, part.right)
            said = said or exceptions(leaf.name, part.wrong, part.right)
        extent = said or self._extent(part, evidence.claimed)
        found = replace(found, extent=extent, entries=self._entries(source, part.worst))
        if source.wrong_part_so_far() is None:
            entries = found.entries
            found = replace(found, tiles=lambda: tiled(part.wrong, part.right, None, entries))
        causes = list(self._causes(source, evidence, part, said))
        if beside := rows_beside(part.wrong, part.right & (evidence.claimed == 0)):
            causes = [
                replace(each, cause=f"{each.cause} {beside}") if each.pattern == "part" else each
                for each in causes
            ]
        if causes and causes[0].pattern in OF_ALL:
            self.wrong[leaf.entries] = True
        return _caused(found, causes)

    def _extent(self, part: WrongPart, claimed: FloatArray) -> str:
        if not part.is_all:
            return f"more than {MOST_WRONG:,} of {claimed.size:,} entries"
        is_idle = part.right & (claimed == 0)
        if is_idle.any() and (part.wrong | is_idle).all():
            return "all entries that are not 0 in both"
        return _counted(part)

    def _causes(
        self, source: Source, evidence: Evidence, part: WrongPart, said: str
    ) -> Iterator[Cause]:
        """Yield the causes that explain a wrong part of an array, the most telling ones first."""
        claimed = evidence.claimed
        if not claimed.any():
            yield grids.zero(is_single=claimed.size == 1)
            return
        # Of a claim for another point, far more than a few entries are wrong.
        if not part.wrong.sum() <= NAMED < claimed.size and self.nearby.is_kept(source):
            yield grids.kept()
            return
        right = self.inquiry.others(source.leaf, self.inquiry.claimed, "agrees")
        if copied := [name for name, other in right.items() if np.array_equal(other, claimed)]:
            yield grids.copied(copied[0])
            return
        # Where most are wrong, what they have in common says more than which few are right; but
        # rounding, which may leave a few right by chance, has no other pattern.
        is_most = part.wrong.sum() > claimed.size / 2 or _is_all_that_counts(part, claimed)
        is_coarse = bool((claimed.astype(np.float32) == claimed).all())
        seen = self._patterns(source, claimed) if is_most or is_coarse else []
        if said and not any(each.pattern == "float32" for each in seen):
            if cause := self._cause_of_part(source, part, said):
                yield cause
                return
            # That scattered entries of a matrix are right may be by chance.
            is_telling = claimed.ndim < 2 or described(source.leaf.name, part.wrong, part.right)
            if is_telling and not seen:
                yield Pattern("part", f"{_stated(said)}.")
        yield from seen

    def _cause_of_part(self, source: Source, part: WrongPart, said: str) -> Cause | None:
        """Return the cause of an error in a part of an array; None where it is not known."""
        stated = _stated(said)
        if not self.inquiry.claimed[source.leaf.entries][part.wrong.ravel()].any():
            return Pattern("part", f"{stated}: claimed is 0 there, and the derivative is not.")
        evidence = source.evidence_of(part.wrong)
        for each in hypotheses.of_part(source.leaf.name, evidence, stated):
            if self.nearby.holds(each, source, part.wrong):
                return each
        return None

    def _patterns(self, source: Source, claimed: FloatArray) -> list[Pattern]:
        """Return the patterns that a grid of entries shows, here and nearby."""
        if claimed.size < 4:
            return []
        grid = grids.measured(claimed, source.derivative, self.inquiry.rng)
        seen = list(grids.patterns(source.leaf.name, grid))
        there = self.nearby.grid(source, grid) if seen else None
        if there is None:
            return seen
        lasting = {each.title for each in grids.patterns(source.leaf.name, there)}
        return [each for each in seen if each.title in lasting]


def _is_all_that_counts(part: WrongPart, claimed: FloatArray) -> bool:
    """Tell whether all are wrong but those that are 0 in both, neither right nor wrong."""
    return bool((part.wrong | (part.right & (claimed == 0))).all())


def _counted(part: WrongPart) -> str:
    count, size = int(part.wrong.sum()), part.wrong.size
    if size == 1:
        return ""
    if not count:
        return "entries that could not be told"
    if count == size:
        if part.is_sampled:
            return "most entries"
        return "both entries" if count == 2 else f"all {count:,} entries"
    return f"{count:,} of {size:,} entries"


def _caused(found: ArrayFinding, causes: Sequence[Cause]) -> ArrayFinding:
    """Return a finding with its first cause; another pattern that fits is said, too."""
    if not causes:
        return found
    first, *rest = causes
    others = tuple(dict.fromkeys(c.cause for c in rest if c.pattern != first.pattern))
    return replace(
        found,
        cause=first.cause,
        pattern=first.pattern,
        look_for=first.look_for,
        others=others,
    )


def _stated(said: str) -> str:
    """Say of a part that it is wrong, the words that count in capitals."""
    verb = "are" if re.search(r"\b(and|rows|columns|slices|entries)\b", said) else "is"
    for words in ("only", "all but"):
        if said.startswith(words):
            said = said.replace(words, words.upper(), 1)
    return f"{said} {verb} wrong"
