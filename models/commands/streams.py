"""Standard output and standard error, whose loss does not end the work."""

from __future__ import annotations

import io
import sys
from typing import Any, TextIO

__all__ = ["make_streams_expendable"]


def make_streams_expendable() -> None:
    """Let the process go on when nobody takes what it says any longer.

    What is written to a pipe that nobody reads is dropped: ``| head`` has seen enough, and a
    training of hours need not die with its log. So is on standard error, where progress and
    messages go, what a full disk does not take; standard output is the result, and that it cannot
    be kept stays an error.
    """
    sys.stdout = _expendable(sys.stdout, BrokenPipeError)
    sys.stderr = _expendable(sys.stderr, OSError)


class _Expendable(io.FileIO):
    """A file that is open already; what it does not take is dropped, or an error once.

    Parameters
    ----------
    descriptor : int
        Its number.
    lost : type
        The error at which it is dropped.
    """

    def __init__(self, descriptor: int, lost: type[OSError]) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self._lost = lost

    def write(self, data: Any, /) -> int:
        """Write bytes and return how many are done with."""
        try:
            return super().write(data)
        except self._lost:
            return len(data)
        except OSError:
            # Raised once: the buffers above try again at the exit, too late for a message.
            self._lost = OSError
            raise


def _expendable(stream: TextIO, lost: type[OSError]) -> TextIO:
    # Beneath the buffers: a buffer keeps what it could not write, and fails once more at the exit.
    if not isinstance(stream, io.TextIOWrapper):  # None is what whoever started us has closed
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(_Expendable(stream.fileno(), lost)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering or stream.write_through,
    )
