"""``python -m models train``: what it writes, how it stops and goes on, and what it refuses."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from models import checkpoints, training
from models.__main__ import main
from models.commands import train
from models.pictures import loss_history
from models.vectors.embeddings import Embeddings
from tests.models.topics import write_text

ROOT = Path(__file__).parents[2]
QUICK = ["--size", "8", "--sample", "0", "--epochs", "1", "--checkpoint-every", "0"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_text(tmp_path / "text.txt", 3_000)
    return tmp_path


def run(*arguments):
    return main(["train", "text.txt", *QUICK, *arguments])


def files(folder):
    return {path.name for path in folder.iterdir()}


def message(capsys):
    """The line that a run ended with."""
    return capsys.readouterr().err.splitlines()[-1]


def test_it_writes_vectors_that_can_be_read(folder, capsys):
    assert run() == 0
    vectors = Embeddings.load("vectors.txt")
    assert vectors.vectors.shape == (40, 8)
    assert vectors.words[0].endswith("w0")
    assert files(folder) == {"text.txt", "vectors.txt"}
    said = capsys.readouterr()
    assert said.out == "vectors.txt: 40 vectors of 8 numbers, text\n"
    assert "3,000 words; 40 different ones occur 5 times or more, 3,000 in all" in said.err
    assert "the gradient agreed with its loss in 2 of 2 spot checks, " in said.err
    assert all(len(line) <= 80 for line in said.err.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--model", "cbow"],
        ["--loss", "naive-softmax"],
        ["--threads", "2"],
        ["--compiled"],
        ["--direction", "outside-predicts-center", "--target-among-negatives", "redraw"],
        ["--subsampling", "paper", "--sample", "0.01", "--noise-power", "0.5", "--init", "gensim"],
    ],
)
def test_each_way_of_training_runs(arguments):
    if "--compiled" in arguments:
        pytest.importorskip("numba", reason="the compiled trainer needs numba")
    assert run(*arguments) == 0
    assert Embeddings.load("vectors.txt").vectors.any()


def test_a_word_that_occurs_once_is_told_in_words(capsys):
    assert run("--min-count", "1") == 0
    assert "40 different ones occur once or more" in capsys.readouterr().err


def test_the_same_seed_writes_the_same_file():
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert run("--output", name, "--seed", seed) == 0
    contents = [Path(name).read_bytes() for name in "abc"]
    assert contents[0] == contents[1] != contents[2]


def test_binary_and_text_hold_the_same_vectors(capsys):
    assert run("--output", "a") == run("--output", "b", "--binary") == 0
    assert capsys.readouterr().out.endswith("b: 40 vectors of 8 numbers, binary\n")
    text, binary = Embeddings.load("a"), Embeddings.load("b")
    assert text.words == binary.words
    assert text.vectors.tobytes() == binary.vectors.tobytes()
    assert b"\n" not in Path("b").read_bytes()[5:].split(b" ")[0]


def test_a_compressed_text_and_standard_input_give_the_same(folder):
    content = Path("text.txt").read_bytes()
    Path("text.txt.gz").write_bytes(gzip.compress(content))
    run("--output", "plain")
    assert main(["train", "text.txt.gz", *QUICK, "--output", "compressed"]) == 0
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "models", "train", "-", *QUICK, "--output", folder / "piped"],
        cwd=ROOT,
        input=content,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len({Path(name).read_bytes() for name in ("plain", "compressed", "piped")}) == 1


def test_the_loss_is_written_as_a_table_and_a_figure():
    pytest.importorskip("matplotlib", reason="figures need matplotlib")
    assert run("--history", "loss.csv", "--plot", "loss.png", "--epochs", "2") == 0
    records = loss_history.read("loss.csv")
    assert [record.epoch for record in records] == [1, 2]
    assert records[-1].words == 6_000
    assert records[0].loss > records[1].loss > 0
    assert Path("loss.png").read_bytes().startswith(b"\x89PNG")


# Stopping and going on


def interrupted_after(updates, monkeypatch, number=signal.SIGINT):
    """Have a signal come in the middle of the step after so many."""
    real = training.update_of

    def update_of(options):
        update, left = real(options), [updates]

        def step(*arguments):
            left[0] -= 1
            if left[0] == 0:
                signal.raise_signal(number)
            return update(*arguments)

        return step

    monkeypatch.setattr(train, "update_of", update_of)


@pytest.mark.parametrize("updates", [1, 2, 7, 30])
def test_ctrl_c_saves_and_resume_goes_on_bit_for_bit(folder, capsys, monkeypatch, updates):
    run("--output", "whole", "--history", "whole.csv")
    with monkeypatch.context() as patch:
        interrupted_after(updates, patch)
        assert run("--history", "loss.csv") == 130
    assert "stopped at" in capsys.readouterr().err
    assert Embeddings.load("vectors.txt").vectors.tobytes() != (
        Embeddings.load("whole").vectors.tobytes()
    )
    assert "vectors.txt.checkpoint" in files(folder)
    assert run("--resume", "--history", "loss.csv") == 0
    assert Path("vectors.txt").read_bytes() == Path("whole").read_bytes()
    assert Path("loss.csv").read_bytes() == Path("whole.csv").read_bytes()
    assert "vectors.txt.checkpoint" not in files(folder)


def test_the_request_to_end_is_heard_like_ctrl_c(monkeypatch, capsys):
    interrupted_after(5, monkeypatch, signal.SIGTERM)
    assert run() == 130
    assert message(capsys) == "--resume continues from vectors.txt.checkpoint"


def test_ctrl_c_with_threads_saves_what_can_go_on(monkeypatch):
    with monkeypatch.context() as patch:
        interrupted_after(5, patch)
        assert run("--threads", "2", "--epochs", "30") == 130
    assert run("--threads", "2", "--epochs", "30", "--resume") == 0


def test_the_handlers_of_signals_are_put_back():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    run()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_an_unfinished_training_is_not_overwritten_by_accident(capsys, monkeypatch):
    with monkeypatch.context() as patch:
        interrupted_after(5, patch)
        run()
    before = Path("vectors.txt.checkpoint").read_bytes()
    assert run() == 2
    assert "--resume continues it, --restart drops it" in message(capsys)
    assert Path("vectors.txt.checkpoint").read_bytes() == before
    assert run("--restart") == 0


def test_a_checkpoint_with_a_name_stays_and_a_finished_one_may_be_overwritten(folder, capsys):
    for _ in range(2):
        assert run("--checkpoint", "kept") == 0
        assert checkpoints.load("kept").finished
        assert files(folder) == {"text.txt", "vectors.txt", "kept"}
    vectors = Path("vectors.txt").read_bytes()
    Path("vectors.txt").unlink()
    capsys.readouterr()
    assert run("--checkpoint", "kept", "--resume") == 0
    assert Path("vectors.txt").read_bytes() == vectors
    said = capsys.readouterr().err
    assert "nothing was left to train, and no gradient to check" in said
    assert "words a second" not in said
    assert "spot checks" not in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--alpha", "0.05"], "alpha 0.025; this has alpha 0.05"),
        (["--min-count", "200"], "min_count 5; this has min_count 200"),
    ],
)
def test_resume_with_other_options_is_refused(capsys, arguments, told):
    assert run("--checkpoint", "kept") == 0
    assert run("--checkpoint", "kept", "--resume", *arguments) == 2
    assert told in message(capsys)


def test_resume_with_another_text_is_refused(folder, capsys):
    assert run("--checkpoint", "kept") == 0
    write_text(folder / "text.txt", 3_000, seed=1)
    assert run("--checkpoint", "kept", "--resume") == 2
    assert "a training on another text" in message(capsys)


def start(*arguments):
    """Start a run in a process of its own; return once it trains."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "models", "train", *arguments],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    for line in process.stderr:
        if "different ones occur" in line:
            break
    return process


