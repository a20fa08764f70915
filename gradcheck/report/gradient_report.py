"""The answer of a check: what was found, and the faces that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcheck.report.contents import text
from gradcheck.report.figure import sweep_figure
from gradcheck.report.findings import Findings
from gradcheck.report.heat_maps import fragment, page

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["GradientReport"]


class GradientReport(Findings):
    """The answer of `check`.

    ``bool(report)`` is true only where the gradient agrees. ``str(report)`` is made to be
    read in a terminal, a notebook shows it as a page, `to_html` writes that page, and
    `figure` draws how the numerical derivative was found.

    The verdict is there at once. What it takes more evaluations to say, which entries are
    wrong, is found when it is read for the first time. Its attributes are those of `Findings`.
    """

    def __str__(self) -> str:
        return text(self)

    def __repr__(self) -> str:
        return f"<GradientReport: {self.verdict}. {self.reason}>"

    def _repr_html_(self) -> str:
        return fragment(self)

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
