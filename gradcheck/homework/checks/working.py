"""The line of a derivation with the numbers put in: how the expected value of a case comes about.

Only of small cases: a line that nobody follows on paper explains nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.checks.trials import (
    PARTS,
    PairTrial,
    SgdTrial,
    SigmoidTrial,
    WindowTrial,
)
from gradcheck.stable_functions import sigmoid, softmax
from gradcheck.word2vec.loss_table import named

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.checks.trials import Trial

__all__ = ["working"]

_MOST_WORDS, _MOST_ENTRIES, _MOST_TERMS, _MOST_SCORE, _LONGEST = 3, 3, 3, 15.0, 150


def working(trial: Trial, part: str) -> str:
    """Return the line for a part of the result; nothing where the case is too large for one.

    Parameters
    ----------
    trial : Trial
        The case.
    part : str
        The loss, a gradient, a value or an x.
    """
    line = ""
    if isinstance(trial, PairTrial):
        line = _of_pair(trial, part)
    elif isinstance(trial, WindowTrial):
        line = _of_window(trial, part)
    elif isinstance(trial, SigmoidTrial) and trial.case.x.size <= _MOST_ENTRIES:
        x = float(trial.case.x.flat[0])
        line = f"σ({_number(x)}) = 1 / (1 + exp({_number(-x)})) = {_number(sigmoid(x))}"
    elif isinstance(trial, SgdTrial) and part == "run" and trial.case.x0.size <= _MOST_ENTRIES:
        case = trial.case
        line = (
            f"x - step · gradient = {_vector(case.x0.ravel())} - {_number(case.step)} · "
            f"{_vector(case.gradient.ravel())}"
        )
    return line if len(line) <= _LONGEST else ""


def _number(value: Any) -> str:
    text = f"{float(value):.3g}"
    return "0" if text == "-0" else text


def _vector(values: NDArray[Any] | Sequence[float]) -> str:
    return f"({', '.join(map(_number, values))})"


def _multiple(factor: float, vector: NDArray[Any]) -> str:
    return f"{_number(factor)}·{_vector(vector)}"


def _of_pair(trial: PairTrial, part: str) -> str:
    words, entries = trial.case.outside.shape
    if words > _MOST_WORDS or entries > _MOST_ENTRIES or part not in PARTS:
        return ""
    if float(np.abs(trial.case.outside @ trial.case.center).max()) > _MOST_SCORE:
        return ""
    return (
        _of_sampling(trial, part) if named(trial.role).has_negatives else _of_softmax(trial, part)
    )


def _of_softmax(trial: PairTrial, part: str) -> str:
    case = trial.case
    probabilities = softmax(case.outside @ case.center)
    if part == "loss":
        return f"-log ŷ_o = -log {_number(probabilities[case.target])}"
    entries = [
        _number(value) + (" - 1" if word == case.target else "")
        for word, value in enumerate(probabilities)
    ]
    residual = f"ŷ - y = ({', '.join(entries)})"
    if part == "outside":
        return f"{residual}, each times v_c = {_vector(case.center)}"
    rows = " and ".join(f"u_{word} = {_vector(row)}" for word, row in enumerate(case.outside))
    return f"{residual}, times {rows}"


def _of_sampling(trial: PairTrial, part: str) -> str:
    case, negatives = trial.case, trial.negatives
    if not negatives or len(negatives) > _MOST_TERMS:
        return ""
    score = float(case.outside[case.target] @ case.center)
    scores = [float(case.outside[word] @ case.center) for word in negatives]
    if part == "loss":
        terms = "".join(f" - log σ({_number(-each)})" for each in scores)
        return f"-log σ({_number(score)}){terms}"
    first = f"({_number(sigmoid(score))} - 1)"
    if part == "center":
        terms = "".join(
            f" + {_multiple(sigmoid(each), case.outside[word])}"
            for word, each in zip(negatives, scores, strict=True)
        )
        return f"{first}·{_vector(case.outside[case.target])}{terms}"
    rows = [f"row {case.target}: {first}·v_c"]
    for word in dict.fromkeys(negatives):
        times = negatives.count(word)
        often = f"{times} · " if times > 1 else ""
        rows.append(f"row {word}: {often}{_number(sigmoid(scores[negatives.index(word)]))}·v_c")
    return f"{', '.join(rows)}, v_c = {_vector(case.center)}"


def _of_window(trial: WindowTrial, part: str) -> str:
    case = trial.case
    if case.center_vectors.shape[1] > _MOST_ENTRIES or len(case.context) > _MOST_TERMS:
        return ""
    if trial.role == "cbow":
        terms = " + ".join(_vector(case.center_vectors[word]) for word in case.context)
        return f"h = {terms} predicts the center word, once"
    words = ", ".join(map(str, case.context))
    what = {"loss": "the losses", "outside": "the gradients by U"}
    if part == "center":
        return f"row {case.center}: the sum of the gradients by v_c for the words {words}"
    return (
        f"the sum of {what.get(part, 'the parts')} for the words {words}, each with v_{case.center}"
    )
