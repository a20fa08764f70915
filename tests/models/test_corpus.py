"""The encoded text: what is in its blocks, its fingerprint, its file, and how little it holds."""

from __future__ import annotations

import signal
import threading
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from models.reading import corpus as corpus_module
from models.reading.corpus import SENTENCE_END, encode

TEXT = [["a", "b", "rare", "a"], ["rare"], ["b"], ["a", "b"], ["b", "b", "a"]]
TEXTS = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=7), max_size=25)


def decoded(corpus):
    """The sentences of each block."""
    blocks = []
    for number in range(len(corpus)):
        block = corpus.block(number)
        assert block.dtype == np.int32
        assert block[-1] == SENTENCE_END
        parts = np.split(block, np.flatnonzero(block == SENTENCE_END) + 1)[:-1]
        blocks.append([[corpus.vocabulary.words[i] for i in part[:-1]] for part in parts])
    return blocks


def plain_blocks(sentences, known, block_words):
    """What `encode` is to write, with the whole text in memory."""
    blocks, block = [], []
    for sentence in sentences:
        if kept := [word for word in sentence if word in known]:
            block.append(kept)
        if sum(map(len, block)) >= block_words:
            blocks.append(block)
            block = []
    return [*blocks, block] if block else blocks


def counted(sentences):
    return Counter(word for sentence in sentences for word in sentence)


def usable(sentences, min_count):
    known = {word for word, n in counted(sentences).items() if n >= min_count}
    return len(known) > 1 and any(sum(w in known for w in s) > 1 for s in sentences)


@given(TEXTS, st.integers(1, 4), st.integers(1, 12), st.integers(1, 20))
def test_blocks_are_whole_sentences_of_known_words(sentences, min_count, block_words, chunk):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus_module, "_CHUNK", chunk)
        if not usable(sentences, min_count):
            with pytest.raises(InputError):
                encode(sentences, min_count=min_count)
            return
        with encode(iter(sentences), min_count=min_count, block_words=block_words) as corpus:
            vocabulary = corpus.vocabulary
            frequent = {word: n for word, n in counted(sentences).items() if n >= min_count}
            found = zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)
            assert list(found) == sorted(frequent.items(), key=lambda pair: (-pair[1], pair[0]))
            expected = plain_blocks(sentences, set(frequent), block_words)
            assert decoded(corpus) == expected
            words = [sum(map(len, block)) for block in expected]
            assert corpus.words_before.tolist() == [sum(words[:b]) for b in range(len(words) + 1)]
            assert corpus.words == vocabulary.total
            assert corpus.text_words == sum(map(len, sentences))


def test_chunks_do_not_show():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus_module, "_CHUNK", 1)
        with encode(TEXT, min_count=3) as one, encode(TEXT, min_count=3) as other:
            assert one.digest == other.digest
            patch.undo()
            with encode(TEXT, min_count=3) as whole:
                assert one.digest == whole.digest
                assert decoded(one) == decoded(whole)


def digest(sentences, **options):
    with encode(sentences, **{"min_count": 3, **options}) as corpus:
        return corpus.digest


OTHERS = {
    "a word": [["a", "b", "rare", "a"], ["rare"], ["b"], ["a", "b"], ["b", "a", "a"]],
    "the order of words": [["b", "a", "rare", "a"], ["rare"], ["b"], ["a", "b"], ["b", "b", "a"]],
    "the order of sentences": [*TEXT[1:], TEXT[0]],
    "where a sentence ends": [["a", "b", "rare", "a"], ["b"], ["rare"], ["a", "b", "b", "b", "a"]],
    "the spelling of a word": [[w.replace("a", "c") for w in s] for s in TEXT],
}


@pytest.mark.parametrize("difference", OTHERS)
def test_another_text_has_another_digest(difference):
    assert digest(OTHERS[difference]) != digest(TEXT)


def test_the_digest_is_that_of_vocabulary_sentences_and_blocks():
    assert digest(TEXT) == digest(tuple(map(tuple, TEXT)))
    assert digest(TEXT) != digest(TEXT, min_count=1)
    assert digest(TEXT) != digest(TEXT, block_words=2)


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ([], "novel.txt is empty: it has no words"),
        ([["a", "a"]], "novel.txt has one word only, 'a'"),
        ([["a", "b"]] * 4, "novel.txt has fewer than two words that occur 5 times"),
        ([["a"], ["b"]] * 9, "novel.txt has no line with two words of the vocabulary"),
        ([["a", "x"], ["b", "y"]] * 3 + [["a"], ["b"]] * 9, "novel.txt has no line with two words"),
    ],
)
def test_a_text_that_trains_nothing_is_one_message(sentences, message):
    with pytest.raises(InputError, match=message):
        encode(sentences, name="novel.txt")


@pytest.mark.parametrize("argument", ["min_count", "block_words"])
def test_an_argument_below_1_is_refused(argument):
    with pytest.raises(ValueError, match=f"{argument}: expected an integer >= 1, got 0"):
        encode(TEXT, **{argument: 0})


@pytest.mark.parametrize("number", [-1, 1])
def test_a_block_that_is_not_there_is_refused(number):
    with (
        encode(TEXT, min_count=1) as corpus,
        pytest.raises(IndexError, match=f"expected a block from 0 to 0, got {number}"),
    ):
        corpus.block(number)


def test_threads_read_what_one_reads():
    sentences = [[str(i % 97), str(i % 89)] for i in range(20_000)]
    with encode(sentences, block_words=100) as corpus:
        expected = [corpus.block(b).tobytes() for b in range(len(corpus))]
        wrong = []

        def read():
            wrong.extend(b for b in range(len(corpus)) if corpus.block(b).tobytes() != expected[b])

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []


def test_nothing_is_left_in_the_folder(tmp_path):
    with encode(TEXT, min_count=1, folder=tmp_path):
        pass
    with pytest.raises(InputError):
        encode([], folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_none_is_one_message(tmp_path):
    with pytest.raises(InputError, match=r"written to .*nowhere: No such file or directory; it"):
        encode(TEXT, folder=tmp_path / "nowhere")


@pytest.fixture
def no_room():
    """Files may have 100 kB: like a full disk, but for the wording."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("no_room")
@pytest.mark.parametrize("sentences", [30_000, 300_000], ids=["when flushed", "at once"])
def test_a_full_disk_is_one_message(tmp_path, sentences):
    with pytest.raises(InputError, match=f"written to {tmp_path}: File too large; it takes") as at:
        encode([["a", "b"]] * sentences, folder=tmp_path)
    assert "\n" not in str(at.value)


def peak_of_encoding(sentences):
    line = [f"word{i}" for i in range(30)]
    tracemalloc.start()
    try:
        with encode(line for _ in range(sentences)) as corpus:
            assert corpus.words == 30 * sentences
            for number in range(len(corpus)):
                corpus.block(number)
            return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_text():
    assert peak_of_encoding(100_000) < 1.1 * peak_of_encoding(20_000)
