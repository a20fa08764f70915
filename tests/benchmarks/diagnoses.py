"""Does a report name the arrays that are wrong, and what was done to them?

Checks wrong gradients of layers and models (tests/benchmarks/layers/): slips that people make in
back-propagation, each with the arrays that it makes wrong, and with the causes that can be told
from claimed and numerical derivative, if there are any.

columns:
  named    the wrong arrays, all of them and no other, are called wrong
  told     the cause of each array whose cause can be told, with its number (5 in "factor 5")
  of       wrong gradients with such an array
  false    the cause that is stated of some array is not true of it, or its number is not
  evals    evaluations of the loss for the check and the report, median
  s        seconds for all of them

The causes are held against the right gradient, which is known here: of an array of which nothing
can be told, a true one is no mistake. That a part is wrong is true where some of the rest is right,
and not all of it 0 in both.

peers, on the models of up to --peers entries: the course's loop with h = 1e-4, tolerance 1e-5;
scipy.optimize.check_grad(...), passing below 1e-4; torch.autograd.gradcheck(...) with default
tolerances. The loop stops at the first entry that is wrong, PyTorch at the first array: it is
counted as named. SciPy returns a number. None of them has words for a cause.

--quick looks at the models of up to 500 entries, and at the peers on those of up to 100.
"""

from __future__ import annotations

import math
import re
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np

import gradcheck
from tests.benchmarks import console
from tests.benchmarks.families.family import Problem, call
from tests.benchmarks.layers import MODELS
from tests.benchmarks.layers.judge import fitted, wrong_arrays
from tests.benchmarks.layers.model import Model, arrays, claim, names
from tests.benchmarks.layers.peers import PEERS
from tests.benchmarks.peers import installed

LEAST_NAMED, LEAST_TOLD, MOST_FALSE = 0.95, 0.8, 0.01
"""Of the wrong gradients; of those of which something can be told; of the wrong gradients."""

DIGITS = 1e-3
"""How closely a sentence has to state a number."""

QUICK_ENTRIES, QUICK_PEERS, PEERS_ENTRIES = 500, 100, 2000


@dataclass(frozen=True)
class Outcome:
    """What a report said of a wrong gradient.

    Attributes
    ----------
    model, slip
        What was checked.
    refused
        Whether it is called wrong.
    named
        Whether the wrong arrays are called wrong, and no others.
    told
        Whether all is told that can be; None where nothing can.
    false
        Whether something is stated that is not true.
    evaluations, seconds
        What it cost.
    misses
        What was missed, a line each.
    """

    model: str
    slip: str
    refused: bool = False
    named: bool = False
    told: bool | None = None
    false: bool = False
    evaluations: int = 0
    seconds: float = 0.0
    misses: tuple[str, ...] = ()


# ---------------------------------------------------------------------------------------- judging


def examine(model: Model, slip: str, seed: int) -> Outcome:
    """Check a wrong gradient, and judge the report."""
    problem = model.problem(seed)
    started = time.perf_counter()
    try:
        report = gradcheck.check(problem.loss, claim(problem, slip), problem.at)
        found = report.arrays
    except Exception as error:  # noqa: BLE001  whatever it is, it is counted and shown
        missed = f"raised {type(error).__name__}: {error}"
        return Outcome(model.name, slip, told=_told(model, slip, [missed]), misses=(missed,))
    seconds = time.perf_counter() - started
    called = {each.name for each in found if each.verdict == "disagrees"}
    wrong = {names(problem)[name] for name in model.slips[slip]}
    misnamed = [] if called == wrong else [f"named {_listed(called)}; wrong {_listed(wrong)}"]
    untold, false = judged(model, slip, problem, {each.name: each for each in found})
    return Outcome(
        model.name,
        slip,
        report.verdict == "disagrees",
        not misnamed,
        _told(model, slip, untold),
        bool(false),
        report.evaluations,
        seconds,
        (*misnamed, *untold, *false),
    )


def _told(model: Model, slip: str, untold: list[str]) -> bool | None:
    return not untold if any(model.slips[slip].values()) else None


def judged(
    model: Model, slip: str, problem: Problem, found: dict[str, Any]
) -> tuple[list[str], list[str]]:
    """List the causes that a report should have stated, and those that it should not have."""
    untold: list[str] = []
    false: list[str] = []
    wrong = wrong_arrays(problem, slip)
    for name, full in names(problem).items():
        causes = model.slips[slip].get(name, ())
        each = found.get(full)
        pattern = each.pattern if each else ""
        numbers = fitted(pattern, wrong[name]) if pattern and name in wrong else None
        stated = numbers is not None and states(each.cause, numbers)
        if pattern and not stated:
            false.append(f"false of {full}: {pattern} ({each.cause})")
        if causes and not (stated and pattern in {cause.pattern for cause in causes}):
            expected = " or ".join(cause.pattern for cause in causes)
            untold.append(f"not told of {full}: {expected}; said: {pattern or 'nothing'}")
    return untold, false


