"""What a subcommand is, and how it ends: the same as in `gradcheck`'s own command line."""

from collections.abc import Sequence

from gradcheck.terminal import files
from gradcheck.terminal.command import FAILED, INTERRUPTED, PASSED, UNUSABLE, Command, UsageError
from models.files import resolve

__all__ = [
    "FAILED",
    "INTERRUPTED",
    "PASSED",
    "UNUSABLE",
    "Command",
    "UsageError",
    "check_writable",
]


def check_writable(option: str, path: str, sources: Sequence[str] = ()) -> None:
    """Find out before the work whether its result can be kept, and where it must not be.

    Parameters
    ----------
    option : str
        What named the file, for the message.
    path : str
        The file; ``-`` is none.
    sources : sequence of str
        What is read, and must not be overwritten; it exists.

    Raises
    ------
    UsageError
        If it cannot be written there, or must not be.
    """
    try:
        resolve(path)
    except OSError as error:
        raise UsageError(f"{option} {path}: cannot be written: {error.strerror}") from None
    files.check_writable(option, path, sources)
