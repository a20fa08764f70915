"""How a document reads in a terminal: 80 columns, whatever the encoding."""

from __future__ import annotations

from collections.abc import Sequence

from gradcheck.document.blocks import (
    UNBROKEN,
    Block,
    Column,
    Document,
    Heading,
    Phrase,
    Table,
)

__all__ = ["WIDTH", "to_text"]

WIDTH = 80
"""Columns of a terminal."""

_GAP = "  "

# What to write where the encoding lacks a sign.
_SPELLED = {
    "ŷ": "yhat",
    "∂": "d",
    "Σ": "sum",
    "σ": "sigmoid",
    "η": "eta",
    "·": ".",
    "±": "+-",
    "…": "...",
}


def to_text(document: Document, encoding: str = "utf-8") -> str:
    """Return a document as lines of text, without one at the end that is empty.

    Parameters
    ----------
    document : Document
        What is told.
    encoding : str
        Signs that it lacks are spelled out; letters of words that it lacks become escapes.
    """
    lines = _filled(document.title.text, encoding)
    for block in document.blocks:
        lines += _lines(block, encoding)
    return "\n".join(lines)


def _lines(block: Block, encoding: str) -> list[str]:
    if isinstance(block, Table):
        return _table(block, encoding)
    if isinstance(block, Heading):
        return ["", *_filled(block.title.text, encoding)]
    return _filled(block.content.text, encoding)


def _filled(text: str, encoding: str) -> list[str]:
    """Fill lines as textwrap does, but by columns: a Chinese letter takes two."""
    from rich.cells import cell_len

    lines = [""]
    for piece in (_encodable(piece, encoding) for piece in text.split(" ")):
        longer = f"{lines[-1]} {piece}" if lines[-1] else piece
        if cell_len(longer) <= WIDTH:
            lines[-1] = longer
        else:
            lines.append(piece)
    return lines


def _table(table: Table, encoding: str) -> list[str]:
    """Lay out columns; those that do not fit beside the others follow below, labelled again.

    Where not all fit, those that stand further up are left out.
    """
    columns = [_column(column, encoding) for column in table.columns]
    if _width(columns) > WIDTH:
        new = [column for column in table.columns if not column.is_repeated]
        columns = [_column(column, encoding) for column in new]
    labels, *others = columns
    lines: list[str] = []
    group = [labels]
    for column in others:
        if len(group) > 1 and _width([*group, column]) > WIDTH:
            lines += _rows(group)
            group = [labels]
        group.append(column)
    return lines + _rows(group)


def _column(column: Column, encoding: str) -> list[str]:
    """Return header and cells, padded to one width."""
    from rich.cells import cell_len

    cells = [column.header, *column.written()]
    texts = [
        _encodable(cell.text if isinstance(cell, Phrase) else cell, encoding) for cell in cells
    ]
    width = max(map(cell_len, texts))
    return [text + " " * (width - cell_len(text)) for text in texts]


def _width(columns: Sequence[Sequence[str]]) -> int:
    from rich.cells import cell_len

    return sum(len(_GAP) + cell_len(column[0]) for column in columns)


def _rows(columns: Sequence[Sequence[str]]) -> list[str]:
    return [(_GAP + _GAP.join(row)).rstrip() for row in zip(*columns, strict=True)]


def _encodable(text: str, encoding: str) -> str:
    """Spell out what the encoding lacks, before anything is measured."""
    text = text.replace(UNBROKEN, " ")
    for sign, spelled in _SPELLED.items():
        if sign in text and not _has(encoding, sign):
            text = text.replace(sign, spelled)
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _has(encoding: str, sign: str) -> bool:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
