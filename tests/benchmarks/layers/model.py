"""Layers and models with slips in their gradients, and the causes that a report may state of them.

A gradient function takes the name of a slip, and differs from the right one where that is asked
for: each slip stands at the place in the back-propagation where people make it.
"""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tests.benchmarks.families.family import Draw, Problem, call

__all__ = [
    "CONSTANT",
    "ELSEWHERE",
    "FLOAT32",
    "IN_FLOAT32",
    "KEPT",
    "MEAN_MISSING",
    "OPPOSITE",
    "OTHER_ARRAY",
    "PART",
    "PENALTIES",
    "PER_SLICE",
    "REORDERED",
    "TRANSPOSED",
    "TRIANGLE",
    "UNTOLD",
    "UPDATE",
    "ZERO",
    "Cause",
    "Causes",
    "Model",
    "arrays",
    "both",
    "claim",
    "factor",
    "names",
    "penalty",
]


class Cause(NamedTuple):
    """A pattern that a report may state of an array, and the numbers that belong to it."""

    pattern: str
    numbers: tuple[float, ...] = ()


Causes = tuple[Cause, ...]
"""Each of them says as much as the others: a report states one."""

UNTOLD: Causes = ()
"""Nobody can tell from claimed and numerical derivative what was done."""

OPPOSITE: Causes = (Cause("opposite-sign"),)
TRANSPOSED: Causes = (Cause("transposed"),)
REORDERED: Causes = (Cause("reordered"),)
PER_SLICE: Causes = (Cause("factor-per-slice"),)
CONSTANT: Causes = (Cause("constant-along-axis"),)
MEAN_MISSING: Causes = (Cause("mean-missing"),)
PART: Causes = (Cause("part"),)
ZERO: Causes = (Cause("zero"),)
OTHER_ARRAY: Causes = (Cause("other-array"),)
FLOAT32: Causes = (Cause("float32"),)
ELSEWHERE: Causes = (Cause("elsewhere"),)
TRIANGLE: Causes = (Cause("triangle"),)
UPDATE: Causes = (Cause("update", (0.1,)),)


def factor(*number: float) -> Causes:
    """Claimed = number · derivative; no number where none is of interest."""
    return (Cause("factor", number),)


def penalty(*multiple: float) -> Causes:
    """Claimed = derivative + multiple · parameter; no number where none is of interest."""
    return (Cause("parameter-multiple", multiple),)


def both(number: float, multiple: float) -> Causes:
    """Claimed = number · derivative + multiple · parameter."""
    return (Cause("factor-and-parameter", (number, multiple)),)


IN_FLOAT32 = "computed in float32"
KEPT = "gradient of the first call kept"
"""Slips that any gradient function may have, whatever is inside."""

PENALTIES = {"penalty missing": 0, "penalty twice": 2}
"""How many times the penalty's gradient is added by these slips."""


@dataclass(frozen=True)
class Model:
    """A layer or model, and what people get wrong about its gradient.

    Attributes
    ----------
    name
        As it is printed.
    draw
        Draws a problem. Its gradient function has a keyword more than that of other problems:
        `slip`, the mistake that it makes.
    slips
        For each mistake the arrays that it makes wrong, each with what can be told of it.
    """

    name: str
    draw: Draw
    slips: dict[str, dict[str, Causes]]

    def problem(self, seed: int = 0) -> Problem:
        """Draw the problem of a seed."""
        return self.draw(np.random.default_rng([seed, zlib.crc32(self.name.encode())]))


def names(problem: Problem) -> dict[str, str]:
    """Return for each array, as `slips` names it, the name that a report gives it."""
    argument, *others = inspect.signature(problem.loss).parameters
    if isinstance(problem.at, dict):
        return {key: f"{argument}[{key!r}]" for key in problem.at}
    return {name: name for name in (argument, *others)}


def arrays(problem: Problem, tree: Any) -> dict[str, Any]:
    """Return the arrays of a tree like the point's, by the names that `slips` has for them."""
    values = [tree[key] for key in problem.at] if isinstance(problem.at, dict) else tree
    return dict(zip(names(problem), map(np.asarray, values), strict=True))


def claim(problem: Problem, slip: str) -> Callable[..., Any]:
    """Return the gradient function with a slip in it."""
    if slip == IN_FLOAT32:
        return lambda *at: _each(
            problem.grad(*(_each(part, np.float32) for part in at)), np.float64
        )
    if slip == KEPT:
        # A net whose activations were those of the first forward pass, before a step of training.
        kept = call(problem.grad, _each(problem.at, lambda part: 1.1 * part))
        return lambda *_: _each(kept, np.copy)
    return lambda *at: problem.grad(*at, slip=slip)


def _each(tree: Any, change: Callable[[Any], Any]) -> Any:
    """Change each array of a dict or a tuple."""
    if isinstance(tree, dict):
        return {key: change(np.asarray(part))[()] for key, part in tree.items()}
    if isinstance(tree, tuple):
        return tuple(_each(part, change) for part in tree)
    return change(np.asarray(tree))[()]
