"""Numbers that are known up to an error bound, written with the digits that the bound supports."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

__all__ = ["Written", "written_within"]

_SHORTEST_FIXED = Decimal("1e-4")
"""Smaller numbers are written with an exponent, as Python does."""


class Written(NamedTuple):
    """A measured number and a claimed one, as text.

    Attributes
    ----------
    measured, error : str
        The measured number and its bound, which begins at the number's last digit.
    claimed : str
        The claimed number, to the same place.
    """

    measured: str
    error: str
    claimed: str


def written_within(measured: float, error: float, claimed: float) -> Written:
    """Write a measured number to the digit where its error bound begins, and the claim alike.

    The bound that is written is rounded up, and covers the rounding of the measured number, too.

    Parameters
    ----------
    measured, error : float
        The number, and the bound on its error. Where that is infinite or 0 there is no last digit,
        and ten significant ones are written.
    claimed : float
        The number that `measured` is compared with.
    """
    if not (math.isfinite(measured) and 0 < error < math.inf):
        return Written(f"{measured:.10g}", f"{error:.0e}", f"{claimed:.10g}")
    place, bound = _bound(Decimal(measured), Decimal(error))
    return Written(_text(measured, place), f"{bound:.0e}", _text(claimed, place))


def _bound(measured: Decimal, error: Decimal) -> tuple[int, float]:
    """Return the place of the last digit, and the bound rounded up to one digit at that place."""
    place = error.adjusted()
    while True:
        total = error + abs(_rounded(measured, place) - measured)
        bound = total.quantize(Decimal(1).scaleb(place), ROUND_CEILING)
        # Rounded up, 9.6e-5 is 1e-4: its digit then stands one place further up, and the number
        # has to be cut there.
        if bound.adjusted() == place:
            return place, float(bound)
        place = bound.adjusted()


def _rounded(value: Decimal, place: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(place))


def _text(value: float, place: int) -> str:
    rounded = _rounded(Decimal(value), place)
    # Zero has no first digit that a place, or an exponent, could be counted from.
    if not rounded:
        return "0"
    if abs(rounded) >= _SHORTEST_FIXED:
        return f"{rounded:f}"
    exponent = rounded.adjusted()
    return f"{rounded.scaleb(-exponent)}e{exponent:+03}"
