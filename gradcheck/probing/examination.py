"""A claim's probes taken together: enough of them, and sharp enough for a verdict."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.long_vectors import FloatArray, blocks
from gradcheck.arrays.sizes import Sizes
from gradcheck.numerical.directions import Direction, Weigh
from gradcheck.probing.claims import Probe, Verdict
from gradcheck.probing.probes import Prober

__all__ = ["GROSS", "Examination", "examine", "is_sharp"]


SMALL = 1e-3
"""Entries of gradients below this part of the largest are probed once more, and the others move by
this part of their size then."""

GROSS = (0.0, -1.0, 1.5, 1 / 1.5)
"""Gross mistakes: a claim that agrees must not agree with an array of it, or all, times these.

A bound as large as the gradient itself agrees with anything. The last factor is there since a
claim of 1.5 g may lie within a tolerance that its own zero, negative and 1.5-fold do not.
"""


@dataclass(frozen=True)
class Examination:
    """The verdict of the probes of one claim.

    Attributes
    ----------
    verdict
        Of all of them.
    probes
        In the order of their making; where one does not agree, it is the last.
    blurred
        The arrays, by number, that a gross error could hide in.
    unseen
        The arrays, by number, that are claimed to be 0, to rounding, and do not move the loss.
    """

    verdict: Verdict
    probes: tuple[Probe, ...]
    blurred: tuple[int, ...] = ()
    unseen: tuple[int, ...] = ()


def examine(
    prober: Prober, seed: int, moving: NDArray[np.bool_] | None = None, stream: int = 0
) -> Examination:
    """Probe until a probe does not agree, or the claim is confirmed as sharply as it must be.

    Parameters
    ----------
    prober
        Of the claim.
    seed
        Where directions are drawn from.
    moving : (n,) array, optional
        The entries to look at; all, if not given.
    stream
        Another one draws other directions from the same seed.
    """
    run = _Run(prober, (seed, stream), moving)
    run.look()
    if run.verdict != "agrees":
        return Examination(run.verdict, tuple(run.probes))
    nothing = [
        array for array in run.arrays if run.is_nothing(array) and not is_sharp(run.probes, [array])
    ]
    unseen = tuple(array for array in nothing if array in run.motionless)
    # The whole gradient is within the loss's rounding: a gross mistake in it would be, too.
    if len(nothing) == len(run.arrays) and run.is_claimed:
        return Examination("undecided", tuple(run.probes), unseen=unseen)
    blurred = (*run.blurred(), *run.unknown)
    verdict: Verdict = "undecided" if blurred else "agrees"
    return Examination(verdict, tuple(run.probes), blurred, unseen)


@dataclass
class _Run:
    """An examination under way."""

    prober: Prober
    seed: tuple[int, int]
    moving: NDArray[np.bool_] | None
    probes: list[Probe] = field(default_factory=list)
    motionless: set[int] = field(default_factory=set)
    unknown: Sequence[int] = ()

    def __post_init__(self) -> None:
        parameters = self.prober.subject.parameters
        self.leaves = parameters.leaves
        self.sizes = parameters.sizes
        # Not a method: directions keep it, and with it they would keep the run that keeps them,
        # with all its vectors, until the interpreter looks for circles.
        self.magnitude = functools.partial(
            _magnitude, self.prober.claim.gradient, self.sizes, self.moving
        )
        self.arrays = [
            i
            for i, leaf in enumerate(self.leaves)
            if leaf.size and (self.moving is None or self.moving[leaf.entries].any())
        ]
        self.sums = [0.0] * len(self.leaves)
        largest = 0.0
        for entries in blocks(self.sizes.size):
            magnitude = self.magnitude(entries)
            largest = max(largest, float(magnitude.max()))
            for number, part in parameters.within(entries):
                self.sums[number] += float(magnitude[part].sum())
        self.is_claimed = largest > 0
        self.small = SMALL * largest

    @property
    def verdict(self) -> Verdict:
        return self.probes[-1].verdict

    def is_nothing(self, array: int) -> bool:
        """Tell whether an array's gradient is claimed to be 0, but for rounding."""
        return self.sums[array] <= self.prober.nothing

    def look(self) -> None:
        """Make the probes that every claim gets."""
        if not self._agrees_of_all() or not self._agrees_of_small():
            return
        zero = [array for array in self.arrays if self.is_nothing(array)]
        if not self.is_claimed:  # they have been probed
            self._note_zero(zero)
        elif (not zero or self._are_zero(zero)) and self._are_precise(set(self.arrays) - set(zero)):
            self._sharpen(zero)

    def _agrees_of_all(self) -> bool:
        return self._agrees("all entries", least=float(self.moving is None))

    def _agrees_of_small(self) -> bool:
        """Probe once more, with entries of large gradient weighted down.

        Errors in the others could hide behind their rounding. They still have a part in it: an
        error in one of them is seen by two probes, and needs luck twice to escape.
        """
        if not self.is_claimed:
            not_zero = self._not_zero_beside_zeros(self.arrays)
            if not_zero is not None:
                return self._agrees_alone(not_zero)
        if any(self._is_small(entries).any() for entries in blocks(self.sizes.size)):
            least = SMALL * (self.moving is None)
            magnitude, small = self.magnitude, self.small

            def weigh(z: FloatArray, entries: slice) -> None:
                np.multiply(z, SMALL, out=z, where=magnitude(entries) >= small)

            if self._agrees("all entries, weighted", weigh, least=least):
                return True
            if not self._is_hidden_by_rounding():
                return False
        return self._agrees_of_all()

    def _is_hidden_by_rounding(self) -> bool:
        """Tell whether the last probe could not decide for a float32 loss's rounding alone.

        What small entries move such a loss by may lie below it, however right their gradient is.
        """
        last = self.probes[-1]
        is_coarse = self.prober.coarseness > np.finfo(np.float64).eps
        return bool(
            is_coarse
            and last.verdict == "undecided"
            and last.numerical.is_quiet
            and not (last.reason or last.numerical.obstacle or last.departure)
            and last.numerical.error > last.part
        )

    def _is_small(self, entries: slice) -> NDArray[np.bool_]:
        is_small = self.magnitude(entries) < self.small
        return is_small if self.moving is None else is_small & self.moving[entries]

    def _are_zero(self, arrays: list[int]) -> bool:
        """Probe arrays that are claimed to be 0 alone: beside others they would not show."""
        if not self._agrees_of("claimed to be 0", arrays, in_full=True):
            return False
        self._note_zero(arrays)
        not_zero = self._not_zero_beside_zeros(arrays)
        if not_zero is None or self.motionless.issuperset(arrays):
            return True
        return self._agrees_alone(not_zero)

    def _not_zero_beside_zeros(self, arrays: Sequence[int]) -> NDArray[np.bool_] | None:
        """Return which entries of arrays are not 0 at the point, None where all or none are.

        The others have no size of their own, and may move so far that nothing else shows.
        """
        moves = np.zeros(self.sizes.size, dtype=bool)
        for array in arrays:
            moves[self.leaves[array].entries] = True
        if self.moving is not None:
            moves &= self.moving
        not_zero = moves & ~self.prober.subject.parameters.is_zero
        is_mixed = not_zero.any() and (not_zero != moves).any()
        return not_zero if is_mixed else None

    def _agrees_alone(self, entries: NDArray[np.bool_]) -> bool:
        def weigh(z: FloatArray, block: slice) -> None:
            z *= entries[block]

        return self._agrees("entries that are not 0", weigh, alone=True)

    def _note_zero(self, arrays: list[int]) -> None:
        """Note arrays claimed to be 0 that the last probe, theirs, left motionless or unknown."""
        if self.prober.is_motionless(self.probes[-1]):
            self.motionless.update(arrays)
            return
        # Where nothing but 0 is claimed, some entries may stand still and others not.
        around = () if self.is_claimed else self.probes
        if not self.prober.is_known(self.probes[-1], around):
            self.unknown = arrays

    def _are_precise(self, arrays: Collection[int]) -> bool:
        """Probe each array alone where a precision is asked for: it counts for its own part."""
        if not self.prober.precision or len(self.arrays) == 1:
            return True
        return all(self._agrees_of("", [array]) for array in sorted(arrays))

    def _sharpen(self, zero: Sequence[int]) -> None:
        """Probe arrays that were not seen sharply enough: together first, then one by one."""
        # Where a saturated loss stands still, it does so along all lines: terms of an array that
        # are no larger than its error would show in no probe.
        saturated = [probe for probe in self.probes if probe.numerical.is_saturated]
        hidden = min((probe.numerical.error / probe.span for probe in saturated), default=0.0)
        blurred = [
            array for array in self.blurred() if array not in zero and self.sums[array] > hidden
        ]
        is_coarse = self.prober.coarseness > np.finfo(np.float64).eps
        # In float32, rounding hides much; terms that all add up show a wrong factor far sooner.
        if is_coarse and not blurred:
            blurred = [array for array in self.arrays if array not in zero]
        if blurred and self._agrees_of("the signs of the gradient", blurred):
            # That probe of all of them may have been sharp enough for some.
            for array in self.blurred():
                if array in blurred and not self._agrees_of("", [array]):
                    return

    def blurred(self) -> list[int]:
        """Return the arrays that a gross error could hide in, alone or all together."""
        arrays = [array for array in self.arrays if not self.is_nothing(array)]
        everything = [arrays] if arrays else []
        return sorted(
            {
                array
                for group in [*([array] for array in arrays), *everything]
                if not is_sharp(self.probes, group)
                for array in group
            }
        )

    def _agrees_of(self, label: str, arrays: Sequence[int], *, in_full: bool = False) -> bool:
        """Probe some arrays alone, along the signs of their claim."""
        within = self.prober.subject.parameters.within

        def weigh(z: FloatArray, entries: slice) -> None:
            for number, part in within(entries):
                if number not in arrays:
                    z[part] = 0

        name = label or self.leaves[arrays[0]].name
        signs_of = self.prober.claim.gradient
        return self._agrees(name, weigh, signs_of=signs_of, alone=True, in_full=in_full)

    def _agrees(
        self,
        label: str,
        weigh: Weigh | None = None,
        *,
        signs_of: FloatArray | None = None,
        least: float = 0.0,
        alone: bool = False,
        in_full: bool = False,
    ) -> bool:
        seed = (*self.seed, len(self.probes))
        along = Direction(label, self.sizes, seed, self._of_moving(weigh), signs_of, least)
        self.probes.append(self.prober.probe(along, alone=alone, in_full=in_full))
        return self.verdict == "agrees"

    def _of_moving(self, weigh: Weigh | None) -> Weigh | None:
        """Return a function that weighs a direction and stops the entries that are left out."""
        moving = self.moving
        if moving is None:
            return weigh

        def of_moving(z: FloatArray, entries: slice) -> None:
            z *= moving[entries]
            if weigh:
                weigh(z, entries)

        return of_moving


def _magnitude(
    gradient: FloatArray, sizes: Sizes, moving: NDArray[np.bool_] | None, entries: slice
) -> FloatArray:
    """Return what each entry of a claim moves the loss by at the entry's own size."""
    magnitude = np.abs(gradient[entries]) * sizes[entries]
    return magnitude if moving is None else magnitude * moving[entries]


def is_sharp(probes: Sequence[Probe], arrays: Collection[int]) -> bool:
    """Tell whether the probes would refute the claim, were some arrays of it grossly wrong.

    Parameters
    ----------
    probes
        That agree.
    arrays
        The numbers of the arrays that are wrong together.
    """
    return all(any(probe.refuses(factor, arrays) for probe in probes) for factor in GROSS)
