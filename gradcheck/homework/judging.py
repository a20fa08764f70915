"""Files judged one after the other, or some at the same time: one that fails costs no other."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradcheck.document.blocks import Document
from gradcheck.homework.report.results import unjudged
from gradcheck.homework.submission.failures import SubmissionError
from gradcheck.homework.verification import Progress, open_verification

__all__ = ["Judgement", "Request", "judge", "judge_several"]


@dataclass(frozen=True)
class Request:
    """The options of a judgement; see `verify`."""

    profile: str = "student"
    seed: int | None = None
    only: tuple[str, ...] = ()
    timeout: float = 60.0
    functions: Mapping[str, str] = field(default_factory=dict)
    is_strict: bool = False
    in_process: bool = False
    verbose: bool = False


@dataclass(frozen=True)
class Judgement:
    """A report, or why there is none.

    Attributes
    ----------
    entry : dict
        What `gradcheck verify --json` writes.
    document : Document, optional
        What there is to read, all of it or up to the error.
    passed : bool
        Whether the file has passed.
    error : str
        Why not all of it could be judged, in one line.
    is_our_fault : bool
        Whether the error is one of gradcheck's own.
    """

    entry: dict[str, Any]
    document: Document | None = None
    passed: bool = False
    error: str = ""
    is_our_fault: bool = False


def judge(file: str, request: Request, *, progress: Progress | None = None) -> Judgement:
    """Verify a file; whatever comes, a judgement is returned."""
    try:
        with open_verification(
            file,
            profile=request.profile,
            seed=request.seed,
            only=request.only,
            timeout=request.timeout,
            functions=request.functions,
            is_strict=request.is_strict,
            in_process=request.in_process,
        ) as verification:
            report = verification.run(progress)
        # Here, where what goes wrong with them costs no other file either.
        document = report.contents(verbose=request.verbose)
        return Judgement(report.to_dict(), document, report.passed, report.error)
    except SubmissionError as error:
        return Judgement(unjudged(file, str(error)), error=str(error))
    except Exception as error:  # noqa: BLE001 - the next file is judged all the same
        return _our_fault(file, request, error)


def _our_fault(file: str, request: Request, error: BaseException) -> Judgement:
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    what = " ".join(f"{type(error).__name__}: {error}".split())
    text = (
        f"{file}: an error of gradcheck's own, not the file's: {what} ({where}); "
        f"please report this line, with the file and --seed {request.seed}"
    )
    return Judgement(unjudged(file, text), error=text, is_our_fault=True)


def judge_several(files: Sequence[str], request: Request, *, jobs: int) -> Iterator[Judgement]:
    """Verify so many files at a time, and yield the judgements in the order of the files."""
    # A copy of this process starts at once, but for a thread of ours that holds a lock.
    alone = threading.active_count() == 1 and sys.platform == "linux"
    context = multiprocessing.get_context("fork" if alone else "spawn")
    others = set(multiprocessing.active_children())
    with ProcessPoolExecutor(min(jobs, len(files)), context, _begin) as pool:
        try:
            waiting = [pool.submit(judge, file, request) for file in files]
            for file, future in zip(files, waiting, strict=True):
                try:
                    yield future.result()
                except BrokenProcessPool as error:
                    yield _our_fault(file, request, error)
        except BaseException:  # Ctrl-C, or nobody takes any more
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(multiprocessing.active_children()) - others:
                child.terminate()
            raise


def _begin() -> None:
    """Leave Ctrl-C to the parent, and end with the file's process ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(1))
