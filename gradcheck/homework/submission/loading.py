"""A .py or .ipynb file becomes its functions.

The file is run as an import would run it: what stands under ``if __name__ == "__main__"`` is
not. Helpers beside the file are the student's and are used; helpers of the course that are not
there are stood in for, and a note says so. What the file prints is kept.

A .py file has to run to its end. In a notebook each cell stands for itself: one that fails (a
plot, a test against data that is not here) is noted, and what the others define is used.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import linecache
import stat
import sys
import warnings
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib.util import decode_source
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from gradcheck.homework.submission.course_modules import ANYTHING
from gradcheck.homework.submission.failures import (
    SubmissionError,
    import_failure,
    summarize_error,
    syntax_failure,
    why_not_text,
)
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

__all__ = [
    "LOAD_SECONDS",
    "NAMESPACE",
    "Submission",
    "SubmissionError",
    "digest_of",
    "from_namespace",
    "load",
    "read_source",
]

LOAD_SECONDS = 60.0
CELL_SECONDS = 20.0
NAMESPACE = "globals()"
"""Stands for the path of a running notebook."""
_LARGEST = 10_000_000
"""Bytes of source: a notebook with its pictures has a few million."""


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
    shared : context manager
        The same, around nothing but the call.
    notes : tuple of str
        Remarks on its loading, for a person: stand-ins, cells that failed.
    output : str
        The text that it printed meanwhile.
    digest : str
        Of the file's content.
    named : mapping of str to callable
        Functions that a dotted path leads to, by that path.
    """

    path: Path
    location: Path
    module: ModuleType
    environment: ModuleEnvironment
    shared: AbstractContextManager[None]
    notes: tuple[str, ...]
    output: str
    digest: str = ""
    named: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """The course's modules that were stood in for."""
        return self.environment.stand_ins

    def function(self, name: str) -> Callable[..., Any] | None:
        """Return the file's own function of that name, None if it has none."""
        found = self.named.get(name) or vars(self.module).get(name)
        return found if callable(found) else None


def load(
    path: str | Path,
    *,
    seconds: float = LOAD_SECONDS,
    alone: bool = False,
    functions: Collection[str] = (),
    starting: Callable[[str], None] = lambda _part: None,
) -> Submission:
    """Run a homework file and return it, to have its functions called.

    Parameters
    ----------
    path : str or Path
        A .py or .ipynb file.
    seconds : float
        The time that the file may take to run.
    alone : bool
        Whether the process is the file's own: then whoever started it looks at the clock, and
        nobody has to be kept from what the file changes.
    functions : collection of str
        Dotted paths of functions that have to be there: ``Class.method``, ``module.function``.
    starting : callable
        Told of each cell of a notebook before it runs.

    Raises
    ------
    SubmissionError
        If the file cannot be read, is not Python 3, or does not run to its end.
    """
    path = Path(path)
    content = read_source(path)
    location = path.resolve()
    module = ModuleType(_module_name(path))
    module.__file__ = str(location)
    environment = ModuleEnvironment(location.parent)
    environment.adopt(module.__name__, module)
    output = CapturedOutput()
    shared = nullcontext() if alone else SharedModules()
    with random_state_kept(), environment, run_as_script(location), quiet(output):
        if path.suffix == ".ipynb":
            notes = _run_notebook(path, content, module, shared, starting)
        else:
            _run_script(path, content, module, shared, None if alone else seconds)
            notes = []
        named = {name: _follow(path, module, name) for name in functions}
    if environment.stand_ins:
        names = ", ".join(environment.stand_ins)
        notes.insert(0, f"not beside the file, so a stand-in was used: {names}")
    return Submission(
        path,
        location,
        module,
        environment,
        shared,
        tuple(notes),
        output.getvalue(),
        digest_of(content),
        named,
    )


def from_namespace(namespace: Mapping[str, Any], *, functions: Collection[str] = ()) -> Submission:
    """Return the definitions of a running notebook, ``globals()``, as a submission.

    Raises
    ------
    SubmissionError
        If a function that has to be there is not.
    """
    path = Path(NAMESPACE)
    module = ModuleType(str(namespace.get("__name__", "__main__")))
    vars(module).update(namespace)
    location = path.absolute()
    named = {name: _follow(path, module, name) for name in functions}
    environment = ModuleEnvironment(location.parent)
    return Submission(path, location, module, environment, nullcontext(), (), "", "", named)


def digest_of(content: bytes) -> str:
    """Return a digest of a file, to notice changes."""
    return hashlib.sha256(content).hexdigest()


