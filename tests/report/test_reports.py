"""Reports of real checks of planted mistakes: what they say, how they fit, what they repeat."""

from __future__ import annotations

import builtins
import contextlib
import io
import itertools
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import gradcheck
from gradcheck.numerical.directions import Direction
from gradcheck.probing.acceptance import miss_probability
from gradcheck.probing.arrays import ArrayFinding, WrongEntry
from gradcheck.probing.claims import Probe
from gradcheck.report.contents import HEADLINES, MOST, SNIPPET
from gradcheck.report.findings import Details
from gradcheck.report.gradient_report import LINES, PAGE, GradientReport
from tests.looks import assert_looks
from tests.report.golden import CASES as GOLDEN

RNG = np.random.default_rng(7)
POINT = (RNG.normal(size=3), RNG.normal(size=(5, 3)))
LARGE = (RNG.normal(size=30), RNG.normal(size=(50, 30)))


def loss(v, U):  # noqa: N803 - the name of a matrix
    return np.log(np.exp(U @ v).sum()) - U[1] @ v


def right(v, U):  # noqa: N803
    p = np.exp(U @ v)
    p /= p.sum()
    p[1] -= 1
    return [U.T @ p, np.outer(p, v)]


def planted(mistake):
    """The gradient with a mistake: a function that changes, or replaces, the list of its parts."""

    def grad(v, U):  # noqa: N803
        parts = right(v, U)
        return tuple(mistake(parts) or parts)

    return grad


def sign_of_v(parts):
    parts[0] *= -1


def lost_row(parts):
    parts[1][3] = 0


def only_row(parts):
    parts[1][[0, 1, 2, 4]] *= 1.5


def nan_column(parts):
    parts[1][:, 2] = np.nan


def single_entry(parts):
    parts[1][2, 1] += 0.25


def squares(x):
    return float((x**2).sum())


def twice(x):
    return 2 * x


def rounded(x):
    return round(squares(x), 5)


def modulus(x):
    return float(np.abs(x).sum())


def overwriting(x):
    x *= 2
    return squares(x) / 4


def logarithm(x):
    return float(np.log(x)) if x >= 1 else np.nan


def nowhere(x):  # noqa: ARG001
    return np.nan


def tree_loss(d):
    return squares(d["w"]) + d["inner"]["b"] ** 2 + (d["k"] ** 3).sum()


def tree_grad(d):
    return {"w": 2 * d["w"] + d["w"].T, "inner": {"b": 2 * d["inner"]["b"]}, "k": 3 * d["k"] ** 2}


CALLS = itertools.count(1)


def counting(x):
    return 2 * x * next(CALLS)


PAIR = np.array([1.0, 2.0])
TREE = {"w": RNG.normal(size=(4, 4)), "inner": {"b": 1.5}, "k": RNG.normal(size=(2, 1, 3))}

CASES = {
    "right": (loss, right, POINT),
    "right, one scalar": (lambda x: x * x, twice, 3.0),
    "sign": (loss, planted(sign_of_v), POINT),
    "factor": (loss, planted(lambda parts: (3 * parts[0], 3 * parts[1])), POINT),
    "permutation": (loss, planted(lambda parts: (parts[0], parts[1].T.reshape(5, 3))), POINT),
    "lost row": (loss, planted(lost_row), POINT),
    "only a row": (loss, planted(only_row), POINT),
    "single entry": (loss, planted(single_entry), POINT),
    "tiny": (squares, lambda x: 2 * x * (1 + 1e-8), PAIR),
    "float32": (lambda x: (x * x).sum(), lambda x: x, np.array([0.1, 2.0], dtype=np.float32)),
    "NaN": (loss, planted(nan_column), POINT),
    "one scalar": (lambda x: x * x, lambda x: x, 3.0),
    "tree": (tree_loss, tree_grad, TREE),
    "large, factor": (loss, planted(lambda parts: (2 * parts[0], 2 * parts[1])), LARGE),
    "large, sign": (loss, planted(sign_of_v), LARGE),
    "large, zero": (loss, planted(lambda parts: (0 * parts[0], 0 * parts[1])), LARGE),
    "kink": (modulus, np.sign, np.array([1.0, 0.0, 2.0])),
    "noise": (rounded, twice, PAIR),
    "edge": (logarithm, lambda x: 1 / x, 1.0),
    "overwritten": (overwriting, twice, PAIR),
    "changing": (squares, counting, PAIR),
    "loss NaN": (nowhere, twice, PAIR),
}


