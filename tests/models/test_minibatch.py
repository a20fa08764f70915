"""Minibatches: against the oracle, the losses of one pair, and the numerical derivative."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

import gradcheck
from gradcheck.strategies import generators
from gradcheck.word2vec import cases, oracle
from gradcheck.word2vec.loss_table import named
from models import minibatch, scatter
from models.minibatch import RowGradient
from tests.models.samples import (
    EXAMPLES,
    LOSSES,
    Sample,
    assert_agrees,
    batch,
    by_losses,
    expected,
    mutated,
    pairs,
    samples,
)

# exp of -700 is a float64 and no float32; scores of 700 and more are what overflows.
LARGE_SCORES = st.sampled_from([40.0, 90.0, 700.0, 1e4, 1e6])


def dense(loss, sample, module=minibatch):
    """Loss, gradient of V and gradient of U of a minibatch."""
    gradient = getattr(module, loss)(*sample)
    return (
        gradient.loss,
        gradient.center.dense(sample.V.shape),
        gradient.outside.dense(sample.U.shape),
    )


# The checks. Each planted mistake must fail each of them.


def is_the_sum_of_the_pairs(loss, sample, module=minibatch):
    assert_agrees(dense(loss, sample, module), by_losses(loss, sample))


def is_the_oracles(loss, sample, module=minibatch):
    assert_agrees(dense(loss, sample, module), expected(loss, sample))


def is_the_numerical_derivative(loss, sample, module=minibatch):
    def loss_and_gradient(V, U):
        return dense(loss, Sample(V, U, sample.batch), module)

    # Vectors of a thousandth, say, whose terms cancel: rounding hides whether they do.
    gradcheck.assert_gradient(loss_and_gradient, (sample.V, sample.U), undecided="skip")


CHECKS = (is_the_sum_of_the_pairs, is_the_oracles, is_the_numerical_derivative)


@pytest.mark.parametrize("loss", LOSSES)
@given(sample=samples())
def test_a_minibatch_is_the_sum_of_its_pairs(loss, sample):
    is_the_sum_of_the_pairs(loss, sample)
    is_the_oracles(loss, sample)


@pytest.mark.parametrize("loss", LOSSES)
@settings(max_examples=30)
@given(sample=samples(largest_score=4.0))
def test_a_minibatch_has_the_numerical_derivative(loss, sample):
    is_the_numerical_derivative(loss, sample)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("sample", EXAMPLES)
def test_the_examples_agree(loss, check, sample):
    check(loss, sample)


@pytest.mark.parametrize("loss", LOSSES)
@given(data=st.data(), score=LARGE_SCORES)
def test_nothing_overflows(loss, data, score):
    sample = data.draw(samples(largest_score=score))
    assert_agrees(dense(loss, sample), expected(loss, sample))


@pytest.mark.parametrize("loss", LOSSES)
@given(data=st.data(), score=st.sampled_from([15.0, 90.0, 700.0]))
def test_float32_is_float64_but_for_its_rounding(loss, data, score):
    sample = data.draw(samples(largest_score=score)).astype(np.float32)
    got = dense(loss, sample)
    assert type(got[0]) is float
    assert got[1].dtype == got[2].dtype == np.float32
    assert_agrees(got, expected(loss, sample.astype(np.float64)))


@pytest.mark.parametrize("loss", LOSSES)
@settings(max_examples=30)
@given(data=st.data())
def test_skip_gram_is_the_oracles_window(loss, data):
    row = named(loss.replace("_", "-"))
    case = data.draw(cases.window_cases(kind="skip-gram", negatives=row.has_negatives))
    V, U = case.center_vectors, case.outside_vectors
    of = batch([[case.center]] * len(case.context), case.context, case.negatives or None)
    sample = Sample(V, U, of)
    answer = oracle.skipgram(case, row)
    scales = expected(loss, sample)
    assert_agrees(dense(loss, sample), with_values(scales, answer))


@pytest.mark.parametrize("loss", LOSSES)
@settings(max_examples=30)
@given(data=st.data())
def test_cbow_is_the_oracles_window_of_vectors_divided_by_their_number(loss, data):
    """The oracle's CBOW sums: V / C goes in, and ∂J/∂V = ∂J/∂(V / C) / C comes out."""
    row = named(loss.replace("_", "-"))
    case = data.draw(cases.window_cases(kind="cbow", negatives=row.has_negatives))
    count = len(case.context)
    sample = Sample(
        case.center_vectors * count,
        case.outside_vectors,
        batch([case.context], [case.center], case.negatives or None),
    )
    answer = oracle.cbow(case, row)
    answer.center[:] /= count
    scales = expected(loss, sample)
    assert_agrees(dense(loss, sample), with_values(scales, answer))


def with_values(scales, values):
    return replace(scales, loss=values.loss, center=values.center, outside=values.outside)


