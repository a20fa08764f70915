"""--check-every and --loss FILE:FUNCTION: a wrong gradient does not train."""

from __future__ import annotations

import inspect
import re
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models import minibatch, training
from models.__main__ import main
from models.checkpoints import load
from models.commands import followers, train
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
    report, pairs, (center_rows, outside_rows) = check_update(
        step, V, U, batch, spare_outside_rows=2, pair_by_pair=False
    )
    assert report
    assert pairs == 1
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
    assert re.search(r"agreed with its loss in (\d+) of \1 spot checks", capsys.readouterr().err)


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


ONE_WORD = """
from right import my_loss_and_gradient as right

def my_loss_and_gradient(centerWordVec, outsideWordIdx, outsideVectors, dataset):
    loss, gradCenterVec, gradOutsideVecs = right(
        centerWordVec, outsideWordIdx, outsideVectors, dataset
    )
    if outsideWordIdx == WORD:
        gradOutsideVecs[WORD] += centerWordVec
    return loss, gradCenterVec, gradOutsideVecs
"""


def train_on_many_words(source, *arguments):
    """Words as frequent as in a text, more of them than a spot check takes rows."""
    Path("right.py").write_text(SOFTMAX, encoding="utf-8")
    Path("mine.py").write_text(source, encoding="utf-8")
    rng = np.random.default_rng(1)
    weights = 1 / np.arange(3.0, 83)
    drawn = rng.choice(80, size=(300, 6), p=weights / weights.sum())
    lines = [" ".join(f"w{word}" for word in line) for line in drawn.tolist()]
    Path("text.txt").write_text("\n".join(lines), encoding="utf-8")
    options = ["--size", "6", "--epochs", "1", "--min-count", "1", "--sample", "0"]
    name = "mine.py:my_loss_and_gradient"
    return main(["train", "text.txt", *options, "--loss", name, *arguments])


LAYER = """
import numpy as np

class Softmax:
    def forward(self, center, target, outside, dataset):
        scores = outside @ center
        p = np.exp(scores - scores.max())
        self.p, self.center, self.outside = p / p.sum(), center, outside
        loss = -np.log(self.p[target])
        self.p[target] -= 1
        return loss

    def backward(self):
        return self.outside.T @ self.p, np.outer(self.p, self.center)
"""


@pytest.mark.parametrize(
    ("right", "other"),
    [("backward(self)", "backward(self, dout)"), ("backward(self)", "backward(self, dout=1.0)")],
)
def test_a_class_trains_as_a_function_does(folder, right, other):
    assert own(SOFTMAX) == 0
    by_function = (folder / "vectors.txt").read_text(encoding="utf-8")
    for source in (LAYER, LAYER.replace(right, other)):
        assert own(source, "--restart", name="Softmax") == 0
        assert (folder / "vectors.txt").read_text(encoding="utf-8") == by_function


def test_a_class_that_is_wrong_or_cannot_be_made_is_told(capsys):
    assert own(LAYER.replace("outer(self.p,", "outer(2 * self.p,"), name="Softmax") == 1
    assert "Softmax: the gradient is not confirmed" in capsys.readouterr().err
    needs = LAYER.replace("    def forward", "    def __init__(self, size): pass\n    def forward")
    assert own(needs, name="Softmax") == 2
    said = capsys.readouterr().err
    assert "Softmax has forward and backward, so it is made without arguments" in said
    assert "Softmax() fails: TypeError" in said


@pytest.mark.parametrize("word", [6, 43, 79])
def test_a_gradient_that_is_wrong_for_one_word_only_is_found(folder, capsys, word):
    assert train_on_many_words(ONE_WORD.replace("WORD", str(word))) == 1
    said = capsys.readouterr().err
    assert re.search(rf"disagrees with the loss for the outside word 'w\d+' \({word}\)", said)
    assert f"outside (80, 6): ONLY row {word} is wrong" in said
    assert "the one-hot vector is not subtracted" in said
    assert not (folder / "vectors.txt").exists()


