"""The pages of the site that GitHub shows as they are meant: docs/read/, plain Markdown.

``python -m docs.extensions.read`` writes them. Their code is executed, as in the build of the site;
its outputs, figures and formulas stand in the page, and the code that only makes them does not. At
the end of each page is a digest of all that it was made from, so that a test can say, without
executing anything, when a page is stale.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["FOLDER", "PAGES", "digest", "render", "sources", "stale"]

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
FOLDER = DOCS / "read"

PAGES: Mapping[str, tuple[str, ...]] = {
    "index": ("docs/extensions/grids.py", "docs/figures.mplstyle"),
    "notation": (),
    "one-step": (
        "tests/looks/walkthrough-naive-softmax-random.txt",
        "tests/looks/walkthrough-negative-sampling-random.txt",
        "tests/looks/walkthrough-naive-softmax-zeros.txt",
    ),
    "derivations": ("tests/looks/derivations.txt",),
    "zero-initialisation": ("docs/figures.mplstyle", "tests/looks/derivations.txt"),
    "homework": ("docs/examples/word2vec.py", "docs/examples/word2vec_wrong.py"),
}
"""The pages, and on what they depend besides their own text; looks are what commands print."""

# A notebook would show these reports as HTML.
_IN_MARKDOWN = """
from gradcheck.document.markdown import to_fragment
from gradcheck.document.readable import Readable

Readable._repr_markdown_ = lambda self: to_fragment(self.contents()).replace("## ", "#### ")
"""
_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_BLOCK = re.compile(r"^```\{(\w+)\}[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NOTE = re.compile(r"^:::\{(\w+)\}\n(.*?)^:::$", re.DOTALL | re.MULTILINE)
_ALERTS = {"warning": "WARNING", "note": "NOTE", "tip": "TIP"}


def sources(page: str) -> list[str]:
    """Return the files that a page is made from."""
    return [f"docs/{page}.md", "docs/extensions/read.py", *PAGES[page]]


def digest(page: str) -> str:
    """Return a digest of all that a page is made from."""
    content = b"\0".join((ROOT / source).read_bytes() for source in sources(page))
    return hashlib.sha256(content).hexdigest()[:16]


def stale() -> list[str]:
    """Return the pages that are not made from what is there now."""
    return [page for page in PAGES if not _is_fresh(FOLDER / f"{page}.md", digest(page))]


def _is_fresh(path: Path, expected: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8").endswith(f"{expected} -->\n")


# ------------------------------------------------------------------------------ executing


@dataclass
class _Output:
    """What executing a page's cells came to."""

    cells: list[str] = field(default_factory=list)
    glued: dict[str, str] = field(default_factory=dict)
    figures: dict[str, str] = field(default_factory=dict)


def _executed(page: str, cells: Sequence[str]) -> _Output:
    """Execute cells in one kernel, and return their outputs in Markdown."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(code) for code in (_IN_MARKDOWN, *cells)]
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(DOCS)}}).execute()
    found = _Output()
    for cell in notebook.cells[1:]:
        shown = [_shown(page, output, found) for output in cell.outputs]
        found.cells.append("\n\n".join(filter(None, shown)))
    return found


def _shown(page: str, output: Any, found: _Output) -> str:
    """Return an output in Markdown; a figure, or what is glued, is kept aside."""
    if output.output_type == "stream":
        return f"```text\n{output.text.rstrip()}\n```"
    data = output.data
    if "scrapbook" in output.metadata:
        kinds = {kind.removeprefix("application/papermill.record/"): kind for kind in data}
        text = data[kinds["text/markdown" if "text/markdown" in kinds else "text/plain"]]
        found.glued[output.metadata.scrapbook["name"]] = text.strip("'")
        return ""
    if "image/svg+xml" in data:
        name = f"{page}-{len(found.figures) + 1}.svg"
        # Nothing of a drawing depends on the day that it was made.
        drawing = re.sub(r"\s*<dc:date>.*?</dc:date>", "", data["image/svg+xml"], flags=re.DOTALL)
        found.figures[name] = "".join(f"{line.rstrip()}\n" for line in drawing.splitlines())
        return f"![FIGURE]({name})"
    if "text/markdown" in data:
        return str(data["text/markdown"])
    return f"```text\n{data['text/plain']}\n```"


# ------------------------------------------------------------------------------ rewriting


def render(page: str) -> dict[str, str]:
    """Return the files of a page, by their names."""
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    text = re.sub(r"\A---\n.*?\n---\n+", "", text, flags=re.DOTALL)
    cells = [match[1] for match in _CELL.finditer(text)]
    # A drawing's own names are made from this, not from chance.
    salt = "import matplotlib\nmatplotlib.rcParams['svg.hashsalt'] = 'gradcheck'\n"
    code = [_source(cell) for cell in cells]
    code[:1] = [salt + code[0]] if code else []
    found = _executed(page, code)
    outputs = iter(zip(cells, found.cells, strict=True))
    text = _CELL.sub(lambda _: _cell(*next(outputs)), text)
    text = re.sub(r"\{glue:(?:md|text)\}`([^`]*)`", lambda match: found.glued[match[1]], text)
    text = _BLOCK.sub(_block, text)
    text = _NOTE.sub(_alert, text)
    text = "".join(_prose(part) if is_prose else part for part, is_prose in _parts(text))
    text = text.strip()
    made = f"made by `python -m docs.extensions.read` from docs/{page}.md: {digest(page)}"
    return {f"{page}.md": f"{text}\n\n<!-- {made} -->\n", **found.figures}


def _options(cell: str) -> tuple[set[str], str]:
    """Return a cell's tags, and the description of its figure."""
    head = re.match(r"---\n(.*?)\n---\n", cell, re.DOTALL)
    given = head[1] if head else "\n".join(re.findall(r"^:(tags:.*)$", cell, re.MULTILINE))
    tags = re.search(r"tags: \[(.*?)\]", given)
    alt = re.search(r"alt: >-\n((?: {6}.*\n?)+)", given)
    names = {tag.strip() for tag in tags[1].split(",")} if tags else set()
    return names, " ".join(alt[1].split()) if alt else ""


