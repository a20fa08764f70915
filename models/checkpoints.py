"""A training in a file, from which it goes on as if it had never stopped."""

from __future__ import annotations

import json
import lzma
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.loss_table import named
from models.options import Options
from models.pictures.loss_history import Record
from models.training import Position, Training

__all__ = ["Checkpoint", "load", "restore", "save"]

_FORMAT = 2

# What NumPy and zipfile raise where bytes are others than were written. The arrays' own have a CRC,
# so that what is read at all is what was stored; those of zip's headers ask for passwords, unknown
# compressions (RuntimeError and its NotImplementedError) and known ones that were not used.
_DAMAGE = (
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


class Checkpoint(NamedTuple):
    """A training as it was stored.

    Attributes
    ----------
    options : Options
    digest : str
        That of the corpus.
    loss_digest : str
        That of the source of a person's own loss, empty for the trainer's.
    V, U : ndarray of float32
    position : Position
    history : list of Record
    pending : tuple of (int, float)
        As `Training` has them.
    """

    options: Options
    digest: str
    loss_digest: str
    V: NDArray[np.float32]
    U: NDArray[np.float32]
    position: Position
    history: list[Record]
    pending: tuple[int, float]

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.position.epoch >= self.options.epochs


def save(file: BinaryIO, training: Training) -> None:
    """Write a training to an open file: NumPy's .npz, without pickles."""
    about = {
        "format": _FORMAT,
        "options": asdict(training.options),
        "digest": training.corpus.digest,
        "loss_digest": training.loss_digest,
        "position": training.position,
        "history": training.history,
        "pending": training.pending,
    }
    np.savez(file, about=np.array(json.dumps(about)), V=training.V, U=training.U)


def load(path: str | Path) -> Checkpoint:
    """Read a training that `save` has stored.

    Raises
    ------
    InputError
        If there is no such file, it is no checkpoint or a damaged one, or memory is not enough.
    """
    try:
        # Opened here: NumPy leaves a file open that turns out to be none of its own.
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
            return _checkpoint(about, stored["V"], stored["U"])
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such checkpoint") from None
    except _DAMAGE:
        raise InputError(f"{path}: no checkpoint of a training, or a damaged one") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except MemoryError:
        raise InputError(f"{path}: not enough memory for its vectors") from None


def restore(training: Training, checkpoint: Checkpoint, path: str | Path) -> None:
    """Let a training go on where a stored one stopped.

    Parameters
    ----------
    training : Training
        With the same corpus and options; it must not have begun.
    checkpoint : Checkpoint
        The stored one.
    path : str or Path
        Its file, for the message.

    Raises
    ------
    InputError
        If text, options or a person's own loss are others; the message says which.
    """
    stored, wanted = checkpoint.options.settled(), training.options.settled()
    different = [name for name in wanted if stored[name] != wanted[name]]
    if different:
        there = ", ".join(f"{name} {stored[name]}" for name in different)
        here = ", ".join(f"{name} {wanted[name]}" for name in different)
        raise InputError(f"{path}: the checkpoint is of a training with {there}; this has {here}")
    if training.corpus.digest != checkpoint.digest:
        raise InputError(f"{path}: the checkpoint is of a training on another text")
    if training.loss_digest != checkpoint.loss_digest:
        raise InputError(
            f"{path}: the source of {training.options.loss} has changed since this checkpoint"
        )
    training.V, training.U = checkpoint.V, checkpoint.U
    training.position = checkpoint.position
    training.history = checkpoint.history
    training.pending = checkpoint.pending


def _checkpoint(about: Any, V: NDArray[np.float32], U: NDArray[np.float32]) -> Checkpoint:
    options = Options(**about["options"])
    shape = named(options.loss).outside_rows(len(V)), *V.shape[1:]
    if about["format"] != _FORMAT or U.shape != shape or V.dtype != np.float32:
        raise ValueError  # one of _DAMAGE
    pairs, loss = about["pending"]
    return Checkpoint(
        options=options,
        digest=about["digest"],
        loss_digest=about["loss_digest"],
        V=V,
        U=U,
        position=Position(*about["position"]),
        history=[Record(*record) for record in about["history"]],
        pending=(int(pairs), float(loss)),
    )
