"""The command line: ``gradcheck COMMAND``; each subcommand is a module of `gradcheck.commands`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from gradcheck.commands.derive import DERIVE
from gradcheck.commands.verify import VERIFY
from gradcheck.commands.walkthrough import WALKTHROUGH
from gradcheck.terminal.program import run

__all__ = ["main"]

_COMMANDS = (VERIFY, DERIVE, WALKTHROUGH)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.
    """
    from importlib.metadata import version

    parser = argparse.ArgumentParser(
        prog="gradcheck", description="Check a hand-coded gradient, word2vec homework first."
    )
    parser.add_argument("--version", action="version", version=f"gradcheck {version('gradcheck')}")
    return run(parser, _COMMANDS, arguments)
