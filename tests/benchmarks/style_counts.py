"""How plain is the product code? Counts of lines, docstrings, comments and private helpers.

Reads gradcheck/ and models/, or the files and folders that are named, and prints a row for each
package. Nothing is run. `--list KIND` prints the places of one kind, to be worked off one by one.

columns:
  lines        all of them; and those of code: no blank line, no comment, no docstring
  docstrings   strings that are statements: of modules, classes, functions and constants
  hang         those whose first sentence hangs on a relative clause or an indirect question. The
               rule: what, whose or how stands in it, outside of code; or which, as its first word,
               or after a comma or a preposition. "That", and "which" right behind a noun, restrict
               the noun, and are fine
  comments     lines of comments; and for each 100 lines of code. Not counted are pragmas (noqa,
               type:, fmt:), rules (# ----) and headings, which a blank line follows
  private      functions of a module and methods whose names begin with _, but not with __
  once         those that their module names at one other place, no string or import
  ≤ 8, ≤ 3     those of them with so few lines of code in their bodies
  body         lines of code in the body of a function, a method or an inner function
"""

from __future__ import annotations

import argparse
import ast
import inspect
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks import console

ROOT = Path(__file__).parents[2]
PACKAGES = ("gradcheck", "models")

HANGING = 0.05
"""The share of docstrings that hang is below this."""

COMMENTS = 3.0
"""There are more lines of comments than these for each 100 lines of code."""

HANGS_ON = re.compile(
    r"\b(what|whose|how)\b|(^|,|\b(of|in|to|at|by|for|from|with|on|into|after|than)) ?which\b",
    re.IGNORECASE,
)
NO_COMMENT = re.compile(r"#\s*(noqa|type:|fmt:|pragma:|ruff:|mypy:|[-=─]{3}|!)")
FEW, FEWER = 8, 3

KINDS = {
    "hanging": "docstrings whose first sentence hangs",
    "comments": "lines of comments",
    "once": "private helpers that are used at one place",
    "once-8": f"those of at most {FEW} lines",
    "once-3": f"those of at most {FEWER} lines",
    "long": "functions whose bodies are among the longest hundredth",
}

