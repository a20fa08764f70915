"""Losses that take the center vector as a row of shape (1, d), as their file's skipgram has it.

Handouts up to 2019 leave its shape open: what counts is that a file's functions fit each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck.homework.calling.calls import AroundTarget, Call, Outcome, Target
from gradcheck.homework.courses import Role

__all__ = ["RowTarget", "hands_over_rows"]

_WINDOWS: tuple[Role, ...] = ("skip-gram", "cbow")


def hands_over_rows(target: Target) -> str:
    """Return the name of the file's function that hands rows to its losses; nothing if none does.

    Raises
    ------
    SubmissionError
        If the file ends its process meanwhile.
    """
    vectors = np.random.default_rng(0).standard_normal((2, 3, 2))
    inputs: dict[str, Any] = {
        "center_word": 0,
        "window_size": 1,
        "context_words": (1, 2),
        "center_vectors": vectors[0],
        "outside_vectors": vectors[1],
    }
    for role in _WINDOWS:
        if not target.has(role):
            continue
        shapes = set(target.call(Call(role, inputs, draws=(0,))).center_shapes)
        if shapes == {(1, 2)}:
            return target.course.functions[role].name
    return ""


class RowTarget(AroundTarget):
    """A target whose losses get rows; the gradient of a row is taken for that of the vector.

    Parameters
    ----------
    target : Target
        The submission.
    roles : frozenset of Role
        Those of its losses.
    """

    def __init__(self, target: Target, roles: frozenset[Role]) -> None:
        super().__init__(target)
        self._roles = roles

    def call(self, call: Call) -> Outcome:
        """Call a function."""
        return self._in_vectors(call, self._target.call(self._in_rows(call)))

    def call_all(self, calls: Sequence[Call]) -> list[Outcome]:
        """Call functions one after the other, up to the first that does not return."""
        outcomes = self._target.call_all(list(map(self._in_rows, calls)))
        return list(map(self._in_vectors, calls, outcomes))

    def _in_rows(self, call: Call) -> Call:
        if call.role not in self._roles:
            return call
        row = np.asarray(call.inputs["center"])[np.newaxis]
        return replace(call, inputs={**call.inputs, "center": row})

    def _in_vectors(self, call: Call, outcome: Outcome) -> Outcome:
        result = outcome.result
        is_three = isinstance(result, tuple | list) and len(result) == 3
        if call.role not in self._roles or not is_three:
            return outcome
        loss, center, outside = result
        if isinstance(center, np.ndarray) and center.shape == (1, len(call.inputs["center"])):
            center = center[0]
        return replace(outcome, result=(loss, center, outside))

    def fresh(self) -> Target:
        """Return the same file loaded anew."""
        return RowTarget(self._target.fresh(), self._roles)

    def close(self) -> None:
        """End the file's own processes."""
        self._target.close()
