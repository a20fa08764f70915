"""The content of a report: the same for a terminal, a browser and paper."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from gradcheck.arrays.parameters import Leaf
from gradcheck.document.blocks import Block, Code, Column, Document, Paragraph, Table
from gradcheck.document.spans import Mark, Numeral, phrase, prose
from gradcheck.probing.arrays import ArrayFinding, WrongEntry
from gradcheck.probing.claims import Probe, Verdict
from gradcheck.report.findings import Findings
from gradcheck.report.heat_maps import discrepancy

__all__ = ["FEWEST", "HEADLINES", "MARKS", "MOST", "SNIPPET", "contents"]

FEWEST, MOST = 2, 6
"""So many entries are worth listing in any case, and more than so many in none."""

SNIPPET = "To see it again:"
"""The words above the code that repeats a check."""

_MOST_ARRAYS = 8
"""More arrays are not listed one by one."""

_EXTENT = re.compile(r" in (?:all [\d,]+|both) entries")

_SELDOM = 1e-4
"""The probability of a miss that an agreement is stated for, or less."""

HEADLINES: dict[Verdict, str] = {
    "agrees": "The gradient agrees with the loss.",
    "disagrees": "The gradient DISAGREES with the loss.",
    "undecided": "UNDECIDED: this check cannot tell whether the gradient is right.",
}

MARKS: dict[Verdict, Mark] = {"agrees": "good", "disagrees": "bad", "undecided": "unsure"}


def contents(report: Findings, most: int = MOST, *, has_tiles: bool = True) -> Document:
    """Return all that there is to read of a check, its verdict first.

    Parameters
    ----------
    report : Findings
        What was found.
    most : int
        As many entries are listed where a list cannot be scrolled.
    has_tiles : bool
        Whether there are maps of large arrays: a terminal's page has no room for them.
    """
    title = prose(HEADLINES[report.verdict]).marked(MARKS[report.verdict])
    return Document(title, tuple(_blocks(report, most, has_tiles=has_tiles)))


def _blocks(report: Findings, most: int, *, has_tiles: bool) -> Iterator[Block]:
    if report.verdict == "disagrees" and report.arrays:
        yield from _diagnosis(report, most, has_tiles=has_tiles)
    else:
        yield _paragraph([report.reason, *report.notes])
        if report.advice:
            yield Paragraph(prose(f"What to do: {report.advice}"))
        if report.verdict == "undecided" and (right := list(_right_lines(report))):
            yield _paragraph(right)
        if report.verdict != "agrees" and report.scanned and (maps := discrepancy(report)):
            yield maps
        if report.probes:
            yield _probe_table(report.probes)
    if power := _power(report):
        yield Paragraph(prose(power))
    plural = "" if report.evaluations == 1 else "s"
    cost = f"{report.evaluations:,} evaluation{plural} of the loss, seed {report.seed}."
    # What was found of the entries says more than what led to it.
    is_counted = report.verdict == "disagrees" and report.arrays and report.scanned
    yield Paragraph(prose(f"{report.reason} {cost}" if is_counted else cost))
    if report.verdict != "agrees" and report.snippet:
        yield Code(report.snippet, prose(SNIPPET))


def _paragraph(sentences: Sequence[str]) -> Paragraph:
    first, *others = [prose(sentence) for sentence in sentences if sentence]
    return Paragraph(first, tuple(others))


def _diagnosis(report: Findings, most: int, *, has_tiles: bool) -> Iterator[Block]:
    """List the wrong arrays with their causes, the worst entries, and the advice."""
    wrong = [array for array in report.arrays if array.verdict == "disagrees"]
    yield _paragraph(list(_array_lines(report.arrays)))
    if (report.scanned or has_tiles) and (maps := discrepancy(report)):
        yield maps
    if entries := [entry for array in wrong for entry in array.entries]:
        yield _entry_table(entries, most, with_ratio=not all(array.cause for array in wrong))
    hints = dict.fromkeys(array.look_for for array in wrong if array.look_for)
    if hints:
        yield _paragraph([f"Look for: {hint}" for hint in hints])
    is_found = any(array.entries for array in wrong)
    said = [_rest(report), "" if report.scanned or is_found else report.reason, *report.notes]
    if any(said):
        yield _paragraph(said)


def _array_lines(arrays: Sequence[ArrayFinding]) -> Iterator[str]:
    """Yield a line for each array that is wrong, and one for all that are right."""
    wrong = _alike([array for array in arrays if array.verdict == "disagrees"])
    for group in wrong[:_MOST_ARRAYS]:
        first = group[0]
        named = ", ".join(map(_with_shape, group))
        yield f"{named}: {_common(group) if len(group) > 1 else first.cause or _extent(first)}"
        for other in first.others if len(group) == 1 else ():
            yield f"Or: {other}"
    if len(wrong) > _MOST_ARRAYS:
        yield f"… and {sum(map(len, wrong[_MOST_ARRAYS:]))} more arrays."
    for verdict, said in (("agrees", "right"), ("undecided", "undecided")):
        if others := [array for array in arrays if array.verdict == verdict]:
            named = ", ".join(map(_with_shape, others[:_MOST_ARRAYS]))
            more = len(others) - _MOST_ARRAYS
            yield f"{named}{f' and {more} more' if more > 0 else ''}: {said}."


def _alike(wrong: Sequence[ArrayFinding]) -> list[list[ArrayFinding]]:
    """Put arrays with the same finding together."""
    groups: dict[str, list[ArrayFinding]] = {}
    for array in wrong:
        is_alone = not array.cause or array.pattern == "part" or array.others
        key = array.name if is_alone else _EXTENT.sub("", _of_any(array))
        groups.setdefault(key, []).append(array)
    return list(groups.values())


def _of_any(array: ArrayFinding) -> str:
    return array.cause.replace(array.name, "parameter")


def _common(group: Sequence[ArrayFinding]) -> str:
    count = sum(math.prod(array.shape) for array in group)
    said = _EXTENT.sub(f" in all {count:,} entries", _of_any(group[0]))
    if _EXTENT.search(group[0].cause):
        return said
    # That of a single number has no extent.
    return said.removesuffix(".") + f" in all {count:,} entries."


def _right_lines(report: Findings) -> Iterator[str]:
    """Yield the right parts of a gradient that cannot be decided."""
    if not report.scanned:
        if right := [array for array in report.arrays if array.verdict == "agrees"]:
            yield f"{', '.join(map(_with_shape, right[:_MOST_ARRAYS]))}: right all the same."
        return
    for leaf in report.leaves:
        entries = report.scanned[leaf.entries]
        others = [entry.name for entry in entries if entry.verdict != "agrees"]
        if len(others) < len(entries):
            but = ""
            if others:
                some = ", ".join(others[:_MOST_ARRAYS])
                but = f" but for {some}{' …' if len(others) > _MOST_ARRAYS else ''}"
            yield f"{_with_shape(leaf)}: right all the same{but}."


def _with_shape(array: ArrayFinding | Leaf) -> str:
    return f"{array.name} {array.shape}" if array.shape else array.name


def _extent(array: ArrayFinding) -> str:
    return f"wrong in {array.extent}." if array.extent else "wrong."


def _entry_table(entries: Sequence[WrongEntry], most: int, *, with_ratio: bool) -> Table:
    """Return claimed and numerical values side by side; the largest errors are the most telling."""
    digits = _digits([(entry.claimed, entry.numerical) for entry in entries])
    columns = [
        Column(phrase("entry"), [prose(entry.name) for entry in entries]),
        _numbers("claimed", [entry.claimed for entry in entries], digits),
        _numbers("derivative", [entry.numerical for entry in entries], digits),
        Column(phrase("± error"), [Numeral(f"{entry.error:.1e}") for entry in entries]),
    ]
    ratios = [_ratio(entry) for entry in entries]
    if with_ratio and any(ratios):
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
    # Without its sign, which -0 has too.
    return Column(prose(header), [Numeral(f"{value + 0.0:.{digits}g}") for value in values])


def _digits(pairs: Sequence[tuple[float, float]]) -> int:
    """Return the number of digits that tell the numbers of each pair apart."""
    differences = [
        abs(first / scale - second / scale)  # first - second may be more than the largest float
        for first, second in pairs
        if first != second and 0 < (scale := max(abs(first), abs(second))) < math.inf
    ]
    smallest = min(differences, default=1.0)
    return min(17, max(7, 3 - math.floor(math.log10(smallest))))


def _ratio(entry: WrongEntry) -> str:
    """Return the ratio of claimed to numerical; empty where it is unknown, or reads as 1."""
    if not abs(entry.numerical) > entry.error or not math.isfinite(entry.claimed):
        return ""
    ratio = f"{entry.claimed / entry.numerical + 0.0:.4g}"  # and not -0
    return ratio if ratio != "1" else ""


def _power(report: Findings) -> str:
    """State the smallest error that would have been seen; empty unless the gradient agrees."""
    if report.verdict != "agrees":
        return ""
    seen = _smallest_seen(report, report.probes_of_all)
    if not seen:
        return ""
    error, missed = seen
    what = "A derivative"
    if report.size > 1:
        what = f"A single entry of size {report.typical_size:.2g} or more"
    return (
        f"{what} that is off by {error:.0e} would have escaped with a probability of at most "
        f"{missed:.0e}; larger errors with less."
    )


def _rest(report: Findings) -> str:
    """State the certainty that all other entries are right."""
    rest = report.details.rest
    if any(probe.verdict == "disagrees" for probe in rest):
        return "Other entries are wrong, too: not all of them were found."
    seen = all(probe.verdict == "agrees" for probe in rest) and _smallest_seen(report, rest)
    if not seen:
        return ""
    error, missed = seen
    return (
        f"No other of the {report.size:,} entries is wrong by more than {error:.0e} (probability "
        f"of an oversight: at most {missed:.0e})."
    )


def _smallest_seen(report: Findings, probes: Sequence[Probe]) -> tuple[float, float] | None:
    """Return an error that seldom escapes all the probes, and the probability that it does."""
    if not probes or report.sizes is None:
        return None
    closest = max(probe.tolerance for probe in probes) / report.typical_size
    if not 0 < closest < math.inf:
        return None
    error = 10.0 ** math.ceil(math.log10(closest))
    while report.miss_probability(error, probes) > _SELDOM:
        error *= 10
    return error, report.miss_probability(error, probes)
