from __future__ import annotations

import pytest

from gradcheck.homework import verification, verify
from gradcheck.homework.checks.cases import Profile
from tests.homework.submissions import A2, EXAMPLES, changed

pytest_plugins = ["pytester"]

ADVICE = changed(A2, ("    scores = scores - scores.max()", "    scores = scores"))
# How many checks the functions of a right file have.
COUNTS = {
    function.name: len(function.checks) for function in verify(EXAMPLES / "word2vec.py").functions
}
ALL = sum(COUNTS.values())


@pytest.fixture(autouse=True)
def _few_cases(monkeypatch):
    """In this process, that is: what runs in one of its own draws a student's hundred."""
    monkeypatch.setitem(verification.PROFILES, "student", Profile(cases=25, shrinks=True))


@pytest.fixture
def homework(pytester):
    """A folder with homework in it, and with a test that nobody asked for."""
    pytester.makepyfile(test_other="def test_other():\n    raise AssertionError('not asked for')\n")

    def homework(text: str, name: str = "word2vec.py") -> str:
        (pytester.path / name).write_text(text, encoding="utf-8")
        return name

    return homework


def test_a_right_file_gives_an_item_for_each_check(pytester, homework):
    result = pytester.runpytest_subprocess("--homework", homework(A2), "-v")
    assert result.ret == 0
    result.assert_outcomes(passed=ALL)
    result.stdout.fnmatch_lines(
        ["word2vec.py::naiveSoftmaxLossAndGradient::outside-gradient PASSED*"]
    )
    result.stdout.no_fnmatch_line("*test_other*")


def test_a_wrong_file_shows_the_report_and_nothing_of_ours(pytester):
    result = pytester.runpytest_inprocess("--homework", EXAMPLES / "word2vec_wrong.py")
    assert result.ret == 1
    # sgd is not there, two pieces of advice are given, and of two wrong functions nobody asks for
    # the last digits, or the smallest sizes.
    result.assert_outcomes(
        passed=ALL - COUNTS["sgd"] - 9, failed=3, skipped=COUNTS["sgd"] + 4, xfailed=2
    )
    result.stdout.fnmatch_lines(
        [
            "*gradOutsideVecs: the one-hot vector is not subtracted*",
            "*row 1 got its term once; it was drawn 2 times*",
            "*The same cases again: --homework-seed *",
        ]
    )
    text = result.stdout.str()
    assert "Traceback" not in text
    assert "pytest_plugin.py" not in text
    assert "CheckFailedError" not in text


def test_advice_does_not_fail_the_run(pytester, homework):
    result = pytester.runpytest_inprocess("--homework", homework(ADVICE), "-rx")
    assert result.ret == 0
    result.assert_outcomes(passed=ALL - 1, xfailed=1)
    result.stdout.fnmatch_lines(["XFAIL*large-scores*advice: with scores of up to*"])


def test_what_is_unfinished_or_missing_fails(pytester, homework):
    line = "    scores = outsideVectors @ centerWordVec\n"
    text = changed(A2, (line, "    raise NotImplementedError\n"))
    result = pytester.runpytest_inprocess("--homework", homework(text))
    assert result.ret == 1
    result.assert_outcomes(
        passed=ALL - COUNTS["naiveSoftmaxLossAndGradient"],
        failed=1,
        skipped=COUNTS["naiveSoftmaxLossAndGradient"] - 1,
    )
    result.stdout.fnmatch_lines(["*not implemented yet: it raises NotImplementedError"])
    text = A2.replace("def skipgram(", "def skip_gram(")
    result = pytester.runpytest_inprocess("--homework", homework(text))
    assert result.ret == 1
    result.assert_outcomes(passed=ALL - COUNTS["skipgram"], failed=COUNTS["skipgram"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(:\n", "word2vec.py: syntax error in line 1: invalid syntax (`def f(:`)"),
        ("x = 1\n", "word2vec.py: defines none of the functions *"),
    ],
)
def test_a_file_that_cannot_be_used(pytester, homework, text, message):
    result = pytester.runpytest_inprocess("--homework", homework(text))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_file_that_is_not_there(pytester):
    result = pytester.runpytest_inprocess("--homework", "nowhere.py")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: nowhere.py: no such file"])


def test_tests_that_are_named_run_as_well(pytester, homework):
    pytester.makepyfile(test_mine="def test_mine():\n    pass\n")
    result = pytester.runpytest_inprocess("--homework", homework(A2), "test_mine.py")
    result.assert_outcomes(passed=ALL + 1)


def test_some_checks_can_be_chosen(pytester, homework):
    result = pytester.runpytest_inprocess("--homework", homework(A2), "-k", "repeated-negatives")
    result.assert_outcomes(passed=1, deselected=ALL - 1)


def test_without_the_option_nothing_is_loaded(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_loaded():
            assert "gradcheck.homework" not in sys.modules
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)


def test_other_plugins_see_all_items_once_and_may_ask_for_their_function(pytester, homework):
    pytester.makepyfile(test_mine="def test_mine():\n    pass\n")
    pytester.makeconftest(
        """
        def pytest_collection_modifyitems(items):
            print("seen:", len(items))
            for item in items:
                if hasattr(item, "function"):
                    item.function.__name__
        """
    )
    name = homework(A2)
    both = pytester.runpytest_inprocess("--homework", name, "test_mine.py")
    assert both.ret == 0
    passed = both.parseoutcomes()["passed"]
    seen = [line for line in both.outlines if "seen:" in line]
    assert [line.split("seen: ")[1] for line in seen] == [str(passed)]
    alone = pytester.runpytest_inprocess("--homework", name)
    alone.assert_outcomes(passed=passed - 1)
