"""Every report in every format, and a format that a test adds."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest

from gradcheck.commands import outputs
from gradcheck.document import formats
from gradcheck.document.blocks import (
    Code,
    Column,
    Document,
    Equation,
    Heading,
    HeatMap,
    HeatMaps,
    Paragraph,
    Shade,
    Table,
)
from gradcheck.document.formats import FORMATS, Format
from gradcheck.document.html import to_page
from gradcheck.document.latex import to_latex
from gradcheck.document.markdown import to_markdown
from gradcheck.document.readable import Readable
from gradcheck.document.spans import (
    Formula,
    Numeral,
    Phrase,
    Subscripted,
    code,
    formula,
    phrase,
    prose,
    sentence,
    vector_of,
    word,
)
from gradcheck.document.text import to_text

KINDS = ["gradient", "homework", "derivation", "walkthrough"]
ESCAPE = re.compile(r"\x1b\[[\d;]*m")


# ----------------------------------------------------------------------- a format of our own


def spoken(*documents):
    """Read documents aloud."""
    return "\n".join(
        line
        for document in documents
        for line in (f"Title: {said(document.title)}.", *map(said_block, document.blocks))
    )


def said(content):
    parts = []
    for span in content.spans:
        match span:
            case Formula(text):
                parts.append(f"formula {text.replace('/', ' over ')}")
            case Subscripted(letter, name):
                parts.append(f"{letter} sub {name}")
            case Numeral(text):
                parts.append(text.strip().replace("-", "minus "))
            case _:
                parts.append(span.text)
    return "".join(parts)


def said_block(block):
    match block:
        case Heading(title):
            return f"Part: {said(title)}."
        case Paragraph():
            return " ".join(map(said, block.phrases))
        case Code(text, caption):
            return f"{said(caption)} {len(text.splitlines())} lines of code."
        case Equation():
            return f"Step {block.number}: {said(block.status)}. {said(block.reason)}"
        case HeatMaps():
            return f"{len(block.maps)} maps."
        case Table():
            rows = zip(*(column.written() for column in block.columns), strict=True)
            return " ".join(
                ", ".join(
                    said(c) if isinstance(c, Phrase) else said(Phrase((Numeral(c),))) for c in row
                )
                + "."
                for row in rows
            )


def said_cell(cell):
    return said(cell if isinstance(cell, Phrase) else Phrase((Numeral(cell),)))


SPEECH = Format("speech", "plain speech", spoken)
SAID = {
    "gradient": ["Title: The gradient DISAGREES with the loss.", "2 maps.", "u[3, 1], 0, 0.04"],
    "homework": ["center-gradient, FAILED, 100.", "lines of code.", "minus 0."],
    "derivation": ["Step 1: definition.", "Step 4: ✗. a slip in formula σ(s) refuted: it is false"],
    "walkthrough": ["u sub drinks", "formula ∂J over ∂v_c", "Part: Update: formula new = old"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_format_is_one_module_and_every_report_has_it(kind, reports, monkeypatch, capsys):
    monkeypatch.setattr(formats, "FORMATS", (*FORMATS, SPEECH))
    monkeypatch.setattr(outputs, "FORMATS", (*FORMATS, SPEECH))
    text = spoken(reports[kind].contents())
    for said_so in SAID[kind]:
        assert said_so in text
    parser = outputs.argparse.ArgumentParser()
    outputs.add_output_options(parser)
    arguments = parser.parse_args(["--speech", "-"])
    outputs.Outputs(arguments).write(reports[kind].contents())
    assert capsys.readouterr().out == text


# ------------------------------------------------------------------- each report, each format


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_fits_any_width_and_any_encoding(kind, reports):
    report = reports[kind]
    assert isinstance(report, Readable)
    assert report.to_text() == str(report)
    for width in (60, 80, 120):
        lines = report.to_text(width=width, encoding="ascii").splitlines()
        assert all(map(str.isascii, lines))
        assert not any(re.search(r"\\[xu]", line) for line in lines)
        # What is pasted is never broken.
        codes = [block.text for block in report.contents().blocks if isinstance(block, Code)]
        pasted = {line for code in codes for line in code.splitlines()}
        for line in lines:
            can_be_wide = line in pasted or " = " in line or kind == "walkthrough"
            assert len(line) <= width or can_be_wide, line


@pytest.mark.parametrize("kind", KINDS)
def test_colours_change_nothing_but_colours(kind, reports):
    coloured = reports[kind].to_text(colour=True)
    assert ESCAPE.sub("", coloured) == reports[kind].to_text()
    assert len(ESCAPE.findall(coloured)) >= 2


class Page(HTMLParser):
    """Sees that every element is closed, and collects the boxes that scroll."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.scrolled, self.unreachable = [], set(), 0, []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        named = dict(attributes)
        if "scroll" in (named.get("class") or "").split():
            self.scrolled += 1
            if not (named.get("tabindex") == "0" and named.get("aria-label")):
                self.unreachable.append(named)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_scrolls_on_a_page_is_reached_by_keyboard(kind, reports):
    page = Page(reports[kind].to_html())
    assert page.scrolled
    assert not page.unreachable
    assert not page.tags & {"script", "link", "img", "iframe"}
    assert Page(reports[kind].to_html().replace(' tabindex="0"', "", 1)).unreachable


