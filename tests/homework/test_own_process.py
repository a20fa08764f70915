"""A file in a process of its own: judged as here, and whatever it does costs it alone."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from gradcheck.homework import SubmissionError
from gradcheck.homework.calling import server
from gradcheck.homework.calling.file_process import FileProcess
from gradcheck.homework.calling.process_tree import exit_status
from tests.homework.submissions import A2, RIGHT_EXAMPLE, WRONG_EXAMPLE, YEAR_2017

SIGMOID = "def sigmoid(x):\n"
NAIVE = "    scores = outsideVectors @ centerWordVec\n"


def at_import(lines: str) -> str:
    return A2.replace("import numpy as np\n", f"import numpy as np\n{lines}\n", 1)


def in_sigmoid(lines: str) -> str:
    return A2.replace(SIGMOID, f"{SIGMOID}    {lines}\n", 1)


def in_naive(lines: str) -> str:
    return A2.replace(NAIVE, f"    {lines}\n{NAIVE}", 1)


@pytest.fixture
def apart(submit):
    def apart(text: str, **options):
        return submit(text, **{"in_process": False, "only": "sigmoid", **options})

    return apart


@pytest.mark.parametrize(
    "text", [RIGHT_EXAMPLE.read_text(), WRONG_EXAMPLE.read_text(), YEAR_2017, in_naive("x[3]")]
)
def test_it_is_judged_as_in_this_process(submit, text):
    here, apart = submit(text), submit(text, in_process=False)
    assert json.dumps(apart.to_dict()) == json.dumps(here.to_dict())
    assert apart.notes == here.notes
    assert str(apart) == str(here)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("import os; os._exit(0)", "ended its process (exit status 0) while it was loaded"),
        (
            "import ctypes; ctypes.string_at(0)",
            "ended its process by a segmentation fault (word2vec.py, line 8) while it was loaded",
        ),
        ("import os; os.kill(os.getpid(), 15)", "ended its process by SIGTERM while it was loaded"),
        ("raise KeyboardInterrupt", "interrupts its own process (KeyboardInterrupt) while it is"),
        (
            "import os; os.closerange(0, 65536)",
            "closed the descriptors by which its process is asked while it was loaded",
        ),
        (
            (
                "import os\nfor d in range(3, 999):\n    try: os.write(d, b'hello' * 9)\n"
                "    except OSError: pass"
            ),
            "sent what is no answer (",
        ),
        ("while True: pass", "still running after 0.5 s; put what trains or tests under"),
        ("import time; time.sleep(99)", "still waiting after 0.5 s; put what trains or tests"),
        ("import os; os.kill(os.getpid(), 19)", "still waiting after 0.5 s; put what trains"),
        ("input()", "fails while it is imported: EOFError"),
        ("x = bytearray(10**11)", "fails while it is imported: MemoryError"),
        ("import numpy; numpy.random.set_state = None", "cannot be used: TypeError"),
    ],
)
def test_at_import(apart, tmp_path, lines, message):
    with pytest.raises(SubmissionError) as caught:
        apart(at_import(lines), timeout=0.5 if "still" in message else 30.0)
    assert str(caught.value).startswith(f"{tmp_path / 'word2vec.py'}: {message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("import os; os._exit(0)", "ended its process (exit status 0)"),
        ("import os; os.closerange(3, 65536)", "closed the descriptors by which its process is"),
        ("import os; os.killpg(0, 9)", "ended its process by SIGKILL"),
    ],
)
def test_in_a_function(submit, lines, message):
    report = submit(in_naive(lines), in_process=False, only=("sigmoid", NAIVE_NAME))
    assert message in report.error
    assert report.error.endswith(f", in {NAIVE_NAME}")
    assert not report.passed
    assert "NOT JUDGED" in str(report)
    # What was judged until then.
    assert [function.name for function in report.functions] == ["sigmoid"]
    document = report.to_dict()
    assert list(document) == ["file", "passed", "error", "functions"]
    assert document["functions"][0]["status"] == "passed"


NAIVE_NAME = "naiveSoftmaxLossAndGradient"


@pytest.mark.parametrize(
    ("lines", "status", "message"),
    [
        ("while True: pass", "timeout", "still running after 0.3 s, so it was stopped"),
        ("import time; time.sleep(99)", "timeout", "still waiting after 0.3 s, so it was stopped"),
        ("raise KeyboardInterrupt", "crashed", "crashed: it interrupts its own process"),
        ("return np.zeros((10**6, 10**6))", "crashed", "crashed: MemoryError"),
        ("return np.zeros(10**6)", "crashed", "crashed: it returns more than 65536 bytes"),
    ],
)
def test_what_costs_one_function(submit, lines, status, message):
    report = submit(in_sigmoid(lines), in_process=False, seconds=0.3, only=("sigmoid", "skipgram"))
    sigmoid, skipgram = report.functions
    assert sigmoid.status == status
    assert sigmoid.checks[0].message.startswith(message)
    assert skipgram.status == "passed"


@pytest.mark.parametrize(
    "lines",
    [
        "import os; os.fork()",
        "import builtins, os; builtins.print = None; os.environ.clear()",
        "import os; os.closerange(0, 256)",
        "import sys; sys.stdout = sys.stderr = None",
        "import threading, time; threading.Thread(target=time.sleep, args=(99,)).start()",
        "import atexit, time; atexit.register(time.sleep, 99)",
        "import os; os.remove(__file__)",
    ],
)
def test_what_costs_nothing(apart, lines):
    assert apart(at_import(lines)).passed


@pytest.mark.parametrize(
    "start",
    [
        "if not os.fork(): {say}; time.sleep(99)",
        (
            "if not os.fork():\n    os.setsid()\n    if not os.fork(): {say}; time.sleep(99)\n"
            "    os._exit(0)"
        ),
        "if not os.fork():\n    os.setsid(); {say}; os.execve('/bin/sleep', ['sleep', '99'], {{}})",
    ],
)
def test_what_a_file_starts_ends_with_it(apart, tmp_path, start):
    started = tmp_path / "started"
    say = f"open({str(started)!r}, 'w').write(str(os.getpid()))"
    wait = f"while not os.path.exists({str(started)!r}): time.sleep(0.01)"
    assert apart(at_import(f"import os, time\n{start.format(say=say)}\n{wait}")).passed
    state = Path(f"/proc/{started.read_text()}/stat")
    deadline = time.monotonic() + 5.0
    while state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_process_that_does_not_start_is_no_fault_of_the_file(submit, monkeypatch):
    monkeypatch.setattr("gradcheck.homework.calling.file_process._START", "raise SystemExit('no')")
    with pytest.raises(RuntimeError, match=r"a process for the file: .*exit status 1.*; no"):
        submit(A2, in_process=False)


def test_our_end_is_its_end():
    process = FileProcess()
    try:
        process._process.stdin.close()
        deadline = time.monotonic() + 10.0
        while exit_status(process._process) is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        process.close()


def test_a_file_that_changes_is_no_longer_the_same_file(submit, tmp_path):
    path = tmp_path / "word2vec.py"
    text = in_sigmoid(f"open({str(path)!r}, 'a').write('#\\n')\n    while True: pass")
    report = submit(text, in_process=False, seconds=0.2, only=("sigmoid", "skipgram"))
    assert report.error == f"{path}: changed while it was checked"
    assert [function.status for function in report.functions] == ["timeout"]


def test_the_limits_are_there(apart):
    lines = (
        "import resource\n"
        f"assert resource.getrlimit(resource.RLIMIT_AS)[0] <= {server.MEMORY}\n"
        "assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)\n"
        "import os\nassert os.getsid(0) == os.getpid()\nassert os.read(0, 1) == b''"
    )
    assert apart(at_import(lines)).passed


@pytest.mark.parametrize(
    ("name", "message"),
    [("pipe.py", "is a pipe or a device"), ("large.py", "has 100 MB; expected at most 10 MB")],
)
@pytest.mark.parametrize("in_process", [False, True])
def test_a_file_that_is_none(tmp_path, name, message, in_process):
    from gradcheck.homework import verify

    path = tmp_path / name
    if name == "pipe.py":
        os.mkfifo(path)
    else:
        with path.open("wb") as file:
            file.truncate(100_000_000)
    with pytest.raises(SubmissionError, match=message):
        verify(path, in_process=in_process)


def test_a_name_with_spaces_and_letters(submit):
    report = submit(
        WRONG_EXAMPLE.read_text(), "mein wörd2vec ŷ.py", in_process=False, only=NAIVE_NAME
    )
    assert report.functions[0].status == "failed"
    assert report.path.name == "mein wörd2vec ŷ.py"


def test_a_cell_that_never_ends_costs_the_cell(submit):
    cells = [A2.replace('if __name__ == "__main__":', "if False:"), "1 / 0"]
    written = [{"cell_type": "code", "source": cell} for cell in cells]
    text = json.dumps({"nbformat": 4, "cells": written})
    report = submit(text, "word2vec.ipynb", in_process=False, only="sigmoid")
    assert report.passed
    assert report.notes == ("code cell 2 failed: ZeroDivisionError: division by zero",)
