"""Parameters, an array or any tree of arrays, as one flat vector and back."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["TINY", "Leaf", "Parameters", "leaves", "norm"]

FloatArray = NDArray[np.floating[Any]]

SAFE = 1e-280
"""Squares between this and its inverse have neither under- nor overflowed on the way."""

TINY = 1e-290
"""Numbers smaller than that have no last places to lose: they might as well be 0."""


@dataclass(frozen=True)
class Leaf:
    """One array of the tree.

    Attributes
    ----------
    name
        The caller's way to reach it: ``at[1]``, ``at['bias']``, or ``at`` itself.
    shape, dtype
        Of the caller's array; a Python float has shape ``()``.
    start
        Where its entries begin in the flat vector.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    start: int

    @functools.cached_property
    def size(self) -> int:
        """The number of entries."""
        return math.prod(self.shape)

    @functools.cached_property
    def entries(self) -> slice:
        """Where its entries lie in the flat vector."""
        return slice(self.start, self.start + self.size)


class Parameters:
    """A point: a scalar, an array, or a tree of them, and the way to a flat vector and back.

    A tree is made of tuples (named ones too), lists and dicts. Its leaves are float64 or
    float32 arrays, of any shape, or floats.

    Parameters
    ----------
    at
        The point. It is copied, never changed.
    name
        Its name in messages.
    names
        Those of the elements of a tuple, or of the point itself where it is no tuple.

    Raises
    ------
    TypeError
        If a leaf is not of floats: integers cannot be moved by a small step.
    ValueError
        If there is no entry at all, or one is NaN or infinite.
    """

    def __init__(self, at: Any, name: str = "at", names: list[str] | None = None) -> None:
        self._template = at
        self.leaves: list[Leaf] = []
        pieces: list[NDArray[np.float64]] = []
        start = 0
        for path, value in _walk_named(at, name, names):
            array = _as_floats(path, value)
            self.leaves.append(Leaf(path, array.shape, array.dtype, start))
            pieces.append(array.astype(np.float64, copy=False).ravel())
            start += array.size
        if start == 0:
            raise ValueError(
                f"{name} is empty: a gradient is checked at one entry or more, and there is none"
            )
        self.vector: NDArray[np.float64] = np.concatenate(pieces)
        # It is handed out as it is: writing to it would move the point.
        self.vector.flags.writeable = False

    @property
    def size(self) -> int:
        """The number of entries in all leaves together."""
        return self.vector.size

    @property
    def epsilon(self) -> float:
        """The spacing of floats at 1 in the coarsest leaf."""
        return max(float(np.finfo(leaf.dtype).eps) for leaf in self.leaves)

    @functools.cached_property
    def sizes(self) -> NDArray[np.float64]:
        """The size of each entry (n,), positive: the measure of a large step and of a small one.

        That of a 0 is the median of its array's other entries; in an array of zeros, the median
        of the other arrays' medians; at a point that is 0 everywhere, 1.
        """
        sizes = np.abs(self.vector)
        if sizes.min() >= TINY:
            return sizes
        sizes[sizes < TINY] = 0
        medians = [
            float(np.median(part[part > 0])) if part.any() else 0.0
            for part in (sizes[leaf.entries] for leaf in self.leaves)
        ]
        typical = float(np.median([median for median in medians if median] or [1.0]))
        for leaf, median in zip(self.leaves, medians, strict=True):
            part = sizes[leaf.entries]
            part[part == 0] = median or typical
        return sizes

    @property
    def is_zero(self) -> NDArray[np.bool_]:
        """Which entries are 0 (n,): their sizes are others'."""
        return np.abs(self.vector) < TINY

    def with_smaller_zeros(self, part: float) -> Parameters:
        """Return the same point, at which entries of 0 have a part of the size they had."""
        other = copy.copy(self)
        other.__dict__["sizes"] = np.where(self.is_zero, part * self.sizes, self.sizes)
        return other

    def is_zero_along(self, direction: NDArray[np.float64]) -> bool:
        """Tell whether all entries that a direction (n,) moves are 0."""
        # Mostly the first few tell.
        for entries in (slice(64), slice(None)):
            moved = self.vector[entries][direction[entries] != 0]
            if (np.abs(moved) > TINY).any():
                return False
        return True

    def promoted(self) -> Parameters:
        """Return the same point in double precision: `build` makes float64 of it."""
        double = copy.copy(self)
        double.leaves = [replace(leaf, dtype=np.dtype(np.float64)) for leaf in self.leaves]
        return double

    def moved(self, change: NDArray[np.float64]) -> Parameters:
        """Return the point at a distance (n,), as `build` would hold it; sizes stay as they are."""
        sizes, vector = self.sizes, self.vector + change
        other = copy.copy(self)
        other.vector = np.concatenate(
            [vector[leaf.entries].astype(leaf.dtype).astype(np.float64) for leaf in self.leaves]
        )
        other.vector.flags.writeable = False
        other.__dict__["sizes"] = sizes
        return other

    def build(self, vector: NDArray[np.float64], *, shared: bool = False) -> Any:
        """Return a tree of the caller's structure, shapes and dtypes, holding `vector` (n,).

        With `shared`, arrays in double precision are parts of `vector` itself.
        """
        arrays = (self._array(leaf, vector) for leaf in self.leaves)
        return _rebuild(self._template, arrays if shared else (array.copy() for array in arrays))

    def flatten(
        self, tree: Any, name: str, out: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return the entries (n,) of a `tree` of this structure and these shapes.

        They are written to `out` (n,) where that is given.

        Raises
        ------
        TypeError, ValueError
            If the structure or a shape is another one; the message says which, where, and
            what was expected.
        """
        tree = _as_positional(self._template, tree)
        pieces: list[NDArray[np.float64]] = []
        for leaf, (path, value) in zip(
            self.leaves, _walk_like(self._template, tree, name), strict=True
        ):
            array = _as_numbers(path, value)
            if array.shape != leaf.shape:
                raise ValueError(
                    f"{path} has shape {array.shape}; {leaf.name} has shape {leaf.shape}, "
                    "and both shapes have to be the same"
                )
            pieces.append(array.astype(np.float64, copy=False).ravel())
        return np.concatenate(pieces, out=out)

    def changed(self, tree: Any, vector: NDArray[np.float64]) -> list[str]:
        """Name the leaves of a tree from `build` that no longer hold `vector` (n,)."""
        try:
            values = [value for _, value in _walk_like(self._template, tree, "at")]
        except (TypeError, ValueError):
            return ["the structure of its argument"]
        return [
            leaf.name
            for leaf, value in zip(self.leaves, values, strict=True)
            if not np.array_equal(value, self._array(leaf, vector))
        ]

    def _array(self, leaf: Leaf, vector: NDArray[np.float64]) -> NDArray[Any]:
        return vector[leaf.entries].astype(leaf.dtype, copy=False).reshape(leaf.shape)

    def where(self, index: int) -> str:
        """Name entry `index` of the flat vector as the caller would write it: ``at[1][3, 0]``."""
        # From the end: an empty array starts where the next one does.
        leaf = next(leaf for leaf in reversed(self.leaves) if leaf.start <= index)
        if leaf.shape == ():
            return leaf.name
        position = np.unravel_index(index - leaf.start, leaf.shape)
        return f"{leaf.name}[{', '.join(str(int(i)) for i in position)}]"


def leaves(tree: Any) -> list[Any]:
    """Return the leaves of a tree of tuples, lists and dicts."""
    return [value for _, value in _walk(tree, "")]


def norm(vector: NDArray[np.float64]) -> float:
    """Return the Euclidean norm, without overflow or underflow on the way."""
    with np.errstate(over="ignore", invalid="ignore"):
        square = float(vector @ vector)
    if SAFE < square < 1 / SAFE:
        return math.sqrt(square)
    largest = float(np.abs(vector).max(initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return largest
    scaled = vector / largest
    return largest * math.sqrt(float(scaled @ scaled))


def _is_branch(value: Any) -> bool:
    return isinstance(value, tuple | list | dict)


def _children(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield f"{name}[{key!r}]", child
    else:
        for index, child in enumerate(value):
            yield f"{name}[{index}]", child


def _walk(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the leaves of a tree with their paths."""
    if not _is_branch(value):
        yield name, value
        return
    for path, child in _children(value, name):
        yield from _walk(child, path)


def _walk_named(at: Any, name: str, names: list[str] | None) -> Iterator[tuple[str, Any]]:
    """Yield the leaves, the elements of a tuple under names of their own."""
    if names is None:
        yield from _walk(at, name)
    elif isinstance(at, tuple):
        for child_name, child in zip(names, at, strict=True):
            yield from _walk(child, child_name)
    else:
        yield from _walk(at, names[0])


def _as_positional(template: Any, tree: Any) -> Any:
    """Accept a bare gradient where there is one positional argument: ``at=(x,)``."""
    if isinstance(template, tuple) and len(template) == 1 and not _is_branch(tree):
        return (tree,)
    return tree


def _walk_like(template: Any, tree: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the leaves of `tree` in the order of `template`, or say where they part."""
    if not _is_branch(template):
        if _is_branch(tree) and not _is_sequence_of_numbers(tree):
            raise TypeError(f"{name} is a {_kind(tree)}; one array was expected, as in `at`")
        yield name, tree
        return
    expected = _outline(template)
    if not _is_branch(tree):
        raise TypeError(f"{name} is {_kind(tree)}; {expected} was expected, as in `at`")
    if isinstance(template, dict) != isinstance(tree, dict):
        raise TypeError(f"{name} is a {_kind(tree)}; {expected} was expected, as in `at`")
    if isinstance(template, dict):
        if set(template) != set(tree):
            raise ValueError(f"{name} has the keys {list(tree)}; `at` has {list(template)}")
        for key in template:
            yield from _walk_like(template[key], tree[key], f"{name}[{key!r}]")
        return
    if len(template) != len(tree):
        raise ValueError(f"{name} has {len(tree)} parts; {expected} was expected, as in `at`")
    for index, (below, child) in enumerate(zip(template, tree, strict=True)):
        yield from _walk_like(below, child, f"{name}[{index}]")


def _is_sequence_of_numbers(tree: Any) -> bool:
    try:
        return bool(np.asarray(tree).dtype.kind in "fiu")
    except ValueError:
        return False


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return type(value).__name__


def _outline(value: Any) -> str:
    if isinstance(value, dict):
        return f"a dict with the keys {list(value)}"
    return f"a {type(value).__name__} of {len(value)}"


def _rebuild(template: Any, pieces: Iterator[NDArray[Any]]) -> Any:
    if isinstance(template, dict):
        rebuilt = copy.copy(template)  # a defaultdict, say, needs more than its items
        for key, child in template.items():
            rebuilt[key] = _rebuild(child, pieces)
        return rebuilt
    if isinstance(template, tuple) and hasattr(template, "_fields"):
        return type(template)(*(_rebuild(child, pieces) for child in template))
    if isinstance(template, tuple | list):
        return type(template)(_rebuild(child, pieces) for child in template)
    piece = next(pieces)
    # np.float64 is a float, too, and comes back as np.float64.
    if isinstance(template, float) and not isinstance(template, np.floating):
        return float(piece)
    return piece if isinstance(template, np.ndarray) else piece[()]


def _as_floats(path: str, value: Any) -> NDArray[Any]:
    if isinstance(value, np.ndarray) and type(value) is not np.ndarray:
        raise TypeError(
            f"{path} is a {type(value).__name__}; a plain numpy.ndarray was expected, for that "
            "is what the functions would get"
        )
    if not isinstance(value, np.ndarray | np.generic | float | int) and hasattr(value, "shape"):
        raise TypeError(
            f"{path} is a {type(value).__module__}.{type(value).__name__}; a numpy.ndarray was "
            "expected, for that is what the functions would get"
        )
    array = _as_numbers(path, value)
    if array.dtype.kind in "iub":
        raise TypeError(
            f"{path} holds {array.dtype} numbers; floats were expected: a gradient check moves "
            "every entry by small steps"
        )
    # In either byte order.
    if array.dtype.newbyteorder("=") not in (np.float64, np.float32):
        raise TypeError(f"{path} has dtype {array.dtype}; float64 or float32 was expected")
    finite = np.isfinite(array)
    if not finite.all():
        index = np.unravel_index(int(np.argmin(finite)), array.shape)
        position = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
        raise ValueError(f"{path}{position} is {array[index]}; finite numbers were expected")
    return array


def _as_numbers(path: str, value: Any) -> NDArray[Any]:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise TypeError(f"{path} is no array of numbers: {error}") from None
    if array.dtype.kind not in "fiub":
        kind = f"of dtype {array.dtype}" if isinstance(value, np.ndarray) else _kind(value)
        raise TypeError(f"{path} is {kind}; an array of real numbers was expected")
    return array
