"""Which mistakes does a check of a gradient miss?

Puts small mistakes into the right gradient of naive softmax and counts how many problems pass
all the same, beside the course's own loop and the checkers of SciPy, PyTorch and JAX, each as
its documentation uses it. The scores u·v have a standard deviation of --spread.

settings: torch.autograd.gradcheck(..., fast_mode=True) with default tolerances;
jax.test_util.check_grads(order=1, modes=["rev"]) with x64; scipy.optimize.check_grad(...) with
direction="all" and "random", passing below 1e-4 and 1e-5: SciPy names no threshold, and a
smaller power of ten rejects right gradients; the course's loop with h = 1e-4 and tolerance 1e-5.
PyTorch's slow mode is left out: it looks at every entry, as the course's loop does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import gradcheck
from tests.benchmarks import console, peers
from tests.benchmarks.pairs import Gradient, Pair, draw_pair

SIZE = (500, 50)
OURS = "gradcheck"
RIGHT = "no mistake: has to pass"

Mistake = Callable[[np.random.Generator, Gradient], Gradient]


# ---------------------------------------------------------------------------------- the mistakes


def _scale_entry(factor: float) -> Mistake:
    def scale_entry(rng: np.random.Generator, right: Gradient) -> Gradient:
        parts = [part.copy() for part in right]
        entry = int(rng.integers(sum(part.size for part in parts)))
        if entry < parts[0].size:
            parts[0][entry] *= factor
        else:
            parts[1].flat[entry - parts[0].size] *= factor
        return parts[0], parts[1]

    return scale_entry


def _zero_rarest_row(_: np.random.Generator, right: Gradient) -> Gradient:
    by_center, by_outside = right
    by_outside = by_outside.copy()
    by_outside[np.argmin(np.abs(by_outside).sum(axis=1))] = 0
    return by_center, by_outside


def _oppose_two_entries(rng: np.random.Generator, right: Gradient) -> Gradient:
    by_center, by_outside = right
    by_outside = by_outside.copy()
    first, second = rng.choice(by_outside.size, size=2, replace=False)
    by_outside.flat[first] += 0.05
    by_outside.flat[second] -= 0.05
    return by_center, by_outside


def _oppose_all_entries(rng: np.random.Generator, right: Gradient) -> Gradient:
    by_center, by_outside = right
    signs = rng.permutation(np.resize([1.0, -1.0], by_outside.size))
    return by_center, by_outside + 0.05 * signs.reshape(by_outside.shape)


def _shift_center_entry(rng: np.random.Generator, right: Gradient) -> Gradient:
    by_center, by_outside = right
    by_center = by_center.copy()
    by_center[rng.integers(by_center.size)] += 1e-4
    return by_center, by_outside


def _scale_all(factor: float) -> Mistake:
    return lambda _, right: (right[0] * factor, right[1] * factor)


MISTAKES: dict[str, Mistake] = {
    RIGHT: lambda _, right: right,
    "one entry's sign flipped": _scale_entry(-1),
    "one entry × 1.5": _scale_entry(1.5),
    "the rarest word's row zero": _zero_rarest_row,
    "two entries of U's, ±0.05": _oppose_two_entries,
    "all entries of U's, ±0.05, zero sum": _oppose_all_entries,
    "one center entry + 1e-4": _shift_center_entry,
    "everything × 1.0001": _scale_all(1.0001),
    "everything × (1 + 1e-8)": _scale_all(1 + 1e-8),
}


# ----------------------------------------------------------------------------------- the counting


def main() -> int:
    """Run the benchmark and return the exit status."""
    parser = console.options(__doc__, "check_power")
    parser.add_argument("--problems", type=int, help="random problems for each mistake (20)")
    parser.add_argument(
        "--spread", type=float, default=1.0, help="standard deviation of the scores (1)"
    )
    chosen = parser.parse_args()
    problems = chosen.problems or (2 if chosen.quick else 20)
    available, missing = peers.installed_checkers()
    available = {name: checker for name, checker in available.items() if name != "torch slow"}
    passed = {name: dict.fromkeys((OURS, *available), 0) for name in MISTAKES}
    with console.bar(problems * (1 + len(available))) as bar:
        for number in range(problems):
            rng = np.random.default_rng([chosen.seed, number])
            pair = draw_pair(rng, *SIZE, chosen.spread)
            claims = {name: put(rng, pair.gradient()) for name, put in MISTAKES.items()}
            bar.at(OURS)
            count(passed, OURS, claims, lambda claimed, pair=pair: ours(pair, claimed))
            bar.advance()
            for name, checker in available.items():
                bar.at(name)
                count(passed, name, claims, checker.prepare(pair))
                bar.advance()
    console.show(table(passed, problems))
    for line in missing:
        print(line)
    return verdict(passed, problems)


def ours(pair: Pair, claimed: Gradient) -> bool:
    """Tell whether our check passes a claimed gradient."""
    return bool(gradcheck.check(pair.loss, lambda *_: claimed, (pair.center, pair.outside)))


def count(
    passed: dict[str, dict[str, int]],
    checker: str,
    claims: dict[str, Gradient],
    judge: peers.Judge,
) -> None:
    """Add which claimed gradients one checker passes."""
    for mistake, claimed in claims.items():
        passed[mistake][checker] += judge(claimed)


def table(passed: dict[str, dict[str, int]], problems: int) -> Any:
    """Lay out one line per mistake, one column per checker."""
    checkers = next(iter(passed.values()))
    result = console.column_table(
        f"How many of {problems} problems pass, at (|V|, d) = {SIZE}",
        *("mistake", *(name.replace(" ", "\n", 1) for name in checkers)),
    )
    for mistake, counts in passed.items():
        result.add_row(mistake, *map(str, counts.values()))
        if mistake == RIGHT:
            result.add_section()
    return result


def verdict(passed: dict[str, dict[str, int]], problems: int) -> int:
    """Compare with the requirement, print, and return the exit status."""
    failures = [
        f"{mistake}: {counts[OURS]} of {problems} pass"
        for mistake, counts in passed.items()
        if mistake != RIGHT and counts[OURS]
    ]
    if passed[RIGHT][OURS] < problems:
        failures.append(f"only {passed[RIGHT][OURS]} of {problems} right gradients pass")
    wrong = problems * (len(passed) - 1)
    missed = sum(counts[OURS] for mistake, counts in passed.items() if mistake != RIGHT)
    return console.conclude(
        f"gradcheck.check passes {missed} of {wrong} wrong gradients (allowed: 0) and "
        f"{passed[RIGHT][OURS]} of {problems} right ones.",
        failures,
    )


if __name__ == "__main__":
    sys.exit(main())