def wait(process):
    assert process.stderr
    said = process.stderr.read()
    process.stderr.close()
    return process.wait(), said


def test_killed_at_ten_random_moments_and_resumed_it_gives_the_same_vectors(folder):
    text = f"{write_text(folder / 'long.txt', 6_000)}"
    quick = [text, "--size", "8", "--sample", "0", "--epochs", "2", "--check-every", "0"]
    whole, output, kept = (f"{folder / name}" for name in ("whole", "vectors", "kept"))
    process = start(*quick, "--output", whole, "--checkpoint-every", "0")
    started = time.monotonic()
    status, said = wait(process)
    assert status == 0, said
    seconds = time.monotonic() - started

    arguments = [*quick, "--output", output, "--checkpoint", kept, "--checkpoint-every", "0"]
    rng = np.random.default_rng(0)
    # What a run finds that was killed while it wrote.
    (folder / ".vectors.x.partial").touch()
    (folder / ".kept.x.partial").touch()
    old = b"1 2\nold 1 2\n"
    Path(output).write_bytes(old)
    positions = []
    for _ in range(10):
        process = start(*arguments, *(["--resume"] if Path(kept).exists() else []))
        time.sleep(rng.uniform(0, seconds / 12))
        process.kill()
        status, said = wait(process)
        assert status == -signal.SIGKILL, said
        assert Path(output).read_bytes() == old
        if Path(kept).exists():
            positions.append(checkpoints.load(kept).position)
    assert positions == sorted(positions)
    assert len(set(positions)) > 3
    status, said = wait(start(*arguments, "--resume"))
    assert status == 0, said
    assert Path(output).read_bytes() == Path(whole).read_bytes()
    assert files(folder) == {"text.txt", "long.txt", "whole", "vectors", "kept"}


