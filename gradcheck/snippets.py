"""Python that repeats a check when it is pasted into a prompt."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.parameters import Parameters

__all__ = ["snippet"]

WIDTH = 80
"""Columns of a terminal."""

MOST_ENTRIES = 24
"""A point of more entries than that fills the page, and is not written out."""


def snippet(
    loss: Callable[..., Any],
    gradient: Callable[..., Any] | None,
    parameters: Parameters,
    *,
    precision: float | None,
    seed: int,
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
    """
    names = _names(loss, gradient)
    functions = [loss] if gradient is None else [loss, gradient]
    lines = [_origin(function, name) for function, name in zip(functions, names, strict=True)]
    point = parameters.build(parameters.vector)
    if parameters.size <= MOST_ENTRIES:
        written = _literal(point, "", len("at = "))
        if "np." in written:
            lines.append("import numpy as np")
        lines += ["import gradcheck", f"at = {written}"]
    else:
        lines += ["import gradcheck", *_outline(parameters)]
    options = [f"seed={seed}"] if precision is None else [f"precision={precision!r}, seed={seed}"]
    lines.append(f"print(gradcheck.check({', '.join([*names, 'at', *options])}))")
    return "\n".join(line for line in lines if line)


# ------------------------------------------------------------------------------ functions


def _names(loss: Callable[..., Any], gradient: Callable[..., Any] | None) -> list[str]:
    """Return what to call the functions: as they are called, if that is a name of its own."""
    substitutes = ["loss_and_grad"] if gradient is None else ["loss", "grad"]
    functions = [loss] if gradient is None else [loss, gradient]
    names = [getattr(function, "__name__", "") for function in functions]
    clash = len({*names, "at", "np", "gradcheck"}) < len(names) + 3
    return [
        name if name.isidentifier() and not clash else substitute
        for name, substitute in zip(names, substitutes, strict=True)
    ]


def _origin(function: Callable[..., Any], name: str) -> str:
    """Say where a function comes from: import it, or tell what the name stands for."""
    own = getattr(function, "__name__", "")
    if own != name:
        return f"# {name}: the {'lambda' if own == '<lambda>' else 'function'} that was checked"
    module = getattr(function, "__module__", None)
    importable = getattr(sys.modules.get(module or ""), name, None) is function
    if importable and module not in ("__main__", "builtins"):
        return f"from {module} import {name}"
    return ""


# --------------------------------------------------------------------------------- point


def _outline(parameters: Parameters) -> list[str]:
    arrays = [
        f"{leaf.name} of shape {leaf.shape}" + (f", {leaf.dtype}" * (leaf.dtype != np.float64))
        for leaf in parameters.leaves
    ]
    text = textwrap.shorten(
        f"at: the same point, {'; '.join(arrays)}", 2 * WIDTH - 8, placeholder=" …"
    )
    return textwrap.wrap(text, WIDTH, initial_indent="# ", subsequent_indent="#   ")


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
        return _container(_brackets(tree, dict, "{}"), keys, list(tree.values()), indent, taken)
    if hasattr(tree, "_fields"):
        keys = [f"{field}=" for field in tree._fields]
        return _container((f"{type(tree).__name__}(", ")"), keys, list(tree), indent, taken)
    if isinstance(tree, tuple):
        closing = ",)" if len(tree) == 1 else ")"
        return _container(("(", closing), [""] * len(tree), list(tree), indent, taken)
    if isinstance(tree, list):
        return _container(_brackets(tree, list, "[]"), [""] * len(tree), tree, indent, taken)
    return _leaf(tree, indent, taken)


def _brackets(tree: Any, plain: type, pair: str) -> tuple[str, str]:
    if type(tree) is plain:
        return pair[0], pair[1]
    return f"{type(tree).__name__}({pair[0]}", f"{pair[1]})"


def _container(
    brackets: tuple[str, str], keys: list[str], values: list[Any], indent: str, taken: int
) -> str:
    """Write on one line what fits there, and a line for each element otherwise."""
    opening, closing = brackets
    inner = indent + "    "
    elements = [
        key + _literal(value, inner, len(inner) + len(key) + 1)
        for key, value in zip(keys, values, strict=True)
    ]
    line = opening + ", ".join(elements) + closing
    if "\n" not in line and taken + len(line) <= WIDTH:
        return line
    body = "".join(f"{inner}{element},\n" for element in elements)
    return f"{opening}\n{body}{indent}{closing.lstrip(',')}"


def _leaf(value: Any, indent: str, taken: int) -> str:
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
    """Write nested lists, as many elements on a line as fit before what comes `after`.

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
