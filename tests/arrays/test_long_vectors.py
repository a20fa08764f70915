"""What is computed block by block is what one step computes."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck.arrays.long_vectors import (
    BLOCK,
    blocks,
    is_equal,
    is_finite,
    norm,
    norm_of_products,
    size_of_products,
)
from gradcheck.arrays.parameters import Parameters

LENGTHS = [1, 7, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 3]


def drawn(size, dtype=float):
    return np.random.default_rng(size).standard_normal(size).astype(dtype)


@pytest.mark.parametrize("size", LENGTHS)
def test_blocks_hold_each_entry_once(size):
    assert np.concatenate([np.arange(size)[part] for part in blocks(size)]).tolist() == [
        *range(size)
    ]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("size", LENGTHS)
def test_norms_and_sums_are_those_in_double_precision(size, dtype):
    first, second = drawn(size, dtype), drawn(size + 1, dtype)[:-1]
    products = first.astype(float) * second
    assert norm(first) == pytest.approx(np.linalg.norm(first.astype(float)), rel=1e-14)
    assert norm_of_products(first, second) == pytest.approx(np.linalg.norm(products), rel=1e-14)
    assert size_of_products(first, second) == pytest.approx(np.abs(products).sum(), rel=1e-14)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_a_norm_overflows_and_underflows_no_sooner_than_its_numbers(scale):
    vector = drawn(BLOCK + 5)
    assert norm(scale * vector) == pytest.approx(scale * norm(vector), rel=1e-13)
    assert norm_of_products(scale * vector, np.ones(BLOCK + 5)) == pytest.approx(
        scale * norm(vector), rel=1e-13
    )


@pytest.mark.parametrize("size", LENGTHS)
def test_the_last_entry_counts(size):
    vector, other = drawn(size), drawn(size)
    assert is_finite(vector)
    assert is_equal(vector, other)
    other[-1] = np.nan
    assert not is_finite(other)
    assert not is_equal(vector, other)


ARRAYS = [
    np.array([[3.0, 0.0], [1.0, -5.0]]),
    np.zeros(3),
    np.zeros((0, 2)),
    np.full(BLOCK, -7.0),
    np.array([0.0, 1e-300, 2.0]),
]


def test_sizes_are_the_entries_own_or_their_arrays():
    sizes = Parameters(tuple(ARRAYS)).sizes
    # The median of the others' medians, 2, 3 and 7, where an array is all zeros.
    whole = [3.0, 3.0, 1.0, 5.0, *[3.0] * 3, *[7.0] * BLOCK, 2.0, 2.0, 2.0]
    assert sizes[:].tolist() == whole
    assert [sizes[i] for i in range(8)] == whole[:8]
    assert sizes[len(whole) - 3] == 2.0
    for part in blocks(len(whole)):
        assert sizes[part].tolist() == whole[part]
    some = np.array([1, 5, len(whole) - 1])
    assert sizes[some].tolist() == [whole[i] for i in some]
    is_chosen = np.zeros(len(whole), dtype=bool)
    is_chosen[some] = True
    assert sizes[is_chosen].tolist() == [whole[i] for i in some]


def test_smaller_zeros_leave_other_sizes_as_they_are():
    parameters = Parameters((np.array([4.0, 0.0]), np.zeros(1)))
    smaller = parameters.with_smaller_zeros(0.25).with_smaller_zeros(0.5)
    assert smaller.sizes[:].tolist() == [4.0, 0.5, 0.5]
    assert parameters.sizes[:].tolist() == [4.0, 4.0, 4.0]


def test_the_arrays_of_a_block_are_found_with_their_places():
    parameters = Parameters(tuple(ARRAYS))
    assert [(number, part.start, part.stop) for number, part in parameters.within(slice(0, 9))] == [
        (0, 0, 4),
        (1, 4, 7),
        (3, 7, 9),
    ]
    last = slice(parameters.size - 4, parameters.size)
    assert [(number, part.start, part.stop) for number, part in parameters.within(last)] == [
        (3, 0, 1),
        (4, 1, 4),
    ]
