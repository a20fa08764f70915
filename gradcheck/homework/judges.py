"""What each check asks of a trial: `None` where it is right, a `Finding` where it is wrong.

Each judge looks at one thing and makes little of the others, so that one mistake in a file
fails one check: values are compared whatever the shape, shapes whatever the values, repeated
negatives only where the same case without repeats is right, and so on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.homework.comparison import (
    Finding,
    Unjudged,
    Verdict,
    agrees,
    as_array,
    conform,
    describe_difference,
)
from gradcheck.homework.hints import hint
from gradcheck.homework.trials import (
    PARTS,
    GradientTrial,
    PairTrial,
    SamplerTrial,
    SgdTrial,
    SigmoidTrial,
    WindowTrial,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.targets import Outcome
    from gradcheck.homework.trials import Trial

Judge = Callable[[Any], Verdict]

_NOT_THREE = Unjudged("it does not return a loss and two gradients")
_NO_SAMPLES = Unjudged("its negatives come from elsewhere than the dataset, so they are not known")


# Losses and gradients


def loss_value(trial: GradientTrial) -> Verdict:
    """Compare the loss with the oracle's."""
    return _compare_part(trial, "loss")


def center_gradient(trial: GradientTrial) -> Verdict:
    """Compare the gradient with respect to the center vector, or the rows of it that move."""
    if isinstance(trial, WindowTrial):
        return _compare_part(trial, "center", rows=trial.moved_rows)
    return _compare_part(trial, "center")


def center_rows(trial: WindowTrial) -> Verdict:
    """Ask for zeros in the rows of the words that the loss does not depend on."""
    others = sorted(set(range(len(trial.case.center_vectors))) - set(trial.moved_rows))
    if not others:
        return Unjudged("every word is in the window")
    return _compare_part(trial, "center", rows=others)


def outside_gradient(trial: GradientTrial) -> Verdict:
    """Compare the gradient with respect to the outside vectors with the oracle's."""
    return _compare_part(trial, "outside")


def shapes(trial: GradientTrial) -> Verdict:
    """Ask for a scalar loss, and gradients of the shapes of what they belong to."""
    if not trial.returns_three:
        names = ", ".join(trial.interface.results)
        return Finding(f"expected three values, ({names}); got {_kind(trial.outcome.result)}")
    for part in PARTS:
        expected, _ = trial.expected_part(part)
        claimed = as_array(trial.claimed(part))
        if claimed is None or claimed.shape == expected.shape:
            continue
        name = trial.result_name(part)
        wanted = "a scalar" if part == "loss" else f"shape {expected.shape}"
        return Finding(
            f"{name}: expected {wanted}, got shape {claimed.shape}"
            f"{_shape_remark(claimed, expected)}",
            claimed,
            expected,
        )
    return None


def dtypes(trial: GradientTrial) -> Verdict:
    """Ask for floating-point numbers of full precision."""
    if not trial.returns_three:
        return _NOT_THREE
    for part in PARTS:
        raw = trial.claimed(part)
        claimed = as_array(raw)
        name = trial.result_name(part)
        if claimed is None:
            return Finding(f"{name}: expected float64 numbers, got {_kind(raw)}")
        if claimed.dtype.kind != "f":
            return Finding(f"{name}: expected float64 numbers, got dtype {claimed.dtype}", raw)
        if np.finfo(claimed.dtype).eps > np.finfo(np.float64).eps:
            return Finding(f"{name}: expected float64, got {claimed.dtype}: half its digits", raw)
    return None


def finite_and_right(trial: GradientTrial) -> Verdict:
    """Ask for the right loss and gradients where the scores are large."""
    for part in PARTS:
        verdict = _compare_part(trial, part)
        if isinstance(verdict, Finding):
            scores = np.abs(trial.case.outside @ trial.case.center).max()
            message = f"with scores of up to ±{scores:.0f}, {verdict.message}"
            return replace(verdict, message=message)
    return None


def repeated_negatives(trial: PairTrial) -> Verdict:
    """Ask that a negative drawn m times counts m times."""
    plain = trial.on(replace(trial.case, negatives=tuple(dict.fromkeys(trial.case.negatives))))
    return _compare_where_right(trial, plain)


