"""A report that can be read: one `contents`, and each format that there is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from gradcheck.document.text import WIDTH, to_text

if TYPE_CHECKING:
    from gradcheck.document.blocks import Document

__all__ = ["Readable"]


class Readable(ABC):
    """The faces of a report: ``print`` shows it, a notebook does, and it can be written to a file.

    A subclass says in `contents` what there is to read; how it reads is each renderer's.
    """

    @abstractmethod
    def contents(self) -> Document:
        """Return all that the report says and shows, in order."""

    def __str__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str | None:
        """Return the report as a notebook shows it."""
        from gradcheck.document.html import to_fragment

        return to_fragment(self.contents())

    def to_text(self, *, width: int = WIDTH, encoding: str = "utf-8", colour: bool = False) -> str:
        """Return the report as lines of text.

        Parameters
        ----------
        width : int
            Columns of the terminal. Formulas, and lines to be copied, may exceed it.
        encoding : str
            Of the output: signs that it lacks are spelled out, σ as sigmoid.
        colour : bool
            Whether the terminal takes ANSI's colours.
        """
        return to_text(self.contents(), width=width, encoding=encoding, colour=colour)

    def to_html(self) -> str:
        """Return the report as a page of HTML that needs nothing but itself."""
        from gradcheck.document.html import to_page

        return to_page(self.contents())

    def to_latex(self) -> str:
        """Return the report as a LaTeX document."""
        from gradcheck.document.latex import to_latex

        return to_latex(self.contents())

    def to_markdown(self) -> str:
        """Return the report in Markdown, with mathematics between dollar signs."""
        from gradcheck.document.markdown import to_markdown

        return to_markdown(self.contents())
