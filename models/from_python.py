"""Training from Python, on any sentences, epoch by epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from models.errors import InputError
from models.options import Options
from models.reading.corpus import encode
from models.training import Training
from models.vectors.embeddings import Embeddings

__all__ = ["train"]


def train(
    sentences: Iterable[Sequence[str]],
    options: Options | None = None,
    *,
    after_epoch: Callable[[Training], None] | None = None,
) -> Embeddings:
    """Train on sentences, and return the words with their vectors, the rows of V.

    Parameters
    ----------
    sentences : iterable of sequences of str
        The text; it is read once, so a generator will do.
    options : Options, optional
        How to train.
    after_epoch : callable, optional
        Called with the training after each epoch: to look at its vectors or losses, or to stop it
        by an exception.

    Returns
    -------
    Embeddings

    Raises
    ------
    InputError
        If the sentences cannot be trained on; the message says why.
    """
    options = options or Options()
    with encode(_of_words(sentences), min_count=options.min_count) as corpus:
        training = Training(corpus, options)
        for epoch in range(1, options.epochs + 1):
            for _ in training.steps(until_epoch=epoch):
                pass
            training.require_finite()
            if after_epoch:
                after_epoch(training)
        return Embeddings(corpus.vocabulary.words, training.V)


def _of_words(sentences: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """Yield the sentences; refuse text that was not split, which is a sequence of letters."""
    for sentence in sentences:
        if isinstance(sentence, str):
            raise InputError(
                f"sentences: expected lists of words; got the string {sentence[:40]!r}: .split() it"
            )
        yield sentence
