"""The walkthrough: its numbers against the oracle, its documents against what they must be."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser
from rich.cells import cell_len

import models.losses
from gradcheck.document.numerals import written
from gradcheck.word2vec import oracle
from gradcheck.word2vec.cases import Case
from gradcheck.word2vec.lecture.arithmetic import product, total
from gradcheck.word2vec.walkthrough import walk
from gradcheck.word2vec.walkthrough.measured import Written
from tests.word2vec.test_measured import assert_supported

SENTENCES = ("the cat drinks milk", "a b", "a b c d e a b a", "x y z")
UNITS = 64  # as the docstring of oracle.Answer grants


def prose(step):
    """The text in one line: whatever is looked for, it may be broken there."""
    return " ".join(step.to_text().split())


def floats(numbers):
    return np.array(numbers, dtype=np.float64)


@st.composite
def steps(draw):
    """Walkthroughs of both losses, from zeros to scores of some tens."""
    sentence = draw(st.sampled_from(SENTENCES))
    words = list(dict.fromkeys(sentence.split()))
    dimension = draw(st.integers(1, 4))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    decimals = draw(st.integers(0, 3))

    def matrix():
        scale = draw(st.sampled_from([0, 0.1, 1, 5]))
        return (scale * generator.standard_normal((len(words), dimension))).round(decimals).tolist()

    centers, outside = matrix(), matrix()
    assume(np.abs(floats(outside) @ floats(centers).T).max() <= 100)
    negatives = draw(st.none() | st.lists(st.sampled_from(words), min_size=1, max_size=5))
    return walk(
        sentence,
        window=draw(st.integers(1, 3)),
        loss="naive-softmax" if negatives is None else "negative-sampling",
        negatives=negatives,
        init={"U": outside, "V": centers},
        rate=draw(st.sampled_from(["0.1", "1/3", "2"])),
        pair=draw(st.integers(1, 2)),
    )


def expected(step, outside, centers):
    """The oracle's answer at some vectors, and that of the trainer."""
    case = Case(floats(centers)[step.center], floats(outside), step.target, step.negatives)
    if step.negatives:
        arguments = (case.center, case.outside, case.target, case.negatives)
        return oracle.negative_sampling(case), models.losses.negative_sampling(*arguments)
    arguments = (case.center, case.outside, case.target)
    return oracle.naive_softmax(case), models.losses.naive_softmax(*arguments)


def assert_close(got, wanted, scale):
    assert (np.abs(floats(got) - wanted) <= UNITS * np.finfo(float).eps * scale).all()


def assert_right(step):
    """Every number of the step, against those who know it otherwise."""
    trusted, trainer = expected(step, step.U, step.V)
    for loss, center, outside in ((trusted.loss, trusted.center, trusted.outside), trainer):
        assert_close(step.loss_before, loss, trusted.loss_scale)
        assert_close(step.grad_center, center, trusted.center_scale)
        assert_close(step.grad_outside, outside, trusted.outside_scale)
    rate = float(step.rate)
    moved = floats(step.V)
    moved[step.center] -= rate * trusted.center
    np.testing.assert_allclose(floats(step.V_after), moved, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(
        floats(step.U_after), floats(step.U) - rate * trusted.outside, rtol=1e-11, atol=1e-11
    )
    after, _ = expected(step, step.U_after, step.V_after)
    assert_close(step.loss_after, after.loss, after.loss_scale)
    scores_after = floats(step.U_after) @ floats(step.V_after)[step.center]
    np.testing.assert_allclose(floats(step.scores_after), scores_after, rtol=1e-9, atol=1e-9)
    # Where the loss is nearly flat, finite differences may drown in rounding: the check says so.
    # So it is at 0 where the target is a negative, too: what is left there is of fourth order.
    cancels = step.target in step.negatives and not step.moved_center and not step.moved_outside
    flat = max(map(abs, step.scores)) > 10 or cancels
    assert step.confirmation.verdict in ({"agrees", "undecided"} if flat else {"agrees"})
    assert abs(step.confirmation.claimed - step.confirmation.numerical) <= (
        step.confirmation.error + 1e-12 * max(1, abs(step.confirmation.claimed))
    )


@settings(max_examples=80)
@given(steps())
def test_every_number_is_that_of_the_oracle_and_of_the_trainer(step):
    assert_right(step)


@settings(max_examples=40)
@given(steps())
def test_the_predictions_are_those_of_the_definition(step):
    scores = floats(step.U) @ floats(step.V)[step.center]
    predicted = floats([each.predicted for each in step.predictions])
    if step.negatives:
        drawn = [step.target, *step.negatives]
        assert [each.word for each in step.predictions] == drawn
        assert [each.observed for each in step.predictions] == [1] + [0] * len(step.negatives)
        np.testing.assert_allclose(predicted, 1 / (1 + np.exp(-scores[drawn])), rtol=1e-12)
        exponentials = np.exp(-scores[drawn])
    else:
        exponentials = np.exp(scores)
        np.testing.assert_allclose(predicted, exponentials / exponentials.sum(), rtol=1e-12)
    shown = floats([each.exponential for each in step.predictions])
    np.testing.assert_allclose(shown, exponentials, rtol=1e-12)
    observed = floats([each.observed for each in step.predictions])
    residuals = floats([each.residual for each in step.predictions])
    np.testing.assert_allclose(residuals, predicted - observed, rtol=1e-12, atol=1e-15)


def confirmation(step):
    """The numbers of the finite difference, as they are printed."""
    return Written(
        *re.search(
            r"Finite difference, .*?: (\S+) \(± (\S+)\); gradient (\S+)\.", prose(step)
        ).groups()
    )


@settings(max_examples=40)
@given(steps())
def test_the_finite_difference_has_the_digits_that_its_bound_supports(step):
    found = step.confirmation
    assert_supported(found.numerical, found.error, found.claimed, confirmation(step))


PLANTED = {
    "the sign of the gradient": lambda step: replace(
        step, grad_center=tuple(-entry for entry in step.grad_center)
    ),
    "the one-hot is missing": lambda step: replace(
        step, grad_outside=tuple((entry + 1, *rest) for entry, *rest in step.grad_outside)
    ),
    "a step uphill": lambda step: replace(
        step, V_after=tuple(tuple(-entry for entry in row) for row in step.V_after)
    ),
    "the loss before, not after": lambda step: replace(step, loss_after=step.loss_before),
    "one more digit is wrong": lambda step: replace(step, loss_after=step.loss_after * (1 + 1e-9)),
}


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("loss", ["naive-softmax", "negative-sampling"])
def test_a_wrong_number_is_seen(name, loss):
    step = walk(loss=loss)
    assert_right(step)
    with pytest.raises(AssertionError):
        assert_right(PLANTED[name](step))


def test_a_negative_drawn_twice_counts_twice():
    once, twice = (
        walk(loss="negative-sampling", negatives=names) for names in (["milk"], ["milk", "milk"])
    )
    milk = once.words.index("milk")
    np.testing.assert_allclose(
        floats(twice.grad_outside[milk]), 2 * floats(once.grad_outside[milk]), rtol=1e-15
    )
    assert "Terms of one vector add up: 2 for u_milk." in prose(twice)
    assert "add up" not in prose(once)


# ------------------------------------------------------------------------------ exactness


@pytest.mark.parametrize("init", ["zeros", "half-zeros"])
def test_from_zeros_softmax_is_exact(init):
    step = walk(init=init)
    assert {each.predicted for each in step.predictions} == {Fraction(1, 4)}
    assert [each.residual for each in step.predictions].count(Fraction(-3, 4)) == 1
    entries = [*step.grad_center, *(entry for row in step.grad_outside for entry in row)]
    assert all(isinstance(entry, Fraction) for entry in entries)
    assert " 1/4 " in prose(step)
    assert " -3/4 " in prose(step)


def test_at_zeros_nothing_moves():
    for loss in ("naive-softmax", "negative-sampling"):
        step = walk(init="zeros", loss=loss)
        assert (step.U_after, step.V_after) == (step.U, step.V)
        assert (step.moved_center, step.moved_outside) == (False, ())
        assert "Nothing moves" in prose(step)
        assert "start half-zeros" in prose(step)


def test_at_half_zeros_only_u_moves():
    step = walk(init="half-zeros")
    assert step.V == walk(init="random").V
    assert not step.moved_center
    assert len(step.moved_outside) == 4
    assert "here 0 and 4. v_cat stays, as U is 0." in prose(step)


def test_scores_of_decimals_are_exact():
    step = walk("a b", init={"U": [[0.1, 0.2], ["1/3", 0]], "V": [[0.7, -0.3], [0, 0]]}, pair=1)
    assert step.scores == (Fraction(1, 100), Fraction(7, 30))


def test_an_exact_zero_stays_exact():
    assert product(Fraction(0), math.pi) == 0
    assert isinstance(product(math.pi, Fraction(0)), Fraction)
    assert isinstance(total([Fraction(1, 3), 0.1]), float)
    assert total([0.1, 0.2, Fraction(-3, 10)]) == 0.0
    assert total([0.1, 0.2, -0.3 + 1e-12]) == pytest.approx(1e-12, rel=1e-3)


def test_a_probability_next_to_1_leaves_the_right_residual():
    step = walk("a b", init={"U": [[0], [60]], "V": [[1], [0]]}, pair="a:b")
    residual = step.predictions[1].residual
    assert residual == pytest.approx(-math.exp(-60), rel=1e-12)
    assert step.loss_before == pytest.approx(math.exp(-60), rel=1e-12)


@pytest.mark.parametrize(
    ("number", "style", "shown"),
    [
        (Fraction(1, 4), "decimal", "0.25"),
        (Fraction(1, 4), "fraction", "1/4"),
        (Fraction(-3, 80), "decimal", "-0.0375"),
        (Fraction(1, 3), "decimal", "1/3"),
        (Fraction(0), "decimal", "0"),
        (Fraction(100), "decimal", "100"),
        (Fraction(123456, 10**6), "decimal", "0.1235"),
        (Fraction(12345, 54321), "decimal", "0.2273"),
        (Fraction(123456, 10), "decimal", "12345.6000"),
        (Fraction(1, 10**7), "decimal", "1.000e-07"),
        (0.5, "decimal", "0.5000"),
        (0.5, "fraction", "0.5000"),
        (1234.4, "decimal", "1234.4000"),
        (0.012345, "decimal", "0.0123"),
        (123456.7, "decimal", "1.235e+05"),
        (-1e-5, "decimal", "-1.000e-05"),
    ],
)
def test_how_a_number_is_written(number, style, shown):
    assert written(number, style) == shown


@given(st.fractions(-1000, 1000, max_denominator=10**6), st.sampled_from(["decimal", "fraction"]))
def test_a_written_number_is_exact_or_right_to_four_decimals(number, style):
    shown = written(number, style)
    if "e" in shown:
        assert abs(Fraction(shown) - number) <= abs(number) * Fraction(5, 10**4)
    elif re.search(r"\.\d{4}$", shown):
        assert abs(Fraction(shown) - number) <= Fraction(5, 10**5)
    else:
        assert Fraction(shown) == number


# ------------------------------------------------------------------------------- exercises


def numbers_in(lines):
    return set(re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?:/\d+)?", "\n".join(lines)))


@pytest.mark.parametrize("loss", ["naive-softmax", "negative-sampling"])
def test_an_exercise_gives_no_number_away_and_then_all(loss):
    step = walk(loss=loss, seed=3)
    sheet, solution = step.exercise().to_text().split("\f")
    told = step.to_text().splitlines()
    assert solution.strip().splitlines()[2:] == told[told.index("") + 1 :]
    # What is given: the setting, and what headings and columns repeat of it.
    given_lines = told[: told.index("")] + [line for line in told if line.startswith("Forward")]
    computed = sheet[sheet.index("Forward") :].splitlines()
    assert numbers_in(computed) - numbers_in(given_lines) <= {"0", "1"}
    assert sheet.count("______") > 40


def test_an_exercise_does_not_say_whether_anything_moves():
    sheet, _ = walk(init="zeros").exercise().to_text().split("\f")
    assert "Nothing moves" not in sheet
    assert "After the step: J = ______, before ______" in sheet


def test_another_seed_makes_another_sheet():
    sheets = {walk(seed=seed).exercise().to_text() for seed in range(5)}
    assert len(sheets) == 5


# ------------------------------------------------------------------------------- arguments


def test_arrays_and_a_pair_of_words_will_do():
    vectors = {"U": np.array([[0.1, 2], [0, 0.3]]), "V": np.array([[1, 0], [0.5, -0.5]])}
    step = walk("hot tea", init=vectors, pair=("tea", "hot"), rate=0.1)
    assert (step.center, step.target) == (1, 0)
    assert step.U[0] == (Fraction(1, 10), 2)  # the decimal, not the float next to it
    assert step.rate == Fraction(1, 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sentence": 5}, "sentence: expected a string, got 5"),
        ({"loss": "softmax"}, "loss: expected naive-softmax, negative-sampling or hierarchical"),
        ({"init": "ones"}, "init: expected random, half-zeros, zeros, or U and V; got 'ones'"),
        ({"window": True}, "window: expected a whole number from 1 to 10, got True"),
        ({"dimension": 2.5}, "dimension: expected a whole number from 1 to 5, got 2.5"),
        ({"rate": float("nan")}, "rate: expected a number such as 0.5 or 1/3, from"),
        ({"loss": "negative-sampling", "negatives": []}, "negatives: expected 1 to 20 words"),
        ({"loss": "negative-sampling", "negatives": [3]}, "negatives: 3 is not a word"),
        ({"pair": ("the", "milk")}, "pair: .* is not a .center:outside. pair"),
    ],
)
def test_a_bad_argument_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        walk(**arguments)


# ------------------------------------------------------------------------------- the story


def effects(step):
    """What the last table says of each word."""
    rows = step.to_text().split("by growth of u_w·v_c\n")[1].splitlines()[: len(step.words)]
    return [re.search(r"together|apart|as before", row).group() for row in rows]


@settings(max_examples=40)
@given(steps().filter(lambda step: step.moved_center or step.moved_outside))
def test_pulled_and_pushed_are_what_the_scores_did(step):
    before, after = (
        floats(U) @ floats(V)[step.center]
        for U, V in ((step.U, step.V), (step.U_after, step.V_after))
    )
    for said, change, size in zip(
        effects(step), after - before, np.abs(after) + np.abs(before), strict=True
    ):
        if abs(change) > 1e-12 * (1 + size):
            assert said == ("together" if change > 0 else "apart")


def test_a_word_that_was_not_observed_comes_closer_only_because_the_center_moved():
    step = walk()
    the = step.words.index("the")
    own = floats(step.U_after[the]) - floats(step.U[the])
    assert step.changes[the] > 0
    assert own @ floats(step.V[step.center]) < 0
    assert "together (v_c moved)" in prose(step)


def test_a_rate_too_large_is_said():
    vectors = {"U": [[5], [4], [3], [2]], "V": [[1], [1], [1], [1]]}
    assert "It grew: η is too large" in prose(walk(init=vectors, rate=5))
    assert "It grew" not in prose(walk())


@st.composite
def small_steps(draw, most_negatives=3):
    """Four words and d = 2, from any start, with the rates that a person may try."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    decimals = draw(st.integers(0, 3))

    def matrix():
        scale = draw(st.sampled_from([0, 0.1, 1, 5]))
        rows = (scale * generator.standard_normal((4, 2))).round(decimals)
        return (rows[[0, 0, 0, 0]] if draw(st.booleans()) else rows).tolist()

    given_vectors = {"U": matrix(), "V": matrix()}
    assume(np.abs(floats(given_vectors["U"]) @ floats(given_vectors["V"]).T).max() <= 100)
    negatives = draw(st.none() | st.integers(1, most_negatives))
    return walk(
        loss="naive-softmax" if negatives is None else "negative-sampling",
        negatives=negatives,
        init=draw(st.sampled_from(["zeros", "half-zeros", "random", given_vectors])),
        seed=draw(st.integers(0, 1000)),
        rate=draw(st.sampled_from(["0.025", "0.5", "1/3", "10"])),
        pair=draw(st.integers(1, 6)),
    )


def assert_fits_two_screens(step):
    lines = step.to_text().splitlines()
    assert len(lines) <= 48
    assert max(map(cell_len, lines)) <= 80


@settings(max_examples=80)
@given(small_steps())
def test_it_fits_two_screens(step):
    assert_fits_two_screens(step)


def test_equal_rows_fit_two_screens_though_they_need_more_words():
    assert_fits_two_screens(walk(init={"U": [[1, 0]] * 4, "V": [[1, 2]] * 4}))


def test_more_than_two_screens_are_seen():
    with pytest.raises(AssertionError):
        assert_fits_two_screens(walk(loss="negative-sampling", negatives=5))


def test_what_stands_further_up_is_left_out_where_there_is_no_room():
    vectors = {"U": [[0.012345, -0.00012345]] * 4, "V": [[-0.0012345, 0.00023456]] * 4}
    step = walk(init=vectors)
    update = step.to_text().split("Update:")[1]
    assert "old  " not in update
    assert update.count("new  ") == 2
    assert '<th scope="col">old</th>' in step.to_html()
    assert "old  " in walk().to_text().split("Update:")[1]


WIDE = {
    "the longest words": {"sentence": "abcdefghijklmnop qrstuvwxyzabcdef"},
    "Chinese": {"sentence": "猫 喝 牛奶 牛奶牛奶牛奶牛奶 喝 猫"},
    "five dimensions": {"dimension": 5, "loss": "negative-sampling", "negatives": 20},
    "twenty words": {"sentence": " ".join(f"word{i}" for i in range(20)), "window": 10},
    "tiny numbers": {
        "sentence": "a b",
        "init": {"U": [[1.2345e-9] * 5] * 2, "V": [[-1.2345e-9] * 5] * 2},
    },
    "a thousand words": {"sentence": "to be or not to be " * 170, "window": 10},
}


@pytest.mark.parametrize("name", WIDE)
def test_no_line_is_longer_than_80_columns(name):
    step = walk(**WIDE[name])
    lines = step.to_text().splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert len(lines) < 200


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437"])
@pytest.mark.parametrize("loss", ["naive-softmax", "negative-sampling"])
def test_another_encoding_spells_the_signs(encoding, loss):
    text = walk(loss=loss).to_text(encoding=encoding)
    assert text.encode(encoding)
    assert "\\" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_an_encoding_without_a_letter_gets_escapes():
    assert "na\\xefve" in walk("naïve tea").to_text(encoding="ascii")


# ----------------------------------------------------------------------------- documents


HOSTILE = '<b>a</b> &amp; $x_1$ 100% {\\evil} ~^# "q" [opt] *star [x]'


class Page(HTMLParser):
    """Collects what a page holds, and sees that every element is closed."""

    VOID = frozenset({"meta"})

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], set(), [], ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.text += " " if tag in {"h1", "h2", "p", "td", "th"} else ""

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("loss", ["naive-softmax", "negative-sampling"])
def test_the_page_is_closed_and_loads_nothing(loss):
    page = Page(walk(loss=loss).to_html())
    assert not page.tags & {"script", "link", "img", "iframe"}
    assert not {name for name, _ in page.attributes} & {"src", "href", "onclick"}
    assert "url(" not in page.text
    assert "@import" not in page.text


def test_words_of_the_sentence_are_no_markup():
    page = Page(walk(HOSTILE, window=1).to_html())
    assert "b" not in page.tags
    assert "<b>a</b>" in page.text
    assert "&amp" in page.text


def test_an_unclosed_page_is_seen():
    with pytest.raises(AssertionError):
        Page(walk().to_html().replace("</table>", "", 1))


def assert_balanced(document):
    """Braces, environments and dollars are in pairs, rows have their cells, formulas parse."""
    plain = document.replace("\\\\", "").replace("\\{", "").replace("\\}", "").replace("\\$", "")
    depth = 0
    for character in plain:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    environments = []
    for command, name in re.findall(r"\\(begin|end)\{(\w+)\}", document):
        if command == "begin":
            environments.append(name)
        else:
            assert environments.pop() == name
    assert environments == []
    assert plain.count("$") % 2 == 0
    for columns, body in re.findall(
        r"\\begin\{tabular\}\{(\w+)\}\n(.*?)\\end\{", document, re.DOTALL
    ):
        for row in re.sub(r"\\(hline|endhead)\n", "", body).strip().splitlines():
            assert row.endswith(r"\\")
            assert len(re.findall(r"(?<!\\)&", row)) == len(columns) - 1
    parser = MathTextParser("path")
    for mathematics in set(re.findall(r"\$(.*?)\$", plain)):
        parser.parse(f"${mathematics.replace('tfrac', 'frac')}$")


@pytest.mark.parametrize("loss", ["naive-softmax", "negative-sampling"])
@pytest.mark.parametrize("init", ["zeros", "half-zeros", "random"])
def test_the_latex_document_is_balanced(loss, init):
    document = walk(loss=loss, init=init).to_latex()
    assert_balanced(document)
    assert document.isascii()


def test_hostile_words_are_balanced_too():
    document = walk(HOSTILE).to_latex()
    assert_balanced(document.replace(r"\$x\_1\$", ""))
    body = document.split(r"\begin{document}")[1]
    assert r"\textbackslash{}evil" in body
    assert not re.findall(r"(?<!\\)[%#]", body)


@pytest.mark.parametrize(
    ("old", "new"),
    [("}", ""), (r"\end{tabular}", ""), ("$", ""), (" & ", " "), (r"\partial", r"\partail")],
)
def test_a_broken_document_is_seen(old, new):
    document = walk().to_latex()
    broken = document.split(r"\begin{document}", 1)
    with pytest.raises((AssertionError, ValueError)):
        assert_balanced(broken[0] + r"\begin{document}" + broken[1].replace(old, new, 1))


NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?(?:/\d+)?")


def numbers_of_latex(document):
    body = document.split(r"\begin{document}")[1]
    body = re.sub(r"\\phantom\{[^}]*\}|arraystretch\}\{[^}]*\}", "", body)
    body = re.sub(r"\\tfrac\{(\d+)\}\{(\d+)\}", r"\1/\2", body)
    body = re.sub(r" \\times 10\^\{-(\d+)\}", lambda match: f"e-{int(match[1]):02}", body)
    return NUMBER.findall(body)


@pytest.mark.parametrize("loss", ["naive-softmax", "negative-sampling"])
@pytest.mark.parametrize("init", ["zeros", "half-zeros", "random"])
def test_the_three_documents_hold_the_same_numbers(loss, init):
    step = walk(loss=loss, init=init)
    in_text = NUMBER.findall(step.to_text())
    page = re.sub(r"<style>.*?</style>|<title>.*?</title>", "", step.to_html(), flags=re.DOTALL)
    assert NUMBER.findall(Page(page).text.replace("−", "-")) == in_text
    assert numbers_of_latex(step.to_latex()) == in_text
    assert len(in_text) > 80
