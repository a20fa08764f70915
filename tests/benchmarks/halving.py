"""How many evaluations does it take to find the wrong entries among 200,100?

Plants errors into the right gradient of naive softmax, of |V| = 2,000 words and d = 100, and
counts what it takes `gradcheck.check` to refuse it, and the report to say where it is wrong and
why. Allowed for finding k wrong entries among n are about 4·k·log2(n/k) + 40 evaluations and 20
an array; the causes that are tested, and the probes of all other entries, come on top and have a
column of their own.

columns:
  judge    evaluations until the verdict
  find     those that find the wrong entries
  allowed  see above; where most of an array is wrong, a sample of it is measured
  why      those that test causes, and probe the rest
  found    the entries, or the rows, columns or arrays, that were named and no others
"""

from __future__ import annotations

import math
import sys

import numpy as np

import gradcheck
from gradcheck.diagnosis import searched
from tests.benchmarks import console

WORDS, DIMENSION, ARRAYS = 2_000, 100, 2


def loss(center, outside):
    scores = outside @ center
    largest = scores.max()
    return largest + np.log(np.exp(scores - largest).sum()) - scores[7]


def gradient(center, outside):
    scores = outside @ center
    p = np.exp(scores - scores.max())
    p /= p.sum()
    p[7] -= 1
    return outside.T @ p, np.outer(p, center)


def planted(wrong):
    """Return the gradient with twice the size, and an opposite sign, in some entries of outside."""

    def grad(center, outside):
        by_center, by_outside = gradient(center, outside)
        by_outside[wrong] *= -2
        return by_center, by_outside

    return grad


def cases(rng):
    """Yield a name, the wrong entries, their number, and the words that name them."""
    everywhere = np.zeros((WORDS, DIMENSION), dtype=bool)
    for k in (1, 3, 10, 100):
        wrong = everywhere.copy()
        wrong.ravel()[rng.choice(wrong.size, k, replace=False)] = True
        yield f"{k} single", wrong, k, None
    for noun, count, index in (
        ("row", 1, np.s_[1482]),
        ("rows", 3, np.s_[[7, 500, 1999]]),
        ("column", 1, np.s_[:, 37]),
        ("columns", 3, np.s_[:, [0, 50, 99]]),
    ):
        wrong = everywhere.copy()
        wrong[index] = True
        yield f"{count} {noun}", wrong, int(wrong.sum()), noun
    wrong = everywhere.copy()
    wrong[1000:1010, 20:30] = True
    yield "a block of 10 × 10", wrong, 100, "rows 1000 to 1009 and columns 20 to 29"
    yield "all of an array", ~everywhere, WORDS * DIMENSION, "FACTOR"


def measured(wrong, seed):
    """Return the report and the evaluations: until the verdict, for finding, for the rest."""
    rng = np.random.default_rng(seed)
    at = rng.normal(size=DIMENSION), 0.3 * rng.normal(size=(WORDS, DIMENSION))
    report = gradcheck.check(loss, planted(wrong), at)
    judged = report.evaluations
    spent = 0
    locate = searched.located

    def counted(slopes, *others):
        nonlocal spent
        before = slopes.subject.evaluations
        found = locate(slopes, *others)
        spent += slopes.subject.evaluations - before
        return found

    searched.located = counted
    try:
        report.locate()
    finally:
        searched.located = locate
    return report, judged, spent, report.evaluations - judged - spent


def is_found(report, wrong, noun):
    """Tell whether the wrong entries are named, and no others."""
    center, outside = report.arrays
    if center.verdict != "agrees":
        return False
    if noun:
        return noun in outside.cause
    named = {entry.index for entry in outside.entries}
    expected = set(map(tuple, np.argwhere(wrong).tolist()))
    is_counted = len(expected) == len(named) or f"{len(expected):,} of " in outside.extent
    return named <= expected and is_counted


def main() -> int:
    """Measure, print a table, and say whether the requirement is met."""
    options = console.options(__doc__, "halving").parse_args()
    rng = np.random.default_rng(options.seed)
    rows, missed = [], []
    n = DIMENSION * (WORDS + 1)
    chosen = list(cases(rng))[:: 3 if options.quick else 1]
    with console.bar(len(chosen)) as progress:
        for name, wrong, k, noun in chosen:
            progress.at(name)
            report, judged, find, why = measured(wrong, options.seed)
            allowed = 4 * k * math.log2(n / k) + 40 + 20 * ARRAYS
            found = is_found(report, wrong, noun)
            if find > allowed or not found:
                missed.append(name)
            shown = "as many as entries" if k == WORDS * DIMENSION else f"{allowed:,.0f}"
            rows.append((name, str(judged), f"{find:,}", shown, str(why), "yes" if found else "NO"))
            progress.advance()
    table = console.column_table(
        f"Wrong entries among {n:,}", "wrong", "judge", "find", "allowed", "why", "found"
    )
    for row in rows:
        table.add_row(*row)
    console.show(table)
    return console.conclude(
        f"found in as few evaluations as allowed: {len(rows) - len(missed)} of {len(rows)}", missed
    )


if __name__ == "__main__":
    sys.exit(main())
