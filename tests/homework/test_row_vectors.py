"""Losses that take a row, because their file's skipgram hands them one."""

from __future__ import annotations

import pytest

from tests.homework.submissions import A2, YEAR_2017, changed

NAIVE, NEGATIVE = "naiveSoftmaxLossAndGradient", "negSamplingLossAndGradient"
WINDOWED = changed(
    A2,
    ("centerWordVectors[center], word2Ind[word]", "centerWordVectors[[center]], word2Ind[word]"),
    ("gradCenterVecs[center] += grad_center", "gradCenterVecs[[center]] += grad_center"),
)
FLATTENED = "    centerWordVec = centerWordVec[0]\n"
ROW = "return loss, gradCenterVec[None], gradOutsideVecs"


def _with_rows(text: str) -> str:
    """Let both losses take a row and return one."""
    for name in (NAIVE, NEGATIVE):
        start = text.index(f"def {name}")
        body = text.index(":\n", start) + 2
        text = text[:body] + FLATTENED + text[body:]
    return text.replace("return loss, gradCenterVec, gradOutsideVecs", ROW)


ROWS = _with_rows(WINDOWED)


@pytest.mark.parametrize("in_process", [True, False])
def test_they_are_judged_in_that_shape_and_it_is_noted(submit, in_process):
    report = submit(ROWS, in_process=in_process)
    assert report.passed, str(report)
    assert report.notes == (
        (
            "skipgram hands the center vector over as a row of shape (1, d), so that is what the "
            "losses were called with"
        ),
    )


def test_a_wrong_one_is_found_in_that_shape_and_shown_in_it(submit):
    report = submit(changed(ROWS, ("= outsideVectors.T @ delta", "= -outsideVectors.T @ delta")))
    function = report.functions[1]
    failed = [check for check in function.checks if check.status == "failed"]
    assert [check.name for check in failed] == ["center-gradient"]
    assert "])[np.newaxis]," in failed[0].snippet


def test_a_docstring_that_states_the_shape_stands(submit):
    head = f"def {NAIVE}(centerWordVec, outsideWordIdx, outsideVectors, dataset):\n"
    documented = head + '    """centerWordVec -- in shape (word vector length, )"""\n'
    report = submit(changed(ROWS, (head, documented)))
    assert [function.status for function in report.functions[1:4]] == [
        "crashed",
        "passed",
        "passed",
    ]


def test_a_file_whose_skipgram_hands_vectors_over_has_no_note(submit):
    assert not any("row" in note for note in submit(A2, only=NAIVE).notes)
    assert not any("row" in note for note in submit(YEAR_2017, only="skipgram").notes)


def test_a_skipgram_that_ends_the_process_costs_no_judgement_before(submit):
    line = "    loss = 0.0\n    gradCenterVecs"
    text = changed(A2, (line, "    import os; os._exit(0)\n" + line))
    report = submit(text, in_process=False, only=(NAIVE, "skipgram"))
    assert [function.status for function in report.functions] == ["passed"]
    assert report.error.endswith("ended its process (exit status 0), in skipgram")
