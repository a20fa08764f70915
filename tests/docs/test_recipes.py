"""The examples on the page for other frameworks print what it says, where these are installed."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "frameworks.md"
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDS = re.compile(r"<!-- needs: (\w+) -->")


def sections(text):
    """Return title and text of the sections that have examples."""
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)[1:]
    return {
        title: body
        for title, body in zip(parts[::2], parts[1::2], strict=True)
        if BLOCK.search(body)
    }


def run(text):
    """Run the examples of a page in order, and return what they print and what it says."""
    scope, printed, said = {"__name__": "recipes"}, [], []
    for language, block in BLOCK.findall(text):
        if language == "text":
            said.append(block)
            continue
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(block, str(PAGE), "exec"), scope)  # noqa: S102  our own page
        printed.append(out.getvalue())
    return printed, said


SECTIONS = sections(PAGE.read_text(encoding="utf-8"))
NAMES = list(SECTIONS)


@pytest.mark.parametrize("title", NAMES)
def test_the_examples_print_what_the_page_says(title):
    # What a section defines, the next ones of plain NumPy go on with.
    text = SECTIONS[title]
    for package in NEEDS.findall(text):
        pytest.importorskip(package)
    before = (
        ""
        if NEEDS.search(text)
        else "".join(
            SECTIONS[name]
            for name in NAMES[: NAMES.index(title)]
            if not NEEDS.search(SECTIONS[name])
        )
    )
    printed, said = run(before + text)
    assert said
    assert printed == said


def test_another_output_is_seen():
    printed, said = run("```python\nprint(1)\n```\n\n```text\n2\n```\n")
    assert printed != said
