"""The picture at the head of README: a report of `gradcheck.check`, drawn for light and for dark.

``python -m docs.extensions.report_picture`` checks a wrong gradient and writes what is printed to
``docs/_static``. The pictures load nothing: their letters are those of the reader's system.
"""

from __future__ import annotations

import os
import subprocess
import sys
from html import escape
from pathlib import Path
from typing import NamedTuple

__all__ = ["PICTURES", "Colors", "draw", "shown"]

# u_o - Σ p_x u_x, as in the lecture, is the gradient of +log p: a right formula in the wrong place.
EXAMPLE = """\
import gradcheck
import numpy as np

def loss(center, outside):
    scores = outside @ center
    return np.log(np.exp(scores).sum()) - scores[2]

def grad(center, outside):
    scores = outside @ center
    p = np.exp(scores) / np.exp(scores).sum()
    y = np.array([0, 0, 1, 0])
    return outside[2] - p @ outside, np.outer(p - y, center)

center = np.array([1.0, 0.5])
outside = np.array([[0.0, 0.5], [0.5, -0.5], [1.0, 1.0], [0.5, 1.0]])
"""
COMMAND = "print(gradcheck.check(loss, grad, (center, outside)))"


class Colors(NamedTuple):
    """Of a picture: its ground, the command, the verdict, and the rest of the text."""

    ground: str
    command: str
    verdict: str
    text: str


ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "_static"
# GitHub's own, but for a darker red; all stand out from their ground by 4.5 : 1 at least.
PICTURES = {
    FOLDER / "report-light.svg": Colors("#f6f8fa", "#59636e", "#b3141d", "#1f2328"),
    FOLDER / "report-dark.svg": Colors("#151b23", "#9198a1", "#ff7b72", "#e6edf3"),
}

# In pixels. The width of a letter is fixed, whatever the reader's font.
LETTER, LINE, BASELINE, MARGIN = 8.4, 19, 14, 14

_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" \
height="{height}">
<style>
text {{
  font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}}
.command {{ fill: {command}; }}
.verdict {{ fill: {verdict}; font-weight: bold; }}
.text {{ fill: {text}; }}
</style>
<rect width="{width}" height="{height}" rx="6" fill="{ground}"/>"""
# SVG makes one space of several, unless they are of the kind that does not break.
_LINE = """\
<text class="{kind}" x="{x}" y="{y}" textLength="{width:.1f}" \
lengthAdjust="spacingAndGlyphs">{text}</text>"""


def shown() -> str:
    """Return the command, and what it prints in a Python of its own."""
    printed = subprocess.run(  # noqa: S603  our own interpreter and program
        [sys.executable, "-c", f"{EXAMPLE}\n{COMMAND}"],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    return f">>> {COMMAND}\n{printed.rstrip()}"


def draw(text: str, colors: Colors) -> str:
    """Return the picture of a command and what it prints."""
    lines = text.split("\n")
    width = 2 * MARGIN + round(LETTER * max(map(len, lines)))
    height = 2 * MARGIN + LINE * len(lines)
    drawn = [
        _SVG.format(width=width, height=height, **colors._asdict()),
        *(
            _LINE.format(
                kind={0: "command", 1: "verdict"}.get(number, "text"),
                x=MARGIN,
                y=MARGIN + LINE * number + BASELINE,
                width=LETTER * len(line),
                text=escape(line, quote=False).replace(" ", "\N{NO-BREAK SPACE}"),
            )
            for number, line in enumerate(lines)
            if line
        ),
        "</svg>",
    ]
    return "\n".join(drawn) + "\n"


def main() -> None:
    """Write both pictures."""
    text = shown()
    for path, colors in PICTURES.items():
        path.write_text(draw(text, colors), encoding="utf-8")


if __name__ == "__main__":
    main()
