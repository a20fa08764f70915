"""Check that a gradient is the gradient of its loss: one question, one answer."""

from __future__ import annotations

import inspect
import sys
import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, Literal

import numpy as np

from gradcheck.checking.judgement import FEW, judge
from gradcheck.numerical.directions import Direction
from gradcheck.probing.arguments import refuse_all_but_whole
from gradcheck.probing.claims import Probe
from gradcheck.probing.subject import Subject
from gradcheck.report.findings import Details
from gradcheck.report.gradient_report import GradientReport
from gradcheck.report.snippet import snippet
from gradcheck.terminal.progress import PATIENCE, lines, patient_bar, shows_bars

__all__ = ["FEW", "GradientMismatch", "assert_gradient", "check"]

# Not None: whoever passes that by mistake is to be told so.
_MISSING: Final[Any] = object()


class GradientMismatch(AssertionError):  # noqa: N818  a failed assertion, as pytest.fail is
    """A gradient that a check did not confirm.

    Attributes
    ----------
    report
        The `GradientReport`; the message is its text.
    """

    def __init__(self, report: GradientReport) -> None:
        super().__init__(report)
        self.report = report

    def __str__(self) -> str:
        # Written when it is read: Hypothesis throws most of these away.
        return str(self.report)


def check(
    loss: Callable[..., Any],
    grad: Any = _MISSING,
    at: Any = _MISSING,
    *,
    args: tuple[Any, ...] = (),
    precision: float | None = None,
    seed: int = 0,
    max_evaluations: int | None = None,
    progress: bool | None = None,
) -> GradientReport:
    """Check a claimed gradient against the loss that it is said to belong to.

    Called as ``check(loss, grad, at)`` or, with one function that returns both,
    ``check(loss_and_grad, at)``. With arrays of PyTorch or JAX, ``check(loss, at)`` checks what
    their own differentiation makes of the loss. Costs a few evaluations of the loss, whatever the
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
        named tuples, dataclasses). Arrays may be NumPy's or another framework's; the functions
        get their own kind, dtype and device back. The elements of a tuple are positional
        arguments: ``at=(v, U)`` means ``loss(v, U)``. It is copied for every call. Whole numbers,
        None and the like in a tree are passed on as they are.
    args
        Further positional arguments of both functions, after those of `at`.
    precision
        The relative error that is allowed to the gradient, and to the bound of the numerical
        derivative for a verdict. None: the gradient is allowed no error beyond rounding, and
        the bound 1e-6 (2e-2 in float32).
    seed
        Of the random directions.
    max_evaluations
        The loss is evaluated no more often than that, also when the report is read. None: as
        often as it takes, which is 14 times for most right gradients.
    progress
        Whether to show how many evaluations there were, here and when the report is read: True,
        as a bar in a terminal and as lines elsewhere; False, never. None: as a bar, in a terminal,
        once it takes longer than two seconds.

    Returns
    -------
    GradientReport
        With `verdict`, `reason`, `evaluations`; true where the gradient agrees.

    Raises
    ------
    TypeError, ValueError
        If `at` is empty, or holds anything but finite floats; if the gradient has another
        structure or shape; if the loss is no real scalar; if a framework has no gradient of it.
        What the functions raise is let through.

    Examples
    --------
    >>> import numpy as np
    >>> import gradcheck
    >>> report = gradcheck.check(lambda x: (x**3).sum(), lambda x: 3 * x**2, np.array([1.0, -2.0]))
    >>> report.verdict
    'agrees'
    """
    gradient, point = _arguments(loss, grad, at)
    if precision is not None and not isinstance(precision, float | int | np.number):
        kind = type(precision).__name__
        raise TypeError(f"precision is of type {kind}; a number between 0 and 1 was expected")
    if precision is not None and not 0 < precision < 1:
        raise ValueError(f"precision is {precision}; a number between 0 and 1 was expected")
    refuse_all_but_whole("seed", seed, 0)
    if max_evaluations is not None:
        refuse_all_but_whole("max_evaluations", max_evaluations, 1)
    if not isinstance(args, tuple):
        raise TypeError(f"args is of type {type(args).__name__}; a tuple was expected: args=(…,)")
    if progress is not None and not isinstance(progress, bool):
        kind = type(progress).__name__
        raise TypeError(f"progress is of type {kind}; True, False or None was expected")
    _refuse_list_for_tuple(loss, point, len(args))
    subject = Subject(loss, gradient, point, max_evaluations, args)
    parameters = subject.parameters
    with _shown(subject, "checking the gradient", progress=progress):
        judgement = judge(subject, precision, seed)

    def measure(along: Direction) -> Probe | None:
        with _shown(subject, "measuring", progress=progress):
            return judgement.measure(along) if judgement.measure else None

    def find() -> Details:
        with _shown(subject, "looking for wrong entries", progress=progress):
            details = judgement.find()
        return replace(details, notes=(*details.notes, *dict.fromkeys(parameters.notes)))

    return GradientReport(
        judgement.verdict,
        find,
        lambda: subject.evaluations,
        size=parameters.size,
        leaves=tuple(parameters.leaves),
        sizes=judgement.probes[-1].along.sizes if judgement.probes else parameters.sizes,
        probes=judgement.probes,
        seed=seed,
        measure=judgement.measure and measure,
        write=lambda: snippet(
            loss, gradient, parameters, precision=precision, seed=seed, has_args=bool(args)
        ),
        limit=subject.limit,
    )


