"""Checks of a network's forward and backward pass, in the course that has biases and columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.calling.calls import Call
from gradcheck.homework.checks import behaviour
from gradcheck.homework.checks.check import Check
from gradcheck.homework.checks.comparison import (
    Finding,
    Unjudged,
    Verdict,
    as_array,
    conform,
    describe_difference,
    is_near,
    kind_of,
)
from gradcheck.homework.checks.relu_network import NetworkCase, NetworkTerms
from gradcheck.homework.checks.trials import Trial
from gradcheck.stable_functions import softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.checks.cases import StreamName
    from gradcheck.homework.courses import Role

__all__ = ["NETWORK_CHECKS", "NETWORK_TRIALS"]

_INPUTS: dict[Role, tuple[str, ...]] = {
    "softmax": ("z",),
    "forward-pass": ("x", "W1", "W2", "b1", "b2"),
    "cost": ("y", "yhat", "batch_size"),
    "backward-pass": ("x", "yhat", "y", "h", "W1", "W2", "b1", "b2", "batch_size"),
}
_PARTS: dict[Role, tuple[str, ...]] = {
    "softmax": ("yhat",),
    "forward-pass": ("z", "h"),
    "cost": ("cost",),
    "backward-pass": ("W1", "W2", "b1", "b2"),
}
_BY_THE_HIDDEN_LAYER = (0, 2)
"""The places of the gradients with respect to W1 and b1, which ReLU decides about."""


class NetworkTrial(Trial):
    """One of the network's functions on a `NetworkCase`."""

    case: NetworkCase

    def first_call(self) -> Call:
        """Return the call that the case stands for."""
        values = {
            name: getattr(self.case, name, None)
            if hasattr(self.case, name)
            else getattr(self.terms, name)
            for name in _INPUTS[self.role]
        }
        return Call(self.role, values)

    @cached_property
    def terms(self) -> NetworkTerms:
        """All that is right in the case."""
        return NetworkTerms(self.case)

    @cached_property
    def results(self) -> tuple[Any, ...] | None:
        """The parts of the result, None where they are too many or too few."""
        result, wanted = self.outcome.result, len(_PARTS[self.role])
        if wanted == 1:
            return (result,)
        is_fit = isinstance(result, tuple | list) and len(result) == wanted
        return tuple(result) if is_fit else None

    def expected(self, place: int) -> NDArray[Any]:
        """Return the right value of a part."""
        if self.role == "backward-pass":
            return self.terms.gradients[place]
        return np.asarray(getattr(self.terms, _PARTS[self.role][place]))

    def claimed(self, place: int) -> NDArray[Any] | None:
        """Return a part as the file claims it, in the right shape; None where it has another."""
        claimed = None if self.results is None else as_array(self.results[place])
        return None if claimed is None else conform(claimed, self.expected(place).shape)

    def is_near(self, value: NDArray[Any], place: int) -> bool:
        """Say whether a value is the right one of a part."""
        return bool(is_near(value, self.expected(place), self.scale(place)).all())

    def has(self, place: int, value: NDArray[Any]) -> bool:
        """Say whether a part has a value."""
        claimed = self.claimed(place)
        if claimed is None or claimed.shape != value.shape:
            return False
        return bool(is_near(claimed, value, self.scale(place)).all())

    def scale(self, place: int) -> NDArray[Any]:
        """Return the size of the terms that a part is made of."""
        values = [self.expected(place)]
        if self.role == "backward-pass":
            # Where ReLU stops everything, the gradient is 0 of what it would be otherwise.
            values.append(self.terms.gradients_through(np.abs(self.terms.hidden))[place])
        largest = max(float(np.abs(value).max()) for value in values)
        return np.full(values[0].shape, largest + float(np.finfo(np.float64).tiny))

    @property
    def follows_the_course(self) -> bool:
        """Whether the gradients by the hidden layer are what the course taught."""
        wrong = self.terms.course_gradients
        return self.role == "backward-pass" and all(
            self.has(place, wrong[place]) for place in _BY_THE_HIDDEN_LAYER
        )

    def name(self, place: int) -> str:
        """Return the course's name of a part."""
        return self.interface.results[place]


NETWORK_TRIALS = dict.fromkeys(_INPUTS, NetworkTrial)


def _shapes(trial: NetworkTrial) -> Verdict:
    """Ask for the shapes that the handout states."""
    names = ", ".join(trial.interface.results)
    if trial.results is None:
        return Finding(f"expected ({names}), got {kind_of(trial.outcome.result)}")
    for place, result in enumerate(trial.results):
        claimed, wanted = as_array(result), trial.expected(place).shape
        if claimed is None:
            return Finding(f"{trial.name(place)}: expected numbers, got {kind_of(result)}")
        if claimed.shape != wanted and not (wanted == () and claimed.size == 1):
            what = f"shape {wanted}" if wanted else "a number"
            message = f"{trial.name(place)}: expected {what}, got shape {claimed.shape}"
            return Finding(message, claimed, trial.expected(place))
    return None


