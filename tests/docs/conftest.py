"""One browser for all tests of the interactive page; each test loads the page anew."""

from __future__ import annotations

import pytest

from tests.docs import browser


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    with browser.started(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@pytest.fixture
def page(chromium):
    return browser.InteractivePage(chromium)
