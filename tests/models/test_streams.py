"""What is said is lost where nobody takes it, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.models.topics import write_text

ROOT = Path(__file__).parents[2]

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")


@pytest.fixture
def unread():
    """A pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def models(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE):
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "models", *arguments],
        cwd=ROOT,
        stdout=stdout,
        stderr=stderr,
        text=True,
        check=False,
        # Where streams have buffers, an error comes late, and once more at the exit.
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )


def test_a_training_outlives_its_log(tmp_path, unread):
    text, output = write_text(tmp_path / "text.txt", 3_000), tmp_path / "vectors.txt"
    quick = ["--size", "8", "--sample", "0", "--epochs", "2"]
    done = models("train", f"{text}", *quick, "--output", f"{output}", stdout=unread, stderr=unread)
    assert done.returncode == 0
    assert output.read_text(encoding="utf-8").startswith("40 8\n")
    assert set(tmp_path.iterdir()) == {text, output}


def test_who_has_seen_enough_is_no_failure(tmp_path, unread):
    path = tmp_path / "vectors.txt"
    path.write_text("2 1\none 1\ntwo 2\n", encoding="utf-8")
    done = models("nearest", f"{path}", "one", stdout=unread)
    assert (done.returncode, done.stderr) == (0, "")


@needs_full
def test_a_message_that_is_lost_leaves_the_status():
    with Path("/dev/full").open("w") as full:
        assert models("nearest", "absent", "one", stderr=full).returncode == 2


@needs_full
def test_a_result_that_is_lost_is_told(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("2 1\none 1\ntwo 2\n", encoding="utf-8")
    with Path("/dev/full").open("w") as full:
        done = models("nearest", f"{path}", "one", stdout=full)
    assert done.returncode == 2
    assert done.stderr == "models: cannot write the output: No space left on device\n"
