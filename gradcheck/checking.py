"""Check that a gradient is the gradient of its loss: one question, one answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gradcheck.judgement import FEW, judge
from gradcheck.reports import GradientReport
from gradcheck.snippets import snippet
from gradcheck.subjects import Subject

__all__ = ["FEW", "GradientMismatch", "assert_gradient", "check"]

_MISSING: Final[Any] = object()


class GradientMismatch(AssertionError):  # noqa: N818  a failed assertion, as pytest.fail is
    """A gradient that a check did not confirm.

    Attributes
    ----------
    report
        The `GradientReport`; the message is its text.
    """

    def __init__(self, report: GradientReport) -> None:
        super().__init__(f"{report}")
        self.report = report


def check(
    loss: Callable[..., Any],
    grad: Any = _MISSING,
    at: Any = _MISSING,
    *,
    precision: float | None = None,
    seed: int = 0,
) -> GradientReport:
    """Check a claimed gradient against the loss that it is said to belong to.

    Called as ``check(loss, grad, at)`` or, with one function that returns both,
    ``check(loss_and_grad, at)``. Costs a few dozen evaluations of the loss, whatever the
    number of parameters.

    Parameters
    ----------
    loss
        Returns the loss, a real scalar; or, without `grad`, the pair ``(loss, gradient)``,
        or ``(loss, gradient of the first argument, of the second, …)``.
    grad
        Returns the gradient, of the structure and shapes of `at`.
    at
        Where: a float, an array of float64 or float32, or a tree of them (lists, dicts,
        tuples). The elements of a tuple are positional arguments: ``at=(v, U)`` means
        ``loss(v, U)``. It is copied for every call.
    precision
        The relative error that is allowed to the gradient, and up to which the numerical
        derivative must be known for a verdict. None: the gradient is allowed no error
        beyond rounding, and the derivative must be known to 1e-6 (2e-2 in float32).
    seed
        Of the random directions.

    Returns
    -------
    GradientReport
        With `verdict`, `reason`, `evaluations`; true where the gradient agrees.

    Raises
    ------
    TypeError, ValueError
        If `at` is empty, or holds anything but finite floats; if the gradient has another
        structure or shape; if the loss is no real scalar. What the functions raise is let
        through.

    Examples
    --------
    >>> import numpy as np
    >>> import gradcheck
    >>> report = gradcheck.check(lambda x: (x**3).sum(), lambda x: 3 * x**2, np.array([1.0, -2.0]))
    >>> report.verdict
    'agrees'
    """
    gradient, point = _arguments(loss, grad, at)
    if precision is not None and not 0 < precision < 1:
        raise ValueError(f"precision is {precision}; a number between 0 and 1 was expected")
    subject = Subject(loss, gradient, point)
    parameters = subject.parameters
    code = snippet(loss, gradient, parameters, precision=precision, seed=seed)
    judgement = judge(subject, precision, seed)
    return GradientReport(
        **judgement.finding._asdict(),
        evaluations=subject.evaluations,
        size=parameters.size,
        leaves=tuple(parameters.leaves),
        sizes=parameters.sizes,
        probes=judgement.probes,
        scanned=judgement.scanned,
        seed=seed,
        snippet=code,
    )


def assert_gradient(
    loss: Callable[..., Any],
    grad: Any = _MISSING,
    at: Any = _MISSING,
    *,
    precision: float | None = None,
    seed: int = 0,
) -> None:
    """Raise `GradientMismatch` unless `check`, with the same arguments, says "agrees".

    Raises
    ------
    GradientMismatch
        An AssertionError that carries the report, also where it is undecided.
    TypeError, ValueError
        As `check` does.

    Examples
    --------
    >>> import gradcheck
    >>> gradcheck.assert_gradient(lambda x: x**2, lambda x: 2 * x, 3.0)
    """
    __tracebackhide__ = True
    report = check(loss, grad, at, precision=precision, seed=seed)
    if not report:
        raise GradientMismatch(report)


def _arguments(loss: Any, grad: Any, at: Any) -> tuple[Callable[..., Any] | None, Any]:
    """Tell ``(loss, grad, at)`` from ``(loss_and_grad, at)``."""
    if not callable(loss):
        raise TypeError(f"loss is of type {type(loss).__name__}; a function was expected")
    if grad is _MISSING and at is _MISSING:
        raise TypeError("at is missing: check(loss, grad, at) or check(loss_and_grad, at)")
    if grad is _MISSING:
        return None, at
    if at is not _MISSING:
        if not callable(grad):
            raise TypeError(f"grad is of type {type(grad).__name__}; a function was expected")
        return grad, at
    if callable(grad):
        raise TypeError("at is missing: check(loss, grad, at) takes the point as its third")
    return None, grad
