"""Print expressions in index notation as NumPy source: sums of symbolic size, no loop.

``Sum(U[w, j]*v[j, 0], (j, 0, d - 1))`` becomes ``np.einsum("wd,d->w", U, v)``. Every index that
runs over a whole axis is an axis of an array; every sum is a contraction; a Kronecker delta with
an output index puts values in their rows, an index that repeats getting every one of its values.
Exponentials are rewritten first, by `gradcheck.symbolic.stabilization`, so that what is printed is
finite for any finite argument. The source calls the functions of `gradcheck.stable_functions`, and
nothing else but NumPy.

It is long since one printer meets every kind of expression, and each kind has a rule of its own.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any, TypeAlias

import sympy
from sympy.core.function import AppliedUndef
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Indexed

from gradcheck.symbolic.stabilization import stabilize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["Output", "print_function"]

# SymPy has no type information.
Expr: TypeAlias = Any
Index: TypeAlias = Any
Dimension: TypeAlias = Any

_LONGEST_LINE = 90
_UNNAMED = r"t\d+"


@dataclass(frozen=True)
class Output:
    """One result of a printed function: an expression and the axes of its array.

    Attributes
    ----------
    name : str
        The variable that holds it.
    value : sympy.Expr
        Made of sums over whole axes, entries of a `MatrixSymbol` (a single column is a vector),
        `Indexed` whole numbers, Kronecker deltas, exp, log, and arithmetic.
    axes : tuple of (sympy.Symbol, sympy.Symbol)
        Its free indices in the order of the array's axes, each with the length of its axis.
    """

    name: str
    value: Expr
    axes: tuple[tuple[Index, Dimension], ...] = ()


def print_function(
    name: str,
    signature: str,
    docstring: str,
    outputs: Sequence[Output],
    names: Sequence[Output] = (),
) -> str:
    """Return the source of a function that computes the outputs and returns them as a tuple.

    Parameters
    ----------
    name, signature, docstring : str
        As they are to be printed. The parameters are called what their symbols are called.
    outputs : sequence of Output
        What is computed.
    names : sequence of Output
        Subexpressions that deserve a name; others are called t1, t2, … Each is computed once,
        whatever its index is called.

    Raises
    ------
    ValueError
        If an expression has a part that is none of those listed in `Output`.
    """
    printer = _Printer([output.value for output in outputs], _parameters(name, signature))
    for named in names:
        printer.name(named)
    for output in outputs:
        printer.assign(output)
    body = "\n".join(f"    {line}" for line in printer.lines())
    returned = ", ".join(output.name for output in outputs)
    return f'def {name}{signature}:\n    """{docstring}"""\n{body}\n    return {returned}\n'


@dataclass(frozen=True)
class _Array:
    """Source that evaluates to an array, and the index that runs over each of its axes."""

    source: str
    axes: tuple[Index, ...] = ()
    is_sum: bool = False
    is_negated: bool = False

    @property
    def factor(self) -> str:
        """The source without its minus sign, ready to be multiplied."""
        return f"({self.source})" if self.is_sum else self.source

    @property
    def primary(self) -> str:
        """The source without its minus sign, ready for a method or a subscript."""
        is_operation = isinstance(ast.parse(self.source, mode="eval").body, ast.BinOp)
        return f"({self.source})" if is_operation else self.source

    @property
    def signed(self) -> str:
        return f"-{self.factor}" if self.is_negated else self.source

    def times(self, sign: int) -> _Array:
        return replace(self, is_negated=self.is_negated != (sign < 0))


class _Printer:
    """Translate expressions one after the other, sharing their common parts."""

    def __init__(self, expressions: Sequence[Expr], parameters: set[str]) -> None:
        self._parameters = parameters
        self._assignments: list[tuple[str, str]] = []
        self._dimensions: dict[Index, Dimension] = {}
        self._lengths = _lengths(expressions)
        self._order: tuple[Index, ...] = ()
        self._translators: dict[Any, Callable[[Expr], _Array]] = {
            sympy.Rational: self._number,
            sympy.Symbol: self._symbol,
            MatrixElement: self._entry,
            Indexed: self._indexed,
            sympy.Sum: self._sum,
            (sympy.Mul, sympy.KroneckerDelta): self._contraction,
            sympy.Add: self._addition,
            sympy.Pow: self._power,
            (sympy.exp, sympy.log, AppliedUndef): self._function,
        }

    def lines(self) -> list[str]:
        """Return the assignments, one to a line."""
        return [f"{variable} = {source}" for variable, source in _inlined(self._assignments)]

    def name(self, named: Output) -> None:
        """Compute a subexpression under a name of its own."""
        array = self._translate(named)
        if not self._assignments or self._assignments[-1][0] != array.source:
            raise ValueError(f"{named.name}: {named.value} is no sum or function of its own")
        self._assignments[-1] = (named.name, self._assignments[-1][1])

    def assign(self, output: Output) -> None:
        """Compute an output, its axes in the order that was asked for."""
        array = self._translate(output)
        wanted = tuple(index for index, _ in output.axes)
        if set(array.axes) != set(wanted):
            raise ValueError(f"{output.name}: has the axes {array.axes}, expected {wanted}")
        self._assignments.append((output.name, _ordered(array, wanted).signed))

    def _translate(self, output: Output) -> _Array:
        for index, dimension in output.axes:
            self._run_over(index, dimension)
        for summation in sorted(output.value.atoms(sympy.Sum), key=str):
            for index, first, last in summation.limits:
                self._run_over(index, sympy.simplify(last - first + 1))
        self._order = tuple(index for index, _ in output.axes)
        return self._array(stabilize(output.value, frozenset(self._order)))

    def _run_over(self, index: Index, dimension: Dimension) -> None:
        if self._dimensions.setdefault(index, dimension) != dimension:
            raise ValueError(f"{index}: runs over {self._dimensions[index]} and over {dimension}")

    def _hoist(self, source: str, axes: tuple[Index, ...]) -> _Array:
        """Give the array a variable; the same source gets the same one."""
        for variable, known in self._assignments:
            if known == source:
                return _Array(variable, axes)
        variable = f"t{len(self._assignments) + 1}"
        self._assignments.append((variable, source))
        return _Array(variable, axes)

    def _array(self, expr: Expr) -> _Array:
        for kinds, translate in self._translators.items():
            if isinstance(expr, kinds):
                return translate(expr)
        raise _unsupported(expr)

    def _number(self, number: Expr) -> _Array:
        size = abs(number)
        source = f"{size}.0" if size.is_Integer else f"({size.p} / {size.q})"
        return _Array(source).times(-1 if number < 0 else 1)

    def _sum(self, summation: Expr) -> _Array:
        return self._contraction(summation.function, bound=summation.variables)

    def _symbol(self, symbol: Expr) -> _Array:
        if symbol in self._dimensions:
            raise ValueError(f"{symbol}: an index has no value of its own")
        return _Array(self._parameter(symbol))

    def _parameter(self, symbol: Expr) -> str:
        name = str(symbol.name)
        if name not in self._parameters:
            raise ValueError(f"{name}: neither an index nor a parameter of the function")
        return name

    def _entry(self, entry: Expr) -> _Array:
        matrix, *indices = entry.args
        rank = 1 if matrix.shape[1] == 1 else 2
        subscripts: list[str] = []
        axes: list[Index] = []
        for index, length in list(zip(indices, matrix.shape, strict=True))[:rank]:
            subscript = self._subscript(index, length)
            subscripts.append(subscript.source)
            axes += subscript.axes
        # NumPy takes U[o] for U[o, :], and people write it so.
        while subscripts and subscripts[-1] == ":":
            subscripts.pop()
        source = self._parameter(matrix)
        if subscripts:
            source += f"[{', '.join(subscripts)}]"
        return _Array(source, tuple(axes))

    def _subscript(self, index: Expr, length: Dimension) -> _Array:
        if index in self._dimensions:
            if self._dimensions[index] != length:
                raise ValueError(
                    f"{index}: runs over {self._dimensions[index]}, the axis is {length} long"
                )
            return _Array(":", (index,))
        if isinstance(index, sympy.Symbol | sympy.Integer | Indexed):
            return _Array(str(int(index))) if index.is_Integer else self._array(index)
        raise _unsupported(index)

    def _indexed(self, entry: Expr) -> _Array:
        axes = tuple(
            self._subscript(index, length).axes[0]
            for index, length in zip(entry.indices, entry.shape, strict=True)
        )
        return _Array(self._parameter(entry.base.label), axes)

    def _contraction(self, product: Expr, bound: Sequence[Index] = ()) -> _Array:
        """Multiply the factors entry by entry, and sum over the bound indices."""
        coefficient, factors = product.as_coeff_mul()
        deltas = [factor for factor in factors if isinstance(factor, sympy.KroneckerDelta)]
        rest = [factor for factor in factors if not isinstance(factor, sympy.KroneckerDelta)]
        if deltas:
            array = self._scatter(deltas, rest, bound)
        else:
            array = self._einsum([self._array(factor) for factor in rest], bound)
        size = abs(coefficient)
        if size != 1:
            array = replace(array, source=f"{self._array(size).source} * {array.factor}")
        return array.times(-1 if coefficient < 0 else 1)

    def _einsum(self, arrays: Sequence[_Array], bound: Sequence[Index]) -> _Array:
        occurring = {index for array in arrays for index in array.axes}
        if not set(bound) <= occurring:
            raise ValueError(f"a sum over {bound} of terms that do not depend on it")
        axes = self._sorted(occurring - set(bound))
        sign = -1 if sum(array.is_negated for array in arrays) % 2 else 1
        if not bound and all(array.axes in {(), axes} for array in arrays):
            if len(arrays) == 1:
                return arrays[0]
            return _Array(" * ".join(array.factor for array in arrays), axes).times(sign)
        if len(arrays) == 1:
            return self._hoist(_summed(arrays[0], bound), axes).times(sign)
        letters = self._letters(self._sorted(occurring))
        operands = ",".join("".join(letters[index] for index in array.axes) for array in arrays)
        result = "".join(letters[index] for index in axes)
        sources = ", ".join(array.source for array in arrays)
        return self._hoist(f'np.einsum("{operands}->{result}", {sources})', axes).times(sign)

    def _sorted(self, indices: Iterable[Index]) -> tuple[Index, ...]:
        """Sort indices as the output has them, after those that it sums over."""

        def place(index: Index) -> tuple[int, str]:
            return self._order.index(index) if index in self._order else -1, str(index)

        return tuple(sorted(indices, key=place))

    def _letters(self, indices: Sequence[Index]) -> dict[Index, str]:
        """Call an index after the length of its axis: w where that is W."""
        letters: dict[Index, str] = {}
        for index in indices:
            wanted = self._dimensions[index].name[0].lower()
            candidates = [wanted, *ascii_lowercase]
            letters[index] = next(c for c in candidates if c not in letters.values())
        return letters

    def _scatter(
        self, deltas: Sequence[Expr], factors: Sequence[Expr], bound: Sequence[Index]
    ) -> _Array:
        """Sum δ(x, p) f, x being free: each value of f goes to the entry x = p."""
        if len(deltas) > 1 or not factors:
            raise _unsupported(sympy.Mul(*deltas))
        free = [i for i in deltas[0].args[:2] if i in self._dimensions and i not in bound]
        if len(free) != 1:
            raise _unsupported(deltas[0])
        (row,) = free
        (position,) = (index for index in deltas[0].args[:2] if index != row)
        where = self._array(position)
        values = self._einsum(
            [self._array(factor.xreplace({row: position})) for factor in factors],
            [index for index in bound if index not in where.axes],
        )
        if not set(where.axes) <= set(values.axes):
            raise _unsupported(sympy.Mul(*deltas, *factors))
        others = tuple(index for index in values.axes if index not in where.axes)
        placed = _ordered(values, (*where.axes, *others))
        source = f"scatter_add({where.source}, {placed.source}, {self._length(row)})"
        return self._hoist(source, (row, *others)).times(-1 if values.is_negated else 1)

    def _length(self, index: Index) -> str:
        dimension = self._dimensions[index]
        if dimension not in self._lengths:
            raise ValueError(f"{index}: no matrix is {dimension} long, to take the length from")
        return self._lengths[dimension]

    def _addition(self, addition: Expr) -> _Array:
        terms = [self._array(term) for term in addition.args]
        axes = max((term.axes for term in terms), key=len)
        if not all(set(term.axes) <= set(axes) for term in terms):
            raise _unsupported(addition)
        # What is added comes first, so that the sum need not begin with a minus sign.
        first, *others = sorted(terms, key=lambda term: term.is_negated)
        source = _ordered(first, axes).signed
        for other in others:
            sign = "-" if other.is_negated else "+"
            source += f" {sign} {_ordered(other, axes).factor}"
        return _Array(source, axes, is_sum=True)

    def _power(self, power: Expr) -> _Array:
        base, exponent = self._array(power.base), self._array(power.exp)
        source = base.primary if not base.is_negated else f"({base.signed})"
        return _Array(f"{source} ** {exponent.signed}", base.axes)

    def _function(self, call: Expr) -> _Array:
        argument = self._array(call.args[0])
        name = call.func.__name__
        if len(call.args) == 1:
            prefix = "np." if isinstance(call, sympy.exp | sympy.log) else ""
            return self._hoist(f"{prefix}{name}({argument.signed})", argument.axes)
        axis = argument.axes.index(call.args[1])
        which = "" if axis == len(argument.axes) - 1 else f", axis={axis}"
        axes = tuple(i for i in argument.axes if name == "softmax" or i != call.args[1])
        return self._hoist(f"{name}({argument.signed}{which})", axes)


def _parameters(name: str, signature: str) -> set[str]:
    (function,) = ast.parse(f"def {name}{signature}: pass").body
    assert isinstance(function, ast.FunctionDef)
    return {argument.arg for argument in function.args.args}


def _summed(array: _Array, bound: Sequence[Index]) -> str:
    positions = tuple(array.axes.index(index) for index in bound)
    which = str(positions[0] if len(positions) == 1 else positions)
    arguments = "" if len(array.axes) == 1 else f"axis={which}"
    return f"{array.primary}.sum({arguments})"


def _ordered(array: _Array, axes: tuple[Index, ...]) -> _Array:
    """Return the array with its axes in this order, and an axis of length 1 for each it lacks."""
    wanted = tuple(index for index in axes if index in array.axes)
    if array.axes != wanted:
        permutation = ", ".join(str(array.axes.index(index)) for index in wanted)
        source = f"{array.primary}.transpose({permutation})"
        array = _Array(source, wanted, is_negated=array.is_negated)
    if wanted == axes[len(axes) - len(wanted) :]:
        return array
    subscripts = ", ".join(":" if index in wanted else "None" for index in axes)
    return _Array(f"{array.primary}[{subscripts}]", axes, is_negated=array.is_negated)


def _inlined(assignments: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Put a nameless expression that is used once into its place, while the line stays short."""
    sources = dict(assignments)
    for variable in [name for name in sources if re.fullmatch(_UNNAMED, name)]:
        used = re.compile(rf"\b{variable}\b")
        users = [name for name, source in sources.items() for _ in used.findall(source)]
        if len(users) == 1:
            (user,) = users
            inlined = used.sub(sources[variable], sources[user])
            if len(user) + len(inlined) <= _LONGEST_LINE:
                sources[user] = inlined
                del sources[variable]
    return _renumbered(list(sources.items()))


def _renumbered(assignments: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    # Inlined parts have left gaps in the numbers.
    unnamed = [name for name, _ in assignments if re.fullmatch(_UNNAMED, name)]
    numbers = {name: f"t{position}" for position, name in enumerate(unnamed, start=1)}

    def renumber(source: str) -> str:
        return re.sub(rf"\b{_UNNAMED}\b", lambda found: numbers[found[0]], source)

    return [(renumber(name), renumber(source)) for name, source in assignments]


def _lengths(expressions: Sequence[Expr]) -> dict[Dimension, str]:
    """Return source for each length that a matrix has."""
    lengths: dict[Dimension, str] = {}
    for expression in expressions:
        for matrix in sorted(expression.atoms(sympy.MatrixSymbol), key=str):
            lengths.setdefault(matrix.shape[0], f"len({matrix.name})")
            lengths.setdefault(matrix.shape[1], f"{matrix.name}.shape[1]")
    return lengths


def _unsupported(expr: Expr) -> ValueError:
    return ValueError(f"cannot print {expr} ({type(expr).__name__}) as an array operation")
