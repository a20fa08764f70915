"""Vectors and matrices as a lecturer writes them, each with its shape and with its entries.

∂J/∂v_c = Uᵀ (ŷ − y) is printed from one object and proved from the same one: a `Form` has a text,
and it has the entry in row i and column j, in index notation. Two forms are equal if their entries
are. A vector is a column, so a product of shapes can be checked by eye: (d × |V|) (|V| × 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, TypeAlias

from sympy import Dummy, Integer, KroneckerDelta, MatrixSymbol, Sum

from gradcheck.equations import partial
from gradcheck.symbolic.steps import Step

__all__ = [
    "ONE",
    "Axis",
    "Form",
    "diagonal",
    "gradient",
    "in_matrices",
    "matrix",
    "second_derivative",
    "vector",
]

# SymPy has no type information.
Expr: TypeAlias = Any


class Axis(NamedTuple):
    """The rows or the columns of a matrix: their number, and how it is written."""

    length: Expr
    name: str


ONE = Axis(Integer(1), "1")
"""The columns of a vector."""


class _Level(IntEnum):
    """The hold of the parts of a form on each other, loosest first."""

    SUM = 0
    PRODUCT = 1
    ATOM = 2


@dataclass(frozen=True)
class Form:
    """A matrix: its shape, its entries, and how it is written.

    Attributes
    ----------
    rows, columns : Axis
        Its shape.
    entry : callable
        From the index of a row and that of a column to the entry.
    text, latex : str
        How it is written, in Unicode and in LaTeX.
    level : _Level
        Whether a product needs brackets around it.
    factors : tuple of str
        The shapes of what is multiplied; of anything else, its own.
    """

    rows: Axis
    columns: Axis
    entry: Callable[[Expr, Expr], Expr]
    text: str
    latex: str
    level: _Level = _Level.ATOM
    factors: tuple[str, ...] = ()

    @property
    def shape(self) -> str:
        """Its rows and columns."""
        return f"{self.rows.name} × {self.columns.name}"

    @property
    def shapes(self) -> str:
        """Those of all its factors, side by side."""
        return " ".join(f"({shape})" for shape in self.factors or (self.shape,))

    @property
    def T(self) -> Form:  # noqa: N802  as everybody calls it
        """The transpose."""
        bracketed = self._within(_Level.ATOM)
        return Form(
            self.columns,
            self.rows,
            lambda i, j: self.entry(j, i),
            f"{bracketed.text}ᵀ",
            rf"{bracketed.latex}^\top",
        )

    def __matmul__(self, other: Form) -> Form:
        """Return the matrix product."""
        if self.columns != other.rows:
            raise ValueError(f"a product of {self.shape} and {other.shape}")

        def entry(i: Expr, j: Expr) -> Expr:
            if self.columns == ONE:
                return self.entry(i, Integer(0)) * other.entry(Integer(0), j)
            # A name of its own: the same axis may be summed over further inside.
            inner = Dummy("inner", integer=True, nonnegative=True)
            body = self.entry(i, inner) * other.entry(inner, j)
            return Sum(body, (inner, 0, self.columns.length - 1))

        left, right = self._within(_Level.PRODUCT), other._within(_Level.PRODUCT)
        return Form(
            self.rows,
            other.columns,
            entry,
            f"{left.text} {right.text}",
            rf"{left.latex}\,{right.latex}",
            _Level.PRODUCT,
            (*(self.factors or (self.shape,)), *(other.factors or (other.shape,))),
        )

    def __sub__(self, other: Form) -> Form:
        """Return the difference."""
        if (self.rows, self.columns) != (other.rows, other.columns):
            raise ValueError(f"a difference of {self.shape} and {other.shape}")
        right = other._within(_Level.PRODUCT)
        return Form(
            self.rows,
            self.columns,
            lambda i, j: self.entry(i, j) - other.entry(i, j),
            f"{self.text} − {right.text}",
            f"{self.latex} - {right.latex}",
            _Level.SUM,
        )

    def times(self, factor: Expr, text: str, latex: str = "") -> Form:
        """Return a multiple, the factor written as given."""
        right = self._within(_Level.PRODUCT)
        return Form(
            self.rows,
            self.columns,
            lambda i, j: factor * self.entry(i, j),
            f"{text} {right.text}",
            rf"{latex or text}\,{right.latex}",
            _Level.PRODUCT,
            self.factors,
        )

    def over(self, divisor: Expr, text: str) -> Form:
        """Return the form divided by a number."""
        return Form(
            self.rows,
            self.columns,
            lambda i, j: self.entry(i, j) / divisor,
            f"{self._within(_Level.PRODUCT).text} / {text}",
            rf"\frac{{1}}{{{text}}}\,{self._within(_Level.PRODUCT).latex}",
            _Level.PRODUCT,
            self.factors,
        )

    def _within(self, level: _Level) -> Form:
        """Return the form with brackets, unless its parts hang together at least so tightly."""
        if self.level >= level:
            return self
        return Form(
            self.rows,
            self.columns,
            self.entry,
            f"({self.text})",
            rf"\left({self.latex}\right)",
            factors=self.factors,
        )


def matrix(symbol: MatrixSymbol, rows: Axis, columns: Axis, text: str, latex: str = "") -> Form:
    """Return a matrix of parameters, or a vector of them."""
    return Form(rows, columns, lambda i, j: symbol[i, j], text, latex or text)


def vector(entry: Callable[[Expr], Expr], rows: Axis, text: str, latex: str = "") -> Form:
    """Return a column of entries that are each a formula."""
    return Form(rows, ONE, lambda i, _: entry(i), text, latex or text)


def diagonal(of: Form) -> Form:
    """Return the square matrix with a vector on its diagonal."""
    return Form(
        of.rows,
        of.rows,
        lambda i, j: of.entry(i, Integer(0)) * KroneckerDelta(i, j),
        f"diag({of.text})",
        rf"\mathrm{{diag}}({of.latex})",
    )


def gradient(loss: Expr, by: Form, text: str = "J") -> Form:
    """Return ∂J/∂X, which has the shape of X."""
    return Form(
        by.rows,
        by.columns,
        lambda i, j: partial(loss, by.entry(i, j)),
        f"∂{text}/∂{by.text}",
        rf"\frac{{\partial {text}}}{{\partial {by.latex}}}",
    )


def second_derivative(loss: Expr, by: Form) -> Form:
    """Return the matrix of second derivatives by the entries of a vector."""
    zero = Integer(0)
    return Form(
        by.rows,
        by.rows,
        lambda i, j: partial(loss, by.entry(i, zero), by.entry(j, zero)),
        f"∂²J/∂{by.text} ∂{by.text}ᵀ",
        rf"\frac{{\partial^2 J}}{{\partial {by.latex}\,\partial {by.latex}^\top}}",
    )


def in_matrices(left: Form, right: Form, place: tuple[Expr, Expr], reason: str) -> Step:
    """Return the step that two forms are equal: their entries in a place with free indices are.

    Parameters
    ----------
    left, right : Form
        Of one shape.
    place : (index, index)
        A free row and a free column; of a vector, the column is 0.
    reason : str
        Why. The shapes are added to it.
    """
    if (left.rows, left.columns) != (right.rows, right.columns):
        raise ValueError(f"{left.text} is {left.shape}, {right.text} is {right.shape}")
    return Step(
        left.entry(*place),
        right.entry(*place),
        f"{reason} Shapes: ${left.shape} = {right.shapes}$.",
        written=((left.text, right.text), (left.latex, right.latex)),
    )
