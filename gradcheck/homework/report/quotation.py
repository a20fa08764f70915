"""The line of a file that a named mistake stands in, where its source shows it.

Only the text of the file is read: the function itself may live in another process. Nothing is
quoted where two lines look like the mistake.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gradcheck.homework.checks.mistakes.mistake_table import mistake
from gradcheck.homework.checks.mistakes.scene import Scene
from gradcheck.homework.checks.trials import PARTS
from gradcheck.homework.submission.failures import SubmissionError
from gradcheck.homework.submission.sources import read

if TYPE_CHECKING:
    from gradcheck.homework.courses import Course, Role

__all__ = ["Quotation", "quote"]

_LONGEST = 90


@dataclass(frozen=True)
class Quotation:
    """A line of a file.

    Attributes
    ----------
    number : int
        Its number, from 1 on: in the file, or in a notebook's cell.
    text : str
        The line, without its indentation.
    cell : int, optional
        The number of the code cell.
    """

    number: int
    text: str
    cell: int | None = None

    def __str__(self) -> str:
        place = f"line {self.number}"
        return f"code cell {self.cell}, {place}" if self.cell else place


def quote(path: Path, identifier: str, course: Course, role: Role, part: str) -> Quotation | None:
    """Return the line that a mistake stands in, None where that is not sure.

    Parameters
    ----------
    path : Path
        The file.
    identifier : str
        The mistake.
    course, role, part
        The function, and the part of its result that is wrong.
    """
    place = mistake(identifier).place
    found = _function(path, course.functions[role].name) if place else None
    if place is None or found is None:
        return None
    cell, source, function = found
    scene = Scene(
        function,
        _parameters(function, course, role),
        PARTS.index(part) if part in PARTS else None,
        frozenset({*course.samplers, *course.draws}),
        frozenset(interface.name for interface in course.losses.values()),
    )
    numbers = {node.lineno for node in place(scene) if hasattr(node, "lineno")}
    if len(numbers) != 1:
        return None
    (number,) = numbers
    text = source.splitlines()[number - 1].strip()
    short = text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
    return Quotation(number, short, cell)


def _function(path: Path, name: str) -> tuple[int | None, str, ast.FunctionDef] | None:
    """Return the last definition of a function at the top of a file."""
    try:
        sources = read(path, path.read_bytes())
    except (OSError, SubmissionError):  # gone, or changed, since it was loaded
        return None
    found = None
    for source in sources:
        for node in source.tree.body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                found = source.cell, source.text, node
    return found


def _parameters(function: ast.FunctionDef, course: Course, role: Role) -> dict[str, str]:
    """Return the function's name of each quantity: the course's, or the file's own."""
    own = [argument.arg for argument in function.args.args]
    interface = course.functions[role]
    named = {quantity: name for quantity, name in interface.parameters.items() if name in own}
    in_order = dict(zip(interface.parameters, own, strict=False))
    parameters = named if len(named) == len(interface.parameters) else {**in_order, **named}
    return {**parameters, "K": course.count}
