"""What nobody reads is not found out; what is read late, or under a limit, says so."""

from __future__ import annotations

import functools
import gc
import random
import unittest
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradcheck
from gradcheck.checking import gradients, judgement
from gradcheck.strategies import parameters
from tests.checking.test_gradients import lost_row, planted, point, softmax_gradient, softmax_loss
from tests.functions import _hash_noise

AT = np.array([0.8, -1.3, 0.4, 2.1])


def counted(function):
    @functools.wraps(function)
    def counting(*arguments):
        counting.calls += 1
        return function(*arguments)

    counting.calls = 0
    return counting


@pytest.fixture
def work(monkeypatch):
    """Count scans of entries and snippets."""
    done = {"scans": 0, "snippets": 0}

    def scanning(course, *off):
        done["scans"] += 1
        return scan_of(course, *off)

    def writing(*arguments, **options):
        done["snippets"] += 1
        return snippet_of(*arguments, **options)

    scan_of, snippet_of = judgement._Course._scan, gradients.snippet
    monkeypatch.setattr(judgement._Course, "_scan", scanning)
    monkeypatch.setattr(gradients, "snippet", writing)
    return done


def squares(x):
    return (x**2).sum()


def wrong(x):
    return 2 * x + 0.01 * (np.arange(x.size) == 2)


# --- nothing that nobody reads


def test_a_verdict_evaluates_nothing_more_and_writes_nothing(work):
    loss = counted(squares)
    report = gradcheck.check(loss, wrong, AT)
    before = loss.calls
    assert not report
    assert report.verdict == "disagrees"
    assert report.evaluations == loss.calls == before
    assert work == {"scans": 0, "snippets": 0}


def test_reading_scans_once_and_counts_what_it_evaluates(work):
    loss = counted(squares)
    report = gradcheck.check(loss, wrong, AT)
    before = report.evaluations
    text = str(report)
    assert work == {"scans": 1, "snippets": 1}
    assert report.evaluations == loss.calls > before
    assert f"{loss.calls:,} evaluations of the loss" in text
    after = loss.calls
    assert str(report) == text
    assert [entry.name for entry in report.entries] == ["x[2]"]
    assert report.reason
    assert report._repr_html_()
    assert repr(report)
    assert work == {"scans": 1, "snippets": 1}
    assert report.evaluations == loss.calls == after


def test_entries_and_reason_are_found_without_a_snippet(work):
    report = gradcheck.check(squares, wrong, AT)
    assert len(report.entries) == 1
    assert "x[2]" in str(report.entries[0].name)
    assert work == {"scans": 1, "snippets": 0}


def test_an_agreement_is_read_without_evaluating(work):
    loss = counted(squares)
    report = gradcheck.check(loss, lambda x: 2 * x, AT)
    assert "agrees" in str(report)
    assert report.evaluations == loss.calls == 14
    assert work == {"scans": 0, "snippets": 0}


def test_an_exception_writes_its_text_when_it_is_read(work):
    loss = counted(squares)
    with pytest.raises(gradcheck.GradientMismatch) as caught:
        gradcheck.assert_gradient(loss, wrong, AT)
    assert work == {"scans": 0, "snippets": 0}
    before = loss.calls
    assert "DISAGREES" in str(caught.value)
    assert "x[2]" in str(caught.value)
    assert work == {"scans": 1, "snippets": 1}
    assert loss.calls > before


# --- a loss that is another one later


class Drifting:
    """Σ x², and more once it has been told to."""

    def __init__(self):
        self.offset = 0.0
        self.raises = False

    def __call__(self, x):
        if self.raises:
            raise RuntimeError("the session is closed")
        return squares(x) + self.offset


def test_a_loss_that_has_changed_is_said_to_have_and_nothing_is_located(work):
    loss = Drifting()
    report = gradcheck.check(loss, wrong, AT)
    before = report.evaluations
    loss.offset = 0.5
    text = str(report)
    assert "the loss has changed since" in " ".join(text.split())
    assert report.verdict == "disagrees"
    assert report.entries == report.scanned == ()
    assert work["scans"] == 0
    assert report.evaluations == before + 1


def test_a_loss_that_came_back_is_what_it_was():
    loss = Drifting()
    report = gradcheck.check(loss, wrong, AT)
    loss.offset = 0.5
    loss.offset = 0.0
    assert [entry.name for entry in report.entries] == ["x[2]"]


