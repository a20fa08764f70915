"""For each named check, a file that fails it and only it."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck.homework.checks.comparison import agrees, is_near
from gradcheck.homework.checks.registry import CHECKS
from gradcheck.homework.courses import COURSES
from tests.homework.submissions import A2, YEAR_2016, YEAR_2017, changed
from tests.homework.test_coursera import MISTAKES as MISTAKES_OF_A_NETWORK
from tests.homework.test_layers import MISTAKES as MISTAKES_OF_LAYERS
from tests.homework.test_own_gradient_check import MISTAKES as MISTAKES_OF_A_GRADIENT_CHECK

_SIGMOID = "    return np.exp(-np.logaddexp(0.0, -x))\n"
# The losses must not be wrong with the sigmoid.
_APART = ("delta = -signs * sigmoid(-scores)", "delta = -signs * np.exp(log_sigmoid(-scores))")
_PAIR_RETURN = "    return loss, gradCenterVec, gradOutsideVecs"
_NAIVE_RETURN = f"np.outer(delta, centerWordVec)\n{_PAIR_RETURN}"
_NEGATIVE_RETURN = f"np.outer(delta, centerWordVec))\n{_PAIR_RETURN}"
_SKIPGRAM_RETURN = "    return loss, gradCenterVecs, gradOutsideVectors"
_CBOW_RETURN = "        gradIn[word] += gradPred\n    return cost, gradIn, gradOut"


def _sigmoid(*lines: str) -> str:
    return changed(A2, _APART, (_SIGMOID, "".join(f"    {line}\n" for line in lines)))


def _at_return(text: str, ending: str, *lines: str, result: str | None = None) -> str:
    """Put lines before a function's last, and change what it returns."""
    head, _, names = ending.rpartition("return ")
    body = "".join(f"{line}\n    " for line in lines)
    return changed(text, (ending, f"{head}{body}return {result or names}"))


def _with_state(text: str, ending: str, gradient: str) -> str:
    """Let a gradient add up over the calls with the same inputs' shape."""
    return "seen = {}\n" + _at_return(
        text,
        ending,
        f"seen[{gradient}.shape] = seen.get({gradient}.shape, 0.0) + {gradient}",
        f"{gradient} = seen[{gradient}.shape].copy()",
    )


def _gradient_mistakes(role: str, text: str, ending: str, names: tuple[str, str, str]):
    """Mistakes that any function returning a loss and two gradients can have."""
    loss, center, outside = names
    argument = {
        "naive-softmax": "outsideVectors",
        "negative-sampling": "centerWordVec",
        "skip-gram": "outsideVectors",
        "cbow": "inputVectors",
    }[role]
    return {
        (role, "shapes"): _at_return(text, ending, result=f"{loss}, {center}, {outside}.T"),
        (role, "scalar-loss"): _at_return(
            text, ending, result=f"np.reshape({loss}, (1, 1)), {center}, {outside}"
        ),
        (role, "rounding"): _at_return(
            text, ending, result=f"{loss}, {center}, {outside} * (1 + 1e-10)"
        ),
        (role, "dtypes"): _at_return(
            text, ending, result=f"{loss}, {center}, {outside}.astype(np.float32)"
        ),
        (role, "smallest-sizes"): _at_return(
            text, ending, result=f"{loss}, np.squeeze({center}), {outside}"
        ),
        (role, "inputs-unchanged"): _at_return(text, ending, f"{argument} -= 0.1"),
        (role, "same-answer-twice"): _with_state(text, ending, outside),
    }


# With a list of one index, a row of shape (1, d) can be added.
_ABSORBS = changed(YEAR_2017, ("gradIn[current] += pair[1]", "gradIn[[current]] += pair[1]"))
_COST_RETURN, _COST_ROW_RETURN = (
    f"    return cost, gradPred{index}, grad" for index in ("", "[np.newaxis]")
)
_A2_PAIR = ("loss", "gradCenterVec", "gradOutsideVecs")
_A2_WINDOW = ("loss", "gradCenterVecs", "gradOutsideVectors")
_WINDOW_2017 = ("cost", "gradIn", "gradOut")

