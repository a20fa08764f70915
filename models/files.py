"""A file is written as a whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import BinaryIO

__all__ = ["names_open_file", "remove_partial", "replacing", "resolve"]

_PARTIAL = ".partial"
_OPEN_FILE = re.compile(r"/dev/(stdin|stdout|stderr|fd/.*)|/proc/[^/]+(/task/[^/]+)?/fd/.*")


def names_open_file(path: str | Path) -> bool:
    """Say whether a path is another name of an open file, as ``/dev/stdout`` is.

    What it leads to, a pipe or somebody's file, is not ours to replace.
    """
    # Followed to its end, /dev/stdout has the name of the file it was redirected to; a link to it
    # is known by its end alone.
    name = os.path.normpath(Path(path).absolute())
    return bool(_OPEN_FILE.fullmatch(name) or _OPEN_FILE.fullmatch(f"{resolve(path)}"))


def resolve(path: str | Path) -> Path:
    """Follow links to the file that a path leads to, or where it would be made.

    Raises
    ------
    OSError
        If there can be no such file: links lead round in a circle, a name is too long, ….
    """
    # Python's own, below 3.13, raises RuntimeError for a circle, and from then on nothing.
    with suppress(FileNotFoundError):
        Path(path).stat()
    return Path(path).resolve()


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
    # Asked before it is resolved: a pipe that /dev/stdout leads to has no name of its own.
    if names_open_file(path) or (Path(path).exists() and not Path(path).is_file()):
        with Path(path).open("wb") as file:
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
        _make_ordinary(Path(name))
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _make_ordinary(path: Path) -> None:
    """Let others read what `mkstemp` made for us alone, as far as they may read our files."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)


def remove_partial(path: str | Path) -> None:
    """Remove what processes that were killed while they wrote `path` have left behind.

    Nobody else may be writing it.
    """
    target = resolve(path)
    for left in target.parent.glob(f".{escape(target.name)}.*{_PARTIAL}"):
        left.unlink(missing_ok=True)
