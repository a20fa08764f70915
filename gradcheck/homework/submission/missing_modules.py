"""Stand-ins for modules that are neither installed nor beside a file.

While the file is loaded they take whatever is asked of them: a download of words, a plot, a class
to inherit from. A function that asks them for anything later is told which module is missing.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType
from typing import Any, Self

from gradcheck.homework.submission.failures import summarize_error

__all__ = ["ANYTHING", "Anything", "MissingModules"]


class Anything:
    """A stand-in that takes every call and every attribute, as long as nobody minds.

    Parameters
    ----------
    mind : callable
        Called before each use; it may raise.
    """

    def __init__(self, mind: Callable[[], None] = lambda: None) -> None:
        # Not found by `__getattr__`, which is asked for all other names.
        self.__dict__["_mind"] = mind

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Return a function or class that is decorated, and the stand-in for all other calls."""
        self._mind()
        # `@njit`, and `@njit(cache=True)`, of which the first call returns a stand-in.
        if len(arguments) == 1 and not options and isinstance(arguments[0], FunctionType | type):
            return arguments[0]
        return self

    def __getattr__(self, name: str) -> Anything:
        # NumPy and others look for protocols under such names; this has none.
        if name.startswith("__"):
            raise AttributeError(name)
        self._mind()
        return self

    def __setattr__(self, _name: str, _value: Any) -> None:
        self._mind()

    def __getitem__(self, _key: Any) -> Anything:
        self._mind()
        return self

    def __setitem__(self, _key: Any, _value: Any) -> None:
        self._mind()

    def __iter__(self) -> Iterator[Anything]:  # `figure, axes = plt.subplots()`
        self._mind()
        return iter((self, self))

    def __len__(self) -> int:
        self._mind()
        return 0

    def __bool__(self) -> bool:
        return True

    def __enter__(self) -> Self:
        self._mind()
        return self

    def __exit__(self, *_error: object) -> None:
        """Do nothing."""

    def __instancecheck__(self, _instance: object) -> bool:
        self._mind()
        return False

    def __mro_entries__(self, _bases: tuple[Any, ...]) -> tuple[type, ...]:
        return ()  # `class Network(nn.Module)`

    def _combined(self, *_others: Any) -> Anything:
        self._mind()
        return self

    def _number(self) -> int:
        self._mind()
        return 0

    # `array * this` asks this one, not the array.
    __array_ufunc__ = None
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _combined
    __truediv__ = __rtruediv__ = __matmul__ = __rmatmul__ = __pow__ = __rpow__ = _combined
    __neg__ = __lt__ = __le__ = __gt__ = __ge__ = _combined
    __index__ = __int__ = _number

    def __float__(self) -> float:
        return float(self._number())


ANYTHING = Anything()


class MissingModules:
    """The modules that a file imports and that are not there, each with its stand-in.

    Attributes
    ----------
    names : list of str
        Those that are neither installed nor beside the file.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._is_loading = True

    def end_loading(self) -> None:
        """From now on, raise where a stand-in is used."""
        self._is_loading = False

    def replace(
        self,
        statement: ast.stmt | None,
        error: Exception,
        namespace: dict[str, Any],
        unresolved: Iterable[str] = (),
    ) -> bool:
        """Let a module go on without the name that it could not import.

        Parameters
        ----------
        statement : ast.stmt, optional
            An import of one name, or of all; nothing is done for anything else.
        error : Exception
            Raised by it.
        namespace : dict
            Of the module that the statement stands in.
        unresolved : iterable of str
            Names of that module that an import of all may have to give.

        Returns
        -------
        done : bool
            Whether the module can go on.
        """
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            return False
        (alias,) = statement.names
        stand_in = self._stand_in(statement, error)
        if alias.name == "*":
            for name in unresolved:
                namespace.setdefault(name, stand_in)
            return True
        bound = alias.asname or alias.name
        if isinstance(statement, ast.Import) and not alias.asname:
            bound = alias.name.partition(".")[0]
        # Of `import scipy.misc`, scipy may be there all the same.
        is_whole = isinstance(statement, ast.ImportFrom) or bool(alias.asname)
        namespace[bound] = stand_in if is_whole else sys.modules.get(bound, stand_in)
        return True

    def _stand_in(self, statement: ast.Import | ast.ImportFrom, error: Exception) -> Anything:
        module = statement.names[0].name
        if isinstance(statement, ast.ImportFrom):
            module = "." * statement.level + (statement.module or "")
        why = f"{module} cannot be imported: {summarize_error(error)}"
        if isinstance(error, ModuleNotFoundError):
            # Of `nltk.corpus`, nltk is what one installs.
            module = module if module.startswith(".") else error.name or module
            why = f"the module {module} is neither installed nor beside the file"
            if module not in self.names:
                self.names.append(module)

        def mind() -> None:
            if not self._is_loading:
                raise ModuleNotFoundError(why, name=module)

        return Anything(mind)
