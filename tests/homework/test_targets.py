"""What becomes of functions that do not return, and of those that return nothing much."""

from __future__ import annotations

import contextlib
import sys
import threading
import time

import pytest

from gradcheck.homework import SubmissionError, verification
from gradcheck.homework.submission import time_limit
from gradcheck.homework.submission.time_limit import TimeLimitExceeded, within
from tests.homework.submissions import A2, YEAR_2016, changed

TEMPLATE_2019 = A2[: A2.index("def naiveSoftmax")] + (
    "def naiveSoftmaxLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, dataset):\n"
    "    return loss, gradCenterVec, gradOutsideVecs\n"
)
SWALLOWS_EVERYTHING = (
    "while True:\n        try:\n            x = 1\n        except:\n            pass"
)


def _function(report, name):
    return next(function for function in report.functions if function.name == name)


def _break(body: str) -> str:
    """Put a line at the start of naive softmax."""
    line = "    scores = outsideVectors @ centerWordVec\n"
    return changed(A2, (line, f"    {body}\n{line}"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEMPLATE_2019, "not implemented yet: `loss` is never set"),
        (_break("raise NotImplementedError"), "not implemented yet: it raises NotImplementedError"),
        (_break("return None"), "not implemented yet: it returns None"),
        (_break("return 0.0, None, None"), "not implemented yet: it returns None"),
        (
            _break("return 0.0, np.zeros_like(centerWordVec), np.zeros_like(outsideVectors)"),
            "not implemented yet: it returns zeros only",
        ),
    ],
)
def test_an_unfinished_function_is_not_called_wrong(submit, text, message):
    report = submit(text)
    function = _function(report, "naiveSoftmaxLossAndGradient")
    assert function.status == "unfinished"
    assert [check.status for check in function.checks] == ["failed"] + 11 * ["skipped"]
    assert function.checks[0].message == message
    assert function.checks[0].counterexample is None
    assert not report.passed
    assert _function(report, "sigmoid").status == "passed"


def test_a_crash_shows_the_students_line_and_the_smallest_case(submit):
    report = submit(_break("centerWordVec[10]"))
    function = _function(report, "naiveSoftmaxLossAndGradient")
    assert function.status == "crashed"
    check = function.checks[0]
    assert check.message == (
        "crashed: IndexError: index 10 is out of bounds for axis 0 with size 2 "
        "(word2vec.py, line 30: `centerWordVec[10]`)"
    )
    assert len(check.counterexample["center"]) == 2
    assert _function(report, "negSamplingLossAndGradient").status == "passed"


def test_a_crash_in_some_cases_only(submit):
    report = submit(_break("assert len(centerWordVec) > 2"))
    function = _function(report, "naiveSoftmaxLossAndGradient")
    assert function.status == "crashed"
    assert function.checks[0].message.startswith("crashed: AssertionError (word2vec.py, line 30")


def test_exit_and_input_are_crashes(submit):
    for body, message in (
        ("raise SystemExit(0)", "crashed: calls sys.exit"),
        ("input()", "crashed: EOFError"),
        ("print(xrang)", "crashed: NameError: name 'xrang' is not defined"),
    ):
        function = _function(submit(_break(body)), "naiveSoftmaxLossAndGradient")
        assert function.status == "crashed"
        assert function.checks[0].message.startswith(message)


@pytest.mark.parametrize(
    "body", ["while True: pass", SWALLOWS_EVERYTHING, "import time; time.sleep(60)"]
)
def test_a_function_that_never_ends_is_stopped_and_the_others_checked(submit, body):
    report = submit(_break(body), seconds=0.3)
    function = _function(report, "naiveSoftmaxLossAndGradient")
    assert function.status == "timeout"
    assert function.checks[0].message == "still running after 0.3 s, so it was stopped"
    assert {other.status for other in report.functions} == {"passed", "timeout"}
    assert not report.passed


def test_after_a_case_that_hangs_a_later_check_tries_no_other(submit, tmp_path):
    # Each would take as long. Scores are as large as that in the cases of one check alone.
    tried = tmp_path / "tried"
    text = _break(
        "if abs(outsideVectors @ centerWordVec).max() > 5000:\n"
        f"        with open({str(tried)!r}, 'a') as file: file.write('.')\n"
        "        while True: pass"
    )
    report = submit(text, seconds=0.3, only="naiveSoftmaxLossAndGradient")
    (function,) = report.functions
    checks = {check.name: check for check in function.checks}
    assert checks["loss"].status == "passed"
    assert checks["large-scores"].message == "still running after 0.3 s, so it was stopped"
    assert checks["large-scores"].failures == 1
    assert len(tried.read_text()) == 1


def test_waiting_for_a_distinct_word_that_never_comes(submit):
    """Distinct negatives are fine until there are fewer words than negatives."""
    text = changed(
        YEAR_2016,
        ("while index == target:", "while index == target or index in indices:"),
    )
    report = submit(text)
    function = _function(report, "negSamplingCostAndGradient")
    (check,) = [check for check in function.checks if check.status == "failed"]
    assert check.name == "repeated-negatives"
    assert check.message.startswith("stopped after drawing 1000 samples")


def test_something_else_than_three_values(submit):
    report = submit(_break("return 1.0"))
    function = _function(report, "naiveSoftmaxLossAndGradient")
    failed = {check.name: check.message for check in function.checks if check.status == "failed"}
    assert failed == {
        "shapes": "expected three values, (loss, gradCenterVec, gradOutsideVecs); got a float"
    }
    assert function.status == "failed"


