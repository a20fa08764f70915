"""The benchmark of diagnoses asks for what is true: its right gradients are right, its wrong ones
are wrong in the arrays that it lists, and in the way that it lists.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("autograd")
pytest.importorskip("scipy")

import gradcheck
from tests.benchmarks import diagnoses
from tests.benchmarks.layers import MODELS
from tests.benchmarks.layers.judge import PATTERNS, Wrong, fitted, wrong_arrays
from tests.benchmarks.layers.model import FLOAT32, names

VISIBLE = 1e-4
"""A wrong array is off by that much of its largest entry; by rounding to float32, by less."""

models = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


@models
def test_a_right_gradient_agrees(model):
    problem = model.problem()
    report = gradcheck.check(problem.loss, problem.grad, problem.at)
    assert report.verdict == "agrees"
    assert [leaf.name for leaf in report.leaves] == list(names(problem).values())


@models
def test_a_wrong_gradient_is_wrong_in_the_arrays_and_in_the_way_that_are_listed(model):
    problem = model.problem()
    for slip, listed in model.slips.items():
        wrong = wrong_arrays(problem, slip)
        assert wrong.keys() == listed.keys(), slip
        for name, causes in listed.items():
            part = wrong[name]
            off = np.abs(part.claimed - part.right).max()
            assert off > VISIBLE * np.abs(part.right).max() or causes == FLOAT32
            for pattern, numbers in causes:
                found = fitted(pattern, part)
                assert found is not None, (slip, name, pattern)
                assert not numbers or found == pytest.approx(numbers, rel=1e-9)


@models
def test_nothing_can_be_told_where_that_is_said(model):
    """That some entries are right, by chance, tells nothing."""
    problem = model.problem()
    for slip, listed in model.slips.items():
        wrong = wrong_arrays(problem, slip)
        for name in (name for name, causes in listed.items() if not causes):
            true = {pattern for pattern in PATTERNS if fitted(pattern, wrong[name]) is not None}
            assert true <= {"part"}, (slip, name)


def test_the_wrong_gradients_are_many_and_of_every_kind_and_size():
    sizes = [diagnoses.size(model) for model in MODELS]
    listed = [
        causes for model in MODELS for arrays in model.slips.values() for causes in arrays.values()
    ]
    assert len({model.name for model in MODELS}) == len(MODELS) >= 16
    assert sum(len(model.slips) for model in MODELS) >= 80
    assert min(sizes) == 20
    assert max(sizes) == 50_000
    assert {cause.pattern for causes in listed for cause in causes} == set(PATTERNS)


RIGHT = np.array([[1.0, 2.0, -3.0], [0.5, -4.0, 7.0], [2.5, 1.5, -0.3]])
PARAMETER = np.array([[0.3, -1.0, 2.0], [0.7, 0.2, -0.4], [1.0, -0.6, 0.9]])
OTHER = np.array([[1.0, 0.0, 2.0], [0.0, 5.0, 0.0], [4.0, 0.0, 7.0]])


@pytest.mark.parametrize(
    ("claimed", "true"),
    [
        (-RIGHT, {"opposite-sign": ()}),
        (3 * RIGHT, {"factor": (3,)}),
        (0 * RIGHT, {"zero": ()}),
        (RIGHT.T, {"transposed": (), "reordered": (), "part": ()}),
        (RIGHT[::-1], {"reordered": (), "part": ()}),
        (RIGHT + 0.1 * PARAMETER, {"parameter-multiple": (0.1,), "factor-and-parameter": (1, 0.1)}),
        (2 * RIGHT - PARAMETER, {"factor-and-parameter": (2, -1)}),
        (RIGHT * [1, 2, 3], {"factor-per-slice": (), "part": ()}),
        (RIGHT * [[2], [5], [-1]], {"factor-per-slice": ()}),
        (RIGHT + PARAMETER[0], {"mean-missing": ()}),
        (np.full((3, 3), 7.5), {"constant-along-axis": ()}),
        (np.vstack([OTHER[2:], RIGHT[1:]]), {"part": ()}),
        (RIGHT + 1e-7 * np.cos(RIGHT), {"float32": ()}),
        (RIGHT + OTHER, {}),
    ],
)
def test_the_judge_knows_what_is_true(claimed, true):
    wrong = Wrong(claimed, RIGHT, PARAMETER, [], kept=False)
    found = {pattern: fitted(pattern, wrong) for pattern in PATTERNS}
    assert {p: pytest.approx(n, rel=1e-6) for p, n in found.items() if n is not None} == true


def test_the_judge_knows_other_arrays_triangles_and_other_points():
    triangle = np.tril(RIGHT + RIGHT.T) - np.diag(np.diag(RIGHT))
    symmetric = (triangle + triangle.T) / 2
    assert fitted("triangle", Wrong(symmetric, triangle, PARAMETER, [], kept=False)) == ()
    assert fitted("triangle", Wrong(symmetric, RIGHT, PARAMETER, [], kept=False)) is None
    assert fitted("other-array", Wrong(PARAMETER, RIGHT, RIGHT, [PARAMETER], kept=False)) == ()
    assert fitted("other-array", Wrong(PARAMETER, RIGHT, RIGHT, [RIGHT], kept=False)) is None
    assert fitted("elsewhere", Wrong(PARAMETER, RIGHT, RIGHT, [], kept=True)) == ()
    assert fitted("elsewhere", Wrong(PARAMETER, RIGHT, RIGHT, [], kept=False)) is None


@pytest.mark.parametrize(
    ("sentence", "numbers"),
    [
        ("claimed = 5 × derivative in all 13 entries.", (5,)),
        ("claimed = 0.02041 × derivative", (1 / 49,)),
        ("claimed = 1/49 × derivative", (1 / 49,)),
        ("claimed = √8 × derivative", (8**0.5,)),
        ("claimed = twice the derivative − 4.5e−3 × w", (2, -0.0045)),
        ("claimed = derivative − w", (-1,)),
        ("claimed = 1,200 × derivative", (1200,)),
    ],
)
def test_the_numbers_of_a_sentence_are_read(sentence, numbers):
    assert diagnoses.states(sentence, numbers)
    assert not diagnoses.states(sentence, (*numbers, 7.5))


@pytest.mark.parametrize(
    ("pattern", "cause", "untold", "false"),
    [
        ("factor", "claimed = 0.5 × derivative", 0, 0),
        ("factor", "claimed = 3 × derivative", 1, 1),
        ("opposite-sign", "claimed = −derivative", 1, 1),
        ("", "", 1, 0),
    ],
)
def test_what_is_stated_is_held_against_what_is_true(pattern, cause, untold, false):
    (model,) = diagnoses.matching("t-SNE", "2 for 4")
    found = SimpleNamespace(pattern=pattern, cause=cause)
    missed = diagnoses.judged(model, "2 for 4", model.problem(), {"y": found})
    assert tuple(map(len, missed)) == (untold, false)


def test_a_cause_of_a_right_array_is_false():
    (model,) = diagnoses.matching("GloVe, 240", "second bias forgotten")
    found = SimpleNamespace(pattern="factor", cause="claimed = 2 × derivative")
    untold, false = diagnoses.judged(model, "second bias forgotten", model.problem(), {"b": found})
    assert (len(untold), len(false)) == (1, 1)
