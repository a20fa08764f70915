"""The commands on vectors: what they print, and how they end."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.__main__ import main
from models.pictures import loss_history
from models.vectors import benchmarks
from models.vectors.embeddings import Embeddings

ROOT = Path(__file__).parents[2]
WORDS = ["man", "king", "woman", "queen", "[b]bold", "nil"]
ROWS = [[1, 0, 0.1], [1, 1, 0], [0, 0.5, 0.9], [0, 1.5, 0.9], [-1, 0, 0], [0, 0, 0]]


@pytest.fixture
def vectors(tmp_path):
    path = tmp_path / "vectors.txt"
    with path.open("wb") as file:
        Embeddings(WORDS, ROWS).save(file)
    return str(path)


def shown(capsys, *arguments):
    assert main(list(arguments)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def refused(capsys, *arguments):
    """The one line in which a command says why it cannot."""
    assert main(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("models: ")
    assert err.count("\n") == 1
    return err


def test_nearest(vectors, capsys):
    assert shown(capsys, "nearest", vectors, "king", "woman", "-k", "2") == (
        "word   neighbour  cosine\n"
        "king   man        0.7036\n"
        "king   queen      0.6063\n"
        "woman  queen      0.8662\n"
        "woman  king       0.3434\n"
    )


def test_analogy(vectors, capsys):
    assert shown(capsys, "analogy", vectors, "man", "king", "woman", "-k", "1") == (
        "man is to king as woman is to\n\nword   cosine\nqueen  0.9795\n"
    )


def test_evaluate(vectors, capsys, tmp_path):
    (tmp_path / "pairs.tsv").write_text("man\tking\t9\nman\tqueen\t2\nwoman\tcat\t3\n")
    (tmp_path / "unknown.tsv").write_text("cat\tdog\t9\n")
    (tmp_path / "questions").write_text(
        ": family\nman king woman queen\nman king woman man\n: no\n"
    )
    files = [str(tmp_path / name) for name in ("questions", "pairs.tsv", "unknown.tsv")]
    assert shown(capsys, "evaluate", vectors, *files) == (
        "rated pairs  Spearman's ρ  known  of\n"
        "pairs.tsv    1.000         2      3\n"
        "unknown.tsv  -             0      1\n"
        "\n"
        "Analogies, questions\n"
        "\n"
        "section  accuracy  correct  known  of\n"
        "family   50.00%    1        2      2\n"
        "no        -        0        0      0\n"
        "total    50.00%    1        2      2\n"
    )
    assert "\npairs.tsv    -             1      3\n" in shown(
        capsys, "evaluate", vectors, files[1], "--restrict", "2"
    )
    (tmp_path / "capitals").write_text(": family\nMan King Woman Queen\n")
    arguments = ["evaluate", vectors, str(tmp_path / "capitals")]
    assert "total    100.00%   1        1      1" in shown(capsys, *arguments)
    assert "total    -         0        0      1" in shown(capsys, *arguments, "--match-case")


def test_evaluate_on_gensims_own_sets(vectors, capsys):
    pytest.importorskip("gensim", reason="gensim is not installed")
    out = shown(capsys, "evaluate", vectors)
    assert "wordsim353.tsv" in out
    assert "simlex999.txt" in out
    assert "gram9-plural-verbs" in out
    assert out.endswith("19544\n")


def test_evaluate_without_a_test_set(vectors, capsys, monkeypatch):
    monkeypatch.setattr(benchmarks, "find_spec", lambda _name: None)
    err = refused(capsys, "evaluate", vectors)
    assert "FILE: name a test set; gensim, whose package has three, is not installed" in err


@pytest.mark.parametrize("name", ["words.png", "words.svg"])
def test_plot_words(vectors, capsys, tmp_path, name):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    path = tmp_path / name
    assert shown(capsys, "plot", vectors, "king", "queen", "man", "-o", str(path)) == ""
    assert path.stat().st_size > 1_000
    assert path.read_bytes()[:5] in {b"\x89PNG\r", b"<?xml"}


def test_plot_chooses_words(vectors, capsys, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    path = tmp_path / "words.svg"

    def drawn(*arguments):
        shown(capsys, "plot", vectors, *arguments, "-o", str(path))
        text = path.read_text(encoding="utf-8")
        return {word for word in WORDS if f">{word}</text>" in text}

    assert drawn("--most-frequent", "3") == {"man", "king", "woman"}
    assert drawn("woman", "--nearest", "1") == {"woman", "queen"}
    assert drawn("queen", "--nearest", "1", "--most-frequent", "1") == {"queen", "woman", "man"}


def test_plot_loss(capsys, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    table, figure = tmp_path / "history.csv", tmp_path / "loss.png"
    records = [loss_history.Record(1, 10 * row, 5, 1 / row, 0.1) for row in (1, 2, 3)]
    with table.open("wb") as file:
        loss_history.write(file, records)
    shown(capsys, "plot", "--history", str(table), "--output", str(figure))
    assert figure.read_bytes().startswith(b"\x89PNG")


REFUSED = {
    "unknown word": ("nearest {v} kingg", "'kingg' has no vector; did you mean 'king'?"),
    "zero vector": ("nearest {v} nil", "the vector of 'nil' is zero"),
    "no file": ("nearest absent king", "absent: there is no such file; python -m models train"),
    "no vectors": ("nearest README.md king", "README.md: line 1: expected the number of words"),
    "no neighbours": ("nearest {v} king -k 0", "-k: expected 1 or more; got 0"),
    "no answers": ("analogy {v} man king woman -k -1", "-k: expected 1 or more; got -1"),
    "unknown in analogy": ("analogy {v} man king womann", "'womann' has no vector"),
    "no test set": ("evaluate {v} absent", "absent: cannot be read"),
    "restricted to nothing": (
        "evaluate {v} x --restrict 0",
        "--restrict: expected 1 or more; got 0",
    ),
    "nothing to plot": ("plot -o x.png", "expected either VECTORS or --history"),
    "two things to plot": ("plot {v} --history h -o x.png", "expected either VECTORS or --history"),
    "no figure": ("plot {v} -o x.txt", "x.txt: expected a figure's name"),
    "no folder": (
        "plot {v} -o /absent/x.png",
        "--output /absent/x.png: there is no folder /absent",
    ),
    "one word": ("plot {v} king -o x.png", "words: expected two or more to draw; got 1"),
    "no frequent words": ("plot {v} -o x.png --most-frequent 0", "--most-frequent: expected 1 or"),
    "no neighbours to plot": (
        "plot {v} king -o x.png --nearest 0",
        "--nearest: expected 1 or more",
    ),
    "neighbours of nothing": ("plot {v} -o x.png --nearest 3", "--nearest: expected a WORD"),
    "seed": ("plot {v} -o x.png --seed -1", "--seed: expected from 0 to 2**32 - 1; got -1"),
    "no history": ("plot --history README.md -o x.png", "README.md: no history of a loss"),
    "no loss": ("plot --history {empty} -o x.png", "empty: expected one record or more; got none"),
    "vectors in a circle": ("plot {loop} -o x.png", "loop cannot be read: Too many levels of sym"),
    "history in a circle": ("plot --history {loop} -o x.png", "loop cannot be read: Too many"),
    "figure in a circle": (
        "plot {v} -o {loop}.png",
        "loop.png: cannot be written: Too many levels of symbolic links",
    ),
    "zeros drawn": ("plot {v} -o x.png", "the vector of 'nil' is zero"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_said_in_a_line(name, vectors, capsys, monkeypatch):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    monkeypatch.chdir(ROOT)
    arguments, message = REFUSED[name]
    loop = Path(vectors).with_name("loop")
    for link in (loop, loop.with_suffix(".png")):
        link.symlink_to(link)
    empty = loop.with_name("empty")
    with empty.open("wb") as file:
        loss_history.write(file, [])
    arguments = arguments.format(v=vectors, loop=loop, empty=empty)
    assert message in refused(capsys, *arguments.split())
    assert not Path("x.png").exists()


def test_a_figure_that_cannot_be_kept_leaves_the_one_before(vectors, capsys, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")

    def fsync(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    path = tmp_path / "words.png"
    path.write_text("before")
    err = refused(capsys, "plot", vectors, "king", "queen", "-o", str(path))
    assert err == f"models: --output {path}: cannot be written: No space left on device\n"
    assert path.read_text() == "before"
    assert {file.name for file in tmp_path.iterdir()} == {"vectors.txt", "words.png"}


@pytest.mark.parametrize("command", ["nearest", "analogy", "evaluate", "plot"])
def test_help_shows_examples_and_fits_a_terminal(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert f"\n  python -m models {command} vectors.txt" in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_terminal_gets_a_bold_header(vectors):
    """The header is bold, and a word that looks like a mark of rich's is shown as it is."""
    master, slave = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "models", "nearest", vectors, "king"]
    subprocess.run(command, cwd=ROOT, stdout=slave, check=True, env=environment)  # noqa: S603 - ours
    os.close(slave)
    out = os.read(master, 100_000).decode()
    os.close(master)
    assert "[b]bold" in out
    assert "\x1b[1m" in out


def test_a_pipe_in_another_encoding(vectors):
    """ρ has no place in ASCII; it is spelled out."""
    (Path(vectors).parent / "pairs").write_text("man king 1\n")
    done = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-m", "models", "evaluate", vectors, str(Path(vectors).parent / "pairs")],
        cwd=ROOT,
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert b"Spearman's rho" in done.stdout


def test_large_numbers_of_words_are_found_among_the_first(tmp_path, capsys):
    """Vectors as word2vec.c writes them: binary, a newline after each row."""
    rows = np.random.default_rng(0).normal(size=(2_000, 20)).astype("<f4")
    content = [b"w%d " % number + row.tobytes() + b"\n" for number, row in enumerate(rows)]
    path = tmp_path / "vectors.bin"
    path.write_bytes(b"2000 20\n" + b"".join(content))
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = unit @ unit[7]
    best = int(np.argsort(-cosines)[1])
    assert f"w7    w{best}" in shown(capsys, "nearest", str(path), "w7", "-k", "1")


def test_control_c_while_we_are_imported():
    code = (
        "import sys, signal\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'models.pictures.plots': signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupts())\n"
        "from models.__main__ import main\n"
        "sys.exit(main(['plot', '--help']))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (130, "models: interrupted\n")
