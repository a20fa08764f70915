"""--check-every and --loss FILE:FUNCTION: a wrong gradient does not train."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models import minibatch, training
from models.__main__ import main
from models.checkpoints import load
from models.commands import train
from models.commands.own_losses import OwnLoss
from models.commands.spot_checks import check_update, few_pairs, single_pairs
from models.pairs import Batch
from models.reading.corpus import encode
from models.reading.text import sentences
from models.vectors.embeddings import Embeddings
from tests.models.topics import write_text

QUICK = ["--size", "4", "--sample", "0", "--epochs", "1"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_text(tmp_path / "text.txt", 800)
    return tmp_path


def run(*arguments):
    return main(["train", "text.txt", *QUICK, *arguments])


def changed(function, old, new):
    """A function of `minibatch` with a mistake in its source."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{old!r} is not once in {source}"
    namespace = dict(vars(minibatch))
    exec(source.replace(old, new), namespace)  # noqa: S102 - our own source
    return namespace[function.__name__]


def moved(gradient, *, center=0, outside=0):
    """A gradient whose rows are others."""

    def wrong(*arguments):
        right = gradient(*arguments)

        def shift(part, by):
            return part._replace(rows=np.where(part.rows < 0, part.rows, part.rows + by) % 8)

        return right._replace(
            center=shift(right.center, center) if center else right.center,
            outside=shift(right.outside, outside) if outside else right.outside,
        )

    return wrong


def scaled(gradient, *, center=1.0, outside=1.0):
    def wrong(*arguments):
        right = gradient(*arguments)
        return right._replace(
            center=right.center._replace(weights=right.center.weights * center),
            outside=right.outside._replace(weights=right.outside.weights * outside),
        )

    return wrong


def subtract_once(self, matrix, rate):
    """Lose what is added to a row a second time, as `matrix[rows] -= …` does."""
    terms = self.weights[:, :, np.newaxis] * self.vectors[:, np.newaxis, :]
    named = self.rows >= 0
    matrix[self.rows[named]] -= (rate * terms[named]).astype(matrix.dtype)


LOSSES = ["negative-sampling", "naive-softmax"]
MISTAKES = {
    "sign of the center": lambda f: scaled(f, center=-1.0),
    "sign of the outside": lambda f: scaled(f, outside=-1.0),
    "half of the center": lambda f: scaled(f, center=0.5),
    "a little of the outside": lambda f: scaled(f, outside=1.001),
    "wrong row of the center": lambda f: moved(f, center=1),
    "wrong row of the outside": lambda f: moved(f, outside=1),
}


