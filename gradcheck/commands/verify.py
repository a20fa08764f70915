"""``gradcheck verify FILE``: check a homework file."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from gradcheck.commands.outputs import Outputs, add_output_options, show
from gradcheck.terminal.command import FAILED, PASSED, UNUSABLE, Command
from gradcheck.terminal.progress import patient_bar

if TYPE_CHECKING:
    from gradcheck.homework import HomeworkReport

__all__ = ["VERIFY"]


_HELP = """\
Run the named checks on a homework file and say what is right, what is wrong,
and where.

FILE is a .py or .ipynb file with the functions of CS224n, CS224d or XCS224N
word2vec homework. It is run, in this process, as `import` would run it, so
verify only what you trust: a file that ends the process (os._exit) ends the
report with it. Each check sees 100 random cases; for one that fails, the
smallest failing case is searched and shown beside the value that is expected,
with a few lines that reproduce it.
"""
_EXAMPLES = """\
examples:
  gradcheck verify word2vec.py
  gradcheck verify word2vec.py --only skipgram
  gradcheck verify word2vec.py --seed 1234       the cases of an earlier report
  gradcheck verify word2vec.py --profile deep    2,000 cases a check
  gradcheck verify *.py --json reports.json      for programs; - is stdout
  pytest --homework word2vec.py                  the same checks, as tests

exit status:
  0  all required checks passed (advice may be given all the same)
  1  something failed, is unfinished or is missing
  2  a file cannot be used, or the command line is wrong
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="a .py or .ipynb file")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="FUNCTION",
        help="check this function only; may be given several times",
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
        "--json",
        metavar="OUT",
        help="write the report to OUT too: an object, or a list for several files; - is standard "
        "output, in place of the text",
    )
    add_output_options(parser)


def _verify(arguments: argparse.Namespace) -> int:
    outputs = Outputs(arguments, others=["json"], sources=arguments.files)
    if arguments.seed is None and arguments.profile != "grade":
        # One for all files: their cases are drawn once.
        arguments.seed = secrets.randbelow(2**32)
    status = PASSED
    reports = []
    with _standard_output_kept() if outputs.take_standard_output else nullcontext():
        for file in arguments.files:
            report = _verify_file(file, arguments)
            if report is None:
                # The other files have their reports all the same.
                status = UNUSABLE
                continue
            # A file that could not be used outranks one that failed, whichever comes first.
            status = max(status, PASSED if report.passed else FAILED)
            reports.append(report)
            if not outputs.take_standard_output:
                show(report.contents())
    outputs.write_one("json", _json(reports, single=len(arguments.files) == 1))
    outputs.write(*(report.contents() for report in reports))
    return status


@contextmanager
def _standard_output_kept() -> Iterator[None]:
    """Send the output of files past Python, of a subprocess say, to standard error.

    Standard output is then the report alone.
    """
    sys.stdout.flush()
    try:
        saved = os.dup(1)
    except OSError:  # there is none
        yield
        return
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(saved, 1)
        os.close(saved)


def _verify_file(file: str, arguments: argparse.Namespace) -> HomeworkReport | None:
    from gradcheck.homework import SubmissionError, verify

    try:
        with patient_bar() as show:

            def progress(done: int, total: int, what: str) -> None:
                arguments.check_interruption()
                show(done, total, what)

            report = verify(
                file,
                profile=arguments.profile,
                seed=arguments.seed,
                only=arguments.only,
                progress=progress,
            )
            # Ctrl-C may have been swallowed by the file's own code after the last check began.
            arguments.check_interruption()
            return report
    except SubmissionError as error:
        print(f"gradcheck: {error}", file=sys.stderr)
        return None


def _json(reports: Sequence[HomeworkReport], *, single: bool) -> str:
    """Return the reports for programs; empty where the only file could not be used."""
    if single and not reports:
        return ""
    content: Any = [report.to_dict() for report in reports]
    return json.dumps(content[0] if single else content, indent=1, allow_nan=False) + "\n"


VERIFY = Command(
    name="verify",
    summary="check a homework file",
    description=_HELP,
    epilog=_EXAMPLES,
    add_arguments=_add_arguments,
    run=_verify,
)
