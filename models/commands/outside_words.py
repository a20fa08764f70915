"""A check of a person's own loss for each outside word, in a training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gradcheck import GradientReport, check
from models.commands.own_losses import OwnLoss
from models.pairs import Batch
from models.training import Training

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

__all__ = ["PRECISION", "Disagreement", "OutsideWords"]

PRECISION = 1e-6
"""Of the gradient; what is looked for are mistakes, not digits."""

# Of a person's own loss: how many outside words are checked together, at random vectors at which
# scores are about 1; and how many batches those wait that are fewer.
_WORDS_TOGETHER = 64
_BATCHES_TO_WAIT = 50

# Of a glance at a gradient: the step of a difference of fourth order, whose errors, of truncation
# and of rounding, are both about 1e-11 of a loss of such vectors; and how near the two must be,
# relative to the gradient's length.
_GLANCE_STEP = 1e-3
_GLANCE = 1e-8


_LossAndGradient: TypeAlias = "Callable[[Floats, Floats], tuple[float, Floats, Floats]]"


class Disagreement(Exception):  # noqa: N818 - it is an answer, though a bad one
    """The gradient disagrees with the loss; the message is the report."""


class OutsideWords:
    """Checks a person's own loss once for each outside word, some of them at a time.

    A mistake may be about one index alone, the first or the last, say. The vectors are random, as
    those of a training may be 0 for a long time, which hides what they are multiplied by.

    Each word costs calls of the function, so the right gradient is accepted at a glance: along one
    random direction its derivative is what four evaluations give. All else is for `check` to say.
    """

    def __init__(self, training: Training, own: OwnLoss) -> None:
        self._own = own
        self._words = training.corpus.vocabulary.words
        self._is_new = np.ones(len(self._words), dtype=bool)
        self._waiting: list[Batch] = []
        self._batches = 0
        self._training = training
        # A sum of losses in single precision is too noisy to be differentiated.
        self._together = 1 if own.precision else _WORDS_TOGETHER
        rng = np.random.default_rng(0)
        shape = training.U.shape
        self._outside = rng.standard_normal(shape) / shape[1] ** 0.25
        self._center = rng.standard_normal(shape[1]) / shape[1] ** 0.25
        self._direction = rng.uniform(-1, 1, shape[1]), rng.uniform(-1, 1, shape)

    def look(self, batch: Batch) -> Iterator[tuple[str, int]]:
        """Check pairs with new words once there are enough of them; yield verdicts and pairs.

        Raises
        ------
        Disagreement
            If the gradient is not that of the loss.
        """
        self._batches += 1
        new = self._is_new[batch.targets]
        # Of each new word the first pair.
        first = np.unique(batch.targets, return_index=True)[1]
        rows = np.intersect1d(np.flatnonzero(new), first)
        self._is_new[batch.targets] = False
        self._waiting += [batch.selected(rows[i : i + 1]) for i in range(len(rows))]
        # None waits for longer than some batches, or beyond the end of its epoch.
        in_last_block = self._training.position.block == len(self._training.corpus) - 1
        late = in_last_block or self._batches % _BATCHES_TO_WAIT == 0
        yield from self._look_at_waiting(0 if late else self._together)

    def look_at_rest(self) -> Iterator[tuple[str, int]]:
        """Check the pairs that still wait."""
        yield from self._look_at_waiting(0)

    def _look_at_waiting(self, least: int) -> Iterator[tuple[str, int]]:
        while len(self._waiting) > least:
            some = self._waiting[: self._together]
            self._waiting = self._waiting[self._together :]
            yield self._check(some), len(some)

    def _check(self, pairs: list[Batch]) -> str:
        """Return the verdict on some pairs, the sum of their losses.

        Raises
        ------
        Disagreement
            If the gradient is not that of the loss.
        """
        if not self._own.precision and self._agrees_at_a_glance(self._loss_of(pairs)):
            return "agrees"
        report = self._report(pairs)
        if report.verdict == "disagrees":
            alone = ((pair, self._report([pair])) for pair in pairs)
            wrong = next((one for one in alone if one[1].verdict == "disagrees"), None)
            pair, report = wrong or (pairs[0], report)
            raise Disagreement(self._told(pair, report))
        return report.verdict

    def _agrees_at_a_glance(self, own: _LossAndGradient) -> bool:
        """Say whether a gradient is that of its loss along a random direction."""
        along_center, along_outside = self._direction

        def value(t: float) -> float:
            return own(self._center + t * along_center, self._outside + t * along_outside)[0]

        _, by_center, by_outside = own(self._center, self._outside)
        claimed = by_center @ along_center + np.vdot(by_outside, along_outside)
        length = np.hypot(np.linalg.norm(by_center), np.linalg.norm(by_outside))
        h = _GLANCE_STEP
        near, far = value(h) - value(-h), value(2 * h) - value(-2 * h)
        # False where one of them is no number.
        return bool(abs((8 * near - far) / (12 * h) - claimed) <= _GLANCE * length)

    def _report(self, pairs: list[Batch]) -> GradientReport:
        own = self._loss_of(pairs)

        def as_given(center: Floats, outside: Floats) -> tuple[object, ...]:
            return self._own.as_given(*own(center, outside))

        precision = self._own.precision or PRECISION
        return check(as_given, at=(self._center, self._outside), precision=precision)

    def _loss_of(self, pairs: list[Batch]) -> _LossAndGradient:
        """Return a function of v_c and U: the sum of the losses of some pairs, and gradients."""
        targets, negatives = (np.concatenate([pair[part] for pair in pairs]) for part in (1, 2))
        # The function is given the vector of the center word, and not which word it is.
        batch = Batch(np.zeros((len(pairs), 1), dtype=np.int32), targets, negatives)

        def own(center: Floats, outside: Floats) -> tuple[float, Floats, Floats]:
            loss, by_center, by_outside = self._own.total(center[np.newaxis], outside, batch)
            return loss, by_center[0], by_outside

        return own

    def _told(self, pair: Batch, report: GradientReport) -> str:
        target = int(pair.targets[0])
        negatives = tuple(word for word in pair.negatives[0].tolist() if word >= 0)
        named = ", ".join(f"{self._words[word]!r} ({word})" for word in negatives)
        mistake = self._own.mistake(self._center, self._outside, target, negatives)
        words, size = self._outside.shape
        return (
            f"{self._own.name}: the gradient disagrees with the loss for the outside word "
            f"{self._words[target]!r} ({target})"
            f"{f', with the negatives {named}' if negatives else ''}\n\n{report}\n\n"
            f"{f'It looks as if {mistake}' + chr(10) * 2 if mistake else ''}"
            "To see this pair again, in the same folder, with this project's checkout on "
            "PYTHONPATH:\n"
            "import gradcheck\n"
            "import numpy as np\n"
            "from models.commands.own_losses import OwnLoss\n"
            f"own = OwnLoss({self._own.name!r})\n"
            "rng = np.random.default_rng(0)\n"
            f"outside = rng.standard_normal(({words}, {size})) / {size} ** 0.25\n"
            f"center = rng.standard_normal({size}) / {size} ** 0.25\n"
            "print(gradcheck.check(lambda v, U: own.loss_and_gradient"
            f"(v, U, {target}, {negatives}), (center, outside)))\n"
        )
