"""The interactive page by keyboard, in light and dark, on a phone, and without a network."""

from __future__ import annotations

import re

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.docs import browser
from tests.docs.browser import INTERACTIVE, STATES, InteractivePage, changed_copy, reach

# ---- keyboard ------------------------------------------------------------------------------------


def focus_by_tab(page, limit=40):
    """The ids that Tab comes by, from the top of the page until it leaves it."""
    visited = []
    page.run("document.activeElement.blur(); window.scrollTo(0, 0)")
    for _ in range(limit):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        at = page.run(
            "const { id, tagName, dataset } = document.activeElement;"
            "return id || (tagName === 'BUTTON' && dataset.part) || tagName"
        )
        if at == "BODY" or (at in visited and at != "circle"):
            return visited
        visited.append(at)
    raise AssertionError(f"Tab does not come out of the page: {visited}")


CONTROLS = ["sentence", "window", "loss", "init", "seed", "rate"]
BUTTONS = ["step", "many-steps", "reset", "nudge"]
# The two tips of the pair and the three terms of the formula.
TIPS, TERMS = ["circle", "circle"], ["center", "pull", "push"]


def test_tab_reaches_every_control_in_order_and_leaves(page):
    assert focus_by_tab(page) == [*BUTTONS, *TIPS, *TERMS, "SUMMARY"]
    page.unfold_settings()
    page.set(loss="negative-sampling")
    # Pressed by a pointer, it would be where Tab goes on from.
    page.run("document.getElementById('step').click()")
    expected = [
        "back",
        *BUTTONS,
        *TIPS,
        *TERMS,
        "SUMMARY",
        *CONTROLS[:3],
        "negatives",
        *CONTROLS[3:],
    ]
    assert focus_by_tab(page) == expected


def test_enter_and_space_press_the_buttons(page):
    page.driver.find_element(By.ID, "step").send_keys(Keys.ENTER)
    page.driver.find_element(By.ID, "step").send_keys(Keys.SPACE)
    assert page.text("#step-count") == "2"
    page.driver.find_element(By.ID, "many-steps").send_keys(Keys.SPACE)
    assert page.text("#step-count") == "102"
    assert page.run("return document.activeElement.id") == "many-steps"
    page.driver.find_element(By.ID, "reset").send_keys(Keys.ENTER)
    assert page.text("#step-count") == "0"
    page.driver.find_element(By.ID, "nudge").send_keys(Keys.ENTER)
    assert "Added" in page.text("#status")


def test_the_settings_are_typed(page):
    page.driver.find_element(By.CSS_SELECTOR, "summary").send_keys(Keys.ENTER)
    sentence = page.driver.find_element(By.ID, "sentence")
    sentence.clear()
    sentence.send_keys("to be or not to be", Keys.ENTER)
    assert page.vectors()[0].shape == (4, 2)
    page.driver.find_element(By.ID, "init").send_keys("z")
    assert not page.vectors()[0].any()


def test_the_focus_is_seen(page):
    page.unfold_settings()
    for _ in range(len([*BUTTONS, *TIPS, *TERMS, *CONTROLS]) + 1):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        style, width = page.run(
            "const style = getComputedStyle(document.activeElement);"
            "return [style.outlineStyle, parseFloat(style.outlineWidth)]"
        )
        assert style == "solid"
        assert width >= 2


def test_every_control_and_drawing_has_a_name(page):
    page.press("step")
    unnamed = page.run(
        """
        const named = (e) => e.labels?.length || e.textContent.trim() && e.tagName === "BUTTON"
          || (e.getAttribute("aria-label") ?? "").length > 10;
        const told = (e) => !e.hasAttribute("aria-describedby")
          || document.getElementById(e.getAttribute("aria-describedby"));
        return [...document.querySelectorAll("input, select, button, svg")]
          .filter((e) => !named(e) || !told(e)).map((e) => e.id);
        """
    )
    assert unnamed == []


# ---- light, dark, narrow, still ------------------------------------------------------------------

