"""The command line: ``gradcheck verify FILE``.

Each subcommand is a pair of functions, one that adds its arguments to the parser and one that
runs it and returns the exit status; `_COMMANDS` lists them.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import secrets
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TextIO

if TYPE_CHECKING:
    from gradcheck.homework import HomeworkReport
    from gradcheck.homework.verification import Progress

__all__ = ["main"]

PASSED, FAILED, UNUSABLE, INTERRUPTED = 0, 1, 2, 130

# A progress bar for less than this only flickers.
_PATIENCE_SECONDS = 2.0

_VERIFY_HELP = """\
Run the named checks on a homework file and say what is right, what is wrong, and where.

FILE is a .py or .ipynb file with the functions of CS224n, CS224d or XCS224N word2vec
homework. It is run, in this process, as `import` would run it, so verify only what you trust:
a file that ends the process (os._exit) ends the report with it. Each check sees
100 random cases; for one that fails, the smallest failing case is searched and shown beside
the value that is expected, with a few lines that reproduce it.
"""
_VERIFY_EXAMPLES = """\
examples:
  gradcheck verify word2vec.py
  gradcheck verify word2vec.py --only skipgram
  gradcheck verify word2vec.py --seed 1234       the cases of an earlier report again
  gradcheck verify word2vec.py --profile deep    2,000 cases a check
  gradcheck verify *.py --json reports.json      for programs; - is standard output
  pytest --homework word2vec.py                  the same checks, as tests

exit status:
  0  all required checks passed (advice may be given all the same)
  1  something failed, is unfinished or is missing
  2  a file cannot be used, or the command line is wrong
