"""Parameters, an array or any tree of arrays, as one flat vector and back."""

from __future__ import annotations

import bisect
import copy
import functools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.frameworks import as_numpy, dtype_of, holds, is_foreign, writer
from gradcheck.arrays.long_vectors import FloatArray, is_equal, is_finite
from gradcheck.arrays.sizes import TINY, Sizes
from gradcheck.arrays.trees import (
    has_moved,
    is_moved,
    is_positional,
    kind_of,
    rebuilder,
    walked,
    walked_like,
)

__all__ = ["MOST_PROMOTED", "Leaf", "Parameters", "leaves"]


MOST_PROMOTED = 10_000_000
"""A point of more entries is not copied to double precision: in single, it stays in that."""


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
    made
        Makes the caller's kind of array or number of one of that shape and dtype.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    start: int
    made: Callable[[NDArray[Any]], Any] = field(
        default_factory=lambda: np.asarray, compare=False, repr=False
    )

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

    A tree is made of tuples (named ones too), lists, dicts and dataclasses. Its leaves are
    float64 or float32 arrays, NumPy's or another framework's, of any shape, or floats; others
    are passed on as they are.

    Parameters
    ----------
    at
        The point. It is copied, never changed.
    name
        Its name in messages.
    names
        Those of the elements of a tuple, or of the point itself where it is no tuple.

    Attributes
    ----------
    epsilon
        The spacing of floats at 1 in the coarsest leaf.
    notes
        Sentences on what was taken, or passed over, though it has another form.

    Raises
    ------
    TypeError
        If a leaf is not of floats: integers cannot be moved by a small step.
    ValueError
        If there is no entry at all, or one is NaN or infinite.
    """

    def __init__(self, at: Any, name: str = "at", names: list[str] | None = None) -> None:
        self._template = at
        self._rebuild = rebuilder(at)
        self.leaves: list[Leaf] = []
        self.notes: list[str] = []
        pieces: list[NDArray[Any]] = []
        start = 0
        named = list(walked(at, name, names))
        moved = [(path, value) for path, value in named if is_moved(value)]
        # Where nothing can be moved, it is said of the first why.
        for path, value in moved or named:
            array = _as_floats(path, value)
            dtype = dtype_of(value) or array.dtype
            self.leaves.append(Leaf(path, array.shape, dtype, start, _maker(value)))
            pieces.append(array)
            start += array.size
        for path, value in named:
            if dtype_of(value) is not None and not is_moved(value):
                self.notes.append(f"{path} holds no floats: it was passed on as it is.")
        if start == 0:
            raise ValueError(
                f"{name} is empty: a gradient is checked at one entry or more, and there is none"
            )
        is_single = start > MOST_PROMOTED and all(leaf.dtype == np.float32 for leaf in self.leaves)
        self.vector = self._written(pieces, np.empty(start, np.float32 if is_single else float))
        # It is handed out as it is: writing to it would move the point.
        self.vector.flags.writeable = False
        self.sizes = Sizes(self.vector, [leaf.entries for leaf in self.leaves])
        self._stops = [leaf.entries.stop for leaf in self.leaves]
        self.epsilon = max(float(np.finfo(leaf.dtype).eps) for leaf in self.leaves)

    def _written(self, pieces: Sequence[NDArray[Any]], vector: FloatArray) -> FloatArray:
        """Write arrays of the leaves' shapes to a vector (n,)."""
        for leaf, piece in zip(self.leaves, pieces, strict=True):
            vector[leaf.entries].reshape(leaf.shape)[...] = piece
        return vector

    @property
    def size(self) -> int:
        """The number of entries in all leaves together."""
        return self.vector.size

    @property
    def is_zero(self) -> NDArray[np.bool_]:
        """The entries that are 0 (n,), as truth values: their sizes are others'."""
        return np.abs(self.vector) < TINY

    def with_smaller_zeros(self, part: float) -> Parameters:
        """Return the same point, with a part of their former size for entries of 0."""
        other = copy.copy(self)
        other.sizes = replace(self.sizes, of_zeros=part * self.sizes.of_zeros)
        return other

    def within(self, entries: slice) -> Iterator[tuple[int, slice]]:
        """Yield the arrays, by number, that entries are of, and where each lies among them."""
        first = bisect.bisect_right(self._stops, entries.start)
        for number in range(first, len(self.leaves)):
            leaf = self.leaves[number]
            if leaf.start >= entries.stop:
                break
            if leaf.size:
                start, stop = max(leaf.start, entries.start), min(self._stops[number], entries.stop)
                yield number, slice(start - entries.start, stop - entries.start)

    def promoted(self) -> Parameters:
        """Return the same point in double precision: `build` makes float64 of it."""
        double = copy.copy(self)
        dtype = np.dtype(np.float64)
        values = [value for value in leaves(self._template) if is_moved(value)]
        double.leaves = [
            replace(leaf, dtype=dtype, made=_maker(value, dtype))
            for leaf, value in zip(self.leaves, values, strict=True)
        ]
        double.epsilon = float(np.finfo(dtype).eps)
        return double

    @property
    def can_be_promoted(self) -> bool:
        """Whether the arrays' frameworks hold double precision where they lie."""
        return all(
            holds(value, np.dtype(np.float64))
            for value in leaves(self._template)
            if is_foreign(value) and is_moved(value)
        )

    def moved(self, change: FloatArray) -> Parameters:
        """Return the point at a distance (n,), as `build` would hold it; sizes stay as they are."""
        vector = self.vector + change
        other = copy.copy(self)
        # In double precision the sum is rounded as it is to be: no copy of many entries is due.
        for leaf in self.leaves:
            if leaf.dtype.itemsize < vector.itemsize:
                vector[leaf.entries] = vector[leaf.entries].astype(leaf.dtype)
        other.vector = vector
        other.vector.flags.writeable = False
        return other

    def build(self, vector: FloatArray) -> Any:
        """Return a tree of the caller's structure, shapes and dtypes, holding `vector` (n,).

        Arrays of the vector's own precision are parts of it.
        """
        return self.rebuilt(leaf.made(self._array(leaf, vector)) for leaf in self.leaves)

    def rebuilt(self, pieces: Iterable[Any]) -> Any:
        """Return a tree of the caller's structure, holding other leaves where these are moved."""
        return self._rebuild(iter(pieces))

    def flatten(self, tree: Any, name: str, out: FloatArray | None = None) -> FloatArray:
        """Return the entries (n,) of a `tree` of this structure and these shapes.

        They are written to `out` (n,) where that is given.

        Raises
        ------
        TypeError, ValueError
            If the structure or a shape is another one; the message says which, where, and
            what was expected.
        """
        tree = _as_positional(self._template, tree)
        pieces: list[NDArray[Any]] = []
        for leaf, (path, value) in zip(
            self.leaves, walked_like(self._template, tree, name, self.notes), strict=True
        ):
            if value is None:
                raise TypeError(
                    f"{path} is NoneType; an array of real numbers was expected: zeros, where the "
                    f"loss does not depend on {leaf.name}"
                )
            array = _as_numbers(path, value)
            if array.shape != leaf.shape:
                raise ValueError(
                    f"{path} has shape {array.shape}; {leaf.name} has shape {leaf.shape}, "
                    "and both shapes have to be the same"
                )
            pieces.append(array)
        if out is None:
            out = np.empty(self.size, np.result_type(self.vector, *pieces))
        return self._written(pieces, out)

    def changed(self, tree: Any, vector: FloatArray) -> list[str]:
        """Name the leaves of a tree from `build` that no longer hold `vector` (n,)."""
        try:
            values = [as_numpy(value) for _, value in walked_like(self._template, tree, "at")]
        except (TypeError, ValueError):
            return ["the structure of its argument"]
        except RuntimeError:  # JAX's, of an array whose memory was given away: donate_argnums
            return ["its argument"]
        return [
            leaf.name
            for leaf, value in zip(self.leaves, values, strict=True)
            if value.shape != leaf.shape
            or not is_equal(value.ravel(), self._array(leaf, vector).ravel())
        ]

    def _array(self, leaf: Leaf, vector: FloatArray) -> NDArray[Any]:
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
    """Return the leaves of a tree, those that do not move, too."""
    return [value for _, value in walked(tree, "")]


