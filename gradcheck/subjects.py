"""A loss and the gradient claimed for it, as functions of one flat vector, watched at work."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.derivatives import as_scalar
from gradcheck.parameters import Parameters

__all__ = ["Subject", "same"]

SAME = 1e-12
"""Two answers to one question may differ by this, relatively: threads add in any order."""


class Subject:
    """What is being checked.

    Every call gets fresh arrays, so that nothing that a function does to its arguments
    reaches the caller's, or the next call.

    Parameters
    ----------
    loss
        Returns the loss; together with its gradient where `gradient` is None.
    gradient
        Returns the gradient, or None.
    at
        The point; the elements of a tuple are positional arguments.

    Attributes
    ----------
    parameters
        The point as a flat vector.
    evaluations
        How often the loss was evaluated.
    overwritten
        The names of the arguments that a function changed.
    """

    def __init__(
        self, loss: Callable[..., Any], gradient: Callable[..., Any] | None, at: Any
    ) -> None:
        self._loss = loss
        self._gradient = gradient
        self._positional = isinstance(at, tuple)
        self.parameters = Parameters(at, names=_argument_names(loss, at))
        self.evaluations = 0
        self.overwritten: list[str] = []

    def value_and_gradient(self) -> tuple[float, NDArray[np.float64]]:
        """Return the loss and the claimed gradient (n,) at the point."""
        if self._gradient is None:
            self.evaluations += 1
            return self._split(self._call(self._loss, self.parameters.vector))
        value = self.loss(self.parameters.vector)
        claimed = self._call(self._gradient, self.parameters.vector)
        return value, self.parameters.flatten(claimed, "the gradient")

    def loss(self, vector: NDArray[np.float64]) -> float:
        """Return the loss at a point (n,)."""
        self.evaluations += 1
        answer = self._call(self._loss, vector)
        return as_scalar(answer if self._gradient else _pair(answer)[0], "the loss")

    def _call(self, function: Callable[..., Any], vector: NDArray[np.float64]) -> Any:
        tree = self.parameters.build(vector)
        answer = function(*tree) if self._positional else function(tree)
        self._look_for_changes(tree, vector)
        return answer

    def _look_for_changes(self, tree: Any, vector: NDArray[np.float64]) -> None:
        for name in self.parameters.changed(tree, vector):
            if name not in self.overwritten:
                self.overwritten.append(name)

    def _split(self, answer: Any) -> tuple[float, NDArray[np.float64]]:
        """Take ``(loss, gradient)`` apart, or ``(loss, gradient of each argument …)``."""
        loss, *gradients = _pair(answer)
        tree = gradients[0] if len(gradients) == 1 else tuple(gradients)
        return as_scalar(loss, "the loss"), self.parameters.flatten(tree, "the gradient")


def same(first: float | NDArray[np.float64], second: float | NDArray[np.float64]) -> bool:
    """Tell whether two answers are one, summation order apart. NaN equals NaN here."""
    return bool(
        np.allclose(
            first, second, rtol=SAME, atol=SAME * float(np.max(np.abs(first))), equal_nan=True
        )
    )


def _pair(answer: Any) -> tuple[Any, ...]:
    if isinstance(answer, tuple | list) and len(answer) > 1:
        return tuple(answer)
    raise TypeError(
        f"the function returned a {type(answer).__name__}; a tuple (loss, gradient) was "
        "expected. A loss and a gradient in two functions are checked by "
        "check(loss, grad, at)"
    )


def _argument_names(function: Callable[..., Any], at: Any) -> list[str] | None:
    """Return the function's own names for its positional arguments, if it has them."""
    count = len(at) if isinstance(at, tuple) else 1
    try:
        arguments = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    names = [
        argument.name
        for argument in arguments
        if argument.kind in (argument.POSITIONAL_ONLY, argument.POSITIONAL_OR_KEYWORD)
    ]
    return names[:count] if len(names) >= count else None
