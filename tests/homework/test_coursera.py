"""The course with columns and biases, whose own gradient was wrong for years."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from gradcheck import check
from gradcheck.homework import SubmissionError
from gradcheck.homework.checks.network_checks import NETWORK_CHECKS
from gradcheck.homework.checks.relu_network import NetworkTerms, choose_network
from gradcheck.strategies import SeededChoices
from tests.homework.submissions import changed

pytest_plugins = "pytester"

RIGHT = """\
import numpy as np
from utils2 import get_batches, get_dict
import w4_unittest


def initialize_model(N, V, random_seed=1):
    np.random.seed(random_seed)
    return np.random.rand(N, V), np.random.rand(V, N), np.random.rand(N, 1), np.random.rand(V, 1)


w4_unittest.test_initialize_model(initialize_model)


def softmax(z):
    powers = np.exp(z - z.max(axis=0))
    return powers / powers.sum(axis=0)


def forward_prop(x, W1, W2, b1, b2):
    h = np.maximum(0, np.dot(W1, x) + b1)
    z = np.dot(W2, h) + b2
    return z, h


def compute_cost(y, yhat, batch_size):
    return -np.sum(y * np.log(yhat)) / batch_size


def back_prop(x, yhat, y, h, W1, W2, b1, b2, batch_size):
    z1 = np.dot(W1, x) + b1
    l1 = np.dot(W2.T, yhat - y)
    l1[z1 < 0] = 0
    grad_W1 = np.dot(l1, x.T) / batch_size
    grad_W2 = np.dot(yhat - y, h.T) / batch_size
    grad_b1 = np.sum(l1, axis=1, keepdims=True) / batch_size
    grad_b2 = np.sum(yhat - y, axis=1, keepdims=True) / batch_size
    return grad_W1, grad_W2, grad_b1, grad_b2
