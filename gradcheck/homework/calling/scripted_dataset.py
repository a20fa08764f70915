"""A `dataset` that hands out the negatives of a script."""

from __future__ import annotations

from itertools import cycle

__all__ = ["ScriptedDataset", "TooManyDraws", "word"]


class TooManyDraws(BaseException):
    """The file kept drawing: it waits for something that never comes.

    Not an `Exception`, so that ``except Exception`` in the file lets it pass.
    """


class ScriptedDataset:
    """Hands out the words of a script, over and over, under every course's method names.

    Parameters
    ----------
    script : tuple of int
        The indices to hand out, in this order.
    words : int
        The size of the vocabulary.

    Attributes
    ----------
    drawn : list of int
        What was handed out.
    """

    limit = 1000

    def __init__(self, script: tuple[int, ...], words: int) -> None:
        self.drawn: list[int] = []
        self._words = words
        self._next = cycle(script or range(words))

    def sampleTokenIdx(self) -> int:  # noqa: N802 - the course's name
        """Return the next index."""
        if len(self.drawn) >= self.limit:
            raise TooManyDraws
        self.drawn.append(next(self._next))
        return self.drawn[-1]

    def sample_token_idx(self) -> int:
        """Return the next index."""
        return self.sampleTokenIdx()

    def getRandomContext(self, C: int = 5) -> tuple[str, list[str]]:  # noqa: N802, N803
        """Return a center word and 2C context words."""
        return word(0), [word((1 + position) % self._words) for position in range(2 * C)]

    def get_random_context(self, C: int = 5) -> tuple[str, list[str]]:  # noqa: N803
        """Return a center word and 2C context words."""
        return self.getRandomContext(C)


def word(index: int) -> str:
    """Return the word of an index, as a key of the course's word-to-index dictionary."""
    return f"word{index}"
