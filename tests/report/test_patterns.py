"""What wrong entries have in common: stated where it is so, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck.numerical.differentiation import Derivative
from gradcheck.numerical.directions import Direction
from gradcheck.parameters import Leaf
from gradcheck.probing.claims import Probe
from gradcheck.report.findings import Entry
from gradcheck.report.patterns import common_ratio, places, plain_ratio

RIGHT, WRONG, OPEN = "agrees", "disagrees", "undecided"


def described(*arrays):
    """What is said of arrays of verdicts: name, entries that are wrong, undecided ones."""
    leaves, entries = [], []
    for name, wrong, *undecided in arrays:
        leaves.append(Leaf(name, np.shape(wrong), np.dtype(float), len(entries)))
        verdicts = np.where(np.asarray(wrong, bool), WRONG, RIGHT)
        if undecided:
            verdicts = np.where(undecided[0], OPEN, verdicts)
        entries += [Entry("", 1.0, 2.0, 0.1, 0.1, str(verdict)) for verdict in verdicts.ravel()]
    return places(leaves, entries)


def marked(shape, *indices):
    mask = np.zeros(shape, bool)
    for index in indices:
        mask[index] = True
    return mask


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (marked((4, 3), 2), "only row 2 of U"),
        (marked((4, 3), 0, 2), "only rows 0 and 2 of U"),
        (~marked((5, 3), 4), "every entry of U except row 4"),
        (~marked((6, 3), 1, 4), "every entry of U except rows 1 and 4"),
        (marked((4, 3), (slice(None), 1)), "only column 1 of U"),
        (~marked((2, 4), (slice(None), 3)), "every entry of U except column 3"),
        (marked((10, 2), *range(5)), "5 of 10 rows of U, each of them whole"),
        (marked((2, 3, 2), (slice(None), 1)), "only U[:, 1, :]"),
        (~marked((3, 2, 2), 1), "every entry of U except U[1, :, :]"),
        (np.eye(3), "only the diagonal of U"),
        (1 - np.eye(4), "every entry of U except its diagonal"),
        (marked((3, 3), (0, 1), (2, 2)), "U[0, 1] and U[2, 2]"),
        (~marked((3, 3), (0, 1), (2, 2)), "every entry of U except U[0, 1] and U[2, 2]"),
        (marked(6, 0, 1, 5), "U[0], U[1] and U[5]"),
        (~marked(6, 0), "every entry of U except U[0]"),
        (marked((4, 1), 1, 2), "only rows 1 and 2 of U"),
    ],
)
def test_a_structure_is_named(wrong, expected):
    assert described(("U", wrong)) == f"Wrong: {expected}."


@pytest.mark.parametrize(
    "wrong",
    [
        marked((4, 4), (0, 1), (1, 2), (2, 3), (3, 0), (3, 1)),  # no structure
        np.ones((3, 3)),  # everything
        marked((3, 3), (1, 1)),  # one entry
        np.zeros((3, 3)),  # nothing
    ],
)
def test_nothing_is_said_that_a_list_says_as_well(wrong):
    assert described(("U", wrong)) == ""


def test_each_array_is_named():
    sentence = described(
        ("v", np.ones(3)), ("U", marked((5, 3), 3)), ("b", True), ("w", [False, False])
    )
    assert sentence == "Wrong: all of v; only row 3 of U; b. No error was seen in w."


def test_scattered_entries_are_counted():
    scattered = marked((3, 4), (0, 0), (1, 1), (2, 2), (0, 3))
    assert described(("v", [False]), ("U", scattered)) == (
        "Wrong: 4 of 12 entries of U. No error was seen in v."
    )


def test_what_is_undecided_is_no_exception():
    wrong = ~marked(6, 2)
    assert described(("v", wrong)) == "Wrong: every entry of v except v[2]."
    assert described(("v", wrong, marked(6, 2))) == ""
    rows, one = ~marked((6, 3), 2), marked((6, 3), (2, 1))
    assert described(("U", rows)) == "Wrong: every entry of U except row 2."
    assert described(("U", rows, one)) == "Wrong: 5 of 6 rows of U, each of them whole."
    assert described(("U", 1 - np.eye(4), marked((4, 4), (2, 2)))) == ""
    assert "No error" not in described(("v", marked(4, 1, 2)), ("w", [False], [True]))


def entries(claimed, numerical, tolerance=1e-12):
    return [
        Entry("", float(c), float(n), tolerance, tolerance, WRONG)
        for c, n in zip(claimed, numerical, strict=True)
    ]


@pytest.mark.parametrize(
    ("claimed", "numerical", "expected"),
    [
        ([2, 4, -6], [1, 2, -3], "claimed / numerical = 2 in all 3 of them."),
        ([1, 2], [3, 6], "claimed / numerical = 0.3333333333 in both of them."),
        ([-1, 2], [1, -2], "The sign is opposite in both of them: claimed = -numerical."),
        ([-2, 4], [1, -2], "claimed / numerical = -2 in both of them."),
        ([0, 0], [1, 2], "The claimed gradient is 0 in both of them."),
        ([1, 2], [0, 1e-13], "The derivative is 0 in both of them, within its error."),
        ([2], [4], "claimed / numerical = 0.5."),
        ([-2], [2], "The sign is opposite: claimed = -numerical."),
        ([2.718], [1], ""),
        ([2, 4, 6.001], [1, 2, 3], ""),
        ([2, 1], [1, 0], ""),
        ([np.nan, 2], [1, 1], ""),
        ([1, 2], [1e-11, 2e-11], ""),
    ],
)
def test_a_ratio_is_stated_where_all_share_it(claimed, numerical, expected):
    assert common_ratio(entries(claimed, numerical)) == expected


def test_a_ratio_that_reads_as_1_is_not_stated():
    assert common_ratio(entries([2 + 1e-9, 4 + 2e-9, 6 + 3e-9], [2, 4, 6], 1e-9)) == ""
    assert common_ratio(entries([1 + 1e-11, 2 + 2e-11], [1, 2], 1e-14)) == ""
    assert common_ratio(entries([1.0001, 2.0002], [1, 2], 1e-9)).startswith(
        "claimed / numerical = 1.0001 in both"
    )
    probe = Probe(Direction("", np.ones(1)), 3 + 1e-10, Derivative(3.0, 5e-11, 1), 5e-11, WRONG)
    assert plain_ratio(probe) == ""


def test_a_ratio_has_the_digits_that_are_known():
    assert common_ratio(entries([2.0002, 4.0004], [1, 2], 1e-3)) == (
        "claimed / numerical = 2 in both of them."
    )
    assert common_ratio(entries([1.0001, 2.0002], [1, 2], 1e-9)) == (
        "claimed / numerical = 1.0001 in both of them."
    )


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        (6.0, "claimed / numerical = 2 along it."),
        (0.25, "claimed / numerical = 0.08333333333 along it."),
        (-3.0, "The sign is opposite along it: claimed = -numerical."),
        (0.0, "The claimed gradient is 0 along it."),
        (3.3, ""),
        (6.0001, ""),
        (1e4, ""),
    ],
)
def test_along_one_direction_only_a_plain_ratio_is_stated(claimed, expected):
    probe = Probe(Direction("", np.ones(1)), claimed, Derivative(3.0, 1e-12, 1), 1e-12, WRONG)
    assert plain_ratio(probe) == expected


@pytest.mark.parametrize("numerical", [0.0, 1e-13])
def test_nothing_is_a_multiple_of_what_may_be_zero(numerical):
    probe = Probe(Direction("", np.ones(1)), 3.0, Derivative(numerical, 1e-12, 1), 1e-12, WRONG)
    assert plain_ratio(probe) == ""
