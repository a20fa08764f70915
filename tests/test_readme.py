"""README is short and shows how to start at once; what it shows is run.

The Python blocks and the commands are run here, the tests by `.ci/run`. The picture, the numbers
and the links are tested in tests/docs.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import gradcheck
from tests.homework.submissions import EXCERPT, RIGHT_EXAMPLE, WRONG_EXAMPLE

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language, text=README):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def test_the_python_blocks_run_and_the_gradient_in_them_agrees(capsys):
    names: dict[str, object] = {}
    for block in blocks("python"):
        exec(block, names)  # noqa: S102  our own text
    assert isinstance(names["report"], gradcheck.GradientReport)
    assert names["report"].verdict == "agrees"
    assert "agrees" in capsys.readouterr().out


def test_the_first_two_commands_set_themselves_up_and_stand_on_the_first_screen():
    first, second = blocks("sh")[:2]
    for command in (first, second):
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install")
        assert command.count("\n") == 1
    assert "gradcheck verify docs/examples/word2vec.py" in first
    assert second.endswith("&& .venv/bin/pytest -n auto\n")
    assert blocks("sh", "\n".join(README.split("\n")[:40]))[:2] == [first, second]


def test_it_is_short():
    assert README.count("\n") <= 120


def test_the_examples_are_those_whose_verification_is_tested():
    examples = set(re.findall(r"gradcheck verify (docs/\S+\.py)", README))
    assert {ROOT / example for example in examples} == {RIGHT_EXAMPLE, WRONG_EXAMPLE}


COMMANDS = re.findall(r"^\.venv/bin/gradcheck (.*)$", README, flags=re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_do_what_is_said(command):
    done = subprocess.run(  # noqa: S603  README's own commands
        [sys.executable, "-m", "gradcheck", *shlex.split(command, comments=True)],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    is_wrong = "word2vec_wrong.py" in command
    assert done.returncode == is_wrong, done.stdout + done.stderr
    if is_wrong:
        assert f"# gradOutsideVecs: {EXCERPT}\n" in README
        assert f"gradOutsideVecs: {EXCERPT}" in " ".join(done.stdout.split())


def test_it_shows_commands():
    assert len(COMMANDS) == 4
