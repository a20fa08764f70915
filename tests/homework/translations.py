"""A right file in Python 3, written as others hand in theirs: Python 2, a notebook, a zip."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path


def python_2(text: str) -> str:
    """Return a file with statements, names and indentation of Python 2, and what divides."""
    text = re.sub(r"([\w.]+) @ ([\w.]+)", r"\1.dot(\2)", text)
    text = text.replace(" range(", " xrange(").replace(
        "import random\n", "import random, cPickle\n"
    )
    lines = text.split("if __name__")[0].splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("def "))
    # Some lines with tabs, others without, as editors of that time left them.
    lines[first:] = [
        line.replace("        ", "\t", 1) if number % 2 else line
        for number, line in enumerate(lines[first:])
    ]
    lines[first:first] = [
        "def half(n):",
        "\tif not isinstance(n, (int, long)):",
        '            raise TypeError, "a whole number, not `%s`" % n',
        "\treturn n / 2",
        "",
        'print "half of 7 is", half(7)',
        "assert half(7) == 3 and {1: 2}.has_key(1)",
    ]
    return "\n".join(lines) + "\n\nif __name__ == '__main__':\n    print half(1)\n"


def cells(text: str) -> list[str]:
    """Part a file before each definition at its top."""
    return [cell for cell in re.split(r"\n(?=(?:def|class|@)\b)", text) if cell.strip()]


def notebook(*cells: str, version: int = 4, **metadata: object) -> str:
    """Return a notebook of a format, with a text between the cells."""
    if version == 4:
        written = [
            {"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells
        ]
        written.insert(0, {"cell_type": "markdown", "source": ["# word2vec"]})
        return json.dumps({"nbformat": 4, "metadata": metadata, "cells": written})
    if version == 1:
        written = [{"cell_type": "code", "code": cell} for cell in cells]
        return json.dumps({"nbformat": 1, "cells": written})
    # The second format has lines without their ends.
    written = [
        {"cell_type": "code", "input": cell.splitlines(keepends=version == 3)} for cell in cells
    ]
    written.insert(0, {"cell_type": "markdown", "source": "word2vec"})
    sheets = [{"cells": written[:2]}, {"cells": written[2:]}]
    return json.dumps({"nbformat": version, "metadata": metadata, "worksheets": sheets})


def tabs(text: str) -> str:
    """Indent with tabs alone."""
    return re.sub(
        r"^( {4})+", lambda indent: "\t" * (len(indent[0]) // 4), text, flags=re.MULTILINE
    )


def zipped(path: Path, files: dict[str, str]) -> Path:
    """Write a zip of some files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def _file(name: str, change: Callable[[str], str | bytes]) -> Callable[[str, Path], Path]:
    def write(text: str, folder: Path) -> Path:
        content = change(text)
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def _notebook(version: int) -> Callable[[str, Path], Path]:
    return _file("word2vec.ipynb", lambda text: notebook(*cells(text), version=version))


def _in_folder(text: str, folder: Path) -> Path:
    (folder / "a2" / "utils").mkdir(parents=True)
    (folder / "a2" / "run.py").write_text("import word2vec\n")
    (folder / "a2" / "word2vec.py").write_text(text)
    return folder / "a2"


def _in_zip(text: str, folder: Path) -> Path:
    files = {"a2/word2vec.py": text, "a2/run.py": "import word2vec\n", "__MACOSX/a2/._run.py": ""}
    return zipped(folder / "a2.zip", files)


TRANSLATIONS: dict[str, Callable[[str, Path], Path]] = {
    "as it is": _file("word2vec.py", str),
    "Python 2": _file("word2vec.py", python_2),
    "notebook, format 2": _notebook(2),
    "notebook, format 3": _notebook(3),
    "notebook, format 4": _notebook(4),
    "notebook, Python 2": _file("word2vec.ipynb", lambda text: notebook(*cells(python_2(text)))),
    "plain .ipynb": _file("word2vec.ipynb", str),
    "folder": _in_folder,
    "zip": _in_zip,
    "tabs": _file("word2vec.py", tabs),
    "CRLF": _file("word2vec.py", lambda text: text.replace("\n", "\r\n").encode()),
    "BOM": _file("word2vec.py", lambda text: text.encode("utf-8-sig")),
}
"""Writes a text into a folder, and returns the path to verify."""
