"""The interactive page under a hand: dragging, going back, terms and arrows, things to try."""

from __future__ import annotations

import numpy as np
import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from models.losses import naive_softmax
from tests.docs.browser import InteractivePage, changed_copy


def handle(page, key):
    return page.driver.find_element(By.CSS_SELECTOR, f'[data-key="{key}"]')


def drag(page, key, right, down, *, release=True):
    """Take hold of a tip, and move it by so many pixels."""
    moves = ActionChains(page.driver, duration=0).click_and_hold(handle(page, key))
    moves = moves.move_by_offset(right, down)
    (moves.release() if release else moves).perform()


def shown(page):
    """p(o|c) and J, as they stand beside the formula."""
    return page.number("#probability"), page.number("#pair-loss")


def test_p_loss_and_gradient_follow_the_hand(page):
    center, outside = page.vectors()
    drag(page, "center-0", 40, 60, release=False)
    moved, unmoved = page.vectors()
    assert moved[0, 0] > center[0, 0]
    assert moved[0, 1] < center[0, 1]
    np.testing.assert_array_equal(moved[1:], center[1:])
    np.testing.assert_array_equal(unmoved, outside)
    loss, by_center, _ = naive_softmax(moved[0], outside, 1)
    np.testing.assert_allclose(shown(page), [np.exp(-loss), loss], rtol=1e-12)
    forces = page.numbers('#force-numbers [data-row="sum"] td')
    np.testing.assert_allclose(forces, -by_center, rtol=1e-12, atol=1e-15)
    ActionChains(page.driver).release().perform()
    assert "the loss of this pair is" in page.text("#status")
    assert page.text("#step-count") == "0"


def test_the_tip_stays_under_the_hand(page):
    """The scale of the plane does not change while a hand holds a tip."""
    before = handle(page, "outside-1").rect
    drag(page, "outside-1", -70, -90, release=False)
    after = handle(page, "outside-1").rect
    ActionChains(page.driver).release().perform()
    assert after["x"] - before["x"] == pytest.approx(-70, abs=1.5)
    assert after["y"] - before["y"] == pytest.approx(-90, abs=1.5)


def test_the_arrow_keys_move_a_tip_and_keep_the_focus(page):
    (x, y), *_ = page.vectors()[0]
    handle(page, "center-0").send_keys(Keys.ARROW_RIGHT, Keys.ARROW_UP)
    (new_x, new_y), *_ = page.vectors()[0]
    assert new_x - x == pytest.approx(new_y - y)
    assert new_x > x
    assert page.run("return document.activeElement.dataset.key") == "center-0"
    assert "(" in handle(page, "center-0").get_attribute("aria-label")


def test_zeros_are_left_by_hand(page):
    page.set(init="zeros")
    drag(page, "center-0", 50, -30)
    page.press("step")
    assert page.vectors()[1].any()


def test_back_undoes_step_nudge_and_drag_one_by_one(page):
    states = []
    for act in (
        lambda: page.press("step"),
        lambda: page.press("nudge"),
        lambda: drag(page, "center-1", 30, 30),
        lambda: page.press("step"),
        lambda: page.press("many-steps"),
    ):
        states.append((page.vectors(), page.text("#step-count"), page.number("#mean-loss")))
        act()
    page.press("back", 99)
    for (center, outside), steps, loss in reversed(states):
        page.press("back")
        np.testing.assert_array_equal(page.vectors()[0], center)
        np.testing.assert_array_equal(page.vectors()[1], outside)
        assert page.text("#step-count") == steps
        assert page.number("#mean-loss") == pytest.approx(loss, rel=1e-12)
    assert not page.driver.find_element(By.ID, "back").is_enabled()
    page.press("step")
    assert page.text("#step-count") == "1"


def lit(page):
    """What is lit: of terms and rows their part, of arrows the words of their vectors."""
    return set(
        page.run(
            "return [...document.querySelectorAll('.lit')].map((e) => "
            "`${e.localName} ${e.dataset.part}`)"
        )
    )


def hover(page, selector):
    element = page.driver.find_element(By.CSS_SELECTOR, selector)
    ActionChains(page.driver, duration=0).move_to_element(element).perform()


def visible_term(part):
    return f'[data-for="naive-softmax"] .term[data-part="{part}"]'


def test_a_term_lights_the_arrow_that_it_is(page):
    hover(page, visible_term("pull"))
    assert lit(page) == {"button pull", "tr pull", "g pull"}
    hover(page, visible_term("push"))
    # All outside vectors are in the sum, u_o too.
    assert lit(page) >= {"button push", "g push", "g pull", "g word-0", "g word-5"}
    hover(page, visible_term("center"))
    assert lit(page) == {"button center", "g center"}
    hover(page, "h1")
    assert lit(page) == set()


def test_an_arrow_lights_its_terms(page):
    hover(page, '[data-key="outside-1"]')
    assert lit(page) == {"g pull", "button pull", "tr pull"}
    hover(page, '[data-key="outside-4"]')
    assert lit(page) == {"g word-4", "tr word-4", "button push", "tr push"}
    hover(page, '#probabilities [data-part="word-4"]')
    assert "g word-4" in lit(page)


def test_the_keyboard_lights_a_term_too(page):
    page.run("document.querySelector(arguments[0]).focus()", visible_term("pull"))
    assert "g pull" in lit(page)


def done(page):
    marks = page.run(
        "return [...document.querySelectorAll('#tasks li')].map((e) => e.className === 'done')"
    )
    return [number for number, is_done in enumerate(marks, start=1) if is_done]


def test_each_thing_to_try_notices_when_it_is_done(page):
    assert done(page) == []
    # 1: towards u_o, and beyond it; the plane grows with it.
    drag(page, "center-0", 20, 60)
    assert done(page) == []
    for _ in range(12):
        handle(page, "center-0").send_keys(*[Keys.ARROW_DOWN] * 8)
    assert done(page) == [1]
    page.press("reset")
    page.press("step")
    assert done(page) == [1, 2]
    page.press("many-steps", 9)
    assert done(page) == [1, 2, 3]
    page.set(loss="negative-sampling")
    assert done(page) == [1, 2, 3]
    page.press("step")
    assert done(page) == [1, 2, 3, 4]
    assert "Done: one of the things to try." in page.text("#status")
    page.set(loss="naive-softmax", init="zeros")
    page.press("many-steps")
    page.press("nudge")
    assert done(page) == [1, 2, 3, 4]
    page.press("many-steps", 4)
    assert done(page) == [1, 2, 3, 4, 5]
    page.press("nudge")
    page.press("many-steps", 4)
    assert done(page) == [1, 2, 3, 4, 5, 6]
    page.set(init="half-zeros")
    page.press("step")
    assert done(page) == [1, 2, 3, 4, 5, 6, 7]
    assert page.text("#tasks-done") == page.text("#tasks-all") == "7"


def test_a_hand_that_moves_nothing_is_seen(chromium, tmp_path):
    folder = changed_copy(
        tmp_path / "page", "page.js", lambda text: text.replace("training.place(", "void (")
    )
    page = InteractivePage(chromium, folder)
    before = page.vectors()[0]
    drag(page, "center-0", 40, 60)
    np.testing.assert_array_equal(page.vectors()[0], before)


def test_the_scale_of_the_loss_is_not_cut_off(page):
    page.set(rate=10)
    page.press("many-steps", 4)
    edges = page.run(
        "return [...document.querySelectorAll('#losses text')].map((e) => e.getBBox().x)"
    )
    assert min(edges) >= 0
