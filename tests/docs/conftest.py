"""What the tests of the site share: one browser, and the site, built once."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.docs import browser, pages


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Let one process have all of these where several run side by side: it builds the site once."""
    for item in items:
        if config.pluginmanager.hasplugin("xdist") and Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("site"))


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    with browser.started(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@pytest.fixture
def page(chromium):
    return browser.InteractivePage(chromium)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The pages of the built site, by their paths."""
    if not importlib.util.find_spec("myst_nb"):
        pytest.skip("what builds the site is not here: pip install -e '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    status, output = pages.build(pages.DOCS, folder)
    assert not pages.complaints(output)
    assert status == 0, output
    return pages.read(folder / "html")
