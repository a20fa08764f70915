"""Hierarchical softmax: its cases, Huffman's tree, and the triangle hand = symbolic = numerical."""

from __future__ import annotations

import inspect
import math
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradcheck
from gradcheck.word2vec import formulas, oracle
from gradcheck.word2vec.paths import PathCase, huffman_paths, path_cases
from gradcheck.word2vec.walkthrough import walk
from models import losses
from tests.word2vec.explicit import assert_agrees
from tests.word2vec.test_oracle import complex_step

UNITS = 64


def value(center, outside, case):
    """The loss as it is defined: the logarithm of a product of probabilities."""
    probability = 1.0
    for node, sign in zip(case.nodes, case.signs, strict=True):
        score = outside[node] @ center
        probability = probability / (1 + np.exp(-score if sign > 0 else score))
    return -np.log(probability)


def by_complex_step(case):
    return (
        value(case.center, case.outside, case),
        complex_step(lambda center: value(center, case.outside, case), case.center),
        complex_step(lambda outside: value(case.center, outside, case), case.outside),
    )


def by_hand(case, module=losses):
    return module.hierarchical_softmax(case.center, case.outside, case.nodes, case.signs)


small = path_cases().filter(lambda case: case.outside.size <= 200)


@settings(max_examples=60)
@given(small)
def test_the_oracle_is_the_complex_step_of_the_definition(case):
    assert_agrees(oracle.hierarchical_softmax(case), by_complex_step(case), UNITS)


@given(st.one_of(path_cases(), path_cases(max_score=None)))
def test_by_hand_is_the_symbolic_one_however_large_the_scores(case):
    assert_agrees(oracle.hierarchical_softmax(case), by_hand(case), UNITS)


@settings(max_examples=20)
@given(path_cases(max_score=4.0))
def test_by_hand_has_the_numerical_derivative(case):
    gradcheck.assert_gradient(
        lambda center, outside: losses.hierarchical_softmax(
            center, outside, case.nodes, case.signs
        ),
        (case.center, case.outside),
        undecided="skip",
    )


