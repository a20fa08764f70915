"""The report on one file, for a person to read."""

from __future__ import annotations

from gradcheck.document.blocks import Document
from gradcheck.document.readable import Readable
from gradcheck.homework.report.contents import contents
from gradcheck.homework.report.results import FileResult

__all__ = ["HomeworkReport"]


class HomeworkReport(Readable, FileResult):
    """The report on one file, right or wrong.

    ``print`` shows it; its attributes are those of `FileResult`.
    """

    def __repr__(self) -> str:
        verdict = "passed" if self.passed else "failed"
        ran = f"{self.checks_ran} of {self.checks_known} checks ran"
        return f"<HomeworkReport {self.path}: {verdict}, {ran}>"

    def contents(self, *, verbose: bool = False) -> Document:
        """Return the checks, the errors that they saw, and the verdict; see `contents`."""
        return contents(self, verbose=verbose)
