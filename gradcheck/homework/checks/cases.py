"""Streams of cases: drawn once, seen by all checks of the same kind, shrunk where one fails.

Letting each check draw its own hundred cases would take most of a verification's time. So a
stream draws its cases once, and the file's answers on them are shared; only for a check that
fails does Hypothesis search again, from the same seed, for the smallest case that fails it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gradcheck import strategies
from gradcheck.word2vec import cases
from gradcheck.word2vec.cases import Case, WindowCase
from gradcheck.word2vec.simpler_numbers import simplify

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy
    from numpy.typing import NDArray

__all__ = [
    "PROFILES",
    "Profile",
    "SamplerCase",
    "SgdCase",
    "SigmoidCase",
    "StreamName",
    "draw_cases",
    "find_smallest",
    "teaches",
]

StreamName = Literal[
    "sigmoid",
    "large-sigmoid",
    "softmax",
    "large-softmax",
    "distinct-negatives",
    "repeated-negatives",
    "large-negatives",
    "sampler",
    "distinct-window",
    "repeated-window",
    "distinct-bag",
    "repeated-bag",
    "sgd",
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
# Simpler numbers may be larger ones; a plain formula is right up to here.
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


@lru_cache(maxsize=64)
def draw_cases(stream: StreamName, count: int, seed: int) -> tuple[Any, ...]:
    """Draw `count` cases of a stream; several files that share a seed share them."""
    source, change = _STREAMS[stream]
    return tuple(change(case) for case in _draw(source, count, seed))


def teaches(stream: StreamName, case: Any, *, oblong: bool = False) -> bool:
    """Say whether a case can be followed on paper, and is one that the stream could draw.

    With one word, or vectors of one entry, a matrix looks like a vector and a vector like a number;
    with as many words as entries, nobody sees what is transposed.

    Parameters
    ----------
    stream : StreamName
        Where the case is drawn.
    case : Any
        The case.
    oblong : bool
        Whether there have to be more words than entries, or fewer.
    """
    if isinstance(case, Case):
        outside, inputs = case.outside, case.center
    elif isinstance(case, WindowCase):
        rows = [case.center] if "window" in stream else list(case.context)
        outside, inputs = case.outside_vectors, case.center_vectors[rows].sum(axis=0)
    else:
        return True
    words, entries = outside.shape
    large = stream.startswith("large-")
    return (
        words >= 2
        and entries >= 2
        and not (oblong and words == entries)
        and (large or float(np.abs(outside @ inputs).max()) <= _MOST_SCORE)
    )


def find_smallest(
    stream: StreamName, failing: Any, fails: Callable[[Any], bool], *, count: int, seed: int
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
    count, seed : int
        As the stream was drawn.
    """
    import hypothesis
    from hypothesis import Phase

    source, change = _STREAMS[stream]
    search = _Search(fails, smallest=failing)

    @hypothesis.seed(_seed_of(source, seed))
    @hypothesis.settings(_settings(count, [Phase.generate, Phase.shrink]))
    @hypothesis.given(_SOURCES[source]())
    def look(case: Any) -> None:
        if search.meets(change(case)):
            raise _Failing

    # What was found is in `search`, also where the budget made it look flaky.
    with suppress(_Failing, hypothesis.errors.HypothesisException):
        look()
    return simplify(search.smallest, fails, budget=_SIMPLIFY_CALLS)


@lru_cache(maxsize=32)
def _draw(source: str, count: int, seed: int) -> tuple[Any, ...]:
    import hypothesis
    from hypothesis import Phase

    drawn: list[Any] = []

    @hypothesis.seed(_seed_of(source, seed))
    @hypothesis.settings(_settings(count, [Phase.generate]))
    @hypothesis.given(_SOURCES[source]())
    def collect(case: Any) -> None:
        drawn.append(case)

    collect()
    return tuple(drawn[:count])


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