MISTAKES = {
    **MISTAKES_OF_A_NETWORK,
    **MISTAKES_OF_LAYERS,
    **MISTAKES_OF_A_GRADIENT_CHECK,
    ("sigmoid", "value"): _sigmoid("return 1 / (1 + np.exp(x))"),
    ("sigmoid", "shape"): _sigmoid("return np.atleast_2d(1 / (1 + np.exp(-x)))"),
    ("sigmoid", "dtypes"): _sigmoid("return np.float32(1 / (1 + np.exp(-x)))"),
    ("sigmoid", "rounding"): _sigmoid("return (1 + 1e-10) * np.exp(-np.logaddexp(0.0, -x))"),
    ("sigmoid", "inputs-unchanged"): _sigmoid(
        "x *= -1  # of an array, in place", "return 1 / (1 + np.exp(x))"
    ),
    ("sigmoid", "same-answer-twice"): "calls = {}\n"
    + _sigmoid(
        "key = np.asarray(x).tobytes()",
        "calls[key] = calls.get(key, 0) + 1",
        "return calls[key] / (1 + np.exp(-x))",
    ),
    ("sigmoid", "large-inputs"): _sigmoid("return np.exp(x) / (1 + np.exp(x))"),
    **_gradient_mistakes("naive-softmax", A2, _NAIVE_RETURN, _A2_PAIR),
    ("naive-softmax", "exact-shapes"): changed(
        _ABSORBS, (f"{_COST_RETURN}\n\n\ndef get", f"{_COST_ROW_RETURN}\n\n\ndef get")
    ),
    ("negative-sampling", "exact-shapes"): changed(
        _ABSORBS, (f"{_COST_RETURN}\n\n\ndef skip", f"{_COST_ROW_RETURN}\n\n\ndef skip")
    ),
    ("naive-softmax", "loss"): changed(
        A2,
        (
            "loss = log_total - scores[outsideWordIdx]",
            "loss = (log_total - scores[outsideWordIdx]) / np.log(2)  # in bits",
        ),
    ),
    ("naive-softmax", "center-gradient"): changed(
        A2,
        ("= outsideVectors.T @ delta", "= -outsideVectors.T @ delta"),
    ),
    ("naive-softmax", "outside-gradient"): changed(
        A2,
        (
            _NAIVE_RETURN,
            _NAIVE_RETURN.replace("(delta,", "(np.exp(scores - log_total),"),
        ),
    ),
    ("naive-softmax", "large-scores"): changed(
        A2, ("    scores = scores - scores.max()", "    scores = scores")
    ),
    ("sampler", "number-of-samples"): changed(
        A2, ("while len(samples) < K:", "while len(samples) <= K:")
    ).replace("[-1.0] * K", "[-1.0] * (len(indices) - 1)"),
    ("sampler", "target-excluded"): changed(
        A2, ("        if index != outsideWordIdx:\n            samples", "        samples")
    ),
    ("sampler", "from-dataset"): changed(
        A2, ("index = dataset.sampleTokenIdx()", "index = np.random.randint(0, 5)")
    ),
    ("sampler", "repeats-kept"): changed(
        A2,
        ("if index != outsideWordIdx:", "if index != outsideWordIdx and index not in samples:"),
    ),
    **_gradient_mistakes("negative-sampling", A2, _NEGATIVE_RETURN, _A2_PAIR),
    ("negative-sampling", "loss"): changed(
        A2, ("loss = -log_sigmoid(scores).sum()", "loss = -log_sigmoid(scores).mean()")
    ),
    ("negative-sampling", "center-gradient"): changed(
        A2, ("gradCenterVec = vectors.T @ delta", "gradCenterVec = delta[0] * vectors[0]")
    ),
    ("negative-sampling", "outside-gradient"): changed(
        A2,
        ("np.add.at(gradOutsideVecs", "np.subtract.at(gradOutsideVecs"),
    ),
    ("negative-sampling", "repeated-negatives"): changed(
        A2,
        (
            "np.add.at(gradOutsideVecs, indices, np.outer(delta, centerWordVec))",
            "gradOutsideVecs[indices] += np.outer(delta, centerWordVec)",
        ),
    ),
    ("negative-sampling", "number-of-samples"): changed(
        A2, ("dataset, K)]", "dataset, 10)]"), ("[-1.0] * K", "[-1.0] * 10")
    ),
    ("negative-sampling", "target-excluded"): changed(
        A2,
        ("*getNegativeSamples(outsideWordIdx, dataset, K)]", "*_draw(dataset, K)]"),
        ("def getNegativeSamples(outsideWordIdx, dataset, K):", "def _draw(dataset, K):"),
        ("        if index != outsideWordIdx:\n            samples", "        samples"),
    ),
    ("negative-sampling", "large-scores"): changed(
        A2, ("return -np.logaddexp(0.0, -x)\n", "return np.log(1 / (1 + np.exp(-x)))\n")
    ),
    **_gradient_mistakes("skip-gram", A2, _SKIPGRAM_RETURN, _A2_WINDOW),
    ("skip-gram", "loss"): changed(A2, ("loss += pair_loss", "loss = pair_loss")),
    ("skip-gram", "center-gradient"): changed(
        A2, ("gradCenterVecs[center] += grad_center", "gradCenterVecs[center] = grad_center")
    ),
    ("skip-gram", "outside-gradient"): changed(
        A2, ("gradOutsideVectors += grad_outside", "gradOutsideVectors = grad_outside")
    ),
    ("skip-gram", "center-rows"): changed(
        A2, ("gradCenterVecs[center] += grad_center", "gradCenterVecs += grad_center")
    ),
    ("skip-gram", "passed-loss-called"): changed(
        A2,
        ("grad_outside = word2vecLossAndGradient(", "grad_outside = naiveSoftmaxLossAndGradient("),
    ),
    ("skip-gram", "repeated-words"): changed(
        A2, ("for word in outsideWords:", "for word in set(outsideWords):")
    ),
    **_gradient_mistakes("cbow", YEAR_2017, _CBOW_RETURN, _WINDOW_2017),
    ("cbow", "loss"): _at_return(
        YEAR_2017, _CBOW_RETURN, result="len(words) * cost + 1, gradIn, gradOut"
    ),
    ("cbow", "center-gradient"): changed(
        YEAR_2017, ("gradIn[word] += gradPred", "gradIn[word] += gradPred / 2")
    ),
    ("cbow", "outside-gradient"): _at_return(
        YEAR_2017, _CBOW_RETURN, result="cost, gradIn, -gradOut"
    ),
    ("cbow", "center-rows"): _at_return(
        YEAR_2017,
        _CBOW_RETURN,
        "others = [row for row in range(len(gradIn)) if row not in words]",
        "gradIn[others] = gradPred + 1",
    ),
    ("cbow", "passed-loss-called"): changed(
        YEAR_2017,
        (
            "gradOut = word2vecCostAndGradient(\n",
            "gradOut = softmaxCostAndGradient(\n",
        ),
    ),
    ("cbow", "repeated-words"): changed(
        YEAR_2017, ("        gradIn[word] += gradPred", "        gradIn[word] = gradPred")
    ),
    ("sgd", "step"): changed(A2, ("x = x - step * gradient", "x = x + step * gradient")),
    ("sgd", "iterations"): changed(
        A2, ("range(1, iterations + 1)", "range(1, min(iterations, 10) + 1)")
    ),
    ("sgd", "current-point"): changed(A2, ("gradient = f(x)", "gradient = f(x0)")),
    ("sgd", "postprocessing"): changed(A2, ("x = postprocessing(x)", "postprocessing(x)")),
    ("sgd", "inputs-unchanged"): changed(
        A2,
        ("x = x - step * gradient", "x -= step * gradient"),
        ("x = x0\n", "x = np.asarray(x0)\n"),
    ),
}
_SAMPLING = "getNegativeSamples(outsideWordIdx, dataset, K)]"
_WHILE = "        while index == target:\n"
_CHANGE_LISTS = "    center = word2Ind[currentCenterWord]\n"
# Further ways to fail a check, each of which has been overlooked.
SUBTLE = {
    "the sigmoid is right to within rounding, and another each time": (
        ("sigmoid", "same-answer-twice"),
        _sigmoid(
            "noise = 1e-14 * np.random.standard_normal()",
            "return np.exp(-np.logaddexp(0.0, -x)) * (1.0 + noise)",
        ),
    ),
    "the sampler draws once again": (
        ("sampler", "target-excluded"),
        changed(YEAR_2017, (_WHILE, "        if index == target:\n")),
    ),
    "the sampler takes the next word": (
        ("sampler", "target-excluded"),
        changed(
            YEAR_2017,
            (
                f"{_WHILE}            index = dataset.sampleTokenIdx()\n",
                "        if index == target:\n            index = index + 1\n",
            ),
        ),
    ),
    "the sampler compares by identity": (
        ("sampler", "target-excluded"),
        changed(YEAR_2017, (_WHILE, "        while index is target:\n")),
    ),
    "the samples repeat at the start only": (
        ("sampler", "repeats-kept"),
        changed(YEAR_2017, (_WHILE, "        while index == target or index in indices[2:]:\n")),
    ),
    "the samples never repeat at a distance of two": (
        ("sampler", "repeats-kept"),
        changed(
            YEAR_2017,
            (_WHILE, "        while index == target or (k > 1 and index == indices[k - 2]):\n"),
        ),
    ),
    "the last sample never repeats": (
        ("sampler", "repeats-kept"),
        changed(
            YEAR_2017,
            (_WHILE, "        while index == target or (k == K - 1 and index in indices):\n"),
        ),
    ),
    "the samples start again where they are too few": (
        ("sampler", "repeats-kept"),
        changed(
            A2, ("    return samples\n", "    return (list(dict.fromkeys(samples)) * K)[:K]\n")
        ),
    ),
    "the loss does without its sampler": (
        ("negative-sampling", "target-excluded"),
        changed(A2, (f"*{_SAMPLING}", "*[dataset.sampleTokenIdx() for _ in range(K)]]")),
    ),
    "the loss names another target": (
        ("negative-sampling", "target-excluded"),
        changed(A2, (_SAMPLING, "getNegativeSamples(0, dataset, K)]")),
    ),
    "postprocessing before the step": (
        ("sgd", "postprocessing"),
        changed(
            A2,
            (
                "        x = x - step * gradient\n",
                (
                    "        if postprocessing:\n            x = postprocessing(x)\n"
                    "        x = x - step * gradient\n        continue\n"
                ),
            ),
        ),
    ),
    "every second gradient is the last one's": (
        ("sgd", "current-point"),
        changed(
            A2,
            (
                "        loss, gradient = f(x)",
                "        if iteration % 2:\n            loss, gradient = f(x)",
            ),
        ),
    ),
    "the loss function gets no dataset": (
        ("skip-gram", "passed-loss-called"),
        changed(
            A2,
            ("word2Ind[word], outsideVectors, dataset\n", "word2Ind[word], outsideVectors, None\n"),
        ),
    ),
    "the loss function is called for each of its results": (
        ("skip-gram", "passed-loss-called"),
        changed(
            A2,
            (
                "        loss += pair_loss\n",
                (
                    "        grad_center = word2vecLossAndGradient(\n"
                    "            centerWordVectors[center], word2Ind[word],"
                    " outsideVectors, dataset)[1]\n"
                    "        loss += pair_loss\n"
                ),
            ),
        ),
    ),
    "cbow hands on no dataset": (
        ("cbow", "passed-loss-called"),
        changed(
            YEAR_2017,
            (
                "tokens[currentWord], outputVectors, dataset)",
                "tokens[currentWord], outputVectors, None)",
            ),
        ),
    ),
    "the loss function is called, and another one counts": (
        ("skip-gram", "passed-loss-called"),
        changed(
            A2,
            (
                "        loss += pair_loss\n",
                (
                    "        scores = outsideVectors @ centerWordVectors[center]\n"
                    "        loss += np.log(np.exp(scores).sum()) - scores[word2Ind[word]]\n"
                ),
            ),
        ),
    ),
    "at most six words count": (
        ("skip-gram", None),
        changed(A2, ("for word in outsideWords:", "for word in outsideWords[:6]:")),
    ),
    "a word counts at most twice": (
        ("skip-gram", "repeated-words"),
        changed(
            A2,
            (
                "for word in outsideWords:",
                (
                    "for word in [word for position, word in enumerate(outsideWords)"
                    " if outsideWords[:position].count(word) < 2]:"
                ),
            ),
        ),
    ),
    "transposed where there are as many words as dimensions": (
        ("naive-softmax", "outside-gradient"),
        changed(
            A2,
            (
                _NAIVE_RETURN,
                (
                    "np.outer(centerWordVec, delta)\n"
                    "    if gradOutsideVecs.shape != outsideVectors.shape:\n"
                    "        gradOutsideVecs = gradOutsideVecs.T\n"
                    f"{_PAIR_RETURN}"
                ),
            ),
        ),
    ),
    "the window is emptied": (
        ("skip-gram", "inputs-unchanged"),
        changed(A2, (_CHANGE_LISTS, f"{_CHANGE_LISTS}    outsideWords.reverse()\n")),
    ),
    "the vocabulary grows": (
        ("skip-gram", "inputs-unchanged"),
        changed(A2, (_CHANGE_LISTS, f'{_CHANGE_LISTS}    word2Ind["UNK"] = 0\n')),
    ),
}


