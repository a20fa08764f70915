from __future__ import annotations

import pytest

from gradcheck.homework import SubmissionError
from gradcheck.homework.courses import COURSES, detect, parameter_names
from tests.homework.submissions import (
    A2,
    XCS224N,
    XCS224N_WITHOUT_WINDOW_SIZE,
    YEAR_2015,
    YEAR_2016,
    YEAR_2017,
)
from tests.homework.test_coursera import RIGHT as COURSERA
from tests.homework.test_layers import RIGHT as LAYERS

# Tel Aviv's files have XCS224N's names without the window size, and modules of their own.
TAU = (
    "from helpers.utils import get_negative_samples, sigmoid\nfrom q3a_softmax import softmax\n"
    + XCS224N_WITHOUT_WINDOW_SIZE.replace("def sigmoid(", "def unused(")
    .replace("def get_negative_samples(", "def unused_sampler(")
    .replace("def sgd(", "def unused_sgd(")
)

RIGHT = {
    "cs224n-a2": [A2],
    "xcs224n": [XCS224N, XCS224N_WITHOUT_WINDOW_SIZE],
    "cs224n-2017": [YEAR_2017],
    "cs224d-2016": [YEAR_2016],
    "cs224d-2015": [YEAR_2015],
    "tau-nlp": [TAU],
    "coursera-nlp-c2w4": [COURSERA],
    "deep-learning-from-scratch-2": [LAYERS],
}


def test_every_course_has_a_right_file():
    assert {course.identifier for course in COURSES} == set(RIGHT)


@pytest.mark.parametrize(
    ("course", "text"), [(course, text) for course, texts in RIGHT.items() for text in texts]
)
def test_a_right_file_is_recognized_and_passes(submit, course, text):
    report = submit(text)
    assert report.course == course
    failed = [
        (function.name, check.name, check.message)
        for function in report.functions
        for check in function.checks
        if check.status == "failed"
    ]
    assert failed == []
    assert report.passed


@pytest.mark.parametrize("text", [A2, XCS224N, YEAR_2017, YEAR_2016, YEAR_2015])
def test_a_sign_error_is_found_in_every_course(submit, text):
    wrong = text.replace("+= grad_center", "-= grad_center").replace("+= pair[1]", "-= pair[1]")
    assert wrong != text
    report = submit(wrong, only=["skipgram"])
    (function,) = report.functions
    assert [check.name for check in function.checks if check.status == "failed"] == [
        "center-gradient"
    ]
    assert "sign is flipped" in str(report)


def test_helpers_that_are_not_there_are_named(submit):
    (note,) = submit(YEAR_2017).notes
    assert note == (
        "not beside the file, so a stand-in was used: q1_softmax, q2_gradcheck, q2_sigmoid"
    )


def test_a_stand_in_is_not_checked_as_the_students(submit):
    statuses = {function.name: function.status for function in submit(YEAR_2017).functions}
    assert statuses["sigmoid"] == "missing"


def test_parameter_names_of_what_has_none():
    assert parameter_names(print) is None
    assert parameter_names(lambda a, b, *, c: (a, b, c)) == ("a", "b")


def test_nothing_known():
    assert detect({"main": print, "sigmoid": 3}) is None


def test_a_helper_file_is_judged_by_what_it_has(submit):
    report = submit(A2[: A2.index("def sigmoid")] + A2[A2.index("def sgd") : A2.index("if __name")])
    assert report.passed
    said = " ".join(str(report).split())
    known = report.checks_known
    assert (
        f"5 of {known} checks ran; not in this file: sigmoid, naiveSoftmaxLossAndGradient" in said
    )


def test_a_file_that_has_the_name_sigmoid_alone_is_of_no_course(submit):
    text = "import numpy as np\ndef sigmoid(x):\n    return 1 / (1 + np.exp(-x))\ndef train(): 0\n"
    with pytest.raises(SubmissionError, match="nothing about word2vec in it was checked: sigmoid"):
        submit(text)
    assert submit(text, only="sigmoid").passed


def test_a_file_without_a_core_function_fails_by_it(submit):
    report = submit(A2.replace("def skipgram(", "def skip_gramm("))
    assert not report.passed
    (function,) = [function for function in report.functions if function.name == "skipgram"]
    assert function.status == "missing"
    assert function.checks[0].message == "the file has no such function, and the course asks for it"


@pytest.mark.parametrize(
    ("text", "returned", "is_stated"),
    [
        (A2, "return loss, gradCenterVec, gradOutsideVecs", True),
        (YEAR_2017, "return cost, gradPred, grad\n\n\ndef getNegative", False),
    ],
)
def test_a_shape_is_said_to_be_stated_where_the_handout_states_it(
    submit, text, returned, is_stated
):
    name = returned.split(", ")[1]
    wrong = text.replace(returned, returned.replace(name, f"{name}[:, None]"), 1)
    assert wrong != text
    said = " ".join(str(submit(wrong)).split())
    assert f"{name}: expected shape (" in said
    assert ("; its docstring states it" in said) == is_stated


TAU_WRONG = {
    "one-hot": ("    delta[outside_word_idx] -= 1.0\n", ""),
    "repeats": ("np.add.at(grad_outside_vecs, indices, ", "grad_outside_vecs[indices] += ("),
    "one word": (
        "        grad_outside_vectors += grad_outside",
        "        grad_outside_vectors = grad_outside",
    ),
    "sign": ("+= grad_center", "-= grad_center"),
    "mean": (
        "return loss, grad_center_vecs,",
        "return loss / len(outside_words), grad_center_vecs,",
    ),
}


@pytest.mark.parametrize("name", TAU_WRONG)
def test_a_wrong_file_of_tel_aviv_fails_under_its_own_title(submit, name):
    old, new = TAU_WRONG[name]
    assert old in TAU, old
    report = submit(TAU.replace(old, new), "q3c_word2vec.py")
    assert (report.course, report.passed) == ("tau-nlp", False)


def test_the_name_of_a_file_decides_between_courses_that_share_all_others(submit):
    assert (
        submit(XCS224N_WITHOUT_WINDOW_SIZE, "q2c_word2vec.py", only="skipgram").course == "tau-nlp"
    )
    # CS224n numbered its questions, too, and has names of its own.
    assert submit(YEAR_2017, "q3_word2vec.py", only="skipgram").course == "cs224n-2017"