@pytest.mark.parametrize("loss", LOSSES)
@given(sample=samples())
def test_a_step_subtracts_rate_times_the_gradient(loss, sample):
    V, U, of = sample
    gradient = getattr(minibatch, loss)(V, U, of)
    _, by_V, by_U = dense(loss, sample)
    for matrix, part, by_matrix in ((V, gradient.center, by_V), (U, gradient.outside, by_U)):
        moved = matrix.copy()
        part.subtract_from(moved, 0.25)
        np.testing.assert_allclose(moved, matrix - 0.25 * by_matrix, rtol=1e-14, atol=1e-14)


@given(
    rows=arrays(
        np.int32, array_shapes(min_dims=2, max_dims=2, max_side=8), elements=st.integers(-1, 5)
    ),
    rng=generators(),
)
def test_a_row_gradient_is_a_sum_of_outer_products(rows, rng):
    weights, vectors = rng.standard_normal(rows.shape), rng.standard_normal((len(rows), 3))
    total = np.zeros((6, 3))
    for indices, factors, vector in zip(rows, weights, vectors, strict=True):
        for row, factor in zip(indices, factors, strict=True):
            if row >= 0:
                total[row] += factor * vector
    np.testing.assert_allclose(
        RowGradient(rows, weights, vectors).dense((6, 3)), total, rtol=1e-13, atol=1e-13
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_nothing_is_overwritten(loss):
    for sample in EXAMPLES:
        V, U, of = sample.V.copy(), sample.U.copy(), [part.copy() for part in sample.batch]
        dense(loss, sample)
        np.testing.assert_array_equal(sample.V, V)
        np.testing.assert_array_equal(sample.U, U)
        for before, after in zip(of, sample.batch, strict=True):
            np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_row_that_is_not_there_is_no_other_row(loss):
    V, U, _ = EXAMPLES[0]
    function = getattr(minibatch, loss)
    with pytest.raises(IndexError, match=r"inputs: expected rows 0 to 3, or -1 .*; got 4 to 4"):
        function(V, U, batch([[4]], [0], [[1]]))
    with pytest.raises(IndexError, match=r"targets.*: expected rows 0 to 3, or -1 .*; got .* to 4"):
        function(V, U, batch([[0]], [4], [[1]]))
    with pytest.raises(IndexError):
        RowGradient(np.array([[4]]), np.ones((1, 1)), V[:1]).subtract_from(V, 1.0)


@pytest.mark.parametrize("scores", [1, 7, 12, 1000])
def test_naive_softmax_holds_as_many_scores_as_it_may(monkeypatch, scores):
    """Of a batch of 3 pairs and 4 words, 1, 1, 3 and 3 pairs at a time."""
    monkeypatch.setattr(minibatch, "_SCORES_AT_A_TIME", scores)
    for sample in EXAMPLES:
        is_the_oracles("naive_softmax", sample)


def test_the_scores_that_are_held_at_a_time_take_16_megabytes_at_most(monkeypatch):
    held = []

    def seen(scores, targets, residuals=minibatch._softmax_residuals):
        held.append(scores.nbytes)
        return residuals(scores, targets)

    monkeypatch.setattr(minibatch, "_softmax_residuals", seen)
    V = U = np.zeros((20_000, 1), dtype=np.float32)
    pairs = np.zeros((220, 1), dtype=np.int32)  # 17.6 MB
    minibatch.naive_softmax(V, U, batch(pairs, pairs[:, 0], pairs[:, :0]))
    assert sum(held) == 4 * len(U) * len(pairs)
    # Not far less either: each part is a call of NumPy, and more of them take longer.
    assert 8e6 < max(held) <= 2**24


@pytest.mark.parametrize("loss", LOSSES)
@given(sample=samples())
def test_whole_gives_each_word_of_a_window_what_the_mean_receives(loss, sample):
    right = getattr(minibatch, loss)(*sample)
    whole = minibatch.whole(right)
    assert (whole.loss, whole.outside) == (right.loss, right.outside)
    given_to = np.zeros_like(sample.V)
    for pair, by_h in zip(pairs(sample.batch), right.center.vectors, strict=True):
        for word in pair.inputs:
            given_to[word] += by_h
    np.testing.assert_allclose(whole.center.dense(sample.V.shape), given_to, atol=1e-12)


NAIVE, SAMPLED = LOSSES
# What the gradients end with.
NAIVE_CENTER = "        RowGradient(batch.inputs, shares, grad_h),\n        RowGradient(every_row"
SAMPLED_CENTER = "        RowGradient(inputs, shares, grad_h),\n        RowGradient(words"
SAMPLED_OUTSIDE = "RowGradient(words, deltas, h)"

# Of which loss, what is right, and what is wrong.
MISTAKES = {
    "sign of ∂J/∂h": (NAIVE, "= residuals @ U", "= -residuals @ U"),
    "sign of ∂J/∂U": (NAIVE, "grad_U += residuals.T", "grad_U -= residuals.T"),
    "sign of y": (NAIVE, "targets] -= 1.0", "targets] += 1.0"),
    "y of another word": (NAIVE, "targets] -= 1.0", "targets - 1] -= 1.0"),
    "no normalizer": (NAIVE, "    residuals /= normalizers\n", ""),
    "residuals of other words": (
        NAIVE,
        "residuals.T @ h[part]",
        "np.roll(residuals, 1, axis=1).T @ h[part]",
    ),
    "last pairs only": (NAIVE, "grad_U += residuals.T", "grad_U[:] = residuals.T"),
    "mean of the batch": (NAIVE, "shape), grad_U)", "shape), grad_U / len(h))"),
    "1/C missing": (NAIVE, NAIVE_CENTER, NAIVE_CENTER.replace("shares", "np.ceil(shares)")),
    "sign of the target": (SAMPLED, "= signs * sigmoids", "= np.abs(signs) * sigmoids"),
    "sign of everything": (SAMPLED, "= signs * sigmoids", "= -signs * sigmoids"),
    "σ(-x)": (SAMPLED, "np.where(x >= 0", "np.where(x < 0"),
    "skipped is the last row": (SAMPLED, "    signs[words < 0] = 0.0\n", ""),
    "rows of other words": (SAMPLED, SAMPLED_OUTSIDE, "RowGradient(words[:, ::-1], deltas, h)"),
    "rows of other pairs": (SAMPLED, SAMPLED_OUTSIDE, "RowGradient(words[::-1], deltas, h)"),
    "mean of the negatives": (SAMPLED, SAMPLED_OUTSIDE, "RowGradient(words, deltas / 2, h)"),
    "∂J/∂h for h": (SAMPLED, SAMPLED_OUTSIDE, "RowGradient(words, deltas, grad_h)"),
    "1/C missing, sampled": (
        SAMPLED,
        SAMPLED_CENTER,
        SAMPLED_CENTER.replace("shares", "np.ceil(shares)"),
    ),
    "target's row only": (SAMPLED, SAMPLED_OUTSIDE, "RowGradient(words[:, :1], deltas[:, :1], h)"),
    "rate of the wrong sign": (SAMPLED, "matrix.dtype.type(rate)", "matrix.dtype.type(-rate)"),
}
SUMS = 'np.einsum("rn,rnd->rd", factors[terms], of_terms, out=sums[part])'
LAST = "sums[part] = factors[terms][:, -1:] * of_terms[:, -1]"
# The same, in the scattering of the terms.
MISTAKES_IN_SCATTERING = {
    "repeats lost": (SAMPLED, SUMS, LAST),
    "repeats lost, naive": (NAIVE, SUMS, LAST),
    "none is the last row": (
        SAMPLED,
        "    places = places[: np.count_nonzero(named >= 0)]",
        "    #",
    ),
    "vectors of other pairs": (SAMPLED, "terms // rows.shape[1]", "terms % len(vectors)"),
}

# The loss is wrong, and the gradient belongs to it: the numerical derivative has nothing to say.
MISTAKEN_LOSSES = {
    "sum of the context": (
        "shares: Floats = (present / present.sum(axis=1, keepdims=True))",
        "shares: Floats = (present)",
    ),
    "padding counts": ("present.sum(axis=1, keepdims=True)", "present.shape[1]"),
    "a skipped negative counts": ("np.abs(signs) * losses", "losses"),
}


def check_the_examples(check, loss, module):
    module._SCORES_AT_A_TIME = 4  # one pair at a time
    for sample in EXAMPLES:
        check(loss, sample, module)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_seen(mistake, check):
    loss, right, wrong = MISTAKES[mistake]
    module = mutated(minibatch, {right: wrong})
    with pytest.raises(AssertionError):
        check_the_examples(check, loss, module)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("mistake", MISTAKES_IN_SCATTERING)
def test_a_planted_mistake_in_the_scattering_is_seen(mistake, check):
    loss, right, wrong = MISTAKES_IN_SCATTERING[mistake]
    module = mutated(minibatch, {})
    module.subtract_products = mutated(scatter, {right: wrong}).subtract_products
    with pytest.raises(AssertionError):
        check_the_examples(check, loss, module)


@pytest.mark.parametrize("check", [is_the_sum_of_the_pairs, is_the_oracles])
@pytest.mark.parametrize("mistake", MISTAKEN_LOSSES)
def test_a_planted_mistake_in_the_loss_is_seen(mistake, check):
    right, wrong = MISTAKEN_LOSSES[mistake]
    module = mutated(minibatch, {right: wrong})
    with pytest.raises(AssertionError):
        check_the_examples(check, SAMPLED, module)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("loss", LOSSES)
def test_where_nothing_is_planted_nothing_is_seen(loss, check):
    check_the_examples(check, loss, mutated(minibatch, {}))
