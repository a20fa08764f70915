"""``gradcheck derive NAME``: print a derivation, each step proved."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext

from gradcheck.commands.outputs import Outputs, add_output_options, show
from gradcheck.document.blocks import Column, Document, Table
from gradcheck.document.spans import phrase, prose, sentence
from gradcheck.terminal.command import FAILED, PASSED, Command, UsageError
from gradcheck.terminal.progress import patient_bar

__all__ = ["DERIVE"]


_HELP = """\
Derive the gradients of word2vec step by step, and prove every step as it is
printed.

Each step is an equation with its reason. It is proved for every vocabulary,
every dimension, any number of negative samples and any window: both sides are
brought to one form by identities alone, and compared in numbers for a few
small sizes too. A step that does not hold is marked, with sizes and values for
which it is false.

Without a name, the derivations that there are are listed.
"""
_EXAMPLES = """\
examples:
  gradcheck derive                       what there is
  gradcheck derive naive-softmax         ∂J/∂v_c and ∂J/∂u_x, and the second
                                         derivatives
  gradcheck derive sigmoid softmax       the two lemmas that the losses rest on
  gradcheck derive zeros-naive-softmax   why vectors that start at zero stay
  gradcheck derive --all                 all of them
  gradcheck derive --all --latex handout.tex   a handout, for pdflatex
  gradcheck derive negative-sampling --html - > derivation.html

how to read it:
  u_x[k]        entry k of the outside vector of the word x
  ∂J/∂v_c[k]    the derivative of the loss by entry k of the center vector
  [x = o]       1 where x is o, else 0: the one-hot vector y
  Uᵀ (ŷ − y)    vectors and matrices, all entries at once
  Σ_x           the sum over the vocabulary

exit status:
  0  every step is proved
  1  a step is not
  2  the command line is wrong
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="which derivation to print")
    parser.add_argument("--all", action="store_true", help="print all of them")
    parser.add_argument("--list", action="store_true", help="say what there is, and stop")
    add_output_options(parser)


def _derive(arguments: argparse.Namespace) -> int:
    from gradcheck.symbolic.contents import contents
    from gradcheck.word2vec.derivations import derivation

    names = _chosen(arguments)
    outputs = Outputs(arguments)
    if not names:
        if outputs:
            raise UsageError("nothing to write: expected the name of a derivation, or --all")
        _print_list()
        return PASSED
    derivations = [derivation(name) for name in names]
    total = sum(len(one.steps) for one in derivations)
    are_proved = True
    documents: list[Document] = []
    done = 0
    # On a terminal, the derivations themselves show how far it is.
    is_shown = sys.stdout.isatty() and not outputs.take_standard_output
    with nullcontext() if is_shown else patient_bar() as progress:
        for one in derivations:
            proofs = []
            for step in one.steps:
                arguments.check_interruption()
                proofs.append(step.prove(one.names))
                done += 1
                if progress:
                    progress(done, total, one.name)
            are_proved = are_proved and all(proofs)
            document = contents(one, proofs)
            if not outputs.take_standard_output:
                if documents:
                    print("\n")
                show(document)
            documents.append(document)
    outputs.write(*documents)
    return PASSED if are_proved else FAILED


def _chosen(arguments: argparse.Namespace) -> tuple[str, ...]:
    """Return the names of the derivations that are asked for; none to list what there is."""
    from gradcheck.word2vec.derivations import NAMES

    names = tuple(dict.fromkeys(arguments.names))
    for name in names:
        if name not in NAMES:
            raise UsageError(f"no derivation is called {name!r}; there are {', '.join(NAMES)}")
    if arguments.list and (names or arguments.all):
        raise UsageError("--list: expected neither a name nor --all beside it")
    if arguments.all and names:
        raise UsageError("--all: expected no name beside it, got " + ", ".join(names))
    return NAMES if arguments.all else names


def _print_list() -> None:
    from gradcheck.word2vec.derivations import NAMES, derivation

    table = Table(
        [
            Column(phrase("NAME"), [prose(name) for name in NAMES]),
            Column(phrase("what it derives"), [sentence(derivation(name).title) for name in NAMES]),
        ]
    )
    usage = prose("gradcheck derive NAME prints one, step by step; --all prints all.")
    show(Document(usage, (table,)))


DERIVE = Command(
    name="derive",
    summary="derive the gradients of word2vec, each step proved",
    description=_HELP,
    epilog=_EXAMPLES,
    add_arguments=_add_arguments,
    run=_derive,
)
