"""The right file of each course, written as others hand in theirs: is each judged, and right?

    python -m tests.benchmarks.translations [--quick] [COURSE …]

Each is verified as the command does it, in a process of its own. Counted are the files that are
not judged, and those that are and do not pass; it should be none.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from gradcheck.homework.courses import COURSES
from gradcheck.homework.judging import Request, judge
from tests.homework import submissions
from tests.homework.translations import TRANSLATIONS

RIGHT = {
    "cs224n-a2": submissions.A2,
    "xcs224n": submissions.XCS224N,
    "cs224d-2015": submissions.YEAR_2015,
    "cs224d-2016": submissions.YEAR_2016,
    "cs224n-2017": submissions.YEAR_2017,
}
"""A right file of each course."""


def outcome(text: str, translation: str) -> str:
    """Return what becomes of a file, in a word, or why it is not judged."""
    with tempfile.TemporaryDirectory() as folder:
        path = TRANSLATIONS[translation](text, Path(folder))
        judgement = judge(str(path), Request(profile="grade"))
    if judgement.error:
        return f"not judged: {judgement.error}"
    return "passed" if judgement.passed else "FAILED"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("courses", nargs="*", metavar="COURSE", help="only these")
    parser.add_argument("--quick", action="store_true", help="the first course alone")
    arguments = parser.parse_args()
    chosen = arguments.courses or [course.identifier for course in COURSES]
    if arguments.quick:
        chosen = chosen[:1]
    lacking = [course for course in chosen if course not in RIGHT]
    table = {
        name: [outcome(RIGHT[course], name) for course in chosen if course in RIGHT]
        for name in TRANSLATIONS
    }
    columns = [course for course in chosen if course in RIGHT]
    print(f"{'':20}" + "".join(f"{course:>14}" for course in columns))
    for name, outcomes in table.items():
        words = (each.partition(":")[0] for each in outcomes)
        print(f"{name:20}" + "".join(f"{word:>14}" for word in words))
    everything = [each for outcomes in table.values() for each in outcomes]
    for each in everything:
        if ": " in each:
            print(each)
    if lacking:
        print(f"no right file here of: {', '.join(lacking)}")
    passed = everything.count("passed")
    print(f"{passed} of {len(everything)} files are judged and pass")
    return int(passed < len(everything))


if __name__ == "__main__":
    sys.exit(main())
