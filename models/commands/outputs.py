"""The files that a training writes: found possible before the work, written after it."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from models.commands.command import UsageError, check_writable
from models.commands.progress import say
from models.errors import InputError
from models.files import names_open_file, resolve
from models.pictures import loss_history, plots
from models.training import Training
from models.vectors.embeddings import Embeddings

__all__ = ["Files", "drop_checkpoint", "files_of", "require_space", "write_results"]


class Files(NamedTuple):
    """What is written."""

    output: Path
    binary: bool
    checkpoint: Path | None
    keep_checkpoint: bool
    history: Path | None
    plot: Path | None


def files_of(arguments: argparse.Namespace) -> Files:
    """Find out before the work where its results go, and that they can."""
    output = Path(arguments.output)
    check_writable("--output", arguments.output)
    # What goes to a pipe or a device has no folder to leave a checkpoint in.
    special = output.exists() and not output.is_file()
    checkpoint = arguments.checkpoint or (None if special else f"{output}.checkpoint")
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
    if arguments.plot:
        plots.check_name(arguments.plot)
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
    """Find out before the work whether there is room for the vectors."""
    if files.output.exists() and not files.output.is_file():
        return
    folder = resolve(files.output).parent
    needed = training.V.size * (4 if files.binary else 12)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UsageError(
            f"--output {files.output}: the vectors take about {needed:,} bytes; "
            f"{free:,} bytes are free in {folder}"
        )


def write_results(training: Training, files: Files) -> None:
    """Write the vectors, and what was asked for beside them.

    Raises
    ------
    UsageError
        If one of them cannot be written; the message says which were, and what is left to go on
        from.
    """
    vectors = Embeddings(training.corpus.vocabulary.words, training.V)
    kept = f"; --resume continues from {files.checkpoint}" if files.checkpoint else ""
    with _named("--output", kept):
        vectors.save(files.output, binary=files.binary)
    form = "binary" if files.binary else "text"
    print(f"{files.output}: {len(training.V):,} vectors of {vectors.size:,} numbers, {form}")
    kept = f"; {files.output} was written{kept}"
    if files.history:
        with _named("--history", kept):
            _write_history(training, files.history)
    if files.plot:
        with _named("--plot", kept):
            _draw_history(training, files.plot)


@contextmanager
def _named(option: str, kept: str) -> Iterator[None]:
    """Say of what cannot be written which option asked for it, and what there is all the same."""
    try:
        yield
    except InputError as error:
        raise UsageError(f"{option} {error}{kept}") from None


def _write_history(training: Training, path: Path) -> None:
    try:
        loss_history.write(path, training.history)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None


def _draw_history(training: Training, path: Path) -> None:
    if training.history:
        plots.save(plots.loss_curve(training.history), path)
    else:
        say(f"--plot {path}: not drawn, as there is no loss to draw yet")


def drop_checkpoint(files: Files) -> None:
    """Delete the checkpoint, unless it was asked for by name."""
    if files.checkpoint and not files.keep_checkpoint:
        files.checkpoint.unlink(missing_ok=True)
