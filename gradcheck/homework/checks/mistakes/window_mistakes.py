"""Mistakes in skip-gram and CBOW: in the words that count, in the rows, in the averages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradcheck.homework.checks.mistakes import places
from gradcheck.homework.checks.mistakes.mistake import WINDOWS, Change, Mistake
from gradcheck.homework.checks.mistakes.window_terms import Prediction

if TYPE_CHECKING:
    from gradcheck.homework.checks.mistakes.window_terms import WindowTerms
    from gradcheck.homework.courses import Role

__all__ = ["WINDOW_MISTAKES"]

_SKIPGRAM: tuple[Role, ...] = ("skip-gram",)
_CBOW: tuple[Role, ...] = ("cbow",)


def _context(choose: Any) -> Change:
    """Return the change that takes some words of the context for all of them."""

    def change(terms: WindowTerms) -> Any:
        kept = tuple(choose(terms.case.context))
        if terms.role == "skip-gram":
            vector = terms.case.center_vectors[terms.case.center]
            return terms.predicting(
                *(Prediction(vector, word, (terms.case.center,)) for word in kept)
            )
        if not kept:
            return None
        vector = terms.case.center_vectors[list(kept)].sum(axis=0)
        return terms.predicting(Prediction(vector, terms.case.center, kept))

    return change


def _distinct(context: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(context))


def _divided(count: Any) -> Change:
    return lambda terms: terms.finished(lambda own, _part, value: value / count(own))


def _words(terms: WindowTerms) -> int:
    return len(terms.case.context)


def _spread(terms: WindowTerms) -> Any:
    """Put the gradient of a vector into every row."""
    return terms.each(rows=tuple(range(len(terms.case.center_vectors))))


def _swapped(terms: WindowTerms) -> Any:
    inner, outer = terms.case.center_vectors, terms.case.outside_vectors
    if terms.role == "cbow":
        vector = outer[list(terms.case.context)].sum(axis=0)
        return terms.each(vector=vector, outside=inner)
    return terms.each(vector=outer[terms.case.center], outside=inner)


def _skipgram_of(terms: WindowTerms) -> Any:
    vector = terms.case.center_vectors[terms.case.center]
    context = terms.case.context
    return terms.predicting(*(Prediction(vector, word, (terms.case.center,)) for word in context))


def _one_by_one(terms: WindowTerms) -> Any:
    vectors, context = terms.case.center_vectors, terms.case.context
    return terms.predicting(
        *(Prediction(vectors[word], terms.case.center, (word,)) for word in context)
    )


def _full_window(terms: WindowTerms) -> int:
    return int(2 * terms.case.window_size)


def _mean(row_weight: Any, counted: Any = _words) -> Change:
    def change(terms: WindowTerms) -> Any:
        count = counted(terms)
        vector = terms.predictions[0].vector / count
        return terms.each(vector=vector, row_weight=row_weight(count))

    return change


def _once_a_row(terms: WindowTerms) -> Any:
    return terms.predicting(*(one._replace(rows=_distinct(one.rows)) for one in terms.predictions))


def _loss_of_counts(terms: WindowTerms) -> Any:
    return terms.finished(lambda own, part, value: float(_words(own)) if part == "loss" else value)


WINDOW_MISTAKES = (
    Mistake(
        "mean-for-sum",
        "it takes the mean of the context vectors; the course defines their sum",
        _CBOW,
        "np.mean(…, axis=0) or / len(contextWords): np.sum(…, axis=0).",
        (_mean(lambda count: 1.0 / count),),
        choice="average",
        place=places.mean_or_division,
    ),
    Mistake(
        "mean-without-its-factor",
        "it takes the mean of the context vectors; the course defines their sum, and the gradient "
        "lacks the factor 1/m",
        _CBOW,
        "np.mean(…, axis=0) in the forward pass: np.sum(…, axis=0).",
        (_mean(lambda _count: 1.0),),
        choice="average",
        place=places.mean_or_division,
    ),
    Mistake(
        "window-size-for-number-of-words",
        "it divides the sum of the context vectors by 2 C; the course defines the sum, and a "
        "window at the end of a text has fewer words",
        _CBOW,
        "/ (2 * windowSize): np.sum(…, axis=0).",
        (_mean(lambda count: 1.0 / count, _full_window), _mean(lambda _count: 1.0, _full_window)),
        choice="average",
        place=places.mean_or_division,
    ),
    Mistake(
        "gradient-shared-out",
        "the gradient is divided by the number of context words",
        _CBOW,
        "gradPred / len(contextWords): the vectors are summed, so each has the whole gradient.",
        (lambda terms: terms.each(row_weight=1.0 / _words(terms)),),
        choice="average",
        place=places.mean_or_division,
    ),
    Mistake(
        "cbow-word-by-word",
        "each context word predicts the center word by itself; the course lets their sum predict "
        "it, once",
        _CBOW,
        "A call of the loss function inside the loop over the context: add up the vectors first, "
        "then call it once.",
        (_one_by_one,),
        choice="model",
        place=places.loss_called_in_loop,
    ),
    Mistake(
        "skipgram-for-cbow",
        "the center word predicts the context words: that is skip-gram",
        _CBOW,
        "The roles of currentWord and contextWords: in CBOW the context predicts the center.",
        (_skipgram_of,),
        choice="model",
    ),
    Mistake(
        "cbow-for-skipgram",
        "each context word predicts the center word; in skip-gram the center word predicts them",
        _SKIPGRAM,
        "The first two arguments of the loss function: the center word's vector and the index of "
        "the context word.",
        (_one_by_one,),
        choice="model",
    ),
    Mistake(
        "center-predicts-itself",
        "the center word predicts itself; it is to predict each word of the context",
        _SKIPGRAM,
        "The index of the center word in the call: it has to be that of the context word.",
        (lambda terms: terms.each(target=terms.case.center),),
        choice="target",
    ),
    Mistake(
        "matrices-swapped",
        "center vectors and outside vectors are swapped in the call",
        WINDOWS,
        "The loss function takes a row of the center vectors, and all outside vectors.",
        (_swapped,),
        choice="matrices",
    ),
    Mistake(
        "last-word-only",
        "only the last context word counts",
        WINDOWS,
        "= in place of += inside the loop, or a line after the loop that belongs into it.",
        (_context(lambda context: context[-1:]),),
        choice="words",
        place=places.assignment_in_loop,
    ),
    Mistake(
        "first-word-only",
        "only the first context word counts",
        WINDOWS,
        "return or break inside the loop over the context, or an index [0].",
        (_context(lambda context: context[:1]),),
        choice="words",
        place=places.leaves_loop,
    ),
    Mistake(
        "last-word-skipped",
        "the last context word is left out",
        WINDOWS,
        "range(len(…) - 1) or […:-1]: every word of the context counts.",
        (_context(lambda context: context[:-1]),),
        choice="words",
        place=places.short_range,
    ),
    Mistake(
        "first-word-skipped",
        "the first context word is left out",
        WINDOWS,
        "range(1, …) or [1:]: every word of the context counts.",
        (_context(lambda context: context[1:]),),
        choice="words",
        place=places.short_range,
    ),
    Mistake(
        "repeated-words-once",
        "a word that is several times in the window counts once",
        WINDOWS,
        "set(…): a word that is m times in the window counts m times.",
        (_context(_distinct),),
        choice="words",
        place=places.call("set", "unique", "fromkeys"),
    ),
    Mistake(
        "repeated-rows-once",
        "a word that is several times in the window gets its gradient once",
        _CBOW,
        "= in place of +=, or gradIn[indices] += …, which NumPy does once for each distinct index: "
        "np.add.at(gradIn, indices, …).",
        (_once_a_row,),
        choice="repeats",
        place=places.lost_repeats,
    ),
    Mistake(
        "divided-by-context",
        "it is divided by the number of context words; the course defines the sum",
        WINDOWS,
        "/ len(outsideWords), or a mean: the loss of a window is a sum.",
        (_divided(_words),),
        choice="scale",
        place=places.mean_or_division,
    ),
    Mistake(
        "divided-by-window",
        "it is divided by the size of the window; the course defines the sum",
        WINDOWS,
        "/ (2 * windowSize): the loss of a window is a sum, and a window at the end of a text is "
        "smaller.",
        (
            _divided(_full_window),
            _divided(lambda terms: terms.case.window_size),
        ),
        choice="scale",
        place=places.mean_or_division,
    ),
    Mistake(
        "loss-counts-words",
        "it counts the context words",
        WINDOWS,
        "loss += 1 (the digit) where loss += l belongs.",
        (_loss_of_counts,),
        choice="loss",
        place=places.adds_one,
    ),
    Mistake(
        "every-center-row",
        "every row of the gradient gets the center word's",
        _SKIPGRAM,
        "gradCenterVecs += … without an index: only the row of the center word moves.",
        (_spread,),
        choice="rows",
        place=places.whole_gradient_in_loop,
    ),
    Mistake(
        "every-row-moves",
        "every row of the gradient gets the context words'",
        _CBOW,
        "gradIn += … without an index: only the rows of the context words move.",
        (
            _spread,
            lambda terms: terms.each(
                rows=tuple(range(len(terms.case.center_vectors))) * _words(terms)
            ),
        ),
        choice="rows",
        place=places.whole_gradient_in_loop,
    ),
    Mistake(
        "context-rows-for-center",
        "the gradient is in the rows of the context words, not in the center word's",
        _SKIPGRAM,
        "gradCenterVecs[word2Ind[word]] inside the loop: it is the center word's vector that was "
        "used.",
        (
            lambda terms: terms.predicting(
                *(p._replace(rows=(p.target,)) for p in terms.predictions)
            ),
        ),
        choice="rows",
    ),
    Mistake(
        "center-row-for-context",
        "the gradient is in the center word's row, not in the rows of the context words",
        _CBOW,
        "gradIn[tokens[currentWord]]: the vectors that were used are those of the context.",
        (
            lambda terms: terms.each(rows=(terms.case.center,)),
            lambda terms: terms.each(rows=(terms.case.center,) * _words(terms)),
        ),
        choice="rows",
    ),
    Mistake(
        "row-zero",
        "the gradient is in row 0, whatever the word",
        WINDOWS,
        "A row number 0 in the code, in place of the index of the word.",
        (
            lambda terms: terms.predicting(
                *(p._replace(rows=(0,) * len(p.rows)) for p in terms.predictions)
            ),
        ),
        choice="rows",
        place=places.row_zero,
    ),
)
"""In the order in which they are tried: the first that fits is named first."""
