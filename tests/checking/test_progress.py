"""A check that takes long says so, and leaves nothing behind."""

from __future__ import annotations

import errno
import io
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest

import gradcheck
from gradcheck.checking import gradients

AT = np.linspace(1, 2, 5)


def cubes(x):
    return (x**3).sum()


def slope(x):
    return 3 * x**2


def test_lines_tell_of_progress_where_there_is_no_terminal(capsys):
    report = gradcheck.check(cubes, slope, AT, progress=True)
    out, err = capsys.readouterr()
    assert report
    assert not out
    assert err == "checking the gradient, evaluation 1\n"


def test_the_most_evaluations_are_told(capsys):
    gradcheck.check(cubes, slope, AT, progress=True, max_evaluations=500)
    assert capsys.readouterr().err == "checking the gradient, evaluation 1 of at most 500\n"


def test_reading_a_report_tells_of_its_own_progress(capsys):
    report = gradcheck.check(cubes, np.square, np.linspace(1, 2, 200), progress=True)
    capsys.readouterr()
    str(report)
    assert "looking for wrong entries, evaluation" in capsys.readouterr().err


@pytest.mark.parametrize("progress", [None, False])
def test_nothing_is_told_unasked(capsys, progress):
    gradcheck.check(cubes, slope, AT, progress=progress)
    gradcheck.assert_gradient(cubes, slope, AT, progress=progress)
    assert capsys.readouterr() == ("", "")


def test_another_kind_of_progress_is_refused():
    with pytest.raises(TypeError, match="progress is of type int; True, False or None"):
        gradcheck.check(cubes, slope, AT, progress=2)


class Log:
    def write(self, _text):
        pass


class HungUp(io.StringIO):
    def __init__(self, *, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal

    def write(self, _text):
        raise OSError(errno.EIO, "Input/output error")


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("progress", [None, True, False])
@pytest.mark.parametrize(
    "stream",
    [
        lambda: None,
        Log,
        closed,
        lambda: HungUp(terminal=False),
        lambda: HungUp(terminal=True),
    ],
    ids=["none", "a log", "closed", "hung up", "hung-up terminal"],
)
def test_a_standard_error_that_is_gone_ends_no_check(monkeypatch, capsys, stream, progress):
    monkeypatch.setattr(gradients, "PATIENCE", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", stream())
        report = gradcheck.check(cubes, slope, AT, progress=progress)
    assert report.verdict == "agrees"
    assert capsys.readouterr() == ("", "")


SLOW = """
import time, numpy as np, gradcheck
from gradcheck.checking import gradients
gradients.PATIENCE = {patience}
def cubes(x):
    time.sleep(0.03)
    return (x**3).sum()
print(gradcheck.check(cubes, lambda x: 3 * x**2, np.linspace(1, 2, 5), progress={progress}).verdict)
"""


def seen_in_a_terminal(program):
    controller, terminal = pty.openpty()
    process = subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-c", program],
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    )
    os.close(terminal)
    seen = b""
    with suppress(OSError):  # Linux says so when the other end is closed
        while chunk := os.read(controller, 65_536):
            seen += chunk
    os.close(controller)
    assert process.wait() == 0
    return seen.decode()


@pytest.mark.parametrize(
    ("patience", "progress", "is_shown"),
    [(0.1, None, True), (60, None, False), (60, True, True), (0.1, False, False)],
)
def test_a_bar_shows_in_a_terminal_once_it_takes_long(patience, progress, is_shown):
    seen = seen_in_a_terminal(SLOW.format(patience=patience, progress=progress))
    assert ("checking the gradient, evaluation" in seen) == is_shown
    assert "%" not in seen  # nobody knows how many there will be
    # The bar is taken away again: what stands at last is what was printed.
    last = re.split(r"\x1b\[2K", seen)[-1]
    assert re.sub(r"\x1b\[\??[\d;]*[a-zA-Z]", "", last).strip() == "agrees"
