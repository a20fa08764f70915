"""A process and all that came of it, ended together.

A process that leaves its session (`setsid`), or whose parent has ended, is found where the system
tells of its processes in /proc: by its parents, and by a mark in its environment. Elsewhere the
members of the process's group are ended, and what has left that lives on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["MARK", "end_tree", "exit_status", "processor_seconds"]

MARK = "GRADCHECK_FILE_PROCESS"
"""The variable of the environment that marks a process, and all that it starts, by a value."""

_PROC = Path("/proc")
_ROUNDS = 50


def end_tree(process: subprocess.Popen[bytes], mark: str) -> None:
    """End a process and all that it has started."""
    if sys.platform == "win32":
        command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    # While one is ended, another may be started; in the end there is nobody to start any.
    for _ in range(_ROUNDS):
        found = list(_descendants(process.pid, mark))
        if not found:
            break
        for number in found:
            _kill(number)
        time.sleep(0.001)
    # Its number is its own until it has been waited for.
    if hasattr(os, "killpg") and process.returncode is None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def exit_status(process: subprocess.Popen[bytes]) -> int | None:
    """Return the exit status of a process, as `Popen.returncode`, and leave its number to it."""
    if process.returncode is not None or not hasattr(os, "waitid"):
        return process.poll()
    found = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if found is None:
        return None
    return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status


def processor_seconds(process: subprocess.Popen[bytes]) -> tuple[float, bool] | None:
    """Return the processor time that a process has taken, and whether it wants none just now.

    None where the system does not tell.
    """
    try:
        fields = (_PROC / str(process.pid) / "stat").read_bytes().rpartition(b")")[2].split()
        seconds = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return None
    return seconds, fields[0] != b"R"


def _descendants(root: int, mark: str) -> Iterator[int]:
    """Yield the processes that came of `root`, itself left out; those that have ended, too."""
    parents: dict[int, int] = {}
    marked = set()
    wanted = f"{MARK}={mark}".encode()
    for entry in os.scandir(_PROC) if _PROC.is_dir() else ():
        if not entry.name.isdigit():
            continue
        number = int(entry.name)
        try:
            state, parent = (
                (_PROC / entry.name / "stat").read_bytes().rpartition(b")")[2].split()[:2]
            )
            if state == b"Z":
                continue
            parents[number] = int(parent)
            if wanted in (_PROC / entry.name / "environ").read_bytes().split(b"\0"):
                marked.add(number)
        except (OSError, ValueError):  # it has ended meanwhile, or is somebody else's
            continue
    family = marked | {root}
    while more := {each for each, parent in parents.items() if parent in family} - family:
        family |= more
    yield from family - {root, os.getpid()}


def _kill(number: int) -> None:
    with suppress(OSError):  # it has ended meanwhile
        os.kill(number, signal.SIGKILL)
