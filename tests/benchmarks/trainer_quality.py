"""Hold our vectors against gensim's: similarities and analogies after the same training.

gensim, the plain trainer and the compiled one train on the text with each seed, with the same
options; WordSim-353, SimLex-999 and questions-words, of gensim's package, judge all of them by the
same rules. The mean of ours should lie within gensim's own spread over the seeds, or above.

On 3 million words this takes an hour of one processor. What is done is kept in a file of
results, and not done again; several such processes may share the file.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.console import column_table, conclude, show
from tests.benchmarks.trainers import TRAINERS, Run, run, write_part

PEER = "gensim"
REQUIREMENT = "the mean of ours lies within gensim's own spread over seeds, or above"

_Scores = dict[str, dict[int, dict[str, float]]]
"""By trainer, seed and test set."""


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.trainer_quality",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("text", type=Path, help="a text, plain, .gz or .xz, a sentence a line")
    parser.add_argument("results", type=Path, help="file of results: a line of JSON for each run")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3, help="the seeds are 1, 2, …")
    parser.add_argument(
        "--trainers", nargs="*", choices=TRAINERS, default=list(TRAINERS), help="which to train"
    )
    return parser.parse_args()


def train_missing(arguments: argparse.Namespace) -> None:
    """Train what the file of results lacks, seed by seed, so that part of it is of use."""
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        words = write_part(arguments.text, None, text)
        for seed in range(1, arguments.seeds + 1):
            for trainer in arguments.trainers:
                key = {"trainer": trainer, "seed": seed, "epochs": arguments.epochs, "words": words}
                if any(key.items() <= line.items() for line in read(arguments.results)):
                    continue
                print(f"{trainer}, seed {seed}", file=sys.stderr, flush=True)
                spent = run(Run(trainer, text, arguments.epochs, seed=seed), evaluate=True)
                with arguments.results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({**key, **spent._asdict()}) + "\n")


def read(results: Path) -> list[dict[str, Any]]:
    """Return the lines of a file of results; none if there is no such file."""
    if not results.exists():
        return []
    return [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]


def gather(lines: list[dict[str, Any]], epochs: int, seeds: int) -> _Scores:
    """Return the scores of so many epochs and the first seeds."""
    scores: _Scores = {trainer: {} for trainer in TRAINERS}
    for line in lines:
        if line["epochs"] == epochs and line["seed"] <= seeds:
            scores[line["trainer"]][line["seed"]] = line["scores"]
    return scores


def report(scores: _Scores) -> list[str]:
    """Print a table of means and ranges, and return where ours fall short."""
    table = column_table(
        "Spearman's ρ and right analogies: mean over seeds (smallest to largest)",
        *["", "seeds", *_test_sets(scores)],
    )
    failures = []
    for trainer, by_seed in scores.items():
        cells = []
        for test_set in _test_sets(scores):
            values = [of_seed[test_set] for of_seed in by_seed.values()]
            cells.append(_cell(values))
            floor = min((of_seed[test_set] for of_seed in scores[PEER].values()), default=None)
            if floor is None or not values or not statistics.mean(values) >= floor:
                failures.append(f"{trainer}, {test_set}: {_cell(values)}, gensim's least {floor}")
        table.add_row(trainer, str(len(by_seed)), *cells)
    show(table)
    return failures


def _test_sets(scores: _Scores) -> list[str]:
    return list(
        dict.fromkeys(name for runs in scores.values() for one in runs.values() for name in one)
    )


def _cell(values: list[float]) -> str:
    if not values:
        return "–"
    return f"{statistics.mean(values):.4f} ({min(values):.4f} to {max(values):.4f})"


def main() -> int:
    """Train, print the table, and return the exit status."""
    arguments = parse()
    train_missing(arguments)
    scores = gather(read(arguments.results), arguments.epochs, arguments.seeds)
    return conclude(REQUIREMENT, report(scores))


if __name__ == "__main__":
    sys.exit(main())
