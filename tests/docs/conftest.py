"""What the tests of the site share: a browser a process, and the site, built once."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest
from filelock import FileLock

from tests.docs import browser, pages


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    with browser.started(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@pytest.fixture
def page(chromium):
    return browser.InteractivePage(chromium)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The pages of the site by their paths; GRADCHECK_SITE names one that is built already."""
    if built := os.environ.get("GRADCHECK_SITE"):
        return pages.read(Path(built))
    if not importlib.util.find_spec("myst_nb"):
        pytest.skip("what builds the site is not here: pip install -e '.[docs]'")
    folder, said = _built(tmp_path_factory)
    assert not pages.complaints(said["output"])
    assert said["status"] == 0, said["output"]
    return pages.read(folder / "html")


def _built(tmp_path_factory):
    """Build the site, or wait for the process beside this one that does.

    Groups of pytest-xdist would keep these tests in one process; 3.8 forgets them under pytest 9.2.
    """
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "site"
    log = folder.with_suffix(".json")
    with FileLock(folder.with_suffix(".lock")):
        if not log.exists():
            status, output = pages.build(pages.DOCS, folder)
            log.write_text(json.dumps({"status": status, "output": output}))
    return folder, json.loads(log.read_text())
