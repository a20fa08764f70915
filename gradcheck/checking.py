"""Check that a gradient is the gradient of its loss: one question, one answer."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gradcheck.probes import Probe, Prober, Verdict, directions
from gradcheck.reports import Entry, GradientReport
from gradcheck.subjects import Subject, same

__all__ = ["GradientMismatch", "assert_gradient", "check"]

FEW: Final = 100
"""Up to that many entries are looked at one by one where a probe disagrees."""

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
        beyond rounding, and the derivative must be known to 1e-6 (2e-3 in float32).
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
    value, claimed = subject.value_and_gradient()
    complaint = _complaint(subject, value, claimed)
    if complaint:
        verdict, reason = complaint
        return _report(subject, verdict, reason, seed=seed)
    prober = Prober(subject, value, claimed, precision)
    rng = np.random.default_rng(seed)
    probes: list[Probe] = []
    for label, direction in directions(subject.parameters, claimed, rng):
        probes.append(prober.probe(label, direction))
        if probes[-1].verdict != "agrees":
            break
    return _conclude(subject, claimed, probes, seed)


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
        raise TypeError(f"loss is a {type(loss).__name__}; a function was expected")
    if grad is _MISSING and at is _MISSING:
        raise TypeError("at is missing: check(loss, grad, at) or check(loss_and_grad, at)")
    if grad is _MISSING:
        return None, at
    if at is not _MISSING:
        if not callable(grad):
            raise TypeError(f"grad is a {type(grad).__name__}; a function was expected")
        return grad, at
    if callable(grad):
        raise TypeError("at is missing: check(loss, grad, at) takes the point as its third")
    return None, grad


def _complaint(
    subject: Subject, value: float, claimed: NDArray[np.float64]
) -> tuple[Verdict, str] | None:
    """Say what keeps a comparison from making sense, if anything does."""
    if not np.isfinite(value):
        return "undecided", f"The loss is {value} at the point itself."
    if not np.isfinite(claimed).all():
        index = int(np.argmin(np.isfinite(claimed)))
        name = subject.parameters.where(index)
        return "disagrees", f"The claimed gradient is {claimed[index]} at {name}."
    again, claimed_again = subject.value_and_gradient()
    if not same(value, again):
        return "undecided", (
            f"The loss changes from call to call: {value!r}, then {again!r} for the same "
            "argument. If it draws random numbers, seed it inside."
        )
    if not same(claimed, claimed_again):
        index = int(np.argmax(np.abs(claimed - claimed_again)))
        return "undecided", (
            "The gradient changes from call to call: at "
            f"{subject.parameters.where(index)} it is {claimed[index]!r}, then "
            f"{claimed_again[index]!r}. State is kept between calls, or random numbers drawn."
        )
    return None


def _conclude(
    subject: Subject, claimed: NDArray[np.float64], probes: list[Probe], seed: int
) -> GradientReport:
    last = probes[-1]
    report = functools.partial(_report, subject, seed=seed, probes=tuple(probes))
    if last.verdict == "agrees":
        if subject.overwritten:
            return report(
                "undecided", f"The numbers agree, but {_overwriting(subject)} would be changed."
            )
        return report(
            "agrees",
            f"Along {len(probes)} random directions, the claimed gradient is the derivative "
            "of the loss.",
        )
    few = subject.parameters.size <= FEW
    worthwhile = last.verdict == "disagrees" or last.numerical.reason
    scanned = _scan(subject, claimed) if few and worthwhile else []
    wrong = [probe for probe in scanned if probe.verdict == "disagrees"]
    if wrong or last.verdict == "disagrees":
        entries = tuple(
            Entry(probe.label, probe.claimed, probe.numerical.value, probe.numerical.error)
            for probe in wrong
        )
        return report("disagrees", _disagreement(last, len(wrong), scanned), entries=entries)
    return report("undecided", _indecision(last, scanned))


def _scan(subject: Subject, claimed: NDArray[np.float64]) -> list[Probe]:
    """Compare entry by entry."""
    prober = Prober(subject, subject.loss(subject.parameters.vector), claimed, None)
    return [
        prober.probe(subject.parameters.where(index), direction)
        for index, direction in enumerate(np.eye(claimed.size))
    ]


def _disagreement(probe: Probe, wrong: int, scanned: list[Probe]) -> str:
    if wrong == len(scanned) == 1:
        return "The derivative of the loss is another number."
    if wrong:
        return f"{wrong} of {len(scanned)} entries are wrong."
    return (
        f"Along a random direction z through {probe.label}, the claimed gradient gives "
        f"{probe.claimed:.9g}, and the loss {probe.numerical.value:.9g} "
        f"± {probe.numerical.error:.1e}."
    )


def _indecision(probe: Probe, scanned: list[Probe]) -> str:
    """Say why, and at which entry if that is known."""
    for entry in scanned:
        if entry.numerical.reason:
            return f"By {entry.label}: {entry.numerical.reason}."
    reason = probe.numerical.reason
    if reason:
        return f"{reason[0].upper()}{reason[1:]} (along a random direction)."
    return (
        "The loss is too noisy: along a random direction its derivative is "
        f"{probe.numerical.value:.3g} ± {probe.numerical.error:.1e}, and no closer."
    )


def _overwriting(subject: Subject) -> str:
    names = " and ".join(subject.overwritten)
    return f"{names} is overwritten in the call: the caller's array"


def _report(
    subject: Subject,
    verdict: Verdict,
    reason: str,
    *,
    seed: int,
    probes: tuple[Probe, ...] = (),
    entries: tuple[Entry, ...] = (),
) -> GradientReport:
    notes: tuple[str, ...] = ()
    if subject.overwritten and verdict == "disagrees":
        notes = (f"Besides, {_overwriting(subject)} would be changed.",)
    return GradientReport(
        verdict=verdict,
        reason=reason,
        evaluations=subject.evaluations,
        size=subject.parameters.size,
        probes=probes,
        entries=entries,
        seed=seed,
        notes=notes,
    )
