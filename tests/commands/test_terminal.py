"""The terminal that both programs share: what is written, shown and said, wherever they run."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import pytest

from gradcheck import __main__ as gradcheck
from gradcheck.terminal import program
from gradcheck.terminal.command import Command, UsageError
from gradcheck.terminal.files import (
    check_writable,
    names_open_file,
    remove_partial,
    replacing,
    write_text,
)
from gradcheck.terminal.streams import _Expendable
from models import __main__ as models
from tests.homework.submissions import RIGHT_EXAMPLE
from tests.models.topics import write_text as write_topics

ROOT = Path(__file__).parents[2]
PROGRAMS = {"gradcheck": gradcheck.main, "models": models.main}

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")


# Files


def test_a_file_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with suppress(KeyboardInterrupt), replacing(path) as file:
        file.write(b"after")
        file.flush()
        assert path.read_bytes() == b"before"
        raise KeyboardInterrupt
    assert path.read_bytes() == b"before"
    with replacing(path) as file:
        file.write(b"after")
    assert path.read_bytes() == b"after"
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path):
    link, path = tmp_path / "link", tmp_path / "file"
    link.symlink_to(path)
    write_text("--out", link, "ŷ")
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") == "ŷ"


def test_its_content_is_on_the_disk_before_its_name_is(tmp_path, monkeypatch):
    done = []

    def fsync(_descriptor):
        done.append((tmp_path / "file").exists())

    monkeypatch.setattr(os, "fsync", fsync)
    with replacing(tmp_path / "file") as file:
        file.write(b"content")
    assert done == [False]


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path):
    kept = {tmp_path / name for name in ("a", "a.partial", ".ab.x.partial", ".a.txt")}
    for path in (*kept, tmp_path / ".a.x1_z.partial"):
        path.touch()
    remove_partial(tmp_path / "a")
    assert set(tmp_path.iterdir()) == kept


def test_what_is_removed_is_what_writing_leaves(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "link"):
        remove_partial(tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


@pytest.mark.parametrize(
    ("path", "open_"),
    [
        ("/dev/stdout", True),
        ("/dev/../dev/stderr", True),
        ("/dev/fd/63", True),
        ("/proc/self/fd/1", True),
        ("/proc/1/task/1/fd/5", True),
        ("/dev/null", False),
        ("dev/stdout", False),
        ("vectors.txt", False),
    ],
)
def test_which_names_are_those_of_open_files(tmp_path, monkeypatch, path, open_):
    monkeypatch.chdir(tmp_path)
    assert names_open_file(path) == open_


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="there is no /dev/fd")
def test_what_is_open_is_written_to_and_not_replaced(tmp_path):
    path = tmp_path / "file"
    with path.open("wb") as opened:
        before = path.stat().st_ino
        with replacing(f"/dev/fd/{opened.fileno()}") as file:
            file.write(b"content")
    assert path.stat().st_ino == before
    assert path.read_bytes() == b"content"
    reader, writer = os.pipe()
    with replacing(f"/dev/fd/{writer}") as file:
        file.write(b"content")
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b"content"


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="there is no /dev/stdout")
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1"])
def test_our_own_output_has_all_in_the_order_in_which_it_was_said(tmp_path, name):
    code = (
        "import sys; from pathlib import Path; from gradcheck.terminal.files import write_text\n"
        "print('before'); write_text('--out', Path(sys.argv[1]), 'text\\n'); print('after')"
    )
    with (tmp_path / "out").open("wb") as out:
        command = [sys.executable, "-c", code, name]
        subprocess.run(command, cwd=ROOT, stdout=out, env=buffered(), check=True)  # noqa: S603
    assert (tmp_path / "out").read_text(encoding="utf-8") == "before\ntext\nafter\n"


REFUSED = {
    "": "--out: expected a file to write, got an empty name",
    ".": "--out .: is a directory; expected a file to write",
    "loop": "--out loop: cannot be written: Too many levels of symbolic links",
    "x" * 300: f"--out {'x' * 300}: cannot be written: File name too long",
    "no/out": "--out no/out: there is no folder {folder}/no",
    "text/out": "--out text/out: there is no folder {folder}/text",
    "text": "--out text: would overwrite source code; expected another name",
    "link": "--out link: would overwrite source code; expected another name",
    "new.py": "--out new.py: would overwrite source code; expected another name",
}


@pytest.mark.parametrize("path", REFUSED)
def test_what_cannot_be_written_is_refused_before_the_work(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    Path("text").touch()
    Path("loop").symlink_to("loop")
    Path("link").symlink_to("text")
    with pytest.raises(UsageError) as refused:
        check_writable("--out", path, ["text", "loop", "absent"])
    assert str(refused.value) == REFUSED[path].format(folder=tmp_path)


@pytest.mark.parametrize("path", [None, "-", "new", "old", "dangling", "/dev/null", "/dev/stdout"])
def test_what_can_be_written_is_let_through(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    Path("old").touch()
    Path("dangling").symlink_to("elsewhere")
    check_writable("--out", path, ["text"])
    assert {file.name for file in tmp_path.iterdir()} == {"old", "dangling"}


def test_a_file_that_cannot_be_written_is_told_with_its_option(tmp_path, monkeypatch):
    def fsync(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    path = tmp_path / "out"
    path.write_text("before")
    with pytest.raises(UsageError, match=r"--out .*/out: cannot be written: No space left"):
        write_text("--out", path, "text")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


# Lost output


def buffered():
    """The environment, with the buffers that streams have: errors come late, and once more."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


