"""What a difference means in the terms of the lecture, where all cases tell the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.checks.comparison import Finding, Seen
from gradcheck.homework.checks.trials import GradientTrial, PairTrial, WindowTrial
from gradcheck.word2vec import oracle

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.checks.trials import Trial

__all__ = ["explain"]

# A wrong value that somebody's mistake would give, and the mistake in words.
Prediction = tuple["NDArray[Any]", str]


def explain(finding: Finding, shown: Trial, trials: Iterable[Trial]) -> Finding:
    """Say what is wrong in the lecture's terms, where a mistake predicts what was claimed.

    A mistake is named only where it predicts the claim of every trial, right ones included, to
    within rounding: otherwise the finding stays, and says what was seen.

    Parameters
    ----------
    finding : Finding
        What is wrong in the trial that is shown.
    shown : Trial
        That trial.
    trials : iterable of Trial
        All that the check saw.
    """
    if finding.observe is None or not isinstance(shown, GradientTrial):
        return finding
    seen = [(trial, finding.observe(trial)) for trial in (shown, *trials) if _returned(trial)]
    observed = [
        (trial, look)
        for trial, look in seen
        if isinstance(trial, GradientTrial) and isinstance(look, Seen)
    ]
    text = _name(finding.part, observed) or _ratio([look for _, look in observed])
    return replace(finding, message=finding.lead + text) if text else finding


def _returned(trial: Trial) -> bool:
    return trial.outcome.status == "returned"


def _name(part: str, observed: list[tuple[GradientTrial, Seen]]) -> str:
    """Return in words the mistake that predicts every claim, nothing where there is none."""
    suspects = {}
    for position, (trial, look) in enumerate(observed):
        predictions = _predictions(trial, part, look.expected)
        if position == 0:
            # A mistake that cannot be told from no mistake in the case shown explains nothing.
            suspects = {
                mistake: text
                for mistake, (value, text) in predictions.items()
                if look.is_like(value) and not replace(look, claimed=look.expected).is_like(value)
            }
            continue
        nothing_wrong = (look.expected, "")
        suspects = {
            mistake: text
            for mistake, text in suspects.items()
            if look.is_like(predictions.get(mistake, nothing_wrong)[0])
        }
        if not suspects:
            break
    return next(iter(suspects.values()), "")


def _ratio(observed: list[Seen]) -> str:
    """Return the factor by which every claim is off, nothing where there is no such factor."""
    telling = max(observed, key=lambda look: float(np.abs(look.expected[look.judged]).max()))
    expected = telling.expected[telling.judged]
    largest = int(np.abs(expected).argmax())
    if expected[largest] == 0.0:
        return ""
    ratio = float(telling.claimed[telling.judged][largest] / expected[largest])
    if not np.isfinite(ratio) or abs(ratio) < 1e-6 or abs(ratio - 1.0) < 1e-6:
        return ""
    ratio = _as_fraction(ratio)
    if not all(look.is_like(ratio * look.expected) for look in observed):
        return ""
    fraction = Fraction(ratio).limit_denominator(24)
    shown = str(fraction) if float(fraction) == ratio else f"{ratio:.6g}"
    return f"it is {shown} times what it should be"


def _as_fraction(ratio: float) -> float:
    """Return the simple fraction that a ratio is up to rounding, or the ratio."""
    fraction = float(Fraction(ratio).limit_denominator(24))
    return fraction if abs(fraction - ratio) < 1e-9 else ratio


def _predictions(trial: GradientTrial, part: str, expected: NDArray[Any]) -> dict[str, Prediction]:
    """Return what each mistake would give in this trial; one that is left out changes nothing."""
    flipped = "every sign is flipped" if expected.size > 1 else "the sign is flipped"
    general = {"sign": (-expected, flipped), "zero": (np.zeros_like(expected), "it is zero")}
    if isinstance(trial, WindowTrial):
        return _window_predictions(trial, part, expected) | general
    if isinstance(trial, PairTrial) and trial.role == "naive-softmax":
        return _by_text(_softmax_predictions(trial, part, expected)) | general
    if isinstance(trial, PairTrial):
        return _sampling_predictions(trial, part, expected) | general
    return general


def _by_text(predictions: Iterable[Prediction]) -> dict[str, Prediction]:
    return {text: (value, text) for value, text in predictions}


def _softmax_predictions(trial: PairTrial, part: str, expected: NDArray[Any]) -> list[Prediction]:
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
) -> dict[str, Prediction]:
    target_only = oracle.negative_sampling(replace(trial.case, negatives=()))
    positive = np.asarray(getattr(target_only, part))
    predictions = [
        (positive, "the negatives' terms are left out"),
        (expected - positive, "the target's term is left out"),
        (expected - 2 * positive, "the target's term has the wrong sign"),
        (2 * positive - expected, "the negatives' terms have the wrong sign"),
    ]
    return _repeat_prediction(trial, part) | _by_text(predictions)


def _repeat_prediction(trial: PairTrial, part: str) -> dict[str, Prediction]:
    negatives = trial.negatives
    distinct = tuple(dict.fromkeys(negatives))
    repeated = [word for word in distinct if negatives.count(word) > 1]
    if not repeated:
        return {}
    once = oracle.negative_sampling(replace(trial.case, negatives=distinct))
    word = repeated[0]
    what = f"row {word} got its term" if part == "outside" else f"negative {word} counts"
    text = f"{what} once; it was drawn {negatives.count(word)} times"
    return {"repeats": (np.asarray(getattr(once, part)), text)}


def _window_predictions(
    trial: WindowTrial, part: str, expected: NDArray[Any]
) -> dict[str, Prediction]:
    count = len(trial.case.context)
    if count == 1:
        return {}
    if trial.role == "cbow":
        return _by_text(_cbow_predictions(trial, part, expected))
    return _by_text(_skipgram_predictions(trial, part, expected))


def _cbow_predictions(trial: WindowTrial, part: str, expected: NDArray[Any]) -> list[Prediction]:
    case = trial.case
    count = len(case.context)
    scaled = replace(case, center_vectors=case.center_vectors / count)
    mean = np.asarray(getattr(oracle.cbow(scaled, "naive-softmax"), part))
    text = "it takes the mean of the context vectors; the course defines their sum"
    if part != "center":
        return [(mean, text)]
    # Each row of the sum's gradient is as often in it as its word is in the window.
    times = np.maximum([[case.context.count(word)] for word in range(len(expected))], 1)
    return [
        (mean / count, text),
        (mean, f"{text}, and its gradient lacks the factor"),
        (expected / count, "it is divided by the number of context words"),
        (expected / times, "a word that is several times in the window gets its gradient once"),
    ]


def _skipgram_predictions(
    trial: WindowTrial, part: str, expected: NDArray[Any]
) -> list[Prediction]:
    case = trial.case
    windows = [
        (case.context[-1:], "only the last context word counts"),
        (case.context[:1], "only the first context word counts"),
    ]
    distinct = tuple(dict.fromkeys(case.context))
    if len(distinct) < len(case.context):
        windows.append((distinct, "a word that is twice in the window counts once"))
    predictions = [
        (np.asarray(getattr(_skipgram(trial, context), part)), text) for context, text in windows
    ]
    mean = "it is divided by the number of context words; the course defines the sum"
    return [*predictions, (expected / len(case.context), mean)]


def _skipgram(trial: WindowTrial, context: tuple[int, ...]) -> oracle.Answer:
    return oracle.skipgram(replace(trial.case, context=context), "naive-softmax")
