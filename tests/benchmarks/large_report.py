"""How long does a report of ten million entries take, beyond the evaluations of the loss?

Plants errors into the gradient of a cheap loss, a sum of squares, and reads the report. The loss
takes about as long as it takes to look at its argument once; to make that argument, the point plus
a step along a direction, takes longer.

columns:
  judge    evaluations until the verdict
  read     evaluations for the report
  str      seconds of the processor for the report
  loss     those within the loss
  moves    those that make its arguments
  beyond   all others
  said     the cause
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import gradcheck
from gradcheck.probing.subject import Subject
from tests.benchmarks import console

ENTRIES, QUICK = 10**7, 10**6
ASKED = 1.0
"""Seconds beyond the evaluations."""


class Stopwatch:
    """The seconds within some functions, and how often they were called."""

    def __init__(self) -> None:
        self.seconds, self.calls = 0.0, 0

    def watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, timed."""

        def timed(*arguments: Any) -> Any:
            started = time.process_time()
            try:
                return function(*arguments)
            finally:
                self.seconds += time.process_time() - started
                self.calls += 1

        return timed


def squares(*arrays: Any) -> float:
    """Return half the sum of squares."""
    return 0.5 * sum(float(np.vdot(array, array)) for array in arrays)


def cases(n: int) -> Iterator[tuple[str, tuple[Any, ...], Callable[..., Any]]]:
    """Yield a name, a point and a wrong gradient."""
    rng = np.random.default_rng(0)
    vector = rng.normal(size=n)
    halves = (vector[: n // 2], vector[n // 2 :].reshape(-1, 1000))

    def off(array: Any, index: Any) -> Any:
        claimed = array.copy()
        claimed[index] += 100
        return claimed

    yield "one entry", (vector,), lambda x: off(x, n // 8)
    yield "one entry of two arrays", halves, lambda x, y: (x, off(y, (77, 777)))
    yield "one row of two arrays", halves, lambda x, y: (x, off(y, 77))
    yield "opposite sign", (vector,), np.negative


def measured(at: tuple[Any, ...], grad: Callable[..., Any]) -> tuple[Any, ...]:
    """Return the report, evaluations of the judgement and the report, and seconds."""
    within, moving = Stopwatch(), Stopwatch()
    along = Subject.along

    def watched(subject: Subject, direction: Any) -> Any:
        return moving.watched(along(subject, direction))

    Subject.along = watched
    try:
        report = gradcheck.check(within.watched(squares), grad, at)
        judged = report.evaluations
        within.seconds = moving.seconds = 0.0
        started = time.process_time()
        str(report)
        whole = time.process_time() - started
    finally:
        Subject.along = along
    read = report.evaluations - judged
    moves = moving.seconds - within.seconds
    return report, judged, read, whole, within.seconds, moves, whole - within.seconds - moves


def main() -> int:
    """Measure, print a table, and say whether the requirement is met."""
    options = console.options(__doc__, "large_report").parse_args()
    n = QUICK if options.quick else ENTRIES
    table = console.column_table(
        f"Reports of {n:,} entries",
        *("wrong", "judge", "read", "str", "loss", "moves", "beyond", "said"),
    )
    slow = []
    chosen = list(cases(n))
    with console.bar(len(chosen)) as progress:
        for name, at, grad in chosen:
            progress.at(name)
            report, *counts, whole, loss, moves, beyond = measured(at, grad)
            cause = next(a.cause for a in report.arrays if a.verdict == "disagrees")
            seconds = (f"{each:.2f}" for each in (whole, loss, moves, beyond))
            table.add_row(name, *map(str, counts), *seconds, cause.split(". ")[0])
            if beyond > ASKED:
                slow.append(name)
            progress.advance()
    console.show(table)
    return console.conclude(
        f"at most {ASKED:g} s beyond the evaluations: {len(chosen) - len(slow)} of {len(chosen)}",
        slow,
    )


if __name__ == "__main__":
    sys.exit(main())
