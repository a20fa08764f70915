"""Long vectors in blocks that stay in a processor's cache.

What is made of a block is used at once, and its memory again for the next: a vector is read once
for all that is done to it, and takes no second one of its length.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BLOCK",
    "FloatArray",
    "blocks",
    "is_equal",
    "is_finite",
    "norm",
    "norm_of_products",
    "size_of_products",
]

FloatArray = NDArray[np.floating[Any]]
"""In double precision, unless a point in single precision is too large to be copied to that."""

BLOCK = 2**16
"""Entries of a block: half a megabyte of double-precision numbers, of which a few lie in a cache,
and what a call of NumPy's costs beside the numbers (a microsecond) is next to nothing."""

SAFE = 1e-280
"""Squares between this and its inverse have neither under- nor overflowed on the way."""


class Sliceable(Protocol):
    """Numbers that come block by block: an array's, or such as are made when asked for."""

    def __getitem__(self, entries: slice, /) -> FloatArray: ...


@functools.lru_cache(maxsize=16)  # it is asked at every evaluation
def blocks(size: int) -> tuple[slice, ...]:
    """Return the blocks of a vector with so many entries."""
    return tuple(slice(start, min(start + BLOCK, size)) for start in range(0, size, BLOCK))


def norm(vector: FloatArray) -> float:
    """Return the Euclidean norm, without overflow or underflow on the way."""
    if vector.dtype != np.float64:
        return norm(np.array([norm(vector[part].astype(float)) for part in blocks(vector.size)]))
    with np.errstate(over="ignore", invalid="ignore"):
        square = float(vector @ vector)
    if SAFE < square < 1 / SAFE:
        return math.sqrt(square)
    largest = float(np.abs(vector).max(initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return largest
    scaled = vector / largest
    return largest * math.sqrt(float(scaled @ scaled))


def norm_of_products(first: FloatArray, second: Sliceable) -> float:
    """Return the Euclidean norm of two vectors' products, entry by entry."""
    return norm(np.array([norm(products) for products in _products(first, second)]))


def size_of_products(first: FloatArray, second: Sliceable) -> float:
    """Return the sum of the absolute values of two vectors' products, entry by entry."""
    return math.fsum(
        float(np.abs(products, out=products).sum()) for products in _products(first, second)
    )


def _products(first: FloatArray, second: Sliceable) -> Iterator[NDArray[np.float64]]:
    buffer = np.empty(min(BLOCK, first.size))
    for entries in blocks(first.size):
        part = buffer[: entries.stop - entries.start]
        yield np.multiply(first[entries], second[entries], out=part, dtype=np.float64)


def is_finite(vector: FloatArray) -> bool:
    """Tell whether all entries are finite."""
    return all(bool(np.isfinite(vector[entries]).all()) for entries in blocks(vector.size))


def is_equal(first: FloatArray, second: FloatArray) -> bool:
    """Tell whether two vectors of one size are equal, to the last bit but for the sign of 0."""
    return all(np.array_equal(first[part], second[part]) for part in blocks(first.size))