def _failed(report) -> set[tuple[str, str]]:
    return {
        (function.name, check.name)
        for function in report.functions
        for check in function.checks
        if check.status == "failed"
    }


def test_every_check_has_its_mistake():
    assert {(check.role, check.name) for check in CHECKS} == set(MISTAKES)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.role}-{check.name}")
def test_a_mistake_fails_its_check_and_no_other(submit, check):
    report = submit(MISTAKES[check.role, check.name])
    names = {
        course.identifier: course.functions[check.role].name
        for course in COURSES
        if check.role in course.functions
    }
    assert _failed(report) == {(names[report.course], check.name)}
    assert report.passed == (check.level == "advice")


@pytest.mark.parametrize("name", SUBTLE)
def test_a_subtle_mistake_fails_its_check_and_no_other(submit, name):
    (role, check), text = SUBTLE[name]
    report = submit(text)
    (course,) = (course for course in COURSES if course.identifier == report.course)
    name = course.functions[role].name
    assert check is None or _failed(report) == {(name, check)}
    assert {function for function, _ in _failed(report)} == {name}
    assert not report.passed


def test_an_axis_lost_in_a_vocabulary_of_one_word_is_worth_advice(submit):
    text = changed(
        A2,
        ("    scores = outsideVectors @ center", "    scores = np.squeeze(outsideVectors @ center"),
        (
            "WordVec\n    scores = scores - scores.max()",
            "WordVec[:, None])\n    scores = scores - scores.max()",
        ),
    )
    report = submit(text, only=["naiveSoftmaxLossAndGradient"])
    assert report.passed
    assert _failed(report) == {("naiveSoftmaxLossAndGradient", "smallest-sizes")}
    assert "smallest-sizes: in the smallest sizes, crashed: " in " ".join(str(report).split())