@pytest.fixture
def drawn():
    """A generator of one test's own."""
    return np.random.default_rng(1)


@pytest.fixture(scope="module")
def reports():
    return {name: gradcheck.check(*arguments) for name, arguments in CASES.items()}


# ----------------------------------------------------------------------------------- words

SAID = {
    "right": ["random directions", "off by 1e-", "seed 0"],
    "right, one scalar": ["A derivative that is off by"],
    "sign": [
        "v (3,): OPPOSITE SIGN. claimed = −derivative in all 3 entries. U (5, 3): right.",
        "3 of 18 entries are wrong.",
        "Look for: the minus of a negative log-likelihood",
    ],
    "factor": ["v (3,): FACTOR 3. claimed = 3 × derivative in all 3 entries.", "U has 3 columns"],
    "permutation": ["U (5, 3): ANOTHER ORDER.", "v (3,): right."],
    "lost row": ["U (5, 3): ONLY row 3 is wrong: claimed is 0 there, and the derivative is not."],
    "only a row": ["U (5, 3): ALL BUT row 3 is wrong: claimed = 1.5 × derivative there."],
    "single entry": ["1 of 18 entries is wrong.", "U (5, 3): ONLY U[2, 1] is wrong."],
    "tiny": ["x (2,): FACTOR 1.00000001.", "2.00000002  2 "],
    "float32": ["x (2,): FACTOR 0.5. claimed = 0.5 × derivative in both entries."],
    "NaN": ["nan at U[0, 2], and not finite at 5 of 18", "U (5, 3): wrong in 5 entries that are"],
    "one scalar": ["The derivative of the loss is another number.", "x: FACTOR 0.5."],
    "tree": [
        "d['w'] (4, 4): ",
        "d['inner']['b'], d['k'] (2, 1, 3): right.",
    ],
    "large, factor": ["U (50, 30): FACTOR 2. claimed = 2 × derivative in all 1,500 entries."],
    "large, sign": ["v (30,): OPPOSITE SIGN.", "U (50, 30): right."],
    "large, zero": ["v (30,): ALL ZERO. claimed is 0 in every entry; the derivative is not."],
    "kink": [
        "x[1] is at a kink: the loss is not differentiable here.",
        "By x[1], the slopes on the two sides are -1 and 1, and 0 is claimed.",
        "The other 2 entries agree.",
    ],
    "noise": ["The loss is too noisy", "precision=0.001"],
    "edge": ["x: the values are not finite, at ", "points, those farther than", "is defined"],
    "overwritten": ["x is overwritten in the call", "work on a copy"],
    "changing": ["The gradient changes from call to call: at x[1] it is 4.0", "keeps state"],
    "loss NaN": ["The loss is nan at the point itself.", "mend the loss"],
}


def spoken(report):
    """The text with its line breaks undone."""
    return " ".join(str(report).split())


@pytest.mark.parametrize("name", CASES)
def test_a_report_says_what_was_found(name, reports):
    text = spoken(reports[name])
    for said in SAID[name]:
        assert " ".join(said.split()) in text


@pytest.mark.parametrize("name", GOLDEN)
def test_common_mistakes_read_as_they_should(name):
    case = GOLDEN[name]
    text = str(gradcheck.check(case.loss, case.grad, case.at))
    for said in case.said:
        assert " ".join(said.split()) in " ".join(text.split())
    lines = text.split(SNIPPET, 1)[0].splitlines()
    assert sum(bool(line.strip()) for line in lines) <= LINES


def test_reports_look_as_before(reports):
    texts = [f"----- {name}\n\n{report}" for name, report in reports.items()]
    assert_looks("reports", "\n\n".join(texts) + "\n", digits=False)


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_comes_first(name, reports):
    assert str(reports[name]).splitlines()[0] == HEADLINES[reports[name].verdict]


@pytest.mark.parametrize("name", ["large, sign", "single entry", "permutation", "right"])
def test_no_pattern_is_stated_that_is_not_there(name, reports):
    text = str(reports[name])
    assert "numerical =" not in text
    assert "opposite" not in text
    assert "Wrong: only" not in text


