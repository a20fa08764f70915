"""A derivation with all its faces."""

from __future__ import annotations

from gradcheck.document.blocks import Document
from gradcheck.document.markdown import to_fragment
from gradcheck.document.readable import Readable
from gradcheck.symbolic.contents import contents
from gradcheck.symbolic.steps import Steps

__all__ = ["Derivation"]


class Derivation(Readable, Steps):
    """A sequence of equations, each with its reason; its attributes are those of `Steps`.

    Examples
    --------
    >>> from sympy import Symbol, exp
    >>> from gradcheck.equations import partial
    >>> x = Symbol("x", real=True)
    >>> right = Step(partial(exp(-x), x), -exp(-x), "the chain rule")
    >>> Derivation("decay", "exp(-x) decays", (), (right,)).prove()
    >>> wrong = Step(partial(exp(-x), x), exp(-x), "the chain rule, a sign lost")
    >>> Derivation("decay", "exp(-x) decays", (), (right, wrong)).prove()
    Traceback (most recent call last):
    ...
    gradcheck.symbolic.steps.UnprovedStepError: decay, step 2: ...
    """

    def contents(self) -> Document:
        """Return every step, proved on the spot."""
        return contents(self, [step.prove(self.names) for step in self.steps])

    def _repr_markdown_(self) -> str:
        """Show the steps in a notebook; its Markdown sets mathematics better than HTML does."""
        return to_fragment(self.contents())

    def _repr_html_(self) -> None:
        return None
