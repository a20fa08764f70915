"""Docstrings as a text: which are found, what their words are, and that nothing is run."""

from __future__ import annotations

import ast
import sysconfig
from pathlib import Path

import numpy as np
import pytest
import sympy

from models.errors import InputError
from models.reading import docstrings
from models.reading.docstrings import sentences, sources

SOURCE = '''
"""Module: it isn't 3 of them.

Second paragraph,
with float64 and np.array_equal.
"""
raise SystemExit("this was run")

class A:
    """Class."""

    attribute = 1
    """No docstring."""

    def method(self, x="neither"):
        r"""Method \\d."""
        def inner():
            """Inner."""
        return "nor this"

if True:
    try:
        async def f():
            """Of a branch."""
    except ValueError:
        def g():
            """Of a handler."""
    finally:
        with x:
            def h():
                """Of the end."""
'''
FOUND = [
    "module it isn't of them",
    "second paragraph with float64 and np array_equal",
    "class",
    "method d",
    "inner",
    "of a branch",
    "of a handler",
    "of the end",
]


def written(path, content):
    path.write_bytes(content)
    return path


def test_docstrings_are_found_and_nothing_else(tmp_path):
    path = written(tmp_path / "a.py", SOURCE.encode())
    assert [" ".join(words) for words in sentences([path])] == FOUND


@pytest.mark.parametrize(
    "content",
    [b"def f(:", b"\0", b'"""\xff"""', b"# coding: nonsense\n", b"", b"x = 1\n", b'""" -> 3 """'],
)
def test_a_source_without_words_is_left_out(tmp_path, content):
    empty = written(tmp_path / "empty.py", content)
    other = written(tmp_path / "other.py", b'"""Other."""')
    assert list(sentences([empty, other])) == [["other"]]


def test_what_is_no_file_any_more_is_left_out(tmp_path):
    (tmp_path / "folder.py").mkdir()
    assert list(sentences([tmp_path / "folder.py"])) == []


def test_an_old_escape_sequence_is_no_warning(tmp_path):
    path = written(tmp_path / "old.py", b'"""Digits: \\d."""')
    assert list(sentences([path])) == [["digits", "d"]]


def test_progress_tells_the_bytes_of_all_files(tmp_path):
    paths = [
        written(tmp_path / f"{i}.py", b'"""One."""' + b"\n" * size) for i, size in enumerate([5, 0])
    ]
    calls = []
    assert len(list(sentences(paths, lambda done, total: calls.append((done, total))))) == 2
    assert calls == [(15, 25), (25, 25)]


def inside(folder, paths):
    """Those of the paths that belong to a folder, sorted."""
    packages = [other for other in docstrings._folders() if other != folder]
    return sorted(
        path
        for path in paths
        if path.is_relative_to(folder)
        and not any(
            path.is_relative_to(other) for other in packages if other.is_relative_to(folder)
        )
    )


def test_the_sources_are_those_of_python_numpy_and_sympy():
    found = sources()
    assert found == sources()
    assert len(found) == len(set(found)) > 1_000
    assert found == [path for folder in docstrings._folders() for path in inside(folder, found)]
    for module in (ast, np.lib, sympy.core.basic):
        assert Path(module.__file__) in found
    python = Path(sysconfig.get_path("stdlib"))
    packages = [Path(np.__file__).parent, Path(sympy.__file__).parent]
    for path in found:
        package = next((p for p in packages if path.is_relative_to(p)), python)
        assert path.is_relative_to(package)
        assert {"tests", "site-packages"}.isdisjoint(path.relative_to(package).parts)


def test_the_text_is_about_a_million_words():
    words = sum(map(len, sentences(sources()[::40])))
    assert 600_000 < 40 * words < 2_500_000


def test_no_sources_are_one_message(monkeypatch, tmp_path):
    monkeypatch.setattr(docstrings, "_folders", lambda: iter([tmp_path]))
    with pytest.raises(InputError, match=r"standard library are not installed: name a text"):
        list(sentences())
