"""A derivation: its steps, and how a notebook shows them."""

from __future__ import annotations

from gradcheck.symbolic.contents import to_markdown
from gradcheck.symbolic.steps import Steps

__all__ = ["Derivation"]


class Derivation(Steps):
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

    def _repr_markdown_(self) -> str:
        """Show every step, proved on the spot, in a notebook."""
        return to_markdown(self, [step.prove() for step in self.steps])
