"""Trees of hierarchical softmax: paths to words, Huffman's tree, cases and a strategy.

The words are the leaves of a binary tree, and its |V| - 1 inner nodes have vectors, the rows of U.
A word is predicted as a `Path`: the nodes from the root down, and at each the way that it goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradcheck import strategies
from gradcheck.word2vec.cases import Case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy
    from numpy.typing import NDArray

__all__ = ["Path", "PathCase", "huffman_paths", "path_cases"]

# exp overflows at 709.8; see `gradcheck.word2vec.cases`.
_LARGE_SCORES = (40.0, 710.0, 1000.0, 1e6)
_LONGEST_PATH = 8


class Path(NamedTuple):
    """The way from the root of a tree to a word.

    Attributes
    ----------
    nodes : tuple of int
        The inner nodes, rows of U, from the root down; all different.
    signs : tuple of int
        For each of them 1 where the path goes left, -1 where it goes right.
    """

    nodes: tuple[int, ...]
    signs: tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class PathCase:
    """One (center, outside) pair of hierarchical softmax: everything that its loss depends on.

    Attributes
    ----------
    center : ndarray of float64, shape (d,)
        The vector v_c of the center word.
    outside : ndarray of float64, shape (|V| - 1, d)
        The vectors of the inner nodes, one per row.
    nodes, signs : tuple of int
        The path to the observed word; see `Path`.

    Raises
    ------
    ValueError
        If a shape, a node or a value is impossible; the message names the argument.
    """

    center: NDArray[np.float64]
    outside: NDArray[np.float64]
    nodes: tuple[int, ...]
    signs: tuple[int, ...]

    def __post_init__(self) -> None:
        # What a pair of vectors and rows of a matrix must be is known there.
        pair = Case(self.center, self.outside, 0)
        nodes, signs = map(tuple, (self.nodes, self.signs))
        rows = len(pair.outside)
        if not nodes or len(set(nodes)) < len(nodes) or not set(nodes) <= set(range(rows)):
            raise ValueError(
                f"nodes: expected different rows of outside, 0 to {rows - 1}, at least one; "
                f"got {nodes}"
            )
        if len(signs) != len(nodes) or not set(signs) <= {1, -1}:
            raise ValueError(f"signs: expected 1 or -1 for each of {len(nodes)} nodes, got {signs}")
        object.__setattr__(self, "center", pair.center)
        object.__setattr__(self, "outside", pair.outside)
        object.__setattr__(self, "nodes", nodes)
        object.__setattr__(self, "signs", signs)

    def __repr__(self) -> str:
        """Python that makes this case again, to the last bit, where numpy is called np."""
        center, outside = (f"np.array({array.tolist()})" for array in (self.center, self.outside))
        return f"PathCase({center}, {outside}, nodes={self.nodes}, signs={self.signs})"


def huffman_paths(counts: Sequence[int]) -> tuple[Path, ...]:
    """Return the path to each word in Huffman's tree, in which frequent words have short ones.

    The two rarest subtrees are joined until one is left (Huffman, *A method for the construction of
    minimum-redundancy codes*, 1952); the rarer one goes to the left. Among equals an inner node
    comes before a word, older nodes before newer ones, and later words before earlier ones: so
    the tree is that of word2vec.c, where words are in the order of their counts. Node k is the
    k-th that was made, and the last is the root.

    Parameters
    ----------
    counts : sequence of int
        Of two words or more.
    """
    words = len(counts)
    # The count; 0 for a node and 1 for a word; its place among equals; and what it is.
    heap: list[tuple[int, int, int, int]] = [
        (count, 1, -word, word) for word, count in enumerate(counts)
    ]
    heapify(heap)
    above: dict[int, tuple[int, int]] = {}
    for node in range(words - 1):
        left, right = heappop(heap), heappop(heap)
        above[left[3]], above[right[3]] = (node, 1), (node, -1)
        heappush(heap, (left[0] + right[0], 0, node, words + node))
    return tuple(_path(word, words, above) for word in range(words))


def _path(word: int, words: int, above: dict[int, tuple[int, int]]) -> Path:
    steps = []
    place = word
    while place in above:
        node, sign = above[place]
        steps.append((node, sign))
        place = words + node
    nodes, signs = zip(*reversed(steps), strict=True)
    return Path(nodes, signs)


def path_cases(*, max_score: float | None = 15.0) -> SearchStrategy[PathCase]:
    """Draw cases of hierarchical softmax.

    Any different nodes, in any order and with any signs, are a path of some tree.

    Parameters
    ----------
    max_score : float, optional
        No score u_n·v_c exceeds this in magnitude. None: the largest is drawn, ±40 to ±1,000,000.
    """
    from hypothesis import strategies as st

    shapes = strategies.matrix_shapes()

    @st.composite
    def cases(draw: DrawFn) -> PathCase:
        rows, dimension = draw(shapes)
        length = draw(st.integers(1, min(rows, _LONGEST_PATH)))
        signs = draw(st.lists(st.sampled_from([1, -1]), min_size=length, max_size=length))
        generator = draw(strategies.generators())
        nodes = generator.permutation(rows)[:length].tolist()
        center = generator.standard_normal(dimension)
        outside = generator.standard_normal((rows, dimension))
        if max_score is not None:
            center *= draw(strategies.scales())
            outside *= draw(strategies.scales())
        largest = float(np.abs(outside @ center).max())
        wanted = draw(st.sampled_from(_LARGE_SCORES)) if max_score is None else max_score
        if largest and (max_score is None or largest > max_score):
            center *= wanted / largest
        return PathCase(center, outside, tuple(nodes), tuple(signs))

    return cases()
