"""The pages that GitHub shows are made from those of the site, and hold nothing else."""

from __future__ import annotations

import re

import pytest

from docs.extensions import read
from tests.docs.pages import README, ROOT

pages = pytest.mark.parametrize("page", read.PAGES)


def text_of(page):
    return (read.FOLDER / f"{page}.md").read_text(encoding="utf-8")


def test_no_page_is_stale():
    assert read.stale() == [], "write them anew: python -m docs.extensions.read"


@pytest.mark.parametrize("change", ["the page", "what it shows"])
def test_a_stale_page_is_seen(monkeypatch, tmp_path, change):
    monkeypatch.setattr(read, "ROOT", tmp_path)
    for source in {path for page in read.PAGES for path in read.sources(page)}:
        path = tmp_path / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((ROOT / source).read_bytes())
    assert read.digest("index") in text_of("index")
    changed = "docs/index.md" if change == "the page" else read.PAGES["index"][0]
    (tmp_path / changed).write_text("changed", encoding="utf-8")
    assert "index" in read.stale()


@pages
def test_nothing_is_left_that_only_the_site_understands(page):
    text = text_of(page)
    assert not re.findall(r"^```\{|\{(?:glue|doc|ref)[:}]|^:::|\$\$", text, re.MULTILINE)
    assert "![FIGURE]" not in text
    # GitHub refuses these, and shows an error in place of the formula.
    assert not re.findall(r"\\(?:operatorname|class|href|require|newcommand)\b", text)


@pages
def test_its_links_and_figures_are_there(page):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", text_of(page))
    assert [t for t in targets if not (read.FOLDER / t).exists()] == []
    # A figure without a description.
    assert "![](" not in text_of(page)


def test_every_figure_is_shown():
    shown = {
        name for page in read.PAGES for name in re.findall(r"\(([\w-]+\.svg)\)", text_of(page))
    }
    assert {path.name for path in read.FOLDER.glob("*.svg")} == shown
    assert len(shown) >= 7


def test_mathematics_is_written_as_github_reads_it():
    written = read._prose("A $u_o$ and $`c`$:\n\n$$a\n= b$$\n\n[x](notation.md), [y](plug-in.md#z)")
    assert "$`u_o`$" in written
    assert "```math\na\n= b\n```" in written
    assert "[x](notation.md), [y](../plug-in.md#z)" in written


def test_readme_leads_there():
    linked = set(re.findall(r"\]\(docs/read/([\w-]+)\.md\)", README))
    assert linked == set(read.PAGES)
