"""The table of mistakes: whoever knows another one writes a row of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gradcheck.homework.checks.comparison import Finding
from gradcheck.homework.checks.mistakes.behaviour_mistakes import BEHAVIOUR_MISTAKES
from gradcheck.homework.checks.mistakes.descent_mistakes import DESCENT_MISTAKES, SIGMOID_MISTAKES
from gradcheck.homework.checks.mistakes.general_mistakes import ADDED, SCALED, SHARED, SIGNED
from gradcheck.homework.checks.mistakes.negatives_mistakes import NEGATIVES_MISTAKES
from gradcheck.homework.checks.mistakes.sampler_mistakes import SAMPLER_MISTAKES
from gradcheck.homework.checks.mistakes.softmax_mistakes import SOFTMAX_MISTAKES
from gradcheck.homework.checks.mistakes.window_mistakes import WINDOW_MISTAKES
from gradcheck.homework.courses import COURSES, Course, Role

if TYPE_CHECKING:
    from gradcheck.homework.checks.mistakes.mistake import Mistake

__all__ = ["FORMULAS", "MISTAKES", "formula_of", "found", "mistake", "mistakes_of", "remedy"]

MISTAKES: tuple[Mistake, ...] = (
    *SIGMOID_MISTAKES,
    *SOFTMAX_MISTAKES,
    *NEGATIVES_MISTAKES,
    *SHARED,
    *SAMPLER_MISTAKES,
    *WINDOW_MISTAKES,
    *DESCENT_MISTAKES,
    *SCALED,
    *ADDED,
    *SIGNED,
    *BEHAVIOUR_MISTAKES,
)
"""The specific stand before the general: of several that fit, the first is named first."""

FORMULAS: dict[Role, dict[str, str]] = {
    "sigmoid": {"value": "σ(x) = 1 / (1 + exp(-x))"},
    "naive-softmax": {
        "loss": "J = -log ŷ_o, ŷ_w = exp(u_w·v_c) / Σ_x exp(u_x·v_c)",
        "center": "∂J/∂v_c = Σ_w (ŷ_w - y_w) u_w",
        "outside": "∂J/∂u_w = (ŷ_w - y_w) v_c",
    },
    "sampler": {"samples": "w_1, …, w_K drawn from the dataset, w_k ≠ o"},
    "negative-sampling": {
        "loss": "J = -log σ(u_o·v_c) - Σ_k log σ(-u_k·v_c)",
        "center": "∂J/∂v_c = (σ(u_o·v_c) - 1) u_o + Σ_k σ(u_k·v_c) u_k",
        "outside": "∂J/∂u_o = (σ(u_o·v_c) - 1) v_c, ∂J/∂u_k = σ(u_k·v_c) v_c for each draw of k",
    },
    "skip-gram": {
        "loss": "J = Σ_j J(v_c, w_j, U) over the words w_j of the window",
        "center": "∂J/∂v_c = Σ_j ∂J(v_c, w_j, U)/∂v_c, and 0 for every other row",
        "outside": "∂J/∂U = Σ_j ∂J(v_c, w_j, U)/∂U",
    },
    "cbow": {
        "loss": "J = J(h, c, U), h = Σ_j v_j over the words of the window",
        "center": "∂J/∂v_w = m_w ∂J/∂h, w being m_w times in the window",
        "outside": "∂J/∂U = ∂J(h, c, U)/∂U",
    },
    "sgd": dict.fromkeys(("x", "run"), "x ← x - step · ∂J/∂x"),
}
"""The right formula of each part of each function."""

_BY_IDENTIFIER = {row.identifier: row for row in MISTAKES}


def mistake(identifier: str) -> Mistake:
    """Return a row of the table.

    Raises
    ------
    KeyError
        If there is none of that identifier.
    """
    return _BY_IDENTIFIER[identifier]


def mistakes_of(role: Role) -> list[Mistake]:
    """Return the mistakes that are made in a function, in the order of the table."""
    return [row for row in MISTAKES if role in row.functions]


def remedy(identifier: str, course: Course) -> str:
    """Return the advice in a course's own names; the table has those of the first course."""
    names: dict[str, str] = {}
    for role, interface in COURSES[0].functions.items():
        own = course.functions.get(role)
        if own is None:
            continue
        names[interface.name] = own.name
        names.update(zip(interface.results, own.results, strict=False))
        names.update(
            (name, own.parameters[quantity])
            for quantity, name in interface.parameters.items()
            if quantity in own.parameters
        )
    for ours, theirs in (("draws", course.draws), ("samplers", course.samplers)):
        names[getattr(COURSES[0], ours)[0]] = theirs[0]
    names |= {COURSES[0].dataset: course.dataset, COURSES[0].count: course.count}
    return re.sub(r"\w+", lambda word: names.get(word[0], word[0]), mistake(identifier).look_for)


def formula_of(role: Role, part: str) -> str:
    """Return the right formula of a part of a function; nothing where there is none."""
    return FORMULAS.get(role, {}).get(part, "")


def found(
    identifier: str, lead: str = "", tail: str = "", claimed: Any = None, expected: Any = None
) -> Finding:
    """Return the finding of a mistake that a check names itself, in the words of the table."""
    message = lead + mistake(identifier).title + tail
    return Finding(message, claimed, expected, mistake=identifier)
