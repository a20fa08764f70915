"""The command line: ``python -m models COMMAND``; each is a module of `models.commands`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from gradcheck.commands.program import run
from models.commands.analogy import ANALOGY
from models.commands.command import UsageError
from models.commands.evaluate import EVALUATE
from models.commands.nearest import NEAREST
from models.commands.plot import PLOT
from models.commands.train import TRAIN
from models.errors import InputError

__all__ = ["main"]

_COMMANDS = (TRAIN, NEAREST, ANALOGY, EVALUATE, PLOT)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.
    """
    parser = argparse.ArgumentParser(
        prog="python -m models", description="Train word2vec on a text, and use the vectors."
    )
    return run(parser, _COMMANDS, arguments, errors=(UsageError, InputError))


if __name__ == "__main__":
    sys.exit(main())
