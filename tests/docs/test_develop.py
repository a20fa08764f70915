"""The page for developers names places that are there, and every table that has rows to add."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import DOCS, ROOT

TEXT = (DOCS / "develop.md").read_text(encoding="utf-8")


def places(text):
    """The files and folders that are named."""
    return set(re.findall(r"`((?:docs|gradcheck|models|tests|\.ci|README)[\w/.]*)`", text)) & {
        name for name in re.findall(r"`([^`\n]+)`", text) if "/" in name or name.endswith(".md")
    }


def names(text):
    """Each name that is said to be in a file, with the file."""
    said = re.findall(r"((?:`\w+`(?: and| in)? )+)of `([\w/.]+\.py)`", " ".join(text.split()))
    return {(name, path) for phrase, path in said for name in re.findall(r"`(\w+)`", phrase)}


def missing(text):
    absent = [path for path in places(text) if not (ROOT / path).exists()]
    lost = [
        f"{name} in {path}"
        for name, path in names(text)
        if path not in absent
        and not re.search(rf"\b{name}\b", (ROOT / path).read_text(encoding="utf-8"))
    ]
    return sorted(absent + lost)


def test_what_the_page_names_is_there():
    assert missing(TEXT) == []
    assert len(places(TEXT)) > 20
    assert len(names(TEXT)) > 10


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("see `gradcheck/gone.py`", "gradcheck/gone.py"),
        ("see `tests/gone/`", "tests/gone/"),
        (
            "a `Course` in `GONE` of `gradcheck/homework/courses.py`",
            "GONE in gradcheck/homework/courses.py",
        ),
    ],
)
def test_what_is_not_there_is_seen(planted, found):
    assert missing(planted) == [found]


def test_the_page_is_short():
    assert TEXT.count("\n") <= 150
