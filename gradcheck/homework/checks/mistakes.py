"""Mistakes: differences in the terms of the lecture, where all cases tell the same.

A mistake has an identifier, which stays the same in every report and version. Those that show in
the value of a loss or gradient are predicted here; those that show otherwise are named by the
check that sees them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradcheck.homework.checks.comparison import Finding, Seen
from gradcheck.homework.checks.trials import GradientTrial, PairTrial, WindowTrial
from gradcheck.word2vec import oracle
from gradcheck.word2vec.loss_table import NAIVE_SOFTMAX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.checks.trials import Trial

__all__ = ["explain"]


class Prediction(NamedTuple):
    """A wrong value that somebody's mistake would give, and the mistake in words."""

    value: NDArray[Any]
    text: str


Predictions = dict[str, Prediction]
"""By the identifier of the mistake."""


def explain(finding: Finding, shown: Trial, trials: Iterable[Trial]) -> Finding:
    """Name the mistake in the lecture's terms, where there is one that predicts the claims.

    A mistake is named only where it predicts the claim of every trial, right ones included, to
    within rounding: otherwise the finding stays, and says what was seen.

    Parameters
    ----------
    finding : Finding
        The difference in the trial that is shown.
    shown : Trial
        That trial.
    trials : iterable of Trial
        All that the check saw.
    """
    if finding.observe is None or not isinstance(shown, GradientTrial):
        return finding
    seen = [
        (trial, finding.observe(trial))
        for trial in (shown, *trials)
        if trial.outcome.status == "returned"
    ]
    observed = [
        (trial, look)
        for trial, look in seen
        if isinstance(trial, GradientTrial) and isinstance(look, Seen)
    ]
    named = _name(finding.part, observed) or _ratio([look for _, look in observed])
    if named is None:
        return finding
    mistake, text = named
    return replace(finding, message=finding.lead + text, mistake=mistake)


def _name(part: str, observed: list[tuple[GradientTrial, Seen]]) -> tuple[str, str] | None:
    """Return the mistake that predicts every claim, by its identifier and in words."""
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
        # A mistake that cannot show in a trial (no word repeats, say) predicts the right value.
        nothing_wrong = Prediction(look.expected, "")
        suspects = {
            mistake: text
            for mistake, text in suspects.items()
            if look.is_like(predictions.get(mistake, nothing_wrong).value)
        }
        if not suspects:
            break
    return next(iter(suspects.items()), None)


def _ratio(observed: list[Seen]) -> tuple[str, str] | None:
    """Return a factor that all claims are off by, as a mistake and in words."""
    # The largest expected value shows the factor most precisely.
    telling = max(observed, key=lambda look: float(np.abs(look.expected[look.judged]).max()))
    expected = telling.expected[telling.judged]
    largest = int(np.abs(expected).argmax())
    if expected[largest] == 0.0:
        return None
    ratio = float(telling.claimed[telling.judged][largest] / expected[largest])
    if not np.isfinite(ratio) or abs(ratio) < 1e-6 or abs(ratio - 1.0) < 1e-6:
        return None
    ratio = _as_fraction(ratio)
    if not all(look.is_like(ratio * look.expected) for look in observed):
        return None
    fraction = Fraction(ratio).limit_denominator(24)
    shown = str(fraction) if float(fraction) == ratio else f"{ratio:.6g}"
    return "constant-factor", f"it is {shown} times what it should be"


def _as_fraction(ratio: float) -> float:
    """Return the simple fraction that a ratio is up to rounding, or the ratio."""
    fraction = float(Fraction(ratio).limit_denominator(24))
    return fraction if abs(fraction - ratio) < 1e-9 else ratio


def _predictions(trial: GradientTrial, part: str, expected: NDArray[Any]) -> Predictions:
    """Return the value of each mistake in this trial; one that is left out changes nothing."""
    flipped = "every sign is flipped" if expected.size > 1 else "the sign is flipped"
    general = {
        "sign": Prediction(-expected, flipped),
        "zero": Prediction(np.zeros_like(expected), "it is zero"),
    }
    # The first that fits is named, so the specific mistakes come before the general.
    if isinstance(trial, WindowTrial):
        return _window_predictions(trial, part, expected) | general
    if isinstance(trial, PairTrial) and trial.role == "naive-softmax":
        return _softmax_predictions(trial, part, expected) | general
    if isinstance(trial, PairTrial):
        return _sampling_predictions(trial, part, expected) | general
    return general


