"""Mistakes in negative sampling: in the two kinds of terms, in repeats, in the rows.

It is long since they are many, and each is a row of the table.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.checks.mistakes import places
from gradcheck.homework.checks.mistakes.mistake import Change, Mistake
from gradcheck.homework.checks.mistakes.pair_terms import sampling_terms
from gradcheck.stable_functions import logsumexp, sigmoid, softmax, softplus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.checks.mistakes.pair_terms import PairTerms
    from gradcheck.homework.courses import Role

__all__ = ["NEGATIVES_MISTAKES"]

_HERE: tuple[Role, ...] = ("negative-sampling",)


def _count(terms: PairTerms) -> int:
    return max(len(terms.case.negatives), 1)


def _firsts(terms: PairTerms) -> NDArray[np.intp]:
    """Return the positions of each word's first term."""
    return np.sort(np.unique(terms.words, return_index=True)[1])


def _repeated(terms: PairTerms) -> int | None:
    """Return a negative that was drawn more than once."""
    drawn = terms.case.negatives
    return next((word for word in drawn if drawn.count(word) > 1), None)


def _say_lost(terms: PairTerms, _part: str) -> str:
    word = _repeated(terms)
    if word is None:
        return "a negative that is drawn several times gets its term once"
    times = terms.case.negatives.count(word)
    return f"row {word} got its term once; it was drawn {times} times"


def _say_once(terms: PairTerms, _part: str) -> str:
    word = _repeated(terms)
    if word is None:
        return "a negative that is drawn several times counts once"
    return f"negative {word} counts once; it was drawn {terms.case.negatives.count(word)} times"


def _batches(*first: str) -> Change:
    """Return the change that takes the first negatives for some parts, and the last for others."""

    def change(terms: PairTerms) -> Any:
        batches = terms.batches
        if len(batches) < 2 or not batches[0]:
            return None
        own, other = (
            sampling_terms(replace(terms.case, negatives=batches[place])) for place in (0, -1)
        )
        return terms.finished(
            lambda _own, part, _value: (own if part in first else other).summed(part)
        )

    return change


def _in_rows_of_last(terms: PairTerms) -> Any:
    """Put the terms of the first negatives into the rows of the last."""
    batches = terms.batches
    if len(batches) < 2 or len(batches[0]) != len(batches[-1]):
        return None
    words = sampling_terms(replace(terms.case, negatives=batches[-1])).words
    return replace(sampling_terms(replace(terms.case, negatives=batches[0])), words=words)


def _on_rows(rows: Any) -> Change:
    """Return the change that puts the terms into other rows of the gradient."""

    def change(terms: PairTerms) -> Any:
        words = np.asarray(rows(terms))
        return None if words.max() >= len(terms.case.outside) else replace(terms, words=words)

    return change


def _every_row(terms: PairTerms) -> PairTerms:
    def spread(own: PairTerms, part: str, value: Any) -> Any:
        if part != "outside":
            return value
        return np.tile(own.residuals @ own.centers, (len(own.case.outside), 1))

    return terms.finished(spread)


def _sum_over_all_axes(of_all: bool) -> Change:  # noqa: FBT001 - bound where it is made
    """Return the change that adds up whole vectors, be it the negatives' or all."""

    def change(terms: PairTerms) -> PairTerms:
        def spread(own: PairTerms, part: str, value: Any) -> Any:
            if part != "center":
                return value
            parts = own.residuals[:, None] * own.vectors
            apart = np.zeros_like(own.is_target) if of_all else own.is_target
            return parts[apart].sum(axis=0) + parts[~apart].sum()

        return terms.finished(spread)

    return change


def _softmaxed(terms: PairTerms) -> PairTerms:
    losses = np.where(terms.is_target, logsumexp(terms.scores) - terms.scores, 0.0)
    return replace(terms, predictions=softmax(terms.scores), losses=losses)


def _scored_by_target(terms: PairTerms) -> PairTerms:
    score = terms.scores[terms.is_target]
    return terms.on_others(scores=score, predictions=sigmoid(score), losses=softplus(score))


