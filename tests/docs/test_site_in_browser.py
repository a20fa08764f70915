"""The built pages in a browser: whole at two widths, drawn, open to all, and nothing fetched."""

from __future__ import annotations

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.docs.browser import INTERACTIVE, BrowserPage, beyond_the_folder
from tests.docs.pages import DOCS

PHONE, DESK = 390, 1280

AXE = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")
_FIND_BARRIERS = """
const done = arguments[0];
const told = ({ id, nodes }) =>
  `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 100)).join("; ")}`;
const isGrave = ({ impact }) => ["serious", "critical"].includes(impact);
axe.run(document, { resultTypes: ["violations"], preload: false, iframes: false })
  .then(({ violations }) => done(violations.filter(isGrave).map(told)), (e) => done([String(e)]));
"""
# Lines of code, and what is printed, may be longer than a page is wide; nothing else is.
_FIND_SCROLLING = """
return [...document.querySelectorAll('article *')].filter((box) =>
  box.scrollWidth > box.clientWidth + 1 && box.tagName !== 'PRE' &&
  ['auto', 'scroll'].includes(getComputedStyle(box).overflowX))
  .map((box) => `${box.tagName}.${box.className}`);
"""

_DRAW_MATHEMATICS = """
const done = arguments[0];
const drawn = window.MathJax?.startup?.promise ?? Promise.resolve();
drawn.then(() => done(), (error) => done(String(error)));
"""
_COUNT_DRAWN = "return document.querySelectorAll('mjx-container > svg').length"
# What MathJax could not read it draws as an error, or in red; what it did not see stays as written.
_FIND_UNDRAWN = r"""
const wrong = '[data-mml-node="merror"], [data-mml-node="mtext"][fill="red"]';
const left = [...document.querySelectorAll('.math')].filter((e) => /\\[(\[]/.test(e.textContent));
return document.querySelectorAll(wrong).length + left.length;
"""
# The theme lets all of a page's content scroll sideways, where anything in it is too wide.
_MEASURE_WIDTH = """
const boxes = [document.documentElement, ...document.querySelectorAll('.content')];
return Math.max(...boxes.map((box) => box.scrollWidth));
"""
# What scrolls sideways within the page lies in shadow where there is more of it.
_FIND_UNSHADED = """
const style = (box) => getComputedStyle(box);
return [...document.querySelectorAll('article *')].filter((box) =>
  box.scrollWidth > box.clientWidth + 1 && ['auto', 'scroll'].includes(style(box).overflowX) &&
  !style(box).backgroundAttachment.includes('local')).length;
"""


@pytest.fixture(scope="module")
def folder(site):
    return next(path.parent for path in site if path.name == "notation.html")


def opened(chromium, path, width=PHONE, scheme="light"):
    page = BrowserPage(chromium, path, width=width)
    page.emulate(width=width, scheme=scheme)
    chromium.set_script_timeout(120)
    problem = chromium.execute_async_script(_DRAW_MATHEMATICS)
    assert problem is None, problem
    return page


def faults(page):
    """What is wrong with a page that the browser shows on a phone, in words."""
    found = [f"asks for {address}" for address in beyond_the_folder(page.requests())]
    if undrawn := page.run(_FIND_UNDRAWN):
        found.append(f"{undrawn} formulas not drawn")
    if (width := page.run(_MEASURE_WIDTH)) > PHONE:
        found.append(f"{width} wide on a phone")
    if unshaded := page.run(_FIND_UNSHADED):
        found.append(f"{unshaded} boxes scroll, and nothing shows it")
    return found


def faults_on_a_desk(page):
    """What is wrong with it on a wide screen."""
    found = [f"{box} scrolls" for box in page.run(_FIND_SCROLLING)]
    if (width := page.run(_MEASURE_WIDTH)) > DESK:
        found.append(f"{width} wide on a desk")
    return found


def barriers(page):
    """What axe finds serious, or critical, for somebody who reads otherwise."""
    # A formula is a drawing of a thousand parts, with a text of its own beside it.
    page.run("document.querySelectorAll('mjx-container').forEach((one) => one.remove())")
    page.run(AXE)
    return page.driver.execute_async_script(_FIND_BARRIERS)


# All but the long pages of numbers, whose tables are of the same kind as these.
LOOKED_AT = [path.stem for path in DOCS.glob("*.md") if path.stem != "measurements"]


