"""A mistake: a row of the table, and the terms that its predictions are made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gradcheck.homework.checks.comparison import Seen
    from gradcheck.homework.checks.mistakes.scene import Place
    from gradcheck.homework.courses import Role

__all__ = ["GRADIENTS", "PAIRS", "WINDOWS", "Change", "Finish", "Mistake", "Terms"]

PAIRS: tuple[Role, ...] = ("naive-softmax", "negative-sampling")
WINDOWS: tuple[Role, ...] = ("skip-gram", "cbow")
GRADIENTS: tuple[Role, ...] = (*PAIRS, *WINDOWS)

Change = Callable[[Any], Any]
"""Takes the terms of a right answer and returns the mistake's; None where it cannot show."""

Finish = Callable[[Any, str, Any], Any]
"""Takes terms, the name of a part and its value, and returns the part as it is handed out."""


@dataclass(frozen=True, eq=False)
class Terms(ABC):
    """The terms of an answer, before they are added up.

    A mistake changes them. Since it changes one of them and leaves the others alone, two mistakes
    can be made one after the other.

    Attributes
    ----------
    finishes : tuple of callable
        Changes to the sums.
    """

    finishes: tuple[Finish, ...] = ()

    def part(self, name: str) -> NDArray[Any]:
        """Return a part of the answer: the loss, a gradient, a value, an x."""
        value = self.summed(name)
        for finish in self.finishes:
            value = finish(self, name, value)
        return np.asarray(value)

    @abstractmethod
    def summed(self, name: str) -> Any:
        """Return a part of the answer as the terms add up to it."""

    def finished(self, finish: Finish) -> Self:
        """Return the terms with one more change to the sums."""
        return replace(self, finishes=(*self.finishes, finish))


@dataclass(frozen=True)
class Mistake:
    """A mistake that people make.

    Attributes
    ----------
    identifier : str
        Its name in every report and version.
    title : str
        The mistake in words, to follow the name of what is wrong.
    functions : tuple of Role
        The functions that it is made in.
    look_for : str
        The remedy: what to look for in the code.
    changes : tuple of callable
        Ways to make it; none where a check sees it by other means than a value.
    choice : str
        The question that it answers wrongly. Of two mistakes about one question, a file has one.
    fit : callable, optional
        Takes terms, the name of a part and what was seen of it, and returns the change for which
        the two are the same there: for mistakes with a number in them that has to be estimated.
    says : callable, optional
        Takes terms and the name of a part and returns the title for that case.
    place : callable, optional
        The finder of the line at fault.
    predicted_in : tuple of Role
        The functions whose terms `changes` takes, where a check names it in the others.
    """

    identifier: str
    title: str
    functions: tuple[Role, ...]
    look_for: str
    changes: tuple[Change, ...] = ()
    choice: str = ""
    fit: Callable[[Any, str, Seen], Change | None] | None = None
    says: Callable[[Any, str], str] | None = None
    place: Place | None = None
    predicted_in: tuple[Role, ...] = ()

    def steps_in(self, role: Role) -> tuple[Change, ...]:
        """Return the ways to make it in the terms of a function."""
        return self.changes if role in (self.predicted_in or self.functions) else ()

    def told(self, terms: Any, part: str) -> str:
        """Return the mistake in words, for one case."""
        return self.says(terms, part) if self.says else self.title
