"""Streams of cases: their bounds, in what is drawn and in what a failing case shrinks to."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from gradcheck.homework.calling.calls import Outcome
from gradcheck.homework.checks.cases import StreamName, draw_cases, find_smallest
from gradcheck.homework.checks.comparison import Finding
from gradcheck.homework.checks.together import call_ahead, judge_together
from gradcheck.homework.checks.trials import Trial
from gradcheck.word2vec.cases import Case, WindowCase

WORDS = [
    name
    for name in get_args(StreamName)
    if name.endswith(("softmax", "negatives", "window", "bag"))
]


def _outside(case):
    return case.outside if isinstance(case, Case) else case.outside_vectors


def _largest_score(case, stream):
    if isinstance(case, Case):
        return np.abs(case.outside @ case.center).max()
    rows = list(case.context) if "bag" in stream else [case.center]
    return np.abs(case.outside_vectors @ case.center_vectors[rows].sum(axis=0)).max()


@pytest.mark.parametrize("stream", WORDS)
def test_only_the_tiny_streams_have_vectors_of_one_entry_or_one_word(stream):
    shapes = [_outside(case).shape for case in draw_cases(stream, 200, 5)]
    if stream.startswith("tiny-"):
        assert len(shapes) == 40
        assert all(1 in shape for shape in shapes)
    else:
        assert len(shapes) == 200
        assert min(map(min, shapes)) >= 2
        # Where a transposed matrix is told by its shape, and where it is not.
        square = sum(words == entries for words, entries in shapes)
        assert 10 < square < 150


@pytest.mark.parametrize("stream", WORDS)
def test_what_a_case_shrinks_to_is_within_the_stream(stream):
    asked = []

    def fails(case):
        asked.append(case)
        # Larger numbers would do, too: 1 in place of what keeps the scores small.
        return _outside(case).any()

    failing = next(filter(fails, draw_cases(stream, 100, 5)))
    asked.clear()
    smallest = find_smallest(stream, failing, fails, seed=5)
    assert fails(smallest)
    assert len(asked) > 3
    assert {type(case) for case in asked} <= {Case, WindowCase}
    for case in asked:
        assert stream.startswith("tiny-") or min(_outside(case).shape) >= 2
        assert stream.startswith("large-") or _largest_score(case, stream) <= 15.0 + 1e-9


class _Counting:
    """A target that answers with the number of the call, and how many came together."""

    def __init__(self, *, breaks_at=()):
        self.made = 0
        self.batches = []
        self._breaks_at = breaks_at

    def call(self, call):
        (outcome,) = self.call_all([call])
        return outcome

    def call_all(self, calls):
        self.batches.append(len(calls))
        outcomes = []
        for _ in calls:
            self.made += 1
            status = "timeout" if self.made in self._breaks_at else "returned"
            outcomes.append(Outcome(status, result=self.made))
            if status != "returned":
                break
        return outcomes


class _Asking(Trial):
    def calls_of(self, *, again):
        return [("other", self.case), ("again", self.case)] if again else [("first", self.case)]


def _trials(target, count=30):
    return [_Asking(target, "sigmoid", number) for number in range(count)]


def _never():
    return False


def test_calls_are_made_together_and_in_order():
    target = _Counting()
    trials = _trials(target)
    assert call_ahead(trials, again=False, is_over=_never) == trials
    assert [trial.outcome.result for trial in trials] == list(range(1, 31))
    call_ahead(trials, again=True, is_over=_never)
    # The second of each pair.
    assert [trial.again.result for trial in trials] == list(range(32, 92, 2))
    assert len(target.batches) < 10


def test_no_trial_comes_after_one_that_takes_too_long():
    target = _Counting(breaks_at={5})
    answered = call_ahead(_trials(target), again=False, is_over=_never)
    assert [trial.outcome.status for trial in answered] == ["returned"] * 4 + ["timeout"]
    assert target.made == 5


def test_a_judge_that_calls_one_by_one_is_answered_in_batches():
    target = _Counting(breaks_at={7})

    def judge(trial):
        first = trial.target.call("one")
        second = trial.target.call("two")
        trial.found = (first.result, second.result)
        return Finding(f"{first.status}, {second.status}") if trial.case % 2 else None

    trials = _trials(target, 20)
    verdicts = judge_together(judge, trials, _never)
    assert [isinstance(verdict, Finding) for verdict in verdicts] == [False, True] * 10
    # Each trial has answers of its own, and what was found out on the way.
    assert len({number for trial in trials for number in trial.found}) == 40
    assert len(target.batches) < 15
    assert all(trial.target is target for trial in trials)


def test_where_time_runs_out_the_first_verdicts_are_kept():
    target = _Counting()
    verdicts = judge_together(
        lambda trial: trial.target.call("one") and None,
        _trials(target, 200),
        lambda: target.made > 3,
    )
    assert verdicts == []
    assert target.made < 200