def _as_positional(template: Any, tree: Any) -> Any:
    """Accept a bare gradient where one positional argument alone is moved: ``at=(x,)``."""
    moved = [part for part in template if has_moved(part)] if is_positional(template) else []
    is_bare = type(tree) is not tuple and not isinstance(tree, list)
    return (tree,) if len(moved) == 1 and is_bare else tree


def _maker(value: Any, dtype: np.dtype[Any] | None = None) -> Callable[[NDArray[Any]], Any]:
    """Return a function from NumPy's arrays to leaves such as a value."""
    if is_foreign(value):
        return writer(value, dtype)
    # np.float64 is a float, too, and comes back as np.float64.
    if isinstance(value, float) and not isinstance(value, np.floating):
        return float
    return np.asarray if isinstance(value, np.ndarray) else lambda piece: piece[()]


def _as_floats(path: str, value: Any) -> NDArray[Any]:
    """Return a leaf as an array of floats; refuse others, and show the way."""
    if isinstance(value, np.ndarray) and type(value) is not np.ndarray:
        raise TypeError(
            f"{path} is a {type(value).__name__}; a plain numpy.ndarray was expected, for that "
            "is what the functions would get"
        )
    if not isinstance(value, np.ndarray | np.generic | float | int) and not is_foreign(value):
        _refuse_what_is_no_array(path, value)
    array = _as_numbers(path, value)
    if array.dtype.kind in "iub":
        raise TypeError(
            f"{path} holds {array.dtype} numbers; floats were expected: a gradient check moves "
            "every entry by small steps"
        )
    # In either byte order.
    dtype = dtype_of(value) if is_foreign(value) else array.dtype.newbyteorder("=")
    if dtype not in (np.float64, np.float32):
        half = ""
        if dtype == np.float16:
            half = ": half precision shows too little of a slope to judge by. Convert the point"
            half += " with .double()" if hasattr(value, "double") else " to float64"
        raise TypeError(
            f"{path} has dtype {getattr(value, 'dtype', dtype)}; float64 or float32 was "
            f"expected{half}"
        )
    if not is_finite(array.ravel()):
        index = np.unravel_index(int(np.argmin(np.isfinite(array))), array.shape)
        position = f"[{', '.join(str(int(i)) for i in index)}]" if index else ""
        raise ValueError(f"{path}{position} is {array[index]}; finite numbers were expected")
    return array


