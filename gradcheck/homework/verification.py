"""Run the checks on a file and report."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from gradcheck.homework.calling.calls import Target
from gradcheck.homework.calling.in_process import CALL_SECONDS, InProcessTarget, NotebookTarget
from gradcheck.homework.calling.opening import FileFacts, describe, recognize
from gradcheck.homework.calling.row_vectors import RowTarget, hands_over_rows
from gradcheck.homework.calling.served import ServedTarget
from gradcheck.homework.checks.cases import PROFILES, Profile
from gradcheck.homework.checks.check import Check
from gradcheck.homework.checks.registry import checks_of
from gradcheck.homework.courses import COURSES, Course, Role
from gradcheck.homework.examination import FunctionExamination
from gradcheck.homework.report.homework_report import HomeworkReport
from gradcheck.homework.report.results import CheckResult, FunctionResult
from gradcheck.homework.submission.delivery import deliver
from gradcheck.homework.submission.failures import SubmissionError
from gradcheck.homework.submission.loading import (
    LOAD_SECONDS,
    RUNNING_NOTEBOOK,
    from_namespace,
    load,
)
from gradcheck.homework.submission.own_names import checked_names, meant
from gradcheck.homework.submission.surroundings import random_state_kept

__all__ = ["Progress", "Verification", "open_verification", "verify"]

Progress = Callable[[int, int, str], None]

# How long all checks of one function may take together.
FUNCTION_SECONDS = {"student": 60.0, "grade": 60.0, "deep": 1200.0}


def verify(
    path: str | Path | Mapping[str, Any],
    *,
    profile: str = "student",
    seed: int | None = None,
    only: str | Collection[str] = (),
    seconds: float = CALL_SECONDS,
    timeout: float = LOAD_SECONDS,
    functions: Mapping[str, str] | None = None,
    is_strict: bool = False,
    in_process: bool = True,
    progress: Progress | None = None,
) -> HomeworkReport:
    """Check a homework file, or the definitions of a running notebook.

    Parameters
    ----------
    path : str, Path or mapping
        A .py or .ipynb file, a folder or a zip that has one; or ``globals()`` of a notebook.
    profile : {"student", "grade", "deep"}
        ``student`` draws 100 cases a check and shrinks what fails, ``grade`` always draws the
        same 100 and does not shrink, ``deep`` draws 2,000.
    seed : int, optional
        Draws the same cases as the report that names it; a new one each time by default.
    only : str or collection of str
        Names of the functions to check; all of them by default.
    seconds : float
        The time that one call of the file's functions may take.
    timeout : float
        The time that the file may take to be loaded.
    functions : mapping of str to str, optional
        The file's own names of functions, where they are not a course's, by what they are:
        ``{"naive-softmax": "my_loss"}``. A path with dots leads to a method of a class, or into
        another module. A ``pyproject.toml`` beside the file may have them in a table
        ``[tool.gradcheck.functions]``.
    is_strict : bool
        Whether a file fails by a wrong gradient that its course has taught; it is told of it
        anyway.
    in_process : bool
        Whether the file is run in this process, where a debugger sees it: verify so files that
        you trust. Otherwise it has a process of its own, and nothing that it does reaches this
        one.
    progress : callable, optional
        Called with (functions done, functions to do, the name of the next one).

    Returns
    -------
    HomeworkReport
        With ``passed``, ``to_dict()`` and, as text, all mistakes and their places; where the file
        ended its process half-way, ``error`` says so.

    Raises
    ------
    SubmissionError
        If the file cannot be read or run, or has none of the functions; a message of one line.
    ValueError
        If `profile` is unknown.
    """
    with open_verification(
        path,
        profile=profile,
        seed=seed,
        only=only,
        seconds=seconds,
        timeout=timeout,
        functions=functions,
        is_strict=is_strict,
        in_process=in_process,
    ) as verification:
        return verification.run(progress)


def open_verification(
    path: str | Path | Mapping[str, Any],
    *,
    profile: str = "student",
    seed: int | None = None,
    only: str | Collection[str] = (),
    seconds: float = CALL_SECONDS,
    timeout: float = LOAD_SECONDS,
    functions: Mapping[str, str] | None = None,
    is_strict: bool = False,
    in_process: bool = True,
) -> Verification:
    """Load a file, for its functions to be checked one at a time; see `verify`."""
    if profile not in PROFILES:
        raise ValueError(f"profile: expected one of {', '.join(PROFILES)}, got {profile!r}")
    chosen = PROFILES[profile]
    if seed is None:
        # A new one each time, even if somebody has seeded `random`.
        seed = secrets.randbelow(2**32) if chosen.seed is None else chosen.seed
    only = {only} if isinstance(only, str) else set(only)
    facts, target = _open(path, functions or {}, seconds, timeout, in_process=in_process)
    try:
        course = _course_of(facts, only)
        _demand(facts, course, only)
    except SubmissionError:
        target.close()
        raise
    facts, target = _fitted(facts, target)
    return Verification(
        facts,
        course,
        target,
        profile=profile,
        seed=seed,
        only=frozenset(only),
        functions=functions or {},
        is_strict=is_strict,
    )


def _fitted(facts: FileFacts, target: Target) -> tuple[FileFacts, Target]:
    """Let losses be called in the file's own way, where no docstring states one."""
    roles = frozenset(target.course.losses) & facts.present - facts.state_shapes
    name = ""
    if roles:
        try:
            with random_state_kept():
                name = hands_over_rows(target)
        except SubmissionError:  # said when the function's own checks run
            target = target.fresh()
    if not name:
        return facts, target
    note = f"{name} hands the center vector over as a row of shape (1, d), so that is what the "
    note += "losses were called with"
    fitted = replace(facts, row_roles=roles, notes=(*facts.notes, note))
    return fitted, RowTarget(target, roles)


