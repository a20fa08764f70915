"""A walkthrough as an exercise: the step with blanks on one page, its solution on the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gradcheck.document.blocks import (
    Block,
    Cell,
    Column,
    Document,
    Heading,
    PageBreak,
    Paragraph,
    Table,
)
from gradcheck.document.spans import BLANK, Blank, Numeral, Phrase, joined, phrase
from gradcheck.word2vec.lecture.update import Update
from gradcheck.word2vec.loss_table import named
from gradcheck.word2vec.walkthrough.contents import changes, contents, setting, update

__all__ = ["exercise"]


def exercise(step: Update) -> Document:
    """Return the step with a blank for each number that is computed, then all of it."""
    solution = contents(step)
    return Document(
        phrase("Exercise. {title}", title=solution.title),
        (*_blanks(step), PageBreak(), Heading(phrase("Solution")), *_without_setting(step)),
        is_compact=True,
    )


def _without_setting(step: Update) -> tuple[Block, ...]:
    return contents(step).blocks[len(list(setting(step))) :]


def _blanks(step: Update) -> Iterator[Block]:
    yield from setting(step)
    for block in (*named(step.loss).telling.forward(step), *update(step)):
        yield _blank(block)
    yield Paragraph(
        phrase("How many rows of $V$ can this step move, how many of $U$? How many does it move?")
    )
    yield Heading(phrase("After the step: $J$ = {blank}, before {blank}", blank=BLANK))
    yield _blank(changes(step))
    yield Paragraph(
        phrase("Why does each score grow or fall? Did any do what you had not expected?")
    )


def _blank(block: Block) -> Block:
    """Return a table, or sentences, without the numbers that follow; headings tell what to do."""
    match block:
        case Table():
            labels, *others = block.columns
            return replace(block, columns=[labels, *map(_blank_column, others)])
        case Paragraph(content):
            return Paragraph(_blank_phrase(content))
    return block


def _blank_column(column: Column) -> Column:
    """Return a column to be filled in, unless its cells stand further up."""
    return (
        column
        if column.is_repeated
        else replace(column, cells=list(map(_blank_cell, column.cells)))
    )


def _blank_cell(cell: Cell) -> Cell:
    if cell is None:
        return None
    if isinstance(cell, tuple):
        return phrase("({entries})", entries=joined([BLANK] * len(cell)))
    return BLANK


def _blank_phrase(content: Phrase) -> Phrase:
    spans = (Blank() if isinstance(span, Numeral) else span for span in content.spans)
    return Phrase(tuple(spans))
