"""A submission's functions, called where its surroundings are in place.

That is so in a process of the file's own, and in a notebook; `in_process` sets them up elsewhere.
"""

from __future__ import annotations

import inspect
import io
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np

from gradcheck.homework.calling.calls import LOSS_FACTORS, Call, Outcome, Status, Target
from gradcheck.homework.calling.classes import use
from gradcheck.homework.calling.doubles import LossDouble, ScriptedSampler, globals_replaced
from gradcheck.homework.calling.scripted_dataset import ScriptedDataset, TooManyDraws, word
from gradcheck.homework.calling.snapshots import copied, is_nothing, same_bytes
from gradcheck.homework.courses import CLASSES, Course, Interface, Role, parameter_names
from gradcheck.homework.submission.course_modules import is_stand_in
from gradcheck.homework.submission.failures import (
    SubmissionError,
    locate_error,
    summarize_error,
)
from gradcheck.homework.submission.loading import Submission
from gradcheck.homework.submission.missing_modules import Anything
from gradcheck.homework.submission.time_limit import TimeLimitExceeded

__all__ = ["DirectTarget"]

_LONGEST_ANSWER = 1000


@dataclass
class _Record:
    """The notes that doubles take while the file calls them."""

    losses_called: list[Role] = field(default_factory=list)
    center_shapes: list[tuple[int, ...]] = field(default_factory=list)
    datasets: list[Any] = field(default_factory=list)
    points: list[Any] = field(default_factory=list)
    postprocessed: int = 0

    def note_loss(
        self, name: Role, interface: Interface, shape: tuple[int, ...], dataset: Any
    ) -> None:
        self.losses_called.append(name)
        self.center_shapes.append(shape)
        if "dataset" in interface.parameters:
            self.datasets.append(dataset)


