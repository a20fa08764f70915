from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

import pytest

from gradcheck.homework import SubmissionError, verify
from gradcheck.homework.courses import COURSES
from gradcheck.homework.submission.loading import load
from gradcheck.homework.submission.notebooks import read_cells
from tests.homework.submissions import A2, YEAR_2017
from tests.homework.translations import notebook

NAMES = sorted(
    {
        course.functions[role].name
        for course in COURSES
        for role in course.demanded(frozenset(course.functions))
    }
)
BAD = {
    "syntax.py": (
        "import numpy as np\ndef sigmoid(x)\n    return x\n",
        "syntax error in line 2: expected ':' (`def sigmoid(x)`)",
    ),
    "tabs.py": (
        "def f(x):\n        y = x\n\treturn y\n",
        ("syntax error in line 3: inconsistent use of tabs and spaces in indentation (`return y`)"),
    ),
    "long.py": (
        "x = " + "(" * 5000 + "\n",
        (f"syntax error in line 1: too many nested parentheses (`{('x = ' + '(' * 93)}...`)"),
    ),
    "raises.py": (
        "x = 1\nraise ValueError('no\\nway')\n",
        (
            "fails while it is imported: ValueError: no way "
            "(raises.py, line 2: `raise ValueError('no\\nway')`)"
        ),
    ),
    "exits.py": (
        "import sys\nsys.exit(0)\n",
        "calls sys.exit while it is imported (exits.py, line 2: `sys.exit(0)`)",
    ),
    "needs.py": (
        "if True:\n    import frobnicate_nowhere\n",
        (
            "needs the module frobnicate_nowhere, which is neither installed nor beside the file "
            "(needs.py, line 2: `import frobnicate_nowhere`)"
        ),
    ),
    "nothing.py": (
        "def main():\n    pass\n",
        (
            f"defines none of the functions {', '.join(NAMES)}; it defines main; name yours: "
            "--function naive-softmax=NAME"
        ),
    ),
    "notebook.ipynb": ("[1, 2", "not a Jupyter notebook"),
    "list.ipynb": ("[1, 2]", "not a Jupyter notebook"),
    "prose.ipynb": ("Dear grader,\n", "neither a Jupyter notebook nor Python"),
    "empty.ipynb": ("\n", "is empty: no notebook, and no Python"),
    "text.txt": ("hello", "expected a .py or .ipynb file, a folder or a .zip with one, got .txt"),
    "word2vec": (
        "x = 1",
        "expected a .py or .ipynb file, a folder or a .zip with one, got a name without an ending",
    ),
    "binary.py": ("\x00\x01", "not Python: the file is not text"),
    "deep.py": ("-" * 100_000 + "1", "not Python: it is nested too deeply"),
    "downloaded.py": (notebook("x = None"), "is a Jupyter notebook; call it downloaded.ipynb"),
    "paints.py": (
        "raise ValueError('\\x1b[2Jno')",
        (
            "fails while it is imported: ValueError: \\x1b[2Jno "
            "(paints.py, line 1: `raise ValueError('\\x1b[2Jno')`)"
        ),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_one_line(tmp_path, name):
    content, message = BAD[name]
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SubmissionError) as caught:
        verify(path)
    assert str(caught.value) == f"{path}: {message}"


@pytest.mark.parametrize(("name", "content"), [("W2V.PY", A2), ("W2V.IPYNB", notebook(A2))])
def test_the_ending_may_be_in_capitals(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert load(tmp_path / name).module.sgd
    assert load(tmp_path).delivery.path == tmp_path / name


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "image.py"
    path.write_bytes(b"\x89PNG\r\n\xff\xfe")
    with pytest.raises(SubmissionError, match="not Python: the file is not text"):
        load(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SubmissionError, match=r"word2vec\.py: no such file$"):
        load(tmp_path / "word2vec.py")


def test_a_file_that_never_ends(tmp_path):
    path = tmp_path / "trains.py"
    path.write_text("while True:\n    try:\n        pass\n    except:\n        pass\n")
    with pytest.raises(SubmissionError, match=r"still running after 0\.2 s; put what trains"):
        load(path, seconds=0.2)


def test_what_stands_under_main_is_not_run(tmp_path):
    path = tmp_path / "quiet.py"
    path.write_text('ran = False\nif __name__ == "__main__":\n    ran = True\n')
    assert not load(path).module.ran


def test_helpers_beside_the_file_are_used_and_forgotten(tmp_path):
    """Two files whose helpers have the same name do not meet, and nothing stays behind."""
    before = dict(sys.modules), list(sys.path), list(sys.meta_path)
    for folder, value in (("one", 1), ("two", 2)):
        (tmp_path / folder / "utils").mkdir(parents=True)
        (tmp_path / folder / "utils" / "utils.py").write_text(f"VALUE = {value}\n")
        (tmp_path / folder / "q1_softmax.py").write_text(f"def softmax(x): return {value}\n")
        (tmp_path / folder / "word2vec.py").write_text(
            "from utils.utils import VALUE\nfrom q1_softmax import softmax\n"
            "def later():\n    from utils.gradcheck import gradcheck_naive\n"
            "    import q1_softmax\n    return q1_softmax.softmax(0)\n"
        )
    loaded = [load(tmp_path / folder / "word2vec.py") for folder in ("one", "two")]
    assert [submission.module.VALUE for submission in loaded] == [1, 2]
    assert [submission.module.softmax(0) for submission in loaded] == [1, 2]
    assert [submission.notes for submission in loaded] == [(), ()]
    for submission, value in zip(loaded, (1, 2), strict=True):
        with submission.environment:
            assert submission.module.later() == value
        assert submission.environment.stand_ins == ("utils.gradcheck",)
    after = dict(sys.modules), list(sys.path), list(sys.meta_path)
    assert after == before


def test_a_helper_hides_a_module_of_ours_only_meanwhile(tmp_path, monkeypatch):
    foreign = type(sys)("helper_of_this_test")
    monkeypatch.setitem(sys.modules, "helper_of_this_test", foreign)
    (tmp_path / "helper_of_this_test.py").write_text("NAME = 'the student'\n")
    (tmp_path / "word2vec.py").write_text("from helper_of_this_test import NAME\n")
    assert load(tmp_path / "word2vec.py").module.NAME == "the student"
    assert sys.modules["helper_of_this_test"] is foreign


def test_what_the_file_does_to_the_process_is_undone(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "svg")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "course_tools_of_this_test.py").write_text("def tool(): return 5\n")
    (tmp_path / "a2").mkdir()
    path = tmp_path / "a2" / "word2vec.py"
    path.write_text(
        "import os, random, sys\n"
        "sys.path.append('../shared')\n"
        "import course_tools_of_this_test\n"
        "random.seed(1)\n"
        "arguments, folder, backend = list(sys.argv), os.getcwd(), os.environ['MPLBACKEND']\n"
    )
    random.seed(9)
    expected = random.random()  # noqa: S311
    random.seed(9)
    before = list(sys.argv), Path.cwd(), list(sys.path), dict(sys.modules)
    module = load(path).module
    assert (list(sys.argv), Path.cwd(), list(sys.path), dict(sys.modules)) == before
    assert os.environ["MPLBACKEND"] == "svg"
    assert random.random() == expected  # noqa: S311
    assert (module.arguments, module.folder, module.backend) == (
        [str(path)],
        str(tmp_path / "a2"),
        "Agg",
    )


def test_the_stand_in_softmax_overwrites_its_argument_as_the_courses_does(tmp_path):
    path = tmp_path / "q3_word2vec.py"
    path.write_text(
        "import numpy as np\nfrom utils.utils import softmax, normalizeRows, load_everything\n"
        "scores = np.array([1.0, 3.0])\nprobabilities = softmax(scores)\n"
        "rows = normalizeRows(np.array([[3.0, 4.0]]))\n"
    )
    module = load(path).module
    assert module.scores.tolist() == [-2.0, 0.0]
    assert module.probabilities.sum() == pytest.approx(1.0)
    assert module.rows.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)]]
    with pytest.raises(ImportError, match=r"utils\.utils\.load_everything does not lie"):
        module.load_everything()


