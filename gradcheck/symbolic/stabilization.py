"""Rewrite exponentials so that no finite argument overflows, whatever the size of the sums.

The derivative that SymPy returns is right but cannot be evaluated: exp(1000) is infinite, and
infinity over infinity is not a number. The same quotients, named, can be:

=============================  ====================
log Σ_i exp(a_i)               logsumexp(a, i)
exp(a_x) / Σ_i exp(a_i)        softmax(a, x)
exp(b) / Σ_i exp(a_i)          exp(b - logsumexp(a, i))
log(1 + exp(a))                softplus(a)
exp(a) / (1 + exp(a))          sigmoid(a)
1 / (1 + exp(a))               sigmoid(-a)
=============================  ====================

An exponential in any other place is left as it is. The names are those of
`gradcheck.stable_functions`.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from sympy import Add, Function, Integer, KroneckerDelta, Mul, Pow, Sum, Symbol, exp, log
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Indexed

__all__ = ["logsumexp", "sigmoid", "softmax", "softplus", "stabilize"]

# SymPy has no type information.
Expr: TypeAlias = Any
Axes: TypeAlias = frozenset[Any]

logsumexp = Function("logsumexp")
sigmoid = Function("sigmoid")
softmax = Function("softmax")
softplus = Function("softplus")

_ATOMS = (Symbol, MatrixElement, Indexed, KroneckerDelta)


def stabilize(expr: Expr, axes: Axes = frozenset()) -> Expr:
    """Return an equal expression with exponentials that stay finite; see the table above.

    Parameters
    ----------
    expr : sympy.Expr
        A real expression. Σ and Π are `sympy.Sum` and products; σ is spelled out.
    axes : frozenset of sympy.Symbol
        The free indices of `expr` that run over a whole axis. Only over such an index, or a
        summation index, is a quotient of exponentials a softmax.

    Returns
    -------
    sympy.Expr
        With the undefined functions of this module. In logsumexp(a, i), i is bound.
    """
    if not expr.args or isinstance(expr, _ATOMS):
        return expr
    if isinstance(expr, log):
        return _stable_log(expr.args[0], axes)
    if isinstance(expr, Mul | Pow):
        return _stable_product(expr, axes)
    if isinstance(expr, Sum):
        return Sum(stabilize(expr.function, axes | set(expr.variables)), *expr.limits)
    return expr.func(*(stabilize(argument, axes) for argument in expr.args))


def _stable_log(argument: Expr, axes: Axes) -> Expr:
    # A log of 1 / Σ exp arrives as the log of a power of -1.
    base, exponent = argument.as_base_exp()
    if (summed := _summed_exponential(base)) is not None:
        scores, index = summed
        return exponent * logsumexp(stabilize(scores, axes | {index}), index)
    if (score := _one_plus_exponential(base)) is not None:
        return exponent * softplus(stabilize(score, axes))
    return log(stabilize(argument, axes))


def _stable_product(expr: Expr, axes: Axes) -> Expr:
    factors = list(Mul.make_args(expr))
    for denominator in _exponential_denominators(factors):
        factors.remove(1 / denominator)
        factors = _divide(factors, denominator, axes)
    return Mul(*(_stable_factor(factor, axes) for factor in factors))


def _exponential_denominators(factors: list[Expr]) -> list[Expr]:
    """Return the divisors of the product that must not be divided by as they stand."""
    return [
        1 / factor
        for factor in factors
        if _summed_exponential(1 / factor) or _one_plus_exponential(1 / factor) is not None
    ]


def _stable_factor(factor: Expr, axes: Axes) -> Expr:
    if isinstance(factor, Pow):
        return Pow(stabilize(factor.base, axes), factor.exp)
    return stabilize(factor, axes)


def _divide(factors: list[Expr], denominator: Expr, axes: Axes) -> list[Expr]:
    score = _one_plus_exponential(denominator)
    if score is not None:
        return _divide_by_one_plus(factors, score)
    scores, index = denominator.function.args[0], denominator.variables[0]
    return (
        _as_softmax(factors, scores, index, axes)
        or _as_softmax_in_sum(factors, scores, index, axes)
        or _divide_by_sum(factors, logsumexp(scores, index))
    )


def _divide_by_one_plus(factors: list[Expr], score: Expr) -> list[Expr]:
    if exp(score) in factors:
        return [sigmoid(score) if factor == exp(score) else factor for factor in factors]
    return [*factors, sigmoid(-score)]


def _as_softmax(factors: list[Expr], scores: Expr, index: Expr, axes: Axes) -> list[Expr] | None:
    """Divide by Σ_i exp(a_i) the one factor, if any, that is exp(a_x) for an axis x."""
    for position, factor in enumerate(factors):
        for axis in axes:
            if factor == exp(scores.xreplace({index: axis})):
                return _replaced(factors, position, softmax(factor.args[0], axis))
    return None


def _as_softmax_in_sum(
    factors: list[Expr], scores: Expr, index: Expr, axes: Axes
) -> list[Expr] | None:
    """Divide within the one sum, if any, that has exp(a_x) as a factor of its terms."""
    for position, factor in enumerate(factors):
        if isinstance(factor, Sum):
            terms = list(Mul.make_args(factor.function))
            divided = _as_softmax(terms, scores, index, axes | set(factor.variables))
            if divided:
                return _replaced(factors, position, Sum(Mul(*divided), *factor.limits))
    return None


def _divide_by_sum(factors: list[Expr], normalizer: Expr) -> list[Expr]:
    for position, factor in enumerate(factors):
        if isinstance(factor, exp):
            return _replaced(factors, position, exp(factor.args[0] - normalizer))
    return [*factors, exp(-normalizer)]


def _replaced(factors: list[Expr], position: int, factor: Expr) -> list[Expr]:
    return [*factors[:position], factor, *factors[position + 1 :]]


def _summed_exponential(expr: Expr) -> tuple[Expr, Expr] | None:
    """Return (a, i) where the expression is Σ_i exp(a)."""
    if isinstance(expr, Sum) and isinstance(expr.function, exp) and len(expr.variables) == 1:
        return expr.function.args[0], expr.variables[0]
    return None


def _one_plus_exponential(expr: Expr) -> Expr | None:
    """Return a where the expression is 1 + exp(a)."""
    if isinstance(expr, Add) and len(expr.args) == 2 and Integer(1) in expr.args:
        (other,) = (argument for argument in expr.args if argument != 1)
        if isinstance(other, exp):
            return other.args[0]
    return None