@pytest.mark.parametrize("model", ["skip-gram", "cbow"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_gradient_stops_the_training(capsys, monkeypatch, mistake, loss, model):
    Path("vectors.txt").write_text("1 1\nold 1\n", encoding="utf-8")
    name = loss.replace("-", "_")
    monkeypatch.setattr(minibatch, name, MISTAKES[mistake](getattr(minibatch, name)))
    assert run("--loss", loss, "--model", model) == 1
    said = capsys.readouterr().err
    assert "the gradient of a batch disagrees with its loss" in said
    assert "The gradient DISAGREES with the loss." in said
    assert "row 0 of V is that of 't" in said
    assert said.splitlines()[-1] == (
        "stopped; vectors.txt was not written; correct the gradient, "
        "then start again with --restart"
    )
    assert Path("vectors.txt").read_text(encoding="utf-8") == "1 1\nold 1\n"
    assert Path("vectors.txt.checkpoint").exists()


@pytest.mark.parametrize("how", [[], ["--compiled"]])
def test_what_the_known_trainers_apply_for_cbow_is_no_gradient(capsys, how):
    if how:
        pytest.importorskip("numba", reason="the compiled trainer needs numba")
    whole = ["--model", "cbow", "--cbow-gradient", "whole", *how]
    assert run(*whole) == 1
    said = capsys.readouterr().err
    assert "The gradient DISAGREES with the loss." in said
    assert "U (" in said
    assert "): right." in said
    assert "say --check-every 0 to train with it, or --cbow-gradient exact" in said.splitlines()[-1]
    assert run(*whole, "--check-every", "0", "--restart") == 0


@pytest.mark.parametrize("model", ["skip-gram", "cbow"])
def test_repeats_that_are_lost_stop_the_training(capsys, monkeypatch, model):
    monkeypatch.setattr(minibatch.RowGradient, "subtract_from", subtract_once)
    assert run("--model", model) == 1
    assert "DISAGREES" in capsys.readouterr().err


def test_a_mistake_that_comes_late_is_seen(capsys, monkeypatch):
    """The first check finds nothing; a later one does."""
    calls = []
    right = minibatch.negative_sampling
    wrong = scaled(right, center=-1.0)

    def gradient(*arguments):
        calls.append(1)
        return (right if len(calls) < 300 else wrong)(*arguments)

    monkeypatch.setattr(minibatch, "negative_sampling", gradient)
    assert run("--batch-size", "16", "--check-every", "20") == 1
    assert "DISAGREES" in capsys.readouterr().err


def test_without_checks_nobody_looks(capsys, monkeypatch):
    right = minibatch.negative_sampling
    monkeypatch.setattr(minibatch, "negative_sampling", scaled(right, center=-1.0))
    assert run("--check-every", "0") == 0
    assert "the gradient was not checked" in capsys.readouterr().err


def test_the_last_batch_is_checked_too(capsys, monkeypatch):
    """From U = 0 the first gradient of V is zero, whatever its factor is."""
    monkeypatch.setattr(train.SpotChecks, "look", lambda self, step: setattr(self, "_last", step))
    right = minibatch.negative_sampling
    monkeypatch.setattr(minibatch, "negative_sampling", scaled(right, center=-1.0))
    assert run() == 1
    assert "DISAGREES" in capsys.readouterr().err
    # Or --resume would find nothing left to do, and write the vectors.
    assert not load("vectors.txt.checkpoint").finished


def test_a_compiled_step_that_is_wrong_stops_the_training(capsys, monkeypatch):
    pytest.importorskip("numba", reason="the compiled trainer needs numba")
    right = training.update_of

    def update_of(options):
        step = right(options)

        def wrong(V, U, batch, rate):
            before = V.copy()
            loss = step(V, U, batch, rate)
            V += 0.01 * (V - before)
            return loss

        return wrong

    assert run("--compiled") == 0
    monkeypatch.setattr(train, "update_of", update_of)
    assert run("--compiled") == 1
    assert "DISAGREES" in capsys.readouterr().err


def test_the_pairs_that_are_checked_have_rows_that_repeat():
    rng = np.random.default_rng(0)
    inputs = rng.integers(20, size=(500, 1)).astype(np.int32)
    targets = rng.integers(20, size=500).astype(np.int32)
    negatives = rng.integers(20, size=(500, 3)).astype(np.int32)
    few = few_pairs(Batch(inputs, targets, negatives), alike=2)
    assert 3 <= len(few.targets) <= 9
    assert len(np.unique(few.inputs)) < few.inputs.size
    assert len(np.unique(few.targets)) < few.targets.size
    assert any(len(set(words)) < 3 for words in few.negatives.tolist())
    assert len(few_pairs(Batch(inputs, targets, negatives), alike=16).targets) > 40


def test_a_word_that_is_no_word_does_not_repeat():
    ones = np.ones((4, 1), dtype=np.int32)
    negatives = np.array([[-1, 2, -1], [3, 0, 4], [0, 5, 0], [0, 0, 0]], dtype=np.int32)
    few = few_pairs(Batch(ones, np.arange(6, 10, dtype=np.int32), negatives), alike=1)
    # The first pair, which has the input of all and the first of the targets, and the third.
    assert few.targets.tolist() == [6, 8]


def first_terms_alone(terms, right=minibatch.RowGradient.subtract_from):
    """Lose what is added to a row after so many terms."""

    def subtract_from(self, matrix, rate):
        named = self.rows.ravel()
        order = np.argsort(named, kind="stable")
        first = np.flatnonzero(np.diff(named[order], prepend=-2))
        number = np.arange(len(named)) - np.repeat(first, np.diff(first, append=len(named)))
        kept = named.copy()
        kept[order[number >= terms]] = -1
        right(self._replace(rows=kept.reshape(self.rows.shape)), matrix, rate)

    return subtract_from


@pytest.mark.parametrize("terms", [2, 8])
def test_a_rows_later_terms_that_are_lost_stop_the_training(capsys, monkeypatch, terms):
    wrong = first_terms_alone(terms)
    monkeypatch.setattr(minibatch.RowGradient, "subtract_from", wrong)
    assert run() == 1
    assert "DISAGREES" in capsys.readouterr().err


def test_a_negative_that_repeats_within_a_pair_is_among_the_pairs_of_a_compiled_step(
    capsys, monkeypatch
):
    pytest.importorskip("numba", reason="the compiled trainer needs numba")
    right = training.update_of

    def update_of(options):
        step = right(options)

        def wrong(V, U, batch, rate):
            negatives = batch.negatives.copy()
            negatives[:, 1:][negatives[:, 1:] == negatives[:, :-1]] = -1
            step(V, U, batch._replace(negatives=negatives), rate)
            return step(V.copy(), U.copy(), batch, 0.0)

        return wrong

    monkeypatch.setattr(train, "update_of", update_of)
    assert run("--compiled") == 1
    assert "DISAGREES" in capsys.readouterr().err


def test_the_check_copies_what_it_looks_at():
    V, U = np.ones((5, 2), dtype=np.float32), np.ones((5, 2), dtype=np.float32)
    one = np.array([1], dtype=np.int32)
    batch = Batch(one[:, np.newaxis], one, np.array([[2, -1]], dtype=np.int32))
    step = training.update_of(training.Options())
    report, (center_rows, outside_rows) = check_update(
        step, V, U, batch, spare_outside_rows=2, pair_by_pair=False
    )
    assert report
    assert (V == 1).all()
    assert (U == 1).all()
    assert {1} <= set(center_rows.tolist())
    assert {1, 2} <= set(outside_rows.tolist())


# A person's own function

SOFTMAX = """
import numpy as np

def my_loss_and_gradient(centerWordVec, outsideWordIdx, outsideVectors, dataset):
    scores = outsideVectors @ centerWordVec
    p = np.exp(scores - scores.max())
    p /= p.sum()
    loss = -np.log(p[outsideWordIdx])
    p[outsideWordIdx] -= 1
    return loss, outsideVectors.T @ p, np.outer(p, centerWordVec)
"""
NEGATIVE_SAMPLING = """
import numpy as np

def getNegativeSamples(outsideWordIdx, dataset, K):
    samples = []
    while len(samples) < K:
        index = dataset.sampleTokenIdx()
        if index != outsideWordIdx:
            samples.append(index)
    return samples

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def negSamplingLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, dataset, K=7):
    words = [outsideWordIdx] + getNegativeSamples(outsideWordIdx, dataset, K)
    signs = np.array([1] + K * [-1])
    s = sigmoid(signs * (outsideVectors[words] @ centerWordVec))
    gradOutsideVecs = np.zeros(outsideVectors.shape)
    np.add.at(gradOutsideVecs, words, np.outer(signs * (s - 1), centerWordVec))
    return -np.log(s).sum(), (signs * (s - 1)) @ outsideVectors[words], gradOutsideVecs
"""


def own(source, *arguments, name="my_loss_and_gradient", where="mine.py"):
    Path("mine.py").write_text(source, encoding="utf-8")
    write_text(Path("text.txt"), 500)
    return run("--loss", f"{where}:{name}", "--min-count", "20", *arguments)


def test_a_function_of_ones_own_trains(capsys):
    assert own(SOFTMAX, "--alpha", "0.1", "--history", "loss.csv") == 0
    vectors = Embeddings.load("vectors.txt")
    assert len(vectors) > 2
    assert "2 times right" in capsys.readouterr().err


def test_it_may_be_named_as_a_module(monkeypatch, folder):
    monkeypatch.syspath_prepend(folder)
    assert own(SOFTMAX, where="mine") == 0


def test_a_function_that_draws_gets_the_negatives_of_the_training(folder):
    """Then it takes the very steps of the trainer's own loss, pair by pair."""
    Path("mine.py").write_text(NEGATIVE_SAMPLING, encoding="utf-8")
    options = training.Options(size=4, sample=0, epochs=1, batch_size=32, negative=7)
    options = replace(options, target_among_negatives="redraw")
    step = training.update_of(options)

    def pair_by_pair(center, outside, batch, rate):
        return sum(step(center, outside, pair, rate) for pair in single_pairs(batch))

    with encode(sentences(write_text(folder / "short.txt", 200)), min_count=1) as corpus:
        ours = training.Training(
            corpus, options, OwnLoss("mine.py:negSamplingLossAndGradient").update
        )
        theirs = training.Training(corpus, options, pair_by_pair)
        for own_step, step_taken in zip(ours.steps(), theirs.steps(), strict=True):
            assert own_step.loss == pytest.approx(step_taken.loss, rel=1e-5)
    assert np.allclose(ours.V, theirs.V, atol=1e-6)
    assert np.allclose(ours.U, theirs.U, atol=1e-6)
    assert ours.U.any()


def test_a_wrong_function_is_not_trained_with(folder, capsys):
    wrong = SOFTMAX.replace("return loss, outsideVectors.T @ p", "return loss, outsideVectors[0]")
    assert own(wrong) == 1
    said = capsys.readouterr().err
    assert "the gradient is not confirmed, so nothing was trained" in said
    assert "center (4,): " in said
    assert "reading" not in said
    assert not (folder / "vectors.txt").exists()


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def my_loss_and_gradient(c, o, U, d):\n    return 1.0", "expected it to return (loss"),
        ("def my_loss_and_gradient(c, o, U, d):\n    return 1.0, U, c", "expected it to return"),
        ("def my_loss_and_gradient(c, o, U, d):\n    return None", "not implemented yet"),
        ("def my_loss_and_gradient(c, o, U, d):\n    return 1 / 0", "ZeroDivisionError"),
        ("def other(c, o, U, d):\n    return 1 / 0", "has no function my_loss_and_gradient"),
        ("def (", "mine.py"),
    ],
)
def test_a_function_that_cannot_be_used_is_told_in_a_line(capsys, source, told):
    assert own(source) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.startswith("models: --loss mine.py:my_loss_and_gradient: ")
    assert said.count("\n") == 1


def test_a_function_that_was_edited_does_not_go_on_from_its_checkpoint(capsys):
    assert own(SOFTMAX, "--checkpoint", "kept") == 0
    assert own(SOFTMAX, "--checkpoint", "kept", "--resume") == 0
    capsys.readouterr()
    assert own(f"{SOFTMAX}\n# edited\n", "--checkpoint", "kept", "--resume") == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "models: kept: the source of mine.py:my_loss_and_gradient has changed since this "
        "checkpoint; --restart in place of --resume drops it"
    )


def test_its_negatives_are_those_it_asks_for(capsys):
    assert own(NEGATIVE_SAMPLING, "--checkpoint", "kept", name="negSamplingLossAndGradient") == 0
    from models.checkpoints import load

    options = load("kept").options
    assert options.negative == 7
    assert options.target_among_negatives == "redraw"
    assert "Traceback" not in capsys.readouterr().err
