"""What a file does to the process stays the file's: no other file and no report meets it."""

from __future__ import annotations

import builtins
import contextlib
import math
import os
import random
import sys
from pathlib import Path

import numpy as np
import pytest

from gradcheck.homework.submission.loading import SubmissionError, load
from tests.homework.submissions import A2

SIGMOID = "def sigmoid(x):\n"


def _at_import(lines: str) -> str:
    return A2.replace("import numpy as np\n", f"import numpy as np\n{lines}\n", 1)


def _in_sigmoid(*lines: str) -> str:
    assert SIGMOID in A2
    return A2.replace(SIGMOID, SIGMOID + "".join(f"    {line}\n" for line in lines), 1)


@pytest.mark.parametrize(
    "lines",
    [
        "import sys\nsys.stdout.reconfigure(encoding='utf-8')",
        "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding='utf-8')",
        "import codecs, sys\nsys.stdout = codecs.getwriter('utf8')(sys.stdout.detach())",
        "import faulthandler\nfaulthandler.enable()",
        "import sys\nsys.stdout.close()",
    ],
)
def test_what_is_usually_done_to_standard_output(submit, lines):
    report = submit(_at_import(lines) + "\nprint('seen', flush=True)\n", only=["sigmoid"])
    assert report.passed
    if "close" not in lines:
        assert "seen" in report.output


def test_output_is_kept_up_to_a_limit(submit):
    report = submit(_at_import("print('ŷ' * 10**6)"), only=["sigmoid"])
    assert 10_000 < len(report.output) <= 20_000


def test_a_helper_named_as_we_are_is_the_students(submit, tmp_path):
    ours = sys.modules["gradcheck"]
    (tmp_path / "gradcheck.py").write_text("def gradcheck_naive(f, x): return 'theirs'\n")
    text = _at_import("from gradcheck import gradcheck_naive\nassert gradcheck_naive(0, 0)")
    text = text.replace(
        SIGMOID, SIGMOID + "    import gradcheck; gradcheck.gradcheck_naive(0, 0)\n", 1
    )
    report = submit(text)
    assert {function.status for function in report.functions} <= {"passed", "failed"}
    assert report.functions[0].status == "passed"
    assert sys.modules["gradcheck"] is ours


def test_our_own_package_beside_the_file_is_ours():
    submission = load(Path(__file__).parents[2] / "docs" / "examples" / "word2vec.py")
    root = Path(__file__).parents[2]
    with type(submission.environment)(root):
        assert sys.modules["gradcheck.homework.submission.loading"].load is load


@pytest.mark.parametrize(
    "line",
    [
        "np.exp = np.log",
        "np.abs = None",
        "np.random.seed = None; np.random.set_state = None; np.random.get_state = None",
        "import builtins; builtins.len = None; builtins.sum = None; builtins.isinstance = None",
        "import random; random.seed = None; random.getstate = None",
        "import math; math.sqrt = None",
        "del np.exp",
        "import os; os.chdir('/')",
        "import sys; sys.stdout.close(); sys.stdout = None",
        "import sys; sys.setrecursionlimit(10**6)",
    ],
)
@pytest.mark.parametrize("place", ["import", "call"])
def test_the_next_file_meets_nothing_of_it(submit, line, place):
    before = _state()
    text = _at_import(line) if place == "import" else _in_sigmoid(line)
    with contextlib.suppress(SubmissionError):  # some stop the file itself
        assert str(submit(text, only=["sigmoid"]))
    assert _state() == before
    assert submit(A2, only=["sigmoid", "naiveSoftmaxLossAndGradient"]).passed


def _state():
    modules = builtins, math, random, np, np.random
    values = [
        {name: id(value) for name, value in vars(module).items() if name != "_"}
        for module in modules
    ]
    return values, Path.cwd(), sys.getrecursionlimit(), sys.stdout, dict(os.environ)


def test_what_a_file_patches_holds_for_its_own_functions(submit):
    text = _in_sigmoid("np.asarray(x, dtype=np.gradcheck_float)").replace(
        "import numpy as np\n", "import numpy as np\nnp.gradcheck_float = float\n", 1
    )
    assert submit(text, only=["sigmoid"]).passed
    assert not hasattr(np, "gradcheck_float")


def test_a_file_is_opened_by_its_relative_path_inside_a_function(submit, tmp_path):
    (tmp_path / "table.txt").write_text("1\n")
    before = Path.cwd()
    assert submit(_in_sigmoid("open('table.txt').close()"), only=["sigmoid"]).passed
    assert Path.cwd() == before


@pytest.mark.parametrize(
    "line",
    [
        "class E(Exception):\n        def __str__(self): raise ValueError\n    raise E",
        "class A:\n        def __array__(self, *a, **k): raise RuntimeError\n    return A()",
        "class A:\n        def __repr__(self): raise RuntimeError\n    return A(), A(), A()",
        "return (y for y in [x])",
        "return 10**400",
        "a = []; a.append(a); return a",
    ],
)
def test_hostile_values_are_wrong_and_nothing_breaks(submit, line):
    report = submit(_in_sigmoid(line), only=["sigmoid"])
    assert not report.passed
    assert str(report)
    assert report.to_dict()
