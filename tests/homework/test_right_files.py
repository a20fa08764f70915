"""Right but unusual files pass everything."""

from __future__ import annotations

import json

import pytest

from tests.homework.submissions import A2, YEAR_2017, changed

_OUTER = "gradOutsideVecs = np.outer(delta, centerWordVec)\n"
_ADD_AT = "    np.add.at(gradOutsideVecs, indices, np.outer(delta, centerWordVec))\n"

LOOPS = changed(
    A2,
    (
        _OUTER,
        (
            "gradOutsideVecs = np.zeros(outsideVectors.shape)\n"
            "    for row in range(outsideVectors.shape[0]):\n"
            "        for column in range(outsideVectors.shape[1]):\n"
            "            gradOutsideVecs[row][column] = delta[row] * centerWordVec[column]\n"
        ),
    ),
    (
        _ADD_AT,
        (
            "    for position, index in enumerate(indices):\n"
            "        gradOutsideVecs[index, :] += delta[position] * centerWordVec\n"
        ),
    ),
    (
        "gradCenterVec = vectors.T @ delta",
        "gradCenterVec = sum(d * vector for d, vector in zip(delta, vectors))",
    ),
)
EINSUM = changed(
    A2,
    ("outsideVectors @ centerWordVec", 'np.einsum("wd,d->w", outsideVectors, centerWordVec)'),
    (_OUTER, 'gradOutsideVecs = np.einsum("w,d->wd", delta, centerWordVec)\n'),
    ("gradCenterVec = vectors.T @ delta", 'gradCenterVec = np.einsum("kd,k", vectors, delta)'),
)
UNIQUE_COUNTS = changed(
    A2,
    (
        _ADD_AT,
        (
            "    rows, first, counts = np.unique(indices, return_index=True, return_counts=True)\n"
            "    terms = np.outer(delta, centerWordVec)\n"
            "    gradOutsideVecs[rows] = terms[first] * counts[:, None]\n"
        ),
    ),
)
PLAIN_FORMULAS = changed(
    A2,
    ("return np.exp(-np.logaddexp(0.0, -x))", "return 1 / (1 + np.exp(-x))"),
    ("loss = -log_sigmoid(scores).sum()", "loss = -np.sum(np.log(1 - sigmoid(-scores)))"),
    ("    scores = scores - scores.max()", "    scores = scores"),
    (
        "loss = log_total - scores[outsideWordIdx]",
        "loss = -np.log(np.exp(scores)[outsideWordIdx] / np.exp(scores).sum())",
    ),
)
ZERO_DIMENSIONAL_LOSS = changed(
    A2,
    (
        "loss = log_total - scores[outsideWordIdx]",
        "loss = np.array(log_total - scores[outsideWordIdx])",
    ),
)
PRINTS = (
    changed(
        A2,
        (
            _OUTER,
            _OUTER + '    print("loss", loss)\n    import sys; print(delta, file=sys.stderr)\n',
        ),
    )
    + '\nprint("loaded" * 10_000)\n'
)
TESTS_AT_THE_BOTTOM = (
    changed(
        A2,
        ("import numpy as np", "import numpy as np\nfrom utils.gradcheck import gradcheck_naive"),
    ).split("if __name__")[0]
    + """
def test_word2vec():
    np.random.seed(9265)
    vectors = np.random.randn(10, 3)
    words = dict(zip("abcde", range(5)))
    print("==== Gradient check for skip-gram ====")
    gradcheck_naive(lambda x: skipgram("c", 3, ["a", "b"], words, x[:5], x[5:], None), vectors)
    print(skipgram("c", 3, ["a", "b", "e", "d", "b", "c"], words, vectors[:5], vectors[5:], None))

test_word2vec()
"""
)
BY_KEYWORD = changed(
    A2,
    (
        "centerWordVectors[center], word2Ind[word], outsideVectors, dataset\n",
        (
            "centerWordVec=centerWordVectors[center], outsideWordIdx=word2Ind[word],"
            " outsideVectors=outsideVectors, dataset=dataset\n"
        ),
    ),
)
OTHER_PARAMETER_NAMES = (
    A2.replace("centerWordVec,", "v,")
    .replace("centerWordVec)", "v)")
    .replace("@ centerWordVec", "@ v")
)
BY_IDENTITY = changed(
    YEAR_2017,
    (
        "        pair = word2vecCostAndGradient(predicted",
        (
            "        if word2vecCostAndGradient is negSamplingCostAndGradient:\n"
            "            function = negSamplingCostAndGradient\n"
            "        else:\n"
            "            function = softmaxCostAndGradient\n"
            "        pair = function(predicted"
        ),
    ),
)
RESEEDS = changed(A2, ("    samples = []\n", "    samples = []\n    np.random.seed(31415)\n"))
REDRAWS_IN_BULK = changed(
    A2,
    (
        "    samples = []\n    while len(samples) < K:\n",
        (
            "    samples = [dataset.sampleTokenIdx() for _ in range(K)]\n"
            "    samples = [index for index in samples if index != outsideWordIdx]\n"
            "    while len(samples) < K:\n"
        ),
    ),
)
ANY_ORDER = changed(
    A2,
    ("for word in outsideWords:", "for word in np.random.permutation(outsideWords):"),
    (
        _ADD_AT,
        "    order = np.random.permutation(len(indices))\n"
        "    loss = -log_sigmoid(scores)[order].sum()\n" + _ADD_AT,
    ),
)
SAMPLES_AS_ARRAY = changed(A2, ("    return samples\n", "    return np.array(samples)\n"))
NO_LONGER_NUMBERED = changed(
    A2, ("    loss = 0.0\n    gradCenterVecs", "    loss = 0\n    gradCenterVecs")
)
IN_PLACE_DESCENT = changed(A2, ("        x = x - step * gradient", "        x -= step * gradient"))

UNUSUAL = {
    name: text
    for name, text in globals().items()
    if name.isupper() and name[0] != "_" and name not in {"A2", "YEAR_2017"}
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_file_passes(submit, name):
    report = submit(UNUSUAL[name])
    wrong = [
        (function.name, check.name, check.message)
        for function in report.functions
        for check in function.checks
        if check.status == "failed" and check.level == "required"
    ]
    assert wrong == []
    assert report.passed


@pytest.mark.parametrize("profile", ["student", "grade"])
def test_the_example_passes_every_check(submit, profile):
    report = submit(A2, profile=profile)
    assert report.passed
    assert report.checks_ran == report.checks_known
    cases = {check.cases for function in report.functions for check in function.checks}
    assert 0 not in cases
    assert profile != "grade" or cases == {20, 100}  # 20 where there is little to vary
    assert f"PASSED: {report.checks_known} of {report.checks_known} checks ran" in str(report)


def test_nothing_of_the_file_is_printed(submit, capfd):
    report = submit(PRINTS)
    assert capfd.readouterr() == ("", "")
    assert report.output.startswith("loadedloaded")
    assert len(report.output) <= 20_000


def test_the_callers_random_state_comes_back(submit):
    import random

    import numpy as np

    random.seed(3)
    np.random.seed(3)  # noqa: NPY002 - this generator's state is what is tested
    before = random.random(), np.random.random()  # noqa: NPY002, S311
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    submit(A2)
    assert (random.random(), np.random.random()) == before  # noqa: NPY002, S311


def test_the_report_is_valid_json(submit):
    document = submit(A2).to_dict()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
