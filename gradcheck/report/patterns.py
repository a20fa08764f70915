"""Plain patterns that the wrong entries of a gradient have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.parameters import Leaf
from gradcheck.probing.claims import Probe
from gradcheck.report.findings import Entry

__all__ = ["common_ratio", "places", "plain_ratio"]

NAMED = 3
"""More rows or entries than that are not listed in a sentence."""

SIGNIFICANT = 1e3
"""A ratio is worth stating where its denominator is this many times its tolerance."""

WHOLE = 100
"""A ratio is plain where it, or its inverse, is a whole number up to this: that of two
unrelated numbers is not, to many digits."""


def places(leaves: Sequence[Leaf], scanned: Sequence[Entry]) -> str:
    """Name the wrong parts of the arrays, in one sentence.

    Parameters
    ----------
    leaves
        The arrays of the point.
    scanned
        All entries, in the order of the flat vector.

    Returns
    -------
    str
        Empty where a list of the entries says as much.
    """
    verdicts = np.array([entry.verdict for entry in scanned])
    if not 1 < (verdicts == "disagrees").sum() < len(verdicts):
        return ""
    wrong, spared, telling = [], [], len(leaves) > 1
    for leaf in leaves:
        part = verdicts[leaf.entries].reshape(leaf.shape)
        bad = part == "disagrees"
        if bad.any():
            structure = _structure(leaf.name, bad, certain=not (part == "undecided").any())
            telling = telling or bool(structure and not bad.all())
            wrong.append(structure or f"{bad.sum()} of {bad.size} entries of {leaf.name}")
        elif (part == "agrees").all() and leaf.size:
            spared.append(leaf.name)
    if not telling:
        return ""
    sentence = f"Wrong: {'; '.join(wrong)}."
    return f"{sentence} No error was seen in {_listed(spared)}." if spared else sentence


def common_ratio(entries: Sequence[Entry]) -> str:
    """State the ratio of claimed to numerical, if it is one and the same in all of `entries`.

    That of a single entry is stated where it is plain.
    """
    if not all(math.isfinite(entry.claimed) for entry in entries):
        return ""
    where = {1: "", 2: " in both of them"}.get(len(entries), f" in all {len(entries)} of them")
    largest = max(entries, key=lambda entry: abs(entry.numerical))
    if not abs(largest.numerical) > SIGNIFICANT * largest.tolerance:
        vanish = all(abs(entry.numerical) <= entry.tolerance for entry in entries)
        return f"The derivative is 0{where}, within its error." if vanish else ""
    if not any(entry.claimed for entry in entries):
        return f"The claimed gradient is 0{where}."
    ratio = largest.claimed / largest.numerical
    spread = (1 + abs(ratio)) * largest.tolerance / abs(largest.numerical)
    if len(entries) == 1 and not _is_plain(ratio, spread):
        return ""
    is_common = all(
        abs(entry.claimed - ratio * entry.numerical)
        <= (1 + abs(ratio)) * entry.tolerance + spread * abs(entry.numerical)
        for entry in entries
    )
    return _stated(ratio, spread, where) if is_common else ""


def plain_ratio(probe: Probe) -> str:
    """State the ratio of claimed to numerical along one direction, if it is plain."""
    numerical = probe.numerical.value
    if not abs(numerical) > SIGNIFICANT * probe.tolerance:
        return ""
    if probe.claimed == 0:
        return "The claimed gradient is 0 along it."
    ratio = probe.claimed / numerical
    spread = (1 + abs(ratio)) * probe.tolerance / abs(numerical)
    return _stated(ratio, spread, " along it") if _is_plain(ratio, spread) else ""


def _is_plain(ratio: float, spread: float) -> bool:
    """Tell whether a ratio, or one over it, is a whole number as far as it is known."""
    return any(
        0 < abs(round(factor)) <= WHOLE and abs(factor - round(factor)) <= error < 1 / SIGNIFICANT
        for factor, error in ((ratio, spread), (1 / ratio, spread / ratio**2))
    )


def _stated(ratio: float, spread: float, where: str) -> str:
    """State a ratio with the digits that are known; empty where these make it 1."""
    if abs(ratio + 1) <= spread:
        return f"The sign is opposite{where}: claimed = -numerical."
    digits = round(-math.log10(spread / abs(ratio))) if spread else 10
    stated = f"{ratio:.{min(10, max(3, digits))}g}"
    return f"claimed / numerical = {stated}{where}." if stated != "1" else ""


def _structure(name: str, bad: NDArray[np.bool_], *, certain: bool) -> str:
    """Describe where `bad` is true, if a few words can; `certain`: elsewhere all is right."""
    if bad.all():
        return f"all of {name}" if bad.ndim else name
    slices = [_slices(name, bad, axis, certain=certain) for axis in range(bad.ndim)]
    if any(slices):
        return next(filter(None, slices))
    if bad.ndim == 2 and min(bad.shape) > 2:
        diagonal = np.eye(*bad.shape) == 1
        if np.array_equal(bad, diagonal):
            return f"only the diagonal of {name}"
        if np.array_equal(bad, np.logical_not(diagonal)) and certain:
            return f"every entry of {name} except its diagonal"
    return _single_entries(name, bad, certain=certain)


def _single_entries(name: str, bad: NDArray[np.bool_], *, certain: bool) -> str:
    """Name the few entries where `bad` is true, or the few where it is not."""
    if bad.sum() <= NAMED:
        return _listed(_entry(name, index) for index in np.argwhere(bad))
    if (~bad).sum() <= NAMED and certain:
        return f"every entry of {name} except {_listed(_entry(name, i) for i in np.argwhere(~bad))}"
    return ""


def _slices(name: str, bad: NDArray[np.bool_], axis: int, *, certain: bool) -> str:
    """Describe `bad` as whole rows, columns, …; empty where it is no union of them."""
    if bad.ndim < 2 or bad.shape[axis] < 2:
        return ""
    others = tuple(i for i in range(bad.ndim) if i != axis)
    whole = np.asarray(bad.all(axis=others))
    if not np.array_equal(whole, bad.any(axis=others)):
        return ""
    wrong, right = np.flatnonzero(whole), np.flatnonzero(np.logical_not(whole))
    if len(right) <= NAMED and len(right) < len(wrong) and certain:
        return f"every entry of {name} except {_named_slices(name, bad.ndim, axis, right)}"
    if len(wrong) <= NAMED:
        of_array = f" of {name}" if bad.ndim == 2 else ""
        return f"only {_named_slices(name, bad.ndim, axis, wrong)}{of_array}"
    noun = _noun(bad.ndim, axis)
    return f"{len(wrong)} of {len(whole)} {noun}s of {name}, each of them whole"


def _named_slices(name: str, ndim: int, axis: int, indices: NDArray[Any]) -> str:
    if ndim == 2:
        plural = "s" if len(indices) > 1 else ""
        return f"{_noun(ndim, axis)}{plural} {_listed(map(str, indices))}"
    before, after = [":"] * axis, [":"] * (ndim - axis - 1)
    return _listed(f"{name}[{', '.join([*before, str(index), *after])}]" for index in indices)


def _noun(ndim: int, axis: int) -> str:
    return ("row", "column")[axis] if ndim == 2 else "slice"


def _entry(name: str, index: NDArray[Any]) -> str:
    return f"{name}[{', '.join(map(str, index))}]"


def _listed(items: Iterable[str]) -> str:
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last
