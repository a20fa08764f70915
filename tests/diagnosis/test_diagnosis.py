"""Wrong gradients: where they are wrong, and why. A right twin beside each is not accused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradcheck
from gradcheck.diagnosis import location, nearby
from gradcheck.diagnosis.causes import LOOK_FOR
from gradcheck.diagnosis.factors import stated_number
from gradcheck.diagnosis.slopes import calibrated
from gradcheck.probing.subject import Subject

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(50, 8)), RNG.normal(size=(50, 3))
SQUARE = RNG.normal(size=(6, 6))


def net(p):
    """The mean squared error of a net of two layers, with a penalty on one of them."""
    hidden = np.tanh(X @ p["W1"] + p["b1"])
    return float(((hidden @ p["W2"] + p["b2"] - Y) ** 2).mean() + 0.05 * (p["W2"] ** 2).sum())


def right(p):
    hidden = np.tanh(X @ p["W1"] + p["b1"])
    outer = 2 * (hidden @ p["W2"] + p["b2"] - Y) / Y.size
    inner = outer @ p["W2"].T * (1 - hidden**2)
    return {
        "W1": X.T @ inner,
        "b1": inner.sum(0),
        "W2": hidden.T @ outer + 0.1 * p["W2"],
        "b2": outer.sum(0),
    }


def start(width):
    rng = np.random.default_rng(width)
    return {
        "W1": rng.normal(size=(8, width)),
        "b1": rng.normal(size=width),
        "W2": rng.normal(size=(width, 3)),
        "b2": rng.normal(size=3),
    }


def planted(name, mistake):
    def grad(p):
        parts = right(p)
        parts[name] = mistake(parts[name], p)
        return parts

    return grad


def is_row(v, *rows):
    return np.isin(np.arange(len(v)), rows).reshape(-1, *[1] * (v.ndim - 1))


MISTAKES = {
    "opposite sign": ("b1", lambda v, _: -v, "opposite-sign", "OPPOSITE SIGN"),
    "a sum": ("W1", lambda v, _: 150 * v, "factor", "FACTOR 150."),
    "a half": ("b2", lambda v, _: v / 2, "factor", "FACTOR 0.5."),
    "a third, negative": ("W2", lambda v, _: -v / 3, "factor", "FACTOR −1/3."),
    "in bits": ("b1", lambda v, _: v / math.log(2), "factor", "FACTOR 1/ln 2."),
    "no penalty": (
        "W2",
        lambda v, p: v - 0.1 * p["W2"],
        "parameter-multiple",
        "A TERM IS MISSING. derivative − claimed = 0.1 × p['W2']",
    ),
    "penalty twice": (
        "W2",
        lambda v, p: v + 0.1 * p["W2"],
        "parameter-multiple",
        "A TERM TOO MUCH. claimed − derivative = 0.1 × p['W2']",
    ),
    "a sum beside a penalty": (
        "W2",
        lambda v, p: 150 * (v - 0.1 * p["W2"]) + 0.1 * p["W2"],
        "factor-and-parameter",
        "claimed = 150 × derivative − 14.9 × p['W2']",
    ),
    "zero": ("b1", lambda v, _: 0 * v, "zero", "ALL ZERO."),
    "reversed": ("b1", lambda v, _: v[::-1], "reordered", "REVERSED."),
    "shifted": ("b1", lambda v, _: np.roll(v, 1), "reordered", "SHIFTED."),
    "reshaped": (
        "W1",
        lambda v, _: v.ravel("F").reshape(v.shape),
        "reordered",
        "ANOTHER ORDER.",
    ),
    "shuffled": (
        "W1",
        lambda v, _: np.random.default_rng(1).permuted(v.ravel()).reshape(v.shape),
        "reordered",
        "ANOTHER ORDER.",
    ),
    "a row zero": (
        "W1",
        lambda v, _: np.where(is_row(v, 3), 0, v),
        "part",
        "ONLY row 3 is wrong: claimed is 0 there",
    ),
    "rows of opposite sign": (
        "W1",
        lambda v, _: np.where(is_row(v, 2, 5), -v, v),
        "part",
        "ONLY rows 2 and 5 are wrong: OPPOSITE SIGN there.",
    ),
    "rows but one": (
        "W1",
        lambda v, _: np.where(is_row(v, 3), v, 1.5 * v),
        "part",
        "ALL BUT row 3 is wrong: claimed = 1.5 × derivative there.",
    ),
    "one entry": (
        "W1",
        lambda v, _: v + 0.01 * (np.arange(v.size) == 7).reshape(v.shape),
        "part",
        "ONLY p['W1'][",
    ),
    "a factor a column": (
        "W1",
        lambda v, _: v * np.arange(2, v.shape[1] + 2),
        "factor-per-slice",
        "EACH COLUMN HAS A FACTOR OF ITS OWN.",
    ),
    "a mean": (
        "W1",
        lambda v, _: np.broadcast_to(v.mean(0), v.shape),
        "constant-along-axis",
        "THE SAME IN EACH ROW.",
    ),
    "no mean": (
        "W1",
        lambda v, _: v + v.sum(0) + 1,
        "mean-missing",
        "THE SAME DIFFERENCE IN EACH ROW.",
    ),
    "an offset": (
        "b1",
        lambda v, _: v + 0.3,
        "mean-missing",
        "AN OFFSET. claimed − derivative is 0.3 in all entries measured.",
    ),
    "float32": ("W1", lambda v, _: v.astype(np.float32).astype(float), "float32", "FLOAT32."),
    "noise": ("W1", lambda v, _: v + np.random.default_rng(1).normal(size=v.shape), "", ""),
}


@pytest.mark.parametrize("width", [4, 40], ids=["scanned", "large"])
@pytest.mark.parametrize("name", MISTAKES)
def test_the_cause_is_named_and_no_other_array(name, width):
    array, mistake, pattern, cause = MISTAKES[name]
    report = gradcheck.check(net, planted(array, mistake), start(width))
    assert report.verdict == "disagrees"
    assert [each.name for each in report.arrays] == [f"p['{each}']" for each in start(1)]
    for found in report.arrays:
        is_wrong = found.name == f"p['{array}']"
        assert found.verdict == ("disagrees" if is_wrong else "agrees")
        assert bool(found.entries) == is_wrong
        if is_wrong:
            assert (found.pattern, cause in found.cause) == (pattern, True)
            assert found.look_for in {"", *LOOK_FOR.values()}
            assert bool(found.look_for) == bool(pattern)
            assert f"p['{array}'] {found.shape}: " in str(report)


def test_transposed_square():
    def loss(m):
        return float(np.sum(SQUARE * np.tanh(m @ m)))

    def grad(m):
        inner = SQUARE * (1 - np.tanh(m @ m) ** 2)
        return inner @ m.T + m.T @ inner

    at = np.random.default_rng(0).normal(size=(6, 6))
    assert gradcheck.check(loss, grad, at)
    (found,) = gradcheck.check(loss, lambda m: grad(m).T, at).arrays
    assert found.pattern == "transposed"
    assert "in all 36 entries" in found.cause


def test_one_triangle():
    def loss(m):
        return float(np.sum(np.sin(np.tril(m)) * SQUARE))

    def both(m):
        lower = np.tril(np.cos(np.tril(m)) * SQUARE)
        return lower + lower.T - np.diag(np.diag(lower))

    at = np.random.default_rng(0).normal(size=(6, 6))
    (found,) = gradcheck.check(loss, both, at).arrays
    assert found.pattern == "triangle"
    assert "reads the lower triangle" in found.cause


def test_two_arrays_swapped():
    def loss(a, b):
        return float(np.sum(np.sin(a)) + np.sum(b**3))

    at = (RNG.normal(size=7), RNG.normal(size=7))
    report = gradcheck.check(loss, lambda a, b: (3 * b**2, np.cos(a)), at)
    assert [found.pattern for found in report.arrays] == ["other-array"] * 2
    assert "The derivative by a is claimed for b." in report.arrays[0].cause


def test_a_factor_at_this_point_alone_is_none():
    """At 2, x² is twice x; elsewhere it is not."""
    (found,) = gradcheck.check(lambda x: float(x) ** 2 / 2, lambda x: x * x, 2.0).arrays
    assert found.cause == ""
    (found,) = gradcheck.check(lambda x: float(x) ** 2 / 2, lambda x: 2 * x, 2.0).arrays
    assert found.pattern == "factor"


def test_what_runs_out_of_evaluations_says_so_and_accuses_nobody():
    grad = planted("W1", lambda v, _: np.where(is_row(v, 3), 0, v))
    report = gradcheck.check(net, grad, start(40))
    before = report.evaluations
    found = report.locate(max_evaluations=20)
    assert report.evaluations <= before + 20
    assert {each.verdict for each in found} <= {"undecided", "disagrees"}
    assert report.arrays is found
    assert "p['W1'] (8, 40)" in str(report)
    assert "right." not in str(report)
    assert "while it was looking for wrong entries." in " ".join(str(report).split())


def test_a_search_that_was_stopped_begins_anew_where_it_may():
    grad = planted("W1", lambda v, _: np.where(is_row(v, 3), 0, v))
    whole = gradcheck.check(net, grad, start(40)).locate()
    report = gradcheck.check(net, grad, start(40))
    report.locate(max_evaluations=20)
    stopped = report.evaluations
    found = report.locate(max_evaluations=1_000)
    assert [(a.verdict, a.cause) for a in found] == [(a.verdict, a.cause) for a in whole]
    assert stopped < report.evaluations <= stopped + 1_000
    said = f"An earlier search was stopped at {stopped} evaluations; this one began anew."
    assert said in " ".join(str(report).split())
    once = report.evaluations
    assert report.locate(max_evaluations=5_000) is report.arrays
    assert report.evaluations == once


def test_a_search_has_no_more_evaluations_than_the_check():
    grad = planted("W1", lambda v, _: np.where(is_row(v, 3), 0, v))
    report = gradcheck.check(net, grad, start(40), max_evaluations=90)
    report.locate(max_evaluations=20)
    report.locate(max_evaluations=10_000)
    report.locate()
    assert report.evaluations == 90


@pytest.mark.parametrize(
    ("most", "error", "said"),
    [
        (-3, ValueError, "max_evaluations is -3; a number from 1 on was expected"),
        (0, ValueError, "max_evaluations is 0; a number from 1 on was expected"),
        (2.5, TypeError, "max_evaluations is of type float; a whole number was expected"),
        ("9", TypeError, "max_evaluations is of type str; a whole number was expected"),
        (True, TypeError, "max_evaluations is of type bool; a whole number was expected"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(most, error, said):
    report = gradcheck.check(net, right, start(4))
    with pytest.raises(error, match=said):
        report.locate(max_evaluations=most)


def test_the_verdict_alone_looks_for_nothing():
    report = gradcheck.check(net, planted("b1", lambda v, _: -v), start(40))
    before = report.evaluations
    assert not report
    assert report.evaluations == before
    assert report.locate()[1].pattern == "opposite-sign"
    assert report.evaluations > before


def test_others_are_stated_to_be_right_with_a_probability():
    report = gradcheck.check(net, planted("W1", MISTAKES["one entry"][1]), start(40))
    assert "No other of the 483 entries is wrong by more than 1e-" in str(report)
    assert "(probability of an oversight: at most" in " ".join(str(report).split())


@pytest.mark.parametrize(
    ("number", "stated"),
    [
        (2.0, "2"),
        (-0.5, "−0.5"),
        (1 / 3, "1/3"),
        (1 / 7, "1/7"),
        (-2 / 3, "−2/3"),
        (0.1, "0.1"),
        (math.log(2), "ln 2"),
        (-1 / math.log(2), "−1/ln 2"),
        (1.00000001, "1.00000001"),
        (1234567.0, "1234567"),
    ],
)
def test_numbers_are_stated_as_people_write_them(number, stated):
    assert stated_number(number) == stated


# -------------------------------------------------------------------------------- location


def found_in(shape, wrong, seed=0):
    """Locate wrong entries of a gradient of squares; return them, and the evaluations."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    claimed = 2 * x.ravel()
    claimed[wrong] += 1
    subject = Subject(lambda a: float((a**2).sum()), lambda a: 2 * a, x)
    z = rng.normal(size=x.size)
    slopes = calibrated(subject, float((x**2).sum()), z, float(2 * x.ravel() @ z), 1e-12)
    before = subject.evaluations
    return (
        location.located(slopes, claimed, slice(0, x.size), shape, rng),
        subject.evaluations - before,
    )


