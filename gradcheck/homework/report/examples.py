"""A small example of each mistake: one case, its right answer, and that of the mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.checks.cases import SgdCase
from gradcheck.homework.checks.mistakes.descent_mistakes import DescentTerms, SigmoidTerms, Step
from gradcheck.homework.checks.mistakes.general_mistakes import Decay, Factor
from gradcheck.homework.checks.mistakes.mistake import WINDOWS
from gradcheck.homework.checks.mistakes.pair_terms import sampling_terms, softmax_terms
from gradcheck.homework.checks.mistakes.sampler_mistakes import SamplerTerms
from gradcheck.homework.checks.mistakes.window_terms import window_terms
from gradcheck.word2vec.cases import Case, WindowCase

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.checks.mistakes.mistake import Change, Mistake
    from gradcheck.homework.courses import Role

__all__ = ["Example", "example"]


@dataclass(frozen=True)
class Example:
    """One case of a mistake.

    Attributes
    ----------
    role, part
        The function, and the part of its result that is wrong.
    case
        The case in words.
    entries, wrong, right
        The entries that are wrong, and their values.
    """

    role: Role
    part: str
    case: str
    entries: tuple[str, ...]
    wrong: tuple[str, ...]
    right: tuple[str, ...]


_OUTSIDE = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.5]])
_CENTER = np.array([1.0, 2.0])
_PAIR = "v_c = (1, 2), U = [(1, 0), (0, 1), (-1, 0.5)], o = "
_CENTERS = np.array([[1.0, 0.0], [0.5, 1.0], [0.0, -1.0]])
_WINDOW = "V = [(1, 0), (0.5, 1), (0, -1)], U = [(1, 0), (0, 1), (-1, 0.5)], center word "
_DESCENT = SgdCase(
    x0=np.array([1.0, 2.0]),
    gradient=np.array([1.0, -2.0]),
    shift=np.array([1.0, 1.0]),
    step=0.5,
    iterations=3,
)
_MOST = 4


def _halved(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 0.5 * x + _DESCENT.shift


def _starts() -> Iterator[tuple[Role, str, Any, tuple[str, ...]]]:
    """Yield function, case in words, terms of the right answer, and the parts of it."""
    parts = ("center", "outside", "loss")
    yield "sigmoid", "x = (0.5, -2)", SigmoidTerms(x=np.array([0.5, -2.0])), ("value",)
    yield "naive-softmax", f"{_PAIR}1", softmax_terms(Case(_CENTER, _OUTSIDE, 1)), parts
    far = softmax_terms(Case(10 * _CENTER, _OUTSIDE, 2))
    yield "naive-softmax", f"{_PAIR}2, v_c times 10", far, ("loss",)
    repeated = Case(_CENTER, _OUTSIDE, 0, (2, 1, 2))
    batches = ((2, 1, 2), (1, 1, 1))
    words = f"{_PAIR}0, negatives 2, 1, 2"
    yield "negative-sampling", words, sampling_terms(repeated, batches), parts
    twice = sampling_terms(Case(_CENTER, _OUTSIDE, 0, (1, 1, 1)), batches)
    yield "negative-sampling", f"{_PAIR}0, negatives 2, 1, 2, then 1, 1, 1", twice, parts
    script = (2, 0, 0, 1, 1, 3)
    sampler = SamplerTerms((), (script,), 0, 3, 5)
    yield (
        "sampler",
        "the dataset hands out 2, 0, 0, 1, 1, 3, …; o = 0, K = 3",
        sampler,
        ("samples",),
    )
    sampler = SamplerTerms((), ((2, 2, 1, 3),), 0, 3, 5)
    yield "sampler", "the dataset hands out 2, 2, 1, 3, …; o = 0, K = 3", sampler, ("samples",)
    window = WindowCase(_CENTERS, _OUTSIDE, 1, (0, 2, 2), 2)
    for role in WINDOWS:
        yield role, f"{_WINDOW}1, window 0, 2, 2", window_terms(role, window), parts
    descent = "x0 = (1, 2), gradient (1, -2) everywhere, step 0.5"
    yield "sgd", f"{descent}, 3 iterations", DescentTerms(case=_DESCENT, iterations=3), ("x",)
    halving = DescentTerms(case=_DESCENT, iterations=3, postprocess=_halved)
    words = f"{descent}, 3 iterations, postprocessing x/2 + (1, 1)"
    yield "sgd", words, halving, ("x",)


def example(row: Mistake) -> Example | None:
    """Return an example of a mistake, None where it shows in no value."""
    estimated: dict[str, Change] = {
        "constant-factor": Factor(2.0),
        "weight-decay": Decay(0.1),
        "step-scaled": Step(0.5),
    }
    for role, words, terms, parts in _starts():
        changes = row.steps_in(role)
        if row.identifier in estimated and role in row.functions:
            changes = (estimated[row.identifier],)
        for change in changes:
            with np.errstate(all="ignore"):
                changed = change(terms)
                found = changed is not None and _shown(role, words, terms, changed, parts)
            if found:
                return found
    return None


def _shown(
    role: Role, words: str, right: Any, wrong: Any, parts: tuple[str, ...]
) -> Example | None:
    """Return the first part that differs, its wrong entries."""
    for part in parts:
        one, other = np.asarray(wrong.part(part)), np.asarray(right.part(part))
        if one.shape != other.shape:
            return Example(role, part, words, ("all",), (_listed(one),), (_listed(other),))
        apart = ~np.isclose(one, other, rtol=1e-9, atol=1e-12)
        if apart.any():
            at = [tuple(int(i) for i in index) for index in np.argwhere(apart)][:_MOST]
            return Example(
                role,
                part,
                words,
                tuple(str(list(index)) if index else "value" for index in at),
                tuple(f"{float(one[index]):.6g}" for index in at),
                tuple(f"{float(other[index]):.6g}" for index in at),
            )
    return None


def _listed(values: NDArray[Any]) -> str:
    return ", ".join(f"{value:g}" for value in values.ravel())
