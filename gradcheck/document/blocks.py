"""What is said and shown, in three notations at once: plain text, HTML and LaTeX.

A `Phrase` carries all three, so that a word of a sentence or a formula is written for each of
them once, and nothing is parsed again later.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from typing import Literal, NamedTuple

__all__ = [
    "UNBROKEN",
    "Block",
    "Cell",
    "Column",
    "Document",
    "Heading",
    "Number",
    "Paragraph",
    "Phrase",
    "Style",
    "Table",
    "Vector",
    "aligned",
    "escape_latex",
    "formula",
    "joined",
    "latex_number",
    "number",
    "phrase",
    "prose",
    "vector_of",
    "word",
    "written",
]

UNBROKEN = "\N{NO-BREAK SPACE}"
"""In the text of a phrase, a blank at which no line ends."""

_DIGITS = 4
"""Significant digits of a rounded number."""

_LONGEST_EXACT = 8
"""Characters; what is exact and longer is rounded too."""

Style = Literal["decimal", "fraction"]

Number = Fraction | float
Vector = tuple[Number, ...]


class Phrase(NamedTuple):
    """The same words in three notations."""

    text: str
    html: str
    latex: str


class Heading(NamedTuple):
    """The title of a part."""

    title: Phrase


class Paragraph(NamedTuple):
    """Some sentences."""

    content: Phrase


Cell = Phrase | Number | Vector | None


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    header : Phrase
        What it holds.
    cells : sequence of Phrase, Number, Vector or None
        None leaves a cell empty.
    style : {"decimal", "fraction"}
        How an exact quarter is written: 0.25 or 1/4.
    is_repeated : bool
        Whether its cells stand further up, too: a terminal without room for all columns leaves
        it out.
    """

    header: Phrase
    cells: Sequence[Cell]
    style: Style = "decimal"
    is_repeated: bool = False

    def written(self) -> list[str | Phrase]:
        """Return each cell: numbers as text, with their decimal points below each other."""
        numeric = [each for each in self.cells if each is not None and not isinstance(each, Phrase)]
        shown = iter(_aligned(numeric, self.style))
        return [
            cell if isinstance(cell, Phrase) else "" if cell is None else next(shown)
            for cell in self.cells
        ]


@dataclass(frozen=True)
class Table:
    """Columns of the same length, of which the first holds labels.

    Attributes
    ----------
    columns : sequence of Column
        From left to right.
    has_total : bool
        Whether the last row is the sum of those above.
    """

    columns: Sequence[Column]
    has_total: bool = False


Block = Heading | Paragraph | Table


class Document(NamedTuple):
    """All that is said and shown, in order."""

    title: Phrase
    blocks: tuple[Block, ...]


# ------------------------------------------------------------------------------- phrases


def phrase(template: str, **fields: Phrase) -> Phrase:
    """Return a sentence with phrases in place of its ``{fields}``; the rest is plain prose."""
    parts = []
    for literal, field, _, _ in string.Formatter().parse(template):
        parts.append(prose(literal))
        if field is not None:
            parts.append(fields[field])
    return joined(parts, _NOTHING)


def joined(phrases: Iterable[Phrase], between: Phrase | None = None) -> Phrase:
    """Return phrases one after the other, commas or something else between them."""
    phrases = list(phrases)
    between = between or prose(", ")
    return Phrase(
        between.text.join(each.text for each in phrases),
        between.html.join(each.html for each in phrases),
        between.latex.join(each.latex for each in phrases),
    )


_NOTHING = Phrase("", "", "")


def prose(text: str) -> Phrase:
    """Return plain words, whatever characters they hold."""
    return Phrase(text, escape(text), escape_latex(text))


def word(text: str) -> Phrase:
    """Return a word, as something that is talked about."""
    return Phrase(text, f"<em>{escape(text)}</em>", rf"\emph{{{escape_latex(text)}}}")


def formula(text: str, latex: str) -> Phrase:
    """Return mathematics, without words in it: as text, and as LaTeX."""
    html = f'<span class="math">{_html_mathematics(text)}</span>'
    return Phrase(text.replace(" ", UNBROKEN), html, f"${latex}$")


