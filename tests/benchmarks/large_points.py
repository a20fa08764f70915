"""What does a check of ten million parameters and more cost, in time and in memory?

Checks the right gradient of half a sum of squares, in NumPy and in PyTorch, each in a process of
its own. The loss adds up in double precision, block by block: it reads its argument once, and is as
cheap as a loss can be.

columns:
  evals    evaluations of the loss
  check    seconds of the processor for the whole check
  loss     those within the loss
  moves    those of the evaluations' x + t z alone, in memory that was used before
  ratio    check / (loss + moves)
  memory   the most that the process held beyond what it held before the check, in sizes of the
           point; two of them are the gradient, as it is returned and as it is kept
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

import gradcheck
from tests.benchmarks import console

QUICK, FULL = (10**6,), (10**7, 10**8)
MOST_TIME, MOST_MEMORY = 2.0, 5.1
"""Times the loss and the moves; sizes of the point: 3, and two gradients."""

PAUSE = 0.002
"""Seconds between two looks at the memory."""


class Loss:
    """Half a sum of squares, and the seconds that it took."""

    def __init__(self) -> None:
        self.seconds, self.calls = 0.0, 0

    def __call__(self, x: Any) -> float:
        """Return the loss; blocks are added up in double precision."""
        started = time.process_time()
        value = 0.0
        for start in range(0, len(x), 65_536):
            part = x[start : start + 65_536]
            part = part.double() if hasattr(part, "double") else part.astype(np.float64, copy=False)
            value += float(part @ part)
        self.seconds += time.process_time() - started
        self.calls += 1
        return value / 2


def resident() -> int:
    """Return the bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return 4096 * pages


def measured(framework: str, dtype: str, entries: int) -> dict[str, Any]:
    """Check one gradient in this process, and return what it took."""
    x = np.random.default_rng(0).standard_normal(entries, dtype=np.dtype(dtype).type)
    at: Any = x
    if framework == "torch":
        import torch

        torch.set_num_threads(1)
        at = torch.from_numpy(x)
    moved, z = np.empty_like(x), x.copy()
    np.multiply(z, 1e-3, out=moved)  # its memory is touched before it counts
    started = time.process_time()
    np.multiply(z, 1e-3, out=moved)
    moved += x
    move = time.process_time() - started
    del moved, z
    # What is imported at the first check is no part of any other.
    gradcheck.check(Loss(), lambda v: v, at[:1000])
    loss, before = Loss(), resident()
    peak, is_over = [before], threading.Event()

    def watch() -> None:
        while not is_over.wait(PAUSE):
            peak[0] = max(peak[0], resident())

    watching = threading.Thread(target=watch)
    watching.start()
    started = time.process_time()
    report = gradcheck.check(loss, lambda v: 1 * v, at)
    taken = time.process_time() - started
    is_over.set()
    watching.join()
    return {
        "verdict": report.verdict,
        "evaluations": loss.calls,
        "check": taken,
        "loss": loss.seconds,
        "moves": move * loss.calls,
        "memory": (peak[0] - before) / x.nbytes,
    }


def in_a_process(framework: str, dtype: str, entries: int) -> dict[str, Any] | None:
    """Measure in a process of its own; None where the framework is missing."""
    words = ["-m", "tests.benchmarks.large_points", "--only", framework, dtype, str(entries)]
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, *words], capture_output=True, text=True, check=False
    )
    if "ModuleNotFoundError" in done.stderr:
        return None
    done.check_returncode()
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> int:
    """Measure, print a table, and say whether the requirement is met."""
    parser = console.options(__doc__, "large_points")
    parser.add_argument("--only", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.only:
        framework, dtype, entries = chosen.only
        print(json.dumps(measured(framework, dtype, int(entries))))
        return 0
    rows = [
        (framework, dtype, entries)
        for entries in (QUICK if chosen.quick else FULL)
        for framework in ("numpy", "torch")
        for dtype in ("float64", "float32")
        if not (dtype == "float64" and entries > FULL[0])
    ]
    table = console.column_table(
        "Right gradients of half a sum of squares",
        *("point", "entries", "verdict", "evals", "check", "loss", "moves", "ratio", "memory"),
    )
    failures = []
    with console.bar(len(rows)) as bar:
        for framework, dtype, entries in rows:
            label = f"{framework}, {dtype}"
            bar.at(f"{label}, {entries:,}")
            row = in_a_process(framework, dtype, entries)
            bar.advance()
            if row is None:
                table.add_row(label, f"{entries:,}", "not installed", *[""] * 6)
                continue
            ratio = row["check"] / (row["loss"] + row["moves"])
            table.add_row(
                label,
                f"{entries:,}",
                row["verdict"],
                f"{row['evaluations']}",
                *(f"{row[name]:.2f} s" for name in ("check", "loss", "moves")),
                f"{ratio:.1f}",
                f"{row['memory']:.1f}",
            )
            missed = [
                *([f"{row['verdict']}"] if row["verdict"] != "agrees" else []),
                *([f"{ratio:.1f} times the time"] if ratio > MOST_TIME else []),
                *([f"{row['memory']:.1f} sizes"] if row["memory"] > MOST_MEMORY else []),
            ]
            failures += [f"{label}, {entries:,}: {', '.join(missed)}"] if missed else []
    console.show(table)
    return console.conclude(
        f"right gradients agree in at most {MOST_TIME:g} times the loss and the moves, and "
        f"{MOST_MEMORY:g} sizes of the point.",
        failures,
    )


if __name__ == "__main__":
    sys.exit(main())
