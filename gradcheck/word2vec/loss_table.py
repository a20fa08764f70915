"""The table of losses: whoever adds one writes its mathematics, and a row here."""

from __future__ import annotations

from typing import Any

from gradcheck.document.spans import formula
from gradcheck.word2vec import formulas, oracle
from gradcheck.word2vec.lecture import forward_story, predictions
from gradcheck.word2vec.lecture.arithmetic import sigmoid, softmax
from gradcheck.word2vec.loss import Loss, Telling
from gradcheck.word2vec.paths import PathCase

__all__ = ["HIERARCHICAL_SOFTMAX", "LOSSES", "NAIVE_SOFTMAX", "NEGATIVE_SAMPLING", "named"]


def _naive_softmax_formula() -> Any:
    from gradcheck.word2vec.losses import naive_softmax_loss

    return naive_softmax_loss()


def _negative_sampling_formula() -> Any:
    from gradcheck.word2vec.losses import negative_sampling_loss

    return negative_sampling_loss()


def _hierarchical_softmax_formula() -> Any:
    from gradcheck.word2vec.losses import hierarchical_softmax_loss

    return hierarchical_softmax_loss()


NAIVE_SOFTMAX = Loss(
    name="naive-softmax",
    has_negatives=False,
    formula=_naive_softmax_formula,
    derivation="naive-softmax",
    numpy=lambda center, outside, target, _negatives: formulas.naive_softmax(
        center, outside, target
    ),
    evaluate=oracle.naive_softmax,
    telling=Telling(
        predict=lambda scores, target, _negatives: predictions.softmax_predictions(scores, target),
        value=lambda scores, target, _negatives: predictions.softmax_loss(scores, target),
        forward=forward_story.softmax,
        outside=formula("∂J/∂u_w = (ŷ_w - y_w) v_c"),
        prediction=formula("p(w|c)"),
        predicted=softmax,
        moves_all_rows=True,
    ),
)
"""J = -log p(o|c)."""

NEGATIVE_SAMPLING = Loss(
    name="negative-sampling",
    has_negatives=True,
    formula=_negative_sampling_formula,
    derivation="negative-sampling",
    numpy=formulas.negative_sampling,
    evaluate=oracle.negative_sampling,
    telling=Telling(
        predict=predictions.negative_sampling_predictions,
        value=predictions.negative_sampling_loss,
        forward=forward_story.negative_sampling,
        outside=formula("∂J/∂u_w = (σ - y) v_c"),
        prediction=formula("σ(u_w·v_c)"),
        predicted=lambda scores: tuple(map(sigmoid, scores)),
        moves_all_rows=False,
    ),
)
"""J = -log σ(u_o·v_c) - Σ_k log σ(-u_{n_k}·v_c)."""

HIERARCHICAL_SOFTMAX = Loss(
    name="hierarchical-softmax",
    has_negatives=False,
    has_tree=True,
    case=PathCase,
    formula=_hierarchical_softmax_formula,
    derivation="hierarchical-softmax",
    numpy=formulas.hierarchical_softmax,
    evaluate=oracle.hierarchical_softmax,
    telling=Telling(
        predict=predictions.hierarchical_softmax_predictions,
        value=predictions.hierarchical_softmax_loss,
        forward=forward_story.hierarchical_softmax,
        outside=formula("∂J/∂u_n = (σ - y) v_c"),
        prediction=formula("σ(u_n·v_c)"),
        predicted=lambda scores: tuple(map(sigmoid, scores)),
        moves_all_rows=False,
    ),
)
"""J = -Σ_l log σ(s_l u_{n_l}·v_c), over the nodes n_l on the path to the observed word."""

LOSSES: tuple[Loss, ...] = (NAIVE_SOFTMAX, NEGATIVE_SAMPLING, HIERARCHICAL_SOFTMAX)
"""In the order in which they are listed; the first is the one by default."""


def named(name: str) -> Loss:
    """Return a loss by its name.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    for loss in LOSSES:
        if loss.name == name:
            return loss
    *others, last = (loss.name for loss in LOSSES)
    raise ValueError(f"loss: expected {', '.join(others)} or {last}, got {name!r}")