def test_only_an_undecided_report_gives_advice(reports):
    for report in reports.values():
        assert ("What to do:" in str(report)) == (report.verdict == "undecided")


def test_following_the_advice_on_noise_decides(reports):
    precision = float(reports["noise"].advice.split("precision=")[1].split()[0])
    assert gradcheck.check(rounded, twice, PAIR, precision=precision)
    wrong = gradcheck.check(rounded, lambda x: 2.1 * x, PAIR, precision=precision)
    assert wrong.verdict == "disagrees"


def test_entries_are_judged_with_the_precision_asked_for():
    def grad(x):
        return 2 * x * np.array([1 + 1e-5, 1.5])

    report = gradcheck.check(squares, grad, PAIR, precision=1e-3)
    (entry,) = report.entries
    assert entry.name == "x[1]"
    assert entry.error < 1e-9
    assert entry.tolerance > 1e-3
    assert "ONLY x[1] is wrong" in str(report)


def test_entries_of_any_size_are_measured(drawn):
    at = {"small": 1e-7 * drawn.normal(size=4), "large": 1e7 * drawn.normal(size=4)}
    report = gradcheck.check(
        lambda d: squares(d["small"]) + squares(d["large"]),
        lambda d: {"small": 2 * d["small"], "large": 3 * d["large"]},
        at,
    )
    assert [entry.name for entry in report.entries] == [f"d['large'][{i}]" for i in range(4)]
    assert "d['large'] (4,): FACTOR 1.5." in str(report)
    # Beside the others' rounding they do not show.
    assert "d['small'] (4,): undecided." in str(report)


def test_nan_is_wrong_where_the_derivative_is_zero():
    report = gradcheck.check(squares, lambda x: np.where(x == 0, np.nan, 2 * x), np.array([0.0, 1]))
    assert [entry.name for entry in report.entries] == ["x[0]"]
    assert "other" not in str(report)


@pytest.mark.parametrize(
    ("at", "off", "shown"),
    [
        (1e5, 1e-3, "200000.001  200000  "),
        (np.full(3, 1e5), 1e-3, "200000.001  200000  "),
        (np.array([1e5, 1.0]), np.array([1e-3, 1.0]), "200000.001  200000  "),
        (PAIR, np.array([1e-10, 0.0]), "2.0000000001  2 "),
    ],
)
def test_late_digits_are_shown_and_no_ratio_of_1(at, off, shown):
    report = gradcheck.check(lambda x: float(np.sum(x * x)), lambda x: 2 * x + off, at)
    assert shown in str(report)
    assert not re.search(r"numerical = 1\.?\s", str(report))
    assert not re.search(r"^x.* 1$", str(report), re.MULTILINE)


def test_numbers_that_differ_by_more_than_the_largest_float_are_shown():
    entry = WrongEntry("x", (), 1.5e308, -1.5e308, 1e290)
    details = Details(
        "It is wrong.", arrays=(ArrayFinding("x", (), "disagrees", entries=(entry,)),)
    )
    report = GradientReport("disagrees", lambda: details, lambda: 1, 1)
    assert "1.5e+308  -1.5e+308" in str(report)


def test_one_number_more_and_less_read_well():
    assert "1 of 2 entries is wrong." in str(
        gradcheck.check(squares, lambda x: x * np.array([2, 3]), PAIR)
    )
    assert "1 evaluation of" in str(gradcheck.check(nowhere, twice, PAIR))


def test_what_else_is_undecided_is_counted():
    report = gradcheck.check(modulus, lambda x: 2 * np.sign(x), np.array([1.0, 0.0, 2.0]))
    assert "2 of 3 entries are wrong, and 1 cannot be decided." in str(report)
    assert "claimed = 2 × derivative in all entries that can be decided, 2." in spoken(report)


# ------------------------------------------------------------------------------ data behind


def test_entries_carry_the_numbers(reports):
    report = reports["lost row"]
    _, expected = right(*POINT)
    assert [entry.name for entry in report.entries] == ["U[3, 0]", "U[3, 1]", "U[3, 2]"]
    for entry, value in zip(report.entries, expected[3], strict=True):
        assert entry.claimed == 0
        assert abs(entry.numerical - value) <= entry.error <= entry.tolerance < 1e-10


