"""What other checkers say of a model's wrong gradients: a judge for each, by its own means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from tests.benchmarks.families.family import Problem, call
from tests.benchmarks.layers.model import arrays
from tests.benchmarks.peers import SCIPY_ENTRIES

__all__ = ["PEERS", "Said"]


class Said(NamedTuple):
    """What a checker said of a gradient.

    Attributes
    ----------
    refused
        Whether it was called wrong.
    named
        The arrays that are wrong by what it says, as `slips` names them.
    """

    refused: bool
    named: frozenset[str] = frozenset()


Judge = Callable[[Any], Said]


class Flat:
    """A problem as a function of one vector, (n,), as all of them want it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.parts = arrays(problem, problem.at)
        self.ends = np.cumsum([part.size for part in self.parts.values()])
        self.vector = self.joined(self.parts)

    def joined(self, parts: dict[str, Any]) -> Any:
        """Return arrays as one vector."""
        return np.concatenate([np.ravel(part) for part in parts.values()])

    def loss(self, vector: Any) -> float:
        """Return the loss at a vector."""
        pieces = np.split(vector, self.ends[:-1])
        shaped = self.tree(
            piece.reshape(part.shape)[()]
            for piece, part in zip(pieces, self.parts.values(), strict=True)
        )
        return float(call(self.problem.loss, shaped))

    def tree(self, pieces: Iterator[Any]) -> Any:
        """Return arrays in the structure of the point."""
        if isinstance(self.problem.at, dict):
            return dict(zip(self.problem.at, pieces, strict=True))
        return tuple(pieces)

    def claimed(self, gradient: Any) -> Any:
        """Return a gradient, in the structure of the point, as one vector."""
        return self.joined(arrays(self.problem, gradient))


def course(problem: Problem) -> Judge:
    """The course's `gradcheck_naive`: it stops at the first entry that is wrong, and names it."""
    h, most = 1e-4, 1e-5
    flat = Flat(problem)
    x = flat.vector.copy()
    numerical = np.empty_like(x)
    for i, kept in enumerate(flat.vector):
        x[i] = kept + h
        above = flat.loss(x)
        x[i] = kept - h
        numerical[i] = (above - flat.loss(x)) / (2 * h)
        x[i] = kept

    def judge(gradient: Any) -> Said:
        claimed = flat.claimed(gradient)
        scale = np.maximum(1, np.maximum(np.abs(claimed), np.abs(numerical)))
        bad = np.flatnonzero(np.abs(claimed - numerical) > most * scale)
        if not len(bad):
            return Said(refused=False)
        place = int(np.searchsorted(flat.ends, bad[0], side="right"))
        return Said(refused=True, named=frozenset([list(flat.parts)[place]]))

    return judge


def scipy(problem: Problem) -> Judge:
    """scipy.optimize.check_grad: one number, the norm of the difference to forward differences.

    `check_grad` subtracts the claimed gradient from `approx_fprime`, which is called by itself
    here so that several claimed gradients may share it.
    """
    from scipy.optimize import approx_fprime

    flat = Flat(problem)
    numerical = approx_fprime(flat.vector, flat.loss)
    return lambda gradient: Said(
        bool(np.linalg.norm(flat.claimed(gradient) - numerical) > SCIPY_ENTRIES)
    )


def torch(problem: Problem) -> Judge:
    """torch.autograd.gradcheck: it stops at the first input that is wrong, and shows Jacobians."""
    import torch
    from torch.autograd.gradcheck import GradcheckError

    torch.set_num_threads(1)
    flat = Flat(problem)
    inputs = tuple(torch.tensor(part, requires_grad=True) for part in flat.parts.values())

    def judge(gradient: Any) -> Said:
        claimed = [torch.tensor(part.copy()) for part in arrays(problem, gradient).values()]

        class Loss(torch.autograd.Function):
            @staticmethod
            def forward(_, *inputs):
                at = flat.tree(tensor.detach().numpy()[()] for tensor in inputs)
                return torch.tensor(call(problem.loss, at), dtype=torch.float64)

            @staticmethod
            def backward(_, upstream):
                return tuple(upstream * part for part in claimed)

        try:
            torch.autograd.gradcheck(Loss.apply, inputs)
        except GradcheckError as error:
            found = re.search(r"with respect to input (\d+)", str(error))
            place = [list(flat.parts)[int(found[1])]] if found else []
            return Said(refused=True, named=frozenset(place))
        return Said(refused=False)

    return judge


PEERS: dict[str, tuple[Callable[[Problem], Judge], str]] = {
    "the course's loop": (course, ""),
    "SciPy's check_grad": (scipy, "scipy"),
    "PyTorch's gradcheck": (torch, "torch"),
}
"""Each peer, and the package that it needs."""
