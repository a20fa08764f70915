"""The interactive page as its reader meets it: by keyboard, on a phone, in the dark, offline."""

from __future__ import annotations

import itertools
import re
import shutil

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from models.losses import naive_softmax, negative_sampling
from tests.docs import browser
from tests.docs.browser import INTERACTIVE, InteractivePage

LONGEST = " ".join(f"{letter * 13}w" for letter in "mwabcdef")

# What a reader may have before them: settings, and the buttons pressed.
STATES = {
    "initial": ({}, []),
    "trained": ({}, ["step", "many-steps"]),
    "zeros": ({"init": "zeros"}, ["step"]),
    "nudged": ({"init": "zeros"}, ["nudge", "many-steps"]),
    "negative-sampling": ({"loss": "negative-sampling", "negatives": 6}, ["many-steps"]),
    "stuck-negative-sampling": ({"loss": "negative-sampling", "init": "zeros"}, ["step"]),
    "problems": ({"sentence": "a", "rate": -1, "window": 0, "seed": ""}, []),
    "longest": ({"sentence": LONGEST, "window": 5, "loss": "negative-sampling"}, ["many-steps"]),
    "overflow": ({"rate": 10}, ["many-steps"] * 4),
}


def reach(page, state):
    settings, buttons = STATES[state]
    page.set(**settings)
    for button in buttons:
        page.press(button)


def changed_copy(folder, name, change):
    """A copy of the page with one file changed."""
    shutil.copytree(INTERACTIVE, folder)
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert change(text) != text
    file.write_text(change(text), encoding="utf-8")
    return folder


# ---- what is shown -------------------------------------------------------------------------------


def next_pair(page):
    """The indices of the center and the outside word that are marked as next."""
    words = page.run(
        "return [...document.querySelectorAll('#outside tbody th')].map((e) => e.textContent)"
    )
    _, pair = page.text("#queue .next").split(": ", 2)[1:]
    return tuple(words.index(word) for word in pair.split(" → "))


def force(page, name):
    return page.numbers(f'#force-numbers [data-row="{name}"] td')


