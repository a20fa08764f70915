"""``gradcheck explain``: one mistake, several, all, and one that there is not."""

from __future__ import annotations

import pytest

from gradcheck.__main__ import main
from gradcheck.homework.checks.mistakes.mistake_table import MISTAKES


@pytest.mark.parametrize("row", MISTAKES, ids=lambda row: row.identifier)
def test_a_mistake_is_explained(capsys, row):
    assert main(["explain", row.identifier]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert row.identifier in out
    assert "What to look for:" in out


def test_all_are_listed(capsys):
    assert main(["explain"]) == 0
    out = capsys.readouterr().out
    assert [row.identifier for row in MISTAKES if row.identifier not in out] == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("one-hot-mising", "did you mean one-hot-missing"),
        ("xyzzy", "gradcheck explain lists all"),
    ],
)
def test_one_that_there_is_not(capsys, name, hint):
    assert main(["explain", name]) == 2
    assert hint in capsys.readouterr().err


def test_it_is_written_to_files(tmp_path):
    assert main(["explain", "repeats-lost", "--html", str(tmp_path / "mistake.html")]) == 0
    page = (tmp_path / "mistake.html").read_text(encoding="utf-8")
    assert "drawn several times" in page
