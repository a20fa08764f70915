"""Somebody's homework file: load it, run the named checks on it, say what is wrong."""

from gradcheck.homework.loading import SubmissionError
from gradcheck.homework.reports import HomeworkReport
from gradcheck.homework.verification import verify

__all__ = ["HomeworkReport", "SubmissionError", "verify"]
