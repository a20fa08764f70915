"""The error of unusable input."""

from __future__ import annotations

__all__ = ["InputError"]


class InputError(ValueError):
    """A text, an option or a file cannot be used; the message says what and why, in one line."""
