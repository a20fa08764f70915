"""The steps of a derivation: equations, each with its reason, each proved.

SymPy is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradcheck.equations import Proof

__all__ = ["Step", "Steps", "UnprovedStepError", "closed_form", "derive", "prove_derivative"]


@dataclass(frozen=True)
class Step:
    """One equation of a derivation.

    Attributes
    ----------
    left, right : sympy.Expr
        Its two sides; see `gradcheck.equations.prove` for what they may consist of.
    reason : str
        Why it holds, in words.
    about : tuple of sympy.Expr
        Entries that say of which axis an index is, where neither side does.
    is_definition : bool
        Whether it introduces a letter: true by what the letter means, so no proof to count.
    written : pair of pairs of str, optional
        The two sides in Unicode and in LaTeX, where they stand for whole vectors and matrices;
        `gradcheck.symbolic.matrix_forms` makes such steps.
    """

    left: Any
    right: Any
    reason: str
    about: tuple[Any, ...] = ()
    is_definition: bool = False
    written: tuple[tuple[str, str], tuple[str, str]] | None = None

    def prove(self, names: Mapping[Any, str] | None = None) -> Proof:
        """Prove the equation, or refute it, with these names in a counterexample."""
        from gradcheck.equations import prove

        return prove(self.left, self.right, *self.about, names=names)


class UnprovedStepError(Exception):
    """A step of a derivation is false, or could not be proved.

    Attributes
    ----------
    step : Step
        The step.
    proof : Proof
        What became of it; its counterexample, where it is false.
    """

    def __init__(self, derivation: Steps, number: int, proof: Proof) -> None:
        self.step = derivation.steps[number - 1]
        self.proof = proof
        left, right = derivation.unicode(self.step)
        super().__init__(
            f"{derivation.name}, step {number}: {left} = {right} is {proof.verdict}: {proof.reason}"
        )


@dataclass(frozen=True)
class Steps:
    """A sequence of equations, each with its reason.

    Attributes
    ----------
    name : str
        What one asks for.
    title : str
        What is derived, in a line.
    given : tuple of str
        What the letters mean, a sentence each.
    steps : tuple of Step
        The equations.
    names : mapping, optional
        What symbols, and rows of matrices, are called in print; see
        `gradcheck.equations.printing.dialects.unicode`.
    """

    name: str
    title: str
    given: tuple[str, ...]
    steps: tuple[Step, ...]
    names: Mapping[Any, str] = field(default_factory=dict)

    def prove(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Prove every step.

        Parameters
        ----------
        progress : callable, optional
            Called before each step with the number of steps that are proved, and of all.

        Raises
        ------
        UnprovedStepError
            At the first step that is refuted, or not proved.
        """
        for number, step in enumerate(self.steps, start=1):
            if progress is not None:
                progress(number - 1, len(self.steps))
            proof = step.prove(self.names)
            if not proof:
                raise UnprovedStepError(self, number, proof)

    def unicode(self, step: Step) -> tuple[str, str]:
        """Return the two sides of a step as a terminal shows them."""
        from gradcheck.equations.printing.dialects import unicode

        if step.written:
            return step.written[0]
        return unicode(step.left, self.names), unicode(step.right, self.names)

    def latex(self, step: Step) -> tuple[str, str]:
        """Return the two sides of a step in LaTeX."""
        from gradcheck.equations.printing.dialects import latex

        if step.written:
            return step.written[1]
        return latex(step.left, self.names), latex(step.right, self.names)


def derive(loss: Any, by: Any) -> Any:
    """Return the partial derivative of a loss, proved, and written as one would by hand.

    Parameters
    ----------
    loss : sympy.Expr
        Any expression that `gradcheck.equations.prove` takes.
    by : sympy.Symbol, or an entry of a MatrixSymbol or an IndexedBase
        By what. The indices of an entry are free: the result holds for all of them.

    Returns
    -------
    sympy.Expr
        In it, ``sigma(x)`` stands for 1/(1 + exp(-x)).

    Raises
    ------
    ValueError
        If SymPy finds no closed form, or one that cannot be proved to be the derivative.

    Examples
    --------
    >>> from sympy import MatrixSymbol, Sum, exp, log, symbols
    >>> n = symbols("n", integer=True, positive=True)
    >>> i, j = symbols("i j", integer=True, nonnegative=True)
    >>> x = MatrixSymbol("x", n, 1)
    >>> derive(Sum(x[i, 0]**2, (i, 0, n - 1)), x[j, 0])
    2*x[j, 0]
    >>> derive(Sum(log(1 + exp(x[i, 0])), (i, 0, n - 1)), x[j, 0])
    sigma(x[j, 0])
    """
    from gradcheck.equations import prove
    from gradcheck.equations.notation import distinct_indices
    from gradcheck.equations.rewriting import factored, readable_indices, with_sigmoids

    found = closed_form(loss, by)
    written = with_sigmoids(readable_indices(factored(distinct_indices(found))))
    # Both are equal to the derivative, unless `factored` has a fault.
    return written if prove(found, written) else found


def closed_form(loss: Any, by: Any) -> Any:
    """Return the partial derivative of a loss as SymPy writes it, proved.

    Parameters, and what is raised, are those of `derive`.
    """
    import sympy

    from gradcheck.equations import partial, prove
    from gradcheck.equations.rewriting import readable_indices, with_deltas_summed, written_out

    derivative = partial(loss, by)
    written = written_out(derivative)
    if not written.has(sympy.Derivative, sympy.Subs):
        # A sum over a delta picks a term only if the other index lies in the range: where it does,
        # the first is right, and shorter. The proof tells.
        for candidate in (with_deltas_summed(written), written):
            result = readable_indices(candidate)
            if prove(derivative, result):
                return result
    raise ValueError(f"loss: SymPy finds no closed form of the derivative by {by}")


def prove_derivative(loss: Any, by: Any, claimed: Any) -> Proof:
    """Prove that a claimed partial derivative is that of a loss, or refute it.

    Parameters
    ----------
    loss : sympy.Expr
        Any expression that `gradcheck.equations.prove` takes.
    by : sympy.Symbol, or an entry of a MatrixSymbol or an IndexedBase
        By what. The indices of an entry are free: the proof holds for all of them.
    claimed : sympy.Expr
        What the derivative is said to be.

    Returns
    -------
    Proof
        True in an ``if`` where it is proved; with a counterexample where it is false.

    Examples
    --------
    >>> from sympy import MatrixSymbol, Sum, symbols
    >>> n = symbols("n", integer=True, positive=True)
    >>> i, j = symbols("i j", integer=True, nonnegative=True)
    >>> x = MatrixSymbol("x", n, 1)
    >>> squares = Sum(x[i, 0]**2, (i, 0, n - 1))
    >>> prove_derivative(squares, x[j, 0], 2 * x[j, 0]).verdict
    'proved'
    >>> print(prove_derivative(squares, x[j, 0], x[j, 0]).reason)
    it is false for n = 2, j = 0, x = [[0.25], [1.75]]: left 0.5, right 0.25
    """
    from gradcheck.equations import partial, prove

    return prove(partial(loss, by), claimed)
