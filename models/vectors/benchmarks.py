"""Test sets of word vectors: people's ratings of similarity, and analogies.

Ratings are lines of two words and a number, with tabs, commas or spaces between them, as
WordSim-353 (Finkelstein et al., *Placing search in context*, 2002) and SimLex-999 (Hill, Reichart
and Korhonen, *SimLex-999*, 2015) are. Analogies are lines of four words, in sections that begin
with a line ``: name``, as word2vec's questions-words.txt (Mikolov et al., *Efficient estimation of
word representations in vector space*, 2013) is.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from models.errors import InputError

__all__ = [
    "Analogies",
    "Question",
    "RatedPair",
    "Similarities",
    "gensim_test_sets",
    "read_test_set",
]

_GENSIM_FILES = ("wordsim353.tsv", "simlex999.txt", "questions-words.txt")

_Line = tuple[int, str]
"""Its number in the file, and its text."""


class RatedPair(NamedTuple):
    """Two words, and people's rating of their similarity."""

    first: str
    second: str
    rating: float


class Similarities(NamedTuple):
    """A test set of rated pairs."""

    pairs: tuple[RatedPair, ...]


class Question(NamedTuple):
    """An analogy: `a` is to `b` as `c` is to `expected`."""

    a: str
    b: str
    c: str
    expected: str


class Analogies(NamedTuple):
    """A test set of analogies: the questions of each section, by its name."""

    sections: dict[str, tuple[Question, ...]]


def gensim_test_sets() -> list[Path]:
    """Return the files of WordSim-353, SimLex-999 and questions-words in gensim's package.

    Returns
    -------
    list of Path
        Those that are there; none where gensim is not installed. It is not imported.
    """
    spec = find_spec("gensim")
    if spec is None or not spec.submodule_search_locations:
        return []
    folder = Path(spec.submodule_search_locations[0]) / "test" / "test_data"
    return [path for name in _GENSIM_FILES if (path := folder / name).is_file()]


def read_test_set(path: str | os.PathLike[str]) -> Similarities | Analogies:
    """Read a test set of either kind, told from its first line.

    Blank lines and those that begin with # are passed over, and so is a first line of titles
    above rated pairs.

    Parameters
    ----------
    path : path-like
        The file, in UTF-8.

    Returns
    -------
    Similarities or Analogies

    Raises
    ------
    InputError
        If the file cannot be read, or a line of it is not as it should be.
    """
    try:
        # Programs for spreadsheets put a byte order mark before it.
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected text in UTF-8; byte {error.start} is not") from None
    lines = [
        (number, line)
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip() and not line.startswith("#")
    ]
    if not lines:
        raise InputError(f"{path}: expected rated pairs or analogies; there is no line of either")
    try:
        return _analogies(lines) if lines[0][1].startswith(":") else _similarities(lines)
    except InputError as error:
        raise InputError(f"{path}, {error}") from None


def _similarities(lines: list[_Line]) -> Similarities:
    # Titles have no number where the rating stands.
    body = lines if _rating(_fields(lines[0][1])) is not None else lines[1:]
    if not body:
        raise InputError(f"line {lines[0][0]}: expected two words and a number, or ': section'")
    return Similarities(tuple(_rated_pair(number, line) for number, line in body))


def _rated_pair(number: int, line: str) -> RatedPair:
    fields = _fields(line)
    rating = _rating(fields)
    if rating is None or not math.isfinite(rating):
        raise InputError(f"line {number}: expected two words and a number; got {line[:60]!r}")
    return RatedPair(fields[0], fields[1], rating)


def _fields(line: str) -> list[str]:
    # Tabs first: what stands between them may hold commas.
    separator = next((mark for mark in "\t," if mark in line), None)
    return [field.strip() for field in line.split(separator)]


def _rating(fields: list[str]) -> float | None:
    """Return the first number after the two words: SimLex-999 has a part of speech before it.

    Infinity and NaN are none to rate by, and yet no title.
    """
    for field in fields[2:]:
        if re.fullmatch(r"(?i)[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|nan|inf(inity)?)", field):
            return float(field)
    return None


def _analogies(lines: list[_Line]) -> Analogies:
    sections: dict[str, list[Question]] = {}
    for name, question in _questions(lines):
        sections.setdefault(name, [])
        if question is not None:
            sections[name].append(question)
    return Analogies({name: tuple(questions) for name, questions in sections.items()})


def _questions(lines: list[_Line]) -> Iterator[tuple[str, Question | None]]:
    """Yield each section's name, and with it each of its questions."""
    name = ""
    for number, line in lines:
        if line.startswith(":"):
            name = line[1:].strip()
            yield name, None
            continue
        words = line.split()
        if len(words) != 4:
            raise InputError(f"line {number}: expected four words; got {line[:60]!r}")
        yield name, Question(*words)
