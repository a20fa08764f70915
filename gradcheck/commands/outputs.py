"""A command's documents: shown in the terminal, and written to the files that were asked for."""

from __future__ import annotations

import argparse
import io
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from gradcheck.document.blocks import Document
from gradcheck.document.formats import FORMATS
from gradcheck.document.text import WIDTH, to_text
from gradcheck.terminal.command import UsageError
from gradcheck.terminal.files import check_writable, resolve, write_text

__all__ = ["Outputs", "add_output_options", "show"]

_WIDEST = 100
"""Columns; sentences on longer lines are hard to read."""


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add an option for each format of a report."""
    for each in FORMATS:
        parser.add_argument(
            f"--{each.name}",
            metavar="OUT",
            help=f"write {each.noun} to OUT too; - is standard output, in place of the text",
        )


class Outputs:
    """The files that were asked for, found possible before the work and written after it.

    Parameters
    ----------
    arguments : argparse.Namespace
        With the options of `add_output_options`.
    others : sequence of str
        The names of other options that name a file to write, ``"json"``.
    sources : sequence of str
        Files that must not be overwritten.

    Raises
    ------
    UsageError
        If one of them cannot be written, or two are the same.
    """

    def __init__(
        self,
        arguments: argparse.Namespace,
        others: Sequence[str] = (),
        sources: Sequence[str] = (),
    ) -> None:
        names = [*others, *(each.name for each in FORMATS)]
        given = {name: path for name in names if (path := getattr(arguments, name)) is not None}
        options: dict[str, str] = {}
        for name, path in given.items():
            check_writable(f"--{name}", path, sources)
            other = options.setdefault(path if path == "-" else str(resolve(path)), name)
            if other != name:
                raise UsageError(f"--{other} and --{name}: both are {path}; expected two outputs")
        # Absolute, so that each stays the same file wherever the process is led meanwhile.
        self._paths = {
            name: None if path == "-" else Path(path).absolute() for name, path in given.items()
        }

    def __bool__(self) -> bool:
        """Whether any was asked for."""
        return bool(self._paths)

    @property
    def take_standard_output(self) -> bool:
        """Whether one of them is standard output, in place of the text."""
        return None in self._paths.values()

    def write(self, *documents: Document) -> None:
        """Write documents in each format that was asked for."""
        for each in FORMATS:
            if each.name in self._paths and documents:
                self.write_one(each.name, each.render(*documents))

    def write_one(self, name: str, text: str) -> None:
        """Write a text, unless it is empty, to the file that an option names; ``-`` prints it."""
        if name not in self._paths or not text:
            return
        path = self._paths[name]
        if path is not None:
            write_text(f"--{name}", path, text)
            return
        # It names its own encoding, which is UTF-8.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        print(text, end="")


def show(document: Document) -> None:
    """Print a document as the terminal, the pipe or the file that takes it has it."""
    print(
        to_text(
            document,
            width=min(_WIDEST, shutil.get_terminal_size((WIDTH, 24)).columns),
            encoding=sys.stdout.encoding or "utf-8",
            colour=sys.stdout.isatty() and _has_colours(),
        ),
        flush=True,
    )


def _has_colours() -> bool:
    """Say whether the terminal takes colours and its user wants them; rich knows them all."""
    from rich.console import Console

    console = Console()
    return not console.no_color and console.color_system not in {None, "windows"}