@pytest.fixture
def unread():
    """A pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@needs_full
def test_what_is_no_loss_is_raised_once(unread):
    assert _Expendable(unread, BrokenPipeError).write(b"said") == 4
    with Path("/dev/full").open("wb") as full:
        assert _Expendable(full.fileno(), OSError).write(b"said") == 4
        result = _Expendable(full.fileno(), BrokenPipeError)
        with pytest.raises(OSError, match="No space left"):
            result.write(b"said")
        assert result.write(b"said") == 4


# Wherever they run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Small files to work on."""
    path = tmp_path_factory.mktemp("terminal")
    write_topics(path / "text", 3_000)
    (path / "vectors").write_text(
        "5 3\nman 1 0 0.1\nking 1 1 0\nnaïve 0 0.5 0.9\nqueen 0 1.5 0.9\n[b]bold -1 0 0\n",
        encoding="utf-8",
    )
    (path / "rated").write_text("man\tking\t9\nman\tqueen\t2\nking\tcat\t3\n")
    return path


COMMANDS = {
    "gradcheck verify": f"{RIGHT_EXAMPLE} --only sgd",
    "gradcheck explain": "repeats-lost",
    "gradcheck derive": "sigmoid",
    "gradcheck walkthrough": "hot tea",
    "models train": "{folder}/text --size 8 --epochs 1 --output {folder}/out --restart",
    "models nearest": "{folder}/vectors king naïve",
    "models analogy": "{folder}/vectors man king naïve",
    "models evaluate": "{folder}/vectors {folder}/rated",
    "models plot": "{folder}/vectors king naïve -o {folder}/words.svg",
}
COLOUR = re.compile(r"\x1b\[(\d+;)*(3[0-8]|4[0-8]|9[0-7]|10[0-7])(;\d+)*m")


def words_of(command, folder):
    return [*command.split(), *COMMANDS[command].format(folder=folder).split()]


def environment(**settings):
    """That of a plain terminal of 80 columns, with other settings."""
    others = {"NO_COLOR", "FORCE_COLOR", "LC_ALL", "LC_CTYPE", "PYTHONIOENCODING", "PYTHONUTF8"}
    kept = {name: value for name, value in buffered().items() if name not in others}
    return {**kept, "TERM": "xterm-256color", "COLUMNS": "80", **settings}


def on_a_terminal(words, **settings):
    """The status of a command, and all that a person sees of it."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal,
        env=environment(**settings),
    )
    os.close(terminal)
    seen = b""
    with suppress(OSError):  # Linux says so when the other end is closed
        while chunk := os.read(controller, 65_536):
            seen += chunk
    os.close(controller)
    return process.wait(), seen.decode(errors="replace").replace("\r\n", "\n")


def through_a_pipe(words, **settings):
    """The status of a command, and what it writes to standard output and to standard error."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env=environment(**settings),
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_terminal_without_escape_codes_gets_none(command, folder):
    status, seen = on_a_terminal(words_of(command, folder), TERM="dumb")
    assert status == 0
    assert "\x1b" not in seen
    assert not seen.startswith("\n")


COLOURED = ["gradcheck verify", "models train"]


@pytest.mark.parametrize("command", [*COLOURED, "gradcheck walkthrough", "models nearest"])
def test_no_colour_where_none_is_wanted(command, folder):
    status, seen = on_a_terminal(words_of(command, folder), NO_COLOR="1")
    assert status == 0
    assert not COLOUR.search(seen)


@pytest.mark.parametrize("command", COLOURED)
def test_colour_where_it_is_wanted(command, folder):
    status, seen = on_a_terminal(words_of(command, folder))
    assert status == 0
    assert COLOUR.search(seen)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_pipe_in_ascii_gets_plain_text_and_no_traceback(command, folder):
    ascii_ = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    status, out, err = through_a_pipe(words_of(command, folder), **ascii_)
    assert status == 0, err
    for said in (out, err):
        assert said.isascii()
        assert b"\x1b" not in said
        assert b"Traceback" not in said


@pytest.mark.parametrize("command", ["models nearest", "models evaluate"])
def test_a_table_is_as_wide_as_the_terminal(command, folder):
    lines = []
    for columns in ("80", "24"):
        status, seen = on_a_terminal(words_of(command, folder), COLUMNS=columns, NO_COLOR="1")
        assert status == 0
        lines.append(re.sub(r"\x1b\[\d*m", "", seen).splitlines())
    assert max(map(len, lines[0])) > 24 >= max(map(len, lines[1]))


LINES = {
    **dict.fromkeys(COMMANDS, 0),
    "gradcheck --help": 0,
    "gradcheck derive --help": 0,
    "models train --help": 0,
    "gradcheck --version": 0,
    "models train --frobnicate": 2,
    "gradcheck verify absent.py": 2,
}


