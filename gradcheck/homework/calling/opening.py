"""A loaded file, as far as whoever judges it has to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gradcheck.homework.calling.direct import DirectTarget
from gradcheck.homework.courses import COURSES, Course, Role, detect
from gradcheck.homework.submission.course_modules import is_stand_in
from gradcheck.homework.submission.delivery import Delivery
from gradcheck.homework.submission.loading import Submission

__all__ = ["FileFacts", "describe", "recognize"]

_MOST_NAMES = 40
"""As many of a file's own names are told."""


@dataclass(frozen=True)
class FileFacts:
    """A loaded file, without any of its objects.

    Attributes
    ----------
    delivery : Delivery
        The file.
    course : Course or None
        The course of its functions, None if it has none that is known.
    present : frozenset of Role
        Those of the course that it has, and has from the student.
    defined : tuple of str
        The names of all functions and classes that it defines.
    notes : tuple of str
        Remarks on its loading, for a person.
    output : str
        The text that it printed meanwhile.
    stand_ins : tuple of str
        The course's modules that were replaced by stand-ins.
    digest : str
        Of its content.
    state_shapes : frozenset of Role
        Those of `present` whose docstring says what shape their arguments have.
    runs_alone : bool
        Whether Python runs the file as it is.
    row_roles : frozenset of Role
        Those that are called with the center vector as a row, as the file itself calls them.
    """

    delivery: Delivery
    course: Course | None
    present: frozenset[Role]
    defined: tuple[str, ...]
    notes: tuple[str, ...] = ()
    output: str = ""
    stand_ins: tuple[str, ...] = ()
    digest: str = ""
    state_shapes: frozenset[Role] = frozenset()
    runs_alone: bool = True
    row_roles: frozenset[Role] = frozenset()

    @property
    def path(self) -> Path:
        """The file's name for a person."""
        return self.delivery.path


def recognize(submission: Submission, names: Mapping[Role, str]) -> Course | None:
    """Return the course of a file's functions, with the file's own names where some are given."""
    # Stand-ins are ours, and say nothing about the file's own course.
    own = {name: value for name, value in vars(submission.module).items() if not is_stand_in(value)}
    if not names:
        return detect(own, _modules(submission))
    # Under each course's own name, whatever name the file has for it.
    renamed = {
        interface.name: submission.function(names[role])
        for course in COURSES
        for role, interface in course.functions.items()
        if role in names
    }
    course = detect({**own, **renamed}, _modules(submission))
    return course.renamed(names) if course else None


def _modules(submission: Submission) -> set[str]:
    """Return the names of the file and of the modules that its functions come from."""
    values = vars(submission.module).values()
    modules = {getattr(value, "__module__", None) for value in values if callable(value)}
    named = {module for module in modules if isinstance(module, str)}
    return named | {submission.location.stem, *submission.stand_ins}


def describe(submission: Submission, course: Course | None) -> FileFacts:
    """Return the facts about a loaded file."""
    target = DirectTarget(submission, course) if course else None
    functions = course.functions if course else {}
    present = frozenset(role for role in functions if target and target.has(role))
    return FileFacts(
        delivery=submission.delivery,
        course=course,
        present=present,
        defined=_defined(submission),
        notes=submission.notes,
        output=submission.output,
        stand_ins=submission.stand_ins,
        digest=submission.digest,
        state_shapes=frozenset(role for role in present if target and target.states_shapes(role)),
        runs_alone=submission.runs_alone,
    )


def _defined(submission: Submission) -> tuple[str, ...]:
    """Return the names of the file's own functions and classes, imported ones left out."""
    module = submission.module.__name__
    return tuple(
        name
        for name, value in vars(submission.module).items()
        if callable(value) and getattr(value, "__module__", None) == module
        if isinstance(name, str) and not name.startswith("_")
    )[:_MOST_NAMES]
