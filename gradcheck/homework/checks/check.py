"""A named check: its question, its function, its cases and its judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from gradcheck.homework.checks.cases import StreamName
    from gradcheck.homework.checks.gradients import Judge
    from gradcheck.homework.courses import Course, Role

__all__ = ["Check", "Level"]

Level = Literal["required", "advice"]


@dataclass(frozen=True)
class Check:
    """One named check.

    Attributes
    ----------
    role : Role
        The function that it is about.
    name : str
        Its name, unique for the function.
    stream : StreamName
        The cases that it sees.
    judge : callable
        Takes a trial of the function on a case (the outcome of a call through a `Target`, beside
        the right one) and returns the mistake, None if there is none.
    asks : str
        Its question as a sentence, as if it were met.
    level : {"required", "advice"}
        Whether a file fails by it.
    is_course_mistake : bool
        Whether it is about what a course teaches wrong. It is advice, for the grade's sake, that
        nobody may overlook, and required of whoever asks to be strict.
    """

    role: Role
    name: str
    stream: StreamName
    judge: Judge
    asks: str
    level: Level = "required"
    is_course_mistake: bool = False

    def level_in(self, course: Course) -> Level:
        """Return the level that the check has in a course."""
        return "advice" if (self.role, self.name) in course.advised else self.level
