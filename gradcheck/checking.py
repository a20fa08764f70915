"""Check that a gradient is the gradient of its loss: one question, one answer."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradcheck.probes import SMALL, Probe, Prober, Verdict, direction, small_entries
from gradcheck.reports import Entry, GradientReport
from gradcheck.snippets import snippet
from gradcheck.subjects import Subject, same

__all__ = ["GradientMismatch", "assert_gradient", "check"]

FEW: Final = 100
"""Up to that many entries are looked at one by one where a probe disagrees."""

PROBES: Final = 2
"""Directions through all entries: an error escapes each of them by chance alone."""

_MISSING: Final[Any] = object()


class _Finding(NamedTuple):
    """What a report says first."""

    verdict: Verdict
    reason: str
    advice: str = ""


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
    value, claimed = subject.value_and_gradient()
    code = snippet(loss, gradient, subject.parameters, precision=precision, seed=seed)
    report = functools.partial(_report, subject, seed=seed, code=code)
    complaint = _complaint(subject, value, claimed)
    if complaint:
        broken = complaint.verdict == "disagrees"
        return report(complaint, scanned=_scan(subject, claimed, precision) if broken else ())
    prober = Prober(subject, value, claimed, precision)
    probes = _probe(prober, subject, np.random.default_rng(seed))
    scanned: tuple[Entry, ...] = ()
    if probes[-1].verdict == "disagrees" or probes[-1].numerical.reason:
        scanned = _scan(subject, claimed, precision)
    finding = _conclude(subject, claimed, probes[-1], len(probes), scanned)
    return report(finding, probes=tuple(probes), scanned=scanned)


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


def _probe(prober: Prober, subject: Subject, rng: np.random.Generator) -> list[Probe]:
    """Probe until one does not agree, or enough have."""
    probes: list[Probe] = []
    for _ in range(PROBES):
        probes.append(prober.probe("all entries", direction(subject.parameters, rng)))
        if probes[-1].verdict != "agrees":
            return probes
    small = small_entries(prober.claimed)
    if small.any():
        drawn = np.where(small, direction(subject.parameters, rng), 0.0)
        probes.append(prober.probe(f"entries < {SMALL:g} of the largest", drawn))
    return probes


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


def _complaint(subject: Subject, value: float, claimed: NDArray[np.float64]) -> _Finding | None:
    """Say what keeps a comparison from making sense, if anything does."""
    if not np.isfinite(value):
        return _Finding(
            "undecided",
            f"The loss is {value} at the point itself.",
            "choose a point at which the loss is finite, or mend the loss.",
        )
    if not np.isfinite(claimed).all():
        return _Finding("disagrees", _brokenness(subject, claimed))
    again, claimed_again = subject.value_and_gradient()
    if not same(value, again):
        return _Finding(
            "undecided",
            f"The loss changes from call to call: {value!r}, then {again!r} for the same argument.",
            "if it draws random numbers, seed them inside of the function; if it keeps state "
            "between calls, reset that.",
        )
    if not same(claimed, claimed_again):
        index = int(np.argmax(np.abs(claimed - claimed_again)))
        return _Finding(
            "undecided",
            "The gradient changes from call to call: at "
            f"{subject.parameters.where(index)} it is {float(claimed[index])!r}, then "
            f"{float(claimed_again[index])!r} for the same argument.",
            "if it draws random numbers, seed them inside of the function; if it keeps state "
            "between calls (an array that is added to, say), reset that.",
        )
    return None


def _brokenness(subject: Subject, claimed: NDArray[np.float64]) -> str:
    broken = ~np.isfinite(claimed)
    first, count = int(np.argmax(broken)), int(broken.sum())
    sentence = f"The claimed gradient is {claimed[first]} at {subject.parameters.where(first)}"
    if count > 1:
        sentence += f", and not finite at {count:,} of {claimed.size:,} entries"
    return f"{sentence}."


def _conclude(
    subject: Subject,
    claimed: NDArray[np.float64],
    last: Probe,
    probed: int,
    scanned: tuple[Entry, ...],
) -> _Finding:
    """Make one finding of the last probe, the only one that may not agree, and the scan."""
    if last.verdict == "agrees":
        if subject.overwritten:
            return _Finding(
                "undecided",
                f"The numbers agree, but {_overwriting(subject)} would be changed.",
                "let the function work on a copy of its argument: x = x.copy().",
            )
        return _Finding(
            "agrees",
            f"Along {probed} random directions, the claimed gradient is the derivative of the "
            "loss.",
        )
    is_wrong = any(entry.verdict == "disagrees" for entry in scanned)
    if scanned and all(entry.verdict == "agrees" for entry in scanned):
        return _Finding(
            "undecided",
            "Every entry agrees when it is moved alone, but along a random direction the "
            "derivative is found to be another: the entries are of too different a scale.",
            "check the arrays, or the entries, of different scale one after the other.",
        )
    if is_wrong or last.verdict == "disagrees":
        return _Finding("disagrees", _disagreement(last, scanned, claimed.size))
    return _indecision(claimed, last, scanned)


def _scan(
    subject: Subject, claimed: NDArray[np.float64], precision: float | None
) -> tuple[Entry, ...]:
    """Compare entry by entry, where there are few.

    Each with a prober of its own: a step that served at one entry says nothing of another,
    whose size may be any.
    """
    if claimed.size > FEW:
        return ()
    value = subject.loss(subject.parameters.vector)
    finite = np.where(np.isfinite(claimed), claimed, 0.0)
    probes = [
        Prober(subject, value, finite, precision).probe(subject.parameters.where(index), direction)
        for index, direction in enumerate(np.eye(claimed.size))
    ]
    return tuple(_entry(probe, entry) for probe, entry in zip(probes, claimed, strict=True))


def _entry(probe: Probe, claimed: float) -> Entry:
    return Entry(
        name=probe.label,
        claimed=float(claimed),
        numerical=probe.numerical.value,
        error=probe.numerical.error,
        tolerance=probe.tolerance,
        verdict=probe.verdict if math.isfinite(claimed) else "disagrees",
        reason=probe.numerical.reason,
    )


def _disagreement(probe: Probe, scanned: tuple[Entry, ...], size: int) -> str:
    verdicts = [entry.verdict for entry in scanned]
    wrong, open_ones = verdicts.count("disagrees"), verdicts.count("undecided")
    if wrong == size == 1:
        return "The derivative of the loss is another number."
    if wrong:
        besides = f", and {open_ones} cannot be decided" if open_ones else ""
        return f"{wrong} of {size} entries {'is' if wrong == 1 else 'are'} wrong{besides}."
    sentence = (
        f"Along a random direction z through {probe.label}, the claimed gradient gives "
        f"{probe.claimed:.9g}, and the loss {probe.numerical.value:.9g} "
        f"± {probe.numerical.error:.1e}."
    )
    if scanned:
        return f"{sentence} No single entry is known to be wrong."
    return f"{sentence} Entries are looked at one by one up to {FEW}; here are {size:,}."


def _indecision(claimed: NDArray[np.float64], probe: Probe, scanned: tuple[Entry, ...]) -> _Finding:
    """Say why, and at which entry if that is known."""
    if not probe.numerical.reason:
        return _Finding(
            "undecided",
            "The loss is too noisy: along a random direction its derivative is "
            f"{probe.numerical.value:.3g} ± {probe.numerical.error:.1e}, and no closer.",
            _noise_advice(claimed, probe),
        )
    where, reason = _obstacle(probe, scanned)
    advice = (
        "move the point off the kink, and check the gradient there."
        if "not differentiable" in reason
        else "rewrite what cancels in the loss: log1p, expm1, a softmax without its maximum."
        if "jumps" in reason
        else "move the point away from the edge of where the loss is defined and smooth."
    )
    return _Finding("undecided", f"{where}: {reason}.", advice)


def _obstacle(probe: Probe, scanned: tuple[Entry, ...]) -> tuple[str, str]:
    """Say where there is no derivative, as closely as it is known, and why."""
    obstacles = [entry for entry in scanned if entry.reason]
    if not obstacles:
        return "Along a random direction", probe.numerical.reason
    more = f" (and {len(obstacles) - 1} more)" if len(obstacles) > 1 else ""
    return f"With respect to {obstacles[0].name}{more}", obstacles[0].reason


def _noise_advice(claimed: NDArray[np.float64], probe: Probe) -> str:
    """Name the precision at which the noise leaves something to decide."""
    scale = max(math.sqrt(float(claimed @ claimed) / 3), probe.numerical.steepness)
    noise = 2 * probe.numerical.error / scale if scale else math.inf
    if not noise < 0.1:
        return "compute the loss in double precision; nothing is known of its derivative here."
    return (
        f"with precision={10.0 ** math.ceil(math.log10(noise)):g} the check decides to within "
        "that part of the gradient; or compute the loss in double precision throughout."
    )


def _overwriting(subject: Subject) -> str:
    names = " and ".join(subject.overwritten)
    return f"{names} is overwritten in the call: the caller's array"


def _report(
    subject: Subject,
    finding: _Finding,
    *,
    seed: int,
    code: str,
    probes: tuple[Probe, ...] = (),
    scanned: tuple[Entry, ...] = (),
) -> GradientReport:
    notes: tuple[str, ...] = ()
    if subject.overwritten and finding.verdict == "disagrees":
        notes = (f"Besides, {_overwriting(subject)} would be changed.",)
    return GradientReport(
        verdict=finding.verdict,
        reason=finding.reason,
        evaluations=subject.evaluations,
        size=subject.parameters.size,
        leaves=tuple(subject.parameters.leaves),
        probes=probes,
        scanned=scanned,
        seed=seed,
        advice=finding.advice,
        notes=notes,
        snippet=code,
    )
