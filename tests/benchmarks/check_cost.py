"""What does a check of a gradient cost, and how sharply does it see?

Checks the right gradient of naive softmax at growing sizes, beside the course's own loop and
the checkers of SciPy, PyTorch and JAX. All get the same claimed gradient and a loss that
computes no gradient. Times are medians over the random problems, after one that warms up; the
tools that move every entry get a single problem, and none at a size where they are forecast to
exceed --patience: their number of evaluations, times what one took at the size before.

columns:
  evals   evaluations of the loss, the most of any problem
  bound   of the numerical derivative's error, relative to the norm of the gradient

settings: torch.autograd.gradcheck(...) and (..., fast_mode=True) with default tolerances;
jax.test_util.check_grads(order=1, modes=["rev"]) with x64; scipy.optimize.check_grad(...) with
direction="all" and "random", agreeing below 1e-4 and 1e-5: SciPy names no threshold, and a
smaller power of ten rejects right gradients; the course's loop with h = 1e-4 and tolerance 1e-5.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import gradcheck
from gradcheck.numerical.directions import Direction
from tests.benchmarks import console, peers
from tests.benchmarks.pairs import Pair, draw_pair

SIZES = ((5, 3), (50, 10), (500, 50), (2000, 100))
MOST_EVALUATIONS = 20
MOST_OF_TORCH = 1.0
MOST_OF_BARE = 3.0
OURS = "gradcheck.check"


@dataclass
class Measured:
    """What one checker did at one size.

    Attributes
    ----------
    evaluations, seconds, agreed
        For each problem.
    bounds
        For each probe, where the checker states an error.
    note
        Why nothing was measured.
    """

    evaluations: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    agreed: list[bool] = field(default_factory=list)
    bounds: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def pace(self) -> float:
        """Seconds for each evaluation, or 0 where nothing was measured."""
        return sum(self.seconds) / max(1, sum(self.evaluations))


def main() -> int:
    """Run the benchmark and return the exit status."""
    parser = console.options(__doc__, "check_cost")
    parser.add_argument("--problems", type=int, help="random problems for each size (20)")
    parser.add_argument(
        "--spread", type=float, default=1.0, help="standard deviation of the scores (1)"
    )
    parser.add_argument(
        "--patience", type=float, help="seconds that a tool may be forecast to take (60)"
    )
    chosen = parser.parse_args()
    problems = chosen.problems or (3 if chosen.quick else 20)
    patience = chosen.patience or (2.0 if chosen.quick else 60.0)
    available, missing = peers.installed_checkers()
    rows: list[tuple[tuple[int, int], str, Measured]] = []
    pace = dict.fromkeys(available, 0.0)
    with console.bar(len(SIZES) * (1 + len(available))) as bar:
        for size in SIZES:
            rng = np.random.default_rng([chosen.seed, *size])
            pairs = [draw_pair(rng, *size, chosen.spread) for _ in range(problems + 1)]
            bar.at(f"{size}, gradcheck.check")
            rows.append((size, OURS, measure_ours(pairs)))
            bar.advance()
            for name, checker in available.items():
                bar.at(f"{size}, {name}")
                measured = measure_peer(checker, pairs, patience, pace[name])
                pace[name] = measured.pace or pace[name]
                rows.append((size, name, measured))
                bar.advance()
    console.show(table(rows, problems))
    for line in missing:
        print(line)
    return verdict(rows, bare_seconds(pairs[-1]))


def measure_ours(pairs: Sequence[Pair]) -> Measured:
    """Check each pair's right gradient; the first warms up."""
    measured = Measured()
    for number, pair in enumerate(pairs):
        claimed = pair.gradient()
        norm = float(np.sqrt(sum((part**2).sum() for part in claimed)))
        start = time.perf_counter()
        report = gradcheck.check(
            pair.loss, lambda *_, claimed=claimed: claimed, (pair.center, pair.outside)
        )
        elapsed = time.perf_counter() - start
        if number:
            measured.seconds.append(elapsed)
            measured.evaluations.append(pair.evaluations)
            measured.agreed.append(bool(report))
            measured.bounds += [probe.numerical.error / norm for probe in report.probes]
    return measured


