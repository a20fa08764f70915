"""A text as the numbers of its words, in a temporary file that is read block by block."""

from __future__ import annotations

import hashlib
import tempfile
from array import array
from collections import defaultdict
from contextlib import contextmanager, suppress
from io import SEEK_END
from itertools import count
from threading import Lock
from typing import IO, TYPE_CHECKING, Self

import numpy as np

from models.errors import InputError
from models.vocabulary import Vocabulary, from_counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["SENTENCE_END", "EncodedCorpus", "encode"]

SENTENCE_END = -1
_DROPPED = -2

# Words in memory at a time while a text is encoded.
_CHUNK = 2**18
_ITEM = 4


class EncodedCorpus:
    """The words of a text as their numbers in its vocabulary, in blocks of whole sentences.

    `encode` makes one. Words that are not in the vocabulary are gone, so that the neighbours of
    each close ranks, as in word2vec.c and gensim. Threads may read at once.

    Attributes
    ----------
    vocabulary : Vocabulary
        Its words.
    words_before : ndarray of int64, shape (blocks + 1,)
        How many words lie before each block; the last is the number of words of the corpus.
    text_words : int
        The words of the text, those too rare for the vocabulary among them.
    digest : str
        A fingerprint of vocabulary, words, sentences and blocks: equal for equal ones alone.
    """

    def __init__(
        self,
        file: IO[bytes],
        *,
        vocabulary: Vocabulary,
        starts: NDArray[np.int64],
        words_before: NDArray[np.int64],
        digest: str,
        text_words: int,
    ) -> None:
        self._file = file
        self._lock = Lock()
        self._starts = starts
        self.vocabulary = vocabulary
        self.words_before = words_before
        self.digest = digest
        self.text_words = text_words

    def __len__(self) -> int:
        """Return the number of blocks."""
        return len(self._starts) - 1

    @property
    def words(self) -> int:
        """The number of words of the corpus: words of the text that are in the vocabulary."""
        return int(self.words_before[-1])

    def block(self, number: int) -> NDArray[np.int32]:
        """Return a block: the numbers of its words, -1 after each sentence.

        Parameters
        ----------
        number : int
            Which, from 0.

        Returns
        -------
        ndarray of int32, shape (n,)

        Raises
        ------
        IndexError
            If there is no such block.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"number: expected a block from 0 to {len(self) - 1}, got {number}")
        start, end = self._starts[number : number + 2].tolist()
        with self._lock:
            return _read(self._file, start, end - start)

    def close(self) -> None:
        """Delete the temporary file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def encode(
    sentences: Iterable[Sequence[str]],
    *,
    min_count: int = 5,
    block_words: int = 10_000,
    folder: Path | str | None = None,
    name: str = "the text",
) -> EncodedCorpus:
    """Read a text once, and return its vocabulary and its encoded words.

    The words are numbered as they appear and written to a temporary file, which has no name and
    is gone with the process, however that ends; when the counts are known, the numbers are
    replaced in place. In memory are the different words and a chunk of the text, never more.

    Parameters
    ----------
    sentences : iterable of sequences of str
        The text.
    min_count : int
        Rarer words are left out.
    block_words : int
        A block ends with the first sentence that makes it as long or longer.
    folder : path, optional
        Where the temporary file lies; where the system puts them, unless said.
    name : str
        What the messages call the text.

    Returns
    -------
    EncodedCorpus

    Raises
    ------
    InputError
        If the text has no words, fewer than two different ones are frequent enough, no sentence
        has two words, or the folder has no room.
    ValueError
        If `min_count` or `block_words` is below 1.
    """
    for argument, value in (("min_count", min_count), ("block_words", block_words)):
        if value < 1:
            raise ValueError(f"{argument}: expected an integer >= 1, got {value}")
    with _writing(folder):
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the corpus closes it
    try:
        words, counts = _write_as_they_come(file, sentences, folder)
        vocabulary = from_counts(words, counts, min_count, name)
        with _writing(folder):
            return _renumber(
                file,
                words,
                vocabulary,
                block_words=block_words,
                text_words=int(counts.sum()),
                name=name,
            )
    except BaseException:
        # On a full disk, closing tries in vain to write what is left.
        with suppress(OSError):
            file.close()
        raise


def _write_as_they_come(
    file: IO[bytes], sentences: Iterable[Sequence[str]], folder: Path | str | None
) -> tuple[list[str], NDArray[np.int64]]:
    """Write the words, numbered as they first appear; return them and their counts."""
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    number = numbers.__getitem__
    counts = np.zeros(0, dtype=np.int64)
    for chunk in _chunks(map(number, sentence) for sentence in sentences if sentence):
        with _writing(folder):
            file.write(chunk.data)
        new = np.bincount(chunk[chunk != SENTENCE_END])
        # Either may be longer: a chunk has new words, or none of the latest ones.
        new[: len(counts)] += counts[: len(new)]
        counts = np.concatenate((new, counts[len(new) :]))
    return list(numbers), counts