def test_advice_and_notes_of_a_kink_stay_where_the_loss_has_changed():
    loss = Drifting()
    at = np.array([1.0, 0.0])
    report = gradcheck.check(lambda x: np.abs(x).sum() + loss.offset, np.sign, at)
    assert report.verdict == "undecided"
    reason, advice = (
        getattr(gradcheck.check(lambda x: np.abs(x).sum(), np.sign, at), part)
        for part in ("reason", "advice")
    )
    loss.offset = 0.5
    assert report.reason.startswith(reason)
    assert report.advice == advice


def test_a_report_can_be_read_where_the_loss_raises_by_then():
    loss = Drifting()
    report = gradcheck.check(loss, wrong, AT)
    loss.raises = True
    text = " ".join(str(report).split())
    assert "DISAGREES" in text
    assert "the session is closed" in text
    assert report.entries == ()


def test_an_exception_can_be_read_where_the_loss_raises_by_then():
    loss = Drifting()
    with pytest.raises(gradcheck.GradientMismatch) as caught:
        gradcheck.assert_gradient(loss, wrong, AT)
    loss.raises = True
    assert "DISAGREES" in str(caught.value)


# --- max_evaluations


def kinked(x):
    return np.abs(x).sum()


def noisy(x):
    return squares(x) + 1e-3 * _hash_noise(float(x.sum()))


def net(v, u):
    return softmax_loss(1)(v, u)


def singles(at):
    return tuple(part.astype(np.float32) for part in at)


LIMITED = {
    "right": (squares, lambda x: 2 * x, AT),
    "wrong": (squares, wrong, AT),
    "wrong, many": (squares, lambda x: 2.01 * x, np.linspace(1, 2, 300)),
    "kinked": (kinked, np.sign, np.array([1.0, 0.0, -2.0])),
    "kinked and wrong": (kinked, lambda x: 2 * np.sign(x), np.array([1.0, 0.0])),
    "noisy": (noisy, lambda x: 2 * x, AT),
    "noisy and wrong": (noisy, lambda x: 3 * x, AT),
    "float32": (net, softmax_gradient(1), singles(point())),
    "float32 and wrong": (net, planted(lost_row), singles(point())),
    "not finite": (squares, lambda x: 2 * x / (np.arange(x.size) != 1), AT),
    "saturated": (net, softmax_gradient(0), (np.array([1000.0]), np.array([[1.0], [-1.0]]))),
}


def run(kind, limit):
    """Return the report, the evaluations for a verdict, and for its text, and the loss."""
    function, gradient, at = LIMITED[kind]
    loss = counted(function)
    with np.errstate(all="ignore"):
        report = gradcheck.check(loss, gradient, at, max_evaluations=limit)
        verdict = loss.calls
        text = " ".join(str(report).split())
    return report, verdict, text, loss


@pytest.mark.parametrize("kind", LIMITED)
def test_the_loss_is_evaluated_no_more_often_than_allowed(kind):
    free, for_verdict, _, unlimited = run(kind, None)
    for limit in range(1, 61):
        report, _, text, loss = run(kind, limit)
        assert loss.calls <= limit
        assert report.evaluations == loss.calls
        if limit >= unlimited.calls:
            assert report.verdict == free.verdict
            assert "stopped after" not in text
        else:
            assert f"stopped after {loss.calls:,} evaluation" in text, text
            assert loss.calls == limit
        if limit < for_verdict:
            assert report.verdict == "undecided", text
            assert "max_evaluations" in report.advice
        else:
            assert report.verdict == free.verdict


def test_a_text_that_was_cut_short_does_not_say_wrong_of_what_is_undecided():
    _, for_verdict, _, unlimited = run("kinked", None)
    for limit in range(for_verdict, unlimited.calls):
        report, _, text, _ = run("kinked", limit)
        assert report.verdict == "undecided"
        assert "is wrong" not in text


def test_a_gradient_that_is_not_finite_is_still_said_to_be_where_the_text_is_cut_short():
    report, _, text, _ = run("not finite", 2)
    assert report.verdict == "disagrees"
    assert "at x[1]" in text


@pytest.mark.parametrize("kind", ["right", "wrong", "kinked"])
def test_drawing_evaluates_no_more_often_than_allowed_either(kind):
    function, gradient, at = LIMITED[kind]
    for limit in (14, 20, 40, 80):
        loss = counted(function)
        report = gradcheck.check(loss, gradient, at, max_evaluations=limit)
        if report.probes:
            report.figure()
            assert report.to_html()
        assert loss.calls <= limit


