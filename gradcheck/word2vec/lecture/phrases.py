"""The formulas and names of a walkthrough, each as a phrase."""

from __future__ import annotations

from gradcheck.document.spans import (
    Phrase,
    formula,
    joined,
    number,
    phrase,
    vector_of,
    word,
)
from gradcheck.word2vec.lecture.arithmetic import Vector
from gradcheck.word2vec.lecture.update import Update

__all__ = [
    "DESCENT",
    "EMPTY",
    "ETA",
    "GRADIENT",
    "LOG_P",
    "LOG_P_GRADIENT",
    "PLUS_MINUS",
    "SAMPLING_CENTER",
    "SAMPLING_LOSS",
    "SAMPLING_OUTSIDE",
    "SCORE",
    "SCORE_OF_TARGET",
    "SIGMOID",
    "SOFTMAX_CENTER",
    "SOFTMAX_LOSS",
    "SOFTMAX_OUTSIDE",
    "SOFTMAX_PROBABILITY",
    "U_W",
    "V_C",
    "V_W",
    "C",
    "J",
    "K",
    "O",
    "U",
    "V",
    "center_vector",
    "center_word",
    "count",
    "old_center",
    "outside_vector",
    "outside_word",
    "shown_vector",
]

EMPTY = phrase("")

J = formula("J")
K = formula("K")
ETA = formula("η")
PLUS_MINUS = formula("±")
C = formula("c")
O = formula("o")  # noqa: E741 - the lecture's name, and the point of it
U = formula("U")
V = formula("V")
U_W = formula("u_w")
V_C = formula("v_c")
V_W = formula("v_w")
SCORE = formula("u_w·v_c")
SCORE_OF_TARGET = formula("u_o·v_c")

SOFTMAX_LOSS = formula("J = -log p(o|c)")
SOFTMAX_PROBABILITY = formula("p(w|c) = exp(u_w·v_c) / sum")
SOFTMAX_CENTER = formula("∂J/∂v_c = -u_o + Σ_x p(x|c) u_x")
SOFTMAX_OUTSIDE = formula("∂J/∂u_w = (ŷ_w - y_w) v_c")
LOG_P_GRADIENT = formula("u_o - Σ_x p(x|c) u_x")
LOG_P = formula("log p(o|c) = -J")

SAMPLING_LOSS = formula("J = -log σ(u_o·v_c) - Σ_k log σ(-u_{n_k}·v_c)")
SIGMOID = formula("σ(s) = 1 / (1 + exp(-s))")
SAMPLING_CENTER = formula("∂J/∂v_c = Σ (σ - y) u_w")
SAMPLING_OUTSIDE = formula("∂J/∂u_w = (σ - y) v_c")
DESCENT = formula("new = old - η ∂J")
GRADIENT = formula("∂J")


def center_word(step: Update) -> Phrase:
    """Return the center word."""
    return word(step.words[step.center])


def outside_word(step: Update) -> Phrase:
    """Return the observed outside word."""
    return word(step.words[step.target])


def center_vector(step: Update) -> Phrase:
    """Return the name of v_c, after its word."""
    return vector_of("v", step.words[step.center])


def outside_vector(step: Update, index: int) -> Phrase:
    """Return the name of a word's outside vector."""
    return vector_of("u", step.words[index])


def old_center(step: Update) -> Vector:
    """Return v_c before the step."""
    return step.V[step.center]


def shown_vector(vector: Vector) -> Phrase:
    """Return a vector as it stands in a sentence."""
    return phrase("({entries})", entries=joined(number(entry) for entry in vector))


def count(number_of: int) -> Phrase:
    """Return a whole number."""
    return phrase(f"{number_of:,}")
