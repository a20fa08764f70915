"""The part of the story that differs between the losses: predictions and gradient for v_c."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from gradcheck.document.blocks import (
    Block,
    Cell,
    Column,
    Heading,
    Paragraph,
    Table,
)
from gradcheck.document.spans import (
    UNBROKEN,
    Phrase,
    formula,
    joined,
    number,
    phrase,
    prose,
    word,
)
from gradcheck.word2vec.lecture.arithmetic import Number, scaled
from gradcheck.word2vec.lecture.phrases import (
    LOG_P,
    LOG_P_GRADIENT,
    SAMPLING_CENTER,
    SAMPLING_LOSS,
    SCORE,
    SIGMOID,
    SOFTMAX_CENTER,
    SOFTMAX_LOSS,
    SOFTMAX_PROBABILITY,
    J,
    O,
    center_vector,
    old_center,
    outside_vector,
    shown_vector,
)
from gradcheck.word2vec.lecture.update import Update

__all__ = ["negative_sampling", "softmax"]


def softmax(step: Update) -> Iterator[Block]:
    """Tell the predictions of naive softmax, and the gradient for the center word."""
    yield from _softmax_predictions(step)
    yield from _softmax_center_gradient(step)


def negative_sampling(step: Update) -> Iterator[Block]:
    """Tell the predictions of negative sampling, and the gradient for the center word."""
    yield from _sampling_predictions(step)
    yield from _sampling_center_gradient(step)


# ------------------------------------------------------------------------- naive softmax


def _softmax_predictions(step: Update) -> Iterator[Block]:
    rows = step.predictions
    exponentials = [row.exponential for row in rows]
    yield Heading(
        phrase(
            "Forward: scores with {v} = {vector}",
            v=center_vector(step),
            vector=shown_vector(old_center(step)),
        )
    )
    yield Table(
        [
            Column(phrase("word"), [*(word(step.words[row.word]) for row in rows), phrase("sum")]),
            Column(SCORE, [*(row.score for row in rows), None]),
            Column(formula("exp(u_w·v_c)"), [*exponentials, sum(exponentials, Fraction(0))]),
            Column(
                formula("ŷ_w = p(w|c)"),
                [*(row.predicted for row in rows), Fraction(1)],
                "fraction",
            ),
            Column(formula("y_w"), [*(Fraction(row.observed) for row in rows), Fraction(1)]),
            Column(
                formula("ŷ_w - y_w"),
                [*(row.residual for row in rows), Fraction(0)],
                "fraction",
            ),
        ],
        has_total=True,
    )
    probability = number(rows[step.target].predicted, "fraction")
    yield Paragraph(
        phrase(
            "{p} comes from the vectors of this moment: no counting, no pass "
            "over the text. {J} = {log} = {loss}.",
            p=SOFTMAX_PROBABILITY,
            J=SOFTMAX_LOSS,
            log=joined([formula("-log"), probability], prose(UNBROKEN)),
            loss=number(step.loss_before),
        )
    )


def _softmax_center_gradient(step: Update) -> Iterator[Block]:
    yield Heading(phrase("Gradient for the center word: {formula}", formula=SOFTMAX_CENTER))
    factors = [Fraction(-1), *(row.predicted for row in step.predictions)]
    vectors = [step.target, *(row.word for row in step.predictions)]
    yield _terms(step, factors, vectors, phrase("factor"))
    yield Paragraph(
        phrase(
            "Sign: {log_p}, the gradient of {p}, points uphill.",
            log_p=LOG_P_GRADIENT,
            p=LOG_P,
        )
    )


def _terms(
    step: Update, factors: Sequence[Number], vectors: Sequence[int], header: Phrase
) -> Table:
    """Show each term of ∂J/∂v_c, a factor times an outside vector, and their sum."""
    outside = [step.U[w] for w in vectors]
    products: list[Cell] = [
        scaled(factor, u_w) for factor, u_w in zip(factors, outside, strict=True)
    ]
    return Table(
        [
            Column(
                phrase("vector"),
                [
                    *(outside_vector(step, w) for w in vectors),
                    formula("∂J/∂v_c"),
                ],
            ),
            Column(header, [*factors, None], "fraction"),
            Column(phrase("times vector"), [*outside, None], is_repeated=True),
            Column(phrase("= term"), [*products, step.grad_center]),
        ],
        has_total=True,
    )


# --------------------------------------------------------------------- negative sampling


def _sampling_predictions(step: Update) -> Iterator[Block]:
    rows = step.predictions
    yield Heading(
        phrase(
            "Forward: scores with {v} = {vector}",
            v=center_vector(step),
            vector=shown_vector(old_center(step)),
        )
    )
    yield Table(
        [
            Column(phrase("word"), [_drawn_word(step, k) for k in range(len(rows))]),
            Column(formula("s = u_w·v_c"), [row.score for row in rows]),
            Column(formula("exp(-s)"), [row.exponential for row in rows]),
            Column(formula("σ(s)"), [row.predicted for row in rows], "fraction"),
            Column(formula("y"), [Fraction(row.observed) for row in rows]),
            Column(formula("σ(s) - y"), [row.residual for row in rows], "fraction"),
            Column(phrase("term of {J}", J=J), [row.loss for row in rows]),
        ]
    )
    yield Paragraph(
        phrase(
            "{sigmoid} and {sigma}, from the vectors: nothing is counted. {loss} = {value}.",
            sigmoid=SIGMOID,
            loss=SAMPLING_LOSS,
            value=number(step.loss_before),
            sigma=formula("σ(-s) = 1 - σ(s)"),
        )
    )


def _drawn_word(step: Update, k: int) -> Phrase:
    role = formula(f"n_{k}") if k else O
    return phrase("{w} ({role})", w=word(step.words[step.predictions[k].word]), role=role)


def _sampling_center_gradient(step: Update) -> Iterator[Block]:
    yield Heading(
        phrase(
            "Gradient for the center word: {formula} over target and negatives",
            formula=SAMPLING_CENTER,
        )
    )
    rows = step.predictions
    yield _terms(
        step,
        [row.residual for row in rows],
        [row.word for row in rows],
        formula("σ - y"),
    )
