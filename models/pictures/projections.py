"""Vectors of many numbers as points of a plane."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError

__all__ = ["Projection", "principal_components", "tsne"]

_FEWEST_FOR_TSNE = 5


class Projection(NamedTuple):
    """Points of a plane, one for each vector.

    Attributes
    ----------
    points : ndarray of float64, shape (n, 2)
    axes : tuple of str
        What the two coordinates are, to be written beside the axes.
    """

    points: NDArray[np.float64]
    axes: tuple[str, str]


def principal_components(vectors: NDArray[np.floating]) -> Projection:
    """Project vectors on the two directions of their largest variance.

    Parameters
    ----------
    vectors : ndarray of float, shape (n, d)
        One vector per row.

    Returns
    -------
    Projection
        Of either sign of a direction, the one whose largest entry is positive is taken, so that
        the same vectors give the same picture everywhere.

    Raises
    ------
    InputError
        If there are fewer than two vectors.

    Notes
    -----
    By the singular value decomposition of the centred vectors, X - mean = W S Pᵀ: the principal
    directions are the columns of P, the coordinates those of W S, and the shares of the variance
    those of the squares of S.
    """
    if len(vectors) < 2:
        raise InputError(f"vectors: expected two or more to project; got {len(vectors)}")
    centred = np.asarray(vectors, dtype=np.float64) - np.mean(vectors, axis=0, dtype=np.float64)
    w, s, p_transposed = np.linalg.svd(centred, full_matrices=False)
    largest = np.take_along_axis(p_transposed, np.abs(p_transposed).argmax(axis=1)[:, None], axis=1)
    coordinates = w * s * np.where(largest[:, 0] < 0, -1.0, 1.0)
    # With vectors of one number, or two of them, there is only one direction.
    points = np.zeros((len(vectors), 2))
    points[:, : coordinates.shape[1]] = coordinates[:, :2]
    variance = np.append(s**2, 0.0)
    shares = variance[:2] / (variance.sum() or 1.0)
    first, second = (f"{share:.0%} of the variance" for share in shares)
    return Projection(
        points, (f"first principal component, {first}", f"second principal component, {second}")
    )


def tsne(vectors: NDArray[np.floating], *, seed: int = 1) -> Projection:
    """Lay vectors out in the plane so that neighbours stay neighbours, by scikit-learn's t-SNE.

    Parameters
    ----------
    vectors : ndarray of float, shape (n, d)
        One vector per row.
    seed : int
        Of what is random.

    Returns
    -------
    Projection
        Its distances between groups, and its axes, mean nothing.

    Raises
    ------
    InputError
        If there are fewer than five vectors.
    ImportError
        If scikit-learn is not installed.

    Notes
    -----
    L. van der Maaten and G. Hinton, *Visualizing data using t-SNE*, 2008.
    """
    if len(vectors) < _FEWEST_FOR_TSNE:
        raise InputError(
            f"vectors: expected {_FEWEST_FOR_TSNE} or more for t-SNE; got {len(vectors)}"
        )
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    # The perplexity is about the number of neighbours; it has to be below that of vectors.
    perplexity = min(30.0, (len(vectors) - 1) / 3)
    layout = TSNE(perplexity=perplexity, init="pca", random_state=seed)
    # Threads add up in any order, so that pictures differ; and waiting for each other, they take
    # longer for some hundreds of points than one does.
    with threadpool_limits(1):
        points = layout.fit_transform(np.asarray(vectors, dtype=np.float32))
    return Projection(
        np.asarray(points, dtype=np.float64),
        ("first coordinate of t-SNE", "second coordinate of t-SNE"),
    )
