"""A module that is not here costs the functions that use it, and no others."""

from __future__ import annotations

import json

import pytest

from gradcheck.homework import SubmissionError
from gradcheck.homework.submission.loading import load
from tests.homework.submissions import A2, changed
from tests.homework.translations import cells, notebook

MISSING = "neither installed nor beside the file, so no function can use it: "


@pytest.fixture
def loaded(tmp_path):
    def loaded(text: str, name: str = "word2vec.py", **helpers: str):
        for helper, content in helpers.items():
            (tmp_path / f"{helper}.py").write_text(content)
        (tmp_path / name).write_text(text)
        return load(tmp_path / name)

    return loaded


@pytest.mark.parametrize(
    "lines",
    [
        "import absent_here",
        "import absent_here.words as w, os\nw.download('all')\nw.SIZE = 3",
        "from absent_here.words import first, second\nfor word in first(): second(word)",
        "import absent_here.words\nabsent_here.words.load()['a'] + 1",
        "from absent_here import run\n@run\ndef f(x):\n    return x\nassert f(1) == 1",
        "import absent_here\n@absent_here.jit(a=1)\ndef f(x):\n    return x\nassert f(1) == 1",
        "import absent_here\nclass Model(absent_here.Module):\n    pass\nassert Model()",
        "import absent_here\nwith absent_here.device() as d:\n    x = float(d) + len(d)",
        "from absent_here import *\nsetup_everything()",
    ],
)
def test_a_file_that_only_imports_it_is_loaded(loaded, lines):
    submission = loaded(f"{lines}\nfound = 1\n")
    assert submission.module.found == 1
    (note,) = submission.notes
    assert note.startswith(f"{MISSING}absent_here")


def test_what_the_file_provides_for_is_left_to_it(loaded):
    submission = loaded(
        "try:\n    import absent_here\nexcept ImportError:\n    absent_here = None\n"
        "def later():\n    import absent_here\n"
    )
    assert submission.module.absent_here is None
    assert submission.notes == ()
    with pytest.raises(ModuleNotFoundError):
        submission.module.later()


@pytest.mark.parametrize("in_process", [True, False])
@pytest.mark.parametrize(
    ("line", "use"),
    [
        ("import absent_here", "absent_here.softmax(scores)"),
        ("from absent_here import softmax", "softmax(scores)"),
        ("from absent_here import SIZE", "scores * SIZE"),
        ("import absent_here", "isinstance(scores, absent_here.Tensor)"),
        ("from absent_here import *", "softmax(scores)"),
    ],
)
def test_a_function_that_uses_it_is_told_its_name(submit, line, use, in_process):
    text = changed(
        A2,
        ("import numpy as np", f"import numpy as np\n{line}"),
        ("    scores = scores - scores.max()", f"    scores = {use}"),
    )
    names = "naiveSoftmaxLossAndGradient", "negSamplingLossAndGradient"
    report = submit(text, in_process=in_process, only=names)
    functions = {function.name: function for function in report.functions}
    message = functions["naiveSoftmaxLossAndGradient"].checks[0].message
    assert "the module absent_here is neither installed nor beside the file" in message
    assert f"`scores = {use}" in message
    assert functions["negSamplingLossAndGradient"].status == "passed"


def test_a_helper_may_import_it_too(loaded):
    helper = "import absent_here\ndef one():\n    return 1\ndef two():\n    absent_here.two()\n"
    submission = loaded("from helper import one\nx = one()\n", helper=helper)
    assert submission.module.x == 1
    assert submission.notes == (f"{MISSING}absent_here",)


def test_a_name_that_the_files_own_helper_lacks_is_an_error(loaded):
    with pytest.raises(SubmissionError, match="cannot import name 'two' from 'helper'"):
        loaded("from helper import two\n", helper="def one():\n    return 1\n")


def test_a_name_that_a_library_has_no_more_is_a_stand_in(loaded):
    submission = loaded("from os import former_name\nfound = 1\n")
    assert submission.module.found == 1
    with pytest.raises(ModuleNotFoundError, match="os cannot be imported: ImportError: cannot imp"):
        submission.module.former_name()


