"""Run the checks on a file and report."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import numpy as np

from gradcheck.homework.calling.calls import Target
from gradcheck.homework.calling.in_process import CALL_SECONDS, InProcessTarget
from gradcheck.homework.checks.cases import PROFILES, Profile
from gradcheck.homework.checks.registry import Check, checks_of
from gradcheck.homework.courses import COURSES, Course, Role, detect
from gradcheck.homework.examination import FunctionExamination
from gradcheck.homework.report.homework_report import HomeworkReport
from gradcheck.homework.report.results import CheckResult, FunctionResult
from gradcheck.homework.submission.course_modules import is_stand_in
from gradcheck.homework.submission.loading import Submission, SubmissionError, load
from gradcheck.homework.submission.surroundings import random_state_kept

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Progress", "Verification", "open_verification", "verify"]

Progress = Callable[[int, int, str], None]

# How long all checks of one function may take together.
FUNCTION_SECONDS = {"student": 60.0, "grade": 60.0, "deep": 1200.0}


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
        The time that one call of the file's functions may take.
    progress : callable, optional
        Called with (functions done, functions to do, the name of the next one).

    Returns
    -------
    HomeworkReport
        With ``passed``, ``to_dict()`` and, as text, all mistakes and their places.

    Raises
    ------
    SubmissionError
        If the file cannot be read or run, or has none of the functions; a message of one line.
    ValueError
        If `profile` is unknown.
    """
    verification = open_verification(path, profile=profile, seed=seed, only=only, seconds=seconds)
    results = []
    for done, role in enumerate(verification.roles):
        if progress:
            progress(done, len(verification.roles), verification.course.functions[role].name)
        results.append(verification.check_function(role))
    return verification.report(results)


def open_verification(
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
        # A new one each time, even if somebody has seeded `random`.
        seed = secrets.randbelow(2**32) if chosen.seed is None else chosen.seed
    only = {only} if isinstance(only, str) else set(only)
    submission = load(path)
    # Stand-ins are ours, and say nothing about the file's own course.
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
            skipped = tuple(
                CheckResult(check.name, check.level_in(self.course), "skipped", message=message)
                for check in checks
            )
            return FunctionResult(name, "missing", skipped, demanded)
        # What overflows is the file's answer, not ours.
        with random_state_kept(), np.errstate(all="ignore"):
            status, results = FunctionExamination(
                self.submission,
                self.course,
                self.target,
                role,
                checks,
                profile=self._profile,
                seed=self.seed,
                seconds=self.function_seconds,
            ).run()
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
