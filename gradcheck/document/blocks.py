"""The blocks that a document consists of, in no notation yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gradcheck.document.numerals import Number, Style, Vector, aligned, aligned_numbers
from gradcheck.document.spans import Formula, Mark, Numeral, Phrase

__all__ = [
    "Block",
    "Cell",
    "Code",
    "Column",
    "Document",
    "Equation",
    "Heading",
    "HeatMap",
    "HeatMaps",
    "PageBreak",
    "Paragraph",
    "Shade",
    "Table",
    "column_groups",
]


@dataclass(frozen=True)
class Heading:
    """The title of a part."""

    title: Phrase


@dataclass(frozen=True)
class PageBreak:
    """The end of a page, on paper."""


@dataclass(frozen=True)
class Paragraph:
    """Some sentences; in a terminal, each of several phrases begins a line."""

    content: Phrase
    others: tuple[Phrase, ...] = ()

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """All of them, in order."""
        return (self.content, *self.others)


@dataclass(frozen=True)
class Code:
    """Lines to be copied as they are, below a caption; no line is broken or indented."""

    text: str
    caption: Phrase


@dataclass(frozen=True)
class Equation:
    """A numbered step: two equal sides, and why they are.

    Attributes
    ----------
    number : int
        The step's, from 1.
    left : Formula, optional
        None where the right side of the equation before is meant.
    right : Formula
        The other side.
    status : Phrase
        A tick, say, with its mark.
    reason : Phrase
        Why it holds; where it does not, why that is so as well.
    understood : Formula, optional
        The left side where `left` is None, for formats that set every equation by itself.
    """

    number: int
    left: Formula | None
    right: Formula
    status: Phrase
    reason: Phrase
    understood: Formula | None = None


@dataclass(frozen=True)
class Shade:
    """The look of one entry of a heat map.

    Attributes
    ----------
    sign : str
        One character, for those who see no colours.
    mark : {"good", "bad", "unsure"}
        Which colour.
    degree : int
        How deep, from 1 to 5; it tells among "bad" ones.
    title : str
        The entry in words.
    """

    sign: str
    mark: Mark
    degree: int = 1
    title: str = ""


@dataclass(frozen=True)
class HeatMap:
    """An array, each entry a coloured sign.

    Attributes
    ----------
    name : str
        The array's.
    rows : sequence of (str, sequence of Shade)
        Labelled rows from top to bottom.
    columns : sequence of str, optional
        Labels of the columns; None: their numbers.
    is_dense : bool
        Whether it has many small cells, each of which stands for some entries.
    """

    name: str
    rows: Sequence[tuple[str, Sequence[Shade]]]
    columns: Sequence[str] | None = None
    is_dense: bool = False


@dataclass(frozen=True)
class HeatMaps:
    """Heat maps of several arrays, with one legend.

    Attributes
    ----------
    caption : Phrase
        What the colours are about.
    maps : sequence of HeatMap
        One for each array.
    legend : sequence of (sequence of Shade, Phrase)
        Shades, and their meaning.
    is_repeated : bool
        Whether a table says the same: where there are no colours, the maps are left out.
    """

    caption: Phrase
    maps: Sequence[HeatMap]
    legend: Sequence[tuple[Sequence[Shade], Phrase]]
    is_repeated: bool = False


Cell = Phrase | Numeral | Number | Vector | None


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    header : Phrase
        What it holds.
    cells : sequence of Phrase, Numeral, Number, Vector or None
        None leaves a cell empty.
    style : {"decimal", "fraction"}
        How an exact quarter is written: 0.25 or 1/4.
    is_repeated : bool
        Whether its cells stand further up, too: a terminal without room for all columns leaves
        it out.
    """

    header: Phrase
    cells: Sequence[Cell]
    style: Style = "decimal"
    is_repeated: bool = False

    def written(self) -> list[str | Phrase]:
        """Return each cell: numbers as text, with their decimal points below each other."""
        numerals = [cell.text for cell in self.cells if isinstance(cell, Numeral)]
        numbers = [
            cell
            for cell in self.cells
            if not isinstance(cell, Phrase | Numeral) and cell is not None
        ]
        shown = iter(aligned(numerals) if numerals else aligned_numbers(numbers, self.style))
        return [
            cell if isinstance(cell, Phrase) else "" if cell is None else next(shown)
            for cell in self.cells
        ]


@dataclass(frozen=True)
class Table:
    """Columns of the same length; the first holds labels.

    Attributes
    ----------
    columns : sequence of Column
        From left to right. Within a column, the cells that are no phrases are of one kind.
    has_total : bool
        Whether the last row is the sum of those above.
    most : int, optional
        As many rows are shown where a long table cannot be scrolled.
    weights : sequence of float
        How telling each row is: the most telling ones are shown, in the order of the table.
        Empty where the first ones are.
    """

    columns: Sequence[Column]
    has_total: bool = False
    most: int | None = None
    weights: Sequence[float] = ()

    @property
    def length(self) -> int:
        """The number of its rows."""
        return len(self.columns[0].cells)

    def cut(self) -> tuple[Table, int]:
        """Return the table with its most telling rows, and the number of the others."""
        if self.most is None or self.length <= self.most:
            return self, 0
        ranked = range(self.length)
        if self.weights:
            ranked = sorted(ranked, key=lambda row: -self.weights[row])  # type: ignore[assignment]
        # Back in the order of the table: a reader looks for places, not for ranks.
        kept = sorted(ranked[: self.most])
        columns = [replace(one, cells=[one.cells[row] for row in kept]) for one in self.columns]
        return replace(self, columns=columns, most=None), self.length - self.most


Block = Heading | PageBreak | Paragraph | Code | Equation | HeatMaps | Table


@dataclass(frozen=True)
class Document:
    """All that is said and shown, in order.

    Attributes
    ----------
    title : Phrase
        What it is about, or how it ends, in a line.
    blocks : tuple of Block
        The rest.
    is_compact : bool
        Whether it fills a page as it is: in a terminal, only headings have an empty line above,
        and tables stand apart by being indented.
    """

    title: Phrase
    blocks: tuple[Block, ...]
    is_compact: bool = False


def column_groups(table: Table, width_of: Callable[[Column], int], room: int) -> list[list[Column]]:
    """Share the columns of a table out to tables that have room, each with the labels.

    Parameters
    ----------
    table : Table
        What may be too wide.
    width_of : callable
        The width of a column, with the space before it.
    room : int
        The width that there is, in the same unit. A table of two columns may exceed it.

    Returns
    -------
    list of list of Column
        Where not all fit side by side, those that stand further up are left out.
    """
    columns = list(table.columns)
    if sum(map(width_of, columns)) > room:
        columns = [column for column in columns if not column.is_repeated]
    labels, *others = columns
    groups = [[labels]]
    for column in others:
        if len(groups[-1]) > 1 and sum(map(width_of, [*groups[-1], column])) > room:
            groups.append([labels])
        groups[-1].append(column)
    return groups
