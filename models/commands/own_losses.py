"""``--loss mine.py:function``: a person's own function of one pair, as homework has it.

It may be a class as well, whose ``forward`` takes what the function takes and returns the loss, and
whose ``backward`` returns the two gradients of that.

It is loaded and called as ``gradcheck verify`` loads and calls homework, so that every course's
signature will do, and a function that draws its negatives gets those of the training. That takes
ten times as long as a quick function does. So where it trains, its folder, modules and doubles are
put in place once for a batch, and a pair costs about twice the call; whatever goes wrong there
is done again with all care, which finds the words for it.
"""

from __future__ import annotations

import hashlib
import inspect
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, wraps
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck import GradientReport, check
from gradcheck.homework.calling.calls import Call
from gradcheck.homework.calling.doubles import globals_replaced
from gradcheck.homework.calling.in_process import InProcessTarget
from gradcheck.homework.checks.comparison import Finding, as_array
from gradcheck.homework.checks.gradients import center_gradient, loss_value, outside_gradient
from gradcheck.homework.checks.mistakes.naming import explain
from gradcheck.homework.checks.trials import PairTrial
from gradcheck.homework.courses import COURSES, Course, Interface, Role, detect, parameter_names
from gradcheck.homework.submission.loading import Submission, SubmissionError, load
from gradcheck.terminal.command import UsageError
from gradcheck.word2vec.cases import Case
from models.commands.followers import Dataset, Descent, Follower, Pair, Sampler, Total, pairs_of
from models.loss_table import LOSSES
from models.pairs import Batch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

__all__ = ["OwnLoss"]

_SUFFIXES = {".py", ".ipynb"}


_BATCH_SECONDS = 60.0

_SINGLE_PRECISION = 1e-3

# What the gradient is checked on before the training: |V| = 6, d = 4, negatives that repeat.
_SHAPE = 6, 4
_TRIALS: tuple[tuple[int, tuple[int, ...]], ...] = ((0, (1, 2, 1)), (3, (5, 5, 0)), (5, (4, 1, 2)))


