"""Knowledge of the derivative by one array: its products with some vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.long_vectors import FloatArray
from gradcheck.arrays.parameters import Leaf
from gradcheck.diagnosis.slopes import Slopes, drawn

__all__ = ["Evidence", "gathered"]


PRODUCTS = 6
"""So many directions through an array: more than any hypothesis has numbers to choose."""

MOST = 200_000
"""So many entries of an array are moved, drawn at random: vectors of more take too long."""


@dataclass(frozen=True)
class Evidence:
    """Products of vectors with the derivative by one array, at one point.

    Attributes
    ----------
    claimed, parameter : array
        The claimed gradient and the array itself, in its own shape.
    moved : (m,) array of int, or slice
        The entries that the vectors have, in the flattened array.
    vectors : (K, m) array
        The vectors.
    products, tolerances : (K,) array
        Their products with the derivative, and how far these may be off.
    undecided : int
        The number of entries that have no derivative, and are left out.
    """

    claimed: FloatArray
    parameter: FloatArray
    moved: NDArray[np.intp] | slice
    vectors: FloatArray
    products: FloatArray
    tolerances: FloatArray
    undecided: int = 0

    def of(self, wrong: NDArray[np.bool_]) -> Evidence:
        """Return the evidence on some entries alone, in a row; all others must be right.

        Of an array all of whose entries are moved.
        """
        is_wrong = wrong.ravel()
        claimed = self.claimed.ravel()
        return replace(
            self,
            claimed=claimed[is_wrong],
            parameter=self.parameter.ravel()[is_wrong],
            vectors=self.vectors[:, is_wrong],
            products=self.products - self.vectors[:, ~is_wrong] @ claimed[~is_wrong],
        )

    def explains(self, gradient: FloatArray) -> bool:
        """Tell whether an array of the same shape may be the derivative."""
        return self._explain(gradient.ravel()[self.moved])

    def _explain(self, moved: FloatArray) -> bool:
        off = np.abs(self.vectors @ moved - self.products)
        rounding = 32 * np.finfo(np.float64).eps * (np.abs(self.vectors) @ np.abs(moved))
        return bool(np.all(off <= self.tolerances + rounding))

    def fitted(self, *parts: FloatArray) -> list[float] | None:
        """Return the factors that make the derivative of some arrays; None if there are none.

        There must be more products than factors, or they would always fit.
        """
        # Whole arrays may be long, and these entries are few.
        moved = np.stack([part.ravel()[self.moved] for part in parts], axis=1)
        basis = self.vectors @ moved
        weights = 1 / (self.tolerances + 1e-300)
        weighted = basis * weights[:, None]
        if len(self.products) <= len(parts) or not np.isfinite(weighted).all():
            return None
        factors, _, rank, _ = np.linalg.lstsq(weighted, self.products * weights, rcond=1e-9)
        if rank < len(parts):
            return None
        return [float(factor) for factor in factors] if self._explain(moved @ factors) else None


def gathered(  # noqa: PLR0917  all but the last are of every call
    slopes: Slopes,
    claimed: FloatArray,
    sizes: FloatArray,
    leaf: Leaf,
    seed: Sequence[int],
    among: NDArray[np.intp] | None = None,
) -> Evidence:
    """Measure some products of the derivative by one array.

    Parameters
    ----------
    slopes
        Measures.
    claimed : (n,) array
        The claimed gradient, of all arrays.
    sizes : (n,) array
        Of the entries.
    leaf
        The array.
    seed
        Of the directions.
    among : (k,) array of int, optional
        The entries of the flattened array that are asked about, if these are not all.
    """
    parameters, entries = slopes.subject.parameters, leaf.entries
    rng = np.random.default_rng(list(seed))
    chosen: NDArray[np.intp] | slice = slice(None) if among is None else among
    shape = leaf.shape if among is None else among.shape
    sizes = sizes[entries][chosen]
    moved: NDArray[np.intp] | slice = slice(None)
    if sizes.size > MOST:
        # One of each stretch: drawn from all of them, they would take a permutation of all.
        stretch = sizes.size / MOST
        moved = (np.arange(MOST) * stretch + rng.uniform(0, stretch - 1, MOST)).astype(np.intp)
        chosen = moved if among is None else among[moved]
    vectors = np.stack(list(_vectors(rng, sizes[moved])))
    z = np.zeros(parameters.size)
    products, tolerances = [], []
    for vector in vectors:
        z[entries][chosen] = vector
        slope = slopes.along(z)
        products.append(slope.value)
        tolerances.append(slope.error)
    return Evidence(
        claimed[entries][slice(None) if among is None else among].reshape(shape),
        parameters.vector[entries][slice(None) if among is None else among].reshape(shape),
        moved,
        vectors,
        np.array(products),
        np.array(tolerances),
    )


def _vectors(rng: np.random.Generator, sizes: FloatArray) -> Iterator[FloatArray]:
    """Yield directions of the entries' own sizes; of a few entries, one along each."""
    if sizes.size <= PRODUCTS:
        yield from np.diag(sizes)
        return
    for _ in range(PRODUCTS):
        yield drawn(sizes, rng)
