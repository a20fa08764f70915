"""Stochastic gradient descent over the pairs of a text."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models import minibatch
from models.beginnings import fitting_batch_size, initialize
from models.errors import InputError
from models.loss_table import named
from models.options import Options
from models.pairs import Batch, PathBatch, batches, generator
from models.pictures.loss_history import Record
from models.reading.corpus import EncodedCorpus
from models.tree import huffman

__all__ = [
    "Divergence",
    "Position",
    "Step",
    "Training",
    "Update",
    "update_of",
]

_Vectors = NDArray[np.float32]

Update: TypeAlias = Callable[[_Vectors, _Vectors, Any, float], float]
"""Moves V and U in place for a batch at a learning rate; returns the sum of the losses before."""

_RECORDS_PER_EPOCH = 100


class Divergence(InputError):  # noqa: N818 - the field's name of it
    """The vectors have grown without bound; the learning rate or the batches were too large."""


class Position(NamedTuple):
    """The place of a training in its text: the batch that is next."""

    epoch: int = 0
    block: int = 0
    batch: int = 0


class Step(NamedTuple):
    """The report of a step."""

    words: int
    """The words read from the start of the training."""
    pairs: int
    """The pairs of this step."""
    loss: float
    """The sum of their losses."""
    rate: float
    """The learning rate."""
    batch: Batch | PathBatch
    """The batch; of several, the last."""


def update_of(options: Options) -> Update:
    """Return the function that takes a step of training.

    Raises
    ------
    InputError
        If it is compiled and numba is not installed.
    """
    loss = named(options.loss)
    if options.compiled:
        try:
            return partial(loss.compiled_step, whole=options.cbow_gradient == "whole")
        except ImportError as error:
            raise InputError(f"compiled: {error}") from None
    gradient = loss.gradient
    if options.cbow_gradient == "whole":
        return partial(minibatch_step, lambda V, U, batch: minibatch.whole(gradient(V, U, batch)))
    return partial(minibatch_step, gradient)


def minibatch_step(
    gradient: Callable[[_Vectors, _Vectors, Any], minibatch.Gradient],
    V: _Vectors,
    U: _Vectors,
    batch: Batch | PathBatch,
    rate: float,
) -> float:
    """Take one step against the gradient of a batch; return its loss before the step."""
    loss, center, outside = gradient(V, U, batch)
    center.subtract_from(V, rate)
    outside.subtract_from(U, rate)
    return loss


class Training:
    """A training: its vectors, its place in the text, and the loss so far.

    The next step depends on these, the corpus and the options alone, so a training that was
    stored and restored goes on, with one thread, as if nothing had happened: bit for bit.

    Parameters
    ----------
    corpus : EncodedCorpus
        The text.
    options : Options
        How to train.
    update : callable, optional
        What a step does; that of `update_of`, unless given.
    loss_digest : str, optional
        Of the source of a person's own loss: a checkpoint is not gone on from with another.

    Attributes
    ----------
    V, U : ndarray of float32, shape (|V|, d)
        The center (input) and the outside (output) vectors; of a loss with a tree, U has those of
        its |V| - 1 inner nodes.
    tree : Tree or None
        That of the words, for a loss that has one.
    position : Position
        The batch that is next.
    history : list of Record
        How the loss went, in about a hundred records an epoch.
    pending : tuple of (int, float)
        Pairs since the last record, and the sum of their losses.
    batch_size : int
        Pairs in a batch.
    """

    def __init__(
        self,
        corpus: EncodedCorpus,
        options: Options,
        update: Update | None = None,
        loss_digest: str = "",
    ) -> None:
        self.corpus = corpus
        self.loss_digest = loss_digest
        self.options = options
        self.V, self.U = initialize(len(corpus.vocabulary), options)
        self.position = Position()
        self.history: list[Record] = []
        self.pending = (0, 0.0)
        self.update = update or update_of(options)
        vocabulary = corpus.vocabulary
        self.batch_size = options.batch_size or fitting_batch_size(vocabulary, options)
        loss = named(options.loss)
        self.tree = huffman(vocabulary.counts) if loss.has_tree else None
        with_noise = loss.has_negatives and options.negative > 0
        self._batches = partial(
            batches,
            window=options.window,
            batch_size=self.batch_size,
            cbow=options.model == "cbow",
            direction=options.direction,
            keep_probabilities=vocabulary.keep_probabilities(options.sample, options.subsampling)
            if options.sample
            else None,
            noise=vocabulary.noise(options.noise_power) if with_noise else None,
            negative=options.negative if with_noise else 0,
            target_among_negatives=options.target_among_negatives,
            tree=self.tree,
            # A batch takes all gradients at the same vectors: in order, a hundred equal lines, one
            # after the other, were seen to make the vectors of their words thirty times as long.
            shuffled=not options.compiled and not options.is_own_loss and self.batch_size > 1,
        )

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        return self.position.epoch >= self.options.epochs

    @property
    def words_to_read(self) -> int:
        """The words of all epochs."""
        return self.corpus.words * self.options.epochs

    @property
    def words_done(self) -> int:
        """The words that were read, whole blocks of them."""
        epoch, block, _ = self.position
        return epoch * self.corpus.words + int(self.corpus.words_before[block])

    def count_pairs(self, block: int) -> int:
        """Return the pairs of a block in the first epoch; no negatives are drawn for that."""
        rng = generator(self.options.seed, 0, block)
        drawn = self._batches(self.corpus.block(block), rng, noise=None, negative=0)
        return sum(len(batch.inputs) for batch in drawn)

    @property
    def pairs(self) -> int:
        """The pairs trained on so far; those of the records and those that are pending."""
        return sum(record.pairs for record in self.history) + self.pending[0]

    def require_finite(self) -> None:
        """Refuse vectors that are not finite: no loss has seen yet what the last step made of them.

        Raises
        ------
        Divergence
            If a component is no finite number.
        """
        for name, vectors in (("center", self.V), ("outside", self.U)):
            bad = np.count_nonzero(~np.isfinite(vectors).all(axis=1))
            if bad:
                raise Divergence(
                    f"{bad:,} of {len(vectors):,} {name} vectors are not finite: they have grown "
                    "without bound"
                )

    def steps(self, until_epoch: int | None = None) -> Generator[Step]:
        """Train, and yield a report of each step.

        Whoever stops early closes the generator; V, U, position and history then fit each other,
        and `steps` may be called again. With several threads that is so only once it is closed.

        Parameters
        ----------
        until_epoch : int, optional
            Stop when as many epochs are done, counted from the start; go on to the end, unless
            given.

        Yields
        ------
        Step
            A batch; with several threads a block of the corpus.

        Raises
        ------
        Divergence
            If the loss is no finite number any more.
        """
        end = min(until_epoch or self.options.epochs, self.options.epochs)
        return self._one_by_one(end) if self.options.threads == 1 else self._side_by_side(end)

    def _one_by_one(self, end: int) -> Generator[Step]:
        while self.position.epoch < end:
            epoch, block, done = self.position
            todo = self._draw(epoch, block)
            for number in range(done, len(todo)):
                step = self._step(epoch, block, number / len(todo), todo[number])
                self.pending = self.pending[0] + step.pairs, self.pending[1] + step.loss
                self.position = Position(epoch, block, number + 1)
                yield step
            self._finish_block(epoch, block)

    def _side_by_side(self, end: int) -> Generator[Step]:
        """Let each thread take whole blocks, without a lock on V and U (Hogwild)."""
        running: deque[Future[Step | None]] = deque()
        with ThreadPoolExecutor(self.options.threads) as pool:
            submitted = self.position
            try:
                while running or self.position.epoch < end:
                    # As many blocks wait as are worked on, so that no thread ever waits for one.
                    while submitted.epoch < end and len(running) < 2 * self.options.threads:
                        running.append(pool.submit(self._block, submitted.epoch, submitted.block))
                        submitted = self._after(submitted)
                    step = self._collect(running.popleft())
                    if step is not None:
                        yield step
            finally:
                # What has begun has moved V and U; it began in the order in which it was submitted.
                while running and running[-1].cancel():
                    running.pop()
                while running:
                    self._collect(running.popleft())

    def _collect(self, future: Future[Step | None]) -> Step | None:
        step = future.result()
        if step is not None:
            self.pending = self.pending[0] + step.pairs, self.pending[1] + step.loss
        self._finish_block(self.position.epoch, self.position.block)
        return step

    def _block(self, epoch: int, block: int) -> Step | None:
        """Train on a block; return None if subsampling has left no pair of it."""
        todo = self._draw(epoch, block)
        if not todo:
            return None
        steps = [
            self._step(epoch, block, number / len(todo), batch) for number, batch in enumerate(todo)
        ]
        pairs, loss = sum(step.pairs for step in steps), sum(step.loss for step in steps)
        return steps[-1]._replace(pairs=pairs, loss=loss)

    def _draw(self, epoch: int, block: int) -> list[Batch | PathBatch]:
        rng = generator(self.options.seed, epoch, block)
        return list(self._batches(self.corpus.block(block), rng))

    def _step(self, epoch: int, block: int, fraction: float, batch: Batch | PathBatch) -> Step:
        """Train on a batch that begins after a fraction of the block."""
        start, end = self.corpus.words_before[block : block + 2].tolist()
        words = int(epoch * self.corpus.words + start + fraction * (end - start))
        rate = self._rate(words)
        # What overflows is told from the loss, in words.
        with np.errstate(over="ignore", invalid="ignore"):
            loss = self.update(self.V, self.U, batch, rate)
        if not math.isfinite(loss):
            raise Divergence(
                f"the loss is {loss} after {words:,} words: the vectors have grown without bound"
            )
        return Step(words, len(batch.inputs), loss, rate, batch)

    def _rate(self, words: int) -> float:
        first, last = self.options.starting_rate, self.options.min_alpha
        return first + (last - first) * words / self.words_to_read

    def _after(self, position: Position) -> Position:
        """Return the start of the block after the one of a position."""
        if position.block + 1 < len(self.corpus):
            return Position(position.epoch, position.block + 1)
        return Position(position.epoch + 1)

    def _finish_block(self, epoch: int, block: int) -> None:
        before, after = self.corpus.words_before[block : block + 2].tolist()
        parts = [words * _RECORDS_PER_EPOCH // self.corpus.words for words in (before, after)]
        pairs, loss = self.pending
        # The block has passed the next hundredth of the epoch.
        if pairs and parts[0] < parts[1]:
            words = epoch * self.corpus.words + after
            self.history.append(Record(epoch + 1, words, pairs, loss / pairs, self._rate(words)))
            self.pending = (0, 0.0)
        self.position = self._after(self.position)
