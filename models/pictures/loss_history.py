"""The loss in the course of a training, as a table that a spreadsheet reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from models.errors import InputError

__all__ = ["Record", "read", "write"]


class Record(NamedTuple):
    """A stretch of the training, about a hundredth of an epoch."""

    epoch: int
    """The reading of the text that it belongs to, from 1."""
    words: int
    """The words read from the start of the training to its end."""
    pairs: int
    """The pairs trained on in it."""
    loss: float
    """The mean loss of these pairs."""
    rate: float
    """The learning rate at its end."""


def write(file: BinaryIO, history: Iterable[Record]) -> None:
    """Write a history to an open file: CSV with a header; numbers are read back as they were."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Record._fields)
    writer.writerows(history)
    file.write(text.getvalue().encode())


def read(path: str | Path) -> list[Record]:
    """Read a history that `write` has written.

    Raises
    ------
    InputError
        If the file cannot be read, or holds something else.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
            return [_record(header, row) for row in rows]
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, csv.Error):
        columns = ",".join(Record._fields)
        raise InputError(
            f"{path}: no history of a loss; expected a CSV file of {columns}"
        ) from None


def _record(header: list[str], row: list[str]) -> Record:
    if tuple(header) != Record._fields:
        raise ValueError  # as numbers that are none do
    epoch, words, pairs, loss, rate = row
    return Record(int(epoch), int(words), int(pairs), float(loss), float(rate))
