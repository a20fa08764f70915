"""The running of a file's Python, piece by piece, so that a failed import ends no more than itself.

Each import at the top of a module is a piece, and so is what stands between two of them; of a
notebook's cell, each statement is one.
"""

from __future__ import annotations
import __future__ as future

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from types import CodeType, ModuleType
from typing import Any

from gradcheck.homework.submission.failures import summarize_error
from gradcheck.homework.submission.former_names import supply, unresolved
from gradcheck.homework.submission.missing_modules import MissingModules
from gradcheck.homework.submission.python_2 import (
    DIVISION,
    Division,
    divides_as_python_2,
    imports_division,
)
from gradcheck.homework.submission.sources import Source
from gradcheck.homework.submission.time_limit import TimeLimitExceeded

__all__ = ["Execution", "Piece", "Told"]

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


class Told:
    """The things that were done to run a submission, each with the files that it was done to.

    Attributes
    ----------
    translated : list of str
        Files that were translated from Python 2.
    divided : bool
        Whether one of them divides.
    supplied : list of str
        Former names.
    is_package : bool
        Whether a module imports what lies beside it as in a package.
    missing : MissingModules
        Those that were stood in for.
    """

    def __init__(self) -> None:
        self.translated: list[str] = []
        self.supplied: list[str] = []
        self.divided = False
        self.is_package = False
        self.missing = MissingModules()

    @property
    def is_nothing(self) -> bool:
        """Whether Python runs the submission as it is."""
        changed = self.translated or self.supplied or self.missing.names or self.is_package
        return not changed

    def notes(self) -> Iterator[str]:
        """Yield a note on each, for a person."""
        if self.translated:
            note = f"translated from Python 2, in memory: {', '.join(self.translated)}"
            yield note + "; / of two whole numbers gives a whole number there" * self.divided
        if self.supplied:
            names = ", ".join(self.supplied)
            yield f"supplied, as Python 3 or NumPy has it no more: {names}"
        if self.missing.names:
            names = ", ".join(self.missing.names)
            yield f"neither installed nor beside the file, so no function can use it: {names}"


@dataclass(frozen=True)
class Piece:
    """A part of a module that runs by itself.

    Attributes
    ----------
    code : CodeType
        Of its statements.
    statement : ast.stmt, optional
        The only one, where it is.
    """

    code: CodeType
    statement: ast.stmt | None


class Execution:
    """The running of one module.

    Parameters
    ----------
    module : ModuleType
        Gets what its pieces define.
    told : Told
        Gets what had to be done.
    is_own : callable
        Says of a module's name whether the submission has brought it.
    """

    def __init__(self, module: ModuleType, told: Told, is_own: Callable[[str], bool]) -> None:
        self.runs = 0
        """The number of pieces that ran to their end."""
        self._namespace = vars(module)
        self._told = told
        self._is_own = is_own
        # Imports from `__future__` hold for all cells that come later.
        self._flags = 0
        self._divides = False
        self._unresolved: set[str] = set()

    def prepare(
        self, source: Source, filename: str, shown: str, *, as_cell: bool = False
    ) -> list[Piece]:
        """Compile a source, and give its module the names that it needs.

        Parameters
        ----------
        source : Source
            A file's, or a cell's; its tree is changed.
        filename : str
            For tracebacks.
        shown : str
            The file's name for a person.
        as_cell : bool
            Whether each statement is a piece.

        Raises
        ------
        SyntaxError
            If it does not compile.
        """
        tree, told = source.tree, self._told
        if source.is_python_2:
            if shown not in told.translated:
                told.translated.append(shown)
            self._divides = self._divides or imports_division(source.text)
            if not self._divides and divides_as_python_2(tree):
                told.divided = True
                self._namespace[DIVISION] = Division()
        told.is_package = told.is_package or _imports_from_package(tree)
        self._unresolved = unresolved(tree)
        names, former = supply(tree)
        for name, value in names.items():
            self._namespace.setdefault(name, value)
        told.supplied += [name for name in former if name not in told.supplied]
        self._flags |= _future_flags(tree)
        flags = self._flags | (ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if as_cell else 0)
        return [
            Piece(
                compile(ast.Module(part, []), filename, "exec", flags, dont_inherit=True),
                part[0] if len(part) == 1 else None,
            )
            for part in _parts(tree, each=as_cell)
        ]

    def run(self, pieces: Sequence[Piece]) -> None:
        """Run pieces; go on where a module is missing, and raise whatever else is raised."""
        for piece in pieces:
            try:
                exec(piece.code, self._namespace)  # noqa: S102 - running it is the purpose
            except ImportError as error:
                if self._is_at_home(error) or not self._replace(piece, error):
                    raise
            self.runs += 1

    def run_cell(
        self, pieces: Sequence[Piece], limited: Callable[[Callable[[], None]], None]
    ) -> str:
        """Run the pieces of a cell and return why it failed, nothing if it did not.

        After a failure, only what defines something is run.
        """
        failure = failed_import = ""
        for piece in pieces:
            if failure and not isinstance(piece.statement, _DEFINITIONS):
                continue
            try:
                limited(partial(_execute, piece.code, self._namespace))
                self.runs += 1
            except TimeLimitExceeded as error:
                failure = failure or f"still running after {error.seconds:g} s"
            except KeyboardInterrupt:
                raise
            except Exception as error:  # noqa: BLE001 - whatever the file raises
                if not self._replace(piece, error):
                    failure = failure or summarize_error(error)
                elif not isinstance(error, ModuleNotFoundError):
                    failed_import = failed_import or summarize_error(error)
            except BaseException as error:  # noqa: BLE001 - SystemExit included
                failure = failure or summarize_error(error)
        return failure or failed_import

    def _replace(self, piece: Piece, error: Exception) -> bool:
        missing = self._told.missing
        return missing.replace(piece.statement, error, self._namespace, self._unresolved)

    def _is_at_home(self, error: ImportError) -> bool:
        """Say whether an import fails by what the submission's own modules have or do."""
        if isinstance(error, ModuleNotFoundError):
            return False
        return error.name is None or self._is_own(error.name)


def _execute(code: CodeType, namespace: dict[str, Any]) -> None:
    coroutine = eval(code, namespace)  # noqa: S307 - running it is the purpose
    if coroutine is not None:
        import asyncio  # which takes a while, and few cells wait for anything

        asyncio.run(coroutine)


def _parts(tree: ast.Module, *, each: bool) -> Iterator[list[ast.stmt]]:
    """Yield the statements of each piece; an import of several names becomes several."""
    between: list[ast.stmt] = []
    for statement in tree.body:
        if not each and not isinstance(statement, ast.Import | ast.ImportFrom):
            between.append(statement)
            continue
        if between:
            yield between
            between = []
        yield from ([one] for one in _alone(statement))
    if between:
        yield between


def _alone(statement: ast.stmt) -> Iterator[ast.stmt]:
    """Yield a statement, an import of several names once for each of them."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            yield ast.copy_location(ast.Import([alias]), statement)
    elif isinstance(statement, ast.ImportFrom):
        for alias in statement.names:
            single = ast.ImportFrom(statement.module, [alias], statement.level)
            yield ast.copy_location(single, statement)
    else:
        yield statement


def _imports_from_package(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.level > 0 for node in ast.walk(tree))


def _future_flags(tree: ast.Module) -> int:
    names = [
        alias.name
        for statement in tree.body
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
        for alias in statement.names
    ]
    flags = 0
    for name in names:
        flags |= getattr(future, name).compiler_flag
    return flags
