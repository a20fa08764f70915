r"""Mathematics that is typed in Unicode, as LaTeX: Σ_w exp(s_w) is ``\sum_w \exp(s_w)``."""

from __future__ import annotations

import re
from unicodedata import normalize

__all__ = ["SIGNS", "in_two_lines", "latex_of"]

SIGNS = {
    "α": r"\alpha",
    "β": r"\beta",
    "δ": r"\delta",
    "η": r"\eta",
    "θ": r"\theta",
    "λ": r"\lambda",
    "ρ": r"\rho",
    "σ": r"\sigma",
    "φ": r"\phi",
    "Σ": r"\sum",
    "∂": r"\partial",
    "∈": r"\in",
    "√": r"\surd",
    "∞": r"\infty",
    "−": "-",
    "·": r"\cdot",
    "×": r"\times",
    "±": r"\pm",
    "≤": r"\le",
    "≥": r"\ge",
    "≠": r"\ne",
    "←": r"\gets",
    "→": r"\to",
    "‖": r"\Vert",
    "′": "'",
    "²": "^2",
    "³": "^3",
    "ᵀ": r"^\top",
    "½": r"\tfrac{1}{2}",
    "¼": r"\tfrac{1}{4}",
    "✓": r"\checkmark",
    "✗": r"\times",
    "…": r"\dots",
}
"""Signs beyond ASCII, and LaTeX's commands for them in mathematics."""

_ACCENTS = {"\N{COMBINING CIRCUMFLEX ACCENT}": r"\hat", "\N{COMBINING MACRON}": r"\bar"}
_LETTER = rf"\w[{''.join(_ACCENTS)}]?"
_FUNCTIONS = {"cos", "cosh", "exp", "log", "max", "min", "sin", "sinh", "tan", "tanh"}
_TOKEN = re.compile(
    rf"√\((?P<root>[^()]*)\)|_(?:\{{(?P<braced>[^}}]*)\}}|(?P<index>[^\W²³ᵀ]+))|"
    rf"(?P<accented>\w)(?P<accent>[{''.join(_ACCENTS)}])|(?P<name>[A-Za-z]{{2,}})|\\,|.",
    re.DOTALL,
)
_RESERVED = {character: f"\\{character}" for character in "{}$&#%"}


def latex_of(text: str) -> str:
    r"""Return typed mathematics in LaTeX, to be put between dollar signs.

    Parameters
    ----------
    text : str
        Letters, Greek ones too; ``_x`` or ``_{n_k}`` for what stands lower, ``[k]`` for an entry;
        ``exp``, ``log`` and the like; other names of two letters and more, which stand upright;
        the signs of `SIGNS`.

    Examples
    --------
    >>> latex_of("ŷ_w − y_w")
    '\\hat{y}_w - y_w'
    >>> latex_of("Σ_k log σ(-u_{n_k}·v_c)")
    '\\sum_k \\log \\sigma(-u_{n_k}\\cdot v_c)'
    """
    # An entry of a vector, typed u_o[k] or ū[k].
    text = re.sub(rf"({_LETTER}_(?:\w+|\{{[^}}]*\}}))\[(\w+)\]", r"(\1)_\2", text)
    text = re.sub(rf"({_LETTER})\[(\w+)\]", r"\1_\2", text)
    # Two factors side by side: TeX leaves no room between them by itself.
    text = re.sub(r"(?<=[)\]]) (?=[^\W\d])", r"\\,", text)
    written = ""
    # Apart from its letter, an accent is a command around it.
    for token in _TOKEN.finditer(normalize("NFD", text)):
        part = _token(token)
        # A command ends where its letters do.
        needs_blank = re.search(r"\\[A-Za-z]+$", written) and part[:1].isalpha()
        written += f" {part}" if needs_blank else part
    return written


def in_two_lines(latex: str) -> list[str]:
    r"""Break LaTeX before the plus or minus nearest to its middle that nothing encloses.

    Examples
    --------
    >>> in_two_lines("a + (b + c) + d")
    ['a + (b + c)', ' + d']
    >>> in_two_lines("(b + c)")
    ['(b + c)']
    """
    places = []
    depth = 0
    for place, character in enumerate(latex):
        depth += character in "([{"
        depth -= character in ")]}"
        if depth == 0 and latex[place : place + 3] in {" + ", " - "}:
            places.append(place)
    if not places:
        return [latex]
    middle = min(places, key=lambda place: abs(place - len(latex) / 2))
    return [latex[:middle], latex[middle:]]


def _token(token: re.Match[str]) -> str:
    if token["root"] is not None:
        return rf"\sqrt{{{latex_of(token['root'])}}}"
    if (lower := token["braced"] or token["index"]) is not None:
        return f"_{lower}" if len(lower) == 1 else f"_{{{latex_of_indices(lower)}}}"
    if token["accent"]:
        return rf"{_ACCENTS[token['accent']]}{{{token['accented']}}}"
    if token["name"]:
        name = token["name"]
        return rf"\{name}" if name in _FUNCTIONS else rf"\text{{{name}}}"
    return SIGNS.get(token[0], _RESERVED.get(token[0], token[0]))


def latex_of_indices(text: str) -> str:
    """Return indices in LaTeX: several letters are several indices, and no name."""
    return text if text.isascii() and text.isalnum() else latex_of(text)