def repeated_words(trial: WindowTrial) -> Verdict:
    """Ask that a word that is m times in the window counts m times."""
    plain = trial.on(replace(trial.case, context=tuple(dict.fromkeys(trial.case.context))))
    return _compare_where_right(trial, plain)


# What holds for any function


def inputs_unchanged(trial: Trial) -> Verdict:
    """Ask that the caller's arrays come back as they were."""
    changed = trial.outcome.overwritten
    if not changed:
        return None
    return Finding(f"it overwrites its argument {' and '.join(changed)}")


def same_answer_twice(trial: Trial) -> Verdict:
    """Ask that the same call gives the same answer later, under another random seed."""
    first, second = trial.outcome, trial.again
    if second.status != "returned":
        return Finding(f"the second call with the same arguments fails: {second.message}")
    if _same(first.result, second.result):
        return None
    return Finding(
        "a second call with the same arguments gives another answer: something is kept between "
        "calls, or drawn at random",
        second.result,
        first.result,
    )


# Negatives


def number_requested(trial: PairTrial) -> Verdict:
    """Ask for K negatives, 10 where K is not given."""
    wanted = len(trial.case.negatives)
    outcome = trial.outcome
    if not outcome.sampled and not outcome.drawn:
        return Finding("it draws no negatives, neither by the sampler nor from the dataset")
    if len(outcome.sampled) > 1:
        return Finding(f"it calls the sampler {len(outcome.sampled)} times for one word")
    got = len(outcome.sampled[0]) if outcome.sampled else len(outcome.drawn)
    return None if got == wanted else Finding(f"expected {wanted} negatives (K), it draws {got}")


def target_redrawn(trial: PairTrial) -> Verdict:
    """Ask that a draw of the target is followed by another draw."""
    plain = trial.outcome.drawn
    if not plain:
        return _NO_SAMPLES
    target = trial.case.target
    outcome = trial.call(draws=_with_target(trial.case.negatives, target))
    if outcome.status != "returned":
        return Finding(f"when the dataset hands out the target, {outcome.message}")
    others = sum(drawn != target for drawn in outcome.drawn)
    if others >= len(plain):
        return None
    return Finding(
        f"the dataset handed out the target {target} and it was not drawn again: "
        f"draws {list(outcome.drawn)}"
    )


def number_sampled(trial: SamplerTrial) -> Verdict:
    """Ask for K samples."""
    samples = _indices(trial.outcome)
    if samples is None:
        return Finding(f"expected K word indices, got {_kind(trial.outcome.result)}")
    wanted = len(trial.case.negatives)
    if len(samples) == wanted:
        return None
    return Finding(f"expected {wanted} samples (K), got {len(samples)}", samples, None)


def target_excluded(trial: SamplerTrial) -> Verdict:
    """Ask that the target is not among the samples, and is replaced by another draw."""
    plain = _indices(trial.outcome)
    outcome = trial.drawing(_with_target(trial.case.negatives, trial.case.target))
    if outcome.status != "returned":
        return Finding(f"when the dataset hands out the target, {outcome.message}")
    samples = _indices(outcome)
    if samples is None or plain is None:
        return Unjudged("it does not return word indices")
    if trial.case.target in samples and outcome.drawn:
        return Finding(
            f"the target {trial.case.target} is among the samples", samples, trial.case.negatives
        )
    if len(samples) < len(plain):
        return Finding(
            "a draw of the target is dropped, not replaced by another draw",
            samples,
            trial.case.negatives,
        )
    return None


def from_dataset(trial: SamplerTrial) -> Verdict:
    """Ask that every sample is one that the dataset handed out."""
    samples = _indices(trial.outcome)
    if samples is None:
        return Unjudged("it does not return word indices")
    drawn = trial.outcome.drawn
    if not drawn:
        return Finding("it draws nothing from the dataset: the words would be drawn uniformly")
    if set(samples) <= set(drawn):
        return None
    return Finding("some samples are not what the dataset handed out", samples, drawn)


