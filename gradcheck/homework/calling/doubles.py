"""Right functions that take the place of the file's own while another of its functions runs.

They are called as the file's own are, whatever signature those have, and return what those
return, so a file cannot tell the difference; what it does with them is noted.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from itertools import cycle
from typing import Any

import numpy as np

from gradcheck.homework.courses import Course, Interface, parameter_names
from gradcheck.word2vec.formulas import naive_softmax

__all__ = ["LossDouble", "ScriptedSampler", "globals_replaced"]

# A table of functions has few; what has more is data.
_MOST_ENTRIES = 20
_Parameter = inspect.Parameter


class ScriptedSampler:
    """Takes the place of the file's own sampler, so that a wrong one spoils no gradient.

    Parameters
    ----------
    course : Course
        Its name for K, and its number where K is not given.
    script : tuple of int
        The words to return, over and over.
    own : callable, optional
        The file's own sampler, to have its signature kept.
    example : Any, optional
        A value that this returns, to have its type kept: a list, a tuple or an array.

    Attributes
    ----------
    returned : list of tuple of int
        The samples of each call, as many as it asked for.
    """

    def __init__(
        self,
        course: Course,
        script: tuple[int, ...],
        own: Callable[..., Any] | None = None,
        example: Any = None,
    ) -> None:
        self._course = course
        self.returned: list[tuple[int, ...]] = []
        self._next = cycle(script)
        self._example = example
        self._signature = _own_signature(own, at_least=2) or _signature(course, "target", "dataset")

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Return K words of the script."""
        bound = self._signature.bind(*arguments, **keywords)
        bound.apply_defaults()
        values = bound.arguments
        given = [values[self._course.count]] if self._course.count in values else []
        count = (given or list(values.values())[2:3] or [self._course.default_count])[0]
        samples = [next(self._next) for _ in range(count)]
        self.returned.append(tuple(samples))
        if isinstance(self._example, np.ndarray):
            return np.array(samples, dtype=self._example.dtype)
        return tuple(samples) if isinstance(self._example, tuple) else samples


class LossDouble:
    """A right loss function, under the name of one of the file's own, that notes its calls.

    What a window function does is thus judged apart from the losses that it sums.

    It is a multiple of naive softmax: two of them can be told apart, and neither draws.

    Parameters
    ----------
    course, interface : Course, Interface
        The course, and its name and arguments of the function.
    own : callable or None
        The file's function.
    factor : float
        Its multiple of naive softmax.
    called : callable
        Called each time, with the shape of the center vector and the dataset that were handed on.
    """

    def __init__(
        self,
        course: Course,
        interface: Interface,
        own: Callable[..., Any] | None,
        *,
        factor: float,
        called: Callable[[tuple[int, ...], Any], None],
    ) -> None:
        self.__name__ = self.__qualname__ = interface.name
        self._factor = factor
        self._called = called
        # Where the course has the dataset, which is also its place in a file with other names.
        quantities = list(interface.parameters)
        self._place = quantities.index("dataset") if "dataset" in quantities else len(quantities)
        own_signature = _own_signature(own, at_least=len(interface.parameters))
        self._signature = own_signature or _signature(course, *interface.parameters.values())

    def __call__(self, *arguments: Any, **keywords: Any) -> tuple[float, Any, Any]:
        """Return a loss and its gradients."""
        bound = list(self._signature.bind(*arguments, **keywords).arguments.values())
        center = np.asarray(bound[0], dtype=np.float64)
        dataset = bound[self._place] if self._place < len(bound) else None
        self._called(center.shape, dataset)
        target, outside = int(np.asarray(bound[1]).item()), np.asarray(bound[2], dtype=np.float64)
        loss, along_center, along_outside = naive_softmax(center.reshape(-1), outside, target)
        gradient = self._factor * along_center.reshape(center.shape)
        return self._factor * float(loss), gradient, self._factor * along_outside


@contextmanager
def globals_replaced(
    function: Callable[..., Any], replacements: Mapping[str, Any], dataset: str
) -> Iterator[None]:
    """Replace globals of the module that `function` was written in, for the time being.

    They must be there, but for the one that is called `dataset`.
    """
    # A decorator's wrapper may have been written in another module.
    namespace: dict[str, Any] = getattr(inspect.unwrap(function), "__globals__", {})
    absent = object()
    new = {
        name: replacement
        for name, replacement in replacements.items()
        if name == dataset or name in namespace
    }
    new |= _tables(namespace, {id(namespace[name]): new[name] for name in new if name in namespace})
    before = {name: namespace.get(name, absent) for name in new}
    namespace.update(new)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is absent:
                namespace.pop(name, None)
            else:
                namespace[name] = value


def _tables(namespace: Mapping[str, Any], doubles: Mapping[int, Any]) -> dict[str, Any]:
    """Return the global dictionaries that hold a replaced function, with its double in them."""
    return {
        name: {
            doubles.get(id(key), key): doubles.get(id(value), value) for key, value in table.items()
        }
        for name, table in namespace.items()
        if type(table) is dict and len(table) <= _MOST_ENTRIES
        if any(id(key) in doubles or id(value) in doubles for key, value in table.items())
    }


# Each call has doubles of its own, and a file has few functions.
@lru_cache(maxsize=64)
def _own_signature(own: Callable[..., Any] | None, *, at_least: int) -> inspect.Signature | None:
    names = () if own is None else parameter_names(own) or ()
    return inspect.signature(own) if own is not None and len(names) >= at_least else None


def _signature(course: Course, *names: str) -> inspect.Signature:
    """Return a signature with these parameters, and K."""
    parameters = [_Parameter(name, _Parameter.POSITIONAL_OR_KEYWORD) for name in names]
    parameters.append(
        _Parameter(course.count, _Parameter.POSITIONAL_OR_KEYWORD, default=course.default_count)
    )
    return inspect.Signature(parameters)
