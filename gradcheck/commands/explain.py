"""``gradcheck explain [MISTAKE]``: say what a mistake is, and what to look for."""

from __future__ import annotations

import argparse
from difflib import get_close_matches
from typing import TYPE_CHECKING

from gradcheck.commands.outputs import Outputs, add_output_options, show
from gradcheck.terminal.command import PASSED, Command, UsageError

if TYPE_CHECKING:
    from gradcheck.homework.checks.mistakes.mistake import Mistake

__all__ = ["EXPLAIN"]

_HELP = """\
Explain a mistake that a report on homework names: what it is, the functions
that it is made in, the formula that it should have been, and what to look for
in the code.

Without a name, all mistakes are listed, function by function.
"""
_EXAMPLES = """\
examples:
  gradcheck explain                    all mistakes
  gradcheck explain one-hot-missing
  gradcheck explain repeats-lost sign
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="MISTAKE", help="its name in a report")
    add_output_options(parser)


def _explain(arguments: argparse.Namespace) -> int:
    from gradcheck.homework.report.explanations import all_mistakes, explanation

    rows = [_named(name) for name in dict.fromkeys(arguments.names)]
    documents = [explanation(row) for row in rows] or [all_mistakes()]
    outputs = Outputs(arguments)
    for place, document in enumerate(documents):
        if not outputs.take_standard_output:
            if place:
                print()
            show(document)
    outputs.write(*documents)
    return PASSED


def _named(name: str) -> Mistake:
    from gradcheck.homework.checks.mistakes.mistake_table import MISTAKES

    by_name = {row.identifier: row for row in MISTAKES}
    if name in by_name:
        return by_name[name]
    close = get_close_matches(name, by_name, n=3, cutoff=0.5)
    near = [other for other in by_name if name in other and other not in close]
    meant = [*close, *near][:3]
    hint = f"did you mean {' or '.join(meant)}?" if meant else "gradcheck explain lists all"
    raise UsageError(f"no mistake is called {name!r}; {hint}")


EXPLAIN = Command(
    name="explain",
    summary="say what a mistake in homework is, and what to look for",
    description=_HELP,
    epilog=_EXAMPLES,
    add_arguments=_add_arguments,
    run=_explain,
)
