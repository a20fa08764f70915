"""A document for a browser and for a notebook: HTML."""

from __future__ import annotations

import re
from html import escape
from importlib.resources import files

from gradcheck.document import blocks, spans

__all__ = ["to_fragment", "to_page"]


def to_page(*documents: blocks.Document) -> str:
    """Return a page of HTML with nothing outside of it."""
    title = "; ".join(_plain(document.title) for document in documents)
    body = "\n".join(
        f"<h1{_class(document.title)}>{_phrase(document.title)}</h1>\n{_blocks(document, level=2)}"
        for document in documents
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n"
        f"<style>{_style('report.css')}{_style('page.css')}</style>\n</head>\n"
        f'<body>\n<main class="gradcheck">\n{body}\n</main>\n</body>\n</html>\n'
    )


def to_fragment(document: blocks.Document, level: int = 3) -> str:
    """Return a document as one element that takes its colours from its surroundings.

    Parameters
    ----------
    document : Document
        What is told.
    level : int
        Of its headings: below those of the page that it becomes a part of.
    """
    title = f'<p class="title {document.title.mark or ""}">{_phrase(document.title)}</p>'
    return (
        f'<div class="gradcheck">\n<style>{_style("report.css")}</style>\n{title}\n'
        f"{_blocks(document, level)}\n</div>"
    )


def _style(name: str) -> str:
    """Return a style sheet that lies beside this file."""
    return files("gradcheck.document").joinpath(name).read_text(encoding="utf-8")


def _blocks(document: blocks.Document, level: int) -> str:
    return "\n".join(_block(block, level) for block in document.blocks)


def _block(block: blocks.Block, level: int) -> str:
    match block:
        case blocks.Heading(title):
            return f"<h{level}{_class(title)}>{_phrase(title)}</h{level}>"
        case blocks.PageBreak():
            return '<div class="page-break"></div>'
        case blocks.Paragraph():
            return "\n".join(f"<p{_class(one)}>{_phrase(one)}</p>" for one in block.phrases)
        case blocks.Code(text, caption):
            code = f"<pre><code>{escape(text)}</code></pre>"
            return f"<p>{_phrase(caption)}</p>\n{_scrollable(code, _plain(caption))}"
        case blocks.Equation():
            return _equation(block)
        case blocks.HeatMaps():
            return _heat_maps(block)
        case blocks.Table():
            return _table(block)


def _scrollable(content: str, name: str) -> str:
    # It can be scrolled, on a phone: so it must be reachable by keyboard, and have a name.
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(name)}">\n'
        f"{content}\n</div>"
    )


# --------------------------------------------------------------------------------- phrases


def _phrase(content: spans.Phrase) -> str:
    return "".join(map(_span, content.spans))


def _span(span: spans.Span) -> str:
    match span:
        case spans.Words(text):
            return escape(text)
        case spans.Emphasis(text):
            return f"<em>{escape(text)}</em>"
        case spans.Verbatim(text):
            return f"<code>{escape(text)}</code>"
        case spans.Numeral(text):
            return escape(text.replace("-", "−"))
        case spans.Blank():
            return '<span class="blank" role="img" aria-label="blank"></span>'
        case spans.Formula(text):
            return f'<span class="math">{_mathematics(text)}</span>'
        case spans.Subscripted(letter, name):
            return f'<span class="math"><i>{letter}</i><sub>{escape(name)}</sub></span>'


def _mathematics(text: str) -> str:
    """Write letters in italics, indices lower; exp and log stand upright."""
    tokens = re.findall(r"_\{[^}]*\}|_\w+|[^\W\d_]\u0302|[^\W\d_²³ᵀ]+|.", text)
    return "".join(map(_token, tokens))


def _token(part: str) -> str:
    if part.startswith("_"):
        lower = part[1:].strip("{}")
        # The letters of δ_xo are two indices, and no word.
        is_indices = len(lower) > 1 and "_" not in lower
        return f"<sub>{_italic(lower) if is_indices else _mathematics(lower)}</sub>"
    if part[0].isalpha() and len(part.rstrip("\u0302")) == 1:
        return f"<i>{part}</i>"
    return escape(part.replace("-", "−"))


