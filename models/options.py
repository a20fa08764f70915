"""The options of a training, each choice named after the trainers that make it."""

from __future__ import annotations

import difflib
import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias, get_args

from models.errors import InputError
from models.loss_table import LOSSES, named
from models.pairs import Direction, TargetAmongNegatives
from models.reading.text import LONGEST_SENTENCE
from models.vocabulary import Subsampling

__all__ = ["CbowGradient", "Initialization", "Model", "Options"]

Model: TypeAlias = Literal["skip-gram", "cbow"]
CbowGradient: TypeAlias = Literal["exact", "whole"]
Initialization: TypeAlias = Literal["word2vec", "gensim", "zeros", "half-zeros", "random"]

_OWN_LOSSES = ("FILE.py:FUNCTION", "MODULE:FUNCTION")

# The exact gradient of a mean of C vectors is C times shorter than what the known trainers apply,
# and wants longer steps. Measured on 3 million words of English, 5 epochs, seeds 11 to 13: between
# 0.1 and 0.2 a longer step is better in WordSim-353 (.29 to .33) and worse in analogies (8.9 to
# 7.8 %), with SimLex-999 at .21 to .23 throughout; 0.15 lies in the middle.
_SKIP_GRAM_RATE = 0.025
_CBOW_RATES: dict[CbowGradient, float] = {"exact": 0.15, "whole": 0.05}

# Far above what is of use, and below what no computer has the memory or the patience for.
_RANGES = {
    "size": (1, 100_000),
    "window": (1, LONGEST_SENTENCE),
    "negative": (0, 1_000),
    "epochs": (1, 1_000_000),
    "min_count": (1, 10**12),
    "batch_size": (1, 10_000_000),
    "threads": (1, 1_024),
}


