"""Tables on standard output, as all documents of gradcheck show them."""

from __future__ import annotations

from collections.abc import Sequence

from gradcheck.commands.outputs import show
from gradcheck.document import blocks
from gradcheck.document.spans import Numeral, prose

__all__ = ["print_table"]


def print_table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1, title: str = ""
) -> None:
    """Print a table.

    Parameters
    ----------
    titles : sequence of str
        Those of the columns.
    rows : sequence of sequence of str
        A text for each column.
    words : int
        The columns, from the left, that hold words; the others' numbers stand below each other.
    title : str
        Stands above it, if there is one.
    """
    columns = [
        blocks.Column(
            prose(name), [prose(row[i]) if i < words else Numeral(row[i]) for row in rows]
        )
        for i, name in enumerate(titles)
    ]
    show(blocks.Document(prose(title), (blocks.Table(columns),)))
