"""Trials: the answer of a submission's function to one case, beside the right one.

The checks about one function share its trials, so what a trial finds out is found out once.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gradcheck.homework.calling.calls import Call, Outcome, Target
from gradcheck.homework.checks.comparison import Seen, as_array, conform
from gradcheck.word2vec import oracle
from gradcheck.word2vec.cases import Case, WindowCase
from gradcheck.word2vec.loss_table import NAIVE_SOFTMAX, named

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.checks.cases import SamplerCase, SgdCase, SigmoidCase
    from gradcheck.homework.courses import Interface, Role
    from gradcheck.word2vec.oracle import Answer

__all__ = [
    "GradientTrial",
    "PairTrial",
    "SamplerTrial",
    "SgdTrial",
    "SigmoidTrial",
    "Trial",
    "WindowTrial",
    "is_three",
]

_FIRST_SEED, _OTHER_SEED = 1, 2
PARTS = ("loss", "center", "outside")


class Trial:
    """One function on one case.

    Parameters
    ----------
    target : Target
        The submission.
    role : Role
        The function.
    case : Any
        Its input.
    """

    def __init__(self, target: Target, role: Role, case: Any) -> None:
        self.target = target
        self.role = role
        self.case = case

    @property
    def interface(self) -> Interface:
        """The course's name and arguments of the function."""
        return self.target.course.functions[self.role]

    def first_call(self) -> Call:
        """Return the call that the case stands for."""
        raise NotImplementedError

    def on(self, case: Any) -> Self:
        """Return the trial of the same function on another case."""
        return type(self)(self.target, self.role, case)

    def call(self, **changes: Any) -> Outcome:
        """Call the function once more, with changes to the first call."""
        return self.target.call(replace(self.first_call(), **changes))

    def calls_of(self, *, again: bool) -> list[Call]:
        """Return the first call, or the second after some other one and under another seed."""
        call = self.first_call()
        if not again:
            return [replace(call, seed=_FIRST_SEED)]
        return [self.other_call(), replace(call, seed=_OTHER_SEED)]

    @cached_property
    def outcome(self) -> Outcome:
        """The outcome of the first call."""
        return self.call(seed=_FIRST_SEED)

    @cached_property
    def again(self) -> Outcome:
        """The outcome of the second call."""
        # Whether the one between them returns is not asked.
        *_, outcome = map(self.target.call, self.calls_of(again=True))
        return outcome

    def other_call(self) -> Call:
        """Return some other call of the same function."""
        call = self.first_call()
        changed = {
            name: value + 1.0 if isinstance(value, np.ndarray) else value
            for name, value in call.inputs.items()
        }
        return replace(call, inputs=changed)


class GradientTrial(Trial):
    """A function that returns a loss and two gradients."""

    @cached_property
    def expected(self) -> Answer:
        """The oracle's answer."""
        raise NotImplementedError

    @property
    def returns_three(self) -> bool:
        """Whether a loss and two gradients came back at all."""
        return is_three(self.outcome.result)

    def claimed(self, part: str) -> Any:
        """Return the loss or a gradient as the file claims it."""
        return self.outcome.result[PARTS.index(part)]

    def expected_part(self, part: str) -> tuple[Any, Any]:
        """Return the oracle's value and its scale."""
        answer = self.expected
        return np.asarray(getattr(answer, part)), np.asarray(getattr(answer, f"{part}_scale"))

    def seen(self, part: str) -> Seen | None:
        """Return a part as it is claimed beside the right one; None where it has another shape."""
        if not self.returns_three:
            return None
        expected, scale = self.expected_part(part)
        claimed = as_array(self.claimed(part))
        values = None if claimed is None else conform(claimed, expected.shape)
        if values is None:
            return None
        return Seen(values, expected, scale, np.ones(expected.shape, dtype=bool))

    def result_name(self, part: str) -> str:
        """Return the course's name of a part of the result."""
        return self.interface.results[PARTS.index(part)]

    def row_label(self, _row: int) -> str:
        """Return the meaning of a row of a gradient."""
        return ""


