"""The results of the checks of a file: plain data, in Python and in JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from gradcheck.homework.checks.check import Level
    from gradcheck.homework.report.quotation import Quotation

__all__ = ["CheckResult", "FileResult", "FunctionResult", "unjudged"]

CheckStatus = Literal["passed", "failed", "skipped"]
FunctionStatus = Literal["passed", "failed", "missing", "unfinished", "crashed", "timeout"]


@dataclass(frozen=True)
class CheckResult:
    """The result of one check.

    Attributes
    ----------
    name : str
        The check.
    level : {"required", "advice"}
        Whether the file fails by it.
    status : {"passed", "failed", "skipped"}
        What came out.
    cases : int
        How many cases were judged.
    failures : int
        How many of them were wrong.
    message : str
        What is wrong, or why nothing was judged.
    mistake : str, optional
        The identifier of the mistake, where it has one; it stays the same in later versions.
    mistakes : tuple of str
        All that it may be: that one, then those that are made with it or fit as well.
    quotation : Quotation, optional
        The line of the file that the mistake stands in, where that is sure.
    remedy : str
        What to look for, in the course's names.
    formula : str
        The right formula of what is wrong.
    working : str
        How the expected value of the counterexample comes about, with the numbers put in.
    counterexample : dict, optional
        The smallest wrong case found, with the claimed and the expected value.
    snippet : str
        Code that reproduces it.
    """

    name: str
    level: Level
    status: CheckStatus
    cases: int = 0
    failures: int = 0
    message: str = ""
    mistake: str | None = None
    mistakes: tuple[str, ...] = ()
    quotation: Quotation | None = None
    remedy: str = ""
    formula: str = ""
    working: str = ""
    counterexample: dict[str, Any] | None = None
    snippet: str = ""

    @property
    def line(self) -> int | None:
        """The number of that line."""
        return self.quotation.number if self.quotation else None

    @property
    def ran(self) -> bool:
        """Whether it judged anything."""
        return self.status != "skipped"

    def to_dict(self) -> dict[str, Any]:
        """Return the result for JSON."""
        return {
            "name": self.name,
            "level": self.level,
            "status": self.status,
            "cases": self.cases,
            "message": self.message,
            "mistake": self.mistake,
            "mistakes": list(self.mistakes),
            "line": self.line,
            "counterexample": None if self.counterexample is None else _json(self.counterexample),
        }


@dataclass(frozen=True)
class FunctionResult:
    """The results for one function.

    Attributes
    ----------
    name : str
        Its name in the course.
    status : str
        "passed", "failed", "missing", "unfinished", "crashed" or "timeout".
    checks : tuple of CheckResult
        Its checks.
    demanded : bool
        Whether a file without it fails.
    """

    name: str
    status: FunctionStatus
    checks: tuple[CheckResult, ...]
    demanded: bool = False

    @property
    def passed(self) -> bool:
        """Whether the file does not fail by this function."""
        return self.status == "passed" or (self.status == "missing" and not self.demanded)

    def to_dict(self) -> dict[str, Any]:
        """Return the result for JSON."""
        checks = [check.to_dict() for check in self.checks]
        return {"name": self.name, "status": self.status, "checks": checks}


@dataclass(frozen=True, repr=False)
class FileResult:
    """The results for one file.

    Attributes
    ----------
    path : Path
        The file.
    course, title : str
        The course that its functions belong to, for programs and for people.
    functions : tuple of FunctionResult
        The functions that were looked at.
    checks_known : int
        How many checks there are for a file of this course.
    seed : int
        Draws the same cases again.
    profile : str
        How much was drawn.
    notes : tuple of str
        What a person should know about how the file was loaded.
    output : str
        What the file printed while it was loaded.
    options : tuple of str
        The other options of the command that draws them again.
    error : str
        Why not all of it could be judged, in one sentence; then the file has not passed.
    """

    path: Path
    course: str
    title: str
    functions: tuple[FunctionResult, ...]
    checks_known: int
    seed: int
    profile: str = "student"
    notes: tuple[str, ...] = ()
    output: str = ""
    options: tuple[str, ...] = ()
    error: str = ""

    @property
    def passed(self) -> bool:
        """Whether all required checks passed, and no demanded function is missing."""
        return not self.error and all(function.passed for function in self.functions)

    @property
    def checks_ran(self) -> int:
        """The number of checks that judged at least one case."""
        return sum(check.ran for function in self.functions for check in function.checks)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as `gradcheck verify --json` writes it."""
        functions = [function.to_dict() for function in self.functions]
        if self.error:
            return unjudged(str(self.path), self.error, functions)
        return {
            "file": str(self.path),
            "course": self.course,
            "passed": self.passed,
            "checks_ran": self.checks_ran,
            "checks_known": self.checks_known,
            "functions": functions,
        }


def unjudged(file: str, error: str, functions: Sequence[Any] = ()) -> dict[str, Any]:
    """Return, for JSON, a file that cannot be judged, and the functions that were until then."""
    return {"file": file, "passed": False, "error": error, "functions": list(functions)}


def _json(value: Any) -> Any:
    """Return a value as JSON knows it; NaN and infinity become words, as JSON has neither."""
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        # In extended precision, `tolist` leaves numbers of NumPy's.
        plain_type = {"f": np.float64, "c": np.complex128}.get(value.dtype.kind)
        return _json((value if plain_type is None else value.astype(plain_type)).tolist())
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    plain = value is None or isinstance(value, bool | int | float | str)
    return value if plain else repr(value)
