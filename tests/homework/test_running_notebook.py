"""What is defined in a running notebook is checked where it is."""

from __future__ import annotations

import contextlib
import io

import pytest

from gradcheck.homework import SubmissionError, verification, verify
from gradcheck.homework.checks.cases import Profile
from tests.homework.submissions import A2, changed

NAIVE = "naiveSoftmaxLossAndGradient"
WRONG = changed(A2, ("= outsideVectors.T @ delta", "= -outsideVectors.T @ delta"))


@pytest.fixture(autouse=True)
def _few_cases(monkeypatch):
    monkeypatch.setitem(verification.PROFILES, "student", Profile(cases=16, shrinks=True))


def defined(text: str) -> dict[str, object]:
    namespace: dict[str, object] = {"__name__": "notebook"}
    exec(compile(text, "<cell>", "exec"), namespace)  # noqa: S102 - our own source
    return namespace


def test_right_functions_pass_and_the_report_is_a_page():
    namespace = defined(A2)
    before = dict(namespace)
    report = verify(namespace, seed=1)
    assert report.passed
    assert report.checks_ran == report.checks_known
    assert "<table" in report._repr_html_()
    assert namespace == before


def test_a_wrong_one_is_shown_to_be_pasted_below():
    namespace = defined(WRONG)
    report = verify(namespace, seed=1, only=NAIVE)
    (check,) = [each for each in report.functions[0].checks if each.status == "failed"]
    assert check.name == "center-gradient"
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(check.snippet, namespace)  # noqa: S102 - what we print to be run
    assert printed.getvalue().startswith("(")
    assert "verify(globals(), seed=1, profile='student')" in str(report)


def test_a_function_that_never_ends_is_stopped():
    text = changed(
        A2, ("    loss = 0.0\n    gradCenterVecs", "    while True: pass\n    gradCenterVecs")
    )
    report = verify(defined(text), seconds=0.2, only=(NAIVE, "skipgram"))
    assert [function.status for function in report.functions] == ["passed", "timeout"]


def test_names_of_its_own():
    namespace = defined(A2.replace(NAIVE, "my_loss"))
    assert verify(namespace, functions={"naive-softmax": "my_loss"}, only="my_loss").passed
    with pytest.raises(SubmissionError, match="defines none of the functions"):
        verify({"__name__": "__main__", "x": 1})