def _open(
    path: str | Path | Mapping[str, Any],
    functions: Mapping[str, str],
    seconds: float,
    timeout: float,
    *,
    in_process: bool,
) -> tuple[FileFacts, Target]:
    """Return the facts about a file or a notebook, and whoever calls its functions."""
    in_notebook = isinstance(path, Mapping)
    delivery = RUNNING_NOTEBOOK if isinstance(path, Mapping) else deliver(path, functions.values())
    names = delivery.names() | checked_names(functions, str(delivery))
    if not in_process and not in_notebook:
        served = ServedTarget(delivery, names, seconds=seconds, timeout=timeout)
        return served.facts, served
    if isinstance(path, Mapping):
        submission = from_namespace(path, functions=names.values())
    else:
        submission = load(delivery, seconds=timeout, functions=names.values())
    course = recognize(submission, names)
    # One of no known course gets no further than to be told so.
    target = (NotebookTarget if in_notebook else InProcessTarget)(
        submission, course or COURSES[0], seconds=seconds
    )
    return describe(submission, course), target


def _course_of(facts: FileFacts, only: Collection[str]) -> Course:
    course = facts.course
    if course is not None and (only or course.is_told_by(facts.present)):
        return course
    if course is not None:
        names = [course.functions[role].name for role in facts.present]
        tell = "tells" if len(names) == 1 else "tell"
        message = "nothing about word2vec in it was checked: "
        message += f"{' and '.join(sorted(names))} alone {tell} of no course"
    else:
        # Those that no file may lack: all names would be a long list.
        demanded = {
            course.functions[role].name
            for course in COURSES
            for role in course.demanded(frozenset(course.functions))
        }
        message = f"defines none of the functions {', '.join(sorted(demanded))}"
    if facts.defined:
        message += f"; it defines {', '.join(facts.defined)}"
    failed = [note for note in facts.notes if "failed" in note]
    if failed:
        message += f" ({failed[0]})"
    raise SubmissionError(f"{facts.path}: {message}{_how_to_map(facts)}")


def _how_to_map(facts: FileFacts) -> str:
    """Return the options that map what is nearly a known name, or an example of one."""
    near = meant(facts.defined)
    if near:
        options = " ".join(f"--function {role}={name}" for name, (role, _) in near.items())
        return f"; did you mean {', '.join(known for _, known in near.values())}? {options}"
    return "; name yours: --function naive-softmax=NAME" if facts.defined else ""


def _demand(facts: FileFacts, course: Course, only: Collection[str]) -> None:
    """Ask that the file has the functions that are to be checked."""
    unknown = set(only) - set(course.names())
    if unknown:
        raise SubmissionError(
            f"{facts.path}: no function {', '.join(sorted(unknown))} in {course.title}; "
            f"it has {', '.join(course.names())}"
        )
    names = {interface.name: role for role, interface in course.functions.items()}
    absent = sorted(name for name in only if names[name] not in facts.present)
    if absent:
        raise SubmissionError(f"{facts.path}: has no function {', '.join(absent)} to check")


