"""Directions through the entries of a point: drawn from a seed, and drawn again when asked for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Direction", "single"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Direction:
    """A direction z as the seed that draws it, in place of as many numbers as there are entries.

    Each entry is uniform on [-s, s], where s is its own size: for a residual
    r = claimed - true, P(abs(r·z) <= τ) <= τ / max(abs(r) s), whatever r is. (Random signs do
    not have this property: two equal and opposite errors cancel half the time.)

    Attributes
    ----------
    label
        The entries that move, in words.
    sizes : (n,) array
        Of the entries; shared by all directions through a point.
    seed
        Of the generator of the numbers.
    weigh
        Multiplies each entry of z, in place, by the part of its size that it is to move by; None:
        by 1.
    signs_of : (n,) array
        Numbers that give the direction their signs: all terms of their inner product with it add
        up, so that a wrong factor in them shows far sooner, and the probability of a miss is at
        most twice as large. None: signs are drawn.
    least
        The least part of its size that any entry moves by, 0 where some do not.
    size
        The t that moves a typical entry by its own size.
    span
        The movement of entries for each unit of t: 1 where they are uniform up to their own sizes.
    """

    label: str
    sizes: FloatArray
    seed: tuple[int, ...] = (0,)
    weigh: Callable[[FloatArray], None] | None = None
    signs_of: FloatArray | None = None
    least: float = 1.0
    size: float = 2.0  # half of what is uniform on [-s, s] lies below s / 2
    span: float = 1.0

    def vector(self, out: FloatArray | None = None) -> FloatArray:
        """Draw z (n,), the same at each call, into `out` if that is given."""
        # The quickest generator of NumPy's, into a used buffer: a draw costs no more than a
        # cheap loss of as many entries.
        rng = np.random.Generator(np.random.SFC64(self.seed))
        z = rng.random(self.sizes.size, out=out)
        if self.signs_of is None:
            z *= 2
            z -= 1
        else:
            signs = np.sign(self.signs_of)
            # A number that is 0 has no sign to take.
            z *= np.where(signs == 0, rng.choice((-1.0, 1.0), signs.size), signs)
        z *= self.sizes
        if self.weigh:
            self.weigh(z)
        return z


@dataclass(frozen=True, eq=False)
class _Single(Direction):
    """A direction along one entry, by 1 for each unit of t."""

    index: int = 0

    def vector(self, out: FloatArray | None = None) -> FloatArray:
        z = np.zeros(self.sizes.size) if out is None else out
        z[:] = 0
        z[self.index] = 1
        return z


def single(label: str, sizes: FloatArray, index: int) -> Direction:
    """Return the direction along one entry."""
    size = float(sizes[index])
    # To move the only entry is to move all of them.
    least = float(sizes.size == 1)
    return _Single(label, sizes, least=least, size=size, span=math.sqrt(3) / size, index=index)
