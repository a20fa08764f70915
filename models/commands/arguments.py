"""The arguments of ``python -m models train``, and the options that they make."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeAlias, get_args

from gradcheck.terminal.command import UsageError
from models.errors import InputError
from models.loss_table import LOSSES
from models.options import CbowGradient, Initialization, Model, Options
from models.pairs import Direction, TargetAmongNegatives
from models.vocabulary import Subsampling

__all__ = ["DESCRIPTION", "EPILOG", "add_arguments", "options_of"]

# `add_argument` of a group.
Add: TypeAlias = Callable[..., object]

DESCRIPTION = """\
Train word vectors on a text: word2vec with gradients by hand, in NumPy.

TEXT is a file of plain text, one sentence a line, words separated by white
space, compressed by gzip, bzip2 or xz or not, and - is standard input. It is
read once, as a stream. Without TEXT, the docstrings of the installed Python,
NumPy and SymPy are the text, about 1.2 million words.

What is written to --output are the center (input) vectors, in word2vec's own
format, which gensim reads; compressed, if it is called .gz, .bz2 or .xz.
"""

EPILOG = """\
examples:
  python -m models train                                  the demonstration
  python -m models train text.txt.gz --output vectors.txt --compiled
  python -m models train text.txt --output vectors.txt --history loss.csv
  python -m models train text.txt --output vectors.txt --resume
  python -m models train text.txt --loss mine.py:my_loss_and_gradient

which choice is whose (--direction: A is outside-predicts-center, B is
center-predicts-outside):
                             word2vec.c        gensim     fastText
  --init                     word2vec          gensim     gensim
  --direction                A                 A          B
  --target-among-negatives   skip              skip       redraw
  --subsampling              word2vec          word2vec   fasttext
  --sample                   1e-3              1e-3       1e-4
  --noise-power              0.75              0.75       0.5
  --cbow-gradient            whole             whole      whole
  --alpha                    0.025, CBOW 0.05  0.025      0.05
  --min-alpha                alpha x 1e-4      1e-4       0

With one thread the same seed gives the same vectors, bit for bit, also after a
stop and --resume. NumPy's matrix products use one core, which is fastest for
small ones; the environment variable OPENBLAS_NUM_THREADS says otherwise.

exit status:
  0    trained
  1    the gradient disagrees with the loss
  2    something cannot be used, or the command line is wrong
  130  stopped by Ctrl-C; checkpoint and vectors were saved
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("text", nargs="?", metavar="TEXT", help="the text; - is standard input")
    _add_model(parser.add_argument_group("what is trained").add_argument)
    _add_pairs(parser.add_argument_group("which pairs it is trained on").add_argument)
    _add_descent(parser.add_argument_group("how it is trained").add_argument)
    _add_files(parser.add_argument_group("files").add_argument)


def _add_model(add: Add) -> None:
    add(
        "--model",
        choices=get_args(Model),
        help="one word predicts another (default), or the mean of a window predicts its center",
    )
    add(
        "--loss",
        help=f"{LOSSES[0].name} (default), {', '.join(loss.name for loss in LOSSES[1:])}, or your "
        "own function of one pair, as MODULE:FUNCTION or FILE.py:FUNCTION, with the signature of "
        "the homework: it takes (center vector, outside word's index, outside vectors, dataset) "
        "and returns (loss, gradient of the center vector, gradient of the outside vectors); or a "
        "class whose forward takes these and returns the loss, and whose backward returns both "
        "gradients",
    )
    add("--size", type=int, metavar="D", help="length of a vector, the lecture's d (default: 100)")
    add(
        "--init",
        choices=get_args(Initialization),
        help="where the vectors start. word2vec (default; half-zeros is another name for it): V "
        "uniform on ±0.5/d, U zero; gensim: V on ±1/d, U zero; random: both on ±0.5/d; zeros: "
        "both zero, which never moves",
    )


def _add_pairs(add: Add) -> None:
    add(
        "--window",
        type=int,
        metavar="W",
        help="words to either side, drawn from 1 to W at each center (default: 5)",
    )
    add(
        "--direction",
        choices=get_args(Direction),
        metavar="WHICH",
        help="of skip-gram, which word of a pair is the input: center-predicts-outside (default) "
        "or outside-predicts-center",
    )
    add("--min-count", type=int, metavar="N", help="leave out rarer words (default: 5)")
    add(
        "--sample",
        type=float,
        metavar="T",
        help="drop words of a frequency above T now and then; 0 keeps all (default: 1e-3)",
    )
    add(
        "--subsampling",
        choices=get_args(Subsampling),
        help="how often a word of frequency f is kept. word2vec (default) and fasttext: "
        "√(T/f) + T/f; paper: √(T/f)",
    )
    add(
        "--negative",
        type=int,
        metavar="K",
        help="negatives of each pair, for negative sampling (default: 5)",
    )
    add(
        "--noise-power",
        type=float,
        metavar="P",
        help="negatives are drawn in proportion to their count to this power (default: 0.75); one "
        "like -1e9 is written --noise-power=-1e9",
    )
    add(
        "--target-among-negatives",
        choices=get_args(TargetAmongNegatives),
        help="a negative that equals the target is skipped (default), drawn again, or kept",
    )


