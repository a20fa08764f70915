"""Students sit at Windows, too: what it lacks is hidden, and all runs as before."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.homework.submissions import RIGHT_EXAMPLE, WRONG_EXAMPLE

HIDDEN = """
import os, signal, sys

for name in ("fcntl", "grp", "pwd", "pty", "resource", "termios"):
    sys.modules[name] = None
for name in ("fork", "getuid", "geteuid", "killpg", "setsid", "getpgid"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("setitimer", "getitimer", "alarm", "pause", "SIGALRM", "ITIMER_REAL"):
    if hasattr(signal, name):
        delattr(signal, name)
"""

ENDLESS = "import numpy as np\n\ndef sigmoid(x):\n    while True:\n        x = x + 1\n"

CHECK = """
import numpy as np, gradcheck
assert gradcheck.check(lambda x: (x**2).sum(), lambda x: 2 * x, np.ones(3))
assert gradcheck.check(lambda x: (x**2).sum(), lambda x: x, np.ones(3)).verdict == "disagrees"
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", HIDDEN + program]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    return run(f"from gradcheck.__main__ import main; sys.exit(main({list(map(str, arguments))}))")


@pytest.mark.parametrize(
    ("example", "status", "said"),
    [(RIGHT_EXAMPLE, 0, "12 checks  passed"), (WRONG_EXAMPLE, 1, "outside-gradient")],
)
def test_a_homework_file_is_verified(example, status, said):
    done = command("verify", example, "--only", "naiveSoftmaxLossAndGradient")
    assert (done.returncode, done.stderr) == (status, "")
    assert said in done.stdout


def test_a_call_that_does_not_end_is_stopped(tmp_path):
    path = tmp_path / "endless.py"
    path.write_text(ENDLESS)
    call = f"verify({str(path)!r}, seconds=0.2, only='sigmoid')"
    done = run(f"from gradcheck.homework import verify; print({call})")
    assert (done.returncode, done.stderr) == (0, "")
    assert "still running after 0.2 s, so it was stopped" in " ".join(done.stdout.split())


def test_a_gradient_is_checked():
    done = run(CHECK)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_step_is_walked_through():
    done = command("walkthrough")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("agrees.\n")


def test_what_is_hidden_is_gone():
    done = run("import fcntl")
    assert done.returncode == 1
    assert "ModuleNotFoundError" in done.stderr
    assert run("os.fork").returncode == 1