def assert_gradient(
    loss: Callable[..., Any],
    grad: Any = _MISSING,
    at: Any = _MISSING,
    *,
    args: tuple[Any, ...] = (),
    precision: float | None = None,
    seed: int = 0,
    max_evaluations: int | None = None,
    progress: bool | None = None,
    undecided: Literal["raise", "skip"] = "raise",
) -> None:
    """Raise `GradientMismatch` unless `check`, with the same arguments, says "agrees".

    Parameters
    ----------
    loss, grad, at, args, precision, seed, max_evaluations, progress
        As `check` takes them.
    undecided
        The fate of a point that cannot be decided. "raise": that of a wrong gradient; "skip":
        within a test of Hypothesis, pass over the point and let it draw another; within any other
        test, skip it.

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
    __tracebackhide__ = True  # the report is to be read, not our source
    if undecided not in ("raise", "skip"):
        raise ValueError(f'undecided is {undecided!r}; "raise" or "skip" was expected')
    report = check(
        loss,
        grad,
        at,
        args=args,
        precision=precision,
        seed=seed,
        max_evaluations=max_evaluations,
        progress=progress,
    )
    if report.verdict == "undecided" and undecided == "skip":
        _pass_over(report)
    elif not report:
        raise GradientMismatch(report)


@contextmanager
def _shown(subject: Subject, what: str, *, progress: bool | None) -> Iterator[None]:
    """Show the evaluations of a subject while something runs."""
    is_drawn = shows_bars()
    if progress is False or not (progress or is_drawn):
        yield
        return
    shown = patient_bar(0.0 if progress else PATIENCE) if is_drawn else lines()
    with shown as show:
        subject.shown_by(lambda done, most: show(done, most, f"{what}, evaluation {done:,}"))
        try:
            yield
        finally:
            subject.shown_by(None)


def _pass_over(report: GradientReport) -> None:
    """Tell Hypothesis to draw another point, if a test of it runs; skip the test otherwise."""
    hypothesis: Any = sys.modules.get("hypothesis")  # nobody runs a test of it without that
    if hypothesis and hypothesis.currently_in_test_context():
        hypothesis.reject()
    raise unittest.SkipTest(report.reason)


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
    # A module can be called, but nobody means it as a gradient.
    if callable(grad) and not hasattr(grad, "named_parameters"):
        raise TypeError("at is missing: check(loss, grad, at) takes the point as its third")
    return None, grad


def _refuse_list_for_tuple(loss: Callable[..., Any], at: Any, further: int) -> None:
    """Raise an error where a list stands for several positional arguments: it is one."""
    if not isinstance(at, list):
        return
    try:
        arguments = inspect.signature(loss).parameters.values()
    except (TypeError, ValueError):  # a builtin may have no signature
        return
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [
        each.name for each in arguments if each.kind in positional and each.default is each.empty
    ]
    if len(needed) - further == len(at) > 1:
        raise TypeError(
            f"at is a list, which is one argument, and the loss takes {len(at)}: "
            f"{', '.join(needed[: len(at)])}. A tuple was expected: at=({', '.join(needed)})"
        )
