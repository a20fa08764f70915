"""``gradcheck verify FILE``: check a homework file."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gradcheck.commands.outputs import Outputs, add_output_options, show
from gradcheck.terminal.command import FAILED, PASSED, UNUSABLE, Command, UsageError
from gradcheck.terminal.progress import patient_bar

if TYPE_CHECKING:
    from gradcheck.homework.judging import Judgement

__all__ = ["VERIFY"]


_HELP = """\
Run the named checks on a homework file and say what is right, what is wrong,
and where.

FILE is a .py or .ipynb file with the word2vec functions of a course (CS224n,
XCS224N, CS224d, Coursera's or Tel Aviv's NLP course, Deep Learning from
Scratch 2), in Python 3 or 2; or a folder or .zip that has one, and its
helpers; or -, standard input. It is run, in a process of its own, as `import`
would run it: a file that ends or hangs costs itself alone. That keeps
accidents in, not intent: verify only what you trust. Each check sees 100
random cases; for one that fails, the smallest failing case is searched and
shown beside the value that is expected, with a few lines that reproduce it.
"""
_EXAMPLES = """\
examples:
  gradcheck verify word2vec.py
  gradcheck verify word2vec.py --only skipgram
  gradcheck verify word2vec.py --seed 1234       the cases of an earlier report
  gradcheck verify word2vec.py --profile deep    2,000 cases a check
  gradcheck verify a2 a3.zip                     the file is found in them
  git show HEAD~1:word2vec.py | gradcheck verify -
  gradcheck verify *.py -j 4 --json out.json     for programs; - is stdout
  gradcheck verify mine.py --function naive-softmax=my_loss
  pytest --homework word2vec.py                  the same checks, as tests

exit status:
  0  all required checks passed (advice may be given all the same)
  1  something failed, is unfinished or is missing
  2  nothing can be said: a file cannot be found, read or run, ended its
     process, or has nothing of word2vec; or the command line is wrong
  3  an error of gradcheck's own
  Of several files, the highest.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a .py or .ipynb file, a folder, a .zip or -"
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="FUNCTION",
        help="check this function only; may be given several times",
    )
    parser.add_argument(
        "--function",
        action="append",
        default=[],
        type=_named,
        metavar="WHAT=NAME",
        help="the file's name of a function: naive-softmax=my_loss, or sgd=Trainer.descend; may "
        "be given several times, and stand in [tool.gradcheck.functions] of a pyproject.toml "
        "beside the file",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="fail a file by a wrong gradient that its course has taught, too",
    )
    parser.add_argument(
        "--seed", type=int, metavar="N", help="draw the cases of the report that names this seed"
    )
    parser.add_argument(
        "--profile",
        choices=("student", "grade", "deep"),
        default="student",
        help="student: 100 cases, shrunk where they fail (default); grade: always the same 100, "
        "not shrunk; deep: 2,000",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="time that a file may run, or sleep, until it is loaded (default: 60)",
    )
    parser.add_argument(
        "-j",
        "--jobs",
        type=_count,
        default=1,
        metavar="N",
        help="look at so many files at the same time (default: 1)",
    )
    parser.add_argument(
        "--in-process",
        action="store_true",
        help="run the files in this process, for a debugger; one that ends it ends the report",
    )
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="list the checks that passed, too, and show the cases of advice",
    )
    parser.add_argument(
        "--json",
        metavar="OUT",
        help="write the report to OUT too: an object, or a list for several files; - is standard "
        "output, in place of the text",
    )
    add_output_options(parser)


def _named(argument: str) -> tuple[str, str]:
    what, equals, name = argument.partition("=")
    if not (what and equals and name):
        raise argparse.ArgumentTypeError(f"expected WHAT=NAME, got {argument!r}")
    return what, name


def _seconds(argument: str) -> float:
    value = float(argument)
    if not 0.0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a positive number of seconds, got {argument}")
    return value


def _count(argument: str) -> int:
    value = int(argument)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, got {argument}")
    return value


def _verify(arguments: argparse.Namespace) -> int:
    outputs = Outputs(arguments, others=["json"], sources=arguments.files)
    if arguments.in_process and arguments.jobs > 1:
        raise UsageError("--in-process and -j: a process has room for one file at a time")
    if arguments.jobs > 1 and "-" in arguments.files:
        raise UsageError("- and -j: standard input is for one process; leave -j out")
    if arguments.seed is None and arguments.profile != "grade":
        # One for all files: their cases are drawn once.
        arguments.seed = secrets.randbelow(2**32)
    judgements = []
    for judgement in _judgements(arguments):
        judgements.append(judgement)
        if judgement.error:
            print(f"gradcheck: {judgement.error}", file=sys.stderr)
        if judgement.document is not None and not outputs.take_standard_output:
            show(judgement.document)
    entries = [judgement.entry for judgement in judgements]
    content = entries[0] if len(arguments.files) == 1 else entries
    outputs.write_one("json", json.dumps(content, indent=1, allow_nan=False) + "\n")
    outputs.write(*(each.document for each in judgements if each.document is not None))
    return max(map(_status, judgements))


def _judgements(arguments: argparse.Namespace) -> Iterator[Judgement]:
    """Yield the judgement of each file, in their order."""
    from gradcheck.homework.judging import Request, judge, judge_several

    request = Request(
        profile=arguments.profile,
        seed=arguments.seed,
        only=tuple(arguments.only),
        timeout=arguments.timeout,
        functions=dict(arguments.function),
        is_strict=arguments.strict,
        in_process=arguments.in_process,
        verbose=arguments.verbose,
    )
    files = arguments.files
    if arguments.jobs > 1 and len(files) > 1:
        yield from judge_several(files, request, jobs=arguments.jobs)
        return
    for file in files:
        with patient_bar() as show:
            judgement = judge(file, request, progress=show)
        # Hypothesis or a file in this process may have swallowed it.
        arguments.check_interruption()
        yield judgement


def _status(judgement: Judgement) -> int:
    if judgement.is_our_fault:
        return OUR_FAULT
    if judgement.error:
        return UNUSABLE
    return PASSED if judgement.passed else FAILED


OUR_FAULT = 3
"""The exit status of an error of gradcheck's own; it outranks all others."""

VERIFY = Command(
    name="verify",
    summary="check a homework file",
    description=_HELP,
    epilog=_EXAMPLES,
    add_arguments=_add_arguments,
    run=_verify,
)