def _follow(path: Path, module: ModuleType, name: str) -> Callable[..., Any]:
    """Return the function that a dotted path leads to, from the file or from an import."""
    parts = name.split(".")
    thing: Any = vars(module).get(parts[0])
    rest = parts[1:]
    # The longest beginning that is a module's name; the file's own names come before all.
    for length in range(len(parts) - 1, 0, -1) if thing is None else ():
        thing = _imported(".".join(parts[:length]))
        if thing is not None:
            rest = parts[length:]
            break
    for part in rest:
        owner, thing = thing, getattr(thing, part, None)
        if isinstance(owner, type) and not isinstance(
            inspect.getattr_static(owner, part, None), staticmethod | classmethod
        ):
            thing = _method(path, owner, part)
    if not callable(thing):
        raise SubmissionError(f"{path}: has no function {name}")
    function: Callable[..., Any] = thing
    return function


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except Exception:  # noqa: BLE001 - a module of the student's, which may raise anything
        return None


def _method(path: Path, owner: type, name: str) -> Any:
    """Return a method of an object that is made for it."""
    try:
        return getattr(owner(), name, None)
    except Exception as error:  # noqa: BLE001 - the student's constructor
        why = summarize_error(error)
        raise SubmissionError(
            f"{path}: {owner.__name__}.{name} needs an object, and {owner.__name__}() fails: {why}"
        ) from None


def read_source(path: Path) -> bytes:
    """Return a file's content.

    Raises
    ------
    SubmissionError
        If it is none that can be homework.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        raise SubmissionError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:  # too long a name, a null character in it
        reason = getattr(error, "strerror", None) or error
        raise SubmissionError(f"{path}: cannot be read: {reason}") from None
    if stat.S_ISDIR(status.st_mode):
        raise SubmissionError(f"{path}: is a directory; expected a .py or .ipynb file")
    if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for
        raise SubmissionError(f"{path}: is a pipe or a device; expected a .py or .ipynb file")
    if path.suffix not in {".py", ".ipynb"}:
        raise SubmissionError(f"{path}: expected a .py or .ipynb file, got {path.suffix or 'none'}")
    if status.st_size > _LARGEST:
        raise SubmissionError(
            f"{path}: has {status.st_size / 1e6:.0f} MB; expected at most {_LARGEST / 1e6:.0f} MB "
            "of source"
        )
    try:
        return path.read_bytes()
    except OSError as error:
        raise SubmissionError(f"{path}: cannot be read: {error.strerror}") from None


def _module_name(path: Path) -> str:
    # A student's random.py, say, must not replace the standard library's module.
    name = path.stem
    return name if name not in sys.stdlib_module_names and name not in sys.modules else f"_{name}_"


def _run_script(
    path: Path,
    content: bytes,
    module: ModuleType,
    shared: AbstractContextManager[None],
    seconds: float | None,
) -> None:
    try:
        source = decode_source(content)
    except (SyntaxError, UnicodeDecodeError):
        raise SubmissionError(f"{path}: not Python: {why_not_text(content)}") from None
    code = _compile(path, source, str(module.__file__))
    try:
        with shared:
            # Running the student's file is the purpose.
            if seconds is None:
                exec(code, vars(module))  # noqa: S102
            else:
                within(seconds, lambda: exec(code, vars(module)))  # noqa: S102
    except TimeLimitExceeded:
        raise SubmissionError(
            f"{path}: still running after {seconds:g} s; "
            'put what trains or tests under `if __name__ == "__main__":`'
        ) from None
    except KeyboardInterrupt:  # pressed by the person who waits
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit included
        raise SubmissionError(import_failure(path, str(module.__file__), error)) from None


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
        raise SubmissionError(syntax_failure(path, source, error)) from None
    except (ValueError, RecursionError, MemoryError) as error:
        # Brackets nested beyond all measure.
        raise SubmissionError(f"{path}: not Python: {error}") from None


def _run_notebook(
    path: Path,
    content: bytes,
    module: ModuleType,
    shared: AbstractContextManager[None],
    starting: Callable[[str], None],
) -> list[str]:
    try:
        cells = code_cells(content.decode("utf-8-sig"))
    except ValueError:
        raise SubmissionError(f"{path}: not a Jupyter notebook") from None
    # What IPython offers to every cell.
    vars(module).update(get_ipython=ANYTHING, display=ANYTHING)
    failures = []
    for number, source in enumerate(cells, start=1):
        starting(f"code cell {number}")
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
        import asyncio  # which takes a while, and few cells wait for anything

        asyncio.run(coroutine)


def _run_cell(
    path: Path,
    number: int,
    source: str,
    module: ModuleType,
    shared: AbstractContextManager[None],
) -> str:
    """Run one cell and return why it failed, nothing if it did not."""
    name = f"{module.__file__} [code cell {number}]"
    # Lets a traceback show the line.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        with shared:
            within(CELL_SECONDS, lambda: _execute(source, name, module))
    except TimeLimitExceeded:
        return f"still running after {CELL_SECONDS:g} s"
    except KeyboardInterrupt:
        raise
    except SyntaxError as error:
        return syntax_failure(path, source, error).removeprefix(f"{path}: ")
    except BaseException as error:  # noqa: BLE001 - SystemExit included
        return summarize_error(error)
    return ""
