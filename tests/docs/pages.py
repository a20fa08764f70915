"""Build the site, and read its pages: what they load, and where their links lead."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text(encoding="utf-8")

# Those of the command that README shows: warnings are errors.
OPTIONS = re.findall(r"sphinx-build (.*) docs docs/_build/html$", README, flags=re.MULTILINE)[0]


def build(source, folder):
    """Build as README says, with the site's configuration; return exit status and output."""
    command = ["sphinx", *OPTIONS.split(), "-c", DOCS, source, folder / "html"]
    done = subprocess.run(  # noqa: S603  our own command
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=os.environ | {"NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout


def complaints(output):
    """Return what Sphinx, or a kernel, complained of."""
    return "\n".join(re.findall(r"^.*\b(?:WARNING|ERROR)\b.*$", output, flags=re.MULTILINE))


class Page(HTMLParser):
    """What a page loads, what it links to, and where in it one can link to."""

    LOADING = frozenset({"src", "srcset", "data", "poster", "xlink:href"})

    def __init__(self, text):
        super().__init__()
        self.text = text
        self.loads, self.links, self.anchors, self.classes = [], [], set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in self.LOADING or (name == "href" and tag in {"link", "image", "use"}):
                self.loads.append(value)
            elif name == "href":
                self.links.append(value)
            elif name == "style":
                self.loads += loads_of_style(value)
            elif name == "id" or (name == "name" and tag == "a"):
                self.anchors.add(value)
            elif name == "class":
                self.classes.update((value or "").split())

    def handle_data(self, data):
        if self.lasttag == "style":
            self.loads += loads_of_style(data)


def loads_of_style(text):
    quoted = re.findall(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""", text)
    return [first or second for first, second in quoted]


def read(folder):
    return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html"))}


def is_external(address):
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme in {"http", "https", "ftp"}


def external_loads(pages):
    return [
        (path.name, load)
        for path, page in pages.items()
        for load in page.loads
        if is_external(load)
    ]


def broken_links(pages):
    """Return what the pages link to, or load, of the site itself and is not there."""
    return [
        (path.name, address)
        for path, page in pages.items()
        for address in page.links + page.loads
        if not is_external(address)
        and not urlsplit(address).scheme
        and not leads(path, address, pages)
    ]


def leads(path, address, pages):
    parts = urlsplit(address)
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file():
        return False
    fragment = unquote(parts.fragment)
    # Scripts make anchors of their own on pages that are no text.
    return not fragment or target not in pages or fragment in pages[target].anchors