@settings(max_examples=30)
@given(st.data())
def test_few_wrong_entries_are_found_and_no_other(data):
    shape = data.draw(st.sampled_from([(300,), (20, 30), (4, 5, 6)]))
    size = math.prod(shape)
    wrong = data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=4, unique=True))
    found, evaluations = found_in(shape, wrong, data.draw(st.integers(0, 99)))
    assert sorted(found.entries.tolist()) == sorted(wrong)
    k = len(wrong)
    assert evaluations <= 4 * k * math.log2(size / k) + 100


@pytest.mark.parametrize(("k", "rows"), [(1, 2000), (3, 2000), (10, 2000), (100, 500)])
def test_halving_takes_few_evaluations(k, rows):
    n = rows * 100
    wrong = np.random.default_rng(k).choice(n, k, replace=False)
    found, evaluations = found_in((rows, 100), wrong)
    assert sorted(found.entries.tolist()) == sorted(wrong.tolist())
    assert evaluations <= 3 * k * math.log2(n / k) + 60


def test_two_entries_around_a_third_are_not_taken_for_that():
    """Equal residuals have their centre of mass between them, at an entry that is right."""
    x = np.linspace(1, 2, 30)
    claimed = 2 * x
    claimed[[10, 14]] += 1
    subject = Subject(lambda a: float((a**2).sum()), lambda a: 2 * a, x)
    slopes = calibrated(subject, float((x**2).sum()), x, float(2 * x @ x), 1e-12)
    array = location._Array(slopes, claimed, slice(0, 30), np.random.default_rng(0))
    array.weights = np.ones(30)
    groups = np.arange(30)[:, np.newaxis]
    two = location._Groups(0, 30, *array.residual(slice(None)))
    assert location._single(array, groups, two) is None
    one = location._Groups(0, 13, *array.residual(slice(0, 13)))
    found = location._single(array, groups, one)
    assert (found.start, found.stop) == (10, 11)
    assert found.residual == pytest.approx(1)


