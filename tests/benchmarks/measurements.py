"""Run the benchmarks, and write the page of measurements from what they print.

Each runs as a process of its own. Those that take long can be kept: --keep FOLDER writes what a
benchmark prints to FOLDER/NAME.txt, and --from FOLDER takes it from there instead of running it.
The first line of such a file names the commit. Further fields may be left out:

  commit d1ceb85; 14 s; AMD EPYC, 2 cores, Python 3.11.7, NumPy 2.4.0; check_cost --quick

The exit status is 0 if no benchmark broke off, whether or not it met its requirement.
"""

from __future__ import annotations

import argparse
import ast
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.benchmarks import peers
from tests.benchmarks.console import bar

__all__ = ["BENCHMARKS", "Benchmark", "Output", "comparison", "page"]

ROOT = Path(__file__).parents[2]
LONG = 45
"""An output of more lines than that is folded."""


class Benchmark(NamedTuple):
    """A script beside this one.

    Attributes
    ----------
    name
        Of the module.
    question
        The question that it answers.
    full, quick
        The arguments of the long run, and of the short one; None where there is no short one.
    needs
        The packages without which it does not start.
    """

    name: str
    question: str
    full: tuple[str, ...] = ()
    quick: tuple[str, ...] | None = ("--quick",)
    needs: tuple[str, ...] = ()


TEXT, RESULTS = "TEXT", "RESULTS"
"""Stand for a file that the reader has: its path differs from one machine to the next."""

BENCHMARKS = (
    Benchmark("check_cost", "What does it cost to check a right gradient?"),
    Benchmark("check_power", "Which mistakes does a check miss?"),
    Benchmark("error_bounds", "Does the error bound of a numerical derivative hold?"),
    Benchmark(
        "false_alarms",
        "Is a right gradient of word2vec ever called wrong?",
        full=("--cases", "100000", "--processes", "2"),
    ),
    Benchmark(
        "verdicts",
        "Does the verdict hold on other models?",
        full=("--processes", "2"),
        needs=("autograd",),
    ),
    Benchmark(
        "diagnoses",
        "Does a report name the wrong arrays, and what was done to them?",
        needs=("autograd",),
    ),
    Benchmark("large_report", "How long does a report of ten million entries take?", quick=None),
    Benchmark("large_points", "What does a check of very many parameters cost?", quick=None),
    Benchmark("mistakes", "Does a homework report name the mistake, and show its line?"),
    Benchmark("halving", "How many evaluations does it take to find the wrong entries?"),
    Benchmark("nasty_files", "What can a homework file do to the files after it?", quick=None),
    Benchmark("seeds", "Does the verdict on right homework depend on the seed?", quick=None),
    Benchmark("translations", "Is homework judged however it is handed in?"),
    Benchmark("command_times", "How long does one wait for a command?", quick=None),
    Benchmark("minibatch_speed", "How large should a batch be?", needs=("numba", "threadpoolctl")),
    Benchmark(
        "trainer_speed",
        "How fast is the trainer beside gensim?",
        full=(TEXT,),
        quick=None,
        needs=("gensim", "numba"),
    ),
    Benchmark(
        "trainer_quality",
        "Are the vectors as good as gensim's?",
        full=(TEXT, RESULTS),
        quick=None,
        needs=("gensim", "numba"),
    ),
)


