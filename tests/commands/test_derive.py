"""``gradcheck derive``: what it prints, and how it ends."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from unicodedata import combining

import pytest

from gradcheck.__main__ import main
from gradcheck.symbolic import Derivation, Step
from gradcheck.word2vec import derivations
from gradcheck.word2vec.derivations import NAMES, derivation
from tests.looks import assert_looks


def test_a_derivation(capsys):
    assert main(["derive", "sigmoid"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "The sigmoid and the derivative of its logarithm"
    (equation,) = (line for line in lines if line.startswith(" 2. "))
    assert equation.split() == ["2.", "1", "−", "σ(s)", "=", "σ(−s)", "✓"]
    assert "6 of 6 steps proved for every size." in lines
    assert err == ""


def test_all_of_them_in_eighty_columns_and_in_latex(capsys, monkeypatch):
    once = functools.cache(Step.prove)
    monkeypatch.setattr(Step, "prove", lambda step, _names: once(step))  # once is enough
    assert main(["derive", "--all"]) == 0
    out = capsys.readouterr().out
    steps = [step for name in NAMES for step in derivation(name).steps]
    definitions = sum(step.is_definition for step in steps)
    assert out.count("✓") == len(steps) - definitions > 70
    assert len(re.findall(r" definition$", out, re.MULTILINE)) == definitions > 10
    assert "✗" not in out
    for line in out.splitlines():
        assert sum(not combining(character) for character in line) <= 80, line
    assert_looks("derivations", out)

    assert main(["derive", "--all", "--latex", "-"]) == 0
    document = capsys.readouterr().out
    assert_closed(document)
    assert document.count(r"\checkmark") == len(steps) - definitions
    assert document.count(r"\tag*{definition\enspace(") == definitions
    assert document.count(r"\enspace(1)}") == len(NAMES)


def test_the_list(capsys):
    assert main(["derive"]) == 0
    listed = capsys.readouterr().out
    assert main(["derive", "--list"]) == 0
    assert capsys.readouterr().out == listed
    assert [line.split()[0] for line in listed.splitlines()[3:]] == list(NAMES)


def test_a_step_that_is_false(capsys, monkeypatch):
    right = derivation("sigmoid")
    first = right.steps[0]
    wrong = Step(first.left, -first.right, "a slip")
    planted = Derivation("sigmoid", right.title, right.given, (wrong, *right.steps[1:]))
    monkeypatch.setattr(derivations, "derivation", lambda _name: planted)
    assert main(["derive", "sigmoid"]) == 1
    out = capsys.readouterr().out
    assert "✗" in out
    assert "refuted: it is false for s = " in out
    assert "6 of 7 steps proved for every size." in out
    assert "definition" not in out.split("refuted")[1]
    assert main(["derive", "sigmoid", "--latex", "-"]) == 1
    assert r"\textcolor{bad}{$\times$}" in capsys.readouterr().out


REFUSED = {
    "an unknown name": (["derive", "sigmiod"], "no derivation is called 'sigmiod'; there are sig"),
    "a list of one": (["derive", "sigmoid", "--list"], "--list: expected neither a name nor"),
    "a list to a file": (["derive", "--html", "list.html"], "nothing to write: expected the name"),
    "a name and all": (["derive", "sigmoid", "--all"], "--all: expected no name beside it, got"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_command_line(name, capsys):
    arguments, message = REFUSED[name]
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"gradcheck: {message}")
    assert len(err.splitlines()) == 1


def assert_closed(document):
    """Every brace, environment, delimiter and dollar sign has its partner."""
    unescaped = document.replace(r"\{", "").replace(r"\}", "").replace("\\\\", "")
    depth = 0
    for character in unescaped:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    opened: list[str] = []
    for kind, environment in re.findall(r"\\(begin|end)\{(\w+\*?)\}", document):
        if kind == "begin":
            opened.append(environment)
        else:
            assert opened.pop() == environment
    assert opened == []
    assert document.count(r"\left") - document.count(r"\left.") * 0 == document.count(r"\right")
    for line in document.splitlines():
        assert line.count("$") % 2 == 0, line
    in_formulas = re.findall(r"\\begin\{align\*\}(.*?)\\end\{align\*\}", document, re.DOTALL)
    # What pdfTeX does not know as it stands must not be in the document.
    assert all(formula.isascii() for formula in in_formulas)
    outside = re.sub(r"\\begin\{align\*\}.*?\\end\{align\*\}", "", document, flags=re.DOTALL)
    assert outside.isascii(), sorted(set(outside) - set(map(chr, range(128))))


@pytest.mark.parametrize("broken", [r"\begin{align*}", "{", r"\left(", "$"])
def test_a_part_that_is_not_closed_is_seen(broken):
    with pytest.raises((AssertionError, IndexError)):
        assert_closed(f"\\documentclass{{article}}\n{broken}\n")


def test_where_the_encoding_lacks_the_signs():
    done = subprocess.run(
        [sys.executable, "-m", "gradcheck", "derive", "sigmoid"],
        env={"PYTHONIOENCODING": "ascii", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "1 - sigmoid(s) = sigmoid(-s)" in done.stdout
    assert "\\" not in done.stdout
    assert done.stderr == ""
