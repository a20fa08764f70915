"""What becomes of vectors that start at zero: a stationary point, a strict saddle, and ways out.

At U = 0, V = 0 every first derivative is 0, exactly. The only second derivatives that are not
are the mixed ones, ∂²J/∂v_k∂U_xm = a_x δ_km, with a_x = 1/|V| - δ_xo for naive softmax and
a_x = ½(m_x - δ_xo) for negative sampling, m_x being the number of times that x was drawn.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import gradcheck
from gradcheck.strategies import generators
from gradcheck.word2vec import cases, oracle
from gradcheck.word2vec.loss_table import named
from models.losses import naive_softmax, negative_sampling

LOSSES = ["naive-softmax", "negative-sampling"]
DRAWN = {
    "naive-softmax": cases.softmax_cases(),
    "negative-sampling": cases.negative_sampling_cases(exclude_target=False),
}
EPSILON = np.finfo(np.float64).eps


def gradients(case):
    """Both gradients, by hand."""
    if case.negatives:
        return negative_sampling(case.center, case.outside, case.target, case.negatives)[1:]
    return naive_softmax(case.center, case.outside, case.target)[1:]


def value(case):
    if case.negatives:
        return negative_sampling(case.center, case.outside, case.target, case.negatives)[0]
    return naive_softmax(case.center, case.outside, case.target)[0]


def oracle_gradients(case):
    answer = (oracle.negative_sampling if case.negatives else oracle.naive_softmax)(case)
    return answer.center, answer.outside


def at_zero(case):
    return moved_to(case, np.zeros_like(case.center), np.zeros_like(case.outside))


def moved_to(case, center, outside):
    return replace(case, center=center, outside=outside)


def coefficients(case):
    """a, (|V|,): what the mixed block of the Hessian at zero is made of."""
    words = len(case.outside)
    drawn = np.bincount(case.negatives, minlength=words)
    a = drawn / 2 if case.negatives else np.full(words, 1 / words)
    a[case.target] -= 0.5 if case.negatives else 1.0
    return a


def descended(case, steps, rate=0.5):
    """The case after so many steps of gradient descent."""
    for _ in range(steps):
        by_center, by_outside = gradients(case)
        case = moved_to(case, case.center - rate * by_center, case.outside - rate * by_outside)
    return case


# ------------------------------------------------------------------ a stationary point


def assert_exactly_zero(arrays):
    for array in map(np.asarray, arrays):
        assert (array == 0.0).all(), f"{np.count_nonzero(array)} entries are not zero"


@pytest.mark.parametrize("gradient", [gradients, oracle_gradients])
@pytest.mark.parametrize("loss", LOSSES)
def test_both_gradients_are_exactly_zero(loss, gradient):
    @given(DRAWN[loss])
    def holds(case):
        assert_exactly_zero(gradient(at_zero(case)))

    holds()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("kind", ["skip-gram", "cbow"])
def test_both_gradients_of_a_window_are_exactly_zero(kind, loss):
    @given(cases.window_cases(kind=kind, negatives=named(loss).has_negatives))
    def holds(case):
        zeros = np.zeros_like(case.center_vectors)
        still = replace(case, center_vectors=zeros, outside_vectors=zeros)
        answer = (oracle.skipgram if kind == "skip-gram" else oracle.cbow)(still, named(loss))
        assert_exactly_zero([answer.center, answer.outside])

    holds()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_thousand_steps_from_zero_lead_nowhere(loss):
    @settings(max_examples=5)
    @given(DRAWN[loss].filter(lambda case: case.outside.size <= 100))
    def holds(case):
        after = descended(at_zero(case), 1000)
        assert_exactly_zero([after.center, after.outside])

    holds()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_coordinate_that_is_zero_in_all_vectors_stays_zero(loss):
    @given(DRAWN[loss], st.integers(0, 99))
    def holds(case, position):
        column = position % len(case.center)
        center, outside = case.center.copy(), case.outside.copy()
        center[column] = outside[:, column] = 0.0
        by_center, by_outside = gradients(moved_to(case, center, outside))
        assert_exactly_zero([by_center[column], by_outside[:, column]])

    holds()


@given(DRAWN["naive-softmax"])
def test_a_gradient_without_its_other_factor_is_seen(case):
    """(ŷ - y) in place of (ŷ - y) v_cᵀ: what would have to be wrong for zeros to be left."""
    assume(len(case.outside) > 1)
    residual = np.full(len(case.outside), 1 / len(case.outside))
    residual[case.target] -= 1
    with pytest.raises(AssertionError, match="entries are not zero"):
        assert_exactly_zero([np.outer(residual, np.ones_like(case.center))])


@given(DRAWN["naive-softmax"], generators())
def test_equal_rows_of_u_and_a_zero_center_are_stuck_too(case, rng):
    """Σ p u_x = u_o where all u_x are one vector; rounding is all that is left of it."""
    row = rng.standard_normal(len(case.center))
    equal = moved_to(case, 0 * case.center, np.tile(row, (len(case.outside), 1)))
    by_center, by_outside = gradients(equal)
    assert (np.abs(by_center) <= 4 * len(case.outside) * EPSILON * np.abs(row)).all()
    assert_exactly_zero([by_outside])


@given(DRAWN["negative-sampling"], generators())
def test_equal_rows_of_u_are_not_stuck_with_negative_sampling(case, rng):
    """Each of K negatives pushes by ½u, the target pulls by ½u: (K - 1)/2 u is left."""
    row = rng.standard_normal(len(case.center))
    equal = moved_to(case, 0 * case.center, np.tile(row, (len(case.outside), 1)))
    by_center, _ = gradients(equal)
    surplus = (len(case.negatives) - 1) / 2
    np.testing.assert_allclose(by_center, surplus * row, rtol=1e-14, atol=0)


# ----------------------------------------------------------------------- a strict saddle


def assert_hessian(gradient, case, a, rng):
    """wᵀHz, the derivative of ⟨gradient(t·z), w⟩ at t = 0, for random z and w."""
    words, dimension = case.outside.shape
    along, against = (rng.standard_normal((1 + words, dimension)) for _ in range(2))

    def slope(t):
        by_center, by_outside = gradient(moved_to(case, t * along[0], t * along[1:]))
        return against[0] @ by_center + np.sum(against[1:] * by_outside)

    terms = a @ (along[1:] * against[0] + against[1:] * along[0])
    # 1 for the two halves that cancel in a_o: their rounding stays.
    sizes = np.abs(along[1:] * against[0]) + np.abs(against[1:] * along[0])
    size = ((1 + np.abs(a)) @ sizes).sum()
    numerical = gradcheck.differentiate(slope, 0.0)
    assert numerical.error <= 1e-7 * (1 + size), "the bound says nothing"
    distance = abs(numerical.value - terms.sum())
    assert distance <= numerical.error + 8 * words * EPSILON * size, "another Hessian"


@pytest.mark.parametrize("loss", LOSSES)
def test_the_hessian_is_the_mixed_block_alone(loss):
    @given(DRAWN[loss].filter(lambda case: case.outside.size <= 400), generators())
    def holds(case, rng):
        a = coefficients(case)
        assume(a.any())  # nothing but rounding is left of the gradient otherwise
        assert_hessian(gradients, case, a, rng)

    holds()


def test_a_repeated_negative_that_counts_once_is_seen():
    case = cases.Case(np.zeros(2), np.zeros((4, 2)), 0, (1, 1, 2))
    once = np.array([-0.5, 0.5, 0.5, 0.0])
    with pytest.raises(AssertionError, match="another Hessian"):
        assert_hessian(gradients, case, once, np.random.default_rng(0))


def test_a_missing_one_hot_is_seen():
    case = cases.Case(np.zeros(2), np.zeros((4, 2)), 0)
    with pytest.raises(AssertionError, match="another Hessian"):
        assert_hessian(gradients, case, np.full(4, 1 / 4), np.random.default_rng(0))


def hessian_at_zero(case):
    """The Hessian (n, n) by finite differences of the hand-coded gradient; n = (1 + |V|) d."""
    words, dimension = case.outside.shape
    shape = (1 + words, dimension)

    def gradient(vector):
        point = vector.reshape(shape)
        by_center, by_outside = gradients(moved_to(case, point[0], point[1:]))
        return np.vstack([by_center, by_outside]).ravel()

    size = math.prod(shape)
    columns = np.eye(size)
    return np.array(
        [
            [
                gradcheck.differentiate(lambda x, i=i: gradient(x)[i], np.zeros(size), z).value
                for z in columns
            ]
            for i in range(size)
        ]
    )


@pytest.mark.parametrize(("words", "dimension"), [(2, 1), (3, 2), (5, 1), (2, 3)])
def test_the_eigenvalues_of_naive_softmax(words, dimension):
    case = cases.Case(np.zeros(dimension), np.zeros((words, dimension)), words - 1)
    found = np.linalg.eigvalsh(hessian_at_zero(case))
    size = math.sqrt(1 - 1 / words)
    zeros = (words - 1) * dimension
    expected = [-size] * dimension + [0.0] * zeros + [size] * dimension
    np.testing.assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize("negatives", [(1,), (1, 1), (0, 1, 2), (0, 0)])
def test_the_eigenvalues_of_negative_sampling(negatives):
    dimension = 2
    case = cases.Case(np.zeros(dimension), np.zeros((3, dimension)), 0, negatives)
    found = np.linalg.eigvalsh(hessian_at_zero(case))
    size = np.linalg.norm(coefficients(case))
    expected = [-size] * dimension + [0.0] * 2 * dimension + [size] * dimension
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_the_one_case_without_a_saddle():
    """A single negative that is the target: J = log(2 + 2 cosh u_o·v_c), smallest at 0."""
    case = cases.Case(np.zeros(2), np.zeros((3, 2)), 1, (1,))
    assert_exactly_zero([coefficients(case), hessian_at_zero(case)])
    rng = np.random.default_rng(0)
    for _ in range(20):
        elsewhere = moved_to(case, rng.standard_normal(2), rng.standard_normal((3, 2)))
        assert value(elsewhere) > value(case)


# --------------------------------------------------------------------------- the ways out


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_falls_along_the_direction_of_negative_curvature(loss):
    @given(DRAWN[loss], generators(), st.sampled_from([1e-4, 1e-3, 1e-2, 0.1]))
    def falls(case, rng, t):
        a = coefficients(case)
        assume(a.any())
        unit = rng.standard_normal(len(case.center))
        unit /= np.linalg.norm(unit)
        tilted = moved_to(case, t * unit, -t * np.outer(a / np.linalg.norm(a), unit))
        assert value(tilted) < value(at_zero(case))

    falls()


@pytest.mark.parametrize("loss", LOSSES)
def test_a_nudge_sets_descent_free(loss):
    @settings(max_examples=15)
    @given(DRAWN[loss].filter(lambda case: case.outside.size <= 100), generators())
    def holds(case, rng):
        a = coefficients(case)
        assume(a.any())
        nudge = 1e-6 * rng.standard_normal((1 + len(case.outside), len(case.center)))
        # The rate is such that the fastest direction grows by a half in each step, and 1e-6
        # would take 35 steps to grow to 1.
        nudged = moved_to(case, nudge[0], nudge[1:])
        after = descended(nudged, 100, rate=0.5 / np.linalg.norm(a))
        assert value(after) < value(at_zero(case)) - 0.01

    holds()


@pytest.mark.parametrize("loss", LOSSES)
def test_zero_outside_vectors_alone_do_not_hold(loss):
    """As word2vec.c and gensim start: U moves in the first step, v_c in the second."""

    @given(DRAWN[loss], generators())
    def holds(case, rng):
        a = coefficients(case)
        assume(a.any())
        center = rng.standard_normal(len(case.center))
        start = moved_to(case, center, np.zeros_like(case.outside))
        by_center, by_outside = gradients(start)
        assert_exactly_zero([by_center])
        np.testing.assert_allclose(by_outside, np.outer(a, center), rtol=1e-14, atol=1e-16)
        by_center, _ = gradients(descended(start, 1, rate=0.01))
        assert by_center.any()

    holds()


@pytest.mark.parametrize("loss", LOSSES)
def test_zero_center_vectors_alone_do_not_hold(loss):
    """v_c moves in the first step, U in the second."""

    @given(DRAWN[loss], generators())
    def holds(case, rng):
        a = coefficients(case)
        assume(a.any())
        outside = rng.standard_normal(case.outside.shape)
        start = moved_to(case, np.zeros_like(case.center), outside)
        by_center, by_outside = gradients(start)
        assert_exactly_zero([by_outside])
        np.testing.assert_allclose(by_center, a @ outside, rtol=1e-12, atol=1e-14)
        _, by_outside = gradients(descended(start, 1, rate=0.01))
        assert by_outside.any()

    holds()
