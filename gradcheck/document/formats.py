"""The formats of a report; whoever adds one writes a module, and a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gradcheck.document.html import to_page
from gradcheck.document.latex import to_latex
from gradcheck.document.markdown import to_markdown

__all__ = ["FORMATS", "Format"]


@dataclass(frozen=True)
class Format:
    """A row of the table of formats.

    Attributes
    ----------
    name : str
        As the commands' option is called: ``--html``.
    noun : str
        What is written, with its article.
    render : callable
        From documents, one or several, to the text of a file.
    """

    name: str
    noun: str
    render: Callable[..., str]


FORMATS = (
    Format("html", "a page of HTML", to_page),
    Format("latex", "a LaTeX document", to_latex),
    Format("markdown", "Markdown", to_markdown),
)
"""Their order is that of the help."""
