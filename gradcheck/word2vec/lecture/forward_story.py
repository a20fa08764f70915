"""The part of the story that differs between the losses: predictions and gradient for v_c."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from gradcheck.document.blocks import Block, Cell, Column, Heading, Paragraph, Table
from gradcheck.document.spans import UNBROKEN, Phrase, formula, joined, number, phrase, prose, word
from gradcheck.word2vec.lecture.arithmetic import Number, scaled
from gradcheck.word2vec.lecture.phrases import center_vector, outside_vector
from gradcheck.word2vec.lecture.predictions import Prediction
from gradcheck.word2vec.lecture.update import Update

__all__ = ["hierarchical_softmax", "negative_sampling", "softmax"]


def softmax(step: Update) -> Iterator[Block]:
    """Tell the predictions of naive softmax, and the gradient for the center word."""
    rows = step.predictions
    exponentials = [row.exponential for row in rows]
    predicted = [row.predicted for row in rows]
    residuals = [*(row.residual for row in rows), Fraction(0)]
    yield _forward(step)
    yield Table(
        [
            Column(phrase("word"), [*(word(step.words[row.word]) for row in rows), phrase("sum")]),
            Column(formula("u_w·v_c"), [*(row.score for row in rows), None]),
            Column(formula("exp(u_w·v_c)"), [*exponentials, sum(exponentials, Fraction(0))]),
            Column(formula("ŷ_w = p(w|c)"), [*predicted, Fraction(1)], "fraction"),
            Column(formula("y_w"), [*(Fraction(row.observed) for row in rows), Fraction(1)]),
            Column(formula("ŷ_w - y_w"), residuals, "fraction"),
        ],
        has_total=True,
    )
    yield Paragraph(
        phrase(
            "$p(w|c) = exp(u_w·v_c) / sum$ comes from the vectors of this moment: no counting, no "
            "pass over the text. $J = -log p(o|c)$ = $-log${blank}{probability} = {loss}.",
            blank=prose(UNBROKEN),
            probability=number(predicted[step.target], "fraction"),
            loss=number(step.loss_before),
        )
    )
    yield Heading(phrase("Gradient for the center word: $∂J/∂v_c = -u_o + Σ_x p(x|c) u_x$"))
    vectors = [step.target, *(row.word for row in rows)]
    yield _terms(step, [Fraction(-1), *predicted], vectors, phrase("factor"))
    yield Paragraph(
        phrase("Sign: $u_o - Σ_x p(x|c) u_x$, the gradient of $log p(o|c) = -J$, points uphill.")
    )


def negative_sampling(step: Update) -> Iterator[Block]:
    """Tell the predictions of negative sampling, and the gradient for the center word."""
    rows = step.predictions
    vectors = [row.word for row in rows]
    roles = [formula(f"n_{k}") if k else formula("o") for k in range(len(rows))]
    drawn = [
        phrase("{w} ({role})", w=word(step.words[w]), role=role)
        for w, role in zip(vectors, roles, strict=True)
    ]
    residuals = [row.residual for row in rows]
    yield _forward(step)
    yield Table(
        [
            Column(phrase("word"), drawn),
            Column(formula("s = u_w·v_c"), [row.score for row in rows]),
            *_decisions(rows),
        ]
    )
    yield Paragraph(
        phrase(
            "$σ(s) = 1 / (1 + exp(-s))$ and $σ(-s) = 1 - σ(s)$, from the vectors: nothing is "
            "counted. {loss} = {value}.",
            loss=formula("J = -log σ(u_o·v_c) - Σ_k log σ(-u_{n_k}·v_c)"),
            value=number(step.loss_before),
        )
    )
    yield Heading(
        phrase("Gradient for the center word: $∂J/∂v_c = Σ (σ - y) u_w$ over target and negatives")
    )
    yield _terms(step, residuals, vectors, formula("σ - y"))


def _decisions(rows: Sequence[Prediction]) -> Iterator[Column]:
    """Yield the columns of predictions that are each a yes or a no."""
    yield Column(formula("exp(-s)"), [row.exponential for row in rows])
    yield Column(formula("σ(s)"), [row.predicted for row in rows], "fraction")
    yield Column(formula("y"), [Fraction(row.observed) for row in rows])
    yield Column(formula("σ(s) - y"), [row.residual for row in rows], "fraction")
    yield Column(phrase("term of $J$"), [row.loss for row in rows])


def hierarchical_softmax(step: Update) -> Iterator[Block]:
    """Tell the predictions of hierarchical softmax, and the gradient for the center word."""
    rows = step.predictions
    vectors = [row.word for row in rows]
    residuals = [row.residual for row in rows]
    yield _forward(step)
    yield Table(
        [
            Column(phrase("node"), [word(step.rows[node]) for node in vectors]),
            Column(formula("s = u_n·v_c"), [row.score for row in rows]),
            *_decisions(rows),
        ]
    )
    yield Paragraph(
        phrase(
            "$σ(s) = 1 / (1 + exp(-s))$ is the probability to go left, $1 - σ(s)$ to go right; "
            "$y$ is 1 where the path goes left. $p(o|c)$ is the product along the path, so "
            "{loss} is the sum of the terms, {value}. Over all words $p(w|c)$ adds up to 1.",
            loss=formula("J = -log p(o|c)"),
            value=number(step.loss_before),
        )
    )
    yield Heading(phrase("Gradient for the center word: $∂J/∂v_c = Σ (σ - y) u_n$ over the path"))
    yield _terms(step, residuals, vectors, formula("σ - y"))


def _forward(step: Update) -> Heading:
    entries = joined(number(entry) for entry in step.V[step.center])
    v_c = center_vector(step)
    return Heading(phrase("Forward: scores with {v} = ({entries})", v=v_c, entries=entries))


def _terms(
    step: Update, factors: Sequence[Number], vectors: Sequence[int], header: Phrase
) -> Table:
    """Show each term of ∂J/∂v_c, a factor times an outside vector, and their sum."""
    names = [outside_vector(step, w) for w in vectors]
    outside = [step.U[w] for w in vectors]
    products: list[Cell] = [
        scaled(factor, u_w) for factor, u_w in zip(factors, outside, strict=True)
    ]
    return Table(
        [
            Column(phrase("vector"), [*names, formula("∂J/∂v_c")]),
            Column(header, [*factors, None], "fraction"),
            Column(phrase("times vector"), [*outside, None], is_repeated=True),
            Column(phrase("= term"), [*products, step.grad_center]),
        ],
        has_total=True,
    )
