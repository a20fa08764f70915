"""A claimed gradient, and a probe: the claim against the loss along one direction."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from gradcheck.arrays.long_vectors import FloatArray, norm_of_products
from gradcheck.numerical.derivative import Derivative
from gradcheck.numerical.directions import Direction

__all__ = ["CLOSE_BY", "GRADIENT_ULPS", "JITTER", "Claim", "Probe", "Verdict"]


Verdict = Literal["agrees", "disagrees", "undecided"]

GRADIENT_ULPS = 8.0
"""The rounding error of one entry of a gradient that is computed well, in its last place."""

JITTER = 8.0
"""A claim may be off by so many times its change when its point moves by an ulp."""

CLOSE_BY = 1e-3
"""A kink is close to the point within this part of the entries' size.

There a smooth slope changes by about the square of that: less than what is undecided by default.
"""


@dataclass(frozen=True)
class Claim:
    """A gradient that somebody says is right, and the rounding that it is allowed.

    Attributes
    ----------
    gradient : (n,) array
        Finite.
    epsilon
        The spacing at 1 of the floats that it was computed in.
    jitter
        Its changes, (n,) each, when the point was moved by an ulp.
    floor
        An error that is allowed along any direction, in units of the loss.
    ulps
        The rounding error of an entry, in its last place.
    """

    gradient: FloatArray
    epsilon: float
    jitter: tuple[FloatArray, ...] = ()
    floor: float = 0.0
    ulps: float = GRADIENT_ULPS

    def rounding(self, size: float, z: FloatArray) -> float:
        """Return a bound on the rounding of the inner product with z (n,).

        Parameters
        ----------
        size
            The sum of the absolute values of its terms.
        z
            The direction.
        """
        moved = max((norm_of_products(change, z) for change in self.jitter), default=0.0)
        return self.ulps * self.epsilon * size + JITTER * moved + self.floor


@dataclass(frozen=True)
class Probe:
    """A claimed gradient against the loss, along one direction z.

    Attributes
    ----------
    along
        The direction; it holds a seed, and draws z when asked for it.
    claimed
        The inner product of the claimed gradient and z.
    numerical
        The numerical derivative of the loss along z, with its error bound. Where the claim was
        accepted early, the bound is that of their agreement: it takes for granted that truncation
        does not make up for an error by chance.
    tolerance
        The largest distance between both where the claimed gradient is right.
    verdict
        "undecided" where the tolerance is too large for agreement to mean anything.
    rounding, allowed
        The parts of the tolerance that are the claim's: its rounding, and the error that
        `precision` allows, for each array.
    shares
        The claimed derivative's parts, an array each.
    part
        The norm of the claimed gradient's products with z, in units of the loss.
    is_early
        Whether a few samples at a random step were enough.
    reason
        Why it is undecided, if not for the size of the tolerance.
    """

    along: Direction
    claimed: float
    numerical: Derivative
    tolerance: float
    verdict: Verdict
    rounding: float = 0.0
    allowed: tuple[float, ...] = (0.0,)
    shares: tuple[float, ...] = (0.0,)
    part: float = 0.0
    is_early: bool = False
    reason: str = ""

    @property
    def label(self) -> str:
        """The entries that the direction moves, in words."""
        return self.along.label

    @property
    def direction(self) -> FloatArray:
        """The direction itself, z (n,), drawn again."""
        return self.along.vector()

    @property
    def size(self) -> float:
        """The t that moves a typical entry by its own size along z."""
        return self.along.size

    @property
    def span(self) -> float:
        """The movement of entries for each unit of t, in units of their sizes."""
        return self.along.span

    @property
    def discrepancy(self) -> float:
        """The distance between claimed and numerical derivative."""
        return abs(self.claimed - self.numerical.value)

    @property
    def departure(self) -> tuple[float, float] | None:
        """The first step close to the point that has another slope, and that slope."""
        return self.numerical.departure(CLOSE_BY * self.size)

    def refuses(self, factor: float, arrays: Collection[int]) -> bool:
        """Tell whether the same numbers refute the claim with some arrays of it multiplied."""
        claimed = self.claimed + (factor - 1) * sum(self.shares[array] for array in arrays)
        allowed = [
            abs(factor) * part if array in arrays else part
            for array, part in enumerate(self.allowed)
        ]
        rounding = self.rounding * max(1.0, abs(factor))
        tolerance = self.numerical.error + rounding + math.hypot(*allowed)
        return abs(claimed - self.numerical.value) > tolerance
