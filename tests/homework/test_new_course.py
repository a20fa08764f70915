"""A new course is one row: an invented one, every name changed, meets every check and snippet."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import replace

import pytest

from gradcheck.homework import courses, verification
from gradcheck.homework.courses import COURSES, HelperModule, Interface
from gradcheck.homework.submission import course_modules
from tests.homework.submissions import YEAR_2017, changed

NAMES = {
    "softmaxCostAndGradient": "full_price",
    "negSamplingCostAndGradient": "sampled_price",
    "getNegativeSamples": "pick_others",
    "word2vecCostAndGradient": "one_price",
    "skipgram": "predict_around",
    "cbow": "predict_middle",
    "sigmoid": "squash",
    "sgd": "descend",
    "predicted": "middle",
    "target": "wanted",
    "outputVectors": "rows_out",
    "inputVectors": "rows_in",
    "dataset": "texts",
    "K": "how_many",
    "currentWord": "word_here",
    "C": "reach",
    "contextWords": "words_around",
    "tokens": "row_of",
    "cost": "price",
    "gradPred": "slope_middle",
    "gradIn": "slope_in",
    "gradOut": "slope_out",
    "grad": "slope_out_rows",
    "indices": "picked",
    "sampleTokenIdx": "draw_row",
    "getRandomContext": "draw_surroundings",
    "q1_softmax": "handout.tools",
    "q2_sigmoid": "handout.tools",
    "q2_gradcheck": "handout.tools",
    "softmax": "shares",
    "sigmoid_grad": "squash_slope",
    "gradcheck_naive": "compare",
    "f": "objective",
    "x0": "start",
    "step": "pace",
    "iterations": "rounds",
    "postprocessing": "afterwards",
    "x": "place",
    "s": "squashed",
    "loss": "height",
}

OWN = """

def sigmoid(x):
    s = np.exp(-np.logaddexp(0.0, -x))
    return s


def sgd(f, x0, step, iterations, postprocessing=None, PRINT_EVERY=10):
    x = x0
    for iteration in range(iterations):
        loss, slope = f(x)
        x = x - step * slope
        if postprocessing:
            x = postprocessing(x)
    return x
"""

# The sampler is given there, and so is its K.
KNOWN = YEAR_2017.replace("from q2_sigmoid import sigmoid, sigmoid_grad\n", "") + OWN


def renamed(text):
    return re.sub(r"\b\w+\b", lambda word: NAMES.get(word[0], word[0]), text).replace("=10", "=7")


def _invented():
    (known,) = (course for course in COURSES if course.identifier == "cs224n-2017")
    functions = {
        role: Interface(
            NAMES[interface.name],
            {quantity: NAMES[name] for quantity, name in interface.parameters.items()},
            tuple(NAMES[name] for name in interface.results),
        )
        for role, interface in known.functions.items()
    }
    helpers = (
        HelperModule(r"handout\.tools", {"shares": "softmax", "compare": "nothing"}),
        HelperModule("handout"),
    )
    return replace(
        known,
        identifier="invented",
        title="An invented course",
        functions=functions,
        samplers=("pick_others",),
        draws=("draw_row",),
        contexts=("draw_surroundings",),
        count="how_many",
        default_count=7,
        dataset="texts",
        helpers=helpers,
    )


@pytest.fixture
def invented(monkeypatch):
    course = _invented()
    for module in (courses, verification, course_modules):
        monkeypatch.setattr(module, "COURSES", (*COURSES, course))
    return course


MISTAKES = {
    "none": [],
    "softmax": [("probabilities[target] -= 1", "probabilities[target] += 1")],
    "its shape": [("return cost, gradPred, grad\n\n\ndef get", "return cost, gradPred, grad.T\n\n\ndef get")],
    "its loss": [("cost = np.logaddexp.reduce(scores) - scores[target]", "cost = -scores[target]")],
    "the sampler": [("        while index == target:\n            index = dataset.sampleTokenIdx()\n", "")],
    "so many samples": [("indices = [None] * K\n    for k in range(K)", "indices = [None] * 2\n    for k in range(2)")],
    "no dataset": [("index = dataset.sampleTokenIdx()\n        while", "index = random.randrange(5)\n        while")],
    "repeats": [("        grad[index] +=", "        grad[index] =")],
    "a fixed K": [("extend(getNegativeSamples(target, dataset, K))", "extend(getNegativeSamples(target, dataset, 3))")],
    "negative sampling": [("        cost += np.logaddexp(0, -score)", "        cost = np.logaddexp(0, -score)")],
    "skip-gram": [("        gradIn[current] += pair[1]", "        gradIn[current] = pair[1]")],
    "the loss that is passed": [("pair = word2vecCostAndGradient(", "pair = softmaxCostAndGradient(")],
    "cbow": [("inputVectors[words].sum(axis=0)", "inputVectors[words].mean(axis=0)")],
    "the sigmoid": [("s = np.exp(-np.logaddexp(0.0, -x))", "s = 1 - np.exp(-np.logaddexp(0.0, -x))")],
    "the descent": [("x = x - step * slope", "x = x + step * slope")],
    "no postprocessing": [("            x = postprocessing(x)\n", "            pass\n")],
    "unfinished": [("    gradPred = probabilities.dot(outputVectors)\n    grad = ", "    gradPred = probabilities.dot(outputVectors)\n    grads = ")],
}  # fmt: skip


def statuses(report, course):
    roles = {interface.name: role for role, interface in course.functions.items()}
    return {
        (roles[function.name], check.name): check.status
        for function in report.functions
        for check in function.checks
    }


@pytest.mark.parametrize("mistake", MISTAKES)
def test_it_is_judged_as_the_course_whose_names_it_changes(submit, invented, mistake):
    text = changed(KNOWN, *MISTAKES[mistake])
    (known,) = (course for course in COURSES if course.identifier == "cs224n-2017")
    expected = statuses(submit(text), known)
    report = submit(renamed(text))
    assert report.course == "invented"
    assert statuses(report, invented) == expected
    assert ("failed" in expected.values()) == (mistake != "none")


@pytest.mark.parametrize("mistake", [name for name in MISTAKES if name != "none"])
def test_it_is_spoken_of_in_its_own_names(submit, invented, mistake):
    old = {interface.name for course in COURSES for interface in course.functions.values()}
    old |= {name for course in COURSES for name in (*course.samplers, *course.draws)}
    said = str(submit(renamed(changed(KNOWN, *MISTAKES[mistake]))))
    assert invented.title in said
    assert not old & set(re.findall(r"\w+", said)), said


@pytest.mark.parametrize("mistake", [name for name in MISTAKES if name != "none"])
def test_its_snippets_run(submit, invented, mistake, tmp_path, monkeypatch):
    report = submit(renamed(changed(KNOWN, *MISTAKES[mistake])))
    monkeypatch.chdir(tmp_path)
    snippets = [
        check.snippet
        for function in report.functions
        for check in function.checks
        if check.snippet and function.status != "unfinished"
    ]
    assert snippets or mistake == "unfinished"
    for snippet in snippets:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(snippet, "snippet", "exec"), {})  # noqa: S102 - our own source
        assert printed.getvalue().strip()