def test_the_numbers_shown_for_naive_softmax_are_those_of_the_next_step(page):
    page.press("step", 3)
    c, o = next_pair(page)
    center, outside = page.vectors()
    losses = [naive_softmax(center[c], outside, x)[0] for x in range(len(outside))]
    _, by_center, _ = naive_softmax(center[c], outside, o)
    p = np.exp(-np.array(losses))
    np.testing.assert_allclose(page.numbers("#probabilities td:nth-child(3)"), p, rtol=1e-12)
    np.testing.assert_array_equal(page.numbers("#probabilities td:nth-child(4)"), np.eye(len(p))[o])
    np.testing.assert_allclose(force(page, "pull"), outside[o], rtol=1e-12)
    np.testing.assert_allclose(force(page, "push"), -p @ outside, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(force(page, "sum"), -by_center, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(force(page, "change"), -0.4 * by_center, rtol=1e-12, atol=1e-15)
    page.press("step")
    moved = page.vectors()[0] - center
    np.testing.assert_allclose(moved[c], -0.4 * by_center, rtol=1e-12)
    assert not np.delete(moved, c, axis=0).any()


def test_the_numbers_shown_for_negative_sampling_are_those_of_the_next_step(page):
    page.set(loss="negative-sampling", negatives=3)
    page.press("step", 5)
    c, o = next_pair(page)
    center, outside = page.vectors()
    negatives = page.call("drawNegatives", len(outside), o, 3, 1, 5)
    _, by_center, by_outside = negative_sampling(center[c], outside, o, negatives)
    sigma = 1 / (1 + np.exp(-outside[[o, *negatives]] @ center[c]))
    np.testing.assert_allclose(page.numbers("#sigmas td:nth-child(3)"), sigma, rtol=1e-12)
    np.testing.assert_array_equal(page.numbers("#sigmas td:nth-child(4)"), [1, 0, 0, 0])
    np.testing.assert_allclose(force(page, "pull"), (1 - sigma[0]) * outside[o], rtol=1e-12)
    np.testing.assert_allclose(
        force(page, "push"), -sigma[1:] @ outside[negatives], rtol=1e-12, atol=1e-15
    )
    np.testing.assert_allclose(force(page, "sum"), -by_center, rtol=1e-12, atol=1e-15)
    marked = page.run(
        "return [...document.querySelectorAll('#outside tbody tr')]"
        ".map((row) => row.className === 'moves')"
    )
    np.testing.assert_array_equal(marked, by_outside.any(axis=1))


def test_the_pairs_follow_one_another(page):
    assert "the → cat" in page.text("#queue .next")
    assert "cat → the" in page.text("#queue li:last-child")
    page.press("step")
    assert "the → cat" in page.text("#queue .last")
    assert "cat → the" in page.text("#queue .next")
    assert page.text("#sentence-strip .center").startswith("cat")
    assert page.text("#sentence-strip .observed").startswith("the")
    page.press("step", 13)
    assert "pair 1 of 14: the → cat" in page.text("#queue .next")


def test_what_is_not_zero_never_reads_as_zero(page):
    page.set(init="zeros")
    page.press("nudge")
    page.press("step")
    shown = page.run(
        "return [...document.querySelectorAll('[data-value]')]"
        ".map((e) => [Number(e.dataset.value), e.textContent])"
    )
    assert any(0 < abs(value) < 1e-4 for value, _ in shown)
    for value, text in shown:
        assert (text == "0") == (value == 0)
        assert float(text.replace("−", "-")) == pytest.approx(value, rel=0.06, abs=5.1e-4)


def test_a_step_is_told_to_a_screen_reader(page):
    status = page.driver.find_element(By.ID, "status")
    assert status.get_attribute("aria-live") == "polite"
    page.press("step")
    assert "Step 1, the → cat: the loss of this pair went from" in status.text
    page.press("many-steps")
    assert "100 steps: the mean loss went from" in status.text
    page.press("reset")
    assert "start" in status.text
    assert page.text("#step-count") == "0"


def test_the_learning_rate_changes_without_a_restart_and_all_else_with_one(page):
    page.press("step")
    page.set(rate=0.2)
    assert page.text("#step-count") == "1"
    for field, value in {"window": 2, "seed": 5, "init": "half-zeros"}.items():
        page.press("step")
        page.set(**{field: value})
        assert page.text("#step-count") == "0"


def test_names_of_vectors_do_not_cover_each_other(page):
    """At the start, where the vectors are apart, at three widths."""
    for width in (390, 730, 1280):
        page.emulate(width=width)
        page.run("window.dispatchEvent(new Event('resize'))")
        boxes = page.run(
            "return [...document.querySelectorAll('#vectors .name')].map((name) => {"
            "const { left, right, top, bottom } = name.getBoundingClientRect();"
            "return [left, right, top + 3, bottom - 3]; })"
        )
        assert len(boxes) == 12
        covered = [
            max(0, min(a[1], b[1]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[2], b[2]))
            for a, b in itertools.combinations(boxes, 2)
        ]
        assert max(covered) < 25  # square pixels, of about 600 that a name has


# ---- the sentence --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "problem"),
    [
        ("", "0 different words; it needs 2 to 8"),
        ("a A a.", "1 different word; it needs 2 to 8"),
        ("a b c d e f g h i", "9 different words; it needs 2 to 8"),
        ("a b " * 13, "26 words; it may have 24"),
        ("an incomprehensibility", "“incomprehensibility” has 19 letters; a word may have 14"),
    ],
)
def test_a_sentence_that_will_not_do_is_told_and_the_last_one_stays(page, sentence, problem):
    page.press("step")
    page.set(sentence=sentence)
    assert problem in page.text("#sentence-problem")
    field = page.driver.find_element(By.ID, "sentence")
    assert field.get_attribute("aria-invalid") == "true"
    assert page.text("#step-count") == "1"
    page.press("step")
    assert page.text("#step-count") == "2"
    page.set(sentence="to be or not to be")
    assert page.text("#sentence-problem") == ""
    assert field.get_attribute("aria-invalid") == "false"
    assert page.vectors()[0].shape == (4, 2)
    assert page.text("#step-count") == "0"


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("window", 0, "Window: a whole number from 1 to 5, not 0."),
        ("window", 1.5, "Window: a whole number from 1 to 5, not 1.5."),
        ("rate", -0.1, "Learning rate, α: a number from 0.001 to 10, not -0.1."),
        ("rate", "", "Learning rate, α: a number from 0.001 to 10."),
        ("seed", 1e7, "Seed: a whole number from 0 to 999999, not 10000000.0."),
    ],
)
def test_a_number_that_will_not_do_is_told(page, field, value, problem):
    page.set(**{field: value})
    assert problem in page.text(f"#{field}-problem")
    page.press("step")
    assert page.text("#step-count") == "1"


