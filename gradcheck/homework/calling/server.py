"""The process that one file runs in: it loads the file, and answers calls until nobody asks.

It starts with the connection as its standard input and output, and moves both away at once, so
that what the file reads or prints is no message. Nothing protects this module from the file: where
that closes the connection, replaces `len`, or ends the process, the other side says what it saw.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import struct
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, NoReturn

from gradcheck.homework.calling.calls import Call, Outcome, Target
from gradcheck.homework.calling.direct import DirectTarget
from gradcheck.homework.calling.frames import TooLargeError, decode, encode
from gradcheck.homework.calling.messages import (
    calls_from,
    delivery_from,
    facts_message,
    outcome_message,
)
from gradcheck.homework.calling.opening import describe, recognize
from gradcheck.homework.submission.delivery import Delivery
from gradcheck.homework.submission.failures import SubmissionError, summarize_error
from gradcheck.homework.submission.loading import load
from gradcheck.homework.submission.surroundings import run_as_script

__all__ = ["CLOSED", "HEAD", "MEMORY", "serve"]

HEAD = struct.Struct("<?Q")
"""Stands before each message: whether more of them come before the answer, and its length."""
CLOSED = 113
"""The exit status where the file has closed the connection; whoever reads it trusts none."""
MEMORY = 4 * 2**30
"""Bytes that the process may have, where the system can be told."""
_DIE_WITH_PARENT, _ADOPT_ORPHANS = 1, 36
"""Of Linux' `prctl`: PR_SET_PDEATHSIG and PR_SET_CHILD_SUBREAPER."""
_LARGEST_FILE = 2**28
_PROCESSES = 256
_PRIVATE = 400
"""The connection has descriptors from here on: a file that closes those from 3 on stops earlier."""


def serve() -> NoReturn:
    """Answer the requests on standard input until there are no more."""
    connection = _Connection()
    _tie()
    _limit()
    # To the parent, which looks for the line of the file in it.
    faulthandler.enable(2)
    # What cannot be written is no reason for a file to fail.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    with ExitStack() as around:
        target: Target | None = None
        while True:
            request = connection.receive()
            if request[0] == "ready":
                connection.send(request)
            elif request[0] == "load":
                target = _load(connection, around, *delivery_from(request))
            elif target is not None:
                limit, calls = calls_from(request)
                for number, call in enumerate(calls, start=1):
                    outcome = _outcome(target, call)
                    is_last = number == len(calls) or outcome.status != "returned"
                    connection.send(outcome_message(outcome), limit, is_note=not is_last)
                    if is_last:
                        break


class _Connection:
    """The requests and the answers, on descriptors out of a file's way."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._requests, self._answers = map(_moved, (0, 1))
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)

    def receive(self) -> Any:
        """Return the next request; end the process where there is none."""
        _more, length = HEAD.unpack(self._read(HEAD.size))
        return decode(self._read(length))

    def _read(self, length: int) -> bytes:
        pieces = []
        while length:
            try:
                piece = os.read(self._requests, length)
            except OSError:
                os._exit(CLOSED)
            if not piece:
                os._exit(0)  # at once: threads and exit hooks of the file have no say
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)

    def send(self, message: Any, limit: int = 2**20, *, is_note: bool = False) -> None:
        """Send an answer of at most so many bytes, or a note on the way to it."""
        if os.getpid() != self._process:  # a copy, which a fork in the file has made
            os._exit(0)
        try:
            content = encode(message, limit)
        except TooLargeError:
            text = f"crashed: it returns more than {limit} bytes, far more than was to be expected"
            content = encode(outcome_message(Outcome("crashed", message=text)))
        left = memoryview(HEAD.pack(is_note, len(content)) + content)
        try:
            while left:
                left = left[os.write(self._answers, left) :]
        except OSError:
            os._exit(CLOSED)


def _moved(descriptor: int) -> int:
    try:
        import fcntl
    except ImportError:  # Windows
        return os.dup(descriptor)
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _PRIVATE)


def _tie() -> None:
    """End with whoever asks, and be the parent of all that the file starts; Linux has a word."""
    with suppress(AttributeError, OSError, TypeError):
        control = ctypes.CDLL(None).prctl
        control(_DIE_WITH_PARENT, signal.SIGKILL)
        control(_ADOPT_ORPHANS, 1)


def _limit() -> None:
    """Bound the memory, the files and the processes."""
    try:
        import resource
    except ImportError:  # Windows
        return
    limits = {"RLIMIT_AS": MEMORY, "RLIMIT_CORE": 0, "RLIMIT_FSIZE": _LARGEST_FILE}
    try:
        # All of a user's processes count: no more than there are in all, and some.
        running = Path("/proc/loadavg").read_text(encoding="ascii").split()[3].partition("/")[2]
        limits["RLIMIT_NPROC"] = int(running) + _PROCESSES
    except (OSError, ValueError, IndexError):
        pass
    for name, most in limits.items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        _soft, hard = resource.getrlimit(kind)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (bound, bound))
        except (OSError, ValueError):  # macOS takes no limit of memory
            continue


def _load(
    connection: _Connection, around: ExitStack, delivery: Delivery, names: dict[Any, str]
) -> Target | None:
    """Load the file, send the facts about it, and leave its surroundings in place."""
    try:
        submission = load(
            delivery,
            alone=True,
            functions=names.values(),
            starting=lambda part: connection.send(part, is_note=True),
        )
        course = recognize(submission, names)
        facts = describe(submission, course)
    except SubmissionError as error:
        connection.send(("refused", str(error)))
        return None
    except KeyboardInterrupt:  # no person's: nobody is at this process' keyboard
        text = f"{delivery}: interrupts its own process (KeyboardInterrupt) while it is imported"
        connection.send(("refused", text))
        return None
    except BaseException as error:  # noqa: BLE001 - the file has broken something that we need
        text = f"{delivery}: cannot be used: {summarize_error(error)} after it was run"
        connection.send(("refused", text))
        return None
    around.enter_context(submission.environment)
    around.enter_context(run_as_script(submission.location))
    target = DirectTarget(submission, course) if course else None
    connection.send(facts_message(facts))
    return target


def _outcome(target: Target, call: Call) -> Outcome:
    try:
        return target.call(call)
    except KeyboardInterrupt:  # no person's: nobody is at this process' keyboard
        text = "crashed: it interrupts its own process (KeyboardInterrupt)"
    except BaseException as error:  # noqa: BLE001 - the file has broken something that we need
        text = f"crashed: {summarize_error(error)}, after something that others need was changed"
    return Outcome("crashed", message=text)
