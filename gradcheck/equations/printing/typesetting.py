"""Index notation as people write it: the order of terms, the brackets, the names of vectors.

``Sum(U[w, j]*v[j, 0], (j, 0, d - 1))`` reads U_w·v: row w of a matrix U is the vector U_w, and its
entry ``U[w, j]`` is U_w[j], or (U_w)_j in LaTeX. Symbols keep their names, so that no two of them
print alike, unless the caller renames them: with ``{U: "u"}`` the rows are u_w. What is printed is
the expression itself: nothing is written beside it by hand.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any, TypeAlias

import sympy
from sympy import Add, Integer, KroneckerDelta, Lambda, Mul, Pow, Sum, Symbol
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.tensor.indexed import Indexed

from gradcheck.equations.notation import Abbreviation, At, Partial

__all__ = ["Level", "Printed", "Typesetter", "braced"]

# SymPy has no type information.
Expr: TypeAlias = Any


class Level(IntEnum):
    """The hold of the parts of a printed expression on each other, loosest first."""

    ADDITION = 0
    SUM = 1
    PRODUCT = 2
    POWER = 3
    ATOM = 4


Printed: TypeAlias = tuple[str, Level]


class _Argument(str):
    """The text of an argument; ``format(argument, "sub")`` is that of a subscript."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return braced(self) if spec == "sub" else str(self)


def braced(subscript: str) -> str:
    """Return a subscript, in braces if it is longer than a letter."""
    return subscript if len(subscript) == 1 else f"{{{subscript}}}"