@pytest.mark.parametrize("name", [*LOOKED_AT, "search", "reference/command-line"])
def test_every_page_is_whole_at_both_widths_and_without_barriers(chromium, folder, name):
    page = opened(chromium, folder / f"{name}.html", DESK)
    assert faults_on_a_desk(page) == []
    page = opened(chromium, folder / f"{name}.html", PHONE, "dark")
    assert faults(page) == []
    assert barriers(page) == []


def test_formulas_are_drawn(chromium, folder):
    page = opened(chromium, folder / "notation.html")
    assert page.run(_COUNT_DRAWN) > 40


def test_light_pages_have_no_barriers_either(chromium, folder):
    for name in ("index", "one-step", "interactive/index"):
        assert barriers(opened(chromium, folder / f"{name}.html", DESK, "light")) == []


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ('<p style="color: #aaa; background: #fff">faint</p>', "color-contrast"),
        ('<img src="data:,">', "image-alt"),
        ("<button></button>", "button-name"),
    ],
)
def test_a_planted_barrier_is_seen(chromium, folder, planted, fault):
    path = planted_page(folder, planted)
    try:
        found = barriers(opened(chromium, path))
    finally:
        path.unlink()
    assert [line for line in found if fault in line], found


def test_a_planted_bar_is_seen_on_a_desk(chromium, folder):
    planted = '<div style="overflow-x: auto"><p style="width: 2000px">wide</p></div>'
    path = planted_page(folder, planted)
    try:
        assert "DIV. scrolls" in faults_on_a_desk(opened(chromium, path, DESK))
    finally:
        path.unlink()


def test_the_interactive_page_leads_back_on_the_site_alone(chromium, folder):
    shown = "return document.getElementById('site').checkVisibility()"
    assert BrowserPage(chromium, folder / "interactive" / "index.html").run(shown)
    # In a clone there are no such pages.
    assert not BrowserPage(chromium, INTERACTIVE / "index.html").run(shown)


# ---- search --------------------------------------------------------------------------------------


def search(chromium, address):
    """Return what a search for a word finds: titles with excerpts, and the note."""
    chromium.get(address)
    wait = WebDriverWait(chromium, 20)
    wait.until(lambda driver: driver.find_elements(By.CSS_SELECTOR, "#search-results ul li a"))
    note = chromium.find_elements(By.ID, "search-note")
    return note[0].text if note else ""


def test_search_from_a_folder_says_what_it_cannot_do(chromium, folder):
    page = BrowserPage(chromium, folder / "search.html", DESK)
    note = search(chromium, f"{page.address}?q=saddle")
    assert "shows no excerpts" in note
    assert "http.server" in note
    assert page.console() == []


def test_search_from_a_server_shows_excerpts(chromium, folder):
    handler = functools.partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/search.html?q=saddle"
            assert search(chromium, address) == ""
            WebDriverWait(chromium, 20).until(
                lambda driver: "saddle" in driver.find_element(By.CSS_SELECTOR, "p.context").text
            )
        finally:
            server.shutdown()
            chromium.get("about:blank")


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments):
        pass


# ---- planted faults ------------------------------------------------------------------------------


def planted_page(folder: Path, planted: str) -> Path:
    whole = (folder / "notation.html").read_text(encoding="utf-8")
    path = folder / "planted.html"
    path.write_text(whole.replace("</article>", f"{planted}</article>"), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ('<img src="http://127.0.0.1:9/u.png">', "asks for http://127.0.0.1:9/u.png"),
        (r'<span class="math">\(\nosuchmacro\)</span>', "1 formulas not drawn"),
        (r'<span class="math">\(\frac{\)</span>', "1 formulas not drawn"),
        (r'<span class="math">\(x</span>', "1 formulas not drawn"),
        ('<div style="width: 900px">wide</div>', "wide on a phone"),
        (f'<pre class="lone">{"wide " * 100}</pre>', "1 boxes scroll, and nothing shows it"),
    ],
)
def test_a_planted_fault_is_seen(chromium, folder: Path, planted, fault):
    path = planted_page(folder, planted)
    try:
        found = faults(opened(chromium, path))
    finally:
        path.unlink()
    assert [line for line in found if fault in line], found
