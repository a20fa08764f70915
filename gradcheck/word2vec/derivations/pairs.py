"""The gradients and second derivatives of the two losses for one pair of words."""

from __future__ import annotations

from sympy import Integer, exp, log

from gradcheck.equations import partial
from gradcheck.symbolic import Derivation, Step
from gradcheck.symbolic.matrix_forms import (
    diagonal,
    gradient,
    in_matrices,
    second_derivative,
    vector,
)
from gradcheck.word2vec.derivations.letters import (
    GIVEN_MATRICES,
    NAMES,
    PAIR,
    SAMPLES,
    WORDS,
    J,
    J_sampling,
    center_vector,
    delta,
    draws,
    mean,
    one_hot,
    outside_matrix,
    over_samples,
    over_words,
    p,
    q,
    score,
    sigma,
    slopes,
    y,
    y_hat,
)
from gradcheck.word2vec.losses import U, i, k, m, n, o, v, w, x

__all__ = ["naive_softmax", "negative_sampling"]

# The only column of a vector.
ZERO = Integer(0)


def naive_softmax() -> Derivation:
    """Derive the gradient of the naive-softmax loss, and its second derivatives."""
    normalizer = over_words(w, exp(score(w)))
    by_center, by_outside = v[k, 0], U[x, m]
    return Derivation(
        name="naive-softmax",
        title="Naive softmax: gradient and second derivatives",
        given=(
            *PAIR,
            GIVEN_MATRICES,
            "$ū = Σ_x p(x|c) u_x$ is the mean of the outside vectors under $p$.",
        ),
        steps=(
            Step(
                p(o),
                exp(score(o)) / normalizer,
                "The probability of the observed word, from the vectors: nothing is counted in "
                "the text.",
                is_definition=True,
            ),
            Step(J(), -log(p(o)), "This is the loss.", is_definition=True),
            Step(
                -log(p(o)),
                log(normalizer) - score(o),
                "The logarithm of a quotient is a difference, and $log exp x = x$.",
            ),
            Step(
                partial(-score(o), by_center),
                -U[o, k],
                "In $u_o·v_c = Σ_j u_o[j] v_c[j]$, one term has $v_c[k]$.",
            ),
            Step(
                partial(log(normalizer), by_center),
                over_words(w, exp(score(w)) * U[w, k]) / normalizer,
                "The chain rule: 1 over the sum, times the derivative of each exponential.",
            ),
            Step(
                over_words(w, exp(score(w)) * U[w, k]) / normalizer,
                over_words(x, p(x) * U[x, k]),
                "The quotient goes into the sum; $exp(u_x·v_c)$ over the sum of all is $p(x|c)$.",
            ),
            Step(
                partial(J(), by_center),
                -U[o, k] + over_words(x, p(x) * U[x, k]),
                "Both parts together: the expected outside vector minus the observed one.",
            ),
            Step(
                partial(log(p(o)), by_center),
                U[o, k] - over_words(x, p(x) * U[x, k]),
                "The gradient of $log p$ points uphill, that of the loss $J = −log p$ the "
                "opposite way: a step adds the one, or subtracts the other.",
            ),
            in_matrices(
                gradient(J(), center_vector),
                outside_matrix.T @ (y_hat - one_hot),
                (k, ZERO),
                "All entries of step 7 at once: $−u_o$ joins the sum as the term $−y_x u_x$.",
            ),
            Step(
                partial(-score(o), by_outside),
                -delta(x, o) * v[m, 0],
                "$u_o$ is the only outside vector in it.",
            ),
            Step(
                partial(log(normalizer), by_outside),
                p(x) * v[m, 0],
                "Of the sum over $w$, only the term $w = x$ has $u_x$.",
            ),
            Step(
                partial(J(), by_outside),
                (p(x) - delta(x, o)) * v[m, 0],
                "Both together. Unless $v_c$ is 0 or $|V|$ is 1, every row of $U$ moves.",
            ),
            in_matrices(
                gradient(J(), outside_matrix),
                (y_hat - one_hot) @ center_vector.T,
                (x, m),
                "All rows at once: row $x$ is $v_c$ times the number $ŷ_x − y_x$.",
            ),
            Step(
                partial(J(), v[k, 0], v[q, 0]),
                over_words(x, p(x) * (U[x, k] - mean(k)) * (U[x, q] - mean(q))),
                "The block of $v_c$ with itself is the covariance of the outside vectors under "
                "$p$: it has no negative eigenvalue, so $J$ is convex in $v_c$ alone.",
            ),
            Step(
                over_words(x, p(x) * (U[x, k] - mean(k)) * (U[x, q] - mean(q))),
                over_words(x, p(x) * U[x, k] * U[x, q]) - mean(k) * mean(q),
                "A covariance is the mean of the products minus the product of the means.",
            ),
            in_matrices(
                second_derivative(J(), center_vector),
                outside_matrix.T @ (diagonal(y_hat) - y_hat @ y_hat.T) @ outside_matrix,
                (k, q),
                "The whole block at once.",
            ),
            Step(
                partial(J(), by_center, by_outside),
                (p(x) - delta(x, o)) * delta(k, m) + p(x) * v[m, 0] * (U[x, k] - mean(k)),
                "The mixed block: $v_c[m]$ itself is a factor of $∂J/∂u_x[m]$, and $p$ depends on"
                " $v_c$.",
            ),
            Step(
                partial(J(), U[x, m], U[y, k]),
                p(x) * (delta(x, y) - p(y)) * v[m, 0] * v[k, 0],
                "The block of $U$ with itself: only $p$ depends on $U$.",
            ),
        ),
        names=NAMES,
    )


