"""Time a verification as a whole process, and the import of gradcheck.

Run it as ``python tests/benchmarks/verify_time.py``.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from gradcheck.homework import verify

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "word2vec.py"
RUNS = 7


def median_seconds(*arguments: str) -> float:
    """Return the median wall time of a Python process."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def import_seconds() -> float:
    """Return the median time of ``import gradcheck``, the interpreter's own start left out."""
    return median_seconds("-c", "import gradcheck") - median_seconds("-c", "pass")


def main() -> None:
    """Print what was measured."""
    report = verify(EXAMPLE)
    cases = [check.cases for function in report.functions for check in function.checks]
    whole = median_seconds("-m", "gradcheck", "verify", str(EXAMPLE))
    print(f"median of {RUNS} runs, whole processes")
    print(f"gradcheck verify word2vec.py  {whole:6.2f} s  (at most 5)")
    print(f"import gradcheck              {import_seconds():6.2f} s  (below 0.3)")
    print(f"{report.checks_ran} of {report.checks_known} checks, {min(cases)} cases each at least")


if __name__ == "__main__":
    main()
