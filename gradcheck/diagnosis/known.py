"""Entries that were measured one by one: all there is to know of an array."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.long_vectors import FloatArray
from gradcheck.arrays.parameters import Leaf
from gradcheck.diagnosis.evidence import Evidence
from gradcheck.diagnosis.inquiry import LISTED, Inquiry, WrongPart, largest
from gradcheck.diagnosis.slopes import Slopes, calibrated, drawn
from gradcheck.probing.claims import Verdict

__all__ = ["Known", "KnownArray"]

Mask = NDArray[np.bool_]


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
    wrong: Mask
    right: Mask


class KnownArray:
    """An array with known entries: only other points take evaluations."""

    def __init__(self, inquiry: Inquiry, number: int, leaf: Leaf, known: Known) -> None:
        self.number, self.leaf = number, leaf
        self._inquiry = inquiry
        entries = leaf.entries
        self._claimed = inquiry.claimed[entries]
        self._derivative, self._errors = known.derivative[entries], known.errors[entries]
        self._wrong, self._right = known.wrong[entries], known.right[entries]

    @functools.cached_property
    def slopes(self) -> Slopes:
        """Slopes at a step that is chosen by the entries."""
        inquiry = self._inquiry
        z = np.zeros(inquiry.sizes.size)
        own = z[self.leaf.entries] = drawn(inquiry.sizes[self.leaf.entries], inquiry.rng)
        slope = float(np.nan_to_num(self._derivative) @ own)
        error = float(np.nan_to_num(self._errors, posinf=0.0) @ np.abs(own))
        return calibrated(inquiry.prober.subject, inquiry.prober.value, z, slope, error)

    def verdict(self) -> Verdict:
        """Judge the array by its entries."""
        if self._wrong.any():
            return "disagrees"
        # An entry that is smaller than what is not known of it says nothing.
        is_seen = np.abs(self._claimed) > self._errors
        is_right = self._right.all() and (is_seen.any() or not self._claimed.any())
        return "agrees" if is_right else "undecided"

    def evidence(self) -> Evidence:
        """Return the entries as products with unit vectors; those without a derivative are none."""
        is_known = np.isfinite(self._derivative)
        return Evidence(
            self._claimed.reshape(self.leaf.shape),
            self._inquiry.prober.subject.parameters.vector[self.leaf.entries].reshape(
                self.leaf.shape
            ),
            slice(None),
            np.eye(self.leaf.size)[is_known],
            self._derivative[is_known],
            self._errors[is_known],
            undecided=int((~is_known).sum()),
        )

    def evidence_of(self, wrong: Mask) -> Evidence:
        """Return the entries that are wrong as products with unit vectors."""
        return self.evidence().of(wrong)

    def derivative(self, place: int) -> tuple[float, float]:
        """Return the derivative by one entry of the flattened array, and its error."""
        return float(self._derivative[place]), float(self._errors[place])

    def wrong_part(self) -> WrongPart:
        """Return the wrong entries; one that is no number is the worst of all."""
        off = np.abs(self._claimed - self._derivative)
        off = np.where(self._wrong, np.where(np.isfinite(self._claimed), off, np.inf), 0)
        shape = self.leaf.shape
        return WrongPart(
            self._wrong.reshape(shape),
            self._right.reshape(shape),
            largest(off, min(LISTED, int(self._wrong.sum()))),
        )

    wrong_part_so_far = wrong_part

    def is_wrong(self, place: int) -> bool:
        """Tell whether an entry is known to be wrong."""
        return bool(self._wrong[place])
