"""Somebody's homework file: load it, run the named checks on it, say what is wrong."""

from gradcheck.homework.report.homework_report import HomeworkReport
from gradcheck.homework.submission.loading import SubmissionError, load
from gradcheck.homework.verification import verify

__all__ = ["HomeworkReport", "SubmissionError", "load", "verify"]
