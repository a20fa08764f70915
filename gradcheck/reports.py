"""What a check found: its verdict, and all that the verdict rests on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gradcheck.parameters import Leaf
from gradcheck.probes import Probe, Verdict
from gradcheck.report_figures import sweep_figure
from gradcheck.report_pages import fragment, page
from gradcheck.report_text import text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Entry", "GradientReport"]


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

    @property
    def excess(self) -> float:
        """The distance of claimed and numerical in units of the tolerance; maybe NaN."""
        return abs(self.claimed - self.numerical) / self.tolerance if self.tolerance else math.inf


@dataclass(frozen=True, eq=False, repr=False)
class GradientReport:
    """The answer of `check`.

    ``bool(report)`` is true only where the gradient agrees. ``str(report)`` is made to be
    read in a terminal, a notebook shows it as a page, `to_html` writes that page, and
    `figure` draws how the numerical derivative was found.

    Attributes
    ----------
    verdict
        "agrees", "disagrees" or "undecided".
    reason
        Why, in a sentence or two.
    evaluations
        How often the loss was evaluated.
    size
        The number of entries of the gradient.
    leaves
        The arrays of the point: their names and shapes.
    sizes : (n,) array
        Of the entries: in proportion to them, they are moved.
    probes
        The directions along which claimed and numerical derivative were compared.
    scanned
        All entries, in the order of the flat vector, where they were looked at one by one;
        empty otherwise.
    seed
        Of the directions: the same seed repeats the check.
    advice
        What to do about an undecided verdict.
    notes
        What else was seen, a sentence each.
    snippet
        Python that repeats the check.
    """

    verdict: Verdict
    reason: str
    evaluations: int
    size: int
    leaves: tuple[Leaf, ...] = ()
    sizes: NDArray[np.float64] | None = None
    probes: tuple[Probe, ...] = ()
    scanned: tuple[Entry, ...] = ()
    seed: int = 0
    advice: str = ""
    notes: tuple[str, ...] = ()
    snippet: str = ""

    def __bool__(self) -> bool:
        return self.verdict == "agrees"

    def __str__(self) -> str:
        return text(self)

    def __repr__(self) -> str:
        return f"<GradientReport: {self.verdict}. {self.reason}>"

    def _repr_html_(self) -> str:
        return fragment(self)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries that are wrong, where they were looked for one by one."""
        return tuple(entry for entry in self.scanned if entry.verdict == "disagrees")

    @property
    def probes_of_all(self) -> tuple[Probe, ...]:
        """The probes through all entries."""
        return tuple(probe for probe in self.probes if probe.direction.all())

    @property
    def resolution(self) -> float:
        """The error in an entry of typical size that any probe through all sees, or NaN.

        An error of e in it escapes all m of these probes with a probability of at most
        (resolution / e)ᵐ. An entry is moved in proportion to its own size: in a larger one a
        smaller error is seen, in a smaller one only a larger error.
        """
        if not self.probes_of_all:
            return math.nan
        return max(probe.tolerance for probe in self.probes_of_all) / self.typical_size

    @property
    def typical_size(self) -> float:
        """The median of an array's sizes, that of the array in which it is smallest; or NaN."""
        if self.sizes is None:
            return math.nan
        return min(float(np.median(self.sizes[leaf.entries])) for leaf in self.leaves if leaf.size)

    def to_html(self) -> str:
        """Return the report as a page of HTML that needs nothing but itself."""
        return page(self)

    def figure(self) -> Figure:
        """Draw the error of plain central differences against the step h.

        Along the first direction that does not agree, or else the first of all.

        Returns
        -------
        matplotlib.figure.Figure
            To show in a notebook, or to save: ``report.figure().savefig("sweep.png")``.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If nothing was measured along any direction.
        """
        return sweep_figure(self)
