"""The findings of a check: its verdict, and all that the verdict rests on."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck.arrays.long_vectors import FloatArray
from gradcheck.arrays.parameters import Leaf
from gradcheck.arrays.sizes import Sizes
from gradcheck.numerical.directions import Direction
from gradcheck.probing.acceptance import miss_probability
from gradcheck.probing.arrays import ArrayFinding
from gradcheck.probing.claims import Probe, Verdict
from gradcheck.report.alone import arrays_alone

__all__ = ["Details", "Entry", "Findings"]


SAMPLE = 100_000
"""The size of a sample of numbers that stands for more."""


@dataclass(frozen=True)
class Entry:
    """One entry of the gradient, claimed and numerical.

    Attributes
    ----------
    name
        As the caller would write it: ``outside[3, 0]``.
    claimed
        What the gradient function returned.
    numerical, error
        The numerical derivative and the bound on its error.
    tolerance
        How far both may be apart where the claimed gradient is right.
    verdict
        Of this entry alone.
    reason
        Why there is no numerical derivative, where there is none.
    """

    name: str
    claimed: float
    numerical: float
    error: float
    tolerance: float
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True)
class Details:
    """The content of a report besides its verdict.

    Attributes
    ----------
    reason
        Why, in a sentence or two.
    advice
        The remedy for an undecided verdict.
    notes
        Other observations, a sentence each.
    scanned
        All entries, in the order of the flat vector, where they were looked at one by one;
        empty otherwise.
    arrays
        One for each array of the point, in order, where they were looked at; empty otherwise.
    rest
        Probes through all entries but those that are wrong, where these were found.
    """

    reason: str
    advice: str = ""
    notes: tuple[str, ...] = ()
    scanned: tuple[Entry, ...] = ()
    arrays: tuple[ArrayFinding, ...] = ()
    rest: tuple[Probe, ...] = ()


def _unlimited(_: int | None) -> None:
    """Set no limit."""


@dataclass(frozen=True, eq=False, repr=False)
class Findings:
    """The findings of a check, as plain data: no word of it is laid out here.

    The verdict is there at once. What it takes more evaluations to say, which entries are
    wrong, is found when it is read for the first time.

    Attributes
    ----------
    verdict
        "agrees", "disagrees" or "undecided".
    find
        Finds the details, once.
    count
        Tells how often the loss has been evaluated.
    size
        The number of entries of the gradient.
    leaves
        The arrays of the point: their names and shapes.
    sizes
        Of the entries: in proportion to them, they are moved.
    probes
        The directions along which claimed and numerical derivative were compared.
    seed
        Of the directions: the same seed repeats the check.
    measure
        Measures along a direction in full, where a claim was accepted for less.
    write
        Writes Python that repeats the check.
    limit
        Limits the evaluations that are still to come, and returns how many there may be in all;
        None: as many as it takes.
    """

    verdict: Verdict
    find: Callable[[], Details]
    count: Callable[[], int]
    size: int
    leaves: tuple[Leaf, ...] = ()
    sizes: Sizes | None = None
    probes: tuple[Probe, ...] = ()
    seed: int = 0
    measure: Callable[[Direction], Probe | None] | None = None
    write: Callable[[], str] = str
    limit: Callable[[int | None], int | None] = _unlimited

    @functools.cached_property
    def details(self) -> Details:
        """All there is to say besides the verdict."""
        return self.search(None)

    def search(self, most: int | None) -> Details:
        """Find the details within some evaluations; anew where an earlier search was stopped.

        Parameters
        ----------
        most
            The loss is evaluated no more often than that for it. None: as often as it takes.
        """
        known = self.__dict__
        stopped = known.get("_stopped")
        if "details" in known and stopped is None:
            return self.details
        limit = self.limit(most)
        found = self._with_arrays(self.find())
        known["_stopped"] = self.count() if limit is not None and self.count() >= limit else None
        if stopped is not None:
            again = (
                f"An earlier search was stopped at {stopped:,} evaluations; this one began anew."
            )
            found = replace(found, notes=(*found.notes, again))
        known["details"] = found
        return found

    def _with_arrays(self, found: Details) -> Details:
        """Look at each array alone, where a direction through all of them was undecided."""
        is_open = self.verdict == "undecided" and self.probes
        if found.arrays or found.scanned or not is_open or self.probes[-1].verdict != "undecided":
            return found
        if self.measure is None or self.sizes is None:
            return found
        arrays = arrays_alone(self.measure, self.leaves, self.sizes, self.seed)
        return replace(found, arrays=arrays)

    @property
    def reason(self) -> str:
        """Why, in a sentence or two."""
        return self.details.reason

    @property
    def advice(self) -> str:
        """The remedy for an undecided verdict."""
        return self.details.advice

    @property
    def notes(self) -> tuple[str, ...]:
        """Other observations, a sentence each."""
        return self.details.notes

    @property
    def scanned(self) -> tuple[Entry, ...]:
        """All entries, where they were looked at one by one; empty otherwise."""
        return self.details.scanned

    @property
    def arrays(self) -> tuple[ArrayFinding, ...]:
        """The arrays of the point, in order, each with its verdict and its wrong entries.

        Those of a gradient that agrees, or of which nothing is known, are not looked at: empty.
        """
        return self.details.arrays

    @property
    def evaluations(self) -> int:
        """The number of evaluations of the loss so far."""
        return self.count()

    @functools.cached_property
    def snippet(self) -> str:
        """Python that repeats the check."""
        return self.write()

    def __bool__(self) -> bool:
        return self.verdict == "agrees"

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries that are wrong, where each was looked at: up to 100 there are; else empty."""
        return tuple(entry for entry in self.scanned if entry.verdict == "disagrees")

    @property
    def probes_of_all(self) -> tuple[Probe, ...]:
        """The probes through all entries."""
        return tuple(probe for probe in self.probes if probe.along.least)

    def miss_probability(self, error: float, probes: Sequence[Probe] | None = None) -> float:
        """Bound the probability that the probes miss an error in an entry of typical size.

        An entry is moved in proportion to its own size: in a larger one the same error is seen
        sooner, in a smaller one later.

        Parameters
        ----------
        error
            By how much the claimed gradient is off there.
        probes
            Those through all entries, unless others are given.
        """
        size = error * self.typical_size
        return math.prod(
            miss_probability(probe.tolerance, size * probe.along.least)
            if probe.is_early
            else min(1.0, probe.tolerance / (size * probe.along.least))
            for probe in (self.probes_of_all if probes is None else probes)
        )

    @functools.cached_property
    def typical_size(self) -> float:
        """The smallest of the arrays' median sizes; or NaN."""
        if self.sizes is None:
            return math.nan
        return min(_median(self.sizes[leaf.entries]) for leaf in self.leaves if leaf.size)


def _median(numbers: FloatArray) -> float:
    """Return the median, of very many that of a sample."""
    if numbers.size > SAMPLE:
        numbers = numbers[np.random.default_rng(0).integers(numbers.size, size=SAMPLE)]
    return float(np.median(numbers))
