"""A program of subcommands: what all of them have in common at the command line.

Bad usage, Ctrl-C, a pipe that nobody reads and a full disk end it with one line and a status.
"""

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

from gradcheck.terminal.command import FAILED, INTERRUPTED, UNUSABLE, Command, UsageError

__all__ = ["run"]


def run(
    parser: argparse.ArgumentParser,
    commands: Sequence[Command],
    arguments: Sequence[str] | None = None,
    *,
    errors: tuple[type[Exception], ...] = (UsageError,),
) -> int:
    """Run the subcommand that the arguments name and return the exit status.

    Parameters
    ----------
    parser : ArgumentParser
        The program's, without its subcommands. The last word of its name stands before each
        message.
    commands : sequence of Command
        The subcommands.
    arguments : sequence of str, optional
        Those of the process by default.
    errors : tuple of types
        Exceptions whose message is one line for a person: something cannot be used.
    """
    name = parser.prog.split()[-1]
    _make_output_fit()
    interruption = _Interruption()
    try:
        with interruption:
            arguments = sys.argv[1:] if arguments is None else list(arguments)
            parsed = _with_subcommands(parser, commands, arguments).parse_args(arguments)
            parsed.check_interruption = interruption.check
            status: int = parsed.run(parsed)
            interruption.check()
            sys.stdout.flush()
    except errors as error:
        print(f"{name}: {error}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python flushes once more on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        # Our own files are looked after where they are read and written: this is the output.
        print(f"{name}: cannot write the output: {error.strerror or error}", file=sys.stderr)
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


def _with_subcommands(
    parser: argparse.ArgumentParser, commands: Sequence[Command], arguments: Sequence[str]
) -> argparse.ArgumentParser:
    parser.epilog = f"{parser.prog} COMMAND --help tells more of a command."
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in commands:
        subparser = subparsers.add_parser(
            command.name,
            help=command.summary,
            description=command.description,
            epilog=command.epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        # What the others offer may take an import to tell.
        if command.name in arguments:
            command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser
