"""The house in one picture: its rooms, floor by floor, and who imports whom.

Rooms and floors are those that tests/test_imports.py holds the sources to, and the arrows are read
from the sources. An arrow is left out where a longer way leads to the same room.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Any

from tests.test_imports import LAYERS, imported, room, sources

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["arrows", "draw", "floors"]

PACKAGE = "gradcheck"
# White letters stand out from the one, and the other stands out from a white and from a black page.
BOX, ARROW = "#33689c", "#7a828e"

# In points, across. Down, floors are counted.
WIDTH, GAP, LETTER, PADDING = 345, 16, 6.8, 12
LINE = 0.15
"""Half the height of a line of letters."""

STARTS, ROUNDS = 60, 12
"""Of the search for a layout; twice as many of both find none with shorter arrows."""


def floors() -> list[list[str]]:
    """Return the rooms of each floor, from the top down."""
    return [sorted(members) for members in LAYERS]


def arrows(modules: Mapping[str, str] | None = None) -> set[tuple[str, str]]:
    """Return which room imports which, but for what a longer way says, too.

    Parameters
    ----------
    modules
        Sources by the names of their modules; those of the package unless given.
    """
    modules = sources(PACKAGE) if modules is None else modules
    below: dict[str, set[str]] = {room(name): set() for name in modules}
    for name, source in modules.items():
        # What imports the package's own face, which stands on top, asks for its version.
        others = {room(other) for other in imported(name, source, set(modules))} - {PACKAGE}
        below[room(name)] |= others & below.keys() - {room(name)}
    return {
        (upper, lower)
        for upper, rooms in below.items()
        for lower in rooms
        if not any(lower in _reached(other, below) for other in rooms - {lower})
    }


def _reached(start: str, below: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    ahead = [start]
    while ahead:
        new = below[ahead.pop()] - found
        found |= new
        ahead += new
    return found


# -------------------------------------------------------------------------------------- the layout
#
# As layered graphs are usually laid out (Sugiyama): an arrow that passes a floor has a place on it,
# as rooms have, and each place moves to the mean of those that it is tied to, as far as its
# neighbours let it. Where that ends depends on the start. The best of several is taken.


def _ways(floor_of: Mapping[str, int]) -> list[list[Any]]:
    """Return the places that each arrow goes through: two rooms, and what it passes between."""
    return [
        [
            upper,
            *((upper, lower, floor) for floor in range(floor_of[upper] + 1, floor_of[lower])),
            lower,
        ]
        for upper, lower in sorted(arrows())
    ]


def _laid_out(rows: list[list[str]], ways: Sequence[Sequence[Any]]) -> dict[Any, float]:
    """Return where each place stands, from left to right."""
    ties = [tie for way in ways for tie in pairwise(way)]
    places = [
        [*row, *(place for way in ways for place in way[1:-1] if place[-1] == floor)]
        for floor, row in enumerate(rows)
    ]
    rng = random.Random(0)  # noqa: S311  the same picture each time
    layouts = []
    for _ in range(STARTS):
        for row in places:
            rng.shuffle(row)
        layouts.append(_settled(places, ties))
    return min(layouts, key=lambda at: sum(abs(at[one] - at[other]) for one, other in ties))


def _settled(places: list[list[Any]], ties: list[tuple[Any, Any]]) -> dict[Any, float]:
    """Return where the places come to rest, from an even distribution in the given order."""
    near: dict[Any, list[Any]] = {}
    for upper, lower in ties:
        near.setdefault(upper, []).append(lower)
        near.setdefault(lower, []).append(upper)
    at: dict[Any, float] = {}
    for row in places:
        at |= {place: WIDTH * (number + 0.5) / len(row) for number, place in enumerate(row)}
    for _ in range(ROUNDS):
        for row in [*places, *reversed(places)]:
            wanted = {
                place: fmean(at[other] for other in near.get(place, [place])) for place in row
            }
            at |= _apart(sorted(row, key=wanted.__getitem__), wanted)
    return at


def _apart(row: Sequence[Any], wanted: Mapping[Any, float]) -> dict[Any, float]:
    """Return places near those wanted, in this order, none over another and none outside."""
    room_left = WIDTH - sum(map(_width, row)) - GAP * (len(row) - 1)
    at: dict[Any, float] = {}
    edge = 0.0
    for place in row:
        half = _width(place) / 2
        at[place] = min(max(wanted[place], edge + half), edge + half + room_left)
        room_left -= at[place] - half - edge
        edge = at[place] + half + GAP
    return at


def _width(place: Any) -> float:
    """Return the width of a room; an arrow that passes by has none."""
    if not isinstance(place, str):
        return 0
    return LETTER * max(map(len, _label(place).split("\n"))) + PADDING


def _label(name: str) -> str:
    """Return a room's own name, broken where it is long."""
    label = name.removeprefix(f"{PACKAGE}.")
    return label.replace("_", "_\n") if len(label) > 10 else label


def draw() -> Figure:
    """Draw the house."""
    import matplotlib.pyplot as plt
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    rows = floors()
    floor_of = {name: floor for floor, row in enumerate(rows) for name in row}
    ways = _ways(floor_of)
    x = _laid_out(rows, ways)
    figure, axes = plt.subplots(figsize=(4.9, 6.6))
    for upper, *passed, lower in ways:
        points = [(x[upper], floor_of[upper])]
        for place in passed:
            points += [(x[place], place[-1] - 2 * LINE), (x[place], place[-1] + 2 * LINE)]
        height = LINE * (1.5 + _label(lower).count("\n"))
        points.append((x[lower], floor_of[lower] - height))
        line = Path(points)
        axes.add_patch(FancyArrowPatch(path=line, arrowstyle="-|>", mutation_scale=9, color=ARROW))
    for name, floor in floor_of.items():
        axes.text(
            x[name],
            floor,
            _label(name),
            size=11,
            color="white",
            ha="center",
            va="center",
            bbox={"facecolor": BOX, "edgecolor": "none", "boxstyle": "round,pad=0.4"},
        )
    axes.set(xlim=(-1, WIDTH + 1), ylim=(len(rows) - 0.6, -0.4))
    axes.axis("off")
    return figure
