"""Stop a call that never ends.

In the main thread an interval timer interrupts it; elsewhere a watchdog thread plants an
exception in the calling thread. Either way the interruption is repeated until the call is left,
because a bare ``except:`` in a loop swallows any single one.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["TimeLimitExceeded", "time_limit"]

_REPEAT_SECONDS = 0.05


class TimeLimitExceeded(BaseException):
    """The call took longer than it was given.

    Not an `Exception`, so that ``except Exception`` in the interrupted code lets it pass.
    """


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TimeLimitExceeded` inside the block once it has run for `seconds`.

    A single call into C code that never returns cannot be interrupted; neither can a limit set
    by an outer block be kept while an inner one runs.
    """
    has_timer = hasattr(signal, "setitimer")
    if has_timer and threading.current_thread() is threading.main_thread():
        with _alarm(seconds):
            yield
    else:
        with _watchdog(seconds):
            yield


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    interruption = _Interruption()
    previous_handler = signal.signal(signal.SIGALRM, interruption.fire)
    started = time.monotonic()
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, _REPEAT_SECONDS)
    try:
        yield
    finally:
        interruption.over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        interruption.leave()
        signal.signal(signal.SIGALRM, previous_handler)
        if left:  # somebody else's alarm, a test runner's say: let it go on
            remaining = max(left - (time.monotonic() - started), 1e-3)
            signal.setitimer(signal.ITIMER_REAL, remaining, interval)


class _Interruption:
    """What the timer does each time it fires."""

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

        frame.f_trace = trace
        sys.settrace(trace)


@contextmanager
def _watchdog(seconds: float) -> Iterator[None]:
    thread = ctypes.c_ulong(threading.get_ident())
    plant = ctypes.pythonapi.PyThreadState_SetAsyncExc
    over = threading.Event()
    turn = threading.Lock()

    def watch() -> None:
        if over.wait(seconds):
            return
        while True:
            with turn:
                if over.is_set():
                    return
                plant(thread, ctypes.py_object(TimeLimitExceeded))
            if over.wait(_REPEAT_SECONDS):
                return

    threading.Thread(target=watch, name="gradcheck-time-limit", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        with turn:  # nothing is planted any more, and what was planted and not met is removed
            plant(thread, None)
