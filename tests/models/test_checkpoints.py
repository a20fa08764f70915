"""Checkpoints: a training comes back whole, or a message says why it does not."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from models import checkpoints
from models.checkpoints import load, restore
from models.errors import InputError
from models.options import Options
from models.reading.corpus import encode
from models.training import Training
from tests.models.topics import topical_sentences

SMALL = Options(size=6, sample=0, batch_size=64, epochs=1)


@pytest.fixture(scope="module")
def corpus():
    with encode(topical_sentences(3_000), block_words=400) as encoded:
        yield encoded


def begun(corpus, options=SMALL, steps=50):
    training = Training(corpus, options)
    with closing(training.steps()) as running:
        for _ in islice(running, steps):
            pass
    return training


def save(path, training):
    with path.open("wb") as file:
        checkpoints.save(file, training)


def finish(training):
    for _ in training.steps():
        pass
    return training


@pytest.mark.parametrize("steps", [0, 1, 17, 50, 101])
def test_a_training_that_was_stored_goes_on_bit_for_bit(corpus, tmp_path, steps):
    path = tmp_path / "training.checkpoint"
    whole = finish(Training(corpus, SMALL))
    stopped = begun(corpus, steps=steps)
    save(path, stopped)
    training = Training(corpus, SMALL)
    restore(training, load(path), path)
    assert training.position == stopped.position
    assert training.pending == stopped.pending
    assert training.history == stopped.history
    finish(training)
    assert training.V.tobytes() == whole.V.tobytes()
    assert training.U.tobytes() == whole.U.tobytes()
    assert training.history == whole.history
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_checkpoint_says_whether_it_is_of_the_end(corpus, tmp_path):
    save(tmp_path / "begun", begun(corpus))
    save(tmp_path / "done", finish(begun(corpus)))
    assert not load(tmp_path / "begun").finished
    assert load(tmp_path / "done").finished


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"alpha": 0.05}, "alpha 0.025; this has alpha 0.05"),
        ({"seed": 3, "window": 2}, "window 5, seed 1; this has window 2, seed 3"),
        ({"loss": "naive-softmax"}, "loss negative-sampling; this has loss naive-softmax"),
    ],
)
def test_a_checkpoint_of_other_options_is_refused(corpus, tmp_path, change, told):
    path = tmp_path / "other"
    save(path, begun(corpus))
    with pytest.raises(InputError, match=told):
        restore(Training(corpus, replace(SMALL, **change)), load(path), path)


def test_the_default_rate_and_the_same_rate_by_name_are_one(corpus, tmp_path):
    path = tmp_path / "default"
    save(path, begun(corpus))
    restore(Training(corpus, replace(SMALL, alpha=SMALL.starting_rate)), load(path), path)


@pytest.mark.parametrize(
    "sentences",
    [
        topical_sentences(3_000, seed=1),
        topical_sentences(3_010),
        [[f"{word}s" for word in sentence] for sentence in topical_sentences(3_000)],
    ],
)
def test_a_checkpoint_of_another_text_is_refused(corpus, tmp_path, sentences):
    path = tmp_path / "other"
    save(path, begun(corpus))
    with encode(sentences, block_words=400) as other:
        training = Training(other, SMALL)
        with pytest.raises(InputError, match="a training on another text"):
            restore(training, load(path), path)


def test_a_checkpoint_of_another_source_of_the_loss_is_refused(corpus, tmp_path):
    path = tmp_path / "other"
    options = replace(SMALL, loss="mine.py:f")

    def update(*_arguments):
        return 1.0

    save(path, Training(corpus, options, update, "one"))
    restore(Training(corpus, options, update, "one"), load(path), path)
    with pytest.raises(InputError, match=r"the source of mine\.py:f has changed"):
        restore(Training(corpus, options, update, "two"), load(path), path)


def test_there_is_no_checkpoint(tmp_path):
    with pytest.raises(InputError, match="there is no such checkpoint"):
        load(tmp_path / "missing")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"junk\0junk", b"1 2\na 1 2\n", b"PK\x03\x04junk"])
def test_another_file_is_no_checkpoint(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InputError, match="no checkpoint of a training, or a damaged one"):
        load(path)


def test_arrays_of_something_else_are_no_checkpoint(tmp_path):
    with (tmp_path / "arrays").open("wb") as file:
        np.savez(file, V=np.zeros((2, 2)))
    with pytest.raises(InputError, match="no checkpoint"):
        load(tmp_path / "arrays")


def test_a_checkpoint_cut_short_or_changed_is_seen(corpus, tmp_path):
    path = tmp_path / "training"
    save(path, begun(corpus))
    content = path.read_bytes()
    for end in range(0, len(content), len(content) // 20):
        path.write_bytes(content[:end])
        with pytest.raises(InputError, match="damaged"):
            load(path)
    middle = content.index(b"V.npy") + 500
    path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    with pytest.raises(InputError, match="damaged"):
        load(path)


def test_a_damaged_header_of_the_archive_is_refused_or_of_no_account(corpus, tmp_path):
    """One entry of zip's directory with a bit changed: flag, version, compression, offset, …"""
    path = tmp_path / "training"
    save(path, begun(corpus))
    stored, content = load(path), path.read_bytes()
    refused = 0
    first = content.index(b"PK\x01\x02")
    for place in range(first, content.index(b"PK\x01\x02", first + 1)):
        for bit in range(8):
            damaged = bytearray(content)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            try:
                found = load(path)
            except InputError:
                refused += 1
            else:
                np.testing.assert_equal(found, stored)
    assert refused > 100


def test_a_memory_that_is_not_enough_is_told(corpus, tmp_path, monkeypatch):
    save(tmp_path / "training", begun(corpus))

    def read(*_arguments, **_options):
        raise MemoryError

    monkeypatch.setattr(np, "load", read)
    with pytest.raises(InputError, match="training: not enough memory for its vectors"):
        load(tmp_path / "training")


def test_a_later_format_is_refused(corpus, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "_FORMAT", checkpoints._FORMAT + 1)
        save(tmp_path / "later", begun(corpus))
    with pytest.raises(InputError, match="no checkpoint"):
        load(tmp_path / "later")