def repeats_kept(trial: SamplerTrial) -> Verdict:
    """Ask that a word that the dataset hands out twice is twice among the samples."""
    if not trial.outcome.drawn:
        return _NO_SAMPLES
    first, *rest = trial.case.negatives
    if not rest:
        return Unjudged("a single sample cannot repeat")
    script = (first, first, *rest)
    outcome = trial.drawing(script)
    if outcome.status != "returned":
        return Finding(f"when the dataset hands out a word twice, {outcome.message}")
    samples = _indices(outcome)
    if samples is None:
        return Unjudged("it does not return word indices")
    if Counter(samples)[first] >= 2:
        return None
    return Finding(
        f"the dataset handed out {first} twice, and it is among the samples once: repeats belong",
        samples,
        list(script[: len(samples)]),
    )


# Windows


def passed_loss_called(trial: WindowTrial) -> Verdict:
    """Ask that the loss function that is passed in is the one that is called."""
    losses = trial.target.course.functions
    for passed in ("naive-softmax", "negative-sampling"):
        outcome = trial.call(passed_loss=passed)
        if outcome.status != "returned":
            return Unjudged("it does not return")
        if passed in outcome.losses_called:
            continue
        called = ", ".join(sorted({losses[role].name for role in outcome.losses_called}))
        return Finding(
            f"given {losses[passed].name}, it does not call it"
            + (f", but {called}" if called else "")
        )
    return None


# Sigmoid


def sigmoid_value(trial: SigmoidTrial) -> Verdict:
    """Compare with 1 / (1 + exp(-x))."""
    claimed = as_array(trial.outcome.result)
    if claimed is None:
        return Finding(f"expected numbers, got {_kind(trial.outcome.result)}")
    expected = trial.expected
    if claimed.size != expected.size:
        return Unjudged("its shape is another")
    values = claimed.reshape(expected.shape)
    # exp(x) turns the rounding of x, relative to x, into a relative error of the value.
    close = agrees(values, expected, expected * (1.0 + np.abs(trial.case.x)))
    if close.all():
        return None
    message = f"{trial.interface.name}: {describe_difference(values, expected, close)}"
    return Finding(message, values, expected)


def sigmoid_shape(trial: SigmoidTrial) -> Verdict:
    """Ask for the shape of the argument."""
    claimed = as_array(trial.outcome.result)
    if claimed is None or claimed.shape == trial.expected.shape:
        return None
    wanted = f"shape {trial.expected.shape}" if trial.case.x.ndim else "a scalar"
    return Finding(f"expected {wanted}, as x has, got shape {claimed.shape}")


# SGD


def sgd_step(trial: SgdTrial) -> Verdict:
    """Ask that one iteration is x - step * gradient."""
    case = trial.case
    outcome = trial.running(1)
    claimed = _point(outcome)
    if claimed is None or claimed.shape != case.x0.shape:
        return Finding(f"expected x of shape {case.x0.shape}, got {_kind(outcome.result)}")
    if not outcome.points and np.array_equal(claimed, case.x0):
        return Finding("not implemented yet: it returns x0 and never calls f")
    expected = case.x0 - case.step * case.gradient
    close = agrees(claimed, expected, np.abs(case.x0) + np.abs(case.step * case.gradient))
    if close.all():
        return None
    if agrees(claimed, case.x0 + case.step * case.gradient, np.abs(case.x0) + 1.0).all():
        message = "one iteration adds step * gradient: it climbs, where descent subtracts"
    else:
        message = f"after one iteration, x: {describe_difference(claimed, expected, close)}"
    return Finding(message, claimed, expected)


def sgd_iterations(trial: SgdTrial) -> Verdict:
    """Ask for as many steps as iterations."""
    case = trial.case
    one, many = _point(trial.running(1)), _point(trial.outcome)
    if one is None or many is None or one.shape != case.x0.shape or many.shape != case.x0.shape:
        return Unjudged("it does not return x")
    step = one - case.x0
    if not np.abs(step).max() > 0.0:
        return Unjudged("it does not move")
    moved = float(np.median((many - case.x0) / step))
    if abs(moved - case.iterations) < 1e-6:
        return None
    return Finding(
        f"expected {case.iterations} iterations, it moves as far as in {moved:.6g}", many, None
    )


def sgd_current_point(trial: SgdTrial) -> Verdict:
    """Ask that f is asked at the point that has been reached."""
    points = {point.tobytes() for point in trial.outcome.points}
    if len(points) >= min(2, len(trial.outcome.points)):
        return None
    return Finding("it asks f for the gradient at x0 every time, not at the current x")


