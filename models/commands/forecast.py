"""A forecast of a training's time and memory, before it begins."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from gradcheck.terminal.command import UsageError
from models.beginnings import fitting_batch_size
from models.commands.progress import say
from models.loss_table import LOSSES, named
from models.pairs import Batch
from models.training import Training

__all__ = ["forecast"]

_PATIENCE = 10 * 60
"""Seconds that a loss with a score for every word may take unless it is told to go on."""
_WORTH_SAYING = 10
_TRIALS = 3
"""The first takes longer, and others work on the machine, too: the quickest counts."""

_GIGABYTE = 10**9
_WORTH_SAYING_OF_MEMORY = _GIGABYTE // 4
_MANY_NEGATIVES = 50


def forecast(training: Training, *, patient: bool) -> None:
    """Say what a training will take where that is much; refuse one that takes too long.

    Parameters
    ----------
    training : Training
        About to begin, or to go on.
    patient : bool
        Let naive softmax take as long as it takes.

    Raises
    ------
    UsageError
        If it would take more than ten minutes, and the person is not known to be patient.
    """
    pairs_a_word = training.count_pairs(0) / training.corpus.words_before[1]
    if training.finished or not pairs_a_word:
        return
    if named(training.options.loss).has_all_scores:
        _forecast_all_scores(training, pairs_a_word, patient=patient)
    for note in _notes(training, pairs_a_word):
        say(note)


def _forecast_all_scores(training: Training, pairs_a_word: float, *, patient: bool) -> None:
    options, corpus = training.options, training.corpus
    seconds_a_word = _seconds_a_pair(training) * pairs_a_word
    epoch = seconds_a_word * corpus.words
    left = seconds_a_word * (training.words_to_read - training.words_done)
    takes = (
        f"{named(options.loss).title} takes about {_spoken(epoch)} an epoch, {_spoken(left)} in all"
    )
    if left > _PATIENCE and not patient:
        raise UsageError(
            f"{takes}, as each pair has a score for each of {len(corpus.vocabulary):,} words: "
            f"--yes trains all the same; --loss {LOSSES[0].name}, a shorter text or a higher "
            f"--min-count ({options.min_count} now) is quicker"
        )
    if left > _WORTH_SAYING:
        say(takes)


def _seconds_a_pair(training: Training) -> float:
    """Time a batch, at a learning rate of 0: it moves nothing."""
    rng = np.random.default_rng(training.options.seed)
    words, size = len(training.corpus.vocabulary), training.batch_size
    inputs, targets = rng.integers(words, size=(2, size), dtype=np.int32)
    batch = Batch(inputs[:, np.newaxis], targets, np.empty((size, 0), dtype=np.int32))
    seconds = []
    for _ in range(_TRIALS):
        started = time.perf_counter()
        training.update(training.V, training.U, batch, 0.0)
        seconds.append(time.perf_counter() - started)
    return min(seconds) / size


def _notes(training: Training, pairs_a_word: float) -> Iterator[str]:
    """Yield the options' demands beyond the usual."""
    options, corpus = training.options, training.corpus
    negatives = options.negative if named(options.loss).has_negatives else 0
    rows = training.tree.nodes.shape[1] if training.tree else negatives + 1
    if negatives > _MANY_NEGATIVES:
        yield (
            f"{negatives:,} negatives: a pair takes about {(negatives + 1) / 6:.0f} times as long "
            "as with the usual 5"
        )
    # A batch ends with its block of the text.
    in_block = round(pairs_a_word * np.diff(corpus.words_before).max())
    batch = min(training.batch_size, in_block)
    one_by_one = options.compiled or options.is_own_loss
    fitting = fitting_batch_size(corpus.vocabulary, options)
    if batch > fitting and not one_by_one:
        yield (
            f"batches of {batch:,} pairs: {fitting:,} are the most that are known to be stable "
            "with this vocabulary and rate, as the gradients of a batch are added up"
        )
    # The numbers of the words of a block, and the vectors of those of a batch, twice in part.
    needed = 4 * in_block * (rows + 1)
    if not one_by_one:
        needed += 4 * 1.3 * batch * rows * options.size
    if needed > _WORTH_SAYING_OF_MEMORY:
        yield (
            f"about {needed / _GIGABYTE:.1f} GB of memory for batches of {batch:,} pairs with "
            f"{rows - 1:,} negatives each; a smaller --batch-size or --negative takes less"
        )


def _spoken(seconds: float) -> str:
    """Return a duration as one says it: 40 s, 12 min, 1 h 14 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