def test_the_rest_of_a_cell_is_not_lost(submit):
    text = notebook("import import_ipynb\nimport numpy as np\n\n\n" + A2, "1 / 0")
    report = submit(text, "word2vec.ipynb")
    assert report.passed
    assert report.notes == (
        f"{MISSING}import_ipynb",
        "code cell 2 failed: ZeroDivisionError: division by zero",
    )


def test_a_failed_import_of_a_cell_is_told_and_its_name_is_a_stand_in(loaded):
    submission = loaded(
        notebook("import broken\nfound = 1\nbroken.plot()"), "word2vec.ipynb", broken="1 / 0\n"
    )
    assert submission.module.found == 1
    assert submission.notes == ("code cell 1 failed: ZeroDivisionError: division by zero",)


def test_after_a_failure_a_cell_still_defines(loaded):
    cell = "x = 1\nopen('no such data')\nx = 2\ndef f():\n    return 3\nimport math as m\nx = 4"
    submission = loaded(notebook(cell), "word2vec.ipynb")
    assert (submission.module.x, submission.module.f(), submission.module.m.pi > 3) == (1, 3, True)
    assert len(submission.notes) == 1


@pytest.mark.parametrize("version", [2, 3, 4])
def test_every_format_of_notebook_is_read(submit, version):
    report = submit(notebook(*cells(A2), version=version), "word2vec.ipynb")
    assert report.passed
    assert report.notes == ()


def test_the_last_definition_wins(submit):
    empty = "def skipgram(*arguments):\n    raise NotImplementedError"
    report = submit(notebook(empty, A2), "word2vec.ipynb", only="skipgram")
    assert report.passed
    report = submit(notebook(A2, empty), "word2vec.ipynb", only="skipgram")
    assert report.functions[0].status == "unfinished"


def test_what_a_notebook_shows_and_asks_passes(loaded):
    submission = loaded(
        notebook(
            "%config InlineBackend.figure_format = 'retina'\nget_ipython().magic('pylab')",
            "from IPython.display import display, clear_output\nimport ipywidgets as widgets\n"
            "@widgets.interact(n=(0, 9))\ndef show(n=1):\n    display(n)",
            "import matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()",
            "name = input('Your name? ')\nanswers = [input() for _ in range(3)]",
            "%%javascript\nalert(1)",
            "!ls\n?print\nfound = 1",
        ),
        "word2vec.ipynb",
    )
    assert submission.module.found == 1
    assert callable(submission.module.show)
    assert not [note for note in submission.notes if "failed" in note]


def test_plain_python_under_a_notebooks_name(submit):
    assert submit(A2, "word2vec.ipynb").passed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (notebook("x = 1", version=1), "a notebook of format 1, which gradcheck does not read"),
        (notebook(), "a notebook without code"),
        (notebook(" \n", ""), "a notebook without code"),
        (json.dumps({"cells": [{"cell_type": "code"}]}), "not a Jupyter notebook"),
        (json.dumps({"cells": 3}), "not a Jupyter notebook"),
        ("{" * 100_000, "not a Jupyter notebook"),
        ('{"a":' * 100_000, "not a Jupyter notebook"),
        ("\n", "is empty"),
    ],
)
def test_what_is_no_notebook_is_said_in_one_line(loaded, tmp_path, text, message):
    with pytest.raises(SubmissionError) as caught:
        loaded(text, "word2vec.ipynb")
    assert str(caught.value).startswith(f"{tmp_path / 'word2vec.ipynb'}: {message}")
    assert "\n" not in str(caught.value)


def test_a_line_of_a_cell_keeps_its_number(submit):
    text = changed(
        A2, ("    return np.exp(-np.logaddexp", "    nowhere()\n    return np.exp(-np.logaddexp")
    )
    report = submit(notebook("\n\n%%time\n" + text), "word2vec.ipynb", only="sigmoid")
    number = 3 + text.splitlines().index("    nowhere()") + 1
    message = report.functions[0].checks[0].message
    assert f"word2vec.ipynb [code cell 1], line {number}: `nowhere()`" in message
