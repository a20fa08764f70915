# ruff: noqa: E501  sentences stand as they are read, unbroken
"""Eight gradients that people got wrong, small and large, and what their reports have to say.

Losses of our own; each of the mistakes is one that is made often.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["CASES", "Case"]

RNG = np.random.default_rng(12)


class Case(NamedTuple):
    """A wrong gradient, and the lines that tell: as they stand in the report, but for breaks."""

    loss: Callable[..., Any]
    grad: Callable[..., Any]
    at: Any
    said: tuple[str, ...]


# ------------------------------------------------------------------------- a hidden Markov model

SEEN = (3, 1, 4, 0, 2, 2, 1, 3)


def chain(tr: Any, em: Any) -> Any:
    """Return the log-probability of the symbols seen, and the forward scores of each step."""
    forward = [em[SEEN[0]]]
    for symbol in SEEN[1:]:
        forward.append(np.log(np.exp(forward[-1][:, None] + tr).sum(axis=0)) + em[symbol])
    return float(np.log(np.exp(forward[-1]).sum())), forward


def transposed(tr: Any, em: Any) -> Any:
    """Return the gradient of the log-probability, that by `tr` transposed."""
    value, forward = chain(tr, em)
    after = np.zeros(len(tr))
    by_tr, by_em = np.zeros_like(tr), np.zeros_like(em)
    for step in range(len(SEEN) - 1, -1, -1):
        by_em[SEEN[step]] += np.exp(forward[step] + after - value)
        if step:
            arrival = em[SEEN[step]] + after
            by_tr += np.exp(forward[step - 1][:, None] + tr + arrival - value)
            after = np.log(np.exp(tr + arrival).sum(axis=1))
    return by_tr.T, by_em


# ------------------------------------------------------------------------------------ a small net

X, Y = RNG.normal(size=(5, 4)), RNG.normal(size=(5, 3))
NET = {
    "W1": RNG.normal(size=(4, 10)),
    "b1": RNG.normal(size=10),
    "W2": RNG.normal(size=(10, 3)),
    "b2": RNG.normal(size=3),
}


def net(p: Any) -> float:
    """Return the mean squared error of two layers over 5 examples, and a penalty on both."""
    hidden = np.tanh(X @ p["W1"] + p["b1"])
    misses = hidden @ p["W2"] + p["b2"] - Y
    squares = (p["W1"] ** 2).sum() + (p["W2"] ** 2).sum()
    return float((misses**2).sum() / len(X) + 0.05 * squares)


def net_gradient(p: Any, examples: int = len(X), decay: float = 0.1) -> dict[str, Any]:
    """Return the gradient with a penalty on W2 of its own."""
    hidden = np.tanh(X @ p["W1"] + p["b1"])
    outer = 2 * (hidden @ p["W2"] + p["b2"] - Y) / examples
    inner = outer @ p["W2"].T * (1 - hidden**2)
    return {
        "W1": X.T @ inner + 0.1 * p["W1"],
        "b1": inner.sum(axis=0),
        "W2": hidden.T @ outer + decay * p["W2"],
        "b2": outer.sum(axis=0),
    }


# ------------------------------------------------------------------------------------ an embedding

WORDS = np.array([0, 3, 0, 1])
WANTED = RNG.normal(size=(4, 3))


def embedding(w: Any) -> float:
    """Return the squares of what is looked up, less what is wanted; word 0 is there twice."""
    return float(((w[WORDS] - WANTED) ** 2).sum())


def one_term_kept(w: Any) -> Any:
    """Return the gradient with one of the two terms of word 0."""
    claimed = np.zeros_like(w)
    claimed[WORDS] = 2 * (w[WORDS] - WANTED)
    return claimed


# ------------------------------------------------------------------------------------- a likelihood

SAMPLES = RNG.normal(size=(9, 2))


def gaussian(mean: Any, log_s: Any) -> float:
    """Return the negative log-likelihood of some samples."""
    apart = (SAMPLES - mean) * np.exp(-log_s)
    return float(0.5 * (apart**2).sum() + len(SAMPLES) * log_s.sum())


def sign_of_mean(mean: Any, log_s: Any) -> Any:
    """Return the gradient without the minus of the inner derivative by the mean."""
    apart = (SAMPLES - mean) * np.exp(-log_s)
    return (apart * np.exp(-log_s)).sum(axis=0), len(SAMPLES) - (apart**2).sum(axis=0)


# ------------------------------------------------------------------------------------------ softmax


def softmax(center: Any, outside: Any) -> float:
    """Return naive softmax's loss of word 7."""
    scores = outside @ center
    return float(np.log(np.exp(scores).sum()) - scores[7])


