"""The quick scattering of terms, against NumPy's own."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gradcheck.strategies import generators
from models import scatter
from models.scatter import subtract_products
from tests.models.samples import mutated

ROWS = 6


@st.composite
def calls(draw):
    """Matrix, rows, factors and vectors: few rows, so that they repeat, and -1 among them."""
    shape = draw(array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=9))
    kind = draw(st.sampled_from([np.int32, np.int64]))
    rows = draw(arrays(kind, shape, elements=st.integers(-1, ROWS - 1)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    rng, size = draw(generators()), draw(st.integers(1, 5))
    shapes = (ROWS, size), shape, (shape[0], size)
    matrix, factors, vectors = (rng.standard_normal(one).astype(dtype) for one in shapes)
    return matrix, rows, factors, vectors


def agrees_with_numpy(call, module=scatter):
    matrix, rows, factors, vectors = call
    terms = factors[:, :, np.newaxis] * vectors[:, np.newaxis]
    expected, scale = matrix.copy(), np.abs(matrix)
    np.subtract.at(expected, rows[rows >= 0], terms[rows >= 0])
    np.add.at(scale, rows[rows >= 0], np.abs(terms[rows >= 0]))
    moved = matrix.copy()
    module.subtract_products(moved, rows, factors, vectors)
    assert moved.dtype == matrix.dtype
    # Each of the two sums rounds once a term, in an order of its own.
    bound = 2 * (rows.size + 2) * np.finfo(matrix.dtype).eps * scale
    assert (np.abs(moved - expected) <= bound).all()
    untouched = np.setdiff1d(np.arange(ROWS), rows)
    np.testing.assert_array_equal(moved[untouched], matrix[untouched])


@given(calls())
def test_it_is_what_numpy_subtracts_but_for_rounding(call):
    agrees_with_numpy(call)


def planted(seed=0):
    """A call in which a row is named by many, some by few, and one by none."""
    rng = np.random.default_rng(seed)
    rows = np.array([[0, 0, 1], [0, -1, 2], [5, 1, -1]], dtype=np.int32)
    return rng.standard_normal((ROWS, 2)), rows, rng.standard_normal((3, 3)), rng.random((3, 2))


MISTAKES = {
    "the last term alone": (
        'np.einsum("rn,rnd->rd", factors[terms], of_terms)',
        "factors[terms][:, -1:] * of_terms[:, -1]",
    ),
    "-1 is the last row": ("    places = places[: np.count_nonzero(named >= 0)]", "    #"),
    "vectors of other terms": ("terms // rows.shape[1]", "terms % len(vectors)"),
    "factors of other terms": ("factors[terms]", "factors[terms[:, ::-1]]"),
    "added": ("np.subtract(", "np.add("),
    "rows named once are left out": ("        if count:", "        if count and n > 1:"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_seen(mistake):
    right, wrong = MISTAKES[mistake]
    agrees_with_numpy(planted())
    with pytest.raises(AssertionError):
        agrees_with_numpy(planted(), mutated(scatter, {right: wrong}))


def test_a_row_that_is_not_there_is_no_other_row():
    with pytest.raises(IndexError):
        subtract_products(np.zeros((4, 1)), np.array([[4]]), np.ones((1, 1)), np.ones((1, 1)))


def test_rows_past_65535_are_told_apart():
    """They are sorted by halves of 16 bits."""
    rows = np.array([[65_536, 0, 131_072, 65_536, -1, 65_535]], dtype=np.int32)
    matrix = np.zeros((131_073, 2))
    subtract_products(matrix, rows, -np.ones(rows.shape), np.array([[1.0, 2.0]]))
    moved = np.flatnonzero(matrix.any(axis=1))
    np.testing.assert_array_equal(moved, [0, 65_535, 65_536, 131_072])
    np.testing.assert_array_equal(matrix[moved], [[1, 2], [1, 2], [2, 4], [1, 2]])


def test_what_its_text_shows_is_so():
    tried = doctest.testmod(scatter)
    assert (tried.failed, tried.attempted) == (0, 7)
