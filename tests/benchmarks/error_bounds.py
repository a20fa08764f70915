"""Does the error bound of a numerical derivative hold, and how tight is it?

Takes directional derivatives of a collection of hard functions (tests/functions.py) whose
exact derivatives are known, and counts how often the true error exceeds the stated one; beside
it the error estimates of numdifftools, jacobi and scipy.differentiate at the same points, each
with its default settings (the first few draws of each function: see --peer-draws). They are
given the function itself where it has one variable, and t -> f(at + t·direction) at t = 0
where it has many.

columns:
  wrong        derivatives whose true error exceeds the stated one; where there is no derivative
               (a kink), any that is stated. Of a peer: the share of those where it states an
               error at all; theirs are estimates, and none of them promises a bound
  undec.       where no bound is given
  bound        relative to the exact derivative; above 1 it leaves even the sign open, which
               happens where the derivative is as good as zero
  error/bound  how tight the bound is: at 1 it just holds, above it does not
  evals        evaluations of the function, on average
"""

from __future__ import annotations

import math
import sys
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gradcheck import differentiate
from gradcheck.arrays.parameters import Parameters
from tests.benchmarks import console, peers
from tests.functions import PROBLEMS, Problem

ALLOWED = 10_000
"""One derivative in that many may have an error beyond its bound."""

TINY = float(np.finfo(float).tiny)


@dataclass
class Tally:
    """What was seen of one function.

    Attributes
    ----------
    undecided
        The reasons for giving no bound.
    bounds
        Stated errors relative to the exact derivative.
    tightness
        True errors relative to the stated ones.
    evaluations
        Of the function, for each derivative.
    wrong
        A line for each violation, enough to repeat it.
    peers
        For each peer, whether its stated error was exceeded; None where it stated none.
    """

    problem: Problem
    undecided: list[str] = field(default_factory=list)
    bounds: list[float] = field(default_factory=list)
    tightness: list[float] = field(default_factory=list)
    evaluations: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    peers: dict[str, list[bool | None]] = field(default_factory=dict)


def main() -> int:
    """Run the benchmark and return the exit status."""
    parser = console.options(__doc__, "error_bounds")
    parser.add_argument("--draws", type=int, help="points for each function (210)")
    parser.add_argument("--peer-draws", type=int, help="of these, shown to the peers too (50)")
    parser.add_argument("--only", default="", metavar="NAME", help="functions whose name has this")
    chosen = parser.parse_args()
    draws = chosen.draws or (20 if chosen.quick else 210)
    peer_draws = min(draws, chosen.peer_draws or (5 if chosen.quick else 50))
    problems = [problem for problem in PROBLEMS if chosen.only in problem.name]
    if not problems:
        parser.error(f"--only: no function has {chosen.only!r} in its name")

    available, missing = peers.installed(peers.DIFFERENTIATORS)
    tallies = [Tally(problem, peers={name: [] for name in available}) for problem in problems]
    with console.bar(draws * len(problems)) as bar:
        for tally in tallies:
            bar.at(tally.problem.name)
            for draw in range(draws):
                measure(tally, chosen.seed, draw, with_peers=draw < peer_draws)
                bar.advance()
    console.show(table(tallies, draws, peer_draws))
    for line in missing:
        print(line)
    return verdict(tallies)


def measure(tally: Tally, seed: int, draw: int, *, with_peers: bool) -> None:
    """Differentiate one function at one point, and add what happened to the tally."""
    problem = tally.problem
    rng = np.random.default_rng([seed, zlib.crc32(problem.name.encode()), draw])
    f, at, direction, exact = problem.draw(rng)
    ours = differentiate(f, _single(at), None if direction is None else _single(direction))
    tally.evaluations.append(ours.evaluations)
    if not math.isfinite(ours.error):
        tally.undecided.append(ours.reason)
    else:
        error = abs(ours.value - exact)
        if exceeded(ours.value, ours.error, exact):
            tally.wrong.append(
                f"{problem.name}, seed {seed}, draw {draw}: {ours.value!r} ± {ours.error:.3g}, "
                f"exactly {exact!r}"
            )
        tally.bounds.append(ours.error / max(abs(exact), TINY))
        tally.tightness.append(error / ours.error if ours.error else float(error > 0))
    if with_peers:
        g, x = along(f, at, direction)
        for name, seen in tally.peers.items():
            seen.append(exceeded(*peers.DIFFERENTIATORS[name](g, x), exact))


