"""Trees of arrays: what functions return in another form, and what does not move."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import pytest

import gradcheck

X = np.array([0.3, -1.2, 0.8])


class Named(NamedTuple):
    w: Any
    b: Any


@dataclasses.dataclass
class Point:
    w: Any
    n: int = 2


def square(x, n=1):
    return n * (x**2).sum()


TAKEN = {
    "a d before the names": (
        lambda p: square(p["w"]),
        lambda p: {"dw": 2 * p["w"]},
        {"w": X},
        "the gradient['dw'] was taken for 'w'.",
    ),
    "more than was asked": (
        lambda p: square(p["w"]),
        lambda p: {"w": 2 * p["w"], "loss": 1.0},
        {"w": X},
        "the gradient['loss'] is not in `at`: it was not looked at.",
    ),
    "a loss of shape (1,)": (
        lambda x: np.array([square(x)]),
        lambda x: 2 * x,
        X,
        "The loss has shape (1,), and was taken for a number.",
    ),
    "whole numbers": (
        lambda x, n: square(x, n[0]),
        lambda x, n: (2 * n[0] * x, None),
        (X, np.array([3])),
        "n holds no floats: it was passed on as it is.",
    ),
    "a whole number without a gradient": (square, lambda x, n: 2 * n * x, (X, 3), ""),
    "a bare named tuple": (
        lambda p: square(p.w) + p.b**3,
        lambda p: Named(2 * p.w, 3 * p.b**2),
        Named(X, 0.7),
        "",
    ),
    "a dataclass": (lambda p: square(p.w, p.n), lambda p: Point(2 * p.n * p.w), Point(X), ""),
}


@pytest.mark.parametrize("case", TAKEN)
def test_another_form_is_taken_with_a_note(case):
    loss, gradient, at, note = TAKEN[case]
    report = gradcheck.check(loss, gradient, at)
    assert report.verdict == "agrees", str(report)
    assert note in (*report.notes, "")
    assert not report.notes or note
    wrong = gradcheck.check(lambda *p: 1.1 * loss(*p), gradient, at)
    assert wrong.verdict == "disagrees"


BOTH = {
    "a third part": (lambda x: (square(x), 2 * x, {"hidden": 3}), X, "beside loss and gradient"),
    "more than the loss": (lambda x: ((square(x), "more"), 2 * x), X, "beside the loss"),
    "a third part, two arguments": (
        lambda x, y: (square(x) + square(y), (2 * x, 2 * y), "more"),
        (X, X[:2]),
        "beside loss and gradient",
    ),
}


@pytest.mark.parametrize("case", BOTH)
def test_what_a_function_returns_besides_is_noted(case):
    function, at, note = BOTH[case]
    report = gradcheck.check(function, at)
    assert report.verdict == "agrees"
    assert note in report.notes[-1]


def test_further_arguments_are_passed_on():
    def gradient(x, n):
        return 2 * n * x

    report = gradcheck.check(square, gradient, X, args=(3,))
    assert report.verdict == "agrees"
    wrong = gradcheck.check(square, lambda x, n: n * x, X, args=(3,))
    assert wrong.verdict == "disagrees"
    assert "args=args" in wrong.snippet
    with pytest.raises(TypeError, match=r"args is of type int; a tuple was expected: args=\(…,\)"):
        gradcheck.check(square, gradient, X, args=3)


def test_a_list_for_several_arguments_is_told_so():
    message = r"at is a list, which is one argument, and the loss takes 2: v, u\. .* at=\(v, u\)"
    with pytest.raises(TypeError, match=message):
        gradcheck.check(lambda v, u: v @ u, lambda v, u: (u, v), [X, X])


def test_a_function_of_many_values_is_told_how():
    with pytest.raises(TypeError, match=r"the loss has shape \(3,\).*\(c \* f\(x\)\)\.sum\(\)"):
        gradcheck.check(lambda x: x**2, lambda x: 2 * x, X)


def test_nothing_that_does_not_move_is_changed():
    labels, seen = np.array([0, 2]), []

    def loss(p):
        seen.append(p["labels"])
        return (p["x"][p["labels"]] ** 2).sum()

    def gradient(p):
        return {"x": 2 * p["x"] * np.bincount(p["labels"], minlength=3)}

    assert gradcheck.check(loss, gradient, {"x": X, "labels": labels}).verdict == "agrees"
    assert all(each is labels for each in seen)
