"""A .py or .ipynb file becomes its functions.

The file is run as an import would run it: what stands under ``if __name__ == "__main__"`` is
not. Helpers beside the file are the student's and are used; helpers of the course that are not
there are stood in for, and a note says so. What the file prints is kept.

A .py file has to run to its end. In a notebook each cell stands for itself: one that fails (a
plot, a test against data that is not here) is noted, and what the others define is used.
"""

from __future__ import annotations

import ast
import asyncio
import codecs
import linecache
import re
import stat
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import decode_source
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from gradcheck.homework.submission.course_modules import ANYTHING
from gradcheck.homework.submission.notebooks import code_cells
from gradcheck.homework.submission.surroundings import (
    CapturedOutput,
    ModuleEnvironment,
    SharedModules,
    quiet,
    random_state_kept,
    run_as_script,
)
from gradcheck.homework.submission.time_limit import TimeLimitExceeded, within

__all__ = ["Submission", "SubmissionError", "load", "locate_error"]

LOAD_SECONDS = 60.0
_CELL_SECONDS = 20.0
_LONGEST_LINE = 100
_PYTHON_2_LINE = re.compile(
    r"^\s*(print\s+[^\s(=.,)]|exec\s+['\"\w]|raise\s+\w+\s*,|except\s+[\w.]+\s*,\s*\w+\s*:|[^#'\"]*`\w[^'\"]*`)"
)


class SubmissionError(Exception):
    """The file cannot be used; the message is one line for a person."""


@dataclass(frozen=True)
class Submission:
    """Somebody's file, loaded.

    Attributes
    ----------
    path, location : Path
        The file, as it was named and as it was found.
    module : ModuleType
        The module that running it left behind.
    environment : ModuleEnvironment
        Has to be entered while its functions are called.
    shared : SharedModules
        The same, around nothing but the call.
    notes : tuple of str
        Remarks on its loading, for a person: stand-ins, cells that failed.
    output : str
        The text that it printed meanwhile.
    """

    path: Path
    location: Path
    module: ModuleType
    environment: ModuleEnvironment
    shared: SharedModules
    notes: tuple[str, ...]
    output: str

    def function(self, name: str) -> Callable[..., Any] | None:
        """Return the file's own function of that name, None if it has none."""
        found = vars(self.module).get(name)
        return found if callable(found) else None


def load(path: str | Path, *, seconds: float = LOAD_SECONDS) -> Submission:
    """Run a homework file and return it, to have its functions called.

    Parameters
    ----------
    path : str or Path
        A .py or .ipynb file.
    seconds : float
        The time that the file may take to run.

    Raises
    ------
    SubmissionError
        If the file cannot be read, is not Python 3, or does not run to its end.
    """
    path = Path(path)
    content = _read(path)
    location = path.resolve()
    module = ModuleType(_module_name(path))
    module.__file__ = str(location)
    environment = ModuleEnvironment(location.parent)
    environment.adopt(module.__name__, module)
    output = CapturedOutput()
    shared = SharedModules()
    with random_state_kept(), environment, run_as_script(location), quiet(output):
        if path.suffix == ".ipynb":
            notes = _run_notebook(path, content, module, shared)
        else:
            _run_script(path, content, module, shared, seconds)
            notes = []
    if environment.stand_ins:
        names = ", ".join(environment.stand_ins)
        notes.insert(0, f"not beside the file, so a stand-in was used: {names}")
    return Submission(path, location, module, environment, shared, tuple(notes), output.getvalue())