def exceeded(value: float, error: float, exact: float) -> bool | None:
    """Tell whether a stated error is exceeded; None where none is stated.

    Where there is no derivative, `exact` is NaN and every stated error is exceeded.
    """
    if not (math.isfinite(value) and math.isfinite(error)):
        return None
    return not abs(value - exact) <= error


def _single(tree: Any) -> Any:
    """Make one argument of a tree: the elements of a tuple would be several."""
    return list(tree) if isinstance(tree, tuple) else tree


def along(f: Any, at: Any, direction: Any) -> tuple[Any, float]:
    """Return a function of one real variable, and where to differentiate it."""
    if direction is None:
        return f, at
    point = Parameters(_single(at))
    vector = point.flatten(_single(direction), "direction")
    return (lambda t: f(point.build(point.vector + t * vector))), 0.0


def table(tallies: list[Tally], draws: int, peer_draws: int) -> Any:
    """Lay out one line per function."""
    names = list(tallies[0].peers)
    result = console.column_table(
        f"{draws} derivatives of each of {len(tallies)} functions; the peers, {peer_draws}",
        *("function", "wrong", "undec.", "bound,\nmedian", "bound,\n99 %"),
        *("error/\nbound,\nmedian", "error/\nbound,\nmax", "evals"),
        *(name.replace("numdifft", "num-\ndiff-\nt") + "\nwrong" for name in names),
    )
    group = tallies[0].problem.group
    for tally in tallies:
        if tally.problem.group != group:
            result.add_section()
            group = tally.problem.group
        result.add_row(
            tally.problem.name,
            str(len(tally.wrong)),
            str(len(tally.undecided)),
            *(_relative(_quantile(tally.bounds, q)) for q in (0.5, 0.99)),
            *(_short(_quantile(tally.tightness, q)) for q in (0.5, 1.0)),
            f"{np.mean(tally.evaluations):.0f}",
            *(_share(tally.peers[name]) for name in names),
        )
    result.add_section()
    result.add_row(
        "all",
        str(sum(len(tally.wrong) for tally in tallies)),
        str(sum(len(tally.undecided) for tally in tallies)),
        "",
        "",
        _short(_quantile([ratio for tally in tallies for ratio in tally.tightness], 0.5)),
        _short(max((ratio for tally in tallies for ratio in tally.tightness), default=math.nan)),
        f"{np.mean([count for tally in tallies for count in tally.evaluations]):.0f}",
        *(_share([seen for tally in tallies for seen in tally.peers[name]]) for name in names),
    )
    return result


def _quantile(values: list[float], q: float) -> float:
    return float(np.quantile(values, q, method="higher")) if values else math.nan


def _relative(bound: float) -> str:
    return "–" if math.isnan(bound) else "> 1" if bound > 1 else f"{bound:.0e}"


def _short(ratio: float) -> str:
    return "–" if math.isnan(ratio) else f"{ratio:.2g}" if ratio >= 0.01 else f"{ratio:.0e}"


def _share(seen: list[bool | None]) -> str:
    stated = [wrong for wrong in seen if wrong is not None]
    return f"{100 * sum(stated) / len(stated):.0f}%" if stated else "–"


def verdict(tallies: list[Tally]) -> int:
    """Compare with the requirement, print, and return the exit status."""
    total = sum(len(tally.evaluations) for tally in tallies)
    wrong = [line for tally in tallies for line in tally.wrong]
    surprised = [
        f"{tally.problem.name} has no bound: {tally.undecided[0]}"
        for tally in tallies
        if tally.undecided and not tally.problem.undecided
    ]
    for tally in tallies:
        if tally.undecided and tally.problem.undecided:
            print(f"Undecided is right for {tally.problem.name}: {tally.problem.undecided}.")
    for line in wrong:
        print(f"Exceeded: {line}")
    too_often = [f"{len(wrong)} of {total:,} is too often"] if len(wrong) * ALLOWED > total else []
    return console.conclude(
        f"{len(wrong)} of {total:,} stated errors exceeded (allowed: 1 in {ALLOWED:,}); "
        f"{len(surprised)} functions undecided without a reason (allowed: 0).",
        too_often + surprised,
    )


if __name__ == "__main__":
    sys.exit(main())
