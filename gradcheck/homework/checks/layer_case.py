"""A batch for layers and models that are classes, and their right answers in it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.stable_functions import logsumexp, scatter_add, sigmoid, softmax
from gradcheck.strategies import choose_generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.courses import Role
    from gradcheck.strategies import Choices

    Array = NDArray[np.float64]

__all__ = ["Answers", "LayerCase", "choose_layers", "right_answers"]

Answers = tuple[Any, Any, tuple[Any, ...]]
"""The value of `forward`, that of `backward` or None, and the gradient of each array."""


@dataclass(frozen=True, eq=False)
class LayerCase:
    """Weights, a batch of words, and the gradients that come from above.

    Attributes
    ----------
    inner, outer : ndarray of float64, shape (|V|, d)
        The weights of the first and of the second layer, a row for each word.
    rows : ndarray of float64, shape (m, |V|)
        Inputs of a product of matrices.
    hidden : ndarray of float64, shape (m, d)
        Inputs of the second layer, or the gradient from above of the first one's output.
    above : ndarray of float64, shape (m,)
        The gradient from above of the second layer's output.
    targets : tuple of int
        The word in the middle, of each example.
    contexts, negatives : tuple of (int, int)
        The two words around it, and its two negatives.
    """

    inner: Array
    outer: Array
    rows: Array
    hidden: Array
    above: Array
    targets: tuple[int, ...]
    contexts: tuple[tuple[int, ...], ...]
    negatives: tuple[tuple[int, ...], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the case for JSON."""
        return {
            field.name: value.tolist() if isinstance(value, np.ndarray) else list(value)
            for field in fields(self)
            for value in [getattr(self, field.name)]
        }

    def one_hot(self, words: Any) -> Array:
        """Return the one-hot vectors of words."""
        vectors: Array = np.eye(len(self.inner))[np.asarray(words)]
        return vectors


def choose_layers(choices: Choices) -> LayerCase:
    """Choose sizes and words, few enough for words to repeat in a batch, and moderate weights."""
    words, dimension, batch = (
        choices.integer(least, most) for least, most in ((3, 6), (2, 4), (1, 5))
    )

    def pairs(but: tuple[int, ...] | None = None) -> tuple[tuple[int, ...], ...]:
        taken = but or (words,) * batch
        return tuple(
            tuple(choices.element([word for word in range(words) if word != one]) for _ in range(2))
            for one in taken
        )

    targets = tuple(choices.integer(0, words - 1) for _ in range(batch))
    contexts, negatives = pairs(), pairs(targets)
    generator = choose_generator(choices)
    inner, outer = 0.5 * generator.standard_normal((2, words, dimension))
    return LayerCase(
        inner,
        outer,
        rows=generator.standard_normal((batch, words)),
        hidden=generator.standard_normal((batch, dimension)),
        above=generator.standard_normal(batch),
        targets=targets,
        contexts=contexts,
        negatives=negatives,
    )


def right_answers(role: Role, case: LayerCase) -> Answers:
    """Return the right answers of a layer or model."""
    targets, words = list(case.targets), len(case.inner)
    if role == "matmul-layer":
        product, back = case.rows @ case.inner, case.hidden @ case.inner.T
        return product, back, (case.rows.T @ case.hidden,)
    if role == "embedding-layer":
        return case.inner[targets], None, (scatter_add(np.array(targets), case.hidden, words),)
    if role == "embedding-dot-layer":
        vectors, above = case.outer[targets], case.above[:, np.newaxis]
        gradient = scatter_add(np.array(targets), above * case.hidden, words)
        return (vectors * case.hidden).sum(axis=1), above * vectors, (gradient,)
    if role == "negative-sampling-layer":
        return _negative_sampling(case)
    if role == "cbow-model":
        contexts = [list(context) for context in case.contexts]
        return _softmax_model(case, inputs=contexts, outputs=[[target] for target in targets])
    return _softmax_model(
        case, inputs=[[target] for target in targets], outputs=list(map(list, case.contexts))
    )


def _negative_sampling(case: LayerCase) -> Answers:
    loss, batch = 0.0, len(case.targets)
    back, gradient = np.zeros_like(case.hidden), np.zeros_like(case.outer)
    for row, (target, negatives) in enumerate(zip(case.targets, case.negatives, strict=True)):
        for word, sign in ((target, 1.0), *((negative, -1.0) for negative in negatives)):
            score = sign * case.outer[word] @ case.hidden[row]
            loss += float(np.logaddexp(0.0, -score)) / batch
            slope = -sign * float(sigmoid(-score)) / batch
            back[row] += slope * case.outer[word]
            gradient[word] += slope * case.hidden[row]
    return loss, back, (gradient,)


def _softmax_model(case: LayerCase, *, inputs: Any, outputs: Any) -> Answers:
    """Return the answers where the mean of the inputs' vectors predicts each output."""
    loss, batch = 0.0, len(case.targets)
    by_inner, by_outer = np.zeros_like(case.inner), np.zeros_like(case.outer)
    for given, wanted in zip(inputs, outputs, strict=True):
        h = case.inner[given].mean(axis=0)
        for word in wanted:
            scores = case.outer @ h
            loss += float(logsumexp(scores) - scores[word]) / batch
            residual = softmax(scores) / batch
            residual[word] -= 1.0 / batch
            by_outer += np.outer(residual, h)
            np.add.at(by_inner, given, residual @ case.outer / len(given))
    return loss, None, (by_inner, by_outer.T)
