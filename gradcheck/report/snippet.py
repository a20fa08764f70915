"""Python that repeats a check when it is pasted into a prompt."""

from __future__ import annotations

import ast
import keyword
import operator
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.frameworks import as_numpy, constructor, is_foreign
from gradcheck.arrays.parameters import Parameters
from gradcheck.arrays.trees import is_moved, walked

__all__ = ["snippet"]

WIDTH = 80
"""Columns of a terminal."""

MOST_ENTRIES = 24
"""A point of more entries than that fills the page, and is not written out."""

MOST_LINES = MOST_ENTRIES + 2
"""Nor is one of more lines."""


def snippet(
    loss: Callable[..., Any],
    gradient: Callable[..., Any] | None,
    parameters: Parameters,
    *,
    precision: float | None,
    seed: int,
    has_args: bool = False,
) -> str:
    """Return the code of a check, the numbers of its point exact and of their own dtype.

    Parameters
    ----------
    loss, gradient
        What is checked; they go by their own names where they have usable ones.
    parameters
        The point.
    precision, seed
        As given to the check.
    has_args
        Whether there were further arguments; they are not written out.
    """
    names = _names(loss, gradient)
    functions = [loss] if gradient is None else [loss, gradient]
    lines = [_origin(function, name) for function, name in zip(functions, names, strict=True)]
    lines += _written(parameters, names) or ["import gradcheck", *_outline(parameters)]
    options = [f"seed={seed}"] if precision is None else [f"precision={precision!r}, seed={seed}"]
    if has_args:
        lines.append(_comment("args: the further arguments that were given"))
        options.insert(0, "args=args")
    lines.append(_call([*names, "at", *options]))
    return "\n".join(line for line in lines if line)


def _call(arguments: list[str]) -> str:
    line = f"print(gradcheck.check({', '.join(arguments)}))"
    if len(line) <= WIDTH:
        return line
    return "\n".join(["print(gradcheck.check(", *(f"    {each}," for each in arguments), "))"])


def _comment(text: str) -> str:
    return "\n".join(textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="#   "))


# ------------------------------------------------------------------------------ functions


def _names(loss: Callable[..., Any], gradient: Callable[..., Any] | None) -> list[str]:
    """Return names for the functions: their own, if it is a name that can be used."""
    substitutes = ["loss_and_grad"] if gradient is None else ["loss", "grad"]
    functions = [loss] if gradient is None else [loss, gradient]
    names = [getattr(function, "__name__", "") for function in functions]
    clash = len({*names, "at", "np", "gradcheck"}) < len(names) + 3
    return [
        name if _is_usable(name) and not clash else substitute
        for name, substitute in zip(names, substitutes, strict=True)
    ]


