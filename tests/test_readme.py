"""What README shows is run: the Python blocks here, the test command by `.ci/run`."""

from __future__ import annotations

import re
from pathlib import Path

import gradcheck
from tests.homework.submissions import EXCERPT, RIGHT_EXAMPLE, WRONG_EXAMPLE

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)


def test_the_python_blocks_run_and_the_gradient_in_them_agrees(capsys):
    names: dict[str, object] = {}
    for block in blocks("python"):
        exec(block, names)  # noqa: S102  our own text
    assert isinstance(names["report"], gradcheck.GradientReport)
    assert names["report"].verdict == "agrees"
    assert "agrees" in capsys.readouterr().out


def test_the_first_two_commands_set_themselves_up():
    first, second = blocks("sh")[:2]
    for command in (first, second):
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install")
        assert command.count("\n") == 1
    assert "gradcheck verify docs/examples/word2vec.py" in first
    assert second.endswith("&& .venv/bin/pytest -n auto\n")


def test_the_examples_are_those_whose_verification_is_tested():
    examples = set(re.findall(r"gradcheck verify (docs/\S+\.py)", README))
    assert {ROOT / example for example in examples} == {RIGHT_EXAMPLE, WRONG_EXAMPLE}
    assert EXCERPT in README
