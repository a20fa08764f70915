"""Values as frames: all that passes between this process and the one that a file runs in.

A value is a number, a text, an array, or a tuple, list or dictionary of such. Each becomes frames
with a header of one size, and is built again from them alone: nothing in a frame is ever run, as
a pickle is, so that the worst that the other side can send is a wrong value or none.

Arrays keep their dtype and shape, numbers their type; of any other object the name of its class
is left, which is all that a report says of it.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from gradcheck.homework.calling.snapshots import nameless

__all__ = ["LONGEST_TEXT", "FrameError", "TooLargeError", "decode", "encode"]

LONGEST_TEXT = 4096
"""Bytes of one text; a longer one loses its end."""

_DEEPEST = 8
_HEADER = struct.Struct("<BBBxI8I")
"""Kind, dtype, number of axes; size in bytes or number of items; shape."""
_pack = _HEADER.pack
_PADDING = [(0,) * (8 - axes) for axes in range(9)]

_DTYPES = [np.dtype(code) for code in "?bBhHiIlLqQefdgFDG"]
# Where two codes are one type, as "l" and "q" may be, the first is used.
_DTYPE_CODES = {dtype.char: code for code, dtype in enumerate(_DTYPES)}

# What an array of something else than numbers may say that it holds.
_OTHER_DTYPE = re.compile(r"object|[<>|]?[USOMm]\d{0,6}(\[\w{1,8}\])?")


_NOTHING, _BOOL, _WHOLE, _DISTINCT, _FLOAT, _COMPLEX, _TEXT, _OBJECT = range(8)
_ARRAY, _SCALAR, _OTHER_ARRAY = range(8, 11)
_TUPLE, _LIST, _DICTIONARY = range(11, 14)
_COLLECTIONS = {list: _LIST, tuple: _TUPLE, dict: _DICTIONARY}


class FrameError(Exception):
    """The bytes are no value."""


class TooLargeError(Exception):
    """The value has more bytes than were allowed."""


class _DistinctInt(int):
    """A number that equals another one and is another object, as a dataset's may be."""


def encode(value: Any, limit: int = 2**31) -> bytes:
    """Return a value as frames.

    Raises
    ------
    TooLargeError
        If they take more than `limit` bytes.
    """
    encoder = _Encoder(limit)
    encoder.put(value, 0)
    return b"".join(encoder.pieces)


class _Encoder:
    """The frames of a value, and the bytes that are left for more of them."""

    def __init__(self, room: int) -> None:
        self.pieces: list[bytes] = []
        self._room = room

    def put(self, value: Any, depth: int) -> None:
        """Add the frames of a value."""
        simple = _SIMPLE.get(type(value))
        if simple is not None and (payload := simple[1](value)) is not None:
            self._frame(simple[0], payload)
        elif isinstance(value, np.ndarray):
            self._put_array(_ARRAY, value)
        elif isinstance(value, np.generic):
            self._put_array(_SCALAR, np.asarray(value))
        elif isinstance(value, int) and (payload := _whole(value)) is not None:
            self._frame(_DISTINCT, payload)
        elif isinstance(value, tuple | list | dict) and depth < _DEEPEST:
            self._put_items(value, depth)
        else:
            self._frame(_OBJECT, _text(type(value).__name__))

    def _frame(self, kind: int, payload: bytes, code: int = 0, shape: tuple[int, ...] = ()) -> None:
        axes = len(shape)
        header = _pack(kind, code, axes, len(payload), *shape, *_PADDING[axes])
        self.pieces += (header, payload)
        self._room -= len(header) + len(payload)
        if self._room < 0:
            raise TooLargeError

    def _put_items(self, value: Any, depth: int) -> None:
        kind = next(kind for type_, kind in _COLLECTIONS.items() if isinstance(value, type_))
        self._frame(kind, b"")
        self.pieces[-2] = _pack(kind, 0, 0, len(value), *_PADDING[0])
        for item in value:
            self.put(item, depth + 1)
            if kind == _DICTIONARY:
                self.put(value[item], depth + 1)

    def _put_array(self, kind: int, array: np.ndarray[Any, Any]) -> None:
        if array.nbytes > self._room:  # before it is copied
            raise TooLargeError
        code = _DTYPE_CODES.get(array.dtype.char)
        if code is None or array.ndim > _DEEPEST or not array.dtype.isnative:
            shape = array.shape if array.ndim <= _DEEPEST else (array.size,)
            self._frame(_OTHER_ARRAY, _text(str(array.dtype)), shape=shape)
        else:
            self._frame(kind, array.tobytes(), code, array.shape)


