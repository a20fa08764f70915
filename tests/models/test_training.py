"""Training: it learns, it repeats itself bit for bit, and it goes on where it was stopped."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import replace
from threading import Lock

import numpy as np
import pytest

from models import minibatch
from models.beginnings import fitting_batch_size, initialize
from models.errors import InputError
from models.from_python import train
from models.options import Options
from models.reading.corpus import encode
from models.training import (
    Divergence,
    Position,
    Training,
    update_of,
)
from models.vocabulary import Vocabulary
from tests.models.topics import TOPICS, topical_sentences

SMALL = Options(size=10, sample=0, epochs=1)
KINDS = {
    "skip-gram, negative sampling": SMALL,
    "skip-gram, naive softmax": replace(SMALL, loss="naive-softmax"),
    "CBOW, negative sampling": replace(SMALL, model="cbow"),
    "CBOW, naive softmax": replace(SMALL, model="cbow", loss="naive-softmax"),
    "CBOW, whole": replace(SMALL, model="cbow", cbow_gradient="whole"),
    "compiled": replace(SMALL, compiled=True),
    "compiled CBOW": replace(SMALL, compiled=True, model="cbow"),
    "compiled CBOW, whole": replace(
        SMALL, compiled=True, model="cbow", cbow_gradient="whole", alpha=0.1
    ),
    "two threads": replace(SMALL, threads=2),
    "two threads, compiled": replace(SMALL, threads=2, compiled=True),
}


@pytest.fixture(scope="module")
def corpus():
    with encode(topical_sentences(20_000), block_words=500) as encoded:
        yield encoded


def needs_numba(options):
    if options.compiled:
        pytest.importorskip("numba", reason="the compiled trainer needs numba")


def trained(corpus, options, update=None):
    training = Training(corpus, options, update)
    for _ in training.steps():
        pass
    return training


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_falls_and_words_of_a_topic_come_together(corpus, kind):
    needs_numba(KINDS[kind])
    training = trained(corpus, replace(KINDS[kind], epochs=2))
    losses = [record.loss for record in training.history]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.1
    words = corpus.vocabulary.words
    directions = training.V / np.linalg.norm(training.V, axis=1, keepdims=True)
    cosines = directions @ directions.T
    np.fill_diagonal(cosines, -2)
    nearest = [words[row] for row in cosines.argmax(axis=1)]
    alike = sum(word[:2] == other[:2] for word, other in zip(words, nearest, strict=True))
    # By chance it would be one in five.
    assert alike >= 0.9 * len(words)
    assert TOPICS == 5


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "threads" not in kind])
def test_a_seed_gives_the_same_vectors_bit_for_bit(corpus, kind):
    needs_numba(KINDS[kind])
    options = KINDS[kind]
    first, again = trained(corpus, options), trained(corpus, options)
    assert first.V.tobytes() == again.V.tobytes()
    assert first.U.tobytes() == again.U.tobytes()
    assert first.history == again.history
    other = trained(corpus, replace(options, seed=2))
    assert first.V.tobytes() != other.V.tobytes()


def test_from_zeros_nothing_moves(corpus):
    for loss in ("negative-sampling", "naive-softmax"):
        training = trained(corpus, replace(SMALL, init="zeros", loss=loss))
        assert not training.V.any()
        # All rows of U receive multiples of h, which is zero.
        assert not training.U.any()


def test_from_half_zeros_both_matrices_move(corpus):
    training = Training(corpus, replace(SMALL, init="half-zeros"))
    center = training.V.copy()
    assert not training.U.any()
    with closing(training.steps()) as steps:
        next(steps)
        # The gradient of V is a sum of rows of U, which were zero; that of U is not.
        assert training.V.tobytes() == center.tobytes()
        assert training.U.any()
        next(steps)
        assert training.V.tobytes() != center.tobytes()


@pytest.mark.parametrize(
    ("init", "center_bound", "outside_bound"),
    [("word2vec", 0.05, 0), ("gensim", 0.1, 0), ("random", 0.05, 0.05), ("zeros", 0, 0)],
)
def test_where_the_vectors_start(init, center_bound, outside_bound):
    V, U = initialize(1000, replace(SMALL, init=init))
    for matrix, bound in ((V, center_bound), (U, outside_bound)):
        assert matrix.dtype == np.float32
        assert matrix.shape == (1000, 10)
        assert np.abs(matrix).max() <= bound
        assert np.ptp(matrix) >= 1.99 * bound
    if outside_bound:
        assert not np.array_equal(V, U)


def test_the_first_block_does_not_draw_what_the_vectors_were_drawn_from():
    drawn = initialize(100, replace(SMALL, init="random", seed=0))[0].ravel()
    rng = np.random.default_rng([0, 0, 0])
    assert not np.array_equal(rng.random(1000, dtype=np.float32), drawn / 0.1 + 0.5)


@pytest.mark.parametrize("loss", ["negative-sampling", "naive-softmax"])
@pytest.mark.parametrize("model", ["skip-gram", "cbow"])
def test_a_step_subtracts_the_rate_times_the_gradient(corpus, loss, model):
    options = replace(SMALL, loss=loss, model=model, init="random")
    training = Training(corpus, options)
    V, U = training.V.copy(), training.U.copy()
    with closing(training.steps()) as steps:
        step = next(steps)
    gradient = getattr(minibatch, loss.replace("-", "_"))(V, U, step.batch)
    assert step.loss == gradient.loss
    assert step.rate == options.starting_rate
    assert np.allclose(training.V, V - step.rate * gradient.center.dense(V.shape), atol=1e-7)
    assert np.allclose(training.U, U - step.rate * gradient.outside.dense(U.shape), atol=1e-7)


@pytest.mark.parametrize("compiled", [False, True])
def test_the_known_trainers_give_each_word_of_a_window_all_of_the_gradient(corpus, compiled):
    options = replace(SMALL, model="cbow", init="random", alpha=0.1, compiled=compiled)
    needs_numba(options)
    of_a_pair = replace(options, batch_size=1)
    moved = {}
    for kind in ("exact", "whole"):
        training = Training(corpus, replace(of_a_pair, cbow_gradient=kind))
        V, U = training.V.copy(), training.U.copy()
        with closing(training.steps()) as steps:
            batch = next(steps).batch
        moved[kind] = training.V - V
        assert np.any(training.U != U)
    words = batch.inputs[batch.inputs >= 0]
    assert len(words) > 1
    assert np.allclose(moved["whole"], len(words) * moved["exact"], atol=1e-7)


def test_each_model_has_a_default_rate_of_its_own():
    assert Options().starting_rate == 0.025
    cbow = Options(model="cbow")
    assert cbow.starting_rate > replace(cbow, cbow_gradient="whole").starting_rate > 0.025
    assert replace(cbow, alpha=0.01).starting_rate == 0.01
    assert replace(cbow, model="skip-gram").starting_rate == 0.025


@pytest.mark.parametrize("threads", [1, 2])
def test_sentences_are_trained_on_from_python_epoch_by_epoch(threads):
    options = replace(SMALL, epochs=3, threads=threads)
    seen = []

    def note(training):
        seen.append((training.position.epoch, training.pairs, training.V.copy()))

    embeddings = train(iter(topical_sentences(2_000)), options, after_epoch=note)
    assert [epoch for epoch, _, _ in seen] == [1, 2, 3]
    pairs = [pairs for _, pairs, _ in seen]
    assert pairs[0] < pairs[1] < pairs[2]
    assert np.array_equal(seen[-1][2], embeddings.vectors)
    assert not np.array_equal(seen[-2][2], embeddings.vectors)
    if threads == 1:
        with encode(topical_sentences(2_000)) as same:
            assert np.array_equal(trained(same, options).V, embeddings.vectors)


def test_a_text_that_was_not_split_is_refused():
    with pytest.raises(InputError, match=r"lists of words; got the string 'a b c': \.split\(\) it"):
        train(["a b c", "a b"])


def test_the_rate_falls_linearly_with_the_words(corpus):
    options = replace(SMALL, alpha=0.05, min_alpha=0.01, epochs=2)
    steps = list(Training(corpus, options).steps())
    words = [step.words for step in steps]
    assert words == sorted(words)
    assert words[0] == 0
    assert words[-1] > 0.99 * 2 * corpus.words
    for step in steps:
        assert step.rate == pytest.approx(0.05 - 0.04 * step.words / (2 * corpus.words))


def test_the_history_covers_every_pair(corpus):
    pairs = []
    training = Training(corpus, replace(SMALL, epochs=2))
    losses = [(pairs.append(step.pairs), step.loss)[1] for step in training.steps()]
    assert sum(record.pairs for record in training.history) == sum(pairs)
    total = sum(record.pairs * record.loss for record in training.history)
    assert total == pytest.approx(sum(losses))
    assert training.history[-1].words == 2 * corpus.words
    assert training.history[-1].rate == pytest.approx(SMALL.min_alpha)
    assert [record.epoch for record in training.history] == [1] * len(corpus) + [2] * len(corpus)
    assert training.pending == (0, 0.0)


@pytest.mark.parametrize("kind", ["skip-gram, negative sampling", "compiled"])
def test_stopped_anywhere_and_called_again_it_goes_on(corpus, kind):
    needs_numba(KINDS[kind])
    options = replace(KINDS[kind], batch_size=64)
    whole = trained(corpus, options)
    rng = np.random.default_rng(0)
    training = Training(corpus, options)
    stops = 0
    while not training.finished:
        left = int(rng.integers(1, 40))
        with closing(training.steps()) as steps:
            for _, _ in zip(range(left), steps, strict=False):
                pass
        stops += 1
    assert stops > 10
    assert training.V.tobytes() == whole.V.tobytes()
    assert training.U.tobytes() == whole.U.tobytes()
    assert training.history == whole.history


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_train_on_each_batch_once_also_when_stopped(corpus, threads):
    def counting():
        seen, lock = Counter(), Lock()

        def update(_center, _outside, batch, _rate):
            with lock:
                seen[batch.inputs.tobytes() + batch.targets.tobytes()] += 1
            return 1.0

        return seen, update

    expected, update = counting()
    trained(corpus, replace(SMALL, epochs=2), update)
    seen, update = counting()
    training = Training(corpus, replace(SMALL, epochs=2, threads=threads), update)
    while not training.finished:
        before = training.position
        with closing(training.steps()) as steps:
            for _, _ in zip(range(5), steps, strict=False):
                pass
        assert training.position > before
    assert seen == expected
    assert sum(record.pairs for record in training.history) > 0
    assert training.position == Position(2, 0, 0)


@pytest.mark.parametrize("threads", [1, 2])
def test_what_goes_wrong_in_a_step_is_told(corpus, threads):
    def update(*_arguments):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        trained(corpus, replace(SMALL, threads=threads), update)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("compiled", [False, True])
def test_vectors_that_grow_without_bound_are_told(corpus, compiled, threads):
    options = replace(SMALL, alpha=1e30, threads=threads, compiled=compiled)
    needs_numba(options)
    with pytest.raises(Divergence, match=r"^the loss is (inf|nan) after .* bound$") as error:
        trained(corpus, options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["V", "U"])
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_vectors_that_are_not_finite_are_told(corpus, name, value):
    training = trained(corpus, SMALL)
    training.require_finite()
    getattr(training, name)[3, 2] = value
    with pytest.raises(Divergence, match=r"^1 of 40 (center|outside) vectors are not finite"):
        training.require_finite()


def test_the_pairs_are_counted_also_before_they_are_recorded(corpus):
    training = Training(corpus, SMALL)
    assert training.pairs == 0
    pairs = 0
    for step in training.steps():
        pairs += step.pairs
        assert training.pairs == pairs
    assert training.pairs == pairs > 0


def test_a_batch_is_smaller_where_the_same_rows_come_again_and_again(corpus):
    assert fitting_batch_size(corpus.vocabulary, SMALL) == 256
    assert fitting_batch_size(corpus.vocabulary, replace(SMALL, alpha=0.1)) == 64
    assert fitting_batch_size(corpus.vocabulary, replace(SMALL, alpha=1e9)) == 1
    assert fitting_batch_size(corpus.vocabulary, replace(SMALL, compiled=True)) == 1024
    assert fitting_batch_size(corpus.vocabulary, replace(SMALL, loss="naive-softmax")) == 128
    # A person's own function is called pair by pair, and Ctrl-C waits for a batch.
    assert fitting_batch_size(corpus.vocabulary, replace(SMALL, loss="mine.py:loss")) == 512
    # Words as frequent as in English.
    ranks = np.arange(1, 30_000)
    english = Vocabulary(tuple(map(str, ranks)), (1e6 / (ranks + 2.7)).astype(np.int64))
    assert fitting_batch_size(english, Options()) == 1024
    assert Training(corpus, SMALL).batch_size == 256
    assert Training(corpus, replace(SMALL, batch_size=7)).batch_size == 7


@pytest.mark.parametrize(
    ("options", "in_order"),
    [
        (replace(SMALL, batch_size=1), True),  # the next pair sees what the last one did
        (replace(SMALL, batch_size=2), False),
    ],
    ids=["one", "two"],
)
def test_a_batch_of_one_is_trained_in_the_order_of_the_text(options, in_order):
    with encode([list(map(str, range(100)))], min_count=1) as numbers:
        training = Training(numbers, options)
        centers = [word for step in training.steps() for word in step.batch.inputs[:, 0].tolist()]
        places = [int(numbers.vocabulary.words[word]) for word in centers]
    assert set(places) == set(range(100))
    assert (places == sorted(places)) == in_order


def test_without_that_it_would_not_learn(corpus):
    options = replace(SMALL, size=20, batch_size=4096, epochs=3)
    with pytest.raises(Divergence, match="grown without bound"):
        trained(corpus, options)


@pytest.fixture(scope="module")
def repeating_corpus():
    """Words as frequent as in English, and hundreds of equal lines among them."""
    frequencies = 1 / np.arange(3.0, 2_003)
    rng = np.random.default_rng(0)
    numbers = rng.choice(2_000, size=(2_000, 10), p=frequencies / frequencies.sum())
    lines = [list(map(str, row)) for row in numbers.tolist()]
    equal = [["txt", "spam", "written", "mail"]] * 400
    with encode([*lines[:1_000], *equal, *lines[1_000:]]) as encoded:
        yield encoded


def longest_vector(training):
    for _ in training.steps():
        pass
    return max(np.linalg.norm(vectors, axis=1).max() for vectors in (training.V, training.U))


def test_what_is_said_over_and_over_does_not_blow_up_its_vectors(repeating_corpus):
    options = replace(SMALL, size=100, alpha=0.05, epochs=3)
    assert longest_vector(Training(repeating_corpus, options)) < 10
    in_order = Training(repeating_corpus, options)
    in_order._batches.keywords["shuffled"] = False
    assert longest_vector(in_order) > 100


BAD = {
    "size": [0, -1, 1.5, True, 10**9],
    "window": [0, 10**21],
    "epochs": [0, 10**21],
    "min_count": [0, 10**21],
    "batch_size": [0, 10**21],
    "threads": [0, 10**21],
    "negative": [-1, 0, 10**8],
    "seed": [-1],
    "model": ["glove"],
    "loss": ["hinge"],
    "subsampling": ["none"],
    "target_among_negatives": ["drop"],
    "direction": ["sideways"],
    "init": ["ones"],
    "cbow_gradient": ["half"],
    "sample": [-1.0, float("nan"), float("inf")],
    "noise_power": [float("nan")],
    "min_alpha": [-1.0, float("nan")],
    "alpha": [-1.0, float("nan"), 1e-5],
}


@pytest.mark.parametrize(("name", "value"), [(name, bad) for name in BAD for bad in BAD[name]])
def test_an_option_out_of_its_range_is_refused(name, value):
    with pytest.raises(InputError, match=f"^{name}: .*") as error:
        Options(**{name: value})
    assert "got" in str(error.value)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"compiled": True, "loss": "naive-softmax"}, "compiled"),
        ({"compiled": True, "loss": "mine:f"}, "compiled"),
        ({"model": "cbow", "loss": "mine:f"}, "model"),
        ({"threads": 2, "loss": "mine:f"}, "threads"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options, name):
    with pytest.raises(InputError, match=f"^{name}: "):
        Options(**options)


def test_without_numba_the_compiled_trainer_says_what_it_needs(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "models.compiled", None)
    with pytest.raises(InputError, match=r"^compiled: "):
        update_of(replace(SMALL, compiled=True))