NEGATIVES_MISTAKES = (
    Mistake(
        "negatives-missing",
        "the negatives' terms are left out",
        _HERE,
        "A loop over the negatives that adds nothing, or a result that is not used.",
        (lambda terms: terms.on_others(weights=0.0),),
        choice="negatives",
    ),
    Mistake(
        "target-missing",
        "the target's term is left out",
        _HERE,
        "A loop over the negatives alone, or a value that starts at 0 where the target's term "
        "belongs.",
        (lambda terms: terms.on_target(weights=0.0),),
        choice="target",
    ),
    Mistake(
        "target-sign",
        "the target's term has the wrong sign",
        _HERE,
        "1 - σ in place of σ - 1; in the loss, + log σ in place of - log σ.",
        (lambda terms: terms.on_target(weights=-terms.weights),),
        choice="target",
        place=places.one_minus_sigmoid,
    ),
    Mistake(
        "negatives-sign",
        "the negatives' terms have the wrong sign",
        _HERE,
        "- in place of +: a negative's score is to get smaller, so its term is + σ(u_k·v_c) u_k; "
        "in the loss, - log σ(-u_k·v_c).",
        (lambda terms: terms.on_others(weights=-terms.weights),),
        choice="negatives",
    ),
    Mistake(
        "sigmoid-not-minus-one",
        "1 is not subtracted from the target's σ (σ in place of σ - 1)",
        _HERE,
        "The target's factor is σ(u_o·v_c) - 1; σ alone is that of a negative.",
        (lambda terms: terms.on_target(labels=0.0),),
        choice="target",
        place=places.sigmoid_of_target,
    ),
    Mistake(
        "negatives-like-target",
        "the negatives are treated like the target: σ - 1 and log σ(u_k·v_c)",
        _HERE,
        "A negative's factor is σ(u_k·v_c), with no - 1, and its loss is -log σ(-u_k·v_c).",
        (lambda terms: terms.on_others(labels=1.0, losses=softplus(-terms.scores)),),
        choice="negatives",
        place=places.sigmoid_minus_one_in_loop,
    ),
    Mistake(
        "sigmoid-of-minus",
        "the negatives have σ(-u_k·v_c) where σ(u_k·v_c) belongs",
        _HERE,
        "1 - σ(u_k·v_c) is the probability in the loss; the gradient's factor is 1 minus that, "
        "which is σ(u_k·v_c).",
        (lambda terms: terms.on_others(predictions=sigmoid(-terms.scores)),),
        choice="negatives",
    ),
    Mistake(
        "score-for-sigmoid",
        "the score itself stands where its sigmoid belongs",
        _HERE,
        "u·v_c without sigmoid(…) around it.",
        (
            lambda terms: replace(terms, predictions=terms.scores),
            lambda terms: terms.on_others(predictions=terms.scores),
            lambda terms: terms.on_target(predictions=terms.scores),
        ),
        choice="prediction",
    ),
    Mistake(
        "softmax-for-sigmoid",
        "a softmax over the samples is in the place of the sigmoid of each score",
        _HERE,
        "softmax(…) of K + 1 scores: in negative sampling each word has its own sigmoid.",
        (_softmaxed,),
        choice="prediction",
        place=places.call("softmax"),
    ),
    Mistake(
        "target-scores-negatives",
        "the negatives have the target's score u_o·v_c",
        _HERE,
        "u_o where u_k belongs: outsideVectors[outsideWordIdx] inside the loop over the negatives.",
        (_scored_by_target,),
        choice="score",
    ),
    Mistake(
        "negatives-averaged",
        "the negatives' terms are divided by K",
        _HERE,
        "np.mean over the negatives, or / K: the course's loss is their sum.",
        (lambda terms: terms.on_others(weights=terms.weights / _count(terms)),),
        choice="negatives-scale",
        place=places.mean_or_division,
    ),
    Mistake(
        "negatives-times-count",
        "the negatives' terms are multiplied by K",
        _HERE,
        "A factor K, or a sum inside the loop that adds up all negatives in each turn.",
        (lambda terms: terms.on_others(weights=terms.weights * _count(terms)),),
        choice="negatives-scale",
    ),
    Mistake(
        "target-counted-each-time",
        "the target's term is there K times",
        _HERE,
        "The target's term inside the loop over the negatives: it belongs before it.",
        (
            lambda terms: terms.on_target(weights=terms.weights * _count(terms)),
            lambda terms: terms.on_target(weights=terms.weights * (_count(terms) + 1)),
        ),
        choice="target-scale",
    ),
    Mistake(
        "last-negative-only",
        "of the negatives, only the last one counts",
        _HERE,
        "= in place of += inside the loop, or a line after the loop that belongs into it.",
        (
            lambda terms: terms.taking([0, -1]) if len(terms.words) > 1 else terms,
            lambda terms: terms.taking([-1]),
        ),
        choice="samples",
        place=places.assignment_in_loop,
    ),
    Mistake(
        "first-negative-only",
        "of the negatives, only the first one counts",
        _HERE,
        "return or break inside the loop, or an index [0] or [1].",
        (lambda terms: terms.taking([0, 1]) if len(terms.words) > 1 else terms,),
        choice="samples",
        place=places.leaves_loop,
    ),
    Mistake(
        "negative-skipped",
        "one of the negatives is left out",
        _HERE,
        "range(K - 1) or range(1, K): indices start at 0, and range(K) has K of them.",
        (
            lambda terms: terms.taking(slice(None, max(len(terms.words) - 1, 1))),
            lambda terms: terms.taking([0, *range(2, len(terms.words))]),
        ),
        choice="samples",
        place=places.short_range,
    ),
    Mistake(
        "repeats-lost",
        "a negative that is drawn several times gets its term once",
        _HERE,
        "gradOutsideVecs[k] = … for += …, or gradOutsideVecs[indices] += …, which NumPy does once "
        "for each distinct index; np.add.at(gradOutsideVecs, indices, …) does it for each.",
        (lambda terms: replace(terms, adds=False),),
        choice="repeats",
        says=_say_lost,
        place=places.lost_repeats,
    ),
    Mistake(
        "negatives-deduplicated",
        "a negative that is drawn several times counts once",
        _HERE,
        "set(…), np.unique or `if k not in …`: a word that is drawn m times has m terms, in the "
        "loss and in the gradient.",
        (lambda terms: terms.taking(_firsts(terms)),),
        choice="repeats",
        says=_say_once,
        place=places.call("set", "unique", "fromkeys"),
    ),
    Mistake(
        "negatives-drawn-twice",
        "the negatives are drawn twice",
        _HERE,
        "Two calls of the sampler: one is enough, and the course's seeded numbers count draws.",
        (_batches(),),
        choice="draws",
        place=places.second_draw,
    ),
    Mistake(
        "fresh-negatives-for-gradient",
        "the loss and the gradient have different negatives: some are drawn again for the gradient",
        _HERE,
        "Two calls of the sampler, or a second loop that draws: sample once, and use the same "
        "indices for the loss and for both gradients.",
        (
            _batches("loss"),
            _batches("loss", "center"),
            _batches("loss", "outside"),
            _batches("center"),
            _batches("outside"),
            _in_rows_of_last,
        ),
        choice="draws",
        place=places.second_draw,
    ),
    Mistake(
        "sample-number-for-word",
        "the number of a sample is taken for a word: row k, not the row of the k-th negative",
        _HERE,
        "gradOutsideVecs[k] in a loop over range(K): the row is that of indices[k].",
        (
            _on_rows(lambda t: np.where(t.is_target, t.words, np.arange(len(t.words)) - 1)),
            _on_rows(lambda t: np.arange(len(t.words))),
            _on_rows(lambda t: np.where(t.is_target, t.words, np.arange(len(t.words)))),
        ),
        choice="rows",
        place=places.loop_counter_as_row,
    ),
    Mistake(
        "negatives-in-target-row",
        "the negatives' terms are in the target's row",
        _HERE,
        "gradOutsideVecs[outsideWordIdx] inside the loop over the negatives: the row is k's.",
        (_on_rows(lambda t: np.full(len(t.words), t.case.target)),),
        choice="rows",
    ),
    Mistake(
        "every-row",
        "every row of the gradient gets every term",
        _HERE,
        "gradOutsideVecs += … without an index: a term belongs to the row of its own word.",
        (_every_row,),
        choice="rows",
        place=places.whole_gradient_in_loop,
    ),
    Mistake(
        "target-vector-for-every-word",
        "u_o is in the place of every u_k",
        _HERE,
        "outsideVectors[outsideWordIdx] in a negative's term: its vector is outsideVectors[k].",
        (
            lambda terms: replace(
                terms, vectors=np.tile(terms.case.outside[terms.case.target], (len(terms.words), 1))
            ),
        ),
        choice="vector",
        place=places.target_vector_in_loop,
    ),
    Mistake(
        "center-vector-for-outside",
        "v_c is in the place of the outside vectors",
        _HERE,
        "The gradient by v_c is made of outside vectors, that by an outside vector of v_c.",
        (lambda terms: replace(terms, vectors=np.tile(terms.case.center, (len(terms.words), 1))),),
        choice="vector",
    ),
    Mistake(
        "axis-missing",
        "whole vectors are added up to one number, which is added to every entry",
        _HERE,
        "np.sum(…) of a matrix without an axis: np.sum(…, axis=0) keeps the entries apart.",
        (_sum_over_all_axes(of_all=False), _sum_over_all_axes(of_all=True)),
        choice="axis",
        place=places.sum_without_axis,
    ),
    Mistake(
        "one-minus-outside-log",
        "1 is outside the logarithm: 1 - log σ in place of log(1 - σ)",
        _HERE,
        "A bracket: np.log(1 - sigmoid(x)), not 1 - np.log(sigmoid(x)).",
        (
            lambda terms: terms.on_others(losses=-(1.0 + softplus(-terms.scores))),
            lambda terms: terms.on_others(losses=-(1.0 + terms.losses)),
        ),
        choice="loss",
        place=places.one_minus_log,
    ),
    Mistake(
        "divided-by-samples",
        "it is divided by the number of samples",
        _HERE,
        "np.mean over the terms, or / K: the loss is the sum of K + 1 terms.",
        (
            lambda t: t.finished(lambda own, _part, value: value / _count(own)),
            lambda t: t.finished(lambda own, _part, value: value / (_count(own) + 1)),
        ),
        choice="scale",
        place=places.mean_or_division,
    ),
)
"""In the order in which they are tried: the first that fits is named first."""
