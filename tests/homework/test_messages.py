"""What the report says in words, for mistakes that people make."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck.document.text import to_text
from gradcheck.homework.checks.comparison import agrees, conform, describe_difference
from tests.homework.submissions import A2, YEAR_2017, changed

_SKIPGRAM_RETURN = "    return loss, gradCenterVecs, gradOutsideVectors"
_CENTER = "= outsideVectors.T @ delta"
# Of each, some cases look like a mistake that it is not.
NOT_SAID = {
    "right for the first word alone": (
        changed(A2, (_CENTER, f"{_CENTER} * (-1.0 if outsideWordIdx == 0 else 1.0)")),
        "sign",
    ),
    "a little more in the denominator": (
        changed(A2, ("np.log(np.exp(scores).sum())", "np.log(np.exp(scores).sum() + 1e-9)")),
        "times what it should be",
    ),
    "weight decay": (changed(A2, (_CENTER, f"{_CENTER} + 0.1 * centerWordVec")), "it is zero"),
}
SAID = {
    "one-hot missing, center": (
        changed(
            A2, ("= outsideVectors.T @ delta", "= np.exp(scores - log_total) @ outsideVectors")
        ),
        "the one-hot vector is not subtracted (ŷ in place of ŷ - y)",
    ),
    "expectation left out": (
        changed(A2, ("= outsideVectors.T @ delta", "= -outsideVectors[outsideWordIdx]")),
        "the expectation is left out: -y in place of ŷ - y",
    ),
    "one-hot added": (
        changed(A2, ("delta[outsideWordIdx] -= 1.0", "delta[outsideWordIdx] += 1.0")),
        "the one-hot vector is added, not subtracted",
    ),
    "target's term": (
        changed(
            A2, ("gradCenterVec = vectors.T @ delta", "gradCenterVec = vectors[1:].T @ delta[1:]")
        ),
        "the target's term is left out",
    ),
    "twice": (
        changed(A2, ("gradCenterVec = vectors.T @ delta", "gradCenterVec = 2 * vectors.T @ delta")),
        "gradCenterVec: it is 2 times what it should be",
    ),
    "mean over the window": (
        changed(A2, (_SKIPGRAM_RETURN, f"    loss /= len(outsideWords)\n{_SKIPGRAM_RETURN}")),
        "loss: it is divided by the number of context words; the course defines the sum",
    ),
    "each word of the window once": (
        changed(A2, ("for word in outsideWords:", "for word in set(outsideWords):")),
        "loss: a word that is several times in the window counts once",
    ),
    "each row of the window once": (
        changed(YEAR_2017, ("        gradIn[word] += gradPred", "        gradIn[word] = gradPred")),
        "gradIn: a word that is several times in the window gets its gradient once",
    ),
    "flipped": (
        changed(A2, ("= outsideVectors.T @ delta", "= -outsideVectors.T @ delta")),
        "sign is flipped",
    ),
    "half of the step": (
        changed(A2, ("x = x - step * gradient", "x = x - step * gradient / 2")),
        "after one iteration, x: each step is 1/2 times what it should be",
    ),
    "only the first": (
        changed(
            A2,
            (
                "        gradOutsideVectors += grad_outside\n",
                (
                    "        if word == outsideWords[0]:\n"
                    "            gradOutsideVectors += grad_outside\n"
                ),
            ),
        ),
        "only the first",
    ),
    "climbs": (
        changed(A2, ("x = x - step * gradient", "x = x + step * gradient")),
        "it adds step * gradient: it climbs, where descent subtracts",
    ),
    "not a number": (
        changed(YEAR_2017, ("predicted[None, :]\n", "predicted[None, :]\n    grad[0] = np.nan\n")),
        "grad: it holds NaN",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_the_report_says_it(submit, name):
    text, message = SAID[name]
    assert message in " ".join(str(submit(text)).split())


@pytest.mark.parametrize("name", NOT_SAID)
def test_what_some_cases_look_like_is_not_named(submit, name):
    text, message = NOT_SAID[name]
    shown = [
        check.message
        for function in submit(text, only=["naiveSoftmaxLossAndGradient"]).functions
        for check in function.checks
        if check.status == "failed"
    ]
    assert shown
    assert not any(message in said for said in shown)


def test_the_smallest_error_is_marked(submit):
    text, _ = NOT_SAID["a little more in the denominator"]
    report = submit(text, only=["naiveSoftmaxLossAndGradient"])
    # It is a matter of digits, and so advice, whose cases are details.
    assert report.passed
    assert "digits are lost" in " ".join(str(report).split())
    assert "<- wrong" in to_text(report.contents(verbose=True))


@pytest.mark.parametrize(
    ("claimed", "expected", "said"),
    [
        (np.array([1.0, 2.5]), np.array([1.0, 2.0]), "it is off by up to 0.5, at [1]"),
        (np.array(2.0), np.array(3.0), "it is off by 1"),
        (np.array(np.inf), np.array(3.0), "it is inf"),
        (
            np.array([[1.0, 1.0], [4.0, 4.0], [1.0, 2.0]]),
            np.array([[1.0, 1.0], [2.0, 2.0], [1.0, 2.0]]),
            "row 1 is wrong; every other row is right",
        ),
        (
            np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 2.0]]),
            np.array([[1.0, 1.0], [2.0, 2.0], [1.0, 2.0]]),
            "rows 0, 1 are wrong; every other row is right",
        ),
    ],
)
def test_describe_difference(claimed, expected, said):
    close = agrees(claimed, expected, np.ones_like(expected))
    assert describe_difference(claimed, expected, close) == said


def test_agrees_is_never_true_of_nan_and_grants_float32_its_own_precision():
    one = np.ones(2)
    assert not agrees(np.array([np.nan, np.inf]), one, one).any()
    assert not agrees(one + 1e-9, one, one).any()
    assert agrees(one + 1e-14, one, one).all()
    assert agrees((one + 1e-6).astype(np.float32), one, one).all()
    assert not agrees((one + 1e-3).astype(np.float32), one, one).any()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_a_value_agrees_64_units_of_rounding_off_and_not_512(dtype, scale):
    # Right implementations stay below 10 units; a formula that is off by 1e-12 does not.
    one, unit = np.ones(2, dtype), np.finfo(dtype).eps * scale
    for sign in (1, -1):
        near, far = ((one + sign * units * unit).astype(dtype) for units in (64, 512))
        assert agrees(near, one, np.full(2, scale)).all()
        assert not agrees(far, one, np.full(2, scale)).any()


@pytest.mark.parametrize(
    ("given", "wanted"),
    [((1, 3), (3,)), ((3, 1), (3,)), ((1, 1), ()), ((3,), (3, 1)), ((2, 3), (3, 2)), ((3,), (3,))],
)
def test_conform(given, wanted):
    values = np.arange(float(np.prod(given))).reshape(given)
    conformed = conform(values, wanted)
    assert conformed is not None
    assert conformed.shape == wanted
    assert set(conformed.ravel()) == set(values.ravel())


@pytest.mark.parametrize(("given", "wanted"), [((4,), (2, 2)), ((2,), (3,)), ((6,), (2, 3))])
def test_conform_guesses_nothing(given, wanted):
    assert conform(np.zeros(given), wanted) is None


NAMED = {
    "one-hot missing, center": "one-hot-missing",
    "expectation left out": "expectation-missing",
    "one-hot added": "one-hot-added",
    "target's term": "target-missing",
    "twice": "constant-factor",
    "mean over the window": "divided-by-context",
    "each word of the window once": "repeated-words-once",
    "each row of the window once": "repeated-rows-once",
    "flipped": "sign",
    "half of the step": "step-scaled",
    "only the first": "first-word-only",
    "climbs": "climbs",
    "not a number": None,
}


def test_what_is_said_has_an_identifier_or_none():
    assert NAMED.keys() == SAID.keys()


@pytest.mark.parametrize("name", NAMED)
def test_a_mistake_has_its_identifier_in_the_result_and_in_json(submit, name):
    text, message = SAID[name]
    report = submit(text)
    named = {
        check.mistake
        for function in report.functions
        for check in function.checks
        if check.status == "failed" and message in check.message
    }
    assert named == {NAMED[name]}
    in_json = [
        check["mistake"]
        for function in report.to_dict()["functions"]
        for check in function["checks"]
        if message in check["message"]
    ]
    assert set(in_json) == named
