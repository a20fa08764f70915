"""Trees of arrays: walked, compared in form, and built anew.

A branch is a dict, a list, a tuple (a named one, too), a dataclass, or a node that JAX knows; all
else is a leaf. A leaf that holds no floats (a whole number, a text, None, a function) does not
move: it is passed on as it is, and what a gradient has in its place is passed over.
"""

from __future__ import annotations

import copy
import dataclasses
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from gradcheck.arrays.frameworks import as_numpy, dtype_of, is_foreign

__all__ = [
    "has_moved",
    "is_branch",
    "is_moved",
    "is_positional",
    "kind_of",
    "rebuilder",
    "walked",
    "walked_like",
]


_LEAVES = (np.ndarray, np.generic, float, int, str, type, type(None))
"""Types of leaves without further questions."""


def is_positional(at: Any) -> bool:
    """Tell whether a point is several positional arguments: a tuple, and no named one."""
    return isinstance(at, tuple) and not hasattr(at, "_fields")


def is_branch(value: Any) -> bool:
    """Tell whether a value has parts."""
    return _children(value) is not None


def is_moved(value: Any) -> bool:
    """Tell whether a leaf is a number or an array of floats, or meant to be."""
    # Most are NumPy's, and this is asked at every evaluation.
    dtype = value.dtype if isinstance(value, np.ndarray) else dtype_of(value)
    if dtype is not None:
        return dtype.kind in "fc"
    return isinstance(value, float | complex | Iterator) or any(
        hasattr(value, name) for name in ("shape", "named_parameters")
    )


def walked(value: Any, name: str, names: list[str] | None = None) -> Iterator[tuple[str, Any]]:
    """Yield the leaves of a tree with their paths.

    Parameters
    ----------
    value
        The tree.
    name
        Its own path.
    names
        Those of its elements where these are positional arguments, its own otherwise.
    """
    if names is not None and not is_positional(value):
        name = names[0]
    parts = _parts(value, name)
    if parts is None:
        yield name, value
        return
    if names is not None and is_positional(value):
        parts = [(own, part) for own, (_, part) in zip(names, parts, strict=True)]
    for path, part in parts:
        yield from walked(part, path)


def walked_like(
    template: Any, tree: Any, name: str, notes: list[str] | None = None
) -> Iterator[tuple[str, Any]]:
    """Yield the moved leaves of a tree in the order of a template, or say where they part.

    Parameters
    ----------
    template
        A tree, whose form counts.
    tree
        Another one; in place of leaves that do not move it may have anything, or nothing.
    name
        Its path.
    notes
        Gets a sentence for each deviation in form that is passed over.

    Raises
    ------
    TypeError, ValueError
        If the forms differ.
    """
    expected = _parts(template, name)
    if expected is None:
        if not is_moved(template):
            return
        if is_branch(tree) and not _is_sequence_of_numbers(tree):
            raise TypeError(f"{name} is a {kind_of(tree)}; one array was expected, as in `at`")
        yield name, tree
        return
    found = _parts(tree, name)
    if found is None or isinstance(template, Mapping) != isinstance(tree, Mapping):
        article = "" if found is None else "a "
        raise TypeError(
            f"{name} is {article}{kind_of(tree)}; {_outline(template)} was expected, as in `at`"
        )
    if isinstance(template, Mapping):
        below = _by_key(template, tree, name, [] if notes is None else notes)
    elif len(found) == len(expected):
        below = zip(expected, found, strict=True)
    else:
        below = _of_moved(template, expected, found, name)
    for (_, part), (path, child) in below:
        yield from walked_like(part, child, path, notes)


Named = tuple[str, Any]


def _by_key(
    template: Mapping[Any, Any], tree: Mapping[Any, Any], name: str, notes: list[str]
) -> Iterator[tuple[Named, Named]]:
    """Pair the parts of two dicts; a ``d`` before a key, and further keys, are passed over."""
    keys = [key for key in template if has_moved(template[key])]
    spelled = {key: key for key in keys if key in tree}
    spelled |= {
        key: f"d{key}"
        for key in keys
        if key not in spelled and isinstance(key, str) and f"d{key}" in tree
    }
    if len(spelled) < len(keys):
        raise ValueError(f"{name} has the keys {list(tree)}; `at` has {list(template)}")
    notes += [
        f"{name}[{new!r}] was taken for {key!r}." for key, new in spelled.items() if key != new
    ]
    notes += [
        f"{name}[{key!r}] is not in `at`: it was not looked at."
        for key in tree
        if key not in spelled.values() and key not in template
    ]
    for key in keys:
        path = f"{name}[{spelled[key]!r}]"
        yield (path, template[key]), (path, tree[spelled[key]])


