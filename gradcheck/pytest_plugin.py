"""``pytest --homework FILE``: the checks of a homework file as tests, one item each.

This module is loaded in every run of pytest where gradcheck is installed, so it imports nothing
of gradcheck until the option is given.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gradcheck.homework.courses import Role
    from gradcheck.homework.report.results import FunctionResult
    from gradcheck.homework.verification import Verification

__all__ = [
    "pytest_addoption",
    "pytest_collection",
    "pytest_collection_modifyitems",
    "pytest_report_header",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("gradcheck", "homework checks (gradcheck)")
    group.addoption(
        "--homework",
        action="append",
        default=[],
        metavar="FILE",
        help="run gradcheck's checks on this homework file; tests lying about are not collected "
        "unless they are named as well",
    )
    group.addoption(
        "--homework-seed",
        type=int,
        metavar="N",
        help="draw the cases of the report that names this seed",
    )
    group.addoption(
        "--homework-strict",
        action="store_true",
        help="fail homework by a wrong gradient that its course has taught, too",
    )
    group.addoption(
        "--homework-in-process",
        action="store_true",
        help="run homework files in this process, for a debugger, not in one of their own",
    )


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which files are checked."""
    return [f"homework: {file}" for file in config.getoption("homework")]


_ITEMS = pytest.StashKey[list[pytest.Item]]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Collect the homework's checks; tests are collected besides them only where named."""
    config = session.config
    items: list[pytest.Item] = []
    for file in config.getoption("homework"):
        # Loaded at once: a file that cannot be used is said in one line, and nothing runs.
        collector = HomeworkFile.from_parent(session, path=Path(file).absolute())
        collector.verification = _opened(file, config)
        items += session.genitems(collector)
    session.stash[_ITEMS] = items
    # No tests were named: those that lie in the folder are left out.
    if items and config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Put the checks first, before anybody selects among the items."""
    checks: list[pytest.Item] = session.stash.get(_ITEMS, [])
    items[:0] = checks


def _opened(file: str, config: pytest.Config) -> Verification:
    from gradcheck.homework.submission.failures import SubmissionError
    from gradcheck.homework.verification import open_verification

    try:
        verification = open_verification(
            file,
            seed=config.getoption("homework_seed"),
            is_strict=config.getoption("homework_strict"),
            in_process=config.getoption("homework_in_process"),
        )
    except SubmissionError as error:
        raise pytest.UsageError(str(error)) from None
    # Whatever ends the run, the file's process ends with it.
    config.add_cleanup(verification.close)
    return verification


class HomeworkFile(pytest.File):
    """A homework file: a collector of its functions."""

    verification: Verification

    def collect(self) -> Iterator[HomeworkFunction]:
        """Yield the functions that the file's course asks for."""
        for role in self.verification.roles:
            name = self.verification.course.functions[role].name
            function = HomeworkFunction.from_parent(self, name=name)
            function.examine(self.verification, role)
            yield function


class HomeworkFunction(pytest.Collector):
    """A function of a homework file: a collector of its checks."""

    _verification: Verification
    _role: Role

    def examine(self, verification: Verification, role: Role) -> None:
        """Say which function this is."""
        self._verification = verification
        self._role = role

    def collect(self) -> Iterable[HomeworkCheck]:
        """Yield one item for each check."""
        for check in self._verification.checks(self._role):
            item = HomeworkCheck.from_parent(self, name=check.name)
            item.examined = self
            yield item

    @cached_property
    def result(self) -> FunctionResult:
        """The results of its checks; all run together when the first is asked for."""
        return self._verification.check_function(self._role)

    @property
    def replay(self) -> str:
        """The option that draws the same cases again."""
        return f"The same cases again: --homework-seed {self._verification.seed}"


class CheckFailedError(Exception):
    """A required check fails: its report is read, not the place where this is raised."""


class HomeworkCheck(pytest.Item):
    """One check of one function."""

    examined: HomeworkFunction

    def runtest(self) -> None:
        """Fail, skip or pass as the check does; advice is an expected failure."""
        from gradcheck.homework.submission.failures import SubmissionError

        try:
            result = self.examined.result
        except SubmissionError as error:  # the file has ended its process
            raise CheckFailedError(str(error)) from None
        check = next(each for each in result.checks if each.name == self.name)
        if check.status == "skipped":
            if result.status == "missing" and result.demanded:
                raise CheckFailedError(check.message)
            # The place that is named is the homework's, not this line's.
            raise pytest.skip.Exception(check.message, _use_item_location=True)
        if check.status == "failed" and check.level == "advice":
            pytest.xfail(f"advice: {check.message}")
        if check.status == "failed":
            from gradcheck.document.text import to_text
            from gradcheck.homework.report.contents import check_contents

            report = to_text(check_contents(check))
            raise CheckFailedError(f"{report}\n\n{self.examined.replay}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the report in place of a traceback."""
        if isinstance(excinfo.value, CheckFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the place and the title of a failure."""
        return self.path, 0, f"{self.examined.name} {self.name}"
