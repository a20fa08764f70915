"""The surroundings of a submission: its folder, its helper modules, its output, its argv.

All of it is put in place while the student's code runs and taken away afterwards, so that one
process can verify several files whose helpers have the same names.
"""

from __future__ import annotations

import builtins
import io
import math
import os
import random
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from gradcheck.homework.submission.course_modules import (
    PACKAGE,
    StandInFinder,
    is_stand_in,
    is_stand_in_name,
)
from gradcheck.homework.submission.execution import Told
from gradcheck.homework.submission.helpers import HelperFinder

__all__ = [
    "CapturedOutput",
    "ModuleEnvironment",
    "SharedModules",
    "quiet",
    "random_state_kept",
    "run_as_script",
    "working_directory",
]

# What our own code imports while the student's is in place: never hidden, whatever lies beside.
_OURS = frozenset({"gradcheck", "numpy", "hypothesis", "sympy", "pytest", "_pytest", "rich"})


class _KeptBytes(io.BytesIO):
    """The beginning of a stream, kept even when a wrapper around it is thrown away."""

    limit = 80_000  # bytes: enough for as many characters as are kept below

    def write(self, data: Any) -> int:
        room = self.limit - self.tell()
        if room > 0:
            super().write(bytes(data)[:room])
        return len(data)  # a writer that is told of fewer would write the rest again

    def close(self) -> None:
        """Stay open: the file may have wrapped this, and dropped the wrapper."""


class CapturedOutput(io.TextIOWrapper):
    """The text that the student's code prints, its beginning kept, however much there is.

    It behaves as a real standard output does: it has a buffer to wrap, a file descriptor, and
    can be reconfigured, closed or detached.
    """

    limit = 20_000

    def __init__(self) -> None:
        self._kept = _KeptBytes()
        super().__init__(
            self._kept, encoding="utf-8", errors="backslashreplace", write_through=True
        )

    def fileno(self) -> int:
        """Return that of the real standard error, for text that cannot be captured."""
        return 2

    def close(self) -> None:
        """Stay open: a file that closes its standard output means to end, and we go on."""

    def getvalue(self) -> str:
        """Return the text that was printed."""
        with suppress(ValueError):  # it was detached
            self.flush()
        return self._kept.getvalue().decode("utf-8", "replace")[: self.limit]


@contextmanager
def quiet(output: CapturedOutput) -> Iterator[None]:
    """Collect printed text, give no input, and keep warnings of overflow to ourselves."""
    stdin = sys.stdin
    sys.stdin = io.StringIO()  # `input()` raises EOFError instead of waiting
    try:
        with redirect_stdout(output), redirect_stderr(output), np.errstate(all="ignore"):
            try:
                yield
            finally:
                for stream in (sys.stdout, sys.stderr):
                    if stream is not output:  # one of the file's own, around ours
                        with suppress(Exception):
                            stream.flush()
    finally:
        sys.stdin = stdin


class SharedModules:
    """Modules that the file shares with everybody, as a context manager.

    What the file assigns in them (``np.float = float``, a patched ``np.exp``) holds inside, for
    its own functions, and nowhere else.
    """

    _modules = (builtins, math, random, np, np.random, np.linalg)

    def __init__(self) -> None:
        self._before: list[dict[str, Any]] = []
        self._changed: list[dict[str, Any]] = [{} for _ in self._modules]
        self._removed: list[set[str]] = [set() for _ in self._modules]

    def __enter__(self) -> None:
        self._before = [dict(vars(module)) for module in self._modules]
        for module, changed, removed in zip(
            self._modules, self._changed, self._removed, strict=True
        ):
            vars(module).update(changed)
            for name in removed:
                vars(module).pop(name, None)

    def __exit__(self, *_error: object) -> None:
        # Until all is back, nothing is called that the file could have replaced, `len` say.
        seen: list[dict[str, Any] | None] = []
        position = 0
        for module in self._modules:
            before, now = self._before[position], module.__dict__
            position += 1  # noqa: SIM113 - `enumerate` is one of them
            if _same(now, before):
                seen.append(None)
            else:
                seen.append(now.copy())
                now.update(before)
        for number, left in enumerate(seen):
            self._learn(number, left)

    def _learn(self, number: int, left: dict[str, Any] | None) -> None:
        """Note the file's changes of a module, and take away its additions."""
        before, namespace = self._before[number], vars(self._modules[number])
        if left is None:
            self._changed[number], self._removed[number] = {}, set()
            return
        self._removed[number] = before.keys() - left.keys()
        self._changed[number] = {
            name: value
            for name, value in left.items()
            # A submodule that was imported meanwhile stays: it is no doing of the file's.
            if name not in before or before[name] is not value
            if not isinstance(value, ModuleType)
        }
        for name in self._changed[number].keys() - before.keys():
            namespace.pop(name, None)


