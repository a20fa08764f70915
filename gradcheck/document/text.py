"""A document for a terminal: any width, any encoding, with colours or without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unicodedata import combining

from gradcheck.document import blocks
from gradcheck.document.spans import UNBROKEN, Formula, Mark, Phrase, Subscripted, prose

__all__ = ["WIDTH", "to_text"]

WIDTH = 80
"""Columns of a terminal, where it does not say."""

_GAP = "  "

# Where the encoding lacks a sign. A tick stands in a column of its own, so its word has no gap.
_SPELLED = {
    "ŷ": "yhat",
    "v̂": "vhat",
    "ū": "ubar",
    "α": "alpha",
    "β": "beta",
    "δ": "delta",
    "η": "eta",
    "θ": "theta",
    "λ": "lambda",
    "σ": "sigmoid",
    "ρ": "rho",
    "φ": "phi",
    "Σ": "sum",
    "∂": "d",
    "√": "sqrt",
    "‖": "||",
    "−": "-",
    "·": ".",
    "×": "x",
    "±": "+-",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "←": "<-",
    "→": "->",
    "′": "'",
    "²": "^2",
    "³": "^3",
    "ᵀ": "^T",
    "½": "1/2",
    "…": "...",
    "–": "-",
    "—": "-",
    "✓": "+",
    "✗": "!",
}

_BOLD = "1"
_COLOURS = {"good": "32", "bad": "1;31", "unsure": "33", None: ""}


def to_text(
    document: blocks.Document, *, width: int = WIDTH, encoding: str = "utf-8", colour: bool = False
) -> str:
    """Return a document as lines of text, without one at the end that is empty.

    Parameters
    ----------
    document : Document
        What is told.
    width : int
        Columns of the terminal; formulas, code and a table's labels may exceed it.
    encoding : str
        Signs that it lacks are spelled out; letters of words that it lacks become escapes.
    colour : bool
        Whether the terminal takes ANSI's colours.
    """
    terminal = _Terminal(width, encoding, colour, indent=_GAP if document.is_compact else "")
    lines = terminal.filled(document.title, bold=True) if document.title else []
    for block in document.blocks:
        new = terminal.lines(block)
        if lines and new and (isinstance(block, blocks.Heading) or not document.is_compact):
            lines.append("")
        lines += new
    return "\n".join(lines)


@dataclass(frozen=True)
class _Terminal:
    """A terminal: its columns, its signs, its colours, and the indent of its tables."""

    width: int
    encoding: str
    colour: bool
    indent: str

    def lines(self, block: blocks.Block) -> list[str]:
        """Return the lines of a block; a few lines that belong together have no gap."""
        match block:
            case blocks.Heading(title):
                return self.filled(title, bold=True)
            case blocks.PageBreak():
                # A printer takes it for a new page.
                return ["", "\f"]
            case blocks.Paragraph():
                return [line for one in block.phrases for line in self.filled(one)]
            case blocks.Code(text, caption):
                return [*self.filled(caption), *self._encodable(text).splitlines()]
            case blocks.Equation():
                return self._equation(block)
            case blocks.HeatMaps():
                return [] if block.is_repeated else self._heat_maps(block)
            case blocks.Table():
                return self._table(block)

    # ------------------------------------------------------------------------- sentences

    def filled(self, content: Phrase, *, bold: bool = False, indent: str = "") -> list[str]:
        """Fill lines as textwrap does, but by columns: a Chinese letter takes two."""
        lines = [
            line for part in self._plain(content).split("\n") for line in self._fill(part, indent)
        ]
        return [self._coloured(line, _BOLD * bold, _COLOURS[content.mark]) for line in lines]

    def _fill(self, text: str, indent: str) -> Iterator[str]:
        line = ""
        for piece in self._pieces(text, self.width - len(indent)):
            longer = f"{line} {piece}" if line else piece
            if line and _columns(longer) > self.width - len(indent):
                yield indent + line
                line = piece
            else:
                line = longer
        yield (indent + line).rstrip()

    def _pieces(self, text: str, room: int) -> Iterator[str]:
        """Yield the pieces of a line; a formula longer than a line comes in several."""
        for piece in text.split(" "):
            whole = piece.replace(UNBROKEN, " ")
            yield from [whole] if _columns(whole) <= room else piece.split(UNBROKEN)

    def _plain(self, content: Phrase) -> str:
        return self._encodable("".join(map(_typed, content.spans)))

    def _encodable(self, text: str) -> str:
        """Spell out the signs that the encoding lacks, before anything is measured."""
        for sign, spelled in _SPELLED.items():
            if sign in text and _encoded(sign, self.encoding) != sign:
                text = text.replace(sign, spelled)
        # A blank that no line ends at goes through any encoding: it becomes a plain one later.
        return "".join(one if one == UNBROKEN else _encoded(one, self.encoding) for one in text)

    def _coloured(self, text: str, *codes: str) -> str:
        given = ";".join(filter(None, codes))
        return f"\x1b[{given}m{text}\x1b[0m" if self.colour and text and given else text

    # ---------------------------------------------------------------------------- tables

    def _table(self, table: blocks.Table) -> list[str]:
        """Lay out columns; those that do not fit beside the others follow below, labelled again."""
        table, left = table.cut()
        cells = {id(column): self._cells(column) for column in table.columns}
        labels = cells[id(table.columns[0])]
        # The end of a long name stays: there its indices stand.
        longest = self.width // 2 - len(_GAP)
        # In place: `cells` has the same list, whose width is asked for below.
        labels[:] = [
            (text if len(text) <= longest else "…" + text[1 - longest :], mark)
            for text, mark in labels
        ]
        room = self.width - len(self.indent) + len(_GAP)
        groups = blocks.column_groups(
            table, lambda column: len(_GAP) + _width(cells[id(column)]), room
        )
        lines = [line for group in groups for line in self._rows([cells[id(one)] for one in group])]
        return [*lines, self._encodable(f"… and {left:,} more")] if left else lines

    def _cells(self, column: blocks.Column) -> list[tuple[str, Mark | None]]:
        """Return header and cells as text, each with its mark."""
        return [
            (self._plain(cell).replace(UNBROKEN, " "), cell.mark)
            if isinstance(cell, Phrase)
            else (cell, None)
            for cell in (column.header, *column.written())
        ]

    def _rows(self, columns: Sequence[Sequence[tuple[str, Mark | None]]]) -> list[str]:
        widths = [_width(column) for column in columns]
        return [
            (
                self.indent
                + _GAP.join(
                    self._coloured(text, _BOLD * (place == 0), _COLOURS[mark])
                    + " " * (width - _columns(text))
                    for (text, mark), width in zip(row, widths, strict=True)
                )
            ).rstrip()
            for place, row in enumerate(zip(*columns, strict=True))
        ]

    # ------------------------------------------------------------------------- equations

    def _equation(self, step: blocks.Equation) -> list[str]:
        """Write a step: the equation with its mark at the right margin, the reason below."""
        start = f"{step.number:>2}. "
        left = self._encodable(step.left.text) if step.left else ""
        right = self._encodable(step.right.text)
        status = self._plain(step.status)
        # A tick has room beside any line that is broken here.
        room = self.width - 2
        line = f"{start}{left} = {right}" if left else f"{start}= {right}"
        lines = [line] if _columns(line) <= room else list(self._broken(start, left, right, room))
        if _columns(lines[-1]) + 1 + _columns(status) > self.width:
            lines.append("")
        lines[-1] += " " * (self.width - _columns(lines[-1]) - _columns(status))
        lines[-1] += self._coloured(status, _COLOURS[step.status.mark])
        return [*lines, *self.filled(step.reason, indent=" " * len(start))]

    def _broken(self, start: str, left: str, right: str, room: int) -> Iterator[str]:
        indent = " " * len(start)
        lines = list(_wrapped(left, indent, room)) if left else []
        lines += _wrapped(f"= {right}", indent + (_GAP if left else ""), room)
        yield start + lines[0][len(start) :]
        yield from lines[1:]

    # ------------------------------------------------------------------------- heat maps

    def _heat_maps(self, block: blocks.HeatMaps) -> list[str]:
        lines = self.filled(block.caption)
        for each in block.maps:
            lines.append(self._encodable(each.name))
            label = max((len(label) for label, _ in each.rows), default=0)
            for name, shades in each.rows:
                signs = " ".join(self._coloured(one.sign, _COLOURS[one.mark]) for one in shades)
                lines.append(self._encodable(f"{_GAP}{name:>{label}}  ") + self._encodable(signs))
        meanings = [
            prose(f"{shades[0].sign} ").spans + meaning.spans for shades, meaning in block.legend
        ]
        return [*lines, *(line for one in meanings for line in self.filled(Phrase(one)))]


def _typed(span: object) -> str:
    """Return a span as it is typed."""
    match span:
        case Formula(text):
            return text.replace(" ", UNBROKEN)
        case Subscripted(letter, name):
            return f"{letter}_{name}"
    return str(span.text)  # type: ignore[attr-defined]


def _wrapped(formula: str, indent: str, room: int) -> Iterator[str]:
    """Break a formula before a plus or minus, the least deeply nested one that there is."""
    while len(indent) + len(formula) > room:
        place = _break(formula, room - len(indent))
        if place is None:
            break
        yield indent + formula[:place].rstrip()
        formula = formula[place:]
        if not formula.startswith("= "):
            # By six columns at most: the formula needs the room.
            indent = indent if indent.endswith("      ") else indent + _GAP
    yield indent + formula


def _break(formula: str, room: int) -> int | None:
    """Return where to break within the room: before the last least nested sign."""
    best: tuple[int, int] | None = None
    depth = 0
    for place, character in enumerate(formula[:room]):
        depth += character in "([{"
        depth -= character in ")]}"
        # Blanks on both sides: no sign of a negative number. Nor the first, right behind "= ".
        is_sign = formula[place : place + 2] in {"+ ", "− ", "- "} and formula[place - 1] == " "
        if is_sign and place > 2 and (best is None or depth <= best[0]):
            best = (depth, place)
    return best[1] if best else None


def _width(column: Sequence[tuple[str, Mark | None]]) -> int:
    return max(_columns(text) for text, _ in column)


def _columns(text: str) -> int:
    """Count columns: a hat, combined with its letter, takes none; a Chinese letter two."""
    from rich.cells import cell_len

    return cell_len("".join(character for character in text if not combining(character)))


def _encoded(text: str, encoding: str) -> str:
    return text.encode(encoding, "backslashreplace").decode(encoding)
