"""A document in Markdown, with mathematics between dollar signs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from gradcheck.document import blocks, spans
from gradcheck.document.mathematics import in_two_lines, latex_of

__all__ = ["to_fragment", "to_markdown"]


_EQUATION = 72
"""Characters of an equation, as it is typed in Unicode, on a line of a page."""


def to_markdown(*documents: blocks.Document) -> str:
    """Return documents in GitHub's Markdown; MyST and notebooks read it too."""
    parts = (f"# {_phrase(document.title)}\n\n{to_fragment(document)}" for document in documents)
    return "\n\n".join(parts) + "\n"


def to_fragment(document: blocks.Document) -> str:
    """Return a document without its title, for a page that has one."""
    return "\n\n".join(map(_block, document.blocks))


def _block(block: blocks.Block) -> str:
    match block:
        case blocks.Heading(title):
            return f"## {_phrase(title)}"
        case blocks.PageBreak():
            return "---"
        case blocks.Paragraph():
            return "\n\n".join(map(_phrase, block.phrases))
        case blocks.Code(text, caption):
            return f"{_phrase(caption)}\n\n{_fenced(text)}"
        case blocks.Equation():
            return _equation(block)
        case blocks.HeatMaps():
            return _heat_maps(block)
        case blocks.Table():
            return _table(block)


# --------------------------------------------------------------------------------- phrases


def _phrase(content: spans.Phrase) -> str:
    text = "".join(map(_span, content.spans))
    return f"**{text}**" if content.mark == "bad" and text else text


def _span(span: spans.Span) -> str:
    match span:
        case spans.Words(text):
            return _escaped(text)
        case spans.Emphasis(text):
            return f"*{_escaped(text)}*"
        case spans.Verbatim(text):
            return _fenced(text, "`", " ")
        case spans.Numeral(text):
            return text.replace("-", "−")
        case spans.Blank(text):
            return _escaped(text)
        case spans.Formula(_, latex):
            return f"${latex}$"
        case spans.Subscripted(letter, name):
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


def _table(table: blocks.Table) -> str:
    table, left = table.cut()
    header = _row([_phrase(column.header) for column in table.columns])
    rule = "| --- " * len(table.columns) + "|"
    rows = [
        _row([_cell(cell) for cell in row])
        for row in zip(*map(blocks.Column.written, table.columns), strict=True)
    ]
    more = [f"\n… and {left:,} more"] if left else []
    return "\n".join([header, rule, *rows, *more])


def _row(cells: Sequence[str]) -> str:
    # A bar would end the cell, in mathematics and in code, too.
    return "| " + " | ".join(re.sub(r"(?<!\\)\|", r"\\|", cell) for cell in cells) + " |"


def _cell(cell: str | spans.Phrase) -> str:
    return _phrase(cell) if isinstance(cell, spans.Phrase) else _span(spans.Numeral(cell.strip()))


def _equation(step: blocks.Equation) -> str:
    # Each is centred by itself: a line that begins with "=" would hang in the air.
    whole = step.left or step.understood
    left = whole.latex if whole else ""
    # Between dollar signs a mark is mathematics, too, and no Markdown.
    status = "".join(
        latex_of(span.text) if span.text == "✓" else rf"\text{{{span.text}}}"
        for span in step.status.spans
        if isinstance(span, spans.Words)
    )
    written = f"{left} = {step.right.latex}"
    if len(whole.text if whole else "") + len(step.right.text) > _EQUATION:
        lines = r" \\ &\quad".join(in_two_lines(step.right.latex))
        written = rf"\begin{{aligned}} {left} &= {lines} \end{{aligned}}"
    return f"**{step.number}.** {_phrase(step.reason)}\n\n$$\n{written} \\quad {status}\n$$"


def _heat_maps(block: blocks.HeatMaps) -> str:
    legend = "; ".join(f"`{shades[0].sign}` {_phrase(meaning)}" for shades, meaning in block.legend)
    return "\n\n".join([_phrase(block.caption), *map(_heat_map, block.maps), legend])


def _heat_map(each: blocks.HeatMap) -> str:
    label = max((len(label) for label, _ in each.rows), default=0)
    lines = [
        f"{name:>{label}}  {' '.join(one.sign for one in shades)}" for name, shades in each.rows
    ]
    return _fenced("\n".join([each.name, *lines]))
