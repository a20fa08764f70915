"""The tools that we are measured against, each behind one small function.

They are imported when they are called: a missing one raises ImportError there, and nothing
but these benchmarks needs any of them.
"""

from __future__ import annotations

import importlib.util
import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.errors import how_to_install
from tests.benchmarks.pairs import Gradient, Pair

__all__ = ["CHECKERS", "DIFFERENTIATORS", "Checker", "Judge", "installed", "installed_checkers"]

Function = Callable[[Any], Any]
Differentiator = Callable[[Function, float], tuple[float, float]]
Judge = Callable[[Gradient], bool]

SEED = 0
"""Of the peers' own random directions."""

SCIPY_ENTRIES, SCIPY_DIRECTION = 1e-4, 1e-5
"""`check_grad` returns a number, and leaves the judgement to its caller.

These are the smallest powers of ten that accept the right gradient at every size here.
"""


def installed(peers: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the names of the peers that can be imported, and a line for each other one."""
    missing = [name for name in peers if importlib.util.find_spec(name) is None]
    lines = [f"{name} is not installed: {how_to_install('peers')}" for name in missing]
    return [name for name in peers if name not in missing], lines


# ------------------------------------------- derivatives: the value and its stated error, or NaN


def numdifftools(f: Function, x: float) -> tuple[float, float]:
    """Return numdifftools' derivative and its error estimate."""
    from numdifftools import Derivative

    result = Derivative(_tolerant(f), full_output=True)(x)
    return float(result.estimate), float(result.error_estimate)


def jacobi(f: Function, x: float) -> tuple[float, float]:
    """Return jacobi's derivative and its error estimate."""
    from jacobi import jacobi

    value, error = jacobi(_tolerant(f), x)
    return float(value), float(error)


def scipy(f: Function, x: float) -> tuple[float, float]:
    """Return SciPy's derivative and its error estimate, NaN where it says that it failed."""
    from scipy.differentiate import derivative

    result = derivative(np.vectorize(_tolerant(f), otypes=[float]), x)
    return (float(result.df), float(result.error)) if result.success else (math.nan, math.nan)


def _tolerant(f: Function) -> Function:
    """Give NaN where a function cannot be evaluated, and no warnings."""

    def tolerant(x: Any) -> float:
        try:
            return float(f(float(x)))
        except (ArithmeticError, ValueError):
            return math.nan

    return tolerant


def _quietly(peer: Differentiator) -> Differentiator:
    """Silence the warnings of a peer: what is asked here is what it states."""

    def quiet(f: Function, x: float) -> tuple[float, float]:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return peer(f, x)

    return quiet


DIFFERENTIATORS: dict[str, Differentiator] = {
    peer.__name__: _quietly(peer) for peer in (numdifftools, jacobi, scipy)
}


# ------------------------------------------- checkers: a pair -> (a claimed gradient -> passes?)


def course_loop(pair: Pair) -> Judge:
    """Do what the course's `gradcheck_naive` does, entry by entry.

    Central differences with h = 1e-4; an entry is wrong where it is off by more than 1e-5,
    relative to the larger of both and 1. The differences do not depend on what is claimed,
    so that several claimed gradients may share them.
    """
    h = 1e-4
    x = pair.vector
    numerical = np.empty_like(x)
    for i, kept in enumerate(x.copy()):
        x[i] = kept + h
        above = pair.loss_of(x)
        x[i] = kept - h
        below = pair.loss_of(x)
        x[i] = kept
        numerical[i] = (above - below) / (2 * h)

    def judge(claimed: Gradient) -> bool:
        flat = _flat(claimed)
        scale = np.maximum(1, np.maximum(np.abs(flat), np.abs(numerical)))
        return bool((np.abs(flat - numerical) <= 1e-5 * scale).all())

    return judge


def scipy_entries(pair: Pair) -> Judge:
    """scipy.optimize.check_grad: the norm of the difference to forward differences.

    `check_grad` subtracts the claimed gradient from `approx_fprime`, which is called by itself
    here so that several claimed gradients may share it.
    """
    from scipy.optimize import approx_fprime

    numerical = approx_fprime(pair.vector, pair.loss_of)
    return lambda claimed: bool(np.linalg.norm(_flat(claimed) - numerical) < SCIPY_ENTRIES)


def scipy_direction(pair: Pair) -> Judge:
    """scipy.optimize.check_grad with direction="random"."""
    from scipy.optimize import check_grad

    x = pair.vector

    def judge(claimed: Gradient) -> bool:
        flat = _flat(claimed)
        error = check_grad(pair.loss_of, lambda _: flat, x, direction="random", rng=SEED)
        return bool(error < SCIPY_DIRECTION)

    return judge


def torch_slow(pair: Pair) -> Judge:
    """torch.autograd.gradcheck: all entries, central differences."""
    return _torch(pair, fast=False)


def torch_fast(pair: Pair) -> Judge:
    """torch.autograd.gradcheck with fast_mode=True: one random direction."""
    return _torch(pair, fast=True)


def _torch(pair: Pair, *, fast: bool) -> Judge:
    import torch

    torch.set_num_threads(1)
    center, outside = (
        torch.tensor(array, requires_grad=True) for array in (pair.center, pair.outside)
    )

    def judge(claimed: Gradient) -> bool:
        by_center, by_outside = map(torch.tensor, claimed)

        class Loss(torch.autograd.Function):
            @staticmethod
            def forward(_, center, outside):
                pair.evaluations += 1
                scores = outside @ center
                return torch.logsumexp(scores, 0) - scores[pair.target]

            @staticmethod
            def backward(_, upstream):
                return upstream * by_center, upstream * by_outside

        torch.manual_seed(SEED)
        return torch.autograd.gradcheck(
            Loss.apply, (center, outside), fast_mode=fast, raise_exception=False
        )

    return judge


def jax(pair: Pair) -> Judge:
    """jax.test_util.check_grads of order 1, reverse mode: one random direction."""
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)  # noqa: FBT003 - its only form
    center, outside = jax.numpy.asarray(pair.center), jax.numpy.asarray(pair.outside)

    def judge(claimed: Gradient) -> bool:
        by_center, by_outside = map(jax.numpy.asarray, claimed)

        @jax.custom_vjp
        def loss(center, outside):
            scores = outside @ center
            return jax.nn.logsumexp(scores) - scores[pair.target]

        loss.defvjp(
            lambda center, outside: (loss(center, outside), None),
            lambda _, upstream: (upstream * by_center, upstream * by_outside),
        )

        def counted(center, outside):
            pair.evaluations += 1
            return loss(center, outside)

        try:
            check_grads(counted, (center, outside), order=1, modes=["rev"])
        except AssertionError:
            return False
        return True

    return judge


