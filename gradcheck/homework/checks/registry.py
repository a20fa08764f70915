"""The registry of named checks, each with its question, its function and its cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradcheck.homework.checks import behaviour, gradients, sampling, shapes, sigmoid_and_sgd
from gradcheck.homework.checks.check import Check
from gradcheck.homework.checks.layer_checks import LAYER_CHECKS, LAYER_TRIALS
from gradcheck.homework.checks.network_checks import NETWORK_CHECKS, NETWORK_TRIALS
from gradcheck.homework.checks.own_gradient_check import OWN_GRADIENT_CHECKS, GradientCheckTrial
from gradcheck.homework.checks.trials import (
    PairTrial,
    SamplerTrial,
    SgdTrial,
    SigmoidTrial,
    WindowTrial,
)

if TYPE_CHECKING:
    from gradcheck.homework.calling.calls import Target
    from gradcheck.homework.checks.cases import StreamName
    from gradcheck.homework.checks.trials import Trial
    from gradcheck.homework.courses import Course, Role

__all__ = ["CHECKS", "COURSE_MISTAKES", "REMEDIES", "checks_of", "make_trial"]


_TRIALS: dict[Role, Callable[[Target, Role, Any], Trial]] = {
    "sigmoid": SigmoidTrial,
    "sampler": SamplerTrial,
    "skip-gram": WindowTrial,
    "cbow": WindowTrial,
    "sgd": SgdTrial,
    "gradient-check": GradientCheckTrial,
    **NETWORK_TRIALS,
    **LAYER_TRIALS,
}


def make_trial(target: Target, role: Role, case: Any) -> Trial:
    """Return the trial of a function on a case."""
    return (PairTrial if role in target.course.losses else _TRIALS[role])(target, role, case)


def checks_of(course: Course, role: Role) -> tuple[Check, ...]:
    """Return the checks of one function."""
    if role not in course.functions:
        return ()
    return tuple(check for check in CHECKS if check.role == role)


def _gradient_checks(
    role: Role, stream: StreamName, tiny: StreamName, *, windowed: bool
) -> list[Check]:
    """Make the checks of every function that returns a loss and two gradients."""
    vectors = "center vectors" if windowed else "center vector"
    exact = Check(
        role,
        "exact-shapes",
        stream,
        shapes.exact_shapes,
        "Each gradient has the shape of its vectors also where the file's own skip-gram takes "
        "another.",
        level="advice",
    )
    return [
        Check(role, "loss", stream, gradients.loss_value, "The loss has the right value."),
        Check(
            role,
            "center-gradient",
            stream,
            gradients.center_gradient,
            f"The gradient with respect to the {vectors} has the right values.",
        ),
        Check(
            role,
            "outside-gradient",
            stream,
            gradients.outside_gradient,
            "The gradient with respect to the outside vectors has the right values.",
        ),
        Check(
            role,
            "shapes",
            stream,
            shapes.shapes,
            "The loss is one number, and each gradient has the shape of its vectors.",
        ),
        Check(
            role,
            "scalar-loss",
            stream,
            shapes.scalar_loss,
            "The loss is a number, not an array of one.",
            level="advice",
        ),
        *([] if windowed else [exact]),
        Check(
            role,
            "dtypes",
            stream,
            shapes.dtypes,
            "Loss and gradients are float64.",
            level="advice",
        ),
        Check(
            role,
            "rounding",
            stream,
            gradients.rounding,
            "Loss and gradients are right to the last digits.",
            level="advice",
        ),
        Check(
            role,
            "inputs-unchanged",
            stream,
            behaviour.inputs_unchanged,
            "The caller's arrays, lists and dictionaries are not overwritten.",
        ),
        Check(
            role,
            "same-answer-twice",
            stream,
            behaviour.same_answer_twice,
            "The same call gives the same answer again, after other calls and under another seed.",
        ),
        Check(
            role,
            "smallest-sizes",
            tiny,
            gradients.smallest_sizes,
            "Shapes and values are right for vectors of one entry, and for one word.",
            # No homework has any.
            level="advice",
        ),
    ]


def _window_checks(
    role: Role, distinct: StreamName, repeated: StreamName, tiny: StreamName
) -> list[Check]:
    return [
        *_gradient_checks(role, distinct, tiny, windowed=True),
        Check(
            role,
            "center-rows",
            distinct,
            gradients.center_rows,
            "The rows of words that the loss does not depend on have a zero gradient.",
        ),
        Check(
            role,
            "passed-loss-called",
            distinct,
            gradients.passed_loss_called,
            "The loss function that is passed in is the one that is called.",
        ),
        Check(
            role,
            "repeated-words",
            repeated,
            gradients.repeated_words,
            "A word that is twice in the window counts twice.",
        ),
    ]


CHECKS: tuple[Check, ...] = (
    Check(
        "sigmoid",
        "value",
        "sigmoid",
        sigmoid_and_sgd.sigmoid_value,
        "It is 1 / (1 + exp(-x)), of a scalar, a vector or a matrix.",
    ),
    Check("sigmoid", "shape", "sigmoid", sigmoid_and_sgd.sigmoid_shape, "It has the shape of x."),
    Check(
        "sigmoid",
        "dtypes",
        "sigmoid",
        sigmoid_and_sgd.sigmoid_dtype,
        "It is float64, of whole numbers too.",
        level="advice",
    ),
    Check(
        "sigmoid",
        "rounding",
        "sigmoid",
        sigmoid_and_sgd.sigmoid_rounding,
        "It is right to the last digits.",
        level="advice",
    ),
    Check(
        "sigmoid",
        "inputs-unchanged",
        "sigmoid",
        behaviour.inputs_unchanged,
        "The caller's array is not overwritten.",
    ),
    Check(
        "sigmoid",
        "same-answer-twice",
        "sigmoid",
        behaviour.same_answer_twice,
        "The same call gives the same answer again.",
    ),
    Check(
        "sigmoid",
        "large-inputs",
        "large-sigmoid",
        sigmoid_and_sgd.sigmoid_of_large,
        "It is right for inputs in the hundreds and thousands too.",
        level="advice",
    ),
    *_gradient_checks("naive-softmax", "softmax", "tiny-softmax", windowed=False),
    Check(
        "naive-softmax",
        "large-scores",
        "large-softmax",
        gradients.finite_and_right,
        "Loss and gradients are right where exp overflows: subtract the maximum first.",
        level="advice",
    ),
    Check(
        "sampler",
        "number-of-samples",
        "sampler",
        sampling.number_sampled,
        "It returns K word indices.",
    ),
    Check(
        "sampler",
        "target-excluded",
        "sampler",
        sampling.target_excluded,
        "The target is not among them: where it is drawn, another word is drawn.",
    ),
    Check(
        "sampler",
        "from-dataset",
        "sampler",
        sampling.from_dataset,
        "The words are those that the dataset hands out.",
    ),
    Check(
        "sampler",
        "repeats-kept",
        "sampler",
        sampling.repeats_kept,
        "A word that is drawn twice is twice among them.",
    ),
    *_gradient_checks("negative-sampling", "distinct-negatives", "tiny-negatives", windowed=False),
    Check(
        "negative-sampling",
        "repeated-negatives",
        "repeated-negatives",
        gradients.repeated_negatives,
        "A negative that was drawn m times counts m times.",
    ),
    Check(
        "negative-sampling",
        "number-of-samples",
        "distinct-negatives",
        sampling.number_requested,
        "It draws K negatives, the course's number where K is not given.",
    ),
    Check(
        "negative-sampling",
        "target-excluded",
        "distinct-negatives",
        sampling.target_redrawn,
        "Where the target is drawn as a negative, another word is drawn.",
    ),
    Check(
        "negative-sampling",
        "large-scores",
        "large-negatives",
        gradients.finite_and_right,
        "Loss and gradients are right where a sigmoid rounds to 0 or 1.",
        level="advice",
    ),
    *_window_checks("skip-gram", "distinct-window", "repeated-window", "tiny-window"),
    *_window_checks("cbow", "distinct-bag", "repeated-bag", "tiny-bag"),
    Check(
        "sgd",
        "step",
        "sgd",
        sigmoid_and_sgd.sgd_step,
        "One iteration is x - step * gradient.",
    ),
    Check(
        "sgd",
        "iterations",
        "sgd",
        sigmoid_and_sgd.sgd_iterations,
        "It makes the iterations asked for.",
    ),
    Check(
        "sgd",
        "current-point",
        "sgd",
        sigmoid_and_sgd.sgd_current_point,
        "It asks f for the gradient at the current x.",
    ),
    Check(
        "sgd",
        "postprocessing",
        "sgd",
        sigmoid_and_sgd.sgd_postprocessing,
        "The postprocessing is applied to x after the step of each iteration.",
    ),
    Check(
        "sgd",
        "inputs-unchanged",
        "sgd",
        behaviour.inputs_unchanged,
        "The caller's x0 is not overwritten.",
        # Nothing in the courses looks at x0 afterwards.
        level="advice",
    ),
    *OWN_GRADIENT_CHECKS,
    *NETWORK_CHECKS,
    *LAYER_CHECKS,
)

COURSE_MISTAKES = {check.name for check in CHECKS if check.is_course_mistake}
"""The checks that tell of a course's own mistake."""

REMEDIES = {
    "large-scores": "subtract the largest score before exp, and take log-sum-exp for the log of "
    "the sum; np.logaddexp(0, -x) is -log σ(x)",
    "large-inputs": "np.exp(-np.logaddexp(0, -x)) is right everywhere",
    "rounding": "1 - σ(x) is σ(-x), and -log σ(x) is np.logaddexp(0, -x), without a difference of "
    "close numbers",
    "dtypes": "start from arrays of float64, as np.zeros makes them",
    "exact-shapes": "return each gradient in the shape of its vectors: reshape it",
    "scalar-loss": "return float(loss), or sum it",
    "smallest-sizes": "np.squeeze and [0] drop every axis of length 1; reshape to the shape wanted",
    "inputs-unchanged": "work on a copy",
    "course-formula": "for the gradient, set l1 to 0 where z1 < 0; --strict fails a file by it",
    "cost-of-2020": "leave out (1 - y) log(1 - ŷ)",
    "target-excluded": "draw again where the target is drawn",
}
"""The remedy for each piece of advice, by its check."""
