"""A text, sentence by sentence: a file or standard input, plain or compressed, as a stream.

A sentence is a line, a word is what stands between white space; one of more than 10,000 words is
cut, as gensim's LineSentence does, so that a text in a single line is read as a stream too.
"""

from __future__ import annotations

import errno
import gzip
import io
import lzma
import os
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from models.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    # Called with the bytes read so far and the size of the file, None where it is unknown.
    Progress: TypeAlias = Callable[[int, int | None], None]

__all__ = ["LONGEST_SENTENCE", "compression", "require_readable", "sentences"]

LONGEST_SENTENCE = 10_000

# No word is longer, and no more than this of a line is in memory.
_PIECE = 2**17
_STANDARD_INPUT = 0
_BYTE_ORDER_MARK = "\ufeff"

# Neither is the beginning of a text: a control character, and what is no UTF-8.
_FIRST_BYTES = {b"\x1f\x8b": "gzip", b"\xfd7": "xz"}


def sentences(source: str | Path, progress: Progress | None = None) -> Iterator[list[str]]:
    """Yield the sentences of a text, each a non-empty list of words.

    Parameters
    ----------
    source : str or Path
        A file of UTF-8 text, or ``"-"``, standard input; compressed by gzip or xz, as its first
        bytes say, or not.
    progress : callable, optional
        Called now and then with the bytes read so far, as they lie on the disk, and the size of
        the file, which is None for standard input.

    Yields
    ------
    list of str
        The words of a line, at most 10,000; of a longer line, 10,000 at a time.

    Raises
    ------
    InputError
        If there is no such file, it cannot be read, it is no UTF-8 text (the message names the
        first byte at fault), or its compressed data are damaged or end too early.
    """
    name = "standard input" if str(source) == "-" else str(source)
    with _opened(source, name, progress) as stream:
        unfinished: list[str] = []
        for piece in _pieces(stream, name):
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


def compression(start: bytes) -> str | None:
    """Return the program that compressed a file, gzip or xz, told from its first bytes."""
    return _FIRST_BYTES.get(start[:2])


@contextmanager
def _opened(source: str | Path, name: str, progress: Progress | None) -> Iterator[BinaryIO]:
    """Open a text, decompressed; errors while it is read become an InputError."""
    try:
        with _raw(source) as raw:
            # 0 is the size of a pipe: as little known as that of standard input.
            size = None if str(source) == "-" else Path(source).stat().st_size or None
            metered = io.BufferedReader(_Metered(raw, size, progress), _PIECE)
            program = compression(metered.peek(2))
            with _decompressed(cast("BinaryIO", metered), program) as stream:
                yield stream
    except (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
        raise InputError(f"{name}: the compressed data are damaged: {error}") from None
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}") from None


def _raw(source: str | Path) -> BinaryIO:
    file = _STANDARD_INPUT if str(source) == "-" else source
    # Our end of standard input is closed, the process's stays open.
    return cast("BinaryIO", open(file, "rb", buffering=0, closefd=file is not _STANDARD_INPUT))


def _decompressed(stream: BinaryIO, program: str | None) -> BinaryIO:
    # The buffer around the decompressor is for its lines: its own are several times slower.
    if program == "gzip":
        return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=stream)), _PIECE)
    if program == "xz":
        return io.BufferedReader(cast("io.RawIOBase", lzma.LZMAFile(stream)), _PIECE)
    return stream


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
    offset, rest = 0, b""
    while line := stream.readline(_PIECE):
        piece, rest = rest + line, b""
        if len(line) == _PIECE and not line.endswith(b"\n"):
            piece, rest = _cut_at_space(piece, name, offset)
        yield _decoded(piece, name, offset)
        offset += len(piece)
    if rest:
        yield _decoded(rest, name, offset)


def _cut_at_space(piece: bytes, name: str, offset: int) -> tuple[bytes, bytes]:
    cut = 1 + max(piece.rfind(b" "), piece.rfind(b"\t"))
    if not cut:
        raise InputError(
            f"{name} is no text of words: no space in {len(piece):,} bytes from byte {offset:,} on"
        )
    return piece[:cut], piece[cut:]


def _decoded(piece: bytes, name: str, offset: int) -> str:
    before, zero, _ = piece.partition(b"\0")
    try:
        text = before.decode()
    except UnicodeDecodeError as error:
        byte = f"the byte 0x{piece[error.start]:02x} is no UTF-8 there"
        raise _not_text(name, offset + error.start, byte) from None
    if zero:
        raise _not_text(name, offset + len(before), "a zero byte")
    return text.removeprefix(_BYTE_ORDER_MARK) if offset == 0 else text


def _not_text(name: str, offset: int, what: str) -> InputError:
    return InputError(f"{name} is no UTF-8 text: byte {offset:,} (counted from 0): {what}")