def test_all_entries_of_a_small_problem_are_kept_in_order(reports):
    report = reports["lost row"]
    names = [f"v[{i}]" for i in range(3)]
    names += [f"U[{i}, {j}]" for i in range(5) for j in range(3)]
    assert [entry.name for entry in report.scanned] == names
    assert reports["large, sign"].scanned == ()


def test_the_resolution_counts_how_far_each_array_is_moved():
    sizes = (np.ones(20), 1e-2 * np.ones(20))
    report = gradcheck.check(
        lambda a, b: squares(a) + squares(b), lambda a, b: (2 * a, 2 * b), sizes
    )
    assert report.typical_size == 1e-2
    first, second = report.probes_of_all
    error = 1e4 * first.tolerance
    parts = [
        miss_probability(probe.tolerance, 1e-2 * error * probe.along.least)
        for probe in (first, second)
    ]
    assert 0 < parts[0] < 0.1
    assert report.miss_probability(error) == pytest.approx(math.prod(parts))


def test_an_error_of_the_size_that_the_report_names_is_seen():
    at = (np.ones(20), 1e-2 * np.ones(20))

    def total(a, b):
        return squares(a) + squares(b)

    stated = gradcheck.check(total, lambda a, b: (2 * a, 2 * b), at)
    error = float(str(stated).split("off by ")[1].split()[0])

    def wrong(a, b):
        return 2 * a, 2 * b + error * np.eye(20)[3]

    assert all(
        gradcheck.check(total, wrong, at, seed=seed).verdict == "disagrees" for seed in range(20)
    )


def test_the_short_form_is_one_line(reports):
    assert repr(reports["lost row"]) == "<GradientReport: disagrees. 3 of 18 entries are wrong.>"


# ---------------------------------------------------------------------------- size of a page


@pytest.mark.parametrize("name", CASES)
def test_a_report_fits_a_terminal_page(name, reports):
    lines = str(reports[name]).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= PAGE
    assert not any(line != line.rstrip() for line in lines)


def test_the_longest_report_fits_a_terminal_page(drawn):
    def sum_of_squares(weights, biases):
        return squares(weights) + squares(biases)

    def grad(weights, biases):
        return 2.5 * weights, np.where(biases > 0, np.nan, biases + 1)

    at = (drawn.normal(size=(6, 3)) * 1e-7, drawn.normal(size=6) * 1e-7)
    report = gradcheck.check(sum_of_squares, grad, at)
    lines = str(report).splitlines()
    broken = sum(not np.isfinite(entry.claimed) for entry in report.entries)
    assert len(report.entries) == 24 > broken > 0
    assert f"wrong in {broken} entries that are not finite, and in {6 - broken} others" in str(
        report
    )
    assert "more" in str(report)
    assert max(map(len, lines)) <= 80
    assert len(lines) <= PAGE


def test_a_page_is_filled_with_entries(drawn):
    report = gradcheck.check(squares, np.exp, drawn.normal(size=60))
    rows = [line for line in str(report).splitlines() if line.startswith("x[")]
    assert len(rows) == MOST
    assert "wrong in all 60 entries" in str(report)


def test_long_names_are_cut_where_it_hurts_least(drawn):
    name = "a parameter with a very long name in a very deep tree of parameters, " * 2
    report = gradcheck.check(lambda d: squares(d[name]), lambda d: d, {name: drawn.normal(size=3)})
    table = str(report).split("entry")[1].split("\n\n")[0]
    assert max(map(len, table.splitlines())) <= 80
    assert "'][2] " in table


def test_names_are_not_broken_at_their_hyphens(drawn):
    at = {f"learning-rate-{i}": drawn.normal(size=2) for i in range(9)}

    def grad(d):
        return {name: (2 if name.endswith("0") else 3) * value for name, value in d.items()}

    text = str(gradcheck.check(lambda d: sum(map(squares, d.values())), grad, at))
    for name in list(at)[:9]:
        assert f"d['{name}']" in text


def test_a_right_gradient_is_told_briefly(reports):
    assert len(str(reports["right"]).splitlines()) <= 14
    assert "gradcheck.check(" not in str(reports["right"])


