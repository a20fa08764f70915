"""A claim's probes taken together: enough of them, and sharp enough for a verdict."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradcheck.probes import Probe, Prober, Verdict, aligned, direction

__all__ = ["GROSS", "Examination", "examine", "is_sharp"]

PROBES = 2
"""Directions through all entries: an error escapes each of them by chance alone."""

SMALL = 1e-3
"""Entries below this part of the largest are probed once more, without the large ones."""

GROSS = (0.0, -1.0, 1.5, 1 / 1.5)
"""What agrees must not agree with an array of the claim, or all of it, multiplied by these.

A bound as large as the gradient itself agrees with anything. The last factor is there since a
claim of 1.5 g may lie within a tolerance that its own zero, negative and 1.5-fold do not.
"""


@dataclass(frozen=True)
class Examination:
    """What the probes of one claim say.

    Attributes
    ----------
    verdict
        Of all of them.
    probes
        In the order in which they were made; where one does not agree, it is the last.
    blurred
        The arrays, by number, of which a gross error would not have been seen.
    unseen
        The arrays, by number, that are claimed to be 0, to rounding, and along which the loss
        does not move.
    is_flat
        Whether all arrays are claimed to be 0 to rounding, though not exactly: nothing can be
        compared.
    """

    verdict: Verdict
    probes: tuple[Probe, ...]
    blurred: tuple[int, ...] = ()
    unseen: tuple[int, ...] = ()
    is_flat: bool = False


def examine(
    prober: Prober, rng: np.random.Generator, moving: NDArray[np.bool_] | None = None
) -> Examination:
    """Probe until a probe does not agree, or the claim is confirmed as sharply as it must be.

    Parameters
    ----------
    prober
        Of the claim.
    rng
        Where directions are drawn from.
    moving : (n,) array, optional
        Which entries to look at; all, if not given.
    """
    run = _Run(prober, rng, moving)
    run.look()
    if run.verdict != "agrees":
        return Examination(run.verdict, tuple(run.probes))
    nothing = [
        array
        for array in run.arrays
        if run.is_nothing(array) and not is_sharp(run.probes, [array], len(run.leaves))
    ]
    unseen = tuple(array for array in nothing if array in run.motionless)
    if len(nothing) == len(run.arrays) and run.terms.any():
        return Examination("undecided", tuple(run.probes), unseen=unseen, is_flat=True)
    blurred = (*run.blurred(), *run.unknown)
    return Examination("undecided" if blurred else "agrees", tuple(run.probes), blurred, unseen)


@dataclass
class _Run:
    """An examination under way."""

    prober: Prober
    rng: np.random.Generator
    moving: NDArray[np.bool_] | None
    probes: list[Probe] = field(default_factory=list)
    motionless: set[int] = field(default_factory=set)
    unknown: Sequence[int] = ()

    def __post_init__(self) -> None:
        parameters = self.prober.subject.parameters
        self.leaves = parameters.leaves
        self.sizes = parameters.sizes
        if self.moving is not None:
            self.sizes = np.where(self.moving, self.sizes, 0.0)
        self.terms = self.prober.claim.gradient * self.sizes
        self.arrays = [i for i, leaf in enumerate(self.leaves) if self.sizes[leaf.entries].any()]

    @property
    def verdict(self) -> Verdict:
        return self.probes[-1].verdict

    def is_nothing(self, array: int) -> bool:
        """Tell whether an array's gradient is claimed to be 0, but for rounding."""
        part = self.terms[self.leaves[array].entries]
        return float(np.abs(part).sum()) <= self.prober.nothing

    def look(self) -> None:
        """Make the probes that every claim gets."""
        for _ in range(PROBES):
            if not self._agrees("all entries", direction(self.sizes, self.rng)):
                return
        magnitude = np.abs(self.terms)
        small = magnitude < SMALL * magnitude.max()
        if small.any():
            drawn = np.where(small, direction(self.sizes, self.rng), 0.0)
            if drawn.any() and not self._agrees(f"entries < {SMALL:g} of the largest", drawn):
                return
        zero = [array for array in self.arrays if self.is_nothing(array)]
        if (not zero or self._are_zero(zero)) and self._are_precise(set(self.arrays) - set(zero)):
            self._sharpen(zero)

    def _are_zero(self, arrays: list[int]) -> bool:
        """Probe what is claimed to be 0 alone: beside other arrays it would not show."""
        if not self._agrees_of("claimed to be 0", arrays):
            return False
        if not self.prober.is_known(self.probes[-1]):
            self.unknown = arrays
        return True

    def _are_precise(self, arrays: Collection[int]) -> bool:
        """Probe each array alone where a precision is asked for, which counts for its own part."""
        if not self.prober.precision or len(self.arrays) == 1:
            return True
        return all(self._agrees_of("", [array]) for array in sorted(arrays))

    def _sharpen(self, zero: Sequence[int]) -> None:
        """Probe what was not seen sharply enough: together first, then array by array."""
        blurred = [array for array in self.blurred() if array not in zero]
        is_coarse = self.prober.coarseness > np.finfo(np.float64).eps
        if is_coarse and not blurred:
            blurred = [array for array in self.arrays if array not in zero]
        if blurred and self._agrees_of("the signs of the gradient", blurred):
            for array in self.blurred():
                if array not in zero and not self._agrees_of("", [array]):
                    return

    def blurred(self) -> list[int]:
        """Return the arrays of which a gross error would have passed all probes."""
        arrays = [array for array in self.arrays if not self.is_nothing(array)]
        everything = [arrays] if arrays else []
        return sorted(
            {
                array
                for group in [*([array] for array in arrays), *everything]
                if not is_sharp(self.probes, group, len(self.leaves))
                for array in group
            }
        )

    def _agrees_of(self, label: str, arrays: Sequence[int]) -> bool:
        """Probe some arrays alone, along the signs of what is claimed."""
        mask = np.zeros(self.sizes.size, dtype=bool)
        for array in arrays:
            mask[self.leaves[array].entries] = True
        drawn = np.where(mask, aligned(self.sizes, self.terms, self.rng), 0.0)
        name = label or self.leaves[arrays[0]].name
        agrees = self._agrees(name, drawn, alone=True)
        if self.probes[-1].numerical.movement <= self.prober.nothing:
            self.motionless.update(arrays)
        return agrees

    def _agrees(self, label: str, drawn: NDArray[np.float64], *, alone: bool = False) -> bool:
        self.probes.append(self.prober.probe(label, drawn, alone=alone))
        return self.verdict == "agrees"


def is_sharp(probes: Sequence[Probe], arrays: Sequence[int], count: int) -> bool:
    """Tell whether the probes would refute the claim, were some arrays of it grossly wrong.

    Parameters
    ----------
    probes
        That agree.
    arrays
        The numbers of those that are wrong together.
    count
        The number of all arrays.
    """
    for factor in GROSS:
        factors = np.ones(count)
        factors[list(arrays)] = factor
        if not any(probe.refuses(factors) for probe in probes):
            return False
    return True
