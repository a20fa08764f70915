"""Mistakes in the sigmoid and in gradient descent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.checks.mistakes import places
from gradcheck.homework.checks.mistakes.general_mistakes import Factor
from gradcheck.homework.checks.mistakes.mistake import Change, Mistake, Terms
from gradcheck.stable_functions import sigmoid

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradcheck.homework.checks.comparison import Seen
    from gradcheck.homework.courses import Role

__all__ = ["DESCENT_MISTAKES", "SIGMOID_MISTAKES", "DescentTerms", "SigmoidTerms"]

_SIGMOID: tuple[Role, ...] = ("sigmoid",)
_SGD: tuple[Role, ...] = ("sgd",)


@dataclass(frozen=True, eq=False)
class SigmoidTerms(Terms):
    """A function of x."""

    x: Any = None
    function: Callable[[Any], Any] = sigmoid

    def summed(self, _name: str) -> Any:
        """Return its value."""
        return self.function(self.x)


def _function(function: Callable[[Any], Any]) -> Change:
    return lambda terms: replace(terms, function=function)


def _of_whole_numbers(x: Any) -> Any:
    return sigmoid(np.trunc(x))


SIGMOID_MISTAKES = (
    Mistake(
        "sigmoid-of-minus-x",
        "it is σ(-x): the sign in the exponent is missing",
        _SIGMOID,
        "np.exp(x) where np.exp(-x) belongs, or exp(-x) over the fraction bar too.",
        (_function(lambda x: sigmoid(-x)),),
        choice="function",
        place=places.exponential,
    ),
    Mistake(
        "sigmoid-derivative",
        "it is the derivative σ(x) (1 - σ(x))",
        _SIGMOID,
        "The derivative is the matter of another function, sigmoid_grad.",
        (_function(lambda x: sigmoid(x) * sigmoid(-x)),),
        choice="function",
    ),
    Mistake(
        "brackets-missing",
        "the whole denominator needs brackets: 1 / 1 + exp(-x) is 1 + exp(-x)",
        _SIGMOID,
        "1 / (1 + np.exp(-x)), with brackets.",
        (_function(lambda x: 1.0 + np.exp(-x)),),
        choice="function",
        place=places.one_over_one,
    ),
    Mistake(
        "minus-in-denominator",
        "the denominator is 1 - exp(-x)",
        _SIGMOID,
        "A plus sign: 1 / (1 + np.exp(-x)).",
        (_function(lambda x: 1.0 / (1.0 - np.exp(-x))),),
        choice="function",
        place=places.one_minus_exponential,
    ),
    Mistake(
        "tanh-for-sigmoid",
        "it is the hyperbolic tangent, another sigmoid",
        _SIGMOID,
        "np.tanh: σ(x) = (1 + tanh(x / 2)) / 2.",
        (_function(np.tanh), _function(lambda x: sigmoid(2.0 * x))),
        choice="function",
        place=places.call("tanh"),
    ),
    Mistake(
        "log-sigmoid",
        "it is the logarithm of the sigmoid",
        _SIGMOID,
        "np.log in the sigmoid: it belongs in the loss.",
        (_function(lambda x: -np.logaddexp(0.0, -x)),),
        choice="function",
        place=places.call("log", "logaddexp", "log1p"),
    ),
    Mistake(
        "exponential-missing",
        "it is 1 / (1 - x): the exponential is missing",
        _SIGMOID,
        "1 / (1 + np.exp(-x)).",
        (_function(lambda x: 1.0 / (1.0 - x)),),
        choice="function",
    ),
    Mistake(
        "exponential-only",
        "it is exp(-x) or exp(x) alone",
        _SIGMOID,
        "1 / (1 + np.exp(-x)).",
        (_function(lambda x: np.exp(-x)), _function(np.exp)),
        choice="function",
    ),
    Mistake(
        "softmax-of-x",
        "it is a softmax: the entries of x share one denominator",
        _SIGMOID,
        "np.sum in the sigmoid: each entry is 1 / (1 + np.exp(-x)) of its own.",
        (_function(lambda x: np.exp(x) / np.sum(np.exp(x))),),
        choice="function",
        place=places.call("sum"),
    ),
    Mistake(
        "whole-numbers",
        "x is cut down to whole numbers first",
        _SIGMOID,
        "int(x) or astype(int).",
        (_function(_of_whole_numbers),),
        choice="function",
        place=places.call("int", "astype"),
    ),
)
"""In the order in which they are tried."""


@dataclass(frozen=True, eq=False)
class DescentTerms(Terms):
    """The iterations of gradient descent along a constant gradient.

    Attributes
    ----------
    case : SgdCase
        Start, gradient, step, shift.
    iterations : int
        How many there are.
    postprocess : callable, optional
        Applied to x.
    when : {"after", "before", "never", "last"}
        When it is applied, in an iteration or at the end.
    move : callable
        Takes (x, the case, the number of the iteration from 1 on) and returns the next x.
    """

    case: Any = None
    iterations: int = 1
    postprocess: Any = None
    when: str = "after"
    move: Any = None

    def summed(self, name: str) -> Any:
        """Return the last x; of a "run", the number of times that f is asked after it."""
        if name == "run":
            return np.append(self.part("x"), float(self.iterations))
        x = self.case.x0
        for number in range(1, self.iterations + 1):
            if self.postprocess and self.when == "before":
                x = self.postprocess(x)
            x = self.move(x, self.case, number) if self.move else _descend(x, self.case, number)
            if self.postprocess and self.when == "after":
                x = self.postprocess(x)
        if self.postprocess and self.when == "last":
            x = self.postprocess(x)
        return x


def _descend(x: Any, case: Any, _number: int) -> Any:
    return x - case.step * case.gradient


def _moving(move: Any) -> Change:
    return lambda terms: replace(terms, move=move)


def _fit_step(terms: DescentTerms, _part: str, seen: Seen) -> Change | None:
    """Return the change by the factor that all steps are off by."""
    start = terms.case.x0
    due = terms.part("x") - start
    if due.size + 1 != seen.claimed.size or not np.abs(due).max() > 0.0 or terms.postprocess:
        return None
    largest = int(np.abs(due).argmax())
    ratio = float((seen.claimed[largest] - start.flat[largest]) / due.flat[largest])
    if not np.isfinite(ratio) or abs(ratio) < 1e-6 or abs(abs(ratio) - 1.0) < 1e-6:
        return None
    return Step(Factor(float(f"{ratio:.9g}")).ratio)


class Step:
    """The change that multiplies each step by a number."""

    def __init__(self, ratio: float) -> None:
        self.ratio = ratio

    def __call__(self, terms: Any) -> Any:
        """Change the terms."""
        return replace(terms, move=lambda x, case, _: x - self.ratio * case.step * case.gradient)

    def told(self) -> str:
        """Return the factor in words."""
        return Factor(self.ratio).told().replace("it is", "each step is")


def _lasting(iterations: Any) -> Change:
    return lambda terms: replace(terms, iterations=iterations(terms.iterations))


def _return_start(terms: DescentTerms) -> DescentTerms:
    return terms.finished(lambda own, part, value: own.case.x0 if part == "x" else value)


DESCENT_MISTAKES = (
    Mistake(
        "climbs",
        "it adds step * gradient: it climbs, where descent subtracts",
        _SGD,
        "x += step * grad, or a minus sign too many.",
        (_moving(lambda x, case, _: x + case.step * case.gradient),),
        choice="move",
        place=places.adds_step,
    ),
    Mistake(
        "step-missing",
        "the gradient is not multiplied by the step",
        _SGD,
        "x -= step * grad.",
        (_moving(lambda x, case, _: x - case.gradient),),
        choice="move",
    ),
    Mistake(
        "x-replaced",
        "x becomes the step itself, and is not moved by it",
        _SGD,
        "x = -step * grad where x = x - step * grad belongs.",
        (
            _moving(lambda _x, case, _: -case.step * case.gradient),
            _moving(lambda _x, case, _: case.step * case.gradient),
        ),
        choice="move",
    ),
    Mistake(
        "starts-anew",
        "each step starts from x0 again",
        _SGD,
        "x = x0 - step * grad: it has to be x - step * grad.",
        (_moving(lambda _x, case, _: case.x0 - case.step * case.gradient),),
        choice="move",
        place=places.starts_anew,
    ),
    Mistake(
        "loss-for-gradient",
        "the loss is in the place of the gradient",
        _SGD,
        "f returns the loss first, then the gradient: loss, grad = f(x).",
        (_moving(lambda x, case, _: x - case.step * np.sum(case.gradient * x)),),
        choice="move",
    ),
    Mistake(
        "gradient-normalised",
        "the gradient is divided by its length",
        _SGD,
        "grad / np.linalg.norm(grad): the course's step is step * grad.",
        (
            _moving(
                lambda x, case, _: x - case.step * case.gradient / np.linalg.norm(case.gradient)
            ),
        ),
        choice="move",
        place=places.call("norm"),
    ),
    Mistake(
        "step-shrinks",
        "the step shrinks with the number of the iteration",
        _SGD,
        "step / iteration: the course's sgd halves it every 20,000 iterations, outside of this.",
        (
            _moving(lambda x, case, number: x - case.step / number * case.gradient),
            _moving(lambda x, case, number: x - case.step / np.sqrt(number) * case.gradient),
        ),
        choice="move",
    ),
    Mistake(
        "step-scaled",
        "each step is a constant multiple of what it should be",
        _SGD,
        "A number that multiplies or divides the step or the gradient.",
        choice="move",
        fit=_fit_step,
    ),
    Mistake(
        "one-iteration-less",
        "it makes one iteration less than it is asked for",
        _SGD,
        "range(start_iter + 1, iterations): the last number of a range is not in it.",
        (_lasting(lambda count: count - 1),),
        choice="iterations",
    ),
    Mistake(
        "one-iteration-more",
        "it makes one iteration more than it is asked for",
        _SGD,
        "range(iterations + 1) starts from 0.",
        (_lasting(lambda count: count + 1),),
        choice="iterations",
    ),
    Mistake(
        "one-iteration-only",
        "it makes one iteration, whatever it is asked for",
        _SGD,
        "return inside the loop: mind the indentation.",
        (_lasting(lambda count: min(count, 1)),),
        choice="iterations",
        place=places.leaves_loop,
    ),
    Mistake(
        "start-returned",
        "it returns x0, where it started",
        _SGD,
        "return x, not x0; and x = x - …, not a new name.",
        (_return_start,),
        choice="iterations",
        place=places.start_returned,
    ),
    Mistake(
        "postprocessed-too-early",
        "it is applied before each step, not after it",
        _SGD,
        "x = postprocessing(x) comes after x -= step * grad.",
        (lambda terms: replace(terms, when="before"),),
        choice="postprocessing",
    ),
    Mistake(
        "postprocessing-lost",
        "x is not what it returned",
        _SGD,
        "postprocessing(x) returns the new x: x = postprocessing(x).",
        (lambda terms: replace(terms, when="never"),),
        choice="postprocessing",
        place=places.result_dropped("postprocessing"),
    ),
    Mistake(
        "postprocessed-once",
        "it is applied once, after the last iteration, not in each",
        _SGD,
        "x = postprocessing(x) belongs inside the loop.",
        (lambda terms: replace(terms, when="last"),),
        choice="postprocessing",
    ),
)
"""In the order in which they are tried."""