def test_it_is_seen_again_by_the_lines_that_are_shown(capsys):
    assert train_on_many_words(ONE_WORD.replace("WORD", "50")) == 1
    said = capsys.readouterr().err
    lines = said[said.rindex("import gradcheck\n") :].splitlines()
    last = next(number for number, line in enumerate(lines) if line.startswith("print("))
    exec("\n".join(lines[: last + 1]), {})  # noqa: S102 - what a person pastes
    shown = capsys.readouterr().out
    assert "The gradient DISAGREES with the loss." in shown
    assert "ONLY row 50 is wrong" in shown


def test_each_outside_word_is_checked_once(capsys):
    assert train_on_many_words(SOFTMAX) == 0
    agreed, checks, checked, pairs = map(
        int,
        re.search(
            r"agreed with its loss in (\d+) of (\d+) spot checks, (\d+) of ([\d,]+) pairs",
            capsys.readouterr().err.replace(",", "").replace("checks", "checks,"),
        ).groups(),
    )
    assert agreed == checks
    # And a few pairs at the start and at the end.
    assert 80 < checked <= 80 + 18
    assert pairs > 5_000


SINGLE = SOFTMAX.replace(
    "    scores",
    "    centerWordVec = centerWordVec.astype(np.float32)\n"
    "    outsideVectors = outsideVectors.astype(np.float32)\n"
    "    scores",
)


def test_a_function_in_single_precision_trains(capsys):
    assert own(SINGLE) == 0
    said = re.search(r"loss in (\d+) of (\d+) spot checks", capsys.readouterr().err)
    # The first and the last batch are checked as sums, which are too noisy.
    assert int(said[1]) == int(said[2]) - 2 > 4
    assert own(SINGLE.replace("p[outsideWordIdx] -= 1", "p[outsideWordIdx] -= 0.9")) == 1


def trained_by(source):
    Path("mine.py").write_text(source, encoding="utf-8")
    options = training.Options(size=4, sample=0, epochs=1, alpha=0.1)
    own_loss = OwnLoss("mine.py:my_loss_and_gradient")
    with encode(sentences(write_text(Path("short.txt"), 200)), min_count=1) as corpus:
        done = training.Training(corpus, options, own_loss.update)
        for _ in done.steps():
            pass
    return done.V, done.U


def test_it_trains_the_same_whether_it_is_called_quickly_or_with_all_care(monkeypatch):
    quickly = trained_by(SOFTMAX)
    monkeypatch.setattr(OwnLoss, "_follow_quickly", lambda _, pairs, __: next(pairs, None))
    with_care = trained_by(SOFTMAX)
    for got, expected in zip(quickly, with_care, strict=True):
        assert np.allclose(got, expected, rtol=1e-6, atol=1e-8)
        assert got.any()


def test_what_it_does_to_its_arguments_does_no_harm():
    overwriting = SOFTMAX.replace("    loss =", "    outsideVectors += 1\n    loss =").replace(
        "outsideVectors.T @ p", "(outsideVectors - 1).T @ p"
    )
    for got, expected in zip(trained_by(overwriting), trained_by(SOFTMAX), strict=True):
        assert np.allclose(got, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("place", "zero"), [((3, 1), True), ((0, 0), False), ((9, 3), False), ((4, 0), False)]
)
def test_what_is_zero_but_for_some_rows_is_known(place, zero):
    matrix = np.zeros((10, 4))
    matrix[[3, 7]] = 1.0
    matrix[place] = 1e-300
    assert followers.is_zero_elsewhere(matrix, [3, 7]) == zero


def test_a_large_gradient_that_is_mostly_zero_takes_the_same_step(monkeypatch):
    Path("mine.py").write_text(NEGATIVE_SAMPLING, encoding="utf-8")
    own_loss = OwnLoss("mine.py:negSamplingLossAndGradient")
    rng = np.random.default_rng(0)
    batch = Batch(*(rng.integers(0, 30, size, np.int32) for size in ((20, 1), 20, (20, 7))))
    start = rng.standard_normal((2, 30, 4)).astype(np.float32)
    dense, sparse = start.copy(), start.copy()
    own_loss.update(*dense, batch, 0.1)
    monkeypatch.setattr(followers, "_SMALL", 0)
    own_loss.update(*sparse, batch, 0.1)
    assert np.array_equal(dense, sparse)
    assert not np.array_equal(dense, start)
