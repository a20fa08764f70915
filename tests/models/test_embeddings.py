"""Files of vectors there and back, from and to other trainers; neighbours and analogies."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import struct
import tracemalloc
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.errors import InputError
from models.reading.compression import compressed
from models.vectors import files
from models.vectors.embeddings import Embeddings, UnknownWordError, scale_rows

ROWS = np.array([[1.0, 0.5], [-0.25, 3e-39], [0.1, -1e30]], dtype=np.float32)
WORDS = ("the", "naïve", "日本")
TEXT = "3 2\nthe 1 0.5\nnaïve -0.25 3e-39\n日本 0.1 -1e30\n".encode()

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda word: not set(word) & set(" \t\n\v\f\r")
)
floats = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def embeddings(draw):
    drawn = draw(st.lists(words, min_size=1, max_size=5, unique=True))
    size = draw(st.integers(1, 4))
    return Embeddings(drawn, draw(arrays(np.float32, (len(drawn), size), elements=floats)))


def same(one, other):
    """Equal to the last bit: -0.0 is not 0.0."""
    return one.words == other.words and one.vectors.tobytes() == other.vectors.tobytes()


def save(vectors, path, *, binary=False):
    with path.open("wb") as file:
        vectors.save(file, binary=binary)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vectors"


@pytest.mark.parametrize("binary", [False, True])
@given(vectors=embeddings())
@example(
    vectors=Embeddings(["a\u00a0b", "\u2028", "\x1c", "\x00"], [[-0.0], [1e-45], [3.4e38], [1 / 3]])
)
@settings(deadline=None)
def test_what_is_written_is_read_back_bit_for_bit(vectors, binary, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "drawn"
    save(vectors, path, binary=binary)
    assert same(Embeddings.load(path, binary=binary), vectors)


def test_nine_digits_tell_float32_apart(path):
    """Neighbouring float32s, at many exponents: with eight digits some are read as another."""
    bits = np.random.default_rng(0).integers(0x00000001, 0x7F7FFFFE, 20_000, dtype=np.uint32)
    pairs = np.stack([bits, bits + 1], axis=1).view(np.float32)
    vectors = Embeddings([f"w{row}" for row in range(len(pairs))], pairs)
    save(vectors, path)
    assert same(Embeddings.load(path), vectors)


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_the_format_is_told_from_the_file(binary, size, path):
    rng = np.random.default_rng(size)
    vectors = Embeddings(["a", "b", "c"], rng.normal(size=(3, size)).astype(np.float32))
    save(vectors, path, binary=binary)
    assert path.read_bytes().isascii() is not binary
    assert same(Embeddings.load(path), vectors)


@pytest.mark.parametrize("binary", [False, True])
def test_vectors_of_zeros_have_a_format_too(binary, path):
    vectors = Embeddings(["a", "b"], np.zeros((2, 3)))
    save(vectors, path, binary=binary)
    assert same(Embeddings.load(path), vectors)


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_binary_rows_with_and_without_a_newline(end, path):
    """As gensim writes them, and as word2vec.c does."""
    rows = [
        w.encode() + b" " + struct.pack("<2f", *row) + end
        for w, row in zip(WORDS, ROWS, strict=True)
    ]
    path.write_bytes(b"3 2\n" + b"".join(rows))
    assert same(Embeddings.load(path), Embeddings(WORDS, ROWS))


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        TEXT.replace(b"\n", b" \n").replace(b"3 2 ", b"3 2"),
        TEXT.replace(b"\n", b"\r\n"),
        TEXT.rstrip(b"\n"),
        TEXT + b"\n\n",
        TEXT.replace(b" ", b"\t"),
        b"\xef\xbb\xbf" + TEXT,
    ],
    ids=[
        "gensim",
        "word2vec.c",
        "Windows",
        "no newline at the end",
        "blank lines at the end",
        "tabs",
        "byte order mark",
    ],
)
def test_text_as_others_write_it(text, path):
    path.write_bytes(text)
    assert same(Embeddings.load(path), Embeddings(WORDS, ROWS))


@pytest.mark.parametrize("binary", [False, True])
def test_a_word_cut_within_a_character_stays_as_it_is(binary, path):
    """word2vec.c cuts long words at a number of bytes."""
    cut = "naï".encode()[:-1]
    path.write_bytes(b"1 2\n" + cut + (b" " + ROWS[:1].tobytes() if binary else b" 1 0.5\n"))
    vectors = Embeddings.load(path)
    save(vectors, path, binary=binary)
    assert path.read_bytes().startswith(b"1 2\n" + cut + b" ")


@pytest.mark.parametrize("binary", [False, True])
def test_gensim_reads_it_and_we_read_gensims(binary, path):
    gensim = pytest.importorskip("gensim.models", reason="gensim is not installed")
    vectors = Embeddings([*WORDS, "a\u00a0b"], np.vstack([ROWS, [1 / 3, -0.0]]).astype(np.float32))
    save(vectors, path, binary=binary)
    theirs = gensim.KeyedVectors.load_word2vec_format(path, binary=binary)
    assert same(Embeddings(theirs.index_to_key, theirs.vectors), vectors)
    theirs.save_word2vec_format(path, binary=binary)
    assert same(Embeddings.load(path), vectors)


BINARY = b"3 2\n" + b"".join(
    w.encode() + b" " + r.tobytes() + b"\n" for w, r in zip(WORDS, ROWS, strict=True)
)
BAD_FILES = {
    "empty": (b"", "line 1: expected the number of words and .* got the end of the file"),
    "no header": (b"the 1 0.5\n", "line 1: expected the number of words .* got 'the 1 0.5"),
    "negative": (b"-3 2\n", "line 1: expected the number of words"),
    "three numbers": (b"3 2 1\n", "line 1: expected the number of words"),
    "junk": (bytes(range(128, 256)) * 50, "line 1: expected the number of words"),
    "no numbers": (b"1 0\nthe\n", "line 1: expected vectors of 1 number at least; got 0"),
    "promises": (b"9999999999 300\nthe 1 0.5\n", "its header promises 9,999,999,999 words"),
    "cut off": (
        b"3 2\nthe 1 0.5\nlongest 2 3\n",
        "cut off: .* promises 3 words, and it ends after 2",
    ),
    "cut row": (
        b"2 3\nthe 1 0.5 1\nlongest 1 2\n",
        "line 3: expected a word .* and 3 numbers; got 2 after",
    ),
    "cut binary": (BINARY[:-3], "cut off: .* promises 3 words, and it ends after 2"),
    "cut in a word": (b"2 1\na " + ROWS[0, :1].tobytes() + b"longer", "cut off.* it ends after 1"),
    "too few promised": (
        TEXT.replace(b"3 2", b"2 2"),
        "promises 2 words, and more follows them: '日本",
    ),
    "too few binary": (BINARY.replace(b"3 2", b"2 2", 1), "promises 2 words, and more follows"),
    "wrong size": (TEXT.replace(b"3 2", b"3 3"), "line 2: expected a word .* and 3 numbers; got 2"),
    "spaced word": (b"1 2\nNew York 1 2\n", "line 2: .*without white space.*got 3 after 'New'"),
    "no word": (b"1 2\n 1 2\n", "line 2: expected a word .* and 2 numbers; got 1 after '1'"),
    "empty line": (b"2 1\na 1\n\n\n\n\n", "line 3: expected a word .*; got 0 after the end"),
    "tab": (b"1 2\na\tb 1 2\n", r"line 2: .*without white space.*got 3 after 'a'"),
    "gzip, damaged": (gzip.compress(TEXT)[:-9], "the compressed data are damaged"),
    "xz, damaged": (lzma.compress(TEXT)[:-9], "the compressed data are damaged"),
    "no number": (b"2 2\na 1 2\nb 1 x2\n", "line 3: expected a number; got 'x2'"),
    "nan": (
        b"2 2\na 1 2\nb 1 nan\n",
        "line 3: expected numbers that float32 can hold; 'b' has nan",
    ),
    "too large": (b"1 2\na 1 1e39\n", "line 2: .* 'a' has inf"),
    "binary inf": (b"1 2\na " + struct.pack("<2f", 1, np.inf), "row 1: .* 'a' has inf"),
    "twice": (b"2 1\na 1\na 2\n", "expected distinct ones; 'a' is in rows 0 and 1"),
    "no space": (b"1 9\n" + b"\xff" * 200_000, "not a file of vectors: no space in 100,000 bytes"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_refused_in_a_line(name, path):
    content, message = BAD_FILES[name]
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        Embeddings.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 200


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_junk_is_refused_or_read_but_never_crashes(tmp_path_factory, junk):
    path = tmp_path_factory.getbasetemp() / "junk"
    path.write_bytes(b"2 2\n" + junk)
    with suppress(InputError):
        assert len(Embeddings.load(path)) == 2


def test_files_that_cannot_be_opened(tmp_path):
    with pytest.raises(InputError, match=r"absent: there is no such file; python -m models train"):
        Embeddings.load(tmp_path / "absent")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        Embeddings.load(tmp_path)
    with pytest.raises(InputError, match="-: expected the name of a file; vectors are not read"):
        Embeddings.load("-")
    reader, writer = os.pipe()
    with pytest.raises(InputError, match="expected a file; vectors are not read from a pipe"):
        Embeddings.load(f"/dev/fd/{reader}")
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize("word", ["", "New York", "a\nb", "a\tb", "\ud800"])
@pytest.mark.parametrize("binary", [False, True])
def test_of_a_word_that_no_file_holds_nothing_is_written(word, binary):
    file = io.BytesIO()
    with pytest.raises(InputError, match=r"word .*: (expected one without|cannot be written)"):
        Embeddings(["a", word], ROWS[:2]).save(file, binary=binary)
    assert file.getvalue() == b""


@pytest.mark.parametrize("binary", [False, True])
def test_a_large_file_streams(binary, path):
    """Beside the matrix and the words there is little: the file is never whole in memory."""
    rows = np.random.default_rng(0).normal(size=(1_000, 300)).astype(np.float32)
    vectors = Embeddings([f"w{row}" for row in range(len(rows))], rows)
    tracemalloc.start()
    try:
        save(vectors, path, binary=binary)
        assert tracemalloc.get_traced_memory()[1] < rows.nbytes / 2
        tracemalloc.reset_peak()
        files.read(path)
        assert tracemalloc.get_traced_memory()[1] < rows.nbytes * 3 / 2
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("given_words", "rows", "message"),
    [
        (["a", "b"], [[1.0]], r"expected an array of shape \(2, d\), .*; got \(1, 1\)"),
        (["a"], [1.0], r"expected an array of shape \(1, d\), .*; got \(1,\)"),
        (["a", "b", "a"], [[1.0]] * 3, "'a' is in rows 0 and 2"),
        (["a", "b"], [[1.0], [np.nan]], "row 1, 'b', has others"),
    ],
)
def test_words_and_vectors_that_do_not_fit(given_words, rows, message):
    with pytest.raises(InputError, match=message):
        Embeddings(given_words, rows)


def test_what_embeddings_are_asked(path):
    vectors = Embeddings(WORDS, ROWS)
    assert len(vectors) == 3
    assert "the" in vectors
    assert "The" not in vectors
    assert vectors.size == 2
    assert vectors["naïve"].tolist() == ROWS[1].tolist()
    assert vectors.first(2).words == WORDS[:2]
    assert repr(vectors) == "<Embeddings of 3 words, 2 numbers each>"
    save(vectors, path)
    assert path.read_text(encoding="utf-8").splitlines()[:2] == ["3 2", "the 1 0.5"]


COMPASS = Embeddings(
    ["north", "east", "south", "northeast", "far_north", "nowhere"],
    [[0, 1], [1, 0], [0, -1], [1, 1], [0, 1e30], [0, 0]],
)


def test_the_nearest_are_those_of_the_largest_cosine():
    neighbours = COMPASS.nearest("north")
    assert [word for word, _ in neighbours] == [
        "far_north",
        "northeast",
        "east",
        "nowhere",
        "south",
    ]
    np.testing.assert_allclose(
        [similarity for _, similarity in neighbours], [1, 0.5**0.5, 0, 0, -1], atol=1e-7
    )
    assert COMPASS.nearest("north", 2) == neighbours[:2]


def test_an_analogy_leaves_out_the_three_that_are_given():
    """east - north + northeast is nearest to east itself."""
    assert COMPASS.analogy("north", "east", "northeast", 1)[0].word == "south"
    answers = COMPASS.analogy("east", "north", "south")
    assert {answer.word for answer in answers} == {"northeast", "far_north", "nowhere"}


@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(1, 5), st.integers(1, 40))
def test_neighbours_and_analogies_against_the_definition(seed, number, size, k):
    rows = np.random.default_rng(seed).normal(size=(number, size)).astype(np.float32)
    vectors = Embeddings([f"w{row}" for row in range(number)], rows)
    unit = rows.astype(float) / np.linalg.norm(rows.astype(float), axis=1, keepdims=True)

    neighbours = vectors.nearest("w1", k)
    assert len(neighbours) == min(k, number - 1)
    assert "w1" not in {word for word, _ in neighbours}
    expected = sorted(np.delete(unit @ unit[1], 1), reverse=True)[:k]
    np.testing.assert_allclose([cosine for _, cosine in neighbours], expected, atol=1e-5)
    for word, cosine in neighbours:
        np.testing.assert_allclose(unit[vectors.index[word]] @ unit[1], cosine, atol=1e-5)

    offset = unit[1] - unit[0] + unit[number - 1]
    length = np.linalg.norm(offset)
    if length > 1e-3:
        answers = vectors.analogy("w0", "w1", f"w{number - 1}", k)
        asked = sorted({0, 1, number - 1})
        expected = sorted(np.delete(unit @ offset / length, asked), reverse=True)[:k]
        np.testing.assert_allclose([cosine for _, cosine in answers], expected, atol=1e-3)


def test_directions_of_vectors_longer_than_float32_can_square():
    rows = scale_rows(np.array([[3e38, 3e38], [1e-40, 0], [0, 0]], dtype=np.float32))
    np.testing.assert_allclose(rows, [[0.5**0.5, 0.5**0.5], [1, 0], [0, 0]], rtol=1e-6)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("norht", "'norht' has no vector; did you mean 'north'"),
        ("NORTH", "'NORTH' has no vector; did you mean 'north'?"),
        ("xyz", "'xyz' has no vector; words that have one: 'north', 'east', 'south', …$"),
    ],
)
def test_an_unknown_word_is_told_with_close_spellings(word, message):
    with pytest.raises(UnknownWordError, match=message):
        COMPASS.nearest(word)
    with pytest.raises(UnknownWordError, match=message):
        COMPASS.analogy("north", word, "east")
    with pytest.raises(UnknownWordError, match=message):
        COMPASS[word]


def test_questions_without_an_answer():
    with pytest.raises(InputError, match="'nowhere' is zero, which has no direction"):
        COMPASS.nearest("nowhere")
    with pytest.raises(InputError, match="number: expected 1 or more; got 0"):
        COMPASS.nearest("north", 0)
    star = Embeddings(["a", "b", "c"], [[-1, 0], [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]])
    with pytest.raises(InputError, match=r"'b' - 'a' \+ 'c' is zero, which has no direction"):
        star.analogy("a", "b", "c")


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("name", ["vectors.gz", "vectors.bz2", "vectors.xz", "vectors.txt"])
def test_a_file_is_compressed_as_its_name_says_and_read_as_its_content_does(tmp_path, name, binary):
    embeddings = Embeddings(["up", "down"], np.arange(60.0).reshape(2, 30))
    for path in (tmp_path / name, tmp_path / f"again.{name}"):
        with path.open("wb") as file, compressed(file, path) as packed:
            embeddings.save(packed, binary=binary)
    first = path.read_bytes()[:8]
    assert path.suffix != ".gz" or first.endswith(bytes(4)), "the time is in it"
    magic = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7zX", ".txt": b"2 30"}[path.suffix]
    assert first.startswith(magic)
    assert (tmp_path / name).read_bytes() == path.read_bytes()
    path = path.rename(tmp_path / "named otherwise")
    loaded = Embeddings.load(path)
    assert loaded.words == embeddings.words
    assert np.array_equal(loaded.vectors, embeddings.vectors)
