"""The content of a derivation: its letters, and each step with its reason and its proof."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gradcheck.document.blocks import Block, Document, Equation, Paragraph
from gradcheck.document.spans import Formula, Phrase, joined, prose, sentence

if TYPE_CHECKING:
    from gradcheck.equations import Proof
    from gradcheck.symbolic.steps import Step, Steps

__all__ = ["contents"]


def contents(derivation: Steps, proofs: Sequence[Proof]) -> Document:
    """Return all that there is to read of a derivation.

    Parameters
    ----------
    derivation : Steps
        The steps.
    proofs : sequence of Proof
        The proof of each, or its refutation.
    """
    return Document(sentence(derivation.title), tuple(_blocks(derivation, proofs)))


def _blocks(derivation: Steps, proofs: Sequence[Proof]) -> Iterator[Block]:
    if derivation.given:
        first, *others = map(sentence, derivation.given)
        yield Paragraph(first, tuple(others))
    previous = None
    for number, (step, proof) in enumerate(zip(derivation.steps, proofs, strict=True), start=1):
        left, right = map(Formula, derivation.unicode(step), derivation.latex(step))
        # A chain of equalities: what stands on the left has just been read.
        is_continued = previous is not None and previous.right == step.left
        status = prose("definition") if step.is_definition else prose("✓").marked("good")
        reason = sentence(step.reason)
        if not proof:
            status = prose("✗").marked("bad")
            reason = joined([reason, prose(f"{proof.verdict}: {proof.reason}")], prose(" "))
        yield Equation(number, None if is_continued else left, right, status, reason, left)
        previous = step
    yield Paragraph(_verdict(derivation.steps, proofs))


def _verdict(steps: Sequence[Step], proofs: Sequence[Proof]) -> Phrase:
    """Count the proofs; a definition that holds needs none."""
    definitions = sum(
        step.is_definition and bool(proof) for step, proof in zip(steps, proofs, strict=True)
    )
    proved, of = sum(map(bool, proofs)) - definitions, len(proofs) - definitions
    return prose(f"{proved} of {of} steps proved for every size.").marked(
        "good" if proved == of else "bad"
    )