def test_a_page_holds_several_reports(reports):
    page = to_page(*(report.contents() for report in reports.values()))
    assert page.count("<h1") == len(reports)
    Page(page)


@pytest.mark.parametrize("kind", KINDS)
def test_markdown_tables_have_all_their_cells(kind, reports):
    text = reports[kind].to_markdown()
    assert text.startswith("# ")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    if kind == "derivation":
        assert "**2.** $1 − " not in text
        assert text.count("$$") == 2 * len(reports[kind].steps)
    else:
        assert rows
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) in {
            len(re.findall(r"(?<!\\)\|", other)) for other in rows
        }
        assert row.endswith("|")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("kind", [*KINDS, "all"])
def test_the_document_compiles_and_stays_on_the_paper(kind, reports, tmp_path):
    chosen = reports.values() if kind == "all" else [reports[kind]]
    assert compiled(to_latex(*(report.contents() for report in chosen)), tmp_path) == []


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_a_path_of_any_length_stays_on_the_paper(tmp_path):
    names = [
        "/abc" * 6,
        "/abcdefg" * 9,
        "/home/" + "x" * 90,
        "/a_long_name" * 8,
        "/some/home/here",
    ]
    paths = [f"{name}/docs/examples/word2vec_wrong.py" for name in names]
    documents = [
        Document(prose(f"{path}: 1 check failed"), (Paragraph(prose(path), (code(path),)),))
        for path in paths
    ]
    assert compiled(to_latex(*documents), tmp_path) == []


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_a_document_that_leaves_the_paper_is_seen(tmp_path):
    wide = Document(prose("wide"), (Paragraph(formula(" + ".join("abcdefgh" * 9))),))
    text = to_latex(wide).replace(" + ", "{+}")
    assert compiled(text, tmp_path)


def compiled(text, folder):
    """Return what is too wide in a document that compiles."""
    (folder / "report.tex").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"],  # noqa: S607
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=120,
    )
    log = (folder / "report.log").read_text(encoding="latin-1")
    assert done.returncode == 0, log[-2000:]
    return re.findall(r"Overfull \\hbox \((\d{2,}\.\d+)pt", log)


# ------------------------------------------------------------------------------ the blocks

HOSTILE = '<b>a</b> & $x_1$ 100% {\\evil} ~^# "q" [opt] *star* |bar| `tick` … ŷ ²'


def everything(text):
    """Return a document with a text in every place that takes one."""
    shade = Shade("×", "bad", 5, text)
    column = Column(prose(text), [prose(text), word(text), code(text), vector_of("u", text)])
    return Document(
        prose(text).marked("bad"),
        (
            Heading(word(text)),
            Paragraph(prose(text), (code(text),)),
            Code(text, prose(text)),
            Equation(1, None, Formula("x", "x"), prose("✓"), prose(text), Formula("w", "w")),
            HeatMaps(prose(text), [HeatMap(text, [(text, [shade])])], [([shade], prose(text))]),
            Table([column, dataclasses.replace(column, header=phrase("other"))]),
        ),
    )


def test_words_are_no_markup_anywhere(tmp_path):
    document = everything(HOSTILE)
    assert HOSTILE in to_text(document)
    page = Page(to_page(document))
    assert "b" not in page.tags
    unescaped = to_markdown(document).replace(r"\`", "")
    outside_code = re.sub(r"(`+).*?(?<!`)\1(?!`)", "", unescaped, flags=re.DOTALL)
    assert not re.search(r"(?<!\\)<b>", outside_code)
    if shutil.which("pdflatex"):
        compiled(to_latex(document), tmp_path)