def _of_moved(
    template: Any, expected: list[Named], found: list[Named], name: str
) -> Iterator[tuple[Named, Named]]:
    """Pair the parts of two sequences, where those that do not move are missing in one."""
    expected = [each for each in expected if has_moved(each[1])]
    if len(found) != len(expected):
        raise ValueError(
            f"{name} has {len(found)} parts; {_outline(template)} was expected, as in `at`"
        )
    return zip(expected, found, strict=True)


def has_moved(tree: Any) -> bool:
    """Tell whether any leaf of a tree is moved."""
    return any(is_moved(leaf) for _, leaf in walked(tree, ""))


def rebuilder(template: Any) -> Callable[[Iterator[Any]], Any]:
    """Return a function from moved leaves, in order, to a tree of a template's form.

    What the template is made of is looked at once, and not at every evaluation.
    """
    children = _children(template)
    if children is None:
        return next if is_moved(template) else lambda _pieces: template
    parts, put = [rebuilder(child) for child in children], _putter(template)
    return lambda pieces: put([part(pieces) for part in parts])


def _putter(template: Any) -> Callable[[list[Any]], Any]:
    """Return a function from the children of a branch to such a branch."""
    if isinstance(template, dict):

        def updated(children: list[Any]) -> Any:
            tree = copy.copy(template)  # a defaultdict, say, needs more than its items
            tree.update(zip(template, children, strict=True))
            return tree

        return updated
    kind: Callable[..., Any] = type(template)
    if isinstance(template, tuple) and hasattr(template, "_fields"):
        return lambda children: kind(*children)
    if isinstance(template, tuple | list):
        return kind
    if fields := _fields(template):

        def replaced(children: list[Any]) -> Any:
            instance = copy.copy(template)
            for name, child in zip(fields, children, strict=True):
                object.__setattr__(instance, name, child)  # of frozen ones, too
            return instance

        return replaced
    node = _jax_nodes().tree_structure(template, is_leaf=lambda part: part is not template)
    unflatten: Callable[[list[Any]], Any] = node.unflatten
    return unflatten


def _parts(value: Any, name: str) -> list[Named] | None:
    """Return the parts of a branch with their paths; None for a leaf."""
    children = _children(value)
    if children is None:
        return None
    if isinstance(value, dict):
        labels = [f"[{key!r}]" for key in value]
    elif fields := _fields(value):
        labels = [f".{field}" for field in fields]
    else:
        labels = [f"[{index}]" for index in range(len(children))]
    return [(name + label, child) for label, child in zip(labels, children, strict=True)]


def _children(value: Any) -> list[Any] | None:
    """Return the parts of a branch; None for a leaf."""
    if isinstance(value, _LEAVES):
        return None
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, tuple | list):
        return list(value)
    if fields := _fields(value):
        return [getattr(value, field) for field in fields]
    nodes = _jax_nodes()
    if nodes is None or is_foreign(value) or nodes.all_leaves([value]):
        return None
    children: list[Any] = nodes.tree_leaves(value, is_leaf=lambda node: node is not value)
    return children


def _fields(value: Any) -> list[str]:
    """Return the names of a named tuple's or a dataclass's fields; none for anything else."""
    if isinstance(value, tuple):
        return list(getattr(value, "_fields", ()))
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return []
    return [each.name for each in dataclasses.fields(value) if hasattr(value, each.name)]


def _jax_nodes() -> Any:
    """Return JAX's own functions of trees, if somebody has imported it."""
    return getattr(sys.modules.get("jax"), "tree_util", None)


def _is_sequence_of_numbers(tree: Any) -> bool:
    try:
        return isinstance(tree, list | tuple) and as_numpy(tree).dtype.kind in "fiu"
    except (ValueError, TypeError):
        return False


def kind_of(value: Any) -> str:
    """Name the kind of a value in a word or two."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return type(value).__name__


def _outline(value: Any) -> str:
    if isinstance(value, dict):
        return f"a dict with the keys {list(value)}"
    return f"a {type(value).__name__} of {len(_children(value) or ())}"
