"""Trials judged together, so that the file's process has many calls to make at a time.

A judge makes its calls one by one, each when the last has been answered. A process that is asked
so spends most of its time waiting for the other one. So each judge is run up to its first call
that has no answer yet, all those calls are made in one batch, and the judges are run again, with
the answers. What a judge says depends on the answers alone, and it seldom makes more than two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import TYPE_CHECKING, TypeVar

from gradcheck.homework.calling.calls import AroundTarget

if TYPE_CHECKING:
    from gradcheck.homework.calling.calls import Call, Outcome, Target
    from gradcheck.homework.checks.comparison import Verdict
    from gradcheck.homework.checks.trials import Trial

__all__ = ["call_ahead", "judge_together"]

_BATCH_SECONDS = 0.2
_LARGEST_BATCH = 50
_Item = TypeVar("_Item")


def call_ahead(
    trials: Sequence[Trial], *, again: bool, is_over: Callable[[], bool]
) -> Sequence[Trial]:
    """Make the first calls of trials, or their second ones, many of them at a time.

    In the same order as one at a time.

    Parameters
    ----------
    trials : sequence of Trial
        The trials, of one function.
    again : bool
        Whether the second calls are made.
    is_over : callable
        Says whether to stop.

    Returns
    -------
    sequence of Trial
        Those of them with an outcome, up to the first whose call takes too long: each further one
        might take as long.
    """
    name = "again" if again else "outcome"
    waiting = [trial for trial in trials if name not in vars(trial)]
    for batch in _batches(waiting, is_over):
        if not _answer(batch, name, again=again):
            break
    answered = []
    for trial in trials:
        if "outcome" in vars(trial):
            answered.append(trial)
            if trial.outcome.status == "timeout":
                break
    return answered


def _answer(trials: Sequence[Trial], name: str, *, again: bool) -> bool:
    """Make the calls of some trials, past those that crash, and say whether to go on."""
    while trials:
        calls = [trial.calls_of(again=again) for trial in trials]
        outcomes = trials[0].target.call_all([call for each in calls for call in each])
        of_each = len(calls[0])
        for trial, outcome in zip(trials, outcomes[of_each - 1 :: of_each], strict=False):
            setattr(trial, name, outcome)
        last = outcomes[-1]
        if last.status == "timeout" or (again and last.status != "returned"):
            return False  # the rest is left to whoever asks for it
        trials = trials[len(outcomes) // of_each :]
    return True


def judge_together(
    judge: Callable[[Trial], Verdict], trials: Sequence[Trial], is_over: Callable[[], bool]
) -> list[Verdict]:
    """Return the verdicts on trials, in their order, as far as there is time.

    Parameters
    ----------
    judge : callable
        Judges a trial.
    trials : sequence of Trial
        The trials, of one function.
    is_over : callable
        Says whether to stop.
    """
    verdicts: dict[int, Verdict] = {}
    answers: list[list[Outcome]] = [[] for _ in trials]
    waiting = list(range(len(trials)))
    while waiting and not is_over():
        asked: list[tuple[int, Call]] = []
        for place in waiting:
            # What a judge finds out on its way to an answer that is missing, it finds out again:
            # or it would not make the same calls in the same order.
            trial = copy(trials[place])
            trial.target = _Answered(trials[place].target, answers[place])
            try:
                verdicts[place] = judge(trial)
            except _MissingAnswer as missing:
                asked.append((place, missing.call))
                continue
            found = {name: value for name, value in vars(trial).items() if name != "target"}
            vars(trials[place]).update(found)
        waiting = [place for place, _ in asked]
        for batch in _batches(asked, is_over):
            left = batch
            while left and not is_over():  # past each call that does not return
                outcomes = trials[0].target.call_all([call for _, call in left])
                for (place, _), outcome in zip(left, outcomes, strict=False):
                    answers[place].append(outcome)
                left = left[len(outcomes) :]
    done = next((place for place in range(len(trials)) if place not in verdicts), len(trials))
    return [verdicts[place] for place in range(done)]


def _batches(items: Sequence[_Item], is_over: Callable[[], bool]) -> Iterator[Sequence[_Item]]:
    """Yield as many items at a time as take a moment, as the last ones show."""
    size = 1
    while items and not is_over():
        batch, items = items[:size], items[size:]
        begun = time.monotonic()
        yield batch
        seconds = (time.monotonic() - begun) / len(batch)
        size = int(min(max(1.0, _BATCH_SECONDS / max(seconds, 1e-9)), _LARGEST_BATCH))


class _MissingAnswer(BaseException):
    """A judge has come to a call that was not made yet."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call


class _Answered(AroundTarget):
    """A target that knows the outcomes of a judge's first calls."""

    def __init__(self, target: Target, answers: Sequence[Outcome]) -> None:
        super().__init__(target)
        self._answers = iter(answers)

    def call(self, call: Call) -> Outcome:
        """Return the next outcome."""
        for outcome in self._answers:
            return outcome
        raise _MissingAnswer(call)

    def call_all(self, calls: Sequence[Call]) -> list[Outcome]:
        """Return the next outcomes."""
        return [self.call(call) for call in calls]

    def fresh(self) -> Target:
        """Return the same file loaded anew."""
        return self._target.fresh()

    def close(self) -> None:
        """Do nothing: the target goes on."""