def test_a_whole_row_is_a_row_and_a_sample_of_it():
    wrong = np.arange(300).reshape(20, 15)[7]
    found, _ = found_in((20, 15), wrong)
    assert found.is_whole
    assert found.slices[0] is not None
    assert found.slices[0].tolist() == [7]
    assert found.slices[1] is None


def test_a_claim_that_is_kept_from_another_call():
    kept = right(start(4))
    (found, *_) = gradcheck.check(net, lambda _: kept, start(5) | start(4)).arrays or (None,)
    assert found is None  # at its own point it is right
    moved = {name: value + 0.1 for name, value in start(4).items()}
    for found in gradcheck.check(net, lambda _: kept, moved).arrays:
        assert found.pattern == "elsewhere"
        assert "THE SAME AT OTHER POINTS." in found.cause


def test_a_copy_of_another_arrays_gradient():
    def loss(a, b):
        return float(np.sum(np.sin(a)) + np.sum(b**3))

    def grad(a, _):
        return np.cos(a), np.cos(a)

    a, b = gradcheck.check(loss, grad, (RNG.normal(size=7), RNG.normal(size=7))).arrays
    assert a.verdict == "agrees"
    assert b.cause == "A COPY. a is claimed to have the same gradient, to the last bit."


def test_what_is_0_in_both_is_neither_right_nor_wrong():
    """Columns that are switched off have no part in "all but columns …"."""
    mask = np.array([1, 0, 1, 1, 0, 1.0])

    def loss(w):
        return float(np.sum(np.sin(w * mask) * SQUARE))

    at = np.random.default_rng(0).normal(size=(6, 6))
    (found,) = gradcheck.check(
        loss, lambda w: np.cos(w * mask) * SQUARE * mask + mask * w, at
    ).arrays
    assert "ALL BUT" not in found.cause
    assert found.extent in {"", "all entries that are not 0 in both"}