def _same(now: dict[str, Any], before: dict[str, Any]) -> bool:
    try:
        return now == before  # identical values are not compared any further
    except Exception:  # noqa: BLE001 - a value of the file's, which cannot be compared
        return False


@contextmanager
def working_directory(folder: Path) -> Iterator[None]:
    """Work in a folder, wherever the file goes from there."""
    try:
        before = Path.cwd()
    except OSError:  # it is gone
        before = folder
    os.chdir(folder)
    try:
        yield
    finally:
        with suppress(OSError):  # the file removed it
            os.chdir(before)


class ModuleEnvironment:
    """The modules that a submission sees, as a context manager.

    Inside, the submission's folders come first on ``sys.path``, modules of those folders replace
    foreign ones of the same name and may be Python 2, and course modules that are nowhere are
    replaced by stand-ins. On leaving, ``sys.path`` and ``sys.modules`` are as before.

    Parameters
    ----------
    folder : Path
        The folder that the file lies in.
    others : sequence of Path
        Others to look for its helpers in.

    Attributes
    ----------
    told : Told
        What had to be done to run the submission's modules.
    """

    def __init__(self, folder: Path, others: Sequence[Path] = ()) -> None:
        self._folder = folder
        # Those on sys.path that are the submission's: its own, and what it adds there itself.
        self._folders = [str(each) for each in dict.fromkeys((folder, *others))]
        self._path_before: list[str] = []
        self.told = Told()
        self._finder = StandInFinder()
        self._helpers = HelperFinder(folder, self.told, self._is_own_module)
        package = ModuleType(PACKAGE)
        package.__path__ = list(self._folders)
        self._own: dict[str, ModuleType] = {PACKAGE: package}
        self._hidden: dict[str, ModuleType] = {}
        self._before: set[str] = set()
        # Looking through all modules at each call would take most of a call's time.
        self._to_hide: list[str] = []
        self._modules_left = -1
        self._writes_bytecode = False
        self._recursion_limit = sys.getrecursionlimit()
        searched = [Path(each) for each in self._folders]
        self._beside = frozenset[str]().union(*map(_module_names, searched))
        # The course's own helper has our name: where the student has it, theirs is meant.
        self._has_our_name = any(map(_holds_other_gradcheck, searched))

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """The stand-ins that were needed, packages that only hold others left out."""
        names = self._finder.supplied
        return tuple(
            name for name in names if not any(other.startswith(name + ".") for other in names)
        )

    def adopt(self, name: str, module: ModuleType) -> None:
        """Make `module` importable inside, and let it import what lies beside it."""
        self._own[name] = module
        module.__package__ = PACKAGE

    def prefer_python_2(self) -> None:
        """Take the helpers for Python 2, as the file is, where they may be either."""
        self._helpers.prefer_python_2 = True

    def is_own(self, name: str) -> bool:
        """Say whether a module that was imported is the submission's."""
        return name in sys.modules and self._belongs(sys.modules[name])

    def __enter__(self) -> None:
        if len(sys.modules) != self._modules_left:
            self._to_hide = [name for name in sys.modules if self._hides(name)]
        self._hidden = {
            name: sys.modules.pop(name) for name in self._to_hide if name in sys.modules
        }
        sys.modules.update(self._own)
        self._before = set(sys.modules)
        self._path_before = list(sys.path)
        sys.path[:0] = self._folders
        sys.meta_path.append(self._finder)
        # Before whoever would find the same files, and read them as Python 3.
        place = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else 0
        sys.meta_path.insert(place, self._helpers)
        # The student's folder gets no __pycache__.
        self._writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        self._recursion_limit = sys.getrecursionlimit()

    def __exit__(self, *_error: object) -> None:
        sys.dont_write_bytecode = self._writes_bytecode
        sys.setrecursionlimit(self._recursion_limit)
        for finder in (self._finder, self._helpers):
            if finder in sys.meta_path:
                sys.meta_path.remove(finder)
        added = [entry for entry in sys.path if entry not in self._path_before]
        # What is relative is meant from the submission's folder, where it was added.
        self._folders = [str((self._folder / entry).resolve()) for entry in added]
        sys.path[:] = self._path_before
        for name in set(sys.modules) - self._before:
            if self._belongs(sys.modules[name]):
                self._own[name] = sys.modules[name]
        for name in self._own:
            sys.modules.pop(name, None)
        sys.modules.update(self._hidden)
        self._modules_left = len(sys.modules)

    def _hides(self, name: str) -> bool:
        root = name.partition(".")[0]
        if self._is_protected(root):
            return False
        # If matplotlib is loaded, it is the real one, and nothing needs to stand in for it.
        return root in self._beside or (root != "matplotlib" and is_stand_in_name(root))

    def _is_protected(self, root: str) -> bool:
        if root == "gradcheck" and self._has_our_name:
            return False
        return root in _OURS or root in sys.stdlib_module_names

    def _belongs(self, module: ModuleType) -> bool:
        if is_stand_in(module):
            return True
        origin = getattr(module, "__file__", None) or ""
        return self._is_own_module(module.__name__, origin)

    def _is_own_module(self, name: str, origin: str) -> bool:
        root = name.partition(".")[0]
        if self._is_protected(root):
            return False
        if root in self._beside:
            return True
        path = Path(origin).resolve()
        if "site-packages" in path.parts:  # an environment that lies in the folder
            return False
        return any(path.is_relative_to(folder) for folder in self._folders)


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Leave the global generators as they were, however often homework reseeds them."""
    states = random.getstate(), np.random.get_state()  # noqa: NPY002 - what homework uses
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002


@contextmanager
def run_as_script(path: Path) -> Iterator[None]:
    """Look like ``python FILE`` run in the file's own folder, with plots kept off the screen."""
    arguments, backend = sys.argv, os.environ.get("MPLBACKEND")
    sys.argv = [str(path)]
    os.environ["MPLBACKEND"] = "Agg"
    try:
        with working_directory(path.parent), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.argv = arguments
        os.environ.pop("MPLBACKEND", None)
        if backend is not None:
            os.environ["MPLBACKEND"] = backend


def _module_names(folder: Path) -> frozenset[str]:
    """Names that an import finds in `folder`."""
    try:
        entries = list(folder.iterdir())
    except OSError:
        return frozenset()
    files = {entry.stem for entry in entries if entry.suffix == ".py"}
    packages = {entry.name for entry in entries if entry.is_dir() and entry.name.isidentifier()}
    return frozenset(files | packages)


def _holds_other_gradcheck(folder: Path) -> bool:
    """Say whether ``import gradcheck`` finds something in `folder` that is not us."""
    for name in ("gradcheck.py", "gradcheck/__init__.py"):
        found = folder / name
        if found.is_file():
            return found.resolve() != Path(__file__).resolve().parents[2] / "__init__.py"
    return False
