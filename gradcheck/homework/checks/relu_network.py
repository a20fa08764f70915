"""The network of a course: CBOW with a hidden layer of ReLU, biases, and examples as columns.

    z1 = W1 x + b1,  h = max(0, z1),  z = W2 h + b2,  ŷ = softmax(z),  J = -Σ y log ŷ / m

x has the mean of the context words' one-hot vectors in each of its m columns, y the one-hot vector
of the word in the middle.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.stable_functions import softmax
from gradcheck.strategies import choose_generator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.strategies import Choices

    Array = NDArray[np.float64]

__all__ = ["NetworkCase", "NetworkTerms", "choose_network"]


@dataclass(frozen=True, eq=False)
class NetworkCase:
    """Parameters, and a batch of windows.

    Attributes
    ----------
    W1, W2, b1, b2 : ndarray of float64
        Of shapes (N, V), (V, N), (N, 1) and (V, 1).
    contexts : tuple of tuple of int
        The words around each word of the batch.
    targets : tuple of int
        The words in the middle.
    """

    W1: Array
    W2: Array
    b1: Array
    b2: Array
    contexts: tuple[tuple[int, ...], ...]
    targets: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the case for JSON."""
        return {
            field.name: value.tolist() if isinstance(value, np.ndarray) else list(value)
            for field in fields(self)
            for value in [getattr(self, field.name)]
        }


def choose_network(choices: Choices, *, scale: float = 1.0) -> NetworkCase:
    """Choose sizes, words and weights: of both signs, or ReLU would be nothing but the identity.

    Parameters
    ----------
    choices : Choices
        Where the choices come from.
    scale : float
        The size of the weights of the output layer.
    """
    hidden, words, batch = (
        choices.integer(least, most) for least, most in ((2, 5), (3, 8), (1, 5))
    )
    length = choices.integer(1, 4)
    contexts = tuple(
        tuple(choices.integer(0, words - 1) for _ in range(length)) for _ in range(batch)
    )
    targets = tuple(choices.integer(0, words - 1) for _ in range(batch))
    generator = choose_generator(choices)
    return NetworkCase(
        W1=generator.standard_normal((hidden, words)),
        W2=scale * generator.standard_normal((words, hidden)),
        b1=generator.standard_normal((hidden, 1)),
        b2=scale * generator.standard_normal((words, 1)),
        contexts=contexts,
        targets=targets,
    )


@dataclass(frozen=True, eq=False)
class NetworkTerms:
    """All that the course's functions are given, and return, in a case."""

    case: NetworkCase

    @cached_property
    def batch_size(self) -> int:
        """The number m of examples."""
        return len(self.case.targets)

    @cached_property
    def x(self) -> Array:
        """The mean of the context words' one-hot vectors, (V, m)."""
        x = np.zeros((len(self.case.W2), self.batch_size))
        for column, context in enumerate(self.case.contexts):
            np.add.at(x[:, column], list(context), 1.0 / len(context))
        return x

    @cached_property
    def y(self) -> Array:
        """The one-hot vectors of the words in the middle, (V, m)."""
        y = np.zeros((len(self.case.W2), self.batch_size))
        y[list(self.case.targets), range(self.batch_size)] = 1.0
        return y

    @cached_property
    def z1(self) -> Array:
        """The hidden layer before ReLU, (N, m)."""
        return self.case.W1 @ self.x + self.case.b1

    @cached_property
    def h(self) -> Array:
        """The hidden layer, (N, m)."""
        return np.maximum(0.0, self.z1)

    @cached_property
    def z(self) -> Array:
        """The scores, (V, m)."""
        return self.case.W2 @ self.h + self.case.b2

    @cached_property
    def yhat(self) -> Array:
        """The probabilities, (V, m)."""
        return np.stack([softmax(column) for column in self.z.T], axis=1)

    @cached_property
    def cost(self) -> float:
        """The cost."""
        return float(-(self.y * np.log(self.yhat)).sum() / self.batch_size)

    @cached_property
    def cost_of_2020(self) -> float:
        """The cost of the first edition, which takes each entry of ŷ for a coin of its own."""
        others = (1.0 - self.y) * np.log1p(-self.yhat)
        return float(self.cost - others.sum() / self.batch_size)

    @cached_property
    def residual(self) -> Array:
        """The gradient of m J with respect to z, (V, m)."""
        return self.yhat - self.y

    @cached_property
    def hidden(self) -> Array:
        """The gradient of m J with respect to h, (N, m)."""
        return self.case.W2.T @ self.residual

    @cached_property
    def gradients(self) -> tuple[Array, ...]:
        """The gradients with respect to W1, W2, b1 and b2."""
        return self.gradients_through(np.where(self.z1 > 0.0, self.hidden, 0.0))

    @cached_property
    def course_gradients(self) -> tuple[Array, ...]:
        """What the course taught until about 2024: ReLU, in place of its derivative."""
        return self.gradients_through(np.maximum(0.0, self.hidden))

    def gradients_through(self, l1: Array) -> tuple[Array, ...]:
        """Return the gradients, with `l1` for the gradient of m J with respect to z1."""
        m = self.batch_size
        return (
            l1 @ self.x.T / m,
            self.residual @ self.h.T / m,
            l1.sum(axis=1, keepdims=True) / m,
            self.residual.sum(axis=1, keepdims=True) / m,
        )
