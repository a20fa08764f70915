"""Directions are drawn from seeds, again and again the same, and nobody keeps their numbers."""

from __future__ import annotations

import gc
import types

import numpy as np
import pytest

import gradcheck
from gradcheck.arrays.long_vectors import BLOCK
from gradcheck.arrays.sizes import Sizes
from gradcheck.numerical.directions import Direction, only, single

ENTRIES = np.array([1e-3, -1.0, 2.0, 5.0, 1e4, -0.5])
SIZES = Sizes(ENTRIES, [slice(0, 2), slice(2, 6)])


def by(part):
    """What multiplies a direction by parts."""

    def weigh(z, entries):
        z *= part[entries]

    return weigh


def directions():
    return {
        "plain": Direction("", SIZES, (3, 1)),
        "weighted": Direction("", SIZES, (3, 1), by(np.array([1, 0, 0.5, 1, 1e-3, 1]))),
        "of given signs": Direction("", SIZES, (3, 1), None, np.array([1.0, -2, 0, 3, -4, 0])),
        "of one entry": single("", SIZES, 2),
    }


@pytest.mark.parametrize("kind", directions())
def test_a_seed_draws_the_same_direction_again(kind):
    first, again = directions()[kind], directions()[kind]
    z = first.vector()
    assert z.dtype == np.float64
    assert np.array_equal(z, first.vector())
    assert np.array_equal(z, again.vector())


@pytest.mark.parametrize("kind", directions())
def test_what_a_buffer_held_before_does_not_matter(kind):
    along = directions()[kind]
    for rest in (0.0, 7.5, np.nan, np.inf):
        buffer = np.full(SIZES.size, rest)
        z = along.vector(buffer)
        assert z is buffer
        assert np.array_equal(z, along.vector())


def test_drawing_leaves_sizes_weights_and_signs_as_they_are():
    entries, part, signs = ENTRIES.copy(), np.full(6, 0.5), np.array([1.0, -1, 0, 0, 2, -2])
    sizes = Sizes(entries, [slice(0, 6)])
    Direction("", sizes, (1,), by(part), signs).vector(np.empty(6))
    assert np.array_equal(entries, ENTRIES)
    assert np.array_equal(part, np.full(6, 0.5))
    assert np.array_equal(signs, [1.0, -1, 0, 0, 2, -2])


def test_another_seed_draws_another_direction():
    drawn = [
        Direction("", SIZES, seed).vector() for seed in ((0,), (1,), (0, 1), (1, 1), (0, 0, 1))
    ]
    for i, z in enumerate(drawn):
        assert not any(np.array_equal(z, other) for other in drawn[:i])


def test_entries_are_uniform_up_to_their_sizes():
    drawn = np.array([Direction("", SIZES, (seed,)).vector() for seed in range(2000)])
    drawn /= SIZES[:]
    for column in drawn.T:
        places = np.sort(column)
        assert places[0] >= -1
        assert places[-1] <= 1
        # Kolmogorov and Smirnov's distance: 1.95 / sqrt(n) is exceeded once in a thousand.
        assert np.abs(places - np.linspace(-1, 1, 2000)).max() / 2 < 1.95 / np.sqrt(2000) + 1e-3


def test_weights_scale_the_same_numbers():
    part = np.array([1, 0, 0.5, 1, 1e-3, 1])
    plain, weighted = (directions()[kind].vector() for kind in ("plain", "weighted"))
    assert np.allclose(weighted, part * plain, rtol=1e-15, atol=0)
    assert weighted[1] == 0


def test_signs_are_those_that_are_given_and_drawn_where_there_are_none():
    signs = np.array([1.0, -2, 0, 3, -4, 0])
    drawn = np.array([Direction("", SIZES, (seed,), None, signs).vector() for seed in range(200)])
    given = signs != 0
    assert (np.sign(drawn[:, given]) == np.sign(signs[given])).all()
    share = (drawn[:, ~given] > 0).mean(axis=0)
    assert (np.abs(share - 0.5) < 0.15).all()
    assert (np.abs(drawn) <= SIZES[:]).all()


