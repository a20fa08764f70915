"""A headless Chromium: started, shown a page, and the interactive page driven and read."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTERACTIVE = Path(__file__).parents[2] / "docs" / "interactive"

LONGEST = " ".join(f"{letter * 13}w" for letter in "mwabcdef")

# What a reader may have before them: settings, and the buttons pressed.
STATES = {
    "initial": ({}, []),
    "trained": ({}, ["step", "many-steps"]),
    "zeros": ({"init": "zeros"}, ["step"]),
    "nudged": ({"init": "zeros"}, ["nudge", "many-steps"]),
    "negative-sampling": ({"loss": "negative-sampling", "negatives": 6}, ["many-steps"]),
    "stuck-negative-sampling": ({"loss": "negative-sampling", "init": "zeros"}, ["step"]),
    "problems": ({"sentence": "a", "rate": -1, "window": 0, "seed": ""}, []),
    "longest": ({"sentence": LONGEST, "window": 5, "loss": "negative-sampling"}, ["many-steps"]),
    "overflow": ({"rate": 10}, ["many-steps"] * 4),
    "back": ({}, ["step", "step", "back", "back"]),
}

_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # Chromium refuses to run as root with it; the page is our own
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers often have 64 MB there
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def find_binaries() -> tuple[str, str]:
    """Chromium and chromedriver; the test is skipped without them, but in CI it fails."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium and chromedriver:
        return chromium, chromedriver
    missing = [
        name
        for name, path in [("chromium", chromium), ("chromedriver", chromedriver)]
        if path is None
    ]
    reason = (
        f"no {' and no '.join(missing)} on this machine, so nothing can be tested in a browser; "
        "on Debian: apt-get install chromium chromium-driver"
    )
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI=true, and {reason}")
    pytest.skip(reason)


@contextlib.contextmanager
def started(profile: Path) -> Iterator[webdriver.Chrome]:
    """A browser with an empty profile, ended with its driver, whatever happens."""
    chromium, chromedriver = find_binaries()
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (*_ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # Both paths are given: Selenium has nothing to look for, and nothing to download.
    driver = webdriver.Chrome(options=options, service=Service(chromedriver))
    try:
        yield driver
    finally:
        driver.quit()


class BrowserPage:
    """A page in the browser, on a screen of some width."""

    def __init__(self, driver: webdriver.Chrome, path: Path, width: int = 1280):
        self.driver = driver
        self.address = path.as_uri()
        self.emulate(width=width)
        self.console(), self.requests()  # those of the page before
        driver.get(self.address)

    def emulate(self, *, width: int, scheme: str = "light", motion: str = "no-preference") -> None:
        """Take the width of a screen, and the reader's preferences."""
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": motion}
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": name, "value": value} for name, value in features.items()]},
        )
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
        )

    def run(self, script: str, *arguments: object):
        return self.driver.execute_script(script, *arguments)

    def text(self, selector: str) -> str:
        return self.driver.find_element(By.CSS_SELECTOR, selector).get_property("textContent")

    def console(self) -> list[str]:
        """What the page wrote to the console, errors among it, since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """The addresses asked for since the last call, by page, style, script and picture."""
        messages = (
            json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")
        )
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]


class InteractivePage(BrowserPage):
    """What a reader does on the page, and what it shows."""

    def __init__(self, driver: webdriver.Chrome, folder: Path = INTERACTIVE):
        super().__init__(driver, folder / "index.html")

    def unfold_settings(self) -> None:
        self.run("document.getElementById('settings').open = true")

    def call(self, function: str, *arguments: object):
        """`word2vec.function(…)` of the page."""
        return self.run(f"return word2vec.{function}(...arguments)", *arguments)

    def call_many(self, function: str, inputs: list[list[object]]):
        """The function for each list of arguments, in one call."""
        return self.run(f"return arguments[0].map((a) => word2vec.{function}(...a))", inputs)

    def press(self, button: str, times: int = 1) -> None:
        for _ in range(times):
            self.driver.find_element(By.ID, button).click()

    def set(self, **fields: object) -> None:
        """Give fields a value as a reader does: type or select, then leave."""
        for field, value in fields.items():
            self.run(
                "const field = document.getElementById(arguments[0]); field.value = arguments[1];"
                "field.dispatchEvent(new Event('change'))",
                field,
                str(value),
            )

    def numbers(self, selector: str) -> np.ndarray:
        """All digits of the numbers that the selector finds, in the order of the page."""
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.dataset.value)"
        return np.array([float(value) for value in self.run(script, selector)])

    def number(self, selector: str) -> float:
        (value,) = self.numbers(selector)
        return float(value)

    def vectors(self) -> tuple[np.ndarray, np.ndarray]:
        """V and U."""
        cells = "tbody td:nth-child(2), #{0} tbody td:nth-child(3)"
        center, outside = (
            self.numbers(f"#{name} {cells.format(name)}").reshape(-1, 2)
            for name in ("center", "outside")
        )
        return center, outside


def beyond_the_folder(requests: list[str]) -> list[str]:
    """Addresses that are neither files nor text of the page itself (data:)."""
    return [url for url in requests if urlsplit(url).scheme not in {"file", "data"}]


def reach(page: InteractivePage, state: str) -> None:
    """Bring the page into one of STATES."""
    settings, buttons = STATES[state]
    if settings:
        page.unfold_settings()
    page.set(**settings)
    for button in buttons:
        page.press(button)


def changed_copy(folder: Path, name: str, change: Callable[[str], str]) -> Path:
    """A copy of the page with one file changed."""
    shutil.copytree(INTERACTIVE, folder)
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert change(text) != text
    file.write_text(change(text), encoding="utf-8")
    return folder