def test_like_float32_inside():
    def grad(p):
        noise = np.random.default_rng(2)
        return {k: v * (1 + 5e-8 * noise.normal(size=v.shape)) for k, v in right(p).items()}

    found = gradcheck.check(net, grad, start(4)).arrays[0]
    assert found.pattern == "float32"
    assert "as if something inside were computed in float32" in found.cause


def test_a_cause_of_one_entry_among_many_is_tested_at_that_entry():
    """A few of many entries are moved to test a cause: the wrong one has to be among them."""

    def grad(x):
        claimed = 2 * x
        claimed[123_456] = 900.0
        return claimed

    at = np.random.default_rng(0).normal(size=1_500_000)
    (found,) = gradcheck.check(lambda x: float(x @ x), grad, at).arrays
    assert found.cause == "ONLY x[123456] is wrong."


CELL = np.random.default_rng(8).normal(size=(5, 12))


@pytest.mark.parametrize("count", [5, 60], ids=["scanned", "large"])
@pytest.mark.parametrize(
    ("order", "stated"),
    [((0, 1, 3, 2), "blocks of 3, in the order 0, 1, 3, 2"), ((2, 0, 1), "in the order 2, 0, 1")],
)
def test_gates_in_another_order(count, order, stated):
    weights = np.random.default_rng(8).normal(size=(count, 12))

    def grad(w):
        gates = np.split(np.cos(w) * weights, len(order), axis=1)
        return np.concatenate([gates[gate] for gate in order], axis=1)

    at = np.random.default_rng(9).normal(size=(count, 12))
    (found,) = gradcheck.check(lambda w: float(np.sum(np.sin(w) * weights)), grad, at).arrays
    assert found.cause.startswith("BLOCKS IN ANOTHER ORDER.")
    assert stated in found.cause
    assert "gates" in found.look_for


