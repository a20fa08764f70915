"""Tables on standard output, as all documents of gradcheck show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gradcheck.commands.outputs import show
from gradcheck.document import blocks
from gradcheck.document.spans import Numeral, prose

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
        Stands above it, if there is one.
    """
    table = blocks.Table(
        [
            blocks.Column(
                prose(column.title),
                [Numeral(row[i]) if column.numbers else prose(row[i]) for row in rows],
            )
            for i, column in enumerate(columns)
        ]
    )
    show(blocks.Document(prose(title), (table,)))
