"""Pairs and negatives against a plain loop over the same draws, and the draws themselves."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from itertools import groupby, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.pairs import batches, generator
from models.reading.corpus import encode
from models.vocabulary import Noise, Vocabulary
from tests.models import chi_square

WORDS = 6
BLOCKS = st.lists(st.lists(st.integers(0, WORDS - 1), min_size=1, max_size=9), max_size=6)
KEEP = np.array([0.1, 0.5, 0.9, 1, 1, 0.3])
NOISE = Noise([5, 1, 1, 1, 1, 1])


def block_of(sentences):
    return np.array([word for s in sentences for word in [*s, -1]], dtype=np.int32)


class Recorder:
    """A generator that remembers what it drew."""

    def __init__(self, seed):
        self._rng = np.random.default_rng(seed)
        self.uniforms, self.reaches = [], []

    def random(self, size):
        drawn = self._rng.random(size)
        self.uniforms.extend(drawn.tolist())
        return drawn

    def integers(self, low, high, *, size, endpoint):
        drawn = self._rng.integers(low, high, size=size, endpoint=endpoint)
        self.reaches.extend(drawn.tolist())
        return drawn


def kept_sentences(block, recorder, keep):
    """What is left of each sentence: a word stays whose draw is below its probability."""
    sentences, sentence = [], []
    uniforms = iter(recorder.uniforms)
    for word in block.tolist():
        uniform = next(uniforms) if keep is not None else 0
        if word < 0:
            sentences.append(sentence)
            sentence = []
        elif keep is None or uniform < keep[word]:
            sentence.append(word)
    return sentences


def plain_windows(sentences, reaches):
    """Each center word, and the words before and after it within its reach, as word2vec.c."""
    reaches = iter(reaches)
    for sentence in sentences:
        for i, center in enumerate(sentence):
            reach = next(reaches)
            yield center, sentence[max(i - reach, 0) : i] + sentence[i + 1 : i + 1 + reach]


def joined(parts):
    """All batches as one."""
    parts = list(parts)
    return type(parts[0])(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


@given(
    sentences=BLOCKS,
    window=st.integers(1, 5),
    keep=st.sampled_from([None, KEEP]),
    direction=st.sampled_from(["center-predicts-outside", "outside-predicts-center"]),
    batch_size=st.integers(1, 40),
    seed=st.integers(0, 2**32),
)
def test_skip_gram_is_the_plain_loop(*, sentences, window, keep, direction, batch_size, seed):
    block, recorder = block_of(sentences), Recorder(seed)
    found = list(
        batches(
            block,
            recorder,
            window=window,
            batch_size=batch_size,
            keep_probabilities=keep,
            direction=direction,
        )
    )
    windows = plain_windows(kept_sentences(block, recorder, keep), recorder.reaches)
    expected = [(center, outside) for center, others in windows for outside in others]
    if direction == "outside-predicts-center":
        expected = [(outside, center) for center, outside in expected]
    pairs = [pair for b in found for pair in zip(b.inputs[:, 0], b.targets, strict=True)]
    assert pairs == expected
    assert_well_formed(found, columns=1, batch_size=batch_size)


@given(
    BLOCKS,
    st.integers(1, 5),
    st.sampled_from([None, KEEP]),
    st.integers(1, 40),
    st.integers(0, 2**32),
)
def test_cbow_is_the_plain_loop(sentences, window, keep, batch_size, seed):
    block, recorder = block_of(sentences), Recorder(seed)
    found = list(
        batches(
            block,
            recorder,
            window=window,
            batch_size=batch_size,
            keep_probabilities=keep,
            cbow=True,
        )
    )
    windows = plain_windows(kept_sentences(block, recorder, keep), recorder.reaches)
    expected = [(others, center) for center, others in windows if others]
    pairs = [
        ([word for word in inputs if word >= 0], target)
        for b in found
        for inputs, target in zip(b.inputs.tolist(), b.targets, strict=True)
    ]
    assert pairs == expected
    for b in found:
        assert (np.diff((b.inputs >= 0).astype(int), axis=1) <= 0).all(), "-1 before a word"
        # No wider than its widest pair: what a window costs follows the text.
        assert (b.inputs >= 0).all(axis=1).any()
        assert_well_formed([b], columns=b.inputs.shape[1], batch_size=batch_size)


def test_a_window_longer_than_any_sentence_takes_no_more_memory():
    block = block_of([range(4)] * 2_500)

    def peak(window):
        tracemalloc.start()
        parts = batches(block, np.random.default_rng(1), window=window, batch_size=512, cbow=True)
        columns = max(part.inputs.shape[1] for part in parts)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return columns, used

    (columns, used), (wide, used_by_wide) = peak(3), peak(10_000)
    assert columns == wide == 3
    assert used_by_wide < 1.2 * used


@pytest.mark.parametrize("cbow", [False, True])
def test_shuffled_center_words_have_the_same_pairs_all_over_the_block(cbow):
    block = block_of([[place % WORDS for place in range(200)]] * 20)

    def pairs(*, shuffled):
        rng = np.random.default_rng(1)
        drawn = batches(block, rng, window=3, batch_size=50, cbow=cbow, shuffled=shuffled)
        return [
            (*inputs, target)
            for batch in drawn
            for inputs, target in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True)
        ]

    in_order, shuffled = pairs(shuffled=False), pairs(shuffled=True)
    assert sorted(shuffled) == sorted(in_order)
    # Of center words in random order, each comes about as often in the one half as in the other.
    assert shuffled[:50] != in_order[:50]
    halves = [Counter(half) for half in np.array_split(np.array(shuffled)[:, -1], 2)]
    assert all(abs(halves[0][word] / halves[1][word] - 1) < 0.2 for word in range(WORDS))


def test_shuffled_center_words_keep_their_pairs_together():
    block = block_of([range(300)])

    def centers(*, shuffled):
        rng = np.random.default_rng(1)
        drawn = batches(block, rng, window=3, batch_size=50, shuffled=shuffled)
        together = groupby(center for batch in drawn for center in batch.inputs[:, 0].tolist())
        return [(center, len(list(pairs))) for center, pairs in together]

    in_order, shuffled = centers(shuffled=False), centers(shuffled=True)
    assert [center for center, _ in in_order] == list(range(300))
    assert shuffled != in_order
    assert sorted(shuffled) == in_order


def assert_well_formed(found, columns, batch_size):
    for batch in found:
        size = len(batch.targets)
        assert batch.inputs.shape == (size, columns)
        assert batch.negatives.shape == (size, 0)
        assert all(array.dtype == np.int32 for array in batch)
    sizes = [len(batch.targets) for batch in found]
    assert sizes[:-1] == [batch_size] * (len(sizes) - 1)
    assert all(0 < size <= batch_size for size in sizes)


@pytest.mark.parametrize("cbow", [False, True])
@pytest.mark.parametrize("sentences", [[], [[1]], [[1], [2], [3]]])
def test_words_that_stand_alone_make_no_pairs(sentences, cbow):
    rng = np.random.default_rng(1)
    assert list(batches(block_of(sentences), rng, window=5, batch_size=8, cbow=cbow)) == []


@pytest.mark.parametrize("window", [2, 5, 7])
def test_windows_are_uniform(window):
    sentence = [1] * 40_000
    words = batches(
        block_of([sentence]),
        np.random.default_rng(11),
        window=window,
        batch_size=10**6,
        cbow=True,
    )
    sizes = (joined(words).inputs >= 0).sum(axis=1)[window:-window]
    assert (sizes % 2 == 0).all()
    observed = np.bincount(sizes // 2)[1:]
    expected = np.full(window, observed.sum() / window)
    assert abs(chi_square.deviation(observed, expected)) < chi_square.LARGEST


COUNTS = np.array([50_000, 20_000, 9_000, 3_000, 1_000, 500])


def kept_counts(keep):
    """How often each word of a sentence is kept: one pair of CBOW for each that is."""
    words = np.random.default_rng(13).permutation(np.repeat(np.arange(WORDS), COUNTS))
    found = batches(
        block_of([words.tolist()]),
        np.random.default_rng(12),
        window=1,
        batch_size=10**6,
        cbow=True,
        keep_probabilities=keep,
    )
    return np.bincount(joined(found).targets, minlength=WORDS)


def standard_deviations(kept, keep):
    """How far each count lies from what a binomial distribution expects."""
    return np.abs(kept - COUNTS[: len(keep)] * keep) / np.sqrt(
        COUNTS[: len(keep)] * keep * (1 - keep)
    )


def test_words_are_kept_as_often_as_is_probable():
    vocabulary = Vocabulary(tuple("abcdef"), COUNTS)
    keep = vocabulary.keep_probabilities(0.02)
    kept = kept_counts(keep)
    rare = keep == 1
    assert rare.tolist() == [False] * 3 + [True] * 3
    assert (kept[rare] == COUNTS[rare]).all()
    assert (standard_deviations(kept[~rare], keep[~rare]) < 5).all()
    other = vocabulary.keep_probabilities(0.02, "paper")
    assert (standard_deviations(kept[~rare], other[~rare]) > 5).all()


def negatives_of(option, noise=NOISE, negative=3, seed=21):
    sentences = np.random.default_rng(20).integers(0, WORDS, (400, 6)).tolist()
    return joined(
        batches(
            block_of(sentences),
            np.random.default_rng(seed),
            window=2,
            batch_size=10**6,
            noise=noise,
            negative=negative,
            target_among_negatives=option,
        )
    )


def test_negatives_that_equal_the_target_are_kept_or_skipped():
    kept, skipped = negatives_of("keep"), negatives_of("skip")
    target = kept.targets[:, np.newaxis]
    assert kept.negatives.shape == (len(kept.targets), 3)
    assert kept.negatives.dtype == skipped.negatives.dtype == np.int32
    assert (kept.negatives == target).mean() > 0.1
    assert (kept.negatives >= 0).all()
    expected = np.where(kept.negatives == target, -1, kept.negatives)
    np.testing.assert_array_equal(skipped.negatives, expected)


def test_negatives_that_equal_the_target_are_drawn_again():
    kept, redrawn = negatives_of("keep"), negatives_of("redraw")
    target = kept.targets[:, np.newaxis]
    assert (redrawn.negatives >= 0).all()
    assert (redrawn.negatives != target).all()
    others = kept.negatives != target
    np.testing.assert_array_equal(redrawn.negatives[others], kept.negatives[others])


@pytest.mark.parametrize("option", ["keep", "skip", "redraw"])
def test_negatives_are_the_noise(option):
    batch = negatives_of(option, negative=20)
    for target in range(WORDS):
        drawn = batch.negatives[batch.targets == target].ravel()
        expected = NOISE.probabilities.copy()
        if option == "redraw":
            expected[target] = 0
            expected /= expected.sum()
        if option == "skip":
            drawn = np.where(drawn < 0, target, drawn)
        possible = expected > 0
        observed = np.bincount(drawn, minlength=WORDS)
        assert (observed[~possible] == 0).all()
        deviation = chi_square.deviation(observed[possible], expected[possible] * len(drawn))
        assert abs(deviation) < chi_square.LARGEST


def test_a_negative_that_is_drawn_in_vain_is_skipped():
    always_the_first = Noise([1, 0, 0, 0, 0, 0])
    batch = negatives_of("redraw", noise=always_the_first)
    target = batch.targets[:, np.newaxis]
    assert (batch.negatives == np.where(target == 0, -1, 0)).all()


TEXT = np.random.default_rng(30).integers(0, 50, (600, 8)).astype(str).tolist()


def drawn(corpus, seed, epoch, number):
    found = batches(
        corpus.block(number),
        generator(seed, epoch, number),
        window=3,
        batch_size=64,
        keep_probabilities=corpus.vocabulary.keep_probabilities(1e-2),
        noise=corpus.vocabulary.noise(),
        negative=4,
        target_among_negatives="redraw",
    )
    return b"".join(array.tobytes() for batch in found for array in batch)


def test_a_block_is_the_same_wherever_reading_starts():
    with encode(TEXT, block_words=500) as corpus:
        numbers = range(len(corpus))
        assert len(numbers) > 5
        one_after_the_other = [drawn(corpus, 1, 2, number) for number in numbers]
        backwards = [drawn(corpus, 1, 2, number) for number in reversed(numbers)]
        assert one_after_the_other == backwards[::-1]
    with encode(TEXT, block_words=500) as again:
        assert drawn(again, 1, 2, 3) == one_after_the_other[3]


def test_seed_epoch_and_block_each_change_what_is_drawn():
    numbers = list(product(range(4), repeat=3))
    assert len({generator(*triple).random() for triple in numbers}) == len(numbers)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 0}, "window: expected an integer >= 1, got 0"),
        ({"batch_size": 0}, "batch_size: expected an integer >= 1, got 0"),
        ({"negative": 5}, "noise: expected what negatives are drawn from, got None"),
    ],
)
def test_an_argument_that_is_none_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        next(
            batches(
                block_of([[1, 2]]),
                np.random.default_rng(1),
                **{"window": 2, "batch_size": 4, **options},
            )
        )