def test_ctrl_c_in_a_process_of_its_own(folder):
    text = f"{write_text(folder / 'long.txt', 20_000)}"
    arguments = [text, "--size", "8", "--sample", "0", "--epochs", "50"]
    process = start(*arguments, "--output", f"{folder / 'vectors'}")
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    status, said = wait(process)
    assert status == 130
    assert "stopped at" in said
    assert "Traceback" not in said
    assert len(Embeddings.load("vectors")) == 40
    assert not checkpoints.load("vectors.checkpoint").finished


# Trainings that come to nothing


def fails(capsys, *arguments):
    """The message of a training of a small text that comes to nothing."""
    Path("text.txt").write_text("a b\n" * 200, encoding="utf-8")
    Path("vectors.txt").write_text("1 1\nold 1\n", encoding="utf-8")
    assert main(["train", "text.txt", "--size", "5", "--epochs", "1", *arguments]) == 2
    assert Path("vectors.txt").read_text(encoding="utf-8") == "1 1\nold 1\n"
    return message(capsys)


@pytest.mark.parametrize("sample", ["1e-3", "1e-300"])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_without_a_pair_no_vectors_are_written(folder, capsys, sample, threads):
    said = fails(capsys, "--sample", sample, "--threads", threads, "--seed", "3")
    assert said.startswith("models: no pair was trained on: ")
    assert said.endswith("raise --sample or set it to 0")
    assert files(folder) == {"text.txt", "vectors.txt"}


LAST_STEP = ["--sample", "0", "--batch-size", "100000", "--alpha", "1e38"]


@pytest.mark.parametrize("every", ["0", "1"])
def test_vectors_that_the_last_step_threw_far_away_are_not_written(capsys, every):
    said = fails(capsys, *LAST_STEP, "--check-every", every)
    assert "2 of 2 outside vectors are not finite" in said
    assert "lower --alpha (1e+38 now) or --batch-size (100,000 now)" in said
    assert said.endswith(" now), then start again with --restart")
    assert run("--restart") == 0


