"""The drawings of page 1: the matrices as grids, the plane with the vectors, words and neighbours.

A matrix is drawn as the lecture writes it, d × |V|: a column for each word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["CENTER", "OUTSIDE", "draw_maps", "draw_matrices", "draw_plane"]

CENTER, OUTSIDE = "#0b57a4", "#9c4300"
"""The colours of V and of U: those of the interactive page."""

_INK, _LINE, _MOVED = "#3b434e", "#c3c9d2", {"V": "#d6e6f8", "U": "#fbe3d0"}


def draw_matrices(
    words: Sequence[str],
    columns: Mapping[str, int],
    before: Mapping[str, Floats],
    after: Mapping[str, Floats] | None = None,
) -> Figure:
    """Draw V and U as grids, a column for each word.

    Parameters
    ----------
    words : sequence of str
        The vocabulary.
    columns : mapping
        "V" to the index c, "U" to the index o: the columns that are framed.
    before, after : mapping
        "V" and "U" to their rows, one for each word. With `after`, that is drawn, and columns that
        differ are tinted.
    """
    import matplotlib.pyplot as plt

    shown = before if after is None else after
    figure, axes = plt.subplots(1, 2, figsize=(6.4, 1.9))
    for axis, name, colour in zip(axes, "VU", (CENTER, OUTSIDE), strict=True):
        moved = [bool((shown[name][w] != before[name][w]).any()) for w in range(len(words))]
        _draw_grid(axis, shown[name], words, moved, _MOVED[name])
        _frame(axis, columns[name], shown[name].shape[1], colour)
        letter = {"V": "c", "U": "o"}[name]
        axis.text(columns[name], -0.62, f"${letter}$", color=colour, ha="center", va="bottom")
        meaning = {"V": "as center word", "U": "as outside word"}[name]
        title = f"${name}$, {meaning}" + (", after the step" if after is not None else "")
        axis.set_title(title, color=colour, pad=20, fontsize=12)
    return figure


def _draw_grid(
    axis: Axes, rows: Floats, words: Sequence[str], moved: Sequence[bool], tint: str
) -> None:
    from matplotlib.patches import Rectangle

    d = rows.shape[1]
    for w, word in enumerate(words):
        for k in range(d):
            colour = tint if moved[w] else "white"
            axis.add_patch(
                Rectangle((w - 0.5, k - 0.5), 1, 1, facecolor=colour, edgecolor=_LINE, linewidth=1)
            )
            number = f"{rows[w, k] + 0.0:.3f}".replace("-", "−")
            axis.text(w, k, number, ha="center", va="center", color=_INK, fontsize=11)
        axis.text(w, d - 0.3, word, ha="center", va="top", style="italic", color=_INK, fontsize=12)
    axis.set(xlim=(-0.6, len(words) - 0.4), ylim=(d + 0.2, -0.6))
    axis.axis("off")


def _frame(axis: Axes, column: int, d: int, colour: str) -> None:
    from matplotlib.patches import Rectangle

    axis.add_patch(
        Rectangle((column - 0.5, -0.5), 1, d, fill=False, edgecolor=colour, linewidth=2.2, zorder=3)
    )


def draw_plane(arrows: Iterable[tuple[str, Floats, Floats, str]]) -> Figure:
    """Draw vectors as arrows from the origin, pale before the step and strong after it.

    Parameters
    ----------
    arrows : iterable of (str, array, array, str)
        A vector's name, the vector before, the vector after, and its colour.
    """
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(4.6, 3.8))
    ends = [np.zeros(2)]
    for name, old, new, colour in arrows:
        ends += [old, new]
        _draw_arrow(axis, old, colour, alpha=0.35)
        _draw_arrow(axis, new, colour)
        axis.plot(*np.transpose([old, new]), ":", color=colour, linewidth=1.2)
        axis.annotate(
            name, new, (6, 2), textcoords="offset points", color=colour, va="center", fontsize=12
        )
    axis.axhline(0, color=_LINE, linewidth=0.8, zorder=0)
    axis.axvline(0, color=_LINE, linewidth=0.8, zorder=0)
    lowest, highest = np.min(ends, axis=0) - 0.2, np.max(ends, axis=0) + 0.25
    axis.set(aspect="equal", xlim=(lowest[0], highest[0] + 0.1), ylim=(lowest[1], highest[1]))
    axis.set(xlabel="first number", ylabel="second number")
    return figure


def _draw_arrow(axis: Axes, to: Floats, colour: str, alpha: float = 1.0) -> None:
    axis.annotate(
        "",
        to,
        (0, 0),
        arrowprops={
            "arrowstyle": "-|>",
            "color": colour,
            "alpha": alpha,
            "linewidth": 2,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )


def draw_maps(words: Sequence[str], maps: Sequence[tuple[str, Floats]], groups: Any) -> Figure:
    """Draw the center vectors of all words as points, one map beside the other.

    Parameters
    ----------
    words : sequence of str
        Whose vectors they are.
    maps : sequence of (str, array)
        The title of each, and a row for each word.
    groups : sequence of sequence of str
        Two words each that have the same neighbours; they are named, and share a colour.
    """
    import matplotlib.pyplot as plt

    palette = [CENTER, OUTSIDE, "#176b37", "#7b2fa0"]
    colours = {word: palette[place] for place, group in enumerate(groups) for word in group}
    figure, axes = plt.subplots(1, len(maps), figsize=(6.4, 3.0))
    for axis, (title, rows) in zip(axes, maps, strict=True):
        for word, place in zip(words, rows, strict=True):
            axis.plot(*place, "o", color=colours.get(word, "#8b95a1"), markersize=5)
        for group in groups:
            # Words of a group come to lie on each other: one name above, the other below.
            for word, offset in zip(group, ((6, 6), (6, -12)), strict=True):
                axis.annotate(
                    word,
                    rows[words.index(word)],
                    offset,
                    textcoords="offset points",
                    color=colours[word],
                )
        reach = 1.25 * np.abs(rows).max()
        axis.set(aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach), title=title)
        axis.set(xticks=[], yticks=[])
        axis.axhline(0, color=_LINE, linewidth=0.8, zorder=0)
        axis.axvline(0, color=_LINE, linewidth=0.8, zorder=0)
    return figure
