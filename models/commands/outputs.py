"""The files that a training writes: found possible before the work, written after it."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from gradcheck.terminal.command import UsageError
from gradcheck.terminal.files import (
    check_writable,
    is_stream,
    names_open_file,
    replacing,
    resolve,
)
from models.commands.progress import say
from models.pictures import loss_history, plots
from models.reading.compression import compressed
from models.training import Training
from models.vectors.embeddings import Embeddings

__all__ = ["Files", "drop_checkpoint", "files_of", "require_space", "write_results", "written"]


class Files(NamedTuple):
    """The files of a training, absent ones being None."""

    output: Path
    binary: bool
    checkpoint: Path | None
    keep_checkpoint: bool
    history: Path | None
    plot: Path | None


def files_of(arguments: argparse.Namespace) -> Files:
    """Return the files that the arguments name, once it is known that they can be written.

    Raises
    ------
    UsageError
        If one cannot be written, would overwrite the text, or is named twice.
    """
    output = Path(arguments.output)
    check_writable("--output", arguments.output)
    # What goes to a pipe or a device has no folder to leave a checkpoint in.
    beside = None if is_stream(output) else f"{output}.checkpoint"
    checkpoint = arguments.checkpoint or beside
    named = {
        "--output": arguments.output,
        "--checkpoint": checkpoint,
        "--history": arguments.history,
        "--plot": arguments.plot,
    }
    text = None if arguments.text in {None, "-"} else resolve(arguments.text)
    taken: dict[Path, str] = {}
    for option, path in named.items():
        if path is None:
            continue
        if path == "-":
            raise UsageError(f"{option} -: expected the name of a file")
        check_writable(option, path)
        if names_open_file(path):
            raise UsageError(f"{option} {path}: is open already; expected the name of a file")
        if resolve(path) == text:
            raise UsageError(f"{option} {path}: would overwrite the text; expected another name")
        other = taken.setdefault(resolve(path), option)
        if other != option:
            raise UsageError(f"{other} and {option}: both are {path}; expected two files")
    # A figure that cannot be drawn is better found out now than after the work.
    if arguments.plot:
        plots.format_of(arguments.plot)
        plots.check_libraries()
    return Files(
        output,
        arguments.binary,
        Path(checkpoint) if checkpoint else None,
        arguments.checkpoint is not None,
        Path(arguments.history) if arguments.history else None,
        Path(arguments.plot) if arguments.plot else None,
    )


def require_space(training: Training, files: Files) -> None:
    """Refuse to begin where the disk has no room for the vectors."""
    if is_stream(files.output):
        return
    folder = resolve(files.output).parent
    # Bytes of a number, in binary and in text.
    needed = training.V.size * (4 if files.binary else 12)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UsageError(
            f"--output {files.output}: the vectors take about {needed:,} bytes; "
            f"{free:,} bytes are free in {folder}"
        )


def write_results(training: Training, files: Files) -> None:
    """Write the vectors, and the table and the figure that were asked for.

    Raises
    ------
    UsageError
        If one of them cannot be written; the message says which were, and what is left to go on
        from.
    """
    vectors = Embeddings(training.corpus.vocabulary.words, training.V)
    kept = f"; --resume continues from {files.checkpoint}" if files.checkpoint else ""
    with written("--output", files.output, kept) as file, compressed(file, files.output) as packed:
        vectors.save(packed, binary=files.binary)
    form = "binary" if files.binary else "text"
    print(f"{files.output}: {len(training.V):,} vectors of {vectors.size:,} numbers, {form}")
    kept = f"; {files.output} was written{kept}"
    if files.history:
        with written("--history", files.history, kept) as file:
            loss_history.write(file, training.history)
    if files.plot and not training.history:
        say(f"--plot {files.plot}: not drawn, as there is no loss to draw yet")
    elif files.plot:
        with written("--plot", files.plot, kept) as file:
            plots.save(plots.loss_curve(training.history), file, plots.format_of(files.plot))


@contextmanager
def written(option: str, path: str | Path, kept: str = "") -> Iterator[BinaryIO]:
    """Open a file that is replaced as a whole; say why it cannot be written.

    Parameters
    ----------
    option : str
        What named the file, for the message.
    path : str or Path
        The file.
    kept : str
        What there is all the same, with a semicolon before it.

    Raises
    ------
    UsageError
        If it cannot be written.
    """
    try:
        with replacing(path) as file:
            yield file
    except OSError as error:
        raise UsageError(
            f"{option} {path}: cannot be written: {error.strerror or error}{kept}"
        ) from None


def drop_checkpoint(files: Files) -> None:
    """Delete the checkpoint, unless it was asked for by name."""
    if files.checkpoint and not files.keep_checkpoint:
        files.checkpoint.unlink(missing_ok=True)
