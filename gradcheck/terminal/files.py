"""Where a command writes: refused before the work, written as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from gradcheck.terminal.command import UsageError

__all__ = ["check_writable", "write_text"]


def check_writable(option: str, path: str | None, sources: Sequence[str] = ()) -> None:
    """Find out before the work whether its result can be kept, and where it must not be."""
    if path is None or path == "-":
        return
    if not path:
        raise UsageError(f"{option}: expected a file to write, got an empty name")
    target = Path(path).absolute()
    try:
        _refuse_target(option, path, target, sources)
    except OSError as error:
        raise UsageError(f"{option} {path}: cannot be written: {error.strerror}") from None


def _refuse_target(option: str, path: str, target: Path, sources: Sequence[str]) -> None:
    if target.is_dir():
        raise UsageError(f"{option} {path}: is a directory; expected a file to write")
    if target.resolve().suffix.lower() in {".py", ".ipynb"} or target.resolve() in {
        Path(file).resolve() for file in sources
    }:
        raise UsageError(f"{option} {path}: would overwrite source code; expected another name")
    if not target.parent.is_dir():
        raise UsageError(f"{option} {path}: there is no folder {target.parent}")
    if _is_special(target):
        return
    if not os.access(target.resolve().parent, os.W_OK):
        folder = target.resolve().parent
        raise UsageError(f"{option} {path}: the folder {folder} cannot be written to")


def _is_special(path: Path) -> bool:
    """Say whether what is written is handed on, by a pipe or a device, not kept."""
    return path.exists() and not path.is_file()


def write_text(option: str, path: Path, text: str) -> None:
    """Write a file, or raise `UsageError`; what was there before stays until all is written.

    Parameters
    ----------
    option : str
        The command line's option that named the file, for the message.
    path : Path
        The file, absolute.
    text : str
        Its whole content.

    Raises
    ------
    UsageError
        If the file cannot be written.
    BrokenPipeError
        If it is a pipe that nobody reads.
    """
    try:
        if _is_special(path):
            path.write_text(text, encoding="utf-8")
        else:
            _replace_file(path, text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"{option} {path}: cannot be written: {error.strerror}") from None


def _replace_file(path: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    target = path.resolve()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            # Renamed before its content has reached the disk, it could be empty after a crash.
            os.fsync(file.fileno())
        # mkstemp lets nobody else read its file; what replaces an ordinary file should be one.
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