def _value(trial: NetworkTrial, *, place: int) -> Verdict:
    """Compare a part with the right one."""
    expected, claimed = trial.expected(place), trial.claimed(place)
    if claimed is None:
        return Unjudged(f"{trial.name(place)} has another shape")
    if trial.has(place, expected):
        return None
    if place in _BY_THE_HIDDEN_LAYER and trial.follows_the_course:
        return None  # the business of a check of its own
    if trial.role == "cost" and trial.has(place, np.asarray(trial.terms.cost_of_2020)):
        return None
    if claimed.T.shape == claimed.shape and trial.is_near(claimed.T, place):
        return Unjudged("it is transposed, as its shape shows elsewhere")
    close = is_near(claimed, expected, trial.scale(place))
    lead = f"{trial.name(place)}: "
    how = _guess(trial, place) or describe_difference(claimed, expected, close)
    return Finding(lead + how, claimed, expected, lead, _PARTS[trial.role][place])


def _guess(trial: NetworkTrial, place: int) -> str:
    """Return the slip that gives the very value that is claimed; nothing if none does."""
    for title, values in _SLIPS.get(trial.role, {}).items():
        value = values(trial.terms)[place]
        if not trial.has(place, trial.expected(place)) and trial.has(place, np.asarray(value)):
            return title
    return ""


def _course_formula(trial: NetworkTrial) -> Verdict:
    """Say where the gradient is what the course taught, and no gradient."""
    right = all(trial.has(place, trial.expected(place)) for place in _BY_THE_HIDDEN_LAYER)
    taught = trial.terms.course_gradients
    differ = any(not trial.is_near(taught[place], place) for place in _BY_THE_HIDDEN_LAYER)
    if not differ:
        return Unjudged("both formulas give the same here")
    if right:
        return None
    if not trial.follows_the_course:
        return Unjudged("it is neither the gradient nor the course's formula")
    names = " and ".join(trial.name(place) for place in _BY_THE_HIDDEN_LAYER)
    return Finding(
        f"{names} are what your course's version asks for, l1 = max(0, W2ᵀ(ŷ - y)); that is not "
        "the gradient of compute_cost: where z1 = W1 x + b1 is negative, h stays 0 and so does "
        "the gradient, and elsewhere l1 keeps its sign",
        trial.claimed(0),
        trial.expected(0),
        part="W1",
    )


def _cost_of_2020(trial: NetworkTrial) -> Verdict:
    """Say where the cost is that of the first edition."""
    if trial.has(0, trial.expected(0)):
        return None
    if not trial.has(0, np.asarray(trial.terms.cost_of_2020)):
        return Unjudged("it is neither edition's cost")
    return Finding(
        "it is the cost of the course's edition of 2020, with (1 - y) log(1 - ŷ) added; ŷ - y, in "
        "back_prop, is the gradient of y log ŷ alone",
        trial.claimed(0),
        trial.expected(0),
    )


def _large(trial: NetworkTrial) -> Verdict:
    """Ask for the softmax of scores that exp cannot take, where that of small ones is right."""
    small = trial.on(replace(trial.case, W2=trial.case.W2 / 1e3, b2=trial.case.b2 / 1e3))
    if small.outcome.status != "returned" or _value(small, place=0) is not None:
        return Unjudged("it is wrong for small scores already")
    verdict = _value(trial, place=0)
    if not isinstance(verdict, Finding):
        return verdict
    largest = np.abs(trial.terms.z).max()
    return replace(verdict, message=f"with scores of up to ±{largest:.0f}, {verdict.message}")


_Slips = dict[str, Callable[[NetworkTerms], tuple[Any, ...]]]


def _backward_slips() -> _Slips:
    """Return what students do to the gradients, each alone and with either slip about ReLU."""
    hidden: dict[str, Callable[[NetworkTerms], Any]] = {
        "": lambda terms: np.where(terms.z1 > 0.0, terms.hidden, 0.0),
        "ReLU stands in place of its derivative": lambda terms: np.maximum(0.0, terms.hidden),
        "ReLU's derivative is missing": lambda terms: terms.hidden,
    }

    def sums_of_weights(terms: NetworkTerms, l1: Any) -> tuple[Any, ...]:
        by_w1, by_w2, *_ = terms.gradients_through(l1)
        return by_w1, by_w2, by_w1.sum(axis=1, keepdims=True), by_w2.sum(axis=1, keepdims=True)

    def times(factor: Callable[[int], float]) -> Callable[[NetworkTerms, Any], tuple[Any, ...]]:
        return lambda terms, l1: tuple(
            factor(terms.batch_size) * part for part in terms.gradients_through(l1)
        )

    others = {
        "": times(lambda _m: 1.0),
        "it is not divided by the batch size": times(lambda m: m),
        "it is divided by the batch size twice": times(lambda m: 1.0 / m),
        "its sign is flipped": times(lambda _m: -1.0),
        "it sums the gradient of the weights, where l1 or ŷ - y is to be summed": sums_of_weights,
    }

    def made(other: Any, l1: Any) -> Callable[[NetworkTerms], tuple[Any, ...]]:
        return lambda terms: other(terms, l1(terms))

    return {
        " and ".join(filter(None, (title, slip))): made(other, l1)
        for slip, l1 in hidden.items()
        for title, other in others.items()
        if title or slip
    }


