"""The inputs of a walkthrough: words, pairs and vectors, or the reason why they will not do."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from reprlib import repr as _shown
from typing import Any, NamedTuple

import numpy as np

from gradcheck.word2vec.lecture.arithmetic import Matrix

__all__ = [
    "INITIALIZATIONS",
    "MOST_COMPONENTS",
    "MOST_WORDS",
    "Text",
    "choose_negatives",
    "choose_pair",
    "initial_vectors",
    "positive_rate",
    "read_text",
    "whole_number",
]

INITIALIZATIONS = ("random", "half-zeros", "zeros")

# Every number is shown: beyond this, nobody follows it on paper.
MOST_WORDS, MOST_COMPONENTS, MOST_NEGATIVES = 20, 5, 20
LONGEST_WORD = 16
"""Columns of a terminal, so that the tables fit into 80."""

LARGEST = 1000
"""Of the numbers given: larger ones are a slip, and their exponentials astronomical."""

# Longer numbers, "1e-99999999" among them, are no work for a person, nor for a computer.
_LONGEST_NUMBER, _MOST_DECIMALS = 40, 60
_SMALLEST = f"1e-{_MOST_DECIMALS}"

# They have no width of their own, and join or part the letters of a word in many scripts.
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"

_PUNCTUATION = ".,;:!?\"'()[]{}«»„“”‚‘’…¿¡–—。、，！？；：「」"


class Text(NamedTuple):
    """A sentence as word2vec sees it.

    Attributes
    ----------
    words : tuple of str
        The vocabulary, in order of first appearance.
    positions : tuple of int
        The sentence: at each position, the index of its word.
    pairs : tuple of (int, int)
        The indices of each (center, outside) pair of the sentence, in order.
    """

    words: tuple[str, ...]
    positions: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]


# --------------------------------------------------------------------------------- words


def read_text(sentence: str, window: int) -> Text:
    """Split a sentence into lower-case words, without the punctuation around them."""
    if not isinstance(sentence, str):
        raise ValueError(f"sentence: expected a string, got {sentence!r}")  # noqa: TRY004 - one kind of error for every wrong argument
    sequence = [word for word in map(_normalized, sentence.split()) if word]
    words = tuple(dict.fromkeys(sequence))
    if len(words) < 2:
        found = f"only {words[0]!r}" if words else "none"
        raise ValueError(
            f"sentence: expected two different words or more, blanks between them; got {found}"
        )
    if len(words) > MOST_WORDS:
        raise ValueError(
            f"sentence: it has {len(words):,} different words, and a walkthrough shows every "
            f"number of each; expected at most {MOST_WORDS}"
        )
    for word in words:
        _check_word(word)
    index = {word: number for number, word in enumerate(words)}
    positions = tuple(index[word] for word in sequence)
    return Text(words, positions, _pairs(positions, window))


def _normalized(word: str) -> str:
    # The same letter may be one character or two: é, or e and an accent.
    return unicodedata.normalize("NFC", word).strip(_PUNCTUATION).lower()


def _check_word(word: str) -> None:
    from rich.cells import cell_len

    if any(map(_is_control, word)):
        raise ValueError(f"sentence: {word!a} holds a character that cannot be shown")
    if cell_len(word) > LONGEST_WORD:
        raise ValueError(
            f"sentence: the tables have no room for {_shown(word)}; expected words of at most "
            f"{LONGEST_WORD} letters"
        )


def _is_control(character: str) -> bool:
    """Say whether it would do something to the line, such as turn it round, instead of be seen."""
    return unicodedata.category(character) in {"Cc", "Cf", "Cs"} and character not in _JOINERS


def _pairs(positions: Sequence[int], window: int) -> tuple[tuple[int, int], ...]:
    return tuple(
        (center, positions[neighbour])
        for position, center in enumerate(positions)
        for neighbour in range(
            max(0, position - window), min(len(positions), position + window + 1)
        )
        if neighbour != position
    )


def choose_pair(text: Text, pair: str | int | tuple[str, str] | None) -> int:
    """Return the position, in `text.pairs`, of the pair that is meant.

    Parameters
    ----------
    text : Text
        The words.
    pair : str, int, pair of str, or None
        ``"center:outside"``; or its number, from 1; None: one with a center word in the middle.
    """
    if pair is None:
        return _middle_pair(text)
    names = [f"{text.words[center]}:{text.words[outside]}" for center, outside in text.pairs]
    if isinstance(pair, tuple):
        pair = ":".join(map(str, pair))
    if isinstance(pair, str) and ":" in pair:
        return _named_pair(names, pair)
    number = whole_number("pair", pair, f"CENTER:OUTSIDE or a number from 1 to {len(names)}")
    if not 1 <= number <= len(names):
        raise ValueError(
            f"pair: the sentence has {len(names):,} pairs in windows of this size; expected a "
            f"number from 1 to {len(names):,}, got {number}"
        )
    return number - 1


def _middle_pair(text: Text) -> int:
    """Choose two different words, the center about the middle, the outside word after it."""
    different = [number for number, (c, o) in enumerate(text.pairs) if c != o]
    middle = text.positions[(len(text.positions) - 1) // 2]
    after = text.positions[(len(text.positions) + 1) // 2]
    # Where there are two different words, two stand side by side: the list is not empty.
    return next((n for n in different if text.pairs[n] == (middle, after)), different[0])


def _named_pair(names: Sequence[str], pair: str) -> int:
    wanted = ":".join(map(_normalized, pair.split(":")))
    if wanted in names:
        return names.index(wanted)
    known = list(dict.fromkeys(names))
    listed = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
    raise ValueError(
        f"pair: {_shown(pair)} is not a (center:outside) pair of the sentence; it has {listed}"
    )


def choose_negatives(
    words: Sequence[str], target: int, negatives: int | Iterable[str], seed: int
) -> tuple[int, ...]:
    """Return the indices of the negatives: those named, or so many drawn, never the target.

    They are drawn uniformly, with repeats. (Where a text has counts worth the name, word2vec
    draws in proportion to count to the power of 3/4.)
    """
    if isinstance(negatives, int):
        if not 1 <= negatives <= MOST_NEGATIVES:
            raise ValueError(
                f"negatives: expected 1 to {MOST_NEGATIVES} of them, or words; got {negatives}"
            )
        # Not the stream of the vectors: the same negatives whatever they are.
        generator = np.random.default_rng([seed, 1])
        others = [word for word in range(len(words)) if word != target]
        return tuple(int(word) for word in generator.choice(others, negatives))
    named = list(negatives)
    if not 1 <= len(named) <= MOST_NEGATIVES:
        raise ValueError(f"negatives: expected 1 to {MOST_NEGATIVES} words, got {len(named)}")
    return tuple(_index("negatives", word, words) for word in named)


def _index(name: str, word: Any, words: Sequence[str], kind: str = "a word") -> int:
    normalized = _normalized(word) if isinstance(word, str) else word
    if normalized not in words:
        raise ValueError(
            f"{name}: {_shown(word)} is not {kind} of the sentence; it has {', '.join(words)}"
        )
    return words.index(normalized)


# ------------------------------------------------------------------------------- numbers


def whole_number(
    name: str, value: Any, expected: str, least: float = -math.inf, most: float = math.inf
) -> int:
    """Return an int; a string of digits will do."""
    number = None
    if isinstance(value, str):
        # Longer ones are no sizes, and beyond 4,300 digits `int` raises an error of its own.
        number = int(value) if len(value) < 10 and value.strip().isdecimal() else None
    # To Python, True is a whole number.
    elif isinstance(value, int | np.integer) and not isinstance(value, bool):
        number = int(value)
    if number is None or not least <= number <= most:
        raise ValueError(f"{name}: expected {expected}, got {_shown(value)}")
    return number


def positive_rate(rate: Any) -> Fraction:
    """Return the learning rate as an exact number."""
    number = _exact(rate)
    if number is None or not 0 < number <= LARGEST:
        raise ValueError(
            f"rate: expected a number such as 0.5 or 1/3, from {_SMALLEST} to {LARGEST}; "
            f"got {_shown(rate)}"
        )
    return number


def _exact(given: Any) -> Fraction | None:
    """Return the exact number that is written, if it is one: 0.1 is a tenth."""
    # As it prints: the float 0.1 is meant as a tenth, and is none.
    written = str(given).strip()
    if isinstance(given, bool) or len(written) > _LONGEST_NUMBER:
        return None
    numerator, slash, denominator = written.partition("/")
    number = _decimal(numerator)
    if not slash:
        return number
    divisor = _decimal(denominator)
    return number / divisor if number is not None and divisor else None


def _decimal(written: str) -> Fraction | None:
    try:
        decimal = Decimal(written)
    except InvalidOperation:
        return None
    if not decimal.is_finite() or abs(decimal.adjusted()) > _MOST_DECIMALS:
        return None
    return Fraction(decimal)


# ------------------------------------------------------------------------------- vectors


def initial_vectors(
    init: str | Mapping[str, Any],
    words: Sequence[str],
    dimension: int | None,
    seed: int,
    nodes: int | None = None,
) -> tuple[Matrix, Matrix]:
    """Return U and V, of exact numbers: a row for each word, and of U for each node, if any."""
    if isinstance(init, Mapping):
        return _given_vectors(init, words, dimension, nodes)
    if init not in INITIALIZATIONS:
        raise ValueError(
            f"init: expected {', '.join(INITIALIZATIONS)}, or U and V; got {_shown(init)}"
        )
    dimension = 2 if dimension is None else _checked_dimension(dimension)
    generator = np.random.default_rng(seed)
    rows = len(words) if nodes is None else nodes
    zero = (Fraction(0),) * dimension
    # V first: with one seed, it is the same in "half-zeros" and in "random".
    size = len(words)
    centers = (zero,) * size if init == "zeros" else _tenths(generator, (size, dimension))
    outside = _tenths(generator, (rows, dimension)) if init == "random" else (zero,) * rows
    return outside, centers


def _checked_dimension(dimension: Any) -> int:
    expected = f"a whole number from 1 to {MOST_COMPONENTS}"
    return whole_number("dimension", dimension, expected, 1, MOST_COMPONENTS)


def _tenths(generator: np.random.Generator, shape: tuple[int, int]) -> Matrix:
    """Draw ±0.1, …, ±0.9: numbers that a person can compute with."""
    drawn = generator.integers(1, 10, shape) * generator.choice([-1, 1], shape)
    return tuple(tuple(Fraction(int(entry), 10) for entry in row) for row in drawn)


def _given_vectors(
    init: Mapping[str, Any], words: Sequence[str], dimension: int | None, nodes: int | None
) -> tuple[Matrix, Matrix]:
    if set(init) != {"U", "V"}:
        raise ValueError(
            f"init: expected the two matrices U and V, got {', '.join(map(str, init)) or 'none'}"
        )
    if dimension is not None:
        dimension = _checked_dimension(dimension)
    rows = words if nodes is None else [str(node) for node in range(1, nodes + 1)]
    kind = "a word" if nodes is None else "an inner node"
    outside = _given_matrix("U", init["U"], rows, dimension, kind)
    return outside, _given_matrix("V", init["V"], words, len(outside[0]))


def _given_matrix(
    name: str, given: Any, words: Sequence[str], dimension: int | None, kind: str = "a word"
) -> Matrix:
    """Read a matrix given as rows in the order of the words or nodes, or as {word: row}."""
    if isinstance(given, Mapping):
        rows_of = {_index(f"init: {name}", word, words, kind): row for word, row in given.items()}
        missing = [word for number, word in enumerate(words) if number not in rows_of]
        if missing:
            raise ValueError(f"init: {name} has no row for {', '.join(missing)}")
        rows = [rows_of[number] for number in range(len(words))]
    else:
        rows = _listed(f"init: {name}", given)
    if len(rows) != len(words):
        raise ValueError(
            f"init: {name}: expected {len(words)} rows, one for each {kind.split(maxsplit=1)[1]} "
            f"({', '.join(words)}); got {len(rows)}"
        )
    matrix = []
    for word, row in zip(words, rows, strict=True):
        where = f"init: {name}, row of {word!r}"
        entries = _listed(where, row)
        # The first row says how long all of them are, those of V among them.
        if dimension is None and 1 <= len(entries) <= MOST_COMPONENTS:
            dimension = len(entries)
        if len(entries) != dimension:
            length = f"1 to {MOST_COMPONENTS}" if dimension is None else dimension
            raise ValueError(f"{where}: expected a vector of length {length}, got {len(entries)}")
        matrix.append(tuple(_bounded(where, entry) for entry in entries))
    return tuple(matrix)


def _listed(name: str, given: Any) -> list[Any]:
    if isinstance(given, np.ndarray | Sequence) and not isinstance(given, str):
        return list(given)
    raise ValueError(f"{name}: expected a list, got {_shown(given)}")


def _bounded(name: str, given: Any) -> Fraction:
    number = _exact(given)
    if number is None or not abs(number) <= LARGEST:
        raise ValueError(
            f"{name}: expected a number such as 0.5, -2 or 1/3, of size 0 or {_SMALLEST} to "
            f"{LARGEST}; got {_shown(given)}"
        )
    return number
