"""Mistakes in naive softmax: in ŷ, in y, in the loss, in the sum over the vocabulary."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.checks.mistakes import places
from gradcheck.homework.checks.mistakes.mistake import Change, Mistake
from gradcheck.stable_functions import logsumexp, sigmoid, softmax, softplus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.checks.mistakes.pair_terms import PairTerms
    from gradcheck.homework.courses import Role

__all__ = ["SOFTMAX_MISTAKES"]

_HERE: tuple[Role, ...] = ("naive-softmax",)


def _label_at(word: Any) -> Change:
    """Return the change that puts the 1 of the one-hot vector at another word."""

    def change(terms: PairTerms) -> PairTerms:
        labels = (terms.words == word(terms)).astype(np.float64)
        return replace(terms, labels=labels, losses=labels * _surprises(terms))

    return change


def _surprises(terms: PairTerms) -> NDArray[np.float64]:
    """Return -log ŷ_w of each word."""
    return np.asarray(logsumexp(terms.scores) - terms.scores)


def _loss(loss: Any) -> Change:
    """Return the change that computes another loss from scores, ŷ and y."""

    def change(terms: PairTerms) -> PairTerms:
        value = loss(terms)
        return terms.finished(lambda _own, part, other: value if part == "loss" else other)

    return change


def _from_scores(predict: Any, lose: Any) -> Change:
    """Return the change that computes other ŷ, and another loss, from the scores."""

    def change(terms: PairTerms) -> PairTerms:
        return replace(
            terms,
            predictions=predict(terms.scores),
            losses=np.where(terms.is_target, lose(terms.scores), 0.0),
        )

    return change


def _jacobian(terms: PairTerms, residuals: NDArray[np.float64]) -> NDArray[np.float64]:
    p = terms.predictions
    return np.asarray(p * residuals - p * (p @ residuals))


def _cross_entropy(terms: PairTerms) -> Any:
    p = terms.predictions
    return -np.where(terms.is_target, np.log(p), np.log1p(-p)).sum()


SOFTMAX_MISTAKES = (
    Mistake(
        "scores-negated",
        "the softmax is taken of the scores with the opposite sign",
        _HERE,
        "np.exp(-scores): the minus sign belongs to the loss, not to the scores.",
        (
            lambda terms: replace(
                terms,
                predictions=softmax(-terms.scores),
                losses=np.where(terms.is_target, logsumexp(-terms.scores) + terms.scores, 0.0),
            ),
        ),
        choice="score",
    ),
    Mistake(
        "one-hot-missing",
        "the one-hot vector is not subtracted (ŷ in place of ŷ - y)",
        _HERE,
        "A line y_hat[outsideWordIdx] -= 1, before both gradients.",
        (lambda terms: replace(terms, labels=np.zeros_like(terms.labels)),),
        choice="label",
        place=places.gradient_of_predictions,
    ),
    Mistake(
        "one-hot-added",
        "the one-hot vector is added, not subtracted",
        _HERE,
        "A line y_hat[outsideWordIdx] += 1: it has to be -= 1.",
        (lambda terms: replace(terms, labels=-terms.labels),),
        choice="label",
        place=places.one_added,
    ),
    Mistake(
        "one-hot-at-argmax",
        "the one-hot vector has its 1 at the most probable word, not at the observed one",
        _HERE,
        "np.argmax: the word to predict is outsideWordIdx, whatever the model thinks of it.",
        (_label_at(lambda terms: int(terms.predictions.argmax())),),
        choice="label",
        place=places.call("argmax"),
    ),
    Mistake(
        "one-hot-shifted",
        "the one-hot vector has its 1 beside the observed word",
        _HERE,
        "An index outsideWordIdx - 1 or + 1: the words are numbered from 0.",
        (
            _label_at(lambda terms: (terms.case.target - 1) % len(terms.words)),
            _label_at(lambda terms: terms.case.target + 1),
        ),
        choice="label",
        place=places.shifted_index,
    ),
    Mistake(
        "one-hot-at-first",
        "the one-hot vector has its 1 at row 0, whatever the observed word",
        _HERE,
        "A row number 0 in the code, in place of outsideWordIdx.",
        (_label_at(lambda _terms: 0),),
        choice="label",
        place=places.row_zero,
    ),
    Mistake(
        "expectation-missing",
        "the expectation is left out: -y in place of ŷ - y",
        _HERE,
        "The normaliser log Σ_w exp(u_w·v_c) of the loss has a derivative too: Σ_w ŷ_w u_w by "
        "v_c, and ŷ_w v_c by each u_w.",
        (lambda terms: replace(terms, predictions=np.zeros_like(terms.predictions)),),
        choice="prediction",
    ),
    Mistake(
        "uniform-expectation",
        "every word has the same weight 1/|V| in the expectation, not its probability ŷ_w",
        _HERE,
        "np.mean over the rows of U: the expectation is weighted by ŷ.",
        (
            lambda terms: replace(
                terms, predictions=np.full(len(terms.words), 1 / len(terms.words))
            ),
        ),
        choice="prediction",
        place=places.call("mean"),
    ),
    Mistake(
        "not-normalised",
        "exp(u_w·v_c) is not divided by its sum over the vocabulary",
        _HERE,
        "Softmax is np.exp(scores) / np.sum(np.exp(scores)).",
        (_from_scores(np.exp, lambda scores: -scores),),
        choice="prediction",
    ),
    Mistake(
        "sigmoid-for-softmax",
        "the sigmoid of each score is in the place of the softmax of all",
        _HERE,
        "sigmoid(scores): the probabilities of naive softmax sum to 1 over the vocabulary.",
        (_from_scores(sigmoid, lambda scores: softplus(-scores)),),
        choice="prediction",
        place=places.call("sigmoid"),
    ),
    Mistake(
        "target-row-only",
        "only the observed word's term is there; every word of the vocabulary has one",
        _HERE,
        "An index [outsideWordIdx] on the left or on the right, where all words count: naive "
        "softmax moves every row of U.",
        (lambda terms: terms.on_others(weights=0.0),),
        choice="words",
        place=places.target_only,
    ),
    Mistake(
        "target-row-missing",
        "the observed word's term is left out",
        _HERE,
        "A loop that skips outsideWordIdx, or a value for it that is overwritten.",
        (lambda terms: terms.on_target(weights=np.where(terms.is_target, 0.0, terms.weights)),),
        choice="words",
        place=places.target_skipped,
    ),
    Mistake(
        "softmax-derivative-twice",
        "the derivative of the softmax is applied to ŷ - y, which has it already",
        _HERE,
        "A Jacobian diag(ŷ) - ŷ ŷᵀ: ŷ - y is the derivative by the scores, after the softmax.",
        (lambda terms: terms.mapped(_jacobian),),
        choice="derivative",
    ),
    Mistake(
        "log-over-vocabulary",
        "it is summed over all words: -Σ_w log ŷ_w in place of -log ŷ_o",
        _HERE,
        "np.sum(np.log(y_hat)) without an index: only the observed word's probability counts.",
        (_loss(lambda terms: _surprises(terms).sum()), _loss(lambda t: _surprises(t).mean())),
        choice="loss",
        place=places.sum_of_logs,
    ),
    Mistake(
        "normaliser-only",
        "it is log Σ_w exp(u_w·v_c) alone; the observed word's score is not subtracted",
        _HERE,
        "-u_o·v_c + log Σ_w exp(u_w·v_c): the first term is left out.",
        (_loss(lambda terms: logsumexp(terms.scores)),),
        choice="loss",
    ),
    Mistake(
        "shift-not-undone",
        "the largest score is subtracted in one of the two terms only",
        _HERE,
        "After scores - max in log Σ exp, the same has to be subtracted from the observed word's "
        "score, or added back.",
        (
            _loss(lambda t: _surprises(t)[t.is_target].sum() - t.scores.max()),
            _loss(lambda t: _surprises(t)[t.is_target].sum() + t.scores.max()),
        ),
        choice="loss",
    ),
    Mistake(
        "squared-error",
        "it is the squared error of ŷ, not the cross-entropy",
        _HERE,
        "(ŷ - y)**2: the loss is -log ŷ_o.",
        tuple(
            _loss(lambda t, scale=scale: scale(t) * np.sum((t.predictions - t.labels) ** 2))
            for scale in (lambda _t: 1.0, lambda _t: 0.5, lambda t: 1.0 / len(t.words))
        ),
        choice="loss",
    ),
    Mistake(
        "other-words-counted",
        "the other words are counted too: - Σ_w log(1 - ŷ_w) over all but the observed one",
        _HERE,
        "The two-class cross-entropy y log ŷ + (1 - y) log(1 - ŷ): with a one-hot y over a "
        "softmax, only -log ŷ_o is left.",
        (_loss(_cross_entropy),),
        choice="loss",
    ),
    Mistake(
        "one-hot-subtracted-in-place",
        "1 is subtracted from ŷ_o before the loss reads it: the logarithm of a negative number",
        _HERE,
        "y_hat[outsideWordIdx] -= 1 changes y_hat itself, for a second name of it too "
        "(delta = y_hat): compute the loss before, or work on y_hat.copy().",
        (_loss(lambda t: -np.log(t.predictions[t.is_target].sum() - 1.0)),),
        choice="loss",
        place=places.subtracted_in_place,
    ),
    Mistake(
        "normaliser-missing",
        "it is the score alone, -u_o·v_c",
        _HERE,
        "The normaliser is missing: + log Σ_w exp(u_w·v_c).",
        (_loss(lambda terms: -terms.scores[terms.is_target].sum()),),
        choice="loss",
    ),
)
"""In the order in which they are tried: the first that fits is named first."""
