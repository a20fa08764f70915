"""Stop a call that never ends.

In the main thread an interval timer interrupts it; elsewhere a watchdog thread plants an
exception in the calling thread. Either way the interruption is repeated until the call is left,
because a bare ``except:`` in a loop swallows any single one.
"""

from __future__ import annotations

import ctypes
import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TypeVar

__all__ = ["TimeLimitExceeded", "within"]

_REPEAT_SECONDS = 0.05

Answer = TypeVar("Answer")


class TimeLimitExceeded(BaseException):
    """The call took longer than it was given.

    Not an `Exception`, so that ``except Exception`` in the interrupted code lets it pass.

    Attributes
    ----------
    seconds : float
        The time that it was given; unknown where it is raised, and filled in on its way.
    """

    seconds = math.nan


def within(seconds: float, call: Callable[[], Answer]) -> Answer:
    """Return the result of a call; raise `TimeLimitExceeded` inside of it once its time is up.

    A single call into C code that never returns cannot be interrupted; neither can a limit set
    by an outer call be kept while an inner one runs.
    """
    has_timer = hasattr(signal, "setitimer")
    try:
        if has_timer and threading.current_thread() is threading.main_thread():
            with _alarm(seconds):
                return call()
        return _watched(seconds, call)
    except TimeLimitExceeded as error:
        error.seconds = seconds
        raise


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    interruption = _Interruption()
    previous_handler = signal.signal(signal.SIGALRM, interruption.fire)
    started = time.monotonic()
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, _REPEAT_SECONDS)
    try:
        yield
    finally:
        # First of all: from here on, an alarm would be raised in our own code.
        interruption.over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        interruption.leave()
        signal.signal(signal.SIGALRM, previous_handler)
        if left:  # somebody else's alarm, a test runner's say: let it go on
            remaining = max(left - (time.monotonic() - started), 1e-3)
            signal.setitimer(signal.ITIMER_REAL, remaining, interval)


class _Interruption:
    """The timer's action, each time that it fires."""

    def __init__(self) -> None:
        self.over = False
        self._fired = 0
        self._tracing_before: Any = None
        self._traces = False

    def fire(self, _signal: int, frame: FrameType | None) -> None:
        if self.over:
            return
        self._fired += 1
        if frame is not None and self._fired % 2 == 0:
            # The one before was swallowed. Raise a few lines on: sooner or later that is a
            # line outside the `try`, such as the body of the `except:` itself.
            self._raise_after(lines=self._fired // 2 % 7, frame=frame)
        else:
            raise TimeLimitExceeded

    def leave(self) -> None:
        if self._traces:
            sys.settrace(self._tracing_before)

    def _raise_after(self, *, lines: int, frame: FrameType) -> None:
        if not self._traces:
            self._tracing_before = sys.gettrace()
            self._traces = True
        left = lines

        def trace(_frame: FrameType, event: str, _argument: Any) -> Any:
            nonlocal left
            if self.over:
                return None
            if event == "line":
                left -= 1
                if left < 0:
                    raise TimeLimitExceeded
            return trace

        # `settrace` alone takes effect in functions that are called from here on.
        frame.f_trace = trace
        sys.settrace(trace)


def _watched(seconds: float, call: Callable[[], Answer]) -> Answer:
    ident = threading.get_ident()
    plant = ctypes.pythonapi.PyThreadState_SetAsyncExc
    over = threading.Event()

    def inside() -> Answer:
        return call()

    def is_inside() -> bool:
        frame = sys._current_frames().get(ident)  # noqa: SLF001 - the documented way to them
        while frame is not None and frame.f_code is not inside.__code__:
            frame = frame.f_back
        return frame is not None

    def watch() -> None:
        # Not until `over` is set: what is planted may keep the thread from setting it.
        if over.wait(seconds):
            return
        # Planted once the call is left, it would be raised in our own code.
        while is_inside():
            plant(ctypes.c_ulong(ident), ctypes.py_object(TimeLimitExceeded))
            if over.wait(_REPEAT_SECONDS):
                return

    watcher = threading.Thread(target=watch, name="gradcheck-time-limit", daemon=True)
    watcher.start()
    try:
        return inside()
    finally:
        _leave(over, watcher)


def _leave(over: threading.Event, watcher: threading.Thread) -> None:
    """End the watch, and meet an interruption that is on its way.

    It cannot be called back: once told to, CPython 3.11 does not forget that one was pending, and
    turns round for ever where a tracer, that of a coverage say, looks on.
    """
    while True:
        with suppress(TimeLimitExceeded):
            over.set()
            watcher.join()
            for _ in range(2):  # each turn is a place at which one arrives
                pass
            return