def locate_error(error: BaseException, folder: Path) -> str:
    """Return where in the student's own files an error arose: file, line and source."""
    # A cell of a notebook is called `FILE [code cell N]`, see `_run_cell`.
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
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - an exception class of the file's own
        text = ""
    text = text if len(text) <= 200 else text[:197] + "..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _read(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise SubmissionError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:  # too long a name, a null character in it
        reason = getattr(error, "strerror", None) or error
        raise SubmissionError(f"{path}: cannot be read: {reason}") from None
    if stat.S_ISDIR(mode):
        raise SubmissionError(f"{path}: is a directory; expected a .py or .ipynb file")
    if path.suffix not in {".py", ".ipynb"}:
        raise SubmissionError(f"{path}: expected a .py or .ipynb file, got {path.suffix or 'none'}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise SubmissionError(f"{path}: cannot be read: {error.strerror}") from None


def _module_name(path: Path) -> str:
    # A student's random.py, say, must not replace the standard library's module.
    name = path.stem
    return name if name not in sys.stdlib_module_names and name not in sys.modules else f"_{name}_"


def _run_script(
    path: Path, content: bytes, module: ModuleType, shared: SharedModules, seconds: float
) -> None:
    try:
        source = decode_source(content)
    except (SyntaxError, UnicodeDecodeError):
        raise SubmissionError(f"{path}: not Python: {_why_not_text(content)}") from None
    code = _compile(path, source, str(module.__file__))
    try:
        with shared:
            # Running the student's file is the purpose.
            within(seconds, lambda: exec(code, vars(module)))  # noqa: S102
    except TimeLimitExceeded:
        raise SubmissionError(
            f"{path}: still running after {seconds:g} s; "
            'put what trains or tests under `if __name__ == "__main__":`'
        ) from None
    except KeyboardInterrupt:  # pressed by the person who waits
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit included
        raise SubmissionError(_import_failure(path, str(module.__file__), error)) from None


def _why_not_text(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "the file is UTF-16; save it as UTF-8"
    if any(byte < 9 for byte in content) or content.startswith(b"\x89PNG"):
        return "the file is not text"
    return (
        "the file is not UTF-8, and its first lines do not say what it is "
        "(`# -*- coding: latin-1 -*-` would); save it as UTF-8"
    )


def _compile(path: Path, source: str, filename: str) -> CodeType:
    if "\0" in source:  # said in one way by one version of Python, otherwise by another
        raise SubmissionError(f"{path}: not Python: the file is not text")
    try:
        with warnings.catch_warnings():
            # Warnings about the student's source, of an invalid escape say, are not for this run.
            warnings.simplefilter("ignore")
            # Without this module's own imports from `__future__`.
            return compile(source, filename, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise SubmissionError(_syntax_failure(path, source, error)) from None
    except (ValueError, RecursionError, MemoryError) as error:
        # Brackets nested beyond all measure.
        raise SubmissionError(f"{path}: not Python: {error}") from None


def _syntax_failure(path: Path, source: str, error: SyntaxError) -> str:
    line = error.lineno or 1
    text = _shortened((error.text or "").strip())
    if _is_python_2(source, error):
        return (
            f"{path}: Python 2 source (line {line}: `{text}`); gradcheck reads Python 3, "
            "so convert it first"
        )
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


def _import_failure(path: Path, filename: str, error: BaseException) -> str:
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


def _run_notebook(
    path: Path, content: bytes, module: ModuleType, shared: SharedModules
) -> list[str]:
    try:
        cells = code_cells(content.decode("utf-8-sig"))
    except ValueError:
        raise SubmissionError(f"{path}: not a Jupyter notebook") from None
    # What IPython offers to every cell.
    vars(module).update(get_ipython=ANYTHING, display=ANYTHING)
    failures = []
    for number, source in enumerate(cells, start=1):
        failure = _run_cell(path, number, source, module, shared)
        if failure:
            failures.append(f"code cell {number} failed: {failure}")
    if cells and len(failures) == len(cells):
        raise SubmissionError(f"{path}: no code cell runs; {failures[0]}")
    shown = failures[:3]
    if len(failures) > len(shown):
        shown.append(f"{len(failures) - len(shown)} more code cells failed")
    return shown


def _execute(source: str, name: str, module: ModuleType) -> None:
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # as IPython allows it
    code = compile(source, name, "exec", flags, dont_inherit=True)
    coroutine = eval(code, vars(module))  # noqa: S307 - running it is the purpose
    if coroutine is not None:
        asyncio.run(coroutine)


def _run_cell(
    path: Path, number: int, source: str, module: ModuleType, shared: SharedModules
) -> str:
    """Run one cell and return why it failed, nothing if it did not."""
    name = f"{module.__file__} [code cell {number}]"
    # Lets a traceback show the line.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        with shared:
            within(_CELL_SECONDS, lambda: _execute(source, name, module))
    except TimeLimitExceeded:
        return f"still running after {_CELL_SECONDS:g} s"
    except KeyboardInterrupt:
        raise
    except SyntaxError as error:
        return _syntax_failure(path, source, error).removeprefix(f"{path}: ")
    except BaseException as error:  # noqa: BLE001 - SystemExit included
        return summarize_error(error)
    return ""
