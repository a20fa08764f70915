"""How a document reads on paper: in LaTeX."""

from __future__ import annotations

from gradcheck.document.blocks import (
    Block,
    Cell,
    Column,
    Document,
    Heading,
    Number,
    Paragraph,
    Phrase,
    Style,
    Table,
    latex_number,
    number,
    written,
)

__all__ = ["to_latex"]

_PREAMBLE = r"""% Compile with pdflatex; words beyond Latin letters need lualatex and a font.
\documentclass[a4paper]{article}
\usepackage{iftex}
\iftutex
  \usepackage{fontspec}
\else
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
\fi
\usepackage{amsmath}
\usepackage[margin=2cm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
\begin{document}
"""


def to_latex(document: Document) -> str:
    """Return a document in LaTeX that needs amsmath, geometry and iftex alone."""
    blocks = "\n\n".join(map(_block, document.blocks))
    return f"{_PREAMBLE}\\section*{{{document.title.latex}}}\n\n{blocks}\n\n\\end{{document}}\n"


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return rf"\subsection*{{{block.title.latex}}}"
    if isinstance(block, Paragraph):
        return block.content.latex
    return _table(block)


def _table(table: Table) -> str:
    header = " & ".join(column.header.latex for column in table.columns)
    rows = [
        " & ".join(cells) + r" \\"
        for cells in zip(*(_cells(column) for column in table.columns), strict=True)
    ]
    if table.has_total:
        rows.insert(-1, r"\hline")
    body = "\n".join(rows)
    return (
        f"{{\\small\n\\begin{{tabular}}{{l{'r' * (len(table.columns) - 1)}}}\n"
        f"{header} \\\\\n\\hline\n{body}\n\\end{{tabular}}\\par}}"
    )


def _cells(column: Column) -> list[str]:
    return [_cell(cell, column.style) for cell in column.cells]


def _cell(cell: Cell, style: Style) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Phrase):
        return cell.latex
    if isinstance(cell, Number):
        return number(cell, style).latex
    entries = ", ".join(latex_number(written(entry, style)).strip("$") for entry in cell)
    return f"$({entries})$"