def _source(cell: str) -> str:
    """Return a cell's code, without its options."""
    code = re.sub(r"\A---\n.*?\n---\n", "", cell, flags=re.DOTALL)
    return re.sub(r"\A:tags:.*\n+", "", code)


def _cell(cell: str, output: str) -> str:
    tags, alt = _options(cell)
    if "remove-cell" in tags:
        return ""
    code = "" if "remove-input" in tags else f"```python\n{_source(cell).strip()}\n```"
    shown = "" if "remove-output" in tags else output.replace("![FIGURE]", f"![{alt}]")
    return "\n\n".join(filter(None, (code, shown)))


def _block(match: re.Match[str]) -> str:
    kind, body = match.groups()
    if kind == "terminal":
        from docs.extensions.terminal import transcribe

        status = re.search(r"^:status: (\d+)$", body, re.MULTILINE)
        commands = [line for line in body.splitlines() if line and not line.startswith(":")]
        printed = transcribe(commands, int(status[1]) if status else 0)
        return f"```console\n{printed.rstrip()}\n```"
    if kind == "toctree":
        return ""
    raise ValueError(f"a block of the kind {kind} cannot be shown on GitHub yet")


def _alert(match: re.Match[str]) -> str:
    lines = "\n".join(f"> {line}" for line in match[2].strip().splitlines())
    return f"> [!{_ALERTS[match[1]]}]\n{lines}"


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a text, and whether each is prose: neither a block of code nor code."""
    end = 0
    for match in re.finditer(r"^```.*?^```$|`[^`\n]+`", text, re.DOTALL | re.MULTILINE):
        yield text[end : match.start()], True
        yield match[0], False
        end = match.end()
    yield text[end:], True


def _prose(text: str) -> str:
    """Write mathematics so that GitHub reads no Markdown in it, and links from this folder."""
    # Where a cell stood that shows nothing.
    text = re.sub(r"\n{3,}", "\n\n", text)
    text = re.sub(
        r"^( *)\$\$(.*?)\$\$$",
        lambda match: f"{match[1]}```math\n{match[2].strip()}\n```",
        text,
        flags=re.DOTALL | re.MULTILINE,
    )
    blocks = re.split(r"(^ *```math\n.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    return "".join(
        block if place % 2 else _links(re.sub(r"(?<![\\$])\$([^$]+?)\$(?!\$)", _inline, block))
        for place, block in enumerate(blocks)
    )


def _inline(match: re.Match[str]) -> str:
    return f"$`{' '.join(match[1].split())}`$"


def _links(text: str) -> str:
    return re.sub(r"\[([^\]]*)\]\((?!https?:|#)([^)]+)\)", _link, text)


def _link(match: re.Match[str]) -> str:
    label, address = match.groups()
    path, mark, place = address.partition("#")
    if path.endswith(".svg") and not label.startswith("]"):
        return match[0]
    name = path.removesuffix(".md")
    if not label:
        heading = re.search(r"^# (.*)$", (DOCS / path).read_text(encoding="utf-8"), re.MULTILINE)
        label = heading[1] if heading else name
    if name == "interactive":
        # The page itself cannot be shown there: the page about it says how to open it.
        return f"[{label}](../interactive.md)"
    return f"[{label}]({path if name in PAGES else f'../{path}'}{mark}{place})"


def main() -> int:
    """Write the pages that are named, or all of them."""
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])
    )
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        # Of a kernel that listens to this machine alone, for seconds: no profile, no warnings.
        profile = Path(folder) / "profile_default"
        profile.mkdir()
        (profile / "ipython_kernel_config.py").write_text('c.IPKernelApp.log_level = "ERROR"\n')
        os.environ["IPYTHONDIR"] = folder
        _write(sys.argv[1:] or list(PAGES))
    return 0


def _write(pages: Sequence[str]) -> None:
    for page in pages:
        for old in FOLDER.glob(f"{page}-[0-9]*.svg"):
            old.unlink()
        for name, text in render(page).items():
            (FOLDER / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote docs/read/{page}.md\n")


if __name__ == "__main__":
    sys.exit(main())
