"""Places for the labels of points, so that they can be read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["place"]

_Points = NDArray[np.float64]

_DISTANCES = (4.0, 9.0, 15.0, 22.0, 30.0, 40.0, 52.0)
# In the order in which they are tried at each distance: beside a point, above and below it, and
# only then between these.
_DIRECTIONS = np.radians([0, 180, 90, 270, 45, 315, 135, 225, 22, 338, 158, 202, 68, 292, 112, 248])


def place(
    points: _Points, sizes: _Points, bounds: tuple[float, float], radius: float = 3.0
) -> _Points:
    """Choose a place for the label of each point, in turn: the nearest that is free.

    Free is what lies within the bounds and covers neither a point nor a label that has its place.
    Where nothing near is free, the place that covers least is taken.

    Parameters
    ----------
    points : ndarray of float64, shape (n, 2)
        In the same unit as all that follows, as from the lower left corner.
    sizes : ndarray of float64, shape (n, 2)
        Width and height of each label.
    bounds : (float, float)
        Width and height of the figure's area.
    radius : float
        Of the mark of a point.

    Returns
    -------
    ndarray of float64, shape (n, 2)
        The centre of each label.
    """
    marks = np.concatenate([points - radius, points + radius], axis=1)
    placed = np.empty((0, 4))
    centres = np.empty_like(points)
    for index, (point, size) in enumerate(zip(points, sizes, strict=True)):
        obstacles = np.concatenate([marks, placed])
        centres[index] = _choose(point, size, obstacles, bounds)
        label = np.concatenate([centres[index] - size / 2, centres[index] + size / 2])
        placed = np.concatenate([placed, label[None]])
    return centres


def _choose(
    point: _Points, size: _Points, obstacles: _Points, bounds: tuple[float, float]
) -> _Points:
    best, least = point, np.inf
    for centre in _candidates(point, size):
        low, high = centre - size / 2, centre + size / 2
        covered = _overlap(low, high, obstacles) + _outside(low, high, bounds)
        if covered == 0.0:
            return centre
        if covered < least:
            best, least = centre, covered
    return best


def _candidates(point: _Points, size: _Points) -> Iterator[_Points]:
    """Yield the centres of a label that stands at each distance, in each direction."""
    for distance in _DISTANCES:
        for direction in _DIRECTIONS:
            towards = np.array([np.cos(direction), np.sin(direction)])
            # The label's edge, not its middle, is at that distance.
            yield point + towards * distance + np.clip(towards * 2, -1, 1) * size / 2


def _overlap(low: _Points, high: _Points, boxes: _Points) -> float:
    """Return the area that a box shares with others, given as (left, bottom, right, top)."""
    shared = np.minimum(high, boxes[:, 2:]) - np.maximum(low, boxes[:, :2])
    return float(np.prod(np.maximum(shared, 0.0), axis=1).sum())


def _outside(low: _Points, high: _Points, bounds: tuple[float, float]) -> float:
    """Return the area of a box that is out of bounds."""
    inside = np.minimum(high, bounds) - np.maximum(low, 0.0)
    return float(np.prod(high - low) - np.prod(np.maximum(inside, 0.0)))
