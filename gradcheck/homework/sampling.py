"""Judges of how negatives are drawn.

They look at what the dataset handed out and at what came of it, never at a loss, so that a wrong
gradient does not make the sampling wrong as well.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from gradcheck.homework.comparison import (
    NO_SAMPLES,
    Finding,
    Unjudged,
    Verdict,
    as_array,
    kind_of,
)

if TYPE_CHECKING:
    from gradcheck.homework.targets import Outcome
    from gradcheck.homework.trials import PairTrial, SamplerTrial

__all__ = [
    "from_dataset",
    "number_requested",
    "number_sampled",
    "repeats_kept",
    "target_excluded",
    "target_redrawn",
]


def number_requested(trial: PairTrial) -> Verdict:
    """Ask for K negatives, 10 where K is not given."""
    wanted = len(trial.case.negatives)
    outcome = trial.outcome
    if not outcome.sampled and not outcome.drawn:
        return Finding("it draws no negatives, neither by the sampler nor from the dataset")
    if len(outcome.sampled) > 1:
        return Finding(f"it calls the sampler {len(outcome.sampled)} times for one word")
    got = len(outcome.sampled[0]) if outcome.sampled else len(outcome.drawn)
    return None if got == wanted else Finding(f"expected {wanted} negatives (K), it draws {got}")


def target_redrawn(trial: PairTrial) -> Verdict:
    """Ask that a draw of the target is followed by another draw."""
    plain = trial.outcome.drawn
    if not plain:
        return NO_SAMPLES
    target = trial.case.target
    outcome = trial.call(draws=_with_target(trial.case.negatives, target))
    if outcome.status != "returned":
        return Finding(f"when the dataset hands out the target, {outcome.message}")
    others = sum(drawn != target for drawn in outcome.drawn)
    if others >= len(plain):
        return None
    return Finding(
        f"the dataset handed out the target {target} and it was not drawn again: "
        f"draws {list(outcome.drawn)}"
    )


def number_sampled(trial: SamplerTrial) -> Verdict:
    """Ask for K samples."""
    samples = _indices(trial.outcome)
    if samples is None:
        return Finding(f"expected K word indices, got {kind_of(trial.outcome.result)}")
    wanted = len(trial.case.negatives)
    if len(samples) == wanted:
        return None
    return Finding(f"expected {wanted} samples (K), got {len(samples)}", samples, None)


def target_excluded(trial: SamplerTrial) -> Verdict:
    """Ask that the target is not among the samples, and is replaced by another draw."""
    plain = _indices(trial.outcome)
    outcome = trial.drawing(_with_target(trial.case.negatives, trial.case.target))
    if outcome.status != "returned":
        return Finding(f"when the dataset hands out the target, {outcome.message}")
    samples = _indices(outcome)
    if samples is None or plain is None:
        return Unjudged("it does not return word indices")
    if trial.case.target in samples and outcome.drawn:
        return Finding(
            f"the target {trial.case.target} is among the samples", samples, trial.case.negatives
        )
    if len(samples) < len(plain):
        return Finding(
            "a draw of the target is dropped, not replaced by another draw",
            samples,
            trial.case.negatives,
        )
    return None


def from_dataset(trial: SamplerTrial) -> Verdict:
    """Ask that every sample is one that the dataset handed out."""
    samples = _indices(trial.outcome)
    if samples is None:
        return Unjudged("it does not return word indices")
    drawn = trial.outcome.drawn
    if not drawn:
        return Finding("it draws nothing from the dataset: the words would be drawn uniformly")
    if set(samples) <= set(drawn):
        return None
    return Finding("some samples are not what the dataset handed out", samples, drawn)


def repeats_kept(trial: SamplerTrial) -> Verdict:
    """Ask that a word that the dataset hands out twice is twice among the samples."""
    if not trial.outcome.drawn:
        return NO_SAMPLES
    first, *rest = trial.case.negatives
    if not rest:
        return Unjudged("a single sample cannot repeat")
    script = (first, first, *rest)
    outcome = trial.drawing(script)
    if outcome.status != "returned":
        return Finding(f"when the dataset hands out a word twice, {outcome.message}")
    samples = _indices(outcome)
    if samples is None:
        return Unjudged("it does not return word indices")
    if Counter(samples)[first] >= 2:
        return None
    return Finding(
        f"the dataset handed out {first} twice, and it is among the samples once: repeats belong",
        samples,
        list(script[: len(samples)]),
    )


def _with_target(negatives: tuple[int, ...], target: int) -> tuple[int, ...]:
    """Return a script in which the target comes before each negative."""
    return tuple(drawn for negative in negatives for drawn in (target, negative))


def _indices(outcome: Outcome) -> tuple[int, ...] | None:
    samples = as_array(outcome.result)
    if samples is None or samples.ndim != 1:
        return None
    if not np.array_equal(samples, np.round(samples)):
        return None
    return tuple(int(sample) for sample in samples)
