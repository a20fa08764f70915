"""The exact loss and gradient of a small case: SymPy with every entry a symbol, no sums.

It shares nothing with the formulas under test: the losses are written out anew, for the sizes at
hand, and differentiated entry by entry, then evaluated to 40 digits at the case's exact values.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from hypothesis import strategies as st

from gradcheck.word2vec.cases import Case

if TYPE_CHECKING:
    from gradcheck.word2vec.oracle import Answer

_DIGITS = 40


@st.composite
def small_cases(draw: st.DrawFn, *, negatives: bool) -> Case:
    """Draw cases that SymPy can take entry by entry: at most 3 words, 2 dimensions, 3 negatives.

    The negatives may repeat, and the target may be among them: the losses are defined there too.
    """
    words, dimension = draw(st.integers(2, 3)), draw(st.integers(1, 2))
    word = st.integers(0, words - 1)
    target = draw(word)
    drawn = draw(st.lists(word, min_size=1, max_size=3)) if negatives else []
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = draw(st.sampled_from([1.0, 1e-3, 3.0]))
    return Case(
        scale * generator.standard_normal(dimension),
        generator.standard_normal((words, dimension)),
        target,
        tuple(drawn),
    )


def answer(case: Case) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the loss, center gradient and outside gradient, each rounded once."""
    words, dimension = case.outside.shape
    symbols, loss, derivatives = _derive(words, dimension, case.target, case.negatives)
    numbers = [sympy.Rational(value) for value in [*case.center, *case.outside.ravel()]]
    values = dict(zip(symbols, numbers, strict=True))
    exact = [_evaluate(expression, values) for expression in (loss, *derivatives)]
    return (
        exact[0],
        np.array(exact[1 : 1 + dimension]),
        np.array(exact[1 + dimension :]).reshape(words, dimension),
    )


def assert_agrees(expected: Answer, got: Any, units: float) -> None:
    """Fail unless each part of `got` is within so many units of rounding of the answer."""
    eps = np.finfo(np.float64).eps
    for name, value, exact, scale in (
        ("loss", got[0], expected.loss, expected.loss_scale),
        ("center", got[1], expected.center, expected.center_scale),
        ("outside", got[2], expected.outside, expected.outside_scale),
    ):
        assert np.shape(value) == np.shape(exact), name
        worst = np.max(np.abs(value - np.asarray(exact)) / (eps * np.asarray(scale)))
        # Not `worst > units`: NaN must fail.
        assert worst <= units, f"{name}: {worst:.3g} units"


@cache
def _derive(
    words: int, dimension: int, target: int, negatives: tuple[int, ...]
) -> tuple[list[Any], Any, list[Any]]:
    v = sympy.symbols(f"v:{dimension}", real=True)
    u = [sympy.symbols(f"u{word}_:{dimension}", real=True) for word in range(words)]
    scores = [sum(a * b for a, b in zip(row, v, strict=True)) for row in u]
    if negatives:
        signed = [-scores[target], *(scores[word] for word in negatives)]
        loss = sum(sympy.log(1 + sympy.exp(score)) for score in signed)
    else:
        loss = -scores[target] + sympy.log(sum(sympy.exp(score) for score in scores))
    symbols = [*v, *(entry for row in u for entry in row)]
    return symbols, loss, [sympy.diff(loss, symbol) for symbol in symbols]


def _evaluate(expression: Any, values: dict[Any, Any]) -> float:
    return float(expression.subs(values).evalf(_DIGITS))
