"""Losses written in SymPy: their gradient derived, proved, and turned into NumPy.

SymPy is imported where it is used.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck.arrays.parameters import Parameters, leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


__all__ = ["loss_and_gradient"]


def loss_and_gradient(loss: Any, parameters: Any) -> Callable[..., tuple[Any, Any]]:
    """Return a NumPy function that computes a SymPy loss and its symbolic gradient.

    Parameters
    ----------
    loss : sympy.Expr
        A real scalar expression of the parameters and of nothing else. Declare symbols
        ``real=True`` where |x| or a maximum is taken: its derivative is another one otherwise.
        A `Sum` or `Product` between whole numbers is expanded. Where the shapes of the parameters
        are symbols, it may depend on other arrays, indices and numbers, which are data.
    parameters : sympy.Symbol, Matrix or MatrixSymbol, or a tuple, list or dict of these
        What the loss is differentiated by. A matrix consists of distinct symbols; the shape of a
        `MatrixSymbol` is of whole numbers, or of symbols: then any size will do. A tuple stands
        for several positional arguments, anything else for a single one.

    Returns
    -------
    callable
        Takes floats and float64 (or float32) arrays in the structure of `parameters`, and
        returns the loss and the gradient, in the structure, shapes and dtypes of what it was
        given. A matrix with a single row or column also takes a vector, (n,). Arguments of
        another structure or shape raise ValueError. Data are keyword arguments, by name.

    Raises
    ------
    TypeError
        If the loss is not a scalar expression, or a parameter is none of those listed.
    ValueError
        If the loss depends on a symbol that is not a parameter, a symbol occurs twice among
        the parameters, an integral, a limit or another sum is left to evaluate, SymPy cannot
        differentiate the loss, or NumPy cannot evaluate it or its derivatives. For symbolic
        sizes, also if a derivative cannot be proved, or printed as array operations.

    Notes
    -----
    Common subexpressions are computed once. The number of symbols is what limits this: a softmax
    over a 50 × 10 matrix takes SymPy 10 s to differentiate.

    Examples
    --------
    >>> import sympy
    >>> x, y = sympy.symbols("x y", real=True)
    >>> loss_and_grad = loss_and_gradient(x**2 * sympy.exp(y), (x, y))
    >>> value, (by_x, by_y) = loss_and_grad(3.0, 0.0)
    >>> float(value), float(by_x), float(by_y)
    (9.0, 6.0, 9.0)

    With sums of any size, and data:

    >>> n, d = sympy.symbols("n d", integer=True, positive=True)
    >>> i, j = sympy.symbols("i j", integer=True, nonnegative=True)
    >>> X, w = sympy.MatrixSymbol("X", n, d), sympy.MatrixSymbol("w", d, 1)
    >>> score = sympy.Sum(X[i, j] * w[j, 0], (j, 0, d - 1))
    >>> loss_and_grad = loss_and_gradient(sympy.Sum(score**2, (i, 0, n - 1)), w)
    >>> loss_and_grad(np.array([1.0, 2.0]), X=[[1.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    (np.float64(14.0), array([ 8., 10.]))
    """
    import sympy

    if any(map(_is_of_any_size, leaves(parameters))):
        return _of_any_size(loss, parameters)
    given = [_leaf(part, name) for name, part in _walk(parameters, "parameters")]
    symbols = [symbol for leaf in given for symbol in leaf.symbols]
    if len(set(symbols)) != len(symbols):
        twice = next(symbol for symbol in symbols if symbols.count(symbol) > 1)
        raise ValueError(f"parameters: expected distinct symbols, got {twice} twice")
    expression = _scalar(loss, given)
    unknown = sorted(expression.free_symbols - set(symbols), key=str)
    if unknown:
        raise ValueError(
            f"loss: expected an expression of the parameters alone, got one of {unknown[0]} too"
        )
    derivatives = [sympy.diff(expression, symbol) for symbol in symbols]
    # |z| of a symbol that may be complex has none, for one.
    if any(derivative.has(sympy.Derivative, sympy.Subs) for derivative in derivatives):
        raise ValueError(
            f"loss: SymPy cannot differentiate {expression} in closed form; "
            "are its symbols declared real=True?"
        )
    evaluate = _compiled(symbols, [expression, *derivatives])

    def loss_and_grad(*arguments: Any) -> tuple[Any, Any]:
        point = _point(parameters, arguments)
        for got, leaf in zip(point.leaves, given, strict=True):
            if got.shape not in leaf.shapes:
                shapes = " or ".join(map(str, leaf.shapes))
                raise ValueError(f"{got.name}: expected the shape {shapes}, got {got.shape}")
        value, *gradient = evaluate(*point.vector)
        return np.float64(value), point.build(np.array(gradient, dtype=np.float64))

    return loss_and_grad


def _is_of_any_size(parameter: Any) -> bool:
    """Say whether a parameter is a matrix of symbolic shape."""
    import sympy

    return isinstance(parameter, sympy.MatrixSymbol) and not all(
        length.is_Integer for length in parameter.shape
    )


def _of_any_size(loss: Any, parameters: Any) -> Callable[..., tuple[Any, Any]]:
    import sympy

    from gradcheck.symbolic.array_losses import compile_loss

    for name, parameter in _walk(parameters, "parameters"):
        if not isinstance(parameter, sympy.Symbol | sympy.MatrixSymbol):
            raise TypeError(
                f"{name}: expected a SymPy Symbol or MatrixSymbol, got {type(parameter).__name__}"
            )
    compiled = compile_loss(loss, leaves(parameters))

    def loss_and_grad(*arguments: Any, **data: Any) -> tuple[Any, Any]:
        point = _point(parameters, arguments)
        if data.keys() != set(compiled.data):
            raise ValueError(
                f"expected the data {', '.join(compiled.data) or 'nothing'}; "
                f"got {', '.join(sorted(data)) or 'nothing'}"
            )
        given = zip(compiled.parameters, point.leaves, strict=True)
        values = {name: point.vector[leaf.entries].reshape(leaf.shape) for name, leaf in given}
        value, *gradient = compiled({**values, **data})
        return np.float64(value), point.build(np.concatenate([np.ravel(g) for g in gradient]))

    return loss_and_grad


def _walk(parameters: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield each parameter with its path, named as `Parameters` names that of its value."""
    if isinstance(parameters, dict):
        for key, child in parameters.items():
            yield from _walk(child, f"{name}[{key!r}]")
    elif isinstance(parameters, tuple | list):
        for position, child in enumerate(parameters):
            yield from _walk(child, f"{name}[{position}]")
    else:
        yield name, parameters


@dataclass(frozen=True)
class _Leaf:
    """One array among the parameters: its entries, and the shapes it may have."""

    symbols: tuple[Any, ...]
    shapes: tuple[tuple[int, ...], ...]
    matrix: Any = None  # the MatrixSymbol that the symbols stand for


def _leaf(parameter: Any, name: str) -> _Leaf:
    import sympy

    if isinstance(parameter, sympy.Symbol):
        return _Leaf((parameter,), ((),))
    if isinstance(parameter, sympy.MatrixSymbol):
        if not all(length.is_Integer for length in parameter.shape):
            raise TypeError(f"{name}: expected whole numbers as the shape of {parameter}")
        rows, columns = map(int, parameter.shape)
        # Dummies cannot clash with the person's own symbols.
        entries = tuple(
            sympy.Dummy(f"{parameter.name}_{row}_{column}", real=True)
            for row in range(rows)
            for column in range(columns)
        )
        return _Leaf(entries, _shapes(rows, columns), parameter)
    if isinstance(parameter, sympy.MatrixBase):
        if not all(isinstance(entry, sympy.Symbol) for entry in parameter):
            raise TypeError(f"{name}: expected a matrix of symbols, got {parameter}")
        return _Leaf(tuple(parameter), _shapes(*parameter.shape))
    raise TypeError(
        f"{name}: expected a SymPy Symbol, Matrix or MatrixSymbol, got {type(parameter).__name__}"
    )


def _shapes(rows: int, columns: int) -> tuple[tuple[int, ...], ...]:
    if 1 in {rows, columns}:
        return ((rows, columns), (rows * columns,))
    return ((rows, columns),)


def _scalar(loss: Any, given: list[_Leaf]) -> Any:
    import sympy

    if isinstance(loss, sympy.Basic):
        loss = _expanded(loss)
        _refuse_unevaluated(loss)
    for leaf in given:
        if leaf.matrix is not None and isinstance(loss, sympy.Basic):
            entries = sympy.ImmutableMatrix(*leaf.shapes[0], leaf.symbols)
            loss = loss.subs(leaf.matrix, entries).doit()
    if isinstance(loss, sympy.MatrixBase | sympy.MatrixExpr):
        raise TypeError(
            f"loss: expected a scalar expression, got a matrix of shape {tuple(loss.shape)}"
        )
    if not isinstance(loss, sympy.Expr):
        raise TypeError(f"loss: expected a SymPy expression, got {type(loss).__name__}")
    return loss


def _expanded(expression: Any) -> Any:
    """Write out the sums and products between whole numbers.

    ``doit`` would give long ones a closed form with cases such as x = 1, whose derivative is that
    of the case. From the outside in: the limits of an inner sum may depend on an outer index.
    """
    import sympy

    if not expression.has(sympy.Sum, sympy.Product):
        return expression
    if isinstance(expression, sympy.Sum | sympy.Product):
        *inner, (index, *limits) = expression.limits
        if _are_whole(limits):
            body = expression.func(expression.function, *inner) if inner else expression.function
            lower, upper = map(int, limits)
            terms = [_expanded(body.subs(index, i)) for i in range(lower, upper + 1)]
            return (sympy.Add if isinstance(expression, sympy.Sum) else sympy.Mul)(*terms)
        return expression
    return expression.func(*map(_expanded, expression.args))


def _are_whole(limits: list[Any]) -> bool:
    """Tell whether a range is of whole numbers, and not one that SymPy reads backwards."""
    whole = len(limits) == 2 and all(limit.is_Integer for limit in limits)
    return whole and bool(limits[1] >= limits[0] - 1)


def _refuse_unevaluated(expression: Any) -> None:
    """Refuse an expression with variables of its own: compiled, they would pass for parameters."""
    import sympy

    kinds = (sympy.Sum, sympy.Product, sympy.Integral, sympy.Derivative, sympy.Limit, sympy.Subs)
    parts = sympy.preorder_traversal(expression)
    unevaluated = next((part for part in parts if isinstance(part, kinds)), None)
    if unevaluated is not None:
        raise ValueError(
            f"loss: expected a closed form, got the unevaluated {unevaluated}; "
            "only sums and products between whole numbers are expanded, so doit() it first"
        )


def _compiled(symbols: list[Any], expressions: list[Any]) -> Callable[..., list[Any]]:
    """Return a NumPy function of the symbols; ValueError names a part that NumPy lacks."""
    import sympy

    for expression in expressions:
        if expression.has(sympy.I, sympy.zoo, sympy.nan):
            raise ValueError(
                "loss: expected real values, got "
                + ("the loss" if expression is expressions[0] else "the derivative")
                + f" {expression}"
            )
    try:
        # A name of the person's may be one of NumPy's, such as pi or exp: `dummify` replaces all.
        compiled = sympy.lambdify(symbols, expressions, modules="numpy", cse=True, dummify=True)
    except (NotImplementedError, KeyError, TypeError, SyntaxError):
        unknown = _unprintable(expressions)
    else:
        # An unknown function is printed as a call of its name, which would fail only when run.
        known = compiled.__globals__.keys() | vars(builtins).keys()
        unknown = next((name for name in compiled.__code__.co_names if name not in known), "")
        if not unknown:
            return compiled  # type: ignore[no-any-return]  # SymPy ships no types
    own = [type(part).__name__ for part in sympy.preorder_traversal(expressions[0])]
    is_in_loss = unknown in own or unknown in str(expressions[0])
    where = "" if is_in_loss else ", which its derivative contains"
    raise ValueError(f"loss: NumPy cannot evaluate {unknown}{where}")


def _unprintable(expressions: list[Any]) -> str:
    """Name the innermost part that has no NumPy code."""
    import sympy
    from sympy.printing.numpy import NumPyPrinter

    for part in sympy.postorder_traversal(expressions):
        try:
            NumPyPrinter({"allow_unknown_functions": True}).doprint(part)
        except (NotImplementedError, KeyError, TypeError):
            return type(part).__name__
    return "the loss"


def _point(parameters: Any, arguments: tuple[Any, ...]) -> Parameters:
    """Return the arguments as a point, once they have the structure of the parameters."""
    expected = len(parameters) if isinstance(parameters, tuple) else 1
    if len(arguments) != expected:
        raise ValueError(f"expected {expected} positional arguments, got {len(arguments)}")
    point = Parameters(arguments if isinstance(parameters, tuple) else arguments[0])
    names = [name for name, _ in _walk(parameters, "at")]
    found = [leaf.name for leaf in point.leaves]
    if found != names:
        raise ValueError(f"expected the structure {', '.join(names)}; got {', '.join(found)}")
    return point