def _is_usable(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def _origin(function: Callable[..., Any], name: str) -> str:
    """State the origin of a function: import it, or explain its name."""
    module = _home(function, name)
    if module == "__main__":
        return ""
    if module:
        return f"from {module} import {name}"
    return _comment(f"{name}: the {_kind(function)} that was checked")


def _home(value: Any, name: str) -> str:
    """Return the module that has a function or class by that name; empty if there is none."""
    module = getattr(value, "__module__", None) or ""
    return module if getattr(sys.modules.get(module), name, None) is value else ""


def _kind(function: Callable[..., Any]) -> str:
    if getattr(function, "__name__", "") == "<lambda>":
        return "lambda"
    owner = getattr(function, "__self__", None)
    if owner is None or isinstance(owner, ModuleType):
        return "function"
    return f"method {getattr(function, '__qualname__', type(owner).__name__)}"


# --------------------------------------------------------------------------------- point


def _written(parameters: Parameters, names: list[str]) -> list[str]:
    """Return the lines that make the point; none where it cannot be written, or is too long."""
    if parameters.size > MOST_ENTRIES:
        return []
    # A framework's array would be a part of the vector itself, which is read-only.
    point = parameters.build(parameters.vector.copy())
    if not _can_be_written(point):
        return []
    types = list(dict.fromkeys(_named_tuples(point)))
    taken = [*names, "at", "np", "gradcheck", "namedtuple", *(kind.__name__ for kind in types)]
    if len(set(taken)) < len(taken):
        return []
    written = _literal(point, "", len("at = "))
    origins = [_class_origin(kind) for kind in types]
    lines = [line for line in origins if line.startswith("from ")]
    definitions = [line for line in origins if line not in lines]
    if any(" = namedtuple(" in line for line in definitions):
        lines.append("from collections import namedtuple")
    if "np." in written:
        lines.append("import numpy as np")
    arrays = [leaf for _, leaf in walked(point, "") if is_foreign(leaf)]
    lines += dict.fromkeys(constructor(array)[0] for array in arrays)
    lines += ["import gradcheck", *definitions, *f"at = {written}".splitlines()]
    fits = len(lines) <= MOST_LINES and max(map(len, lines)) <= WIDTH
    return lines if fits else []


def _branches(tree: Any) -> Iterator[Any]:
    """Yield the tuples, lists and dicts of a tree."""
    if isinstance(tree, dict | tuple | list):
        yield tree
        for child in tree.values() if isinstance(tree, dict) else tree:
            yield from _branches(child)


def _can_be_written(tree: Any) -> bool:
    """Tell whether Python makes a tree again from text: its classes, keys and leaves."""
    keys = [key for branch in _branches(tree) if isinstance(branch, dict) for key in branch]
    leaves = [leaf for _, leaf in walked(tree, "")]
    below = list(_leaves(tree))
    still = [leaf for leaf in leaves if not is_moved(leaf) and not isinstance(leaf, np.ndarray)]
    # A dataclass, or a node of JAX's, is a leaf to the text, and has parts.
    has_known_kinds = len(leaves) == len(below) and all(map(operator.is_, leaves, below))
    return has_known_kinds and all(map(_is_plain, [*keys, *still]))


def _leaves(tree: Any) -> Iterator[Any]:
    """Yield the values below the tuples, lists and dicts of a tree."""
    if not isinstance(tree, dict | tuple | list):
        yield tree
        return
    for child in tree.values() if isinstance(tree, dict) else tree:
        yield from _leaves(child)


def _is_plain(key: Any) -> bool:
    """Tell whether a key is made again by its ``repr``: that of an enumeration's is no Python."""
    if isinstance(key, np.str_ | np.integer):
        return True
    try:
        return bool(ast.literal_eval(repr(key)) == key)
    except (ValueError, SyntaxError):
        return False


def _named_tuples(tree: Any) -> Iterator[type]:
    return (type(branch) for branch in _branches(tree) if hasattr(branch, "_fields"))


def _class_origin(kind: Any) -> str:
    """Import the class of a named tuple, or make one with its fields.

    One of the program that runs may have methods: it is left to the program, as functions are.
    """
    name = kind.__name__
    module = _home(kind, name)
    if module == "__main__":
        return _comment(f"{name}: the named tuple of your program")
    if module:
        return f"from {module} import {name}"
    return f"{name} = namedtuple({name!r}, {' '.join(kind._fields)!r})"


def _outline(parameters: Parameters) -> list[str]:
    arrays = [
        f"{leaf.name} of shape {leaf.shape}" + (f", {leaf.dtype}" * (leaf.dtype != np.float64))
        for leaf in parameters.leaves
    ]
    text = textwrap.shorten(
        f"at: the same point, {'; '.join(arrays)}", 2 * WIDTH - 8, placeholder=" …"
    )
    return _comment(text).splitlines()


def _literal(tree: Any, indent: str, taken: int) -> str:
    """Write a tree of numbers and arrays as Python.

    Parameters
    ----------
    tree
        The tree.
    indent
        Of the line in which the text begins.
    taken
        How many columns of that line are used already, or will be after the text.
    """
    if isinstance(tree, dict):
        keys = [f"{key!r}: " for key in tree]
        return _container(("{", "}"), keys, list(tree.values()), indent, taken)
    if hasattr(tree, "_fields"):
        keys = [f"{field}=" for field in tree._fields]
        return _container((f"{type(tree).__name__}(", ")"), keys, list(tree), indent, taken)
    if isinstance(tree, tuple):
        closing = ",)" if len(tree) == 1 else ")"
        return _container(("(", closing), [""] * len(tree), list(tree), indent, taken)
    if isinstance(tree, list):
        return _container(("[", "]"), [""] * len(tree), tree, indent, taken)
    return _leaf(tree, indent, taken)


def _container(
    brackets: tuple[str, str], keys: list[str], values: list[Any], indent: str, taken: int
) -> str:
    """Write an object on one line if it fits, and a line for each element otherwise."""
    opening, closing = brackets
    inner = indent + "    "
    elements = [_element(key, value, inner) for key, value in zip(keys, values, strict=True)]
    line = opening + ", ".join(elements) + closing
    if "\n" not in line and taken + len(line) <= WIDTH:
        return line
    body = "".join(f"{inner}{element},\n" for element in elements)
    return f"{opening}\n{body}{indent}{closing.lstrip(',')}"


def _element(key: str, value: Any, indent: str) -> str:
    """Write a key and its value; a string that leaves the value no room is folded."""
    element = key + _literal(value, indent, len(indent) + len(key) + 1)
    fits = len(indent) + len(element.split("\n", 1)[0]) < WIDTH
    if fits or not key.startswith(("'", '"')):
        return element
    folded = _folded(ast.literal_eval(key.removesuffix(": ")), indent + "    ")
    return f"(\n{folded}\n{indent}): {_literal(value, indent, len(indent) + len('): ,'))}"


def _folded(text: str, indent: str) -> str:
    """Write a string as several, one below the other."""
    pieces = [""]
    for character in text:
        if len(indent) + len(repr(pieces[-1] + character)) > WIDTH:
            pieces.append("")
        pieces[-1] += character
    return "\n".join(f"{indent}{piece!r}" for piece in pieces)


def _leaf(value: Any, indent: str, taken: int) -> str:
    if is_foreign(value):
        opening = f"{constructor(value)[1]}("
        return f"{opening}{_array(as_numpy(value), indent, taken + len(opening) + 1)})"
    if isinstance(value, np.ndarray):
        return _array(value, indent, taken)
    if isinstance(value, np.floating):
        return f"np.{value.dtype}({value!s})"
    return repr(value)


def _array(array: NDArray[Any], indent: str, taken: int) -> str:
    dtype = "" if array.dtype == np.float64 else f", dtype=np.{array.dtype}"
    if array.size == 0:
        return f"np.zeros({array.shape}{dtype})"
    numbers = _numbers(array, indent + "    ", "]" * array.ndim + dtype)
    line = f"np.array({numbers}{dtype})"
    if "\n" not in line and taken + len(line) <= WIDTH:
        return line
    return f"np.array(\n{indent}    {numbers}{dtype}\n{indent})"


def _numbers(array: NDArray[Any], indent: str, after: str) -> str:
    """Write nested lists, as many elements on a line as fit before `after`.

    ``str`` of a NumPy float is the shortest decimal that is read back as the same float.
    """
    if array.ndim == 0:
        return str(array[()])
    pieces = [_numbers(element, indent + " ", after) for element in array]
    room = WIDTH - len(indent) - len("[") - len(after)
    lines = [""]
    for index, piece in enumerate(pieces):
        element = piece + ("," if index < len(pieces) - 1 else "")
        if lines[-1] and ("\n" in piece or len(lines[-1]) + 1 + len(element) > room):
            lines.append(element)
        else:
            lines[-1] = f"{lines[-1]} {element}".lstrip()
    return "[" + f"\n{indent} ".join(lines) + "]"
