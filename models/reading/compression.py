"""Files that gzip, bzip2 or xz have compressed: known by their first bytes, made by their name."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

__all__ = ["DAMAGE", "FIRST_BYTES", "compressed", "decompressed", "program_of"]

DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError)
"""What is raised where compressed data are not as they were written; bzip2's is an OSError."""

FIRST_BYTES = 10
"""As many tell whether a file is compressed."""


def program_of(start: bytes) -> str | None:
    """Return the program that compressed a file, told from its first bytes."""
    # A control character, and what is no UTF-8: neither is the beginning of a text.
    if start.startswith(b"\x1f\x8b"):
        return "gzip"
    if start.startswith(b"\xfd7"):
        return "xz"
    # BZh may begin a word. What makes it certain is π, with which a block begins, or its square
    # root, which the end does.
    blocks = b"1AY&SY", b"\x17rE8P\x90"
    return "bzip2" if start.startswith(b"BZh") and start[4:10] in blocks else None


def decompressed(stream: BinaryIO, program: str) -> BinaryIO:
    """Return a stream of uncompressed data."""
    if program == "gzip":
        return cast("BinaryIO", gzip.GzipFile(fileobj=stream))
    if program == "bzip2":
        return cast("BinaryIO", bz2.BZ2File(stream))
    return cast("BinaryIO", lzma.LZMAFile(stream))


@contextmanager
def compressed(file: BinaryIO, path: str | Path) -> Iterator[BinaryIO]:
    """Give a file that compresses what is written to it, if a name ends in .gz, .bz2 or .xz.

    Parameters
    ----------
    file : binary file
        Open for writing.
    path : str or Path
        What the file will be called.
    """
    match Path(path).suffix:
        case ".gz":
            # Without name and time in it, the same vectors make the same file.
            with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as stream:
                yield cast("BinaryIO", stream)
        case ".bz2":
            with bz2.BZ2File(file, "wb") as stream:
                yield cast("BinaryIO", stream)
        case ".xz":
            with lzma.LZMAFile(file, "wb") as stream:
                yield cast("BinaryIO", stream)
        case _:
            yield file
