"""Skip-gram and CBOW: a window of C context words, for each loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from sympy import IndexedBase, Integer, MatrixSymbol, Sum, Symbol, log

from gradcheck.equations import abbreviate, at, partial
from gradcheck.symbolic import Derivation, Step
from gradcheck.symbolic.matrix_forms import Form, gradient, in_matrices, matrix, vector
from gradcheck.word2vec import losses
from gradcheck.word2vec.derivations.inner_nodes import PATH, TREE_NAMES, inner_matrix, over_path
from gradcheck.word2vec.derivations.letters import (
    DIMENSIONS,
    NAMES,
    PAIR,
    SAMPLES,
    WORDS,
    center_vector,
    delta,
    draws,
    outside_matrix,
    over_dimensions,
    over_samples,
    over_words,
    p,
    score,
    sigma,
    y,
    y_hat,
)
from gradcheck.word2vec.losses import (
    K,
    U,
    W,
    d,
    i,
    inner,
    j,
    k,
    m,
    n,
    nodes,
    o,
    place,
    signs,
    v,
    x,
)

__all__ = [
    "cbow_hierarchical_softmax",
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
    unicode="C_{0:sub}",
    latex="C_{{{0}}}",
)
occurrences = abbreviate(
    "occurrences",
    lambda word: over_window(delta(word, context[t])),
    unicode="C_{0:sub}",
    latex="C_{{{0}}}",
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
        "$C_x = Σ_t [x = o_t]$ is the number of times that $x$ is among them."
    )
    loss = _named_loss(over_window(losses.naive_softmax_loss().xreplace({o: targets[t]})))
    by_center = over_window(over_words(x, p(x) * U[x, k]) - U[targets[t], k])
    by_outside = over_window((p(x) - delta(x, targets[t])) * v[m, 0])
    observed = vector(count, WORDS, "Σ_t y_t", r"\textstyle\sum_t y_t")
    residuals = y_hat.times(C, "C") - observed
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
        in_matrices(
            gradient(loss, center_vector),
            outside_matrix.T @ residuals,
            (k, Integer(0)),
            "All entries of step 3 at once. $y_t$ is 1 at $o_t$ and 0 elsewhere, so $Σ_t y_t$ has "
            "the entries $C_x$.",
        ),
        in_matrices(
            gradient(loss, outside_matrix),
            residuals @ center_vector.T,
            (x, m),
            "All rows of step 5 at once.",
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
    slope = _named_slope(
        lambda word: over_window(
            over_samples(pushed * delta(word, drawn)) - pulled * delta(word, targets[t])
        )
    )
    slopes = vector(slope, WORDS, "g")
    return _skipgram(
        "negative-sampling",
        given,
        loss,
        -over_window(log(sigma(score(targets[t]))) + over_samples(log(sigma(-score(drawn))))),
        over_window(over_samples(pushed * U[drawn, k]) - pulled * U[targets[t], k]),
        Step(
            partial(loss, U[x, m]),
            slope.definition(x) * v[m, 0],
            "A row of $U$ gets a term for each time that its word is in the window, and one for "
            "each time that it was drawn.",
        ),
        Step(
            slope(x),
            slope.definition(x),
            "The number in front of $v_c$: the derivative of $J$ by the score $u_x·v_c$.",
            is_definition=True,
        ),
        in_matrices(
            gradient(loss, center_vector),
            outside_matrix.T @ slopes,
            (k, Integer(0)),
            "All entries of step 2 at once, the terms of each word together.",
        ),
        in_matrices(
            gradient(loss, outside_matrix),
            slopes @ center_vector.T,
            (x, m),
            "All rows of step 3 at once.",
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
    return _cbow("naive-softmax", _OUTSIDE, _softmax_given)


def cbow_negative_sampling() -> Derivation:
    """Derive the gradient of CBOW with negative sampling."""
    return _cbow("negative-sampling", (*_OUTSIDE, *SAMPLES), _sampling_given)


def cbow_hierarchical_softmax() -> Derivation:
    """Derive the gradient of CBOW with hierarchical softmax."""
    return _cbow("hierarchical-softmax", PATH, _tree_given)


_OUTSIDE = ("The rows $u_w$ of $U$ are the outside vectors.",)


class _Prediction(NamedTuple):
    """A loss of one prediction by a vector h, and its derivatives, as they are claimed."""

    loss: Expr
    written: Expr
    by_input: Callable[[Expr], Expr]
    by_score: Callable[[Expr], Expr]
    outside: Form = outside_matrix


def _cbow(
    name: str, given: tuple[str, ...], predict: Callable[[Any, str], _Prediction]
) -> Derivation:
    average, total = predict(mean_vector, "v̂"), predict(summed_vector, "h")
    by_row = V[y, k]
    slope = _named_slope(average.by_score)
    slopes = vector(slope, average.outside.rows, "g")
    predictor = vector(mean_vector, DIMENSIONS, "v̂", r"\hat v")
    centers = matrix(V, WORDS, DIMENSIONS, "V")
    present = vector(occurrences, WORDS, "(Σ_t x_t)", r"\left(\textstyle\sum_t x_t\right)")
    return Derivation(
        name=f"cbow-{name}",
        title=f"CBOW over a window, {name.replace('-', ' ')}",
        given=(
            (
                "$w_1, …, w_C$ are the context words, $t = 1, …, C$; a word may be there twice. "
                "The rows $v_w$ of $V$ are their vectors, and $C_z = Σ_t [z = w_t]$ is the "
                "number of times that $z$ is among them."
            ),
            "The mean of these vectors predicts the center word, whose index is $o$.",
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
                "Each of the $C_z$ vectors that are $v_z$ counts $1/C$.",
            ),
            Step(
                partial(average.loss, by_row),
                occurrences(y) / C * average.by_input(k),
                "The chain rule: the gradient by $v̂$, shared out. A word that is in the context "
                "twice gets it twice.",
            ),
            Step(
                partial(average.loss, average.outside.entry(x, m)),
                average.by_score(x) * mean_vector(m),
                "As for a pair.",
            ),
            Step(
                slope(x),
                average.by_score(x),
                "The number in front of $v̂$: the derivative of $J$ by the score $u_x·v̂$.",
                is_definition=True,
            ),
            in_matrices(
                gradient(average.loss, average.outside, "J"),
                slopes @ predictor.T,
                (x, m),
                "All rows of step 5 at once.",
            ),
            in_matrices(
                gradient(average.loss, centers, "J"),
                (present @ slopes.T @ average.outside).over(C, "C"),
                (y, k),
                "All rows of step 4 at once. $x_t$ is 1 at $w_t$ and 0 elsewhere, so $Σ_t x_t$ has "
                "the entries $C_z$.",
            ),
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
        names=TREE_NAMES | {V: "v"},
    )


def _softmax_given(predictor: Any, letter: str) -> _Prediction:
    q = abbreviate(
        "q",
        lambda word: _predicted_by(predictor, losses.probability(word)),
        unicode=f"p({{0}}|{letter})",
        latex=rf"p({{0}} \mid {_LATEX[letter]})",
    )
    return _Prediction(
        _named_loss(_predicted_by(predictor, losses.naive_softmax_loss()), letter),
        -log(q(o)),
        lambda index: over_words(x, q(x) * U[x, index]) - U[o, index],
        lambda word: q(word) - delta(word, o),
    )


def _sampling_given(predictor: Any, letter: str) -> _Prediction:
    s = abbreviate(
        "s",
        lambda word: over_dimensions(j, U[word, j] * predictor(j)),
        unicode=f"u_{{0:sub}}·{letter}",
        latex=rf"u_{{{{{{0}}}}}} \cdot {_LATEX[letter]}",
    )
    return _Prediction(
        _named_loss(_predicted_by(predictor, losses.negative_sampling_loss()), letter),
        -log(sigma(s(o))) - over_samples(log(sigma(-s(n[i])))),
        lambda index: over_samples(sigma(s(n[i])) * U[n[i], index]) - sigma(-s(o)) * U[o, index],
        lambda word: draws(word) * sigma(s(word)) - delta(word, o) * sigma(-s(word)),
    )


def _tree_given(predictor: Any, letter: str) -> _Prediction:
    s = abbreviate(
        "s",
        lambda node: over_dimensions(j, inner[node, j] * predictor(j)),
        unicode=f"u_{{0:sub}}·{letter}",
        latex=rf"u_{{{{{{0}}}}}} \cdot {_LATEX[letter]}",
    )
    pull = signs[place] * sigma(-signs[place] * s(nodes[place]))
    return _Prediction(
        _named_loss(_predicted_by(predictor, losses.hierarchical_softmax_loss()), letter),
        -over_path(log(sigma(signs[place] * s(nodes[place])))),
        lambda index: -over_path(pull * inner[nodes[place], index]),
        lambda node: -over_path(pull * delta(node, nodes[place])),
        inner_matrix,
    )


def _named_slope(definition: Callable[[Expr], Expr]) -> Any:
    """Return ∂J/∂(u_x·v) as g_x."""
    return abbreviate("g", definition, unicode="g_{0:sub}", latex="g_{{{0}}}")


def _predicted_by(vector: Any, expression: Expr) -> Expr:
    """Put a vector in the place of v_c."""
    return at(expression, (v, lambda index, _: vector(index)))


def _named_loss(expression: Expr, predictor: str = "") -> Expr:
    """Return the expression as J, or as J(predictor)."""
    argument = f"({predictor})" if predictor else ""
    latex = f"({_LATEX[predictor]})" if predictor else ""
    named = abbreviate("J", lambda: expression, unicode=f"J{argument}", latex=f"J{latex}")
    return named()
