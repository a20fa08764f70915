"""A submission in a process of its own, called from here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck.homework.calling.calls import Call, Outcome
from gradcheck.homework.calling.file_process import FileEndedError, FileProcess, TimeIsUpError
from gradcheck.homework.calling.frames import FrameError
from gradcheck.homework.calling.messages import (
    calls_message,
    facts_from,
    load_message,
    outcome_from,
)
from gradcheck.homework.calling.opening import FileFacts
from gradcheck.homework.courses import Course, Role
from gradcheck.homework.submission.delivery import Delivery, read_source
from gradcheck.homework.submission.failures import SubmissionError

__all__ = ["ServedTarget"]

_LARGEST_FACTS = 2**20
_TIMES_EXPECTED = 16
_SMALLEST_LIMIT = 2**16


class ServedTarget:
    """A submission in a process of its own; see `close`.

    A call that takes too long costs the process, and the next call has another one. A file that
    ends its process has had its chance: this call and all others raise `SubmissionError`.

    Parameters
    ----------
    delivery : Delivery
        The file.
    names : mapping of Role to str
        The file's own names of functions, where they are not the course's.
    seconds : float
        The time that one call may take.
    timeout : float
        The time that the file may take to be loaded.

    Attributes
    ----------
    facts : FileFacts
        What there is to know of the file.

    Raises
    ------
    SubmissionError
        If the file cannot be loaded.
    """

    def __init__(
        self, delivery: Delivery, names: Mapping[Role, str], *, seconds: float, timeout: float
    ) -> None:
        self._delivery = delivery
        self._names = names
        self._seconds = seconds
        self._timeout = timeout
        self._process: FileProcess | None = None
        self._error = ""
        self._fresh: ServedTarget | None = None
        # Said here, where no process is needed to find it out.
        read_source(delivery)
        self.facts = self._start()

    @property
    def course(self) -> Course:
        """The course of its functions."""
        assert self.facts.course is not None
        return self.facts.course

    def has(self, role: Role) -> bool:
        """Say whether the file has this function, and has it from the student."""
        return role in self.facts.present

    def states_shapes(self, role: Role) -> bool:
        """Say whether the function's docstring has a word on shapes."""
        return role in self.facts.state_shapes

    def call(self, call: Call) -> Outcome:
        """Call a function of the file."""
        (outcome,) = self.call_all([call])
        return outcome

    def call_all(self, calls: Sequence[Call]) -> list[Outcome]:
        """Call functions one after the other, up to the first that does not return.

        All are sent at once: while one is called, the outcome of the last is read.
        """
        if self._error:
            raise SubmissionError(self._error)
        if self._process is None:
            facts = self._start()
            if facts.digest != self.facts.digest:
                raise self._ended("changed while it was checked")
        assert self._process is not None
        limit = max(_SMALLEST_LIMIT, _TIMES_EXPECTED * max(_size(call.inputs) for call in calls))
        outcomes: list[Outcome] = []
        name = self.course.functions[calls[0].role].name

        def note(message: Any) -> None:
            if len(outcomes) == len(calls) - 1:
                raise FrameError("an answer that nobody has asked for")
            outcomes.append(outcome_from(message))

        try:
            # The last outcome is the answer, those before it are notes on the way.
            answer = self._process.ask(
                calls_message(calls, limit),
                seconds=self._seconds,
                limit=limit + _SMALLEST_LIMIT,
                noted=note,
            )
            return [*outcomes, outcome_from(answer)]
        except TimeIsUpError as error:
            self.close()
            return [*outcomes, Outcome("timeout", message=f"{error}, so it was stopped")]
        except FileEndedError as error:
            raise self._ended(f"{error}, in {name}") from None
        except FrameError as error:
            raise self._ended(f"sent what is no answer ({error}), in {name}") from None
        except BaseException:  # Ctrl-C: the process is in the middle of something
            self.close()
            raise

    def fresh(self) -> ServedTarget:
        """Load the file again, in another process."""
        if self._fresh is not None:  # it starts again if it is asked for more
            self._fresh.close()
        self._fresh = ServedTarget(
            self._delivery, self._names, seconds=self._seconds, timeout=self._timeout
        )
        return self._fresh

    def close(self) -> None:
        """End the process, and all that the file has started; a call would start another."""
        process, self._process = self._process, None
        if process is not None:
            process.close()
        if self._fresh is not None:
            self._fresh.close()

    def _start(self) -> FileFacts:
        self._process = FileProcess()
        part = ""

        def note(text: Any) -> None:
            nonlocal part
            part = f", in {text}"

        try:
            answer = self._process.ask(
                load_message(self._delivery, self._names),
                seconds=self._timeout,
                limit=_LARGEST_FACTS,
                noted=note,
            )
            return facts_from(answer, self._delivery, self._names)
        except TimeIsUpError as error:
            raise self._ended(
                f'{error}{part}; put what trains or tests under `if __name__ == "__main__":`'
            ) from None
        except FileEndedError as error:
            raise self._ended(f"{error} while it was loaded{part}") from None
        except FrameError as error:
            raise self._ended(f"sent what is no answer ({error}) when it was loaded") from None
        except BaseException:
            self.close()
            raise

    def _ended(self, why: str) -> SubmissionError:
        """Close the process, and return the error that stands for the file from now on."""
        self.close()
        self._error = f"{self._delivery.path}: {why}"
        return SubmissionError(self._error)


def _size(inputs: Mapping[str, Any]) -> int:
    return sum(value.nbytes for value in inputs.values() if isinstance(value, np.ndarray))
