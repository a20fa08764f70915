"""Pairs of words that stand together, and their negatives, made of a block of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.reading.corpus import SENTENCE_END

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.tree import Tree
    from models.vocabulary import Noise

__all__ = [
    "Batch",
    "Direction",
    "PathBatch",
    "TargetAmongNegatives",
    "batches",
    "generator",
]

Direction: TypeAlias = Literal["center-predicts-outside", "outside-predicts-center"]
TargetAmongNegatives: TypeAlias = Literal["skip", "redraw", "keep"]

# In `inputs` there is no further word; in `negatives` this one is skipped.
NONE = -1

# Draws of a negative that equals the target before it is skipped after all: a noise distribution
# that is nearly all one word would be drawn from for ever.
_REDRAWS = 100


class Batch(NamedTuple):
    """Pairs that are trained on together."""

    inputs: NDArray[np.int32]
    """(B, C), the rows of V whose mean predicts, -1 after the last; C = 1 for skip-gram.

    C is that of the pair of the batch that has most of them.
    """
    targets: NDArray[np.int32]
    """(B,), the row of U that is predicted."""
    negatives: NDArray[np.int32]
    """(B, K), rows of U, -1 where one is skipped; K = 0 for naive softmax."""

    @property
    def rows(self) -> NDArray[np.int32]:
        """(B, K + 1), the rows of U of each pair: the target, then the negatives."""
        return np.column_stack((self.targets, self.negatives))

    def selected(self, pairs: NDArray[np.integer] | slice) -> Batch:
        """Return some of the pairs."""
        return Batch(self.inputs[pairs], self.targets[pairs], self.negatives[pairs])

    def renumbered(self, of_V: NDArray[np.intp], of_U: NDArray[np.intp]) -> Batch:  # noqa: N803 - the lecture's names
        """Return the batch for matrices of which only some rows are left, in ascending order."""
        return Batch(
            _renumbered(self.inputs, of_V),
            _renumbered(self.targets, of_U),
            _renumbered(self.negatives, of_U),
        )


class PathBatch(NamedTuple):
    """Pairs that are trained on together, the targets leaves of a tree; see `models.tree.Tree`."""

    inputs: NDArray[np.int32]
    """(B, C), as of `Batch`."""
    nodes: NDArray[np.int32]
    """(B, L), the inner nodes on the path to the target, rows of U; -1 after the last."""
    signs: NDArray[np.int8]
    """(B, L), 1 where the path goes left, -1 where it goes right, 0 after the last node."""

    @property
    def rows(self) -> NDArray[np.int32]:
        """(B, L), the rows of U of each pair."""
        return self.nodes

    def selected(self, pairs: NDArray[np.integer] | slice) -> PathBatch:
        """Return some of the pairs."""
        return PathBatch(self.inputs[pairs], self.nodes[pairs], self.signs[pairs])

    def renumbered(self, of_V: NDArray[np.intp], of_U: NDArray[np.intp]) -> PathBatch:  # noqa: N803 - the lecture's names
        """Return the batch for matrices of which only some rows are left, in ascending order."""
        return PathBatch(_renumbered(self.inputs, of_V), _renumbered(self.nodes, of_U), self.signs)


def _renumbered(words: NDArray[np.int32], rows: NDArray[np.intp]) -> NDArray[np.int32]:
    return np.where(words < 0, words, rows.searchsorted(words)).astype(np.int32)


def generator(seed: int, epoch: int, block: int) -> np.random.Generator:
    """Return the randomness of one block in one epoch; nothing before it has a part in it."""
    return np.random.default_rng([seed, epoch, block])


def batches(
    block: NDArray[np.int32],
    rng: np.random.Generator,
    *,
    window: int,
    batch_size: int,
    cbow: bool = False,
    direction: Direction = "center-predicts-outside",
    keep_probabilities: NDArray[np.float64] | None = None,
    noise: Noise | None = None,
    negative: int = 0,
    target_among_negatives: TargetAmongNegatives = "skip",
    shuffled: bool = False,
    tree: Tree | None = None,
) -> Iterator[Batch | PathBatch]:
    """Yield the pairs of a block, center word by center word.

    As in word2vec.c: frequent words are dropped first, so that the neighbours of each close
    ranks, and then the window of each center word is drawn, uniform from 1 to `window` words on
    either side, within the sentence.

    Parameters
    ----------
    block : ndarray of int32, shape (n,)
        The numbers of words, -1 after each sentence.
    rng : Generator
        All the randomness; `generator` makes that of a block.
    window : int
        The largest window.
    batch_size : int
        Pairs in a batch; the last one has what is left.
    cbow : bool
        The mean of all the words in the window predicts the center word, one pair for each;
        otherwise skip-gram, one pair for each word in the window.
    direction : {"center-predicts-outside", "outside-predicts-center"}
        Of skip-gram: which word is the input. The first is the lecture's and fastText's, the
        second that of word2vec.c and gensim.
    keep_probabilities : ndarray of float64, shape (|V|,), optional
        With which probability an occurrence of each word is kept; all are, unless given.
    noise : Noise, optional
        What negatives are drawn from.
    negative : int
        Negatives of each pair; 0, for naive softmax, needs no noise.
    target_among_negatives : {"skip", "redraw", "keep"}
        What becomes of a negative that equals the target: one negative fewer, as in word2vec.c
        and gensim; drawn again, as in fastText; or trained on, as in the formula of the loss. One
        that is drawn 100 times in vain is skipped.
    shuffled : bool
        The center words of the block in random order, each with all its pairs: a phrase that is
        said over and over does not fill whole batches with the same rows.
    tree : Tree, optional
        Whose paths lead to the targets; no negatives are drawn then.

    Yields
    ------
    Batch, or PathBatch where there is a tree
        Of at most `batch_size` pairs.

    Raises
    ------
    ValueError
        If the window or the batch size is below 1, or there are to be negatives and no noise.
    """
    for argument, value in (("window", window), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"{argument}: expected an integer >= 1, got {value}")
    if negative and noise is None:
        raise ValueError("noise: expected what negatives are drawn from, got None")
    words, sentence = _subsampled(block, rng, keep_probabilities)
    first, last = _windows(sentence, window, rng)
    places = rng.permutation(len(words)) if shuffled else np.arange(len(words))
    if cbow:
        places = places[(last > first)[places]]
        targets = words[places]
    else:
        centers, targets = _skip_gram(words, places, first, last)
        if direction == "outside-predicts-center":
            centers, targets = targets, centers
    for start in range(0, len(targets), batch_size):
        part = slice(start, start + batch_size)
        inputs = _contexts(words, places[part], first, last) if cbow else centers[part, np.newaxis]
        if tree:
            yield PathBatch(inputs, *tree.paths(targets[part]))
            continue
        negatives = _negatives(targets[part], rng, noise, negative, target_among_negatives)
        yield Batch(inputs, targets[part], negatives)


def _subsampled(
    block: NDArray[np.int32],
    rng: np.random.Generator,
    keep_probabilities: NDArray[np.float64] | None,
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the words that are kept, and the number of the sentence of each."""
    is_word = block != SENTENCE_END
    sentence = np.cumsum(~is_word)
    if keep_probabilities is not None:
        # A sentence's end, -1, looks up the last probability: it is no word, whatever is drawn.
        is_word &= rng.random(len(block)) < keep_probabilities[block]
    return block[is_word], sentence[is_word]


