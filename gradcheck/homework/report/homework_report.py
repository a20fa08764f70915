"""The report on one file, for a person to read."""

from __future__ import annotations

from gradcheck.homework.report.results import FileResult

__all__ = ["HomeworkReport"]


class HomeworkReport(FileResult):
    """What is right and what is wrong in one file.

    ``print`` shows it; its attributes are those of `FileResult`.
    """

    def __repr__(self) -> str:
        verdict = "passed" if self.passed else "failed"
        ran = f"{self.checks_ran} of {self.checks_known} checks ran"
        return f"<HomeworkReport {self.path}: {verdict}, {ran}>"

    def __str__(self) -> str:
        """Return the report as plain text, 80 columns wide."""
        # Here: it loads rich, which takes longer than a report that nobody prints.
        from gradcheck.homework.report.contents import render_to_text

        return render_to_text(self)
