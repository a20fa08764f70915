"""The terminal that both programs share: what is written, shown and said, wherever they run."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from gradcheck import __main__ as gradcheck
from gradcheck.terminal.command import UsageError
from gradcheck.terminal.files import (
    check_writable,
    names_open_file,
    remove_partial,
    replacing,
    write_text,
)
from gradcheck.terminal.streams import _Expendable
from models import __main__ as models

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
