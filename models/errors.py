"""The error of unusable input."""

from __future__ import annotations

__all__ = ["InputError", "how_to_install"]


class InputError(ValueError):
    """A text, an option or a file cannot be used; the message says what and why, in one line."""


def how_to_install(extra: str) -> str:
    """Return the command that installs an extra of pyproject.toml.

    `models` runs from a checkout, so that is where it is installed from.
    """
    return f".venv/bin/pip install -e '.[{extra}]' in the folder of the checkout"
