"""Vectors in the file formats of word2vec, text and binary.

Both begin with a line ``n d``, the number of words and of numbers in a vector. Then text has a
line ``word x₁ … x_d`` for each word; binary has ``word``, a space and d little-endian float32.
word2vec.c ends a binary row with a newline and gensim does not; word2vec.c ends a line of text
with a space; others have tabs for spaces, or a byte order mark. All of these are read. Words are
UTF-8; bytes that are not, as word2vec.c makes them when it cuts a long word, are kept as they are.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.reading.compression import DAMAGE, FIRST_BYTES, decompressed, program_of

__all__ = ["read", "write"]

_Vectors = NDArray[np.float32]

_LONGEST_WORD = 100_000
"""Bytes; a file with longer words is none of vectors."""

_WHITE = re.compile(r"[ \t\n\v\f\r]")
"""The separators of words and numbers in these files: white space of ASCII, not of Unicode."""

_UNPRINTABLE = re.compile(rb"[^\t\r\x20-\x7e]")


class _Header(NamedTuple):
    words: int
    size: int


def write(file: BinaryIO, words: Sequence[str], vectors: _Vectors, *, binary: bool = False) -> None:
    """Write words and their vectors to an open file.

    Text has nine significant digits, which tell every float32 from every other, so that both
    formats give back exactly what was written.

    Parameters
    ----------
    file : binary file
    words : sequence of str
        n words.
    vectors : ndarray of float32, shape (n, d)
        Their vectors, as rows.
    binary : bool
        The binary format, which takes 4 bytes a number; text takes about 12.

    Raises
    ------
    InputError
        If a word is empty or has white space in it, which would end it; nothing is written.
    """
    encoded = [_encode(word) for word in words]
    rows = _binary_rows(encoded, vectors) if binary else _text_rows(encoded, vectors)
    file.write(b"%d %d\n" % vectors.shape)
    file.writelines(rows)


def _encode(word: str) -> bytes:
    if not word or _WHITE.search(word):
        raise InputError(f"word {word!r}: expected one without white space, and not empty")
    try:
        return word.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise InputError(f"word {word!r}: cannot be written in UTF-8") from None


def _text_rows(words: Iterable[bytes], vectors: _Vectors) -> Iterator[bytes]:
    form = b"%b" + b" %.9g" * vectors.shape[1] + b"\n"
    for word, vector in zip(words, vectors, strict=True):
        yield form % (word, *vector.tolist())


def _binary_rows(words: Iterable[bytes], vectors: _Vectors) -> Iterator[bytes]:
    for word, vector in zip(words, vectors, strict=True):
        yield b"%b %b\n" % (word, vector.astype("<f4", copy=False).tobytes())


def read(path: str | os.PathLike[str], *, binary: bool | None = None) -> tuple[list[str], _Vectors]:
    """Read words and their vectors.

    Parameters
    ----------
    path : path-like
        The file.
    binary : bool, optional
        The format; by default it is told from the first row.

    Returns
    -------
    words : list of str
        n words.
    vectors : ndarray of float32, shape (n, d)
        Their vectors, as rows.

    Raises
    ------
    InputError
        If the file cannot be read, is none of vectors, is cut off, or its header promises
        another number of them; the message says where.
    """
    if os.fspath(path) == "-":
        raise InputError("-: expected the name of a file; vectors are not read from a pipe")
    try:
        with Path(path).open("rb") as file, _unpacked(file) as plain:
            return _read(plain, binary=binary)
    except FileNotFoundError:
        raise InputError(
            f"{path}: there is no such file; python -m models train TEXT --output {path} makes it"
        ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


@contextmanager
def _unpacked(file: BufferedReader) -> Iterator[BufferedReader]:
    """Give the file, or a temporary one with what it was compressed from: it is read by place."""
    if not file.seekable():
        raise InputError("expected a file; vectors are not read from a pipe")
    program = program_of(file.peek(FIRST_BYTES)[:FIRST_BYTES])
    if program is None:
        yield file
        return
    with tempfile.TemporaryFile() as plain:
        try:
            shutil.copyfileobj(decompressed(file, program), plain)
        except DAMAGE as error:
            raise InputError(f"the compressed data are damaged: {error}") from None
        plain.seek(0)
        yield cast("BufferedReader", plain)


def _read(file: BufferedReader, *, binary: bool | None) -> tuple[list[str], _Vectors]:
    header = _read_header(file)
    if binary is None:
        binary = not _looks_like_text(file, header)
    _check_promise(header, file, binary=binary)
    words: list[str] = []
    vectors = np.empty(header, dtype=np.float32)
    rows = _read_binary(file, header) if binary else _read_text(file, header)
    for row, (word, vector) in enumerate(rows):
        words.append(word)
        vectors[row] = vector
    return words, vectors


def _read_header(file: BufferedReader) -> _Header:
    line = file.readline(1_000)  # what is no file of vectors may be one line
    match = re.fullmatch(rb"(?:\xef\xbb\xbf)?[ \t]*(\d{1,18})[ \t]+(\d{1,18})[ \t\r]*\n?", line)
    if not match:
        raise InputError(
            "line 1: expected the number of words and the length of a vector, as in "
            f"'37323 100', which python -m models train writes; got {_excerpt(line)}"
        )
    header = _Header(int(match[1]), int(match[2]))
    if header.size == 0:
        raise InputError("line 1: expected vectors of 1 number at least; got 0")
    return header


def _excerpt(text: bytes) -> str:
    """Return the beginning of a text, to be shown in a message."""
    if not text:
        return "the end of the file"
    return repr(text[:40].decode("utf-8", "replace"))


def _looks_like_text(file: BufferedReader, header: _Header) -> bool:
    """Tell from the first row: the bytes of float32 are hardly ever all printable."""
    start = file.tell()
    first = file.readline(_LONGEST_WORD + 100 * header.size)
    file.seek(start)
    if not first:
        return True
    _, _, numbers = first.rstrip(b"\n").replace(b"\t", b" ").partition(b" ")
    # A line that lacks some of its numbers is still one of text, with a mistake in it.
    return not _UNPRINTABLE.search(numbers) and 2 * len(numbers.split()) >= header.size


def _check_promise(header: _Header, file: BufferedReader, *, binary: bool) -> None:
    """Refuse a header that promises more than the file can hold, before room is made for it."""
    length = os.fstat(file.fileno()).st_size - file.tell()
    # A letter and a separator; in text, each number is a digit and a separator at least.
    smallest_row = 2 + (4 if binary else 2) * header.size
    # The last line of text may lack its newline, which is counted in.
    if header.words * smallest_row > length + 1:
        raise InputError(
            f"cut off, or not a file of vectors: its header promises {header.words:,} words "
            f"with {header.size:,} numbers each, and {length:,} bytes follow"
        )


def _read_text(file: BufferedReader, header: _Header) -> Iterator[tuple[str, _Vectors]]:
    # No number takes 100 characters: a longer line is none of text, and is not read to its end.
    longest = _LONGEST_WORD + 100 * header.size
    for row in range(header.words):
        line = file.readline(longest)
        if not line:
            raise _cut_off(header, row)
        try:
            yield _parse_line(line, header)
        except InputError as error:
            raise InputError(f"line {row + 2}: {error}") from None
    rest = next((line for line in iter(lambda: file.readline(longest), b"") if line.strip()), b"")
    if rest:
        raise _too_long(header, rest)


def _parse_line(line: bytes, header: _Header) -> tuple[str, _Vectors]:
    word, *numbers = line.split() or [b""]
    if len(numbers) != header.size:
        raise InputError(
            f"expected a word without white space and {header.size} numbers; "
            f"got {len(numbers)} after {_excerpt(word)}"
        )
    try:
        with np.errstate(over="ignore"):
            vector = np.array(list(map(float, numbers))).astype(np.float32)
    except ValueError:
        wrong = next(number for number in numbers if not _is_number(number))
        raise InputError(f"expected a number; got {_excerpt(wrong)}") from None
    _refuse_infinite(word, vector)
    return _decode(word), vector


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _refuse_infinite(word: bytes, vector: _Vectors) -> None:
    finite = np.isfinite(vector)
    if not finite.all():
        wrong = vector[~finite][0]
        raise InputError(f"expected numbers that float32 can hold; {_excerpt(word)} has {wrong:g}")


def _read_binary(file: BufferedReader, header: _Header) -> Iterator[tuple[str, _Vectors]]:
    for row in range(header.words):
        word = _read_word(file)
        numbers = file.read(4 * header.size)
        if word is None or len(numbers) < 4 * header.size:
            raise _cut_off(header, row)
        vector = np.frombuffer(numbers, dtype="<f4")
        try:
            _refuse_infinite(word, vector)
            yield _decode(word), vector
        except InputError as error:
            raise InputError(f"row {row + 1}: {error}") from None
    rest = file.read(40)
    if rest.strip():
        raise _too_long(header, rest)


def _read_word(file: BufferedReader) -> bytes | None:
    """Read up to the space, which is taken off; None where the file ends first."""
    word = b""
    while not word.endswith(b" "):
        ahead = file.peek(1)
        if not ahead:
            return None
        word += file.read(ahead.find(b" ") + 1 or len(ahead))
        if len(word) > _LONGEST_WORD:
            raise InputError(
                f"not a file of vectors: no space in {_LONGEST_WORD:,} bytes, "
                f"where a word should end: {_excerpt(word)}…"
            )
    # The newline ends the row before, if anything did.
    return word[:-1].lstrip(b"\n")


def _decode(word: bytes) -> str:
    text = word.decode("utf-8", "surrogateescape")
    if not text or _WHITE.search(text):
        raise InputError(f"expected a word without white space; got {_excerpt(word)}")
    return text


def _cut_off(header: _Header, rows: int) -> InputError:
    return InputError(
        f"cut off: its header promises {header.words:,} words, and it ends after {rows:,}"
    )


def _too_long(header: _Header, rest: bytes) -> InputError:
    return InputError(
        f"its header promises {header.words:,} words, and more follows them: {_excerpt(rest)}"
    )
