"""The code cells of a Jupyter notebook, as plain Python."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from typing import Any

__all__ = ["code_cells"]

# Cell magics whose cell is Python all the same.
_PYTHON_MAGICS = frozenset({"%%time", "%%timeit", "%%capture", "%%prun"})
# `%matplotlib inline`, `!pip install …`, `?name`, `files = !ls`; `name?`.
_IPYTHON_LINE = re.compile(r"^(\s*)(?:[%!?]|[\w, ]+=\s*[%!]).*$|^(\s*)[^\s#'\"]+\?\??\s*$")


def code_cells(text: str) -> list[str]:
    """Return the Python source of each code cell, IPython's magics and shell lines dropped.

    Parameters
    ----------
    text : str
        The notebook file's content: JSON of nbformat 3 or 4.

    Raises
    ------
    ValueError
        If `text` is not a notebook.
    """
    try:
        notebook = json.loads(text)
        cells = _cells(notebook)
        sources = [_source(cell) for cell in cells if cell.get("cell_type") == "code"]
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ValueError("not a notebook") from error
    return [_without_magics(source) for source in sources]


def _cells(notebook: Any) -> list[Any]:
    if "worksheets" in notebook:  # nbformat 3
        return [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    return list(notebook["cells"])


def _source(cell: Any) -> str:
    source = cell["source"] if "source" in cell else cell["input"]
    return source if isinstance(source, str) else "".join(source)


def _without_magics(source: str) -> str:
    if _is_python(source):  # a line that starts with % may go on from the one before
        return source
    first, _, rest = source.lstrip().partition("\n")
    if first.startswith("%%"):
        # A cell that writes a module is often the homework itself.
        writes_python = re.match(r"%%(write)?file\b.*\.py\s*$", first)
        known = writes_python or first.split()[0] in _PYTHON_MAGICS
        return _without_magics(rest) if known else ""
    lines: list[str] = []
    for line in source.splitlines():
        magic = _IPYTHON_LINE.match(line)
        if magic and not _goes_on(lines):
            lines.append((magic[1] or magic[2] or "") + "pass")
        else:
            lines.append(line)
    return "\n".join(lines)


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