def test_after_a_divergence_the_advice_can_be_followed(capsys):
    assert run("--alpha", "1e30") == 2
    # In batches of one pair there is nothing to make smaller.
    said = message(capsys)
    assert said.endswith("bound; lower --alpha (1e+30 now), then start again with --restart")
    assert run("--alpha", "0.01", "--restart") == 0


# Bad input: one clear message, exit status 2, nothing left behind


BAD_TEXTS = {
    "empty": (b"", "is empty"),
    "white space": (b" \n\t\n", "is empty"),
    "one word": (b"word " * 100, "has one word only"),
    "no frequent word": (b"a b c d e f g", "has fewer than two words that occur 5 times"),
    "no neighbours": (b"a\nb\n" * 50, "no line with two words"),
    "binary junk": (bytes(range(256)) * 50, "text.txt"),
}


@pytest.mark.parametrize("kind", BAD_TEXTS)
def test_a_text_that_cannot_be_used_is_told_in_a_line(folder, capsys, kind):
    content, told = BAD_TEXTS[kind]
    Path("text.txt").write_bytes(content)
    assert run() == 2
    assert re.fullmatch(rf"models: .*{told}.*", message(capsys))
    assert files(folder) == {"text.txt"}


HUGE = "1" + 21 * "0"
BAD_USAGE = [
    (["--size", "0"], "--size: expected an integer from 1 to 100,000, got 0"),
    (["--size", "1000000000"], "--size: expected an integer from 1 to 100,000, got 1000000000"),
    (["--size", HUGE], f"--size: expected an integer from 1 to 100,000, got {HUGE}"),
    (["--window", "0"], "--window: expected an integer from 1 to 10,000, got 0"),
    (["--window", HUGE], "--window: expected an integer from 1 to 10,000, got "),
    (["--negative", "100000000"], "--negative: expected an integer from 0 to 1,000, got "),
    (["--negative", HUGE], "--negative: expected an integer from 0 to 1,000, got "),
    (["--threads", "0"], "--threads: expected an integer from 1 to 1,024, got 0"),
    (["--threads", HUGE], "--threads: expected an integer from 1 to 1,024, got "),
    (["--epochs", HUGE], "--epochs: expected an integer from 1 to 1,000,000, got "),
    (["--batch-size", HUGE], "--batch-size: expected an integer from 1 to 10,000,000, got "),
    (["--min-count", "0"], "--min-count: expected an integer from 1 to 1,000,000,000,000, got 0"),
    (["--min-count", HUGE], "--min-count: expected an integer from 1 to 1,000,000,000,000, got "),
    (["--alpha", "nan"], "--alpha: expected a finite number"),
    (["--check-every", "-1"], "--check-every: expected an integer >= 0"),
    (["--checkpoint-every", "nan"], "--checkpoint-every: expected seconds >= 0"),
    (["--alpha", "0"], "--alpha: expected a finite number >= --min-alpha (0.0001), got 0\n"),
    (["--encoding", "klingon"], "--encoding: expected a name that Python knows"),
    (["--cbow-gradient", "exact"], "--cbow-gradient: has no meaning to skip-gram; leave it out\n"),
    (["--min-alpha", "1"], "--alpha: expected a finite number >= --min-alpha (1), got 0.025"),
    (
        ["--loss", "hinge"],
        "--loss: expected negative-sampling, naive-softmax, hierarchical-softmax, ",
    ),
    (["--loss", "naive-softmax", "--negative", "5"], "--negative: has no meaning to naive softmax"),
    (["--model", "cbow", "--direction", "center-predicts-outside"], "no meaning to CBOW"),
    (["--compiled", "--loss", "naive-softmax"], "--compiled: only negative sampling and hier"),
    (["--resume"], "vectors.txt.checkpoint: there is no such checkpoint"),
    (["--resume", "--restart"], "--resume and --restart"),
    (["--output", "."], "is a directory"),
    (["--output", "-"], "--output -: expected the name of a file"),
    (["--output", "/dev/stdout"], "--output /dev/stdout: is open already"),
    (["--history", "/dev/fd/1"], "--history /dev/fd/1: is open already"),
    (["--output", "missing/vectors.txt"], "there is no folder"),
    (["--output", "loop"], "--output loop: cannot be written: Too many levels of symbolic links"),
    (["--history", "loop"], "--history loop: cannot be written: Too many levels of symbolic"),
    (["--checkpoint", "loop"], "--checkpoint loop: cannot be written: Too many levels of symb"),
    (["--output", 300 * "x"], "xxx: cannot be written: File name too long"),
    (["--output", "text.txt"], "--output text.txt: would overwrite the text"),
    (["--history", "../{folder}/text.txt"], "text.txt: would overwrite the text"),
    (["--history", "vectors.txt"], "--output and --history: both are vectors.txt"),
    (["--plot", "loss.doc"], "loss.doc"),
    (["--checkpoint", "text.txt"], "--checkpoint text.txt: would overwrite the text"),
    (["--loss", "missing.py:f"], "missing.py: no such file"),
    (["--loss", "no_such_module:f"], "there is no module 'no_such_module'"),
    (["--loss", "text.txt:f"], "there is no module 'text.txt'"),
]


