"""Texts of every kind as a stream of sentences, and what is no text."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from models.reading import text
from models.reading.text import LONGEST_SENTENCE, sentences

ROOT = Path(__file__).parents[2]
TEXT = "the quick  fox\n\n \tjumps\r\nover the café\nlast"
SENTENCES = [["the", "quick", "fox"], ["jumps"], ["over", "the", "café"], ["last"]]


def written(path, data):
    path.write_bytes(data)
    return path


WAYS = {
    "plain.txt": bytes,
    "packed.gz": gzip.compress,
    "packed.xz": lzma.compress,
    "packed.bz2": bz2.compress,
    "named otherwise": gzip.compress,
    "plain.gz": bytes,
}


@pytest.mark.parametrize("name", WAYS)
def test_a_file_is_read_by_lines_and_words(tmp_path, name):
    path = written(tmp_path / name, WAYS[name](TEXT.encode()))
    assert list(sentences(path)) == SENTENCES
    assert list(sentences(str(path))) == SENTENCES


@pytest.mark.parametrize("name", WAYS)
def test_an_empty_file_has_no_sentences(tmp_path, name):
    assert list(sentences(written(tmp_path / name, WAYS[name](b"")))) == []


def test_a_byte_order_mark_is_no_part_of_the_first_word(tmp_path):
    path = written(tmp_path / "a.txt", b"\xef\xbb\xbfone two\n\xef\xbb\xbf")
    assert list(sentences(path)) == [["one", "two"], ["\ufeff"]]


def run_on_standard_input(data):
    program = "from models.reading.text import sentences\nprint(list(sentences('-')))"
    return subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", program], input=data, cwd=ROOT, capture_output=True, check=False
    )


@pytest.mark.parametrize("way", [bytes, gzip.compress])
def test_standard_input_is_read(way):
    assert run_on_standard_input(way(TEXT.encode())).stdout.decode().strip() == str(SENTENCES)


def test_standard_input_is_named_in_messages():
    assert b"standard input is no UTF-8 text: byte 2" in run_on_standard_input(b"a \xff").stderr


def test_a_pipe_is_read():
    end, other_end = os.pipe()
    os.write(other_end, TEXT.encode())
    os.close(other_end)
    try:
        assert list(sentences(f"/dev/fd/{end}")) == SENTENCES
    finally:
        os.close(end)


def plain_sentences(content):
    """What `sentences` is to return, with the whole text in memory."""
    lines = [line.split() for line in content.split("\n")]
    return [
        line[start : start + text.LONGEST_SENTENCE]
        for line in lines
        for start in range(0, len(line), text.LONGEST_SENTENCE)
    ]


@given(st.text(st.sampled_from("ab é\t\n\r\u3000"), max_size=60), st.integers(8, 20))
def test_the_size_of_pieces_does_not_show(tmp_path_factory, content, piece):
    # No word of 8 bytes without a space: that is refused, below.
    content = content.replace("\u3000", "\u3000 ").replace("é", "é ").replace("a", "a ")
    content = content.replace("bbb", "b ")
    path = tmp_path_factory.getbasetemp() / "pieces.txt"
    path.write_bytes(content.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_PIECE", piece)
        patch.setattr(text, "LONGEST_SENTENCE", 3)
        assert list(sentences(path)) == plain_sentences(content)


@pytest.mark.parametrize("space", [b" ", b"\t"])
def test_a_line_that_ends_with_a_piece_is_read_to_its_end(tmp_path, monkeypatch, space):
    monkeypatch.setattr(text, "_PIECE", 8)
    path = written(tmp_path / "line.txt", space.join([b"ab", b"cd", b"ef"]))
    assert list(sentences(path)) == [["ab", "cd", "ef"]]


def test_bytes_are_counted_through_the_pieces_of_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "_PIECE", 8)
    path = written(tmp_path / "line.txt", b"ab cde fg\nhij klmn op \xff")
    with pytest.raises(InputError, match="byte 22 "):
        list(sentences(path))


def test_a_long_line_is_cut(tmp_path):
    words = [str(i) for i in range(2 * LONGEST_SENTENCE + 1)]
    path = written(tmp_path / "line.txt", " ".join(words).encode())
    assert [len(sentence) for sentence in sentences(path)] == [10_000, 10_000, 1]
    assert [word for sentence in sentences(path) for word in sentence] == words


@pytest.mark.parametrize("name", WAYS)
def test_progress_tells_the_bytes_on_the_disk(tmp_path, name):
    path = written(tmp_path / name, WAYS[name](os.urandom(100_000).hex(" ").encode() * 4))
    calls = []
    assert list(sentences(path, lambda done, total: calls.append((done, total))))
    size = path.stat().st_size
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1] == (size, size)
    assert {total for _, total in calls} == {size}
    assert WAYS[name] is not bytes or len(calls) > 2


def no_file(folder):
    return folder / "missing.txt"


def a_folder(folder):
    return folder


def a_zero_byte(folder):
    return written(folder / "zero.bin", b"\n" * 70 + b"abc \0 d")


def undecodable(folder):
    return written(folder / "latin1.txt", b"one\ntwo\xe9 three\n")


def undecodable_compressed(folder):
    return written(folder / "latin1.txt.gz", gzip.compress(b"one\ntwo\xe9 three\n"))


def utf_16(folder):
    return written(folder / "utf16.txt", "one two".encode("utf-16"))


def no_spaces(folder):
    return written(folder / "base64.txt", b"a b\n" + b"x" * (2**20 + 5))


def cut_gz(folder):
    return written(folder / "cut.gz", gzip.compress(os.urandom(5_000).hex(" ").encode())[:-9])


def cut_xz(folder):
    return written(folder / "cut.xz", lzma.compress(os.urandom(5_000).hex(" ").encode())[:-9])


def damaged_gz(folder):
    data = bytearray(gzip.compress(b"one two three\n" * 500))
    data[20] ^= 0xFF
    return written(folder / "damaged.gz", bytes(data))


def damaged_xz(folder):
    data = bytearray(lzma.compress(b"one two three\n" * 500))
    data[30] ^= 0xFF
    return written(folder / "damaged.xz", bytes(data))


UNREADABLE = {
    no_file: r"missing\.txt cannot be read: No such file or directory",
    a_folder: "cannot be read: Is a directory",
    a_zero_byte: r"zero\.bin is no UTF-8 text: byte 74 \(counted from 0\), in line 71: a zero byte",
    undecodable: r"byte 7 .*, in line 2: the byte 0xe9 is no .* "
    r"say --encoding latin-1, or convert it: iconv -f latin-1 -t utf-8 \S+latin1\.txt > utf8\.txt$",
    undecodable_compressed: r"latin1\.txt\.gz is no UTF-8 text: byte 7 .*",
    utf_16: r"byte 0 .*, in line 1: the byte 0xff .* say --encoding utf-16",
    no_spaces: r"base64\.txt is no text of words: no space in 131,072 bytes from byte 4 on",
    cut_gz: r"cut\.gz: the compressed data are damaged",
    cut_xz: r"cut\.xz: the compressed data are damaged",
    damaged_gz: r"damaged\.gz: the compressed data are damaged",
    damaged_xz: r"damaged\.xz: the compressed data are damaged",
}


@pytest.mark.parametrize("make", UNREADABLE, ids=lambda make: make.__name__)
def test_what_cannot_be_read_is_one_message(tmp_path, make):
    with pytest.raises(InputError, match=UNREADABLE[make]) as caught:
        list(sentences(make(tmp_path)))
    assert "\n" not in str(caught.value)


def peak_of_reading(path):
    tracemalloc.start()
    try:
        assert sum(1 for _ in sentences(path)) > 1
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("end", ["\n", " "], ids=["lines", "one line"])
def test_memory_does_not_grow_with_the_text(tmp_path, end):
    line = " ".join(["word"] * 1_000) + end
    short = written(tmp_path / "short.txt", (line * 60).encode())
    long = written(tmp_path / "long.txt", (line * 600).encode())
    assert peak_of_reading(long) < 1.5 * peak_of_reading(short)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-be", "UTF8"])
@pytest.mark.parametrize("way", [bytes, gzip.compress])
def test_a_text_may_have_another_encoding(tmp_path, monkeypatch, encoding, way):
    monkeypatch.setattr(text, "_PIECE", 16)
    path = written(tmp_path / "text", way(f"{TEXT}\nà é è üü öö ää éé".encode(encoding)))
    expected = [*SENTENCES, ["à", "é", "è", "üü", "öö", "ää", "éé"]]
    assert list(sentences(path, encoding=encoding)) == expected


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("ascii", "no text in ascii: .* can't decode byte 0xc3"),
        ("utf-16", "no text in utf-16: "),
        ("klingon", "encoding: expected a name that Python knows, .* got 'klingon'"),
        ("rot13", "encoding: expected a name that Python knows, .* got 'rot13'"),
    ],
)
def test_a_text_of_another_encoding_than_was_said_is_refused(tmp_path, encoding, told):
    path = written(tmp_path / "text", f"{TEXT} n".encode())
    with pytest.raises(InputError, match=told):
        list(sentences(path, encoding=encoding))


def test_a_text_that_begins_as_bzip2_does_is_a_text(tmp_path):
    assert list(sentences(written(tmp_path / "text", b"BZh9 is a beginning"))) == [
        ["BZh9", "is", "a", "beginning"]
    ]
