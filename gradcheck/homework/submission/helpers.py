"""Modules that lie beside a submission: found as Python finds them, read as the file itself is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import decode_source
from pathlib import Path
from types import ModuleType

from gradcheck.homework.submission.execution import Execution, Told
from gradcheck.homework.submission.failures import SubmissionError, syntax_failure, why_not_text
from gradcheck.homework.submission.sources import parse

__all__ = ["HelperFinder"]


class HelperFinder(MetaPathFinder):
    """Finds all that Python finds; what is the submission's, it has loaded as that is.

    Parameters
    ----------
    folder : Path
        The folder of the file.
    told : Told
        Gets what had to be done.
    is_own : callable
        Says of a module's name and file whether the submission has brought it.

    Attributes
    ----------
    prefer_python_2 : bool
        Whether helpers that may be either are meant for Python 2.
    """

    def __init__(self, folder: Path, told: Told, is_own: Callable[[str, str], bool]) -> None:
        self.folder = folder
        self.told = told
        self.is_own = is_own
        self.prefer_python_2 = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec that Python itself would, with our loader for a file of theirs."""
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader or spec.origin is None:
            return spec
        if self.is_own(fullname, spec.origin):
            spec.loader = _HelperLoader(fullname, spec.origin, self)
        return spec


class _HelperLoader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, finder: HelperFinder) -> None:
        super().__init__(fullname, path)
        self._finder = finder

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, translated where it is Python 2."""
        finder, path = self._finder, Path(self.path)
        shown = path.relative_to(finder.folder) if path.is_relative_to(finder.folder) else path.name
        content = self.get_data(self.path)
        try:
            text = decode_source(content)
        except (SyntaxError, UnicodeDecodeError):
            raise SubmissionError(f"{shown}: not Python: {why_not_text(content)}") from None
        try:
            source = parse(text, self.path, prefer_python_2=finder.prefer_python_2)
            execution = Execution(module, finder.told, lambda name: finder.is_own(name, ""))
            pieces = execution.prepare(source, self.path, str(shown))
        except SyntaxError as error:
            raise SubmissionError(syntax_failure(Path(shown), text, error)) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise SubmissionError(f"{shown}: not Python: {error}") from None
        execution.run(pieces)
