"""The surroundings of a submission: its folder, its helper modules, its output, its argv.

All of it is put in place while the student's code runs and taken away afterwards, so that one
process can verify several files whose helpers have the same names.
"""

from __future__ import annotations

import io
import os
import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType

import numpy as np

from gradcheck.homework.standins import StandInFinder, is_stand_in, is_stand_in_name

__all__ = ["CapturedOutput", "ModuleEnvironment", "quiet", "random_state_kept", "run_as_script"]

# What our own code imports while the student's is in place: never hidden, whatever lies beside.
_OURS = frozenset({"gradcheck", "numpy", "hypothesis", "sympy", "pytest", "_pytest", "rich"})


class CapturedOutput(io.StringIO):
    """What the student's code prints; it keeps the beginning, however much there is."""

    limit = 20_000

    def write(self, text: str) -> int:
        """Keep `text` if there is room."""
        room = self.limit - self.tell()
        if room > 0:
            super().write(text[:room])
        return len(text)


@contextmanager
def quiet(output: CapturedOutput) -> Iterator[None]:
    """Collect what is printed, give no input, and keep warnings of overflow to ourselves."""
    stdin = sys.stdin
    sys.stdin = io.StringIO()  # `input()` raises EOFError instead of waiting
    try:
        with redirect_stdout(output), redirect_stderr(output), np.errstate(all="ignore"):
            yield
    finally:
        sys.stdin = stdin


class ModuleEnvironment:
    """The modules that a submission sees, as a context manager.

    Inside, the submission's folder comes first on ``sys.path``, modules of that folder replace
    foreign ones of the same name, and course modules that are nowhere are stood in for. On
    leaving, ``sys.path`` and ``sys.modules`` are as before.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Those on sys.path that are the submission's: its own, and what it adds there itself.
        self._folders = [str(folder)]
        self._path_before: list[str] = []
        self._finder = StandInFinder()
        self._own: dict[str, ModuleType] = {}
        self._hidden: dict[str, ModuleType] = {}
        self._before: set[str] = set()
        # Looking through all modules at each call would take most of a call's time.
        self._to_hide: list[str] = []
        self._modules_left = -1
        self._writes_bytecode = False
        self._beside = _module_names(folder)

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """The stand-ins that were needed, packages that only hold others left out."""
        names = self._finder.supplied
        return tuple(
            name for name in names if not any(other.startswith(name + ".") for other in names)
        )

    def adopt(self, name: str, module: ModuleType) -> None:
        """Make `module` importable inside."""
        self._own[name] = module

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
        self._writes_bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True

    def __exit__(self, *_error: object) -> None:
        sys.dont_write_bytecode = self._writes_bytecode
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
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
        if root in _OURS or root in sys.stdlib_module_names:
            return False
        return root in self._beside or (root != "matplotlib" and is_stand_in_name(root))

    def _belongs(self, module: ModuleType) -> bool:
        if is_stand_in(module):
            return True
        root = module.__name__.partition(".")[0]
        if root in _OURS or root in sys.stdlib_module_names:
            return False
        if root in self._beside:
            return True
        origin = Path(getattr(module, "__file__", None) or "").resolve()
        if "site-packages" in origin.parts:  # an environment that lies in the folder
            return False
        return any(origin.is_relative_to(folder) for folder in self._folders)


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
        with chdir(path.parent), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.argv = arguments
        del os.environ["MPLBACKEND"]
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
