"""Standard output and standard error: every character fits, and a loss need not end the work."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any, TextIO

__all__ = ["expendable", "make_output_fit"]


def make_output_fit() -> None:
    """Let every character be printed, as an escape where the encoding lacks it."""
    # None is what whoever started us has closed.
    sys.stdout = sys.stdout or _open_nowhere()
    sys.stderr = sys.stderr or _open_nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _open_nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def expendable(stream: TextIO, lost: type[OSError]) -> TextIO:
    """Return a stream of the process that drops what is lost, in place of the one it has.

    Parameters
    ----------
    stream : TextIO
        ``sys.stdout`` or ``sys.stderr``.
    lost : type
        The errors at which what is written is dropped: BrokenPipeError where nobody reads it,
        OSError where it is not taken for any reason, as by a full disk.
    """
    if not isinstance(stream, io.TextIOWrapper):  # None is what whoever started us has closed
        return stream
    # Beneath the buffers: a buffer keeps what it could not write, and fails once more at the exit.
    return io.TextIOWrapper(
        io.BufferedWriter(_Expendable(stream.fileno(), lost)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering or stream.write_through,
    )


class _Expendable(io.FileIO):
    """A file that is open already; bytes that it does not take are dropped, or an error once.

    Parameters
    ----------
    descriptor : int
        Its number.
    lost : type
        The errors at which it is dropped.
    """

    def __init__(self, descriptor: int, lost: type[OSError]) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._lost = lost

    def write(self, data: Any, /) -> int:
        """Write bytes and return the number of those done with."""
        try:
            return super().write(data)
        except self._lost:
            return len(data)
        except OSError:
            # Raised once: the buffers above try again at the exit, too late for a message.
            self._lost = OSError
            raise
