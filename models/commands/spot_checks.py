"""Checks of the gradient that training follows, now and then, at the vectors of that moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from gradcheck import GradientReport, check
from models.commands.outside_words import PRECISION, Disagreement, OutsideWords
from models.commands.own_losses import OwnLoss
from models.loss_table import named
from models.pairs import Batch, PathBatch
from models.training import Step, Training, Update

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

__all__ = ["Disagreement", "SpotChecks", "check_update", "few_pairs", "single_pairs"]

# Pairs of a batch that have a row in common, for each way to have one: a row's first few terms may
# be right and the later ones lost. Of a step that takes one pair after the other, two are as good.
_ALIKE = 16
_ALIKE_PAIR_BY_PAIR = 2

# Rows beside those of the pairs. Mostly they must not move; naive softmax is taken over them, which
# costs far less than over a large vocabulary, and is the same function.
_SPARE_ROWS = 2
_SOFTMAX_ROWS = 50
_ROWS_NAMED = 12


class SpotChecks:
    """Checks the gradient in a training every so many batches, and in its first.

    Parameters
    ----------
    training : Training
        The training.
    every : int
        Batches between two checks; 0 checks none.
    own : OwnLoss, optional
        The person's own loss, if that is trained with: beside what else is checked, it is checked
        once for every outside word.

    Attributes
    ----------
    checks, agreed, undecided : int
        How many checks there were, and how many of them ended so.
    """

    def __init__(self, training: Training, every: int, own: OwnLoss | None = None) -> None:
        self.checks = self.agreed = self.undecided = 0
        self._pairs = self._pairs_checked = 0
        self._own = own
        self._words = OutsideWords(training, own) if own else None
        self._precision = (own and own.precision) or PRECISION
        self._training = training
        self._every = every
        self._next = self._batches = 0
        self._last: Step | None = None

    def look(self, step: Step) -> None:
        """Check the gradient of the batch of a step if its turn has come.

        Raises
        ------
        Disagreement
            If the gradient is not that of the loss.
        Divergence
            If the vectors are not finite where it would be checked.
        """
        self._last = step
        self._pairs += step.pairs
        # First, as it tells which word it is.
        if self._every and self._words and isinstance(step.batch, Batch):
            for verdict, pairs in self._words.look(step.batch):
                self._count(verdict, pairs)
        # With threads a step is a whole block, of many batches.
        self._batches += -(-step.pairs // self._training.batch_size)
        if self._every and self._batches >= self._next:
            self._next = self._batches + self._every
            self._check(step)

    def look_at_last(self) -> None:
        """Check the gradient once more, at the end, where the vectors are furthest from zero.

        Raises
        ------
        Disagreement
            If the gradient is not that of the loss.
        """
        if self._every and self._words:
            for verdict, pairs in self._words.look_at_rest():
                self._count(verdict, pairs)
        if self._every and self._last:
            self._check(self._last)

    def summary(self) -> str:
        """Return the outcome of the checks in a line."""
        if not self._every:
            return "the gradient was not checked (--check-every 0)"
        undecided = f", {self.undecided} could not be decided" if self.undecided else ""
        return (
            f"the gradient agreed with its loss in {self.agreed:,} of {self.checks:,} spot checks, "
            f"{self._pairs_checked:,} of {self._pairs:,} pairs{undecided}"
        )

    def _count(self, verdict: str, pairs: int) -> None:
        self.checks += 1
        self._pairs_checked += pairs
        self.agreed += verdict == "agrees"
        self.undecided += verdict == "undecided"

    def _check(self, step: Step) -> None:
        training, options = self._training, self._training.options
        training.require_finite()
        # A person's own function may be naive softmax.
        takes_all_rows = named(options.loss).has_all_scores or options.is_own_loss
        batch, update = step.batch, training.update
        if self._own:
            # A function in Python is slow, and all that the training does with it is to subtract.
            batch, update = few_pairs(batch, _ALIKE_PAIR_BY_PAIR), self._own.step_together
        report, pairs, rows = check_update(
            update,
            training.V,
            training.U,
            batch,
            spare_outside_rows=_SOFTMAX_ROWS if takes_all_rows else _SPARE_ROWS,
            pair_by_pair=options.compiled,
            precision=self._precision,
        )
        self._count(report.verdict, pairs)
        if report.verdict == "disagrees":
            legend = "\n".join(self._named("V", rows[0]) + self._named("U", rows[1]))
            raise Disagreement(
                f"after {step.words:,} words the gradient of a batch disagrees with its loss\n\n"
                f"{report}\n\n{legend}"
            )

    def _named(self, matrix: str, rows: NDArray[np.intp]) -> list[str]:
        words = self._training.corpus.vocabulary.words
        of_nodes = matrix == "U" and self._training.tree is not None
        names = (
            f"inner node {row}" if of_nodes else repr(words[row]) for row in rows[:_ROWS_NAMED]
        )
        return [f"row {number} of {matrix} is that of {name}" for number, name in enumerate(names)]


def check_update(
    update: Update,
    V: Floats,
    U: Floats,
    batch: Batch | PathBatch,
    *,
    spare_outside_rows: int,
    pair_by_pair: bool,
    precision: float = PRECISION,
) -> tuple[GradientReport, int, tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Check the gradient that a step subtracts, at learning rate 1, against the loss it returns.

    Parameters
    ----------
    update : callable
        The step, the very function that training runs.
    V, U : ndarray, shape (|V|, d)
        Where; they are copied, in double precision.
    batch : Batch or PathBatch
        What pairs are taken from: a few, with rows that repeat.
    spare_outside_rows : int
        U is cut to the rows of the pairs, and about as many others.
    pair_by_pair : bool
        Whether the step moves the vectors after each pair, so that only that of a single pair
        is a gradient.
    precision : float
        To which part of the gradient.

    Returns
    -------
    report : GradientReport
        Its arrays V and U have the rows that `rows` names.
    pairs : int
        How many pairs were looked at.
    rows : tuple of ndarray of int
        Which rows of V and of U they are.
    """
    pairs = few_pairs(batch, _ALIKE_PAIR_BY_PAIR if pair_by_pair else _ALIKE)
    center_rows = _rows(pairs.inputs, len(V), _SPARE_ROWS)
    outside_rows = _rows(pairs.rows, len(U), spare_outside_rows)
    local = pairs.renumbered(center_rows, outside_rows)
    parts = list(single_pairs(local)) if pair_by_pair else [local]

    def step(V: Floats, U: Floats) -> tuple[float, Floats, Floats]:
        loss, center, outside = 0.0, np.zeros_like(V), np.zeros_like(U)
        for part in parts:
            moved_center, moved_outside = V.copy(), U.copy()
            loss += update(moved_center, moved_outside, part, 1.0)
            center += V - moved_center
            outside += U - moved_outside
        return loss, center, outside

    at = V[center_rows].astype(np.float64), U[outside_rows].astype(np.float64)
    report = check(step, at=at, precision=precision)
    return report, len(pairs.inputs), (center_rows, outside_rows)


