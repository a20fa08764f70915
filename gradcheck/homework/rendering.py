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

    from gradcheck.homework.reports import CheckResult, FunctionResult, HomeworkReport

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


def render(report: HomeworkReport, console: Console) -> None:
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


def render_to_text(report: HomeworkReport) -> str:
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


def _table(report: HomeworkReport) -> Table:
    table = Table(box=box.ASCII_DOUBLE_HEAD, show_edge=False, header_style="bold", expand=False)
    table.add_column("function", overflow="fold")
    table.add_column("check", no_wrap=True)
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
    for name, value in counterexample.items():
        if name in {"claimed", "expected"} or value == []:
            continue
        shown = _short(np.asarray(value))
        label = f"    {name:<10}"
        console.print(Text(label + shown.replace("\n", "\n" + " " * len(label))))


def _short(value: NDArray[Any]) -> str:
    with np.printoptions(precision=6, threshold=30, edgeitems=2, linewidth=60):
        return str(value)


def _render_values(counterexample: dict[str, Any], console: Console) -> None:
    claimed, expected = counterexample["claimed"], counterexample["expected"]
    if claimed is None or expected is None:
        return
    claimed, expected = np.asarray(claimed), np.asarray(expected)
    if claimed.shape != expected.shape or claimed.dtype.kind not in "fiub":
        for name, value in (("claimed", claimed), ("expected", expected)):
            label = f"  {name:<9} shape {value.shape}: "
            console.print(Text(label + _short(value.ravel())))
        return
    table = Table(box=None, show_header=True, header_style="dim", pad_edge=False)
    for header in ("", "claimed", "expected", ""):
        table.add_column(header, justify="right")
    for index in _entries(claimed, expected):
        wrong = not np.isclose(claimed[index], expected[index], rtol=1e-9, atol=1e-12)
        table.add_row(
            str(list(index)) if index else "value",
            f"{claimed[index]:.10g}",
            f"{expected[index]:.10g}",
            "<- wrong" if wrong else "",
            style="red" if wrong else "",
        )
    console.print(Padding(table, (0, 0, 0, 4)))
    if claimed.size > _MOST_ENTRIES:
        console.print(Text(f"    and {claimed.size - _MOST_ENTRIES} more entries"))


def _entries(claimed: NDArray[Any], expected: NDArray[Any]) -> list[tuple[int, ...]]:
    """Return the entries to show: all of a small array, the worst of a large one."""
    indices = [tuple(int(i) for i in index) for index in np.ndindex(claimed.shape)]
    if len(indices) <= _MOST_ENTRIES:
        return indices
    with np.errstate(all="ignore"):
        error = np.nan_to_num(np.abs(claimed - expected), nan=np.inf)
    return sorted(sorted(indices, key=lambda index: -error[index])[:_MOST_ENTRIES])


def _verdict(report: HomeworkReport) -> Text:
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