@pytest.mark.parametrize("line", LINES)
def test_a_reader_who_has_seen_enough_gets_no_complaint(line, folder, unread):
    """As in ``| head -1``: it ends gradcheck, and no training."""
    words = words_of(line, folder) if line in COMMANDS else line.split()
    done = run(words, unread, subprocess.PIPE)
    said = done.stderr.decode()
    assert "Error" not in said
    assert "Exception" not in said
    assert done.returncode in ({LINES[line], 1} if words[0] == "gradcheck" else {LINES[line]})


@pytest.mark.parametrize(
    "line", ["models train --frobnicate", "gradcheck verify absent.py", "gradcheck verify"]
)
def test_a_message_that_nobody_reads_changes_no_status(line, folder, unread):
    words = words_of(line, folder) if line in COMMANDS else line.split()
    assert run(words, subprocess.PIPE, unread).returncode == LINES[line]


def run(words, stdout, stderr):
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        check=False,
        env=environment(),
    )


@needs_full
@pytest.mark.parametrize("words", ["gradcheck --help", "models --version", "gradcheck derive"])
def test_an_output_that_is_lost_is_told(words):
    with Path("/dev/full").open("w") as full:
        done = run(words.split(), full, subprocess.PIPE)
    name = words.split()[0]
    said = f"{name}: cannot write the output: No space left on device\n"
    assert (done.returncode, done.stderr.decode()) == (2, said)


def test_an_error_of_a_file_is_not_said_to_be_of_the_output(capsys):
    def read(_arguments):
        Path("absent").read_bytes()

    command = Command("read", "", "", "", lambda _parser: None, read)
    assert program.run(program.Parser(prog="test"), [command], ["read"]) == 2
    assert capsys.readouterr().err == "test: absent: No such file or directory\n"


# Help


def help_of(program, capsys, *words):
    with pytest.raises(SystemExit) as ended:
        PROGRAMS[program]([*words, "--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("program", ["gradcheck", "models"])
def test_every_help_fits_a_terminal(program, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    listed = help_of(program, capsys)
    names = re.findall(r"^ {4}([a-z]+)\b", listed, re.MULTILINE)
    assert len(names) == sum(command.startswith(program) for command in COMMANDS)
    helps = {"": listed, **{name: help_of(program, capsys, name) for name in names}}
    wide = {
        f"{program} {name}: {line}"
        for name, text in helps.items()
        for line in text.splitlines()
        if len(line) > 80
    }
    assert wide == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_as_wide_as_the_terminal(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    out = help_of(*command.split()[:1], capsys, *command.split()[1:])
    options = re.search(r"^options:\n(.*?)\n\n", out, re.MULTILINE | re.DOTALL)
    assert max(map(len, options[1].splitlines())) <= 60


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_version(program):
    status, out, err = through_a_pipe([program, "--version"])
    assert (status, out.decode(), err) == (0, f"gradcheck {version('gradcheck')}\n", b"")


# What was meant


MEANT = [
    ("models trian t", "trian", "train"),
    ("models train t --init gensm", "'gensm'", "gensim"),
    ("models train - --loss naive-softmx", "'naive-softmx'", "naive-softmax"),
    ("models train t --chek-every 3", "arguments: --chek-every", "--check-every"),
    ("models train t --epochs=3 --resu --alhpa=3", "--alhpa=3", "--alpha"),
    ("models plot v --ouptut x.png", "required: -o/--output; there is no --ouptut", "--output"),
    ("models --verison", "required: COMMAND; there is no --verison", "--version"),
    ("models train t --frobnicate", "arguments: --frobnicate", None),
    ("models nearest v", "required: WORD", None),
    ("models train t --check 3", "--check could match --checkpoint, --checkpoint-every", None),
    ("gradcheck walkthorugh", "'walkthorugh'", "walkthrough"),
    ("gradcheck walkthrough --sead 1", "arguments: --sead", "--seed"),
    ("gradcheck walkthrough --loss naive-softmx", "'naive-softmx'", "naive-softmax"),
    ("gradcheck verify --sead=1", "required: FILE; there is no --sead", "--seed"),
    ("gradcheck verify --see 1", "required: FILE", None),
]


@pytest.mark.parametrize(("typed", "told", "meant"), MEANT)
def test_a_word_that_is_nearly_known_is_asked_for(capsys, typed, told, meant):
    program, *arguments = typed.split()
    try:
        status = PROGRAMS[program](arguments)
    except SystemExit as ended:
        status = ended.code
    assert status == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert told in said
    assert said.endswith(f"; did you mean {meant}?") == bool(meant)
    assert ("did you mean" in said) == bool(meant)


@pytest.mark.parametrize("typed", ["--resu", "--resume"])
def test_an_option_may_be_cut_short(capsys, typed):
    assert models.main(["train", str(ROOT / "README.md"), typed, "--checkpoint", "absent"]) == 2
    assert capsys.readouterr().err == "models: absent: there is no such checkpoint\n"
