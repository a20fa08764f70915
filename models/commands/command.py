"""What a subcommand is, and how it ends: the same as in `gradcheck`'s own command line."""

from gradcheck.commands.command import FAILED, INTERRUPTED, PASSED, UNUSABLE, Command, UsageError
from gradcheck.commands.files import check_writable, write_text

__all__ = [
    "FAILED",
    "INTERRUPTED",
    "PASSED",
    "UNUSABLE",
    "Command",
    "UsageError",
    "check_writable",
    "write_text",
]