def states(sentence: str, numbers: Iterable[float]) -> bool:
    """Tell whether a sentence has these numbers in it, but for their signs."""
    stated = list(_numbers(sentence))
    return all(
        any(math.isclose(abs(number), each, rel_tol=DIGITS) for each in stated)
        for number in numbers
        if abs(abs(number) - 1) > DIGITS  # nobody writes "1 × derivative"
    )


def _numbers(sentence: str) -> Iterator[float]:
    """Yield the numbers in a sentence without their signs; "1/3", "√8" and "half" are some."""
    yield from (value for word, value in {"twice": 2.0, "half": 0.5}.items() if word in sentence)
    number = r"\d[\d,]*(?:\.\d+)?(?:e[+−-]?\d+)?"
    for root, above, below in re.findall(rf"(√?)({number})(?:\s?/\s?({number}))?", sentence):
        value = _read(above)
        yield math.sqrt(value) if root else value
        if below and _read(below):
            yield value / _read(below)


def _read(number: str) -> float:
    return float(number.replace(",", "").replace("−", "-"))


def _listed(items: Iterable[str]) -> str:
    return ", ".join(sorted(items)) or "none"


def false_alarm(model: Model, seed: int) -> bool:
    """Tell whether the right gradient does not agree."""
    problem = model.problem(seed)
    return not gradcheck.check(problem.loss, problem.grad, problem.at)


def is_refused(model: Model, seed: int) -> bool:
    """Tell whether a right gradient does not agree."""
    problem = model.problem(seed)
    return not gradcheck.check(problem.loss, problem.grad, problem.at)


# ------------------------------------------------------------------------------------------- peers


@dataclass
class Tally:
    """What a checker made of so many wrong gradients, and of so many right ones."""

    wrong: int = 0
    refused: int = 0
    named: int = 0
    told: int = 0
    right: int = 0
    alarms: int = 0


def compare(models: list[Model], seed: int, bar: console.Bar) -> dict[str, Tally]:
    """Count what the peers say of the gradients of some models."""
    available, missing = installed({package: None for _, package in PEERS.values() if package})
    for line in missing if models else ():
        print(line)
    tallies = {name: Tally() for name, (_, package) in PEERS.items() if package in ("", *available)}
    for model in models:
        problem = model.problem(seed)
        right = call(problem.grad, problem.at)
        for name, tally in tallies.items():
            bar.at(f"{model.name}: {name}")
            judge = PEERS[name][0](problem)
            tally.right += 1
            tally.alarms += judge(right).refused
            for slip, causes in model.slips.items():
                said = judge(call(claim(problem, slip), problem.at))
                tally.wrong += 1
                tally.refused += said.refused
                tally.named += said.named == causes.keys()
        bar.advance()
    return tallies


# ------------------------------------------------------------------------------------- the command


def main() -> int:
    """Run the benchmark and return the exit status."""
    parser = console.options(__doc__, "diagnoses")
    parser.add_argument("--model", default="", metavar="NAME", help="models with this in the name")
    parser.add_argument("--slip", default="", metavar="NAME", help="slips with this in the name")
    parser.add_argument("--peers", type=int, metavar="ENTRIES", help="0: without them (2,000)")
    parser.add_argument("--misses", action="store_true", help="list what was missed")
    parser.add_argument("--report", action="store_true", help="print the reports, and no more")
    chosen = parser.parse_args()
    models = list(matching(chosen.model, chosen.slip))
    if not models:
        parser.error("no model has such a name, or such a slip")
    if chosen.report:
        return show_reports(models, chosen.seed)
    most = QUICK_ENTRIES if chosen.quick else sys.maxsize
    models = [model for model in models if size(model) <= most]
    of_peers = PEERS_ENTRIES if chosen.peers is None else chosen.peers
    of_peers = min(of_peers, QUICK_PEERS) if chosen.quick else of_peers
    compared = [model for model in models if size(model) <= of_peers]
    outcomes, alarms = [], []
    with console.bar(sum(len(model.slips) for model in models) + len(compared)) as bar:
        for model in models:
            bar.at(model.name)
            alarms += [model.name] if is_refused(model, chosen.seed) else []
            for slip in model.slips:
                outcomes.append(examine(model, slip, chosen.seed))
                bar.advance()
        tallies = compare(compared, chosen.seed, bar)
    console.show(table(models, outcomes))
    if compared:
        known = {model.name for model in compared}
        ours = tally([o for o in outcomes if o.model in known], known, alarms)
        console.show(peer_table({"gradcheck": ours} | tallies, of_peers))
    if chosen.misses:
        for outcome in outcomes:
            for miss in outcome.misses:
                print(f"{outcome.model}, {outcome.slip}: {miss}")
    return conclude(outcomes, alarms)