"""


class _Command(NamedTuple):
    name: str
    summary: str
    description: str
    epilog: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


class _UsageError(Exception):
    """What was asked for cannot be done; the message is one line for a person."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.
    """
    _make_output_fit()
    interruption = _Interruption()
    try:
        with interruption:
            parsed = _parser().parse_args(arguments)
            parsed.check_interruption = interruption.check
            status: int = parsed.run(parsed)
            interruption.check()
            sys.stdout.flush()
    except _UsageError as error:
        print(f"gradcheck: {error}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        print("gradcheck: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python flushes once more on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        # Our own files are looked after where they are read and written: this is the output.
        print(f"gradcheck: cannot write the report: {error.strerror or error}", file=sys.stderr)
        return UNUSABLE
    return status


def _make_output_fit() -> None:
    """Let every character be printed, as an escape where the encoding lacks it."""
    # None is what whoever started us has closed.
    sys.stdout = sys.stdout or _open_nowhere()
    sys.stderr = sys.stderr or _open_nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _open_nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


class _Interruption:
    """Remembers Ctrl-C, which code that swallows every exception may have swallowed."""

    def __init__(self) -> None:
        self._came = False
        self._before: Any = None
        self._installed = False

    def __enter__(self) -> None:
        ordinary = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if ordinary and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._interrupt)
            self._installed = True

    def __exit__(self, *_error: object) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        self._came = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raise what should have been raised."""
        if self._came:
            raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    from importlib.metadata import version

    parser = argparse.ArgumentParser(
        prog="gradcheck",
        description="Check a hand-coded gradient, word2vec homework first.",
        epilog="gradcheck COMMAND --help tells more of a command.",
    )
    parser.add_argument("--version", action="version", version=f"gradcheck {version('gradcheck')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        subparser = commands.add_parser(
            command.name,
            help=command.summary,
            description=command.description,
            epilog=command.epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def _add_verify_arguments(parser: argparse.ArgumentParser) -> None:
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


def _verify(arguments: argparse.Namespace) -> int:
    _check_writable(arguments.json, arguments.files)
    if arguments.seed is None and arguments.profile != "grade":
        # One for all files: their cases are drawn once.
        arguments.seed = secrets.randbelow(2**32)
    status = PASSED
    reports = []
    # Absolute, so that it stays the same file wherever the process is led meanwhile.
    target = arguments.json if arguments.json in {None, "-"} else Path(arguments.json).absolute()
    with _standard_output_kept() if target == "-" else nullcontext():
        for file in arguments.files:
            report = _verify_file(file, arguments)
            if report is None:
                status = UNUSABLE
                continue
            status = max(status, PASSED if report.passed else FAILED)
            reports.append(report)
            if target != "-":
                _print_report(report)
    if target:
        _write_json(target, reports, single=len(arguments.files) == 1)
    return status


@contextmanager
def _standard_output_kept() -> Iterator[None]:
    """Send what files write past Python, by a subprocess say, to standard error.

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
        with _progress_bar(file) as show:

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
            arguments.check_interruption()
            return report
    except SubmissionError as error:
        print(f"gradcheck: {error}", file=sys.stderr)
        return None


def _print_report(report: HomeworkReport) -> None:
    from rich.console import Console

    from gradcheck.homework.rendering import render, render_to_text

    if sys.stdout.isatty():
        render(report, Console(highlight=False))
    else:
        print(render_to_text(report))


@contextmanager
def _progress_bar(file: str) -> Iterator[Progress]:
    """Give a function that draws a bar on standard error, once there is something to wait for."""
    if not sys.stderr.isatty():
        yield lambda _done, _total, _what: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    started = time.monotonic()
    # Not standard error as it is then: the file's own output is caught meanwhile.
    bar = Bar(
        console=Console(file=sys.stderr),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        auto_refresh=False,
    )
    task = bar.add_task(file)

    def show(done: int, total: int, what: str) -> None:
        if time.monotonic() - started > _PATIENCE_SECONDS:
            bar.start()
            bar.update(task, completed=done, total=total, description=what, refresh=True)

    try:
        yield show
    finally:
        bar.stop()


def _check_writable(path: str | None, files: Sequence[str]) -> None:
    """Find out before the work whether its result can be kept, and where it must not be."""
    if path is None or path == "-":
        return
    target = Path(path).absolute()
    try:
        _refuse_target(path, target, files)
    except OSError as error:
        raise _UsageError(f"--json {path}: cannot be written: {error.strerror}") from None


def _refuse_target(path: str, target: Path, files: Sequence[str]) -> None:
    if target.is_dir():
        raise _UsageError(f"--json {path}: is a directory; expected a file to write")
    if target.resolve().suffix.lower() in {".py", ".ipynb"} or target.resolve() in {
        Path(file).resolve() for file in files
    }:
        raise _UsageError(f"--json {path}: would overwrite source code; expected another name")
    if not target.parent.is_dir():
        raise _UsageError(f"--json {path}: there is no folder {target.parent}")
    if _is_special(target):
        return
    if not os.access(target.resolve().parent, os.W_OK):
        folder = target.resolve().parent
        raise _UsageError(f"--json {path}: the folder {folder} cannot be written to")


def _is_special(path: Path) -> bool:
    """Say whether what is written is handed on, by a pipe or a device, not kept."""
    return path.exists() and not path.is_file()


def _write_json(
    target: Path | Literal["-"], reports: Sequence[HomeworkReport], *, single: bool
) -> None:
    content: Any = [report.to_dict() for report in reports]
    if single:
        if not reports:
            return  # the file could not be used, and the reason has been printed
        content = content[0]
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    if target == "-":
        print(text, end="")
        return
    try:
        if _is_special(target):
            target.write_text(text, encoding="utf-8")
        else:
            _replace_file(target, text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _UsageError(f"--json {target}: cannot be written: {error.strerror}") from None


def _replace_file(path: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    target = path.resolve()
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        # mkstemp lets nobody else read its file; what replaces an ordinary file should be one.
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


_COMMANDS = (
    _Command(
        name="verify",
        summary="check a homework file",
        description=_VERIFY_HELP,
        epilog=_VERIFY_EXAMPLES,
        add_arguments=_add_verify_arguments,
        run=_verify,
    ),
)