def _windows(
    sentence: NDArray[np.int64], window: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last place in the window of each place."""
    place = np.arange(len(sentence))
    reach = rng.integers(1, window, size=len(sentence), endpoint=True)
    # Sentences are numbered in order, so each is a stretch that a binary search finds.
    sentence_first = sentence.searchsorted(sentence, side="left")
    sentence_last = sentence.searchsorted(sentence, side="right") - 1
    return np.maximum(place - reach, sentence_first), np.minimum(place + reach, sentence_last)


def _skip_gram(
    words: NDArray[np.int32],
    places: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the center word and the outside word of each pair, in the order of the places."""
    pairs = (last - first)[places]
    before = np.cumsum(pairs) - pairs
    center = np.repeat(places, pairs)
    outside = np.arange(len(center)) + np.repeat(first[places] - before, pairs)
    # The center itself, between the two sides of its window, is stepped over.
    outside += outside >= center
    return words[center], words[outside]


def _contexts(
    words: NDArray[np.int32],
    centers: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> NDArray[np.int32]:
    """Return the words in the window of each center, -1 after the last."""
    first, last = first[centers, np.newaxis], last[centers, np.newaxis]
    # As wide as the widest of this batch: `window` may be longer than any sentence.
    outside = first + np.arange((last - first).max())
    outside += outside >= centers[:, np.newaxis]
    inside = outside <= last
    return np.where(inside, words[np.where(inside, outside, 0)], np.int32(NONE))


def _negatives(
    targets: NDArray[np.int32],
    rng: np.random.Generator,
    noise: Noise | None,
    negative: int,
    target_among_negatives: TargetAmongNegatives,
) -> NDArray[np.int32]:
    """Return the negatives of each target."""
    if noise is None:
        return np.empty((len(targets), 0), dtype=np.int32)
    negatives = noise.draw(rng, (len(targets), negative))
    if target_among_negatives == "keep":
        return negatives
    target = targets[:, np.newaxis]
    if target_among_negatives == "redraw":
        _redraw(negatives, target, rng, noise)
    negatives[negatives == target] = NONE
    return negatives


def _redraw(
    negatives: NDArray[np.int32],
    target: NDArray[np.int32],
    rng: np.random.Generator,
    noise: Noise,
) -> None:
    """Draw negatives that equal the target again, in place, until there are none."""
    pair, place = np.nonzero(negatives == target)
    for _ in range(_REDRAWS):
        if not pair.size:
            return
        negatives[pair, place] = noise.draw(rng, len(pair))
        again = negatives[pair, place] == target[pair, 0]
        pair, place = pair[again], place[again]
