"""The course of a diagnosis: which arrays are wrong, where, and why.

Array by array, cheapest first. A hypothesis on the whole array is tested by the array's products
with a few directions, whatever its size. Where none explains the claim, the wrong entries are
found by halving, and hypotheses on that part are tested. Where most entries are wrong, a grid of
them is measured, and patterns along its axes are looked for. All of it is thrown away that does
not hold at two points nearby, too, by the same numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck.diagnosis import grids, hypotheses
from gradcheck.diagnosis.evidence import Evidence, gathered
from gradcheck.diagnosis.hypotheses import Hypothesis
from gradcheck.diagnosis.location import MOST_WRONG, located
from gradcheck.diagnosis.parts import described
from gradcheck.diagnosis.slopes import Slopes, calibrated, drawn
from gradcheck.numerical.directions import Direction
from gradcheck.parameters import Leaf
from gradcheck.probing.arrays import ArrayFinding, WrongEntry
from gradcheck.probing.claims import Probe, Verdict
from gradcheck.probing.probes import Prober
from gradcheck.probing.subject import OutOfEvaluations, Subject

__all__ = ["Diagnosis", "Known", "diagnosed"]

FloatArray = NDArray[np.float64]

NEARBY = (2.0**-10, 2.0**-16)
"""Points nearby lie this part of the entries' size away: far enough for a number that holds at one
point alone, and next to no kink further. The nearer one serves where the other is outside of the
loss's domain."""

POINTS_NEARBY = 2
"""So many points nearby test what explains the claim at the point."""

LOOSE = 1e-6
"""There, a hypothesis may be off by this part: a factor is known as well as that."""

RESTS = 2
"""So many directions through all other entries: one that is wrong, too, would need luck twice."""

LISTED = 12
"""As many wrong entries of an array are measured."""


@dataclass(frozen=True)
class Known:
    """Entries that have been measured one by one: all of the gradient's.

    Attributes
    ----------
    derivative, errors : (n,) array
        The derivative, and the bounds on its error.
    wrong, right : (n,) array of bool
        Which entries are wrong, and which right.
    """

    derivative: FloatArray
    errors: FloatArray
    wrong: NDArray[np.bool_]
    right: NDArray[np.bool_]


