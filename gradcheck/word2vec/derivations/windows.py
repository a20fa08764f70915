"""Skip-gram and CBOW: a window of C context words, for both losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from sympy import IndexedBase, MatrixSymbol, Sum, Symbol, log

from gradcheck.equations import abbreviate, at, partial
from gradcheck.symbolic import Derivation, Step
from gradcheck.word2vec import losses
from gradcheck.word2vec.derivations.letters import (
    NAMES,
    PAIR,
    SAMPLES,
    delta,
    draws,
    over_dimensions,
    over_samples,
    over_words,
    p,
    score,
    sigma,
    y,
)
from gradcheck.word2vec.losses import K, U, W, d, i, j, k, m, n, o, v, x

__all__ = [
    "cbow_naive_softmax",
    "cbow_negative_sampling",
    "skipgram_naive_softmax",
    "skipgram_negative_sampling",
]

# SymPy has no type information.
Expr: TypeAlias = Any

C = Symbol("C", integer=True, positive=True)
t = Symbol("t", integer=True, positive=True)
# Skip-gram predicts the words o_1, …, o_C; for each it draws negatives of its own.
targets = IndexedBase("o", shape=(C,))
samples = IndexedBase("n", shape=(C, K))
# CBOW predicts o from the words w_1, …, w_C, whose vectors are rows of V.
context = IndexedBase("w", shape=(C,))
V = MatrixSymbol("V", W, d)


def over_window(body: Expr) -> Expr:
    """Return the sum over the positions of the window."""
    return Sum(body, (t, 1, C))


count = abbreviate(
    "count",
    lambda word: over_window(delta(word, targets[t])),
    unicode="c_{0:sub}",
    latex="c_{{{0}}}",
)
occurrences = abbreviate(
    "occurrences",
    lambda word: over_window(delta(word, context[t])),
    unicode="c_{0:sub}",
    latex="c_{{{0}}}",
)
mean_vector = abbreviate(
    "mean_vector",
    lambda k: over_window(V[context[t], k]) / C,
    unicode="v̂[{0}]",
    latex=r"\hat v_{{{0}}}",
)
summed_vector = abbreviate(
    "summed_vector",
    lambda k: over_window(V[context[t], k]),
    unicode="h[{0}]",
    latex="h_{{{0}}}",
)
_LATEX = {"v̂": r"\hat v", "h": "h"}


def skipgram_naive_softmax() -> Derivation:
    """Derive the gradient of skip-gram with naive softmax."""
    given = (
        "$o_1, …, o_C$ are the words of the window, $t = 1, …, C$; a word may be there twice. "
        "$c_x = Σ_t δ(x, o_t)$ counts how often $x$ is among them."
    )
    loss = _named_loss(over_window(losses.naive_softmax_loss().xreplace({o: targets[t]})))
    by_center = over_window(over_words(x, p(x) * U[x, k]) - U[targets[t], k])
    by_outside = over_window((p(x) - delta(x, targets[t])) * v[m, 0])
    return _skipgram(
        "naive-softmax",
        given,
        loss,
        over_window(-log(p(targets[t]))),
        by_center,
        Step(
            by_center,
            C * over_words(x, p(x) * U[x, k]) - over_window(U[targets[t], k]),
            "The expectation is the same for each word of the window: $C$ times it.",
        ),
        Step(partial(loss, U[x, m]), by_outside, "Again the sum of the derivatives."),
        Step(
            by_outside,
            (C * p(x) - count(x)) * v[m, 0],
            "A word that is in the window twice counts twice.",
        ),
    )


def skipgram_negative_sampling() -> Derivation:
    """Derive the gradient of skip-gram with negative sampling."""
    given = (
        "$o_1, …, o_C$ are the words of the window, $t = 1, …, C$, and $n_{t,1}, …, n_{t,K}$ the "
        "negative samples of $o_t$. Any of these may repeat."
    )
    drawn = samples[t, i]
    pair = losses.negative_sampling_loss().xreplace({o: targets[t], n[i]: drawn})
    loss = _named_loss(over_window(pair))
    pulled, pushed = sigma(-score(targets[t])), sigma(score(drawn))
    return _skipgram(
        "negative-sampling",
        given,
        loss,
        -over_window(log(sigma(score(targets[t]))) + over_samples(log(sigma(-score(drawn))))),
        over_window(over_samples(pushed * U[drawn, k]) - pulled * U[targets[t], k]),
        Step(
            partial(loss, U[x, m]),
            over_window(over_samples(pushed * delta(x, drawn)) - pulled * delta(x, targets[t]))
            * v[m, 0],
            "A row of $U$ gets a term for each time that its word is in the window, and one for "
            "each time that it was drawn.",
        ),
    )


def _skipgram(
    name: str, given: str, loss: Expr, written: Expr, by_center: Expr, *steps: Step
) -> Derivation:
    return Derivation(
        name=f"skipgram-{name}",
        title=f"Skip-gram over a window, {name.replace('-', ' ')}",
        given=(*PAIR[:1], given),
        steps=(
            Step(loss, written, "One loss for each word of the window.", is_definition=True),
            Step(
                partial(loss, v[k, 0]),
                by_center,
                "The derivative of a sum is the sum of the derivatives.",
            ),
            *steps,
        ),
        names=NAMES,
    )


def cbow_naive_softmax() -> Derivation:
    """Derive the gradient of CBOW with naive softmax."""
    return _cbow("naive-softmax", (), _softmax_given)


def cbow_negative_sampling() -> Derivation:
    """Derive the gradient of CBOW with negative sampling."""
    return _cbow("negative-sampling", SAMPLES, _sampling_given)


class _Prediction(NamedTuple):
    """A loss of one prediction by a vector h, and its derivatives, as they are claimed."""

    loss: Expr
    written: Expr
    by_input: Callable[[Expr], Expr]
    by_outside: Expr


def _cbow(
    name: str, given: tuple[str, ...], predict: Callable[[Any, str], _Prediction]
) -> Derivation:
    average, total = predict(mean_vector, "v̂"), predict(summed_vector, "h")
    by_row = V[y, k]
    return Derivation(
        name=f"cbow-{name}",
        title=f"CBOW over a window, {name.replace('-', ' ')}",
        given=(
            (
                "$w_1, …, w_C$ are the context words, $t = 1, …, C$; a word may be there twice. "
                "The rows $v_w$ of $V$ are their vectors, and $c_y = Σ_t δ(y, w_t)$ counts how "
                "often $y$ is among them."
            ),
            (
                "The mean of these vectors predicts the center word, whose index is $o$. The rows"
                " $u_w$ of $U$ are the outside vectors."
            ),
            *given,
        ),
        steps=(
            Step(
                mean_vector(k),
                over_window(V[context[t], k]) / C,
                "The mean of the vectors.",
                is_definition=True,
            ),
            Step(
                average.loss,
                average.written,
                "The loss of a pair, $v̂$ standing for $v_c$.",
                is_definition=True,
            ),
            Step(
                partial(mean_vector(m), by_row),
                occurrences(y) * delta(k, m) / C,
                "Each of the $c_y$ vectors that are $v_y$ counts $1/C$.",
            ),
            Step(
                partial(average.loss, by_row),
                occurrences(y) / C * average.by_input(k),
                "The chain rule: the gradient by $v̂$, shared out. A word that is in the context "
                "twice gets it twice.",
            ),
            Step(partial(average.loss, U[x, m]), average.by_outside, "As for a pair."),
            Step(
                summed_vector(k),
                over_window(V[context[t], k]),
                "Some courses, and their homework, take the sum in place of the mean.",
                is_definition=True,
            ),
            Step(
                partial(total.loss, by_row),
                occurrences(y) * total.by_input(k),
                "Then there is no $1/C$.",
            ),
        ),
        names=NAMES | {V: "v"},
    )


def _softmax_given(vector: Any, letter: str) -> _Prediction:
    q = abbreviate(
        "q",
        lambda word: _predicted_by(vector, losses.probability(word)),
        unicode=f"p({{0}}|{letter})",
        latex=rf"p({{0}} \mid {_LATEX[letter]})",
    )
    return _Prediction(
        _named_loss(_predicted_by(vector, losses.naive_softmax_loss()), letter),
        -log(q(o)),
        lambda index: over_words(x, q(x) * U[x, index]) - U[o, index],
        (q(x) - delta(x, o)) * vector(m),
    )


def _sampling_given(vector: Any, letter: str) -> _Prediction:
    s = abbreviate(
        "s",
        lambda word: over_dimensions(j, U[word, j] * vector(j)),
        unicode=f"u_{{0:sub}}·{letter}",
        latex=rf"u_{{{{{{0}}}}}} \cdot {_LATEX[letter]}",
    )
    return _Prediction(
        _named_loss(_predicted_by(vector, losses.negative_sampling_loss()), letter),
        -log(sigma(s(o))) - over_samples(log(sigma(-s(n[i])))),
        lambda index: over_samples(sigma(s(n[i])) * U[n[i], index]) - sigma(-s(o)) * U[o, index],
        (draws(x) * sigma(s(x)) - delta(x, o) * sigma(-s(x))) * vector(m),
    )


def _predicted_by(vector: Any, expression: Expr) -> Expr:
    """Put a vector in the place of v_c."""
    return at(expression, (v, lambda index, _: vector(index)))


def _named_loss(expression: Expr, predictor: str = "") -> Expr:
    """Return the expression as J, or as J(predictor)."""
    argument = f"({predictor})" if predictor else ""
    latex = f"({_LATEX[predictor]})" if predictor else ""
    named = abbreviate("J", lambda: expression, unicode=f"J{argument}", latex=f"J{latex}")
    return named()
