"""A report of each kind, wrong where there is something to say of it."""

from __future__ import annotations

import numpy as np
import pytest

import gradcheck
from gradcheck.homework import verify
from gradcheck.symbolic import Derivation, Step
from gradcheck.word2vec.derivations import derivation
from gradcheck.word2vec.walkthrough import walk
from tests.homework.submissions import WRONG_EXAMPLE


def softmax_loss(v, u):
    return np.log(np.exp(u @ v).sum()) - u[1] @ v


def wrong_rows(v, u):
    p = np.exp(u @ v)
    p /= p.sum()
    p[1] -= 1
    outside = np.outer(p, v)
    outside[3] = 0
    return u.T @ p, outside


@pytest.fixture(scope="session")
def reports():
    """One of each kind."""
    rng = np.random.default_rng(7)
    right = derivation("sigmoid")
    slip = Step(right.steps[1].left, -right.steps[1].right, "a slip in $σ(s)$")
    return {
        "gradient": gradcheck.check(
            softmax_loss, wrong_rows, (rng.normal(size=3), rng.normal(size=(5, 3)))
        ),
        "homework": verify(WRONG_EXAMPLE, profile="grade", only=["negSamplingLossAndGradient"]),
        "derivation": Derivation(
            "sigmoid", right.title, right.given, (*right.steps[:3], slip, *right.steps[3:])
        ),
        "walkthrough": walk(dimension=5, loss="negative-sampling"),
    }
