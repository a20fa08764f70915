"""Streams of cases: drawn once, seen by all checks of a kind, shrunk where one fails; a long table.

Letting each check draw its own hundred cases would take most of a verification's time. So a
stream draws its cases once, and the file's answers on them are shared. A seed makes the choices
then; only for a check that fails does Hypothesis make them, and search for the smallest case that
fails it. It takes 20 times as long for each case, most of which no report ever shows.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gradcheck.homework.checks.layer_case import choose_layers
from gradcheck.homework.checks.relu_network import NetworkCase, NetworkTerms, choose_network
from gradcheck.strategies import (
    Choices,
    HypothesisChoices,
    SeededChoices,
    choose_generator,
)
from gradcheck.word2vec.cases import Case, Negatives, WindowCase, choose_pair, choose_window
from gradcheck.word2vec.simpler_numbers import simplify

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "PROFILES",
    "GradientCheckCase",
    "Profile",
    "SamplerCase",
    "SgdCase",
    "SigmoidCase",
    "StreamName",
    "draw_cases",
    "find_smallest",
    "is_oblong",
]

StreamName = Literal[
    "sigmoid",
    "large-sigmoid",
    "softmax",
    "large-softmax",
    "tiny-softmax",
    "distinct-negatives",
    "repeated-negatives",
    "large-negatives",
    "tiny-negatives",
    "sampler",
    "distinct-window",
    "repeated-window",
    "tiny-window",
    "distinct-bag",
    "repeated-bag",
    "tiny-bag",
    "sgd",
    "gradient-check",
    "network",
    "large-network",
    "layers",
]


@dataclass(frozen=True)
class Profile:
    """The number of cases that are drawn, and whether failing ones are shrunk.

    Attributes
    ----------
    cases : int
        The number of cases that a check sees.
    shrinks : bool
        Whether the smallest failing case is searched.
    seed : int, optional
        The seed, where every run has to draw the same cases.
    """

    cases: int
    shrinks: bool
    seed: int | None = None


PROFILES = {
    "student": Profile(cases=100, shrinks=True),
    "grade": Profile(cases=100, shrinks=False, seed=0),
    "deep": Profile(cases=2000, shrinks=True),
}

# Enough to shrink each of the mistakes known to us; keeps a slow file from taking minutes.
_SHRINK_CALLS = 400
_SIMPLIFY_CALLS = 120
_LEAST_Z1 = 1e-3
# A plain formula is right up to here.
_MOST_SCORE = 15.0 + 1e-9


@dataclass(frozen=True, eq=False)
class SigmoidCase:
    """An argument of the sigmoid: a 0-d, 1-d or 2-d array, of floats or of whole numbers.

    A 0-d one is passed as a number.
    """

    x: NDArray[Any]

    def to_dict(self) -> dict[str, Any]:
        """Return the case for JSON."""
        return {"x": self.x.tolist()}


@dataclass(frozen=True, eq=False)
class SamplerCase:
    """A target, and the words that are to come out of the sampler.

    Attributes
    ----------
    words : int
        The size of the vocabulary.
    target : int
        The word that must not come.
    negatives : tuple of int
        K distinct other words.
    """

    words: int
    target: int
    negatives: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the case for JSON."""
        return {"target": self.target, "negatives": list(self.negatives)}


@dataclass(frozen=True, eq=False)
class SgdCase:
    """A start, a step, a number of iterations, a constant gradient and a postprocessing shift."""

    x0: NDArray[np.float64]
    gradient: NDArray[np.float64]
    shift: NDArray[np.float64]
    step: float
    iterations: int

    def to_dict(self) -> dict[str, Any]:
        """Return the case for JSON."""
        return {
            field.name: value.tolist() if isinstance(value, np.ndarray) else value
            for field in fields(self)
            for value in [getattr(self, field.name)]
        }


@dataclass(frozen=True, eq=False)
class GradientCheckCase:
    """A point, the curvature of a quadratic there, and an error for one entry of its gradient."""

    x: NDArray[np.float64]
    curvature: NDArray[np.float64]
    entry: int
    error: float

    def to_dict(self) -> dict[str, Any]:
        """Return the case for JSON."""
        return {
            "x": self.x.tolist(),
            "curvature": self.curvature.tolist(),
            "entry": self.entry,
            "error": self.error,
        }


