"""``python -m models train TEXT``: train vectors on a text."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

from models.commands.arguments import DESCRIPTION, EPILOG, add_arguments, options_of
from models.commands.command import INTERRUPTED, PASSED, Command, UsageError, check_writable
from models.commands.progress import TrainingProgress, reading, words_done

if TYPE_CHECKING:
    from models.checkpoints import Checkpoint
    from models.corpus import EncodedCorpus
    from models.options import Options
    from models.training import Training

__all__ = ["TRAIN"]


class _Files(NamedTuple):
    """What is written."""

    output: Path
    binary: bool
    checkpoint: Path | None
    keep_checkpoint: bool
    history: Path | None
    plot: Path | None


def _train(arguments: argparse.Namespace) -> int:
    options = options_of(arguments)
    files = _files(arguments)
    stored = _stored(arguments, files)
    with _read(arguments.text, options) as corpus:
        training = _begin(corpus, options, stored, files)
        stopped = _run(training, _Saver(training, files, arguments.checkpoint_every))
        return _finish(training, files, stopped=stopped)


def _files(arguments: argparse.Namespace) -> _Files:
    """Find out before the work where its results go, and that they can."""
    output = Path(arguments.output)
    # What goes to a pipe or a device has no folder to leave a checkpoint in.
    special = output.exists() and not output.is_file()
    checkpoint = arguments.checkpoint or (None if special else f"{output}.checkpoint")
    named = {
        "--output": arguments.output,
        "--checkpoint": checkpoint,
        "--history": arguments.history,
        "--plot": arguments.plot,
    }
    sources = [arguments.text] if arguments.text not in {None, "-"} else []
    taken: dict[Path, str] = {}
    for option, path in named.items():
        if path is None:
            continue
        if path == "-":
            raise UsageError(f"{option} -: expected the name of a file")
        check_writable(option, path, sources)
        other = taken.setdefault(Path(path).resolve(), option)
        if other != option:
            raise UsageError(f"{other} and {option}: both are {path}; expected two files")
    if arguments.plot and Path(arguments.plot).suffix not in {".png", ".svg"}:
        raise UsageError(f"--plot {arguments.plot}: expected a name that ends in .png or .svg")
    return _Files(
        output,
        arguments.binary,
        Path(checkpoint) if checkpoint else None,
        arguments.checkpoint is not None,
        Path(arguments.history) if arguments.history else None,
        Path(arguments.plot) if arguments.plot else None,
    )


def _stored(arguments: argparse.Namespace, files: _Files) -> Checkpoint | None:
    """Return the checkpoint to go on from; never overwrite one that was not asked about."""
    from models.checkpoints import load
    from models.files import remove_partial

    if not arguments.checkpoint_every >= 0:
        raise UsageError(
            f"--checkpoint-every: expected seconds >= 0, got {arguments.checkpoint_every}"
        )
    if arguments.resume and arguments.restart:
        raise UsageError("--resume and --restart: expected one of them")
    if arguments.resume:
        if files.checkpoint is None:
            raise UsageError("--resume: expected --checkpoint FILE too")
        stored = load(files.checkpoint)
    else:
        stored = None
        if files.checkpoint and files.checkpoint.exists() and not arguments.restart:
            done = load(files.checkpoint)
            if not done.finished:
                raise UsageError(
                    f"{files.checkpoint} is the checkpoint of an unfinished training: --resume "
                    "continues it, --restart drops it"
                )
    for path in (files.output, files.checkpoint, files.history, files.plot):
        if path is not None:
            remove_partial(path)
    return stored


def _read(text: str | None, options: Options) -> EncodedCorpus:
    from models import docstrings
    from models.corpus import encode
    from models.text import sentences

    name = {None: "the docstrings", "-": "standard input"}.get(text, text) or ""
    with reading(name) as progress:
        stream = (
            docstrings.sentences(progress=progress)
            if text is None
            else sentences(text, progress=progress)
        )
        corpus = encode(stream, min_count=options.min_count, name=name)
    _say(
        f"{corpus.text_words:,} words; {corpus.words:,} of them in a vocabulary of "
        f"{len(corpus.vocabulary):,} words that occur {options.min_count:,} times or more"
    )
    return corpus


def _begin(
    corpus: EncodedCorpus, options: Options, stored: Checkpoint | None, files: _Files
) -> Training:
    from models.checkpoints import restore, save
    from models.errors import InputError
    from models.training import Training

    try:
        training = Training(corpus, options)
    except InputError as error:
        raise UsageError(f"--{error}") from None
    if options.threads > 1:
        _say(f"{options.threads} threads: no two runs give quite the same vectors")
    if stored:
        assert files.checkpoint is not None
        restore(training, stored, files.checkpoint)
        _say(f"going on at {words_done(training) / training.words_to_read:.1%}")
    elif files.checkpoint:
        # A full disk is better found out now than after the work.
        try:
            save(files.checkpoint, training)
        except OSError as error:
            raise UsageError(
                f"{files.checkpoint}: the checkpoint cannot be written: {error.strerror or error}"
            ) from None
    return training


class _Saver:
    """Writes a checkpoint every so often."""

    def __init__(self, training: Training, files: _Files, seconds: float) -> None:
        self._training = training
        self._path = files.checkpoint
        self._seconds = seconds
        self._saved = time.monotonic()

    def is_due(self) -> bool:
        return self._path is not None and time.monotonic() - self._saved >= self._seconds

    def save(self) -> None:
        """Write a checkpoint; a disk that has become full does not end the training."""
        from models.checkpoints import save

        if self._path is None:
            return
        try:
            save(self._path, self._training)
        except OSError as error:
            _say(f"the checkpoint {self._path} cannot be written: {error.strerror or error}")
        self._saved = time.monotonic()


def _run(training: Training, saver: _Saver) -> bool:
    """Train to the end, or until a signal asks to stop; say whether it did."""
    with _stop_requested() as stop_requested, TrainingProgress(training) as progress:
        while not training.finished and not stop_requested():
            with closing(training.steps()) as steps:
                for step in steps:
                    progress.show(step)
                    if stop_requested() or saver.is_due():
                        break
            saver.save()
    if not training.finished:
        return True
    _say(f"{progress.words_per_second:,.0f} words a second")
    return False


@contextmanager
def _stop_requested() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether Ctrl-C was pressed, or the process asked to end.

    The second time the process is interrupted at once.
    """
    came: list[int] = []

    def remember(number: int, _frame: FrameType | None) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)

    before: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            # What was started in the background ignores Ctrl-C, and goes on doing so.
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, remember)
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _finish(training: Training, files: _Files, *, stopped: bool) -> int:
    from models import history
    from models.embeddings import Embeddings
    from models.errors import InputError

    try:
        Embeddings(training.corpus.vocabulary.words, training.V).save(
            files.output, binary=files.binary
        )
    except InputError as error:
        kept = f"; the training is kept in {files.checkpoint}" if files.checkpoint else ""
        raise UsageError(f"--output {error}{kept}") from None
    if files.history:
        history.write(files.history, training.history)
    print(f"{files.output}: {len(training.V):,} vectors of {training.options.size:,} numbers")
    if stopped:
        done = words_done(training) / training.words_to_read
        _say(f"stopped at {done:.1%}; the vectors are those of this moment")
        if files.checkpoint:
            _say("--resume continues")
        return INTERRUPTED
    if files.checkpoint and not files.keep_checkpoint:
        files.checkpoint.unlink(missing_ok=True)
    return PASSED


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


TRAIN = Command(
    name="train",
    summary="train vectors on a text",
    description=DESCRIPTION,
    epilog=EPILOG,
    add_arguments=add_arguments,
    run=_train,
)
