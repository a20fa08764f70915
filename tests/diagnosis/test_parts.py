"""The wrong part of an array in words: stated where a few words can, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck.diagnosis.parts import described, exceptions


def marked(shape, *indices):
    mask = np.zeros(shape, bool)
    for index in indices:
        mask[index] = True
    return mask


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (marked((4, 3), 2), "only row 2"),
        (marked((4, 3), 0, 2), "only rows 0 and 2"),
        (~marked((5, 3), 4), "all but row 4"),
        (~marked((6, 3), 1, 4), "all but rows 1 and 4"),
        (marked((4, 3), (slice(None), 1)), "only column 1"),
        (~marked((2, 4), (slice(None), 3)), "all but column 3"),
        (marked((10, 2), *range(5)), "5 of 10 rows, 0 to 4"),
        (marked((10, 2), 0, 2, 4, 6, 8), "5 of 10 rows"),
        (marked((2, 3, 2), (slice(None), 1)), "only U[:, 1, :]"),
        (~marked((3, 2, 2), 1), "all but U[1, :, :]"),
        (np.eye(3) == 1, "only the diagonal"),
        (np.eye(4) == 0, "all but the diagonal"),
        (np.tril(np.ones((4, 4)), -1) == 1, "only the entries below the diagonal"),
        (np.triu(np.ones((4, 4)), 1) == 1, "only the entries above the diagonal"),
        (~marked((4, 5), (slice(1, -1), slice(1, -1))), "only the border"),
        (~marked((2, 3, 3), (slice(None), 1, 1)), "only the border"),
        (marked((3, 3), (0, 1), (2, 2)), "only U[0, 1] and U[2, 2]"),
        (marked(40, slice(8, 16)), "only U[8:16]"),
        (marked(6, 0, 1, 5), "only U[0], U[1] and U[5]"),
        (~marked(6, 0), "only U[1:6]"),
        (np.ones((2, 2), bool), ""),
        (marked((5, 5), (0, 1), (1, 3), (2, 2), (3, 3), (4, 0)), ""),
    ],
)
def test_a_part_is_named(wrong, expected):
    assert described("U", wrong, ~wrong) == expected


def test_all_but_is_said_only_where_the_others_are_known_to_be_right():
    wrong = ~marked((5, 3), 4)
    assert described("U", wrong, ~wrong) == "all but row 4"
    assert described("U", wrong, np.zeros_like(wrong)) == "4 of 5 rows, 0 to 3"
    diagonal = np.eye(4) == 0
    assert described("U", diagonal, np.zeros_like(diagonal)) == ""


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (~marked((3, 3), (0, 1), (2, 2)), "all but U[0, 1] and U[2, 2]"),
        (~marked(6, 2), "all but U[2]"),
        (marked(6, 2), ""),
        (np.ones(3, bool), ""),
    ],
)
def test_the_few_that_are_right_are_named(wrong, expected):
    assert exceptions("U", wrong, ~wrong) == expected
    assert not exceptions("U", wrong, np.zeros_like(wrong))
