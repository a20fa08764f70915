"""A document in Markdown, with mathematics between dollar signs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from gradcheck.document.blocks import (
    Block,
    Code,
    Column,
    Document,
    Equation,
    Heading,
    HeatMap,
    HeatMaps,
    Paragraph,
    Table,
)
from gradcheck.document.mathematics import latex_of
from gradcheck.document.spans import (
    Emphasis,
    Formula,
    Numeral,
    Phrase,
    Span,
    Subscripted,
    Verbatim,
    Words,
)

__all__ = ["to_fragment", "to_markdown"]


def to_markdown(*documents: Document) -> str:
    """Return documents in GitHub's Markdown; MyST and notebooks read it too."""
    return (
        "\n\n".join(
            f"# {_phrase(document.title)}\n\n{to_fragment(document)}" for document in documents
        )
        + "\n"
    )


def to_fragment(document: Document) -> str:
    """Return a document without its title, for a page that has one."""
    return "\n\n".join(map(_block, document.blocks))


def _block(block: Block) -> str:
    match block:
        case Heading(title):
            return f"## {_phrase(title)}"
        case Paragraph():
            return "\n\n".join(map(_phrase, block.phrases))
        case Code(text, caption):
            return f"{_phrase(caption)}\n\n{_fenced(text)}"
        case Equation():
            return _equation(block)
        case HeatMaps():
            return _heat_maps(block)
        case Table():
            return _table(block)


# --------------------------------------------------------------------------------- phrases


def _phrase(content: Phrase) -> str:
    text = "".join(map(_span, content.spans))
    return f"**{text}**" if content.mark == "bad" and text else text


def _span(span: Span) -> str:
    match span:
        case Words(text):
            return _escaped(text)
        case Emphasis(text):
            return f"*{_escaped(text)}*"
        case Verbatim(text):
            return _fenced(text, "`", " ")
        case Numeral(text):
            return text.replace("-", "−")
        case Formula(_, latex):
            return f"${latex}$"
        case Subscripted(letter, name):
            # What is between dollar signs is read as HTML before it is read as mathematics.
            plain = re.sub(r"([\\{}$&#_%^~])", r"\\\1", name)
            return rf"${letter}_{{\text{{{escape(plain, quote=False)}}}}}$"


def _escaped(text: str) -> str:
    """Return words that Markdown prints as they stand."""
    return re.sub(r"([\\`*_{}\[\]<>#$|~])", r"\\\1", text)


def _fenced(text: str, least: str = "```", blank: str = "\n") -> str:
    """Return code between fences; they are longer than any in it."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1) if longest >= len(least) else least
    within = f"{blank}{text}{blank}" if longest or blank == "\n" else text
    return f"{fence}{within}{fence}"


# ---------------------------------------------------------------------------------- blocks


def _table(table: Table) -> str:
    table, left = table.cut()
    header = _row([_phrase(column.header) for column in table.columns])
    rule = "| --- " * len(table.columns) + "|"
    rows = [
        _row([_cell(cell) for cell in row])
        for row in zip(*map(Column.written, table.columns), strict=True)
    ]
    more = [f"\n… and {left:,} more"] if left else []
    return "\n".join([header, rule, *rows, *more])


def _row(cells: Sequence[str]) -> str:
    # A bar would end the cell, in mathematics and in code, too.
    return "| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in cells) + " |"


def _cell(cell: str | Phrase) -> str:
    return _phrase(cell) if isinstance(cell, Phrase) else _span(Numeral(cell.strip()))


def _equation(step: Equation) -> str:
    left = step.left.latex if step.left else ""
    status = "".join(
        latex_of(span.text) if span.text == "✓" else rf"\text{{{span.text}}}"
        for span in step.status.spans
        if isinstance(span, Words)
    )
    return (
        f"**{step.number}.** {_phrase(step.reason)}\n\n"
        f"$$\n{left} = {step.right.latex} \\qquad {status}\n$$"
    )


def _heat_maps(block: HeatMaps) -> str:
    legend = "; ".join(f"`{shades[0].sign}` {_phrase(meaning)}" for shades, meaning in block.legend)
    return "\n\n".join([_phrase(block.caption), *map(_heat_map, block.maps), legend])


def _heat_map(each: HeatMap) -> str:
    label = max((len(label) for label, _ in each.rows), default=0)
    lines = [
        f"{name:>{label}}  {' '.join(one.sign for one in shades)}" for name, shades in each.rows
    ]
    return _fenced("\n".join([each.name, *lines]))