def test_decimal_points_stand_below_each_other(reports):
    rows = [line for line in str(reports["permutation"]).splitlines() if line.startswith("U[")]
    assert len(rows) > 2
    assert len({row.index(".") for row in rows}) == 1
    assert len({row.index("-") for row in rows}) > 1


# --------------------------------------------------------------------------------- snippets


@pytest.mark.parametrize("name", [name for name in CASES if not name.startswith("large")])
def test_the_snippet_repeats_the_check(name, reports):
    report = reports[name]
    checked, claimed, _ = CASES[name]
    namespace = {
        getattr(checked, "__name__", ""): checked,
        getattr(claimed, "__name__", ""): claimed,
        "loss": checked,
        "grad": claimed,
    }
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(report.snippet, namespace)  # noqa: S102 - our own text is what is tested
    printed = output.getvalue().rstrip("\n")
    if name == "changing":  # it goes on counting
        assert printed.splitlines()[0] == str(report).splitlines()[0]
    else:
        assert printed == str(report)


def test_the_snippet_of_a_large_point_names_its_arrays_and_the_seed():
    report = gradcheck.check(loss, planted(sign_of_v), LARGE, seed=5, precision=1e-4)
    assert "v of shape (30,); U of shape (50, 30)" in report.snippet
    assert "print(gradcheck.check(loss, grad, at, precision=0.0001, seed=5))" in report.snippet
    assert report.snippet in str(report)


# ------------------------------------------------------------------------------------- HTML


class Page(HTMLParser):
    """Elements of a page; fails where they are not closed in order."""

    VOID = {"meta"}  # noqa: RUF012

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.cells, self.words = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "td" and dict(attrs).get("class", "").startswith("shade"):
            self.cells.append(dict(attrs))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("name", CASES)
def test_the_page_says_what_the_text_says(name, reports):
    report = reports[name]
    page = Page(report.to_html())
    assert HEADLINES[report.verdict] in page.text
    if report.verdict != "disagrees" or report.scanned:
        assert report.reason in page.text
    assert report.advice in page.text
    assert (" ".join(report.snippet.split()) in page.text) == (report.verdict != "agrees")
    assert f"seed {report.seed}" in page.text
    for array in report.arrays:
        assert array.cause in page.text
        for entry in array.entries:
            assert entry.name in page.text


@pytest.mark.parametrize("name", CASES)
def test_the_page_needs_nothing_but_itself(name, reports):
    html = reports[name].to_html()
    assert html.startswith("<!doctype html>")
    assert not {"script", "link", "img", "iframe"} & set(Page(html).tags)
    assert "url(" not in html
    assert "http" not in html


def test_the_heat_map_shows_every_entry(reports):
    cells = Page(reports["lost row"].to_html()).cells
    assert len(cells) == 18
    wrong = [cell for cell in cells if " bad " in cell["class"]]
    assert [cell["title"].split(":")[0] for cell in wrong] == ["U[3, 0]", "U[3, 1]", "U[3, 2]"]
    assert {cell["class"] for cell in cells if cell not in wrong} == {"shade good"}


def test_the_heat_map_is_shaded_by_the_error_and_shows_signs():
    def grad(x):
        return 2 * x + np.array([2.0, 2e-2, 1e-8, 0.0, -3.0])

    page = Page(gradcheck.check(squares, grad, np.ones(5)).to_html())
    assert [cell["class"] for cell in page.cells] == [
        "shade bad d5",
        "shade bad d3",
        "shade bad d1",
        "shade good",
        "shade bad d5",
    ]
    assert "0 1 2 3 4 × × × · −" in page.text
    assert "of opposite sign" in page.text


def test_a_kink_is_marked_in_the_heat_map(reports):
    cells = Page(reports["kink"].to_html()).cells
    assert [cell["class"] for cell in cells] == ["shade good", "shade unsure", "shade good"]


def test_an_array_of_any_shape_has_a_map(reports):
    page = Page(reports["tree"].to_html())
    assert len(page.cells) == 16 + 1 + 6
    assert "d['k'] (2, 1, 3)" in page.text


def test_a_long_vector_is_folded():
    report = gradcheck.check(squares, lambda x: x, np.ones(27))
    page = Page(report.to_html())
    assert len(page.cells) == 27
    assert "+10" in page.text
    assert "+20" in page.text


