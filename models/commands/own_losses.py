"""``--loss mine.py:function``: a person's own function of one pair, as homework has it.

It is loaded and called as ``gradcheck verify`` loads and calls homework, so that every course's
signature will do, and a function that draws its negatives gets those of the training.
"""

from __future__ import annotations

import hashlib
import inspect
import zlib
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gradcheck import GradientReport, check
from gradcheck.homework.calling.calls import Call
from gradcheck.homework.calling.in_process import InProcessTarget
from gradcheck.homework.checks.comparison import as_array
from gradcheck.homework.courses import COURSES, Course, Interface, Role, detect
from gradcheck.homework.submission.loading import Submission, SubmissionError, load
from gradcheck.terminal.command import UsageError
from models.pairs import Batch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

__all__ = ["OwnLoss"]

_SUFFIXES = {".py", ".ipynb"}


# The words of a pair beside the center: the target and its negatives.
_Pair: TypeAlias = tuple[int, tuple[int, ...]]

# What the gradient is checked on before the training: |V| = 6, d = 4, negatives that repeat.
_SHAPE = 6, 4
_TRIALS: tuple[_Pair, ...] = ((0, (1, 2, 1)), (3, (5, 5, 0)), (5, (4, 1, 2)))


class OwnLoss:
    """A person's function that returns loss and gradient of one pair.

    Parameters
    ----------
    name : str
        ``FILE.py:FUNCTION`` (or a notebook), or ``MODULE:FUNCTION``.

    Attributes
    ----------
    name : str
    notes : tuple of str
        What a person should know of how the file was loaded.
    digest : str
        Of the file: what it imports is not looked at.

    Raises
    ------
    UsageError
        If there is no such file, or no such function in it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        where, _, function = name.rpartition(":")
        try:
            submission = load(_file(where, name))
        except SubmissionError as error:
            raise UsageError(f"--loss {name}: {error}") from None
        course, self._role = _course(submission, function)
        self._target = InProcessTarget(submission, course)
        if not self._target.has(self._role):
            raise UsageError(f"--loss {name}: {where} has no function {function}")
        self._function = submission.function(function)
        self.notes = submission.notes
        self.digest = hashlib.sha256(submission.location.read_bytes()).hexdigest()

    @property
    def negatives(self) -> int | None:
        """The function's default of K, the negatives that it asks for; None if it has none."""
        assert self._function is not None
        parameter = inspect.signature(self._function).parameters.get("K")
        default = parameter.default if parameter else None
        return default if isinstance(default, int) else None

    def check(self) -> GradientReport | None:
        """Check the gradient at random vectors; return the first report that does not agree."""
        rng = np.random.default_rng(0)
        for pair in _TRIALS:
            at = rng.standard_normal(_SHAPE[1]), rng.standard_normal(_SHAPE)

            # No `partial`: its name stands in the report.
            def own(center: Floats, outside: Floats, pair: _Pair = pair) -> tuple[object, ...]:
                return self.loss_and_gradient(center, outside, *pair)

            report = check(own, at=at)
            if not report:
                return report
        return None

    def loss_and_gradient(
        self, center: Floats, outside: Floats, target: int, negatives: tuple[int, ...]
    ) -> tuple[float, Floats, Floats]:
        """Call the function.

        Raises
        ------
        UsageError
            If it does not return a loss and two gradients.
        """
        inputs = {"center": center, "outside": outside, "target": target}
        if self._role == "negative-sampling":
            inputs["K"] = len(negatives)
        # Should it draw by itself, it draws the same for the same pair.
        seed = zlib.crc32(repr((target, negatives)).encode())
        outcome = self._target.call(Call(self._role, inputs, draws=negatives, seed=seed))
        if outcome.status != "returned":
            raise UsageError(f"--loss {self.name}: {outcome.message}")
        shapes = np.shape(center), np.shape(outside)
        answer = _as_loss_and_gradients(outcome.result, *shapes)
        if answer is None:
            raise UsageError(
                f"--loss {self.name}: expected it to return (loss, gradient of the center vector, "
                "gradient of the outside vectors): a number and arrays of the shapes "
                f"{shapes[0]} and {shapes[1]}; got {_described(outcome.result)}"
            )
        return answer

    def update(self, V: Floats, U: Floats, batch: Batch, rate: float) -> float:
        """Take a step for each pair of a batch, in place; return the sum of the losses."""
        loss = 0.0
        for (center,), target, drawn in zip(*(part.tolist() for part in batch), strict=True):
            negatives = tuple(word for word in drawn if word >= 0)
            value, grad_center, grad_outside = self.loss_and_gradient(
                V[center].astype(np.float64), U.astype(np.float64), target, negatives
            )
            V[center] -= rate * grad_center
            np.subtract(U, rate * grad_outside, out=U, casting="same_kind")
            loss += value
        return loss


def _file(where: str, name: str) -> Path:
    """Return the file of a file's or a module's name."""
    path = Path(where)
    if path.suffix in _SUFFIXES:
        return path
    try:
        found = find_spec(where)
    # A parent package that is missing; a name such as __main__, which has no spec.
    except (ImportError, ValueError):
        found = None
    if found is None or found.origin is None or Path(found.origin).suffix not in _SUFFIXES:
        raise UsageError(
            f"--loss {name}: expected negative-sampling, naive-softmax, FILE.py:FUNCTION or "
            f"MODULE:FUNCTION; there is no module {where!r}"
        )
    return Path(found.origin)


def _course(submission: Submission, function: str) -> tuple[Course, Role]:
    """Return a course that has the function in its homework, or one made for it."""
    detected = detect(vars(submission.module))
    for course in (*((detected,) if detected else ()), *COURSES):
        for role in ("naive-softmax", "negative-sampling"):
            if course.functions[role].name == function:
                return course, role
    # It is given negatives, whether or not it asks for them.
    model = detected or COURSES[0]
    pair = model.functions["negative-sampling"]
    functions = dict(model.functions)
    functions["negative-sampling"] = Interface(function, pair.parameters, pair.results)
    return replace(model, functions=functions), "negative-sampling"


def _as_loss_and_gradients(
    result: object, center_shape: tuple[int, ...], outside_shape: tuple[int, ...]
) -> tuple[float, Floats, Floats] | None:
    """Return a result as a loss and two gradients; None if it is something else."""
    if not isinstance(result, tuple | list) or len(result) != 3:
        return None
    loss, center, outside = (as_array(part) for part in result)
    if loss is None or center is None or outside is None or loss.size != 1:
        return None
    try:
        # A vector of shape (1, d), as some courses have it, is a vector.
        return float(loss.reshape(())), center.reshape(center_shape), outside.reshape(outside_shape)
    except ValueError:
        return None


def _described(result: object) -> str:
    if isinstance(result, tuple | list):
        parts = ", ".join(f"an array of shape {np.shape(part)}" for part in result)
        return f"({parts})" if parts else "nothing"
    return f"a value of type {type(result).__name__}"