def test_a_plot_goes_nowhere(tmp_path):
    """With matplotlib installed or without."""
    path = tmp_path / "plots.py"
    path.write_text(
        "import matplotlib.pyplot as plt\n"
        "figure, axes = plt.subplots()\naxes.plot([1])\nplt.show()\n"
    )
    assert load(path).output == ""


def _notebook(*cells: str, version: int = 4) -> str:
    if version == 3:
        written = [{"cell_type": "code", "input": [cell]} for cell in cells]
        return json.dumps({"nbformat": 3, "worksheets": [{"cells": written}]})
    written = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    written.insert(0, {"cell_type": "markdown", "source": ["# word2vec"]})
    return json.dumps({"nbformat": 4, "cells": written})


def test_a_notebook_is_checked_like_a_file(submit):
    text = _notebook("%matplotlib inline\n!pip install numpy\nimport numpy as np", *_halves(A2))
    report = submit(text, "word2vec.ipynb")
    assert report.passed
    assert report.notes == ()


def test_a_cell_that_fails_loses_no_function(submit):
    text = _notebook("open('no such data')", YEAR_2017, "1 / 0", "sys.exit()", "x = = 1")
    report = submit(text, "word2vec.ipynb")
    assert report.passed
    assert report.notes[1:] == (
        (
            "code cell 1 failed: FileNotFoundError: [Errno 2] No such file or directory: "
            "'no such data'"
        ),
        "code cell 3 failed: ZeroDivisionError: division by zero",
        "code cell 4 failed: NameError: name 'sys' is not defined",
        "1 more code cells failed",
    )


