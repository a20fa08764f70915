"""Lemmas for both losses: the sigmoid and the softmax of any scores."""

from __future__ import annotations

from sympy import KroneckerDelta, MatrixSymbol, Symbol, exp, log

from gradcheck.equations import abbreviate, at, partial
from gradcheck.symbolic import Derivation, Step
from gradcheck.word2vec.derivations.letters import NAMES, over_words, sigma
from gradcheck.word2vec.losses import W, j, k, o, w

__all__ = ["sigmoid_lemma", "softmax_lemma"]


def sigmoid_lemma() -> Derivation:
    """Derive the properties of σ that the losses use."""
    s = Symbol("s", real=True)
    return Derivation(
        name="sigmoid",
        title="The sigmoid and the derivative of its logarithm",
        given=("$s$ is any real number: a score.",),
        steps=(
            Step(sigma(s), 1 / (1 + exp(-s)), "This is the definition.", is_definition=True),
            Step(
                1 - sigma(s),
                sigma(-s),
                "$1 − 1/(1 + exp(−s)) = exp(−s)/(1 + exp(−s))$; multiply above and below by "
                "$exp(s)$.",
            ),
            Step(
                partial(sigma(s), s),
                exp(-s) / (1 + exp(-s)) ** 2,
                "The chain rule: the derivative of $1/x$ is $−1/x²$, that of $1 + exp(−s)$ is "
                "$−exp(−s)$.",
            ),
            Step(
                exp(-s) / (1 + exp(-s)) ** 2,
                sigma(s) * (1 - sigma(s)),
                "The quotient is $1/(1 + exp(−s))$ times $exp(−s)/(1 + exp(−s))$.",
            ),
            Step(
                partial(-log(sigma(s)), s),
                -partial(sigma(s), s) / sigma(s),
                "The chain rule: the derivative of $log x$ is $1/x$.",
            ),
            Step(
                -partial(sigma(s), s) / sigma(s),
                -sigma(-s),
                "$σ′(s) = σ(s) σ(−s)$, and one $σ(s)$ cancels.",
            ),
            Step(
                partial(-log(sigma(-s)), s),
                sigma(s),
                "The same with $−s$ in place of $s$: the inner derivative $−1$ turns the sign.",
            ),
        ),
        names=NAMES,
    )


def softmax_lemma() -> Derivation:
    """Derive the properties of the softmax that the losses use, for scores of any origin."""
    s = MatrixSymbol("s", W, 1)
    constant = Symbol("a", real=True)
    normalizer = over_words(w, exp(s[w, 0]))
    q = abbreviate(
        "q",
        lambda word: exp(s[word, 0]) / normalizer,
        unicode="p_{0:sub}",
        latex="p_{{{0}}}",
    )
    return Derivation(
        name="softmax",
        title="The softmax and the derivative of its logarithm",
        given=(
            "$s$ is a vector of $|V|$ scores, one a word; $w$ goes over the vocabulary.",
            "$a$ is any real number; $←$ says what is put in the place of what.",
        ),
        steps=(
            Step(q(k), exp(s[k, 0]) / normalizer, "This is the definition.", is_definition=True),
            Step(over_words(w, q(w)), 1, "Each $p_w$ has the same denominator: the sum of all."),
            Step(
                at(q(k), (s, lambda word, _: s[word, 0] + constant)),
                q(k),
                "A constant added to every score cancels. This is why one may subtract the "
                "largest score before taking exponentials.",
            ),
            Step(
                partial(log(normalizer), s[k, 0]),
                q(k),
                "The derivative of $log x$ is $1/x$, and only the term $w = k$ depends on $s_k$.",
            ),
            Step(
                partial(q(k), s[j, 0]),
                q(k) * (KroneckerDelta(k, j) - q(j)),
                "The quotient rule: $exp(s_k)$ depends on $s_j$ where $k = j$, the denominator "
                "always.",
            ),
            Step(
                partial(-log(q(o)), s[k, 0]),
                q(k) - KroneckerDelta(k, o),
                "$−log p_o = −s_o + log Σ_w exp(s_w)$. In vectors: $ŷ − y$, $y$ being one-hot at "
                "$o$.",
            ),
        ),
        names=NAMES,
    )
