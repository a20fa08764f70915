"""The derivative of a scalar function along a line, with an error bound that holds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from gradcheck.arrays.long_vectors import FloatArray, blocks, norm
from gradcheck.arrays.parameters import Parameters
from gradcheck.arrays.trees import is_positional
from gradcheck.numerical.derivative import Derivative, Scales
from gradcheck.numerical.directions import Direction
from gradcheck.numerical.samples import HALVING, ODD_RATIO, Samples
from gradcheck.numerical.scalars import as_scalar, epsilon
from gradcheck.numerical.search import LOSS_ULPS, Search

__all__ = ["Derivative", "Line", "differentiate"]


NEIGHBOURHOOD = 8
"""A function is asked for its size up to so many times the entries' own."""

FURTHEST = 40
"""No step is longer than 2**40 times the entries' own size."""


def differentiate(f: Callable[..., Any], at: Any, direction: Any = None) -> Derivative:
    """Differentiate a scalar function, numerically, with a bound on the error.

    Central differences at steps h, h/2, …, h/32 are extrapolated (Richardson; the scheme of
    Ridders, 1982, of taking the best entry of the table). The bound has two parts. Truncation:
    what leaving out steps changes, in the odd part of the function, and in its even part,
    where the right answer is known. Rounding: the function's noise, as the deviation of
    samples that did not go into the value (in the spirit of Moré and Wild, *Estimating
    Computational Noise*, 2011), never below a few units in the last place, times the
    amplification of the formula. The step is moved until neither part can be improved.

    The noise is taken to be about as large at steps far below those that count as at these:
    the terms of a function are rounded in proportion to their size, which near a point other
    than 0 is that of the point. At 0 it is that of the step, and so there the noise is sampled
    at the steps that count, and steps are no powers of 2 of each other, which would be rounded
    alike.

    Parameters
    ----------
    f
        A function that returns a real scalar: of one argument, or, where `at` is a tuple, of
        that many positional arguments.
    at
        Where: a float, an array of float64 or float32, or a tuple, list or dict of them.
    direction
        Of the same structure as `at`: the result is d/dt f(at + t·direction) at t = 0. May
        be left out where `at` is a single number.

    Returns
    -------
    Derivative
        With `value`, `error`, `evaluations`. The error is infinite, and `reason` says why,
        where there is no derivative (a kink) or the function is not finite.

    Raises
    ------
    TypeError, ValueError
        If `at` or `direction` is not as described, or `f` returns anything but a real scalar.

    Notes
    -----
    The bound rests on what the samples show. It cannot hold for a function whose values
    were prepared to deceive at just these points, nor for one whose features are narrower
    than a millionth of the size of `at`. Nor does it know of terms that cancel without a
    trace: whose rounding errors cancel at every sample, too, or are the same at all of them,
    as they may be at a point that is not 0, but tiny beside the scale on which the terms vary.
    A function that stands still around the point is taken to be computed from numbers up to 1,
    or up to its own values where these are larger.

    Examples
    --------
    >>> import math
    >>> import gradcheck
    >>> d = gradcheck.differentiate(math.sin, 1.0)
    >>> abs(d.value - math.cos(1.0)) <= d.error < 1e-11
    True
    >>> gradcheck.differentiate(abs, 0.0).reason
    'not differentiable here: the slopes on the two sides differ by 2'
    """
    if not callable(f):
        raise TypeError(f"f is of type {type(f).__name__}; a function was expected")
    parameters = Parameters(at)
    vector = _direction(parameters, direction)
    line = Line(parameters, vector)

    # A loss may come back in float32 from parameters in double precision.
    coarsest = parameters.epsilon

    def along(t: float) -> float:
        nonlocal coarsest
        point = parameters.build(line.point(t))
        value = f(*point) if is_positional(at) else f(point)
        coarsest = max(coarsest, epsilon(value))
        return as_scalar(value)

    # `sampled` evaluates `along` at the point first: `coarsest` is known by then.
    found = line.differentiate(line.sampled(along, None), value_epsilon=coarsest)
    if not found.is_plateau:
        return found
    # log(1 + tiny) stands still at 0, too: what is rounded inside is a number near 1.
    return replace(found, error=max(found.error, LOSS_ULPS * coarsest / found.step))