"""
RELU = "    l1[z1 < 0] = 0\n"
COURSE = changed(RIGHT, (RELU, "    l1 = np.maximum(0, l1)\n"))
COST = "return -np.sum(y * np.log(yhat)) / batch_size"
COURSE_2020 = changed(
    COURSE,
    (COST, "return -np.sum(y * np.log(yhat) + (1 - y) * np.log(1 - yhat)) / batch_size"),
)
SUM_B1, SUM_B2 = (f"np.sum({what}, axis=1, keepdims=True)" for what in ("l1", "yhat - y"))


def _failed(report):
    return {
        (function.name, check.name): check
        for function in report.functions
        for check in function.checks
        if check.status == "failed"
    }


@pytest.mark.parametrize("seed", range(6))
def test_the_right_gradients_are_those_of_the_cost(seed):
    case = choose_network(SeededChoices(seed))

    def cost(weights):
        others = {"contexts": case.contexts, "targets": case.targets}
        return NetworkTerms(type(case)(**weights, **others)).cost

    names = ("W1", "W2", "b1", "b2")
    gradients = dict(zip(names, NetworkTerms(case).gradients, strict=True))
    assert check(cost, lambda _weights: gradients, {name: getattr(case, name) for name in names})


def test_weights_of_both_signs_are_drawn():
    terms = [NetworkTerms(choose_network(SeededChoices(seed))) for seed in range(50)]
    assert all((each.z1 < 0).any() for each in terms if each.z1.size > 8)
    assert sum((each.z1 > 0).any() for each in terms) > 45


@pytest.mark.parametrize("in_process", [True, False])
def test_a_right_file_passes_every_check(submit, in_process):
    report = submit(RIGHT, "C2_W4_Assignment.py", in_process=in_process)
    assert report.course == "coursera-nlp-c2w4"
    assert report.passed
    assert report.checks_ran == report.checks_known == len(NETWORK_CHECKS)
    assert _failed(report) == {}


@pytest.mark.parametrize("text", [COURSE, COURSE_2020])
def test_the_courses_formula_passes_with_a_line_that_nobody_overlooks(submit, text):
    report = submit(text)
    assert report.passed
    said = " ".join(str(report).split())
    assert "THE COURSE IS WRONG HERE: back_prop: grad_W1 and grad_b1 are what your" in said
    assert "PASSED: 23 of 23 checks ran; back_prop follows the course, and is not the" in said
    wanted = {("back_prop", "course-formula")}
    wanted |= {("compute_cost", "cost-of-2020")} if text == COURSE_2020 else set()
    assert set(_failed(report)) == wanted


def test_it_fails_whoever_is_strict(submit):
    report = submit(COURSE, is_strict=True)
    assert not report.passed
    (found,) = _failed(report).values()
    assert found.level == "required"
    z1 = np.array(found.counterexample["W1"]) @ np.ones(len(found.counterexample["W2"]))
    assert z1.size  # shown in full
    assert submit(RIGHT, is_strict=True).passed


WRONG = {
    "no derivative of ReLU": ((RELU, ""), {"W1-gradient", "b1-gradient"}, "derivative is missing"),
    "not divided": (
        ("np.dot(yhat - y, h.T) / batch_size", "np.dot(yhat - y, h.T)"),
        {"W2-gradient"},
        "it is not divided by the batch size",
    ),
    "bias of the weights": (
        (SUM_B2, "np.sum(grad_W2, axis=1, keepdims=True)"),
        {"b2-gradient"},
        None,
    ),
    "bias not summed": ((SUM_B1, "l1"), {"shapes"}, "expected shape ("),
    "bias without its axis": ((SUM_B1, "np.sum(l1, axis=1)"), {"shapes"}, "expected shape ("),
    "sign": (("l1 = np.dot(W2.T, yhat - y)", "l1 = np.dot(W2.T, y - yhat)"), None, "flipped"),
    "h for z1": (("l1[z1 < 0] = 0", "l1[z1 > 0] = 0"), {"W1-gradient", "b1-gradient"}, None),
    "np.max": (("l1[z1 < 0] = 0", "l1 = np.max(0, l1)"), {"W1-gradient"}, "crashed: TypeError"),
    "x not transposed": (("np.dot(l1, x.T)", "np.dot(x, l1.T)"), {"shapes"}, None),
    "rows": (("powers.sum(axis=0)", "powers.sum(axis=1, keepdims=True)"), {"value"}, "columns"),
    "all entries": (("powers.sum(axis=0)", "powers.sum()"), {"value"}, "each column has its own"),
    "no ReLU": (("np.maximum(0, np.dot(W1, x) + b1)", "np.dot(W1, x) + b1"), None, "missing"),
    "no bias": (("np.dot(W2, h) + b2", "np.dot(W2, h)"), {"scores"}, "b2 is missing"),
    "mean": ((COST, "return -np.mean(y * np.log(yhat))"), {"value"}, "V times too many"),
    "cost not divided": ((COST, "return -np.sum(y * np.log(yhat))"), {"value"}, "not divided"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_found_and_named(submit, name):
    change, wanted, message = WRONG[name]
    report = submit(changed(RIGHT, change))
    found = _failed(report)
    assert not report.passed
    assert wanted is None or {check for _, check in found} == wanted
    said = " ".join(str(report).split())
    assert message is None or message in said
    # A mistake of the student's own, and no word of the course's.
    assert "THE COURSE IS WRONG" not in said


def test_half_of_the_courses_formula_is_the_students_own(submit):
    both = (f"{SUM_B1} / batch_size", f"{SUM_B1.replace('l1', 'np.maximum(0, l1)')} / batch_size")
    report = submit(changed(RIGHT, both))
    assert set(_failed(report)) == {("back_prop", "b1-gradient")}


def test_no_counterexample_stands_on_the_kink(submit):
    for text in (COURSE, changed(RIGHT, (RELU, ""))):
        for found in _failed(submit(text)).values():
            case = found.counterexample
            W1, b1 = np.array(case["W1"]), np.array(case["b1"])  # noqa: N806
            for context in case["contexts"]:
                assert np.abs(W1[:, list(context)].mean(axis=1) + b1[:, 0]).min() > 1e-3


def test_an_unfinished_function_is_not_called_wrong(submit):
    text = changed(RIGHT, ("h = np.maximum(0, np.dot(W1, x) + b1)", "h = None"))
    report = submit(text.replace("z = np.dot(W2, h) + b2", "z = None"))
    statuses = {function.name: function.status for function in report.functions}
    assert statuses["forward_prop"] == "unfinished"


def test_softmax_and_a_cost_alone_tell_of_no_course(submit):
    with pytest.raises(SubmissionError, match="nothing about word2vec in it was checked"):
        submit("def softmax(z): return z\ndef compute_cost(y, yhat, batch_size): return 0.0\n")


def test_a_notebook_whose_other_cells_need_what_is_not_there(tmp_path):
    template = "def back_prop(x, yhat, y, h, W1, W2, b1, b2, batch_size):\n    return None"
    cells = [
        "import nltk\nfrom nltk.tokenize import word_tokenize\n%config InlineBackend.dpi = 90",
        "nltk.download('punkt')",
        "with open('./data/shakespeare.txt') as file:\n    data = file.read()",
        template,  # kept by mistake: the last definition counts
        COURSE,
        "display(softmax(np.zeros((2, 2))))",
    ]
    path = tmp_path / "C2_W4_Assignment.ipynb"
    content = [{"cell_type": "code", "source": cell, "metadata": {}} for cell in cells]
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "cells": content}))
    command = [sys.executable, "-m", "gradcheck", "verify", "--seed", "1", "--profile", "grade"]
    run = [
        subprocess.run([*command, path, *more], capture_output=True, text=True, check=False)  # noqa: S603
        for more in ([], ["--strict"])
    ]
    assert [each.returncode for each in run] == [0, 1], run[0].stdout + run[0].stderr
    assert "THE COURSE IS WRONG HERE" in run[0].stdout


@pytest.mark.parametrize("is_strict", [False, True])
def test_pytest_has_the_same_checks(pytester, is_strict):
    path = pytester.makepyfile(C2_W4_Assignment=COURSE)
    strict = ["--homework-strict"] if is_strict else []
    result = pytester.runpytest_inprocess("--homework", path, *strict, "-k", "back_prop", "-rx")
    kept = sum(check.role == "backward-pass" for check in NETWORK_CHECKS) - 1
    others = len(NETWORK_CHECKS) - kept - 1
    outcome = {"failed": 1} if is_strict else {"xfailed": 1}
    result.assert_outcomes(passed=kept, deselected=others, **outcome)


def _with_state(name, result):
    """Let a function's result add up over the calls with the same first argument."""
    start = RIGHT.index("(", RIGHT.index(f"def {name}")) + 1
    first = RIGHT[start : RIGHT.index(",", start)].partition(")")[0]
    end = RIGHT.find("\n\n\ndef", start) + 1 or len(RIGHT)
    body = RIGHT[start:end]
    head, _, returned = body.rpartition("return ")
    body = (
        f"{head}key = np.asarray({first}).tobytes()\n"
        f"    calls[key] = calls.get(key, 0) + 1\n"
        f"    return {result(returned.strip())}\n"
    )
    return "calls = {}\n" + RIGHT[:start] + body + RIGHT[end:]