def test_a_large_problem_has_a_map_of_what_is_wrong(reports):
    page = Page(reports["large, sign"].to_html())
    assert len(page.cells) == 30
    assert "v (30,), folded into rows of 1: a block is 1 × 1 entries" in page.text
    assert "U (50, 30):" not in page.text.split("Errors by blocks")[1].split("entry")[0]
    assert not Page(reports["large, sign"].to_text()).cells


def test_a_map_of_a_large_array_fits_a_page_and_finds_the_worst():
    def grad(w, u):
        by_w, by_u = 2 * w, 2 * u
        by_w[700:710] = 0
        by_u[123, 250] *= -3
        return by_w, by_u

    rng = np.random.default_rng(0)
    at = 1 + rng.random((2_000, 300)), 1 + rng.random((500, 300))
    report = gradcheck.check(lambda w, u: squares(w) + squares(u), grad, at)
    page = Page(report.to_html())
    cells = page.cells[: 40 * 38], page.cells[40 * 38 :]
    assert "w (2000, 300): a block is 50 × 8 entries" in page.text
    assert "u (500, 300): a block is 13 × 8 entries" in page.text
    assert len(cells[1]) == 39 * 38
    bad, single = ([cell for cell in part if " bad " in cell["class"]] for part in cells)
    assert len(bad) == 38
    assert "700–749: 3,000 wrong" in page.text
    assert "1450–1499: " not in page.text
    assert [cell["title"].split("; ")[0] for cell in single] == [
        "rows 117 to 129, columns 248 to 255: 1 of 104 wrong"
    ]
    assert "u[123, 250]: claimed" in single[0]["title"]


def test_rows_that_are_wrong_are_marked_in_words(reports):
    text = Page(reports["lost row"].to_html()).text
    assert "3: all wrong" in text
    assert "2: all wrong" not in text


def test_names_are_escaped():
    report = gradcheck.check(
        lambda d: squares(d["<b>&"]), lambda d: {"<b>&": d["<b>&"]}, {"<b>&": PAIR}
    )
    html = report.to_html()
    assert "b" not in Page(html).tags
    assert "<b>" not in html
    assert "d['<b>&'][1]" in Page(html).text


def test_a_notebook_shows_a_part_of_a_page_with_styles_of_its_own(reports):
    fragment = reports["sign"]._repr_html_()
    assert Page(fragment).tags[0] == "div"
    sheet = fragment.split("<style>")[1].split("</style>")[0]
    rules = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    selectors = [part for found in re.findall(r"([^{}]+){", rules) for part in found.split(",")]
    assert len(selectors) > 20
    for selector in selectors:
        assert selector.strip().startswith((".gradcheck", "@media"))


# ----------------------------------------------------------------------------------- figure


def lines_of(figure):
    return {line.get_label(): line for line in figure.axes[0].get_lines()}


def starting(lines, label):
    return next(line for name, line in lines.items() if name.startswith(label))


def test_the_figure_shows_the_sweep_the_bound_and_the_claim(reports):
    report = reports["sign"]
    (probe,) = report.probes
    figure = report.figure()
    lines = lines_of(figure)
    steps, errors = starting(lines, "central difference").get_data()
    sweep = probe.numerical.sweep
    assert list(steps) == [step for step, _ in sweep] == sorted(steps)
    assert list(errors) == [abs(slope - probe.numerical.value) for _, slope in sweep]
    assert set(starting(lines, "bound").get_ydata()) == {probe.numerical.error}
    assert set(starting(lines, "claimed").get_ydata()) == {probe.discrepancy}
    assert figure.axes[0].get_xscale() == figure.axes[0].get_yscale() == "log"


@pytest.mark.parametrize("slopes", [(2.0, 2.5, 3.0), (2.0, 2.0, 2.0)])
def test_errors_that_are_exactly_zero_are_drawn(slopes):
    sweep = tuple(zip((0.01, 0.1, 1.0), slopes, strict=True))
    numerical = gradcheck.Derivative(2.0, 1e-12, 7, step=1.0, sweep=sweep)
    probe = Probe(Direction("all entries", np.ones(1)), 2.5, numerical, 1e-12, "disagrees")
    figure = gradcheck.GradientReport(
        "disagrees", lambda: Details(""), lambda: 7, 1, probes=(probe,)
    ).figure()
    assert (starting(lines_of(figure), "central difference").get_ydata() > 0).all()


