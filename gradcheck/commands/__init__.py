"""The subcommands of the command line, a module each."""

from gradcheck.commands.derive import DERIVE
from gradcheck.commands.explain import EXPLAIN
from gradcheck.commands.verify import VERIFY
from gradcheck.commands.walkthrough import WALKTHROUGH

__all__ = ["COMMANDS"]

COMMANDS = (VERIFY, EXPLAIN, DERIVE, WALKTHROUGH)
"""Their order is that of the help."""
