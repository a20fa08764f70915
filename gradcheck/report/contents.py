"""The content of a report: the same for a terminal, a browser and paper."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from gradcheck.document.blocks import Block, Code, Column, Document, Paragraph, Table
from gradcheck.document.spans import Mark, Numeral, phrase, prose
from gradcheck.probing.claims import Probe, Verdict
from gradcheck.report.findings import Entry, Findings
from gradcheck.report.heat_maps import discrepancy
from gradcheck.report.patterns import common_ratio, places, plain_ratio

__all__ = ["FEWEST", "HEADLINES", "MARKS", "MOST", "contents"]

FEWEST, MOST = 4, 12
"""So many entries are worth listing in any case, and more than so many in none."""

_SELDOM = 1e-4
"""The probability of a miss that an agreement is stated for, or less."""

HEADLINES: dict[Verdict, str] = {
    "agrees": "The gradient agrees with the loss.",
    "disagrees": "The gradient DISAGREES with the loss.",
    "undecided": "UNDECIDED: this check cannot tell whether the gradient is right.",
}

MARKS: dict[Verdict, Mark] = {"agrees": "good", "disagrees": "bad", "undecided": "unsure"}


def contents(report: Findings, most: int = MOST) -> Document:
    """Return all that there is to read of a check, its verdict first.

    Parameters
    ----------
    report : Findings
        What was found.
    most : int
        As many entries are listed where a list cannot be scrolled.
    """
    title = prose(HEADLINES[report.verdict]).marked(MARKS[report.verdict])
    return Document(title, tuple(_blocks(report, most)))


def _blocks(report: Findings, most: int) -> Iterator[Block]:
    first, *others = map(prose, _sentences(report))
    yield Paragraph(first, tuple(others))
    if report.advice:
        yield Paragraph(prose(f"What to do: {report.advice}"))
    if report.verdict != "agrees":
        if report.scanned:
            yield discrepancy(report)
        if report.entries:
            yield _entry_table(report.entries, most)
    if report.probes:
        yield _probe_table(report.probes)
    if power := _power(report):
        yield Paragraph(prose(power))
    if report.verdict != "agrees" and report.snippet:
        yield Code(report.snippet, prose("To see it again:"))
    plural = "" if report.evaluations == 1 else "s"
    cost = f"{report.evaluations:,} evaluation{plural} of the loss, seed {report.seed}."
    yield Paragraph(prose(cost))


def _sentences(report: Findings) -> list[str]:
    """Return the findings, a sentence each."""
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


def _besides_broken(entries: Sequence[Entry]) -> str:
    """Count the wrong entries besides those that are not finite, if there are both."""
    finite = sum(math.isfinite(entry.claimed) for entry in entries)
    if finite in (0, len(entries)):
        return ""
    return f"{finite} other {'entry is' if finite == 1 else 'entries are'} wrong."


def _entry_table(entries: Sequence[Entry], most: int) -> Table:
    """Return claimed and numerical values side by side; the largest errors are the most telling."""
    digits = _digits([(entry.claimed, entry.numerical) for entry in entries])
    columns = [
        Column(phrase("entry"), [prose(entry.name) for entry in entries]),
        _numbers("claimed", [entry.claimed for entry in entries], digits),
        _numbers("numerical", [entry.numerical for entry in entries], digits),
        Column(phrase("tolerance"), [Numeral(f"{entry.tolerance:.1e}") for entry in entries]),
    ]
    ratios = [_ratio(entry) for entry in entries]
    if not common_ratio(entries) and any(ratios):
        columns.append(Column(phrase("ratio"), [Numeral(ratio) for ratio in ratios]))
    # An entry that is no number is the most telling of all.
    errors = [abs(entry.claimed - entry.numerical) for entry in entries]
    weights = [math.inf if math.isnan(error) else error for error in errors]
    return Table(columns, most=most, weights=weights)


def _probe_table(probes: Sequence[Probe]) -> Table:
    """Return the derivatives along each direction."""
    differing = [probe for probe in probes if probe.verdict == "disagrees"]
    digits = _digits([(probe.claimed, probe.numerical.value) for probe in differing])
    return Table(
        [
            Column(phrase("direction z through"), [prose(probe.label) for probe in probes]),
            _numbers("claimed·z", [probe.claimed for probe in probes], digits),
            _numbers("numerical", [probe.numerical.value for probe in probes], digits),
            Column(phrase("tolerance"), [Numeral(f"{probe.tolerance:.1e}") for probe in probes]),
            Column(
                phrase(""), [prose(probe.verdict).marked(MARKS[probe.verdict]) for probe in probes]
            ),
        ]
    )


def _numbers(header: str, values: Sequence[float], digits: int) -> Column:
    return Column(prose(header), [Numeral(f"{value:.{digits}g}") for value in values])


def _digits(pairs: Sequence[tuple[float, float]]) -> int:
    """Return the number of digits that tell the numbers of each pair apart."""
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
    ratio = f"{entry.claimed / entry.numerical + 0.0:.4g}"  # and not -0
    return ratio if ratio != "1" else ""


def _power(report: Findings) -> str:
    """State the smallest error that would have been seen; empty unless the gradient agrees."""
    if report.verdict != "agrees" or not report.probes_of_all or report.sizes is None:
        return ""
    closest = max(probe.tolerance for probe in report.probes_of_all) / report.typical_size
    if not 0 < closest < math.inf:
        return ""
    error = 10.0 ** math.ceil(math.log10(closest))
    while report.miss_probability(error) > _SELDOM:
        error *= 10
    missed = report.miss_probability(error)
    what = "A derivative"
    if report.size > 1:
        what = f"A single entry of size {report.typical_size:.2g} or more"
    return (
        f"{what} that is off by {error:.0e} would have escaped with a probability of at most "
        f"{missed:.0e}; larger errors with less."
    )
