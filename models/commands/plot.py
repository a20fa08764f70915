"""``python -m models plot``: words in the plane, or the loss of a training, as a figure."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gradcheck.terminal.command import PASSED, Command, UsageError
from gradcheck.terminal.files import check_writable
from gradcheck.terminal.program import as_text
from models.commands.outputs import written
from models.reading.text import require_readable

if TYPE_CHECKING:
    from models.vectors.embeddings import Embeddings

__all__ = ["PLOT"]

_HELP = """\
Draw words as points of the plane, near to each other when their vectors are;
or, with --history, the loss of a training. The name of the figure says its
format: .png, .svg or .pdf.
"""
_EXAMPLES = """\
Without WORD, the most frequent words are drawn; beside other words, WORD is
blue. Two principal components show a part only of how vectors of many numbers
lie; the axes say how large a part. t-SNE keeps neighbours together, and says
nothing by the distances between groups.

examples:
  python -m models plot vectors.txt --output words.png
  python -m models plot vectors.txt king queen man woman --output words.svg
  python -m models plot vectors.txt king film --nearest 15 -o neighbours.svg
  python -m models plot vectors.txt --method tsne -o words.svg
  python -m models plot --history history.csv --output loss.png
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "vectors", nargs="?", metavar="VECTORS", help="the file of vectors, text or binary"
    )
    parser.add_argument("words", nargs="*", type=as_text, metavar="WORD", help="the words to draw")
    parser.add_argument("-o", "--output", required=True, metavar="FIGURE", help="where it goes")
    parser.add_argument(
        "--history", metavar="CSV", help="draw the loss in a file that train --history has written"
    )
    parser.add_argument(
        "--most-frequent",
        type=int,
        metavar="N",
        help="draw the first N words of the file (default: 100, where no WORD is given)",
    )
    parser.add_argument(
        "--nearest", type=int, metavar="N", help="draw the N nearest words of each WORD too"
    )
    parser.add_argument(
        "--method",
        choices=("pca", "tsne"),
        default="pca",
        help="principal components (default), or t-SNE, which needs scikit-learn",
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="of t-SNE, which is random (default: 1)"
    )


def _plot(arguments: argparse.Namespace) -> int:
    from models.pictures import loss_history, plots
    from models.vectors.embeddings import Embeddings

    _check(arguments)
    form = plots.format_of(arguments.output)
    plots.check_libraries(arguments.method)
    # All that can be refused is, before vectors are read and drawn.
    sources = [path for path in (arguments.vectors, arguments.history) if path is not None]
    for path in sources:
        require_readable(path)
    check_writable("--output", arguments.output, sources)
    if arguments.history is not None:
        records = loss_history.read(arguments.history)
        if not records:
            raise UsageError(
                f"--history {arguments.history}: expected one record or more; got none"
            )
        figure = plots.loss_curve(records)
    else:
        embeddings = Embeddings.load(arguments.vectors)
        words = _choose_words(embeddings, arguments)
        figure = plots.word_map(
            embeddings,
            words,
            highlighted=arguments.words if words != arguments.words else (),
            method=arguments.method,
            seed=arguments.seed,
        )
    with written("--output", arguments.output) as file:
        plots.save(figure, file, form)
    return PASSED


def _check(arguments: argparse.Namespace) -> None:
    """Refuse arguments that contradict each other, and numbers that say nothing."""
    if (arguments.vectors is None) == (arguments.history is None):
        raise UsageError("plot: expected either VECTORS or --history, to draw words or a loss")
    for option in ("most_frequent", "nearest"):
        number = getattr(arguments, option)
        if number is not None and number < 1:
            name = option.replace("_", "-")
            raise UsageError(f"--{name}: expected 1 or more; got {number}")
    if arguments.nearest is not None and not arguments.words:
        raise UsageError("--nearest: expected a WORD whose neighbours are to be drawn")
    if not 0 <= arguments.seed < 2**32:
        raise UsageError(f"--seed: expected from 0 to 2**32 - 1; got {arguments.seed}")


def _choose_words(embeddings: Embeddings, arguments: argparse.Namespace) -> list[str]:
    """Return the words that are given, then their neighbours, then the most frequent ones."""
    words = list(arguments.words)
    if arguments.nearest is not None:
        words += [
            neighbour.word
            for word in arguments.words
            for neighbour in embeddings.nearest(word, arguments.nearest)
        ]
    frequent = arguments.most_frequent or (0 if words else 100)
    return list(dict.fromkeys([*words, *embeddings.words[:frequent]]))


PLOT = Command(
    name="plot",
    summary="draw words in the plane, or the loss of a training",
    description=_HELP,
    epilog=_EXAMPLES,
    add_arguments=_add_arguments,
    run=_plot,
)
