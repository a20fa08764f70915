"""One function of a file: its trials, and the results of its checks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from gradcheck.homework.calling.calls import Target
from gradcheck.homework.calling.opening import FileFacts
from gradcheck.homework.checks.cases import (
    Profile,
    StreamName,
    draw_cases,
    find_smallest,
    is_oblong,
)
from gradcheck.homework.checks.check import Check, Level
from gradcheck.homework.checks.comparison import Finding, Unjudged, Verdict, as_array
from gradcheck.homework.checks.mistakes.mistake_table import formula_of, remedy
from gradcheck.homework.checks.mistakes.naming import explain
from gradcheck.homework.checks.registry import make_trial
from gradcheck.homework.checks.together import call_ahead, judge_together
from gradcheck.homework.checks.trials import GradientTrial, Trial
from gradcheck.homework.checks.working import working
from gradcheck.homework.courses import Course, Role
from gradcheck.homework.report.quotation import Quotation, quote
from gradcheck.homework.report.results import CheckResult, FunctionStatus
from gradcheck.homework.report.snippet import snippet
from gradcheck.homework.submission.loading import SubmissionError

__all__ = ["FunctionExamination"]

_WHY_SKIPPED: dict[FunctionStatus, str] = {
    "unfinished": "the function is not implemented yet",
    "crashed": "the function crashes",
    "timeout": "the function does not end",
}

_VALUES = {
    "value",
    "loss",
    "center-gradient",
    "outside-gradient",
    "W1-gradient",
    "b1-gradient",
}
"""The checks of values, to as many digits as a course asks for."""


@dataclass(frozen=True)
class _StoppedEarly:
    """The function does not get through its first stream: there is nothing more to ask."""

    status: FunctionStatus
    trial: Trial
    message: str = ""


class FunctionExamination:
    """One function: its trials, shared by its checks, and their results.

    Parameters
    ----------
    facts, course, target
        The file, the course of its functions, and whoever calls them.
    role, checks
        The function, and its checks.
    profile, seed
        The number of cases, and the seed that they are drawn from.
    seconds
        The time that all checks may take together.
    """

    def __init__(
        self,
        facts: FileFacts,
        course: Course,
        target: Target,
        role: Role,
        checks: Sequence[Check],
        *,
        profile: Profile,
        seed: int,
        seconds: float,
    ) -> None:
        self._facts = facts
        self._course = course
        self._target = target
        self._role = role
        self._checks = checks
        self._profile = profile
        self._seed = seed
        self._trials: dict[StreamName, list[Trial]] = {}
        self._keeps_state = False
        self._seconds = seconds
        self._deadline = time.monotonic() + self._seconds
        self._cut_short = False

    def run(self) -> tuple[FunctionStatus, tuple[CheckResult, ...]]:
        """Return the function's status and its checks' results, in the registry's order."""
        halt = self._first_failure_to_return(self._checks[0].stream)
        if halt is not None:
            return halt.status, self._halted(halt)
        # First of all, because what a call leaves behind can make any other check fail.
        order = sorted(self._checks, key=lambda check: check.name != "same-answer-twice")
        results = {check.name: self._run_check(check) for check in order}
        if any(results[name].status == "failed" for name in _VALUES & results.keys()):
            # What is wrong is so in its last digits, too, and in the smallest sizes; and what is
            # the course's formula in some cases alone is not the course's.
            for name in {"rounding", "smallest-sizes", "course-formula"} & results.keys():
                message = "its values are wrong already"
                level = results[name].level
                results[name] = CheckResult(name, level, "skipped", message=message)
        ordered = tuple(results[check.name] for check in self._checks)
        if self._cut_short:
            return "timeout", ordered
        failed = any(result.status == "failed" and result.level == "required" for result in ordered)
        return ("failed" if failed else "passed"), ordered

    def _trials_of(self, stream: StreamName) -> list[Trial]:
        if stream not in self._trials:
            cases = draw_cases(stream, self._profile.cases, self._seed)
            self._trials[stream] = [make_trial(self._target, self._role, case) for case in cases]
        return self._trials[stream]

    def _first_failure_to_return(self, stream: StreamName) -> _StoppedEarly | None:
        """Call the function on every case; return the end of it where there is no more to ask."""
        trials = self._trials_of(stream)
        call_ahead(trials, again=False, is_over=self._is_over)
        for done, trial in enumerate(trials):
            if self._is_over():
                return _StoppedEarly("timeout", trial, self._too_slow(done, len(trials)))
            status = trial.outcome.status
            if status != "returned":
                return _StoppedEarly(status, trial)
        if all(_is_zero(trial) for trial in trials):
            return _StoppedEarly("unfinished", trials[0])
        return None

    def _halted(self, halt: _StoppedEarly) -> tuple[CheckResult, ...]:
        """Fail the first check by it, and skip the others: they have nothing to judge."""
        trial = halt.trial
        first, *rest = self._checks
        # Unfinished code is so on any case, and a slow call would take all its time at each try.
        if halt.status == "crashed" and self._profile.shrinks:
            trial = self._smallest(first, trial, lambda other: other.outcome.status == "crashed")
        message = (
            halt.message or trial.outcome.message or "not implemented yet: it returns zeros only"
        )
        unfinished = halt.status == "unfinished"
        failed = CheckResult(
            first.name,
            first.level_in(self._course),
            "failed",
            cases=self._trials_of(first.stream).index(halt.trial) + 1,
            failures=1,
            message=message,
            counterexample=None if unfinished else _counterexample(trial, Finding(message)),
            snippet="" if unfinished else snippet(trial, self._facts),
        )
        skipped = [
            CheckResult(
                check.name,
                check.level_in(self._course),
                "skipped",
                message=_WHY_SKIPPED[halt.status],
            )
            for check in rest
        ]
        return (failed, *skipped)

    def _run_check(self, check: Check) -> CheckResult:
        level = check.level_in(self._course)
        judged, failing, reason = self._judge_all(check)
        # A mistake that was seen before the time ran out still counts.
        if self._is_over() and not failing:
            return self._out_of_time(check, level, judged)
        if not judged:
            return CheckResult(check.name, level, "skipped", message=reason)
        if check.name == "same-answer-twice":
            self._keeps_state = bool(failing)
        elif failing and self._keeps_state:
            failing = self._failing_when_fresh(check, failing)
        if not failing:
            return CheckResult(check.name, level, "passed", cases=judged)
        trial, finding = self._explain(check, failing)
        return CheckResult(
            check.name,
            level,
            "failed",
            cases=judged,
            failures=len(failing),
            message=finding.message,
            mistake=finding.mistake,
            mistakes=finding.mistakes,
            quotation=self._quotation(finding),
            formula=formula_of(self._role, finding.part),
            remedy=remedy(finding.mistake, self._course) if finding.mistake else "",
            working=working(trial, finding.part),
            counterexample=_counterexample(trial, finding),
            snippet=snippet(trial, self._facts),
        )

    def _is_over(self) -> bool:
        return time.monotonic() > self._deadline

    def _too_slow(self, done: int, cases: int) -> str:
        return (
            f"stopped after {self._seconds:g} s, the time for all checks of a function, "
            f"{done} of {cases} cases into this one: a call takes too long"
        )

    def _out_of_time(self, check: Check, level: Level, done: int) -> CheckResult:
        """Fail the check that the time runs out in, and skip those after it."""
        if self._cut_short:
            return CheckResult(check.name, level, "skipped", message="no time was left for it")
        self._cut_short = True
        message = self._too_slow(done, len(self._trials_of(check.stream)))
        return CheckResult(check.name, level, "failed", done, 1, message)

    def _judge_all(self, check: Check) -> tuple[int, list[Trial], str]:
        """Return the number of judged trials, those that fail, and a reason why others were not."""
        judged, reason = 0, ""
        failing: list[Trial] = []
        trials = call_ahead(self._trials_of(check.stream), again=False, is_over=self._is_over)
        if check.name == "same-answer-twice":
            call_ahead(trials, again=True, is_over=self._is_over)
        verdicts = judge_together(partial(_judge, check), trials, self._is_over)
        # Where there was no time for all, there are fewer verdicts.
        for trial, verdict in zip(trials, verdicts, strict=False):
            if isinstance(verdict, Unjudged):
                reason = verdict.reason
                continue
            judged += 1
            if isinstance(verdict, Finding):
                failing.append(trial)
                if trial.outcome.status == "timeout":
                    break  # each further case might take as long
        return judged, failing, reason

    def _explain(self, check: Check, failing: list[Trial]) -> tuple[Trial, Finding]:
        """Return the trial to show, and the finding in it."""
        # With as many words as entries, nobody sees what is transposed.
        oblong = [one for one in failing if check.name == "shapes" and is_oblong(one.case)]
        trial = min(oblong or failing, key=lambda failed: _size(failed.case))
        # No shrinking where calls depend on earlier ones, or each takes all its time.
        slow = trial.outcome.status == "timeout"
        if self._profile.shrinks and not self._keeps_state and not slow:
            trial = self._smallest(
                check,
                trial,
                lambda other: (
                    (not oblong or is_oblong(other.case))
                    and isinstance(_judge(check, other), Finding)
                ),
            )
        finding = _judge(check, trial)
        if not isinstance(finding, Finding):
            finding = Finding("it is wrong at times: the same call gives different answers")
        return trial, explain(
            finding, trial, self._trials_of(check.stream), self._other_trials(check)
        )

    def _quotation(self, finding: Finding) -> Quotation | None:
        """Return the line that the mistake stands in."""
        if finding.mistake is None:
            return None
        file = self._facts.delivery.file
        return quote(file, finding.mistake, self._course, self._role, finding.part)

    def _other_trials(self, check: Check) -> list[Trial]:
        """Return the function's answers to other cases of its formulas."""
        extreme = ("large-", "tiny-")
        streams = {other.stream for other in self._checks if not other.stream.startswith(extreme)}
        if self._keeps_state or self._is_over():
            return []
        return [trial for stream in streams - {check.stream} for trial in self._trials_of(stream)]

    def _failing_when_fresh(self, check: Check, failing: list[Trial]) -> list[Trial]:
        """Return trials that fail in a newly loaded file, where no earlier call left anything."""
        confirmed = []
        # Only a few, as the whole file is run again for each.
        for trial in sorted(failing, key=lambda failed: _size(failed.case))[:3]:
            try:
                again = make_trial(self._target.fresh(), self._role, trial.case)
            except SubmissionError:  # it loads only once: the mistakes that were seen stand
                return failing
            if isinstance(_judge(check, again), Finding):
                confirmed.append(again)
        return confirmed

    def _smallest(self, check: Check, trial: Trial, fails: Callable[[Trial], bool]) -> Trial:
        case = find_smallest(
            check.stream,
            trial.case,
            lambda case: not self._is_over() and fails(trial.on(case)),
            seed=self._seed,
        )
        return trial.on(case)


def _judge(check: Check, trial: Trial) -> Verdict:
    if trial.outcome.status != "returned":
        lead = "in the smallest sizes, " if check.stream.startswith("tiny-") else ""
        return Finding(lead + trial.outcome.message)
    return check.judge(trial)


def _is_zero(trial: Trial) -> bool:
    """Say whether the function returned the zeros that the course's template starts from."""
    if not isinstance(trial, GradientTrial) or not trial.returns_three:
        return False
    arrays = [as_array(part) for part in trial.outcome.result]
    return all(array is not None and not array.any() for array in arrays)


def _size(case: Any) -> int:
    return sum(np.size(value) for value in vars(case).values())


def _counterexample(trial: Trial, finding: Finding) -> dict[str, Any]:
    case: dict[str, Any] = trial.case.to_dict()
    return {**case, "claimed": finding.claimed, "expected": finding.expected}
