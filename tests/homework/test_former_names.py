"""Names that Python 3 and NumPy have no more are the file's to use, and nobody else's."""

from __future__ import annotations

import itertools
import time
import warnings

import numpy as np
import pytest

from gradcheck.homework import SubmissionError
from gradcheck.homework.submission.loading import load
from tests.homework.submissions import A2, changed

SUPPLIED = "supplied, as Python 3 or NumPy has it no more: "


@pytest.fixture
def loaded(tmp_path):
    def loaded(text: str):
        (tmp_path / "word2vec.py").write_text(text)
        return load(tmp_path / "word2vec.py")

    return loaded


NUMPY = "import numpy as np\n"


@pytest.mark.parametrize(
    ("text", "value", "told"),
    [
        ("x = list(xrange(3))", [0, 1, 2], "xrange"),
        ("x = reduce(lambda a, b: a * b, [2, 3])", 6, "reduce"),
        ("x = unicode(3) + unichr(65)", "3A", "unichr, unicode"),
        ("x = long(3.5) + cmp(1, 2)", 2, "cmp, long"),
        ("x = list({1: 2}.iteritems())", [(1, 2)], ".iteritems()"),
        ("x = {1: 2}.has_key(1)", True, ".has_key()"),
        ("x = iter([5]).next()", 5, ""),
        (f"{NUMPY}x = np.float(3)", 3.0, "numpy.float"),
        (f"{NUMPY}x = np.zeros(2, dtype=np.int).tolist()", [0, 0], "numpy.int"),
        ("import numpy\nx = numpy.asfarray([1]).tolist()", [1.0], "numpy.asfarray"),
        (f"{NUMPY}x = np.mat([[1, 2]]).T.shape", (2, 1), "numpy.mat"),
        (f"{NUMPY}x = int(np.product([2, 3]))", 6, "numpy.product"),
        (f"{NUMPY}x = np.sum(i for i in [1, 2])", 3, "numpy.sum of a generator"),
        (f"{NUMPY}x = np.array([1, 4]).ptp()", 3, ".ptp()"),
        ("from numpy import asfarray, zeros\nx = asfarray(zeros(1)).tolist()", [0.0], "numpy.asf"),
        ("from numpy import *\nx = asfarray(zeros(1)).tolist()", [0.0], "asfarray"),
        ("from itertools import izip as pairs\nx = list(pairs([1], [2]))", [(1, 2)], "itertools."),
        ("import time as clocks\nx = clocks.clock() >= 0", True, "time.clock"),
        ("import sys\nx = sys.maxint > 2**31", True, "sys.maxint"),
        ("get_ipython().run_line_magic('matplotlib', 'inline')\ndisplay(3)\nx = 1", 1, ""),
    ],
)
def test_a_former_name_is_supplied_and_told(loaded, text, value, told):
    submission = loaded(text + "\n")
    assert submission.module.x == value
    (note,) = submission.notes or ("",)
    assert note.startswith(SUPPLIED + told if told else "")


def test_the_file_alone_has_it(loaded):
    modules = np, np.random, itertools, time
    before = [dict(vars(module)) for module in modules]
    loaded(f"{NUMPY}import itertools, time\nx = np.float(1), itertools.izip, time.clock()\n")
    assert [dict(vars(module)) for module in modules] == before
    with pytest.raises(AttributeError):
        np.asfarray  # noqa: B018, NPY201 - asking for it is the point


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    xrange\nexcept NameError:\n    xrange = range\nx = xrange(3)",
        "from functools import reduce\nx = reduce(max, [1])",
        "def unicode(s):\n    return s\nx = unicode(1)",
        "class Table(dict):\n    def iteritems(self):\n        return []\nx = Table().iteritems()",
        f"{NUMPY}np.float = float\nx = np.float(1)",
        f"{NUMPY}x = np.sum([1, 2])",
        "def f(file, long):\n    return file + long\nx = f(1, 2)",
    ],
)
def test_what_the_file_has_itself_is_its_own(loaded, text):
    assert loaded(text + "\n").notes == ()


def test_an_object_without_the_method_is_told_so(loaded):
    with pytest.raises(SubmissionError, match="'int' object has no attribute 'iteritems'"):
        loaded("(3).iteritems()\n")


@pytest.mark.parametrize("in_process", [True, False])
def test_no_function_crashes_by_it(submit, in_process):
    text = changed(
        A2,
        ("    samples = []\n", "    samples = []\n    [None for k in xrange(K)]\n"),
        ("    scores = scores - scores.max()", "    scores = np.asfarray(scores) - np.float(0)"),
    )
    report = submit(text, in_process=in_process)
    assert {function.status for function in report.functions} == {"passed"}
    assert report.notes == (f"{SUPPLIED}xrange, numpy.asfarray, numpy.float",)


def test_the_snippet_loads_the_file_as_it_was(submit):
    text = changed(A2, ("gradOutsideVecs = np.outer(", "gradOutsideVecs = 2 * np.outer("))
    plain = submit(text, only="naiveSoftmaxLossAndGradient")
    text = text.replace("    samples = []\n", "    samples = list(xrange(0))\n")
    supplied = submit(text, only="naiveSoftmaxLossAndGradient")
    for report, line in ((plain, "from word2vec import"), (supplied, "load('word2vec.py')")):
        snippets = [check.snippet for check in report.functions[0].checks if check.snippet]
        assert snippets
        assert all(line in snippet for snippet in snippets)


def test_asking_numpy_for_what_it_had_warns_nobody(loaded):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded(f"{NUMPY}x = np.object, np.str, np.bool\n")
