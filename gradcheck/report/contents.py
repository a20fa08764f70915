"""How a report reads in a terminal."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass

from gradcheck.document.blocks import aligned
from gradcheck.document.text import WIDTH
from gradcheck.probing.claims import Probe
from gradcheck.report.findings import Entry, Findings
from gradcheck.report.patterns import common_ratio, places, plain_ratio

__all__ = [
    "HEADLINES",
    "Table",
    "closing",
    "entry_table",
    "findings",
    "power",
    "probe_table",
    "text",
]

PAGE = 40
"""Lines of a terminal page; as many entries are listed as fit there, within reason."""

FEWEST, MOST = 4, 12
"""Within reason: so many are worth listing in any case, and more than so many in none."""

SELDOM = 1e-4
"""The probability of a miss that an agreement is stated for, or less."""

HEADLINES = {
    "agrees": "The gradient agrees with the loss.",
    "disagrees": "The gradient DISAGREES with the loss.",
    "undecided": "UNDECIDED: this check cannot tell whether the gradient is right.",
}


@dataclass(frozen=True)
class Table:
    """A table of which every cell but those of the first and the last column is a number.

    Attributes
    ----------
    header
        What the columns hold.
    rows
        The cells; the numbers of a column are padded so that their points are aligned.
    """

    header: list[str]
    rows: list[list[str]]


def text(report: Findings) -> str:
    """Return the report as text that fits a terminal page."""
    above = [HEADLINES[report.verdict], _wrapped(findings(report))]
    if report.advice:
        above.append(_wrapped([f"What to do: {report.advice}"]))
    below = [_layout(probe_table(report.probes))] if report.probes else []
    below.append(_wrapped([power(report)]))
    if report.verdict != "agrees" and report.snippet:
        below.append(f"To see it again:\n{report.snippet}")
    below.append(closing(report))
    return _joined([*above, _listed_entries(report.entries, _joined([*above, *below])), *below])


# ------------------------------------------------------------------------------- content


def findings(report: Findings) -> list[str]:
    """Return the sentences that say what was found."""
    sentences = [report.reason]
    if report.entries:
        sentences += [
            _besides_broken(report.entries),
            places(report.leaves, report.scanned),
            common_ratio(report.entries),
        ]
    elif report.verdict == "disagrees" and report.probes:
        sentences.append(plain_ratio(report.probes[-1]))
    return [sentence for sentence in [*sentences, *report.notes] if sentence]


def _besides_broken(entries: tuple[Entry, ...]) -> str:
    """Count what is wrong besides the entries that are not finite, if there are both."""
    finite = sum(math.isfinite(entry.claimed) for entry in entries)
    if finite in (0, len(entries)):
        return ""
    return f"{finite} other {'entry is' if finite == 1 else 'entries are'} wrong."


def entry_table(wrong: tuple[Entry, ...], most: int | None = None) -> Table:
    """Return claimed and numerical values of the first `most` entries side by side."""
    entries = wrong[:most]
    digits = _digits([(entry.claimed, entry.numerical) for entry in entries])
    columns = [
        aligned([f"{entry.claimed:.{digits}g}" for entry in entries]),
        aligned([f"{entry.numerical:.{digits}g}" for entry in entries]),
        aligned([f"{entry.tolerance:.1e}" for entry in entries]),
    ]
    header = ["entry", "claimed", "numerical", "tolerance"]
    ratios = [_ratio(entry) for entry in entries]
    if not common_ratio(wrong) and any(ratios):
        header.append("ratio")
        columns.append(aligned(ratios))
    names = [entry.name for entry in entries]
    return Table(header, [list(row) for row in zip(names, *columns, strict=True)])


def probe_table(probes: tuple[Probe, ...]) -> Table:
    """Return what was seen along each direction."""
    differing = [probe for probe in probes if probe.verdict == "disagrees"]
    digits = _digits([(probe.claimed, probe.numerical.value) for probe in differing])
    columns = [
        aligned([f"{probe.claimed:.{digits}g}" for probe in probes]),
        aligned([f"{probe.numerical.value:.{digits}g}" for probe in probes]),
        aligned([f"{probe.tolerance:.1e}" for probe in probes]),
        [probe.verdict for probe in probes],
    ]
    labels = [probe.label for probe in probes]
    header = ["direction z through", "claimed·z", "numerical", "tolerance", ""]
    return Table(header, [list(row) for row in zip(labels, *columns, strict=True)])


def power(report: Findings) -> str:
    """Say how small an error would have been seen; empty where the gradient does not agree."""
    if report.verdict != "agrees" or not report.probes_of_all or report.sizes is None:
        return ""
    closest = max(probe.tolerance for probe in report.probes_of_all) / report.typical_size
    if not 0 < closest < math.inf:
        return ""
    error = 10.0 ** math.ceil(math.log10(closest))
    while report.miss_probability(error) > SELDOM:
        error *= 10
    missed = report.miss_probability(error)
    what = "A derivative"
    if report.size > 1:
        what = f"A single entry of size {report.typical_size:.2g} or more"
    return (
        f"{what} that is off by {error:.0e} would have escaped with a probability of at most "
        f"{missed:.0e}; larger errors with less."
    )


def closing(report: Findings) -> str:
    """Say what the check cost, and how to repeat it."""
    plural = "" if report.evaluations == 1 else "s"
    return f"{report.evaluations:,} evaluation{plural} of the loss, seed {report.seed}."


# ------------------------------------------------------------------------------- numbers


def _digits(pairs: list[tuple[float, float]]) -> int:
    """Return how many digits show that the numbers of each pair differ."""
    differences = [
        abs(first / scale - second / scale)  # first - second may be more than the largest float
        for first, second in pairs
        if first != second and math.isfinite(scale := max(abs(first), abs(second)))
    ]
    smallest = min(differences, default=1.0)
    return min(17, max(7, 3 - math.floor(math.log10(smallest))))


def _ratio(entry: Entry) -> str:
    """Return the ratio of claimed to numerical; empty where it is unknown, or reads as 1."""
    if not abs(entry.numerical) > entry.tolerance or not math.isfinite(entry.claimed):
        return ""
    ratio = f"{entry.claimed / entry.numerical:.4g}"
    return ratio if ratio != "1" else ""


# -------------------------------------------------------------------------------- layout


def _wrapped(sentences: list[str]) -> str:
    """Fill lines; a sentence of findings begins on a line of its own."""
    return "\n".join(
        textwrap.fill(sentence, WIDTH, break_on_hyphens=False) for sentence in sentences
    )


def _joined(blocks: list[str]) -> str:
    return "\n\n".join(block for block in blocks if block)


def _listed_entries(entries: tuple[Entry, ...], others: str) -> str:
    """List as many entries as the other blocks leave room for."""
    if not entries:
        return ""
    around = len(["header", "how many more", "between blocks", *others.splitlines()])
    shown = min(MOST, max(FEWEST, PAGE - around))
    table = _layout(entry_table(entries, shown))
    more = len(entries) - shown
    return f"{table}\n… and {more} more" if more > 0 else table


def _layout(table: Table) -> str:
    """Lay out columns, as wide as they need to be; a first column of long names is cut."""
    rows = [table.header, *table.rows]
    others = [max(len(row[i]) for row in rows) for i in range(1, len(table.header))]
    room = WIDTH - sum(others) - 2 * len(others)
    names = [_cut(row[0], room) for row in rows]
    widths = [max(map(len, names)), *others]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip([name, *row[1:]], widths, strict=True)
        ).rstrip()
        for name, row in zip(names, rows, strict=True)
    )


def _cut(name: str, room: int) -> str:
    """Shorten a name; its end, which holds the indices, stays."""
    return name if len(name) <= room else f"…{name[len(name) - room + 1 :]}"
