"""What was found of each array: plain data."""

from __future__ import annotations

from dataclasses import dataclass

from gradcheck.probing.claims import Verdict

__all__ = ["ArrayFinding", "WrongEntry"]


@dataclass(frozen=True)
class WrongEntry:
    """A wrong entry of the gradient.

    Attributes
    ----------
    name
        As the caller would write it: ``outside[3, 0]``.
    index
        In its array.
    claimed, numerical
        The claimed and the numerical derivative.
    error
        How far the latter may be off.
    """

    name: str
    index: tuple[int, ...]
    claimed: float
    numerical: float
    error: float


@dataclass(frozen=True)
class ArrayFinding:
    """One array of the gradient: its verdict, and the cause where it is wrong.

    Attributes
    ----------
    name, shape
        Of the array.
    verdict
        Of this array alone.
    cause
        What was probably done, in a sentence or two; empty where that is not known.
    pattern
        The cause's identifier, "transposed", say; empty where there is none.
    look_for
        Where in the code such a cause is often found.
    extent
        Which entries are wrong, in words.
    entries
        The worst of them, worst first.
    others
        Other causes that explain the claim as well.
    """

    name: str
    shape: tuple[int, ...]
    verdict: Verdict
    cause: str = ""
    pattern: str = ""
    look_for: str = ""
    extent: str = ""
    entries: tuple[WrongEntry, ...] = ()
    others: tuple[str, ...] = ()
