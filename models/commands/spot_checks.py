"""Checks of the gradient that training follows, now and then, at the vectors of that moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from gradcheck import GradientReport, check
from models.commands.own_losses import OwnLoss
from models.loss_table import named
from models.pairs import Batch, PathBatch
from models.training import Step, Training, Update

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

__all__ = ["Disagreement", "SpotChecks", "check_update", "few_pairs", "single_pairs"]

# Of the gradient; what is looked for are mistakes, not digits.
_PRECISION = 1e-6

# Pairs of a batch that have a row in common, for each way to have one: a row's first few terms may
# be right and the later ones lost. Of a step that takes one pair after the other, two are as good.
_ALIKE = 16
_ALIKE_PAIR_BY_PAIR = 2

# Rows beside those of the pairs. Mostly they must not move; naive softmax is taken over them, which
# costs far less than over a large vocabulary, and is the same function.
_SPARE_ROWS = 2
_SOFTMAX_ROWS = 50
_ROWS_NAMED = 12

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
        self._words = _OutsideWords(training, own) if own else None
        self._precision = (own and own.precision) or _PRECISION
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


class _OutsideWords:
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

        precision = self._own.precision or _PRECISION
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


def check_update(
    update: Update,
    V: Floats,
    U: Floats,
    batch: Batch | PathBatch,
    *,
    spare_outside_rows: int,
    pair_by_pair: bool,
    precision: float = _PRECISION,
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
