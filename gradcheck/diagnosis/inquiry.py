"""An inquiry into a wrong gradient: the claim, its prober, and each array's source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.long_vectors import FloatArray
from gradcheck.arrays.parameters import Leaf
from gradcheck.arrays.sizes import Sizes
from gradcheck.diagnosis.evidence import Evidence
from gradcheck.diagnosis.slopes import Slopes
from gradcheck.probing.arrays import WrongEntry
from gradcheck.probing.claims import Verdict
from gradcheck.probing.probes import Prober

__all__ = ["LISTED", "Inquiry", "Source", "WrongPart", "largest"]

Mask = NDArray[np.bool_]

LISTED = 12
"""As many wrong entries of an array are named."""


@dataclass
class Inquiry:
    """The state shared by all arrays of an inquiry.

    Attributes
    ----------
    prober
        Of the claim; its subject's loss is evaluated.
    claimed : (n,) array
        The claimed gradient, as it was returned.
    moving : (n,) array
        The entries' sizes; 0 for those that have no derivative, and would spoil that along any
        direction.
    seed, rng
        Of all that is drawn.
    verdicts
        Of each array that has been judged, by name.
    """

    prober: Prober
    claimed: FloatArray
    moving: FloatArray
    seed: int
    verdicts: dict[str, Verdict] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng([self.seed, 7])

    @property
    def sizes(self) -> Sizes:
        """The entries' own sizes."""
        return self.prober.subject.parameters.sizes

    def others(
        self, leaf: Leaf, claimed: FloatArray, verdict: Verdict = "disagrees"
    ) -> Mapping[str, FloatArray]:
        """Return the claims for other arrays of a size, of those with a verdict, at any point."""
        return {
            other.name: claimed[other.entries].reshape(other.shape)
            for other in self.prober.subject.parameters.leaves
            if other is not leaf
            and other.size == leaf.size
            and self.verdicts.get(other.name) == verdict
        }

    def entry(self, leaf: Leaf, place: int, derivative: float, error: float) -> WrongEntry:
        """Return an entry of an array with the derivative by it."""
        index = leaf.start + place
        return WrongEntry(
            self.prober.subject.parameters.where(index),
            tuple(int(i) for i in np.unravel_index(place, leaf.shape)),
            float(self.claimed[index]),
            derivative,
            error,
        )


class WrongPart(NamedTuple):
    """The wrong entries of an array.

    Attributes
    ----------
    wrong, right : array of bool
        Which entries are known to be wrong and right, in the array's shape.
    worst
        Places of the worst in the flattened array, worst first.
    is_all
        Whether no others are wrong: where they are too many to be found, these are a few.
    is_sampled
        Whether they are taken to be wrong from a sample of them.
    """

    wrong: Mask
    right: Mask
    worst: list[int]
    is_all: bool = True
    is_sampled: bool = False


class Source(Protocol):
    """A source on the derivative by one array: measured entries, or slopes still to be taken."""

    number: int
    leaf: Leaf

    @property
    def slopes(self) -> Slopes:
        """Slopes along any direction through the array."""

    def verdict(self) -> Verdict:
        """Judge the array alone; its claim is finite."""

    def evidence(self) -> Evidence:
        """Return products of vectors with the derivative."""

    def evidence_of(self, wrong: Mask) -> Evidence:
        """Return the same of those entries alone that are wrong; all others are right."""

    def derivative(self, place: int) -> tuple[float, float]:
        """Return the derivative by one entry of the flattened array, and its error."""

    def wrong_part(self) -> WrongPart:
        """Find the wrong entries."""

    def wrong_part_so_far(self) -> WrongPart | None:
        """Return the wrong entries as far as they are known without another evaluation."""

    def is_wrong(self, place: int) -> bool:
        """Tell whether an entry that differs from an explanation may be listed as wrong."""


def largest(numbers: FloatArray, count: int) -> list[int]:
    """Return the places of the largest numbers, largest first, without sorting all of them."""
    if numbers.size > count:
        places = np.argpartition(numbers, -count)[-count:]
    else:
        places = np.arange(numbers.size)
    return [int(place) for place in places[np.argsort(-numbers[places], kind="stable")]]
