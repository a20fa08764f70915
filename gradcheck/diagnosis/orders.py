"""The right numbers at other places: in another order, of another array, or of entry pairs."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from gradcheck.arrays.long_vectors import FloatArray
from gradcheck.diagnosis.causes import Hypothesis, fitting
from gradcheck.diagnosis.evidence import Evidence

__all__ = ["blocks", "permutations", "swaps", "triangles"]


BLOCKS = (2, 3, 4, 5, 6)
"""So many blocks along an axis may be in another order: a cell has up to four gates."""

SYMMETRIC = 1e-9
"""A claim is symmetric where it is so to within this part of its largest entry."""


def permutations(shape: tuple[int, ...], where: str) -> Iterator[Hypothesis]:
    """Yield the same numbers in another order, of orders that a slip makes."""
    axes = range(len(shape))
    for order in itertools.permutations(axes):
        if order != tuple(axes) and tuple(shape[axis] for axis in order) == shape:
            said = "TRANSPOSED. claimed[i, j] is the derivative by entry [j, i]"
            if len(shape) > 2:
                said = f"TRANSPOSED. claimed has the derivative's axes in the order {order}"
            yield Hypothesis(
                "transposed",
                f"{said},{where}.",
                lambda e, _, o=order: e.claimed.transpose(o),  # type: ignore[misc]
            )
    for axis in axes:
        if shape[axis] > 1:
            noun = f"axis {axis}" if len(shape) > 1 else "the array"
            yield Hypothesis(
                "reordered",
                f"REVERSED. claimed has the derivative's numbers in reverse order along "
                f"{noun},{where}.",
                lambda e, _, a=axis: np.flip(e.claimed, a),  # type: ignore[misc]
            )
            for shift in (1, -1):
                if shape[axis] > 2:
                    yield Hypothesis(
                        "reordered",
                        f"SHIFTED. claimed has the derivative's numbers shifted by one along "
                        f"{noun},{where}.",
                        lambda e, _, a=axis, s=shift: np.roll(e.claimed, s, a),  # type: ignore[misc]
                    )
    if len(shape) > 1 and min(shape) > 1:
        is_square = len(shape) == 2 and shape[0] == shape[1]  # there, it is the transpose
        yield Hypothesis(
            "reordered",
            f"REVERSED. claimed has the derivative's numbers in reverse order along the last two "
            f"axes,{where}.",
            lambda e, _: np.flip(e.claimed, (-2, -1)),
        )
        for there, back in () if is_square else (("C", "F"), ("F", "C")):
            yield Hypothesis(
                "reordered",
                f"ANOTHER ORDER. claimed has the derivative's numbers as reshaped from rows to "
                f"columns,{where}.",
                lambda e, _, o=there, b=back: e.claimed.ravel(o).reshape(e.claimed.shape, order=b),  # type: ignore[misc]
            )


def blocks(evidence: Evidence, where: str) -> Iterator[Hypothesis]:
    """Yield orders of equal blocks along an axis, as those of a cell's gates."""
    claimed = evidence.claimed
    if not isinstance(evidence.moved, slice):
        return
    for axis, count in itertools.product(range(claimed.ndim), BLOCKS):
        size = claimed.shape[axis] // count
        if size < 2 or claimed.shape[axis] % count:
            continue  # blocks of one are an order of entries, which has a name of its own
        pieces = _in_blocks(claimed, axis, count)
        vectors = np.stack(
            [_in_blocks(each.reshape(claimed.shape), axis, count) for each in evidence.vectors]
        )
        # Each block of a vector by each block of the claim: every order adds up some of these.
        products = np.einsum("kin,jn->kij", vectors, pieces)
        for order in itertools.permutations(range(count)):
            off = np.abs(products[:, range(count), order].sum(axis=1) - evidence.products)
            rounding = 1e-9 * np.abs(products).sum(axis=(1, 2))  # `explains` is the judge
            if list(order) == sorted(order) or np.any(off > evidence.tolerances + rounding):
                continue
            noun = _noun(claimed.ndim, axis)
            stated = _listed(np.argsort(order))
            found = list(
                fitting(
                    evidence,
                    {},
                    Hypothesis(
                        "reordered",
                        f"BLOCKS IN ANOTHER ORDER. claimed has the derivative's {noun} in blocks "
                        f"of {size}, in the order {stated},{where}.",
                        lambda e, _, a=axis, o=order: _with_blocks(e.claimed, a, o),  # type: ignore[misc]
                        hint="blocks",
                    ),
                )
            )
            if found:
                yield from found
                return  # more of them, and smaller, would say the same