def cholesky_loss(s):
    """A loss that reads the lower triangle, as a factorisation does."""
    return float(2 * np.log(np.diag(np.linalg.cholesky(s))).sum())


def pairs(g):
    return g + g.T - np.diag(np.diag(g))


@pytest.mark.parametrize(
    ("loss", "claim", "said"),
    [
        (cholesky_loss, np.linalg.inv, "reads the lower triangle of s; claimed shares"),
        (cholesky_loss, lambda s: pairs(np.linalg.inv(s)), "as if it read both"),
        (cholesky_loss, lambda s: np.tril(np.linalg.inv(s)), "half of its derivative"),
        (
            lambda s: float(np.linalg.slogdet(s)[1]),
            lambda s: np.tril(pairs(np.linalg.inv(s))),
            "at once, in the lower triangle alone",
        ),
        (
            lambda s: float(np.linalg.slogdet(s)[1]),
            lambda s: pairs(np.linalg.inv(s)),
            "EACH PAIR TWICE",
        ),
    ],
)
def test_entries_of_a_symmetric_matrix_are_counted_otherwise(loss, claim, said):
    factor = np.random.default_rng(3).normal(size=(5, 5))
    (found,) = gradcheck.check(loss, claim, factor @ factor.T + np.eye(5)).arrays
    assert found.pattern == "triangle"
    assert said in found.cause
    assert "Cholesky" in found.look_for