class DirectTarget:
    """A submission, called where its surroundings are in place.

    Parameters
    ----------
    submission : Submission
        The loaded file.
    course : Course
        The names and arguments of its functions.
    """

    def __init__(self, submission: Submission, course: Course) -> None:
        self.course = course
        self._submission = submission
        self._names: dict[int, tuple[str, ...] | None] = {}
        # For each function what it returned last, as it was returned and as it was then.
        self._last: dict[Role, tuple[Any, Any]] = {}

    def surroundings(self) -> AbstractContextManager[None]:
        """Return the contexts around a call and around all work of the doubles."""
        return np.errstate(all="ignore")

    def limited(self, function: Callable[[], Any]) -> Any:
        """Call a function of the file, for as long as it may take."""
        return function()

    def has(self, role: Role) -> bool:
        """Say whether the file has this function, and has it from the student."""
        interface = self.course.functions.get(role)
        function = self._submission.function(interface.name) if interface else None
        return not (function is None or is_stand_in(function) or isinstance(function, Anything))

    def states_shapes(self, role: Role) -> bool:
        """Say whether the function's docstring has a word on shapes."""
        text = getattr(self._submission.function(self.course.functions[role].name), "__doc__", "")
        return isinstance(text, str) and "shape" in text.lower()

    def fresh(self) -> Target:
        """Say that there is only this one: whoever can load the file again has another target."""
        raise SubmissionError(f"{self._submission.path}: cannot be loaded again")

    def close(self) -> None:
        """Do nothing: whatever the file leaves behind, this process has."""

    def call(self, call: Call) -> Outcome:
        """Call a function of the file."""
        interface = self.course.functions[call.role]
        function = self._submission.function(interface.name)
        assert function is not None
        record = _Record()
        given = _in_words(call)
        # Copies: compared with `given`, they show whether the file overwrote them.
        inputs = {
            name: value.copy() if isinstance(value, np.ndarray | list | dict) else value
            for name, value in given.items()
        }
        dataset = ScriptedDataset(call.draws, _vocabulary(inputs), self.course)
        sampler = self._sampler(call)
        replacements = self._replacements(call, dataset, sampler, record)
        arguments, keywords = self._arguments(call, inputs, dataset, replacements, record)
        random.seed(call.seed)
        np.random.seed(call.seed)  # noqa: NPY002 - the generator that homework draws from
        status: Status = "returned"
        result, message = None, ""
        with self.surroundings(), globals_replaced(function, replacements, self.course.dataset):
            try:
                if call.role == "gradient-check":
                    result = _said(partial(self.limited, lambda: function(*arguments)))
                    record.points.append(inputs["x"].copy())
                elif call.role in CLASSES:
                    result = self.limited(lambda: use(function, inputs, sampler.returned))
                else:
                    result = self.limited(lambda: function(*arguments, **keywords))
            except KeyboardInterrupt:  # pressed by the person who waits
                raise
            except BaseException as error:  # noqa: BLE001 - SystemExit included
                status, message = self._explain(error, interface)
        if status == "crashed" and call.role == "sgd" and not record.points:
            # The template goes on to print a loss that nobody has computed.
            status, message = "unfinished", "not implemented yet: it never calls f"
        # Asked before this call's answer takes the place of the last one's.
        spoiled = call.role in self._last and not same_bytes(*self._last[call.role])
        kept = copied(result)
        self._last[call.role] = result, kept
        if status == "returned" and is_nothing(result):
            status = "unfinished"
            message = "not implemented yet: it returns None"
        return Outcome(
            status=status,
            result=kept,
            message=message,
            overwritten=_overwritten(interface, given, inputs),
            drawn=tuple(dataset.drawn),
            sampled=tuple(sampler.returned),
            losses_called=tuple(record.losses_called),
            center_shapes=tuple(record.center_shapes),
            dataset_passed=all(passed is dataset for passed in record.datasets),
            points=tuple(record.points),
            postprocessed=record.postprocessed,
            earlier_overwritten=spoiled,
        )

    def call_all(self, calls: Sequence[Call]) -> list[Outcome]:
        """Call functions one after the other, up to the first that does not return."""
        outcomes: list[Outcome] = []
        for call in calls:
            outcomes.append(self.call(call))
            if outcomes[-1].status != "returned":
                break
        return outcomes

    def _sampler(self, call: Call) -> ScriptedSampler:
        if call.role != "negative-sampling":
            return ScriptedSampler(self.course, call.draws)
        own = [self._submission.function(name) for name in self.course.samplers]
        return ScriptedSampler(
            self.course, call.draws, next(filter(None, own), None), self._samples
        )

    @cached_property
    def _samples(self) -> Any:
        """Samples from the file's own sampler, for their type."""
        if not self.has("sampler"):
            return []
        inputs = {"target": 0, "K": 2, "words": 4}
        return self.call(Call("sampler", inputs, draws=(1, 2))).result

    def _parameter_names(self, function: Callable[..., Any]) -> tuple[str, ...] | None:
        key = id(function)  # lives as long as the submission
        if key not in self._names:
            self._names[key] = parameter_names(function)
        return self._names[key]

    def _explain(self, error: BaseException, interface: Interface) -> tuple[Status, str]:
        if isinstance(error, TimeLimitExceeded):
            return "timeout", f"still running after {error.seconds:g} s, so it was stopped"
        if isinstance(error, TooManyDraws):
            return "timeout", (
                f"stopped after drawing {ScriptedDataset.limit} samples; a loop that waits for "
                "a word other than all it has never ends in a small vocabulary"
            )
        if isinstance(error, NotImplementedError):
            return "unfinished", "not implemented yet: it raises NotImplementedError"
        # From 2019 on, templates end by returning names that the student is to set.
        name = getattr(error, "name", None)
        if isinstance(error, NameError) and name in interface.results:
            return "unfinished", f"not implemented yet: `{name}` is never set"
        where = locate_error(error, self._submission.location.parent)
        what = "calls sys.exit" if isinstance(error, SystemExit) else summarize_error(error)
        return "crashed", f"crashed: {what}" + (f" ({where})" if where else "")

    def _replacements(
        self, call: Call, dataset: ScriptedDataset, sampler: ScriptedSampler, record: _Record
    ) -> dict[str, Any]:
        """Globals of the file that give way during the call."""
        replacements: dict[str, Any] = {}
        if call.role == "negative-sampling" and call.replace_sampler:
            replacements |= dict.fromkeys(self.course.samplers, sampler)
        if call.role in {"skip-gram", "cbow"} and not call.own_losses:
            for role, interface in self.course.losses.items():
                own = self._submission.function(interface.name)
                replacements[interface.name] = LossDouble(
                    self.course,
                    interface,
                    own,
                    factor=LOSS_FACTORS[role],
                    called=partial(record.note_loss, role, interface),
                )
        replacements[self.course.dataset] = dataset  # a global in some courses
        return replacements

    def _arguments(
        self,
        call: Call,
        inputs: dict[str, Any],
        dataset: ScriptedDataset,
        replacements: Mapping[str, Any],
        record: _Record,
    ) -> tuple[list[Any], dict[str, Any]]:
        interface = self.course.functions[call.role]
        values = dict(inputs, dataset=dataset)
        if call.role in {"skip-gram", "cbow"}:
            passed = self.course.functions[call.passed_loss].name
            own = self._submission.function(passed)
            values["loss_function"] = own if call.own_losses else replacements[passed]
        if call.role == "sgd":
            values |= _objective(inputs, record)
        if call.role == "gradient-check":
            values["f"] = _quadratic(inputs)
        function = self._submission.function(interface.name)
        assert function is not None
        names = self._parameter_names(function)
        arguments = [values[quantity] for quantity in _passed(interface, names)]
        if "K" in interface.parameters or "K" not in values:
            return arguments, {}
        # By the course's name where the file has it, by position otherwise.
        count = self.course.count
        if names is None or count in names or _takes_keyword(function, count):
            return arguments, {count: values["K"]}
        if len(names) > len(arguments):
            arguments.append(values["K"])
        return arguments, {}


