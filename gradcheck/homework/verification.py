"""Run the checks on a file and report."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.calling.courses import COURSES, Course, Role, detect
from gradcheck.homework.calling.in_process import CALL_SECONDS, InProcessTarget
from gradcheck.homework.checks.cases import PROFILES, Profile, StreamName, draw_cases, find_smallest
from gradcheck.homework.checks.comparison import Finding, Unjudged, Verdict, as_array
from gradcheck.homework.checks.mistakes import explain
from gradcheck.homework.checks.registry import Check, checks_of
from gradcheck.homework.checks.trials import GradientTrial, make_trial
from gradcheck.homework.report.results import CheckResult, FunctionResult, HomeworkReport
from gradcheck.homework.report.snippet import snippet
from gradcheck.homework.submission.course_modules import is_stand_in
from gradcheck.homework.submission.loading import Submission, SubmissionError, load
from gradcheck.homework.submission.surroundings import random_state_kept

if TYPE_CHECKING:
    from pathlib import Path

    from gradcheck.homework.calling.in_process import Target
    from gradcheck.homework.checks.registry import Level
    from gradcheck.homework.checks.trials import Trial
    from gradcheck.homework.report.results import FunctionStatus

__all__ = ["Progress", "Verification", "begin", "verify"]

Progress = Callable[[int, int, str], None]

# How long all checks of one function may take together.
FUNCTION_SECONDS = {"student": 60.0, "grade": 60.0, "deep": 1200.0}

_WHY_SKIPPED: dict[FunctionStatus, str] = {
    "unfinished": "the function is not implemented yet",
    "crashed": "the function crashes",
    "timeout": "the function does not end",
}


def verify(
    path: str | Path,
    *,
    profile: str = "student",
    seed: int | None = None,
    only: str | Collection[str] = (),
    seconds: float = CALL_SECONDS,
    progress: Progress | None = None,
) -> HomeworkReport:
    """Check a homework file.

    Parameters
    ----------
    path : str or Path
        A .py or .ipynb file. It is run in this process: verify files that you trust.
    profile : {"student", "grade", "deep"}
        ``student`` draws 100 cases a check and shrinks what fails, ``grade`` always draws the
        same 100 and does not shrink, ``deep`` draws 2,000.
    seed : int, optional
        Draws the same cases as the report that names it; a new one each time by default.
    only : str or collection of str
        Names of the functions to check; all of them by default.
    seconds : float
        How long one call of the file's functions may take.
    progress : callable, optional
        Called with (checks done, checks to do, what is being done).

    Returns
    -------
    HomeworkReport
        With ``passed``, ``to_dict()`` and, as text, what is wrong and where.

    Raises
    ------
    SubmissionError
        If the file cannot be read or run, or has none of the functions; a message of one line.
    ValueError
        If `profile` is unknown.
    """
    verification = begin(path, profile=profile, seed=seed, only=only, seconds=seconds)
    results = []
    for done, role in enumerate(verification.roles):
        if progress:
            progress(done, len(verification.roles), verification.course.functions[role].name)
        results.append(verification.check_function(role))
    return verification.report(results)


def begin(
    path: str | Path,
    *,
    profile: str = "student",
    seed: int | None = None,
    only: str | Collection[str] = (),
    seconds: float = CALL_SECONDS,
) -> Verification:
    """Load a file, for its functions to be checked one at a time; see `verify`."""
    if profile not in PROFILES:
        raise ValueError(f"profile: expected one of {', '.join(PROFILES)}, got {profile!r}")
    chosen = PROFILES[profile]
    if seed is None:
        seed = secrets.randbelow(2**32) if chosen.seed is None else chosen.seed
    only = {only} if isinstance(only, str) else set(only)
    submission = load(path)
    course = detect(
        {name: value for name, value in vars(submission.module).items() if not is_stand_in(value)}
    )
    if course is None:
        raise SubmissionError(_nothing_known(submission))
    unknown = only - set(course.names())
    if unknown:
        raise SubmissionError(
            f"{submission.path}: no function {', '.join(sorted(unknown))} in {course.title}; "
            f"it has {', '.join(course.names())}"
        )
    target = InProcessTarget(submission, course, seconds=seconds)
    absent = {course.functions[role].name for role in course.functions if not target.has(role)}
    if only & absent:
        raise SubmissionError(
            f"{submission.path}: has no function {', '.join(sorted(only & absent))} to check"
        )
    return Verification(
        submission, course, target, profile=profile, seed=seed, only=frozenset(only)
    )


def _nothing_known(submission: Submission) -> str:
    names = sorted({name for course in COURSES for name in course.names()})
    message = f"{submission.path}: defines none of the functions {', '.join(names)}"
    failed = [note for note in submission.notes if "failed" in note]
    return f"{message} ({failed[0]})" if failed else message


@dataclass(frozen=True)
class _Halt:
    """The function does not get through its first stream: there is nothing more to ask."""

    status: FunctionStatus
    trial: Trial
    message: str = ""


class Verification:
    """The checks of one file, function by function."""

    def __init__(
        self,
        submission: Submission,
        course: Course,
        target: Target,
        *,
        profile: str,
        seed: int,
        only: frozenset[str],
    ) -> None:
        self.submission = submission
        self.course = course
        self.target = target
        self.seed = seed
        self.present = frozenset(role for role in course.functions if target.has(role))
        self.roles = tuple(
            role
            for role, interface in course.functions.items()
            if not only or interface.name in only
        )
        self._profile_name = profile
        self.function_seconds = FUNCTION_SECONDS[profile]
        self._profile: Profile = PROFILES[profile]

    def checks(self, role: Role) -> tuple[Check, ...]:
        """Return the checks that are asked of a function."""
        return checks_of(self.course, role)

    def check_function(self, role: Role) -> FunctionResult:
        """Run the checks of one function."""
        name = self.course.functions[role].name
        demanded = role in self.course.demanded(self.present)
        checks = self.checks(role)
        if role not in self.present:
            message = "the file has no such function" + (", and the course asks for it" * demanded)
            skipped = tuple(self._skipped(check, message) for check in checks)
            return FunctionResult(name, "missing", skipped, demanded)
        # What overflows is the file's answer, not ours.
        with random_state_kept(), np.errstate(all="ignore"):
            status, results = _FunctionExamination(self, role, self._profile).run()
        return FunctionResult(name, status, results, demanded)

    def report(self, functions: Collection[FunctionResult]) -> HomeworkReport:
        """Put the functions' results together."""
        return HomeworkReport(
            path=self.submission.path,
            course=self.course.identifier,
            title=self.course.title,
            functions=tuple(functions),
            checks_known=sum(len(self.checks(role)) for role in self.course.functions),
            seed=self.seed,
            profile=self._profile_name,
            notes=self.submission.notes,
            output=self.submission.output,
        )

    def _skipped(self, check: Check, message: str) -> CheckResult:
        return CheckResult(check.name, check.level_in(self.course), "skipped", message=message)


