"""What somebody hands in, a file, a folder, a zip or standard input, becomes one file on disk.

A zip is unpacked, and standard input written, into a folder of its own that goes away with it.
Nothing in a zip is believed: neither the sizes that it states nor its names.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import stat
import sys
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from gradcheck.homework.courses import COURSES, Course, Role
from gradcheck.homework.submission.failures import SubmissionError, visible
from gradcheck.homework.submission.own_names import names_beside

__all__ = ["STANDARD_INPUT", "Delivery", "deliver", "read_source"]

STANDARD_INPUT = "-"
SUFFIXES = {".py", ".ipynb"}
_EXPECTED = "a .py or .ipynb file, a folder or a .zip with one"
_LARGEST_SOURCE = 10_000_000
"""Bytes: a notebook with its pictures has a few million."""
_LARGEST_ZIP = 50_000_000
_LARGEST_CONTENT = 200_000_000
"""Bytes of all that a zip unpacks to: data of a course may lie in it."""
_MOST_FILES = 20_000
_SKIPPED = {"__MACOSX", "__pycache__", "node_modules", "site-packages"}
"""Folders that hold nobody's homework; those whose name begins with a dot do not, either."""


@dataclass(frozen=True)
class Delivery:
    """One file, ready to be loaded.

    Attributes
    ----------
    path : Path
        Its name for a person: what was named, or the file in the folder that was.
    file : Path
        The file itself.
    root : Path
        The folder that was handed in; the file's own where none was.
    notes : tuple of str
        On the way to it.
    """

    path: Path
    file: Path
    root: Path
    notes: tuple[str, ...] = ()
    # Whatever has to live as long as the file.
    _folder: _TemporaryFolder | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return str(self.path)

    def discard(self) -> None:
        """Remove what was unpacked or written for it, if anything was."""
        if self._folder is not None:
            self._folder.remove()

    def names(self) -> dict[Role, str]:
        """Return the names that its folders' settings have for its functions."""
        return names_beside(self.root / self.file.name) | names_beside(self.file)


def deliver(path: str | Path, names: Collection[str] = ()) -> Delivery:
    """Find the file that a path leads to.

    Parameters
    ----------
    path : str or Path
        A file, a folder, or a zip of one.
    names : collection of str
        Names of the file's functions besides those of the courses.

    Raises
    ------
    SubmissionError
        If there is none, or more than one, or nothing is what it should be.
    """
    path = Path(path)
    if str(path) == STANDARD_INPUT:
        return _received(path, names)
    status = _status(path)
    if stat.S_ISDIR(status.st_mode):
        file = _find(path, path, names)
        return Delivery(file, file, path)
    if stat.S_ISREG(status.st_mode) and path.suffix.lower() == ".zip":
        _limit_size(path, status.st_size, _LARGEST_ZIP)
        folder = _TemporaryFolder()
        try:
            with path.open("rb") as stream:
                _unpack(path, stream, folder.path)
        except OSError as error:
            raise SubmissionError(f"{path}: cannot be read: {error.strerror or error}") from None
        return _in_zip(path, folder, names)
    return Delivery(path, path, path.parent)


def read_source(delivery: Delivery) -> bytes:
    """Return a file's content.

    Raises
    ------
    SubmissionError
        If it is none that can be homework.
    """
    path, file = delivery.path, delivery.file
    status = _status(file, path)
    if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for
        raise SubmissionError(f"{path}: is a pipe or a device; expected {_EXPECTED}")
    if file.suffix.lower() not in SUFFIXES:
        got = file.suffix or "a name without an ending"
        raise SubmissionError(f"{path}: expected {_EXPECTED}, got {got}")
    _limit_size(path, status.st_size, _LARGEST_SOURCE)
    try:
        return file.read_bytes()
    except OSError as error:
        raise SubmissionError(f"{path}: cannot be read: {error.strerror}") from None


def _received(path: Path, names: Collection[str]) -> Delivery:
    """Return what is on standard input: Python, a notebook or a zip.

    Its helpers are those in the working folder, as Python has it.
    """
    try:
        content = sys.stdin.buffer.read(_LARGEST_ZIP + 1)
    except (OSError, AttributeError, ValueError) as error:  # closed, or a test runner's
        why = "it is closed" if sys.stdin is None else error
        raise SubmissionError(f"{path}: standard input cannot be read: {why}") from None
    is_zip = content.startswith(b"PK\x03\x04")
    _limit_size(path, len(content), _LARGEST_ZIP if is_zip else _LARGEST_SOURCE)
    if not content.strip():
        raise SubmissionError(f"{path}: standard input is empty; expected {_EXPECTED}")
    folder = _TemporaryFolder()
    if is_zip:
        _unpack(path, io.BytesIO(content), folder.path)
        return _in_zip(path, folder, names)
    is_notebook = content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    file = folder.path / f"standard_input{'.ipynb' if is_notebook else '.py'}"
    file.write_bytes(content)
    return Delivery(path, file, Path.cwd(), _folder=folder)


