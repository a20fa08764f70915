"""How the printed texts looked last: each is compared with a file beside this one.

A text that changes on purpose is saved anew by ``GRADCHECK_SAVE_LOOKS=1 pytest``, and read in the
diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["assert_looks"]

FOLDER = Path(__file__).parent


def assert_looks(name: str, text: str, *, digits: bool = True) -> None:
    """Assert that a text is the saved one, byte for byte.

    Parameters
    ----------
    name
        Of the file, without its ending.
    text
        As it is printed now.
    digits
        Whether these count, too; those of measurements differ between processors.
    """
    path = FOLDER / f"{name}.txt"
    if os.environ.get("GRADCHECK_SAVE_LOOKS"):
        path.write_text(text, encoding="utf-8")
    saved = path.read_text(encoding="utf-8")
    if not digits:
        saved, text = (re.sub(r"\d", "#", each) for each in (saved, text))
    assert text == saved
