"""Mistakes beyond values: in shapes, in types, in the traces of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradcheck.homework.checks.mistakes import places
from gradcheck.homework.checks.mistakes.mistake import GRADIENTS, PAIRS, WINDOWS, Mistake

if TYPE_CHECKING:
    from gradcheck.homework.courses import Role

__all__ = ["BEHAVIOUR_MISTAKES"]

_ANY: tuple[Role, ...] = ("sigmoid", *GRADIENTS, "sampler", "sgd")
_SIGMOID: tuple[Role, ...] = ("sigmoid",)
_SGD: tuple[Role, ...] = ("sgd",)

BEHAVIOUR_MISTAKES = (
    Mistake(
        "results-swapped",
        "the two gradients are returned in the opposite order",
        GRADIENTS,
        "The return line: the loss, then the gradient by the center vectors, then that by the "
        "outside vectors.",
        place=places.return_line,
    ),
    Mistake(
        "transposed",
        "it is transposed",
        GRADIENTS,
        "np.outer(ŷ - y, v_c), not np.outer(v_c, ŷ - y): one row for each word.",
        place=places.outer_of_vector,
    ),
    Mistake(
        "extra-axis",
        "the values fit, the axes do not: one of length 1 is too many",
        ("sigmoid", *GRADIENTS),
        "reshape(-1, 1), [:, None] or keepdims=True on the way: .ravel(), or .squeeze(axis), "
        "before it is returned.",
        place=places.column,
    ),
    Mistake(
        "axis-lost",
        "an axis of length 1 is lost",
        ("sigmoid", *GRADIENTS),
        "np.squeeze without an axis: it takes every axis of length 1 away, in a vocabulary of one "
        "word or with vectors of one entry too.",
        place=places.call("squeeze"),
    ),
    Mistake(
        "loss-array",
        "the loss is an array with one entry, where a number is expected",
        GRADIENTS,
        "A score that was computed as a matrix product keeps its axes: float(…), or .item().",
    ),
    Mistake(
        "loss-not-summed",
        "the loss has an entry for each word or sample; it is their sum",
        GRADIENTS,
        "np.sum(…) around the terms, or an index outsideWordIdx.",
    ),
    Mistake(
        "summed-to-a-number",
        "the gradient is added up to one number",
        GRADIENTS,
        "np.sum(…) of a matrix without an axis: np.sum(…, axis=0) keeps the entries apart.",
        place=places.sum_without_axis,
    ),
    Mistake(
        "axis-wrong",
        "the sum goes along the wrong axis",
        GRADIENTS,
        "np.sum(…, axis=0) adds up rows, axis=1 the entries of each row.",
        place=places.sum_over_rows,
    ),
    Mistake(
        "rows-of-samples-only",
        "it has a row for each sample, not for each word of the vocabulary",
        ("negative-sampling",),
        "np.zeros(outsideVectors.shape), then np.add.at(gradOutsideVecs, indices, rows).",
    ),
    Mistake(
        "single-precision",
        "it is in single precision (float32), and keeps 7 digits of 16",
        ("sigmoid", *GRADIENTS),
        "astype(np.float32) or dtype=np.float32.",
        place=places.single_precision,
    ),
    Mistake(
        "argument-overwritten",
        "the caller's array is changed",
        _ANY,
        "An in-place operation (-=, *=, [...] =, sort, reverse) on an argument, or on an array "
        "that is a view of it: take a copy, or write x = x - … .",
        place=places.argument_changed,
    ),
    Mistake(
        "answer-shared",
        "a call overwrites what the call before it returned: both hand out the same array",
        _ANY,
        "An array that is made once, outside the function, and handed out again and again.",
    ),
    Mistake(
        "state-kept",
        "a second call with the same arguments gives another answer: something is kept between "
        "calls",
        _ANY,
        "A global variable or a default argument that is added to.",
        place=places.global_changed,
    ),
    Mistake(
        "drawn-at-random",
        "a second call with the same arguments gives another answer: something is drawn at random",
        _ANY,
        "np.random or random: only the dataset draws.",
        place=places.random_call,
    ),
    Mistake(
        "passed-loss-ignored",
        "the loss function that is passed in is not called",
        WINDOWS,
        "The last argument, word2vecLossAndGradient, is the function to call.",
        place=places.fixed_loss_called,
    ),
    Mistake(
        "dataset-not-passed",
        "it does not hand on the dataset, from which negatives are drawn",
        WINDOWS,
        "The last argument of the loss function: dataset.",
    ),
    Mistake(
        "loss-called-too-often",
        "it calls the loss function several times for one pair of words: each call may draw other "
        "negatives",
        WINDOWS,
        "One call, and three names for its results: loss, grad_center, grad_outside = f(…).",
    ),
    Mistake(
        "results-from-elsewhere",
        "it calls the loss function, and returns something that it has from elsewhere",
        WINDOWS,
        "A result that is computed beside the call.",
    ),
    Mistake(
        "exp-overflows",
        "exp of a large score overflows, and the result is no number",
        PAIRS,
        "Subtract the maximum first: np.exp(scores - np.max(scores)). The softmax stays the same.",
        place=places.exponential,
    ),
    Mistake(
        "log-of-zero",
        "the probability rounds to 0, and its logarithm is infinite",
        PAIRS,
        "Compute the logarithm directly: scores - log-sum-exp for softmax, "
        "-np.logaddexp(0, -x) for log σ(x).",
        place=places.log_of_probability,
    ),
    Mistake(
        "sigmoid-overflows",
        "exp of a large number overflows",
        _SIGMOID,
        "np.exp(-np.logaddexp(0, -x)), or exp(x) / (1 + exp(x)) where x < 0.",
        place=places.exponential,
    ),
    Mistake(
        "gradient-of-the-start",
        "it asks f for the gradient at x0 every time, not at the current x",
        _SGD,
        "f(x), not f(x0).",
        place=places.asks_at_start,
    ),
    Mistake(
        "gradient-not-renewed",
        "it asks f for the gradient less often than it makes steps",
        _SGD,
        "loss, grad = f(x) belongs inside the loop: each step needs the gradient at the current x.",
    ),
)
"""Those that a check names itself."""
