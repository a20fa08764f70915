"""Right files under many seeds: a verdict that depends on the seed is a false alarm at times.

    python -m tests.benchmarks.seeds [--seeds 100] [--cases 100] [NAME …]

Counted for each file: the seeds that fail a required check, and those that give each advice.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from gradcheck.homework import verification, verify
from gradcheck.homework.checks.cases import Profile
from tests.homework.submissions import (
    A2,
    XCS224N,
    XCS224N_WITHOUT_WINDOW_SIZE,
    YEAR_2015,
    YEAR_2016,
    YEAR_2017,
)
from tests.homework.test_checks import RIGHT_UP_TO_ROUNDING
from tests.homework.test_coursera import COURSE, COURSE_2020
from tests.homework.test_coursera import RIGHT as COURSERA
from tests.homework.test_courses import TAU
from tests.homework.test_layers import RIGHT as LAYERS
from tests.homework.test_own_gradient_check import RIGHT as GRADIENT_CHECK
from tests.homework.test_right_files import UNUSUAL
from tests.homework.test_row_vectors import ROWS

RIGHT = {
    "A2": A2,
    "XCS224N": XCS224N,
    "XCS224N_WITHOUT_WINDOW_SIZE": XCS224N_WITHOUT_WINDOW_SIZE,
    "YEAR_2015": YEAR_2015,
    "YEAR_2016": YEAR_2016,
    "YEAR_2017": YEAR_2017,
    "ROWS": ROWS,
    "TAU": TAU,
    "COURSERA": COURSERA,
    "COURSERA_2020": COURSE_2020,
    "COURSERA_2021": COURSE,
    "GRADIENT_CHECK": GRADIENT_CHECK,
    "LAYERS": LAYERS,
    **{name: text for name, (_function, text) in RIGHT_UP_TO_ROUNDING.items()},
    **UNUSUAL,
}


def count(path: Path, seeds: int) -> tuple[int, Counter[str], Counter[str]]:
    """Return how many seeds fail a file, by which checks, and which advice they give."""
    failed, alarms, advice = 0, Counter[str](), Counter[str]()
    for seed in range(seeds):
        report = verify(path, seed=seed)
        failed += not report.passed
        for function in report.functions:
            for check in function.checks:
                if check.status == "failed":
                    where = alarms if check.level == "required" else advice
                    where[f"{function.name} {check.name}"] += 1
    return failed, alarms, advice


def main() -> int:
    """Print the counts, a file a line, and return 1 if any seed fails any file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *RIGHT])
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--cases", type=int, default=100)
    arguments = parser.parse_args()
    verification.PROFILES["student"] = Profile(cases=arguments.cases, shrinks=False)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.names or RIGHT:
            path = Path(folder) / "word2vec.py"
            path.write_text(RIGHT[name], encoding="utf-8")
            failed, alarms, advice = count(path, arguments.seeds)
            wrong += failed
            print(
                f"{name:30} failed {failed:3} of {arguments.seeds}  {dict(alarms) or ''}  "
                f"advice {dict(advice) or 'none'}",
                flush=True,
            )
    print(f"{len(arguments.names or RIGHT)} files, {wrong} false alarms")
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