class Typesetter(ABC):
    """The common part of the two notations: the order of terms, and the brackets."""

    minus = "-"
    times = " "
    # Between a variable and what is put in its place, where that is no mere number: s = a + s would
    # read as an equation.
    becomes = "←"
    form: str
    """The attribute of an abbreviation that has its form, with places for its arguments."""
    dot: str
    """A scalar product."""
    norm: str
    """The square of a length."""
    where: str
    """A value at a point."""

    def __init__(self, names: Mapping[Any, str]) -> None:
        self._names = names
        self._rules: list[tuple[Any, Callable[[Expr], Printed]]] = [
            (Abbreviation, self._abbreviation),
            (Partial, self._partial),
            (At, self._at),
            (MatrixElement, self._entry),
            (Indexed, self._indexed),
            (Symbol, self._symbol),
            (sympy.Rational, self._rational),
            (Sum, self._sum),
            (KroneckerDelta, self._delta),
            (Add, self._addition),
            (sympy.exp, self._call),
            (Mul | Pow, self._product),
            (sympy.Function, self._call),
        ]

    def write(self, expression: Expr) -> str:
        """Return the text of an expression."""
        return self._print(expression)[0]

    def _print(self, expression: Expr) -> Printed:
        # The first that fits: an abbreviation, and exp, are functions of SymPy's, too.
        for kind, rule in self._rules:
            if isinstance(expression, kind):
                return rule(expression)
        return str(expression), Level.ATOM

    def _within(self, expression: Expr, level: Level) -> str:
        """Return the text, in brackets unless its parts hang together at least so tightly."""
        text, own = self._print(expression)
        return text if own >= level else self.bracketed(text)

    def _symbol(self, symbol: Expr) -> Printed:
        return self._names.get(symbol, self.letter(symbol.name)), Level.ATOM

    def _rational(self, value: Expr) -> Printed:
        if value < 0:
            return self.minus + self._print(-value)[0], Level.ADDITION
        if value.q != 1:
            return self.fraction(str(value.p), str(value.q))
        return str(value), Level.ATOM

    def _entry(self, entry: Expr) -> Printed:
        vector, index = self._vector(entry)
        return self.component(vector, self.write(index)), Level.ATOM

    def _vector(self, entry: Expr) -> tuple[str, Expr]:
        """Return the vector that has this entry, and the entry's index in it."""
        row, column = entry.indices
        matrix = entry.parent
        if matrix.shape[1] == 1:
            return self._names.get(matrix, matrix.name), row
        name = self._names.get(matrix, matrix.name)
        return self.subscripted(name, self.write(row)), column

    def _indexed(self, entry: Expr) -> Printed:
        name = self._names.get(entry.base, str(entry.base))
        return self.subscripted(name, *map(self.write, entry.indices)), Level.ATOM

    def _delta(self, delta: Expr) -> Printed:
        """Write Iverson's bracket, the longer index last, or the one with a name of its own."""
        first, second = sorted(
            delta.args[:2], key=lambda i: (len(self.write(i)), i in self._names, str(i))
        )
        return self.kronecker(self.write(first), self.write(second)), Level.ATOM

    def _abbreviation(self, call: Expr) -> Printed:
        arguments = [_Argument(self.write(argument)) for argument in call.args]
        default = f"{type(call).__name__}({', '.join(arguments)})"
        return getattr(call, self.form).format(*arguments) or default, Level.ATOM

    def _call(self, call: Expr) -> Printed:
        """Write log p(x), log Σ …, without brackets, where the argument has its own."""
        if isinstance(call, sympy.log) and isinstance(call.args[0], Abbreviation | Sum):
            argument, level = self._print(call.args[0])
            return f"{self.function('log')} {argument}", min(level, Level.PRODUCT)
        arguments = ", ".join(map(self.write, call.args))
        name = self.function(type(call).__name__)
        return f"{name}{self.bracketed(arguments)}", Level.PRODUCT

    def _addition(self, addition: Expr) -> Printed:
        """Write sums last, as nothing shows their end; of the others, what is added first."""
        terms = sorted(
            addition.args,
            key=lambda term: (self._is_open(term), term.could_extract_minus_sign()),
        )
        text = self._within(terms[0], Level.ADDITION)
        for term in terms[1:]:
            is_negative = term.could_extract_minus_sign()
            sign = self.minus if is_negative else "+"
            text += f" {sign} {self._within(-term if is_negative else term, Level.SUM)}"
        return text, Level.ADDITION

    def _is_open(self, term: Expr) -> bool:
        """Say whether a term ends with a sum, whose end nothing shows."""
        positive = -term if term.could_extract_minus_sign() else term
        return self._print(positive)[1] == Level.SUM

    def _product(self, product: Expr) -> Printed:
        if product.could_extract_minus_sign() and not product.is_Pow:
            return self.minus + self._within(-product, Level.SUM), Level.ADDITION
        above, below = _fraction_parts(product)
        if below:
            return self.fraction(self._joined(above), self._joined(below), len(below))
        if len(above) == 1:
            (power,) = above
            base = self._within(power.base, Level.ATOM)
            return self.power(base, self.write(power.exp)), Level.POWER
        return self._joined(above), Level.SUM if above[-1].has(Sum) else Level.PRODUCT

    def _joined(self, factors: Sequence[Expr]) -> str:
        if not factors:
            return "1"
        if len(factors) == 1 and factors[0].is_Add:
            return self._grouped(factors[0])
        *first, last = factors
        texts = [self._within(factor, Level.PRODUCT) for factor in first]
        return self.times.join([*texts, self._within(last, Level.SUM)])

    def _sum(self, summation: Expr) -> Printed:
        if (text := self._scalar_product(summation)) is not None:
            return text, Level.PRODUCT
        body = self._within(summation.function, Level.SUM)
        for index, first, last in summation.limits:
            start = "" if first == 0 else self.write(first)
            body = self.total(self.write(index), start, self.write(last), body)
        return body, Level.SUM

    def _scalar_product(self, summation: Expr) -> str | None:
        """Return u·v for a sum over both their entries, or |a|² for that of a square."""
        if len(summation.limits) != 1:
            return None
        ((index, *_),) = summation.limits
        body = summation.function
        factors = [body.base] * 2 if body.is_Pow and body.exp == 2 else list(body.args)
        if len(factors) != 2 or not all(isinstance(f, MatrixElement) for f in factors):
            return None
        left, right = sorted((self._vector(f) for f in factors), key=lambda vector: vector[0])
        if left[1] != index or right[1] != index:
            return None
        return (self.norm if left == right else self.dot).format(left[0], right[0])

    def _partial(self, derivative: Expr) -> Printed:
        of, *by = derivative.args
        text, level = self._print(of)
        is_short = level == Level.ATOM
        differential = self.differential(text if is_short else "", [self.write(b) for b in by])
        if is_short:
            return differential, Level.PRODUCT
        return f"{differential} {self.bracketed(text)}", Level.PRODUCT

    def _at(self, value: Expr) -> Printed:
        inside, *point = value.args
        conditions = ", ".join(self._condition(*replacement.args) for replacement in point)
        return self.where.format(self._within(inside, Level.SUM), conditions), Level.PRODUCT

    def _condition(self, variable: Expr, value: Expr) -> str:
        if not isinstance(value, Lambda):
            sign = "=" if value.is_number else self.becomes
            return f"{self.write(variable)} {sign} {self.write(value)}"
        if value.expr.is_number:
            name = self._names.get(variable, variable.name)
            return f"{name if variable.shape[1] == 1 else variable.name} = {value.expr}"
        row, column = Symbol("w", integer=True), Symbol("j", integer=True)
        if variable.shape[1] == 1:
            row, column = column, Integer(0)
        entry = self.write(variable[row, column])
        return f"{entry} {self.becomes} {self.write(value(row, column))}"

    def _grouped(self, expression: Expr) -> str:
        return self.bracketed(self.write(expression))

    @abstractmethod
    def letter(self, name: str) -> str:
        """Return a symbol's name."""

    @abstractmethod
    def bracketed(self, text: str) -> str:
        """Return (text)."""

    @abstractmethod
    def subscripted(self, name: str, *subscripts: str) -> str:
        """Return a name with subscripts."""

    @abstractmethod
    def component(self, vector: str, index: str) -> str:
        """Return an entry of a vector."""

    @abstractmethod
    def kronecker(self, left: str, right: str) -> str:
        """Return a Kronecker delta."""

    def function(self, name: str) -> str:
        """Return a function's name."""
        return name

    @abstractmethod
    def fraction(self, above: str, below: str, factors_below: int = 1) -> Printed:
        """Return a quotient."""

    @abstractmethod
    def power(self, base: str, exponent: str) -> str:
        """Return a power."""

    @abstractmethod
    def total(self, index: str, first: str, last: str, body: str) -> str:
        """Return a sum; where it is over a whole axis from 0, `first` is empty."""

    @abstractmethod
    def differential(self, of: str, by: Sequence[str]) -> str:
        """Return ∂ of / ∂ by."""


def _fraction_parts(product: Expr) -> tuple[list[Expr], list[Expr]]:
    """Return the factors above and below the line, in the order of writing."""
    above: list[Expr] = []
    below: list[Expr] = []
    for factor in Mul.make_args(product):
        if factor.is_Rational:
            above += [Integer(factor.p)] if factor.p != 1 else []
            below += [Integer(factor.q)] if factor.q != 1 else []
        elif factor.is_Pow and factor.exp.is_Rational and factor.exp < 0:
            below.append(factor.base**-factor.exp)
        else:
            above.append(factor)
    return sorted(above, key=_place), sorted(below, key=_place)


def _place(factor: Expr) -> tuple[int, str]:
    """Return a key that sorts numbers first, and sums last: nothing shows their end."""
    kinds = [
        (Integer | sympy.Rational, 0),
        (Symbol, 1),
        (KroneckerDelta, 2),
        (Abbreviation, 3),
        (Add, 4),
        (MatrixElement | Indexed, 5),
        (Sum, 7),
    ]
    inner = factor.base if factor.is_Pow else factor
    return next((place for kind, place in kinds if isinstance(inner, kind)), 6), str(factor)
