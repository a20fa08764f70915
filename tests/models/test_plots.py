"""Projections against the definition, labels that can be read, figures as files."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import InputError
from models.pictures import labels, plots
from models.pictures.loss_history import Record
from models.pictures.projections import principal_components, tsne
from models.vectors.embeddings import Embeddings, UnknownWordError

SVG = "{http://www.w3.org/2000/svg}"


def some(number, size=5, seed=0):
    rng = np.random.default_rng(seed)
    words = [f"word{row}" for row in range(number)]
    return Embeddings(words, rng.normal(size=(number, size)).astype(np.float32))


@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(1, 6))
def test_principal_components_against_the_covariance(seed, number, size):
    vectors = np.random.default_rng(seed).normal(size=(number, size))
    points, axes = principal_components(vectors)
    variances = np.sort(np.linalg.eigvalsh(np.cov(vectors.T, ddof=0).reshape(size, size)))[::-1]
    expected = np.append(variances, 0.0)[:2]
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(points.T @ points / number, np.diag(expected), atol=1e-12)
    share = f"{expected[0] / variances.sum():.0%} of the variance"
    assert axes[0] == f"first principal component, {share}"


def test_vectors_that_lie_in_a_plane_keep_their_distances():
    plane = np.random.default_rng(0).normal(size=(2, 7))
    vectors = np.random.default_rng(1).normal(size=(9, 2)) @ plane + 5
    points = principal_components(vectors).points
    np.testing.assert_allclose(distances(points), distances(vectors), atol=1e-12)


def distances(vectors):
    return np.linalg.norm(vectors[:, None] - vectors, axis=2)


def test_the_sign_of_a_component_is_settled():
    vectors = some(6).vectors
    here, there = principal_components(vectors).points, principal_components(-vectors).points
    np.testing.assert_allclose(here, -there, atol=1e-12)


def test_equal_vectors_have_no_variance():
    points, axes = principal_components(np.ones((3, 4)))
    assert not points.any()
    assert axes[0].endswith("0% of the variance")


def test_tsne_keeps_groups_together():
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    rng = np.random.default_rng(0)
    groups = np.repeat(np.eye(2), 8, axis=0) + rng.normal(0, 0.01, (16, 2))
    points = tsne(groups, seed=3).points
    nearest = distances(points) + np.diag(np.full(16, np.inf))
    assert (nearest.argmin(axis=1) // 8 == np.arange(16) // 8).all()
    np.testing.assert_array_equal(points, tsne(groups, seed=3).points)


def test_too_few_vectors():
    with pytest.raises(InputError, match="expected two or more to project; got 1"):
        principal_components(np.ones((1, 3)))
    with pytest.raises(InputError, match="expected 5 or more for t-SNE; got 4"):
        tsne(np.ones((4, 3)))


def overlaps(low, high):
    """How many pairs of boxes share some area."""
    shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    return int(np.triu((shared > 1e-9).all(axis=2), 1).sum())


@given(st.integers(0, 2**32 - 1), st.integers(1, 25))
@settings(deadline=None)
def test_labels_with_room_cover_nothing(seed, number):
    points = np.random.default_rng(seed).uniform(20, 480, (number, 2))
    sizes = np.tile([40.0, 10.0], (number, 1))
    centres = labels.place(points, sizes, (500, 500), radius=2)
    low, high = centres - sizes / 2, centres + sizes / 2
    assert overlaps(low, high) == 0
    assert (low >= 0).all()
    assert (high <= 500).all()
    covered = (low[:, None] < points - 1e-9) & (points + 1e-9 < high[:, None])
    assert not covered.all(axis=2).any()


def test_labels_of_a_crowd_move_apart():
    """Thirty points in one place: side by side, their labels would cover each other 435 times."""
    points = np.full((30, 2), 250.0)
    sizes = np.tile([20.0, 8.0], (30, 1))
    centres = labels.place(points, sizes, (500, 500))
    assert overlaps(centres - sizes / 2, centres + sizes / 2) == 0
    assert np.abs(centres - points).max() < 80


def test_labels_without_room_are_placed_all_the_same():
    sizes = np.tile([40.0, 10.0], (5, 1))
    centres = labels.place(np.full((5, 2), 15.0), sizes, (30, 30))
    assert np.isfinite(centres).all()


def test_words_stand_beside_their_points():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    embeddings = some(12)
    figure = plots.word_map(embeddings, embeddings.words[:10])
    (axes,) = figure.axes
    points = principal_components(embeddings.directions[:10]).points
    np.testing.assert_allclose(axes.collections[0].get_offsets(), points, atol=1e-6)
    assert [text.get_text() for text in axes.texts] == list(embeddings.words[:10])
    assert len({text.get_color() for text in axes.texts}) == 1
    np.testing.assert_allclose([text.xy for text in axes.texts], points, atol=1e-6)
    assert axes.get_title() == "10 of 12 words"
    boxes = [text.get_window_extent() for text in axes.texts]
    corners = np.array([[box.p0, box.p1] for box in boxes])
    assert overlaps(corners[:, 0], corners[:, 1]) == 0
    marks = axes.transData.transform(points)
    assert np.linalg.norm(corners.mean(axis=1) - marks, axis=1).max() < 100


def test_words_that_are_highlighted_stand_out():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    embeddings = some(4)
    figure = plots.word_map(embeddings, embeddings.words, highlighted=["word2"])
    colors = [text.get_color() for text in figure.axes[0].texts]
    assert colors[0] == colors[1] == colors[3] != colors[2]


def test_the_loss_is_drawn_as_it_is():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    history = [Record(1, 500_000 * row, 10, 4 / row, 0.01) for row in (1, 2, 3)]
    (axes,) = plots.loss_curve(history).axes
    (line,) = axes.lines
    np.testing.assert_allclose(line.get_xydata(), [[0.5, 4], [1, 2], [1.5, 4 / 3]])
    assert axes.get_xlabel() == "million words read"
    (axes,) = plots.loss_curve(history[:1]).axes
    assert axes.get_xlabel() == "words read"
    with pytest.raises(InputError, match="history: expected one record or more; got none"):
        plots.loss_curve([])


ODD_WORDS = ["$x$", "日本", "a<b&c", "\udcc3", "\x07bell", "100%", "{}", "\\alpha", "_", "é"]


def save(figure, path):
    with path.open("wb") as file:
        plots.save(figure, file, plots.format_of(path))


@pytest.mark.parametrize("suffix", [".png", ".svg", ".PDF"])
def test_words_of_any_kind_are_drawn(suffix, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    path = tmp_path / f"words{suffix}"
    embeddings = Embeddings(ODD_WORDS, some(len(ODD_WORDS)).vectors)
    for _ in range(2):
        save(plots.word_map(embeddings, ODD_WORDS), path)
    start = {".png": b"\x89PNG", ".svg": b"<?xml", ".PDF": b"%PDF"}[suffix]
    assert path.read_bytes().startswith(start)


def test_an_svg_has_words_as_text_and_is_the_same_each_time(tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    embeddings = Embeddings(ODD_WORDS, some(len(ODD_WORDS)).vectors)
    for name in ("one.svg", "two.svg"):
        save(plots.word_map(embeddings, ODD_WORDS), tmp_path / name)
    one = (tmp_path / "one.svg").read_bytes()
    assert one == (tmp_path / "two.svg").read_bytes()
    texts = {text.text for text in ET.fromstring(one).iter(f"{SVG}text")}  # noqa: S314 - our own
    assert {"$x$", "日本", "a<b&c", "?bell", "?", "\\alpha"} <= texts


def test_a_map_that_cannot_be_drawn():
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    embeddings = some(3)
    with pytest.raises(UnknownWordError, match="'word9' has no vector"):
        plots.word_map(embeddings, ["word1", "word9"])
    with pytest.raises(InputError, match="expected two or more to draw; got 1"):
        plots.word_map(embeddings, ["word1", "word1"])
    with pytest.raises(InputError, match="method: expected 'pca' or 'tsne'; got 'umap'"):
        plots.word_map(embeddings, ["word1", "word2"], method="umap")


def test_a_name_that_says_no_format():
    assert plots.format_of("x.PNG") == "png"
    with pytest.raises(InputError, match=r"x\.gif: expected a figure's name, .* \.png, \.svg or"):
        plots.format_of("x.gif")


@pytest.mark.parametrize(
    ("absent", "method", "message"),
    [
        ("matplotlib", "pca", r"figures need matplotlib: .venv/bin/pip install -e '\.\[plot\]'"),
        ("sklearn", "tsne", r"t-SNE needs scikit-learn: .venv/bin/pip install -e '\.\[tsne\]'"),
    ],
)
def test_a_library_that_is_not_installed(absent, method, message, monkeypatch):
    monkeypatch.setattr(plots, "find_spec", lambda name: None if name == absent else name)
    with pytest.raises(InputError, match=message):
        plots.word_map(some(6), some(6).words, method=method)
