"""Entries that are too many to be measured one by one: slopes tell, along directions."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.parameters import Leaf
from gradcheck.diagnosis.evidence import MOST, Evidence, gathered
from gradcheck.diagnosis.inquiry import LISTED, Inquiry, WrongPart, largest
from gradcheck.diagnosis.location import located
from gradcheck.diagnosis.slopes import Slopes, calibrated
from gradcheck.numerical.directions import Direction, only
from gradcheck.probing.claims import Probe, Verdict

__all__ = ["SearchedArray"]

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]


class SearchedArray:
    """An array with wrong entries still to be searched for."""

    def __init__(self, inquiry: Inquiry, number: int, leaf: Leaf) -> None:
        self.number, self.leaf = number, leaf
        self._inquiry = inquiry
        self._measured: dict[int, tuple[float, float]] = {}

    @functools.cached_property
    def _probe(self) -> Probe:
        """A probe of this array alone."""
        inquiry = self._inquiry
        seed = (inquiry.seed, 11, self.number)
        along = Direction(self.leaf.name, inquiry.sizes, seed, only(self.leaf.entries), least=0.0)
        return inquiry.prober.probe(along, alone=True)

    @functools.cached_property
    def slopes(self) -> Slopes:
        """Slopes at a step that is chosen by the probe."""
        prober, numerical = self._inquiry.prober, self._probe.numerical
        z = self._probe.direction
        return calibrated(prober.subject, prober.value, z, numerical.value, numerical.error)

    def verdict(self) -> Verdict:
        """Judge the array by its probe; what would agree with 0 as well is not known."""
        is_claimed = self._inquiry.claimed[self.leaf.entries].any()
        if self._probe.verdict == "agrees" and is_claimed:
            return "agrees" if self._probe.refuses(0.0, {self.number}) else "undecided"
        return self._probe.verdict

    @functools.cached_property
    def _evidence(self) -> Evidence:
        return self._gathered(None)

    def evidence(self) -> Evidence:
        """Return products of the derivative with some vectors that are drawn."""
        return self._evidence

    def evidence_of(self, wrong: Mask) -> Evidence:
        """Return the same of the wrong entries; of a large array, few of these would be drawn."""
        if self.leaf.size <= MOST:
            return self._evidence.of(wrong)
        return self._gathered(np.flatnonzero(wrong))

    def _gathered(self, among: NDArray[np.intp] | None) -> Evidence:
        inquiry = self._inquiry
        seed = (inquiry.seed, 13, self.number)
        return gathered(self.slopes, inquiry.claimed, inquiry.moving, self.leaf, seed, among)

    def derivative(self, place: int) -> tuple[float, float]:
        """Return the derivative by one entry of the flattened array, and its error."""
        if place not in self._measured:
            self._measured[place] = self.slopes.by(self.leaf.start + place)
        return self._measured[place]

    def wrong_part(self) -> WrongPart:
        """Find the wrong entries by halving."""
        inquiry, leaf = self._inquiry, self.leaf
        found = located(self.slopes, inquiry.claimed, leaf.entries, leaf.shape, inquiry.rng)
        entries = [int(place) for place in found.entries]
        self._measured |= zip(
            entries,
            zip(found.derivatives.tolist(), found.errors.tolist(), strict=True),
            strict=True,
        )
        wrong = found.wrong(leaf.shape)
        off = np.abs(inquiry.claimed[leaf.entries][found.entries] - found.derivatives)
        return WrongPart(
            wrong,
            ~wrong if found.is_all else np.zeros_like(wrong),
            [entries[i] for i in largest(off, LISTED)],
            found.is_all,
            found.is_whole,
        )

    def wrong_part_so_far(self) -> None:
        """Return None: without a search, nothing is known of any entry."""

    def is_wrong(self, place: int) -> bool:  # noqa: ARG002  as the protocol has it
        """Take an entry that differs from what explains all of them for wrong."""
        return True