@pytest.mark.parametrize(
    "squeezed",
    ["np.squeeze(gradCenterVec), gradOutsideVecs", "gradCenterVec, gradOutsideVecs.squeeze()"],
)
def test_no_required_check_sees_vectors_of_one_entry(submit, squeezed):
    report = submit(
        changed(
            A2, (_NAIVE_RETURN, _NAIVE_RETURN.replace("gradCenterVec, gradOutsideVecs", squeezed))
        )
    )
    assert report.passed
    assert _failed(report) == {("naiveSoftmaxLossAndGradient", "smallest-sizes")}


@pytest.mark.parametrize("stated", [False, True])
@pytest.mark.parametrize("index", ["[np.newaxis]", "[:, np.newaxis]"])
def test_a_further_axis_is_required_not_to_be_there_where_it_is_stated_or_in_the_way(
    submit, stated, index
):
    head = "def softmaxCostAndGradient(predicted, target, outputVectors, dataset):\n"
    docstring = '    """gradPred -- in shape (d,)"""\n' if stated else ""
    returned = _COST_RETURN.replace("gradPred", f"gradPred{index}")
    text = changed(
        _ABSORBS,
        (head, head + docstring),
        (f"{_COST_RETURN}\n\n\ndef get", f"{returned}\n\n\ndef get"),
    )
    report = submit(text)
    is_absorbed = index == "[np.newaxis]" and not stated
    assert report.passed == is_absorbed
    wrong = "exact-shapes" if is_absorbed else "shapes"
    assert _failed(report) == {("softmaxCostAndGradient", wrong)}


