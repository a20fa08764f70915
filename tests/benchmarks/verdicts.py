"""Does the verdict hold on what people train?

Draws problems from families of losses, nets and likelihoods, physical models and solvers, kinks and
noise (tests/benchmarks/families/), and checks the right gradient of each; of some of them, wrong
gradients, too. A mistake is gross where all of the gradient, or up to three arrays of it, one
after the other, are zero, of opposite sign, or times 1.5; a small one makes an entry, a row or
everything 1 % too large.

No mistake is made in an array whose part of the gradient nobody can tell from nothing: less than
1e-10 of the whole (1e-4 in float32), each entry multiplied by its own size; or so little that
moving the whole array by its own size moves the loss by no more than 4 roundings. Neither is a
gradient of zero held to be wrong in families whose loss, as it is computed, stands still around
the point: rounded to some decimals, or near zero. Everything is drawn anew for each check.

kinds of families:
  smooth     differentiable at the point, in float64
  float32    parameters in float32
  apart      what cancels near zero, and solvers, whose right gradient may "disagree" if the report
             names a precision= that accepts it
  open       kinks at the point, noise, steps, states: "undecided" is a fair answer, too

columns:
  right      right gradients that agree, are undecided, disagree
  gross      gross mistakes: how many, which of them are undecided, which pass
  1 %        small mistakes that pass, of how many: in an entry, a row, a factor of everything
  evals      evaluations of the loss for a right gradient: median and most
"""

from __future__ import annotations

import functools
import multiprocessing
import re
import shlex
import sys
import textwrap
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

import gradcheck
from tests.benchmarks import console
from tests.benchmarks.families import FAMILIES
from tests.benchmarks.families.family import Family, Problem
from tests.benchmarks.families.mistakes import GROSS, SMALL, Mistake, mistaken, mistakes

RIGHT = "right"
KINDS = ("smooth", "float32", "apart", "open")

LEAST_REFUSED = 0.98
"""Of the gross mistakes in smooth families, so many disagree."""

MOST_UNDECIDED = {"smooth": 0.02, "float32": 0.15}
"""Of the right gradients of a kind, so many are undecided at most."""

MOST_OF_A_FAMILY = 0.1
"""Of the right gradients of a smooth family; one of a family may always be."""

LONGEST_REASON = 160

BY_NAME = {family.name: family for family in FAMILIES}


class Task(NamedTuple):
    """One problem to be checked: its right gradient, and so many of the wrong ones at most."""

    seed: int
    family: str
    draw: int
    wrong: int


@dataclass(frozen=True)
class Outcome:
    """What a check said.

    Attributes
    ----------
    name, draw
        Of what family, and which problem of it.
    number
        Of the mistake, among those of the draw; None for the right gradient.
    label
        What was wrong.
    size
        `RIGHT`, `GROSS`, or one of `SMALL`.
    verdict
        Of the report; "raised" where there is none.
    reason
        Of the report, or the exception.
    evaluations
        Of the loss.
    names_precision
        Whether the report says which `precision` accepts the gradient.
    """

    name: str
    draw: int
    number: int | None
    label: str
    size: str
    verdict: str
    reason: str
    evaluations: int
    names_precision: bool

    @property
    def family(self) -> Family:
        """The family that `name` names."""
        return BY_NAME[self.name]

    def repeated(self, seed: int) -> str:
        """Return the options that show this report."""
        which = "" if self.number is None else f" --mistake {self.number}"
        seeded = f"--seed {seed} " if seed else ""
        return f"{seeded}--family {shlex.quote(self.name)} --draw {self.draw}{which}"


# ------------------------------------------------------------------------------------- the checks


def draw_problem(family: Family, seed: int, draw: int) -> Problem:
    """Draw a problem, the same whenever it is asked for."""
    return family.draw(np.random.default_rng(_seeds(family, seed, draw)))


def draw_mistakes(family: Family, seed: int, draw: int) -> list[Mistake]:
    """Draw the mistakes that are made in its gradient."""
    rng = np.random.default_rng([*_seeds(family, seed, draw), 1])
    with np.errstate(all="ignore"):
        return mistakes(family, draw_problem(family, seed, draw), rng)


def _seeds(family: Family, seed: int, draw: int) -> list[int]:
    return [seed, zlib.crc32(family.name.encode()), draw]


def report_of(family: Family, seed: int, draw: int, mistake: Mistake | None) -> Any:
    """Check one gradient of a problem that nothing else has touched.

    Warnings count as errors, but for those of the functions that are checked.
    """
    problem = draw_problem(family, seed, draw)
    grad = mistaken(problem.grad, mistake) if mistake else problem.grad
    options = {} if family.precision is None else {"precision": family.precision}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return gradcheck.check(_quiet(problem.loss), _quiet(grad), problem.at, seed=draw, **options)


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def quiet(*at: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*at)

    return quiet


def examine(task: Task) -> list[Outcome]:
    """Check what there is to be checked of one problem."""
    family = BY_NAME[task.family]
    outcomes = [_outcome(task, None, None)]
    if task.wrong:
        drawn = draw_mistakes(family, task.seed, task.draw)
        spread = np.linspace(0, len(drawn), min(task.wrong, len(drawn)), endpoint=False)
        outcomes += [
            _outcome(task, number, drawn[number]) for number in spread.astype(int).tolist()
        ]
    return outcomes