def test_one_function_that_returns_both_is_limited_too():
    for limit in range(1, 30):
        both = counted(lambda x: (squares(x), wrong(x)))
        report = gradcheck.check(both, AT, max_evaluations=limit)
        str(report)
        assert both.calls <= limit
        assert report.evaluations == both.calls


@pytest.mark.parametrize("limit", [0, -3])
def test_a_limit_that_allows_nothing_is_refused(limit):
    with pytest.raises(ValueError, match=f"max_evaluations is {limit}; a number from 1 on"):
        gradcheck.check(squares, wrong, AT, max_evaluations=limit)
    with pytest.raises(ValueError, match=f"max_evaluations is {limit}; a number from 1 on"):
        gradcheck.assert_gradient(squares, wrong, AT, max_evaluations=limit)


@pytest.mark.parametrize("limit", ["many", float("nan"), 2.5, [3]])
def test_a_limit_that_is_no_whole_number_is_refused_by_name(limit):
    with pytest.raises((TypeError, ValueError), match="max_evaluations is"):
        gradcheck.check(squares, wrong, AT, max_evaluations=limit)


# --- undecided="skip"

POINTS = st.lists(st.sampled_from([0.0, 1.0, -2.0, 0.5]), min_size=2, max_size=3).map(np.array)


@pytest.fixture
def quiet():
    return settings(database=None, derandomize=True, max_examples=60, deadline=None)


def test_hypothesis_passes_over_what_cannot_be_decided(quiet):
    seen = []

    @quiet
    @given(POINTS)
    def asks(x):
        seen.append((0 in x, "started"))
        gradcheck.assert_gradient(kinked, np.sign, x, undecided="skip")
        seen.append((0 in x, "passed"))

    try:
        asks()
    except unittest.SkipTest:
        pytest.fail("all of the test was skipped")
    assert (True, "started") in seen
    assert (True, "passed") not in seen
    assert (False, "passed") in seen


def test_what_is_wrong_still_fails_within_hypothesis(quiet):
    @quiet
    @given(POINTS)
    def asks(x):
        gradcheck.assert_gradient(kinked, lambda x: 1.01 * np.sign(x), x, undecided="skip")

    with pytest.raises(gradcheck.GradientMismatch, match="DISAGREES"):
        asks()


def test_what_is_undecided_fails_within_hypothesis_without_it(quiet):
    @quiet
    @given(POINTS)
    def asks(x):
        gradcheck.assert_gradient(kinked, np.sign, x)

    with pytest.raises(gradcheck.GradientMismatch, match="UNDECIDED"):
        asks()


def test_other_tests_are_skipped():
    with pytest.raises(unittest.SkipTest, match="not differentiable here"):
        gradcheck.assert_gradient(kinked, np.sign, np.array([1.0, 0.0]), undecided="skip")
    with pytest.raises(gradcheck.GradientMismatch, match="DISAGREES"):
        gradcheck.assert_gradient(squares, wrong, AT, undecided="skip")
    gradcheck.assert_gradient(squares, lambda x: 2 * x, AT, undecided="skip")


@pytest.mark.parametrize("value", ["pass", "", None, True])
def test_another_word_is_refused(value):
    with pytest.raises(ValueError, match=f"undecided is {value!r}; "):
        gradcheck.assert_gradient(squares, wrong, AT, undecided=value)


# --- a property test

INPUTS = 10 * np.random.default_rng(1).standard_normal((5, 4))
LABELS = np.array([0, 1, 2, 2, 1])
NET = {"W1": np.zeros((4, 10)), "b1": np.zeros(10), "W2": np.zeros((10, 3)), "b2": np.zeros(3)}


def forward(p):
    hidden = np.tanh(INPUTS @ p["W1"] + p["b1"])
    scores = hidden @ p["W2"] + p["b2"]
    likely = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)
    penalty = 0.05 * ((p["W1"] ** 2).sum() + (p["W2"] ** 2).sum())
    return hidden, likely, -np.log(likely[np.arange(5), LABELS]).mean() + penalty


def without_the_factor_2(p):
    hidden, likely, _ = forward(p)
    into = likely.copy()
    into[np.arange(5), LABELS] -= 1
    into /= 5
    below = into @ p["W2"].T * (1 - hidden**2)
    return {
        "W1": INPUTS.T @ below + 0.05 * p["W1"],
        "b1": below.sum(axis=0),
        "W2": hidden.T @ into + 0.05 * p["W2"],
        "b2": into.sum(axis=0),
    }