def few_pairs(batch: Batch | PathBatch, alike: int) -> Batch | PathBatch:
    """Return few pairs of a batch: such that rows repeat, among pairs and within one.

    Parameters
    ----------
    batch : Batch or PathBatch
        All its pairs.
    alike : int
        At most so many are taken of those with the most frequent input, of those with the most
        frequent target, of those with that among the negatives, and of those with the same
        negative twice; beside these, the first pair. Of paths, the first node and the others
        stand for target and negatives.

    Returns
    -------
    Batch or PathBatch
        At most 1 + 4 `alike` of its pairs, in their order.
    """
    inputs = batch.inputs
    targets, negatives = batch.rows[:, 0], batch.rows[:, 1:]
    common_target = _most_frequent(targets)
    kinds = [
        (inputs == _most_frequent(inputs)).any(axis=1),
        targets == common_target,
        (negatives == common_target).any(axis=1),
        _has_repeats(negatives),
    ]
    rows = np.unique(np.concatenate([[0], *(np.flatnonzero(kind)[:alike] for kind in kinds)]))
    return batch.selected(rows)


def _most_frequent(rows: NDArray[np.int32]) -> int:
    return int(np.bincount(rows[rows >= 0]).argmax())


def _has_repeats(words: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return a mark for each row of an array that has a word twice, -1 not counting."""
    ordered = np.sort(words, axis=1)
    equal = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
    found: NDArray[np.bool_] = equal.any(axis=1)
    return found


def single_pairs(batch: Batch | PathBatch) -> Iterator[Batch | PathBatch]:
    """Yield the pairs of a batch, each as a batch of its own."""
    for pair in range(len(batch.inputs)):
        yield batch.selected(slice(pair, pair + 1))


def _rows(used: NDArray[np.int32], size: int, spare: int) -> NDArray[np.intp]:
    """Return the rows that are used, and about as many `spare` ones, in ascending order."""
    others = np.linspace(0, size - 1, spare).round().astype(np.intp)
    return np.union1d(used[used >= 0], others)
