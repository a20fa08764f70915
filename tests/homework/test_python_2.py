"""Python 2 is translated where Python 3 refuses it, and means what it meant."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from gradcheck.homework import SubmissionError, verify
from gradcheck.homework.submission import failures, sources
from gradcheck.homework.submission.loading import load
from tests.homework.submissions import A2, YEAR_2017, changed
from tests.homework.translations import notebook, python_2

DIVISION = "; / of two whole numbers gives a whole number there"


@pytest.fixture
def loaded(tmp_path):
    def loaded(text: str, name: str = "word2vec.py", **helpers: str):
        for helper, content in helpers.items():
            path = tmp_path / f"{helper}.py"
            path.write_text(content)
        (tmp_path / name).write_text(text)
        return load(tmp_path / name)

    return loaded


@pytest.mark.parametrize("in_process", [True, False])
def test_a_right_file_passes_and_says_what_was_done(submit, in_process):
    report = submit(python_2(YEAR_2017), in_process=in_process)
    assert report.passed
    assert f"translated from Python 2, in memory: word2vec.py{DIVISION}" in report.notes
    assert "half of 7 is 3" in report.output


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("print 'a',\nx = 7 / 2", 3),
        ("import sys\nprint >>sys.stderr, 'a'\nx = -7 / 2", -4),
        ("print 'a'\nx = 7 / 2.0", 3.5),
        ("print 'a'\nx = 7.0 / 2", 3.5),
        ("from __future__ import division\nprint 'a'\nx = 7 / 2", 3.5),
        ("from __future__ import print_function, division\nx = 0777 / 2", 255.5),
        ("from __future__ import print_function\nx = 0777 / 2", 255),
        ("import sys\nx = 010\nprint('a', file=sys.stderr)", 8),
        ("x = 7\nx /= 2\nprint x", 3),
        ("print 'a'\nx = {1: 7}\nx[1] /= 2\nx = x[1]", 3),
        ("class C: pass\nc = C()\nc.n = 7\nc.n /= 2\nprint c.n\nx = c.n", 3),
        ("import numpy as np\nprint 1\nx = (np.array([7, 8]) / 2)[0]", 3),
        ("import numpy as np\nprint 1\nx = (np.array([7.0, 8]) / 2)[0]", 3.5),
        ("try:\n    raise ValueError, 'no'\nexcept ValueError, e:\n    x = str(e)", "no"),
        ("print 1\nx = map(lambda a: a + 1, [1, 2])", [2, 3]),
        ("print 1\nx = reduce(lambda a, b: a * b, [2, 3])", 6),
        ("def f((a, b), c):\n    return a + b + c\nx = f((1, 2), 3)", 6),
        ("if 1:\n        x = 1\n\tx = 2\nprint x", 2),
        ("print 1\nexec 'x = 3'", 3),
        ("x = ur'a' + u'b' * 10L + `7`", "abbbbbbbbbb7"),
    ],
)
def test_it_computes_what_python_2_does(loaded, lines, expected):
    module = loaded(lines + "\n").module
    assert module.x == expected
    assert type(module.x) is type(expected) or isinstance(module.x, np.generic)


def test_division_in_place_stays_in_place_and_asks_once(loaded):
    module = loaded(
        "import numpy as np\n"
        "asked = []\n"
        "def place():\n    asked.append(1)\n    return 0\n"
        "x = np.array([8.0, 6.0])\ny = x\ny /= 2\ny[place()] /= 2\nprint 'done'\n"
        "rows = np.ones((2, 3))\nrows[:, 1:] /= 4\n"
    ).module
    assert module.x is module.y
    assert module.x.tolist() == [2.0, 3.0]
    assert module.asked == [1]
    assert module.rows.tolist() == [[1.0, 0.25, 0.25]] * 2


def test_python_3_divides_as_ever(loaded):
    assert loaded("x = 7 / 2\n").module.x == 3.5


def test_helpers_are_translated_beside_either(loaded, tmp_path):
    helper = "def softmax(x):\n    print 'seen'\n    return 7 / 2\n"
    submission = loaded("from q1_softmax import softmax\nx = softmax(1)\n", q1_softmax=helper)
    assert submission.module.x == 3
    assert submission.notes == (f"translated from Python 2, in memory: q1_softmax.py{DIVISION}",)
    # Of the same time as the file, though Python 3 would read it.
    plain = "def softmax(x):\n    return 7 / 2\n"
    submission = loaded("from q1_softmax import softmax\nprint softmax(1)\n", q1_softmax=plain)
    assert submission.output == "3\n"
    (note,) = submission.notes
    assert "word2vec.py, q1_softmax.py" in note
    assert not (tmp_path / "__pycache__").exists()


def test_a_helper_that_is_neither_is_named(loaded):
    with pytest.raises(SubmissionError) as caught:
        loaded("import helper\n", helper="x = = 1\n")
    assert str(caught.value).endswith(
        "word2vec.py: helper.py: syntax error in line 1: invalid syntax (`x = = 1`)"
    )


def test_what_a_report_quotes_is_the_files_own_line(submit):
    """A parameter that is taken apart becomes a line more; so does an import of `reduce`."""
    extra = "def pair((a, b), c):\n    print a\n    return reduce(max, [a, b, c])\n\n\n"
    crashing = changed(
        python_2(YEAR_2017),
        ("def half(n):", extra + "def half(n):"),
        ("    words = [tokens", "    nowhere()\n    words = [tokens"),
    )
    report = submit(crashing)
    lines = crashing.splitlines()
    functions = {function.name: function for function in report.functions}
    crash = functions["cbow"].checks[0].message
    number = lines.index("    nowhere()") + 1
    assert f"(word2vec.py, line {number}: `nowhere()`)" in crash


def test_the_line_of_a_mistake_is_quoted_from_python_2(submit):
    wrong = changed(python_2(YEAR_2017), ("grad[index] += sign", "grad[index] = sign"))
    report = submit(wrong, only="negSamplingCostAndGradient")
    quoted = [check.quotation for check in report.functions[0].checks if check.quotation]
    number = next(n for n, line in enumerate(wrong.splitlines(), 1) if "grad[index] = sign" in line)
    assert {quotation.number for quotation in quoted} == {number}


def test_a_notebook_whose_cells_are_of_python_2(loaded):
    text = notebook("from __future__ import division", "x = 7 / 2", "print x")
    assert loaded(text, "word2vec.ipynb").module.x == 3.5
    text = notebook("x = 7 / 2", "%matplotlib inline\nprint x")
    submission = loaded(text, "word2vec.ipynb")
    assert submission.module.x == 3
    assert submission.notes == (f"translated from Python 2, in memory: word2vec.ipynb{DIVISION}",)
    told = notebook("x = 7 / 2", kernelspec={"name": "python2"})
    assert loaded(told, "word2vec.ipynb").module.x == 3
    told = notebook("x = 7 / 2", language_info={"version": "2.7.12"})
    assert loaded(told, "word2vec.ipynb").module.x == 3


def test_tabs_among_spaces_in_python_3_stay_an_error(loaded):
    """Nobody has run such a file; of Python 2, its names tell."""
    text = "def f(x):\n        y = x\n\treturn y\n"
    with pytest.raises(SubmissionError, match="inconsistent use of tabs and spaces"):
        loaded(text)
    assert loaded(text + "n = max(xrange(3))\n").module.n == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def sigmoid(x):\n    print x\n", "Python 2 source (line 2: `print x`)"),
        ("try:\n    x = 1\nexcept ValueError, e:\n    x = 2\n", "Python 2 source (line 3: `exc"),
        ("import os\nx = 0777\n", "Python 2 source (line 2: `x = 0777`)"),
        ("x = `1`\n", "Python 2 source (line 1: `x = `1``)"),
    ],
)
def test_without_the_translator_it_is_named(loaded, monkeypatch, text, message):
    for module in (sources, failures):
        monkeypatch.setattr(module, "can_translate", lambda: False)
    with pytest.raises(SubmissionError) as caught:
        loaded(text)
    advice = (
        "; to translate it takes fissix: .venv/bin/pip install -e '.[python2]' in the folder of "
        "gradcheck's checkout"
    )
    assert message in str(caught.value)
    assert str(caught.value).endswith(advice)


def test_what_cannot_be_translated_is_said(loaded):
    with pytest.raises(SubmissionError, match=r"cannot be translated to Python 3 as it stands$"):
        loaded("print 'a'\nprint x y\n")


def test_lines_keep_their_numbers_where_many_are_alike(loaded):
    lines = ["print 1", *["x = 1", ""] * 300, "def f((a, b)):", *["    a"] * 300, "    nowhere()"]
    function = loaded("\n".join(lines) + "\n").module.f
    with pytest.raises(NameError) as caught:
        function((1, 2))
    assert caught.traceback[-1].lineno == lines.index("    nowhere()")


def test_python_3_is_not_touched():
    tree = sources.parse(A2, "word2vec.py").tree
    assert ast.dump(tree) == ast.dump(ast.parse(A2))


def test_the_same_through_verify(tmp_path):
    (tmp_path / "q3_word2vec.py").write_text("def sigmoid(x):\n    print x\n")
    with pytest.raises(SubmissionError, match="sigmoid alone tells of no course"):
        verify(tmp_path / "q3_word2vec.py")
