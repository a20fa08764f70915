"""Messages between a judge and the process that a file runs in, as values for frames.

A message is a tuple that begins with its kind. The file's side is not trusted: what does not look
as it should is no message, and each text is a text, each index an index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np

from gradcheck.homework.calling.calls import Call, Outcome, Status
from gradcheck.homework.calling.frames import FrameError
from gradcheck.homework.calling.opening import FileFacts
from gradcheck.homework.courses import COURSES, Role
from gradcheck.homework.submission.delivery import Delivery
from gradcheck.homework.submission.failures import SubmissionError

__all__ = [
    "calls_from",
    "calls_message",
    "delivery_from",
    "facts_from",
    "facts_message",
    "load_message",
    "outcome_from",
    "outcome_message",
]

_STATUSES = set(get_args(Status))


def load_message(delivery: Delivery, names: Mapping[Role, str]) -> tuple[Any, ...]:
    """Return the request to load a file."""
    paths = map(str, (delivery.path, delivery.file, delivery.root))
    return "load", tuple(paths), delivery.notes, dict(names)


def delivery_from(message: tuple[Any, ...]) -> tuple[Delivery, dict[Any, str]]:
    """Return the file to load, and its own names."""
    _kind, paths, notes, names = message
    path, file, root = map(Path, paths)
    return Delivery(path, file, root, notes), names


def calls_message(calls: Sequence[Call], limit: int) -> tuple[Any, ...]:
    """Return the request for some calls; the outcome of each has at most `limit` bytes."""
    return "calls", limit, *(tuple(vars(call).values()) for call in calls)


def calls_from(message: tuple[Any, ...]) -> tuple[int, list[Call]]:
    """Return the limit, and the calls."""
    _kind, limit, *calls = message
    return limit, [Call(*parts) for parts in calls]


def outcome_message(outcome: Outcome) -> tuple[Any, ...]:
    """Return the answer to a call."""
    # Indices as arrays: a file may draw hundreds.
    return (
        "outcome",
        outcome.status,
        outcome.result,
        outcome.message,
        outcome.overwritten,
        np.array(outcome.drawn, dtype=np.int64),
        tuple(np.array(sample, dtype=np.int64) for sample in outcome.sampled),
        outcome.losses_called,
        tuple(np.array(shape, dtype=np.int64) for shape in outcome.center_shapes),
        outcome.dataset_passed,
        outcome.points,
        outcome.postprocessed,
        outcome.earlier_overwritten,
    )


def outcome_from(message: Any) -> Outcome:
    """Return the outcome in an answer.

    Raises
    ------
    FrameError
        If it is none.
    """
    _demand(isinstance(message, tuple) and len(message) == 13 and message[0] == "outcome")
    _, status, result, text, overwritten, drawn, sampled, losses, shapes, *others = message
    passed, points, times, spoiled = others
    _demand(isinstance(status, str) and status in _STATUSES and isinstance(text, str))
    _demand(_are(overwritten, str) and _are(losses, str) and _are(sampled, np.ndarray))
    _demand(_are(points, np.ndarray) and _are(shapes, np.ndarray))
    _demand(isinstance(drawn, np.ndarray))
    _demand(isinstance(passed, bool) and isinstance(spoiled, bool) and isinstance(times, int))
    return Outcome(
        status=status,
        result=result,
        message=text,
        overwritten=overwritten,
        drawn=_indices(drawn),
        sampled=tuple(map(_indices, sampled)),
        losses_called=losses,
        center_shapes=tuple(map(_indices, shapes)),
        dataset_passed=passed,
        points=points,
        postprocessed=times,
        earlier_overwritten=spoiled,
    )


def facts_message(facts: FileFacts) -> tuple[Any, ...]:
    """Return the answer to the request to load a file."""
    course = facts.course
    return (
        "loaded",
        course.identifier if course else None,
        tuple(facts.present),
        facts.defined,
        facts.notes,
        facts.output,
        facts.stand_ins,
        facts.digest,
        tuple(facts.state_shapes),
        facts.runs_alone,
    )


def facts_from(message: Any, delivery: Delivery, names: Mapping[Role, str]) -> FileFacts:
    """Return the facts in an answer.

    Raises
    ------
    SubmissionError
        If the file could not be loaded; the answer says why.
    FrameError
        If it is no answer.
    """
    if isinstance(message, tuple) and message[:1] == ("refused",) and _are(message, str):
        raise SubmissionError(" ".join(message[1:]))
    _demand(isinstance(message, tuple) and len(message) == 10 and message[0] == "loaded")
    _, identifier, present, defined, notes, output, stand_ins, digest, stating, alone = message
    _demand(all(_are(part, str) for part in (present, defined, notes, stand_ins, stating)))
    _demand(isinstance(output, str) and isinstance(digest, str) and isinstance(alone, bool))
    course = next((course for course in COURSES if course.identifier == identifier), None)
    _demand(course is not None or identifier is None)
    _demand(not course or set(present) <= set(course.functions))
    return FileFacts(
        delivery=delivery,
        course=course.renamed(names) if course else None,
        present=frozenset(present),
        defined=defined,
        notes=notes,
        output=output,
        stand_ins=stand_ins,
        digest=digest,
        state_shapes=frozenset(stating),
        runs_alone=alone,
    )


def _demand(condition: bool) -> None:  # noqa: FBT001 - reads as the sentence that it is
    if not condition:
        raise FrameError("it is not a message of this kind")


def _are(values: Any, kind: type) -> bool:
    return isinstance(values, tuple) and all(isinstance(value, kind) for value in values)


def _indices(array: np.ndarray[Any, Any]) -> tuple[int, ...]:
    _demand(array.dtype == np.int64 and array.ndim == 1)
    return tuple(array.tolist())
