"""Numbers as they are written: exactly where that is short, and below each other."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

__all__ = ["Number", "Style", "Vector", "aligned", "aligned_numbers", "written"]

_DECIMALS = 4
"""Decimals of a rounded number: as many in every row, so that numbers line up on paper."""

_SMALLEST, _LARGEST = 1e-3, 1e5
"""Of the numbers that are rounded so; others have as many significant digits, and an exponent."""

_LONGEST_EXACT = 8
"""Characters; a longer exact number is rounded too."""

Style = Literal["decimal", "fraction"]

Number = Fraction | float
Vector = tuple[Number, ...]


def written(value: Number, style: Style = "decimal") -> str:
    """Return an exact number as it is, if it is short, and another to four decimals."""
    exact = _exactly(value, style) if isinstance(value, Fraction) else None
    return _rounded(float(value)) if exact is None else exact


def _exactly(value: Fraction, style: Style) -> str | None:
    fraction = str(value)
    decimal = _terminating_decimal(value)
    exact = decimal if decimal is not None and style == "decimal" else fraction
    digits = exact.strip("-0.").replace(".", "")
    short = len(exact) <= _LONGEST_EXACT and ("/" in exact or len(digits) <= _DECIMALS)
    return exact if short else None


def _terminating_decimal(value: Fraction) -> str | None:
    for places in range(_LONGEST_EXACT):
        if 10**places % value.denominator == 0:
            return f"{float(value):.{places}f}"
    return None


def _rounded(value: float) -> str:
    if value == 0 or _SMALLEST <= abs(value) < _LARGEST:
        return f"{value:.{_DECIMALS}f}"
    return f"{value:.{_DECIMALS - 1}e}"


def aligned_numbers(cells: Sequence[Number | Vector], style: Style) -> list[str]:
    """Write numbers, or vectors of the same length, below each other."""
    if not cells:
        return []
    vectors = [cell if isinstance(cell, tuple) else (cell,) for cell in cells]
    components = [
        aligned([written(entry, style) for entry in component])
        for component in zip(*vectors, strict=True)
    ]
    if not isinstance(cells[0], tuple):
        return components[0]
    return [_parenthesized(row) for row in zip(*components, strict=True)]


def aligned(numbers: Sequence[str]) -> list[str]:
    """Pad numbers so that their decimal points are one below the other."""
    wholes = [len(number.split("e")[0].split(".")[0]) for number in numbers]
    padded = [
        " " * (max(wholes) - whole) + number for number, whole in zip(numbers, wholes, strict=True)
    ]
    width = max(map(len, padded))
    return [number.ljust(width) for number in padded]


def _parenthesized(entries: Sequence[str]) -> str:
    """Write a vector of padded entries; the padding stands outside, or after a comma."""
    padding = [" " * (len(entry) - len(entry.rstrip())) for entry in entries]
    before = " " * (len(entries[0]) - len(entries[0].lstrip()))
    between = [f", {blanks}" for blanks in padding[:-1]] + [f"){padding[-1]}"]
    written = "".join(e.rstrip() + b for e, b in zip(entries, between, strict=True))
    return f"{before}({written.lstrip()}"
