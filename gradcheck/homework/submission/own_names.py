"""A file's own names for a course's functions: given by somebody, or nearly the course's."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast, get_args

from gradcheck.homework.courses import COURSES, Role
from gradcheck.homework.submission.failures import SubmissionError

__all__ = ["checked_names", "meant", "names_beside"]

_SETTINGS = "pyproject.toml"
_SIMILAR = 0.82
"""Of `difflib`: above the likeness of two names of different functions in one course."""
# What people put before or after a name that they have copied.
_ADDED = re.compile(r"^(my|own)|(sol|solution|mine|new|old|v\d|\d)$")


def checked_names(names: Mapping[str, str], where: str) -> dict[Role, str]:
    """Return names by their roles.

    Raises
    ------
    SubmissionError
        If one is for no role that there is; `where` says who gave it.
    """
    for role, name in names.items():
        if role not in get_args(Role):
            close = difflib.get_close_matches(role, get_args(Role), n=1)
            asked = f"; did you mean {close[0]}?" if close else ""
            raise SubmissionError(
                f"{where}: there is no function {role!r}; expected one of "
                f"{', '.join(get_args(Role))}{asked}"
            )
        if not isinstance(name, str) or not all(map(str.isidentifier, name.split("."))):
            raise SubmissionError(f"{where}: {role}: expected the name of a function, got {name!r}")
    return cast("dict[Role, str]", dict(names))


def names_beside(path: Path) -> dict[Role, str]:
    """Return the names that a ``pyproject.toml`` beside a file has for its functions.

    Raises
    ------
    SubmissionError
        If that cannot be read, or names what there is not.
    """
    settings = path.parent / _SETTINGS
    if not settings.is_file():
        return {}
    try:
        content = tomllib.loads(settings.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SubmissionError(f"{settings}: cannot be read: {error}") from None
    table = content.get("tool", {}).get("gradcheck", {})
    names = table.get("functions", {}) if isinstance(table, dict) else table
    if not isinstance(names, dict):
        raise SubmissionError(f"{settings}: [tool.gradcheck] functions: expected a table of names")
    return checked_names(names, f"{settings}: [tool.gradcheck] functions")


def meant(defined: Iterable[str]) -> dict[str, tuple[Role, str]]:
    """Return names that are nearly a course's, each with the function that it may be."""
    known = {
        _plain(interface.name): (role, interface.name)
        for course in COURSES
        for role, interface in course.functions.items()
    }
    exact = {name for course in COURSES for name in course.names()}
    found = {}
    for name in defined:
        close = difflib.get_close_matches(_plain(name), known, n=1, cutoff=_SIMILAR)
        if close and name not in exact:
            found[name] = known[close[0]]
    return found


def _plain(name: str) -> str:
    return _ADDED.sub("", name.replace("_", "").lower())
