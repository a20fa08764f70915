"""Snippets give back the point bit for bit, and fit the page."""

from __future__ import annotations

import collections
import enum
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck.arrays.parameters import Parameters
from gradcheck.report.snippet import MOST_ENTRIES, snippet

RNG = np.random.default_rng(3)
Layer = collections.namedtuple("Layer", "weight bias")  # noqa: PYI024 - what people use


def loss(x):
    return x


def claim(x):
    return x


def written(at, function=loss, gradient=claim, **options):
    options = {"precision": None, "seed": 0} | options
    return snippet(function, gradient, Parameters(at), **options)


def read(text):
    namespace = {}
    exec(text[: text.index("print(")], namespace)  # noqa: S102 - our own text is what is tested
    return namespace["at"]


POINTS = {
    "float": -1.5,
    "float32 scalar": np.float32(1 / 3),
    "float64 scalar": np.float64(1 / 3),
    "0-d array": np.array(2.5),
    "vector": RNG.normal(size=24),
    "column": RNG.normal(size=(24, 1)),
    "matrix": RNG.normal(size=(5, 3)),
    "float32 matrix": RNG.normal(size=(8, 3)).astype(np.float32),
    "three axes": RNG.normal(size=(2, 4, 3)),
    "one argument": (RNG.normal(size=2),),
    "arguments": (RNG.normal(size=3), RNG.normal(size=(5, 3)), 0.5),
    "list": [1.0, [2.0, RNG.normal(size=2)]],
    "dict": {"a key": {"w": RNG.normal(size=(3, 3))}, 7: 1e-300},
    "named tuple": (Layer(RNG.normal(size=(4, 3)), 0.5),),
    "ordered dict": collections.OrderedDict(a=RNG.normal(size=20), b=1.0),
    "empty array": (np.zeros((0, 3)), np.zeros((2, 0), dtype=np.float32), 1.0),
    "long keys": {f"{i}: " + "the weights of a 'layer' \\ " * 4: RNG.normal(size=4) for i in "ab"},
    "a key of 60 columns": {"k" * 60: np.float32(1 / 3), "l" * 66: [0.1, {"m" * 90: 0.2}]},
    "keys of several types": {("w", 1): 0.5, None: 1.5, np.int64(7): 2.5, np.str_("a"): 3.5},
    "extremes": np.array([-0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e16]),
}


def assert_same(tree, expected):
    one, other = Parameters(tree), Parameters(expected)
    assert one.vector.tobytes() == other.vector.tobytes()
    assert one.leaves == other.leaves
    if not isinstance(expected, dict):
        assert type(tree) is type(expected)


@pytest.mark.parametrize("name", POINTS)
def test_the_point_comes_back_bit_for_bit(name):
    assert_same(read(written(POINTS[name])), POINTS[name])


@pytest.mark.parametrize("name", POINTS)
def test_a_snippet_fits_the_page(name):
    lines = written(POINTS[name]).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 22


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=24),
    st.sampled_from([np.float64, np.float32]),
)
def test_any_numbers_come_back(numbers, dtype):
    with np.errstate(over="ignore"):
        array = np.array(numbers).astype(dtype)
    array[~np.isfinite(array)] = np.finfo(dtype).max
    text = written(array)
    assert_same(read(text), array)
    assert max(map(len, text.splitlines())) <= 80


@given(
    st.tuples(*[st.integers(1, 4)] * 3).filter(lambda shape: np.prod(shape) <= MOST_ENTRIES),
    st.integers(1, 3),
    st.sampled_from([np.float64, np.float32]),
    st.integers(0, 2**32),
)
def test_an_array_of_any_shape_fits_the_page(shape, axes, dtype, seed):
    rng = np.random.default_rng(seed)
    array = (rng.normal(size=shape[:axes]) * 10 ** rng.uniform(-9, 0)).astype(dtype)
    point = {"layer": (array, 1.0)} if array.size < MOST_ENTRIES else array
    text = written(point)
    assert_same(read(text), point)
    assert max(map(len, text.splitlines())) <= 80


def test_print_options_change_nothing():
    before = written(POINTS["matrix"])
    with np.printoptions(precision=2, suppress=True, formatter={"float": lambda _: "?"}):
        assert written(POINTS["matrix"]) == before


def test_a_point_is_written_as_long_as_it_is_short():
    assert "at = np.array(" in written(np.ones(MOST_ENTRIES))
    text = written((np.ones((5, 5)), np.ones(3, np.float32)))
    assert "at =" not in text
    assert "# at: the same point, at[0] of shape (5, 5); at[1] of shape (3,), float32" in text


def test_an_endless_tree_is_cut():
    lines = written({f"parameter number {i}": np.ones(3) for i in range(99)}).splitlines()
    assert len(lines) < 8
    assert max(map(len, lines)) <= 80
    assert any("…" in line for line in lines)