class Output(NamedTuple):
    """What a benchmark printed, and where.

    Attributes
    ----------
    commit
        Of the code that was measured.
    text
        As it was printed.
    seconds
        That it took, as they are written.
    machine
        In words.
    command
        The module and its arguments.
    failed
        Whether it broke off.
    """

    commit: str
    text: str
    seconds: str = ""
    machine: str = ""
    command: str = ""
    failed: bool = False

    @property
    def conclusion(self) -> list[str]:
        """The lines that say what was asked for, and what was missed."""
        return re.findall(r"^(?:MET|MISSED): .*", self.text, flags=re.MULTILINE)

    @property
    def result(self) -> str:
        """The whole of it in a word or two."""
        if self.failed:
            return "broke off"
        if not self.conclusion:
            return "none"
        return "met" if self.conclusion[-1].startswith("MET") else "**missed**"

    def to_file(self) -> str:
        """Return the text of the file that keeps it."""
        header = [f"commit {self.commit}", self.seconds, self.machine, self.command]
        return "; ".join(header) + f"\n{self.text}"

    @classmethod
    def from_file(cls, text: str) -> Output:
        """Read what `to_file` returned, or a file made by hand, whose first line may be shorter."""
        header, _, printed = text.partition("\n")
        commit, *others = (field.strip() for field in header.split(";"))
        if not re.match(r"commit \S", commit) or len(others) > 3:
            raise ValueError(
                "expected 'commit HASH; SECONDS s; MACHINE; COMMAND' or less of it in the first "
                f"line, got {header!r}"
            )
        return cls(commit.removeprefix("commit "), printed, *others)


# ------------------------------------------------------------------------------------ measuring


