"""What a walkthrough tells, part by part: the same for the terminal, a browser and LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from gradcheck.word2vec.walkthrough.arithmetic import (
    Matrix,
    Number,
    Vector,
    scaled,
    sigmoid,
    softmax,
)
from gradcheck.word2vec.walkthrough.phrases import (
    UNBROKEN,
    Block,
    Cell,
    Column,
    Heading,
    Paragraph,
    Phrase,
    Table,
    formula,
    joined,
    latex_number,
    number,
    phrase,
    vector_of,
    word,
)

if TYPE_CHECKING:
    from gradcheck.word2vec.walkthrough.steps import Walkthrough

__all__ = ["story", "title"]

J = formula("J", "J")
K = formula("K", "K")
ETA = formula("η", r"\eta")
D = formula("d", "d")
C = formula("c", "c")
O = formula("o", "o")  # noqa: E741 - the lecture's name, and the point of it
U = formula("U", "U")
V = formula("V", "V")
U_O = formula("u_o", "u_o")
U_W = formula("u_w", "u_w")
V_W = formula("v_w", "v_w")
V_C = formula("v_c", "v_c")
SCORE = formula("u_w·v_c", r"u_w \cdot v_c")
ZERO_SUM = formula("Σ_x (ŷ_x - y_x) u_x", r"\sum_x (\hat y_x - y_x)\, u_x")
ROW_OF_U = formula("u_w, row of U", r"u_w \text{, row of } U")
ROW_OF_V = formula("v_w, row of V", r"v_w \text{, row of } V")

SOFTMAX_LOSS = formula("J = -log p(o|c)", r"J = -\log p(o|c)")
SOFTMAX_PROBABILITY = formula(
    "p(w|c) = exp(u_w·v_c) / sum", r"p(w|c) = \exp(u_w \cdot v_c) / \text{sum}"
)
SOFTMAX_CENTER = formula(
    "∂J/∂v_c = -u_o + Σ_x p(x|c) u_x", r"\partial J/\partial v_c = -u_o + \sum_x p(x|c)\, u_x"
)
SOFTMAX_OUTSIDE = formula(
    "∂J/∂u_w = (ŷ_w - y_w) v_c", r"\partial J/\partial u_w = (\hat y_w - y_w)\, v_c"
)
LOG_P_GRADIENT = formula("u_o - Σ_x p(x|c) u_x", r"u_o - \sum_x p(x|c)\, u_x")
LOG_P = formula("log p(o|c) = -J", r"\log p(o|c) = -J")

SAMPLING_LOSS = formula(
    "J = -log σ(u_o·v_c) - Σ_k log σ(-u_{n_k}·v_c)",
    r"J = -\log \sigma(u_o \cdot v_c) - \sum_k \log \sigma(-u_{n_k} \cdot v_c)",
)
SIGMOID = formula("σ(s) = 1 / (1 + exp(-s))", r"\sigma(s) = 1 / (1 + \exp(-s))")
SAMPLING_CENTER = formula(
    "∂J/∂v_c = Σ (σ - y) u_w", r"\partial J/\partial v_c = \sum (\sigma - y)\, u_w"
)
SAMPLING_OUTSIDE = formula("∂J/∂u_w = (σ - y) v_c", r"\partial J/\partial u_w = (\sigma - y)\, v_c")
DESCENT = formula("new = old - η ∂J", r"\text{new} = \text{old} - \eta\, \partial J")
GRADIENT = formula("∂J", r"\partial J")

_EMPTY = phrase("")

_MOST_LISTED_WORDS, _MOST_LISTED_PAIRS = 20, 6


def title(step: Walkthrough) -> Phrase:
    """Return what the walkthrough is about, in a line."""
    return phrase(
        "One step on paper: skip-gram, {loss}, {eta} = {rate}",
        loss=phrase(_name(step)),
        eta=ETA,
        rate=number(step.rate),
    )


def story(step: Walkthrough) -> Iterator[Block]:
    """Tell one update from the sentence to the check, block by block."""
    yield from _setting(step)
    if step.loss == "naive-softmax":
        yield from _softmax_forward(step)
        yield from _softmax_center_gradient(step)
    else:
        yield from _sampling_forward(step)
        yield from _sampling_center_gradient(step)
    yield from _update(step)
    yield from _outcome(step)


# ------------------------------------------------------------------------------- setting


def _setting(step: Walkthrough) -> Iterator[Block]:
    yield Paragraph(
        phrase(
            "Sentence: {sentence}. A window of {size} gives {count} (center, outside) pairs; for "
            "{c}: {pairs}. This step: center {C} = {c}, observed outside word {O} = {o}."
            "{negatives} Numbers of four significant digits are rounded, shorter ones exact. Rows "
            "of {U} and {V} are columns in the lecture:",
            sentence=_sentence(step),
            size=_count(step.window),
            count=_count(len(step.pairs)),
            c=_center(step),
            o=_target(step),
            C=C,
            O=O,
            U=U,
            V=V,
            pairs=_pairs_of_center(step),
            negatives=_negatives(step),
        )
    )
    yield Table(
        [
            Column(phrase("word"), [_with_role(step, w) for w in range(len(step.words))]),
            Column(phrase("as outside word: {u}", u=U_W), step.U),
            Column(phrase("as center word: {v}", v=V_W), step.V),
        ]
    )


def _with_role(step: Walkthrough, index: int) -> Phrase:
    roles = [role for role, w in ((C, step.center), (O, step.target)) if w == index]
    shown = word(step.words[index])
    return phrase("{w} ({roles})", w=shown, roles=joined(roles)) if roles else shown


def _sentence(step: Walkthrough) -> Phrase:
    words = [phrase("{w}", w=word(step.words[w])) for w in step.positions[:_MOST_LISTED_WORDS]]
    rest = len(step.positions) - len(words)
    if rest:
        words.append(phrase("… and {n} more words", n=_count(rest)))
    return joined(words, phrase(" "))


def _pairs_of_center(step: Walkthrough) -> Phrase:
    outside = list(dict.fromkeys(o for c, o in step.pairs if c == step.center))
    pairs = [
        phrase("({c}, {o})", c=_center(step), o=word(step.words[o]))
        for o in outside[:_MOST_LISTED_PAIRS]
    ]
    return joined([*pairs, *[phrase("…")] * (len(outside) > _MOST_LISTED_PAIRS)])


def _negatives(step: Walkthrough) -> Phrase:
    if not step.negatives:
        return _EMPTY
    drawn = joined(word(step.words[n]) for n in step.negatives)
    return phrase(
        " Negatives ({K} = {n}): {drawn}.", K=K, n=_count(len(step.negatives)), drawn=drawn
    )


# ------------------------------------------------------------------------- naive softmax


def _softmax_forward(step: Walkthrough) -> Iterator[Block]:
    rows = step.predictions
    yield Heading(
        phrase(
            "Forward: scores with {v} = {vector}", v=_v_c(step), vector=_vector(_old_center(step))
        )
    )
    yield Table(
        [
            Column(phrase("word"), [*(word(step.words[row.word]) for row in rows), phrase("sum")]),
            Column(SCORE, [*(row.score for row in rows), None]),
            Column(
                formula("exp(u_w·v_c)", r"\exp(u_w \cdot v_c)"),
                [*(row.exponential for row in rows), _sum_of_exponentials(step)],
            ),
            Column(
                formula("ŷ_w = p(w|c)", r"\hat y_w = p(w|c)"),
                [*(row.predicted for row in rows), Fraction(1)],
                "fraction",
            ),
            Column(formula("y_w", "y_w"), [*(Fraction(row.observed) for row in rows), Fraction(1)]),
            Column(
                formula("ŷ_w - y_w", r"\hat y_w - y_w"),
                [*(row.residual for row in rows), Fraction(0)],
                "fraction",
            ),
        ],
        has_total=True,
    )
    observed = rows[step.target]
    yield Paragraph(
        phrase(
            "{p} comes from the vectors of this moment: no counting, no pass "
            "over the text. {J} = {log} = {loss}.",
            p=SOFTMAX_PROBABILITY,
            J=SOFTMAX_LOSS,
            log=_minus_log(observed.predicted),
            loss=number(step.loss_before),
        )
    )


def _minus_log(probability: Number) -> Phrase:
    shown = number(probability, "fraction")
    return Phrase(f"-log{UNBROKEN}{shown.text}", f"−log {shown.html}", rf"$-\log$ {shown.latex}")


def _sum_of_exponentials(step: Walkthrough) -> Number:
    return sum((row.exponential for row in step.predictions), Fraction(0))


def _softmax_center_gradient(step: Walkthrough) -> Iterator[Block]:
    yield Heading(phrase("Gradient for the center word: {formula}", formula=SOFTMAX_CENTER))
    factors = [Fraction(-1), *(row.predicted for row in step.predictions)]
    vectors = [step.target, *(row.word for row in step.predictions)]
    yield _terms(step, factors, vectors, phrase("factor"))
    yield Paragraph(
        phrase(
            "Sign: {log_p} is the gradient of {p}, to be climbed.",
            log_p=LOG_P_GRADIENT,
            p=LOG_P,
        )
    )


def _terms(
    step: Walkthrough, factors: Sequence[Number], vectors: Sequence[int], header: Phrase
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
                [*(_u(step, w) for w in vectors), formula("∂J/∂v_c", r"\partial J/\partial v_c")],
            ),
            Column(header, [*factors, None], "fraction"),
            Column(phrase("times vector"), [*outside, None]),
            Column(phrase("= term"), [*products, step.grad_center]),
        ],
        has_total=True,
    )


# --------------------------------------------------------------------- negative sampling


def _sampling_forward(step: Walkthrough) -> Iterator[Block]:
    rows = step.predictions
    yield Heading(
        phrase(
            "Forward: scores with {v} = {vector}", v=_v_c(step), vector=_vector(_old_center(step))
        )
    )
    yield Table(
        [
            Column(phrase("word"), [_drawn_word(step, k) for k in range(len(rows))]),
            Column(formula("s = u_w·v_c", r"s = u_w \cdot v_c"), [row.score for row in rows]),
            Column(formula("exp(-s)", r"\exp(-s)"), [row.exponential for row in rows]),
            Column(formula("σ(s)", r"\sigma(s)"), [row.predicted for row in rows], "fraction"),
            Column(formula("y", "y"), [Fraction(row.observed) for row in rows]),
            Column(
                formula("σ(s) - y", r"\sigma(s) - y"), [row.residual for row in rows], "fraction"
            ),
            Column(phrase("term of {J}", J=J), [row.loss for row in rows]),
        ]
    )
    yield Paragraph(
        phrase(
            "{sigmoid}, from the vectors of this moment: nothing is counted in the text. "
            "{loss} = {value}, with {sigma} for the negatives.",
            sigmoid=SIGMOID,
            loss=SAMPLING_LOSS,
            value=number(step.loss_before),
            sigma=formula("σ(-s) = 1 - σ(s)", r"\sigma(-s) = 1 - \sigma(s)"),
        )
    )


def _drawn_word(step: Walkthrough, k: int) -> Phrase:
    role = formula(f"n_{k}", f"n_{{{k}}}") if k else O
    return phrase("{w} ({role})", w=word(step.words[step.predictions[k].word]), role=role)


def _sampling_center_gradient(step: Walkthrough) -> Iterator[Block]:
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
        formula("σ - y", r"\sigma - y"),
    )


# -------------------------------------------------------------------------------- update


def _update(step: Walkthrough) -> Iterator[Block]:
    outside = SOFTMAX_OUTSIDE if step.loss == "naive-softmax" else SAMPLING_OUTSIDE
    yield Heading(
        phrase(
            "Update: {descent}, {eta} = {rate}; {outside}",
            descent=DESCENT,
            eta=ETA,
            rate=number(step.rate),
            outside=outside,
        )
    )
    words = list(dict.fromkeys(row.word for row in step.predictions))
    yield Table(
        [
            Column(phrase("vector"), [_v_c(step), *(_u(step, w) for w in words)]),
            Column(phrase("old"), [_old_center(step), *(step.U[w] for w in words)]),
            Column(GRADIENT, [step.grad_center, *(step.grad_outside[w] for w in words)]),
            Column(phrase("new"), [step.V_after[step.center], *(step.U_after[w] for w in words)]),
        ]
    )
    yield Paragraph(phrase("{rows}{repeats}", rows=_rows_that_move(step), repeats=_repeats(step)))


def _rows_that_move(step: Walkthrough) -> Phrase:
    most = (
        _count(len(step.words))
        if step.loss == "naive-softmax"
        else phrase("{K} + 1 = {n}", K=K, n=_count(len(step.negatives) + 1))
    )
    return phrase(
        "At most 1 row of {V} and {most} of {U} can move; here {v} and {u}.{rest}",
        most=most,
        v=_count(int(step.moved_center)),
        u=_count(len(step.moved_outside)),
        rest=_EMPTY if step.moved_center else _why_the_center_rests(step),
        U=U,
        V=V,
    )


def _why_the_center_rests(step: Walkthrough) -> Phrase:
    why = phrase("its terms cancel") if _any(step.U) else phrase("{U} is 0", U=U)
    return phrase(" {v} rests: {why}.", v=_v_c(step), why=why)


def _repeats(step: Walkthrough) -> Phrase:
    drawn = [row.word for row in step.predictions]
    repeated = [w for w in dict.fromkeys(drawn) if drawn.count(w) > 1]
    return _sentences(
        phrase(
            " {u} has {n} terms, one each time it was looked at.",
            u=_u(step, w),
            n=_count(drawn.count(w)),
        )
        for w in repeated
    )


# ------------------------------------------------------------------------------- outcome


def _outcome(step: Walkthrough) -> Iterator[Block]:
    if step.moved_center or step.moved_outside:
        yield Heading(
            phrase(
                "After the step: {J} = {after}, before {before}",
                J=J,
                after=number(step.loss_after),
                before=number(step.loss_before),
            )
        )
        yield _changes(step)
        if step.loss_after > step.loss_before:
            yield Paragraph(phrase("The loss grew: the learning rate is too large here."))
    else:
        yield Heading(phrase("Nothing moves"))
        yield Paragraph(_why_nothing_moves(step))
    yield Paragraph(_confirmation(step))


def _changes(step: Walkthrough) -> Table:
    if step.loss == "naive-softmax":
        prediction = formula("p(w|c)", "p(w|c)")
        before, after = softmax(step.scores), softmax(step.scores_after)
    else:
        prediction = formula("σ(u_w·v_c)", r"\sigma(u_w \cdot v_c)")
        before, after = map(_sigmoids, (step.scores, step.scores_after))
    return Table(
        [
            Column(phrase("word"), [word(w) for w in step.words]),
            Column(SCORE, step.scores),
            Column(phrase("new"), step.scores_after),
            Column(prediction, before, "fraction"),
            Column(phrase("new"), after, "fraction"),
            Column(
                phrase("by the growth of {s}", s=SCORE),
                [_effect(step, w) for w in range(len(step.words))],
            ),
        ]
    )


def _sigmoids(scores: Vector) -> Vector:
    return tuple(map(sigmoid, scores))


def _effect(step: Walkthrough, index: int) -> Phrase:
    change = step.changes[index]
    if change == 0:
        return phrase("as before")
    if change < 0:
        return phrase("pushed apart")
    if index == step.target:
        return phrase("pulled together")
    # A word that was not observed is never pulled by its own row of the gradient.
    return phrase("pulled together, as {v} moved", v=_v_c(step))


def _why_nothing_moves(step: Walkthrough) -> Phrase:
    return phrase(
        "Both gradients are exactly 0, and {J} stays {loss}. Each row of that for {U} is a "
        "multiple of {v}, which is 0; in that for {v}, {terms}. {advice}",
        J=J,
        loss=number(step.loss_before),
        U=U,
        v=_v_c(step),
        terms=phrase("the terms cancel")
        if _any(step.U)
        else phrase("each term is a multiple of a row of {U}, and all are 0", U=U),
        advice=phrase("A step on another pair may move something.")
        if _any(step.U) or _any(step.V)
        else phrase(
            "No rate and no number of steps changes that. It is a saddle, not a minimum: start "
            "half-zeros ({V} random, {U} zero) or random instead.",
            U=U,
            V=V,
        ),
    )


def _any(matrix: Matrix) -> bool:
    return any(map(any, matrix))


def _confirmation(step: Walkthrough) -> Phrase:
    found = step.confirmation
    vector = vector_of("v" if found.of_center else "u", step.words[found.word])
    return phrase(
        "Finite difference, component {k} of {vector}: {numerical} (± {error}); the gradient "
        "above: {claimed}. gradcheck.check, all {n} entries of {v} and {U}: {verdict}.",
        k=_count(found.component),
        vector=vector,
        numerical=_verbatim(f"{found.numerical:.10g}"),
        error=_verbatim(f"{found.error:.0e}"),
        claimed=_verbatim(f"{found.claimed:.10g}"),
        n=_count(found.entries),
        v=_v_c(step),
        U=U,
        verdict=phrase(found.verdict),
    )


# -------------------------------------------------------------------------------- pieces


def _name(step: Walkthrough) -> str:
    return step.loss.replace("-", " ")


def _center(step: Walkthrough) -> Phrase:
    return word(step.words[step.center])


def _target(step: Walkthrough) -> Phrase:
    return word(step.words[step.target])


def _v_c(step: Walkthrough) -> Phrase:
    return vector_of("v", step.words[step.center])


def _u(step: Walkthrough, index: int) -> Phrase:
    return vector_of("u", step.words[index])


def _old_center(step: Walkthrough) -> Vector:
    return step.V[step.center]


def _vector(vector: Vector) -> Phrase:
    return phrase("({entries})", entries=joined(number(entry) for entry in vector))


def _verbatim(written: str) -> Phrase:
    return Phrase(
        written, f'<span class="math">{written.replace("-", "−")}</span>', latex_number(written)
    )


def _count(count: int) -> Phrase:
    return phrase(f"{count:,}")


def _sentences(sentences: Iterable[Phrase]) -> Phrase:
    return joined(sentences, _EMPTY)
