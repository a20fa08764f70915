"""What the interactive page shows: the next step's numbers, the sentence, what is wrong with it."""

from __future__ import annotations

import itertools
import shutil

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from models.losses import naive_softmax, negative_sampling
from tests.docs import browser
from tests.docs.browser import InteractivePage, changed_copy

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


def visible(page):
    """What can be read, in one line."""
    return " ".join(page.run("return document.body.innerText").split())


def test_what_is_said_of_sums_belongs_to_the_loss(page):
    over_words, over_negatives = (
        "a sum over x goes through all 6 words",
        "A sum over k goes through",
    )
    assert over_words in visible(page)
    assert over_negatives not in visible(page)
    page.set(loss="negative-sampling", negatives=3)
    assert over_words not in visible(page)
    assert f"{over_negatives} these 3, not through the vocabulary" in visible(page)


def test_pull_and_push_cancel_in_the_mean_and_not_for_a_pair(page):
    """Where the mean loss is about the lowest: of "cat" the neighbours are "the" and "drinks"."""
    for rate, hundreds in ((0.4, 20), (0.05, 10)):
        page.set(rate=rate)
        page.press("many-steps", hundreds)
    center, outside = page.vectors()
    forces = [-naive_softmax(center[1], outside, o)[1] for o in (0, 2)]
    assert min(np.abs(force).max() for force in forces) > 0.3
    assert np.abs(np.mean(forces, axis=0)).max() < 0.05
    assert "For a single pair they rarely cancel. In the mean over" in visible(page)


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
        ("rate", -0.1, "Learning rate, η: a number from 0.001 to 10, not -0.1."),
        ("rate", "", "Learning rate, η: a number from 0.001 to 10."),
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


def coming_back(page):
    """What the sentence field says after a wrong sentence, another page, and the way back."""
    page.unfold_settings()
    sentence = page.driver.find_element(By.ID, "sentence")
    sentence.clear()
    sentence.send_keys("a", Keys.ENTER)
    page.driver.get("data:text/html,elsewhere")
    page.driver.back()
    return page.driver.find_element(By.ID, "sentence").get_property("value")


def test_a_page_come_back_to_shows_no_settings_but_its_own(page):
    """Browsers put back what was typed, unless they are told not to."""
    assert coming_back(page).startswith("The cat")
    page.press("step")
    assert page.text("#step-count") == "1"


def test_settings_that_are_put_back_are_seen(chromium, tmp_path):
    folder = changed_copy(
        tmp_path / "page", "index.html", lambda text: text.replace(' autocomplete="off"', "")
    )
    assert coming_back(InteractivePage(chromium, folder)) == "a"


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
