"""``python -m models analogy VECTORS A B C``: the words that are to C as B is to A."""

from __future__ import annotations

import argparse

from gradcheck.terminal.command import PASSED, Command, UsageError
from gradcheck.terminal.program import as_text
from models.commands.tables import print_table

__all__ = ["ANALOGY"]

_HELP = """\
List the words that are to C as B is to A: those whose vectors have the largest
cosine with B - A + C, each scaled to length 1 (3CosAdd). A, B and C themselves
are left out, as everybody leaves them out: C is often the nearest of all.
"""
_EXAMPLES = """\
examples:
  python -m models analogy vectors.txt man king woman     queen, one hopes
  python -m models analogy vectors.txt good better bad -k 3
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("vectors", metavar="VECTORS", help="the file of vectors, text or binary")
    parser.add_argument("a", type=as_text, metavar="A", help="a word, such as man")
    parser.add_argument("b", type=as_text, metavar="B", help="what belongs to it, such as king")
    parser.add_argument("c", type=as_text, metavar="C", help="another word, such as woman")
    parser.add_argument(
        "-k", type=int, default=10, metavar="N", help="answers to list (default: 10)"
    )


def _analogy(arguments: argparse.Namespace) -> int:
    from models.vectors.embeddings import Embeddings

    if arguments.k < 1:
        raise UsageError(f"-k: expected 1 or more; got {arguments.k}")
    a, b, c = arguments.a, arguments.b, arguments.c
    answers = Embeddings.load(arguments.vectors).analogy(a, b, c, arguments.k)
    print_table(
        ["word", "cosine"],
        [(answer.word, f"{answer.similarity:.4f}") for answer in answers],
        title=f"{a} is to {b} as {c} is to",
    )
    return PASSED


ANALOGY = Command(
    name="analogy",
    summary="find what is to a word as one word is to another",
    description=_HELP,
    epilog=_EXAMPLES,
    add_arguments=_add_arguments,
    run=_analogy,
)