def _flat(gradient: Gradient) -> NDArray[np.float64]:
    return np.concatenate([part.ravel() for part in gradient])


class Checker(NamedTuple):
    """A peer that checks gradients.

    Attributes
    ----------
    prepare
        Gives a judge of the gradients claimed for a pair.
    package
        What has to be installed; empty for nothing.
    per_entry
        Evaluations of the loss for each parameter; 0 if their number does not depend on it.
    """

    prepare: Callable[[Pair], Judge]
    package: str
    per_entry: int = 0


CHECKERS = {
    "course's loop": Checker(course_loop, "", 2),
    "scipy all": Checker(scipy_entries, "scipy", 1),
    "scipy random": Checker(scipy_direction, "scipy"),
    "torch slow": Checker(torch_slow, "torch", 2),
    "torch fast": Checker(torch_fast, "torch"),
    "jax": Checker(jax, "jax"),
}


def installed_checkers() -> tuple[dict[str, Checker], list[str]]:
    """Return the checkers that can be imported, and a line for each package that cannot."""
    packages = {checker.package: None for checker in CHECKERS.values() if checker.package}
    available, lines = installed(packages)
    usable = {
        name: checker
        for name, checker in CHECKERS.items()
        if not checker.package or checker.package in available
    }
    return usable, lines