def _softmax_predictions(trial: PairTrial, part: str, expected: NDArray[Any]) -> Predictions:
    case = trial.case
    target_vector = case.outside[case.target]
    if part == "center":
        return {
            "one-hot-missing": Prediction(
                expected + target_vector, "u_o is not subtracted (ŷ in place of ŷ - y)"
            ),
            "expectation-missing": Prediction(
                -target_vector, "it is -u_o only: the expectation Σ_w p_w u_w is left out"
            ),
        }
    if part == "outside":
        label = np.zeros_like(expected)
        label[case.target] = case.center
        return {
            "one-hot-missing": Prediction(
                expected + label, "the one-hot vector is not subtracted (ŷ in place of ŷ - y)"
            ),
            "one-hot-added": Prediction(
                expected + 2 * label, "the one-hot vector is added, not subtracted"
            ),
            "target-row-only": Prediction(
                -label, "only the target's row is there: every row has its p_w v_c"
            ),
        }
    return {}


def _sampling_predictions(trial: PairTrial, part: str, expected: NDArray[Any]) -> Predictions:
    target_only = oracle.negative_sampling(replace(trial.case, negatives=()))
    positive = np.asarray(getattr(target_only, part))
    return _repeat_prediction(trial, part) | {
        "negatives-missing": Prediction(positive, "the negatives' terms are left out"),
        "target-missing": Prediction(expected - positive, "the target's term is left out"),
        "target-sign": Prediction(expected - 2 * positive, "the target's term has the wrong sign"),
        "negatives-sign": Prediction(
            2 * positive - expected, "the negatives' terms have the wrong sign"
        ),
    }


def _repeat_prediction(trial: PairTrial, part: str) -> Predictions:
    negatives = trial.negatives
    distinct = tuple(dict.fromkeys(negatives))
    repeated = [word for word in distinct if negatives.count(word) > 1]
    if not repeated:
        return {}
    once = oracle.negative_sampling(replace(trial.case, negatives=distinct))
    word = repeated[0]
    what = f"row {word} got its term" if part == "outside" else f"negative {word} counts"
    text = f"{what} once; it was drawn {negatives.count(word)} times"
    return {"repeats-lost": Prediction(np.asarray(getattr(once, part)), text)}


def _window_predictions(trial: WindowTrial, part: str, expected: NDArray[Any]) -> Predictions:
    if len(trial.case.context) == 1:
        return {}
    if trial.role == "cbow":
        return _cbow_predictions(trial, part, expected)
    return _skipgram_predictions(trial, part, expected)


def _cbow_predictions(trial: WindowTrial, part: str, expected: NDArray[Any]) -> Predictions:
    case = trial.case
    count = len(case.context)
    scaled = replace(case, center_vectors=case.center_vectors / count)
    mean = np.asarray(getattr(oracle.cbow(scaled, NAIVE_SOFTMAX), part))
    text = "it takes the mean of the context vectors; the course defines their sum"
    if part != "center":
        return {"mean-for-sum": Prediction(mean, text)}
    # Each row of the sum's gradient is as often in it as its word is in the window.
    times = np.maximum([[case.context.count(word)] for word in range(len(expected))], 1)
    return {
        "mean-for-sum": Prediction(mean / count, text),
        "mean-for-sum-without-its-factor": Prediction(
            mean, f"{text}, and its gradient lacks the factor"
        ),
        "divided-by-context": Prediction(
            expected / count, "it is divided by the number of context words"
        ),
        "repeated-words-once": Prediction(
            expected / times,
            "a word that is several times in the window gets its gradient once",
        ),
    }


def _skipgram_predictions(trial: WindowTrial, part: str, expected: NDArray[Any]) -> Predictions:
    context = trial.case.context

    def of(words: tuple[int, ...]) -> NDArray[Any]:
        case = replace(trial.case, context=words)
        return np.asarray(getattr(oracle.skipgram(case, NAIVE_SOFTMAX), part))

    predictions = {
        "last-word-only": Prediction(of(context[-1:]), "only the last context word counts"),
        "first-word-only": Prediction(of(context[:1]), "only the first context word counts"),
    }
    distinct = tuple(dict.fromkeys(context))
    if len(distinct) < len(context):
        predictions["repeated-words-once"] = Prediction(
            of(distinct), "a word that is twice in the window counts once"
        )
    predictions["divided-by-context"] = Prediction(
        expected / len(context),
        "it is divided by the number of context words; the course defines the sum",
    )
    return predictions
