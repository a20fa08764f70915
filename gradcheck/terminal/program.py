"""A program of subcommands: what all of them have in common at the command line.

Bad usage, Ctrl-C, a pipe that nobody reads and a full disk end it with one line and a status.
"""

from __future__ import annotations

import argparse
import difflib
import io
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO

from gradcheck.terminal.command import FAILED, INTERRUPTED, UNUSABLE, Command, UsageError

__all__ = ["Parser", "run"]


class Parser(argparse.ArgumentParser):
    """A parser that asks what was meant, where a word is nearly one that it knows."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end the process."""
        super().error(message + self._what_was_meant(message))

    def _what_was_meant(self, message: str) -> str:
        chosen = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        unknown = re.search(r"unrecognized arguments: (?:.* )?(--[\w-]+)", message)
        word, known = "", []
        if chosen:
            word, known = chosen[1], re.findall(r"[\w-]+", chosen[2])
        elif unknown:
            word, known = unknown[1], list(_options(self))
        close = difflib.get_close_matches(word, known, n=1)
        return f"; did you mean {close[0]}?" if close else ""


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield the options of a parser and its subcommands."""
    for action in parser._actions:  # noqa: SLF001 - argparse lists them nowhere else
        yield from action.option_strings
        below = action.choices.values() if isinstance(action.choices, dict) else ()
        for subparser in below:
            yield from _options(subparser)


def run(
    parser: Parser,
    commands: Sequence[Command],
    arguments: Sequence[str] | None = None,
    *,
    errors: tuple[type[Exception], ...] = (UsageError,),
) -> int:
    """Run the subcommand that the arguments name and return the exit status.

    Parameters
    ----------
    parser : Parser
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
    parser: Parser, commands: Sequence[Command], arguments: Sequence[str]
) -> Parser:
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
