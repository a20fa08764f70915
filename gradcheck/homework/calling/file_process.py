"""The process that one file runs in, as whoever judges the file sees it.

A question is asked and its answer waited for; the wait ends with the answer, the end of the
process, or the time: never does it depend on an end of file, since whatever the file has started
may hold the other end of the pipe for ever.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from gradcheck.homework.calling.frames import FrameError, decode, encode
from gradcheck.homework.calling.process_tree import (
    MARK,
    end_tree,
    exit_status,
    processor_seconds,
)
from gradcheck.homework.calling.server import CLOSED, HEAD

__all__ = ["FileEndedError", "FileProcess", "TimeIsUpError"]

# On a busy machine, a process gets but a part of each second.
_WALL_FACTOR = 10.0
_UNTOLD_FACTOR = 2.0
_TICK_SECONDS = 0.05
_START_SECONDS = 60.0
_KEPT_OUTPUT = 20_000
# Products of matrices as small as these: more threads only take memory and time.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_ROOT = Path(__file__).resolve().parents[3]
_LIBRARIES = (
    _ROOT / "gradcheck",
    *{Path(folder) for name, folder in sysconfig.get_paths().items() if "lib" in name},
)
_START = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from gradcheck.homework.calling.server import serve; serve()"
)


class FileEndedError(Exception):
    """The file's process is of no use any more; the message says why, as what the file did."""


class TimeIsUpError(Exception):
    """The answer took too long; the message gives the time."""


class FileProcess:
    """A process for one file, from its start to its end.

    Raises
    ------
    RuntimeError
        If it cannot be started, which is no fault of any file.
    """

    def __init__(self) -> None:
        self._mark = secrets.token_hex(8)
        self._process = subprocess.Popen(  # noqa: S603 - our own server
            [sys.executable, "-P", "-c", _START, str(_ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env={**_ONE_THREAD, **os.environ, MARK: self._mark},
            start_new_session=True,
        )
        self._requests: SimpleQueue[bytes | None] = SimpleQueue()
        self._events: SimpleQueue[tuple[bool, bytes] | Exception] = SimpleQueue()
        self._limit = 2**20
        self._output = bytearray()
        self._threads = [
            threading.Thread(target=work, name="gradcheck-file-process", daemon=True)
            for work in (self._exchange, self._drain)
        ]
        for thread in self._threads:
            thread.start()
        # Our own start is not the file's to answer for.
        try:
            self.ask(("ready",), seconds=_START_SECONDS, limit=2**10)
        except (FileEndedError, TimeIsUpError) as error:
            self.close()
            raise RuntimeError(f"a process for the file: {error}; {self.output[-500:]}") from None
        except BaseException:
            self.close()
            raise

    def ask(
        self,
        request: tuple[Any, ...],
        *,
        seconds: float,
        limit: int,
        noted: Callable[[Any], None] = lambda _note: None,
    ) -> Any:
        """Return the answer to a request.

        Parameters
        ----------
        request : tuple
            A message.
        seconds : float
            The time that the process may run or sleep until it answers.
        limit : int
            Bytes of the answer.
        noted : callable
            Told of each note on the way; with each, the time begins anew.

        Raises
        ------
        TimeIsUpError
            If there is none in time.
        FileEndedError
            If there will be none.
        """
        self._limit = limit
        self._requests.put(encode(request))
        clock = _Clock(self._process, seconds)
        while True:
            event = self._next_event(clock)
            if isinstance(event, Exception):
                raise FileEndedError(self._why(event))
            is_note, content = event
            try:
                message = decode(content)
            except FrameError as error:
                raise FileEndedError(f"sent what is no answer ({error})") from None
            if not is_note:
                return message
            noted(message)
            clock = _Clock(self._process, seconds)

    def _next_event(self, clock: _Clock) -> tuple[bool, bytes] | Exception:
        while True:
            try:
                return self._events.get(timeout=_TICK_SECONDS)
            except Empty:
                if clock.is_over():
                    raise TimeIsUpError(clock.told()) from None
                if exit_status(self._process) is None:
                    continue
            # What it has written before is still read, by the other thread.
            try:
                return self._events.get(timeout=4 * _TICK_SECONDS)
            except Empty:  # somebody else holds the pipe
                return EOFError()

    @property
    def output(self) -> str:
        """The beginning of the text that came past Python, or past what is caught of it."""
        return bytes(self._output).decode("utf-8", "replace")

    def close(self) -> None:
        """End the process, and all that the file has started."""
        # First of all: a process that is told to end would leave what it has started to nobody.
        end_tree(self._process, self._mark)
        self._requests.put(None)
        for thread in self._threads:  # longer only where something holds a pipe that we cannot end
            thread.join(4 * _TICK_SECONDS)

    def _exchange(self) -> None:
        """Write questions and read answers, in a thread of its own."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        requests, answers = self._process.stdin, self._process.stdout
        try:
            while (content := self._requests.get()) is not None:
                left = memoryview(HEAD.pack(False, len(content)) + content)  # noqa: FBT003
                while left:
                    left = left[requests.write(left) :]
                more = True
                while more:
                    more, answer = self._receive(answers.fileno())
                    self._events.put((more, answer))
        except (OSError, ValueError, EOFError) as error:
            self._events.put(error)
        finally:
            requests.close()
            answers.close()

    def _receive(self, descriptor: int) -> tuple[bool, bytes]:
        more, length = HEAD.unpack(_read(descriptor, HEAD.size))
        if length > self._limit:
            raise ValueError(f"it is {length} bytes long")
        return more, _read(descriptor, length)

    def _drain(self) -> None:
        """Read the output, and keep its beginning, so that nobody waits for a reader."""
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            while piece := stream.read(2**16):
                self._output += piece[: max(0, _KEPT_OUTPUT - len(self._output))]

    def _why(self, error: Exception) -> str:
        """Tell the fate of the process."""
        if isinstance(error, ValueError):
            return f"sent what is no answer ({error})"
        deadline = time.monotonic() + 10 * _TICK_SECONDS
        while (status := exit_status(self._process)) is None and time.monotonic() < deadline:
            time.sleep(_TICK_SECONDS / 10)
        if status is None or status == CLOSED:
            return "closed the descriptors by which its process is asked"
        if status >= 0:
            return f"ended its process (exit status {status})"
        return f"ended its process by {_signal_name(-status)}{self._line()}"

    def _line(self) -> str:
        """Return the innermost line of a file outside of the library, as Python told it last."""
        self._threads[1].join(4 * _TICK_SECONDS)
        told = re.findall(r'File "([^"]+)", line (\d+) in', self.output)
        for name, number in told:
            path = Path(name)
            if path.is_file() and not any(map(path.is_relative_to, _LIBRARIES)):
                return f" ({path.name}, line {number})"
        return ""


class _Clock:
    """The time of one answer.

    The time that the process runs or sleeps counts; that in which it waits for a processor does
    not, so that a busy machine is not the file's fault.
    """

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process = process
        self._seconds = seconds
        self._begun = self._asked = time.monotonic()
        # Asked for after the first tick: most answers are there before.
        self._spent_before: float | None = None
        self._slept = 0.0

    def is_over(self) -> bool:
        """Say whether the time is up; asked every now and then."""
        now = time.monotonic()
        since, self._asked = now - self._asked, now
        told = processor_seconds(self._process)
        if told is None:
            return now - self._begun >= _UNTOLD_FACTOR * self._seconds
        spent, sleeps = told
        if self._spent_before is None:
            self._spent_before = spent
        self._slept += since if sleeps else 0.0
        counted = spent - self._spent_before + self._slept
        return counted >= self._seconds or now - self._begun >= _WALL_FACTOR * self._seconds

    def told(self) -> str:
        """Return the time that it took."""
        verb = "waiting" if self._slept > self._seconds / 2 else "running"
        return f"still {verb} after {self._seconds:g} s"


def _read(descriptor: int, length: int) -> bytes:
    pieces = []
    while length:
        piece = os.read(descriptor, min(length, 2**20))
        if not piece:
            raise EOFError
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def _signal_name(number: int) -> str:
    names = {
        "SIGSEGV": "a segmentation fault",
        "SIGKILL": "SIGKILL: it killed itself, or the system did because there was no memory left",
        "SIGABRT": "SIGABRT: the code below Python gave up",
    }
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    return names.get(name, name)