class _FunctionExamination:
    """One function: its trials, which its checks share, and what they come to."""

    def __init__(self, verification: Verification, role: Role, profile: Profile) -> None:
        self._course = verification.course
        self._target = verification.target
        self._seed = verification.seed
        self._submission = verification.submission
        self._checks = verification.checks(role)
        self._role = role
        self._profile = profile
        self._trials: dict[StreamName, list[Trial]] = {}
        self._keeps_state = False
        self._seconds = verification.function_seconds
        self._deadline = time.monotonic() + self._seconds
        self._cut_short = False

    def run(self) -> tuple[FunctionStatus, tuple[CheckResult, ...]]:
        """Return the function's status and its checks' results, in the registry's order."""
        halt = self._get_through(self._checks[0].stream)
        if halt is not None:
            return halt.status, self._halted(halt)
        # First of all, because what a call leaves behind can make any other check fail.
        order = sorted(self._checks, key=lambda check: check.name != "same-answer-twice")
        results = {check.name: self._run_check(check) for check in order}
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

    def _get_through(self, stream: StreamName) -> _Halt | None:
        """Call the function on every case; return what stopped it."""
        trials = self._trials_of(stream)
        for done, trial in enumerate(trials):
            if self._is_over():
                return _Halt("timeout", trial, self._too_slow(done, len(trials)))
            status = trial.outcome.status
            if status != "returned":
                return _Halt(status, trial)
        if all(_is_zero(trial) for trial in trials):
            return _Halt("unfinished", trials[0])
        return None

    def _halted(self, halt: _Halt) -> tuple[CheckResult, ...]:
        """Say what happened where the first check stands; the others have nothing to judge."""
        trial = halt.trial
        first, *rest = self._checks
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
            snippet="" if unfinished else snippet(trial, self._submission),
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
            counterexample=_counterexample(trial, finding),
            snippet=snippet(trial, self._submission),
        )

    def _is_over(self) -> bool:
        return time.monotonic() > self._deadline

    def _too_slow(self, done: int, cases: int) -> str:
        return (
            f"stopped after {self._seconds:g} s, the time for all checks of a function, "
            f"{done} of {cases} cases into this one: a call takes too long"
        )

    def _out_of_time(self, check: Check, level: Level, done: int) -> CheckResult:
        """Fail the check in which the time is up, and skip those after it."""
        if self._cut_short:
            return CheckResult(check.name, level, "skipped", message="no time was left for it")
        self._cut_short = True
        message = self._too_slow(done, len(self._trials_of(check.stream)))
        return CheckResult(check.name, level, "failed", done, 1, message)

    def _judge_all(self, check: Check) -> tuple[int, list[Trial], str]:
        """Return how many trials were judged, those that fail, and why others were not."""
        judged, reason = 0, ""
        failing: list[Trial] = []
        for trial in self._trials_of(check.stream):
            if self._is_over():
                break
            verdict = _judge(check, trial)
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
        """Return the trial to show, and what is wrong in it."""
        trial = min(failing, key=lambda failed: _bulk(failed.case))
        slow = trial.outcome.status == "timeout"
        if self._profile.shrinks and not self._keeps_state and not slow:
            trial = self._smallest(
                check, trial, lambda other: isinstance(_judge(check, other), Finding)
            )
        finding = _judge(check, trial)
        if not isinstance(finding, Finding):
            finding = Finding("it is wrong at times: the same call gives different answers")
        return trial, explain(finding, trial, self._trials_of(check.stream))

    def _failing_when_fresh(self, check: Check, failing: list[Trial]) -> list[Trial]:
        """Return trials that fail in a newly loaded file, where no earlier call left anything."""
        confirmed = []
        for trial in sorted(failing, key=lambda failed: _bulk(failed.case))[:3]:
            try:
                again = make_trial(self._target.fresh(), self._role, trial.case)
            except SubmissionError:
                return failing
            if isinstance(_judge(check, again), Finding):
                confirmed.append(again)
        return confirmed

    def _smallest(self, check: Check, trial: Trial, fails: Callable[[Trial], bool]) -> Trial:
        case = find_smallest(
            check.stream,
            trial.case,
            lambda case: not self._is_over() and fails(trial.on(case)),
            count=self._profile.cases,
            seed=self._seed,
        )
        return trial.on(case)


def _judge(check: Check, trial: Trial) -> Verdict:
    if trial.outcome.status != "returned":
        return Finding(trial.outcome.message)
    return check.judge(trial)


def _is_zero(trial: Trial) -> bool:
    """Say whether the function returned the zeros that the course's template starts from."""
    if not isinstance(trial, GradientTrial) or not trial.returns_three:
        return False
    arrays = [as_array(part) for part in trial.outcome.result]
    return all(array is not None and not array.any() for array in arrays)


def _bulk(case: Any) -> int:
    return sum(np.size(value) for value in vars(case).values())


def _counterexample(trial: Trial, finding: Finding) -> dict[str, Any]:
    case: dict[str, Any] = trial.case.to_dict()
    return {**case, "claimed": finding.claimed, "expected": finding.expected}
