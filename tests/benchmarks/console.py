"""How every benchmark speaks: options, a progress bar, a table, a closing verdict."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

__all__ = ["WIDTH", "Bar", "bar", "column_table", "conclude", "options", "show"]

WIDTH = 100
"""Columns that a table may take."""


def options(module_docstring: str, name: str) -> argparse.ArgumentParser:
    """Return a parser with the options that all benchmarks share."""
    parser = argparse.ArgumentParser(
        prog=f"python -m tests.benchmarks.{name}",
        description=module_docstring,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn (0)")
    parser.add_argument(
        "--quick", action="store_true", help="a few seconds: fewer draws, the same requirement"
    )
    return parser


class Bar:
    """A progress bar that says what it is at.

    Parameters
    ----------
    progress
        The display.
    total
        The number of steps.
    """

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=total)

    def at(self, description: str) -> None:
        """Say what is being done."""
        self._progress.update(self._task, description=description)

    def advance(self, steps: int = 1) -> None:
        """Count steps as done."""
        self._progress.advance(self._task, steps)


@contextmanager
def bar(total: int) -> Iterator[Bar]:
    """Show a progress bar on standard error, if a person is looking."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield Bar(progress, total)


def column_table(title: str, *headers: str) -> Table:
    """Return an empty table: the first column flush left, the others flush right."""
    table = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 0),
        collapse_padding=True,
    )
    for position, header in enumerate(headers):
        table.add_column(
            header,
            justify="right" if position else "left",
            vertical="bottom",
            no_wrap=not position,
        )
    return table


def show(table: Table) -> None:
    """Print a table to standard output, in at most `WIDTH` columns."""
    Console(width=WIDTH, highlight=False).print(table)


def conclude(requirement: str, failures: list[str]) -> int:
    """Print the result against the requirement; return the exit status."""
    for failure in failures:
        print(f"MISSED: {failure}")
    print(f"{'MISSED' if failures else 'MET'}: {requirement}")
    sys.stdout.flush()
    return 1 if failures else 0
