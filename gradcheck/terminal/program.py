"""A program of subcommands, and the manners at the command line that they have in common.

Bad usage, Ctrl-C, a pipe that nobody reads and a full disk end it with one line and a status.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any, NoReturn

from gradcheck.terminal.command import FAILED, INTERRUPTED, UNUSABLE, Command, UsageError
from gradcheck.terminal.streams import expendable, make_output_fit

__all__ = ["Parser", "as_text", "run"]


class Parser(argparse.ArgumentParser):
    """A parser that asks what was meant, where a word is nearly one that it knows.

    Attributes
    ----------
    given : sequence of str
        The arguments that it is about to parse.
    """

    given: Sequence[str] = ()

    def error(self, message: str) -> NoReturn:
        """Name the error, and end the process."""
        super().error(message + self._what_was_meant(message))

    def _what_was_meant(self, message: str) -> str:
        chosen = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if chosen:
            close = difflib.get_close_matches(chosen[1], re.findall(r"[\w-]+", chosen[2]), n=1)
            return f"; did you mean {close[0]}?" if close else ""
        # A required option that is missed may be one that is misspelt, and nobody has said so.
        missed = "arguments are required" in message
        if missed or "unrecognized arguments" in message:
            known = list(_options(self))
            for word in (argument.partition("=")[0] for argument in self.given):
                # argparse takes the beginning of an option for the option.
                if not word.startswith("--") or any(one.startswith(word) for one in known):
                    continue
                if close := difflib.get_close_matches(word, known, n=1):
                    told = f"; there is no {word}" if missed else ""
                    return f"{told}; did you mean {close[0]}?"
        return ""


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield the options of a parser and its subcommands."""
    for action in parser._actions:  # noqa: SLF001 - argparse lists them nowhere else
        yield from action.option_strings
        below = action.choices.values() if isinstance(action.choices, dict) else ()
        for subparser in below:
            yield from _options(subparser)


def as_text(argument: str) -> str:
    """Return an argument that is text, no file's name, as it was typed.

    Where the locale cannot decode it, as ASCII cannot decode ``naïve``, Python keeps its bytes;
    files of words are read as UTF-8 everywhere, and what is typed is UTF-8 nearly everywhere.
    """
    return argument.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def run(
    parser: Parser,
    commands: Sequence[Command],
    arguments: Sequence[str] | None = None,
    *,
    errors: tuple[type[Exception], ...] = (UsageError,),
    outlives_its_reader: bool = False,
) -> int:
    """Run the subcommand that the arguments name and return the exit status.

    Progress and messages, on standard error, are lost where nobody takes them: no command ends,
    and no status changes, for that.

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
    outlives_its_reader : bool
        Whether commands go on when nobody reads their output any longer, as a training of hours
        should; otherwise they end there.
    """
    name = parser.prog.split()[-1]
    make_output_fit()
    if arguments is None:  # we are the process, and its streams are ours
        sys.stderr = expendable(sys.stderr, OSError)
        if outlives_its_reader:
            sys.stdout = expendable(sys.stdout, BrokenPipeError)
    interruption = _Interruption()
    try:
        with interruption:
            arguments = sys.argv[1:] if arguments is None else list(arguments)
            try:
                parsed = _with_subcommands(parser, commands, arguments).parse_args(arguments)
            except SystemExit:
                # Help may have been printed, and not have arrived yet.
                sys.stdout.flush()
                raise
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
        # The files of a command are looked after where they are read and written. An error without
        # a file's name is of the output, which was open already.
        what = error.filename or "cannot write the output"
        print(f"{name}: {what}: {error.strerror or error}", file=sys.stderr)
        return UNUSABLE
    return status


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
        """Raise KeyboardInterrupt if Ctrl-C was pressed."""
        if self._came:
            raise KeyboardInterrupt


def _with_subcommands(
    parser: Parser, commands: Sequence[Command], arguments: Sequence[str]
) -> Parser:
    parser.given = arguments
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
        subparser.given = arguments
        # What the others offer may take an import to tell.
        if command.name in arguments:
            command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser
