"""The interactive page computes what `models.losses` computes: case by case, and in training."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from models.losses import naive_softmax, negative_sampling
from tests.docs.browser import InteractivePage, changed_copy

SENTENCE = "The cat drinks milk, the dog drinks water."
WORDS = ["the", "cat", "drinks", "milk", "dog", "water"]


# ---- one pair ------------------------------------------------------------------------------------


def random_cases(count, seed, scales):
    """(center, outside, target, negatives): repeats, and the target among them, now and then."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        size, d = rng.integers(1, 13), rng.integers(1, 7)
        scale = rng.choice(scales)
        yield (
            scale * rng.uniform(-1, 1, d),
            rng.uniform(-1, 1, (size, d)),
            int(rng.integers(size)),
            rng.integers(size, size=rng.integers(0, 7)).tolist(),
        )


def large_scores(count, seed):
    """Scores of ±700 and beyond, where a plain exponential overflows."""
    rng = np.random.default_rng(seed)
    for size in (700.0, 710.0, 1e3, 1e5):
        for _ in range(count):
            scores = size * rng.choice([-1.0, 1.0], (5, 1))
            yield np.ones(1), scores, int(rng.integers(5)), rng.integers(5, size=3).tolist()


CASES = [
    *random_cases(400, seed=1, scales=[1.0, 1.0, 0.0, 1e-3, 5.0, 30.0]),
    *large_scores(10, seed=2),
]


def assert_same(got, center, outside, expected):
    """Equal but for rounding: of the scores, and of sums of terms as large as the vectors."""
    loss, grad_center, grad_outside = expected
    largest = 1 + np.abs(outside @ center).max()
    np.testing.assert_allclose(got["loss"], loss, rtol=1e-14 * largest, atol=1e-15 * largest)
    for name, expected_gradient in (("gradCenter", grad_center), ("gradOutside", grad_outside)):
        size = max(np.abs(center).max(), np.abs(outside).max())
        np.testing.assert_allclose(
            got[name], expected_gradient, rtol=1e-14 * largest, atol=1e-14 * largest * size
        )
    np.testing.assert_allclose(
        np.add(got["pull"], got["push"]),
        -grad_center,
        rtol=1e-14 * largest,
        atol=1e-14 * largest * size,
    )


def compare_softmax(page):
    inputs = [[v.tolist(), U.tolist(), o] for v, U, o, _ in CASES]
    for got, (v, U, o, _) in zip(page.call_many("naiveSoftmax", inputs), CASES, strict=True):  # noqa: N806 - the same
        assert_same(got, v, U, naive_softmax(v, U, o))


def compare_negative_sampling(page):
    inputs = [[v.tolist(), U.tolist(), o, n] for v, U, o, n in CASES]
    for got, (v, U, o, n) in zip(page.call_many("negativeSampling", inputs), CASES, strict=True):  # noqa: N806 - the same
        assert_same(got, v, U, negative_sampling(v, U, o, n))


def test_naive_softmax_is_the_models(page):
    compare_softmax(page)


def test_negative_sampling_is_the_models(page):
    assert any(len(set(n)) < len(n) for _, _, _, n in CASES)
    assert any(o in n for _, _, o, n in CASES)
    compare_negative_sampling(page)


def test_probabilities_are_the_exponentials_of_minus_the_losses(page):
    inputs = [[v.tolist(), U.tolist()] for v, U, _, _ in CASES]
    for got, (v, U, _, _) in zip(page.call_many("probabilities", inputs), CASES, strict=True):  # noqa: N806 - the same
        expected = [np.exp(-naive_softmax(v, U, x)[0]) for x in range(len(U))]
        largest = 1 + np.abs(U @ v).max()
        np.testing.assert_allclose(got, expected, rtol=1e-13 * largest, atol=1e-300)


def test_the_expected_loss_is_the_mean_over_all_draws(page):
    rng = np.random.default_rng(3)
    for size in (2, 3, 5):
        v, U, o = rng.normal(size=2), rng.normal(size=(size, 2)), size - 1  # noqa: N806 - the lecture's
        others = [x for x in range(size) if x != o]
        draws = [[a, b] for a in others for b in others]
        expected = np.mean([negative_sampling(v, U, o, draw)[0] for draw in draws])
        got = page.call("expectedNegativeSamplingLoss", v.tolist(), U.tolist(), o, 2)
        np.testing.assert_allclose(got, expected, rtol=1e-14)


# ---- training by the buttons ---------------------------------------------------------------------


def window_pairs(words, window):
    """(center, outside), from left to right, written without the page's help."""
    return [
        (words[i], words[j])
        for i in range(len(words))
        for j in range(len(words))
        if 0 < abs(i - j) <= window
    ]


def pairs_of_the_sentence(window):
    tokens = SENTENCE.lower().replace(",", "").replace(".", "").split()
    return [(WORDS.index(c), WORDS.index(o)) for c, o in window_pairs(tokens, window)]


def trained(page, center, outside, *, pairs, steps, loss, rate, seed=1, count=2):
    """Train with NumPy; of the page only the negatives that it draws are taken."""
    center, outside = center.copy(), outside.copy()
    taken = [pairs[step % len(pairs)] for step in range(steps)]
    draws = page.call_many(
        "drawNegatives", [[len(outside), o, count, seed, t] for t, (_, o) in enumerate(taken)]
    )
    for (c, o), negatives in zip(taken, draws, strict=True):
        if loss == "naive-softmax":
            _, grad_center, grad_outside = naive_softmax(center[c], outside, o)
        else:
            _, grad_center, grad_outside = negative_sampling(center[c], outside, o, negatives)
        center[c] -= rate * grad_center
        outside -= rate * grad_outside
    return center, outside


def compare_training(page, *, loss, init, window, rate):
    page.set(loss=loss, init=init, window=window, rate=rate)
    start = page.vectors()
    pairs = pairs_of_the_sentence(window)
    page.press("many-steps")
    page.press("step", 3)
    assert page.text("#step-count") == "103"
    expected = trained(page, *start, pairs=pairs, steps=103, loss=loss, rate=rate)
    for got, want in zip(page.vectors(), expected, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-11)
    return expected


@pytest.mark.parametrize("loss", ["naive-softmax", "negative-sampling"])
@pytest.mark.parametrize(("init", "window"), [("random", 1), ("half-zeros", 2)])
def test_training_by_the_buttons_is_training_with_the_models(page, loss, init, window):
    start = page.vectors()
    end = compare_training(page, loss=loss, init=init, window=window, rate=0.3)
    assert np.abs(end[0] - start[0]).max() > 0.1  # it went somewhere


def test_the_first_step_from_half_zeros_moves_rows_of_u_only(page):
    page.set(init="half-zeros")
    center, outside = page.vectors()
    assert center.all()
    assert not outside.any()
    assert "not vthe, whose gradient is exactly 0" in page.text("[data-slot=moving]")
    page.press("step")
    after = page.vectors()
    np.testing.assert_array_equal(after[0], center)
    assert after[1].all()


def mean_loss(center, outside, pairs, loss, count):
    def one(c, o):
        if loss == "naive-softmax":
            return naive_softmax(center[c], outside, o)[0]
        others = [w for w in range(len(outside)) if w != o]
        positive = negative_sampling(center[c], outside, o, [])[0]
        each = [negative_sampling(center[c], outside, o, [n])[0] - positive for n in others]
        return positive + count * np.mean(each)

    return np.mean([one(c, o) for c, o in pairs])


@pytest.mark.parametrize("loss", ["naive-softmax", "negative-sampling"])
def test_the_mean_loss_shown_is_the_mean_over_all_pairs(page, loss):
    page.set(loss=loss, window=2, negatives=3)
    page.press("many-steps")
    expected = mean_loss(*page.vectors(), pairs_of_the_sentence(2), loss, count=3)
    np.testing.assert_allclose(page.number("#mean-loss"), expected, rtol=1e-12)


@pytest.mark.parametrize("loss", ["naive-softmax", "negative-sampling"])
def test_the_dashed_line_is_reached_by_the_best_scores_and_by_no_others(page, loss):
    """With U = I the rows of V are the scores, each of them free."""
    pairs, size, count = pairs_of_the_sentence(1), len(WORDS), 2
    lowest = page.call("lowestMeanLoss", pairs, size, None if loss == "naive-softmax" else count)
    seen = np.zeros((size, size))
    for c, o in pairs:
        seen[c, o] += 1
    drawn = count * (seen.sum(axis=1, keepdims=True) - seen) / (size - 1)
    low = np.ones_like(seen) if loss == "naive-softmax" else drawn
    # log(seen / low), and ±700 in place of ±∞
    best = np.log(np.maximum(seen, 1e-304)) - np.log(np.maximum(low, 1e-304))
    best = np.clip(best, -700, 700)
    np.testing.assert_allclose(
        mean_loss(best, np.eye(size), pairs, loss, count), lowest, rtol=1e-13
    )
    rng = np.random.default_rng(4)
    for _ in range(20):
        other = best + rng.normal(scale=0.3, size=best.shape)
        assert mean_loss(other, np.eye(size), pairs, loss, count) > lowest


# ---- zeros ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["naive-softmax", "negative-sampling"])
def test_zeros_stay_exactly_zero(page, loss):
    page.set(loss=loss, init="zeros")
    for button in ("step", "many-steps"):
        page.press(button)
        for matrix in page.vectors():
            assert matrix.shape == (6, 2)
            assert not matrix.any()
    assert page.text("#step-count") == "101"
    assert "exactly 0" in page.text("#status")
    assert page.driver.find_element("id", "stuck").is_displayed()


@pytest.mark.parametrize("loss", ["naive-softmax", "negative-sampling"])
def test_a_nudge_sets_zeros_free(page, loss):
    page.set(loss=loss, init="zeros")
    stuck_at = page.number("#mean-loss")
    page.press("nudge")
    center, outside = page.vectors()
    assert np.linalg.norm(center) == pytest.approx(0.01)
    assert (center.any(axis=1)).sum() == 1
    assert not outside.any()
    assert not page.driver.find_element("id", "stuck").is_displayed()
    page.press("many-steps")
    assert page.number("#mean-loss") < stuck_at
    page.press("many-steps", 3)
    assert page.number("#mean-loss") < stuck_at - 0.2


def areas(vectors):
    """The area between the first of the rows that are not 0 and each of them."""
    rows = np.concatenate(vectors)
    first = rows[rows.any(axis=1)][0]
    return np.abs(rows[:, 0] * first[1] - rows[:, 1] * first[0])


def test_one_nudge_frees_a_line_and_a_second_the_plane(page):
    page.set(init="zeros")
    page.press("nudge")
    page.press("many-steps", 3)
    assert areas(page.vectors()).max() < 1e-10
    page.press("nudge")
    page.press("many-steps", 3)
    assert areas(page.vectors()).max() > 1e-3


def test_too_large_a_learning_rate_is_told_and_leaves_numbers(page):
    page.set(rate=10)
    page.press("many-steps", 5)
    assert "smaller learning rate" in page.text("#status")
    for matrix in page.vectors():
        assert np.isfinite(matrix).all()
    page.set(rate=0.1)
    page.press("reset")
    start = page.number("#mean-loss")
    page.press("many-steps")
    assert page.text("#step-count") == "100"
    assert page.number("#mean-loss") < start


# ---- the sentence, and chance --------------------------------------------------------------------


@pytest.mark.parametrize("window", [1, 2, 5])
def test_the_pairs_are_those_of_the_window(page, window):
    places = page.call("positions", 8, window)
    assert [tuple(place) for place in places] == window_pairs(range(8), window)


def test_the_sentence_is_taken_apart(page):
    assert (
        page.run("return word2vec.vocabulary(word2vec.tokenize(arguments[0]))", SENTENCE) == WORDS
    )
    assert page.call("tokenize", " “Hello,”\tDON'T (x-ray) … ÉTÉ! <b> ") == [
        "hello",
        "don't",
        "x-ray",
        "été",
        "<b>",
    ]


@pytest.mark.parametrize("size", [2, 6])
def test_every_word_but_the_target_is_drawn_equally_often(page, size):
    target = 1
    draws = page.call_many("drawNegatives", [[size, target, 4, 7, step] for step in range(5000)])
    assert all(len(draw) == 4 for draw in draws)
    counts = Counter(n for draw in draws for n in draw)
    assert set(counts) == set(range(size)) - {target}
    expected = 20_000 / (size - 1)
    assert all(abs(count - expected) < 6 * np.sqrt(expected) for count in counts.values())
    again, other = (page.call("drawNegatives", 6, 1, 20, seed, 3) for seed in (7, 8))
    assert again == page.call("drawNegatives", 6, 1, 20, 7, 3)
    assert again != other


def test_random_starts_are_uniform_and_belong_to_their_seed(page):
    first, again, other = (
        np.array(page.call("initialVectors", "random", 2000, 2, seed)["outside"])
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
    assert -0.5 <= first.min() < -0.49
    assert 0.49 < first.max() < 0.5
    assert abs(first.mean()) < 0.02
    assert abs(np.corrcoef(first[:, 0], other[:, 0])[0, 1]) < 0.1


# ---- the comparisons can fail --------------------------------------------------------------------


def planted(chromium, folder, right, wrong):
    """The page with one mistake in its arithmetic."""

    def change(text):
        assert text.count(right) == 1
        return text.replace(right, wrong)

    return InteractivePage(chromium, changed_copy(folder, "word2vec.js", change))


@pytest.mark.parametrize(
    ("comparison", "right", "wrong"),
    [
        (compare_softmax, "p - (x === target", "p + (x === target"),
        (compare_softmax, "scale(-1, weightedSum(yHat", "scale(1, weightedSum(yHat"),
        (compare_softmax, "const largest = Math.max(...scores)", "const largest = 0"),
        (
            compare_negative_sampling,
            "scale(-sigmoid(-score), center)",
            "scale(sigmoid(-score), center)",
        ),
        (
            compare_negative_sampling,
            "add(gradOutside[n], scale(sigmoid(negativeScores[k]), center))",
            "scale(sigmoid(negativeScores[k]), center)",
        ),
        (
            compare_negative_sampling,
            "minusLogSigmoid(-s), minusLogSigmoid(score)",
            "minusLogSigmoid(s), minusLogSigmoid(score)",
        ),
    ],
    ids=["one-hot-sign", "push-sign", "overflow", "target-sign", "repeats-once", "loss-sign"],
)
def test_a_planted_mistake_is_seen(chromium, tmp_path, comparison, right, wrong):
    page = planted(chromium, tmp_path / "interactive", right, wrong)
    with pytest.raises((AssertionError, TypeError)):
        comparison(page)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("add(row, scale(-rate, gradCenter))", "add(row, scale(rate, gradCenter))"),
        ("add(row, scale(-rate, gradOutside[w]))", "row"),
        ("if (i !== j) found.push([i, j])", "if (i !== j) found.push([j, i])"),
    ],
    ids=["climbs", "u-stays", "pairs-turned"],
)
def test_a_planted_mistake_in_training_is_seen(chromium, tmp_path, right, wrong):
    page = planted(chromium, tmp_path / "interactive", right, wrong)
    with pytest.raises(AssertionError):
        compare_training(page, loss="naive-softmax", init="random", window=1, rate=0.3)


def test_zeros_that_move_are_seen(chromium, tmp_path):
    page = planted(
        chromium, tmp_path / "interactive", "const zero = () => 0;", "const zero = () => 1e-300;"
    )
    with pytest.raises(AssertionError):
        test_zeros_stay_exactly_zero(page, "naive-softmax")
