"""Judges of the drawing of negatives.

They look at what the dataset handed out and at what came of it, never at a loss, so that a wrong
gradient does not make the sampling wrong as well.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from gradcheck.homework.checks.comparison import (
    NO_SAMPLES,
    Finding,
    Seen,
    Unjudged,
    Verdict,
    as_array,
    kind_of,
)
from gradcheck.homework.checks.mistakes.mistake_table import found
from gradcheck.homework.checks.mistakes.sampler_mistakes import SamplerTerms
from gradcheck.homework.checks.trials import PARTS
from gradcheck.word2vec import oracle

if TYPE_CHECKING:
    from gradcheck.homework.calling.calls import Outcome
    from gradcheck.homework.checks.trials import PairTrial, SamplerTrial

__all__ = [
    "from_dataset",
    "number_requested",
    "number_sampled",
    "repeats_kept",
    "target_excluded",
    "target_redrawn",
]


def number_requested(trial: PairTrial) -> Verdict:
    """Ask for K negatives, the course's number where K is not given."""
    wanted = len(trial.case.negatives)
    outcome = trial.outcome
    if not outcome.sampled and not outcome.drawn:
        return Finding(
            "it draws no negatives, neither by the sampler nor from the dataset",
            mistake="drawn-from-elsewhere",
        )
    if len(trial.batches) > 1:
        return _drawn_twice(trial)
    got = len(outcome.sampled[0]) if outcome.sampled else len(outcome.drawn)
    return None if got == wanted else Finding(f"expected {wanted} negatives (K), it draws {got}")


def _drawn_twice(trial: PairTrial) -> Finding:
    """Say how often it draws; what becomes of the first negatives, other cases tell too."""
    drawn, sampled = len(trial.outcome.drawn), len(trial.outcome.sampled)
    if drawn and sampled:
        how = f"it draws {drawn} words from the dataset, and calls the sampler too"
    elif sampled:
        how = f"it calls the sampler {sampled} times for one word"
    else:
        how = f"expected {len(trial.case.negatives)} negatives (K), it draws {drawn}"
    return Finding(how, recognise=_uses_of_batches)


def _uses_of_batches(trial: PairTrial) -> set[str] | None:
    """Return the possible fates of the first negatives, in a file that draws twice."""
    if len(trial.batches) < 2:
        return None
    batches = (trial.batches[0], trial.batches[-1])
    first, last = (
        oracle.negative_sampling(replace(trial.case, negatives=batch)) for batch in batches
    )
    fresh, twice = {"fresh-negatives-for-gradient"}, {"negatives-drawn-twice"}
    fits_first, fits_last = (
        [
            (seen := trial.seen(part)) is not None
            and seen.is_like(np.asarray(getattr(answer, part)))
            for part in PARTS
        ]
        for answer in (first, last)
    )
    apart = [(one, other) for one, other in zip(fits_first, fits_last, strict=True) if one != other]
    if any(one for one, _ in apart):
        return fresh
    # Where a part is the same for both, the first negatives may be in it.
    return twice if len(apart) == len(PARTS) else fresh | twice


def target_redrawn(trial: PairTrial) -> Verdict:
    """Ask that each draw of the target is followed by another draw, be it by the sampler.

    Where a sampler of the file's own is wrong already, nothing is to be told from the loss.
    """
    target, negatives = trial.case.target, trial.case.negatives
    script = _with_target(negatives, target)
    if trial.target.has("sampler") and not _is_right(trial.sampling(script), negatives, target):
        return Unjudged("the sampler is wrong already")
    outcome = trial.call(draws=script, replace_sampler=False)
    if outcome.status != "returned":
        return Finding(f"when the dataset hands out the target, {outcome.message}")
    if not outcome.drawn:
        return NO_SAMPLES
    if len(trial.negatives) < len(negatives):
        return Unjudged("it draws too few negatives already")
    if sum(word != target for word in outcome.drawn) >= len(negatives):
        return None
    return Finding(
        f"the dataset handed out the target {target} and it was not drawn again: "
        f"draws {list(outcome.drawn)}",
        mistake="target-among-negatives",
    )


def number_sampled(trial: SamplerTrial) -> Verdict:
    """Ask for K samples."""
    samples = _indices(trial.outcome)
    if samples is None:
        return Finding(f"expected K word indices, got {kind_of(trial.outcome.result)}")
    wanted = len(trial.case.negatives)
    if len(samples) == wanted:
        return None
    lead = f"expected {wanted} samples (K), got {len(samples)}"
    return Finding(lead, samples, None, f"{lead}: ", "samples", _samples_seen)


def _samples_seen(trial: SamplerTrial) -> Seen | Unjudged:
    """Return the samples of all that the checks let the dataset hand out."""
    case = trial.case
    scripts = [case.negatives, _with_target(case.negatives, case.target)]
    if len(case.negatives) > 1:
        scripts += _repeating(case.negatives)
    # It may not end where the target comes.
    known = {
        script: np.sort(np.array(samples, dtype=np.int64))
        for script in scripts
        if (samples := _indices(trial.drawing(script))) is not None
    }
    if not known:
        return Unjudged("it does not return word indices")
    terms = SamplerTerms((), tuple(known), case.target, len(case.negatives), case.words)
    claimed = np.concatenate([*known.values()])
    everywhere = np.ones(claimed.shape, dtype=bool)
    return Seen(claimed, terms.part("samples"), np.zeros(claimed.shape), everywhere, terms)


