"""A `dataset` that hands out the negatives of a script."""

from __future__ import annotations

from itertools import cycle

from gradcheck.homework.courses import Course

__all__ = ["ScriptedDataset", "TooManyDraws", "word"]


class TooManyDraws(BaseException):
    """The file kept drawing: it waits for something that never comes.

    Not an `Exception`, so that ``except Exception`` in the file lets it pass.
    """


class ScriptedDataset:
    """Hands out the words of a script, over and over, under a course's method names.

    Parameters
    ----------
    script : tuple of int
        The indices to hand out, in this order.
    words : int
        The size of the vocabulary.
    course : Course
        The names of its methods.

    Attributes
    ----------
    drawn : list of int
        The indices that were handed out.
    """

    limit = 1000

    def __init__(self, script: tuple[int, ...], words: int, course: Course) -> None:
        self.drawn: list[int] = []
        self._words = words
        self._next = cycle(script or range(words))
        for name in course.draws:
            setattr(self, name, self._draw)
        for name in course.contexts:
            setattr(self, name, self._context)

    def _draw(self) -> int:
        """Return the next index."""
        if len(self.drawn) >= self.limit:
            raise TooManyDraws
        self.drawn.append(next(self._next))
        return self.drawn[-1]

    def _context(self, C: int = 5) -> tuple[str, list[str]]:  # noqa: N803 - the courses' name
        """Return a center word and 2C context words."""
        return word(0), [word((1 + position) % self._words) for position in range(2 * C)]


def word(index: int) -> str:
    """Return the word of an index, as a key of the course's word-to-index dictionary."""
    return f"word{index}"
