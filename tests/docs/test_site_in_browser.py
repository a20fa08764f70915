"""The built pages in a browser: formulas are drawn, a phone is wide enough, nothing is fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.browser import BrowserPage, beyond_the_folder

PHONE = 390

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


def open_on_phone(chromium, path):
    page = BrowserPage(chromium, path, width=PHONE)
    problem = chromium.execute_async_script(_DRAW_MATHEMATICS)
    assert problem is None, problem
    return page


def faults(page):
    """What is wrong with a page that the browser shows, in words."""
    found = [f"asks for {address}" for address in beyond_the_folder(page.requests())]
    if undrawn := page.run(_FIND_UNDRAWN):
        found.append(f"{undrawn} formulas not drawn")
    if (width := page.run(_MEASURE_WIDTH)) > PHONE:
        found.append(f"{width} wide on a phone")
    if unshaded := page.run(_FIND_UNSHADED):
        found.append(f"{unshaded} boxes scroll, and nothing shows it")
    return found


def test_every_page_is_whole_on_a_phone(chromium, site):
    found = {}
    drawn = 0
    for path in site:
        page = open_on_phone(chromium, path)
        found[path] = faults(page)
        drawn += page.run(_COUNT_DRAWN)
    assert not {path: wrong for path, wrong in found.items() if wrong}
    assert drawn > 100


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
    whole = (folder / "notation.html").read_text(encoding="utf-8")
    path = folder / "planted.html"
    path.write_text(whole.replace("</article>", f"{planted}</article>"), encoding="utf-8")
    try:
        found = faults(open_on_phone(chromium, path))
    finally:
        path.unlink()
    assert [line for line in found if fault in line], found
