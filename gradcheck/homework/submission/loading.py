"""A homework file becomes its functions.

The file is run as an import would run it: what stands under ``if __name__ == "__main__"`` is
not. Helpers beside the file are the student's and are used; stand-ins replace the helpers of the
course that are not there, and a note says so. What the file prints is kept.

Python 2 is translated. A .py file has to run to its end, but for imports of modules that are not
here. In a notebook each cell stands for itself: one that fails (a plot, a test against data that is
not here) is noted, and what it defines elsewhere is used, as is what the others define.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import linecache
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from gradcheck.homework.submission.delivery import Delivery, deliver, read_source
from gradcheck.homework.submission.execution import Execution
from gradcheck.homework.submission.failures import (
    SubmissionError,
    import_failure,
    summarize_error,
    syntax_failure,
)
from gradcheck.homework.submission.missing_modules import ANYTHING
from gradcheck.homework.submission.sources import Source, is_notebook, read
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
    "RUNNING_NOTEBOOK",
    "Submission",
    "SubmissionError",
    "digest_of",
    "from_namespace",
    "load",
]

LOAD_SECONDS = 60.0
CELL_SECONDS = 20.0
NAMESPACE = "globals()"
"""Stands for the path of a running notebook."""
RUNNING_NOTEBOOK = Delivery(Path(NAMESPACE), Path(NAMESPACE), Path())

_OF_IPYTHON = {
    "display": ANYTHING,
    "get_ipython": ANYTHING,
    # Nobody answers what a cell asks.
    **dict.fromkeys(("input", "raw_input"), lambda *_arguments: ""),
}
"""What every cell finds."""


@dataclass(frozen=True)
class Submission:
    """Somebody's file, loaded.

    Attributes
    ----------
    delivery : Delivery
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

    delivery: Delivery
    module: ModuleType
    environment: ModuleEnvironment
    shared: AbstractContextManager[None]
    notes: tuple[str, ...]
    output: str
    digest: str = ""
    named: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The file's name for a person."""
        return self.delivery.path

    @property
    def location(self) -> Path:
        """The file as it was found."""
        return self.delivery.file.resolve()

    @property
    def runs_alone(self) -> bool:
        """Whether Python runs the file as it is, without anything of ours."""
        return not self.environment.stand_ins and self.environment.told.is_nothing

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """The course's modules that were replaced by stand-ins."""
        return self.environment.stand_ins

    def function(self, name: str) -> Callable[..., Any] | None:
        """Return the file's own function of that name, None if it has none."""
        found = self.named.get(name) or vars(self.module).get(name)
        return found if callable(found) else None


def load(
    path: str | Path | Delivery,
    *,
    seconds: float = LOAD_SECONDS,
    alone: bool = False,
    functions: Collection[str] = (),
    starting: Callable[[str], None] = lambda _part: None,
) -> Submission:
    """Run a homework file and return it, to have its functions called.

    Parameters
    ----------
    path : str, Path or Delivery
        A .py or .ipynb file, a folder or a zip that has one.
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
        If the file cannot be read, is no Python, or does not run to its end.
    """
    delivery = path if isinstance(path, Delivery) else deliver(path, functions)
    content = read_source(delivery)
    sources = read(delivery.file, content, delivery.path)
    location = delivery.file.resolve()
    module = ModuleType(_module_name(location))
    module.__file__ = str(location)
    environment = ModuleEnvironment(location.parent, (delivery.root.resolve(),))
    environment.adopt(module.__name__, module)
    if any(source.is_python_2 for source in sources):
        environment.prefer_python_2()
    execution = Execution(module, environment.told, environment.is_own)
    output = CapturedOutput()
    shared = nullcontext() if alone else SharedModules()
    failures: list[str] = []
    with random_state_kept(), environment, run_as_script(location), quiet(output):
        if is_notebook(location, content):
            vars(module).update(_OF_IPYTHON)
            failures = _run_notebook(delivery, sources, execution, shared, starting)
        else:
            (source,) = sources
            _run_script(delivery, source, execution, shared, None if alone else seconds)
        named = {name: _follow(delivery.path, module, name) for name in functions}
    environment.told.missing.end_loading()
    return Submission(
        delivery,
        module,
        environment,
        shared,
        (*delivery.notes, *_on_stand_ins(environment), *environment.told.notes(), *failures),
        output.getvalue(),
        digest_of(content),
        named,
    )


