"""Checks of layers and models that are classes with `forward`, `backward`, `params` and `grads`.

Rows are examples. A model may hold one array several times, as two layers that share it: the sum of
its gradients counts. Its loss may have a small number inside the logarithm, and its weights single
precision, so values are judged to 5 digits, at moderate scores.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.calling.calls import Call
from gradcheck.homework.checks.check import Check
from gradcheck.homework.checks.comparison import (
    Finding,
    Unjudged,
    Verdict,
    as_array,
    describe_difference,
    kind_of,
)
from gradcheck.homework.checks.layer_case import Answers, LayerCase, right_answers
from gradcheck.homework.checks.trials import Trial
from gradcheck.homework.courses import CLASSES, Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LAYER_CHECKS", "LAYER_TRIALS"]

_PRECISION = 2e-5


class LayerTrial(Trial):
    """A class that is made, and used twice, in a `LayerCase`."""

    case: LayerCase

    def first_call(self) -> Call:
        """Return the call that the case stands for."""
        case, targets = self.case, np.array(self.case.targets)
        sizes, one_hot = case.inner.shape, case.one_hot
        uses: dict[Role, dict[str, Any]] = {
            "matmul-layer": {"made": (case.inner,), "forward": (case.rows,), "above": case.hidden},
            "embedding-layer": {"made": (case.inner,), "forward": (targets,), "above": case.hidden},
            "embedding-dot-layer": {
                "made": (case.outer,),
                "forward": (case.hidden, targets),
                "above": case.above,
            },
            "negative-sampling-layer": {
                "made": (case.outer, np.arange(10 * sizes[0]) % sizes[0], 0.75, 2),
                "forward": (case.hidden, targets),
                "negatives": np.array(case.negatives),
            },
        }
        model = {
            "made": sizes,
            "weights": (case.inner, case.outer.T),
            "forward": (one_hot(case.contexts), one_hot(targets)),
        }
        return Call(self.role, uses.get(self.role, model))

    @cached_property
    def right(self) -> Answers:
        """The right answers."""
        return right_answers(self.role, self.case)

    @property
    def has_repeats(self) -> bool:
        """Whether a word is twice in the batch."""
        return len(set(self.case.targets)) < len(self.case.targets)

    @property
    def answers(self) -> Answers:
        """The answers of the class."""
        forward, backward, *gradients = self.outcome.result
        return forward, backward, tuple(gradients)


LAYER_TRIALS = dict.fromkeys(CLASSES, LayerTrial)


def _forward(trial: LayerTrial) -> Verdict:
    """Compare the value of `forward`."""
    if trial.role == "negative-sampling-layer" and not trial.outcome.sampled:
        return Unjudged("its negatives come from elsewhere than self.sampler")
    return _compare("forward", trial.answers[0], trial.right[0])


def _backward(trial: LayerTrial) -> Verdict:
    """Compare the value of `backward`."""
    if _forward(trial) is not None:
        return Unjudged("its forward is wrong already")
    return _compare("backward", trial.answers[1], trial.right[1])


def _gradients(trial: LayerTrial) -> Verdict:
    """Compare the gradients of the arrays in `params`, each with the sum of its `grads`."""
    if _forward(trial) is not None:
        return Unjudged("its forward is wrong already")
    for place, (claimed, right) in enumerate(zip(trial.answers[2], trial.right[2], strict=True)):
        verdict = _compare(f"grads of array {place + 1} in params", claimed, right)
        if not isinstance(verdict, Finding):
            continue
        if _compare("", np.asarray(claimed) / 2, right) is None:
            how = "it is twice the gradient on the second use: set grads, in place of adding"
            verdict = Finding(f"{verdict.lead}{how}", verdict.claimed, verdict.expected)
        elif trial.role.startswith("embedding") and trial.has_repeats:
            how = "; a word that is twice in the batch counts twice: np.add.at"
            verdict = Finding(verdict.message + how, verdict.claimed, verdict.expected)
        return verdict
    return None


def _compare(what: str, claimed: Any, right: Any) -> Verdict:
    got, expected = as_array(claimed), np.asarray(right)
    if got is None:
        return Finding(f"{what}: expected numbers, got {kind_of(claimed)}")
    if got.shape != expected.shape and not got.size == expected.size == 1:
        return Finding(
            f"{what}: expected shape {expected.shape}, got shape {got.shape}", got, expected
        )
    values = got.reshape(expected.shape)
    close: NDArray[np.bool_] = np.asarray(
        np.abs(values - expected) <= _PRECISION * (1.0 + np.abs(expected).max())
    )
    if close.all():
        return None
    lead = f"{what}: "
    return Finding(lead + describe_difference(values, expected, close), values, expected, lead)


def _checks(role: Role, asks: str, *, passes_back: bool) -> list[Check]:
    back = Check(
        role,
        "backward",
        "layers",
        _backward,
        "backward returns the gradient with respect to what forward was given.",
    )
    return [
        Check(role, "forward", "layers", _forward, asks),
        *([back] if passes_back else []),
        Check(
            role,
            "gradients",
            "layers",
            _gradients,
            "grads are those of the arrays in params; where an array is there twice, they add up, "
            "and each use sets them anew.",
        ),
    ]


LAYER_CHECKS: tuple[Check, ...] = (
    *_checks("matmul-layer", "forward(x) is x W.", passes_back=True),
    *_checks("embedding-layer", "forward(idx) is W[idx].", passes_back=False),
    *_checks("embedding-dot-layer", "forward(h, idx) is W[idx]·h.", passes_back=True),
    *_checks(
        "negative-sampling-layer",
        "forward(h, target) is the loss of the target and of the sampler's words, a mean over the "
        "batch.",
        passes_back=True,
    ),
    *_checks(
        "cbow-model",
        "forward(contexts, target) is the softmax loss of the mean of both words' vectors.",
        passes_back=False,
    ),
    *_checks(
        "skip-gram-model",
        "forward(contexts, target) is the sum of the softmax losses of both words.",
        passes_back=False,
    ),
)
