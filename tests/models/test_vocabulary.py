"""Counts, the probability to keep a word, and the noise that negatives are drawn from."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from models.vocabulary import Noise, Vocabulary, from_counts
from tests.models import chi_square


def count(text, min_count):
    counts = Counter(word for sentence in text for word in sentence)
    return from_counts(list(counts), np.array(list(counts.values()), dtype=np.int64), min_count)


TEXTS = st.lists(st.lists(st.sampled_from(["a", "b", "c", "dd", "é"]), max_size=8), max_size=12)


@given(TEXTS, st.integers(1, 4))
def test_the_vocabulary_is_the_frequent_words_by_falling_count(text, min_count):
    counts = Counter(word for sentence in text for word in sentence)
    expected = sorted(
        ((word, n) for word, n in counts.items() if n >= min_count), key=lambda x: (-x[1], x[0])
    )
    if len(expected) < 2:
        with pytest.raises(InputError):
            count(text, min_count)
        return
    vocabulary = count(text, min_count)
    assert list(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)) == expected
    assert vocabulary.counts.dtype == np.int64
    assert len(vocabulary) == len(expected)
    assert vocabulary.total == sum(n for _, n in expected)
    assert all(vocabulary.words[i] == word for word, i in vocabulary.index.items())


@pytest.mark.parametrize(
    ("text", "min_count", "message"),
    [
        ([], 1, "the text is empty: it has no words"),
        ([["a", "a"]], 1, "the text has one word only, 'a': training needs at least two"),
        (
            [["a", "b", "b"]],
            5,
            (
                "fewer than two words that occur 5 times, the minimum count: the most frequent of "
                "its 2 words, 'b', occurs 2 times; lower the minimum count"
            ),
        ),
        ([["a", "b"]], 2, "the most frequent of its 2 words, 'a', occurs once; lower"),
        ([["a", "b", "b"]], 2, "fewer than two words that occur 2 times"),
    ],
)
def test_too_few_words_are_one_message(text, min_count, message):
    with pytest.raises(InputError, match=re.escape(message)):
        count(text, min_count)


def vocabulary_of(*counts):
    return Vocabulary(tuple(f"w{i}" for i in range(len(counts))), np.array(counts))


def word2vec_c(f, t):
    # (√(f/t) + 1)·t/f
    return (math.sqrt(f / t) + 1) * t / f


def fasttext(f, t):
    # √(t/f) + t/f
    return math.sqrt(t / f) + t / f


def paper(f, t):
    # 1 - P(discard), P(discard) = 1 - √(t/f)
    return 1 - (1 - math.sqrt(t / f))


RULES = {"word2vec": word2vec_c, "fasttext": fasttext, "paper": paper}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("sample", [1e-5, 1e-3, 0.2])
def test_keep_probabilities_are_the_formulas(rule, sample):
    vocabulary = vocabulary_of(900_000, 50_000, 2_000, 300, 5)
    expected = [min(1, RULES[rule](n / vocabulary.total, sample)) for n in vocabulary.counts]
    keep = vocabulary.keep_probabilities(sample, rule)
    np.testing.assert_allclose(keep, expected, rtol=1e-12)
    assert keep[0] < keep[-1] == 1


def test_sample_0_keeps_all():
    assert (vocabulary_of(9, 1).keep_probabilities(0) == 1).all()


@pytest.mark.parametrize("sample", [-1e-3, math.nan, math.inf])
def test_a_sample_that_is_none_is_refused(sample):
    with pytest.raises(ValueError, match="sample: expected a finite number >= 0"):
        vocabulary_of(9, 1).keep_probabilities(sample)


def test_an_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="rule: expected word2vec, fasttext or paper, got 'x'"):
        vocabulary_of(9, 1).keep_probabilities(1e-3, "x")


@pytest.mark.parametrize("power", [0.75, 0.5, 0, 1, -1])
def test_noise_is_the_counts_to_a_power(power):
    counts = [1_000, 300, 20, 1]
    weights = [n**power for n in counts]
    expected = [w / sum(weights) for w in weights]
    np.testing.assert_allclose(
        vocabulary_of(*counts).noise(power).probabilities, expected, rtol=1e-12
    )


def test_word2vec_c_is_the_default():
    vocabulary = vocabulary_of(1_000, 300, 20, 1)
    assert (vocabulary.noise().probabilities == vocabulary.noise(0.75).probabilities).all()
    by_default = vocabulary.keep_probabilities(1e-3)
    assert (by_default == vocabulary.keep_probabilities(1e-3, "word2vec")).all()
    assert (by_default != vocabulary.keep_probabilities(1e-3, "paper")).any()


@pytest.mark.parametrize(("power", "certain"), [(1e9, 0), (-300, 2), (-1e9, 2)])
def test_a_large_power_leaves_one_word(power, certain):
    probabilities = vocabulary_of(1_000, 900, 10).noise(power).probabilities
    assert probabilities.tolist() == pytest.approx(np.eye(3)[certain], abs=1e-300)


def test_a_power_that_is_none_is_refused():
    with pytest.raises(ValueError, match="power: expected a finite number, got nan"):
        vocabulary_of(9, 1).noise(math.nan)


@pytest.mark.parametrize("n", [2, 3, 64, 1_000])
@pytest.mark.parametrize("power", [0.75, 0])
def test_noise_is_drawn_as_often_as_it_is_probable(n, power):
    noise = vocabulary_of(*(100_000 // np.arange(1, n + 1))).noise(power)
    drawn = noise.draw(np.random.default_rng(3), (1_000, 200))
    observed = np.bincount(drawn.ravel(), minlength=n)
    assert len(observed) == n
    expected = noise.probabilities * drawn.size
    assert abs(chi_square.deviation(observed, expected)) < chi_square.LARGEST


def test_noise_of_one_word_draws_it():
    assert (Noise([0.3]).draw(np.random.default_rng(3), 1_000) == 0).all()


def test_noise_of_another_distribution_is_seen():
    noise = vocabulary_of(*(100_000 // np.arange(1, 65))).noise(0.75)
    drawn = noise.draw(np.random.default_rng(3), 200_000)
    other = vocabulary_of(*(100_000 // np.arange(1, 65))).noise(0.7)
    observed = np.bincount(drawn, minlength=64)
    expected = other.probabilities * drawn.size
    assert chi_square.deviation(observed, expected) > chi_square.LARGEST


@given(
    st.lists(st.sampled_from([0, 1e-300, 1e-9, 0.1, 1, 3, 1e9]), min_size=1, max_size=30).filter(
        any
    )
)
def test_the_alias_table_holds_the_distribution_exactly(weights):
    noise = Noise(weights)
    n = len(weights)
    mass = np.zeros(n)
    np.add.at(mass, np.arange(n), noise._thresholds)
    np.add.at(mass, np.arange(n) + noise._steps, 1 - noise._thresholds)
    np.testing.assert_allclose(mass / n, noise.probabilities, atol=1e-15)


def test_draws_are_int32_of_the_shape_and_come_from_the_generator():
    noise = Noise([1, 2, 3])
    drawn = noise.draw(np.random.default_rng(5), (4, 2))
    assert drawn.dtype == np.int32
    assert drawn.shape == (4, 2)
    assert (drawn == noise.draw(np.random.default_rng(5), (4, 2))).all()
    assert noise.draw(np.random.default_rng(5), (4, 0)).shape == (4, 0)


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [1, math.nan], [[1, 2]], [math.inf]])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(ValueError, match="weights: expected finite numbers >= 0, not all 0"):
        Noise(weights)
