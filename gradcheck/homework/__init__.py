"""Somebody's homework file: load it, run the named checks on it, say what is wrong."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradcheck.homework.report.homework_report import HomeworkReport
    from gradcheck.homework.submission.loading import SubmissionError, load
    from gradcheck.homework.verification import verify

__all__ = ["HomeworkReport", "SubmissionError", "load", "verify"]

# Where each name comes from, when it is asked for: the process that a file runs in lies in this
# package, and has no use for checks and reports.
_HOMES = {
    "HomeworkReport": "report.homework_report",
    "SubmissionError": "submission.loading",
    "load": "submission.loading",
    "verify": "verification",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(globals() | _HOMES)
