"""A new course is one row: an invented one, every name changed, meets every check and snippet."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from gradcheck.homework import courses, verification
from gradcheck.homework.calling.doubles import ScriptedSampler
from gradcheck.homework.checks.trials import PairTrial
from gradcheck.homework.courses import COURSES, HelperModule, Interface
from gradcheck.homework.submission import course_modules
from gradcheck.word2vec.cases import Case
from tests.homework.submissions import YEAR_2017, changed
from tests.homework.test_own_gradient_check import RIGHT as GRADIENT_CHECK

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
    "numgrad": "slope_seen",
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
KNOWN += GRADIENT_CHECK[GRADIENT_CHECK.index("def gradcheck_naive") :]


def renamed(text):
    return re.sub(r"\b\w+\b", lambda word: NAMES.get(word[0], word[0]), text).replace("=10", "=7")


def known_course():
    (known,) = (course for course in COURSES if course.identifier == "cs224n-2017")
    return known


def _invented():
    known = known_course()
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


DRAWN = "index = dataset.sampleTokenIdx()"
AGAIN = f"        while index == target:\n            {DRAWN}\n"
MISTAKES = [
    ("naive-softmax", "probabilities[target] -= 1", "probabilities[target] += 1"),
    ("naive-softmax", "grad\n\n\ndef get", "grad.T\n\n\ndef get"),
    ("naive-softmax", "np.logaddexp.reduce(scores) - scores", "-scores"),
    ("naive-softmax", "    grad = probabilities", "    grads = probabilities"),
    ("sampler", AGAIN, ""),
    ("sampler", "[None] * K\n    for k in range(K)", "[None] * 2\n    for k in range(2)"),
    ("sampler", f"{DRAWN}\n        while", "index = random.randrange(5)\n        while"),
    ("negative-sampling", "        grad[index] +=", "        grad[index] ="),
    ("negative-sampling", "extend(getNegativeSamples(target, dataset, K))", "extend([0, 1])"),
    ("negative-sampling", "cost += np.logaddexp(0, -score)", "cost = np.logaddexp(0, -score)"),
    ("skip-gram", "        gradIn[current] += pair[1]", "        gradIn[current] = pair[1]"),
    ("skip-gram", "pair = word2vecCostAndGradient(", "pair = softmaxCostAndGradient("),
    ("cbow", "inputVectors[words].sum(axis=0)", "inputVectors[words].mean(axis=0)"),
    ("sigmoid", "s = np.exp", "s = 1 - np.exp"),
    ("sgd", "x = x - step * slope", "x = x + step * slope"),
    ("sgd", "            x = postprocessing(x)\n", "            pass\n"),
    ("gradient-check", "/ (2 * h)", "/ h"),
    ("gradient-check", "        it.iternext()\n", "        break\n"),
]


def failed(report):
    (function,) = report.functions
    return {check.name: check.status for check in function.checks}


def test_a_right_file_passes_every_check(submit, invented):
    report = submit(renamed(KNOWN))
    assert report.course == invented.identifier
    assert report.passed
    assert report.checks_ran == report.checks_known == submit(KNOWN).checks_ran


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: f"{mistake[0]}: {mistake[2]}")
def test_a_wrong_one_is_judged_as_under_the_old_names_and_spoken_of_in_the_new(
    submit, invented, monkeypatch, tmp_path, mistake
):
    role, right, wrong = mistake
    text = changed(KNOWN, (right, wrong))
    expected = submit(text, only=[known_course().functions[role].name])
    report = submit(renamed(text), only=[invented.functions[role].name])
    assert failed(report) == failed(expected)
    assert not report.passed

    old = {interface.name for course in COURSES for interface in course.functions.values()}
    old |= {name for course in COURSES for name in (*course.samplers, *course.draws)}
    assert invented.title in " ".join(str(report).split())
    # The names of mistakes are the same in every course.
    said = re.sub(r"(explain|mistakes\.html#)\s*[\w-]+", "", str(report))
    assert not old & set(re.findall(r"\w+", said))

    monkeypatch.chdir(tmp_path)
    (function,) = report.functions
    for check in function.checks:
        if check.snippet and function.status == "failed":
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(check.snippet, "snippet", "exec"), {})  # noqa: S102 - our own source
            assert printed.getvalue().strip()


def test_what_stays_a_name_of_another_course_is_seen(submit, invented, monkeypatch):
    monkeypatch.setattr(
        courses, "COURSES", (*COURSES, replace(invented, draws=("sampleTokenIdx",)))
    )
    for module in (verification, course_modules):
        monkeypatch.setattr(module, "COURSES", courses.COURSES)
    assert not submit(renamed(KNOWN), only=["pick_others"]).passed


def test_how_many_negatives_there_are_is_the_courses_to_say(invented):
    sampler = ScriptedSampler(invented, (1, 2))
    assert len(sampler("wanted", "texts")) == 7
    assert len(sampler("wanted", "texts", how_many=3)) == 3
    target = SimpleNamespace(course=invented)
    for count in (3, 7, 10):
        case = Case(np.ones(2), np.ones((4, 2)), 0, (1,) * count)
        call = PairTrial(target, "negative-sampling", case).first_call()
        assert ("K" in call.inputs) == (count != 7)
