"""How a report reads in a browser and in a notebook."""

from __future__ import annotations

import math
from html import escape

import numpy as np
from numpy.typing import NDArray

from gradcheck.parameters import Leaf
from gradcheck.report.contents import (
    HEADLINES,
    Table,
    closing,
    entry_table,
    findings,
    power,
    probe_table,
)
from gradcheck.report.findings import Entry, Findings

__all__ = ["fragment", "page"]

SHADES = 5
"""Wrong entries are shown in that many shades, each of them a factor of ten in the excess."""

LONGEST_ROW = 12
"""A vector of more entries is folded into rows of ten."""


def page(report: Findings) -> str:
    """Return a page of HTML with nothing outside of it."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(HEADLINES[report.verdict])}</title>\n"
        "<style>html { background: #ffffff; } body { margin: 0; }\n"
        "@media (prefers-color-scheme: dark) { html { background: #14181f; } }</style>\n"
        f"</head>\n<body>\n{fragment(report)}\n</body>\n</html>\n"
    )


def fragment(report: Findings) -> str:
    """Return the report as one element that brings its own style, for a page or a notebook."""
    parts = [
        f"<style>{_STYLE}</style>",
        f'<h1 class="{report.verdict}">{escape(HEADLINES[report.verdict])}</h1>',
        *[f"<p>{escape(sentence)}</p>" for sentence in findings(report)],
    ]
    if report.advice:
        parts.append(f"<p><strong>What to do:</strong> {escape(report.advice)}</p>")
    if report.verdict != "agrees":
        parts.append(_discrepancy(report))
    if report.entries:
        parts.append(_section("Wrong entries", _table(entry_table(report.entries))))
    if report.probes:
        parts.append(_section("Directional derivatives", _table(probe_table(report.probes))))
    if power(report):
        parts.append(f"<p>{escape(power(report))}</p>")
    if report.snippet:
        code = f"<pre><code>{escape(report.snippet)}</code></pre>"
        parts.append(_section("To see it again", code))
    parts.append(f"<footer>{escape(closing(report))}</footer>")
    return '<article class="gradcheck-report">\n' + "\n".join(parts) + "\n</article>"


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{content}\n</section>"


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.header)
    rows = [
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in table.rows
    ]
    return (
        f'<div class="scroll"><table class="numbers">\n<thead><tr>{head}</tr></thead>\n'
        "<tbody>\n" + "\n".join(rows) + "\n</tbody>\n</table></div>"
    )


# ------------------------------------------------------------------------------ heat maps


def _discrepancy(report: Findings) -> str:
    if not report.scanned:
        return f"<p>The {report.size:,} entries were not looked at one by one.</p>"
    excesses = [entry.excess for entry in report.entries if math.isfinite(entry.excess)]
    largest = max(excesses, default=1.0)
    maps = [
        _heat_map(leaf, report.scanned[leaf.entries], largest)
        for leaf in report.leaves
        if leaf.size
    ]
    return _section(
        "Discrepancy, entry by entry",
        f'<div class="maps">\n{"".join(maps)}</div>\n{_legend(largest, report.scanned)}',
    )


def _heat_map(leaf: Leaf, entries: tuple[Entry, ...], largest: float) -> str:
    """Show an array as a table of coloured cells."""
    rows = _rows(leaf)
    columns = max(len(indices) for _, indices in rows) if leaf.shape else 0
    head = "".join(f'<th scope="col">{column}</th>' for column in range(columns))
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(_cell(entries[index], largest) for index in indices)
        + "</tr>\n"
        for label, indices in rows
    )
    shape = f" {leaf.shape}" if leaf.shape else ""
    return (
        f'<div class="scroll"><table class="map">\n<caption>{escape(leaf.name + shape)}</caption>\n'
        f"<thead><tr><td></td>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>\n"
    )


def _rows(leaf: Leaf) -> list[tuple[str, NDArray[np.intp]]]:
    """Cut an array into labelled rows of positions in it."""
    positions = np.arange(leaf.size)
    if len(leaf.shape) > 1:
        return [
            (", ".join(map(str, outer)), positions.reshape(leaf.shape)[outer])
            for outer in np.ndindex(leaf.shape[:-1])
        ]
    if leaf.size <= LONGEST_ROW:
        return [("", positions)]
    return [
        (f"+{start}" if start else "", positions[start : start + 10])
        for start in range(0, leaf.size, 10)
    ]


def _cell(entry: Entry, largest: float) -> str:
    if entry.verdict == "disagrees":
        sign, shade = "×", f"shade-{_shade(entry.excess, largest)}"
    else:
        sign, shade = ("·", "right") if entry.verdict == "agrees" else ("?", "open")
    title = (
        f"{entry.name}: claimed {entry.claimed:.9g}, numerical {entry.numerical:.9g}, "
        f"tolerance {entry.tolerance:.1e}"
    )
    return f'<td class="{shade}" title="{escape(title)}">{sign}</td>'


def _shade(excess: float, largest: float) -> int:
    """Return `SHADES` for an excess near the largest, 1 less for each factor of ten."""
    if not excess < largest:
        return SHADES
    return max(1, SHADES - round(math.log10(largest / excess)))


def _legend(largest: float, scanned: tuple[Entry, ...]) -> str:
    verdicts = {entry.verdict for entry in scanned}
    swatches = []
    if "agrees" in verdicts:
        swatches.append('<span class="swatch right">·</span> no error seen')
    if "disagrees" in verdicts:
        shades = "".join(f'<span class="swatch shade-{SHADES - i}">×</span>' for i in range(SHADES))
        swatches.append(
            f"{shades} wrong by {largest:.0e} times the tolerance, by a tenth of that, and so on"
        )
    if "undecided" in verdicts:
        swatches.append('<span class="swatch open">?</span> undecided')
    return '<p class="legend">' + "; ".join(swatches) + "</p>"


_STYLE = """
.gradcheck-report {
  color-scheme: light dark;
  --ink: #1d2430; --paper: #ffffff; --faint: #5a6472; --line: #d5dae1; --block: #f3f5f8;
  --good: #1a6b3c; --bad: #b3261e; --unsure: #8a5a00;
  --right: #e3efe7; --right-ink: #1a6b3c;
  --s1: #fde4d8; --s2: #fbbfa5; --s3: #f08e6c; --s4: #d3503a; --s5: #9c1c1c;
  --pale: #1d2430; --deep: #ffffff;
  color: var(--ink); background: var(--paper);
  font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem;
}
@media (prefers-color-scheme: dark) {
  .gradcheck-report {
    --ink: #e3e7ee; --paper: #14181f; --faint: #98a2b3; --line: #343c49; --block: #1e242e;
    --good: #6fcf97; --bad: #ff8a80; --unsure: #f2c14e;
    --right: #1d3327; --right-ink: #6fcf97;
    --s1: #45211b; --s2: #6d2b21; --s3: #9f3c2b; --s4: #d6573d; --s5: #ff8e6e;
    --pale: #f4e9e6; --deep: #14181f;
  }
}
.gradcheck-report h1 { font-size: 1.4rem; line-height: 1.25; margin: 0 0 .75rem; }
.gradcheck-report h2 { font-size: 1rem; margin: 1.5rem 0 .4rem; }
.gradcheck-report h1.agrees { color: var(--good); }
.gradcheck-report h1.disagrees { color: var(--bad); }
.gradcheck-report h1.undecided { color: var(--unsure); }
.gradcheck-report p { margin: .4rem 0; overflow-wrap: anywhere; }
.gradcheck-report .scroll { overflow-x: auto; }
.gradcheck-report table { border-collapse: collapse; margin: 0; font-size: .875rem; }
.gradcheck-report .numbers th, .gradcheck-report .numbers td {
  text-align: left; padding: .15rem 1rem .15rem 0; border-bottom: 1px solid var(--line);
  white-space: pre; background: none; color: inherit;
}
.gradcheck-report .numbers thead th { color: var(--faint); font-weight: 400; }
.gradcheck-report .numbers tbody, .gradcheck-report pre {
  font-family: ui-monospace, Menlo, Consolas, monospace;
}
.gradcheck-report .numbers tbody th { font-weight: 400; }
.gradcheck-report .maps { display: flex; flex-wrap: wrap; gap: 1rem 2rem; }
.gradcheck-report .maps .scroll { max-width: 100%; }
.gradcheck-report .map { border-collapse: separate; border-spacing: 2px; }
.gradcheck-report .map caption { text-align: left; padding-bottom: .2rem; }
.gradcheck-report .map th {
  color: var(--faint); font-weight: 400; padding: 0 .25rem; text-align: center;
}
.gradcheck-report .map td, .gradcheck-report .swatch {
  width: 1.6rem; height: 1.6rem; text-align: center; padding: 0; border-radius: 3px;
}
.gradcheck-report .swatch { display: inline-block; line-height: 1.6rem; margin-right: 2px; }
.gradcheck-report .right { background: var(--right); color: var(--right-ink); }
.gradcheck-report .open {
  color: var(--unsure);
  background: repeating-linear-gradient(45deg, var(--block) 0 4px, var(--line) 4px 6px);
}
.gradcheck-report .shade-1 { background: var(--s1); color: var(--pale); }
.gradcheck-report .shade-2 { background: var(--s2); color: var(--pale); }
.gradcheck-report .shade-3 { background: var(--s3); color: var(--pale); }
.gradcheck-report .shade-4 { background: var(--s4); color: var(--deep); }
.gradcheck-report .shade-5 { background: var(--s5); color: var(--deep); }
.gradcheck-report .legend, .gradcheck-report footer { color: var(--faint); font-size: .875rem; }
.gradcheck-report footer { margin-top: 1.5rem; }
.gradcheck-report pre {
  background: var(--block); color: inherit; padding: .75rem; border-radius: 4px;
  overflow-x: auto; font-size: .8125rem; line-height: 1.4; margin: 0;
}
@media (max-width: 30rem) {
  .gradcheck-report .numbers { font-size: .75rem; }
  .gradcheck-report .numbers th, .gradcheck-report .numbers td { padding-right: .6rem; }
}
.gradcheck-report pre code { background: none; color: inherit; padding: 0; font: inherit; }
"""