@dataclass(frozen=True)
class Diagnosis:
    """What was found of a gradient that is wrong.

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
    course = _Course(prober, claimed, seed, known)
    leaves = prober.subject.parameters.leaves
    # Numbers that overflow are no news to the caller, whose functions may be anything.
    with np.errstate(all="ignore"):
        course.judge()
        arrays = tuple(course.finding(number, leaf) for number, leaf in enumerate(leaves))
    return Diagnosis(arrays, () if known else course.rest(), course.was_stopped)


class _Array(NamedTuple):
    """An array under diagnosis: its number, its place, and its slopes."""

    number: int
    leaf: Leaf
    slopes: Slopes


class _Part(NamedTuple):
    """The wrong part of an array: its entries, and it in words; whether it is most of the array."""

    wrong: NDArray[np.bool_]
    said: str
    is_most: bool


class _Course:
    def __init__(self, prober: Prober, claimed: FloatArray, seed: int, known: Known | None) -> None:
        self.prober = prober
        self.subject = prober.subject
        self.sizes = prober.subject.parameters.sizes
        # Entries that have no derivative would spoil that along any direction.
        self.moving = self.sizes
        if known is not None:
            self.moving = np.where(known.wrong | known.right, self.sizes, 0.0)
        self.claimed = claimed
        self.seed = seed
        self.known = known
        self.rng = np.random.default_rng([seed, 7])
        self.wrong = np.zeros(claimed.size, dtype=bool)
        self.was_stopped = False
        self.verdicts: dict[str, Verdict] = {}
        self._probes: dict[int, Probe] = {}
        self._nearby: list[tuple[Subject, float, FloatArray]] | None = None

    def rest(self) -> tuple[Probe, ...]:
        """Probe all entries that are not known to be wrong."""
        if self.wrong.all():
            return ()

        def weigh(z: FloatArray) -> None:
            z[self.wrong] = 0

        try:
            return tuple(
                self.prober.probe(
                    Direction("all others", self.sizes, (self.seed, 19, i), weigh), alone=True
                )
                for i in range(RESTS)
            )
        except OutOfEvaluations:
            self.was_stopped = True
            return ()

    def judge(self) -> None:
        """Judge each array alone, as far as evaluations allow."""
        for number, leaf in enumerate(self.subject.parameters.leaves):
            try:
                self.verdicts[leaf.name] = self._verdict(number, leaf)
            except OutOfEvaluations:
                self.was_stopped = True
            if self.verdicts.get(leaf.name, "undecided") == "undecided":
                self.wrong[leaf.entries] = True  # it is no part of the rest

    def _verdict(self, number: int, leaf: Leaf) -> Verdict:
        part = self.claimed[leaf.entries]
        if not leaf.size:
            return "agrees"
        if not np.isfinite(part).all():
            return "disagrees"
        if self.known is not None:
            if self.known.wrong[leaf.entries].any():
                return "disagrees"
            # An entry that is smaller than what is not known of it says nothing.
            is_seen = np.abs(part) > self.known.errors[leaf.entries]
            is_right = self.known.right[leaf.entries].all() and (is_seen.any() or not part.any())
            return "agrees" if is_right else "undecided"
        probe = self._probes[number] = self._probe(number, leaf)
        if probe.verdict == "agrees" and part.any() and not probe.refuses(0.0, {number}):
            return "undecided"
        return probe.verdict

    def finding(self, number: int, leaf: Leaf) -> ArrayFinding:
        """Return what can be said of an array; less where evaluations run out."""
        verdict = self.verdicts.get(leaf.name, "undecided")
        if verdict != "disagrees":
            return ArrayFinding(leaf.name, leaf.shape, verdict)
        if not np.isfinite(self.claimed[leaf.entries]).all():
            self.wrong[leaf.entries] = ~np.isfinite(self.claimed[leaf.entries])
            return self._broken(leaf)
        try:
            return self._dug(number, leaf, self._slopes(number, leaf))
        except OutOfEvaluations:
            self.was_stopped = True
            self.wrong[leaf.entries] = True
            if self.known is not None:
                return self._known_wrong(leaf)
            extent = "entries that were not found, for want of evaluations"
            return ArrayFinding(leaf.name, leaf.shape, "disagrees", extent=extent)

    def _slopes(self, number: int, leaf: Leaf) -> Slopes:
        if self.known is not None:
            return self._slopes_by_known(leaf)
        probe = self._probes[number]
        numerical = probe.numerical
        return calibrated(
            self.subject, self.prober.value, probe.direction, numerical.value, numerical.error
        )

    def _known_wrong(self, leaf: Leaf) -> ArrayFinding:
        """Say of an array what its entries say, without another evaluation."""
        assert self.known is not None
        wrong = self.known.wrong[leaf.entries]
        off = np.where(wrong, np.abs(self.claimed - self.known.derivative)[leaf.entries], 0)
        places = _largest(off, min(LISTED, int(wrong.sum())))
        entries = tuple(
            self._entry(
                leaf,
                place,
                float(self.known.derivative[leaf.entries][place]),
                float(self.known.errors[leaf.entries][place]),
            )
            for place in places
        )
        extent = self._counted(leaf, wrong, np.zeros_like(wrong))
        return ArrayFinding(leaf.name, leaf.shape, "disagrees", extent=extent, entries=entries)

    def _probe(self, number: int, leaf: Leaf) -> Probe:
        """Probe one array alone."""

        def weigh(z: FloatArray) -> None:
            z[: leaf.entries.start] = 0
            z[leaf.entries.stop :] = 0

        along = Direction(leaf.name, self.sizes, (self.seed, 11, number), weigh, least=0.0)
        return self.prober.probe(along, alone=True)

    def _slopes_by_known(self, leaf: Leaf) -> Slopes:
        """Choose a step by entries that have been measured."""
        assert self.known is not None
        z = np.zeros(self.sizes.size)
        z[leaf.entries] = drawn(self.sizes[leaf.entries], self.rng)
        derivative = np.nan_to_num(self.known.derivative[leaf.entries])
        slope = float(derivative @ z[leaf.entries])
        errors = np.nan_to_num(self.known.errors[leaf.entries], posinf=0.0)
        return calibrated(
            self.subject, self.prober.value, z, slope, float(errors @ np.abs(z[leaf.entries]))
        )

    def _broken(self, leaf: Leaf) -> ArrayFinding:
        part = self.claimed[leaf.entries]
        is_broken = ~np.isfinite(part)
        count = int(is_broken.sum())
        extent = f"{count:,} {'entry that is' if count == 1 else 'entries that are'} not finite"
        entries: tuple[WrongEntry, ...] = ()
        if self.known is not None:
            if others := int((self.known.wrong[leaf.entries] & ~is_broken).sum()):
                extent += f", and in {others:,} {'other' if others == 1 else 'others'}"
            order = np.argsort(~is_broken, kind="stable")[: min(count, LISTED)]
            entries = tuple(
                self._entry(
                    leaf,
                    int(place),
                    float(self.known.derivative[leaf.entries][place]),
                    float(self.known.errors[leaf.entries][place]),
                )
                for place in order
            )
        return ArrayFinding(leaf.name, leaf.shape, "disagrees", extent=extent, entries=entries)

    # -------------------------------------------------------------------------- one array

    def _dug(self, number: int, leaf: Leaf, slopes: Slopes) -> ArrayFinding:
        """Find out where an array is wrong, and why."""
        claimed = self.claimed[leaf.entries].reshape(leaf.shape)
        array = _Array(number, leaf, slopes)
        evidence = self._evidence(number, leaf, slopes)
        others = self._others(leaf, self.claimed)
        whole = [
            each
            for each in hypotheses.of_array(leaf.name, evidence, others)
            if self._holds_nearby(each, array)
        ]
        if whole:
            self.wrong[leaf.entries] = True
            derivative = whole[0].derivative(evidence, others)
            off = np.abs(claimed - derivative).ravel()
            if self.known is not None:
                off = np.where(self.known.wrong[leaf.entries], off, 0)
            worst = [place for place in _largest(off, LISTED) if off[place]]
            found = ArrayFinding(leaf.name, leaf.shape, "disagrees")
            return _caused(replace(found, entries=self._worst(leaf, slopes, worst)), whole)
        return self._partly(array, evidence)

    def _partly(self, array: _Array, evidence: Evidence) -> ArrayFinding:
        """Find the wrong entries of an array, and a cause that concerns these."""
        leaf = array.leaf
        wrong, right, entries, is_all = self._wrong_part(leaf, array.slopes)
        # Of too many to be found one by one, none belongs to the rest.
        self.wrong[leaf.entries] = wrong if is_all and wrong.any() else True
        # A row that is 0 in both is neither right nor wrong.
        is_idle = right & (self.claimed[leaf.entries] == 0)
        said = ""
        if not (wrong | is_idle).all():
            said = described(leaf.name, wrong.reshape(leaf.shape), right.reshape(leaf.shape))
        extent = said or self._counted(leaf, wrong, is_idle)
        if not is_all:
            said, extent = "", f"more than {MOST_WRONG:,} of {leaf.size:,} entries"
        found = ArrayFinding(leaf.name, leaf.shape, "disagrees", extent=extent, entries=entries)
        is_most = wrong.sum() > leaf.size / 2 or bool((wrong | is_idle).all())
        part = _Part(wrong.reshape(leaf.shape), said, is_most)
        return _caused(found, list(self._causes(array, evidence, part)))

    def _causes(
        self, array: _Array, evidence: Evidence, part: _Part
    ) -> Iterator[Hypothesis | grids.Pattern]:
        """Yield the causes that explain a wrong part of an array, the most telling ones first."""
        claimed = evidence.claimed
        if not claimed.any():
            said = "ALL ZERO. claimed is 0 in every entry; the derivative is not."
            yield grids.Pattern(
                "zero", said if claimed.size > 1 else "ZERO. claimed is 0; the derivative is not."
            )
            return
        if self._is_kept(array):
            yield grids.Pattern(
                "elsewhere",
                "THE SAME AT OTHER POINTS. claimed does not depend on the point; the derivative "
                "does.",
            )
            return
        right = self._others(array.leaf, self.claimed, "agrees")
        if copied := [name for name, other in right.items() if np.array_equal(other, claimed)]:
            yield grids.Pattern(
                "other-array",
                f"A COPY. {copied[0]} is claimed to have the same gradient, to the last bit.",
            )
            return
        # Where most are wrong, what they have in common says more than which few are right; but
        # rounding, which may leave a few right by chance, has no other pattern.
        is_coarse = np.array_equal(claimed, claimed.astype(np.float32))
        seen = self._patterns(array, claimed) if part.is_most or is_coarse else []
        if part.said and not any(each.pattern == "float32" for each in seen):
            if cause := self._cause_of_part(array, evidence, part):
                yield cause
                return
            if not seen:
                yield grids.Pattern("part", f"{_stated(part.said)}.")
        yield from seen

    def _evidence(self, number: int, leaf: Leaf, slopes: Slopes) -> Evidence:
        if self.known is None:
            seed = (self.seed, 13, number)
            return gathered(slopes, self.claimed, self.moving, leaf, seed)
        is_known = np.isfinite(self.known.derivative[leaf.entries])
        vectors = np.eye(leaf.size)[is_known]
        return Evidence(
            self.claimed[leaf.entries].reshape(leaf.shape),
            self.subject.parameters.vector[leaf.entries].reshape(leaf.shape),
            slice(None),
            vectors,
            self.known.derivative[leaf.entries][is_known],
            self.known.errors[leaf.entries][is_known],
            undecided=int((~is_known).sum()),
        )

    def _others(
        self, leaf: Leaf, claimed: FloatArray, verdict: Verdict = "disagrees"
    ) -> Mapping[str, FloatArray]:
        """Return the claims for other arrays of that size, of those with a verdict."""
        return {
            other.name: claimed[other.entries].reshape(other.shape)
            for other in self.subject.parameters.leaves
            if other is not leaf
            and other.size == leaf.size
            and self.verdicts.get(other.name) == verdict
        }

    # ------------------------------------------------------------------------- its entries

    def _wrong_part(
        self, leaf: Leaf, slopes: Slopes
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], tuple[WrongEntry, ...], bool]:
        """Return which entries are wrong and which right, the worst, and whether these are all."""
        if self.known is not None:
            wrong = self.known.wrong[leaf.entries]
            off = np.abs(self.claimed - self.known.derivative)[leaf.entries]
            worst = _largest(np.where(wrong, off, 0), min(LISTED, int(wrong.sum())))
            return wrong, self.known.right[leaf.entries], self._worst(leaf, slopes, worst), True
        found = located(slopes, self.claimed, leaf.entries, leaf.shape, self.rng)
        wrong = found.wrong(leaf.shape).ravel()
        claimed = self.claimed[leaf.entries][found.entries]
        order = _largest(np.abs(claimed - found.derivatives), LISTED)
        entries = tuple(
            self._entry(leaf, int(found.entries[i]), found.derivatives[i], found.errors[i])
            for i in order
        )
        right = ~wrong if found.is_all else np.zeros_like(wrong)
        return wrong, right, entries, found.is_all

    def _worst(self, leaf: Leaf, slopes: Slopes, places: Sequence[int]) -> tuple[WrongEntry, ...]:
        return tuple(
            self._entry(leaf, place, *self._derivative(leaf, slopes, place)) for place in places
        )

    def _derivative(self, leaf: Leaf, slopes: Slopes, place: int) -> tuple[float, float]:
        """Return the derivative by one entry, and its error."""
        index = leaf.entries.start + place
        if self.known is not None:
            return float(self.known.derivative[index]), float(self.known.errors[index])
        z = np.zeros(self.subject.parameters.size)
        z[index] = size = self.sizes[index]
        slope = slopes.along(z)
        return slope.value / size, slope.error / size

    def _entry(self, leaf: Leaf, place: int, derivative: float, error: float) -> WrongEntry:
        index = leaf.entries.start + place
        return WrongEntry(
            self.subject.parameters.where(index),
            tuple(int(i) for i in np.unravel_index(place, leaf.shape)),
            float(self.claimed[index]),
            float(derivative),
            float(error),
        )

    def _counted(self, leaf: Leaf, wrong: NDArray[np.bool_], is_idle: NDArray[np.bool_]) -> str:
        if leaf.size == 1:
            return ""
        if is_idle.any() and (wrong | is_idle).all():
            return "all entries that are not 0 in both"
        if self.known is not None:
            count = int(wrong.sum())
            if count == leaf.size:
                return "both entries" if count == 2 else f"all {count:,} entries"
            return f"{count:,} of {leaf.size:,} entries"
        if not wrong.any():
            return "entries that could not be told"
        return "most entries" if wrong.all() else f"{int(wrong.sum()):,} entries"

    def _cause_of_part(
        self, array: _Array, evidence: Evidence, part: _Part
    ) -> Hypothesis | grids.Pattern | None:
        """Say how a part of an array is wrong; None where that is not known."""
        mask, stated = part.wrong, _stated(part.said)
        if not evidence.claimed[mask].any():
            said = f"{stated}: claimed is 0 there, and the derivative is not."
            return grids.Pattern("part", said)
        for each in hypotheses.of_part(evidence, mask, stated):
            if self._holds_nearby(each, array):
                return each
        return None

    def _is_kept(self, array: _Array) -> bool:
        """Tell whether the claim is the same at points nearby, where the derivative is another."""
        number, leaf, slopes = array
        claims = [claimed[leaf.entries] for _, _, claimed in self._points_nearby()]
        if not claims or not all(np.array_equal(self.claimed[leaf.entries], c) for c in claims):
            return False
        subject, value, claimed = self._points_nearby()[0]
        there = Slopes(subject, value, slopes.step, slopes.error)
        seed = (self.seed, 13, number)
        here = gathered(slopes, self.claimed, self.moving, leaf, seed)
        moved = gathered(there, claimed, self.moving, leaf, seed)
        change = np.abs(moved.products - here.products)
        return bool(np.any(change > 4 * (moved.tolerances + here.tolerances)))

    def _patterns(self, array: _Array, claimed: FloatArray) -> list[grids.Pattern]:
        """Return the patterns that a grid of entries shows."""
        leaf, slopes = array.leaf, array.slopes
        if leaf.size < 4:
            return []
        grid = grids.measured(
            claimed, lambda place: self._derivative(leaf, slopes, place), self.rng
        )
        return list(grids.patterns(leaf.name, grid))

    # ------------------------------------------------------------------------ other points

    def _holds_nearby(self, hypothesis: Hypothesis, array: _Array) -> bool:
        """Tell whether a hypothesis explains the claim at points nearby, too."""
        number, leaf, slopes = array
        if not self._points_nearby():
            return not hypothesis.is_fitted
        for place, (subject, value, claimed) in enumerate(self._points_nearby()):
            there = Slopes(subject, value, slopes.step, slopes.error)
            seed = (self.seed, 17, number, place)
            evidence = gathered(there, claimed, self.moving, leaf, seed)
            derivative = hypothesis.derivative(evidence, self._others(leaf, claimed))
            terms = evidence.vectors * derivative.ravel()[evidence.moved]
            loose = 4 * evidence.tolerances + LOOSE * np.sqrt((terms**2).sum(axis=1))
            if not replace(evidence, tolerances=loose).explains(derivative):
                return False
        return True

    def _points_nearby(self) -> list[tuple[Subject, float, FloatArray]]:
        """Return points nearby, each with the loss and the claimed gradient there."""
        if self._nearby is None:
            self._nearby = list(self._found_nearby())
        return self._nearby

    def _found_nearby(self) -> Iterator[tuple[Subject, float, FloatArray]]:
        for _ in range(POINTS_NEARBY):
            drawn = self.rng.uniform(-1, 1, self.sizes.size) * self.sizes
            for distance in NEARBY:
                subject = self.subject.moved(distance * drawn)
                try:
                    value, claimed = subject.value_and_gradient()
                except Exception:  # noqa: BLE001, S112  outside of the domain, or of the gradient's
                    continue
                if math.isfinite(value) and np.isfinite(claimed).all():
                    yield subject, value, claimed.copy()
                    break


def _caused(found: ArrayFinding, causes: Sequence[Hypothesis | grids.Pattern]) -> ArrayFinding:
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


def _largest(numbers: FloatArray, count: int) -> list[int]:
    """Return the places of the largest numbers, largest first, without sorting all of them."""
    if numbers.size > count:
        places = np.argpartition(numbers, -count)[-count:]
    else:
        places = np.arange(numbers.size)
    return [int(place) for place in places[np.argsort(-numbers[places], kind="stable")]]


def _stated(said: str) -> str:
    """Say of a part that it is wrong, the words that count in capitals."""
    verb = "are" if re.search(r"\b(and|rows|columns|slices|entries)\b", said) else "is"
    for words in ("only", "all but"):
        if said.startswith(words):
            said = said.replace(words, words.upper(), 1)
    return f"{said} {verb} wrong"
