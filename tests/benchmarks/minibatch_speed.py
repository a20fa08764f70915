"""Time the steps of training: pairs a second by batch size, plain and compiled.

The text is drawn: 25,000 words that are as frequent as Zipf's law has them, in sentences of 20.
All train as `Options` has it by default. They take turns, and the quickest of each counts; the
drawing of the pairs is timed with the steps. All work in one thread; time is that of the processor.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
from threadpoolctl import threadpool_limits

from models.options import Options
from models.reading.corpus import encode
from models.training import Position, Training
from tests.benchmarks.console import bar, column_table, options, show

VOCABULARY = 25_000
SENTENCE = 20

QUICK = {
    "compiled, one pair at a time": Options(compiled=True),
    **{
        f"plain, batches of {batch_size:,}": Options(batch_size=batch_size)
        for batch_size in (128, 256, 512, 1024, 2048, 4096)
    },
    "compiled, CBOW": Options(compiled=True, model="cbow"),
    "plain, CBOW, batches of 128": Options(model="cbow", batch_size=128),
    "plain, CBOW, batches of 1,024": Options(model="cbow", batch_size=1024),
}
# Each pair has a score for every word.
SLOW = {"plain, naive softmax, batches of 128": Options(loss="naive-softmax", batch_size=128)}
SLOW_STEPS = 2


def drawn_text(words: int, seed: int) -> Iterator[list[str]]:
    """Yield the sentences of a text."""
    frequencies = 1 / np.arange(3.0, VOCABULARY + 3)
    rng = np.random.default_rng(seed)
    numbers = rng.choice(VOCABULARY, words, p=frequencies / frequencies.sum())
    for sentence in numbers.reshape(-1, SENTENCE).tolist():
        yield [str(number) for number in sentence]


def pairs_a_second(training: Training, steps: int | None) -> float:
    """Return the speed of the first steps of an epoch."""
    training.position = Position()
    started = time.thread_time()
    pairs = sum(step.pairs for step in islice(training.steps(), steps))
    return pairs / (time.thread_time() - started)


def measure(trainings: dict[str, Training], rounds: int) -> dict[str, float]:
    """Return the best speed of each, after a round in which code is compiled and caches fill."""
    best = dict.fromkeys(trainings, 0.0)
    with bar((rounds + 1) * len(trainings)) as progress:
        for number in range(rounds + 1):
            for name, training in trainings.items():
                progress.at(name)
                speed = pairs_a_second(training, SLOW_STEPS if name in SLOW else None)
                best[name] = max(best[name], speed if number else 0.0)
                progress.advance()
    return best


def main() -> None:
    """Measure and print."""
    arguments = options(__doc__ or "", "minibatch_speed").parse_args()
    words, rounds = (10_000, 2) if arguments.quick else (50_000, 7)
    text = drawn_text(words, arguments.seed)
    with encode(text, min_count=1) as corpus, threadpool_limits(1):
        trainings = {
            name: Training(corpus, replace(contestant, epochs=1))
            for name, contestant in {**QUICK, **SLOW}.items()
        }
        speeds = measure(trainings, rounds)
        title = f"{corpus.words:,} words, {len(corpus.vocabulary):,} different; {rounds} rounds"
    table = column_table(title, "", "pairs/s", "µs a pair")
    for name, speed in speeds.items():
        table.add_row(name, f"{speed:,.0f}", f"{1e6 / speed:,.2f}")
    show(table)


if __name__ == "__main__":
    main()
