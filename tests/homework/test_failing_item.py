"""A failing item of ``pytest --homework``: a page of a terminal, and nothing of our source."""

from __future__ import annotations

import re

import pytest

from tests.benchmarks.mistakes import NAMES, student

pytest_plugins = ["pytester"]

LINES, COLUMNS = 40, 80


@pytest.mark.parametrize(
    ("role", "style", "identifier"),
    [("negative-sampling", "loops", "repeats-lost"), ("skip-gram", "names", "last-word-only")],
)
def test_an_item_fits_a_page(pytester, monkeypatch, role, style, identifier):
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    written = student(role, style, [identifier])
    path = pytester.path / "word2vec.py"
    path.write_text(written.text, encoding="utf-8")
    result = pytester.runpytest_inprocess("--homework", path, "-k", NAMES[role], "-p", "no:xdist")
    text = "\n".join(result.outlines)
    items = re.split(r"^_{3,} .* _{3,}$|^={3,} .*summary.* ={3,}$", text, flags=re.MULTILINE)[1:-1]
    assert items
    for item in items:
        assert item.strip().count("\n") < LINES
        assert max(map(len, item.splitlines())) <= COLUMNS
        assert "Traceback" not in item
        assert "gradcheck/homework" not in item
    assert f"gradcheck explain {identifier}" in text
