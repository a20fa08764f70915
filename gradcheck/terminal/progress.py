"""Progress of a command: a bar in a terminal, once there is something to wait for."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Show", "bar", "patient_bar", "shows_bars"]

# A bar for less than this only flickers.
_PATIENCE_SECONDS = 2.0

Show = Callable[[int, int | None, str], None]
"""Takes what is done, of how much if that is known, and what is being done."""


def shows_bars() -> bool:
    """Say whether standard error is a terminal where a bar can be drawn and taken away again."""
    # TERM is dumb in Emacs' shell, for one; rich draws nothing there, and leaves empty lines.
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in {"dumb", "unknown"}


def bar(*columns: Any, **options: Any) -> Any:
    """Return a `rich.progress.Progress` on standard error, which leaves nothing behind."""
    from rich.console import Console
    from rich.progress import Progress

    return Progress(*columns, console=Console(file=sys.stderr), transient=True, **options)


@contextmanager
def patient_bar() -> Iterator[Show]:
    """Give a function that moves a bar on standard error, where that is a terminal."""
    if not shows_bars():
        yield lambda _done, _total, _what: None
        return
    started = time.monotonic()
    # Standard error as it is now: what runs meanwhile may have its own output caught.
    drawn = bar(redirect_stdout=False, redirect_stderr=False, auto_refresh=False)
    task = drawn.add_task("")

    def show(done: int, total: int | None, what: str) -> None:
        if time.monotonic() - started > _PATIENCE_SECONDS:
            drawn.start()
            drawn.update(task, completed=done, total=total, description=what, refresh=True)

    try:
        yield show
    finally:
        drawn.stop()