class _TemporaryFolder:
    """A folder that goes away with the last who knows it, or at the end of the process.

    Attributes
    ----------
    remove : callable
        Does it earlier.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="gradcheck-")).resolve()
        self.remove = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def _status(file: Path, path: Path | None = None) -> os.stat_result:
    path = path or file
    try:
        return file.stat()
    except FileNotFoundError:
        raise SubmissionError(f"{path}: no such file") from None
    except (OSError, ValueError) as error:  # too long a name, a null character in it
        reason = getattr(error, "strerror", None) or error
        raise SubmissionError(f"{path}: cannot be read: {reason}") from None


def _limit_size(path: Path, size: int, largest: int) -> None:
    if size <= largest:
        return
    clear = "; clear the notebook's outputs" if path.suffix.lower() == ".ipynb" else ""
    of_source = "" if largest == _LARGEST_ZIP else " of source"
    expected = f"expected at most {largest / 1e6:.0f} MB{of_source}{clear}"
    raise SubmissionError(f"{path}: has {size / 1e6:.0f} MB; {expected}")


def _in_zip(path: Path, folder: _TemporaryFolder, names: Collection[str]) -> Delivery:
    file = _find(path, folder.path, names)
    # The name may hold anything, what would steer a terminal included.
    note = f"checked of what is in {path}: {visible(str(file.relative_to(folder.path)))}"
    return Delivery(path, file, folder.path, (note,), _folder=folder)


def _unpack(path: Path, stream: IO[bytes], folder: Path) -> None:
    """Write the files of a zip into a folder, and nothing outside of it."""
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if len(members) > _MOST_FILES:
                raise SubmissionError(f"{path}: holds more than {_MOST_FILES:,} files")
            left = _LARGEST_CONTENT
            for member in members:
                target = folder.joinpath(*_checked(path, member).parts)
                if member.is_dir():
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as copy:
                    # What is stated of its size may be wrong.
                    while piece := source.read(min(2**16, left + 1)):
                        left -= len(piece)
                        if left < 0:
                            raise SubmissionError(
                                f"{path}: unpacks to more than {_LARGEST_CONTENT / 1e6:.0f} MB; "
                                "leave out what is no source"
                            )
                        copy.write(piece)
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeError, ValueError) as error:
        raise SubmissionError(f"{path}: is no zip, or a broken one: {error}") from None
    except OSError as error:  # a name that is too long, a file where a folder is
        raise SubmissionError(f"{path}: cannot be unpacked: {error.strerror}") from None


def _checked(path: Path, member: zipfile.ZipInfo) -> PurePosixPath:
    """Return the path of a member that is no danger to anybody."""
    shown = ascii(member.filename if len(member.filename) < 80 else member.filename[:77] + "...")
    name = PurePosixPath(member.filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or re.match(r"[A-Za-z]:", str(name)):
        raise SubmissionError(f"{path}: would write outside of its own folder: {shown}")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise SubmissionError(f"{path}: holds a link or a device, no file: {shown}")
    if member.flag_bits & 1:
        raise SubmissionError(f"{path}: is protected by a password")
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise SubmissionError(f"{path}: is compressed in a way that few programs read; zip it anew")
    return name


def _find(path: Path, folder: Path, names: Collection[str]) -> Path:
    """Return the file in a folder that has functions of a course; `path` is what was named."""
    files = list(_source_files(path, folder))
    given = {
        str(name).rpartition(".")[2] for name in (*names, *names_beside(folder / "x").values())
    }
    found = [(file, _defined(file, given)) for file in files]
    for is_meant in (_is_word2vec, _is_told):
        meant = [file for file, defined in found if defined & given or is_meant(defined)]
        if meant:
            break
    # With only one there is no doubt; what it lacks is said when it is looked at.
    meant = meant or (files if len(files) == 1 else [])
    if len(meant) == 1:
        return meant[0]
    listed = ", ".join(str(file.relative_to(folder)) for file in (meant or files)[:5])
    more = ", …" if len(meant or files) > 5 else ""
    name_one = "name one of them" if path == folder else "unpack it, and name one of them"
    if meant:
        raise SubmissionError(
            f"{path}: has {len(meant)} files that may be meant: {listed}{more}; {name_one}"
        )
    if not files:
        raise SubmissionError(f"{path}: has no .py or .ipynb file")
    raise SubmissionError(
        f"{path}: none of its {len(files)} files defines a function of a known course: "
        f"{listed}{more}; {name_one}, with --function"
    )


def _source_files(path: Path, folder: Path) -> Iterator[Path]:
    seen = 0
    for where, folders, files in os.walk(folder):
        seen += len(files) + len(folders)
        if seen > _MOST_FILES:
            raise SubmissionError(f"{path}: holds more than {_MOST_FILES:,} files; name one")
        # The environment that some keep beside their work holds nobody's homework.
        folders[:] = sorted(
            name
            for name in folders
            if name not in _SKIPPED
            and not name.startswith(".")
            and not (Path(where) / name / "pyvenv.cfg").exists()
        )
        for name in sorted(files):
            file = Path(where) / name
            if file.suffix.lower() in SUFFIXES and not name.startswith(".") and file.is_file():
                yield file


def _defined(file: Path, names: Collection[str]) -> set[str]:
    """Return those names of a course's functions, or given ones, that a file seems to define."""
    try:
        if file.stat().st_size > _LARGEST_SOURCE:
            return set()
        content = file.read_bytes()
    except OSError:
        return set()
    known = {name for course in COURSES for name in course.names()} | set(names)
    # In a notebook, the end of a line is written as a backslash and an n.
    defined = re.findall(rb"(?:\b|\\n)(?:def|class)[ \t]+(\w+)", content)
    return known & {name.decode("utf-8", "replace") for name in defined}


def _is_word2vec(defined: set[str]) -> bool:
    """Say whether functions are enough to ask for all the others of a course."""
    return any(course.demanded(present) for course, present in _present(defined))


def _is_told(defined: set[str]) -> bool:
    """Say whether functions are enough to judge them alone."""
    return any(course.is_told_by(present) for course, present in _present(defined))


def _present(defined: set[str]) -> Iterator[tuple[Course, frozenset[Role]]]:
    for course in COURSES:
        functions = course.functions.items()
        yield course, frozenset(role for role, each in functions if each.name in defined)