def _outcome(task: Task, number: int | None, mistake: Mistake | None) -> Outcome:
    family = BY_NAME[task.family]
    label, size = (mistake.label, mistake.size) if mistake else ("", RIGHT)
    outcome = functools.partial(Outcome, task.family, task.draw, number, label, size)
    try:
        report = report_of(family, task.seed, task.draw, mistake)
        named = "precision=" in str(report)
    except Exception as error:  # noqa: BLE001  whatever it is, it is counted and shown
        last = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__}: {error}, in {last.name}"
        return outcome("raised", reason, 0, names_precision=False)
    return outcome(report.verdict, report.reason, report.evaluations, names_precision=named)


# ------------------------------------------------------------------------------------- the command


def main() -> int:
    """Run the benchmark and return the exit status."""
    parser = console.options(__doc__, "verdicts")
    parser.add_argument("--draws", type=int, help="problems of each family (20)")
    parser.add_argument("--mistaken", type=int, help="of these, with wrong gradients, too (4)")
    parser.add_argument("--processes", type=int, default=1, help="that share the work (1)")
    parser.add_argument("--family", default="", metavar="NAME", help="families with this in it")
    parser.add_argument("--draw", type=int, help="show the report of one draw of one family")
    parser.add_argument("--mistake", type=int, metavar="NUMBER", help="that of a wrong gradient")
    chosen = parser.parse_args()
    families = matching(chosen.family)
    if not families:
        parser.error(f"--family: no family has {chosen.family!r} in its name")
    if chosen.draw is not None:
        if len(families) > 1:
            parser.error(f"--draw: {len(families)} families have {chosen.family!r} in their names")
        return show_one(families[0], chosen.seed, chosen.draw, chosen.mistake)
    draws = chosen.draws or (3 if chosen.quick else 20)
    mistaken_draws = min(draws, chosen.mistaken or (1 if chosen.quick else 4))
    most = 4 if chosen.quick else sys.maxsize
    todo = list(tasks(families, chosen.seed, draws, [most] * mistaken_draws))
    outcomes = run(todo, chosen.processes)
    for kind in KINDS:
        if any(outcome.family.kind == kind for outcome in outcomes):
            console.show(table(kind, [o for o in outcomes if o.family.kind == kind]))
    print_reasons(outcomes, chosen.seed)
    return conclude(outcomes, chosen.seed)


def matching(text: str) -> list[Family]:
    """Return the family of this name, or those with it in their names."""
    if text in BY_NAME:
        return [BY_NAME[text]]
    return [family for family in FAMILIES if text in family.name]


def tasks(families: list[Family], seed: int, draws: int, wrong: list[int]) -> Iterator[Task]:
    """List so many problems of each family; the first have as many mistakes as `wrong` says."""
    for draw in range(max(family.times for family in families) * draws):
        for family in families:
            if draw < family.times * draws:
                yield Task(seed, family.name, draw, wrong[draw] if draw < len(wrong) else 0)


def run(todo: list[Task], processes: int) -> list[Outcome]:
    """Do all checks; return the outcomes in an order that does not depend on who was first."""
    outcomes: list[Outcome] = []
    with console.bar(len(todo)) as bar, mapping(processes) as mapped:
        bar.at("problems")
        for found in mapped(examine, todo):
            outcomes += found
            bar.advance()
    places = {family.name: place for place, family in enumerate(FAMILIES)}
    return sorted(outcomes, key=lambda o: (places[o.name], o.draw, o.size != RIGHT))


@contextmanager
def mapping(processes: int) -> Iterator[Callable[..., Iterable[list[Outcome]]]]:
    """Give a `map` that uses so many processes."""
    if processes == 1:
        yield map
        return
    with multiprocessing.Pool(processes) as pool:
        yield functools.partial(pool.imap_unordered, chunksize=4)


def show_one(family: Family, seed: int, draw: int, number: int | None) -> int:
    """Print the report of one check."""
    drawn = draw_mistakes(family, seed, draw)
    if number is not None and not 0 <= number < len(drawn):
        print(f"There are {len(drawn)} mistakes, counted from 0.")
        return 2
    mistake = None if number is None else drawn[number]
    print(f"{family.name}, {mistake.label if mistake else 'the right gradient'}\n")
    print(report_of(family, seed, draw, mistake))
    return 0


# ------------------------------------------------------------------------------------- the results


def table(kind: str, outcomes: list[Outcome]) -> Any:
    """Lay out one line for each family of a kind, and one for all of them."""
    result = console.column_table(
        f"Families that are {kind}",
        *("", "right\nagr.", "und.", "dis.", "gross", "und.", "pass"),
        *("1 %\nentry", "row", "fac.", "evals\nmed.", "most"),
    )
    before = ""
    for name in dict.fromkeys(outcome.name for outcome in outcomes):
        group = BY_NAME[name].group
        if before not in ("", group):
            result.add_section()
        before = group
        _add_row(result, name, [outcome for outcome in outcomes if outcome.name == name])
    result.add_section()
    _add_row(result, "all", outcomes)
    return result


