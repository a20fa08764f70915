"""Names that Python 3, NumPy and the standard library had once, supplied where a file uses them.

They are found in the file's syntax tree and given to that file alone: no module is patched, so
nothing has to be put back, and no other file meets them.
"""

from __future__ import annotations

import ast
import builtins
import functools
import itertools
import string
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np

from gradcheck.homework.submission.missing_modules import ANYTHING

__all__ = ["METHODS", "former_method", "supply", "unresolved"]


def _compare(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def _read_line(prompt: object = "") -> str:
    return input(prompt)


def _random_integers(low: int, high: int | None = None, size: Any = None) -> Any:
    """Draw from 1 or `low` to `high`, both included."""
    first, last = (1, low) if high is None else (low, high)
    return np.random.randint(first, last + 1, size)  # noqa: NPY002 - as the former function did


# Under the names that they had without a module.
_BUILTINS: dict[str, Any] = {
    "basestring": str,
    "cmp": _compare,
    "file": open,
    "intern": sys.intern,
    "long": int,
    "raw_input": _read_line,
    "reduce": functools.reduce,
    "unichr": chr,
    "unicode": str,
    "xrange": range,
    "StandardError": Exception,
    # A notebook that was exported to a .py file has these from IPython.
    "display": ANYTHING,
    "get_ipython": ANYTHING,
}
_UNTOLD = {"display", "get_ipython"}

_OF_MODULES: dict[str, dict[str, Any]] = {
    "numpy": {
        "alltrue": np.all,
        "asfarray": lambda a, dtype=np.float64: np.asarray(a, dtype=dtype),
        "asscalar": lambda a: a.item(),
        "bool": bool,
        "complex": complex,
        "complex_": np.complex128,
        "cumproduct": np.cumprod,
        "float": float,
        "float_": np.float64,
        "in1d": np.isin,
        "Inf": np.inf,
        "infty": np.inf,
        "int": int,
        "mat": np.asmatrix,
        "msort": lambda a: np.sort(a, axis=0),
        "NaN": np.nan,
        "object": object,
        "product": np.prod,
        "round_": np.round,
        "row_stack": np.vstack,
        "sometrue": np.any,
        "str": str,
        "string_": np.bytes_,
        "trapz": getattr(np, "trapezoid", None),
        "unicode_": np.str_,
    },
    "numpy.random": {"random_integers": _random_integers},
    "collections": {
        name: getattr(import_module("collections.abc"), name)
        for name in ("Callable", "Iterable", "Mapping", "Sequence")
    },
    "itertools": {
        "ifilter": filter,
        "imap": map,
        "izip": zip,
        "izip_longest": itertools.zip_longest,
    },
    "string": {
        "letters": string.ascii_letters,
        "lowercase": string.ascii_lowercase,
        "maketrans": str.maketrans,
        "uppercase": string.ascii_uppercase,
    },
    "sys": {"maxint": sys.maxsize},
    "time": {"clock": time.process_time},
}


def _set_item(array: Any, *arguments: Any) -> None:
    *index, value = arguments
    array[index[0] if len(index) == 1 else tuple(index)] = value


_OF_MAPPINGS: dict[str, Callable[..., Any]] = {
    "has_key": lambda mapping, key: key in mapping,
    "iteritems": lambda mapping: iter(mapping.items()),
    "iterkeys": iter,
    "itervalues": lambda mapping: iter(mapping.values()),
    "viewitems": lambda mapping: mapping.items(),
    "viewkeys": lambda mapping: mapping.keys(),
    "viewvalues": lambda mapping: mapping.values(),
}
_OF_ARRAYS: dict[str, Callable[..., Any]] = {
    "itemset": _set_item,
    "ptp": np.ptp,
    "tostring": lambda array: array.tobytes(),
}
_OF_ITERATORS: dict[str, Callable[..., Any]] = {"next": next}
_OF_OBJECTS = _OF_MAPPINGS | _OF_ARRAYS | _OF_ITERATORS

METHODS = "_former_method"
"""The name by which a file finds `former_method`."""
_SUM = "sum of a generator"


def former_method(owner: Any, name: str) -> Any:
    """Return an object's method, or what does the same where it has it no more."""
    try:
        return getattr(owner, name)
    except AttributeError:
        if name in _OF_MAPPINGS and not hasattr(owner, "items"):
            raise
        if name in _OF_ARRAYS and not isinstance(owner, np.ndarray | np.generic):
            raise
        if name in _OF_ITERATORS and not hasattr(owner, "__next__"):
            raise
        return functools.partial(_OF_OBJECTS[name], owner)


def supply(tree: ast.Module) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Let a tree use former names.

    Returns
    -------
    names : dict of str
        What its module has to have before it runs.
    told : tuple of str
        Those that a person should know of.
    """
    survey = _Survey(tree)
    replacement = _Replacement(survey)
    replacement.visit(tree)
    names = {name: _BUILTINS[name] for name in survey.loaded & _BUILTINS.keys()}
    for module in survey.starred & _OF_MODULES.keys():
        former = _absent_from(module)
        names |= {name: former[name] for name in survey.loaded & former.keys() - survey.bound}
    told = sorted(names.keys() - survey.bound - _UNTOLD) + replacement.told
    return names | replacement.names, tuple(dict.fromkeys(told))


def unresolved(tree: ast.Module) -> set[str]:
    """Return the names that a tree uses and nobody has given a meaning so far."""
    survey = _Survey(tree)
    return survey.loaded - survey.bound - vars(builtins).keys()


@functools.cache
def _absent_from(name: str) -> dict[str, Any]:
    """Return the former names of a module, those left out that it has."""
    module = import_module(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that will come back with another meaning
        return {
            former: value
            for former, value in _OF_MODULES[name].items()
            if not hasattr(module, former)
        }


class _Survey(ast.NodeVisitor):
    """The names that a tree uses, those that it gives a meaning, and those it has for modules."""

    def __init__(self, tree: ast.Module) -> None:
        self.loaded: set[str] = set()
        self.bound: set[str] = set()
        self.set_attributes: set[str] = set()
        self.starred: set[str] = set()
        self.modules: dict[str, str] = {}
        self.visit(tree)

    def visit_Name(self, node: ast.Name) -> None:
        (self.loaded if isinstance(node.ctx, ast.Load) else self.bound).add(node.id)

    def visit_arg(self, node: ast.arg) -> None:
        self.bound.add(node.arg)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.bound.add(node.name)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bound.add(node.name)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):  # `np.float = float`
            self.set_attributes.add(node.attr)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            self.modules[alias.asname or name] = name
            self.bound.add(alias.asname or name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*" and node.module:
                self.starred.add(node.module)
            self.bound.add(alias.asname or alias.name)
            whole = f"{node.module}.{alias.name}"
            if whole in _OF_MODULES:  # `from numpy import random`
                self.modules[alias.asname or alias.name] = whole


class _Replacement(ast.NodeTransformer):
    """Former names of modules and of objects become what `supply` gives."""

    def __init__(self, survey: _Survey) -> None:
        self._survey = survey
        self.names: dict[str, Any] = {}
        self.told: list[str] = []

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        module = self._module(node.value)
        if module is None or node.attr in self._survey.set_attributes:
            return node
        former = _absent_from(module)
        if not isinstance(node.ctx, ast.Load) or node.attr not in former:
            return node
        return self._supplied(node, module, node.attr, former[node.attr])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func
        if not isinstance(function, ast.Attribute):
            return node
        if function.attr == "sum" and [type(each) for each in node.args] == [ast.GeneratorExp]:
            if self._module(function.value) == "numpy" and not node.keywords:
                node.func = self._supplied(function, "numpy", _SUM, sum)
            return node
        if function.attr in _OF_OBJECTS.keys() - self._survey.bound:
            self.names[METHODS] = former_method
            if function.attr not in _OF_ITERATORS:  # others have a method of that name, too
                self.told.append(f".{function.attr}()")
            name = ast.copy_location(ast.Constant(function.attr), function)
            finder = ast.copy_location(ast.Name(METHODS, ast.Load()), function)
            node.func = ast.copy_location(ast.Call(finder, [function.value, name], []), function)
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        if node.level or node.module not in _OF_MODULES:
            return node
        former = _absent_from(node.module)
        absent = [alias for alias in node.names if alias.name in former]
        if not absent:
            return node
        statements: list[ast.stmt] = []
        node.names = [alias for alias in node.names if alias not in absent]
        if node.names:
            statements.append(node)
        for alias in absent:
            value = self._supplied(node, node.module, alias.name, former[alias.name])
            target = ast.copy_location(ast.Name(alias.asname or alias.name, ast.Store()), node)
            statements.append(ast.copy_location(ast.Assign([target], value), node))
        return statements

    def _module(self, node: ast.expr) -> str | None:
        """Return the module with former names that an expression is, as far as imports tell."""
        whole = ".".join(reversed([*_parts(node)]))
        root, dot, rest = whole.partition(".")
        module = self._survey.modules.get(root, "") + dot + rest
        return module if module in _OF_MODULES else None

    def _supplied(self, node: ast.AST, module: str, name: str, value: Any) -> ast.expr:
        # No identifier, so that no name of the file's is in its way.
        key = f"_{module}.{name}"
        self.names[key] = value
        self.told.append(f"{module}.{name}" if name != _SUM else "numpy.sum of a generator")
        return ast.copy_location(ast.Name(key, ast.Load()), node)


def _parts(node: ast.expr) -> Iterator[str]:
    """Yield the parts of a dotted name from its end; what is no such name ends in a blank."""
    while isinstance(node, ast.Attribute):
        yield node.attr
        node = node.value
    yield node.id if isinstance(node, ast.Name) else ""
