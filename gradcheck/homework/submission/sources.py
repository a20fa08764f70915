"""The Python in a file: its text as its author has it, and its syntax tree as Python 3 has it.

All who look at a file's code, to run it or to quote a line of it, find it here.
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass, replace
from importlib.util import decode_source
from pathlib import Path

from gradcheck.homework.submission.failures import (
    SubmissionError,
    syntax_failure,
    why_not_text,
)
from gradcheck.homework.submission.former_names import supply
from gradcheck.homework.submission.notebooks import NotebookError, is_for_python_2, read_cells
from gradcheck.homework.submission.python_2 import can_translate, translated

__all__ = ["Source", "is_notebook", "parse", "read"]

_EMPTY = ast.Module([], [])


@dataclass(frozen=True)
class Source:
    """A file's Python, or that of a notebook's cell.

    Attributes
    ----------
    text : str
        As it stands in the file.
    tree : ast.Module
        Of Python 3, with the lines of `text`.
    cell : int, optional
        The number of a notebook's code cell, from 1 on.
    is_python_2 : bool
        Whether it had to be translated.
    failure : str
        Why it is no Python; then the tree is empty.
    """

    text: str
    tree: ast.Module
    cell: int | None = None
    is_python_2: bool = False
    failure: str = ""


def is_notebook(path: Path, content: bytes) -> bool:
    """Say whether a file is a notebook; plain Python may have a notebook's name."""
    return _is_called_notebook(path) and content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}


def _is_called_notebook(path: Path) -> bool:
    return path.suffix.lower() == ".ipynb"


def _is_read_as_notebook(content: bytes) -> bool:
    try:
        read_cells(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, NotebookError):
        return False
    return True


def read(file: Path, content: bytes, path: Path | None = None) -> tuple[Source, ...]:
    """Return the Python in a file: one piece, or as many as a notebook has code cells.

    Parameters
    ----------
    file : Path
        The file itself.
    content : bytes
        Read from it.
    path : Path, optional
        Its name for a person.

    Raises
    ------
    SubmissionError
        If there is none.
    """
    path = path or file
    if is_notebook(file, content):
        return _read_notebook(path, content)
    if _is_called_notebook(file) and not content.strip():
        raise SubmissionError(f"{path}: is empty: no notebook, and no Python")
    if _is_read_as_notebook(content):
        raise SubmissionError(
            f"{path}: is a Jupyter notebook; call it {path.with_suffix('.ipynb').name}"
        )
    try:
        text = decode_source(content)
    except (SyntaxError, UnicodeDecodeError):
        raise SubmissionError(f"{path}: not Python: {why_not_text(content)}") from None
    try:
        return (parse(text, str(file)),)
    except SyntaxError as error:
        if _is_called_notebook(file):
            raise SubmissionError(f"{path}: neither a Jupyter notebook nor Python") from None
        raise SubmissionError(syntax_failure(path, text, error)) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise SubmissionError(f"{path}: not Python: {_why(error)}") from None


def _read_notebook(path: Path, content: bytes) -> tuple[Source, ...]:
    try:
        text = content.decode("utf-8-sig")
        cells = read_cells(text)
    except UnicodeDecodeError:
        raise SubmissionError(f"{path}: not a Jupyter notebook: it is not UTF-8") from None
    except NotebookError as error:
        raise SubmissionError(f"{path}: {error}") from None
    read = [_cell(path, number, cell) for number, cell in enumerate(cells, start=1)]
    # One that divides in its own way tells how all of them do.
    if is_for_python_2(text) or any(source.is_python_2 for source in read):
        read = [
            source if source.is_python_2 else _cell(path, number, cell, python_2=True)
            for source, (number, cell) in zip(read, enumerate(cells, start=1), strict=True)
        ]
    return tuple(read)


def _cell(path: Path, number: int, text: str, *, python_2: bool = False) -> Source:
    try:
        source = parse(text, str(path), prefer_python_2=python_2, is_cell=True)
        return replace(source, cell=number)
    except SyntaxError as error:
        failure = syntax_failure(path, text, error).removeprefix(f"{path}: ")
    except (ValueError, RecursionError, MemoryError) as error:
        failure = f"not Python: {_why(error)}"
    return Source(text, _EMPTY, number, failure=failure)


def _why(error: Exception) -> str:
    # A MemoryError, which brackets or signs without end lead to, says nothing.
    return str(error) or "it is nested too deeply"


def parse(text: str, name: str, *, prefer_python_2: bool = False, is_cell: bool = False) -> Source:
    """Return a text's tree; it is translated where Python 3 refuses it and Python 2 does not.

    Parameters
    ----------
    text : str
        Python, of whichever version.
    name : str
        Of the file.
    prefer_python_2 : bool
        Whether text that both accept is meant for Python 2.
    is_cell : bool
        Whether it may wait for something at its top, as IPython allows it.

    Raises
    ------
    SyntaxError, ValueError, RecursionError, MemoryError
        If it is neither.
    """
    if "\0" in text:  # said in one way by one version of Python, otherwise by another
        raise ValueError("the file is not text")
    if prefer_python_2 and can_translate() and (tree := translated(text, name)) is not None:
        return Source(text, tree, is_python_2=True)
    try:
        source = Source(text, _parsed(text, is_cell=is_cell))
    except SyntaxError as error:
        if not can_translate() or (isinstance(error, TabError) and _is_python_3_but_tabs(text)):
            raise
        tree = translated(text, name)
        if tree is None:
            raise
        return Source(text, tree, is_python_2=True)
    if can_translate() and _prints_as_python_2(source.tree):
        tree = translated(text, name)
        return source if tree is None else Source(text, tree, is_python_2=True)
    return source


def _parsed(text: str, *, is_cell: bool = False) -> ast.Module:
    with warnings.catch_warnings():
        # Warnings about the student's source, of an invalid escape say, are not for this run.
        warnings.simplefilter("ignore")
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if is_cell else 0
        compile(text, "", "exec", flags, dont_inherit=True)
        return ast.parse(text)


def _prints_as_python_2(tree: ast.Module) -> bool:
    """Say whether ``print >>file, text`` is there, an expression to Python 3 that only fails."""
    return any(
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.RShift)
        and isinstance(node.left, ast.Name)
        and node.left.id == "print"
        for node in ast.walk(tree)
    )


def _is_python_3_but_tabs(text: str) -> bool:
    """Say whether only Python 3 can be meant, though its indentation mixes tabs and spaces."""
    try:
        tree = _parsed(text.expandtabs(8))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    _names, told = supply(tree)
    return not told
