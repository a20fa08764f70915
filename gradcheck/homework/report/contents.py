"""The content of the report on one file: its checks, its errors, the verdict."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.document.blocks import Block, Code, Column, Document, Heading, Paragraph, Table
from gradcheck.document.spans import Mark, Numeral, Phrase, code, joined, phrase, prose
from gradcheck.homework.checks.registry import COURSE_MISTAKES, REMEDIES
from gradcheck.homework.submission.loading import NAMESPACE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.report.results import CheckResult, FileResult, FunctionResult

__all__ = ["check_contents", "contents"]

_MOST_ENTRIES = 6
"""As many entries of an array are shown where it cannot be scrolled."""

_PAGE = 36
"""The lines of a terminal that one check has: a page, less what pytest puts around it."""

_MARKS: dict[str, Mark] = {
    "passed": "good",
    "failed": "bad",
    "skipped": "unsure",
    "advice": "unsure",
    "missing": "unsure",
    "not here": "unsure",
    "unfinished": "bad",
    "crashed": "bad",
    "timeout": "bad",
}

_BROKEN = {"unfinished", "crashed", "timeout"}
"""Where a function has one of these, its first check stands for all."""


def contents(report: FileResult, *, verbose: bool = False) -> Document:
    """Return the table of functions and checks, then the errors, the advice and the verdict.

    Parameters
    ----------
    report : FileResult
        What the checks found.
    verbose : bool
        Whether checks that passed are listed, too, and advice has its cases as errors have.
    """
    title = prose(f"{report.path}: {report.title}")
    return Document(title, tuple(_blocks(report, verbose=verbose)), is_compact=True)


def check_contents(check: CheckResult) -> Document:
    """Return the errors seen by one check, on a page of a terminal; the title says them in words.

    The code that reproduces the case is left out where it does not fit.
    """
    from gradcheck.document.text import to_text

    title, *others = _what(check)
    assert isinstance(title, Paragraph)
    whole = Document(title.content, (*others, *_evidence(check)), is_compact=True)
    if to_text(whole).count("\n") < _PAGE:
        return whole
    return replace(whole, blocks=(*others, *_evidence(replace(check, snippet=""))))


def _blocks(report: FileResult, *, verbose: bool) -> Iterator[Block]:
    for note in report.notes:
        yield Paragraph(prose(f"note: {note}").marked("unsure"))
    yield _overview(report, verbose=verbose)
    failed = [
        (function, check)
        for function in report.functions
        for check in function.checks
        if check.status == "failed"
    ]
    told: set[tuple[str, tuple[str, ...]]] = set()
    advice = [] if verbose else [pair for pair in failed if pair[1].level == "advice"]
    for function, check in failed:
        if (function, check) in advice:
            continue
        yield Heading(prose(_title(function, check)))
        yield from _what(check)
        key = (function.name, check.mistakes)
        if check.mistakes and key in told:
            yield Paragraph(prose("The same mistake as above."))
            continue
        told.add(key)
        yield from _evidence(check)
    for function, check in advice:
        yield Paragraph(_advice(function, check))
    yield Heading(_verdict(report))
    if failed and not report.error:
        yield Code(_replay(report), prose("The same cases again:"))


def _replay(report: FileResult) -> str:
    """Return the command, or in a notebook the call, that draws the same cases."""
    if str(report.path) == NAMESPACE:
        return f"verify(globals(), seed={report.seed}, profile={report.profile!r})"
    profile = () if report.profile == "student" else ("--profile", report.profile)
    words = (str(report.path), "--seed", str(report.seed), *profile, *report.options)
    return f"gradcheck verify {shlex.join(words)}"


def _advice(function: FunctionResult, check: CheckResult) -> Phrase:
    """Return a piece of advice in a line: the observation, and its remedy."""
    seen = check.message.partition("\n")[0]
    remedy = f"; {REMEDIES[check.name]}" if check.name in REMEDIES else ""
    if check.name in COURSE_MISTAKES:
        return prose(f"THE COURSE IS WRONG HERE: {function.name}: {seen}{remedy}").marked("bad")
    return prose(f"advice: {function.name}, {check.name}: {seen}{remedy}").marked("unsure")


def _overview(report: FileResult, *, verbose: bool) -> Table:
    rows: list[tuple[str, str, Phrase, str]] = []
    for function in report.functions:
        if function.status == "missing":
            remark = f"{len(function.checks)} checks not run"
            # sgd.py, for one, is a file of its own in some courses.
            word = "missing" if function.demanded else "not here"
            rows.append((function.name, remark, _outcome(word), ""))
            continue
        first, *_ = function.checks
        shown = [check for check in function.checks if verbose or check.status != "passed"]
        folded = [check for check in function.checks if check not in shown]
        lines = [
            (check.name, _result(function, check, is_first=check is first), _cases([check]))
            for check in shown
        ]
        if folded:
            more = " more" if shown else ""
            noun = "check" if len(folded) == 1 else "checks"
            lines.append((f"{len(folded)}{more} {noun}", _outcome("passed"), _cases(folded)))
        names = [function.name, *[""] * (len(lines) - 1)]
        rows += [(name, *line) for name, line in zip(names, lines, strict=True)]
    functions, checks, results, cases = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Table(
        [
            Column(phrase("function"), list(map(prose, functions))),
            Column(phrase("check"), list(map(prose, checks))),
            Column(phrase("result"), list(results)),
            Column(phrase("cases"), [Numeral(count) if count else None for count in cases]),
        ]
    )


def _cases(checks: Sequence[CheckResult]) -> str:
    """Return the number of cases of some checks; some cases may not be judged."""
    counts = [check.cases for check in checks if check.ran]
    if not counts:
        return ""
    fewest, most = min(counts), max(counts)
    return str(most) if fewest == most else f"{fewest} to {most}"


def _result(function: FunctionResult, check: CheckResult, *, is_first: bool) -> Phrase:
    if is_first and function.status in _BROKEN:
        return _outcome(function.status)
    if check.status == "failed" and check.level == "advice":
        return _outcome("advice")
    return _outcome(check.status)


def _outcome(word: str) -> Phrase:
    mark = _MARKS[word]
    return prose(word.upper() if mark == "bad" else word).marked(mark)


def _title(function: FunctionResult, check: CheckResult) -> str:
    if function.status in _BROKEN:
        return f"{function.name}: {function.status}"
    kind = "advice, " if check.level == "advice" else ""
    return f"{function.name}, {check.name} ({kind}wrong in {check.failures} of {check.cases})"


def _verdict(report: FileResult) -> Phrase:
    absent = [function for function in report.functions if function.status == "missing"]
    missing = [function.name for function in absent if function.demanded]
    elsewhere = [function.name for function in absent if not function.demanded]
    advice = sum(
        check.status == "failed" and check.level == "advice"
        for function in report.functions
        for check in function.checks
    )
    if report.error:
        return prose(f"NOT JUDGED: {report.error}").marked("bad")
    text = "PASSED" if report.passed else "FAILED"
    text += f": {report.checks_ran} of {report.checks_known} checks ran"
    failed = sum(
        check.status == "failed" and check.level == "required"
        for function in report.functions
        for check in function.checks
    )
    if failed:
        text += f", {failed} of them failed"
    if missing:
        text += f"; missing: {', '.join(missing)}"
    if elsewhere:
        text += f"; not in this file: {', '.join(elsewhere)}"
    followed = [
        function.name
        for function in report.functions
        for check in function.checks
        if check.status == "failed" and check.name in COURSE_MISTAKES
    ]
    if followed and report.passed:
        text += f"; {', '.join(followed)} follows the course, and is not the gradient"
    if advice:
        text += f"; {advice} {'piece' if advice == 1 else 'pieces'} of advice"
    return prose(text).marked("good" if report.passed else "bad")


# -------------------------------------------------------------------------------- evidence


def _what(check: CheckResult) -> Iterator[Paragraph]:
    """Name the mistake and its place."""
    for line in check.message.splitlines() or [""]:
        yield Paragraph(prose(line))
    if check.quotation:
        yield Paragraph(
            joined([prose(f"Look at {check.quotation}: "), code(check.quotation.text)], Phrase())
        )


def _evidence(check: CheckResult) -> Iterator[Block]:
    """Give the reason and the remedy."""
    if check.counterexample is not None:
        yield _case(check.counterexample)
        yield from _values(check.counterexample)
    if check.working:
        yield Paragraph(prose(f"Expected: {check.working}"))
    if check.formula:
        yield Paragraph(prose(f"It should be: {check.formula}"))
    if check.mistake:
        yield Paragraph(prose(f"What to look for: {check.remedy}"))
        yield Paragraph(
            joined(
                [
                    prose("More about it: "),
                    code(f"gradcheck explain {check.mistake}"),
                    prose(f" (docs: mistakes.html#{check.mistake})"),
                ],
                Phrase(),
            )
        )
    if check.snippet:
        yield Code(check.snippet, prose("To see it happen, in the file's folder:"))


def _case(counterexample: dict[str, Any]) -> Code:
    inputs = {
        name: value
        for name, value in counterexample.items()
        if name not in {"claimed", "expected"} and value != []
    }
    width = max(map(len, inputs), default=0)
    lines = [
        f"  {name:<{width}}  " + _short(np.asarray(value)).replace("\n", "\n" + " " * (width + 4))
        for name, value in inputs.items()
    ]
    return Code("\n".join(lines), prose("The smallest case found:"))


def _short(value: NDArray[Any]) -> str:
    with np.printoptions(precision=6, threshold=30, edgeitems=2, linewidth=60):
        return str(value)


def _values(counterexample: dict[str, Any]) -> Iterator[Block]:
    claimed, expected = counterexample["claimed"], counterexample["expected"]
    if claimed is None or expected is None:
        return
    if isinstance(claimed, tuple | list) and isinstance(expected, tuple | list):
        parts = list(zip(claimed, expected, strict=False))
        if len(claimed) == len(expected) and any(map(_holds_arrays, (claimed, expected))):
            # What a loss function returns: its parts have different shapes.
            for position, (one, other) in enumerate(parts):
                yield Paragraph(prose(f"value {position + 1} of {len(parts)}:"))
                yield _pair(one, other)
            return
    yield _pair(claimed, expected)


def _holds_arrays(values: Any) -> bool:
    return any(isinstance(value, np.ndarray | list | tuple) for value in values)


def _pair(claimed: Any, expected: Any) -> Paragraph | Table:
    """Show two values side by side, entry by entry where they correspond."""
    one, other = _as_shown(claimed), _as_shown(expected)
    if one.shape != other.shape or one.dtype.kind not in "fiub" or other.dtype.kind not in "fiub":
        return Paragraph(
            prose(f"claimed, shape {one.shape}: {_short(one.ravel())}"),
            (prose(f"expected, shape {other.shape}: {_short(other.ravel())}"),),
        )
    indices = [tuple(int(i) for i in index) for index in np.ndindex(one.shape)]
    wrong = _wrong_entries(one, other)
    numbers = [_apart(one[index], other[index]) for index in indices]
    with np.errstate(all="ignore"):
        errors = np.nan_to_num(np.abs(np.subtract(one, other, dtype=np.float64)), nan=np.inf)
    return Table(
        [
            Column(
                phrase("entry"),
                [prose(str(list(index)) if index else "value") for index in indices],
            ),
            Column(phrase("claimed"), [Numeral(number) for number, _ in numbers]),
            Column(phrase("expected"), [Numeral(number) for _, number in numbers]),
            Column(
                phrase(""),
                [prose("<- wrong").marked("bad") if wrong[i] else Phrase() for i in indices],
            ),
        ],
        most=_MOST_ENTRIES,
        weights=[float(errors[index]) for index in indices],
    )


def _wrong_entries(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    """Say which entries to mark: a small error is one too, where there are no larger ones."""
    with np.errstate(all="ignore"):
        error = np.abs(np.subtract(one, other, dtype=np.float64))
    wrong = ~(error <= 1e-12 + 1e-9 * np.abs(other))
    if not wrong.any() and error.size:
        wrong = (error > 0.0) & (error >= 0.1 * error.max())
    return np.asarray(wrong)


def _as_shown(value: Any) -> NDArray[Any]:
    """Return a file's answer as an array, of whatever kind it is."""
    try:
        return np.asarray(value)
    except (TypeError, ValueError):  # rows of unequal length
        return np.asarray(repr(value))


def _apart(claimed: Any, expected: Any) -> tuple[str, str]:
    """Return two numbers, in as many digits as it takes to tell them apart."""
    one, other = f"{float(claimed):.10g}", f"{float(expected):.10g}"
    if one == other and claimed != expected:
        return f"{float(claimed):.17g}", f"{float(expected):.17g}"
    return one, other
