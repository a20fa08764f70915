"""A student's own gradient check: does it tell right gradients from wrong ones?"""

from __future__ import annotations

import pytest

from tests.homework.submissions import changed

RIGHT = """\
import random

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gradcheck_naive(f, x):
    rndstate = random.getstate()
    random.setstate(rndstate)
    fx, grad = f(x)
    h = 1e-4
    it = np.nditer(x, flags=["multi_index"], op_flags=["readwrite"])
    while not it.finished:
        ix = it.multi_index
        old = x[ix]
        x[ix] = old + h
        random.setstate(rndstate)
        above = f(x)[0]
        x[ix] = old - h
        random.setstate(rndstate)
        below = f(x)[0]
        x[ix] = old
        numgrad = (above - below) / (2 * h)
        reldiff = abs(numgrad - grad[ix]) / max(1, abs(numgrad), abs(grad[ix]))
        if reldiff > 1e-5:
            print("Gradient check failed.")
            print("First gradient error found at index %s" % str(ix))
            return
        it.iternext()
    print("Gradient check passed!")
"""
STATE = "        random.setstate(rndstate)\n        below"
WRONG = {
    "one side": (
        [("x[ix] = old - h", "x[ix] = old"), ("/ (2 * h)", "/ h")],
        {"right-gradient"},
    ),
    "twice": ([("/ (2 * h)", "/ h")], {"right-gradient"}),
    "another state": ([(STATE, "        below")], {"random-state"}),
    "x moved": ([("        x[ix] = old\n", "")], {"x-restored"}),
    "never fails": ([("reldiff > 1e-5", "reldiff > 1e5")], {"wrong-gradient"}),
    "one entry": ([("        it.iternext()\n", "        break\n")], {"wrong-gradient"}),
    "NaN": ([("numgrad = (above", "numgrad = np.nan * (above")], {"wrong-gradient"}),
    "silent": (
        [('    print("Gradient check passed!")\n', "")],
        {"right-gradient"},
    ),
}


def _failed(report):
    (function,) = (each for each in report.functions if each.name == "gradcheck_naive")
    return {check.name for check in function.checks if check.status == "failed"}


@pytest.mark.parametrize("in_process", [True, False])
def test_a_right_one_passes(submit, in_process):
    report = submit(RIGHT, "q2_gradcheck.py", in_process=in_process)
    assert report.passed
    assert report.course.startswith("cs224")
    assert _failed(report) == set()
    assert report.checks_ran == 7 + 4


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_one_fails_its_check(submit, name):
    changes, wanted = WRONG[name]
    report = submit(changed(RIGHT, *changes), only="gradcheck_naive")
    assert _failed(report) == wanted
    assert not report.passed


def test_one_that_asserts_and_one_that_returns_say_so_too(submit):
    asserting = changed(
        RIGHT,
        ('            print("Gradient check failed.")\n', "            assert reldiff < 1e-5\n"),
    )
    answering = RIGHT.replace('print("Gradient check passed!")', "return True").replace(
        "            return\n", "            return False\n"
    )
    for text in (asserting, answering):
        assert submit(text, only="gradcheck_naive").passed


def test_one_that_is_not_written_yet(submit):
    start = RIGHT.index("        old = x[ix]")
    end = RIGHT.index("        reldiff")
    report = submit(RIGHT[:start] + RIGHT[end:], only="gradcheck_naive")
    assert [function.status for function in report.functions] == ["unfinished"]


MISTAKES = {
    ("gradient-check", check): changed(RIGHT, *WRONG[name][0])
    for check, name in {
        "right-gradient": "one side",
        "wrong-gradient": "one entry",
        "random-state": "another state",
        "x-restored": "x moved",
    }.items()
}
"""For each check, a file that fails it alone."""