def _on_stand_ins(environment: ModuleEnvironment) -> Iterator[str]:
    if environment.stand_ins:
        names = ", ".join(environment.stand_ins)
        yield f"not beside the file, so a stand-in was used: {names}"


def from_namespace(namespace: Mapping[str, Any], *, functions: Collection[str] = ()) -> Submission:
    """Return the definitions of a running notebook, ``globals()``, as a submission.

    Raises
    ------
    SubmissionError
        If a function that has to be there is not.
    """
    delivery = RUNNING_NOTEBOOK
    module = ModuleType(str(namespace.get("__name__", "__main__")))
    vars(module).update(namespace)
    named = {name: _follow(delivery.path, module, name) for name in functions}
    environment = ModuleEnvironment(Path.cwd())
    return Submission(delivery, module, environment, nullcontext(), (), "", "", named)


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


def _module_name(path: Path) -> str:
    # A student's random.py, say, must not replace the standard library's module.
    name = path.stem
    return name if name not in sys.stdlib_module_names and name not in sys.modules else f"_{name}_"


def _run_script(
    delivery: Delivery,
    source: Source,
    execution: Execution,
    shared: AbstractContextManager[None],
    seconds: float | None,
) -> None:
    path, filename = delivery.path, str(delivery.file.resolve())
    try:
        pieces = execution.prepare(source, filename, Path(filename).name)
    except SyntaxError as error:
        raise SubmissionError(syntax_failure(path, source.text, error)) from None
    try:
        with shared:
            if seconds is None:
                execution.run(pieces)
            else:
                within(seconds, lambda: execution.run(pieces))
    except TimeLimitExceeded:
        raise SubmissionError(
            f"{path}: still running after {seconds:g} s; "
            'put what trains or tests under `if __name__ == "__main__":`'
        ) from None
    except KeyboardInterrupt:  # pressed by the person who waits
        raise
    except SubmissionError as error:  # of a helper
        raise SubmissionError(f"{path}: {error}") from None
    except BaseException as error:  # noqa: BLE001 - SystemExit included
        raise SubmissionError(import_failure(path, filename, error)) from None


def _run_notebook(
    delivery: Delivery,
    sources: Sequence[Source],
    execution: Execution,
    shared: AbstractContextManager[None],
    starting: Callable[[str], None],
) -> list[str]:
    """Run the cells, and return notes on those that failed."""
    filename = str(delivery.file.resolve())

    def limited(run: Callable[[], None]) -> None:
        with shared:
            within(CELL_SECONDS, run)

    failures = []
    for source in sources:
        starting(f"code cell {source.cell}")
        failure = source.failure or _run_cell(filename, source, execution, limited)
        if failure:
            failures.append(f"code cell {source.cell} failed: {failure}")
    if failures and not execution.runs:
        raise SubmissionError(f"{delivery.path}: no code cell runs; {failures[0]}")
    shown = failures[:3]
    if len(failures) > len(shown):
        shown.append(f"{len(failures) - len(shown)} more code cells failed")
    return shown


def _run_cell(
    filename: str,
    source: Source,
    execution: Execution,
    limited: Callable[[Callable[[], None]], None],
) -> str:
    name = f"{filename} [code cell {source.cell}]"
    # Lets a traceback show the line.
    lines = source.text.splitlines(keepends=True)
    linecache.cache[name] = (len(source.text), None, lines, name)
    try:
        pieces = execution.prepare(source, name, Path(filename).name, as_cell=True)
    except SyntaxError as error:
        return syntax_failure(Path(name), source.text, error).removeprefix(f"{name}: ")
    return execution.run_cell(pieces, limited)
