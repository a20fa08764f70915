"""What a difference means in the terms of the lecture, where it can be told from one case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.trials import GradientTrial, PairTrial, WindowTrial
from gradcheck.word2vec import oracle

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["hint"]

Agree = Callable[[Any, Any, Any], Any]


def hint(
    trial: GradientTrial, part: str, claimed: NDArray[Any], expected: NDArray[Any], agree: Agree
) -> str:
    """Return what is wrong in the lecture's terms, nothing where none of them fits.

    A hint is given only where the value that it predicts is the claimed one to within rounding.
    """
    _, scale = trial.expected_part(part)
    for predicted, text in _predictions(trial, part, expected):
        if agree(claimed, predicted, scale).all() and not agree(expected, predicted, scale).all():
            return text
    return ""


def _predictions(
    trial: GradientTrial, part: str, expected: NDArray[Any]
) -> list[tuple[NDArray[Any], str]]:
    if isinstance(trial, WindowTrial):
        return _window_predictions(trial, part)
    if isinstance(trial, PairTrial) and trial.role == "naive-softmax":
        return _softmax_predictions(trial, part, expected)
    if isinstance(trial, PairTrial):
        return _sampling_predictions(trial, part, expected)
    return []


def _softmax_predictions(
    trial: PairTrial, part: str, expected: NDArray[Any]
) -> list[tuple[NDArray[Any], str]]:
    case = trial.case
    target_vector = case.outside[case.target]
    if part == "center":
        return [
            (expected + target_vector, "u_o is not subtracted (ŷ in place of ŷ - y)"),
            (-target_vector, "it is -u_o only: the expectation Σ_w p_w u_w is left out"),
        ]
    if part == "outside":
        label = np.zeros_like(expected)
        label[case.target] = case.center
        return [
            (expected + label, "the one-hot vector is not subtracted (ŷ in place of ŷ - y)"),
            (expected + 2 * label, "the one-hot vector is added, not subtracted"),
            (-label, "only the target's row is there: every row has its p_w v_c"),
        ]
    return []


def _sampling_predictions(
    trial: PairTrial, part: str, expected: NDArray[Any]
) -> list[tuple[NDArray[Any], str]]:
    negatives = trial.negatives
    distinct = tuple(dict.fromkeys(negatives))
    predictions: list[tuple[NDArray[Any], str]] = []
    repeated = [word for word in distinct if negatives.count(word) > 1]
    if repeated:
        once = oracle.negative_sampling(replace(trial.case, negatives=distinct))
        word = repeated[0]
        what = f"row {word} got its term" if part == "outside" else f"negative {word} counts"
        times = negatives.count(word)
        predictions.append(
            (np.asarray(getattr(once, part)), f"{what} once; it was drawn {times} times")
        )
    target_only = oracle.negative_sampling(replace(trial.case, negatives=()))
    positive = np.asarray(getattr(target_only, part))
    predictions += [
        (positive, "the negatives' terms are left out"),
        (expected - positive, "the target's term is left out"),
        (expected - 2 * positive, "the target's term has the wrong sign"),
        (2 * positive - expected, "the negatives' terms have the wrong sign"),
    ]
    return predictions


def _window_predictions(trial: WindowTrial, part: str) -> list[tuple[NDArray[Any], str]]:
    case = trial.case
    count = len(case.context)
    if count == 1:
        return []
    if trial.role == "cbow":
        scaled = replace(case, center_vectors=case.center_vectors / count)
        mean = np.asarray(getattr(oracle.cbow(scaled, "naive-softmax"), part))
        text = "it takes the mean of the context vectors; the course defines their sum"
        return [(mean / count if part == "center" else mean, text)]
    predictions = []
    for position, text in ((-1, "only the last context word counts"), (0, "only the first")):
        single = replace(case, context=(case.context[position],))
        answer = oracle.skipgram(single, "naive-softmax")
        predictions.append((np.asarray(getattr(answer, part)), text))
    distinct = tuple(dict.fromkeys(case.context))
    if len(distinct) < count:
        answer = oracle.skipgram(replace(case, context=distinct), "naive-softmax")
        predictions.append(
            (np.asarray(getattr(answer, part)), "a word that is twice in the window counts once")
        )
    return predictions
