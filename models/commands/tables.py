"""Tables on standard output: drawn for a terminal, plain columns for a pipe or a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Column", "print_table"]


class Column(NamedTuple):
    """A column of a table: its title, and whether its numbers stand below each other."""

    title: str
    numbers: bool = False


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], title: str = "") -> None:
    """Print a table.

    Parameters
    ----------
    columns : sequence of Column
    rows : sequence of sequence of str
        A text for each column.
    title : str
        What stands above it, if anything.
    """
    if sys.stdout.isatty():
        _draw(columns, rows, title)
    else:
        print(_plain(columns, rows, title))


def _draw(columns: Sequence[Column], rows: Sequence[Sequence[str]], title: str) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, title=Text(title, "bold"), title_justify="left")
    for column in columns:
        table.add_column(column.title, justify="right" if column.numbers else "left")
    for row in rows:
        # A word may look like one of rich's marks, as [b] does.
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def _plain(columns: Sequence[Column], rows: Sequence[Sequence[str]], title: str) -> str:
    lines = [[column.title for column in columns], *rows]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    text = [
        "  ".join(
            cell.rjust(width) if column.numbers else cell.ljust(width)
            for cell, column, width in zip(line, columns, widths, strict=True)
        ).rstrip()
        for line in lines
    ]
    return "\n".join([title, *text] if title else text)