def decode(content: bytes) -> Any:
    """Return the value that frames hold.

    Raises
    ------
    FrameError
        If they hold none.
    """
    decoder = _Decoder(content)
    try:
        value = decoder.item(0)
    except FrameError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, struct.error, OverflowError) as error:
        raise FrameError(str(error)) from None
    if decoder.place != len(content):
        raise FrameError("something follows it")
    return value


class _Decoder:
    """Frames, and the position in them of the reader."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.place = 0

    def item(self, depth: int) -> Any:
        """Return the next value."""
        kind, code, axes, size, *shape = _HEADER.unpack_from(self._content, self.place)
        self.place += _HEADER.size
        if depth > _DEEPEST + 1 or axes > _DEEPEST:
            raise FrameError("it is nested too deeply, or has too many axes")
        if kind >= _TUPLE:
            return self._items(kind, size, depth + 1)
        payload = self._content[self.place : self.place + size]
        self.place += size
        if len(payload) != size:
            raise FrameError("it ends too early")
        if kind < _ARRAY:
            return _LEAVES[kind](payload)
        return _array(kind, code, tuple(shape[:axes]), payload)

    def _items(self, kind: int, size: int, depth: int) -> Any:
        # Each has a header at least: where there are too few, `item` ends it.
        if kind != _DICTIONARY:
            items = [self.item(depth) for _ in range(size)]
            return tuple(items) if kind == _TUPLE else items
        dictionary = {}
        for _ in range(size):
            key = self.item(depth)
            if not isinstance(key, str):
                raise FrameError("a key is no text")
            dictionary[key] = self.item(depth)
        return dictionary


def _text(text: str) -> bytes:
    payload = text[:LONGEST_TEXT].encode("utf-8", "surrogatepass")
    # Never cut within a sign, which has up to four bytes.
    short = len(payload) <= LONGEST_TEXT
    return payload if short else text[: LONGEST_TEXT // 4].encode("utf-8", "surrogatepass")


def _whole(value: int) -> bytes | None:
    try:
        return int(value).to_bytes(8, "little", signed=True)
    except OverflowError:  # no index and no loss is as large
        return None


_SIMPLE: dict[type, tuple[int, Callable[[Any], bytes | None]]] = {
    type(None): (_NOTHING, lambda _value: b""),
    bool: (_BOOL, lambda value: b"\1" if value else b"\0"),
    int: (_WHOLE, _whole),
    float: (_FLOAT, struct.Struct("<d").pack),
    complex: (_COMPLEX, lambda value: struct.pack("<dd", value.real, value.imag)),
    str: (_TEXT, _text),
}


def _as_text(payload: bytes) -> str:
    return payload[:LONGEST_TEXT].decode("utf-8", "surrogatepass")


_LEAVES: dict[int, Callable[[bytes], Any]] = {
    _NOTHING: lambda _payload: None,
    _BOOL: lambda payload: payload != b"\0",
    _WHOLE: lambda payload: int.from_bytes(payload[:8], "little", signed=True),
    _DISTINCT: lambda payload: _DistinctInt.from_bytes(payload[:8], "little", signed=True),
    _FLOAT: lambda payload: struct.unpack("<d", payload)[0],
    _COMPLEX: lambda payload: complex(*struct.unpack("<dd", payload)),
    _TEXT: _as_text,
    _OBJECT: lambda payload: nameless(_as_text(payload)),
}


def _array(kind: int, dtype: int, shape: tuple[int, ...], payload: bytes) -> Any:
    if kind == _OTHER_ARRAY:
        text = _as_text(payload)
        if not _OTHER_DTYPE.fullmatch(text) or math.prod(shape) > LONGEST_TEXT:
            return np.full((), None)
        return np.zeros(shape, dtype=text)
    array = np.frombuffer(payload, dtype=_DTYPES[dtype]).reshape(shape).copy()
    if kind == _ARRAY:
        return array
    if kind == _SCALAR and not shape:
        return array[()]
    raise FrameError("it is of no known kind")
