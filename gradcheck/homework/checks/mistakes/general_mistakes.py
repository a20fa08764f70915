"""Mistakes of any function that returns a loss and two gradients: in the sums, not in the terms."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.checks.mistakes import places
from gradcheck.homework.checks.mistakes.mistake import GRADIENTS, PAIRS, Change, Mistake

if TYPE_CHECKING:
    from gradcheck.homework.checks.comparison import Seen

__all__ = ["ADDED", "SCALED", "SHARED", "SIGNED"]


def _scaled(factor: Any) -> Change:
    """Return the change that multiplies every part by `factor(terms)`."""
    return lambda terms: terms.finished(lambda own, _part, value: value * factor(own))


def _flip(terms: Any) -> Any:
    return terms.finished(lambda _own, _part, value: -value)


def _clear(terms: Any) -> Any:
    return terms.finished(lambda _own, _part, value: np.zeros_like(value))


def _round_to(decimals: int) -> Change:
    return lambda terms: terms.finished(lambda _own, _part, value: np.round(value, decimals))


def _fit_factor(terms: Any, part: str, seen: Seen) -> Change | None:
    """Return the change by the factor that a part is off by, where there is one."""
    predicted = terms.part(part)
    if predicted.shape != seen.claimed.shape:
        return None
    at = np.abs(predicted[seen.judged])
    if not at.size or not 0.0 < at.max() < np.inf:
        return None
    largest = int(at.argmax())
    ratio = float(seen.claimed[seen.judged][largest] / predicted[seen.judged][largest])
    if not np.isfinite(ratio) or abs(ratio) < 1e-6 or abs(abs(ratio) - 1.0) < 1e-6:
        return None
    return Factor(_as_fraction(ratio))


class Factor:
    """The change that multiplies every part by a number."""

    def __init__(self, ratio: float) -> None:
        self.ratio = ratio

    def __call__(self, terms: Any) -> Any:
        """Change the terms."""
        return terms.finished(lambda _own, _part, value: self.ratio * value)

    def told(self) -> str:
        """Return the factor in words."""
        fraction = Fraction(self.ratio).limit_denominator(24)
        shown = str(fraction) if float(fraction) == self.ratio else f"{self.ratio:.6g}"
        return f"it is {shown} times what it should be"


def _as_fraction(ratio: float) -> float:
    """Return the simple fraction that a ratio is up to rounding, or the ratio."""
    fraction = float(Fraction(ratio).limit_denominator(24))
    return fraction if abs(fraction - ratio) < 1e-9 else ratio


def _fit_decay(terms: Any, part: str, seen: Seen) -> Change | None:
    """Return the change by the multiple of the parameters that is added to a part."""
    parameter, predicted = terms.parameter(part), terms.part(part)
    if parameter.shape != seen.claimed.shape or predicted.shape != seen.claimed.shape:
        return None
    if not seen.judged.all() or not np.isfinite(seen.claimed).all() or not parameter.any():
        return None
    rate = float(np.sum((seen.claimed - predicted) * parameter) / np.sum(parameter**2))
    if not np.isfinite(rate) or abs(rate) < 1e-9:
        return None
    return Decay(float(f"{rate:.9g}"))


class Decay:
    """The change that adds a multiple of the parameters: of their squares, to a loss."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, terms: Any) -> Any:
        """Change the terms."""
        return terms.finished(lambda own, part, value: value + self.rate * own.parameter(part))

    def told(self) -> str:
        """Return the multiple in words."""
        return f"{self.rate:g} times the parameters is added to it (weight decay)"


def _with_probabilities(change: Any) -> Change:
    """Return the change that changes each probability before its logarithm is taken."""

    def changed(terms: Any) -> Any:
        counted = terms.is_target | bool(terms.case.negatives)
        losses = np.where(counted, -np.log(change(np.exp(-terms.losses))), terms.losses)
        return replace(terms, losses=losses)

    return changed


_EPSILONS = tuple(float(f"1e-{digits}") for digits in range(3, 17))


def _probabilities(terms: Any) -> Any:
    """Return the terms with each probability in the place of its logarithm."""
    counted = terms.is_target | bool(terms.case.negatives)
    return replace(terms, losses=np.where(counted, -np.exp(-terms.losses), terms.losses))


def _one_minus_probabilities(terms: Any) -> Any:
    without_log = _probabilities(terms)
    counted = terms.is_target | bool(terms.case.negatives)
    return replace(without_log, losses=np.where(counted, 1.0 + without_log.losses, terms.losses))


def _target_vectors(terms: Any) -> Any:
    vector = terms.case.outside[terms.case.target]
    return replace(terms, centers=np.tile(vector, (len(terms.words), 1)))


