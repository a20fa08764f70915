"""The files that a command writes: refused before the work, written as a whole or not at all."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import BinaryIO

from gradcheck.terminal.command import UsageError

__all__ = [
    "check_writable",
    "is_stream",
    "names_open_file",
    "remove_partial",
    "replacing",
    "resolve",
    "write_text",
]

_PARTIAL = ".partial"
_OPEN_FILE = re.compile(r"/dev/(stdin|stdout|stderr|fd/.*)|/proc/[^/]+(/task/[^/]+)?/fd/.*")


def resolve(path: str | Path) -> Path:
    """Follow links to the file that a path leads to, or where it would be made.

    Raises
    ------
    OSError
        If there can be no such file: links lead round in a circle, a name is too long, ….
    """
    # `realpath` follows a circle of links to no end, and says nothing.
    with suppress(FileNotFoundError):
        Path(path).stat()
    return Path(os.path.realpath(path))


def names_open_file(path: str | Path) -> bool:
    """Say whether a path is another name of an open file, as ``/dev/stdout`` is."""
    # Followed to its end, /dev/stdout has the name of the file it was redirected to; a link to it
    # is known by its end alone.
    name = os.path.normpath(Path(path).absolute())
    return bool(_OPEN_FILE.fullmatch(name) or _OPEN_FILE.fullmatch(f"{resolve(path)}"))


def is_stream(path: str | Path) -> bool:
    """Say whether a path leads to a pipe, a device or an open file: none is ours to replace."""
    # Asked before it is resolved: a pipe that /dev/stdout leads to has no name of its own.
    return names_open_file(path) or (Path(path).exists() and not Path(path).is_file())


def check_writable(option: str, path: str | None, sources: Sequence[str] = ()) -> None:
    """Refuse before the work a file that its result cannot, or must not, be written to.

    Parameters
    ----------
    option : str
        The command line's option that named the file, for the message.
    path : str or None
        The file; ``-`` is standard output, and None is no file.
    sources : sequence of str
        The files that are read, which must not be overwritten.

    Raises
    ------
    UsageError
        If it cannot be written there, or must not be.
    """
    if path is None or path == "-":
        return
    if not path:
        raise UsageError(f"{option}: expected a file to write, got an empty name")
    try:
        _refuse_target(option, path, sources)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"{option} {path}: cannot be written: {reason}") from None


def _refuse_target(option: str, path: str, sources: Sequence[str]) -> None:
    target = Path(path).absolute()
    if target.is_dir():
        raise UsageError(f"{option} {path}: is a directory; expected a file to write")
    if not target.parent.is_dir():
        raise UsageError(f"{option} {path}: there is no folder {target.parent}")
    end = resolve(target)
    if end.suffix.lower() in {".py", ".ipynb"} or f"{end}" in map(os.path.realpath, sources):
        raise UsageError(f"{option} {path}: would overwrite source code; expected another name")
    # What takes the place of a file is first written beside it.
    if not is_stream(target) and not os.access(end.parent, os.W_OK):
        raise UsageError(f"{option} {path}: the folder {end.parent} cannot be written to")


@contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes the place of `path` once all is written.

    Until then it has another name in the same folder: ``.NAME.….partial``. Whatever happens
    meanwhile, `path` is either what it was before or what is written now. A pipe, a device and
    what is open already are written to directly.

    Parameters
    ----------
    path : str or Path
        The file.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    if is_stream(path):
        with _open_stream(path) as file:
            yield file
        return
    target = resolve(path)
    descriptor, name = tempfile.mkstemp(
        dir=target.parent, prefix=f".{target.name}.", suffix=_PARTIAL
    )
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
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


def _open_stream(path: str | Path) -> BinaryIO:
    """Open a stream; one that is our own output is shared, not opened once more.

    A file that standard output is sent to would be emptied, and written to from its beginning by
    both.
    """
    for number in (1, 2):
        with suppress(OSError):  # closed
            if os.path.samestat(os.fstat(number), Path(path).stat()):
                break
    else:
        return Path(path).open("wb")
    sys.stdout.flush()
    return os.fdopen(os.dup(number), "wb")


def remove_partial(path: str | Path) -> None:
    """Remove the unfinished files of processes that were killed while they wrote `path`.

    Nobody else may be writing it.
    """
    target = resolve(path)
    for left in target.parent.glob(f".{escape(target.name)}.*{_PARTIAL}"):
        left.unlink(missing_ok=True)


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
        with replacing(path) as file:
            file.write(text.encode())
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"{option} {path}: cannot be written: {reason}") from None
