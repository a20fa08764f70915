"""The right gradients of the benchmark of verdicts are right: held against other derivatives.

These are central differences of eighth order, in the extended precision of a long double, at
steps that shrink until two of them agree; no code of the checker has a part in it.
"""

from __future__ import annotations

import math
import zlib

import numpy as np
import pytest

pytest.importorskip("autograd")
pytest.importorskip("scipy")

from tests.benchmarks.families import FAMILIES
from tests.benchmarks.families.family import call, leaves, norm, rebuilt, sizes

Extended = np.longdouble

WEIGHTS = np.array([224, -56, 32 / Extended(3), -1]) / Extended(280)

ENOUGH, TOLERANCE, VAGUE = 1e-10, 1e-9, 1e-5
"""How closely a derivative is wanted, may differ from the gradient, and has to be known at all.

The first two count relative to the part of the gradient that a direction sees, and a millionth of
all of it; the last to that part, and a thousandth.
"""

OTHER_TOLERANCES = {
    "constants of four digits": 1e-3,
    **dict.fromkeys(
        ["float64 net, gradient in float32", "float64 relu net, float32 gradient"], 3e-7
    ),
    **{family.name: 1e-5 for family in FAMILIES if family.name.startswith("float32 inside")},
    "noise of 1e-9 in the gradient, 1e-4": 1e-8,
    "relu, 7 hidden layers, weights of 1e-3": math.inf,
}
"""Of gradients that are rounded; the last has kinks too near for any judge: see its neighbours."""

NOT_THERE = {"squares, on a step", "relu, 7 hidden layers, weights of 1e-3"}
"""Besides those with a kink at the point: families that are looked at only near it."""

ONLY_THERE = {"loss that ignores its argument"}

needs_more_digits = pytest.mark.skipif(
    np.finfo(Extended).eps > 1e-18, reason="a long double is no more than a double here"
)


def flat(tree, dtype=Extended):
    return np.concatenate([np.asarray(leaf, dtype=dtype).ravel() for leaf in leaves(tree)])


def built(at, vector):
    ends = np.cumsum([np.size(leaf) for leaf in leaves(at)])[:-1]
    pieces = [
        piece.reshape(np.shape(leaf))[()]
        for leaf, piece in zip(leaves(at), np.split(vector, ends), strict=True)
    ]
    return rebuilt(at, iter(pieces))


def value(loss, at, vector):
    try:
        return Extended(call(loss, built(at, vector.copy())))
    except (ValueError, AssertionError):  # beyond where it is defined
        return Extended(math.nan)


def derivative(loss, at, vector, direction, *, steepness, wanted):
    """Return the derivative along a direction, and how closely it is known.

    Two steps may agree on nothing but the rounding of the loss and, where that is steep, of the
    point, or on the mean of the slopes on both sides of a kink: that is added to how much they
    differ.
    """
    best, error, before = math.nan, math.inf, math.nan
    centre = value(loss, at, vector)
    for exponent in range(3, 17):
        h = Extended(10) ** -exponent
        up, down = (
            np.array([value(loss, at, vector + k * sign * h * direction) for k in range(1, 5)])
            for sign in (1, -1)
        )
        slope = (WEIGHTS * (up - down)).sum() / h
        rounding = np.finfo(Extended).eps * (np.abs([up, down]).max() + 2 * steepness) / h
        bends = up + down - 2 * centre
        unsure = abs(slope - before) + rounding + abs(16 * bends[0] - bends[3]) / 12 / h
        if unsure < error:
            best, error = slope, unsure
        if error <= max(wanted, rounding):
            break
        before = slope
    return best, error


def directions(at, rng, arrays, entries):
    """Yield directions through all entries, through single arrays, and through single entries."""
    parts = sizes(at)
    size = flat(rebuilt(at, iter(parts)))
    everywhere = size * rng.uniform(0.5, 1, size.size) * rng.choice([-1, 1], size.size)
    yield everywhere
    array = np.repeat(np.arange(len(parts)), [part.size for part in parts])
    if len(parts) > 1:
        for chosen in rng.permutation(len(parts))[:arrays]:
            yield np.where(array == chosen, everywhere, 0)
    for entry in rng.choice(size.size, min(entries, size.size), replace=False):
        yield np.where(np.arange(size.size) == entry, everywhere, 0)