def _in_words(call: Call) -> dict[str, Any]:
    """Return the inputs as the course has them: in a window, words in place of indices."""
    inputs = dict(call.inputs)
    if call.role in {"skip-gram", "cbow"}:
        vocabulary = range(len(inputs["center_vectors"]))
        inputs["word_indices"] = {word(index): index for index in vocabulary}
        inputs["center_word"] = word(inputs["center_word"])
        inputs["context_words"] = [word(index) for index in inputs["context_words"]]
    return inputs


def _takes_keyword(function: Callable[..., Any], name: str) -> bool:
    """Say whether an argument can be given by this name though no positional one has it."""
    parameters = inspect.signature(function).parameters
    kinds = {parameter.kind for parameter in parameters.values()}
    return name in parameters or inspect.Parameter.VAR_KEYWORD in kinds


def _passed(interface: Interface, names: tuple[str, ...] | None) -> list[str]:
    """Return the quantities to pass: a file may leave out those that it has no use for."""
    quantities = list(interface.parameters)
    for quantity in ("window_size", "dataset"):
        if names is None or len(quantities) <= len(names) or quantity not in quantities:
            continue
        if interface.parameters[quantity] not in names:
            quantities.remove(quantity)
    return quantities


def _objective(inputs: Mapping[str, Any], record: _Record) -> dict[str, Any]:
    """Make an f with the same gradient everywhere, and a postprocessing.

    It halves x and adds a shift, so that it matters whether it comes before or after a step.
    """
    gradient, shift = inputs["gradient"], inputs["shift"]

    def f(x: Any) -> tuple[float, Any]:
        record.points.append(np.array(x, dtype=np.float64))
        return float(np.sum(gradient * x)), np.array(gradient)

    def postprocess(x: Any) -> Any:
        record.postprocessed += 1
        return 0.5 * x + shift

    return {"f": f, "postprocessing": postprocess if np.any(shift) else None}


def _quadratic(inputs: Mapping[str, Any]) -> Callable[[Any], tuple[Any, Any]]:
    """Make an f with a gradient that is right, or wrong by an offset."""
    curvature, offset, draws = (inputs[name] for name in ("curvature", "offset", "draws"))

    def f(x: Any) -> tuple[Any, Any]:
        drawn = random.random() if draws else 0.0  # noqa: S311 - as homework draws
        return drawn + np.sum(curvature * x**2), 2.0 * curvature * x + offset

    return f


def _said(function: Callable[[], Any]) -> str:
    """Return what a gradient check says of a gradient: as text, as an error or as a value."""
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            value = function()
    except AssertionError as error:
        return f"failed: {error}"
    answer = {True: "passed", False: "failed"}.get(value) if isinstance(value, bool) else None
    return answer or printed.getvalue()[:_LONGEST_ANSWER] or str(value)


def _vocabulary(inputs: Mapping[str, Any]) -> int:
    for name in ("outside", "outside_vectors"):
        if name in inputs:
            return len(inputs[name])
    return int(inputs.get("words", 1))


def _overwritten(
    interface: Interface, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[str, ...]:
    return tuple(
        interface.parameters.get(name, name)
        for name, value in before.items()
        if (isinstance(value, np.ndarray) and not np.array_equal(value, after[name]))
        or (isinstance(value, list | dict) and value != after[name])
    )
