"""The source of a function for the finders of mistakes, and their questions to its nodes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

__all__ = [
    "Assignment",
    "Place",
    "Scene",
    "base_of",
    "binary",
    "calls",
    "function_of",
    "index_of",
    "is_name",
    "is_one",
    "names_in",
    "targets_of",
]


@dataclass(frozen=True)
class Scene:
    """The source of a function, and the meaning of its names.

    Attributes
    ----------
    function : ast.FunctionDef
        The function.
    parameters : mapping of str to str
        Quantity to the name that the function has for it.
    position : int, optional
        The place of the wrong part among the results.
    samplers, losses : frozenset of str
        The names of functions that draw a sample, and of loss functions.
    """

    function: ast.FunctionDef
    parameters: Mapping[str, str]
    position: int | None
    samplers: frozenset[str]
    losses: frozenset[str]

    @cached_property
    def nodes(self) -> Sequence[ast.AST]:
        """All nodes of the body."""
        return [node for statement in self.function.body for node in ast.walk(statement)]

    @cached_property
    def result(self) -> ast.expr | None:
        """The expression that the wrong part is returned as, where there is one return."""
        returns = [node for node in self.nodes if isinstance(node, ast.Return)]
        if len(returns) != 1 or returns[0].value is None:
            return None
        value = returns[0].value
        if self.position is None or not isinstance(value, ast.Tuple):
            return value
        return value.elts[self.position] if self.position < len(value.elts) else None

    @cached_property
    def result_name(self) -> str:
        """The name of the wrong part in the function; nothing where it has none."""
        return base_of(self.result) if self.result is not None else ""

    @cached_property
    def loops(self) -> list[ast.For | ast.While]:
        """The loops."""
        return [node for node in self.nodes if isinstance(node, ast.For | ast.While)]

    @cached_property
    def looped(self) -> Sequence[ast.AST]:
        """All nodes in the bodies of loops."""
        return [node for loop in self.loops for one in loop.body for node in ast.walk(one)]

    def called(self, quantity: str) -> str:
        """Return the function's name of a quantity, nothing where it has none."""
        return self.parameters.get(quantity, "")

    def definitions(self, nodes: Iterable[ast.AST] | None = None) -> Iterator[Assignment]:
        """Yield the statements that set the wrong part, or entries of it."""
        for node in self.nodes if nodes is None else nodes:
            if isinstance(node, ast.Assign | ast.AugAssign) and any(
                base_of(target) == self.result_name != "" for target in targets_of(node)
            ):
                yield node


Assignment = ast.Assign | ast.AugAssign
Place = Callable[[Scene], Sequence[ast.AST]]


def base_of(node: ast.AST) -> str:
    """Return the name that an expression is, or is an entry of."""
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Starred):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def is_one(node: ast.AST) -> bool:
    """Say whether a node is the number 1."""
    return isinstance(node, ast.Constant) and type(node.value) is not bool and node.value == 1


def names_in(node: ast.AST) -> set[str]:
    """Return the names in a node."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def function_of(call: ast.AST) -> str:
    """Return the last name of a called function: exp of np.exp(x)."""
    if not isinstance(call, ast.Call):
        return ""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def calls(nodes: Iterable[ast.AST], *names: str) -> list[ast.Call]:
    """Return the calls of functions with one of these names."""
    return [node for node in nodes if isinstance(node, ast.Call) and function_of(node) in names]


def binary(nodes: Iterable[ast.AST], operator: type[ast.operator]) -> list[ast.BinOp]:
    """Return the operations of a kind."""
    return [node for node in nodes if isinstance(node, ast.BinOp) and isinstance(node.op, operator)]


def index_of(target: ast.AST) -> ast.expr | None:
    """Return the first index of a subscript."""
    if not isinstance(target, ast.Subscript):
        return None
    index = target.slice
    return index.elts[0] if isinstance(index, ast.Tuple) and index.elts else index


def is_name(node: ast.AST | None, name: str) -> bool:
    """Say whether a node is a certain name."""
    return isinstance(node, ast.Name) and bool(name) and node.id == name


def targets_of(node: Assignment) -> Sequence[ast.expr]:
    """Return the targets of an assignment, be it in place."""
    return node.targets if isinstance(node, ast.Assign) else [node.target]
