"""Figures: words as points of a plane, and the loss as training went on.

They are drawn by matplotlib, without pyplot: no window is opened, and no setting changed.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError, how_to_install
from models.pictures import labels
from models.pictures.loss_history import Record
from models.pictures.projections import Projection, principal_components, tsne
from models.vectors.embeddings import Embeddings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "check_libraries", "format_of", "loss_curve", "save", "word_map"]

FORMATS = (".png", ".svg", ".pdf")

_INK, _BLUE, _GREY = "#222222", "#2b6cb0", "#b0b0b0"
_POINT = 72.0
"""Points to an inch: the unit in which sizes of type are given."""

_FAR = 8.0
"""Points; a label that stands farther away is tied to its mark by a line."""


def word_map(
    embeddings: Embeddings,
    words: Sequence[str],
    *,
    highlighted: Collection[str] = (),
    method: str = "pca",
    seed: int = 1,
) -> Figure:
    """Draw words as labelled points, near to each other when their vectors are.

    The vectors are scaled to length 1 first, so that distances follow the cosines.

    Parameters
    ----------
    embeddings : Embeddings
        The vectors.
    words : sequence of str
        The words to draw; the first ones get the best places for their labels.
    highlighted : collection of str
        Those of them that are to stand out.
    method : {"pca", "tsne"}
        Principal components, or t-SNE, which needs scikit-learn.
    seed : int
        Of t-SNE.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    UnknownWordError
        If a word has no vector.
    InputError
        If there are too few words, `method` is another, or a library is not installed.
    """
    words = list(dict.fromkeys(words))
    if len(words) < 2:
        raise InputError(f"words: expected two or more to draw; got {len(words)}")
    directions = np.array([embeddings.direction(word) for word in words])
    if method not in {"pca", "tsne"}:
        raise InputError(f"method: expected 'pca' or 'tsne'; got {method!r}")
    check_libraries(method)
    projection = (
        principal_components(directions) if method == "pca" else tsne(directions, seed=seed)
    )
    figure, axes = _new_figure(10, 8)
    axes.set_title(f"{len(words)} of {len(embeddings):,} words")
    _draw_points(axes, projection)
    figure.tight_layout()
    colors = [_BLUE if word in highlighted else _INK for word in words]
    _draw_labels(figure, axes, projection.points, words, colors)
    return figure


def loss_curve(history: Sequence[Record]) -> Figure:
    """Draw the mean loss of a pair against the words that training has read.

    Parameters
    ----------
    history : sequence of Record
        As training gives it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If there is nothing to draw, or matplotlib is not installed.
    """
    if not history:
        raise InputError("history: expected one record or more; got none")
    words = np.array([record.words for record in history], dtype=np.float64)
    losses = [record.loss for record in history]
    figure, axes = _new_figure(7, 4.5)
    unit, name = (1e6, "million words") if words.max() >= 1e6 else (1.0, "words")
    axes.plot(words / unit, losses, color=_BLUE, marker="." if len(history) < 30 else "")
    axes.set(xlabel=f"{name} read", ylabel="mean loss of a pair", title="Loss")
    axes.grid(color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    figure.tight_layout()
    return figure


def format_of(path: str | os.PathLike[str]) -> str:
    """Return the format that a file's name asks for.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    str
        Such as ``png``.

    Raises
    ------
    InputError
        If the name ends in none of `FORMATS`.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        expected = ", ".join(FORMATS[:-1]) + f" or {FORMATS[-1]}"
        raise InputError(f"{path}: expected a figure's name, which ends in {expected}")
    return suffix[1:]


def check_libraries(method: str = "pca") -> None:
    """Refuse before the work to draw without the libraries for it.

    Parameters
    ----------
    method : {"pca", "tsne"}
        As of `word_map`.

    Raises
    ------
    InputError
        If one is missing; the message says how it is installed.
    """
    if find_spec("matplotlib") is None:
        raise InputError(f"figures need matplotlib: {how_to_install('plot')}")
    if method == "tsne" and find_spec("sklearn") is None:
        raise InputError(f"t-SNE needs scikit-learn: {how_to_install('tsne')}")


def save(figure: Figure, file: BinaryIO, form: str) -> None:
    """Write a figure to an open file.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    file : binary file
    form : {"png", "svg", "pdf"}
        The format, see `format_of`. In SVG, words stay text, which can be searched.
    """
    import matplotlib as mpl

    # Without a date and with a fixed salt, the same figure is the same file.
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(form)
    with (
        mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "models"}),
        warnings.catch_warnings(),
    ):
        # What the font lacks is drawn as a box; an SVG is drawn with the reader's own fonts.
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        figure.savefig(file, format=form, dpi=150, metadata=metadata)


def _new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    check_libraries()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=100)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _draw_points(axes: Axes, projection: Projection) -> None:
    x, y = projection.points.T
    axes.scatter(x, y, s=14, color=_BLUE, alpha=0.8, linewidths=0)
    axes.set(xlabel=projection.axes[0], ylabel=projection.axes[1], xticks=[], yticks=[])
    axes.margins(0.06)
    # A distance is as long on paper in one direction as in another.
    axes.set_aspect("equal", adjustable="datalim")


def _draw_labels(
    figure: Figure, axes: Axes, points: NDArray[np.float64], words: list[str], colors: list[str]
) -> None:
    """Write the words beside their points, so that they can be read."""
    corner = np.array([axes.bbox.x0, axes.bbox.y0])
    unit = figure.dpi / _POINT
    # All in points from the lower left corner of the axes.
    marks = (axes.transData.transform(points) - corner) / unit
    bounds = (axes.bbox.width / unit, axes.bbox.height / unit)
    texts = [_label(word) for word in words]
    # The more labels there are, the smaller, so that they find places.
    size = 9.0 if len(words) <= 60 else 7.5 if len(words) <= 200 else 6.0
    sizes = _text_sizes(figure, texts, size)
    offsets = labels.place(marks, sizes, bounds) - marks
    gaps = np.linalg.norm(np.maximum(np.abs(offsets) - sizes / 2, 0.0), axis=1)
    for text, color, point, offset, gap in zip(texts, colors, points, offsets, gaps, strict=True):
        axes.annotate(
            text,
            xy=(point[0], point[1]),
            xytext=(offset[0], offset[1]),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=size,
            color=color,
            parse_math=False,
            arrowprops={"arrowstyle": "-", "color": _GREY, "linewidth": 0.5}
            if gap > _FAR
            else None,
        )


def _label(word: str) -> str:
    """Return a word as a font can draw it: no halves of characters, no control characters."""
    whole = word.encode("utf-8", "replace").decode()
    return "".join(letter if letter.isprintable() else "?" for letter in whole)


def _text_sizes(figure: Figure, texts: Sequence[str], size: float) -> NDArray[np.float64]:
    """Return width and height of each text in points, with a little air around it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas: Any = FigureCanvasAgg(figure)
    renderer = canvas.get_renderer()
    unit = figure.dpi / _POINT
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        boxes = [figure.text(0, 0, text, fontsize=size, parse_math=False) for text in texts]
        extents = [box.get_window_extent(renderer) for box in boxes]
    for box in boxes:
        box.remove()
    return np.array([(extent.width / unit + 2, size * 1.15) for extent in extents])
