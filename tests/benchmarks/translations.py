"""The right file of each course, written as others hand in theirs: is it judged, and right?

    python -m tests.benchmarks.translations [--quick] [COURSE …]

Writes each file in Python 2, as a notebook of each format, as a folder, a zip, with tabs, with
other ends of lines, and verifies it as the command does, in a process of its own. All have to be
judged, and to pass.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from gradcheck.homework.courses import COURSES
from gradcheck.homework.judging import Judgement, Request, judge_several
from tests.benchmarks.console import conclude
from tests.homework import submissions, test_coursera, test_courses
from tests.homework.translations import TRANSLATIONS

RIGHT = {
    "cs224n-a2": submissions.A2,
    "xcs224n": submissions.XCS224N,
    "tau-nlp": test_courses.TAU,
    "cs224d-2015": submissions.YEAR_2015,
    "cs224d-2016": submissions.YEAR_2016,
    "cs224n-2017": submissions.YEAR_2017,
    "coursera-nlp-c2w4": test_coursera.RIGHT,
}
"""A right file of each course."""


def judgements(courses: list[str], folder: Path) -> dict[tuple[str, str], Judgement]:
    """Return the judgement of each course's file in each translation."""
    paths = {}
    for course in courses:
        for number, (name, write) in enumerate(TRANSLATIONS.items()):
            place = folder / f"{course}-{number}"
            place.mkdir()
            paths[name, course] = str(write(RIGHT[course], place))
    jobs = os.cpu_count() or 1
    judged = judge_several([*paths.values()], Request(profile="grade"), jobs=jobs)
    return dict(zip(paths, judged, strict=True))


def main() -> int:
    """Print what becomes of each, and return 1 unless all pass."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("courses", nargs="*", metavar="COURSE", help="only these")
    parser.add_argument("--quick", action="store_true", help="the first course alone")
    arguments = parser.parse_args()
    chosen = arguments.courses or [course.identifier for course in COURSES]
    courses = [course for course in chosen if course in RIGHT][: 1 if arguments.quick else None]
    with tempfile.TemporaryDirectory() as folder:
        judged = judgements(courses, Path(folder))
    print(f"{'':20}" + "".join(f"{course:>19}" for course in courses))
    for name in TRANSLATIONS:
        words = (_word(judged[name, course]) for course in courses)
        print(f"{name:20}" + "".join(f"{word:>19}" for word in words))
    failures = [
        f"{course}, {name}: {each.error or 'does not pass'}"
        for (name, course), each in judged.items()
        if not each.passed
    ]
    failures += [f"{course}: no right file of it" for course in chosen if course not in RIGHT]
    return conclude(f"all {len(judged)} files are judged, and pass", failures)


def _word(judgement: Judgement) -> str:
    return "not judged" if judgement.error else "passed" if judgement.passed else "fails"


if __name__ == "__main__":
    sys.exit(main())
