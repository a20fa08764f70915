"""README's picture shows what the check prints, in colors that can be read, and loads nothing."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from docs.extensions.report_picture import PICTURES, Colors, draw, shown
from tests.docs.pages import README, ROOT, Page

# Rounding differs between processors, and with it what is made of it.
BY_ROUNDING = re.compile(r"\d(\.\d+)?e[+-]\d+|\d+ evaluations")
pictures = pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def printed():
    return shown()


def lines(text):
    """Return what is not blank, whatever the kind and number of the spaces."""
    words = [" ".join(line.split()) for line in text.split("\n")]
    return [BY_ROUNDING.sub("…", line) for line in words if line]


def lines_of(picture):
    texts = ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314
    return lines("\n".join(element.text for element in texts))


@pictures
def test_the_picture_shows_what_is_printed(path, printed):
    assert lines_of(path.read_text(encoding="utf-8")) == lines(printed), (
        "draw it anew: python -m docs.extensions.report_picture"
    )


@pytest.mark.parametrize(
    ("old", "new"), [("DISAGREES", "disagrees"), ("0.3363", "0.3364"), ("center", "centre")]
)
def test_another_word_and_another_digit_are_seen(printed, old, new):
    assert old in printed
    other = draw(printed.replace(old, new), Colors(*["#000000"] * 4))
    assert lines_of(other) != lines(printed)


def test_it_fits_a_terminal_page(printed):
    assert len(printed.split("\n")) <= 24
    assert max(map(len, printed.split("\n"))) <= 80


@pictures
def test_it_loads_nothing(path):
    assert not Page(path.read_text(encoding="utf-8")).loads


def test_a_picture_that_loads_its_font_is_seen():
    console = Console(record=True, quiet=True)
    assert Page(console.export_svg(title="")).loads


def luminance(color):
    channels = [channel / 255 for channel in bytes.fromhex(color[1:])]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colors", PICTURES.values())
def test_its_letters_stand_out(colors):
    ground, *letters = map(luminance, colors)
    for letter in letters:
        lighter, darker = sorted([ground, letter], reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_readme_shows_it_in_light_and_dark_and_says_it_in_words(printed):
    light, dark = (path.relative_to(ROOT).as_posix() for path in PICTURES)
    picture = re.search(r"<picture>.*?</picture>", README, flags=re.DOTALL)[0]
    assert f'<source media="(prefers-color-scheme: dark)" srcset="{dark}">' in picture
    assert f'src="{light}"' in picture
    assert printed.split("\n")[1] in re.search(r'alt="([^"]*)"', picture)[1]