def test_a_text_of_another_encoding_and_compressed_vectors(folder, capsys):
    text = "the café\n" * 20
    (folder / "latin1.txt").write_text(text, encoding="latin-1")
    arguments = ["train", "latin1.txt", "--sample", "0", "--size", "2", "--output", "vectors.xz"]
    assert main(arguments) == 2
    advice = "say --encoding latin-1, or convert it: iconv -f latin-1 -t utf-8 latin1.txt > utf8"
    assert advice in capsys.readouterr().err
    assert main([*arguments, "--encoding", "latin-1"]) == 0
    assert set(Embeddings.load("vectors.xz").words) == {"the", "café"}


@pytest.mark.parametrize(("arguments", "told"), BAD_USAGE)
def test_what_cannot_be_is_refused_before_the_text_is_read(folder, capsys, arguments, told):
    Path("loop").symlink_to("loop")
    assert run(*(argument.format(folder=folder.name) for argument in arguments)) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.startswith("models: ")
    assert said.count("\n") == 1
    assert files(folder) == {"text.txt", "loop"}


def test_a_text_that_is_not_there_is_told_before_all_else(capsys):
    Path("vectors.txt.checkpoint").touch()
    assert main(["train", "missing.txt"]) == 2
    assert message(capsys) == "models: missing.txt cannot be read: No such file or directory"
    assert main(["train", "."]) == 2
    assert message(capsys) == "models: . cannot be read: Is a directory"


def test_a_memory_that_is_not_enough_is_told_in_a_line(folder, capsys, monkeypatch):
    def initialize(*_arguments):
        raise MemoryError

    monkeypatch.setattr(training, "initialize", initialize)
    assert run() == 2
    said = message(capsys)
    assert said.startswith("models: not enough memory for |V| × d = 40 × 8 = 320 numbers")
    assert said.endswith("or raise --min-count")
    assert files(folder) == {"text.txt"}


def test_a_memory_that_ends_in_the_training_leaves_advice_that_helps(capsys, monkeypatch):
    def update_of(_options):
        def step(*_arguments):
            raise MemoryError

        return step

    with monkeypatch.context() as patch:
        patch.setattr(train, "update_of", update_of)
        assert run() == 2
    assert message(capsys).endswith("or raise --min-count, then start again with --restart")
    assert run("--restart") == 0


def test_a_power_with_an_exponent_may_be_negative(folder):
    write_text(folder / "text.txt", 300)  # all negatives are one word, and minibatches are small
    assert run("--noise-power=-1e9") == 0


