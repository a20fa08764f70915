"""How a document reads in a browser and in a notebook."""

from __future__ import annotations

from html import escape

from gradcheck.document.blocks import Block, Document, Heading, Paragraph, Phrase, Table

__all__ = ["to_fragment", "to_page"]


def to_page(document: Document) -> str:
    """Return a page of HTML with nothing outside of it."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(document.title.text)}</title>\n<style>{_PAGE_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{document.title.html}</h1>\n{to_fragment(document, level=2)}\n"
        "</main>\n</body>\n</html>\n"
    )


def to_fragment(document: Document, level: int = 3) -> str:
    """Return a document as one element that takes its colours from what is around it.

    Parameters
    ----------
    document : Document
        What is told.
    level : int
        Of its headings: below those of the page that it becomes a part of.
    """
    blocks = "\n".join(_block(block, level) for block in document.blocks)
    return f'<div class="walkthrough">\n<style>{_STYLE}</style>\n{blocks}\n</div>'


def _block(block: Block, level: int) -> str:
    if isinstance(block, Heading):
        return f"<h{level}>{block.title.html}</h{level}>"
    if isinstance(block, Paragraph):
        return f"<p>{block.content.html}</p>"
    return _table(block)


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{column.header.html}</th>' for column in table.columns)
    rows = list(zip(*(column.written() for column in table.columns), strict=True))
    total = ' class="total"' if table.has_total else ""
    body = "\n".join(
        f"<tr{total if number == len(rows) else ''}>{_row(row)}</tr>"
        for number, row in enumerate(rows, start=1)
    )
    # It can be scrolled, on a phone: so it must be reachable by keyboard, and have a name.
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Table">\n<table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def _row(cells: tuple[str | Phrase, ...]) -> str:
    label, *others = map(_cell, cells)
    return f'<th scope="row">{label}</th>' + "".join(f"<td>{cell}</td>" for cell in others)


def _cell(cell: str | Phrase) -> str:
    if isinstance(cell, Phrase):
        return cell.html
    return f'<span class="number">{escape(cell.replace("-", "−"))}</span>'


_PAGE_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; background: #ffffff; color: #1d2430; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.4rem; line-height: 1.25; margin: .5rem 0 1rem; }
:root { --ground: #ffffff; --shade: rgb(128 128 128 / .55); }
@media (prefers-color-scheme: dark) {
  :root { --ground: #14181f; }
  body { background: #14181f; color: #e3e7ee; }
}
/* A shadow where a table goes on; what hides it scrolls along, and lies over it at the end. */
.walkthrough .scroll {
  background:
    linear-gradient(to right, var(--ground) 40%, transparent) left / 2.5rem 100% local,
    linear-gradient(to left, var(--ground) 40%, transparent) right / 2.5rem 100% local,
    linear-gradient(to right, var(--shade), transparent) left / .9rem 100% scroll,
    linear-gradient(to left, var(--shade), transparent) right / .9rem 100% scroll;
  background-repeat: no-repeat;
}
"""

# Neither ink nor paper: a notebook's page or a site's, light or dark, has its own.
_STYLE = """
.walkthrough h2, .walkthrough h3 {
  font-size: 1.05rem; line-height: 1.35; margin: 1.75rem 0 .5rem; padding: 0;
}
.walkthrough p { margin: .5rem 0; overflow-wrap: anywhere; }
.walkthrough .scroll { overflow-x: auto; }
.walkthrough table {
  border-collapse: collapse; border: 0; margin: .25rem 0; font-size: .9rem; width: auto;
}
.walkthrough th, .walkthrough td {
  text-align: left; font-weight: 400; padding: .2rem 1.1rem .2rem 0; white-space: nowrap;
  background: none; border: 0; border-bottom: 1px solid rgb(128 128 128 / .35);
}
.walkthrough thead th { vertical-align: bottom; font-size: .85rem; opacity: .85; }
.walkthrough tbody tr:last-child > * { border-bottom: 0; }
.walkthrough tr.total > * { border-top: 2px solid rgb(128 128 128 / .7); }
.walkthrough .number {
  white-space: pre; font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
.walkthrough .math { font-family: "STIX Two Text", "Latin Modern Roman", Cambria, serif; }
.walkthrough sub { line-height: 0; }
@media (max-width: 30rem) {
  .walkthrough table { font-size: .8rem; }
  .walkthrough th, .walkthrough td { padding-right: .7rem; }
}
"""
