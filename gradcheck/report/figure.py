"""The search for the numerical derivative of a report, drawn."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gradcheck.probing.claims import Probe
from gradcheck.report.findings import Findings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["sweep_figure"]

FloatArray = NDArray[np.float64]

TINY = 1e-16
"""Where errors are drawn that are all exactly 0."""

BLUE, RED, GREY = "#0b63a5", "#b3261e", "#5a6472"


def sweep_figure(report: Findings) -> Figure:
    """Draw the step-size sweep of a report; see `GradientReport.figure`."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "report.figure() draws with matplotlib, which is not installed: pip install matplotlib"
        ) from error
    probe = _telling_probe(report)
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    if math.isfinite(probe.numerical.value):
        _draw_errors(axes, probe)
    else:
        _draw_slopes(axes, probe)
    axes.set_xscale("log")
    axes.set_xlabel(f"step h along a direction z through {probe.label}")
    axes.grid(visible=True, color="#d5dae1", linewidth=0.6)
    axes.set_axisbelow(True)
    # Below the axes: inside, it would lie on one of the horizontal lines.
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize="small")
    return figure


def _telling_probe(report: Findings) -> Probe:
    """Return the first probe that does not agree, or else the first."""
    telling = [probe for probe in report.probes if probe.verdict != "agrees"]
    measured = [probe for probe in [*telling, *report.probes] if probe.numerical.sweep]
    if not measured:
        raise ValueError(f"there is no step-size sweep to draw: {report.reason}")
    if measured[0].is_early and report.measure:
        return report.measure(measured[0].along) or measured[0]
    return measured[0]


def _draw_errors(axes: Axes, probe: Probe) -> None:
    """Draw the V: truncation falls with h², rounding grows with 1/h."""
    best = probe.numerical
    steps = np.array([step for step, _ in best.sweep])
    errors = _above_zero(np.array([abs(slope - best.value) for _, slope in best.sweep]))
    axes.set_yscale("log")
    axes.plot(steps, errors, "o", color=BLUE, label="central difference at h")
    axes.plot(*_v_shape(steps, errors), ":", color=BLUE, label="c·h² + r/h through them")
    if best.error > 0:
        bound = f"bound on the error of the extrapolated value: {best.error:.1e}"
        axes.axhline(best.error, color=GREY, linestyle="--", label=bound)
    if probe.discrepancy > 0:
        axes.axhline(
            probe.discrepancy, color=RED, label=f"claimed gradient: {probe.discrepancy:.1e} off"
        )
    axes.set_ylabel("distance from the extrapolated value")
    axes.set_title(f"Claimed {probe.claimed:.9g}, numerical {best.value:.9g} ± {best.error:.1e}")


def _draw_slopes(axes: Axes, probe: Probe) -> None:
    """Draw the slopes themselves: there is no best value to measure them by."""
    steps, slopes = zip(*probe.numerical.sweep, strict=True)
    axes.plot(steps, slopes, "o", color=BLUE, label="central difference at h")
    axes.axhline(probe.claimed, color=RED, label=f"claimed gradient: {probe.claimed:.6g}")
    # Slopes that are all alike are drawn as such, and not blown up until they differ.
    low, high = min(*slopes, probe.claimed), max(*slopes, probe.claimed)
    margin = 0.1 * max(high - low, abs(high), abs(low)) or 1.0
    axes.set_ylim(low - margin, high + margin)
    axes.set_ylabel("slope along z")
    axes.set_title(textwrap.fill(f"Undecided: {probe.numerical.reason}", 70), fontsize="medium")


def _v_shape(steps: FloatArray, errors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return c·h² + r/h: c from the largest step, r from those left of the smallest error."""
    truncation = errors[-1] / steps[-1] ** 2
    rounding = (errors * steps)[: int(np.argmin(errors)) + 1].max()
    fine = np.geomspace(steps[0], steps[-1], 200)
    return fine, truncation * fine**2 + rounding / fine


def _above_zero(errors: FloatArray) -> FloatArray:
    """Lift numbers that are exactly 0 to the smallest other one: a log scale has no 0."""
    return np.maximum(errors, min(errors[errors > 0], default=TINY))