def _refuse_what_is_no_array(path: str, value: Any) -> None:
    """Raise an error that shows the way, where there is one."""
    kind = type(value).__name__
    if hasattr(value, "named_parameters"):
        raise TypeError(
            f"{path} is a module, {kind}; its parameters were expected: "
            "at=dict(module.named_parameters()), and torch.func.functional_call(module, at, …) in "
            "the loss"
        )
    if isinstance(value, Iterator):
        raise TypeError(f"{path} is a {kind}; all that it yields was expected: at=list(…)")
    if hasattr(value, "toarray"):
        raise TypeError(f"{path} is sparse, {kind}; a dense array was expected: .toarray()")
    if hasattr(value, "shape"):
        raise TypeError(
            f"{path} is a {type(value).__module__}.{kind}; a plain array was expected, for that is "
            "what the functions would get"
        )


def _as_numbers(path: str, value: Any) -> NDArray[Any]:
    try:
        array = as_numpy(value)
    except ValueError as error:
        raise TypeError(f"{path} is no array of numbers: {error}") from None
    if array.dtype.kind == "c":
        raise TypeError(
            f"{path} is of dtype {array.dtype}; an array of real numbers was expected: take real "
            "and imaginary part for two arrays"
        )
    if array.dtype.kind not in "fiub":
        kind = f"of dtype {array.dtype}" if isinstance(value, np.ndarray) else kind_of(value)
        raise TypeError(f"{path} is {kind}; an array of real numbers was expected")
    return array
