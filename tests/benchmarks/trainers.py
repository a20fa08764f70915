"""Train on a text in a process of its own, with our trainer or gensim's, and say what it took.

Most train with negative sampling as gensim does by default: 100 numbers a vector, a window of 5, 5
negatives, 1e-3 for subsampling, a minimum count of 5, a rate that falls to 1e-4, and gensim's own
choices where the known trainers differ. Skip-gram starts at a rate of 0.025. CBOW of ours starts at
its default and follows the exact gradient; gensim's, which applies C times that, starts at its
default, 0.025, and at 0.05, word2vec.c's. Hierarchical softmax, skip-gram, has no negatives and is
the same otherwise. The text is plain, a sentence a line.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.options import Model, Options
from models.reading.corpus import encode
from models.reading.text import sentences
from models.training import Training
from models.vectors.benchmarks import Analogies, gensim_test_sets, read_test_set
from models.vectors.embeddings import Embeddings
from models.vectors.evaluation import evaluate_analogies, evaluate_similarities

__all__ = ["SHARED", "TRAINERS", "Run", "Spent", "run", "write_part"]

SHARED: dict[str, Any] = {
    "window": 5,
    "negative": 5,
    "sample": 1e-3,
    "min_alpha": 1e-4,
    "min_count": 5,
}
"""Options of the same name in both; the length of a vector has two."""

SIZE = 100
ROOT = Path(__file__).parents[2]


class Run(NamedTuple):
    """What is trained."""

    trainer: str
    text: Path
    epochs: int = 1
    threads: int = 1
    seed: int = 1


class Spent(NamedTuple):
    """What it took, and how good the vectors are.

    Attributes
    ----------
    wall
        Seconds that the epochs took: neither imports, compilation, nor the vocabulary's count.
    cpu
        Seconds that the processors were busy with that, all threads together.
    before
        Seconds, by the clock, of the vocabulary's count and what else precedes the first epoch.
    peak
        The most memory that the process had, in bytes.
    pairs
        Pairs trained on; None of gensim, which does not say.
    scores
        By the name of the test set: Spearman's ρ or the fraction of right analogies.
    """

    wall: float
    cpu: float
    before: float
    peak: int
    pairs: int | None
    scores: dict[str, float]


class _Trained(NamedTuple):
    words: Sequence[str]
    vectors: NDArray[np.float32]
    before: float
    wall: float
    cpu: float
    pairs: int | None


class _Watch:
    """Measures what comes before the epochs, and then them."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()

    def ready(self) -> None:
        self._ready = time.perf_counter()
        self._cpu = time.process_time()

    def stop(self) -> tuple[float, float, float]:
        """Return the seconds before the epochs, and those of the epochs by clock and processor."""
        ended = time.perf_counter()
        cpu = time.process_time() - self._cpu
        return self._ready - self._begun, ended - self._ready, cpu


def run(what: Run, *, evaluate: bool = False) -> Spent:
    """Train in a fresh process."""
    arguments = [what.trainer, what.text, "--epochs", what.epochs, "--threads", what.threads]
    arguments += ["--seed", what.seed, *(["--evaluate"] if evaluate else [])]
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "tests.benchmarks.trainers", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    return Spent(**json.loads(done.stdout))


def write_part(
    source: Path, words: int | None, target: Path, known: frozenset[str] | None = None
) -> int:
    """Write a part of a text, lines evenly spread over it, as plain text; return its words.

    Words that are not `known` are left out first, where that is given.
    """
    lines = list(_known(sentences(source), known))
    total = sum(map(len, lines))
    written = passed = 0
    with target.open("w", encoding="utf-8") as file:
        for line in lines:
            if words is None or written * total <= passed * words:
                file.write(" ".join(line) + "\n")
                written += len(line)
            passed += len(line)
    return written


def _known(text: Iterable[list[str]], known: frozenset[str] | None) -> Iterator[list[str]]:
    for sentence in text:
        yield sentence if known is None else [word for word in sentence if word in known]


