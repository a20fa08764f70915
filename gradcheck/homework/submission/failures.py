"""Why a file cannot be used, in one line for a person."""

from __future__ import annotations

import codecs
import re
import traceback
from pathlib import Path

from gradcheck.homework.submission.python_2 import HOW_TO_INSTALL, can_translate

__all__ = [
    "SubmissionError",
    "import_failure",
    "locate_error",
    "summarize_error",
    "syntax_failure",
    "visible",
    "why_not_text",
]

_LONGEST_LINE = 100
_PYTHON_2_LINE = re.compile(
    r"^\s*(print\s+[^\s(=.,)]|exec\s+['\"\w]|raise\s+\w+\s*,|except\s+[\w.]+\s*,\s*\w+\s*:|[^#'\"]*`\w[^'\"]*`)"
)


class SubmissionError(Exception):
    """The file cannot be used; the message is one line for a person."""


def locate_error(error: BaseException, folder: Path) -> str:
    """Return where in the student's own files an error arose: file, line and source."""
    # A cell of a notebook is called `FILE [code cell N]`, see `Execution`.
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename.partition(" [")[0]).parent == folder
    ]
    if not own:
        return ""
    frame = own[-1]  # the innermost: what it called is not the student's
    where = f"{Path(frame.filename).name}, line {frame.lineno}"
    return f"{where}: `{_shortened(frame.line)}`" if frame.line else where


def summarize_error(error: BaseException) -> str:
    """Return an exception as one short line."""
    try:
        text = visible(" ".join(str(error).split()))
    except Exception:  # noqa: BLE001 - an exception class of the file's own
        text = ""
    text = text if len(text) <= 200 else text[:197] + "..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def visible(text: str) -> str:
    """Return a text in which what would steer a terminal is written out."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def why_not_text(content: bytes) -> str:
    """Return why bytes are no source."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "the file is UTF-16; save it as UTF-8"
    if any(byte < 9 for byte in content) or content.startswith(b"\x89PNG"):
        return "the file is not text"
    return (
        "the file is not UTF-8, and its first lines do not say what it is "
        "(`# -*- coding: latin-1 -*-` would); save it as UTF-8"
    )


def syntax_failure(path: Path, source: str, error: SyntaxError) -> str:
    """Return why a source does not compile."""
    line = error.lineno or 1
    text = _shortened((error.text or "").strip())
    if _is_python_2(source, error):
        # Otherwise it has been translated.
        remedy = (
            "it cannot be translated to Python 3 as it stands"
            if can_translate()
            else f"to translate it takes fissix: {HOW_TO_INSTALL}"
        )
        return f"{path}: Python 2 source (line {line}: `{text}`); {remedy}"
    return f"{path}: syntax error in line {line}: {error.msg} (`{text}`)"


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 3] + "..."


def _is_python_2(source: str, error: SyntaxError) -> bool:
    if re.match("Missing parentheses in call|leading zeros in decimal", str(error.msg)):
        return True
    lines = source.splitlines()
    number = error.lineno or 0
    # Mixed tabs and spaces are found first, wherever else the file is Python 2.
    whole = isinstance(error, TabError)
    nearby = lines if whole else lines[max(number - 2, 0) : number + 1]
    return any(_PYTHON_2_LINE.match(line) for line in nearby)


def import_failure(path: Path, filename: str, error: BaseException) -> str:
    """Return why a file does not run to its end."""
    where = locate_error(error, Path(filename).parent)
    place = f" ({where})" if where else ""
    if isinstance(error, SystemExit):
        return f"{path}: calls sys.exit while it is imported{place}"
    if isinstance(error, ModuleNotFoundError):
        return (
            f"{path}: needs the module {error.name}, which is neither installed nor beside "
            f"the file{place}"
        )
    return f"{path}: fails while it is imported: {summarize_error(error)}{place}"