def test_a_notebook_in_which_nothing_runs(tmp_path):
    path = tmp_path / "word2vec.ipynb"
    path.write_text(_notebook("1 / 0"))
    with pytest.raises(SubmissionError, match="no code cell runs; code cell 1 failed: ZeroDiv"):
        load(path)


@pytest.mark.parametrize("version", [3, 4])
def test_read_cells(version):
    cells = read_cells(
        _notebook(
            "%%time\nx = 1",
            "%%bash\nls",
            "for i in range(2):\n    %timeit f(i)\nfiles = !ls\nhelp?",
            "y = (7\n% 4)",
            version=version,
        )
    )
    assert cells[0] == "\nx = 1"
    assert cells[1] == ""
    assert cells[2].splitlines()[:3] == ["for i in range(2):", "    pass", "pass"]
    assert cells[3] == "y = (7\n% 4)"


def _halves(text: str) -> tuple[str, str]:
    middle = text.index("def negSampling")
    return text[:middle], text[middle:]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("# é\nx = 1\n".encode("latin-1"), "the file is not UTF-8, and its first lines do not say"),
        ("x = 1\n".encode("utf-16"), "the file is UTF-16; save it as UTF-8"),
    ],
)
def test_text_of_another_encoding(tmp_path, content, message):
    path = tmp_path / "word2vec.py"
    path.write_bytes(content)
    with pytest.raises(SubmissionError, match=f"not Python: {message}"):
        load(path)


@pytest.mark.parametrize(
    "cell",
    [
        "%matplotlib inline\nprint('a %d'\n% 3)\nfound = 1",
        '%matplotlib inline\ntext = """\n%d?\n"""\nfound = 1 if \'%d\' in text else 0',
        "found = 1\nsigmoid?",
        "?print\nfound = 1\nprint??",
        "import asyncio\nawait asyncio.sleep(0)\nfound = 1",
        "%%writefile word2vec.py\nfound = 1",
    ],
)
def test_a_cell_with_ipythons_own_syntax_is_not_lost(tmp_path, cell):
    path = tmp_path / "word2vec.ipynb"
    path.write_text(_notebook(cell))
    submission = load(path)
    assert submission.module.found == 1
    assert submission.notes == ()
