"""Index notation in Unicode, for a terminal, and in LaTeX."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import sympy

from gradcheck.equations.printing.typesetting import Level, Printed, Typesetter, braced

__all__ = ["latex", "unicode"]

# SymPy has no type information.
Expr: TypeAlias = Any

_LATEX_FUNCTIONS = {"cos", "cosh", "exp", "log", "sin", "sinh", "tan", "tanh"}
_GREEK = {"alpha": "α", "beta": "β", "eta": "η", "lambda": "λ", "phi": "φ", "theta": "θ"}
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def unicode(expression: Expr, names: Mapping[Any, str] | None = None) -> str:
    """Return an expression in one line of Unicode.

    Parameters
    ----------
    expression : sympy.Expr
        In index notation.
    names : mapping, optional
        What symbols, and the rows of matrices, are called: ``{v: "v_c", W: "|V|", U: "u"}``. All
        others keep their names.
    """
    return _Unicode(names or {}).write(sympy.sympify(expression))


def latex(expression: Expr, names: Mapping[Any, str] | None = None) -> str:
    """Return an expression in LaTeX, to be put between the signs of its mathematics mode.

    Parameters
    ----------
    expression, names
        As for `unicode`.
    """
    return _Latex(names or {}).write(sympy.sympify(expression))


class _Unicode(Typesetter):
    minus = "−"
    form = "unicode"
    dot = "{}·{}"
    norm = "‖{}‖²"
    where = "{} at ({})"

    def letter(self, name: str) -> str:
        return _GREEK.get(name, name)

    def bracketed(self, text: str) -> str:
        return f"({text})"

    def subscripted(self, name: str, *subscripts: str) -> str:
        return f"{name}_{braced(' '.join(subscripts))}"

    def component(self, vector: str, index: str) -> str:
        return f"{vector}[{index}]"

    def kronecker(self, left: str, right: str) -> str:
        return f"[{left} = {right}]"

    def fraction(self, above: str, below: str, factors_below: int = 1) -> Printed:
        above = f"({above})" if "/" in above else above
        below = f"({below})" if factors_below > 1 else below
        return f"{above} / {below}", Level.PRODUCT

    def power(self, base: str, exponent: str) -> str:
        is_plain = re.fullmatch(r"-?\d+", exponent)
        return base + (exponent.translate(_SUPERSCRIPTS) if is_plain else f"^({exponent})")

    def total(self, index: str, first: str, last: str, body: str) -> str:
        limits = f"{{{index}={first}}}^{last}" if first else index
        return f"Σ_{limits} {body}"

    def differential(self, of: str, by: Sequence[str]) -> str:
        order = str(len(by)).translate(_SUPERSCRIPTS) if len(by) > 1 else ""
        below = f"∂{by[0]}{order}" if len(set(by)) == 1 else " ".join(f"∂{one}" for one in by)
        return f"∂{order}{of}/{below}"


class _Latex(Typesetter):
    times = r"\,"
    becomes = r"\gets"
    form = "latex"
    dot = r"{} \cdot {}"
    norm = r"\lVert {} \rVert^2"
    where = r"\left. {} \right|_{{{}}}"

    def letter(self, name: str) -> str:
        return rf"\{name}" if name in _GREEK else name

    def bracketed(self, text: str) -> str:
        # TeX leaves room before \left, so it is for what is tall.
        is_tall = "\\frac" in text or "\\sum" in text
        return rf"\left({text}\right)" if is_tall else f"({text})"

    def subscripted(self, name: str, *subscripts: str) -> str:
        return f"{name}_{{{','.join(subscripts)}}}"

    def component(self, vector: str, index: str) -> str:
        return f"({vector})_{{{index}}}" if "_" in vector else f"{vector}_{{{index}}}"

    def kronecker(self, left: str, right: str) -> str:
        return f"[{left} = {right}]"

    def function(self, name: str) -> str:
        # Not \operatorname, which GitHub refuses.
        return rf"\{name}" if name in _LATEX_FUNCTIONS else rf"\mathrm{{{name}}}"

    def _grouped(self, expression: Expr) -> str:
        return self.write(expression)

    def fraction(self, above: str, below: str, factors_below: int = 1) -> Printed:
        del factors_below
        if r"\frac" in above and r"\frac" not in below:
            return rf"\frac{{1}}{{{below}}}\,{above}", Level.PRODUCT
        return rf"\frac{{{above}}}{{{below}}}", Level.PRODUCT

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{{{exponent}}}"

    def total(self, index: str, first: str, last: str, body: str) -> str:
        limits = f"_{{{index}={first}}}^{{{last}}}" if first else f"_{{{index}}}"
        return rf"\sum{limits} {body}"

    def differential(self, of: str, by: Sequence[str]) -> str:
        order = f"^{{{len(by)}}}" if len(by) > 1 else ""
        is_repeated = len(set(by)) == 1
        below = (
            rf"\partial {by[0]}{order}" if is_repeated else r"\,".join(rf"\partial {b}" for b in by)
        )
        return rf"\frac{{\partial{order} {of}}}{{{below}}}"