class OwnLoss:
    """A person's function that returns loss and gradient of one pair.

    Parameters
    ----------
    name : str
        ``FILE.py:FUNCTION`` (or a notebook), or ``MODULE:FUNCTION``; for a function, a class with
        ``forward`` and ``backward`` will do.

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
        submission = _with_layer(submission, function, name)
        course, self._role = _course(submission, function)
        self._submission = submission
        self._target = InProcessTarget(submission, course)
        # Its time is for a batch.
        self._patient_target = InProcessTarget(submission, course, seconds=_BATCH_SECONDS)
        own = submission.function(function)
        if own is None or not self._target.has(self._role):
            raise UsageError(f"--loss {name}: {where} has no function {function}")
        self._function = own
        self._positional, self._keywords = _arguments(own, course, self._role)
        # Of U in double precision, and of a step; kept, as fresh memory costs more.
        self._room = np.empty((2, 0, 0))
        self.notes = submission.notes
        self.digest = hashlib.sha256(submission.location.read_bytes()).hexdigest()

    @cached_property
    def _own_sampler(self) -> tuple[Callable[..., Any] | None, Any]:
        """The file's own sampler, for its signature, and what it returns, for its type."""
        names = map(self._submission.function, self._target.course.samplers)
        own = next(filter(None, names), None)
        if not self._target.has("sampler"):
            return own, []
        inputs = {"target": 0, "K": 2, "words": 4}
        return own, self._target.call(Call("sampler", inputs, draws=(1, 2))).result

    @property
    def negatives(self) -> int | None:
        """The function's default of K, the negatives that it asks for; None if it has none."""
        parameter = inspect.signature(self._function).parameters.get("K")
        default = parameter.default if parameter else None
        return default if isinstance(default, int) else None

    def check(self) -> GradientReport | None:
        """Check the gradient at random vectors; return the first report that does not agree."""
        rng = np.random.default_rng(0)
        for pair in _TRIALS:
            at = rng.standard_normal(_SHAPE[1]), rng.standard_normal(_SHAPE)

            # No `partial`: its name stands in the report.
            def own(center: Floats, outside: Floats, pair: Any = pair) -> tuple[object, ...]:
                return self.as_given(*self.loss_and_gradient(center, outside, *pair))

            report = check(own, at=at, precision=self.precision)
            # In single precision some directions are too noisy to decide, at any vectors.
            if not report and not (self.precision and report.verdict == "undecided"):
                return report
        return None

    def as_given(self, loss: float, *gradients: Floats) -> tuple[object, ...]:
        """Return loss and gradients in the function's own precision, which a check has to know."""
        if self.precision is None:
            return loss, *gradients
        return np.float32(loss), *(gradient.astype(np.float32) for gradient in gradients)

    @cached_property
    def precision(self) -> float | None:
        """The part of the gradient to which it is checked; None is as `gradcheck.check` has it.

        A function in single precision has 7 digits, of which differences leave half.
        """
        at = np.full(_SHAPE[1], 0.5), np.full(_SHAPE, 0.5)
        call = self._call_of(*at, *_TRIALS[0])
        parts = self._target.call(call).result
        single = isinstance(parts, tuple | list) and any(
            getattr(part, "dtype", None) == np.float32 for part in parts
        )
        return _SINGLE_PRECISION if single else None

    def loss_and_gradient(
        self, center: Floats, outside: Floats, target: int, negatives: tuple[int, ...]
    ) -> tuple[float, Floats, Floats]:
        """Call the function.

        Raises
        ------
        UsageError
            If it does not return a loss and two gradients.
        """
        outcome = self._target.call(self._call_of(center, outside, target, negatives))
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

    def _call_of(
        self, center: Floats, outside: Floats, target: int, negatives: tuple[int, ...]
    ) -> Call:
        inputs = {"center": center, "outside": outside, "target": target}
        if self._role == "negative-sampling":
            inputs["K"] = len(negatives)
        # Should it draw by itself, it draws the same for the same pair.
        seed = zlib.crc32(repr((target, negatives)).encode())
        return Call(self._role, inputs, draws=negatives, seed=seed)

    def update(self, V: Floats, U: Floats, batch: Batch, rate: float) -> float:
        """Take a step for each pair of a batch, in place; return the sum of the losses."""
        # In double precision, in which the function is called, to the end of the batch.
        if self._room.shape[1:] != U.shape:
            self._room = np.empty((2, *U.shape))
        outside, product = self._room
        outside[:], centers = U, V.astype(np.float64)
        descent = Descent(centers, outside, rate, product)
        self._follow(batch, descent)
        V[:], U[:] = centers, outside
        return descent.loss

    def step_together(self, V: Floats, U: Floats, batch: Batch, rate: float) -> float:
        """Take one step against the sum of the gradients of a batch; return the sum of the losses.

        All of them are taken at the same vectors, where `update` moves these after each pair.
        """
        loss, by_center, by_outside = self.total(V, U, batch)
        for matrix, gradient in ((V, by_center), (U, by_outside)):
            np.subtract(matrix, rate * gradient, out=matrix)
        return loss

    def total(self, V: Floats, U: Floats, batch: Batch) -> tuple[float, Floats, Floats]:
        """Return the sum of the losses of a batch, and its gradients by V and U; nothing moves."""
        total = Total(V, U.astype(np.float64))
        self._follow(batch, total)
        return total.loss, total.by_center, total.by_outside

    def mistake(
        self, center: Floats, outside: Floats, target: int, negatives: tuple[int, ...]
    ) -> str:
        """Return the mistake in the gradient of a pair, as the tables of homework name it.

        Parameters
        ----------
        center : ndarray of float64, shape (d,)
        outside : ndarray of float64, shape (|V|, d)
        target : int
        negatives : tuple of int

        Returns
        -------
        str
            A sentence; empty where the loss is none that the tables know, or no mistake fits.
        """
        case = Case(center.astype(np.float64), outside.astype(np.float64), target, negatives)
        for role in dict.fromkeys((self._role, *self._target.course.losses)):
            trial = PairTrial(self._as(role), role, case)
            if trial.outcome.status != "returned" or loss_value(trial) is not None:
                continue
            for judge in (center_gradient, outside_gradient):
                finding = judge(trial)
                if isinstance(finding, Finding) and (named := explain(finding, trial, ())).mistake:
                    return named.message
        return ""

    def _as(self, role: Role) -> InProcessTarget:
        """Return the function as that of a role."""
        course = self._target.course
        interface = course.functions[self._role]
        functions = {**course.functions, role: replace(course.functions[role], name=interface.name)}
        return InProcessTarget(self._submission, replace(course, functions=functions))

    def _follow(self, batch: Batch, follower: Follower) -> None:
        """Hand each pair's loss and gradients to a follower, pair by pair."""
        pairs = pairs_of(batch)
        while (failed := self._follow_quickly(pairs, follower)) is not None:
            # With all care, which may help: it is given copies of the arrays, say.
            at = follower.center(failed), follower.outside
            follower.take(failed, *self.loss_and_gradient(*at, *failed[1:]))

    def _follow_quickly(self, pairs: Iterator[Pair], follower: Follower) -> Pair | None:
        """Follow the pairs to the last, or to the first whose call fails, and return that."""
        course, outside = self._target.course, follower.outside.view()
        # What is handed out is not the function's to change.
        outside.flags.writeable = False
        dataset = Dataset((), len(outside), course)
        sampler = Sampler(course, (), *self._own_sampler)
        doubles = {**dict.fromkeys(course.samplers, sampler), course.dataset: dataset}
        given: dict[str, Any] = {"outside": outside, "dataset": dataset}
        arguments = [given.get(name) for name in self._positional]
        # What is done here is done for every pair, and a quick function takes a few microseconds.
        function, shape = self._function, outside.shape
        center_of, take = follower.center, follower.take
        of_center, of_target = map(self._positional.index, ("center", "target"))
        of_count = self._positional.index("K") if "K" in self._positional else None
        started: Pair | None = None

        def follow() -> None:
            nonlocal started
            for started in pairs:
                _, target, negatives = started
                dataset.restart(negatives)
                sampler.restart(negatives)
                arguments[of_center] = center = center_of(started)
                arguments[of_target] = target
                if of_count is not None:
                    arguments[of_count] = len(negatives)
                keywords = {name: len(negatives) for name in self._keywords}
                loss, by_center, by_outside = function(*arguments, **keywords)
                # An answer that is not just what it should be is taken with care.
                if by_center.shape != center.shape or by_outside.shape != shape:
                    raise ValueError
                take(
                    started,
                    loss.item() if isinstance(loss, np.ndarray) else float(loss),
                    by_center,
                    by_outside,
                )
                # Their memory, still in the processor's, is that of the next pair's.
                del loss, by_center, by_outside
            started = None

        with (
            self._patient_target.surroundings(),
            globals_replaced(self._function, doubles, course.dataset),
        ):
            # Should it draw by itself, it draws the same whenever the training comes by here.
            random.seed(0)
            np.random.seed(0)  # noqa: NPY002 - the generator that homework draws from
            try:
                self._patient_target.limited(follow)
            except KeyboardInterrupt:
                raise
            except BaseException:  # noqa: BLE001 - called again with care, it tells what it was
                return started
        return None


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
            f"--loss {name}: expected {', '.join(loss.name for loss in LOSSES)}, FILE.py:FUNCTION "
            f"or MODULE:FUNCTION; there is no module {where!r}"
        )
    return Path(found.origin)