def test_a_property_test_of_a_wrong_gradient_is_cheap_and_ends_with_the_smallest_example():
    loss = counted(lambda p: forward(p)[2])
    drawn, spent = [], []

    @settings(database=None, derandomize=True, max_examples=100, deadline=None)
    @given(parameters(NET, scale=1))
    def asks(p):
        drawn.append(p)
        before = loss.calls
        try:
            gradcheck.assert_gradient(loss, without_the_factor_2, p)
        finally:
            spent.append(loss.calls - before)

    with pytest.raises(gradcheck.GradientMismatch, match="DISAGREES"):
        asks()
    numbers = np.concatenate([part.ravel() for part in drawn[-1].values()])
    assert np.array_equal(numbers, np.random.default_rng(0).standard_normal(83))
    # Hypothesis makes 107 checks of it outside of pytest, fewer within: 5,000 evaluations in all.
    assert sum(spent) <= 5_000 / 107 * len(drawn)
    assert loss.calls > sum(spent)  # the text of the last was read


# --- arguments in buffers that are used again


class Memo:
    """The value at the last point, which is kept as it was given."""

    def __init__(self, function, depth=1):
        self.function, self.depth, self.known = function, depth, []

    def __call__(self, x):
        for kept, value in self.known:
            if np.array_equal(kept, x):
                return value
        self.known = [(x, self.function(x)), *self.known][: self.depth]
        return self.known[0][1]


def flat(x):
    return np.round((x**2).sum(), 2)


def hinge(x):
    return np.maximum(x - 1.1, 0).sum()


def edge(x):
    if (x < 0.5).any():
        raise ValueError("outside")
    return np.sqrt(x - 0.5).sum()


KEPT = {
    "right": (squares, lambda x: 2 * x),
    "wrong": (squares, lambda x: 2.01 * x),
    "kinked": (lambda x: np.abs(x - 1).sum(), lambda x: np.sign(x - 1)),
    "rounded": (flat, lambda x: 2 * x),
    "rounded and wrong": (flat, lambda x: -2 * x),
    "on a plateau": (hinge, lambda x: 0 * x),
    "on a plateau, and wrong": (hinge, lambda x: 0 * x + 1e-3),
    "noisy": (noisy, lambda x: 2 * x),
    "near an edge": (edge, lambda x: 0.5 / np.sqrt(x - 0.5)),
    "bent": (lambda x: np.tanh(9 * x).sum(), lambda x: 9 / np.cosh(9 * x) ** 2),
    "cubes, off a little": (lambda x: (x**3).sum(), lambda x: 3 * x**2 * (1 + 1e-7)),
}


@pytest.mark.parametrize("size", [1, 4, 3_000])
@pytest.mark.parametrize("kind", KEPT)
def test_a_loss_may_keep_its_last_argument(kind, size):
    loss, gradient = KEPT[kind]
    for seed in range(4):
        at = 1 + 0.05 * np.random.default_rng(seed).random(size)
        plain = gradcheck.check(loss, gradient, at, seed=seed)
        kept = gradcheck.check(Memo(loss), gradient, at, seed=seed)
        assert str(kept).split("To see it again")[0] == str(plain).split("To see it again")[0]


@pytest.mark.parametrize("depth", [2, 3, 7])
@pytest.mark.parametrize("kind", ["right", "wrong", "kinked", "rounded"])
def test_a_loss_and_a_gradient_may_keep_several_arguments_together(kind, depth):
    loss, gradient = KEPT[kind]
    at = 1 + 0.05 * np.random.default_rng(0).random(4)
    plain = gradcheck.check(loss, gradient, at)
    both = Memo(lambda x: (loss(x), gradient(x)), depth)
    kept = gradcheck.check(lambda x: both(x)[0], lambda x: both(x)[1], at)
    assert str(kept).split("To see it again")[0] == str(plain).split("To see it again")[0]


def test_arguments_that_nobody_keeps_lie_in_one_place():
    places = set()

    def loss(x):
        places.add(x.ctypes.data)
        return (x**2).sum()

    def gradient(x):
        places.add(x.ctypes.data)
        return 2 * x

    assert gradcheck.check(loss, gradient, np.linspace(1, 2, 100_000))
    assert len(places) == 1