def test_numpy_is_imported_where_it_is_used():
    assert "import numpy" not in written(1.0)
    assert "import numpy as np" in written(np.ones(2))


@pytest.mark.parametrize(
    ("function", "gradient", "call"),
    [
        (loss, claim, "check(loss, claim, at, seed=0)"),
        (loss, None, "check(loss, at, seed=0)"),
        (lambda x: x, None, "check(loss_and_grad, at, seed=0)"),
        (lambda x: x, claim, "check(loss, claim, at, seed=0)"),
        (loss, loss, "check(loss, grad, at, seed=0)"),
        (np.float64(1).__add__, claim, "check(__add__, claim, at, seed=0)"),
    ],
)
def test_functions_go_by_their_own_names(function, gradient, call):
    assert f"print(gradcheck.{call})" in written(1.0, function, gradient)


def test_a_name_that_the_snippet_needs_is_replaced():
    def at(x):
        return x

    text = written(1.0, at)
    assert "# loss: the function that was checked" in text
    assert "check(loss, grad, at, seed=0)" in text


def test_what_can_be_imported_is():
    def local(x):
        return x

    text = written(1.0, np.linalg.norm, local)
    assert "from numpy.linalg import norm" in text
    assert "import local" not in text
    assert "# loss: the lambda that was checked" in written(1.0, lambda x: x)


class Model:
    def loss(self, x):
        return x

    def grad(self, x):
        return x


def test_a_bound_method_is_told_from_a_function_of_its_name():
    text = written(1.0, Model().loss, Model().grad)
    assert "# loss: the method Model.loss that was checked" in text
    assert "# grad: the method Model.grad that was checked" in text
    assert "check(loss, grad, at, seed=0)" in text


def test_a_function_of_another_scope_is_commented():
    def local(x):
        return x

    assert "# local: the function that was checked" in written(1.0, local)


def test_a_function_of_the_running_program_needs_no_comment(monkeypatch):
    def own(x):
        return x

    monkeypatch.setattr(own, "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "own", own, raising=False)
    assert written(1.0, own).splitlines()[0].startswith("from ")
    assert "own:" not in written(1.0, own)


def test_a_named_tuple_is_imported_where_it_can_be():
    text = written((Layer(np.ones(2), 0.5),))
    assert f"from {__name__} import Layer\n" in text
    assert "namedtuple" not in text


def test_a_named_tuple_that_cannot_be_imported_is_made_again():
    kind = collections.namedtuple("P", "weight bias")  # noqa: PYI024 - what people use
    point = [kind(RNG.normal(size=3), 0.5), kind(np.ones(2), 1.5)]
    text = written(point)
    assert "P = namedtuple('P', 'weight bias')" in text
    assert_same(read(text), point)
    assert read(text)[0].bias == 0.5


def test_a_named_tuple_of_the_running_program_is_left_to_it(monkeypatch):
    kind = collections.namedtuple("P", "weight")  # noqa: PYI024
    monkeypatch.setattr(kind, "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "P", kind, raising=False)
    assert "# P: the named tuple of your program\n" in written([kind(1.0)])


def test_a_named_tuple_whose_name_is_taken_is_not_written_out():
    kind = collections.namedtuple("loss", "weight")  # noqa: PYI024
    assert "# at: the same point" in written([kind(1.0)])


def test_a_dict_of_another_class_is_written_as_a_plain_one():
    class Registry(dict):
        pass

    text = written({"a": collections.OrderedDict(b=1.0), "c": Registry(d=2.0)})
    assert "at = {'a': {'b': 1.0}, 'c': {'d': 2.0}}" in text


def test_keys_that_are_not_written_as_they_are_made_leave_an_outline():
    for kind in (enum.Enum, enum.StrEnum):
        color = kind("Color", "RED")
        assert "# at: the same point" in written({color.RED: 1.0})


@pytest.mark.parametrize("length", [10, 100])
def test_what_has_no_place_to_be_broken_still_fits_the_page(length):
    def long(x):
        return x

    long.__name__ = long.__qualname__ = "f" * 3 * length
    kind = collections.namedtuple("P", ["w" * length, "b" * length])  # noqa: PYI024
    text = written([kind(0.5, np.ones(3)), {("key",) * length: 1.0}], long)
    if length == 10:
        assert max(map(len, text.splitlines())) <= 80
    assert "gradcheck.check(" in text
    compile(text, "snippet", "exec")


def test_many_long_keys_are_too_many_lines():
    lines = written({f"{i}" * 70: float(i) for i in range(10, 34)}).splitlines()
    assert len(lines) < 8


def test_options_are_kept():
    assert "at, precision=0.001, seed=9)" in written(1.0, precision=1e-3, seed=9)