def _with_layer(submission: Submission, function: str, name: str) -> Submission:
    """Return a submission in which a class with `forward` and `backward` is a function."""
    layer_class = vars(submission.module).get(function)
    if not (isinstance(layer_class, type) and hasattr(layer_class, "backward")):
        return submission
    try:
        with InProcessTarget(submission, COURSES[0]).surroundings():
            layer = layer_class()
    except Exception as error:  # noqa: BLE001 - it runs somebody's code, which may raise anything
        raise UsageError(
            f"--loss {name}: {function} has forward and backward, so it is made without arguments: "
            f"{function}() fails: {type(error).__name__}: {error}"
        ) from None
    # Some take the derivative by their own result, of a loss 1.
    required = [
        parameter
        for parameter in inspect.signature(layer.backward).parameters.values()
        if parameter.default is parameter.empty
    ]
    upstream = (1.0,) * len(required)

    @wraps(layer.forward)
    def loss_and_gradient(*arguments: Any, **keywords: Any) -> tuple[Any, ...]:
        loss = layer.forward(*arguments, **keywords)
        return loss, *layer.backward(*upstream)

    return replace(submission, named={**submission.named, function: loss_and_gradient})


def _course(submission: Submission, function: str) -> tuple[Course, Role]:
    """Return a course that has the function in its homework, or one made for it."""
    detected = detect(vars(submission.module))
    for course in (*((detected,) if detected else ()), *COURSES):
        for role, interface in course.losses.items():
            if interface.name == function:
                return course, role
    # It is given negatives, whether or not it asks for them.
    models = (detected, *COURSES) if detected else COURSES
    model = next(course for course in models if "negative-sampling" in course.functions)
    pair = model.functions["negative-sampling"]
    functions = dict(model.functions)
    functions["negative-sampling"] = Interface(function, pair.parameters, pair.results)
    return replace(model, functions=functions), "negative-sampling"


def _arguments(
    function: Callable[..., Any], course: Course, role: Role
) -> tuple[list[str], list[str]]:
    """Return the quantities that are passed by position, and the names of those passed by name.

    As `DirectTarget` finds them; where they differ, the call fails, and is made by that.
    """
    interface = course.functions[role]
    names = parameter_names(function) or ()
    positional = list(interface.parameters)
    if len(positional) > len(names) and "dataset" in positional:
        positional.remove("dataset")
    if role != "negative-sampling" or "K" in positional:
        return positional, []
    if course.count in names:
        return positional, [course.count]
    return positional + ["K"] * (len(names) > len(positional)), []


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