def test_markup_in_words_stays_text(page):
    words = ["<b>bold</b>", "<img", "src=x", 'onerror="1"', "&lt;b", "'q'"]
    before = page.run("return document.querySelectorAll('*').length")
    page.set(sentence="one two three four five six")
    plain = page.run("return document.querySelectorAll('*').length")
    page.set(sentence=" ".join(words))
    assert page.run("return document.querySelectorAll('*').length") == plain <= before
    shown = page.run(
        "return [...document.querySelectorAll('#outside tbody th')].map((e) => e.textContent)"
    )
    assert shown == ["<b>bold</b>", "<img", "src=x", 'onerror="1', "&lt;b", "'q'"]
    page.press("many-steps")
    assert page.text("#step-count") == "100"
    assert page.console() == []


# ---- keyboard ------------------------------------------------------------------------------------


def focus_by_tab(page, limit=40):
    """The ids that Tab comes by, from the top of the page until it leaves it."""
    visited = []
    page.run("document.activeElement.blur(); window.scrollTo(0, 0)")
    for _ in range(limit):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        at = page.run("return document.activeElement.id || document.activeElement.tagName")
        if at == "BODY" or at in visited:
            return visited
        visited.append(at)
    raise AssertionError(f"Tab does not come out of the page: {visited}")


CONTROLS = ["sentence", "window", "loss", "init", "seed", "rate"]
BUTTONS = ["step", "many-steps", "reset", "nudge"]


def test_tab_reaches_every_control_in_order_and_leaves(page):
    assert focus_by_tab(page) == [*CONTROLS, *BUTTONS]
    page.set(loss="negative-sampling")
    assert focus_by_tab(page) == [
        "sentence",
        "window",
        "loss",
        "negatives",
        *CONTROLS[3:],
        *BUTTONS,
    ]


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
    sentence = page.driver.find_element(By.ID, "sentence")
    sentence.clear()
    sentence.send_keys("to be or not to be", Keys.ENTER)
    assert page.vectors()[0].shape == (4, 2)
    page.driver.find_element(By.ID, "init").send_keys("z")
    assert not page.vectors()[0].any()


def test_the_focus_is_seen(page):
    for _ in range(len(CONTROLS) + len(BUTTONS)):
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
    "rule", ["p { color: #999 }", "svg .tick { fill: #bbb }", "td { opacity: 0.5 }"]
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


# ---- where there is no browser -------------------------------------------------------------------


def test_without_a_browser_tests_are_skipped_with_a_reason(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no chromium and no chromedriver on this"):
        browser.find_binaries()


def test_without_a_browser_tests_fail_in_ci(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="CI=true"):
        browser.find_binaries()
