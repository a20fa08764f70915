"""Cases: what they refuse, how they print, and what their strategies draw."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings

from gradcheck.word2vec import cases
from gradcheck.word2vec.cases import Case, WindowCase

CASE = {"center": [1.0, 2.0], "outside": [[1, 2], [3, 4], [5, 6]], "target": 1, "negatives": (0, 0)}
WINDOW = {
    "center_vectors": np.eye(2),
    "outside_vectors": np.ones((2, 2)),
    "center": 0,
    "context": (1, 1, 0),
    "window_size": 2,
    "negatives": ((1,), (0,), (1, 1)),
}

REFUSED = [
    (
        {"center": [[1.0, 2.0]]},
        r"^center: expected a non-empty array of shape \(d,\), got \(1, 2\)",
    ),
    ({"center": [1.0]}, r"^center: expected shape \(2,\), as outside has 2 columns; got \(1,\)"),
    ({"center": [1.0, np.nan]}, "^center: expected finite numbers"),
    ({"outside": [1.0]}, r"^outside: expected a non-empty array of shape \(\|V\|, d\), got \(1,\)"),
    ({"outside": np.ones((0, 2))}, "^outside: expected a non-empty array"),
    ({"outside": [["a", "b"]]}, "^outside: expected an array of real numbers, got dtype <U1"),
    ({"outside": np.ones((3, 2)) * 1j}, "^outside: expected an array of real numbers"),
    ({"target": 3}, "^target: expected the index of one of 3 words, 0 to 2; got 3"),
    ({"target": -1}, "^target: .* got -1"),
    ({"target": 1.0}, "^target: expected a whole number, got 1.0"),
    ({"negatives": (0, 3)}, r"^negatives\[1\]: expected the index"),
    ({"negatives": 0}, "^negatives: expected a tuple, got 0"),
]
WINDOW_REFUSED = [
    (
        {"outside_vectors": np.ones((3, 2))},
        r"^outside_vectors: expected the shape of center_vectors",
    ),
    ({"center": 2}, "^center: expected the index of one of 2 words"),
    ({"context": ()}, "^context: expected 1 to 4 words"),
    ({"context": (0,) * 5}, r"^context: expected 1 to 4 words \(twice the window_size 2\), got 5"),
    ({"context": (2,)}, r"^context\[0\]"),
    ({"window_size": 0.5}, "^window_size: expected a whole number"),
    ({"negatives": ((1,), (0,))}, "^negatives: expected none, one tuple, or one for each of the 3"),
    ({"negatives": ((1,), (0,), (5,))}, r"^negatives\[2\]\[0\]: expected the index"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_an_impossible_pair_is_refused_by_name(change, message):
    Case(**CASE)
    with pytest.raises(ValueError, match=message):
        Case(**CASE | change)


@pytest.mark.parametrize(("change", "message"), WINDOW_REFUSED)
def test_an_impossible_window_is_refused_by_name(change, message):
    WindowCase(**WINDOW)
    with pytest.raises(ValueError, match=message):
        WindowCase(**WINDOW | change)


def same(left, right):
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in left.to_dict())


@settings(max_examples=30)
@given(cases.negative_sampling_cases(), cases.window_cases(negatives=True))
def test_it_prints_as_the_python_that_makes_it(pair, window):
    for case in (pair, window):
        names = {"np": np, "Case": Case, "WindowCase": WindowCase}
        assert same(eval(repr(case), names), case)  # noqa: S307 - our own repr


@settings(max_examples=30)
@given(cases.negative_sampling_cases(), cases.window_cases(negatives=True))
def test_json_keeps_every_digit(pair, window):
    for case in (pair, window):
        assert same(type(case)(**json.loads(json.dumps(case.to_dict()))), case)


def test_the_names_in_json_are_those_of_the_report():
    assert Case(**CASE).to_dict() == {
        "center": [1.0, 2.0],
        "outside": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
        "target": 1,
        "negatives": [0, 0],
    }


def test_nobody_can_write_to_a_case():
    mine = np.array([1.0, 2.0])
    case = Case(mine, [[1, 2], [3, 4]], 0)
    mine[0] = 7.0
    assert case.center[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        case.outside[0, 0] = 1.0


def drawn(strategy, count=300):
    collected = []

    @settings(max_examples=count, database=None, derandomize=True)
    @given(strategy)
    def collect(case):
        collected.append(case)

    collect()
    return collected


def test_scores_stay_below_the_bound():
    for case in drawn(cases.softmax_cases(max_score=2.0)):
        assert np.abs(case.outside @ case.center).max() <= 2.0 * (1 + 1e-12)


def scores(case):
    if isinstance(case, cases.Case):
        return case.outside @ case.center
    return case.outside_vectors @ case.center_vectors[case.center]


@pytest.mark.parametrize(
    "strategy", [cases.softmax_cases(), cases.negative_sampling_cases(), cases.window_cases()]
)
def test_scores_are_of_up_to_fifteen_unless_another_bound_is_named(strategy):
    # As far as plain formulas go along with the oracle; and no less, or they would not be tried.
    largest = max(np.abs(scores(case)).max() for case in drawn(strategy, 100))
    assert largest == pytest.approx(15.0, rel=1e-12)


@pytest.mark.parametrize(
    "strategy", [cases.large_score_softmax_cases(), cases.large_score_negative_sampling_cases()]
)
def test_large_scores_are_large(strategy):
    largest = [np.abs(case.outside @ case.center).max() for case in drawn(strategy)]
    assert min(largest) == pytest.approx(40, rel=1e-12)
    assert max(largest) == pytest.approx(1e6, rel=1e-12)


@pytest.mark.parametrize("repeats", [None, True, False])
def test_repeats_are_as_asked_for(repeats):
    repeated = {
        len(set(case.negatives)) < len(case.negatives)
        for case in drawn(cases.negative_sampling_cases(repeats=repeats))
    }
    assert repeated == ({True, False} if repeats is None else {repeats})


@pytest.mark.parametrize("repeats", [None, True, False])
def test_repeats_in_windows_are_as_asked_for(repeats):
    strategy = cases.window_cases(negatives=True, repeats=repeats)
    repeated = {
        len(set(words)) < len(words) for case in drawn(strategy) for words in case.negatives
    }
    assert repeated == ({True, False} if repeats is None else {repeats})


def test_the_target_is_drawn_only_where_it_is_not_excluded():
    excluded = drawn(cases.negative_sampling_cases())
    assert not any(case.target in case.negatives for case in excluded)
    assert any(
        case.target in case.negatives
        for case in drawn(cases.negative_sampling_cases(exclude_target=False))
    )


def test_windows_exclude_the_word_that_is_predicted():
    for case in drawn(cases.window_cases(kind="skip-gram", negatives=True)):
        assert len(case.negatives) == len(case.context)
        assert not any(
            word in words for word, words in zip(case.context, case.negatives, strict=True)
        )
    for case in drawn(cases.window_cases(kind="cbow", negatives=True)):
        assert len(case.negatives) == 1
        assert case.center not in case.negatives[0]


def test_context_words_repeat_and_equal_the_center_at_times():
    windows = drawn(cases.window_cases())
    assert any(len(set(case.context)) < len(case.context) for case in windows)
    assert any(case.center in case.context for case in windows)


def test_windows_are_of_up_to_ten_words_most_of_them_small():
    windows = drawn(cases.window_cases())
    lengths = [len(case.context) for case in windows]
    assert max(lengths) == 10
    assert sum(length <= 6 for length in lengths) > len(lengths) / 2
    assert any(len(set(case.context)) > 6 for case in windows)


def test_a_vocabulary_of_one_word_is_drawn_where_no_negative_is():
    softmax = [len(case.outside) for case in drawn(cases.softmax_cases())]
    assert 0 < softmax.count(1) < len(softmax) / 4
    assert min(len(case.outside) for case in drawn(cases.negative_sampling_cases())) == 2


def test_the_sizes_that_mistakes_depend_on_are_all_drawn():
    shapes = Counter(case.outside.shape for case in drawn(cases.softmax_cases(), 500))
    count = shapes.total()
    assert sum(n for (words, d), n in shapes.items() if words == d) >= count / 20
    assert sum(n for (_, d), n in shapes.items() if d == 1) >= count / 20
    assert sum(n for (words, _), n in shapes.items() if words == 2) >= count / 20
    assert any(words > 50 for words, _ in shapes)
    assert any(d > 25 for _, d in shapes)


def test_values_are_distinct_unless_the_scale_is_zero():
    for case in drawn(cases.softmax_cases()):
        for array in (case.center, case.outside):
            assert not array.any() or len(np.unique(array)) == array.size


def test_a_lost_repeat_shrinks_to_the_smallest_case():
    smallest = find(
        cases.negative_sampling_cases(),
        lambda case: len(set(case.negatives)) < len(case.negatives) and case.center.any(),
        settings=settings(max_examples=2000, database=None, phases=[Phase.generate, Phase.shrink]),
    )
    assert smallest.outside.shape == (2, 1)
    assert smallest.negatives == (1, 1)


def test_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match=r"^kind: expected 'skip-gram' or 'cbow', got 'skipgram'"):
        cases.window_cases(kind="skipgram")
