"""The command, pytest and Python judge a file of any course alike."""

from __future__ import annotations

import json

import pytest

from gradcheck.__main__ import main
from gradcheck.homework import verify
from tests.homework.submissions import YEAR_2015, changed
from tests.homework.test_courses import TAU
from tests.homework.test_layers import RIGHT as LAYERS

pytest_plugins = "pytester"

# A file of each kind: one takes seconds.
WRONG = {
    "Tel Aviv": ("q3a_word2vec", changed(TAU, ("    delta[outside_word_idx] -= 1.0\n", ""))),
    "CS224d 2015": ("word2vec", changed(YEAR_2015, ("gradIn[word] += ", "gradIn[word] -= "))),
    "layers": ("layers", changed(LAYERS, ("np.dot(dout, W.T)", "np.dot(dout, W.T) * 2"))),
}


def failed_checks(functions):
    return {
        (function["name"], check["name"])
        for function in functions
        for check in function["checks"]
        if check["status"] == "failed" and check["level"] == "required"
    }


@pytest.mark.parametrize("course", WRONG)
def test_three_doors_fail_a_file_by_the_same_checks(pytester, capsys, course):
    name, text = WRONG[course]
    path = pytester.makepyfile(**{name: text})
    assert main(["verify", str(path), "--json", "out.json", "--seed", "1"]) == 1
    found = json.loads((pytester.path / "out.json").read_text(encoding="utf-8"))
    wrong = failed_checks(found["functions"])
    assert wrong
    report = verify(path, seed=1)
    assert report.course == found["course"]
    assert {
        (function.name, check.name)
        for function in report.functions
        for check in function.checks
        if check.status == "failed" and check.level == "required"
    } == wrong
    capsys.readouterr()
    result = pytester.runpytest_inprocess("--homework", path, "--homework-seed=1")
    assert result.parseoutcomes()["failed"] == len(wrong)
