"""Python 2 source becomes the syntax tree of Python 3 that computes the same.

fissix rewrites the syntax and the names; what it leaves is done on the tree: ``/`` of two whole
numbers gives a whole number. The tree's lines are those of the source that was given, so that
whatever names a line names one that its author finds.
"""

from __future__ import annotations

import ast
import logging
import re
from difflib import SequenceMatcher
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fissix.refactor import RefactoringTool

__all__ = [
    "DIVISION",
    "HOW_TO_INSTALL",
    "Division",
    "can_translate",
    "divides_as_python_2",
    "imports_division",
    "translated",
]

HOW_TO_INSTALL = ".venv/bin/pip install -e '.[python2]' in the folder of gradcheck's checkout"
"""Installs fissix; nothing of ours is on an index."""

_LONGEST = 300_000
"""Characters: ten times as much as homework has, and as much as is translated in some seconds."""
_TABS = re.compile(r"^[ \f]*\t[ \t\f]*", re.MULTILINE)

_IMPORTS_DIVISION = re.compile(r"^\s*from\s+__future__\s+import\b.*\bdivision\b", re.MULTILINE)


def can_translate() -> bool:
    """Say whether fissix is installed."""
    return find_spec("fissix") is not None


def translated(source: str, name: str) -> ast.Module | None:
    """Return the tree of Python 2 source, with the lines of that; None where it is no Python 2.

    Parameters
    ----------
    source : str
        The text of a file.
    name : str
        The file: in a package, imports of the files beside it become relative.
    """
    if len(source) > _LONGEST:
        return None
    text = _expanded(source)
    for has_print_function in (False, True):
        rewritten = _rewritten(text, name, has_print_function=has_print_function)
        if rewritten is None:
            continue
        try:
            tree = ast.parse(rewritten)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        _renumber(tree, text.splitlines(), rewritten.splitlines())
        return tree
    return None


def imports_division(source: str) -> bool:
    """Say whether Python 2 source asks for the division of Python 3."""
    return _IMPORTS_DIVISION.search(source) is not None


def _expanded(source: str) -> str:
    """Indent with spaces: a tab goes to the next column that 8 divides."""
    text = _TABS.sub(lambda indent: indent[0].expandtabs(8), source)
    return text if text.endswith("\n") else text + "\n"


def _rewritten(text: str, name: str, *, has_print_function: bool) -> str | None:
    """Return the source that fissix makes of a text, None where it cannot read it."""
    try:
        return str(_tool(has_print_function=has_print_function).refactor_string(text, name))
    except Exception:  # noqa: BLE001 - of its parser, or of a rewriting that meets the unexpected
        return None


@cache
def _tool(*, has_print_function: bool) -> RefactoringTool:
    # Whatever it wants to say of its grammars is nothing for the report.
    logging.getLogger("fissix").setLevel(logging.CRITICAL)
    from fissix.refactor import RefactoringTool, get_fixers_from_package

    fixers = get_fixers_from_package("fissix.fixes")
    return RefactoringTool(fixers, {"print_function": has_print_function})


def _renumber(tree: ast.Module, before: list[str], after: list[str]) -> None:
    """Give each node the line that its own came from."""
    numbers = _origins(before, after)
    node: Any
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            last = node.lineno if node.end_lineno is None else node.end_lineno
            node.lineno, node.end_lineno = numbers[node.lineno], numbers[last]
            # Columns mean nothing any more, and `compile` asks that they come in order.
            node.col_offset = node.end_col_offset = 0


def _origins(before: list[str], after: list[str]) -> list[int]:
    """Return the number of the line before for each number, from 1 on, of a line after."""
    origins = [1]
    # Lines that occur often, blank ones among them, are no place to begin a comparison.
    changes = SequenceMatcher(None, before, after).get_opcodes()
    for _kind, start, stop, new_start, new_stop in changes:
        last = max(stop - 1, start)  # where lines were put in, that at which they stand
        origins += [min(start + i, last) + 1 for i in range(new_stop - new_start)]
    return [min(number, max(len(before), 1)) for number in (*origins, len(before))]


DIVISION = "_python_2"
"""The name by which a translated file finds `Division`; no file has it."""


def divides_as_python_2(tree: ast.Module) -> bool:
    """Let ``/`` and ``/=`` in a tree divide as Python 2 does; say whether there are any."""
    replacement = _DivisionReplaced()
    replacement.visit(tree)
    return replacement.was_needed


class Division:
    """Division as Python 2 has it: of two whole numbers, a whole number."""

    key: Any

    def divide(self, left: Any, right: Any) -> Any:
        """Return ``left / right``."""
        whole = _is_whole(left) and _is_whole(right)
        return left // right if whole else left / right

    def in_place(self, left: Any, right: Any) -> Any:
        """Return `left` after ``left /= right``."""
        if _is_whole(left) and _is_whole(right):
            left //= right
        else:
            left /= right
        return left

    def item(self, owner: Any, key: Any, right: Any) -> None:
        """Do ``owner[key] /= right``."""
        owner[key] = self.in_place(owner[key], right)

    def attribute(self, owner: Any, name: str, right: Any) -> None:
        """Do ``owner.name /= right``."""
        setattr(owner, name, self.in_place(getattr(owner, name), right))


class _Key:
    """Gives back what stands between brackets, slices included."""

    def __getitem__(self, key: Any) -> Any:
        return key


Division.key = _Key()


class _DivisionReplaced(ast.NodeTransformer):
    """Divisions become calls of `Division`, each of whose operands is still evaluated once."""

    def __init__(self) -> None:
        self.was_needed = False

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Div) and not _has_float(node):
            return self._call(node, "divide", node.left, node.right)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div):
            return node
        target = node.target
        if isinstance(target, ast.Name):
            value = ast.Name(target.id, ast.Load())
            changed = self._call(node, "in_place", ast.copy_location(value, node), node.value)
            return ast.copy_location(ast.Assign([target], changed), node)
        if isinstance(target, ast.Subscript):
            key = ast.Subscript(self._part(node, "key"), target.slice, ast.Load())
            key = ast.copy_location(key, node)
            call = self._call(node, "item", target.value, key, node.value)
        else:
            name = ast.copy_location(ast.Constant(target.attr), node)
            call = self._call(node, "attribute", target.value, name, node.value)
        return ast.copy_location(ast.Expr(call), node)

    def _call(self, node: ast.AST, name: str, *arguments: ast.expr) -> ast.expr:
        self.was_needed = True
        call = ast.Call(self._part(node, name), list(arguments), [])
        return ast.copy_location(call, node)

    def _part(self, node: ast.AST, name: str) -> ast.expr:
        owner = ast.copy_location(ast.Name(DIVISION, ast.Load()), node)
        return ast.copy_location(ast.Attribute(owner, name, ast.Load()), node)


def _has_float(node: ast.BinOp) -> bool:
    """Say whether one side is a number that is written as no whole one."""
    sides = (node.left, node.right)
    return any(isinstance(side, ast.Constant) and isinstance(side.value, float) for side in sides)


def _is_whole(value: Any) -> bool:
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in "iub"
    return isinstance(value, int)