def test_a_checkpoint_is_not_written_over_another_file(capsys):
    Path("precious").write_text("work of years", encoding="utf-8")
    assert run("--checkpoint", "precious") == 2
    assert "no checkpoint of a training" in message(capsys)
    assert Path("precious").read_text(encoding="utf-8") == "work of years"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told_before_the_work(folder, capsys):
    (folder / "locked").mkdir(mode=0o500)
    assert run("--output", "locked/vectors.txt") == 2
    assert "cannot be written" in message(capsys)


def test_a_disk_without_room_is_told_before_the_work(folder, capsys, monkeypatch):
    usage = shutil.disk_usage(folder)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    assert run() == 2
    assert "take about 3,840 bytes; 1,000 bytes are free" in message(capsys)
    assert files(folder) == {"text.txt"}


def fill_the_disk(monkeypatch, after):
    """Let no checkpoint be written as a whole after so many."""
    real, left = train.save, [after]

    def save(file, stored):
        left[0] -= 1
        if left[0] < 0:
            file.write(b"half of it")
            raise OSError(28, "No space left on device")
        real(file, stored)

    monkeypatch.setattr(train, "save", save)


def test_a_full_disk_ends_the_training_before_it_begins(folder, capsys, monkeypatch):
    fill_the_disk(monkeypatch, 0)
    assert run() == 2
    assert "the checkpoint cannot be written: No space left" in message(capsys)
    assert files(folder) == {"text.txt"}


def test_a_disk_that_becomes_full_does_not_end_the_training(folder, capsys, monkeypatch):
    fill_the_disk(monkeypatch, 3)
    assert run("--checkpoint", "kept") == 0
    assert "cannot be written: No space left" in capsys.readouterr().err
    assert len(Embeddings.load("vectors.txt")) == 40
    # The last one that there was room for.
    assert not checkpoints.load("kept").finished
    assert files(folder) == {"text.txt", "vectors.txt", "kept"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_vectors_that_cannot_be_written_leave_the_checkpoint(capsys):
    assert run("--output", "/dev/full", "--checkpoint", "kept") == 2
    said = message(capsys)
    assert "--output /dev/full: cannot be written: No space left on device" in said
    assert said.endswith("--resume continues from kept")
    assert run("--output", "vectors.txt", "--checkpoint", "kept", "--resume") == 0
    assert len(Embeddings.load("vectors.txt")) == 40


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("option", ["--history", "--plot"])
def test_what_is_written_beside_the_vectors_may_be_written_later(capsys, option):
    pytest.importorskip("matplotlib", reason="figures need matplotlib")
    Path("full.png").symlink_to("/dev/full")
    assert run(option, "full.png") == 2
    assert message(capsys) == (
        f"models: {option} full.png: cannot be written: No space left on device; vectors.txt was "
        "written; --resume continues from vectors.txt.checkpoint"
    )
    assert len(Embeddings.load("vectors.txt")) == 40
    assert run(option, "now.png", "--resume") == 0
    assert Path("now.png").stat().st_size


def test_a_figure_of_nothing_is_told(capsys, monkeypatch):
    pytest.importorskip("matplotlib", reason="figures need matplotlib")
    interrupted_after(1, monkeypatch)
    assert run("--plot", "loss.png") == 130
    assert "--plot loss.png: not drawn, as there is no loss to draw yet" in capsys.readouterr().err


# The progress


def test_the_lines_of_a_long_run_say_where_it_is(capsys):
    run("--epochs", "3")
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("epoch")]
    assert len(lines) >= 2
    assert re.fullmatch(
        r"epoch \d/3 +\d+%  [\d,]+ words/s  loss \d\.\d{4}  rate 0\.\d{5}  \d+:\d\d left", lines[0]
    )


def test_the_help_teaches(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as exit_:
        main(["train", "--help"])
    assert exit_.value.code == 0
    said = capsys.readouterr().out
    for choice in ("word2vec.c", "gensim", "fastText", "--resume", "exit status"):
        assert choice in said
    assert all(len(line) <= 80 for line in said.splitlines())
