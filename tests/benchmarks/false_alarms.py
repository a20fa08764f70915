"""Is a right gradient ever called wrong?

Draws random cases of naive softmax and negative sampling and checks the gradient that belongs
to the loss, computed stably (models/losses.py) or in the plain way of the formulas, which
overflows or loses digits under large scores, and is right all the same wherever both loss and
gradient are finite. |V| is 2 to 60, d 1 to 30, K 1 to 10 with repeats.

scales, of the entries of center and outside vectors:
  0.001 … 30  the same for both
  mixed       each its own
  scores ±1000  the largest score is that large: saturated
  U = 0       outside vectors are zero, as at the start of training

columns:
  wrong      called "disagrees" although it is right
  undec.     called "undecided"
  not finite  loss or gradient overflowed: not a right case, and not to be called "agrees"
"""

from __future__ import annotations

import functools
import multiprocessing
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np

import gradcheck
from gradcheck.probing.acceptance import Attempt
from gradcheck.probing.probes import Prober
from models.losses import naive_softmax, negative_sampling
from tests.benchmarks import console

SCALES = (1e-3, 0.1, 1.0, 5.0, 30.0)
FAMILIES = (*(f"{scale:g}" for scale in SCALES), "mixed", "scores ±1000", "U = 0")
MOST_SCORE = 1000.0
MEDIAN_EVALUATIONS, MOST_EVALUATIONS = 16, 130

LossAndGrad = Callable[[Any, Any], tuple[Any, Any, Any]]


@dataclass(frozen=True)
class Case:
    """One right gradient, and where to check it."""

    kind: str
    family: str
    loss_and_grad: LossAndGrad
    at: tuple[Any, Any]


@dataclass(frozen=True)
class Outcome:
    """What a check said of one case."""

    index: int
    kind: str
    family: str
    finite: bool
    verdict: str
    reason: str
    evaluations: int
    searched: str


# ------------------------------------------------------------------------------------- the cases


