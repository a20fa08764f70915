"""Sentences that hold words, numbers and mathematics, in no notation yet.

A `Phrase` is a sequence of spans; each renderer has one rule for each kind of span. So a sentence
is written once, and no notation is parsed out of another.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

from gradcheck.document.mathematics import latex_of
from gradcheck.document.numerals import Number, Style, written

__all__ = [
    "BLANK",
    "UNBROKEN",
    "Blank",
    "Emphasis",
    "Formula",
    "Mark",
    "Numeral",
    "Phrase",
    "Span",
    "Subscripted",
    "Verbatim",
    "Words",
    "code",
    "formula",
    "joined",
    "number",
    "numeral",
    "phrase",
    "prose",
    "sentence",
    "vector_of",
    "word",
]

UNBROKEN = "\N{NO-BREAK SPACE}"
"""A blank that no line ends at."""

Mark = Literal["good", "bad", "unsure"]


@dataclass(frozen=True)
class _Typed:
    """A span that is its text."""

    text: str


class Words(_Typed):
    """Plain words."""


class Emphasis(_Typed):
    """A word that is talked about."""


class Verbatim(_Typed):
    """Code within a sentence."""


class Numeral(_Typed):
    """A number as it is written: -0.25, 1/3 or 1.2e-09."""


@dataclass(frozen=True)
class Blank(_Typed):
    """A place where the reader writes."""

    text: str = "______"


@dataclass(frozen=True)
class Formula:
    """Mathematics without words in it: in Unicode, and in LaTeX."""

    text: str
    latex: str


@dataclass(frozen=True)
class Subscripted:
    """A letter with a word below: u_cat."""

    letter: str
    word: str


Span = Words | Emphasis | Verbatim | Numeral | Blank | Formula | Subscripted


@dataclass(frozen=True)
class Phrase:
    """Words, numbers and mathematics in a row.

    Attributes
    ----------
    spans : tuple of Span
        From left to right.
    mark : {"good", "bad", "unsure"}, optional
        The colour that it has where there are colours.
    """

    spans: tuple[Span, ...] = ()
    mark: Mark | None = None

    def __bool__(self) -> bool:
        return bool(self.spans)

    def marked(self, mark: Mark | None) -> Phrase:
        """Return the phrase in another colour."""
        return replace(self, mark=mark)


BLANK = Phrase((Blank(),))


def phrase(template: str, **fields: Phrase) -> Phrase:
    """Return a `sentence` with phrases in place of ``{fields}``; its formulas have no braces."""
    parts = []
    for literal, field, _, _ in string.Formatter().parse(template):
        parts.append(sentence(literal))
        if field is not None:
            parts.append(fields[field])
    return joined(parts, Phrase())


def joined(phrases: Iterable[Phrase], between: Phrase | None = None) -> Phrase:
    """Return phrases one after the other, commas or something else between them."""
    separator = (prose(", ") if between is None else between).spans
    spans: list[Span] = []
    for each in phrases:
        spans += chain(separator if spans else (), each.spans)
    return Phrase(tuple(spans))


def prose(text: str) -> Phrase:
    """Return plain words, whatever characters they hold."""
    return Phrase((Words(text),) if text else ())


def sentence(text: str) -> Phrase:
    """Return words with mathematics between dollar signs: "the derivative of $1/x$"."""
    # Every second part is mathematics; an odd dollar sign is one.
    parts = text.split("$") if text.count("$") % 2 == 0 else [text]
    return joined(
        [formula(part) if place % 2 else prose(part) for place, part in enumerate(parts)], Phrase()
    )


def word(text: str) -> Phrase:
    """Return a word, as something that is talked about."""
    return Phrase((Emphasis(text),))


def code(text: str) -> Phrase:
    """Return a piece of code, as it is typed."""
    return Phrase((Verbatim(text),))


def formula(text: str, latex: str = "") -> Phrase:
    """Return mathematics, without words in it: as it is typed, and as LaTeX if that is no rule's.

    `gradcheck.document.mathematics.latex_of` says how it is typed.
    """
    return Phrase((Formula(text, latex or latex_of(text)),))


def vector_of(letter: str, text: str) -> Phrase:
    """Return u_word or v_word."""
    return Phrase((Subscripted(letter, text),))


def number(value: Number, style: Style = "decimal") -> Phrase:
    """Return a number as it stands in a sentence."""
    return numeral(written(value, style))


def numeral(text: str) -> Phrase:
    """Return a number that is already written."""
    return Phrase((Numeral(text),))
