"""What a training will take is said before it begins, and too much is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from models.__main__ import main
from models.beginnings import fitting_batch_size
from models.commands import forecast
from models.options import Options
from models.reading.corpus import encode
from models.training import Training
from tests.models.topics import topical_sentences, write_text

QUICK = ["--size", "4", "--sample", "0", "--epochs", "2"]
NAIVE = ["--loss", "naive-softmax"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_text(tmp_path / "text.txt", 800)
    return tmp_path


@pytest.fixture(scope="module")
def corpus():
    with encode(topical_sentences(1_000), block_words=300) as encoded:
        yield encoded


def run(*arguments):
    return main(["train", "text.txt", *QUICK, *arguments])


def takes(monkeypatch, seconds):
    """Let a pair of naive softmax take so long; the text has 785 words and about 3,300 pairs."""
    monkeypatch.setattr(forecast, "_seconds_a_pair", lambda _: seconds)


def test_a_naive_softmax_of_hours_is_refused_before_anything_is_written(
    folder, capsys, monkeypatch
):
    takes(monkeypatch, 0.6)
    assert run(*NAIVE) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert re.match(r"models: naive softmax takes about 3\d min an epoch, 1 h \d+ min in all", said)
    assert "a score for each of 36 words" in said
    assert "--yes trains all the same" in said
    assert [path.name for path in folder.iterdir()] == ["text.txt"]
    assert run(*NAIVE, "--yes") == 0
    assert Path("vectors.txt").exists()


@pytest.mark.parametrize(("seconds", "said"), [(0.01, True), (1e-6, False)])
def test_one_of_minutes_is_told_and_one_of_seconds_is_not(capsys, monkeypatch, seconds, said):
    takes(monkeypatch, seconds)
    assert run(*NAIVE) == 0
    assert ("naive softmax takes about 3" in capsys.readouterr().err) == said


def test_what_is_left_of_a_training_counts(capsys, monkeypatch):
    """Of two epochs one is done, and the other takes less than ten minutes."""
    takes(monkeypatch, 0.1)
    with encode([line.split() for line in Path("text.txt").read_text().splitlines()]) as text:
        options = Options(size=4, sample=0, epochs=2, loss="naive-softmax")
        training = Training(text, options)
        for _ in training.steps():
            if training.position.epoch == 1:
                break
        forecast.forecast(training, patient=False)
        assert "min an epoch" in capsys.readouterr().err
        with pytest.raises(forecast.UsageError, match="min an epoch, 12 min in all"):
            forecast.forecast(Training(text, options), patient=False)


@pytest.mark.parametrize("model", ["skip-gram", "cbow"])
def test_the_time_is_measured_without_a_trace(corpus, model):
    options = Options(size=10, loss="naive-softmax", model=model, init="random")
    training = Training(corpus, options)
    V, U = training.V.tobytes(), training.U.tobytes()
    assert 0 < forecast._seconds_a_pair(training) < 1
    assert (training.V.tobytes(), training.U.tobytes()) == (V, U)
    assert training.position == (0, 0, 0)


def test_many_negatives_and_large_batches_are_told(capsys):
    assert run("--negative", "600", "--alpha", "1e-3") == 0
    said = capsys.readouterr().err
    assert "600 negatives: a pair takes about 100 times as long" in said
    assert "GB" not in said
    assert run("--batch-size", "1000000") in {0, 2}
    said = capsys.readouterr().err
    assert "known to be stable with this vocabulary and rate" in said
    assert "batches of 1,000,000" not in said, "a batch ends with its block"


def test_the_memory_of_a_batch_is_told(corpus):
    options = Options(size=1_000, negative=600, batch_size=1_024, sample=0)
    notes = "\n".join(forecast._notes(Training(corpus, options), pairs_a_word=4.0))
    # 300 words in the largest block, 4 pairs each, 601 vectors each of 1000 float32, and 30 % more.
    assert "about 3.2 GB of memory for batches of 1,024 pairs" in notes


def test_of_the_usual_nothing_is_said(capsys):
    assert run() == 0
    said = capsys.readouterr().err
    assert "stable" not in said
    assert "GB" not in said


def test_batches_are_smaller_where_there_are_many_negatives(corpus):
    usual = Options(size=100, alpha=1e-3, min_alpha=0)
    many = replace(usual, negative=1000)
    sizes = [fitting_batch_size(corpus.vocabulary, options) for options in (usual, many)]
    assert sizes == [1024, 32]
    of_large_vectors = replace(many, alpha=1e-9, size=1_000)
    assert fitting_batch_size(corpus.vocabulary, of_large_vectors) == 32


def test_pairs_are_counted_as_they_are_drawn(corpus):
    training = Training(corpus, Options(size=2))
    counted = training.count_pairs(0)
    drawn = 0
    for step in training.steps():
        if training.position.block:
            break
        drawn += step.pairs
    assert counted == drawn > 100


@pytest.mark.parametrize(
    ("seconds", "spoken"),
    [(40.4, "40 s"), (125, "2 min"), (4_440, "1 h 14 min"), (90_000, "25 h 0 min")],
)
def test_a_duration_is_spoken(seconds, spoken):
    assert forecast._spoken(seconds) == spoken
