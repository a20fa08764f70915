"""The whole of word2vec on one page: from a text to pairs, to vectors, to neighbours.

Skip-gram with negative sampling, one pair at a time, as in the lecture. The other modules of this
package do the same to a text of any length, many times faster, and with every choice an option; the
tests let both train on the same draws, and compare the vectors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from models.losses import negative_sampling

__all__ = ["neighbours", "pairs", "step", "train"]

Vectors = NDArray[np.float64]

SIZE = 20  # d, the numbers in a vector
WINDOW = 3  # words to either side that a center word predicts, at most
NEGATIVES = 5  # K
RATE = 0.1
EPOCHS = 20  # a long text needs fewer


def train(text: str, seed: int = 1) -> tuple[list[str], Vectors, list[float]]:
    """Train on a text, a sentence a line; return the words, a vector for each, and the losses."""
    sentences = [line.split() for line in text.splitlines()]
    counts = Counter(word for sentence in sentences for word in sentence)
    words = sorted(counts, key=lambda word: (-counts[word], word))
    number = {word: i for i, word in enumerate(words)}
    numbered = [[number[word] for word in sentence] for sentence in sentences]

    # Negatives are drawn by count, but rare words more often than they occur.
    noise = np.array([counts[word] for word in words]) ** 0.75
    noise /= noise.sum()

    # From zeros nothing would ever move: each gradient is a multiple of a vector of the other
    # matrix. It is enough that one of the two is random.
    rng = np.random.default_rng(seed)
    V = (rng.random((len(words), SIZE)) - 0.5) / SIZE
    U = np.zeros_like(V)

    mean_losses = []
    for _ in range(EPOCHS):
        losses = []
        for center, outside in pairs(numbered, rng):
            drawn = rng.choice(len(words), size=NEGATIVES, p=noise)
            # The word that was observed cannot be a wrong answer.
            losses.append(step(V, U, center, outside, drawn[drawn != outside]))
        mean_losses.append(float(np.mean(losses)))
    return words, V, mean_losses


def pairs(sentences: list[list[int]], rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Yield each center word with each word in its window, within the sentence."""
    for sentence in sentences:
        for place, center in enumerate(sentence):
            # A window of random length: near words make a pair more often than far ones.
            reach = int(rng.integers(1, WINDOW + 1))
            before, after = sentence[max(0, place - reach) : place], sentence[place + 1 :][:reach]
            for outside in before + after:
                yield center, outside


def step(V: Vectors, U: Vectors, center: int, outside: int, negatives: NDArray[np.intp]) -> float:
    """Move V, the center vectors, and U, the outside vectors, against the gradient of one pair.

    V and U have a row for each word, and change in place. The loss before the step is returned.
    """
    loss, grad_center, grad_outside = negative_sampling(V[center], U, outside, negatives)
    # Both gradients were taken before either matrix moves.
    V[center] -= RATE * grad_center
    U -= RATE * grad_outside
    return loss


def neighbours(word: str, words: list[str], V: Vectors, number: int = 5) -> list[str]:
    """Return the words whose vectors make the smallest angles with that of a word."""
    directions = V / np.linalg.norm(V, axis=1, keepdims=True)
    cosines = directions @ directions[words.index(word)]
    nearest = [words[i] for i in np.argsort(-cosines)]
    nearest.remove(word)  # the nearest to itself
    return nearest[:number]
