"""The command line: ``gradcheck COMMAND``, or ``python -m gradcheck COMMAND``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

__all__ = ["entry_point", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.
    """
    # Here, where `entry_point` catches a Ctrl-C that comes while they are loaded.
    from importlib.metadata import version

    from gradcheck.commands import COMMANDS
    from gradcheck.terminal.program import Parser, run

    parser = Parser(
        prog="gradcheck", description="Check a hand-coded gradient, word2vec homework first."
    )
    parser.add_argument("--version", action="version", version=f"gradcheck {version('gradcheck')}")
    return run(parser, COMMANDS, arguments)


def entry_point() -> NoReturn:
    """Run the command line and end the process with its status.

    At once, once everything is written: threads and exit hooks that a homework file left behind
    have no say any more.
    """
    try:
        status = main()
    except KeyboardInterrupt:  # before the command line was there to catch it
        sys.stderr.write("gradcheck: interrupted\n")
        status = 130
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # closed or full
            continue
    os._exit(status)


if __name__ == "__main__":
    entry_point()
