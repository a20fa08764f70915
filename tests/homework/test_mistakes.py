"""Mistakes by name: in files as students write them, alone and two at a time, and their lines."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache

import numpy as np
import pytest

from gradcheck.document.text import to_text
from gradcheck.homework import verification, verify
from gradcheck.homework.checks.cases import Profile
from gradcheck.homework.checks.mistakes.mistake import Mistake
from gradcheck.homework.checks.mistakes.mistake_table import FORMULAS, MISTAKES, mistakes_of
from gradcheck.homework.report.contents import check_contents
from gradcheck.homework.report.examples import example
from tests.benchmarks.mistakes import NAMES, file_with, student
from tests.benchmarks.students.edits import EDITS
from tests.benchmarks.students.styles import FUNCTIONS, STYLES

# One or two of each kind; the benchmark writes all of them in every style.
ALONE = [
    ("sigmoid", "vectors", "sigmoid-of-minus-x"),
    ("sigmoid", "names", "single-precision"),
    ("naive-softmax", "loops", "one-hot-missing"),
    ("naive-softmax", "names", "one-hot-shifted"),
    ("naive-softmax", "vectors", "expectation-missing"),
    ("naive-softmax", "names", "log-over-vocabulary"),
    ("naive-softmax", "loops", "one-hot-subtracted-in-place"),
    ("naive-softmax", "vectors", "epsilon-in-log"),
    ("naive-softmax", "loops", "results-swapped"),
    ("naive-softmax", "vectors", "transposed"),
    ("naive-softmax", "names", "extra-axis"),
    ("naive-softmax", "names", "loss-not-summed"),
    ("naive-softmax", "loops", "argument-overwritten"),
    ("naive-softmax", "names", "drawn-at-random"),
    ("naive-softmax", "names", "weight-decay"),
    ("sampler", "names", "target-dropped"),
    ("sampler", "loops", "target-redrawn-once"),
    ("sampler", "vectors", "repeats-dropped"),
    ("negative-sampling", "vectors", "repeats-lost"),
    ("negative-sampling", "loops", "negatives-deduplicated"),
    ("negative-sampling", "names", "sigmoid-not-minus-one"),
    ("negative-sampling", "loops", "fresh-negatives-for-gradient"),
    ("negative-sampling", "vectors", "negatives-drawn-twice"),
    ("negative-sampling", "loops", "axis-missing"),
    ("skip-gram", "names", "last-word-only"),
    ("skip-gram", "loops", "loss-counts-words"),
    ("skip-gram", "vectors", "divided-by-window"),
    ("cbow", "loops", "cbow-word-by-word"),
    ("cbow", "vectors", "mean-for-sum"),
    ("cbow", "names", "divided-by-window"),
    ("cbow", "names", "window-size-for-number-of-words"),
    ("sgd", "loops", "one-iteration-only"),
    ("sgd", "names", "step-scaled"),
]
TOGETHER = [
    ("loops", "sign", "repeats-lost"),
    ("vectors", "sigmoid-not-minus-one", "constant-factor"),
    ("names", "negatives-sign", "weight-decay"),
]


@pytest.fixture(scope="module")
def report_on(tmp_path_factory):
    """Verify a student's file, once for all tests of this module."""
    folder = tmp_path_factory.mktemp("students")

    @cache
    def report_on(role, style, *made, shrinks=False):
        path = folder / "word2vec.py"
        path.write_text(written(role, style, *made).text, encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(verification.PROFILES, "student", Profile(16, shrinks=shrinks))
            return verify(path, seed=7, only=NAMES[role])

    return report_on


def failed(report):
    return [
        check
        for function in report.functions
        for check in function.checks
        if check.status == "failed" and check.name != "large-scores"
    ]


def written(role, style, *made):
    found = student(role, style, made)
    assert found is not None
    return found


def test_the_table_is_large_and_every_row_says_all():
    assert len(MISTAKES) >= 60
    assert max(Counter(row.identifier for row in MISTAKES).values()) == 1
    for row in MISTAKES:
        assert row.title
        assert not row.title.endswith(".")
        assert row.look_for.endswith("."), row.identifier
        assert row.functions
        # Of what is computed from the terms there is an example.
        assert (example(row) is not None) == bool(row.changes or row.fit), row.identifier


@pytest.mark.parametrize("role", FORMULAS)
def test_each_mistake_of_a_function_is_told_from_the_others(role):
    rows = mistakes_of(role)
    assert len(rows) >= 10
    assert all(isinstance(row, Mistake) for row in rows)


@pytest.mark.parametrize(("role", "style", "identifier"), ALONE)
def test_a_mistake_is_named_first(report_on, role, style, identifier):
    checks = failed(report_on(role, style, identifier))
    assert checks
    named = [check.mistake for check in checks if check.mistake]
    assert named
    assert set(named) == {identifier}
    lines = {check.line for check in checks} - {None}
    assert lines <= written(role, style, identifier).edited


@pytest.mark.parametrize(("style", "one", "other"), TOGETHER)
def test_two_mistakes_are_found_together(report_on, style, one, other):
    checks = failed(report_on("negative-sampling", style, one, other))
    named = {identifier for check in checks for identifier in check.mistakes}
    assert {one, other} <= named
    assert all(check.mistake in {one, other} for check in checks)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("role", FUNCTIONS)
def test_a_right_function_is_called_right(submit, role, style):
    report = submit(file_with(role, FUNCTIONS[role][style]), only=[NAMES[role]])
    assert failed(report) == []


def test_a_mistake_that_some_case_speaks_against_is_not_named(submit):
    text = file_with(
        "negative-sampling",
        FUNCTIONS["negative-sampling"]["loops"].replace(
            "    return loss,",
            "    gradCenterVec *= -1.0 if len(outsideVectors) > 6 else 1.0\n    return loss,",
        ),
    )
    checks = failed(submit(text, only=[NAMES["negative-sampling"]]))
    assert checks
    assert {check.mistake for check in checks} == {None}


LINES = [
    ("naive-softmax", "vectors", "one-hot-missing", "np.outer(y_hat, centerWordVec)"),
    ("negative-sampling", "loops", "repeats-lost", "gradOutsideVecs[k] = t"),
    ("negative-sampling", "vectors", "repeats-lost", "gradOutsideVecs[negatives] += "),
    ("negative-sampling", "loops", "fresh-negatives-for-gradient", "for k in getNegative"),
    ("naive-softmax", "names", "one-hot-subtracted-in-place", "p[o] -= 1.0"),
    ("naive-softmax", "vectors", "summed-to-a-number", "np.sum(outsideVectors"),
    ("skip-gram", "names", "last-word-only", "dU = d"),
]


@pytest.mark.parametrize(("role", "style", "identifier", "text"), LINES)
def test_the_line_is_quoted(report_on, role, style, identifier, text):
    one = written(role, style, identifier)
    report = report_on(role, style, identifier)
    (quotation, *_) = [check.quotation for check in failed(report) if check.quotation]
    assert quotation.text == one.text.splitlines()[quotation.number - 1].strip()
    assert text in quotation.text
    assert quotation.text in " ".join(report.to_text().split())
    in_json = [
        check["line"] for check in report.to_dict()["functions"][0]["checks"] if check["line"]
    ]
    assert quotation.number in in_json


def test_nothing_is_quoted_where_two_lines_look_alike(submit):
    one = written("negative-sampling", "loops", "repeats-lost")
    line = "        gradOutsideVecs[k] = t * centerWordVec\n"
    twice = one.text.replace(line, line + line)
    checks = failed(submit(twice, only=[NAMES["negative-sampling"]]))
    assert {check.mistake for check in checks} == {"repeats-lost"}
    assert {check.line for check in checks} == {None}


def test_a_cell_of_a_notebook_is_quoted(submit):
    text = written("naive-softmax", "vectors", "one-hot-missing").text
    head, body = text.split("def sigmoid", 1)
    cells = [
        {"cell_type": "code", "source": source, "outputs": [], "metadata": {}}
        for source in (head, f"def sigmoid{body}")
    ]
    notebook = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})
    report = submit(notebook, name="word2vec.ipynb", only=[NAMES["naive-softmax"]])
    assert [str(check.quotation) for check in failed(report)] == ["code cell 2, line 12"]