def one_sign(center: Any, outside: Any) -> Any:
    """Return the gradient with an opposite sign at a single entry of 200,100."""
    p = np.exp(outside @ center)
    p /= p.sum()
    p[7] -= 1
    by_outside = np.outer(p, center)
    by_outside[1482, 37] *= -1
    return outside.T @ p, by_outside


# ----------------------------------------------------------------------------- a solver, and kinks

TURNS = np.array([0.3, -0.4, 1.0, 0.7, -1.2, 0.5])


def to_a_tolerance(x: Any) -> Any:
    """Return the gradient of `smooth`, each entry off by a billionth or two."""
    return 2 * x * (1 + 2e-9 * np.cos(9 * TURNS))


HINGES = RNG.normal(size=400)
HINGES[[17, 80, 201]] = 0

CASES = {
    "transposed": Case(
        lambda tr, em: chain(tr, em)[0],
        transposed,
        (RNG.normal(size=(3, 3)), RNG.normal(size=(5, 3))),
        (
            (
                "tr (3, 3): TRANSPOSED. claimed[i, j] is the derivative by entry [j, i], in all 9 "
                "entries. em (5, 3): right."
            ),
            "entry claimed derivative",
            "Look for: .T, the order of a product or of np.outer.",
        ),
    ),
    "sum for mean": Case(
        net,
        lambda p: net_gradient(p, 1),
        NET,
        (
            (
                "p['W1'] (4, 10), p['W2'] (10, 3): claimed = 5 × derivative − 0.4 × parameter in all "
                "70 entries. Fits a penalty of 0.1 × parameter, or a missing one of 0.08."
            ),
            "p['b1'] (10,), p['b2'] (3,): FACTOR 5. claimed = 5 × derivative in all 13 entries.",
            "Look for: a sum where the loss has a mean",
        ),
    ),
    "missing penalty": Case(
        net,
        lambda p: net_gradient(p, decay=0),
        NET,
        (
            (
                "p['W2'] (10, 3): A TERM IS MISSING. derivative − claimed = 0.1 × p['W2'] in all 30 "
                "entries."
            ),
            "p['W1'] (4, 10), p['b1'] (10,), p['b2'] (3,): right.",
            "Look for: the gradient of a penalty.",
        ),
    ),
    "one row": Case(
        embedding,
        one_term_kept,
        RNG.normal(size=(7, 3)),
        (
            (
                "w (7, 3): ONLY row 0 is wrong. Rows 1 and 3 are right; rows 2, 4, 5 and 6 are 0 in "
                "both."
            ),
            "dW[i] = … where i is there twice",
        ),
    ),
    "sign": Case(
        gaussian,
        sign_of_mean,
        (RNG.normal(size=2), RNG.normal(size=2)),
        (
            "mean (2,): OPPOSITE SIGN. claimed = −derivative in both entries. log_s (2,): right.",
            "Look for: the minus of a negative log-likelihood, or of an inner derivative.",
        ),
    ),
    "large": Case(
        softmax,
        one_sign,
        (RNG.normal(size=100), 0.1 * RNG.normal(size=(2000, 100))),
        (
            (
                "outside (2000, 100): ONLY outside[1482, 37] is wrong: OPPOSITE SIGN there. center "
                "(100,): right."
            ),
            "No other of the 200,100 entries is wrong by more than ",
            "(probability of an oversight: at most ",
        ),
    ),
    "an approximation": Case(
        lambda x: float((x**2).sum()),
        to_a_tolerance,
        TURNS,
        (
            "All entries differ by",
            (
                "of the gradient or less. Is the loss, or the gradient, computed to a tolerance (a "
                "solver, a rounded constant, float32)? precision=1e-08 accepts that."
            ),
        ),
    ),
    "kinks": Case(
        lambda x: float(np.maximum(x, 0).sum()),
        lambda x: (x > 0) * 1.0,
        HINGES,
        (
            "UNDECIDED",
            (
                "x[17], x[80] and x[201] are at a kink: the loss is not differentiable here. By x[17], "
                "x[80] and x[201], the slopes on the two sides are 0 and 1, and 0 is claimed"
            ),
            "The other 397 entries agree.",
        ),
    ),
}
"""A name for each, and what is asked of its report."""
