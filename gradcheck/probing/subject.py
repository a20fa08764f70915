"""A loss and the gradient claimed for it, as functions of one flat vector, watched at work."""

from __future__ import annotations

import copy
import inspect
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck.arrays.frameworks import differentiator, framework
from gradcheck.arrays.long_vectors import FloatArray, blocks
from gradcheck.arrays.parameters import Parameters, leaves
from gradcheck.arrays.trees import is_moved, is_positional
from gradcheck.numerical.scalars import as_scalar, epsilon

__all__ = ["OutOfEvaluations", "Subject", "same"]

SAME = {float(np.finfo(np.float64).eps): 1e-12, float(np.finfo(np.float32).eps): 1e-5}
"""Two answers to one question may differ by this, relatively: threads add in any order."""


WATCHED = 1024
"""About so many entries of an argument are looked at after a call: a function that overwrites its
argument changes more than one of them, and does so at the point itself, where all are looked at."""

KEPT = 1
"""Buffers that are kept beside the newest: a function that keeps them all would keep many."""


def _references(buffers: list[FloatArray]) -> list[int]:
    """Count the references to each of a list's buffers: by the list, by this, and by others."""
    return [sys.getrefcount(buffer) for buffer in buffers]


FREE = _references([np.empty(1)])[0]
"""References to a buffer that nobody else uses: the interpreter's version decides how many."""


class OutOfEvaluations(BaseException):
    """The loss has been evaluated as often as it may be.

    Not an `Exception`: any of those is taken for a point outside of the loss's domain.
    """


@dataclass
class _Budget:
    """Evaluations of the loss, of one subject and of all that were made from it."""

    limit: int | None
    spent: int = 0
    show: Callable[[int, int | None], None] | None = None

    def spend(self) -> None:
        if self.limit is not None and self.spent >= self.limit:
            raise OutOfEvaluations
        self.spent += 1
        if self.show:
            self.show(self.spent, self.limit)


