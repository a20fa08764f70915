"""A submission that is trusted, called in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from gradcheck.homework.calling.direct import DirectTarget
from gradcheck.homework.courses import Course
from gradcheck.homework.submission.loading import Submission, load
from gradcheck.homework.submission.surroundings import CapturedOutput, quiet, working_directory
from gradcheck.homework.submission.time_limit import within

__all__ = ["CALL_SECONDS", "InProcessTarget", "NotebookTarget"]

CALL_SECONDS = 5.0


class _TimedTarget(DirectTarget):
    """Functions called in this process, each for a limited time.

    Parameters
    ----------
    submission : Submission
        Their file, or notebook.
    course : Course
        Their names and arguments.
    seconds : float
        The time that one call may take.
    """

    def __init__(
        self, submission: Submission, course: Course, *, seconds: float = CALL_SECONDS
    ) -> None:
        super().__init__(submission, course)
        self._seconds = seconds

    def limited(self, function: Callable[[], Any]) -> Any:
        """Call a function, for at most `seconds`."""
        return within(self._seconds, function)


class InProcessTarget(_TimedTarget):
    """A trusted submission, called in this process."""

    @contextmanager
    def surroundings(self) -> Iterator[None]:
        """Put the file's folder, modules and output in place, and take them away again."""
        folder = self._submission.location.parent
        with self._submission.environment, working_directory(folder), quiet(CapturedOutput()):
            yield

    def limited(self, function: Callable[[], Any]) -> Any:
        """Call a function of the file, for at most `seconds`."""
        # Innermost: a patched `len`, say, must not meet our own code on the way out.
        with self._submission.shared:
            return super().limited(function)

    def fresh(self) -> InProcessTarget:
        """Load the file again."""
        submission = load(self._submission.delivery, functions=self._submission.named)
        return InProcessTarget(submission, self.course, seconds=self._seconds)


class NotebookTarget(_TimedTarget):
    """Functions of a running notebook, called where they are."""

    def surroundings(self) -> AbstractContextManager[None]:
        """Keep printed text; modules and folder are the notebook's own."""
        return quiet(CapturedOutput())
