"""The compiled trainer: each pair against the minibatch and the oracle, then their sequence."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gradcheck
from models import losses, minibatch
from tests.models.samples import (
    EXAMPLES,
    Sample,
    assert_agrees,
    batch,
    expected,
    mutated,
    one_by_one,
    pairs,
    samples,
)

pytest.importorskip("numba", reason="the compiled trainer needs numba, the extra `fast`")

from models import compiled
from models.compiled import PairGradient, negative_sampling_sgd

ROOT = Path(__file__).parents[2]
LOSS = "negative_sampling"


def pair_gradient(sample, module=compiled):
    """Loss, gradient of V and gradient of U of a sample of one pair, the compiled way."""
    V, U, of = sample
    (inputs,), words = of.inputs, np.append(of.targets, of.negatives).astype(np.int32)
    h, grad_h = np.full((2, V.shape[1]), np.nan, dtype=V.dtype)
    shares, deltas = (np.full(len(rows), np.nan, dtype=V.dtype) for rows in (inputs, words))
    signs = np.array([-1] + [1] * (len(words) - 1), dtype=np.int8)
    gradient = PairGradient(h, shares, deltas, grad_h)
    loss = module.pair_gradient(V, U, inputs, words, signs, gradient)
    by_V, by_U = np.zeros_like(V), np.zeros_like(U)
    module.subtract_from(by_V, inputs, shares, grad_h, -1.0)
    module.subtract_from(by_U, words, deltas, h, -1.0)
    return loss, by_V, by_U


def plain_steps(sample, rate, *, whole=False):
    """Step after step, in a Python loop over `models.losses`."""
    V, U = sample.V.copy(), sample.U.copy()
    loss = 0.0
    for inputs, target, negatives in pairs(sample.batch):
        J, by_h, by_U = losses.negative_sampling(V[inputs].mean(axis=0), U, target, negatives)
        loss += J
        U -= rate * by_U
        for word in inputs:
            V[word] -= rate * by_h / (1 if whole else len(inputs))
    return loss, V, U


def steps(sample, rate, module=compiled, **options):
    V, U = sample.V.copy(), sample.U.copy()
    return module.negative_sampling_sgd(V, U, sample.batch, rate, **options), V, U


# The checks. Each mistake planted in the gradient of a pair must fail each of them.


def pair_is_the_oracles(sample, module=compiled):
    for of in one_by_one(sample.batch):
        pair = sample._replace(batch=of)
        assert_agrees(pair_gradient(pair, module), expected(LOSS, pair))


def pair_has_the_numerical_derivative(sample, module=compiled):
    for of in one_by_one(sample.batch):
        # A word that is target and negative at once has a loss that hardly moves: undecided.
        gradcheck.assert_gradient(
            lambda V, U, of=of: pair_gradient(Sample(V, U, of), module),
            (sample.V, sample.U),
            undecided="skip",
        )


def steps_are_the_plain_ones(sample, module=compiled):
    for got, plain in zip(steps(sample, 0.125, module), plain_steps(sample, 0.125), strict=True):
        np.testing.assert_allclose(got, plain, rtol=1e-12, atol=1e-12)


CHECKS = (pair_is_the_oracles, pair_has_the_numerical_derivative, steps_are_the_plain_ones)


@given(sample=samples())
def test_a_pair_is_the_oracles(sample):
    pair_is_the_oracles(sample)


@settings(max_examples=20)
@given(sample=samples(largest_score=4.0))
def test_a_pair_has_the_numerical_derivative(sample):
    pair_has_the_numerical_derivative(sample)


@given(sample=samples(largest_score=4.0))
def test_steps_are_those_of_a_plain_loop_over_the_losses(sample):
    steps_are_the_plain_ones(sample)


@given(sample=samples(largest_score=4.0))
def test_the_whole_gradient_of_a_mean_is_given_to_each_of_its_words(sample):
    whole = steps(sample, 0.125, whole=True)
    for got, plain in zip(whole, plain_steps(sample, 0.125, whole=True), strict=True):
        np.testing.assert_allclose(got, plain, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("sample", EXAMPLES)
def test_the_examples_agree(check, sample):
    check(sample)


@given(data=st.data(), score=st.sampled_from([40.0, 90.0, 700.0, 1e4, 1e6]))
def test_nothing_overflows(data, score):
    pair_is_the_oracles(data.draw(samples(largest_score=score)))


@given(data=st.data(), score=st.sampled_from([15.0, 90.0, 700.0]))
def test_float32_is_float64_but_for_its_rounding(data, score):
    sample = data.draw(samples(largest_score=score)).astype(np.float32)
    for of in one_by_one(sample.batch):
        pair = sample._replace(batch=of)
        got = pair_gradient(pair)
        assert got[1].dtype == got[2].dtype == np.float32
        assert_agrees(got, expected(LOSS, pair.astype(np.float64)))


@given(sample=samples())
def test_one_step_is_the_plain_gradient(sample):
    """At a rate of a power of two, (old - new) / rate is the gradient but for one rounding."""
    rate = 0.5
    for of in one_by_one(sample.batch):
        pair = sample._replace(batch=of)
        _, V, U = steps(pair, rate)
        gradient = minibatch.negative_sampling(*pair)
        for old, new, part in ((pair.V, V, gradient.center), (pair.U, U, gradient.outside)):
            by_matrix = part.dense(old.shape)
            size = np.abs(old).max() + np.abs(by_matrix).max()
            np.testing.assert_allclose((old - new) / rate, by_matrix, rtol=0, atol=1e-13 * size)


def test_pairs_of_distinct_rows_move_as_a_minibatch_does():
    rng = np.random.default_rng(1)
    V, U = rng.standard_normal((2, 40, 7))
    words = rng.permutation(40)
    sample = Sample(V, U, batch(words[:16].reshape(8, 2), words[:8], words[8:40].reshape(8, 4)))
    loss, new_V, new_U = steps(sample, 0.5)
    gradient = minibatch.negative_sampling(*sample)
    gradient.center.subtract_from(V, 0.5)
    gradient.outside.subtract_from(U, 0.5)
    np.testing.assert_allclose(loss, gradient.loss, rtol=1e-14)
    np.testing.assert_allclose(new_V, V, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(new_U, U, rtol=1e-13, atol=1e-15)


def test_a_nan_is_not_lost():
    """Of the liberties of fast arithmetic, none is taken that assumes numbers to be finite."""
    sample = Sample(np.full((2, 3), np.nan), np.ones((2, 3)), batch([[0]], [1], [[0]]))
    loss, V, U = steps(sample, 0.125)
    assert np.isnan(loss)
    assert np.isnan(V[0]).all()
    assert np.isnan(U).all()


@pytest.mark.parametrize(
    ("of", "message"),
    [
        (batch([[2]], [0], [[1]]), "inputs: expected rows 0 to 1, or -1 for none; got 2 to 2"),
        (batch([[-2]], [0], [[1]]), "inputs: expected rows 0 to 1, or -1 for none; got -2 to -2"),
        (batch([[0]], [2], [[1]]), "targets and negatives: .* got 1 to 2"),
        (batch([[0]], [0], [[7]]), "targets and negatives: .* got 0 to 7"),
        (batch([[0]], [0], [[-2]]), "targets and negatives: .* got -2 to 0"),
    ],
)
def test_no_row_outside_the_matrix_is_touched(of, message):
    with pytest.raises(IndexError, match=message):
        negative_sampling_sgd(np.ones((2, 3)), np.ones((2, 3)), of, 0.125)


def test_an_empty_batch_moves_nothing():
    sample = Sample(np.ones((2, 3)), np.ones((2, 3)), batch(np.empty((0, 1)), [], np.empty((0, 5))))
    loss, V, U = steps(sample, 0.125)
    assert loss == 0.0
    np.testing.assert_array_equal(V, sample.V)
    np.testing.assert_array_equal(U, sample.U)


def test_threads_with_rows_of_their_own_do_not_disturb_each_other():
    rng = np.random.default_rng(2)
    V, U = rng.standard_normal((2, 20, 5))
    halves = [
        batch(*(rng.integers(start, start + 10, size) for size in ((200, 1), 200, (200, 5))))
        for start in (0, 10)
    ]
    _, first_V, first_U = plain_steps(Sample(V, U, halves[0]), 0.01)
    _, both_V, both_U = plain_steps(Sample(first_V, first_U, halves[1]), 0.01)
    threads = [
        threading.Thread(target=negative_sampling_sgd, args=(V, U, half, 0.01)) for half in halves
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_allclose(V, both_V, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(U, both_U, rtol=1e-11, atol=1e-12)


def test_without_numba_one_line_says_what_to_install():
    program = (
        "import sys\nsys.modules['numba'] = None\n"
        "try:\n    import models.compiled\nexcept ImportError as error:\n    print(error)"
    )
    printed = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert printed == (
        "the compiled trainer needs numba: .venv/bin/pip install -e '.[fast]' in the folder of the "
        "checkout\n"
    )


def test_where_no_code_can_be_kept_it_is_compiled_all_the_same(monkeypatch):
    njit = compiled.numba.njit

    def without_cache(*, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(**options)

    monkeypatch.setattr(compiled.numba, "njit", without_cache)
    double = compiled._compile(lambda x: x + x)
    assert double(21.0) == 42.0


# What is right, and what is wrong.
MISTAKES = {
    "sign of the target": ("deltas[k] = signs[k] * sigmoid", "deltas[k] = sigmoid"),
    "sign of every score": ("deltas[k] = signs[k] * sigmoid", "deltas[k] = -signs[k] * sigmoid"),
    "σ(-x)": ("(1.0 if x >= 0.0 else e)", "(1.0 if x < 0.0 else e)"),
    "row of another word": ("score += matrix[row, j]", "score += matrix[row - 1, j]"),
    "last row only": ("total[j] += weight", "total[j] = weight"),
    "mean of the words": ("rate * weights[t]", "rate * weights[t] / len(rows)"),
    "repeats lost": (
        "        if row >= 0:\n            for j in range(len(vector))",
        "        if row >= 0 and row not in rows[:t]:\n            for j in range(len(vector))",
    ),
    "last entry lost": (
        "range(len(vector)):\n                matrix",
        "range(len(vector) - 1):\n                matrix",
    ),
}
# The loss is wrong, and the gradient belongs to it: the numerical derivative has nothing to say.
MISTAKEN_LOSSES = {
    "a skipped negative counts": ("        if words[k] >= 0:\n", "        if True:\n"),
    "no sign": ("signs[k]", "abs(signs[k])"),
    "padding counts": (
        "        if row >= 0:\n            count += 1",
        "        count += 1",
    ),
    "1/C missing": ("shares[c] = 1.0 / count if", "shares[c] = 1.0 if"),
}
# What only the sequence shows.
MISTAKES_IN_ORDER = {
    "rows of the first pair": ("subtract_from(U, words[b]", "subtract_from(U, words[0]"),
    "the last pair's step only": ("        subtract_from(V", "    subtract_from(V"),
    "V moves by h": ("gradient.grad_h, rate)", "gradient.h, rate)"),
    "no rate": ("rate * weights[t]", "abs(rate) ** 0.5 * rate * weights[t]"),
    "loss of the last pair": ("loss += pair_gradient", "loss = pair_gradient"),
}


def interpreted(replacements):
    """Return a copy of the module with mistakes in it, its functions left to Python."""
    return mutated(compiled, {"@_compile\n": "", **replacements})


def check_the_examples(check, module):
    for sample in EXAMPLES:
        check(sample, module)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_seen(mistake, check):
    right, wrong = MISTAKES[mistake]
    module = interpreted({right: wrong})
    with pytest.raises(AssertionError):
        check_the_examples(check, module)


@pytest.mark.parametrize("check", [pair_is_the_oracles, steps_are_the_plain_ones])
@pytest.mark.parametrize("mistake", MISTAKEN_LOSSES)
def test_a_planted_mistake_in_the_loss_is_seen(mistake, check):
    right, wrong = MISTAKEN_LOSSES[mistake]
    module = interpreted({right: wrong})
    with pytest.raises(AssertionError):
        check_the_examples(check, module)


@pytest.mark.parametrize("mistake", MISTAKES_IN_ORDER)
def test_a_planted_mistake_in_the_sequence_is_seen(mistake):
    right, wrong = MISTAKES_IN_ORDER[mistake]
    module = interpreted({right: wrong})
    with pytest.raises(AssertionError):
        check_the_examples(steps_are_the_plain_ones, module)


@pytest.mark.parametrize("check", CHECKS)
def test_where_nothing_is_planted_nothing_is_seen(check):
    check_the_examples(check, interpreted({}))
