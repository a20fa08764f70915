"""``python -m models train TEXT``: train vectors on a text."""

from __future__ import annotations

import argparse
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from gradcheck.terminal.command import FAILED, INTERRUPTED, PASSED, Command, UsageError
from gradcheck.terminal.files import remove_partial, replacing
from models.checkpoints import Checkpoint, load, restore, save
from models.commands.arguments import DESCRIPTION, EPILOG, add_arguments, options_of
from models.commands.forecast import forecast
from models.commands.outputs import Files, drop_checkpoint, files_of, require_space, write_results
from models.commands.progress import TrainingProgress, reading, say
from models.commands.spot_checks import Disagreement, SpotChecks
from models.errors import InputError
from models.options import Options
from models.reading import docstrings
from models.reading.corpus import EncodedCorpus, encode
from models.reading.text import require_encoding, require_readable, sentences
from models.training import Divergence, Training, Update, update_of

if TYPE_CHECKING:
    from models.commands.own_losses import OwnLoss

__all__ = ["TRAIN"]


def _train(arguments: argparse.Namespace) -> int:
    _refuse_contradictions(arguments)
    if arguments.text is not None:
        require_readable(arguments.text)
    elif arguments.encoding != "utf-8":
        raise UsageError("--encoding: has no meaning without TEXT; leave it out")
    _require_encoding(arguments.encoding)
    own = _own_loss(arguments.loss)
    options = options_of(arguments, own.negatives if own else None)
    files = files_of(arguments)
    if own and (report := own.check()) is not None:
        say(f"{own.name}: the gradient is not confirmed, so nothing was trained\n\n{report}")
        return FAILED
    stored = _stored(arguments, files)
    update = own.update if own else _update(options)
    with (
        _read(arguments.text, arguments.encoding, options) as corpus,
        _memory(corpus, options, files),
    ):
        training = Training(corpus, options, update, own.digest if own else "")
        _begin(training, stored, files, patient=arguments.yes)
        summary = "nothing was left to train, and no gradient to check"
        if not training.finished:
            checks = SpotChecks(training, arguments.check_every, own)
            try:
                _run(training, _Saver(training, files, arguments.checkpoint_every), checks)
            except Disagreement as error:
                say(f"{error}")
                say(f"stopped; {files.output} was not written; {_remedy(options)}{_dropped(files)}")
                return FAILED
            except Divergence as error:
                too_large = _too_large(training)
                raise UsageError(f"{error}; lower {too_large}{_dropped(files)}") from None
            summary = checks.summary()
        _require_trained(training, files)
        say(summary)
        return _finish(training, files)


def _refuse_contradictions(arguments: argparse.Namespace) -> None:
    if not arguments.checkpoint_every >= 0:
        raise UsageError(
            f"--checkpoint-every: expected seconds >= 0, got {arguments.checkpoint_every}"
        )
    if arguments.check_every < 0:
        raise UsageError(f"--check-every: expected an integer >= 0, got {arguments.check_every}")
    if arguments.resume and arguments.restart:
        raise UsageError("--resume and --restart: expected one of them")


def _require_encoding(encoding: str) -> None:
    try:
        require_encoding(encoding)
    except InputError as error:
        raise UsageError(f"--{error}") from None


def _own_loss(loss: str | None) -> OwnLoss | None:
    """Load a person's own function, if the loss is one."""
    if loss is None or ":" not in loss:
        return None
    from models.commands.own_losses import OwnLoss

    own = OwnLoss(loss)
    for note in own.notes:
        say(f"{loss}: {note}")
    return own


def _update(options: Options) -> Update:
    try:
        return update_of(options)
    except InputError as error:
        raise UsageError(f"--{error}") from None


def _stored(arguments: argparse.Namespace, files: Files) -> Checkpoint | None:
    """Return the checkpoint to go on from; never overwrite one that was not asked about."""
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
    # What a run that was killed has begun to write beside them.
    for path in (files.output, files.checkpoint, files.history, files.plot):
        if path is not None:
            remove_partial(path)
    return stored


def _read(text: str | None, encoding: str, options: Options) -> EncodedCorpus:
    name = {None: "the docstrings", "-": "standard input"}.get(text, text) or ""
    with reading(name) as progress:
        stream = (
            docstrings.sentences(progress=progress)
            if text is None
            else sentences(text, progress=progress, encoding=encoding)
        )
        corpus = encode(stream, min_count=options.min_count, name=name)
    often = "once" if options.min_count == 1 else f"{options.min_count:,} times"
    say(
        f"{corpus.text_words:,} words; {len(corpus.vocabulary):,} different ones occur "
        f"{often} or more, {corpus.words:,} in all"
    )
    return corpus


