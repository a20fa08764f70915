"""Time whole commands, as whoever waits for them does, and the import of gradcheck.

columns:
  median, longest  seconds that one waits
  processor        seconds of all processors together, which other work disturbs less
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from gradcheck.homework import verify
from tests.benchmarks.console import bar, column_table, conclude, show

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "word2vec.py"
WRONG_EXAMPLE = EXAMPLE.with_name("word2vec_wrong.py")
REQUIREMENT = "no command takes longer than it may"


class Command(NamedTuple):
    """What is run how often, and the seconds that its median may take."""

    name: str
    arguments: tuple[str, ...]
    runs: int = 7
    at_most: float | None = None
    statuses: tuple[int, ...] = (0,)


START = Command("the interpreter alone", ("-c", "pass"))
IMPORT = Command("import gradcheck", ("-c", "import gradcheck"), at_most=0.3)
"""Beyond the interpreter's own start."""
VERIFY = ("-m", "gradcheck", "verify")
SLOWEST = Command(
    "gradcheck verify word2vec_wrong.py", (*VERIFY, str(WRONG_EXAMPLE)), runs=5, statuses=(1,)
)
TOGETHER = Command(
    "both and the first again, -j 2",
    (*VERIFY, str(EXAMPLE), str(WRONG_EXAMPLE), str(EXAMPLE), "-j", "2"),
    runs=5,
    statuses=(1,),
)
MOST_TOGETHER = 1.7
"""Of the time that the slowest of them takes."""


def commands(folder: Path) -> list[Command]:
    """Return what is timed; what is written goes to a folder."""
    vectors = str(folder / "vectors.txt")
    return [
        START,
        IMPORT,
        Command("gradcheck verify word2vec.py", (*VERIFY, str(EXAMPLE)), at_most=4),
        SLOWEST,
        TOGETHER,
        Command("gradcheck walkthrough", ("-m", "gradcheck", "walkthrough")),
        Command("gradcheck derive --all", ("-m", "gradcheck", "derive", "--all")),
        Command(
            "models train, the demonstration",
            ("-m", "models", "train", "--output", vectors, "--restart"),
            runs=3,
            at_most=120,
        ),
    ]


class Seconds(NamedTuple):
    """The time that a process took: of the clock, and of all processors."""

    wall: float
    processor: float


def seconds(command: Command) -> Seconds:
    """Return the time of a process and of those that it has started."""
    started, before = time.perf_counter(), _processor_seconds()
    done = subprocess.run(  # noqa: S603 - our own interpreter and modules
        [sys.executable, *command.arguments],
        cwd=ROOT,
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if done.returncode not in command.statuses:
        raise RuntimeError(f"{command.name}: exit status {done.returncode}")
    return Seconds(time.perf_counter() - started, _processor_seconds() - before)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(todo: list[Command]) -> dict[Command, list[Seconds]]:
    """Run each command so often."""
    measured = {}
    with bar(sum(command.runs for command in todo)) as progress:
        for command in todo:
            progress.at(command.name)
            measured[command] = []
            for _ in range(command.runs):
                measured[command].append(seconds(command))
                progress.advance()
    return measured


def report(measured: dict[Command, list[Seconds]]) -> list[str]:
    """Print a table, and return what took too long."""
    table = column_table(
        "whole processes, seconds", "", "runs", "median", "longest", "processor", "at most"
    )
    failures = []
    for command, times in measured.items():
        start = _median(measured[START]) if command == IMPORT else 0.0
        median, longest = _median(times) - start, max(one.wall for one in times) - start
        at_most = (
            MOST_TOGETHER * _median(measured[SLOWEST]) if command == TOGETHER else command.at_most
        )
        limit = "" if at_most is None else f"{at_most:.3g}"
        processor = f"{statistics.median(one.processor for one in times):.2f}"
        table.add_row(
            command.name, str(command.runs), f"{median:.2f}", f"{longest:.2f}", processor, limit
        )
        if at_most is not None and not median <= at_most:
            failures.append(f"{command.name}: {median:.2f} s, not {limit}")
    show(table)
    return failures


def _median(times: list[Seconds]) -> float:
    return statistics.median(one.wall for one in times)


def main() -> int:
    """Print what was measured, and return the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        failures = report(measure(commands(Path(folder))))
    verified = verify(EXAMPLE)
    cases = [check.cases for function in verified.functions for check in function.checks]
    print(
        f"verify: {verified.checks_ran} of {verified.checks_known} checks, "
        f"{min(cases)} cases each at least"
    )
    return conclude(REQUIREMENT, failures)


if __name__ == "__main__":
    sys.exit(main())