SHOWN = [
    ("naive-softmax", "vectors", "one-hot-missing"),
    ("naive-softmax", "loops", "log-over-vocabulary"),
    ("naive-softmax", "vectors", "transposed"),
    ("negative-sampling", "loops", "repeats-lost"),
    ("skip-gram", "names", "last-word-only"),
    ("sampler", "loops", "target-redrawn-once"),
    ("sgd", "loops", "climbs"),
]


@pytest.mark.parametrize(("role", "style", "identifier"), SHOWN)
def test_a_case_can_be_followed_on_paper(report_on, role, style, identifier):
    for check in failed(report_on(role, style, identifier, shrinks=True)):
        case = check.counterexample
        name = next((name for name in ("outside", "outside_vectors") if name in case), None)
        if name is None:
            continue
        words, entries = np.shape(case[name])
        assert 2 <= words <= 4
        assert 2 <= entries <= 3
        assert check.name != "shapes" or words != entries
        numbers = {abs(number) for row in case[name] for number in row}
        assert all(number == round(number, 2) for number in numbers)


@pytest.mark.parametrize(("role", "style", "identifier"), SHOWN)
def test_a_report_says_what_where_why_and_what_to_do_on_a_page(report_on, role, style, identifier):
    for check in failed(report_on(role, style, identifier, shrinks=True)):
        text = to_text(check_contents(check))
        assert text.count("\n") < 36
        before, _, _ = text.partition("To see it happen")
        assert before.count("\n") <= 25, before
        order = ["Look at line", "The smallest case found", "It should be", "What to look for"]
        places = [text.index(lead) for lead in order if lead in text]
        assert places == sorted(places)
        assert f"gradcheck explain {check.mistake}" in text
        assert f"mistakes.html#{check.mistake}" in " ".join(text.split())


def test_the_same_mistake_is_explained_once(report_on):
    report = report_on("naive-softmax", "loops", "one-hot-missing")
    assert len(failed(report)) == 2
    assert report.to_text().count("gradcheck explain one-hot-missing") == 1


def test_the_numbers_are_put_into_the_formula(report_on):
    report = report_on("naive-softmax", "vectors", "one-hot-missing", shrinks=True)
    (check,) = failed(report)
    assert check.working.startswith("ŷ - y = (0.5 - 1, 0.5), each times v_c = (")


def test_edits_are_of_mistakes_that_there_are():
    known = {row.identifier for row in MISTAKES}
    assert {identifier for rows in EDITS.values() for identifier in rows} <= known
