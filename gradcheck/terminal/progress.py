"""Progress of a command: a bar in a terminal, once there is something to wait for."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["Show", "bar", "lines", "patient_bar", "shows_bars"]

PATIENCE = 2.0
"""Seconds: a bar for less than this only flickers."""

PAUSE = 0.1
"""Seconds from one drawing of a bar to the next; what it tells of may take microseconds."""

LOST = (OSError, ValueError)
"""Errors of a stream that is gone: nobody reads on, its terminal hung up, or it was closed."""

Show = Callable[[int, int | None, str], None]
"""Takes what is done, of how much if that is known, and what is being done."""


def shows_bars() -> bool:
    """Say whether standard error is a terminal where a bar can be drawn and taken away again."""
    try:
        is_terminal = sys.stderr.isatty()
    except (AttributeError, *LOST):  # None is what has been closed; a log may have no such method
        return False
    # TERM is dumb in Emacs' shell, for one; rich draws nothing there, and leaves empty lines.
    return is_terminal and os.environ.get("TERM", "") not in {"dumb", "unknown"}


def bar(*columns: Any, **options: Any) -> Any:
    """Return a `rich.progress.Progress` on standard error, which leaves nothing behind."""
    from rich.console import Console
    from rich.progress import Progress

    return Progress(*columns, console=Console(file=sys.stderr), transient=True, **options)


@contextmanager
def patient_bar(patience: float = PATIENCE) -> Iterator[Show]:
    """Give a function that moves a bar on standard error, where that is a terminal.

    Parameters
    ----------
    patience
        The bar appears after so many seconds.
    """
    if not shows_bars():
        yield lambda _done, _total, _what: None
        return
    drawn: Any = None
    due = time.monotonic() + patience

    def draw(done: int, total: int | None, what: str) -> None:
        nonlocal drawn
        if drawn is None:  # the library takes longer to import than many a check
            # Standard error as it is now: what runs meanwhile may have its own output caught.
            drawn = bar(redirect_stdout=False, redirect_stderr=False, auto_refresh=False)
            drawn.add_task("", total=None)
            drawn.start()
        drawn.update(drawn.task_ids[0], completed=done, total=total, description=what, refresh=True)

    def show(done: int, total: int | None, what: str) -> None:
        nonlocal due
        if time.monotonic() < due:
            return
        try:
            draw(done, total, what)
            due = time.monotonic() + PAUSE
        except LOST:  # no reason to end what it tells of, and no error of that
            due = math.inf

    try:
        yield show
    finally:
        if drawn is not None:
            with suppress(*LOST):
                drawn.stop()


@contextmanager
def lines(pause: float = PATIENCE) -> Iterator[Show]:
    """Give a function that writes a line to standard error, now and then.

    Parameters
    ----------
    pause
        Seconds from one line to the next.
    """
    due = time.monotonic()

    def show(_done: int, total: int | None, what: str) -> None:
        nonlocal due
        # Where there is no standard error, `print` would take standard output.
        if sys.stderr and time.monotonic() >= due:
            due = time.monotonic() + pause
            with suppress(*LOST):
                print(f"{what}{f' of at most {total:,}' if total else ''}", file=sys.stderr)

    yield show
