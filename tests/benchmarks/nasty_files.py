"""Files that end, hang, fork, print or break whatever they can, each followed by a right one.

    python -m tests.benchmarks.nasty_files [NAME …]

Counted: nasty files that pass though they may not, right files after them that do not pass, runs
of ours that crash, hang or write no JSON, and processes that outlive the run. Everything runs
under limits that are set before it starts.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gradcheck.homework.calling.process_tree import MARK
from tests.homework.submissions import A2

SIGMOID = "def sigmoid(x):\n"
NAIVE = "    scores = outsideVectors @ centerWordVec\n"
BATCH = 8
SECONDS_PER_FILE = 60
FORGET = "os.environ.clear(); "

# Where it stands in the file, the lines, and whether the file may pass all the same: what it does
# leaves its answers right, and nobody notices but that it is cleared away.
AT_IMPORT = {
    "exits with 0": ("import os; os._exit(0)", False),
    "exits with 1": ("import os; os._exit(1)", False),
    "exits with a status of ours": ("import os; os._exit(113)", False),
    "sys.exit": ("import sys; sys.exit(0)", False),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", False),
    "GeneratorExit": ("raise GeneratorExit", False),
    "kills itself": ("import os; os.kill(os.getpid(), 9)", False),
    "terminates itself": ("import os; os.kill(os.getpid(), 15)", False),
    "interrupts itself": ("import os; os.kill(os.getpid(), 2)", False),
    "stops itself": ("import os; os.kill(os.getpid(), 19)", False),
    "kills its group": ("import os; os.killpg(0, 9)", False),
    "segmentation fault": ("import ctypes; ctypes.string_at(0)", False),
    "abort": ("import os; os.abort()", False),
    "loops": ("while True: pass", False),
    "loops and swallows": ("while True:\n    try: x = 1\n    except: pass", False),
    "sleeps": ("import time; time.sleep(10**6)", False),
    "waits for a signal": ("import signal; signal.pause()", False),
    "a lock twice": ("import threading; l = threading.Lock(); l.acquire(); l.acquire()", False),
    "a thread without end": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(10**6,)).start()",
        True,
    ),
    "a thread that exits": (
        (
            "import threading, os, time\n"
            "threading.Thread(target=lambda: (time.sleep(0.1), os._exit(0))).start(); "
            "time.sleep(0.5)"
        ),
        False,
    ),
    "a fork that sleeps": ("import os, time\nif not os.fork(): time.sleep(10**6)", True),
    "a fork that leaves": (
        "import os, time\nif not os.fork():\n    os.setsid(); time.sleep(10**6)",
        True,
    ),
    "a daemon with nothing of ours": (
        (
            "import os\nif not os.fork():\n    os.setsid()\n"
            "    if not os.fork(): os.execve('/bin/sleep', ['sleep', '1000'], {})\n    os._exit(0)"
        ),
        True,
    ),
    "a fork goes on": ("import os\nif os.fork(): os._exit(0)", False),
    "both go on": ("import os; os.fork()", True),
    "64 go on": ("import os\nfor _ in range(6): os.fork()", True),
    "a program beside it": ("import subprocess; subprocess.Popen(['sleep', '1000'])", True),
    "closes all": ("import os; os.closerange(0, 65536)", False),
    "closes the standard ones": ("import os; os.closerange(0, 3)", True),
    "closes what a program has": ("import os; os.closerange(3, 256)", True),
    "redirects all": (
        (
            "import os\nn = os.open(os.devnull, os.O_RDWR)\n"
            "for d in range(3, 1000):\n    if d != n: os.dup2(n, d)"
        ),
        False,
    ),
    "writes into all": (
        (
            "import os\nfor d in range(3, 1000):\n    try: os.write(d, b'hello ' * 20)\n"
            "    except OSError: pass"
        ),
        False,
    ),
    "writes a length without end": (
        (
            "import os\nfor d in range(3, 1000):\n    try: os.write(d, b'\\xff' * 64)\n"
            "    except OSError: pass"
        ),
        False,
    ),
    "no output": ("import sys; sys.stdout = sys.stderr = sys.__stdout__ = None", True),
    "no modules": ("import sys; sys.modules.clear()", False),
    "no len": ("import builtins; builtins.len = None", False),
    "no isinstance": ("import builtins; builtins.isinstance = None", False),
    "exp is log": ("np.exp = np.log", False),
    "no arrays": ("np.array = np.asarray = None", False),
    "no seed": ("np.random.seed = None; np.random.set_state = None", False),
    "no os.write": ("import os; os.write = os.read = None", False),
    "no struct": ("import struct; struct.Struct = struct.pack = None", True),
    "no environment": ("import os; os.environ.clear()", True),
    "no time": ("import time; time.monotonic = time.time = None", True),
    "one allocation": ("x = bytearray(10**12)", False),
    "memory without end": ("x = []\nwhile True: x.append(bytearray(10**8))", False),
    "recursion": (
        "import sys; sys.setrecursionlimit(10**9)\nf = lambda: f()\nf()",
        False,
    ),
    "a large file": (
        (
            "import tempfile\nwith tempfile.TemporaryFile() as f:\n"
            "    for _ in range(1000): f.write(bytes(10**6)); f.flush()"
        ),
        False,
    ),
    "prints without end": ("while True: print('x' * 1000)", False),
    "prints past Python": ("import os\nwhile True: os.write(1, b'x' * 1000)", False),
    "asks": ("input()", False),
    "reads": ("import sys; sys.stdin.read()", True),
    "hangs at exit": ("import atexit, time; atexit.register(time.sleep, 10**6)", True),
    "an alarm": ("import signal, time; signal.setitimer(0, 0.1); time.sleep(1)", False),
    "removes itself": ("import os; os.remove(__file__)", True),
    "grows": ("open(__file__, 'a').write('#\\n')", True),
    "an error that hangs": (
        "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
        False,
    ),
    "a profile": ("import sys; sys.setprofile(lambda *_: None)", True),
}
IN_SIGMOID = {
    "exits in a function": ("import os; os._exit(0)", False),
    "exits in the 50th call": (
        "global n; n = globals().get('n', 0) + 1\n    if n == 50: import os; os._exit(0)",
        False,
    ),
    "faults in a function": ("import ctypes; ctypes.string_at(0)", False),
    "loops in a function": ("while True: pass", False),
    "sleeps in a function": ("import time; time.sleep(10**6)", False),
    "stops in a function": ("import os; os.kill(os.getpid(), 19)", False),
    "forks in a function": ("import os; os.fork()", True),
    "too large": ("return np.zeros(10**7)", False),
    "larger than memory": ("return np.zeros((10**6, 10**6))", False),
    "an array that hangs": (
        (
            "class A:\n        def __array__(self, *a, **k):\n            while True: pass\n"
            "    return A()"
        ),
        False,
    ),
    "prints in a function": ("while True: print('x' * 1000)", False),
    "closes in a function": ("import os; os.closerange(3, 65536)", False),
    "interrupts in a function": ("raise KeyboardInterrupt", False),
    "exits properly in a function": ("raise SystemExit(0)", False),
    "no modules in a function": ("import sys; sys.modules.clear()", True),
    "writes in a function": (
        (
            "import os\n    for d in range(3, 1000):\n        try: os.write(d, b'x' * 99)\n"
            "        except OSError: pass"
        ),
        False,
    ),
    "kills its parents' group": ("import os; os.killpg(os.getpgid(0), 9)", False),
    "recurses in a function": (
        "import sys; sys.setrecursionlimit(10**9)\n    return sigmoid(x)",
        False,
    ),
}


def texts() -> dict[str, tuple[str, bool]]:
    """Return the files by their names, and whether each may pass."""
    first = "import numpy as np\n"
    files = {
        name: (A2.replace(first, f"{first}{lines}\n", 1), may_pass)
        for name, (lines, may_pass) in AT_IMPORT.items()
    }
    files |= {
        name: (A2.replace(SIGMOID, f"{SIGMOID}    {lines}\n", 1), may_pass)
        for name, (lines, may_pass) in IN_SIGMOID.items()
    }
    return files


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**29, 2**29))
    resource.setrlimit(resource.RLIMIT_NPROC, (4000, 4000))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def survivors(mark: str) -> list[str]:
    """Return the processes that a run has left behind."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            environment = (entry / "environ").read_bytes()
            state = (entry / "stat").read_bytes().rpartition(b")")[2].split()[0]
        except OSError:
            continue
        if state != b"Z" and f"NASTY={mark}".encode() in environment.split(b"\0"):
            found.append(entry.name)
    return found


