"""A subcommand and its exit statuses."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["FAILED", "INTERRUPTED", "PASSED", "UNUSABLE", "Command", "UsageError"]

PASSED, FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130


class Command(NamedTuple):
    """A subcommand: its name, its help, and the two functions that make it.

    Attributes
    ----------
    name, summary, description, epilog : str
        What ``--help`` says.
    add_arguments : callable
        Adds the command's arguments to its parser.
    run : callable
        Takes the parsed arguments and returns the exit status. The function
        ``arguments.check_interruption()`` raises KeyboardInterrupt once Ctrl-C was pressed.
    """

    name: str
    summary: str
    description: str
    epilog: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


class UsageError(Exception):
    """A wish that cannot be fulfilled; the message is one line for a person."""