MISTAKES = {
    "sign of the gradient": ("deltas = -s *", "deltas = s *"),
    "signs lost": ("deltas = -s *", "deltas = -"),
    "σ(x) for σ(-x)": ("_sigmoid(-signed_scores)", "_sigmoid(signed_scores)"),
    "the last node only": (
        "grad_inner[n] = np.outer(deltas, v_c)",
        "grad_inner[n[-1]] = deltas[-1] * v_c",
    ),
    "signs lost in the loss": (
        "_minus_log_sigmoid(signed_scores)",
        "_minus_log_sigmoid(u_n @ v_c)",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_seen(mistake):
    right, wrong = MISTAKES[mistake]
    source = inspect.getsource(losses)
    assert right in source
    module = ModuleType("losses")
    exec(source.replace(right, wrong), module.__dict__)  # noqa: S102 - our own source
    case = PathCase([0.5, -1.0], [[1.0, 0.25], [-0.5, 2.0], [0.25, 1.0]], (2, 0), (1, -1))
    assert_agrees(oracle.hierarchical_softmax(case), by_hand(case), UNITS)
    with pytest.raises(AssertionError):
        assert_agrees(oracle.hierarchical_softmax(case), by_hand(case, module), UNITS)


counts = st.lists(st.integers(1, 20), min_size=2, max_size=30)


@given(counts, st.integers(0, 2**32 - 1))
def test_the_probabilities_of_all_words_add_up_to_1(counts, seed):
    rng = np.random.default_rng(seed)
    center, inner = rng.standard_normal(3), rng.standard_normal((len(counts) - 1, 3))
    paths = huffman_paths(counts)
    total = math.fsum(
        math.exp(-formulas.hierarchical_softmax(center, inner, *map(np.array, path))[0])
        for path in paths
    )
    assert total == pytest.approx(1, rel=1e-12)


@given(counts)
def test_the_paths_are_a_tree_and_no_tree_is_shorter(counts):
    paths = huffman_paths(counts)
    for path in paths:
        assert path.nodes[0] == len(counts) - 2
        assert len(set(path.nodes)) == len(path.nodes) == len(path.signs)
    # Each node has one word or node on either side.
    turns = {turn for path in paths for turn in zip(*path, strict=True)}
    assert turns == {(node, sign) for node in range(len(counts) - 1) for sign in (1, -1)}
    shortest = sum(counts[w] * len(path.nodes) for w, path in enumerate(paths))
    # Kraft's inequality holds with equality, and the entropy is within a bit of the mean length.
    assert sum(2.0 ** -len(path.nodes) for path in paths) == pytest.approx(1)
    shares = np.array(counts) / sum(counts)
    entropy = -(shares * np.log2(shares)).sum()
    assert entropy - 1e-9 <= shortest / sum(counts) < entropy + 1


def test_ties_are_as_in_word2vec_c():
    """Worked out by hand from its loop: rarer to the left; of equals, a node, or the last word."""
    assert [path.nodes for path in huffman_paths([1, 1, 1, 1])] == [(2, 1), (2, 1), (2, 0), (2, 0)]
    assert [path.signs for path in huffman_paths([1, 1, 1, 1])] == [
        (-1, -1),
        (-1, 1),
        (1, -1),
        (1, 1),
    ]
    assert [path.nodes for path in huffman_paths([5, 2, 1, 1])] == [
        (2,),
        (2, 1),
        (2, 1, 0),
        (2, 1, 0),
    ]


IMPOSSIBLE = {
    "nodes": {"nodes": (0, 3)},
    "nodes: ": {"nodes": (1, 1)},
    "nodes: expected different": {"nodes": (), "signs": ()},
    "signs": {"signs": (1, 0)},
    "signs: ": {"signs": (1,)},
    "center": {"center": np.ones(3)},
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_case_that_cannot_be_is_refused(name):
    case = PathCase([1.0, 2.0], np.eye(3, 2), (0, 2), (1, -1))
    with pytest.raises(ValueError, match=f"^{name}"):
        replace(case, **IMPOSSIBLE[name])


def test_a_case_prints_as_the_python_that_makes_it_again():
    case = PathCase([0.1, 2.0], np.eye(3, 2) / 3, (0, 2), (1, -1))
    again = eval(repr(case), {"np": np, "PathCase": PathCase})  # noqa: S307 - our own text
    np.testing.assert_array_equal(again.outside, case.outside)
    assert (again.nodes, again.signs) == (case.nodes, case.signs)


SENTENCES = ("the cat drinks milk", "a b", "a b c d e a b a", "x y z x")


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("init", ["random", "half-zeros"])
def test_a_walkthrough_has_the_numbers_of_the_oracle_and_of_the_trainer(sentence, init):
    step = walk(sentence, loss="hierarchical-softmax", init=init, rate="1/3")
    center = np.array(step.V[step.center], dtype=float)
    outside = np.array(step.U, dtype=float)
    assert len(outside) == len(step.words) - 1
    case = PathCase(center, outside, *step.paths[step.target])
    answer = oracle.hierarchical_softmax(case)
    for loss, by_center, by_outside in (
        (answer.loss, answer.center, answer.outside),
        by_hand(case),
    ):
        assert step.loss_before == pytest.approx(loss, rel=1e-13)
        np.testing.assert_allclose(np.array(step.grad_center, float), by_center, atol=1e-14)
        np.testing.assert_allclose(np.array(step.grad_outside, float), by_outside, atol=1e-14)
    moved = center - by_center / 3, outside - by_outside / 3
    after = oracle.hierarchical_softmax(PathCase(*moved, *step.paths[step.target]))
    assert step.loss_after == pytest.approx(after.loss, rel=1e-12)
    assert step.confirmation.verdict == "agrees"


def test_a_walkthrough_names_nodes_by_their_numbers():
    vectors = {"U": {"2": [1], "1": [-1]}, "V": [[1], [0], [2]]}
    step = walk("a b c", loss="hierarchical-softmax", init=vectors)
    assert step.U == ((-1,), (1,))
    assert "∂J/∂u_n = (σ - y) v_c" in str(step)
    with pytest.raises(
        ValueError, match="init: U: 'a' is not an inner node of the sentence; it has 1"
    ):
        walk("a b c", loss="hierarchical-softmax", init={"U": {"a": [1]}, "V": [[1]] * 3})
    with pytest.raises(ValueError, match="negatives: hierarchical softmax has none"):
        walk(loss="hierarchical-softmax", negatives=2)


def test_equal_rows_are_stuck_only_where_each_path_turns_evenly():
    """Four words of one count: a word has two turns left, two right, or one of each."""
    vectors = {"U": [[1]] * 3, "V": [[0]] * 4}
    free = walk(loss="hierarchical-softmax", init=vectors, pair="cat:the")
    assert free.moved_center
    stuck = walk(loss="hierarchical-softmax", init=vectors, pair="the:cat")
    assert not stuck.moved_center
    assert "A step on another pair, (cat, the) for one, does move something." in " ".join(
        stuck.to_text().split()
    )