READ_COLOURS = """
const opaque = (colour) => !/^rgba\\(.*, 0\\)$|^transparent$/.test(colour);
const groundOf = (element) => {
  for (let e = element; e; e = e.parentElement) {
    const ground = getComputedStyle(e).backgroundColor;
    if (opaque(ground)) return ground;
  }
  return "rgb(255, 255, 255)";
};
const visible = (element) => element.checkVisibility({ opacityProperty: true })
  && element.getClientRects().length > 0;
const faint = (element) => {
  for (let e = element; e; e = e.parentElement) {
    if (Number(getComputedStyle(e).opacity) < 1) return true;
  }
  return false;
};
const found = [];
const note = (element, text) => {
  const style = getComputedStyle(element);
  const ink = element.closest("svg") ? style.fill : style.color;
  found.push([text, ink, groundOf(element), faint(element)]);
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const element = node.parentElement;
  if (node.data.trim() && visible(element)) note(element, node.data.trim());
}
for (const field of document.querySelectorAll("input, select")) {
  if (visible(field)) note(field, field.value);
}
return found;
"""


def luminance(colour):
    """Relative luminance as WCAG 2 defines it."""
    channels = np.array([float(x) for x in re.findall(r"[\d.]+", colour)[:3]]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(ink, ground):
    low, high = sorted([luminance(ink), luminance(ground)])
    return (high + 0.05) / (low + 0.05)


def hard_to_read(page):
    texts = page.run(READ_COLOURS)
    assert len(texts) > 60
    return [
        (*text, contrast(*text[1:3])) for text in texts if text[3] or contrast(*text[1:3]) < 4.5
    ]


def test_contrast_is_measured_as_wcag_defines_it():
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)
    assert contrast("rgb(119, 119, 119)", "rgb(255, 255, 255)") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("state", STATES)
def test_all_text_is_readable_in_light_and_dark(page, state):
    reach(page, state)
    for scheme in ("light", "dark"):
        page.emulate(width=1280, scheme=scheme)
        assert hard_to_read(page) == []
        ground = page.run("return getComputedStyle(document.body).backgroundColor")
        assert (luminance(ground) > 0.5) == (scheme == "light")


@pytest.mark.parametrize(
    "rule", ["p { color: #999 }", "svg text.tick { fill: #bbb }", "td { opacity: 0.5 }"]
)
def test_faint_text_is_seen(chromium, tmp_path, rule):
    folder = changed_copy(tmp_path / "page", "style.css", lambda text: f"{text}\n{rule}")
    assert hard_to_read(InteractivePage(chromium, folder)) != []


def width_of(page):
    """What the page needs, in pixels, where it is more than the screen has."""
    return page.run("return document.documentElement.scrollWidth")


@pytest.mark.parametrize("state", STATES)
def test_a_phone_need_not_scroll_sideways(page, state):
    reach(page, state)
    for width in (730, 390, 320):
        page.emulate(width=width)
        assert width_of(page) <= width


def test_what_sticks_out_is_seen(chromium, tmp_path):
    folder = changed_copy(
        tmp_path / "page", "style.css", lambda text: text + "#log { width: 500px }"
    )
    page = InteractivePage(chromium, folder)
    page.emulate(width=390)
    page.driver.get(page.address)
    page.press("step")
    assert width_of(page) > 390


def test_nothing_moves_by_itself_where_the_reader_asks_for_that(page):
    duration = "return getComputedStyle(document.querySelector('.bar div')).transitionDuration"
    assert page.run(duration) == "0.2s"
    page.emulate(width=1280, motion="reduce")
    assert page.run(duration) == "0s"


# ---- nothing from elsewhere, no errors -----------------------------------------------------------


def test_only_files_are_asked_for_and_the_console_stays_empty(page):
    page.requests()
    page.console()
    asked = []
    for state in STATES:
        page.driver.get(page.address)
        reach(page, state)
        asked += page.requests()
        assert page.console() == [], state
    assert {url.rsplit("/", 1)[1] for url in asked if url.startswith("file:")} == {
        path.name for path in INTERACTIVE.iterdir()
    }
    assert browser.beyond_the_folder(asked) == []


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("index.html", '<img src="http://127.0.0.1:9/picture.png" alt="">'),
        ("style.css", "body { background: url(http://127.0.0.1:9/picture.png) }"),
        ("page.js", "fetch('http://127.0.0.1:9/');"),
    ],
)
def test_a_request_to_elsewhere_is_seen(chromium, tmp_path, name, planted):
    folder = changed_copy(tmp_path / "page", name, lambda text: text + planted)
    page = InteractivePage(chromium, folder)
    page.requests()
    page.driver.get(page.address)
    page.press("step")
    assert browser.beyond_the_folder(page.requests()) != []
    page.console()


def test_an_error_in_the_console_is_seen(chromium, tmp_path):
    folder = changed_copy(tmp_path / "page", "page.js", lambda text: text + "null.x;")
    page = InteractivePage(chromium, folder)
    assert any("TypeError" in message for message in page.console())
