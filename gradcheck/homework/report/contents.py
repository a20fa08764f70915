"""The report on one file, for a person to read: plain when piped, coloured on a terminal."""

from __future__ import annotations

import io
import shlex
from typing import TYPE_CHECKING, Any

import numpy as np
from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.report.results import CheckResult, FileResult, FunctionResult

__all__ = ["render", "render_check", "render_to_text"]

_MOST_ENTRIES = 12
_WIDTH = 80
_STYLES = {
    "passed": "green",
    "failed": "bold red",
    "skipped": "yellow",
    "advice": "yellow",
    "missing": "yellow",
    "unfinished": "bold red",
    "crashed": "bold red",
    "timeout": "bold red",
}


def render(report: FileResult, console: Console) -> None:
    """Print the table of functions and checks, then what is wrong, then the verdict."""
    console.print(Text(f"{report.path}: {report.title}", style="bold"))
    for note in report.notes:
        console.print(Text(f"note: {note}", style="yellow"))
    console.print(_table(report))
    for function in report.functions:
        for check in function.checks:
            if check.status == "failed":
                _render_check(function, check, console)
    console.print(_verdict(report))
    if any(check.status == "failed" for function in report.functions for check in function.checks):
        profile = "" if report.profile == "student" else f" --profile {report.profile}"
        command = f"gradcheck verify {shlex.quote(str(report.path))} --seed {report.seed}{profile}"
        # Never wrapped: it is there to be copied.
        console.print(Text(f"The same cases again: {command}"), soft_wrap=True)


def render_to_text(report: FileResult) -> str:
    """Return the report as plain text, 80 columns wide."""
    console = _plain_console()
    render(report, console)
    return _text(console)


def render_check(check: CheckResult) -> str:
    """Return what is wrong by one check, as plain text; the first line says it in words."""
    console = _plain_console()
    console.print(Text(check.message))
    _render_evidence(check, console)
    return _text(console)


def _plain_console() -> Console:
    return Console(file=io.StringIO(), width=_WIDTH, color_system=None, force_terminal=False)


def _text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    return "\n".join(line.rstrip() for line in lines)


def _table(report: FileResult) -> Table:
    table = Table(box=box.ASCII_DOUBLE_HEAD, show_edge=False, header_style="bold", expand=False)
    # On a narrow terminal both fold, rather than one of them vanish.
    table.add_column("function", overflow="fold", min_width=8)
    table.add_column("check", overflow="fold", min_width=8)
    table.add_column("result", no_wrap=True)
    table.add_column("cases", justify="right", no_wrap=True)
    for function in report.functions:
        if function.status == "missing":
            remark = f"{len(function.checks)} checks not run"
            table.add_row(function.name, remark, _styled("missing"), "")
            continue
        for position, check in enumerate(function.checks):
            table.add_row(
                function.name if position == 0 else "",
                check.name,
                _result(function, check, first=position == 0),
                str(check.cases) if check.ran else "",
            )
        table.add_section()
    return table


def _result(function: FunctionResult, check: CheckResult, *, first: bool) -> Text:
    if first and function.status in {"unfinished", "crashed", "timeout"}:
        return _styled(function.status)
    if check.status == "failed" and check.level == "advice":
        return _styled("advice")
    return _styled(check.status)


def _styled(word: str) -> Text:
    shown = word.upper() if _STYLES[word] == "bold red" else word
    return Text(shown, style=_STYLES[word])


def _render_check(function: FunctionResult, check: CheckResult, console: Console) -> None:
    console.print()
    kind = "advice, " if check.level == "advice" else ""
    title = f"{function.name}, {check.name} ({kind}wrong in {check.failures} of {check.cases})"
    if function.status in {"unfinished", "crashed", "timeout"}:
        title = f"{function.name}: {function.status}"
    console.print(Text(title, style="bold"))
    console.print(Padding(Text(check.message), (0, 0, 0, 2)))
    _render_evidence(check, console)


def _render_evidence(check: CheckResult, console: Console) -> None:
    if check.counterexample is not None:
        _render_case(check.counterexample, console)
        _render_values(check.counterexample, console)
    if check.snippet:
        console.print(Text("  To see it happen, in the file's folder:", style="dim"))
        # Never wrapped: it is there to be copied.
        for line in check.snippet.splitlines():
            console.print(Text(f"    {line}"), soft_wrap=True)


