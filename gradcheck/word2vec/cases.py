"""Cases: what one evaluation of a word2vec loss is given, and the strategies that draw them.

A `Case` is one (center, outside) pair, a `WindowCase` one window of a text. Both hold float64
copies that nobody can write to, and print as the Python that makes them again.

Each strategy draws the structure (sizes, indices, negatives, scales) and seeds the values; see
`gradcheck.strategies`. The structure is chosen by `choose_pair` and `choose_window`, which take
their choices from Hypothesis or from a seed.

It is long since both kinds of case stand beside the strategies that draw them.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from gradcheck import strategies

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy
    from numpy.typing import NDArray

    from gradcheck.strategies import Choices

__all__ = [
    "Case",
    "Negatives",
    "WindowCase",
    "choose_pair",
    "choose_window",
    "large_score_negative_sampling_cases",
    "large_score_softmax_cases",
    "negative_sampling_cases",
    "softmax_cases",
    "window_cases",
]

Kind = Literal["skip-gram", "cbow"]

# exp overflows at 709.8. Past 1e6, float64 scores keep too few digits to be worth comparing.
_LARGE_SCORES = (1000.0, 40.0, 100.0, 710.0, 800.0, 1e4, 1e6)
# 10 is the course's default, which somebody may have hard-coded.
_SAMPLE_SIZES = (1, 2, 3, 4, 5, 10)
# 5 is the course's, and makes windows of 10 words.
_WINDOW_SIZES = (1, 2, 3, 5)


@dataclass(frozen=True, eq=False, repr=False)
class _Printable:
    """A case of either kind, as Python and as JSON."""

    def __repr__(self) -> str:
        """Python that makes this case again, to the last bit, where numpy is called np."""
        arguments = []
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                arguments.append(f"{field.name}=np.array({value.tolist()})")
            elif value != field.default:
                arguments.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(arguments)})"

    def to_dict(self) -> dict[str, Any]:
        """Return the case as lists and numbers, ready for JSON; floats stay exact."""
        return {field.name: _as_json(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True, eq=False, repr=False)
class Case(_Printable):
    """One (center, outside) pair: everything that either loss of it depends on.

    Attributes
    ----------
    center : ndarray of float64, shape (d,)
        The vector v_c of the center word.
    outside : ndarray of float64, shape (|V|, d)
        The outside vectors u_w, one per row.
    target : int
        The index o of the observed outside word.
    negatives : tuple of int
        The indices of the negative samples, repeats allowed; empty for naive softmax.

    Raises
    ------
    ValueError
        If a shape, an index or a value is impossible; the message names the argument.
    """

    center: NDArray[np.float64]
    outside: NDArray[np.float64]
    target: int
    negatives: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        center = _frozen_array("center", self.center, ("d",))
        outside = _frozen_array("outside", self.outside, ("|V|", "d"))
        words, dimension = outside.shape
        if center.shape[0] != dimension:
            raise ValueError(
                f"center: expected shape ({dimension},), as outside has {dimension} columns; "
                f"got {center.shape}"
            )
        # A frozen instance takes no assignment, and is to hold copies of its own.
        object.__setattr__(self, "center", center)
        object.__setattr__(self, "outside", outside)
        object.__setattr__(self, "target", _word("target", self.target, words))
        object.__setattr__(self, "negatives", _words("negatives", self.negatives, words))


@dataclass(frozen=True, eq=False, repr=False)
class WindowCase(_Printable):
    """One window of a text: a center word and the words around it.

    Attributes
    ----------
    center_vectors, outside_vectors : ndarray of float64, shape (|V|, d)
        The vectors v_w and u_w of every word, one per row.
    center : int
        The index of the word in the middle.
    context : tuple of int
        The indices of the words around it; they may repeat, and may equal the center.
    window_size : int
        How many words the window reaches to either side; the context is no longer than twice
        that, and shorter at the ends of a text.
    negatives : tuple of tuples of int
        Skip-gram: one tuple for each context word, in order. CBOW: a single tuple. Empty for
        naive softmax.

    Raises
    ------
    ValueError
        If a shape, an index or a value is impossible; the message names the argument.
    """

    center_vectors: NDArray[np.float64]
    outside_vectors: NDArray[np.float64]
    center: int
    context: tuple[int, ...]
    window_size: int
    negatives: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        center_vectors = _frozen_array("center_vectors", self.center_vectors, ("|V|", "d"))
        outside_vectors = _frozen_array("outside_vectors", self.outside_vectors, ("|V|", "d"))
        if center_vectors.shape != outside_vectors.shape:
            raise ValueError(
                f"outside_vectors: expected the shape of center_vectors, {center_vectors.shape}; "
                f"got {outside_vectors.shape}"
            )
        words = center_vectors.shape[0]
        context = _words("context", self.context, words)
        window_size = _whole_number("window_size", self.window_size)
        if not 1 <= len(context) <= 2 * window_size:
            raise ValueError(
                f"context: expected 1 to {2 * window_size} words (twice the window_size "
                f"{window_size}), got {len(context)}"
            )
        negatives = tuple(
            _words(f"negatives[{position}]", drawn, words)
            for position, drawn in enumerate(_iterable("negatives", self.negatives))
        )
        if len(negatives) not in {0, 1, len(context)}:
            raise ValueError(
                f"negatives: expected none, one tuple, or one for each of the {len(context)} "
                f"context words; got {len(negatives)}"
            )
        object.__setattr__(self, "center_vectors", center_vectors)
        object.__setattr__(self, "outside_vectors", outside_vectors)
        object.__setattr__(self, "center", _word("center", self.center, words))
        object.__setattr__(self, "context", context)
        object.__setattr__(self, "window_size", window_size)
        object.__setattr__(self, "negatives", negatives)


def softmax_cases(*, max_score: float = 15.0) -> SearchStrategy[Case]:
    """Draw cases of naive softmax.

    Parameters
    ----------
    max_score : float
        No score u_w·v_c exceeds this in magnitude: the center vector is scaled down where one
        would. At 15, implementations that never subtract a maximum still agree with the oracle.
    """
    return _pair_cases(max_score=max_score)


def negative_sampling_cases(
    *, max_score: float = 15.0, exclude_target: bool = True, repeats: bool | None = None
) -> SearchStrategy[Case]:
    """Draw cases of negative sampling.

    Parameters
    ----------
    max_score : float
        No score u_w·v_c exceeds this in magnitude; see `softmax_cases`.
    exclude_target : bool
        Whether the target is kept out of the negatives.
    repeats : bool, optional
        True: some negative is drawn more than once. False: all are distinct. None: either.
    """
    return _pair_cases(
        max_score=max_score, negatives=Negatives(exclude_target=exclude_target, repeats=repeats)
    )


def large_score_softmax_cases() -> SearchStrategy[Case]:
    """Draw cases of naive softmax whose largest score is between ±40 and ±1,000,000."""
    return _pair_cases(max_score=None)


def large_score_negative_sampling_cases() -> SearchStrategy[Case]:
    """Draw cases of negative sampling whose largest score is between ±40 and ±1,000,000."""
    return _pair_cases(max_score=None, negatives=Negatives(exclude_target=True, repeats=None))


def window_cases(
    *,
    kind: Kind = "skip-gram",
    negatives: bool = False,
    max_score: float = 15.0,
    repeats: bool | None = None,
) -> SearchStrategy[WindowCase]:
    """Draw windows of a text.

    Context words repeat often, and at times equal the center word.

    Parameters
    ----------
    kind : {"skip-gram", "cbow"}
        What predicts what: it decides for which words negatives are drawn.
    negatives : bool
        Whether negatives are drawn.
    max_score : float
        No score of the window exceeds this in magnitude; see `softmax_cases`.
    repeats : bool, optional
        As for `negative_sampling_cases`.

    Raises
    ------
    ValueError
        If `kind` is not one of those listed.
    """
    from hypothesis import strategies as st

    if kind not in {"skip-gram", "cbow"}:
        raise ValueError(f"kind: expected 'skip-gram' or 'cbow', got {kind!r}")
    sampler = Negatives(exclude_target=True, repeats=repeats) if negatives else None

    @st.composite
    def windows(draw: DrawFn) -> WindowCase:
        choices = strategies.HypothesisChoices(draw)
        return choose_window(choices, kind=kind, negatives=sampler, max_score=max_score)

    return windows()


def choose_window(
    choices: Choices,
    *,
    kind: Kind,
    negatives: Negatives | None = None,
    max_score: float = 15.0,
    least_dimension: int = 1,
    most_dimension: int = 20,
) -> WindowCase:
    """Choose a window of a text, as `window_cases` draws it.

    Parameters
    ----------
    choices : Choices
        Where the choices come from.
    kind : {"skip-gram", "cbow"}
        What predicts what.
    negatives : Negatives, optional
        How negatives are drawn, where some are.
    max_score : float
        As for `window_cases`.
    least_dimension, most_dimension : int
        The bounds of d.
    """
    words, dimension = strategies.choose_shape(
        choices,
        min_rows=2,
        max_rows=40,
        min_columns=least_dimension,
        max_columns=most_dimension,
    )
    window_size = choices.element(_WINDOW_SIZES)
    if window_size == max(_WINDOW_SIZES):
        words += 2 * window_size  # room for a window of distinct words
    center = choices.integer(0, words - 1)
    # Windows are full, but at the ends of a text.
    is_at_an_end = choices.element((True, False))
    size = choices.integer(1, 2 * window_size) if is_at_an_end else 2 * window_size
    context = [choices.integer(0, words - 1) for _ in range(size)]
    generator = strategies.choose_generator(choices)
    drawn = []
    if negatives:
        # The course draws the same number of negatives for each word of a window; a generator
        # chooses each, in a fraction of the time that Hypothesis takes.
        size = choices.element(_SAMPLE_SIZES)
        targets = context if kind == "skip-gram" else [center]
        seeded = strategies.SeededChoices(int(generator.integers(2**32)))
        drawn = [negatives.choose(seeded, words, target, size) for target in targets]
    center_vectors, outside_vectors = generator.standard_normal((2, words, dimension))
    center_vectors *= strategies.choose_scale(choices)
    outside_vectors *= strategies.choose_scale(choices)
    inputs = center_vectors[[center] if kind == "skip-gram" else context].sum(axis=0)
    # The scores are linear in V: scaled, it keeps the directions that were drawn.
    center_vectors *= _shrink_factor(outside_vectors @ inputs, max_score)
    return WindowCase(
        center_vectors, outside_vectors, center, tuple(context), window_size, tuple(drawn)
    )


@dataclass(frozen=True)
class Negatives:
    """How the negatives of one target are chosen.

    Attributes
    ----------
    exclude_target : bool
        Whether the target is kept out of them.
    repeats : bool or None
        Whether some negative is drawn more than once, always, never or at times.
    """

    exclude_target: bool = True
    repeats: bool | None = None

    def choose(
        self, choices: Choices, words: int, target: int, size: int | None = None
    ) -> tuple[int, ...]:
        """Choose the indices, so many or as many as turn out."""
        if size is None:
            size = choices.element(_SAMPLE_SIZES)

        def choose(bound: int) -> int:
            return choices.integer(0, bound - 1)

        candidates = [word for word in range(words) if not (self.exclude_target and word == target)]
        if self.repeats is False:
            size = min(size, len(candidates))
            return tuple(candidates.pop(choose(len(candidates))) for _ in range(size))
        # One draw fewer, as the last repeats one of them.
        if self.repeats:
            selected = [candidates[choose(len(candidates))] for _ in range(max(size - 1, 1))]
            return (*selected, selected[choose(len(selected))])
        return tuple(candidates[choose(len(candidates))] for _ in range(size))


def _pair_cases(
    *, max_score: float | None, negatives: Negatives | None = None
) -> SearchStrategy[Case]:
    """Draw pairs; where `max_score` is None, the largest score is drawn, and large."""
    from hypothesis import strategies as st

    # A vocabulary of one word is where an axis gets lost; no negative can be drawn from it,
    # and whatever its score, the loss is 0.
    may_be_one_word = negatives is None and max_score is not None

    @st.composite
    def pairs(draw: DrawFn) -> Case:
        choices = strategies.HypothesisChoices(draw)
        shape = None
        if may_be_one_word and choices.element((False,) * 7 + (True,)):
            shape = (1, choices.integer(1, 6))
        return choose_pair(choices, max_score=max_score, negatives=negatives, shape=shape)

    return pairs()


def choose_pair(
    choices: Choices,
    *,
    max_score: float | None = 15.0,
    negatives: Negatives | None = None,
    least_dimension: int = 1,
    shape: tuple[int, int] | None = None,
) -> Case:
    """Choose a pair, as `softmax_cases` and the like draw it.

    Parameters
    ----------
    choices : Choices
        Where the choices come from.
    max_score : float or None
        As for `softmax_cases`; where it is None, the largest score is chosen, and large.
    negatives : Negatives, optional
        How negatives are drawn, where some are.
    least_dimension : int
        The least d.
    shape : (int, int), optional
        |V| and d, chosen by default.
    """
    words, dimension = shape or strategies.choose_shape(
        choices, min_rows=2, min_columns=least_dimension
    )
    target = choices.integer(0, words - 1)
    drawn = negatives.choose(choices, words, target) if negatives else ()
    generator = strategies.choose_generator(choices)
    center = generator.standard_normal(dimension)
    outside = generator.standard_normal((words, dimension))
    if max_score is None:
        center *= choices.element(_LARGE_SCORES) / np.abs(outside @ center).max()
    else:
        center *= strategies.choose_scale(choices)
        outside *= strategies.choose_scale(choices)
        center *= _shrink_factor(outside @ center, max_score)
    return Case(center, outside, target, drawn)


def _shrink_factor(scores: NDArray[np.float64], max_score: float) -> float:
    largest = float(np.abs(scores).max())
    return max_score / largest if largest > max_score else 1.0


def _frozen_array(name: str, value: Any, axes: tuple[str, ...]) -> NDArray[np.float64]:
    shape = f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"
    given = np.asarray(value)
    # Whole numbers will do, and become floats; True and False are none.
    if given.dtype.kind not in "fiu":
        raise ValueError(f"{name}: expected an array of real numbers, got dtype {given.dtype}")
    if given.ndim != len(axes) or given.size == 0:
        raise ValueError(f"{name}: expected a non-empty array of shape {shape}, got {given.shape}")
    array = np.array(given, dtype=np.float64, order="C")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: expected finite numbers, got a NaN or an infinity")
    array.setflags(write=False)
    return array


def _whole_number(name: str, value: Any) -> int:
    try:
        # An index of NumPy's is one, 1.0 is none.
        return operator.index(value)
    except TypeError:
        raise ValueError(f"{name}: expected a whole number, got {value!r}") from None


def _word(name: str, value: Any, words: int) -> int:
    word = _whole_number(name, value)
    if not 0 <= word < words:
        raise ValueError(
            f"{name}: expected the index of one of {words} words, 0 to {words - 1}; got {word}"
        )
    return word


def _iterable(name: str, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, Iterable):
        raise ValueError(f"{name}: expected a tuple, got {value!r}")  # noqa: TRY004 - one kind of error for every wrong argument
    return tuple(value)


def _words(name: str, value: Any, words: int) -> tuple[int, ...]:
    return tuple(
        _word(f"{name}[{position}]", word, words)
        for position, word in enumerate(_iterable(name, value))
    )


def _as_json(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple):
        return [_as_json(item) for item in value]
    return value