@lru_cache(maxsize=64)
def draw_cases(stream: StreamName, count: int, seed: int) -> tuple[Any, ...]:
    """Draw `count` cases of a stream; several files that share a seed share them."""
    source, change = _STREAMS[stream]
    if stream.startswith("tiny-"):
        count = -(-count // _FEWER)
    return tuple(change(case) for case in _draw(source, count, seed))


def is_oblong(case: Any) -> bool:
    """Say whether there are more words than entries, or fewer: or nobody sees a transposition."""
    if not isinstance(case, Case | WindowCase):
        return True
    outside = case.outside if isinstance(case, Case) else case.outside_vectors
    words, entries = outside.shape
    return bool(words != entries)


def _is_within(stream: StreamName, case: Any) -> bool:
    """Say whether the stream could draw a case: simpler numbers may be larger ones."""
    if isinstance(case, Case):
        outside, inputs = case.outside, case.center
    elif isinstance(case, WindowCase):
        rows = list(case.context) if "bag" in stream else [case.center]
        outside, inputs = case.outside_vectors, case.center_vectors[rows].sum(axis=0)
    elif isinstance(case, NetworkCase):
        # Where z1 is 0, ReLU has a kink, and the cost no gradient.
        return bool(np.abs(NetworkTerms(case).z1).min() > _LEAST_Z1)
    else:
        return True
    is_large = stream.startswith("large-")
    return is_large or bool(np.abs(outside @ inputs).max() <= _MOST_SCORE)


def find_smallest(
    stream: StreamName, failing: Any, fails: Callable[[Any], bool], *, seed: int
) -> Any:
    """Return the smallest failing case that is found, its numbers made simple.

    Parameters
    ----------
    stream : StreamName
        Where to search.
    failing : Case, WindowCase, …
        A case that fails, to start from.
    fails : callable
        Says whether a case fails.
    seed : int
        Makes the same search again.
    """
    import hypothesis
    from hypothesis import HealthCheck, Phase, Verbosity
    from hypothesis import strategies as st

    source, change = _STREAMS[stream]

    def fails_within(case: Any) -> bool:
        return _is_within(stream, case) and fails(case)

    search = _Search(fails_within, smallest=failing)

    @st.composite
    def chosen(draw: Any) -> Any:
        return change(_SOURCES[source](HypothesisChoices(draw)))

    @hypothesis.seed(_seed_of(source, seed))
    @hypothesis.settings(
        max_examples=_SHRINK_CALLS,
        phases=[Phase.generate, Phase.shrink],
        # Hypothesis only draws and shrinks here: reports and time limits are our own.
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(chosen())
    def look(case: Any) -> None:
        if search.meets(case):
            raise _Failing

    # What was found is in `search`, also where the budget made it look flaky.
    with suppress(_Failing, hypothesis.errors.HypothesisException):
        look()
    return simplify(search.smallest, fails_within, budget=_SIMPLIFY_CALLS)


@lru_cache(maxsize=32)
def _draw(source: str, count: int, seed: int) -> tuple[Any, ...]:
    choices = SeededChoices(_seed_of(source, seed))
    return tuple(_SOURCES[source](choices) for _ in range(count))


class _Failing(Exception):  # noqa: N818 - only ever caught above
    """A case fails, and Hypothesis is to shrink it."""


class _Search:
    """Remembers the smallest failing case, and stops looking when its calls are used up."""

    def __init__(self, fails: Callable[[Any], bool], smallest: Any) -> None:
        self.smallest = smallest
        self._fails = fails
        self._calls = 0

    def meets(self, case: Any) -> bool:
        self._calls += 1
        if self._calls > _SHRINK_CALLS or not self._fails(case):
            return False
        # Of two cases of one size, the one that Hypothesis tries later is simpler.
        if _size(case) <= _size(self.smallest):
            self.smallest = case
        return True


def _size(case: Any) -> tuple[int, ...]:
    """Order cases by the amount of numbers to read."""
    values = [getattr(case, field.name) for field in fields(case)]
    arrays = sum(value.size for value in values if isinstance(value, np.ndarray))
    indices = sum(len(value) for value in values if isinstance(value, tuple))
    numbers = sum(value for value in values if isinstance(value, int))
    return arrays, indices, numbers


def _seed_of(source: str, seed: int) -> int:
    """Give each source a seed of its own, so that `--only` draws the cases of a whole run."""
    return zlib.crc32(f"{seed}:{source}".encode())


def _sigmoid_case(choices: Choices) -> SigmoidCase:
    axes = choices.element((0, 1, 2))
    shape = tuple(choices.integer(1, 6 if axes == 1 else 5) for _ in range(axes))
    values = np.asarray(choose_generator(choices).uniform(-15.0, 15.0, shape))
    # The courses' own examples are of whole numbers.
    is_whole = choices.element((False, False, False, True))
    return SigmoidCase(np.round(values).astype(np.int64) if is_whole else values)


def _sampler_case(choices: Choices) -> SamplerCase:
    size = choices.element((2, 3, 4, 5, 10))
    words = choices.integer(size + 2, size + 12)
    order = choose_generator(choices).permutation(words)
    target, *others = (int(word) for word in order)
    return SamplerCase(words, target, tuple(others[:size]))


def _sgd_case(choices: Choices) -> SgdCase:
    is_matrix = choices.element((False, True))
    shape = (2, 3) if is_matrix else (choices.integer(1, 5),)
    x0, gradient, shift = choose_generator(choices).standard_normal((3, *shape))
    step = choices.element((1.0, 0.5, 0.01, 0.3))
    return SgdCase(x0, gradient, shift, step, choices.integer(2, 25))


def _quadratic(choices: Choices) -> GradientCheckCase:
    """Choose a point of up to two axes, and an error that no gradient check may overlook."""
    axes = choices.element((1, 0, 2))
    shape = tuple(choices.integer(1, 4) for _ in range(axes))
    x, curvature = choose_generator(choices).standard_normal((2, *shape))
    entry = choices.integer(0, max(0, x.size - 1))
    return GradientCheckCase(
        np.asarray(x), np.asarray(curvature), entry, choices.element((1.0, -1.0, 0.05, -3.0))
    )


def _tiny_pair(choices: Choices, negatives: Negatives | None = None) -> Case:
    """Vectors of one entry, or a vocabulary of one word: where an axis gets lost."""
    is_one_word = negatives is None and choices.element((False, True))
    shape = (1, choices.integer(1, 6)) if is_one_word else (choices.integer(2, 8), 1)
    return choose_pair(choices, negatives=negatives, shape=shape)


def _with_distinct_negatives(case: Case) -> Case:
    return replace(case, negatives=tuple(dict.fromkeys(case.negatives)))


def _with_distinct_words(case: WindowCase) -> WindowCase:
    words = len(case.center_vectors)
    distinct = tuple(dict.fromkeys((*case.context, *range(words))))
    # One word at least stays out of the window: its row must not move.
    return replace(case, context=distinct[: max(1, min(len(case.context), words - 1))])


def _with_a_repeated_word(case: WindowCase) -> WindowCase:
    """Let the first word stand for all that repeat, at least once more."""
    distinct = tuple(dict.fromkeys(case.context))
    extra = max(1, len(case.context) - len(distinct))
    kept = distinct[: 2 * case.window_size - extra]
    return replace(case, context=(*kept, *(distinct[0],) * extra))


def _unchanged(case: Any) -> Any:
    return case


def _enlarged(case: SigmoidCase) -> SigmoidCase:
    # Up to 2,250, while exp overflows from 710 on.
    return SigmoidCase(case.x * 150.0)


_DISTINCT, _REPEATED, _ANY = (Negatives(repeats=repeats) for repeats in (False, True, None))

# Streams that differ in one respect share the cases that are drawn: each is a source, and the
# change that is made to its cases. Vectors of one entry are in no homework, and in the tiny
# streams alone.
_SOURCES: dict[str, Callable[[Choices], Any]] = {
    "sigmoid": _sigmoid_case,
    "softmax": partial(choose_pair, least_dimension=2),
    "large-softmax": partial(choose_pair, max_score=None, least_dimension=2),
    "tiny-softmax": _tiny_pair,
    "distinct-negatives": partial(choose_pair, negatives=_DISTINCT, least_dimension=2),
    "repeated-negatives": partial(choose_pair, negatives=_REPEATED, least_dimension=2),
    "large-negatives": partial(choose_pair, max_score=None, negatives=_ANY, least_dimension=2),
    "tiny-negatives": partial(_tiny_pair, negatives=_DISTINCT),
    "sampler": _sampler_case,
    "window": partial(choose_window, kind="skip-gram", least_dimension=2),
    "bag": partial(choose_window, kind="cbow", least_dimension=2),
    "tiny-window": partial(choose_window, kind="skip-gram", most_dimension=1),
    "tiny-bag": partial(choose_window, kind="cbow", most_dimension=1),
    "sgd": _sgd_case,
    "gradient-check": _quadratic,
    "network": choose_network,
    "layers": choose_layers,
    "large-network": partial(choose_network, scale=300.0),
}
_STREAMS: dict[StreamName, tuple[str, Callable[[Any], Any]]] = {
    "sigmoid": ("sigmoid", _unchanged),
    "large-sigmoid": ("sigmoid", _enlarged),
    "softmax": ("softmax", _unchanged),
    "large-softmax": ("large-softmax", _unchanged),
    "tiny-softmax": ("tiny-softmax", _unchanged),
    "distinct-negatives": ("distinct-negatives", _unchanged),
    "repeated-negatives": ("repeated-negatives", _unchanged),
    "large-negatives": ("large-negatives", _with_distinct_negatives),
    "tiny-negatives": ("tiny-negatives", _unchanged),
    "sampler": ("sampler", _unchanged),
    "distinct-window": ("window", _with_distinct_words),
    "repeated-window": ("window", _with_a_repeated_word),
    "tiny-window": ("tiny-window", _with_distinct_words),
    "distinct-bag": ("bag", _with_distinct_words),
    "repeated-bag": ("bag", _with_a_repeated_word),
    "tiny-bag": ("tiny-bag", _with_distinct_words),
    "sgd": ("sgd", _unchanged),
    "gradient-check": ("gradient-check", _unchanged),
    "network": ("network", _unchanged),
    "large-network": ("large-network", _unchanged),
    "layers": ("layers", _unchanged),
}
_FEWER = 5
"""The tiny streams have but a fifth of the cases: there is little to vary in them."""