def _render_case(counterexample: dict[str, Any], console: Console) -> None:
    console.print(Text("  The smallest case found:", style="dim"))
    inputs = {
        name: value
        for name, value in counterexample.items()
        if name not in {"claimed", "expected"} and value != []
    }
    width = max(map(len, inputs), default=0)
    for name, value in inputs.items():
        shown = _short(np.asarray(value))
        label = f"    {name:<{width}}  "
        console.print(Text(label + shown.replace("\n", "\n" + " " * len(label))))


def _short(value: NDArray[Any]) -> str:
    with np.printoptions(precision=6, threshold=30, edgeitems=2, linewidth=60):
        return str(value)


def _render_values(counterexample: dict[str, Any], console: Console) -> None:
    claimed, expected = counterexample["claimed"], counterexample["expected"]
    if claimed is None or expected is None:
        return
    if isinstance(claimed, tuple | list) and isinstance(expected, tuple | list):
        parts = list(zip(claimed, expected, strict=False))
        if len(claimed) == len(expected) and any(map(_holds_arrays, (claimed, expected))):
            # What a loss function returns: its parts have different shapes.
            for position, (one, other) in enumerate(parts):
                console.print(Text(f"  value {position + 1} of {len(parts)}:", style="dim"))
                _render_pair(one, other, console)
            return
    _render_pair(claimed, expected, console)


def _holds_arrays(values: Any) -> bool:
    return any(isinstance(value, np.ndarray | list | tuple) for value in values)


def _render_pair(claimed: Any, expected: Any, console: Console) -> None:
    """Show two values side by side, entry by entry where they correspond."""
    one, other = _as_shown(claimed), _as_shown(expected)
    if one.shape != other.shape or one.dtype.kind not in "fiub" or other.dtype.kind not in "fiub":
        for name, value in (("claimed", one), ("expected", other)):
            label = f"  {name:<9} shape {value.shape}: "
            console.print(Text(label + _short(value.ravel())))
        return
    table = Table(box=None, show_header=True, header_style="dim", pad_edge=False)
    for header in ("", "claimed", "expected", ""):
        table.add_column(header, justify="right")
    marked = _wrong_entries(one, other)
    for index in _entries(one, other):
        wrong = bool(marked[index])
        table.add_row(
            str(list(index)) if index else "value",
            *_apart(one[index], other[index]),
            "<- wrong" if wrong else "",
            style="red" if wrong else "",
        )
    console.print(Padding(table, (0, 0, 0, 4)))
    if one.size > _MOST_ENTRIES:
        console.print(Text(f"    and {one.size - _MOST_ENTRIES} more entries"))


def _wrong_entries(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    """Say which entries to mark: a small error is one too, where there are no larger ones."""
    with np.errstate(all="ignore"):
        error = np.abs(np.subtract(one, other, dtype=np.float64))
    wrong = ~(error <= 1e-12 + 1e-9 * np.abs(other))
    if not wrong.any() and error.size:
        wrong = (error > 0.0) & (error >= 0.1 * error.max())
    return np.asarray(wrong)


def _as_shown(value: Any) -> NDArray[Any]:
    """Return what a file returned as an array, whatever it is."""
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


def _entries(claimed: NDArray[Any], expected: NDArray[Any]) -> list[tuple[int, ...]]:
    """Return the entries to show: all of a small array, the worst of a large one."""
    indices = [tuple(int(i) for i in index) for index in np.ndindex(claimed.shape)]
    if len(indices) <= _MOST_ENTRIES:
        return indices
    with np.errstate(all="ignore"):
        error = np.nan_to_num(np.abs(claimed - expected), nan=np.inf)
    return sorted(sorted(indices, key=lambda index: -error[index])[:_MOST_ENTRIES])


def _verdict(report: FileResult) -> Text:
    missing = [function.name for function in report.functions if function.status == "missing"]
    advice = sum(
        check.status == "failed" and check.level == "advice"
        for function in report.functions
        for check in function.checks
    )
    text = Text("\n")
    text.append("PASSED" if report.passed else "FAILED", style="green" if report.passed else "red")
    text.append(f": {report.checks_ran} of {report.checks_known} checks ran")
    if missing:
        text.append(f"; missing: {', '.join(missing)}")
    if advice:
        text.append(f"; {advice} {'piece' if advice == 1 else 'pieces'} of advice")
    return text