def test_a_sigmoid_that_fails_on_whole_numbers_crashes(submit):
    text = _sigmoid("y = np.zeros_like(x)", "y += 1 / (1 + np.exp(-x))", "return y")
    report = submit(text, only=["sigmoid"])
    assert [function.status for function in report.functions] == ["crashed"]


def test_a_check_that_fails_shows_a_small_case_in_words(submit):
    report = submit(MISTAKES["negative-sampling", "repeated-negatives"])
    text = str(report)
    assert "row 1 got its term once; it was drawn 2 times" in text
    (check,) = [
        check
        for function in report.functions
        for check in function.checks
        if check.status == "failed"
    ]
    example = check.counterexample
    assert example["negatives"] == [1, 1]
    assert len(example["outside"]) == 2
    assert example["claimed"].shape == example["expected"].shape == (2, 2)


def test_where_the_course_leaves_the_target_open_it_is_advice(submit):
    text = changed(
        YEAR_2016,
        ("        while index == target:\n            index = dataset.sampleTokenIdx()\n", ""),
    )
    report = submit(text)
    assert _failed(report) == {("negSamplingCostAndGradient", "target-excluded")}
    assert report.passed


def test_two_mistakes_fail_two_checks(submit):
    text = changed(
        MISTAKES["negative-sampling", "repeated-negatives"],
        ("gradCenterVec = vectors.T @ delta", "gradCenterVec = -vectors.T @ delta"),
    )
    assert {check for _, check in _failed(submit(text))} == {
        "center-gradient",
        "repeated-negatives",
    }


