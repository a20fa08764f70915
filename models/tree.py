"""Huffman's tree of hierarchical softmax, as word2vec.c builds it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Tree", "huffman"]


class Tree(NamedTuple):
    """The path from the root to each word of a vocabulary: inner nodes, and the way from each.

    Attributes
    ----------
    nodes : ndarray of int32, shape (|V|, L)
        The inner nodes from the root down, rows of U; -1 after the last. L is the longest path.
    signs : ndarray of int8, shape (|V|, L)
        1 where the path goes left, word2vec.c's code 0; -1 where it goes right; 0 after the last.
    """

    nodes: NDArray[np.int32]
    signs: NDArray[np.int8]

    def paths(self, words: NDArray[np.int32]) -> Tree:
        """Return the paths to some words, as wide as the longest of them."""
        nodes = self.nodes[words]
        longest = np.count_nonzero((nodes >= 0).any(axis=0))
        return Tree(nodes[:, :longest], self.signs[words, :longest])


def huffman(counts: NDArray[np.int64]) -> Tree:
    """Return the tree in which frequent words have short paths.

    The two rarest subtrees are joined until one is left (Huffman, *A method for the construction of
    minimum-redundancy codes*, 1952). As the counts are in order, the rarest word is always the last
    that is left, and the rarest node the first: no heap is needed. Of equals, a node is taken
    before a word. Node k is the k-th that is made; the last is the root.

    Parameters
    ----------
    counts : ndarray of int64, shape (|V|,)
        How often each word occurs, the most frequent first; two words or more.
    """
    words = len(counts)
    totals = [*counts.tolist(), *[0] * (words - 1)]
    # Above each word, then each node: a node and the way from it. A path of L nodes takes counts
    # like Fibonacci's numbers, so it has fewer than 100 however long the text is.
    parents = np.full(2 * words - 1, -1, dtype=np.int32)
    ways = np.zeros(2 * words - 1, dtype=np.int8)
    word, node = words - 1, words
    for new in range(words, 2 * words - 1):
        for way in (1, -1):
            # A node that was not made yet is no candidate.
            if word >= 0 and (node == new or totals[word] < totals[node]):
                rarest, word = word, word - 1
            else:
                rarest, node = node, node + 1
            totals[new] += totals[rarest]
            parents[rarest], ways[rarest] = new - words, way
    return _from_the_root(*_climbed(parents, ways, words))


def _climbed(
    parents: NDArray[np.int32], ways: NDArray[np.int8], words: int
) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """Return the way up from each word: its nodes, and the signs at them."""
    places = np.arange(words)
    nodes, signs = [], []
    while (parents[places] >= 0).any():
        above = parents[places]
        nodes.append(above)
        signs.append(ways[places])
        # Who is at the root stays there: it has no parent, and no sign.
        places = np.where(above >= 0, above + words, places)
    return np.column_stack(nodes), np.column_stack(signs)


def _from_the_root(nodes: NDArray[np.int32], signs: NDArray[np.int8]) -> Tree:
    """Turn the ways up from the words round, each to begin in the first column."""
    lengths = np.count_nonzero(nodes >= 0, axis=1)[:, np.newaxis]
    columns = lengths - 1 - np.arange(nodes.shape[1])
    rows = np.arange(len(nodes))[:, np.newaxis]
    inside = columns >= 0
    return Tree(
        np.where(inside, nodes[rows, columns], np.int32(-1)),
        np.where(inside, signs[rows, columns], np.int8(0)),
    )
