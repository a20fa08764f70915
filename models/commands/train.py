"""``python -m models train TEXT``: train vectors on a text."""

from __future__ import annotations

import argparse

from models.commands.command import PASSED, Command

__all__ = ["TRAIN"]


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="?", metavar="TEXT", help="the text to train on")


def _train(_arguments: argparse.Namespace) -> int:
    return PASSED


TRAIN = Command(
    name="train",
    summary="train vectors on a text",
    description="Train word vectors on a text.",
    epilog="",
    add_arguments=_add_arguments,
    run=_train,
)
