"""The rows of the table of mistakes, to be read: one in full, or all in a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradcheck.document.blocks import Block, Column, Document, Heading, Paragraph, Table
from gradcheck.document.spans import Numeral, Phrase, code, formula, joined, phrase, prose
from gradcheck.homework.checks.mistakes.mistake_table import MISTAKES, formula_of, mistakes_of
from gradcheck.homework.report.examples import example

if TYPE_CHECKING:
    from gradcheck.homework.checks.mistakes.mistake import Mistake
    from gradcheck.homework.courses import Role

__all__ = ["FUNCTIONS", "all_mistakes", "explanation"]

FUNCTIONS: dict[Role, str] = {
    "sigmoid": "sigmoid",
    "naive-softmax": "naive softmax",
    "sampler": "the sampler",
    "negative-sampling": "negative sampling",
    "skip-gram": "skip-gram",
    "cbow": "CBOW",
    "sgd": "gradient descent",
}
"""The functions in words."""

_PARTS = {
    "loss": "the loss",
    "center": "the gradient by the center vectors",
    "outside": "the gradient by the outside vectors",
    "value": "the value",
    "samples": "the samples",
    "x": "x",
}


def explanation(row: Mistake) -> Document:
    """Return a mistake's meaning, the right formula, and the advice."""
    return Document(prose(f"{row.identifier}: {row.title}"), tuple(_blocks(row)), is_compact=True)


def all_mistakes() -> Document:
    """Return a list of all mistakes, function by function."""
    blocks: list[Block] = []
    for role, words in FUNCTIONS.items():
        rows = mistakes_of(role)
        blocks.append(Heading(prose(words)))
        blocks.append(
            Table(
                [
                    Column(phrase("mistake"), [code(row.identifier) for row in rows]),
                    Column(phrase("what it is"), [prose(row.title) for row in rows]),
                ]
            )
        )
    title = f"{len(MISTAKES)} mistakes; gradcheck explain MISTAKE says what to look for"
    return Document(prose(title), tuple(blocks), is_compact=True)


def _blocks(row: Mistake) -> Iterator[Block]:
    functions = ", ".join(FUNCTIONS[role] for role in row.functions)
    yield Paragraph(prose(f"Made in: {functions}."))
    yield Paragraph(prose(f"What to look for: {row.look_for}"))
    shown = example(row)
    if shown is None:
        return
    lead = prose(f"It should be, for {_PARTS[shown.part]}: ")
    yield Paragraph(joined([lead, formula(formula_of(shown.role, shown.part))], Phrase()))
    yield Paragraph(prose(f"An example, {FUNCTIONS[shown.role]}: {shown.case}"))
    yield Table(
        [
            Column(phrase("entry"), [prose(entry) for entry in shown.entries]),
            Column(phrase("with the mistake"), [Numeral(number) for number in shown.wrong]),
            Column(phrase("right"), [Numeral(number) for number in shown.right]),
        ]
    )