def sgd_postprocessing(trial: SgdTrial) -> Verdict:
    """Ask that the postprocessing is applied to x in each iteration."""
    case = trial.case
    if not trial.outcome.points:
        return Unjudged("it never calls f")
    outcome = trial.postprocessed
    plain, shifted = _point(trial.outcome), _point(outcome)
    if outcome.status != "returned":
        return Finding(f"with a postprocessing, {outcome.message}")
    if plain is None or shifted is None or shifted.shape != plain.shape:
        return Unjudged("it does not return x")
    steps = len(trial.outcome.points)
    expected = plain + steps * case.shift
    if np.abs(shifted - expected).max() <= 1e-9 * (1.0 + np.abs(expected).max()):
        return None
    return Finding(
        f"{outcome.postprocessed} times applied in {steps} iterations, or its result is dropped",
        shifted,
        expected,
    )


# Shared


def _compare_part(
    trial: GradientTrial, part: str, rows: list[int] | None = None
) -> Verdict:
    if not trial.returns_three:
        return _NOT_THREE
    if isinstance(trial, PairTrial) and trial.role == "negative-sampling" and not trial.negatives:
        return _NO_SAMPLES
    claimed = as_array(trial.claimed(part))
    if claimed is None:
        return Unjudged("it holds no numbers")
    expected, scale = trial.expected_part(part)
    values = conform(claimed, expected.shape)
    if values is None:
        return Unjudged(f"{trial.result_name(part)} has another shape")
    judged: Any = ... if rows is None else rows
    close = np.ones(expected.shape, dtype=bool)
    close[judged] = agrees(values, expected, scale)[judged]
    if close.all():
        return None
    if _is_transposed_square(values, expected, scale):
        return Unjudged("it is transposed")
    seen = np.where(close, expected, values)
    remark = hint(trial, part, seen, expected, agrees)
    how = remark or describe_difference(seen, expected, close, trial.row_label)
    return Finding(f"{trial.result_name(part)}: {how}", claimed, expected)


def _is_transposed_square(
    values: NDArray[Any], expected: NDArray[Any], scale: NDArray[Any]
) -> bool:
    """Say whether only the shape is wrong, which in a square matrix does not show.

    Then it does in the other cases, where the check of shapes finds it.
    """
    if expected.ndim != 2 or expected.shape[0] != expected.shape[1]:
        return False
    return bool(agrees(values.T, expected, scale).all())


def _compare_where_right(trial: GradientTrial, plain: Trial) -> Verdict:
    """Compare each part that is right in the plain trial."""
    assert isinstance(plain, GradientTrial)
    if plain.outcome.status != "returned":
        return Unjudged("it fails without repeats already")
    judged = 0
    for part in PARTS:
        if _compare_part(plain, part) is not None:
            continue
        judged += 1
        verdict = _compare_part(trial, part)
        if isinstance(verdict, Finding):
            return verdict
    return None if judged else Unjudged("it is wrong without repeats already")


def _with_target(negatives: tuple[int, ...], target: int) -> tuple[int, ...]:
    """Return a script in which the target comes before each negative."""
    return tuple(drawn for negative in negatives for drawn in (target, negative))


def _indices(outcome: Outcome) -> tuple[int, ...] | None:
    samples = as_array(outcome.result)
    if samples is None or samples.ndim != 1:
        return None
    if not np.array_equal(samples, np.round(samples)):
        return None
    return tuple(int(sample) for sample in samples)


def _point(outcome: Outcome) -> NDArray[Any] | None:
    return as_array(outcome.result) if outcome.status == "returned" else None


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, tuple | list) and isinstance(second, tuple | list):
        return len(first) == len(second) and all(map(_same, first, second))
    one, other = as_array(first), as_array(second)
    if one is None or other is None:
        return one is None and other is None
    return np.array_equal(one, other, equal_nan=True)


def _shape_remark(claimed: NDArray[Any], expected: NDArray[Any]) -> str:
    if expected.ndim == 2 and claimed.shape == expected.shape[::-1]:
        return " (transposed)"
    if conform(claimed, expected.shape) is not None:
        return " (the values fit, the axes do not)"
    return ""


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return f"a {type(value).__name__}"