def _in_blocks(array: FloatArray, axis: int, count: int) -> FloatArray:
    """Return the blocks of an array along an axis, one a row."""
    return np.moveaxis(array, axis, 0).reshape(count, -1)


def _with_blocks(array: FloatArray, axis: int, order: Sequence[int]) -> FloatArray:
    """Return an array with its blocks along an axis in another order."""
    pieces = np.split(array, len(order), axis)
    return np.concatenate([pieces[place] for place in order], axis)


def _noun(ndim: int, axis: int) -> str:
    return ("rows", "columns")[axis] if ndim == 2 else f"axis {axis}" if ndim > 2 else "entries"


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))


def swaps(name: str, claimed: FloatArray, others: Mapping[str, FloatArray]) -> Iterator[Hypothesis]:
    """Yield the gradients of other arrays that are of the same shape, or of that transposed."""
    for other, gradient in others.items():
        if np.array_equal(gradient, claimed):
            continue  # a copy, and no exchange
        if gradient.shape == claimed.shape:
            yield Hypothesis(
                "other-array",
                f"SWAPPED. The derivative by {name} is claimed for {other}.",
                lambda _, claims, o=other: claims[o],  # type: ignore[misc]
            )
        elif gradient.ndim == claimed.ndim == 2 and gradient.T.shape == claimed.shape:
            yield Hypothesis(
                "other-array",
                f"SWAPPED. The derivative by {name}, transposed, is claimed for {other}.",
                lambda _, claims, o=other: claims[o].T,  # type: ignore[misc]
            )


def triangles(name: str, claimed: FloatArray) -> Iterator[Hypothesis]:
    """Yield the gradients by a square matrix of which somebody counts entry pairs otherwise.

    A symmetric matrix has each number off its diagonal twice. A loss may read one of them, as a
    Cholesky factorisation does, or both; and the claim may be the derivative by one of them, or by
    both at once.
    """
    if claimed.ndim != 2 or claimed.shape[0] != claimed.shape[1] or len(claimed) < 2:
        return
    near = SYMMETRIC * float(np.abs(claimed).max())
    is_symmetric = bool(np.all(np.abs(claimed - claimed.T) <= near))
    for noun, part in (("lower", np.tril), ("upper", np.triu)):
        reads = f"ONE TRIANGLE. The loss reads the {noun} triangle of {name}; claimed"
        if is_symmetric:
            yield Hypothesis(
                "triangle",
                f"{reads} is as if it read both.",
                lambda e, _, p=part: p(e.claimed),  # type: ignore[misc]
            )
            yield Hypothesis(
                "triangle",
                f"{reads} shares its derivative out to both.",
                lambda e, _, p=part: p(_paired(e.claimed)),  # type: ignore[misc]
            )
        elif np.array_equal(claimed, part(claimed)):
            yield Hypothesis(
                "triangle",
                f"{reads} is half of its derivative, but for the diagonal.",
                lambda e, _: 2 * e.claimed - _diagonal(e.claimed),
            )
            yield Hypothesis(
                "triangle",
                f"ONE TRIANGLE. The loss reads all of {name}; claimed has the derivative by both "
                f"of [i, j] and [j, i] at once, in the {noun} triangle alone.",
                lambda e, _: (e.claimed + e.claimed.T) / 2,
            )
    if is_symmetric:
        yield Hypothesis(
            "triangle",
            f"EACH PAIR TWICE. The loss reads all of {name}; claimed has the derivative by both "
            "of [i, j] and [j, i] at once, at each of them.",
            lambda e, _: (e.claimed + _diagonal(e.claimed)) / 2,
        )


def _diagonal(square: FloatArray) -> FloatArray:
    return np.diag(np.diag(square))


def _paired(square: FloatArray) -> FloatArray:
    """Return the derivative by both of [i, j] and [j, i] at once."""
    return square + square.T - _diagonal(square)
