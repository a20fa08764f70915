"""Progress of a training: a bar in a terminal, now and then a line elsewhere."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from gradcheck.terminal.progress import bar, patient_bar, shows_bars

if TYPE_CHECKING:
    from models.training import Step, Training

__all__ = ["TrainingProgress", "reading", "say"]

_SECONDS_BETWEEN_DRAWINGS = 0.1
_SECONDS_BETWEEN_LINES = 10.0

# The mean loss shown is that of about as many pairs, the last ones.
_PAIRS_REMEMBERED = 100_000


def say(line: str) -> None:
    """Tell a person something on the way, on standard error: standard output has the results."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def reading(name: str) -> Iterator[Callable[[int, int | None], None]]:
    """Give a function that shows the progress of reading a text: bytes done, bytes in all."""
    if not shows_bars():
        say(f"reading {name}")
    with patient_bar() as show:
        yield lambda done, total: show(done, total, f"reading {name}")


class TrainingProgress:
    """Shows words per second, mean loss, learning rate and the time that is left.

    Parameters
    ----------
    training : Training
        What is shown, from where it stands now.
    """

    def __init__(self, training: Training) -> None:
        self._training = training
        self._total = training.words_to_read
        self._first = self._words = training.words_done
        self._started = self._shown = time.monotonic()
        self._epoch_shown = training.position.epoch
        self._loss = float("nan")
        self._rate = training.options.starting_rate
        self._bar: Any = None

    def __enter__(self) -> Self:
        if shows_bars():
            from rich.progress import BarColumn, TextColumn

            self._bar = bar(TextColumn("{task.description}"), BarColumn(bar_width=None))
            self._bar.start()
            self._task = self._bar.add_task(self._text(), total=self._total, completed=self._first)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._bar:
            self._bar.stop()

    @property
    def words_per_second(self) -> float:
        """Of this run, since its start."""
        seconds = time.monotonic() - self._started
        return (self._words - self._first) / seconds if seconds else 0.0

    def show(self, step: Step) -> None:
        """Take note of a step, and show it if the time has come."""
        self._words, self._rate = step.words, step.rate
        # A mean that forgets: each step weighs as its share of the pairs that are remembered.
        weight = min(1.0, step.pairs / _PAIRS_REMEMBERED)
        loss = step.loss / step.pairs
        self._loss = loss if math.isnan(self._loss) else self._loss + weight * (loss - self._loss)
        now = time.monotonic()
        if self._bar:
            if now - self._shown >= _SECONDS_BETWEEN_DRAWINGS:
                self._shown = now
                self._bar.update(self._task, completed=self._words, description=self._text())
        elif (
            now - self._shown >= _SECONDS_BETWEEN_LINES
            or self._training.position.epoch > self._epoch_shown
        ):
            self._shown, self._epoch_shown = now, self._training.position.epoch
            say(self._text())

    def _text(self) -> str:
        speed = self.words_per_second
        left = (self._total - self._words) / speed if speed else None
        epochs = self._training.options.epochs
        epoch = min(self._training.position.epoch + 1, epochs)
        return (
            f"epoch {epoch}/{epochs} {self._words / self._total:4.0%}  "
            f"{speed:,.0f} words/s  loss {self._loss:.4f}  rate {self._rate:.5f}  "
            f"{_duration(left)} left"
        )


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "?:??"
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
