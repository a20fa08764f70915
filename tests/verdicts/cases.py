"""Rows of these tables: a loss, a claimed gradient, a point, and the verdict they deserve."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pytest

import gradcheck

NEVER_AGREES = ("disagrees", "undecided")
NEVER_DISAGREES = ("agrees", "undecided")
ANY = ("agrees", "disagrees", "undecided")

NUMBER = r"[-−]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?"


class Case(NamedTuple):
    """One claim about one loss; `says` is what the report has to contain."""

    name: str
    loss: Callable[..., Any]
    gradient: Callable[..., Any]
    at: Any
    want: str | tuple[str, ...]
    says: tuple[str, ...] = ()
    precision: float | None = None


def table(cases: Iterable[Case]):
    """Parametrize a test by `case`."""
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases])


def judge(case: Case):
    """Check a case, hold the verdict against the one that is wanted, and return the report."""
    report = gradcheck.check(case.loss, case.gradient, case.at, precision=case.precision)
    expect(report, case.want, *case.says)
    return report


def expect(report, want, *fragments):
    assert report.verdict in ((want,) if isinstance(want, str) else want), str(report)
    for fragment in fragments:
        assert fragment in said(report), str(report)


def said(report):
    """All sentences of a report in one line, and then its text, for what is not in them."""
    parts = (report.reason, report.advice, *report.notes, str(report).split("To see it again")[0])
    return " ".join(" ".join(parts).split())


def tells_slopes(report, *slopes):
    """Tell whether a sentence on slopes contains these numbers, to four digits."""
    text = re.sub(r"\[[^\]]*\]", "", said(report))  # without indices
    return any(
        all(
            any(abs(number - slope) <= 1e-4 * max(1, abs(slope)) for number in numbers)
            for slope in slopes
        )
        for numbers in (
            _numbers(text[found.start() : found.start() + 120])
            for found in re.finditer("slopes?", text)
        )
    )


def distances(report):
    """Return the numbers of the reason, a distance among them."""
    return _numbers(re.sub(r"\[[^\]]*\]", "", report.reason))


def _numbers(text):
    found = (number.replace(",", "").replace("−", "-") for number in re.findall(NUMBER, text))
    return [float(number) for number in found]


def times(gradient, factor):
    """Plant a factor: a number, or one for each entry."""
    return lambda x: factor * gradient(x)


def with_array(gradient, name, factor):
    """Plant a factor in one array of a dictionary."""

    def changed(parameters):
        parts = dict(gradient(parameters))
        parts[name] = parts[name] * parts[name].dtype.type(factor)
        return parts

    return changed
