"""Stand-ins for the course's helper modules that do not lie beside a submission.

They behave as the course's own do, no stricter and no laxer: `softmax` works row by row and
subtracts the maximum *in place*, so a file that relies on its argument staying as it was meets
here what it would have met in the course. Gradient checks of the course do nothing, since ours
run instead.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.courses import COURSES, Helper, HelperModule
from gradcheck.homework.submission.missing_modules import ANYTHING, Anything

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PACKAGE", "StandInFinder", "is_stand_in", "is_stand_in_name"]

PACKAGE = "_homework"
"""The package that the modules of a submission lie in, for ``from .utils import softmax``."""

_MARK = "__gradcheck_stand_in__"


def softmax(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the softmax of a vector, or of each row of a matrix; `x` is overwritten."""
    x -= x.max(axis=-1, keepdims=True)
    exponentials: NDArray[np.float64] = np.exp(x)
    exponentials /= exponentials.sum(axis=-1, keepdims=True)
    return exponentials


def normalize_rows(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide each row by its length, in place."""
    x /= np.sqrt((x**2).sum(axis=1, keepdims=True)) + 1e-30
    return x


def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + np.exp(-x))


def sigmoid_grad(s: Any) -> Any:
    """Return the sigmoid's derivative, given the sigmoid's value."""
    return s * (1.0 - s)


def get_negative_samples(target: int, dataset: Any, K: int) -> list[int]:  # noqa: N803 - the course's name
    """Draw K words from `dataset`, drawing again wherever the target comes."""
    names = (name for course in COURSES for name in course.draws)
    draw = next(getattr(dataset, name) for name in names if hasattr(dataset, name))
    samples: list[int] = []
    while len(samples) < K:
        word = draw()
        if word != target:
            samples.append(word)
    return samples


def do_nothing(*_arguments: Any, **_options: Any) -> None:
    """Stand for a check of the course's: ours run instead."""


def _absent(module: str, name: str) -> Callable[..., Any]:
    """Make a helper that we do not know: importing it works, calling it says that it is absent."""

    def missing_helper(*_arguments: Any, **_options: Any) -> Any:
        raise ImportError(f"{module}.{name} does not lie beside the file", name=module)

    return missing_helper


_HELPERS: dict[Helper, Callable[..., Any]] = {
    "softmax": softmax,
    "normalized rows": normalize_rows,
    "sigmoid": sigmoid,
    "sigmoid's derivative": sigmoid_grad,
    "sampler": get_negative_samples,
    "nothing": do_nothing,
}


_SHOWN = HelperModule(
    r"(matplotlib|pylab|seaborn|plotly|bokeh|IPython|ipywidgets)(\..*)?", other="anything"
)


def _helper(name: str) -> HelperModule | None:
    """Return the first helper module of a course that has a module's name."""
    name = name.removeprefix(f"{PACKAGE}.")
    supplied = (helper for course in COURSES for helper in course.helpers)
    matching = (each for each in (*supplied, _SHOWN) if re.fullmatch(each.pattern, name))
    return next(matching, None)


def is_stand_in_name(name: str) -> bool:
    """Say whether a module of this name is one that a course supplies."""
    return _helper(name) is not None


def is_stand_in(thing: Any) -> bool:
    """Say whether a function or module is one of ours, standing for the course's."""
    if isinstance(thing, Anything):
        return True
    if isinstance(thing, ModuleType):
        return hasattr(thing, _MARK)
    return getattr(thing, "__module__", None) == __name__


class StandInFinder(MetaPathFinder, Loader):
    """The last finder to be asked: it supplies course modules that nobody else has.

    Attributes
    ----------
    supplied : list of str
        The names of the modules that it had to supply.
    """

    def __init__(self) -> None:
        self.supplied: list[str] = []

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec for a course's module."""
        if not is_stand_in_name(fullname):
            return None
        # As a package: importing `utils.utils` imports `utils` first.
        return importlib.util.spec_from_loader(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the stand-in itself."""
        module = _StandIn(spec.name)
        self.supplied.append(spec.name.removeprefix(f"{PACKAGE}."))
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Fill the stand-in with the course's names."""
        setattr(module, _MARK, True)
        helper = _helper(module.__name__)
        assert helper is not None  # or `find_spec` would not have found it
        vars(module).update({name: _HELPERS[what] for name, what in helper.functions.items()})


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked for by the import system
            raise AttributeError(name)
        helper = _helper(self.__name__)
        if helper is None or helper.other == "missing":
            return _absent(self.__name__, name)
        return do_nothing if helper.other == "nothing" else ANYTHING
