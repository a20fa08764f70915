"""``gradcheck walkthrough``: one update of word2vec, every number of it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradcheck.commands.outputs import Outputs, add_output_options, show
from gradcheck.terminal.command import PASSED, Command, UsageError
from gradcheck.terminal.program import as_text

if TYPE_CHECKING:
    from gradcheck.word2vec.walkthrough import Walkthrough

__all__ = ["WALKTHROUGH"]

_LONGEST_FILE = 100_000
"""Characters; the numbers of a walkthrough take a few hundred."""

_HELP = """\
Work out one step of skip-gram on paper: one (center, outside) pair of a
sentence, and every number of the update, from the scores u_w·v_c to the new
vectors and the new loss.

What is exact is shown exactly, other numbers to four decimals. The
gradient is checked by finite differences. Without arguments, it takes the
sentence "the cat drinks milk". Four words and d = 2 fit two screens of 24
lines, negative sampling with up to 3 negatives.
"""
_EXAMPLES = """\
examples:
  gradcheck walkthrough
  gradcheck walkthrough the quick brown fox --pair quick:fox --window 2
  gradcheck walkthrough --loss negative-sampling --negatives 2
  gradcheck walkthrough --loss negative-sampling --negatives milk,the,milk
  gradcheck walkthrough --loss hierarchical-softmax
  gradcheck walkthrough --init zeros              why nothing moves
  gradcheck walkthrough --init half-zeros         V random, U zero, as word2vec
  gradcheck walkthrough --init vectors.json       your own numbers
  gradcheck walkthrough hot tea \\
      --init '{"U": [[1, 0], [0, 1]], "V": [[0.5, "1/3"], [0, 0]]}'
  gradcheck walkthrough --exercise --seed 7 --latex sheet-7.tex
  gradcheck walkthrough --html step.html --latex step.tex

U and V are given as JSON: a list of rows, one for each word in order of first
appearance, or {"word": row}. A number may be a string, as in "1/3".

To follow it: do one line with a pencil, then compare. --exercise leaves the
numbers out and adds the solution on a second page; another --seed makes
another sheet.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    from gradcheck.word2vec.loss_table import LOSSES

    add = parser.add_argument
    add(
        "sentence",
        nargs="*",
        type=as_text,
        metavar="SENTENCE",
        help='words (default: "the cat drinks milk")',
    )
    add("--pair", help="the pair of this step, CENTER:OUTSIDE or its number in the sentence")
    add("--window", type=int, default=1, metavar="N", help="words to either side (default: 1)")
    add("-d", "--dimension", type=int, metavar="D", help="length of a vector (default: 2)")
    add(
        "--loss",
        choices=[loss.name for loss in LOSSES],
        default=LOSSES[0].name,
        metavar="LOSS",
        help=f"{', '.join(loss.name for loss in LOSSES)} (default: the first)",
    )
    add(
        "--negatives",
        metavar="N",
        help="for negative sampling: how many to draw, or words with commas (default: 2)",
    )
    add(
        "--init",
        default="random",
        help="zeros, half-zeros, random (default), a JSON file with U and V, or the JSON itself",
    )
    add("--seed", type=int, default=0, metavar="N", help="of what is random (default: 0)")
    add("--rate", default="0.5", help="learning rate, such as 0.5 or 1/3 (default: 0.5)")
    add(
        "--exercise",
        action="store_true",
        help="print the step with blanks, and the solution on a second page",
    )
    add_output_options(parser)


def _walkthrough(arguments: argparse.Namespace) -> int:
    # A file of numbers must not be written over; a text of them is none.
    outputs = Outputs(arguments, sources=[] if _is_json(arguments.init) else [arguments.init])
    step = _walk(arguments)
    document = (step.exercise() if arguments.exercise else step).contents()
    outputs.write(document)
    if not outputs.take_standard_output:
        show(document)
    return PASSED


def _walk(arguments: argparse.Namespace) -> Walkthrough:
    from gradcheck.word2vec.walkthrough import walk
    from gradcheck.word2vec.walkthrough.one_step import SENTENCE

    init = _initialization(arguments.init)
    try:
        return walk(
            " ".join(arguments.sentence) if arguments.sentence else SENTENCE,
            dimension=arguments.dimension,
            window=arguments.window,
            loss=arguments.loss,
            negatives=_negatives(arguments.negatives),
            init=init,
            seed=arguments.seed,
            rate=arguments.rate,
            pair=arguments.pair,
        )
    except ValueError as error:
        message = str(error)
        # The arguments of `walk` are called as the options are.
        raise UsageError(message if message.startswith("sentence:") else f"--{message}") from None


def _negatives(given: str | None) -> int | list[str] | None:
    if given is None:
        return None
    # Beyond 4,300 digits `int` raises an error of its own; a word may well be a number.
    return int(given) if given.isdecimal() and len(given) < 10 else given.split(",")


def _initialization(given: str) -> Any:
    """Return the name of an initialization, or the matrices of a file or of the option itself."""
    from gradcheck.word2vec.walkthrough.inputs import INITIALIZATIONS

    if given in INITIALIZATIONS:
        return given
    text, where = (given, "--init") if _is_json(given) else (_read(given), f"--init {given}")
    try:
        # As they are written: 0.1 is then a tenth, and no float near it.
        matrices = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{where}: not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise UsageError(f"{where}: not JSON that can be read: nested too deeply") from None
    if not isinstance(matrices, dict):
        raise UsageError(f'{where}: expected {{"U": rows, "V": rows}}')
    return matrices


def _is_json(given: str) -> bool:
    """Say whether the numbers stand on the command line, not in a file."""
    return given.lstrip().startswith(("{", "["))


def _read(path: str) -> str:
    try:
        with Path(path).open(encoding="utf-8") as file:
            # One more than allowed tells that there is more; a device that never ends is left.
            text = file.read(_LONGEST_FILE + 1)
    except FileNotFoundError:
        raise UsageError(
            f"--init: expected zeros, half-zeros, random, or a JSON file with U and V; there is no "
            f"file {path}"
        ) from None
    except OSError as error:
        raise UsageError(f"--init {path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise UsageError(f"--init {path}: not text in UTF-8") from None
    if len(text) > _LONGEST_FILE:
        raise UsageError(f"--init {path}: too long; expected the numbers of U and V")
    return text


WALKTHROUGH = Command(
    name="walkthrough",
    summary="work out one step on paper",
    description=_HELP,
    epilog=_EXAMPLES,
    add_arguments=_add_arguments,
    run=_walkthrough,
)