@pytest.mark.parametrize("size", [1, 4, 3_000])
@pytest.mark.parametrize("kind", KEPT)
def test_no_argument_lies_where_the_last_one_lay(kind, size):
    function, gradient = KEPT[kind]
    last = [np.zeros(1)]
    shared = []

    def loss(x):
        shared.append(np.shares_memory(x, last[0]))
        last[0] = x
        return function(x)

    str(gradcheck.check(loss, gradient, 1 + 0.05 * np.random.default_rng(0).random(size)))
    assert not any(shared), f"at calls {np.flatnonzero(shared).tolist()} of {len(shared)}"


@pytest.mark.parametrize("size", [10, 5_000])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_loss_that_overwrites_its_argument_is_noticed(size, dtype):
    def loss(x):
        x *= 2
        return (x**2).sum() / 4

    at = np.linspace(1, 2, size).astype(dtype)
    before = at.copy()
    right = gradcheck.check(loss, lambda x: 2 * x, at)
    assert right.verdict == "undecided"
    assert "overwritten" in right.reason
    report = gradcheck.check(loss, lambda x: x * dtype(3), at)
    assert report.verdict == "disagrees"
    assert any("overwritten" in note for note in report.notes)
    assert np.array_equal(at, before)


@pytest.mark.parametrize("size", [10, 5_000])
@pytest.mark.parametrize("entry", [0, 1, -1])
def test_a_gradient_that_overwrites_one_entry_is_noticed(size, entry):
    def gradient(x):
        found = 2 * x
        x[entry] = 0
        return found

    at = np.linspace(1, 2, size)
    report = gradcheck.check(squares, gradient, at)
    assert report.verdict == "undecided"
    assert "overwritten" in report.reason
    assert np.array_equal(at, np.linspace(1, 2, size))


@pytest.mark.parametrize("size", [10, 5_000])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_loss_that_overwrites_moved_points_only_is_noticed(size, dtype):
    at = np.linspace(1, 2, size).astype(dtype)

    def loss(x):
        value = (x**2).sum()
        if not np.array_equal(x, at):
            x[:] = 0
        return value

    report = gradcheck.check(loss, lambda x: 2 * x, at)
    assert report.verdict == "undecided", report.reason
    assert "overwritten" in report.reason


def overwriting_one_entry(size, entry):
    """A loss that changes its argument wherever that is not the point, and the point."""
    at = np.linspace(1, 2, size)

    def loss(x):
        value = (x**2).sum()
        if not np.array_equal(x, at):
            x[entry] = 1e6
        return value

    return loss, at


@pytest.mark.parametrize("size", [10, 1_000])
@pytest.mark.parametrize("entry", [0, 1, -1])
def test_one_entry_that_is_overwritten_at_moved_points_only_spoils_nothing(size, entry):
    loss, at = overwriting_one_entry(size, entry)
    before = at.copy()
    assert gradcheck.check(loss, lambda x: 2 * x, at).verdict != "disagrees"
    assert gradcheck.check(loss, lambda x: 2.01 * x, at).verdict == "disagrees"
    assert np.array_equal(at, before)


@pytest.mark.parametrize("size", [10, 1_000])
@pytest.mark.parametrize("entry", [0, 1, -1])
def test_one_entry_that_is_overwritten_at_moved_points_only_is_noticed(size, entry):
    loss, at = overwriting_one_entry(size, entry)
    assert "overwritten" in gradcheck.check(loss, lambda x: 2 * x, at).reason


def test_random_answers_are_seen_through_buffers_too():
    rng = random.Random(3)  # noqa: S311
    report = gradcheck.check(lambda x: squares(x) + rng.random(), wrong, AT)
    assert report.verdict == "undecided"


@pytest.fixture
def no_collection():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("is_read", [False, True])
@pytest.mark.parametrize(
    ("factor", "at"),
    [
        (1.0, np.linspace(1e-3, 2, 200)),
        (1.0, np.linspace(0, 2, 200)),
        (1.0, np.zeros(200)),
        (1.0, np.linspace(1e-3, 2, 200, dtype=np.float32)),
        (1.01, np.linspace(1e-3, 2, 200)),
    ],
    ids=["right", "a zero", "zeros", "float32", "wrong"],
)
@pytest.mark.usefixtures("no_collection")
def test_a_report_that_is_gone_holds_no_memory(factor, at, is_read):
    def cubes(x):
        return (x**3).sum()

    # What a check keeps keeps its functions, too.
    kept = weakref.ref(cubes)
    report = gradcheck.check(cubes, lambda x: factor * 3 * x**2, at)
    if is_read:
        str(report)
    del cubes, report
    assert kept() is None