class PairTrial(GradientTrial):
    """Naive softmax or negative sampling on a `Case`."""

    case: Case

    def first_call(self) -> Call:
        """Return the call that the case stands for."""
        inputs = {
            "center": self.case.center,
            "target": self.case.target,
            "outside": self.case.outside,
        }
        # The course's default number is tested by not giving K.
        default = self.target.course.default_count
        if self.case.negatives and len(self.case.negatives) != default:
            inputs["K"] = len(self.case.negatives)
        return Call(self.role, inputs, draws=self.case.negatives + self._further_draws())

    def _further_draws(self) -> tuple[int, ...]:
        """Return as many other words, for a file that draws again: it is to get other negatives."""
        negatives = self.case.negatives
        others = [word for word in range(len(self.case.outside)) if word != self.case.target]
        # All others in another order would have the same sum.
        fresh = [word for word in others if word not in negatives] or others[:1]
        return tuple(fresh[place % len(fresh)] for place in range(len(negatives)))

    @cached_property
    def expected(self) -> Answer:
        """The oracle's answer, for the negatives that the file really got."""
        loss = named(self.role)
        case = replace(self.case, negatives=self.negatives) if loss.has_negatives else self.case
        answer: Answer = loss.evaluate(case)
        return answer

    def sampling(self, script: tuple[int, ...]) -> Outcome:
        """Return the outcome of the file's own sampler when the dataset hands out `script`."""
        inputs = {
            "target": self.case.target,
            "K": len(self.case.negatives),
            "words": len(self.case.outside),
        }
        return self.target.call(Call("sampler", inputs, draws=script))

    @cached_property
    def is_usable(self) -> bool:
        """Whether the file's own skip-gram gets gradients of the right shape from the function."""
        if not self.target.has("skip-gram"):
            return False
        center_vectors = np.zeros_like(self.case.outside)
        center_vectors[0] = self.case.center
        inputs = {
            "center_word": 0,
            "window_size": 1,
            "context_words": (self.case.target,),
            "center_vectors": center_vectors,
            "outside_vectors": self.case.outside,
        }
        draws = self.first_call().draws
        call = Call("skip-gram", inputs, draws, passed_loss=self.role, own_losses=True)
        result = self.target.call(call).result
        return is_three(result) and all(
            np.shape(part) == center_vectors.shape for part in result[1:]
        )

    @cached_property
    def negatives(self) -> tuple[int, ...]:
        """The negatives that the file got, be they too many: their number is checked apart."""
        if self.outcome.sampled:
            return self.outcome.sampled[-1]
        return self.outcome.drawn

    @cached_property
    def batches(self) -> tuple[tuple[int, ...], ...]:
        """The negatives of each time that the file seems to have drawn some."""
        drawn, sampled, count = self.outcome.drawn, self.outcome.sampled, len(self.case.negatives)
        if drawn and sampled:
            return (drawn, *sampled)
        return (drawn[:count], drawn[count:]) if len(drawn) == 2 * count else sampled

    def row_label(self, row: int) -> str:
        """Return the meaning of a row of the outside gradient."""
        if row == self.case.target:
            return "the target's"
        times = self.negatives.count(row) if named(self.role).has_negatives else 0
        if times > 1:
            return f"a negative's, drawn {times} times"
        return "a negative's" if times else ""


class WindowTrial(GradientTrial):
    """Skip-gram or CBOW on a `WindowCase`."""

    case: WindowCase

    def first_call(self) -> Call:
        """Return the call that the case stands for."""
        case = self.case
        inputs = {
            "center_word": case.center,
            "window_size": case.window_size,
            "context_words": case.context,
            "center_vectors": case.center_vectors,
            "outside_vectors": case.outside_vectors,
        }
        return Call(self.role, inputs, draws=(0,))

    @cached_property
    def expected(self) -> Answer:
        """The oracle's answer."""
        evaluate = oracle.skipgram if self.role == "skip-gram" else oracle.cbow
        return evaluate(self.case, NAIVE_SOFTMAX)

    @property
    def moved_rows(self) -> list[int]:
        """The rows of the center vectors that the loss depends on."""
        words = [self.case.center] if self.role == "skip-gram" else self.case.context
        return sorted(set(words))

    def row_label(self, row: int) -> str:
        """Return the meaning of a row of a gradient."""
        roles = ["the center word's"] if row == self.case.center else []
        times = self.case.context.count(row)
        if times:
            repeated = f", {times} times in the window" if times > 1 else ""
            roles.append(f"a context word's{repeated}")
        return " and ".join(roles)


class SigmoidTrial(Trial):
    """The sigmoid of a number or an array."""

    case: SigmoidCase

    def first_call(self) -> Call:
        """Return the call that the case stands for."""
        x = self.case.x
        return Call(self.role, {"x": x if x.ndim else x.item()})

    @cached_property
    def expected(self) -> Any:
        """The oracle's answer."""
        return np.asarray(oracle.sigmoid(self.case.x.astype(np.float64)))


class SamplerTrial(Trial):
    """The sampler, with known draws of the dataset."""

    case: SamplerCase

    def first_call(self) -> Call:
        """Return the call that the case stands for."""
        return self._call(self.case.negatives)

    def drawing(self, script: tuple[int, ...]) -> Outcome:
        """Return the outcome of the sampler when the dataset hands out `script`."""
        return self.target.call(self._call(script))

    def _call(self, script: tuple[int, ...]) -> Call:
        inputs = {
            "target": self.case.target,
            "K": len(self.case.negatives),
            "words": self.case.words,
        }
        return Call(self.role, inputs, draws=script)


class SgdTrial(Trial):
    """Gradient descent along a constant gradient."""

    case: SgdCase

    def first_call(self) -> Call:
        """Return the call that the case stands for, without postprocessing."""
        return self._call(self.case.iterations, shift=np.zeros_like(self.case.x0))

    @cached_property
    def one_step(self) -> Outcome:
        """The outcome of a single iteration."""
        return self.target.call(self._call(1, shift=np.zeros_like(self.case.x0)))

    @cached_property
    def postprocessed(self) -> Outcome:
        """The outcome with a postprocessing that adds the case's shift."""
        return self.target.call(self._call(self.case.iterations, shift=self.case.shift))

    def postprocess(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return x as the postprocessing leaves it."""
        return 0.5 * x + self.case.shift

    def _call(self, iterations: int, shift: Any) -> Call:
        inputs = {
            "x0": self.case.x0,
            "step": self.case.step,
            "iterations": iterations,
            "gradient": self.case.gradient,
            "shift": shift,
        }
        return Call(self.role, inputs)


def is_three(result: Any) -> bool:
    """Say whether a result has as many parts as a loss and two gradients."""
    return isinstance(result, tuple | list) and len(result) == len(PARTS)
