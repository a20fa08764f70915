"""Directions through the entries of a point: drawn from a seed, and drawn again when asked for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from gradcheck.arrays.long_vectors import FloatArray, blocks
from gradcheck.arrays.sizes import Sizes

__all__ = ["Direction", "Weigh", "only", "single"]


Weigh = Callable[[FloatArray, slice], None]


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
    sizes
        Of the entries; shared by all directions through a point.
    seed
        Of the generator of the numbers.
    weigh
        Multiplies entries of z, those of a slice, in place, by the part of its size that each is
        to move by; None: by 1.
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
    sizes: Sizes
    seed: tuple[int, ...] = (0,)
    weigh: Weigh | None = None
    signs_of: FloatArray | None = None
    least: float = 1.0
    size: float = 2.0  # half of what is uniform on [-s, s] lies below s / 2
    span: float = 1.0

    def vector(self, out: FloatArray | None = None) -> FloatArray:
        """Draw z (n,), the same at each call, into `out` if that is given."""
        z = np.empty(self.sizes.size) if out is None else out
        for _ in self.blocks(z):
            pass
        return z

    def blocks(self, z: FloatArray) -> Iterator[slice]:
        """Draw z block by block, and yield each: its entries can be used while they are at hand.

        Parameters
        ----------
        z : (n,) array
            Gets the entries.
        """
        # NumPy's quickest generator, into used memory: a draw costs no more than a cheap loss
        # of as many entries.
        rng = np.random.Generator(np.random.SFC64(self.seed))
        for entries in blocks(z.size):
            part = rng.random(out=z[entries], dtype=z.dtype.type)
            if self.signs_of is None:
                part *= 2
                part -= 1
            else:
                signs = np.sign(self.signs_of[entries])
                # A number that is 0 has no sign to take.
                no_sign = np.flatnonzero(signs == 0)
                signs[no_sign] = rng.choice((-1.0, 1.0), no_sign.size)
                part *= signs
            part *= self.sizes[entries]
            if self.weigh:
                self.weigh(part, entries)
            yield entries


@dataclass(frozen=True, eq=False)
class _Single(Direction):
    """A direction along one entry, by 1 for each unit of t."""

    index: int = 0

    def blocks(self, z: FloatArray) -> Iterator[slice]:
        for entries in blocks(z.size):
            z[entries] = 0
            if entries.start <= self.index < entries.stop:
                z[self.index] = 1
            yield entries


def single(label: str, sizes: Sizes, index: int) -> Direction:
    """Return the direction along one entry."""
    size = sizes[index]
    # To move the only entry is to move all of them.
    least = float(sizes.size == 1)
    return _Single(label, sizes, least=least, size=size, span=math.sqrt(3) / size, index=index)


def only(moved: slice) -> Weigh:
    """Return a function that stops all entries but those of a slice."""

    def weigh(z: FloatArray, entries: slice) -> None:
        z[: max(0, moved.start - entries.start)] = 0
        z[max(0, moved.stop - entries.start) :] = 0

    return weigh