def _add_row(result: Any, label: str, outcomes: list[Outcome]) -> None:
    right = _of(outcomes, RIGHT)
    verdicts = Counter(outcome.verdict for outcome in right)
    gross = _of(outcomes, GROSS)
    counts = [outcome.evaluations for outcome in right]
    result.add_row(
        label,
        *(str(verdicts[verdict]) for verdict in ("agrees", "undecided", "disagrees")),
        str(len(gross)),
        str(len(_called(gross, "undecided"))),
        str(len(_called(gross, "agrees"))),
        *(_share(_of(outcomes, size)) for size in SMALL),
        *(f"{count:.0f}" for count in (np.median(counts), max(counts))),
    )


def _share(outcomes: list[Outcome]) -> str:
    return f"{len(_called(outcomes, 'agrees'))}/{len(outcomes)}" if outcomes else "–"


def _of(outcomes: list[Outcome], size: str) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.size == size]


def _called(outcomes: list[Outcome], verdict: str) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.verdict == verdict]


def print_reasons(outcomes: list[Outcome], seed: int) -> None:
    """Print why right gradients were undecided, each reason with an example."""
    for kind in KINDS:
        undecided = [o for o in _called(_of(outcomes, RIGHT), "undecided") if o.family.kind == kind]
        reasons = Counter(_masked(outcome.reason) for outcome in undecided)
        for reason, count in reasons.most_common():
            example = next(o for o in undecided if _masked(o.reason) == reason)
            print(f"Undecided, {kind}, {count:,}: {reason} ({example.repeated(seed)})")


def _masked(reason: str) -> str:
    """Leave names of arrays, numbers and enumerations of them out of a reason."""
    masked = re.sub(r"\b\w+(\[[^\]]*\])+", "…", reason)
    masked = re.sub(r"-?\d[\d,]*(\.\d+)?(e[+-]?\d+)?", "…", masked)
    masked = re.sub(r"…( of … entries of (…|\w+))+", "…", re.sub(r"…((, | and )…)+", "…", masked))
    return textwrap.shorten(masked, LONGEST_REASON)


def conclude(outcomes: list[Outcome], seed: int) -> int:
    """Hold the outcomes against the requirements, print, and return the exit status."""
    right, gross = _of(outcomes, RIGHT), _of(outcomes, GROSS)
    alarms = [o for o in _called(right, "disagrees") if not _excused(o)]
    passed = _called(gross, "agrees")
    raised = _called(outcomes, "raised")
    failures = [
        *(f"raised {o.reason}: {_shown(o, seed)}" for o in raised),
        *(f"right, but called wrong: {_shown(o, seed)}" for o in alarms),
        *(f"passes: {_shown(o, seed)}" for o in passed),
        *_too_open(right),
    ]
    smooth = [o for o in gross if o.family.kind == "smooth"]
    refused = len(_called(smooth, "disagrees"))
    if refused < LEAST_REFUSED * len(smooth):
        failures.append(f"{refused:,} of {len(smooth):,} gross mistakes in smooth families refused")
    return console.conclude(
        f"{len(alarms)} of {len(right):,} right gradients called wrong (allowed: 0), "
        f"{len(passed)} of {len(gross):,} gross mistakes pass (allowed: 0), {refused:,} of "
        f"{len(smooth):,} in smooth families are refused (at least {LEAST_REFUSED:.0%}); "
        f"undecided right gradients: {_undecided_shares(right)}; {len(raised)} checks raised.",
        failures,
    )


def _excused(outcome: Outcome) -> bool:
    return outcome.family.names_precision and outcome.names_precision


def _shown(outcome: Outcome, seed: int) -> str:
    what = f"{outcome.name}, {outcome.label}" if outcome.label else outcome.name
    return f"{what} ({outcome.repeated(seed)})"


def _too_open(right: list[Outcome]) -> Iterator[str]:
    """Say of which kinds and families too many right gradients are undecided."""
    for kind, most in MOST_UNDECIDED.items():
        of_kind = [o for o in right if o.family.kind == kind]
        undecided = _called(of_kind, "undecided")
        if len(undecided) > most * len(of_kind):
            yield f"{len(undecided)} of {len(of_kind):,} right gradients undecided, {kind}"
    of_smooth = [o for o in right if o.family.kind == "smooth"]
    drawn = Counter(o.name for o in of_smooth)
    for name, count in Counter(o.name for o in _called(of_smooth, "undecided")).items():
        if count > max(1, MOST_OF_A_FAMILY * drawn[name]):
            yield f"{count} of {drawn[name]} right gradients undecided: {name}"


def _undecided_shares(right: list[Outcome]) -> str:
    shares = []
    for kind, most in MOST_UNDECIDED.items():
        of_kind = [o for o in right if o.family.kind == kind]
        undecided = len(_called(of_kind, "undecided"))
        shares.append(f"{undecided} of {len(of_kind):,} {kind} (at most {most:.0%})")
    return ", ".join(shares)


if __name__ == "__main__":
    sys.exit(main())