class Verification:
    """The checks of one file, function by function.

    A context manager: at the end, a process of the file's own is ended.

    Parameters
    ----------
    facts, course : FileFacts, Course
        The file, and the course of its functions.
    target : Target
        Whoever calls them.
    profile : str
        How much is drawn.
    seed : int
        Draws the same cases again.
    only : frozenset of str
        The functions to check; all of them where there is none.
    functions : mapping of str to str
        The file's own names of functions that somebody has given.
    is_strict : bool
        Whether a wrong gradient fails that the course has taught.
    """

    def __init__(
        self,
        facts: FileFacts,
        course: Course,
        target: Target,
        *,
        profile: str,
        seed: int,
        only: frozenset[str],
        functions: Mapping[str, str],
        is_strict: bool,
    ) -> None:
        self.facts = facts
        self.course = course
        self.target = target
        self.seed = seed
        self.roles = tuple(
            role
            for role, interface in course.functions.items()
            if not only or interface.name in only
        )
        self._profile_name = profile
        self._is_strict = is_strict
        self._options = (
            *(word for name in sorted(only) for word in ("--only", name)),
            *(word for what in functions.items() for word in ("--function", "=".join(what))),
            *(["--strict"] if is_strict else []),
        )
        self.function_seconds = FUNCTION_SECONDS[profile]
        self._profile: Profile = PROFILES[profile]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the file's process, if it has one of its own, and remove what was unpacked."""
        self.target.close()
        self.facts.delivery.discard()

    def run(self, progress: Progress | None = None) -> HomeworkReport:
        """Check all functions, as far as the file lets us, and report."""
        results: list[FunctionResult] = []
        for done, role in enumerate(self.roles):
            if progress:
                progress(done, len(self.roles), self.course.functions[role].name)
            try:
                results.append(self.check_function(role))
            except SubmissionError as error:
                return self.report(results, error=str(error))
        return self.report(results)

    def checks(self, role: Role) -> tuple[Check, ...]:
        """Return the checks that are asked of a function."""
        return tuple(
            replace(check, level="required")
            if self._is_strict and check.is_course_mistake
            else check
            for check in checks_of(self.course, role)
        )

    def check_function(self, role: Role) -> FunctionResult:
        """Run the checks of one function.

        Raises
        ------
        SubmissionError
            If the file ends its process meanwhile.
        """
        name = self.course.functions[role].name
        demanded = role in self.course.demanded(self.facts.present)
        checks = self.checks(role)
        if role not in self.facts.present:
            message = "the file has no such function" + (", and the course asks for it" * demanded)
            skipped = tuple(
                CheckResult(check.name, check.level_in(self.course), "skipped", message=message)
                for check in checks
            )
            return FunctionResult(name, "missing", skipped, demanded)
        # What overflows is the file's answer, not ours.
        with random_state_kept(), np.errstate(all="ignore"):
            status, results = FunctionExamination(
                self.facts,
                self.course,
                self.target,
                role,
                checks,
                profile=self._profile,
                seed=self.seed,
                seconds=self.function_seconds,
            ).run()
        return FunctionResult(name, status, results, demanded)

    def _near_misses(self, functions: Collection[FunctionResult]) -> tuple[str, ...]:
        """Return a note for each function that is missing, and nearly there."""
        missing = {function.name for function in functions if function.status == "missing"}
        return tuple(
            f"there is no {known}; did you mean {name}? --function {role}={name}"
            for name, (role, known) in meant(self.facts.defined).items()
            if known in missing
        )

    def report(self, functions: Collection[FunctionResult], *, error: str = "") -> HomeworkReport:
        """Put the functions' results together; `error` is why there are no more."""
        return HomeworkReport(
            path=self.facts.path,
            course=self.course.identifier,
            title=self.course.title,
            functions=tuple(functions),
            checks_known=sum(len(self.checks(role)) for role in self.course.functions),
            seed=self.seed,
            profile=self._profile_name,
            notes=self.facts.notes + self._near_misses(functions),
            output=self.facts.output,
            options=self._options,
            error=error,
        )
