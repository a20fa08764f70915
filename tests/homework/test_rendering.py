"""How a report reads, whatever a file returned and however wide the terminal is."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck.document.text import to_text
from gradcheck.homework.report.contents import check_contents
from gradcheck.homework.report.results import CheckResult
from tests.homework.submissions import A2, changed

LINE = "    scores = outsideVectors @ centerWordVec\n"


def shown(check):
    return to_text(check_contents(check))


def _check(claimed, expected, **inputs):
    case = {**inputs, "claimed": claimed, "expected": expected}
    return CheckResult("name", "required", "failed", 1, 1, "wrong", counterexample=case)


@pytest.mark.parametrize(
    "line",
    [
        "    return np.random.rand(), KEPT, outsideVectors\n",
        "    KEPT[0] += 1\n    return 0.5, KEPT, outsideVectors\n",
        "    KEPT[0] += 1\n    return [KEPT[0], [1.0], [[1.0], []]]\n",
    ],
)
def test_answers_that_differ_are_shown_whatever_their_shapes(submit, line):
    start = A2.index("def naiveSoftmax")
    text = A2[:start] + "KEPT = np.zeros(1)\n" + A2[start:].replace(LINE, line + LINE, 1)
    report = submit(text, only=["naiveSoftmaxLossAndGradient"])
    failed = {check.name: check for check in report.functions[0].checks if check.status == "failed"}
    text = shown(failed["same-answer-twice"])
    assert "a second call with the same arguments" in text or "a call overwrites" in text
    assert "The smallest case found:" in text
    assert "FAILED" in str(report)


def test_parts_of_different_shapes():
    first = (0.5, np.array([1.0]), np.array([[1.0], [2.0]]))
    second = (0.5, np.array([1.0]), np.array([[1.0], [3.0]]))
    text = shown(_check(first, second))
    assert "value 3 of 3:" in text
    assert text.count("<- wrong") == 1
    assert "[1, 0]" in text


def test_numbers_that_differ_in_the_last_digit_are_told_apart():
    text = shown(_check(1.0, 1.0 + 2**-52))
    assert "1.0000000000000002" in text


def test_labels_stand_apart_from_values():
    text = shown(_check(None, None, center_vectors=[[0.0]], iterations=2))
    assert "  center_vectors  [[0.]]" in text
    assert "  iterations      2" in text


def test_every_column_survives_a_narrow_terminal(submit):
    report = submit(changed(A2, ("loss += pair_loss", "loss = pair_loss")))
    table = report.to_text(width=40).split("  function", 1)[1].split("skipgram, loss")[0]
    assert "sigmoid" in table
    assert "passed" in table
    assert "cases" in table
    assert max(map(len, table.splitlines()[1:])) <= 40
