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
from gradcheck.word2vec.simplification import simplify

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy
    from numpy.typing import NDArray

    from gradcheck.word2vec.cases import Case, WindowCase

__all__ = [
    "PROFILES",
    "Profile",
    "SamplerCase",
    "SgdCase",
    "SigmoidCase",
    "StreamName",
    "draw_cases",
    "find_smallest",
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
    """How much is drawn, and whether what fails is shrunk.

    Attributes
    ----------
    cases : int
        How many cases a check sees.
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


@dataclass(frozen=True, eq=False)
class SigmoidCase:
    """An argument of the sigmoid: a 0-d, 1-d or 2-d array (0-d is passed as a float)."""

    x: NDArray[np.float64]

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
    import hypothesis
    from hypothesis import Phase

    drawn: list[Any] = []

    @hypothesis.seed(_seed_of(stream, seed))
    @hypothesis.settings(_settings(count, [Phase.generate]))
    @hypothesis.given(_strategy(stream))
    def collect(case: Any) -> None:
        drawn.append(case)

    collect()
    return tuple(drawn[:count])


def find_smallest(
    stream: StreamName, failing: Any, fails: Callable[[Any], bool], *, count: int, seed: int
) -> Any:
    """Return the smallest case found on which `fails` holds, its numbers made simple.

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

    search = _Search(fails, smallest=failing)

    @hypothesis.seed(_seed_of(stream, seed))
    @hypothesis.settings(_settings(count, [Phase.generate, Phase.shrink]))
    @hypothesis.given(_strategy(stream))
    def look(case: Any) -> None:
        if search.meets(case):
            raise _Failing

    # What was found is in `search`, also where the budget made it look flaky.
    with suppress(_Failing, hypothesis.errors.HypothesisException):
        look()
    return simplify(search.smallest, fails, budget=_SIMPLIFY_CALLS)


class _Failing(Exception):  # noqa: N818 - only ever caught above
    """A case fails, which is what Hypothesis is to shrink."""


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
        if _size(case) <= _size(self.smallest):
            self.smallest = case
        return True


def _size(case: Any) -> tuple[int, ...]:
    """Order cases by how much there is to read."""
    values = [getattr(case, field.name) for field in fields(case)]
    arrays = sum(value.size for value in values if isinstance(value, np.ndarray))
    indices = sum(len(value) for value in values if isinstance(value, tuple))
    numbers = sum(value for value in values if isinstance(value, int))
    return arrays, indices, numbers


def _settings(count: int, phases: list[Any]) -> Any:
    from hypothesis import HealthCheck, Verbosity, settings

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


def _seed_of(stream: StreamName, seed: int) -> int:
    """Give each stream a seed of its own, so that `--only` draws what a whole run draws."""
    return zlib.crc32(f"{seed}:{stream}".encode())


def _strategy(stream: StreamName) -> SearchStrategy[Any]:
    return _STRATEGIES[stream]()


def _sigmoid_cases(*, scale: float, least: float = 0.0) -> SearchStrategy[SigmoidCase]:
    from hypothesis import strategies as st

    shapes = st.one_of(
        st.just(()), st.tuples(st.integers(1, 6)), st.tuples(st.integers(1, 5), st.integers(1, 5))
    )

    @st.composite
    def drawn(draw: Any) -> SigmoidCase:
        generator = draw(strategies.generators())
        shape = draw(shapes)
        size = generator.uniform(least, scale, shape)
        return SigmoidCase(np.asarray(size * generator.choice([-1.0, 1.0], shape)))

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
    # One word at least stays out of the window: its row must not move.
    context = tuple(dict.fromkeys(case.context))
    return replace(case, context=context[: max(1, len(case.center_vectors) - 1)])


def _with_a_repeated_word(case: WindowCase) -> WindowCase:
    context = tuple(dict.fromkeys(case.context))
    return replace(case, context=(*context[: 2 * case.window_size - 1], context[0]))


def _windows(
    kind: cases.Kind, change: Callable[[WindowCase], WindowCase]
) -> Callable[[], SearchStrategy[WindowCase]]:
    return lambda: cases.window_cases(kind=kind).map(change)


def _negatives(*, repeats: bool) -> Callable[[], SearchStrategy[Case]]:
    return lambda: cases.negative_sampling_cases(repeats=repeats)


_STRATEGIES: dict[StreamName, Callable[[], SearchStrategy[Any]]] = {
    "sigmoid": lambda: _sigmoid_cases(scale=15.0),
    "large-sigmoid": lambda: _sigmoid_cases(scale=2000.0, least=30.0),
    "softmax": cases.softmax_cases,
    "large-softmax": cases.large_score_softmax_cases,
    "distinct-negatives": _negatives(repeats=False),
    "repeated-negatives": _negatives(repeats=True),
    "large-negatives": lambda: cases.large_score_negative_sampling_cases().map(
        _with_distinct_negatives
    ),
    "sampler": _sampler_cases,
    "distinct-window": _windows("skip-gram", _with_distinct_words),
    "repeated-window": _windows("skip-gram", _with_a_repeated_word),
    "distinct-bag": _windows("cbow", _with_distinct_words),
    "repeated-bag": _windows("cbow", _with_a_repeated_word),
    "sgd": _sgd_cases,
}
