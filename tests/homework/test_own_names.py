"""Files with names of their own for a course's functions."""

from __future__ import annotations

import pytest

from gradcheck.homework import SubmissionError
from gradcheck.homework.submission.own_names import meant
from tests.homework.submissions import A2, changed

NAIVE, NEGATIVE = "naiveSoftmaxLossAndGradient", "negSamplingLossAndGradient"
OWN = A2.replace(NAIVE, "my_loss")
WRONG = changed(OWN, ("= outsideVectors.T @ delta", "= -outsideVectors.T @ delta"))
AS_METHOD = """
import numpy as np

class Model:
    sigmoid = staticmethod(lambda x: np.exp(-np.logaddexp(0.0, -x)))

    def loss(self, center, target, outside, dataset):
        scores = outside @ center
        p = np.exp(scores - np.logaddexp.reduce(scores))
        p[target] -= 1
        return np.logaddexp.reduce(scores) - scores[target], outside.T @ p, np.outer(p, center)


class Needs:
    def __init__(self, number): pass
    loss = Model.loss
"""


@pytest.mark.parametrize("in_process", [True, False])
def test_a_function_is_known_by_the_name_that_is_given(submit, in_process):
    options = {"functions": {"naive-softmax": "my_loss"}, "in_process": in_process}
    report = submit(OWN, **options)
    assert report.passed, str(report)
    assert report.checks_ran == report.checks_known
    assert [function.name for function in report.functions][1] == "my_loss"
    assert not submit(WRONG, only="my_loss", **options).passed


@pytest.mark.parametrize("in_process", [True, False])
@pytest.mark.parametrize("name", ["Model.loss", "loss.Model.loss"])
def test_a_path_leads_to_a_method_and_into_another_module(submit, tmp_path, name, in_process):
    text = AS_METHOD
    if name.startswith("loss."):
        (tmp_path / "loss.py").write_text(AS_METHOD)
        text = "x = 1\n"
    report = submit(text, functions={"naive-softmax": name}, only=name, in_process=in_process)
    assert report.passed, str(report)


def test_a_sigmoid_that_is_named_is_checked(submit):
    assert submit(AS_METHOD, functions={"sigmoid": "Model.sigmoid"}, only="Model.sigmoid").passed


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ({"naive-softmax": "Model.los"}, "has no function Model.los"),
        ({"naive-softmax": "nothing"}, "has no function nothing"),
        ({"naive-softmax": "Needs.loss"}, r"Needs.loss needs an object, and Needs\(\) fails: Type"),
        ({"naive-softmx": "f"}, "no function 'naive-softmx'.*; did you mean naive-softmax"),
        ({"sgd": "a b"}, "sgd: expected the name of a function, got 'a b'"),
    ],
)
@pytest.mark.parametrize("in_process", [True, False])
def test_a_name_that_leads_nowhere(submit, functions, message, in_process):
    with pytest.raises(SubmissionError, match=message):
        submit(AS_METHOD, functions=functions, in_process=in_process)


def test_names_stand_beside_the_file(submit, tmp_path):
    settings = tmp_path / "pyproject.toml"
    settings.write_text('[tool.gradcheck.functions]\nnaive-softmax = "my_loss"\n')
    assert submit(OWN).passed
    settings.write_text("[tool.gradcheck]\nfunctions = 3\n")
    with pytest.raises(SubmissionError, match=r"pyproject\.toml: .*expected a table"):
        submit(OWN)
    settings.write_text("[tool.gradcheck\n")
    with pytest.raises(SubmissionError, match=r"pyproject\.toml: cannot be read"):
        submit(OWN)


def test_what_is_nearly_known_is_asked_for(submit):
    names = ["naiveSoftmaxLossAndGradient_sol", "NaiveSoftmaxLossGradient", "skip_gram", "train"]
    found = {name: role for name, (role, _known) in meant(names).items()}
    assert found == {names[0]: "naive-softmax", names[1]: "naive-softmax", names[2]: "skip-gram"}
    assert meant(["sgd", "skipgram", NEGATIVE]) == {}
    report = submit(A2.replace("def skipgram(", "def skip_gram("))
    assert "there is no skipgram; did you mean skip_gram? --function skip-gram=skip_gram" in (
        report.notes
    )
    with pytest.raises(SubmissionError, match=r"did you mean sgd.*\? --function sgd=my_sgd"):
        submit("def my_sgd(f, x0, step, iterations): return x0\n")
