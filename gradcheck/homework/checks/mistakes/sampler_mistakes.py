"""Mistakes in the drawing of negatives: in what is kept of the words that the dataset hands out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.checks.mistakes import places
from gradcheck.homework.checks.mistakes.mistake import Change, Mistake, Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradcheck.homework.courses import Role

__all__ = ["SAMPLER_MISTAKES", "SamplerTerms"]

_SAMPLER: tuple[Role, ...] = ("sampler",)
_BOTH: tuple[Role, ...] = ("sampler", "negative-sampling")
_LONG = 400  # words of a script that is handed out over and over


@dataclass(frozen=True, eq=False)
class SamplerTerms(Terms):
    """K samples of what the dataset hands out, one time after the other.

    Attributes
    ----------
    scripts : tuple of tuple of int
        The words that it hands out each time, over and over.
    target, count, words : int
        The word that must not come, K, and the size of the vocabulary.
    choose : callable
        Takes an iterator over the words and these terms, and returns the samples.
    """

    scripts: tuple[tuple[int, ...], ...] = ()
    target: int = 0
    count: int = 0
    words: int = 0
    choose: Callable[[Iterator[int], SamplerTerms], list[int]] | None = None

    def summed(self, _name: str) -> Any:
        """Return the samples of each time, in order of their size: a set has them in any."""
        choose = self.choose or _without_target
        samples = [choose(islice(cycle(script), _LONG), self) for script in self.scripts]
        return np.concatenate([np.sort(np.array(each, dtype=np.int64)) for each in samples])


def _without_target(drawn: Iterator[int], terms: SamplerTerms) -> list[int]:
    return list(islice((word for word in drawn if word != terms.target), terms.count))


def _choosing(choose: Callable[[Iterator[int], SamplerTerms], list[int]]) -> Change:
    return lambda terms: replace(terms, choose=choose)


def _counting(count: Callable[[int], int]) -> Change:
    return lambda terms: replace(terms, count=count(terms.count))


def _always(count: int) -> Callable[[int], int]:
    return lambda _count: count


def _redraw_once(drawn: Iterator[int], terms: SamplerTerms) -> list[int]:
    samples = []
    for word in islice(drawn, _LONG // 2):
        samples.append(next(drawn) if word == terms.target else word)
        if len(samples) == terms.count:
            break
    return samples


def _replacing(other: Callable[[int, int], int]) -> Change:
    return _choosing(
        lambda drawn, terms: [
            other(word, terms.words) if word == terms.target else word
            for word in islice(drawn, terms.count)
        ]
    )


def _distinct(drawn: Iterator[int], terms: SamplerTerms) -> list[int]:
    distinct = dict.fromkeys(word for word in drawn if word != terms.target)
    return list(distinct)[: terms.count]


SAMPLER_MISTAKES = (
    Mistake(
        "target-among-negatives",
        "the target is kept as a negative where it is drawn",
        _BOTH,
        "while index == outsideWordIdx: index = dataset.sampleTokenIdx().",
        (_choosing(lambda drawn, terms: list(islice(drawn, terms.count))),),
        choice="target",
        predicted_in=_SAMPLER,
    ),
    Mistake(
        "target-dropped",
        "a draw of the target is dropped, not replaced by another draw",
        _SAMPLER,
        "if index != outsideWordIdx inside a loop of K turns: draw until there are K words.",
        (
            _choosing(
                lambda drawn, terms: [
                    word for word in islice(drawn, terms.count) if word != terms.target
                ]
            ),
        ),
        choice="target",
    ),
    Mistake(
        "target-redrawn-once",
        "where the target is drawn, one more word is drawn, and taken whatever it is",
        _SAMPLER,
        "if index == outsideWordIdx: it has to be while, as the target may come again.",
        (_choosing(_redraw_once),),
        choice="target",
        place=places.if_for_while,
    ),
    Mistake(
        "target-replaced",
        "a draw of the target is replaced by a word that was not drawn",
        _SAMPLER,
        "index + 1 or another fixed word: draw again, as words are drawn by their frequency.",
        (
            _replacing(lambda word, words: (word + 1) % words),
            _replacing(lambda word, _words: word + 1),
            _replacing(lambda word, words: (word - 1) % words),
            _replacing(lambda word, _words: word - 1),
        ),
        choice="target",
    ),
    Mistake(
        "repeats-redrawn",
        "a word that was drawn before is drawn again: all samples are distinct",
        _SAMPLER,
        "index not in indices: a word may be drawn several times. In a small vocabulary, the loop "
        "would never end.",
        (_choosing(_distinct),),
        choice="repeats",
        place=places.not_in,
    ),
    Mistake(
        "repeats-dropped",
        "a word that is drawn twice is once among the samples",
        _SAMPLER,
        "set(…) or np.unique: a word that is drawn m times is m times among the samples.",
        (_choosing(lambda drawn, terms: list(dict.fromkeys(_without_target(drawn, terms)))),),
        choice="repeats",
        place=places.call("set", "unique", "fromkeys"),
    ),
    Mistake(
        "one-sample-less",
        "there is one sample less than K",
        _SAMPLER,
        "range(K - 1) or range(1, K): range(K) has K numbers.",
        (_counting(lambda count: count - 1),),
        choice="count",
        place=places.short_range,
    ),
    Mistake(
        "one-sample-more",
        "there is one sample more than K",
        _SAMPLER,
        "range(K + 1), or <= for <: the target is not one of the K.",
        (_counting(lambda count: count + 1),),
        choice="count",
        place=places.long_range,
    ),
    Mistake(
        "count-ignored",
        "there are as many samples whatever K is",
        _SAMPLER,
        "A number in the code, 10 or 5, where K belongs.",
        tuple(_counting(_always(count)) for count in (1, 5, 10, 20)),
        choice="count",
    ),
    Mistake(
        "one-sample-repeated",
        "one word is drawn and taken K times",
        _SAMPLER,
        "[dataset.sampleTokenIdx()] * K: it has to be called K times.",
        (_choosing(lambda drawn, terms: _without_target(drawn, terms)[:1] * terms.count),),
        choice="draws",
    ),
    Mistake(
        "every-second-draw",
        "only every second word that is drawn is taken",
        _SAMPLER,
        "Two calls of sampleTokenIdx() for one sample: one in the condition, one in the body.",
        (_choosing(lambda drawn, terms: _without_target(iter([*drawn][1::2]), terms)),),
        choice="draws",
    ),
    Mistake(
        "drawn-from-elsewhere",
        "the words do not come from the dataset, so they are not drawn by their frequency",
        _BOTH,
        "np.random or random: dataset.sampleTokenIdx() draws by frequency to the power of 3/4.",
        place=places.random_call,
    ),
    Mistake(
        "samples-repeated",
        "a word is more often among the samples than the dataset handed it out",
        _SAMPLER,
        "A list that is multiplied, or a word that is appended twice.",
    ),
)
"""In the order in which they are tried."""