def test_a_heat_map_is_shown_without_colours_unless_a_table_says_the_same():
    shade = Shade("×", "bad")
    maps = HeatMaps(
        prose("Wrong:"), [HeatMap("x (2,)", [("", [shade] * 2)])], [([shade], prose("bad"))]
    )
    assert to_text(Document(prose("t"), (maps,))).splitlines()[2:] == [
        "Wrong:", "x (2,)", "    × ×", "× bad",
    ]  # fmt: skip
    repeated = dataclasses.replace(maps, is_repeated=True)
    assert to_text(Document(prose("t"), (repeated,))) == "t"


def long_table(**options):
    rows = range(30)
    return Table(
        [
            Column(prose("row"), [prose(f"r{row}") for row in rows]),
            Column(prose("value"), [Numeral(str(row)) for row in rows]),
        ],
        **options,
    )


@pytest.mark.parametrize("render", [to_text, to_latex, to_markdown])
def test_a_long_table_shows_its_most_telling_rows_in_their_order(render):
    weights = [0.0] * 30
    weights[20], weights[4] = 2.0, 1.0
    text = render(Document(prose("t"), (long_table(most=2, weights=weights),)))
    assert re.findall(r"r\d+", text)[-2:] == ["r4", "r20"]
    assert "28 more" in text
    assert "more" not in render(Document(prose("t"), (long_table(),)))


def test_a_page_shows_all_rows():
    assert to_page(Document(prose("t"), (long_table(most=2),))).count("<tr>") == 31


@pytest.mark.parametrize("width", [40, 80])
def test_the_end_of_a_long_label_stays(width):
    name = "params['" + "x" * 90 + "'][2]"
    table = Table([Column(prose("entry"), [prose(name)]), Column(prose("value"), [Numeral("1.5")])])
    text = to_text(Document(prose("t"), (table,)), width=width)
    assert "'][2]  1.5" in text
    assert max(map(len, text.splitlines())) <= width


def test_columns_that_do_not_fit_follow_below_labelled_again():
    columns = [Column(prose(f"column {i}"), [prose("x" * 20)]) for i in range(5)]
    text = to_text(Document(prose("t"), (Table(columns),)))
    assert text.count("column 0") == 2
    latex = to_latex(Document(prose("t"), (Table([*columns, *columns[1:]]),)))
    assert latex.count(r"\begin{tabular}") == 3
    long = Table([Column(prose("column"), [prose("x")] * 60)])
    assert r"\begin{longtable}" in to_latex(Document(prose("t"), (long,)))


def test_a_long_equation_has_two_lines():
    long = Formula("x + " * 40 + "y", "x + " * 40 + "y")
    step = Equation(1, Formula("z", "z"), long, prose("✓"), prose("so it is"))
    document = Document(prose("t"), (step,))
    assert r"\begin{aligned} z &= x" in to_markdown(document)
    assert r" \\ &\quad + x" in to_markdown(document)
    assert " \\notag \\\\\n&\\quad + x" in to_latex(document)


# ------------------------------------------------------------------------------ the spans


def test_mathematics_stands_between_dollar_signs():
    assert sentence("the term $w = k$ of $Σ_w$") == phrase(
        "the term {k} of {sum}", k=formula("w = k"), sum=formula("Σ_w")
    )
    assert sentence("it costs 3 $") == prose("it costs 3 $")


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("u_{n_k}·v_c", r"u_{n_k}\cdot v_c"),
        ("δ_xo", r"\delta_{xo}"),
        ("±√(1 − 1/|V|)", r"\pm\sqrt{1 - 1/|V|}"),
        ("MᵀM", r"M^\top M"),
        ("u_o[k] ū[m]", r"(u_o)_k \bar{u}_m"),
        ("s_l²", "s_l^2"),
        ("v̂", r"\hat{v}"),
        ("ū", r"\bar{u}"),
        ("σ′(s) = σ(s) σ(−s)", r"\sigma'(s) = \sigma(s)\,\sigma(-s)"),
        ("log exp x", r"\log \exp x"),
        ("new = old − η ∂J", r"\text{new} = \text{old} - \eta \partial J"),
    ],
)
def test_typed_mathematics_in_latex(text, latex):
    assert formula(text).spans == (Formula(text, latex),)
    assert re.search(r"[^\x00-\x7f]", latex) is None


def test_numbers_that_are_none_are_written_in_latex():
    table = Table(
        [
            Column(prose("a"), [prose("x")] * 4),
            Column(prose("b"), [Numeral(f"{x:.3g}") for x in (np.nan, -np.inf, 1e-9, -0.5)]),
        ]
    )
    text = to_latex(Document(prose("t"), (table,)))
    for written in ("& nan", "& -inf", r"$1 \times 10^{-9}$", "$-0.5$"):
        assert written in text