def _overwriting(name, line):
    start = RIGHT.index(":\n", RIGHT.index(f"def {name}")) + 2
    end = RIGHT.index("    return", start)
    return f"{RIGHT[:end]}    {line}\n{RIGHT[end:]}"


_SOFTMAX_RETURN = "return powers / powers.sum(axis=0)"
MISTAKES = {
    ("softmax", "value"): changed(RIGHT, WRONG["all entries"][0]),
    ("softmax", "shapes"): changed(
        RIGHT, (_SOFTMAX_RETURN, "return (powers / powers.sum(axis=0)).T")
    ),
    ("softmax", "inputs-unchanged"): _overwriting("softmax", "z *= 2"),
    ("softmax", "same-answer-twice"): _with_state("softmax", lambda text: f"calls[key] * {text}"),
    ("softmax", "large-scores"): changed(RIGHT, ("z - z.max(axis=0)", "z")),
    ("forward-pass", "scores"): changed(RIGHT, WRONG["no bias"][0]),
    ("forward-pass", "hidden-layer"): changed(RIGHT, ("return z, h\n", "return z, h + b1\n")),
    ("forward-pass", "shapes"): changed(RIGHT, ("return z, h\n", "return z, h.T\n")),
    ("forward-pass", "inputs-unchanged"): _overwriting("forward_prop", "x += 1"),
    ("forward-pass", "same-answer-twice"): _with_state(
        "forward_prop", lambda _text: "calls[key] * z, h"
    ),
    ("cost", "value"): changed(RIGHT, WRONG["mean"][0]),
    ("cost", "shapes"): changed(RIGHT, (COST, COST.replace("np.sum(", "np.sum(axis=0, a="))),
    ("cost", "inputs-unchanged"): changed(
        RIGHT, (COST, f"cost = {COST[7:]}\n    yhat *= 2\n    return cost")
    ),
    ("cost", "same-answer-twice"): _with_state("compute_cost", lambda text: f"calls[key] * {text}"),
    ("cost", "cost-of-2020"): changed(
        RIGHT,
        (COST, "return -np.sum(y * np.log(yhat) + (1 - y) * np.log(1 - yhat)) / batch_size"),
    ),
    ("backward-pass", "W1-gradient"): changed(RIGHT, ("np.dot(l1, x.T)", "2 * np.dot(l1, x.T)")),
    ("backward-pass", "W2-gradient"): changed(RIGHT, WRONG["not divided"][0]),
    ("backward-pass", "b1-gradient"): changed(RIGHT, (SUM_B1, f"2 * {SUM_B1}")),
    ("backward-pass", "b2-gradient"): changed(RIGHT, WRONG["bias of the weights"][0]),
    ("backward-pass", "shapes"): changed(RIGHT, WRONG["bias without its axis"][0]),
    ("backward-pass", "inputs-unchanged"): _overwriting("back_prop", "yhat -= y"),
    ("backward-pass", "same-answer-twice"): _with_state(
        "back_prop", lambda _text: "grad_W1, calls[key] * grad_W2, grad_b1, grad_b2"
    ),
    ("backward-pass", "course-formula"): COURSE,
}
"""For each check, a file that fails it alone."""
