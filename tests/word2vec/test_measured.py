"""Measured numbers, written with the digits that their error bounds support."""

from __future__ import annotations

import math
import re
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gradcheck.word2vec.walkthrough.measured import Written, written_within


@pytest.mark.parametrize(
    ("measured", "error", "claimed", "written"),
    [
        (0.51234567, 3.1e-5, 0.5123, ("0.51235", "4e-05", "0.51230")),
        (0.0, 4.6e-15, 0.0, ("0", "5e-15", "0")),
        (-3e-16, 4.6e-15, 0.0, ("0", "5e-15", "0")),
        (0.25, 9.6e-13, 0.25, ("0.250000000000", "1e-12", "0.250000000000")),
        (1234.5, 34.0, 1199.0, ("1230", "4e+01", "1200")),
        (-8.765432e-27, 3e-31, -8.7654e-27, ("-8.7654e-27", "4e-31", "-8.7654e-27")),
        (9.99999e-5, 2e-9, 1.00001e-4, ("0.000100000", "3e-09", "0.000100001")),
        (math.nan, math.inf, 0.5, ("nan", "inf", "0.5")),
    ],
)
def test_how_it_is_written(measured, error, claimed, written):
    assert written_within(measured, error, claimed) == written


def last_place(text):
    """The power of ten of the last digit; of a whole number, that of the ones."""
    return Decimal(text).as_tuple().exponent


def assert_supported(measured, error, claimed, written):
    """Every digit that is written is meant, none is left out, and the bound still holds."""
    shown, bound, claim = map(Decimal, written)
    off = abs(shown - Decimal(measured))
    assert Decimal(error) + off <= bound <= 3 * Decimal(error)
    assert re.fullmatch(r"\de[-+]\d+", written.error)
    unit = Decimal(1).scaleb(bound.adjusted())
    assert off <= unit / 2
    assert abs(claim - Decimal(claimed)) <= unit / 2
    for text in (written.measured, written.claimed):
        assert last_place(text) == min(bound.adjusted(), 0) or text == "0"


numbers = st.builds(lambda x, e: x * 10.0**e, st.floats(-1, 1), st.integers(-40, 3))


@given(numbers, st.floats(1, 10), st.integers(-15, 3), st.floats(-20, 20))
@example(0.0, 5.0, -15, 0.0)
@example(1.0, 9.6, -13, 0.0)
def test_the_last_digit_is_of_the_size_of_the_bound(measured, digit, exponent, disagreement):
    error = digit * 10.0**exponent * max(abs(measured), 1e-40)
    claimed = measured + disagreement * error
    assert_supported(measured, error, claimed, written_within(measured, error, claimed))


@pytest.mark.parametrize(
    "written",
    [
        Written("0.6847659579", "8e-13", "0.6847659579"),
        Written("0.6847659578912", "7e-13", "0.6847659578914"),
        Written("0.68476595789123", "8e-13", "0.6847659578914"),
        Written("0.6847659578912", "8e-13", "0.684765957891"),
    ],
)
def test_too_few_digits_and_too_many_are_seen(written):
    with pytest.raises(AssertionError):
        assert_supported(0.68476595789123, 7.7e-13, 0.6847659578914, written)
