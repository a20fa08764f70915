"""Where a step moves nothing: what the walkthrough says of it, against sums over all draws."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import models.losses
from gradcheck.word2vec.walkthrough import standstill, walk

MINIMUM, SADDLE = "is smallest here", "It is a saddle, not a minimum"
STUCK, FREE = "start half-zeros", "does move something"
EQUAL = [[1, 2]] * 4
ZERO = [[0, 0]] * 4


def prose(step):
    return " ".join(step.to_text().split())


def floats(numbers):
    return np.array(numbers, dtype=np.float64)


def loss_and_gradient(step, center, outside, target, negatives):
    if step.negatives:
        return models.losses.negative_sampling(center, outside, target, list(negatives))
    return models.losses.naive_softmax(center, outside, target)


def moves(step, c, o, negatives):
    gradients = loss_and_gradient(step, floats(step.V)[c], floats(step.U), o, negatives)[1:]
    # The sums are of a few decimals: what is left of rounding is far below them.
    return any(np.abs(gradient).max() > 1e-9 for gradient in gradients)


def moves_ever(step):
    """Whether any pair of the sentence, with any negatives, moves anything."""
    draws = list(itertools.product(range(len(step.words)), repeat=len(step.negatives)))
    return any(moves(step, c, o, drawn) for c, o in set(step.pairs) for drawn in draws)


@st.composite
def standstills(draw):
    """Steps that move nothing, of every kind: rows equal or not, v_c zero or not."""
    entries = st.sampled_from([Fraction(0), Fraction(0), Fraction(1, 2), Fraction(-1), Fraction(2)])
    words, dimension = draw(st.integers(2, 3)), draw(st.integers(1, 2))
    row = st.lists(entries, min_size=dimension, max_size=dimension)
    matrix = st.one_of(
        st.lists(row, min_size=words, max_size=words), st.builds(lambda one: [one] * words, row)
    )
    names = "abc"[:words]
    negatives = draw(st.none() | st.lists(st.sampled_from(names), min_size=1, max_size=3))
    pair = draw(st.integers(1, 2))
    init = {"U": draw(matrix), "V": draw(matrix)}
    if draw(st.integers(0, 3)):
        # At random, few steps move nothing. The first pair is of a and b, the second of b and a.
        init["V"][pair - 1] = [Fraction(0)] * dimension
    step = walk(
        " ".join(names),
        loss="naive-softmax" if negatives is None else "negative-sampling",
        negatives=negatives,
        init=init,
        pair=pair,
    )
    assume(not step.moved_center and not step.moved_outside)
    return step


def assert_well_told(step):
    said = prose(step)
    v_c, outside = floats(step.V)[step.center], floats(step.U)

    def loss(center, rows):
        return loss_and_gradient(step, center, rows, step.target, step.negatives)[0]

    assert not moves(step, step.center, step.target, step.negatives)
    assert (FREE in said) == moves_ever(step)
    assert (FREE in said) != (STUCK in said)
    assert SADDLE not in said or MINIMUM not in said
    if MINIMUM in said:
        generator = np.random.default_rng(0)
        for scale in (1e-3, 0.1, 1, 10):
            for _ in range(10):
                center = v_c + scale * generator.standard_normal(v_c.shape)
                rows = outside + scale * generator.standard_normal(outside.shape)
                assert loss(center, rows) >= loss(v_c, outside) - 1e-12
    else:
        # Down along the mixed block of the Hessian; short in v_c, whose own block may bend up.
        pushes = np.full(len(outside), 0.5 if step.negatives else 1 / len(outside))
        if step.negatives:
            pushes *= [step.negatives.count(w) for w in range(len(outside))]
        pushes[step.target] -= 0.5 if step.negatives else 1
        direction = np.eye(len(v_c))[0]
        down = outside - 0.1 * np.outer(pushes, direction)
        assert loss(v_c + 1e-4 * direction, down) < loss(v_c, outside) - 1e-9


@settings(max_examples=60)
@given(standstills())
def test_it_is_told_what_moves_and_what_bends(step):
    assert_well_told(step)


SAMPLING = {"loss": "negative-sampling"}
TOLD = {
    "zeros": ({"init": "zeros"}, {SADDLE, STUCK}),
    "zeros, negatives": ({**SAMPLING, "init": "zeros"}, {SADDLE, STUCK}),
    "zeros, its own negative": (
        {**SAMPLING, "init": "zeros", "negatives": ["drinks"]},
        {MINIMUM, STUCK},
    ),
    "zeros, its own negative twice": (
        {**SAMPLING, "init": "zeros", "negatives": ["drinks", "drinks"]},
        {SADDLE, STUCK},
    ),
    "equal rows": ({"init": {"U": EQUAL, "V": ZERO}}, {SADDLE, STUCK, "no pair moves anything"}),
    "equal rows, one negative": (
        {**SAMPLING, "negatives": ["milk"], "init": {"U": EQUAL, "V": ZERO}},
        {SADDLE, STUCK, "no pair with K = 1 moves anything"},
    ),
    "equal rows, its own negative": (
        {**SAMPLING, "negatives": ["drinks"], "init": {"U": EQUAL, "V": ZERO}},
        {MINIMUM, STUCK},
    ),
    "equal rows, another center": (
        {"init": {"U": EQUAL, "V": [[0, 0], [0, 0], [1, 1], [0, 0]]}},
        {FREE, "(drinks, cat) for one"},
    ),
    "the observed row is the mean": (
        {"init": {"U": [[1, 2], [-1, -2], [0, 0], [0, 0]], "V": ZERO}},
        {FREE, "the terms of that for v_cat cancel"},
    ),
    "its own negative, at right angles": (
        {**SAMPLING, "negatives": ["drinks"], "init": {"U": EQUAL, "V": [[2, -1]] * 4}},
        {FREE, MINIMUM, "The terms of each cancel."},
    ),
    "its own negative twice, at the score of the minimum": (
        {
            **SAMPLING,
            "negatives": ["drinks", "drinks"],
            "init": {"U": [["-0.6931471805599453", 0]] * 4, "V": [[1, 0]] * 4},
        },
        {FREE, MINIMUM, "0 but for rounding", "Every negative is"},
    ),
    "rows of zero": (
        {
            **SAMPLING,
            "negatives": ["milk"],
            "init": {"U": [[1, 2], [1, 2], [0, 0], [0, 0]], "V": ZERO},
        },
        {FREE, "is a sum of multiples of rows of U, all 0"},
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_said_where_nothing_moves(name):
    arguments, expected = TOLD[name]
    said = prose(walk(**arguments))
    assert "Nothing moves" in said
    for sentence in expected:
        assert sentence in said
    for other in {MINIMUM, SADDLE, STUCK, FREE} - expected:
        assert other not in said


def test_where_nothing_ever_moves_a_thousand_pairs_are_looked_through_quickly():
    step = walk("to be or not to be " * 170, window=10, init="zeros", **SAMPLING, negatives=20)
    assert standstill.pair_that_moves(step) is None


@pytest.mark.parametrize(
    ("name", "wrong"), [("is_minimum", lambda _: True), ("pair_that_moves", lambda _: (0, 1))]
)
def test_what_is_told_wrongly_is_seen(monkeypatch, name, wrong):
    step = walk("a b c", init={"U": [[1]] * 3, "V": [[0]] * 3})
    assert_well_told(step)
    monkeypatch.setattr(f"gradcheck.word2vec.walkthrough.contents.{name}", wrong)
    with pytest.raises(AssertionError):
        assert_well_told(replace(step))