def _direction(parameters: Parameters, direction: Any) -> FloatArray:
    if direction is not None:
        vector = parameters.flatten(direction, "direction")
        if not np.isfinite(vector).all():
            raise ValueError("direction holds a number that is not finite")
        if not vector.any():
            raise ValueError("direction is zero everywhere: it points nowhere")
        return vector
    if parameters.size > 1:
        raise ValueError(
            f"direction is missing: at has {parameters.size} entries, and the derivative is "
            "taken along one line"
        )
    return np.ones(1)


class Line:
    """A line through a point, and the scales along it.

    Parameters
    ----------
    parameters
        The point.
    direction : (n,) array
        Where the line goes; not zero.
    drawn
        The same direction with its scales, if it was drawn; else they are found from the entries.

    Attributes
    ----------
    size
        The t that moves a typical entry by its own size.
    span
        The movement of entries for each unit of t: 1 where they are uniform up to their own sizes.
    is_zero
        Whether all that moves is 0 at the point.
    rounding
        Rounding of x + t z itself, in units of t: of those that move least, where all move.
    first_step
        A step that is small beside all of them, and not far too small.
    """

    def __init__(
        self,
        parameters: Parameters,
        direction: FloatArray,
        drawn: Direction | None = None,
    ) -> None:
        self.direction = direction
        self._origin = parameters.vector
        self._epsilon = parameters.epsilon
        if drawn is None:
            moves = np.flatnonzero(direction)
            relative = parameters.sizes[moves] / np.abs(direction[moves])
            self.size = float(np.median(relative))
            # Entries that are uniform on [-s, s] have the root mean square s / sqrt(3).
            self.span = math.sqrt(3) * norm(1 / relative) / math.sqrt(relative.size)
        else:
            self.size, self.span = drawn.size, drawn.span
        self.is_zero = parameters.sizes.are_zero_along(direction)
        # The less an entry moves for each unit of t, the larger its rounding is in these units.
        least = (drawn.least if drawn else 0) or 1.0
        self.rounding = 0.0 if self.is_zero else self._epsilon * self.size / least
        # A full-length binary fraction: a step of few bits would make products exact that
        # are not exact anywhere else, and hide the rounding that is to be seen.
        # Along a random direction through many entries sums of them move faster than each.
        moved = float(direction.size)
        if not (drawn and drawn.least):
            moved = float(sum((direction[part] != 0).sum() for part in blocks(direction.size)))
        self.first_step = 0.9177041 / 4 * self.size / moved**0.125

    def point(self, t: float) -> FloatArray:
        """Return the point at t, (n,)."""
        return self._origin + t * self.direction

    def sampled(
        self, along: Callable[[float], float], value: float | None, step: float | None = None
    ) -> Samples:
        """Return samples of ``along(t)``, to be taken at steps that suit this line."""
        ratio = ODD_RATIO if self.is_zero else HALVING
        return Samples(along, step or self.first_step, value, ratio)

    def differentiate(
        self,
        samples: Samples,
        *,
        value_epsilon: float,
        goal: float = 0.0,
        steepest: float = math.inf,
    ) -> Derivative:
        """Differentiate the function that was sampled, at t = 0.

        Parameters
        ----------
        samples
            Of the function.
        value_epsilon
            The spacing at 1 of the floats that hold its values.
        goal
            A bound this small is good enough.
        steepest
            Rounding of the point counts with no slope steeper than this.
        """
        first = samples.step(0)
        rim = _level(NEIGHBOURHOOD * self.size, first)
        # What is 0 has no size to be small beside.
        furthest = rim if self.is_zero else _level(self.size * 2.0**FURTHEST, first)
        scales = Scales(
            value_epsilon=value_epsilon,
            point_epsilon=self._epsilon,
            point_rounding=self.rounding,
            steepest=steepest,
            size=self.size,
            is_zero=self.is_zero,
            length=norm(self.direction),
            brim=_level(self.size, first),
            rim=rim,
            outermost=furthest,
            goal=goal,
        )
        return Search(samples, scales).run()


def _level(distance: float, step: float) -> int:
    """Return the level of the longest step up to a distance, at most 0."""
    if not math.isfinite(distance):  # a multiple of the largest floats
        return 0
    return -max(0, math.floor(math.log2(distance) - math.log2(step)))
