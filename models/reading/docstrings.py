"""A text that every user has: the docstrings of the installed Python, NumPy and SymPy.

The sources are parsed, never run.
"""

from __future__ import annotations

import ast
import re
import sysconfig
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from models.reading.text import Progress

__all__ = ["sentences", "sources"]

# A word or a name of Python: array, isn't, float64, __init__, np.
_TOKEN = re.compile(r"[^\W\d]\w*(?:['’]\w+)*")
_PARAGRAPH_END = re.compile(r"\n\s*\n")
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
# The fields of statements that hold statements, or what holds them.
_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")
# Other people's packages, and what is hardly documented.
_LEFT_OUT = frozenset(
    {"site-packages", "dist-packages", "test", "tests", "idle_test", "benchmarks"}
)


def sentences(
    files: Sequence[Path] | None = None, progress: Progress | None = None
) -> Iterator[list[str]]:
    """Yield the paragraphs of docstrings, each a non-empty list of words in lower case.

    A word is letters, digits and underscores that start with no digit, with apostrophes inside:
    ``isn't`` and ``float64`` are words, ``3`` and ``->`` are not.

    Parameters
    ----------
    files : sequence of Path, optional
        Python sources; those that `sources` lists, unless given. One that is no Python is left
        out.
    progress : callable, optional
        Called after each file with the bytes read so far and those of all files.

    Yields
    ------
    list of str

    Raises
    ------
    InputError
        If there are no sources.
    """
    files = sources() if files is None else files
    sizes = [path.stat().st_size for path in files]
    total, done = sum(sizes), 0
    for path, size in zip(files, sizes, strict=True):
        for docstring in _docstrings(path):
            for paragraph in _PARAGRAPH_END.split(docstring):
                if words := _TOKEN.findall(paragraph.lower()):
                    yield words
        done += size
        if progress is not None:
            progress(done, total)


def sources() -> list[Path]:
    """Return the sources of Python's standard library, of NumPy and of SymPy, in a fixed order.

    Returns
    -------
    list of Path
        Without tests, and without other packages installed among them.

    Raises
    ------
    InputError
        If there are none.
    """
    found = [
        path
        for folder in _folders()
        for path in sorted(folder.rglob("*.py"))
        if _LEFT_OUT.isdisjoint(path.relative_to(folder).parts) and path.is_file()
    ]
    if not found:
        raise InputError("the sources of Python's standard library are not installed: name a text")
    return found


def _folders() -> Iterator[Path]:
    yield Path(sysconfig.get_path("stdlib"))
    for package in ("numpy", "sympy"):
        spec = find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            yield Path(spec.submodule_search_locations[0])


def _docstrings(path: Path) -> Iterator[str]:
    with warnings.catch_warnings():
        # Of old escape sequences in other people's sources.
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(path.read_bytes())
        # Libraries ship sources that are wrong on purpose, or of another Python; ValueError is of a
        # zero byte.
        except (SyntaxError, ValueError, OSError):
            return
    for node in _statements(tree):
        if isinstance(node, _DOCUMENTED) and (docstring := ast.get_docstring(node)):
            yield docstring


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield a module and its statements in their order, leaving expressions alone."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        inner = [child for field in _BLOCKS for child in getattr(node, field, ())]
        waiting.extend(reversed(inner))