def sleepers() -> int:
    """Return how many programs there are that the daemons become."""
    count = 0
    for entry in Path("/proc").iterdir():
        try:
            count += (entry / "cmdline").read_bytes() == b"sleep\x001000\x00"
        except OSError:
            continue
    return count


def main(wanted: list[str]) -> int:
    """Run all, or those that are named, and print what went wrong and the counts."""
    files = {name: each for name, each in texts().items() if not wanted or name in wanted}
    counts = dict.fromkeys(
        ["files", "passed wrongly", "right files not judged", "runs that failed", "left behind"], 0
    )
    counts["files"] = len(files)
    names = list(files)
    for start in range(0, len(names), BATCH):
        batch = names[start : start + BATCH]
        with tempfile.TemporaryDirectory() as folder:
            _run({name: files[name] for name in batch}, Path(folder), counts)
    print(counts)
    return int(any(value for name, value in counts.items() if name != "files"))


def _run(batch: dict[str, tuple[str, bool]], folder: Path, counts: dict[str, int]) -> None:
    paths = []
    for number, (text, _may_pass) in enumerate(batch.values()):
        for name, content in (("nasty", text), ("right", A2)):
            path = folder / f"{name}{number}.py"
            path.write_text(content, encoding="utf-8")
            paths.append(path)
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    before = sleepers()
    command = [sys.executable, "-m", "gradcheck", "verify", *map(str, paths)]
    command += ["--only", "sigmoid", "--timeout", "3", "--json", str(folder / "out.json")]
    environment = {name: value for name, value in os.environ.items() if name != MARK}
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command,
            env={**environment, "NASTY": mark},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS_PER_FILE * len(paths),
            preexec_fn=_limit,
            start_new_session=True,
        )
        entries = json.loads((folder / "out.json").read_text(encoding="utf-8"))
    except (subprocess.TimeoutExpired, OSError, ValueError) as error:
        counts["runs that failed"] += 1
        print(f"FAILED {list(batch)}: {error}")
        return
    if done.returncode not in {1, 2} or "Traceback" in done.stderr or len(entries) != len(paths):
        counts["runs that failed"] += 1
        print(f"FAILED {list(batch)}: status {done.returncode}\n{done.stderr}")
    for number, (name, (_text, may_pass)) in enumerate(batch.items()):
        nasty, right = entries[2 * number : 2 * number + 2]
        wrong = nasty["passed"] and not may_pass
        counts["passed wrongly"] += wrong
        counts["right files not judged"] += not right["passed"]
        said = nasty.get("error") or next(
            (
                check["message"]
                for function in nasty["functions"]
                for check in function["checks"]
                if check["status"] == "failed"
            ),
            "passed",
        )
        flags = "WRONG PASS " * wrong + "NEXT NOT JUDGED " * (not right["passed"])
        print(f"{flags}{name}: {said.removeprefix(str(paths[2 * number]) + ': ')}", flush=True)
    left = survivors(mark)
    counts["left behind"] += len(left) + max(0, sleepers() - before)
    if left:
        print(f"LEFT BEHIND by {list(batch)}: {left}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
