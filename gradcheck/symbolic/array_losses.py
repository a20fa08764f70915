"""Turn a SymPy loss over sums of symbolic size into a NumPy loss and gradient.

Each derivative is derived and proved for every size, then printed as array operations. SymPy is
imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradcheck import stable_functions
from gradcheck.symbolic.steps import closed_form

if TYPE_CHECKING:
    from gradcheck.equations.ranges import Ranges

__all__ = ["ArrayLoss", "compile_loss"]


@dataclass(frozen=True)
class _Array:
    """An array or a number that a loss depends on.

    Attributes
    ----------
    name : str
        The person's name of it.
    lengths : tuple of sympy.Symbol
        Those of its axes, that of length 1 of a column left out.
    bound : sympy.Symbol or None
        Where its values are indices, the length of the axis that they are indices of.
    """

    name: str
    lengths: tuple[Any, ...]
    bound: Any = None

    def read(self, value: Any) -> Any:
        """Return a value as an array of the right rank, or raise ValueError."""
        array = np.asarray(value)
        if array.ndim == 2 and array.shape[1] == 1 and len(self.lengths) == 1:
            array = array[:, 0]
        if array.ndim != len(self.lengths):
            expected = f"({', '.join(map(str, self.lengths))}{',' * (len(self.lengths) == 1)})"
            raise ValueError(f"{self.name}: expected the shape {expected}, got {array.shape}")
        if self.bound is not None and array.dtype.kind not in "iu":
            raise ValueError(f"{self.name}: expected whole numbers, got {array.dtype}")
        return array if self.bound is not None else array.astype(np.float64)


@dataclass(frozen=True)
class ArrayLoss:
    """A loss and its gradient for arrays of any size.

    Attributes
    ----------
    parameters, data : tuple of str
        The names of what it is differentiated by, and of all else that it depends on.
    source : str
        The NumPy function that computes both.
    """

    parameters: tuple[str, ...]
    data: tuple[str, ...]
    source: str
    _arrays: tuple[_Array, ...]
    _function: Callable[..., tuple[Any, ...]]
    _sizes: tuple[Any, ...]

    def __call__(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the loss, and its gradient by each parameter.

        Parameters
        ----------
        values : mapping of str to array_like
            The parameters and the data by name.

        Raises
        ------
        ValueError
            If a shape does not fit, or an index lies outside its axis.
        """
        arrays = {one.name: one.read(values[one.name]) for one in self._arrays}
        lengths = self._lengths(arrays)
        for one in self._arrays:
            indices = arrays[one.name]
            if one.bound is None:
                continue
            length = lengths[one.bound]
            if indices.size and not (indices.min() >= 0 and indices.max() < length):
                raise ValueError(f"{one.name}: expected indices from 0 to {length - 1}")
        sizes = [float(lengths[size]) for size in self._sizes]
        return self._function(*(arrays[one.name] for one in self._arrays), *sizes)

    def _lengths(self, arrays: Mapping[str, Any]) -> dict[Any, int]:
        lengths: dict[Any, int] = {}
        for one in self._arrays:
            for symbol, length in zip(one.lengths, arrays[one.name].shape, strict=True):
                if lengths.setdefault(symbol, length) != length:
                    raise ValueError(
                        f"{one.name}: expected {symbol} = {lengths[symbol]} as before, "
                        f"got the shape {arrays[one.name].shape}"
                    )
        return lengths


