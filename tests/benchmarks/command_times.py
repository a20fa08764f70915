"""Time whole commands, as whoever waits for them does, and the import of gradcheck.

Run it as ``python -m tests.benchmarks.command_times``.
"""

from __future__ import annotations

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
REQUIREMENT = "no command takes longer than it may"


class Command(NamedTuple):
    """What is run how often, and the seconds that its median may take."""

    name: str
    arguments: tuple[str, ...]
    runs: int = 7
    at_most: float | None = None


START = Command("the interpreter alone", ("-c", "pass"))
IMPORT = Command("import gradcheck", ("-c", "import gradcheck"), at_most=0.3)
"""Beyond the interpreter's own start."""


def commands(folder: Path) -> list[Command]:
    """Return what is timed; what is written goes to a folder."""
    vectors = str(folder / "vectors.txt")
    return [
        START,
        IMPORT,
        Command(
            "gradcheck verify word2vec.py", ("-m", "gradcheck", "verify", str(EXAMPLE)), at_most=5
        ),
        Command("gradcheck walkthrough", ("-m", "gradcheck", "walkthrough")),
        Command("gradcheck derive --all", ("-m", "gradcheck", "derive", "--all")),
        Command(
            "models train, the demonstration",
            ("-m", "models", "train", "--output", vectors, "--restart"),
            runs=3,
            at_most=120,
        ),
    ]


def seconds(command: Command) -> float:
    """Return the wall time of a process."""
    started = time.perf_counter()
    subprocess.run(  # noqa: S603 - our own interpreter and modules
        [sys.executable, *command.arguments],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


def measure(todo: list[Command]) -> dict[Command, list[float]]:
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


def report(measured: dict[Command, list[float]]) -> list[str]:
    """Print a table, and return what took too long."""
    table = column_table("whole processes, seconds", "", "runs", "median", "longest", "at most")
    failures = []
    for command, times in measured.items():
        start = statistics.median(measured[START]) if command == IMPORT else 0.0
        median, longest = statistics.median(times) - start, max(times) - start
        limit = "" if command.at_most is None else f"{command.at_most:g}"
        table.add_row(command.name, str(command.runs), f"{median:.2f}", f"{longest:.2f}", limit)
        if command.at_most is not None and not median <= command.at_most:
            failures.append(f"{command.name}: {median:.2f} s, not {limit}")
    show(table)
    return failures


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
