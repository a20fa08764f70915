"""A document for paper: LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from unicodedata import normalize

from gradcheck.document import blocks, spans
from gradcheck.document.mathematics import SIGNS, in_two_lines, latex_of
from gradcheck.document.numerals import aligned, written

__all__ = ["to_latex"]

_PREAMBLE = r"""% Compile with pdflatex; words beyond Latin letters need lualatex and a font.
\documentclass[a4paper,fleqn]{article}
\usepackage{iftex}
\iftutex
  \usepackage{fontspec}
\else
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
  \IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\fi
\usepackage{amsmath,amssymb,longtable,xcolor}
\usepackage[margin=2cm]{geometry}
\definecolor{good}{HTML}{1A6B3C}
\definecolor{bad}{HTML}{B3261E}
\definecolor{unsure}{HTML}{8A5A00}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
\setlength{\emergencystretch}{\textwidth}
\setlength{\mathindent}{2em}
\setlength{\LTpre}{4pt}
\setlength{\LTpost}{4pt}
\allowdisplaybreaks
\AtBeginDocument{%
  \abovedisplayskip=5pt plus 2pt minus 2pt
  \belowdisplayskip=4pt plus 1pt minus 2pt
  \abovedisplayshortskip=\abovedisplayskip
  \belowdisplayshortskip=\belowdisplayskip
}
\begin{document}
"""

_LINE = 98
"""Characters of a table, in \\small, on a line of 17 cm; two digits are as wide as an em."""

_ROWS = 25
"""The most rows of a table that may not be broken over pages."""

_WRITING = "1.35"
"""The height of rows that are written into, in lines."""

_CODE_LINE = 110
"""Characters of code, in \\footnotesize, on the same line."""


def to_latex(*documents: blocks.Document) -> str:
    """Return documents in LaTeX that every installation can compile."""
    sections = "\n\n".join(
        rf"\section*{{{_phrase(each.title)}}}" + "\n\n" + "\n\n".join(_blocks(each))
        for each in documents
    )
    return f"{_PREAMBLE}{sections}\n\n\\end{{document}}\n"


def _blocks(document: blocks.Document) -> Iterator[str]:
    """Yield the blocks; equations that go on from the one before share their column of signs."""
    chain: list[blocks.Equation] = []
    for block in document.blocks:
        if chain and not (isinstance(block, blocks.Equation) and block.left is None):
            yield _equations(chain)
            chain = []
        if isinstance(block, blocks.Equation):
            chain.append(block)
        else:
            yield _block(block)
    if chain:
        yield _equations(chain)


def _block(
    block: blocks.Heading
    | blocks.PageBreak
    | blocks.Paragraph
    | blocks.Code
    | blocks.HeatMaps
    | blocks.Table,
) -> str:
    match block:
        case blocks.Heading(title):
            return rf"\subsection*{{{_phrase(title)}}}"
        case blocks.PageBreak():
            return r"\newpage"
        case blocks.Paragraph():
            return "\\\\\n".join(map(_phrase, block.phrases))
        case blocks.Code(text, caption):
            return f"{_phrase(caption)}\n{_code(text)}"
        case blocks.HeatMaps():
            return _heat_maps(block)
        case blocks.Table():
            return _table(block)


# --------------------------------------------------------------------------------- phrases

_BREAK = "\u200b"

_BLANK = r"\underline{\hspace{4em}}"

_CHARACTERS = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "…": r"\dots{}",
    # At the start of a table's row, a bracket would be an option of the row before.
    "[": "{[}",
    "]": "{]}",
    spans.UNBROKEN: "~",
    _BREAK: r"\allowbreak{}",
    **{character: f"\\{character}" for character in "{}$&#_%"},
}

_LONG_WORD = 20
"""The least number of characters of a word that a line may end in."""


def _phrase(content: spans.Phrase) -> str:
    text = "".join(map(_span, content.spans))
    return rf"\textcolor{{{content.mark}}}{{{text}}}" if content.mark and text else text


def _span(span: spans.Span) -> str:
    match span:
        case spans.Words(text):
            return _escaped(text)
        case spans.Emphasis(text):
            return rf"\emph{{{_escaped(text)}}}"
        case spans.Verbatim(text):
            return rf"\texttt{{{_escaped(text)}}}"
        case spans.Numeral(text):
            return _number(text)
        case spans.Blank():
            return _BLANK
        case spans.Formula(_, latex):
            return f"${latex}$"
        case spans.Subscripted(letter, name):
            return rf"${letter}_{{\text{{{_escaped(name)}}}}}$"


def _escaped(text: str) -> str:
    """Return words that LaTeX prints as they stand, signs of mathematics in mathematics mode."""
    text = re.sub(rf"\S{{{_LONG_WORD},}}", _breakable, text)
    return "".join(map(_character, re.findall(r".[\u0302\u0304]?", text, re.DOTALL)))


def _breakable(word: re.Match[str]) -> str:
    """Let a line end in a path or a name, which have no blanks."""
    return re.sub(rf"([/_]|[^/_]{{{_LONG_WORD}}})(?=[^/_])", rf"\1{_BREAK}", word[0])


def _character(character: str) -> str:
    if character in _CHARACTERS:
        return _CHARACTERS[character]
    # ŷ and ū are no letters of a word here; é and ñ are.
    accented = normalize("NFC", character) in {"ŷ", "ū"} or len(character) > 1
    if accented or character in SIGNS:
        return f"${latex_of(character)}$"
    return character


def _number(text: str) -> str:
    """Return a number that was written as text in the notation of LaTeX."""
    mantissa, e, exponent = text.strip().partition("e")
    if e and exponent.lstrip("+-").isdecimal():
        return rf"${mantissa} \times 10^{{{int(exponent)}}}$"
    if not re.fullmatch(r"-?[\d.,/]+", text.strip()):  # nan, inf, or a text among numbers
        return _escaped(text.strip())
    sign, digits = ("-", text.strip()[1:]) if text.strip()[0] == "-" else ("", text.strip())
    numerator, slash, denominator = digits.partition("/")
    return rf"${sign}\tfrac{{{numerator}}}{{{denominator}}}$" if slash else f"${sign}{digits}$"


# ---------------------------------------------------------------------------------- tables


def _table(table: blocks.Table) -> str:
    """Set a table that goes on over pages, in groups of columns that fit the paper."""
    table, left = table.cut()
    groups = blocks.column_groups(table, _width, _LINE)
    parts = [_columns(group, has_total=table.has_total) for group in groups]
    if left:
        parts.append(_escaped(f"… and {left:,} more"))
    return "\n".join(parts)


def _columns(columns: Sequence[blocks.Column], *, has_total: bool) -> str:
    header = " & ".join(_phrase(column.header) for column in columns) + r" \\"
    rows = [" & ".join(row) + r" \\" for row in zip(*map(_cells, columns), strict=True)]
    if has_total:
        rows.insert(-1, r"\hline")
    body = "\n".join(rows)
    layout = "l" + "".join(
        "l" if any(isinstance(cell, spans.Phrase) for cell in column.cells) else "r"
        for column in columns[1:]
    )
    room = rf"\renewcommand{{\arraystretch}}{{{_WRITING}}}" if _BLANK in body else ""
    if len(rows) <= _ROWS:
        # Its columns are right after one run of LaTeX; those of a longtable after two or three.
        return (
            f"{{\\small{room}\n\\begin{{tabular}}{{{layout}}}\n"
            f"{header}\n\\hline\n{body}\n\\end{{tabular}}\\par\\smallskip}}"
        )
    return (
        f"{{\\small{room}\n\\begin{{longtable}}[l]{{{layout}}}\n"
        f"{header}\n\\hline\n\\endhead\n{body}\n\\end{{longtable}}}}"
    )


def _width(column: blocks.Column) -> int:
    """Estimate the width of a column in characters."""
    # Columns stand as far apart as two characters are wide.
    texts = [_visible(column.header), *map(_visible, column.written())]
    return 2 + max(map(len, texts))


def _visible(cell: str | spans.Phrase) -> str:
    if isinstance(cell, str):
        return cell
    return "".join(
        f"{span.letter} {span.word}" if isinstance(span, spans.Subscripted) else span.text
        for span in cell.spans
    )


def _cells(column: blocks.Column) -> list[str]:
    """Return the cells of a column, its numbers with their decimal points below each other."""
    numbers = [cell for cell in column.cells if isinstance(cell, Fraction | float)]
    vectors = [cell for cell in column.cells if isinstance(cell, tuple)]
    shown = iter(_aligned([written(cell, column.style) for cell in numbers]))
    components = [
        _aligned([written(entry, column.style) for entry in component])
        for component in zip(*vectors, strict=True)
    ]
    rows = iter(zip(*components, strict=True))
    return [_cell(cell, shown, rows) for cell in column.cells]


def _cell(cell: blocks.Cell, shown: Iterator[str], rows: Iterator[tuple[str, ...]]) -> str:
    match cell:
        case None:
            return ""
        case spans.Phrase():
            return _phrase(cell)
        case spans.Numeral(text):
            return _number(text)
        case tuple():
            return _vector(next(rows))
    return next(shown)


def _aligned(numbers: Sequence[str]) -> list[str]:
    """Fill numbers up with what is not seen, so that they are equally wide."""
    padded = aligned(numbers) if numbers else []
    has_signs = any(number.startswith("-") for number in numbers)
    return [_filled_up(number, has_signs=has_signs) for number in padded]


def _vector(entries: Sequence[str]) -> str:
    """Return one formula for a vector; what fills its entries up stands outside of it."""
    before, text = "", ""
    for place, entry in enumerate(entries):
        parts = re.fullmatch(r"(\\phantom\{-\})?(.*?)(\\phantom\{[.0]*\})?", entry.strip("$"))
        assert parts is not None
        sign, number, end = (part or "" for part in parts.groups())
        before = before if place else sign
        mark = ",\\ " if place < len(entries) - 1 else ")"
        # In braces, a minus behind what fills up is a sign and no difference.
        number = f"{{{number}}}" if number.startswith("-") else number
        text += (sign if place else "") + number + mark + end
    return f"${before}({text}$"


def _filled_up(padded: str, *, has_signs: bool) -> str:
    number = padded.strip()
    if not re.fullmatch(r"-?\d+(\.\d+)?", number):
        return _number(number)
    after = len(padded) - len(padded.rstrip())
    # A whole number has no point, either.
    missing = "0" * after if "." in number or not after else "." + "0" * (after - 1)
    sign = r"\phantom{-}" if has_signs and not number.startswith("-") else ""
    end = rf"\phantom{{{missing}}}" if missing else ""
    return f"${sign}{number}{end}$"


# ------------------------------------------------------------------------------- equations

_EQUATION = 88
"""Characters of an equation, as it is typed in Unicode, on a line of 17 cm with number and mark."""


def _equations(chain: Sequence[blocks.Equation]) -> str:
    """Set equations one below the other, each with its number, its mark and its reason."""
    rows = [
        f"{step.left.latex if step.left else ''} &= {_broken(step)} "
        rf"\tag*{{{_phrase(step.status)}\enspace({step.number})}}"
        for step in chain
    ]
    *reasons, last = (_phrase(step.reason) for step in chain)
    # The last reason stands below the equations: \intertext must be followed by one.
    between = [f" \\\\\n\\intertext{{{reason}}}\n" for reason in reasons]
    body = "".join(map("".join, zip(rows, [*between, "\n"], strict=True)))
    # A reason stays on the page of its equation.
    return (
        f"\\begin{{samepage}}\n\\begin{{align*}}\n{body}\\end{{align*}}\n{last}\n\\end{{samepage}}"
    )


def _broken(step: blocks.Equation) -> str:
    """Return the right side, in two lines if it is long."""
    length = len(step.left.text if step.left else "") + len(step.right.text)
    if length <= _EQUATION:
        return step.right.latex
    first, *rest = in_two_lines(step.right.latex)
    return first + "".join(" \\notag \\\\\n&\\quad" + line for line in rest)


# --------------------------------------------------------------------- code and heat maps


def _code(text: str) -> str:
    # Paper cannot be copied from, so a line may be broken anywhere.
    body = "\n".join(
        line[start : start + _CODE_LINE]
        for line in text.splitlines()
        for start in range(0, len(line) or 1, _CODE_LINE)
    )
    return f"{{\\footnotesize\n\\begin{{verbatim}}\n{body}\n\\end{{verbatim}}}}"


def _heat_maps(block: blocks.HeatMaps) -> str:
    legend = "; ".join(
        f"{_escaped(shades[0].sign)} {_phrase(meaning)}" for shades, meaning in block.legend
    )
    maps = "\n\n".join(map(_heat_map, block.maps))
    return f"{_phrase(block.caption)}\n\n{maps}\n\n{legend}"


def _heat_map(each: blocks.HeatMap) -> str:
    most = max((len(shades) for _, shades in each.rows), default=0)
    rows = "\n".join(
        _escaped(label)
        + "".join(rf" & \textcolor{{{one.mark}}}{{{_escaped(one.sign)}}}" for one in shades)
        + r" \\"
        for label, shades in each.rows
    )
    return (
        f"{_escaped(each.name)}\n\n{{\\small\\setlength{{\\tabcolsep}}{{2pt}}\n"
        f"\\begin{{longtable}}[l]{{r{'c' * most}}}\n{rows}\n\\end{{longtable}}}}"
    )