def _settings(count: int, phases: list[Any]) -> Any:
    from hypothesis import HealthCheck, Verbosity, settings

    # Hypothesis only draws and shrinks here: reports and time limits are our own.
    return settings(
        max_examples=count,
        phases=phases,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )


def _seed_of(source: str, seed: int) -> int:
    """Give each source a seed of its own, so that `--only` draws the cases of a whole run."""
    return zlib.crc32(f"{seed}:{source}".encode())


def _sigmoid_cases() -> SearchStrategy[SigmoidCase]:
    from hypothesis import strategies as st

    shapes = st.one_of(
        st.just(()), st.tuples(st.integers(1, 6)), st.tuples(st.integers(1, 5), st.integers(1, 5))
    )

    @st.composite
    def drawn(draw: Any) -> SigmoidCase:
        generator = draw(strategies.generators())
        values = np.asarray(generator.uniform(-15.0, 15.0, draw(shapes)))
        # The courses' own examples are of whole numbers.
        whole = draw(st.sampled_from([False, False, False, True]))
        return SigmoidCase(np.round(values).astype(np.int64) if whole else values)

    return drawn()


def _sampler_cases() -> SearchStrategy[SamplerCase]:
    from hypothesis import strategies as st

    @st.composite
    def drawn(draw: Any) -> SamplerCase:
        size = draw(st.sampled_from([2, 3, 4, 5, 10]))
        words = draw(st.integers(size + 2, size + 12))
        order = draw(strategies.generators()).permutation(words)
        target, *others = (int(word) for word in order)
        return SamplerCase(words, target, tuple(others[:size]))

    return drawn()


def _sgd_cases() -> SearchStrategy[SgdCase]:
    from hypothesis import strategies as st

    @st.composite
    def drawn(draw: Any) -> SgdCase:
        shape = draw(st.one_of(st.tuples(st.integers(1, 5)), st.just((2, 3))))
        generator = draw(strategies.generators())
        x0, gradient, shift = generator.standard_normal((3, *shape))
        step = draw(st.sampled_from([1.0, 0.5, 0.01, 0.3]))
        return SgdCase(x0, gradient, shift, step, draw(st.integers(2, 25)))

    return drawn()


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


# Drawing takes longer than calling the file, so streams that differ in one respect share what
# is drawn: each is a source, and what becomes of its cases.
_SOURCES: dict[str, Callable[[], SearchStrategy[Any]]] = {
    "sigmoid": _sigmoid_cases,
    "softmax": cases.softmax_cases,
    "large-softmax": cases.large_score_softmax_cases,
    "distinct-negatives": lambda: cases.negative_sampling_cases(repeats=False),
    "repeated-negatives": lambda: cases.negative_sampling_cases(repeats=True),
    "large-negatives": cases.large_score_negative_sampling_cases,
    "sampler": _sampler_cases,
    "window": lambda: cases.window_cases(kind="skip-gram"),
    "bag": lambda: cases.window_cases(kind="cbow"),
    "sgd": _sgd_cases,
}
_STREAMS: dict[StreamName, tuple[str, Callable[[Any], Any]]] = {
    "sigmoid": ("sigmoid", _unchanged),
    "large-sigmoid": ("sigmoid", _enlarged),
    "softmax": ("softmax", _unchanged),
    "large-softmax": ("large-softmax", _unchanged),
    "distinct-negatives": ("distinct-negatives", _unchanged),
    "repeated-negatives": ("repeated-negatives", _unchanged),
    "large-negatives": ("large-negatives", _with_distinct_negatives),
    "sampler": ("sampler", _unchanged),
    "distinct-window": ("window", _with_distinct_words),
    "repeated-window": ("window", _with_a_repeated_word),
    "distinct-bag": ("bag", _with_distinct_words),
    "repeated-bag": ("bag", _with_a_repeated_word),
    "sgd": ("sgd", _unchanged),
}