def draw(seed: int, index: int) -> Case:
    """Draw case `index`; families and implementations take turns."""
    rng = np.random.default_rng([seed, index])
    family = FAMILIES[index % len(FAMILIES)]
    kind, implementation = KINDS[index // len(FAMILIES) % len(KINDS)]
    words, dimensions = int(rng.integers(2, 61)), int(rng.integers(1, 31))
    center, outside = _vectors(rng, family, words, dimensions)
    target = int(rng.integers(words))
    if "softmax" in kind:
        loss_and_grad = functools.partial(implementation, target=target)
    else:
        negatives = rng.integers(words, size=rng.integers(1, 11))
        loss_and_grad = functools.partial(implementation, target=target, negatives=negatives)
    return Case(kind, family, loss_and_grad, (center, outside))


def _vectors(rng: np.random.Generator, family: str, words: int, dimensions: int) -> tuple[Any, Any]:
    center, outside = rng.standard_normal(dimensions), rng.standard_normal((words, dimensions))
    if family == "mixed":
        return rng.choice(SCALES) * center, rng.choice(SCALES) * outside
    if family == "U = 0":
        return center, 0.0 * outside
    if family == "scores ±1000":
        scale = np.sqrt(MOST_SCORE / np.abs(outside @ center).max())
        return scale * center, scale * outside
    return float(family) * center, float(family) * outside


def plain_softmax(center: Any, outside: Any, target: int) -> tuple[Any, Any, Any]:
    """Naive softmax as the formula has it: exp overflows beyond scores of 709."""
    exponentials = np.exp(outside @ center)
    probabilities = exponentials / exponentials.sum()
    delta = probabilities.copy()
    delta[target] -= 1
    return -np.log(probabilities[target]), outside.T @ delta, np.outer(delta, center)


def plain_negative_sampling(
    center: Any, outside: Any, target: int, negatives: Any
) -> tuple[Any, Any, Any]:
    """Negative sampling as the formula has it, one negative after the other."""
    sigma = _plain_sigmoid(outside[target] @ center)
    loss = -np.log(sigma)
    grad_center = (sigma - 1) * outside[target]
    grad_outside = np.zeros_like(outside)
    grad_outside[target] += (sigma - 1) * center
    for negative in negatives:
        sigma = _plain_sigmoid(-(outside[negative] @ center))
        loss -= np.log(sigma)
        grad_center = grad_center + (1 - sigma) * outside[negative]
        grad_outside[negative] += (1 - sigma) * center
    return loss, grad_center, grad_outside


def _plain_sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


KINDS: tuple[tuple[str, Callable[..., tuple[Any, Any, Any]]], ...] = (
    ("softmax", naive_softmax),
    ("negative sampling", negative_sampling),
    ("softmax, plain", plain_softmax),
    ("negative sampling, plain", plain_negative_sampling),
)


# ------------------------------------------------------------------------------------- the checks


def examine(seed: int, index: int) -> Outcome:
    """Check one case."""
    case = draw(seed, index)
    with np.errstate(all="ignore"):
        finite = all(np.isfinite(part).all() for part in case.loss_and_grad(*case.at))
        report = gradcheck.check(case.loss_and_grad, case.at, seed=index)
        evaluations = report.evaluations
        with mock.patch.object(Prober, "_attempt", return_value=Attempt(None)):
            searched = gradcheck.check(case.loss_and_grad, case.at, seed=index).verdict
    reason = report.reason if report.verdict == "undecided" else ""
    return Outcome(
        index, case.kind, case.family, finite, report.verdict, reason, evaluations, searched
    )


def main() -> int:
    """Run the benchmark and return the exit status."""
    parser = console.options(__doc__, "false_alarms")
    parser.add_argument("--cases", type=int, help="how many (2,000; the full run has 100,000)")
    parser.add_argument("--processes", type=int, default=1, help="that share the work (1)")
    parser.add_argument("--case", type=int, metavar="INDEX", help="show the report of one case")
    chosen = parser.parse_args()
    if chosen.case is not None:
        return show_one(chosen.seed, chosen.case)
    cases = chosen.cases or (320 if chosen.quick else 2_000)
    outcomes: list[Outcome] = []
    with console.bar(cases) as bar, mapping(chosen.processes) as mapped:
        bar.at("cases")
        for outcome in mapped(functools.partial(examine, chosen.seed), range(cases)):
            outcomes.append(outcome)
            bar.advance()
    console.show(table(outcomes))
    return conclude(outcomes, chosen.seed)


@contextmanager
def mapping(processes: int) -> Iterator[Callable[..., Iterable[Outcome]]]:
    """Give a `map` that uses so many processes."""
    if processes == 1:
        yield map
        return
    with multiprocessing.Pool(processes) as pool:
        yield functools.partial(pool.imap_unordered, chunksize=50)


def show_one(seed: int, index: int) -> int:
    """Print the report of one case."""
    case = draw(seed, index)
    (d,), (words, _) = (array.shape for array in case.at)
    print(f"{case.kind}, scale {case.family}, |V| = {words}, d = {d}\n")
    with np.errstate(all="ignore"):
        report = gradcheck.check(case.loss_and_grad, case.at, seed=index)
    print(report)
    return 1 if report.verdict == "disagrees" else 0


# ------------------------------------------------------------------------------------ the results


def table(outcomes: list[Outcome]) -> Any:
    """Lay out one line per scale, one per kind of implementation, and one for all."""
    result = console.column_table(
        f"{len(outcomes):,} right cases",
        *("", "cases", "wrong", "undec.", "not finite", "evals\nmedian", "evals\n99 %"),
    )
    for family in FAMILIES:
        _add_row(result, f"scale {family}", [o for o in outcomes if o.family == family])
    result.add_section()
    for kind, _ in KINDS:
        _add_row(result, kind, [o for o in outcomes if o.kind == kind])
    result.add_section()
    _add_row(result, "all", outcomes)
    return result


def _add_row(result: Any, label: str, outcomes: list[Outcome]) -> None:
    right = [outcome for outcome in outcomes if outcome.finite]
    verdicts = Counter(outcome.verdict for outcome in right)
    counts = [outcome.evaluations for outcome in right]
    result.add_row(
        label,
        str(len(outcomes)),
        str(verdicts["disagrees"]),
        str(verdicts["undecided"]),
        str(len(outcomes) - len(right)),
        *(f"{np.quantile(counts, q):.0f}" if counts else "–" for q in (0.5, 0.99)),
    )


def conclude(outcomes: list[Outcome], seed: int) -> int:
    """Print why cases were undecided, and which were called wrong; return the exit status."""
    right = [outcome for outcome in outcomes if outcome.finite]
    undecided = [outcome for outcome in right if outcome.verdict == "undecided"]
    reasons = Counter(_without_numbers(outcome.reason) for outcome in undecided)
    for reason, count in reasons.most_common():
        example = next(o for o in undecided if _without_numbers(o.reason) == reason)
        print(f"Undecided, {count:,}: {reason} (--seed {seed} --case {example.index})")
    alarms = [outcome for outcome in right if outcome.verdict == "disagrees"]
    overlooked = [o for o in outcomes if not o.finite and o.verdict == "agrees"]
    failures = [
        f"{outcome.kind}, scale {outcome.family}, {outcome.verdict}: "
        f"--seed {seed} --case {outcome.index}"
        for outcome in alarms + overlooked
    ]
    counts = [outcome.evaluations for outcome in right]
    median, most = (float(np.quantile(counts, q)) for q in (0.5, 0.99))
    if median > MEDIAN_EVALUATIONS or most > MOST_EVALUATIONS:
        failures.append(f"{median:.0f} evaluations at the median, {most:.0f} at 99 %")
    others = [outcome for outcome in outcomes if outcome.verdict != outcome.searched]
    pairs = Counter(f"{outcome.searched} -> {outcome.verdict}" for outcome in others)
    print(
        f"Verdicts that differ from those of the search alone: {len(others):,} of "
        f"{len(outcomes):,}" + (f" ({dict(pairs)})" if pairs else "")
    )
    return console.conclude(
        f"{len(alarms)} of {len(right):,} right gradients called wrong (allowed: 0), "
        f"{len(overlooked)} of {len(outcomes) - len(right):,} overflows overlooked (allowed: 0), "
        f"{len(undecided) / len(right):.1%} undecided; {median:.0f} evaluations at the median "
        f"(allowed: {MEDIAN_EVALUATIONS}), {most:.0f} at 99 % (allowed: {MOST_EVALUATIONS}).",
        failures,
    )


def _without_numbers(reason: str) -> str:
    return re.sub(r"-?\d+(\.\d+)?(e[+-]?\d+)?", "…", reason)


if __name__ == "__main__":
    sys.exit(main())