def _chunks(sentences: Iterable[Iterable[int]]) -> Iterator[NDArray[np.int32]]:
    """Put whole sentences, an end after each, together to arrays."""
    buffer = array("i")
    for sentence in sentences:
        buffer.extend(sentence)
        buffer.append(SENTENCE_END)
        if len(buffer) >= _CHUNK:
            yield np.frombuffer(buffer, dtype=np.int32)
            buffer = array("i")
    if buffer:
        yield np.frombuffer(buffer, dtype=np.int32)


def _renumber(
    file: IO[bytes],
    words: list[str],
    vocabulary: Vocabulary,
    *,
    block_words: int,
    text_words: int,
    name: str,
) -> EncodedCorpus:
    """Replace the numbers of words as they came by those of the vocabulary, in place."""
    index = vocabulary.index
    new = np.array([index.get(word, _DROPPED) for word in words] + [SENTENCE_END], dtype=np.int32)
    digest = hashlib.sha256(repr((block_words, vocabulary.words)).encode())
    blocks = _Blocks(block_words)
    pairs = False
    last = SENTENCE_END
    size = file.seek(0, SEEK_END) // _ITEM
    for start in range(0, size, _CHUNK):
        chunk, previous = _without_dropped(new[_read(file, start, min(_CHUNK, size - start))], last)
        if not chunk.size:
            continue
        last = chunk[-1]
        pairs = pairs or bool(((chunk != SENTENCE_END) & (previous != SENTENCE_END)).any())
        file.seek(blocks.items * _ITEM)
        file.write(chunk.data)
        digest.update(chunk.data)
        blocks.add(chunk)
    if not pairs:
        raise InputError(
            f"{name} has no line with two words of the vocabulary: "
            "training learns from words that stand together in a line"
        )
    file.truncate(blocks.items * _ITEM)
    starts, words_before = blocks.table()
    return EncodedCorpus(
        file,
        vocabulary=vocabulary,
        starts=starts,
        words_before=words_before,
        digest=digest.hexdigest(),
        text_words=text_words,
    )


def _without_dropped(
    chunk: NDArray[np.int32], last: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Drop rare words, and sentences that are then empty; return each item's predecessor, too."""
    chunk = chunk[chunk != _DROPPED]
    previous = np.empty_like(chunk)
    previous[:1] = last
    previous[1:] = chunk[:-1]
    # A sentence of which nothing is left is an end after an end.
    kept = (chunk != SENTENCE_END) | (previous != SENTENCE_END)
    return chunk[kept], previous[kept]


class _Blocks:
    """The starts of the blocks of a corpus, found while it is written."""

    def __init__(self, block_words: int) -> None:
        self._block_words = block_words
        self._starts = [0]
        self._words_before = [0]
        self._words = 0
        self.items = 0

    def add(self, chunk: NDArray[np.int32]) -> None:
        """Take note of the chunk that is written next."""
        ends = np.flatnonzero(chunk == SENTENCE_END)
        words_at_ends = self._words + ends - np.arange(len(ends))
        full = self._words_before[-1] + self._block_words
        while (end := int(words_at_ends.searchsorted(full))) < len(ends):
            self._starts.append(self.items + int(ends[end]) + 1)
            self._words_before.append(int(words_at_ends[end]))
            full = self._words_before[-1] + self._block_words
        self._words += len(chunk) - len(ends)
        self.items += len(chunk)

    def table(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the start of each block and the words before it, those of the end last."""
        starts, words_before = self._starts, self._words_before
        # What is left after the last full block is one more.
        if words_before[-1] < self._words:
            starts, words_before = [*starts, self.items], [*words_before, self._words]
        return np.array(starts), np.array(words_before)


def _read(file: IO[bytes], start: int, items: int) -> NDArray[np.int32]:
    file.seek(start * _ITEM)
    return np.frombuffer(file.read(items * _ITEM), dtype=np.int32)


@contextmanager
def _writing(folder: Path | str | None) -> Iterator[None]:
    """Raise `InputError`, with advice, where the temporary file cannot be written."""
    try:
        yield
    except OSError as error:
        place = folder or tempfile.tempdir or "the folder of temporary files"
        raise InputError(
            f"the encoded text cannot be written to {place}: "
            f"{error.strerror or error}; it takes about 5 bytes a word, and the environment "
            "variable TMPDIR names another folder"
        ) from None