def matching(model: str, slip: str) -> Iterator[Model]:
    """Yield the models with a text in their names, with those slips that have one in theirs."""
    for each in MODELS:
        slips = {name: causes for name, causes in each.slips.items() if slip in name}
        if model in each.name and slips:
            yield Model(each.name, each.draw, slips)


def size(model: Model) -> int:
    """Return the number of entries of a model."""
    problem = model.problem()
    return sum(part.size for part in arrays(problem, problem.at).values())


def show_reports(models: list[Model], seed: int) -> int:
    """Print the report of each wrong gradient."""
    for model in models:
        for slip in model.slips:
            problem = model.problem(seed)
            print(f"{model.name}, {slip}\n")
            print(gradcheck.check(problem.loss, claim(problem, slip), problem.at), "\n")
    return 0


# ------------------------------------------------------------------------------------- the results


def table(models: list[Model], outcomes: list[Outcome]) -> Any:
    """Lay out a line for each model, and one for all of them."""
    result = console.column_table(
        "Wrong gradients",
        *("", "entries", "wrong", "named", "told", "of", "false", "evals", "s"),
    )
    for model in models:
        own = [outcome for outcome in outcomes if outcome.model == model.name]
        result.add_row(model.name, f"{size(model):,}", *_counts(own))
    result.add_section()
    result.add_row("all", "", *_counts(outcomes))
    return result


def _counts(outcomes: list[Outcome]) -> Iterator[str]:
    yield str(len(outcomes))
    yield str(sum(outcome.named for outcome in outcomes))
    yield str(sum(outcome.told is True for outcome in outcomes))
    yield str(sum(outcome.told is not None for outcome in outcomes))
    yield str(sum(outcome.false for outcome in outcomes))
    yield f"{np.median([outcome.evaluations for outcome in outcomes]):,.0f}"
    yield f"{sum(outcome.seconds for outcome in outcomes):.1f}"


def tally(outcomes: list[Outcome], models: set[str], alarms: list[str]) -> Tally:
    """Count our own as those of the peers are."""
    return Tally(
        len(outcomes),
        sum(outcome.refused for outcome in outcomes),
        sum(outcome.named for outcome in outcomes),
        sum(outcome.told is True for outcome in outcomes),
        len(models),
        len(models.intersection(alarms)),
    )


def peer_table(tallies: dict[str, Tally], most: int) -> Any:
    """Lay out a line for each checker."""
    result = console.column_table(
        f"The same gradients, up to {most:,} entries",
        *("", "wrong", "refused", "named", "told", "right", "refused"),
    )
    for name, counted in tallies.items():
        result.add_row(name, *map(str, astuple(counted)))
    return result


def conclude(outcomes: list[Outcome], alarms: list[str]) -> int:
    """Hold the outcomes against the requirements, print, and return the exit status."""
    tellable = [outcome for outcome in outcomes if outcome.told is not None]
    named = sum(outcome.named for outcome in outcomes)
    told = sum(outcome.told is True for outcome in tellable)
    false = sum(outcome.false for outcome in outcomes)
    requirements = {
        f"wrong arrays named exactly: {_share(named, outcomes)} (at least {LEAST_NAMED:.0%})": (
            named >= LEAST_NAMED * len(outcomes)
        ),
        f"cause told where one can be: {_share(told, tellable)} (at least {LEAST_TOLD:.0%})": (
            told >= LEAST_TOLD * len(tellable)
        ),
        f"a false cause: {_share(false, outcomes)} (at most {MOST_FALSE:.0%})": (
            false <= MOST_FALSE * len(outcomes)
        ),
        f"right gradients that do not agree: {_listed(alarms)}": not alarms,
    }
    for requirement, is_met in requirements.items():
        print(f"{'MET' if is_met else 'MISSED'}: {requirement}")
    if all(requirements.values()):
        return 0
    print("What was missed: --misses; a report: --report --model NAME --slip NAME")
    return 1


def _share(count: int, outcomes: list[Outcome]) -> str:
    return f"{count} of {len(outcomes)}, {count / max(1, len(outcomes)):.1%}"


if __name__ == "__main__":
    sys.exit(main())