_SLIPS: dict[Role, _Slips] = {
    "softmax": {
        "the sum goes along each row: examples are columns, axis 0": lambda terms: (
            np.stack([softmax(row) for row in terms.z]),
        ),
        "the sum is that of all entries: each column has its own": lambda terms: (
            softmax(terms.z.ravel()).reshape(terms.z.shape),
        ),
        "the sum is missing": lambda terms: (np.exp(terms.z),),
    },
    "forward-pass": {
        "ReLU is missing": lambda terms: (terms.case.W2 @ terms.z1 + terms.case.b2, terms.z1),
        "b1 is missing": lambda terms: _forward(terms, b1=0.0),
        "b2 is missing": lambda terms: _forward(terms, b2=0.0),
        "both biases are missing": lambda terms: _forward(terms, b1=0.0, b2=0.0),
        "z and h are swapped": lambda terms: (terms.h, terms.z),
    },
    "cost": {
        "its sign is flipped": lambda terms: (-terms.cost,),
        "it is not divided by the batch size": lambda terms: (terms.batch_size * terms.cost,),
        "it is divided by the number of entries: np.mean takes V times too many": lambda terms: (
            terms.cost / len(terms.y),
        ),
    },
    "backward-pass": _backward_slips(),
}


def _forward(terms: NetworkTerms, b1: Any = None, b2: Any = None) -> tuple[Any, Any]:
    case = terms.case
    h = np.maximum(0.0, case.W1 @ terms.x + (case.b1 if b1 is None else b1))
    return case.W2 @ h + (case.b2 if b2 is None else b2), h


def _value_check(role: Role, name: str, place: int, asks: str) -> Check:
    return Check(role, name, "network", partial(_value, place=place), asks)


def _common(role: Role, shapes: str) -> list[Check]:
    stream: StreamName = "network"
    return [
        Check(role, "shapes", stream, _shapes, shapes),
        Check(
            role,
            "inputs-unchanged",
            stream,
            behaviour.inputs_unchanged,
            "The caller's arrays are not overwritten.",
        ),
        Check(
            role,
            "same-answer-twice",
            stream,
            behaviour.same_answer_twice,
            "The same call gives the same answer again.",
        ),
    ]


NETWORK_CHECKS: tuple[Check, ...] = (
    _value_check("softmax", "value", 0, "It is exp(z) over its sum, column by column."),
    *_common("softmax", "It has the shape of z."),
    Check(
        "softmax",
        "large-scores",
        "large-network",
        _large,
        "It is right where exp overflows: subtract the maximum of each column first.",
        level="advice",
    ),
    _value_check("forward-pass", "scores", 0, "z is W2 h + b2."),
    _value_check("forward-pass", "hidden-layer", 1, "h is max(0, W1 x + b1)."),
    *_common("forward-pass", "z has shape (V, m), and h (N, m)."),
    _value_check("cost", "value", 0, "It is -Σ y log ŷ, divided by the batch size."),
    *_common("cost", "It is a number."),
    Check(
        "cost",
        "cost-of-2020",
        "network",
        _cost_of_2020,
        "It is not the cost of 2020, whose gradient by z is not ŷ - y.",
        level="advice",
    ),
    _value_check("backward-pass", "W1-gradient", 0, "grad_W1 is l1 xᵀ / m, or the course's."),
    _value_check("backward-pass", "W2-gradient", 1, "grad_W2 is (ŷ - y) hᵀ / m."),
    _value_check("backward-pass", "b1-gradient", 2, "grad_b1 is the sum of l1 over the batch / m."),
    _value_check("backward-pass", "b2-gradient", 3, "grad_b2 is that of ŷ - y."),
    *_common("backward-pass", "Each gradient has the shape of its parameter."),
    Check(
        "backward-pass",
        "course-formula",
        "network",
        _course_formula,
        "l1 is the gradient by z1, and not the formula that the course taught until about 2024.",
        level="advice",
        is_course_mistake=True,
    ),
)
