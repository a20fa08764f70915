"""A file is written as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import BinaryIO

__all__ = ["remove_partial", "replacing"]

_PARTIAL = ".partial"


@contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes the place of `path` once all is written.

    Until then it has another name in the same folder: ``.NAME.….partial``. Whatever happens
    meanwhile, `path` is either what it was before or what is written now. A pipe or a device is
    written to directly.

    Parameters
    ----------
    path : str or Path
        The file.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    target = Path(path).resolve()
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            yield file
        return
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
    target = Path(path).resolve()
    for left in target.parent.glob(f".{escape(target.name)}.*{_PARTIAL}"):
        left.unlink(missing_ok=True)
