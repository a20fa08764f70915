"""``python -m gradcheck`` is the same as ``gradcheck``."""

import os
import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line and end the process with its status.

    At once, once everything is written: threads and exit hooks that a homework file left behind
    have no say any more.
    """
    try:
        from gradcheck.cli import main as run

        status = run()
    except KeyboardInterrupt:  # before the command line was there to catch it
        sys.stderr.write("gradcheck: interrupted\n")
        status = 130
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # closed or full
            continue
    os._exit(status)


if __name__ == "__main__":
    main()
