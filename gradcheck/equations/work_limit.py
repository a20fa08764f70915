"""A bound on the work of a proof, in steps: the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "LARGEST_EXPONENT",
    "LARGEST_SUMMED_POWER",
    "MOST_INDICES",
    "MOST_TERMS",
    "TooLargeError",
    "Work",
]

# Of a single product of two polynomials, before like terms are collected.
MOST_TERMS = 1000
# Of one sum that cannot be split: all orders of its indices are tried.
MOST_INDICES = 5
# Of an index, in a sum that is written without Σ.
LARGEST_SUMMED_POWER = 6
# Of a number that is written out.
LARGEST_EXPONENT = 1000
# Additions, products, entries and so on that are computed to compare two expressions.
_MOST_STEPS = 200_000


class TooLargeError(Exception):
    """A proof would be more work than is allowed."""


@dataclass
class Work:
    """Steps of a computation.

    Attributes
    ----------
    steps : int
        How many were done.
    """

    steps: int = 0

    def count(self) -> None:
        """Do one step.

        Raises
        ------
        TooLargeError
            If there were too many.
        """
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise TooLargeError("too many values to compare")