def test_a_direction_of_many_blocks_has_no_block_twice():
    count = 2 * BLOCK + 7
    along = Direction("", Sizes(np.ones(count), [slice(0, count)]), (5,))
    z = along.vector()
    assert z.size == count
    assert np.unique(np.abs(z)).size > 0.999 * count
    assert np.array_equal(
        z[:BLOCK], Direction("", Sizes(np.ones(BLOCK), [slice(0, BLOCK)]), (5,)).vector()
    )


@pytest.mark.parametrize(
    "moved", [slice(3, 4), slice(BLOCK - 2, BLOCK + 1), slice(BLOCK, 2 * BLOCK + 7)]
)
def test_only_the_entries_of_a_slice_are_moved(moved):
    count = 2 * BLOCK + 7
    sizes = Sizes(np.ones(count), [slice(0, count)])
    z = Direction("", sizes, (5,), only(moved), least=0.0).vector()
    assert np.flatnonzero(z).tolist() == list(range(count))[moved]
    assert np.array_equal(z[moved], Direction("", sizes, (5,)).vector()[moved])


def test_a_direction_in_single_precision_stays_in_it():
    count = BLOCK + 3
    sizes = Sizes(np.linspace(0.5, 2, count, dtype=np.float32), [slice(0, count)])
    z = Direction("", sizes, (5,)).vector(np.empty(count, np.float32))
    assert z.dtype == np.float32
    assert (np.abs(z) <= sizes[:]).all()
    assert np.unique(z).size > 0.9 * count


def test_a_direction_of_one_entry_moves_it_by_1():
    assert single("", SIZES, 4).vector().tolist() == [0, 0, 0, 0, 1, 0]
    assert single("", SIZES, 4).size == SIZES[4]


def test_a_probe_s_direction_is_what_its_numbers_were_measured_along():
    at = np.linspace(0.5, 2, 40)
    report = gradcheck.check(lambda x: (x**3).sum(), lambda x: 3 * x**2, at)
    assert len(report.probes) == 2
    for probe in report.probes:
        assert probe.claimed == pytest.approx(3 * at**2 @ probe.direction, rel=1e-13)
        assert probe.numerical.value == pytest.approx(3 * at**2 @ probe.direction, rel=1e-9)


# --- what a report keeps

LARGE = 100_000


def held(thing, least):
    """Return the arrays of so many numbers, or more, that are reachable, no memory twice."""
    seen, arrays, waiting = set(), {}, [thing]
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, type | types.ModuleType):
            continue
        seen.add(id(each))
        if isinstance(each, np.ndarray):
            if isinstance(each.base, np.ndarray):
                waiting.append(each.base)
            elif each.size >= least:
                arrays[id(each)] = each
        if isinstance(each, types.FunctionType):  # not all that its module holds
            waiting += [*(each.__closure__ or ()), each.__defaults__, each.__kwdefaults__]
        elif not isinstance(each, types.BuiltinFunctionType):
            waiting += gc.get_referents(each)
    return list(arrays.values())


def large(factor=2.0, arrays=1):
    at = {f"x{i}": np.linspace(1, 2, LARGE // arrays) for i in range(arrays)}

    def loss(p):
        return sum((x**2).sum() for x in p.values())

    def gradient(p):
        return {name: factor * x for name, x in p.items()}

    return loss, gradient, at


@pytest.mark.parametrize("factor", [2.0, 2.01], ids=["right", "wrong"])
def test_probes_hold_no_arrays_but_the_sizes_that_they_share(factor):
    loss, gradient, at = large(factor)
    report = gradcheck.check(loss, gradient, at)
    for probe in report.probes:
        own = [each for each in vars(probe).values() if isinstance(each, np.ndarray)]
        own += [each for each in vars(probe.along).values() if isinstance(each, np.ndarray)]
        assert [each for each in own if each.size >= LARGE and each is not report.sizes] == []
        assert probe.along.sizes is report.sizes


def test_more_probes_hold_no_more():
    few, many = (gradcheck.check(*large(arrays=count), precision=1e-6) for count in (2, 16))
    assert len(many.probes) >= len(few.probes) + 14
    assert len(held(many, LARGE)) <= len(held(few, LARGE))