def test_the_sweep_holds_plain_central_differences():
    report = gradcheck.check(lambda x: x**3, lambda x: 3 * x**2, 2.0)
    z = report.probes[0].direction[0]
    sweep = report.probes[0].numerical.sweep
    assert len(sweep) >= 3
    for h, slope in sweep:
        exact = 12 * z + z**3 * h**2
        assert slope == pytest.approx(exact, abs=1e-14 / h + 1e-13)


def test_the_curve_is_a_v(reports):
    curve = starting(lines_of(reports["right"].figure()), "c·h²").get_ydata()
    lowest = int(np.argmin(curve))
    assert 0 < lowest < len(curve) - 1
    assert (np.diff(curve[: lowest + 1]) < 0).all()
    assert (np.diff(curve[lowest:]) > 0).all()


def test_the_figure_follows_the_probe_that_does_not_agree():
    def steep_and_flat(x):
        return 1e6 * x[0] ** 2 + 1e-3 * x[1] ** 2

    def nearly(x):
        return np.array([2e6 * x[0], 2e-3 * x[1] + 1e-4])

    report = gradcheck.check(steep_and_flat, nearly, PAIR)
    telling = [probe for probe in report.probes if probe.verdict != "agrees"]
    assert telling
    title = report.figure().axes[0].get_title()
    assert f"{telling[0].claimed:.9g}" in title


def test_the_figure_of_a_kink_shows_slopes(reports):
    figure = reports["kink"].figure()
    probe = reports["kink"].probes[0]
    _, slopes = starting(lines_of(figure), "central difference").get_data()
    assert list(slopes) == [slope for _, slope in probe.numerical.sweep]
    assert "not differentiable here" in " ".join(figure.axes[0].get_title().split())


@pytest.mark.parametrize("at", [0.0, np.zeros(2)])
def test_the_figure_of_slopes_that_are_all_zero_can_be_drawn(at, tmp_path):
    gradcheck.check(modulus, np.sign, at).figure().savefig(tmp_path / "sweep.png")


@pytest.mark.parametrize("name", CASES)
def test_a_figure_can_be_saved_or_says_why_not(name, reports, tmp_path):
    report = reports[name]
    if report.probes:
        report.figure().savefig(tmp_path / "sweep.png", dpi=30)
    else:
        with pytest.raises(ValueError, match="no step-size sweep to draw: The "):
            report.figure()


def test_without_matplotlib_the_message_says_what_to_install(reports, monkeypatch):
    original = builtins.__import__

    def without_matplotlib(name, *arguments, **options):
        if name.startswith("matplotlib"):
            raise ModuleNotFoundError(f"No module named {name!r}")
        return original(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without_matplotlib)
    with pytest.raises(ImportError, match=r"not installed: pip install matplotlib"):
        reports["sign"].figure()


# --------------------------------------------------------------- what is right all the same


def noisy_in_biases(weights, biases):
    return squares(weights) + round(squares(biases), 3)


def defined_from_one(weights, biases):
    return squares(weights) + (float(np.log(biases).sum()) if (biases >= 1).all() else np.nan)


@pytest.mark.parametrize("shape", [(5, 3), (50, 30)], ids=["scanned", "large"])
@pytest.mark.parametrize(
    ("checked", "claimed", "biases", "of_biases"),
    [
        (noisy_in_biases, twice, [0.5, 1, 2], None),
        (defined_from_one, np.reciprocal, [1.0, 1.5, 2], "right all the same but for biases[0]."),
        (lambda w, b: squares(w) + modulus(b), np.sign, [0.0, 1, 2], "but for b[0]."),
    ],
    ids=["noise", "edge", "kink"],
)
def test_an_undecided_report_says_what_is_right_all_the_same(
    checked, claimed, biases, of_biases, shape
):
    at = (np.random.default_rng(1).normal(size=shape), np.array(biases))
    report = gradcheck.check(checked, lambda w, b: (2 * w, claimed(b)), at)
    assert report.verdict == "undecided"
    for text in (spoken(report), Page(report.to_html()).text):
        assert f" {shape}: right all the same." in text
        assert "disagree" not in text.lower()
        if of_biases and shape == (5, 3):
            assert of_biases in text
        elif not of_biases:
            assert "biases (3,): right" not in text