@contextmanager
def _memory(corpus: EncodedCorpus, options: Options, files: Files) -> Iterator[None]:
    """Raise `UsageError` where the memory is not enough, and name its largest parts."""
    try:
        yield
    except MemoryError:
        words, size = len(corpus.vocabulary), options.size
        raise UsageError(
            f"not enough memory for |V| × d = {words:,} × {size:,} = {words * size:,} numbers, "
            f"twice, and {options.negative:,} negatives a pair; lower --size, --negative, --window "
            f"or --batch-size, or raise --min-count{_dropped(files)}"
        ) from None


def _begin(training: Training, stored: Checkpoint | None, files: Files, *, patient: bool) -> None:
    """Go on from a checkpoint, or write the first; nothing is written before the forecast."""
    if training.options.threads > 1:
        say(f"{training.options.threads} threads: no two runs give quite the same vectors")
    if stored:
        try:
            restore(training, stored, f"{files.checkpoint}")
        except InputError as error:
            raise UsageError(f"{error}; --restart in place of --resume drops it") from None
        say(f"going on at {training.words_done / training.words_to_read:.1%}")
    forecast(training, patient=patient)
    if files.checkpoint and not stored:
        # A full disk is better found out now than after the work.
        require_space(training, files)
        try:
            with replacing(files.checkpoint) as file:
                save(file, training)
        except OSError as error:
            raise UsageError(
                f"{files.checkpoint}: the checkpoint cannot be written: {error.strerror or error}"
            ) from None


class _Saver:
    """Writes a checkpoint every so often."""

    def __init__(self, training: Training, files: Files, seconds: float) -> None:
        self._training = training
        self._path = files.checkpoint
        self._seconds = seconds
        self._saved = time.monotonic()

    def is_due(self) -> bool:
        return self._path is not None and time.monotonic() - self._saved >= self._seconds

    def save(self) -> None:
        """Write a checkpoint; a disk that has become full does not end the training."""
        if self._path is None:
            return
        try:
            with replacing(self._path) as file:
                save(file, self._training)
        except OSError as error:
            say(f"the checkpoint {self._path} cannot be written: {error.strerror or error}")
        # Also where it failed: a full disk is tried again after a while, not in every step.
        self._saved = time.monotonic()


def _run(training: Training, saver: _Saver, checks: SpotChecks) -> None:
    """Train to the end, or until a signal asks to stop."""
    with _stop_requested() as stop_requested, TrainingProgress(training) as progress:
        ended = training.finished
        while not ended:
            with closing(training.steps()) as steps:
                for step in steps:
                    checks.look(step)
                    progress.show(step)
                    if stop_requested() or saver.is_due():
                        break
            ended = training.finished or stop_requested()
            # Before the checkpoint: from one that is wrong nobody should go on.
            training.require_finite()
            if ended:
                checks.look_at_last()
            saver.save()
    say(f"{progress.words_per_second:,.0f} words a second")


@contextmanager
def _stop_requested() -> Iterator[Callable[[], bool]]:
    """Give a function that returns True once Ctrl-C was pressed, or the process asked to end.

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


def _require_trained(training: Training, files: Files) -> None:
    """Refuse to write the random start as if it were the result."""
    if training.finished and not training.pairs:
        drop_checkpoint(files)
        raise UsageError(
            f"no pair was trained on: subsampling at {training.options.sample:g} left no two words "
            f"side by side, and {files.output} was not written; raise --sample or set it to 0"
        )


def _remedy(options: Options) -> str:
    """Give the remedy for a gradient that disagrees with its loss."""
    if options.cbow_gradient == "whole":
        return (
            "--cbow-gradient whole, as word2vec.c, gensim and fastText have it, is C times the "
            "gradient of a window of C words: say --check-every 0 to train with it, or "
            "--cbow-gradient exact"
        )
    return "correct the gradient"


def _too_large(training: Training) -> str:
    """Name the options that were too large where vectors have grown without bound."""
    options = training.options
    alpha = f"--alpha ({options.starting_rate:g} now)"
    if training.batch_size == 1 or options.compiled or options.is_own_loss:
        return alpha
    return f"{alpha} or --batch-size ({training.batch_size:,} now)"


def _finish(training: Training, files: Files) -> int:
    """Write the files, say how far the training came, and return the exit status."""
    write_results(training, files)
    if training.finished:
        drop_checkpoint(files)
        return PASSED
    say(
        f"stopped at {training.words_done / training.words_to_read:.1%}; the vectors are those of "
        "this moment"
    )
    if files.checkpoint:
        say(f"--resume continues from {files.checkpoint}")
    return INTERRUPTED


def _dropped(files: Files) -> str:
    """Return the advice to begin again, where going on would repeat the failure."""
    started = files.checkpoint is not None and files.checkpoint.exists()
    return ", then start again with --restart" if started else ""


TRAIN = Command(
    name="train",
    summary="train vectors on a text",
    description=DESCRIPTION,
    epilog=EPILOG,
    add_arguments=add_arguments,
    run=_train,
)