def _italic(indices: str) -> str:
    return re.sub(r"[^\W\d_]+", r"<i>\g<0></i>", escape(indices.replace("-", "−")))


def _plain(content: spans.Phrase) -> str:
    """Return a phrase without marks, for a title or a name."""
    # From its HTML: there a formula is as it is read, without the signs that it is typed with.
    return re.sub(r"<[^>]*>", "", _phrase(content)).strip().rstrip(":")


def _class(content: spans.Phrase) -> str:
    return f' class="{content.mark}"' if content.mark else ""


# ---------------------------------------------------------------------------------- tables


def _table(table: blocks.Table) -> str:
    head = "".join(f'<th scope="col">{_phrase(column.header)}</th>' for column in table.columns)
    rows = list(zip(*map(blocks.Column.written, table.columns), strict=True))
    total = ' class="total"' if table.has_total else ""
    body = "\n".join(
        f"<tr{total if number == len(rows) else ''}>{_row(row)}</tr>"
        for number, row in enumerate(rows, start=1)
    )
    return _scrollable(
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>", "Table"
    )


def _row(cells: tuple[str | spans.Phrase, ...]) -> str:
    label, *others = cells
    return f'<th scope="row">{_cell(label)}</th>' + "".join(
        f"<td{_class(cell) if isinstance(cell, spans.Phrase) else ''}>{_cell(cell)}</td>"
        for cell in others
    )


def _cell(cell: str | spans.Phrase) -> str:
    if isinstance(cell, spans.Phrase):
        return _phrase(cell)
    return f'<span class="number">{_span(spans.Numeral(cell))}</span>'


# ------------------------------------------------------------------------------- equations


def _equation(step: blocks.Equation) -> str:
    """Set an equation in MathML: browsers know it, and it has fractions and limits."""
    from latex2mathml.converter import convert

    latex = f"{step.left.latex if step.left else ''} = {step.right.latex}"
    # TeX leaves room between log and a letter; MathML has to be told.
    latex = re.sub(r"\\(exp|log) (?!\\left)", r"\\\1\\, ", latex)
    status = f'<span class="status {step.status.mark or ""}">{_phrase(step.status)}</span>'
    formula = _scrollable(convert(latex, display="block"), f"Step {step.number}")
    return (
        f'<div class="step"><span class="count">{step.number}.</span>\n{formula}\n{status}</div>\n'
        f'<p class="reason">{_phrase(step.reason)}</p>'
    )


# ------------------------------------------------------------------------------- heat maps


def _heat_maps(block: blocks.HeatMaps) -> str:
    maps = "\n".join(map(_heat_map, block.maps))
    legend = "; ".join(
        "".join(f'<span class="swatch {_shade(one)}">{one.sign}</span>' for one in shades)
        + f" {_phrase(meaning)}"
        for shades, meaning in block.legend
    )
    return (
        f'<p>{_phrase(block.caption)}</p>\n<div class="maps">\n{maps}\n</div>\n'
        f'<p class="legend">{legend}</p>'
    )


def _heat_map(each: blocks.HeatMap) -> str:
    most = max((len(shades) for _, shades in each.rows), default=0)
    columns = list(map(str, range(most))) if each.columns is None else each.columns
    # A single number needs no number of its column.
    numbered = len(columns) > 1 or any(label for label, _ in each.rows)
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in columns if numbered)
    body = "\n".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(
            f'<td class="{_shade(one)}" title="{escape(one.title)}">{one.sign}</td>'
            for one in shades
        )
        + "</tr>"
        for label, shades in each.rows
    )
    return _scrollable(
        f'<table class="map{" dense" if each.is_dense else ""}">\n'
        f"<caption>{escape(each.name)}</caption>\n"
        f"<thead><tr><td></td>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>",
        f"Map of {each.name}",
    )


def _shade(one: blocks.Shade) -> str:
    return f"shade {one.mark} d{one.degree}" if one.mark == "bad" else f"shade {one.mark}"
