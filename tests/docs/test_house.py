"""The picture of the house shows every room and no import that is not there."""

from __future__ import annotations

from itertools import combinations

import matplotlib.pyplot as plt

from docs.extensions import house
from tests.docs.pages import DOCS
from tests.test_imports import imported, layer, room, sources


def ways_down(start, steps):
    """The rooms that a way of steps leads to."""
    direct = {lower for upper, lower in steps if upper == start}
    return direct.union(*(ways_down(lower, steps) for lower in direct))


def test_arrows_and_the_ways_along_them_are_the_imports():
    modules = sources(house.PACKAGE)
    imports = {
        (room(name), room(other))
        for name, source in modules.items()
        for other in imported(name, source, set(modules)) & set(modules)
        if room(other) not in {room(name), house.PACKAGE}
    }
    shown = house.arrows()
    assert shown <= imports
    for upper in {upper for upper, _ in imports}:
        assert ways_down(upper, shown) == ways_down(upper, imports)


def test_an_arrow_is_left_out_where_a_longer_way_leads():
    modules = {
        "gradcheck.a.x": "import gradcheck.b, gradcheck.c.x",
        "gradcheck.a.y": "def f():\n    import gradcheck.d",
        "gradcheck.b": "import gradcheck.c",
        "gradcheck.c": "",
        "gradcheck.c.x": "from gradcheck.c import y",
        "gradcheck.c.y": "",
        "gradcheck.d": "",
    }
    steps = {("a", "b"), ("b", "c"), ("a", "d")}
    assert house.arrows(modules) == {(f"gradcheck.{a}", f"gradcheck.{b}") for a, b in steps}


def test_every_room_has_its_floor_and_no_arrow_leads_up():
    shown = house.floors()
    assert {room(name) for name in sources(house.PACKAGE)} == {
        name for row in shown for name in row
    }
    assert all(layer(name) == floor for floor, row in enumerate(shown) for name in row)
    assert all(layer(upper) < layer(lower) for upper, lower in house.arrows())


def test_rooms_stand_apart_and_within_the_picture():
    with plt.style.context(DOCS / "figures.mplstyle"):
        figure = house.draw()
        figure.canvas.draw()
    try:
        (axes,) = figure.axes
        boxes = [text.get_bbox_patch().get_window_extent() for text in axes.texts]
        assert len(boxes) == sum(map(len, house.floors()))
        assert len(axes.patches) == len(house.arrows())
        assert not [(one, other) for one, other in combinations(boxes, 2) if one.overlaps(other)]
        assert min(box.x0 for box in boxes) >= 0
        assert max(box.x1 for box in boxes) <= figure.bbox.width
    finally:
        plt.close(figure)
