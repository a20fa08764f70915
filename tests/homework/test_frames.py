"""Values there and back, and bytes that are none."""

from __future__ import annotations

import random

import numpy as np
import pytest

from gradcheck.homework.calling.calls import Call, Outcome
from gradcheck.homework.calling.frames import (
    LONGEST_TEXT,
    FrameError,
    TooLargeError,
    decode,
    encode,
)
from gradcheck.homework.calling.messages import (
    calls_from,
    calls_message,
    facts_from,
    outcome_from,
    outcome_message,
)

VALUES = [
    None,
    True,
    -7,
    2.5,
    float("inf"),
    1 + 2j,
    "ŷ \udcff",
    (),
    [1, [2.0, "x"], (None,)],
    {"a": 1, "b": (2, 3)},
    np.arange(6.0).reshape(2, 3).T,
    np.zeros((0, 3)),
    np.float32([1, 2]),
    np.array([True, False]),
    np.array(3, dtype=np.uint8),
    np.longdouble([1, 2]) / 3,
    np.array([1j]),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_it_was(value):
    back = decode(encode(value))
    assert type(back) is type(value)
    if isinstance(value, np.ndarray):
        assert (back.dtype, back.shape) == (value.dtype, value.shape)
        assert np.array_equal(back, value)
    else:
        assert back == value


def test_a_number_of_numpy_stays_one():
    for value in (np.float64(2.5), np.int32(3), np.bool_(0)):
        back = decode(encode(value))
        assert type(back) is type(value)
        assert back == value


def test_a_number_that_is_an_object_of_its_own_stays_one():
    class Drawn(int):
        pass

    back = decode(encode((3, Drawn(3))))
    assert back == (3, 3)
    assert back[1] is not back[0]


@pytest.mark.parametrize(
    ("value", "dtype"), [(np.array(["a", "b"]), "<U1"), (np.array([None, 1]), "object")]
)
def test_of_an_array_of_something_else_its_kind_is_left(value, dtype):
    back = decode(encode(value))
    assert (back.shape, back.dtype) == (value.shape, np.dtype(dtype))


@pytest.mark.parametrize("value", [object(), 10**400, b"x", {1, 2}])
def test_of_any_other_object_the_name_of_its_class_is_left(value):
    assert type(decode(encode(value))).__name__ == type(value).__name__


def test_a_text_is_cut_and_a_list_within_itself_ends():
    assert decode(encode("x" * 9999)) == "x" * LONGEST_TEXT
    assert decode(encode("ŷ" * 9999)) == "ŷ" * (LONGEST_TEXT // 4)
    endless = []
    endless.append(endless)
    assert len(encode(endless)) < 1000


def test_a_value_has_as_many_bytes_as_it_may_have():
    value = (np.zeros(100), 1.0)
    size = len(encode(value))
    assert encode(value, size)
    with pytest.raises(TooLargeError):
        encode(value, size - 1)


def test_bytes_that_are_no_value_are_said_to_be_none():
    whole = encode((1, np.ones((2, 2)), ["x", {"a": None}]))
    generator = random.Random(1)  # noqa: S311 - for a test
    for length in range(len(whole)):
        with pytest.raises(FrameError):
            decode(whole[:length])
    with pytest.raises(FrameError):
        decode(whole + b"\0")
    for _ in range(3000):
        broken = bytearray(whole)
        for _ in range(generator.randint(1, 4)):
            broken[generator.randrange(len(broken))] = generator.randrange(256)
        try:
            decode(bytes(broken))
        except FrameError:
            continue


def test_a_call_and_its_outcome_come_through():
    call = Call("negative-sampling", {"center": np.ones(2), "K": 3}, draws=(1, 2, 1), seed=5)
    limit, (other, back) = calls_from(decode(encode(calls_message([call, call], 99))))
    assert limit == 99
    assert other.draws == call.draws
    assert (back.role, back.draws, back.seed) == (call.role, call.draws, call.seed)
    outcome = Outcome("returned", (1.0, np.ones(2)), drawn=(1, 2), sampled=((1,), (2, 3)))
    again = outcome_from(decode(encode(outcome_message(outcome))))
    assert (again.drawn, again.sampled, again.status) == ((1, 2), ((1,), (2, 3)), "returned")
    assert again.result[0] == 1.0


@pytest.mark.parametrize(
    ("place", "value"),
    [(0, "loaded"), (1, "passed"), (3, 4), (4, "x"), (5, (1, 2)), (8, 1), (9, (1,)), (10, None)],
)
def test_an_answer_that_is_not_as_it_should_be_is_none(place, value):
    message = list(outcome_message(Outcome("returned", 1.0)))
    message[place] = value
    with pytest.raises(FrameError):
        outcome_from(tuple(message))
    with pytest.raises(FrameError):
        facts_from(tuple(message), None, {})
