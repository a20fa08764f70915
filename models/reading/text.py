"""A text, sentence by sentence: a file or standard input, plain or compressed, as a stream.

A sentence is a line, a word is what stands between white space; one of more than 10,000 words is
cut, as gensim's LineSentence does, so that a text in a single line is read as a stream too.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from models.errors import InputError
from models.reading.compression import DAMAGE, FIRST_BYTES, decompressed, program_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    # Called with the bytes read so far and the size of the file, None where it is unknown.
    Progress: TypeAlias = Callable[[int, int | None], None]

__all__ = ["LONGEST_SENTENCE", "require_encoding", "require_readable", "sentences"]

LONGEST_SENTENCE = 10_000

# No word is longer, and no more than this of a line is in memory.
_PIECE = 2**17
_STANDARD_INPUT = 0
_BYTE_ORDER_MARK = "\ufeff"
_UTF_8, _UTF_16 = "utf-8", "utf-16"


def sentences(
    source: str | Path, progress: Progress | None = None, encoding: str = _UTF_8
) -> Iterator[list[str]]:
    """Yield the sentences of a text, each a non-empty list of words.

    Parameters
    ----------
    source : str or Path
        A file of text, or ``"-"``, standard input; compressed by gzip, bzip2 or xz, as its first
        bytes say, or not.
    progress : callable, optional
        Called now and then with the bytes read so far, as they lie on the disk, and the size of
        the file, which is None for standard input.
    encoding : str
        That of the text, by a name that Python knows.

    Yields
    ------
    list of str
        The words of a line, at most 10,000; of a longer line, 10,000 at a time.

    Raises
    ------
    InputError
        If there is no such encoding or file, it cannot be read, it is no text of that encoding
        (the message names the line and the first byte at fault), or its compressed data are
        damaged or end too early.
    """
    name = "standard input" if str(source) == "-" else str(source)
    require_encoding(encoding)
    with _opened(source, name, progress) as stream:
        unfinished: list[str] = []
        for piece in _pieces(_in_utf_8(stream, encoding, name), name):
            words = unfinished + piece.split()
            ends = piece.endswith("\n")
            cut = 0
            while len(words) - cut > LONGEST_SENTENCE:
                yield words[cut : cut + LONGEST_SENTENCE]
                cut += LONGEST_SENTENCE
            unfinished = words[cut:]
            if ends and unfinished:
                yield unfinished
                unfinished = []
        if unfinished:
            yield unfinished


def require_readable(source: str | Path) -> None:
    """Refuse before other work a text that cannot be opened; a pipe is left as it is.

    Parameters
    ----------
    source : str or Path
        As `sentences` has it.

    Raises
    ------
    InputError
        If there is no such file, it is a directory, or it may not be read.
    """
    if str(source) == "-":
        return
    try:
        # Asked for, not opened: opening a pipe would wait for its writer, and take what it writes.
        if Path(source).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        Path(source).stat()
        if not os.access(source, os.R_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror or error}") from None


def require_encoding(encoding: str) -> None:
    """Refuse an encoding that there is not, or that is none of text.

    Raises
    ------
    InputError
        If Python does not know it.
    """
    try:
        "".encode(encoding)
    except LookupError:
        raise InputError(
            f"encoding: expected a name that Python knows, as utf-8, latin-1, cp1252 or utf-16; "
            f"got {encoding!r}"
        ) from None


@contextmanager
def _opened(source: str | Path, name: str, progress: Progress | None) -> Iterator[BinaryIO]:
    """Open a text, decompressed; errors while it is read become an InputError."""
    try:
        with _raw(source) as raw:
            # 0 is the size of a pipe: as little known as that of standard input.
            size = None if str(source) == "-" else Path(source).stat().st_size or None
            metered = io.BufferedReader(_Metered(raw, size, progress), _PIECE)
            program = program_of(metered.peek(FIRST_BYTES)[:FIRST_BYTES])
            with _decompressed(cast("BinaryIO", metered), program) as stream:
                yield stream
    except DAMAGE as error:
        raise InputError(f"{name}: the compressed data are damaged: {error}") from None
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}") from None


def _raw(source: str | Path) -> BinaryIO:
    file = _STANDARD_INPUT if str(source) == "-" else source
    # Our end of standard input is closed, the process's stays open.
    return cast("BinaryIO", open(file, "rb", buffering=0, closefd=file is not _STANDARD_INPUT))


def _decompressed(stream: BinaryIO, program: str | None) -> BinaryIO:
    # The buffer around the decompressor is for its lines: its own are several times slower.
    if program is None:
        return stream
    return io.BufferedReader(cast("io.RawIOBase", decompressed(stream, program)), _PIECE)


def _in_utf_8(stream: BinaryIO, encoding: str, name: str) -> BinaryIO:
    """Return a stream in UTF-8, in which a newline is a byte, and no other character has it."""
    if codecs.lookup(encoding).name == _UTF_8:
        return stream
    return cast("BinaryIO", io.BufferedReader(_InUtf8(stream, encoding, name), _PIECE))


class _InUtf8(io.RawIOBase):
    """A text of another encoding, as one reads it in UTF-8."""

    def __init__(self, stream: BinaryIO, encoding: str, name: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._encoding = encoding
        self._name = name
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._left:
            piece = self._stream.read(_PIECE)
            try:
                # A surrogate has no UTF-8: no text of words has one.
                self._left = self._decoder.decode(piece, final=not piece).encode()
            except UnicodeError as error:
                raise InputError(f"{self._name} is no text in {self._encoding}: {error}") from None
            if not piece:
                break
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


class _Metered(io.RawIOBase):
    """A file that reports the bytes that were read of it."""

    def __init__(self, raw: BinaryIO, size: int | None, progress: Progress | None) -> None:
        self._raw = cast("io.FileIO", raw)
        self._size = size
        self._progress = progress
        self._done = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        count: int | None = self._raw.readinto(buffer)
        self._done += count or 0
        if self._progress is not None:
            self._progress(self._done, self._size)
        return count


def _pieces(stream: BinaryIO, name: str) -> Iterator[str]:
    """Yield lines; a line longer than a piece comes in pieces that end at a space."""
    offset, line_number, rest = 0, 1, b""
    while line := stream.readline(_PIECE):
        piece, rest = rest + line, b""
        if len(line) == _PIECE and not line.endswith(b"\n"):
            piece, rest = _cut_at_space(piece, name, offset)
        yield _decoded(piece, name, offset, line_number)
        offset += len(piece)
        line_number += piece.endswith(b"\n")
    if rest:
        yield _decoded(rest, name, offset, line_number)


def _cut_at_space(piece: bytes, name: str, offset: int) -> tuple[bytes, bytes]:
    cut = 1 + max(piece.rfind(b" "), piece.rfind(b"\t"))
    if not cut:
        raise InputError(
            f"{name} is no text of words: no space in {len(piece):,} bytes from byte {offset:,} on"
        )
    return piece[:cut], piece[cut:]


def _decoded(piece: bytes, name: str, offset: int, line: int) -> str:
    before, zero, _ = piece.partition(b"\0")
    try:
        text = before.decode()
    except UnicodeDecodeError as error:
        byte = f"the byte 0x{piece[error.start]:02x} is no UTF-8 there"
        # What programs on Windows call Unicode begins with one of these.
        is_utf_16 = offset == 0 and piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        encoding = _UTF_16 if is_utf_16 else "latin-1"
        raise _not_text(name, offset + error.start, line, byte, encoding) from None
    if zero:
        raise _not_text(name, offset + len(before), line, "a zero byte", _UTF_16)
    return text.removeprefix(_BYTE_ORDER_MARK) if offset == 0 else text


def _not_text(name: str, offset: int, line: int, what: str, encoding: str) -> InputError:
    return InputError(
        f"{name} is no UTF-8 text: byte {offset:,} (counted from 0), in line {line:,}: {what}; if "
        f"it is a text in {encoding}, say --encoding {encoding}, or convert it: "
        f"iconv -f {encoding} -t utf-8 {name} > utf8.txt"
    )
