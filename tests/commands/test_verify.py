from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradcheck.__main__ import main
from gradcheck.homework import verification
from gradcheck.homework.checks import cases
from gradcheck.homework.checks.cases import Profile
from tests.homework.submissions import (
    A2,
    EXAMPLES,
    EXCERPT,
    RIGHT_EXAMPLE,
    WRONG_EXAMPLE,
    YEAR_2017,
    changed,
)
from tests.looks import assert_looks

WRONG = changed(A2, ("loss += pair_loss", "loss = pair_loss"))


@pytest.fixture(autouse=True)
def _few_cases(monkeypatch):
    monkeypatch.setitem(verification.PROFILES, "student", Profile(cases=15, shrinks=True))


@pytest.fixture
def files(tmp_path):
    contents = {"right": A2, "wrong": WRONG, "year_2017": YEAR_2017, "bad": "def f(:\n"}
    paths = {}
    for name, text in contents.items():
        paths[name] = tmp_path / f"{name}.py"
        paths[name].write_text(text, encoding="utf-8")
    return paths


def run(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gradcheck", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # noqa: S603


def test_a_right_file(files, capsys):
    assert main(["verify", str(files["right"])]) == 0
    out, err = capsys.readouterr()
    assert re.search(r"PASSED: (\d+) of \1 checks ran", out)
    assert err == ""


def test_a_wrong_file(files, capsys):
    assert main(["verify", str(files["wrong"]), "--seed", "3"]) == 1
    out, err = capsys.readouterr()
    assert "skipgram, loss (wrong in" in out
    assert "loss: only the last context word counts" in out
    assert f"The same cases again:\ngradcheck verify {files['wrong']} --seed 3\n" in out
    assert err == ""


def test_a_right_file_looks_as_before(capsys, monkeypatch):
    # What a wrong one looks like depends on the cases drawn, and they on Hypothesis' version.
    monkeypatch.chdir(EXAMPLES)
    main(["verify", RIGHT_EXAMPLE.name, "--seed", "1"])
    assert_looks("verify", capsys.readouterr().out)


def test_the_seed_replays_the_report(files, capsys):
    texts = []
    for _ in range(2):
        main(["verify", str(files["wrong"]), "--seed", "12"])
        texts.append(capsys.readouterr().out)
        cases.draw_cases.cache_clear()
    assert texts[0] == texts[1]


def test_without_a_seed_each_run_draws_others(files, capsys):
    seeds = set()
    for _ in range(2):
        main(["verify", str(files["wrong"]), "--only", "skipgram"])
        seeds.add(capsys.readouterr().out.split("--seed ")[1])
    assert len(seeds) == 2


def test_only_some_functions(files, capsys):
    assert main(["verify", str(files["wrong"]), "--only", "sgd", "--only", "sigmoid"]) == 0
    out = capsys.readouterr().out
    assert " checks ran" in out
    assert "skipgram" not in out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        ("def f(:\n", "syntax error in line 1: invalid syntax (`def f(:`)"),
        ("raise OSError('disk')\n", "fails while it is imported: OSError: disk"),
        ("import sys; sys.exit(3)\n", "calls sys.exit while it is imported"),
        ("\0", "not Python: the file is not text"),
        ("x = 1\n", "defines none of the functions back_prop, "),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, capsys, content, message):
    path = tmp_path / "word2vec.py"
    if content is not None:
        path.write_text(content)
    assert main(["verify", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"gradcheck: {path}: {message}")
    assert err.count("\n") == 1


def test_an_unknown_function_name(files, capsys):
    assert main(["verify", str(files["right"]), "--only", "skip_gram"]) == 2
    assert "no function skip_gram in CS224n 2019-2023, assignment 2; it has sigmoid, naive" in (
        capsys.readouterr().err
    )


def test_json_of_one_file(files, tmp_path):
    out = tmp_path / "report.json"
    assert main(["verify", str(files["wrong"]), "--json", str(out)]) == 1
    document = json.loads(out.read_text(encoding="utf-8"))
    assert list(document) == [
        "file",
        "course",
        "passed",
        "checks_ran",
        "checks_known",
        "functions",
    ]
    assert document["file"] == str(files["wrong"])
    assert document["course"] == "cs224n-a2"
    assert document["passed"] is False
    (skipgram,) = [function for function in document["functions"] if function["name"] == "skipgram"]
    assert list(skipgram) == ["name", "status", "checks"]
    assert skipgram["status"] == "failed"
    loss = skipgram["checks"][0]
    assert list(loss) == [
        "name",
        "level",
        "status",
        "cases",
        "message",
        "mistake",
        "mistakes",
        "line",
        "counterexample",
    ]
    assert (loss["name"], loss["level"], loss["status"]) == ("loss", "required", "failed")
    assert isinstance(loss["counterexample"]["claimed"], float)
    assert {path.name for path in tmp_path.iterdir() if path.suffix != ".py"} == {"report.json"}


def test_json_of_several_files_is_a_list_and_the_worst_status_wins(files, capsys):
    names = [str(files[name]) for name in ("right", "bad", "wrong", "year_2017")]
    assert main(["verify", *names, "--json", "-"]) == 2
    out, err = capsys.readouterr()
    reports = json.loads(out)
    assert [report["passed"] for report in reports] == [True, False, False, True]
    assert reports[1] == {
        "file": names[1],
        "passed": False,
        "error": f"{names[1]}: syntax error in line 1: invalid syntax (`def f(:`)",
        "functions": [],
    }
    assert err == f"gradcheck: {reports[1]['error']}\n"
    assert main(["verify", str(files["right"]), str(files["wrong"]), "--json", "-"]) == 1


def test_json_that_cannot_be_written_is_said_before_the_work(files, tmp_path, capsys):
    for target, message in (
        (tmp_path / "no" / "out.json", f"there is no folder {tmp_path / 'no'}"),
        (tmp_path, "is a directory; expected a file to write"),
    ):
        assert main(["verify", str(files["right"]), "--json", str(target)]) == 2
        assert capsys.readouterr() == ("", f"gradcheck: --json {target}: {message}\n")


def test_json_replaces_a_report_as_a_whole(files, tmp_path, monkeypatch):
    out = tmp_path / "report.json"
    out.write_text("before")

    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    assert main(["verify", str(files["right"]), "--only", "sgd", "--json", str(out)]) == 2
    assert out.read_text() == "before"
    assert not list(tmp_path.glob(".report*"))


def test_help_shows_examples_and_exit_statuses(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["verify", "--help"])
    assert stopped.value.code == 0
    out = capsys.readouterr().out
    assert "gradcheck verify word2vec.py --only skipgram" in out
    assert "exit status:" in out


@pytest.mark.parametrize("arguments", [[], ["verify"], ["check"], ["verify", "--seed", "x", "f"]])
def test_a_wrong_command_line(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: gradcheck" in capsys.readouterr().err


def test_the_examples_as_whole_processes():
    right, wrong = run("verify", RIGHT_EXAMPLE), run("verify", WRONG_EXAMPLE)
    assert (right.returncode, wrong.returncode) == (0, 1)
    assert right.stderr == wrong.stderr == ""
    for text in (
        "the one-hot vector is not subtracted",
        "the negatives' terms have the wrong sign",
        EXCERPT,
    ):
        assert text in wrong.stdout
    assert "\x1b" not in right.stdout + wrong.stdout
    assert max(map(len, right.stdout.splitlines())) <= 80


def test_sympy_is_not_imported():
    code = (
        "import sys; from gradcheck.__main__ import main;"
        "main(['verify', sys.argv[1], '--only', 'naiveSoftmaxLossAndGradient']);"
        "sys.exit('sympy' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(RIGHT_EXAMPLE)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


def test_the_snippet_reproduces_the_case(files, capsys):
    """What is printed to be pasted runs as it stands, and shows the claimed value."""
    main(["verify", str(files["wrong"]), "--seed", "3"])
    out = capsys.readouterr().out
    code = out[out.index("To see it happen") :].split("\n", 1)[1].split("\n))\n")[0] + "\n))\n"
    command = [sys.executable, "-c", code]
    folder = files["wrong"].parent
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.startswith("(")


def test_colour_on_a_terminal_unless_it_is_not_wanted():
    assert "\x1b[" in _on_a_terminal({"NO_COLOR": ""})
    assert "\x1b[3" not in _on_a_terminal({"NO_COLOR": "1"})


def _on_a_terminal(environment: dict[str, str]) -> str:
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "gradcheck", "verify", RIGHT_EXAMPLE, "--only", "sgd"]
    settings = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", **environment}
    process = subprocess.Popen(  # noqa: S603
        command, stdout=terminal, stderr=subprocess.DEVNULL, env=settings
    )
    os.close(terminal)
    output = b""
    try:
        while chunk := os.read(controller, 4096):
            output += chunk
    except OSError:  # Linux says so when the other end is closed
        pass
    finally:
        os.close(controller)
    assert process.wait() == 0
    return output.decode()


def test_a_reader_that_has_seen_enough():
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "gradcheck", "verify", RIGHT_EXAMPLE, "--only", "sgd"]
    process = subprocess.run(  # noqa: S603
        command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert process.stderr == ""


def test_control_c(tmp_path):
    started = tmp_path / "started"
    path = tmp_path / "word2vec.py"
    path.write_text(
        f"import time\nopen({str(started)!r}, 'w').close()\ntime.sleep(60)\ndef sigmoid(x): 0\n"
    )
    command = [sys.executable, "-m", "gradcheck", "verify", str(path)]
    process = subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not started.exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130
    assert (out, err) == ("", "gradcheck: interrupted\n")


@pytest.mark.parametrize("target", ["right.py", "wrong.py", "new.py", "new.ipynb", "link.json"])
def test_json_never_overwrites_source_code(files, tmp_path, monkeypatch, capsys, target):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link.json").symlink_to(files["right"])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert main(["verify", str(files["right"]), "--json", target]) == 2
    message = f"gradcheck: --json {target}: would overwrite source code; expected another name\n"
    assert capsys.readouterr() == ("", message)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_json_into_a_pipe_leaves_it_a_pipe(files, tmp_path):
    fifo = tmp_path / "out.json"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        command = ["verify", str(files["right"]), "--only", "sigmoid", "--json", str(fifo)]
        assert main(command) == 0
        assert fifo.is_fifo()
        assert json.loads(os.read(reading, 2**16))["passed"] is True
    finally:
        os.close(reading)


def test_json_lands_where_it_was_asked_for(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text("import os\ndef sigmoid(x): os.chdir('/')\n")
    (tmp_path / "b.py").write_text(A2, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    main(["verify", "a.py", "b.py", "--only", "sigmoid", "--json", "out.json"])
    assert [report["passed"] for report in json.loads((tmp_path / "out.json").read_text())] == [
        False,
        True,
    ]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("option", [[], ["--json", "-"]])
def test_any_encoding_of_standard_output(tmp_path, encoding, option):
    path = tmp_path / "wörd2vec.py"
    text = "raise ValueError('ŷ ± \\udcff')"
    path.write_text(f"def sigmoid(x):\n    {text}\n", encoding="utf-8")
    settings = {**os.environ, "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-m", "gradcheck", "verify", str(path), "--only", "sigmoid", *option]
    done = subprocess.run(command, capture_output=True, check=False, env=settings)  # noqa: S603
    assert (done.returncode, done.stderr) == (1, b"")
    shown = done.stdout.decode(encoding)
    assert json.loads(shown) if option else "yhat" in shown


def test_a_file_name_that_is_no_text(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff.py"
    with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - its name is bytes
        file.write(A2)
    command = [sys.executable, "-m", "gradcheck", "verify", path, "--only", "sigmoid"]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_name_that_is_too_long(capsys):
    assert main(["verify", "w" * 300 + ".py"]) == 2
    assert capsys.readouterr().err.endswith(".py: cannot be read: File name too long\n")


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full", "2>&-", ">&- 2>&-"])
def test_an_output_that_takes_nothing(redirection):
    command = f'"{sys.executable}" -m gradcheck verify "{RIGHT_EXAMPLE}" --only sigmoid'
    done = subprocess.run(  # noqa: S602
        f"{command} {redirection}", shell=True, capture_output=True, text=True, check=False
    )
    full = redirection == ">/dev/full"
    assert done.returncode == (2 if full else 0)
    said = "gradcheck: cannot write the output: No space left on device\n"
    assert done.stderr == (said if full else "")


def test_what_a_file_leaves_behind_does_not_keep_us_alive(tmp_path):
    path = tmp_path / "word2vec.py"
    path.write_text(
        "import atexit, threading, time\n"
        "threading.Thread(target=lambda: time.sleep(3600)).start()\n"
        "atexit.register(print, 'goodbye')\n" + A2,
        encoding="utf-8",
    )
    done = run("verify", path, "--only", "sigmoid", timeout=60)
    assert done.returncode == 0
    assert "PASSED: " in done.stdout
    assert "goodbye" not in done.stdout


def test_output_past_python_is_not_ours(tmp_path):
    path = tmp_path / "word2vec.py"
    noise = "import os, sys\nos.system('echo raw'); print('raw', file=sys.__stdout__)\n"
    path.write_text(noise + A2, encoding="utf-8")
    done = run("verify", path, "--only", "sigmoid", "--json", "-")
    assert json.loads(done.stdout)["passed"] is True
    assert done.stderr == ""


def test_control_c_that_is_swallowed_is_heard_all_the_same(files, monkeypatch, capsys):
    def swallow(*_arguments: object, **_options: object) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(verification.Verification, "report", swallow)
    assert main(["verify", str(files["right"]), "--only", "sigmoid"]) == 130
    assert capsys.readouterr() == ("", "gradcheck: interrupted\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_control_c_while_we_are_imported():
    code = (
        "import sys, signal\n"
        "class Interrupts:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'gradcheck.commands': signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupts())\n"
        "from gradcheck.__main__ import entry_point\n"
        "entry_point()"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stderr) == (130, "gradcheck: interrupted\n")


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["verfy", "x.py"], "verify"),
        (["walkthrough", "--sead", "1"], "--seed"),
        (["walkthrough", "--loss", "naive-softmx"], "naive-softmax"),
        (["derive", "--latx"], "--latex"),
        (["frobnicate"], None),
        (["verify", "--xyz", "x.py"], None),
    ],
)
def test_a_word_that_is_nearly_known_is_asked_for(capsys, arguments, meant):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.endswith(f"; did you mean {meant}?") == bool(meant)
    assert ("did you mean" in said) == bool(meant)
