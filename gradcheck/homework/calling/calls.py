"""Calls into a submission, their outcomes, and the targets that take them.

A `Target` takes a `Call`, made of arrays, numbers and names alone, and returns an `Outcome`,
made of the same; so one that runs the file in a process of its own can stand beside the one
that runs it here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from gradcheck.homework.courses import Course, Role
from gradcheck.word2vec.loss_table import LOSSES

__all__ = ["LOSS_FACTORS", "AroundTarget", "Call", "Outcome", "Status", "Target"]

# The losses that a window function may be given, as multiples of naive softmax. No two are the
# same, so that its result shows which of them it called.
LOSS_FACTORS = {loss.name: float(number) for number, loss in enumerate(LOSSES, start=1)}

Status = Literal["returned", "unfinished", "crashed", "timeout"]


@dataclass(frozen=True)
class Call:
    """One call of one function.

    Attributes
    ----------
    role : Role
        The function.
    inputs : mapping of str to Any
        Quantity (see `courses`) to value: arrays, numbers, tuples of indices. For `sgd`,
        ``gradient`` is what f says its gradient is, wherever it is asked, and ``shift`` what
        the postprocessing adds after it has halved x.
    draws : tuple of int
        The indices that the dataset hands out.
    replace_sampler : bool
        Whether the file's sampler gives way to one that returns `draws`.
    passed_loss : Role
        The loss function that a window function is given.
    own_losses : bool
        Whether that is the file's own, and not a double of it.
    seed : int
        The state of `random` and `np.random` before the call.
    """

    role: Role
    inputs: Mapping[str, Any]
    draws: tuple[int, ...] = ()
    replace_sampler: bool = True
    passed_loss: Role = "naive-softmax"
    own_losses: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Outcome:
    """The outcome of a call.

    Attributes
    ----------
    status : {"returned", "unfinished", "crashed", "timeout"}
        The way that it ended.
    result : Any
        A copy of the returned value.
    message : str
        Why it did not return.
    overwritten : tuple of str
        The course's names of the arrays, lists and dictionaries that it changed.
    drawn : tuple of int
        The indices that the dataset handed out.
    sampled : tuple of tuple of int
        The samples of each call of the replaced sampler.
    losses_called : tuple of Role
        The loss functions that a window function called.
    center_shapes : tuple of tuple of int
        The shapes of the center vectors that it handed to them.
    dataset_passed : bool
        Whether it handed each of them the dataset that it was given.
    points : tuple of ndarray
        Where `sgd` evaluated f.
    postprocessed : int
        The number of times that `sgd` applied the postprocessing.
    earlier_overwritten : bool
        Whether it changed the value that the call before it had returned.
    """

    status: Status
    result: Any = None
    message: str = ""
    overwritten: tuple[str, ...] = ()
    drawn: tuple[int, ...] = ()
    sampled: tuple[tuple[int, ...], ...] = ()
    losses_called: tuple[Role, ...] = ()
    center_shapes: tuple[tuple[int, ...], ...] = ()
    dataset_passed: bool = True
    points: tuple[Any, ...] = ()
    postprocessed: int = 0
    earlier_overwritten: bool = False


class Target(Protocol):
    """A submission that can be called."""

    @property
    def course(self) -> Course:
        """The names and arguments of its functions."""

    def has(self, role: Role) -> bool:
        """Say whether the file has this function."""

    def states_shapes(self, role: Role) -> bool:
        """Say whether the function's docstring has a word on shapes, as handouts from 2020 do."""

    def call(self, call: Call) -> Outcome:
        """Call a function; whatever the function does, an `Outcome` comes back.

        Raises
        ------
        SubmissionError
            If the file has ended its process, if it has one.
        """

    def call_all(self, calls: Sequence[Call]) -> list[Outcome]:
        """Call functions one after the other, up to the first that does not return.

        Raises
        ------
        SubmissionError
            As `call` does.
        """

    def fresh(self) -> Target:
        """Return the same file loaded anew, without any state that calls left behind.

        Raises
        ------
        SubmissionError
            If it cannot be loaded again.
        """

    def close(self) -> None:
        """End the file's own processes."""


class AroundTarget:
    """What two targets around another one have in common: they know its file as it does.

    Parameters
    ----------
    target : Target
        The submission.
    """

    def __init__(self, target: Target) -> None:
        self._target = target

    @property
    def course(self) -> Course:
        """The names and arguments of its functions."""
        return self._target.course

    def has(self, role: Role) -> bool:
        """Say whether the file has this function."""
        return self._target.has(role)

    def states_shapes(self, role: Role) -> bool:
        """Say whether the function's docstring has a word on shapes."""
        return self._target.states_shapes(role)
