"""Causes of a wrong gradient: hypotheses, which can be tested anywhere, and patterns, seen once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from gradcheck.arrays.long_vectors import FloatArray
from gradcheck.diagnosis.evidence import Evidence

__all__ = ["LOOK_FOR", "Cause", "Hypothesis", "Pattern", "fitting"]


LOOK_FOR = {
    "opposite-sign": "the minus of a negative log-likelihood, or of an inner derivative.",
    "zero": "a gradient that is made and never filled; an update that goes to a copy.",
    "factor": "a sum where the loss has a mean, or the other way round; an exponent, an inner "
    "derivative; a learning rate.",
    "transposed": ".T, the order of a product or of np.outer.",
    "reordered": "reshape, ravel, an order of axes, [::-1], a kernel that has to be flipped.",
    "blocks": "the order of gates, heads or parts, where they are put together or taken apart.",
    "update": "an update: what is returned is the parameter after it, and not the gradient.",
    "other-array": "the order in which the gradients are returned.",
    "parameter-multiple": "the gradient of a penalty.",
    "factor-per-slice": "a factor that belongs to each row, column or gate: a gate's derivative, "
    "a count, a scale.",
    "constant-along-axis": "a sum or mean over the wrong axis.",
    "mean-missing": "a term that is missing or too much: a constant's derivative; a mean, whose "
    "path has its gradient, too.",
    "triangle": "a symmetric matrix: a loss that reads one triangle of it (Cholesky), a formula "
    "for independent entries, or for pairs.",
    "float32": "an array, or a product, in float32 inside; a finite difference; a rounded "
    "constant.",
    "elsewhere": "a gradient that was kept from another call, or computed at a point of its own.",
    "part": "an index, a slice or a loop that leaves some out; dW[i] = … where i is there twice.",
}
"""Advice on the code for each pattern."""


@dataclass(frozen=True)
class Hypothesis:
    """A mistake that may have been made.

    Attributes
    ----------
    pattern
        An identifier.
    cause
        The same in words, for a report.
    derivative
        From evidence at any point, and the claims for the other arrays there, to the derivative
        that follows.
    is_close
        Whether the claim is nearly right: then no slip of the pen is looked for.
    is_fitted
        Whether it has a number that was fitted: at one point alone, some number fits anything.
    hint
        The pattern whose place in the code is meant, if that is another.
    """

    pattern: str
    cause: str
    derivative: Callable[[Evidence, Mapping[str, FloatArray]], FloatArray]
    is_close: bool = False
    is_fitted: bool = False
    hint: str = ""

    @property
    def look_for(self) -> str:
        """Where in the code such a cause is often found."""
        return "" if self.is_close else LOOK_FOR[self.hint or self.pattern]


@dataclass(frozen=True)
class Pattern:
    """A pattern that was seen: its identifier, and the same in words."""

    pattern: str
    cause: str

    @property
    def title(self) -> str:
        """The words in capitals: the pattern without its numbers, which may depend on the point."""
        return self.cause.split(".")[0]

    @property
    def look_for(self) -> str:
        """Where in the code such a cause is often found."""
        return LOOK_FOR[self.pattern]


Cause = Hypothesis | Pattern


def fitting(
    evidence: Evidence, others: Mapping[str, FloatArray], *hypotheses: Hypothesis
) -> Iterator[Hypothesis]:
    """Yield the hypotheses that explain a claim at one point."""
    for each in hypotheses:
        derivative = each.derivative(evidence, others)
        if derivative.shape == evidence.claimed.shape and evidence.explains(derivative):
            yield each
