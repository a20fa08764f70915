"""Where a step moves nothing: at a minimum of J or at a saddle, for this pair or for every one.

∂J/∂u_w is ∂J/∂(u_w·v_c) times v_c. So a step moves nothing in two cases.

- ∂J/∂(u_w·v_c) is 0 for every w. That is no case of naive softmax, where each is p(w|c) or
  p(o|c) - 1, nor of hierarchical softmax, where the nodes of a path differ. In negative sampling
  it takes negatives that are all the target: then J is a convex function of the one score u_o·v_c,
  and here is its minimum.
- v_c is 0, and the terms of ∂J/∂v_c add up to 0. The Hessian's block of U with itself is 0 there,
  and the mixed block is ∂J/∂(u_w·v_c) δ_kl, which is not: a strict saddle.
"""

from __future__ import annotations

from fractions import Fraction

from gradcheck.word2vec.lecture.predictions import by_scores, gradient
from gradcheck.word2vec.lecture.update import Update
from gradcheck.word2vec.loss_table import named

__all__ = ["is_minimum", "pair_that_moves"]


def is_minimum(step: Update) -> bool:
    """Say of a step that moves nothing whether J is at its minimum; if not, it is at a saddle."""
    return not any(by_scores(step.predictions, len(step.U)))


def pair_that_moves(step: Update) -> tuple[int, int] | None:
    """Return a pair of the sentence that moves something from here, if there is one.

    Under negative sampling it does so with some negatives, not with all.
    """
    for c, o in dict.fromkeys(step.pairs):
        # v_c moves rows of U: all of them under naive softmax, those of negatives that are not the
        # target, which can be drawn for every pair, and those of a path.
        if any(step.V[c]) or _moves_a_center_of_zero(step, o):
            return c, o
    return None


def _moves_a_center_of_zero(step: Update, target: int) -> bool:
    """Say whether v_c = 0 moves on a pair with this target, with any negatives."""
    words = range(len(step.words))
    scores = (Fraction(0),) * len(step.U)
    center = (Fraction(0),) * len(step.grad_center)
    # With K times the same negative w, v_c stays where K u_w = u_o. Where it stays for each w, all
    # rows are equal, and it stays with all other draws, too.
    draws = [(w,) * len(step.negatives) for w in words] if step.negatives else [()]
    predict = named(step.loss).telling.predict
    predictions = (predict(scores, *step.asked(target, drawn)) for drawn in draws)
    return any(any(gradient(predicted, center, step.U)[0]) for predicted in predictions)
