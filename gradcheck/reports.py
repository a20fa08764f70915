"""What a check found, and how it reads."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass, field

from gradcheck.probes import Probe, Verdict

__all__ = ["Entry", "GradientReport"]

WIDTH = 80
"""Columns of a terminal."""

SHOWN = 12
"""At most that many entries are listed: a report fits a terminal page."""


@dataclass(frozen=True)
class Entry:
    """One entry of the gradient, claimed and numerical.

    Attributes
    ----------
    name
        As the caller would write it: ``outside[3, 0]``.
    claimed
        What the gradient function returned.
    numerical, error
        The numerical derivative and the bound on its error.
    """

    name: str
    claimed: float
    numerical: float
    error: float


@dataclass(frozen=True)
class GradientReport:
    """The answer of `check`.

    ``bool(report)`` is true only where the gradient agrees.

    Attributes
    ----------
    verdict
        "agrees", "disagrees" or "undecided".
    reason
        Why, in one sentence.
    evaluations
        How often the loss was evaluated.
    size
        The number of entries of the gradient.
    probes
        The directions along which claimed and numerical derivative were compared.
    entries
        Entries that are wrong, where they were looked for one by one.
    notes
        What else was seen, a sentence each.
    seed
        Of the directions: the same seed repeats the check.
    """

    verdict: Verdict
    reason: str
    evaluations: int
    size: int
    probes: tuple[Probe, ...] = ()
    entries: tuple[Entry, ...] = ()
    seed: int = 0
    notes: tuple[str, ...] = field(default=())

    def __bool__(self) -> bool:
        return self.verdict == "agrees"

    @property
    def resolution(self) -> float:
        """The error in one entry that any probe through all entries sees, or NaN.

        An error of e in any entry escapes all m of these probes with a probability of at
        most (resolution / e)ᵐ.
        """
        tolerances = [probe.tolerance for probe in self._through_all_entries()]
        return max(tolerances, default=math.nan)

    def __str__(self) -> str:
        sentences = " ".join([self.reason, *self.notes])
        lines = [_HEADLINES[self.verdict], "", *textwrap.wrap(sentences, WIDTH)]
        if self.entries:
            lines += ["", *self._entry_table()]
        if self.probes:
            lines += ["", *self._probe_table()]
        if self.verdict == "agrees":
            lines += ["", self._power()]
        lines += ["", f"{_count(self.evaluations, 'evaluation')} of the loss, seed {self.seed}."]
        return "\n".join(lines)

    def _through_all_entries(self) -> list[Probe]:
        return [probe for probe in self.probes if probe.direction.all()]

    def _entry_table(self) -> list[str]:
        rows = [
            [entry.name, f"{entry.claimed: .9g}", f"{entry.numerical: .9g}", f"{entry.error:.1e}"]
            for entry in self.entries[:SHOWN]
        ]
        table = _table(["entry", " claimed", " numerical", "±"], rows)
        more = len(self.entries) - SHOWN
        return [*table, f"… and {more} more"] if more > 0 else table

    def _probe_table(self) -> list[str]:
        rows = [
            [
                probe.label,
                f"{probe.claimed: .9g}",
                f"{probe.numerical.value: .9g}",
                f"{probe.tolerance:.1e}",
                probe.verdict,
            ]
            for probe in self.probes
        ]
        return _table(["probe through", " claimed·z", " numerical", "±", ""], rows)

    def _power(self) -> str:
        probes = self._through_all_entries()
        if not probes or not self.resolution > 0:
            return ""
        error = 10.0 ** math.ceil(math.log10(self.resolution) + 2)
        missed = (self.resolution / error) ** len(probes)
        return (
            f"A single entry that is off by {error:.0e} would have escaped with a probability\n"
            f"of at most {missed:.0e}; larger errors with less."
        )


_HEADLINES = {
    "agrees": "The gradient agrees with the loss.",
    "disagrees": "The gradient DISAGREES with the loss.",
    "undecided": "UNDECIDED: this check cannot tell whether the gradient is right.",
}


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _table(header: list[str], rows: list[list[str]]) -> list[str]:
    """Lay out columns; the first flush left, as wide as it needs to be."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
