"""Hypothesis strategies for sizes and parameters, for your own property-based tests.

Structure is drawn, values are seeded: Hypothesis chooses sizes, indices and scales, and the
floats come from a NumPy generator whose seed Hypothesis chooses. That is several times faster
than drawing each float, makes every value distinct (so no two mistakes cancel by accident), and
shrinks to small *structure*, which is what explains a failure.

Hypothesis is imported where it is used, so that ``import gradcheck`` stays quick.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from gradcheck.arrays.parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy
    from numpy.typing import DTypeLike, NDArray

__all__ = [
    "PROFILES",
    "Choices",
    "HypothesisChoices",
    "SeededChoices",
    "arrays",
    "choose_generator",
    "choose_scale",
    "choose_shape",
    "generators",
    "matrix_shapes",
    "parameters",
    "register_profiles",
    "scales",
]

PROFILES = ("student", "grade", "deep")
"""The Hypothesis profiles that `register_profiles` registers."""

# Mostly 1. Zero hides what is multiplied by it, 1e-3 defeats absolute tolerances, and the large
# ones saturate exponentials. The first is what a failing example shrinks to.
_SCALES = (1.0, 1.0, 1.0, 1.0, 1.0, 5.0, 30.0, 1e-3, 0.0)


class Choices(Protocol):
    """A source of choices, from which a function builds a case.

    The same function then serves twice: with `SeededChoices` it makes hundreds of cases in no
    time, with `HypothesisChoices` it makes those that Hypothesis shrinks.
    """

    def integer(self, least: int, greatest: int) -> int:
        """Choose a number, both bounds included."""

    def element(self, options: Sequence[Any]) -> Any:
        """Choose one of some options; a failing case shrinks to the first."""


class HypothesisChoices:
    """Choices that Hypothesis makes, and shrinks.

    Parameters
    ----------
    draw : callable
        The first argument of a ``composite`` strategy.
    """

    def __init__(self, draw: DrawFn) -> None:
        from hypothesis import strategies as st

        self._draw, self._strategies = draw, st

    def integer(self, least: int, greatest: int) -> int:
        """Choose a number, both bounds included."""
        return self._draw(self._strategies.integers(least, greatest))

    def element(self, options: Sequence[Any]) -> Any:
        """Choose one of some options."""
        return self._draw(self._strategies.sampled_from(options))


class SeededChoices:
    """Choices that a seed makes: some 20 times as fast, where nothing is to be shrunk.

    Parameters
    ----------
    seed : int
        Makes the same choices again.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - nothing secret

    def integer(self, least: int, greatest: int) -> int:
        """Choose a number, both bounds included."""
        return self._random.randint(least, greatest)

    def element(self, options: Sequence[Any]) -> Any:
        """Choose one of some options."""
        return self._random.choice(options)


def register_profiles() -> None:
    """Register the Hypothesis profiles ``student``, ``grade`` and ``deep``.

    ``student`` draws 100 cases and shrinks what fails. ``grade`` always draws the same cases,
    keeps no database and does not shrink: two runs on one file say the same. ``deep`` draws
    2,000 cases. None has a deadline: how long a call takes says nothing about a gradient.
    Load one with ``hypothesis.settings.load_profile("student")``.
    """
    from hypothesis import HealthCheck, Phase, settings

    thorough = (Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink)
    unhurried = settings(
        deadline=None,
        print_blob=True,
        phases=thorough,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.register_profile("student", unhurried, max_examples=100)
    settings.register_profile(
        "grade",
        unhurried,
        max_examples=100,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.target),
    )
    settings.register_profile("deep", unhurried, max_examples=2000)


def generators() -> SearchStrategy[np.random.Generator]:
    """Draw a NumPy generator, seeded by an integer that Hypothesis can shrink."""
    from hypothesis import strategies as st

    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def choose_scale(choices: Choices) -> float:
    """Choose the size of the entries of an array, as `scales` draws it."""
    scale: float = choices.element(_SCALES)
    return scale


def choose_generator(choices: Choices) -> np.random.Generator:
    """Choose the seed of a generator, as `generators` does."""
    return np.random.default_rng(choices.integer(0, 2**32 - 1))


def scales() -> SearchStrategy[float]:
    """Draw the size of the entries of an array: mostly 1, at times 0, 1e-3, 5 or 30."""
    from hypothesis import strategies as st

    return st.sampled_from(_SCALES)