def test_without_shrinking_the_case_is_one_of_the_stream(submit):
    report = submit(MISTAKES["skip-gram", "loss"], profile="grade", only=["skipgram"])
    assert not report.passed
    assert "only the last context word counts" in str(report)


def test_cbow_by_mean_is_told_from_cbow_by_sum(submit):
    text = changed(YEAR_2017, ("[words].sum(axis=0)", "[words].mean(axis=0)"))
    report = submit(text, only=["cbow"])
    assert not report.passed
    assert "it takes the mean of the context vectors; the course defines their sum" in str(report)


def test_rounding_is_advice_up_to_what_a_course_asks_for():
    one, scale = np.ones(1), np.ones(1)
    eps = np.finfo(np.float64).eps
    assert agrees(one + 64 * eps, one, scale).all()
    assert not agrees(one + 512 * eps, one, scale).any()
    assert is_near(one + 5e-9, one, scale).all()
    assert not is_near(one + 5e-8, one, scale).any()
    assert not is_near(one * np.nan, one, scale).any()


RIGHT_UP_TO_ROUNDING = {
    "1 - sigmoid(-x)": ("sigmoid", _sigmoid("return 1 - 1 / (1 + np.exp(x))")),
    "the factor minus 1 is kept": (
        "negSamplingLossAndGradient",
        changed(
            A2,
            ("loss = -log_sigmoid(scores).sum()", "loss = -np.log(sigmoid(scores) - 1 + 1).sum()"),
        ),
    ),
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", RIGHT_UP_TO_ROUNDING)
def test_a_formula_that_loses_digits_is_no_mistake(submit, name, seed):
    function, text = RIGHT_UP_TO_ROUNDING[name]
    report = submit(text, only=function, seed=seed)
    assert report.passed, str(report)
    # Advice at most; whether there is any depends on the cases.
    assert {check for _, check in _failed(report)} <= {"rounding", "large-scores", "large-inputs"}


def test_what_is_wrong_is_not_said_to_lose_digits(submit):
    report = submit(MISTAKES["naive-softmax", "loss"], only="naiveSoftmaxLossAndGradient")
    (rounding,) = [each for each in report.functions[0].checks if each.name == "rounding"]
    assert (rounding.status, rounding.message) == ("skipped", "its values are wrong already")
