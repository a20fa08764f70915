"""The code cells of a Jupyter notebook, as plain Python."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

__all__ = ["code_cells"]

# Cell magics whose cell is Python all the same.
_PYTHON_MAGICS = frozenset({"%%time", "%%timeit", "%%capture", "%%prun"})
# `%matplotlib inline`, `!pip install …`, `?name`, `files = !ls`.
_IPYTHON_LINE = re.compile(r"^(\s*)(?:[%!?]|[\w, ]+=\s*[%!]).*$", flags=re.MULTILINE)


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
        return _without_magics(rest) if first.split()[0] in _PYTHON_MAGICS else ""
    return _IPYTHON_LINE.sub(r"\1pass", source)


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True
