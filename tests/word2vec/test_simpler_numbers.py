"""Simplified cases: simpler, still failing, within the budget."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

from gradcheck.word2vec import cases
from gradcheck.word2vec.cases import Case
from gradcheck.word2vec.simpler_numbers import simplify

GENERATOR = np.random.default_rng(7)
CASE = Case(GENERATOR.standard_normal(2), GENERATOR.standard_normal((3, 2)), 1, (0, 0))


def test_what_does_not_matter_becomes_zero():
    simple = simplify(CASE, lambda _: True)
    assert not simple.center.any()
    assert not simple.outside.any()
    assert (simple.target, simple.negatives) == (CASE.target, CASE.negatives)


def test_what_matters_stays_and_becomes_round():
    def fails(case):
        return case.center[0] * case.outside[1, 1] > 0.1

    case = Case([0.734, -0.21], [[0.52, 0.1], [0.3, 0.888], [0.4, 0.5]], 0)
    simple = simplify(case, fails)
    assert fails(simple)
    assert set(simple.center) <= {0.0, 1.0}
    assert set(np.ravel(simple.outside)) <= {0.0, 1.0}


def test_rows_and_entries_are_tried_where_the_whole_will_not_do():
    def fails(case):
        return case.outside[0, 0] == 0.734 and case.outside[2].any()

    case = Case([0.5], [[0.734], [0.521], [0.333]], 0)
    simple = simplify(case, fails)
    np.testing.assert_array_equal(simple.outside, [[0.734], [0.0], [1.0]])


def test_short_decimals_where_no_constant_will_do():
    case = Case([0.73412], [[0.2], [0.3]], 0)
    simple = simplify(case, lambda case: 0.7 < case.center[0] < 0.8)
    assert simple.center.tolist() == [0.73]


def test_the_budget_is_kept():
    calls = []

    def fails(case):
        calls.append(case)
        return False

    assert simplify(CASE, fails, budget=7) is CASE
    assert len(calls) == 7


def test_an_exception_is_another_failure():
    def fails(case):
        if not case.center.all():
            raise ZeroDivisionError
        return True

    assert simplify(CASE, fails).center.all()


@settings(max_examples=20)
@given(cases.window_cases(negatives=True))
def test_windows_are_simplified_too(case):
    simple = simplify(case, lambda _: True)
    assert not simple.center_vectors.any()
    assert simple.context == case.context