@pytest.mark.parametrize(
    "value", ["'word'", "[[1.0], [1.0, 2.0]]", "1j", "object()", "{}", "np.nan", "np.inf"]
)
def test_strange_values_are_wrong_and_nothing_breaks(submit, value):
    report = submit(_break(f"return {value}, {value}, {value}"))
    assert _function(report, "naiveSoftmaxLossAndGradient").status == "failed"
    assert report.to_dict()
    assert str(report)


def test_transposed_and_flattened_results_are_wrong_in_shape_alone(submit):
    text = changed(
        A2,
        (
            "np.outer(delta, centerWordVec)\n    return loss, gradCenterVec, gradOutsideVecs",
            (
                "np.outer(centerWordVec, delta)\n"
                "    return loss[None], gradCenterVec[:, None], gradOutsideVecs"
            ),
        ),
    )
    function = _function(submit(text), "naiveSoftmaxLossAndGradient")
    assert [check.name for check in function.checks if check.status == "failed"] == [
        "shapes",
        "scalar-loss",
    ]


def test_negatives_from_elsewhere_are_named_and_their_gradients_not_guessed(submit):
    text = changed(
        YEAR_2016,
        (
            (
                "        index = dataset.sampleTokenIdx()\n        while index == target:\n"
                "            index = dataset.sampleTokenIdx()\n"
            ),
            "        index = random.randrange(len(outputVectors))\n",
        ),
    )
    function = _function(submit(text), "negSamplingCostAndGradient")
    failed = {check.name: check.message for check in function.checks if check.status == "failed"}
    assert set(failed) == {"number-of-samples", "same-answer-twice"}
    assert failed["number-of-samples"] == (
        "it draws no negatives, neither by the sampler nor from the dataset"
    )


def _spin() -> None:
    while True:
        with contextlib.suppress(BaseException):  # what a bare except in homework does
            time.sleep(0.001)


def test_a_time_limit_cannot_be_swallowed_in_the_main_thread():
    with pytest.raises(TimeLimitExceeded):
        within(0.1, _spin)


def _add() -> None:
    while True:
        sum(range(100))


@pytest.mark.parametrize("traced", [False, True])
def test_a_time_limit_in_another_thread(traced):
    stopped = []

    def tracer(*_arguments: object):
        return tracer

    def work() -> None:
        if traced:  # as a coverage does: it used to turn round for ever on leaving
            sys.settrace(tracer)
        try:
            within(0.1, _add)
        except TimeLimitExceeded:
            stopped.append(True)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(timeout=10)
    assert stopped == [True]
    assert not thread.is_alive()
    assert not [other for other in threading.enumerate() if other.name == "gradcheck-time-limit"]


def test_a_time_limit_in_another_thread_gives_back_what_the_call_returned():
    answers = []
    thread = threading.Thread(target=lambda: answers.append(within(5.0, lambda: 3)))
    thread.start()
    thread.join(timeout=30)
    assert answers == [3]


def test_nobody_is_interrupted_after_a_call_though_its_end_was_not_told(monkeypatch):
    # As where an interruption comes just before it is told.
    monkeypatch.setattr(time_limit, "_leave", lambda _over, _watcher: None)
    interruptions = []

    def work() -> None:
        within(0.05, lambda: None)
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            try:
                sum(range(100))
            except TimeLimitExceeded:
                interruptions.append(True)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(timeout=30)
    assert interruptions == []


def test_an_outer_alarm_goes_on():
    import signal

    fired = []
    previous = signal.signal(signal.SIGALRM, lambda *_: fired.append(True))
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        within(5.0, lambda: None)
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0.0
        signal.pause()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert fired


def test_an_answer_that_the_next_call_overwrites(submit):
    start = A2.index("def naiveSoftmax")
    line = "    return loss, gradCenterVec, gradOutsideVecs\n"
    shared = (
        "    kept = KEPT.setdefault(gradOutsideVecs.shape, np.zeros(gradOutsideVecs.shape))\n"
        "    kept[...] = gradOutsideVecs\n    return loss, gradCenterVec, kept\n"
    )
    assert line in A2[start:]
    text = A2[:start] + "KEPT = {}\n" + A2[start:].replace(line, shared, 1)
    function = _function(submit(text), "naiveSoftmaxLossAndGradient")
    failed = {check.name: check.message for check in function.checks if check.status == "failed"}
    assert failed == {
        "same-answer-twice": "a call overwrites what the call before it returned: both hand out "
        "the same array"
    }


@pytest.mark.parametrize("pause", [0.1, 0.02])
def test_a_function_whose_checks_take_too_long_in_all(submit, monkeypatch, pause):
    monkeypatch.setitem(verification.FUNCTION_SECONDS, "student", 0.5)
    text = _break(f"import time; time.sleep({pause})")
    report = submit(text, only=["naiveSoftmaxLossAndGradient"])
    (function,) = report.functions
    assert function.status == "timeout"
    assert not report.passed
    (failed,) = [check for check in function.checks if check.status == "failed"]
    assert failed.message.startswith("stopped after 0.5 s, the time for all checks of a function, ")
    assert "of 16 cases into this one: a call takes too long" in failed.message
    assert "skipped" in {check.status for check in function.checks}


@pytest.mark.parametrize("only", ["sigmoid", ["sigmoid"], {"sigmoid"}])
def test_one_function_may_be_named_alone(submit, only):
    assert [function.name for function in submit(A2, only=only).functions] == ["sigmoid"]


def test_a_function_that_is_asked_for_and_missing(submit):
    text = A2.replace("def sgd(", "def descend(")
    with pytest.raises(SubmissionError, match=r"word2vec\.py: has no function sgd to check$"):
        submit(text, only=["sgd", "sigmoid"])


def test_without_a_seed_each_report_names_another(submit):
    # The command draws one for all its files; here it is the library that does.
    seeds = {submit(A2, only="sigmoid", seed=None).seed for _ in range(3)}
    assert len(seeds) == 3
