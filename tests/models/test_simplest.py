"""The trainer on one page is the large one, with batches of one pair."""

from __future__ import annotations

import inspect
from types import SimpleNamespace

import numpy as np
import pytest

from models import losses, simplest
from models.options import Options
from models.reading.corpus import encode
from models.training import Training
from models.vocabulary import Noise
from tests.models.samples import mutated
from tests.models.topics import topical_sentences

# The last sentence has a word without a neighbour; "a" is often drawn as its own negative.
TEXT = "a b a c a\nb a b\na a d c b a b e a\nf\n"


class Recorder:
    """A generator that notes its draws, in the order in which `simplest` makes them."""

    def __init__(self, seed):
        self._rng = np.random.default_rng(seed)
        self.windows, self.negatives = [], []

    def random(self, shape):
        self.start = self._rng.random(shape)
        return self.start

    def integers(self, low, high):
        self.windows.append(self._rng.integers(low, high))
        return self.windows[-1]

    def choice(self, words, size, p):
        self.noise = p
        self.negatives.append(self._rng.choice(words, size=size, p=p))
        return self.negatives[-1]


def by_the_large_trainer(text, drawn, monkeypatch):
    """Train on the draws of the small one."""
    epochs, size = simplest.EPOCHS, simplest.SIZE
    options = Options(
        size=size,
        window=simplest.WINDOW,
        negative=simplest.NEGATIVES,
        epochs=epochs,
        alpha=simplest.RATE,
        min_alpha=simplest.RATE,
        sample=0,
        batch_size=1,
    )
    windows = iter(np.split(np.array(drawn.windows), epochs))
    negatives = iter(drawn.negatives)

    def replayed(_seed, _epoch, _block):
        return SimpleNamespace(integers=lambda *_bounds, **_size: next(windows))

    with encode([line.split() for line in text.splitlines()], min_count=1) as corpus:
        monkeypatch.setattr("models.training.generator", replayed)
        monkeypatch.setattr(Noise, "draw", lambda *_: next(negatives)[None].astype(np.int32))
        training = Training(corpus, options)
        training.V = (drawn.start - 0.5) / size
        training.U = np.zeros_like(training.V)
        by_epoch = [[] for _ in range(epochs)]
        for step in training.steps():
            assert step.pairs == 1
            by_epoch[training.position.epoch].append(step.loss)
        probabilities = corpus.vocabulary.noise().probabilities
    assert next(windows, None) is None
    assert next(negatives, None) is None
    return corpus.vocabulary.words, training.V, list(map(np.mean, by_epoch)), probabilities


def compare(module, monkeypatch):
    """Fail unless both give the same vectors; return the pairs of an epoch."""
    drawn = Recorder(3)
    monkeypatch.setattr(module.np.random, "default_rng", lambda _: drawn)
    monkeypatch.setattr(module, "EPOCHS", 3)
    monkeypatch.setattr(simplest, "EPOCHS", 3)
    words, V, mean_losses = module.train(TEXT)
    monkeypatch.undo()
    monkeypatch.setattr(simplest, "EPOCHS", 3)
    large_words, large_V, large_losses, probabilities = by_the_large_trainer(
        TEXT, drawn, monkeypatch
    )
    assert tuple(words) == large_words
    assert np.allclose(drawn.noise, probabilities, rtol=1e-14)
    assert np.abs(V - (drawn.start - 0.5) / simplest.SIZE).max() > 1e-3
    assert np.allclose(V, large_V, rtol=0, atol=1e-14)
    assert np.allclose(mean_losses, large_losses, rtol=1e-13)


def test_it_gives_the_same_vectors_as_the_large_trainer(monkeypatch):
    compare(simplest, monkeypatch)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("drawn[drawn != outside]", "drawn"),
        ("[:reach]", "[: reach - 1]"),
        ("max(0, place - reach)", "place - reach"),
        ("U -= RATE", "U += RATE"),
        ("V[center] -= RATE", "V[outside] -= RATE"),
        ("** 0.75", "** 1.0"),
        ("yield center, outside", "yield outside, center"),
    ],
)
def test_a_mistake_on_the_page_is_noticed(right, wrong, monkeypatch):
    with pytest.raises((AssertionError, RuntimeError, ValueError)):
        compare(mutated(simplest, {right: wrong}), monkeypatch)


def test_words_of_a_topic_become_neighbours(monkeypatch):
    monkeypatch.setattr(simplest, "EPOCHS", 3)
    text = "\n".join(" ".join(sentence) for sentence in topical_sentences(800))
    words, V, mean_losses = simplest.train(text)
    assert mean_losses[-1] < mean_losses[0] < 6 * np.log(2)
    frequent = words[:10]
    alike = sum(simplest.neighbours(word, words, V, 1)[0][:2] == word[:2] for word in frequent)
    assert alike >= 9


def test_a_word_is_no_neighbour_of_itself_and_the_nearest_comes_first():
    words = ["up", "down", "left", "upper"]
    V = np.array([[0.0, 2.0], [0.1, -2.0], [-1.0, 0.1], [0.1, 0.5]])
    assert simplest.neighbours("up", words, V) == ["upper", "left", "down"]
    assert simplest.neighbours("up", words, V, 1) == ["upper"]


def test_it_trains_with_the_loss_whose_gradient_is_checked():
    assert simplest.negative_sampling is losses.negative_sampling


def test_the_page_is_a_page():
    assert len(inspect.getsource(simplest).splitlines()) <= 100