def moved(at, rng):
    """Move a point by a thousandth: zeros to anywhere, all else towards 0, away from edges."""
    pieces = []
    for leaf, size in zip(leaves(at), sizes(at), strict=True):
        step = 1e-3 * size * rng.uniform(0.5, 1, np.shape(leaf))
        sign = np.where(leaf == 0, rng.choice([-1, 1], np.shape(leaf)), -np.sign(leaf))
        pieces.append((leaf + sign * step)[()])
    return rebuilt(at, iter(pieces))


def doubles(at):
    """Copy a point to double precision."""
    copies = [np.array(leaf, dtype=np.float64)[()] for leaf in leaves(at)]
    return rebuilt(at, iter(copies))


def compare(family, draw, *, move, arrays, entries):
    """Compare the gradient with differences, along several directions."""
    seed = [draw, zlib.crc32(family.name.encode())]
    problem = family.draw(np.random.default_rng(seed))
    clean = (family.exact or family.draw)(np.random.default_rng(seed))
    rng = np.random.default_rng([*seed, 1])
    at = moved(doubles(problem.at), rng) if move else doubles(problem.at)
    call(problem.loss, doubles(at))
    gradient, vector = flat(call(problem.grad, at)), flat(at)
    whole = norm(gradient * flat(rebuilt(at, iter(sizes(at))))) or abs(
        value(clean.loss, at, vector)
    )
    tolerance = OTHER_TOLERANCES.get(family.name, TOLERANCE)
    for direction in directions(at, rng, arrays, entries):
        part = norm(gradient * direction)
        size = part + 1e-6 * whole if tolerance < 1e-4 else whole
        found, error = derivative(
            clean.loss, at, vector, direction, steepness=part, wanted=ENOUGH * size
        )
        assert abs(found - (gradient * direction).sum()) <= tolerance * size + 2 * error
        assert error <= VAGUE * (part + 1e-3 * whole) or tolerance == math.inf


def families(*, without=(), group=""):
    chosen = [f for f in FAMILIES if f.name not in without and f.group != group]
    return pytest.mark.parametrize("family", chosen, ids=lambda family: family.name)


@needs_more_digits
@families(without=NOT_THERE, group="kinks at the point")
def test_a_right_gradient_is_right_at_the_point(family):
    with np.errstate(all="ignore"):
        compare(family, 0, move=False, arrays=4, entries=2)


@needs_more_digits
@families(without=ONLY_THERE)
def test_a_right_gradient_is_right_near_the_point(family):
    with np.errstate(all="ignore"):
        compare(family, 1, move=True, arrays=2, entries=0)


@pytest.mark.parametrize(
    "family", [f for f in FAMILIES if f.kind == "float32"], ids=lambda family: family.name
)
def test_in_single_precision_the_gradient_is_the_same_but_for_rounding(family):
    problem = family.draw(np.random.default_rng(0))
    single = leaves(call(problem.grad, problem.at))
    assert all(leaf.dtype == np.float32 for leaf in [*single, *leaves(problem.at)])
    promoted = flat(call(problem.grad, doubles(problem.at)))
    assert norm(flat(single) - promoted) <= 1e-4 * norm(promoted)


@families()
def test_a_draw_repeats_itself(family):
    first, second = (family.draw(np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(flat(first.at), flat(second.at))
    with np.errstate(all="ignore"):
        losses = [call(problem.loss, doubles(problem.at)) for problem in (first, second)]
    assert math.isfinite(losses[0])
    assert losses[0] == losses[1]


def test_the_families_are_many_and_of_every_kind():
    names = [family.name for family in FAMILIES]
    assert len(set(names)) == len(names) >= 90
    assert {family.kind for family in FAMILIES} == {"smooth", "float32", "apart", "open"}
    assert all(bool(family.why) == (family.kind == "open") for family in FAMILIES)
