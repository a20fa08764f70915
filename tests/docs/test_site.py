"""The site is built once, and read as its readers get it: a folder of pages, and no network."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import sys

import pytest

import gradcheck.word2vec
from gradcheck.commands import COMMANDS
from tests.docs.pages import (
    DOCS,
    README,
    ROOT,
    broken_links,
    build,
    external_loads,
    is_external,
    loads_of_style,
    read,
)

# What writes the formulas, and the formulas it wrote: `oracle` is how one asks for them; and what a
# walkthrough is made of.
_INTERNAL = {
    "gradcheck.word2vec.formulas",
    "gradcheck.word2vec.lecture",
    "gradcheck.word2vec.simpler_numbers",
}
PUBLIC_MODULES = [
    "gradcheck",
    "gradcheck.equations",
    "gradcheck.homework",
    "gradcheck.strategies",
    "gradcheck.symbolic",
    *sorted(
        {
            f"gradcheck.word2vec.{module.name}"
            for module in pkgutil.iter_modules(gradcheck.word2vec.__path__)
        }
        - _INTERNAL
    ),
]


def test_no_page_loads_anything_from_elsewhere(site):
    assert not external_loads(site)


def test_no_style_loads_anything_from_elsewhere(site):
    styles = {style for path in site for style in path.parent.rglob("*.css")}
    assert len(styles) > 3
    for style in styles:
        assert not [
            load for load in loads_of_style(style.read_text(encoding="utf-8")) if is_external(load)
        ], style


@pytest.mark.parametrize(
    "planted",
    [
        '<img src="https://example.org/u.png">',
        '<script src="//example.org/mathjax.js"></script>',
        '<link rel="stylesheet" href="http://example.org/font.css">',
        '<p style="background: url(https://example.org/u.png)">',
        "<style>@import 'https://example.org/font.css';</style>",
    ],
)
def test_a_load_from_elsewhere_is_seen(tmp_path, planted):
    (tmp_path / "index.html").write_text(planted, encoding="utf-8")
    assert external_loads(read(tmp_path))


def test_every_link_within_the_site_leads_somewhere(site):
    assert not broken_links(site)


@pytest.mark.parametrize("address", ["gone.html", "index.html#gone", "#gone", "folder/"])
def test_a_broken_link_is_seen(tmp_path, address):
    (tmp_path / "index.html").write_text(f'<a href="{address}">x</a>', encoding="utf-8")
    assert broken_links(read(tmp_path)) == [("index.html", address)]


def test_no_cell_failed_or_warned(site):
    assert not {path.name for path, page in site.items() if page.classes & {"stderr", "traceback"}}
    assert any("cell_output" in page.classes for page in site.values())


PLANTED = {
    "cell": (
        "```{code-cell} python\nraise ValueError('planted')\n```",
        "nbclient.exceptions.CellExecutionError",
    ),
    "link": ("[there](gone.md)", "'gone.md'"),
    "reference": ("[there](#lost)", "'lost'"),
    "name": ("```{eval-rst}\n.. autofunction:: gradcheck.missing\n```", "'missing'"),
    "status": (
        "```{terminal}\ngradcheck verify nowhere.py\n```",
        "nowhere.py: expected exit status 0, got 2",
    ),
    "printed": (
        "```{terminal}\n:prints: planted\ngradcheck --version\n```",
        "expected 'planted' in what is printed, got",
    ),
    "program": ("```{terminal}\nwhoami\n```", "whoami: expected one of gradcheck, pytest, python"),
    "unlisted": ("", "unlisted.md: WARNING: document isn't included in any toctree"),
}


def build_planted(folder, texts):
    """Build a site of these pages, all but the one called "unlisted" in its table of contents."""
    listed = "\n".join(texts.keys() - {"unlisted"})
    (folder / "index.md").write_text(
        f"# Index\n\n```{{toctree}}\n{listed}\n```\n", encoding="utf-8"
    )
    for name, text in texts.items():
        header = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n"
        page = f"{header}\n# Planted\n\n{text}\n"
        (folder / f"{name}.md").write_text(page, encoding="utf-8")
    return build(folder, folder / "built")


def test_the_build_refuses_each_planted_mistake(tmp_path):
    status, output = build_planted(tmp_path, {name: text for name, (text, _) in PLANTED.items()})
    assert status != 0
    complaints = [complaint for _, complaint in PLANTED.values()]
    assert [complaint for complaint in complaints if complaint not in output] == [], output


def documented(site):
    return next(page for path, page in site.items() if path.parts[-2:] == ("reference", "api.html"))


@pytest.mark.parametrize("module", PUBLIC_MODULES)
def test_every_public_name_is_in_the_reference(site, module):
    names = importlib.import_module(module).__all__
    missing = {f"{module}.{name}" for name in names} - documented(site).anchors
    assert not missing


def test_every_subcommand_is_in_the_reference(site):
    page = next(page for path, page in site.items() if path.name == "command-line.html")
    assert {f"gradcheck-{command.name}" for command in COMMANDS} <= page.anchors


@pytest.mark.skipif(sys.flags.optimize > 1, reason="docstrings are stripped")
@pytest.mark.parametrize(
    "module", ["checking.gradients", "numerical.differentiation", "strategies", "symbolic.losses"]
)
def test_the_examples_in_the_reference_show_what_happens(module):
    result = doctest.testmod(importlib.import_module(f"gradcheck.{module}"))
    assert result.attempted > 0
    assert result.failed == 0


def test_readme_links_to_every_page():
    linked = set(re.findall(r"\]\((docs/[^)#]+)\)", README))
    pages = {path.relative_to(ROOT).as_posix() for path in DOCS.rglob("*.md")}
    # Where there is a page that GitHub shows as it is meant, the link leads to that.
    read = {page.replace("docs/read/", "docs/") for page in linked if page.startswith("docs/read/")}
    assert linked | read >= {page for page in pages if "_build" not in page}
    assert all((ROOT / link).exists() for link in linked)