def target_excluded(trial: SamplerTrial) -> Verdict:
    """Ask that the target is not among the samples, and is replaced by another draw."""
    plain, target = _indices(trial.outcome), trial.case.target
    outcome = trial.drawing(_with_target(trial.case.negatives, target))
    if outcome.status != "returned":
        return Finding(f"when the dataset hands out the target, {outcome.message}")
    samples = _indices(outcome)
    if samples is None or plain is None:
        return Unjudged("it does not return word indices")
    if not _come_from(plain, trial.outcome.drawn):
        return NO_SAMPLES
    if target in samples:
        identifier = "target-among-negatives"
    elif len(samples) < len(plain):
        identifier = "target-dropped"
    elif not _come_from(samples, outcome.drawn):
        identifier = "target-replaced"
    else:
        return None
    finding = found(identifier, claimed=samples, expected=trial.case.negatives)
    return replace(finding, part="samples", observe=_samples_seen)


def from_dataset(trial: SamplerTrial) -> Verdict:
    """Ask that every sample is one that the dataset handed out."""
    samples = _indices(trial.outcome)
    if samples is None:
        return Unjudged("it does not return word indices")
    drawn = trial.outcome.drawn
    if not drawn:
        return Finding(
            "it draws nothing from the dataset: the words would be drawn uniformly",
            mistake="drawn-from-elsewhere",
        )
    # Sets: repeats are another check's business.
    if set(samples) <= set(drawn):
        return None
    return Finding(
        "some samples are not what the dataset handed out",
        samples,
        drawn,
        mistake="drawn-from-elsewhere",
    )


def repeats_kept(trial: SamplerTrial) -> Verdict:
    """Ask that a word that the dataset hands out twice is twice among the samples."""
    if not trial.outcome.drawn:
        return NO_SAMPLES
    if len(trial.case.negatives) < 2:
        return Unjudged("a single sample cannot repeat")
    for script in _repeating(trial.case.negatives):
        outcome = trial.drawing(script)
        if outcome.status != "returned":
            return Finding(f"when the dataset hands out a word twice, {outcome.message}")
        samples = _indices(outcome)
        if samples is None:
            return Unjudged("it does not return word indices")
        if problem := _repeats_problem(samples, outcome.drawn, script):
            wanted = list(script[: len(samples)])
            finding = replace(problem, claimed=samples, expected=wanted)
            return replace(finding, part="samples", observe=_samples_seen)
    return None


def _repeats_problem(
    samples: tuple[int, ...], drawn: tuple[int, ...], script: tuple[int, ...]
) -> Finding | None:
    """Return the fate of a repeat, None if it is among the samples."""
    wanted, got = Counter(script[: len(samples)]), Counter(samples)
    lost = [word for word in wanted if got[word] < min(2, wanted[word])]
    # Words from further on in the script have replaced the lost repeats.
    if lost and len(got) > len(wanted):
        return Finding(
            f"the dataset handed out {lost[0]} twice, and it is not twice among the samples: "
            "repeats belong"
        )
    if not _come_from(samples, drawn):
        return found("one-sample-repeated" if len(got) == 1 else "samples-repeated")
    return None


class _DrawnWord(int):
    """An index that equals the target and is another object, as a dataset's may be.

    Python keeps one object for each of the small integers, so that `is` passes for `==` in a
    small vocabulary, and in no large one.
    """


def _with_target(negatives: tuple[int, ...], target: int) -> tuple[int, ...]:
    """Return a script with the target once, twice or three times before each word."""
    return tuple(
        word
        for position, negative in enumerate(negatives)
        for word in (*[_DrawnWord(target)] * (1 + (position + 1) % 3), negative)
    )


def _repeating(negatives: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Return scripts that have words twice: running, after another one, and far apart."""
    first, *rest = negatives
    return (
        tuple(word for word in negatives for _ in range(2)),
        (first, *(word for word in rest for _ in range(2))),
        (first, rest[0], first, *rest[1:]),
        (first, *rest[:-1], first),
    )


def _is_right(outcome: Outcome, negatives: tuple[int, ...], target: int) -> bool:
    """Say whether a sampler returned as many words as there are negatives, without the target."""
    samples = _indices(outcome)
    return (
        samples is not None
        and len(samples) == len(negatives)
        and target not in samples
        and _come_from(samples, outcome.drawn)
    )


def _come_from(samples: tuple[int, ...], drawn: tuple[int, ...]) -> bool:
    """Say whether each sample was drawn, one that comes twice at least twice."""
    return Counter(samples) <= Counter(drawn)


def _indices(outcome: Outcome) -> tuple[int, ...] | None:
    samples = as_array(outcome.result)
    if samples is None or samples.ndim != 1:
        return None
    if not np.array_equal(samples, np.round(samples)):
        return None
    return tuple(int(sample) for sample in samples)
