"""One step of gradient descent on one pair of a sentence, with all its numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradcheck.checking.gradients import check
from gradcheck.document.blocks import Document
from gradcheck.document.readable import Readable
from gradcheck.numerical.differentiation import differentiate
from gradcheck.word2vec.lecture import predictions
from gradcheck.word2vec.lecture.arithmetic import Matrix, Number, Vector, dot, scaled, total
from gradcheck.word2vec.lecture.update import Confirmation, Update
from gradcheck.word2vec.loss import Loss
from gradcheck.word2vec.loss_table import LOSSES, NAIVE_SOFTMAX, named
from gradcheck.word2vec.paths import huffman_paths
from gradcheck.word2vec.walkthrough import inputs
from gradcheck.word2vec.walkthrough.contents import contents
from gradcheck.word2vec.walkthrough.exercise import exercise

__all__ = ["SENTENCE", "Walkthrough", "walk"]

SENTENCE = "the cat drinks milk"

_LARGEST_SCORE = 100
_WIDEST_WINDOW = 10
_DEFAULT_NEGATIVES = 2


class Walkthrough(Readable, Update):
    """One update of skip-gram on one (center, outside) pair, in numbers and to be read.

    ``print`` shows it, a notebook shows it as a page; its attributes are those of `Update`.
    """

    def __repr__(self) -> str:
        c, o = self.words[self.center], self.words[self.target]
        return f"<Walkthrough: {self.loss}, center {c!r}, outside {o!r}>"

    def contents(self) -> Document:
        """Return the update, told from the sentence to the check."""
        return contents(self)

    def exercise(self) -> Exercise:
        """Return the update to be worked out: blanks first, then the solution."""
        return Exercise(self)


class Exercise(Readable):
    """A step with blanks, and its solution on a second page; `Walkthrough.exercise` makes it."""

    def __init__(self, step: Update) -> None:
        self.step = step

    def contents(self) -> Document:
        """Return both pages."""
        return exercise(self.step)


def walk(
    sentence: str = SENTENCE,
    *,
    dimension: int | None = None,
    window: int = 1,
    loss: str = NAIVE_SOFTMAX.name,
    negatives: int | Sequence[str] | None = None,
    init: str | Mapping[str, Any] = "random",
    seed: int = 0,
    rate: Fraction | float | str = "0.5",
    pair: str | int | tuple[str, str] | None = None,
) -> Walkthrough:
    """Work out one step of skip-gram with gradient descent: every number of it.

    Parameters
    ----------
    sentence : str
        At least two different words, blanks between them. Case, and punctuation around words,
        do not count.
    dimension : int, optional
        d; 2 unless `init` gives the vectors.
    window : int
        How many words to either side of the center word are outside words.
    loss : {"naive-softmax", "negative-sampling", "hierarchical-softmax"}
        Which loss, by its name in `gradcheck.word2vec.loss_table`.
    negatives : int or sequence of str, optional
        For negative sampling: how many to draw, 2 by default, or the words themselves; repeats
        count, and the target may be among them.
    init : str or mapping
        "random": U and V hold ±0.1 to ±0.9. "half-zeros": V random, U zero, as word2vec starts.
        "zeros": both zero. Or {"U": …, "V": …}, each a list of rows in the order of the
        vocabulary, or {word: row}; a number may be a string such as "1/3", and a float is taken
        for the decimal that it prints as. With a tree, U has the rows of its inner nodes, "1" to
        the root.
    seed : int
        Of the random vectors and negatives.
    rate : number or str
        The learning rate η.
    pair : str, int or pair of str, optional
        "center:outside", or the number of the pair in the sentence, from 1. By default one
        with the center word in the middle.

    Returns
    -------
    Walkthrough
        ``print`` shows it; `to_html` and `to_latex` write it.

    Raises
    ------
    ValueError
        If an argument is not as described; the message begins with its name.

    Examples
    --------
    >>> from gradcheck.word2vec.walkthrough import walk
    >>> step = walk(init="zeros")
    >>> step.predictions[0].predicted
    Fraction(1, 4)
    >>> step.moved_outside
    ()
    """
    row = named(loss)
    expected = f"a whole number from 1 to {_WIDEST_WINDOW}"
    window = inputs.whole_number("window", window, expected, 1, _WIDEST_WINDOW)
    seed = inputs.whole_number("seed", seed, "a whole number from 0", 0)
    eta = inputs.positive_rate(rate)
    text = inputs.read_text(sentence, window)
    number = inputs.choose_pair(text, pair)
    c, o = text.pairs[number]
    drawn = _negatives(row, text.words, o, negatives, seed)
    counts = [text.positions.count(word) for word in range(len(text.words))]
    paths = huffman_paths(counts) if row.has_tree else ()
    asked = paths[o] if paths else (o, drawn)
    nodes = len(text.words) - 1 if paths else None
    outside, centers = inputs.initial_vectors(init, text.words, dimension, seed, nodes)
    v_c = centers[c]
    scores = _scores(outside, v_c, text.words)
    predicted = row.telling.predict(scores, *asked)
    grad_center, grad_outside = predictions.gradient(predicted, v_c, outside)
    # All of the gradient is taken at the old vectors, before any of them moves.
    new_v_c = _descend(v_c, grad_center, eta)
    outside_after = tuple(
        _descend(u_w, row, eta) for u_w, row in zip(outside, grad_outside, strict=True)
    )
    scores_after = tuple(dot(u_w, new_v_c) for u_w in outside_after)
    return Walkthrough(
        words=text.words,
        positions=text.positions,
        pairs=text.pairs,
        pair_number=number,
        window=window,
        loss=loss,
        center=c,
        target=o,
        negatives=drawn,
        rate=eta,
        U=outside,
        V=centers,
        predictions=predicted,
        grad_center=grad_center,
        grad_outside=grad_outside,
        U_after=outside_after,
        V_after=(*centers[:c], new_v_c, *centers[c + 1 :]),
        scores=scores,
        scores_after=scores_after,
        loss_after=row.telling.value(scores_after, *asked),
        confirmation=_confirm(row, (v_c, outside), (grad_center, grad_outside), c, asked),
        paths=paths,
    )


def _negatives(
    loss: Loss,
    words: Sequence[str],
    target: int,
    negatives: int | Sequence[str] | None,
    seed: int,
) -> tuple[int, ...]:
    if loss.has_negatives:
        wanted = _DEFAULT_NEGATIVES if negatives is None else negatives
        return inputs.choose_negatives(words, target, wanted, seed)
    if negatives is not None:
        sampling = " or ".join(loss.name for loss in LOSSES if loss.has_negatives)
        raise ValueError(f"negatives: {loss.title} has none; expected them with {sampling}")
    return ()


def _scores(outside: Matrix, v_c: Vector, words: Sequence[str]) -> Vector:
    scores = tuple(dot(u_w, v_c) for u_w in outside)
    names = words if len(words) == len(outside) else [f"node {n}" for n in range(1, len(words))]
    for name, score in zip(names, scores, strict=True):
        if abs(float(score)) > _LARGEST_SCORE:
            raise ValueError(
                f"init: the score u_w·v_c of {name!r} is {float(score):.4g}, and its exponential "
                f"no number for paper; expected scores from -{_LARGEST_SCORE} to {_LARGEST_SCORE}"
            )
    return scores


def _descend(old: Vector, gradient: Vector, rate: Fraction) -> Vector:
    """Return old - rate·gradient."""
    return tuple(
        total((entry, -step)) for entry, step in zip(old, scaled(rate, gradient), strict=True)
    )


# ----------------------------------------------------------------------- finite differences


def _confirm(
    row: Loss,
    at: tuple[Vector, Matrix],
    claimed: tuple[Vector, Matrix],
    c: int,
    asked: tuple[Any, Any],
) -> Confirmation:
    """Hold the gradient against finite differences of the loss as SymPy has it."""
    # As many negatives or turns as there are, none among them.
    rows, more = np.array(asked[0], dtype=np.intp), np.array(asked[1], dtype=np.intp)

    def loss(center: NDArray[np.float64], outside: NDArray[np.float64]) -> float:
        return float(row.numpy(center, outside, rows, more)[0])

    point = _floats(at[0]), _floats(at[1])
    gradient = _floats(claimed[0]), _floats(claimed[1])
    report = check(loss, lambda _v, _u: gradient, point)
    # One entry is shown: the largest of v_c, or of U where v_c does not move. A zero that agrees
    # with a zero would convince nobody.
    shown = 0 if gradient[0].any() or not gradient[1].any() else 1
    index = np.unravel_index(np.abs(gradient[shown]).argmax(), gradient[shown].shape)
    direction = np.zeros_like(point[0]), np.zeros_like(point[1])
    direction[shown][index] = 1.0
    derivative = differentiate(loss, point, direction)
    return Confirmation(
        word=int(index[0]) if shown else c,
        of_center=not shown,
        component=int(index[-1]) + 1,
        claimed=float(gradient[shown][index]),
        numerical=derivative.value,
        error=derivative.error,
        verdict=report.verdict,
        reason=report.reason,
        entries=report.size,
    )


def _floats(numbers: Sequence[Number] | Matrix) -> NDArray[np.float64]:
    return np.array(numbers, dtype=np.float64)