def measure_peer(
    checker: peers.Checker, pairs: Sequence[Pair], patience: float, pace: float
) -> Measured:
    """Give a peer the pairs, or one of them if it moves every entry.

    `pace` is what it took for each evaluation at a smaller size.
    """
    measured = Measured()
    some = pairs[:2] if checker.per_entry else pairs
    pace = max(pace, _seconds_of_loss(some[-1]))
    forecast = checker.per_entry * some[-1].size * pace
    if forecast > patience:
        measured.note = f"not run: {forecast:,.0f} s forecast"
        return measured
    for number, pair in enumerate(some):
        if number == 0 and checker.per_entry * pair.size > 1000:
            continue  # loops of that many steps need no warming up
        claimed = pair.gradient()
        pair.evaluations = 0
        start = time.perf_counter()
        agreed = checker.prepare(pair)(claimed)
        elapsed = time.perf_counter() - start
        if number:
            measured.seconds.append(elapsed)
            measured.evaluations.append(pair.evaluations)
            measured.agreed.append(agreed)
    return measured


def _seconds_of_loss(pair: Pair) -> float:
    vector = pair.vector
    times = []
    for _ in range(20):
        start = time.perf_counter()
        pair.loss_of(vector)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def table(rows: list[tuple[tuple[int, int], str, Measured]], problems: int) -> Any:
    """Lay out one line per size and checker."""
    result = console.column_table(
        f"Right gradients of naive softmax, {problems} problems a size; 1 thread",
        *("size, parameters", "checker", "evals", "time", "agree", "bound\nmedian", "bound\n99 %"),
    )
    result.columns[1].justify = "left"
    for size, name, measured in rows:
        if name == OURS:
            words, dimensions = size
            result.add_section()
            label = f"({words}, {dimensions}), {dimensions * (words + 1):,}"
        result.add_row(label, name, *_cells(measured))
        label = ""
    return result


def _cells(measured: Measured) -> list[str]:
    if measured.note:
        return ["–", measured.note, "–", "", ""]
    quantiles = [np.quantile(measured.bounds, q) for q in (0.5, 0.99) if measured.bounds]
    return [
        f"{max(measured.evaluations):,}",
        _time(float(np.median(measured.seconds))),
        f"{sum(measured.agreed)} of {len(measured.agreed)}",
        *(f"{quantile:.0e}" for quantile in quantiles),
    ]


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"


def bare_seconds(pair: Pair) -> tuple[float, float]:
    """Return the time of a loss with one x + t z, and that of drawing z."""
    drawn = Direction("", np.abs(pair.vector), (0,))
    x, z, buffer = pair.vector, drawn.vector(), np.empty(pair.size)

    def move() -> None:
        np.multiply(z, 1e-3, out=buffer)
        np.add(buffer, x, out=buffer)
        pair.loss_of(buffer)

    return _median_seconds(move), _median_seconds(lambda: drawn.vector(buffer))


def _median_seconds(call: Callable[[], object]) -> float:
    times = []
    for _ in range(50):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def verdict(rows: list[tuple[tuple[int, int], str, Measured]], bare: tuple[float, float]) -> int:
    """Compare with the requirement, print, and return the exit status."""
    failures = []
    ours = {size: measured for size, name, measured in rows if name == OURS}
    for size, measured in ours.items():
        if not all(measured.agreed):
            failures.append(f"{size}: a right gradient is not confirmed")
        if max(measured.evaluations) > MOST_EVALUATIONS:
            failures.append(f"{size}: {max(measured.evaluations)} evaluations")
    ratios = {
        size: float(np.median(ours[size].seconds) / np.median(measured.seconds))
        for size, name, measured in rows
        if name == "torch fast" and measured.seconds
    }
    failures += [
        f"{size}: {ratio:.2f} of the time of PyTorch's fast mode"
        for size, ratio in ratios.items()
        if ratio > MOST_OF_TORCH
    ]
    largest = ours[SIZES[-1]]
    least = float(np.median(largest.evaluations)) * bare[0] + 2 * bare[1]
    of_bare = float(np.median(largest.seconds)) / least
    if of_bare > MOST_OF_BARE:
        failures.append(f"{SIZES[-1]}: {of_bare:.1f} times what its bare parts take")
    stated = ", ".join(f"{ratio:.2f}" for ratio in ratios.values()) or "not measured"
    most = max(max(measured.evaluations) for measured in ours.values())
    return console.conclude(
        f"gradcheck.check takes {most} evaluations at most (allowed: {MOST_EVALUATIONS}, at "
        f"every size); of the time of PyTorch's fast mode {stated} (allowed: {MOST_OF_TORCH}); at "
        f"the largest size {of_bare:.1f} times its evaluations and two draws alone (allowed: "
        f"{MOST_OF_BARE}); and right gradients are confirmed.",
        failures,
    )


if __name__ == "__main__":
    sys.exit(main())
