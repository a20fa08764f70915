"""``python -m gradcheck`` is the same as ``gradcheck``."""

import sys

from gradcheck.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
