"""``python -m models nearest VECTORS WORD``: the words whose vectors are nearest."""

from __future__ import annotations

import argparse

from gradcheck.terminal.command import PASSED, Command, UsageError
from gradcheck.terminal.program import as_text
from models.commands.tables import print_table

__all__ = ["NEAREST"]

_HELP = """\
List the words whose vectors are nearest to that of each WORD: those with the
largest cosine, which is 1 for the same direction and 0 for directions that
have nothing to do with each other.
"""
_EXAMPLES = """\
VECTORS is a file in word2vec's text or binary format, from this trainer,
word2vec.c, gensim (save_word2vec_format) or fastText (.vec). A binary file is
much quicker to read.

examples:
  python -m models nearest vectors.txt king
  python -m models nearest vectors.txt king queen -k 5
  python -m models nearest vectors.txt king | awk '{ print $2 }'
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("vectors", metavar="VECTORS", help="the file of vectors")
    parser.add_argument(
        "words", nargs="+", type=as_text, metavar="WORD", help="a word, spelt as in the file"
    )
    parser.add_argument(
        "-k", type=int, default=10, metavar="N", help="neighbours of each word (default: 10)"
    )


def _nearest(arguments: argparse.Namespace) -> int:
    from models.vectors.embeddings import Embeddings

    if arguments.k < 1:
        raise UsageError(f"-k: expected 1 or more; got {arguments.k}")
    embeddings = Embeddings.load(arguments.vectors)
    rows = [
        (word, neighbour.word, f"{neighbour.similarity:.4f}")
        for word in arguments.words
        for neighbour in embeddings.nearest(word, arguments.k)
    ]
    print_table(["word", "neighbour", "cosine"], rows, words=2)
    return PASSED


NEAREST = Command(
    name="nearest",
    summary="list the words that are nearest to a word",
    description=_HELP,
    epilog=_EXAMPLES,
    add_arguments=_add_arguments,
    run=_nearest,
)
