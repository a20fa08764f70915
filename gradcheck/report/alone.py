"""Each array alone, where all of them together cannot be decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradcheck.arrays.parameters import Leaf
from gradcheck.arrays.sizes import Sizes
from gradcheck.numerical.directions import Direction, only
from gradcheck.probing.arrays import ArrayFinding
from gradcheck.probing.claims import Probe, Verdict

__all__ = ["arrays_alone"]

MOST = 8
"""Of more arrays, none is looked at alone."""


def arrays_alone(
    measure: Callable[[Direction], Probe | None],
    leaves: Sequence[Leaf],
    sizes: Sizes,
    seed: int,
) -> tuple[ArrayFinding, ...]:
    """Find the arrays that are right, one by one; nothing where there are one or too many.

    Parameters
    ----------
    measure
        Measures along a direction; returns None where that is not allowed any more.
    leaves
        The arrays.
    sizes
        Of all entries.
    seed
        Of the directions.
    """
    if not 1 < len(leaves) <= MOST:
        return ()

    def verdict(number: int, leaf: Leaf) -> Verdict:
        if not leaf.size:
            return "agrees"
        probe = measure(
            Direction(leaf.name, sizes, (seed, 29, number), only(leaf.entries), least=0.0)
        )
        # An agreement that zeros would reach as well means nothing.
        is_right = probe and probe.verdict == "agrees" and probe.refuses(0.0, {number})
        return "agrees" if is_right else "undecided"

    return tuple(
        ArrayFinding(leaf.name, leaf.shape, verdict(number, leaf))
        for number, leaf in enumerate(leaves)
    )