def vector_of(letter: str, text: str) -> Phrase:
    """Return u_word or v_word."""
    return Phrase(
        f"{letter}_{text}",
        f'<span class="math"><i>{letter}</i><sub>{escape(text)}</sub></span>',
        rf"${letter}_{{\text{{{escape_latex(text)}}}}}$",
    )


def _html_mathematics(text: str) -> str:
    """Write letters in italics and what follows an underscore lower; exp and log stand upright."""
    return "".join(map(_html_token, re.findall(r"_\{[^}]*\}|_\w|[^\W\d_]+|.", text)))


def _html_token(part: str) -> str:
    if part.startswith("_"):
        return f"<sub>{_html_mathematics(part[1:].strip('{}'))}</sub>"
    if len(part) == 1 and part.isalpha():
        return f"<i>{part}</i>"
    return escape(part.replace("-", "−"))


_LATEX_CHARACTERS = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "…": r"\dots{}",
    '"': r"\textquotedbl{}",
    **{character: f"\\{character}" for character in "{}$&#_%"},
}


def escape_latex(text: str) -> str:
    """Return text that LaTeX prints as it stands."""
    return "".join(_LATEX_CHARACTERS.get(character, character) for character in text)


# ------------------------------------------------------------------------------- numbers


def number(value: Number, style: Style = "decimal") -> Phrase:
    """Return a number as it stands in a sentence."""
    text = written(value, style)
    return Phrase(text, text.replace("-", "−"), latex_number(text))


def written(value: Number, style: Style = "decimal") -> str:
    """Return an exact number as it is, if it is short, and another to four significant digits."""
    exact = _exactly(value, style) if isinstance(value, Fraction) else None
    return _rounded(float(value)) if exact is None else exact


def _exactly(value: Fraction, style: Style) -> str | None:
    fraction = str(value)
    decimal = _terminating_decimal(value)
    exact = decimal if decimal is not None and style == "decimal" else fraction
    digits = exact.strip("-0.").replace(".", "")
    short = len(exact) <= _LONGEST_EXACT and ("/" in exact or len(digits) <= _DIGITS)
    return exact if short else None


def _terminating_decimal(value: Fraction) -> str | None:
    for places in range(_LONGEST_EXACT):
        if 10**places % value.denominator == 0:
            return f"{float(value):.{places}f}"
    return None


def _rounded(value: float) -> str:
    mantissa, e, exponent = f"{value:#.{_DIGITS}g}".partition("e")
    return mantissa.removesuffix(".") + e + exponent


def _aligned(cells: Sequence[Number | Vector], style: Style) -> list[str]:
    """Write numbers, or vectors of the same length, below each other."""
    if not cells:
        return []
    vectors = [cell if isinstance(cell, tuple) else (cell,) for cell in cells]
    components = [
        aligned([written(entry, style) for entry in component])
        for component in zip(*vectors, strict=True)
    ]
    if not isinstance(cells[0], tuple):
        return components[0]
    return [_parenthesized(row) for row in zip(*components, strict=True)]


def aligned(numbers: list[str]) -> list[str]:
    """Pad numbers so that their decimal points are one below the other."""
    wholes = [len(number.split("e")[0].split(".")[0]) for number in numbers]
    padded = [
        " " * (max(wholes) - whole) + number for number, whole in zip(numbers, wholes, strict=True)
    ]
    width = max(map(len, padded))
    return [number.ljust(width) for number in padded]


def _parenthesized(entries: Sequence[str]) -> str:
    """Write a vector whose entries are padded; the padding comes after the comma."""
    padding = [" " * (len(entry) - len(entry.rstrip())) for entry in entries]
    between = [f", {blanks}" for blanks in padding[:-1]] + [f"){padding[-1]}"]
    return "(" + "".join(e.rstrip() + b for e, b in zip(entries, between, strict=True))


def latex_number(text: str) -> str:
    """Return a number that was written as text in the notation of LaTeX."""
    mantissa, e, exponent = text.partition("e")
    if e:
        return rf"${mantissa} \times 10^{{{int(exponent)}}}$"
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    numerator, slash, denominator = digits.partition("/")
    return rf"${sign}\tfrac{{{numerator}}}{{{denominator}}}$" if slash else f"${text}$"