def matrix_shapes(
    *, min_rows: int = 1, max_rows: int = 100, min_columns: int = 1, max_columns: int = 50
) -> SearchStrategy[tuple[int, int]]:
    """Draw the shape (rows, columns) of a matrix.

    Mostly small; often square, which is where a transposed matrix still has the right shape;
    often with a single column or the fewest rows allowed, where an axis gets lost; now and then
    large, where sizes that somebody hard-coded are wrong.

    Raises
    ------
    ValueError
        If a least size is below 1 or above its greatest.
    """
    from hypothesis import strategies as st

    _check_range("rows", min_rows, max_rows)
    _check_range("columns", min_columns, max_columns)

    @st.composite
    def shapes(draw: DrawFn) -> tuple[int, int]:
        return choose_shape(
            HypothesisChoices(draw),
            min_rows=min_rows,
            max_rows=max_rows,
            min_columns=min_columns,
            max_columns=max_columns,
        )

    return shapes()


def choose_shape(
    choices: Choices,
    *,
    min_rows: int = 1,
    max_rows: int = 100,
    min_columns: int = 1,
    max_columns: int = 50,
) -> tuple[int, int]:
    """Choose a shape as `matrix_shapes` draws it."""

    def rows(most: int) -> int:
        return choices.integer(min_rows, max(min_rows, min(most, max_rows)))

    def columns(most: int) -> int:
        return choices.integer(min_columns, max(min_columns, min(most, max_columns)))

    least, greatest = max(min_rows, min_columns), min(max_rows, max_columns)
    kinds = ["small", "fewest rows", "fewest columns", "medium", "any"]
    if least <= greatest:
        # Twice, to be chosen more often; not first, since failing examples shrink to the first.
        kinds[2:2] = ["square", "square"]
    kind = choices.element(kinds)
    if kind == "square":
        size = choices.integer(least, min(greatest, least + 5))
        return size, size
    if kind == "small":
        return rows(min_rows + 4), columns(min_columns + 3)
    if kind == "fewest rows":
        return min_rows, columns(min_columns + 5)
    if kind == "fewest columns":
        return rows(min_rows + 6), min_columns
    if kind == "medium":
        return rows(min_rows + 10), columns(min_columns + 9)
    return rows(max_rows), columns(max_columns)


def arrays(
    shape: tuple[int, ...], *, scale: float | None = None, dtype: DTypeLike = np.float64
) -> SearchStrategy[NDArray[Any]]:
    """Draw an array of normally distributed values, all of them distinct.

    Parameters
    ----------
    shape : tuple of int
        The shape of the array.
    scale : float, optional
        The standard deviation of the entries; drawn by `scales` where it is not given.
    dtype : dtype, optional
        float64 (the default) or float32.

    Raises
    ------
    TypeError
        If `dtype` is neither float64 nor float32.
    ValueError
        If an array of this shape is empty.
    """
    return parameters(np.zeros(shape, dtype=dtype), scale=scale)


def parameters(like: Any, *, scale: float | None = None) -> SearchStrategy[Any]:
    """Draw parameters of the same structure, shapes and dtypes as `like`.

    Parameters
    ----------
    like : array or float, or a tuple, list or dict of these, to any depth
        An example of the parameters of a loss: finite float64 or float32 values, whatever they
        are.
    scale : float, optional
        The standard deviation of the entries; drawn for each array by `scales` otherwise.

    Raises
    ------
    TypeError, ValueError
        If `like` is nothing that could be checked: of whole numbers, say, or empty.

    Examples
    --------
    >>> from hypothesis import given
    >>> from gradcheck.strategies import parameters
    >>> template = {"weights": np.zeros((3, 2)), "bias": np.zeros(3)}
    >>> @given(parameters(template))
    ... def test_shapes(drawn):
    ...     assert drawn["weights"].shape == (3, 2)
    >>> test_shapes()
    """
    from hypothesis import strategies as st

    point = Parameters(like, "like")
    leaves = len(point.leaves)
    sizes = scales() if scale is None else st.just(float(scale))

    def fill(drawn: tuple[np.random.Generator, list[float]]) -> Any:
        generator, chosen = drawn
        vector = generator.standard_normal(point.size)
        for leaf, size in zip(point.leaves, chosen, strict=True):
            vector[leaf.entries] *= size
        return point.build(vector)

    return st.tuples(generators(), st.lists(sizes, min_size=leaves, max_size=leaves)).map(fill)


def _check_range(name: str, least: int, greatest: int) -> None:
    if not 1 <= least <= greatest:
        raise ValueError(
            f"{name}: expected 1 <= min_{name} <= max_{name}, got {least} and {greatest}"
        )
