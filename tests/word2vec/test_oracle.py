"""The oracle: against the complex step, explicit loops and plain implementations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings

from gradcheck.word2vec import cases, oracle
from gradcheck.word2vec.cases import Case, WindowCase
from gradcheck.word2vec.loss_table import (
    HIERARCHICAL_SOFTMAX,
    NAIVE_SOFTMAX,
    NEGATIVE_SAMPLING,
    named,
)
from tests.word2vec.explicit import assert_agrees

# What the docstring of Answer promises to plain implementations, where no score exceeds 15.
UNITS = 64


def complex_step(loss, point):
    """∂loss/∂entry = Im loss(point + ih) / h, to full precision: nothing is subtracted."""
    step = 1e-200
    gradient = np.empty(point.shape)
    for index in np.ndindex(point.shape):
        moved = point.astype(complex)
        moved[index] += 1j * step
        gradient[index] = loss(moved).imag / step
    return gradient


def naive_softmax_loss(center, outside, target):
    scores = outside @ center
    return np.log(np.exp(scores).sum()) - scores[target]


def negative_sampling_loss(center, outside, target, negatives):
    signed = [-outside[target] @ center, *(outside[word] @ center for word in negatives)]
    return sum(np.log(1 + np.exp(score)) for score in signed)


def by_complex_step(case):
    def loss(center, outside):
        if case.negatives:
            return negative_sampling_loss(center, outside, case.target, case.negatives)
        return naive_softmax_loss(center, outside, case.target)

    return (
        loss(case.center, case.outside),
        complex_step(lambda center: loss(center, case.outside), case.center),
        complex_step(lambda outside: loss(case.center, outside), case.outside),
    )


@settings(max_examples=60)
@given(cases.softmax_cases().filter(lambda case: case.outside.size <= 400))
def test_naive_softmax_is_the_complex_step_of_its_loss(case):
    assert_agrees(oracle.naive_softmax(case), by_complex_step(case), UNITS)


@settings(max_examples=60)
@given(
    cases.negative_sampling_cases(exclude_target=False).filter(
        lambda case: case.outside.size <= 400
    )
)
def test_negative_sampling_is_the_complex_step_of_its_loss(case):
    assert_agrees(oracle.negative_sampling(case), by_complex_step(case), UNITS)


def log_of_a_quotient(case):
    exponentials = np.exp(case.outside @ case.center)
    probabilities = exponentials / exponentials.sum()
    loss = -np.log(probabilities[case.target])
    probabilities[case.target] -= 1
    return loss, case.outside.T @ probabilities, np.outer(probabilities, case.center)


def exp_of_a_log(case):
    scores = np.einsum("wd,d->w", case.outside, case.center)
    logs = scores - np.log(np.exp(scores).sum())
    residual = np.exp(logs)
    residual[case.target] -= 1
    return (
        -logs[case.target],
        np.einsum("w,wd->d", residual, case.outside),
        np.einsum("w,d->wd", residual, case.center),
    )


def loops(case):
    scores = [sum(a * b for a, b in zip(row, case.center, strict=True)) for row in case.outside]
    total = sum(math.exp(score) for score in scores)
    center, outside = -case.outside[case.target], np.zeros(case.outside.shape)
    for word, score in enumerate(scores):
        center = center + math.exp(score) / total * case.outside[word]
        outside[word] = math.exp(score) / total * case.center
    outside[case.target] -= case.center
    return -math.log(math.exp(scores[case.target]) / total), center, outside


def sigma(x):
    return 1 / (1 + np.exp(-x))


def one_minus_sigma(case):
    score = sigma(case.outside[case.target] @ case.center)
    loss = -np.log(score)
    center, outside = (score - 1) * case.outside[case.target], np.zeros(case.outside.shape)
    outside[case.target] += (score - 1) * case.center
    for word in case.negatives:
        score = sigma(case.outside[word] @ case.center)
        loss -= np.log(1 - score)
        center = center + score * case.outside[word]
        outside[word] += score * case.center
    return loss, center, outside


def sigma_of_minus(case):
    drawn = list(case.negatives)
    score = sigma(case.outside[case.target] @ case.center)
    scores = sigma(-case.outside[drawn] @ case.center)
    outside = np.zeros(case.outside.shape)
    outside[case.target] = -(1 - score) * case.center
    np.add.at(outside, drawn, np.outer(1 - scores, case.center))
    return (
        -np.log(score) - np.log(scores).sum(),
        -(1 - score) * case.outside[case.target] + (1 - scores) @ case.outside[drawn],
        outside,
    )


@pytest.mark.parametrize("plain", [log_of_a_quotient, exp_of_a_log, loops])
def test_plain_naive_softmax_is_within_the_stated_units(plain):
    @given(cases.softmax_cases())
    def agrees(case):
        assert_agrees(oracle.naive_softmax(case), plain(case), UNITS)

    agrees()


@pytest.mark.parametrize("plain", [one_minus_sigma, sigma_of_minus])
def test_plain_negative_sampling_is_within_the_stated_units(plain):
    @given(cases.negative_sampling_cases())
    def agrees(case):
        assert_agrees(oracle.negative_sampling(case), plain(case), UNITS)

    agrees()


@given(cases.softmax_cases())
def test_the_scales_of_naive_softmax_are_sums_of_absolute_terms(case):
    answer = oracle.naive_softmax(case)
    words, dimension = case.outside.shape
    scores = [float(row @ case.center) for row in case.outside]
    largest = max(scores)
    total = sum(math.exp(score - largest) for score in scores)
    weights = [math.exp(score - largest) / total for score in scores]
    sums = [
        sum(abs(case.outside[w, j] * case.center[j]) for j in range(dimension))
        for w in range(words)
    ]
    rounding = 1 + max(sums)
    hit = [float(w == case.target) for w in range(words)]
    center = [
        rounding * sum((weights[w] + hit[w]) * abs(case.outside[w, j]) for w in range(words))
        for j in range(dimension)
    ]
    outside = [
        [rounding * (weights[w] + hit[w]) * abs(case.center[j]) for j in range(dimension)]
        for w in range(words)
    ]
    loss = abs(scores[case.target]) + abs(largest + math.log(total)) + rounding
    np.testing.assert_allclose(answer.loss_scale, loss, rtol=1e-9)
    np.testing.assert_allclose(answer.center_scale, center, rtol=1e-9, atol=1e-290)
    np.testing.assert_allclose(answer.outside_scale, outside, rtol=1e-9, atol=1e-290)


@given(cases.negative_sampling_cases(exclude_target=False))
def test_the_scales_of_negative_sampling_are_sums_of_absolute_terms(case):
    answer = oracle.negative_sampling(case)
    loss = answer.loss
    center, outside = np.zeros(len(case.center)), np.zeros(case.outside.shape)
    for position, word in enumerate([case.target, *case.negatives]):
        rounding = 1 + sum(abs(a * b) for a, b in zip(case.outside[word], case.center, strict=True))
        score = float(case.outside[word] @ case.center)
        loss += rounding + (math.exp(min(score, 15.0)) if position and score > 0 else 0.0)
        center += rounding * np.abs(case.outside[word])
        outside[word] += rounding * np.abs(case.center)
    np.testing.assert_allclose(answer.loss_scale, loss, rtol=1e-9)
    np.testing.assert_allclose(answer.center_scale, center, rtol=1e-9, atol=1e-290)
    np.testing.assert_allclose(answer.outside_scale, outside, rtol=1e-9, atol=1e-290)


def window_loss(case, kind):
    """The loss of a window as a function of both matrices, pair by pair."""

    def loss(center_vectors, outside_vectors):
        if kind == "skip-gram":
            pairs = [(center_vectors[case.center], word) for word in case.context]
        else:
            pairs = [(sum(center_vectors[word] for word in case.context), case.center)]
        total = 0.0
        for position, (vector, target) in enumerate(pairs):
            total = total + (
                negative_sampling_loss(vector, outside_vectors, target, case.negatives[position])
                if case.negatives
                else naive_softmax_loss(vector, outside_vectors, target)
            )
        return total

    return loss


@pytest.mark.parametrize("loss", [NAIVE_SOFTMAX, NEGATIVE_SAMPLING], ids=lambda loss: loss.name)
@pytest.mark.parametrize("kind", ["skip-gram", "cbow"])
def test_windows_are_the_complex_step_of_their_loss(kind, loss):
    @settings(max_examples=40)
    @given(
        cases.window_cases(kind=kind, negatives=loss.has_negatives).filter(
            lambda case: case.center_vectors.size <= 100
        )
    )
    def agrees(case):
        answer = (oracle.skipgram if kind == "skip-gram" else oracle.cbow)(case, loss)
        value = window_loss(case, kind)
        got = (
            value(case.center_vectors, case.outside_vectors),
            complex_step(lambda v: value(v, case.outside_vectors), case.center_vectors),
            complex_step(lambda u: value(case.center_vectors, u), case.outside_vectors),
        )
        assert_agrees(answer, got, UNITS)

    agrees()


WINDOW = WindowCase(np.eye(3), np.arange(9.0).reshape(3, 3) / 9, 0, (1, 1, 2), 2)


def test_a_mean_in_place_of_the_sum_is_seen():
    mean = WindowCase(np.eye(3) / 3, WINDOW.outside_vectors, 0, (1, 1, 2), 2)
    expected = oracle.cbow(WINDOW, NAIVE_SOFTMAX)
    got = oracle.cbow(mean, NAIVE_SOFTMAX)
    with pytest.raises(AssertionError, match="units"):
        assert_agrees(expected, (got.loss, got.center, got.outside), UNITS)


def test_a_window_of_one_word_is_a_pair():
    case = WindowCase(np.eye(3), WINDOW.outside_vectors, 2, (1,), 1)
    pair = oracle.naive_softmax(Case(np.eye(3)[2], WINDOW.outside_vectors, 1))
    window = oracle.skipgram(case, NAIVE_SOFTMAX)
    assert window.loss == pair.loss
    np.testing.assert_array_equal(window.center[2], pair.center)
    assert not window.center[:2].any()
    np.testing.assert_array_equal(window.outside, pair.outside)


def test_what_a_window_lacks_is_said():
    with pytest.raises(ValueError, match=r"^negatives: expected 3, one tuple for each"):
        oracle.skipgram(WINDOW, NEGATIVE_SAMPLING)
    with pytest.raises(ValueError, match=r"^loss: hierarchical softmax predicts paths, and a wind"):
        oracle.cbow(WINDOW, HIERARCHICAL_SOFTMAX)
    with pytest.raises(
        ValueError,
        match=r"^loss: expected naive-softmax, negative-sampling or hierarchical-softmax, got",
    ):
        named("softmax")


@given(cases.large_score_softmax_cases())
def test_large_scores_stay_finite(case):
    answer = oracle.naive_softmax(case)
    assert np.isfinite(answer.loss)
    assert np.isfinite(answer.center).all()
    assert np.isfinite(answer.outside_scale).all()


def test_the_question_that_started_it():
    """u_o - Σ p u_x is the gradient of log p; that of the loss is its opposite."""
    case = Case([1.0, -1.0], [[0.5, 0.0], [0.0, 0.5], [1.0, 1.0]], 2)
    weights = np.exp(case.outside @ case.center)
    climbed = case.outside[2] - weights / weights.sum() @ case.outside
    np.testing.assert_allclose(oracle.naive_softmax(case).center, -climbed, rtol=1e-14)
