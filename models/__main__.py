"""The command line: ``python -m models COMMAND``; each is a module of `models.commands`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.
    """
    try:
        return _run(arguments)
    except KeyboardInterrupt:  # before the command line was there to catch it
        sys.stderr.write("models: interrupted\n")
        return 130


def _run(arguments: Sequence[str] | None) -> int:
    # Imported here, so that Ctrl-C finds somebody who catches it from the first moment on.
    from importlib.metadata import version

    from gradcheck.terminal.command import UsageError
    from gradcheck.terminal.program import Parser, run
    from models.commands.analogy import ANALOGY
    from models.commands.evaluate import EVALUATE
    from models.commands.nearest import NEAREST
    from models.commands.plot import PLOT
    from models.commands.train import TRAIN
    from models.errors import InputError

    parser = Parser(
        prog="python -m models", description="Train word2vec on a text, and use the vectors."
    )
    parser.add_argument("--version", action="version", version=f"gradcheck {version('gradcheck')}")
    commands = (TRAIN, NEAREST, ANALOGY, EVALUATE, PLOT)
    return run(
        parser,
        commands,
        arguments,
        errors=(UsageError, InputError),
        outlives_its_reader=True,
    )


if __name__ == "__main__":
    sys.exit(main())
