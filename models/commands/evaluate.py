"""``python -m models evaluate VECTORS``: vectors held against people's judgement."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from gradcheck.terminal.command import PASSED, Command, UsageError
from models.commands.tables import print_table

if TYPE_CHECKING:
    from models.vectors.benchmarks import Analogies, Similarities
    from models.vectors.embeddings import Embeddings

__all__ = ["EVALUATE"]

_HELP = """\
Hold vectors against people's judgement.

Rated pairs (WordSim-353, SimLex-999): the correlation of the cosines with
people's ratings of similarity, Spearman's ρ, from -1 to 1. Analogies
(questions-words): how often the likeliest word by 3CosAdd is the expected one.
What has a word without a vector is left out, and counted.
"""
_EXAMPLES = """\
A FILE of rated pairs has lines of two words and a number, with tabs, commas or
spaces; one of analogies has lines of four words in sections, the first line
being ': name'. Without FILE, the three test sets in gensim's package are
taken, where gensim is installed. The rules are gensim's (evaluate_word_pairs
and evaluate_word_analogies), so the numbers compare.

examples:
  python -m models evaluate vectors.txt
  python -m models evaluate vectors.txt questions-words.txt --restrict 30000
  python -m models evaluate vectors.txt SimLex-999.txt combined.csv
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    from models.vectors.evaluation import RESTRICT

    parser.add_argument("vectors", metavar="VECTORS", help="the file of vectors, text or binary")
    parser.add_argument("test_sets", nargs="*", metavar="FILE", help="test sets")
    parser.add_argument(
        "--restrict",
        type=int,
        default=RESTRICT,
        metavar="N",
        help=f"only the first N words count, the most frequent ones (default: {RESTRICT}, as "
        "gensim; word2vec's script has 30000)",
    )
    parser.add_argument(
        "--match-case", action="store_true", help="let capitals and small letters differ"
    )


def _evaluate(arguments: argparse.Namespace) -> int:
    from models.vectors.benchmarks import Analogies, Similarities, gensim_test_sets, read_test_set
    from models.vectors.embeddings import Embeddings

    if arguments.restrict < 1:
        raise UsageError(f"--restrict: expected 1 or more; got {arguments.restrict}")
    paths = [Path(path) for path in arguments.test_sets] or gensim_test_sets()
    if not paths:
        raise UsageError("FILE: name a test set; gensim, whose package has three, is not installed")
    test_sets = [(path.name, read_test_set(path)) for path in paths]
    rated = [(name, pairs) for name, pairs in test_sets if isinstance(pairs, Similarities)]
    analogies = [(name, asked) for name, asked in test_sets if isinstance(asked, Analogies)]

    # After the test sets, which a typing error is found in within a second.
    embeddings = Embeddings.load(arguments.vectors)
    if rated:
        _print_similarities(embeddings, rated, arguments)
    for number, (name, asked) in enumerate(analogies):
        if rated or number:
            print()
        _print_analogies(embeddings, name, asked, arguments)
    return PASSED


def _print_similarities(
    embeddings: Embeddings, test_sets: list[tuple[str, Similarities]], arguments: argparse.Namespace
) -> None:
    from models.vectors.evaluation import evaluate_similarities

    rows = []
    for name, pairs in test_sets:
        score = evaluate_similarities(
            embeddings, pairs, restrict=arguments.restrict, match_case=arguments.match_case
        )
        rows.append((name, _decimal(score.rho, ".3f"), str(score.known), str(score.pairs)))
    print_table(["rated pairs", "Spearman's ρ", "known", "of"], rows)


def _print_analogies(
    embeddings: Embeddings, name: str, test_set: Analogies, arguments: argparse.Namespace
) -> None:
    from models.vectors.evaluation import evaluate_analogies

    score = evaluate_analogies(
        embeddings, test_set, restrict=arguments.restrict, match_case=arguments.match_case
    )
    rows = [
        (each.name, _decimal(each.accuracy, ".2%"), *map(str, each[1:]))
        for each in (*score.sections, score.total)
    ]
    titles = ["section", "accuracy", "correct", "known", "of"]
    print_table(titles, rows, title=f"Analogies, {name}")


def _decimal(value: float, form: str) -> str:
    """Return a number as text, or a dash where it is undefined: nothing was known."""
    return "-" if math.isnan(value) else format(value, form)


EVALUATE = Command(
    name="evaluate",
    summary="hold vectors against people's judgement",
    description=_HELP,
    epilog=_EXAMPLES,
    add_arguments=_add_arguments,
    run=_evaluate,
)