SHARED = (
    Mistake(
        "sigmoid-derivative-factor",
        "there is a factor too many, the derivative of a sigmoid",
        PAIRS,
        "p * (1 - p): the derivative of -log σ(x) is σ(x) - 1, that of softmax with its logarithm "
        "ŷ - y, and nothing is left to multiply by.",
        (lambda terms: terms.mapped(lambda own, r: r * own.predictions * (1 - own.predictions)),),
        choice="derivative",
        place=places.sigmoid_derivative,
    ),
    Mistake(
        "outside-vector-for-center",
        "an outside vector is in the place of v_c",
        PAIRS,
        "Each row of the gradient by U is a multiple of the center vector.",
        (lambda terms: replace(terms, centers=terms.vectors), _target_vectors),
        choice="partner",
    ),
    Mistake(
        "log-missing",
        "the logarithm is missing: it is made of the probabilities themselves",
        PAIRS,
        "The loss is -np.log(probability), of each probability in it.",
        (
            _probabilities,
            _one_minus_probabilities,
        ),
        choice="loss",
        place=places.loss_without_log,
    ),
)
"""Mistakes of either loss, in its terms."""

SCALED = (
    Mistake(
        "divided-by-vocabulary",
        "it is divided by |V|, the number of words",
        PAIRS,
        "A mean where a sum belongs, or a division by len(outsideVectors): this is the loss of "
        "one pair of words, and there is nothing to average over.",
        (_scaled(lambda terms: 1.0 / len(terms.case.outside)),),
        choice="scale",
        place=places.division,
    ),
    Mistake(
        "times-vocabulary",
        "it is multiplied by |V|, the number of words",
        PAIRS,
        "A factor len(outsideVectors), or one and the same number added up once for each word.",
        (_scaled(lambda terms: float(len(terms.case.outside))),),
        choice="scale",
    ),
    Mistake(
        "divided-by-dimension",
        "it is divided by d, the number of entries of a vector",
        PAIRS,
        "A mean over the entries of a vector, or a division by its length: a dot product is a sum.",
        (_scaled(lambda terms: 1.0 / len(terms.case.center)),),
        choice="scale",
        place=places.division,
    ),
    Mistake(
        "other-logarithm",
        "it is in another unit: the logarithm is not the natural one",
        PAIRS,
        "np.log2 or np.log10 where the loss has np.log; the gradient would have the same factor.",
        (_scaled(lambda _terms: 1.0 / np.log(2.0)), _scaled(lambda _terms: 1.0 / np.log(10.0))),
        choice="scale",
        place=places.call("log2", "log10"),
    ),
    Mistake(
        "constant-factor",
        "it is a constant multiple of what it should be",
        GRADIENTS,
        "A number that multiplies or divides, a learning rate say, or the same term added twice.",
        choice="scale",
        fit=_fit_factor,
    ),
)
"""Divisors and factors."""

SIGNED = (
    Mistake(
        "sign",
        "the sign is flipped",
        GRADIENTS,
        "The loss is minus a logarithm, and its gradient is that of the loss: u_o - Σ_w ŷ_w u_w "
        "is the gradient of log ŷ_o, and points uphill.",
        (_flip,),
        choice="sign",
    ),
    Mistake(
        "zero",
        "it is zero",
        GRADIENTS,
        "A result that is set to zeros at the start and never added to, or one that is "
        "overwritten.",
        (_clear,),
        choice="everything",
    ),
)
"""Mistakes shared by all parts."""

ADDED = (
    Mistake(
        "weight-decay",
        "a multiple of the parameters is added to it (weight decay)",
        PAIRS,
        "A term λ x that the loss does not have: regularisation belongs in both or in neither, and "
        "the course has none.",
        choice="added",
        fit=_fit_decay,
    ),
    Mistake(
        "epsilon-in-log",
        "a small number is added inside the logarithm",
        PAIRS,
        "np.log(p + 1e-8) changes every loss a little, and those of improbable words a lot. A "
        "stable formula needs no such number: log-sum-exp, or np.logaddexp(0, -x).",
        tuple(_with_probabilities(lambda p, e=e: p + e) for e in _EPSILONS),
        choice="precision",
        place=places.constant_in_log,
    ),
    Mistake(
        "probability-clipped",
        "the probability is clipped before its logarithm is taken",
        PAIRS,
        "np.clip or max(p, 1e-8): the loss of an improbable word is large, and is meant to be.",
        (
            *(_with_probabilities(lambda p, e=e: np.clip(p, e, 1.0 - e)) for e in _EPSILONS),
            *(_with_probabilities(lambda p, e=e: np.maximum(p, e)) for e in _EPSILONS),
        ),
        choice="precision",
        place=places.call("clip", "maximum", "max"),
    ),
    Mistake(
        "rounded",
        "it is rounded to a few decimals",
        GRADIENTS,
        "np.round, round or a format: rounding belongs in what is printed, not in what is "
        "returned.",
        tuple(_round_to(decimals) for decimals in range(1, 9)),
        choice="precision",
        place=places.call("round", "around", "round_"),
    ),
)
"""Additions to a right result, and losses of its digits."""