def negative_sampling() -> Derivation:
    """Derive the gradient of the negative-sampling loss, and its second derivatives."""
    by_center, by_outside = v[k, 0], U[x, m]
    target_term = -log(sigma(score(o)))
    negative_terms = -over_samples(log(sigma(-score(n[i]))))

    def slope(word: object) -> object:
        return sigma(score(word)) * sigma(-score(word))

    return Derivation(
        name="negative-sampling",
        title="Negative sampling: gradient and second derivatives",
        given=(
            *PAIR,
            *SAMPLES,
            "$K_x = Σ_i [x = n_i]$ is the number of times that $x$ was drawn. $σ$ is the sigmoid.",
            "Vectors are columns: $v_c$ is $d × 1$.",
        ),
        steps=(
            Step(
                J_sampling(),
                target_term + negative_terms,
                "This is the loss.",
                is_definition=True,
            ),
            Step(
                partial(target_term, by_center),
                -sigma(-score(o)) * U[o, k],
                "The derivative of $−log σ(s)$ is $−σ(−s)$, that of $s = u_o·v_c$ is $u_o[k]$.",
            ),
            Step(
                partial(negative_terms, by_center),
                over_samples(sigma(score(n[i])) * U[n[i], k]),
                "The derivative of $−log σ(−s)$ is $σ(s)$. A word that was drawn twice is there "
                "twice.",
            ),
            Step(
                partial(J_sampling(), by_center),
                -sigma(-score(o)) * U[o, k] + over_samples(sigma(score(n[i])) * U[n[i], k]),
                "Both parts together.",
            ),
            Step(
                partial(target_term, by_outside),
                -sigma(-score(o)) * delta(x, o) * v[m, 0],
                "It depends on $u_o$ alone.",
            ),
            Step(
                partial(negative_terms, by_outside),
                over_samples(sigma(score(n[i])) * delta(x, n[i])) * v[m, 0],
                "Each sample contributes to the row of its own word.",
            ),
            Step(
                over_samples(sigma(score(n[i])) * delta(x, n[i])) * v[m, 0],
                draws(x) * sigma(score(x)) * v[m, 0],
                "The samples of the word $x$ all contribute the same: one term, $K_x$ times.",
            ),
            Step(
                partial(J_sampling(), by_outside),
                (draws(x) * sigma(score(x)) - delta(x, o) * sigma(-score(x))) * v[m, 0],
                "Both parts together. It is 0 unless $x$ is $o$ or was drawn: at most $K + 1$ "
                "rows move.",
            ),
            Step(
                slopes(x),
                draws(x) * sigma(score(x)) - delta(x, o) * sigma(-score(x)),
                "This is the derivative of $J$ by the score $u_x·v_c$. It takes the place that "
                "$ŷ_x − y_x$ has in naive softmax.",
                is_definition=True,
            ),
            in_matrices(
                gradient(J_sampling(), center_vector),
                outside_matrix.T @ vector(slopes, WORDS, "g"),
                (k, ZERO),
                "All entries of step 4 at once, the terms of each word together.",
            ),
            in_matrices(
                gradient(J_sampling(), outside_matrix),
                vector(slopes, WORDS, "g") @ center_vector.T,
                (x, m),
                "All rows of step 8 at once. In code, nobody builds these rows of zeros: only the "
                "rows of $o$ and of the samples are touched.",
            ),
            Step(
                partial(J_sampling(), v[k, 0], v[q, 0]),
                slope(o) * U[o, k] * U[o, q] + over_samples(slope(n[i]) * U[n[i], k] * U[n[i], q]),
                "$σ′(s) = σ(s) σ(−s) > 0$: a sum of squares with positive weights, so $J$ is "
                "convex in $v_c$ alone.",
            ),
            Step(
                partial(J_sampling(), by_center, by_outside),
                (draws(x) * sigma(score(x)) - delta(x, o) * sigma(-score(x))) * delta(k, m)
                + (draws(x) + delta(x, o)) * slope(x) * U[x, k] * v[m, 0],
                "The mixed block: $v_c[m]$ itself is a factor of $∂J/∂u_x[m]$, and $σ$ depends on"
                " $v_c$.",
            ),
            Step(
                partial(J_sampling(), U[x, m], U[y, k]),
                delta(x, y) * (draws(x) + delta(x, o)) * slope(x) * v[m, 0] * v[k, 0],
                "Two different outside vectors never meet in one term.",
            ),
        ),
        names=NAMES,
    )
