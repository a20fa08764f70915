"""Findings on each array: plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gradcheck.probing.claims import Verdict

__all__ = ["ArrayFinding", "Tile", "WrongEntry"]


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
class Tile:
    """Some rows and columns of a large array, looked at together.

    An array of other than two axes is taken as the matrix of its last one; a vector is folded.

    Attributes
    ----------
    rows, columns
        Where they begin, and where they end.
    wrong, size
        How many entries are wrong, of how many.
    is_right
        Whether all are known to be right.
    error
        Of the worst, in parts of the array's largest derivative; NaN where it was not measured.
    worst
        The worst entry, if that was measured.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]
    wrong: int
    size: int
    is_right: bool
    error: float
    worst: WrongEntry | None = None


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
    tiles
        Cuts a large array that is wrong into rows of tiles; any other into none.
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
    tiles: Callable[[], Sequence[Sequence[Tile]]] = field(default=tuple, compare=False, repr=False)
