"""The command line: ``gradcheck COMMAND``; each subcommand is a module of `gradcheck.commands`."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from gradcheck.commands.command import FAILED, INTERRUPTED, UNUSABLE, UsageError
from gradcheck.commands.derive import DERIVE
from gradcheck.commands.verify import VERIFY
from gradcheck.commands.walkthrough import WALKTHROUGH

__all__ = ["main"]

_COMMANDS = (VERIFY, DERIVE, WALKTHROUGH)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.
    """
    _make_output_fit()
    interruption = _Interruption()
    try:
        with interruption:
            parsed = _parser().parse_args(arguments)
            parsed.check_interruption = interruption.check
            status: int = parsed.run(parsed)
            interruption.check()
            sys.stdout.flush()
    except UsageError as error:
        print(f"gradcheck: {error}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print("gradcheck: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python flushes once more on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        # Our own files are looked after where they are read and written: this is the output.
        print(f"gradcheck: cannot write the report: {error.strerror or error}", file=sys.stderr)
        return UNUSABLE
    return status


def _make_output_fit() -> None:
    """Let every character be printed, as an escape where the encoding lacks it."""
    # None is what whoever started us has closed.
    sys.stdout = sys.stdout or _open_nowhere()
    sys.stderr = sys.stderr or _open_nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _open_nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


class _Interruption:
    """Remembers Ctrl-C, which code that swallows every exception may have swallowed."""

    def __init__(self) -> None:
        self._came = False
        self._before: Any = None
        self._installed = False

    def __enter__(self) -> None:
        ordinary = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if ordinary and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._interrupt)
            self._installed = True

    def __exit__(self, *_error: object) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        self._came = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raise what should have been raised."""
        if self._came:
            raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    from importlib.metadata import version

    parser = argparse.ArgumentParser(
        prog="gradcheck",
        description="Check a hand-coded gradient, word2vec homework first.",
        epilog="gradcheck COMMAND --help tells more of a command.",
    )
    parser.add_argument("--version", action="version", version=f"gradcheck {version('gradcheck')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        subparser = commands.add_parser(
            command.name,
            help=command.summary,
            description=command.description,
            epilog=command.epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser
