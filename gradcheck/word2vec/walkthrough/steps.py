"""One step of gradient descent on one pair of a sentence, with all its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck.checking.gradients import check
from gradcheck.numerical.differentiation import differentiate
from gradcheck.probing.claims import Verdict
from gradcheck.word2vec import formulas
from gradcheck.word2vec.walkthrough import inputs, predictions
from gradcheck.word2vec.walkthrough.arithmetic import Matrix, Number, Vector, dot, scaled, total
from gradcheck.word2vec.walkthrough.latex import to_latex
from gradcheck.word2vec.walkthrough.pages import to_fragment, to_page
from gradcheck.word2vec.walkthrough.predictions import Prediction
from gradcheck.word2vec.walkthrough.text import to_text

__all__ = ["LOSSES", "SENTENCE", "Confirmation", "Walkthrough", "walk"]

Loss = Literal["naive-softmax", "negative-sampling"]
LOSSES = ("naive-softmax", "negative-sampling")

SENTENCE = "the cat drinks milk"

_LARGEST_SCORE = 100
_WIDEST_WINDOW = 10
_DEFAULT_NEGATIVES = 2


class Confirmation(NamedTuple):
    """What finite differences say of the gradient that was computed.

    Attributes
    ----------
    word : int
        Whose vector the one entry belongs to that is shown.
    of_center : bool
        Whether it is an entry of v_c or of the word's row of U.
    component : int
        Which entry of the vector, from 1.
    claimed : float
        The gradient's entry.
    numerical, error : float
        The numerical derivative and the bound on its error.
    verdict : {"agrees", "disagrees", "undecided"}
        Of `gradcheck.check` on all entries of v_c and U.
    reason : str
        Why, in a sentence or two.
    entries : int
        How many entries they are.
    """

    word: int
    of_center: bool
    component: int
    claimed: float
    numerical: float
    error: float
    verdict: Verdict
    reason: str
    entries: int


@dataclass(frozen=True, repr=False)
class Walkthrough:
    """One update of skip-gram on one (center, outside) pair, with every number on the way.

    A `Number` is an exact `Fraction` where there is one, a float otherwise. The rows of U and V
    are the lecture's columns.

    Attributes
    ----------
    words : tuple of str
        The vocabulary, in order of first appearance.
    positions : tuple of int
        The sentence, as indices of words.
    pairs : tuple of (int, int)
        Its (center, outside) pairs.
    pair_number : int
        Which of them is the one of this step, from 0.
    window : int
        How many words a window reaches to either side.
    loss : {"naive-softmax", "negative-sampling"}
        Which loss.
    center, target : int
        The indices c and o.
    negatives : tuple of int
        The indices n_1, …, n_K; empty for naive softmax.
    rate : Fraction
        The learning rate η.
    U, V, U_after, V_after : tuple of |V| rows of d Numbers
        The vectors before and after the step.
    predictions : tuple of Prediction
        For each word (naive softmax), or for the target and each negative.
    grad_center : tuple of d Numbers
        ∂J/∂v_c.
    grad_outside : tuple of |V| rows of d Numbers
        ∂J/∂U.
    scores, scores_after : tuple of |V| Numbers
        u_w·v_c of each word before and after.
    loss_after : float
        J after the step.
    confirmation : Confirmation
        What finite differences say.
    """

    words: tuple[str, ...]
    positions: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]
    pair_number: int
    window: int
    loss: Loss
    center: int
    target: int
    negatives: tuple[int, ...]
    rate: Fraction
    U: Matrix
    V: Matrix
    predictions: tuple[Prediction, ...]
    grad_center: Vector
    grad_outside: Matrix
    U_after: Matrix
    V_after: Matrix
    scores: Vector
    scores_after: Vector
    loss_after: float
    confirmation: Confirmation

    def __repr__(self) -> str:
        c, o = self.words[self.center], self.words[self.target]
        return f"<Walkthrough: {self.loss}, center {c!r}, outside {o!r}>"

    def __str__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return to_fragment(self)

    @property
    def loss_before(self) -> float:
        """J before the step."""
        return math.fsum(each.loss for each in self.predictions if each.loss is not None)

    @property
    def changes(self) -> Vector:
        """How much each u_w·v_c grew: above 0 pulled together, below 0 pushed apart."""
        return tuple(
            total((new, -old)) for new, old in zip(self.scores_after, self.scores, strict=True)
        )

    @property
    def moved_outside(self) -> tuple[int, ...]:
        """The words whose row of U changes."""
        return tuple(word for word, row in enumerate(self.grad_outside) if any(row))

    @property
    def moved_center(self) -> bool:
        """Whether row c of V, the only one that can, changes."""
        return any(self.grad_center)

    def to_text(self, encoding: str = "utf-8") -> str:
        """Return the walkthrough as lines of at most 80 columns.

        Parameters
        ----------
        encoding : str
            Of the output: signs that it lacks are spelled out, σ as sigmoid.
        """
        return to_text(self, encoding)

    def to_html(self) -> str:
        """Return the walkthrough as a page of HTML that needs nothing but itself."""
        return to_page(self)

    def to_latex(self) -> str:
        """Return the walkthrough as a LaTeX document."""
        return to_latex(self)


def walk(
    sentence: str = SENTENCE,
    *,
    dimension: int | None = None,
    window: int = 1,
    loss: Loss = "naive-softmax",
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
    loss : {"naive-softmax", "negative-sampling"}
        Which loss.
    negatives : int or sequence of str, optional
        For negative sampling: how many to draw, 2 by default, or the words themselves; repeats
        count, and the target may be among them.
    init : str or mapping
        "random": U and V hold ±0.1 to ±0.9. "half-zeros": V random, U zero, as word2vec starts.
        "zeros": both zero. Or {"U": …, "V": …}, each a list of rows in the order of the
        vocabulary, or {word: row}; a number may be a string such as "1/3", and a float is taken
        for the decimal that it prints as.
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
    if loss not in LOSSES:
        raise ValueError(f"loss: expected {' or '.join(LOSSES)}, got {loss!r}")
    expected = f"a whole number from 1 to {_WIDEST_WINDOW}"
    window = inputs.whole_number("window", window, expected, 1, _WIDEST_WINDOW)
    seed = inputs.whole_number("seed", seed, "a whole number from 0", 0)
    eta = inputs.positive_rate(rate)
    text = inputs.read_text(sentence, window)
    number = inputs.choose_pair(text, pair)
    c, o = text.pairs[number]
    drawn = _negatives(loss, text.words, o, negatives, seed)
    outside, centers = inputs.initial_vectors(init, text.words, dimension, seed)
    v_c = centers[c]
    scores = _scores(outside, v_c, text.words)
    predicted = _predict(loss, scores, o, drawn)
    grad_center, grad_outside = predictions.gradient(predicted, v_c, outside)
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
        loss_after=_loss(loss, scores_after, o, drawn),
        confirmation=_confirm((v_c, outside), (grad_center, grad_outside), (c, o), drawn),
    )


def _negatives(
    loss: Loss,
    words: Sequence[str],
    target: int,
    negatives: int | Sequence[str] | None,
    seed: int,
) -> tuple[int, ...]:
    if loss == "negative-sampling":
        wanted = _DEFAULT_NEGATIVES if negatives is None else negatives
        return inputs.choose_negatives(words, target, wanted, seed)
    if negatives is not None:
        raise ValueError("negatives: naive softmax has none; expected them with negative-sampling")
    return ()


def _scores(outside: Matrix, v_c: Vector, words: Sequence[str]) -> Vector:
    scores = tuple(dot(u_w, v_c) for u_w in outside)
    for word, score in zip(words, scores, strict=True):
        if abs(float(score)) > _LARGEST_SCORE:
            raise ValueError(
                f"init: the score u_w·v_c of {word!r} is {float(score):.4g}, and its exponential "
                f"no number for paper; expected scores from -{_LARGEST_SCORE} to {_LARGEST_SCORE}"
            )
    return scores


def _predict(
    loss: Loss, scores: Vector, target: int, negatives: Sequence[int]
) -> tuple[Prediction, ...]:
    if loss == "naive-softmax":
        return predictions.softmax_predictions(scores, target)
    return predictions.negative_sampling_predictions(scores, target, negatives)


def _loss(loss: Loss, scores: Vector, target: int, negatives: Sequence[int]) -> float:
    """Return J alone: after a giant step, the exponentials may be too large for a float."""
    if loss == "naive-softmax":
        return predictions.softmax_loss(scores, target)
    return predictions.negative_sampling_loss(scores, target, negatives)


def _descend(old: Vector, gradient: Vector, rate: Fraction) -> Vector:
    """Return old - rate·gradient."""
    return tuple(
        total((entry, -step)) for entry, step in zip(old, scaled(rate, gradient), strict=True)
    )


# ----------------------------------------------------------------------- finite differences


def _confirm(
    at: tuple[Vector, Matrix],
    claimed: tuple[Vector, Matrix],
    pair: tuple[int, int],
    negatives: Sequence[int],
) -> Confirmation:
    """Hold the gradient against finite differences of the loss as SymPy has it."""
    c, o = pair
    drawn = np.array(negatives, dtype=np.intp)

    def loss(center: NDArray[np.float64], outside: NDArray[np.float64]) -> float:
        if negatives:
            return float(formulas.negative_sampling(center, outside, o, drawn)[0])
        return float(formulas.naive_softmax(center, outside, o)[0])

    point = _floats(at[0]), _floats(at[1])
    gradient = _floats(claimed[0]), _floats(claimed[1])
    report = check(loss, lambda _v, _u: gradient, point)
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
