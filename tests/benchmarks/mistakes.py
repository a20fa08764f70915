"""Does a homework report name the mistake, and show its line?

Writes each mistake of the table into homework as students write it, in three styles (loops,
vectorised, other names; tests/benchmarks/students/), and every two compatible mistakes of negative
sampling into one function. Then the files are verified.

columns:
  files    files with a mistake
  caught   fail a check, or are given advice
  first    the first mistake that is named is one that was made
  all      all that were made are named
  wrong    the first mistake that a check names is none that was made
  lines    lines that are quoted
  right    those of them that were edited
  s        seconds for all files

right files: called wrong, of how many.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, takewhile
from pathlib import Path

from gradcheck.homework import verification, verify
from gradcheck.homework.checks.cases import Profile
from gradcheck.homework.checks.mistakes.mistake_table import MISTAKES, mistake
from tests.benchmarks.students.edits import EDITS
from tests.benchmarks.students.styles import FUNCTIONS, HEAD, STYLES
from tests.homework.submissions import YEAR_2017

CASES = Profile(cases=40, shrinks=False, seed=0)
LEAST_FIRST, LEAST_FIRST_OF_PAIRS, MOST_WRONG, LEAST_LINES = 0.95, 0.85, 0.01, 0.9

# Where there are as many samples as words, the rows of samples are rows of the wrong words; and
# what is drawn from elsewhere is drawn at random, and what is drawn afresh is drawn twice.
ALSO_TRUE = {
    "rows-of-samples-only": {"sample-number-for-word"},
    "drawn-from-elsewhere": {"drawn-at-random"},
    "fresh-negatives-for-gradient": {"negatives-drawn-twice"},
    # The residuals of a softmax sum to 0.
    "softmax-for-sigmoid": {"zero"},
}

NAMES = {
    "sigmoid": "sigmoid",
    "naive-softmax": "naiveSoftmaxLossAndGradient",
    "sampler": "getNegativeSamples",
    "negative-sampling": "negSamplingLossAndGradient",
    "skip-gram": "skipgram",
    "cbow": "cbow",
    "sgd": "sgd",
}


@dataclass(frozen=True)
class Student:
    """A file with mistakes in one function.

    Attributes
    ----------
    role, style
        The function, and how it is written.
    made
        The mistakes.
    text
        The file.
    edited
        The numbers of the lines that differ from those of the right file.
    """

    role: str
    style: str
    made: frozenset[str]
    text: str
    edited: frozenset[int]


@dataclass
class Count:
    """What became of some files."""

    files: int = 0
    caught: int = 0
    first: int = 0
    all: int = 0
    wrong: int = 0
    lines: int = 0
    right: int = 0
    seconds: float = 0.0


def file_with(role: str, function: str) -> str:
    """Return a file in which all other functions are right."""
    if role == "cbow":
        return YEAR_2017[: YEAR_2017.index("def cbow(")] + function
    others = {
        other: text["loops"] for other, text in FUNCTIONS.items() if other not in {role, "cbow"}
    }
    order = ["sigmoid", "naive-softmax", "sampler", "negative-sampling", "skip-gram", "sgd"]
    return HEAD + "\n\n".join({**others, role: function}[other] for other in order)


def edited(text: str, edit: Iterable[tuple[str, str]]) -> str | None:
    """Return a text with passages replaced; None where one of them is not there once."""
    for old, new in edit:
        if text.count(old) < 1:
            return None
        text = text.replace(old, new)
    return text


def student(role: str, style: str, made: Iterable[str]) -> Student | None:
    """Write a file with mistakes; None where they cannot be made in one function."""
    made = tuple(made)
    function = right = FUNCTIONS[role][style]
    for identifier in made:
        changed = edited(function, EDITS[role][identifier].get(style, ((" ", " "), ("\0", ""))))
        if changed is None:
            return None
        function = changed
    text, before = file_with(role, function), file_with(role, right)
    return Student(role, style, frozenset(made), text, _edited_lines(before, text))


def _edited_lines(before: str, after: str) -> frozenset[int]:
    """Return the lines that are new, or near those that are gone, or use what those set."""
    lines: set[int] = set()
    old, new = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind == "delete":
            lines |= {start, start + 1}
            names = {line.strip().partition("[")[0].partition(" ")[0] for line in old[first:last]}
            body = takewhile(lambda line: not line.startswith("def "), new[start:])
            lines |= {
                start + 1 + place
                for place, line in enumerate(body)
                if names & set(re.findall(r"\w+", line))
            }
        elif kind != "equal":
            lines |= set(range(start + 1, end + 1))
    return frozenset(lines)


def singles() -> Iterator[Student]:
    """Write each mistake in each style."""
    for role, rows in EDITS.items():
        for identifier, styles in rows.items():
            for style in STYLES:
                if style in styles:
                    written = student(role, style, [identifier])
                    if written is None:
                        sys.exit(f"{role}, {identifier}, {style}: the edit does not apply")
                    yield written


def pairs() -> Iterator[Student]:
    """Write every two mistakes of negative sampling that go together, in one style."""
    role = "negative-sampling"
    predicted = [name for name in EDITS[role] if mistake(name).changes or mistake(name).fit]
    for one, other in combinations(predicted, 2):
        if mistake(one).choice == mistake(other).choice:
            continue
        for style in STYLES:
            forwards, backwards = (
                student(role, style, [one, other]),
                student(role, style, [other, one]),
            )
            # Edits that get into each other's way make another mistake than the two.
            if forwards and backwards and forwards.text == backwards.text:
                yield forwards
                break


def examine(written: Student, folder: Path) -> tuple[list[tuple[str, ...]], bool, list[int]]:
    """Verify a file: the mistakes that each failed check names, whether any failed, the lines."""
    path = folder / "word2vec.py"
    path.write_text(written.text, encoding="utf-8")
    report = verify(path, profile="grade", only=NAMES[written.role])
    usual = {"exp-overflows", "log-of-zero", "sigmoid-overflows"}
    failed = [
        check
        for function in report.functions
        for check in function.checks
        if check.status == "failed"
        # Most files have this advice.
        and not (check.level == "advice" and check.mistake in usual - written.made)
    ]
    named = [check.mistakes for check in failed if check.mistakes]
    lines = [check.line for check in failed if check.line is not None]
    return named, bool(failed), lines


def measure(students: Iterable[Student], *, verbose: bool) -> Count:
    """Verify files and count."""
    count, start = Count(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for written in students:
            named, caught, lines = examine(written, Path(folder))
            firsts = [names[0] for names in named]
            seen = {name for names in named for name in names}
            true = written.made.union(*(ALSO_TRUE.get(name, ()) for name in written.made))
            is_first = bool(firsts) and firsts[0] in true
            is_wrong = any(first not in true for first in firsts)
            count.files += 1
            count.caught += caught
            count.first += is_first
            count.all += written.made <= seen
            count.wrong += is_wrong
            count.lines += len(lines)
            right = sum(line in written.edited for line in lines)
            count.right += right
            if verbose and (not (caught and is_first) or is_wrong or right < len(lines)):
                print(
                    f"{written.role} {written.style} {'+'.join(sorted(written.made))}: "
                    f"{'caught' if caught else 'MISSED'}, named {named}, "
                    f"lines {lines} of {sorted(written.edited)}",
                    flush=True,
                )
    count.seconds = time.perf_counter() - start
    return count


def right_files_called_wrong() -> tuple[int, int]:
    """Verify each function, right, in each style: how many fail, of how many."""
    wrong = total = 0
    with tempfile.TemporaryDirectory() as folder:
        for role, styles in FUNCTIONS.items():
            for style, text in styles.items():
                written = Student(role, style, frozenset(), file_with(role, text), frozenset())
                _, caught, _ = examine(written, Path(folder))
                wrong, total = wrong + caught, total + 1
                if caught:
                    print(f"right, but called wrong: {role}, {style}")
    return wrong, total


def main() -> int:
    """Print the table; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--verbose", action="store_true", help="print each file that is not as it should"
    )
    parser.add_argument("--only", choices=("singles", "pairs", "right"), help="measure this alone")
    parser.add_argument("--quick", action="store_true", help="every tenth file only")
    arguments = parser.parse_args()
    verification.PROFILES["grade"] = CASES
    step = 10 if arguments.quick else 1
    print(f"{len(MISTAKES)} mistakes in the table, {sum(map(len, EDITS.values()))} written here")
    met = True
    if arguments.only in {None, "right"}:
        wrong, total = right_files_called_wrong()
        print(f"right files called wrong: {wrong} of {total} (allowed: 0)")
        met = met and wrong == 0
    print(
        f"{'':8}{'files':>7}{'caught':>8}{'first':>8}{'all':>8}{'wrong':>8}{'lines':>7}{'right':>8}{'s':>7}"
    )
    for name, students, least in (
        ("single", singles(), LEAST_FIRST),
        ("pairs", pairs(), LEAST_FIRST_OF_PAIRS),
    ):
        if arguments.only not in {None, f"{name.rstrip('s')}s"}:
            continue
        chosen = [written for place, written in enumerate(students) if place % step == 0]
        count = measure(chosen, verbose=arguments.verbose)
        files = max(count.files, 1)
        print(
            f"{name:8}{count.files:>7}{count.caught / files:>8.1%}{count.first / files:>8.1%}"
            f"{count.all / files:>8.1%}{count.wrong / files:>8.1%}{count.lines:>7}"
            f"{count.right / max(count.lines, 1):>8.1%}{count.seconds:>7.0f}",
            flush=True,
        )
        met = (
            met
            and count.caught == files
            and count.first >= least * files
            and count.wrong <= MOST_WRONG * files
            and count.right >= LEAST_LINES * count.lines
        )
    asked = (
        f"all caught; the right one named first in {LEAST_FIRST:.0%} of single ones and in "
        f"{LEAST_FIRST_OF_PAIRS:.0%} of pairs, a wrong one in at most {MOST_WRONG:.0%}; "
        f"{LEAST_LINES:.0%} of quoted lines are those edited"
    )
    print(f"{'MET' if met else 'MISSED'}: {asked}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
