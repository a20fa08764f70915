"""The code cells of a Jupyter notebook, as plain Python."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from typing import Any

__all__ = ["NotebookError", "is_for_python_2", "read_cells"]

# Cell magics whose cell is Python all the same.
_PYTHON_MAGICS = frozenset({"%%time", "%%timeit", "%%capture", "%%prun"})
# `%matplotlib inline`, `!pip install …`, `?name`, `files = !ls`; `name?`.
_IPYTHON_LINE = re.compile(r"^(\s*)(?:[%!?]|[\w, ]+=\s*[%!]).*$|^(\s*)[^\s#'\"]+\?\??\s*$")


class NotebookError(ValueError):
    """A text is no notebook that can be read; the message says why, without the file's name."""


def read_cells(text: str) -> list[str]:
    """Return the Python source of each code cell, IPython's magics and shell lines dropped.

    A line keeps its number in its cell.

    Parameters
    ----------
    text : str
        The notebook file's content: JSON of nbformat 2, 3 or 4.

    Raises
    ------
    NotebookError
        If `text` is not a notebook, or has no code.
    """
    try:
        notebook = json.loads(text)
        cells = _cells(notebook)
        code = [cell for cell in cells if cell.get("cell_type") == "code"]
        is_first = any("code" in cell for cell in code)
        sources = [] if is_first else [_source(cell) for cell in code]
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        raise NotebookError("not a Jupyter notebook") from None
    if is_first:
        raise NotebookError(
            "a notebook of format 1, which gradcheck does not read; open it in Jupyter, and save it"
        )
    if not any(source.strip() for source in sources):
        raise NotebookError("a notebook without code")
    return [_without_magics(source) for source in sources]


def is_for_python_2(text: str) -> bool:
    """Say whether a notebook's metadata name Python 2."""
    metadata = json.loads(text).get("metadata", {})
    try:
        version = metadata.get("language_info", {}).get("version", "")
        name = metadata.get("kernelspec", {}).get("name", "")
        return str(version).startswith("2.") or name == "python2"
    except AttributeError:  # they are not what they should be
        return False


def _cells(notebook: Any) -> list[Any]:
    if "worksheets" in notebook:  # nbformat 2 and 3
        return [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    return list(notebook["cells"])


def _source(cell: Any) -> str:
    source = cell["source"] if "source" in cell else cell["input"]
    if isinstance(source, str):
        return source
    # Format 2 has lines without their ends.
    has_ends = any(line.endswith("\n") for line in source)
    return ("" if has_ends else "\n").join(source)


def _without_magics(source: str) -> str:
    if _is_python(source):  # a line that starts with % may go on from the one before
        return source
    blank, first, rest = _first_line(source)
    if first.startswith("%%"):
        # A cell that writes a module is often the homework itself.
        writes_python = re.match(r"%%(write)?file\b.*\.py\s*$", first)
        known = writes_python or first.split()[0] in _PYTHON_MAGICS
        return f"{blank}\n{_without_magics(rest)}" if known else ""
    lines: list[str] = []
    for line in source.splitlines():
        magic = _IPYTHON_LINE.match(line)
        if magic and not _goes_on(lines):
            lines.append((magic[1] or magic[2] or "") + "pass")
        else:
            lines.append(line)
    return "\n".join(lines)


def _first_line(source: str) -> tuple[str, str, str]:
    """Return the blank lines that a source begins with, its first line of text, and the rest."""
    text = source.lstrip()
    first, _, rest = text.partition("\n")
    return "\n" * source[: len(source) - len(text)].count("\n"), first, rest


def _goes_on(lines: list[str]) -> bool:
    """Say whether the statement in the last of some lines goes on in the next."""
    if lines and lines[-1].endswith("\\"):
        return True
    text = "\n".join([*lines, ""])
    try:
        for _ in tokenize.generate_tokens(io.StringIO(text).readline):
            pass
    except tokenize.TokenError as error:
        # Python 3.12 words this differently for an unclosed string.
        return "EOF in" in str(error) or "triple-quoted" in str(error)
    except SyntaxError:  # a bad unindent, which continues no statement
        pass
    return False


def _is_python(source: str) -> bool:
    try:
        compile(source, "", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError):
        return False
    return True