def measure(benchmark: Benchmark, arguments: tuple[str, ...], files: dict[str, Path]) -> Output:
    """Run a benchmark; `files` are what TEXT and RESULTS stand for."""
    module = f"tests.benchmarks.{benchmark.name}"
    measured = commit()  # somebody may commit while it runs
    started = time.perf_counter()
    done = subprocess.run(  # noqa: S603  our own interpreter and modules
        [sys.executable, "-m", module, *(str(files.get(each, each)) for each in arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    seconds = time.perf_counter() - started
    command = " ".join([benchmark.name, *arguments])
    output = Output(measured, done.stdout, f"{seconds:,.0f} s", machine(), command)
    # A benchmark that misses its requirement has status 1, too, but says so.
    if done.returncode and not output.conclusion:
        return output._replace(text=done.stdout + done.stderr, failed=True)
    return output


def commit() -> str:
    """Return the commit that is checked out, and whether what is measured differs from it."""

    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.check_output(command, cwd=ROOT, encoding="utf-8").strip()  # noqa: S603

    try:
        changes = git("status", "--porcelain", "--", "gradcheck", "models", "tests")
        return git("rev-parse", "--short", "HEAD") + (" and changes" if changes else "")
    except (OSError, subprocess.CalledProcessError):  # no git, or an archive of the sources
        return "unknown"


def machine() -> str:
    """Return processor, cores and versions."""
    try:
        cpu = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        name = re.findall(r"^model name\s*:\s*(.*)$", cpu, flags=re.MULTILINE)[0]
    except (OSError, IndexError):
        name = platform.processor() or platform.machine()
    return (
        f"{name}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, NumPy {np.__version__}"
    )


def obstacle(
    benchmark: Benchmark, arguments: tuple[str, ...] | None, files: dict[str, Path]
) -> str:
    """Say why a benchmark cannot run, in words; nothing if it can."""
    if arguments is None:
        return "It has no quick form."
    missing = [package for package in benchmark.needs if not find_spec(package)]
    if missing:
        names = " and ".join(missing)
        verb = "is" if len(missing) == 1 else "are"
        return f"{names} {verb} not installed: `pip install -e '.[test,peers]'`."
    unnamed = [each for each in (TEXT, RESULTS) if each in arguments and each not in files]
    return " ".join(f"It needs a file: `--{each.lower()} {each}`." for each in unnamed)


def gather(chosen: argparse.Namespace) -> Iterator[tuple[Benchmark, Output | str]]:
    """Yield each benchmark with its output, or why there is none."""
    files = {TEXT: chosen.text, RESULTS: chosen.results}
    given = {name: path for name, path in files.items() if path is not None}
    benchmarks = [b for b in BENCHMARKS if not chosen.only or b.name in chosen.only]
    with bar(len(benchmarks)) as progress:
        for benchmark in benchmarks:
            progress.at(benchmark.name)
            kept = chosen.kept and chosen.kept / f"{benchmark.name}.txt"
            arguments = benchmark.quick if chosen.quick else benchmark.full
            if kept and kept.exists():
                yield benchmark, _read(kept)
            elif reason := obstacle(benchmark, arguments, given):
                yield benchmark, reason
            else:
                output = measure(benchmark, arguments or (), given)
                if chosen.keep and not output.failed:
                    chosen.keep.mkdir(parents=True, exist_ok=True)
                    path = chosen.keep / f"{benchmark.name}.txt"
                    path.write_text(output.to_file(), encoding="utf-8")
                yield benchmark, output
            progress.advance()


def _read(path: Path) -> Output:
    try:
        return Output.from_file(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SystemExit(f"{path}: {error}") from None


# --------------------------------------------------------------------------------------- the page

_HEAD = """\
# Measurements

A script runs the benchmarks and writes this page: what each one measures, what it printed, and
whether it met its requirement. Misses stay on the page. Times depend on the machine and on what
else it had to do. Counts hardly do. To write the page anew:

```sh
python -m tests.benchmarks.measurements --write docs/measurements.md --readme README.md
```

"""
_COMPARED = """\
## Beside other checkers

At (|V|, d) = (500, 50): how often the loss is evaluated to check a right gradient, and how many
wrong gradients pass. PyTorch's slow mode, its default, takes two evaluations for each parameter.

"""


def page(outputs: Mapping[Benchmark, Output | str]) -> str:
    """Return the page; where there is no output, the reason takes its place."""
    parts = [_HEAD, *_summary(outputs), "\n"]
    if rows := comparison(outputs):
        parts += [_COMPARED, *(f"{row}\n" for row in rows), "\n"]
    for benchmark, output in outputs.items():
        parts += _section(benchmark, output)
    return "".join(parts).rstrip() + "\n"


def _summary(outputs: Mapping[Benchmark, Output | str]) -> Iterator[str]:
    yield "| Question | Requirement | Time |\n|---|---|---|\n"
    for benchmark, output in outputs.items():
        facts = ["not measured", ""]
        if isinstance(output, Output):
            facts = [output.result, output.seconds]
        # The anchor that both GitHub and MyST make of a title.
        anchor = re.sub(r"[^\w\- ]", "", benchmark.question.lower()).replace(" ", "-")
        yield f"| {' | '.join([f'[{benchmark.question}](#{anchor})', *facts])} |\n"


def _section(benchmark: Benchmark, output: Output | str) -> Iterator[str]:
    source = (Path(__file__).parent / f"{benchmark.name}.py").read_text(encoding="utf-8")
    yield f"## {benchmark.question}\n\n"
    for paragraph in (ast.get_docstring(ast.parse(source)) or "").split("\n\n"):
        if paragraph[:1].isupper() and not paragraph.endswith("?"):  # that is the question
            yield f"{_prose(paragraph)}\n\n"
        elif paragraph[:1].islower():  # settings, and lists of columns
            yield _block("text", paragraph)
    if not isinstance(output, Output):
        yield f"Not measured. {output}\n\n"
        return
    command = output.command or " ".join([benchmark.name, *benchmark.full])
    yield _block("sh", f"python -m tests.benchmarks.{command}")
    facts = [f"commit {output.commit}", output.seconds, output.machine]
    yield f"Measured at {'; '.join(filter(None, facts))}.\n\n"
    if output.failed:
        yield "**It broke off.**\n\n"
    for line in output.conclusion:
        result, said = line.split(": ", 1)
        yield f"- **{result.capitalize()}**: {_prose(said)}\n"
    yield "\n" if output.conclusion else ""
    lines = [line.rstrip() for line in output.text.strip("\n").split("\n")]
    block = _block("text", "\n".join(lines))
    if len(lines) > LONG:
        block = f"<details>\n<summary>All {len(lines)} lines</summary>\n\n{block}</details>\n\n"
    yield block


def _prose(text: str) -> str:
    """Return a text in which no sign means anything to Markdown; options are code."""
    escaped = re.sub(r"[\\`*_|<>$\[\]]", r"\\\g<0>", text)
    return re.sub(r"(?<![\w-])--[a-z-]+", r"`\g<0>`", escaped)


def _block(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```\n\n"


_COMPARABLE = {
    "gradcheck": "gradcheck",
    "scipy all": "SciPy `check_grad`",
    "torch fast": "PyTorch `gradcheck`, fast",
    "jax": "JAX `check_grads`",
}


def comparison(outputs: Mapping[Benchmark, Output | str]) -> list[str]:
    """Return a table of ours and others; an empty one unless all of them were measured."""
    texts = {b.name: output.text for b, output in outputs.items() if isinstance(output, Output)}
    evaluations = _evaluations(texts.get("check_cost", ""))
    passing = _passing(texts.get("check_power", ""))
    if not (_COMPARABLE.keys() <= evaluations.keys() & passing.keys()):
        return []
    rows = [
        ["", *_COMPARABLE.values()],
        ["---"] * (1 + len(_COMPARABLE)),
        ["evaluations for 25,050 parameters", *(evaluations[name] for name in _COMPARABLE)],
        [
            f"wrong gradients that pass, of {passing['']}",
            *(f"{passing[name]}" for name in _COMPARABLE),
        ],
    ]
    return [f"| {' | '.join(row)} |" for row in rows]


def _evaluations(text: str) -> dict[str, str]:
    """Read the evaluations at 25,050 parameters, by checker."""
    block = re.search(r"^ \(500, 50\), 25,050 (.*?)^ *$", text, flags=re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^ *(\S.*?) {2,}([\d,]+) ", block[1] if block else "", flags=re.MULTILINE)
    return {name.removesuffix(".check"): count for name, count in rows}


def _passing(text: str) -> dict[str, int]:
    """Add up the wrong gradients that pass, by checker; "" stands for how many there are."""
    checkers = ["gradcheck", *(name for name in peers.CHECKERS if name != "torch slow")]
    problems = re.search(r"^How many of (\d+) problems pass", text)
    counts = [
        list(map(int, row.split()))
        for row in re.findall(r"^ \S.*?((?: +\d+)+) *$", text, flags=re.MULTILINE)
    ]
    # Without a peer a column is missing. The first row is that of right gradients.
    if not problems or any(len(row) != len(checkers) for row in counts):
        return {}
    wrong = counts[1:]
    sums = [sum(column) for column in zip(*wrong, strict=True)]
    return {"": len(wrong) * int(problems[1]), **dict(zip(checkers, sums, strict=False))}


def with_rows(readme: str, rows: Sequence[str]) -> str:
    """Return README with the measured rows of its table replaced.

    Raises
    ------
    ValueError
        If README has no table with such rows.
    """
    header, rule, *measured = rows
    pattern = re.escape(header) + "\n" + re.escape(rule) + "\n" + r"(?:\| .*\n)" * len(measured)
    changed, count = re.subn(pattern, lambda _: "".join(f"{row}\n" for row in rows), readme)
    if count != 1:
        raise ValueError(f"expected one table with the header {header!r}, found {count}")
    return changed


# ------------------------------------------------------------------------------------ the command


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.measurements",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="the page (standard output)")
    parser.add_argument("--readme", type=Path, metavar="FILE", help="put numbers into its table")
    parser.add_argument("--quick", action="store_true", help="a few minutes: fewer draws")
    parser.add_argument("--only", nargs="+", choices=[each.name for each in BENCHMARKS])
    parser.add_argument("--from", type=Path, dest="kept", metavar="FOLDER", help="kept outputs")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where outputs are kept")
    parser.add_argument("--text", type=Path, help="for the trainer: plain, .gz or .xz")
    parser.add_argument("--results", type=Path, help="for its quality: what is trained already")
    return parser.parse_args()


def main() -> int:
    """Measure, write, and return the exit status."""
    chosen = parse()
    outputs = dict(gather(chosen))
    written = page(outputs)
    if chosen.write:
        chosen.write.write_text(written, encoding="utf-8")
    else:
        print(written, end="")
    if chosen.readme and (rows := comparison(outputs)):
        changed = with_rows(chosen.readme.read_text(encoding="utf-8"), rows)
        chosen.readme.write_text(changed, encoding="utf-8")
    return int(any(isinstance(output, Output) and output.failed for output in outputs.values()))


if __name__ == "__main__":
    sys.exit(main())
