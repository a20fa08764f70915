"""How a derivation reads: 80 columns of Unicode, or LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from textwrap import fill
from typing import TYPE_CHECKING
from unicodedata import combining

if TYPE_CHECKING:
    from gradcheck.equations import Proof
    from gradcheck.symbolic.steps import Step, Steps

__all__ = ["to_latex", "to_markdown", "to_text"]

_WIDTH = 80
_INDENT = " " * 4
_PROVED = "✓"
_REFUSED = "✗"


def to_text(derivation: Steps, proofs: Sequence[Proof]) -> str:
    """Return a derivation in lines of at most 80 characters, as far as its formulas allow.

    Parameters
    ----------
    derivation : Steps
        What is printed.
    proofs : sequence of Proof
        What became of each of its steps.
    """
    lines = [derivation.title, "=" * len(derivation.title), ""]
    lines += [fill(sentence, _WIDTH) for sentence in derivation.given]
    previous = None
    for number, (step, proof) in enumerate(zip(derivation.steps, proofs, strict=True), start=1):
        left, right = derivation.unicode(step)
        is_continued = previous is not None and previous.right == step.left
        lines += ["", *_equation(number, "" if is_continued else left, right, proof)]
        lines += [fill(step.reason, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)]
        if not proof:
            reason = f"{proof.verdict}: {proof.reason}"
            lines += [fill(reason, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)]
        previous = step
    lines += ["", _verdict(proofs), ""]
    return "\n".join(lines)


def _equation(number: int, left: str, right: str, proof: Proof) -> list[str]:
    start = f"{number:>2}. "
    mark = _PROVED if proof else _REFUSED
    line = f"{start}{left} = {right}" if left else f"{start}= {right}"
    if _width(line) + 2 <= _WIDTH:
        return [_marked(line, mark)]
    lines = list(_wrapped(left, _INDENT)) if left else []
    lines += _wrapped(f"= {right}", _INDENT + ("  " if left else ""))
    lines[0] = start + lines[0][len(start) :]
    if _width(lines[-1]) + 2 > _WIDTH:
        return [*lines, _marked("", mark)]
    return [*lines[:-1], _marked(lines[-1], mark)]


def _marked(line: str, mark: str) -> str:
    return f"{line}{' ' * (_WIDTH - 1 - _width(line))}{mark}"


def _width(line: str) -> int:
    """Count columns: a hat, combined with its letter, takes none."""
    return sum(not combining(character) for character in line)


def _wrapped(formula: str, indent: str) -> Iterator[str]:
    """Break a formula before a plus or minus, the least deeply nested one that there is."""
    while len(indent) + len(formula) > _WIDTH - 2:
        place = _break(formula, _WIDTH - 2 - len(indent))
        if place is None:
            break
        yield indent + formula[:place].rstrip()
        formula = formula[place:]
        if not formula.startswith("= "):
            indent = indent if indent.endswith("      ") else indent + "  "
    yield indent + formula


def _break(formula: str, room: int) -> int | None:
    """Return where to break within the room: before the last least nested sign."""
    best: tuple[int, int] | None = None
    depth = 0
    for place, character in enumerate(formula[:room]):
        depth += character in "([{"
        depth -= character in ")]}"
        is_sign = formula[place : place + 2] in {"+ ", "− "} and formula[place - 1] == " "
        if is_sign and place > 2 and (best is None or depth <= best[0]):
            best = (depth, place)
    return best[1] if best else None


def to_latex(derivation: Steps, proofs: Sequence[Proof]) -> str:
    r"""Return a derivation in LaTeX: a section with align* blocks, for amsmath and amssymb.

    Parameters
    ----------
    derivation, proofs
        As for `to_text`.
    """
    lines = [rf"\section*{{{_escaped(derivation.title)}}}", ""]
    lines += [_escaped(_with_formulas(sentence)) for sentence in derivation.given]
    for step, proof in zip(derivation.steps, proofs, strict=True):
        lines += [
            "",
            rf"\noindent {_escaped(_with_formulas(step.reason))}",
            *_align(derivation, step, proof),
        ]
    return "\n".join(lines) + "\n"


def _align(derivation: Steps, step: Step, proof: Proof) -> list[str]:
    left, right = derivation.latex(step)
    mark = r"\checkmark" if proof else r"\text{not proved}"
    return [r"\begin{align*}", rf"{left} &= {right} && {mark}", r"\end{align*}"]


def to_markdown(derivation: Steps, proofs: Sequence[Proof]) -> str:
    """Return a derivation in Markdown, its formulas between double dollar signs.

    Parameters
    ----------
    derivation, proofs
        As for `to_text`.
    """
    blocks = [_with_formulas(sentence) for sentence in derivation.given]
    previous = None
    for number, (step, proof) in enumerate(zip(derivation.steps, proofs, strict=True), start=1):
        left, right = derivation.latex(step)
        is_continued = previous is not None and previous.right == step.left
        mark = r"\checkmark" if proof else r"\text{not proved}"
        formula = f"{'' if is_continued else left} = {right} \\qquad {mark}"
        refusal = "" if proof else f" **{proof.verdict}**: {proof.reason}"
        blocks += [f"**{number}.** {_with_formulas(step.reason)}{refusal}", f"$$\n{formula}\n$$"]
        previous = step
    blocks += [_verdict(proofs)]
    return "\n\n".join(blocks)


def _with_formulas(sentence: str) -> str:
    """Put what has a subscript, such as u_x, between dollar signs."""

    def formula(found: re.Match[str]) -> str:
        letter = {"δ": r"\delta", "Σ": r"\sum"}.get(found["letter"], found["letter"])
        return f"${letter}_{{{found['subscript'].strip('{}')}}}$"

    return re.sub(r"(?<!\w)(?P<letter>\w)_(?P<subscript>\{[^}]*\}|\w+)", formula, sentence)


def _verdict(proofs: Sequence[Proof]) -> str:
    return f"{sum(map(bool, proofs))} of {len(proofs)} steps proved for every size."


# What the sentences hold besides letters, and how LaTeX writes it.
_SIGNS = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "_": r"\_",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "{": r"\{",
    "}": r"\}",
    "Σ": r"$\Sigma$",
    "σ": r"$\sigma$",
    "δ": r"$\delta$",
    "η": r"$\eta$",
    "∂": r"$\partial$",
    "−": r"$-$",
    "·": r"$\cdot$",
    "←": r"$\gets$",
    "√": r"$\sqrt{\ }$",
    "±": r"$\pm$",
    "ū": r"$\bar u$",
    "v̂": r"$\hat v$",
    "ŷ": r"$\hat y$",
    "²": r"$^2$",
    "ᵀ": r"$^\top$",
    "′": r"$'$",
    "…": r"\dots{}",
    "|": r"$|$",
    "<": "$<$",
    ">": "$>$",
}


def _escaped(sentence: str) -> str:
    """Write a sentence for LaTeX, its mathematical signs in mathematics mode."""
    parts = sentence.split("$")
    # Every second part is a formula already.
    return "$".join(part if place % 2 else _escaped_text(part) for place, part in enumerate(parts))


def _escaped_text(text: str) -> str:
    result = ""
    position = 0
    while position < len(text):
        pair = text[position : position + 2]
        sign = pair if pair in _SIGNS else text[position]
        result += _SIGNS.get(sign, sign)
        position += len(sign)
    return result
