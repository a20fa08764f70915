from __future__ import annotations

from pathlib import Path

import pytest

from gradcheck.homework import HomeworkReport, verification, verify
from gradcheck.homework.checks.cases import Profile


@pytest.fixture
def submit(tmp_path, monkeypatch):
    """Write a homework file and verify it; all of a test run sees the same cases.

    They are fewer than a student gets: a mistake that needs more to be seen is no good example.
    """
    monkeypatch.setitem(verification.PROFILES, "student", Profile(cases=16, shrinks=True))

    def submit(text: str, name: str = "word2vec.py", **options) -> HomeworkReport:
        path = Path(tmp_path) / name
        path.write_text(text, encoding="utf-8")
        return verify(path, **{"seed": 7, **options})

    return submit