@dataclass(frozen=True, kw_only=True)
class Options:
    """All that decides the result of a training, but for its text.

    Attributes
    ----------
    model : {"skip-gram", "cbow"}
        One word predicts another, or the mean of a window predicts its center.
    loss : str
        One of `models.loss_table`: ``"negative-sampling"``, ``"naive-softmax"``,
        ``"hierarchical-softmax"``; or, with a colon in it, the name of a person's own function.
    size : int
        d, the length of a vector.
    window : int
        The largest window: at each center it is drawn from 1 to this.
    negative : int
        K, the negatives of a pair; of no meaning to a loss without negatives.
    sample : float
        The threshold of subsampling; 0 keeps every word.
    subsampling : {"word2vec", "fasttext", "paper"}
        How the probability to keep a word follows from the threshold.
    noise_power : float
        Negatives are drawn proportionally to the count to this power.
    target_among_negatives : {"skip", "redraw", "keep"}
        What becomes of a negative that equals the target.
    direction : {"center-predicts-outside", "outside-predicts-center"}
        Which word of a skip-gram pair is the input, a row of V.
    cbow_gradient : {"exact", "whole"}
        Of CBOW: each word of a window receives its share of the mean's gradient, or all of it, as
        in word2vec.c, gensim and fastText; see `models.minibatch.whole`.
    alpha : float, optional
        The learning rate at the start; None: `starting_rate` has the default.
    min_alpha : float
        The learning rate at the end; it falls linearly with the words read.
    epochs : int
        How often the text is read.
    min_count : int
        Rarer words are left out.
    batch_size : int, optional
        Pairs in a minibatch. Their gradients are added up, not averaged. None: as many as
        `models.beginnings.fitting_batch_size` says.
    init : {"word2vec", "gensim", "zeros", "half-zeros", "random"}
        Where V and U start; see `models.beginnings.initialize`.
    seed : int
        Of all that is random.
    threads : int
        With more than one the vectors differ from run to run in their last digits.
    compiled : bool
        One pair at a time, compiled by numba, in place of minibatches.

    Raises
    ------
    InputError
        If a value is out of its range, or two contradict each other; the message begins with the
        name of the attribute.
    """

    model: Model = "skip-gram"
    loss: str = LOSSES[0].name
    size: int = 100
    window: int = 5
    negative: int = 5
    sample: float = 1e-3
    subsampling: Subsampling = "word2vec"
    noise_power: float = 0.75
    target_among_negatives: TargetAmongNegatives = "skip"
    direction: Direction = "center-predicts-outside"
    cbow_gradient: CbowGradient = "exact"
    alpha: float | None = None
    min_alpha: float = 1e-4
    epochs: int = 5
    min_count: int = 5
    batch_size: int | None = None
    init: Initialization = "word2vec"
    seed: int = 1
    threads: int = 1
    compiled: bool = False

    def __post_init__(self) -> None:
        for name, (lowest, highest) in _RANGES.items():
            if name != "batch_size" or self.batch_size is not None:
                self._require_integer(name, lowest, highest)
        self._require_integer("seed", 0)
        for name, kind in _CHOICES.items():
            self._require_choice(name, get_args(kind))
        if ":" not in self.loss:
            names = tuple(loss.name for loss in LOSSES)
            self._require_choice("loss", names, _OWN_LOSSES)
        self._require_finite("sample", 0.0)
        self._require_finite("noise_power", -math.inf)
        self._require_finite("min_alpha", 0.0)
        if self.alpha is not None:
            self._require_finite("alpha", 0.0)
        if self.starting_rate < self.min_alpha:
            raise InputError(
                f"alpha: expected a finite number >= min_alpha ({self.min_alpha:g}), "
                f"got {self.starting_rate:g}"
            )
        self._refuse_contradictions()

    @property
    def is_own_loss(self) -> bool:
        """Whether the loss is a person's own function."""
        return ":" in self.loss

    @property
    def starting_rate(self) -> float:
        """The learning rate at the start: ``alpha``, or the default of the model."""
        if self.alpha is not None:
            return self.alpha
        return _SKIP_GRAM_RATE if self.model == "skip-gram" else _CBOW_RATES[self.cbow_gradient]

    def settled(self) -> dict[str, Any]:
        """Return the attributes by name, the rate's default in its place."""
        return asdict(self) | {"alpha": self.starting_rate}

    def _require_integer(self, name: str, lowest: int, highest: int | None = None) -> None:
        value = getattr(self, name)
        # To Python, True is an integer.
        integer = isinstance(value, int) and not isinstance(value, bool)
        if not integer or value < lowest or (highest is not None and value > highest):
            bounds = f">= {lowest}" if highest is None else f"from {lowest} to {highest:,}"
            raise InputError(f"{name}: expected an integer {bounds}, got {value}")

    def _require_finite(self, name: str, lowest: float) -> None:
        value = getattr(self, name)
        if not (math.isfinite(value) and value >= lowest):
            bound = f" >= {lowest:g}" if lowest > -math.inf else ""
            raise InputError(f"{name}: expected a finite number{bound}, got {value}")

    def _require_choice(
        self, name: str, choices: tuple[str, ...], others: tuple[str, ...] = ()
    ) -> None:
        value = getattr(self, name)
        if value not in choices:
            close = difflib.get_close_matches(f"{value}", choices, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise InputError(f"{name}: expected {', '.join(choices + others)}; got {value!r}{hint}")

    def _refuse_contradictions(self) -> None:
        loss = named(self.loss)
        if loss.has_negatives and not self.is_own_loss and self.negative == 0:
            raise InputError(f"negative: {loss.title} needs at least 1, got 0")
        if self.compiled and not loss.is_compiled:
            compiled = " and ".join(each.title for each in LOSSES if each.is_compiled)
            raise InputError(f"compiled: only {compiled} are compiled, not {self.loss}")
        if self.is_own_loss and self.model != "skip-gram":
            raise InputError(f"model: a function of one pair trains skip-gram, not {self.model}")
        if self.is_own_loss and self.threads > 1:
            raise InputError(f"threads: a function in Python has one, got {self.threads}")


_CHOICES: dict[str, Any] = {
    "model": Model,
    "subsampling": Subsampling,
    "target_among_negatives": TargetAmongNegatives,
    "direction": Direction,
    "cbow_gradient": CbowGradient,
    "init": Initialization,
}