Place = tuple[Path, int, str]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Counts:
    """The counts of one package.

    Attributes
    ----------
    lines, code, docstrings, private
        Numbers.
    places
        Those of each of the `KINDS`, but for the longest functions.
    bodies
        The lines of code in each function's body, and its place.
    """

    lines: int = 0
    code: int = 0
    docstrings: int = 0
    private: int = 0
    places: dict[str, list[Place]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    bodies: list[tuple[int, Place]] = field(default_factory=list)

    @property
    def hanging(self) -> float:
        """The share of docstrings that hang."""
        return len(self.places["hanging"]) / max(1, self.docstrings)

    @property
    def comments(self) -> float:
        """Lines of comments for each 100 lines of code."""
        return 100 * len(self.places["comments"]) / max(1, self.code)

    def add(self, other: Counts) -> None:
        """Add what was counted elsewhere."""
        self.lines += other.lines
        self.code += other.code
        self.docstrings += other.docstrings
        self.private += other.private
        self.bodies += other.bodies
        for kind, places in other.places.items():
            self.places[kind] += places


def main() -> int:
    """Count, print, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.style_counts",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="*", type=Path, help="files and folders (gradcheck models)")
    kinds = "; ".join(f"{kind}: {meaning}" for kind, meaning in KINDS.items())
    help_text = f"print the places of a kind ({kinds})"
    parser.add_argument("--list", choices=KINDS, metavar="KIND", help=help_text)
    chosen = parser.parse_args()
    paths = chosen.paths or [ROOT / name for name in PACKAGES]
    if absent := [path for path in paths if not path.exists()]:
        parser.error(f"{absent[0]}: no such file or folder")

    packages: dict[str, Counts] = {}
    total = Counts()
    for file in sorted({file for path in paths for file in _python_files(path.resolve())}):
        counts = count(file)
        packages.setdefault(_package(file), Counts()).add(counts)
        total.add(counts)
    total.places["long"] = [
        place for lines, place in total.bodies if lines > _quantile(total.bodies, 0.99)
    ]
    if chosen.list:
        for file, line, text in total.places[chosen.list]:
            print(f"{_shown(file)}:{line}: {text}")
        return 0
    console.show(table(packages, total))
    return verdict(total)


def _python_files(path: Path) -> Iterable[Path]:
    return path.rglob("*.py") if path.is_dir() else [path]


def _shown(file: Path) -> Path:
    return file.relative_to(ROOT) if file.is_relative_to(ROOT) else file


def _package(file: Path) -> str:
    return ".".join(_shown(file).parts[:-1][:2])


def count(file: Path) -> Counts:
    """Count what is in one file."""
    source = file.read_text(encoding="utf-8")
    tree = ast.parse(source)
    strings = [node for node in ast.walk(tree) if _is_docstring(node)]
    in_strings = {line for node in strings for line in _lines_of(node)}
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    code = _lines_of_code(tokens) - in_strings
    counts = Counts(len(source.splitlines()), len(code), len(strings))

    def place(line: int, text: str) -> Place:
        return file, line, text

    def body(function: Function) -> int:
        return len(code & {line for part in function.body for line in _lines_of(part)})

    for node in strings:
        sentence = first_sentence(node.value.value)
        if HANGS_ON.search(re.sub(r"`[^`]*`", "", sentence)):
            counts.places["hanging"].append(place(node.lineno, sentence))
    counts.places["comments"] = [place(*comment) for comment in comments(tokens)]
    for node in ast.walk(tree):
        if isinstance(node, Function):
            counts.bodies.append((body(node), place(node.lineno, node.name)))
    uses = Counter(_names(tree))
    for helper in private_helpers(tree):
        counts.private += 1
        if uses[helper.name] != 1:
            continue
        here = place(helper.lineno, f"{helper.name}, lines: {body(helper)}")
        counts.places["once"].append(here)
        counts.places["once-8"] += [here] * (body(helper) <= FEW)
        counts.places["once-3"] += [here] * (body(helper) <= FEWER)
    return counts


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _lines_of(node: Any) -> range:
    return range(node.lineno, node.end_lineno + 1)


def _lines_of_code(tokens: list[tokenize.TokenInfo]) -> set[int]:
    layout = {
        *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
        *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
    }
    return {
        line
        for token in tokens
        if token.type not in layout
        for line in range(token.start[0], token.end[0] + 1)
    }


def first_sentence(docstring: str) -> str:
    """Return the first sentence of a docstring, on one line."""
    paragraph = inspect.cleandoc(docstring).partition("\n\n")[0]
    return re.split(r"(?<=[.!?])\s", " ".join(paragraph.split()))[0]


def comments(tokens: list[tokenize.TokenInfo]) -> Iterator[tuple[int, str]]:
    """Yield each line of the comments: its number and its text."""
    found: list[tokenize.TokenInfo] = []
    run: list[tokenize.TokenInfo] = []
    for token in tokens:
        is_alone = token.type == tokenize.COMMENT and not token.line[: token.start[1]].strip()
        if is_alone:
            run.append(token)
            continue
        if token.type == tokenize.NL and run and token.start[0] == run[-1].start[0]:
            continue  # the end of the comment's own line
        if run and token.type != tokenize.NL:  # what a blank line follows is a heading
            found += run
        run = []
        if token.type == tokenize.COMMENT:
            found.append(token)
    for token in found:
        if not NO_COMMENT.match(token.string):
            yield token.start[0], token.string.lstrip("# ")


def private_helpers(tree: ast.Module) -> Iterator[Function]:
    """Yield a module's private functions, and the private methods of its classes."""
    for owner in [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]:
        for node in owner.body:
            if isinstance(node, Function) and re.match("_(?!_)", node.name):
                yield node


def _names(tree: ast.Module) -> Iterator[str]:
    """Yield each name and each attribute that is read."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield node.attr


def table(packages: dict[str, Counts], total: Counts) -> Any:
    """Lay out one line per package."""
    result = console.column_table(
        "The product code, package by package",
        *("package", "lines", "of\ncode", "doc-\nstrings", "hang", "\n%", "com-\nments"),
        *("per\n100", "private", "once", f"≤ {FEW}", f"≤ {FEWER}", "body,\nmedian", "body,\n99 %"),
    )
    before = ""
    for name, counts in [*sorted(packages.items()), ("all", total)]:
        if name.partition(".")[0] != before:
            result.add_section()
            before = name.partition(".")[0]
        result.add_row(
            name,
            *(f"{number:,}" for number in (counts.lines, counts.code, counts.docstrings)),
            str(len(counts.places["hanging"])),
            f"{100 * counts.hanging:.1f}",
            str(len(counts.places["comments"])),
            f"{counts.comments:.1f}",
            str(counts.private),
            *(str(len(counts.places[kind])) for kind in ("once", "once-8", "once-3")),
            *(str(_quantile(counts.bodies, q)) for q in (0.5, 0.99)),
        )
    return result


def _quantile(bodies: list[tuple[int, Place]], q: float) -> int:
    lines = [number for number, _ in bodies]
    return int(np.quantile(lines, q, method="inverted_cdf")) if lines else 0


def verdict(total: Counts) -> int:
    """Hold the two limits against the total, print, and return the exit status."""
    hanging, number = len(total.places["hanging"]), len(total.places["comments"])
    is_plain, is_explained = total.hanging < HANGING, total.comments > COMMENTS
    print(
        f"{'MET' if is_plain else 'MISSED'}: {hanging} of {total.docstrings:,} docstrings hang, "
        f"{100 * total.hanging:.1f} % (asked for: below {100 * HANGING:.0f} %)."
    )
    print(
        f"{'MET' if is_explained else 'MISSED'}: {number} lines of comments in {total.code:,} "
        f"of code, {total.comments:.1f} for each 100 (asked for: above {COMMENTS:g})."
    )
    return 0 if is_plain and is_explained else 1


if __name__ == "__main__":
    sys.exit(main())
