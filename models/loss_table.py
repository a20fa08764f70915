"""The trainer's table of losses: whoever adds one writes its gradient, and a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from models import minibatch

__all__ = ["LOSSES", "OWN", "Loss", "named"]


@dataclass(frozen=True)
class Loss:
    """A row of the table.

    Attributes
    ----------
    name
        As one asks for it; also the name of its gradient in `models.minibatch`, and with ``_sgd``
        of its compiled sister in `models.compiled`.
    largest_batch
        Pairs in a batch, at most, unless it is asked for otherwise.
    is_compiled
        Whether it has a compiled sister.
    has_negatives
        Whether negatives are drawn.
    has_tree
        Whether words are leaves of a tree, and the rows of U belong to its |V| - 1 inner nodes.
    has_all_scores
        Whether each pair has a score for every row of U.
    """

    name: str
    largest_batch: int
    is_compiled: bool = False
    has_negatives: bool = False
    has_tree: bool = False
    has_all_scores: bool = False

    @property
    def title(self) -> str:
        """The name in words."""
        return self.name.replace("-", " ")

    @property
    def gradient(self) -> Callable[..., minibatch.Gradient]:
        """From V, U and a batch to its loss and gradient."""
        gradient: Callable[..., minibatch.Gradient] = getattr(minibatch, self._function)
        return gradient

    @property
    def compiled_step(self) -> Callable[..., float]:
        """From V, U, a batch and a rate to the loss of the batch: one step for each pair.

        Raises
        ------
        ImportError
            If numba is not installed.
        """
        compiled = import_module("models.compiled")
        step: Callable[..., float] = getattr(compiled, f"{self._function}_sgd")
        return step

    @property
    def _function(self) -> str:
        return self.name.replace("-", "_")

    def outside_rows(self, words: int) -> int:
        """Return the number of rows of U for a vocabulary of so many words."""
        return words - 1 if self.has_tree else words


LOSSES: tuple[Loss, ...] = (
    Loss(name="negative-sampling", largest_batch=1024, is_compiled=True, has_negatives=True),
    # A pair has |V| scores, and a batch is what Ctrl-C waits for.
    Loss(name="naive-softmax", largest_batch=128, has_all_scores=True),
    Loss(name="hierarchical-softmax", largest_batch=1024, is_compiled=True, has_tree=True),
)
"""In the order in which they are listed; the first is the one by default."""

# Its folder and modules are put in place for each batch, which takes as long as dozens of calls.
OWN = Loss(name="your own function", largest_batch=512, has_negatives=True)
"""A person's own function: slow, and given negatives, whether or not it asks for them."""

_BY_NAME = {loss.name: loss for loss in LOSSES}


def named(name: str) -> Loss:
    """Return a loss by its name, which has a colon in it if it is a person's own."""
    return OWN if ":" in name else _BY_NAME[name]