def compile_loss(loss: Any, parameters: Sequence[Any]) -> ArrayLoss:
    """Return a NumPy function for a loss over sums of symbolic size.

    Parameters
    ----------
    loss : sympy.Expr
        A scalar, in index notation; see `gradcheck.symbolic.numpy_source.Output` for its parts.
    parameters : sequence of sympy.Symbol or MatrixSymbol
        What it is differentiated by.

    Raises
    ------
    ValueError
        If a derivative cannot be proved or printed, or an axis has no symbol as its length.
    """
    from gradcheck.equations.ranges import Ranges
    from gradcheck.symbolic.numpy_source import Output, print_function

    ranges = Ranges([loss])
    variables = _variables(ranges, parameters)
    names = {symbol: f"array_{place}" for place, symbol in enumerate(variables)}
    arrays = tuple(_described(symbol, ranges) for symbol in variables)
    sizes = tuple(sorted(ranges.sizes, key=str))
    outputs = [Output("loss", _renamed(loss, names))]
    for place, parameter in enumerate(parameters):
        derivative, axes = _derivative(loss, parameter, place)
        outputs.append(Output(f"gradient_{place}", _renamed(derivative, names), axes))
    signature = ", ".join([*names.values(), *map(str, sizes)])
    source = print_function("compute", f"({signature})", "Return both.", outputs)
    namespace: dict[str, Any] = {"np": np}
    namespace |= {name: getattr(stable_functions, name) for name in stable_functions.__all__}
    exec(compile(source, "<loss>", "exec"), namespace)  # noqa: S102 - our own source
    return ArrayLoss(
        tuple(map(str, parameters)),
        tuple(one.name for one in arrays[len(parameters) :]),
        source,
        arrays,
        namespace["compute"],
        sizes,
    )


def _variables(ranges: Ranges, parameters: Sequence[Any]) -> list[Any]:
    """Return the parameters, then the other arguments in the order of the alphabet."""
    # The label of an `Indexed` is one of its free symbols, too.
    labels = {str(array) for array in ranges.shapes}
    symbols = {s for s in ranges.free - ranges.sizes if s.name not in labels}
    others = (set(ranges.shapes) | symbols) - set(parameters)
    return [*parameters, *sorted(others, key=str)]


def _described(symbol: Any, ranges: Ranges) -> _Array:
    name = str(symbol)
    bounds = ranges.of_arrays.get(symbol) or ranges.of(symbol)
    lengths = tuple(_length(name, axis) for axis in ranges.shapes.get(symbol, ()))
    if len(lengths) == 2 and lengths[1] == 1:
        lengths = lengths[:1]  # a column is a vector
    return _Array(name, lengths, _length(name, bounds) if bounds else None)


def _length(name: str, bounds: tuple[Any, Any]) -> Any:
    first, last = bounds
    length = last - first + 1
    if not (length.is_Symbol or length == 1):
        raise ValueError(f"{name}: expected axes whose lengths are symbols, got {length}")
    return length


def _derivative(loss: Any, parameter: Any, place: int) -> tuple[Any, tuple[tuple[Any, Any], ...]]:
    """Return the derivative by an entry, and the axes of the array of all of them."""
    from sympy import MatrixSymbol, Symbol

    if isinstance(parameter, Symbol):
        return closed_form(loss, parameter), ()
    assert isinstance(parameter, MatrixSymbol)
    # A symbol of the same name and kind would be the same to SymPy: the index would be captured.
    taken = {symbol.name for symbol in loss.atoms(Symbol)}
    row, column = (
        Symbol(_unused(f"{name}_{place}", taken), integer=True, nonnegative=True)
        for name in ("row", "column")
    )
    rows, columns = parameter.shape
    axes = ((row, rows),) if columns == 1 else ((row, rows), (column, columns))
    derivative = closed_form(loss, parameter[row, 0 if columns == 1 else column])
    if not {index for index, _ in axes} <= derivative.free_symbols:
        raise ValueError(f"{parameter}: the loss does not depend on each of its entries alike")
    return derivative, axes


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _renamed(expression: Any, names: Mapping[Any, str]) -> Any:
    """Give the arrays names that no variable of the printed function has."""
    from sympy import IndexedBase, MatrixSymbol, Symbol

    replaced = {}
    for symbol, name in names.items():
        if isinstance(symbol, MatrixSymbol):
            replaced[symbol] = MatrixSymbol(name, *symbol.shape)
        elif isinstance(symbol, IndexedBase):
            replaced[symbol] = IndexedBase(name, shape=symbol.shape)
        else:
            replaced[symbol] = Symbol(name, **symbol.assumptions0)
    return expression.xreplace(replaced)
