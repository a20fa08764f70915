"""A text that has something to learn: the words of a sentence are all of one topic."""

from __future__ import annotations

import numpy as np

TOPICS = 5
WORDS_PER_TOPIC = 8


def topical_sentences(words, seed=0):
    """Sentences of ten words each; word ``t3w0`` is the first of topic 3, and its most frequent."""
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, WORDS_PER_TOPIC + 1)
    ranks = rng.choice(WORDS_PER_TOPIC, size=(words // 10, 10), p=weights / weights.sum())
    topics = rng.integers(TOPICS, size=len(ranks))
    return [
        [f"t{topic}w{rank}" for rank in row]
        for topic, row in zip(topics.tolist(), ranks.tolist(), strict=True)
    ]


def write_text(path, words, seed=0):
    lines = (" ".join(sentence) for sentence in topical_sentences(words, seed))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