@pytest.mark.parametrize("width", [4, 40], ids=["scanned", "large"])
def test_an_update_in_place_of_a_gradient(width):
    found = gradcheck.check(net, planted("W1", lambda v, p: p["W1"] - 0.1 * v), start(width)).arrays
    assert found[0].pattern == "update"
    assert "AN UPDATED PARAMETER. claimed = p['W1'] − 0.1 × derivative" in found[0].cause
    found = gradcheck.check(net, planted("W1", lambda v, _: -0.1 * v), start(width)).arrays
    assert found[0].pattern == "factor"
    assert "the step of an update, at a learning rate of 0.1?" in found[0].cause


def test_a_factor_beside_a_penalty_names_the_penalties_that_it_fits():
    grad = planted("W2", lambda v, p: 5 * (v - 0.1 * p["W2"]))
    found = gradcheck.check(net, grad, start(40)).arrays[2]
    assert "claimed = 5 × derivative − 0.5 × p['W2']" in found.cause
    assert "Fits a penalty of 0.125 × parameter, or a missing one of 0.1." in found.cause


def test_a_term_that_is_missing_in_some_rows():
    grad = planted("W2", lambda v, p: v - np.where(is_row(v, 2, 5), 0.1 * p["W2"], 0))
    found = gradcheck.check(net, grad, start(40)).arrays[2]
    assert "rows 2 and 5 are wrong: derivative − claimed = 0.1 × p['W2'] there." in found.cause


def test_what_was_measured_nearby_serves_every_hypothesis(monkeypatch):
    """Two hypotheses on one array take one set of slopes."""
    taken = []
    original = nearby.gathered

    def counted(slopes, claimed, sizes, leaf, *others):
        taken.append(leaf.name)
        return original(slopes, claimed, sizes, leaf, *others)

    monkeypatch.setattr(nearby, "gathered", counted)
    half = np.random.default_rng(3).normal(size=(11, 11))
    # Antisymmetric: its negative is its transpose, at this point.
    report = gradcheck.check(lambda m: float((m**2).sum()), lambda m: -2 * m, half - half.T)
    (found,) = report.arrays
    assert (found.pattern, found.others) == ("opposite-sign", ())
    assert taken == ["m"] * nearby.POINTS


def test_a_pattern_at_this_point_alone_is_none():
    """In rows of one number, cubes are a factor of their own for each row; nowhere else."""
    at = np.repeat([2.0, 3.0, 4.0, 5.0, 6.0], 30).reshape(5, 30)

    def loss(w):
        return float((w**2).sum()) / 2

    (found,) = gradcheck.check(loss, lambda w: w**3, at).arrays
    assert found.pattern == ""
    (found,) = gradcheck.check(loss, lambda w: w * at**2, at).arrays
    assert found.pattern == "factor-per-slice"


@pytest.mark.parametrize(("size", "seed"), [(300, 0), (20_000, 3), (200_000, 1)])
def test_where_the_derivative_is_the_parameter_a_wrong_entry_is_no_mixture_of_both(size, seed):
    at = np.random.default_rng(0).standard_normal(size)

    def off(x):
        claimed = x.copy()
        claimed[77] += 1e-4
        return claimed

    report = gradcheck.check(lambda x: 0.5 * (x @ x), off, at, seed=seed)
    (found,) = report.arrays
    assert found.cause.startswith("ONLY x[77] is wrong"), found.cause
