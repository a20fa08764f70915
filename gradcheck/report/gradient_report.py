"""The answer of a check, with all its faces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcheck.document.blocks import Document
from gradcheck.document.readable import Readable
from gradcheck.document.text import WIDTH, to_text
from gradcheck.probing.arguments import refuse_all_but_whole
from gradcheck.probing.arrays import ArrayFinding
from gradcheck.report.contents import FEWEST, MOST, SNIPPET, contents
from gradcheck.report.figure import sweep_figure
from gradcheck.report.findings import Findings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PAGE", "GradientReport"]


PAGE, LINES = 40, 12
"""Lines of a terminal page, and of what is said before the snippet: as many entries are listed as
fit there, within reason."""


class GradientReport(Readable, Findings):
    """The answer of `check`.

    ``bool(report)`` is true only where the gradient agrees. ``str(report)`` is made to be
    read in a terminal, a notebook shows it as a page, `to_html` writes that page, and
    `figure` draws how the numerical derivative was found.

    The verdict is there at once. What it takes more evaluations to say, which entries are
    wrong, is found when it is read for the first time. Its attributes are those of `Findings`.
    """

    def __repr__(self) -> str:
        return f"<GradientReport: {self.verdict}. {self.reason}>"

    def contents(self) -> Document:
        """Return the verdict, and all that it rests on."""
        return contents(self)

    def to_text(self, *, width: int = WIDTH, encoding: str = "utf-8", colour: bool = False) -> str:
        """Return the report as lines that fit a page; see `Readable.to_text`."""
        everything = to_text(
            contents(self, MOST, has_tiles=False), width=width, encoding=encoding, colour=colour
        )
        count = sum(len(array.entries) for array in self.arrays)
        beyond = max(len(everything.splitlines()) - PAGE, _lines_before_code(everything) - LINES)
        if beyond <= 0 or not count:
            return everything
        # One line less for each entry left out, but one more to say how many are.
        listed = min(MOST, count) - beyond - (count <= MOST)
        shorter = contents(self, max(FEWEST, listed), has_tiles=False)
        return to_text(shorter, width=width, encoding=encoding, colour=colour)

    def locate(self, max_evaluations: int | None = None) -> tuple[ArrayFinding, ...]:
        """Look for the wrong entries and their causes now, and not when the report is read.

        Parameters
        ----------
        max_evaluations
            The loss is evaluated no more often than that for it. None: as often as it takes.

        Returns
        -------
        tuple of ArrayFinding
            `arrays`. What has been found before is not looked for again. Where a search was
            stopped, for want of evaluations, the next one begins anew, and a note says so.

        Raises
        ------
        TypeError, ValueError
            If `max_evaluations` is no whole number from 1 on.
        """
        if max_evaluations is not None:
            refuse_all_but_whole("max_evaluations", max_evaluations, 1)
        return self.search(max_evaluations).arrays

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


def _lines_before_code(text: str) -> int:
    """Count the lines of a report before the snippet, empty ones left out."""
    return sum(bool(line.strip()) for line in text.split(f"\n{SNIPPET}", 1)[0].splitlines())
