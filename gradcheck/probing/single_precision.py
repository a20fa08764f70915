"""Single precision: the same functions in double precision, and a claim's own noise."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradcheck.arrays.long_vectors import FloatArray, blocks, is_finite, norm, norm_of_products
from gradcheck.arrays.parameters import MOST_PROMOTED, Leaf
from gradcheck.numerical.directions import Direction
from gradcheck.probing.claims import GRADIENT_ULPS, JITTER, Claim
from gradcheck.probing.subject import Subject

__all__ = ["Promotion", "jittered", "promote"]

CLOSE = 2.0**-20
"""Steps of the samples of noise, in units of the entries' size: a few last places of float32. A
loss that is rounded to these inside moves in steps there."""

QUIET = 2.0**-5
"""Noise below this part of float32's last place says that the loss is computed in double."""

FLOOR = 16.0
"""So many last places of the whole gradient any part of a float32 claim may be off by."""

UNKNOWN = 512.0
"""The same for each entry where the claim is the same numbers at any point, and cannot be asked:
gates that flip between the precisions were seen to change an inner product by 330 last places."""

MOVES = 3
"""Moves of a claim's point by an ulp, each for a sample of its changes."""


@dataclass(frozen=True)
class Promotion:
    """A subject in double precision, and the claim to hold against it.

    Attributes
    ----------
    subject, value
        The same functions at double-precision copies of the point, and the loss there.
    claim
        The promoted gradient, or the float32 claim with its noise where `grad` gives none.
    off
        The distance of the float32 claim from the promoted one, for each array (arrays,), relative
        to the whole gradient; None where there is no promoted one.
    excess : (arrays,) array
        The same in units of the distance that the claim's own noise explains.
    unseen
        The arrays, by number, with so much noise that no gross mistake would show.
    """

    subject: Subject
    value: float
    claim: Claim
    off: FloatArray | None
    excess: FloatArray
    unseen: tuple[int, ...] = ()


def promote(subject: Subject, claimed: FloatArray, rng: np.random.Generator) -> Promotion | None:
    """Evaluate loss and gradient at double-precision copies of the point.

    Returns None where the point is double precision already, or too large; where its framework
    has none, or the functions do not take such copies; or where the loss is as noisy as before.

    Parameters
    ----------
    subject
        With parameters in float32.
    claimed : (n,) array
        Its gradient.
    rng
        The generator of small moves.
    """
    parameters = subject.parameters
    is_double = parameters.epsilon == np.finfo(np.float64).eps
    if is_double or parameters.size > MOST_PROMOTED or not parameters.can_be_promoted:
        return None
    double = subject.promoted()
    try:
        with np.errstate(all="ignore"):
            value, gradient = double.value_and_gradient()
            noise = _noise(double, value, rng)
    except Exception:  # noqa: BLE001  functions that insist on float32 say so in many ways
        return None
    is_quiet = noise <= QUIET * parameters.epsilon * abs(value)
    if not (is_quiet and double.loss_epsilon < parameters.epsilon):
        return None
    if double.gradient_epsilon >= parameters.epsilon or not is_finite(gradient):
        jitter = tuple(jittered(subject, claimed, rng))
        is_constant = not any(change.any() for change in jitter)
        ulps = UNKNOWN if is_constant else GRADIENT_ULPS
        claim = Claim(claimed, parameters.epsilon, jitter, _floor(subject, claimed), ulps)
        return Promotion(double, value, claim, None, np.zeros(len(parameters.leaves)))
    off, allowed = _difference(subject, claimed, gradient, jittered(subject, claimed, rng))
    own = [_size(subject, gradient, leaf) for leaf in parameters.leaves]
    whole = norm(np.array(own)) or 1.0
    # The mildest gross mistake (`examination.GROSS`), a division by 1.5, is a third of an array.
    # An array that is next to nothing shows none anyway.
    unseen = tuple(
        i for i, part in enumerate(own) if part > 1e-12 * whole and not allowed[i] < part / 3
    )
    excess = off / np.maximum(allowed, np.finfo(np.float64).tiny)
    claim = Claim(gradient, double.gradient_epsilon)
    return Promotion(double, value, claim, off / whole, excess, unseen)


def jittered(
    subject: Subject, claimed: FloatArray, rng: np.random.Generator
) -> Iterator[FloatArray]:
    """Yield the changes of a claim when its point moves by an ulp, one after the other."""
    parameters = subject.parameters
    # Of so many entries, those of one move say enough.
    for _ in range(MOVES if parameters.size <= MOST_PROMOTED else 1):
        change = np.empty_like(parameters.vector)
        for leaf in parameters.leaves:
            vector, part = parameters.vector[leaf.entries], change[leaf.entries]
            for entries in blocks(leaf.size):
                ulps = np.spacing(np.abs(vector[entries]).astype(leaf.dtype))
                part[entries] = ulps * rng.integers(-1, 2, ulps.size)
        out = change if change.dtype == claimed.dtype else None
        with np.errstate(all="ignore"):
            _, gradient = subject.moved(change).value_and_gradient(out=out)
        if is_finite(gradient):
            gradient -= claimed
            yield gradient


def _floor(subject: Subject, claimed: FloatArray) -> float:
    return FLOOR * subject.parameters.epsilon * norm_of_products(claimed, subject.parameters.sizes)


def _difference(
    subject: Subject, claimed: FloatArray, promoted: FloatArray, jitter: Iterable[FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Return the distances between two claims, array by array, and those that noise explains."""
    leaves = subject.parameters.leaves

    def sizes(gradient: FloatArray) -> NDArray[np.float64]:
        return np.array([_size(subject, gradient, leaf) for leaf in leaves])

    moved = np.zeros(len(leaves))
    for change in jitter:  # one at a time: they are as long as the point
        moved = np.maximum(moved, sizes(change))
    roots = np.sqrt([leaf.size for leaf in leaves])
    own = subject.parameters.epsilon * sizes(promoted) * roots
    return sizes(claimed - promoted), JITTER * (moved + own) + _floor(subject, promoted)


def _size(subject: Subject, gradient: FloatArray, leaf: Leaf) -> float:
    """Return the norm of an array's part of a gradient, each entry times its own size."""
    return norm_of_products(gradient[leaf.entries], subject.parameters.sizes[leaf.entries])


def _noise(subject: Subject, value: float, rng: np.random.Generator) -> float:
    """Return the rounding of a loss, from its fourth differences at neighbouring points."""
    drawn = Direction("", subject.parameters.sizes, tuple(rng.integers(2**32, size=2).tolist()))
    loss, step = subject.along(drawn.vector()), CLOSE * drawn.size
    before, after = ([loss(side * i * step) for i in (1, 2)] for side in (-1, 1))
    fourth = before[1] - 4 * before[0] + 6 * value - 4 * after[0] + after[1]
    # 1, 4, 6, 4 and 1, squared, add up to 70.
    return abs(fourth) / math.sqrt(70)