def _gensim(what: Run, model: Model, alpha: float, *, tree: bool = False) -> _Trained:
    """Train with gensim from a file, the quicker of its two ways: no queue feeds its threads."""
    from gensim.models import Word2Vec

    watch = _Watch()
    model = Word2Vec(
        sg=int(model == "skip-gram"),
        alpha=alpha,
        hs=int(tree),
        vector_size=SIZE,
        epochs=what.epochs,
        workers=what.threads,
        seed=what.seed,
        **SHARED | ({"negative": 0} if tree else {}),
    )
    model.build_vocab(corpus_file=str(what.text))
    watch.ready()
    model.train(
        corpus_file=str(what.text),
        total_words=model.corpus_total_words,
        epochs=what.epochs,
    )
    times = watch.stop()
    return _Trained(model.wv.index_to_key, model.wv.vectors, *times, pairs=None)


def _ours(what: Run, model: Model, *, compiled: bool, loss: str = "negative-sampling") -> _Trained:
    options = Options(
        model=model,
        loss=loss,
        size=SIZE,
        epochs=what.epochs,
        threads=what.threads,
        seed=what.seed,
        init="gensim",
        direction="outside-predicts-center",
        compiled=compiled,
        **SHARED,
    )
    _warm_up(options)
    watch = _Watch()
    with encode(sentences(what.text), min_count=options.min_count) as corpus:
        training = Training(corpus, options)
        watch.ready()
        for _ in training.steps():
            pass
        times = watch.stop()
        return _Trained(corpus.vocabulary.words, training.V, *times, training.pairs)


def _warm_up(options: Options) -> None:
    """Load the machine code, or make it: gensim's was made when it was packed."""
    with encode([["a", "b"] * options.min_count]) as corpus:
        for _ in Training(corpus, replace(options, sample=0.0)).steps():
            pass


TRAINERS: dict[str, Callable[[Run], _Trained]] = {
    "gensim": partial(_gensim, model="skip-gram", alpha=0.025),
    "plain": partial(_ours, model="skip-gram", compiled=False),
    "compiled": partial(_ours, model="skip-gram", compiled=True),
    "gensim CBOW 0.025": partial(_gensim, model="cbow", alpha=0.025),
    "gensim CBOW 0.05": partial(_gensim, model="cbow", alpha=0.05),
    "plain CBOW": partial(_ours, model="cbow", compiled=False),
    "compiled CBOW": partial(_ours, model="cbow", compiled=True),
    "gensim HS": partial(_gensim, model="skip-gram", alpha=0.025, tree=True),
    "plain HS": partial(_ours, model="skip-gram", compiled=False, loss="hierarchical-softmax"),
    "compiled HS": partial(_ours, model="skip-gram", compiled=True, loss="hierarchical-softmax"),
}


def _peak() -> int:
    """The most memory that this process has had, in bytes: getrusage counts its parent's too."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status: expected a line VmHWM")


def _scores(words: Sequence[str], vectors: NDArray[np.float32]) -> dict[str, float]:
    embeddings = Embeddings(words, vectors)
    scores = {}
    for path in gensim_test_sets():
        test_set = read_test_set(path)
        scores[path.stem] = (
            evaluate_analogies(embeddings, test_set).total.accuracy
            if isinstance(test_set, Analogies)
            else evaluate_similarities(embeddings, test_set).rho
        )
    return scores


def main() -> None:
    """Train once, and print what it took as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trainer", choices=TRAINERS)
    parser.add_argument("text", type=Path)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--evaluate", action="store_true")
    arguments = parser.parse_args()
    what = Run(
        arguments.trainer, arguments.text, arguments.epochs, arguments.threads, arguments.seed
    )
    trained = TRAINERS[what.trainer](what)
    peak = _peak()
    scores = _scores(trained.words, trained.vectors) if arguments.evaluate else {}
    spent = Spent(trained.wall, trained.cpu, trained.before, peak, trained.pairs, scores)
    print(json.dumps(spent._asdict()))


if __name__ == "__main__":
    main()