def _add_descent(add: Add) -> None:
    add(
        "--cbow-gradient",
        choices=get_args(CbowGradient),
        help="of CBOW, what each of the C words of a window receives: its share of the mean's "
        "gradient, 1/C of it (exact, default), or all of it (whole), which is no gradient, so "
        "that training stops unless --check-every is 0",
    )
    add("--epochs", type=int, metavar="N", help="how often the text is read (default: 5)")
    add(
        "--alpha",
        type=float,
        metavar="RATE",
        help="learning rate at the start (default: 0.025; of CBOW 0.15, or 0.05 with "
        "--cbow-gradient whole)",
    )
    add(
        "--min-alpha",
        type=float,
        metavar="RATE",
        help="and at the end; in between it falls linearly with the words read (default: 1e-4)",
    )
    add(
        "--batch-size",
        type=int,
        metavar="B",
        help="pairs whose gradients are taken at the same vectors and added up (default: up to "
        "1024, 128 for naive softmax; fewer where a small vocabulary would make that unstable, "
        "or a tree, whose root is in every pair)",
    )
    add(
        "--compiled",
        action="store_true",
        default=None,
        help="one pair at a time, compiled by numba, as word2vec.c and gensim do; without numba: "
        ".venv/bin/pip install -e '.[fast]'",
    )
    add(
        "--threads",
        type=int,
        metavar="N",
        help="with more than one, no two runs give quite the same vectors; worth it with "
        "--compiled (default: 1)",
    )
    add(
        "--yes",
        action="store_true",
        help="train with naive softmax even if that takes more than ten minutes",
    )
    add("--seed", type=int, metavar="N", help="of all that is random (default: 1)")


def _add_files(add: Add) -> None:
    add(
        "--output",
        default="vectors.txt",
        metavar="FILE",
        help="where the vectors go (default: vectors.txt)",
    )
    add(
        "--encoding",
        default="utf-8",
        metavar="NAME",
        help="that of the text: utf-8 (default), latin-1, cp1252, utf-16, …",
    )
    add("--binary", action="store_true", help="in the binary format, a third of the size")
    add(
        "--checkpoint",
        metavar="FILE",
        help="where the training is kept while it goes on (default: OUTPUT.checkpoint, which is "
        "deleted when the vectors are written; a FILE that is named stays)",
    )
    add(
        "--checkpoint-every",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how often it is written (default: 60)",
    )
    add("--resume", action="store_true", help="go on from the checkpoint")
    add("--restart", action="store_true", help="drop the checkpoint of an unfinished training")
    add(
        "--check-every",
        type=int,
        default=2000,
        metavar="N",
        help="check the gradient that training follows, that of a few pairs of every N-th batch, "
        "of the first and of the last; 0: never (default: 2000)",
    )
    add("--history", metavar="FILE", help="write the loss as a table, CSV")
    add("--plot", metavar="FILE", help="draw the loss, .png or .svg")


def options_of(arguments: argparse.Namespace, own_negatives: int | None = None) -> Options:
    """Return the `Options` that the arguments make.

    Parameters
    ----------
    arguments : Namespace
        The arguments.
    own_negatives : int, optional
        How many negatives a person's own function asks for unless it is told.

    Raises
    ------
    UsageError
        If a value is out of its range, or two contradict each other.
    """
    given = {
        field.name: value
        for field in fields(Options)
        if (value := getattr(arguments, field.name)) is not None
    }
    loss = given.get("loss", LOSSES[0].name)
    row = next((row for row in LOSSES if row.name == loss), None)
    if row and not row.has_negatives:
        _refuse(given, ("negative", "noise_power", "target_among_negatives"), row.title)
    if given.get("model") == "cbow":
        _refuse(given, ("direction",), "CBOW")
    else:
        _refuse(given, ("cbow_gradient",), "skip-gram")
    if ":" in loss:
        # A homework's function asks for K negatives, neither fewer nor its target.
        given.setdefault("target_among_negatives", "redraw")
        if own_negatives is not None:
            given.setdefault("negative", own_negatives)
    try:
        return Options(**given)
    except InputError as error:
        name, _, rest = str(error).partition(":")
        rest = rest.replace("min_alpha", "--min-alpha")
        raise UsageError(f"--{name.replace('_', '-')}:{rest}") from None


def _refuse(given: dict[str, Any], names: Sequence[str], what: str) -> None:
    """Raise `UsageError` if an option is given that means nothing beside another."""
    for name in names:
        if name in given:
            raise UsageError(f"--{name.replace('_', '-')}: has no meaning to {what}; leave it out")