class Subject:
    """The loss, the claimed gradient and the point of a check.

    Nothing that a function does to its arguments reaches the caller's, or the next call.

    Parameters
    ----------
    loss
        Returns the loss; together with its gradient where `gradient` is None.
    gradient
        Returns the gradient, or None.
    at
        The point; the elements of a tuple are positional arguments.
    limit
        The most evaluations of the loss; None: as many as it takes.
    args
        Further positional arguments of both functions.

    Attributes
    ----------
    parameters
        The point as a flat vector.
    overwritten
        The names of the arguments that a function changed.
    loss_epsilon, gradient_epsilon
        The spacing at 1 of the coarsest floats that held the answers.
    """

    def __init__(
        self,
        loss: Callable[..., Any],
        gradient: Callable[..., Any] | None,
        at: Any,
        limit: int | None = None,
        args: tuple[Any, ...] = (),
    ) -> None:
        self._loss = loss
        self._gradient = gradient
        self._at = at
        self._args = args
        self.parameters = Parameters(at, names=_argument_names(loss, at))
        self._most = limit
        self._budget = _Budget(limit)
        self.overwritten: list[str] = []
        self._buffers: list[FloatArray] = []
        self.loss_epsilon = self.gradient_epsilon = epsilon(None)

    def promoted(self) -> Subject:
        """Return the same functions, to be called with double-precision copies of the point."""
        return self._elsewhere(self.parameters.promoted())

    def moved(self, change: FloatArray) -> Subject:
        """Return the same functions, and the point at a distance (n,)."""
        return self._elsewhere(self.parameters.moved(change))

    def with_smaller_zeros(self, part: float) -> Subject:
        """Return the same functions at the same point, and smaller sizes of entries of 0."""
        other = copy.copy(self)
        other.parameters = self.parameters.with_smaller_zeros(part)
        return other

    def _elsewhere(self, parameters: Parameters) -> Subject:
        # A shallow copy shares the budget, the names of what was overwritten, and the buffers.
        other = copy.copy(self)
        other.parameters = parameters
        other.loss_epsilon = other.gradient_epsilon = epsilon(None)
        return other

    def value_and_gradient(
        self, vector: FloatArray | None = None, out: FloatArray | None = None
    ) -> tuple[float, FloatArray]:
        """Return the loss and the claimed gradient (n,), at the point or at another one (n,).

        The gradient is written to `out` (n,) where that is given.
        """
        if vector is None:
            vector = self.parameters.vector
        if self._gradient is None:
            self._budget.spend()
            answer = self._call(self._loss, vector)
            self._gradient = self._derivative_of(answer)
            if self._gradient is None:
                loss, gradient = self._pair(answer)
                return self._scalar(loss), self._flat(gradient, out)
            value = self._scalar(answer)
        else:
            value = self.loss(vector)
        return value, self._flat(self._call(self._gradient, vector), out)

    def loss(self, vector: FloatArray) -> float:
        """Return the loss at a point (n,)."""
        self._budget.spend()
        return self._loss_of(self._call(self._loss, vector))

    def along(self, direction: FloatArray) -> Callable[[float], float]:
        """Return the loss along a line through the point, as a function of t."""
        origin = self.parameters.vector
        watched = slice(None, None, max(1, origin.size // WATCHED))

        def loss(t: float) -> float:
            self._budget.spend()
            point = self._buffer()
            for entries in blocks(origin.size):
                part = point[entries]
                np.multiply(direction[entries], t, out=part)
                part += origin[entries]
            before = point[watched].copy()
            tree = self.parameters.build(point)
            answer = self._applied(self._loss, tree)
            # A name that was found by a call at the point itself says more.
            if not self.overwritten and not np.array_equal(before, point[watched]):
                self.overwritten.append("its argument")
            return self._loss_of(answer)

        return loss

    def _buffer(self) -> FloatArray:
        """Return a buffer for a point: one that is used again, unless a function keeps it.

        Fresh arrays would cost more than a cheap loss. But a function may keep its argument, to
        compare the next one with it: that must stay as it was.
        """
        for number, references in enumerate(_references(self._buffers)):
            if references <= FREE:
                return self._buffers[number]
        self._buffers[:] = [np.empty_like(self.parameters.vector), *self._buffers[:KEPT]]
        return self._buffers[0]

    def limit(self, more: int | None) -> int | None:
        """Let the loss be evaluated so many times more; None: as often as it takes.

        Never more often than was allowed at first; an earlier limit of a search is none of the
        next one. Returns how many evaluations there may be in all, None where there is no limit.
        """
        limits = [] if self._most is None else [self._most]
        if more is not None:
            limits.append(self._budget.spent + more)
        self._budget.limit = min(limits, default=None)
        return self._budget.limit

    def shown_by(self, show: Callable[[int, int | None], None] | None) -> None:
        """Let a function know of each evaluation: how many there were, and may be at most."""
        self._budget.show = show

    @property
    def evaluations(self) -> int:
        """The number of evaluations of the loss, here and elsewhere."""
        return self._budget.spent

    def _loss_of(self, answer: Any) -> float:
        return self._scalar(answer if self._gradient else self._pair(answer)[0])

    def _pair(self, answer: Any) -> tuple[Any, Any]:
        """Return the loss and the gradient of an answer that has both, and perhaps more."""
        if not isinstance(answer, tuple | list) or len(answer) < 2:
            moved = [leaf for leaf in leaves(self._at) if is_moved(leaf)]
            kinds = {"Python" if type(leaf) is float else framework(leaf) for leaf in moved}
            mixed = ""
            if len(kinds) > 1:
                mixed = (
                    f". No framework differentiates it: at holds numbers of {len(kinds)} kinds, "
                    f"{', '.join(sorted(kinds))}"
                )
            raise TypeError(
                f"the function returned a {type(answer).__name__}; a tuple (loss, gradient) was "
                "expected. A loss and a gradient in two functions are checked by "
                f"check(loss, grad, at){mixed}"
            )
        loss, *parts = answer
        count = len(self._at) if is_positional(self._at) else 1
        if isinstance(loss, tuple | list) and len(loss) == 2:  # JAX's has_aux
            loss = loss[0]
            self._note("The function returns something beside the loss: it was not looked at.")
        if len(parts) == 2 and (count == 1 or isinstance(parts[0], tuple | list)):
            parts.pop()
            self._note("The function returns something beside loss and gradient: not looked at.")
        return loss, parts[0] if len(parts) == 1 else tuple(parts)

    def _derivative_of(self, answer: Any) -> Callable[..., Any] | None:
        """Return the framework's own derivative, where a loss came alone from its arrays."""
        if isinstance(answer, tuple | list):
            return None
        moved = [leaf for leaf in leaves(self._at) if is_moved(leaf)]
        found = {differentiator(leaf) for leaf in moved}
        # One framework records nothing of what another computes.
        differentiate = found.pop()
        if found or differentiate is None:
            return None
        self._note(f"The gradient that was checked is {framework(moved[0])}'s own.")

        def gradient(*arguments: Any) -> Any:
            tree = arguments if is_positional(self._at) else arguments[0]
            pieces = [leaf for leaf in leaves(tree) if is_moved(leaf)]
            return self.parameters.rebuilt(differentiate(loss, pieces))

        def loss(pieces: Sequence[Any]) -> Any:
            value = self._applied(self._loss, self.parameters.rebuilt(pieces))
            # JAX differentiates scalars alone, of shape () to the letter.
            return value.reshape(()) if hasattr(value, "reshape") else value

        return gradient

    def _note(self, sentence: str) -> None:
        if sentence not in self.parameters.notes:  # it may be seen at every evaluation
            self.parameters.notes.append(sentence)

    def _scalar(self, loss: Any) -> float:
        self.loss_epsilon = max(self.loss_epsilon, epsilon(loss))
        if shape := getattr(loss, "shape", ()):
            self._note(f"The loss has shape {tuple(shape)}, and was taken for a number.")
        return as_scalar(loss, "the loss")

    def _flat(self, tree: Any, out: FloatArray | None) -> FloatArray:
        flat = self.parameters.flatten(tree, "the gradient", out)
        self.gradient_epsilon = max(self.gradient_epsilon, *map(epsilon, leaves(tree)))
        return flat

    def _applied(self, function: Callable[..., Any], tree: Any) -> Any:
        arguments = tree if is_positional(self._at) else (tree,)
        return function(*arguments, *self._args)

    def _call(self, function: Callable[..., Any], vector: FloatArray) -> Any:
        point = self._buffer()
        for entries in blocks(point.size):
            point[entries] = vector[entries]
        tree = self.parameters.build(point)
        answer = self._applied(function, tree)
        for name in self.parameters.changed(tree, vector):
            if name not in self.overwritten:
                self.overwritten.append(name)
        return answer


def same(first: Any, second: Any, coarseness: float, precision: float | None) -> bool:
    """Tell whether two answers are one, summation order apart. NaN equals NaN here.

    Parameters
    ----------
    first, second
        Numbers or arrays.
    coarseness
        The spacing at 1 of the floats that held them.
    precision
        The relative error that a check was asked to allow, or None.
    """
    if np.array_equal(first, second):
        return True
    allowed = max(precision or 0.0, SAME.get(coarseness, SAME[max(SAME)]))
    largest = float(np.abs(first).max(initial=0.0, where=np.isfinite(first)))
    return bool(np.allclose(first, second, rtol=allowed, atol=allowed * largest, equal_nan=True))


def _argument_names(function: Callable[..., Any], at: Any) -> list[str] | None:
    """Return the function's own names for its positional arguments, if it has them."""
    count = len(at) if is_positional(at) else 1
    try:
        arguments = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a builtin may have no signature
        return None
    names = [
        argument.name
        for argument in arguments
        if argument.kind in (argument.POSITIONAL_ONLY, argument.POSITIONAL_OR_KEYWORD)
    ]
    return names[:count] if len(names) >= count else None
