"""Trees of arrays become flat vectors and come back; what does not fit is named."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck.arrays.parameters import Parameters


class Pair(NamedTuple):
    v: np.ndarray
    u: np.ndarray


TREES = [
    1.5,
    np.float64(1.5),
    np.array(1.5),
    np.arange(6.0).reshape(2, 3),
    np.arange(6.0, dtype=np.float32).reshape(3, 2).T,
    (np.ones(2), np.zeros((3, 2))),
    [np.ones(2), [2.0, np.zeros((1, 1))]],
    {"b": np.ones(2), "a": {"w": np.zeros((2, 2))}},
    Pair(np.ones(1), np.ones((2, 1))),
    defaultdict(list, w=np.ones(2)),
    np.arange(3.0).astype(">f8"),
    (np.ones((0, 3)), np.ones(2)),
]


def leaves(tree):
    if isinstance(tree, dict):
        return [leaf for child in tree.values() for leaf in leaves(child)]
    if isinstance(tree, tuple | list):
        return [leaf for child in tree for leaf in leaves(child)]
    return [tree]


@pytest.mark.parametrize("tree", TREES, ids=repr)
def test_a_tree_survives_the_way_there_and_back(tree):
    parameters = Parameters(tree)
    back = parameters.build(parameters.vector)
    assert type(back) is type(tree)
    for before, after in zip(leaves(tree), leaves(back), strict=True):
        assert type(after) is type(before)
        assert np.shape(after) == np.shape(before)
        assert np.asarray(after).dtype == np.asarray(before).dtype
        assert np.array_equal(after, before)
    assert np.array_equal(parameters.flatten(back, "gradient"), parameters.vector)


@given(st.lists(st.integers(0, 4), max_size=3), st.integers(0, 2**32 - 1))
def test_every_entry_has_one_name(shape, seed):
    array = np.random.default_rng(seed).normal(size=(*shape, 2))
    if array.size == 0:
        return
    parameters = Parameters((array, 3.0), names=["x", "y"])
    names = [parameters.where(i) for i in range(parameters.size)]
    assert len(set(names)) == array.size + 1
    assert names[-1] == "y"
    for index, name in enumerate(names[:-1]):
        assert eval(name, {"x": array}) == parameters.vector[index]  # noqa: S307  our own text


def test_the_caller_s_array_is_neither_kept_nor_shared():
    x = np.ones(3)
    parameters = Parameters(x)
    x[0] = 7
    assert parameters.vector[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        parameters.vector[0] = 1


def test_what_a_function_changed_is_named():
    parameters = Parameters((np.ones(2), {"w": np.ones(2), "n": [np.ones(1)]}), names=["v", "p"])
    tree = parameters.build(parameters.vector.copy())
    assert parameters.changed(tree, parameters.vector) == []
    tree[1]["w"][1] = 5
    assert parameters.changed(tree, parameters.vector) == ["p['w']"]
    tree[1]["n"].append(np.ones(1))
    assert parameters.changed(tree, parameters.vector) == ["the structure of its argument"]


AT = [
    (np.array([]), ValueError, "x is empty: a gradient is checked at one entry or more"),
    ([], ValueError, "x is empty"),
    (3, TypeError, "x holds int64 numbers; floats were expected"),
    (np.array([True]), TypeError, "x holds bool numbers; floats were expected"),
    ({"w": np.arange(3)}, TypeError, r"x\['w'\] holds int64 numbers; floats were expected"),
    (
        np.ones(2, dtype=np.complex128),
        TypeError,
        "x is of dtype complex128; an array of real numbers",
    ),
    (np.ones(2, dtype=np.float16), TypeError, "x has dtype float16; float64 or float32"),
    (np.ma.masked_array([1.0]), TypeError, "x is a MaskedArray; a plain numpy.ndarray"),
    ("abc", TypeError, "x is str; an array of real numbers was expected"),
    (None, TypeError, "x is NoneType; an array of real numbers was expected"),
    (np.array([[1.0, np.nan]]), ValueError, r"x\[0, 1\] is nan; finite numbers were expected"),
    (-np.inf, ValueError, "x is -inf; finite numbers were expected"),
]


@pytest.mark.parametrize(("at", "error", "message"), AT, ids=repr)
def test_a_point_that_is_none_is_refused(at, error, message):
    with pytest.raises(error, match=message):
        Parameters(at, "x")


GRADIENTS = [
    (np.ones(2), np.ones(3), ValueError, r"grad has shape \(3,\); at has shape \(2,\)"),
    (np.ones(2), np.ones((1, 2)), ValueError, r"grad has shape \(1, 2\); at has shape \(2,\)"),
    (np.ones(2), (np.ones(2), np.ones(1)), TypeError, "grad is a tuple; one array was expected"),
    ((np.ones(2), 1.0), np.ones(2), TypeError, r"grad is an array of shape \(2,\); a tuple of 2"),
    ((1.0, 2.0), (1.0, 2.0, 3.0), ValueError, "grad has 3 parts; a tuple of 2 was expected"),
    ({"w": 1.0}, {"v": 1.0}, ValueError, r"grad has the keys \['v'\]; `at` has \['w'\]"),
    ({"w": 1.0}, [1.0], TypeError, r"grad is a list; a dict with the keys \['w'\]"),
    (1.0, None, TypeError, "grad is NoneType; an array of real numbers was expected"),
    ((1.0, np.ones(2)), (1.0, np.ones(1)), ValueError, r"grad\[1\] has shape \(1,\); at\[1\]"),
]


@pytest.mark.parametrize(("at", "gradient", "error", "message"), GRADIENTS, ids=repr)
def test_a_gradient_of_another_form_is_refused(at, gradient, error, message):
    with pytest.raises(error, match=message):
        Parameters(at).flatten(gradient, "grad")
